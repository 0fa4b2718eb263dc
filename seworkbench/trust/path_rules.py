"""What the reference demands of a path and the OpenSSL at hand does not look at.

Rules: resources/help/host-keys.md#path-validation. The binding lets nobody set the security level. OpenSSL 4, which
comes with the library, dropped rules that OpenSSL 3 has, with which the reference is built: that an authority says
critically that it is one, that the issuer is named by a key identifier, that a root is not on its own list, and that
the last second of a validity counts as over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from seworkbench.trust.crls import chain_coverage, usable_in_chain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seworkbench.trust.objects import TrustCertificate, TrustCrl

# Security level 2 of OpenSSL, in bits.
STRENGTH_LIMIT = 112
# Digests whose signatures OpenSSL rates below that.
_WEAK_DIGESTS = frozenset({"MD2", "MD4", "MD5", "MDC2", "RIPEMD160", "SHA-1"})

# An error code of OpenSSL, the number of the certificate it is about, and its words.
Answer = tuple[int, int, str]

OK = 0
CRL_MISSING = 3
CRL_BAD_SIGNATURE = 8
EXPIRED = 10
CRL_EXPIRED = 12
REVOKED = 23
LEAF_KEY_WEAK: Answer = (66, 0, "EE certificate key too weak")
ISSUER_KEY_WEAK = 67
DIGEST_WEAK = 68
IDENTIFIER_MISSING = 85
CONSTRAINTS_UNCRITICAL = 89

# What OpenSSL finds only after it has looked at revocation: signatures, validity, name constraints, policies.
_AFTER_REVOCATION = frozenset({6, 7, 9, 10, 13, 14, 32, 42, 43, 47, 48, 49, 51, 52, 53})
# And after key and digest strength: revocation too.
_AFTER_STRENGTH = _AFTER_REVOCATION | {3, 4, 5, 8, 11, 12, 15, 16, 23, 33, 35, 36, 41, 44, 45, 46, 54}


def stricter(answer: Answer, chain: Sequence[TrustCertificate], crls: Sequence[TrustCrl], at: datetime) -> Answer:
    """The answer of OpenSSL with the rules of the reference that it did not look at.

    Args:
        answer: of OpenSSL.
        chain: the signing certificate and its issuers, as far as found.
        crls: all revocation lists.
        at: the instant, of whole seconds.
    """
    code = answer[0]
    if (code == OK or code in _AFTER_STRENGTH) and (found := _loose(chain) or _weak(chain)):
        return found
    if (code == OK or code in _AFTER_REVOCATION) and (found := _revoked_root(chain, crls, at)):
        return found
    return (_last_second(chain, crls, at) or answer) if code == OK else answer


def _loose(chain: Sequence[TrustCertificate]) -> Answer | None:
    """The first certificate that breaks one of the strict rules that were dropped."""
    for depth, certificate in enumerate(chain):
        if certificate.is_ca and not _is_critical(certificate, x509.BasicConstraints):
            return CONSTRAINTS_UNCRITICAL, depth, "Basic Constraints of CA cert not marked critical"
        identifier = certificate.authority_key_id
        versioned = certificate.certificate.version is x509.Version.v3
        if versioned and depth < len(chain) - 1 and (identifier is None or identifier.key_id is None):
            return IDENTIFIER_MISSING, depth, "Missing Authority Key Identifier"
    return None


def _is_critical(certificate: TrustCertificate, kind: type[x509.ExtensionType]) -> bool:
    return certificate.extensions.get_extension_for_class(kind).critical


def _revoked_root(chain: Sequence[TrustCertificate], crls: Sequence[TrustCrl], at: datetime) -> Answer | None:
    root = chain[-1]
    if not root.self_issued:
        return None
    used = chain_coverage(root, root, crls, at).used
    listed = any(crl.entry(root.serial) is not None for crl in used)
    return (REVOKED, len(chain) - 1, "certificate revoked") if listed else None


def _weak(chain: Sequence[TrustCertificate]) -> Answer | None:
    """The first certificate below security level 2; the signature of the trust anchor does not matter."""
    for depth, certificate in enumerate(chain):
        if certificate.security_bits < STRENGTH_LIMIT:
            return ISSUER_KEY_WEAK, depth, "CA certificate key too weak"
        if depth < len(chain) - 1 and is_weak_digest(certificate):
            return DIGEST_WEAK, depth, "CA signature digest algorithm too weak"
    return None


def is_weak_digest(certificate: TrustCertificate) -> bool:
    """Whether it is signed with a digest of less than 112 bits of security."""
    return certificate.signature_text.upper() in _WEAK_DIGESTS


def _last_second(chain: Sequence[TrustCertificate], crls: Sequence[TrustCrl], at: datetime) -> Answer | None:
    """From OpenSSL 4.0 on, what ends at this very second counts as valid; with the reference it has ended."""
    ends = {certificate.not_after for certificate in chain} | {crl.next_update for crl in crls}
    if at not in ends:
        return None
    for depth, certificate in enumerate(chain):
        issuer = chain[min(depth + 1, len(chain) - 1)]
        if not any(usable_in_chain(crl, certificate, issuer, at) for crl in crls):
            return CRL_EXPIRED, depth, "CRL has expired"
    for depth in reversed(range(len(chain))):
        if at >= chain[depth].not_after:
            return EXPIRED, depth, "certificate has expired"
    return None
