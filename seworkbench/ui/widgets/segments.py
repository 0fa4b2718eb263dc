"""A choice of a few, all of them seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable


class Segments(QWidget):
    """A row of choices of which one holds.

    Args:
        choices: stable name and text of each.
        chosen: called with the name when the user chose another.
        name: for screen readers.
    """

    def __init__(self, choices: tuple[tuple[str, str], ...], chosen: Callable[[str], None], name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for key, text in choices:
            made = QPushButton(text)
            made.setObjectName("segment")
            made.setCheckable(True)
            made.setAccessibleName(f"{name}: {text}")
            made.clicked.connect(lambda _checked=False, key=key: chosen(key))
            self._group.addButton(made)
            row.addWidget(made)
            self.buttons[key] = made

    def choose(self, key: str) -> None:
        """Show a choice as the one that holds."""
        self.buttons[key].setChecked(True)

    def clear_with(self, other: Segments) -> None:
        """When one of the other row is chosen, none of this one is."""
        for made in other.buttons.values():
            made.toggled.connect(self._clear_if)

    def _clear_if(self, chosen: bool) -> None:
        if chosen:
            # An exclusive group keeps its last button pressed.
            self._group.setExclusive(False)
            for made in self.buttons.values():
                made.setChecked(False)
            self._group.setExclusive(True)
