"""Sealing and opening the SE header."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.crypto.header_seal import open_header, open_sealed, seal
from seworkbench.errors import FormatError
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import KeySlotV1, SecretPartV1, SeHeader, parse_header
from seworkbench.secret import Secret

# The inputs of resources/help/test-vectors.md#header-seal-vector; the result is put together from its parts.
SEALED = bytes.fromhex((Path(__file__).parents[1] / "formats/sealed-header.hex").read_text())
KEY = Secret(b"\x32" * 32)
PART = SecretPartV1(cck=Secret(b"\x31" * 32), xts=Secret(b"\x03" * 64), psw=Psw(mask=5678, addr=1234))


def raw(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def unsealed(slots: int = 1, encrypted: int = 0x80) -> SeHeader:
    slot = KeySlotV1(phkh=bytes(32), wrpk=bytes(32), kst=bytes(16))
    return SeHeader(
        sehs=0x1A0 + 80 * slots + encrypted + 16,
        iv=b"\x33" * 12,
        nks=slots,
        sea=encrypted,
        nep=1,
        pcf=0xE0,
        cust_pub_key=bytes(160),
        pld=bytes(64),
        ald=bytes(64),
        tld=bytes(64),
        keyslots=(slot,) * slots,
        encrypted=bytes(encrypted),
        tag=bytes(16),
    )


def test_the_published_header_is_sealed_bit_by_bit() -> None:
    blank = dataclasses.replace(parse_header(SEALED), encrypted=bytes(0x80), tag=bytes(16))
    assert seal(blank, PART, KEY).build() == SEALED


def test_the_published_header_opens_to_the_published_content() -> None:
    header = parse_header(SEALED)
    assert open_header(header, KEY) == PART
    plain = open_sealed(header, KEY).reveal()
    assert plain == b"\x31" * 32 + b"\x03" * 64 + bytes.fromhex("000000000000162e 00000000000004d2") + bytes(16)


@given(
    slots=st.integers(0, 3),
    key=raw(32),
    iv=raw(12),
    cck=raw(32),
    xts=raw(64),
    scf=st.integers(0, 2**64 - 1),
    res1=raw(4),
)
def test_what_was_sealed_opens_and_the_tag_covers_everything_in_front(
    *, slots: int, key: bytes, iv: bytes, cck: bytes, xts: bytes, scf: int, res1: bytes
) -> None:
    part = SecretPartV1(cck=Secret(cck), xts=Secret(xts), psw=Psw(addr=0x2B000), scf=scf)
    header = seal(dataclasses.replace(unsealed(slots), iv=iv, res1=res1), part, Secret(key))
    assert open_header(header, Secret(key)) == part
    # By the specification, from the bytes alone.
    content = header.build()
    end = 0x1A0 + 80 * slots
    assert AESGCM(key).decrypt(content[0x10:0x1C], content[end:], content[:end]) == part.build()


def test_every_flipped_bit_of_a_sealed_header_is_refused() -> None:
    refused_by_tag = 0
    for bit in range(8 * len(SEALED)):
        content = bytearray(SEALED)
        content[bit // 8] ^= 0x80 >> bit % 8
        try:
            header = parse_header(bytes(content))
        except FormatError:
            continue
        with pytest.raises(FormatError, match="does not open this header") as caught:
            open_header(header, KEY)
        assert caught.value.remedy
        refused_by_tag += 1
    # All but magic, version and the three lengths, which the reader refuses before the tag is looked at.
    assert refused_by_tag == 8 * (640 - 8 - 4 - 4 - 8 - 8)


@pytest.mark.parametrize("field", ["magic", "version"])
def test_the_tag_covers_magic_and_version_too(field: str) -> None:
    changed: dict[str, bytes | int] = {"magic": b"IBMSecEX", "version": 0x101}
    header = SeHeader(**(parse_header(SEALED).values() | {field: changed[field]}))
    with pytest.raises(FormatError, match="does not open this header"):
        open_header(header, KEY)


def test_another_key_does_not_open_the_header() -> None:
    for bit in (0, 7, 128, 255):
        key = bytearray(KEY.reveal())
        key[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError, match="does not open this header"):
            open_header(parse_header(SEALED), Secret(key))


def test_parts_of_two_sealed_headers_cannot_be_mixed() -> None:
    first = seal(unsealed(), PART, KEY)
    second = seal(dataclasses.replace(unsealed(), iv=b"\x34" * 12), dataclasses.replace(PART, scf=1), KEY)
    for mixed in (
        dataclasses.replace(first, encrypted=second.encrypted),
        dataclasses.replace(first, tag=second.tag),
        dataclasses.replace(first, iv=second.iv),
    ):
        with pytest.raises(FormatError, match="does not open this header"):
            open_header(mixed, KEY)


@pytest.mark.parametrize("size", [0, 16, 0x7F])
def test_a_sealed_part_shorter_than_version_1_has_it_is_refused_behind_its_good_tag(size: int) -> None:
    header = unsealed(encrypted=size)
    sealed = AESGCM(KEY.reveal()).encrypt(header.iv, bytes(size), header.aad)
    header = dataclasses.replace(header, encrypted=sealed[:-16], tag=sealed[-16:])
    assert len(open_sealed(header, KEY)) == size
    with pytest.raises(FormatError, match="Encrypted part, opened"):
        open_header(header, KEY)


def test_a_header_whose_lengths_contradict_its_parts_is_not_sealed() -> None:
    with pytest.raises(FormatError, match="Surplus"):
        seal(dataclasses.replace(unsealed(), sehs=639), PART, KEY)


def test_surplus_behind_the_tag_is_not_authenticated_and_does_not_disturb() -> None:
    # Lenient reading keeps what the size counts and the format has no use for; the tag covers the size itself.
    header = seal(dataclasses.replace(unsealed(), sehs=656, surplus=b"x" * 16), PART, KEY)
    assert open_header(parse_header(header.build(), lenient=True), KEY) == PART
    changed = dataclasses.replace(header, surplus=b"y" * 16)
    assert open_header(changed, KEY) == PART
