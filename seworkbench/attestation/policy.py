"""Judging what a verified response says: one check for each policy (resources/help/attestation.md#policies).

A policy is judged on the very bytes that were verified, and only if they passed. What nobody asked for is not checked,
and what the answer contains without anybody comparing it is a warning.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.attestation.secret_store import MOST_SEARCHED_SECRETS, ExpectedStore, find_store
from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.crypto.measurement import same_measurement
from seworkbench.errors import SeError
from seworkbench.formats.additional_data import (
    ATTESTATION_PHKH,
    FIRMWARE_STATE,
    IMAGE_PHKH,
    SECRET_STORE_HASH,
    PartKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.attestation.firmware_service import FirmwareAnswer
    from seworkbench.attestation.known import KnownHostKey
    from seworkbench.attestation.verify import AttestationVerification

_RULE = "attestation.md#policies"
_STATES = "attestation.md#states-that-need-a-person"

GIVEN = Step("attest.policy.given", "There is a policy", _RULE)
IMAGE_KEY = Step(
    "attest.policy.image-host-key",
    "Image was opened by an expected host key",
    _RULE,
    "Give the host key document of the machine, or find out on which machine the guest runs.",
)
ATTESTATION_KEY = Step(
    "attest.policy.attestation-host-key",
    "Request was opened by an expected host key",
    _RULE,
    "Give the host key document of the machine, or find out which machine answered.",
)
FRESH = Step(
    "attest.policy.freshness",
    "Request was not used before",
    _STATES,
    "Create a new request: an old answer to this one would pass again.",
)
DOCUMENTS = Step(
    "attest.policy.documents",
    "Host key documents were verified",
    _STATES,
    "Verify the chain of trust of the documents: whoever made a forged one can answer as he likes.",
)
USER_DATA = Step(
    "attest.policy.user-data", "User data is the expected one", _RULE, "Compare it with what the guest sent."
)
CUID = Step(
    "attest.policy.cuid",
    "Configuration UID is the expected one",
    _RULE,
    "The guest was started again, or another guest answered.",
)
STORE = Step(
    "attest.policy.secret-store",
    "Secret store is the expected one",
    _RULE,
    "Give the add-secret requests in the order in which they were added.",
)
FIRMWARE = Step(
    "attest.policy.firmware",
    "Firmware is in a valid state",
    "attestation.md#firmware-service",
    "Update the firmware of the machine; until then it should run no guest that matters.",
)
_PRESENT = "Present, not compared."
_COMPARE = "Say what is expected, and it will be compared."
_NOT_ASKED = "Nobody asked for it."


@dataclass(frozen=True)
class Policies:
    """What is expected of an answer. What is None or empty is not expected.

    Args:
        host_keys: host key documents of the machines that are allowed.
        require_image_key: whether an answer without an image PHKH fails; needs `host_keys`.
        require_attestation_key: whether an answer without an attestation PHKH fails; needs `host_keys`.
        user_data: the user data; empty means that there must be none.
        store: the secret store.
        ask_firmware: whether the firmware state is to be judged.
        firmware: what the service said about it.
        cuid: the configuration UID, 16 bytes.
    """

    host_keys: tuple[KnownHostKey, ...] = ()
    require_image_key: bool = False
    require_attestation_key: bool = False
    user_data: bytes | None = None
    store: ExpectedStore | None = None
    ask_firmware: bool = False
    firmware: FirmwareAnswer | None = None
    cuid: bytes | None = None

    @property
    def any_given(self) -> bool:
        """Whether anything is expected."""
        given = (self.host_keys, self.ask_firmware)
        return any(given) or any(value is not None for value in (self.user_data, self.store, self.cuid))


@dataclass(frozen=True)
class PolicyResult:
    """The result of checking policies.

    Args:
        check: the verification and all policies as one tree.
        policy: the part of the tree about policies.
        policies: what was expected.
        verification: the verification it rests on.
    """

    check: Check
    policy: Check
    policies: Policies
    verification: AttestationVerification

    @property
    def successful(self) -> bool:
        """Whether the response was verified and every policy given fulfilled; a warning does not stand against it."""
        return self.check.verdict in (Verdict.PASSED, Verdict.WARNING)

    @property
    def issues(self) -> tuple[str, ...]:
        """One sentence for each policy that failed, and each that could not be judged."""
        bad = (Verdict.FAILED, Verdict.NOT_CHECKED)
        return tuple(leaf.reason for leaf in self.policy.leaves() if leaf.required and leaf.verdict in bad)

    def document_for(self, kind: PartKind) -> KnownHostKey | None:
        """The expected document whose key is the one in the answer."""
        phkh = self.verification.part(kind)
        return next((key for key in self.policies.host_keys if key.phkh == phkh), None)

    def passed(self, step: Step) -> bool:
        """Whether a policy passed."""
        leaf = self.policy.find(step.id)
        return leaf is not None and leaf.verdict is Verdict.PASSED


def check_policies(
    verification: AttestationVerification, policies: Policies, response: bytes, *, demand_policy: bool = True
) -> PolicyResult:
    """Judge what a response says.

    Args:
        verification: the verification of the response.
        policies: what is expected.
        response: the response file once more: these bytes must be those that were verified.
        demand_policy: whether it counts as not checked that no policy was given.

    Raises:
        SeError: if `response` is not what was verified.
    """
    if not same_measurement(hashlib.sha256(response).digest(), verification.response_sha256):
        raise SeError("This is not the response that was verified.", remedy="Verify it first, then check these bytes.")
    rows = list(_rows(verification, policies))
    if demand_policy and not policies.any_given:
        rows.insert(0, GIVEN.not_checked("No policy was given: only the measurement is known to be right."))
    policy = group("attest.policy", "Policies", rows)
    return PolicyResult(
        group("attestation", "Attestation", [verification.check, policy]), policy, policies, verification
    )


def open_points(verification: AttestationVerification, response: bytes) -> PolicyResult:
    """A verification with what it leaves open: values that nobody compared are warnings."""
    return check_policies(verification, Policies(), response, demand_policy=False)


def _rows(verification: AttestationVerification, policies: Policies) -> Iterator[Check]:
    if verification.check.verdict not in (Verdict.PASSED, Verdict.WARNING):
        reason = "The response was not verified, so nothing in it can be relied on."
        asked = {
            IMAGE_KEY: bool(policies.host_keys),
            ATTESTATION_KEY: bool(policies.host_keys),
            FRESH: False,
            DOCUMENTS: False,
            USER_DATA: policies.user_data is not None,
            CUID: policies.cuid is not None,
            STORE: policies.store is not None,
            FIRMWARE: policies.ask_firmware,
        }
        for step, required in asked.items():
            yield step.not_checked(reason, required=required)
        return
    yield _host_key(IMAGE_KEY, IMAGE_PHKH, verification, policies, required=policies.require_image_key)
    yield _host_key(
        ATTESTATION_KEY, ATTESTATION_PHKH, verification, policies, required=policies.require_attestation_key
    )
    yield _fresh(verification)
    yield _documents(verification, policies)
    yield _user_data(verification, policies)
    yield _cuid(verification, policies)
    yield _store(verification, policies)
    yield _firmware(verification, policies)


def _host_key(
    step: Step, kind: PartKind, verification: AttestationVerification, policies: Policies, *, required: bool
) -> Check:
    word = "image" if kind is IMAGE_PHKH else "attestation"
    phkh = verification.part(kind)
    if phkh is None:
        if required:
            return step.failed(
                f"The response does not contain an {word} public host-key hash, but checking was enabled."
            )
        return step.not_checked(f"The answer holds no {kind.title}; the request did not ask for it.", required=False)
    known_as = next((key.sentence for key in verification.resolved if key.kind is kind), "")
    answer = ("in the answer", f"{phkh.hex()} ({known_as})")
    # Documents for the same key, a renewed one for instance, name one machine: each key counts once.
    keys = {key.phkh: key for key in reversed(policies.host_keys)}
    if not keys:
        return _present(step, f"{_PRESENT} No host key document was given as the expected one.", answer)
    if (match := keys.get(phkh)) is not None:
        return step.passed(f"It is the key of {match.name}.", answer)
    given = [(f"document {key.name}", key.phkh.hex()) for key in policies.host_keys[:8]]
    return step.failed(f"No given host-key document matches the given {word} public host-key hash.", answer, *given)


def _present(step: Step, reason: str, *evidence: tuple[str, object]) -> Check:
    """A value that came and that nobody compared."""
    return dataclasses.replace(step.warning(reason, *evidence), remedy=_COMPARE)


def _fresh(verification: AttestationVerification) -> Check:
    seen = verification.known.seen
    digest = verification.arcb_sha256
    shown = ("SHA-256 of the request", digest.hex() if digest else "")
    if seen is None:
        return FRESH.not_checked("Nobody keeps count of the requests here.", required=False)
    if seen:
        times = ", ".join(instant.isoformat(timespec="seconds") for instant in seen[-3:])
        return FRESH.warning(f"A response to this request was verified before: {times}.", shown)
    return FRESH.passed("First response to this request.", shown)


def _documents(verification: AttestationVerification, policies: Policies) -> Check:
    record = verification.known.record
    if record is not None and record.arcb_sha256 != verification.arcb_sha256:
        return DOCUMENTS.warning("The record that was given belongs to another request.")
    hosts, unverified = (record.hosts, record.unverified) if record is not None else ((), ())
    vouched_for = {host.phkh for host in hosts} - {host.phkh for host in unverified}
    # An expected document of which nothing is known is as good as a forged one; others only lend names.
    doubtful = [
        key.name
        for key in policies.host_keys
        if key.verified is False or (key.verified is None and key.phkh not in vouched_for)
    ]
    doubtful += [key.name for key in verification.known.host_keys if key.verified is False]
    doubtful += [host.document for host in unverified]
    if doubtful:
        names = ", ".join(dict.fromkeys(doubtful))
        return DOCUMENTS.warning(f"Not verified: {names}.")
    if record is None:
        return DOCUMENTS.not_checked("There is no record of how the request was created.", required=False)
    return DOCUMENTS.passed(f"All {len(record.hosts)} of them, when the request was created.")


def _user_data(verification: AttestationVerification, policies: Policies) -> Check:
    found = (verification.response and verification.response.user_data) or b""
    expected = policies.user_data
    if expected is None:
        if found:
            return _present(USER_DATA, _PRESENT, ("in the answer", found.hex()))
        return USER_DATA.not_checked(f"There is none. {_NOT_ASKED}", required=False)
    # The exchange file cannot tell empty user data from none, so both are the same.
    shown = (("expected", expected.hex() or "none"), ("in the answer", found.hex() or "none"))
    if same_measurement(expected, found):
        return USER_DATA.passed("Byte for byte." if found else "There is none, as expected.", *shown)
    return USER_DATA.failed(
        "The provided user data does not match the user data from the attestation response.", *shown
    )


def _cuid(verification: AttestationVerification, policies: Policies) -> Check:
    found = ((verification.response and verification.response.cuid) or b"").hex()
    if policies.cuid is None:
        return _present(CUID, _PRESENT, ("in the answer", found))
    return CUID.equal(
        ("expected", policies.cuid.hex()),
        ("in the answer", found),
        same="Equal: the same run of the guest.",
        different="They differ.",
    )


def _store(verification: AttestationVerification, policies: Policies) -> Check:
    found = verification.part(SECRET_STORE_HASH)
    expected = policies.store
    if expected is None:
        if found is None:
            return STORE.not_checked(_NOT_ASKED, required=False)
        return _present(STORE, _PRESENT, ("in the answer", found.hex()))
    if found is None:
        return STORE.failed("The response contains no secret-store-hash, but checking was enabled.")
    locked = "locked" if expected.locked else "not locked"
    shown = (("computed", expected.hash.hex()), ("in the answer", found.hex()))
    count = len(expected.secrets)
    if same_measurement(expected.hash, found):
        return STORE.passed(f"{count} secret{'' if count == 1 else 's'}, {locked}.", *shown)
    return STORE.failed(
        f"The calculated secret-store-hash does not match with the provided hash. {_found_store(expected, found)}",
        *shown,
    )


def _found_store(expected: ExpectedStore, found: bytes) -> str:
    """What the store holds instead, if that can be found out."""
    if len(expected.secrets) > MOST_SEARCHED_SECRETS:
        return f"With more than {MOST_SEARCHED_SECRETS} secrets no other order was tried."
    store = find_store(expected.secrets, found)
    if store is None:
        return "No order or selection of these secrets gives it, locked or not."
    names = ", ".join(secret.name for secret in store.secrets) or "no secret"
    return f"It fits {names}, in this order, and {'a locked' if store.locked else 'an open'} store."


def _firmware(verification: AttestationVerification, policies: Policies) -> Check:
    state = verification.part(FIRMWARE_STATE)
    if not policies.ask_firmware:
        if state is None:
            return FIRMWARE.not_checked(_NOT_ASKED, required=False)
        return _present(FIRMWARE, _PRESENT, ("SHA-256 of the state", hashlib.sha256(state).hexdigest()))
    if state is None:
        return FIRMWARE.failed("The response contains no firmware hash, but checking was enabled.")
    answer = policies.firmware
    digest = hashlib.sha256(state)
    if answer is None or answer.state_sha256 != digest.digest():
        return FIRMWARE.not_checked("The service was not asked about this state.")
    shown = [
        ("asked", f"{answer.url} at {answer.asked_at.isoformat(timespec='seconds')}"),
        ("SHA-256 of the state", digest.hexdigest()),
    ]
    if answer.reference_id:
        shown.append(("reference", answer.reference_id))
    shown += [("signed hash, signature not verified", entry.hash.hex()) for entry in answer.hashes]
    if answer.valid:
        return FIRMWARE.passed("The service says so.", *shown)
    return FIRMWARE.failed(f"The firmware is not in a valid state. {answer.reason}".rstrip(), *shown)
