"""What checks objected to, where the file they looked at is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from seworkbench.checks import Check, Verdict
from seworkbench.ui.widgets.basic import VerdictChip, empty_layout, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.theme import Theme


class Findings(QWidget):
    """The checks that did not pass, each with chip, reason and remedy; nothing if all did."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[tuple[Check, ...], bool] = ((), False)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    def show_checks(self, checks: tuple[Check, ...], mend: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show them.

        Args:
            checks: all checks; those that passed are left out.
            mend: text and function of a link that mends the first, if there is a way.
        """
        bad = tuple(check for check in checks if check.verdict is not Verdict.PASSED)
        if (bad, mend is not None) == self._shown:
            return
        self._shown = (bad, mend is not None)
        empty_layout(self._column)
        for number, check in enumerate(bad):
            self._column.addWidget(self._row(check, mend if number == 0 else None))
        self.setVisible(bool(bad))

    def _row(self, check: Check, mend: tuple[str, Callable[[], None]] | None) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(VerdictChip(check.verdict, self._theme), 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(label(check.reason, wrap=True, selectable=True))
        if check.remedy:
            text.addWidget(label(check.remedy, "small", wrap=True))
        line.addLayout(text, 1)
        if mend is not None:
            made = QPushButton(mend[0])
            made.setObjectName("link")
            made.clicked.connect(lambda _checked=False: mend[1]())
            line.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        return row
