"""What a started guest would do: stage3b's arguments, its stops, and what lies in the padding."""

from __future__ import annotations

import pytest

from seworkbench.checks import Verdict
from seworkbench.formats.ipib import IpibComponent
from seworkbench.formats.psw import Psw
from seworkbench.formats.stage3 import Stage3bArgs
from seworkbench.simulator.guest import Glimpses, forecast
from seworkbench.simulator.hypervisor import StartOutcome

from .builder import NO_ENCRYPTION, Recipe, be64, build, golden_kernel, stream
from .conftest import Start, failed, ids, leaf

LINE = b"root=/dev/vda1\0"


def change_args(offset: int, value: int) -> Recipe:
    """An image whose stage3b has another number at an offset of its arguments."""
    return Recipe(edit_stage3b_args=lambda args: args[:offset] + be64(value) + args[offset + 8 :])


STOPS: dict[str, tuple[Recipe, set[str]]] = {
    "kernel below 64 KiB": (Recipe(kernel=stream("kernel", 0xFFFF), ramdisk=None), {"guest.kernel-size"}),
    "empty kernel": (Recipe(kernel=b"", ramdisk=None), {"guest.kernel-size"}),
    "command line too long": (Recipe(kernel=golden_kernel(limit=14), command_line=LINE), {"guest.cmdline"}),
    "command line longer than old kernels take": (
        Recipe(kernel=golden_kernel(limit=0), command_line=bytes(b"x" * 896 + b"\0")),
        {"guest.cmdline"},
    ),
    "command line without NUL": (Recipe(command_line=b"root=/dev/vda1"), {"guest.cmdline-end"}),
}


@pytest.mark.parametrize("name", STOPS)
def test_stage3b_stops(start: Start, name: str) -> None:
    recipe, expected = STOPS[name]
    result = start(build(recipe))
    assert failed(result.check) == expected
    assert result.outcome is StartOutcome.STARTED
    assert result.wait_code == 0x4511
    assert "0x4511" in result.summary
    assert result.to_json()["wait_code"] == "0x4511"


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(kernel=golden_kernel(limit=15), command_line=LINE),
        Recipe(kernel=golden_kernel(limit=0), command_line=bytes(b"x" * 895 + b"\0")),
        Recipe(kernel=golden_kernel(0x11000), command_line=LINE),
        Recipe(kernel=golden_kernel(0x1000E), command_line=LINE),
        Recipe(ramdisk=b"", command_line=b"\0"),
        Recipe(pcf=NO_ENCRYPTION, command_line=LINE),
        Recipe(stage3b=stream("stage3b", 0x2000)),
        Recipe(stage3b=stream("stage3b", 0x1004)),
        Recipe(stage3b=stream("stage3b", 68)),
        Recipe(ramdisk=stream("initrd", 0x3000)),
    ],
    ids=[
        "line of the very length",
        "line of the length of old kernels",
        "kernel of whole pages",
        "kernel that ends behind its magic",
        "empty parts",
        "not encrypted",
        "stage3b of whole pages",
        "arguments across two pages",
        "stage3b of one page",
        "ramdisk of whole pages",
    ],
)
def test_a_sound_guest_starts_its_kernel(start: Start, recipe: Recipe) -> None:
    result = start(build(recipe))
    assert result.check.verdict is Verdict.PASSED
    assert result.wait_code is None


def test_a_kernel_too_short_for_the_field_has_the_old_limit(start: Start) -> None:
    recipe = Recipe(
        kernel=stream("kernel", 0x10434), ramdisk=None, command_line=bytes(b"x" * 896 + b"\0"), padding=b"\xaa"
    )
    shown = {item.label: item.value for item in leaf(start(build(recipe)).check, "guest.cmdline").evidence}
    limit = int.from_bytes(stream("kernel", 0x10434)[0x10430:] + bytes(4), "big")
    assert shown["kernel's limit"] == f"{limit} bytes"
    recipe = Recipe(kernel=stream("kernel", 0x10430), ramdisk=None, command_line=bytes(b"x" * 896 + b"\0"))
    result = start(build(recipe))
    shown = {item.label: item.value for item in leaf(result.check, "guest.cmdline").evidence}
    assert shown["kernel's limit"] == "896 bytes"
    assert result.wait_code == 0x4511


def test_the_smallest_kernel_is_that_of_which_nothing_is_moved(start: Start) -> None:
    result = start(build(Recipe(kernel=stream("kernel", 0x10000), ramdisk=None, command_line=None)))
    assert leaf(result.check, "guest.kernel-size").verdict is Verdict.PASSED
    assert leaf(result.check, "guest.kernel").verdict is Verdict.WARNING
    assert result.wait_code is None


def test_a_kernel_without_magic_is_a_warning(start: Start) -> None:
    result = start(build(Recipe(kernel=stream("kernel", 0x12000))))
    assert ids(result.check, Verdict.WARNING) == {"guest.kernel"}
    assert result.wait_code is None


