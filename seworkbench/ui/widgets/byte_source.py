"""Where bytes come from that views show and searches read, and what is known about them. Free of Qt.

A file is read with `pread` at the moment it is needed and neither mapped nor held. A mapping would end the program with
SIGBUS when somebody truncates the file underneath (and other processes may); `pread` just returns fewer bytes. It costs
some microseconds for what a window shows, because the kernel's page cache is the cache: one of our own would only add
stale bytes.
"""

from __future__ import annotations

import heapq
import os
import threading
from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, Self

from seworkbench.errors import SeError
from seworkbench.files import explained, open_input
from seworkbench.formats.layout import Field, Protection
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType


class ByteSource(Protocol):
    """Bytes that can be read at any place."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer where there are no more.

        Raises:
            SeError: if they cannot be read.
        """


class MemorySource:
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size(self) -> int:
        """See ByteSource."""
        return len(self._content)

    def read(self, offset: int, size: int) -> bytes:
        """See ByteSource."""
        return self._content[offset : offset + size] if offset >= 0 and size > 0 else b""


class FileSource:
    """A file or block device of any size, opened read-only. May be read from several threads.

    Args:
        path: the file.

    Raises:
        SeError: if it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Closing while a search reads on another thread must not let it read a file that got the same descriptor.
        self._lock = threading.Lock()
        self._resources = ExitStack()
        stream = self._resources.enter_context(open_input(path))
        self._fd = stream.fileno()
        with explained(path):
            # Block devices have no size in their status; the end of them can be sought.
            self._size = stream.seek(0, os.SEEK_END)

    @property
    def size(self) -> int:
        """The size when the file was opened."""
        return self._size

    def read(self, offset: int, size: int) -> bytes:
        """See ByteSource."""
        if size <= 0 or not 0 <= offset < self._size:
            return b""
        size = min(size, self._size - offset)
        pieces: list[bytes] = []
        with self._lock, explained(self.path):
            if self._fd < 0:
                raise SeError("The file was closed.", where=str(self.path))
            while size > 0 and (piece := os.pread(self._fd, size, offset)):
                pieces.append(piece)
                offset += len(piece)
                size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Let go of the file; reading fails from now on."""
        with self._lock:
            self._fd = -1
            self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OverlaySource:
    """Another source, with other bytes at some places: the opened part of a header instead of its ciphertext.

    Args:
        base: the source underneath; its size stays.
        patches: offset to the bytes shown there; those behind the end are not shown. Where patches overlap, the later
            one is shown.
    """

    def __init__(self, base: ByteSource, patches: Mapping[int, bytes]) -> None:
        self._base = base
        self._patches = dict(patches)

    @property
    def size(self) -> int:
        """See ByteSource."""
        return self._base.size

    def read(self, offset: int, size: int) -> bytes:
        """See ByteSource."""
        content = self._base.read(offset, size)
        end = offset + len(content)
        changed: bytearray | None = None
        for place, patch in self._patches.items():
            first, last = max(place, offset), min(place + len(patch), end)
            if first < last:
                changed = bytearray(content) if changed is None else changed
                changed[first - offset : last - offset] = patch[first - place : last - place]
        return content if changed is None else bytes(changed)


@dataclass(frozen=True, slots=True)
class Region:
    """A run of bytes that has a name.

    Args:
        offset: its first byte.
        length: number of bytes.
        protection: what protects them.
        name: what they are, short: it stands in a narrow column.
        masked: they are secret and not shown.
    """

    offset: int
    length: int
    protection: Protection
    name: str
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes that belongs to one region and no region inside it."""

    start: int
    end: int
    region: Region


class RegionMap:
    """Regions, nested as they like, cut into spans that do not overlap: the innermost region has the byte.

    Args:
        regions: in any order. Of two equally long ones the later wins.
    """

    def __init__(self, regions: Iterable[Region]) -> None:
        self.regions = [region for region in regions if region.length > 0]
        self._spans = list(_flatten(self.regions))
        self._starts = [span.start for span in self._spans]
        ordered = sorted(self.regions, key=lambda region: (region.offset, -region.length))
        self._named = [region for region in ordered if region.name]
        self._name_offsets = [region.offset for region in self._named]

    def at(self, offset: int) -> Region | None:
        """The innermost region that holds a byte."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self._spans[index].end:
            return self._spans[index].region
        return None

    def spans(self, start: int, end: int) -> Sequence[Span]:
        """The spans that have bytes in [start, end), in order, not clipped."""
        first = bisect_right(self._starts, start) - 1
        if first < 0 or self._spans[first].end <= start:
            first += 1
        return self._spans[first : bisect_right(self._starts, end - 1, lo=first)]

    def names(self, start: int, end: int) -> list[str]:
        """Names of the regions that begin in [start, end): of several that begin at one byte, the innermost."""
        first = bisect_right(self._name_offsets, start - 1)
        found = {
            region.offset: region.name for region in self._named[first : bisect_right(self._name_offsets, end - 1)]
        }
        return list(found.values())

    def masked(self, start: int, end: int) -> bool:
        """Whether a byte in [start, end) is not shown."""
        return any(span.region.masked for span in self.spans(start, end))


