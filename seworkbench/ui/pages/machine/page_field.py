"""The pages of a guest, a cell for one or several of them, filling up while the Ultravisor unpacks them.

A cell stands for the more pages the larger the image is, so that all of them are always in view. What has happened is
told by a handful of numbers, and a frame is some hundred rectangles: it stays fluid with millions of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from seworkbench.formats.components import PAGE_SIZE
from seworkbench.ui.widgets.memory_map import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.ui.theme import Theme

_CELL, _PITCH, _ROW, _NAME = 8, 10, 14, 132
_LEAST_ROWS, _LEAST_CELLS = 5, 12
_NONE = (
    "The image appears here as the memory of the guest: a map of its parts to scale, and every page as the Ultravisor "
    "unpacks it."
)
_LOST = "The component table is gone: nobody can tell which pages the Ultravisor is to unpack."


@dataclass(frozen=True, slots=True)
class PageGroup:
    """The pages of a component.

    Args:
        name: of the component.
        address: of its first page.
        pages: how many.
    """

    name: str
    address: int
    pages: int

    @property
    def end(self) -> int:
        """The address behind its last page."""
        return self.address + self.pages * PAGE_SIZE


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of cells: which group, and the first page that it shows."""

    group: int
    first: int
    top: float


class PageField(QWidget):
    """See the module's text.

    Args:
        theme: colours and fonts.
    """

    activated = Signal(object)  # int: address of the page that was clicked

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._groups: tuple[PageGroup, ...] = ()
        self._done: list[int] = []
        self._changed: tuple[tuple[int, int], ...] = ()
        self._empty_words = _NONE
        self._refused = False
        self._head: int | None = None
        self._rows: list[_Row] = []
        self._share = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMouseTracking(True)
        self.setAccessibleName("Pages of the guest")
        theme.changed.connect(self._arrange)

    # --- what is shown

    @property
    def groups(self) -> tuple[PageGroup, ...]:
        """The components."""
        return self._groups

    @property
    def done(self) -> tuple[int, ...]:
        """How many pages of each component are unpacked."""
        return tuple(self._done)

    @property
    def refused(self) -> bool:
        """Whether what was unpacked was refused."""
        return self._refused

    @property
    def share(self) -> int:
        """How many pages a cell stands for."""
        return self._share

    def show_groups(
        self, groups: Sequence[PageGroup], changed: Sequence[tuple[int, int]] = (), *, lost: bool = False
    ) -> None:
        """Show components, none of them unpacked.

        Args:
            groups: the components in their order.
            changed: offset and length of what somebody changed.
            lost: whether there is an image, but nothing in it leads to components.
        """
        self._empty_words = _LOST if lost else _NONE
        self._groups = tuple(groups)
        self._changed = tuple(changed)
        self.show_progress({})
        self._arrange()

    def show_progress(self, done: dict[int, int], *, head: int | None = None, refused: bool = False) -> None:
        """Show what is unpacked.

        Args:
            done: pages unpacked, by the address of the component.
            head: address of the page that was unpacked last, while more follow.
            refused: whether what was unpacked was refused.
        """
        self._done = [min(done.get(group.address, 0), group.pages) for group in self._groups]
        self._head = head
        self._refused = refused
        total = sum(group.pages for group in self._groups)
        words = f"{sum(self._done)} of {total} pages are unpacked"
        self.setAccessibleDescription(f"{words} and refused." if refused else f"{words}.")
        self.update()

    # --- geometry

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for some rows."""
        return QSize(self._theme.pixels(500), self._theme.pixels(_ROW * 9))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A row for each of the usual components."""
        return QSize(self._theme.pixels(_NAME + _LEAST_CELLS * _PITCH), self._theme.pixels(_ROW * _LEAST_ROWS))

    def resizeEvent(self, _event: object) -> None:  # noqa: N802 - Qt's name
        """Other cells have room."""
        self._arrange()

    def _columns(self) -> int:
        zoom = self._theme.zoom
        return max(8, int((self.width() - _NAME * zoom) // (_PITCH * zoom)))

    def _arrange(self) -> None:
        """As few pages a cell as fit."""
        columns = self._columns()
        room = max(len(self._groups), int(self.height() // (_ROW * self._theme.zoom)))
        self._share = 1
        while sum(-(-group.pages // (columns * self._share)) for group in self._groups) > room:
            self._share *= 2
            if all(group.pages <= columns * self._share for group in self._groups):
                break
        rows: list[_Row] = []
        for number, group in enumerate(self._groups):
            for first in range(0, max(group.pages, 1), columns * self._share):
                rows.append(_Row(number, first, len(rows) * _ROW * self._theme.zoom))
        self._rows = rows
        self.update()

    def _cell(self, row: _Row, column: int) -> QRectF:
        zoom = self._theme.zoom
        return QRectF((_NAME + column * _PITCH) * zoom, row.top + 3 * zoom, _CELL * zoom, _CELL * zoom)

    def cell_of(self, address: int) -> QRectF | None:
        """Where the page of that address is drawn."""
        columns = self._columns()
        for row in self._rows:
            group = self._groups[row.group]
            page = (address - group.address) // PAGE_SIZE - row.first
            if group.address <= address < group.end and 0 <= page < columns * self._share:
                return self._cell(row, page // self._share)
        return None

    def address_at(self, point: QPointF) -> int | None:
        """The first page of the cell at a place; None beside the cells."""
        zoom = self._theme.zoom
        column = int(point.x() / zoom - _NAME) // _PITCH
        for row in self._rows:
            if row.top <= point.y() < row.top + _ROW * zoom and 0 <= column < self._columns():
                page = row.first + column * self._share
                group = self._groups[row.group]
                return group.address + page * PAGE_SIZE if page < group.pages else None
        return None

    @property
    def is_marked(self) -> bool:
        """Whether there are cells that hold changed bytes."""
        return any(
            offset < group.end and group.address < offset + length
            for offset, length in self._changed
            for group in self._groups
        )

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw names and cells."""
        painter = QPainter(self)
        roles = self._theme.roles
        if not self._groups:
            painter.setPen(roles.colour("muted"))
            painter.setFont(self._theme.font(12))
            text = self._empty_words
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, text)
            return
        columns = self._columns()
        for row in self._rows:
            if not row.first:
                self._paint_name(painter, row)
            group, done = self._groups[row.group], self._done[row.group]
            cells = min(columns, -(-(group.pages - row.first) // self._share))
            # A cell is full when all its pages are done, so no cell claims what did not happen.
            last = group.pages if done == group.pages else done // self._share * self._share
            full = min(cells, max(0, -(-(last - row.first) // self._share)))
            for column in range(cells):
                role = "hashed" if column < full else "clear"
                painter.fillRect(self._cell(row, column), roles.colour(role))
        for offset, length in self._changed:
            self._paint_changed(painter, offset, length)
        if self._head is not None and (cell := self.cell_of(self._head)) is not None:
            painter.fillRect(cell.adjusted(-1, -1, 1, 1), roles.colour("accent"))

    def _paint_name(self, painter: QPainter, row: _Row) -> None:
        zoom, group = self._theme.zoom, self._groups[row.group]
        font = self._theme.font(12)
        painter.setFont(font)
        painter.setPen(self._theme.roles.colour("text"))
        room = QRectF(0, row.top - zoom, (_NAME - 10) * zoom, _ROW * zoom + 2)
        count = f"{group.pages:,}".replace(",", "\u202f")
        advance = QFontMetricsF(font).horizontalAdvance(count)
        name = QFontMetricsF(font).elidedText(group.name, Qt.TextElideMode.ElideRight, room.width() - advance - 8)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(self._theme.roles.colour("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)

    def _paint_changed(self, painter: QPainter, offset: int, length: int) -> None:
        """A frame round the cells that hold changed bytes; filled when they were refused."""
        roles = self._theme.roles
        step = PAGE_SIZE * self._share
        for group in self._groups:
            first = max(offset, group.address)
            last = min(offset + length, group.end)
            if first >= last:
                continue
            for address in range(first - (first - group.address) % step, last, step):
                cell = self.cell_of(address)
                if cell is None:
                    continue
                role = "failed" if self._refused else "text"
                if self._refused:
                    painter.fillRect(cell, roles.colour(role))
                painter.setPen(QPen(roles.colour(role), 1.5 * self._theme.zoom))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(cell.adjusted(-1, -1, 1, 1))

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose a page."""
        if (address := self.address_at(event.position())) is not None:
            self.activated.emit(address)

    def event(self, event: QEvent) -> bool:
        """Tell which pages a cell stands for."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            address = self.address_at(QPointF(event.pos()))
            if address is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self._describe(address), self)
            return True
        return super().event(event)

    def _describe(self, address: int) -> str:
        group = next(one for one in self._groups if one.address <= address < one.end)
        first = (address - group.address) // PAGE_SIZE
        last = min(first + self._share, group.pages)
        which = f"page {first + 1}" if last == first + 1 else f"pages {first + 1} to {last}"
        return f"{group.name}, {which} of {group.pages}\nfrom 0x{address:x}, {exact((last - first) * PAGE_SIZE)}"
