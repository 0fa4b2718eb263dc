"""Wrapping the header key for one machine (resources/help/se-header.md#key-slot-wrapping).

Z is the x coordinate of the shared P-521 point, always 66 bytes; the key-encrypting key is one round of the ANSI X9.63
KDF with SHA-256 and no shared information; the header key is sealed under it with AES-256-GCM and an IV of zeros. The
zero IV is safe because the customer key is made for one image, so no key-encrypting key is used twice.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from seworkbench.crypto.points import key_hash
from seworkbench.errors import FormatError
from seworkbench.formats.se_header import HEADER_KEY_SIZE, KeySlotV1
from seworkbench.secret import Secret

_ZERO_IV = bytes(12)


def key_encrypting_key(private: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey) -> Secret:
    """The 32-byte key that customer and machine agree on; either side may hold the private half.

    Raises:
        FormatError: unless both keys are on P-521.
    """
    if not isinstance(private.curve, ec.SECP521R1) or not isinstance(public.curve, ec.SECP521R1):
        raise FormatError("Both keys must be on the curve P-521.", remedy="Use the host key of an IBM Z machine.")
    shared = private.exchange(ec.ECDH(), public)
    return Secret(X963KDF(SHA256(), 32, sharedinfo=None).derive(shared))


def wrap(header_key: Secret, customer: ec.EllipticCurvePrivateKey, host: ec.EllipticCurvePublicKey) -> KeySlotV1:
    """The key slot that lets the owner of `host` have `header_key`.

    Raises:
        FormatError: if the host key is not on P-521.
    """
    phkh = key_hash(host)
    with key_encrypting_key(customer, host) as key:
        sealed = AESGCM(key.reveal()).encrypt(_ZERO_IV, header_key.reveal(), None)
    return KeySlotV1(phkh=phkh, wrpk=sealed[:HEADER_KEY_SIZE], kst=sealed[HEADER_KEY_SIZE:])


def unwrap(slot: KeySlotV1, host: ec.EllipticCurvePrivateKey, customer: ec.EllipticCurvePublicKey) -> Secret:
    """The header key in a slot, as the machine that holds `host`.

    Raises:
        FormatError: if slot and keys do not belong together.
    """
    with key_encrypting_key(host, customer) as key:
        try:
            return Secret(AESGCM(key.reveal()).decrypt(_ZERO_IV, slot.wrpk + slot.kst, None))
        except InvalidTag:
            raise FormatError(
                "The key slot does not open with this host key.",
                remedy="The slot, its tag or the customer public key was changed, or the slot is for another machine.",
            ) from None
