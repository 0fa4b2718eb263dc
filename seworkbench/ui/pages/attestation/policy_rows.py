"""The policies as rows: what was asked, what is expected, what came, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.attestation.policy import (
    ATTESTATION_KEY,
    CUID,
    DOCUMENTS,
    FIRMWARE,
    FRESH,
    GIVEN,
    IMAGE_KEY,
    STORE,
    USER_DATA,
)
from seworkbench.checks import Verdict
from seworkbench.formats.additional_data import ATTESTATION_PHKH, FIRMWARE_STATE, IMAGE_PHKH, SECRET_STORE_HASH
from seworkbench.ui.pages.attestation.words import data_text, short_hex

if TYPE_CHECKING:
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.checks import Check
    from seworkbench.formats.additional_data import PartKind

NOTHING = "\N{EN DASH}"
_NO_VALUE = "no value given"
_QUESTIONS = {
    GIVEN.id: "Policy",
    IMAGE_KEY.id: "Image host key",
    ATTESTATION_KEY.id: "Attestation host key",
    FRESH.id: "Freshness",
    DOCUMENTS.id: "Host key documents",
    USER_DATA.id: "User data",
    CUID.id: "Configuration UID",
    STORE.id: "Secret store",
    FIRMWARE.id: "Firmware state",
}
_SHORT_REASONS = {FRESH.id: "nobody counts", DOCUMENTS.id: "not on record"}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy.

    Args:
        check: its check.
        question: what it is about.
        asked: what is expected.
        answer: what came.
        reason: a few words beside the verdict.
    """

    check: Check
    question: str
    asked: str
    answer: str
    reason: str

    @property
    def verdict(self) -> Verdict:
        """What it came to."""
        return self.check.verdict


def policy_rows(result: PolicyResult) -> tuple[PolicyRow, ...]:
    """The rows of a result."""
    return tuple(_row(result, check) for check in result.policy.children)


def _row(result: PolicyResult, check: Check) -> PolicyRow:
    asked, answer = _values(result, check.id)
    reason = _reason(check)
    if not is_verified(result):
        # Nobody vouches for what the answer says: it is shown, and nothing is said about it.
        reason = "not verified"
        answer = NOTHING if check.id in (FRESH.id, DOCUMENTS.id) else answer
    return PolicyRow(check, _QUESTIONS.get(check.id, check.title), asked, answer, reason)


def is_verified(result: PolicyResult) -> bool:
    """Whether the response passed, so that what it says counts."""
    return result.verification.check.verdict in (Verdict.PASSED, Verdict.WARNING)


def _reason(check: Check) -> str:
    if check.verdict is Verdict.PASSED:
        return ""
    if check.verdict is Verdict.NOT_CHECKED and not check.required:
        return _SHORT_REASONS.get(check.id, "not asked")
    first = check.reason.split(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]


def _values(result: PolicyResult, name: str) -> tuple[str, str]:  # noqa: PLR0911 - one for each policy
    """What is expected and what came."""
    policies, verification = result.policies, result.verification
    response = verification.response
    if name in (IMAGE_KEY.id, ATTESTATION_KEY.id):
        kind = IMAGE_PHKH if name == IMAGE_KEY.id else ATTESTATION_PHKH
        keys = ", ".join(dict.fromkeys(key.name for key in policies.host_keys))
        return keys or _NO_VALUE, _key_answer(result, kind)
    if name == FRESH.id:
        seen = verification.known.seen
        return "one use", "first response to this request" if seen == () else ("used before" if seen else NOTHING)
    if name == DOCUMENTS.id:
        record = verification.known.record
        return "verified", f"{len(record.hosts)} on record" if record else "no record of the request"
    if name == USER_DATA.id:
        came = (response.user_data if response else None) or b""
        expected = (
            _NO_VALUE
            if policies.user_data is None
            else (data_text(policies.user_data) if policies.user_data else "none")
        )
        return expected, data_text(came) if came else "none in the answer"
    if name == CUID.id:
        uid = (response.cuid if response else None) or b""
        return short_hex(policies.cuid) if policies.cuid is not None else _NO_VALUE, short_hex(uid)
    if name == STORE.id:
        return _store_asked(result), _part_answer(result, SECRET_STORE_HASH)
    if name == FIRMWARE.id:
        return "a valid state" if policies.ask_firmware else NOTHING, _part_answer(result, FIRMWARE_STATE)
    return NOTHING, NOTHING


def _key_answer(result: PolicyResult, kind: PartKind) -> str:
    verification = result.verification
    found = next((key for key in verification.resolved if key.kind is kind), None)
    if found is None:
        return "not in the answer"
    slots, whole, where = (
        (found.header_slots, verification.header.header.nks, "header")
        if kind is IMAGE_PHKH
        else (found.request_slots, verification.arcb.nks if verification.arcb else 0, "request")
    )
    place = f"{where} slot {slots[0] + 1} of {whole}" if slots else f"in no {where} slot"
    return f"{found.phkh.hex()[:8]} · {place}"


def _store_asked(result: PolicyResult) -> str:
    store = result.policies.store
    if store is None:
        return NOTHING if result.verification.part(SECRET_STORE_HASH) is None else _NO_VALUE
    count = len(store.secrets)
    return f"{count} secret{'' if count == 1 else 's'}, {'locked' if store.locked else 'open'}"


def _part_answer(result: PolicyResult, kind: PartKind) -> str:
    content = result.verification.part(kind)
    return "not in the answer" if content is None else f"{len(content)} B, {short_hex(content)}"
