"""The commands of `seworkbench image` at several sizes, as ratios to hashing the same bytes.

SHA-512 over all pages is part of every one of these commands and cannot be divided among processors: nothing can be
faster than the time that `hashlib.sha512` takes for the bytes. Both are measured in the same run, by turns, and the
best of each counts: a busy machine then disturbs both alike.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .measuring import ROOT, Sample, best, folder_for, hashing, processor, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = ROOT / "tests/data/interop"
HOST_DOCUMENT = DATA / "pki/host1.crt"
HEADER_KEY = DATA / "images/hdr.key"
BOOT_LOADER = ROOT / "resources/boot"
# The smallest kernel that the component checks accept.
_KERNEL_SIZE = 0x11000
_KERNEL_MAGIC = (0x10008, b"S390EP")
_TINY = 4096
_INFO_ROUNDS = 12
PROGRAM = [sys.executable, "-m", "seworkbench", "image"]
BARE = [sys.executable, "-c", "pass"]


@dataclass(frozen=True)
class Place:
    """A folder with the inputs for one size.

    Args:
        folder: where everything lies.
        size: bytes of the ramdisk.
    """

    folder: Path
    size: int

    @property
    def kernel(self) -> Path:
        return self.folder / "kernel"

    @property
    def ramdisk(self) -> Path:
        return self.folder / "ramdisk"

    @property
    def image(self) -> Path:
        return self.folder / "image"

    @property
    def extracted(self) -> Path:
        return self.folder / "extracted"

    @property
    def other(self) -> Path:
        return self.folder / "image-of-pvimg"

    def prepare(self) -> None:
        """Make the inputs: sparse, so they cost no room."""
        kernel = bytearray(_KERNEL_SIZE)
        at, magic = _KERNEL_MAGIC
        kernel[at : at + len(magic)] = magic
        self.kernel.write_bytes(kernel)
        with self.ramdisk.open("wb") as file:
            file.truncate(self.size)

    def inputs(self) -> list[object]:
        """The options of a build, the same for `pvimg`."""
        return ["-i", self.kernel, "-r", self.ramdisk, "-k", HOST_DOCUMENT, "--no-verify", "--hdr-key", HEADER_KEY]


@dataclass(frozen=True)
class Case:
    """Something to measure.

    Args:
        name: what it is called in the table.
        command: the command line.
        before: makes room for its output.
    """

    name: str
    command: list[object]
    before: Callable[[], None] = lambda: None


def cases(place: Place, *, with_pvimg: bool) -> Iterator[Case]:
    """What is measured, in an order in which each finds what it needs."""

    def no_image() -> None:
        place.image.unlink(missing_ok=True)

    def no_files() -> None:
        shutil.rmtree(place.extracted, ignore_errors=True)

    def no_other() -> None:
        no_files()
        place.other.unlink(missing_ok=True)

    if with_pvimg:
        loader = ["--x-bootloader-directory", BOOT_LOADER]
        yield Case("pvimg create", ["pvimg", "create", *place.inputs(), *loader, "-o", place.other], no_other)
    yield Case("create", [*PROGRAM, "create", *place.inputs(), "-o", place.image, "-q"], no_image)
    key = ["--hdr-key", HEADER_KEY]
    yield Case("verify", [*PROGRAM, "verify", "-q", place.image])
    yield Case("verify with the header key", [*PROGRAM, "verify", "-q", *key, place.image])
    yield Case("extract", [*PROGRAM, "extract", "-q", *key, "-d", place.extracted, place.image], no_files)
    yield Case("info", [*PROGRAM, "info", "-q", "--format", "json", place.image])


@dataclass
class Measured:
    """All samples at one size.

    Args:
        size: bytes of the ramdisk.
        folder: where the files were.
        bound: seconds that hashing took, each time.
        samples: samples of each command.
        start: samples of each command on a tiny image: what it costs before the first byte.
    """

    size: int
    folder: Path
    bound: list[float] = field(default_factory=list)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    start: dict[str, list[Sample]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The figures, the best of each."""
        bound = min(self.bound)
        commands = {}
        for name, samples in self.samples.items():
            sample, start = best(samples), best(self.start[name])
            net = max(0.0, sample.seconds - start.seconds)
            commands[name] = {
                "seconds": round(sample.seconds, 4),
                "start_seconds": round(start.seconds, 4),
                "cpu_seconds": round(sample.cpu, 4),
                "ratio": round(sample.seconds / bound, 3),
                "ratio_without_start": round(net / bound, 3),
                "peak_mib": round(sample.peak / (1 << 20), 1),
                "rounds": len(samples),
            }
        return {
            "size": self.size,
            "folder": str(self.folder.parent),
            "sha512_seconds": round(bound, 4),
            "commands": commands,
        }


def rounds_for(size: int) -> int:
    """Fewer for what takes long; a single disturbance weighs less there."""
    if size <= 1 << 28:
        return 7
    return 4 if size <= 1 << 31 else 2


def measure(
    size: int, *, rounds: int | None, wanted: Path | None, with_pvimg: bool, say: Callable[[str], None]
) -> tuple[Measured, dict[str, Any]] | None:
    """Measure everything at one size.

    Args:
        size: bytes of the ramdisk.
        rounds: how often; by size if not given.
        wanted: folder to work in; chosen by free room if not given.
        with_pvimg: measure `pvimg create` too.
        say: called with what is being done.

    Returns:
        The samples, and what `image info` costs; None if there is no room for the files.
    """
    # The image and what is extracted from it exist at the same time.
    folder = folder_for(2 * size, wanted)
    if folder is None:
        return None
    with tempfile.TemporaryDirectory(prefix="seworkbench-bench-", dir=folder) as name:
        big, tiny = (Place(Path(name) / kind, length) for kind, length in (("big", size), ("tiny", _TINY)))
        for place in (big, tiny):
            place.folder.mkdir()
            place.prepare()
        result = Measured(size, Path(name))
        count = rounds or rounds_for(size)
        for turn in range(count):
            for large, small in zip(cases(big, with_pvimg=with_pvimg), cases(tiny, with_pvimg=with_pvimg), strict=True):
                say(f"{size >> 20} MiB, round {turn + 1} of {count}: {large.name}")
                for case, into in ((small, result.start), (large, result.samples)):
                    case.before()
                    into.setdefault(case.name, []).append(timed(case.command))
                if large.name != "info":
                    result.bound.append(hashing(size))
        say(f"{size >> 20} MiB: info against a bare interpreter")
        return result, info_cost(big.image, rounds or _INFO_ROUNDS)


def info_cost(image: Path, rounds: int) -> dict[str, Any]:
    """What `image info` takes beyond the start of a bare interpreter, by turns."""
    bare, info = [], []
    command = [*PROGRAM, "info", "-q", "--format", "json", image]
    for _ in range(rounds):
        bare.append(timed(BARE))
        info.append(timed(command))
    one, other = best(info), best(bare)
    return {
        "image_bytes": image.stat().st_size,
        "seconds": round(one.seconds, 4),
        "bare_python_seconds": round(other.seconds, 4),
        "difference_seconds": round(one.seconds - other.seconds, 4),
        "cpu_difference_seconds": round(one.cpu - other.cpu, 4),
        "peak_mib": round(one.peak / (1 << 20), 1),
    }


def machine() -> dict[str, Any]:
    """Where the figures come from."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }
