"""Inputs that are missing, are no files, may not be read, or change while they are read."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import HeaderKey
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.extract import extract_image
from seworkbench.image.image_file import open_image
from seworkbench.image.keys import ImageKeys
from seworkbench.image.verify import verify_image
from seworkbench.jobs import Job
from seworkbench.secret import Secret
from seworkbench.trust.host_key_document import read_host_key_document

from .support import CHECK_FAILED, DATA, DONE, HOST_DOCUMENT, NOT_DONE, ROOT, STOPPED, kill

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.jobs import Progress

    from .support import Launcher, Yard

# Every place of a command line that names an input.
BUILD = ["image", "create", "--no-verify", "-o", "OUT", "-k", "HOST"]
PLACES: dict[str, list[str]] = {
    "kernel": [*BUILD, "-i", "INPUT"],
    "ramdisk": [*BUILD, "-i", "KERNEL", "-r", "INPUT"],
    "command line": [*BUILD, "-i", "KERNEL", "-p", "INPUT"],
    "host key document": [*BUILD, "-i", "KERNEL", "-k", "INPUT"],
    "header key": [*BUILD, "-i", "KERNEL", "--hdr-key", "INPUT"],
    "image key": [*BUILD, "-i", "KERNEL", "--image-key", "INPUT"],
    "communication key": [*BUILD, "-i", "KERNEL", "--cck", "INPUT"],
    "boot loader": [*BUILD, "-i", "KERNEL", "--x-bootloader-directory", "INPUT"],
    "image to verify": ["image", "verify", "INPUT"],
    "image to describe": ["image", "info", "INPUT"],
    "image to test": ["image", "test", "-k", "HOST", "INPUT"],
    "image to extract": ["image", "extract", "--hdr-key", "KEY", "-d", "OUT", "INPUT"],
    "image to dissect": ["image", "dissect", "INPUT"],
    "key to verify with": ["image", "verify", "--hdr-key", "INPUT", "IMAGE"],
    "private key": ["image", "verify", "--host-private-key", "INPUT", "IMAGE"],
    "key to extract with": ["image", "extract", "--hdr-key", "INPUT", "-d", "OUT", "IMAGE"],
    "document to test": ["image", "test", "-k", "INPUT", "IMAGE"],
    "key hashes": ["image", "test", "--key-hashes=INPUT", "IMAGE"],
    "reviewed kernel": ["image", "verify", "--hdr-key", "KEY", "-i", "INPUT", "IMAGE"],
}
# Small files may come through a pipe (`--hdr-key <(…)`); these are read at any offset and cannot.
SEEKING = [name for name in PLACES if name in ("kernel", "ramdisk", "reviewed kernel") or name.startswith("image to")]
PIPES = [name for name in PLACES if name not in SEEKING and name != "boot loader"]


def words_for(yard: Yard, place: str, given: Path) -> list[object]:
    names = {
        "OUT": yard.target / "out",
        "HOST": HOST_DOCUMENT,
        "KERNEL": yard.kernel(),
        "KEY": yard.header_key,
        "IMAGE": yard.image(),
        "INPUT": given,
    }
    words = []
    for word in PLACES[place]:
        option, equals, value = word.rpartition("=")
        words.append(f"{option}{equals}{names.get(value, value)}")
    return list(words)


@pytest.mark.parametrize("place", PLACES)
def test_an_input_that_does_not_exist_is_named(launcher: Launcher, yard: Yard, place: str) -> None:
    for missing in (yard.folder / "absent", yard.folder / "absent/deeper", yard.kernel() / "below"):
        ended = launcher.run(words_for(yard, place, missing))
        message = ended.require_one_clear_error(missing)
        assert "does not exist" in message or "not a folder" in message
        assert yard.left() == []


@pytest.mark.parametrize("place", PLACES)
def test_an_input_that_is_a_folder_is_explained(launcher: Launcher, yard: Yard, place: str) -> None:
    folder = yard.folder / "folder"
    folder.mkdir()
    ended = launcher.run(words_for(yard, place, folder))
    message = ended.require_one_clear_error(folder)
    assert "folder" in message or place == "boot loader"
    assert yard.left() == []


@pytest.mark.parametrize("place", PLACES)
def test_an_input_that_one_may_not_read_is_explained(
    launcher: Launcher, yard: Yard, place: str, other_user: dict[str, int]
) -> None:
    closed = yard.folder / "closed"
    closed.mkdir() if place == "boot loader" else closed.touch()
    closed.chmod(0)
    yard.target.chmod(0o777)
    yard.kernel()
    yard.image()
    try:
        ended = launcher.run(words_for(yard, place, closed), **other_user)
    finally:
        closed.chmod(0o755)
    assert "Access is denied" in ended.require_one_clear_error(closed)
    assert yard.left() == []


@pytest.mark.parametrize("place", PLACES)
def test_an_input_that_is_a_link_to_nothing_or_to_itself_is_explained(
    launcher: Launcher, yard: Yard, place: str
) -> None:
    for name, target in (("dangling", "absent"), ("circle", "circle")):
        link = yard.folder / name
        link.symlink_to(yard.folder / target)
        launcher.run(words_for(yard, place, link)).require_one_clear_error(link)
        assert yard.left() == []


@pytest.mark.parametrize("place", SEEKING)
@pytest.mark.parametrize("kind", ["fifo", "endless device", "empty device"])
def test_an_input_that_is_no_regular_file_is_explained(launcher: Launcher, yard: Yard, place: str, kind: str) -> None:
    given = {"fifo": yard.folder / "fifo", "endless device": Path("/dev/zero"), "empty device": Path("/dev/null")}[kind]
    if kind == "fifo":
        os.mkfifo(given)
    assert not stat.S_ISREG(given.stat().st_mode)
    ended = launcher.run(words_for(yard, place, given))
    assert "regular file" in ended.require_one_clear_error(given)
    assert yard.left() == []


@pytest.mark.parametrize("place", PIPES)
def test_an_endless_input_is_refused_once_it_is_too_large(launcher: Launcher, yard: Yard, place: str) -> None:
    ended = launcher.run(words_for(yard, place, Path("/dev/zero")))
    assert "larger" in ended.require_one_clear_error("/dev/zero")
    assert yard.left() == []


@pytest.mark.parametrize("place", PIPES)
def test_an_empty_device_is_an_empty_file(launcher: Launcher, yard: Yard, place: str) -> None:
    ended = launcher.run(words_for(yard, place, Path("/dev/null")))
    if place == "command line":
        assert ended.status == DONE
    else:
        ended.require_one_clear_error("/dev/null")
        assert yard.left() == []


def content_of(yard: Yard, place: str) -> bytes:
    """What a place may hold."""
    return {
        "host key document": HOST_DOCUMENT.read_bytes(),
        "document to test": HOST_DOCUMENT.read_bytes(),
        "private key": (DATA / "pki/host1.key").read_bytes(),
        "command line": b"root=/dev/vda",
        "image key": bytes(range(64)),
        "key hashes": b"%064d\n" % 0 * 15,
    }.get(place, yard.header_key.read_bytes())


@pytest.mark.parametrize("place", PIPES)
def test_a_small_input_may_come_through_a_pipe(launcher: Launcher, yard: Yard, place: str) -> None:
    fifo, content = yard.folder / "fifo", content_of(yard, place)
    os.mkfifo(fifo)
    launcher.start(words_for(yard, place, fifo))
    with fifo.open("wb") as pipe:
        pipe.write(content)
    ended = launcher.wait()
    assert ended.status != NOT_DONE, ended.err
    assert ended.errors == []


@pytest.mark.parametrize("place", PIPES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_waiting_for_a_pipe_that_nobody_writes_to_can_be_ended(
    launcher: Launcher, yard: Yard, place: str, number: signal.Signals
) -> None:
    """Like any other wait, by Ctrl-C or SIGTERM; nothing is left then."""
    fifo = yard.folder / "fifo"
    os.mkfifo(fifo)
    pid = launcher.start(words_for(yard, place, fifo))
    try:
        await_sleep(pid)
        kill(pid, number)
        ended = is_gone(pid)
    finally:
        # Whatever happened, let it go on: somebody opens the other end for a moment.
        while not is_gone(pid, patience=0.0):
            try:
                os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            except OSError as error:
                assert error.errno == errno.ENXIO  # noqa: PT017 - nobody reads it any more
            time.sleep(0.01)
        outcome = launcher.wait()
    assert ended, "it went on waiting"
    assert outcome.status in (STOPPED + number, -number)
    assert yard.left() == []


def process_state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def await_sleep(pid: int) -> None:
    """Wait until a process waits: asleep at several looks in a row."""
    quiet = 0
    while quiet < 20:
        state = process_state(pid)
        assert state not in ("gone", "Z"), "it did not wait"
        quiet = quiet + 1 if state == "S" else 0
        time.sleep(0.005)


def await_work(pid: int) -> None:
    """Wait until a process has used a little processor time, and so is past its start, or has ended."""
    ticks = 0
    while ticks < 20 and process_state(pid) not in ("gone", "Z"):
        with suppress(OSError):
            ticks = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        time.sleep(0.005)


def is_gone(pid: int, patience: float = 60.0) -> bool:
    """Whether a process ends; patience only bounds the waiting when it does not."""
    until = time.monotonic() + patience
    while process_state(pid) not in ("gone", "Z"):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("command", ["verify", "info", "dissect", "extract"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_search_through_an_enormous_file_can_be_ended(
    launcher: Launcher, yard: Yard, command: str, number: signal.Signals
) -> None:
    """A hole of a terabyte costs nothing to make and hours to search."""
    enormous = yard.folder / "enormous"
    with enormous.open("wb") as file:
        try:
            file.truncate(1 << 40)
        except OSError as error:
            pytest.skip(f"this file system holds no file of that size: {error}")
    words = ["image", command, *(["-d", yard.target / "out"] if command == "extract" else []), enormous]
    pid = launcher.start(words)
    await_work(pid)
    kill(pid, number)
    ended = is_gone(pid)
    kill(pid)
    outcome = launcher.wait()
    assert ended, "it went on searching"
    # Whoever finds a quick way to search a hole may come to an end by itself.
    assert outcome.status in (STOPPED + number, NOT_DONE, CHECK_FAILED, -number)
    assert yard.left() == []


# --- Changing under the reader -----------------------------------------------------------


def once(change: Callable[[], object]) -> Job:
    """A job during whose work something happens, once."""
    done = False

    def watch(progress: Progress) -> None:
        nonlocal done
        if progress.done and not done:
            done = True
            change()

    return Job(watch)


def order(yard: Yard, ramdisk: Path) -> BuildOrder:
    recipient = Recipient("host", read_host_key_document(HOST_DOCUMENT).key)
    return BuildOrder(yard.kernel(), (recipient,), yard.target / "image", ramdisk=ramdisk)


BIG = 8 << 20


@pytest.mark.parametrize("named", [False, True], indirect=True)
@pytest.mark.parametrize(("size", "said"), [(BIG // 2, "shorter"), (0, "shorter"), (BIG * 2, "longer")])
def test_an_input_that_changes_its_size_during_a_build_leaves_nothing(
    yard: Yard, size: int, said: str, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named:
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    ramdisk = yard.ramdisk(BIG)
    with pytest.raises(SeError, match=said) as caught:
        build_image(order(yard, ramdisk), ImageKeys.fresh(), once(lambda: os.truncate(ramdisk, size)))
    assert caught.value.where == str(ramdisk)
    assert yard.left() == []


def test_an_input_that_is_removed_during_a_build_is_still_read_to_its_end(yard: Yard) -> None:
    ramdisk = yard.ramdisk(BIG)
    built = build_image(order(yard, ramdisk), ImageKeys.fresh(), once(ramdisk.unlink))
    assert built.plan.file_size == (yard.target / "image").stat().st_size
    assert yard.left() == ["image"]


@pytest.fixture
def big_image(yard: Yard, launcher: Launcher) -> Path:
    path = yard.folder / "big.img"
    words = yard.create(path, "--hdr-key", yard.header_key, "-r", yard.ramdisk(BIG))
    assert launcher.run(words).status == DONE
    return path


def test_an_image_that_is_cut_off_during_verification_is_an_error_not_a_verdict(yard: Yard, big_image: Path) -> None:
    with open_image(big_image) as image, pytest.raises(SeError, match="shorter"):
        verify_image(image, job=once(lambda: os.truncate(big_image, BIG // 2)))
    assert yard.left() == []


def test_an_image_that_is_cut_off_during_extraction_leaves_nothing(yard: Yard, big_image: Path) -> None:
    access = HeaderKey(Secret(yard.header_key.read_bytes()))
    with open_image(big_image) as image, pytest.raises(SeError, match="shorter") as caught:
        extract_image(image, access, yard.target, job=once(lambda: os.truncate(big_image, BIG // 2)))
    assert caught.value.where == str(big_image)
    assert yard.left() == []


def test_a_component_that_changes_during_extraction_is_never_given_out(yard: Yard, big_image: Path) -> None:
    """What passes the digests is what was decrypted: both saw the same bytes."""
    access = HeaderKey(Secret(yard.header_key.read_bytes()))

    def overwrite() -> None:
        with big_image.open("r+b") as file:
            file.seek(BIG)
            file.write(b"changed under the reader")

    with open_image(big_image) as image, pytest.raises(SeError):
        extract_image(image, access, yard.target, job=once(overwrite))
    assert yard.left() == []


def test_a_reviewed_file_that_shrinks_during_the_comparison_differs(yard: Yard, big_image: Path) -> None:
    reviewed = yard.ramdisk(BIG)

    def shrink(progress: Progress) -> None:
        if progress.phase.startswith("Comparing") and progress.done:
            os.truncate(reviewed, BIG // 4)

    access = HeaderKey(Secret(yard.header_key.read_bytes()))
    with open_image(big_image) as image:
        found = verify_image(image, access, inputs={ComponentKind.RAMDISK: reviewed}, job=Job(shrink))
    check = found.check.find("image.inputs.ramdisk")
    assert check is not None
    assert check.verdict.value == "failed"


# --- Standard streams --------------------------------------------------------------------


def program(*words: object, redirection: str) -> subprocess.CompletedProcess[str]:
    """The program as a shell starts it, with something behind it."""
    command = f'"$0" -m seworkbench "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.mark.parametrize("command", [("info",), ("verify",), ("dissect",), ("dissect", "--json")])
def test_a_full_disk_behind_standard_output_is_an_error(yard: Yard, command: tuple[str, ...]) -> None:
    ended = program("image", *command, yard.image(), redirection=">/dev/full")
    assert ended.returncode == NOT_DONE
    assert len([line for line in ended.stderr.splitlines() if line.startswith("error:")]) == 1
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize("command", [("info",), ("verify",), ("dissect", "--json")])
def test_a_reader_that_goes_away_is_no_news(yard: Yard, command: tuple[str, ...]) -> None:
    ended = program("image", *command, yard.image(), redirection="| :")
    assert "Traceback" not in ended.stderr
    assert "Broken" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_bring_no_traceback(yard: Yard, redirection: str) -> None:
    output = yard.target / "image"
    for words in (["image", "info", yard.image()], yard.create(output), ["image", "verify", yard.folder / "absent"]):
        output.unlink(missing_ok=True)
        ended = program(*words, redirection=redirection)
        assert "Traceback" not in ended.stdout + ended.stderr
        assert ended.returncode in (DONE, NOT_DONE)
        if words[1] == "create":
            # What takes the number of a closed stream must not be written into by a message.
            assert output.exists()
            assert output.stat().st_size > 1 << 16
            assert output.read_bytes()[:8] == bytes.fromhex("0008000180011000")
