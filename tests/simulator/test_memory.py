"""Where unpacked pages go: RAM, a file, a file that QEMU can start; and how little is held on the way."""

from __future__ import annotations

import stat
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import Cancelled, CheckFailed, SeError
from seworkbench.files import AtomicFile
from seworkbench.formats.psw import Psw
from seworkbench.jobs import Job, Progress
from seworkbench.simulator.hypervisor import save_guest_memory, start_guest
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.memory import FileMemory, RamMemory

from .builder import HOST, HOST2, PAGE, STAGE3B, Image, Recipe, build, golden, golden_kernel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Start


@pytest.fixture
def image_file(tmp_path: Path, image_a: Image) -> Path:
    path = tmp_path / "image"
    path.write_bytes(image_a.content)
    return path


def expected_memory(image: Image) -> bytes:
    """Every component in the clear at its address, zeros elsewhere."""
    memory = bytearray(max(image.memory()) + PAGE)
    for address, page in image.memory().items():
        memory[address : address + PAGE] = page
    return bytes(memory)


# --- RAM ---------------------------------------------------------------------------------------------------------


def test_memory_in_ram_reads_as_zero_where_nothing_was_unpacked() -> None:
    memory = RamMemory()
    memory.store(0x2000, b"\1" * PAGE)
    assert memory.read(0x1FFE, 4) == b"\0\0\1\1"
    assert memory.read(0x2FFE, 4) == b"\1\1\0\0"
    assert memory.read(0x2010, 0) == b""
    assert memory.read(0x1800, 3 * PAGE) == bytes(0x800) + b"\1" * PAGE + bytes(0x1800)
    assert len(memory) == PAGE


def test_pages_in_ram_come_in_order() -> None:
    memory = RamMemory()
    for address in (0x3000, 0x1000, 0x2000):
        memory.store(address, bytes(PAGE))
    assert [address for address, _ in memory.pages()] == [0x1000, 0x2000, 0x3000]


def test_memory_in_ram_is_bounded(start: Start, image_a: Image) -> None:
    with pytest.raises(SeError, match="more than is kept in RAM") as caught:
        start(image_a, memory=RamMemory(limit=23 * PAGE))
    assert caught.value.remedy
    assert start(image_a, memory=RamMemory(limit=24 * PAGE)).started


# --- Files -------------------------------------------------------------------------------------------------------


def test_memory_in_a_file_is_the_components_at_their_addresses(
    tmp_path: Path, image_file: Path, image_a: Image
) -> None:
    target = tmp_path / "memory"
    result = save_guest_memory(image_file, Machine(HOST), target)
    assert result.started
    assert target.read_bytes() == expected_memory(image_a)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_a_bootable_file_starts_at_stage3b(tmp_path: Path, name: str) -> None:
    image = golden(name)
    path, target = tmp_path / "image", tmp_path / "memory"
    path.write_bytes(image.content)
    save_guest_memory(path, Machine(HOST), target, bootable=True)
    content = target.read_bytes()
    assert content[:8] == (0x0008000180000000 | image.part(STAGE3B).address).to_bytes(8, "big")
    assert bytes(8) + content[8:] == expected_memory(image)


def test_a_psw_without_short_form_makes_no_bootable_file(tmp_path: Path) -> None:
    image = build(Recipe(psw_address=0x80000000))
    path, target = tmp_path / "image", tmp_path / "memory"
    path.write_bytes(image.content)
    with pytest.raises(SeError, match="has no short form"):
        save_guest_memory(path, Machine(HOST), target, bootable=True)
    assert not target.exists()
    save_guest_memory(path, Machine(HOST), target)
    assert target.exists()


def test_a_component_at_address_0_leaves_no_place_for_the_start(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "memory") as file:
        memory = FileMemory(file)
        memory.store(0, bytes(PAGE))
        with pytest.raises(SeError, match="address 0"):
            memory.write_start(Psw(addr=0x1000))


