"""A ring around the pointer, so that an audience sees where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QCursor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_SIDE = 72
_WIDTH = 5
_FOLLOW_MS = 16


class PointerRing(QWidget):
    """Follows the pointer above a window and takes no click.

    Args:
        window: the window.
        theme: its colours.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(_SIDE, _SIDE)
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._move)
        self.hide()

    def set_on(self, *, on: bool) -> None:
        """Show it, or not."""
        self.setVisible(on)
        if on:
            self._move()
            self.raise_()
            self._follow.start()
        else:
            self._follow.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.roles.colour("accent"), _WIDTH))
        painter.drawEllipse(QRectF(self.rect()).adjusted(_WIDTH, _WIDTH, -_WIDTH, -_WIDTH))

    def _move(self) -> None:
        at = self._window.mapFromGlobal(QCursor.pos())
        self.move(at.x() - _SIDE // 2, at.y() - _SIDE // 2)
