"""What the case came to so far, and what can be done with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.pages.attestation.verification import NO_ANSWER, outcome_text, shown_check
from seworkbench.ui.widgets.basic import VerdictChip, button, label

if TYPE_CHECKING:
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.workbench import Workbench

_WIDTH = 172
_UNFINISHED = "Nothing is verified yet."


class SoFar(QWidget):
    """The column.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    expected_asked = Signal()
    export_asked = Signal()

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__()
        self._theme = workbench.theme
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 0, 4)
        column.setSpacing(8)
        column.addWidget(label("Case so far", "heading"))
        self.chip = VerdictChip(Verdict.NOT_CHECKED, workbench.theme)
        column.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignLeft)
        self.said = label("", "muted", wrap=True)
        column.addWidget(self.said)
        self.simulated = label("Simulated. No evidence about hardware.", "heading", wrap=True)
        column.addWidget(self.simulated)
        column.addStretch(1)
        self.expected = button("Expected values…", self.expected_asked.emit)
        self.export = button("Export report…", self.export_asked.emit, primary=True)
        column.addWidget(self.expected)
        column.addWidget(self.export)
        self._theme.changed.connect(self._restyle)
        self._restyle()

    def refresh(self) -> None:
        """Show the case."""
        result = self._session.result
        check = shown_check(result) if result else None
        if check is None or result is None:
            self.chip.show_verdict(Verdict.NOT_CHECKED)
            self.said.setText(NO_ANSWER if self._session.state.refusal is not None else _UNFINISHED)
        else:
            # What failed has more to say than how much was not checked because of it.
            noted = check.notes if check.verdict in (Verdict.PASSED, Verdict.WARNING) else 0
            notes = f", {noted} note{'' if noted == 1 else 's'}" if noted else ""
            self.chip.show_verdict(check.verdict, f"{check.verdict.value}{notes}")
            self.said.setText(outcome_text(result))
        self.simulated.setVisible(self._session.state.simulated)
        self.export.setEnabled(result is not None)

    def _restyle(self) -> None:
        self.setFixedWidth(min(self._theme.pixels(_WIDTH), 260))
