"""Running images on a machine in a folder: what runs afterwards, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import Cancelled, SeError
from seworkbench.jobs import Job
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.running import run_image

from .builder import Image, Recipe, build
from .pki import AT, demo_pki

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.simulator.events import StartEvent


@pytest.fixture
def folder(tmp_path: Path) -> MachineFolder:
    return MachineFolder.create(tmp_path / "machine", Generation.Z16, at=AT, pki=demo_pki())


def image_for(host: ec.EllipticCurvePrivateKey) -> Image:
    return build(Recipe(hosts=(host,)))


def test_a_started_guest_runs_until_the_next_start(folder: MachineFolder, tmp_path: Path) -> None:
    path = tmp_path / "guest.img"
    image = image_for(folder.machine.host_key)
    path.write_bytes(image.content)
    events: list[StartEvent] = []
    assert run_image(folder, path, at=AT, watch=events.append).started
    first = folder.guest()
    assert first is not None
    assert (first.image, first.started_at, first.image_phkh) == ("guest.img", AT, folder.machine.host_key_hash)
    assert first.header.build() == image.header
    assert events[-1].call == "stage3b"
    run_image(folder, path, at=AT)
    second = folder.guest()
    assert second is not None
    assert second.cuid != first.cuid
    path.write_bytes(image.patched(0x15000, b"tampered").content)
    assert not run_image(folder, path, at=AT).started
    assert folder.guest() is None


def test_a_cancelled_start_leaves_the_machine_as_it_was(folder: MachineFolder, tmp_path: Path) -> None:
    path = tmp_path / "guest.img"
    path.write_bytes(image_for(folder.machine.host_key).content)
    run_image(folder, path, at=AT)
    guest = folder.guest()
    job = Job(lambda progress: job.cancel() if progress.done else None)
    with pytest.raises(Cancelled):
        run_image(folder, path, at=AT, job=job)
    with pytest.raises(SeError):
        run_image(folder, tmp_path / "absent", at=AT)
    assert folder.guest() == guest
