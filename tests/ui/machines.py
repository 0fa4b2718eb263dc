"""Simulated machines for tests of the window: made from fixed RSA keys, for making such keys takes seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from seworkbench.simulator.demo_pki import DemoPki
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder

from ..simulator.builder import Recipe, build  # noqa: TID252 - an image builder that is not the program's
from ..trust.pki import rsa_key  # noqa: TID252

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec


@cache
def quick_pki(generation: Generation = Generation.Z16) -> DemoPki:
    """A demo PKI on fixed keys."""
    return DemoPki.of_keys(generation, datetime.now(UTC), (rsa_key("root"), rsa_key("inter"), rsa_key("ibm")))


def quick_machine(path: Path, generation: Generation = Generation.Z16) -> MachineFolder:
    """A machine in a new folder."""
    return MachineFolder.create(path, generation, at=datetime.now(UTC), pki=quick_pki(generation))


def image_for(path: Path, *hosts: ec.EllipticCurvePrivateKey) -> Path:
    """A small image with all components, for these host keys."""
    path.write_bytes(build(Recipe(hosts=hosts)).content)
    return path
