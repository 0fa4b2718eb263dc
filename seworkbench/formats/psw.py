"""Program status words: the 16-byte PSW and the 8-byte form that starts an image (resources/help/image-layout.md)."""

from __future__ import annotations

from seworkbench.errors import FormatError
from seworkbench.formats.layout import Layout, Uint, item, wide_hexadecimal

# 64-bit addressing: extended (EA) and basic (BA) addressing mode, everything else off.
MASK_64_BIT = 0x0000000180000000

_SHORT_ADDRESS_BITS = 0x7FFFFFFF
_SHORT_FORMAT_BIT = 0x0008000000000000  # bit 12: always set in the short form, never in the long one


class Psw(Layout):
    """Where a CPU starts and in which mode, 16 bytes."""

    TITLE = "Program status word"
    REFERENCE = "image-layout.md#psw"

    mask: int = item(
        Uint(8, wide_hexadecimal),
        "Mask",
        lambda mask: "64-bit addressing, everything else off." if mask == MASK_64_BIT else "Not the usual 64-bit mask.",
        default=MASK_64_BIT,
    )
    addr: int = item(Uint(8, wide_hexadecimal), "Address", "Address of the first instruction.")

    def summary(self) -> str:
        """Address and, where unusual, mask."""
        extra = "" if self.mask == MASK_64_BIT else f", mask {wide_hexadecimal(self.mask)}"
        return f"start at 0x{self.addr:x}{extra}"

    def to_short(self) -> int:
        """The 8-byte form as a number.

        Raises:
            FormatError: if the PSW has no short form.
        """
        if self.mask & _SHORT_ADDRESS_BITS or self.mask & _SHORT_FORMAT_BIT or self.addr > _SHORT_ADDRESS_BITS:
            raise FormatError(f"The PSW ({self.summary()}) has no short form.")
        return self.mask | _SHORT_FORMAT_BIT | self.addr

    @classmethod
    def from_short(cls, value: int) -> Psw:
        """The PSW of an 8-byte form.

        Raises:
            FormatError: if the bit that marks the short form is clear.
        """
        if not value & _SHORT_FORMAT_BIT:
            raise FormatError(
                f"0x{value:016x} is not a short PSW: bit 12 is clear.",
                offset=0,
                remedy="A CPU would end in a specification exception when started from this image.",
            )
        return cls(mask=value & ~_SHORT_ADDRESS_BITS & ~_SHORT_FORMAT_BIT, addr=value & _SHORT_ADDRESS_BITS)


class ShortPsw(Layout):
    """The 8 bytes at address 0 from which a CPU starts."""

    TITLE = "Short PSW"
    REFERENCE = "image-layout.md#short-psw"

    value: int = item(
        Uint(8, wide_hexadecimal), "Short PSW", lambda value: f"The CPU starts at 0x{value & _SHORT_ADDRESS_BITS:x}."
    )
