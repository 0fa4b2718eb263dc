"""Rings around what a caption speaks of, so that an audience finds it; they follow what they are around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QScrollArea, QWidget
from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.theme import Theme

_FOLLOW_MS = 40
# In unscaled pixels: how far a ring stands off, its stroke, the glow around it, and how round it is.
_OFF, _STROKE, _GLOW, _ROUND = 2, 3, 2, 7
# A new ring closes in on its place: from so far away, in so many steps.
_FAR, _STEPS = 28, 7
_GLOW_ALPHA = 60
_IN_VIEW = 12


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the window.

    Args:
        widget: where it is; no ring is drawn while it is not seen.
        part: gives a part of the widget, in its coordinates; all of it unless given.
    """

    widget: QWidget
    part: Callable[[], QRect] | None = None

    def seen(self, window: QWidget) -> QRect:
        """What can be seen of it, in the window's coordinates; empty if nothing can."""
        if not isValid(self.widget) or not self.widget.isVisibleTo(window):
            return QRect()
        # Not the visible region: what a child paints over is still part of it.
        seen, widget = self.widget.rect(), self.widget
        if self.part is not None:
            seen = seen.intersected(self.part())
        while widget is not window and not seen.isEmpty() and (around := widget.parentWidget()) is not None:
            seen = seen.translated(widget.pos()).intersected(around.rect())
            widget = around
        return seen

    def bring_into_view(self) -> None:
        """Scroll whatever it is in until it is seen."""
        if not isValid(self.widget):
            return
        around: QWidget | None = self.widget.parentWidget()
        while around is not None:
            # What is scrolled as a whole is as far in view as it can be.
            if isinstance(around, QScrollArea) and around.widget() is not self.widget:
                around.ensureWidgetVisible(self.widget, 0, _IN_VIEW)
            around = around.parentWidget()


def current_row(view: QAbstractItemView) -> Spot:
    """The selected row of a list or tree, with the one below it that shows its details if it is open."""

    def part() -> QRect:
        index = view.currentIndex()
        row = view.visualRect(index)
        if row.isValid():
            row = row.united(view.visualRect(view.model().index(0, 0, index)))
            row.setLeft(0)
            row.setRight(view.viewport().width() - 1)
        return row

    return Spot(view.viewport(), part)


class Spotlight(QObject):
    """The rings of a window.

    Args:
        window: where they are drawn; they take no click.
        theme: colours and zoom.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        # What is pointed at, seen or not.
        self.spots: tuple[Spot, ...] = ()
        self._rings: list[_Ring] = []
        self._step = 0
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._look)

    @property
    def places(self) -> tuple[QRect, ...]:
        """What is ringed and can be seen, in the window's coordinates."""
        return tuple(spot.seen(self._window) for spot in self.spots if not spot.seen(self._window).isEmpty())

    def point(self, spots: tuple[Spot, ...]) -> None:
        """Draw rings around some places instead of those before."""
        self.spots = spots
        while len(self._rings) < len(spots):
            self._rings.append(_Ring(self._window, self._theme))
        for ring in self._rings:
            ring.hide()
        self._step = 0
        if spots:
            self._follow.start()
        else:
            self._follow.stop()

    def clear(self) -> None:
        """Draw none."""
        self.point(())

    def _look(self) -> None:
        """Rings stand where their places are now."""
        if self._step == 0:
            # Not when it was asked for: what was changed just before is laid out by now.
            for spot in self.spots:
                spot.bring_into_view()
        self._step = min(self._step + 1, _STEPS)
        far = self._theme.pixels(_FAR) * (_STEPS - self._step) / _STEPS
        for ring, spot in zip(self._rings, self.spots, strict=False):
            ring.stand_around(spot.seen(self._window), far)


class _Ring(QWidget):
    """One ring."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def stand_around(self, place: QRect, far: float) -> None:
        """Stand around a place of the window, or be hidden if it is empty."""
        if place.isEmpty():
            self.hide()
            return
        off = self._theme.pixels(_OFF + _STROKE + _GLOW) + round(far)
        wanted = place.adjusted(-off, -off, off, off)
        if wanted != self.geometry():
            self.setGeometry(wanted)
        if not self.isVisible():
            self.show()
            self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the ring, and a glow that sets it off from frames of the same colour."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        glow = theme.roles.colour("accent")
        glow.setAlpha(_GLOW_ALPHA)
        stroke, wide = theme.pixels(_STROKE), theme.pixels(_STROKE + 2 * _GLOW)
        middle = wide / 2
        box = QRectF(self.rect()).adjusted(middle, middle, -middle, -middle)
        for colour, width in ((glow, wide), (theme.roles.colour("accent"), stroke)):
            painter.setPen(QPen(colour, width))
            painter.drawRoundedRect(box, theme.pixels(_ROUND), theme.pixels(_ROUND))
