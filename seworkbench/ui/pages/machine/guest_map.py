"""The map of the image as memory of the guest: what is not unpacked yet is pale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPixmap

from seworkbench.ui.widgets.memory_map import MemoryMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from seworkbench.ui.theme import Theme
    from seworkbench.ui.widgets.map_geometry import Axis
    from seworkbench.ui.widgets.memory_map import Arrangement

_VEIL = 0.72


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the kept pictures were painted for: size, pixels of the screen for one, whether it has the focus."""

    size: QSize
    ratio: float
    focused: bool


class GuestMap(MemoryMap):
    """See the module's text.

    The map itself is painted twice, all of it unpacked and nothing of it, and kept: while pages stream by, a frame is
    made of these two pictures.

    Args:
        theme: colours and fonts.
    """

    def __init__(self, theme: Theme) -> None:
        self._pictures: tuple[_Shape, QPixmap, QPixmap] | None = None
        self._veiled: tuple[tuple[int, int], ...] = ()
        self._pale = False
        self._head: int | None = None
        super().__init__(theme, Qt.Orientation.Horizontal)
        self.setAccessibleName("Memory of the guest")

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
        super().update()

    def update(self, *where: Any) -> None:
        """Something of the map is another one: the pictures are painted anew."""
        self._pictures = None
        super().update(*where)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what is unpacked from one picture, the rest from the other, and where unpacking goes on."""
        arranged = self.arrangement
        if arranged is None or (not self._veiled and self._head is None):
            super().paintEvent(event)
            return
        full, pale = self._kept_pictures()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, full)
        views = self._views(arranged)
        for start, end in self._veiled:
            for axis, across, thickness in views:
                painter.setClipRect(self._rect(axis.place(start), axis.place(end), across, thickness))
                painter.drawPixmap(0, 0, pale)
        painter.setClipping(False)
        if self._head is not None:
            accent = self._theme.roles.colour("accent")
            for axis, across, thickness in views:
                place = axis.place(self._head)
                painter.fillRect(self._rect(place - 1, place + 1, across - 2, thickness + 4), accent)

    def _paint_view(
        self, painter: QPainter, axis: Axis, across: float, thickness: float, hatch: tuple[int, int] | None
    ) -> None:
        """Draw a view; all of it behind a veil in the pale picture."""
        super()._paint_view(painter, axis, across, thickness, hatch)
        if self._pale:
            veil = self._theme.roles.colour("panel")
            veil.setAlphaF(_VEIL)
            painter.fillRect(self._rect(0, axis.stretches[-1].last, across, thickness), veil)

    def _paint_names_inside(self, painter: QPainter, arranged: Arrangement) -> None:
        """Names stand on full colours only; unpacking uncovers them."""
        if not self._pale:
            super()._paint_names_inside(painter, arranged)

    def _kept_pictures(self) -> tuple[QPixmap, QPixmap]:
        shape = _Shape(self.size(), self.devicePixelRatioF(), self.hasFocus())
        if self._pictures is None or self._pictures[0] != shape:
            self._pictures = (shape, self._picture(shape, pale=False), self._picture(shape, pale=True))
        return self._pictures[1:]

    def _picture(self, shape: _Shape, *, pale: bool) -> QPixmap:
        picture = QPixmap(shape.size * shape.ratio)
        picture.setDevicePixelRatio(shape.ratio)
        picture.fill(self._theme.roles.colour("panel"))
        painter = QPainter(picture)
        self._pale = pale
        try:
            self._paint(painter)
        finally:
            self._pale = False
            painter.end()
        return picture
