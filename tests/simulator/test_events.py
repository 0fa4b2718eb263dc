"""A start, event by event: what a machine does, until it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import Cancelled
from seworkbench.jobs import Job
from seworkbench.simulator.codes import Code
from seworkbench.simulator.events import Actor, StartEvent
from seworkbench.simulator.hypervisor import GuestStarting, start_guest
from seworkbench.simulator.machine import Machine

from .builder import HOST, HOST2, Image, Recipe, build, golden_kernel
from .test_independence import anchors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MACHINE = Machine(HOST)


def play(path: Path, image: Image, machine: Machine = MACHINE) -> list[StartEvent]:
    path.write_bytes(image.content)
    starting = GuestStarting(path, machine)
    events = list(starting)
    assert starting.result == start_guest(path, machine)
    return events


def test_a_start_is_told_from_the_loader_to_linux(tmp_path: Path, image_a: Image) -> None:
    events = play(tmp_path / "image", image_a)
    assert [(event.actor, event.call) for event in events] == [
        (Actor.LOADER, "IPL"),
        (Actor.HYPERVISOR, "DIAG 308 subcode 8"),
        (Actor.HYPERVISOR, "UV calls 0x0100, 0x0120"),
        (Actor.ULTRAVISOR, "UV call 0x0300"),
        *[(Actor.ULTRAVISOR, "UV call 0x0301")] * 4,
        (Actor.ULTRAVISOR, "UV call 0x0302"),
        (Actor.ULTRAVISOR, "UV call 0x0330, state 5"),
        (Actor.GUEST, "stage3b"),
    ]
    assert not any(event.refused for event in events)
    assert all(event.explanation.endswith(".") for event in events)
    assert {event.code for event in events if event.actor is Actor.ULTRAVISOR} == {Code(1, 0)}


def test_every_page_is_told_once_and_in_order(tmp_path: Path) -> None:
    image = build(Recipe(kernel=golden_kernel(5 << 19)))
    runs = [event.pages for event in play(tmp_path / "image", image) if event.pages]
    told = [run.address + 4096 * number for run in runs for number in range(run.count)]
    assert told == sorted(image.memory())
    kernel = [run for run in runs if run.component == 1]
    assert [(run.first, run.count, run.of) for run in kernel] == [(0, 256, 640), (256, 256, 640), (512, 128, 640)]
    assert str(kernel[1]) == "component 1 of 4, pages 257 to 512 of 640, 0x115000 to 0x214000"


@pytest.mark.parametrize(
    ("tamper", "last_call", "register"),
    [
        (lambda image: image.patched_header(0x1A0, bytes(32)), "UV call 0x0300", 0x0002000501080A02),
        (lambda image: image.patched(0x15000, b"tampered"), "UV call 0x0302", 0x0004001B01020A02),
        (lambda image: image.patched(image.ipib_address + 0x0C, b"\0"), "DIAG 308 subcode 8", 0x0402),
        (lambda image: image.patched(image.ipib_address + 0x88 + 16, bytes(8)), "UV call 0x0301", 0x0003000000000A02),
    ],
    ids=["slot", "page", "IPIB", "empty component"],
)
def test_the_events_end_where_a_machine_refuses(
    tmp_path: Path, image_a: Image, tamper: Callable[[Image], Image], last_call: str, register: int
) -> None:
    events = play(tmp_path / "image", tamper(image_a))
    assert [event.refused for event in events] == [False] * (len(events) - 2) + [True, True]
    assert events[-2].call == last_call
    assert events[-2].culprit is not None
    assert events[-2].culprit.reason in events[-2].explanation
    assert events[-1].register == register
    assert "0x4608" in events[-1].title


def test_a_loader_that_hands_over_nothing_is_the_end(tmp_path: Path, image_a: Image) -> None:
    events = play(tmp_path / "image", image_a.patched(image_a.stage3a_args, bytes(8)))
    assert [event.refused for event in events] == [True]
    assert "hands over no header" in events[0].explanation


def test_another_machine_refuses_with_the_firmwares_code(tmp_path: Path, image_a: Image) -> None:
    refused = play(tmp_path / "image", image_a, Machine(HOST2))[-2]
    assert refused.code == Code(0x0108, 0x0005)
    assert refused.to_json() == {
        "actor": "Ultravisor",
        "call": "UV call 0x0300",
        "title": "Set secure parameters",
        "explanation": "“A key slot is for this machine” failed: None of the key slots is for this machine.",
        "refused": True,
        "uv_rc": "0x0108",
        "uv_rrc": "0x0005",
    }


def test_the_result_is_there_at_the_end_only(tmp_path: Path, image_a: Image) -> None:
    path = tmp_path / "image"
    path.write_bytes(image_a.content)
    starting = GuestStarting(path, MACHINE)
    with pytest.raises(ValueError, match="not finished"):
        _ = starting.result
    next(iter(starting))
    with pytest.raises(ValueError, match="not finished"):
        _ = starting.result


def test_a_start_can_be_cancelled_between_two_runs_of_pages(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(build(Recipe(ramdisk=bytes(3 << 20))).content)
    job = Job()
    events = iter(GuestStarting(path, MACHINE, job=job))
    while next(events).pages is None:
        pass
    job.cancel()
    with pytest.raises(Cancelled):
        list(events)


def test_every_event_names_its_place_in_the_reference(tmp_path: Path, image_a: Image) -> None:
    for image in (image_a, image_a.patched(0x15000, b"tampered")):
        for event in play(tmp_path / "image", image):
            page, anchor = event.rule.split("#")
            assert anchor in anchors(page)
