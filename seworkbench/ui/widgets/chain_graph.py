"""The chain of trust as a drawing: issuers, what they signed, and their revocation lists.

The eye shall find first where it breaks: what passed is drawn thin, what failed thick with a gap and a cross, and the
list that revokes a certificate points at it. A rule that was bent is amber and says which. What is missing is dashed.

Every node is a widget of its own, so that it has a name and a role for screen readers, takes the focus, and can be
pressed; arrow keys move to the nearest node in that direction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.chain_layout import (
    HOSTS,
    LINE,
    LISTS,
    MARGIN,
    ChainNode,
    ChainPicture,
    EdgeKind,
    Layout,
    Line,
    NodeShape,
    lay_out,
)
from seworkbench.ui.widgets.checklist_view import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.theme import Theme

NODE_LIMIT = 60
# The smallest in which it can be read, and how much smaller than all else it may be.
_LEAST_ZOOM, _LEAST_SHARE = 0.85, 0.7
# The size that fits is found within a hundredth or two; of a picture of more nodes, that takes longer than it is worth.
_FITTING_STEPS, _FITTED_WELL = 4, 30
# Around a node that is brought into view, in pixels.
_VIEW_MARGIN = 24
_MISSING = (NodeShape.MISSING_CERTIFICATE, NodeShape.MISSING_LIST)
_EMPTY = "No certificate is here yet. The chain begins with a host key document or an issuer's certificate."
_FOLD = 9.0
# On a card: the mark's side, where its words begin, and how many lines its name and what is below it may take.
_MARK, _TEXT_LEFT, _TEXT_RIGHT = 16.0, 31.0, 3.0
_TITLE_LINES, _DETAIL_LINES = 3, 2
_GAP = 17.0
_WORST = {Verdict.FAILED: 0, Verdict.NOT_CHECKED: 1, Verdict.WARNING: 2, Verdict.PASSED: 3}
# Role of a line and its width; a warning is a bent rule.
_LINE_STYLES = {
    Verdict.PASSED: ("passed", 1.4),
    Verdict.FAILED: ("failed", 3.0),
    Verdict.WARNING: ("warning", 1.8),
    Verdict.NOT_CHECKED: ("not_checked", 1.2),
}


def limited(picture: ChainPicture, keep: str = "", limit: int = NODE_LIMIT) -> ChainPicture:
    """A picture of at most so many nodes: host keys that say least are counted instead of drawn.

    Args:
        picture: all of it.
        keep: key of a node that is drawn in any case: the selected one.
        limit: number of nodes.
    """
    hosts = [node for node in picture.nodes if node.shape is NodeShape.HOST_KEY]
    surplus = len(picture.nodes) - limit
    if surplus <= 0:
        return picture
    issuers = {edge.end: edge.start for edge in picture.edges if edge.kind is EdgeKind.ISSUED}
    places = {node.key: number for number, node in enumerate(hosts)}
    ranked = sorted(hosts, key=lambda node: (node.key != keep, _WORST[node.verdict], places[node.key]))
    groups = {issuers.get(node.key, "") for node in hosts}
    shown = ranked[: max(1, len(hosts) - surplus - len(groups))]
    kept = {node.key for node in shown}
    nodes = [node for node in picture.nodes if node.shape is not NodeShape.HOST_KEY or node.key in kept]
    edges = [edge for edge in picture.edges if edge.end in kept or edge.end not in places]
    for issuer in sorted(groups):
        left_out = [node for node in hosts if node.key not in kept and issuers.get(node.key, "") == issuer]
        if left_out:
            more = _more(issuer, left_out)
            nodes.append(more)
            if issuer:
                edge = next(edge for edge in picture.edges if edge.end == left_out[0].key)
                edges.append(replace(edge, end=more.key, verdict=more.verdict, words=""))
    return ChainPicture(tuple(nodes), tuple(edges))


def _more(issuer: str, left_out: list[ChainNode]) -> ChainNode:
    worst = min((node.verdict for node in left_out), key=_WORST.__getitem__)
    count = sum(node.verdict is worst for node in left_out)
    number = f"{len(left_out):,}".replace(",", "\N{THIN SPACE}")
    word = f"all {worst.value}" if count == len(left_out) else f"{count} {worst.value}"
    return ChainNode(f"more:{issuer}", NodeShape.MORE, f"and {number} more", "in the table", worst, word)


@dataclass(frozen=True)
class Lens:
    """What the drawing is seen through: as large as all other text, or smaller, so that all of it is in view.

    Args:
        theme: fonts.
        zoom: size of the drawing; 1.0 is normal.
    """

    theme: Theme
    zoom: float

    def font(self, pixels: int, *, bold: bool = False) -> QFont:
        """The text font."""
        return self.theme.font(pixels * self.zoom / self.theme.zoom, bold=bold)

    def mono(self, pixels: int) -> QFont:
        """The font of bytes."""
        return self.theme.mono(pixels * self.zoom / self.theme.zoom)


def _end(found: Layout) -> float:
    """Where all of a picture ends."""
    return found.height


class ChainGraph(QWidget):
    """The drawing.

    Args:
        theme: colours and fonts.
    """

    selected = Signal(str)  # key of the node that the user chose
    menu_asked = Signal(str, object)  # key of a node, QPoint on the screen

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._whole = ChainPicture()
        self._picture = ChainPicture()
        self._chosen = ""
        self.layout_ = Layout()
        self.lens = Lens(theme, theme.zoom)
        self.nodes: dict[str, _Card] = {}
        self.setAccessibleName("Chain of trust")
        self._canvas = _Canvas(theme, self)
        self.area = QScrollArea()
        self.area.setObjectName("cardScroll")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self._canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.area)
        theme.changed.connect(self._place)

    @property
    def picture(self) -> ChainPicture:
        """What is drawn; a part of what was given if that was too much."""
        return self._picture

    @property
    def chosen(self) -> str:
        """Key of the selected node; empty if none is."""
        return self._chosen

    def show_picture(self, picture: ChainPicture) -> None:
        """Draw another picture; the selection stays if its node does."""
        if picture == self._whole:
            return
        self._whole = picture
        found = Counter(node.verdict for node in picture.nodes)
        counts = ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict])
        self.setAccessibleDescription(f"{len(picture.nodes)} objects: {counts}." if counts else "Empty.")
        self._redraw()

    def select(self, key: str) -> None:
        """Mark a node and bring it into view, without telling anybody; an unknown key marks none."""
        if key == self._chosen:
            return
        before, self._chosen = self._chosen, key
        if key and key not in self.nodes and any(node.key == key for node in self._whole.nodes):
            self._redraw()
        for name in (before, key):
            if name in self.nodes:
                self.nodes[name].update()
        self._offer_focus()
        if key in self.nodes:
            self.area.ensureWidgetVisible(self.nodes[key], _VIEW_MARGIN, _VIEW_MARGIN)
        self._canvas.update()

    def step(self, card: _Card, key: Qt.Key) -> None:
        """Go from a node to the nearest one in the direction of an arrow key."""
        x, y = self.layout_.boxes[card.node.key].middle
        best, least = "", float("inf")
        for name, box in self.layout_.boxes.items():
            other_x, other_y = box.middle
            along, across = {
                Qt.Key.Key_Left: (x - other_x, y - other_y),
                Qt.Key.Key_Right: (other_x - x, y - other_y),
                Qt.Key.Key_Up: (y - other_y, x - other_x),
                Qt.Key.Key_Down: (other_y - y, x - other_x),
            }[key]
            if along > 1 and (distance := along + 2 * abs(across)) < least:
                best, least = name, distance
        if best:
            self.nodes[best].setFocus(Qt.FocusReason.TabFocusReason)
            self._choose(best)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Rows of host keys are broken for the new width; what is selected stays in view, below what led to it."""
        super().resizeEvent(event)
        self._place()
        if self._chosen in self.nodes:
            self.area.verticalScrollBar().setValue(0)
            self.area.ensureWidgetVisible(self.nodes[self._chosen], _VIEW_MARGIN, _VIEW_MARGIN)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A comfortable size."""
        return QSize(round(500 * self._theme.zoom), round(340 * self._theme.zoom))

    # --- drawing

    def _redraw(self) -> None:
        focused = next((key for key, card in self.nodes.items() if card.hasFocus()), "")
        self._picture = limited(self._whole, self._chosen)
        wanted = {node.key: node for node in self._picture.nodes}
        for key in [key for key in self.nodes if key not in wanted]:
            card = self.nodes.pop(key)
            card.hide()
            card.deleteLater()
        for key, node in wanted.items():
            if key not in self.nodes:
                card = _Card(self._theme, self, self._canvas)
                card.clicked.connect(partial(self._choose, key))
                self.nodes[key] = card
            self.nodes[key].show_node(node)
        self._place()
        self._offer_focus()
        if focused in self.nodes:
            self.nodes[focused].setFocus()

    def _place(self) -> None:
        bar = self.area.verticalScrollBar().sizeHint().width()
        room = max(200, self.width() - bar - 2)
        self.layout_ = self._fitted(room, self.height() - 2)
        for key, box in self.layout_.boxes.items():
            self.nodes[key].setGeometry(round(box.left), round(box.top), round(box.width), round(box.height))
            self.nodes[key].show()
        height = max(self.layout_.height, self.height() - 2)
        self._canvas.resize(round(max(self.layout_.width, room)), round(height))
        self._tab_order()
        self._canvas.update()

    def _fitted(self, width: float, height: float) -> Layout:
        """The layout in the largest size in which all of it is in view, or at least root and the first host keys.

        The usual size if that would be too small to read: then the reader scrolls.
        """
        whole = self._lay_out(self._theme.zoom, width)
        return self._shrunk(whole, width, height, _end) or self._shrunk(whole, width, height, self._first_end) or whole

    def _first_end(self, found: Layout) -> float:
        """Where the first row of host keys that have an issuer ends, with the margin for bringing nodes into view."""
        ends = (line.edge.end for line in found.lines if line.edge.kind is EdgeKind.ISSUED)
        bottoms = [found.boxes[key].bottom for key in ends if self.nodes[key].node.shape in HOSTS]
        return min(bottoms, default=found.height) + _VIEW_MARGIN

    def _shrunk(self, usual: Layout, width: float, height: float, end: Callable[[Layout], float]) -> Layout | None:
        """A layout of which as much is in view as asked for; None if it would be too small."""

        def fits(found: Layout) -> bool:
            return end(found) <= height and found.width <= width

        zoom = self._theme.zoom
        least = max(_LEAST_ZOOM, _LEAST_SHARE * zoom)
        if fits(usual):
            return usual
        # A picture shrinks in both directions; what is far too high need not be tried.
        if zoom <= least or end(usual) * (least / zoom) ** 2 > height or not fits(found := self._lay_out(least, width)):
            self.lens = Lens(self._theme, zoom)
            return None
        good, bad = least, zoom
        for _ in range(_FITTING_STEPS if len(self._picture.nodes) <= _FITTED_WELL else 0):
            middle = (good + bad) / 2
            if fits(tried := self._lay_out(middle, width)):
                good, found = middle, tried
            else:
                bad = middle
        self.lens = Lens(self._theme, good)
        return found

    def _lay_out(self, zoom: float, width: float) -> Layout:
        self.lens = Lens(self._theme, zoom)
        return lay_out(self._picture, width, zoom, self._further_lines)

    def _further_lines(self, node: ChainNode, width: float) -> int:
        """Lines of a card beyond one for its title and one for what is below."""
        # As wide as the card will be: a pixel decides where a line breaks.
        title, detail = _card_lines(node, self.lens, round(width * self.lens.zoom))
        return max(0, len(title) + len(detail) - 2)

    def _tab_order(self) -> None:
        """The reading order is that of the drawing."""
        order = sorted(self.layout_.boxes, key=lambda key: (self.layout_.boxes[key].top, self.layout_.boxes[key].left))
        for before, after in pairwise(order):
            QWidget.setTabOrder(self.nodes[before], self.nodes[after])

    def _offer_focus(self) -> None:
        """One node is reached with Tab, the others from it with arrow keys."""
        entry = self._chosen if self._chosen in self.nodes else next(iter(self.nodes), "")
        for key, card in self.nodes.items():
            card.setFocusPolicy(Qt.FocusPolicy.StrongFocus if key == entry else Qt.FocusPolicy.ClickFocus)

    def _choose(self, key: str) -> None:
        if self.nodes[key].node.shape is NodeShape.MORE:
            return
        self.select(key)
        self.selected.emit(key)


class _Canvas(QWidget):
    """Draws the lines below the nodes."""

    def __init__(self, theme: Theme, graph: ChainGraph) -> None:
        super().__init__()
        self._theme = theme
        self._graph = graph

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.roles.colour("panel"))
        if not self._graph.picture.nodes:
            self._say_nothing(painter)
        lines = self._graph.layout_.lines
        # What is shared says nothing about the one that broke; a whole line that runs there covers it.
        painter.setPen(QPen(self._theme.roles.colour("muted"), 1.2 * self._graph.lens.zoom))
        for line in lines:
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line.stem]))
        for line in lines:
            self._draw(painter, line)
        # Later than every line: a gap cuts whatever runs there.
        for line in lines:
            if line.cross is not None:
                self._draw_cross(painter, line, QPointF(*line.cross))
        for line in lines:
            self._write(painter, line)

    def _say_nothing(self, painter: QPainter) -> None:
        """An empty drawing would look like one that failed."""
        margin = round(MARGIN * self._theme.zoom)
        painter.setFont(self._theme.font())
        painter.setPen(self._theme.roles.colour("muted"))
        flags = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(margin, margin, -margin, -margin), int(flags), _EMPTY)

    def _draw(self, painter: QPainter, line: Line) -> None:
        edge, zoom = line.edge, self._graph.lens.zoom
        role, width = _LINE_STYLES[edge.verdict]
        pen = QPen(self._theme.roles.colour(role), width * zoom)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if edge.kind is EdgeKind.LISTS:
            pen = QPen(self._theme.roles.colour("failed"), 1.6 * zoom, Qt.PenStyle.DotLine)
        elif edge.verdict is Verdict.NOT_CHECKED:
            pen.setDashPattern([4.0, 3.0])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        points = [QPointF(x, y) for x, y in line.points]
        painter.drawPolyline(QPolygonF(points))
        if edge.kind is EdgeKind.LISTS:
            self._draw_head(painter, points[-2], points[-1])
        if edge.verdict in (Verdict.WARNING, Verdict.FAILED) and edge.kind is not EdgeKind.LISTS and line.cross is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.roles.colour(role))
            painter.drawEllipse(points[-2], 3.5 * zoom, 3.5 * zoom)

    def _draw_head(self, painter: QPainter, before: QPointF, at: QPointF) -> None:
        """The head of an arrow."""
        size = 5.0 * self._graph.lens.zoom
        across = QPointF(size, 0) if before.x() == at.x() else QPointF(0, size)
        length = before - at
        back = at + length / max(1.0, abs(length.x()) + abs(length.y())) * 1.4 * size
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.roles.colour("failed"))
        painter.drawPolygon(QPolygonF([at, back + across, back - across]))

    def _draw_cross(self, painter: QPainter, line: Line, at: QPointF) -> None:
        """A gap in the line, its two cut ends, and the sign of failure between them."""
        roles, zoom = self._theme.roles, self._graph.lens.zoom
        gap = _GAP * zoom
        level = any(
            start[1] == end[1] and min(start[0], end[0]) <= at.x() <= max(start[0], end[0]) and start[1] == at.y()
            for start, end in pairwise(line.points)
        )
        along = QPointF(gap, 0) if level else QPointF(0, gap)
        slant = QPointF(3, 7) * zoom if level else QPointF(7, 3) * zoom
        painter.setPen(QPen(roles.colour("panel"), 5 * zoom))
        painter.drawLine(at - along, at + along)
        painter.setPen(QPen(roles.colour("failed"), 2 * zoom))
        for end in (at - along, at + along):
            painter.drawLine(end - slant, end + slant)
        side = round(17 * zoom)
        mark = icon("octagon-x", self._theme, "failed")
        corner = QPointF(at.x() - side / 2, at.y() - side / 2).toPoint()
        mark.paint(painter, corner.x(), corner.y(), side, side)

    def _write(self, painter: QPainter, line: Line) -> None:
        """The words of a line."""
        if line.words is None or not line.edge.words:
            return
        strong = line.edge.verdict in (Verdict.WARNING, Verdict.FAILED)
        font = self._graph.lens.font(12 if strong else 11, bold=strong)
        role = "muted" if not strong else _LINE_STYLES[line.edge.verdict][0]
        box = QRectF(line.words.left, line.words.top, line.words.width, line.words.height)
        words = QFontMetricsF(font).elidedText(line.edge.words, Qt.TextElideMode.ElideRight, box.width())
        painter.setFont(font)
        painter.setPen(self._theme.roles.colour(role))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


class _Card(QAbstractButton):
    """A node."""

    def __init__(self, theme: Theme, graph: ChainGraph, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._graph = graph
        self.node = ChainNode("", NodeShape.CERTIFICATE, "", "", Verdict.NOT_CHECKED)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_node(self, node: ChainNode) -> None:
        """Show a node."""
        if node == self.node:
            return
        self.node = node
        parts = (node.shape.value, node.title, node.code, node.detail, node.word or node.verdict.value)
        spoken = ", ".join(part for part in parts if part)
        self.setAccessibleName(spoken[0].upper() + spoken[1:])
        self.setToolTip("\n".join(part for part in (node.title, node.code, node.detail, self._word) if part))
        self.update()

    @property
    def _word(self) -> str:
        return self.node.word or self.node.verdict.value

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As the layout says."""
        return self.size()

    def event(self, event: QEvent) -> bool:
        """Paint anew when the focus comes or goes: the frame shows it."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrow keys move, Return chooses as Space does."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._graph.step(self, key)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """What can be done with it."""
        if self.node.shape is not NodeShape.MORE:
            self.click()
            self._graph.menu_asked.emit(self.node.key, event.globalPos())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        if self.node.shape in HOSTS:
            self._paint_host(painter)
        else:
            self._paint_certificate(painter)

    def _paint_frame(self, painter: QPainter) -> None:
        roles, zoom = self._theme.roles, self._graph.lens.zoom
        chosen = self._graph.chosen == self.node.key
        failed = self.node.verdict is Verdict.FAILED
        role = "accent" if chosen or self.hasFocus() else "failed" if failed else "muted"
        if role == "muted" and self.node.shape not in (*_MISSING, NodeShape.MORE):
            role = "line"
        width = 2.0 if chosen or self.hasFocus() else 1.6 if failed else 1.2
        pen = QPen(roles.colour(role), width * zoom)
        if self.node.shape in (*_MISSING, NodeShape.MORE):
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(roles.colour("accent_background" if chosen else "panel"))
        frame = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        if self.node.shape in LISTS:
            fold = _FOLD * zoom
            corner = frame.topRight()
            painter.drawPolygon(
                QPolygonF(
                    [
                        frame.topLeft(),
                        corner - QPointF(fold, 0),
                        corner + QPointF(0, fold),
                        frame.bottomRight(),
                        frame.bottomLeft(),
                    ]
                )
            )
            painter.drawPolyline(
                QPolygonF([corner - QPointF(fold, 0), corner + QPointF(-fold, fold), corner + QPointF(0, fold)])
            )
        else:
            painter.drawRoundedRect(frame, 5 * zoom, 5 * zoom)

    def _paint_certificate(self, painter: QPainter) -> None:
        zoom = self._graph.lens.zoom
        side = round(_MARK * zoom)
        role = VERDICT_ROLES[self.node.verdict][0]
        mark = icon(VERDICT_ICONS[self.node.verdict], self._theme, role)
        mark.paint(painter, round(8 * zoom), (self.height() - side) // 2, side, side)
        left, line = _TEXT_LEFT * zoom, LINE * zoom
        title, detail = _card_lines(self.node, self._graph.lens, self.width())
        room = self.width() - left - _TEXT_RIGHT * zoom
        top = (self.height() - (len(title) + len(detail)) * line) / 2 - zoom
        pixels = 12 if self.node.shape in LISTS else 13
        for number, text in enumerate((*title, *detail)):
            place = (left, top + number * line, room, line)
            if number < len(title):
                self._line(painter, text, place, "text", pixels)
            else:
                self._line(painter, text, place, "muted", 11, bold=False)

    def _paint_host(self, painter: QPainter) -> None:
        zoom = self._graph.lens.zoom
        left, room = 9 * zoom, self.width() - 16 * zoom
        third = (self.height() - 6 * zoom) / 3
        self._line(painter, self.node.title, (left, 3 * zoom, room, third), "text", 12)
        second = 3 * zoom + third
        if self.node.code:
            mono = self._graph.lens.mono(11)
            painter.setFont(mono)
            painter.setPen(self._theme.roles.colour("muted"))
            painter.drawText(QRectF(left, second, room, third), Qt.AlignmentFlag.AlignVCenter, self.node.code)
            used = QFontMetricsF(mono).horizontalAdvance(self.node.code) + 6 * zoom
            if room - used > 16 * zoom:
                self._line(
                    painter, self.node.detail, (left + used, second, room - used, third), "muted", 11,
                    bold=False, align=Qt.AlignmentFlag.AlignRight,
                )  # fmt: skip
        else:
            self._line(painter, self.node.detail, (left, second, room, third), "muted", 11, bold=False)
        role = VERDICT_ROLES[self.node.verdict][0]
        side = round(13 * zoom)
        top = 3 * zoom + 2 * third
        mark = icon(VERDICT_ICONS[self.node.verdict], self._theme, role)
        mark.paint(painter, round(left), round(top + (third - side) / 2), side, side)
        beside = side + 5 * zoom
        # The verdict comes first and is never shortened; why is.
        place = (left + beside, top, room - beside, third)
        self._line(painter, self._word, place, role, 11, elide=Qt.TextElideMode.ElideRight)

    def _line(
        self,
        painter: QPainter,
        text: str,
        place: tuple[float, float, float, float],
        role: str,
        pixels: int,
        *,
        bold: bool = True,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        font = self._graph.lens.font(pixels, bold=bold)
        painter.setFont(font)
        painter.setPen(self._theme.roles.colour(role))
        shown = QFontMetricsF(font).elidedText(text, elide, place[2])
        painter.drawText(QRectF(*place), Qt.AlignmentFlag.AlignVCenter | align, shown)


def _card_lines(node: ChainNode, lens: Lens, width: int) -> tuple[list[str], list[str]]:
    """A certificate's or list's title, and what is below it, broken for a card of a width in pixels."""
    small = node.shape in LISTS
    room = width - (_TEXT_LEFT + _TEXT_RIGHT) * lens.zoom
    # The first line ends before the folded corner.
    title_room = room - (_FOLD + 3 if small else 2) * lens.zoom
    title = wrapped(node.title, lens.font(12 if small else 13, bold=True), title_room, _TITLE_LINES)
    # What a list's file is called says its end too.
    return title, [node.detail] if small else wrapped(node.detail, lens.font(11), room, _DETAIL_LINES)
