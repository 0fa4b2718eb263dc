"""The measured block of an attestation as a bar: what was measured, in order, and who decides each piece."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from seworkbench.attestation.measured_block import PieceSource
from seworkbench.report.drawing import WIDTH, Anchor, Box, Drawing, Ink, Label, Shape, Stroke

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seworkbench.attestation.measured_block import MeasuredBlock

_BAR_TOP, _BAR_HEIGHT = 26.0, 24.0
_BRACKET_TOP = _BAR_TOP + _BAR_HEIGHT + 6
_HEIGHT = _BRACKET_TOP + 32
_NARROWEST = 34.0
_GAP = 1.5
_FILLS = {
    PieceSource.SE_HEADER: Ink.AUTHENTICATED,
    PieceSource.RESPONSE: Ink.CLEAR,
    PieceSource.REQUEST: Ink.ENCRYPTED,
    PieceSource.FIRMWARE: Ink.NOT_CHECKED,
}
_SHORT = {
    "pld": "PLD",
    "ald": "ALD",
    "tld": "TLD",
    "header_tag": "tag",
    "cuid": "CUID",
    "user_data": "user data",
    "nonce": "nonce",
    "additional": "data",
}
# The three length fields are drawn as one: by themselves they would be thinner than a line.
_LENGTHS = ("user_data_length", "zeros", "additional_length")

_Part = tuple[str, int, PieceSource]


def block_drawing(block: MeasuredBlock) -> Drawing:
    """The picture."""
    parts = _parts(block)
    total = sum(size for _, size, _ in parts)
    spread = WIDTH - _NARROWEST * len(parts)
    widths = [_NARROWEST + spread * size / total for _, size, _ in parts]
    lefts = [sum(widths[:number]) for number in range(len(widths))]
    shapes: list[Shape] = []
    for (name, size, source), left, width in zip(parts, lefts, widths, strict=True):
        middle = left + (width - _GAP) / 2
        shapes += [
            Label(middle, 10, name, 8, anchor=Anchor.MIDDLE),
            Label(middle, 20, str(size), 7.5, Ink.MUTED, anchor=Anchor.MIDDLE),
            Box(left, _BAR_TOP, width - _GAP, _BAR_HEIGHT, _FILLS[source], None, radius=2),
        ]
    shapes += _brackets(parts, lefts, widths)
    title = f"The {total} bytes that were measured, in order; widths follow the sizes, small pieces are drawn wider."
    return Drawing(title, _HEIGHT, tuple(shapes))


def _parts(block: MeasuredBlock) -> list[_Part]:
    """Name, size and source of what is drawn."""
    parts: list[_Part] = []
    for piece in block.pieces:
        if piece.name == _LENGTHS[0]:
            size = sum(block.piece(name).size for name in _LENGTHS)
            parts.append(("lengths", size, piece.source))
        elif piece.name not in _LENGTHS and piece.size:
            parts.append((_SHORT.get(piece.name, piece.title), piece.size, piece.source))
    return parts


def _brackets(parts: Sequence[_Part], lefts: Sequence[float], widths: Sequence[float]) -> Iterator[Shape]:
    """Who decides neighbouring pieces."""
    for source, run in groupby(range(len(parts)), key=lambda number: parts[number][2]):
        numbers = list(run)
        left, right = lefts[numbers[0]], lefts[numbers[-1]] + widths[numbers[-1]] - _GAP
        foot = _BRACKET_TOP + 5
        yield Stroke(((left, _BRACKET_TOP), (left, foot), (right, foot), (right, _BRACKET_TOP)), Ink.MUTED, 0.8)
        size = sum(parts[number][1] for number in numbers)
        yield Label((left + right) / 2, foot + 11, source.value, 8, anchor=Anchor.MIDDLE)
        yield Label((left + right) / 2, foot + 21, f"{size} bytes", 7.5, Ink.MUTED, anchor=Anchor.MIDDLE)
