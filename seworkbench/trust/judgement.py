"""Judging a heap of imported objects: every host key under the signing certificate that fits it.

Where the reference wants one signing certificate per run, a workbench holds those of all generations. Each host key is
judged by the rules of one run (trust/verify.py) under the signing certificate whose signature it carries. The result
also says what every other object is good for, what is missing, and when a verdict will change.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict, combined, group
from seworkbench.trust.anchors import is_anchor
from seworkbench.trust.causes import Cause, CauseKind, cause, path_cause
from seworkbench.trust.changes import Change, Prospect, next_change
from seworkbench.trust.crls import Coverage, host_key_candidates
from seworkbench.trust.graph import Edge, EdgeKind, edges_of
from seworkbench.trust.host_key_checks import StageB, StageBAlone, host_key_group, stage_b
from seworkbench.trust.missing import Missing, find_missing
from seworkbench.trust.object_judgement import ObjectJudgement, judge_certificate, judge_list
from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl
from seworkbench.trust.path import Material, validator_of
from seworkbench.trust.signing_groups import AtHand, SigningGroup, best, fitting, signing_group, stage_a_without_signing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from seworkbench.trust.anchors import SystemStore
    from seworkbench.trust.host_key_checks import Candidates

__all__ = [
    "Change",
    "Collection",
    "Edge",
    "EdgeKind",
    "HostKeyJudgement",
    "Judgement",
    "Missing",
    "ObjectJudgement",
    "judge",
]

HOST_KEYS = Step(
    "trust.host-keys",
    "Host key documents",
    "host-keys.md#document",
    "Import the host key document (.crt) of a machine.",
)
_RULE = "host-keys.md#judging-a-collection"


@dataclass(frozen=True, slots=True)
class Collection:
    """Imported objects in the order of import; an object that is in it twice counts once.

    Self-signed roots in it are trust anchors: the user gave them. One that is not known as a root of IBM's signing
    certificates is pointed out by a note.

    Args:
        certificates: all certificates.
        crls: all revocation lists.
    """

    certificates: tuple[TrustCertificate, ...] = ()
    crls: tuple[TrustCrl, ...] = ()


@dataclass(frozen=True)
class HostKeyJudgement:
    """The verdict on one host key.

    Args:
        certificate: the host key document.
        signing: the signing certificate it was judged under; None if none fits.
        stage_a: the checks of its signing certificate.
        stage_b: its own checks.
        cause: the failure with which the reference would end; None if it accepts the key.
        coverage: its revocation lists.
        chain: from its signing certificate to the root, as far as found.
        fresh_until: until when an accepting verdict holds.
        same_key: fingerprints of other documents with the same PHKH, oldest first: renewals.
    """

    certificate: TrustCertificate
    signing: TrustCertificate | None
    stage_a: Check
    stage_b: StageB | StageBAlone
    cause: Cause | None
    coverage: Coverage | None = None
    chain: tuple[TrustCertificate, ...] = ()
    fresh_until: datetime | None = None
    same_key: tuple[str, ...] = ()

    @cached_property
    def check(self) -> Check:
        """The whole tree of this key: stage A of its signing certificate and its own stage B."""
        own = host_key_group(f"Stage B: {self.certificate.name}", self.stage_b.checks)
        return group("trust.host-key", self.certificate.name, (self.stage_a, own), rule=_RULE)

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict of its tree, which need not be written down for it."""
        return combined((self.stage_a.verdict, self.stage_b.verdict))


@dataclass(frozen=True)
class Judgement:
    """The judgement of a collection at an instant.

    Args:
        at: the instant it is about.
        offline: whether downloaded lists were ruled out.
        host_keys: the verdict on each host key, in the order of the collection.
        objects: the verdict on every other object, by fingerprint; roots of the system store that serve included.
        edges: the graph.
        missing: what is needed and not there.
        next_change: the next instant at which a host key's verdict changes by itself; None if there is none.
        fresh_until: until when all accepting verdicts hold; None if none was accepted.
    """

    at: datetime
    offline: bool
    host_keys: tuple[HostKeyJudgement, ...]
    objects: Mapping[str, ObjectJudgement]
    edges: tuple[Edge, ...]
    missing: tuple[Missing, ...]
    next_change: Change | None
    fresh_until: datetime | None

    @cached_property
    def by_fingerprint(self) -> Mapping[str, HostKeyJudgement]:
        """The verdict on each host key, by the fingerprint of its document."""
        return {item.certificate.fingerprint: item for item in self.host_keys}

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        """How many host keys have each verdict."""
        found = Counter(item.verdict for item in self.host_keys)
        return {verdict: found[verdict] for verdict in Verdict}

    @cached_property
    def check(self) -> Check:
        """The whole tree."""
        trees = [item.check for item in self.host_keys] or [HOST_KEYS.not_checked("There is none.")]
        return group("trust", "Trust", trees, rule=_RULE)


