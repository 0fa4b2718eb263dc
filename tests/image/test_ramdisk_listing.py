"""Listing ramdisks: archives made here, in every compression and combination, whole, cut, spoiled and hostile."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import shutil
import stat
import subprocess
import tracemalloc
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.errors import Cancelled, FormatError
from seworkbench.image import ramdisk_listing
from seworkbench.image.ramdisk_listing import RamdiskEntry, RamdiskListing, list_ramdisk
from seworkbench.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOISE = random.Random(1)  # noqa: S311 - test data


@dataclass(frozen=True)
class File:
    """What the writer writes; `size`, `name_size` and `checksum` override what is true."""

    name: bytes
    data: bytes = b""
    mode: int = 0o100644
    inode: int = 0
    links: int = 1
    size: int | None = None
    name_size: int | None = None
    checksum: int | None = None


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def written(file: File, magic: bytes = b"070701") -> bytes:
    checksum = file.checksum if file.checksum is not None else sum(file.data) if magic == b"070702" else 0
    size = len(file.data) if file.size is None else file.size
    name_size = len(file.name) + 1 if file.name_size is None else file.name_size
    numbers = (file.inode, file.mode, 0, 0, file.links, 0, size, 0, 0, 0, 0, name_size, checksum)
    head = magic + b"".join(b"%08X" % number for number in numbers)
    return padded(head + file.name + b"\0") + padded(file.data)


END = File(b"TRAILER!!!", mode=0)
TRAILER = written(END)


def archive(*files: File, magic: bytes = b"070701", trailer: bool = True) -> bytes:
    return b"".join(written(file, magic) for file in (*files, END)[: None if trailer else -1])


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def alone(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_ALONE)


def sized_alone(data: bytes) -> bytes:
    """As the LZMA SDK writes it: the size in the header. The end mark is left in, which is allowed."""
    packed = alone(data)
    return packed[:5] + len(data).to_bytes(8, "little") + packed[13:]


def unmarked_alone(data: bytes) -> bytes:
    """The size in the header and no end mark: what one chunk of LZMA2 holds, behind the header of a lone stream."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    chunk = lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
    assert chunk[0] >> 5 == 7, "a compressed chunk that begins anew"
    packed = chunk[6 : 7 + int.from_bytes(chunk[3:5], "big")]
    assert chunk[6 + len(packed) :] == b"\0", "one chunk only"
    return chunk[5:6] + (1 << 16).to_bytes(4, "little") + len(data).to_bytes(8, "little") + packed


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def zstd_streamed(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


COMPRESSORS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "plain": (bytes, ""),
    "gzip": (gz, "gzip"),
    "bzip2": (bz2.compress, "bzip2"),
    "xz": (lzma.compress, "xz"),
    "xz-crc32": (lambda data: lzma.compress(data, check=lzma.CHECK_CRC32), "xz"),
    "lzma": (alone, "lzma"),
    "lzma-sized": (sized_alone, "lzma"),
    "zstd": (zstd, "zstd"),
    "zstd-streamed": (zstd_streamed, "zstd"),
}
PACKED = [name for name in COMPRESSORS if name != "plain"]

FIRST = (
    File(b".", mode=0o040755, links=2),
    File(b"init", b"#!/bin/sh\nexec /sbin/init\n", 0o100755),
    File(b"bin/sh", b"busybox", 0o120777),
    File(b"dev/console", mode=0o020600),
    File(b"empty"),
)
SECOND = (File(b"etc/host\nname \x1b[31m\xff", b"guest"), File(b"noise", NOISE.randbytes(5001)))
EXPECTED = (
    RamdiskEntry(b".", "drwxr-xr-x", "directory", 0),
    RamdiskEntry(b"init", "-rwxr-xr-x", "file", 26),
    RamdiskEntry(b"bin/sh", "lrwxrwxrwx", "symbolic link", 7, b"busybox"),
    RamdiskEntry(b"dev/console", "crw-------", "character device", 0),
    RamdiskEntry(b"empty", "-rw-r--r--", "file", 0),
)
EXPECTED_SECOND = (
    RamdiskEntry(b"etc/host\nname \x1b[31m\xff", "-rw-r--r--", "file", 5),
    RamdiskEntry(b"noise", "-rw-r--r--", "file", 5001),
)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def listed(
    data: bytes, size: int = 1 << 20, *, limit: int = 100_000, decompressed_limit: int = 4 << 30
) -> RamdiskListing:
    return list_ramdisk(pieces(data, size), limit=limit, decompressed_limit=decompressed_limit)


