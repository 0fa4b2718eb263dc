"""Revocation lists: which one covers a certificate, and why every other candidate does not.

Rules: resources/help/host-keys.md#revocation-of-a-host-key and #revocation-in-the-chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seworkbench.trust.objects import TrustCertificate, TrustCrl


@dataclass(frozen=True, slots=True)
class CrlCandidate:
    """A revocation list that was considered for a certificate.

    Args:
        crl: the list.
        reason: why it is not usable, one sentence; empty if it is.
        found_by: how it was found: "issuer name", the rule of a name variant, or "distribution point".
        quirk: whether it was found only by one of the name rules that go beyond equality.
    """

    crl: TrustCrl
    reason: str
    found_by: str
    quirk: bool = False

    @property
    def usable(self) -> bool:
        """Whether it counts."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Coverage:
    """The revocation lists of one certificate.

    Args:
        certificate: the certificate that needs one.
        candidates: every list that was considered, usable or not.
        used: those that count; for a certificate of the chain at most one.
    """

    certificate: TrustCertificate
    candidates: tuple[CrlCandidate, ...]
    used: tuple[TrustCrl, ...]

    @property
    def rejected(self) -> tuple[CrlCandidate, ...]:
        """The candidates that do not count, each with its reason."""
        return tuple(candidate for candidate in self.candidates if not candidate.usable)
