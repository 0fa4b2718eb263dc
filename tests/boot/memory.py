"""Lays out memory as the boot loaders find it, without encryption and without an image builder.

Addresses and structures: help page resources/help/boot.md.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

LOADERS = Path(__file__).resolve().parents[2] / "resources" / "boot"
STAGE3A = LOADERS / "stage3a.bin"
STAGE3B = LOADERS / "stage3b_reloc.bin"

PAGE = 0x1000
METADATA_ADDRESS = 0xC000
STAGE3A_ADDRESS = 0x10000
STAGE3A_ENTRY = 0x11000
STAGE3A_ARGS_SIZE = 24
STAGE3B_ARGS_SIZE = 64
HEADER_ADDRESS = 0x14000
KERNEL_ADDRESS = 0x15000
PSW_64BIT = 0x0000000180000000
SHORT_PSW_64BIT = 0x0008000180000000

WAIT_INTERNAL = 0x4511
WAIT_NO_PV = 0x4607
WAIT_PV_ERROR = 0x4608


def page_up(size: int) -> int:
    """Round up to whole pages."""
    return -(-size // PAGE) * PAGE


def put(memory: bytearray, address: int, content: bytes) -> None:
    """Write into the memory, which grows as needed."""
    end = address + len(content)
    memory.extend(bytes(max(0, end - len(memory))))
    memory[address:end] = content


def short_psw(address: int) -> bytes:
    """Start address and 64-bit mode in the eight bytes at the start of an image."""
    return struct.pack(">Q", SHORT_PSW_64BIT | address)


def stage3a_memory(
    loader: bytes,
    *,
    header_size: int = 640,
    ipib_address: int = 0x15000,
    start: int = STAGE3A_ENTRY,
) -> bytearray:
    """Return what the clear part of an image looks like in memory."""
    args_address = STAGE3A_ADDRESS + len(loader) - STAGE3A_ARGS_SIZE
    args = struct.pack(">QQQ", HEADER_ADDRESS - args_address, header_size, ipib_address - args_address)
    memory = bytearray()
    put(memory, 0, short_psw(start))
    put(memory, METADATA_ADDRESS, b"SeImgLnx" + bytes(20))
    put(memory, STAGE3A_ADDRESS, loader[:-STAGE3A_ARGS_SIZE] + args)
    put(memory, HEADER_ADDRESS, b"IBMSecEx")
    put(memory, ipib_address, bytes(0x100))
    return memory


@dataclass(frozen=True)
class Part:
    """Address and size of a part, as stage3b is told."""

    address: int = 0
    size: int = 0


@dataclass(frozen=True)
class Stage3bArgs:
    """The argument block of stage3b."""

    kernel: Part
    command_line: Part
    initrd: Part

    def pack(self) -> bytes:
        """Return the 64 bytes of the block."""
        parts = (self.kernel, self.command_line, self.initrd)
        numbers = [number for part in parts for number in (part.address, part.size)]
        return struct.pack(">8Q", *numbers, PSW_64BIT, 0x10000)


def stage3b_memory(
    loader: bytes,
    kernel: bytes,
    *,
    command_line: bytes = b"",
    initrd: bytes = b"",
    told: Stage3bArgs | None = None,
) -> bytearray:
    """Return memory as the Ultravisor leaves it: parts unpacked, about to enter stage3b.

    With `told`, stage3b gets these arguments instead of the true ones.
    """
    memory = bytearray()
    place = KERNEL_ADDRESS
    parts = {}
    for name, content in (("kernel", kernel), ("initrd", initrd), ("command_line", command_line)):
        if content:
            put(memory, place, content)
            parts[name] = Part(place, len(content))
            place += page_up(len(content))
        else:
            parts[name] = Part()
    args = (told or Stage3bArgs(**parts)).pack()
    put(memory, place, loader[:-STAGE3B_ARGS_SIZE] + args)
    put(memory, 0, short_psw(place))
    return memory