def names(listing: RamdiskListing) -> list[bytes]:
    return [entry.name for entry in listing.entries]


# What is there is listed.


@pytest.mark.parametrize("how", COMPRESSORS)
@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_every_compression_gives_the_same_files(how: str, size: int) -> None:
    pack, name = COMPRESSORS[how]
    listing = listed(pack(archive(*FIRST)), size)
    assert listing == RamdiskListing(EXPECTED, 33, truncated=False, problem="", compressions=(name,) if name else ())


@pytest.mark.parametrize("one", COMPRESSORS)
@pytest.mark.parametrize("other", COMPRESSORS)
@pytest.mark.parametrize("zeros", [0, 512])
def test_archives_follow_each_other_in_any_combination(one: str, other: str, zeros: int) -> None:
    first, second = COMPRESSORS[one][0](archive(*FIRST)), COMPRESSORS[other][0](archive(*SECOND))
    gap = zeros + (-len(first) % 4 if other == "plain" else 0)
    listing = listed(first + bytes(gap) + second + bytes(zeros))
    assert listing.entries == EXPECTED + EXPECTED_SECOND
    assert (listing.total, listing.truncated, listing.problem) == (5039, False, "")
    met = [COMPRESSORS[how][1] for how in (one, other)]
    assert listing.compressions == tuple(dict.fromkeys(name for name in met if name))


@pytest.mark.parametrize("how", COMPRESSORS)
def test_archives_follow_each_other_inside_one_compression(how: str) -> None:
    listing = listed(COMPRESSORS[how][0](bytes(8) + archive(*FIRST) + bytes(500) + archive(*SECOND, trailer=False)))
    assert listing.entries == EXPECTED + EXPECTED_SECOND
    assert not listing.problem


@pytest.mark.parametrize("how", PACKED)
def test_each_compressed_part_counts_its_own_offsets(how: str) -> None:
    # Parts need not begin at a multiple of four, and the data in one need not end at one.
    pack = COMPRESSORS[how][0]
    odd = archive(*FIRST) + b"\0"
    listing = listed(b"\0" + pack(odd) + pack(odd) + b"\0" + pack(archive(*SECOND)))
    assert listing.entries == EXPECTED * 2 + EXPECTED_SECOND
    assert not listing.problem


@pytest.mark.parametrize("data", [b"", bytes(1), bytes(100_000)])
@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_nothing_and_zeros_are_an_empty_ramdisk(data: bytes, size: int) -> None:
    assert listed(data, size) == RamdiskListing((), 0, truncated=False, problem="", compressions=())


def test_empty_chunks_mean_nothing() -> None:
    data = gz(archive(*FIRST))
    assert list_ramdisk([b"", data[:9], b"", b"", data[9:], b""]) == listed(data)


def test_a_trailer_may_be_missing_and_padding_behind_the_last_file_too() -> None:
    whole = archive(*FIRST, File(b"last", b"12345"), trailer=False)
    assert whole.endswith(b"5\0\0\0")
    for data in (whole, whole[:-3], gz(whole), gz(whole[:-3])):
        assert names(listed(data))[-1] == b"last"
        assert not listed(data).problem


def test_what_pads_is_not_looked_at() -> None:
    data = written(File(b"abc", b"1")).replace(b"1\0\0\0", b"1xyz") + written(File(b"b"))
    assert names(listed(data)) == [b"abc", b"b"]


def test_hard_links_are_listed_each_with_the_data_stored_with_it() -> None:
    links = [
        File(b"one", mode=0o100755, inode=7, links=3),
        File(b"two", mode=0o100755, inode=7, links=3),
        File(b"three", b"content", 0o100755, inode=7, links=3),
    ]
    listing = listed(archive(*links))
    assert [(entry.name, entry.size) for entry in listing.entries] == [(b"one", 0), (b"two", 0), (b"three", 7)]
    assert listing.total == 7


def test_names_stay_as_they_are() -> None:
    raw = [bytes(range(1, 256)), b"../../etc/passwd", b"/", b"\x1b]0;title\x07", b" ", b"x" * 4095, b"\xe2\x80\xae"]
    assert names(listed(zstd(archive(*map(File, raw))))) == raw


