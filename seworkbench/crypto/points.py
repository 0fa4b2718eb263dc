"""P-521 points and the host key hash (resources/help/se-header.md#coordinates-and-phkh)."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.errors import FormatError
from seworkbench.formats.se_header import COORDINATES_SIZE

_COORDINATE_SIZE = COORDINATES_SIZE // 2
# The prime of the field of P-521 (NIST SP 800-186). A coordinate is below it, so that a key has one encoding only.
_PRIME = (1 << 521) - 1


def coordinates(key: ec.EllipticCurvePublicKey) -> bytes:
    """X and Y as 80-byte big-endian numbers, 160 bytes.

    Raises:
        FormatError: if the key is not on P-521.
    """
    if not isinstance(key.curve, ec.SECP521R1):
        raise FormatError(
            f"The key is on the curve {key.curve.name}; Secure Execution uses P-521 (secp521r1) only.",
            remedy="Use the host key document of an IBM Z or LinuxONE machine.",
        )
    numbers = key.public_numbers()
    return numbers.x.to_bytes(_COORDINATE_SIZE, "big") + numbers.y.to_bytes(_COORDINATE_SIZE, "big")


def public_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    """The key of 160 bytes of coordinates.

    Raises:
        FormatError: if they are no point on P-521.
    """
    x, y = (int.from_bytes(half, "big") for half in (raw[:_COORDINATE_SIZE], raw[_COORDINATE_SIZE:]))
    refusal = FormatError("The public key is not a point on P-521.", remedy="The header is damaged or was changed.")
    if max(x, y) >= _PRIME:
        raise refusal
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key()
    except ValueError:
        raise refusal from None


def key_hash(key: ec.EllipticCurvePublicKey) -> bytes:
    """SHA-256 of the coordinates, 32 bytes: names a host key (PHKH).

    Raises:
        FormatError: if the key is not on P-521.
    """
    return hashlib.sha256(coordinates(key)).digest()
