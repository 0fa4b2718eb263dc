"""The line for finding bytes and fields and for going to offsets, above the hex view."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from seworkbench.ui.widgets.basic import IconButton, label
from seworkbench.ui.widgets.copy_forms import printable
from seworkbench.ui.widgets.field_details import shown_name

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.widgets.field_search import FieldHit

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
_HIT = Qt.ItemDataRole.UserRole


class FindBar(QWidget):
    """Asks for a search or an offset, and steps through the hits.

    Fields are found while one types and listed in `list`, which whoever shows the bar puts below it.

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
        self._hits: list[tuple[int, int]] = []
        self._position = -1
        self._theme = theme
        self.list = QListWidget()
        self.list.setAccessibleName("Fields found")
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(self._choose)
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

    def show_hits(self, hits: list[tuple[int, int]], *, limit: int) -> None:
        """The result of a search."""
        self._hits, self._position = hits, -1
        self.count.setText("no hit" if not hits else f"{len(hits)}{'+' if len(hits) >= limit else ''} hits")
        self.step(1)

    def show_fields(self, hits: list[FieldHit]) -> None:
        """The fields that were found, the first one selected."""
        self.list.clear()
        for hit in hits:
            name = shown_name(hit.field)
            called = f"{hit.field.title}  {name}" if name else hit.field.title
            item = QListWidgetItem(printable(f"{called}  ·  0x{hit.field.offset:x}  ·  {hit.place}".rstrip(" ·")))
            item.setToolTip(printable(hit.field.value))
            item.setData(_HIT, hit.field)
            self.list.addItem(item)
        self.list.setFixedHeight(min(max(len(hits), 1), _ROWS) * self.list.sizeHintForRow(0) + 4 if hits else 0)
        self.list.setVisible(bool(hits))
        if hits:
            self.list.setCurrentRow(0)
        else:
            self.count.setText("no field" if self.line.text().strip() else "")

    def step(self, by: int) -> None:
        """Go to the next or previous hit, around the end."""
        if self.kind.currentText() == FIELD:
            if self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + by) % self.list.count())
        elif self._hits:
            self._position = (self._position + by) % len(self._hits)
            self.count.setText(f"{self._position + 1} of {len(self._hits)}")
            self.hit_selected.emit(*self._hits[self._position])

    def leave(self) -> None:
        """Hide the bar and forget the hits."""
        self._hits, self._position = [], -1
        self.count.clear()
        self.show_fields([])
        self.hide()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Escape closes the bar; the arrow keys move in the list of fields."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            return True
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if self.kind.currentText() == FIELD and event.key() in steps:
            self.step(steps[Qt.Key(event.key())])
            return True
        return super().eventFilter(watched, event)

    def _hint(self, kind: str) -> None:
        self.line.setPlaceholderText(HINTS[kind])
        self.count.clear()
        self.show_fields([])
        self._typed(self.line.text())

    def _typed(self, text: str) -> None:
        if self.kind.currentText() == FIELD and not self.isHidden():
            self.fields_requested.emit(text)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.count.setText(f"{self.list.currentRow() + 1} of {self.list.count()}")
            self.field_selected.emit(item.data(_HIT))

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
