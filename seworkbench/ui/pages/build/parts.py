"""Small pieces of the cards of this page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from seworkbench.checks import Check, Step
from seworkbench.ui.widgets.basic import IconButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.errors import SeError
    from seworkbench.ui.theme import Theme


def unreadable(error: SeError) -> Check:
    """A file that cannot be read, as a check that failed."""
    return Step("build.file", "The file can be read", remedy=error.remedy).failed(error.what)


class Badge(QWidget):
    """A number in a ring.

    Args:
        theme: colours.
        number: the number.
    """

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._theme = theme
        self._number = str(number)
        theme.changed.connect(self._restyle)
        self._restyle()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.roles.colour("line"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(self._theme.roles.colour("muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._number)

    def _restyle(self) -> None:
        self.setFont(self._theme.font(11))
        side = round(20 * self._theme.zoom)
        self.setFixedSize(side, side)
        self.update()


class RemoveButton(IconButton):
    """A small cross.

    Args:
        theme: colours.
        what: what it removes.
        remove: removes it.
    """

    def __init__(self, theme: Theme, what: str, remove: Callable[[], None]) -> None:
        super().__init__(theme, "x", f"Remove {what}", remove)
