"""The rules that every layout keeps: size, names, round trip, cut-off data, any bytes at all, dissection."""

from __future__ import annotations

import importlib
import json
import pkgutil
import tracemalloc
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench import formats
from seworkbench.errors import FormatError
from seworkbench.formats.arcb import ArcbV1, RequestSecretsV1, RequestSecretsWithNonceV1, RequestSlotV1
from seworkbench.formats.exchange import Entry, ExchangeHeaderV1
from seworkbench.formats.flags import PCF, SCF
from seworkbench.formats.image_metadata import ImageMetadata
from seworkbench.formats.ipib import Ipib, IpibComponent, looks_like_ipib, parse_ipib
from seworkbench.formats.kernel import kernel_facts, version_text
from seworkbench.formats.layout import (
    Array,
    Codec,
    Field,
    Layout,
    Nested,
    Protection,
    Raw,
    SecretBytes,
    Uint,
    byte_count,
    item,
)
from seworkbench.formats.psw import Psw, ShortPsw
from seworkbench.formats.ramdisk import ramdisk_kind
from seworkbench.formats.se_header import KeySlotV1, SecretPartV1, SeHeaderV1, dissect_header, parse_header
from seworkbench.formats.stage3 import Stage3aArgs, Stage3bArgs
from seworkbench.formats.uv_keys import parse_uv_keys
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Every layout with its fields as the specification names, places and measures them (se-header.md, image-layout.md and
# attestation.md below resources/help). Variable layouts are listed for one key slot and one component.
SPECIFIED: dict[type[Layout], tuple[int, list[tuple[str, int, int]]]] = {
    Psw: (16, [("mask", 0, 8), ("addr", 8, 8)]),
    ShortPsw: (8, [("value", 0, 8)]),
    ImageMetadata: (28, [("magic", 0, 8), ("hdr_off", 8, 8), ("version", 0x10, 4), ("ipib_off", 0x14, 8)]),
    Stage3aArgs: (24, [("hdr_offs", 0, 8), ("hdr_size", 8, 8), ("ipib_offs", 0x10, 8)]),
    Stage3bArgs: (
        64,
        [
            ("kernel_src", 0, 8),
            ("kernel_size", 8, 8),
            ("cmdline_src", 0x10, 8),
            ("cmdline_size", 0x18, 8),
            ("initrd_src", 0x20, 8),
            ("initrd_size", 0x28, 8),
            ("psw", 0x30, 16),
        ],
    ),
    IpibComponent: (24, [("tweak_pref", 0, 8), ("addr", 8, 8), ("length", 0x10, 8)]),
    Ipib: (
        0x88 + 24,
        [
            ("list_length", 0, 4),
            ("flags", 4, 1),
            ("res1", 5, 2),
            ("list_version", 7, 1),
            ("block_length", 8, 4),
            ("pbt", 0xC, 1),
            ("res2", 0xD, 3),
            ("loadparm", 0x10, 8),
            ("res3", 0x18, 84),
            ("res4", 0x6C, 3),
            ("version", 0x6F, 1),
            ("res5", 0x70, 4),
            ("num_comp", 0x74, 4),
            ("pv_hdr_addr", 0x78, 8),
            ("pv_hdr_size", 0x80, 8),
            ("components", 0x88, 24),
        ],
    ),
    KeySlotV1: (80, [("phkh", 0, 32), ("wrpk", 0x20, 32), ("kst", 0x40, 16)]),
    SecretPartV1: (
        0x80,
        [
            ("cck", 0, 32),
            ("xts", 0x20, 64),
            ("psw", 0x60, 16),
            ("scf", 0x70, 8),
            ("noi", 0x78, 4),
            ("res2", 0x7C, 4),
        ],
    ),
    SeHeaderV1: (
        640,
        [
            ("magic", 0, 8),
            ("version", 8, 4),
            ("sehs", 0xC, 4),
            ("iv", 0x10, 12),
            ("res1", 0x1C, 4),
            ("nks", 0x20, 8),
            ("sea", 0x28, 8),
            ("nep", 0x30, 8),
            ("pcf", 0x38, 8),
            ("cust_pub_key", 0x40, 160),
            ("pld", 0xE0, 64),
            ("ald", 0x120, 64),
            ("tld", 0x160, 64),
            ("keyslots", 0x1A0, 80),
            ("encrypted", 0x1F0, 0x80),
            ("tag", 0x270, 16),
        ],
    ),
    RequestSlotV1: (80, [("phkh", 0, 32), ("wrpk", 0x20, 32), ("kst", 0x40, 16)]),
    RequestSecretsV1: (64, [("measurement_key", 0, 64)]),
    RequestSecretsWithNonceV1: (80, [("measurement_key", 0, 64), ("nonce", 0x40, 16)]),
    ArcbV1: (
        400,
        [
            ("magic", 0, 8),
            ("version", 8, 4),
            ("rql", 0xC, 4),
            ("iv", 0x10, 12),
            ("res1", 0x1C, 11),
            ("nks", 0x27, 1),
            ("res2", 0x28, 4),
            ("sea", 0x2C, 4),
            ("paf", 0x30, 8),
            ("mai", 0x38, 4),
            ("res3", 0x3C, 4),
            ("cust_pub_key", 0x40, 160),
            ("keyslots", 0xE0, 80),
            ("encrypted", 0x130, 80),
            ("tag", 0x180, 16),
        ],
    ),
    Entry: (8, [("entry_size", 0, 4), ("offset", 4, 4)]),
    ExchangeHeaderV1: (
        64,
        [
            ("magic", 0, 8),
            ("version", 8, 4),
            ("total", 0xC, 4),
            ("res1", 0x10, 8),
            ("arcb", 0x18, 8),
            ("measurement", 0x20, 8),
            ("additional", 0x28, 8),
            ("user_data", 0x30, 8),
            ("cuid", 0x38, 8),
        ],
    ),
}
FIXED = [layout for layout in SPECIFIED if layout not in (Ipib, SeHeaderV1, ArcbV1)]
LENGTH_EXTREMES = [0, 1, 2, 95, 96, 0x1000, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]
MEMORY_LIMIT = 64 << 20

u8, u32, u64 = (st.integers(0, 2**bits - 1) for bits in (8, 32, 64))


def raw(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


psws = st.builds(Psw, mask=u64, addr=u64)
components = st.builds(IpibComponent, tweak_pref=u64, addr=u64, length=u64)
key_slots = st.builds(KeySlotV1, phkh=raw(32), wrpk=raw(32), kst=raw(16))


@st.composite
def ipibs(draw: st.DrawFn) -> Ipib:
    rows = draw(st.lists(components, max_size=6))
    return Ipib(
        list_length=draw(u32),
        flags=draw(u8),
        res1=draw(raw(2)),
        list_version=draw(u8),
        block_length=draw(u32),
        pbt=draw(u8),
        res2=draw(raw(3)),
        loadparm=draw(raw(8)),
        res3=draw(raw(84)),
        res4=draw(raw(3)),
        version=draw(u8),
        res5=draw(raw(4)),
        num_comp=len(rows),
        pv_hdr_addr=draw(u64),
        pv_hdr_size=draw(u64),
        components=tuple(rows),
    )


@st.composite
def headers(draw: st.DrawFn) -> SeHeaderV1:
    slots = draw(st.lists(key_slots, max_size=4))
    encrypted = draw(st.binary(max_size=0x90))
    surplus = draw(st.binary(max_size=20))
    return SeHeaderV1(
        sehs=0x1A0 + 80 * len(slots) + len(encrypted) + 16 + len(surplus),
        iv=draw(raw(12)),
        res1=draw(raw(4)),
        nks=len(slots),
        sea=len(encrypted),
        nep=draw(u64),
        pcf=draw(u64),
        cust_pub_key=draw(raw(160)),
        pld=draw(raw(64)),
        ald=draw(raw(64)),
        tld=draw(raw(64)),
        keyslots=tuple(slots),
        encrypted=encrypted,
        tag=draw(raw(16)),
        surplus=surplus,
    )


request_slots = st.builds(RequestSlotV1, phkh=raw(32), wrpk=raw(32), kst=raw(16))
entries = st.builds(Entry, entry_size=u32, offset=u32)


@st.composite
def requests(draw: st.DrawFn) -> ArcbV1:
    slots = draw(st.lists(request_slots, max_size=4))
    encrypted = draw(st.binary(max_size=0x60))
    return ArcbV1(
        version=draw(u32),
        rql=draw(u32),
        iv=draw(raw(12)),
        res1=draw(raw(11)),
        nks=len(slots),
        res2=draw(raw(4)),
        sea=len(encrypted),
        paf=draw(u64),
        mai=draw(u32),
        res3=draw(raw(4)),
        cust_pub_key=draw(raw(160)),
        keyslots=tuple(slots),
        encrypted=encrypted,
        tag=draw(raw(16)),
    )


VALUES: dict[type[Layout], st.SearchStrategy[Layout]] = {
    Psw: psws,
    ShortPsw: st.builds(ShortPsw, value=u64),
    ImageMetadata: st.builds(ImageMetadata, hdr_off=u64, version=u32, ipib_off=u64),
    Stage3aArgs: st.builds(Stage3aArgs, hdr_offs=u64, hdr_size=u64, ipib_offs=u64),
    Stage3bArgs: st.builds(
        Stage3bArgs,
        kernel_src=u64,
        kernel_size=u64,
        cmdline_src=u64,
        cmdline_size=u64,
        initrd_src=u64,
        initrd_size=u64,
        psw=psws,
    ),
    IpibComponent: components,
    Ipib: ipibs(),
    KeySlotV1: key_slots,
    SecretPartV1: st.builds(
        SecretPartV1, cck=raw(32).map(Secret), xts=raw(64).map(Secret), psw=psws, scf=u64, noi=u32, res2=raw(4)
    ),
    SeHeaderV1: headers(),
    RequestSlotV1: request_slots,
    RequestSecretsV1: st.builds(RequestSecretsV1, measurement_key=raw(64).map(Secret)),
    RequestSecretsWithNonceV1: st.builds(RequestSecretsWithNonceV1, measurement_key=raw(64).map(Secret), nonce=raw(16)),
    ArcbV1: requests(),
    Entry: entries,
    ExchangeHeaderV1: st.builds(
        ExchangeHeaderV1,
        total=u32,
        res1=raw(8),
        arcb=entries,
        measurement=entries,
        additional=entries,
        user_data=entries,
        cuid=entries,
    ),
}


def smallest(layout: type[Layout]) -> bytes:
    """Bytes that the layout reads: its magic if it has one, one key slot or component, otherwise a running pattern."""
    size = SPECIFIED[layout][0]
    content = bytearray(bytes(range(1, 252)) * 3)[:size]
    if layout is ImageMetadata:
        content[:8] = b"SeImgLnx"
    if layout is Ipib:
        content[0x74:0x78] = (1).to_bytes(4, "big")
    if layout is ArcbV1:
        content[:8] = bytes(8)
        content[0x27], content[0x2C:0x30] = 1, (80).to_bytes(4, "big")
    if layout is ExchangeHeaderV1:
        content[:12] = b"pvattest" + bytes.fromhex("00000100")
    if layout is SeHeaderV1:
        content[:16] = b"IBMSecEx" + bytes.fromhex("00000100 00000280")
        content[0x20:0x30] = (1).to_bytes(8, "big") + (0x80).to_bytes(8, "big")
    return bytes(content)


def every_layout(function: Callable[..., None]) -> Any:
    return pytest.mark.parametrize("layout", SPECIFIED, ids=lambda layout: layout.__name__)(function)


def peak_memory(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def walk(field: Field) -> Iterator[Field]:
    yield field
    for child in field.children:
        yield from walk(child)


# --- size, names, places -------------------------------------------------------------------------------------------


def test_every_layout_of_the_package_is_in_the_table_above() -> None:
    for module in pkgutil.iter_modules(formats.__path__, "seworkbench.formats."):
        importlib.import_module(module.name)

    def below(layout: type[Layout]) -> Iterator[type[Layout]]:
        for child in layout.__subclasses__():
            yield child
            yield from below(child)

    declared = {layout for layout in below(Layout) if layout.__module__.startswith("seworkbench.formats")}
    assert declared == set(SPECIFIED)


@every_layout
def test_size_names_and_places_are_those_of_the_specification(layout: type[Layout]) -> None:
    size, fields = SPECIFIED[layout]
    value = layout.parse(smallest(layout))
    assert value.size == len(value.build()) == size
    tree = value.dissect()
    assert [(field.name, field.offset, field.length) for field in tree.children] == fields
    assert (tree.offset, tree.length) == (0, size)


@pytest.mark.parametrize("layout", FIXED, ids=lambda layout: layout.__name__)
def test_a_layout_without_variable_parts_knows_its_size_beforehand(layout: type[Layout]) -> None:
    assert layout.fixed_size() == SPECIFIED[layout][0]


# --- round trip ----------------------------------------------------------------------------------------------------


@every_layout
@given(data=st.data())
def test_parsing_what_was_built_gives_the_value_again_and_building_that_the_bytes(
    layout: type[Layout], data: st.DataObject
) -> None:
    value = data.draw(VALUES[layout])
    built = value.build()
    parsed = layout.parse(built)
    assert parsed == value
    assert parsed.build() == built
    assert parsed.size == len(built)


@every_layout
@given(data=st.data())
def test_bytes_before_and_behind_are_not_looked_at(layout: type[Layout], data: st.DataObject) -> None:
    value, before, behind = (
        data.draw(VALUES[layout]),
        data.draw(st.binary(max_size=9)),
        data.draw(st.binary(max_size=9)),
    )
    assert layout.parse(before + value.build() + behind, len(before)) == value
    assert layout.parse(memoryview(before + value.build() + behind), len(before)) == value


@pytest.mark.parametrize("layout", FIXED, ids=lambda layout: layout.__name__)
@given(data=st.data())
def test_any_bytes_of_the_right_size_come_back_unchanged(layout: type[Layout], data: st.DataObject) -> None:
    content = data.draw(raw(SPECIFIED[layout][0]))
    if layout is ImageMetadata:
        content = b"SeImgLnx" + content[8:]
    if layout is ExchangeHeaderV1:
        content = b"pvattest" + bytes.fromhex("00000100") + content[12:]
    assert layout.parse(content).build() == content


# --- bad bytes -----------------------------------------------------------------------------------------------------


@every_layout
def test_data_cut_off_at_any_byte_is_refused_with_the_place_in_it(layout: type[Layout]) -> None:
    whole = smallest(layout)
    layout.parse(whole)
    for length in range(len(whole)):
        with pytest.raises(FormatError) as caught:
            layout.parse(whole[:length])
        offset = caught.value.offset
        assert offset is not None
        assert 0 <= offset <= length
        assert f"0x{offset:x}" in str(caught.value)
        assert caught.value.remedy


@every_layout
@given(content=st.binary(max_size=800))
def test_any_bytes_give_a_value_or_a_format_error(layout: type[Layout], content: bytes) -> None:
    try:
        value = layout.parse(content)
    except FormatError:
        return
    assert value.build() == content[: value.size]
    assert value.dissect().length == value.size


@st.composite
def spoiled_headers(draw: st.DrawFn) -> bytes:
    """Headers with a good magic whose lengths lie, whose end may be missing and whose middle may be anything."""
    content = bytearray(draw(headers()).build() + draw(st.binary(max_size=100)))
    lengths = st.one_of(st.sampled_from(LENGTH_EXTREMES), u64)
    for offset, size in draw(st.lists(st.sampled_from([(0xC, 4), (0x20, 8), (0x28, 8), (0x30, 8)]), max_size=3)):
        content[offset : offset + size] = (draw(lengths) % 2 ** (8 * size)).to_bytes(size, "big")
    start = draw(st.integers(16, len(content)))
    patch = draw(st.binary(max_size=40))
    content[start : start + len(patch)] = patch
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


@settings(max_examples=300)
@given(
    content=st.one_of(spoiled_headers(), st.binary(max_size=900).map(b"IBMSecEx\0\0\1\0".__add__)),
    lenient=st.booleans(),
)
def test_any_bytes_give_a_header_or_a_format_error(content: bytes, *, lenient: bool) -> None:
    try:
        header = parse_header(content, lenient=lenient)
    except FormatError:
        return
    assert header.build() == content[: header.sehs]
    assert lenient or header.surplus == b""
    assert dissect_header(header).length == header.sehs


@settings(max_examples=200)
@given(
    ipib=ipibs(), lies=st.lists(st.tuples(st.sampled_from([0, 8, 0x74]), st.sampled_from(LENGTH_EXTREMES)), max_size=3)
)
def test_an_ipib_with_lying_lengths_is_a_value_or_a_format_error(ipib: Ipib, lies: list[tuple[int, int]]) -> None:
    content = bytearray(ipib.build())
    for offset, length in lies:
        content[offset : offset + 4] = (length % 2**32).to_bytes(4, "big")
    assert looks_like_ipib(bytes(content)) in (True, False)
    try:
        parsed = parse_ipib(bytes(content))
    except FormatError:
        return
    assert parsed.num_comp == len(parsed.components)
    assert parsed.build() == content[: parsed.size]


@given(content=st.binary(max_size=0x100))
def test_the_small_readers_take_any_bytes(content: bytes) -> None:
    assert version_text(content).isprintable()
    assert ramdisk_kind(content)
    assert looks_like_ipib(content) is False or len(content) >= 160
    for read in (parse_uv_keys, kernel_facts):
        with pytest.raises(FormatError):
            read(content)
    value = int.from_bytes(content[:8], "big")
    try:
        assert Psw.from_short(value).to_short() == value
    except FormatError:
        assert not value >> 51 & 1
    for word in (PCF, SCF):
        assert sum(flag.mask for flag in word.set_in(value)) | word.unknown_in(value) == value


@pytest.mark.parametrize("slots", LENGTH_EXTREMES)
@pytest.mark.parametrize("encrypted", LENGTH_EXTREMES)
def test_lying_lengths_of_a_header_cost_no_memory(slots: int, encrypted: int) -> None:
    content = bytearray(smallest(SeHeaderV1) + bytes(9000))
    content[0x20:0x30] = slots.to_bytes(8, "big") + encrypted.to_bytes(8, "big")

    def attempt() -> None:
        for size in (640, 8192, 8193, 2**32 - 1):
            content[0xC:0x10] = size.to_bytes(4, "big")
            for lenient in (True, False):
                try:
                    assert parse_header(bytes(content), lenient=lenient).nks == slots
                except FormatError:
                    continue
            try:
                assert SeHeaderV1.parse(bytes(content)).nks == slots
            except FormatError:
                continue

    assert peak_memory(attempt) < MEMORY_LIMIT


@pytest.mark.parametrize(("slots", "encrypted"), [(200_000, 0x80), (1, 16 << 20)])
def test_lengths_that_an_image_could_hold_but_no_header_does_cost_no_memory_either(slots: int, encrypted: int) -> None:
    content = bytearray(smallest(SeHeaderV1) + bytes(32 << 20))
    content[0x20:0x30] = slots.to_bytes(8, "big") + encrypted.to_bytes(8, "big")
    data = memoryview(content)

    def attempt() -> None:
        for lenient in (True, False):
            with pytest.raises(FormatError):
                parse_header(data, lenient=lenient)

    assert peak_memory(attempt) < 1 << 20


@pytest.mark.parametrize("count", [0xA6, 0xFFFF, 2**31, 2**32 - 1])
def test_an_ipib_with_more_components_than_a_page_holds_is_refused_before_they_are_read(count: int) -> None:
    content = bytearray(smallest(Ipib)) + bytes(16 << 20)
    content[0x74:0x78] = count.to_bytes(4, "big")
    data = bytes(content)

    def attempt() -> None:
        with pytest.raises(FormatError):
            parse_ipib(data)

    assert peak_memory(attempt) < 1 << 20


# --- building ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_that_does_not_fit_its_field_is_refused(number: int) -> None:
    with pytest.raises(FormatError, match=r"Address \(addr\) does not fit"):
        Psw(addr=number).build()


@pytest.mark.parametrize("length", [0, 31, 33])
def test_bytes_of_the_wrong_length_are_refused(length: int) -> None:
    with pytest.raises(FormatError, match=rf"phkh\) must be 32 bytes long, it has {length}"):
        KeySlotV1(phkh=bytes(length), wrpk=bytes(32), kst=bytes(16)).build()


def test_a_secret_of_the_wrong_length_is_refused_without_showing_it() -> None:
    with pytest.raises(FormatError, match=r"cck\) must be 32 bytes long, it has 31") as caught:
        SecretPartV1(cck=Secret(b"SECRET!" + bytes(24)), xts=Secret(bytes(64)), psw=Psw(addr=0)).build()
    assert "SECRET!" not in str(caught.value)


# --- dissection ----------------------------------------------------------------------------------------------------


@every_layout
@given(data=st.data(), offset=st.integers(0, 2**70))
def test_a_dissection_is_contiguous_covers_everything_and_holds_the_very_bytes(
    layout: type[Layout], data: st.DataObject, offset: int
) -> None:
    value = data.draw(VALUES[layout])
    content = value.build()
    tree = value.dissect(offset)
    assert (tree.offset, tree.length) == (offset, len(content))
    for field in walk(tree):
        assert field.length > 0
        inside = content[field.offset - offset : field.offset - offset + field.length]
        assert len(inside) == field.length
        if field.raw is not None:
            assert (field.raw.reveal() if isinstance(field.raw, Secret) else field.raw) == inside
        if field.name in (
            "pcf",
            "scf",
            "paf",
        ):  # flags lie within their word, a byte each; unknown ones are the whole word
            assert all(child.length == (8 if child.name == "unknown" else 1) for child in field.children)
            continue
        position = field.offset
        for child in field.children:
            assert child.offset == position
            position += child.length
        assert not field.children or position == field.offset + field.length


@every_layout
def test_every_field_of_a_dissection_has_a_title_and_a_page_of_the_help(layout: type[Layout]) -> None:
    tree = layout.parse(smallest(layout)).dissect()
    for field in walk(tree):
        assert field.title
        assert field.value or field is tree
        page, _, anchor = field.reference.partition("#")
        assert page.endswith(".md")
        assert anchor
    assert len({child.name for child in tree.children}) == len(tree.children)


def test_nested_fields_take_the_protection_of_the_place_where_they_lie() -> None:
    part = SecretPartV1.parse(smallest(SecretPartV1)).dissect()
    assert {field.protection for field in walk(part)} == {Protection.ENCRYPTED}
    assert {field.protection for field in walk(Psw(addr=0).dissect())} == {Protection.CLEAR}
    assert {field.protection for field in walk(Psw(addr=0).dissect(protection=Protection.HASHED))} == {
        Protection.HASHED
    }
    header = parse_header(smallest(SeHeaderV1)).dissect()
    for child in header.children:
        expected = Protection.ENCRYPTED if child.name == "encrypted" else Protection.AUTHENTICATED
        assert {field.protection for field in walk(child)} == {expected}, child.name


def test_a_field_is_found_by_its_path_and_a_wrong_path_is_a_key_error() -> None:
    tree = parse_header(smallest(SeHeaderV1)).dissect()
    assert tree.find() is tree
    assert tree.find("keyslots", "keyslots[0]", "kst").offset == 0x1E0
    for path in (("nonsense",), ("keyslots", "keyslots[1]"), ("tag", "deeper")):
        with pytest.raises(KeyError):
            tree.find(*path)


def test_elements_of_a_row_are_numbered_for_programs_from_zero_and_for_people_from_one() -> None:
    rows = tuple(IpibComponent(tweak_pref=number, addr=0x1000 * number, length=0x1000) for number in range(3))
    tree = Ipib.describing(rows, 0x14000, 640).dissect(0x2D000).find("components")
    assert [(child.name, child.title, child.offset) for child in tree.children] == [
        ("components[0]", "Component 1", 0x2D088),
        ("components[1]", "Component 2", 0x2D0A0),
        ("components[2]", "Component 3", 0x2D0B8),
    ]


def test_the_json_form_of_a_dissection_says_everything_once() -> None:
    record = json.loads(json.dumps(parse_header(smallest(SeHeaderV1)).dissect(0x14000).to_json()))
    assert (record["name"], record["offset"], record["length"]) == ("SeHeaderV1", 0x14000, 640)
    fields = {field["name"]: field for field in record["fields"]}
    content = smallest(SeHeaderV1)
    assert fields["pld"]["raw_hex"] == content[0xE0:0x120].hex()
    assert fields["pld"]["protection"] == "authenticated"
    assert fields["pld"]["reference"] == "se-header.md#fixed-part"
    assert fields["sehs"]["value"] == "640 bytes"
    assert fields["sehs"]["meaning"] == "Whole header, tag included."
    # What has fields inside shows its bytes there and not a second time.
    assert "raw_hex" not in fields["keyslots"]
    assert (
        "".join(field["raw_hex"] for field in fields["keyslots"]["fields"][0]["fields"]) == content[0x1A0:0x1F0].hex()
    )
    assert "meaning" not in fields["sea"]


PLANTED_CCK = bytes.fromhex("c0ffee") + b"0riginal-Planted!" + bytes(range(212, 200, -1))
PLANTED_XTS = b"Xts-1st-half/Xts-1st-half/xts/xt" + bytes(range(182, 150, -1))


def traces_of(secret: bytes) -> list[str]:
    """Pieces of the secret in every encoding that a careless text form would use."""
    pieces = [secret[start : start + 12] for start in range(0, len(secret) - 11, 4)]
    return [
        text
        for piece in pieces
        for text in (piece.hex(), repr(piece)[2:-1], piece.decode("latin-1"), b64encode(piece[:9]).decode())
    ]


@pytest.fixture
def opened() -> SecretPartV1:
    return SecretPartV1(cck=Secret(PLANTED_CCK), xts=Secret(PLANTED_XTS), psw=Psw(addr=0x2B000))


@pytest.mark.parametrize("within_header", [False, True], ids=["part alone", "part within its header"])
def test_no_text_form_of_a_dissection_shows_a_secret(opened: SecretPartV1, *, within_header: bool) -> None:
    tree = dissect_header(parse_header(smallest(SeHeaderV1)), 0, opened) if within_header else opened.dissect()
    texts = [repr(opened), str(opened), f"{opened}", repr(opened.values())]
    for field in walk(tree):
        texts += [repr(field), str(field), f"{field}", json.dumps(field.to_json(), ensure_ascii=False)]
    for text in texts:
        for trace in traces_of(PLANTED_CCK) + traces_of(PLANTED_XTS):
            assert trace not in text


def test_the_json_form_shows_secrets_when_asked_to(opened: SecretPartV1) -> None:
    hidden, shown = (opened.dissect().to_json(show_secrets=answer)["fields"] for answer in (False, True))
    assert [field.get("secret", False) for field in hidden] == [True, True, False, False, False, False]
    assert [field["raw_hex"] for field in shown[:2]] == [PLANTED_CCK.hex(), PLANTED_XTS.hex()]
    assert "raw_hex" not in hidden[0]
    assert "raw_hex" not in hidden[1]
    assert hidden[0]["value"] == "32 bytes, hidden"


# --- the machinery itself ------------------------------------------------------------------------------------------


class Point(Layout):
    """Two small numbers."""

    TITLE = "Point"
    REFERENCE = "test.md#point"
    x: int = item(Uint(1), "X")
    y: int = item(Uint(2), "Y", lambda value: f"height {value}")

    def summary(self) -> str:
        """Both."""
        return f"{self.x}/{self.y}"


class Zoo(Layout):
    """One field of every kind."""

    TITLE = "Zoo"
    REFERENCE = "test.md#zoo"
    PROTECTION = Protection.HASHED
    magic: bytes = item(Raw(2), "Magic", default=b"Zo", fixed=True)
    count: int = item(Uint(1), "Count")
    length: int = item(Uint(1), "Length")
    points: tuple[Point, ...] = item(Array(Point, "count"), "Points")
    named: bytes = item(Raw("length", lambda raw: f"<{len(raw)}>"), "Named")
    counted: bytes = item(Raw(lambda values: int(values["count"]) + 1), "Counted", protection=Protection.CLEAR)
    origin: Point = item(Nested(Point), "Origin", "Where it starts.")
    key: Secret = item(SecretBytes(3), "Key")


ZOO = bytes.fromhex("5a6f 02 01 010002 030004 aa bbccdd 050006 070809")


def test_each_kind_of_field_is_read_written_and_shown() -> None:
    zoo = Zoo.parse(ZOO)
    assert zoo.points == (Point(x=1, y=2), Point(x=3, y=4))
    assert (zoo.named, zoo.counted, zoo.origin) == (b"\xaa", b"\xbb\xcc\xdd", Point(x=5, y=6))
    assert zoo.key.reveal() == b"\x07\x08\x09"
    assert zoo.build() == ZOO
    tree = zoo.dissect(100)
    assert [(f.name, f.offset, f.length, f.value) for f in tree.children] == [
        ("magic", 100, 2, "5a6f"),
        ("count", 102, 1, "2"),
        ("length", 103, 1, "1"),
        ("points", 104, 6, "2"),
        ("named", 110, 1, "<1>"),
        ("counted", 111, 3, "bbccdd"),
        ("origin", 114, 3, "5/6"),
        ("key", 117, 3, "3 bytes, hidden"),
    ]
    assert tree.find("counted").protection is Protection.CLEAR
    assert tree.find("points", "points[1]", "y").protection is Protection.HASHED
    assert tree.find("points", "points[1]").value == "3/4"
    assert tree.find("origin", "y").offset == 115
    assert tree.find("origin", "y").meaning == "height 6"
    assert tree.find("origin").meaning == "Where it starts."


def test_an_empty_field_is_not_shown_and_takes_no_room() -> None:
    zoo = Zoo(count=0, length=0, points=(), named=b"", counted=b"!", origin=Point(x=0, y=0), key=Secret(b"abc"))
    assert [field.name for field in zoo.dissect().children] == ["magic", "count", "length", "counted", "origin", "key"]
    assert Zoo.parse(zoo.build()) == zoo


def test_a_fixed_field_with_another_value_is_refused_at_its_place() -> None:
    with pytest.raises(FormatError, match=r"Magic \(magic\) at offset 0x3 is 5a6e, not 5a6f") as caught:
        Zoo.parse(b"xxx" + ZOO.replace(b"Zo", b"Zn"), 3)
    assert caught.value.offset == 3


def test_a_row_that_does_not_match_its_count_is_not_built() -> None:
    zoo = Zoo(count=2, length=0, points=(), named=b"", counted=b"!!!", origin=Point(x=0, y=0), key=Secret(b"abc"))
    with pytest.raises(FormatError, match=r"points\) must be 6 bytes long, it has 0"):
        zoo.build()


def test_values_cannot_be_changed_once_made() -> None:
    with pytest.raises(AttributeError):
        Psw(addr=1).addr = 2  # type: ignore[misc]


@pytest.mark.parametrize(("value", "text"), [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (1040, "1040 bytes")])
def test_sizes_are_counted_in_words(value: int, text: str) -> None:
    assert byte_count(value) == text


def test_what_a_kind_of_field_has_to_say_for_itself_has_no_default() -> None:
    codec: Codec[int] = Codec()
    for missing in (
        lambda: codec.size_in({}),
        lambda: codec.decode(b""),
        lambda: codec.encode(0),
        lambda: codec.show(0),
    ):
        with pytest.raises(NotImplementedError):
            missing()
