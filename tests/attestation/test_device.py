"""Performing through /dev/uv: the structures byte by byte, on a system call of our own."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

import pytest

from seworkbench.attestation.device import RETURN_CODES, UV_ATTEST, UltravisorError, perform
from seworkbench.errors import SeError
from seworkbench.formats.exchange import parse_request, parse_response
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


def test_the_codes_met_most_say_what_to_do(device: Path) -> None:
    for rc, words in ((0x010C, "host key document"), (0x010A, "without secret store hash")):
        with pytest.raises(UltravisorError, match=words):
            perform(parse_request(recorded.content("none.req")), device=device, ioctl=Ultravisor(rc))


def test_elsewhere_the_command_for_the_guest_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeError, match="run there: attest this"):
        perform(parse_request(recorded.content("none.req")), device=tmp_path / "uv", command="attest this")


def test_257_bytes_of_user_data_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(SeError, match="257 bytes; 256 are the most"):
        perform(parse_request(recorded.content("none.req")), bytes(257), device=Path("/nowhere"))


def test_a_system_call_that_fails_is_explained(device: Path) -> None:
    def fails(_handle: int, _number: int, _control: bytearray) -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(SeError, match="Access is denied"):
        perform(parse_request(recorded.content("none.req")), device=device, ioctl=fails)
