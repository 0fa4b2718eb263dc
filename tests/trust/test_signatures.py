"""Signatures of every kind of key: right, changed, by another key, and by a key of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from seworkbench.trust.der import elements, read_element, whole
from seworkbench.trust.objects import Source
from seworkbench.trust.reading import certificate_of
from seworkbench.trust.signatures import identifier_agrees, identifier_rows, is_signed_by, key_fits

from .pki import (
    BEGIN,
    END,
    SHA256_RSA,
    SHA512_RSA,
    Issuer,
    ListDraft,
    der,
    document,
    estate,
    identifier,
    name,
    read,
    read_list,
    rsa_key,
    wrapped,
)

if TYPE_CHECKING:
    from seworkbench.trust.objects import TrustCertificate

E = estate()
# Fixed numbers: generating keys takes longer than all the tests.
_DSA = dsa.DSAParameterNumbers(
    p=int(
        "d38311e2cd388c3ed698e82fdf88eb92b5a9a483dc88005d4b725ef341eabb47cf8a7a8a41e792a156b7ce97206c4f9c5ce6fc5ae7912102"
        "b6b502e59050b5b21ce263dddb2044b652236f4d42ab4b5d6aa73189cef1ace778d7845a5c1c1c7147123188f8dc551054ee162b634d60f0"
        "97f719076640e20980a0093113a8bd73",
        16,
    ),
    q=int("96c5390a8b612c0e422bb2b0ea194a3ec935a281", 16),
    g=int(
        "06b7861abbd35cc89e79c52f68d20875389b127361ca66822138ce4991d2b862259d6b4548a6495b195aa0e0b6137ca37eb23b94074d3c3d"
        "300042bdf15762812b6333ef7b07ceba78607610fcc9ee68491dbc1e34cd12615474e52b18bc934fb00c61d39e7da8902291c4434a4e2224"
        "c3f4fd9f93cd6f4f17fc076341a7e7d9",
        16,
    ),
)
KEYS: dict[str, tuple[Any, ...]] = {
    "RSA": (rsa_key("ibm"), rsa_key("other")),
    "EC": (ec.derive_private_key(77, ec.SECP256R1()), ec.derive_private_key(78, ec.SECP256R1())),
    "Ed25519": tuple(ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)),
    "Ed448": tuple(ed448.Ed448PrivateKey.from_private_bytes(bytes([number]) * 57) for number in (1, 2)),
    "DSA": tuple(
        dsa.DSAPrivateNumbers(secret, dsa.DSAPublicNumbers(pow(_DSA.g, secret, _DSA.p), _DSA)).private_key()
        for secret in (0x1234567, 0x7654321)
    ),
}
SIGNED = ("RSA", "PSS", "EC", "Ed25519", "Ed448", "DSA")


def kind_of_key(signed: str) -> str:
    return "RSA" if signed == "PSS" else signed


def certificate(own: str, by: str, number: int = 0) -> x509.Certificate:
    """A certificate of a key, signed in a way."""
    key, signer = KEYS[kind_of_key(own)][0], KEYS[kind_of_key(by)][number]
    builder = x509.CertificateBuilder(name(CN="issuer"), name(CN="subject"), key.public_key(), 7, BEGIN, END)
    digest = None if by.startswith("Ed") else SHA256()
    if by == "PSS":
        return builder.sign(signer, digest, rsa_padding=padding.PSS(padding.MGF1(SHA256()), 32))
    return builder.sign(signer, digest)


def issuer_with(kind: str) -> TrustCertificate:
    return read(certificate(kind, "RSA"), f"{kind}.crt")


@pytest.mark.parametrize("kind", SIGNED)
def test_a_signature_is_right_only_under_the_key_that_made_it(kind: str) -> None:
    issuer = issuer_with(kind)
    assert is_signed_by(read(certificate("RSA", kind)), issuer)
    assert not is_signed_by(read(certificate("RSA", kind, number=1)), issuer)


@pytest.mark.parametrize("signed", SIGNED)
@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_another_kind_made_nothing(signed: str, kind: str) -> None:
    same = kind_of_key(signed) == kind
    thing, issuer = read(certificate("RSA", signed)), issuer_with(kind)
    assert is_signed_by(thing, issuer) is same
    # OpenSSL tells RSA and EC apart when it looks for an issuer; of all others it looks at the signature alone.
    assert key_fits(thing, issuer) is (same or not {kind_of_key(signed), kind} & {"RSA", "EC"})


def test_lists_are_verified_as_certificates_are() -> None:
    signer = read(E.sign)
    assert is_signed_by(read_list(E.host_crl), signer)
    assert not is_signed_by(read_list(E.inter_crl), signer)


def test_whoever_is_named_by_one_part_only_is_compared_by_that_part() -> None:
    signer = read(E.sign)
    serial, other = E.sign.serial_number, E.sign.serial_number + 1
    issuer = [x509.DirectoryName(E.inter_issuer.name)]
    for wanted, agrees in (
        (x509.AuthorityKeyIdentifier(None, None, None), True),
        (identifier(rsa_key("ibm")), True),
        (identifier(rsa_key("other")), False),
        (x509.AuthorityKeyIdentifier(None, issuer, serial), True),
        (x509.AuthorityKeyIdentifier(None, issuer, other), False),
        (x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(E.root.subject)], serial), False),
    ):
        host = read(document(1, E.document_issuer).add(wanted).make())
        assert identifier_agrees(host, signer) is agrees
        assert host.authority_key_id is not None
        assert all(row[3] for row in identifier_rows(host.authority_key_id, signer)) is agrees
    assert identifier_agrees(read(E.host), signer)


def test_a_list_made_by_the_same_name_and_another_key_is_not_signed() -> None:
    forged = ListDraft(Issuer(E.document_issuer.name, rsa_key("other"))).make()
    assert not is_signed_by(read_list(forged), read(E.sign))


def test_an_algorithm_that_is_another_inside_and_outside_makes_no_signature() -> None:
    content = read_element(der(E.host)).content
    signed, algorithm, _ = elements(content)
    inner, outer = whole(content, signed), whole(content, algorithm)
    for inside, right in ((inner, True), (inner.replace(SHA512_RSA, SHA256_RSA, 1), False)):
        signature = wrapped(0x03, b"\0" + rsa_key("ibm").sign(inside, padding.PKCS1v15(), SHA512()))
        host = certificate_of(wrapped(0x30, inside + outer + signature), Source("changed.crt"))
        assert is_signed_by(host, read(E.sign)) is right
