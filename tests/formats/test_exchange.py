"""The exchange file: the published files, everything that can be wrong with one, dissection."""

from __future__ import annotations

import hashlib
import struct
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.exchange import (
    ExchangeKind,
    build_request,
    build_response,
    parse_exchange,
    parse_request,
    parse_response,
)

from .test_arcb import PUBLISHED

# spec/attestation.md 15.3: request 16 x 11, measurement 64 x 12, additional 32 x 13, CUID 16 x 14, user 256 x 15.
ARCB, MEASUREMENT, ADDITIONAL, CUID, USER = b"\x11" * 16, b"\x12" * 64, b"\x13" * 32, b"\x14" * 16, b"\x15" * 256


def raw(entries: list[tuple[int, int]], blobs: bytes) -> bytes:
    """An exchange file, made without the code under test."""
    size = 0x40 + len(blobs)
    return (
        struct.pack(">8sIIQ", b"pvattest", 0x100, size, 0) + b"".join(struct.pack(">II", *e) for e in entries) + blobs
    )


MIN_REQUEST = raw([(16, 0x40), (64, 0), (0, 0), (0, 0), (0, 0)], ARCB)
ADD_REQUEST = raw([(16, 0x40), (64, 0), (32, 0), (0, 0), (0, 0)], ARCB)
USER_REQUEST = raw([(16, 0x40), (64, 0), (0, 0), (256, 0x50), (0, 0)], ARCB + USER)
MIN_RESPONSE = raw([(16, 0x40), (64, 0x50), (0, 0), (0, 0), (16, 0x90)], ARCB + MEASUREMENT + CUID)
FULL_RESPONSE = raw(
    [(16, 0x40), (64, 0x50), (32, 0x90), (256, 0xB0), (16, 0x1B0)], ARCB + MEASUREMENT + ADDITIONAL + USER + CUID
)


@pytest.mark.parametrize(
    ("content", "size", "digest"),
    [
        (MIN_REQUEST, 80, ("1c125fe3", "239dd603")),
        (ADD_REQUEST, 80, ("a0f5ba3d", "a4e9f6ca")),
        (USER_REQUEST, 336, ("e958c4ce", "ceb3403f")),
        (MIN_RESPONSE, 160, ("29288e86", "f4f33393")),
        (FULL_RESPONSE, 448, ("a8ccad38", "afb62c")),
    ],
)
def test_the_published_files_are_those_made_here_and_come_back_unchanged(
    content: bytes, size: int, digest: tuple[str, str]
) -> None:
    computed = hashlib.sha256(content).hexdigest()
    assert len(content) == size
    assert (computed.startswith(digest[0]), computed.endswith(digest[1])) == (True, True)
    assert parse_exchange(content).build() == content


def test_requests_and_responses_are_told_apart_by_the_configuration_uid() -> None:
    assert parse_request(MIN_REQUEST).kind is ExchangeKind.REQUEST
    full = parse_response(FULL_RESPONSE)
    assert full.kind is ExchangeKind.RESPONSE
    assert (full.arcb, full.measurement, full.additional, full.user_data, full.cuid) == (
        ARCB,
        MEASUREMENT,
        ADDITIONAL,
        USER,
        CUID,
    )
    request = parse_request(ADD_REQUEST)
    assert (request.expected_measurement, request.expected_additional) == (64, 32)
    assert (request.measurement, request.additional) == (None, None)
    assert parse_exchange(USER_REQUEST).user_data == USER


def test_what_is_built_is_what_the_reference_builds() -> None:
    assert build_response(ARCB, measurement=MEASUREMENT, cuid=CUID) == MIN_RESPONSE
    assert (
        build_response(ARCB, measurement=MEASUREMENT, cuid=CUID, additional=ADDITIONAL, user_data=USER) == FULL_RESPONSE
    )
    assert build_request(ARCB, 0x4000000000000000) == MIN_REQUEST
    assert build_request(ARCB, 0x6000000000000000) == ADD_REQUEST


