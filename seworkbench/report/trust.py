"""Reports of the verification of host keys: of one run, or of what a workspace holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict, group
from seworkbench.report.chain_drawing import IssuerCard, KeyCard, ListCard, chain_drawing
from seworkbench.report.inputs import content_input
from seworkbench.report.model import Clock, Column, Fact, Input, Network, Report, Section, Table
from seworkbench.report.reproduce import HostKeyCase, TrustCase, trust_steps
from seworkbench.report.text import NOTHING, instant, plural
from seworkbench.trust.causes import CauseKind
from seworkbench.trust.crls import Coverage, chain_coverage
from seworkbench.trust.objects import TrustCertificate, TrustCrl, TrustObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from seworkbench.report.model import HandStep
    from seworkbench.trust.causes import Cause
    from seworkbench.trust.fetch import FetchTry
    from seworkbench.trust.judgement import HostKeyJudgement, Judgement, Missing
    from seworkbench.trust.verify import InputFile, TrustResult

# In the organisational unit of certificates that a simulated machine makes for itself.
_SIMULATED_MARK = "SIMULATED"
_MISSING_ISSUER = (2, 20, 21)
_NAMES_SHOWN = 3


@dataclass(frozen=True)
class _Key:
    """A host key with its verdict.

    Args:
        name: of the file or machine.
        certificate: None if the file holds none.
        check: its own steps.
        verdict: of everything that it depends on.
        cause: the failure of the reference; None if it accepts it.
        coverage: its revocation lists.
        fresh_until: until when it holds.
    """

    name: str
    certificate: TrustCertificate | None
    check: Check
    verdict: Verdict
    cause: Cause | None
    coverage: Coverage | None
    fresh_until: datetime | None


@dataclass(frozen=True)
class _Group:
    """Host keys under one signing certificate.

    Args:
        chain: the signing certificate and its issuers, as far as found; empty if there is none.
        stage_a: the steps about them.
        coverage: the revocation lists of each certificate of the chain.
        cause: why the path is not proven; None if it is.
        keys: the host keys.
    """

    chain: tuple[TrustCertificate, ...]
    stage_a: Check
    coverage: tuple[Coverage, ...]
    cause: Cause | None
    keys: tuple[_Key, ...]

    @property
    def title(self) -> str:
        return self.chain[0].name if self.chain else "No signing certificate"

    @property
    def path_code(self) -> int | None:
        """OpenSSL's code for the path; None if it was not looked at or another failure stands before it."""
        if self.cause is None:
            return 0
        return self.cause.code if self.cause.kind is CauseKind.IBM_SIGN_INVALID else None

    @property
    def path_depth(self) -> int:
        return (self.cause.depth or 0) if self.cause else 0


# --- one run ----------------------------------------------------------------------------------------------------------


def verification_report(
    result: TrustResult,
    *,
    clock: Clock = Clock.COMPUTER,
    tries: Sequence[FetchTry] = (),
    given: Iterable[InputFile] = (),
    notes: str = "",
) -> Report:
    """A report of one verification of host key documents.

    Args:
        result: what it found.
        clock: where its instant comes from.
        tries: what was asked on the network.
        given: files that were given, of which those that led to nothing are inputs too.
        notes: words of the reviewer.
    """
    path_failed = result.cause if result.cause and _is_of_stage_a(result.cause) else None
    keys = tuple(
        _Key(
            item.check.title,
            item.certificate,
            item.check,
            group("key", item.check.title, (result.stage_a, item.check)).verdict,
            item.cause,
            item.coverage,
            item.fresh_until,
        )
        for item in result.host_keys
    )
    found = _Group(result.chain, result.stage_a, result.coverage, path_failed, keys)
    inputs = _inputs(_objects([found]))
    names = {item.name for item in inputs}
    inputs += [
        content_input(file.name, "file that was given", file.content) for file in given if file.name not in names
    ]
    return Report(
        title="Host keys",
        subject=_subject(keys),
        at=result.at,
        sections=tuple(_sections([found], {}, (), tries)),
        inputs=tuple(inputs),
        facts=tuple(_facts([found])),
        clock=clock,
        network=Network.OFFLINE if result.offline else Network.ONLINE,
        fresh_until=result.fresh_until,
        simulated=_is_simulated([found]),
        by_hand=_by_hand([found], result.at, written_out=False),
        notes=notes,
    )


