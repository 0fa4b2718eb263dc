"""Headers of cpio archives: what is read, and what is refused with its place."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.cpio import HEADER_SIZE, NAME_LIMIT, CpioHeader, data_sum, padding

FIELDS = (
    *("inode", "mode", "uid", "gid", "links", "mtime", "size"),
    *("dev_major", "dev_minor", "rdev_major", "rdev_minor", "name_size", "checksum"),
)
# Offsets in the table of buffer-format.rst, counted by hand.
MODE_AT, SIZE_AT, NAME_SIZE_AT = 14, 54, 94


def written(magic: bytes = b"070701", /, **numbers: int) -> bytes:
    numbers = {"mode": 0o100644, "name_size": 5, **numbers}
    return magic + "".join(f"{numbers.get(name, 0):08X}" for name in FIELDS).encode()


def refused(data: bytes, position: int = 0) -> FormatError:
    with pytest.raises(FormatError) as caught:
        CpioHeader.parse(data, position)
    return caught.value


def test_every_number_lands_in_its_field() -> None:
    numbers = {name: 0xA0 + index for index, name in enumerate(FIELDS)}
    header = CpioHeader.parse(written(**numbers) + b"what follows")
    assert {name: getattr(header, name) for name in FIELDS} == numbers
    assert not header.checksummed
    assert HEADER_SIZE == len(written()) == 110


def test_digits_may_be_small_and_numbers_as_large_as_they_get() -> None:
    header = CpioHeader.parse(written(b"070702", inode=0xFFFFFFFF, size=0xFFFFFFFF, mtime=0xABCDEF01).lower())
    assert header.checksummed
    assert (header.inode, header.size, header.mtime) == (0xFFFFFFFF, 0xFFFFFFFF, 0xABCDEF01)


@pytest.mark.parametrize("magic", [b"070701", b"070702"])
def test_a_cut_header_is_refused_at_its_end(magic: bytes) -> None:
    for length in range(HEADER_SIZE):
        error = refused(written(magic)[:length], 1000)
        assert error.offset == 1000 + length
        assert "ends inside a header" in error.what


@pytest.mark.parametrize("wrong", [b"g", b"_", b" ", b"+", b"\0", b"\xff", b"x"])
def test_each_digit_must_be_one(wrong: bytes) -> None:
    data = written()
    for place in range(6, HEADER_SIZE):
        error = refused(data[:place] + wrong + data[place + 1 :], 4)
        assert error.offset == 4 + place
        assert FIELDS[(place - 6) // 8] in error.what


@pytest.mark.parametrize(
    ("magic", "said"),
    [
        (b"070707", "portable format"),
        (b"\xc7\x71", "binary format"),
        (b"\x71\xc7", "binary format"),
        (b"070703", "No cpio header"),
        (b"0707x", "No cpio header"),
        (b"170701", "No cpio header"),
        (b"\0", "No cpio header"),
    ],
)
@pytest.mark.parametrize("behind", [b"", bytes(200)])
def test_other_beginnings_are_named(magic: bytes, said: str, behind: bytes) -> None:
    error = refused(magic + behind, 8)
    assert said in error.what
    assert error.offset == 8


@pytest.mark.parametrize("size", [0, NAME_LIMIT + 1, 0xFFFFFFFF])
def test_sizes_of_names_are_bounded(size: int) -> None:
    assert refused(written(name_size=size), 4).offset == 4 + NAME_SIZE_AT


def test_the_longest_name_is_taken() -> None:
    assert CpioHeader.parse(written(name_size=NAME_LIMIT)).name_size == NAME_LIMIT


def test_targets_of_links_are_bounded() -> None:
    assert CpioHeader.parse(written(mode=0o120777, size=NAME_LIMIT)).is_link
    assert refused(written(mode=0o120777, size=NAME_LIMIT + 1)).offset == SIZE_AT


def test_a_name_ends_at_its_first_nul() -> None:
    header = CpioHeader.parse(written(name_size=8))
    assert header.name(b"etc/rc1\0") == b"etc/rc1"
    assert header.name(b"etc\0\0\0\0\0") == b"etc"
    assert header.name(b"etc\0rc1\0") == b"etc"
    assert header.name(bytes(8)) == b""


@pytest.mark.parametrize(("raw", "offset"), [(b"", 10), (b"etc\0", 14), (b"etc/rc12", 17)])
def test_a_cut_or_open_name_is_refused(raw: bytes, offset: int) -> None:
    with pytest.raises(FormatError) as caught:
        CpioHeader.parse(written(name_size=8)).name(raw, 10)
    assert caught.value.offset == offset


def test_a_trailer_has_no_data() -> None:
    trailer = b"TRAILER!!!\0"
    assert CpioHeader.parse(written(mode=0, name_size=11)).name(trailer) == trailer[:-1]
    with pytest.raises(FormatError, match="marked with 1 bytes"):
        CpioHeader.parse(written(mode=0, name_size=11, size=1)).name(trailer)


def test_a_checksum_is_the_sum_of_the_bytes() -> None:
    data = bytes(range(256)) * 3
    assert data_sum(data) == 3 * 255 * 128
    assert data_sum(data[100:], data_sum(data[:100])) == data_sum(data)
    assert data_sum(b"\2", 0xFFFFFFFF) == 1


def test_only_checksums_of_files_are_verified() -> None:
    wrong = 7
    header = CpioHeader.parse(written(b"070702", checksum=6))
    header.check_sum(6)
    with pytest.raises(FormatError, match=r"0x7.*0x6") as caught:
        header.check_sum(wrong, 112)
    assert caught.value.offset == 112
    CpioHeader.parse(written(b"070701", checksum=6)).check_sum(wrong)
    CpioHeader.parse(written(b"070702", checksum=6, mode=0o120777)).check_sum(wrong)


@pytest.mark.parametrize(
    ("mode", "text", "kind"),
    [
        (0o100644, "-rw-r--r--", "file"),
        (0o104755, "-rwsr-xr-x", "file"),
        (0o041777, "drwxrwxrwt", "directory"),
        (0o120777, "lrwxrwxrwx", "symbolic link"),
        (0o020600, "crw-------", "character device"),
        (0o060660, "brw-rw----", "block device"),
        (0o010600, "prw-------", "pipe"),
        (0o140755, "srwxr-xr-x", "socket"),
        (0, "?---------", "unknown"),
        # Linux keeps 16 bits.
        (0xFFFF0000 | 0o100600, "-rw-------", "file"),
    ],
)
def test_modes_are_shown_as_ls_does(mode: int, text: str, kind: str) -> None:
    header = CpioHeader.parse(written(mode=mode))
    assert (header.mode_text, header.kind) == (text, kind)
    assert header.is_file == (kind == "file")
    assert header.is_link == (kind == "symbolic link")


@given(st.integers(0, 0xFFFFFFFF))
def test_any_mode_has_a_text_of_ten_letters(mode: int) -> None:
    header = CpioHeader.parse(written(mode=mode))
    assert len(header.mode_text) == 10
    assert stat.filemode(mode & 0xFFFF) == header.mode_text


@pytest.mark.parametrize(("size", "zeros"), [(0, 0), (1, 3), (2, 2), (3, 1), (4, 0), (110, 2), (0xFFFFFFFF, 1)])
def test_padding_reaches_the_next_multiple_of_four(size: int, zeros: int) -> None:
    assert padding(size) == zeros


SOUND = st.fixed_dictionaries(
    {**{name: st.integers(0, 0xFFFFFFFF) for name in FIELDS}, "name_size": st.integers(0, NAME_LIMIT + 1)}
).map(lambda numbers: written(**numbers))


@given(st.binary(max_size=300) | st.binary(max_size=120).map(b"070701".__add__) | SOUND, st.integers(0, 1 << 40))
def test_any_bytes_are_a_header_or_refused_with_a_place_inside(data: bytes, position: int) -> None:
    header = error = None
    try:
        header = CpioHeader.parse(data, position)
    except FormatError as refusal:
        error = refusal
    if error is not None:
        assert error.offset is not None
        assert position <= error.offset <= position + min(len(data), HEADER_SIZE)
    if header is not None:
        assert written(data[:6], **{name: getattr(header, name) for name in FIELDS}) == data[:HEADER_SIZE].upper()


@given(st.fixed_dictionaries({name: st.integers(0, 0xFFFFFFFF) for name in FIELDS}))
def test_any_numbers_come_back_unless_a_size_is_refused(numbers: dict[str, int]) -> None:
    numbers["name_size"] = numbers["name_size"] % NAME_LIMIT + 1
    header = CpioHeader.parse(written(**{**numbers, "mode": numbers["mode"] & ~0o020000}))
    assert {name: getattr(header, name) for name in FIELDS} == {**numbers, "mode": numbers["mode"] & ~0o020000}
