"""Verifying host key documents exactly as the reference does, but to the end and with every reason.

Rules: resources/help/host-keys.md#algorithm. One run is what one call of `pvverify` is: host key documents,
certificate files with exactly one IBM signing certificate, revocation lists, a root. Accepted and rejected is the same;
the run does not stop at the first failure, and says what each step compared.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from seworkbench.checks import Check, Step, group
from seworkbench.errors import FormatError
from seworkbench.files import read_whole
from seworkbench.trust.anchors import SystemStore, anchor_check
from seworkbench.trust.causes import (
    Cause,
    CauseKind,
    cause,
    empty_document_cause,
    internal_cause,
    load_cause,
    not_a_document_cause,
    path_cause,
)
from seworkbench.trust.crls import Coverage, host_key_candidates
from seworkbench.trust.host_key_checks import StageBAlone, host_key_group, stage_b
from seworkbench.trust.loading import (
    InputFile,
    anchors_in,
    certificates_in,
    crls_in,
    hidden_crls_in,
    instead_of_certificate,
    instead_of_list,
)
from seworkbench.trust.path import Material, validator_of
from seworkbench.trust.reading import SIZE_LIMIT
from seworkbench.trust.stage_a import (
    CERTIFICATES,
    HIDDEN_LISTS,
    LISTS,
    ChainFindings,
    chain_findings,
    signing_key_check,
    skipped_chain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from seworkbench.trust.objects import TrustCertificate, TrustCrl

__all__ = [
    "CrlFetcher",
    "HostKeyResult",
    "InputFile",
    "SystemStore",
    "TrustResult",
    "TrustRun",
    "fetch_for",
    "load_input",
    "verify_host_keys",
]

DOCUMENT = Step(
    "trust.b0.document",
    "Document",
    "host-keys.md#document",
    "Use the host key document (.crt) of the machine as IBM provides it.",
)


class CrlFetcher(Protocol):
    """Gets the revocation lists that a certificate's distribution points lead to."""

    def __call__(self, certificate: TrustCertificate, /) -> tuple[TrustCrl, ...]:
        """The lists of the first address that yields any; empty if none does. Never raises for a failed download."""


@dataclass(frozen=True)
class TrustRun:
    """What one verification is given.

    Args:
        host_keys: host key document files.
        certificates: certificate files; all together hold exactly one IBM signing certificate.
        crls: revocation list files.
        anchors: the root file, or the trust store of this machine.
        fetched: lists downloaded from the distribution points of a certificate, by its fingerprint.
        offline: whether downloads were ruled out; then `fetched` is not looked at.
    """

    host_keys: tuple[InputFile, ...]
    certificates: tuple[InputFile, ...]
    anchors: InputFile | SystemStore
    crls: tuple[InputFile, ...] = ()
    fetched: Mapping[str, tuple[TrustCrl, ...]] = field(default_factory=dict)
    offline: bool = True

    def lists_for(self, certificate: TrustCertificate) -> tuple[TrustCrl, ...]:
        """The lists downloaded for a certificate."""
        return () if self.offline else self.fetched.get(certificate.fingerprint, ())


@dataclass(frozen=True)
class HostKeyResult:
    """The verdict on one host key document.

    Args:
        name: its file.
        certificate: the certificate that was judged; None if the file holds none.
        check: stage B as a group of checks, ids `trust.b…`.
        cause: the failure with which the reference would end; None if it accepts the document.
        coverage: its revocation lists; None if the run did not get that far.
        fresh_until: until when this verdict holds; None if it is not accepted.
    """

    name: str
    certificate: TrustCertificate | None
    check: Check
    cause: Cause | None
    coverage: Coverage | None = None
    fresh_until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether the reference would accept it."""
        return self.cause is None


@dataclass(frozen=True)
class TrustResult:
    """The result of one verification.

    Args:
        at: the instant it is about.
        offline: whether downloads were ruled out.
        check: the whole tree: stage A, and a group of stage B for each host key document.
        stage_a: the part of the tree about the signing certificate, ids `trust.a…`.
        host_keys: the verdict on each document, in the order given.
        cause: the failure with which the reference would end; None if it accepts all.
        signing: the IBM signing certificate; None if there is not exactly one.
        chain: the signing certificate and its issuers up to the root, as far as they were found.
        coverage: the revocation lists of each certificate of the chain.
        fresh_until: until when all verdicts hold; None unless all were accepted.
    """

    at: datetime
    offline: bool
    check: Check
    stage_a: Check
    host_keys: tuple[HostKeyResult, ...]
    cause: Cause | None
    signing: TrustCertificate | None = None
    chain: tuple[TrustCertificate, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    fresh_until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether the reference would accept every document: its exit status 0."""
        return self.cause is None


