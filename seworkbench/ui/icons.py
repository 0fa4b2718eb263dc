"""Icons from resources/icons, drawn in the colour of a role and sharp at any scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from seworkbench.checks import Verdict
from seworkbench.resources import resource

if TYPE_CHECKING:
    from PySide6.QtCore import QRect

    from seworkbench.ui.theme import Theme

VERDICT_ICONS = {
    Verdict.PASSED: "circle-check",
    Verdict.FAILED: "octagon-x",
    Verdict.WARNING: "triangle-alert",
    Verdict.NOT_CHECKED: "circle-dashed",
}


class _RoleEngine(QIconEngine):
    """Draws an SVG in the colour that a role has at the moment of painting, so icons follow the theme."""

    def __init__(self, svg: str, theme: Theme, role: str, *, leading: bool) -> None:
        super().__init__()
        self._svg = svg
        self._theme = theme
        self._role = role
        self._leading = leading

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        """Draw into `rect`, keeping the icon square."""
        role = "muted" if mode is QIcon.Mode.Disabled else self._role
        colour = self._theme.roles.colour(role).name()
        renderer = QSvgRenderer(QByteArray(self._svg.replace("currentColor", colour).encode()))
        side = min(rect.width(), rect.height())
        left = rect.x() if self._leading else rect.x() + (rect.width() - side) / 2
        renderer.render(painter, QRectF(left, rect.y() + (rect.height() - side) / 2, side, side))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon as a picture."""
        pixmap = QPixmap(size)
        if size.isEmpty():  # where there is no room nothing can be drawn
            return pixmap
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """A copy, as Qt asks for when an icon is changed."""
        return _RoleEngine(self._svg, self._theme, self._role, leading=self._leading)


def icon(name: str, theme: Theme, role: str = "muted", *, leading: bool = False) -> QIcon:
    """The icon of that name in the colour of a role.

    Args:
        name: of a file in resources/icons.
        theme: whose roles it follows.
        role: its colour.
        leading: in a place wider than high, whether it stands at the left instead of in the middle; what is left
            over parts it from a text, which style sheets cannot do.
    """
    svg = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
    return QIcon(_RoleEngine(svg, theme, role, leading=leading))
