"""Writing cases to the workspace: one thing after the other, in the order in which it happened, beside the interface.

It is no job that anybody would want to see or stop. When the workspace is closed, what waits is written first.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from seworkbench.errors import SeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.workspace.workspace import Workspace


class Keeping(QObject):
    """Runs functions of a workspace on one thread."""

    read = Signal(object)  # tuple[AttestationCase, ...]: all cases, after everything that waited was written
    failed = Signal(object)  # SeError
    _ended = Signal(object)  # cases or error, from the thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: ThreadPoolExecutor | None = None  # while a workspace is written to
        self._waiting = 0
        self._ended.connect(self._end)

    @property
    def busy(self) -> bool:
        """Whether something is being written, or waits."""
        return self._waiting > 0

    def write(self, workspace: Workspace, function: Callable[[Workspace], object]) -> None:
        """Have something written, and all cases read afterwards."""
        self._waiting += 1
        self._thread = self._thread or ThreadPoolExecutor(1, "keeping")
        self._thread.submit(self._write, workspace, function)

    def finish(self) -> None:
        """Wait until everything is written, and end the thread; the next writing begins another."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _write(self, workspace: Workspace, function: Callable[[Workspace], object]) -> None:
        """Called on the thread."""
        try:
            function(workspace)
            outcome: object = workspace.cases.all()
        except SeError as error:
            outcome = error
        except BaseException as defect:  # noqa: BLE001 - whoever waits must be told; the defect is told, too
            outcome = SeError(f"A defect in the program: {type(defect).__name__}.")
            sys.excepthook(type(defect), defect, defect.__traceback__)
        self._ended.emit(outcome)

    def _end(self, outcome: object) -> None:
        self._waiting -= 1
        if isinstance(outcome, SeError):
            self.failed.emit(outcome)
        elif not self._waiting:
            self.read.emit(outcome)