def load_input(path: Path, name: str = "") -> InputFile:
    """Read a file for a run.

    Args:
        path: the file.
        name: its name in messages; the path if empty.

    Raises:
        SeError: if it cannot be read or is larger than 16 MiB.
    """
    return InputFile(name or str(path), read_whole(path, SIZE_LIMIT))


def fetch_for(run: TrustRun, fetcher: CrlFetcher) -> TrustRun:
    """The same run, online, with the lists that the distribution points of its certificates and host keys lead to."""
    fetched: dict[str, tuple[TrustCrl, ...]] = {}
    for files, first_only in ((run.certificates, False), (run.host_keys, True)):
        for file in files:
            try:
                certificates = certificates_in(file)
            except FormatError:
                continue
            for certificate in certificates[:1] if first_only else certificates:
                if certificate.fingerprint not in fetched:
                    fetched[certificate.fingerprint] = fetcher(certificate)
    return replace(run, fetched=fetched, offline=False)


@dataclass
class _Loaded:
    """What stage A read, before it judges, and how the host key documents are called."""

    titles: dict[str, str]
    checks: list[Check] = field(default_factory=list)
    anchors: tuple[TrustCertificate, ...] = ()
    certificates: list[TrustCertificate] = field(default_factory=list)
    crls: list[TrustCrl] = field(default_factory=list)
    cause: Cause | None = None

    def fail(self, found: Cause) -> None:
        """Only the first failure is the one with which the reference ends."""
        self.cause = self.cause or found


def verify_host_keys(run: TrustRun, at: datetime) -> TrustResult:
    """Verify host key documents.

    Args:
        run: what is given.
        at: the instant to judge at, aware; fractions of a second are cut off.
    """
    at = at.replace(microsecond=0)
    loaded = _load(run)
    signing_check, candidates = signing_key_check(loaded.certificates)
    loaded.checks.append(signing_check)
    signing = candidates[0] if len(candidates) == 1 else None
    findings = None
    if signing is None:
        loaded.fail(cause(CauseKind.MANY_IBM_SIGN_KEYS if candidates else CauseKind.NO_IBM_SIGN_KEY))
        loaded.checks += skipped_chain("There is not exactly one IBM signing certificate.")
    else:
        pool = tuple(item for item in loaded.certificates if item is not signing)
        findings = chain_findings(validator_of(Material(signing, pool, loaded.anchors, tuple(loaded.crls))), at)
        loaded.checks += findings.checks
        if findings.outcome.code:
            loaded.fail(path_cause(findings.outcome.code, findings.outcome.depth))
    stage_a = group("trust.a", "Stage A: the signing certificate, up to the root", loaded.checks, rule=_RULE)
    host_keys = tuple(_host_key(run, file, loaded, findings, at) for file in run.host_keys)
    first = loaded.cause or next((item.cause for item in host_keys if item.cause), None)
    ends = [item.fresh_until for item in host_keys if item.fresh_until is not None]
    return TrustResult(
        at=at,
        offline=run.offline,
        check=group("trust", "Host key verification", [stage_a, *(item.check for item in host_keys)], rule=_RULE),
        stage_a=stage_a,
        host_keys=host_keys,
        cause=first,
        signing=signing,
        chain=findings.outcome.chain if findings else (),
        coverage=findings.coverage if findings else (),
        fresh_until=min(ends) if first is None and ends else None,
    )


_RULE = "host-keys.md#algorithm"


def _titles(files: Sequence[InputFile]) -> dict[str, str]:
    """Files as titles say them: without their folders, where that leaves no doubt which of them is meant."""
    meant = Counter({file.name: file.short for file in files}.values())
    return {file.name: file.short if meant[file.short] == 1 else file.name for file in files}


def _load(run: TrustRun) -> _Loaded:
    loaded = _Loaded(titles=_titles(run.host_keys))
    _load_anchors(run, loaded)
    _load_crls(run, loaded)
    hidden = [crl for file in run.certificates for crl in hidden_crls_in(file)]
    loaded.crls += hidden
    if hidden:
        found = f"{len(hidden)} revocation list{' was' if len(hidden) == 1 else 's were'} found in certificate files."
        loaded.checks.append(HIDDEN_LISTS.passed(found, *((crl.source.name, crl.name) for crl in hidden)))
    _load_certificates(run, loaded)
    return loaded


def _load_anchors(run: TrustRun, loaded: _Loaded) -> None:
    if isinstance(run.anchors, SystemStore):
        loaded.anchors = run.anchors.certificates
    else:
        try:
            loaded.anchors = anchors_in(run.anchors)
        except FormatError:
            loaded.fail(load_cause("certificate", run.anchors.name))
        else:
            loaded.crls += hidden_crls_in(run.anchors)
    loaded.checks.append(anchor_check(run.anchors, loaded.anchors))


