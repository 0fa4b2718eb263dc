"""Performing through /dev/uv: the structures byte by byte, on a system call of our own."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import struct
from pathlib import Path

import pytest

from seworkbench.attestation.device import RETURN_CODES, UV_ATTEST, UltravisorError, perform
from seworkbench.errors import SeError
from seworkbench.formats.exchange import ExchangeFile, parse_request, parse_response
from seworkbench.simulator import attestation_codes
from seworkbench.simulator.codes import Code
from tests.attestation import independent, recorded

CUID = bytes(range(16))


class Ultravisor:
    """Answers the system call as the kernel does: reads and writes the caller's memory.

    Args:
        rc: return code.
        additional: the additional data it has.
        reported: the length of them that it reports.
    """

    def __init__(self, rc: int = 1, additional: bytes = b"", reported: int | None = None) -> None:
        self.rc = rc
        self.additional = additional
        self.reported = len(additional) if reported is None else reported
        self.seen: dict[str, bytes] = {}

    def __call__(self, handle: int, number: int, control: bytearray) -> int:
        os.fstat(handle)
        assert number == UV_ATTEST == 0xC0407501
        assert len(control) == 0x40
        flags, rc, rrc, address, length = struct.unpack_from(">IHHQI", control)
        assert (flags, rc, rrc, length) == (0, 0, 0, 0x138)
        arguments = ctypes.string_at(address, length)
        arcb_at, measured_at, additional_at = struct.unpack_from(">QQQ", arguments)
        arcb_size, measured_size, additional_size, user_size = struct.unpack_from(">IIIH", arguments, 0x128)
        self.seen = {
            "arcb": ctypes.string_at(arcb_at, arcb_size),
            "user_data": arguments[0x18 : 0x18 + user_size],
            "padding": arguments[0x18 + user_size : 0x118],
            "reserved": arguments[0x136:0x138],
            "sizes": struct.pack(">III", measured_size, additional_size, int(additional_at != 0)),
        }
        struct.pack_into(">HH", control, 4, self.rc, 0x0042 if self.rc != 1 else 0)
        if self.rc == 1:
            ctypes.memmove(measured_at, b"\x5a" * 64, measured_size)
            if self.additional:
                ctypes.memmove(additional_at, self.additional, len(self.additional))
            ctypes.memmove(address + 0x118, CUID, 16)
            ctypes.memmove(address + 0x130, struct.pack(">I", self.reported), 4)
        return 0


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """Something that can be opened."""
    path = tmp_path / "uv"
    path.touch()
    return path


def test_the_ultravisor_gets_everything_where_it_belongs(device: Path) -> None:
    ultravisor = Ultravisor(additional=b"\x31" * 448)
    request = parse_request(recorded.content("all.req"))
    response = parse_response(perform(request, b"hello", device=device, ioctl=ultravisor))
    assert ultravisor.seen == {
        "arcb": independent.request_in(recorded.content("all.req")),
        "user_data": b"hello",
        "padding": bytes(251),
        "reserved": bytes(2),
        "sizes": struct.pack(">III", 64, 448, 1),
    }
    assert response.arcb == request.arcb
    assert (response.measurement, response.additional) == (b"\x5a" * 64, b"\x31" * 448)
    assert (response.user_data, response.cuid) == (b"hello", CUID)


def test_without_additional_data_there_is_no_buffer(device: Path) -> None:
    ultravisor = Ultravisor()
    response = parse_response(perform(parse_request(recorded.content("none.req")), device=device, ioctl=ultravisor))
    assert ultravisor.seen["sizes"] == struct.pack(">III", 64, 0, 0)
    assert (response.additional, response.user_data) == (None, None)


def test_less_additional_data_than_announced_is_cut_to_what_came(device: Path) -> None:
    ultravisor = Ultravisor(additional=b"\x31" * 448, reported=64)
    response = parse_response(perform(parse_request(recorded.content("all.req")), device=device, ioctl=ultravisor))
    assert response.additional == b"\x31" * 64


def test_more_additional_data_than_announced_is_an_error(device: Path) -> None:
    with pytest.raises(SeError, match="more than asked for"):
        perform(
            parse_request(recorded.content("all.req")), device=device, ioctl=Ultravisor(additional=b"", reported=449)
        )


@pytest.mark.parametrize("rc", [*RETURN_CODES, 0x0999])
def test_a_refusal_is_told_in_words_with_its_codes(device: Path, rc: int) -> None:
    with pytest.raises(UltravisorError) as caught:
        perform(parse_request(recorded.content("none.req")), device=device, ioctl=Ultravisor(rc))
    assert (caught.value.rc, caught.value.rrc) == (rc, 0x42)
    assert f"(0x{rc:04x},0x0042)" in str(caught.value)
    assert RETURN_CODES.get(rc, "unknown return code") in str(caught.value)


WORDS = {
    0x0000: "no return code",
    0x0002: "does not exist: this machine cannot attest",
    0x0005: "invalid size",
    0x0030: "address space",
    0x0031: "cannot be translated",
    0x0032: "address is invalid",
    0x0101: "continuation token",
    0x0102: "user data is longer than 256",
    0x0103: "request cannot be accessed",
    0x0104: "measurement buffer cannot be accessed",
    0x0105: "additional data buffer cannot be accessed",
    0x0106: "version of the request",
    0x0107: "size of the request is wrong for its version",
    0x0108: "no key slot, or more than this machine takes",
    0x0109: "encrypted part does not fit",
    0x010A: "flag of the request is not supported",
    0x010B: "measurement algorithm",
    0x010C: "request cannot be opened",
    0x010D: "measurement buffer is too small",
    0x010E: "additional data buffer is too small",
}


def test_every_published_return_code_has_its_words() -> None:
    assert [rc for rc, words in RETURN_CODES.items() if words.find(WORDS.get(rc, "-")) < 0] == []
    assert set(RETURN_CODES) == set(WORDS)


def test_the_simulated_ultravisor_answers_with_published_codes() -> None:
    own = [code for code in vars(attestation_codes).values() if isinstance(code, Code)]
    assert len(own) == 11
    assert {code.rc for code in own} <= set(RETURN_CODES)


def test_the_codes_met_most_say_what_to_do(device: Path) -> None:
    for rc, words in (
        (0x0002, "Use a z16 or later"),
        (0x010C, "host key document"),
        (0x010A, "without secret store hash"),
    ):
        with pytest.raises(UltravisorError, match=words):
            perform(parse_request(recorded.content("none.req")), device=device, ioctl=Ultravisor(rc))


def test_elsewhere_the_command_for_the_guest_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeError, match="run there: attest this"):
        perform(parse_request(recorded.content("none.req")), device=tmp_path / "uv", command="attest this")


def test_257_bytes_of_user_data_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(SeError, match="257 bytes; 256 are the most"):
        perform(parse_request(recorded.content("none.req")), bytes(257), device=Path("/nowhere"))


def test_256_bytes_of_user_data_are_taken(device: Path) -> None:
    ultravisor = Ultravisor()
    perform(parse_request(recorded.content("none.req")), bytes(range(256)), device=device, ioctl=ultravisor)
    assert (ultravisor.seen["user_data"], ultravisor.seen["padding"]) == (bytes(range(256)), b"")


def announcing(**sizes: int) -> ExchangeFile:
    """A request that announces other sizes."""
    request = parse_request(recorded.content("none.req"))
    entries = {name: dataclasses.replace(request.header.entries[name], entry_size=size) for name, size in sizes.items()}
    return dataclasses.replace(request, header=dataclasses.replace(request.header, **entries))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_file", "said"),
    [
        (dataclasses.replace(announcing(), arcb=bytes(0x100001)), "request has 1048577 bytes; 1048576 are the most"),
        (announcing(measurement=0x8001), "measurement has 32769 bytes; 32768 are the most"),
        (announcing(additional=0x8001), "additional data has 32769 bytes; 32768 are the most"),
    ],
    ids=["request", "measurement", "additional data"],
)
def test_sizes_beyond_those_of_the_device_are_refused_before_it_is_opened(
    request_file: ExchangeFile, said: str
) -> None:
    with pytest.raises(SeError, match=said):
        perform(request_file, device=Path("/nowhere"))


def test_the_largest_buffers_are_handed_over(device: Path) -> None:
    ultravisor = Ultravisor(additional=bytes(0x8000))
    perform(announcing(additional=0x8000), device=device, ioctl=ultravisor)
    assert ultravisor.seen["sizes"] == struct.pack(">III", 64, 0x8000, 1)


def test_a_system_call_that_fails_is_explained(device: Path) -> None:
    def fails(_handle: int, _number: int, _control: bytearray) -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(SeError, match="Access is denied"):
        perform(parse_request(recorded.content("none.req")), device=device, ioctl=fails)
