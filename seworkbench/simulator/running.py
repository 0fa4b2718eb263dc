"""Running an image on a machine that is kept in a folder: the start, and the guest it leaves there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.simulator.hypervisor import GuestStarting
from seworkbench.simulator.protected_guest import guest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from seworkbench.jobs import Job
    from seworkbench.simulator.events import StartEvent
    from seworkbench.simulator.hypervisor import GuestStart
    from seworkbench.simulator.machine_folder import MachineFolder
    from seworkbench.simulator.protected_guest import ProtectedGuest


def run_image(
    folder: MachineFolder,
    image: Path,
    *,
    at: datetime,
    watch: Callable[[StartEvent], object] | None = None,
    job: Job | None = None,
) -> GuestStart:
    """Start an image on a machine; the guest that ran before ends.

    Args:
        folder: the machine.
        image: the image file.
        at: aware instant of the start.
        watch: told each event as it happens.
        job: for progress and cancelling; a cancelled start leaves the machine as it was.

    Raises:
        SeError: if a file cannot be read or written; a broken image is a result, not an error.
        Cancelled: if the job was cancelled.
    """
    starting = GuestStarting(image, folder.machine, job=job)
    for event in starting:
        if watch is not None:
            watch(event)
    settle_start(folder, starting.result, at=at, image=image)
    return starting.result


def settle_start(folder: MachineFolder, start: GuestStart, *, at: datetime, image: Path) -> ProtectedGuest | None:
    """Let the guest of a finished start run on its machine; a refused start leaves none.

    Args:
        folder: the machine.
        start: what happened.
        at: aware instant of the start.
        image: the image file, for its name.

    Raises:
        SeError: if it cannot be written.
    """
    if not start.started:
        folder.end_guest()
        return None
    guest = guest_of(start, at, image=image.name)
    folder.keep_guest(guest)
    return guest
