"""What the image of the demonstration is made of: a kernel stand-in, a ramdisk and a command line, all SIMULATED.

The ramdisk and the command line come from resources/demo; the kernel is text with the fields that builder, loader and
machine look at (resources/help/components.md#kernel). The same bytes come out every time.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.files import AtomicFile, explained, read_whole
from seworkbench.formats.components import PAGE_SIZE, ComponentKind
from seworkbench.formats.cpio import MAGIC, TRAILER, padding
from seworkbench.formats.kernel import (
    COMMAND_LINE_LIMIT_OFFSET,
    KERNEL_MAGIC,
    KERNEL_MAGIC_OFFSET,
    VERSION_POINTER_OFFSET,
)
from seworkbench.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Large enough that pages can be seen going by, small enough that the whole story takes seconds.
KERNEL_PAGES = 480
KERNEL_VERSION = "6.1.0-SIMULATED (a stand-in: it starts nothing)"
_COMMAND_LINE_LIMIT = 4096
_VERSION_AT = 0x20000
_FILE_LIMIT = 1 << 20
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class DemoInputs:
    """The inputs as files.

    Args:
        kernel: raw kernel.
        ramdisk: archive that the kernel would unpack.
        command_line: its command line.
    """

    kernel: Path
    ramdisk: Path
    command_line: Path

    @classmethod
    def inside(cls, folder: Path) -> DemoInputs:
        """Where they are in a folder."""
        return cls(folder / "vmlinuz-SIMULATED", folder / "initrd-SIMULATED.img", folder / "cmdline")

    @property
    def by_kind(self) -> dict[ComponentKind, Path]:
        """The files by the component that they become."""
        return {
            ComponentKind.KERNEL: self.kernel,
            ComponentKind.RAMDISK: self.ramdisk,
            ComponentKind.COMMAND_LINE: self.command_line,
        }

    def write(self) -> None:
        """Write them; their folder must exist.

        Raises:
            SeError: if a file is there already or cannot be written.
        """
        contents = {
            self.kernel: kernel_stand_in(),
            self.ramdisk: ramdisk_archive(resource("demo/ramdisk")),
            self.command_line: read_whole(resource("demo/command-line"), _FILE_LIMIT),
        }
        for path, content in contents.items():
            with AtomicFile(path, mode=_MODE) as file:
                file.write_at(0, content)


def kernel_stand_in() -> bytes:
    """Bytes that pass for a raw s390x kernel and say on every page that they are none."""
    pages = []
    for number in range(KERNEL_PAGES):
        line = (
            f"SIMULATED kernel, page {number + 1} of {KERNEL_PAGES}. It stands in for a real one and starts nothing.\n"
        )
        pages.append((line.encode() * (PAGE_SIZE // len(line) + 1))[:PAGE_SIZE])
    content = bytearray(b"".join(pages))
    version = KERNEL_VERSION.encode() + b"\0"
    for offset, value in (
        (KERNEL_MAGIC_OFFSET, KERNEL_MAGIC),
        (VERSION_POINTER_OFFSET, _VERSION_AT.to_bytes(8, "big")),
        (COMMAND_LINE_LIMIT_OFFSET, _COMMAND_LINE_LIMIT.to_bytes(8, "big")),
        (_VERSION_AT, version),
    ):
        content[offset : offset + len(value)] = value
    return bytes(content)


def ramdisk_archive(folder: Path) -> bytes:
    """A folder as an archive of the form "newc" (Linux: driver-api/early-userspace/buffer-format.rst).

    Owners, times and device numbers are left out, so equal files give equal bytes.

    Raises:
        SeError: if a file cannot be read.
    """
    entries = [_entry(number, *item) for number, item in enumerate(_walk(folder), start=1)]
    return b"".join((*entries, _entry(0, TRAILER, 0, b"")))


def _walk(folder: Path) -> Iterator[tuple[bytes, int, bytes]]:
    """Name, mode and content of everything in a folder, folders before what is in them."""
    with explained(folder):
        found = sorted(folder.rglob("*"))
    for path in found:
        name = os.fsencode(path.relative_to(folder).as_posix())
        if path.is_dir():
            yield name, stat.S_IFDIR | 0o755, b""
        else:
            mode = stat.S_IFREG | (0o755 if os.access(path, os.X_OK) else _MODE)
            yield name, mode, read_whole(path, _FILE_LIMIT)


def _entry(inode: int, name: bytes, mode: int, content: bytes) -> bytes:
    # inode, mode, uid, gid, links, mtime, size, four device numbers, size of the name with its NUL, checksum
    numbers = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = MAGIC + b"".join(b"%08x" % number for number in numbers) + name + b"\0"
    return head + bytes(padding(len(head))) + content + bytes(padding(len(content)))
