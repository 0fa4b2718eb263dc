"""The line at the top of the page: which case is open, what it is called, and the way back to all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from seworkbench.ui.pages.attestation.carry_cards import Stamp
from seworkbench.ui.pages.attestation.case_list import TITLE_LIMIT
from seworkbench.ui.widgets.basic import label, link
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.theme import Theme


class CaseHead(QWidget):
    """The line.

    Args:
        theme: colours.
        session: the case.
    """

    closed = Signal()  # all cases are asked for

    def __init__(self, theme: Theme, session: AttestationSession) -> None:
        super().__init__()
        self._session = session
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(label("Attestation", "title"))
        self.subtitle = Elided("", "muted", mode=Qt.TextElideMode.ElideRight)
        row.addWidget(self.subtitle, 1)
        self.name = _NameLine()
        self.name.setMaxLength(TITLE_LIMIT)
        self.name.setAccessibleName("Name of the case")
        self.name.setPlaceholderText("Name of the case")
        self.name.setToolTip("Return takes the name, Escape leaves it as it was.")
        self.name.hide()
        self.name.editingFinished.connect(self._take_name)
        self.name.left.connect(self.leave_name)
        row.addWidget(self.name, 1)
        self.rename = link("Rename", self.edit_name)
        self.back = link("All cases", self.closed.emit)
        for made in (self.rename, self.back):
            row.addWidget(made)
        self.stamp = Stamp(theme)
        row.addWidget(self.stamp)

    def refresh(self) -> None:
        """Show the case."""
        there = self._session.case is not None
        if not there and not self.name.isHidden():
            self.leave_name()
        self.rename.setVisible(there and self.name.isHidden())
        self.back.setVisible(there)
        self.stamp.setVisible(there and self._session.state.simulated)
        self.subtitle.show_text(self._text())

    def edit_name(self) -> None:
        """Have the name of the case that is open typed."""
        if (case := self._session.case) is not None:
            self.name.setText(case.title)
            for made in (self.subtitle, self.rename):
                made.hide()
            self.name.show()
            self.name.selectAll()
            self.name.setFocus()

    def leave_name(self) -> None:
        """Leave the name as it was."""
        self.name.hide()
        self.subtitle.show()
        self.rename.setVisible(self._session.case is not None)

    def _take_name(self) -> None:
        case = self._session.case
        # Leaving the line by Escape or with the case ends editing, too.
        if case is None or self.name.isHidden():
            return
        text = self.name.text()
        self.leave_name()
        if text.strip() != case.title:
            self._session.rename(case, text)

    def _text(self) -> str:
        session = self._session
        if session.case is None:
            count = len(session.list.cases)
            return f"{count} case{'' if count == 1 else 's'}" if count else ""
        parts = [f"case {session.case.title}"]
        if session.state.header_path:
            parts.append(Path(session.state.header_path).name)
        record = session.files.record
        if record is not None and record.hosts:
            more = f" and {len(record.hosts) - 1} more" if len(record.hosts) > 1 else ""
            parts.append(f"for {Path(record.hosts[0].document).stem}{more}")
        return " · ".join(parts)


class _NameLine(QLineEdit):
    """A line that Escape leaves."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
