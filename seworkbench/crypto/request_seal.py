"""Sealing and opening an attestation request with its protection key (resources/help/attestation.md#arcb)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.crypto.key_slots import unwrap, wrap
from seworkbench.crypto.points import key_hash, public_key
from seworkbench.crypto.sealed_parts import open_part, seal_part
from seworkbench.errors import FormatError
from seworkbench.formats.arcb import Arcb, RequestSecretsV1, RequestSlotV1, parse_request_secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.secret import Secret


class WrongProtectionKeyError(FormatError):
    """A request that its protection key does not open: nothing can be said about any guest."""


def request_slot(
    protection_key: Secret, customer: ec.EllipticCurvePrivateKey, host: ec.EllipticCurvePublicKey
) -> RequestSlotV1:
    """The key slot that lets the owner of `host` answer a request.

    Raises:
        FormatError: if the host key is not on P-521.
    """
    return RequestSlotV1(**wrap(protection_key, customer, host).values())


def seal_request(arcb: Arcb, content: RequestSecretsV1, protection_key: Secret) -> Arcb:
    """The request with encrypted part and tag filled in, see `seal_part`."""
    return seal_part(arcb, content, protection_key)


def open_request(arcb: Arcb, protection_key: Secret) -> RequestSecretsV1:
    """The decrypted part of a request, once the tag is proven right.

    Raises:
        WrongProtectionKeyError: if the tag does not match: another key, or any bit of the request was changed.
    """
    plain = open_part(arcb, protection_key)
    if plain is None:
        raise WrongProtectionKeyError(
            "The protection key does not open this request.",
            remedy="Either the key belongs to another request, or the request was changed.",
        )
    with plain:
        return parse_request_secrets(plain.reveal())


def protection_key_of_machine(arcb: Arcb, host: ec.EllipticCurvePrivateKey) -> Secret:
    """The protection key of a request, as the machine that holds `host`.

    Raises:
        FormatError: if no slot is for that machine, or none of those opens.
    """
    phkh = key_hash(host.public_key())
    slots = [slot for slot in arcb.keyslots if slot.phkh == phkh]
    if not slots:
        raise FormatError(
            "No key slot is for this host key: the request was not made for this machine.",
            remedy=f"Create it with the host key document whose hash (PHKH) is {phkh.hex()}.",
        )
    customer = public_key(arcb.cust_pub_key)
    failure = FormatError("No key slot opens.")
    for slot in slots:
        try:
            return unwrap(slot, host, customer)
        except FormatError as error:
            failure = error
    raise failure
