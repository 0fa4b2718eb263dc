"""Sources of bytes, and the regions that name them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import SeError
from seworkbench.formats.layout import Field, Protection
from seworkbench.secret import Secret
from seworkbench.ui.widgets.byte_source import (
    FileSource,
    MemorySource,
    OverlaySource,
    Region,
    RegionMap,
    opened_patches,
    regions_of,
)

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30


def test_a_file_is_read_at_any_place(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(8 * GIB)
        file.seek(5 * GIB)
        file.write(b"here")
    with FileSource(path) as source:
        assert source.size == 8 * GIB
        assert source.read(5 * GIB - 1, 6) == b"\0here\0"
        assert source.read(8 * GIB - 2, 10) == b"\0\0"
        assert source.read(8 * GIB, 1) == b""
        assert source.read(-1, 4) == b""


def test_an_empty_file_has_no_bytes(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with FileSource(path) as source:
        assert (source.size, source.read(0, 16)) == (0, b"")


def test_a_file_that_becomes_shorter_gives_fewer_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    with FileSource(path) as source:
        os.truncate(path, 10)
        assert source.read(0, 100) == bytes(10)
        assert source.read(90_000, 100) == b""


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SeError, match="does not exist"):
        FileSource(tmp_path / "none")


def test_a_closed_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    source = FileSource(path)
    source.close()
    source.close()
    with pytest.raises(SeError, match="closed"):
        source.read(0, 1)


@given(
    st.binary(max_size=64),
    st.dictionaries(st.integers(0, 80), st.binary(max_size=16), max_size=5),
    st.integers(0, 80),
    st.integers(0, 80),
)
def test_an_overlay_is_the_base_with_patches(base: bytes, patches: dict[int, bytes], offset: int, size: int) -> None:
    expected = bytearray(base)
    for place, patch in patches.items():
        for index, byte in enumerate(patch):
            if place + index < len(base):
                expected[place + index] = byte
    source = OverlaySource(MemorySource(base), patches)
    assert source.size == len(base)
    assert source.read(offset, size) == bytes(expected[offset : offset + size])


def region(offset: int, length: int, name: str) -> Region:
    return Region(offset, length, Protection.CLEAR, name)


NESTED = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=12)


@given(NESTED)
def test_the_innermost_region_has_the_byte(places: list[tuple[int, int]]) -> None:
    regions = [region(offset, length, str(number)) for number, (offset, length) in enumerate(places)]
    found = RegionMap(regions)
    for byte in range(100):
        holding = [item for item in regions if item.offset <= byte < item.offset + item.length]
        shortest = min((item.length for item in holding), default=0)
        expected = [item for item in holding if item.length == shortest]
        assert found.at(byte) == (expected[-1] if expected else None)


@given(NESTED, st.integers(0, 90), st.integers(1, 20))
def test_spans_cover_what_regions_cover(places: list[tuple[int, int]], start: int, length: int) -> None:
    found = RegionMap([region(offset, size, str(number)) for number, (offset, size) in enumerate(places)])
    spans = found.spans(start, start + length)
    for byte in range(start, start + length):
        holding = [span.region for span in spans if span.start <= byte < span.end]
        assert holding == [item for item in [found.at(byte)] if item is not None]
    assert all(span.start < start + length and span.end > start for span in spans)


def test_a_name_stands_where_its_region_begins() -> None:
    found = RegionMap([region(0, 64, "header"), region(0, 8, "magic"), region(8, 4, "version"), region(32, 4, "nks")])
    assert found.names(0, 16) == ["magic", "version"]
    assert found.names(16, 32) == []
    assert found.names(32, 48) == ["nks"]


def tree() -> Field:
    secret = Field("cck", "Key", 24, 4, Secret(b"key!"), "4 bytes, hidden", protection=Protection.ENCRYPTED)
    flags = tuple(Field(f"bit {bit}", "flag", 28, 1, value="on") for bit in (1, 2))
    scf = Field("scf", "Flags", 28, 4, bytes(4), "0x0", protection=Protection.ENCRYPTED, children=flags)
    encrypted = Field("encrypted", "E", 24, 8, b"cipherte", protection=Protection.ENCRYPTED, children=(secret, scf))
    slot = Field("keyslots[0]", "Key slot 1", 16, 8, children=(Field("phkh", "Hash", 16, 8, bytes(8)),))
    return Field("image", "Image", 0, 40, children=(Field("magic", "Magic", 0, 8, b"IBMSecEx"), slot, encrypted))


def test_regions_of_a_tree_leave_no_byte_out() -> None:
    found = [(item.offset, item.length, item.name, item.masked) for item in regions_of(tree(), 48, opened=True)]
    assert found == [
        (0, 8, "magic", False),
        (8, 8, "gap", False),
        (16, 8, "slot 1 hash", False),
        (24, 4, "cck", True),
        (28, 4, "scf", False),
        (32, 16, "gap", False),
    ]


def test_secrets_are_no_patches_and_are_masked_only_where_opened_bytes_are_shown() -> None:
    assert opened_patches(tree()) == {28: bytes(4)}
    assert not any(item.masked for item in regions_of(tree()))
