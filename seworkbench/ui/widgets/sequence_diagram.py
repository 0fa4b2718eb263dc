"""A protocol as a sequence diagram: a lane for each place, a row for each message, a step for each thing to be done.

What travels is a pill on its arrow with size and verdict; pressing it asks for the bytes. The step that is open is a
band, which the card below it continues. Steps and pills are widgets of their own, so that each has a name for screen
readers and takes the focus; up and down go from one to the next, Return presses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.theme import VERDICT_ROLES

if TYPE_CHECKING:
    from seworkbench.checks import Verdict
    from seworkbench.ui.theme import Theme

# Unscaled pixels; everything follows the zoom.
_ROW, _HEAD, _PILL = 22.0, 42.0, 18.0
_MARGIN, _STEPS = 12.0, 136.0
_HATCH = 6.0
_ARROW = 8.0
# How far each lane is across the room right of the steps.
_PLACES = (0.10, 0.37, 0.64, 0.91)
_BOX_WIDTH = 128.0
# Narrower than that the words in the pills are lost; names of steps take a share of what there is.
_LEAST, _STEPS_SHARE = 470.0, 0.22


class Lane(Enum):
    """The places, from the one that trusts itself to the one that everybody must trust; the value is the plain name."""

    VERIFIER = "Verifier"
    HOST = "Untrusted host"
    GUEST = "Guest"
    ULTRAVISOR = "Ultravisor"


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happens at a place, or travels from one to another.

    Args:
        key: stable name.
        text: what it is and how large.
        verdict: what is known about it.
        start: where it happens, or starts.
        end: where it arrives; None if it does not travel.
        said: more about it, for tool tip and screen readers.
        happened: whether it did though nothing is known about it.
    """

    key: str
    text: str
    verdict: Verdict
    start: Lane
    end: Lane | None = None
    said: str = ""
    happened: bool = False


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """A step.

    Args:
        key: stable name.
        title: plain name with its number.
        verdict: what it came to.
        rows: the messages of each row.
    """

    key: str
    title: str
    verdict: Verdict
    rows: tuple[tuple[Message, ...], ...]


@dataclass(frozen=True, slots=True)
class SequencePicture:
    """What is drawn.

    Args:
        steps: the steps in order.
        captions: a few words below the name of each lane.
        simulated: whether the Ultravisor is not a real one.
    """

    steps: tuple[SequenceStep, ...] = ()
    captions: tuple[tuple[Lane, str], ...] = ()
    simulated: bool = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(len(step.rows) for step in self.steps)

    def caption(self, lane: Lane) -> str:
        """The words below the name of a lane."""
        return next((words for name, words in self.captions if name is lane), "")


