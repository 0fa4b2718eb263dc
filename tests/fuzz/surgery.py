"""Recorded images and how to change one so that only the intended lie remains.

A careless change breaks a digest or the tag, and the deeper code is never reached. `Sample` therefore re-encrypts the
loader, recomputes the digests and seals the header again where a test wants an image whose maker lies.
"""

from __future__ import annotations

import dataclasses
import hashlib
import lzma
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seworkbench.crypto.digests import RunningDigests
from seworkbench.crypto.header_seal import open_header, seal
from seworkbench.crypto.pages import PageCipher
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.crypto.runs import OUTPUT_ROOM
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.flags import NO_COMPONENT_ENCRYPTION, FlagWord
from seworkbench.formats.image_metadata import METADATA_OFFSET, ImageMetadata
from seworkbench.formats.ipib import Ipib, IpibComponent, parse_ipib
from seworkbench.formats.layout import Layout, Uint
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import KEY_SLOTS_OFFSET, TAG_SIZE, SecretPartV1, SeHeader, parse_header
from seworkbench.formats.stage3 import KERNEL_ENTRY, STAGE3A_ENTRY, Stage3aArgs, Stage3bArgs
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "data/interop"
IMAGES = DATA / "images"
PKI = DATA / "pki"
HOST_DOCUMENT = PKI / "host1.crt"

HEADER_KEY = HeaderKey(Secret((IMAGES / "hdr.key").read_bytes()))
HOST_KEY = HostPrivateKey(host_private_key((PKI / "host1.key").read_bytes()))


def recorded(name: str) -> bytes:
    """An image that pvimg made."""
    return lzma.decompress((IMAGES / f"{name}.img.xz").read_bytes())


@dataclass(frozen=True)
class Number:
    """A number in an image.

    Args:
        name: structure and field.
        offset: where it is in the file.
        size: its length in bytes.
    """

    name: str
    offset: int
    size: int

    def extremes(self, raw: bytes) -> list[int]:
        """The values that parsers trip over: the ends, the neighbours, and where a sign would be."""
        own = int.from_bytes(raw[self.offset : self.offset + self.size], "big")
        top = (1 << 8 * self.size) - 1
        sign = 1 << (8 * self.size - 1)
        wanted = {0, 1, top - 1, top, own - 1, own + 1, sign - 1, sign}
        return sorted(value for value in wanted if 0 <= value <= top and value != own)


def numbers_of(layout: type[Layout], value: Layout, offset: int, name: str) -> Iterator[Number]:
    """All integers of a structure that lies at `offset`, those of its parts included."""
    codecs = {key: declared.codec for key, declared in layout._items}
    position = offset
    for key, codec in codecs.items():
        held = getattr(value, key)
        length = codec.size_in(value.values())
        if isinstance(codec, Uint | FlagWord):
            yield Number(f"{name}.{key}", position, length)
        elif isinstance(held, Layout):
            yield from numbers_of(type(held), held, position, f"{name}.{key}")
        elif isinstance(held, tuple):
            at = position
            for index, element in enumerate(held):
                yield from numbers_of(type(element), element, at, f"{name}.{key}[{index}]")
                at += element.size
        position += length


