"""Attacks on attestation, and what must catch them (resources/help/simulated-machine.md#attacks-on-attestation).

They are made on the request on its way to the machine, on the machine that answers, or on the response on its way back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.errors import FormatError, UsageError
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import build_response, parse_request, parse_response
from seworkbench.formats.flags import NONCE_PRESENT, PAF, RETURN_IMAGE_PHKH
from seworkbench.simulator import attestation_codes as uv
from seworkbench.simulator.attestation import answer_exchange
from seworkbench.simulator.protected_guest import new_cuid
from seworkbench.simulator.tampering import Edit, Target, applied, flipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.formats.exchange import ExchangeFile
    from seworkbench.simulator.codes import Code
    from seworkbench.simulator.machine import Machine
    from seworkbench.simulator.protected_guest import ProtectedGuest

# Places in a request (resources/help/attestation.md#arcb).
_VERSION, _SLOT_COUNT, _FLAGS, _ALGORITHM, _SLOTS, _SLOT = 8, 0x27, 0x30, 0x38, 0xE0, 80


class Catcher(Enum):
    """Who must notice an attack; the value is what is shown."""

    MACHINE = "the machine refuses it"
    VERIFICATION = "verification fails"
    ERROR = "verification ends in an error: nothing can be judged"
    POLICY = "only a policy tells"


@dataclass(frozen=True)
class AttestationAttack:
    """An attack on attestation; exactly one of the three functions makes it.

    Args:
        id: short name.
        title: plain name.
        story: what it does and what for, in plain words.
        catcher: who must notice it.
        code: what the machine answers, where it refuses.
        verification: id of the check of verification or policies that does not pass.
        policy: the policy that tells (resources/help/attestation.md#policies).
        request: changes an attestation request control block.
        machine: changes who answers.
        response: changes a response; the second argument is another request, for replays.
        needs_request: whether another request is needed.
    """

    id: str
    title: str
    story: str
    catcher: Catcher
    code: Code | None = None
    verification: str = ""
    policy: str = ""
    request: Callable[[bytes], bytes] | None = None
    machine: Callable[[Machine, ProtectedGuest], tuple[Machine, ProtectedGuest]] | None = None
    response: Callable[[ExchangeFile, ExchangeFile | None], bytes] | None = None
    needs_request: bool = False

    @property
    def target(self) -> Target:
        """What it is made on."""
        if self.request is not None:
            return Target.REQUEST
        return Target.MACHINE if self.machine is not None else Target.RESPONSE

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        record: dict[str, Any] = {
            "id": self.id,
            "on": self.target.value,
            "title": self.title,
            "story": self.story,
            "caught_by": self.catcher.value,
        }
        if self.code is not None:
            record["uv_rc"], record["uv_rrc"] = f"0x{self.code.rc:04x}", f"0x{self.code.rrc:04x}"
        if self.verification:
            record["caught_by_verify"] = self.verification
        if self.policy:
            record["policy"] = self.policy
        return record


def tampered_request(attack: AttestationAttack, content: bytes) -> bytes:
    """A request file with the attack made on it.

    Raises:
        FormatError: if `content` is no exchange file, or the request in it is damaged already.
        ValueError: if the attack is not made on requests.
    """
    if attack.request is None:
        raise ValueError(f"{attack.id} is not made on requests")
    file = parse_request(content)
    parse_arcb(file.arcb)
    offset = file.header.arcb.offset
    return applied(content, (Edit(offset, attack.request(file.arcb)),))


def answer_falsely(
    attack: AttestationAttack, machine: Machine, guest: ProtectedGuest, content: bytes, *, user_data: bytes = b""
) -> bytes:
    """The response file of a machine that plays false.

    Raises:
        FormatError: if `content` is no exchange file.
        AttestationRefused: if the machine refuses the request.
        ValueError: if the attack is not made on machines.
    """
    if attack.machine is None:
        raise ValueError(f"{attack.id} is not made on machines")
    other_machine, other_guest = attack.machine(machine, guest)
    return answer_exchange(other_machine, other_guest, content, user_data=user_data)


def tampered_response(attack: AttestationAttack, content: bytes, *, request: bytes | None = None) -> bytes:
    """A response file with the attack made on it.

    Args:
        attack: the attack.
        content: the response file.
        request: another request file, for attacks that need one.

    Raises:
        UsageError: if the attack needs another request and there is none.
        FormatError: if a file is not what it should be, or the response lacks what is attacked.
        ValueError: if the attack is not made on responses.
    """
    if attack.response is None:
        raise ValueError(f"{attack.id} is not made on responses")
    if attack.needs_request and request is None:
        raise UsageError("This attack needs another request.", remedy="Name the file with --request.")
    other = parse_request(request) if request is not None else None
    return attack.response(parse_response(content), other)


def _set(offset: int, content: bytes) -> Callable[[bytes], bytes]:
    return lambda arcb: applied(arcb, (Edit(offset, content),))


def _flip_flag(arcb: bytes, mask: int) -> bytes:
    flags = int.from_bytes(arcb[_FLAGS : _FLAGS + 8], "big") ^ mask
    return applied(arcb, (Edit(_FLAGS, flags.to_bytes(8, "big")),))


def _unknown_flag(arcb: bytes) -> bytes:
    return _flip_flag(arcb, next(1 << bit for bit in range(62, -1, -1) if not PAF.mask >> bit & 1))


def _slots(arcb: bytes) -> range:
    return range(_SLOTS, _SLOTS + _SLOT * arcb[_SLOT_COUNT], _SLOT)


def _slot_keys(arcb: bytes) -> bytes:
    return applied(arcb, [Edit(at + 32, flipped(arcb[at + 32 : at + 33])) for at in _slots(arcb)])


def _slot_hashes(arcb: bytes) -> bytes:
    return applied(arcb, [Edit(at, bytes(32)) for at in _slots(arcb)])


def _other_guest(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    header = dataclasses.replace(guest.header, pld=flipped(guest.header.pld))
    return machine, dataclasses.replace(guest, header=header)


def _rebuilt_guest(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    header = dataclasses.replace(guest.header, tag=flipped(guest.header.tag))
    return machine, dataclasses.replace(guest, header=header)


def _wrong_host(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    return dataclasses.replace(machine, host_key=ec.generate_private_key(ec.SECP521R1())), guest


def _no_attestation(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    return dataclasses.replace(machine, supported_paf=None), guest


def _first_firmware(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    return dataclasses.replace(machine, supported_paf=NONCE_PRESENT.mask), guest


def _other_lock(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    store = dataclasses.replace(guest.store, locked=not guest.store.locked)
    return machine, dataclasses.replace(guest, store=store)


def _started_again(machine: Machine, guest: ProtectedGuest) -> tuple[Machine, ProtectedGuest]:
    return machine, dataclasses.replace(guest, cuid=new_cuid())


def _rebuilt(file: ExchangeFile, **changes: bytes) -> bytes:
    parts = {
        "measurement": file.measurement or b"",
        "cuid": file.cuid or b"",
        "additional": file.additional or b"",
        "user_data": file.user_data or b"",
    }
    arcb = changes.pop("arcb", file.arcb)
    return build_response(arcb, **(parts | changes))


def _bit_of(name: str, title: str) -> Callable[[ExchangeFile, ExchangeFile | None], bytes]:
    def tamper(file: ExchangeFile, _: ExchangeFile | None) -> bytes:
        content: bytes | None = getattr(file, name)
        if not content:
            raise FormatError(f"The response has no {title}.", remedy="Try another attack, or ask for that data.")
        return _rebuilt(file, **{name: content[:-1] + flipped(content[-1:])})

    return tamper


def _without_additional(file: ExchangeFile, _: ExchangeFile | None) -> bytes:
    if not file.additional:
        raise FormatError("The response has no additional data.", remedy="Ask for some when creating the request.")
    return _rebuilt(file, additional=b"")


def _padded_user_data(file: ExchangeFile, _: ExchangeFile | None) -> bytes:
    return _rebuilt(file, user_data=(file.user_data or b"").ljust(256, b"\0"))


def _request_bit(file: ExchangeFile, _: ExchangeFile | None) -> bytes:
    return _rebuilt(file, arcb=file.arcb[:-1] + flipped(file.arcb[-1:]))


def _replayed(file: ExchangeFile, other: ExchangeFile | None) -> bytes:
    return _rebuilt(file, arcb=other.arcb if other is not None else file.arcb)


def _cut_off(file: ExchangeFile, _: ExchangeFile | None) -> bytes:
    return _rebuilt(file)[:-1]


_EQUAL = "attest.measurement.equal"
_WAY = "Whoever carries the request "
_BACK = "Whoever carries the response "

ATTESTATION_ATTACKS: tuple[AttestationAttack, ...] = (
    AttestationAttack(
        "request-flags",
        "Other data asked for",
        _WAY + "asks for other data than its maker. Flags are authenticated.",
        Catcher.MACHINE,
        uv.REQUEST_NOT_OPENED,
        request=lambda arcb: _flip_flag(arcb, RETURN_IMAGE_PHKH.mask),
    ),
    AttestationAttack(
        "request-unknown-flag",
        "A flag that no machine knows",
        _WAY + "sets a reserved flag.",
        Catcher.MACHINE,
        uv.PAF_NOT_SUPPORTED,
        request=_unknown_flag,
    ),
    AttestationAttack(
        "request-version",
        "Another request version",
        "The request claims version 0x200, which no machine knows.",
        Catcher.MACHINE,
        uv.REQUEST_VERSION_NOT_SUPPORTED,
        request=_set(_VERSION, (0x200).to_bytes(4, "big")),
    ),
    AttestationAttack(
        "request-algorithm",
        "Another measurement algorithm",
        _WAY + "asks for a measurement algorithm that does not exist.",
        Catcher.MACHINE,
        uv.ALGORITHM_NOT_SUPPORTED,
        request=_set(_ALGORITHM, (2).to_bytes(4, "big")),
    ),
    AttestationAttack(
        "request-slot-key",
        "Another wrapped key",
        _WAY + "changes the wrapped protection key in every slot.",
        Catcher.MACHINE,
        uv.REQUEST_NOT_OPENED,
        request=_slot_keys,
    ),
    AttestationAttack(
        "request-other-machine",
        "Made for another machine",
        "No key slot carries the hash of the host key: so it looks when a request is taken to a machine it is not for.",
        Catcher.MACHINE,
        uv.REQUEST_NOT_OPENED,
        request=_slot_hashes,
    ),
    AttestationAttack(
        "wrong-host",
        "Another host key",
        "A machine without the right host key answers. It cannot even read the request.",
        Catcher.MACHINE,
        uv.REQUEST_NOT_OPENED,
        machine=_wrong_host,
    ),
    AttestationAttack(
        "no-attestation",
        "A machine that does not attest",
        "The guest runs on a z15.",
        Catcher.MACHINE,
        uv.ATTESTATION_NOT_AVAILABLE,
        machine=_no_attestation,
    ),
    AttestationAttack(
        "first-firmware",
        "A flag on a machine that is too old",
        "The request asks for data that the firmware of the machine cannot give.",
        Catcher.MACHINE,
        uv.PAF_NOT_SUPPORTED,
        machine=_first_firmware,
    ),
    AttestationAttack(
        "other-guest",
        "Another guest answers",
        "The host passes the request to a guest that was started from another image. The machine is genuine.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        machine=_other_guest,
    ),
    AttestationAttack(
        "rebuilt-guest",
        "The same parts, built again",
        "The guest was started from an image with the same components that was built once more: another header tag.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        machine=_rebuilt_guest,
    ),
    AttestationAttack(
        "store-lock",
        "Secret store locked, or not any more",
        "The secret store is in the other state than it should be. The machine vouches for it as it is.",
        Catcher.POLICY,
        verification="attest.policy.secret-store",
        policy="Secret store",
        machine=_other_lock,
    ),
    AttestationAttack(
        "started-again",
        "The guest was started again",
        "The guest runs from the right image, but it is not the run that was meant: another configuration UID.",
        Catcher.POLICY,
        verification="attest.policy.cuid",
        policy="Configuration UID",
        machine=_started_again,
    ),
    AttestationAttack(
        "measurement-bit",
        "One bit of the measurement",
        _BACK + "flips a bit of the measurement.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        response=_bit_of("measurement", "measurement"),
    ),
    AttestationAttack(
        "additional-bit",
        "One bit of the additional data",
        _BACK + "changes what the machine said about host keys, secrets or firmware.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        response=_bit_of("additional", "additional data"),
    ),
    AttestationAttack(
        "user-data-bit",
        "One bit of the user data",
        _BACK + "changes what the guest had measured along, such as the hash of its public key.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        response=_bit_of("user_data", "user data"),
    ),
    AttestationAttack(
        "cuid-bit",
        "One bit of the configuration UID",
        _BACK + "lets the answer name another run of the guest.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        response=_bit_of("cuid", "configuration UID"),
    ),
    AttestationAttack(
        "no-additional",
        "Additional data left out",
        _BACK + "takes the additional data out, so that nobody sees what they say.",
        Catcher.VERIFICATION,
        verification="attest.data.complete",
        response=_without_additional,
    ),
    AttestationAttack(
        "padded-user-data",
        "User data filled up",
        _BACK + "fills the user data up with zeros, as the buffer of the device driver has them.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        response=_padded_user_data,
    ),
    AttestationAttack(
        "request-bit",
        "One bit of the request in the response",
        _BACK + "changes the request that it carries back. The protection key does not open it any more.",
        Catcher.ERROR,
        verification="attest.request.opens",
        response=_request_bit,
    ),
    AttestationAttack(
        "replay",
        "An old answer to a new request",
        _BACK + "answers a new request with an old measurement. Each request has a key and a nonce of its own.",
        Catcher.VERIFICATION,
        verification=_EQUAL,
        response=_replayed,
        needs_request=True,
    ),
    AttestationAttack(
        "cut-off-response",
        "Response cut off",
        "The last byte of the file is missing.",
        Catcher.ERROR,
        verification="attest.response.form",
        response=_cut_off,
    ),
)
