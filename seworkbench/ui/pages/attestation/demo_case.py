"""A case to try things with: a simulated machine in a folder, an image that runs on it, and a request for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.attestation.known import load_header
from seworkbench.attestation.record import RequestRecord, read_record
from seworkbench.attestation.request import record_path
from seworkbench.demo.stage import USER_DATA, Stage
from seworkbench.errors import SeError
from seworkbench.files import explained, read_whole
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE
from seworkbench.ui.pages.attestation.case import Expected, ExpectedKey

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.attestation.known import FoundHeader
    from seworkbench.jobs import Job
    from seworkbench.simulator.demo_pki import DemoPki

FOLDER = "attestation-SIMULATED"


@dataclass(frozen=True)
class DemoCase:
    """The files of the case, and what its answer must say.

    Args:
        header: of the image that runs.
        request: the request file.
        record: what was noted when it was created.
        request_path: where it is.
        key_path: where its protection key is.
        machine: folder of the simulated machine.
        user_data: what the guest has measured along.
        expected: what the answer must say.
    """

    header: FoundHeader
    request: bytes
    record: RequestRecord
    request_path: Path
    key_path: Path
    machine: Path
    user_data: bytes
    expected: Expected


def make_demo_case(parent: Path, job: Job, pki: DemoPki | None = None) -> DemoCase:
    """Set everything up in a new folder.

    Args:
        parent: the folder that receives it.
        job: for progress and cancelling.
        pki: demo PKI of the machine; a new one unless given.

    Raises:
        SeError: if there is no free name, or something cannot be written.
    """
    names = (FOLDER, *(f"{FOLDER}-{number}" for number in range(2, 1000)))
    folder = next((parent / name for name in names if not (parent / name).exists()), None)
    if folder is None:
        raise SeError("There are too many demonstrations in this folder.", where=str(parent), remedy="Choose another.")
    with explained(folder):
        folder.mkdir()
    stage = Stage(folder, pki=pki)
    job.phase("Making a simulated machine", 0)
    stage.make_machine(job)
    job.phase("Building its image", 0)
    stage.build(job)
    stage.start_guest(job=job)
    stage.ask(stage.first)
    return opened_demo_case(folder)


def opened_demo_case(folder: Path) -> DemoCase:
    """The case in a folder that was set up.

    Args:
        folder: the folder itself.

    Raises:
        SeError: if something is missing in it.
    """
    stage = Stage(folder)
    machine, guest = stage.machine, stage.guest
    name = machine.document_path.name
    return DemoCase(
        header=load_header(stage.image),
        request=read_whole(stage.first.request, MAX_EXCHANGE_FILE_SIZE),
        record=read_record(record_path(stage.first.request)),
        request_path=stage.first.request,
        key_path=stage.first.protection_key,
        machine=stage.machine_folder,
        user_data=USER_DATA,
        expected=Expected(
            host_keys=(ExpectedKey(name, machine.machine.host_key_hash.hex(), verified=True),),
            require_image_key=True,
            require_attestation_key=True,
            user_data=USER_DATA.hex(),
            cuid=guest.cuid.hex(),
            locked=False,
        ),
    )