class SequenceDiagram(QWidget):
    """The drawing.

    Args:
        theme: colours and fonts.
    """

    step_chosen = Signal(str)  # key of a step
    message_chosen = Signal(str)  # key of a message

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture = SequencePicture()
        self._open = ""
        self._selected = ""
        self.steps: dict[str, StepButton] = {}
        self.pills: dict[str, Pill] = {}
        self.setAccessibleName("Attestation, step by step")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._place)

    # --- what is shown

    @property
    def picture(self) -> SequencePicture:
        """What is drawn."""
        return self._picture

    @property
    def open_step(self) -> str:
        """Key of the step that is open."""
        return self._open

    @property
    def selected(self) -> str:
        """Key of the selected message; empty if none is."""
        return self._selected

    def show_picture(self, picture: SequencePicture, open_step: str) -> None:
        """Draw another picture, with a step open; widgets stay as long as what they stand for does."""
        self._picture, self._open = picture, open_step
        self._match_steps()
        self._match_pills()
        if self._selected not in self.pills:
            self._selected = ""
        for key, made in self.steps.items():
            made.is_open = key == open_step
        verdicts = ", ".join(f"{step.title} {step.verdict.value}" for step in picture.steps)
        mark = "Simulated firmware. " if picture.simulated else ""
        self.setAccessibleDescription(f"{mark}{verdicts}.")
        self._place()

    def select(self, key: str) -> None:
        """Mark a message without telling anybody; an unknown key marks none."""
        self._selected = key if key in self.pills else ""
        for made in self.pills.values():
            made.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows."""
        zoom = self._theme.zoom
        return QSize(round(760 * zoom), round((_HEAD + _ROW * self._picture.rows + 6) * zoom))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for steps and pills."""
        return QSize(round(_LEAST * self._theme.zoom), self.sizeHint().height())

    def lane_at(self, lane: Lane) -> float:
        """Where a lane is, from the left."""
        zoom = self._theme.zoom
        left = _MARGIN * zoom + self._steps_width()
        return left + _PLACES[list(Lane).index(lane)] * (self.width() - left)

    def go(self, widget: QWidget, by: int) -> None:
        """Give the focus to the step or pill `by` places behind one."""
        order = self._order()
        place = order.index(widget) + by
        if 0 <= place < len(order):
            order[place].setFocus(Qt.FocusReason.TabFocusReason)

    # --- parts

    def _match_steps(self) -> None:
        wanted = {step.key: step for step in self._picture.steps}
        self._drop(self.steps, wanted)
        for key, step in wanted.items():
            if key not in self.steps:
                made = StepButton(self._theme, self)
                made.clicked.connect(partial(self.step_chosen.emit, key))
                self.steps[key] = made
            self.steps[key].show_step(step)

    def _match_pills(self) -> None:
        wanted = {message.key: message for step in self._picture.steps for row in step.rows for message in row}
        self._drop(self.pills, wanted)
        for key, message in wanted.items():
            if key not in self.pills:
                made = Pill(self._theme, self)
                made.clicked.connect(partial(self._choose, key))
                self.pills[key] = made
            self.pills[key].show_message(message)

    @staticmethod
    def _drop(made: dict[str, StepButton] | dict[str, Pill], wanted: object) -> None:
        for key in [key for key in made if key not in wanted]:  # type: ignore[operator]
            gone = made.pop(key)
            gone.hide()
            gone.deleteLater()

    def _choose(self, key: str) -> None:
        self.select(key)
        self.message_chosen.emit(key)

    def _order(self) -> list[QWidget]:
        order: list[QWidget] = []
        for step in self._picture.steps:
            order.append(self.steps[step.key])
            order += [self.pills[message.key] for row in step.rows for message in row]
        return order

    # --- geometry

    def _place(self) -> None:
        zoom = self._theme.zoom
        top = _HEAD * zoom
        for step in self._picture.steps:
            self.steps[step.key].setGeometry(
                round(_MARGIN * zoom), round(top), round(self._steps_width()), round(_ROW * zoom)
            )
            self.steps[step.key].show()
            for row in step.rows:
                for message in row:
                    self._place_pill(message, top)
                top += _ROW * zoom
        for before, after in pairwise(self._order()):
            QWidget.setTabOrder(before, after)
        self.updateGeometry()
        self.update()

    def _place_pill(self, message: Message, top: float) -> None:
        zoom = self._theme.zoom
        pill = self.pills[message.key]
        width = pill.wanted_width()
        start = self.lane_at(message.start)
        if message.end is None:
            left = start + 12 * zoom
            width = min(width, self.width() - left - 8 * zoom)
        else:
            end = self.lane_at(message.end)
            # Both ends of the arrow stay in sight.
            width = min(width, abs(end - start) - 24 * zoom)
            left = (start + end - width) / 2
        height = _PILL * zoom
        pill.setGeometry(round(left), round(top + (_ROW * zoom - height) / 2), round(width), round(height))
        pill.show()

    def _steps_width(self) -> float:
        return min(_STEPS * self._theme.zoom, _STEPS_SHARE * self.width())

    def _box_width(self) -> float:
        """Boxes of neighbouring lanes do not touch."""
        room = self.width() - _MARGIN * self._theme.zoom - self._steps_width()
        # The last box is moved inwards as far as it would stand out.
        between, behind = _PLACES[3] - _PLACES[2], 1 - _PLACES[3]
        return min(_BOX_WIDTH * self._theme.zoom, (between + behind) * room * 2 / 3 - 10 * self._theme.zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lanes keep their share of the width."""
        super().resizeEvent(event)
        self._place()

    # --- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw lanes, the open band and the arrows; steps and pills draw themselves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        zoom = self._theme.zoom
        self._paint_host(painter)
        self._paint_rows(painter)
        for lane in Lane:
            self._paint_lane(painter, lane)
        top = _HEAD * zoom
        for step in self._picture.steps:
            for row in step.rows:
                for message in row:
                    self._paint_message(painter, message, top + _ROW * zoom / 2, is_open=step.key == self._open)
                top += _ROW * zoom

    def _paint_host(self, painter: QPainter) -> None:
        """What nobody trusts is hatched from top to bottom."""
        zoom = self._theme.zoom
        middle, half = self.lane_at(Lane.HOST), self._box_width() / 2
        room = QRectF(middle - half, 5 * zoom, 2 * half, self.height() - 8 * zoom)
        painter.save()
        painter.setClipRect(room)
        painter.setPen(QPen(self._theme.roles.colour("line_soft"), 1.2 * zoom))
        at = room.left() - room.height()
        while at < room.right():
            painter.drawLine(QPointF(at, room.bottom()), QPointF(at + room.height(), room.top()))
            at += _HATCH * zoom
        painter.restore()

    def _paint_rows(self, painter: QPainter) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        top = _HEAD * zoom
        for step in self._picture.steps:
            height = _ROW * zoom * len(step.rows)
            if step.key == self._open:
                painter.fillRect(QRectF(0, top, self.width(), height), roles.colour("accent_background"))
                painter.fillRect(QRectF(0, top, 3 * zoom, height), roles.colour("accent"))
            else:
                painter.setPen(QPen(roles.colour("line_soft"), 1))
                painter.drawLine(QPointF(_MARGIN * zoom, top), QPointF(self.width() - _MARGIN * zoom, top))
            top += height

    def _paint_lane(self, painter: QPainter, lane: Lane) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        x, half = self.lane_at(lane), self._box_width() / 2
        firmware = lane is Lane.ULTRAVISOR and self._picture.simulated
        broken = firmware or lane is Lane.HOST
        box = QRectF(x - half, 5 * zoom, 2 * half, 34 * zoom)
        box.moveRight(min(box.right(), self.width() - 6 * zoom))
        painter.setPen(
            QPen(roles.colour("line"), 1.2 * zoom, Qt.PenStyle.DashLine if lane is Lane.HOST else Qt.PenStyle.SolidLine)
        )
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, self.height() - 6 * zoom))
        style = Qt.PenStyle.DashLine if broken else Qt.PenStyle.SolidLine
        painter.setPen(QPen(roles.colour("encrypted" if firmware else "line"), 1.2 * zoom, style))
        painter.setBrush(roles.colour("panel"))
        painter.drawRoundedRect(box, 5 * zoom, 5 * zoom)
        name, words = self._theme.font(12, bold=True), self._theme.font(11)
        painter.setFont(name)
        painter.setPen(roles.colour("text"))
        upper = QRectF(box.left(), box.top() + 2 * zoom, box.width(), 16 * zoom)
        title = QFontMetricsF(name).elidedText(lane.value, Qt.TextElideMode.ElideRight, box.width() - 4 * zoom)
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, title)
        painter.setFont(words)
        painter.setPen(roles.colour("muted"))
        caption = QFontMetricsF(words).elidedText(
            self._picture.caption(lane), Qt.TextElideMode.ElideMiddle, box.width() - 8 * zoom
        )
        painter.drawText(upper.translated(0, 14 * zoom), Qt.AlignmentFlag.AlignCenter, caption)

    def _paint_message(self, painter: QPainter, message: Message, y: float, *, is_open: bool) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        start = self.lane_at(message.start)
        if message.end is None:
            radius = 4 * zoom
            painter.setPen(QPen(roles.colour("accent" if is_open else "text"), 1.4 * zoom))
            painter.setBrush(roles.colour("accent" if is_open else "panel"))
            painter.drawEllipse(QPointF(start, y), radius, radius)
            return
        end = self.lane_at(message.end)
        way = 1 if end > start else -1
        tip = QPointF(end - 3 * zoom * way, y)
        # What did not happen yet is dashed.
        done = message.happened or message.verdict.value != "not checked"
        style = Qt.PenStyle.SolidLine if done else Qt.PenStyle.DashLine
        colour = roles.colour("text" if done else "muted")
        painter.setPen(QPen(colour, 1.3 * zoom, style))
        painter.drawLine(QPointF(start + 3 * zoom * way, y), tip)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        back, side = _ARROW * zoom * way, _ARROW * zoom / 2
        painter.drawPolygon(QPolygonF([tip, QPointF(tip.x() - back, y - side), QPointF(tip.x() - back, y + side)]))


class _Part(QAbstractButton):
    """A button that up and down leave for its neighbours, and Return presses."""

    def __init__(self, theme: Theme, diagram: SequenceDiagram) -> None:
        super().__init__(diagram)
        self._theme = theme
        self._diagram = diagram
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self.update)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Up, down, Return."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._diagram.go(self, 1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Hovering is seen."""
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self.update()
        return super().event(event)

    def _paint_icon(self, painter: QPainter, verdict: Verdict, left: float, side: float) -> None:
        role = VERDICT_ROLES[verdict][0]
        top = round((self.height() - side) / 2)
        icon(VERDICT_ICONS[verdict], self._theme, role).paint(painter, round(left), top, round(side), round(side))


class StepButton(_Part):
    """The name of a step with its verdict."""

    def __init__(self, theme: Theme, diagram: SequenceDiagram) -> None:
        super().__init__(theme, diagram)
        self._step: SequenceStep | None = None
        self.is_open = False

    def show_step(self, step: SequenceStep) -> None:
        """Stand for a step."""
        self._step = step
        self.setText(step.title)
        self.setAccessibleName(f"{step.title}: {step.verdict.value}")
        self.setToolTip(f"{step.title}: {step.verdict.value}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw verdict and name."""
        if self._step is None:
            return
        roles, zoom = self._theme.roles, self._theme.zoom
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(roles.colour("accent"), 1.4 * zoom))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 2, -1, -2), 4, 4)
        self._paint_icon(painter, self._step.verdict, 3 * zoom, 14 * zoom)
        font = self._theme.font(13, bold=self.is_open)
        font.setUnderline(self.underMouse())
        painter.setFont(font)
        painter.setPen(roles.colour("text"))
        left = 24 * zoom
        words = QFontMetricsF(font).elidedText(self._step.title, Qt.TextElideMode.ElideRight, self.width() - left)
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, words)


