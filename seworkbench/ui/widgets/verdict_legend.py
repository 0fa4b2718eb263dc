"""What shapes and colours mean, in one line that gives way where room is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.theme import VERDICT_ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.checks import Verdict
    from seworkbench.ui.theme import Theme

_MARK, _AFTER_MARK, _AFTER_WORDS = 13, 4, 10


class VerdictLegend(QWidget):
    """A legend.

    Args:
        theme: colours.
        entries: verdicts and words, the most needed first: the last are left out where there is no room.
    """

    def __init__(self, theme: Theme, entries: Sequence[tuple[Verdict, str]]) -> None:
        super().__init__()
        self._theme = theme
        self._entries = tuple(entries)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        words = ", ".join(text for _verdict, text in entries)
        self.setAccessibleName(f"Legend: {words}")
        self.setToolTip(words)
        theme.changed.connect(self._restyle)

    def shown(self) -> list[str]:
        """The words that have room."""
        found, left = [], 0.0
        for _verdict, words in self._entries:
            left += self._width(words)
            if left > self.width() + _AFTER_WORDS * self._theme.zoom:
                break
            found.append(words)
        return found

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for all of it."""
        metrics = QFontMetricsF(self._theme.font(12))
        width = sum(self._width(words) for _verdict, words in self._entries)
        return QSize(round(width), round(metrics.height() + 4))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """It can do without."""
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what has room, at the right."""
        zoom = self._theme.zoom
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(12))
        painter.setPen(self._theme.roles.colour("muted"))
        shown = self.shown()
        used = sum(self._width(words) for words in shown) - _AFTER_WORDS * zoom
        left, side = max(0.0, self.width() - used), round(_MARK * zoom)
        for verdict, words in self._entries[: len(shown)]:
            mark = icon(VERDICT_ICONS[verdict], self._theme, VERDICT_ROLES[verdict][0])
            mark.paint(painter, round(left), (self.height() - side) // 2, side, side)
            place = QRectF(left + side + _AFTER_MARK * zoom, 0, self._width(words), self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
            left += self._width(words)

    def _width(self, words: str) -> float:
        text = QFontMetricsF(self._theme.font(12)).horizontalAdvance(words)
        return text + (_MARK + _AFTER_MARK + _AFTER_WORDS) * self._theme.zoom

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
