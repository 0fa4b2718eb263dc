"""An s390x machine (QEMU, software emulation) that starts a given memory content.

QEMU loads the file to address 0 and starts it at the address in the short PSW
at offset 0, which is how a Secure Execution image begins. The emulated machine
has no Secure Execution; so the image's clear part is tested as it is, and its
encrypted part after it has been decrypted by other means.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QEMU = "qemu-system-s390x"

ASCII_CONSOLE = "sclpconsole"
LINE_MODE_CONSOLE = "sclplmconsole"


@dataclass(frozen=True)
class Outcome:
    """What the machine did until it stopped."""

    console: str
    """All output, with line ends normalised."""
    wait_address: int | None
    """Address in the disabled-wait PSW; None when the guest powered itself off."""
    exit_status: int
    """Exit status of QEMU: 0 after power-off, not 0 after a disabled wait."""


def is_available() -> bool:
    """Tell whether the emulator is installed."""
    return shutil.which(QEMU) is not None


def run(
    memory: Path,
    *,
    console: str = ASCII_CONSOLE,
    cpu: str = "max",
    mebibytes: int = 256,
    timeout: float = 120,
) -> Outcome:
    """Start the memory content and wait until the machine stops by itself.

    Raises subprocess.TimeoutExpired when it does not.
    """
    output = memory.with_name(memory.name + ".console")
    command = [
        QEMU,
        *("-M", "s390-ccw-virtio", "-accel", "tcg", "-cpu", cpu),
        *("-m", str(mebibytes), "-nodefaults", "-display", "none", "-no-reboot"),
        *("-chardev", f"file,id=console,path={output}"),
        *("-device", f"{console},chardev=console"),
        # The disabled wait of a loader must not look like success.
        *("-action", "panic=exit-failure"),
        # Wait for the first command, so that no event is missed.
        *("-S", "-qmp", "stdio"),
        *("-kernel", str(memory)),
    ]
    start = '{"execute": "qmp_capabilities"}\n{"execute": "cont"}\n'
    result = subprocess.run(command, input=start, capture_output=True, text=True, timeout=timeout, check=False)
    text = output.read_bytes().decode("ascii", errors="replace") if output.exists() else ""
    return Outcome(
        console="\n".join(text.splitlines()),
        wait_address=_wait_address(result.stdout),
        exit_status=result.returncode,
    )


def _wait_address(events: str) -> int | None:
    for line in events.splitlines():
        event = json.loads(line)
        if event.get("event") == "GUEST_PANICKED":
            address = event["data"]["info"]["psw-addr"]
            assert isinstance(address, int)
            return address
    return None
