"""Checks of an SE header by itself, and of what opening it shows (resources/help/verification.md#steps)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, group
from seworkbench.crypto.header_seal import open_header
from seworkbench.crypto.image_key import is_usable_image_key
from seworkbench.crypto.key_slots import unwrap
from seworkbench.crypto.points import key_hash, public_key
from seworkbench.errors import FormatError
from seworkbench.formats.flags import CCK_EXTENSION_SECRET, CCK_UPDATE, NO_COMPONENT_ENCRYPTION, PCF, SCF, FlagWord
from seworkbench.formats.psw import MASK_64_BIT
from seworkbench.formats.se_header import ENCRYPTED_PART_SIZE, SecretPartV1, SeHeader
from seworkbench.image.access import Access, HeaderKey, matching_slots

if TYPE_CHECKING:
    from seworkbench.formats.ipib import Ipib
    from seworkbench.secret import Secret

_DAMAGED = "The header is damaged or was changed; get the image again from where it was built."
_BLOCK = 16

SIZE = Step("image.header.size", "Header size equals its parts", "se-header.md#limits", _DAMAGED, (0x010A, 0x0031))
SLOTS = Step("image.header.slots", "There is a key slot", "se-header.md#key-slot", _DAMAGED, (0x010A, 0x0040))
SECRET_SIZE = Step(
    "image.header.secret-size", "Size of the encrypted part", "se-header.md#encrypted-part", _DAMAGED, (0x010A, 0x0039)
)
PCF_KNOWN = Step(
    "image.header.pcf",
    "Plaintext flags are supported",
    "flags.md#plaintext-control-flags",
    "Build the image without these flags, or for a machine that supports them.",
    (0x0106, 0x0030),
)
CUSTOMER_KEY = Step(
    "image.header.customer-key",
    "Customer public key is a point on P-521",
    "se-header.md#coordinates-and-phkh",
    _DAMAGED,
    (0x0108, 0x000B),
)
RESERVED = Step("image.header.reserved", "Reserved bytes are zero", "se-header.md#fixed-part")

SLOT = Step(
    "image.access.slot",
    "A key slot is for this machine",
    "se-header.md#key-slot",
    "Build the image with the host key document of this machine.",
    (0x0108, 0x0005),
)
SLOT_TAG = Step(
    "image.access.slot-tag",
    "The key slot opens with the host key",
    "se-header.md#key-slot-wrapping",
    "The slot or the customer public key was changed; get the image again from where it was built.",
)
HEADER_TAG = Step(
    "image.access.header-tag",
    "Header is authentic",
    "se-header.md#header-seal",
    "If the header key is the right one, the header was changed; get the image again from where it was built.",
)
SECRET_PART = Step("image.access.secret-part", "Encrypted part is well-formed", "se-header.md#encrypted-part", _DAMAGED)
SCF_KNOWN = Step(
    "image.access.scf",
    "Secret flags are supported",
    "flags.md#secret-control-flags",
    "Build the image without these flags, or for a machine that supports them.",
    (0x0109, 0x0000),
)
START = Step(
    "image.access.psw",
    "The guest starts at stage3b",
    "image-layout.md#psw",
    "Build the image without another start address (--x-psw).",
)


@dataclass(frozen=True)
class SupportedFlags:
    """Control flags that a certain machine supports; None if no machine is given.

    Args:
        pcf: plaintext control flags, as in /sys/firmware/uv/query/supp_se_hdr_pcf.
        scf: secret control flags.
    """

    pcf: int | None = None
    scf: int | None = None


def structure_checks(header: SeHeader, machine: SupportedFlags) -> Check:
    """What can be said about a header without any key."""
    expected = header.sehs - len(header.surplus)
    size = SIZE.equal(
        ("header size", f"{header.sehs} bytes"),
        ("sum of its parts", f"{expected} bytes"),
        same=f"{header.sehs} bytes: 560, and 80 for each key slot.",
        different="The header says it is larger than its parts.",
    )
    count = "1 key slot." if header.nks == 1 else f"{header.nks} key slots."
    slots = SLOTS.passed(count) if header.nks else SLOTS.failed("There is none: no machine can open this.")
    if header.sea < ENCRYPTED_PART_SIZE or header.sea % _BLOCK:
        secret = SECRET_SIZE.failed(
            f"{header.sea} bytes; it has at least {ENCRYPTED_PART_SIZE}, in whole blocks of {_BLOCK}."
        )
    elif header.sea > ENCRYPTED_PART_SIZE:
        secret = SECRET_SIZE.warning(
            f"{header.sea} bytes; only {ENCRYPTED_PART_SIZE} have a published meaning; a machine may refuse."
        )
    else:
        secret = SECRET_SIZE.passed(f"{header.sea} bytes.")
    try:
        public_key(header.cust_pub_key)
        customer = CUSTOMER_KEY.passed()
    except FormatError as error:
        customer = CUSTOMER_KEY.failed(error.what, ("coordinates", header.cust_pub_key.hex()))
    reserved = (
        RESERVED.note("They are not zero.", ("bytes", header.res1.hex())) if any(header.res1) else RESERVED.passed()
    )
    flags = _flags(PCF_KNOWN, PCF, header.pcf, machine.pcf)
    return group("image.header", "Header structure", [size, slots, secret, flags, customer, reserved])


def _flags(step: Step, word: FlagWord, value: int, supported: int | None) -> Check:
    shown = ("flags in the header", f"0x{value:016x}")
    if supported is not None:
        if refused := value & ~supported:
            return step.failed(
                f"The machine does not support 0x{refused:016x}.",
                shown,
                ("supported by the machine", f"0x{supported:016x}"),
            )
        return step.passed(
            "The machine supports all of them.", shown, ("supported by the machine", f"0x{supported:016x}")
        )
    if unknown := word.unknown_in(value):
        return step.warning(f"Bits without a published meaning are set: 0x{unknown:016x}.", shown)
    return step.passed("All of them are known.", shown)


def access_checks(
    header: SeHeader, access: Access | None, ipib: Ipib | None, machine: SupportedFlags
) -> tuple[Check, SecretPartV1 | None]:
    """Open the header and judge what it holds.

    Args:
        header: the header.
        access: the key; None if there is none.
        ipib: the component table, to judge the start address.
        machine: what the machine supports.

    Returns:
        The checks, and the opened part if the header is authentic.
    """
    inside = (SECRET_PART, SCF_KNOWN, START)
    if access is None:
        reason = "Needs the header key or the machine's private key."
        # Nobody asked for what cannot be asked without a key; the whole does not fail for it, but says so.
        steps = [step.not_checked(reason, required=False) for step in (HEADER_TAG, *inside)]
        return group("image.access", "Authenticity", steps, required=False), None
    checks, key = _find_header_key(header, access)
    content = None
    if key is None:
        checks += [step.not_checked("The header key is not known.") for step in (HEADER_TAG, *inside)]
        return group("image.access", "Authenticity", checks), None
    sealed = ("authenticated", f"{len(header.aad)} bytes in clear and {header.sea} encrypted")
    try:
        content = open_header(header, key)
    except FormatError as error:
        checks.append(HEADER_TAG.failed(error.what, sealed, ("tag", header.tag.hex())))
        checks += [step.not_checked("The header does not open.") for step in inside]
    else:
        checks.append(HEADER_TAG.passed("The tag is right: no bit was changed.", sealed, ("tag", header.tag.hex())))
        checks += [_secret_part(header, content), _secret_flags(content, machine), _start(content, ipib)]
    return group("image.access", "Authenticity", checks), content


def _find_header_key(header: SeHeader, access: Access) -> tuple[list[Check], Secret | None]:
    if isinstance(access, HeaderKey):
        return [], access.key
    phkh = key_hash(access.key.public_key())
    slots = matching_slots(header, phkh)
    wanted = ("hash of the host key", phkh.hex())
    if not slots:
        present = [(f"key slot {number}", slot.phkh.hex()) for number, slot in enumerate(header.keyslots[:8], start=1)]
        if header.nks > len(present):
            present.append(("further key slots", str(header.nks - len(present))))
        failed = SLOT.failed("None of the key slots is for this host key.", wanted, *present)
        return [failed, SLOT_TAG.not_checked("There is no slot to open.")], None
    found = SLOT.passed(f"Key slot {slots[0] + 1}.", wanted)
    reason = ""
    try:
        customer = public_key(header.cust_pub_key)
    except FormatError as error:
        return [found, SLOT_TAG.not_checked(error.what)], None
    for index in slots:
        slot = header.keyslots[index]
        try:
            key = unwrap(slot, access.key, customer)
        except FormatError as error:
            reason = error.what
        else:
            return [
                found,
                SLOT_TAG.passed(f"Key slot {index + 1} holds the header key.", ("slot tag", slot.kst.hex())),
            ], key
    return [found, SLOT_TAG.failed(reason)], None


def _secret_part(header: SeHeader, content: SecretPartV1) -> Check:
    if not header.pcf & NO_COMPONENT_ENCRYPTION.mask and not is_usable_image_key(content.xts):
        return SECRET_PART.failed("The two halves of the image key are equal; AES-XTS does not allow that.")
    if content.noi:
        return SECRET_PART.failed(f"It announces {content.noi} optional items; none are defined.")
    if any(content.res2):
        return SECRET_PART.warning("Its reserved bytes are not zero.")
    return SECRET_PART.passed()


def _secret_flags(content: SecretPartV1, machine: SupportedFlags) -> Check:
    both = CCK_EXTENSION_SECRET.mask | CCK_UPDATE.mask
    if content.scf & both == both and machine.scf is None:
        return SCF_KNOWN.warning(
            "An enforced extension secret and an allowed update of the communication key exclude each other.",
            ("flags in the header", f"0x{content.scf:016x}"),
        )
    return _flags(SCF_KNOWN, SCF, content.scf, machine.scf)


def _start(content: SecretPartV1, ipib: Ipib | None) -> Check:
    psw = content.psw
    shown = ("start PSW", f"mask 0x{psw.mask:016x}, address 0x{psw.addr:x}")
    if ipib is None:
        return START.not_checked("The components are not known.", required=False)
    inside = any(part.addr <= psw.addr < part.addr + part.length for part in ipib.components)
    last = ipib.components[-1]
    expected = ("start of the last component", f"0x{last.addr:x}")
    if psw.addr % 2:
        return START.failed("The start address is odd; instructions lie at even addresses.", shown, expected)
    if not inside:
        return START.failed("The start address lies outside every component: there is no code.", shown, expected)
    if psw.mask != MASK_64_BIT:
        return START.warning("The mask is not the usual one for 64-bit addressing.", shown, expected)
    if psw.addr != last.addr:
        return START.warning("The start address is not the beginning of the last component.", shown, expected)
    return START.passed("It is the first byte of the last component.", shown, expected)