def _is_of_stage_a(cause: Cause) -> bool:
    return cause.kind in (
        CauseKind.IBM_SIGN_INVALID,
        CauseKind.NO_IBM_SIGN_KEY,
        CauseKind.MANY_IBM_SIGN_KEYS,
        CauseKind.X509_LOAD,
        CauseKind.INTERNAL,
    )


# --- a workspace ------------------------------------------------------------------------------------------------------


def judgement_report(
    judgement: Judgement,
    *,
    only: str = "",
    machines: Mapping[str, str] | None = None,
    clock: Clock = Clock.COMPUTER,
    tries: Sequence[FetchTry] = (),
    notes: str = "",
) -> Report:
    """A report of what a collection of documents is judged to be.

    Args:
        judgement: the judgement.
        only: fingerprint of the one host key to report on; all if empty.
        machines: names that the user gave to machines, by PHKH in hexadecimal.
        clock: where its instant comes from.
        tries: what was asked on the network.
        notes: words of the reviewer.
    """
    chosen = [item for item in judgement.host_keys if only in ("", item.certificate.fingerprint)]
    groups = _judged_groups(chosen, judgement)
    missing = [item for item in judgement.missing if not only or only in item.needed_by]
    ends = [item.fresh_until for item in chosen if item.fresh_until is not None]
    keys = [key for found in groups for key in found.keys]
    return Report(
        title="Host key" if only else "Host keys",
        subject=_subject(keys),
        at=judgement.at,
        sections=tuple(_sections(groups, machines or {}, missing, tries)),
        inputs=tuple(_inputs(_objects(groups))),
        facts=tuple(_facts(groups)),
        clock=clock,
        network=Network.OFFLINE if judgement.offline else Network.ONLINE,
        fresh_until=min(ends, default=None),
        simulated=_is_simulated(groups),
        by_hand=_by_hand(groups, judgement.at, written_out=True),
        notes=notes,
    )


def _judged_groups(chosen: Sequence[HostKeyJudgement], judgement: Judgement) -> list[_Group]:
    lists = [item.object for item in judgement.objects.values() if isinstance(item.object, TrustCrl)]
    sorted_keys: dict[str, list[HostKeyJudgement]] = {}
    for item in chosen:
        sorted_keys.setdefault(item.signing.fingerprint if item.signing else "", []).append(item)
    groups = []
    for items in sorted_keys.values():
        first = items[0]
        chain = first.chain or ((first.signing,) if first.signing else ())
        issuers = [*chain[1:], *chain[-1:]]
        coverage = tuple(
            chain_coverage(certificate, issuer, lists, judgement.at)
            for certificate, issuer in zip(chain, issuers, strict=True)
        )
        keys = tuple(
            _Key(
                item.certificate.name,
                item.certificate,
                item.check.children[-1],
                item.verdict,
                item.cause,
                item.coverage,
                item.fresh_until,
            )
            for item in items
        )
        cause = first.cause if first.cause and _is_of_stage_a(first.cause) else None
        groups.append(_Group(chain, first.check.children[0], coverage, cause, keys))
    return groups


# --- what both say ----------------------------------------------------------------------------------------------------


def _subject(keys: Sequence[_Key]) -> str:
    if len(keys) == 1:
        return f"{keys[0].name}: whether this is the key of a genuine machine, and is not revoked."
    return (
        f"{plural(len(keys), 'host key document')}: whether each is the key of a genuine machine, and is not revoked."
    )


def _facts(groups: Sequence[_Group]) -> Iterator[Fact]:
    keys = [key for found in groups for key in found.keys]
    accepted = [key for key in keys if key.cause is None]
    if len(keys) == 1:
        certificate = keys[0].certificate
        yield Fact("Host key hash", (certificate.phkh if certificate else None) or "none: no key on P-521", code=True)
        if certificate is not None:
            yield Fact(
                "Document", f"serial number {certificate.serial_text}, valid until {instant(certificate.not_after)}"
            )
    yield Fact("Accepted", f"{len(accepted)} of {len(keys)}, as s390-tools accepts and refuses")
    for found in groups:
        if found.chain and found.chain[-1].self_issued:
            root = found.chain[-1]
            known = f"known as {root.known_root}" if root.known_root else "not known as a root of IBM's certificates"
            yield Fact("Root", f"{root.name}, {known}")
            yield Fact("Root, SHA-256", root.fingerprint, code=True)


