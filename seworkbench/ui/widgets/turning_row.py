"""Buttons side by side where there is room, else one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QResizeEvent

_GAP = 6


class TurningRow(QFrame):
    """A row that turns into a column in a narrow place.

    Args:
        buttons: what stands in it.
    """

    def __init__(self, *buttons: QPushButton) -> None:
        super().__init__()
        self._buttons = buttons
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_GAP)
        for made in buttons:
            self._row.addWidget(made)
        self._row.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Turn as the width asks for."""
        super().resizeEvent(event)
        self._turn()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """With another font the buttons are as wide as that makes them."""
        super().changeEvent(event)
        self._turn()

    def _turn(self) -> None:
        needed = sum(made.sizeHint().width() + _GAP for made in self._buttons)
        down = QBoxLayout.Direction.TopToBottom
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if self.width() >= needed else down)
        # A layout that turns does not ask for the room that it needs then.
        self.updateGeometry()
