"""Why a verification says no: the failure kinds of the reference (resources/help/host-keys.md#failures)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CauseKind(Enum):
    """Failure kinds; the value is the name that s390-tools gives the kind."""

    NO_IBM_SIGN_KEY = "NoIbmSignKey"
    MANY_IBM_SIGN_KEYS = "ManyIbmSignKeys"
    IBM_SIGN_INVALID = "IbmSignInvalid"
    SECURITY_BITS = "SecurityBits"
    BEFORE_VALIDITY = "BeforeValidity"
    AFTER_VALIDITY = "AfterValidity"
    AKID = "Akid"
    SIGNATURE = "Signature"
    NO_CRL = "NoCrl"
    HKD_REVOKED = "HkdRevoked"
    X509_LOAD = "X509Load"
    HKD_NOT_PEM_OR_DER = "HkdNotPemOrDer"
    NO_HKD_IN_FILE = "NoHkdInFile"
    INTERNAL = "Internal"


@dataclass(frozen=True, slots=True)
class Cause:
    """The first failure, the one with which the reference would end.

    Args:
        kind: its kind.
        text: the message of the reference, without "Error: ".
        code: OpenSSL's verification error code, for IBM_SIGN_INVALID.
        depth: the certificate it is about, for IBM_SIGN_INVALID: 0 the signing certificate, then its issuers.
    """

    kind: CauseKind
    text: str
    code: int | None = None
    depth: int | None = None


_PREFIX = "Host-key verification failed: "
_TEXTS = {
    CauseKind.NO_IBM_SIGN_KEY: "Specify one IBM Z signing key",
    CauseKind.MANY_IBM_SIGN_KEYS: "Specify only one IBM Z signing key",
    CauseKind.BEFORE_VALIDITY: "Before validity period",
    CauseKind.AFTER_VALIDITY: "After validity period",
    CauseKind.AKID: "Authority Key Id mismatch",
    CauseKind.SIGNATURE: "Signature verification failed",
    CauseKind.NO_CRL: "No valid CRL found",
    CauseKind.HKD_REVOKED: "Host-key document is revoked.",
}


def cause(kind: CauseKind) -> Cause:
    """A failure whose text is always the same."""
    return Cause(kind, _PREFIX + _TEXTS[kind])


def path_cause(code: int, depth: int) -> Cause:
    """The path to the root could not be validated."""
    text = f"{_PREFIX}The IBM Z signing key could not be verified. Error occurred at level {depth}"
    return Cause(CauseKind.IBM_SIGN_INVALID, text, code, depth)


def strength_cause(have: int, want: int) -> Cause:
    """The host key is too weak."""
    return Cause(CauseKind.SECURITY_BITS, f"{_PREFIX}Not enough bits of security. ({have}, {want} expected)")


def load_cause(kind: str, name: str) -> Cause:
    """A file holds nothing of the kind ("certificate" or "CRL") that is needed from it."""
    return Cause(CauseKind.X509_LOAD, f"Cannot load {kind}  from {name}")


def not_a_document_cause(name: str) -> Cause:
    """A host key document cannot be decoded."""
    text = f"The provided Host Key Document in '{name}' is not in PEM or DER format"
    return Cause(CauseKind.HKD_NOT_PEM_OR_DER, text)


def empty_document_cause(name: str) -> Cause:
    """A host key document holds no certificate."""
    return Cause(CauseKind.NO_HKD_IN_FILE, f"The provided host key document in {name} contains no certificate!")


def internal_cause(what: str) -> Cause:
    """Something that the reference reports as it came from its library."""
    return Cause(CauseKind.INTERNAL, f"Internal (unexpected) error: {what}")
