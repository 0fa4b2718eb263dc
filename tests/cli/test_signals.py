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
    assert status == -number
    assert "Traceback" not in text
    assert re.search(r"error: Cancelled\.\n +Nothing was written\.\n$", text)
    assert desk.left == (["guest.img", "kernel"] if replacing else ["kernel"])
    assert not replacing or desk.image.read_bytes() == b"the old image"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (["info", "--hdr-key", "{pipe}", "{full}"], signal.SIGINT),
        (
            ["create", "-q", "-i", "{kernel}", "-p", "{pipe}", "-k", "{host}", "--no-verify", "-o", "{new}"],
            signal.SIGINT,
        ),
        (
            ["create", "-q", "-i", "{kernel}", "-p", "{pipe}", "-k", "{host}", "--no-verify", "-o", "{new}"],
            signal.SIGTERM,
        ),
    ],
    ids=["info", "create", "create, SIGTERM"],
)
def test_a_program_that_waits_for_a_pipe_can_be_stopped(desk: Desk, words: list[str], number: signal.Signals) -> None:
    """Nobody writes, so the program waits; it is known to wait once the pipe can be opened for writing."""
    pipe = desk.out / "pipe"
    os.mkfifo(pipe)
    files = {"kernel": "kernel", "host": "host1.crt", "full": "full.img"}
    places = {name: desk.file(file) for name, file in files.items()} | {"pipe": str(pipe), "new": str(desk.image)}
    process = subprocess.Popen(
        [sys.executable, "-m", "seworkbench", "image", *(word.format(**places) for word in words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    writer = os.open(pipe, os.O_WRONLY)
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(writer)
    assert (process.returncode, out) == (-number, b"")
    assert err.startswith(b"error: Cancelled.\n")
    assert b"Traceback" not in err
    assert desk.left == ["pipe"]
