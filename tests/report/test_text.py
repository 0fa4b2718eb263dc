"""Nothing in a text steers the reader's program."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from seworkbench.report.text import (
    SHOWN_LIMIT,
    Group,
    byte_lines,
    is_bytes,
    paragraphs,
    shown,
    size,
    visible,
    well_formed,
)

ANY_TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_what_hides_is_shown_by_its_number(text: str) -> None:
    seen = visible(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in seen)
    seen.encode("utf-8")


@given(ANY_TEXT)
def test_well_formed_text_can_be_encoded_and_changes_nothing_else(text: str) -> None:
    encoded = well_formed(text).encode("utf-8")
    if not any(unicodedata.category(char) == "Cs" for char in text):
        assert encoded.decode("utf-8") == text


def test_examples_of_what_is_shown() -> None:
    assert visible("a\tb\u202ec\U000e0041\udc80é漢") == "a\\x09b\\u202ec\\U000e0041\\udc80é漢"


def test_long_text_is_cut_and_says_so() -> None:
    assert shown("x" * SHOWN_LIMIT) == "x" * SHOWN_LIMIT
    cut = shown("x" * (SHOWN_LIMIT + 7))
    assert cut.startswith("x" * SHOWN_LIMIT + " …")
    assert "7 more characters" in cut


def test_bytes_are_broken_the_same_way_and_differences_marked() -> None:
    lines = list(byte_lines("ab" * 36, "ab" * 35 + "cd"))
    assert [len(line) for line in lines] == [8, 1]
    assert lines[0][0] == Group("abababab")
    assert lines[1] == [Group("abababab", differs=True)]
    assert (
        "".join(group.digits for line in byte_lines("0123456789abcdef" * 9) for group in line) == "0123456789abcdef" * 9
    )


def test_only_long_hexadecimal_is_bytes() -> None:
    assert is_bytes("0" * 32)
    assert is_bytes("AB" * 16)
    assert not is_bytes("0x" + "0" * 30)
    assert not is_bytes("aB" * 16)
    assert is_bytes("0" * 34)
    assert not is_bytes("0" * 33)
    assert not is_bytes("12345678")


def test_sizes_and_paragraphs_for_people() -> None:
    assert size(1234567) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567 bytes"
    assert size(None) == "\N{EN DASH}"
    assert paragraphs("one\n\n  \ntwo\u202e") == ["one", "two\\u202e"]
