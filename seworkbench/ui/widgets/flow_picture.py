"""Who hands what to whom: boxes side by side with arrows between them, painted to fit their texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_GAP = 92
_PADDING = 10
_ARROW = 5
# Around a box, and between its title and its text.
_EDGE, _BETWEEN = 1, 4
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
_CENTRED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)


class Ground(Enum):
    """Whose a place is; the value is the word for readers of the screen."""

    OWNER = "trusted by its owner"
    HOST = "not trusted"
    FIRMWARE = "firmware of the machine"


@dataclass(frozen=True, slots=True)
class Stop:
    """A box.

    Args:
        title: who or what.
        text: what happens there, a sentence.
        ground: whose place it is.
    """

    title: str
    text: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Flow:
    """Boxes in their order.

    Args:
        stops: the boxes.
        arrows: what goes from each to the next; one fewer than boxes.
    """

    stops: tuple[Stop, ...]
    arrows: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.arrows) + 1 != len(self.stops):
            raise ValueError("there is one arrow fewer than boxes")

    def __str__(self) -> str:
        """The picture as text."""
        said = [f"{stop.title} ({stop.ground.value}): {stop.text}" for stop in self.stops]
        arrows = (*(f" → {arrow} → " for arrow in self.arrows), "")
        return "".join(f"{text}{arrow}" for text, arrow in zip(said, arrows, strict=True))


class FlowPicture(QWidget):
    """A flow, drawn.

    Args:
        theme: colours and zoom.
        flow: what is drawn.
    """

    def __init__(self, theme: Theme, flow: Flow) -> None:
        super().__init__()
        self._theme = theme
        self.flow = flow
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(str(flow))
        theme.changed.connect(self._restyle)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Room for the longest text."""
        inner = self._inner(QRectF(0, 0, self._box_width(width) - 2 * _EDGE, 0)).width()
        heading, small = QFontMetrics(self._theme.font(bold=True)), QFontMetrics(self._theme.font(12))
        room = QRect(0, 0, max(inner, 1), 10_000)
        tallest = max(
            heading.boundingRect(room, _WRAP, stop.title).height() + small.boundingRect(room, _WRAP, stop.text).height()
            for stop in self.flow.stops
        )
        arrows = QRect(0, 0, self._gap - self._padding, 10_000)
        highest = max((small.boundingRect(arrows, _CENTRED, text).height() for text in self.flow.arrows), default=0)
        return max(tallest + _BETWEEN + 2 * (self._padding + _EDGE), 2 * (highest + self._padding))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as there is room."""
        width = self._theme.pixels(640)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Boxes in which words have room."""
        width = len(self.flow.stops) * self._theme.pixels(96) + len(self.flow.arrows) * self._gap
        return QSize(width, self._theme.pixels(60))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw boxes and arrows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self._box_width(self.width())
        for index, stop in enumerate(self.flow.stops):
            left = index * (width + self._gap)
            self._paint_stop(painter, QRectF(left + _EDGE, _EDGE, width - 2 * _EDGE, self.height() - 2 * _EDGE), stop)
            if index < len(self.flow.arrows):
                self._paint_arrow(painter, left + width, self.flow.arrows[index])

    def _paint_stop(self, painter: QPainter, box: QRectF, stop: Stop) -> None:
        roles = self._theme.roles
        grounds = {
            Ground.OWNER: ("authenticated_tint", "accent", Qt.PenStyle.SolidLine),
            Ground.HOST: ("panel", "muted", Qt.PenStyle.SolidLine),
            Ground.FIRMWARE: ("encrypted_tint", "encrypted", Qt.PenStyle.DashLine),
        }
        fill, edge, style = grounds[stop.ground]
        painter.setPen(QPen(roles.colour(edge), 1.5, style))
        painter.setBrush(roles.colour(fill))
        painter.drawRoundedRect(box, 7, 7)
        if stop.ground is Ground.HOST:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(roles.colour("line_soft"), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, 7, 7)
            # A hatched frame says it as well, and text on plain ground can be read.
            frame = self._padding // 2
            painter.setBrush(roles.colour("panel"))
            painter.drawRoundedRect(box.adjusted(frame, frame, -frame, -frame), 4, 4)
        inner = self._inner(box)
        painter.setPen(roles.colour("text"))
        painter.setFont(self._theme.font(bold=True))
        used = painter.boundingRect(inner, _WRAP, stop.title)
        painter.drawText(inner, _WRAP, stop.title)
        painter.setFont(self._theme.font(12))
        painter.drawText(inner.adjusted(0, used.height() + _BETWEEN, 0, 0), _WRAP, stop.text)

    def _paint_arrow(self, painter: QPainter, left: float, text: str) -> None:
        roles = self._theme.roles
        middle = self.height() / 2
        start, end = QPointF(left + 4, middle), QPointF(left + self._gap - 4, middle)
        painter.setPen(QPen(roles.colour("text"), 1.5))
        painter.drawLine(start, QPointF(end.x() - _ARROW, middle))
        painter.setBrush(roles.colour("text"))
        painter.setPen(Qt.PenStyle.NoPen)
        back = end.x() - 2 * _ARROW
        painter.drawPolygon(QPolygonF([end, QPointF(back, middle - _ARROW), QPointF(back, middle + _ARROW)]))
        painter.setFont(self._theme.font(12))
        painter.setPen(roles.colour("muted"))
        room = QRectF(left + self._padding / 2, 0, self._gap - self._padding, middle - _ARROW)
        painter.drawText(room, _CENTRED, text)

    def _inner(self, box: QRectF) -> QRect:
        """Where the text of a box goes."""
        return box.adjusted(self._padding, self._padding, -self._padding, -self._padding).toRect()

    @property
    def _gap(self) -> int:
        return self._theme.pixels(_GAP)

    @property
    def _padding(self) -> int:
        return self._theme.pixels(_PADDING)

    def _box_width(self, width: int) -> float:
        return (width - self._gap * len(self.flow.arrows)) / len(self.flow.stops)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
