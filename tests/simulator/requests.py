"""Attestation requests of the tests' own, written from the format alone; shares no code with the program."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .builder import CUSTOMER, HOST, be32, be64, coordinates, key_hash

NONCE = 0x4000000000000000
BOTH = 0x7000000000000000
ALL = 0x7C00000000000000
PARTS = ((0x2000000000000000, 32), (0x1000000000000000, 32), (0x0800000000000000, 64), (0x0400000000000000, 320))


@dataclass(frozen=True)
class Request:
    """What goes into a request. `None` in a number means the right one."""

    hosts: tuple[ec.EllipticCurvePrivateKey, ...] = (HOST,)
    paf: int = BOTH
    protection_key: bytes = b"\x11" * 32
    measurement_key: bytes = b"\x77" * 64
    nonce: bytes = b"\xab" * 16
    iv: bytes = b"\x55" * 12
    version: int = 0x100
    algorithm: int = 1
    length: int | None = None
    slots: int | None = None
    encrypted: int | None = None

    def arcb(self) -> bytes:
        secret = self.measurement_key + self.nonce
        slots = b"".join(self._slot(host) for host in self.hosts)
        length = 0xE0 + len(slots) + len(secret) + 16 if self.length is None else self.length
        encrypted = len(secret) if self.encrypted is None else self.encrypted
        count = len(self.hosts) if self.slots is None else self.slots
        clear = bytes(8) + be32(self.version) + be32(length) + self.iv + bytes(11) + bytes([count])
        clear += bytes(4) + be32(encrypted) + be64(self.paf) + be32(self.algorithm) + bytes(4)
        clear += coordinates(CUSTOMER.public_key()) + slots
        return clear + AESGCM(self.protection_key).encrypt(self.iv, secret, clear)

    def _slot(self, host: ec.EllipticCurvePrivateKey) -> bytes:
        shared = CUSTOMER.exchange(ec.ECDH(), host.public_key())
        agreed = hashlib.sha256(shared + be32(1)).digest()
        return key_hash(host) + AESGCM(agreed).encrypt(bytes(12), self.protection_key, None)

    @property
    def additional_size(self) -> int:
        return sum(size for flag, size in PARTS if self.paf & flag)

    def file(self) -> bytes:
        """The exchange file."""
        arcb = self.arcb()
        entries = (len(arcb), 0x40, 64, 0, self.additional_size, 0, 0, 0, 0, 0)
        head = b"pvattest" + be32(0x100) + be32(0x40 + len(arcb)) + bytes(8)
        return head + b"".join(be32(number) for number in entries) + arcb

    def measurement(self, header: bytes, cuid: bytes, user_data: bytes, additional: bytes) -> bytes:
        """The HMAC that the answer must have."""
        block = header[0xE0:0x1A0] + header[-16:] + cuid + len(user_data).to_bytes(2, "big") + bytes(2)
        block += be32(len(additional)) + user_data + self.nonce + additional
        return hmac.digest(self.measurement_key, block, hashlib.sha512)

    def other(self, **changes: object) -> Request:
        return replace(self, **changes)  # type: ignore[arg-type]
