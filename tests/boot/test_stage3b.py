"""stage3b on an emulated machine, with small stand-ins for the kernel.

A stand-in kernel stops the machine at once, with one double word of its memory as the wait
address: so a test can ask what stage3b left at any place below 512 KiB.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from . import machine
from .memory import (
    KERNEL_ADDRESS,
    STAGE3B,
    WAIT_INTERNAL,
    Part,
    Stage3bArgs,
    page_up,
    stage3b_memory,
)

if TYPE_CHECKING:
    from .conftest import StartMemory

pytestmark = pytest.mark.boot

KERNEL_ENTRY = 0x10000
INITRD_START_FIELD = 0x10408
INITRD_SIZE_FIELD = 0x10410
MAX_COMMAND_LINE_FIELD = 0x10430
COMMAND_LINE = 0x10480
OLD_MAX_COMMAND_LINE = 896
STOP_PSW = 0x0002000180000000
ODD_KERNEL_SIZE = 0x45673
TRUE_ARGS = Stage3bArgs(Part(KERNEL_ADDRESS, 0x11000), Part(), Part())


def fake_kernel(asked: int, *, size: int = 0x11000, max_command_line: int = 4096) -> bytes:
    """Return a kernel that stops with the double word at the asked address."""
    kernel = bytearray(size)
    # A pattern that is different in every double word, to notice any slip while moving.
    for offset in range(KERNEL_ENTRY + 0x1000, size - 8, 8):
        struct.pack_into(">Q", kernel, offset, 0x1122334400000000 | offset)
    psw = KERNEL_ENTRY + 0x100
    struct.pack_into(">Q", kernel, psw, STOP_PSW)
    load_asked = _rxy(0x04, asked)
    store_into_psw = _rxy(0x24, psw + 8)
    load_psw_address = bytes.fromhex("c020") + ((psw - KERNEL_ENTRY - 12) // 2).to_bytes(4, "big")
    load_psw = bytes.fromhex("b2b22000")
    code = load_asked + store_into_psw + load_psw_address + load_psw
    kernel[KERNEL_ENTRY : KERNEL_ENTRY + len(code)] = code
    struct.pack_into(">Q", kernel, MAX_COMMAND_LINE_FIELD, max_command_line)
    return bytes(kernel)


def _rxy(operation: int, address: int) -> bytes:
    """Encode an instruction on register 1 and a storage operand with long displacement."""
    return bytes((0xE3, 0x10, address >> 8 & 0xF, address & 0xFF, address >> 12, operation))


def test_kernel_gets_all_it_needs(start_memory: StartMemory) -> None:
    """The ramdisk stays in place and is announced; the command line is copied."""
    initrd = b"ramdisk" * 1000
    line = b"root=/dev/vda1 quiet\0"
    initrd_address = KERNEL_ADDRESS + page_up(0x11000)
    expected = {
        INITRD_START_FIELD: initrd_address,
        INITRD_SIZE_FIELD: len(initrd),
        COMMAND_LINE: int.from_bytes(line[:8], "big"),
        COMMAND_LINE + len(line) - 8: int.from_bytes(line[-8:], "big"),
        initrd_address: int.from_bytes(initrd[:8], "big"),
    }
    for address, value in expected.items():
        memory = stage3b_memory(STAGE3B.read_bytes(), fake_kernel(address), command_line=line, initrd=initrd)
        outcome = start_memory(bytes(memory))
        assert outcome.console == "", "a good start is silent"
        assert outcome.wait_address == value


@pytest.mark.parametrize("asked", [KERNEL_ENTRY + 0x1000, 0x30000, ODD_KERNEL_SIZE - 8])
def test_kernel_overlaps_its_own_source(start_memory: StartMemory, asked: int) -> None:
    """The kernel is larger than the way it moves, and its size is odd."""
    kernel = fake_kernel(asked, size=ODD_KERNEL_SIZE)
    kernel = kernel[:-8] + b"kernel$$"
    outcome = start_memory(bytes(stage3b_memory(STAGE3B.read_bytes(), kernel)))
    assert outcome.wait_address == int.from_bytes(kernel[asked : asked + 8], "big")


@pytest.mark.parametrize("asked", [INITRD_START_FIELD, INITRD_SIZE_FIELD, COMMAND_LINE])
def test_absent_parts_leave_no_trace(start_memory: StartMemory, asked: int) -> None:
    """Without ramdisk and command line, the kernel's own fields stay."""
    outcome = start_memory(bytes(stage3b_memory(STAGE3B.read_bytes(), fake_kernel(asked))))
    assert outcome.wait_address == 0


