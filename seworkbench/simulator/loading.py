"""The image file as guest memory, and what stage3a makes of it: steps 1 and 2 of resources/help/verification.md#steps.

The byte at file offset x is the byte at guest absolute address x. stage3a runs from clear memory and hands header and
IPIB over by the argument block at its end (resources/help/boot.md#stage3a). Its length is recorded nowhere, so the
block is found by what it says.
"""

from __future__ import annotations

import os
import sys
from array import array
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.errors import FormatError
from seworkbench.files import explained, open_input
from seworkbench.formats.image_metadata import METADATA_MAGIC, METADATA_OFFSET, METADATA_VERSION, ImageMetadata
from seworkbench.formats.ipib import IPIB_TYPE_PV
from seworkbench.formats.psw import Psw, ShortPsw
from seworkbench.formats.se_header import HEADER_MAGIC, MAX_HEADER_SIZE
from seworkbench.formats.stage3 import STAGE3A_ENTRY, Stage3aArgs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

_PAGE_SIZE = 4096
_ADDRESS_MASK = (1 << 64) - 1
_IPIB_TYPE_OFFSET = 0x0C
_REBUILD = "Build the image again."
# stage3a is a few kilobytes; no argument block is searched for, and no gap looked through, further than this.
_SEARCH_LIMIT = 1 << 20
_SHOWN = 8
_MOST_BLOCKS = 16

PSW = Step("load.psw", "The image starts at stage3a", "verification.md#step-1-short-psw-and-metadata", _REBUILD)
METADATA = Step("load.metadata", "Image metadata", "verification.md#step-1-short-psw-and-metadata", _REBUILD)
STAGE3A = Step(
    "load.stage3a", "stage3a hands over header and IPIB", "verification.md#step-2-stage3a-arguments", _REBUILD
)
GAP = Step("load.gap", "Nothing is hidden behind stage3a", "verification.md#step-2-stage3a-arguments")


