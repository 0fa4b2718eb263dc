"""Jobs in the window: heavy ones in worker processes, light ones on threads."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtTest import QTest

from seworkbench.defects import WorkerDefect
from seworkbench.errors import SeError
from seworkbench.jobs import Job, Progress
from seworkbench.ui import jobs as jobs_module
from seworkbench.ui.activity import progress_text, size_text, time_text
from seworkbench.ui.jobs import Jobs, RunningJob

from .desk import INPUTS, PKI, Desk, Images, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

MIB = 1 << 20


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    """The jobs of a window, without the window."""
    del qtbot
    made = Jobs()
    yield made
    made.shut_down()
    wait_until(lambda: not made.running, "light jobs to say that they ended")
    QTest.qWait(1)


@pytest.fixture
def slow(tmp_path: Path) -> dict[str, Any]:
    """A build that takes many seconds; cancelled, it leaves nothing."""
    ramdisk = tmp_path / "ramdisk"
    with ramdisk.open("wb") as file:
        file.truncate(8 << 30)
    folder = tmp_path / "out"
    folder.mkdir()
    order = {
        "kernel": str(INPUTS / "kernel"),
        "ramdisk": str(ramdisk),
        "recipients": [str(PKI / "host1.crt")],
        "pcf": 0xE0,
        "scf": 0,
        "check_components": False,
        "save_keys": str(folder),
    }
    return {"order": order, "keys": {}}


class Listener:
    """What a job said."""

    def __init__(self, job: RunningJob) -> None:
        self.said: list[tuple[str, Any]] = []
        self.progress: list[Progress] = []
        job.progressed.connect(self.progress.append)
        job.done.connect(lambda result: self.said.append(("done", result)))
        job.failed.connect(lambda error: self.said.append(("failed", error)))
        job.stopped.connect(lambda: self.said.append(("stopped", None)))

    def wait(self) -> tuple[str, Any]:
        """How it ended; every job ends exactly once."""
        wait_until(lambda: self.said, "the job to end")
        QTest.qWait(20)
        assert len(self.said) == 1
        return self.said[0]


def verify(jobs: Jobs, image: str, **arguments: object) -> Listener:
    """Start a verification."""
    return Listener(jobs.start("Verifying", "verify", {"image": image, **arguments}))


def build(jobs: Jobs, slow: dict[str, Any], name: str = "slow.img") -> Listener:
    """Start the build that takes many seconds."""
    order = {**slow["order"], "output": f"{slow['order']['save_keys']}/{name}"}
    return Listener(jobs.start("Building", "build", {**slow, "order": order}))


def remains(slow: dict[str, Any]) -> list[Path]:
    """What the builds left."""
    return list(Path(slow["order"]["save_keys"]).iterdir())


def pids(jobs: Jobs) -> list[int]:
    """The worker processes."""
    return [worker._process.processId() for worker in jobs._workers if worker.alive]


def test_a_heavy_job_gives_its_result(jobs: Jobs, images: Images) -> None:
    listener = verify(jobs, str(images.get("default")), access={"header_key": str(INPUTS / "hdr.key")})
    how, result = listener.wait()
    assert how == "done"
    assert result["checks"]["verdict"] == "passed"
    assert listener.progress
    assert all(0 <= progress.done <= progress.total for progress in listener.progress)
    assert jobs.running == []


def test_an_error_arrives_with_its_place_and_remedy(jobs: Jobs, tmp_path: Path) -> None:
    how, error = verify(jobs, str(tmp_path / "no such image")).wait()
    assert how == "failed"
    assert isinstance(error, SeError)
    assert "no such image" in str(error)


def test_one_worker_serves_job_after_job(jobs: Jobs, images: Images) -> None:
    jobs.warm_up()
    first = pids(jobs)
    for _ in range(3):
        assert verify(jobs, str(images.get("default"))).wait()[0] == "done"
    assert pids(jobs) == first
    assert len(first) == 1


def test_several_jobs_run_at_once(jobs: Jobs, images: Images, slow: dict[str, Any]) -> None:
    long = build(jobs, slow)
    quick = verify(jobs, str(images.get("default")))
    assert len(jobs.running) == 2
    assert quick.wait()[0] == "done"
    assert long.said == []
    assert len(pids(jobs)) == 2
    jobs.running[0].cancel()
    assert long.wait()[0] == "stopped"
    assert remains(slow) == []


def test_a_job_cancelled_under_way_leaves_nothing_and_the_next_one_works(
    jobs: Jobs, images: Images, slow: dict[str, Any]
) -> None:
    listener = build(jobs, slow)
    wait_until(lambda: any(progress.done for progress in listener.progress), "progress")
    jobs.running[0].cancel()
    assert listener.wait() == ("stopped", None)
    assert remains(slow) == []
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"


def test_a_job_cancelled_at_once_ends_too(jobs: Jobs, images: Images, slow: dict[str, Any]) -> None:
    listener = build(jobs, slow)
    jobs.running[0].cancel()
    assert listener.wait()[0] == "stopped"
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"


def test_a_worker_that_does_not_answer_is_replaced(jobs: Jobs, images: Images, slow: dict[str, Any]) -> None:
    listener = build(jobs, slow)
    wait_until(lambda: listener.progress, "progress")
    stuck = pids(jobs)[0]
    os.kill(stuck, signal.SIGSTOP)
    jobs.running[0].cancel()
    assert listener.wait()[0] == "stopped"
    # At once: the stuck one is still dying.
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"
    assert stuck not in pids(jobs)


def test_a_worker_killed_from_outside_is_told_and_the_next_job_works(
    jobs: Jobs, images: Images, slow: dict[str, Any]
) -> None:
    listener = build(jobs, slow)
    wait_until(lambda: listener.progress, "progress")
    os.kill(pids(jobs)[0], signal.SIGKILL)
    how, error = listener.wait()
    assert how == "failed"
    assert error.what == "The worker process ended unexpectedly."
    assert error.remedy
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"


def test_an_idle_worker_that_was_killed_is_replaced(jobs: Jobs, images: Images) -> None:
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"
    os.kill(pids(jobs)[0], signal.SIGKILL)
    wait_until(lambda: not pids(jobs), "the worker to be gone")
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"


def test_a_defect_in_the_worker_ends_the_job_and_is_raised_here(
    jobs: Jobs, images: Images, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(jobs_module.sys, "excepthook", lambda *_: None)  # type: ignore[attr-defined]
    with qtbot.captureExceptions() as raised:
        listener = Listener(jobs.start("A job that nobody knows", "no such task", {}))
        how, error = listener.wait()
    assert how == "failed"
    assert "defect" in error.what
    (met,) = (defect for _, defect, _ in raised)
    assert isinstance(met, WorkerDefect)
    assert re.match(r"KeyError\n  seworkbench/worker/__main__.py, line \d+, in perform\n", met.report)
    assert "no such task" not in met.report
    assert jobs.running == []
    assert verify(jobs, str(images.get("default"))).wait()[0] == "done"


def test_a_light_job_gives_progress_and_result(jobs: Jobs) -> None:
    def count(job: Job) -> str:
        job.phase("Counting", 3)
        for _ in range(3):
            job.advance(1)
        return threading.current_thread().name

    listener = Listener(jobs.start_light("Counting", count))
    how, thread = listener.wait()
    assert how == "done"
    assert thread != threading.current_thread().name
    assert listener.progress[-1] == Progress("Counting", 3, 3)


def test_a_light_job_is_cancelled(jobs: Jobs) -> None:
    begun = threading.Event()

    def wait(job: Job) -> None:
        begun.set()
        while True:
            job.check()
            time.sleep(0.001)

    listener = Listener(jobs.start_light("Waiting", wait))
    assert begun.wait(10)
    jobs.running[0].cancel()
    assert listener.wait()[0] == "stopped"


def test_an_error_of_a_light_job_arrives(jobs: Jobs) -> None:
    def fail(_job: Job) -> None:
        raise SeError("It did not work.", remedy="Try something else.")

    how, error = Listener(jobs.start_light("Failing", fail)).wait()
    assert (how, error.what, error.remedy) == ("failed", "It did not work.", "Try something else.")


def test_a_defect_of_a_light_job_ends_it_and_is_told_without_its_words(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(jobs_module.sys, "excepthook", lambda kind, *_: told.append(kind))  # type: ignore[attr-defined]

    def fail(_job: Job) -> None:
        raise ZeroDivisionError("secret words")

    how, error = Listener(jobs.start_light("Failing", fail)).wait()
    assert how == "failed"
    assert error.what == "A defect in the program: ZeroDivisionError."
    wait_until(lambda: told, "the defect to be told")
    assert told == [ZeroDivisionError]


def test_shutting_down_ends_everything(slow: dict[str, Any], qtbot: QtBot) -> None:
    del qtbot
    jobs = Jobs()
    listeners = [build(jobs, slow, name) for name in ("one.img", "two.img")]
    wait_until(lambda: all(any(mark.done for mark in listener.progress) for listener in listeners), "progress")
    processes = pids(jobs)
    assert len(processes) == 2
    jobs.shut_down()
    assert [listener.said for listener in listeners] == [[("stopped", None)]] * 2
    assert remains(slow) == []
    for pid in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    jobs.warm_up()
    assert pids(jobs) == []
    QTest.qWait(1)  # ended jobs are deleted when the event loop comes round, and before their parent


def test_a_job_ends_only_once(qtbot: QtBot) -> None:
    del qtbot
    job = RunningJob("Something")
    listener = Listener(job)
    job.end(result=1)
    job.end(cancelled=True)
    job.end(error=SeError("late"))
    assert listener.wait() == ("done", 1)
    job.cancel()


def test_the_rate_is_that_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(jobs_module.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    job = RunningJob("Verifying")
    assert job.rate == 0
    for second in range(11):
        now = 100.0 + second
        # Slow at first, fast later: only the later counts.
        job.report(Progress("Reading", second * MIB if second < 5 else 5 * MIB + (second - 5) * 100 * MIB, 1000 * MIB))
    assert job.rate == 100 * MIB
    assert progress_text(job) == "505 MiB of 1000 MiB · 100 MiB/s · 5 s left"
    job.report(Progress("Another phase", 0, 10))
    assert job.rate == 0
    assert progress_text(job) == "0 bytes of 10 bytes"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (188648, "184 KiB"),
        (5 << 30, "5.0 GiB"),
        (1 << 60, "1048576 TiB"),
    ],
)
def test_sizes_are_told_with_a_fitting_unit(count: int, text: str) -> None:
    assert size_text(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "under 1 s"), (12.4, "12 s"), (150, "2 min")])
def test_times_left_are_told_roughly(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_the_strip_shows_what_runs_and_how_many_more(desk: Desk) -> None:
    desk.settle()
    strip = desk.window.activity
    jobs = desk.window.workbench.jobs
    assert strip.phase.text() == "Ready"
    assert not strip.cancel.isVisible()
    release = threading.Event()

    def wait(job: Job) -> None:
        job.phase("Waiting", 100)
        job.advance(40)
        while not release.is_set():
            job.check()
            time.sleep(0.001)

    first = jobs.start_light("One", wait)
    jobs.start_light("Two", wait)
    wait_until(lambda: first.progress.done == 40, "progress")
    assert strip.phase.text() == "Waiting (and 1 more)"
    assert strip.bar.value() == 400
    assert strip.amount.text().startswith("40 bytes of 100 bytes")
    strip.cancel.click()
    wait_until(lambda: len(jobs.running) == 1, "the first to stop")
    assert strip.phase.text() == "Waiting"
    release.set()
    desk.settle()
    assert strip.phase.text() == "Ready"
    assert not strip.bar.isVisible()
