"""Icons from resources/icons, drawn in the colour of a role and sharp at any scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPointF, QRectF, QSize, Qt
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

    def __init__(self, svg: str, theme: Theme, role: str) -> None:
        super().__init__()
        self._svg = svg
        self._theme = theme
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        """Draw into `rect`, keeping the icon square."""
        role = "muted" if mode is QIcon.Mode.Disabled else self._role
        colour = self._theme.roles.colour(role).name()
        renderer = QSvgRenderer(QByteArray(self._svg.replace("currentColor", colour).encode()))
        side = min(rect.width(), rect.height())
        centre = QPointF(rect.x() + rect.width() / 2, rect.y() + rect.height() / 2)
        renderer.render(painter, QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon as a picture."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """A copy, as Qt asks for when an icon is changed."""
        return _RoleEngine(self._svg, self._theme, self._role)


def icon(name: str, theme: Theme, role: str = "muted") -> QIcon:
    """The icon of that name in the colour of a role."""
    svg = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
    return QIcon(_RoleEngine(svg, theme, role))
