"""Long and short program status words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.psw import MASK_64_BIT, Psw, ShortPsw

BIT_12 = 0x0008000000000000
# All bits a mask may have to go into the short form (resources/help/image-layout.md#short-psw).
SHORTENABLE = (2**64 - 1) & ~0x7FFFFFFF & ~BIT_12


def test_the_default_mask_is_64_bit_addressing_and_nothing_else() -> None:
    assert MASK_64_BIT == 0x0000000180000000
    assert Psw(addr=0x2B000).build().hex() == "0000000180000000000000000002b000"


def test_the_published_short_form_comes_out_both_ways() -> None:
    assert Psw(mask=0x180000000, addr=0x11000).to_short() == 0x0008000180011000
    assert Psw.from_short(0x0008000180011000) == Psw(mask=0x180000000, addr=0x11000)
    assert ShortPsw(value=0x0008000180011000).build().hex() == "0008000180011000"


@given(mask=st.integers(0, 2**64 - 1), addr=st.integers(0, 2**33))
def test_a_psw_has_a_short_form_exactly_when_the_rule_says_so(mask: int, addr: int) -> None:
    mask_fits = mask & SHORTENABLE
    assert Psw.from_short(Psw(mask=mask_fits, addr=addr & 0x7FFFFFFF).to_short()) == Psw(
        mask=mask_fits, addr=addr & 0x7FFFFFFF
    )
    psw = Psw(mask=mask, addr=addr)
    if mask == mask_fits and addr <= 0x7FFFFFFF:
        assert psw.to_short() == mask + BIT_12 + addr
    else:
        with pytest.raises(FormatError, match="has no short form"):
            psw.to_short()


@pytest.mark.parametrize(
    ("mask", "addr"), [(0x180000001, 0), (0x1C0000000, 0), (BIT_12, 0), (0, 0x80000000), (0, 2**63)]
)
def test_each_reason_against_a_short_form_is_refused_by_itself(mask: int, addr: int) -> None:
    with pytest.raises(FormatError, match="has no short form"):
        Psw(mask=mask, addr=addr).to_short()


def test_the_edges_of_the_short_form_are_allowed() -> None:
    assert Psw(mask=0x80000000, addr=0x7FFFFFFF).to_short() == 0x00080000FFFFFFFF
    assert Psw(mask=0xFFF7FFFF80000000, addr=0).to_short() == 0xFFFFFFFF80000000


@given(value=st.integers(0, 2**64 - 1))
def test_a_number_is_a_short_psw_exactly_when_bit_12_is_set(value: int) -> None:
    assert Psw.from_short(value | BIT_12).to_short() == value | BIT_12
    with pytest.raises(FormatError, match="bit 12 is clear") as caught:
        Psw.from_short(value & ~BIT_12)
    assert caught.value.offset == 0


def test_the_summary_names_the_mask_only_where_it_is_unusual() -> None:
    assert Psw(addr=0x11000).summary() == "start at 0x11000"
    assert Psw(mask=0x80000000, addr=0x11000).summary() == "start at 0x11000, mask 0x0000000080000000"


def test_a_dissection_says_where_the_cpu_starts_and_in_which_mode() -> None:
    assert ShortPsw(value=0x0008000180011000).dissect().find("value").meaning == "The CPU starts at 0x11000."
    assert Psw(addr=0).dissect().find("mask").meaning == "64-bit addressing, everything else off."
    assert Psw(mask=0, addr=0).dissect().find("mask").meaning == "Not the usual 64-bit mask."
