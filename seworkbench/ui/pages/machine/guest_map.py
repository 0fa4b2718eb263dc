"""The map of the image as memory of the guest: what is not unpacked yet is pale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent

from seworkbench.ui.widgets.memory_map import MemoryMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.ui.theme import Theme

_VEIL = 0.72


class GuestMap(MemoryMap):
    """See the module's text.

    Args:
        theme: colours and fonts.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, Qt.Orientation.Horizontal)
        self.setAccessibleName("Memory of the guest")
        self._veiled: tuple[tuple[int, int], ...] = ()
        self._head: int | None = None

    @property
    def veiled(self) -> tuple[tuple[int, int], ...]:
        """What is not unpacked yet: first byte, and the byte behind the last."""
        return self._veiled

    def show_progress(self, veiled: Sequence[tuple[int, int]], head: int | None = None) -> None:
        """Show what is not unpacked yet.

        Args:
            veiled: first byte, and the byte behind the last, of each stretch.
            head: where unpacking goes on; None if it does not.
        """
        self._veiled = tuple(veiled)
        self._head = head
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the map, and the veil over it."""
        super().paintEvent(event)
        arranged = self.arrangement
        if arranged is None:
            return
        painter = QPainter(self)
        roles = self._theme.roles
        veil = roles.colour("panel")
        veil.setAlphaF(_VEIL)
        for axis, across, thickness in self._views(arranged):
            for start, end in self._veiled:
                first, last = axis.place(start), axis.place(end)
                if last > first:
                    painter.fillRect(self._rect(first, last, across, thickness), veil)
            if self._head is not None:
                place = axis.place(self._head)
                painter.fillRect(self._rect(place - 1, place + 1, across - 2, thickness + 4), roles.colour("accent"))
