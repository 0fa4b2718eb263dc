"""Text of reports: nothing in it steers the reader's program, and bytes break into lines the same way everywhere."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

# More than the longest honest value, a customer key or a signature of 4096 bits in hexadecimal.
SHOWN_LIMIT = 4000
# Stands where there is no value.
NOTHING = "\N{EN DASH}"
GROUP_DIGITS = 8
GROUPS_PER_LINE = 8
_LINE_DIGITS = GROUP_DIGITS * GROUPS_PER_LINE
# From this length on a hexadecimal text is read as bytes, in groups; shorter ones are numbers and serials.
_GROUPED_FROM = 32
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Categories that show nothing, change the direction of text or end a line: controls, formats, surrogates, private and
# unassigned characters, line and paragraph separators. Marks that stack over their neighbours stay.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: object) -> str:
    """`text` on one line with every character that hides something shown by its number."""
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in plain)


def escaped(char: str) -> str:
    """One character by its number, as programming languages write it."""
    code = ord(char)
    if code < 0x100:  # noqa: PLR2004 - two digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - four digits


def shown(text: object) -> str:
    """`text` as people read it: visible, and cut where nobody would read on."""
    full = str(text)
    if len(full) <= SHOWN_LIMIT:
        return visible(full)
    return f"{visible(full[:SHOWN_LIMIT])} … ({len(full) - SHOWN_LIMIT} more characters are in the JSON form)"


def paragraphs(text: str) -> list[str]:
    """The lines of a text that a person typed, each visible."""
    return [shown(line) for line in text.splitlines() if line.strip()]


def well_formed(text: str) -> str:
    """`text` without lone surrogates, which file names can bring and no encoding takes."""
    if text.isascii():
        return text
    return "".join(escaped(char) if unicodedata.category(char) == "Cs" else char for char in text)


@dataclass(frozen=True, slots=True)
class Group:
    """Some digits of a value, and whether they differ from those of the value it was compared with."""

    digits: str
    differs: bool = False


def is_bytes(value: str) -> bool:
    """Whether a value is bytes in hexadecimal, to be shown in groups."""
    return len(value) >= _GROUPED_FROM and len(value) % 2 == 0 and _HEXADECIMAL.fullmatch(value) is not None


def byte_lines(value: str, other: str | None = None) -> Iterator[list[Group]]:
    """Hexadecimal bytes in lines of groups, the same breaks for every value.

    Args:
        value: the digits.
        other: what it was compared with; groups that differ from it are marked.
    """
    value = value[:SHOWN_LIMIT]
    for start in range(0, len(value), _LINE_DIGITS):
        line = range(start, min(start + _LINE_DIGITS, len(value)), GROUP_DIGITS)
        yield [_group(value, other, at) for at in line]


def _group(value: str, other: str | None, at: int) -> Group:
    digits = value[at : at + GROUP_DIGITS]
    return Group(digits, other is not None and digits.lower() != other[at : at + GROUP_DIGITS].lower())


def instant(at: datetime) -> str:
    """An instant for people: to the second, in UTC."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat(" ") + " UTC"


def size(count: int | None) -> str:
    """A number of bytes for people."""
    if count is None:
        return NOTHING
    exact = f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{exact} bytes"


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else many or one + 's'}"
