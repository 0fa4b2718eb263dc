"""The attestation request: the published vector, what is refused and why, what dissection shows."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.arcb import (
    ARCB_FIXED_SIZE,
    MAX_ARCB_SIZE,
    ArcbV1,
    RequestSecretsV1,
    arcb_size,
    dissect_arcb,
    parse_arcb,
    parse_request_secrets,
)
from seworkbench.formats.layout import Protection
from seworkbench.secret import Secret

# spec/attestation.md 15.2: one slot, IV 12 x 55, flags for both hashes, encrypted part and tag as published.
ENCRYPTED = bytes.fromhex(
    "2d8940a4e4730fa16daab4e939af041f697374554dbcdbd10bc43c798fd646826b6e6c256bd982e7ef94467f7731ec45"
    "afb6da9075a0d616a85004fb330f1b76444c6672520a9121d7a64ae783f78b51"
)
TAG = bytes.fromhex("92cff0ab3e9131bc2984efb24b699cb4")
X = (
    "00c75d34f91652db457b0b209c46a491a44ee2b16e23c2d8daf116678a62f24ce3"
    "32c5995f08456b66b16dd55a92c507f1e31af78c64a82e7a541b15135015f20286"
)
Y = (
    "01408058a7f1a5c35097533a02a93879e7de67ba280bce8365ec94b2b908f589c3"
    "a998d8be1e6307d74ae01adc46825ff6bb6fa05c1147cfe2ccf4a24f3d833dda70"
)
SLOT = (
    "415c25a5d19c381e619733e1c1b7fbd88bdd1c31d882d5ade04b97043c5010f0"
    "c07743c154ac20653815af37b196ad1ef8e847690c5c1ef985291df18e6870d8"
    "a038978d7ccb85b5b32bd40c15c6353f"
)
PUBLISHED = (
    bytes(8)
    + bytes.fromhex("00000100 00000190")
    + b"\x55" * 12
    + bytes(11)
    + b"\1"
    + bytes(4)
    + bytes.fromhex("00000050 7000000000000000 00000001 00000000")
    + bytes.fromhex(X).rjust(80, b"\0")
    + bytes.fromhex(Y).rjust(80, b"\0")
    + bytes.fromhex(SLOT)
    + ENCRYPTED
    + TAG
)


def changed(offset: int, content: bytes) -> bytes:
    return PUBLISHED[:offset] + content + PUBLISHED[offset + len(content) :]


def test_the_published_request_is_the_one_put_together_here() -> None:
    assert len(PUBLISHED) == 400
    assert hashlib.sha256(PUBLISHED).hexdigest() == "8eefb020aea5b26d6da24d601636cb3cf034825f71e81c7b1f29c4dfffcaa8a7"


def test_the_published_request_is_read_field_by_field() -> None:
    arcb = parse_arcb(PUBLISHED)
    assert (arcb.version, arcb.rql, arcb.nks, arcb.sea, arcb.mai) == (0x100, 400, 1, 80, 1)
    assert arcb.paf == 0x7000000000000000
    assert arcb.iv == b"\x55" * 12
    assert arcb.has_nonce
    assert arcb.keyslots[0].build().hex() == SLOT
    assert arcb.encrypted == ENCRYPTED
    assert arcb.tag == TAG
    assert arcb.aad == PUBLISHED[:304]
    assert not any(arcb.reserved)
    assert arcb.build() == PUBLISHED


@pytest.mark.parametrize(("slots", "size"), [(1, 400), (2, 480), (255, 20720)])
def test_a_request_with_a_nonce_has_320_bytes_and_80_for_each_slot(slots: int, size: int) -> None:
    assert arcb_size(slots, 80) == size


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(0, b"\x17"), "No attestation request here"),
        (b"", "No attestation request here"),
        (PUBLISHED[:239], "cut off: 239 bytes"),
        (changed(0x08, b"\0\0\2\0"), "version 0x200; known: 0x100"),
        (changed(0x0C, b"\0\0\1\x91"), "says that it has 401 bytes; it has 400"),
        (changed(0x0C, b"\xff\xff\xff\xff"), "says that it has 4294967295 bytes"),
        (PUBLISHED + b"\0", "says that it has 400 bytes; it has 401"),
        (PUBLISHED[:-1], "says that it has 400 bytes; it has 399"),
        (changed(0x27, b"\0"), "no key slot"),
        (changed(0x27, b"\2"), "its parts take 480"),
        (changed(0x3B, b"\x17"), "algorithm 23 is unknown"),
        (changed(0x3B, b"\0"), "algorithm 0 is unknown"),
        (changed(0x2C, b"\0\0\0\x40"), "has 64 bytes; with a nonce it has 80"),
        (changed(0x30, b"\x30"), "has 80 bytes; without a nonce it has 64"),
        (changed(0x2C, b"\xff\xff\xff\xff"), "has 4294967295 bytes"),
    ],
)
def test_what_contradicts_itself_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        parse_arcb(data)


def test_a_request_of_more_than_a_mebibyte_is_refused() -> None:
    with pytest.raises(FormatError, match=f"{MAX_ARCB_SIZE} are the most"):
        parse_arcb(bytes(MAX_ARCB_SIZE + 1))


@pytest.mark.parametrize("offset", [0x1C, 0x20, 0x26, 0x28, 0x3F])
def test_reserved_bytes_are_read_and_told_but_not_refused(offset: int) -> None:
    assert any(parse_arcb(changed(offset, b"\1")).reserved)


@given(st.binary(max_size=600) | st.builds(changed, st.integers(0, 399), st.binary(min_size=1, max_size=1)))
def test_any_bytes_give_a_request_or_a_format_error(data: bytes) -> None:
    for candidate in (data, bytes(8) + data):
        try:
            arcb = parse_arcb(candidate)
        except FormatError:
            continue
        assert arcb.build() == candidate


@given(st.integers(0, 399), st.integers(0, 255))
def test_any_byte_changed_gives_a_request_or_a_format_error(offset: int, value: int) -> None:
    data = changed(offset, bytes([value]))
    try:
        assert parse_arcb(data).build() == data
    except FormatError:
        assert offset < ARCB_FIXED_SIZE


def test_the_opened_part_has_a_nonce_or_none_and_nothing_else() -> None:
    with_nonce = parse_request_secrets(b"\x77" * 64 + b"\xab" * 16)
    assert with_nonce.nonce == b"\xab" * 16
    assert with_nonce.measurement_key == Secret(b"\x77" * 64)
    assert parse_request_secrets(b"\x77" * 64).nonce == b""
    for size in (0, 63, 65, 79, 81):
        with pytest.raises(FormatError, match="64 or 80"):
            parse_request_secrets(bytes(size))


def test_dissection_hides_the_measurement_key_and_shows_the_nonce_once_opened() -> None:
    arcb = parse_arcb(PUBLISHED)
    closed = dissect_arcb(arcb, 0x40)
    assert closed.offset == 0x40
    assert closed.find("encrypted").protection is Protection.ENCRYPTED
    assert not closed.find("encrypted").children
    opened = dissect_arcb(arcb, 0x40, parse_request_secrets(b"\x77" * 64 + b"\xab" * 16))
    key = opened.find("encrypted", "measurement_key")
    assert isinstance(key.raw, Secret)
    assert "77" not in key.value
    nonce = opened.find("encrypted", "nonce")
    assert (nonce.value, nonce.offset) == ("ab" * 16, 0x40 + 0x130 + 64)
    assert "7777" not in str(opened.to_json())
    assert "7777" in str(opened.to_json(show_secrets=True))


def test_every_flag_of_a_request_is_shown_with_its_cost() -> None:
    flags = dissect_arcb(parse_arcb(changed(0x30, b"\x7c"))).find("paf")
    shown = {child.name: (child.value, child.meaning) for child in flags.children}
    assert [name for name, (value, _) in shown.items() if value == "on"] == [f"bit {bit}" for bit in range(1, 6)]
    assert "320 bytes" in shown["bit 5"][1]
    assert "64 bytes" in shown["bit 4"][1]


def test_a_part_without_a_nonce_shows_no_empty_field() -> None:
    assert [child.name for child in RequestSecretsV1.parse(bytes(64)).dissect().children] == ["measurement_key"]
    assert ArcbV1.REFERENCE == "attestation.md#arcb"
