"""Judging beside the interface: one question at a time, and only the newest one that waits.

Dragging the instant of verification asks much faster than a thousand host keys can be judged. A question that nobody
waits for any more is dropped before it begins, so the answers stay close behind the hand.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


class LatestOnly(QObject):
    """Runs questions on one thread; a newer one takes the place of the one that waits."""

    answered = Signal(object)  # what the question returned
    settled = Signal()  # nothing is asked any more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = QThreadPool(self)
        self._threads.setMaxThreadCount(1)
        self._waiting: Callable[[], Any] | None = None
        self._running: _Answer | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a question is open."""
        return self._running is not None

    def ask(self, question: Callable[[], Any]) -> None:
        """Run a function on the thread; what it returns is told by `answered`."""
        if self._closed:
            return
        self._waiting = question
        if self._running is None:
            self._next()

    def close(self) -> None:
        """Wait for the question that runs; later ones are not asked."""
        self._closed = True
        self._waiting = None
        self._threads.waitForDone()

    def _next(self) -> None:
        question, self._waiting = self._waiting, None
        if question is None:
            return
        answer = _Answer(self)
        answer.told.connect(self._told)
        self._running = answer
        self._threads.start(_Task(answer, question))

    def _told(self, outcome: tuple[bool, Any]) -> None:
        answer, self._running = self._running, None
        if answer is not None:
            answer.deleteLater()
        if self._closed:
            return
        good, value = outcome
        if good:
            self.answered.emit(value)
        # Whoever was told may have asked again.
        if self._running is None:
            self._next()
        if self._running is None:
            self.settled.emit()


class _Answer(QObject):
    """Carries the answer from the thread to the window."""

    told = Signal(object)


class _Task(QRunnable):
    """One question."""

    def __init__(self, answer: _Answer, question: Callable[[], Any]) -> None:
        super().__init__()
        self._answer = answer
        self._question = question

    def run(self) -> None:
        """Called on the thread."""
        try:
            value = self._question()
        except BaseException as defect:  # noqa: BLE001 - whoever waits must be told; the defect is told, too
            self._answer.told.emit((False, None))
            sys.excepthook(type(defect), defect, defect.__traceback__)
        else:
            self._answer.told.emit((True, value))
