"""A message, opened in place: its fields and the very bytes that travel, one selection in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter

from seworkbench.ui.pages.attestation.picture import bytes_text
from seworkbench.ui.widgets.basic import Card, label, link
from seworkbench.ui.widgets.byte_source import MemorySource, regions_of
from seworkbench.ui.widgets.dissection_view import DissectionView
from seworkbench.ui.widgets.hex_view import HexView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.formats.layout import Field
    from seworkbench.ui.pages.attestation.messages import Opened
    from seworkbench.ui.theme import Theme

_HEIGHT = 250
# Narrower than this, unscaled, fields stand above the bytes.
_WIDE = 640


class MessageCard(Card):
    """The card.

    Args:
        theme: colours and fonts.
    """

    field_selected = Signal(object)  # Field
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("")
        self._theme = theme
        self._field: Field | None = None
        self._selecting = False
        self.head.addWidget(link("Close", self.closed.emit))
        self.said = label("", "small", wrap=True)
        self.said.setContentsMargins(13, 6, 13, 0)
        self.body.setContentsMargins(1, 0, 1, 2)
        self.body.addWidget(self.said)
        self.tree = DissectionView(theme)
        self.hex = HexView(theme)
        self.views = QSplitter(Qt.Orientation.Horizontal)
        self.views.setHandleWidth(8)
        self.views.setChildrenCollapsible(False)
        self.views.addWidget(self.tree)
        self.views.addWidget(self.hex)
        self.views.setSizes([320, 480])
        self.body.addWidget(self.views, 1)
        self.tree.field_selected.connect(self._field_chosen)
        self.hex.selection_changed.connect(self._bytes_chosen)
        theme.changed.connect(self._fit)
        self.hide()

    def show_message(self, opened: Opened) -> None:
        """Show a message."""
        self.title.setText(opened.title)
        self.setAccessibleName(opened.title)
        self.detail.setText(bytes_text(len(opened.content)) if opened.field is not None else "")
        self.said.setText(opened.said)
        self.views.setVisible(opened.field is not None)
        if opened.field != self._field or opened.field is None:
            self._field = opened.field
            self.tree.show_field(opened.field)
            self.hex.set_source(MemorySource(opened.content) if opened.field is not None else None)
            if opened.field is not None:
                secret = any(type(child.raw).__name__ == "Secret" for child in opened.field.children)
                self.hex.set_regions(regions_of(opened.field, len(opened.content), opened=secret))
        self._fit()
        self.show()

    def select(self, name: str) -> None:
        """Select a field of the message by its name; nothing happens if there is none."""
        if self._field is not None:
            found = next((child for child in self._field.children if child.name == name), None)
            if found is not None:
                self._field_chosen(found)
                self.tree.select_field(found)

    def _field_chosen(self, field: Field) -> None:
        if not self._selecting:
            self._selecting = True
            self.hex.select(field.offset, field.length)
            self._selecting = False
            self.field_selected.emit(field)

    def _bytes_chosen(self, offset: int, _length: int) -> None:
        if not self._selecting:
            self._selecting = True
            field = self.tree.select_at(offset)
            self._selecting = False
            if field is not None:
                self.field_selected.emit(field)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fields above the bytes where there is no room beside them."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wide = self.width() >= self._theme.pixels(_WIDE)
        self.views.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        self.views.setFixedHeight(self._theme.pixels(_HEIGHT if wide else 2 * _HEIGHT))
