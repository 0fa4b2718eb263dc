"""An on/off switch: a check box that looks like what it does and says its state as a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_TRACK = QSize(32, 18)
_GAP = 8


class SwitchButton(QCheckBox):
    """A switch. It is a QCheckBox underneath, so keyboard and screen readers know it.

    Args:
        theme: colours.
        name: what it switches, for screen readers.
    """

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self._restyle)
        self._restyle()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the word and the track."""
        track = self._track()
        metrics = self.fontMetrics()
        word = max(metrics.horizontalAdvance("On"), metrics.horizontalAdvance("Off"))
        return QSize(word + _GAP + track.width() + 4, max(metrics.height(), track.height()) + 6)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """It does not shrink."""
        return self.sizeHint()

    def hitButton(self, position: QPoint) -> bool:  # noqa: N802 - Qt's name
        """All of it can be clicked, the word too."""
        return self.rect().contains(position)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the word, the track and the knob."""
        roles = self._theme.roles
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self._track()
        track = QRectF(
            self.width() - size.width() - 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )
        on = self.isChecked()
        painter.setFont(self.font())
        painter.setPen(roles.colour("muted"))
        words = self.rect().adjusted(0, 0, -size.width() - _GAP - 2, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "On" if on else "Off")
        round_ = track.height() / 2
        if self.hasFocus():
            painter.setPen(QPen(roles.colour("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = track.adjusted(-2, -2, 2, 2)
            painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2)
        painter.setPen(QPen(roles.colour("accent" if on else "muted"), 1.2))
        painter.setBrush(roles.colour("accent" if on else "panel"))
        painter.drawRoundedRect(track.adjusted(0.6, 0.6, -0.6, -0.6), round_, round_)
        knob = track.height() - 7
        left = track.right() - knob - 3.5 if on else track.left() + 3.5
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(roles.colour("on_accent" if on else "muted"))
        painter.drawEllipse(QRectF(left, track.top() + 3.5, knob, knob))

    def _track(self) -> QSize:
        return QSize(round(_TRACK.width() * self._theme.zoom), round(_TRACK.height() * self._theme.zoom))

    def _restyle(self) -> None:
        self.setFont(self._theme.font(12))
        self.updateGeometry()
        self.update()