@dataclass(frozen=True)
class _Stock:
    """The collection, sorted.

    Args:
        host_keys: host key documents.
        issuers: all other certificates.
        anchors: trust anchors, those of the system store included.
        crls: revocation lists, downloaded ones included.
        fetched: lists downloaded for host keys, by fingerprint.
        at_hand: what there is for all signing certificates.
    """

    host_keys: tuple[TrustCertificate, ...]
    issuers: tuple[TrustCertificate, ...]
    anchors: tuple[TrustCertificate, ...]
    crls: tuple[TrustCrl, ...]
    fetched: Mapping[str, tuple[TrustCrl, ...]]
    at_hand: AtHand


def judge(
    collection: Collection,
    at: datetime,
    *,
    anchors: SystemStore | None = None,
    fetched: Mapping[str, tuple[TrustCrl, ...]] | None = None,
    offline: bool = True,
) -> Judgement:
    """Judge everything in a collection.

    Args:
        collection: the imported objects.
        at: the instant to judge at, aware; fractions of a second are cut off.
        anchors: trust anchors of this machine that count beside the roots in the collection; None for none.
        fetched: lists downloaded from the distribution points of a certificate, by its fingerprint.
        offline: whether downloads are ruled out; then `fetched` is not looked at.
    """
    at = at.replace(microsecond=0)
    stock = _sorted(collection, anchors, {} if offline else fetched or {})
    groups = _groups(stock, at)
    prospects = [_prospect(certificate, groups, stock) for certificate in stock.host_keys]
    same_keys = _same_keys(stock.host_keys)
    host_keys = tuple(_judge_host_key(item, stock, same_keys, at) for item in prospects)
    objects, rules = _judge_objects(stock, host_keys, groups, at)
    missing = find_missing(host_keys, groups, stock.issuers, stock.crls)
    ends = [item.fresh_until for item in host_keys if item.fresh_until is not None]
    return Judgement(
        at=at,
        offline=offline,
        host_keys=host_keys,
        objects=objects,
        edges=edges_of(host_keys, groups, objects, rules, missing),
        missing=missing,
        next_change=next_change(prospects, at),
        fresh_until=min(ends, default=None),
    )


def _sorted(collection: Collection, store: SystemStore | None, fetched: Mapping[str, tuple[TrustCrl, ...]]) -> _Stock:
    certificates = tuple(dict.fromkeys(collection.certificates))
    host_keys = tuple(item for item in certificates if item.kind is ObjectKind.HOST_KEY)
    issuers = tuple(item for item in certificates if item.kind is not ObjectKind.HOST_KEY)
    given = tuple(item for item in issuers if is_anchor(item))
    # What was downloaded for an issuer joins the heap; what was downloaded for a host key counts for it alone.
    own = {item.fingerprint for item in host_keys}
    downloaded = tuple(crl for key, crls in fetched.items() if key not in own for crl in crls)
    crls = tuple(dict.fromkeys((*collection.crls, *downloaded)))
    return _Stock(
        host_keys=host_keys,
        issuers=issuers,
        anchors=tuple(dict.fromkeys((*given, *(store.certificates if store else ())))),
        crls=crls,
        fetched={key: lists for key, lists in fetched.items() if key in own},
        at_hand=AtHand(given, store, len(crls)),
    )


def _groups(stock: _Stock, at: datetime) -> tuple[SigningGroup, ...]:
    pool = tuple(item for item in stock.issuers if item.kind is not ObjectKind.SIGNING and item not in stock.anchors)
    found = []
    for signing in stock.issuers:
        if signing.kind is ObjectKind.SIGNING:
            validator = validator_of(Material(signing, pool, stock.anchors, stock.crls))
            lists = host_key_candidates(signing, stock.crls, ())
            found.append(signing_group(validator, lists, at, stock.at_hand))
    return tuple(found)


