"""Bytes of any source, gigabytes included: offset, hexadecimal, ASCII, and the field that each row begins.

Where there is no room for all of it the ASCII is left out: what a byte belongs to says more.

Nothing is held but what is seen. A frame is a few rectangles and one run of glyphs for each colour: their places do not
change while scrolling, so only the glyphs are looked up anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from PySide6.QtCore import QBasicTimer, QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QGlyphRun,
    QGuiApplication,
    QHelpEvent,
    QKeySequence,
    QPainter,
    QRawFont,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QMenu, QToolTip, QWidget

from seworkbench.errors import SeError
from seworkbench.formats.layout import byte_count
from seworkbench.ui.theme import PROTECTION_ROLES
from seworkbench.ui.widgets.byte_source import Region, RegionMap
from seworkbench.ui.widgets.copy_forms import CopyForm, copy_as, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtCore import QTimerEvent
    from PySide6.QtGui import (
        QFocusEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QResizeEvent,
        QWheelEvent,
    )

    from seworkbench.ui.theme import Roles, Theme
    from seworkbench.ui.widgets.byte_source import ByteSource

__all__ = ["COPY_LIMIT", "HexView", "Region"]

COLUMNS = 16
GROUP = 8
COPY_LIMIT = 1 << 20
# Scroll bars count in 32 bits; longer sources move several rows a step of the bar (the wheel and keys still one).
_BAR_LIMIT = 1 << 30
_DESCRIBED_BYTES = 16
_AUTO_SCROLL_MS = 40
_ROW_PIXELS = 17
_ADDRESS_PIXELS = 11
_ZEROS = bytes(COLUMNS)
_MISSING = "--"
_MASKED = "••"
_TINTS = {"clear": "clear_tint", "authenticated": "authenticated_tint", "encrypted": "encrypted_tint"}


class _Metrics:
    """Where everything stands, and the glyphs, for one font size and width of offsets.

    Args:
        theme: fonts.
        digits: of an offset.
        tight: stand closer together, for narrow views.
        printed: with the column of characters; the narrowest views name the fields instead.
    """

    def __init__(self, theme: Theme, digits: int, *, tight: bool = False, printed: bool = True) -> None:
        zoom = theme.zoom
        self.font = theme.mono()
        self.address_font = theme.mono(_ADDRESS_PIXELS)
        self.label_font = theme.font(_ADDRESS_PIXELS)
        self.label_bold = theme.font(_ADDRESS_PIXELS, bold=True)
        self.row_height = round(_ROW_PIXELS * zoom)
        self.header_height = round(24 * zoom)
        # Whole pixels keep the columns straight at every place.
        self.character = max(1, round(QFontMetricsF(self.font).horizontalAdvance("0")))
        self.address_character = QFontMetricsF(self.address_font).horizontalAdvance("0")
        self.pitch = 2 * self.character + max(2, round((3 if tight else 4) * zoom))
        self.padding = (self.pitch - 2 * self.character) // 2
        self.margin = round((4 if tight else 8) * zoom)
        gap = round((8 if tight else 10) * zoom)
        self.hex_left = self.margin + round(digits * self.address_character) + gap
        self.group_gap = round(6 * zoom)
        self.ascii_left = self.hex_left + COLUMNS * self.pitch + self.group_gap + gap
        self.printed = printed
        self.field_left = self.ascii_left + (COLUMNS * self.character + gap if printed else 0)
        self.field_width = round((44 if tight else 84) * zoom)
        metrics = QFontMetricsF(self.font)
        self.baseline = (self.row_height + metrics.ascent() - metrics.descent()) / 2
        self.raw_font = QRawFont.fromFont(self.font)
        self.address_raw_font = QRawFont.fromFont(self.address_font)
        self.pairs = [self._glyphs(self.raw_font, f"{byte:02x}") for byte in range(256)]
        signs = [chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in range(256)]  # noqa: PLR2004 - printable ASCII
        self.characters = [self._glyphs(self.raw_font, sign)[0] for sign in signs]
        self.missing = self._glyphs(self.raw_font, _MISSING)
        self.masked = self._glyphs(self.raw_font, _MASKED)
        self.digits = [self._glyphs(self.address_raw_font, digit)[0] for digit in "0123456789abcdef"]
        self._rows: list[tuple[list[QPointF], list[QPointF], list[QPointF]]] = []
        self.digit_count = digits

    @staticmethod
    def _glyphs(font: QRawFont, text: str) -> list[int]:
        return list(font.glyphIndexesForString(text))

    @property
    def width(self) -> int:
        """Of everything."""
        return self.field_left + self.field_width

    def hex_at(self, column: int) -> int:
        """Left edge of a byte's cell."""
        return self.hex_left + column * self.pitch + (self.group_gap if column >= GROUP else 0)

    def row_places(self, row: int) -> tuple[list[QPointF], list[QPointF], list[QPointF]]:
        """Places of the glyphs of a row of the window: address, two for each byte, one for each byte."""
        while len(self._rows) <= row:
            y = self.header_height + len(self._rows) * self.row_height + self.baseline
            address = [QPointF(self.margin + n * self.address_character, y) for n in range(self.digit_count)]
            lefts = [self.hex_at(column) + self.padding for column in range(COLUMNS)]
            pairs = [QPointF(left + half, y) for left in lefts for half in (0, self.character)]
            characters = [QPointF(self.ascii_left + column * self.character, y) for column in range(COLUMNS)]
            self._rows.append((address, pairs, characters))
        return self._rows[row]

    def cells(self, row: int, first: int, last: int, rows: int = 1) -> Iterator[QRectF]:
        """The rectangles of the columns first to last of `rows` rows of the window: two groups, then any ASCII."""
        top = self.header_height + row * self.row_height
        height = rows * self.row_height
        for begin in (0, GROUP):
            low, high = max(first, begin), min(last, begin + GROUP - 1)
            if low <= high:
                yield QRectF(self.hex_at(low), top, (high - low + 1) * self.pitch, height)
        if self.printed:
            yield QRectF(self.ascii_left + first * self.character, top, (last - first + 1) * self.character, height)

    def column_at(self, x: float) -> int:
        """The byte of a row nearest to a place."""
        if self.printed and x >= self.ascii_left - self.padding:
            column = (x - self.ascii_left) // self.character
        else:
            column = (x - self.hex_left) // self.pitch
            if column >= GROUP:
                column = max(GROUP - 1, (x - self.hex_left - self.group_gap) // self.pitch)
        return int(min(max(column, 0), COLUMNS - 1))


class _Runs:
    """Glyphs of a frame, gathered by colour."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[list[int], list[QPointF]]] = {}

    def add(self, role: str, glyphs: Sequence[int], places: Sequence[QPointF]) -> None:
        run = self._runs.setdefault(role, ([], []))
        run[0].extend(glyphs)
        run[1].extend(places)

    def draw(self, painter: QPainter, font: QRawFont, roles: Roles) -> None:
        for role, (glyphs, places) in self._runs.items():
            run = QGlyphRun()
            run.setRawFont(font)
            run.setGlyphIndexes(glyphs)
            run.setPositions(places)
            painter.setPen(roles.colour(role))
            painter.drawGlyphRun(QPointF(), run)


class HexView(QAbstractScrollArea):
    """See the module's text.

    One run of bytes is selected whenever there are bytes; the end that moves with Shift is the caret.

    Args:
        theme: colours and fonts.
    """

    # Signal(int) carries 32 bits; offsets need more.
    selection_changed = Signal(object, object)  # offset, length
    failed = Signal(object)  # SeError: the source cannot be read; told once a source

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._source: ByteSource | None = None
        self._regions = RegionMap(())
        self._hits: list[tuple[int, int]] = []
        self._hit_starts: list[int] = []
        self._longest_hit = 0
        self._anchor = self._caret = 0
        self._top = 0
        self._wheel = 0.0
        self._has_failed = False
        self._moving_bar = False
        self._dragging = False
        self._drag_at = QPointF()
        self._auto_scroll = QBasicTimer()
        self._wide = self._metrics = _Metrics(theme, 8)
        self._tight = _Metrics(theme, 8, tight=True)
        self._narrow = _Metrics(theme, 8, tight=True, printed=False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.setCornerWidget(QWidget())  # the style's own draws a box between the scroll bars
        self.setAccessibleName("Bytes")
        self.verticalScrollBar().valueChanged.connect(self._bar_moved)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        theme.changed.connect(self._restyle)
        self._describe()

    # --- what is shown

    @property
    def source(self) -> ByteSource | None:
        """What is shown."""
        return self._source

    def set_source(self, source: ByteSource | None) -> None:
        """Show other bytes. Place and selection stay if there are as many, as when a part is shown opened."""
        same_size = source is not None and self._source is not None and source.size == self._source.size
        self._source = source
        self._has_failed = False
        self._restyle()
        if not same_size:
            self._scroll_to(0)
            self._select(0, 0)
        self._describe()

    def set_regions(self, regions: list[Region]) -> None:
        """Name and tint runs of bytes; where they are nested, the innermost counts."""
        self._regions = RegionMap(regions)
        self._describe()
        self.viewport().update()

    def set_hits(self, hits: list[tuple[int, int]]) -> None:
        """Mark runs of bytes, given as offset and length."""
        self._hits = sorted(hits)
        self._hit_starts = [offset for offset, _ in self._hits]
        self._longest_hit = max((length for _, length in self._hits), default=0)
        self.viewport().update()

    # --- selection

    @property
    def selection(self) -> tuple[int, int]:
        """Offset and length of what is selected."""
        if not self._size:
            return 0, 0
        start = min(self._anchor, self._caret)
        return start, abs(self._anchor - self._caret) + 1

    def select(self, offset: int, length: int, reveal: bool = True) -> None:
        """Select bytes; what lies behind the end is left out.

        Args:
            offset: the first byte.
            length: how many; at least one is selected.
            reveal: scroll to the first one if it is not seen.
        """
        if not self._size:
            return
        offset = min(max(offset, 0), self._size - 1)
        last = min(offset + max(length, 1), self._size) - 1
        self._select(offset, last)
        if reveal:
            self._reveal(offset, last)

    def go_to(self, offset: int) -> None:
        """Select one byte and show it in the upper part of the view, with what comes before it."""
        self.select(offset, 1, reveal=False)
        self._scroll_to(self.selection[0] // COLUMNS - self._rows_seen // 4)

    def select_all(self) -> None:
        """Select every byte."""
        self.select(0, self._size, reveal=False)

    def name_at(self, offset: int) -> str:
        """What holds a byte, as the gutter calls it; empty if nothing does."""
        region = self._regions.at(offset)
        return region.name if region is not None else ""

    def is_masked(self, offset: int, length: int) -> bool:
        """Whether one of these bytes is secret and not shown."""
        return self._regions.masked(offset, offset + length)

    def selected_bytes(self, limit: int = COPY_LIMIT) -> bytes:
        """Up to `limit` bytes of the selection; none if a masked one is among them."""
        offset, length = self.selection
        length = min(length, limit)
        return b"" if self.is_masked(offset, length) else self._read(offset, length)

    def copy(self, form: CopyForm = CopyForm.SPACED_HEX) -> None:
        """Put the selection on the clipboard, if it may be copied."""
        offset, length = self.selection
        if 0 < length <= COPY_LIMIT and (data := self.selected_bytes()):
            region = self._regions.at(offset)
            name = region.name if region is not None and region.offset == offset else f"bytes_{offset:x}"
            QGuiApplication.clipboard().setText(copy_as(form, data, name, offset))

    def context_menu(self) -> QMenu:
        """The menu of the selection."""
        offset, length = self.selection
        menu = QMenu(self)
        forms = menu.addMenu("Copy as")
        for form in CopyForm:
            forms.addAction(form.value).triggered.connect(lambda _checked=False, chosen=form: self.copy(chosen))
        if not length:
            forms.setEnabled(False)
        elif length > COPY_LIMIT:
            forms.setTitle("Copy as (up to 1 MiB)")
            forms.setEnabled(False)
        elif self.is_masked(offset, length):
            forms.setTitle("Copy as (the selection holds hidden bytes)")
            forms.setEnabled(False)
        address = menu.addAction("Copy offset")
        address.setEnabled(length > 0)
        address.triggered.connect(lambda _checked=False: QGuiApplication.clipboard().setText(f"0x{offset:x}"))
        menu.addSeparator()
        region = self._regions.at(offset) if length else None
        whole = menu.addAction(f"Select {_menu_text(region.name)}" if region is not None else "Select field")
        whole.setEnabled(region is not None)
        whole.triggered.connect(lambda _checked=False: self._select_region(offset))
        menu.addAction("Select all").triggered.connect(lambda _checked=False: self.select_all())
        return menu

    # --- painting

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """All columns and a good part of a header."""
        return QSize(self._wide.width + 12, self._metrics.header_height + 24 * self._metrics.row_height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Some rows of half the bytes; a view narrower than all of them scrolls sideways."""
        return QSize(self._metrics.hex_at(COLUMNS // 2), self._metrics.header_height + 4 * self._metrics.row_height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what is seen: tints, hits, selection, then all text."""
        roles = self._theme.roles
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), roles.colour("panel"))
        painter.translate(-self.horizontalScrollBar().value(), 0)
        start = self._top * COLUMNS
        rows = min(self._rows_seen + 1, self._row_count - self._top)
        if rows > 0:
            end = min(start + rows * COLUMNS, self._size)
            self._paint_regions(painter, start, end)
            self._paint_hits(painter, start, end)
            self._paint_selection(painter, start, end)
            self._paint_text(painter, start, end)
            self._paint_names(painter, start, rows)
        self._paint_header(painter)
        painter.resetTransform()
        if self.hasFocus():
            painter.setPen(roles.colour("accent"))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def _paint_header(self, painter: QPainter) -> None:
        metrics, roles = self._metrics, self._theme.roles
        painter.setPen(roles.colour("muted"))
        painter.setFont(metrics.address_font)
        height = metrics.header_height - 1
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(metrics.margin, 0, metrics.hex_left, height), left, "offset")
        for column in range(COLUMNS):
            cell = QRectF(metrics.hex_at(column), 0, metrics.pitch, height)
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{column:x}")
        if metrics.printed:
            painter.drawText(QRectF(metrics.ascii_left, 0, metrics.pitch * GROUP, height), left, "ASCII")
        painter.setFont(metrics.label_font)
        painter.drawText(QRectF(metrics.field_left, 0, metrics.field_width, height), left, "field")
        width = max(metrics.width, self.viewport().width())
        painter.fillRect(QRectF(0, height, width, 1), roles.colour("line_soft"))

    def _paint_regions(self, painter: QPainter, start: int, end: int) -> None:
        """Tints, and a line where a field ends: down the side of its last byte and along under it."""
        metrics, roles = self._metrics, self._theme.roles
        spans = self._regions.spans(start, end)
        for span in spans:
            tint = roles.colour(_TINTS.get(PROTECTION_ROLES[span.region.protection], "authenticated_tint"))
            for cells in self._blocks(max(span.start, start), min(span.end, end), start):
                painter.fillRect(cells, tint)
        for span in spans:
            if span.start < start or span.start == 0:
                continue
            edge = roles.colour(PROTECTION_ROLES[span.region.protection])
            row, column = divmod(span.start - start, COLUMNS)
            length = span.end - span.start
            above = [(row, column, min(COLUMNS, column + length) - 1)] if row else []
            if column and column + length > COLUMNS and start + (row + 1) * COLUMNS < end:
                above.append((row + 1, 0, min(column, column + length - COLUMNS) - 1))
            for line_row, first, last in above:
                for cell in metrics.cells(line_row, first, last):
                    painter.fillRect(QRectF(cell.left(), cell.top(), cell.width(), 1), edge)
            if column:
                for cell in metrics.cells(row, column, column):
                    painter.fillRect(QRectF(cell.left(), cell.top(), 1, cell.height()), edge)

    def _paint_hits(self, painter: QPainter, start: int, end: int) -> None:
        roles = self._theme.roles
        fill, border = roles.colour("accent_background"), roles.colour("accent")
        first = bisect_left(self._hit_starts, start - self._longest_hit + 1)
        for offset, length in self._hits[first : bisect_right(self._hit_starts, end - 1)]:
            low, high = max(offset, start), min(offset + length, end)
            if low >= high:
                continue
            for cell in self._blocks(low, high, start):
                painter.fillRect(cell, border)
                painter.fillRect(cell.adjusted(1, 1, -1, -1), fill)

    def _paint_selection(self, painter: QPainter, start: int, end: int) -> None:
        offset, length = self.selection
        low, high = max(offset, start), min(offset + length, end)
        if low < high:
            colour = self._theme.roles.colour("accent")
            for cell in self._blocks(low, high, start):
                painter.fillRect(cell, colour)

    def _paint_text(self, painter: QPainter, start: int, end: int) -> None:
        metrics, roles = self._metrics, self._theme.roles
        data = self._read(start, end - start)
        offset, length = self.selection
        selected = range(offset - start, offset + length - start)
        masked = [
            range(span.start - start, span.end - start)
            for span in self._regions.spans(start, end)
            if span.region.masked
        ]
        bytes_run, addresses = _Runs(), _Runs()
        for row in range((end - start + COLUMNS - 1) // COLUMNS):
            places, pair_places, character_places = metrics.row_places(row)
            index = row * COLUMNS
            glyphs = [metrics.digits[((start + index) >> shift) & 15] for shift in range(4 * len(places) - 4, -1, -4)]
            here = length and index <= selected.start < index + COLUMNS
            addresses.add("accent" if here else "muted", glyphs, places)
            line = data[index : index + COLUMNS]
            special = selected.start < index + COLUMNS and selected.stop > index
            special = special or any(run.start < index + COLUMNS and run.stop > index for run in masked)
            if len(line) == COLUMNS and not special and (line == _ZEROS or 0 not in line):
                # Most rows by far are of one colour.
                role = "text" if line != _ZEROS else "zero"
                bytes_run.add(role, [glyph for byte in line for glyph in metrics.pairs[byte]], pair_places)
                if metrics.printed:
                    bytes_run.add(role, [metrics.characters[byte] for byte in line], character_places)
                continue
            for column in range(min(COLUMNS, end - start - index)):
                pair, character, role = self._cell(line, column, hidden=any(index + column in run for run in masked))
                role = "on_accent" if index + column in selected else role
                bytes_run.add(role, pair, pair_places[2 * column : 2 * column + 2])
                if metrics.printed:
                    bytes_run.add(role, (character,), (character_places[column],))
        addresses.draw(painter, metrics.address_raw_font, roles)
        bytes_run.draw(painter, metrics.raw_font, roles)

    def _cell(self, line: bytes, column: int, *, hidden: bool) -> tuple[list[int], int, str]:
        """Glyphs and colour of a byte; what could not be read has dashes."""
        metrics = self._metrics
        if column >= len(line):
            return metrics.missing, metrics.missing[0], "muted"
        if hidden:
            return metrics.masked, metrics.masked[0], "muted"
        byte = line[column]
        return metrics.pairs[byte], metrics.characters[byte], "text" if byte else "zero"

    def _paint_names(self, painter: QPainter, start: int, rows: int) -> None:
        metrics, roles = self._metrics, self._theme.roles
        width = max(metrics.field_width, self.viewport().width() - metrics.field_left) - metrics.padding
        selected_row = (self.selection[0] - start) // COLUMNS
        for row in range(rows):
            address = start + row * COLUMNS
            text = ", ".join(self._regions.names(address, address + COLUMNS))
            if not text and not row and (region := self._regions.at(address)) is not None:
                text = f"… {region.name}"  # began above
            if not text:
                continue
            font, role = metrics.label_font, "muted"
            if row == selected_row:
                font, role = metrics.label_bold, "accent"
            painter.setFont(font)
            painter.setPen(roles.colour(role))
            room = QRectF(
                metrics.field_left, metrics.header_height + row * metrics.row_height, width, metrics.row_height
            )
            elided = painter.fontMetrics().elidedText(printable(text), Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)

    def _blocks(self, low: int, high: int, start: int) -> Iterator[QRectF]:
        """The rectangles that hold the bytes [low, high) in a window that begins at `start`."""
        first_row, first = divmod(low - start, COLUMNS)
        last_row, last = divmod(high - 1 - start, COLUMNS)
        if first_row == last_row:
            yield from self._metrics.cells(first_row, first, last)
            return
        yield from self._metrics.cells(first_row, first, COLUMNS - 1)
        if last_row > first_row + 1:
            yield from self._metrics.cells(first_row + 1, 0, COLUMNS - 1, last_row - first_row - 1)
        yield from self._metrics.cells(last_row, 0, last)

    # --- events

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Other rows are seen, and the columns may have to stand closer together."""
        super().resizeEvent(event)
        self._measure()
        self._update_bars()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show the frame of the focus."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Remove the frame of the focus."""
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move the caret; with Shift, extend the selection."""
        if not self._size:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif (target := self._target(event)) is not None:
            target = min(max(target, 0), self._size - 1)
            extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._select(self._anchor if extend else target, target)
            self._reveal(target, target, margin=0)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Scroll by rows, whatever the scroll bar's step stands for."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - event.angleDelta().x() // 2)
        elif not event.pixelDelta().isNull():
            self._wheel -= event.pixelDelta().y() / self._metrics.row_height
        else:
            self._wheel -= event.angleDelta().y() / 120 * QApplication.wheelScrollLines()
        whole = int(self._wheel)
        self._wheel -= whole
        self._scroll_to(self._top + whole)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Put the caret; with Shift, extend the selection. The right button keeps a selection it is inside of."""
        offset = self._offset_at(event.position())
        if offset is None:
            return
        start, length = self.selection
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = True
            extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._select(self._anchor if extend else offset, offset)
        elif event.button() == Qt.MouseButton.RightButton and not start <= offset < start + length:
            self._select(offset, offset)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Extend the selection; outside the view, go on scrolling while the button is held."""
        if not self._dragging:
            return
        self._drag_at = event.position()
        inside = self._metrics.header_height <= event.position().y() < self.viewport().height()
        if inside:
            self._auto_scroll.stop()
        elif not self._auto_scroll.isActive():
            self._auto_scroll.start(_AUTO_SCROLL_MS, self)
        self._drag()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The selection is made."""
        self._dragging = False
        self._auto_scroll.stop()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Select the field under the mouse."""
        offset = self._offset_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and offset is not None:
            self._select_region(offset)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Tell which field is under the mouse when it rests there."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            offset = self._offset_at(QPointF(event.pos()))
            region = self._regions.at(offset) if offset is not None else None
            if offset is None or region is None:
                QToolTip.hideText()
            else:
                words = f"{printable(region.name)}, {byte_count(region.length)}, {region.protection.value}"
                QToolTip.showText(event.globalPos(), f"{words}\nhere: 0x{offset:x}", self)
            return True
        return super().viewportEvent(event)

    def timerEvent(self, event: QTimerEvent) -> None:  # noqa: N802 - Qt's name
        """Scroll while the mouse drags outside the view, faster the farther away it is."""
        if event.timerId() != self._auto_scroll.timerId():
            super().timerEvent(event)
            return
        metrics = self._metrics
        above = self._drag_at.y() - metrics.header_height
        below = self._drag_at.y() - self.viewport().height()
        away = above if above < 0 else max(below, 0)
        self._scroll_to(self._top + int(away / metrics.row_height) + (1 if away > 0 else -1))
        self._drag()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Show the menu at the mouse, or at the selection if a key asked for it."""
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            row, column = divmod(self.selection[0] - self._top * COLUMNS, COLUMNS)
            y = self._metrics.header_height + (row + 1) * self._metrics.row_height
            inside = min(max(y, 0), self.viewport().height())
            place = self.viewport().mapToGlobal(QPoint(self._metrics.hex_at(column), inside))
        menu.popup(place)

    # --- inside

    @property
    def _size(self) -> int:
        return self._source.size if self._source is not None else 0

    @property
    def _row_count(self) -> int:
        return (self._size + COLUMNS - 1) // COLUMNS

    @property
    def _rows_seen(self) -> int:
        return max(1, (self.viewport().height() - self._metrics.header_height) // self._metrics.row_height)

    @property
    def _last_top(self) -> int:
        return max(0, self._row_count - self._rows_seen)

    def _read(self, offset: int, size: int) -> bytes:
        """Bytes, or fewer; an error is told once and shown as missing bytes, for painting cannot fail."""
        if self._source is None:
            return b""
        try:
            return self._source.read(offset, size)
        except SeError as error:
            if not self._has_failed:
                self._has_failed = True
                self.failed.emit(error)
            return b""

    def _target(self, event: QKeyEvent) -> int | None:
        """Where a key moves the caret; None if it is no such key."""
        start, length = self.selection
        extend = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        low, high = (self._caret, self._caret) if extend else (start, start + length - 1)
        page = self._rows_seen * COLUMNS
        # Out of a longer selection one moves to its end first, as in text.
        step = 1 if extend or length == 1 else 0
        column_end = min(high - high % COLUMNS + COLUMNS, self._size) - 1
        targets = {
            Qt.Key.Key_Left: low - step,
            Qt.Key.Key_Right: high + step,
            Qt.Key.Key_Up: low - COLUMNS if low >= COLUMNS else low,
            Qt.Key.Key_Down: high + COLUMNS if high + COLUMNS < self._size else high,
            Qt.Key.Key_PageUp: low - page if low >= page else low % COLUMNS,
            Qt.Key.Key_PageDown: high + page,
            Qt.Key.Key_Home: 0 if control else low - low % COLUMNS,
            Qt.Key.Key_End: self._size - 1 if control else column_end,
        }
        return targets.get(Qt.Key(event.key()))

    def _select(self, anchor: int, caret: int) -> None:
        before = self.selection
        self._anchor, self._caret = anchor, caret
        if self.selection != before:
            self._describe()
            self.viewport().update()
            self.selection_changed.emit(*self.selection)

    def _select_region(self, offset: int) -> None:
        region = self._regions.at(offset)
        if region is not None:
            self.select(region.offset, region.length, reveal=False)

    def _drag(self) -> None:
        offset = self._offset_at(self._drag_at)
        if offset is not None:
            self._select(self._anchor, offset)

    def _offset_at(self, place: QPointF) -> int | None:
        """The byte nearest to a place of the viewport; None if there are no bytes."""
        if not self._size:
            return None
        metrics = self._metrics
        row = int((place.y() - metrics.header_height) // metrics.row_height)
        row = self._top + min(max(row, 0), self._rows_seen)
        column = metrics.column_at(place.x() + self.horizontalScrollBar().value())
        return min(row * COLUMNS + column, self._size - 1)

    def _reveal(self, first: int, last: int, margin: int = 3) -> None:
        """Scroll so that the first byte is seen, and the last one too if there is room; stay if so already."""
        top, bottom = first // COLUMNS, last // COLUMNS
        seen = self._rows_seen
        if top >= self._top and (bottom < self._top + seen or (bottom - top >= seen and top == self._top)):
            return
        if margin:  # from elsewhere: show a little of what comes before
            self._scroll_to(top - min(margin, max(0, seen - 1 - (bottom - top))))
        else:
            self._scroll_to(top if top < self._top else bottom - seen + 1)

    def _scroll_to(self, row: int) -> None:
        row = min(max(row, 0), self._last_top)
        if row != self._top:
            self._top = row
            self.viewport().update()
        self._moving_bar = True
        self.verticalScrollBar().setValue(self._to_bar(row))
        self._moving_bar = False

    def _to_bar(self, row: int) -> int:
        last = self._last_top
        return row if last <= _BAR_LIMIT else row * _BAR_LIMIT // last

    def _bar_moved(self, value: int) -> None:
        if self._moving_bar:
            return
        last = self._last_top
        self._top = value if last <= _BAR_LIMIT else value * last // _BAR_LIMIT
        self.viewport().update()

    def _update_bars(self) -> None:
        bar = self.verticalScrollBar()
        self._moving_bar = True
        bar.setRange(0, min(self._last_top, _BAR_LIMIT))
        bar.setSingleStep(1)
        bar.setPageStep(max(1, self._to_bar(self._rows_seen)))
        self._moving_bar = False
        sideways = self.horizontalScrollBar()
        sideways.setRange(0, max(0, self._metrics.width - self.viewport().width()))
        sideways.setPageStep(self.viewport().width())
        sideways.setSingleStep(self._metrics.pitch)
        self._scroll_to(self._top)

    def _restyle(self) -> None:
        digits = max(8, len(f"{max(self._size - 1, 0):x}"))
        self._wide = _Metrics(self._theme, digits)
        self._tight = _Metrics(self._theme, digits, tight=True)
        self._narrow = _Metrics(self._theme, digits, tight=True, printed=False)
        self._measure()
        self.updateGeometry()
        self._update_bars()
        self.viewport().update()

    def _measure(self) -> None:
        """Choose the widest columns that there is room for; where there is for none, those that scroll sideways."""
        width = self.viewport().width()
        ways = (self._wide, self._tight, self._narrow)
        self._metrics = next((metrics for metrics in ways if metrics.width <= width), self._tight)

    def _describe(self) -> None:
        """Tell assistive technology what is selected."""
        offset, length = self.selection
        if not length:
            self.setAccessibleDescription("No bytes.")
            return
        words = [f"Offset 0x{offset:x}, {byte_count(length)}"]
        shown = min(length, _DESCRIBED_BYTES)
        if self._regions.masked(offset, offset + shown):
            words.append("hidden")
        else:
            more = " and more" if length > shown else ""
            words.append(f"{self._read(offset, shown).hex(' ')}{more}")
        region = self._regions.at(offset)
        if region is not None:
            words.append(f"{printable(region.name)}, {region.protection.value}")
        self.setAccessibleDescription("; ".join(words))


def _menu_text(text: str) -> str:
    """Text for a menu, where & would underline the next character."""
    return printable(text).replace("&", "&&")
