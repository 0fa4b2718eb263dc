"""Python's collector of cycles, where there are windows: on their thread, and never while something large is made.

Python collects on whichever thread makes the next object. A cycle that holds something of Qt, a dialog with its slots
for instance, would so be taken apart on the thread of a job, while the window draws what belongs to it. So it is
switched off while a window is open, and called from there.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERVAL_MS = 200
_OLDEST = 2


class _Holders:
    """Who does not want Python to collect by itself."""

    def __init__(self) -> None:
        self._lock = Lock()  # things are made on threads
        self._windows = 0
        self.makers = 0

    def change(self, *, windows: int = 0, makers: int = 0) -> None:
        """Some more, or fewer."""
        with self._lock:
            self._windows += windows
            self.makers += makers
            if self._windows or self.makers:
                gc.disable()
            else:
                gc.enable()


_holders = _Holders()


class Collector(QObject):
    """Collects cycles from the event loop, each generation when its limit is reached.

    Args:
        parent: the window, which calls `stop` when it closes.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        _holders.change(windows=1)
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the generations that are due."""
        if _holders.makers:
            return
        due = [count > limit for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        for generation in range(_OLDEST, -1, -1):
            if due[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """With the last window Python collects by itself again."""
        if self._timer.isActive():
            self._timer.stop()
            _holders.change(windows=-1)


@contextmanager
def making_much() -> Iterator[None]:
    """Make something large that stays while a workspace is open and has no cycles: certificates, and what is judged.

    The collector would look at all of it, a hundred thousand objects, again and again, and stop the window for longer
    than can be overlooked. `gc.unfreeze` takes this back.
    """
    _holders.change(makers=1)
    try:
        yield
    finally:
        gc.freeze()
        _holders.change(makers=-1)
