"""The line for finding bytes and fields and for going to offsets, above the hex view."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QListView, QWidget

from seworkbench.ui.widgets.basic import IconButton, label
from seworkbench.ui.widgets.copy_forms import printable
from seworkbench.ui.widgets.field_details import shown_name
from seworkbench.ui.widgets.field_search import FieldHit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seworkbench.ui.theme import Theme

HINTS = {
    "Hex": "53 65 ?? 6d with ?? for any byte",
    "Text": "exact text, UTF-8",
    "Number": "decimal or 0x…, big-endian",
    "Field": "name, title or value: sehs, page digest",
    "Offset": "0x14000, 81920, +0x10 or -16",
}
GO_TO = "Offset"
FIELD = "Field"
_ROWS = 6


class _Lines(QAbstractListModel):
    """A line for each hit, made when it is seen: there may be thousands."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.hits: Sequence[Any] = ()
        self._line: Callable[[Any], str] = str

    def show_hits(self, hits: Sequence[Any], line: Callable[[Any], str]) -> None:
        """Show other hits; `line` says what one is."""
        self.beginResetModel()
        self.hits, self._line = hits, line
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        return 0 if parent is not None and parent.isValid() else len(self.hits)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        return printable(self._line(self.hits[index.row()]))


class FindBar(QWidget):
    """Asks for a search or an offset, lists the hits and steps through them.

    Fields are found while one types. Whoever shows the bar puts `list` below it.

    Args:
        theme: colours of the icons.
    """

    search_requested = Signal(str, str)  # kind, text
    fields_requested = Signal(str)  # text
    field_selected = Signal(object)  # Field
    offset_requested = Signal(str)
    hit_selected = Signal(int, int)  # offset, length
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._more = False
        self._lines = _Lines(self)
        self.list = QListView()
        self.list.setModel(self._lines)
        self.list.setAccessibleName("What was found")
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.list.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.kind = QComboBox()
        self.kind.addItems(list(HINTS))
        self.kind.setAccessibleName("What to find")
        self.kind.currentTextChanged.connect(self._hint)
        self.line = QLineEdit()
        self.line.setAccessibleName("Find")
        self.line.returnPressed.connect(self._go)
        self.line.textChanged.connect(self._typed)
        self.line.installEventFilter(self)
        self.count = label("", "small")
        row.addWidget(self.kind)
        row.addWidget(self.line, 1)
        row.addWidget(self.count)
        for name, text, step in (("chevron-up", "Previous hit", -1), ("chevron-down", "Next hit", 1)):
            row.addWidget(IconButton(theme, name, text, partial(self.step, step), 16))
        row.addWidget(IconButton(theme, "x", "Close the search", self.leave, 16))
        self._hint(self.kind.currentText())
        self.hide()

    def ask(self, kind: str) -> None:
        """Show the bar for a kind of search, or for an offset."""
        self.kind.setCurrentText(kind)
        self.show()
        self.line.setFocus()
        self.line.selectAll()
        self._typed(self.line.text())

    def renew(self) -> None:
        """Something else is looked through: forget the hits, and find fields in it."""
        self._forget()
        self._typed(self.line.text())

    def show_hits(self, hits: list[tuple[int, int]], place: Callable[[int], str], *, limit: int) -> None:
        """The result of a search for bytes, the first hit selected.

        Args:
            hits: offset and length of each.
            place: what holds a byte.
            limit: how many were searched for at most.
        """
        self._more = len(hits) >= limit
        self._show(hits, lambda hit: f"0x{hit[0]:x}  ·  {place(hit[0])}".rstrip(" ·"))
        if not hits:
            self.count.setText("no hit")

    def show_fields(self, hits: list[FieldHit]) -> None:
        """The fields that were found, the first one selected."""
        self._more = False
        self._show(hits, _field_line)
        if not hits:
            self.count.setText("no field" if self.line.text().strip() else "")

    def step(self, by: int) -> None:
        """Go to the next or previous hit, around the end."""
        if count := self._lines.rowCount():
            self.list.setCurrentIndex(self._lines.index((self.list.currentIndex().row() + by) % count))

    def leave(self) -> None:
        """Hide the bar and forget the hits."""
        self._forget()
        self.hide()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Escape closes the bar; the arrow keys move in the list."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            return True
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if self._lines.hits and event.key() in steps:
            self.step(steps[Qt.Key(event.key())])
            return True
        return super().eventFilter(watched, event)

    def _hint(self, kind: str) -> None:
        self.line.setPlaceholderText(HINTS[kind])
        self.renew()

    def _show(self, hits: Sequence[Any], line: Callable[[Any], str]) -> None:
        self._lines.show_hits(hits, line)
        if hits:
            self.list.setFixedHeight(min(len(hits), _ROWS) * self.list.sizeHintForRow(0) + 4)
            self.list.setCurrentIndex(self._lines.index(0))
        self.list.setVisible(bool(hits))

    def _forget(self) -> None:
        self._show((), str)
        self.count.clear()

    def _typed(self, text: str) -> None:
        if self.kind.currentText() == FIELD and not self.isHidden():
            self.fields_requested.emit(text)

    def _choose(self, current: QModelIndex) -> None:
        if not current.isValid():
            return
        self.count.setText(f"{current.row() + 1} of {self._lines.rowCount()}{'+' if self._more else ''}")
        hit = self._lines.hits[current.row()]
        if isinstance(hit, FieldHit):
            self.field_selected.emit(hit.field)
        else:
            self.hit_selected.emit(*hit)

    def _go(self) -> None:
        text = self.line.text().strip()
        if not text:
            return
        if self.kind.currentText() == GO_TO:
            self.offset_requested.emit(text)
        elif self.kind.currentText() == FIELD:
            self.step(1)
        else:
            self.search_requested.emit(self.kind.currentText(), text)


def _field_line(hit: FieldHit) -> str:
    name = shown_name(hit.field)
    called = f"{hit.field.title}  {name}" if name else hit.field.title
    return f"{called}  ·  0x{hit.field.offset:x}  ·  {hit.place}".rstrip(" ·")
