"""The bytes of the image that is about to start, and the bits of one of them to be flipped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from seworkbench.errors import SeError
from seworkbench.ui.pages.machine.changes import BITS
from seworkbench.ui.widgets.basic import label, rule
from seworkbench.ui.widgets.byte_source import FileSource, regions_of
from seworkbench.ui.widgets.hex_view import HexView

if TYPE_CHECKING:
    from seworkbench.ui.pages.machine.session import Medium
    from seworkbench.ui.theme import Theme

_OFFSET = re.compile(r"\s*(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})\s*")


class ByteBench(QWidget):
    """See the module's text.

    Args:
        theme: colours and fonts.
    """

    asked = Signal(object, int)  # offset of the byte, number of the bit: flip it
    moved = Signal(object)  # offset of the byte that is selected
    failed = Signal(object)  # SeError

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._source: FileSource | None = None
        self._possible = False
        self.hex = HexView(theme)
        self.place = QLineEdit()
        self.place.setAccessibleName("Offset of the byte")
        self.place.setPlaceholderText("0x15000")
        self.place.returnPressed.connect(self._go)
        self.value = label("", "small")
        self.bits = [self._bit(number) for number in range(BITS)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        holder = QVBoxLayout()
        holder.setContentsMargins(8, 4, 8, 4)
        holder.addWidget(self.hex)
        column.addLayout(holder, 1)
        column.addWidget(rule())
        which, bits = QHBoxLayout(), QHBoxLayout()
        which.setSpacing(4)
        which.addWidget(label("Byte", "small"))
        which.addWidget(self.place)
        which.addWidget(self.value, 1)
        bits.setSpacing(4)
        bits.addWidget(label("flip bit", "small"))
        bits.addSpacing(4)
        for made in self.bits:
            bits.addWidget(made)
        self._below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._below.setContentsMargins(14, 8, 14, 10)
        self._below.setSpacing(4)
        self._below.addLayout(which, 1)
        self._below.addLayout(bits)
        column.addLayout(self._below)
        self.hex.selection_changed.connect(lambda _offset, _length: self._show_byte())
        self.hex.failed.connect(self.failed)
        theme.changed.connect(self._fit)
        self._fit()

    def set_wide(self, *, wide: bool) -> None:
        """The bits beside their byte, or below it."""
        ways = QBoxLayout.Direction
        self._below.setDirection(ways.LeftToRight if wide else ways.TopToBottom)

    def show_medium(self, medium: Medium | None) -> None:
        """Show the bytes of what is inserted, those that were changed marked."""
        former = self._source
        self._source = None
        if medium is None:
            self.hex.set_source(None)
        else:
            try:
                self._source = FileSource(medium.started)
            except SeError as error:
                self.failed.emit(error)
            self.hex.set_source(self._source)
            inspection = medium.inspection
            self.hex.set_regions(regions_of(inspection.tree, inspection.size))
            self.hex.set_hits([(change.offset, change.length) for change in medium.prepared.places])
        if former is not None:
            former.close()
        self._show_byte()

    def allow(self, *, possible: bool) -> None:
        """Whether bits can be flipped now."""
        self._possible = possible
        self._show_byte()

    def go_to(self, offset: int) -> None:
        """Select a byte; the last one if there are not as many."""
        if self._source is not None and self._source.size:
            self.hex.go_to(min(offset, self._source.size - 1))
            self._show_byte()

    def close_source(self) -> None:
        """Let go of the file."""
        self.show_medium(None)

    @property
    def offset(self) -> int:
        """The byte that is selected."""
        return self.hex.selection[0]

    def _bit(self, number: int) -> QPushButton:
        made = QPushButton("0")
        made.setObjectName("bit")
        made.setAccessibleName(f"Flip bit {number}")
        made.setToolTip(f"Flip bit {number}; bit 0 is the most significant")
        made.clicked.connect(lambda _checked=False: self.asked.emit(self.offset, number))
        return made

    def _show_byte(self) -> None:
        source = self._source
        known = source is not None and source.size > 0
        byte = self.hex.selected_bytes(1) if known else b""
        for number, made in enumerate(self.bits):
            made.setText(str(byte[0] >> (BITS - 1 - number) & 1) if byte else "")
            made.setEnabled(bool(byte) and self._possible)
        self.place.setEnabled(known)
        if known:
            self.place.setText(f"0x{self.offset:x}")
            self.value.setText(f"is {byte[0]:02x}" if byte else "")
            self.moved.emit(self.offset)
        else:
            self.place.clear()
            self.value.setText("")

    def _go(self) -> None:
        found = _OFFSET.fullmatch(self.place.text())
        size = self._source.size if self._source is not None else 0
        if found is None or int(found[1], 0) >= size:
            self.failed.emit(
                SeError(
                    f"“{self.place.text()}” is no offset in the image.", remedy=f"Write 0 to 0x{max(size - 1, 0):x}."
                )
            )
            return
        self.go_to(int(found[1], 0))

    def _fit(self) -> None:
        self.place.setFixedWidth(self._theme.pixels(96))
        for made in self.bits:
            made.setFixedWidth(self._theme.pixels(25))
