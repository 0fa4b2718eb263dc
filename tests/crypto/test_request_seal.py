"""Requests are sealed, opened and wrapped as the published vector says."""

from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.crypto.points import coordinates
from seworkbench.crypto.request_seal import (
    WrongProtectionKeyError,
    open_request,
    protection_key_of_machine,
    request_slot,
    seal_request,
)
from seworkbench.errors import FormatError
from seworkbench.formats.arcb import RequestSecretsWithNonceV1, parse_arcb
from seworkbench.formats.exchange import parse_request
from seworkbench.secret import Secret
from tests.attestation import recorded
from tests.formats.test_arcb import ENCRYPTED, PUBLISHED, SLOT, TAG, X, Y

# spec/attestation.md 15.2
CUSTOMER = ec.derive_private_key(int("0001" + "88" * 64, 16), ec.SECP521R1())
HOST_X = (
    "0176881cd84b8b6de7123c7e900edf78e7f7b684999146b1263ba8b86c8447f08a"
    "b6d469c2b128ed9e1c35015805acd3d30233d39122f7e2f8aa1c2b147b7883b406"
)
HOST_Y = (
    "00c34556c25cf92f29ce66bd44114d6b7b3c78e13a3f90bdb90040f6876e5262f7"
    "78a61a937d1b34802eb257e34e0672dd5f2a347addaa282035092a70c35c2e7973"
)
HOST = ec.EllipticCurvePublicNumbers(int(HOST_X, 16), int(HOST_Y, 16), ec.SECP521R1()).public_key()
PROTECTION_KEY = Secret(b"\x17" * 32)
CONTENT = RequestSecretsWithNonceV1(measurement_key=Secret(b"\x77" * 64), nonce=b"\xab" * 16)


def test_the_customer_key_and_the_slot_are_the_published_ones() -> None:
    assert coordinates(CUSTOMER.public_key()).hex() == X.rjust(160, "0") + Y.rjust(160, "0")
    assert request_slot(PROTECTION_KEY, CUSTOMER, HOST).build().hex() == SLOT


def test_the_published_request_opens_and_is_sealed_again_byte_for_byte() -> None:
    arcb = parse_arcb(PUBLISHED)
    assert open_request(arcb, PROTECTION_KEY) == CONTENT
    blank = dataclasses.replace(arcb, encrypted=bytes(80), tag=bytes(16))
    sealed = seal_request(blank, CONTENT, PROTECTION_KEY)
    assert (sealed.encrypted, sealed.tag) == (ENCRYPTED, TAG)
    assert sealed.build() == PUBLISHED


@pytest.mark.parametrize("offset", [0x10, 0x1C, 0x30, 0x3C, 0x3F, 0x40, 0xDF, 0xE0, 0x12F, 0x130, 0x17F, 0x180, 399])
def test_a_bit_changed_anywhere_keeps_it_closed(offset: int) -> None:
    # The numbers that the reader itself judges are left alone; of the flags a bit without a meaning is taken.
    changed = bytearray(PUBLISHED)
    changed[offset] ^= 0x80 if offset != 0x10 else 1
    with pytest.raises(WrongProtectionKeyError, match="does not open this request"):
        open_request(parse_arcb(bytes(changed)), PROTECTION_KEY)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(WrongProtectionKeyError):
        open_request(parse_arcb(PUBLISHED), Secret(bytes(32)))


@pytest.mark.parametrize("name", recorded.FLAG_SETS)
def test_requests_of_the_reference_open_with_their_key_and_as_the_machine(name: str) -> None:
    arcb = parse_arcb(parse_request(recorded.content(f"{name}.req")).arcb)
    key = protection_key_of_machine(arcb, recorded.host(1))
    assert key == recorded.key(name)
    assert open_request(arcb, key) == open_request(arcb, recorded.key(name))


def test_a_machine_without_a_slot_is_told_which_document_is_missing() -> None:
    arcb = parse_arcb(PUBLISHED)
    with pytest.raises(FormatError, match="not made for this machine") as caught:
        protection_key_of_machine(arcb, recorded.host(1))
    assert "ee5b2382" in caught.value.remedy


def test_a_slot_with_a_wrong_tag_does_not_open() -> None:
    slot = dataclasses.replace(request_slot(PROTECTION_KEY, CUSTOMER, recorded.host(1).public_key()), kst=bytes(16))
    arcb = dataclasses.replace(parse_arcb(PUBLISHED), keyslots=(slot,))
    with pytest.raises(FormatError, match="does not open with this host key"):
        protection_key_of_machine(arcb, recorded.host(1))