def test_names_padded_with_nuls_end_at_the_first() -> None:
    assert names(listed(archive(File(b"data\0\0\0\0\0\0\0"), File(b"next")))) == [b"data", b"next"]


def test_archives_with_checksums_are_read_and_verified() -> None:
    good = [File(b"a", b"\xff" * 100_000), File(b"link", b"a", 0o120777, checksum=0), File(b"hard", inode=1, links=2)]
    assert listed(archive(*good, magic=b"070702"), 4099).problem == ""
    spoiled = archive(File(b"a", b"abc"), File(b"b", b"abd", checksum=5), File(b"c"), magic=b"070702")
    listing = listed(spoiled)
    assert names(listing) == [b"a"]
    assert listing.problem == "Offset 0xe4: The checksum of a file is 0x127, its header says 0x5."


def test_a_large_ramdisk_takes_little_memory() -> None:
    block = bytes(1 << 20)
    big = written(File(b"big", size=200 << 20))

    def plain() -> Iterator[bytes]:
        yield big
        for _ in range(200):
            yield bytes(block)
        yield TRAILER

    packer = zstandard.ZstdCompressor().compressobj()
    packed = packer.compress(big) + b"".join(packer.compress(block) for _ in range(200)) + packer.flush()
    tracemalloc.start()
    try:
        for chunks in (plain(), pieces(packed, 4096)):
            assert list_ramdisk(chunks).total == 200 << 20
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


# A second opinion.


