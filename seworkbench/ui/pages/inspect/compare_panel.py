"""How the open image differs from another one: by meaning first, then place by place in the bytes."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QListView, QVBoxLayout, QWidget

from seworkbench.formats.layout import byte_count
from seworkbench.image.compare import Relation
from seworkbench.ui.widgets.basic import IconButton, button, empty_layout, label, rule
from seworkbench.ui.widgets.copy_forms import printable
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QModelIndex

    from seworkbench.ui.theme import Theme

# A hash in a title is named by its beginning; the tool tip has all of it.
_LONG = re.compile(r"[0-9a-f]{32,}")
_MARKS = {Relation.EQUAL: "=", Relation.DIFFERENT: "≠", Relation.NOT_CHECKED: "○"}


class ComparePanel(QWidget):
    """Asks for another image and shows the outcome.

    Args:
        theme: fonts and icons.
    """

    compare_requested = Signal()
    place_selected = Signal(int, int)  # offset, length

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._found: dict[str, Any] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.heading = label("Compare", "heading", wrap=True)
        self.sentence = label("", "muted", wrap=True)
        column.addWidget(self.heading)
        column.addWidget(self.sentence)
        self.choose = button("Compare with…", self.compare_requested.emit)
        column.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self.everything = QCheckBox("Show what is equal")
        self.everything.toggled.connect(self._show_pairs)
        column.addWidget(self.everything)
        self._pairs = QVBoxLayout()
        self._pairs.setSpacing(6)
        column.addLayout(self._pairs)
        head = QHBoxLayout()
        self._places_title = label("Bytes that differ", "heading")
        head.addWidget(self._places_title)
        head.addStretch(1)
        self.previous = IconButton(theme, "chevron-up", "Previous place", partial(self.step, -1))
        self.next = IconButton(theme, "chevron-down", "Next place", partial(self.step, 1))
        head.addWidget(self.previous)
        head.addWidget(self.next)
        column.addLayout(head)
        self.places = QListView()
        self.places.setAccessibleName("Places where the bytes differ")
        self.places.setUniformItemSizes(True)
        self.places.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._texts = QStringListModel(self)
        self.places.setModel(self._texts)
        self.places.selectionModel().currentChanged.connect(self._go)
        column.addWidget(self.places, 1)
        column.addStretch(0)
        self.clear()

    def clear(self) -> None:
        """There is nothing to show: another file is open now."""
        self._found = None
        self.heading.setText("Compare")
        self.sentence.setText(
            "Choose another image or header. You see what differs in meaning, and where the bytes differ. "
            "What is inside is compared when the key of the open image opens the other one too."
        )
        self._show_pairs()
        self._show_places([])

    def show_comparison(self, other: Path, found: dict[str, Any]) -> None:
        """Show the outcome.

        Args:
            other: the second file.
            found: Comparison.to_json().
        """
        self._found = found
        self.heading.setText(f"Compared with {printable(other.name)}")
        self.sentence.setText(found["summary"])
        self._show_pairs()
        self._show_places(found["ranges"])

    def step(self, by: int) -> None:
        """Go to the next or previous place, around the end."""
        count = self._texts.rowCount()
        if count:
            row = self.places.currentIndex().row()
            row = (row + by) % count if row >= 0 else (0 if by > 0 else count - 1)
            self.places.setCurrentIndex(self._texts.index(row))

    def _show_pairs(self) -> None:
        empty_layout(self._pairs)
        self.everything.setVisible(self._found is not None)
        if self._found is None:
            return
        group = ""
        for pair in self._found["pairs"]:
            relation = Relation(pair["relation"])
            if relation is Relation.EQUAL and not self.everything.isChecked():
                continue
            if pair["group"] != group:
                group = pair["group"]
                self._pairs.addWidget(rule())
                self._pairs.addWidget(label(group, "heading"))
            self._pairs.addWidget(self._row(pair, relation))

    def _row(self, pair: dict[str, str], relation: Relation) -> QWidget:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        title = label(f"{_MARKS[relation]}  {_LONG.sub(_begun, printable(pair['title']))}", wrap=True)
        title.setAccessibleName(f"{pair['title']}: {relation.value}")
        title.setToolTip(printable(pair["title"]))
        column.addWidget(title)
        values = {"this": pair["left"], "other": pair["right"]}
        if relation is Relation.EQUAL:
            values = {"both": pair["left"]}
        elif relation is Relation.NOT_CHECKED:
            values = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(8)
        grid.setColumnStretch(1, 1)
        for number, (name, value) in enumerate(values.items()):
            # One below the other and shortened alike, so that the eye can compare them.
            shown = Elided(printable(value), "bytes")
            grid.addWidget(label(name, "small"), number, 0)
            grid.addWidget(shown, number, 1)
        column.addLayout(grid)
        if pair["note"]:
            column.addWidget(label(pair["note"], "small", wrap=True))
        row.setAccessibleName(f"{pair['title']}: {relation.value}")
        return row

    def _show_places(self, ranges: list[list[int]]) -> None:
        self._ranges = ranges
        more = " or more" if self._found is not None and self._found["ranges_cut_off"] else ""
        self._places_title.setText(f"Bytes that differ: {len(ranges)}{more} place{'' if len(ranges) == 1 else 's'}")
        self._texts.setStringList([f"0x{offset:08x}   {byte_count(length)}" for offset, length in ranges])
        self.places.setFont(self._theme.mono(11))
        self.places.setMinimumHeight(self._theme.pixels(150) if ranges else 0)
        for widget in (self._places_title, self.places, self.previous, self.next):
            widget.setVisible(bool(ranges))

    def _go(self, index: QModelIndex) -> None:
        if index.isValid() and index.row() < len(self._ranges):
            offset, length = self._ranges[index.row()]
            self.place_selected.emit(offset, length)


def _begun(digits: re.Match[str]) -> str:
    return f"{digits.group()[:16]}…"
