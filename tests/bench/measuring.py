"""Measuring programs from outside: wall-clock time, processor time, peak memory."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - only looked at; a folder of our own is made in it
_KIB = 1024
# Of the memory that is free, so much may hold files: the rest of the machine goes on living.
_SHARE_OF_MEMORY = 0.8
# Beside the files themselves.
_MARGIN = 1 << 30


@dataclass(frozen=True)
class Sample:
    """One run of a program.

    Args:
        seconds: from its start to its end.
        cpu: processor time, user and system.
        peak: most memory it held, in bytes. A program as small as this one is told at least this one's size, since the
            system counts what a process was before it became the program.
        output: what it wrote to standard output.
    """

    seconds: float
    cpu: float
    peak: int
    output: str


def best(samples: Sequence[Sample]) -> Sample:
    """The fastest, with the largest memory of all: what can be said for sure of each."""
    fastest = min(samples, key=lambda sample: sample.seconds)
    return Sample(
        fastest.seconds,
        min(sample.cpu for sample in samples),
        max(sample.peak for sample in samples),
        fastest.output,
    )


class BenchError(Exception):
    """A program that was to be measured failed."""


def timed(command: Sequence[object]) -> Sample:
    """Run a program to its end.

    Raises:
        BenchError: if it fails.
    """
    words = [str(word) for word in command]
    program = shutil.which(words[0]) or words[0]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, err.fileno(), 2),
        ]
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": paths}
        # Modules are compiled once, as where the program is installed, and not at every start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        begun = time.perf_counter()
        pid = os.posix_spawn(program, words, environment, file_actions=streams)
        _, status, used = os.wait4(pid, 0)
        seconds = time.perf_counter() - begun
        out.seek(0)
        err.seek(0)
        if status:
            _fail(words, os.waitstatus_to_exitcode(status), err.read().decode("utf-8", "replace"))
        output = out.read().decode("utf-8", "replace")
    return Sample(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * _KIB, output)


def _fail(words: Sequence[str], status: int, said: str) -> NoReturn:
    raise BenchError(f"{' '.join(words)}\nended with exit status {status}:\n{said}")


_HASHING = """
import hashlib, sys, time
left, piece = int(sys.argv[1]), bytes(1 << 21)
begun = time.perf_counter()
digest = hashlib.sha512()
while left > 0:
    digest.update(piece[:left] if left < len(piece) else piece)
    left -= len(piece)
print(time.perf_counter() - begun)
"""


def hashing(size: int) -> float:
    """Seconds that hashlib.sha512 needs for so many bytes of memory, in a process of its own without its start."""
    return float(timed([sys.executable, "-c", _HASHING, size]).output)


def folder_for(size: int, wanted: Path | None) -> Path | None:
    """Where files of so many bytes in all can lie: in memory if there is room, else on disk; None if nowhere.

    Args:
        size: bytes of all files that exist at the same time.
        wanted: take this folder, if it has room.
    """
    if wanted is not None:
        return wanted if _free(wanted) >= size else None
    if MEMORY_FOLDER.is_dir() and os.access(MEMORY_FOLDER, os.W_OK):
        room = min(_free(MEMORY_FOLDER), available_memory()) * _SHARE_OF_MEMORY
        if size + _MARGIN <= room:
            return MEMORY_FOLDER
    disk = Path(tempfile.gettempdir())
    return disk if size + _MARGIN <= _free(disk) else None


def _free(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def available_memory() -> int:
    """Bytes that programs could still take."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * _KIB
    return 0


def processor() -> str:
    """The name of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "vendor_id", "processor 0")):
            name = line.partition(":")[2].strip()
            if line.startswith("model name"):
                return name
    return "unknown"