def _sections(
    groups: Sequence[_Group], machines: Mapping[str, str], missing: Sequence[Missing], tries: Sequence[FetchTry]
) -> Iterator[Section]:
    keys = [key for found in groups for key in found.keys]
    if keys:
        yield Section(
            "Host keys",
            "Each document, the hash of its key, and until when its verdict holds at most.",
            table=_keys_table(keys, machines),
        )
    for found in groups:
        yield _chain_section(found, machines)
    if missing:
        yield Section("What is missing", "Without these some steps could not be made.", table=_missing_table(missing))
    if tries:
        rows = tuple((made.url, made.answer.value, made.reason or "taken") for made in tries)
        columns = (Column("Address", 4), Column("Answer", 2), Column("What came of it", 3))
        yield Section("Asked on the network", "Every address, in order.", table=Table(columns, rows))
    for found in groups:
        yield Section(
            f"Stage A: {found.title}",
            "From the signing certificate up to the root. Every host key below depends on these steps.",
            check=found.stage_a,
        )
        for key in found.keys:
            yield Section(f"Stage B: {key.name}", "The host key document itself.", check=key.check)


def _keys_table(keys: Sequence[_Key], machines: Mapping[str, str]) -> Table:
    columns = (Column("Host key", 4), Column("PHKH", 7, code=True), Column("Holds until", 4), Column("Verdict", 3))
    rows = []
    for key in keys:
        phkh = (key.certificate.phkh if key.certificate else None) or ""
        name = f"{machines[phkh]} ({key.name})" if phkh in machines else key.name
        end = instant(key.fresh_until) if key.fresh_until else NOTHING
        rows.append((name, phkh, end, key.verdict))
    return Table(columns, tuple(rows))


def _missing_table(missing: Sequence[Missing]) -> Table:
    columns = (Column("What", 3), Column("Issuer", 4), Column("Where", 4), Column("Why", 4))
    rows = tuple(
        (item.title, item.issuer, " ".join(item.addresses) or item.usual_file or NOTHING, item.why) for item in missing
    )
    return Table(columns, rows)


# --- chain and lists --------------------------------------------------------------------------------------------------


def _chain_section(found: _Group, machines: Mapping[str, str]) -> Section:
    cards = [
        KeyCard(
            machines.get((key.certificate.phkh if key.certificate else None) or "", key.name),
            (key.certificate.phkh if key.certificate else None) or "",
            key.verdict,
        )
        for key in found.keys
    ]
    return Section(
        f"Chain of trust: {found.title}" if found.chain else "Chain of trust",
        "Who vouches for whom, and which revocation list was used for what.",
        drawing=chain_drawing(list(_issuer_cards(found)), cards),
        table=_lists_table(found),
    )


def _issuer_cards(found: _Group) -> Iterator[IssuerCard]:
    """Root first."""
    if not found.chain:
        yield IssuerCard("IBM signing certificate", "none fits", Verdict.NOT_CHECKED, missing=True)
        return
    if found.path_code in _MISSING_ISSUER:
        yield IssuerCard(found.chain[-1].issuer_text, "missing", Verdict.NOT_CHECKED, missing=True)
    for depth in reversed(range(len(found.chain))):
        certificate = found.chain[depth]
        detail = f"{certificate.key_text}, until {certificate.not_after:%Y-%m-%d}"
        yield IssuerCard(certificate.name, detail, _verdict_at(found, depth), tuple(_list_cards(found, depth)))


def _verdict_at(found: _Group, depth: int) -> Verdict:
    """Where the path is proven every certificate passed; where it is not, one is known to be at fault, and no more."""
    if found.path_code == 0:
        return Verdict.PASSED
    if found.path_code is None or found.path_depth != depth:
        return Verdict.NOT_CHECKED
    return Verdict.FAILED


def _list_cards(found: _Group, depth: int) -> Iterator[ListCard]:
    """The lists that a certificate of the chain issued: for what is below it, and for itself if it is the root."""
    last = len(found.chain) - 1
    covered = [found.coverage[depth - 1]] if 0 < depth <= len(found.coverage) else []
    if depth == last and depth < len(found.coverage) and found.chain[depth].self_issued:
        covered.append(found.coverage[depth])
    if depth == 0:
        covered += [key.coverage for key in found.keys if key.coverage is not None]
    cards: dict[str, ListCard] = {}
    for item in covered:
        for candidate in item.candidates:
            crl = candidate.crl
            if candidate.usable:
                end = f"until {crl.next_update:%Y-%m-%d}" if crl.next_update else ""
                rule = candidate.found_by if candidate.quirk else ""
                cards[crl.fingerprint] = ListCard(crl.name, end, Verdict.PASSED, rule)
            else:
                cards.setdefault(crl.fingerprint, ListCard(crl.name, candidate.reason, Verdict.FAILED))
    # What counts comes first: only the first card is drawn.
    yield from sorted(cards.values(), key=lambda card: card.verdict is not Verdict.PASSED)
    if covered and not cards:
        yield ListCard("Revocation list", "missing", Verdict.NOT_CHECKED, missing=True)


