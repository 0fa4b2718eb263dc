"""IPL parameter information block of type 5: what the hypervisor is to unpack (resources/help/image-layout.md#ipib)."""

from __future__ import annotations

import struct

from seworkbench.formats.layout import Array, Layout, Raw, Uint, byte_count, hexadecimal, item, wide_hexadecimal

IPIB_TYPE_OFFSET = 0x0C
IPIB_TYPE_PV = 5
IPIB_VERSION = 1
IPIB_MAX_SIZE = 4096
_FIXED_SIZE = 0x88
_COMPONENT_SIZE = 24
# The block length counts from the block itself, which starts behind the 8-byte list header.
_LIST_HEADER_SIZE = 8


class IpibComponent(Layout):
    """One component to unpack, 24 bytes."""

    TITLE = "Component"
    REFERENCE = "image-layout.md#ipib"

    tweak_pref: int = item(
        Uint(8, wide_hexadecimal), "Tweak prefix", "First half of the tweak of each page; the kind of component leads."
    )
    addr: int = item(Uint(8, hexadecimal), "Address", "Guest address of the first page; equals the file offset.")
    length: int = item(Uint(8, byte_count), "Length", "A whole number of 4096-byte pages.")

    def summary(self) -> str:
        """Address and length."""
        return f"0x{self.addr:x}, {self.length} bytes"

    @property
    def prefix(self) -> bytes:
        """The tweak prefix as the 8 bytes it stands for."""
        return self.tweak_pref.to_bytes(8, "big")


class Ipib(Layout):
    """IPL parameter information block for a protected guest."""

    TITLE = "IPL parameter information block"
    REFERENCE = "image-layout.md#ipib"

    list_length: int = item(Uint(4, byte_count), "List length", "The whole block.")
    flags: int = item(Uint(1, hexadecimal), "Flags", "Zero.", default=0)
    res1: bytes = item(Raw(2), "Reserved", "Zero.", default=bytes(2))
    list_version: int = item(Uint(1), "List version", default=IPIB_VERSION)
    block_length: int = item(Uint(4, byte_count), "Block length", "The whole block less the 8 bytes before it.")
    pbt: int = item(Uint(1), "Block type", "5 stands for a protected guest.", default=IPIB_TYPE_PV)
    res2: bytes = item(Raw(3), "Reserved", "Zero.", default=bytes(3))
    loadparm: bytes = item(Raw(8), "Load parameter", "Unused.", default=bytes(8))
    res3: bytes = item(Raw(84), "Reserved", "Zero.", default=bytes(84))
    res4: bytes = item(Raw(3), "Reserved", "Zero.", default=bytes(3))
    version: int = item(Uint(1), "Block version", default=IPIB_VERSION)
    res5: bytes = item(Raw(4), "Reserved", "Zero.", default=bytes(4))
    num_comp: int = item(Uint(4), "Number of components")
    pv_hdr_addr: int = item(
        Uint(8, hexadecimal), "Header address", "Address of the SE header; stage3a writes it again."
    )
    pv_hdr_size: int = item(Uint(8, byte_count), "Header size", "Size of the SE header; stage3a writes it again.")
    components: tuple[IpibComponent, ...] = item(
        Array(IpibComponent, "num_comp"), "Components", "In the order of unpacking."
    )

    def summary(self) -> str:
        """Number of components."""
        return f"{self.num_comp} components"

    @classmethod
    def describing(cls, components: tuple[IpibComponent, ...], header_address: int, header_length: int) -> Ipib:
        """The block for these components and this header."""
        length = ipib_size(len(components))
        return cls(
            list_length=length,
            block_length=length - _LIST_HEADER_SIZE,
            num_comp=len(components),
            pv_hdr_addr=header_address,
            pv_hdr_size=header_length,
            components=components,
        )


def ipib_size(components: int) -> int:
    """Size in bytes of a block with that many components."""
    return _FIXED_SIZE + _COMPONENT_SIZE * components


def parse_ipib(data: bytes | memoryview) -> Ipib:
    """Read an IPIB; contradictions beside its size are left to the checks.

    Raises:
        FormatError: if bytes are missing.
    """
    # More components than the largest block can hold are refused before anything is allocated.
    return Ipib.parse(data[:IPIB_MAX_SIZE])


def measured_bytes(data: bytes | memoryview) -> int:
    """Bytes of all components of the block that starts here, without building it; see looks_like_ipib."""
    table = data[_FIXED_SIZE : ipib_size(_count(data))]
    return sum(length for _, _, length in struct.iter_unpack(">QQQ", table[: len(table) // 24 * 24]))


def claims_to_be_ipib(data: bytes | memoryview) -> bool:
    """Whether a protected-guest block starts here, be it sound or not: it has that type and lists components."""
    if len(data) < ipib_size(1) or data[IPIB_TYPE_OFFSET] != IPIB_TYPE_PV:
        return False
    return ipib_size(1) <= ipib_size(_count(data)) <= IPIB_MAX_SIZE


def looks_like_ipib(data: bytes | memoryview) -> bool:
    """Whether a consistent protected-guest block starts here (resources/help/image-layout.md#finding-the-ipib)."""
    if not claims_to_be_ipib(data) or (data[0x07], data[0x6F]) != (IPIB_VERSION, IPIB_VERSION):
        return False
    length, block = (int.from_bytes(data[at : at + 4], "big") for at in (0x00, 0x08))
    return length == block + _LIST_HEADER_SIZE == ipib_size(_count(data))


def _count(data: bytes | memoryview) -> int:
    return int.from_bytes(data[0x74:0x78], "big")
