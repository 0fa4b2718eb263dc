"""What the tests of faults share: a launcher, folders that everybody can read, file systems of any size."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from .support import NOBODY, ROOT, Launcher, Yard

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mount(Protocol):
    """Mounts a file system in memory on a folder."""

    def __call__(self, folder: Path, options: str) -> None:
        """Mount it with these options (`size=1m`, `ro`)."""


def roomy_folder(prefix: str) -> Path:
    """A folder in memory where there is one; unlike pytest's own it is open to every user."""
    memory = "/dev/shm"  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=memory if os.access(memory, os.W_OK) else None))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with Launcher(tmp_path_factory.mktemp("streams")) as process:
        yield process


@pytest.fixture
def yard() -> Iterator[Yard]:
    folder = roomy_folder("seworkbench-faults-")
    (folder / "target").mkdir()
    yield Yard(folder, folder / "target")
    shutil.rmtree(folder)


@pytest.fixture(params=["nameless", "named"])
def named(request: pytest.FixtureRequest) -> bool:
    """Whether unfinished files have a name: the way of systems without O_TMPFILE."""
    return bool(request.param == "named")


@pytest.fixture
def mount() -> Iterator[Mount]:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a file system needs root and mount(8)")
    mounted: list[Path] = []

    def mount_on(folder: Path, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "seworkbench-test", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)

    yield mount_on
    for folder in reversed(mounted):
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def other_user() -> dict[str, int]:
    """What makes a command run as a user whom permissions bind."""
    if os.geteuid() != 0:
        return {}
    for folder in (ROOT, *ROOT.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            pytest.skip(f"the program lies in a folder that only its owner may enter: {folder}")
    return {"uid": NOBODY}