def _load_crls(run: TrustRun, loaded: _Loaded) -> None:
    rows = []
    unread = []
    for file in run.crls:
        try:
            found = crls_in(file)
        except FormatError as error:
            loaded.fail(load_cause("CRL", file.name))
            unread.append(file.short)
            rows.append((file.name, f"{error.what} {instead_of_list(file)}"))
        else:
            loaded.crls += found
            rows += [(file.name, f"{crl.name}, {crl.entries} entries, SHA-256 {crl.fingerprint}") for crl in found]
    if unread:
        loaded.checks.append(LISTS.failed(f"There is no revocation list in {', '.join(unread)}.", *rows))
    elif rows:
        loaded.checks.append(LISTS.passed(f"{len(rows)} from {_files(run.crls)}.", *rows))
    else:
        loaded.checks.append(LISTS.not_checked("No file with revocation lists was given.", required=False))


def _files(files: Sequence[InputFile]) -> str:
    return f"{len(files)} file{'s' if len(files) > 1 else ''}"


def _load_certificates(run: TrustRun, loaded: _Loaded) -> None:
    rows = []
    broken = []
    useless = []
    for file in run.certificates:
        try:
            found = certificates_in(file)
        except FormatError as error:
            loaded.fail(internal_cause(error.what))
            broken.append(file.short)
            rows.append((file.name, error.what))
            continue
        loaded.certificates += found
        rows += [(file.name, f"{item.kind.value}, {item.name}, SHA-256 {item.fingerprint}") for item in found]
        if not found:
            rows.append((file.name, f"There is no certificate in it. {instead_of_certificate(file)}"))
            if not hidden_crls_in(file):
                useless.append(file.short)
        for certificate in found:
            fetched = run.lists_for(certificate)
            loaded.crls += fetched
            rows += [(f"fetched for {certificate.name}", f"{crl.name}, {crl.source.name}") for crl in fetched]
    if broken:
        loaded.checks.append(CERTIFICATES.failed(f"{', '.join(broken)} cannot be read.", *rows))
        return
    count = f"{len(loaded.certificates)} from {_files(run.certificates)}."
    if useless:
        loaded.checks.append(CERTIFICATES.note(f"{count} There is none in {', '.join(useless)}.", *rows))
    else:
        loaded.checks.append(CERTIFICATES.passed(count, *rows))


def _host_key(
    run: TrustRun,
    file: InputFile,
    loaded: _Loaded,
    findings: ChainFindings | None,
    at: datetime,
) -> HostKeyResult:
    document, certificate, fault = _document(file)
    title = loaded.titles[file.name]
    if certificate is None:
        return HostKeyResult(file.name, None, host_key_group(title, (document,)), loaded.cause or fault)
    if findings is None:
        checks = StageBAlone(certificate, at, "There is not exactly one IBM signing certificate.").checks
        return HostKeyResult(file.name, certificate, host_key_group(title, (document, *checks)), loaded.cause)
    signing = findings.outcome.chain[0]
    lists = host_key_candidates(signing, loaded.crls, run.lists_for(certificate))
    found = stage_b(certificate, signing, lists, at)
    failure = loaded.cause or found.cause
    ends = [end for end in (found.fresh_until, findings.fresh_until) if end is not None]
    return HostKeyResult(
        name=file.name,
        certificate=certificate,
        check=host_key_group(title, (document, *found.checks)),
        cause=failure,
        coverage=found.coverage,
        fresh_until=None if failure else min(ends),
    )


def _document(file: InputFile) -> tuple[Check, TrustCertificate | None, Cause | None]:
    """The first certificate of a host key document, or why there is none."""
    try:
        found: Sequence[TrustCertificate] = certificates_in(file)
    except FormatError as error:
        return DOCUMENT.failed(f"It is neither PEM nor DER. {error.what}"), None, not_a_document_cause(file.name)
    if not found:
        text = f"There is no certificate in it. {instead_of_certificate(file)}"
        return DOCUMENT.failed(text), None, empty_document_cause(file.name)
    certificate = found[0]
    rows = (
        ("file", f"{file.name}, {len(file.content)} bytes, {certificate.source.encoding}"),
        ("SHA-256 of the file", certificate.source.file_sha256),
        ("SHA-256 of the certificate", certificate.fingerprint),
        ("subject", certificate.subject_text),
        ("generation", certificate.generation.generation.value),
    )
    if len(found) > 1:
        text = f"There are {len(found)} certificates in the file; only the first is used and judged."
        return DOCUMENT.note(text, *rows), certificate, None
    return DOCUMENT.passed(f"{certificate.name}, {certificate.source.encoding}.", *rows), certificate, None
