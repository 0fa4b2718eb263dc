"""The page, address and tweak digests, running over pages in image order (resources/help/components.md#digests)."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.formats.components import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence


_NUMBERS = 1 << 64


@dataclass(frozen=True, slots=True)
class ImageDigests:
    """What the header says about the pages.

    Args:
        pld: SHA-512 over the pages as stored, 64 bytes.
        ald: SHA-512 over their addresses, 64 bytes.
        tld: SHA-512 over their tweaks, 64 bytes.
        nep: number of pages.
    """

    pld: bytes
    ald: bytes
    tld: bytes
    nep: int


def _steps(first: int, pages: int) -> Sequence[int]:
    """`first`, and what follows it page by page; behind the last 64-bit number comes zero."""
    steps = range(first, first + pages * PAGE_SIZE, PAGE_SIZE)
    return steps if steps.stop <= _NUMBERS else [step % _NUMBERS for step in steps]


class RunningDigests:
    """The digests of the pages seen so far.

    `content` and `places` may run on two threads: they share nothing. Each must see the pages in image order.
    """

    def __init__(self) -> None:
        self._pld = hashlib.sha512()
        self._ald = hashlib.sha512()
        self._tld = hashlib.sha512()
        self._nep = 0

    def content(self, pages: bytes | bytearray | memoryview) -> None:
        """The next pages as stored."""
        self._pld.update(pages)

    def places(self, address: int, prefix: bytes, offset: int, pages: int) -> None:
        """Where the next pages are.

        Args:
            address: guest address of the first of them.
            prefix: the component's tweak prefix, 8 bytes.
            offset: byte offset of the first of them in the component.
            pages: how many.
        """
        # Without numpy: verifying needs it for nothing else, and loading it takes longer than hashing 32 MiB.
        self._ald.update(struct.pack(f">{pages}Q", *_steps(address, pages)))
        tweaks = [int.from_bytes(prefix, "big")] * (2 * pages)
        tweaks[1::2] = _steps(offset, pages)
        self._tld.update(struct.pack(f">{2 * pages}Q", *tweaks))
        self._nep += pages

    def result(self) -> ImageDigests:
        """The digests of everything so far."""
        return ImageDigests(self._pld.digest(), self._ald.digest(), self._tld.digest(), self._nep)
