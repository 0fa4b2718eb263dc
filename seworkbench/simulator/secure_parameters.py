"""What the Ultravisor makes of an SE header: steps 4 to 11 of resources/help/verification.md#steps.

The order in which a real Ultravisor looks is not known. Here counts and sizes come before the length they add up to, so
that a header without slots is called that and not one of the wrong length.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict
from seworkbench.crypto.header_seal import open_header
from seworkbench.crypto.key_slots import unwrap
from seworkbench.crypto.points import public_key
from seworkbench.errors import FormatError
from seworkbench.formats.flags import BACKUP_KEYS, CCK_EXTENSION_SECRET, CCK_UPDATE
from seworkbench.formats.se_header import (
    ENCRYPTED_PART_SIZE,
    HEADER_MAGIC,
    HEADER_VERSIONS,
    IMAGE_KEY_SIZE,
    KEY_SLOTS_OFFSET,
    MAX_HEADER_SIZE,
    SecretPartV1,
    SeHeader,
    header_size,
    parse_header,
)
from seworkbench.simulator import codes
from seworkbench.simulator.codes import Code

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.secret import Secret
    from seworkbench.simulator.machine import Machine

_DAMAGED = "The header is damaged or was changed; get the image again from where it was built."
_OTHER_MACHINE = "Build the image with the host key document of this machine."
_OTHER_FLAGS = "Build the image without these flags, or for a machine that supports them."
_AES_BLOCK = 16
_SLOTS_SHOWN = 8

MAGIC = Step(
    "uv.ssc.magic", "It is an SE header", "verification.md#step-4-magic-and-version", _DAMAGED, codes.NO_HEADER
)
VERSION = Step(
    "uv.ssc.version",
    "The header version is supported",
    "verification.md#step-4-magic-and-version",
    "Build the image for this machine, with a tool that writes version 0x100.",
    codes.VERSION_NOT_SUPPORTED,
)
SLOTS = Step(
    "uv.ssc.slots", "There is a key slot", "verification.md#step-5-lengths-and-counts", _DAMAGED, codes.NO_KEY_SLOTS
)
SECRET_SIZE = Step(
    "uv.ssc.secret-size",
    "Size of the encrypted part",
    "verification.md#step-5-lengths-and-counts",
    _DAMAGED,
    codes.SECRET_PART_SIZE_INVALID,
)
LENGTH = Step(
    "uv.ssc.length",
    "Header length is that of its parts",
    "verification.md#step-5-lengths-and-counts",
    _DAMAGED,
    codes.HEADER_LENGTH_MISMATCH,
)
PCF = Step(
    "uv.ssc.pcf",
    "Plaintext flags are supported",
    "verification.md#step-6-plaintext-flags",
    _OTHER_FLAGS,
    codes.PCF_NOT_SUPPORTED,
)
CUSTOMER_KEY = Step(
    "uv.ssc.customer-key",
    "Customer public key is a point on P-521",
    "verification.md#step-7-customer-public-key",
    _DAMAGED,
    codes.CUSTOMER_KEY_INVALID,
)
SLOT = Step(
    "uv.ssc.slot",
    "A key slot is for this machine",
    "verification.md#step-8-key-slot-for-the-host",
    _OTHER_MACHINE,
    codes.NO_SLOT_FOR_HOST_KEY,
)
SLOT_TAG = Step(
    "uv.ssc.slot-tag",
    "The key slot opens with the host key",
    "verification.md#step-9-unwrapping-the-header-key",
    _DAMAGED,
    codes.SLOT_NOT_AUTHENTIC,
)
HEADER_TAG = Step(
    "uv.ssc.header-tag",
    "The header is authentic",
    "verification.md#step-10-header-tag",
    _DAMAGED,
    codes.HEADER_NOT_AUTHENTIC,
)
SECRET_PART = Step(
    "uv.ssc.secret-part",
    "The encrypted part is well-formed",
    "verification.md#step-11-optional-items-and-secret-flags",
    "Ask the builder what made the header.",
    codes.OPTIONAL_ITEMS,
)
SCF = Step(
    "uv.ssc.scf",
    "Secret flags are supported",
    "verification.md#step-11-optional-items-and-secret-flags",
    _OTHER_FLAGS,
    codes.SCF_NOT_SUPPORTED,
)
STEPS = (
    MAGIC,
    VERSION,
    SLOTS,
    SECRET_SIZE,
    LENGTH,
    PCF,
    CUSTOMER_KEY,
    SLOT,
    SLOT_TAG,
    HEADER_TAG,
    SECRET_PART,
    SCF,
)


@dataclass(frozen=True)
class OpenedHeader:
    """A header that the machine has opened.

    Args:
        header: the header as it was given.
        secret: what its encrypted part holds.
        phkh: hash of the host key that opened it, 32 bytes.
        slot: index of the key slot that it opened.
    """

    header: SeHeader
    secret: SecretPartV1
    phkh: bytes
    slot: int


def failed(step: Step, reason: str, *evidence: tuple[str, object]) -> Check:
    """The step failed; a code that is the simulator's own is called that."""
    code = Code(*step.code) if step.code else codes.NOT_ASKED
    own = (("code", str(code)),) if code.is_own else ()
    return step.failed(reason, *evidence, *own)


