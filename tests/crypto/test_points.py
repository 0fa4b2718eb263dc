"""Coordinates of P-521 points and the host key hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.crypto.points import coordinates, key_hash, public_key
from seworkbench.errors import FormatError

FIELD_PRIME = 2**521 - 1
LARGEST_SCALAR = 2**520  # a little less than the order of the curve
REAL_CERTIFICATE = Path(__file__).resolve().parents[3] / "shared/real-artifacts/hkd-z16-gen2.crt"

# resources/help/test-vectors.md#key-slot-vector
CUSTOMER_SCALAR = int.from_bytes(b"\0\1" + b"\x88" * 64, "big")
CUSTOMER = bytes.fromhex(
    "0000000000000000000000000000"
    "00c75d34f91652db457b0b209c46a491a44ee2b16e23c2d8daf116678a62f24ce332"
    "c5995f08456b66b16dd55a92c507f1e31af78c64a82e7a541b15135015f20286"
    "0000000000000000000000000000"
    "01408058a7f1a5c35097533a02a93879e7de67ba280bce8365ec94b2b908f589c3a9"
    "98d8be1e6307d74ae01adc46825ff6bb6fa05c1147cfe2ccf4a24f3d833dda70"
)
HOST = bytes.fromhex(
    "0000000000000000000000000000"
    "0176881cd84b8b6de7123c7e900edf78e7f7b684999146b1263ba8b86c8447f08ab6"
    "d469c2b128ed9e1c35015805acd3d30233d39122f7e2f8aa1c2b147b7883b406"
    "0000000000000000000000000000"
    "00c34556c25cf92f29ce66bd44114d6b7b3c78e13a3f90bdb90040f6876e5262f778"
    "a61a937d1b34802eb257e34e0672dd5f2a347addaa282035092a70c35c2e7973"
)

scalars = st.integers(1, LARGEST_SCALAR)


def private_key(scalar: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, ec.SECP521R1())


def test_the_published_customer_key_has_the_published_coordinates() -> None:
    key = private_key(CUSTOMER_SCALAR).public_key()
    assert coordinates(key) == CUSTOMER
    assert key_hash(key).hex() == "5ee905a9be70366815a45641afae00973b1f45292f43bcd7638ee2a73fd7c45e"


def test_the_published_host_key_has_the_published_hash() -> None:
    key = public_key(HOST)
    assert coordinates(key) == HOST
    assert key_hash(key).hex() == "415c25a5d19c381e619733e1c1b7fbd88bdd1c31d882d5ade04b97043c5010f0"


def test_the_golden_host_key_has_the_published_hash() -> None:
    # resources/help/test-vectors.md#golden-images
    key = private_key(int.from_bytes(hashlib.sha512(b"seworkbench golden host key").digest(), "big"))
    assert key_hash(key.public_key()).hex() == "367b3ea151fbc30ce54f6de2a7428872054887cc9dfacb402c6dec2ba2506bb3"


def test_a_real_host_key_document_hashes_to_its_slot_of_the_real_header() -> None:
    if not REAL_CERTIFICATE.is_file():
        pytest.skip(f"{REAL_CERTIFICATE} is not here")
    key = x509.load_pem_x509_certificate(REAL_CERTIFICATE.read_bytes()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key_hash(key).hex() == "d1f728efd99e1da650e758512621a65f9dd8d77d8d34b1dbbb56904eb373b83c"


@settings(max_examples=30)
@given(scalar=scalars)
def test_coordinates_are_two_80_byte_numbers_and_lead_back_to_the_key(scalar: int) -> None:
    key = private_key(scalar).public_key()
    content = coordinates(key)
    numbers = key.public_numbers()
    assert len(content) == 160
    assert (int.from_bytes(content[:80], "big"), int.from_bytes(content[80:], "big")) == (numbers.x, numbers.y)
    assert public_key(content) == key
    assert key_hash(key) == hashlib.sha256(content).digest()


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.BrainpoolP512R1()], ids=lambda curve: curve.name)
def test_a_key_on_any_other_curve_is_refused(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve).public_key()
    for use in (coordinates, key_hash):
        with pytest.raises(FormatError, match=f"on the curve {curve.name}; Secure Execution uses P-521"):
            use(key)


def test_every_flipped_bit_of_a_point_leaves_the_curve_and_is_refused() -> None:
    for bit in range(8 * len(HOST)):
        content = bytearray(HOST)
        content[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError, match="not a point on P-521"):
            public_key(bytes(content))


@pytest.mark.parametrize(
    "content",
    [bytes(160), b"\xff" * 160, FIELD_PRIME.to_bytes(80, "big") * 2, HOST[:80] + bytes(80), HOST[80:] + HOST[:80]],
    ids=["zeros", "ones", "the prime twice", "no Y", "X and Y exchanged"],
)
def test_numbers_that_are_no_point_are_refused(content: bytes) -> None:
    with pytest.raises(FormatError, match="not a point on P-521") as caught:
        public_key(content)
    assert caught.value.remedy


@given(content=st.binary(min_size=160, max_size=160))
def test_any_160_bytes_are_a_point_or_a_format_error(content: bytes) -> None:
    # No random 160 bytes are a point: both coordinates would have to begin with 14 zero bytes.
    with pytest.raises(FormatError):
        public_key(content)


@pytest.mark.parametrize("start", [0, 80], ids=["X", "Y"])
def test_a_coordinate_not_smaller_than_the_field_prime_is_refused(start: int) -> None:
    number = int.from_bytes(HOST[start : start + 80], "big") + FIELD_PRIME
    with pytest.raises(FormatError, match="not a point on P-521"):
        public_key(HOST[:start] + number.to_bytes(80, "big") + HOST[start + 80 :])


def y_of(x: int) -> bytes:
    """One of the two Y of a point of P-521 with that X, 80 bytes; b is that of SP 800-186."""
    b = int(
        "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1"
        "56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        16,
    )
    return pow(x**3 - 3 * x + b, (FIELD_PRIME + 1) // 4, FIELD_PRIME).to_bytes(80, "big")


@pytest.mark.parametrize("x", [0, 1, FIELD_PRIME - 1], ids=["0", "1", "p - 1"])
def test_the_smallest_and_largest_coordinates_are_taken(x: int) -> None:
    assert public_key(x.to_bytes(80, "big") + y_of(x)).public_numbers().x == x


@pytest.mark.parametrize("x", [0, 1], ids=["0", "1"])
def test_a_number_behind_the_prime_is_no_coordinate_though_it_stands_for_one(x: int) -> None:
    """The library would take it for the remainder: one key, two encodings, two hashes."""
    with pytest.raises(FormatError, match="not a point on P-521"):
        public_key((FIELD_PRIME + x).to_bytes(80, "big") + y_of(x))
