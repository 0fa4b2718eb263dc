"""The map of the image as memory of the guest: what is not unpacked yet is pale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QRegion

from seworkbench.ui.widgets.memory_map import MemoryMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPainter

    from seworkbench.ui.theme import Theme
    from seworkbench.ui.widgets.map_geometry import Axis
    from seworkbench.ui.widgets.memory_map import Arrangement

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

    def _paint_view(
        self, painter: QPainter, axis: Axis, across: float, thickness: float, hatch: tuple[int, int] | None
    ) -> None:
        """Draw a view, a veil over what is not unpacked yet, and where unpacking goes on."""
        super()._paint_view(painter, axis, across, thickness, hatch)
        veil = self._theme.roles.colour("panel")
        veil.setAlphaF(_VEIL)
        for start, end in self._veiled:
            painter.fillRect(self._rect(axis.place(start), axis.place(end), across, thickness), veil)
        if self._head is not None:
            place = axis.place(self._head)
            accent = self._theme.roles.colour("accent")
            painter.fillRect(self._rect(place - 1, place + 1, across - 2, thickness + 4), accent)

    def _paint_names_inside(self, painter: QPainter, arranged: Arrangement) -> None:
        """Names stand on full colours only; unpacking uncovers them."""
        painter.save()
        metrics = arranged.metrics
        seen = QRegion(self.rect())
        for start, end in self._veiled:
            first, last = arranged.scale.place(start), arranged.scale.place(end)
            seen -= QRegion(self._rect(first, last, metrics.scale_at, metrics.scale).toAlignedRect())
        painter.setClipRegion(seen)
        super()._paint_names_inside(painter, arranged)
        painter.restore()
