"""Judging beside the interface: one question at a time, and only the newest one that waits.

Dragging the instant of verification asks much faster than a thousand host keys can be judged. A question that nobody
waits for any more is dropped before it begins, so the answers stay close behind the hand. And none begins while the
last answer is still being shown: thread and window would only take the interpreter from each other.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable


class LatestOnly(QObject):
    """Runs questions on one thread; a newer one takes the place of the one that waits."""

    answered = Signal(object)  # what the question returned
    settled = Signal()  # nothing is asked any more
    _told = Signal(bool, object)  # from the thread: whether the question could be answered, and the answer

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, "judging")
        self._waiting: Callable[[], Any] | None = None
        self._running = False
        self._held = False
        self._closed = False
        self._told.connect(self._take)

    @property
    def busy(self) -> bool:
        """Whether a question is open, or an answer still being shown."""
        return self._running or self._held

    def ask(self, question: Callable[[], Any]) -> None:
        """Run a function on the thread; what it returns is told by `answered`."""
        if self._closed:
            return
        self._waiting = question
        self._next()

    def hold(self) -> None:
        """Begin no question until `go_on`: for whoever shows an answer bit by bit."""
        self._held = True

    def go_on(self) -> None:
        """The answer is shown."""
        if self._held:
            self._held = False
            self._next()
            self._tell_settled()

    def close(self) -> None:
        """Wait for the question that runs; later ones are not asked."""
        self._closed = True
        self._held = False
        self._waiting = None
        self._thread.shutdown(cancel_futures=True)

    def _next(self) -> None:
        if self.busy or self._closed or self._waiting is None:
            return
        question, self._waiting = self._waiting, None
        self._running = True
        self._thread.submit(self._answer, question)

    def _answer(self, question: Callable[[], Any]) -> None:
        """Called on the thread; it ends before this object does, because `close` waits for it."""
        try:
            value = question()
        except BaseException as defect:  # noqa: BLE001 - whoever waits must be told; the defect is told, too
            self._told.emit(False, None)
            sys.excepthook(type(defect), defect, defect.__traceback__)
        else:
            self._told.emit(True, value)

    def _take(self, good: bool, value: Any) -> None:
        self._running = False
        if self._closed:
            return
        if good:
            self.answered.emit(value)
        self._next()
        self._tell_settled()

    def _tell_settled(self) -> None:
        if not self.busy and not self._closed:
            self.settled.emit()
