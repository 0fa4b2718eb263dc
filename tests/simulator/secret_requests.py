"""Add-secret requests of the tests' own, written from the format alone; shares no code with the program."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .builder import CUSTOMER, HOST, be32, be64, coordinates, key_hash

META, ASSOCIATION, UPDATE_CCK = 0x01, 0x02, 0x16
PROTECTION_KEY, IV = b"\x11" * 32, b"\x55" * 12


def derived_extension(cck: bytes, header_tag: bytes) -> bytes:
    """The extension secret that belongs to a communication key."""
    extracted = hmac.digest(header_tag, cck, hashlib.sha512)
    return hmac.digest(extracted, b"IBM Z Ultravisor Add-Secret\x01", hashlib.sha512)[:32]


@dataclass(frozen=True)
class SecretRequest:
    """What goes into a request. `None` in a number means the right one."""

    header: bytes
    hosts: tuple[ec.EllipticCurvePrivateKey, ...] = (HOST,)
    kind: int = ASSOCIATION
    value: bytes = b"\x22" * 32
    id: bytes = b"\x33" * 32
    extension: bytes = bytes(32)
    cuid: bytes = bytes(16)
    flags: int = 0
    version: int = 0x100
    length: int | None = None
    slots: int | None = None
    value_length: int | None = None

    def build(self) -> bytes:
        value = b"" if self.kind == META else self.value
        told = len(value) if self.value_length is None else self.value_length
        head = bytes(2) + self.kind.to_bytes(2, "big") + be32(told) + bytes(8)
        head += b"" if self.kind == META else self.id
        slots = b"".join(self._slot(host) for host in self.hosts)
        encrypted = len(value) + 32
        size = 0x4B8 + len(slots) + len(head) + encrypted + 16 if self.length is None else self.length
        count = len(self.hosts) if self.slots is None else self.slots
        clear = b"asrcbM" + bytes(2) + be32(self.version) + be32(size) + IV + bytes(11) + bytes([count])
        clear += bytes(4) + be32(encrypted) + be64(self.flags)
        clear += self.header[0xE0:0x1A0] + self.header[-16:] + self.cuid + bytes(256) + bytes(512)
        clear += coordinates(CUSTOMER.public_key()) + slots + head
        return clear + AESGCM(PROTECTION_KEY).encrypt(IV, value + self.extension, clear)

    def _slot(self, host: ec.EllipticCurvePrivateKey) -> bytes:
        shared = CUSTOMER.exchange(ec.ECDH(), host.public_key())
        agreed = hashlib.sha256(shared + be32(1)).digest()
        return key_hash(host) + AESGCM(agreed).encrypt(bytes(12), PROTECTION_KEY, None)

    def other(self, **changes: object) -> SecretRequest:
        return replace(self, **changes)  # type: ignore[arg-type]
