"""Jobs report, stop when asked to, and let their watcher's errors through."""

from __future__ import annotations

import multiprocessing
import threading
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import Cancelled
from seworkbench.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Callable


def test_progress_adds_up_within_a_phase_and_begins_again_with_the_next() -> None:
    seen: list[Progress] = []
    job = Job(seen.append)
    job.phase("Reading", 10)
    job.advance(4)
    job.advance(6)
    job.phase("Writing", 5)
    job.advance(5)
    assert seen == [
        Progress("Reading", 0, 10),
        Progress("Reading", 4, 10),
        Progress("Reading", 10, 10),
        Progress("Writing", 0, 5),
        Progress("Writing", 5, 5),
    ]


def test_a_job_that_nobody_watches_runs_and_can_be_cancelled() -> None:
    job = Job()
    job.phase("Reading", 1)
    job.advance(1)
    job.check()
    job.cancel()
    with pytest.raises(Cancelled):
        job.check()


def test_a_cancelled_job_stops_at_its_next_step_and_reports_nothing_more() -> None:
    seen: list[Progress] = []
    job = Job(seen.append)
    job.phase("Reading", 10)
    job.cancel()
    steps: list[Callable[[], None]] = [lambda: job.advance(1), lambda: job.phase("Writing", 1), job.check]
    for step in (*steps, *steps):
        with pytest.raises(Cancelled):
            step()
    assert seen == [Progress("Reading", 0, 10)]


def test_another_thread_cancels_a_job_that_is_running() -> None:
    running, asked = threading.Event(), threading.Event()
    done: list[int] = []
    ended: list[BaseException] = []

    def watch(progress: Progress) -> None:
        done.append(progress.done)
        if progress.done == 3:
            running.set()
            assert asked.wait(60)

    job = Job(watch)

    def work() -> None:
        try:
            job.phase("Working", 1000)
            for _ in range(1000):
                job.advance(1)
        except Cancelled as error:
            ended.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    assert running.wait(60)
    job.cancel()
    asked.set()
    worker.join(60)
    assert [type(error) for error in ended] == [Cancelled]
    assert done == [0, 1, 2, 3]


def test_one_event_cancels_every_job_that_shares_it() -> None:
    shared = threading.Event()
    first, second, other = Job(cancelled=shared), Job(cancelled=shared), Job()
    first.cancel()
    assert shared.is_set()
    with pytest.raises(Cancelled):
        second.check()
    other.check()


def test_an_event_of_another_process_cancels_too() -> None:
    event = multiprocessing.get_context("spawn").Event()
    job = Job(cancelled=event)
    job.advance(1)
    event.set()
    with pytest.raises(Cancelled):
        job.advance(1)


def test_an_error_of_the_watcher_ends_the_job() -> None:
    def watch(progress: Progress) -> None:
        if progress.done:
            raise LookupError(progress.phase)

    job = Job(watch)
    job.phase("Reading", 10)
    with pytest.raises(LookupError, match="Reading"):
        job.advance(1)


def test_the_watcher_may_cancel_from_within() -> None:
    job = Job(lambda progress: job.cancel() if progress.done else None)
    job.phase("Reading", 2)
    job.advance(1)
    with pytest.raises(Cancelled):
        job.advance(1)
