"""What the tests of the simulator share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Check, Verdict
from seworkbench.simulator.hypervisor import GuestStart, start_guest
from seworkbench.simulator.machine import Machine

from .builder import HOST, Image, golden

if TYPE_CHECKING:
    from seworkbench.simulator.memory import Memory

INTEROP = Path(__file__).resolve().parents[1] / "data" / "interop"


class Start:
    """Writes an image to a file and starts it, on the golden host unless another machine is given."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(
        self, image: Image | bytes, machine: Machine | None = None, memory: Memory | None = None
    ) -> GuestStart:
        self.path.write_bytes(image.content if isinstance(image, Image) else image)
        return start_guest(self.path, machine or Machine(HOST), memory=memory)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path / "image")


@pytest.fixture(scope="session")
def image_a() -> Image:
    """Golden image A: encrypted, with all four components."""
    return golden("A")


def ids(check: Check, verdict: Verdict) -> set[str]:
    """The ids of all leaves with that verdict."""
    return {leaf.id for leaf in check.leaves() if leaf.verdict is verdict}


def failed(check: Check) -> set[str]:
    return ids(check, Verdict.FAILED)


def leaf(check: Check, check_id: str) -> Check:
    found = check.find(check_id)
    assert found is not None, check_id
    return found
