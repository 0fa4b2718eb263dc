"""Attestation written down a second time, from the format reference alone: the other end for the tests.

Nothing here uses the package's formats or cryptography modules (resources/help/attestation.md).
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass(frozen=True)
class Opened:
    """A request as a reader sees it that has its key.

    Args:
        paf: flags.
        slots: hash, wrapped key and tag of each key slot.
        customer: public key of the request.
        measurement_key: 64 bytes.
        nonce: 16 bytes, or none.
    """

    paf: int
    slots: list[tuple[bytes, bytes, bytes]]
    customer: ec.EllipticCurvePublicKey
    measurement_key: bytes
    nonce: bytes


def entries(file: bytes) -> list[tuple[int, int]]:
    """Size and offset of the five entries of an exchange file."""
    magic, version, size, reserved = struct.unpack_from(">8sIIQ", file)
    assert (magic, version, size, reserved) == (b"pvattest", 0x100, len(file), 0)
    return [struct.unpack_from(">II", file, 0x18 + 8 * number) for number in range(5)]


def request_in(file: bytes) -> bytes:
    """The request control block of an exchange file."""
    size, offset = entries(file)[0]
    return file[offset : offset + size]


def open_request(arcb: bytes, key: bytes) -> Opened:
    """Open a request with its protection key."""
    assert arcb[:8] == bytes(8)
    version, length = struct.unpack_from(">II", arcb, 8)
    assert (version, length) == (0x100, len(arcb))
    iv, slots, encrypted = arcb[0x10:0x1C], arcb[0x27], struct.unpack_from(">I", arcb, 0x2C)[0]
    assert arcb[0x1C:0x27] == bytes(11)
    paf, algorithm = struct.unpack_from(">QI", arcb, 0x30)
    assert algorithm == 1
    end = 0xE0 + 80 * slots
    assert len(arcb) == end + encrypted + 16
    plain = AESGCM(key).decrypt(iv, arcb[end:], arcb[:end])
    x, y = (int.from_bytes(arcb[at : at + 80], "big") for at in (0x40, 0x90))
    rows = [arcb[at : at + 80] for at in range(0xE0, end, 80)]
    return Opened(
        paf,
        [(row[:32], row[32:64], row[64:]) for row in rows],
        ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key(),
        plain[:64],
        plain[64:],
    )


def key_hash(key: ec.EllipticCurvePublicKey) -> bytes:
    """SHA-256 over both coordinates of 80 bytes."""
    numbers = key.public_numbers()
    return hashlib.sha256(numbers.x.to_bytes(80, "big") + numbers.y.to_bytes(80, "big")).digest()


def unwrap(
    slot: tuple[bytes, bytes, bytes], host: ec.EllipticCurvePrivateKey, customer: ec.EllipticCurvePublicKey
) -> bytes:
    """The protection key in a slot, as the machine."""
    shared = host.exchange(ec.ECDH(), customer)
    key = hashlib.sha256(shared + b"\0\0\0\1").digest()
    return AESGCM(key).decrypt(bytes(12), slot[1] + slot[2], None)


def block(header: bytes, cuid: bytes, user_data: bytes, nonce: bytes, additional: bytes) -> bytes:
    """The measured block."""
    size = struct.unpack_from(">I", header, 0x0C)[0]
    lengths = struct.pack(">HHI", len(user_data), 0, len(additional))
    return header[0xE0:0x1A0] + header[size - 16 : size] + cuid + lengths + user_data + nonce + additional


def response(
    file: bytes,
    host: ec.EllipticCurvePrivateKey,
    header: bytes,
    *,
    cuid: bytes,
    user_data: bytes = b"",
    parts: bytes = b"",
) -> bytes:
    """What a machine answers to a request; `parts` is the additional data as it is."""
    arcb = request_in(file)
    slots = [arcb[at : at + 80] for at in range(0xE0, 0xE0 + 80 * arcb[0x27], 80)]
    x, y = (int.from_bytes(arcb[at : at + 80], "big") for at in (0x40, 0x90))
    customer = ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key()
    mine = next(slot for slot in slots if slot[:32] == key_hash(host.public_key()))
    key = unwrap((mine[:32], mine[32:64], mine[64:]), host, customer)
    opened = open_request(arcb, key)
    measured = hmac.digest(opened.measurement_key, block(header, cuid, user_data, opened.nonce, parts), "sha512")
    return exchange(arcb, measured, parts, user_data, cuid)


def exchange(*contents: bytes) -> bytes:
    """An exchange file of request, measurement, additional data, user data and configuration UID."""
    table, at = b"", 0x40
    for content in contents:
        table += struct.pack(">II", len(content), at if content else 0)
        at += len(content)
    return struct.pack(">8sIIQ", b"pvattest", 0x100, at, 0) + table + b"".join(contents)
