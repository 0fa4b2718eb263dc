"""The Ultravisor of a simulated machine, holding one protected guest.

Its calls are those that Linux makes for a guest (resources/help/boot.md#what-the-hypervisor-does), one method each, in
the one order that works:

    set_secure_parameters(header, length)        once
    unpack(address, page, tweak_prefix, offset)  for each page
    verify()                                     once
    start()                                      once

A call out of order is refused, and after any refusal nothing starts any more: the hypervisor has to begin again with a
new guest, as on a real machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from seworkbench.checks import Check, Step
from seworkbench.errors import SeError
from seworkbench.formats.flags import NO_COMPONENT_ENCRYPTION
from seworkbench.simulator import codes
from seworkbench.simulator.codes import Code, PvCommand
from seworkbench.simulator.secure_parameters import OpenedHeader, first_code, open_for_machine

if TYPE_CHECKING:
    from seworkbench.formats.psw import Psw
    from seworkbench.simulator.machine import Machine

PAGE_SIZE = 4096
_TWEAK_PREFIX_SIZE = 8
_CHANGED = "A component or the IPIB was changed or damaged; get the image again from where it was built."
_RULE = "verification.md#step-14-digests-and-page-count"

ALD = Step("uv.verify.ald", "Addresses of the pages (ALD)", _RULE, _CHANGED, codes.ALD_MISMATCH)
PLD = Step("uv.verify.pld", "Content of the pages (PLD)", _RULE, _CHANGED, codes.PLD_MISMATCH)
TLD = Step("uv.verify.tld", "Tweaks of the pages (TLD)", _RULE, _CHANGED, codes.TLD_MISMATCH)
NEP = Step("uv.verify.nep", "Number of pages", _RULE, _CHANGED, codes.NEP_MISMATCH)
VERIFY_STEPS = (ALD, PLD, TLD, NEP)


class State(Enum):
    """How far the guest is; the value is the word shown."""

    CREATED = "created"
    PARAMETERS_SET = "secure parameters set"
    VERIFIED = "verified"
    STARTED = "started"
    REFUSED = "refused"


class UltravisorError(SeError):
    """A call that the Ultravisor refuses outside of its checks.

    Args:
        what: see SeError.
        code: the answer's return code and reason; all of them are the simulator's own.
        remedy: see SeError.
    """

    def __init__(self, what: str, code: Code, *, remedy: str = "") -> None:
        super().__init__(what, where=str(code), remedy=remedy)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call that checks something.

    Args:
        command: the call.
        code: EXECUTED, or the code of the first step that failed.
        checks: one for each step, in order.
    """

    command: PvCommand
    code: Code
    checks: tuple[Check, ...]

    @property
    def executed(self) -> bool:
        """Whether the call did its work."""
        return self.code == codes.EXECUTED


