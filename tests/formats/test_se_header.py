"""The SE header: vectors, limits, and everything that can be wrong with its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from seworkbench.errors import FormatError
from seworkbench.formats import se_header
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import (
    KeySlotV1,
    SecretPartV1,
    SeHeader,
    SeHeaderV1,
    dissect_header,
    header_size,
    parse_header,
)
from seworkbench.secret import Secret

# resources/help/test-vectors.md#header-seal-vector, put together from
# its parts; also sealed and opened in tests/crypto.
SEALED = bytes.fromhex((Path(__file__).parent / "sealed-header.hex").read_text())
REAL = Path(__file__).resolve().parents[3] / "shared/real-artifacts/se-header.bin"

SIZES = {"sehs": (0xC, 4), "nks": (0x20, 8), "sea": (0x28, 8)}


def with_number(content: bytes, field: str, number: int) -> bytes:
    offset, size = SIZES[field]
    return content[:offset] + number.to_bytes(size, "big") + content[offset + size :]


def header_bytes(slots: int) -> bytes:
    """A header of that many slots as bytes, made without the code under test."""
    size = 560 + 80 * slots
    fixed = b"IBMSecEx" + (0x100).to_bytes(4, "big") + size.to_bytes(4, "big") + bytes(16)
    fixed += slots.to_bytes(8, "big") + (0x80).to_bytes(8, "big") + bytes(16)
    content = hashlib.shake_128(b"header").digest(size)
    return fixed + content[len(fixed) :]


# --- vectors -------------------------------------------------------------------------------------------------------


def test_the_published_sealed_header_is_read_field_by_field() -> None:
    header = parse_header(SEALED)
    assert header.size == header.sehs == len(SEALED) == 640
    assert header.version == 0x100
    assert header.iv == b"\x33" * 12
    assert (header.nks, header.sea, header.nep, header.pcf) == (1, 0x80, 1, 0)
    assert header.cust_pub_key[14:20].hex() == "00c75d34f916"
    assert header.cust_pub_key[94:100].hex() == "01408058a7f1"
    assert (header.pld, header.ald, header.tld) == (b"\2" * 64, b"\1" * 64, b"\3" * 64)
    [slot] = header.keyslots
    assert slot.phkh.hex() == "415c25a5d19c381e619733e1c1b7fbd88bdd1c31d882d5ade04b97043c5010f0"
    assert slot.wrpk.hex() == "e55266e4718905401d308a1294b3883bddcd624c29793bdca00c38d4ab4d55fd"
    assert slot.kst.hex() == "26c4eb7031b75eabdd7860419566373b"
    assert header.encrypted[:8].hex() == "b4198fe3de90034d"
    assert header.encrypted[-8:].hex() == "43a28ef56d171a66"
    assert header.tag.hex() == "7165174055f9fffa1e1c8887bb6d76de"
    assert header.build() == SEALED


def test_the_published_sealed_header_is_built_from_its_parts() -> None:
    parsed = parse_header(SEALED)
    header = SeHeader(
        sehs=640,
        iv=b"\x33" * 12,
        nks=1,
        nep=1,
        pcf=0,
        cust_pub_key=SEALED[0x40:0xE0],
        pld=b"\2" * 64,
        ald=b"\1" * 64,
        tld=b"\3" * 64,
        keyslots=(KeySlotV1(phkh=SEALED[0x1A0:0x1C0], wrpk=SEALED[0x1C0:0x1E0], kst=SEALED[0x1E0:0x1F0]),),
        encrypted=SEALED[0x1F0:0x270],
        tag=SEALED[0x270:],
    )
    assert header.build() == SEALED
    assert header == parsed


def test_the_opened_part_of_the_published_header_ends_as_given() -> None:
    part = SecretPartV1(cck=Secret(b"1" * 32), xts=Secret(b"\3" * 64), psw=Psw(mask=5678, addr=1234))
    tail = "000000000000162e 00000000000004d2 0000000000000000 00000000 00000000"
    assert part.build() == b"1" * 32 + b"\3" * 64 + bytes.fromhex(tail)
    assert SecretPartV1.parse(part.build()) == part


def test_the_digests_of_the_published_secure_guest_header_are_where_the_specification_has_them() -> None:
    # resources/help/test-vectors.md#small-vectors; the file is not at hand, its fields are placed by offset here.
    fields = {
        0x10: "4dc42a795fd9d2e4a40fcb33",
        0x30: f"{64549:016x}",
        0xE0: "be94b5eab3c1b118c757d7db7ea0f65d9b64823a8dc55bf8a8725b58072d9d42"
        "58c53e8a5da82dfb2192d91d07bc1c39b95d6321d3ba16a751a6e3e32f3e0161",
        0x120: "2858c3368b2a0af0c5ea0fde7905eb15af9cd1dd737165933cdaa2b850b6a8e2"
        "f0f42c7b36dd5381096288dc092daa8a6facec2534137bc94ca80bda4fcb9328",
        0x160: "4860ebcf7b9d24eb909a795356ad32c936b62165988a9ffcd66170dbc590c230"
        "10d7952fa882d1bb79558f9be0a549d8d7a94ae720e5c0760a825d479fe67af5",
        0x1A0: "782966a6298f6f5968780c3134ca4c55958d2dbca5292f59e9f5d2670befaf2f",
        0x270: "92309d4589b9a85b427f8753171d1520",
    }
    content = bytearray(header_bytes(1))
    for offset, text in fields.items():
        content[offset : offset + len(text) // 2] = bytes.fromhex(text)
    header = parse_header(bytes(content))
    found = [header.iv, header.nep.to_bytes(8, "big"), header.pld, header.ald, header.tld, header.keyslots[0].phkh]
    assert [piece.hex() for piece in (*found, header.tag)] == list(fields.values())


def test_a_header_of_a_real_production_image_is_read_and_written_back() -> None:
    if not REAL.is_file():
        pytest.skip(f"{REAL} is not here")
    content = REAL.read_bytes()
    header = parse_header(content)
    assert header.build() == content
    assert (header.sehs, header.nks, header.nep, header.pcf) == (1040, 6, 10475, 0xE0)
    assert header.keyslots[1].phkh.hex() == "d1f728efd99e1da650e758512621a65f9dd8d77d8d34b1dbbb56904eb373b83c"
    flags = header.dissect().find("pcf").children
    assert [flag.title for flag in flags if flag.value == "on"] == [
        "DEA and TDEA PCKMO support",
        "AES PCKMO support",
        "ECC PCKMO support",
    ]


# --- sizes and limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slots", "size"), [(0, 560), (1, 640), (2, 720), (44, 4080), (45, 4160), (95, 8160)])
def test_the_size_of_a_header_follows_from_its_slots(slots: int, size: int) -> None:
    assert header_size(slots) == size
    assert parse_header(header_bytes(slots)).size == size


def test_the_limits_are_those_of_the_specification() -> None:
    assert se_header.MAX_HEADER_SIZE == 8192
    assert se_header.MAX_KEY_SLOTS == 95
    assert header_size(se_header.MAX_KEY_SLOTS) <= se_header.MAX_HEADER_SIZE < header_size(se_header.MAX_KEY_SLOTS + 1)


def test_the_largest_number_of_slots_is_read_and_one_more_is_refused() -> None:
    assert len(parse_header(header_bytes(95)).keyslots) == 95
    with pytest.raises(FormatError, match="8240 bytes; 8192") as caught:
        parse_header(header_bytes(96))
    assert caught.value.offset == 12


def test_a_header_of_exactly_two_pages_is_not_too_large() -> None:
    content = with_number(header_bytes(95), "sehs", 8192) + bytes(32)
    assert parse_header(content, lenient=True).surplus == bytes(32)


@pytest.mark.parametrize("slots", [0, 1, 3, 95])
def test_the_authenticated_part_ends_behind_the_last_slot(slots: int) -> None:
    content = header_bytes(slots)
    assert parse_header(content).aad == content[: 0x1A0 + 80 * slots]


# --- what is no header ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"I", b"IBMSecE", bytes(640), SEALED[1:], b"xECESMBI" + SEALED[8:]])
def test_without_the_magic_it_is_no_header(content: bytes) -> None:
    with pytest.raises(FormatError, match="No SE header here") as caught:
        parse_header(content)
    assert caught.value.offset == 0


@pytest.mark.parametrize("version", [0, 1, 0x101, 0x200, 0x10000, 0xFFFFFFFF])
def test_an_unknown_version_is_named_together_with_the_known_one(version: int) -> None:
    content = SEALED[:8] + version.to_bytes(4, "big") + SEALED[12:]
    with pytest.raises(FormatError, match=f"has version 0x{version:x}; known: 0x100") as caught:
        parse_header(content)
    assert caught.value.offset == 8
    with pytest.raises(FormatError, match=f"is 0x{version:x}, not 0x100"):
        SeHeaderV1.parse(content)


@pytest.mark.parametrize("lenient", [False, True])
def test_a_header_cut_off_at_any_byte_is_refused(*, lenient: bool) -> None:
    for length in range(len(SEALED)):
        with pytest.raises(FormatError) as caught:
            parse_header(SEALED[:length], lenient=lenient)
        assert caught.value.offset is not None
        assert 0 <= caught.value.offset <= length


def test_bytes_behind_the_header_are_not_looked_at() -> None:
    assert parse_header(SEALED + bytes(5000)) == parse_header(SEALED)
    assert parse_header(memoryview(SEALED + b"\xff" * 5000)) == parse_header(SEALED)


def test_every_flipped_bit_is_refused_or_shows_in_what_was_read() -> None:
    good = parse_header(SEALED)
    refused = 0
    for bit in range(8 * len(SEALED)):
        content = bytearray(SEALED)
        content[bit // 8] ^= 0x80 >> bit % 8
        try:
            header = parse_header(bytes(content))
        except FormatError:
            refused += 1
            # magic, version and size are fixed, the two other lengths follow from the size
            assert bit // 8 < 0x10 or 0x20 <= bit // 8 < 0x30
            continue
        assert header != good
        assert header.build() == content
    assert refused == 8 * (8 + 4 + 4 + 8 + 8)


@pytest.mark.parametrize("field", SIZES)
def test_every_wrong_length_is_refused(field: str) -> None:
    content = header_bytes(3) + bytes(20000)
    good = {"sehs": 800, "nks": 3, "sea": 0x80}[field]
    largest = 2 ** (8 * SIZES[field][1]) - 1
    assert parse_header(with_number(content, field, good)).size == 800
    for number in (0, 1, good - 1, good + 1, largest - 1, largest):
        with pytest.raises(FormatError) as caught:
            parse_header(with_number(content, field, number))
        assert caught.value.remedy


@pytest.mark.parametrize("field", SIZES)
def test_lenient_reading_still_refuses_parts_that_do_not_fit_the_size(field: str) -> None:
    content = header_bytes(3) + bytes(20000)
    largest = 2 ** (8 * SIZES[field][1]) - 1
    too_much = {"sehs": (0, 1, 15, 16, 799, 8193), "nks": (4, 95), "sea": (0x81, 0x1000)}[field]
    for number in (*too_much, largest - 1, largest):
        with pytest.raises(FormatError):
            parse_header(with_number(content, field, number), lenient=True)


@pytest.mark.parametrize(
    ("field", "number", "surplus"),
    [("sehs", 801, 1), ("sehs", 8192, 7392), ("nks", 2, 80), ("nks", 0, 240), ("sea", 0x70, 16), ("sea", 0, 128)],
)
def test_a_size_larger_than_its_parts_is_read_only_when_lenient_and_keeps_the_surplus(
    field: str, number: int, surplus: int
) -> None:
    content = with_number(header_bytes(3) + bytes(range(250)) * 40, field, number)
    with pytest.raises(FormatError, match=r"Header size mismatch: the header says (\d+) bytes") as caught:
        parse_header(content)
    assert caught.value.offset == 12
    header = parse_header(content, lenient=True)
    assert f"the header says {header.sehs} bytes, its parts take {header.sehs - surplus}." in str(caught.value)
    assert header.surplus == content[header.sehs - surplus : header.sehs]
    assert len(header.surplus) == surplus
    assert header.build() == content[: header.sehs]
    assert header.dissect().find("surplus").length == surplus
    assert header.aad == content[: 0x1A0 + 80 * header.nks]


@pytest.mark.parametrize(("field", "number"), [("nks", 2), ("sea", 0x81), ("sehs", 641), ("sehs", 639)])
def test_a_header_whose_lengths_contradict_its_parts_is_not_built(field: str, number: int) -> None:
    values = parse_header(SEALED).values() | {field: number}
    with pytest.raises(FormatError):
        SeHeader(**values).build()


# --- dissection ----------------------------------------------------------------------------------------------------


def test_an_opened_header_shows_the_fields_of_its_encrypted_part_where_they_lie() -> None:
    header = parse_header(SEALED)
    part = SecretPartV1(cck=Secret(b"1" * 32), xts=Secret(b"\3" * 64), psw=Psw(mask=5678, addr=1234))
    closed, opened = dissect_header(header, 0x14000), dissect_header(header, 0x14000, part)
    assert closed.find("encrypted").children == ()
    assert closed.find("encrypted").value == "128 bytes of ciphertext"
    shown = opened.find("encrypted")
    assert shown.value == "opened"
    assert shown.raw == SEALED[0x1F0:0x270]
    assert [(field.name, field.offset, field.length) for field in shown.children] == [
        ("cck", 0x141F0, 32),
        ("xts", 0x14210, 64),
        ("psw", 0x14250, 16),
        ("scf", 0x14260, 8),
        ("noi", 0x14268, 4),
        ("res2", 0x1426C, 4),
    ]
    assert opened.find("encrypted", "psw", "addr").value == "0x00000000000004d2"
    assert [child.name for child in opened.children] == [child.name for child in closed.children]
    assert opened.find("tag") == closed.find("tag")


@pytest.mark.parametrize(
    ("slots", "text"), [(0, "560 bytes, 0 key slots"), (1, "640 bytes, 1 key slot"), (2, "720 bytes, 2 key slots")]
)
def test_the_summary_of_a_header_counts_its_slots(slots: int, text: str) -> None:
    assert parse_header(header_bytes(slots)).summary() == text


def test_a_key_slot_is_named_by_the_start_of_its_host_key_hash() -> None:
    slot = parse_header(SEALED).dissect().find("keyslots", "keyslots[0]")
    assert slot.value == "for host key 415c25a5d19c381e…"
    assert slot.title == "Key slot 1"
