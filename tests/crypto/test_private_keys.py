"""Reading a host private key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seworkbench.crypto.private_keys import host_private_key
from seworkbench.errors import FormatError

KEY = ec.derive_private_key(4711, ec.SECP521R1())
PLAIN = NoEncryption()
SEALED = BestAvailableEncryption(b"passphrase")


def saved(encoding: Encoding, form: PrivateFormat, encryption: KeySerializationEncryption = PLAIN) -> bytes:
    return KEY.private_bytes(encoding, form, encryption)


FORMS = [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL]
PEM = saved(Encoding.PEM, PrivateFormat.PKCS8)
DER = saved(Encoding.DER, PrivateFormat.PKCS8)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_read_in_every_usual_form(encoding: Encoding, form: PrivateFormat) -> None:
    assert host_private_key(saved(encoding, form)).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize(
    ("encoding", "form"), [(Encoding.PEM, FORMS[0]), (Encoding.PEM, FORMS[1]), (Encoding.DER, FORMS[0])]
)
def test_a_key_behind_a_passphrase_is_refused_with_that_reason(encoding: Encoding, form: PrivateFormat) -> None:
    with pytest.raises(FormatError, match="protected by a passphrase"):
        host_private_key(saved(encoding, form, SEALED))


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["P-256", "P-384", "Ed25519"],
)
def test_a_key_of_another_kind_is_refused(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, encoding: Encoding
) -> None:
    with pytest.raises(FormatError, match="not on the curve P-521"):
        host_private_key(key.private_bytes(encoding, PrivateFormat.PKCS8, PLAIN))


def test_a_key_on_a_curve_that_the_library_does_not_know_is_refused() -> None:
    usual = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, PLAIN)
    p256, p192v2 = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d030102")
    assert p256 in usual
    with pytest.raises(FormatError, match="not a private key"):
        host_private_key(usual.replace(p256, p192v2))


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_public_key_is_no_private_key(encoding: Encoding) -> None:
    with pytest.raises(FormatError, match="not a private key"):
        host_private_key(KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo))


@settings(max_examples=200)
@given(
    start=st.sampled_from([b"", PEM, DER, b"-----BEGIN PRIVATE KEY-----\n"]),
    cut=st.integers(0, 400),
    patch=st.binary(max_size=30),
    rest=st.binary(max_size=60),
)
@example(start=b"", cut=0, patch=b"", rest=b"")
def test_any_bytes_are_a_key_or_a_format_error(start: bytes, cut: int, patch: bytes, rest: bytes) -> None:
    raw = start[:cut] + patch + start[cut + len(patch) :] + rest
    try:
        key = host_private_key(raw)
    except FormatError:
        return
    assert isinstance(key.curve, ec.SECP521R1)
