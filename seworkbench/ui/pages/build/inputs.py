"""What the page shows of each input file; read on a thread, so this module is free of Qt.

Facts are read once, when a file is given. The build reads the files again and judges them again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict
from seworkbench.files import explained, open_input, read_whole
from seworkbench.formats.kernel import PARAMETER_AREA_END, VERSION_TEXT_LIMIT, KernelFacts, version_text
from seworkbench.formats.ramdisk import ramdisk_kind
from seworkbench.image.key_files import KEY_FILES, read_key_file
from seworkbench.image.preflight import command_line_checks, kernel_checks, ramdisk_checks
from seworkbench.image.recipe import Recipe, load_recipe, looks_like_recipe

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from seworkbench.trust.objects import TrustCertificate

COMMAND_LINE_FILE_LIMIT = 1 << 20
_RANK = {Verdict.FAILED: 0, Verdict.WARNING: 1, Verdict.NOT_CHECKED: 2, Verdict.PASSED: 3}
_SHELLS = (b"init=/bin/sh", b"init=/bin/bash", b"systemd.debug-shell", b"rd.shell", b"rd.break")
_ASCII = Step(
    "build.cmdline.ascii",
    "The command line is plain ASCII",
    "components.md#command-line",
    "Replace typographic quotes, dashes and spaces that came in by copying.",
)
_SHELL = Step(
    "build.cmdline.shell",
    "The command line opens no shell",
    "components.md#command-line",
    "Leave it out of images for production: whoever reaches the console then has the guest.",
)


@dataclass(frozen=True)
class KernelFile:
    """A kernel."""

    path: Path
    size: int
    version: str
    facts: KernelFacts | None
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class RamdiskFile:
    """A ramdisk."""

    path: Path
    size: int
    kind: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class CommandLineFile:
    """A command line as its file has it."""

    path: Path
    content: bytes


@dataclass(frozen=True)
class DocumentFile:
    """A host key document."""

    path: Path
    phkh: str
    subject: str
    not_before: datetime
    not_after: datetime
    others: int
    certificate: TrustCertificate
    pem: str


@dataclass(frozen=True)
class KeyFile:
    """A key file of the right form; what is in it stays there."""

    path: Path
    size: int


def read_kernel(path: Path) -> KernelFile:
    """Look at a kernel."""
    # Planning needs the cryptographic library; it is loaded here, on the thread, and not when the map is drawn.
    from seworkbench.image.plan import plan_image  # noqa: F401, PLC0415

    with open_input(path) as stream, explained(path):
        fd = stream.fileno()
        size = os.fstat(fd).st_size or stream.seek(0, os.SEEK_END)
        facts, checks = kernel_checks(os.pread(fd, PARAMETER_AREA_END, 0), size)
        version = ""
        if facts and facts.is_s390x and 0 < facts.version_pointer < size:
            version = version_text(os.pread(fd, VERSION_TEXT_LIMIT, facts.version_pointer))
    return KernelFile(path, size, version, facts, tuple(checks))


def read_ramdisk(path: Path) -> RamdiskFile:
    """Look at a ramdisk."""
    with open_input(path) as stream, explained(path):
        head = os.pread(stream.fileno(), 16, 0)
        size = stream.seek(0, os.SEEK_END)
    return RamdiskFile(path, size, ramdisk_kind(head), tuple(ramdisk_checks(head)))


def read_command_line(path: Path) -> CommandLineFile | Recipe:
    """Read a command line; a recipe, which is text too, is recognised as such."""
    content = read_whole(path, COMMAND_LINE_FILE_LIMIT)
    if looks_like_recipe(content):
        return load_recipe(path)
    return CommandLineFile(path, content)


def read_document(path: Path) -> DocumentFile:
    """Look at a host key document."""
    # All need the cryptographic library.
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    from seworkbench.trust.host_key_document import read_host_key_document  # noqa: PLC0415
    from seworkbench.trust.objects import Source  # noqa: PLC0415
    from seworkbench.trust.reading import certificate_of  # noqa: PLC0415

    document = read_host_key_document(path)
    certificate = document.certificate
    names = [str(entry.value) for entry in certificate.subject]
    return DocumentFile(
        path,
        document.phkh.hex(),
        names[-1] if names else "without a name",
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        document.others,
        certificate_of(certificate.public_bytes(Encoding.DER), Source(str(path))),
        certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )


def read_key(path: Path, name: str) -> KeyFile:
    """Check that a key file has the right form; the key is wiped again at once."""
    # Needs the cryptographic library.
    from seworkbench.crypto.image_key import require_usable_image_key  # noqa: PLC0415

    with read_key_file(name, path) as key:
        if name == "image":
            require_usable_image_key(key)
    return KeyFile(path, KEY_FILES[name].size)


def judge_command_line(content: bytes, facts: KernelFacts | None) -> tuple[Check, ...]:
    """All that is to be said about a command line, without its closing NUL, worst first."""
    line = content if content.endswith(b"\0") else content + b"\0"
    checks = list(command_line_checks(line, facts))
    if any(byte > 0x7F for byte in line):  # noqa: PLR2004 - ASCII ends here
        checks.append(_ASCII.note("It has characters outside ASCII; programs may read them differently."))
    for shell in _SHELLS:
        if shell in line:
            checks.append(_SHELL.note(f"“{shell.decode()}” can give a shell without a password."))
            break
    return tuple(sorted(checks, key=lambda check: _RANK[check.verdict]))
