"""Kinds of components of an image (resources/help/components.md#kinds-and-order)."""

from __future__ import annotations

from enum import Enum

# Unit of measuring, encrypting and unpacking (resources/help/components.md#page-preparation).
PAGE_SIZE = 4096


class ComponentKind(Enum):
    """A component that is measured and, unless switched off, encrypted; members are in image order.

    The value is the code that leads the tweak prefix. Codes ascend in image order because QEMU demands strictly
    ascending prefixes.
    """

    KERNEL = 40
    RAMDISK = 50
    COMMAND_LINE = 60
    STAGE3B = 70

    @property
    def title(self) -> str:
        """The plain name, as in sentences."""
        return _TITLES[self]


_TITLES = {
    ComponentKind.KERNEL: "kernel",
    ComponentKind.RAMDISK: "ramdisk",
    ComponentKind.COMMAND_LINE: "command line",
    ComponentKind.STAGE3B: "stage3b",
}
