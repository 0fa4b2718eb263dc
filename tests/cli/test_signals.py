"""Ctrl-C and SIGTERM: the program ends in order and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .desk import Desk, OnTerminal, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

BIG = 2 << 30


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Tests in the background of a shell run with SIGINT ignored, which programs inherit; a handler they do not."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("replacing", [False, True])
def test_a_long_create_that_is_stopped_leaves_nothing(desk: Desk, number: signal.Signals, replacing: bool) -> None:
    """The kernel is a sparse file of gigabytes, so the program is at work when its progress bar appears."""
    kernel = desk.out / "kernel"
    with kernel.open("wb") as sparse:
        sparse.truncate(BIG)
    if replacing:
        desk.image.write_bytes(b"the old image")
    options = ["--no-component-check", "--overwrite", "--save-keys", str(desk.out / "keys")]
    words = ["image", "create", "-i", str(kernel), *desk.required[2:], *options]
    program = OnTerminal(*words, NO_COLOR="1")
    program.read_until("Encrypting kernel")
    program.process.send_signal(number)
    status, text = program.finish()
    assert status == 1
    assert "Traceback" not in text
    assert re.search(r"error: Cancelled\.\n +Nothing was written\.\n$", text)
    assert desk.left == (["guest.img", "kernel"] if replacing else ["kernel"])
    assert not replacing or desk.image.read_bytes() == b"the old image"


def test_ctrl_c_while_a_key_is_read_from_a_pipe_ends_without_a_traceback(desk: Desk) -> None:
    """Nobody writes the key, so the program waits; it is known to wait once the pipe can be opened for writing."""
    pipe = desk.out / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "seworkbench", "image", "info", "--hdr-key", str(pipe), desk.file("full.img")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    writer = os.open(pipe, os.O_WRONLY)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    os.close(writer)
    assert (process.returncode, out, err) == (1, b"", b"error: Cancelled.\n")
