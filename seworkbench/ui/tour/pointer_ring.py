"""A ring around the pointer while it moves, so that an audience sees where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint, QRectF, Qt, QTimer
from PySide6.QtGui import QCursor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_SIDE = 72
_WIDTH = 5
_FOLLOW_MS = 16
# Where the pointer rests, the ring would cover what is there.
_REST_MS = 2500


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
        self._moved = QElapsedTimer()
        self._place = QPoint()
        self.hide()

    @property
    def is_on(self) -> bool:
        """Whether the pointer is followed, and ringed when it moves."""
        return self._follow.isActive()

    def set_on(self, *, on: bool) -> None:
        """Follow the pointer, or not."""
        self.setVisible(on)
        if on:
            self._moved.start()
            self._follow.start()
            self._move()
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
        if at != self._place:
            self._place = at
            self._moved.restart()
            self.move(at.x() - _SIDE // 2, at.y() - _SIDE // 2)
        moves = not self._moved.hasExpired(_REST_MS)
        if moves and not self.isVisible():
            self.show()
            self.raise_()
        elif not moves:
            self.hide()
