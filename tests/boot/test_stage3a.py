"""stage3a on an emulated machine, without an image builder.

The emulator knows no Secure Execution. To see what stage3a says about a failure there, the
tests put a few instructions into the unused area of the loader and let them answer in place
of the machine: STORE FACILITY LIST reports the unpack facility, DIAGNOSE X'308' returns any
code. Everything else, console included, is the loader as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import machine
from .memory import (
    HEADER_ADDRESS,
    METADATA_ADDRESS,
    STAGE3A,
    STAGE3A_ADDRESS,
    WAIT_INTERNAL,
    WAIT_NO_PV,
    WAIT_PV_ERROR,
    put,
    short_psw,
    stage3a_memory,
)

if TYPE_CHECKING:
    from .conftest import StartMemory

pytestmark = pytest.mark.boot

UNUSED_AREA = 0x400
UNUSED_AREA_SIZE = 0xC00

STFLE = bytes.fromhex("b2b02000")
DIAG_308 = bytes.fromhex("83020308")

OK = 0x0001
PV_FAILED = 0x0A02


def _branch(at: int, to: int, condition: int = 0xF) -> bytes:
    """Encode BRANCH RELATIVE ON CONDITION."""
    return bytes((0xA7, condition << 4 | 4)) + ((to - at) // 2).to_bytes(2, "big", signed=True)


def _return_number(number: int) -> bytes:
    """Load register 1, where DIAGNOSE X'308' returns its code, with IIHH, IIHL, IILH, IILL."""
    parts = number.to_bytes(8, "big")
    return b"".join(bytes((0xA5, 0x10 | i)) + parts[2 * i : 2 * i + 2] for i in range(4))


def _return_memory(address: int) -> bytes:
    """Load register 1 with the double word at this 16-bit address."""
    return bytes((0xA5, 0x3F)) + address.to_bytes(2, "big") + bytes.fromhex("e31030000004")


def _return_ipib_field(offset: int) -> bytes:
    """Load register 1 with a double word of the IPIB, which register 0 points to."""
    displacement = bytes((0x30 | offset >> 8, offset & 0xFF))
    return bytes.fromhex("b9040030") + bytes.fromhex("e310") + displacement + bytes.fromhex("0004")


def _replace(loader: bytearray, instruction: bytes, place: int, stand_in: bytes) -> int:
    """Have stand-in code at this place run instead of the instruction; return its end."""
    where = bytes(loader).index(instruction)
    assert loader.count(instruction) == 1
    loader[where : where + 4] = _branch(where, place)
    code = stand_in + _branch(place + len(stand_in), where + 4)
    assert place + len(code) <= UNUSED_AREA + UNUSED_AREA_SIZE
    loader[place : place + len(code)] = code
    return place + len(code)


def with_unpack_facility() -> bytearray:
    """Return a loader that finds the unpack facility on every machine."""
    loader = bytearray(STAGE3A.read_bytes())
    set_bit_161 = bytes.fromhex("96402014")
    _replace(loader, STFLE, UNUSED_AREA, STFLE + set_bit_161)
    return loader


def with_answers(set_ipib: bytes, enter_pv: bytes = b"") -> bytes:
    """Return a loader that gets these answers from DIAG 308 subcodes 8 and 10."""
    loader = with_unpack_facility()
    place = UNUSED_AREA + 0x100
    # Register 2 holds the subcode: CGHI, then skip the answer to the other one.
    is_subcode_10 = bytes.fromhex("a72f000a")
    skip_second = _branch(0, 4 + len(enter_pv))
    skip_first = _branch(0, 4 + len(set_ipib) + len(skip_second), condition=0x8)
    stand_in = is_subcode_10 + skip_first + set_ipib + skip_second + enter_pv
    _replace(loader, DIAG_308, place, stand_in)
    return bytes(loader)


@pytest.mark.parametrize("console", [machine.ASCII_CONSOLE, machine.LINE_MODE_CONSOLE])
@pytest.mark.parametrize("cpu", ["max", "z900"])
def test_missing_facility(start_memory: StartMemory, console: str, cpu: str) -> None:
    """Every machine without Secure Execution, even the oldest, says so on either console."""
    outcome = start_memory(bytes(stage3a_memory(STAGE3A.read_bytes())), console=console, cpu=cpu)
    words = " ".join(outcome.console.split())
    assert "this Secure Execution image was NOT started" in words
    assert "offers no Secure Execution to its guest" in words
    assert "STFLE bit 161" in words
    assert "prot_virt=1" in words
    assert "<launchSecurity type='s390-pv'/>" in words
    assert max(len(line) for line in outcome.console.splitlines()) < 80
    assert len(outcome.console.splitlines()) <= 25, "does not fit on a terminal"
    assert outcome.wait_address == WAIT_NO_PV
    assert outcome.exit_status != 0


def test_start_by_zipl(start_memory: StartMemory) -> None:
    """zipl starts at 0x10000 in 31-bit mode; only what it loads above that is there."""
    memory = stage3a_memory(STAGE3A.read_bytes())
    memory[:STAGE3A_ADDRESS] = b"\xff" * STAGE3A_ADDRESS
    # zipl's own parameters and command line.
    put(memory, STAGE3A_ADDRESS + UNUSED_AREA, b"\xff" * UNUSED_AREA_SIZE)
    before = 0x9000
    to_31bit_mode = bytes.fromhex("010d")
    put(memory, before, to_31bit_mode + _branch(before + 2, STAGE3A_ADDRESS))
    put(memory, 0, short_psw(before))
    outcome = start_memory(bytes(memory))
    assert "offers no Secure Execution" in outcome.console
    assert outcome.wait_address == WAIT_NO_PV


def test_loader_without_image(start_memory: StartMemory) -> None:
    """The bare loader has empty arguments."""
    outcome = start_memory(bytes(stage3a_memory(bytes(with_unpack_facility()), header_size=0)))
    assert "started without an image" in outcome.console
    assert outcome.wait_address == WAIT_INTERNAL


def test_ipib_refused(start_memory: StartMemory) -> None:
    """A damaged list of parts is the first thing a hypervisor notices."""
    loader = with_answers(_return_number(0x0402))
    outcome = start_memory(bytes(stage3a_memory(loader)))
    assert "refused the list of the encrypted parts" in outcome.console
    assert "DIAG 308 subcode 8 rc 0x0000000000000402" in outcome.console
    assert outcome.wait_address == WAIT_PV_ERROR


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (_return_ipib_field(0x78), HEADER_ADDRESS),
        (_return_ipib_field(0x80), 640),
        (_return_memory(METADATA_ADDRESS), 0),
    ],
    ids=["header address", "header size", "metadata erased"],
)
def test_state_at_first_diagnose(start_memory: StartMemory, question: bytes, expected: int) -> None:
    """What the hypervisor finds in memory, asked by returning it as an unknown code."""
    outcome = start_memory(bytes(stage3a_memory(with_answers(question))))
    assert f"DIAG 308 subcode 8 rc {expected:#018x}" in outcome.console


@pytest.mark.parametrize("console", [machine.ASCII_CONSOLE, machine.LINE_MODE_CONSOLE])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x0002000501080A02, "The image was not built for this machine"),
        (0x0004001B01020A02, "page list digest, PLD"),
        (PV_FAILED, "gave no details"),
    ],
)
def test_secure_execution_refused(start_memory: StartMemory, console: str, code: int, words: str) -> None:
    """The operator reads the reason; test_loader_blobs.py goes through all codes."""
    loader = with_answers(_return_number(OK), _return_number(code))
    outcome = start_memory(bytes(stage3a_memory(loader)), console=console)
    assert words in " ".join(outcome.console.split())
    assert f"UV rc {code >> 16 & 0xFFFF:#06x} rrc {code >> 32 & 0xFFFF:#06x}" in outcome.console
    assert "Stopped with wait code 0x4608" in outcome.console
    assert outcome.wait_address == WAIT_PV_ERROR


def test_program_check(start_memory: StartMemory) -> None:
    """The emulator does not know DIAG 308 subcode 8: a specification exception."""
    outcome = start_memory(bytes(stage3a_memory(bytes(with_unpack_facility()))))
    words = " ".join(outcome.console.split())
    assert "program interruption code 0x0006 (specification)" in words
    assert outcome.wait_address == WAIT_INTERNAL
