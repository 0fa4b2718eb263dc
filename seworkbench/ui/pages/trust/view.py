"""What is shown of a judgement: rows of the table, the picture of the chain, bars of the axis. Made on the thread.

Nothing is decided here: verdicts, edges and what is missing come from the judgement; this gives them names and places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from seworkbench.checks import Verdict
from seworkbench.trust import names
from seworkbench.trust.calendar import lifetime
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.judgement import EdgeKind as Kind
from seworkbench.trust.objects import Generation, ObjectKind, TrustCertificate, TrustCrl
from seworkbench.ui.instants import span_text
from seworkbench.ui.widgets.chain_layout import ChainEdge, ChainNode, ChainPicture, EdgeKind, NodeShape
from seworkbench.ui.widgets.validity_axis import ValidityBar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from seworkbench.trust.judgement import Change, Edge, HostKeyJudgement, Judgement, Missing, ObjectJudgement
    from seworkbench.trust.objects import TrustObject
    from seworkbench.workspace.machines import Machine

PHKH_SHOWN = 8
# A cause in a few words, for places where there is no room for a sentence.
SHORT_CAUSES = {
    CauseKind.NO_IBM_SIGN_KEY: "no signing key",
    CauseKind.MANY_IBM_SIGN_KEYS: "several signing keys",
    CauseKind.IBM_SIGN_INVALID: "its issuer",
    CauseKind.SECURITY_BITS: "key too weak",
    CauseKind.BEFORE_VALIDITY: "not valid yet",
    CauseKind.AFTER_VALIDITY: "expired",
    CauseKind.AKID: "other issuer named",
    CauseKind.SIGNATURE: "signature wrong",
    CauseKind.NO_CRL: "no usable CRL",
    CauseKind.HKD_REVOKED: "revoked",
    CauseKind.INTERNAL: "cannot be judged",
}
_SERVICE = re.compile(r" Signing Service \([^)]*\)")
_UNIT = re.compile(r"OU=([^,]*Key Signing Service)")
_COMMON_NAME = re.compile(r"CN=([^,]*)")
_ISSUERS = (ObjectKind.SIGNING, ObjectKind.INTERMEDIATE, ObjectKind.ROOT, ObjectKind.OTHER)
ROLES = {
    ObjectKind.SIGNING: "signing",
    ObjectKind.INTERMEDIATE: "intermediate",
    ObjectKind.ROOT: "root",
    ObjectKind.OTHER: "other",
}


class Group(Enum):
    """Groups of the table; the value is the heading."""

    HOST_KEYS = "Host keys"
    ISSUERS = "Issuers"
    LISTS = "Revocation lists"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Args:
        key: fingerprint of the object; of a machine with several documents, "machine:" and its PHKH.
        name: plain name.
        code: short PHKH of a host key, in monospace; the role of others.
        until: when it ends; None if it does not, or for a machine.
        verdict: what is thought of it.
        word: the verdict and why, in a few words.
        searched: everything that a filter looks at, in small letters.
        children: documents of a machine, newest first.
    """

    key: str
    name: str
    code: str
    until: datetime | None
    verdict: Verdict
    word: str
    searched: str
    children: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is shown.

    Args:
        groups: rows of the table by group, and what is said beside the heading.
        picture: the chain.
        bars: of the axis.
        counts: number of host keys with each verdict.
        next_change: sentence about the next change; empty if there is none.
        machines: number of machines.
    """

    groups: tuple[tuple[Group, str, tuple[Row, ...]], ...] = ()
    picture: ChainPicture = field(default_factory=ChainPicture)
    bars: tuple[ValidityBar, ...] = ()
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    next_change: str = ""
    machines: int = 0


def name_of(item: TrustObject, machines: Mapping[str, Machine]) -> str:
    """How an object is called here: short, and a host key as the user named its machine."""
    if isinstance(item, TrustCertificate) and item.kind is ObjectKind.HOST_KEY:
        said = machines.get(item.phkh or "")
        return (said.name if said else "") or item.machine or item.name
    # "IBM Z16 Host Key Signing Service (Armonk) CRL": what all have in common says nothing.
    if isinstance(item, TrustCrl):
        return _SERVICE.sub("", item.name)
    return _SERVICE.sub(" Signing", item.name) if item.kind is ObjectKind.SIGNING else item.name


def missing_title(missing: Missing) -> str:
    """What is missing, short: `CRL of Intermediate CA`."""
    return _SERVICE.sub(" Signing", missing.title.replace("revocation list", "CRL"))


def issuer_word(subject: str) -> str:
    """Who somebody is, of all that a subject on one line says."""
    found = _UNIT.search(subject) or _COMMON_NAME.search(subject)
    return found[1] if found else subject


def generation_word(certificate: TrustCertificate) -> str:
    """The guess at a generation in a few letters; empty if there is none."""
    found = certificate.generation.generation
    return "" if found is Generation.UNKNOWN else {Generation.FIRST: "gen1"}.get(found, found.value)


def host_word(item: HostKeyJudgement) -> str:
    """Verdict of a host key and why: `failed: revoked`."""
    if item.cause is None or item.verdict in (Verdict.PASSED, Verdict.WARNING):
        return item.verdict.value
    short = SHORT_CAUSES.get(item.cause.kind)
    return f"{item.verdict.value}: {short}" if short else item.verdict.value


def change_text(change: Change | None, at: datetime, machines: Mapping[str, Machine]) -> str:
    """The next change in a sentence: "Next change in 3 days: Code Signing CA CRL ends, 2 host keys affected"."""
    if change is None:
        return ""
    name = name_of(change.object, machines)
    count = len(change.affected)
    keys = f"{count} host key{'' if count == 1 else 's'} affected"
    return f"Next change {span_text(change.at - at)}: {name} {'ends' if change.ends else 'begins'}, {keys}"


def make_view(judgement: Judgement, machines: Mapping[str, Machine], before: View | None = None) -> View:
    """What is shown of a judgement.

    Args:
        judgement: it.
        machines: what the user says about machines, by PHKH.
        before: what was shown until now. What is equal in both is the same object, so that only what is different has
            to be looked at, and painted, anew.
    """
    making = _Making(judgement, machines)
    before = before or View()
    picture = making.picture()
    return View(
        groups=_kept_groups(making.groups(), before.groups),
        picture=ChainPicture(
            _kept(picture.nodes, before.picture.nodes, lambda node: node.key),
            _kept(picture.edges, before.picture.edges, lambda edge: (edge.kind, edge.start, edge.end)),
        ),
        bars=_kept(making.bars(), before.bars, lambda bar: bar.key),
        counts=judgement.counts,
        next_change=change_text(judgement.next_change, judgement.at, machines),
        machines=len({item.certificate.phkh or item.certificate.fingerprint for item in judgement.host_keys}),
    )


_Part = TypeVar("_Part")
_Groups = tuple[tuple[Group, str, tuple[Row, ...]], ...]


def _kept(parts: Iterable[_Part], before: Iterable[_Part], key: Callable[[_Part], object]) -> tuple[_Part, ...]:
    """The parts; those that were there before and are equal are the ones of before."""
    there = {key(part): part for part in before}
    found = []
    for part in parts:
        known = there.get(key(part))
        found.append(known if known is not None and known == part else part)
    return tuple(found)


def _kept_groups(groups: _Groups, before: _Groups) -> _Groups:
    known = [row for _group, _said, rows in before for row in rows]
    return tuple((group, said, _kept(rows, known, lambda row: row.key)) for group, said, rows in groups)


def _role(item: TrustObject) -> str:
    if isinstance(item, TrustCrl):
        return f"{item.entries} listed"
    return ROLES.get(item.kind, "")


class _Making:
    def __init__(self, judgement: Judgement, machines: Mapping[str, Machine]) -> None:
        self._judgement = judgement
        self._machines = machines
        self._others = judgement.objects
        order = {kind: number for number, kind in enumerate((*_ISSUERS, ObjectKind.CRL))}
        self._issuers = sorted(
            (item for item in self._others.values() if item.object.kind is not ObjectKind.CRL),
            key=lambda item: order[item.object.kind],
        )
        self._lists = [item for item in self._others.values() if item.object.kind is ObjectKind.CRL]
        self._revoked = self._revocations()

    # --- table

    def groups(self) -> tuple[tuple[Group, str, tuple[Row, ...]], ...]:
        """Rows of the table."""
        hosts = self._host_rows()
        documents = len(self._judgement.host_keys)
        named = "1 machine" if len(hosts) == 1 else f"{len(hosts)} machines"
        plural = "" if documents == 1 else "s"
        parts = (
            (Group.HOST_KEYS, f"{documents} document{plural}, {named}", hosts),
            (Group.ISSUERS, "signing, intermediate, root", tuple(map(self._other_row, self._issuers))),
            (Group.LISTS, "until the next update", tuple(map(self._other_row, self._lists))),
        )
        return tuple(part for part in parts if part[2])

    def _host_rows(self) -> tuple[Row, ...]:
        machines: dict[str, list[HostKeyJudgement]] = {}
        for item in self._judgement.host_keys:
            machines.setdefault(item.certificate.phkh or item.certificate.fingerprint, []).append(item)
        rows = []
        for phkh, documents in machines.items():
            if len(documents) == 1:
                rows.append(self._host_row(documents[0], name_of(documents[0].certificate, self._machines)))
                continue
            newest_first = sorted(
                documents, key=lambda item: (item.certificate.not_after, item.certificate.not_before), reverse=True
            )
            newest = newest_first[0]
            children = tuple(self._host_row(item, "current" if item is newest else "earlier") for item in newest_first)
            name = name_of(newest.certificate, self._machines)
            # A machine is as good as its current document, whatever those before it were.
            searched = " ".join((name.lower(), *(row.searched for row in children)))
            rows.append(
                Row(
                    f"machine:{phkh}",
                    name,
                    phkh[:PHKH_SHOWN],
                    None,
                    children[0].verdict,
                    children[0].word,
                    searched,
                    children,
                )
            )
        return tuple(rows)

    def _host_row(self, item: HostKeyJudgement, name: str) -> Row:
        certificate = item.certificate
        searched = (
            name,
            name_of(certificate, self._machines),
            certificate.serial_text,
            certificate.phkh or "",
            certificate.subject_text,
            certificate.source.short,
            self._notes(certificate),
            host_word(item),
        )
        return Row(
            certificate.fingerprint,
            name,
            (certificate.phkh or "not P-521")[:PHKH_SHOWN],
            certificate.not_after,
            item.verdict,
            host_word(item),
            " ".join(searched).lower(),
        )

    def _other_row(self, item: ObjectJudgement) -> Row:
        thing = item.object
        named = (
            (thing.serial_text, thing.subject_text) if isinstance(thing, TrustCertificate) else ("", thing.issuer_text)
        )
        searched = (thing.name, *named, thing.source.short, item.role, item.verdict.value)
        return Row(
            thing.fingerprint,
            name_of(thing, self._machines),
            _role(thing),
            lifetime(thing)[1],
            item.verdict,
            item.verdict.value,
            " ".join(searched).lower(),
        )

    def _notes(self, certificate: TrustCertificate) -> str:
        said = self._machines.get(certificate.phkh or "")
        return said.notes if said else ""

    # --- picture

    def picture(self) -> ChainPicture:
        """The chain as it is drawn."""
        nodes = [self._node(item.object, item.verdict, "") for item in self._issuers]
        ghosts = {
            ghost.id: ChainNode(
                ghost.id,
                NodeShape.MISSING_LIST if ghost.kind is ObjectKind.CRL else NodeShape.MISSING_CERTIFICATE,
                f"no {missing_title(ghost)}",
                ghost.usual_file or "not imported",
                Verdict.NOT_CHECKED,
                "missing",
            )
            for ghost in self._judgement.missing
        }
        nodes += ghosts.values()
        nodes += [self._node(item.certificate, item.verdict, host_word(item)) for item in self._judgement.host_keys]
        edges, drawn_lists = self._edges()
        nodes = [node for node in nodes if node.shape is not NodeShape.MISSING_LIST or node.key in drawn_lists]
        nodes += [
            self._node(item.object, item.verdict, "") for item in self._lists if item.object.fingerprint in drawn_lists
        ]
        return ChainPicture(tuple(nodes), tuple(edges))

    def _edges(self) -> tuple[list[ChainEdge], set[str]]:
        """The lines, and the lists that hang from one."""
        hosts = {item.certificate.fingerprint: item for item in self._judgement.host_keys}
        kinds: dict[Kind, list[Edge]] = {kind: [] for kind in Kind}
        for edge in self._judgement.edges:
            kinds[edge.kind].append(edge)
        issuers = {edge.end: edge.start for edge in kinds[Kind.ISSUED]}
        edges = [self._issued(edge, hosts.get(edge.end)) for edge in kinds[Kind.ISSUED]]
        # The first rule by which a list was found for one of those it covers.
        rules: dict[str, str] = {}
        for edge in kinds[Kind.COVERS]:
            if edge.rule:
                rules.setdefault(edge.start, edge.rule)
        published: dict[str, ChainEdge] = {}
        pointed: set[str] = set()
        # A list hangs from the issuer for whose certificates it is used; if there are none, from whoever signed it.
        for kind in (Kind.COVERS, Kind.REVOKES, Kind.LISTS):
            for edge in kinds[kind]:
                start, end = (edge.start, edge.end) if kind is Kind.LISTS else (
                    issuers.get(edge.end, edge.end), edge.start,
                )  # fmt: skip
                if end not in published:
                    published[end] = self._published(start, end, rules.get(end, ""))
                if kind is Kind.REVOKES:
                    # Said once: a second label would lie upon the first.
                    words = "" if pointed & {edge.start, edge.end} else "lists its serial"
                    pointed |= {edge.start, edge.end}
                    edges.append(ChainEdge(EdgeKind.LISTS, edge.start, edge.end, Verdict.FAILED, words))
        self._join_ended(published)
        return [*edges, *published.values()], set(published)

    def _join_ended(self, published: dict[str, ChainEdge]) -> None:
        """A list that ended stands for the one that is missing: its line breaks, and there is no ghost beside it."""
        ghosts = {item.id for item in self._judgement.missing}
        for ghost in [key for key in published if key in ghosts]:
            issuer = published[ghost].start
            failed = [
                edge
                for edge in published.values()
                if edge.start == issuer
                and edge.end in self._others
                and self._others[edge.end].verdict is Verdict.FAILED
            ]
            if failed:
                del published[ghost]
            for edge in failed:
                published[edge.end] = replace(edge, verdict=Verdict.FAILED, words="")

    def _published(self, start: str, end: str, rule: str) -> ChainEdge:
        """The line from an issuer to its list; amber with the rule if names had to be bent for it."""
        if rule:
            # The change of place is what matters; that attributes stand in another order is said by the check.
            return ChainEdge(EdgeKind.PUBLISHED, start, end, Verdict.WARNING, f"matched: {rule.partition(',')[0]}")
        verdict = Verdict.PASSED if end in self._others else Verdict.NOT_CHECKED
        return ChainEdge(EdgeKind.PUBLISHED, start, end, verdict)

    def _issued(self, edge: Edge, host: HostKeyJudgement | None) -> ChainEdge:
        """The line to a certificate: broken where the certificate itself fails, not where only its issuer does."""
        verdict, words = edge.check.verdict, ""
        judged = self._others.get(edge.end)
        if host is not None:
            if verdict is Verdict.PASSED and host.verdict is not Verdict.PASSED:
                # A failure of the issuer is drawn where it is, not at everything below it.
                above = host.cause is not None and host.cause.kind is CauseKind.IBM_SIGN_INVALID
                verdict = Verdict.NOT_CHECKED if above else host.stage_b.verdict
        elif judged is not None and judged.verdict is Verdict.FAILED:
            verdict = Verdict.FAILED
            words = next((leaf.reason for leaf in judged.check.leaves() if leaf.verdict is Verdict.FAILED), "")
        return ChainEdge(EdgeKind.ISSUED, edge.start, edge.end, verdict, words)

    def _node(self, item: TrustObject, verdict: Verdict, word: str) -> ChainNode:
        name = name_of(item, self._machines)
        if isinstance(item, TrustCrl):
            end = item.next_update
            detail = f"next {span_text(end - self._judgement.at)}" if end else "without a next update"
            if end and end <= self._judgement.at:
                detail = f"ended {span_text(end - self._judgement.at)}"
            return ChainNode(item.fingerprint, NodeShape.LIST, name, detail, verdict)
        if item.kind is ObjectKind.HOST_KEY:
            code = (item.phkh or "")[:PHKH_SHOWN]
            return ChainNode(item.fingerprint, NodeShape.HOST_KEY, name, generation_word(item), verdict, word, code)
        what = item.key_text
        if item.kind is ObjectKind.SIGNING:
            what = names.value_of(item.certificate.subject, names.LOCALITY)
        detail = f"{what} · until {item.not_after:%Y-%m-%d}"
        return ChainNode(item.fingerprint, NodeShape.CERTIFICATE, name, detail, verdict)

    # --- axis

    def bars(self) -> tuple[ValidityBar, ...]:
        """The bars of the axis, grouped as the table is."""
        found = []
        for judged in self._judgement.host_keys:
            certificate = judged.certificate
            name = name_of(certificate, self._machines)
            found.append(self._bar(certificate, name, judged.verdict, Group.HOST_KEYS))
        found += [
            self._bar(item.object, name_of(item.object, self._machines), item.verdict, Group.ISSUERS)
            for item in self._issuers
        ]
        found += [
            self._bar(item.object, name_of(item.object, self._machines), item.verdict, Group.LISTS)
            for item in self._lists
        ]
        return tuple(found)

    def _bar(self, item: TrustObject, name: str, verdict: Verdict, group: Group) -> ValidityBar:
        start, end = lifetime(item)
        return ValidityBar(
            item.fingerprint, name, start, end, verdict, group.value, self._revoked.get(item.fingerprint)
        )

    def _revocations(self) -> dict[str, datetime]:
        """Since when certificates are revoked, by fingerprint."""
        certificates = {item.certificate.fingerprint: item.certificate for item in self._judgement.host_keys}
        certificates |= {
            item.object.fingerprint: item.object for item in self._issuers if isinstance(item.object, TrustCertificate)
        }
        found = {}
        for edge in self._judgement.edges:
            judged = self._others.get(edge.start)
            if edge.kind is not Kind.REVOKES or judged is None or edge.end not in certificates:
                continue
            if isinstance(judged.object, TrustCrl):
                entry = judged.object.entry(certificates[edge.end].certificate.serial_number)
                if entry is not None:
                    found[edge.end] = entry.revocation_date_utc
        return found
