"""What the tests of faults share: commands in a process of their own, inputs, and what must hold afterwards."""

from __future__ import annotations

import json
import lzma
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from seworkbench.checks import Verdict
from seworkbench.formats.kernel import COMMAND_LINE_LIMIT_OFFSET, KERNEL_MAGIC, KERNEL_MAGIC_OFFSET
from seworkbench.formats.stage3 import KERNEL_ENTRY
from seworkbench.image.access import HeaderKey
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/interop"
IMAGES = DATA / "images"
HOST_DOCUMENT = DATA / "pki/host1.crt"
KERNEL_SIZE = 0x11000
NOBODY = 65534
DONE, NOT_DONE, USAGE, CHECK_FAILED = range(4)
STOPPED = 128  # and the number of the signal
EARLIER = b"what was here before\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Args:
        status: exit status; negative if a signal ended it.
        out: standard output.
        err: standard error.
        trace: the system calls it made, if they were asked for.
    """

    status: int
    out: str
    err: str
    trace: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]

    def require_one_clear_error(self, *named: object, status: int = NOT_DONE) -> str:
        """That exit status and one error that names what it is about; returns the whole message."""
        assert self.status == status, (self.status, self.err)
        assert self.out == ""
        assert len(self.errors) == 1, self.err
        for name in named:
            assert str(name) in self.errors[0], self.err
        assert speaks_to_users(self.err), self.err
        return self.err[self.err.index("error:") :]


def speaks_to_users(text: str) -> bool:
    """No traceback, no number of an error, no word about the wrong thing or the program's insides."""
    return not any(
        word in text
        for word in ("Traceback", "[Errno", "Error:", "standard output", "/proc/", "seworkbench-part", "None", "[]")
    )


class Launcher:
    """Runs commands in children of one process that has loaded the program (launcher.py).

    Args:
        folder: where standard output and error of the commands go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("launcher.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._number = 0
        self._files: tuple[Path, Path, Path] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def start(self, words: Sequence[object], **order: Any) -> int:
        """Start a command; returns the number of its process. `order`: see launcher.py; `trace=True` traces."""
        self._number += 1
        out, err, calls = (self._folder / f"{self._number}.{kind}" for kind in ("out", "err", "calls"))
        for stream in (out, err):
            stream.touch()
            stream.chmod(0o666)
        order = {"args": [str(word) for word in words], "out": str(out), "err": str(err), **order}
        if order.get("trace"):
            order["trace"] = str(calls)
        self._files = (out, err, calls)
        return int(self._exchange(order)["pid"])

    def wait(self) -> Ended:
        """Wait for the command that was started last."""
        assert self._files is not None
        status = int(self._exchange(None)["status"])
        out, err, calls = self._files
        trace = json.loads(calls.read_text()) if calls.exists() else []
        return Ended(status, out.read_text(), err.read_text(), trace)

    def run(self, words: Sequence[object], **order: Any) -> Ended:
        """Run a command to its end; see `start`."""
        self.start(words, **order)
        return self.wait()

    def _exchange(self, order: dict[str, Any] | None) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if order is not None:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the launcher has died"
        answer: dict[str, Any] = json.loads(line)
        return answer


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal to a child of the launcher, unless it has gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@dataclass(frozen=True)
class Yard:
    """A folder of its own for one test, readable by everybody.

    Args:
        folder: the whole.
        target: where output goes; empty at first.
    """

    folder: Path
    target: Path

    @property
    def header_key(self) -> Path:
        return IMAGES / "hdr.key"

    def kernel(self, size: int = KERNEL_SIZE) -> Path:
        """The smallest thing that passes for a kernel; beyond its head a hole."""
        path = self.folder / f"kernel-{size}"
        head = bytearray(KERNEL_SIZE)
        head[KERNEL_MAGIC_OFFSET : KERNEL_MAGIC_OFFSET + len(KERNEL_MAGIC)] = KERNEL_MAGIC
        head[COMMAND_LINE_LIMIT_OFFSET : COMMAND_LINE_LIMIT_OFFSET + 8] = (4096).to_bytes(8, "big")
        head[KERNEL_ENTRY : KERNEL_ENTRY + 2] = b"\x07\xfe"
        with path.open("wb") as file:
            file.write(head)
            file.truncate(size)
        return path

    def ramdisk(self, size: int) -> Path:
        path = self.folder / f"ramdisk-{size}"
        with path.open("wb") as file:
            file.write(b"070701")
            file.truncate(size)
        return path

    def image(self, name: str = "default") -> Path:
        """A recorded image."""
        path = self.folder / f"{name}.img"
        if not path.exists():
            path.write_bytes(lzma.decompress((IMAGES / f"{name}.img.xz").read_bytes()))
        return path

    def create(self, output: Path, *options: object, kernel: Path | None = None) -> list[object]:
        """The command line of a build."""
        return [
            *("image", "create", "-i", kernel or self.kernel(), "-k", HOST_DOCUMENT, "--no-verify", "-o", output),
            *options,
        ]

    def extract(self, *options: object, image: Path | None = None, key: Path | None = None) -> list[object]:
        """The command line of an extraction into `target`."""
        key = key or self.header_key
        return ["image", "extract", "--hdr-key", key, "-d", self.target, image or self.image(), *options]

    def left(self) -> list[str]:
        """What is in the target folder, hidden names included."""
        return names_in(self.target)


def names_in(folder: Path) -> list[str]:
    """What is in a folder, hidden names included."""
    return sorted(path.name for path in folder.iterdir())


def is_whole_image(path: Path, key: Path) -> bool:
    """Whether a file is a complete image that `key` opens."""
    with open_image(path) as image:
        result = verify_image(image, HeaderKey(Secret(key.read_bytes())))
    return result.check.verdict in (Verdict.PASSED, Verdict.WARNING) and result.contents is not None
