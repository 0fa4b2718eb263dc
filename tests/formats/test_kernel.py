"""What is told from the head of a kernel image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.formats import kernel
from seworkbench.formats.kernel import KernelFacts, kernel_facts, version_text


def head_of(*, magic: bytes = b"S390EP\0\1", limit: int = 4096, version: int = 0, start: bytes = b"") -> bytes:
    content = bytearray(0x10438)
    content[: len(start)] = start
    content[0x10008 : 0x10008 + len(magic)] = magic
    content[0x10428:0x10430] = version.to_bytes(8, "big")
    content[0x10430:0x10438] = limit.to_bytes(8, "big")
    return bytes(content)


def test_a_kernel_is_told_by_its_magic_and_its_parameter_area() -> None:
    facts = kernel_facts(head_of(version=0x12340) + bytes(100))
    assert facts == KernelFacts(
        is_s390x=True, is_elf=False, is_gzip=False, command_line_limit=4096, version_pointer=0x12340
    )


def test_places_and_limits_are_those_of_the_specification() -> None:
    # The table of resources/help/components.md#kernel.
    assert kernel.KERNEL_MAGIC_OFFSET == 0x10008
    assert kernel.VERSION_POINTER_OFFSET == 0x10428
    assert kernel.COMMAND_LINE_LIMIT_OFFSET == 0x10430
    assert (kernel.MIN_KERNEL_SIZE, kernel.MIN_USEFUL_SIZE) == (0x10000, 0x11000)


@pytest.mark.parametrize(("written", "limit"), [(0, 896), (1, 1), (896, 896), (4096, 4096), (2**64 - 1, 2**64 - 1)])
def test_a_limit_of_zero_stands_for_the_legacy_one(written: int, limit: int) -> None:
    assert kernel_facts(head_of(limit=written)).command_line_limit == limit


@pytest.mark.parametrize("start", [b"\x7fELF\x02\x02\x01", b"\x1f\x8b\x08"])
def test_elf_and_gzip_are_told_by_their_first_bytes(start: bytes) -> None:
    facts = kernel_facts(head_of(start=start))
    assert (facts.is_elf, facts.is_gzip) == (start[1:4] == b"ELF", start[0] == 0x1F)


@pytest.mark.parametrize("magic", [b"", b"S390Ep", b"s390ep", b"\0S390EP"])
def test_without_the_magic_it_is_no_s390x_kernel(magic: bytes) -> None:
    assert not kernel_facts(head_of(magic=magic)).is_s390x


@pytest.mark.parametrize("size", [0, 1, 4, 0x10008, 0x10430, 0x10437])
def test_a_file_too_small_for_the_parameter_area_is_refused(size: int) -> None:
    with pytest.raises(FormatError, match=f"Not an s390x kernel: {size} bytes") as caught:
        kernel_facts(head_of()[:size])
    assert caught.value.offset == size
    assert caught.value.remedy


@given(content=st.binary(max_size=0x438), start=st.binary(max_size=16))
def test_any_head_long_enough_gives_facts(content: bytes, start: bytes) -> None:
    head = start.ljust(0x10000, b"\0") + content.ljust(0x438, b"\xff")
    facts = kernel_facts(head)
    assert facts.is_s390x == (content[8:14] == b"S390EP")
    assert facts.command_line_limit > 0
    assert facts.version_pointer == int.from_bytes(head[0x10428:0x10430], "big")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (b"6.8.0-45-generic (buildd@bos02) #45 SMP\0rest", "6.8.0-45-generic (buildd@bos02) #45 SMP"),
        (b"6.1\0", "6.1"),
        (b"6.1.0 tail without an end", "6.1.0 tail without an end"),
        (b"6.1.0\n(next line)\0", "6.1.0"),
        (b"", ""),
        (b"\0text behind the end", ""),
        (b"ab\0", ""),
        (b"\xff\xfe6.1.0\0", ""),
        ("6.1.0-ü".encode(), "6.1.0-"),
    ],
)
def test_the_version_text_is_the_readable_part_before_the_first_nul(found: bytes, text: str) -> None:
    assert version_text(found) == text


@given(found=st.binary(max_size=600))
def test_the_version_text_of_any_bytes_is_plain_ascii_and_their_beginning(found: bytes) -> None:
    text = version_text(found)
    assert found.startswith(text.encode("ascii"))
    assert text.isprintable()
    assert len(text) != 1
    assert len(text) != 2
