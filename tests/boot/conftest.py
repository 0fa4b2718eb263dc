"""What the boot tests share: the machine, a kernel for it, a ramdisk, and the image engine.

Emulator and kernel may be missing; then the tests that need them are skipped. With
SEWORKBENCH_REQUIRE_BOOT=1 in the environment that is a failure instead.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.image.build import BuildOrder, Recipient
from seworkbench.image.build import build_image as build_se_image
from seworkbench.image.keys import ImageKeys
from seworkbench.simulator.hypervisor import save_guest_memory
from seworkbench.simulator.machine import Machine

from . import machine

FETCH_TIMEOUT = 600
INIT_MARKER = "the init of the ramdisk was reached"

INIT_SCRIPT = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "{INIT_MARKER}"
echo "command line: <$(/bin/busybox cat /proc/cmdline)>"
/bin/busybox poweroff -f
"""


# --- The image engine: the one place that connects these tests with it -------------------


class BuildImage(Protocol):
    """Builds a Secure Execution image with the loaders in resources/boot."""

    def __call__(self, *, kernel: Path, ramdisk: Path, command_line: str) -> Path:
        """Return the path of the image file."""


UnpackedMemory = Callable[[Path], bytes]
"""From an image file to memory from address 0 as the Ultravisor leaves it, all parts in
clear, and the short PSW at address 0 set to 0x0008000180000000 | address of stage3b."""


@pytest.fixture(scope="session")
def host_key() -> ec.EllipticCurvePrivateKey:
    """The private host key of the simulated machine."""
    return ec.generate_private_key(ec.SECP521R1())


@pytest.fixture
def build_image(host_key: ec.EllipticCurvePrivateKey, tmp_path: Path) -> BuildImage:
    """Build an image for a host key whose private half unpacked_memory has."""

    def build(*, kernel: Path, ramdisk: Path, command_line: str) -> Path:
        line = tmp_path / "cmdline"
        line.write_text(command_line)
        image = tmp_path / "image"
        recipient = Recipient("simulated machine", host_key.public_key())
        build_se_image(
            BuildOrder(kernel=kernel, ramdisk=ramdisk, command_line=line, recipients=(recipient,), output=image),
            ImageKeys.fresh(),
        )
        return image

    return build


@pytest.fixture
def unpacked_memory(host_key: ec.EllipticCurvePrivateKey, tmp_path: Path) -> UnpackedMemory:
    """Unpack an image from build_image in software, as the machine does."""

    def unpack(image: Path) -> bytes:
        target = tmp_path / "guest-memory"
        started = save_guest_memory(image, Machine(host_key), target, bootable=True)
        assert started.started, started.summary
        return target.read_bytes()

    return unpack


# --- Emulator, kernel, ramdisk -------------------------------------------------------------


def not_available(reason: str) -> NoReturn:
    """Skip the test, or fail it where boot tests are required."""
    if os.environ.get("SEWORKBENCH_REQUIRE_BOOT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class StartMemory(Protocol):
    """Starts a memory content in the emulator."""

    def __call__(
        self,
        memory: bytes,
        *,
        console: str = machine.ASCII_CONSOLE,
        cpu: str = "max",
        mebibytes: int = 256,
    ) -> machine.Outcome:
        """Return what the machine did until it stopped."""


@pytest.fixture
def start_memory(tmp_path: Path) -> StartMemory:
    """Start a memory content in the emulator."""
    if not machine.is_available():
        not_available(f"{machine.QEMU} is not installed")

    def start(
        memory: bytes,
        *,
        console: str = machine.ASCII_CONSOLE,
        cpu: str = "max",
        mebibytes: int = 256,
    ) -> machine.Outcome:
        path = tmp_path / "memory"
        path.write_bytes(memory)
        return machine.run(path, console=console, cpu=cpu, mebibytes=mebibytes)

    return start


@dataclass(frozen=True)
class LinuxFiles:
    """A Linux kernel for s390x and a ramdisk that reports and powers off."""

    kernel: Path
    ramdisk: Path


def _cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "seworkbench" / "s390x"


@pytest.fixture(scope="session")
def linux_files(tmp_path_factory: pytest.TempPathFactory) -> LinuxFiles:
    """Fetch Debian's kernel and busybox for s390x, once, and make a ramdisk."""
    cache = _cache_directory()
    script = Path(__file__).with_name("fetch_s390x_kernel.sh")
    try:
        fetched = subprocess.run(
            ["sh", str(script), str(cache)],
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        not_available(f"no s390x kernel: {error}")
    if fetched.returncode != 0:
        last_words = fetched.stderr.strip().splitlines()[-1:]
        not_available(f"no s390x kernel: {' '.join(last_words)}")
    ramdisk = tmp_path_factory.mktemp("linux") / "ramdisk"
    ramdisk.write_bytes(make_ramdisk((cache / "busybox").read_bytes()))
    return LinuxFiles(kernel=cache / "vmlinuz", ramdisk=ramdisk)


def make_ramdisk(busybox: bytes) -> bytes:
    """Make an uncompressed ramdisk around a static busybox."""
    program = stat.S_IFREG | 0o755
    directory = stat.S_IFDIR | 0o755
    entries = [
        _cpio_entry("bin", directory),
        _cpio_entry("dev", directory),
        _cpio_entry("proc", directory),
        # Without this node, init has no standard output.
        _cpio_entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
        _cpio_entry("bin/busybox", program, busybox),
        _cpio_entry("init", program, INIT_SCRIPT.encode()),
        _cpio_entry("TRAILER!!!", 0),
    ]
    return b"".join(entries)


def _cpio_entry(name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    """Encode one file in the "newc" format (Linux: initramfs buffer format)."""
    path = name.encode() + b"\0"
    inode, owner, group, links, time = 0, 0, 0, 1, 0
    fields = (inode, mode, owner, group, links, time, len(content))
    numbers = (*fields, 0, 0, *device, len(path), 0)
    header = b"070701" + b"".join(b"%08x" % number for number in numbers)
    return _pad4(header + path) + _pad4(content)


def _pad4(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
