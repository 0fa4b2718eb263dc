"""What the page has done on threads: reading files, creating, answering, verifying. No widget is touched here."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.known import FoundHeader, Known, KnownRequest, find_header
from seworkbench.attestation.policy import PolicyResult, check_policies
from seworkbench.attestation.protection_key import read_protection_key
from seworkbench.attestation.record import RequestRecord, read_record
from seworkbench.attestation.request import CreatedRequest, create_request, record_path, request_flags, write_request
from seworkbench.attestation.verify import AttestationVerification, verify_response
from seworkbench.crypto.request_seal import open_request
from seworkbench.errors import FormatError, SeError
from seworkbench.files import AtomicFile, read_whole
from seworkbench.formats.additional_data import PART_KINDS
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE, parse_exchange, parse_request, parse_response
from seworkbench.formats.se_header import parse_header
from seworkbench.image.image_file import open_image
from seworkbench.ui.pages.attestation.case import CaseState
from seworkbench.workspace.cases import CaseFile
from seworkbench.workspace.verdicts import VerdictRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.attestation.known import KnownHostKey
    from seworkbench.attestation.policy import Policies
    from seworkbench.attestation.request import RequestHost
    from seworkbench.checks import Check
    from seworkbench.jobs import Job
    from seworkbench.workspace.cases import AttestationCase
    from seworkbench.workspace.workspace import Workspace

ATTESTATION = "attestation"
_FILE_MODE = 0o644


@dataclass(frozen=True)
class CaseFiles:
    """The files of a case, read.

    Args:
        header: the SE header that is expected.
        request: the request file.
        response: the response file.
        record: what was noted when the request was created.
    """

    header: FoundHeader | None = None
    request: bytes | None = None
    response: bytes | None = None
    record: RequestRecord | None = None

    @property
    def arcb(self) -> bytes | None:
        """The request control block: that of the request, else that which the response carries back."""
        for content in (self.request, self.response):
            if content is not None:
                try:
                    return parse_exchange(content).arcb
                except FormatError:
                    continue
        return None


@dataclass(frozen=True)
class Answered:
    """A response that a simulated machine gave.

    Args:
        path: where it was written.
        content: the response.
    """

    path: Path
    content: bytes


def load_header(path: Path) -> FoundHeader:
    """Find the SE header in an image or header file.

    Raises:
        SeError: if there is none.
    """
    with open_image(path) as image:
        try:
            return find_header(image)
        except FormatError as error:
            raise error.located(str(path)) from None


def load_request(path: Path) -> tuple[bytes, RequestRecord | None]:
    """Read a request, and the record beside it if there is one for it.

    Raises:
        SeError: if it is none.
    """
    content = read_whole(path, MAX_EXCHANGE_FILE_SIZE)
    try:
        file = parse_request(content)
        parse_arcb(file.arcb)
    except FormatError as error:
        raise error.located(str(path)) from None
    return content, _record_beside(path, file.arcb)


def _record_beside(path: Path, arcb: bytes) -> RequestRecord | None:
    try:
        record = read_record(record_path(path))
    except SeError:
        return None
    return record if record.arcb_sha256 == hashlib.sha256(arcb).digest() else None


def load_response(path: Path) -> bytes:
    """Read a response.

    Raises:
        SeError: if it is none.
    """
    content = read_whole(path, MAX_EXCHANGE_FILE_SIZE)
    try:
        parse_response(content)
    except FormatError as error:
        raise error.located(str(path)) from None
    return content


def require_fitting_key(path: Path, arcb: bytes | None) -> bool | None:
    """Whether a key opens a request; None if there is no request yet.

    Raises:
        SeError: if it is no protection key.
    """
    with read_protection_key(path) as key:
        if arcb is None:
            return None
        try:
            open_request(parse_arcb(arcb), key)
        except FormatError:
            return False
    return True


def create(
    hosts: tuple[RequestHost, ...], flags: Iterable[str], request: Path, key: Path, *, at: datetime
) -> CreatedRequest:
    """Create a request and write it with its protection key and record: all of them or none.

    Raises:
        SeError: if a name is taken, or a file cannot be written.
    """
    wanted = set(flags)
    created = create_request(hosts, request_flags(kind for kind in PART_KINDS if kind.option in wanted), at=at)
    write_request(created, request, key)
    return created


def save_file(path: Path, content: bytes) -> Path:
    """Write a public file; one that is there is never replaced.

    Raises:
        SeError: if the name is taken, or it cannot be written.
    """
    with AtomicFile(path, mode=_FILE_MODE, expected_size=len(content)) as file:
        file.write_at(0, content)
    return path


def answer(folder: Path, request: bytes, user_data: bytes, response: Path) -> Answered:
    """Let the guest on a simulated machine answer a request.

    Raises:
        SeError: if the machine refuses, no guest runs on it, or the response cannot be written.
    """
    from seworkbench.simulator.attestation import answer_exchange  # noqa: PLC0415 - few need the simulator
    from seworkbench.simulator.machine_folder import MachineFolder, no_guest  # noqa: PLC0415 - the same

    machine = MachineFolder.open(folder)
    guest = machine.guest()
    if guest is None:
        raise no_guest(folder)
    content = answer_exchange(machine.machine, guest, request, user_data=user_data)
    return Answered(save_file(response, content), content)


def restored(case: AttestationCase, state: CaseState) -> CaseFiles:
    """The files of a case as the workspace keeps them; what cannot be read is absent."""
    from seworkbench.attestation.record import parse_record  # noqa: PLC0415 - beside its only use
    from seworkbench.workspace.records import json_text  # noqa: PLC0415 - the same

    header = record = None
    if (raw := case.files.get(CaseFile.HEADER)) is not None:
        try:
            found = parse_header(raw)
            header = FoundHeader(state.header_path, found, state.header_offset, state.header_method)
        except FormatError:
            header = None
    if state.record is not None:
        try:
            record = parse_record(json_text(dict(state.record)).encode())
        except FormatError:
            record = None
    return CaseFiles(header, case.files.get(CaseFile.REQUEST), case.files.get(CaseFile.RESPONSE), record)


def other_knowledge(cases: Iterable[AttestationCase], current: int, states: dict[int, CaseState]) -> Known:
    """Headers and requests of other cases: what else could have been started, or answered."""
    headers: dict[bytes, FoundHeader] = {}
    requests: dict[bytes, KnownRequest] = {}
    for case in cases:
        if case.id == current:
            continue
        state = states[case.id]
        files = restored(case, state)
        if files.header is not None:
            headers.setdefault(files.header.header.tag, dataclasses.replace(files.header, name=f"case {case.title}"))
        if files.request is not None and state.key_path:
            try:
                arcb = parse_arcb(parse_exchange(files.request).arcb)
                with read_protection_key(Path(state.key_path)) as key:
                    requests.setdefault(arcb.tag, KnownRequest(f"of case {case.title}", open_request(arcb, key)))
            except SeError:
                continue  # its key is gone, as it should be
    return Known(headers=tuple(headers.values()), requests=tuple(requests.values()))


@dataclass(frozen=True)
class Question:
    """Everything that a verification needs.

    Args:
        workspace: where requests are counted and verdicts kept.
        case: number of the case.
        title: of the case.
        state: where it stands.
        files: its files.
        cases: all cases.
        host_keys: host keys that are known by name.
        policies: what is expected.
        at: the instant of verification, aware UTC.
        keep: whether the verdict is kept: not when an old case is only looked at again.
    """

    workspace: Workspace
    case: int
    title: str
    state: CaseState
    files: CaseFiles
    cases: tuple[AttestationCase, ...]
    host_keys: tuple[KnownHostKey, ...]
    policies: Policies
    at: datetime
    keep: bool = True


@dataclass(frozen=True)
class Judged:
    """The answer to it.

    Args:
        result: what came of it.
        seen_response: SHA-256 of the response that was counted, 64 hexadecimal digits; empty if none was.
        seen: when responses to its request were verified before.
    """

    result: PolicyResult
    seen_response: str
    seen: tuple[datetime, ...]


def judge(question: Question, job: Job) -> Judged:
    """Verify a response and check the policies.

    Raises:
        SeError: if a file cannot be read, or the key is none.
    """
    state, files = question.state, question.files
    header, response = files.header, files.response
    if header is None or response is None:
        raise SeError("Header and response are needed.", remedy="Drop them on the page.")
    states = {case.id: CaseState.from_json(case.state) for case in question.cases}
    known = dataclasses.replace(
        other_knowledge(question.cases, question.case, states),
        host_keys=question.host_keys,
        record=files.record,
        user_data=(("that is expected", question.policies.user_data),) if question.policies.user_data else (),
    )
    job.check()
    with read_protection_key(Path(state.key_path)) as key:
        verification = verify_response(response, header, key, at=question.at, known=known)
    digest = hashlib.sha256(response).hexdigest()
    seen_response, seen = state.seen_response, state.seen_at
    if verification.measurement_equal and digest != seen_response:
        seen, seen_response = _count(question.workspace, verification, question.at), digest
    verification = dataclasses.replace(verification, known=dataclasses.replace(known, seen=seen))
    result = check_policies(verification, question.policies, response, demand_policy=False)
    if question.keep:
        _keep(question, result)
    return Judged(result, seen_response, seen)


def _count(workspace: Workspace, verification: AttestationVerification, at: datetime) -> tuple[datetime, ...]:
    """Count an answer to the request; tells when there was one before."""
    digest = verification.arcb_sha256
    before = workspace.requests.see(digest.hex(), at=at) if digest else None
    if before is None:
        return ()
    return (before.first_at,) if before.first_at == before.last_at else (before.first_at, before.last_at)


def _keep(question: Question, result: PolicyResult) -> None:
    verification = result.verification
    inputs = {
        "response": verification.response_sha256.hex(),
        "SE header": hashlib.sha256(verification.header.header.build()).hexdigest(),
    }
    if verification.arcb_sha256 is not None:
        inputs["request"] = verification.arcb_sha256.hex()
    check = shown_check(result)
    question.workspace.verdicts.record(
        [
            VerdictRecord(
                kind=ATTESTATION,
                subject=str(question.case),
                title=question.title,
                verified_for=verification.verified_at,
                check=check,
                cause=", ".join(verification.search.cause.groups)
                if verification.search and verification.search.cause
                else "",
                inputs=inputs,
            )
        ],
        at=question.at,
    )


def shown_check(result: PolicyResult) -> Check:
    """The tree to show: where nothing could be judged, what policies would say is of no interest."""
    return result.check if result.verification.error is None else result.verification.check
