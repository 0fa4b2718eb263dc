"""The map of a file: the whole of it to scale, and beside that its first and last kilobytes magnified.

An image spans nine orders of magnitude: a header of some hundred bytes before a ramdisk of gigabytes. One scale cannot
show both, so two views stand side by side and grey wedges show which part of one is the other. What lies between the
magnified ends is hatched: it is there, but not to scale.

Everything is laid out "along" the file and "across" it; which of the two is down the screen depends on the orientation.
The geometry is in `map_geometry`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from seworkbench.formats.layout import Protection
from seworkbench.ui.activity import size_text
from seworkbench.ui.widgets.map_geometry import (
    Axis,
    Label,
    MapRegion,
    Piece,
    PlacedLabel,
    Stretch,
    by_importance,
    file_pieces,
    fit_in_row,
    fit_stacked,
    magnified_axis,
    magnified_ends,
    make_labels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QColor

    from seworkbench.ui.theme import Roles, Theme

_TIMES_EXACT = 100
# Pixels by which a click may miss the end of a view.
_SLACK = 2
# Pixels for the triangle of the mark, and for the lines from a row of pieces to their labels.
_MARKER = 8
_LEADER = 14
# A column lower than this needs its room for the pieces.
_CAPTION_FROM = 340


def exact(count: int) -> str:
    """A number of bytes, every digit: `680 493 288 bytes`."""
    return "1 byte" if count == 1 else f"{count:,} bytes".replace(",", "\u202f")


def _times(factor: float) -> str:
    """How much larger, to two digits: nobody needs more of 1 134.7 times."""
    if factor < _TIMES_EXACT:
        return f"{factor:.0f}"
    digits = len(str(round(factor))) - 2
    return f"{round(factor, -digits):,.0f}".replace(",", "\u202f")


def _short_size(count: int) -> str:
    number, unit = size_text(count).split()
    return f"{float(number):.0f} {unit}" if float(number) >= 10 else f"{number.removesuffix('.0')} {unit}"  # noqa: PLR2004


def _protection_words(region: MapRegion) -> str:
    words = region.protection.value
    return f"{words} and hashed" if region.hashed and "hashed" not in words else words


def describe(piece: Piece) -> str:
    """A piece in full, for tooltips and screen readers."""
    region = piece.region
    name = region.name if region else "Between the parts"
    lines = [name, f"0x{piece.start:x} to 0x{piece.end - 1:x}"]
    length = piece.end - piece.start
    lines.append(exact(length) + (f" ({size_text(length)})" if length >= 1024 else ""))  # noqa: PLR2004 - a KiB
    if region is None:
        lines.append("belongs to no part")
    else:
        lines.append(_protection_words(region))
        if region.detail:
            lines.append(region.detail)
        if region.end != piece.end or region.offset != piece.start:
            lines.append(f"said to be 0x{region.offset:x}, {exact(region.length)}: overlaps or reaches behind the end")
    return "\n".join(lines)


# --- colours


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG's curve

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable_on(roles: Roles, ground: QColor) -> QColor:
    """Whichever of the theme's text colours stands out most from `ground`."""

    def contrast(role: str) -> float:
        light, dark = sorted((_luminance(roles.colour(role)), _luminance(ground)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    return roles.colour(max(("text", "on_accent", "background"), key=contrast))


def _fill_role(region: MapRegion | None) -> str:
    if region is None:
        return "clear_tint"
    # What is hashed but readable is clear with the green band, so violet alone means unreadable.
    return {
        Protection.AUTHENTICATED: "authenticated",
        Protection.ENCRYPTED: "encrypted",
        Protection.ENCRYPTED_HASHED: "encrypted",
    }.get(region.protection, "clear")


# --- the widget


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes across the file in pixels, for one orientation, size and zoom."""

    start: float  # along: where the views begin, below legend and caption or with room for the mark's triangle
    scale_at: float
    scale: float  # thickness of the view to scale; 0 when there is only one view
    magnified_at: float
    magnified: float
    label_at: float
    label: float


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Everything that painting and hit testing need for one size."""

    ends: tuple[int, int]
    metrics: Metrics
    scale: Axis
    magnified: Axis
    labels: tuple[PlacedLabel, ...]
    addresses_beside: bool  # whether names leave room for the addresses beside them


class MemoryMap(QWidget):
    """The map of a file.

    Args:
        theme: colours and fonts.
        orientation: vertical with labels at the right, or horizontal with labels beneath.
    """

    # object, not int: Qt's int has 32 bits and images are larger.
    activated = Signal(object)  # int: the byte that was clicked or chosen by keyboard

    def __init__(
        self, theme: Theme, orientation: Qt.Orientation = Qt.Orientation.Vertical, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._vertical = orientation is Qt.Orientation.Vertical
        self._size = 0
        self._pieces: list[Piece] = []
        self._current: int | None = None
        self._mark: int | None = None
        self._arranged: Arrangement | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        fixed, growing = QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding
        self.setSizePolicy(*((fixed, growing) if self._vertical else (growing, fixed)))
        self.setAccessibleName("Memory map")
        theme.changed.connect(self._restyle)
        self._restyle()
        self._tell()

    # --- what is shown

    def show_map(self, size: int, regions: Sequence[MapRegion]) -> None:
        """Show a file.

        Args:
            size: its length in bytes; 0 for none.
            regions: its parts.
        """
        self._size = size
        self._pieces = file_pieces(size, regions) if size > 0 else []
        self._current = self._piece_at(self._mark) if self._mark is not None else None
        self.updateGeometry()
        self._rearrange()
        self._tell()

    def mark(self, offset: int | None) -> None:
        """Mark the selected byte in both views; None for none."""
        self._mark = offset
        self._current = self._piece_at(offset) if offset is not None else None
        self._rearrange()

    @property
    def marked(self) -> int | None:
        """The selected byte."""
        return self._mark

    @property
    def current(self) -> MapRegion | None:
        """The region that the keyboard is on."""
        return None if self._current is None else self._pieces[self._current].region

    @property
    def arrangement(self) -> Arrangement | None:
        """Where everything is for the present size; None while no file is shown."""
        if self._arranged is None and self._pieces:
            self._arranged = self._arrange()
        return self._arranged

    def _piece_at(self, offset: int) -> int | None:
        found = bisect_right([piece.start for piece in self._pieces], offset) - 1
        return found if 0 <= offset < self._size else None

    def _tell(self) -> None:
        """Say in words what the picture shows."""
        regions = [piece for piece in self._pieces if piece.region is not None]
        if not self._pieces:
            self.setAccessibleDescription("No file.")
            return
        listed = "; ".join(describe(piece).replace("\n", ", ") for piece in regions)
        count = "1 part" if len(regions) == 1 else f"{len(regions)} parts"
        self.setAccessibleDescription(f"{size_text(self._size)}, {count}. {listed}".strip() + ".")

    # --- sizes

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A comfortable size."""
        zoom = self._theme.zoom
        return QSize(round(300 * zoom), round(560 * zoom)) if self._vertical else QSize(round(760 * zoom), self._full())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The least that still tells something."""
        zoom = self._theme.zoom
        return QSize(round(180 * zoom), round(220 * zoom)) if self._vertical else QSize(round(220 * zoom), self._full())

    def _full(self) -> int:
        """Height of everything in the horizontal orientation."""
        zoom = self._theme.zoom
        head, tail = magnified_ends(self._size, self._pieces)
        bars = (26 + 24 + 26 if head < tail else 30) + _MARKER + _LEADER
        return round(self._legend_height() + bars * zoom + self._line() + self._small())

    def _restyle(self) -> None:
        self.setFont(self._theme.font(12))
        self.updateGeometry()
        self._rearrange()

    def _rearrange(self) -> None:
        self._arranged = None
        self.update()

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(12, bold=True)).height() + 1

    def _small(self) -> float:
        return QFontMetricsF(self._theme.font(11)).height() + 2

    # --- arrangement

    def _arrange(self) -> Arrangement:
        ends = magnified_ends(self._size, self._pieces)
        metrics = self._metrics(magnify=ends[0] < ends[1])
        room = self.height() - 10 if self._vertical else self.width() - metrics.start
        length = max(30.0, room - metrics.start - 1)
        needed = self._line() + self._small() if self._vertical else 56 * self._theme.zoom
        scale = Axis([Stretch(0, self._size, 0.0, length)])
        magnified = magnified_axis(self._pieces, ends, length, needed)
        labels: list[PlacedLabel] = []
        beside = True
        if metrics.label > 0:
            wanted = make_labels(self._pieces, ends, magnified)
            beside = self._has_room_beside(wanted, metrics.label)
            ranked = by_importance(wanted, self._pieces, self._current)
            if self._vertical:
                # The first label's line may stand half a line above the bar's end, into the margin.
                labels = fit_stacked(wanted, ranked, self._line(), self._small(), length + 6)
            else:
                labels = fit_in_row(wanted, ranked, self._label_widths(wanted), length)
        return Arrangement(ends, metrics, scale, magnified, tuple(labels), beside)

    def _has_room_beside(self, labels: Sequence[Label], room: float) -> bool:
        name, address = QFontMetricsF(self._name_font()), QFontMetricsF(self._theme.mono(11))
        widest = max((address.horizontalAdvance(label.address) for label in labels), default=0.0)
        longest = max((name.horizontalAdvance(label.name) for label in labels), default=0.0)
        # A name that is cut a little is better than addresses out of line.
        return widest + 8 + min(longest, 110 * self._theme.zoom) <= room

    def _label_widths(self, labels: Sequence[Label]) -> dict[Label, tuple[float, float]]:
        name, address = QFontMetricsF(self._name_font()), QFontMetricsF(self._theme.mono(11))
        gap = 10 * self._theme.zoom
        widths = {}
        for label in labels:
            least = max(address.horizontalAdvance(label.address), 30 * self._theme.zoom) + gap
            widths[label] = (max(name.horizontalAdvance(label.name) + gap, least), least)
        return widths

    def _metrics(self, *, magnify: bool) -> Metrics:
        zoom = self._theme.zoom
        if self._vertical:
            width = float(self.width())
            # In a narrow map the labels need the room more than the bars.
            wide = min(max((width / zoom - 200) / 140, 0.0), 1.0)
            left = 9 * zoom
            scale, wedge, magnified = (26 + 18 * wide, 22 + 18 * wide, 40 + 24 * wide) if magnify else (0.0, 0.0, 56.0)
            scale, wedge, magnified = scale * zoom, wedge * zoom, magnified * zoom
            label_at = left + scale + wedge + magnified + 12 * zoom
            label = width - label_at
            return Metrics(
                self._legend_height() + self._caption_height() + 8 * zoom,
                left,
                scale,
                left + scale + wedge,
                magnified,
                label_at,
                label if label >= 50 * zoom else 0.0,  # less holds no name
            )
        text = self._line() + self._small()
        legend, marker, leader = self._legend_height(), _MARKER * zoom, _LEADER * zoom
        bars = min(max(self.height() - legend - text - leader - marker, 30.0), 76 * zoom)
        first = legend + marker
        if not magnify:
            bar = min(bars, 34 * zoom)
            return Metrics(marker, first, 0.0, first, bar, first + bar + leader, text)
        bar = bars * 0.34
        return Metrics(marker, first, bar, first + bars - bar, bar, first + bars + leader, text)

    def _legend(self) -> list[tuple[str, str]]:
        """Words and roles of what can be seen."""
        entries = [("Clear", "clear"), ("Authenticated", "authenticated"), ("Encrypted", "encrypted")]
        entries.append(("Hashed", "hashed"))
        if any(piece.region is None for piece in self._pieces):
            entries.append(("Between parts", "clear_tint"))
        return entries

    def _legend_places(self) -> list[tuple[str, str, float, float]]:
        """Word, role and place of each entry, wrapped to the width."""
        metrics = QFontMetricsF(self._theme.font(12))
        zoom = self._theme.zoom
        x = y = 0.0
        placed = []
        for word, role in self._legend():
            width = metrics.horizontalAdvance(word) + 18 * zoom
            if x > 0 and x + width > self.width():
                x, y = 0.0, y + metrics.height() + 4 * zoom
            placed.append((word, role, x, y))
            x += width + 12 * zoom
        return placed

    def _legend_height(self) -> float:
        bottom = self._legend_places()[-1][3]
        return float(bottom + QFontMetricsF(self._theme.font(12)).height() + 8 * self._theme.zoom)

    def _caption(self) -> str:
        """One sentence about the two views, for the vertical orientation."""
        if not self._pieces or self.height() < _CAPTION_FROM * self._theme.zoom:
            return ""
        head, tail = magnified_ends(self._size, self._pieces)
        if all(piece.region is None for piece in self._pieces):
            return f"{size_text(self._size)}, no known parts."
        if head >= tail:
            return f"The whole file to scale, {size_text(self._size)}."
        first, last = _short_size(head), _short_size(self._size - tail)
        return (
            f"Left bar to scale, {size_text(self._size)}; beside it the first {first} and the last {last}, magnified."
        )

    def _caption_height(self) -> float:
        metrics = QFontMetricsF(self._theme.font(12))
        room = QRectF(0, 0, self.width(), 1000)
        return float(metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self._caption()).height())

    # --- along and across to x and y

    def _rect(self, first: float, last: float, across: float, thickness: float) -> QRectF:
        if self._vertical:
            return QRectF(across, self._start + first, thickness, last - first)
        return QRectF(self._start + first, across, last - first, thickness)

    @property
    def _start(self) -> float:
        arranged = self.arrangement
        return arranged.metrics.start if arranged else 0.0

    def _point(self, along: float, across: float) -> QPointF:
        return self._rect(along, along, across, 0.0).topLeft()

    def _along_across(self, point: QPointF) -> tuple[float, float]:
        along, across = (point.y(), point.x()) if self._vertical else (point.x(), point.y())
        return along - self._start, across

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw everything."""
        self._paint(QPainter(self))

    def _paint(self, painter: QPainter) -> None:
        """Draw legend, both views, wedges, labels and mark."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_legend(painter)
        arranged = self.arrangement
        if arranged is None:
            self._paint_empty(painter)
            return
        metrics = arranged.metrics
        if metrics.scale:
            self._paint_wedges(painter, arranged)
            self._paint_view(painter, arranged.scale, metrics.scale_at, metrics.scale, hatch=None)
            self._paint_names_inside(painter, arranged)
        hatch = arranged.ends if metrics.scale else None
        self._paint_view(painter, arranged.magnified, metrics.magnified_at, metrics.magnified, hatch=hatch)
        for placed in arranged.labels:
            self._paint_label(painter, arranged, placed)
        if self._vertical:
            self._paint_caption(painter)
        elif metrics.scale:
            self._paint_wedge_words(painter, arranged)
        if self.hasFocus() and self._current is not None:
            self._paint_focus(painter, arranged, self._pieces[self._current])
        if self._mark is not None and 0 <= self._mark < self._size:
            self._paint_mark(painter, arranged, self._mark)

    def _paint_legend(self, painter: QPainter) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        metrics = QFontMetricsF(self._theme.font(12))
        painter.setFont(self._theme.font(12))
        side = round(10 * zoom)
        for word, role, x, y in self._legend_places():
            square = QRectF(x + 0.5, y + round((metrics.height() - side) / 2) + 0.5, side, side)
            painter.setPen(roles.colour("muted"))
            painter.setBrush(roles.colour(role))
            painter.drawRoundedRect(square, 2, 2)
            painter.drawText(QPointF(x + side + 6 * zoom, y + metrics.ascent()), word)

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setFont(self._theme.font(12))
        painter.setPen(self._theme.roles.colour("muted"))
        room = QRectF(0, self._legend_height(), self.width(), self._caption_height() + 2)
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap), self._caption())

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(self._theme.roles.colour("muted"))
        room = QRectF(self.rect()).adjusted(0, self._legend_height(), 0, 0)
        flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(flags), "No file yet: its parts appear here to scale.")

    def _paint_view(
        self, painter: QPainter, axis: Axis, across: float, thickness: float, hatch: tuple[int, int] | None
    ) -> None:
        """Draw all pieces along an axis; between the offsets of `hatch` they are hatched."""
        roles = self._theme.roles
        length = axis.stretches[-1].last
        whole = self._rect(0, length, across, thickness)
        painter.fillRect(whole, roles.colour("clear_tint"))
        # Small pieces last: they are drawn wider than they are and must not be painted over.
        for piece in sorted(self._pieces, key=lambda piece: piece.start - piece.end):
            if piece.region is None:
                continue
            for start, end, hatched in _cut(piece, hatch):
                first, last = axis.place(start), axis.place(end)
                if last - first < 2:  # noqa: PLR2004 - pixels that can be seen
                    first = min(max(0.0, (first + last) / 2 - 1), length - 2)
                    last = first + 2
                self._paint_piece(painter, piece.region, (first, last), (across, thickness), hatched=hatched)
        painter.setPen(QPen(roles.colour("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(whole)

    def _paint_piece(
        self,
        painter: QPainter,
        region: MapRegion,
        along: tuple[float, float],
        across: tuple[float, float],
        *,
        hatched: bool,
    ) -> None:
        roles = self._theme.roles
        rect = self._rect(*along, *across)
        colour = roles.colour(_fill_role(region))
        is_sliver = along[1] - along[0] <= 3  # noqa: PLR2004 - pixels; a border would cover it
        if hatched:
            painter.fillRect(rect, roles.colour("panel"))
            _paint_hatching(painter, rect, colour, self._theme.zoom)
            return
        if is_sliver and region.protection is Protection.CLEAR:
            # A few clear bytes would vanish in their own pale colour.
            colour = roles.colour("text")
        painter.fillRect(rect, colour)
        if region.hashed:
            band = min(5 * self._theme.zoom, across[1] / 4)
            # At the left of a column, at the bottom of a row: away from where the names stand.
            at = across[0] if self._vertical else across[0] + across[1] - band
            painter.fillRect(self._rect(*along, at, band), roles.colour("hashed"))
        if not is_sliver:
            border = roles.colour("panel" if _fill_role(region) != "clear" else "muted")
            painter.setPen(QPen(border, 1))
            for edge in along:
                painter.drawLine(self._point(edge, across[0]), self._point(edge, across[0] + across[1]))

    def _paint_wedges(self, painter: QPainter, arranged: Arrangement) -> None:
        roles, metrics = self._theme.roles, arranged.metrics
        near, far = metrics.scale_at + metrics.scale, metrics.magnified_at
        painter.setPen(QPen(roles.colour("line"), 1))
        painter.setBrush(roles.colour("not_checked_background"))
        head, tail = arranged.ends
        for start, end in ((0, head), (tail, self._size)):
            # In the magnified view the end of the beginning is the first stretch's, not where the next piece starts.
            last = arranged.magnified.place(end)
            corners = (
                self._point(arranged.scale.place(start), near),
                self._point(arranged.scale.place(end), near),
                self._point(last, far),
                self._point(arranged.magnified.place(start), far),
            )
            painter.drawPolygon(QPolygonF(corners))

    def _paint_wedge_words(self, painter: QPainter, arranged: Arrangement) -> None:
        """Say in the wedges how much they magnify, where there is room."""
        metrics = arranged.metrics
        font = self._theme.font(11)
        measure = QFontMetricsF(font)
        top, bottom = metrics.scale_at + metrics.scale, metrics.magnified_at
        if bottom - top < measure.height():
            return
        painter.setFont(font)
        painter.setPen(self._theme.roles.colour("muted"))
        head, tail = arranged.ends
        length = arranged.scale.stretches[-1].last
        texts = (
            ("First", 0, head, Qt.AlignmentFlag.AlignLeft),
            ("Last", tail, self._size, Qt.AlignmentFlag.AlignRight),
        )
        for word, start, end, side in texts:
            first, last = arranged.magnified.place(start), arranged.magnified.place(end)
            factor = (last - first) / (end - start) / (length / self._size)
            room = QRectF(metrics.start + first + 6, top, last - first - 12, bottom - top)
            # Beside the line of the wedge at the low edge, where the wedge is widest.
            for text in (
                f"{word} {_short_size(end - start)}, {_times(factor)} times larger",
                f"{word} {_short_size(end - start)}",
            ):
                if measure.horizontalAdvance(text) <= room.width():
                    painter.drawText(room, side | Qt.AlignmentFlag.AlignBottom, text)
                    break
        first, last = arranged.magnified.place(head), arranged.magnified.place(tail)
        text = "not magnified"
        if measure.horizontalAdvance(text) <= last - first:
            room = QRectF(metrics.start + first, top, last - first, bottom - top)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_names_inside(self, painter: QPainter, arranged: Arrangement) -> None:
        """Names in the view to scale, for pieces that have room for them."""
        metrics, roles = arranged.metrics, self._theme.roles
        font = self._theme.font(12, bold=True)
        measure = QFontMetricsF(font)
        painter.setFont(font)
        for piece in self._pieces:
            if piece.region is None or metrics.scale < measure.height() + 2:
                continue
            first, last = arranged.scale.place(piece.start), arranged.scale.place(piece.end)
            text = f"{piece.region.name} {size_text(piece.region.length)}"
            if measure.horizontalAdvance(text) > last - first - 16:
                text = piece.region.name
            if measure.horizontalAdvance(text) > last - first - 16:
                continue
            painter.setPen(_readable_on(roles, roles.colour(_fill_role(piece.region))))
            if self._vertical:
                centre = self._rect(first, last, metrics.scale_at, metrics.scale).center()
                painter.save()
                painter.translate(centre)
                painter.rotate(-90)
                room = QRectF(-(last - first) / 2, -metrics.scale / 2, last - first, metrics.scale)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
                painter.restore()
            else:
                room = QRectF(metrics.start + first + 8, metrics.scale_at, last - first - 16, metrics.scale - 4)
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def _name_font(self) -> QFont:
        return self._theme.font(12, bold=self._vertical)

    def label_rect(self, placed: PlacedLabel) -> QRectF:
        """Where a label stands."""
        metrics = (self.arrangement or self._arrange()).metrics
        if self._vertical:
            return self._rect(placed.at, placed.at + placed.size, metrics.label_at, metrics.label)
        return QRectF(metrics.start + placed.at, metrics.label_at, placed.size - 4, self._line() + self._small())

    def _paint_label(self, painter: QPainter, arranged: Arrangement, placed: PlacedLabel) -> None:
        roles, metrics, label = self._theme.roles, arranged.metrics, placed.label
        rect = self.label_rect(placed)
        is_current = label.piece == self._current and not label.is_end
        name_font, address_font = self._name_font(), self._theme.mono(11)
        if is_current:
            name_font.setWeight(QFont.Weight.DemiBold)
        name, address = QFontMetricsF(name_font), QFontMetricsF(address_font)
        # The line from the piece to its label, which may have moved aside.
        painter.setPen(QPen(roles.colour("accent" if is_current else "muted"), 1))
        edge = metrics.magnified_at + metrics.magnified
        target = placed.at + self._line() / 2 if self._vertical else placed.at + 1
        bend = edge + (metrics.label_at - edge) * 0.3
        points = [(label.anchor, edge), (label.anchor, bend), (target, metrics.label_at - 3)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([self._point(*point) for point in points]))
        painter.setPen(roles.colour("accent" if is_current else "text"))
        elide = Qt.TextElideMode.ElideRight
        if not self._vertical:
            painter.setFont(name_font)
            painter.drawText(
                QPointF(rect.x(), rect.y() + name.ascent()), name.elidedText(label.name, elide, rect.width())
            )
            painter.setPen(roles.colour("accent" if is_current else "muted"))
            painter.setFont(address_font)
            painter.drawText(QPointF(rect.x(), rect.y() + self._line() + address.ascent()), label.address)
            return
        self._paint_stacked(painter, arranged, placed, is_current=is_current)

    def _paint_stacked(
        self, painter: QPainter, arranged: Arrangement, placed: PlacedLabel, *, is_current: bool
    ) -> None:
        """Name and address on one line and the detail beneath; in a narrow map the address stands beneath, too."""
        roles, label, rect = self._theme.roles, placed.label, self.label_rect(placed)
        name, address, detail = self._name_font(), self._theme.mono(11), self._theme.font(11)
        advance = QFontMetricsF(address).horizontalAdvance(label.address)
        top = rect.y() + QFontMetricsF(name).ascent()
        below = rect.y() + self._line() + QFontMetricsF(detail).ascent() - 1
        beside = arranged.addresses_beside
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(name)
        room = rect.width() - (advance + 8 if beside else 0)
        painter.drawText(QPointF(rect.x(), top), QFontMetricsF(name).elidedText(label.name, elide, room))
        painter.setPen(roles.colour("accent" if is_current else "muted"))
        painter.setFont(address)
        left = rect.x()
        if beside:
            painter.drawText(QPointF(rect.right() - advance, top), label.address)
        elif placed.detail:
            painter.drawText(QPointF(left, below), label.address)
            left += advance + 8
        if placed.detail:
            painter.setFont(detail)
            painter.setPen(roles.colour("muted"))
            painter.drawText(QPointF(left, below), _fitting(label.detail, QFontMetricsF(detail), rect.right() - left))

    def _views(self, arranged: Arrangement) -> list[tuple[Axis, float, float]]:
        metrics = arranged.metrics
        views = [(arranged.magnified, metrics.magnified_at, metrics.magnified)]
        if metrics.scale:
            views.append((arranged.scale, metrics.scale_at, metrics.scale))
        return views

    def _paint_focus(self, painter: QPainter, arranged: Arrangement, piece: Piece) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.roles.colour("accent"), 2))
        for axis, across, thickness in self._views(arranged):
            first, last = axis.place(piece.start), axis.place(piece.end)
            painter.drawRect(self._rect(first, max(last, first + 3), across, thickness))

    def _paint_mark(self, painter: QPainter, arranged: Arrangement, offset: int) -> None:
        """A line across each view and a triangle that points at it."""
        roles = self._theme.roles
        side = 6 * self._theme.zoom
        for axis, across, thickness in self._views(arranged):
            along = min(max(axis.place(offset), 1.5), axis.stretches[-1].last - 1.5)
            # A rim in the colour of the card keeps the blue line visible on violet.
            for role, width in (("panel", 4), ("accent", 2)):
                painter.setPen(QPen(roles.colour(role), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
                painter.drawLine(self._point(along, across), self._point(along, across + thickness))
            painter.setPen(QPen(roles.colour("panel"), 1))
            painter.setBrush(roles.colour("accent"))
            tip = self._point(along, across + 1)
            wings = (self._point(along - side, across - side - 1), self._point(along + side, across - side - 1))
            painter.drawPolygon(QPolygonF([tip, *wings]))

    # --- mouse and keyboard

    def hit(self, point: QPointF) -> int | None:
        """The byte that is shown at a point of the widget; None beside the views and labels."""
        arranged = self.arrangement
        if arranged is None:
            return None
        for placed in arranged.labels:
            if self.label_rect(placed).contains(point):
                piece = self._pieces[placed.label.piece]
                return piece.end - 1 if placed.label.is_end else piece.start
        along, across = self._along_across(point)
        for axis, at, thickness in self._views(arranged):
            if at - 8 <= across <= at + thickness and 0 <= along + _SLACK <= axis.stretches[-1].last + 2 * _SLACK:
                return self._snapped(axis, along)
        return None

    def _snapped(self, axis: Axis, along: float) -> int:
        """The byte there; the beginning of a piece that is too small to be hit exactly."""
        offset = axis.offset(along)
        near = [
            (abs(middle - along), piece.start)
            for piece in self._pieces
            if piece.region is not None
            and axis.place(piece.end) - axis.place(piece.start) < 4  # noqa: PLR2004 - pixels
            and abs((middle := (axis.place(piece.start) + axis.place(piece.end)) / 2) - along) <= 3  # noqa: PLR2004
        ]
        return min(near)[1] if near else offset

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose the byte that is shown there."""
        if event.button() is Qt.MouseButton.LeftButton and (offset := self.hit(event.position())) is not None:
            self._choose(offset)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag the selection along; show where a click leads."""
        offset = self.hit(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if offset is None else Qt.CursorShape.PointingHandCursor)
        if event.buttons() & Qt.MouseButton.LeftButton and offset is not None and offset != self._mark:
            self._choose(offset)

    def _choose(self, offset: int) -> None:
        self.mark(offset)
        self.activated.emit(offset)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrow keys, Home and End move from region to region; Enter or Space chooses its beginning."""
        key = event.key()
        regions = [index for index, piece in enumerate(self._pieces) if piece.region is not None]
        moves = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Home: -len(self._pieces),
            Qt.Key.Key_End: len(self._pieces),
        }
        if regions and key in moves:
            self._move(regions, moves[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current is not None:
            self._choose(self._pieces[self._current].start)
        else:
            super().keyPressEvent(event)

    def _move(self, regions: Sequence[int], step: int) -> None:
        if self._current is None:
            target = regions[0] if step > 0 or step == -len(self._pieces) else regions[-1]
            target = regions[-1] if step == len(self._pieces) else target
        else:
            # From between two regions the next one is a step away, too.
            others = [index for index in regions if (index - self._current) * step > 0]
            nearest = others if step > 0 else others[::-1]
            target = nearest[min(abs(step), len(nearest)) - 1] if nearest else self._current
        self._current = target
        self._rearrange()
        words = describe(self._pieces[target]).replace("\n", ", ")
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def event(self, event: QEvent) -> bool:
        """Tooltips with the exact numbers of what is under the mouse."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            offset = self.hit(QPointF(event.pos()))
            index = self._piece_at(offset) if offset is not None else None
            if offset is None or index is None:
                QToolTip.hideText()
            else:
                words = describe(self._pieces[index])
                QToolTip.showText(event.globalPos(), f"{words}\nhere: 0x{offset:x}", self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Arrange anew; the wrapped legend may have become higher."""
        self._rearrange()
        if not self._vertical and event.oldSize().width() != event.size().width():
            self.updateGeometry()
        super().resizeEvent(event)


def _cut(piece: Piece, hatch: tuple[int, int] | None) -> list[tuple[int, int, bool]]:
    """A piece in parts that are hatched or not."""
    head, tail = hatch or (piece.end, piece.end)
    parts = (
        (piece.start, min(piece.end, head), False),
        (max(piece.start, head), min(piece.end, tail), True),
        (max(piece.start, tail), piece.end, False),
    )
    return [(start, end, hatched) for start, end, hatched in parts if start < end]


def _paint_hatching(painter: QPainter, rect: QRectF, colour: QColor, zoom: float) -> None:
    """Diagonal stripes; Qt's own pattern brush does not scale with the screen."""
    painter.save()
    painter.setClipRect(rect)
    faded = colour
    faded.setAlphaF(0.55)
    painter.setPen(QPen(faded, 3 * zoom))
    step = 8 * zoom
    x = rect.left() - rect.height()
    while x < rect.right():
        painter.drawLine(QPointF(x, rect.bottom()), QPointF(x + rect.height(), rect.top()))
        x += step
    painter.restore()


def _fitting(detail: str, metrics: QFontMetricsF, room: float) -> str:
    """As many parts of "76.0 KiB, 74,565 bytes" as there is room for: half a number says nothing."""
    parts = detail.split(", ")
    while parts and metrics.horizontalAdvance(", ".join(parts)) > room:
        parts.pop()
    return ", ".join(parts)
