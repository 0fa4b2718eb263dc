"""Where everything of a drawn chain of trust lies; numbers only, so that it can be tested without a screen.

Issuers stand above what they signed: root, intermediates, signing certificates, and below each signing certificate its
host keys from left to right, in as many rows as the width asks for. Revocation lists stand in a column at the right,
beside their issuer. A certificate with one child stands straight above it; several children are indented, each with an
arm to the trunk. Lines that failed run above the others, so that they are never hidden below them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CERTIFICATE_SIZE = (206.0, 44.0)
# Each further line of a card's words makes it higher by so much.
LINE = 16.0
HOST_KEY_SIZE = (120.0, 60.0)
LIST_SIZE = (172.0, 42.0)
MARGIN = 12.0
_TRUNK = 22.0
_INDENT = 40.0
_ROW_GAP = 26.0
# Where a line breaks there must be room for the gap.
_BROKEN_GAP = 50.0
_GRID_GAP = 6.0
# Host keys of several rows stand beside the trunk.
_HOST_INDENT = 30.0
# From a card to the column of lists, and where width is short.
_ARM, _LEAST_ARM = 48.0, 24.0
# Cards are as wide as there is room for, within these.
_CERTIFICATE_WIDTHS = (166.0, 290.0)
_LIST_WIDTHS = (138.0, 256.0)
# How far above the host keys the lines run: those that passed, those that failed, those that point at what is revoked.
_BUS, _FAILED_BUS, _POINTER_BUS = 12.0, 26.0, 40.0
_LIST_GAP = 12.0
# A line's words stand above it and need that much.
_WORDS = 16.0


class NodeShape(Enum):
    """What stands in the graph."""

    CERTIFICATE = "certificate"
    HOST_KEY = "host key"
    LIST = "revocation list"
    MISSING_CERTIFICATE = "missing certificate"
    MISSING_LIST = "missing revocation list"
    MORE = "more host keys"


class EdgeKind(Enum):
    """What a line says."""

    ISSUED = "issued"
    PUBLISHED = "published"
    LISTS = "lists"


LISTS = (NodeShape.LIST, NodeShape.MISSING_LIST)
HOSTS = (NodeShape.HOST_KEY, NodeShape.MORE)


@dataclass(frozen=True, slots=True)
class ChainNode:
    """Something in the graph.

    Args:
        key: names it; stable, and unique in a picture.
        shape: what it is.
        title: plain name.
        detail: second line ("until 2027-06-03").
        verdict: what is thought of it.
        word: the verdict and why, in a few words ("failed: revoked"); the verdict's own word if empty.
        code: bytes that name it, in monospace (the short hash of a host key).
    """

    key: str
    shape: NodeShape
    title: str
    detail: str
    verdict: Verdict
    word: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ChainEdge:
    """A line of the graph.

    Args:
        kind: issuer to subject, issuer to its list, or list to the certificate that it revokes.
        start: key of the node that it starts from.
        end: key of the node that it ends at.
        verdict: what the checks behind it say; a warning is a rule that was bent (a quirk).
        words: what is written at it.
    """

    kind: EdgeKind
    start: str
    end: str
    verdict: Verdict
    words: str = ""


@dataclass(frozen=True, slots=True)
class ChainPicture:
    """All that is drawn. Issuers come before what they issued where it matters to the reader."""

    nodes: tuple[ChainNode, ...] = ()
    edges: tuple[ChainEdge, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.left + self.width / 2, self.top + self.height / 2

    def overlaps(self, other: Box) -> bool:
        """Whether the two share any area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is drawn.

    Args:
        edge: what it says.
        points: its corners.
        cross: where it is broken; None if it is whole.
        words: where its words stand; None if it has none or there is no room.
        stem: corners of the part that it shares with other lines, from the issuer on; drawn thin even if it failed.
    """

    edge: ChainEdge
    points: tuple[tuple[float, float], ...]
    cross: tuple[float, float] | None = None
    words: Box | None = None
    stem: tuple[tuple[float, float], ...] = ()


@dataclass(slots=True)
class Layout:
    """Where everything lies.

    Args:
        boxes: the box of each node by its key.
        lines: the lines, those to be drawn last at the end.
        width: of all, in pixels.
        height: of all, in pixels.
    """

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def lay_out(
    picture: ChainPicture,
    width: float,
    scale: float = 1.0,
    further_lines: Callable[[ChainNode, float], int] = lambda _node, _width: 0,
) -> Layout:
    """Place a picture.

    Args:
        picture: what is drawn.
        width: pixels that are there; rows of host keys are broken for it.
        scale: size of text; 1.0 is normal.
        further_lines: how many lines more than usual the words of a certificate or list take on a card of an unscaled
            width.
    """
    return _Placing(picture, width / scale, scale, further_lines).layout


class _Placing:
    """One run of placing, in unscaled pixels; scaled at the end."""

    def __init__(
        self, picture: ChainPicture, width: float, scale: float, further_lines: Callable[[ChainNode, float], int]
    ) -> None:
        self._nodes = {node.key: node for node in picture.nodes}
        self._edges = [edge for edge in picture.edges if edge.start in self._nodes and edge.end in self._nodes]
        self._width = width
        self._scale = scale
        self._boxes: dict[str, Box] = {}
        self._lines: list[Line] = []
        self._issued = {key: self._ends(key, EdgeKind.ISSUED) for key in self._nodes}
        self._parent: dict[str, str] = {}
        for edge in self._edges:
            if edge.kind is EdgeKind.ISSUED and edge.start != edge.end:
                self._parent.setdefault(edge.end, edge.start)
        self._further_lines = further_lines
        self._certificate_width, self._list_left, self._list_width = self._columns()
        self.layout = self._run(picture)

    def _run(self, picture: ChainPicture) -> Layout:
        tops = [node for node in picture.nodes if node.key not in self._parent and node.shape not in LISTS]
        below = MARGIN
        for node in tops:
            if node.key not in self._boxes and node.shape not in HOSTS:
                below = self._place(node, MARGIN, below) + _ROW_GAP
        below = self._place_loose([node for node in tops if node.shape in HOSTS], below, HOST_KEY_SIZE)
        # What hangs in a circle has no top; it is placed like one.
        for node in picture.nodes:
            if node.key not in self._boxes and node.shape not in LISTS:
                below = self._place(node, MARGIN, below) + _ROW_GAP
        loose = [node for node in picture.nodes if node.shape in LISTS and node.key not in self._boxes]
        height = max((self._card_height(node) for node in loose), default=0.0)
        below = self._place_loose(loose, below, (self._list_width, height))
        for edge in self._edges:
            if edge.kind is EdgeKind.LISTS:
                self._point(edge)
        order = {Verdict.PASSED: 0, Verdict.NOT_CHECKED: 1, Verdict.WARNING: 2, Verdict.FAILED: 3}
        self._lines.sort(key=lambda line: order[line.edge.verdict])
        right = max((box.right for box in self._boxes.values()), default=0.0) + MARGIN
        return Layout(
            {key: self._scaled(box) for key, box in self._boxes.items()},
            [self._scaled_line(line) for line in self._lines],
            right * self._scale,
            (below - _ROW_GAP + MARGIN if self._boxes else 0.0) * self._scale,
        )

    # --- nodes

    def _place(self, node: ChainNode, left: float, top: float) -> float:
        """Place a node and all below it; returns where that ends."""
        size = HOST_KEY_SIZE if node.shape in HOSTS else (self._certificate_width, self._card_height(node))
        box = Box(left, top, *size)
        self._boxes[node.key] = box
        below = self._place_lists(node, box)
        children = [self._nodes[key] for key in self._issued[node.key] if self._parent.get(key) == node.key]
        children = [child for child in children if child.key not in self._boxes]
        hosts = [child for child in children if child.shape in HOSTS]
        issuers = [child for child in children if child.shape not in HOSTS]
        if hosts:
            below = self._place_hosts(box, hosts, below, room=bool(issuers))
        if len(issuers) == 1 and not hosts:
            broken = self._issuing(issuers[0]).verdict is Verdict.FAILED
            child_top = max(below, box.bottom) + (_BROKEN_GAP if broken else _ROW_GAP)
            below = self._place(issuers[0], left, child_top)
            self._issue(box, issuers[0], straight=True)
        else:
            for child in issuers:
                broken = self._issuing(child).verdict is Verdict.FAILED
                gap = _BROKEN_GAP if broken else _ROW_GAP
                below = self._place(child, left + _INDENT, max(below, box.bottom) + gap)
                self._issue(box, child, straight=False)
        return max(below, box.bottom)

    def _place_lists(self, node: ChainNode, box: Box) -> float:
        """Place the lists of an issuer in the column; those with words below the card, where the words have room."""
        below = box.bottom
        beside_is_free = True
        for edge in self._edges:
            if edge.kind is not EdgeKind.PUBLISHED or edge.start != node.key or edge.end in self._boxes:
                continue
            beside = beside_is_free and not edge.words
            height = self._card_height(self._nodes[edge.end])
            top = max(box.top + 1, box.middle[1] - height / 2) if beside else below + _LIST_GAP
            beside_is_free = False
            place = Box(self._list_left, top, self._list_width, height)
            self._boxes[edge.end] = place
            level = place.middle[1]
            start = (box.right, level) if beside else (box.left + _TRUNK, level)
            points: tuple[tuple[float, float], ...] = (start, (place.left, level))
            if not beside:
                points = ((box.left + _TRUNK, box.bottom), *points)
            words = None
            if edge.words:
                words = Box(start[0] + 8, level - _WORDS - 1, place.left - start[0] - 14, _WORDS)
            cross = ((start[0] + place.left) / 2, level) if edge.verdict is Verdict.FAILED else None
            self._lines.append(Line(edge, points, cross, words))
            below = max(below, place.bottom)
        return below

    def _place_hosts(self, box: Box, hosts: Sequence[ChainNode], below: float, *, room: bool) -> float:
        """Place host keys in rows below their signing certificate, each on the lines above its row."""
        left = box.left + (_INDENT if room else 0.0)
        step = HOST_KEY_SIZE[0] + _GRID_GAP
        columns = max(1, int((self._width - MARGIN - left + _GRID_GAP) / step))
        if len(hosts) > columns and not room:
            # The trunk passes at the left of all rows but the last.
            left = box.left + _HOST_INDENT
            columns = max(1, int((self._width - MARGIN - left + _GRID_GAP) / step))
        trunk = box.left + _TRUNK
        edges = {edge.end: edge for edge in self._edges if edge.kind is EdgeKind.ISSUED}
        revoked = {edge.end for edge in self._edges if edge.kind is EdgeKind.LISTS}
        for start in range(0, len(hosts), columns):
            row = hosts[start : start + columns]
            failing = any(edges[node.key].verdict is Verdict.FAILED for node in row)
            pointed = any(node.key in revoked for node in row)
            top = below + (_POINTER_BUS + 14 if pointed else _FAILED_BUS + 10 if failing else _BUS + 14)
            for column, node in enumerate(row):
                place = Box(left + column * step, top, *HOST_KEY_SIZE)
                self._boxes[node.key] = place
                self._lines.append(self._host_line(edges[node.key], box, trunk, place, column))
            below = top + HOST_KEY_SIZE[1]
        return below

    @staticmethod
    def _host_line(edge: ChainEdge, issuer: Box, trunk: float, place: Box, column: int) -> Line:
        centre = place.middle[0]
        failed = edge.verdict is Verdict.FAILED
        level = place.top - (_FAILED_BUS if failed else _BUS)
        points: tuple[tuple[float, float], ...] = (
            (trunk, issuer.bottom),
            (trunk, level),
            (centre, level),
            (centre, place.top),
        )
        cross = None
        stem: tuple[tuple[float, float], ...] = ()
        if failed:
            # Between its own column and the one before, so that several broken lines keep apart.
            before = trunk if column == 0 else centre - HOST_KEY_SIZE[0] - _GRID_GAP
            at = (before + centre) / 2
            stem, points = points[:2], points[1:]
            cross = (at, level)
            if abs(centre - trunk) < 2 * _BUS:
                cross = (centre, (level + place.top) / 2)
        return Line(edge, points, cross, stem=stem)

    def _place_loose(self, nodes: Sequence[ChainNode], below: float, size: tuple[float, float]) -> float:
        """What has no issuer stands side by side; returns where the next thing may begin."""
        left = MARGIN
        for node in nodes:
            if left > MARGIN and left + size[0] > self._width - MARGIN:
                left, below = MARGIN, below + size[1] + _LIST_GAP
            self._boxes[node.key] = Box(left, below, *size)
            left += size[0] + _GRID_GAP
        return below + size[1] + _ROW_GAP if nodes else below

    def _card_height(self, node: ChainNode) -> float:
        """As its words need it."""
        is_list = node.shape in LISTS
        width = self._list_width if is_list else self._certificate_width
        return (LIST_SIZE if is_list else CERTIFICATE_SIZE)[1] + LINE * self._further_lines(node, width)

    def _columns(self) -> tuple[float, float, float]:
        """Width of certificates, where the column of lists begins (right of every card that has one), and its width."""
        depths = [MARGIN]
        for key in self._nodes:
            indent, at, seen = 0, key, {key}
            while (parent := self._parent.get(at)) is not None and parent not in seen:
                siblings = [other for other in self._issued[parent] if other in self._nodes]
                straight = len(siblings) == 1
                indent += 0 if straight else 1
                at = parent
                seen.add(at)
            if self._nodes[key].shape not in (*HOSTS, *LISTS):
                depths.append(MARGIN + indent * _INDENT)
        left = max(depths)
        spare = self._width - MARGIN - left - CERTIFICATE_SIZE[0] - _ARM - LIST_SIZE[0]
        arm = min(_ARM, max(_LEAST_ARM, _ARM + spare))
        share = (spare + _ARM - arm) / 2
        certificate, listed = (
            min(max(size[0] + share, least), most)
            for size, (least, most) in ((CERTIFICATE_SIZE, _CERTIFICATE_WIDTHS), (LIST_SIZE, _LIST_WIDTHS))
        )
        return certificate, left + certificate + arm, listed

    # --- lines

    def _issue(self, issuer: Box, child: ChainNode, *, straight: bool) -> None:
        """The line from an issuer to a certificate below it."""
        edge = self._issuing(child)
        place = self._boxes[child.key]
        trunk = issuer.left + _TRUNK
        level = place.middle[1]
        failed = edge.verdict is Verdict.FAILED
        points = [(trunk, issuer.bottom), (trunk, place.top if straight else level)]
        if not straight:
            points.append((place.left, level))
        cross = (trunk, place.top - _BROKEN_GAP / 2) if failed else None
        stem: tuple[tuple[float, float], ...] = ()
        if failed and not straight:
            # The trunk leads to others as well: thick is only the part before this one.
            branch = (trunk, max(issuer.bottom, place.top - _BROKEN_GAP))
            stem, points = (points[0], branch), [branch, *points[1:]]
        words = None
        if edge.words:
            at = trunk + (16 if failed else 8)
            gap = _BROKEN_GAP if failed else _ROW_GAP
            top = place.top - (gap + _WORDS) / 2
            words = Box(at, top, self._words_end(child.key, top) - at - 6, _WORDS)
        self._lines.append(Line(edge, tuple(points), cross, words, stem))

    def _words_end(self, child: str, top: float) -> float:
        """How far to the right the words above a certificate may go: to the lists, or below and above them."""
        beside = any(
            box.left >= self._list_left and box.top < top + _WORDS and top < box.bottom for box in self._boxes.values()
        )
        pointed = any(edge.kind is EdgeKind.LISTS and edge.end == child for edge in self._edges)
        return self._list_left if beside or pointed else self._list_left + self._list_width

    def _issuing(self, child: ChainNode) -> ChainEdge:
        return next(edge for edge in self._edges if edge.kind is EdgeKind.ISSUED and edge.end == child.key)

    def _point(self, edge: ChainEdge) -> None:
        """The line from a list to the certificate that it revokes."""
        start, end = self._boxes.get(edge.start), self._boxes.get(edge.end)
        if start is None or end is None:
            return
        if self._nodes[edge.end].shape in HOSTS:
            level = end.top - _POINTER_BUS
            target = end.middle[0] + 18
            below = any(other.left == start.left and start.bottom < other.top < level for other in self._boxes.values())
            channel = start.right + 8 if below else min(max(target, start.left + 18), start.right - 18)
            head = (start.right, start.middle[1]) if below else (channel, start.bottom)
            points = [head, (channel, level), (target, level), (target, end.top)]
            if below:
                points.insert(1, (channel, head[1]))
            words = Box(channel + 8, level - _WORDS + 2, 130.0, _WORDS)
            if below or words.right > max(self._width, start.right + MARGIN):
                words = Box(min(channel, target + 110) - 118, level - _WORDS, 112.0, _WORDS)
        else:
            channel = self._list_left - 16
            head, level = (start.left, start.bottom - 8), end.top + 9
            points = [head, (channel, head[1]), (channel, level), (end.right, level)]
            words = Box(channel + 6, max(start.bottom + 4, level - _ROW_GAP), self._list_width, _WORDS)
        self._lines.append(Line(edge, tuple(points), None, words if edge.words else None))

    # --- the rest

    def _ends(self, key: str, kind: EdgeKind) -> list[str]:
        return [edge.end for edge in self._edges if edge.kind is kind and edge.start == key and edge.end != key]

    def _scaled(self, box: Box) -> Box:
        scale = self._scale
        return Box(box.left * scale, box.top * scale, box.width * scale, box.height * scale)

    def _scaled_line(self, line: Line) -> Line:
        scale = self._scale
        points = tuple((x * scale, y * scale) for x, y in line.points)
        stem = tuple((x * scale, y * scale) for x, y in line.stem)
        cross = (line.cross[0] * scale, line.cross[1] * scale) if line.cross else None
        return Line(line.edge, points, cross, self._scaled(line.words) if line.words else None, stem)
