"""The chain of trust as a picture: issuers from the root down, lists beside their issuers, then host keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.report.drawing import (
    VERDICT_INK,
    WIDTH,
    Box,
    Drawing,
    Ink,
    Label,
    Mark,
    Shape,
    Stroke,
    broken,
    fitting,
)
from seworkbench.report.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ISSUER_WIDTH, _LIST_LEFT, _LIST_WIDTH = 226.0, 300.0, WIDTH - 300.0
_ROW_GAP, _CARD_HEIGHT = 28.0, 38.0
# A name of two lines makes its card, and the row, higher by one.
_LINE = 11.0
_FOLD = 9.0
_KEYS_A_ROW, _MOST_KEYS = 3, 12
_KEY_GAP = 10.0
_KEY_WIDTH = (WIDTH - 16 - _KEY_GAP * (_KEYS_A_ROW - 1)) / _KEYS_A_ROW
_KEY_HEIGHT, _KEY_ROW = 44.0, 66.0
_TRUNK = 8.0
_BROKEN = 2.6


@dataclass(frozen=True, slots=True)
class ListCard:
    """A revocation list, or the place where one is missing.

    Args:
        name: its name.
        detail: one phrase: until when it holds, or what is wrong.
        verdict: passed if it counts.
        rule: the name rule by which it was found, where that is worth a remark.
        missing: whether it is not there.
    """

    name: str
    detail: str
    verdict: Verdict
    rule: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class IssuerCard:
    """A certificate of the chain, or the place where one is missing.

    Args:
        name: its name.
        detail: one phrase.
        verdict: of the step that is about it.
        lists: revocation lists that it issued.
        missing: whether it is not there.
    """

    name: str
    detail: str
    verdict: Verdict
    lists: tuple[ListCard, ...] = ()
    missing: bool = False


@dataclass(frozen=True, slots=True)
class KeyCard:
    """A host key.

    Args:
        name: its name.
        phkh: hash of the key, hexadecimal.
        verdict: on it.
    """

    name: str
    phkh: str
    verdict: Verdict


def chain_drawing(issuers: Sequence[IssuerCard], keys: Sequence[KeyCard]) -> Drawing:
    """The picture.

    Args:
        issuers: the root first, the signing certificate last.
        keys: the host keys.
    """
    shapes: list[Shape] = []
    top = 0.0
    for number, issuer in enumerate(issuers):
        if number:
            shapes += _edge(issuer.verdict, top, missing=issuers[number - 1].missing)
        height = _height(issuer)
        shapes += _issuer(issuer, top, height)
        top += height + _ROW_GAP
    drawn = keys[:_MOST_KEYS]
    for number, key in enumerate(drawn):
        shapes += _key(key, number, top, hangs=bool(issuers))
    rows = -(-len(drawn) // _KEYS_A_ROW)
    height = top + rows * _KEY_ROW - (_KEY_ROW - _KEY_HEIGHT) + 2
    if len(keys) > len(drawn):
        shapes.append(Label(0, height + 12, f"and {len(keys) - len(drawn)} more, see the table", 8.5, Ink.MUTED))
        height += 16
    title = "Chain of trust: the root above, each issuer above what it issued; revocation lists right of their issuers."
    return Drawing(title, height, tuple(shapes))


def _height(issuer: IssuerCard) -> float:
    """Of the cards of a row: as the longest name needs it."""
    names = [_name_lines(issuer, _ISSUER_WIDTH), *(_name_lines(card, _LIST_WIDTH) for card in issuer.lists[:1])]
    return _CARD_HEIGHT + _LINE * (max(map(len, names)) - 1)


def _name_lines(card: IssuerCard | ListCard, width: float) -> tuple[str, ...]:
    return broken(visible(card.name), width - 40)


def _edge(verdict: Verdict, top: float, *, missing: bool) -> Iterator[Shape]:
    begin, end, middle = top - _ROW_GAP, top, _TRUNK + 14
    is_broken = verdict is Verdict.FAILED
    yield Stroke(
        ((middle, begin), (middle, end)),
        VERDICT_INK[verdict],
        _BROKEN if is_broken else 1,
        dashed=missing or verdict is Verdict.NOT_CHECKED,
    )
    if is_broken:
        yield from _break(middle, (begin + end) / 2)
    words = "issuer is missing" if missing else "signature, key identifier, validity, revocation"
    yield Label(middle + 10, (begin + end) / 2 + 3, words, 7.5, Ink.MUTED)


def _break(x: float, y: float) -> Iterator[Shape]:
    yield Box(x - 8, y - 7, 16, 14, Ink.PANEL, None)
    yield Mark(x, y, Verdict.FAILED, 11)


def _issuer(issuer: IssuerCard, top: float, height: float) -> Iterator[Shape]:
    yield from _card(issuer, 0, top, _ISSUER_WIDTH, height)
    for number, card in enumerate(issuer.lists[:1]):
        more = len(issuer.lists) - number - 1
        middle = top + height / 2
        ink = Ink.WARNING if card.rule else VERDICT_INK[card.verdict]
        is_broken = card.verdict is Verdict.FAILED and not card.missing
        weight = _BROKEN if is_broken else 1.6 if card.rule else 1
        yield Stroke(((_ISSUER_WIDTH, middle), (_LIST_LEFT, middle)), ink, weight, dashed=card.missing)
        if is_broken:
            yield from _break((_ISSUER_WIDTH + _LIST_LEFT) / 2, middle)
        detail = f"{card.detail}, and {more} more" if more else card.detail
        yield from _card(replace(card, detail=detail), _LIST_LEFT, top, _LIST_WIDTH, height)
        if not card.missing:
            yield from _fold(top)
        if card.rule:
            rule = fitting(f"matched: {visible(card.rule)}", _LIST_WIDTH, 7.5)
            yield Label(_LIST_LEFT, top + height + 10, rule, 7.5, Ink.WARNING)


def _fold(top: float) -> Iterator[Shape]:
    """The folded corner of a list."""
    right = _LIST_LEFT + _LIST_WIDTH
    yield Box(right - _FOLD, top - 1, _FOLD + 1.5, _FOLD + 0.5, Ink.PANEL, None, radius=0)
    corner = ((right - _FOLD, top), (right - _FOLD, top + _FOLD), (right, top + _FOLD), (right - _FOLD, top))
    yield Stroke(corner, Ink.LINE)


def _card(card: IssuerCard | ListCard, left: float, top: float, width: float, height: float) -> Iterator[Shape]:
    failed = card.verdict is Verdict.FAILED
    outline = VERDICT_INK[card.verdict] if failed or card.missing else Ink.LINE
    yield Box(left, top, width, height, Ink.PANEL, outline, 1.4 if failed else 1, dashed=card.missing)
    yield Mark(left + 14, top + height / 2, card.verdict)
    lines = _name_lines(card, width)
    first = top + (height - _CARD_HEIGHT - _LINE * (len(lines) - 1)) / 2 + 16
    for number, line in enumerate(lines):
        yield Label(left + 26, first + number * _LINE, line, 9, bold=True)
    below = first + (len(lines) - 1) * _LINE + 13
    yield Label(left + 26, below, fitting(visible(card.detail), width - 34, 8), 8, Ink.MUTED)


def _key(key: KeyCard, number: int, top: float, *, hangs: bool) -> Iterator[Shape]:
    row, column = divmod(number, _KEYS_A_ROW)
    left = 16 + column * (_KEY_WIDTH + _KEY_GAP)
    above = top + row * _KEY_ROW
    if hangs:
        middle, rail = left + _KEY_WIDTH / 2, above - 12
        begin = top - _ROW_GAP
        is_broken = key.verdict is Verdict.FAILED
        yield Stroke(
            ((_TRUNK, begin), (_TRUNK, rail), (middle, rail), (middle, above)),
            VERDICT_INK[key.verdict] if is_broken else Ink.LINE,
            _BROKEN if is_broken else 1,
            dashed=key.verdict is Verdict.NOT_CHECKED,
        )
    outline = Ink.FAILED if key.verdict is Verdict.FAILED else Ink.LINE
    yield Box(left, above, _KEY_WIDTH, _KEY_HEIGHT, Ink.PANEL, outline, 1.4 if key.verdict is Verdict.FAILED else 1)
    yield Label(left + 8, above + 13, fitting(visible(key.name), _KEY_WIDTH - 14), 8.5, bold=True)
    yield Label(left + 8, above + 25, key.phkh[:8] or "no P-521 key", 7.5, Ink.MUTED, code=True)
    yield Mark(left + 13, above + 35.5, key.verdict, 9)
    yield Label(left + 22, above + 38.5, key.verdict.value, 8, VERDICT_INK[key.verdict], bold=True)