def with_bytes(content: bytes, offset: int, new: bytes) -> bytes:
    return content[:offset] + new + content[offset + len(new) :]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cut off: 0 bytes"),
        (MIN_RESPONSE[:12], "cut off: 12 bytes"),
        (MIN_RESPONSE[:63], "cut off: 63 bytes"),
        (with_bytes(MIN_RESPONSE, 0, b"\x8f"), "not pvattest"),
        (with_bytes(MIN_RESPONSE, 8, b"\xff"), "Version"),
        (MIN_RESPONSE[:-1], "says that it has 160 bytes; only 159"),
        (with_bytes(MIN_RESPONSE, 0x18, bytes(8)), "contains no attestation request"),
        (with_bytes(MIN_RESPONSE, 0x1C, bytes(4)), "contains no attestation request"),
        (with_bytes(MIN_RESPONSE, 0x3B, b"\x0f"), "Configuration UID has 15 bytes|configuration UID has 15 bytes"),
        (with_bytes(MIN_RESPONSE, 0x3B, b"\x11"), "has 17 bytes; 16 are the most"),
        (with_bytes(MIN_RESPONSE, 0x3F, b"\x91"), "behind the end"),
        (with_bytes(MIN_RESPONSE, 0x18, b"\0\x10\0\1"), "1048577 bytes; 1048576 are the most"),
        (with_bytes(MIN_RESPONSE, 0x20, b"\0\0\x80\1"), "32769 bytes; 32768 are the most"),
        (with_bytes(FULL_RESPONSE, 0x28, b"\0\0\x80\1"), "32769 bytes; 32768 are the most"),
        (with_bytes(FULL_RESPONSE, 0x30, b"\0\0\1\1"), "257 bytes; 256 are the most"),
        (with_bytes(MIN_RESPONSE, 0x1C, b"\0\0\0\x3f"), "lies over the header"),
        (with_bytes(MIN_RESPONSE, 0x24, b"\0\0\0\x4f"), "lies over the Attestation request"),
        (with_bytes(MIN_RESPONSE, 0x3C, b"\0\0\0\x8f"), "lies over the Measurement"),
    ],
)
def test_everything_that_is_wrong_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        parse_exchange(content)


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (MIN_REQUEST, "the measurement is missing"),
        (with_bytes(MIN_RESPONSE, 0x38, bytes(8)), "the configuration UID is missing"),
    ],
)
def test_a_request_is_no_response(content: bytes, missing: str) -> None:
    with pytest.raises(FormatError, match=missing):
        parse_response(content)


def test_a_request_must_announce_room_for_the_measurement() -> None:
    with pytest.raises(FormatError, match="no room for the measurement"):
        parse_request(with_bytes(MIN_REQUEST, 0x20, bytes(4)))


def test_bytes_behind_the_end_are_counted_and_ignored() -> None:
    file = parse_response(MIN_RESPONSE + b"tail")
    assert file.tail == 4
    assert file.build() == MIN_RESPONSE
    tail = file.dissect().find("tail")
    assert (tail.offset, tail.length) == (160, 4)


def test_huge_sizes_cost_no_memory() -> None:
    content = with_bytes(MIN_RESPONSE, 0x18, b"\xff" * 40)
    tracemalloc.start()
    with pytest.raises(FormatError):
        parse_exchange(content)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@given(st.binary(max_size=300), st.binary(max_size=64))
def test_any_bytes_give_a_file_or_a_format_error(rest: bytes, numbers: bytes) -> None:
    for data in (rest, b"pvattest\0\0\1\0" + rest, with_bytes(FULL_RESPONSE, 0x0C, numbers)[:448]):
        try:
            file = parse_exchange(data)
        except FormatError:
            continue
        file.dissect()
        for name in ("arcb", "measurement", "additional", "user_data", "cuid"):
            entry = file.header.entries[name]
            if (part := file.part(name)) is not None:
                assert data[entry.offset : entry.offset + entry.entry_size] == part


@given(st.integers(0, 0x3F), st.integers(0, 7))
def test_any_bit_of_the_header_flipped_gives_a_file_or_a_format_error(offset: int, bit: int) -> None:
    data = with_bytes(FULL_RESPONSE, offset, bytes([FULL_RESPONSE[offset] ^ 1 << bit]))
    with suppress(FormatError):
        assert parse_response(data).dissect().length == len(data)


def test_dissection_nests_the_request_and_splits_the_additional_data() -> None:
    content = build_response(
        PUBLISHED, measurement=MEASUREMENT, cuid=CUID, additional=b"\1" * 32 + b"\2" * 32, user_data=USER
    )
    tree = parse_exchange(content).dissect()
    assert [child.name for child in tree.children] == [
        "header",
        "arcb",
        "measurement",
        "additional",
        "user_data",
        "cuid",
    ]
    assert tree.find("arcb", "keyslots").offset == 0x40 + 0xE0
    assert [part.name for part in tree.find("additional").children] == ["image_phkh", "attestation_phkh"]
    assert tree.find("additional", "attestation_phkh").raw == b"\2" * 32
    position = 0
    for child in tree.children:
        assert child.offset == position
        position += child.length
        if child.name != "header":
            assert child.raw == content[child.offset : child.offset + child.length]
    assert position == tree.length == len(content)


def test_dissection_says_why_a_request_cannot_be_taken_apart() -> None:
    field = parse_exchange(MIN_RESPONSE).dissect().find("arcb")
    assert not field.children
    assert "eight zero bytes" in field.meaning
