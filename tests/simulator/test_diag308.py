"""The rules of QEMU for the IPIB, and what an image must keep to beside them."""

from __future__ import annotations

import pytest

from seworkbench.checks import Verdict
from seworkbench.simulator.codes import DiagResponse
from seworkbench.simulator.hypervisor import StartOutcome

from .builder import METADATA, PAGE, Image, Recipe, be32, be64, build
from .conftest import Start, failed, ids, leaf

FIRST_COMPONENT = 0x88
SECOND_COMPONENT = FIRST_COMPONENT + 24


def edited(image: Image, *edits: tuple[int, bytes]) -> Image:
    """Other bytes in the IPIB."""
    for offset, content in edits:
        image = image.patched(image.ipib_address + offset, content)
    return image


QEMU_RULES: dict[str, tuple[tuple[tuple[int, bytes], ...], set[str]]] = {
    "list length 0": (((0, be32(0)),), {"diag.length", "diag.count", "table.block"}),
    "list length 147": (((0, be32(147)),), {"diag.length", "diag.count", "table.block"}),
    "list length above a page": (((0, be32(4097)),), {"diag.length", "table.block"}),
    "list length shorter than the table": (((0, be32(231)),), {"diag.count", "table.block"}),
    "block type": (((0x0C, b"\2"),), {"diag.type"}),
    "no components": (((0x74, be32(0)),), {"diag.count"}),
    "more components than fit a page": (((0x74, be32(166)),), {"diag.count"}),
    "2^32 - 1 components": (((0x74, be32(0xFFFFFFFF)),), {"diag.count"}),
    "address inside a page": (
        ((FIRST_COMPONENT + 8, be64(0x14FF8)),),
        {"diag.alignment", "table.places", "uv.unpack.pages"},
    ),
    "equal tweak prefixes": (
        ((SECOND_COMPONENT, bytes.fromhex("0028010203040506")),),
        {"diag.tweaks", "uv.verify.tld"},
    ),
    "descending tweak prefixes": (((FIRST_COMPONENT, b"\xff" * 8),), {"diag.tweaks", "uv.verify.tld"}),
}


@pytest.mark.parametrize("name", QEMU_RULES)
def test_a_broken_rule_is_answered_with_0x0402(start: Start, image_a: Image, name: str) -> None:
    edits, expected = QEMU_RULES[name]
    result = start(edited(image_a, *edits))
    assert failed(result.check) == expected
    assert result.outcome is StartOutcome.IPIB_REFUSED
    assert result.response == DiagResponse(8, 0x0402)
    assert result.response.register == 0x0402
    # The header is not to blame.
    assert leaf(result.check, "uv.ssc.header-tag").verdict is Verdict.PASSED


@pytest.mark.parametrize("size", [8193, 1 << 63])
def test_a_header_of_more_than_two_pages_is_refused(start: Start, image_a: Image, size: int) -> None:
    result = start(image_a.patched(image_a.stage3a_args + 8, be64(size)))
    assert result.response == DiagResponse(8, 0x0402)
    assert "diag.header" in failed(result.check)


def test_a_header_behind_the_end_of_memory_is_refused(start: Start, image_a: Image) -> None:
    far = 0x400000
    image = image_a.patched(METADATA + 8, be64(far)).patched(image_a.stage3a_args, be64(far - image_a.stage3a_args))
    result = start(image)
    assert "diag.header" in failed(result.check)
    assert result.outcome is StartOutcome.IPIB_REFUSED


def test_an_ipib_that_is_not_at_a_page_is_a_program_exception(start: Start, image_a: Image) -> None:
    place = image_a.ipib_address + 8
    ipib = image_a.content[image_a.ipib_address :]
    content = image_a.content[: image_a.ipib_address] + bytes(8) + ipib
    image = Image(
        content,
        image_a.recipe,
        image_a.parts,
        image_a.header_address,
        image_a.header_size,
        place,
        image_a.stage3a_args,
    )
    image = image.patched(image.stage3a_args + 16, be64(place - image.stage3a_args)).patched(
        METADATA + 0x14, be64(place)
    )
    result = start(image)
    assert result.outcome is StartOutcome.PROGRAM_EXCEPTION
    assert result.response is None
    assert failed(result.check) == {"diag.address"}


