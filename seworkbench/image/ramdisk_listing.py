"""What files an initial ramdisk holds, read in one pass and in constant memory.

A ramdisk is a row of cpio archives, each as it is or compressed, with zeros between (formats/cpio.py; Linux,
init/initramfs.c). The kernel unpacks them one over the other, and stops at the first thing it cannot read: so does the
listing, and says what it was. Nothing here trusts a size: neither those in headers nor how much comes out of a
decompressor.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import zstandard

from seworkbench.errors import FormatError
from seworkbench.formats.cpio import ALIGNMENT, HEADER_SIZE, TRAILER, CpioHeader, data_sum, padding
from seworkbench.formats.ramdisk import ramdisk_kind
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ENTRY_LIMIT = 100_000
DECOMPRESSED_LIMIT = 4 << 30

_MAGIC_SIZE = 6
# Decompressors get their data in pieces of this size, counted from where the compressed data begin: then they see the
# same calls whatever the chunks are, and what a damaged place takes with it is little. 512 bytes of zstd become 22 MiB
# at the worst (a block of 4 bytes can stand for 128 KiB), and it is the only one that cannot be told to pause.
_PIECE = 512
_OUTPUT = 1 << 18
_WINDOW = 1 << 16
# Dictionaries: the kernel's zstd takes windows of 128 MiB at most; xz -9 needs 65 MiB.
_ZSTD_WINDOW = 1 << 27
_LZMA_MEMORY = 256 << 20
# Bytes of names and link targets that are kept.
_TEXT_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class RamdiskEntry:
    """One file of a ramdisk.

    Args:
        name: its path, as in the archive; any bytes but NUL.
        mode: type and permissions as `ls -l` shows them.
        kind: what it is, in words.
        size: bytes of data stored with it; of the hard links to a file mostly one alone has them.
        target: where a symbolic link leads.
    """

    name: bytes
    mode: str
    kind: str
    size: int
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class RamdiskListing:
    """What was found in a ramdisk.

    Args:
        entries: the files in the order of the archives; a later one replaces an earlier one of the same name.
        total: sum of their sizes.
        truncated: whether a limit ended the listing while there was more.
        problem: one sentence on what Linux would not read here; empty if there is nothing.
        compressions: names of the compressions met, in the order in which they first appear.
    """

    entries: tuple[RamdiskEntry, ...]
    total: int
    truncated: bool
    problem: str
    compressions: tuple[str, ...]


def list_ramdisk(
    chunks: Iterable[bytes],
    job: Job | None = None,
    limit: int = ENTRY_LIMIT,
    decompressed_limit: int = DECOMPRESSED_LIMIT,
) -> RamdiskListing:
    """List the files in a ramdisk. Any bytes give a result.

    Args:
        chunks: the ramdisk, in pieces of any size. A FormatError raised by it becomes the listing's problem; other
            errors are the caller's.
        job: advanced by the size of each chunk that is done; the caller begins the phase.
        limit: number of entries after which the listing ends.
        decompressed_limit: bytes out of decompressors after which it ends.

    Raises:
        Cancelled: if the job was asked to stop.
    """
    return _Lister(job or Job(), limit, decompressed_limit).list(chunks)


class _LimitReached(Exception):  # noqa: N818 - it ends the listing, nothing is wrong
    """There is more than is to be listed."""


class _Stream:
    """Bytes that come in pieces of any size and are read by the number.

    Args:
        pieces: where they come from.
        place: says where an offset in this stream is.
    """

    def __init__(self, pieces: Iterator[bytes], place: Callable[[int], str]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._start = 0
        self._place = place
        self.offset = 0

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        while len(self._piece) - self._start < size and (piece := next(self._pieces, None)) is not None:
            kept = max(0, self._start - _PIECE)
            self._piece = self._piece[kept:] + piece
            self._start -= kept
        return self._piece[self._start : self._start + size]

    def take(self, size: int) -> bytes:
        """The same, and go behind them."""
        data = self.peek(size)
        self.skip(len(data))
        return data

    def window(self, size: int) -> bytes:
        """The next bytes that are at hand, `size` at most; none at the end."""
        return self.peek(1) and self._piece[self._start : self._start + min(size, _WINDOW)]

    def skip(self, size: int) -> None:
        """Go behind bytes that were looked at; backward by what was not needed of them, _PIECE bytes at most."""
        self._start += size
        self.offset += size

    def skip_zeros(self) -> None:
        """Go to the next byte that is not zero, or to the end."""
        while window := self.window(_WINDOW):
            rest = len(window.lstrip(b"\0"))
            self.skip(len(window) - rest)
            if rest:
                return

    def located(self, error: FormatError) -> FormatError:
        """The error with its place in this stream, unless it has one."""
        error.located(self._place(self.offset if error.offset is None else error.offset))
        return error


class _Decoder(Protocol):
    """What the decompressors of the standard library have in common."""

    @property
    def eof(self) -> bool:
        """Whether the compressed data are at their end."""

    @property
    def needs_input(self) -> bool:
        """Whether more data should come, if there are any, before more is asked for."""

    @property
    def unused_data(self) -> bytes:
        """What of the data lies behind the end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """What comes out next."""


