"""Searching bytes at the speed of memory: hexadecimal with wildcards, text, numbers. Free of Qt.

A pattern has a fixed length, and hits do not overlap: the next one begins at or behind the end of the last, as if the
whole source were searched from its start in one piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from seworkbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.jobs import Job
    from seworkbench.ui.widgets.byte_source import ByteSource

CHUNK = 1 << 20
MAX_PATTERN = 4096
HIT_LIMIT = 10_000
# Beyond so many near misses in a chunk the regular expression is faster than looking at each from here.
_NEAR_MISSES = 2000
_WIDTHS = (1, 2, 4, 8)
_HEX_REMEDY = "Write two digits a byte, ?? for any byte, 4? or ?4 for half of one: 53 65 ?? 6d."


@dataclass(frozen=True)
class Pattern:
    """What to look for.

    Args:
        value: the bits that must be there.
        mask: one byte for each of `value`: which of its bits matter.
    """

    value: bytes
    mask: bytes

    def __len__(self) -> int:
        return len(self.value)

    def matches(self, data: bytes) -> bool:
        """Whether bytes of the same length fit."""
        return len(data) == len(self) and all(
            byte & bits == wanted for byte, bits, wanted in zip(data, self.mask, self.value, strict=True)
        )

    @cached_property
    def expression(self) -> re.Pattern[bytes]:
        """The pattern as a regular expression."""
        pieces = [_expression(value, mask) for value, mask in zip(self.value, self.mask, strict=True)]
        return re.compile(b"".join(pieces), re.DOTALL)

    @cached_property
    def anchor(self) -> tuple[int, bytes]:
        """The longest run of bytes without wildcards, and where it begins; empty if there is none."""
        best = max(re.finditer(b"\xff*", self.mask), key=lambda run: run.end() - run.start())
        return best.start(), self.value[best.start() : best.end()]


def parse_pattern(kind: str, text: str, width: int = 0) -> Pattern:
    """The pattern that a person wrote.

    Args:
        kind: "hex", "text" or "number".
        text: what was written.
        width: bytes of a number: 1, 2, 4 or 8; 0 for the fewest that hold it (in hexadecimal, that were written).

    Raises:
        UsageError: if it says nothing that can be searched for.
    """
    if kind == "hex":
        return parse_hex(text)
    if kind == "text":
        return parse_text(text)
    if kind == "number":
        return parse_number(text, width)
    raise ValueError(f"no such kind of pattern: {kind}")


def parse_hex(text: str) -> Pattern:
    """Hexadecimal bytes, with `??` for any byte and `4?` or `?4` for half of one.

    Raises:
        UsageError: if it is something else.
    """
    # 0x, commas, colons and line ends come along when bytes are copied from elsewhere.
    digits = re.sub(r"0[xX](?=[0-9a-fA-F?]{2})|[\s,:;_-]", "", text)
    if wrong := re.search(r"[^0-9a-fA-F?]", digits):
        raise UsageError(f"“{wrong[0]}” is not a hexadecimal digit.", remedy=_HEX_REMEDY)
    if len(digits) % 2:
        raise UsageError("A half byte is left over: the number of digits is odd.", remedy=_HEX_REMEDY)
    value = bytes.fromhex(digits.replace("?", "0"))
    mask = bytes.fromhex("".join("0" if digit == "?" else "f" for digit in digits))
    return _checked(Pattern(value, mask), _HEX_REMEDY)


def parse_text(text: str) -> Pattern:
    """Text, as UTF-8.

    Raises:
        UsageError: if there is none.
    """
    try:
        value = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError("The text has a character that UTF-8 cannot express.", remedy="Search for bytes.") from error
    return _checked(Pattern(value, b"\xff" * len(value)), "Write the text to look for.")


def parse_number(text: str, width: int = 0) -> Pattern:
    """A number, big-endian as everywhere in Secure Execution; decimal, 0x… or negative.

    Raises:
        UsageError: if it is none, or does not fit.
    """
    digits = re.sub(r"[\s_,\u2009\u202f]", "", text).lower()
    if not re.fullmatch(r"-?(0x[0-9a-f]+|[0-9]+)", digits, re.ASCII):
        raise UsageError(f"“{text.strip()}” is not a number.", remedy="Write it in decimal or as 0x….")
    if len(digits) > MAX_PATTERN:
        raise UsageError("The number has more than 64 bits.", remedy="Search for its bytes instead.")
    negative = digits.startswith("-")
    plain = digits.lstrip("-")
    number = int(plain, 16) if plain.startswith("0x") else int(plain)
    number = -number if negative else number
    if not width:
        # Leading zeros of a hexadecimal number are meant.
        written = (len(plain) - 2 + 1) // 2 if plain.startswith("0x") else 0
        width = next((size for size in _WIDTHS if size >= written and _fits(number, size)), 0)
    if width not in _WIDTHS or not _fits(number, width):
        limit = f"{width} bytes" if width else "64 bits"
        raise UsageError(f"The number does not fit {limit}.", remedy="Choose a larger width or search for its bytes.")
    value = number.to_bytes(width, "big", signed=negative)
    return Pattern(value, b"\xff" * width)


def find_all(source: ByteSource, pattern: Pattern, job: Job, limit: int = HIT_LIMIT) -> list[tuple[int, int]]:
    """Offset and length of all hits, in order.

    Args:
        source: where to look.
        pattern: what for.
        job: progress and cancelling.
        limit: stop after so many hits.

    Raises:
        Cancelled: if asked to stop.
        SeError: if the source cannot be read.
    """
    hits: list[tuple[int, int]] = []
    job.phase("Searching", source.size)
    position = 0
    allowed = 0  # a hit may begin here: behind the last one
    while position < source.size and len(hits) < limit:
        # The overlap lets a hit begin in this chunk and end in the next; none can begin in the overlap itself.
        chunk = source.read(position, CHUNK + len(pattern) - 1)
        if not chunk:
            break  # the file became shorter
        for found in _in_chunk(chunk, pattern, max(0, allowed - position)):
            hits.append((position + found, len(pattern)))
            allowed = position + found + len(pattern)
            if len(hits) >= limit:
                break
        done = min(CHUNK, source.size - position)
        position += done
        job.advance(done)
    return hits


def _in_chunk(chunk: bytes, pattern: Pattern, start: int) -> Iterator[int]:
    """Where the pattern is found in a chunk, from `start` on."""
    at, literal = pattern.anchor
    whole = len(literal) == len(pattern)
    misses = 0
    # Looking for plain bytes is several times faster than an expression; the rest is checked where they are found.
    while literal and misses < _NEAR_MISSES:
        found = chunk.find(literal, start + at)
        if found < 0:
            return
        begin = found - at
        if whole or pattern.expression.match(chunk, begin):
            yield begin
            start = begin + len(pattern)
        else:
            misses += 1
            start = begin + 1
    for match in pattern.expression.finditer(chunk, start):
        yield match.start()


def _expression(value: int, mask: int) -> bytes:
    if mask == 0xFF:  # noqa: PLR2004 - all bits
        return re.escape(bytes([value]))
    if mask == 0:
        return b"."
    fitting = (byte for byte in range(256) if byte & mask == value)
    return b"[" + b"".join(b"\\x%02x" % byte for byte in fitting) + b"]"


def _fits(number: int, width: int) -> bool:
    bits = 8 * width
    return -(1 << (bits - 1)) <= number < (1 << bits)


def _checked(pattern: Pattern, remedy: str) -> Pattern:
    if not len(pattern):
        raise UsageError("There is nothing to search for.", remedy=remedy)
    if len(pattern) > MAX_PATTERN:
        raise UsageError(f"The pattern is longer than {MAX_PATTERN} bytes.", remedy="Search for its beginning.")
    if not any(pattern.mask):
        raise UsageError("The pattern has only wildcards: every byte fits it.", remedy=remedy)
    return pattern
