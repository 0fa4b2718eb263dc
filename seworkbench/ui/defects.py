"""Defects of the program: what nobody expected is told, with a report to hand on, and the program goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, qVersion
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from seworkbench import __version__
from seworkbench.defects import defect_report

if TYPE_CHECKING:
    from types import TracebackType

    from seworkbench.ui.theme import Theme


class Defects(QObject):
    """Tells of defects, those of threads too, in one box at a time.

    The box comes when the event loop comes round: one that opens in the middle of painting would be painted in it. A
    defect that was told is not told again, or one of painting would never let go.

    Args:
        window: what the box belongs to.
        theme: how it looks.
    """

    _met = Signal(str)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._reports: list[str] = []
        self.box: QMessageBox | None = None
        self._met.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def take(self, kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        """Take an exception, as `sys.excepthook` does; from any thread."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        report = defect_report(error)
        sys.stderr.write(f"{report}\n")
        self._met.emit(report)

    def _tell(self, report: str) -> None:
        if report in self._reports:
            return
        self._reports.append(report)
        if self.box is None:
            self.box = box = QMessageBox(
                QMessageBox.Icon.Critical,
                "A defect in SE Workbench",
                "Something went wrong inside the program.",
                QMessageBox.StandardButton.Ok,
                self._window,
            )
            box.setInformativeText(
                "The program goes on, but what was being done may be unfinished. Please report the details: they name "
                "places in the program and kinds of errors, nothing of your files."
            )
            box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            box.finished.connect(self._forget_box)
            self._theme.dress(box)
            box.open()
        about = f"SE Workbench {__version__}, Python {sys.version.split()[0]}, Qt {qVersion()}, {sys.platform}"
        self.box.setDetailedText("\n\n".join((about, *self._reports)))

    def _forget_box(self) -> None:
        self.box = None
