"""Running a job in the foreground: progress bar on a terminal, and an orderly end on Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from seworkbench.cli.status import Stopped
from seworkbench.errors import Cancelled
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from seworkbench.jobs import Progress


class _Bar:
    """Shows each phase as a bar with amount, rate and time left."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        if progress.phase != self._phase or self._bar is None:
            from tqdm import tqdm  # noqa: PLC0415 - only a terminal pays for loading it

            self.close()
            self._phase = progress.phase
            self._bar = tqdm(
                desc=progress.phase, total=progress.total, unit="B", unit_scale=True, unit_divisor=1024, leave=False
            )
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


@contextmanager
def foreground_job(*, quiet: bool = False) -> Iterator[Job]:
    """A job whose progress is shown on a terminal and that Ctrl-C or SIGTERM cancels.

    Args:
        quiet: show no progress.

    Raises:
        Stopped: if it was cancelled so.
    """
    bar = _Bar()
    job = Job(bar) if sys.stderr.isatty() and not quiet else Job()
    stopped_by = signal.SIGINT

    def cancel(number: int, _frame: FrameType | None) -> None:
        nonlocal stopped_by
        stopped_by = signal.Signals(number)
        job.cancel()
        # Before its first phase the job looks at nothing, and nothing is half-done: stop right here.
        if not job.started:
            raise KeyboardInterrupt

    previous = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield job
    except (Cancelled, KeyboardInterrupt):
        raise Stopped(stopped_by) from None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        bar.close()
