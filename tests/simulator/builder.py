"""An image builder of the tests' own, written from the format alone (resources/help/).

It shares no code with the program, so that builder, simulator and this agree only if all three have the format right.
Everything is held in memory and every page has a cipher context of its own: plain, slow, and easy to compare with the
text. `golden` gives the images of resources/help/test-vectors.md#golden-images.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = 0x1000
FIXED_PART = 0x1A0
SLOT = 0x50
SECRET_PART = 0x80
TAG = 0x10
STAGE3A = 0x10000
METADATA = 0xC000
MASK_64_BIT = 0x0000000180000000
NO_ENCRYPTION = 0x10000000
BACKUP_KEYS = 0x2
DEFAULT_PCF = 0xE0

KERNEL, RAMDISK, COMMAND_LINE, STAGE3B = 0x28, 0x32, 0x3C, 0x46
TWEAK_RANDOM = {
    KERNEL: bytes.fromhex("010203040506"),
    RAMDISK: bytes.fromhex("1112131415ff"),
    COMMAND_LINE: bytes.fromhex("212223242526"),
    STAGE3B: bytes.fromhex("313233343536"),
}


def up(size: int) -> int:
    return -(-size // PAGE) * PAGE


def be32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def be64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def stream(tag: str, size: int) -> bytes:
    """The first bytes of SHA-512(tag, 0), SHA-512(tag, 1), …"""
    blocks = range(-(-size // 64))
    return b"".join(hashlib.sha512(tag.encode() + be32(n)).digest() for n in blocks)[:size]


def private_key(label: str) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(hashlib.sha512(label.encode()).digest(), "big")
    return ec.derive_private_key(scalar, ec.SECP521R1())


HOST = private_key("seworkbench golden host key")
HOST2 = private_key("seworkbench golden host key 2")
CUSTOMER = private_key("seworkbench golden customer key")


def coordinates(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    return numbers.x.to_bytes(80, "big") + numbers.y.to_bytes(80, "big")


def key_hash(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(coordinates(key.public_key())).digest()


def golden_kernel(size: int = 0x12345, limit: int = 4096) -> bytes:
    kernel = bytearray(stream("kernel", size))
    kernel[0x10008:0x1000E] = b"S390EP"
    kernel[0x10430:0x10438] = be64(limit)
    return bytes(kernel[:size])


@dataclass(frozen=True)
class Recipe:
    """What goes into an image. `None` leaves a component out."""

    kernel: bytes = field(default_factory=golden_kernel)
    ramdisk: bytes | None = field(default_factory=lambda: stream("initrd", 5000))
    # With its final NUL, which the builders of images append to the file.
    command_line: bytes | None = b"root=/dev/vda1 console=ttysclp0\n\0"
    stage3a: bytes = field(default_factory=lambda: stream("stage3a", 0x2E38))
    stage3b: bytes = field(default_factory=lambda: stream("stage3b", 0x1864))
    hosts: tuple[ec.EllipticCurvePrivateKey, ...] = (HOST,)
    pcf: int = DEFAULT_PCF
    scf: int = 0
    header_key: bytes = b"\x32" * 32
    iv: bytes = b"\x33" * 12
    cck: bytes = b"\x31" * 32
    image_key: bytes = b"\x42" * 32 + b"\x43" * 32
    psw_mask: int = MASK_64_BIT
    # None: the first byte of stage3b.
    psw_address: int | None = None
    noi: int = 0
    res2: bytes = bytes(4)
    # What components but stage3b are padded with.
    padding: bytes = b"\0"
    # Changes the arguments of stage3b.
    edit_stage3b_args: Callable[[bytes], bytes] | None = None
    # As the C genprotimg placed it, on the page before the header; without metadata.
    ipib_before_header: bool = False


@dataclass(frozen=True)
class Part:
    """A component in an image."""

    kind: int
    address: int
    content: bytes
    padded: bytes
    prefix: bytes


@dataclass(frozen=True)
class Image:
    """An image and where its parts are."""

    content: bytes
    recipe: Recipe
    parts: tuple[Part, ...]
    header_address: int
    header_size: int
    ipib_address: int
    stage3a_args: int

    def part(self, kind: int) -> Part:
        return next(part for part in self.parts if part.kind == kind)

    @property
    def header(self) -> bytes:
        return self.content[self.header_address : self.header_address + self.header_size]

    def patched(self, offset: int, content: bytes) -> Image:
        """Other bytes at a file offset."""
        changed = bytearray(self.content)
        changed[offset : offset + len(content)] = content
        return replace(self, content=bytes(changed))

    def patched_header(self, offset: int, content: bytes) -> Image:
        """Other bytes in the header, which breaks its tag."""
        return self.patched(self.header_address + offset, content)

    def resealed(self, offset: int, content: bytes) -> Image:
        """Other bytes in the header, sealed again with the header key; in the encrypted part they are plaintext."""
        secret_at = self.header_size - TAG - SECRET_PART
        cipher = AESGCM(self.recipe.header_key)
        header = self.header
        opened = bytearray(header[:secret_at])
        opened += cipher.decrypt(header[0x10:0x1C], header[secret_at:], header[:secret_at])
        opened[offset : offset + len(content)] = content
        clear = bytes(opened[:secret_at])
        sealed = clear + cipher.encrypt(clear[0x10:0x1C], bytes(opened[secret_at:]), clear)
        return self.patched(self.header_address, sealed)

    @property
    def secret_part_offset(self) -> int:
        return self.header_size - TAG - SECRET_PART

    def memory(self) -> dict[int, bytes]:
        """Address and content of every page of the unpacked guest."""
        return {
            part.address + offset: part.padded[offset : offset + PAGE]
            for part in self.parts
            for offset in range(0, len(part.padded), PAGE)
        }


def build(recipe: Recipe) -> Image:
    stage3a_end = STAGE3A + len(recipe.stage3a)
    header_address = max(up(stage3a_end), 0x14000)
    header_size = FIXED_PART + SLOT * len(recipe.hosts) + SECRET_PART + TAG
    parts = _place(recipe, up(header_address + header_size))
    ipib_address = parts[-1].address + len(parts[-1].padded)
    if recipe.ipib_before_header:
        ipib_address = header_address - PAGE
    image = bytearray(parts[-1].address + len(parts[-1].padded))
    addresses, tweaks, stored = hashlib.sha512(), hashlib.sha512(), hashlib.sha512()
    pages = 0
    for part in parts:
        for offset in range(0, len(part.padded), PAGE):
            tweak = part.prefix + be64(offset)
            page = part.padded[offset : offset + PAGE]
            if not recipe.pcf & NO_ENCRYPTION:
                page = Cipher(algorithms.AES(recipe.image_key), modes.XTS(tweak)).encryptor().update(page)
            address = part.address + offset
            image[address : address + PAGE] = page
            stored.update(page)
            addresses.update(be64(address))
            tweaks.update(tweak)
            pages += 1
    digests = stored.digest() + addresses.digest() + tweaks.digest()
    header = _header(recipe, header_size, pages, digests, parts[-1].address)
    image[header_address : header_address + header_size] = header
    ipib = _ipib(parts, header_address, header_size)
    image[ipib_address : ipib_address + len(ipib)] = ipib
    args_at = stage3a_end - 24
    args = be64(header_address - args_at) + be64(header_size) + be64(ipib_address - args_at)
    image[STAGE3A:stage3a_end] = recipe.stage3a[:-24] + args
    image[0:8] = be64(MASK_64_BIT | 0x0008000000000000 | 0x11000)
    if not recipe.ipib_before_header:
        image[METADATA : METADATA + 28] = b"SeImgLnx" + be64(header_address) + be32(1) + be64(ipib_address)
    return Image(bytes(image), recipe, parts, header_address, header_size, ipib_address, args_at)


def _place(recipe: Recipe, address: int) -> tuple[Part, ...]:
    parts = []
    for kind, content in ((KERNEL, recipe.kernel), (RAMDISK, recipe.ramdisk), (COMMAND_LINE, recipe.command_line)):
        if content is not None:
            parts.append(_part(kind, address, content, recipe))
            address += len(parts[-1].padded)
    args = _stage3b_args(parts)
    if recipe.edit_stage3b_args:
        args = recipe.edit_stage3b_args(args)
    stage3b = recipe.stage3b[:-64] + args
    parts.append(_part(STAGE3B, address, stage3b, replace(recipe, padding=b"\0")))
    return tuple(parts)


def _part(kind: int, address: int, content: bytes, recipe: Recipe) -> Part:
    padded = content.ljust(max(PAGE, up(len(content))), recipe.padding)
    return Part(kind, address, content, padded, kind.to_bytes(2, "big") + TWEAK_RANDOM[kind])


def _stage3b_args(parts: list[Part]) -> bytes:
    by_kind = {part.kind: part for part in parts}
    args = b""
    for kind in (KERNEL, COMMAND_LINE, RAMDISK):
        part = by_kind.get(kind)
        args += be64(part.address) + be64(len(part.content)) if part else bytes(16)
    return args + be64(MASK_64_BIT) + be64(0x10000)


def _header(recipe: Recipe, size: int, pages: int, digests: bytes, stage3b_address: int) -> bytes:
    clear = b"IBMSecEx" + be32(0x100) + be32(size) + recipe.iv + bytes(4)
    clear += be64(len(recipe.hosts)) + be64(SECRET_PART) + be64(pages) + be64(recipe.pcf)
    clear += coordinates(CUSTOMER.public_key()) + digests
    for host in recipe.hosts:
        shared = CUSTOMER.exchange(ec.ECDH(), host.public_key())
        agreed = hashlib.sha256(shared + be32(1)).digest()
        clear += key_hash(host) + AESGCM(agreed).encrypt(bytes(12), recipe.header_key, None)
    address = stage3b_address if recipe.psw_address is None else recipe.psw_address
    secret = recipe.cck + recipe.image_key + be64(recipe.psw_mask) + be64(address)
    secret += be64(recipe.scf) + be32(recipe.noi) + recipe.res2
    return clear + AESGCM(recipe.header_key).encrypt(recipe.iv, secret, clear)


def _ipib(parts: tuple[Part, ...], header_address: int, header_size: int) -> bytes:
    length = 0x88 + 24 * len(parts)
    block = bytearray(0x88)
    block[0x00:0x04] = be32(length)
    block[0x07] = 1
    block[0x08:0x0C] = be32(length - 8)
    block[0x0C] = 5
    block[0x6F] = 1
    block[0x74:0x78] = be32(len(parts))
    block[0x78:0x80] = be64(header_address)
    block[0x80:0x88] = be64(header_size)
    table = b"".join(part.prefix + be64(part.address) + be64(len(part.padded)) for part in parts)
    return bytes(block) + table


def golden(name: str) -> Image:
    """Golden image A, B or C."""
    recipes = {
        "A": Recipe(),
        "B": Recipe(pcf=DEFAULT_PCF | NO_ENCRYPTION),
        "C": Recipe(
            ramdisk=None,
            command_line=None,
            hosts=(HOST, HOST2),
            pcf=DEFAULT_PCF | BACKUP_KEYS,
            scf=0x4000000000000000,
        ),
    }
    return build(recipes[name])
