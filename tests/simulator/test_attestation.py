"""Answers to attestation requests: the measurement, what comes with it, and the code of each refusal."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.crypto.private_keys import host_private_key
from seworkbench.errors import FormatError
from seworkbench.formats.exchange import parse_response
from seworkbench.formats.se_header import parse_header
from seworkbench.simulator import attestation_codes, codes
from seworkbench.simulator.attestation import AttestationRefused, answer_exchange, attest
from seworkbench.simulator.codes import Code
from seworkbench.simulator.machine import FIRMWARE_STATE, Machine
from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore

from .builder import HOST, HOST2, golden, key_hash
from .conftest import INTEROP
from .pki import AT
from .requests import ALL, BOTH, NONCE, Request

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

HEADER = golden("A").header
CUID = bytes(range(16))
TAGS = (b"\1" * 16, b"\2" * 16)
GUEST = ProtectedGuest(parse_header(HEADER), key_hash(HOST2), CUID, AT, store=SecretStore(TAGS))
MACHINE = Machine(HOST)


@pytest.mark.parametrize("user_data", [b"", b"challenge", bytes(256)], ids=["none", "some", "most"])
@pytest.mark.parametrize("paf", [NONCE, BOTH, ALL, 0x4400000000000000, 0x4800000000000000])
def test_the_answer_is_the_measurement_of_the_guest(paf: int, user_data: bytes) -> None:
    request = Request(paf=paf)
    answer = attest(MACHINE, GUEST, request.arcb(), user_data=user_data)
    assert answer.code == codes.EXECUTED
    assert len(answer.additional) == request.additional_size
    assert answer.cuid == CUID
    assert answer.phkh == key_hash(HOST)
    assert answer.measurement == request.measurement(HEADER, CUID, user_data, answer.additional)


def test_a_request_without_nonce_is_answered_too() -> None:
    request = Request(paf=0x3000000000000000, nonce=b"")
    answer = attest(MACHINE, GUEST, request.arcb())
    assert answer.measurement == request.measurement(HEADER, CUID, b"", answer.additional)


def test_additional_data_come_in_the_order_of_the_flags() -> None:
    answer = attest(MACHINE, GUEST, Request(paf=ALL).arcb())
    store = hashlib.sha512(b"".join(TAGS) + b"\0").digest()
    assert answer.additional == key_hash(HOST2) + key_hash(HOST) + store + FIRMWARE_STATE
    locked = dataclasses.replace(GUEST, store=GUEST.store.with_lock())
    other = attest(MACHINE, locked, Request(paf=ALL).arcb()).additional
    assert other[64:128] == hashlib.sha512(b"".join(TAGS) + b"\1").digest()
    assert other[:64] + other[128:] == answer.additional[:64] + answer.additional[128:]


def test_any_slot_for_the_machine_will_do() -> None:
    for hosts in ((HOST2, HOST), (HOST, HOST2), (HOST, HOST)):
        assert attest(MACHINE, GUEST, Request(hosts=hosts).arcb()).executed
    broken = bytearray(Request(hosts=(HOST, HOST)).arcb())
    broken[0xE0 + 40] ^= 1
    answer = attest(MACHINE, GUEST, bytes(broken))
    # The second slot opens; the tag of the request still covers the first.
    assert answer.code == attestation_codes.REQUEST_NOT_OPENED
    assert "tag does not match" in answer.explanation


OLD = Machine(HOST, supported_paf=None)
EARLY = Machine(HOST, supported_paf=BOTH)
REFUSALS: dict[str, tuple[Machine, bytes, dict[str, int | bytes], int]] = {
    "no attestation": (OLD, Request().arcb(), {}, 0x0002),
    "user data": (MACHINE, Request().arcb(), {"user_data": bytes(257)}, 0x0102),
    "version": (MACHINE, Request(version=0x200).arcb(), {}, 0x0106),
    "magic": (MACHINE, b"\1" + Request().arcb()[1:], {}, 0x0106),
    "end of the magic": (MACHINE, bytes(7) + b"\1" + Request().arcb()[8:], {}, 0x0106),
    "length": (MACHINE, Request(length=401).arcb(), {}, 0x0107),
    "cut off": (MACHINE, Request().arcb()[:-1], {}, 0x0107),
    "empty": (MACHINE, b"", {}, 0x0107),
    "one slot too few": (MACHINE, Request(hosts=(HOST, HOST), slots=1).arcb(), {}, 0x0107),
    "no slot": (MACHINE, Request(hosts=()).arcb(), {}, 0x0108),
    "no slot counted": (MACHINE, Request(slots=0).arcb(), {}, 0x0108),
    "no more than a fixed part": (MACHINE, Request(hosts=(), length=0xE0).arcb()[:0xE0], {}, 0x0108),
    "too many slots": (Machine(HOST, max_request_slots=1), Request(hosts=(HOST, HOST)).arcb(), {}, 0x0108),
    "encrypted part": (MACHINE, Request(encrypted=96).arcb(), {}, 0x0109),
    "nonce without flag": (MACHINE, Request(paf=0x3000000000000000).arcb(), {}, 0x0109),
    "flag without nonce": (MACHINE, Request(nonce=b"").arcb(), {}, 0x0109),
    "unknown flag": (MACHINE, Request(paf=ALL | 1).arcb(), {}, 0x010A),
    "flag of newer machines": (EARLY, Request(paf=ALL).arcb(), {}, 0x010A),
    "algorithm": (MACHINE, Request(algorithm=2).arcb(), {}, 0x010B),
    "wrong host": (Machine(HOST2), Request().arcb(), {}, 0x010C),
    "changed flags": (MACHINE, Request(paf=BOTH).arcb()[:0x30] + b"\x60" + Request().arcb()[0x31:], {}, 0x010C),
    "changed tag": (MACHINE, Request().arcb()[:-1] + b"\0", {}, 0x010C),
    "customer key": (MACHINE, Request().arcb()[:0x40] + bytes(160) + Request().arcb()[0xE0:], {}, 0x010C),
    "measurement buffer": (MACHINE, Request().arcb(), {"measurement_size": 63}, 0x010D),
    "additional buffer": (MACHINE, Request().arcb(), {"additional_size": 63}, 0x010E),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_its_code_and_gives_nothing(name: str) -> None:
    machine, arcb, options, code = REFUSALS[name]
    answer = attest(machine, GUEST, arcb, **options)  # type: ignore[arg-type]
    assert answer.code == Code(code, 0)
    assert not answer.executed
    assert answer.explanation.endswith(".")
    assert answer.measurement == answer.additional == answer.cuid == answer.phkh == b""
    assert answer.to_json()["simulated"] is True
    assert answer.to_json() == {
        "simulated": True,
        "call": "UV call 0x1020",
        "uv_rc": f"0x{code:04x}",
        "uv_rrc": "0x0000",
        "explanation": answer.explanation,
    }


def test_as_many_slots_as_a_machine_takes_are_answered() -> None:
    for count in (1, 2):
        assert attest(Machine(HOST, max_request_slots=count), GUEST, Request(hosts=(HOST,) * count).arcb()).executed


def test_a_slot_is_known_by_its_hash_alone() -> None:
    arcb = Request().arcb()
    answer = attest(MACHINE, GUEST, arcb[:0xE0] + bytes([arcb[0xE0] ^ 1]) + arcb[0xE1:])
    assert answer.code == attestation_codes.REQUEST_NOT_OPENED
    assert answer.explanation.startswith("No key slot of the request opens")


def test_the_json_of_an_answer_holds_what_the_guest_gets() -> None:
    answer = attest(MACHINE, GUEST, Request().arcb())
    assert answer.to_json() == {
        "simulated": True,
        "call": "UV call 0x1020",
        "uv_rc": "0x0001",
        "uv_rrc": "0x0000",
        "explanation": "The guest was measured.",
        "measurement": answer.measurement.hex(),
        "additional": (key_hash(HOST2) + key_hash(HOST)).hex(),
        "cuid": CUID.hex(),
        "phkh": key_hash(HOST).hex(),
    }


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=512), st.tuples(st.integers(0, 399), st.binary(min_size=1, max_size=8))))
def test_any_bytes_get_an_answer(change: bytes | tuple[int, bytes]) -> None:
    request = Request().arcb()
    arcb = (
        change
        if isinstance(change, bytes)
        else request[: change[0]] + change[1] + request[change[0] + len(change[1]) :]
    )
    answer = attest(MACHINE, GUEST, arcb)
    assert answer.executed == (arcb == request)


# --- Exchange files ----------------------------------------------------------------------------------------------


def test_a_response_carries_request_answer_and_user_data() -> None:
    request = Request()
    file = parse_response(answer_exchange(MACHINE, GUEST, request.file(), user_data=b"hello"))
    assert file.arcb == request.arcb()
    assert file.user_data == b"hello"
    assert file.cuid == CUID
    assert file.additional == key_hash(HOST2) + key_hash(HOST)
    assert file.measurement == request.measurement(HEADER, CUID, b"hello", file.additional)


def test_a_refused_request_is_an_error_that_says_simulated() -> None:
    with pytest.raises(AttestationRefused, match="SIMULATED Ultravisor: No key slot") as caught:
        answer_exchange(Machine(HOST2), GUEST, Request().file())
    assert caught.value.where == "RC 0x010c, RRC 0x0000"
    assert "host key document" in caught.value.remedy
    assert caught.value.answer.code == attestation_codes.REQUEST_NOT_OPENED
    with pytest.raises(FormatError):
        answer_exchange(MACHINE, GUEST, b"pvattest")


GOOD = [
    run
    for run in json.loads((INTEROP / "attestation.json").read_text())
    if run["exit"] == 0 and run["args"][3] == "se.hdr"
]


class RecordedStore(SecretStore):
    """A store of which only the hash is known."""

    @property
    def digest(self) -> bytes:
        return self.tags[0]


def machine_key(phkh: bytes) -> ec.EllipticCurvePrivateKey:
    keys = (host_private_key((INTEROP / "pki" / f"host{number}.key").read_bytes()) for number in (1, 2))
    return next(key for key in keys if Machine(key).host_key_hash == phkh)


@pytest.mark.parametrize("run", GOOD, ids=lambda run: run["args"][1])
def test_responses_that_pvattest_accepts_are_answered_alike(run: dict[str, list[str]]) -> None:
    """From request, header and state of the guest alone, every byte of the recorded response is found again."""
    folder = INTEROP / "attestation"
    name = run["args"][1]
    recorded = (folder / name).read_bytes()
    file = parse_response(recorded)
    additional, sizes = file.additional or b"", {"phkh-img": 32, "phkh-att": 32, "secret-store-hash": 64}
    parts = {}
    for flag in run["flags"]:
        size = sizes.get(flag, 320)
        parts[flag], additional = additional[:size], additional[size:]
    default = Machine(machine_key(bytes.fromhex("ee5b238212e602d7f100765e426540f3e254701fbde33c64d763ae795d3e6fa2")))
    phkh = parts.get("phkh-att", default.host_key_hash)
    machine = Machine(machine_key(phkh), firmware_state=parts.get("firmware-state", FIRMWARE_STATE))
    store = RecordedStore((parts.get("secret-store-hash", b""),))
    header = parse_header((folder / "se.hdr").read_bytes())
    guest = ProtectedGuest(header, parts.get("phkh-img", b""), file.cuid or b"", AT, store=store)
    request = (folder / f"{name.split('.', maxsplit=1)[0]}.req").read_bytes()
    answered = answer_exchange(machine, guest, request, user_data=file.user_data or b"")
    again = parse_response(answered)
    assert (again.arcb, again.measurement, again.additional, again.user_data, again.cuid) == (
        file.arcb,
        file.measurement,
        file.additional,
        file.user_data,
        file.cuid,
    )


def test_the_recorded_runs_are_there() -> None:
    assert len(GOOD) >= 15
