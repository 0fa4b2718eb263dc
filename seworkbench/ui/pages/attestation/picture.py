"""A case as a sequence diagram: what is known about each step, and what travels between whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.errors import FormatError
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import parse_exchange
from seworkbench.ui.widgets.sequence_diagram import Lane, Message, SequencePicture, SequenceStep

if TYPE_CHECKING:
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.formats.exchange import ExchangeFile
    from seworkbench.ui.pages.attestation.case import CaseState, Refusal
    from seworkbench.ui.pages.attestation.case_files import CaseFiles

_PASSED, _FAILED, _WARNING, _NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED
_THIN = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True)
class Situation:
    """Everything that the picture shows.

    Args:
        state: where the case stands.
        files: its files.
        result: what verification and policies came to; None before.
        key_fits: whether the protection key opens the request; None if that is not known.
        chosen: number of host keys that are chosen.
        doubtful: number of those that are not verified.
    """

    state: CaseState
    files: CaseFiles
    result: PolicyResult | None = None
    key_fits: bool | None = None
    chosen: int = 0
    doubtful: int = 0


def bytes_text(count: int) -> str:
    """A small size: `1 040 B`."""
    return f"{count:,} B".replace(",", _THIN)


def sequence_of(now: Situation) -> SequencePicture:
    """The picture of a case."""
    simulated = now.state.simulated
    image = Path(now.state.header_path).name
    return SequencePicture(
        steps=(_choose(now), _create(now), _carry(now), _perform(now), _verify(now), _policy(now)),
        captions=(
            (Lane.VERIFIER, "your workstation"),
            (Lane.HOST, "carries files only"),
            (Lane.GUEST, f"runs {image}" if image and now.files.response else "is to be verified"),
            (Lane.ULTRAVISOR, "simulated firmware" if simulated else "firmware"),
        ),
        simulated=simulated,
    )


def _parsed(content: bytes | None) -> ExchangeFile | None:
    try:
        return parse_exchange(content) if content is not None else None
    except FormatError:
        return None


def _point(key: str, text: str, verdict: Verdict, said: str = "") -> tuple[tuple[Message, ...], ...]:
    return ((Message(key, text, verdict, Lane.VERIFIER, said=said),),)


def _choose(now: Situation) -> SequenceStep:
    header, record = now.files.header, now.files.record
    count = len(record.hosts) if record else now.chosen
    doubtful = len(record.unverified) if record else now.doubtful
    keys = f"{count} host key{'' if count == 1 else 's'}"
    if header is None:
        verdict, text = _NOT_CHECKED, f"no SE header yet, {keys}" if count else "no SE header yet"
    elif doubtful:
        which = keys if doubtful == count else f"{doubtful} of {keys}"
        verdict, text = _WARNING, f"SE header {bytes_text(header.header.sehs)}, {which} not verified"
    elif count:
        verdict, text = _PASSED, f"SE header {bytes_text(header.header.sehs)}, {keys}"
    elif now.files.arcb is not None:
        verdict, text = _PASSED, f"SE header {bytes_text(header.header.sehs)}"
    else:
        verdict, text = _NOT_CHECKED, f"SE header {bytes_text(header.header.sehs)}, no host key yet"
    return SequenceStep("choose", "1 Choose", verdict, _point("header", text, verdict))


def _create(now: Situation) -> SequenceStep:
    arcb = now.files.arcb
    key = now.state.key_path
    if arcb is None:
        verdict = _NOT_CHECKED
        text = "protection key, no request yet" if key else "no request yet"
    else:
        size = len(now.files.request) if now.files.request is not None else len(arcb)
        whence = "" if now.files.request is not None else " from the response"
        text = f"request {bytes_text(size)}{whence}"
        if not key:
            verdict, text = _NOT_CHECKED, f"{text}, key missing"
        elif now.key_fits is False:
            verdict, text = _FAILED, f"{text}, key does not open it"
        elif now.key_fits:
            verdict, text = _PASSED, f"{text}, key 32 B stays"
        else:
            verdict, text = _NOT_CHECKED, f"{text}, key not tried"
    said = "The protection key opens it: no bit was changed." if verdict is _PASSED else ""
    return SequenceStep("create", "2 Create", verdict, _point("request", text, verdict, said))


def _carry(now: Situation) -> SequenceStep:
    request, response = _parsed(now.files.request), _parsed(now.files.response)
    arcb = now.files.arcb
    happened = response is not None
    said = ""
    if arcb is None:
        verdict, first, second = _NOT_CHECKED, "request", "request"
    elif response is None:
        size = bytes_text(len(now.files.request or b""))
        verdict, first, second = _NOT_CHECKED, f"request {size}", "not there yet"
        if now.state.refusal is not None:
            happened, second = True, f"{size}, arrived"
            said = "It was refused, so nothing came back to compare it with."
    else:
        size = bytes_text(len(now.files.request)) if now.files.request is not None else bytes_text(len(arcb))
        if request is None:
            # Nobody has the request file here; the tag tells whether what came back is what was sent.
            verdict = _PASSED if now.key_fits else _NOT_CHECKED
        else:
            verdict = _PASSED if request.arcb == response.arcb else _FAILED
        first = f"request {size}"
        second = f"{size}, differs" if verdict is _FAILED else f"{size}, unchanged"
        if verdict is _NOT_CHECKED:
            second = size
    messages = (
        Message("request-out", first, verdict, Lane.VERIFIER, Lane.HOST, said, happened),
        Message("request-in", second, verdict, Lane.HOST, Lane.GUEST, said, happened),
    )
    return SequenceStep("carry", "3 Carry over", verdict, (messages,))


def _refused(now: Situation, refusal: Refusal) -> SequenceStep:
    """The request arrived at the Ultravisor, and nothing comes back but a return code."""
    user = f" + user {bytes_text(len(now.state.user_data) // 2)}" if now.state.user_data else ""
    ask = f"{bytes_text(len(now.files.arcb or b''))}{user}"
    said = f"{refusal.code}. {refusal.said}"
    none = "There is no response: the machine refused the request."
    return SequenceStep(
        "perform",
        "4 Perform",
        _FAILED,
        (
            (Message("ask", ask, _NOT_CHECKED, Lane.GUEST, Lane.ULTRAVISOR, happened=True),),
            (Message("answer", f"refused, {refusal.rc}", _FAILED, Lane.ULTRAVISOR, Lane.GUEST, said),),
            (
                Message("response-in", "no response", _NOT_CHECKED, Lane.HOST, Lane.VERIFIER, none),
                Message("response-out", "no response", _NOT_CHECKED, Lane.GUEST, Lane.HOST, none),
            ),
        ),
    )


def _perform(now: Situation) -> SequenceStep:
    response = _parsed(now.files.response)
    if response is None and now.state.refusal is not None:
        return _refused(now, now.state.refusal)
    if response is None:
        ask, answer, out, home = "request", "answer", "response", "response"
        verdict = _NOT_CHECKED
    else:
        user = f" + user {bytes_text(len(response.user_data))}" if response.user_data else ""
        ask = f"{bytes_text(len(response.arcb))}{user}"
        parts = sum(len(part or b"") for part in (response.measurement, response.additional, response.cuid))
        answer = f"RC 0x0001, {bytes_text(parts)}"
        out = f"response {bytes_text(len(now.files.response or b''))}"
        equal = now.result is not None and now.result.verification.measurement_equal
        verdict = _PASSED if equal else _NOT_CHECKED
        home = f"{bytes_text(len(now.files.response or b''))}, {'unchanged' if equal else 'arrived'}"
    happened = response is not None
    said = "" if verdict is _PASSED or not happened else "Without an equal measurement nobody vouches for it."
    return SequenceStep(
        "perform",
        "4 Perform",
        verdict,
        (
            (Message("ask", ask, verdict, Lane.GUEST, Lane.ULTRAVISOR, said, happened),),
            (Message("answer", answer, verdict, Lane.ULTRAVISOR, Lane.GUEST, said, happened),),
            (
                Message("response-in", home, verdict, Lane.HOST, Lane.VERIFIER, said, happened),
                Message("response-out", out, verdict, Lane.GUEST, Lane.HOST, said, happened),
            ),
        ),
    )


def _verify(now: Situation) -> SequenceStep:
    if now.result is None:
        verdict, text = _NOT_CHECKED, "no HMAC to compare yet"
    else:
        verification = now.result.verification
        verdict = verification.check.verdict
        if verification.error is not None:
            text = "cannot be judged"
        elif not verification.measurement_equal:
            text = "HMAC not equal"
        elif verdict is _PASSED:
            text = "HMAC equal"
        else:
            text = f"HMAC equal, {verdict.value}"
    return SequenceStep("verify", "5 Verify", verdict, _point("block", text, verdict))


def _policy(now: Situation) -> SequenceStep:
    if now.result is None:
        verdict, text = _NOT_CHECKED, "nothing to compare yet"
    else:
        rows = now.result.policy.children
        verdict = now.result.policy.verdict
        counts = [
            f"{count} {kind.value}{'s' if kind is _WARNING and count > 1 else ''}"
            for kind in (_FAILED, _WARNING, _PASSED)
            if (count := sum(row.verdict is kind for row in rows))
        ]
        text = ", ".join(counts) or "not checked"
    return SequenceStep("policy", "6 Check policy", verdict, _point("policies", text, verdict))


def flags_of(arcb: bytes | None) -> int:
    """The flags of a request; none if it cannot be read."""
    try:
        return parse_arcb(arcb).paf if arcb else 0
    except FormatError:
        return 0
