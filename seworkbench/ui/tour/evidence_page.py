"""The page at the end of the tour: what every scene came to, and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QTextBrowser, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.demo.scene import as_check
from seworkbench.ui.pages.page import Page
from seworkbench.ui.widgets.basic import Card, VerdictChip, button, label
from seworkbench.ui.widgets.checklist_view import ChecklistView
from seworkbench.ui.widgets.prose import show_markdown

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.demo.scene import PlayedScene
    from seworkbench.ui.workbench import Workbench


class EvidencePage(Page):
    """See the module's text."""

    NAME = "evidence"
    HELP = "reports.md"

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        theme = workbench.theme
        self._files: tuple[Path, ...] = ()
        self._text = ""
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.report = QTextBrowser()
        self.report.setAccessibleName("Report")
        self.report.setOpenLinks(False)
        self.report.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scenes = ChecklistView(theme)
        self.scenes.help_requested.connect(workbench.help_requested)
        self._side = QWidget()
        self._side.setObjectName("side")
        self._lay_out()
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def side(self) -> QWidget:
        """Every scene with what had to be seen in it."""
        return self._side

    def show_report(self, text: str, played: tuple[PlayedScene, ...], files: tuple[Path, ...]) -> None:
        """Show a report.

        Args:
            text: its Markdown form.
            played: the scenes that were played.
            files: the report as files: HTML, PDF, JSON.
        """
        self._files = files
        check = as_check(played)
        self.chip.show_verdict(check.verdict)
        self.scenes.show_check(check)
        self._text = text
        self._restyle()
        self.subtitle.setText(", ".join(path.name for path in files))
        for made in (self.open_html, self.open_pdf):
            made.setEnabled(True)

    def _open(self, index: int) -> None:
        if index < len(self._files):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._files[index])))

    def _restyle(self) -> None:
        show_markdown(self.report, self._text, self.workbench.theme)
        self.report.moveCursor(QTextCursor.MoveOperation.Start)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 12)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("Evidence", "title"))
        head.addWidget(self.chip)
        self.subtitle = label("", "muted")
        head.addWidget(self.subtitle)
        head.addStretch(1)
        self.open_pdf = button("Open as PDF", lambda: self._open(1))
        self.open_html = button("Open in the browser", lambda: self._open(0), primary=True)
        for made in (self.open_pdf, self.open_html):
            made.setEnabled(False)
            head.addWidget(made)
        column.addLayout(head)
        card = Card("Report", "as it is read, signed and kept")
        card.body.setContentsMargins(1, 0, 1, 1)
        card.body.addWidget(self.report, 1)
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column.addWidget(card, 1)
        beside = QVBoxLayout(self._side)
        beside.setContentsMargins(16, 14, 16, 12)
        beside.addWidget(label("Scenes", "heading"))
        beside.addWidget(self.scenes, 1)
