"""A demo PKI for tests, on fixed keys: making RSA keys takes a second or two."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from seworkbench.simulator.demo_pki import DemoPki
from seworkbench.simulator.generations import Generation

from ..trust.pki import rsa_key  # noqa: TID252 - the keys are there already

AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


def fixed_pki(generation: Generation, at: datetime) -> DemoPki:
    """A demo PKI whose certificates are valid from an instant on."""
    return DemoPki.of_keys(generation, at, (rsa_key("root"), rsa_key("inter"), rsa_key("ibm")))


@cache
def demo_pki() -> DemoPki:
    """The one of the tests of the simulator."""
    return fixed_pki(Generation.Z16, AT)
