"""The line for finding bytes and going to offsets, above the hex view."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from seworkbench.ui.icons import icon
from seworkbench.ui.widgets.basic import label

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

HINTS = {
    "Hex": "53 65 ?? 6d with ?? for any byte",
    "Text": "exact text, UTF-8",
    "Number": "decimal or 0x…, big-endian",
    "Offset": "0x14000, 81920, +0x10 or -16",
}
GO_TO = "Offset"


class FindBar(QWidget):
    """Asks for a search or an offset, and steps through the hits.

    Args:
        theme: colours of the icons.
    """

    search_requested = Signal(str, str)  # kind, text
    offset_requested = Signal(str)
    hit_selected = Signal(int, int)  # offset, length
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._hits: list[tuple[int, int]] = []
        self._position = -1
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
        self.line.installEventFilter(self)
        self.count = label("", "small")
        row.addWidget(self.kind)
        row.addWidget(self.line, 1)
        row.addWidget(self.count)
        for name, text, step in (("chevron-up", "Previous hit", -1), ("chevron-down", "Next hit", 1)):
            made = QToolButton()
            made.setIcon(icon(name, theme))
            made.setToolTip(text)
            made.setAccessibleName(text)
            made.clicked.connect(lambda _checked=False, by=step: self.step(by))
            row.addWidget(made)
        close = QToolButton()
        close.setIcon(icon("x", theme))
        close.setToolTip("Close")
        close.setAccessibleName("Close the search")
        close.clicked.connect(self.leave)
        row.addWidget(close)
        self._hint(self.kind.currentText())
        self.hide()

    def ask(self, kind: str) -> None:
        """Show the bar for a kind of search, or for an offset."""
        self.kind.setCurrentText(kind)
        self.show()
        self.line.setFocus()
        self.line.selectAll()

    def show_hits(self, hits: list[tuple[int, int]], *, limit: int) -> None:
        """The result of a search."""
        self._hits, self._position = hits, -1
        self.count.setText("no hit" if not hits else f"{len(hits)}{'+' if len(hits) >= limit else ''} hits")
        self.step(1)

    def step(self, by: int) -> None:
        """Go to the next or previous hit, around the end."""
        if self._hits:
            self._position = (self._position + by) % len(self._hits)
            self.count.setText(f"{self._position + 1} of {len(self._hits)}")
            self.hit_selected.emit(*self._hits[self._position])

    def step_from(self, offset: int, by: int) -> None:
        """Go to the hit nearest behind or before an offset."""
        offsets = [hit[0] for hit in self._hits]
        self._position = bisect_right(offsets, offset) - 1 if by > 0 else bisect_left(offsets, offset)
        self.step(by)

    def leave(self) -> None:
        """Hide the bar and forget the hits."""
        self._hits, self._position = [], -1
        self.count.clear()
        self.hide()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Escape closes the bar."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self.leave()
            return True
        return super().eventFilter(watched, event)

    def _hint(self, kind: str) -> None:
        self.line.setPlaceholderText(HINTS[kind])

    def _go(self) -> None:
        text = self.line.text().strip()
        if not text:
            return
        if self.kind.currentText() == GO_TO:
            self.offset_requested.emit(text)
        else:
            self.search_requested.emit(self.kind.currentText(), text)
