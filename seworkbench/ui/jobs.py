"""Jobs in the window: heavy ones in a worker process, light ones on a thread, one face for both.

A heavy job beside the interface would be slow and make it stutter (see seworkbench.worker). One idle worker is kept
ready, so starting a job costs nothing; a worker that does not stop at once when asked is ended and replaced.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from seworkbench.defects import WorkerDefect
from seworkbench.errors import Cancelled, SeError
from seworkbench.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

# A cancelled job that has not answered by then is ended; together they stay below what feels like waiting.
_CANCEL_PATIENCE_MS = 120
# The rate shown is that of the last seconds, so that it follows a change.
_RATE_WINDOW = 3.0
_MOST_THREADS = 4
# Seconds for light jobs to see that they are cancelled when the window closes.
_CLOSING_PATIENCE = 2.0


class RunningJob(QObject):
    """A job that runs somewhere else; exactly one of the last three signals ends it.

    Args:
        title: what it does, for the activity strip.
        missed: whether somebody would miss it; closing the window asks about such a job only.
    """

    progressed = Signal(object)  # Progress
    done = Signal(object)  # the result
    failed = Signal(object)  # SeError
    stopped = Signal()  # cancelled

    def __init__(self, title: str, parent: QObject | None = None, *, missed: bool = True) -> None:
        super().__init__(parent)
        self.title = title
        self.missed = missed
        self.progress = Progress(title, 0, 0)
        self.finished = False
        self._marks: deque[tuple[float, int]] = deque()
        self._cancel: Callable[[], None] = _nothing

    def cancel(self) -> None:
        """Ask it to stop."""
        if not self.finished:
            self._cancel()

    @property
    def rate(self) -> float:
        """Bytes a second lately; 0 if not known yet."""
        if len(self._marks) < 2:  # noqa: PLR2004 - a rate needs two points
            return 0.0
        (start, before), (end, after) = self._marks[0], self._marks[-1]
        return (after - before) / (end - start) if end > start else 0.0

    def on_cancel(self, cancel: Callable[[], None]) -> None:
        """Tell how to stop it; for whoever runs the job."""
        self._cancel = cancel

    def report(self, progress: Progress) -> None:
        """New progress; for whoever runs the job."""
        now = time.monotonic()
        if progress.phase != self.progress.phase:
            self._marks.clear()
        self._marks.append((now, progress.done))
        while now - self._marks[0][0] > _RATE_WINDOW:
            self._marks.popleft()
        self.progress = progress
        self.progressed.emit(progress)

    def end(self, *, result: Any = None, error: SeError | None = None, cancelled: bool = False) -> None:
        """The job ended; for whoever runs it. Later ends are ignored."""
        if self.finished:
            return
        self.finished = True
        if cancelled:
            self.stopped.emit()
        elif error is not None:
            self.failed.emit(error)
        else:
            self.done.emit(result)


def _nothing() -> None:
    """There is no way to stop yet."""


class _Worker(QObject):
    """One worker process and the job it has."""

    idle = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._job: RunningJob | None = None
        self._killed = False
        self._pending = b""
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._ended)
        self._process.start(sys.executable, ["-m", "seworkbench.worker"])

    @property
    def busy(self) -> bool:
        return self._job is not None or self._killed

    @property
    def alive(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    def give(self, job: RunningJob, name: str, arguments: dict[str, Any]) -> None:
        self._job = job
        job.on_cancel(self._cancel)
        self._send(json.dumps({"job": name, "arguments": arguments}))

    def shut_down(self) -> None:
        """End the process; a running job is cancelled by the end of its input."""
        self._process.finished.disconnect(self._ended)
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(500):
            self._process.kill()
            self._process.waitForFinished(500)
        if self._job is not None:
            self._job.end(cancelled=True)

    def _send(self, line: str) -> None:
        self._process.write((line + "\n").encode())

    def _cancel(self) -> None:
        job = self._job
        self._send("cancel")
        QTimer.singleShot(_CANCEL_PATIENCE_MS, self, lambda: self._end_stubborn(job))

    def _end_stubborn(self, job: RunningJob | None) -> None:
        if job is not None and self._job is job:
            # It takes a moment to die, in which it must get no other job.
            self._killed = True
            self._process.kill()
            self._job = None
            job.end(cancelled=True)

    def _read(self) -> None:
        *lines, self._pending = (self._pending + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        job = self._job
        if job is None or "ready" in message:
            return
        if "progress" in message:
            job.report(Progress(*message["progress"]))
            return
        self._job = None
        self.idle.emit()
        if "result" in message:
            job.end(result=message["result"])
        elif "error" in message:
            error = message["error"]
            job.end(error=SeError(error["what"], where=error["where"], remedy=error["remedy"]))
        elif "cancelled" in message:
            job.end(cancelled=True)
        else:
            job.end(error=SeError("A defect in the program ended the job."))
            raise WorkerDefect(message["defect"])

    def _ended(self) -> None:
        job, self._job = self._job, None
        self._killed = False
        if job is not None:
            job.end(error=SeError("The worker process ended unexpectedly.", remedy="Try again; nothing was written."))
        self.idle.emit()


def _run(job: _ThreadJob, function: Callable[[Job], Any]) -> None:
    """Called on the thread; speaks to the window through queued signals only."""
    try:
        result = function(Job(job.tell_progress, job.cancelled))
    except Cancelled:
        job.tell_end(None, None, cancelled=True)
    except SeError as error:
        job.tell_end(None, error)
    except BaseException as defect:  # noqa: BLE001 - the job must end for whoever waits; the defect is told below
        job.tell_end(None, SeError(f"A defect in the program: {type(defect).__name__}."))
        sys.excepthook(type(defect), defect, defect.__traceback__)
    else:
        job.tell_end(result, None)


class _ThreadJob(QObject):
    """Carries signals from a thread to the window.

    A signal is sent under a lock that the window takes before it lets go of this object: emitting runs in C++, beside
    the window, and must not find itself emitting from what is deleted.
    """

    reported = Signal(object)
    ended = Signal(object)

    def __init__(self, job: RunningJob) -> None:
        super().__init__(job)
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._heard = True
        self._job = job
        self.reported.connect(job.report)
        self.ended.connect(self._end)
        job.on_cancel(self.cancelled.set)

    def tell_progress(self, progress: Progress) -> None:
        """New progress; for the thread."""
        with self._lock:
            if self._heard:
                self.reported.emit(progress)

    def tell_end(self, result: Any, error: SeError | None, *, cancelled: bool = False) -> None:
        """The job ended; for the thread."""
        with self._lock:
            if self._heard:
                self.ended.emit((result, error, cancelled))

    def close(self) -> None:
        """The window hears no more: from now on nothing is sent."""
        with self._lock:
            self._heard = False

    def _end(self, outcome: tuple[Any, SeError | None, bool]) -> None:
        self.close()
        result, error, cancelled = outcome
        self._job.end(result=result, error=error, cancelled=cancelled)


class Jobs(QObject):
    """All jobs of the window."""

    started = Signal(object)  # RunningJob
    changed = Signal()  # one started or ended

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running: list[RunningJob] = []
        self._workers: list[_Worker] = []
        self._closed = False
        # Not Qt's pool: it keeps a task for ever that ends before its start has returned to Python.
        self._threads = ThreadPoolExecutor(_MOST_THREADS, "light-job")
        self._light: dict[Future[None], _ThreadJob] = {}

    def warm_up(self) -> None:
        """Have an idle worker ready; not after the end, when a timer may still ask for one."""
        if self._closed:
            return
        self._workers = [worker for worker in self._workers if worker.alive or worker.busy]
        if all(worker.busy for worker in self._workers):
            worker = _Worker(self)
            self._workers.append(worker)

    def start(self, title: str, name: str, arguments: dict[str, Any]) -> RunningJob:
        """Run a job of seworkbench.worker.tasks in a worker process.

        Args:
            title: what it does, for the activity strip.
            name: name of the task.
            arguments: its arguments, plain values.
        """
        self.warm_up()
        job = self._admit(RunningJob(title, self))
        if self._closed:
            job.end(cancelled=True)
            return job
        next(worker for worker in self._workers if not worker.busy).give(job, name, arguments)
        return job

    def start_light(self, title: str, function: Callable[[Job], Any], *, missed: bool = True) -> RunningJob:
        """Run a function of a Job on a thread; for work that is short or mostly waits.

        Args:
            title: what it does, for the activity strip.
            function: the work.
            missed: see RunningJob; False for what the program began by itself.
        """
        job = self._admit(RunningJob(title, self, missed=missed))
        if self._closed:
            job.end(cancelled=True)
            return job
        self._light = {task: carrier for task, carrier in self._light.items() if not task.done()}
        carrier = _ThreadJob(job)
        self._light[self._threads.submit(_run, carrier, function)] = carrier
        return job

    def shut_down(self) -> None:
        """Cancel everything and wait until it is gone. Nothing starts afterwards."""
        self._closed = True
        for job in list(self.running):
            job.cancel()
        for worker in self._workers:
            worker.shut_down()
        self._workers.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)
        wait(self._light, _CLOSING_PATIENCE)
        for carrier in self._light.values():
            carrier.close()

    @property
    def working(self) -> bool:
        """Whether a thread still works; after the end nobody hears of such a one, but it may be busy with a file."""
        return any(not future.done() for future in self._light)

    def _admit(self, job: RunningJob) -> RunningJob:
        self.running.append(job)
        for signal in (job.done, job.failed, job.stopped):
            signal.connect(lambda *_, ended=job: self._dismiss(ended))
        self.started.emit(job)
        self.changed.emit()
        return job

    def _dismiss(self, job: RunningJob) -> None:
        if job in self.running:
            self.running.remove(job)
            self.changed.emit()
            job.deleteLater()