class _Gzip:
    """One gzip member, its checksum verified."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._waiting = b""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output = self._inner.decompress(self._waiting + data, max_length)
        self._waiting = self._inner.unconsumed_tail
        self.needs_input = not self._waiting and len(output) < max_length
        return output


class _Zstd:
    """One zstd frame. It has no `max_length`: the size of the pieces bounds what comes out (see _PIECE)."""

    needs_input = True

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 - see the class
        return self._inner.decompress(data)


class _Lzma:
    """One lone lzma stream.

    A stream whose header states its size may have an end mark nevertheless. liblzma 5.4 forgets from one call to the
    next that a mark may come, and calls one that arrives in two parts damaged: so the last byte is asked for only when
    a whole further piece is at hand, in which any mark ends.
    """

    _HEAD = 13  # properties, size of the dictionary, and in the last eight bytes the size or all ones
    _UNKNOWN = (1 << 64) - 1

    def __init__(self) -> None:
        self._inner = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY)
        self._left: int | None = None

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return self._inner.needs_input or self._left == 1

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._left is None:
            self._left = int.from_bytes(data[5 : self._HEAD], "little")
        if self._left == self._UNKNOWN:
            return self._inner.decompress(data, max_length)
        output = self._inner.decompress(data, min(max_length, self._left - 1) if self._left > 1 else max_length)
        self._left -= len(output)
        return output


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY),
    "lzma": _Lzma,
    "zstd": _Zstd,
}
_DECODER_ERRORS = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, ValueError, EOFError)
_UNREADABLE = ("lzo", "lz4")


class _Lister:
    """One listing in the making."""

    def __init__(self, job: Job, limit: int, decompressed_limit: int) -> None:
        self._job = job
        self._limit = limit
        self._decompressed_limit = decompressed_limit
        self._decompressed = 0
        self._entries: list[RamdiskEntry] = []
        self._total = 0
        self._text = 0
        self._truncated = False
        self._problem = ""
        self._compressions: dict[str, None] = {}
        self._inside = False

    def list(self, chunks: Iterable[bytes]) -> RamdiskListing:
        """Read everything."""
        raw = _Stream(self._watched(chunks), lambda offset: f"Offset 0x{offset:x}")
        try:
            self._ramdisk(raw)
        except FormatError as error:
            self._note(error)
        except _LimitReached:
            self._truncated = True
        return RamdiskListing(
            tuple(self._entries), self._total, self._truncated, self._problem, tuple(self._compressions)
        )

    def _note(self, error: FormatError) -> None:
        self._problem = self._problem or str(error)

    def _watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        self._job.check()
        for chunk in chunks:
            yield chunk
            self._job.advance(len(chunk))

    def _ramdisk(self, raw: _Stream) -> None:
        """Everything: archives and compressed archives, with zeros between."""
        while True:
            self._archives(raw)
            head = raw.peek(_MAGIC_SIZE)
            if not head:
                return
            kind = ramdisk_kind(head)
            if kind in _DECODERS:
                self._compressed(raw, kind)
                continue
            if kind not in _UNREADABLE:
                raise raw.located(FormatError("Neither a cpio archive nor a known compression begins here."))
            self._compressions.setdefault(kind)
            raise raw.located(FormatError(f"An archive compressed with {kind} begins here; it cannot be listed."))

    def _archives(self, stream: _Stream) -> None:
        """Entry after entry, as long as entries come; archives follow each other as entries do."""
        while True:
            stream.skip_zeros()
            if stream.window(1) != b"0":
                return
            self._inside = True
            try:
                self._entry(stream)
            except FormatError as error:
                raise stream.located(error) from None
            self._inside = False

    def _entry(self, stream: _Stream) -> None:
        if stream.offset % ALIGNMENT:
            raise FormatError(f"A cpio header begins here, not at a multiple of {ALIGNMENT} as Linux needs it.")
        start = stream.offset
        header = CpioHeader.parse(stream.take(HEADER_SIZE), start)
        start = stream.offset
        name = header.name(stream.take(header.name_size), start)
        if name != TRAILER and (len(self._entries) >= self._limit or self._text > _TEXT_LIMIT):
            raise _LimitReached
        stream.take(padding(HEADER_SIZE + header.name_size))
        target = self._data(stream, header)
        stream.take(padding(header.size))  # missing at the very end, if the writer left out the trailer
        if name != TRAILER:
            self._entries.append(RamdiskEntry(name, header.mode_text, header.kind, header.size, target))
            self._total += header.size
            self._text += len(name) + len(target)

    @staticmethod
    def _data(stream: _Stream, header: CpioHeader) -> bytes:
        """Go behind the data; what is returned is the target of a symbolic link."""
        start, left, total, target = stream.offset, header.size, 0, b""
        while left:
            window = stream.window(left)
            if not window:
                raise FormatError("The archive ends inside a file.", offset=stream.offset)
            if header.is_link:
                target += window
            if header.checksummed:
                total = data_sum(window, total)
            stream.skip(len(window))
            left -= len(window)
        header.check_sum(total, start)
        return target

    def _compressed(self, raw: _Stream, kind: str) -> None:
        """One compressed part: everything in it must be cpio archives and zeros."""
        self._compressions.setdefault(kind)
        begin = raw.offset
        stream = _Stream(
            self._frames(raw, kind), lambda offset: f"Offset 0x{offset:x} of the {kind} data at 0x{begin:x}"
        )
        self._archives(stream)
        if stream.window(1):
            raise stream.located(FormatError("No cpio header begins here."))

    def _frames(self, raw: _Stream, kind: str) -> Iterator[bytes]:
        """What a compressed part decompresses to.

        Linux takes each frame as archives of their own. Those who compress in parallel may cut a file in two: such
        frames are read as one, which Linux does not, and that is noted.
        """
        while True:
            yield from self._frame(raw, kind)
            if not self._inside or ramdisk_kind(raw.peek(_MAGIC_SIZE)) != kind:
                return
            what = f"A file of the archive goes on in the next piece of {kind} data, where Linux does not follow it."
            self._note(raw.located(FormatError(what)))

    def _frame(self, raw: _Stream, kind: str) -> Iterator[bytes]:
        decoder = _DECODERS[kind]()
        while not decoder.eof:
            self._job.check()
            piece = raw.peek(_PIECE) if decoder.needs_input else b""
            starving = decoder.needs_input and not piece
            try:
                output = decoder.decompress(piece, _OUTPUT)
            except _DECODER_ERRORS:
                what = f"The {kind} data are damaged, or need more memory than is allowed."
                raise raw.located(FormatError(what)) from None
            if starving and not output and not decoder.eof:
                raise raw.located(FormatError(f"The ramdisk ends inside {kind} data."))
            # A decompressor that paused tells only later that the end lay inside the piece it got before.
            raw.skip(len(piece) - len(decoder.unused_data))
            yield output[: self._decompressed_limit - self._decompressed]
            self._decompressed += len(output)
            if self._decompressed > self._decompressed_limit:
                what = f"More than {self._decompressed_limit} bytes come out of decompression; the rest is not listed."
                self._note(raw.located(FormatError(what)))
                raise _LimitReached
