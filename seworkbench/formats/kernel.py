"""What can be told from an s390x Linux kernel image (resources/help/components.md#kernel)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seworkbench.errors import FormatError

KERNEL_MAGIC = b"S390EP"
KERNEL_MAGIC_OFFSET = 0x10008
VERSION_POINTER_OFFSET = 0x10428
COMMAND_LINE_LIMIT_OFFSET = 0x10430
PARAMETER_AREA_END = COMMAND_LINE_LIMIT_OFFSET + 8
LEGACY_COMMAND_LINE_LIMIT = 896
# stage3b refuses less; the parameter area alone ends later, so no kernel is smaller than MIN_USEFUL_SIZE.
MIN_KERNEL_SIZE = 0x10000
MIN_USEFUL_SIZE = 0x11000

ELF_MAGIC = b"\x7fELF"
GZIP_MAGIC = b"\x1f\x8b"
VERSION_TEXT_LIMIT = 512
_VERSION_TEXT = re.compile(rb"[\x20-\x7e]{3,}")


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """What the head of a kernel image says.

    Args:
        is_s390x: whether the magic of an s390x kernel is there.
        is_elf: whether it is an ELF file, which cannot be started as it is.
        is_gzip: whether it is gzip-compressed.
        command_line_limit: bytes of command line the kernel takes, the closing NUL included.
        version_pointer: file offset of the version text; 0 if the kernel names none.
    """

    is_s390x: bool
    is_elf: bool
    is_gzip: bool
    command_line_limit: int
    version_pointer: int


def kernel_facts(head: bytes) -> KernelFacts:
    """Read the parameter area of a kernel image.

    Args:
        head: its first 0x10438 bytes or more.

    Raises:
        FormatError: if it is shorter.
    """
    if len(head) < PARAMETER_AREA_END:
        raise FormatError(
            f"Not an s390x kernel: {len(head)} bytes are too few for its parameter area at 0x10400.",
            offset=len(head),
            remedy="Use the raw kernel of the distribution, usually /boot/vmlinuz-… or /boot/image-….",
        )
    limit = int.from_bytes(head[COMMAND_LINE_LIMIT_OFFSET:PARAMETER_AREA_END], "big")
    return KernelFacts(
        is_s390x=head[KERNEL_MAGIC_OFFSET : KERNEL_MAGIC_OFFSET + len(KERNEL_MAGIC)] == KERNEL_MAGIC,
        is_elf=head.startswith(ELF_MAGIC),
        is_gzip=head.startswith(GZIP_MAGIC),
        command_line_limit=limit or LEGACY_COMMAND_LINE_LIMIT,
        version_pointer=int.from_bytes(head[VERSION_POINTER_OFFSET:COMMAND_LINE_LIMIT_OFFSET], "big"),
    )


def version_text(found: bytes) -> str:
    """The kernel's version text from the bytes its pointer leads to; empty if there is no readable text."""
    match = _VERSION_TEXT.match(found.split(b"\0", 1)[0])
    return match.group().decode("ascii") if match else ""
