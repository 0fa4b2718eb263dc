"""What the tests of the command line work with: small inputs, host key documents and ways to start the program."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.image.access import HeaderKey, unlock
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import locate_header, read_header
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from seworkbench.formats.se_header import SecretPartV1, SeHeader

DATA = Path(__file__).parents[1] / "data" / "interop"
CONSOLE_SCRIPT = Path(sys.executable).parent / "seworkbench"


@dataclass(frozen=True)
class Desk:
    """A folder with inputs, and one for results.

    Args:
        inputs: kernel, ramdisk, cmdline, keys, host key documents; shared by all tests, nobody changes it.
        out: an empty folder of this test.
    """

    inputs: Path
    out: Path

    @property
    def image(self) -> Path:
        """Where `create` writes."""
        return self.out / "guest.img"

    def file(self, name: str) -> str:
        """The path of an input."""
        return str(self.inputs / name)

    @property
    def required(self) -> list[str]:
        """The options that every `create` needs."""
        return ["-i", self.file("kernel"), "-o", str(self.image), "-k", self.file("host1.crt"), "--no-verify"]

    def create(self, *options: str) -> list[str]:
        """The arguments of `create` with the options that are always needed and these."""
        return ["image", "create", *self.required, *options]

    @property
    def left(self) -> list[str]:
        """Everything in the folder of results, hidden files included."""
        return sorted(path.name for path in self.out.iterdir())


def write_inputs(folder: Path) -> None:
    """Copy the inputs into a folder."""
    for name in ("kernel", "nokernel", "ramdisk", "cmdline", "hdr.key", "image.key", "cck.key", "short.key"):
        shutil.copy(DATA / "images" / name, folder / name)
    for name in ("host1.crt", "host2.crt", "host1.key", "host2.key", "bundle_two_hosts.crt"):
        shutil.copy(DATA / "pki" / name, folder / name)
    shutil.copytree(DATA / "images" / "boot", folder / "boot")


def header_of(image: Path) -> SeHeader:
    """The SE header of an image."""
    with open_image(image) as file:
        return read_header(file, locate_header(file).offset)


def opened(image: Path, key: bytes) -> SecretPartV1:
    """The secret part of an image's header."""
    return unlock(header_of(image), HeaderKey(Secret(key)))


def environment(**changes: str) -> dict[str, str]:
    """The environment without what would change the output, and with these changes."""
    hidden = ("NO_COLOR", "PYTHONIOENCODING", "PYTHONUTF8", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"LC_ALL": "C.UTF-8", "TERM": "xterm"} | changes


def start(
    *arguments: str, stdout: int = subprocess.PIPE, changes: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "seworkbench", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(**(changes or {})),
        check=False,
    )


class OnTerminal:
    """The program on a terminal of its own; output and messages arrive mixed, as a user sees them."""

    def __init__(self, *arguments: str, **changes: str) -> None:
        self._terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seworkbench", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(**changes),
        )
        os.close(theirs)
        self.seen = ""

    def read_until(self, text: str) -> None:
        """Read until some text was written, or to the end."""
        while text not in self.seen and (piece := self._read()):
            self.seen += piece

    def finish(self) -> tuple[int, str]:
        """Exit status and everything that was written."""
        while piece := self._read():
            self.seen += piece
        os.close(self._terminal)
        return self.process.wait(), self.seen.replace("\r\n", "\n")

    def _read(self) -> str:
        try:
            return os.read(self._terminal, 1 << 16).decode("utf-8", "replace")
        except OSError:  # the program has closed its end
            return ""
