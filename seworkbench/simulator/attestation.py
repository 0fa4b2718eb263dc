"""How the Ultravisor of a simulated machine attests (resources/help/simulated-machine.md#attestation).

Requests are read byte by byte here and answers are computed with plain library calls, so that this end agrees with the
other one only if both have the format right.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seworkbench.crypto.key_slots import key_encrypting_key
from seworkbench.crypto.points import public_key
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.exchange import MAX_USER_DATA_SIZE, build_response, parse_request
from seworkbench.simulator import attestation_codes as uv
from seworkbench.simulator import codes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.simulator.codes import Code
    from seworkbench.simulator.machine import Machine
    from seworkbench.simulator.protected_guest import ProtectedGuest

# UV call "retrieve attestation measurement" (Linux arch/s390/include/asm/uv.h: UVC_CMD_RETR_ATTEST).
CALL = "UV call 0x1020"
_VERSION = 0x100
_HMAC_SHA512 = 1
_FIXED, _SLOT, _TAG = 0xE0, 80, 16
_MEASUREMENT, _KEY, _NONCE = 64, 64, 16
_NONCE_FLAG, _IMAGE_PHKH, _ATTESTATION_PHKH, _SECRET_STORE, _FIRMWARE = (1 << (63 - bit) for bit in range(1, 6))
_ZERO_IV = bytes(12)


@dataclass(frozen=True)
class AttestationAnswer:
    """What the call returns to the guest.

    Args:
        code: SUCCESS, or why it was refused.
        explanation: one sentence.
        measurement: HMAC-SHA-512, 64 bytes; empty if refused.
        additional: what the flags asked for; empty if refused or nothing was asked for.
        cuid: configuration UID of the guest, 16 bytes; empty if refused.
        phkh: hash of the host key that opened the request; empty if refused.
    """

    code: Code
    explanation: str
    measurement: bytes = b""
    additional: bytes = b""
    cuid: bytes = b""
    phkh: bytes = b""

    @property
    def executed(self) -> bool:
        """Whether there is a measurement."""
        return self.code == codes.EXECUTED

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        record: dict[str, Any] = {
            "simulated": True,
            "call": CALL,
            "uv_rc": f"0x{self.code.rc:04x}",
            "uv_rrc": f"0x{self.code.rrc:04x}",
            "explanation": self.explanation,
        }
        for name in ("measurement", "additional", "cuid", "phkh"):
            if content := getattr(self, name):
                record[name] = content.hex()
        return record


class AttestationRefused(SeError):  # noqa: N818 - the machine did its work: the answer is no
    """The simulated Ultravisor refuses a request.

    Args:
        answer: its answer.
    """

    def __init__(self, answer: AttestationAnswer) -> None:
        super().__init__(
            f"SIMULATED Ultravisor: {answer.explanation}", where=str(answer.code), remedy=_REMEDIES.get(answer.code, "")
        )
        self.answer = answer


_REMEDIES = {
    uv.ATTESTATION_NOT_AVAILABLE: "Use a machine from z16 on.",
    uv.REQUEST_NOT_OPENED: "Create the request with the host key document of this machine, and do not change it.",
    uv.PAF_NOT_SUPPORTED: "Create the request without the data that this machine cannot give.",
    uv.USER_DATA_TOO_LONG: f"Give at most {MAX_USER_DATA_SIZE} bytes of user data.",
}


class _Refusal(Exception):  # noqa: N818 - ends one look at a request
    """The call ends here."""

    def __init__(self, code: Code, explanation: str) -> None:
        super().__init__(explanation)
        self.code = code
        self.explanation = explanation


def attest(
    machine: Machine,
    guest: ProtectedGuest,
    arcb: bytes,
    *,
    user_data: bytes = b"",
    measurement_size: int = _MEASUREMENT,
    additional_size: int = 0x8000,
) -> AttestationAnswer:
    """Answer a request of a guest.

    Args:
        machine: the machine.
        guest: the guest that asks; the answer vouches for it.
        arcb: the attestation request control block as the guest gives it, any bytes.
        user_data: what the guest wants measured along.
        measurement_size: bytes of the buffer for the measurement.
        additional_size: bytes of the buffer for additional data.
    """
    try:
        return _answer(machine, guest, arcb, user_data, (measurement_size, additional_size))
    except _Refusal as refusal:
        return AttestationAnswer(refusal.code, refusal.explanation)


def answer_exchange(machine: Machine, guest: ProtectedGuest, request: bytes, *, user_data: bytes = b"") -> bytes:
    """What `pvattest perform` does in the guest: read a request file, ask the Ultravisor, write the response file.

    Args:
        machine: see attest.
        guest: see attest.
        request: content of an exchange file.
        user_data: see attest.

    Returns:
        The content of the exchange file with the answer.

    Raises:
        FormatError: if `request` is no exchange file.
        AttestationRefused: if the Ultravisor refuses.
    """
    file = parse_request(request)
    answer = attest(
        machine,
        guest,
        file.arcb,
        user_data=user_data,
        measurement_size=file.expected_measurement,
        additional_size=file.expected_additional,
    )
    if not answer.executed:
        raise AttestationRefused(answer)
    return build_response(
        file.arcb,
        measurement=answer.measurement,
        cuid=answer.cuid,
        additional=answer.additional,
        user_data=user_data,
    )


@dataclass(frozen=True)
class _Numbers:
    """The fixed part of a request, read without any judgement."""

    version: int
    length: int
    slots: int
    encrypted: int
    flags: int
    algorithm: int


def _answer(
    machine: Machine, guest: ProtectedGuest, arcb: bytes, user_data: bytes, buffers: tuple[int, int]
) -> AttestationAnswer:
    if machine.supported_paf is None:
        raise _Refusal(uv.ATTESTATION_NOT_AVAILABLE, "This machine offers no attestation.")
    if len(user_data) > MAX_USER_DATA_SIZE:
        raise _Refusal(uv.USER_DATA_TOO_LONG, f"The user data has {len(user_data)} bytes; 256 are the most.")
    numbers = _judged_numbers(machine, machine.supported_paf, arcb)
    phkh, content = _open(machine, arcb, numbers)
    measurement_size, additional_size = buffers
    if measurement_size < _MEASUREMENT:
        raise _Refusal(uv.MEASUREMENT_BUFFER_TOO_SMALL, f"{measurement_size} bytes are too few for a measurement.")
    additional = _additional(machine, guest, phkh, numbers.flags)
    if len(additional) > additional_size:
        raise _Refusal(
            uv.ADDITIONAL_BUFFER_TOO_SMALL,
            f"{additional_size} bytes are too few for the additional data of {len(additional)} bytes.",
        )
    header = guest.header
    block = header.pld + header.ald + header.tld + header.tag + guest.cuid
    block += len(user_data).to_bytes(2, "big") + bytes(2) + len(additional).to_bytes(4, "big")
    block += user_data + content[_KEY:] + additional
    return AttestationAnswer(
        codes.EXECUTED,
        "The guest was measured.",
        measurement=hmac.digest(content[:_KEY], block, hashlib.sha512),
        additional=additional,
        cuid=guest.cuid,
        phkh=phkh,
    )


def _judged_numbers(machine: Machine, supported: int, arcb: bytes) -> _Numbers:
    """The order in which a real Ultravisor looks at these is not known."""
    if len(arcb) < _FIXED:
        raise _Refusal(uv.REQUEST_LENGTH_INVALID, f"The request has only {len(arcb)} bytes.")
    version, length, encrypted, algorithm = (int.from_bytes(arcb[at : at + 4], "big") for at in (8, 0x0C, 0x2C, 0x38))
    numbers = _Numbers(version, length, arcb[0x27], encrypted, int.from_bytes(arcb[0x30:0x38], "big"), algorithm)
    if any(arcb[:8]) or version != _VERSION:
        raise _Refusal(uv.REQUEST_VERSION_NOT_SUPPORTED, f"Request version 0x{version:x} is not supported.")
    parts = _FIXED + _SLOT * numbers.slots + encrypted + _TAG
    # Counts and sizes are judged below; what they add up to, where it cannot be their own fault, is judged here.
    if length != len(arcb) or (numbers.slots and encrypted in (_KEY, _KEY + _NONCE) and parts != length):
        raise _Refusal(
            uv.REQUEST_LENGTH_INVALID,
            f"It says {length} bytes and has {len(arcb)}; its parts take {parts}.",
        )
    if not 0 < numbers.slots <= machine.max_request_slots:
        raise _Refusal(uv.REQUEST_SLOTS_INVALID, f"{numbers.slots} key slots are not possible.")
    if unknown := numbers.flags & ~supported:
        raise _Refusal(uv.PAF_NOT_SUPPORTED, f"This machine does not know the flags 0x{unknown:016x}.")
    if algorithm != _HMAC_SHA512:
        raise _Refusal(uv.ALGORITHM_NOT_SUPPORTED, f"Measurement algorithm {algorithm} is not supported.")
    expected = _KEY + (_NONCE if numbers.flags & _NONCE_FLAG else 0)
    if encrypted != expected:
        raise _Refusal(
            uv.REQUEST_SECRETS_SIZE_INVALID,
            f"The encrypted part has {encrypted} bytes; {expected} belong there.",
        )
    return numbers


def _open(machine: Machine, arcb: bytes, numbers: _Numbers) -> tuple[bytes, bytes]:
    """Hash of the host key that opens the request, and the content of its encrypted part."""
    refusal = _Refusal(uv.REQUEST_NOT_OPENED, "No key slot of the request opens with the host key of this machine.")
    try:
        customer = public_key(arcb[0x40:_FIXED])
    except FormatError:
        raise refusal from None
    secret_at = _FIXED + _SLOT * numbers.slots
    for at in range(_FIXED, secret_at, _SLOT):
        if arcb[at : at + 32] != machine.host_key_hash:
            continue
        key = _unwrapped(machine.host_key, customer, arcb[at + 32 : at + _SLOT])
        if key is None:
            continue
        try:
            content = AESGCM(key).decrypt(arcb[0x10:0x1C], arcb[secret_at:], arcb[:secret_at])
        except InvalidTag:
            raise _Refusal(uv.REQUEST_NOT_OPENED, "The request was changed: its tag does not match.") from None
        return machine.host_key_hash, content
    raise refusal


def _unwrapped(
    host_key: ec.EllipticCurvePrivateKey, customer: ec.EllipticCurvePublicKey, sealed: bytes
) -> bytes | None:
    with key_encrypting_key(host_key, customer) as key:
        try:
            return AESGCM(key.reveal()).decrypt(_ZERO_IV, sealed, None)
        except InvalidTag:
            return None


def _additional(machine: Machine, guest: ProtectedGuest, phkh: bytes, flags: int) -> bytes:
    parts = (
        (_IMAGE_PHKH, guest.image_phkh),
        (_ATTESTATION_PHKH, phkh),
        (_SECRET_STORE, guest.store.digest),
        (_FIRMWARE, machine.firmware_state),
    )
    return b"".join(content for flag, content in parts if flags & flag)
