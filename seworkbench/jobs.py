"""Jobs: what takes longer than a blink reports how far it is and can be cancelled between chunks.

The long function receives a `Job` and calls `phase()` and `advance()`. Who shows the progress, and on which thread or
in which process the function runs, is the caller's affair: the same function serves the window and the command line.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seworkbench.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable


class CancelFlag(Protocol):
    """What asks a job to stop: an event of `threading` or `multiprocessing`."""

    def is_set(self) -> bool:
        """Whether it was asked."""

    def set(self) -> None:
        """Ask."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Args:
        phase: what is being done, in plain words ("Encrypting ramdisk").
        done: bytes done in this phase.
        total: bytes of this phase.
    """

    phase: str
    done: int
    total: int


def _unwatched(progress: Progress) -> None:
    """Nobody is watching."""


class Job:
    """The handle that a long function reports to.

    Args:
        watch: called with each Progress, on the thread that runs the job.
        cancelled: event that asks the job to stop; shared by whoever may cancel it.
    """

    def __init__(self, watch: Callable[[Progress], None] = _unwatched, cancelled: CancelFlag | None = None) -> None:
        self._watch = watch
        self._cancelled: CancelFlag = cancelled or threading.Event()
        self._progress = Progress("", 0, 0)

    def phase(self, name: str, total: int) -> None:
        """Begin a phase of `total` bytes."""
        self._report(Progress(name, 0, total))

    def advance(self, amount: int) -> None:
        """`amount` more bytes are done.

        Raises:
            Cancelled: if the job was asked to stop.
        """
        self._report(Progress(self._progress.phase, self._progress.done + amount, self._progress.total))

    @property
    def started(self) -> bool:
        """Whether a phase began: from then on it looks at each chunk whether it was cancelled."""
        return bool(self._progress.phase)

    def cancel(self) -> None:
        """Ask the job to stop at its next chunk. May be called from any thread."""
        self._cancelled.set()

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            Cancelled: if the job was asked to stop.
        """
        if self._cancelled.is_set():
            raise Cancelled

    def _report(self, progress: Progress) -> None:
        self.check()
        self._progress = progress
        self._watch(progress)