@dataclass(frozen=True)
class Sample:
    """A good image, taken apart.

    Args:
        raw: the whole file.
    """

    raw: bytes

    @cached_property
    def metadata(self) -> ImageMetadata:
        return ImageMetadata.parse(self.raw, METADATA_OFFSET)

    @cached_property
    def header(self) -> SeHeader:
        return parse_header(self.raw[self.header_at :])

    @property
    def header_at(self) -> int:
        return self.metadata.hdr_off

    @cached_property
    def secret(self) -> SecretPartV1:
        return open_header(self.header, HEADER_KEY.key)

    @cached_property
    def ipib(self) -> Ipib:
        return parse_ipib(self.raw[self.ipib_at :])

    @property
    def ipib_at(self) -> int:
        return self.metadata.ipib_off

    @property
    def loader(self) -> IpibComponent:
        return self.ipib.components[-1]

    @property
    def encrypted(self) -> bool:
        return not self.header.pcf & NO_COMPONENT_ENCRYPTION.mask

    @cached_property
    def stage3a_args_at(self) -> int:
        for at in range(STAGE3A_ENTRY, self.header_at - Stage3aArgs.fixed_size() + 1, 8):
            args = Stage3aArgs.parse(self.raw, at)
            if (at + args.hdr_offs, args.hdr_size, at + args.ipib_offs) == (
                self.header_at,
                self.header.sehs,
                self.ipib_at,
            ):
                return at
        raise AssertionError("the sample has no stage3a arguments")

    @cached_property
    def loader_code(self) -> bytes:
        """stage3b in the clear, padding included."""
        stored = self.raw[self.loader.addr : self.loader.addr + self.loader.length]
        if not self.encrypted:
            return stored
        into = bytearray(len(stored) + OUTPUT_ROOM)
        return bytes(PageCipher(self.secret.xts).decrypt(stored, self.loader.prefix, 0, into))

    @cached_property
    def stage3b_args_in_loader(self) -> int:
        psw = Psw(addr=KERNEL_ENTRY).build()
        return self.loader_code.rindex(psw) + len(psw) - Stage3bArgs.fixed_size()

    @cached_property
    def stage3b_args(self) -> Stage3bArgs:
        return Stage3bArgs.parse(self.loader_code, self.stage3b_args_in_loader)

    def patched(self, offset: int, content: bytes) -> bytes:
        """The file with some bytes replaced, nothing else put right."""
        return self.raw[:offset] + content + self.raw[offset + len(content) :]

    def flipped(self, bit: int) -> bytes:
        """The file with one bit of the header turned over, bit 0 being the first."""
        at = self.header_at + bit // 8
        return self.patched(at, bytes([self.raw[at] ^ (0x80 >> bit % 8)]))

    def with_number(self, number: Number, value: int) -> bytes:
        """The file with one number replaced, nothing else put right."""
        return self.patched(number.offset, value.to_bytes(number.size, "big"))

    def sealed(self, raw: bytes | None = None, secret: SecretPartV1 | None = None, **fields: int | bytes) -> bytes:
        """The file with the header sealed anew after changing some of its fields."""
        header = seal(
            dataclasses.replace(self.header, **fields),  # type: ignore[arg-type]
            secret or self.secret,
            HEADER_KEY.key,
        )
        raw = self.raw if raw is None else raw
        built = header.build()
        return raw[: self.header_at] + built + raw[self.header_at + len(built) :]

    def sealed_raw(self, number: Number, value: int) -> bytes:
        """The file with a number of the clear part of the header replaced and its tag made right for the new bytes."""
        raw = self.with_number(number, value)
        body = KEY_SLOTS_OFFSET + 80 * self.header.nks
        clear = raw[self.header_at : self.header_at + body]
        plain = self.secret.build()
        sealed = AESGCM(HEADER_KEY.key.reveal()).encrypt(self.header.iv, plain, clear)
        assert len(sealed) == len(plain) + TAG_SIZE
        at = self.header_at + body
        return raw[:at] + sealed + raw[at + len(sealed) :]

    def sealed_secret(self, number: Number, value: int) -> bytes:
        """The file with a number of the encrypted part replaced (offset counted from that part) and sealed anew."""
        plain = bytearray(self.secret.build())
        plain[number.offset : number.offset + number.size] = value.to_bytes(number.size, "big")
        return self.sealed(secret=SecretPartV1.parse(bytes(plain)))

    def described(self, raw: bytes, ipib: Ipib | None = None, secret: SecretPartV1 | None = None) -> bytes:
        """`raw` with a header whose digests describe what `ipib` lists in it."""
        digests = RunningDigests()
        for part in (ipib or self.ipib).components:
            digests.content(raw[part.addr : part.addr + part.length])
            digests.places(part.addr, part.prefix, 0, part.length // PAGE_SIZE)
        found = digests.result()
        return self.sealed(raw, secret, pld=found.pld, ald=found.ald, tld=found.tld, nep=found.nep)

    def with_table(self, *components: IpibComponent, honest: bool = True) -> bytes:
        """The file with another component table, described by its header if `honest`."""
        ipib = Ipib.describing(components, self.header_at, self.header.sehs)
        raw = self.raw[: self.ipib_at] + ipib.build()
        return self.described(raw, ipib) if honest else raw

    def with_loader_code(self, code: bytes) -> bytes:
        """The file with another stage3b, encrypted, measured and sealed as its maker would."""
        stored: bytes | memoryview = code
        if self.encrypted:
            into = bytearray(len(code) + OUTPUT_ROOM)
            stored = PageCipher(self.secret.xts).encrypt(code, self.loader.prefix, 0, into)
        return self.described(self.patched(self.loader.addr, bytes(stored)))

    def with_stage3b_args(self, args: bytes) -> bytes:
        """The file with other arguments of stage3b."""
        at = self.stage3b_args_in_loader
        return self.with_loader_code(self.loader_code[:at] + args + self.loader_code[at + len(args) :])

    def header_numbers(self) -> list[Number]:
        return list(numbers_of(type(self.header), self.header, self.header_at, "header"))

    def ipib_numbers(self) -> list[Number]:
        return list(numbers_of(Ipib, self.ipib, self.ipib_at, "ipib"))

    def metadata_numbers(self) -> list[Number]:
        return list(numbers_of(ImageMetadata, self.metadata, METADATA_OFFSET, "metadata"))

    def stage3a_numbers(self) -> list[Number]:
        args = Stage3aArgs.parse(self.raw, self.stage3a_args_at)
        return list(numbers_of(Stage3aArgs, args, self.stage3a_args_at, "stage3a"))

    def stage3b_numbers(self) -> list[Number]:
        """Offsets count from the start of the arguments."""
        return list(numbers_of(Stage3bArgs, self.stage3b_args, 0, "stage3b"))

    def secret_numbers(self) -> list[Number]:
        """Offsets count from the start of the encrypted part."""
        return list(numbers_of(SecretPartV1, self.secret, 0, "secret"))


def digest(content: bytes) -> str:
    """A short name for some bytes in a test's message."""
    return hashlib.sha256(content).hexdigest()[:12]
