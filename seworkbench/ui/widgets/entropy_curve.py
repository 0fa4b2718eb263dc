"""The curve of entropy and byte classes along a file, with a cursor that is linked to the other views.

pyqtgraph and numpy take half a second to load, so both are loaded when a curve is first shown, never at start.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from seworkbench.ui.activity import size_text
from seworkbench.ui.widgets.basic import label
from seworkbench.ui.widgets.plots import paint_focus_frame, plot_pen, still_plot, style_axis, upright_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.image.entropy import CurvePoint
    from seworkbench.ui.theme import Theme

_BITS = 8
# Pixels that the words of one tick need.
_TICK_EVERY = 130
_STEPS = 512
_LEGEND = (("Entropy, 0 to 8 bits per byte", "line"), ("Zero bytes", "area"), ("Printable bytes", "dashes"))


class _Key(QWidget):
    """One entry of the legend: a sample of the line and its words."""

    def __init__(self, theme: Theme, words: str, style: str) -> None:
        super().__init__()
        self._theme, self._words, self._style = theme, words, style
        self.setAccessibleName(words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        metrics = QFontMetricsF(self._theme.font(12))
        return QSize(round(metrics.horizontalAdvance(self._words) + 26 * self._theme.zoom), round(metrics.height()))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        roles, zoom = self._theme.roles, self._theme.zoom
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        sample = QRectF(0, middle - 4 * zoom, 18 * zoom, 8 * zoom)
        if self._style == "area":
            painter.fillRect(sample, roles.colour("clear"))
        else:
            dashed = self._style == "dashes"
            pen = QPen(roles.colour("muted" if dashed else "text"), 1.5)
            pen.setStyle(Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.drawLine(QPointF(0, middle), QPointF(sample.right(), middle))
        painter.setPen(roles.colour("muted"))
        painter.setFont(self._theme.font(12))
        room = self.rect().adjusted(round(24 * zoom), 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._words)


class EntropyCurve(QWidget):
    """Entropy, zero bytes and printable bytes along a file.

    Args:
        theme: colours and fonts.
    """

    # object, not int: Qt's int has 32 bits and images are larger.
    activated = Signal(object)  # int: the byte that the cursor was moved to

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._size = 0
        self._points: list[CurvePoint] = []
        self._offsets: list[int] = []
        self._mark: int | None = None
        self._plot: Any = None  # pyqtgraph has no types
        self._cursor: Any = None
        self._curves: dict[str, Any] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Entropy along the file")
        self._keys = [_Key(theme, words, style) for words, style in _LEGEND]
        self.readout = label("", "small")
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(14)
        for key in self._keys:
            head.addWidget(key)
        head.addStretch(1)
        head.addWidget(self.readout)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(2, 2, 2, 2)
        self._layout.setSpacing(2)
        self._layout.addLayout(head)
        self._layout.addStretch(1)
        theme.changed.connect(self._restyle)
        self._say()

    # --- what is shown

    def show_curve(self, size: int, points: Sequence[CurvePoint]) -> None:
        """Show the curve of a file.

        Args:
            size: length of the file.
            points: its samples, from `seworkbench.image.entropy.byte_curve`.
        """
        self._size = size
        self._points = list(points)
        self._offsets = [point.offset for point in self._points]
        self._mark = None
        self._draw()
        self._say()

    def mark(self, offset: int | None) -> None:
        """Move the cursor; None hides it."""
        self._mark = offset
        self._place_cursor()
        self._say()

    @property
    def marked(self) -> int | None:
        """Where the cursor is."""
        return self._mark

    @property
    def plot(self) -> Any:
        """The pyqtgraph widget; None until the curve was first shown."""
        return self._plot

    def point_at(self, offset: int) -> CurvePoint | None:
        """The sample nearest to a byte."""
        if not self._points:
            return None
        after = min(bisect_left(self._offsets, offset), len(self._points) - 1)
        near = self._points[max(0, after - 1) : after + 1]
        return min(near, key=lambda point: abs(point.offset - offset))

    def _say(self) -> None:
        """The numbers at the cursor, to see and to hear."""
        point = self.point_at(self._mark) if self._mark is not None else None
        if not self._points:
            words = "No bytes sampled yet"
        elif point is None or self._mark is None:
            words = ""
        else:
            words = (
                f"0x{self._mark:x}: {point.entropy:.2f} bits per byte, "
                f"{point.zero:.0%} zero, {point.printable:.0%} printable"
            )
        self.readout.setText(words)
        self.setAccessibleDescription(words or f"{size_text(self._size)}, no byte selected.")

    # --- building the plot

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Load pyqtgraph and build the plot the first time."""
        if self._plot is None:
            self._build()
        super().showEvent(event)

    def _build(self) -> None:
        # It stands still: the whole file stays in view, aligned with the map.
        plot = still_plot()
        plot.getViewBox().sigResized.connect(lambda _box: self._ticks())
        plot.showAxis("right")
        self._curves = {
            "zero": plot.plot(fillLevel=0.0),
            "printable": plot.plot(antialias=True),
            "entropy": plot.plot(antialias=True),
        }
        self._cursor = upright_line(movable=True)
        self._cursor.sigDragged.connect(self._dragged)
        plot.addItem(self._cursor)
        plot.scene().sigMouseClicked.connect(self._clicked)
        self._plot = plot
        # In the place of the stretch that kept it free.
        self._layout.takeAt(1)
        self._layout.addWidget(plot, 1)
        self._restyle()
        self._draw()

    def _restyle(self) -> None:
        for key in self._keys:
            key.updateGeometry()
            key.update()
        if self._plot is None:
            return
        roles = self._theme.roles
        self._plot.setBackground(None)
        faint = roles.colour("clear")
        self._curves["zero"].setPen(None)
        self._curves["zero"].setBrush(faint)
        self._curves["printable"].setPen(self._pen("muted", 1, Qt.PenStyle.DashLine))
        self._curves["entropy"].setPen(self._pen("text", 1.5))
        self._cursor.setPen(self._pen("accent", 2))
        self._cursor.setHoverPen(self._pen("accent", 3))
        for name in ("left", "bottom", "right"):
            style_axis(self._plot.getAxis(name), self._theme)
        self._ticks()

    def _pen(self, role: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        return plot_pen(self, self._theme, role, width, style)

    def _draw(self) -> None:
        if self._plot is None:
            return
        # The samples stand for equal shares; the first and last reach to the ends of the file.
        points = self._points
        offsets = [0, *self._offsets, self._size] if points else []
        values = [points[0], *points, points[-1]] if points else []
        self._curves["entropy"].setData(offsets, [point.entropy for point in values])
        self._curves["zero"].setData(offsets, [point.zero * _BITS for point in values])
        self._curves["printable"].setData(offsets, [point.printable * _BITS for point in values])
        self._plot.setXRange(0, max(1, self._size), padding=0)
        self._cursor.setBounds((0, max(0, self._size - 1)))
        self._ticks()
        self._place_cursor()

    def _ticks(self) -> None:
        """Ticks at powers of two, in both units: the ones pyqtgraph would choose are decimal."""
        if self._plot is None:
            return
        zoom = self._theme.zoom
        count = max(1, int(self.width() / (_TICK_EVERY * zoom)))
        step = 1 << max(0, (max(1, self._size) // count - 1).bit_length())
        marks = range(0, self._size, step) if self._size else ()
        # A tick too near the end would have its words cut off.
        named = [(mark, self._tick_text(mark)) for mark in marks if mark == 0 or mark < self._size - step * 0.3]
        self._plot.getAxis("bottom").setTicks([named])
        tall = self.height() > 110 * zoom
        bits = (0, 2, 4, 6, 8) if tall else (0, 8)
        self._plot.getAxis("left").setTicks([[(bit, str(bit)) for bit in bits]])
        self._plot.getAxis("right").setTicks([[(bit, f"{bit * 100 // _BITS} %") for bit in bits]])
        metrics = QFontMetricsF(self._theme.font(11))
        self._plot.getAxis("left").setWidth(metrics.horizontalAdvance("8") + 8)
        self._plot.getAxis("right").setWidth(metrics.horizontalAdvance("100 %") + 8)
        self._plot.getAxis("bottom").setHeight(metrics.height() + 5)
        # Room above for half of the topmost number, which would be cut off else.
        drawn = max(16.0, self._plot.getViewBox().height())
        self._plot.setYRange(0, _BITS / (1 - min(0.4, (metrics.height() / 2 + 2) / drawn)), padding=0)

    @staticmethod
    def _tick_text(offset: int) -> str:
        return f"0x{offset:x} · {size_text(offset).replace('.0 ', ' ')}" if offset else "0"

    def _place_cursor(self) -> None:
        if self._cursor is not None:
            self._cursor.setVisible(self._mark is not None and bool(self._points))
            if self._mark is not None:
                self._cursor.setValue(min(max(0, self._mark), max(0, self._size - 1)))

    # --- moving the cursor

    def _choose(self, offset: float) -> None:
        if self._points:
            found = min(max(0, round(offset)), self._size - 1)
            self.mark(found)
            self.activated.emit(found)

    def _dragged(self, line: Any) -> None:
        self._choose(line.value())

    def _clicked(self, event: Any) -> None:
        box = self._plot.getViewBox()
        if event.button() is Qt.MouseButton.LeftButton and box.sceneBoundingRect().contains(event.scenePos()):
            self._choose(box.mapSceneToView(event.scenePos()).x())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrow keys move by one sample, page keys by 32, Home and End to the ends."""
        step = max(1, self._size // _STEPS)
        at = self._mark or 0
        targets = {
            Qt.Key.Key_Right: at + step,
            Qt.Key.Key_Left: at - step,
            Qt.Key.Key_PageDown: at + 32 * step,
            Qt.Key.Key_PageUp: at - 32 * step,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._size - 1,
        }
        if event.key() in targets and self._points:
            self._choose(targets[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A frame while the keyboard is here."""
        super().paintEvent(event)
        paint_focus_frame(self, self._theme)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fewer ticks and words in less room."""
        super().resizeEvent(event)
        self._ticks()
        room = self.width() - QFontMetricsF(self._theme.font(12)).horizontalAdvance("0" * 52)
        for key in self._keys:
            room -= key.sizeHint().width() + 14
            key.setVisible(room > 0)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A comfortable size."""
        return QSize(round(640 * self._theme.zoom), round(140 * self._theme.zoom))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The least that still tells something."""
        return QSize(round(200 * self._theme.zoom), round(64 * self._theme.zoom))
