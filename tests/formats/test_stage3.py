"""The argument blocks of the boot loader stages."""

from __future__ import annotations

from seworkbench.formats import stage3
from seworkbench.formats.psw import Psw
from seworkbench.formats.stage3 import Stage3aArgs, Stage3bArgs

# resources/help/test-vectors.md#golden-images, image A
STAGE3A = bytes.fromhex("00000000000011e0 0000000000000280 000000000001a1e0")
STAGE3B = bytes.fromhex(
    "0000000000015000 0000000000012345 000000000002a000 0000000000000021"
    "0000000000028000 0000000000001388 0000000180000000 0000000000010000"
)


def test_the_golden_arguments_of_stage3a_come_out_both_ways() -> None:
    # stage3a of 0x2e38 bytes: its arguments are at 0x12e20, the header at 0x14000, the IPIB at 0x2d000
    args = Stage3aArgs(hdr_offs=0x14000 - 0x12E20, hdr_size=640, ipib_offs=0x2D000 - 0x12E20)
    assert args.build() == STAGE3A
    assert Stage3aArgs.parse(STAGE3A) == args


def test_the_golden_arguments_of_stage3b_come_out_both_ways() -> None:
    args = Stage3bArgs(
        kernel_src=0x15000,
        kernel_size=0x12345,
        cmdline_src=0x2A000,
        cmdline_size=33,
        initrd_src=0x28000,
        initrd_size=5000,
    )
    assert args.build() == STAGE3B
    assert Stage3bArgs.parse(STAGE3B) == args


def test_what_an_image_does_not_have_is_zero() -> None:
    args = Stage3bArgs(kernel_src=0x15000, kernel_size=0x12345)
    assert args.build()[0x10:0x30] == bytes(32)
    assert args.psw == Psw(mask=0x180000000, addr=0x10000)


def test_addresses_are_those_of_the_specification() -> None:
    assert (stage3.STAGE3A_ADDRESS, stage3.STAGE3A_ENTRY, stage3.KERNEL_ENTRY) == (0x10000, 0x11000, 0x10000)


def test_a_dissection_shows_addresses_in_hexadecimal_and_sizes_in_bytes() -> None:
    tree = Stage3bArgs.parse(STAGE3B).dissect()
    assert (tree.find("kernel_src").value, tree.find("kernel_size").value) == ("0x15000", "74565 bytes")
    assert tree.find("psw").value == "start at 0x10000"
    one = Stage3bArgs(kernel_src=0, kernel_size=1).dissect()
    assert one.find("kernel_size").value == "1 byte"
    assert Stage3aArgs.parse(STAGE3A).dissect().find("hdr_offs").value == "0x11e0"