NOT_FOUND = {
    "kernel at no component": change_args(0x00, 0x16000),
    "kernel of a greater length": change_args(0x08, 0x14000),
    "kernel of a smaller length": change_args(0x08, 0x12000),
    "no arguments": Recipe(stage3b=bytes(128), edit_stage3b_args=lambda _: bytes(64)),
    "command line of another length": change_args(0x18, 0x1001),
    "command line without address": change_args(0x10, 0),
    "ramdisk beyond its component": change_args(0x28, 0x2001),
    "another PSW mask": change_args(0x30, 0),
    "another kernel entry": change_args(0x38, 0x10008),
}


@pytest.mark.parametrize("name", NOT_FOUND)
def test_arguments_that_do_not_fit_are_not_taken(start: Start, name: str) -> None:
    result = start(build(NOT_FOUND[name]))
    assert failed(result.check) == {"guest.arguments"}
    assert result.arguments is None
    assert result.wait_code is None
    assert leaf(result.check, "guest.cmdline").verdict is Verdict.NOT_CHECKED


def test_bytes_behind_the_arguments_are_not_padding(start: Start) -> None:
    recipe = Recipe(edit_stage3b_args=lambda args: args + b"\1")
    assert failed(start(build(recipe)).check) == {"guest.arguments"}


def test_a_component_that_nobody_uses_is_a_warning(start: Start) -> None:
    recipe = Recipe(edit_stage3b_args=lambda args: args[:0x20] + bytes(16) + args[0x30:])
    result = start(build(recipe))
    assert ids(result.check, Verdict.WARNING) == {"guest.arguments"}
    step = leaf(result.check, "guest.arguments")
    assert ("component without use", "0x28000, 8192 bytes") in [(item.label, item.value) for item in step.evidence]


def test_padding_that_is_not_zero_is_a_warning(start: Start) -> None:
    result = start(build(Recipe(padding=b"\xaa")))
    assert result.started
    assert ids(result.check, Verdict.WARNING) == {"guest.padding"}
    step = leaf(result.check, "guest.padding")
    assert step.evidence[0].label == f"bytes at 0x{0x15000 + 0x12345:x}"


START_PSW = {
    "odd address": (Recipe(psw_address=0x2B001), Verdict.FAILED),
    "outside every component": (Recipe(psw_address=0x12340), Verdict.FAILED),
    "behind the last component": (Recipe(psw_address=0x2D000), Verdict.FAILED),
    "another mask": (Recipe(psw_mask=0), Verdict.WARNING),
    "inside stage3b": (Recipe(psw_address=0x2B004), Verdict.WARNING),
}


@pytest.mark.parametrize("name", START_PSW)
def test_a_guest_that_does_not_start_at_stage3b(start: Start, name: str) -> None:
    recipe, verdict = START_PSW[name]
    result = start(build(recipe))
    # The Ultravisor starts it: no code is known with which it would refuse.
    assert result.started
    assert ids(result.check, verdict) == {"guest.psw"}
    assert result.psw is not None
    assert result.psw.mask == recipe.psw_mask


def test_a_guest_that_starts_in_its_kernel_has_no_stage3b(start: Start) -> None:
    result = start(build(Recipe(psw_address=0x25000)))
    assert "guest.psw" in ids(result.check, Verdict.WARNING)
    assert failed(result.check) == {"guest.arguments"}


def test_a_kernel_that_overwrites_nothing_passes(start: Start) -> None:
    room = leaf(start(build(Recipe(ramdisk=None, command_line=None))).check, "guest.room")
    assert room.verdict is Verdict.PASSED
    assert "0x12345" in room.reason


@pytest.mark.parametrize(("kernel_size", "overwritten"), [(0x20000, []), (0x24000, ["0x22000", "0x21000", "0x20000"])])
def test_overwriting_is_told_with_all_that_is_overwritten(kernel_size: int, overwritten: list[str]) -> None:
    """A kernel above everything else, where no builder puts it."""
    components = (
        IpibComponent(tweak_pref=1, addr=0x30000, length=kernel_size),
        IpibComponent(tweak_pref=2, addr=0x20000, length=0x1000),
        IpibComponent(tweak_pref=3, addr=0x21000, length=0x1000),
        IpibComponent(tweak_pref=4, addr=0x22000, length=0x1000),
    )
    args = Stage3bArgs(
        kernel_src=0x30000,
        kernel_size=kernel_size,
        cmdline_src=0x20000,
        cmdline_size=4,
        initrd_src=0x21000,
        initrd_size=0x1000,
    )
    memory = Glimpses(components)
    memory.store(0x22000, args.build().rjust(0x1000, b"\1"))
    room = leaf(forecast(Psw(addr=0x22000), components, memory).check, "guest.room")
    assert room.verdict is (Verdict.FAILED if overwritten else Verdict.PASSED)
    assert [item.value for item in room.evidence[1:]] == overwritten


def test_a_guest_that_is_not_verified_has_no_forecast(start: Start) -> None:
    result = start(build(Recipe()).resealed(0xE0, bytes(8)))
    assert result.arguments is None
    assert result.wait_code is None
    assert {step.verdict for step in result.forecast.check.leaves()} == {Verdict.NOT_CHECKED}