def _prospect(certificate: TrustCertificate, groups: Sequence[SigningGroup], stock: _Stock) -> Prospect:
    fit = fitting(certificate, groups)
    fetched = stock.fetched.get(certificate.fingerprint)
    lists: tuple[Candidates, ...] = tuple(
        host_key_candidates(item.signing, stock.crls, fetched) if fetched else item.lists for item in fit
    )
    return Prospect(certificate, fit, lists)


def _same_keys(host_keys: Sequence[TrustCertificate]) -> dict[str, tuple[str, ...]]:
    """For each host key with a P-521 key, the documents of that key, oldest first."""
    found: dict[str, list[TrustCertificate]] = {}
    for item in host_keys:
        if item.phkh is not None:
            found.setdefault(item.phkh, []).append(item)
    return {
        phkh: tuple(item.fingerprint for item in sorted(items, key=lambda item: (item.not_before, item.not_after)))
        for phkh, items in found.items()
    }


def _judge_host_key(
    prospect: Prospect, stock: _Stock, same_keys: Mapping[str, tuple[str, ...]], at: datetime
) -> HostKeyJudgement:
    certificate = prospect.certificate
    renewals = tuple(item for item in same_keys.get(certificate.phkh or "", ()) if item != certificate.fingerprint)
    if not prospect.groups:
        stage_a = stage_a_without_signing(certificate, stock.at_hand)
        alone = StageBAlone(certificate, at, "There is no signing certificate.")
        none = cause(CauseKind.NO_IBM_SIGN_KEY)
        return HostKeyJudgement(certificate, None, stage_a, alone, none, same_key=renewals)
    index = best(certificate, prospect.groups, prospect.lists, at)
    chosen = prospect.groups[index]
    outcome = chosen.findings.outcome
    found = stage_b(certificate, chosen.signing, prospect.lists[index], at)
    failure = path_cause(outcome.code, outcome.depth) if outcome.code else found.cause
    ends = [end for end in (found.fresh_until, chosen.findings.fresh_until) if end is not None]
    return HostKeyJudgement(
        certificate=certificate,
        signing=chosen.signing,
        stage_a=chosen.stage_a,
        stage_b=found,
        cause=failure,
        coverage=found.coverage,
        chain=outcome.chain,
        fresh_until=None if failure else min(ends),
        same_key=renewals,
    )


def _judge_objects(
    stock: _Stock, host_keys: Sequence[HostKeyJudgement], groups: Sequence[SigningGroup], at: datetime
) -> tuple[dict[str, ObjectJudgement], dict[str, str]]:
    """Judge everything that is no host key; and the name rule between each list and its issuer."""
    serves, quirks = _services(host_keys, groups)
    used = {item.fingerprint: item for found in groups for item in found.findings.outcome.chain}
    certificates = tuple(dict.fromkeys((*stock.issuers, *used.values())))
    everything = tuple(dict.fromkeys((*certificates, *stock.anchors)))
    objects = {}
    for certificate in certificates:
        served = tuple(serves.get(certificate.fingerprint, ()))
        objects[certificate.fingerprint] = judge_certificate(certificate, everything, stock.crls, served, at)
    rules = {}
    lists = dict.fromkeys((*stock.crls, *(crl for crls in stock.fetched.values() for crl in crls)))
    for crl in lists:
        served = tuple(serves.get(crl.fingerprint, ()))
        objects[crl.fingerprint], rules[crl.fingerprint] = judge_list(
            crl, everything, served, at, quirk=crl.fingerprint in quirks
        )
    return objects, rules


def _services(
    host_keys: Sequence[HostKeyJudgement], groups: Sequence[SigningGroup]
) -> tuple[dict[str, dict[str, None]], set[str]]:
    """Who depends on what, by fingerprint; and the lists that were found by the rule for the locality."""
    serves: dict[str, dict[str, None]] = {}
    quirks = set()

    def serve(provider: str, user: str) -> None:
        serves.setdefault(provider, {})[user] = None

    for found in groups:
        chain = found.findings.outcome.chain
        for lower, upper in pairwise(chain):
            serve(upper.fingerprint, lower.fingerprint)
        for covered in found.findings.coverage:
            for crl in covered.used:
                serve(crl.fingerprint, covered.certificate.fingerprint)
    for item in host_keys:
        user = item.certificate.fingerprint
        if item.signing is not None:
            serve(item.signing.fingerprint, user)
        if item.coverage is not None:
            for crl in item.coverage.used:
                serve(crl.fingerprint, user)
            quirks |= {found.crl.fingerprint for found in item.coverage.candidates if found.quirk and found.usable}
    return serves, quirks
