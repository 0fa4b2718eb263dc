"""One demo PKI for all tests of a process: making RSA keys takes a second or two."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from seworkbench.simulator.demo_pki import DemoPki
from seworkbench.simulator.generations import Generation

AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


@cache
def demo_pki() -> DemoPki:
    return DemoPki.make(Generation.Z16, AT)
