"""The little DER that certificate libraries do not give away: where a structure ends, and names byte by byte.

Rule: resources/help/host-keys.md#names. Everything else about certificates is left to `cryptography`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from seworkbench.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

SEQUENCE = 0x30
SET = 0x31
CONTEXT_0 = 0xA0
_LONG_LENGTH = 0x80
_HIGH_TAG = 0x1F
# Four bytes of length describe 4 GiB; no certificate comes near.
_LENGTH_BYTES_LIMIT = 4


class Element(NamedTuple):
    """One element of DER.

    Args:
        tag: its tag byte.
        content: its content.
        end: offset of the first byte behind it, in what was read.
        start: offset of its tag byte.
    """

    tag: int
    content: bytes
    end: int
    start: int


def read_element(raw: bytes, offset: int = 0) -> Element:
    """The element at an offset.

    Raises:
        FormatError: if no complete element is there.
    """
    if offset + 2 > len(raw) or raw[offset] & _HIGH_TAG == _HIGH_TAG:
        raise _incomplete(offset)
    length, begin = raw[offset + 1], offset + 2
    if length >= _LONG_LENGTH:
        count = length - _LONG_LENGTH
        if not 1 <= count <= _LENGTH_BYTES_LIMIT or begin + count > len(raw):
            raise _incomplete(offset)
        length, begin = int.from_bytes(raw[begin : begin + count], "big"), begin + count
    if begin + length > len(raw):
        raise _incomplete(offset)
    return Element(raw[offset], raw[begin : begin + length], begin + length, offset)


def _incomplete(offset: int) -> FormatError:
    return FormatError("The bytes are no complete DER structure.", offset=offset)


def elements(raw: bytes) -> Iterator[Element]:
    """The elements that follow one another in `raw`.

    Raises:
        FormatError: if the last one is not complete.
    """
    offset = 0
    while offset < len(raw):
        element = read_element(raw, offset)
        yield element
        offset = element.end


def whole(raw: bytes, element: Element) -> bytes:
    """An element with its tag and length, out of what it was read from."""
    return raw[element.start : element.end]