@pytest.mark.skipif(not shutil.which("cpio"), reason="GNU cpio is not installed")
@pytest.mark.parametrize("form", ["newc", "crc"])
def test_gnu_cpio_and_the_listing_agree(form: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir(mode=0o755)
    (tmp_path / "bin/tool").write_bytes(NOISE.randbytes(70_001))
    (tmp_path / "bin/tool").chmod(0o4755)
    (tmp_path / "bin/again").hardlink_to(tmp_path / "bin/tool")
    (tmp_path / "link").symlink_to("bin/tool")
    (tmp_path / "odd \x01 name").write_bytes(b"x")
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    given_names = b"".join(bytes(path) + b"\0" for path in files)
    made = subprocess.run(
        ["cpio", "-o", "-0", "-H", form, "--quiet"], input=given_names, cwd=tmp_path, capture_output=True, check=True
    ).stdout
    listing = listed(made, 8191)
    assert not listing.problem
    assert sorted(names(listing)) == sorted(map(bytes, files))
    assert listing.total == 70_001 + len("bin/tool") + 1
    for entry in listing.entries:
        assert entry.mode == stat.filemode((tmp_path / entry.name.decode()).lstat().st_mode)
    assert [entry.target for entry in listing.entries if entry.kind == "symbolic link"] == [b"bin/tool"]
    # And the other way round: it lists what our writer wrote.
    ours = archive(*FIRST, *SECOND[1:], magic={"newc": b"070701", "crc": b"070702"}[form])
    told = subprocess.run(["cpio", "-it", "--quiet"], input=ours, capture_output=True, check=True).stdout
    assert told.splitlines() == names(listed(ours))


# What is not there is said.


@pytest.mark.parametrize("how", COMPRESSORS)
def test_cut_anywhere_the_files_before_the_cut_stay(how: str) -> None:
    whole = COMPRESSORS[how][0](archive(*FIRST))
    # Where an uncompressed archive may end: behind a file, with or without the zeros that pad it.
    ends, position = {0}, 0
    for file in (*FIRST, END):
        head = 110 + len(file.name) + 1
        needed = position + (head + -head % 4 + len(file.data) if file.data else head)
        position += len(written(file))
        ends |= set(range(needed, position + 1))
    before = -1
    for length in range(len(whole)):
        listing = listed(whole[:length])
        count = len(listing.entries)
        assert listing.entries == EXPECTED[:count]
        assert count >= before
        before = count
        assert bool(listing.problem) == (length not in ends if how == "plain" else length > 0), length


@pytest.mark.parametrize(
    ("spoiled", "problem"),
    [
        (b"\x89LZO\0", "Offset 0xec: An archive compressed with lzo begins here; it cannot be listed."),
        (b"\x02\x21\x4c\x18", "Offset 0xec: An archive compressed with lz4 begins here; it cannot be listed."),
        (b"junk", "Offset 0xec: Neither a cpio archive nor a known compression begins here."),
        (b"\x1f", "Offset 0xec: Neither a cpio archive nor a known compression begins here."),
        (b"0", "Offset 0xed: The archive ends inside a header."),
        (b"070707" + bytes(200), "Offset 0xec: This is cpio's portable format (odc); Linux reads only “newc”."),
        (b"\0" + written(File(b"b")), "Offset 0xed: A cpio header begins here, not at a multiple of 4"),
        (b"\x1f\x8b", "Offset 0xee: The ramdisk ends inside gzip data."),
        (b"\x1f\x9e" + bytes(10), "Offset 0xec: The gzip data are damaged"),
        (zstd(b"junk"), "Offset 0x0 of the zstd data at 0xec: No cpio header begins here."),
        (bz2.compress(gz(b"")), "Offset 0x0 of the bzip2 data at 0xec: No cpio header begins here."),
        (gz(written(File(b"bb"))[:-4]), "Offset 0x70 of the gzip data at 0xec: The archive ends inside"),
        (lzma.compress(b"\0" + written(File(b"b"))), "Offset 0x1 of the xz data at 0xec: A cpio header begins here"),
        (alone(written(File(b"b", size=9))), "Offset 0x70 of the lzma data at 0xec: The archive ends inside a file."),
    ],
    ids=range(14),
)
def test_problems_are_named_with_their_place(spoiled: bytes, problem: str) -> None:
    listing = listed(archive(File(b"a")) + spoiled)
    assert names(listing) == [b"a"]
    assert listing.problem.startswith(problem)
    assert listing.problem.endswith(".")
    assert not listing.truncated


@pytest.mark.parametrize("how", ["lzo", "lz4"])
def test_unreadable_compressions_are_met_all_the_same(how: str) -> None:
    magic = {"lzo": b"\x89LZO", "lz4": b"\x02\x21\x4c\x18"}[how]
    assert listed(gz(TRAILER) + magic + bytes(100)).compressions == ("gzip", how)


@pytest.mark.parametrize("how", PACKED)
def test_a_file_cut_by_frames_is_listed_and_the_cut_is_said(how: str) -> None:
    pack, name = COMPRESSORS[how]
    data = archive(*FIRST, *SECOND)
    for cut in (50, 111, 120, 1000, len(data) - 1):
        first = pack(data[:cut])
        listing = listed(first + pack(data[cut:]))
        assert listing.entries == EXPECTED + EXPECTED_SECOND
        assert listing.problem == (
            f"Offset 0x{len(first):x}: A file of the archive goes on in the next piece of {name} data, "
            "where Linux does not follow it."
        )


def test_a_source_that_breaks_off_leaves_what_was_listed() -> None:
    def broken() -> Iterator[bytes]:
        yield archive(*FIRST)
        raise FormatError("The file ends inside a component.", where="image")

    listing = list_ramdisk(broken())
    assert listing.entries == EXPECTED
    assert listing.problem == "image: The file ends inside a component."


# Hostile.


@pytest.mark.parametrize(
    "file",
    [
        File(b"b", name_size=0),
        File(b"b", name_size=1),
        File(b"b", name_size=4097),
        File(b"b", name_size=0xFFFFFFFF),
        File(b"b" * 5000),
        File(b"b", size=0xFFFFFFFF),
        File(b"b", size=0xFFFFFFFF, mode=0o120777),
        File(b"b", b"x" * 4097, mode=0o120777),
        File(b"TRAILER!!!", b"data"),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("how", COMPRESSORS)
def test_sizes_in_headers_are_not_believed(file: File, how: str) -> None:
    listing = listed(COMPRESSORS[how][0](archive(File(b"a"), file)))
    assert names(listing) == [b"a"]
    assert listing.problem


def test_the_limit_of_entries_ends_the_listing() -> None:
    data = archive(*(File(b"%d" % number) for number in range(10)))
    for pack, _ in COMPRESSORS.values():
        assert not listed(pack(data), limit=10).truncated
        listing = listed(pack(data), limit=9)
        assert (len(listing.entries), listing.truncated, listing.problem) == (9, True, "")
    assert listed(data, limit=0).truncated


def test_names_together_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ramdisk_listing, "_TEXT_LIMIT", 10_000)
    listing = listed(gz(archive(*[File(b"x" * 4000)] * 10)))
    assert listing.truncated
    assert len(listing.entries) == 3


@pytest.mark.parametrize("how", PACKED)
def test_a_bomb_is_stopped(how: str) -> None:
    # A file of zeros, a row of zeros, and a row of trailers: each in some kilobytes.
    pack, name = COMPRESSORS[how]
    limit = 1 << 18
    for tail in (written(File(b"zeros", bytes(1 << 20))), bytes(1 << 20), TRAILER * 10_000):
        bomb = pack(archive(File(b"a")) + tail)
        assert len(bomb) < 1 << 16
        listing = listed(bomb, decompressed_limit=limit)
        assert names(listing) == [b"a"]
        assert listing.truncated
        assert "More than 262144 bytes come out of decompression; the rest is not listed." in listing.problem
        assert listing.compressions == (name,)


@pytest.mark.parametrize("how", PACKED)
def test_the_limit_itself_is_allowed(how: str) -> None:
    data = archive(*FIRST)
    pack = COMPRESSORS[how][0]
    assert not listed(pack(data), decompressed_limit=len(data)).problem
    one_less = listed(pack(data), decompressed_limit=len(data) - 1)
    assert one_less.truncated
    assert one_less.entries == EXPECTED
    # It is one limit for all parts together.
    assert listed(pack(data) * 2, decompressed_limit=len(data) + 1).truncated


def test_the_densest_zstd_takes_bounded_memory() -> None:
    # Blocks of four bytes that each stand for 128 KiB of zeros: 512 MiB in 16 KiB.
    frame = b"\x28\xb5\x2f\xfd\x00\x70" + (0x20000 << 3 | 1 << 1).to_bytes(3, "little").ljust(4, b"\0") * 4096
    tracemalloc.start()
    try:
        listing = listed(frame)
        assert tracemalloc.get_traced_memory()[1] < 96 << 20
    finally:
        tracemalloc.stop()
    assert listing.problem == f"Offset 0x{len(frame):x}: The ramdisk ends inside zstd data."
    assert listed(frame, decompressed_limit=100 << 20).truncated


@pytest.mark.parametrize(
    "data",
    [
        # A dictionary of 4 GiB, and a window of 2 GiB.
        b"\x5d\0\0" + b"\xff\xff\xff\xff"[2:] + b"\xff" * 8 + bytes(100),
        b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + bytes(100),
        # A single segment of 1 EiB, announced only.
        b"\x28\xb5\x2f\xfd\xe0" + b"\0\0\0\0\0\0\0\x10" + bytes(100),
    ],
    ids=range(3),
)
def test_announced_memory_is_not_believed(data: bytes) -> None:
    assert "need more memory than is allowed" in listed(data).problem


@pytest.mark.parametrize("how", PACKED)
def test_flipped_bits_never_surprise(how: str) -> None:
    whole = COMPRESSORS[how][0](archive(*FIRST))
    for position in range(len(whole)):
        for bit in (1, 0x80):
            spoiled = bytearray(whole)
            spoiled[position] ^= bit
            listed(bytes(spoiled))


def test_damage_far_behind_costs_only_what_is_near() -> None:
    files = [File(b"%d" % number, NOISE.randbytes(1000)) for number in range(100)]
    for how in ("gzip", "xz", "zstd"):
        whole = COMPRESSORS[how][0](archive(*files))
        spoiled = bytearray(whole)
        spoiled[-20:-4] = bytes(16)
        listing = listed(bytes(spoiled))
        assert listing.problem, how
        assert len(listing.entries) >= (98 if how == "gzip" else 0)


PARTS = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 9).map(bytes),
    st.sampled_from(
        [b"070701", b"070702", b"TRAILER!!!\0", b"\x1f\x8b\x08", b"BZh9", b"\x5d\0\0\x80\0", b"\xfd7zXZ\0"]
    ),
    st.sampled_from([archive(*FIRST), archive(*FIRST, magic=b"070702", trailer=False)]),
    st.sampled_from([pack(archive(*FIRST, *SECOND)) for pack, _ in COMPRESSORS.values()]),
)


