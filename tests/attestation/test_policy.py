"""Policies: judged on verified bytes only; what nobody asked for is not checked; what nobody compared is a warning."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
import yaml

from seworkbench.attestation.firmware_service import FirmwareAnswer, VerifiedHash
from seworkbench.attestation.known import Known, KnownHostKey
from seworkbench.attestation.policy import Policies, PolicyResult, check_policies, open_points
from seworkbench.attestation.request import RequestHost, create_request, request_flags
from seworkbench.attestation.result import policy_record, read_yaml, to_yaml
from seworkbench.attestation.secret_store import (
    MOST_SEARCHED_SECRETS,
    AddedSecret,
    ExpectedStore,
    find_store,
    parse_added_secret,
    read_added_secret,
)
from seworkbench.attestation.verify import verify_response
from seworkbench.checks import Check, Verdict
from seworkbench.crypto.measurement import secret_store_hash
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.additional_data import PART_KINDS
from tests.attestation import independent, recorded

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 1, tzinfo=UTC)
CUID = bytes(range(16))
HOST1, HOST2 = (independent.key_hash(recorded.host(number).public_key()) for number in (1, 2))
SECRETS = tuple(AddedSecret(f"secret{number}.asr", bytes([number]) * 16) for number in range(1, 5))
STORE = secret_store_hash((secret.tag for secret in SECRETS), locked=True)
STATE = b"\x99" * 320


def answer(*, parts: bytes | None = None, name: str = "all", user_data: bytes = b"hello") -> bytes:
    """A good response to a recorded request."""
    everything = HOST1 + HOST1 + STORE + STATE
    return independent.response(
        recorded.content(f"{name}.req"),
        recorded.host(1),
        recorded.content("se.hdr"),
        cuid=CUID,
        user_data=user_data,
        parts=everything if parts is None else parts,
    )


def check(
    policies: Policies, response: bytes | None = None, *, name: str = "all", known: Known | None = None
) -> PolicyResult:
    """Verify a response, then judge it."""
    content = answer() if response is None else response
    verification = verify_response(content, recorded.header(), recorded.key(name), at=AT, known=known)
    return check_policies(verification, policies, content)


def row(result: PolicyResult, name: str) -> Check:
    """One policy."""
    found = result.policy.find(f"attest.policy.{name}")
    assert found is not None, name
    return found


FIRST = KnownHostKey("host1.crt", HOST1, verified=True)
SECOND = KnownHostKey("host2.crt", HOST2, verified=True)
FIRMWARE = FirmwareAnswer(
    valid=True,
    reason="",
    reference_id="42",
    hashes=(VerifiedHash(b"\1" * 32, b"\2" * 8),),
    url="https://example.invalid/v1/verify",
    version=1,
    asked_at=AT,
    state_sha256=hashlib.sha256(STATE).digest(),
)
EVERYTHING = Policies(
    host_keys=(FIRST,),
    require_image_key=True,
    require_attestation_key=True,
    user_data=b"hello",
    store=ExpectedStore(SECRETS, locked=True),
    ask_firmware=True,
    firmware=FIRMWARE,
    cuid=CUID,
)


def test_every_policy_fulfilled_passes() -> None:
    result = check(EVERYTHING)
    assert result.check.verdict is Verdict.PASSED
    assert result.successful
    assert result.issues == ()
    assert policy_record(result) == {
        "successful": True,
        "image_host_key": {"check_enforced": True, "hash": "host1.crt"},
        "attest_host_key": {"check_enforced": True, "hash": "host1.crt"},
        "user_data": "0x68656c6c6f",
        "secret_store": {"add_secret_requests": [secret.name for secret in SECRETS], "locked": True},
        "valid_firmware": True,
    }


def test_no_policy_is_not_checked_and_not_passed() -> None:
    result = check(Policies())
    assert result.check.verdict is Verdict.NOT_CHECKED
    assert not result.successful
    assert policy_record(result)["successful"] is False
    assert "No policy was given" in result.issues[0]


def test_that_no_policy_was_given_is_said_first() -> None:
    assert [leaf.id for leaf in check(Policies()).policy.leaves()][:2] == [
        "attest.policy.given",
        "attest.policy.image-host-key",
    ]


@pytest.mark.parametrize(
    "policies",
    [
        Policies(host_keys=(FIRST,)),
        Policies(user_data=b"hello"),
        Policies(store=ExpectedStore(SECRETS, locked=True)),
        Policies(ask_firmware=True, firmware=FIRMWARE),
        Policies(cuid=CUID),
    ],
    ids=["host keys", "user data", "secret store", "firmware", "configuration UID"],
)
def test_a_single_policy_is_one(policies: Policies) -> None:
    result = check(policies)
    assert policies.any_given
    assert result.policy.find("attest.policy.given") is None
    assert result.successful


def test_an_issue_is_one_sentence_for_each_policy_that_failed() -> None:
    result = check(dataclasses.replace(EVERYTHING, user_data=b"other", cuid=bytes(16)))
    assert result.issues == (
        "The provided user data does not match the user data from the attestation response.",
        "They differ.",
    )


def test_values_that_nobody_compared_are_warnings() -> None:
    content = answer()
    verification = verify_response(content, recorded.header(), recorded.key("all"), at=AT)
    result = open_points(verification, content)
    warned = {leaf.id.rpartition(".")[2] for leaf in result.policy.leaves() if leaf.verdict is Verdict.WARNING}
    assert warned == {"image-host-key", "attestation-host-key", "user-data", "cuid", "secret-store", "firmware"}
    assert result.check.verdict is Verdict.WARNING
    assert all(leaf.remedy for leaf in result.policy.leaves() if leaf.verdict is Verdict.WARNING)


def test_what_is_neither_there_nor_asked_for_does_not_count() -> None:
    content = answer(name="none", parts=b"", user_data=b"")
    result = check(Policies(cuid=CUID), content, name="none")
    assert result.check.verdict is Verdict.PASSED
    skipped = {leaf.id.rpartition(".")[2] for leaf in result.policy.leaves() if leaf.verdict is Verdict.NOT_CHECKED}
    assert skipped == {
        "image-host-key",
        "attestation-host-key",
        "freshness",
        "documents",
        "user-data",
        "secret-store",
        "firmware",
    }


# --- only after verification -----------------------------------------------------------------------------------------


def test_other_bytes_than_those_verified_are_refused() -> None:
    verification = verify_response(answer(), recorded.header(), recorded.key("all"), at=AT)
    with pytest.raises(SeError, match="not the response that was verified"):
        check_policies(verification, EVERYTHING, answer(user_data=b"other"))
    with pytest.raises(SeError, match="not the response that was verified"):
        check_policies(verification, EVERYTHING, answer() + b"\0")


def test_nothing_is_judged_on_a_response_that_failed() -> None:
    content = answer()
    verification = verify_response(content, recorded.header("other.hdr"), recorded.key("all"), at=AT)
    result = check_policies(verification, EVERYTHING, content)
    assert result.check.verdict is Verdict.FAILED
    assert all(leaf.verdict is Verdict.NOT_CHECKED for leaf in result.policy.leaves())
    assert not result.successful
    record = policy_record(result)
    assert record["successful"] is False
    assert "user_data" not in record
    assert "secret_store" not in record


@pytest.mark.parametrize(
    ("policies", "asked"),
    [
        (Policies(), set()),
        (Policies(host_keys=(FIRST,)), {"image-host-key", "attestation-host-key"}),
        (Policies(user_data=b""), {"user-data"}),
        (Policies(cuid=CUID), {"cuid"}),
        (Policies(store=ExpectedStore((), locked=True)), {"secret-store"}),
        (Policies(ask_firmware=True), {"firmware"}),
    ],
    ids=["nothing", "host keys", "user data", "configuration UID", "secret store", "firmware"],
)
def test_what_was_asked_counts_though_it_cannot_be_judged(policies: Policies, asked: set[str]) -> None:
    content = answer()
    verification = verify_response(content, recorded.header("other.hdr"), recorded.key("all"), at=AT)
    result = check_policies(verification, policies, content, demand_policy=False)
    assert {leaf.id.rpartition(".")[2] for leaf in result.policy.leaves() if leaf.required} == asked
    assert all("was not verified" in leaf.reason for leaf in result.policy.leaves())


def test_nothing_is_judged_with_a_wrong_protection_key() -> None:
    content = answer()
    verification = verify_response(content, recorded.header(), recorded.key("both"), at=AT)
    result = check_policies(verification, EVERYTHING, content)
    assert result.check.verdict is Verdict.NOT_CHECKED
    assert not result.successful


# --- host keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["image-host-key", "attestation-host-key"])
def test_a_key_that_no_document_has_fails(name: str) -> None:
    result = check(dataclasses.replace(EVERYTHING, host_keys=(SECOND,)))
    assert row(result, name).verdict is Verdict.FAILED
    assert "No given host-key document matches" in row(result, name).reason
    assert not result.successful
    assert len(policy_record(result)["issues"]) == 2
    assert policy_record(result)["image_host_key"] == {"check_enforced": True}


def test_a_renewed_document_for_the_same_key_counts_once() -> None:
    renewed = KnownHostKey("host1-renewed.crt", HOST1, verified=True)
    result = check(dataclasses.replace(EVERYTHING, host_keys=(FIRST, renewed, SECOND)))
    assert result.successful
    assert policy_record(result)["image_host_key"]["hash"] == "host1.crt"


@pytest.mark.parametrize(("enforced", "verdict"), [(True, Verdict.FAILED), (False, Verdict.NOT_CHECKED)])
def test_an_absent_hash_fails_only_if_it_is_demanded(enforced: bool, verdict: Verdict) -> None:
    policies = Policies(host_keys=(FIRST,), require_image_key=enforced, require_attestation_key=enforced, cuid=CUID)
    result = check(policies, answer(name="none", parts=b"", user_data=b""), name="none")
    assert row(result, "image-host-key").verdict is verdict
    assert row(result, "attestation-host-key").verdict is verdict
    assert result.successful is not enforced
    if enforced:
        assert "an image public host-key hash, but checking was enabled" in row(result, "image-host-key").reason


def test_both_hashes_are_judged_whatever_is_demanded() -> None:
    result = check(Policies(host_keys=(SECOND,)))
    assert row(result, "image-host-key").verdict is Verdict.FAILED
    assert row(result, "attestation-host-key").verdict is Verdict.FAILED


def test_what_the_hash_of_a_key_is_and_what_it_was_compared_with_is_shown() -> None:
    passed = row(check(EVERYTHING), "image-host-key")
    assert passed.evidence[0].value == f"{HOST1.hex()} (key slot 1 of the SE header, key slot 1 of the request)"
    vendor = answer(parts=HOST1 + HOST2 + STORE + STATE)  # the image may be for another key than the one that answers
    shown = [
        row(check(EVERYTHING, vendor), name).evidence[0].value for name in ("image-host-key", "attestation-host-key")
    ]
    assert shown[0].endswith("(key slot 1 of the SE header, key slot 1 of the request)")
    assert shown[1] == f"{HOST2.hex()} (key slot 2 of the request)"
    many = tuple(KnownHostKey(f"{number}.crt", bytes([number]) * 32) for number in range(10))
    failed = row(check(Policies(host_keys=many)), "attestation-host-key")
    assert [item.label for item in failed.evidence[1:]] == [f"document {number}.crt" for number in range(8)]
    assert failed.evidence[1].value == bytes(32).hex()


def test_the_document_with_the_key_of_the_answer_is_the_one_that_is_named() -> None:
    result = check(dataclasses.replace(EVERYTHING, host_keys=(SECOND, FIRST)))
    assert result.document_for(PART_KINDS[0]) == FIRST
    assert row(result, "image-host-key").reason == "It is the key of host1.crt."


# --- user data, configuration UID ------------------------------------------------------------------------------------


@pytest.mark.parametrize("expected", [b"", b"hell", b"hello\0", b"hello\n", b"HELLO"])
def test_other_user_data_fails(expected: bytes) -> None:
    result = check(Policies(user_data=expected))
    assert row(result, "user-data").verdict is Verdict.FAILED
    assert "user_data" not in policy_record(result)


def test_empty_user_data_and_none_are_the_same() -> None:
    content = answer(name="none", parts=b"", user_data=b"")
    assert row(check(Policies(user_data=b""), content, name="none"), "user-data").verdict is Verdict.PASSED
    assert row(check(Policies(user_data=b"x"), content, name="none"), "user-data").verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("expected", "found", "shown"),
    [
        (b"hello", b"hello", ("Byte for byte.", "68656c6c6f", "68656c6c6f")),
        (b"", b"", ("There is none, as expected.", "none", "none")),
    ],
)
def test_expected_user_data_is_shown_beside_what_came(
    expected: bytes, found: bytes, shown: tuple[str, str, str]
) -> None:
    judged = row(check(Policies(user_data=expected), answer(user_data=found)), "user-data")
    assert (judged.reason, *(item.value for item in judged.evidence)) == shown


def test_another_configuration_uid_fails() -> None:
    assert row(check(Policies(cuid=bytes(16))), "cuid").verdict is Verdict.FAILED
    assert row(check(Policies(cuid=CUID)), "cuid").verdict is Verdict.PASSED


# --- secret store ----------------------------------------------------------------------------------------------------


def test_how_many_secrets_there_are_and_whether_more_can_be_added_is_said() -> None:
    assert row(check(EVERYTHING), "secret-store").reason == "4 secrets, locked."
    one = secret_store_hash((SECRETS[0].tag,), locked=False)
    content = answer(parts=HOST1 + HOST1 + one + STATE)
    found = row(check(Policies(store=ExpectedStore(SECRETS[:1], locked=False)), content), "secret-store")
    assert found.reason == "1 secret, not locked."


def test_an_empty_store_is_found_where_secrets_were_expected() -> None:
    content = answer(parts=HOST1 + HOST1 + secret_store_hash((), locked=False) + STATE)
    found = row(check(Policies(store=ExpectedStore(SECRETS[:1], locked=True)), content), "secret-store")
    assert "It fits no secret, in this order, and an open store." in found.reason


def test_a_store_in_another_order_fails_and_the_right_order_is_found() -> None:
    reversed_store = ExpectedStore(SECRETS[::-1], locked=True)
    found = row(check(Policies(store=reversed_store)), "secret-store")
    assert found.verdict is Verdict.FAILED
    assert (
        "It fits secret1.asr, secret2.asr, secret3.asr, secret4.asr, in this order, and a locked store" in found.reason
    )


def test_a_store_that_should_be_open_fails_and_is_found_locked() -> None:
    found = row(check(Policies(store=ExpectedStore(SECRETS, locked=False))), "secret-store")
    assert found.verdict is Verdict.FAILED
    assert "a locked store" in found.reason


def test_a_secret_too_many_is_found() -> None:
    extra = (*SECRETS, AddedSecret("extra.asr", b"\x55" * 16))
    assert (
        "secret4.asr, in this order"
        in row(check(Policies(store=ExpectedStore(extra, locked=True))), "secret-store").reason
    )


def test_secrets_that_do_not_fit_in_any_order_are_said_not_to() -> None:
    others = (AddedSecret("other.asr", b"\x44" * 16),)
    assert (
        "No order or selection" in row(check(Policies(store=ExpectedStore(others, locked=True))), "secret-store").reason
    )


def test_many_secrets_are_compared_but_not_searched() -> None:
    many = tuple(AddedSecret(f"{number}", bytes([number]) * 16) for number in range(8))
    reason = row(check(Policies(store=ExpectedStore(many, locked=True))), "secret-store").reason
    assert "more than 7 secrets" in reason
    assert find_store(many, bytes(64)) is None


def test_a_secret_more_than_are_searched_is_not_searched_even_in_the_right_order() -> None:
    many = tuple(AddedSecret(f"{number}", bytes([number]) * 16) for number in range(MOST_SEARCHED_SECRETS + 1))
    assert find_store(many, ExpectedStore(many, locked=True).hash) is None


def test_as_many_secrets_as_are_searched_are_found_in_another_order() -> None:
    seven = tuple(AddedSecret(f"{number}", bytes([number]) * 16) for number in range(MOST_SEARCHED_SECRETS))
    swapped = (*seven[:-2], seven[-1], seven[-2])
    content = answer(parts=HOST1 + HOST1 + secret_store_hash((secret.tag for secret in swapped), locked=True) + STATE)
    reason = row(check(Policies(store=ExpectedStore(seven, locked=True)), content), "secret-store").reason
    assert "It fits 0, 1, 2, 3, 4, 6, 5, in this order" in reason


def test_a_missing_store_hash_fails_if_the_store_is_asked_for() -> None:
    content = answer(name="none", parts=b"", user_data=b"")
    found = row(check(Policies(store=ExpectedStore((), locked=True)), content, name="none"), "secret-store")
    assert found.verdict is Verdict.FAILED
    assert "no secret-store-hash" in found.reason


def test_every_order_of_few_secrets_is_found() -> None:
    for order in permutations(SECRETS[:3]):
        store = ExpectedStore(order, locked=False)
        assert find_store(SECRETS[:3], store.hash) == store


def test_the_tag_of_an_add_secret_request_is_its_end() -> None:
    raw = b"asrcbM\0\0" + bytes.fromhex("00000100 00000060") + bytes(64) + b"\x31" * 16
    assert parse_added_secret(raw, "x.asr") == AddedSecret("x.asr", b"\x31" * 16)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no add-secret request"),
        (b"asrcbM", "no add-secret request"),
        (b"pvattest" + bytes.fromhex("00000100 00000060") + bytes(80), "no add-secret request"),
        (b"asrcbM\0\0" + bytes.fromhex("00000100 0000003f") + bytes(47), "no add-secret request"),
        (b"asrcbM\0\0" + bytes.fromhex("00000100 00000061") + bytes(80), "says that it has 97 bytes; it has 96"),
    ],
    ids=["empty", "magic alone", "something else", "a byte too short", "cut off"],
)
def test_what_is_no_add_secret_request_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        parse_added_secret(raw, "x.asr")
    assert caught.value.where == "x.asr"


def test_the_shortest_add_secret_request_is_one(tmp_path: Path) -> None:
    path = tmp_path / "x.asr"
    path.write_bytes(b"asrcbM\0\0" + bytes.fromhex("00000100 00000040") + bytes(32) + b"\x31" * 16)
    assert read_added_secret(path) == AddedSecret(str(path), b"\x31" * 16)


# --- firmware --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"valid": False, "reason": "Too old."}, Verdict.FAILED, "not in a valid state. Too old."),
        ({"state_sha256": bytes(32)}, Verdict.NOT_CHECKED, "not asked about this state"),
    ],
)
def test_what_the_service_says_decides(changes: dict[str, object], verdict: Verdict, words: str) -> None:
    answer_of_service = dataclasses.replace(FIRMWARE, **changes)  # type: ignore[arg-type]
    result = check(Policies(ask_firmware=True, firmware=answer_of_service))
    assert row(result, "firmware").verdict is verdict
    assert words in row(result, "firmware").reason
    assert policy_record(result)["valid_firmware"] is False
    assert not result.successful


def test_what_the_service_said_is_shown_word_for_word() -> None:
    shown = {item.label: item.value for item in row(check(EVERYTHING), "firmware").evidence}
    assert shown == {
        "asked": "https://example.invalid/v1/verify at 2026-11-01T00:00:00+00:00",
        "SHA-256 of the state": hashlib.sha256(STATE).hexdigest(),
        "reference": "42",
        "signed hash, signature not verified": "01" * 32,
    }


def test_a_service_that_was_not_asked_leaves_the_policy_open() -> None:
    result = check(Policies(ask_firmware=True))
    assert row(result, "firmware").verdict is Verdict.NOT_CHECKED
    assert not result.successful
    assert "valid_firmware" not in policy_record(result)


def test_a_missing_state_fails_if_the_firmware_is_asked_for() -> None:
    content = answer(name="none", parts=b"", user_data=b"")
    found = row(check(Policies(ask_firmware=True), content, name="none"), "firmware")
    assert found.verdict is Verdict.FAILED
    assert "no firmware hash" in found.reason


# --- freshness, documents --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "verdict"), [(None, Verdict.NOT_CHECKED), ((), Verdict.PASSED), ((AT,), Verdict.WARNING)]
)
def test_a_request_that_was_used_before_is_a_warning(seen: tuple[datetime, ...] | None, verdict: Verdict) -> None:
    assert row(check(EVERYTHING, known=Known(seen=seen)), "freshness").verdict is verdict


def test_earlier_answers_to_a_request_are_dated_the_last_of_them_if_there_are_many() -> None:
    content = answer()
    seen = tuple(AT + timedelta(days=day) for day in range(5))
    found = row(check(EVERYTHING, content, known=Known(seen=seen)), "freshness")
    assert [f"2026-11-0{day}" in found.reason for day in range(1, 6)] == [False, False, True, True, True]
    assert found.evidence[0].value == hashlib.sha256(independent.request_in(content)).hexdigest()


def test_the_record_of_the_request_tells_whether_documents_were_verified() -> None:
    content = answer()
    digest = hashlib.sha256(independent.request_in(content)).digest()
    host = RequestHost("host1.crt", recorded.host(1).public_key(), bytes(32), Verdict.PASSED)
    record = dataclasses.replace(create_request((host,), request_flags(PART_KINDS), at=AT).record, arcb_sha256=digest)
    assert row(check(EVERYTHING, known=Known(record=record)), "documents").verdict is Verdict.PASSED

    doubtful = dataclasses.replace(record.hosts[0], verdict=Verdict.NOT_CHECKED)
    found = row(check(EVERYTHING, known=Known(record=dataclasses.replace(record, hosts=(doubtful,)))), "documents")
    assert (found.verdict, found.reason) == (Verdict.WARNING, "Not verified: host1.crt.")

    other = dataclasses.replace(record, arcb_sha256=bytes(32))
    found = row(check(EVERYTHING, known=Known(record=other)), "documents")
    assert found.verdict is Verdict.WARNING
    assert "another request" in found.reason


@pytest.mark.parametrize("verified", [False, None])
def test_an_expected_document_that_nobody_verified_is_a_warning(verified: bool | None) -> None:
    unverified = dataclasses.replace(FIRST, verified=verified)
    result = check(dataclasses.replace(EVERYTHING, host_keys=(unverified,)))
    found = row(result, "documents")
    assert (found.verdict, found.reason) == (Verdict.WARNING, "Not verified: host1.crt.")
    assert "Verify the chain of trust" in found.remedy
    assert result.successful


@pytest.mark.parametrize(
    ("verified", "recorded_as", "verdict"),
    [
        (None, Verdict.PASSED, Verdict.PASSED),
        (None, Verdict.NOT_CHECKED, Verdict.WARNING),
        (False, Verdict.PASSED, Verdict.WARNING),
        (True, Verdict.NOT_CHECKED, Verdict.WARNING),
    ],
)
def test_the_record_vouches_for_documents_of_which_nothing_else_is_known(
    verified: bool | None, recorded_as: Verdict, verdict: Verdict
) -> None:
    content = answer()
    host = RequestHost("host1.crt", recorded.host(1).public_key(), bytes(32), recorded_as)
    record = dataclasses.replace(
        create_request((host,), request_flags(PART_KINDS), at=AT).record,
        arcb_sha256=hashlib.sha256(independent.request_in(content)).digest(),
    )
    policies = dataclasses.replace(EVERYTHING, host_keys=(dataclasses.replace(FIRST, verified=verified),))
    assert row(check(policies, content, known=Known(record=record)), "documents").verdict is verdict


def test_a_document_that_only_lends_a_name_need_not_be_verified() -> None:
    known = Known(host_keys=(KnownHostKey("named.crt", HOST1),))
    assert row(check(EVERYTHING, known=known), "documents").verdict is Verdict.NOT_CHECKED
    known = Known(host_keys=(KnownHostKey("named.crt", HOST1, verified=False),))
    assert row(check(EVERYTHING, known=known), "documents").reason == "Not verified: named.crt."


# --- files -----------------------------------------------------------------------------------------------------------


def test_the_result_is_the_same_to_any_reader() -> None:
    record = policy_record(check(EVERYTHING))
    assert yaml.safe_load(to_yaml(record)) == record
    assert read_yaml(to_yaml(record))["successful"] == "true"


def test_names_that_look_like_other_things_stay_text() -> None:
    record = {"successful": True, "issues": ["0x10", "no", "12:30:45", "a: b", "'quoted'", "ü…", "line\nbreak", ""]}
    assert yaml.safe_load(to_yaml(record)) == record


@pytest.mark.parametrize(
    "text", ["", "7", "[]", "a: b", "successful: [", "!!python/object:os.system {}", "\0", "&a [*a]"]
)
def test_other_yaml_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="no result of an attestation"):
        read_yaml(text)
