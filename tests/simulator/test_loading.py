"""How an image starts: short PSW, metadata, stage3a's arguments, and what is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.simulator.hypervisor import GuestStart, StartOutcome
from seworkbench.simulator.loading import load
from seworkbench.simulator.memory import RamMemory

from .builder import METADATA, PAGE, Image, Recipe, be64, build, golden, stream
from .conftest import Start, failed, ids, leaf

if TYPE_CHECKING:
    from pathlib import Path


def test_an_image_without_metadata_starts_with_a_note(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(METADATA, bytes(28)))
    assert result.started
    assert result.check.verdict is Verdict.PASSED
    assert result.check.notes == 1
    assert leaf(result.check, "load.metadata").verdict is Verdict.WARNING


def test_an_image_of_the_old_tool_starts(start: Start) -> None:
    """Its IPIB lies between stage3a and header, and there are no metadata."""
    image = build(Recipe(ipib_before_header=True, stage3a=stream("stage3a", 0x2000)))
    memory = RamMemory()
    result = start(image, memory=memory)
    assert result.started
    assert result.check.verdict is Verdict.PASSED
    assert dict(memory.pages()) == image.memory()


def test_a_loader_of_any_length_is_found(start: Start) -> None:
    for length in (0x1018, 0x3FF8, 0x4000, 0x9000, 0x20008):
        image = build(Recipe(stage3a=stream("stage3a", length)))
        for content in (image, image.patched(METADATA, bytes(28))):
            result = start(content)
            assert result.started, hex(length)
            assert failed(result.check) == set()


def test_a_header_behind_the_components_is_found(start: Start, image_a: Image) -> None:
    """A layout that builders of images know and do not use: header behind stage3b."""
    moved = 0x2E000
    content = image_a.content.ljust(moved, b"\0") + image_a.header
    image = Image(
        content, image_a.recipe, image_a.parts, moved, image_a.header_size, image_a.ipib_address, image_a.stage3a_args
    )
    image = image.patched(image.stage3a_args, be64(moved - image.stage3a_args))
    image = image.patched(METADATA + 8, be64(moved)).patched(image_a.header_address, bytes(image_a.header_size))
    image = image.patched(image.ipib_address + 0x78, be64(moved))
    result = start(image)
    assert result.started
    assert result.check.verdict is Verdict.PASSED


def test_another_start_address_is_a_warning(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(0, be64(0x0008000180010000)))
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"load.psw"}


def test_a_long_psw_at_the_start_is_a_failure(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(0, be64(0x0000000180011000)))
    assert failed(result.check) == {"load.psw"}
    assert result.outcome is StartOutcome.NOT_LOADED
    assert result.response is None
    # All of it is judged nevertheless: zipl would start the image by another way.
    assert leaf(result.check, "uv.verify.pld").verdict is Verdict.PASSED


def test_metadata_of_another_version_are_a_warning(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(METADATA + 0x10, b"\0\0\0\2"))
    assert ids(result.check, Verdict.WARNING) == {"load.metadata"}


@pytest.mark.parametrize("offset", [0x08, 0x14], ids=["header", "IPIB"])
def test_metadata_that_lead_elsewhere_are_a_failure(start: Start, image_a: Image, offset: int) -> None:
    """The machine does not care, but tools would show another header than the machine gets."""
    result = start(image_a.patched(METADATA + offset, be64(0x15000)))
    assert result.started
    assert failed(result.check) == {"load.metadata"}
    assert [item.label for item in leaf(result.check, "load.metadata").evidence] == [
        "according to the metadata",
        "handed over by stage3a",
    ]


def test_metadata_that_lead_nowhere_are_a_failure_without_a_loader_too(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(METADATA + 8, be64(0x15000)).patched(image_a.stage3a_args, bytes(24)))
    assert {"load.metadata", "load.stage3a"} <= failed(result.check)


@pytest.mark.parametrize("offset", [0, 16], ids=["header", "IPIB"])
def test_a_loader_that_leads_nowhere_hands_nothing_over(start: Start, image_a: Image, offset: int) -> None:
    result = start(image_a.patched(image_a.stage3a_args + offset, be64(0x1234560)))
    assert result.outcome is StartOutcome.NOT_HANDED_OVER
    assert result.response is None
    assert not result.started
    assert failed(result.check) == {"load.stage3a"}
    assert "diag308" not in result.to_json()
    # The rest of the image is judged nevertheless, at the places that the metadata name.
    assert leaf(result.check, "uv.verify.pld").verdict is Verdict.PASSED
    assert "stage3a hands over no header" in result.summary


def test_nothing_is_answered_to_a_loader_that_does_not_ask(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(image_a.stage3a_args, bytes(8)).resealed(0xE0, bytes(8)))
    assert failed(result.check) == {"load.stage3a", "uv.verify.pld"}
    assert result.response is None
    assert result.outcome is StartOutcome.NOT_HANDED_OVER


def test_a_loader_that_names_another_size_makes_the_ultravisor_refuse(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(image_a.stage3a_args + 8, be64(656)))
    assert failed(result.check) == {"uv.ssc.length"}
    shown = {item.label: item.value for item in leaf(result.check, "uv.ssc.length").evidence}
    assert shown["length given by the hypervisor"] == "656 bytes"
    assert shown["length in the header"] == "640 bytes"


def test_a_second_argument_block_is_a_warning_and_the_right_one_is_taken(start: Start, image_a: Image) -> None:
    decoy = 0x11800
    args = be64(image_a.header_address - decoy) + be64(640) + be64(image_a.ipib_address - decoy)
    result = start(image_a.patched(decoy, args))
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"load.stage3a"}
    assert leaf(result.check, "load.stage3a").evidence[-1].label == f"block at 0x{image_a.stage3a_args:x}"


def test_the_block_that_agrees_with_the_metadata_is_taken(start: Start, image_a: Image) -> None:
    """Behind the real block, where zeros should be, lies one that leads to another IPIB."""
    other_ipib, decoy = 0x2E000, image_a.stage3a_args + 24
    ipib = bytearray(image_a.content[image_a.ipib_address :])
    ipib[0x74:0x78] = bytes(4)
    args = be64(image_a.header_address - decoy) + be64(640) + be64(other_ipib - decoy)
    content = image_a.patched(decoy, args).content.ljust(other_ipib, b"\0") + bytes(ipib)
    result = start(content)
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"load.stage3a", "load.gap"}
    # Without metadata nothing speaks against it: it is the last one.
    assert failed(start(content[:METADATA] + bytes(28) + content[METADATA + 28 :]).check) == {"diag.count"}


def test_a_block_that_leads_into_the_loader_is_none(start: Start, image_a: Image) -> None:
    other_ipib, decoy = 0x8000, 0x12000
    args = be64(image_a.header_address - decoy) + be64(640) + be64((other_ipib - decoy) % (1 << 64))
    image = image_a.patched(other_ipib, image_a.content[image_a.ipib_address :]).patched(decoy, args)
    assert start(image).check.verdict is Verdict.PASSED


def test_many_argument_blocks_are_not_all_listed(start: Start, image_a: Image) -> None:
    changed = image_a
    for decoy in range(0x11000, 0x12000, 24):
        args = be64(image_a.header_address - decoy) + be64(640) + be64(image_a.ipib_address - decoy)
        changed = changed.patched(decoy, args)
    result = start(changed)
    assert result.started
    step = leaf(result.check, "load.stage3a")
    assert step.verdict is Verdict.WARNING
    assert len(step.evidence) == 8
    assert step.evidence[-1].label == f"block at 0x{image_a.stage3a_args:x}"


def test_a_file_that_shrinks_while_it_is_read_reads_as_zeros(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"\1" * 0x3000)
    with load(path) as image:
        path.write_bytes(b"\1" * 0x1000)
        assert image.read(0x800, 0x1000) == b"\1" * 0x800 + bytes(0x800)


def test_bytes_behind_stage3a_are_a_note(start: Start, image_a: Image) -> None:
    result = start(image_a.patched(0x13000, b"hidden"))
    assert result.started
    gap = leaf(result.check, "load.gap")
    assert (gap.verdict, gap.required) == (Verdict.WARNING, False)
    assert gap.evidence[0].label == "bytes at 0x13000"
    assert result.check.verdict is Verdict.PASSED


def test_a_bare_header_is_judged_as_far_as_that_goes(start: Start, image_a: Image) -> None:
    result = start(image_a.header)
    assert result.outcome is StartOutcome.NOT_HANDED_OVER
    assert leaf(result.check, "uv.ssc.header-tag").verdict is Verdict.PASSED
    assert result.opened is not None
    assert leaf(result.check, "uv.unpack.pages").verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize("content", [b"", b"\0", bytes(0x20000), stream("noise", 0x20000), b"IBMSecEx"])
def test_a_file_that_is_no_image_is_called_that(start: Start, content: bytes) -> None:
    result = start(content)
    assert result.outcome is StartOutcome.NOT_HANDED_OVER
    assert result.check.verdict is Verdict.FAILED
    assert not result.started


# --- Cut off -----------------------------------------------------------------------------------------------------


def _expected_outcome(image: Image, size: int) -> tuple[StartOutcome, int | None]:
    if size <= image.stage3a_args:
        return StartOutcome.NOT_HANDED_OVER, None
    if size <= image.ipib_address:
        return StartOutcome.IPIB_REFUSED, 0x0402
    return StartOutcome.STARTED, None


def _cut(start: Start, image: Image, size: int) -> GuestStart:
    result = start(image.content[:size])
    assert not result.started
    assert result.check.verdict is Verdict.FAILED
    return result


@pytest.mark.parametrize("name", ["A", "C"])
def test_an_image_cut_at_any_page_does_not_start(start: Start, name: str) -> None:
    image = golden(name)
    for size in range(0, len(image.content), PAGE):
        result = _cut(start, image, size)
        outcome, response = _expected_outcome(image, size)
        assert result.outcome is outcome, hex(size)
        assert (result.response.response if result.response else None) == response


def test_an_image_cut_inside_its_ipib_does_not_start(start: Start, image_a: Image) -> None:
    for size in range(image_a.ipib_address + 1, len(image_a.content)):
        if any(image_a.content[size:]):
            result = _cut(start, image_a, size)
            assert result.outcome in (StartOutcome.IPIB_REFUSED, StartOutcome.REFUSED), hex(size)


def test_zeros_behind_the_ipib_do_no_harm(start: Start, image_a: Image) -> None:
    assert start(image_a.content + bytes(5000)).check.verdict is Verdict.PASSED


@pytest.mark.parametrize("size", [0x15000, 0x20000, 0x2B001, 0x2CFFF])
def test_a_component_cut_off_makes_the_hypervisor_refuse_to_unpack(start: Start, size: int) -> None:
    """With the IPIB before the header, the end of the file is the end of the components."""
    image = build(Recipe(ipib_before_header=True, stage3a=stream("stage3a", 0x2000)))
    result = start(image.content[:size])
    assert result.outcome is StartOutcome.REFUSED
    if size == 0x2CFFF:  # the last page is there, one byte of it reads as zero
        assert failed(result.check) == {"uv.verify.pld"}
        return
    assert failed(result.check) == {"table.places", "uv.unpack.pages"}
    assert result.response is not None
    assert result.response.register == 0x0003000000000A02
    assert "refused by the hypervisor itself" in result.summary
    assert ids(result.check, Verdict.NOT_CHECKED) >= {"uv.verify.ald", "uv.verify.nep", "guest.psw"}
