"""What an image holds, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.cli.terminal import one_line
from seworkbench.formats.ramdisk import ramdisk_words
from seworkbench.image.contents import command_line_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.image.contents import Contents


def contents_lines(contents: Contents) -> Iterator[str]:
    """Components with sizes and places, and what they say of themselves."""
    yield "Contents"
    for part in contents.parts:
        yield f"  {part.kind.title:<13} {part.size:>12} bytes at 0x{part.entry.addr:x}"
    if contents.kernel_version:
        yield f"  kernel version: {one_line(contents.kernel_version)}"
    if contents.command_line is not None:
        yield f"  command line: {one_line(command_line_text(contents.command_line).rstrip())}"
    if contents.ramdisk is not None:
        yield f"  ramdisk: {ramdisk_words(contents.ramdisk)}"
