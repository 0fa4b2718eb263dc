"""Numbers with which hypervisor and Ultravisor answer (resources/help/boot.md#ultravisor-return-codes).

Public sources give no numbers for some refusals. Those here whose reason is 0xf000 or above are the simulator's own
(resources/help/verification.md#simulator-codes) and are called so wherever they are shown; their return code is that of
the nearest published refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

FIRST_OWN_REASON = 0xF000


class Code(NamedTuple):
    """An answer of the Ultravisor.

    Args:
        rc: return code, 16 bits.
        rrc: return reason code, 16 bits.
    """

    rc: int
    rrc: int

    @property
    def is_own(self) -> bool:
        """Whether the simulator made it up because the firmware's number is not public."""
        return self.rrc >= FIRST_OWN_REASON

    def __str__(self) -> str:
        text = f"RC 0x{self.rc:04x}, RRC 0x{self.rrc:04x}"
        return f"{text} (the simulator's own: the firmware's number is not public)" if self.is_own else text


# Linux arch/s390/include/asm/uv.h: UVC_RC_EXECUTED. The hypervisor leaves zeros where it refuses without a call.
EXECUTED = Code(0x0001, 0x0000)
NOT_ASKED = Code(0x0000, 0x0000)

# Published; stage3a of s390-tools explains them.
ALD_MISMATCH = Code(0x0102, 0x001A)
PLD_MISMATCH = Code(0x0102, 0x001B)
TLD_MISMATCH = Code(0x0102, 0x001C)
NEP_MISMATCH = Code(0x0102, 0x001D)
VERSION_NOT_SUPPORTED = Code(0x0104, 0x0001)
PCF_NOT_SUPPORTED = Code(0x0106, 0x0030)
NO_SLOT_FOR_HOST_KEY = Code(0x0108, 0x0005)
CUSTOMER_KEY_INVALID = Code(0x0108, 0x000B)
NO_SLOT_FOR_BACKUP_KEY = Code(0x0108, 0x0034)
SCF_NOT_SUPPORTED = Code(0x0109, 0x0000)
HEADER_LENGTH_MISMATCH = Code(0x010A, 0x0031)
SECRET_PART_SIZE_INVALID = Code(0x010A, 0x0039)
NO_KEY_SLOTS = Code(0x010A, 0x0040)

# Our own.
SLOT_NOT_AUTHENTIC = Code(0x0108, 0xF001)
HEADER_NOT_AUTHENTIC = Code(0x010A, 0xF002)
OPTIONAL_ITEMS = Code(0x010A, 0xF003)
NO_HEADER = Code(0x0104, 0xF004)
# 0x0003 is UVC_RC_INV_STATE in Linux arch/s390/include/asm/uv.h.
WRONG_ORDER = Code(0x0003, 0xF005)
PAGE_UNPACKED_TWICE = Code(0x0102, 0xF006)
PAGE_ADDRESS_INVALID = Code(0x0102, 0xF007)


class PvCommand(Enum):
    """Commands that KVM passes on to the Ultravisor (Linux KVM_S390_PV_COMMAND); the value is KVM's number."""

    SET_SEC_PARMS = 2
    UNPACK = 3
    VERIFY = 4

    @property
    def title(self) -> str:
        """The plain name, as in sentences."""
        return _COMMAND_TITLES[self]


_COMMAND_TITLES = {
    PvCommand.SET_SEC_PARMS: "set secure parameters",
    PvCommand.UNPACK: "unpack",
    PvCommand.VERIFY: "verify",
}

# DIAG 308 (resources/help/boot.md#diag-308).
SUBCODE_SET_IPIB = 8
SUBCODE_ENTER_PV = 10
DIAG_ACCEPTED = 0x0001
DIAG_IPIB_INVALID = 0x0402
DIAG_NOT_STARTED = 0x0A02

# resources/help/boot.md#wait-codes
WAIT_STAGE3A = 0x4608
WAIT_STAGE3B = 0x4511


@dataclass(frozen=True, slots=True)
class DiagResponse:
    """What a DIAG 308 returns to stage3a. A subcode 10 that succeeds never returns.

    Args:
        subcode: 8 (set the IPIB) or 10 (enter protected mode).
        response: DIAG response code.
        command: the command that failed, for subcode 10.
        code: the Ultravisor's answer to that command; NOT_ASKED if the hypervisor refused it without a call.
    """

    subcode: int
    response: int
    command: PvCommand | None = None
    code: Code = NOT_ASKED

    @property
    def register(self) -> int:
        """The 64-bit result register as recent QEMU fills it (resources/help/boot.md#stage3a)."""
        command = self.command.value if self.command else 0
        return command << 48 | self.code.rrc << 32 | self.code.rc << 16 | self.response

    def __str__(self) -> str:
        text = f"DIAG 308 subcode {self.subcode}: response 0x{self.response:04x}"
        if self.command is None:
            return text
        answer = str(self.code) if self.code != NOT_ASKED else "refused by the hypervisor itself"
        return f"{text}; {self.command.title}: {answer}"
