"""Finding header and IPIB in a file (resources/help/image-layout.md#finding-the-header).

`pvimg` trusts the image metadata alone if there is any, and otherwise tries the first 0x15 pages. Here the search goes
on to the end of the file, and on request also behind metadata that point nowhere; how the header was found is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.image_metadata import METADATA_MAGIC, METADATA_OFFSET, ImageMetadata
from seworkbench.formats.ipib import (
    IPIB_MAX_SIZE,
    IPIB_TYPE_OFFSET,
    IPIB_TYPE_PV,
    Ipib,
    claims_to_be_ipib,
    ipib_size,
    looks_like_ipib,
    measured_bytes,
    parse_ipib,
)
from seworkbench.formats.se_header import HEADER_MAGIC, MAX_HEADER_SIZE, SeHeader, parse_header
from seworkbench.formats.stage3 import STAGE3A_ENTRY, Stage3aArgs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.image.image_file import ImageFile

_PAGE = 4096
# pvimg's probes: offsets 0, 0x1000, … 0x14000.
_FIRST_PROBES = 0x15
# A whole file is searched in pieces of this size: one call a page would take many times as long.
_SEARCH_SIZE = 1 << 20
# A loader is some kilobytes; the header may lie far above it, behind the components.
_LOADER_LIMIT = 1 << 20
# More than one hit is strange already; a loader full of them is made to cost time.
_MOST_HITS = 8


class NoHeaderError(FormatError):
    """There is no SE header in the file at all."""


@dataclass(frozen=True, slots=True)
class HeaderLocation:
    """Where a header is and how it was found.

    Args:
        offset: file offset of the header.
        method: how it was found, in words.
        metadata: the image metadata, if the file has them.
        misleading: whether the metadata point somewhere else.
    """

    offset: int
    method: str
    metadata: ImageMetadata | None
    misleading: bool = False


@dataclass(frozen=True, slots=True)
class IpibLocation:
    """Where an IPIB is and how it was found; see HeaderLocation."""

    offset: int
    method: str
    ipib: Ipib


def read_metadata(image: ImageFile) -> ImageMetadata | None:
    """The image metadata, if there are any."""
    raw = image.read_at(METADATA_OFFSET, ImageMetadata.fixed_size())
    if len(raw) < ImageMetadata.fixed_size() or not raw.startswith(METADATA_MAGIC):
        return None
    return ImageMetadata.parse(raw)


def locate_header(image: ImageFile, *, past_metadata: bool = False) -> HeaderLocation:
    """Find the SE header.

    Args:
        image: the file.
        past_metadata: search on where the metadata point to no header, which `pvimg` does not.

    Raises:
        NoHeaderError: if there is none.
        FormatError: if it is not where the metadata say.
    """
    metadata = read_metadata(image)
    if metadata is not None:
        if _has_header(image, metadata.hdr_off):
            return HeaderLocation(metadata.hdr_off, "by the image metadata at 0xc000", metadata)
        if not past_metadata:
            raise FormatError(
                f"The image metadata at 0xc000 say that the SE header is at 0x{metadata.hdr_off:x}; there is none.",
                where=str(image.path),
                remedy="The image is damaged; `seworkbench image verify` searches the rest of it.",
            )
    for offset in _pages_with(image, 0, HEADER_MAGIC[:1]):
        if _has_header(image, offset):
            early = offset < _FIRST_PROBES * _PAGE
            how = "by trying the first pages" if early else "by searching the whole file page by page"
            return HeaderLocation(offset, how, metadata, misleading=metadata is not None)
    raise NoHeaderError(
        "No Secure Execution header was found.",
        where=str(image.path),
        remedy="Check that this is an SE image (made by pvimg, genprotimg or this program) or an SE header.",
    )


def _pages_with(image: ImageFile, at: int, byte: bytes) -> Iterator[int]:
    """Offsets of the pages that have `byte` at `at`."""
    for start in range(0, image.size, _SEARCH_SIZE):
        column = image.read_at(start, _SEARCH_SIZE)[at::_PAGE]
        page = column.find(byte)
        while page >= 0:
            yield start + page * _PAGE
            page = column.find(byte, page + 1)


def _has_header(image: ImageFile, offset: int) -> bool:
    return image.read_at(offset, len(HEADER_MAGIC)) == HEADER_MAGIC


def read_header(image: ImageFile, offset: int, *, lenient: bool = False) -> SeHeader:
    """Read the header at a known place.

    Raises:
        FormatError: if its structure is broken.
    """
    try:
        return parse_header(image.read_at(offset, MAX_HEADER_SIZE), lenient=lenient)
    except FormatError as error:
        raise error.located(str(image.path)) from None


def locate_stage3a_args(image: ImageFile, header_offset: int, header_size: int) -> list[int]:
    """All places below the header that could be stage3a's arguments: they lead to this header and to an IPIB.

    The length of stage3a is recorded nowhere, so its arguments are found by what they say.
    """
    distance = header_offset - STAGE3A_ENTRY
    loader = image.read_at(STAGE3A_ENTRY, min(distance, _LOADER_LIMIT))
    hits = []
    for at in range(0, len(loader) - Stage3aArgs.fixed_size() + 1, 8):
        if int.from_bytes(loader[at : at + 8], "big") == distance - at:
            args = Stage3aArgs.parse(loader, at)
            address = STAGE3A_ENTRY + at
            if args.hdr_size == header_size and claims_to_be_ipib(_head(image, address + args.ipib_offs)):
                hits.append(address)
                if len(hits) == _MOST_HITS:
                    break
    return hits


def locate_ipib(image: ImageFile, metadata: ImageMetadata | None, header: SeHeader, header_offset: int) -> IpibLocation:
    """Find the IPIB: by the metadata, else by stage3a's arguments, else by searching pages.

    It lists at least one component. What the image itself leads to may contradict itself otherwise, if nothing sound is
    led to: what is wrong is better said of it than that there is none.

    Raises:
        FormatError: if there is none.
    """
    for is_one in (looks_like_ipib, claims_to_be_ipib):
        for offset, method in _ipib_hints(image, metadata, header, header_offset):
            if is_one(_head(image, offset)):
                return IpibLocation(offset, method, _read_ipib(image, offset))
    first = None
    # C genprotimg put it on the page before the header, pvimg puts it last: try these before all others.
    for offset in _pages_likely_first(image, header_offset):
        if looks_like_ipib(_head(image, offset)):
            if measured_bytes(image.read_at(offset, IPIB_MAX_SIZE)) == header.nep * _PAGE:
                return IpibLocation(offset, "by searching page by page", _read_ipib(image, offset))
            first = offset if first is None else first
    if first is not None:
        return IpibLocation(first, "by searching page by page", _read_ipib(image, first))
    raise FormatError(
        "No IPL parameter information block (IPIB) was found.",
        where=str(image.path),
        remedy="The image is cut off or damaged; its components cannot be told apart without it.",
    )


def _ipib_hints(
    image: ImageFile, metadata: ImageMetadata | None, header: SeHeader, header_offset: int
) -> Iterator[tuple[int, str]]:
    if metadata is not None:
        yield metadata.ipib_off, "by the image metadata at 0xc000"
    for args_at in locate_stage3a_args(image, header_offset, header.sehs):
        args = Stage3aArgs.parse(image.read_at(args_at, Stage3aArgs.fixed_size()))
        yield args_at + args.ipib_offs, "by the arguments of stage3a"


def _pages_likely_first(image: ImageFile, header_offset: int) -> Iterator[int]:
    yield max(0, header_offset - _PAGE)
    yield max(0, (image.size - 1) // _PAGE * _PAGE)
    yield from _pages_with(image, IPIB_TYPE_OFFSET, bytes([IPIB_TYPE_PV]))


def _head(image: ImageFile, offset: int) -> bytes:
    """As much of a possible IPIB as it takes to tell whether it is one."""
    return image.read_at(offset, ipib_size(1))


def _read_ipib(image: ImageFile, offset: int) -> Ipib:
    try:
        return parse_ipib(image.read_at(offset, IPIB_MAX_SIZE))
    except FormatError as error:
        raise error.located(str(image.path)) from None
