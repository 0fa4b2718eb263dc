"""Revocation lists: which one covers a certificate, and why every other candidate does not.

Rules: resources/help/host-keys.md#revocation-of-a-host-key and #revocation-in-the-chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.trust.names import LOCALITY_RULE, lookup_variants
from seworkbench.trust.signatures import identifier_agrees, is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.trust.names import Canonical
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


def time_fault(crl: TrustCrl, at: datetime) -> str:
    """Why a list is not valid at an instant; empty if it is."""
    if at < crl.this_update:
        return f"It is not valid before {moment(crl.this_update)}."
    if crl.next_update is not None and at >= crl.next_update:
        return f"It has expired: the next list was due {moment(crl.next_update)}."
    return ""


def moment(instant: datetime) -> str:
    """An instant to the second."""
    return f"{instant.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"


def _signer_fault(crl: TrustCrl, issuer: TrustCertificate) -> str:
    """Why a list was not made by the key of a certificate; empty if it was."""
    if not identifier_agrees(crl, issuer):
        return "Its authority key identifier names another key."
    if not is_signed_by(crl, issuer):
        return "Its signature was not made by this issuer's key."
    return ""


# --- In the chain -----------------------------------------------------------------------------------------------------


def usable_in_chain(crl: TrustCrl, certificate: TrustCertificate, issuer: TrustCertificate, at: datetime) -> bool:
    """Whether a list covers a certificate of the chain."""
    return crl.issuer == certificate.issuer and not (time_fault(crl, at) or _signer_fault(crl, issuer))


def chain_coverage(
    certificate: TrustCertificate, issuer: TrustCertificate, crls: Iterable[TrustCrl], at: datetime
) -> Coverage:
    """The lists for a certificate of the chain: looked up by its issuer's name, the latest one counts."""
    candidates = []
    for crl in crls:
        if crl.issuer != certificate.issuer:
            continue
        reason = time_fault(crl, at) or _signer_fault(crl, issuer)
        candidates.append(CrlCandidate(crl, reason, "issuer name"))
    usable = [candidate.crl for candidate in candidates if candidate.usable]
    # OpenSSL takes the one with the latest start, and of equals the first.
    used = (max(usable, key=lambda crl: crl.this_update),) if usable else ()
    return Coverage(certificate, tuple(candidates), used)


# --- For a host key ---------------------------------------------------------------------------------------------------


def host_key_candidates(
    signing: TrustCertificate, local: Iterable[TrustCrl], fetched: Iterable[TrustCrl]
) -> tuple[tuple[TrustCrl, str, bool], ...]:
    """The lists looked at for the host keys of a signing certificate.

    Args:
        signing: the signing certificate.
        local: lists at hand.
        fetched: lists from the host key's own distribution points: they count whatever their issuer is called.

    Returns:
        List, how it was found, and whether only a rule beyond equal names found it.
    """
    by_name: dict[Canonical, list[TrustCrl]] = {}
    for crl in dict.fromkeys(local):
        by_name.setdefault(crl.issuer, []).append(crl)
    found: list[tuple[TrustCrl, str, bool]] = []
    for variant in lookup_variants(signing.certificate.subject):
        if variant.name in by_name:
            rule = variant.rule or "issuer name"
            # The order of attributes differs in all real lists; only the locality is worth a remark.
            quirk = LOCALITY_RULE in variant.rule
            found = [(crl, rule, quirk) for crl in by_name[variant.name]]
            break
    at_hand = {crl for crl, _, _ in found}
    found += [(crl, "distribution point", False) for crl in dict.fromkeys(fetched) if crl not in at_hand]
    return tuple(found)


def host_key_crl_fault(crl: TrustCrl, signing: TrustCertificate, at: datetime) -> str:
    """Why a list does not count for host keys; empty if it does. Its issuer's name plays no role here."""
    if crl.next_update is None:
        return "It does not say when the next list is due, so nobody can tell whether it is the latest."
    return time_fault(crl, at) or _signer_fault(crl, signing)
