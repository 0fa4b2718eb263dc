"""The Ultravisor call by call: order, single pages, refusals."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.errors import FormatError
from seworkbench.simulator import codes
from seworkbench.simulator.codes import PvCommand
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.secure_parameters import STEPS
from seworkbench.simulator.ultravisor import Answer, State, Ultravisor, UltravisorError

from .builder import HOST, KERNEL, PAGE, Image, Recipe, build, golden


def ready(image: Image) -> Ultravisor:
    """An Ultravisor that has accepted the header."""
    ultravisor = Ultravisor(Machine(HOST))
    assert ultravisor.set_secure_parameters(image.header, image.header_size).executed
    return ultravisor


def unpack_all(ultravisor: Ultravisor, image: Image) -> dict[int, bytes]:
    return {
        part.address + offset: ultravisor.unpack(
            part.address + offset,
            image.content[part.address + offset : part.address + offset + PAGE],
            part.prefix,
            offset,
        )
        for part in image.parts
        for offset in range(0, len(part.padded), PAGE)
    }


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_the_calls_in_their_order_start_a_guest(name: str) -> None:
    image = golden(name)
    ultravisor = Ultravisor(Machine(HOST))
    states = [ultravisor.state]
    answer = ultravisor.set_secure_parameters(image.header, image.header_size)
    assert answer == Answer(PvCommand.SET_SEC_PARMS, codes.EXECUTED, answer.checks)
    assert [check.id for check in answer.checks] == [step.id for step in STEPS]
    states.append(ultravisor.state)
    assert unpack_all(ultravisor, image) == image.memory()
    assert ultravisor.pages == len(image.memory())
    assert ultravisor.verify().code == codes.EXECUTED
    states.append(ultravisor.state)
    assert ultravisor.start().addr == image.parts[-1].address
    states.append(ultravisor.state)
    assert states == [State.CREATED, State.PARAMETERS_SET, State.VERIFIED, State.STARTED]
    assert ultravisor.opened is not None


def refused(ultravisor: Ultravisor, call: str) -> UltravisorError:
    """The refusal of a call; nothing works afterwards."""
    with pytest.raises(UltravisorError) as caught:
        _call(ultravisor, call)
    for other in ("set", "unpack", "verify", "start"):
        with pytest.raises(UltravisorError) as again:
            _call(ultravisor, other)
        assert again.value.code == codes.WRONG_ORDER
    return caught.value


def _call(ultravisor: Ultravisor, call: str) -> None:
    if call == "set":
        ultravisor.set_secure_parameters(b"", 0)
    elif call == "unpack":
        ultravisor.unpack(0, bytes(PAGE), bytes(8), 0)
    elif call == "verify":
        ultravisor.verify()
    else:
        ultravisor.start()


@pytest.mark.parametrize("call", ["unpack", "verify", "start"])
def test_nothing_works_before_the_parameters_are_set(call: str) -> None:
    error = refused(Ultravisor(Machine(HOST)), call)
    assert error.code == codes.WRONG_ORDER
    assert "0x0003" in str(error)
    assert "the simulator's own" in str(error)
    assert error.remedy


@pytest.mark.parametrize("call", ["set", "start"])
def test_parameters_are_set_once_and_only_a_verified_guest_starts(image_a: Image, call: str) -> None:
    assert refused(ready(image_a), call).code == codes.WRONG_ORDER


@pytest.mark.parametrize("call", ["set", "unpack", "verify"])
def test_a_verified_guest_takes_nothing_but_its_start(image_a: Image, call: str) -> None:
    ultravisor = ready(image_a)
    unpack_all(ultravisor, image_a)
    assert ultravisor.verify().executed
    assert refused(ultravisor, call).code == codes.WRONG_ORDER


def test_a_guest_starts_once(image_a: Image) -> None:
    ultravisor = ready(image_a)
    unpack_all(ultravisor, image_a)
    ultravisor.verify()
    ultravisor.start()
    assert refused(ultravisor, "start").code == codes.WRONG_ORDER


def test_nothing_starts_after_a_failed_verification(image_a: Image) -> None:
    ultravisor = ready(image_a)
    answer = ultravisor.verify()
    assert answer.code == codes.ALD_MISMATCH
    assert not answer.executed
    assert ultravisor.state is State.REFUSED
    assert refused(ultravisor, "start").code == codes.WRONG_ORDER


def test_nothing_is_unpacked_after_a_refused_header(image_a: Image) -> None:
    ultravisor = Ultravisor(Machine(HOST))
    header = image_a.patched_header(0x10, b"\x32").header
    assert ultravisor.set_secure_parameters(header, image_a.header_size).code == codes.HEADER_NOT_AUTHENTIC
    assert ultravisor.opened is None
    assert ultravisor.state is State.REFUSED
    assert refused(ultravisor, "set").code == codes.WRONG_ORDER
    assert refused(ultravisor, "unpack").code == codes.WRONG_ORDER


def test_a_page_is_unpacked_once(image_a: Image) -> None:
    ultravisor = ready(image_a)
    kernel = image_a.part(KERNEL)
    page = image_a.content[kernel.address : kernel.address + PAGE]
    ultravisor.unpack(kernel.address, page, kernel.prefix, 0)
    with pytest.raises(UltravisorError, match="unpacked before") as caught:
        ultravisor.unpack(kernel.address, page, kernel.prefix, 0)
    assert caught.value.code == codes.PAGE_UNPACKED_TWICE
    assert ultravisor.state is State.REFUSED


@pytest.mark.parametrize("again", [0x10000, 0x11000, 0x17000, 0x18000, 1 << 40])
def test_every_page_is_remembered(image_a: Image, again: int) -> None:
    ultravisor = ready(image_a)
    for address in (0x10000, 0x11000, 0x17000, 0x18000, 1 << 40, 0x12000, 0x19000):
        ultravisor.unpack(address, bytes(PAGE), bytes(8), 0)
    with pytest.raises(UltravisorError, match=f"0x{again:x} was unpacked before"):
        ultravisor.unpack(again, bytes(PAGE), bytes(8), 0)


@pytest.mark.parametrize("address", [1, 0x15800, -PAGE, 1 << 64])
def test_only_pages_are_unpacked(image_a: Image, address: int) -> None:
    ultravisor = ready(image_a)
    with pytest.raises(UltravisorError, match="not the address of a page") as caught:
        ultravisor.unpack(address, bytes(PAGE), bytes(8), 0)
    assert caught.value.code == codes.PAGE_ADDRESS_INVALID


@pytest.mark.parametrize(("page", "prefix"), [(bytes(PAGE - 1), bytes(8)), (bytes(PAGE), bytes(7))])
def test_the_caller_must_hand_over_whole_pages_and_prefixes(image_a: Image, page: bytes, prefix: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        ready(image_a).unpack(0x15000, page, prefix, 0)


def test_pages_far_apart_are_told_apart(image_a: Image) -> None:
    ultravisor = ready(image_a)
    for address in (0, PAGE, 7 * PAGE, 8 * PAGE, 1 << 27, (1 << 27) - PAGE, (1 << 64) - PAGE, 1 << 40):
        ultravisor.unpack(address, bytes(PAGE), bytes(8), 0)
    assert ultravisor.pages == 8


def test_the_order_of_pages_matters(image_a: Image) -> None:
    ultravisor = ready(image_a)
    pages = [(part, offset) for part in image_a.parts for offset in range(0, len(part.padded), PAGE)]
    for part, offset in reversed(pages):
        address = part.address + offset
        ultravisor.unpack(address, image_a.content[address : address + PAGE], part.prefix, offset)
    failed = [check.id for check in ultravisor.verify().checks if check.code]
    assert failed == ["uv.verify.ald", "uv.verify.pld", "uv.verify.tld"]


@pytest.mark.parametrize("length", [639, 641, 0, 1 << 32, 8193])
def test_the_length_given_must_be_that_of_the_header(image_a: Image, length: int) -> None:
    answer = Ultravisor(Machine(HOST)).set_secure_parameters(image_a.header, length)
    assert answer.code == codes.HEADER_LENGTH_MISMATCH


def test_a_header_must_be_there_in_full(image_a: Image) -> None:
    answer = Ultravisor(Machine(HOST)).set_secure_parameters(image_a.header[:-1], image_a.header_size)
    assert answer.code == codes.HEADER_LENGTH_MISMATCH


def test_a_header_of_95_slots_is_the_largest() -> None:
    for slots, code in ((95, codes.EXECUTED), (96, codes.HEADER_LENGTH_MISMATCH)):
        image = build(Recipe(ramdisk=None, command_line=None, hosts=(HOST,) * slots))
        answer = Ultravisor(Machine(HOST)).set_secure_parameters(image.header, image.header_size)
        assert answer.code == code


@pytest.mark.parametrize("size", range(0, 641, 16))
def test_a_header_cut_short_is_refused(image_a: Image, size: int) -> None:
    answer = Ultravisor(Machine(HOST)).set_secure_parameters(image_a.header[:size], size)
    expected = {0: codes.NO_HEADER}.get(size, codes.HEADER_LENGTH_MISMATCH)
    assert answer.code == (codes.EXECUTED if size == 640 else expected)
    assert len(answer.checks) == len(STEPS)


def test_every_flipped_bit_of_a_header_is_refused(image_a: Image) -> None:
    for position in range(image_a.header_size):
        header = bytearray(image_a.header)
        header[position] ^= 1 << position % 8
        answer = Ultravisor(Machine(HOST)).set_secure_parameters(bytes(header), image_a.header_size)
        assert not answer.executed


def test_a_machine_has_keys_on_p_521() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(FormatError, match="P-521"):
        Machine(other)
    with pytest.raises(FormatError, match="P-521"):
        Machine(HOST, backup_key=other)
    assert Machine(HOST).backup_key_hash is None
    assert Machine(HOST, backup_key=HOST).backup_key_hash == Machine(HOST).host_key_hash


def test_a_machine_does_not_show_its_keys() -> None:
    assert "key=" not in repr(Machine(HOST, backup_key=HOST))