@st.composite
def ramdisks(draw: st.DrawFn) -> bytes:
    """Parts one after another, with some bytes changed and the end cut off, or not."""
    data = bytearray(b"".join(draw(st.lists(PARTS, max_size=4))))
    for _ in range(draw(st.integers(0, 3)) if data else 0):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@settings(max_examples=400)
@given(ramdisks(), st.lists(st.integers(1, 700), min_size=1, max_size=20), st.sampled_from([3, 100]))
def test_the_result_is_the_same_whatever_the_chunks(data: bytes, sizes: list[int], limit: int) -> None:
    def cut() -> Iterator[bytes]:
        position = turn = 0
        while position < len(data):
            size = sizes[turn % len(sizes)]
            yield data[position : position + size]
            position, turn = position + size, turn + 1

    whole = list_ramdisk([data], limit=limit, decompressed_limit=1 << 20)
    assert list_ramdisk(cut(), limit=limit, decompressed_limit=1 << 20) == whole
    assert len(whole.entries) <= limit
    assert whole.total == sum(entry.size for entry in whole.entries)
    assert whole.problem == "" or whole.problem.endswith(".")


@settings(max_examples=300)
@given(st.binary(max_size=2000))
def test_any_bytes_give_a_result(data: bytes) -> None:
    listed(data, 100)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.binary(max_size=30).filter(lambda name: 0 not in name), st.binary(max_size=70))))
