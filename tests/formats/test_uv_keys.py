"""The key hash file of a machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.uv_keys import parse_uv_keys

HOST = bytes(range(32))
BACKUP = bytes(range(100, 132))
LINES = [HOST.hex(), BACKUP.hex(), *["0" * 64] * 13]


def file_of(lines: list[str], end: str = "\n") -> bytes:
    return ("\n".join(lines) + end).encode("latin-1")


@pytest.mark.parametrize("end", ["\n", ""], ids=["closing newline", "none"])
def test_a_machine_with_two_keys_is_read(end: str) -> None:
    keys = parse_uv_keys(file_of(LINES, end))
    assert (keys.host_key, keys.backup_host_key) == (HOST, BACKUP)
    assert keys.lines == (HOST, BACKUP, *[bytes(32)] * 13)
    assert keys.in_use == (HOST, BACKUP)


def test_capital_digits_are_digits_too() -> None:
    assert parse_uv_keys(file_of([line.upper() for line in LINES])).backup_host_key == BACKUP


def test_lines_of_zeros_are_empty_places_wherever_they_are() -> None:
    keys = parse_uv_keys(file_of([LINES[0], *["0" * 64] * 13, LINES[1]]))
    assert keys.in_use == (HOST, BACKUP)
    assert keys.backup_host_key == bytes(32)


@pytest.mark.parametrize("count", [1, 2, 14, 16, 30])
def test_any_other_number_of_lines_is_refused(count: int) -> None:
    with pytest.raises(FormatError, match=f"must have 15 lines; it has {count}") as caught:
        parse_uv_keys(file_of(["0" * 64] * count))
    assert "/sys/firmware/uv/keys/all" in caught.value.remedy


def test_an_empty_line_at_the_end_counts() -> None:
    with pytest.raises(FormatError, match="it has 16"):
        parse_uv_keys(file_of(LINES, "\n\n"))


@pytest.mark.parametrize(
    "line", ["", "0" * 63, "0" * 65, "0" * 62 + "0g", "0x" + "0" * 62, " " + "0" * 63, "0" * 64 + "\r", "0" * 63 + "²"]
)
@pytest.mark.parametrize("number", [1, 8, 15])
def test_a_line_that_is_no_hash_is_named(line: str, number: int) -> None:
    lines = [*LINES[: number - 1], line, *LINES[number:]]
    with pytest.raises(FormatError, match=f"Line {number} of the key hash file is not 64 hexadecimal digits"):
        parse_uv_keys(file_of(lines))


@given(
    lines=st.lists(
        st.one_of(
            st.just("0" * 64), st.binary(min_size=31, max_size=33).map(bytes.hex), st.text("0aF\r\x00\xff", max_size=65)
        ),
        min_size=13,
        max_size=17,
    )
    | st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=15, max_size=15)
)
def test_any_lines_give_15_hashes_or_a_format_error(lines: list[str]) -> None:
    good = len(lines) == 15 and all(len(line) == 64 and set(line) <= set("0123456789abcdefABCDEF") for line in lines)
    if good:
        assert parse_uv_keys(file_of(lines)).lines == tuple(bytes.fromhex(line) for line in lines)
    else:
        with pytest.raises(FormatError):
            parse_uv_keys(file_of(lines, "\n"))
