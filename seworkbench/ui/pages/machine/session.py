"""The image in the machine: what is changed in it, and its starts. The page shows what comes out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTemporaryDir, Signal

from seworkbench.errors import SeError
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.layout import Protection
from seworkbench.image.access import HostPrivateKey
from seworkbench.image.inspection import Area, Inspection, inspect_file
from seworkbench.simulator.hypervisor import GuestStarting
from seworkbench.simulator.tampering import write_tampered
from seworkbench.ui.pages.machine.changes import Changes, Prepared, prepare

if TYPE_CHECKING:
    from seworkbench.jobs import Job
    from seworkbench.simulator.events import StartEvent
    from seworkbench.simulator.hypervisor import GuestStart
    from seworkbench.simulator.image_tampering import ImageAttack
    from seworkbench.simulator.machine import Machine
    from seworkbench.ui.jobs import Jobs, RunningJob
    from seworkbench.ui.machine_desk import MachineDesk

# Seconds; longer runs of pages than on slow machines do not make starts slower still.
_MOST_BREATH, _SHORT_BREATH = 0.01, 0.001
_UNPACKED = (Protection.ENCRYPTED_HASHED, Protection.HASHED)


@dataclass
class Start:
    """One start: the events as they come in from the thread that computes them, then the result.

    Args:
        image: the file that is started.
        total: pages of its components.
        events: what happened so far; appended to on that thread, read in the window.
        result: what came of it, when all events are there.
        given_up: whether it was cancelled, or ended in an error.
        hurried: whether somebody waits for its end, rather than watching.
    """

    image: Path
    total: int
    events: list[StartEvent] = field(default_factory=list)
    result: GuestStart | None = None
    given_up: bool = False
    hurried: bool = False


@dataclass(frozen=True)
class Medium:
    """What is inserted.

    Args:
        image: the image as it was built.
        changes: what is changed.
        prepared: where, in detail.
        started: the file that starts: the image itself, or the copy with the changes.
        inspection: what that file looks like; that of the original where the copy is too broken.
        original: what the image looks like.
    """

    image: Path
    changes: Changes
    prepared: Prepared
    started: Path
    inspection: Inspection
    original: Inspection

    @cached_property
    def parts(self) -> list[Area]:
        """The large parts of the file that starts.

        What is where it was keeps its name, though the changed header may not open any more to tell it.
        """
        known = {(area.offset, area.length): area.name for area in self.original.parts()}
        return [
            replace(area, name=known.get((area.offset, area.length), area.name)) for area in self.inspection.parts()
        ]

    @cached_property
    def remains(self) -> list[Area]:
        """The parts, and those of the original that are still there though nothing leads to them any more."""
        size, shown = self.inspection.size, self.parts
        lost = [
            replace(area, length=min(area.length, size - area.offset))
            for area in self.original.parts()
            if area.offset < size and not any(_overlap(area, part) for part in shown)
        ]
        return sorted((*shown, *lost), key=lambda area: area.offset)

    @cached_property
    def components(self) -> list[Area]:
        """The parts that the Ultravisor unpacks, in order."""
        return [area for area in self.parts if area.protection in _UNPACKED]

    @property
    def pages(self) -> int:
        """How many pages they have."""
        return sum(-(-area.length // PAGE_SIZE) for area in self.components)


def _overlap(one: Area, other: Area) -> bool:
    return one.offset < other.offset + other.length and other.offset < one.offset + one.length


class MachineSession(QObject):
    """One image in the current machine.

    Args:
        jobs: runs the jobs.
        desk: the current machine.
    """

    inserted = Signal()  # another image, or other changes in it; or none any more
    begun = Signal(object)  # Start
    failed = Signal(object)  # SeError

    def __init__(self, jobs: Jobs, desk: MachineDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._desk = desk
        self._place: QTemporaryDir | None = None
        self._number = 0
        self._preparing: RunningJob | None = None
        self._starting: RunningJob | None = None
        self.medium: Medium | None = None
        self.start: Start | None = None

    @property
    def busy(self) -> bool:
        """Whether an image is being read or changed."""
        return self._preparing is not None

    # --- what is inserted

    def insert(self, image: Path) -> None:
        """Insert an image as it is."""
        self._prepare(image, Changes(), f"Inserting {image.name}")

    def attack(self, attack: ImageAttack) -> None:
        """Make an attack on the image as it was built; what was changed before is undone."""
        self._change(Changes(attack), attack.title)

    def flip(self, offset: int, bit: int) -> None:
        """Flip a bit, or flip it back."""
        if self.medium is not None:
            self._change(self.medium.changes.flip(offset, bit), f"Flipping a bit of byte 0x{offset:x}")

    def undo(self) -> None:
        """Have the image as it was built."""
        self._change(Changes(), "Undoing the changes")

    def eject(self) -> None:
        """Insert nothing."""
        self.stop()
        self.medium = None
        self.forget_start()
        self.inserted.emit()

    # --- starting

    def begin(self) -> Start | None:
        """Start what is inserted; None if there is no machine, no image, or it is still being changed."""
        folder, medium = self._desk.folder, self.medium
        if folder is None or medium is None or self.busy:
            return None
        self.forget_start()
        start = Start(medium.started, medium.pages)
        self.start = start
        machine = folder.machine
        job = self._jobs.start_light(f"Starting {medium.image.name}", lambda job: _start(start, machine, job))
        self._starting = job
        job.failed.connect(lambda error: self._give_up(start, error))
        job.stopped.connect(lambda: self._give_up(start, None))
        self.begun.emit(start)
        return start

    def forget_start(self) -> None:
        """Forget how the last start went; one that is computed is cancelled."""
        if self._starting is not None and self.start is not None and self.start.result is None:
            self._starting.cancel()
        self._starting = None
        self.start = None

    def stop(self) -> None:
        """Stop whatever is computed."""
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None

    def close(self) -> None:
        """Leave nothing behind."""
        self.stop()
        self.forget_start()
        if self._place is not None:
            self._place.remove()
            self._place = None

    # --- how

    def _change(self, changes: Changes, title: str) -> None:
        if self.medium is not None and not self.busy:
            self._prepare(self.medium.image, changes, title)

    def _prepare(self, image: Path, changes: Changes, title: str) -> None:
        folder = self._desk.folder
        if folder is None:
            return
        self.stop()
        machine = folder.machine
        copy: Path | None = None
        if changes:
            try:
                copy = self._room() / image.name
            except SeError as error:
                self.failed.emit(error)
                return
        job = self._jobs.start_light(title, lambda job: _prepared(image, changes, copy, machine, job))
        self._preparing = job
        job.done.connect(lambda medium: self._take(job, medium))
        job.failed.connect(lambda error: self._fail(job, error))
        job.stopped.connect(lambda: self._fail(job, None))

    def _room(self) -> Path:
        """A new private folder for a copy."""
        if self._place is None:
            self._place = QTemporaryDir()
        if not self._place.isValid():
            raise SeError("There is no place for a temporary file.", remedy="Free some space, or set TMPDIR.")
        self._number += 1
        room = Path(self._place.path()) / str(self._number)
        room.mkdir(0o700)
        return room

    def _take(self, job: RunningJob, medium: Medium) -> None:
        if job is not self._preparing:  # something else was asked for meanwhile
            return
        self._preparing = None
        former, self.medium = self.medium, medium
        self.forget_start()
        self.inserted.emit()
        if former is not None and former.started != former.image:
            former.started.unlink(missing_ok=True)

    def _fail(self, job: RunningJob, error: SeError | None) -> None:
        if job is self._preparing:
            self._preparing = None
            self.inserted.emit()
            if error is not None:
                self.failed.emit(error)

    def _give_up(self, start: Start, error: SeError | None) -> None:
        start.given_up = True
        if error is not None:
            self.failed.emit(error)


def _prepared(image: Path, changes: Changes, copy: Path | None, machine: Machine, job: Job) -> Medium:
    original = _inspected(image, machine, job)
    if not original.is_image:
        raise SeError("This is a bare SE header; a machine starts images.", where=str(image))
    if copy is None:
        return Medium(image, changes, Prepared(), image, original, original)
    prepared = prepare(changes, image, machine)
    write_tampered(image, prepared.tampering, copy, job=job)
    try:
        inspection = _inspected(copy, machine, job)
    except SeError:
        inspection = original
    return Medium(image, changes, prepared, copy, inspection, original)


def _inspected(image: Path, machine: Machine, job: Job) -> Inspection:
    """As the machine sees it; without its key where that opens nothing."""
    try:
        return inspect_file(image, HostPrivateKey(machine.host_key), job)
    except SeError:
        return inspect_file(image, None, job)


def _start(start: Start, machine: Machine, job: Job) -> None:
    starting = GuestStarting(start.image, machine, job=job)
    begun = time.perf_counter()
    for event in starting:
        start.events.append(event)
        # The window paints with the same interpreter: it shall not wait for more than one run of pages.
        time.sleep(min(time.perf_counter() - begun, _SHORT_BREATH if start.hurried else _MOST_BREATH))
        begun = time.perf_counter()
    start.result = starting.result
