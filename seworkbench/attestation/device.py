"""Performing an attestation through /dev/uv, in the guest (resources/help/attestation.md#perform)."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError, SeError
from seworkbench.files import explained
from seworkbench.formats.arcb import MAX_ARCB_SIZE
from seworkbench.formats.exchange import (
    CUID_SIZE,
    MAX_ADDITIONAL_SIZE,
    MAX_MEASUREMENT_SIZE,
    MAX_USER_DATA_SIZE,
    ExchangeFile,
    build_response,
)

if TYPE_CHECKING:
    from collections.abc import Callable

UV_DEVICE = Path("/dev/uv")
# _IOWR('u', 1, struct uvio_ioctl_cb), 0x40 bytes (Linux arch/s390/include/uapi/asm/uvdevice.h).
UV_ATTEST = 0xC0407501
UV_SUCCESS = 0x0001
# flags, uv_rc, uv_rrc, argument_addr, argument_len, reserved
_CONTROL = struct.Struct(">IHHQI44x")
# arcb_addr, meas_addr, add_data_addr, user_data, config_uid, arcb_len, meas_len, add_data_len, user_data_len, reserved
_ARGUMENTS = struct.Struct(f">QQQ{MAX_USER_DATA_SIZE}s{CUID_SIZE}sIIIHH")

RETURN_CODES = {
    0x0000: "the Ultravisor gave no return code",
    0x0002: "the command does not exist: this machine cannot attest (needs z16 or later)",
    0x0005: "the request has an invalid size",
    0x0030: "an address space is not as it should be; stop using this guest",
    0x0031: "an address cannot be translated; stop using this guest",
    0x0032: "an address is invalid; stop using this guest",
    0x0101: "invalid continuation token",
    0x0102: "the user data is longer than 256 bytes",
    0x0103: "the request cannot be accessed",
    0x0104: "the measurement buffer cannot be accessed",
    0x0105: "the additional data buffer cannot be accessed",
    0x0106: "the version of the request is not supported",
    0x0107: "the size of the request is wrong for its version",
    0x0108: "the request has no key slot, or more than this machine takes",
    0x0109: "the size of the encrypted part does not fit what it must hold",
    0x010A: "a flag of the request is not supported by this machine",
    0x010B: "the measurement algorithm is not supported",
    0x010C: "the request cannot be opened; probably none of its key slots is for this machine",
    0x010D: "the measurement buffer is too small",
    0x010E: "the additional data buffer is too small",
}
_REMEDIES = {
    0x0002: "Use a z16 or later.",
    0x010A: "Create the request without secret store hash and firmware state.",
    0x010C: "Create the request with the host key document of this machine.",
}


class UltravisorError(SeError):
    """The Ultravisor did not answer the request.

    Args:
        rc: its return code.
        rrc: its reason code.
    """

    def __init__(self, rc: int, rrc: int) -> None:
        words = RETURN_CODES.get(rc, "unknown return code")
        super().__init__(f"Ultravisor: '{words}' (0x{rc:04x},0x{rrc:04x}).", remedy=_REMEDIES.get(rc, ""))
        self.rc = rc
        self.rrc = rrc


class _Call:
    """The memory of one call: it must stay where it is until the call came back.

    Args:
        request: see `perform`.
        user_data: see `perform`.
    """

    def __init__(self, request: ExchangeFile, user_data: bytes) -> None:
        self.arcb = ctypes.create_string_buffer(request.arcb, len(request.arcb))
        self.measured = ctypes.create_string_buffer(request.expected_measurement)
        self.additional = ctypes.create_string_buffer(request.expected_additional or 1)
        arguments = _ARGUMENTS.pack(
            ctypes.addressof(self.arcb),
            ctypes.addressof(self.measured),
            ctypes.addressof(self.additional) if request.expected_additional else 0,
            user_data,
            bytes(CUID_SIZE),
            len(request.arcb),
            request.expected_measurement,
            request.expected_additional,
            len(user_data),
            0,
        )
        self.arguments = ctypes.create_string_buffer(arguments, _ARGUMENTS.size)
        self.control = bytearray(_CONTROL.pack(0, 0, 0, ctypes.addressof(self.arguments), _ARGUMENTS.size))


def perform(
    request: ExchangeFile,
    user_data: bytes = b"",
    *,
    command: str = "seworkbench attest perform REQUEST RESPONSE",
    device: Path = UV_DEVICE,
    ioctl: Callable[[int, int, bytearray], object] = fcntl.ioctl,
) -> bytes:
    """Have the Ultravisor of this machine answer a request.

    Args:
        request: the request.
        user_data: bytes to have measured with it, at most 256.
        command: what to run in the guest, for the message when this is none.
        device: the device of the Ultravisor.
        ioctl: the system call.

    Returns:
        The response, as the bytes of an exchange file.

    Raises:
        UltravisorError: if the Ultravisor refuses.
        SeError: if this is no Secure Execution guest, or the request cannot be performed.
    """
    _require_sizes(request, user_data)
    if not device.exists():
        raise SeError(
            f"There is no {device} here: an attestation is performed in the guest.",
            remedy=f"Carry the request to the guest and run there: {command} (pvattest takes the same arguments). "
            "In a guest load the kernel module uvdevice; /sys/firmware/uv/prot_virt_guest reads 1 if it is protected.",
        )
    call = _Call(request, user_data)
    with explained(device):
        handle = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            ioctl(handle, UV_ATTEST, call.control)
        finally:
            os.close(handle)
    _, rc, rrc, _, _ = _CONTROL.unpack(call.control)
    if rc != UV_SUCCESS:
        raise UltravisorError(rc, rrc)
    *_, cuid, _, _, additional_length, _, _ = _ARGUMENTS.unpack(call.arguments.raw)
    if additional_length > request.expected_additional:
        raise SeError(
            f"The Ultravisor reports {additional_length} bytes of additional data; that is more than asked for."
        )
    return build_response(
        request.arcb,
        measurement=call.measured.raw,
        cuid=cuid,
        additional=call.additional.raw[:additional_length],
        user_data=user_data,
    )


def _require_sizes(request: ExchangeFile, user_data: bytes) -> None:
    if len(user_data) > MAX_USER_DATA_SIZE:
        raise SeError(
            f"The user data has {len(user_data)} bytes; {MAX_USER_DATA_SIZE} are the most.",
            remedy="Use a hash of it instead.",
        )
    for size, most, name in (
        (len(request.arcb), MAX_ARCB_SIZE, "request"),
        (request.expected_measurement, MAX_MEASUREMENT_SIZE, "measurement"),
        (request.expected_additional, MAX_ADDITIONAL_SIZE, "additional data"),
    ):
        if size > most:
            raise FormatError(f"The {name} has {size} bytes; {most} are the most.")
