"""Icons from resources/icons, drawn in the colour of a role and sharp at any scale."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QImage, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from seworkbench.checks import Verdict
from seworkbench.resources import resource

if TYPE_CHECKING:
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
        if rect.isEmpty():  # where there is no room nothing can be drawn
            return
        role = "muted" if mode is QIcon.Mode.Disabled else self._role
        colour = self._theme.roles.colour(role).name()
        if not _is_plain(painter):
            self._render(painter, rect, colour)
            return
        # A table has a mark in every row, painted again and again: on the screen each is drawn once and kept by Qt.
        ratio = painter.device().devicePixelRatioF()
        key = f"icon {hash(self._svg)} {colour} {rect.width()} {rect.height()} {self._leading} {ratio}"
        picture = QPixmap()
        if not QPixmapCache.find(key, picture):
            picture = QPixmap(rect.size() * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            with QPainter(picture) as inner:
                self._render(inner, QRect(QPoint(0, 0), rect.size()), colour)
            QPixmapCache.insert(key, picture)
        painter.drawPixmap(rect.topLeft(), picture)

    def _render(self, painter: QPainter, rect: QRect, colour: str) -> None:
        renderer = QSvgRenderer(QByteArray(self._svg.replace("currentColor", colour).encode()))
        side = min(rect.width(), rect.height())
        left = rect.x() if self._leading else rect.x() + (rect.width() - side) / 2
        renderer.render(painter, QRectF(left, rect.y() + (rect.height() - side) / 2, side, side))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon as a picture."""
        pixmap = QPixmap(size)
        if not size.isEmpty():  # such a one has nothing to paint on
            pixmap.fill(Qt.GlobalColor.transparent)
            with QPainter(pixmap) as painter:
                self.paint(painter, pixmap.rect(), mode, state)
        return pixmap

    def clone(self) -> QIconEngine:
        """A copy, as Qt asks for when an icon is changed."""
        made = _RoleEngine(self._svg, self._theme, self._role, leading=self._leading)
        # Qt owns it from here on, but PySide would delete it with the last name that Python has for it.
        _clones[:] = [known for known in _clones if isValid(known)] + [made]
        return made


_clones: list[_RoleEngine] = []


def _is_plain(painter: QPainter) -> bool:
    """Whether what is painted are the pixels of a screen, neither turned nor stretched."""
    straight = not (painter.worldTransform().isScaling() or painter.worldTransform().isRotating())
    return straight and isinstance(painter.device(), (QWidget, QPixmap, QImage))


@cache
def _svg(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


def icon(name: str, theme: Theme, role: str = "muted", *, leading: bool = False) -> QIcon:
    """The icon of that name in the colour of a role.

    Args:
        name: of a file in resources/icons.
        theme: whose roles it follows.
        role: its colour.
        leading: in a place wider than high, whether it stands at the left instead of in the middle; what is left
            over parts it from a text, which style sheets cannot do.
    """
    # PySide makes the engine a child of the first icon: found in a cycle by Python's collector, that one would take the
    # engine with it, from under every copy that a button or an action still paints. A copy has no such child.
    return QIcon(QIcon(_RoleEngine(_svg(name), theme, role, leading=leading)))