def test_any_files_are_listed(files: list[tuple[bytes, bytes]]) -> None:
    wanted = [File(b"/" + name, data) for name, data in files]
    for pack, _ in COMPRESSORS.values():
        listing = listed(pack(archive(*wanted)))
        assert [(entry.name, entry.size) for entry in listing.entries] == [
            (file.name, len(file.data)) for file in wanted
        ]
        assert not listing.problem


def test_an_end_mark_across_two_pieces_is_no_damage() -> None:
    chance = random.Random(1)  # noqa: S311 - bytes that do not compress, always the same
    for length in range(900, 1600):
        packed = sized_alone(archive(File(b"a", chance.randbytes(length))))
        assert listed(packed).problem == ""
        # What follows begins where the mark ends.
        both = listed(packed + gz(archive(File(b"b"))))
        assert (names(both), both.problem) == ([b"a", b"b"], "")


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
def test_the_end_of_a_sized_stream_is_found_wherever_pieces_end(marked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = archive(File(b"a", b"text " * 20))
    packed = sized_alone(data) if marked else unmarked_alone(data)
    for piece in range(32, len(packed) + 2):
        monkeypatch.setattr(ramdisk_listing, "_PIECE", piece)
        for tail in (b"", bytes(3), gz(archive(File(b"b")))):
            listing = listed(packed + tail)
            assert (names(listing), listing.problem) == ([b"a", b"b"] if len(tail) > 3 else [b"a"], ""), piece


# The job.


def test_the_job_goes_forward_by_the_chunks() -> None:
    seen: list[Progress] = []
    job = Job(seen.append)
    data = gz(archive(*FIRST, *SECOND))
    job.phase("Listing the ramdisk", len(data))
    list_ramdisk(pieces(data, 1000), job)
    assert [progress.done for progress in seen] == [*range(0, len(data), 1000), len(data)]


def test_a_cancelled_job_stops_before_the_first_chunk() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        list_ramdisk([], job)


@pytest.mark.parametrize("how", ["plain", "zstd", "xz", "gzip", "bzip2", "lzma"])
def test_a_job_can_be_cancelled_on_the_way(how: str) -> None:
    job = Job()

    def chunks() -> Iterator[bytes]:
        yield from pieces(COMPRESSORS[how][0](archive(*FIRST, *SECOND)), 100)
        job.cancel()
        yield bytes(1)

    with pytest.raises(Cancelled):
        list_ramdisk(chunks(), job)


def test_a_bomb_in_one_chunk_can_be_cancelled() -> None:
    job = Job()
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(archive(File(b"a"), trailer=False))
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(20)) + packer.flush()

    def watch(_: Progress) -> None:
        pytest.fail("The chunk was not done yet.")

    checks = 0
    check = job.check

    def third_time() -> None:
        nonlocal checks
        checks += 1
        if checks == 3:
            job.cancel()
        check()

    job = Job(watch)
    check = job.check
    job.check = third_time  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        list_ramdisk([bomb], job)
