"""Verifying responses: what each step says, and which replacement explains a difference."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.attestation.causes import flipped
from seworkbench.attestation.known import Known, KnownHostKey, KnownRequest
from seworkbench.attestation.measured_block import block_values
from seworkbench.attestation.verify import AttestationVerification, verify_response
from seworkbench.checks import Check, Verdict
from seworkbench.crypto.measurement import secret_store_hash
from seworkbench.crypto.request_seal import WrongProtectionKeyError, open_request, seal_request
from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import PART_KINDS
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import build_response, parse_response
from seworkbench.secret import Secret
from tests.attestation import independent, recorded

AT = datetime(2026, 11, 1, tzinfo=UTC)
CUID = bytes(range(16))
HEADER = recorded.content("se.hdr")


def verify(
    response: bytes, name: str = "both", *, header: str = "se.hdr", known: Known | None = None
) -> AttestationVerification:
    """Verify a response to one of the recorded requests."""
    return verify_response(response, recorded.header(header), recorded.key(name), at=AT, known=known)


def answered(name: str = "both", *, user_data: bytes = b"hello", parts: bytes | None = None) -> bytes:
    """What the first machine answers, computed by the second implementation."""
    phkh = independent.key_hash(recorded.host(1).public_key())
    sizes = {"none": b"", "img": phkh, "both": phkh * 2, "store": bytes(64), "all": phkh * 2 + bytes(384)}
    return independent.response(
        recorded.content(f"{name}.req"),
        recorded.host(1),
        HEADER,
        cuid=CUID,
        user_data=user_data,
        parts=sizes[name] if parts is None else parts,
    )


def step(found: AttestationVerification, check_id: str) -> Check:
    """One step of a verification."""
    check = found.check.find(check_id)
    assert check is not None, check_id
    return check


def cause(found: AttestationVerification) -> str:
    """The likely cause that was found, or nothing."""
    assert found.search is not None
    return " ".join(found.search.cause.sentences) if found.search.cause else ""


@pytest.mark.parametrize("name", recorded.FLAG_SETS)
@pytest.mark.parametrize("user_data", [b"", b"hello", b"\0" * 3, bytes(256)])
def test_what_a_second_implementation_answers_is_verified(name: str, user_data: bytes) -> None:
    found = verify(answered(name, user_data=user_data), name)
    assert found.check.verdict is Verdict.PASSED
    assert found.verified_at == AT
    assert found.response_sha256 == hashlib.sha256(answered(name, user_data=user_data)).digest()
    assert (found.search, found.error) == (None, None)


def test_both_measurements_are_shown_as_evidence() -> None:
    evidence = step(verify(answered()), "attest.measurement.equal").evidence
    assert [item.label for item in evidence] == ["computed here", "in the response"]
    assert evidence[0].value == evidence[1].value
    assert len(evidence[0].value) == 128


def test_every_step_of_a_good_answer_is_there_and_passed() -> None:
    steps = {leaf.id: leaf for leaf in verify(answered()).check.leaves()}
    assert list(steps) == [
        "attest.response.form",
        "attest.response.reserved",
        "attest.response.tail",
        "attest.request.form",
        "attest.request.reserved",
        "attest.request.flags",
        "attest.request.opens",
        "attest.header.found",
        "attest.measurement.equal",
        "attest.data.complete",
        "attest.data.unasked",
        "attest.data.image-phkh",
        "attest.data.attestation-phkh",
    ]
    assert all(leaf.verdict is Verdict.PASSED and leaf.required for leaf in steps.values())
    assert steps["attest.request.flags"].reason == "Set: nonce, image host key hash, attestation host key hash."
    assert steps["attest.data.complete"].evidence[0].value == "Image PHKH (32 bytes), Attestation PHKH (32 bytes)"
    assert steps["attest.data.attestation-phkh"].reason == (
        "Key slot 1 of 2. Known as: key slot 1 of the SE header, key slot 1 of the request."
    )


def test_a_request_that_asked_for_nothing_says_so() -> None:
    found = step(verify(answered("none"), "none"), "attest.data.complete")
    assert (found.reason, found.evidence[0].value) == ("Nothing was asked for.", "nothing")


def test_a_verification_knows_its_request_and_the_parts_of_the_answer() -> None:
    parts = bytes(range(256)) + bytes(192)
    content = answered("all", parts=parts)
    found = verify(content, "all")
    assert found.arcb_sha256 == hashlib.sha256(independent.request_in(content)).digest()
    assert [found.part(kind) for kind in PART_KINDS] == [parts[:32], parts[32:64], parts[64:128], parts[128:]]
    broken = verify(b"pvattest", "all")
    assert (broken.arcb_sha256, broken.part(PART_KINDS[0]), broken.dissect()) == (None, None, None)
    assert not broken.measurement_equal


def test_the_json_names_everything_that_was_judged() -> None:
    content = answered("both")
    file = parse_response(content)
    phkh = independent.key_hash(recorded.host(1).public_key())
    found = verify(content, known=Known(host_keys=(KnownHostKey("host1.crt", phkh),)))
    record = found.to_json()
    assert (record["verified_at"], record["simulated"]) == ("2026-11-01T00:00:00+00:00", False)
    assert record["response_sha256"] == hashlib.sha256(content).hexdigest()
    assert record["request_sha256"] == hashlib.sha256(independent.request_in(content)).hexdigest()
    assert record["header"] == {"file": "se.hdr", "offset": 0, "tag": recorded.header().header.tag.hex()}
    assert (record["cuid"], record["user_data"]) == (CUID.hex(), b"hello".hex())
    assert record["additional_data"] == {"image_phkh": phkh.hex(), "attestation_phkh": phkh.hex()}
    key = {"phkh": phkh.hex(), "header_slots": [1], "request_slots": [1], "documents": ["host1.crt"]}
    assert record["host_keys"] == [{"name": name} | key for name in ("image_phkh", "attestation_phkh")]
    measured = (file.measurement or b"").hex()
    assert record["measurement"] == {"computed": measured, "received": measured}
    assert [piece["size"] for piece in record["measured_block"]] == [64, 64, 64, 16, 16, 2, 2, 4, 5, 16, 64]
    assert record["checks"] == found.check.to_json()
    assert "likely_cause" not in record
    assert verify(answered(user_data=b"")).to_json()["user_data"] == ""


def test_the_json_of_what_cannot_be_judged_says_only_what_is_known() -> None:
    known = {"verdict", "verified_at", "simulated", "response_sha256", "header", "checks"}
    broken = verify(b"pvattest").to_json()
    assert set(broken) == known
    assert broken["verdict"] == "not checked"
    closed = verify(answered("both"), "all").to_json()
    assert set(closed) == known | {"request_sha256", "cuid", "user_data", "additional_data"}
    assert closed["additional_data"] == {}


def test_what_to_do_stands_beside_what_cannot_be_judged() -> None:
    assert "fetch it again" in step(verify(b"pvattest"), "attest.response.form").remedy
    without_cuid = answered()[:0x38] + bytes(8) + answered()[0x40:]
    assert step(verify(without_cuid), "attest.response.form").remedy
    assert "key belongs to another request" in step(verify(answered("both"), "all"), "attest.request.opens").remedy


def test_data_of_an_answer_that_is_not_equal_is_said_not_to_be_authentic() -> None:
    assert step(verify(answered()), "attest.data").title == "Data of the answer"
    assert step(verify(answered(), header="other.hdr"), "attest.data").title == "Data of the answer (not authentic)"


def test_the_json_of_an_answer_that_is_not_equal_names_the_likely_cause() -> None:
    known = Known(headers=(recorded.header(),))
    assert verify(answered(), header="other.hdr", known=known).to_json()["likely_cause"] == [
        "The guest was started from the SE header of se.hdr."
    ]
    assert verify(edited(measurement=bytes(64))).to_json()["likely_cause"] == []


def test_nothing_secret_is_in_the_json() -> None:
    found = verify(recorded.response("all"), "all")
    assert found.opened is not None
    text = str(found.to_json())
    assert found.opened.measurement_key.reveal().hex() not in text
    assert found.opened.nonce.hex() not in text
    assert recorded.key("all").reveal().hex() not in text
    assert found.to_json()["verdict"] == "passed"


def test_a_wrong_protection_key_is_an_error_and_no_verdict_about_the_guest() -> None:
    found = verify(answered("both"), "all")
    assert isinstance(found.error, WrongProtectionKeyError)
    assert found.check.verdict is Verdict.NOT_CHECKED
    assert step(found, "attest.request.opens").verdict is Verdict.FAILED
    assert step(found, "attest.measurement.equal").verdict is Verdict.NOT_CHECKED
    assert not found.measurement_equal


def test_a_broken_request_in_a_response_is_an_error() -> None:
    found = verify(independent.exchange(b"\x11" * 300, bytes(64), b"", b"", CUID))
    assert isinstance(found.error, FormatError)
    assert step(found, "attest.request.form").verdict is Verdict.FAILED
    assert found.check.verdict is Verdict.NOT_CHECKED


@given(st.binary(max_size=900))
@settings(max_examples=60)
def test_any_bytes_give_a_result_that_is_not_passed(raw: bytes) -> None:
    for content in (raw, b"pvattest\0\0\1\0" + raw, answered()[:64] + raw):
        assert verify(content).check.verdict in (Verdict.NOT_CHECKED, Verdict.FAILED)


@given(st.integers(0, 8 * 700 - 1))
@settings(max_examples=150)
def test_any_bit_flipped_is_never_passed_where_it_matters(bit: int) -> None:
    content = answered()
    changed = flipped(content, bit % (8 * len(content)))
    found = verify(changed)
    if found.check.verdict in (Verdict.PASSED, Verdict.WARNING):
        # Only what carries no meaning may change: reserved bytes, and the size of the file if nothing is lost.
        assert 0x10 <= bit // 8 < 0x18
    assert found.response_sha256 == hashlib.sha256(changed).digest()


def test_a_measurement_of_another_length_fails() -> None:
    file = parse_response(answered())
    short = independent.exchange(file.arcb, bytes(63), file.additional or b"", b"hello", CUID)
    check = step(verify(short), "attest.measurement.equal")
    assert check.verdict is Verdict.FAILED
    assert "63 bytes" in check.reason


def test_data_that_was_asked_for_and_is_missing_fails_though_the_measurement_is_equal() -> None:
    found = verify(answered("both", parts=b""))
    assert found.measurement_equal
    check = step(found, "attest.data.complete")
    assert (check.verdict, found.check.verdict) == (Verdict.FAILED, Verdict.FAILED)
    assert "asked for data, but the response has none" in check.reason


def test_a_part_cut_off_fails_though_the_measurement_is_equal() -> None:
    found = verify(answered("both", parts=bytes(40)))
    assert found.measurement_equal
    check = step(found, "attest.data.complete")
    assert (check.verdict, found.check.verdict) == (Verdict.FAILED, Verdict.FAILED)
    assert "only 8 of its 32 bytes" in check.reason
    assert found.resolved == ()


def test_data_nobody_asked_for_is_a_warning() -> None:
    found = verify(answered("none", parts=b"extra"), "none")
    assert found.check.verdict is Verdict.WARNING
    assert step(found, "attest.data.unasked").evidence[0].value == b"extra".hex()


def test_a_hash_is_resolved_to_its_slots_and_documents() -> None:
    phkh = independent.key_hash(recorded.host(1).public_key())
    another = independent.key_hash(recorded.host(2).public_key())
    known = Known(
        host_keys=tuple(KnownHostKey(*key) for key in (("host1.crt", phkh), ("2", another), ("new.crt", phkh)))
    )
    image, attestation = verify(answered(), known=known).resolved
    assert image.header_slots == attestation.request_slots == (0,)
    assert image.documents == ("host1.crt", "new.crt")
    assert image.sentence.endswith("document host1.crt, document new.crt")


def test_a_hash_without_a_slot_fails() -> None:
    found = verify(answered("both", parts=b"\1" * 32 + b"\2" * 32))
    assert found.measurement_equal
    assert step(found, "attest.data.image-phkh").verdict is Verdict.FAILED
    assert step(found, "attest.data.attestation-phkh").verdict is Verdict.FAILED
    assert "Known as: unknown" in step(found, "attest.data.image-phkh").reason


def test_bytes_behind_the_response_are_a_note() -> None:
    found = verify(answered() + b"tail")
    assert (found.check.verdict, found.check.notes) == (Verdict.PASSED, 1)
    assert "4 bytes" in step(found, "attest.response.tail").reason


def with_flag(mask: int, *, reserved: bytes = bytes(11)) -> AttestationVerification:
    """A response to a request with a further flag, sealed anew."""
    arcb = parse_arcb(independent.request_in(recorded.content("none.req")))
    opened = open_request(arcb, recorded.key("none"))
    arcb = seal_request(dataclasses.replace(arcb, paf=arcb.paf | mask, res1=reserved), opened, recorded.key("none"))
    block = independent.block(HEADER, CUID, b"", opened.nonce, b"")
    measured = hmac.digest(opened.measurement_key.reveal(), block, "sha512")
    return verify(build_response(arcb.build(), measurement=measured, cuid=CUID), "none")


def test_a_flag_without_a_meaning_is_a_warning_and_reserved_bytes_a_note() -> None:
    assert with_flag(0x0001000000000000).check.verdict is Verdict.WARNING
    assert with_flag(0x8000000000000000).check.verdict is Verdict.WARNING
    assert with_flag(0x3).check.verdict is Verdict.PASSED  # not offered, but known
    odd = with_flag(0, reserved=b"\1" * 11)
    assert (odd.check.verdict, odd.check.notes) == (Verdict.PASSED, 1)


def test_a_simulated_answer_says_so() -> None:
    marked = independent.response(
        recorded.content("none.req"), recorded.host(1), HEADER, cuid=b"SIMULATED-------", parts=b""
    )
    assert verify(marked, "none").simulated
    assert not verify(answered()).simulated


def test_reserved_bytes_of_the_exchange_file_are_a_note() -> None:
    content = answered()
    found = verify(content[:0x10] + b"\1" * 8 + content[0x18:])
    assert (found.check.verdict, found.check.notes) == (Verdict.PASSED, 1)


def test_dissection_of_a_verified_response_is_opened() -> None:
    tree = verify(answered()).dissect()
    assert tree is not None
    assert tree.find("arcb", "encrypted", "nonce").value
    assert isinstance(tree.find("arcb", "encrypted", "measurement_key").raw, Secret)


# --- likely causes ---------------------------------------------------------------------------------------------------


def edited(**changes: bytes) -> bytes:
    """A good response with parts replaced."""
    file = parse_response(answered())
    parts = {"measurement": file.measurement, "additional": file.additional, "user_data": file.user_data} | changes
    cuid = parts.pop("cuid", CUID)
    return build_response(file.arcb, cuid=cuid or b"", **{name: part or b"" for name, part in parts.items()})


def test_another_known_header_is_named() -> None:
    found = verify(answered(), header="other.hdr", known=Known(headers=(recorded.header(),)))
    assert found.check.verdict is Verdict.FAILED
    assert "started from the SE header of se.hdr" in cause(found)


def test_user_data_that_was_removed_added_or_exchanged_is_found() -> None:
    known = Known(user_data=(("hello.txt", b"hello"),))
    removed = verify(edited(user_data=b""), known=known)
    assert (step(removed, "attest.measurement.cause").verdict, removed.check.notes) == (Verdict.WARNING, 1)
    assert step(removed, "attest.measurement.cause").reason == (
        "The user data measured was hello.txt, not what the response says. "
        "With that taken into account, both would be equal."
    )
    assert step(removed, "attest.measurement.cause").evidence[0].value.startswith("1 block: user data, nonce, ")
    assert "user data measured was hello.txt" in cause(verify(edited(user_data=b"bye"), known=known))
    quiet = parse_response(answered(user_data=b""))
    added = build_response(
        quiet.arcb, measurement=quiet.measurement or b"", cuid=CUID, additional=quiet.additional or b"", user_data=b"x"
    )
    assert "it was added to the response" in cause(verify(added))


def test_zeros_behind_user_data_and_padding_are_found() -> None:
    assert "Zeros were added" in cause(verify(edited(user_data=b"hello\0\0")))
    padded = parse_response(answered(user_data=b"hello".ljust(256, b"\0")))
    cut = build_response(
        padded.arcb,
        measurement=padded.measurement or b"",
        cuid=CUID,
        additional=padded.additional or b"",
        user_data=b"hello",
    )
    assert "padded to 256 bytes" in cause(verify(cut))


def vouching(*, name: str = "both", like: bytes | None = None, header: str = "se.hdr", **changes: object) -> bytes:
    """A response that vouches for a block in which some values are others than the response holds."""
    file = parse_response(answered(name) if like is None else like)
    arcb = parse_arcb(file.arcb)
    opened = open_request(arcb, recorded.key(name))
    values = dataclasses.replace(block_values(recorded.header(header).header, file, opened), **changes)  # type: ignore[arg-type]
    return build_response(
        file.arcb,
        measurement=hmac.digest(opened.measurement_key.reveal(), values.build(), "sha512"),
        cuid=CUID,
        additional=file.additional or b"",
        user_data=file.user_data or b"",
    )


def test_user_data_padded_under_its_own_length_is_found() -> None:
    padded = b"hello".ljust(256, b"\0")
    assert "padded to 256 bytes, under its own length" in cause(verify(vouching(user_data=padded, user_data_length=5)))


def test_a_nonce_that_was_left_out_is_found() -> None:
    assert cause(verify(vouching(nonce=b""))).startswith("The nonce was left out")


def test_data_added_to_an_answer_without_any_are_found() -> None:
    assert cause(verify(vouching(additional=b""))) == "No additional data was measured: it was added to the response."


@pytest.mark.parametrize(("locked", "was"), [(True, "locked"), (False, "open")])
def test_a_store_in_the_other_state_is_found(locked: bool, was: str) -> None:
    stated = answered("store", parts=secret_store_hash((), locked=not locked))
    answer = vouching(name="store", like=stated, additional=secret_store_hash((), locked=locked))
    assert f"that of an empty, {was} store was measured" in cause(verify(answer, "store"))


def test_data_that_nobody_can_guess_are_not_said_to_have_been_taken_out() -> None:
    file = parse_response(answered("all", user_data=b""))
    assert cause(verify(build_response(file.arcb, measurement=file.measurement or b"", cuid=CUID), "all")) == ""


def test_everything_is_tried_once() -> None:
    file = parse_response(answered("none"))
    search = verify(build_response(file.arcb, measurement=bytes(64), cuid=CUID, user_data=b"hello"), "none").search
    assert search is not None
    # User data left out, padded, padded under its own length; the nonce left out; the three with the one; then every
    # bit of configuration UID and user data.
    assert (search.tried, search.groups) == (3 + 1 + 3 + 8 * (16 + 5), ("user data", "nonce", "bit"))


def test_whose_hash_was_measured_is_said_by_the_place_of_the_key() -> None:
    first, second = (independent.key_hash(recorded.host(number).public_key()) for number in (1, 2))
    exchanged = vouching(additional=first + second)
    assert "that of key slot 2 of the request was measured" in cause(verify(exchanged))
    of_image = vouching(name="img", header="other.hdr", additional=second)
    assert "that of key slot 2 of the SE header was measured" in cause(verify(of_image, "img", header="other.hdr"))
    known = Known(host_keys=(KnownHostKey("host2.crt", second),))
    assert "that of host2.crt was measured" in cause(verify(exchanged, known=known))


def test_an_exchanged_hash_is_found() -> None:
    phkh = independent.key_hash(recorded.host(1).public_key())
    assert "Attestation PHKH in the response was exchanged" in cause(verify(edited(additional=phkh + b"\2" * 32)))
    assert "Image PHKH in the response was exchanged" in cause(verify(edited(additional=b"\2" * 32 + phkh)))


def test_removed_and_added_data_are_found() -> None:
    phkh = independent.key_hash(recorded.host(1).public_key())
    assert "taken out of the response" in cause(verify(edited(additional=b"")))
    assert "Bytes were added behind" in cause(verify(edited(additional=phkh * 2 + b"more")))


def test_the_answer_to_another_request_is_found() -> None:
    both = parse_response(answered("both"))
    all_of_it = parse_arcb(independent.request_in(recorded.content("all.req")))
    replayed = build_response(
        independent.request_in(recorded.content("all.req")),
        measurement=both.measurement or b"",
        cuid=CUID,
        additional=both.additional or b"",
        user_data=b"hello",
    )
    assert all_of_it.paf != parse_arcb(both.arcb).paf
    request = KnownRequest("both.req", open_request(parse_arcb(both.arcb), recorded.key("both")))
    found = verify(replayed, "all", known=Known(requests=(request,)))
    assert found.check.verdict is Verdict.FAILED
    assert "the answer to the request both.req" in cause(found)


def test_two_replacements_at_once_are_found() -> None:
    known = Known(headers=(recorded.header(),), user_data=(("hello.txt", b"hello"),))
    found = verify(edited(user_data=b""), header="other.hdr", known=known)
    assert "se.hdr" in cause(found)
    assert "hello.txt" in cause(found)


@pytest.mark.parametrize(
    ("part", "bit", "words"),
    [
        ("cuid", 0, "Bit 0 of byte 0 of the configuration UID"),
        ("cuid", 127, "Bit 7 of byte 15 of the configuration UID"),
        ("user_data", 9, "Bit 1 of byte 1 of the user data"),
        ("measurement", 0, "Bit 0 of byte 0 of the measurement itself"),
        ("measurement", 511, "Bit 7 of byte 63 of the measurement itself"),
    ],
)
def test_a_single_flipped_bit_is_found(part: str, bit: int, words: str) -> None:
    content = parse_response(answered()).part(part) or b""
    assert words in cause(verify(edited(**{part: flipped(content, bit)})))


def test_what_nothing_explains_is_said_to_be_unexplained() -> None:
    found = verify(edited(measurement=bytes(64)))
    assert cause(found) == ""
    assert found.search is not None
    assert found.search.tried > 100
    check = step(found, "attest.measurement.cause")
    assert "No replacement" in check.reason
    assert not check.required


def test_a_cause_never_makes_anything_pass() -> None:
    found = verify(answered(), header="other.hdr", known=Known(headers=(recorded.header(),)))
    assert found.search is not None
    assert found.search.cause is not None
    assert found.check.verdict is Verdict.FAILED
    assert not found.measurement_equal
