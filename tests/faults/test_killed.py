"""Killed at any moment: the old file or the new one, whole; nothing else after the next start; keys with images."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .support import DONE, EARLIER, IMAGES, STOPPED, Launcher, is_whole_image, kill, names_in

if TYPE_CHECKING:
    from .support import Ended, Yard

# For each of the two ways to hold an unfinished file; 50 for each command.
POINTS = 25
SEED = 20261125
# So much that there is time to be killed in.
BIG = 64 << 20
needs_accounting = pytest.mark.skipif(
    not Path("/proc/self/io").exists(), reason="the system does not tell how much a process has written"
)
EXTRACTED = ["cmdline", "kernel", "ramdisk", "se-header.bin", "stage3b.bin"]


def moments(most: int, *, named: bool) -> list[int]:
    """How many bytes the program may write before it is killed."""
    choose = random.Random(SEED + named)  # noqa: S311 - a repeatable choice, no secret
    return sorted(choose.randrange(most) for _ in range(POINTS))


def written(pid: int) -> int:
    """Bytes that a process has written so far; none if it is gone."""
    try:
        text = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return -1
    return int(text.split("wchar:")[1].split()[0])


def interrupted(launcher: Launcher, words: list[object], amount: int, number: signal.Signals, *, named: bool) -> Ended:
    """Start a command and send it a signal when it has written so many bytes, wherever it is then."""
    pid = launcher.start(words, named=named)
    while 0 <= written(pid) < amount:
        time.sleep(0.0002)
    kill(pid, number)
    return launcher.wait()


def start_again(launcher: Launcher, yard: Yard, *folders: Path) -> None:
    """The next start of the program in these folders."""
    for folder in folders:
        again = folder / "again"
        assert launcher.run(yard.create(again, "--hdr-key", yard.header_key)).status == DONE
        again.unlink()


@needs_accounting
def test_create_killed_at_random_moments_leaves_the_old_file_or_a_whole_new_one(
    launcher: Launcher, yard: Yard, named: bool
) -> None:
    output = yard.target / "image"
    words = yard.create(output, "--overwrite", "--hdr-key", yard.header_key, "-r", yard.ramdisk(BIG), "-q")
    killed = 0
    for turn, amount in enumerate(moments(BIG, named=named)):
        output.unlink(missing_ok=True)
        if before := turn % 2 == 0:
            output.write_bytes(EARLIER)
        ended = interrupted(launcher, words, amount, signal.SIGKILL, named=named)
        start_again(launcher, yard, yard.target)
        if ended.status == -signal.SIGKILL:
            killed += 1
            assert yard.left() == (["image"] if before else [])
            assert not before or output.read_bytes() == EARLIER
        else:
            assert yard.left() == ["image"]
            assert is_whole_image(output, yard.header_key)
    assert killed > POINTS // 2, "most signals came too late"


@needs_accounting
def test_extract_killed_at_random_moments_leaves_only_whole_files(launcher: Launcher, yard: Yard, named: bool) -> None:
    big = yard.folder / "big.img"
    ramdisk = yard.ramdisk(BIG)
    assert launcher.run(yard.create(big, "--hdr-key", yard.header_key, "-r", ramdisk, "-q")).status == DONE
    words = yard.extract("-q", "--overwrite", image=big)
    assert launcher.run(words, named=named).status == DONE
    complete = {name: (yard.target / name).stat().st_size for name in yard.left()}
    assert sorted(complete) == ["kernel", "ramdisk", "se-header.bin", "stage3b.bin"]
    killed = 0
    for turn, amount in enumerate(moments(BIG, named=named)):
        for name in yard.left():
            (yard.target / name).unlink()
        if before := turn % 2 == 0:
            (yard.target / "ramdisk").write_bytes(EARLIER)
        killed += interrupted(launcher, words, amount, signal.SIGKILL, named=named).status == -signal.SIGKILL
        start_again(launcher, yard, yard.target)
        assert set(yard.left()) <= set(complete)
        for name in yard.left():
            whole = (yard.target / name).stat().st_size == complete[name]
            assert whole or (before and (yard.target / name).read_bytes() == EARLIER), name
    assert killed > POINTS // 2, "most signals came too late"


@needs_accounting
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_create_that_is_asked_to_stop_leaves_nothing_even_without_another_start(
    launcher: Launcher, yard: Yard, named: bool, number: signal.Signals
) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()
    words = yard.create(yard.target / "image", "--save-keys", keys, "-r", yard.ramdisk(BIG), "-q")
    stopped = 0
    for amount in moments(BIG, named=named)[::3]:
        ended = interrupted(launcher, words, amount, number, named=named)
        if ended.status == DONE or (ended.status == -number and yard.left()):
            # Done, or ended by the system when everything was done.
            assert yard.left() == ["image"]
            assert is_whole_image(yard.target / "image", keys / "image.hdr-key")
            (yard.target / "image").unlink()
            for key in keys.iterdir():
                key.unlink()
            continue
        stopped += 1
        assert yard.left() == []
        assert names_in(keys) == []
        if ended.status != -number:  # before the program could take the signal, the system ends it
            assert "Cancelled." in ended.require_one_clear_error(status=STOPPED + number)
    assert stopped > 5, "most signals came too late"


@needs_accounting
def test_extract_that_is_asked_to_stop_leaves_nothing_even_without_another_start(
    launcher: Launcher, yard: Yard, named: bool
) -> None:
    big = yard.folder / "big.img"
    words = yard.create(big, "--hdr-key", yard.header_key, "-r", yard.ramdisk(BIG), "-q")
    assert launcher.run(words).status == DONE
    for amount in (1, BIG // 3, BIG // 2):
        ended = interrupted(launcher, yard.extract("-q", image=big), amount, signal.SIGTERM, named=named)
        assert "Cancelled." in ended.require_one_clear_error(status=STOPPED + signal.SIGTERM)
        assert yard.left() == []


# --- Killed at each system call ----------------------------------------------------------


def calls_of(ended: Ended) -> int:
    assert ended.status == DONE, ended.err
    assert {"open", "pwrite", "fsync"} <= set(ended.trace)
    return len(ended.trace)


def points(calls: int) -> list[tuple[int, bool]]:
    """Before every call, and in the middle of the writes."""
    return [(number, half) for number in range(calls) for half in (False, True)]


def test_create_killed_at_any_system_call_keeps_image_and_keys_together(
    launcher: Launcher, yard: Yard, named: bool
) -> None:
    keys = yard.folder / "keys"
    keys.mkdir()  # there beforehand, so that every run makes the same calls
    output = yard.target / "image"
    key_files = [keys / f"image.{ending}" for ending in ("hdr-key", "image-key", "cck")]
    words = yard.create(output, "--overwrite", "--save-keys", keys, "-q")
    ended = launcher.run(words, named=named, trace=True)
    sizes = {path: path.stat().st_size for path in key_files}
    halves = {number for number, name in enumerate(ended.trace) if name == "pwrite"}
    for number, half in points(calls_of(ended)):
        if half and number not in halves:
            continue
        for path in keys.iterdir():
            path.unlink()
        output.write_bytes(EARLIER)
        ended = launcher.run(words, named=named, die_at=number, half=half)
        assert ended.status == -signal.SIGKILL
        saved = [path for path in key_files if path.exists()]
        assert all(path.stat().st_size == sizes[path] for path in saved), f"half a key at call {number}"
        if output.read_bytes() != EARLIER:
            assert saved == key_files, f"an image without its keys at call {number}"
            assert is_whole_image(output, key_files[0])
        # The same command again, elsewhere: what was unfinished goes.
        (yard.target / "next").unlink(missing_ok=True)
        assert launcher.run(yard.create(yard.target / "next", "--save-keys", keys, "-q"), named=named).status == DONE
        assert yard.left() == ["image", "next"]
        left = {name for name in names_in(keys) if not name.startswith("next.")}
        assert left == {path.name for path in saved}


def test_create_of_a_new_file_killed_at_any_system_call_leaves_it_whole_or_absent(
    launcher: Launcher, yard: Yard, named: bool
) -> None:
    output = yard.target / "image"
    words = yard.create(output, "--hdr-key", yard.header_key, "-q")
    for number in range(calls_of(launcher.run(words, named=named, trace=True))):
        output.unlink(missing_ok=True)
        assert launcher.run(words, named=named, die_at=number).status == -signal.SIGKILL
        if output.exists():
            assert is_whole_image(output, yard.header_key)
        start_again(launcher, yard, yard.target)
        assert yard.left() in ([], ["image"])


def test_extract_killed_at_any_system_call_leaves_whole_files(launcher: Launcher, yard: Yard, named: bool) -> None:
    words = yard.extract("--overwrite", "-q")
    ended = launcher.run(words, named=named, trace=True)
    good = {name: (yard.target / name).read_bytes() for name in yard.left()}
    assert sorted(good) == EXTRACTED
    for number in range(calls_of(ended)):
        for name in good:
            (yard.target / name).write_bytes(EARLIER)
        assert launcher.run(words, named=named, die_at=number).status == -signal.SIGKILL
        start_again(launcher, yard, yard.target)
        assert yard.left() == EXTRACTED
        for name, content in good.items():
            assert (yard.target / name).read_bytes() in (content, EARLIER), f"{name} at call {number}"


def test_writes_that_take_only_a_few_bytes_at_a_time_lose_nothing(launcher: Launcher, yard: Yard) -> None:
    output = yard.target / "image"
    assert launcher.run(yard.create(output, "--hdr-key", yard.header_key, "-q"), short=1000).status == DONE
    assert is_whole_image(output, yard.header_key)
    output.unlink()
    assert launcher.run(yard.extract("-q"), short=1000).status == DONE
    for name in ("kernel", "ramdisk", "cmdline"):
        assert (yard.target / name).read_bytes() == (IMAGES / name).read_bytes()


def test_a_running_writer_keeps_its_file_when_another_one_starts(launcher: Launcher, yard: Yard) -> None:
    """The second start sweeps the folder; what is still being written is not swept."""
    words = yard.create(yard.target / "image", "--hdr-key", yard.header_key, "-r", yard.ramdisk(BIG), "-q")
    pid = launcher.start(words, named=True)
    while written(pid) < BIG // 8:
        time.sleep(0.0002)
    kill(pid, signal.SIGSTOP)
    unfinished = yard.left()
    assert len(unfinished) == 1
    with Launcher(yard.folder) as other:
        assert other.run(yard.create(yard.target / "small", "-q"), named=True).status == DONE
    assert yard.left() == sorted([*unfinished, "small"])
    kill(pid, signal.SIGCONT)
    assert launcher.wait().status == DONE
    assert yard.left() == ["image", "small"]
    assert is_whole_image(yard.target / "image", yard.header_key)
