"""The graph of a judgement: who issued what, which list is used for what, and what would stand where nothing stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step
from seworkbench.trust.host_key_checks import issuer_check, revocation_check
from seworkbench.trust.object_judgement import ISSUER, LIST_ISSUER
from seworkbench.trust.objects import ObjectKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seworkbench.trust.judgement import HostKeyJudgement
    from seworkbench.trust.missing import Missing
    from seworkbench.trust.object_judgement import ObjectJudgement
    from seworkbench.trust.signing_groups import SigningGroup

_ABSENT = Step("trust.graph.missing", "Missing", "host-keys.md#what-is-missing")
_COVERED = Step("trust.graph.covers", "Revocation", "host-keys.md#revocation-in-the-chain")


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
        end: fingerprint of the object, or id of a ghost of a list, where it ends.
        check: what was compared; its verdict colours the edge.
        rule: the name rule by which it was found where names differ ("Armonk → Poughkeepsie"); empty otherwise.
    """

    kind: EdgeKind
    start: str
    end: str
    check: Check
    rule: str = ""


def edges_of(
    host_keys: Sequence[HostKeyJudgement],
    groups: Sequence[SigningGroup],
    objects: Mapping[str, ObjectJudgement],
    list_rules: Mapping[str, str],
    missing: Sequence[Missing],
) -> tuple[Edge, ...]:
    """All edges, each once.

    Args:
        host_keys: the judged host keys.
        groups: the signing certificates.
        objects: every other judged object.
        list_rules: the name rule between a list and its issuer, by the list's fingerprint.
        missing: what is not there.
    """
    found: dict[tuple[EdgeKind, str, str], Edge] = {}
    for edge in (
        *_issued(objects, list_rules),
        *(edge for group in groups for edge in _covered(group)),
        *(edge for item in host_keys for edge in _host_key(item)),
        *(edge for item in missing for edge in _ghost(item)),
    ):
        found.setdefault((edge.kind, edge.start, edge.end), edge)
    return tuple(found.values())


def _issued(objects: Mapping[str, ObjectJudgement], list_rules: Mapping[str, str]) -> Iterator[Edge]:
    for fingerprint, item in objects.items():
        if not item.issuer or item.issuer == fingerprint:
            continue
        is_list = item.object.kind is ObjectKind.CRL
        check = item.check.find(LIST_ISSUER.id if is_list else ISSUER.id) or item.check
        kind = EdgeKind.LISTS if is_list else EdgeKind.ISSUED
        yield Edge(kind, item.issuer, fingerprint, check, list_rules.get(fingerprint, ""))


def _covered(group: SigningGroup) -> Iterator[Edge]:
    for depth, covered in enumerate(group.findings.coverage):
        check = group.stage_a.find(f"trust.a7.revocation.{depth}")
        certificate = covered.certificate
        for crl in covered.used:
            listed = crl.entry(certificate.serial) is not None
            kind = EdgeKind.REVOKES if listed else EdgeKind.COVERS
            shown = check or _COVERED.passed(f"Used for {certificate.name}.")
            yield Edge(kind, crl.fingerprint, certificate.fingerprint, shown)


def _host_key(item: HostKeyJudgement) -> Iterator[Edge]:
    if item.signing is None:
        return
    end = item.certificate.fingerprint
    yield Edge(EdgeKind.ISSUED, item.signing.fingerprint, end, issuer_check(item.certificate, item.signing))
    if item.coverage is None:
        return
    rules = {found.crl: found.found_by for found in item.coverage.candidates if found.quirk}
    for crl in item.coverage.used:
        listed = crl.entry(item.certificate.serial) is not None
        kind = EdgeKind.REVOKES if listed else EdgeKind.COVERS
        looked_for = revocation_check(item.certificate, item.coverage.used)
        yield Edge(kind, crl.fingerprint, end, looked_for, rules.get(crl, ""))


def _ghost(item: Missing) -> Iterator[Edge]:
    absent = _ABSENT.not_checked(item.why)
    if item.signer:
        yield Edge(EdgeKind.LISTS, item.signer, item.id, absent)
    kind = EdgeKind.COVERS if item.kind is ObjectKind.CRL else EdgeKind.ISSUED
    for fingerprint in item.beside:
        yield Edge(kind, item.id, fingerprint, absent)
