"""Whatever the bytes: the answer is an outcome or an SeError, soon, and never another exception."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.simulator import secure_parameters
from seworkbench.simulator.codes import Code
from seworkbench.simulator.hypervisor import GuestStart, StartOutcome, start_guest
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.ultravisor import Ultravisor

from .builder import HOST, METADATA, Image, Recipe, be64, build, golden, golden_kernel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MACHINE = Machine(HOST)
IMAGE = golden("A")
# A short image, so that mutations meet its structures more often than its components.
SMALL = build(Recipe(kernel=golden_kernel(0x10438), ramdisk=None, command_line=b"x\0"))
STRUCTURES = (
    (0, 8),
    (METADATA, 28),
    (SMALL.stage3a_args, 24),
    (SMALL.header_address, SMALL.header_size),
    (SMALL.ipib_address, 0x88 + 24 * 3),
)

in_one_folder = settings(max_examples=300)


def attempt(path: Path, content: bytes) -> GuestStart | None:
    path.write_bytes(content)
    try:
        result = start_guest(path, MACHINE)
    except SeError:
        return None
    result.to_json()
    assert isinstance(result.summary, str)
    for leaf in result.check.leaves():
        assert leaf.verdict is not Verdict.FAILED or leaf.reason
    return result


def is_untouched(image: Image, content: bytes) -> bool:
    """Whether everything that is measured or authenticated is as it was."""
    places = [(image.header_address, image.header_size)]
    places += [(part.address, len(part.padded)) for part in image.parts]
    return all(content[at : at + size] == image.content[at : at + size] for at, size in places)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """The small image with bytes of its structures, or anywhere, changed, or with its end cut off."""
    content = bytearray(SMALL.content)
    for _ in range(draw(st.integers(1, 4))):
        start, size = draw(st.sampled_from((*STRUCTURES, (0, len(content)))))
        at = start + draw(st.integers(0, size - 1))
        new = draw(
            st.one_of(
                st.binary(min_size=1, max_size=8),
                st.sampled_from([bytes(8), b"\xff" * 8, be64(1 << 63), be64(0x15000), be64(0x14000), b"IBMSecEx"]),
            )
        )
        content[at : at + len(new)] = new
    return bytes(content[: draw(st.sampled_from([None, None, None, SMALL.ipib_address, SMALL.header_address, 100]))])


@in_one_folder
@given(content=mutations())
def test_a_mutated_image_gives_an_outcome_and_starts_only_if_untouched(tmp_path: Path, content: bytes) -> None:
    result = attempt(tmp_path / "image", content)
    if result is not None and result.started:
        assert is_untouched(SMALL, content)


@in_one_folder
@given(content=st.binary(max_size=3000), at=st.sampled_from([0, METADATA, 0x10000, 0x11000, 0x14000, 0x15000]))
@example(content=b"IBMSecEx" + b"\xff" * 700, at=0x14000)
@example(content=b"SeImgLnx" + b"\xff" * 20, at=METADATA)
def test_any_bytes_at_the_places_that_matter_give_an_outcome(tmp_path: Path, content: bytes, at: int) -> None:
    blank = bytearray(0x16000)
    blank[at : at + len(content)] = content
    result = attempt(tmp_path / "image", bytes(blank))
    assert result is not None
    assert result.outcome is StartOutcome.NOT_HANDED_OVER


@in_one_folder
@given(header=st.binary(max_size=9000), length=st.integers(0, 1 << 64))
@example(header=b"IBMSecEx" + bytes(3) + b"\1" + bytes(9000), length=8192)
def test_any_header_is_answered(header: bytes, length: int) -> None:
    answer = Ultravisor(MACHINE).set_secure_parameters(header, length)
    assert not answer.executed
    assert isinstance(answer.code, Code)
    assert len(answer.checks) == len(secure_parameters.STEPS)


@in_one_folder
@given(
    bytes_changed=st.dictionaries(st.integers(0, SMALL.header_size - 17), st.integers(0, 255), min_size=1, max_size=6)
)
def test_any_header_sealed_with_its_key_is_answered(tmp_path: Path, bytes_changed: dict[int, int]) -> None:
    """Whoever has the header key may write anything into it: the tag is right, the content is not."""
    image = SMALL
    for offset, value in bytes_changed.items():
        image = image.resealed(offset, bytes([value]))
    assert attempt(tmp_path / "image", image.content) is not None


@pytest.mark.parametrize("count", [1, 1000])
def test_a_file_full_of_argument_blocks_is_judged_soon(tmp_path: Path, count: int) -> None:
    """Each eight bytes of a mebibyte lead to the header, as if the loader ended there."""
    end = 0x111000 if count > 1 else 0x12000
    content = bytearray(SMALL.content[:0x11000].ljust(end + 0x1000, b"\0"))
    content[0x11000:end] = b"".join(be64(end - at) for at in range(0x11000, end, 8))
    content[end : end + SMALL.header_size] = SMALL.header
    begin = time.process_time()
    attempt(tmp_path / "image", bytes(content))
    assert time.process_time() - begin < 5


def test_a_file_full_of_magic_is_judged_soon(tmp_path: Path) -> None:
    begin = time.process_time()
    attempt(tmp_path / "image", b"IBMSecEx" * 0x40000)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    "lie",
    [
        lambda image: image.patched(image.ipib_address + 0x98, be64(1 << 63)),
        lambda image: image.patched(image.ipib_address + 0x98, be64((1 << 64) - 4096)),
        lambda image: image.patched(image.ipib_address, b"\xff" * 4),
        lambda image: image.patched(image.ipib_address + 0x74, b"\xff" * 4),
        lambda image: image.patched(image.header_address + 0x20, be64((1 << 64) - 1)),
        lambda image: image.patched(image.header_address + 0x28, be64((1 << 64) - 16)),
        lambda image: image.patched(image.header_address + 0x0C, b"\xff" * 4),
        lambda image: image.patched(image.stage3a_args + 8, b"\xff" * 8),
    ],
    ids=["length 2^63", "length 2^64", "list length", "components", "nks", "sea", "sehs", "header size"],
)
def test_a_lying_size_is_refused_in_50_milliseconds(tmp_path: Path, lie: Callable[[Image], Image]) -> None:
    content = lie(IMAGE).content
    attempt(tmp_path / "image", content)
    times = []
    for _ in range(3):
        begin = time.process_time()
        result = start_guest(tmp_path / "image", MACHINE)
        times.append(time.process_time() - begin)
        assert not result.started
    assert min(times) < 0.05


def test_a_sparse_file_of_terabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(SMALL.content)
    with path.open("r+b") as file:
        file.truncate(1 << 42)
    begin = time.process_time()
    assert start_guest(path, MACHINE).started
    assert time.process_time() - begin < 1
