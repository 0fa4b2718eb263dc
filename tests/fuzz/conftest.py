"""What the tests of hostile input share: good images to spoil, and a bed to examine them on."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .readers import Bed, Slow
from .surgery import Sample, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLOW = pytest.StashKey[Slow]()
_SHOWN = 5


@pytest.fixture(scope="session")
def slow(request: pytest.FixtureRequest) -> Slow:
    return request.config.stash.setdefault(_SLOW, Slow())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report, without judging, which hostile inputs took longest to refuse."""
    slow = config.stash.get(_SLOW, None)
    if slow is not None and slow.seconds:
        terminalreporter.section("slowest refusals of hostile input")
        for label, seconds in slow.worst(_SHOWN):
            terminalreporter.write_line(f"{seconds * 1e3:8.1f} ms  {label}")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: these tests write the same file thousands of times."""
    memory = "/dev/shm"  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix="seworkbench-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def bed(scratch: Path, slow: Slow) -> Bed:
    folder = scratch / "extracted"
    folder.mkdir()
    return Bed(scratch / "hostile.img", folder, slow)


@pytest.fixture(scope="session")
def sample() -> Sample:
    """Kernel, ramdisk, command line and stage3b, encrypted, for one machine."""
    return Sample(recorded("default"))


@pytest.fixture(scope="session")
def clear_sample() -> Sample:
    """The same, not encrypted: everything in it is read without any key."""
    return Sample(recorded("unencrypted"))