class LoadedImage:
    """An image loaded to address 0. The guest is taken to have as many pages as the file fills.

    Args:
        path: its name, for messages.
        stream: the open file.
    """

    def __init__(self, path: Path, stream: FileIO) -> None:
        self.path = path
        self._fd = stream.fileno()
        with explained(path):
            self.file_size = stream.seek(0, os.SEEK_END)
        self.memory_size = -(-self.file_size // _PAGE_SIZE) * _PAGE_SIZE

    def read(self, address: int, size: int) -> bytes:
        """Exactly `size` bytes of memory; where the file has nothing they are zeros.

        The caller bounds `size`; the address may be anything.

        Raises:
            SeError: if the file cannot be read.
        """
        pieces = []
        done = 0
        with explained(self.path):
            while 0 <= address + done < self.file_size and done < size:
                piece = os.pread(self._fd, size - done, address + done)
                if not piece:
                    break
                pieces.append(piece)
                done += len(piece)
        return b"".join([*pieces, bytes(size - done)])

    def holds(self, address: int, size: int) -> bool:
        """Whether all of these bytes are memory of the guest."""
        return address >= 0 and size >= 0 and address + size <= self.memory_size


@contextmanager
def load(path: Path) -> Iterator[LoadedImage]:
    """Load an image file.

    Raises:
        SeError: if it cannot be opened.
    """
    with open_input(path) as stream:
        yield LoadedImage(path, stream)


@dataclass(frozen=True)
class Handover:
    """What the hypervisor is told.

    Args:
        header_address: guest address of the SE header.
        header_length: its length in bytes.
        ipib_address: guest address of the IPIB; None if it is not known.
        args_end: end of stage3a; None if stage3a does not hand anything over and the places were guessed to look on.
    """

    header_address: int
    header_length: int
    ipib_address: int | None
    args_end: int | None


def load_checks(image: LoadedImage) -> tuple[Check, Handover | None]:
    """Judge how the image starts.

    Returns:
        The checks, and what stage3a hands over. If it hands over nothing, where metadata or a search lead; None if
        there is no header anywhere.
    """
    metadata = _read_metadata(image)
    found = _find_stage3a_args(image, metadata)
    handover = _handover(found[-1]) if found else _guess(image, metadata)
    checks = [
        _short_psw(image),
        _judge_metadata(image, metadata, handover),
        _judge_stage3a(found),
        _gap(image, handover),
    ]
    return group("load", "Loading", checks), handover


def is_loaded(loading: Check) -> bool:
    """Whether the hypervisor finds where to start the boot loader.

    Args:
        loading: what load_checks found.
    """
    start = loading.find(PSW.id)
    return start is not None and start.verdict is not Verdict.FAILED


def _short_psw(image: LoadedImage) -> Check:
    raw = image.read(0, ShortPsw.fixed_size())
    shown = ("bytes at 0", raw.hex())
    try:
        psw = Psw.from_short(ShortPsw.parse(raw).value)
    except FormatError as error:
        return PSW.failed(error.what, shown)
    if psw.addr != STAGE3A_ENTRY:
        return PSW.warning(f"It starts at 0x{psw.addr:x}; stage3a is entered at 0x{STAGE3A_ENTRY:x}.", shown)
    return PSW.passed(f"Start address 0x{psw.addr:x}.", shown)


def _read_metadata(image: LoadedImage) -> ImageMetadata | None:
    raw = image.read(METADATA_OFFSET, ImageMetadata.fixed_size())
    return ImageMetadata.parse(raw) if raw.startswith(METADATA_MAGIC) else None


def _judge_metadata(image: LoadedImage, metadata: ImageMetadata | None, handover: Handover | None) -> Check:
    """No machine looks at them, but tools do: they must lead to the header that the machine sees."""
    if metadata is None:
        return METADATA.note("There are none: the image was made by a tool older than s390-tools 2.36.")
    stated = ("according to the metadata", f"header 0x{metadata.hdr_off:x}, IPIB 0x{metadata.ipib_off:x}")
    if handover is not None and handover.args_end is not None and handover.ipib_address is not None:
        used = f"header 0x{handover.header_address:x}, IPIB 0x{handover.ipib_address:x}"
        if used != stated[1]:
            reason = "They lead tools to something else than the machine gets to see."
            return METADATA.failed(reason, stated, ("handed over by stage3a", used))
    elif image.read(metadata.hdr_off, len(HEADER_MAGIC)) != HEADER_MAGIC:
        return METADATA.failed("They lead to no SE header.", stated)
    if metadata.version != METADATA_VERSION:
        return METADATA.warning(f"Version {metadata.version} is not known; {METADATA_VERSION} is.", stated)
    return METADATA.passed("Version 1.", stated)


@dataclass(frozen=True)
class _FoundArgs:
    """What may be the argument block of stage3a, formats.stage3.Stage3aArgs.

    Args:
        address: where it is.
        hdr_offs: see Stage3aArgs.
        hdr_size: see Stage3aArgs.
        ipib_offs: see Stage3aArgs.
        stated: addresses of header and IPIB by the image metadata, if there are any.
    """

    address: int
    hdr_offs: int
    hdr_size: int
    ipib_offs: int
    stated: tuple[int, int] | None

    @property
    def end(self) -> int:
        return self.address + Stage3aArgs.fixed_size()

    @property
    def header_address(self) -> int:
        return self.address + self.hdr_offs & _ADDRESS_MASK

    @property
    def ipib_address(self) -> int:
        return self.address + self.ipib_offs & _ADDRESS_MASK

    @property
    def agrees(self) -> bool:
        """Whether the image metadata say the same."""
        return self.stated == (self.header_address, self.ipib_address)

    def is_plausible(self, image: LoadedImage) -> bool:
        """Whether it leads behind stage3a and to an IPIB, or to where the metadata say that one is."""
        if self.header_address < self.end or self.ipib_address < self.end:
            return False
        return self.agrees or image.read(self.ipib_address + _IPIB_TYPE_OFFSET, 1)[0] == IPIB_TYPE_PV


def _find_stage3a_args(image: LoadedImage, metadata: ImageMetadata | None) -> list[_FoundArgs]:
    """All that could be the argument block, the likeliest last: with the metadata, near the end of the loader."""
    length = min(_SEARCH_LIMIT, max(0, image.file_size - STAGE3A_ENTRY))
    loader = image.read(STAGE3A_ENTRY, length // 8 * 8)
    stated = (metadata.hdr_off, metadata.ipib_off) if metadata else None
    headers = {metadata.hdr_off} if metadata else set()
    position = loader.find(HEADER_MAGIC)
    while position >= 0:
        headers.add(STAGE3A_ENTRY + position)
        position = loader.find(HEADER_MAGIC, position + 1)
    words = array("Q", loader)
    if sys.byteorder == "little":
        words.byteswap()
    found: list[_FoundArgs] = []
    # A header lies behind stage3a, so every block that leads to one begins below the last of them.
    end = min(len(words) - 2, (max(headers, default=0) - STAGE3A_ENTRY) // 8)
    for index in range(end - 1, -1, -1):
        address = STAGE3A_ENTRY + index * 8
        if words[index] + address in headers:
            block = _FoundArgs(address, words[index], words[index + 1], words[index + 2], stated)
            if block.is_plausible(image):
                found.append(block)
            if len(found) == _MOST_BLOCKS:
                break
    return sorted(found, key=lambda block: (block.agrees, block.address))


def _handover(found: _FoundArgs) -> Handover:
    return Handover(found.header_address, found.hdr_size, found.ipib_address, found.end)


def _guess(image: LoadedImage, metadata: ImageMetadata | None) -> Handover | None:
    """Where header and IPIB may be in an image that would not get that far, so that more can be said about it."""
    places = range(0, min(image.file_size, _SEARCH_LIMIT), _PAGE_SIZE)
    header = next((place for place in places if image.read(place, len(HEADER_MAGIC)) == HEADER_MAGIC), None)
    if metadata is not None and image.holds(metadata.hdr_off, len(HEADER_MAGIC)):
        header = metadata.hdr_off
    if header is None:
        return None
    length = int.from_bytes(image.read(header + 0x0C, 4), "big")
    ipib = metadata.ipib_off if metadata is not None else None
    return Handover(header, min(length, MAX_HEADER_SIZE), ipib, None)


def _judge_stage3a(found: list[_FoundArgs]) -> Check:
    if not found:
        return STAGE3A.failed("No argument block leads to a header and an IPIB: the image would not start.")
    if len(found) > 1:
        blocks = [
            (f"block at 0x{block.address:x}", f"header 0x{block.header_address:x}, IPIB 0x{block.ipib_address:x}")
            for block in found[-_SHOWN:]
        ]
        return STAGE3A.warning("Several places could be the argument block; the last is taken.", *blocks)
    block = found[0]
    return STAGE3A.passed(
        f"The arguments at 0x{block.address:x} lead to both.",
        ("header", f"0x{block.header_address:x}, {block.hdr_size} bytes"),
        ("IPIB", f"0x{block.ipib_address:x}"),
    )


def _gap(image: LoadedImage, handover: Handover | None) -> Check:
    if handover is None or handover.args_end is None or handover.ipib_address is None:
        return GAP.not_checked("The end of stage3a is not known.", required=False)
    start = handover.args_end
    end = min(handover.header_address, handover.ipib_address, image.file_size)
    content = image.read(start, min(max(0, end - start), _SEARCH_LIMIT))
    if any(content):
        first = next(index for index, byte in enumerate(content) if byte)
        shown = (f"bytes at 0x{start + first:x}", content[first : first + 16].hex())
        return GAP.note("There are bytes that belong to no part; they are not protected and not used.", shown)
    return GAP.passed("All bytes up to the next part are zero.")