def _assert_stopped(outcome: machine.Outcome, *words: str) -> None:
    said = " ".join(outcome.console.split())
    for word in words:
        assert word in said
    assert "Stopped with wait code 0x4511" in said
    assert max(len(line) for line in outcome.console.splitlines()) < 80
    assert outcome.wait_address == WAIT_INTERNAL
    assert outcome.exit_status != 0


@pytest.mark.parametrize("console", [machine.ASCII_CONSOLE, machine.LINE_MODE_CONSOLE])
def test_kernel_too_small(start_memory: StartMemory, console: str) -> None:
    """Less than the part that is left out cannot be a kernel."""
    memory = stage3b_memory(STAGE3B.read_bytes(), bytes(KERNEL_ENTRY - 1))
    _assert_stopped(start_memory(bytes(memory), console=console), "did NOT start Linux", "65535 bytes")


@pytest.mark.parametrize(("stated", "limit"), [(0, OLD_MAX_COMMAND_LINE), (128, 128), (4096, 4096)])
def test_command_line_limit(start_memory: StartMemory, stated: int, limit: int) -> None:
    """The kernel states a limit; the oldest state none."""
    kernel = fake_kernel(COMMAND_LINE, size=0x12000, max_command_line=stated)
    fits = b"l" * (limit - 1) + b"\0"
    outcome = start_memory(bytes(stage3b_memory(STAGE3B.read_bytes(), kernel, command_line=fits)))
    assert outcome.wait_address == int.from_bytes(b"l" * 8, "big")
    memory = stage3b_memory(STAGE3B.read_bytes(), kernel, command_line=b"l" + fits)
    _assert_stopped(start_memory(bytes(memory)), f"{limit + 1} bytes", f"at most {limit}.")


def test_command_line_without_end(start_memory: StartMemory) -> None:
    """A kernel would read past it."""
    kernel = fake_kernel(COMMAND_LINE)
    memory = stage3b_memory(STAGE3B.read_bytes(), kernel, command_line=b"secret word")
    outcome = start_memory(bytes(memory))
    _assert_stopped(outcome, "does not end with a zero byte")
    assert "secret" not in outcome.console, "content of the image must stay in the guest"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (replace(TRUE_ARGS, kernel=Part(KERNEL_ADDRESS, 0x400000)), "there lies the boot loader"),
        (replace(TRUE_ARGS, initrd=Part(0x10800, 0x1000)), "there lies the ramdisk"),
        (replace(TRUE_ARGS, command_line=Part(0x10800, 8)), "there lies the command line"),
    ],
)
def test_parts_in_each_others_way(start_memory: StartMemory, told: Stage3bArgs, words: str) -> None:
    """Arguments that would make stage3b overwrite what it still needs."""
    memory = stage3b_memory(STAGE3B.read_bytes(), fake_kernel(COMMAND_LINE), told=told)
    _assert_stopped(start_memory(bytes(memory)), words)


def test_program_check(start_memory: StartMemory) -> None:
    """A kernel beyond the end of memory: an addressing exception while moving it."""
    told = replace(TRUE_ARGS, kernel=Part(0x70000000, 0x11000))
    memory = stage3b_memory(STAGE3B.read_bytes(), fake_kernel(COMMAND_LINE), told=told)
    _assert_stopped(start_memory(bytes(memory)), "0x0005 (addressing)", "did NOT start Linux")
