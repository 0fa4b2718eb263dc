"""Certificates that name addresses of revocation lists, and such lists; small keys, nothing that verifies as IBM's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from seworkbench.trust.objects import Source, TrustCertificate
from seworkbench.trust.reading import certificate_of

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(0x5EED, ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def certificate(name: str, *addresses: str) -> TrustCertificate:
    """A certificate whose revocation list is at one of these addresses."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("issuer"))
        .public_key(_key().public_key())
        .serial_number(sum(name.encode()) + 1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    if addresses:
        points = [
            x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None) for address in addresses
        ]
        builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
    der = builder.sign(_key(), SHA256()).public_bytes(Encoding.DER)
    return certificate_of(der, Source(f"{name}.crt"))


@cache
def _crl(number: int) -> x509.CertificateRevocationList:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_name("issuer"))
        .last_update(NOW - timedelta(days=1))
        .next_update(NOW + timedelta(days=30))
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    return builder.sign(_key(), SHA256())


def crl(number: int = 1, encoding: Encoding = Encoding.DER) -> bytes:
    """A revocation list, told apart by its number."""
    return _crl(number).public_bytes(encoding)