def test_lengths_that_contradict_each_other_fail_beside_qemu(start: Start, image_a: Image) -> None:
    result = start(edited(image_a, (8, be32(225))))
    assert failed(result.check) == {"table.block"}
    assert result.started  # QEMU does not look at the block length


@pytest.mark.parametrize("offset", [0x07, 0x6F])
def test_another_version_is_a_warning(start: Start, image_a: Image, offset: int) -> None:
    result = start(edited(image_a, (offset, b"\2")))
    assert ids(result.check, Verdict.WARNING) == {"table.block"}
    assert result.started


@pytest.mark.parametrize("offset", [0x78, 0x80])
def test_another_header_in_the_ipib_is_a_warning(start: Start, image_a: Image, offset: int) -> None:
    result = start(edited(image_a, (offset, be64(0x1000))))
    assert ids(result.check, Verdict.WARNING) == {"table.header"}
    assert result.started


def test_a_length_inside_a_page_is_rounded_up_as_qemu_does(start: Start, image_a: Image) -> None:
    result = start(edited(image_a, (FIRST_COMPONENT + 16, be64(0x12345))))
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"table.places"}


def test_an_empty_component_is_refused_by_kvm(start: Start, image_a: Image) -> None:
    result = start(edited(image_a, (SECOND_COMPONENT + 16, be64(0))))
    assert failed(result.check) == {"table.places", "uv.unpack.pages"}
    assert result.response is not None
    assert result.response.register == 0x0003000000000A02


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1, (1 << 64) - PAGE, 1 << 40])
def test_a_huge_component_is_refused(start: Start, image_a: Image, length: int) -> None:
    result = start(edited(image_a, (FIRST_COMPONENT + 16, be64(length))))
    assert failed(result.check) >= {"table.places", "uv.unpack.pages"}
    assert result.outcome is StartOutcome.REFUSED


@pytest.mark.parametrize("address", [(1 << 64) - PAGE, 1 << 63])
def test_a_component_at_a_huge_address_is_refused(start: Start, image_a: Image, address: int) -> None:
    result = start(edited(image_a, (FIRST_COMPONENT + 8, be64(address))))
    assert "table.places" in failed(result.check)
    assert not result.started


def test_components_that_overlap_are_unpacked_twice_and_refused(start: Start, image_a: Image) -> None:
    result = start(edited(image_a, (SECOND_COMPONENT + 8, be64(0x27000))))
    assert failed(result.check) == {"table.overlap", "uv.unpack.pages"}
    step = leaf(result.check, "uv.unpack.pages")
    assert step.code == (0x0102, 0xF006)
    assert "0x27000" in step.reason
    assert any("the simulator's own" in item.value for item in step.evidence)
    assert result.response is not None
    assert result.response.register == 0x0003F00601020A02


def test_components_that_descend_are_a_warning(start: Start, image_a: Image) -> None:
    """Addresses exchanged, content with them: the order of addresses is demanded by nobody."""
    entries = image_a.content[image_a.ipib_address + FIRST_COMPONENT :]
    first, second = entries[8:24], entries[32:48]
    result = start(edited(image_a, (FIRST_COMPONENT + 8, second), (SECOND_COMPONENT + 8, first)))
    assert "table.overlap" in ids(result.check, Verdict.WARNING)


def test_a_component_over_the_header_fails(start: Start, image_a: Image) -> None:
    result = start(edited(image_a, (FIRST_COMPONENT + 8, be64(0x14000))))
    assert "table.overlap" in failed(result.check)
    assert "SE header" in leaf(result.check, "table.overlap").reason


def test_165_components_are_looked_at(start: Start) -> None:
    """As many as a page of IPIB can hold; each of one page, all at the same place."""
    image = build(Recipe())
    entries = b"".join(be64(0x0028000000000000 + n) + be64(0x15000) + be64(PAGE) for n in range(165))
    table = be32(0x88 + 24 * 165) + image.content[image.ipib_address + 4 : image.ipib_address + 8]
    content = image.content[: image.ipib_address] + image.content[image.ipib_address :].ljust(PAGE, b"\0")
    grown = Image(
        content,
        image.recipe,
        image.parts,
        image.header_address,
        image.header_size,
        image.ipib_address,
        image.stage3a_args,
    )
    changed = edited(grown, (0, table), (8, be32(0x80 + 24 * 165)), (0x74, be32(165)), (0x88, entries))
    result = start(changed)
    assert failed(result.check) == {"table.overlap", "uv.unpack.pages"}