class Pill(_Part):
    """A message on its arrow."""

    def __init__(self, theme: Theme, diagram: SequenceDiagram) -> None:
        super().__init__(theme, diagram)
        self._message: Message | None = None

    @property
    def message(self) -> Message | None:
        """What it stands for."""
        return self._message

    def show_message(self, message: Message) -> None:
        """Stand for a message."""
        self._message = message
        way = f"{message.start.value} to {message.end.value}, " if message.end else f"{message.start.value}, "
        self.setText(message.text)
        said = f" {message.said}" if message.said else ""
        self.setAccessibleName(f"{way}{message.text}: {message.verdict.value}.{said}")
        self.setToolTip(f"{message.text}: {message.verdict.value}.{said}")
        self.update()

    def wanted_width(self) -> float:
        """Room for shape and text."""
        zoom = self._theme.zoom
        return QFontMetricsF(self._theme.font(12)).horizontalAdvance(self.text()) + 30 * zoom

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw shape and text."""
        if self._message is None:
            return
        roles, zoom = self._theme.roles, self._theme.zoom
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self._diagram.selected == self._message.key
        marked = chosen or self.hasFocus() or self.underMouse()
        width = 1.8 * zoom if chosen or self.hasFocus() else 1.0
        painter.setPen(QPen(roles.colour("accent" if marked else "line"), width))
        painter.setBrush(roles.colour("accent_background" if chosen else "panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4 * zoom, 4 * zoom)
        side = 13 * zoom
        self._paint_icon(painter, self._message.verdict, 5 * zoom, side)
        font = self._theme.font(12)
        left = 22 * zoom
        words = QFontMetricsF(font).elidedText(
            self._message.text, Qt.TextElideMode.ElideRight, self.width() - left - 4 * zoom
        )
        painter.setFont(font)
        painter.setPen(roles.colour("text"))
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
