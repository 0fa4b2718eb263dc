"""The geometry of the map of a file: what lies where in the view to scale and in the magnified one. Knows no widgets.

Everything is laid out "along" the file and "across" it; which of the two is down the screen is the widget's affair.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.formats.layout import Protection
from seworkbench.ui.activity import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAGE = 4096
# A longer region is left to the view to scale: magnifying it would take the room of everything small.
_LARGE = 128 << 10
# Ends that are more than this share of the file are no magnification; then one view shows everything.
_WORTHWHILE = 1 / 3


@dataclass(frozen=True, slots=True)
class MapRegion:
    """One region of the file.

    Args:
        offset: first byte.
        length: number of bytes.
        name: plain name ("kernel").
        protection: what protects it; gives the colour.
        detail: a few words more ("starts at 0x11000").
        hashed: whether a digest of the header covers it; gives the green band.
    """

    offset: int
    length: int
    name: str
    protection: Protection
    detail: str = ""
    hashed: bool = False

    @property
    def end(self) -> int:
        """The byte behind the last."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the file as it is drawn: a region as far as it lies in the file, or what lies between two.

    Args:
        start: first byte.
        end: the byte behind the last.
        region: what it is; None between regions.
    """

    start: int
    end: int
    region: MapRegion | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes start..end drawn evenly over first..last."""

    start: int
    end: int
    first: float
    last: float


class Axis:
    """Where each byte of the file is drawn: stretches side by side, each with its own scale.

    Args:
        stretches: without gaps, ascending, none of them empty.
    """

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = tuple(stretches)
        self._starts = [stretch.start for stretch in stretches]
        self._firsts = [stretch.first for stretch in stretches]

    def place(self, offset: int) -> float:
        """Where a byte is drawn."""
        stretch = self.stretches[max(0, bisect_right(self._starts, offset) - 1)]
        within = min(offset, stretch.end) - stretch.start
        return stretch.first + (stretch.last - stretch.first) * within / (stretch.end - stretch.start)

    def offset(self, place: float) -> int:
        """The byte that is drawn there; the nearest outside the axis."""
        stretch = self.stretches[max(0, bisect_right(self._firsts, place) - 1)]
        share = (min(max(place, stretch.first), stretch.last) - stretch.first) / (stretch.last - stretch.first)
        found = stretch.start + round(share * (stretch.end - stretch.start))
        return min(found, self.stretches[-1].end - 1)


def file_pieces(size: int, regions: Sequence[MapRegion]) -> list[Piece]:
    """The whole file in order, what lies between regions included.

    A damaged table may describe regions that overlap or lie behind the end: the earlier region keeps its bytes.
    """
    pieces = []
    position = 0
    for region in sorted(regions, key=lambda region: (region.offset, region.end)):
        start, end = max(region.offset, position), min(region.end, size)
        if start >= end:
            continue
        if start > position:
            pieces.append(Piece(position, start, None))
        pieces.append(Piece(start, end, region))
        position = end
    if position < size:
        pieces.append(Piece(position, size, None))
    return pieces


