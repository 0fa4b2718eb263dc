"""Cycles are collected on the thread of the window only, and not while something large is made."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING
from weakref import ref

import pytest
from PySide6.QtCore import QObject

from seworkbench.ui.collector import Collector, making_much

from .desk import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Cycle:
    """Refers to itself, so that only the collector can take it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    parent = QObject()
    made = Collector(parent)
    yield made
    made.stop()
    del qtbot, parent


@pytest.fixture
def threads() -> Iterator[list[str]]:
    """The names of the threads on which something was collected."""
    found: list[str] = []

    def note(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            found.append(threading.current_thread().name)

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def make_many() -> None:
    """More objects than Python makes without collecting."""
    kept = [Cycle() for _ in range(10 * gc.get_threshold()[0])]
    del kept


def test_a_job_that_makes_many_objects_collects_nothing(collector: Collector, threads: list[str]) -> None:
    del collector
    job = threading.Thread(target=make_many, name="job")
    job.start()
    job.join()
    assert threads == []


def test_without_a_window_python_collects_wherever_it_is(threads: list[str]) -> None:
    job = threading.Thread(target=make_many, name="job")
    job.start()
    job.join()
    assert "job" in threads


def test_the_event_loop_collects(collector: Collector, threads: list[str]) -> None:
    gone = ref(Cycle())
    make_many()
    assert gone() is not None
    wait_until(lambda: gone() is None, "the cycle to be collected")
    assert set(threads) == {threading.current_thread().name}
    del collector


def test_the_last_window_that_closes_leaves_collecting_to_python_again(qtbot: QtBot) -> None:
    del qtbot
    parent = QObject()
    first, second = Collector(parent), Collector(parent)
    first.stop()
    first.stop()  # closed twice
    assert not gc.isenabled()
    second.stop()
    assert gc.isenabled()


def test_nothing_is_looked_for_while_something_large_is_made(collector: Collector, threads: list[str]) -> None:
    try:
        with making_much():
            make_many()
            collector.collect()
            assert threads == []
        assert not gc.isenabled(), "the window still collects itself"
    finally:
        gc.unfreeze()


def test_making_much_fails_and_python_collects_again() -> None:
    def fail() -> None:
        with making_much():
            assert not gc.isenabled()
            raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        fail()
    assert gc.isenabled()
    gc.unfreeze()
