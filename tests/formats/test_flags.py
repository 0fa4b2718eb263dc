"""Control flags: bit numbers, masks and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats import flags
from seworkbench.formats.flags import DEFAULT_PCF, PCF, SCF, FlagWord
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import SecretPartV1
from seworkbench.secret import Secret

# Both tables of resources/help/flags.md: bit, mask, name as `pvimg info` prints it.
PLAIN = [
    (34, 0x0000000020000000, "allow dumping"),
    (35, 0x0000000010000000, "no component encryption"),
    (56, 0x0000000000000080, "DEA and TDEA PCKMO support"),
    (57, 0x0000000000000040, "AES PCKMO support"),
    (58, 0x0000000000000020, "ECC PCKMO support"),
    (59, 0x0000000000000010, "HMAC PCKMO support"),
    (62, 0x0000000000000002, "backup target keys support"),
]
SECRET = [
    (1, 0x4000000000000000, "CCK extension secret enforced"),
    (2, 0x2000000000000000, "CCK update allowed"),
]


@pytest.mark.parametrize(("word", "specified"), [(PCF, PLAIN), (SCF, SECRET)], ids=["plain", "secret"])
def test_bits_masks_and_names_are_those_of_the_specification(
    word: FlagWord, specified: list[tuple[int, int, str]]
) -> None:
    assert [(flag.bit, flag.mask, flag.name) for flag in word.flags] == specified
    assert word.mask == sum(mask for _, mask, _ in specified)


def test_the_published_flag_words_come_out_as_given() -> None:
    # resources/help/test-vectors.md#page-cipher-and-digest-vector and 2.8
    assert flags.ALLOW_DUMPING.mask == 0x20000000
    assert flags.ALLOW_DUMPING.mask | flags.BACKUP_KEYS.mask == 0x20000002
    assert flags.NO_COMPONENT_ENCRYPTION.mask == 0x10000000
    assert PCF.mask == 0x300000F2
    assert SCF.mask == 0x6000000000000000
    assert DEFAULT_PCF == 0xE0


def test_each_named_flag_is_the_one_its_name_says() -> None:
    assert [flag.bit for flag in flags.PCKMO] == [56, 57, 58]
    assert (flags.PCKMO_DEA.bit, flags.PCKMO_AES.bit, flags.PCKMO_ECC.bit, flags.PCKMO_HMAC.bit) == (56, 57, 58, 59)
    assert (flags.CCK_EXTENSION_SECRET.bit, flags.CCK_UPDATE.bit) == (1, 2)


def test_every_flag_says_what_it_means_either_way() -> None:
    for flag in (*PCF.flags, *SCF.flags):
        assert flag.when_on.endswith(".")
        assert flag.when_off.endswith(".")
        assert flag.when_on != flag.when_off


@pytest.mark.parametrize("word", [PCF, SCF], ids=["plain", "secret"])
@given(value=st.integers(0, 2**64 - 1))
def test_any_word_is_the_sum_of_its_known_and_unknown_bits(word: FlagWord, value: int) -> None:
    known = word.set_in(value)
    assert [flag.bit for flag in known] == sorted(flag.bit for flag in known)
    assert all(value >> (63 - flag.bit) & 1 for flag in known)
    assert not word.unknown_in(value) & word.mask
    assert sum(flag.mask for flag in known) + word.unknown_in(value) == value
    assert word.decode(word.encode(value)) == value


def word_of(scf: int) -> SecretPartV1:
    return SecretPartV1(cck=Secret(bytes(32)), xts=Secret(bytes(64)), psw=Psw(addr=0), scf=scf)


def test_flags_are_shown_as_children_each_at_the_byte_that_holds_it() -> None:
    tree = word_of(0x2000000000000000).dissect(0x1000).find("scf")
    assert tree.value == "0x2000000000000000"
    assert [(f.name, f.title, f.offset, f.length, f.value, f.meaning) for f in tree.children] == [
        ("bit 1", "CCK extension secret enforced", 0x1070, 1, "off", flags.CCK_EXTENSION_SECRET.when_off),
        ("bit 2", "CCK update allowed", 0x1070, 1, "on", flags.CCK_UPDATE.when_on),
    ]


@given(value=st.integers(0, 2**64 - 1))
def test_the_children_of_a_flag_word_tell_its_whole_value(value: int) -> None:
    tree = word_of(value).dissect().find("scf")
    told = 0
    for child in tree.children:
        assert child.protection is tree.protection
        assert child.reference == tree.reference
        if child.name == "unknown":
            assert (child.offset, child.length) == (tree.offset, 8)
            told += int(child.value, 16)
        elif child.value == "on":
            told += 1 << (63 - int(child.name.removeprefix("bit ")))
    assert told == value


def test_plain_flags_lie_in_the_bytes_that_hold_their_bits() -> None:
    places = {flag.bit: flag.bit // 8 for flag in PCF.flags}
    assert places == {34: 4, 35: 4, 56: 7, 57: 7, 58: 7, 59: 7, 62: 7}
    parent = word_of(0).dissect().find("scf")
    assert {f.name: f.offset for f in PCF.parts(0, 100, parent)} == {f"bit {b}": 100 + at for b, at in places.items()}


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_word_of_more_than_64_bits_is_refused(value: int) -> None:
    with pytest.raises(FormatError, match=r"\(scf\) does not fit"):
        word_of(value).build()
