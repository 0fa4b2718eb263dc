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


def signing_group(validator: PathValidator, lists: Candidates, at: datetime, *, roots: int, crls: int) -> SigningGroup:
    """Judge one signing certificate.

    Args:
        validator: of its path.
        lists: the revocation lists found by name for its host keys.
        at: the instant, of whole seconds.
        roots: number of trust anchors there are.
        crls: number of revocation lists there are.
    """
    signing = validator.material.signing
    findings = chain_findings(validator, at)
    chosen, _ = signing_key_check((signing,))
    checks = [*_stock(roots, crls), chosen, *findings.checks]
    stage_a = group("trust.a", _STAGE_A, checks, rule=STAGE_A_RULE)
    return SigningGroup(signing, validator, lists, findings, stage_a)


def _stock(roots: int, crls: int) -> tuple[Check, Check]:
    return (
        ANCHORS.passed(f"{roots}.") if roots else ANCHORS.warning("There is no root certificate."),
        LISTS.passed(f"{crls}.") if crls else LISTS.not_checked("There are no revocation lists.", required=False),
    )


def stage_a_without_signing(certificate: TrustCertificate, roots: int, crls: int) -> Check:
    """Stage A for a host key whose signing certificate is not there."""
    hint = certificate.generation
    reason = f"The signing certificate of this host key is not there: {hint.generation.value}, issuer OU “{hint.unit}”."
    checks = (*_stock(roots, crls), SIGNING_KEY.not_checked(reason), *skipped_chain("There is no signing certificate."))
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