class Ultravisor:
    """One protected guest in the Ultravisor of a machine.

    Args:
        machine: the machine.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._state = State.CREATED
        self._opened: OpenedHeader | None = None
        self._image_key: algorithms.AES | None = None
        self._unpacked = _PageSet()
        self._pld = hashlib.sha512()
        self._ald = hashlib.sha512()
        self._tld = hashlib.sha512()
        self._pages = 0

    @property
    def state(self) -> State:
        """How far the guest is."""
        return self._state

    @property
    def opened(self) -> OpenedHeader | None:
        """The header and what it holds, once the parameters are set; attestation and dumps go by it."""
        return self._opened

    @property
    def decrypts(self) -> bool:
        """Whether pages are encrypted in this image, once the parameters are set."""
        return self._image_key is not None

    @property
    def pages(self) -> int:
        """Number of pages unpacked so far."""
        return self._pages

    def set_secure_parameters(self, header: bytes, length: int) -> Answer:
        """Take the SE header (UV call 0x0300).

        Args:
            header: the header as copied out of guest memory.
            length: its length as the hypervisor says it, in bytes.

        Raises:
            UltravisorError: if the parameters were set before.
        """
        self._require(State.CREATED)
        checks, opened = open_for_machine(header, length, self.machine)
        answer = Answer(PvCommand.SET_SEC_PARMS, first_code(checks), checks)
        self._state = State.REFUSED
        if opened is not None:
            self._state = State.PARAMETERS_SET
            self._opened = opened
            if not opened.header.pcf & NO_COMPONENT_ENCRYPTION.mask:
                self._image_key = algorithms.AES(opened.secret.xts.reveal())
        return answer

    def unpack(self, address: int, page: bytes, tweak_prefix: bytes, offset: int) -> bytes:
        """Measure and decrypt one page (UV call 0x0301).

        Args:
            address: guest absolute address of the page.
            page: 4096 bytes as they are in the image.
            tweak_prefix: first half of the page's tweak, 8 bytes.
            offset: byte offset of the page in its component, the second half of the tweak.

        Returns:
            The page in the clear.

        Raises:
            UltravisorError: if no page may be unpacked now, or not this one.
        """
        self._require(State.PARAMETERS_SET)
        if len(page) != PAGE_SIZE or len(tweak_prefix) != _TWEAK_PREFIX_SIZE:
            raise ValueError(f"a page of {len(page)} and a tweak prefix of {len(tweak_prefix)} bytes")
        if address % PAGE_SIZE or not 0 <= address < 1 << 64:
            raise self._refusal(f"0x{address:x} is not the address of a page.", codes.PAGE_ADDRESS_INVALID)
        if not self._unpacked.add(address // PAGE_SIZE):
            raise self._refusal(
                f"The page at 0x{address:x} was unpacked before.",
                codes.PAGE_UNPACKED_TWICE,
                remedy="Components overlap; build the image again.",
            )
        tweak = tweak_prefix + offset.to_bytes(8, "big")
        self._pld.update(page)
        self._ald.update(address.to_bytes(8, "big"))
        self._tld.update(tweak)
        self._pages += 1
        if self._image_key is None:
            return page
        decryptor = Cipher(self._image_key, modes.XTS(tweak)).decryptor()
        return decryptor.update(page) + decryptor.finalize()

    def verify(self) -> Answer:
        """Compare what was unpacked with the header (UV call 0x0302).

        Raises:
            UltravisorError: if it cannot be done now.
        """
        header = self._require_opened(State.PARAMETERS_SET).header
        rows = (
            (ALD, header.ald.hex(), self._ald.hexdigest()),
            (PLD, header.pld.hex(), self._pld.hexdigest()),
            (TLD, header.tld.hex(), self._tld.hexdigest()),
            (NEP, str(header.nep), str(self._pages)),
        )
        checks = tuple(
            step.equal(
                ("in the header", stated),
                ("of the unpacked pages", found),
                same="Equal.",
                different="They differ: what was unpacked is not what the header describes.",
            )
            for step, stated, found in rows
        )
        answer = Answer(PvCommand.VERIFY, first_code(checks), checks)
        self._state = State.VERIFIED if answer.executed else State.REFUSED
        return answer

    def start(self) -> Psw:
        """Set the CPU to run (UV call 0x0330, state 5) and return the PSW it is loaded with.

        Raises:
            UltravisorError: if the guest is not verified, or runs already.
        """
        opened = self._require_opened(State.VERIFIED)
        self._state = State.STARTED
        return opened.secret.psw

    def _require(self, state: State) -> None:
        if self._state is not state:
            raise self._out_of_order(state)

    def _require_opened(self, state: State) -> OpenedHeader:
        if self._state is not state or self._opened is None:
            raise self._out_of_order(state)
        return self._opened

    def _out_of_order(self, needed: State) -> UltravisorError:
        return self._refusal(
            f"The guest is {self._state.value}; this call needs one that is {needed.value}.",
            codes.WRONG_ORDER,
            remedy="Begin again with a new guest.",
        )

    def _refusal(self, what: str, code: Code, *, remedy: str = "") -> UltravisorError:
        self._state = State.REFUSED
        return UltravisorError(what, code, remedy=remedy)


class _PageSet:
    """Numbers of pages seen, one bit each: 32 KiB for a gibibyte of memory that is used, wherever it lies."""

    _PAGES_IN_BLOCK = 1 << 15

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}

    def add(self, number: int) -> bool:
        """Note a page; False if it was noted before."""
        block_number, place = divmod(number, self._PAGES_IN_BLOCK)
        block = self._blocks.get(block_number)
        if block is None:
            block = self._blocks[block_number] = bytearray(self._PAGES_IN_BLOCK // 8)
        mask = 1 << place % 8
        if block[place // 8] & mask:
            return False
        block[place // 8] |= mask
        return True
