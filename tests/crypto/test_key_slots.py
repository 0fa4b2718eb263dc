"""Key agreement, key derivation and wrapping of the header key."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.crypto.key_slots import key_encrypting_key, unwrap, wrap
from seworkbench.crypto.points import coordinates, public_key
from seworkbench.errors import FormatError
from seworkbench.formats.se_header import KeySlotV1
from seworkbench.secret import Secret

LARGEST_SCALAR = 2**520  # a little less than the order of the curve


def private_key(scalar: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, ec.SECP521R1())


def golden(label: bytes) -> ec.EllipticCurvePrivateKey:
    """A private key of resources/help/test-vectors.md#golden-images."""
    return private_key(int.from_bytes(hashlib.sha512(label).digest(), "big"))


# resources/help/test-vectors.md#key-slot-vector
CUSTOMER = private_key(int.from_bytes(b"\0\1" + b"\x88" * 64, "big"))
HOST = public_key(
    bytes.fromhex(
        "0000000000000000000000000000"
        "0176881cd84b8b6de7123c7e900edf78e7f7b684999146b1263ba8b86c8447f08ab6"
        "d469c2b128ed9e1c35015805acd3d30233d39122f7e2f8aa1c2b147b7883b406"
        "0000000000000000000000000000"
        "00c34556c25cf92f29ce66bd44114d6b7b3c78e13a3f90bdb90040f6876e5262f778"
        "a61a937d1b34802eb257e34e0672dd5f2a347addaa282035092a70c35c2e7973"
    )
)
Z = bytes.fromhex(
    "00ca8bc8312f13d00bb4d06f26cb7cc2377ce597193a6425f8e0913a9f8c15bf30e1"
    "5198684efbbf9e0ec64bf7e1e8c9688ec5a1bccc10b50823a74d89f294ce98e3"
)
KEK = "753277558f3b6003419ef249ae3c4b55aad77d09d97fdd1fc88fd8f0cf22f149"
SLOT = bytes.fromhex(
    "415c25a5d19c381e619733e1c1b7fbd88bdd1c31d882d5ade04b97043c5010f0"
    "c07743c154ac20653815af37b196ad1ef8e847690c5c1ef985291df18e6870d8"
    "a038978d7ccb85b5b32bd40c15c6353f"
)


def test_the_published_key_encrypting_key_comes_out() -> None:
    assert key_encrypting_key(CUSTOMER, HOST).reveal().hex() == KEK


def test_the_published_key_is_the_hash_of_66_bytes_and_a_counter_behind_them() -> None:
    counter = bytes.fromhex("00000001")
    assert CUSTOMER.exchange(ec.ECDH(), HOST) == Z
    assert hashlib.sha256(Z + counter).hexdigest() == KEK
    # The two classical mistakes give the values that the specification lists as wrong.
    stripped = hashlib.sha256(Z.lstrip(b"\0") + counter).hexdigest()
    counter_first = hashlib.sha256(counter + Z).hexdigest()
    assert stripped == "5c9710fc72c10c1adb07f8902ebefe54c126c05253f9ba81f098326fa134cb92"
    assert counter_first == "2282b9633b49f7de3d4db07ed2faa702c39b98c9ba885f56cd2e45d716935b0f"
    assert key_encrypting_key(CUSTOMER, HOST).reveal().hex() not in (stripped, counter_first)


def test_the_published_slot_comes_out() -> None:
    assert wrap(Secret(b"\x17" * 32), CUSTOMER, HOST).build() == SLOT


def test_the_slot_of_the_published_sealed_header_comes_out() -> None:
    # resources/help/test-vectors.md#header-seal-vector
    slot = wrap(Secret(b"2" * 32), CUSTOMER, HOST)
    assert slot.wrpk.hex() == "e55266e4718905401d308a1294b3883bddcd624c29793bdca00c38d4ab4d55fd"
    assert slot.kst.hex() == "26c4eb7031b75eabdd7860419566373b"


def test_the_golden_slots_come_out() -> None:
    # resources/help/test-vectors.md#golden-images
    customer = golden(b"seworkbench golden customer key")
    host, host2 = golden(b"seworkbench golden host key"), golden(b"seworkbench golden host key 2")
    kek = key_encrypting_key(customer, host.public_key())
    assert kek.reveal().hex() == "9afddb076bd2d6d88a058745dcd3016bc6858b05e0426ceba631ad5073c9b250"
    second = wrap(Secret(b"2" * 32), customer, host2.public_key())
    assert second.build().hex() == (
        "1f443ea733555e4592a52263d191a7dd98ee81a31f138ac300b5cf98d18c1e11"
        "4c335c93f9cb1421c3e77075776f92731fd37c2d0510d883ccae79bc7035b3cb"
        "bcf4ca98610aaab220c20bea8cca527a"
    )
    assert unwrap(second, host2, customer.public_key()) == Secret(b"2" * 32)


@settings(max_examples=25)
@given(
    customer=st.integers(1, LARGEST_SCALAR),
    host=st.integers(1, LARGEST_SCALAR),
    header_key=st.binary(min_size=32, max_size=32),
)
def test_the_machine_gets_the_key_that_was_wrapped_for_it(customer: int, host: int, header_key: bytes) -> None:
    ours, theirs = private_key(customer), private_key(host)
    slot = wrap(Secret(header_key), ours, theirs.public_key())
    assert unwrap(slot, theirs, ours.public_key()).reveal() == header_key
    assert slot.phkh == hashlib.sha256(coordinates(theirs.public_key())).digest()
    # By the specification, without the code under test.
    kek = hashlib.sha256(ours.exchange(ec.ECDH(), theirs.public_key()) + b"\0\0\0\1").digest()
    assert slot.wrpk + slot.kst == AESGCM(kek).encrypt(bytes(12), header_key, None)


def test_another_machine_or_another_customer_key_does_not_open_the_slot() -> None:
    host, stranger = private_key(12345), private_key(54321)
    slot = wrap(Secret(b"k" * 32), CUSTOMER, host.public_key())
    for private, customer in ((stranger, CUSTOMER.public_key()), (host, stranger.public_key())):
        with pytest.raises(FormatError, match="does not open with this host key") as caught:
            unwrap(slot, private, customer)
        assert caught.value.remedy


def test_every_flipped_bit_of_the_wrapped_key_and_its_tag_is_refused() -> None:
    host = private_key(12345)
    good = wrap(Secret(b"k" * 32), CUSTOMER, host.public_key()).build()
    for bit in range(8 * 32, 8 * len(good)):
        content = bytearray(good)
        content[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError, match="does not open with this host key"):
            unwrap(KeySlotV1.parse(bytes(content)), host, CUSTOMER.public_key())


def test_no_slot_is_made_for_a_machine_key_on_another_curve() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(FormatError, match="on the curve secp256r1; Secure Execution uses P-521"):
        wrap(Secret(b"k" * 32), CUSTOMER, other.public_key())


@pytest.mark.parametrize("side", ["host", "customer"])
def test_a_slot_does_not_open_with_a_key_on_another_curve(side: str) -> None:
    host, other = private_key(12345), ec.generate_private_key(ec.SECP256R1())
    slot = wrap(Secret(b"k" * 32), CUSTOMER, host.public_key())
    private, public = (other, CUSTOMER.public_key()) if side == "host" else (host, other.public_key())
    with pytest.raises(FormatError):
        unwrap(slot, private, public)
