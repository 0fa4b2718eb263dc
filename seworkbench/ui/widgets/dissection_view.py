"""The fields of a file as a tree: plain name, the specification's name beside it, value, offset.

Rows are painted here whole: a bar at the left for how the bytes are protected, and as much of the specification's name
and the value as there is room for, the plain name first. Secrets are masked; their eye shows them (reveal.py).
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QFontMetricsF, QGuiApplication, QKeySequence, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHeaderView, QMenu, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from seworkbench.formats.layout import Field, Protection, byte_count
from seworkbench.secret import Secret
from seworkbench.ui.icons import icon
from seworkbench.ui.theme import PROTECTION_ROLES
from seworkbench.ui.widgets.copy_forms import CopyForm, copy_as, printable
from seworkbench.ui.widgets.field_details import shown_name
from seworkbench.ui.widgets.reveal import MASK, SECONDS, Reveal
from seworkbench.ui.widgets.secret_clipboard import SecretClipboard

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QContextMenuEvent, QFont, QHideEvent, QKeyEvent, QMouseEvent, QPaintEvent

    from seworkbench.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
TreePath = tuple[tuple[str, int], ...]

TITLE, VALUE, OFFSET = range(3)
_HEADINGS = ("Field", "Value", "Offset")
FIELD_ROLE = Qt.ItemDataRole.UserRole
_ROW_PIXELS = 18
_VALUE_PIXELS = 56  # least room for a value beside a long name
_BAR = 3
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_CODE = re.compile(r"0x[0-9a-f…]+|[0-9a-f]{8}…[0-9a-f]{6}", re.ASCII)
_SMALL_NUMBER = re.compile(r"0x0{12}[0-9a-f]{4}", re.ASCII)  # 64 bits of which only the last 16 say something
_SHORTENED = 24  # longer hexadecimal values show their beginning and end


@dataclass(slots=True)
class _Node:
    """A field in the model. Its children become nodes when somebody looks at them."""

    field: Field
    parent: int
    row: int
    children: list[int] | None = None


class FieldModel(QAbstractItemModel):
    """A tree of fields; built as far as it was looked at.

    The field itself is not shown, its children are the first level; a field without children is shown alone.

    Args:
        reveal: which secret can be read.
    """

    def __init__(self, reveal: Reveal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[_Node] = []
        self._digits = 3
        self._reveal = reveal
        self._readable: Secret | None = None
        reveal.changed.connect(self._follow_reveal)

    @property
    def digits(self) -> int:
        """Hexadecimal digits of the offset column."""
        return self._digits

    def show_field(self, field: Field | None) -> None:
        """Show another tree."""
        self.beginResetModel()
        top = () if field is None else field.children or (field,)
        # Node 0 stands for the invisible root; ids of nodes are what Qt's indexes carry.
        self._nodes = [_Node(Field("", "", 0, 0, children=tuple(top)), 0, 0)]
        end = 0 if field is None else field.offset + field.length
        self._digits = max(3, len(f"{max(end - 1, 0):x}"))
        self.endResetModel()

    def field(self, index: Index) -> Field | None:
        """The field of an index."""
        return self._nodes[index.internalId()].field if index.isValid() else None

    def path(self, index: Index) -> TreePath:
        """Names and rows from the first level down: finds the same place in another tree of this kind."""
        steps: list[tuple[str, int]] = []
        node_id = index.internalId() if index.isValid() else 0
        while node_id:
            node = self._nodes[node_id]
            steps.append((node.field.name, node.row))
            node_id = node.parent
        return tuple(reversed(steps))

    def index_at(self, path: TreePath) -> QModelIndex:
        """The index of a path; an invalid one if there is none."""
        found = QModelIndex()
        for name, row in path:
            found = self.index(row, 0, found)
            field = self.field(found)
            if field is None or field.name != name:
                return QModelIndex()
        return found

    def index_of(self, field: Field) -> QModelIndex:
        """The index of a field, the same object; an invalid one if it is not in the tree."""
        # Equal fields are not the same: only identity counts.
        return self._first(lambda known: known is field)

    def value_text(self, field: Field) -> str:
        """The value as shown: of a secret, only if it is revealed."""
        if isinstance(field.raw, Secret):
            return field.raw.reveal().hex() if self._reveal.shows(field.raw) else MASK
        return printable(field.value)

    # --- QAbstractItemModel

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        """See Qt."""
        parent = parent if parent is not None else QModelIndex()
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        children = self._children(parent.internalId() if parent.isValid() else 0)
        return self.createIndex(row, column, children[row])

    def parent(self, child: Index | None = None) -> Any:
        """See Qt; without an argument, the owner of the model."""
        if child is None:
            return super().parent()
        if not child.isValid():
            return QModelIndex()
        parent_id = self._nodes[child.internalId()].parent
        return self.createIndex(self._nodes[parent_id].row, 0, parent_id) if parent_id else QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        if not self._nodes or (parent is not None and parent.column() > 0):
            return 0
        node = self._nodes[parent.internalId() if parent is not None and parent.isValid() else 0]
        return len(node.field.children)

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: ARG002, N802 - Qt's name
        """See Qt."""
        return len(_HEADINGS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """See Qt."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        field = self.field(index)
        if field is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (printable(field.title), self.value_text(field), f"{field.offset:0{self._digits}x}")[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            hidden = isinstance(field.raw, Secret) and not self._reveal.shows(field.raw)
            value = "hidden" if hidden else self.value_text(field)
            return (printable(field.title), value, f"offset 0x{field.offset:x}")[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tool_tip(field, self.place(index))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            inside = f" In {place}." if (place := self.place(index)) else ""
            return f"{byte_count(field.length)}, {field.protection.value}.{inside} {field.meaning}"
        return field if role == FIELD_ROLE else None

    # --- inside

    def _children(self, node_id: int) -> list[int]:
        node = self._nodes[node_id]
        if node.children is None:
            first = len(self._nodes)
            node.children = list(range(first, first + len(node.field.children)))
            self._nodes.extend(_Node(child, node_id, row) for row, child in enumerate(node.field.children))
        return node.children

    def _first(self, wanted: Callable[[Field], bool]) -> QModelIndex:
        """The index of the first field of a kind; an invalid one if there is none."""
        found = QModelIndex()
        for row in _rows_to(wanted, self._nodes[0].field if self._nodes else None) or ():
            found = self.index(row, 0, found)
        return found

    def _follow_reveal(self) -> None:
        before, self._readable = self._readable, self._reveal.secret
        if before is self._readable:  # another second went by
            return
        for secret in filter(None, (before, self._readable)):
            index = self._first(partial(_holds, secret)).siblingAtColumn(VALUE)
            if index.isValid():
                self.dataChanged.emit(index, index)

    def place(self, index: Index) -> str:
        """What a field is part of: the titles of its parents, outermost first."""
        titles: list[str] = []
        node_id = self._nodes[index.internalId()].parent if index.isValid() else 0
        while node_id:
            titles.append(printable(self._nodes[node_id].field.title))
            node_id = self._nodes[node_id].parent
        return " › ".join(reversed(titles))  # noqa: RUF001 - a mark between levels

    def _tool_tip(self, field: Field, place: str) -> str:
        """Rich text made here, so that no value of a file can pass for it."""
        name = shown_name(field)
        head = f"<b>{html.escape(printable(field.title))}</b> {html.escape(printable(name))}"
        value = "" if isinstance(field.raw, Secret) else printable(field.value)
        parts = [html.escape(place), head, html.escape(value), html.escape(field.meaning)]
        return "<br>".join(part for part in parts if part)


def _holds(secret: Secret, field: Field) -> bool:
    return field.raw is secret


def _rows_to(wanted: Callable[[Field], bool], inside: Field | None) -> tuple[int, ...] | None:
    """Rows that lead to the first field of a kind."""
    for row, child in enumerate(inside.children if inside is not None else ()):
        if wanted(child):
            return (row,)
        below = _rows_to(wanted, child)
        if below is not None:
            return (row, *below)
    return None


class _RowHeight(QStyledItemDelegate):
    """Gives all rows one height; painting is the view's."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 - Qt's name
        return QSize(10, round(_ROW_PIXELS * self._theme.zoom))


class DissectionView(QTreeView):
    """See the module's text.

    Args:
        theme: colours and fonts.
        reveal: which secret can be read; the application's own if none is given.
    """

    field_selected = Signal(object)  # Field: the user chose it

    def __init__(self, theme: Theme, reveal: Reveal | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._silent = False
        self.reveal = reveal or Reveal.shared()
        self._expanded: set[TreePath] = set()
        self._collapsed: set[TreePath] = set()
        self.fields = FieldModel(self.reveal, self)
        self.setModel(self.fields)
        self.setItemDelegate(_RowHeight(theme, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Fields")
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(10)
        self.header().setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Fixed)
        self.header().setSectionResizeMode(OFFSET, QHeaderView.ResizeMode.Fixed)
        self.expanded.connect(lambda index: self._remember(index, opened=True))
        self.collapsed.connect(lambda index: self._remember(index, opened=False))
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- what is shown

    def show_field(self, field: Field | None) -> None:
        """Show another tree. What was open stays open, and what was selected stays so where the tree has it."""
        self.reveal.conceal()
        chosen = self.fields.path(self.currentIndex())
        self._silent = True
        self.fields.show_field(field)
        self._open_again(QModelIndex(), 0)
        kept = self._seen(self.fields.index_at(chosen)) if chosen else QModelIndex()
        if kept.isValid():
            self.setCurrentIndex(kept)
        self._silent = False
        self._restyle()

    # --- selection

    @property
    def selected_field(self) -> Field | None:
        """The selected field."""
        return self.fields.field(self.currentIndex())

    def select_field(self, field: Field | None) -> bool:
        """Select a field of the tree and show it, without telling; tells whether it is in the tree."""
        index = self.fields.index_of(field) if field is not None else QModelIndex()
        self._select(index)
        return index.isValid()

    def select_at(self, offset: int) -> Field | None:
        """Select the deepest field that holds a byte, without telling; None and no selection if none does.

        Where several fields share the byte, as flags do, it is the one that they are part of.
        """
        index = QModelIndex()
        while True:
            holding = [
                child
                for row in range(self.fields.rowCount(index))
                if (child := self.fields.index(row, 0, index)).isValid() and self._holds(child, offset)
            ]
            if len(holding) != 1:
                break
            index = holding[0]
        self._select(index)
        return self.fields.field(index)

    # --- copying

    def copy_value(self) -> None:
        """Put the value of the selected field on the clipboard; that of a secret only while it can be read.

        This is what Ctrl+C does, perhaps by mistake: it must not copy what nobody sees.
        """
        field = self.selected_field
        if field is None:
            return
        if self.reveal.shows(field.raw):
            self.copy_bytes(CopyForm.HEX)
        elif not isinstance(field.raw, Secret):
            QGuiApplication.clipboard().setText(self.fields.value_text(field))

    def copy_bytes(self, form: CopyForm) -> None:
        """Put the bytes of the selected field on the clipboard."""
        field = self.selected_field
        if field is None or field.raw is None:
            return
        if isinstance(field.raw, Secret):
            text = copy_as(form, field.raw.reveal(), field.name, field.offset)
            SecretClipboard.shared().copy(text, field.raw)
        else:
            QGuiApplication.clipboard().setText(copy_as(form, field.raw, field.name, field.offset))

    def context_menu(self) -> QMenu:
        """The menu of the selected field."""
        field = self.selected_field
        menu = QMenu(self)
        value = menu.addAction("Copy value")
        value.setShortcut(QKeySequence.StandardKey.Copy)
        hidden = field is not None and isinstance(field.raw, Secret) and not self.reveal.shows(field.raw)
        value.setEnabled(field is not None and not hidden and bool(self.fields.value_text(field)))
        value.triggered.connect(lambda _checked=False: self.copy_value())
        forms = menu.addMenu("Copy bytes as")
        for form in CopyForm:
            forms.addAction(form.value).triggered.connect(lambda _checked=False, chosen=form: self.copy_bytes(chosen))
        forms.setEnabled(field is not None and field.raw is not None)
        offset = menu.addAction("Copy offset")
        offset.setEnabled(field is not None)
        if field is not None:
            text = f"0x{field.offset:x}"
            offset.triggered.connect(lambda _checked=False: QGuiApplication.clipboard().setText(text))
        if field is not None and isinstance(secret := field.raw, Secret):
            menu.addSeparator()
            toggle = menu.addAction("Hide" if self.reveal.shows(secret) else f"Show for {SECONDS} s")
            toggle.triggered.connect(lambda _checked=False: self.reveal.toggle(secret))
        menu.addSeparator()
        menu.addAction("Expand all").triggered.connect(lambda _checked=False: self.expandAll())
        menu.addAction("Collapse all").triggered.connect(lambda _checked=False: self.collapseAll())
        return menu

    # --- painting

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802 - Qt's name
        """Draw a whole row: see the module's text."""
        field = self.fields.field(index)
        if field is None:
            return
        roles = self._theme.roles
        row = QRect(0, option.rect.top(), self.viewport().width(), option.rect.height())
        selected = self.selectionModel().isSelected(index)
        if selected:
            painter.fillRect(row, roles.colour("accent"))
        text_role, muted_role = ("on_accent", "on_accent") if selected else ("text", "muted")
        self._draw_bar(painter, row, field)
        cell = self.visualRect(index.sibling(index.row(), TITLE))
        if field.children:
            self._draw_chevron(painter, cell, muted_role, opened=self.isExpanded(index))
        offset_left = row.right() - self._offset_width + 1
        painter.setFont(self._theme.mono(11))
        painter.setPen(roles.colour(muted_role))
        place = QRect(offset_left, row.top(), self._offset_width - self._gap, row.height())
        painter.drawText(place, _RIGHT, f"{field.offset:0{self.fields.digits}x}")
        room = QRect(cell.left() + 2, row.top(), offset_left - cell.left() - 2 - self._gap // 2, row.height())
        self._draw_texts(painter, room, field, text_role, muted_role)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, and a frame while the keyboard is here."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(self._theme.roles.colour("accent"))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for names, short values and some rows."""
        zoom = self._theme.zoom
        return QSize(round(360 * zoom), round(24 * _ROW_PIXELS * zoom))

    # --- events

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Space reveals or hides a secret, Ctrl+C copies the value."""
        field = self.selected_field
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_value()
        elif event.key() == Qt.Key.Key_Space and field is not None and isinstance(field.raw, Secret):
            self.reveal.toggle(field.raw)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The eye reveals or hides a secret; held down, it shows it only as long as it is held."""
        super().mousePressEvent(event)
        field = self.fields.field(self.indexAt(event.position().toPoint()))
        if event.button() != Qt.MouseButton.LeftButton or field is None or not isinstance(field.raw, Secret):
            return
        if self.eye_rect(field).contains(event.position().toPoint()):
            self.reveal.press(field.raw)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The end of holding the eye hides the secret again; a click leaves it for its time."""
        super().mouseReleaseEvent(event)
        self.reveal.release()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Show the menu at the mouse, or at the selected field if a key asked for it."""
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = event.globalPos()
        if event.reason() == event.Reason.Keyboard and self.currentIndex().isValid():
            place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        menu.popup(place)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Mask what nobody looks at."""
        self.reveal.conceal()
        super().hideEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802 - Qt's name
        """Tell what the user chose."""
        super().currentChanged(current, previous)
        field = self.fields.field(current)
        if field is not None and not self._silent:
            self.field_selected.emit(field)

    def eye_rect(self, field: Field) -> QRect:
        """Where the eye of a secret field is, whether it can be read or not; empty if it is not seen."""
        row = self.visualRect(self.fields.index_of(field))
        if not row.isValid():
            return QRect()
        side = row.height() - 4
        right = self.viewport().width() - self._offset_width - self._gap // 2
        return QRect(right - side, row.top() + 2, side, side)

    # --- inside

    @property
    def _gap(self) -> int:
        return round(12 * self._theme.zoom)

    @property
    def _offset_width(self) -> int:
        return self.columnWidth(OFFSET)

    def _draw_bar(self, painter: QPainter, row: QRect, field: Field) -> None:
        roles = self._theme.roles
        width = max(_BAR, round(_BAR * self._theme.zoom))
        painter.fillRect(0, row.top(), width, row.height(), roles.colour(PROTECTION_ROLES[field.protection]))
        if field.protection is Protection.ENCRYPTED_HASHED:
            # A thin green band on violet: encrypted and hashed.
            painter.fillRect(width - 1, row.top(), 1, row.height(), roles.colour("hashed"))

    def _draw_chevron(self, painter: QPainter, cell: QRect, role: str, *, opened: bool) -> None:
        zoom = self._theme.zoom
        centre = QPointF(cell.left() - self.indentation() / 2, cell.center().y() + 0.5)
        long, short = 3.5 * zoom, 1.75 * zoom
        offsets = (
            ((-long, -short), (0, short), (long, -short)) if opened else ((-short, -long), (short, 0), (-short, long))
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.roles.colour(role), 1.3 * zoom)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF([centre + QPointF(x, y) for x, y in offsets]))
        painter.restore()

    def _draw_texts(self, painter: QPainter, room: QRect, field: Field, text_role: str, muted_role: str) -> None:
        """Plain name, the specification's name if there is room for all of it, value at the right."""
        roles = self._theme.roles
        value = self._shortened(field)
        value_font = self._theme.mono() if _is_code(field, value) else self._theme.font(12)
        title_font = self._theme.font(12)
        title, name = printable(field.title), printable(shown_name(field))
        value_metrics, title_metrics = QFontMetrics(value_font), QFontMetrics(title_font)
        value_wanted, title_wanted = _width(value_font, value), _width(title_font, title)
        if isinstance(field.raw, Secret):
            shown = self.reveal.shows(field.raw)
            icon("eye-off" if shown else "eye", self._theme, muted_role).paint(painter, self.eye_rect(field))
            room = room.adjusted(0, 0, -room.height(), 0)
        # The plain name comes first, but leaves the value enough to show its beginning.
        least = min(room.width() // 3, round(_VALUE_PIXELS * self._theme.zoom))
        value_room = min(value_wanted, max(least, room.width() - title_wanted - self._gap))
        title_room = max(0, room.width() - value_room - (self._gap if value else 0))
        painter.setFont(title_font)
        painter.setPen(roles.colour(text_role))
        painter.drawText(
            QRect(room.left(), room.top(), title_room, room.height()),
            _LEFT,
            title_metrics.elidedText(title, Qt.TextElideMode.ElideRight, title_room),
        )
        space = round(6 * self._theme.zoom)
        name_left = room.left() + title_wanted + space
        if name and title_wanted + space + _width(title_font, name) <= title_room:
            painter.setPen(roles.colour(muted_role))
            painter.drawText(QRect(name_left, room.top(), title_room, room.height()), _LEFT, name)
        painter.setFont(value_font)
        painter.setPen(roles.colour(text_role))
        elide = Qt.TextElideMode.ElideMiddle if _is_code(field, value) else Qt.TextElideMode.ElideRight
        painter.drawText(room, _RIGHT, value_metrics.elidedText(value, elide, value_room))

    def _shortened(self, field: Field) -> str:
        """The value for a narrow column."""
        value = self.fields.value_text(field)
        if _SMALL_NUMBER.fullmatch(value):
            return f"0x…{value[-4:]}"
        if len(value) > _SHORTENED and _HEX.fullmatch(value):
            return f"{value[:8]}…{value[-6:]}"
        return value

    def _holds(self, index: QModelIndex, offset: int) -> bool:
        field = self.fields.field(index)
        return field is not None and field.offset <= offset < field.offset + field.length

    def _select(self, index: QModelIndex) -> None:
        self._silent = True
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        self._silent = False

    def _seen(self, index: QModelIndex) -> QModelIndex:
        """The index, or what it is closed away in: selecting would open what the user closed."""
        seen = index
        above = index.parent()
        while above.isValid():
            if not self.isExpanded(above):
                seen = above
            above = above.parent()
        return seen

    def _remember(self, index: QModelIndex, *, opened: bool) -> None:
        """What the user opened or closed, by path, so that it outlives the tree (unlocking makes a new one)."""
        path = self.fields.path(index)
        (self._expanded if opened else self._collapsed).add(path)
        (self._collapsed if opened else self._expanded).discard(path)

    def _open_again(self, parent: QModelIndex, depth: int) -> None:
        for row in range(self.fields.rowCount(parent)):
            index = self.fields.index(row, 0, parent)
            field = self.fields.field(index)
            if field is None or not field.children:
                continue
            path = self.fields.path(index)
            # At first the header is open, and what was decrypted: that is what one comes to see.
            wanted = (depth == 0 and field.protection is Protection.AUTHENTICATED) or field.name == "encrypted"
            if path in self._expanded or (wanted and path not in self._collapsed):
                self.setExpanded(index, True)
                self._open_again(index, depth + 1)

    def _restyle(self) -> None:
        zoom = self._theme.zoom
        self.setIndentation(round(16 * zoom))
        digit = QFontMetrics(self._theme.mono(11)).horizontalAdvance("0")
        self.header().resizeSection(OFFSET, self.fields.digits * digit + self._gap)
        self.header().resizeSection(VALUE, round(110 * zoom))
        self.scheduleDelayedItemsLayout()
        self.viewport().update()


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _is_code(field: Field, value: str) -> bool:
    """Whether a value is bytes or an address, for which the fixed pitch is."""
    if isinstance(field.raw, Secret) or field.name == "magic" or _CODE.fullmatch(value):
        return True
    return isinstance(field.raw, bytes) and value == field.raw.hex()


def _width(font: QFont, text: str) -> int:
    """Room that a text needs; advances are fractions, and text given a fraction too little is elided."""
    return math.ceil(QFontMetricsF(font).horizontalAdvance(text)) + 1
