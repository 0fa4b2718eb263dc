"""What the tests of the image engine build with: the published inputs and keys, and a second builder to forge with.

Inputs and keys are those of the published golden images (resources/help/test-vectors.md#golden-images). `Forgery`
writes images from the format reference alone, so it also writes what the package refuses to write.
"""

from __future__ import annotations

import ast
import hashlib
import re
import struct
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import seworkbench.image
from seworkbench.checks import Check, Verdict
from seworkbench.crypto.key_slots import wrap
from seworkbench.formats.components import ComponentKind
from seworkbench.image.build import BuildOrder, Recipient
from seworkbench.image.image_file import open_image
from seworkbench.image.keys import ImageKeys
from seworkbench.image.verify import Verification, verify_image
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seworkbench.image.access import Access
    from seworkbench.image.header_checks import SupportedFlags

PAGE = 4096
HEADER_AT = 0x14000
METADATA_AT = 0xC000
STAGE3A_AT = 0x10000


def stream(tag: str, size: int) -> bytes:
    """The first `size` bytes of SHA-512(tag ‖ 0) ‖ SHA-512(tag ‖ 1) ‖ …"""
    blocks = (hashlib.sha512(tag.encode() + number.to_bytes(4, "big")).digest() for number in range(-(-size // 64)))
    return b"".join(blocks)[:size]


@cache
def private_key(label: str) -> ec.EllipticCurvePrivateKey:
    """The key whose scalar is the SHA-512 of a label."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha512(label.encode()).digest(), "big"), ec.SECP521R1())


CUSTOMER = private_key("seworkbench golden customer key")
HOST = private_key("seworkbench golden host key")
HOST2 = private_key("seworkbench golden host key 2")
FIRST_HOST = Recipient("host", HOST.public_key())
SECOND_HOST = Recipient("host2", HOST2.public_key())

HEADER_KEY = b"\x32" * 32
IMAGE_KEY = b"\x42" * 32 + b"\x43" * 32
CCK = b"\x31" * 32
IV = b"\x33" * 12
TWEAKS = {
    ComponentKind.KERNEL: bytes.fromhex("010203040506"),
    ComponentKind.RAMDISK: bytes.fromhex("1112131415ff"),
    ComponentKind.COMMAND_LINE: bytes.fromhex("212223242526"),
    ComponentKind.STAGE3B: bytes.fromhex("313233343536"),
}

STAGE3A = stream("stage3a", 0x2E38)
STAGE3B = stream("stage3b", 0x1864)
RAMDISK = stream("initrd", 5000)
COMMAND_LINE = b"root=/dev/vda1 console=ttysclp0\n"


def kernel(size: int = 0x12345, *, limit: int = 4096, magic: bytes = b"S390EP", tag: str = "kernel") -> bytes:
    """A stand-in for a kernel: noise with the fields that builder and loader look at."""
    content = bytearray(stream(tag, size))
    for offset, value in ((0x10008, magic), (0x10430, limit.to_bytes(8, "big"))):
        if offset + len(value) <= size:
            content[offset : offset + len(value)] = value
    return bytes(content)


KERNEL = kernel()


def golden_keys(generated: tuple[str, ...] = ()) -> ImageKeys:
    """The published keys and random values."""
    return ImageKeys(
        header=Secret(HEADER_KEY),
        image=Secret(IMAGE_KEY),
        cck=Secret(CCK),
        customer=CUSTOMER,
        iv=IV,
        tweaks=TWEAKS,
        generated=generated,
    )


@dataclass(frozen=True)
class Inputs:
    """The published inputs as files; `order` asks for an image of them."""

    folder: Path
    kernel: Path
    ramdisk: Path
    command_line: Path
    loader: Path

    @classmethod
    def write(cls, folder: Path) -> Inputs:
        """Write them into a folder."""
        content = {
            "kernel": KERNEL,
            "initrd": RAMDISK,
            "parmfile": COMMAND_LINE,
            "stage3a.bin": STAGE3A,
            "stage3b_reloc.bin": STAGE3B,
        }
        for name, data in content.items():
            (folder / name).write_bytes(data)
        return cls(folder, folder / "kernel", folder / "initrd", folder / "parmfile", folder)

    def order(self, output: Path) -> BuildOrder:
        """An image of all parts for one host."""
        return BuildOrder(
            kernel=self.kernel,
            recipients=(FIRST_HOST,),
            output=output,
            ramdisk=self.ramdisk,
            command_line=self.command_line,
            bootloader=self.loader,
        )

    def golden_order(self, letter: str, output: Path) -> BuildOrder:
        """The order for golden image A, B or C."""
        order = self.order(output)
        if letter == "A":
            return order
        if letter == "B":
            return replace(order, pcf=0x100000E0)
        return replace(
            order,
            recipients=(FIRST_HOST, SECOND_HOST),
            ramdisk=None,
            command_line=None,
            pcf=0xE2,
            scf=0x4000000000000000,
        )


def verify_file(
    path: Path,
    access: Access | None = None,
    machine: SupportedFlags | None = None,
    inputs: Mapping[ComponentKind, Path] | None = None,
    *,
    hash_file: bool = False,
) -> Verification:
    """Verify an image file."""
    with open_image(path) as image:
        return verify_image(image, access, machine=machine, inputs=inputs, hash_file=hash_file)


def remarks(check: Check) -> dict[str, Verdict]:
    """What did not pass, by id."""
    return {leaf.id: leaf.verdict for leaf in check.leaves() if leaf.verdict is not Verdict.PASSED}


def pages_up(size: int) -> int:
    """`size` rounded up to whole pages."""
    return -(-size // PAGE) * PAGE


@dataclass(frozen=True)
class Piece:
    """A component of a forgery: role, tweak prefix, content before padding."""

    role: str
    prefix: int
    content: bytes

    @property
    def stored(self) -> bytes:
        """The pages in the image."""
        return self.content.ljust(max(PAGE, pages_up(len(self.content))), b"\0")


def pieces(*, command_line: bytes = COMMAND_LINE + b"\0", kernel_content: bytes = KERNEL) -> tuple[Piece, ...]:
    """The components of golden image B in front of stage3b."""
    return (
        Piece("kernel", 0x0028010203040506, kernel_content),
        Piece("initrd", 0x00321112131415FF, RAMDISK),
        Piece("cmdline", 0x003C212223242526, command_line),
    )


@dataclass(frozen=True)
class Forgery:
    """An image without component encryption, written by hand (resources/help/image-layout.md).

    Args:
        parts: the components in memory order, without stage3b, which comes last.
        metadata: whether to write image metadata.
        ipib_below_header: put the IPIB on the page before the header, as old tools did.
        arguments: numbers of stage3b's argument block to write instead of the right ones, by field.
        stage3b_prefix: tweak prefix of stage3b.
        hidden: bytes to write at odd places once everything else is done, by address.
    """

    parts: tuple[Piece, ...] = field(default_factory=pieces)
    metadata: bool = True
    ipib_below_header: bool = False
    arguments: Mapping[str, int] = field(default_factory=dict)
    stage3b_prefix: int = 0x0046313233343536
    hidden: Mapping[int, bytes] = field(default_factory=dict)

    def addresses(self) -> list[int]:
        """Where the components lie, stage3b last."""
        places = [pages_up(HEADER_AT + 640)]
        for part in self.parts:
            places.append(places[-1] + len(part.stored))
        return places

    def build(self) -> bytes:
        """The image."""
        places = self.addresses()
        loader = Piece("stage3b", self.stage3b_prefix, STAGE3B[:-64] + self._arguments(places))
        parts = [*self.parts, loader]
        end = places[-1] + len(loader.stored)
        ipib_at = HEADER_AT - PAGE if self.ipib_below_header else end
        table = [(part.prefix, place, len(part.stored)) for part, place in zip(parts, places, strict=True)]
        ipib = _ipib(table)
        image = bytearray(max(end, ipib_at + len(ipib)))
        for part, place in zip(parts, places, strict=True):
            image[place : place + len(part.stored)] = part.stored
        args_at = STAGE3A_AT + len(STAGE3A) - 24
        loader_args = struct.pack(">3Q", HEADER_AT - args_at, 640, (ipib_at - args_at) % 2**64)
        writes = {
            0: bytes.fromhex("0008000180011000"),
            METADATA_AT: struct.pack(">8sQIQ", b"SeImgLnx", HEADER_AT, 1, ipib_at) if self.metadata else b"",
            STAGE3A_AT: STAGE3A[:-24] + loader_args,
            HEADER_AT: _header(image, table, places[-1]),
            ipib_at: ipib,
            **self.hidden,
        }
        for place, content in writes.items():
            image[place : place + len(content)] = content
        return bytes(image)

    def _arguments(self, places: list[int]) -> bytes:
        numbers = dict.fromkeys(
            ("kernel_src", "kernel_size", "cmdline_src", "cmdline_size", "initrd_src", "initrd_size"), 0
        )
        for part, place in zip(self.parts, places, strict=False):
            numbers[f"{part.role}_src"] = place
            numbers[f"{part.role}_size"] = len(part.content)
        numbers |= self.arguments
        return struct.pack(">8Q", *numbers.values(), 0x180000000, 0x10000)


def _ipib(table: list[tuple[int, int, int]]) -> bytes:
    size = 136 + 24 * len(table)
    block = bytearray(size)
    struct.pack_into(">IBHBIB", block, 0, size, 0, 0, 1, size - 8, 5)
    block[0x6F] = 1
    struct.pack_into(">IQQ", block, 0x74, len(table), HEADER_AT, 640)
    for number, row in enumerate(table):
        struct.pack_into(">QQQ", block, 0x88 + 24 * number, *row)
    return bytes(block)


def digests(image: bytes | bytearray, table: list[tuple[int, int, int]]) -> tuple[bytes, bytes, bytes, int]:
    """PLD, ALD, TLD and number of pages, straight from their definition."""
    pld, ald, tld = hashlib.sha512(), hashlib.sha512(), hashlib.sha512()
    count = 0
    for prefix, place, length in table:
        for offset in range(0, length, PAGE):
            pld.update(image[place + offset : place + offset + PAGE])
            ald.update(struct.pack(">Q", place + offset))
            tld.update(struct.pack(">QQ", prefix, offset))
            count += 1
    return pld.digest(), ald.digest(), tld.digest(), count


def _header(image: bytearray, table: list[tuple[int, int, int]], start: int) -> bytes:
    pld, ald, tld, nep = digests(image, table)
    numbers = CUSTOMER.public_key().public_numbers()
    slot = wrap(Secret(HEADER_KEY), CUSTOMER, HOST.public_key())
    clear = b"".join(
        (
            struct.pack(">8sII12sI4Q", b"IBMSecEx", 0x100, 640, IV, 0, 1, 128, nep, 0x100000E0),
            numbers.x.to_bytes(80, "big") + numbers.y.to_bytes(80, "big"),
            pld + ald + tld,
            slot.build(),
        )
    )
    secret = struct.pack(">32s64s3QII", CCK, IMAGE_KEY, 0x180000000, start, 0, 0, 0)
    return clear + AESGCM(HEADER_KEY).encrypt(IV, secret, clear)


class Draft:
    """An image of one host being changed: bytes, and header fields with the seal renewed.

    Args:
        image: the image to start from; its header must be at 0x14000 and have one key slot.
    """

    SECRET_AT = HEADER_AT + 0x1F0
    TAG_AT = SECRET_AT + 0x80

    def __init__(self, image: bytes) -> None:
        self.data = bytearray(image)

    @property
    def ipib_at(self) -> int:
        """Where the IPIB of an unchanged image is."""
        return (len(self.data) - 1) // PAGE * PAGE

    def put(self, offset: int, content: bytes) -> None:
        """Write bytes."""
        self.data[offset : offset + len(content)] = content

    def flip(self, offset: int) -> None:
        """Change the lowest bit of a byte."""
        self.data[offset] ^= 1

    def number(self, offset: int, size: int = 8) -> int:
        """A big-endian number."""
        return int.from_bytes(self.data[offset : offset + size], "big")

    def put_number(self, offset: int, value: int, size: int = 8) -> None:
        """Write a big-endian number."""
        self.put(offset, value.to_bytes(size, "big"))

    def opened(self) -> bytearray:
        """The secret part, opened before anything of the header is changed."""
        sealed = bytes(self.data[self.SECRET_AT : self.TAG_AT + 16])
        return bytearray(AESGCM(HEADER_KEY).decrypt(IV, sealed, bytes(self.data[HEADER_AT : self.SECRET_AT])))

    def reseal(self, secret: bytes | bytearray) -> None:
        """Seal the header, as it now is, around a secret part."""
        self.put(
            self.SECRET_AT,
            AESGCM(HEADER_KEY).encrypt(IV, bytes(secret), bytes(self.data[HEADER_AT : self.SECRET_AT])),
        )

    def put_header(self, offset: int, content: bytes) -> None:
        """Write into the clear part of the header and renew the seal."""
        secret = self.opened()
        self.put(HEADER_AT + offset, content)
        self.reseal(secret)

    def put_secret(self, offset: int, content: bytes) -> None:
        """Write into the secret part of the header."""
        secret = self.opened()
        secret[offset : offset + len(content)] = content
        self.reseal(secret)

    def table(self) -> list[tuple[int, int, int]]:
        """The component table: tweak prefix, address, length."""
        count = self.number(self.ipib_at + 0x74, 4)
        return [struct.unpack_from(">3Q", self.data, self.ipib_at + 0x88 + 24 * row) for row in range(count)]

    def put_row(self, row: int, prefix: int, address: int, length: int) -> None:
        """Write a line of the component table."""
        struct.pack_into(">3Q", self.data, self.ipib_at + 0x88 + 24 * row, prefix, address, length)

    def digest_again(self) -> None:
        """Make the header describe the components as they now are."""
        pld, ald, tld, nep = digests(self.data, self.table())
        secret = self.opened()
        self.put(HEADER_AT + 0xE0, pld + ald + tld)
        self.put_number(HEADER_AT + 0x30, nep)
        self.reseal(secret)


def defined_ids(function: str) -> set[str]:
    """Ids of all checks that the package declares by calling `function` ("Step" or "group"), as regular expressions."""
    found = set()
    for source in Path(seworkbench.image.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                name = node.args[0]
                words = name.values if isinstance(name, ast.JoinedStr) else [name]
                found.add("".join(re.escape(str(w.value)) if isinstance(w, ast.Constant) else "[^.]+" for w in words))
    return found
