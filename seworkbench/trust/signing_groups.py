"""Signing certificates in a heap: what each can vouch for, and which one fits a host key.

Rules: resources/help/host-keys.md#judging-a-collection. In a heap there may be signing certificates of all generations,
renewed ones with the same key, and look-alikes; each is proven by itself, as in a run of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, group
from seworkbench.trust.host_key_checks import Candidates, host_key_cause
from seworkbench.trust.objects import Generation, TrustCertificate
from seworkbench.trust.signatures import is_signed_by
from seworkbench.trust.stage_a import (
    ANCHORS,
    LISTS,
    SIGNING_KEY,
    ChainFindings,
    chain_findings,
    signing_key_check,
    skipped_chain,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seworkbench.trust.anchors import SystemStore
    from seworkbench.trust.path import PathValidator

STAGE_A_RULE = "host-keys.md#algorithm"
_STAGE_A = "Stage A: the signing certificate, up to the root"


@dataclass(frozen=True)
class SigningGroup:
    """One signing certificate and what it is proven with.

    Args:
        signing: it.
        validator: of its path.
        lists: the revocation lists found by name for its host keys, see `crls.host_key_candidates`.
        findings: about its path at the instant of the judgement.
        stage_a: the checks of stage A.
    """

    signing: TrustCertificate
    validator: PathValidator
    lists: Candidates
    findings: ChainFindings
    stage_a: Check

    def accepts(self, certificate: TrustCertificate, lists: Candidates, at: datetime) -> bool:
        """Whether a host key is accepted under this signing certificate at an instant.

        Args:
            certificate: the host key document.
            lists: the revocation lists at hand for it.
            at: the instant, of whole seconds.
        """
        return not self.validator.at(at).code and host_key_cause(certificate, self.signing, lists, at) is None


@dataclass(frozen=True)
class AtHand:
    """What there is for all signing certificates.

    Args:
        roots: roots that were imported.
        store: the trust store of this machine; None if it does not count.
        crls: number of revocation lists.
    """

    roots: tuple[TrustCertificate, ...]
    store: SystemStore | None
    crls: int


def signing_group(validator: PathValidator, lists: Candidates, at: datetime, at_hand: AtHand) -> SigningGroup:
    """Judge one signing certificate.

    Args:
        validator: of its path.
        lists: the revocation lists found by name for its host keys.
        at: the instant, of whole seconds.
        at_hand: what there is for all of them.
    """
    signing = validator.material.signing
    findings = chain_findings(validator, at)
    chosen, _ = signing_key_check((signing,))
    end = findings.outcome.chain[-1] if findings.outcome.rooted else None
    checks = [*_stock(at_hand, end), chosen, *findings.checks]
    stage_a = group("trust.a", _STAGE_A, checks, rule=STAGE_A_RULE)
    return SigningGroup(signing, validator, lists, findings, stage_a)


def _stock(at_hand: AtHand, end: TrustCertificate | None) -> tuple[Check, Check]:
    """What there is: roots, and in which of them the path ends; revocation lists."""
    number = at_hand.crls
    lists = f"{number} revocation list{' is' if number == 1 else 's are'} at hand; A7 and B5 tell which of them count."
    return (
        _roots(at_hand, end),
        LISTS.passed(lists) if number else LISTS.not_checked("There are no revocation lists.", required=False),
    )


def _roots(at_hand: AtHand, end: TrustCertificate | None) -> Check:
    imported, store = at_hand.roots, at_hand.store
    stored = len(store.certificates) if store else 0
    place = (
        f"{stored} certificate{'' if stored == 1 else 's'} in {store.place}"
        if store and stored
        else "none was found"
        if store
        else "not asked"
    )
    rows = (
        ("looked for", "a self-signed certificate that is trusted, in which the path can end"),
        ("among what was imported", ", ".join(item.name for item in imported) or "there is no root"),
        ("in the trust store of this machine", place),
        ("found", f"{end.subject_text}; SHA-256 {end.fingerprint}" if end else "none in which the path ends"),
    )
    if not imported and not stored:
        nowhere = "and this machine has no trust store that could be found" if store else "and no trust store is asked"
        return ANCHORS.warning(f"No root certificate was imported, {nowhere}.", *rows)
    if end is not None:
        origin = "a root that was imported" if end in imported else "a root of this machine's trust store"
        return ANCHORS.passed(f"The path ends in “{end.name}”, {origin}.", *rows)
    parts = [f"{len(imported)} imported"] if imported else []
    parts += [f"{stored} in this machine's trust store"] if stored else []
    return ANCHORS.passed(f"There are roots ({', '.join(parts)}), but the path ends in none of them: see A7.", *rows)


def stage_a_without_signing(certificate: TrustCertificate, at_hand: AtHand) -> Check:
    """Stage A for a host key whose signing certificate is not there."""
    hint = certificate.generation
    reason = f"The signing certificate of this host key is not there: {hint.generation.value}, issuer OU “{hint.unit}”."
    missing = "There is no signing certificate."
    checks = (*_stock(at_hand, None), SIGNING_KEY.not_checked(reason), *skipped_chain(missing))
    return group("trust.a", _STAGE_A, checks, rule=STAGE_A_RULE)


def fitting(certificate: TrustCertificate, groups: Sequence[SigningGroup]) -> tuple[SigningGroup, ...]:
    """The signing certificates whose key made the signature of a host key; else those that claim to be its issuer."""
    signed = tuple(item for item in groups if is_signed_by(certificate, item.signing))
    return signed or tuple(item for item in groups if _claims(certificate, item.signing))


def _claims(certificate: TrustCertificate, signing: TrustCertificate) -> bool:
    own, other = certificate.generation, signing.generation
    known = own.generation is not Generation.UNKNOWN
    return own.unit == other.unit and (not known or own.generation is other.generation)


def best(
    certificate: TrustCertificate, groups: Sequence[SigningGroup], lists: Sequence[Candidates], at: datetime
) -> int:
    """The one of several fitting signing certificates under which a host key fares best.

    Args:
        certificate: the host key document.
        groups: those that fit; at least one.
        lists: the revocation lists at hand for the host key under each of them.
        at: the instant, of whole seconds.

    Returns:
        Its index.
    """
    if len(groups) == 1:
        return 0

    def rank(index: int) -> tuple[bool, bool, datetime]:
        item = groups[index]
        return (
            item.accepts(certificate, lists[index], at),
            not item.findings.outcome.code,
            item.signing.not_after,
        )

    return max(range(len(groups)), key=rank)
