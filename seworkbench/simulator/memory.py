"""Where the unpacked pages of a guest go: nowhere in particular, into RAM, or into a file.

Pages that were never unpacked read as zeros in a protected guest, and do so here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from seworkbench.errors import SeError
from seworkbench.formats.psw import ShortPsw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.files import AtomicFile
    from seworkbench.formats.psw import Psw

_PAGE_SIZE = 4096
RAM_LIMIT = 128 << 20


class Memory(Protocol):
    """Takes each unpacked page once, in the order of unpacking."""

    def store(self, address: int, page: bytes) -> None:
        """Take the page of 4096 bytes at a guest absolute address."""


class RamMemory:
    """Keeps pages in RAM; for small images and tests.

    Args:
        limit: most bytes it takes.
    """

    def __init__(self, limit: int = RAM_LIMIT) -> None:
        self._limit = limit
        self._pages: dict[int, bytes] = {}

    def store(self, address: int, page: bytes) -> None:
        """See Memory.

        Raises:
            SeError: if there would be more pages than the limit allows.
        """
        if len(self) + _PAGE_SIZE > self._limit:
            raise SeError(
                f"The guest has more than {self._limit >> 20} MiB of pages; that is more than is kept in RAM.",
                remedy="Write the memory to a file instead.",
            )
        self._pages[address] = page

    def __len__(self) -> int:
        """Bytes of all pages."""
        return len(self._pages) * _PAGE_SIZE

    def pages(self) -> Iterator[tuple[int, bytes]]:
        """Address and content of each page, in ascending order."""
        yield from sorted(self._pages.items())

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes from a guest absolute address."""
        first = address // _PAGE_SIZE * _PAGE_SIZE
        end = address + size
        content = b"".join(self._pages.get(page, bytes(_PAGE_SIZE)) for page in range(first, end, _PAGE_SIZE))
        return content[address - first : end - first]


class FileMemory:
    """Writes pages to a new file at their guest addresses; what was not unpacked stays a hole.

    Args:
        file: the file, open for writing.
    """

    def __init__(self, file: AtomicFile) -> None:
        self._file = file
        self._takes_address_0 = False

    def store(self, address: int, page: bytes) -> None:
        """See Memory.

        Raises:
            SeError: if it cannot be written.
        """
        self._takes_address_0 |= address == 0
        self._file.write_at(address, page)

    def write_start(self, psw: Psw) -> None:
        """Write a PSW in its short form at address 0, from where a CPU starts that has no Ultravisor.

        A start PSW in the 64-bit mode that images have becomes 0x0008000180000000 | address
        (resources/help/boot.md#trying-an-image-without-the-hardware).

        Raises:
            SeError: if the PSW has no short form, or a component lies at address 0.
        """
        if self._takes_address_0:
            raise SeError("A component lies at address 0, where the start PSW would have to be.")
        self._file.write_at(0, ShortPsw(value=psw.to_short()).build())