def _lists_table(found: _Group) -> Table | None:
    columns = (
        Column("Revocation list", 4),
        Column("For", 4),
        Column("Valid", 5),
        Column("Entries", 2),
        Column("Found by", 3),
        Column("Used", 4),
    )
    rows: dict[tuple[str, str, str], tuple[TrustCrl, list[str]]] = {}
    for item in (*found.coverage, *(key.coverage for key in found.keys if key.coverage is not None)):
        for candidate in item.candidates:
            crl = candidate.crl
            used = "yes" if crl in item.used else candidate.reason or "no: another one is later"
            # One row for all certificates for which the same can be said of a list.
            _, users = rows.setdefault((crl.fingerprint, candidate.found_by, used), (crl, []))
            users.append(item.certificate.name)
    cells = tuple(
        (crl.name, _names(users), _span(crl), str(crl.entries), found_by, used)
        for (_, found_by, used), (crl, users) in rows.items()
    )
    return Table(columns, cells) if cells else None


def _names(users: Sequence[str]) -> str:
    shown = ", ".join(users[:_NAMES_SHOWN])
    return f"{shown} and {len(users) - _NAMES_SHOWN} more" if len(users) > _NAMES_SHOWN else shown


def _span(crl: TrustCrl) -> str:
    last = f"{crl.next_update:%Y-%m-%d %H:%M}" if crl.next_update else "not stated"
    return f"{crl.this_update:%Y-%m-%d %H:%M} to {last}"


# --- inputs and commands ----------------------------------------------------------------------------------------------


def _objects(groups: Sequence[_Group]) -> list[TrustObject]:
    """Everything that a verdict depends on, host keys first."""
    found: dict[TrustObject, None] = {}
    for item in groups:
        found.update(dict.fromkeys(key.certificate for key in item.keys if key.certificate is not None))
    for item in groups:
        found.update(dict.fromkeys(item.chain))
        covered = [*item.coverage, *(key.coverage for key in item.keys if key.coverage is not None)]
        found.update(dict.fromkeys(candidate.crl for entry in covered for candidate in entry.candidates))
    return list(found)


def _inputs(objects: Iterable[TrustObject]) -> list[Input]:
    """Files where objects came in files, each once; the object itself where it came from elsewhere."""
    files: dict[tuple[str, str], tuple[int, list[str]]] = {}
    others = []
    for item in objects:
        source = item.source
        if source.file_sha256:
            _, kinds = files.setdefault((source.name, source.file_sha256), (source.size, []))
            if item.kind.value not in kinds:
                kinds.append(item.kind.value)
        else:
            others.append(Input(item.name, item.kind.value, len(item.der), item.fingerprint, source.name))
    return [
        *(Input(name, ", ".join(kinds), size, sha256) for (name, sha256), (size, kinds) in files.items()),
        *others,
    ]


def _by_hand(groups: Sequence[_Group], at: datetime, *, written_out: bool) -> tuple[HandStep, ...]:
    steps: list[HandStep] = []
    for item in groups:
        keys = tuple(
            HostKeyCase(key.certificate, tuple(c.crl for c in key.coverage.candidates) if key.coverage else ())
            for key in item.keys
            if key.certificate is not None
        )
        crls = tuple(candidate.crl for entry in item.coverage for candidate in entry.candidates)
        case = TrustCase(at, item.chain, crls, item.path_code, item.path_depth, keys, written_out)
        steps += trust_steps(case)
    return tuple(steps)


def _is_simulated(groups: Sequence[_Group]) -> bool:
    """Whether a simulated machine made any of the certificates: it says so in their names."""
    return any(
        isinstance(item, TrustCertificate) and _SIMULATED_MARK in f"{item.subject_text} {item.issuer_text}"
        for item in _objects(groups)
    )
