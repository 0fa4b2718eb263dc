"""Argument blocks at the end of the two boot loader stages (resources/help/image-layout.md#stage3a-arguments)."""

from __future__ import annotations

from seworkbench.formats.layout import Layout, Nested, Uint, byte_count, hexadecimal, item
from seworkbench.formats.psw import Psw

STAGE3A_ADDRESS = 0x10000
STAGE3A_ENTRY = 0x11000
KERNEL_ENTRY = 0x10000


class Stage3aArgs(Layout):
    """Last 24 bytes of stage3a: where header and IPIB are, counted from this block itself."""

    TITLE = "stage3a arguments"
    REFERENCE = "image-layout.md#stage3a-arguments"

    hdr_offs: int = item(Uint(8, hexadecimal), "Header distance", "From these arguments to the SE header.")
    hdr_size: int = item(Uint(8, byte_count), "Header size")
    ipib_offs: int = item(Uint(8, hexadecimal), "IPIB distance", "From these arguments to the IPIB.")


class Stage3bArgs(Layout):
    """Last 64 bytes of stage3b: where kernel, command line and ramdisk are. Their order is not that of the memory."""

    TITLE = "stage3b arguments"
    REFERENCE = "image-layout.md#stage3b-arguments"

    kernel_src: int = item(Uint(8, hexadecimal), "Kernel address")
    kernel_size: int = item(Uint(8, byte_count), "Kernel size", "Size before padding to whole pages.")
    cmdline_src: int = item(Uint(8, hexadecimal), "Command line address", "Zero if there is none.", default=0)
    cmdline_size: int = item(Uint(8, byte_count), "Command line size", "The closing NUL included.", default=0)
    initrd_src: int = item(Uint(8, hexadecimal), "Ramdisk address", "Zero if there is none.", default=0)
    initrd_size: int = item(Uint(8, byte_count), "Ramdisk size", "Size before padding to whole pages.", default=0)
    psw: Psw = item(Nested(Psw), "Kernel PSW", "Where stage3b starts the kernel.", default=Psw(addr=KERNEL_ENTRY))