def magnified_ends(size: int, pieces: Sequence[Piece]) -> tuple[int, int]:
    """Where the magnified beginning ends and where the magnified end begins; both `size` if one view serves.

    Each reaches a little into the large piece that limits it, so one sees what the file goes on with.
    """
    large = [piece for piece in pieces if piece.end - piece.start > _LARGE]
    if not large or all(piece.region is None for piece in pieces):
        return size, size

    def margin(length: int) -> int:
        return max(_PAGE, length // 10 // _PAGE * _PAGE)

    head = large[0].start + margin(large[0].start)
    rest = size - large[-1].end
    tail = large[-1].end - margin(rest)
    if head + size - tail > size * _WORTHWHILE:
        return size, size
    return head, tail


def magnified_axis(pieces: Sequence[Piece], ends: tuple[int, int], length: float, label: float) -> Axis:
    """The axis of the magnified view: beginning, what is between with a share for each piece, end.

    Args:
        pieces: the file.
        ends: see `magnified_ends`.
        length: pixels along.
        label: pixels along that one label takes; the hatched pieces get at least that if there is room.
    """
    size = pieces[-1].end
    head, tail = ends
    if head >= tail:
        return Axis([Stretch(0, size, 0.0, length)])
    between = [(max(piece.start, head), min(piece.end, tail)) for piece in pieces]
    between = [(start, end) for start, end in between if start < end]
    gap = min(0.34 * length, max(0.15 * length, label * len(between)))
    # Room by what has to be named there.
    names_before = 1 + sum(piece.start < head and piece.region is not None for piece in pieces)
    names_after = 2 + sum(piece.start >= tail and piece.region is not None for piece in pieces)
    before = (length - gap) * names_before / (names_before + names_after)
    edges = [before + gap * index / len(between) for index in range(len(between) + 1)]
    middle = [
        Stretch(start, end, first, last) for (start, end), first, last in zip(between, edges, edges[1:], strict=False)
    ]
    return Axis([Stretch(0, head, 0.0, before), *middle, Stretch(tail, size, edges[-1], length)])


def spread(anchors: Sequence[float], sizes: Sequence[float], room: float) -> list[float] | None:
    """Places for labels in order, as near to their anchors as they can be without overlapping; None if too many.

    Neighbours that would overlap form a block that moves as one (isotonic regression of the anchors).
    """
    if sum(sizes) > room:
        return None
    before = [sum(sizes[:index]) for index in range(len(sizes))]
    blocks: list[tuple[float, int]] = []
    for anchor, shift in zip(anchors, before, strict=True):
        total, count = anchor - shift, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            earlier, members = blocks.pop()
            total, count = total + earlier, count + members
        blocks.append((total, count))
    highest = room - sum(sizes)
    levels = [min(max(total / count, 0.0), highest) for total, count in blocks for _ in range(count)]
    return [level + shift for level, shift in zip(levels, before, strict=True)]


@dataclass(frozen=True, slots=True)
class Label:
    """What stands beside a piece of the magnified view.

    Args:
        piece: index of the piece.
        name: bold.
        address: hexadecimal.
        detail: second line; empty to leave it out.
        anchor: place along of what it names.
        is_end: whether it names the last byte of the piece instead of its first.
    """

    piece: int
    name: str
    address: str
    detail: str
    anchor: float
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A label and the room it got along the file."""

    label: Label
    at: float
    size: float
    detail: bool


def make_labels(pieces: Sequence[Piece], ends: tuple[int, int], axis: Axis) -> list[Label]:
    """All labels that one would want, in order."""
    head, tail = ends
    labels = []
    for index, piece in enumerate(pieces):
        region = piece.region
        if region is None:
            continue
        more = ["not magnified"] if head <= piece.start < tail else []
        detail = ", ".join([size_text(region.length), *more, *([region.detail] if region.detail else [])])
        labels.append(Label(index, region.name, f"0x{piece.start:x}", detail, axis.place(piece.start)))
        if piece.start < tail < piece.end:
            anchor = axis.place(tail)
            labels.append(Label(index, f"{region.name} end", f"0x{piece.end - 1:x}", "last byte", anchor, is_end=True))
    return labels


def by_importance(labels: Sequence[Label], pieces: Sequence[Piece], current: int | None) -> list[Label]:
    """The most important first: what is selected, what is protected, what is large; ends of pieces last."""

    def rank(label: Label) -> tuple[bool, bool, bool, int]:
        piece = pieces[label.piece]
        clear = piece.region is None or piece.region.protection is Protection.CLEAR
        return (label.is_end, label.piece != current, clear, piece.start - piece.end)

    return sorted(labels, key=rank)


def fit_stacked(
    labels: Sequence[Label], ranked: Sequence[Label], line: float, small: float, room: float
) -> list[PlacedLabel]:
    """Labels under one another: first the least important lose their second line, then they go.

    Args:
        labels: in order.
        ranked: the same, most important first.
        line: height of the first line.
        small: height of the second.
        room: height for all.
    """
    kept = list(labels)
    detailed = [label for label in ranked if label.detail]
    while True:
        sizes = [line + small if label in detailed else line for label in kept]
        places = spread([label.anchor - line / 2 for label in kept], sizes, room)
        if places is not None:
            return [
                PlacedLabel(label, at, size, label in detailed)
                for label, at, size in zip(kept, places, sizes, strict=True)
            ]
        if detailed:
            detailed.pop()
        else:
            kept.remove(next(label for label in reversed(ranked) if label in kept))


def fit_in_row(
    labels: Sequence[Label], ranked: Sequence[Label], widths: dict[Label, tuple[float, float]], room: float
) -> list[PlacedLabel]:
    """Labels beside one another: first long names are elided, then the least important go.

    Args:
        labels: in order.
        ranked: the same, most important first.
        widths: natural and smallest width of each.
        room: width for all.
    """
    kept = list(labels)
    limits = (1e9, 160.0, 130.0, 110.0, 95.0, 80.0)
    while True:
        for limit in limits:
            sizes = [max(min(widths[label][0], limit), widths[label][1]) for label in kept]
            places = spread([label.anchor for label in kept], sizes, room)
            if places is not None:
                return [
                    PlacedLabel(label, at, size, detail=False)
                    for label, at, size in zip(kept, places, sizes, strict=True)
                ]
        kept.remove(next(label for label in reversed(ranked) if label in kept))
