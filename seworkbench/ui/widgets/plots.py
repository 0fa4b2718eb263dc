"""What the plots have in common: they stand still, take no focus of their own, and wear the theme's colours.

pyqtgraph and numpy take half a second to load; `still_plot` loads them, so it is called when a plot is first shown.
Whoever knows before that there will be one can have them loaded on a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from seworkbench.ui.theme import Theme


def load_plots() -> None:
    """Load what plots need; on a thread, so that the window does not stand still when the first is shown."""
    import pyqtgraph  # type: ignore[import-untyped]  # noqa: F401, PLC0415 - only loaded


def still_plot() -> Any:
    """A plot that neither wheel nor dragging moves; a pyqtgraph widget, which has no types."""
    import pyqtgraph as pg  # noqa: PLC0415 - see the module's docstring

    plot = pg.PlotWidget()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    plot.getViewBox().setDefaultPadding(0.0)
    return plot


def upright_line(*, movable: bool) -> Any:
    """A line from top to bottom, as a cursor; a pyqtgraph item."""
    import pyqtgraph as pg  # noqa: PLC0415 - loaded by now

    return pg.InfiniteLine(movable=movable)


def style_axis(axis: Any, theme: Theme) -> None:
    """Give the scale of a plot the colours and the font of the theme."""
    axis.setPen(QPen(theme.roles.colour("line"), 0))
    axis.setTextPen(theme.roles.colour("muted"))
    axis.setStyle(tickFont=theme.font(11), tickLength=-3, tickTextOffset=3)


def plot_pen(
    widget: QWidget, theme: Theme, role: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> QPen:
    """A pen whose width is not stretched with the plot; such pens count the screen's own pixels."""
    pen = QPen(theme.roles.colour(role), width * widget.devicePixelRatioF(), style)
    pen.setCosmetic(True)
    return pen


def paint_focus_frame(widget: QWidget, theme: Theme) -> None:
    """A frame around a widget while the keyboard is there; called from its paintEvent."""
    if widget.hasFocus():
        painter = QPainter(widget)
        painter.setPen(QPen(theme.roles.colour("accent"), 1))
        painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