def first_code(checks: tuple[Check, ...]) -> Code:
    """The code of the first step that failed; EXECUTED if none did."""
    for check in checks:
        if check.verdict is Verdict.FAILED and check.code is not None:
            return Code(*check.code)
    return codes.EXECUTED


def open_for_machine(raw: bytes, length: int, machine: Machine) -> tuple[tuple[Check, ...], OpenedHeader | None]:
    """Judge a header as the Ultravisor of a machine.

    Args:
        raw: the header as the hypervisor copied it out of guest memory.
        length: its length as the hypervisor says it.
        machine: the machine.

    Returns:
        One check a step, in the order of STEPS, and the opened header if none of them failed.
    """
    reading = _Reading(raw[:MAX_HEADER_SIZE], length, machine)
    checks = tuple(reading.judge())
    opened = reading.opened if all(check.verdict is not Verdict.FAILED for check in checks) else None
    return checks, opened


class _Unreadable(Exception):  # noqa: N818 - ends one look at a header
    """No further step can be made.

    Args:
        reason: why the steps that are left were not made.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Reading:
    """One look at a header, step by step; each step adds its check."""

    def __init__(self, raw: bytes, length: int, machine: Machine) -> None:
        self._raw = raw
        self._length = length
        self._machine = machine
        self._checks: list[Check] = []
        self.opened: OpenedHeader | None = None

    def judge(self) -> list[Check]:
        """The check of every step, in the order of STEPS."""
        try:
            self.opened = self._read()
        except _Unreadable as end:
            self._checks += [step.not_checked(end.reason) for step in STEPS[len(self._checks) :]]
        return self._checks

    def _read(self) -> OpenedHeader:
        self._magic_and_version()
        self._sizes()
        sizes_are_right = all(check.verdict is not Verdict.FAILED for check in self._checks)
        self._checks.append(_flags(PCF, self._number(0x38, 8), self._machine.supported_pcf))
        customer = self._customer_key()
        if not sizes_are_right:
            raise _Unreadable("The places of key slots and encrypted part are not certain.")
        header = parse_header(self._raw[: self._length])
        host_key, slots = self._slot(header)
        if customer is None:
            raise _Unreadable("The customer public key is not usable.")
        index, key = self._unwrap(header, customer, host_key, slots)
        with key:
            secret = self._open(header, key)
        self._checks += [_secret_part(secret), _secret_flags(secret, self._machine.supported_scf)]
        return OpenedHeader(header, secret, header.keyslots[index].phkh, index)

    def _number(self, offset: int, size: int) -> int:
        return int.from_bytes(self._raw[offset : offset + size], "big")

    def _magic_and_version(self) -> None:
        magic = self._raw[: len(HEADER_MAGIC)]
        if magic != HEADER_MAGIC:
            found = ("bytes found", magic.hex() or "none")
            self._checks.append(failed(MAGIC, "The magic “IBMSecEx” is missing.", found))
            raise _Unreadable("There is no SE header.")
        self._checks.append(MAGIC.passed("The magic is “IBMSecEx”."))
        version = self._number(8, 4)
        if version not in HEADER_VERSIONS:
            self._checks.append(VERSION.failed(f"Version 0x{version:x} is not supported; 0x100 is."))
            raise _Unreadable("A header of another version has another form.")
        self._checks.append(VERSION.passed(f"Version 0x{version:x}."))

    def _sizes(self) -> None:
        if len(self._raw) < KEY_SLOTS_OFFSET:
            reason = f"Only {len(self._raw)} bytes of the header are there."
            self._checks += [SLOTS.not_checked(reason), SECRET_SIZE.not_checked(reason), LENGTH.failed(reason)]
            raise _Unreadable("The header is too short.")
        stated, slots, secret_size = self._number(0x0C, 4), self._number(0x20, 8), self._number(0x28, 8)
        self._checks.append(
            SLOTS.passed("1 key slot." if slots == 1 else f"{slots} key slots.")
            if slots
            else SLOTS.failed("There is none.")
        )
        size = f"{secret_size} bytes."
        if secret_size < ENCRYPTED_PART_SIZE or secret_size % _AES_BLOCK:
            self._checks.append(
                SECRET_SIZE.failed(f"{size} It has at least {ENCRYPTED_PART_SIZE} bytes, in whole blocks of 16.")
            )
        elif secret_size > ENCRYPTED_PART_SIZE:
            self._checks.append(
                SECRET_SIZE.warning(
                    f"{size} Only {ENCRYPTED_PART_SIZE} have a published meaning; a machine may refuse."
                )
            )
        else:
            self._checks.append(SECRET_SIZE.passed(size))
        parts = header_size(slots, secret_size)
        shown = (
            ("length given by the hypervisor", f"{self._length} bytes"),
            ("length in the header", f"{stated} bytes"),
            ("sum of its parts", f"{parts} bytes"),
            ("most", f"{MAX_HEADER_SIZE} bytes"),
        )
        fits = self._length == stated == parts <= MAX_HEADER_SIZE and len(self._raw) >= self._length
        if fits:
            self._checks.append(LENGTH.passed("All are equal.", *shown[:3]))
        else:
            self._checks.append(LENGTH.failed("They are not equal, or too large.", *shown))

    def _customer_key(self) -> ec.EllipticCurvePublicKey | None:
        raw = self._raw[0x40:0xE0]
        try:
            key = public_key(raw)
        except FormatError as error:
            self._checks.append(CUSTOMER_KEY.failed(error.what, ("coordinates", raw.hex())))
            return None
        self._checks.append(CUSTOMER_KEY.passed())
        return key

    def _slot(self, header: SeHeader) -> tuple[ec.EllipticCurvePrivateKey, list[int]]:
        """The host key that has slots, and their indices. When real machines try their backup key is not known."""
        machine = self._machine
        wanted = [("hash of the host key", machine.host_key_hash.hex())]
        if slots := _slots_for(header, machine.host_key_hash):
            self._checks.append(SLOT.passed(f"Key slot {slots[0] + 1}.", *wanted))
            return machine.host_key, slots
        step = SLOT
        if machine.backup_key is not None and machine.backup_key_hash is not None:
            wanted.append(("hash of the backup host key", machine.backup_key_hash.hex()))
            if header.pcf & BACKUP_KEYS.mask:
                if slots := _slots_for(header, machine.backup_key_hash):
                    self._checks.append(SLOT.passed(f"Key slot {slots[0] + 1}, for the backup host key.", *wanted))
                    return machine.backup_key, slots
                step = dataclasses.replace(SLOT, code=codes.NO_SLOT_FOR_BACKUP_KEY)
        present = [(f"key slot {n}", slot.phkh.hex()) for n, slot in enumerate(header.keyslots[:_SLOTS_SHOWN], start=1)]
        if header.nks > len(present):
            present.append(("further key slots", str(header.nks - len(present))))
        self._checks.append(step.failed("None of the key slots is for this machine.", *wanted, *present))
        raise _Unreadable("There is no slot to open.")

    def _unwrap(
        self,
        header: SeHeader,
        customer: ec.EllipticCurvePublicKey,
        host_key: ec.EllipticCurvePrivateKey,
        slots: list[int],
    ) -> tuple[int, Secret]:
        """The first slot that opens, and the header key in it; a host key may have been given twice."""
        for index in slots:
            slot = header.keyslots[index]
            try:
                key = unwrap(slot, host_key, customer)
            except FormatError:
                continue
            self._checks.append(SLOT_TAG.passed(f"Key slot {index + 1} holds it.", ("slot tag", slot.kst.hex())))
            return index, key
        tags = [(f"tag of key slot {index + 1}", header.keyslots[index].kst.hex()) for index in slots[:_SLOTS_SHOWN]]
        self._checks.append(
            failed(SLOT_TAG, "The tag is not that of the wrapped key: slot or customer key was changed.", *tags)
        )
        raise _Unreadable("The header key is not known.")

    def _open(self, header: SeHeader, key: Secret) -> SecretPartV1:
        shown = (
            ("authenticated", f"{len(header.aad)} bytes in clear and {header.sea} encrypted"),
            ("tag", header.tag.hex()),
        )
        try:
            secret = open_header(header, key)
        except FormatError:
            reason = "The tag is not that of this header: a bit of it was changed, or the key is another."
            self._checks.append(failed(HEADER_TAG, reason, *shown))
            raise _Unreadable("The header does not open.") from None
        self._checks.append(HEADER_TAG.passed("The tag is right: no bit was changed.", *shown))
        return secret


def _slots_for(header: SeHeader, phkh: bytes) -> list[int]:
    return [index for index, slot in enumerate(header.keyslots) if slot.phkh == phkh]


def _flags(step: Step, value: int, supported: int) -> Check:
    shown = (("flags in the header", f"0x{value:016x}"), ("supported by the machine", f"0x{supported:016x}"))
    if refused := value & ~supported:
        return step.failed(f"The machine does not support 0x{refused:016x}.", *shown)
    return step.passed("The machine supports all of them.", *shown)


def _secret_part(secret: SecretPartV1) -> Check:
    if secret.noi:
        return failed(SECRET_PART, f"It announces {secret.noi} optional items; none are defined.")
    if any(secret.res2):
        return SECRET_PART.warning("Its reserved bytes are not zero.")
    half = IMAGE_KEY_SIZE // 2
    key = secret.xts.reveal()
    if key[:half] == key[half:]:
        return SECRET_PART.warning("The two halves of the image key are equal; AES-XTS asks for different ones.")
    return SECRET_PART.passed()


def _secret_flags(secret: SecretPartV1, supported: int) -> Check:
    check = _flags(SCF, secret.scf, supported)
    both = CCK_EXTENSION_SECRET.mask | CCK_UPDATE.mask
    if check.verdict is Verdict.PASSED and secret.scf & both == both:
        reason = "An enforced extension secret and an allowed update of the communication key exclude each other."
        return SCF.warning(reason, ("flags in the header", f"0x{secret.scf:016x}"))
    return check