def regions_of(root: Field, size: int | None = None, *, opened: bool = False) -> list[Region]:
    """The regions of a dissection: every field without parts of its own, and the gaps between them.

    Args:
        root: the tree.
        size: of the file, if there may be bytes behind the tree.
        opened: the bytes shown are those of `opened_patches`, so secret fields are masked.
    """
    regions: list[Region] = []
    at = root.offset
    for region in sorted(_leaf_regions(root, root, opened), key=lambda region: region.offset):
        if region.offset > at:
            regions.append(Region(at, region.offset - at, Protection.CLEAR, "gap"))
        regions.append(region)
        at = max(at, region.offset + region.length)
    end = root.offset + root.length if size is None else size
    if at < end:
        regions.append(Region(at, end - at, Protection.CLEAR, "gap"))
    return regions


def opened_patches(root: Field) -> dict[int, bytes]:
    """What to lay over a file to see the opened fields of a dissection. Secrets are not among them: mask those."""
    patches: dict[int, bytes] = {}
    for field in _leaves(root):
        if field.protection is Protection.ENCRYPTED and isinstance(field.raw, bytes):
            patches[field.offset] = field.raw
    return patches


def _flatten(regions: list[Region]) -> Iterator[Span]:
    """Sweep over all borders, keeping the regions in force ordered by length."""
    starts = sorted(range(len(regions)), key=lambda index: regions[index].offset)
    borders = sorted({border for region in regions for border in (region.offset, region.offset + region.length)})
    in_force: list[tuple[int, int]] = []  # length and, so that the later wins, negative position
    following = 0
    for start, end in pairwise(borders):
        while following < len(starts) and regions[starts[following]].offset == start:
            index = starts[following]
            heapq.heappush(in_force, (regions[index].length, -index))
            following += 1
        while in_force and (inner := regions[-in_force[0][1]]).offset + inner.length <= start:
            heapq.heappop(in_force)
        if in_force:
            yield Span(start, end, regions[-in_force[0][1]])


def _leaves(field: Field) -> Iterator[Field]:
    if has_parts(field):
        for child in field.children:
            yield from _leaves(child)
    else:
        yield field


def has_parts(field: Field) -> bool:
    """Whether a field consists of others. Flags do not count: several of them share a byte."""
    spread = sum(child.length for child in field.children)
    return bool(field.children) and spread <= field.length and not field.children[0].name.startswith("bit ")


def _leaf_regions(field: Field, parent: Field, opened: bool) -> Iterator[Region]:
    if has_parts(field):
        for child in field.children:
            yield from _leaf_regions(child, field, opened)
        return
    masked = opened and isinstance(field.raw, Secret)
    yield Region(field.offset, field.length, field.protection, _short_name(field, parent), masked)


_SLOT_PARTS = {"phkh": "hash", "wrpk": "key", "kst": "tag"}


def _short_name(field: Field, parent: Field) -> str:
    """A name for a narrow column: the specification's, with the number where there are several."""
    number = parent.title.rpartition(" ")[2]
    if field.name in _SLOT_PARTS and number.isdigit():
        return f"slot {number} {_SLOT_PARTS[field.name]}"
    if field.name.startswith("component["):
        return field.title.partition(": ")[2] or field.title.lower()
    if number.isdigit():
        return f"{field.name} {number}"
    if field.name in ("code", "value"):  # these say something only together with what they are part of
        return field.title
    return field.name
