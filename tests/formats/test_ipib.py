"""The IPL parameter information block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats.ipib import Ipib, IpibComponent, ipib_size, looks_like_ipib, parse_ipib

# resources/help/test-vectors.md#golden-images, image A
COMPONENTS = (
    IpibComponent(tweak_pref=0x0028010203040506, addr=0x15000, length=0x13000),
    IpibComponent(tweak_pref=0x00321112131415FF, addr=0x28000, length=0x2000),
    IpibComponent(tweak_pref=0x003C212223242526, addr=0x2A000, length=0x1000),
    IpibComponent(tweak_pref=0x0046313233343536, addr=0x2B000, length=0x2000),
)
GOLDEN = bytes.fromhex(
    "000000e8 00000001 000000e0 05000000"
    + "00" * 8
    + "00" * 84
    + "000000 01 00000000 00000004 0000000000014000 0000000000000280"
    + "0028010203040506 0000000000015000 0000000000013000"
    + "00321112131415ff 0000000000028000 0000000000002000"
    + "003c212223242526 000000000002a000 0000000000001000"
    + "0046313233343536 000000000002b000 0000000000002000"
)


def test_the_golden_block_comes_out_both_ways() -> None:
    ipib = Ipib.describing(COMPONENTS, 0x14000, 640)
    assert ipib.build() == GOLDEN
    assert parse_ipib(GOLDEN) == ipib
    assert looks_like_ipib(GOLDEN)


def test_a_tweak_prefix_is_eight_bytes_with_the_kind_in_front() -> None:
    assert [component.prefix.hex() for component in COMPONENTS] == [
        "0028010203040506",
        "00321112131415ff",
        "003c212223242526",
        "0046313233343536",
    ]


@pytest.mark.parametrize(("components", "size"), [(0, 0x88), (1, 160), (2, 184), (4, 232), (165, 4096)])
def test_the_size_follows_from_the_number_of_components(components: int, size: int) -> None:
    assert ipib_size(components) == size
    assert Ipib.describing(COMPONENTS[:1] * components, 0, 0).size == size


@given(count=st.integers(1, 165), address=st.integers(0, 2**64 - 1), length=st.integers(0, 2**64 - 1))
def test_a_block_described_looks_like_one_and_reads_back(count: int, address: int, length: int) -> None:
    ipib = Ipib.describing(COMPONENTS[:1] * count, address, length)
    content = ipib.build()
    assert looks_like_ipib(content)
    assert looks_like_ipib(memoryview(content + bytes(4096)))
    assert parse_ipib(content + bytes(4096)) == ipib
    assert (ipib.list_length, ipib.block_length) == (len(content), len(content) - 8)


def test_a_block_that_fills_a_page_is_one() -> None:
    content = Ipib.describing(COMPONENTS[:1] * 165, 0, 0).build()
    assert len(content) == 4096
    assert looks_like_ipib(content)
    assert parse_ipib(content).num_comp == 165


def test_a_block_larger_than_a_page_neither_looks_like_one_nor_is_read() -> None:
    content = Ipib.describing(COMPONENTS[:1] * 166, 0, 0).build()
    assert not looks_like_ipib(content)
    with pytest.raises(FormatError):
        parse_ipib(content)


# Offset, bytes put there, whether the block is still read: contradictions beside its size are left to the checks.
SPOILED = {
    "list version": (0x07, "02", True),
    "block type": (0x0C, "04", True),
    "block version": (0x6F, "00", True),
    "list length larger": (0x00, "000000e9", True),
    "list length smaller": (0x00, "000000d0", True),
    "block length": (0x08, "000000e8", True),
    "both lengths": (0x00, "000000d0 00000001 000000c8", True),
    "no components": (0x74, "00000000", True),
    "fewer components": (0x74, "00000003", True),
    "more components": (0x74, "00000005", False),
    "most components": (0x74, "ffffffff", False),
    "another 16 million components": (0x74, "01000004", False),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_contradiction_no_longer_looks_like_a_block(name: str) -> None:
    offset, text, readable = SPOILED[name]
    patch = bytes.fromhex(text)
    content = GOLDEN[:offset] + patch + GOLDEN[offset + len(patch) :]
    assert not looks_like_ipib(content)
    if readable:
        assert parse_ipib(content).build() == content[: parse_ipib(content).size]
    else:
        with pytest.raises(FormatError, match="Components"):
            parse_ipib(content)


def test_a_consistent_block_without_components_does_not_look_like_one() -> None:
    assert not looks_like_ipib(Ipib.describing((), 0x14000, 640).build() + bytes(100))


def test_bytes_too_few_for_one_component_do_not_look_like_a_block() -> None:
    content = Ipib.describing(COMPONENTS[:1], 0x14000, 640).build()
    assert looks_like_ipib(content)
    for length in range(len(content)):
        assert not looks_like_ipib(content[:length])


def test_a_dissection_says_what_each_component_is() -> None:
    tree = parse_ipib(GOLDEN).dissect(0x2D000)
    assert tree.value == "4 components"
    assert tree.find("pv_hdr_addr").value == "0x14000"
    assert [child.value for child in tree.find("components").children] == [
        "0x15000, 77824 bytes",
        "0x28000, 8192 bytes",
        "0x2a000, 4096 bytes",
        "0x2b000, 8192 bytes",
    ]
