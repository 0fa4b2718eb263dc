"""A card that continues the band of its step in the diagram: a bar along its left edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.widgets.basic import Card, VerdictChip

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_EDGE = 3
_ROUND = 8


class StepCard(Card):
    """The card of a step.

    Args:
        theme: colours.
        title: its name with its number.
        detail: muted text beside it.
    """

    def __init__(self, theme: Theme, title: str, detail: str = "") -> None:
        super().__init__(title, detail)
        self._theme = theme
        self._is_open = False
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.chip.hide()
        self.head.insertWidget(1, self.chip)
        theme.changed.connect(self.update)

    def refresh(self) -> None:
        """Show the case; each card does its own part."""

    def set_open(self, *, is_open: bool) -> None:
        """Whether its step is the one that is open."""
        self._is_open = is_open
        self.update()

    def focus_first(self) -> None:
        """Give the focus to what a person does here, if there is anything."""
        buttons = [made for made in self.findChildren(QPushButton) if made.objectName() == "primary"]
        usable = [made for made in buttons if made.isVisibleTo(self) and made.isEnabled()]
        if usable:
            usable[0].setFocus(Qt.FocusReason.TabFocusReason)

    def show_verdict(self, verdict: Verdict | None) -> None:
        """Show what the step came to; None while that is not worth saying."""
        self.chip.setVisible(verdict is not None)
        if verdict is not None:
            self.chip.show_verdict(verdict)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the frame, and the bar inside its round corners."""
        super().paintEvent(event)
        if not self._is_open:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), _ROUND, _ROUND)
        painter.setClipPath(shape)
        painter.fillRect(QRectF(0, 0, self._theme.pixels(_EDGE), self.height()), self._theme.roles.colour("accent"))


def footer(*buttons: QWidget) -> QHBoxLayout:
    """A row of buttons at the right, the main one last."""
    row = QHBoxLayout()
    row.addStretch(1)
    for made in buttons:
        row.addWidget(made)
    return row
