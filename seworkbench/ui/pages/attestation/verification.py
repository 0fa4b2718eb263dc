"""Verifying a response with everything that the workspace knows; on a thread, no widget is touched here."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.known import Known, KnownRequest
from seworkbench.attestation.policy import PolicyResult, check_policies
from seworkbench.attestation.protection_key import read_protection_key
from seworkbench.attestation.verify import AttestationVerification, verify_response
from seworkbench.checks import Verdict
from seworkbench.crypto.request_seal import open_request
from seworkbench.errors import SeError
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import parse_exchange
from seworkbench.ui.pages.attestation.case import CaseState
from seworkbench.ui.pages.attestation.case_files import CaseFiles, restored
from seworkbench.workspace.verdicts import VerdictRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.attestation.known import FoundHeader, KnownHostKey
    from seworkbench.attestation.policy import Policies
    from seworkbench.checks import Check
    from seworkbench.jobs import Job
    from seworkbench.ui.pages.attestation.case_list import OpenCase
    from seworkbench.workspace.cases import AttestationCase
    from seworkbench.workspace.workspace import Workspace

ATTESTATION = "attestation"
NO_ANSWER = "The machine refused the request, so there is no answer to verify."


def other_knowledge(cases: Iterable[AttestationCase], current: int | None, states: dict[int, CaseState]) -> Known:
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
        case: the case.
        state: where it stands.
        files: its files.
        cases: all cases.
        host_keys: host keys that are known by name.
        policies: what is expected.
        at: the instant of verification, aware UTC.
        keep: whether the verdict is kept: not when an old case is only looked at again.
    """

    workspace: Workspace
    case: OpenCase
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
        other_knowledge(question.cases, question.case.number, states),
        host_keys=question.host_keys,
        record=files.record,
        user_data=(("the expected one", question.policies.user_data),) if question.policies.user_data else (),
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
    return before.instants if before else ()


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
                subject=str(question.case.number or 0),
                title=question.case.title,
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


def outcome_text(result: PolicyResult) -> str:
    """What a case came to, in a sentence."""
    verification = result.verification
    if verification.error is not None:
        return verification.error.what
    if not verification.measurement_equal:
        return "The measurement is not equal: this guest, this header and this answer do not belong together."
    if verification.check.verdict is Verdict.FAILED:
        bad = [leaf for leaf in verification.check.leaves() if leaf.required and leaf.verdict is Verdict.FAILED]
        return bad[0].reason if bad else "The verification failed."
    failed = [leaf for leaf in result.policy.leaves() if leaf.required and leaf.verdict is Verdict.FAILED]
    if failed:
        return f"The guest is the expected one, but not all that is expected of it: {len(failed)} failed."
    open_rows = [leaf for leaf in result.policy.leaves() if leaf.required and leaf.verdict is not Verdict.PASSED]
    if open_rows:
        count = len(open_rows)
        return f"The guest is the expected one. {count} point{' needs' if count == 1 else 's need'} a person."
    return "The guest that answered was started from exactly this SE header, and everything expected is as expected."