@pytest.mark.parametrize(
    ("tamper", "machine", "reason"),
    [
        (lambda image: image.resealed(0xE0, bytes(8)), Machine(HOST), r"RC 0x0102, RRC 0x001b.*\(PLD\): They differ"),
        (lambda image: image, Machine(HOST2), r"RC 0x0108, RRC 0x0005.*slots is for this machine"),
        (lambda image: image.patched(image.ipib_address + 0x0C, b"\0"), Machine(HOST), "0x0402.*Type 0"),
        (lambda image: image.patched(image.stage3a_args, bytes(8)), Machine(HOST), "stage3a hands over no"),
    ],
    ids=["content", "machine", "IPIB", "loader"],
)
def test_no_file_is_written_for_a_guest_that_does_not_start(
    tmp_path: Path, image_a: Image, tamper: Callable[[Image], Image], machine: Machine, reason: str
) -> None:
    path, target = tmp_path / "image", tmp_path / "memory"
    path.write_bytes(tamper(image_a).content)
    with pytest.raises(CheckFailed, match=reason) as caught:
        save_guest_memory(path, machine, target)
    assert caught.value.where == str(path)
    assert caught.value.remedy
    assert caught.value.what.endswith("Nothing was written.")
    assert [file.name for file in tmp_path.iterdir()] == ["image"]


def test_an_existing_file_is_replaced_on_request_only(tmp_path: Path, image_file: Path, image_a: Image) -> None:
    target = tmp_path / "memory"
    target.write_bytes(b"precious")
    with pytest.raises(SeError, match="already exists"):
        save_guest_memory(image_file, Machine(HOST), target)
    assert target.read_bytes() == b"precious"
    save_guest_memory(image_file, Machine(HOST), target, replace=True)
    assert target.read_bytes() == expected_memory(image_a)


@pytest.mark.parametrize("make", [lambda path: path / "absent", lambda path: path], ids=["absent", "folder"])
def test_an_image_that_cannot_be_read_is_an_error(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(SeError) as caught:
        start_guest(make(tmp_path), Machine(HOST))
    assert caught.value.remedy


# --- Jobs --------------------------------------------------------------------------------------------------------


def test_progress_is_told_in_plain_words(image_file: Path, image_a: Image) -> None:
    seen: list[Progress] = []
    start_guest(image_file, Machine(HOST), job=Job(seen.append))
    assert list(dict.fromkeys(progress.phase for progress in seen)) == [
        "Loading the image",
        "Setting the secure parameters",
        *(f"Unpacking component {number} of 4" for number in (1, 2, 3, 4)),
    ]
    ends = [progress for progress in seen if progress.total and progress.done == progress.total]
    assert [progress.total for progress in ends] == [len(part.padded) for part in image_a.parts]


def test_a_cancelled_job_leaves_nothing(tmp_path: Path) -> None:
    path, target = tmp_path / "image", tmp_path / "memory"
    path.write_bytes(build(Recipe(ramdisk=bytes(3 << 20))).content)
    job = Job()
    job = Job(lambda progress: job.cancel() if progress.done == 1 << 20 else None)
    with pytest.raises(Cancelled):
        save_guest_memory(path, Machine(HOST), target, job=job)
    assert not target.exists()


def test_a_large_image_needs_little_memory(tmp_path: Path) -> None:
    """24 MiB here; what is held does not depend on it (bit maps of pages aside, 32 KiB a gibibyte)."""
    path, target = tmp_path / "image", tmp_path / "memory"
    path.write_bytes(build(Recipe(kernel=golden_kernel(24 << 20), pcf=0x100000E0)).content)
    tracemalloc.start()
    try:
        save_guest_memory(path, Machine(HOST), target)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 << 20


def test_holes_of_the_memory_take_no_room(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "memory") as file:
        FileMemory(file).store(1 << 30, b"\1" * PAGE)
    information = (tmp_path / "memory").stat()
    assert information.st_size == (1 << 30) + PAGE
    assert information.st_blocks * 512 < 1 << 20
