"""Simulated machines for tests of the window: made from fixed RSA keys, for making such keys takes seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder

from ..simulator.builder import Recipe, build  # noqa: TID252 - an image builder that is not the program's
from ..simulator.pki import fixed_pki  # noqa: TID252

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec


def quick_machine(path: Path, generation: Generation = Generation.Z16) -> MachineFolder:
    """A machine in a new folder."""
    now = datetime.now(UTC)
    return MachineFolder.create(path, generation, at=now, pki=fixed_pki(generation, now))


def image_for(path: Path, *hosts: ec.EllipticCurvePrivateKey) -> Path:
    """A small image with all components, for these host keys."""
    path.write_bytes(build(Recipe(hosts=hosts)).content)
    return path
