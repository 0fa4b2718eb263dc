"""An icon that stands by itself; it follows the theme, which the pixmap of a label would not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from seworkbench.ui.icons import icon

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme


# What an icon in the colour of a verdict tells; others decorate what is said beside them.
_WORDS = {"failed": "Error", "warning": "Warning"}


class Mark(QWidget):
    """An icon.

    Args:
        theme: colours.
        name: name of the icon.
        role: its colour.
        pixels: its side, unscaled.
    """

    def __init__(self, theme: Theme, name: str, role: str, pixels: int = 15) -> None:
        super().__init__()
        self._theme = theme
        self._icon = icon(name, theme, role)
        self.setAccessibleName(_WORDS.get(role, ""))
        self._pixels = pixels
        theme.changed.connect(self._restyle)
        self._restyle()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        self._icon.paint(QPainter(self), self.rect())

    def _restyle(self) -> None:
        side = round(self._pixels * self._theme.zoom)
        self.setFixedSize(side, side)
        self.update()
