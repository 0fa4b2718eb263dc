"""Searching: what can be written, and that the fast search finds what a slow one would."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.errors import Cancelled, UsageError
from seworkbench.jobs import Job, Progress
from seworkbench.ui.widgets import byte_search
from seworkbench.ui.widgets.byte_search import Pattern, find_all, parse_hex, parse_number, parse_pattern, parse_text
from seworkbench.ui.widgets.byte_source import FileSource, MemorySource

if TYPE_CHECKING:
    from pathlib import Path


def naive(data: bytes, pattern: Pattern) -> list[tuple[int, int]]:
    hits, at = [], 0
    while at + len(pattern) <= len(data):
        if pattern.matches(data[at : at + len(pattern)]):
            hits.append((at, len(pattern)))
            at += len(pattern)
        else:
            at += 1
    return hits


# Few different bytes make hits likely.
DATA = st.lists(st.sampled_from([0x00, 0x01, 0x10, 0x11, 0x2E, 0x5C]), max_size=120).map(bytes)
NIBBLE = st.sampled_from("001?")
PATTERNS = (
    st.lists(st.tuples(NIBBLE, NIBBLE).map("".join), min_size=1, max_size=5)
    .map("".join)
    .filter(lambda text: text.strip("?"))
)


@settings(max_examples=400)
@given(DATA, PATTERNS, st.integers(1, 40))
def test_the_search_finds_what_a_naive_one_finds(data: bytes, text: str, chunk: int) -> None:
    pattern = parse_hex(text)
    before = byte_search.CHUNK, byte_search._NEAR_MISSES
    byte_search.CHUNK, byte_search._NEAR_MISSES = chunk, 2
    try:
        assert find_all(MemorySource(data), pattern, Job()) == naive(data, pattern)
    finally:
        byte_search.CHUNK, byte_search._NEAR_MISSES = before


def test_a_hit_across_two_chunks_is_found_once() -> None:
    data = bytearray(3 * byte_search.CHUNK)
    place = byte_search.CHUNK - 3
    data[place : place + 8] = b"IBMSecEx"
    assert find_all(MemorySource(bytes(data)), parse_text("IBMSecEx"), Job()) == [(place, 8)]


def test_the_limit_ends_the_search() -> None:
    hits = find_all(MemorySource(bytes(1000)), parse_hex("00"), Job(), limit=10)
    assert hits == [(offset, 1) for offset in range(10)]


@pytest.mark.parametrize(
    ("text", "value", "mask"),
    [
        ("53 65 ?? 6d", b"Se\0m", b"\xff\xff\x00\xff"),
        ("4? ?4", b"\x40\x04", b"\xf0\x0f"),
        ("0x53, 0x65", b"Se", b"\xff\xff"),
        ("DE:AD-be_ef", b"\xde\xad\xbe\xef", b"\xff" * 4),
    ],
)
def test_hexadecimal(text: str, value: bytes, mask: bytes) -> None:
    assert parse_hex(text) == Pattern(value, mask)


@pytest.mark.parametrize(
    ("text", "width", "value"),
    [
        ("81920", 0, b"\x00\x01\x40\x00"),
        ("0x14000", 8, b"\0\0\0\0\x00\x01\x40\x00"),
        ("0x0014", 0, b"\x00\x14"),
        ("255", 0, b"\xff"),
        ("-1", 0, b"\xff"),
        ("-1", 4, b"\xff" * 4),
        ("18\u2009019", 2, b"\x46\x63"),
        ("18446744073709551615", 0, b"\xff" * 8),
    ],
)
def test_numbers_are_big_endian(text: str, width: int, value: bytes) -> None:
    assert parse_number(text, width) == Pattern(value, b"\xff" * len(value))


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("hex", "", "nothing to search"),
        ("hex", "5", "half byte"),
        ("hex", "5g", "“g” is not"),
        ("hex", "?? ??", "only wildcards"),
        ("hex", "00" * 5000, "longer than 4096"),
        ("text", "", "nothing to search"),
        ("text", "\ud800", "cannot express"),
        ("number", "ten", "not a number"),
        ("number", "", "not a number"),
        ("number", "18446744073709551616", "does not fit 64 bits"),
        ("number", "9" * 5000, "more than 64 bits"),
        ("number", "-9223372036854775809", "does not fit"),
    ],
)
def test_what_cannot_be_searched_is_explained(kind: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_pattern(kind, text)
    assert caught.value.remedy


def test_a_number_that_is_too_wide_is_explained() -> None:
    with pytest.raises(UsageError, match="does not fit 2 bytes"):
        parse_number("65536", 2)


@given(st.text(max_size=40), st.sampled_from(["hex", "text", "number"]))
def test_any_text_is_a_pattern_or_an_explanation(text: str, kind: str) -> None:
    try:
        pattern = parse_pattern(kind, text)
    except UsageError:
        return
    assert len(pattern)
    assert pattern.matches(pattern.value)


def test_progress_reaches_the_end() -> None:
    seen: list[Progress] = []
    find_all(MemorySource(bytes(byte_search.CHUNK + 5)), parse_text("x"), Job(seen.append))
    assert (seen[-1].done, seen[-1].total) == (byte_search.CHUNK + 5, byte_search.CHUNK + 5)


def test_a_search_through_gigabytes_is_cancelled_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(8 << 30)
    cancelled = threading.Event()
    seen: list[int] = []

    def cancel(progress: Progress) -> None:
        seen.append(progress.done)
        if progress.done:
            cancelled.set()

    with FileSource(path) as source, pytest.raises(Cancelled):
        find_all(source, parse_hex("12 ?? 34"), Job(cancel, cancelled))
    assert seen == [0, byte_search.CHUNK]


def test_a_file_that_becomes_shorter_while_searched_ends_the_search(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(4 * byte_search.CHUNK) + b"x")
    with FileSource(path) as source:
        os.truncate(path, 100)
        assert find_all(source, parse_text("x"), Job()) == []
