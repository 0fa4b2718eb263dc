"""Every attack on attestation is caught where it says: by the machine, by the verification, or by a policy alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.attestation.known import FoundHeader
from seworkbench.attestation.policy import Policies, check_policies
from seworkbench.attestation.secret_store import AddedSecret, ExpectedStore
from seworkbench.attestation.verify import verify_response
from seworkbench.checks import Verdict
from seworkbench.errors import FormatError, SeError, UsageError
from seworkbench.formats.additional_data import SECRET_STORE_HASH
from seworkbench.formats.se_header import parse_header
from seworkbench.secret import Secret
from seworkbench.simulator.attestation import AttestationRefused, answer_exchange
from seworkbench.simulator.attestation_tampering import (
    ATTESTATION_ATTACKS,
    AttestationAttack,
    Catcher,
    answer_falsely,
    tampered_request,
    tampered_response,
)
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore, new_cuid
from seworkbench.simulator.tampering import Target

from .builder import HOST, golden, key_hash
from .conftest import leaf
from .pki import AT
from .requests import ALL, Request
from .test_independence import HELP

if TYPE_CHECKING:
    from seworkbench.attestation.verify import AttestationVerification

HEADER = parse_header(golden("A").header)
MACHINE = Machine(HOST)
GUEST = ProtectedGuest(HEADER, key_hash(HOST), new_cuid(), AT, store=SecretStore((b"\1" * 16,)))
REQUEST = Request(paf=ALL)
NEW_REQUEST = Request(paf=ALL, measurement_key=b"\x78" * 64, nonce=b"\xac" * 16)
USER_DATA = b"hash of a public key"
GOOD = answer_exchange(MACHINE, GUEST, REQUEST.file(), user_data=USER_DATA)


def verify(response: bytes) -> AttestationVerification:
    return verify_response(
        response, FoundHeader("guest.img", HEADER), Secret(REQUEST.protection_key), at=AT + timedelta(hours=1)
    )


def attacked(attack: AttestationAttack) -> bytes:
    """The response that arrives."""
    if attack.request is not None:
        return answer_exchange(MACHINE, GUEST, tampered_request(attack, REQUEST.file()), user_data=USER_DATA)
    if attack.machine is not None:
        return answer_falsely(attack, MACHINE, GUEST, REQUEST.file(), user_data=USER_DATA)
    return tampered_response(attack, GOOD, request=NEW_REQUEST.file() if attack.needs_request else None)


def caught_by(catcher: Catcher) -> pytest.MarkDecorator:
    attacks = [attack for attack in ATTESTATION_ATTACKS if attack.catcher is catcher]
    return pytest.mark.parametrize("attack", attacks, ids=lambda attack: attack.id)


def test_untouched_the_answer_passes() -> None:
    result = verify(GOOD)
    assert result.measurement_equal
    assert not [one.id for one in result.check.leaves() if one.verdict is Verdict.FAILED]


def test_every_answer_is_known_to_be_simulated() -> None:
    assert verify(GOOD).simulated
    without_firmware_state = answer_exchange(MACHINE, GUEST, Request(paf=1 << 62).file())
    assert verify(without_firmware_state).simulated


@caught_by(Catcher.MACHINE)
def test_the_machine_refuses_with_the_code_it_says(attack: AttestationAttack) -> None:
    with pytest.raises(AttestationRefused) as caught:
        attacked(attack)
    assert caught.value.answer.code == attack.code


@caught_by(Catcher.VERIFICATION)
def test_the_verification_fails_where_it_says(attack: AttestationAttack) -> None:
    response = attacked(attack)
    assert response != GOOD
    check = verify(response).check
    assert leaf(check, attack.verification).verdict in (Verdict.FAILED, Verdict.WARNING), [
        (one.id, one.verdict.value) for one in check.leaves() if one.verdict is not Verdict.PASSED
    ]
    assert check.verdict is Verdict.FAILED


@caught_by(Catcher.ERROR)
def test_what_cannot_be_judged_is_an_error_where_it_says(attack: AttestationAttack) -> None:
    result = verify(attacked(attack))
    assert result.error is not None
    assert not result.measurement_equal
    assert leaf(result.check, attack.verification).verdict in (Verdict.FAILED, Verdict.NOT_CHECKED)
    assert result.check.verdict is not Verdict.PASSED


@caught_by(Catcher.POLICY)
def test_what_only_a_policy_tells_verifies(attack: AttestationAttack) -> None:
    response = attacked(attack)
    result, good = verify(response), verify(GOOD)
    assert result.measurement_equal
    assert result.response is not None
    assert good.response is not None
    cuid = result.response.cuid != good.response.cuid
    store = result.part(SECRET_STORE_HASH) != good.part(SECRET_STORE_HASH)
    assert (cuid, store) == (attack.policy == "Configuration UID", attack.policy == "Secret store")
    assert f"| {attack.policy} |" in (HELP / "attestation.md").read_text()
    secrets = tuple(AddedSecret("request", tag) for tag in GUEST.store.tags)
    expected = Policies(cuid=GUEST.cuid, store=ExpectedStore(secrets, GUEST.store.locked))
    assert leaf(check_policies(good, expected, GOOD).policy, attack.verification).verdict is Verdict.PASSED
    judged = check_policies(result, expected, response).policy
    assert {one.id for one in judged.leaves() if one.verdict is Verdict.FAILED} == {attack.verification}


def test_each_attack_is_made_on_one_thing() -> None:
    assert len({attack.id for attack in ATTESTATION_ATTACKS}) == len(ATTESTATION_ATTACKS) >= 20
    assert {attack.target for attack in ATTESTATION_ATTACKS} == {Target.REQUEST, Target.MACHINE, Target.RESPONSE}
    for attack in ATTESTATION_ATTACKS:
        functions = (attack.request, attack.machine, attack.response)
        assert sum(function is not None for function in functions) == 1, attack.id
        assert (attack.code is not None) == (attack.catcher is Catcher.MACHINE), attack.id
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", attack.id)
        assert attack.story.endswith(".")
        assert attack.to_json()["caught_by"] == attack.catcher.value


@pytest.mark.parametrize("attack", ATTESTATION_ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_is_made_only_on_what_it_is_for(attack: AttestationAttack) -> None:
    if attack.request is None:
        with pytest.raises(ValueError, match="not made on requests"):
            tampered_request(attack, REQUEST.file())
    if attack.machine is None:
        with pytest.raises(ValueError, match="not made on machines"):
            answer_falsely(attack, MACHINE, GUEST, REQUEST.file())
    if attack.response is None:
        with pytest.raises(ValueError, match="not made on responses"):
            tampered_response(attack, GOOD)
    else:
        with pytest.raises(FormatError):
            tampered_response(attack, REQUEST.file(), request=REQUEST.file())


def test_what_is_not_there_cannot_be_attacked() -> None:
    by_id = {attack.id: attack for attack in ATTESTATION_ATTACKS}
    bare = answer_exchange(MACHINE, GUEST, Request(paf=1 << 62).file())
    for name, said in (
        ("user-data-bit", "no user data"),
        ("additional-bit", "no additional"),
        ("no-additional", "no ad"),
    ):
        with pytest.raises(FormatError, match=said):
            tampered_response(by_id[name], bare)
    with pytest.raises(UsageError, match="needs another request"):
        tampered_response(by_id["replay"], GOOD)


@settings(max_examples=200)
@given(
    attack=st.sampled_from(ATTESTATION_ATTACKS),
    at=st.integers(0, len(GOOD) - 1),
    new=st.binary(min_size=1, max_size=8),
    size=st.one_of(st.none(), st.integers(0, len(GOOD))),
)
def test_whatever_the_file_the_answer_is_an_attack_or_an_error(
    attack: AttestationAttack, at: int, new: bytes, size: int | None
) -> None:
    def changed(content: bytes) -> bytes:
        return (content[:at] + new + content[at + len(new) :])[:size]

    try:
        if attack.request is not None:
            tampered_request(attack, changed(REQUEST.file()))
        elif attack.machine is not None:
            answer_falsely(attack, MACHINE, GUEST, changed(REQUEST.file()))
        else:
            tampered_response(attack, changed(GOOD), request=changed(NEW_REQUEST.file()))
    except SeError as error:
        assert str(error)  # noqa: PT017 - either is right
