"""Judging a heap of imported objects: every host key under the signing certificate that fits it.

Where the reference wants one signing certificate per run, a workbench holds those of all generations. Each host key is
judged by the rules of one run (trust/verify.py) under the signing certificate whose signature it carries. The result
also says what every other object is good for, what is missing, and when a verdict will change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from seworkbench.checks import Check, Verdict
    from seworkbench.trust.causes import Cause
    from seworkbench.trust.crls import Coverage
    from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl, TrustObject
    from seworkbench.trust.verify import SystemStore


@dataclass(frozen=True, slots=True)
class Collection:
    """Imported objects in the order of import; an object that is in it twice counts once.

    Self-signed roots in it are trust anchors: the user gave them. One that is not known as a root of IBM's signing
    certificates is pointed out by a warning.

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
        check: the whole tree of this key: stage A of its signing certificate and its own stage B.
        cause: the failure with which the reference would end; None if it accepts the key.
        coverage: its revocation lists.
        chain: from its signing certificate to the root, as far as found.
        fresh_until: until when an accepting verdict holds.
        same_key: fingerprints of other documents with the same PHKH, oldest first: renewals.
    """

    certificate: TrustCertificate
    signing: TrustCertificate | None
    check: Check
    cause: Cause | None
    coverage: Coverage | None = None
    chain: tuple[TrustCertificate, ...] = ()
    fresh_until: datetime | None = None
    same_key: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The derived verdict of its tree."""
        return self.check.verdict


@dataclass(frozen=True)
class ObjectJudgement:
    """What an issuer's certificate or a revocation list is good for.

    Args:
        object: it.
        check: its own checks; their group gives its verdict.
        role: one phrase: "root of 2 signing certificates", "covers 4 host keys", "used by nobody".
        serves: fingerprints of the objects that depend on it.
        look_alike_of: fingerprints of certificates with the same subject and another key.
    """

    object: TrustObject
    check: Check
    role: str
    serves: tuple[str, ...] = ()
    look_alike_of: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The derived verdict of its checks."""
        return self.check.verdict


class EdgeKind(Enum):
    """What an edge of the graph says."""

    ISSUED = "issued"  # a certificate issued another
    LISTS = "issued list"  # a certificate issued a revocation list
    COVERS = "covers"  # a revocation list is used for a certificate
    REVOKES = "revokes"  # a usable revocation list lists a certificate


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow of the graph, from the issuer to what it issued, or from a list to the certificate it is used for.

    Args:
        kind: what it says.
        start: fingerprint of the object, or id of the ghost, where it begins.
        end: fingerprint of the object where it ends.
        check: what was compared; its verdict colours the edge.
        rule: the name rule by which it was found where names differ ("Armonk → Poughkeepsie"); empty otherwise.
    """

    kind: EdgeKind
    start: str
    end: str
    check: Check
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is needed and not there. Also drawn as a ghost, by its id.

    Args:
        id: stable id within a judgement, from kind and issuer.
        kind: SIGNING, INTERMEDIATE, ROOT or CRL.
        title: what it is, short: "gen2 signing certificate".
        issuer: subject of its issuer (a list: of the certificate that must have signed it), on one line.
        usual_file: name under which it is usually distributed; empty if there is none.
        addresses: where it can be downloaded, as the certificates say.
        needed_by: fingerprints of the certificates that need it.
        why: one sentence: what cannot be checked without it, or what is wrong with the one that is there.
    """

    id: str
    kind: ObjectKind
    title: str
    issuer: str
    usual_file: str
    addresses: tuple[str, ...]
    needed_by: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """The next instant at which verdicts change by themselves.

    Args:
        at: the instant.
        object: the object that begins or ends then.
        ends: True if it ends, False if it becomes valid.
        affected: fingerprints of the host keys whose acceptance changes.
    """

    at: datetime
    object: TrustObject
    ends: bool
    affected: tuple[str, ...]


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
        check: the whole tree.
    """

    at: datetime
    offline: bool
    host_keys: tuple[HostKeyJudgement, ...]
    objects: Mapping[str, ObjectJudgement]
    edges: tuple[Edge, ...]
    missing: tuple[Missing, ...]
    next_change: Change | None
    fresh_until: datetime | None
    check: Check


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
    raise NotImplementedError
