"""Validity of certificates and revocation lists on one time axis, with the instant of verification as a handle.

The axis shows eighteen months around the handle; what ends later has an arrow. Dragging the handle tells the new
instant at once and again and again, so that the reader sees when what breaks. Rows are drawn only where they are seen.

pyqtgraph and numpy take half a second to load, so both are loaded when an axis is first shown, never at start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QGraphicsObject,
    QGraphicsWidget,
    QHBoxLayout,
    QScrollBar,
    QSizePolicy,
    QStyleOptionGraphicsItem,
    QVBoxLayout,
    QWidget,
)

from seworkbench.checks import Verdict
from seworkbench.ui.instants import instant_text, span_text
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.basic import link
from seworkbench.ui.widgets.plots import paint_focus_frame, plot_pen, still_plot, style_axis, upright_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.ui.theme import Theme

BEFORE, AFTER = timedelta(days=142), timedelta(days=405)  # eighteen months in all
_ROW = 17.0
# Of a wheel's turn, in eighths of a degree; a click of most wheels is 120.
_ROW_TURN = 40
_BAR = 9.0
_NAME_WIDTH, _END_WIDTH, _SHORT_END_WIDTH = 178.0, 216.0, 134.0
_NAME_SHARE = 0.26
# Narrower than this, the last day of each bar is left out; how long it lasts is not.
_WIDE = 640
_SOON = timedelta(days=14)
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)
_MONTHS_PER_YEAR, _MONTHS_SHOWN = 12, 18


@dataclass(frozen=True, slots=True)
class ValidityBar:
    """A certificate or a list on the axis.

    Args:
        key: names it.
        name: plain name.
        start: from when it is valid.
        end: when it ends; None if it has no end.
        verdict: what is thought of it at the instant of verification.
        group: heading of its group, for screen readers; a thin line separates groups.
        revoked: since when it is revoked; None if it is not.
    """

    key: str
    name: str
    start: datetime
    end: datetime | None
    verdict: Verdict
    group: str = ""
    revoked: datetime | None = None


def end_text(bar: ValidityBar, at: datetime) -> str:
    """What is said at the right of a bar: how long it lasts, seen from an instant."""
    if bar.revoked is not None:
        return "revoked"
    if at < bar.start:
        return f"begins {span_text(bar.start - at)}"
    if bar.end is None:
        return "no end given"
    if at < bar.end:
        return span_text(bar.end - at)
    # The very second of the end is outside already, for certificates and lists alike.
    past = at - bar.end
    return "ended just now" if past < timedelta(hours=1) else f"ended {span_text(-past)}"


class ValidityAxis(QWidget):
    """The axis.

    Args:
        theme: colours and fonts.
        now: the present instant.
    """

    as_of_changed = Signal(object)  # datetime: the handle was moved by the user; comes often while it is dragged
    as_of_settled = Signal(object)  # datetime: it was let go
    now_asked = Signal()  # back to the present
    selected = Signal(str)  # key of a bar

    def __init__(self, theme: Theme, now: datetime, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._now = now
        self._as_of = now
        self._from = now - BEFORE
        self._bars: tuple[ValidityBar, ...] = ()
        self._chosen = ""
        self._turned = 0.0
        self._plot: Any = None  # pyqtgraph has no types
        self._handle: Any = None
        self._now_line: Any = None
        self._item: Any = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Validity over time")
        self.flag = _Flag(theme, self)
        self._names = _Column(theme, self, "name")
        self._ends = _Column(theme, self, "end")
        self.bar = QScrollBar(Qt.Orientation.Vertical)
        self.bar.valueChanged.connect(self._scrolled)
        self._middle = QVBoxLayout()
        self._middle.setSpacing(0)
        self._middle.addStretch(1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._names)
        row.addLayout(self._middle, 1)
        row.addWidget(self._ends)
        row.addWidget(self.bar)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2, 2, 2, 2)
        whole.setSpacing(0)
        whole.addWidget(self.flag)
        whole.addLayout(row, 1)
        theme.changed.connect(self._restyle)
        self._say()

    # --- what is shown

    @property
    def as_of(self) -> datetime:
        """Where the handle stands."""
        return self._as_of

    @property
    def now(self) -> datetime:
        """The present instant, as it was told last."""
        return self._now

    @property
    def bars(self) -> tuple[ValidityBar, ...]:
        """What is shown."""
        return self._bars

    @property
    def chosen(self) -> str:
        """Key of the bar that is marked."""
        return self._chosen

    @property
    def plot(self) -> Any:
        """The pyqtgraph widget; None until the axis was first shown."""
        return self._plot

    def show_bars(self, bars: Sequence[ValidityBar]) -> None:
        """Show bars, those of a group together."""
        if tuple(bars) != self._bars:
            self._bars = tuple(bars)
            self._fit_scroll()
            self.repaint_rows()
            self._say()

    def set_instants(self, now: datetime, as_of: datetime) -> None:
        """Tell the present and put the handle somewhere; nobody is told."""
        self._now = now
        self._put(as_of)
        self._centre()

    def select(self, key: str) -> None:
        """Mark a bar and bring it into view; nobody is told."""
        self._chosen = key
        self._bring_into_view()
        self.repaint_rows()
        self._say()

    # --- geometry, for the parts

    @property
    def row_height(self) -> float:
        """Height of a row in pixels."""
        return _ROW * self._theme.zoom

    def rows_seen(self) -> range:
        """Numbers of the rows that are in view, all of them whole."""
        return range(self.bar.value(), min(len(self._bars), self.bar.value() + self._room()))

    def row_top(self, row: int) -> float:
        """Upper edge of a row, in pixels below the upper edge of the rows."""
        return (row - self.bar.value()) * self.row_height

    def choose_at(self, y: float) -> None:
        """The user chose the row at a height."""
        row = self.bar.value() + int(y // self.row_height)
        if row in self.rows_seen():
            self._chosen = self._bars[row].key
            self.repaint_rows()
            self._say()
            self.selected.emit(self._chosen)

    def scroll_by(self, event: QWheelEvent) -> None:
        """The wheel moves the rows: three of them with each click, and as far with what a touchpad tells bit by bit."""
        self._turned -= event.angleDelta().y()
        rows = int(self._turned / _ROW_TURN)
        self._turned -= rows * _ROW_TURN
        self.bar.setValue(self.bar.value() + rows)

    def drag_to(self, at: datetime, *, settled: bool) -> None:
        """The user moved the handle."""
        self._put(at)
        self.as_of_changed.emit(at)
        if settled:
            self._centre()
            self.as_of_settled.emit(at)

    def share_of(self, at: datetime) -> float:
        """Where an instant lies: 0 at the left edge of the plot, 1 at the right."""
        return (at - self._from) / (BEFORE + AFTER)

    def plot_span(self) -> tuple[float, float]:
        """Left edge and width of the plot, in pixels of this widget."""
        if self._plot is None:
            return float(self._names.width()), max(1.0, float(self.width() - self._names.width() - self._ends.width()))
        box = self._plot.getViewBox()
        return float(self._plot.x() + box.sceneBoundingRect().left()), max(1.0, float(box.width()))

    def at_x(self, x: float) -> datetime:
        """The instant at a place, in pixels of this widget, to the minute and inside of what is shown."""
        left, width = self.plot_span()
        share = min(1.0, max(0.0, (x - left) / width))
        return (self._from + share * (BEFORE + AFTER)).replace(second=0, microsecond=0)

    def repaint_rows(self) -> None:
        """Paint names, bars and ends anew."""
        self._names.update()
        self._ends.update()
        if self._item is not None:
            self._item.update()

    # --- the handle

    def _put(self, at: datetime) -> None:
        self._as_of = at
        if self._handle is not None:
            self._handle.setValue(at.timestamp())
            self._now_line.setValue(self._now.timestamp())
            self._now_line.setVisible(at != self._now)
        self._ends.update()
        self.flag.show_instant()
        self._say()

    def _centre(self) -> None:
        """Bring the handle to its place and all else with it."""
        self._from = self._as_of - BEFORE
        if self._plot is not None:
            self._plot.setXRange(self._from.timestamp(), (self._from + BEFORE + AFTER).timestamp(), padding=0)
            self._ticks()
        self.flag.show_instant()
        self.repaint_rows()

    def _say(self) -> None:
        chosen = next((bar for bar in self._bars if bar.key == self._chosen), None)
        words = f"Verified as of {instant_text(self._as_of)}."
        if self._as_of != self._now:
            words += " That is not now."
        if chosen is not None:
            end = f"until {chosen.end:%Y-%m-%d}" if chosen.end else "without an end"
            words += (
                f" {chosen.name}: {chosen.verdict.value}, from {chosen.start:%Y-%m-%d} {end}, "
                f"{end_text(chosen, self._as_of)}."
            )
        self.setAccessibleDescription(words)

    # --- building the plot

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Load pyqtgraph and build the plot the first time."""
        if self._plot is None:
            self._build()
        super().showEvent(event)

    def _build(self) -> None:
        plot = still_plot()
        plot.hideAxis("left")
        box = plot.getViewBox()
        box.sigResized.connect(lambda _box: self._resized())
        self._item = _Bars(self._theme, self, box)
        self._now_line = upright_line(movable=False)
        plot.addItem(self._now_line)
        self._handle = upright_line(movable=True)
        self._handle.setZValue(10)
        self._handle.sigDragged.connect(lambda line: self._dragged(line, settled=False))
        self._handle.sigPositionChangeFinished.connect(lambda line: self._dragged(line, settled=True))
        plot.addItem(self._handle)
        plot.scene().sigMouseClicked.connect(self._clicked)
        plot.wheelEvent = self.scroll_by
        self._plot = plot
        # In the place of the stretch that kept it free.
        self._middle.takeAt(0)
        self._middle.addWidget(plot, 1)
        self._restyle()
        self._put(self._as_of)
        self._centre()

    def _dragged(self, line: Any, *, settled: bool) -> None:
        at = datetime.fromtimestamp(float(line.value()), UTC).replace(second=0, microsecond=0)
        self.drag_to(min(self._from + BEFORE + AFTER, max(self._from, at)), settled=settled)

    def _clicked(self, event: Any) -> None:
        box = self._plot.getViewBox()
        if event.button() is Qt.MouseButton.LeftButton and box.sceneBoundingRect().contains(event.scenePos()):
            self.choose_at(box.mapFromScene(event.scenePos()).y())

    def _restyle(self) -> None:
        self._share_width()
        self.flag.restyle()
        self._fit_scroll()
        if self._plot is not None:
            roles = self._theme.roles
            self._plot.setBackground(roles.colour("panel"))
            self._handle.setPen(plot_pen(self, self._theme, "accent", 2))
            self._handle.setHoverPen(plot_pen(self, self._theme, "accent", 3))
            self._now_line.setPen(plot_pen(self, self._theme, "muted", 1, Qt.PenStyle.DashLine))
            axis = self._plot.getAxis("bottom")
            style_axis(axis, self._theme)
            axis.setHeight(QFontMetricsF(self._theme.font(11)).height() + 6)
            self._ticks()
        self.repaint_rows()

    def _ticks(self) -> None:
        """A tick at the first of every quarter, fewer where room is short."""
        if self._plot is None:
            return
        _left, width = self.plot_span()
        room = QFontMetricsF(self._theme.font(11)).horizontalAdvance("0000-00") + 12
        # At least one instant is named, however short the axis is.
        every = next((step for step in (3, 6) if width * step / _MONTHS_SHOWN > room), _MONTHS_PER_YEAR)
        named = []
        year, month = self._from.year, 1
        while (at := datetime(year, month, 1, tzinfo=UTC)) < self._from + BEFORE + AFTER:
            share = (at - self._from) / (BEFORE + AFTER)
            # A tick at the border would have its words cut off.
            if room / 2 < share * width < width - room / 2:
                named.append((at.timestamp(), f"{at:%Y-%m}"))
            year, month = (year, month + every) if month + every <= _MONTHS_PER_YEAR else (year + 1, 1)
        self._plot.getAxis("bottom").setTicks([named])

    # --- rows

    def _bring_into_view(self) -> None:
        row = self._row_of(self._chosen)
        if row is None:
            return
        self.bar.setValue(min(row, max(self.bar.value(), row + 1 - self._room())))

    def _resized(self) -> None:
        self._fit_scroll()
        self._bring_into_view()
        self._ticks()
        self.flag.show_instant()

    def _room(self) -> int:
        """How many whole rows there is room for."""
        return int(self._plot.getViewBox().height() // self.row_height) if self._plot is not None else 0

    def _fit_scroll(self) -> None:
        """The bar counts rows: those at the edges are whole wherever it stands."""
        room = self._room()
        self.bar.setRange(0, max(0, len(self._bars) - room))
        self.bar.setPageStep(max(1, room))
        self.bar.setVisible(len(self._bars) > room > 0)

    def _scrolled(self) -> None:
        self.repaint_rows()

    def _row_of(self, key: str) -> int | None:
        return next((row for row, bar in enumerate(self._bars) if bar.key == key), None)

    # --- keys and looks

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Left and Right move the handle by a day, page keys by 30; Home is now. Up and Down choose a row."""
        key = event.key()
        steps = {
            Qt.Key.Key_Right: _DAY,
            Qt.Key.Key_Left: -_DAY,
            Qt.Key.Key_PageDown: _MONTH,
            Qt.Key.Key_PageUp: -_MONTH,
        }
        if key in steps:
            self.drag_to(self._as_of + steps[Qt.Key(key)], settled=True)
        elif key == Qt.Key.Key_Home:
            self.now_asked.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._bars:
            row = self._row_of(self._chosen)
            step = 1 if key == Qt.Key.Key_Down else -1
            row = 0 if row is None else min(max(0, row + step), len(self._bars) - 1)
            self.select(self._bars[row].key)
            self.selected.emit(self._chosen)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A frame while the keyboard is here."""
        super().paintEvent(event)
        paint_focus_frame(self, self._theme)

    def focusInEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Show the frame."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Hide the frame."""
        super().focusOutEvent(event)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fewer ticks in less room."""
        super().resizeEvent(event)
        self._share_width()
        self._ticks()
        self.flag.show_instant()

    def _share_width(self) -> None:
        """Names and ends have their room, but where all is narrow the bars come first."""
        zoom = self._theme.zoom
        self._names.setFixedWidth(round(min(_NAME_WIDTH * zoom, self.width() * _NAME_SHARE)))
        wide = self.width() > _WIDE * zoom
        self._ends.show_days(shown=wide)
        self._ends.setFixedWidth(round((_END_WIDTH if wide else _SHORT_END_WIDTH) * zoom))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A comfortable size."""
        return QSize(round(760 * self._theme.zoom), round(210 * self._theme.zoom))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The least that still tells something."""
        return QSize(round(520 * self._theme.zoom), round(110 * self._theme.zoom))


class _Flag(QWidget):
    """The strip above the axis with the flag of the handle: says the instant, and is what the mouse takes hold of."""

    def __init__(self, theme: Theme, axis: ValidityAxis) -> None:
        super().__init__()
        self._theme = theme
        self._axis = axis
        self._grip: float | None = None
        self._moved = False
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setToolTip("Drag to verify as of another instant. Arrow keys move it by a day, page keys by 30.")
        self.back = link("Back to now", axis.now_asked.emit)
        self.back.setParent(self)
        self.back.hide()
        self.restyle()

    def restyle(self) -> None:
        """Another size."""
        self.setFixedHeight(round(26 * self._theme.zoom))
        self.show_instant()

    def show_instant(self) -> None:
        """Show where the handle is."""
        away = self._axis.as_of != self._axis.now
        self.back.setVisible(away)
        if away:
            self.back.adjustSize()
            box = self._box()
            fits = box.right() + 8 + self.back.width() < self.width()
            left = box.right() + 8 if fits else box.left() - 8 - self.back.width()
            self.back.move(round(left), (self.height() - self.back.height()) // 2)
        self.update()

    def words(self) -> str:
        """What the flag says."""
        away = self._axis.as_of != self._axis.now
        return f"◂ as of {instant_text(self._axis.as_of)}{', not now' if away else ''} ▸"

    def _centre(self) -> float:
        left, width = self._axis.plot_span()
        return left + self._axis.share_of(self._axis.as_of) * width - self.x()

    def _box(self) -> QRectF:
        font = self._theme.font(12, bold=True)
        width = QFontMetricsF(font).horizontalAdvance(self.words()) + 22 * self._theme.zoom
        centre = self._centre()
        left = min(max(0.0, centre - width / 2), max(0.0, self.width() - width))
        return QRectF(left, 1, width, self.height() - 6 * self._theme.zoom)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        away = self._axis.as_of != self._axis.now
        roles = self._theme.roles
        # Another instant than now must not be overlooked; amber would be a verdict.
        role = roles.colour("text" if away else "accent")
        box = self._box()
        centre = self._centre()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(role)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        tip = 5 * self._theme.zoom
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(centre - tip, box.bottom() - 1),
                    QPointF(centre + tip, box.bottom() - 1),
                    QPointF(centre, box.bottom() + tip),
                ]
            )
        )
        painter.setPen(roles.colour("panel" if away else "on_accent"))
        painter.setFont(self._theme.font(12, bold=True))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.words())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._axis.setFocus(Qt.FocusReason.MouseFocusReason)
        on_flag = self._box().contains(event.position())
        # Taken hold of beside its middle, the flag must not jump there; pressed elsewhere, it comes to the mouse.
        self._grip = event.position().x() - self._centre() if on_flag else 0.0
        self._moved = not on_flag
        if self._moved:
            self._drag(event, settled=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._grip is not None:
            self._moved = True
            self._drag(event, settled=False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._grip is not None and self._moved:
            self._drag(event, settled=True)
        self._grip = None

    def _drag(self, event: QMouseEvent, *, settled: bool) -> None:
        self._axis.drag_to(self._axis.at_x(event.position().x() - (self._grip or 0.0) + self.x()), settled=settled)


class _Column(QWidget):
    """Names at the left, or ends at the right."""

    def __init__(self, theme: Theme, axis: ValidityAxis, kind: str) -> None:
        super().__init__()
        self._theme = theme
        self._axis = axis
        self._kind = kind
        self._days = True
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_days(self, *, shown: bool) -> None:
        """Whether ends are said with their day, too."""
        self._days = shown

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        axis, roles = self._axis, self._theme.roles
        height = axis.row_height
        for row in axis.rows_seen():
            bar = axis.bars[row]
            chosen = bar.key == axis.chosen
            band = QRectF(0, axis.row_top(row), self.width(), height)
            if chosen:
                painter.fillRect(band, roles.colour("accent_background"))
            if row and axis.bars[row - 1].group != bar.group:
                painter.setPen(roles.colour("line"))
                painter.drawLine(band.topLeft(), band.topRight())
            if self._kind == "name":
                self._paint_name(painter, bar, band, chosen=chosen)
            else:
                self._paint_end(painter, bar, band, chosen=chosen)

    def _paint_name(self, painter: QPainter, bar: ValidityBar, band: QRectF, *, chosen: bool) -> None:
        zoom = self._theme.zoom
        if chosen:
            painter.fillRect(QRectF(0, band.top(), 3 * zoom, band.height()), self._theme.roles.colour("accent"))
        font = self._theme.font(12, bold=chosen)
        painter.setFont(font)
        painter.setPen(self._theme.roles.colour("text"))
        room = band.adjusted(10 * zoom, 0, -8 * zoom, 0)
        words = QFontMetricsF(font).elidedText(bar.name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_end(self, painter: QPainter, bar: ValidityBar, band: QRectF, *, chosen: bool) -> None:
        zoom, roles, axis = self._theme.zoom, self._theme.roles, self._axis
        words = end_text(bar, axis.as_of)
        soon = bar.end is not None and timedelta(0) <= bar.end - axis.as_of < _SOON
        over = bar.revoked is not None or (bar.end is not None and bar.end <= axis.as_of) or bar.start > axis.as_of
        shown = bar.revoked or bar.end
        painter.setFont(self._theme.font(12))
        painter.setPen(roles.colour("muted"))
        day_room = QFontMetricsF(self._theme.font(12)).horizontalAdvance("0000-00-00") + 12 * zoom
        day = QRectF(band.left() + 10 * zoom, band.top(), day_room if self._days else 0.0, band.height())
        if self._days:
            painter.drawText(day, Qt.AlignmentFlag.AlignVCenter, f"{shown:%Y-%m-%d}" if shown else "")
        painter.setFont(self._theme.font(12, bold=soon or over or chosen))
        painter.setPen(roles.colour("failed" if over else "text" if soon else "muted"))
        painter.drawText(
            QRectF(day.right(), band.top(), band.right() - day.right(), band.height()),
            Qt.AlignmentFlag.AlignVCenter,
            words,
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._axis.setFocus(Qt.FocusReason.MouseFocusReason)
        self._axis.choose_at(event.position().y())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        self._axis.scroll_by(event)


class _Bars(QGraphicsObject):
    """Paints the bars; it lies in the view box itself, whose units are pixels, so nothing is stretched."""

    def __init__(self, theme: Theme, axis: ValidityAxis, box: QGraphicsWidget) -> None:
        super().__init__(box)
        self._theme = theme
        self._axis = axis
        self._box = box
        self.setZValue(-1)
        box.geometryChanged.connect(self.prepareGeometryChange)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        return self._box.rect()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        axis, roles = self._axis, self._theme.roles
        room = self._box.rect()
        painter.setClipRect(room)
        for row in axis.rows_seen():
            bar = axis.bars[row]
            top = axis.row_top(row)
            if bar.key == axis.chosen:
                painter.fillRect(QRectF(0, top, room.width(), axis.row_height), roles.colour("accent_background"))
            if row and axis.bars[row - 1].group != bar.group:
                painter.setPen(roles.colour("line"))
                painter.drawLine(QPointF(0, top), QPointF(room.width(), top))
            self._paint_bar(painter, bar, top, room.width())

    def _paint_bar(self, painter: QPainter, bar: ValidityBar, top: float, width: float) -> None:
        axis, roles, zoom = self._axis, self._theme.roles, self._theme.zoom
        start = axis.share_of(bar.start) * width
        end = axis.share_of(bar.end) * width if bar.end is not None else width + 1
        arrow = 9 * zoom
        height = _BAR * zoom
        upper = top + (axis.row_height - height) / 2
        line, fill = (roles.colour(role) for role in VERDICT_ROLES[bar.verdict])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(line)
        if end > width:
            _paint_arrow(painter, width - 0.7 * arrow, upper + height / 2, arrow * 0.6)
        if start < 0:
            _paint_arrow(painter, 0.7 * arrow, upper + height / 2, -arrow * 0.6)
        first = max(arrow if start < 0 else 0.0, start)
        last = min(width - arrow if end > width else width, end)
        if last <= first:
            return
        pen = QPen(line, 1.2 * zoom)
        if bar.verdict is Verdict.NOT_CHECKED:
            pen.setStyle(Qt.PenStyle.DashLine)
        if bar.revoked is not None:
            cut = min(max(first, axis.share_of(bar.revoked) * width), last)
            painter.setBrush(roles.colour("clear"))
            painter.drawRect(QRectF(first, upper, cut - first, height))
            first = cut
        box = QRectF(first, upper, max(2.0, last - first), height)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 2, 2)
        if bar.revoked is not None:
            painter.setBrush(QBrush(line, Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, 2, 2)


def _paint_arrow(painter: QPainter, x: float, y: float, size: float) -> None:
    painter.drawPolygon(QPolygonF([QPointF(x, y - abs(size)), QPointF(x + size, y), QPointF(x, y + abs(size))]))
