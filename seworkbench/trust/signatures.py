"""Who signed what: signatures and key identifiers, compared one pair at a time and remembered.

Rules: resources/help/host-keys.md#signature and #authority-key-identifier.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from seworkbench.errors import FormatError
from seworkbench.trust import names
from seworkbench.trust.der import CONTEXT_0, SEQUENCE, elements, read_element
from seworkbench.trust.objects import KeyIdentifier, TrustCertificate, TrustObject, serial_text

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

# A judgement of 1,000 host keys asks for a few thousand pairs, again and again while its instant is moved.
_REMEMBERED = 1 << 14
_INTEGER = 0x02


@lru_cache(maxsize=_REMEMBERED)
def is_signed_by(signed: TrustObject, issuer: TrustCertificate) -> bool:
    """Whether the key of `issuer` made the signature of `signed`; names play no role."""
    if not _same_algorithm_twice(signed.der):
        return False
    document = signed.certificate if isinstance(signed, TrustCertificate) else signed.crl
    to_be_signed = (
        signed.certificate.tbs_certificate_bytes
        if isinstance(signed, TrustCertificate)
        else signed.crl.tbs_certlist_bytes
    )
    try:
        _verify(issuer.public_key, document, to_be_signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _verify(
    key: CertificatePublicKeyTypes, document: x509.Certificate | x509.CertificateRevocationList, content: bytes
) -> None:
    digest, parameters = document.signature_hash_algorithm, document.signature_algorithm_parameters
    if isinstance(key, rsa.RSAPublicKey) and isinstance(parameters, (padding.PKCS1v15, padding.PSS)) and digest:
        key.verify(document.signature, content, parameters, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(parameters, ec.ECDSA):
        key.verify(document.signature, content, parameters)
    elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)) and digest is None:
        key.verify(document.signature, content)
    elif isinstance(key, dsa.DSAPublicKey) and digest:
        key.verify(document.signature, content, digest)
    else:
        raise TypeError


def _same_algorithm_twice(der: bytes) -> bool:
    """Whether the algorithm inside the signed part is the one outside, as RFC 5280 demands."""
    try:
        inner, outer, *_ = elements(read_element(der).content)
        # A certificate: [version], serial number, algorithm. A list: [version], algorithm.
        fields = [field for field in elements(inner.content) if field.tag != CONTEXT_0]
        while fields and fields[0].tag == _INTEGER:
            fields.pop(0)
        return bool(fields) and fields[0].tag == SEQUENCE and fields[0].content == outer.content
    except (FormatError, ValueError):
        return False


def key_fits(signed: TrustCertificate, issuer: TrustCertificate) -> bool:
    """Whether the kind of the issuer's key can have made a signature of this kind."""
    try:
        parameters = signed.certificate.signature_algorithm_parameters
    except (UnsupportedAlgorithm, ValueError):
        return False
    key = issuer.public_key
    if isinstance(parameters, ec.ECDSA):
        return isinstance(key, ec.EllipticCurvePublicKey)
    if isinstance(parameters, (padding.PKCS1v15, padding.PSS)):
        return isinstance(key, rsa.RSAPublicKey)
    return not isinstance(key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey))


def identifier_rows(identifier: KeyIdentifier, issuer: TrustCertificate) -> list[tuple[str, str, str, bool]]:
    """What an authority key identifier says, beside what the issuer has.

    Returns:
        For each part that can be compared: its name, the identifier's value, the issuer's value, whether they agree.
    """
    rows = []
    if identifier.key_id is not None and issuer.subject_key_id is not None:
        own = issuer.subject_key_id
        rows.append(("key identifier", identifier.key_id.hex(), own.hex(), identifier.key_id == own))
    if identifier.serial is not None:
        own_serial = issuer.serial
        rows.append(
            ("serial number", serial_text(identifier.serial), issuer.serial_text, identifier.serial == own_serial)
        )
    if identifier.issuer is not None:
        same = names.canonical(identifier.issuer) == issuer.issuer
        rows.append(("issuer of the issuer", names.name_text(identifier.issuer), issuer.issuer_text, same))
    return rows


@lru_cache(maxsize=_REMEMBERED)
def identifier_agrees(signed: TrustObject, issuer: TrustCertificate) -> bool:
    """Whether nothing in the authority key identifier speaks against this issuer; without one nothing does."""
    identifier = signed.authority_key_id
    return identifier is None or all(row[3] for row in identifier_rows(identifier, issuer))
