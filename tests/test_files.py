"""Input files with clear errors; output files whole or not at all.

Some things can only be tried in a process of their own: dying by SIGKILL, being somebody else, a full disk, a limit
on file sizes. For those this file is also a program: `python test_files.py NAME ARGUMENT…` runs the function of that
name below and prints what it found as JSON.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench import files
from seworkbench.errors import SeError
from seworkbench.files import (
    AtomicFile,
    explained,
    open_input,
    read_secret,
    read_whole,
    refuse_taken,
    save_secret,
)
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

OLD = b"the old content"
NEW = b"the new content, which is longer"
PART = ".0123456789abcdef.seworkbench-part"
NOBODY = 65534
MEBIBYTE = 1 << 20
NAMINGS = ["nameless", "named"]
HAS_TMPFILE = hasattr(os, "O_TMPFILE")


def listing(folder: Path) -> dict[str, str]:
    """What is in a folder: names and content."""
    return {path.name: path.read_bytes().hex() for path in folder.iterdir() if path.is_file()}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def nothing_left_open() -> Iterator[None]:
    before = open_descriptors()
    yield
    assert open_descriptors() == before


@contextmanager
def umask(bits: int) -> Iterator[None]:
    before = os.umask(bits)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(params=NAMINGS)
def naming(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to write: without a name until the end, and under a hidden name where the system knows no other way."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not HAS_TMPFILE:
        pytest.skip("this system has no O_TMPFILE")
    return str(request.param)


both_ways = pytest.mark.usefixtures("naming")


def write(path: Path, content: bytes, *, replace: bool = False, mode: int = 0o600, expected_size: int = 0) -> None:
    with AtomicFile(path, replace=replace, mode=mode, expected_size=expected_size) as file:
        file.write_at(0, content)


# --- writing -------------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
@pytest.mark.parametrize("mode", [None, 0o600, 0o644, 0o400])
@pytest.mark.parametrize("replace", [False, True])
def test_a_file_has_its_mode_whatever_the_umask(tmp_path: Path, mask: int, mode: int | None, *, replace: bool) -> None:
    path = tmp_path / "out"
    if replace:
        path.write_bytes(OLD)
        path.chmod(0o666)
    with umask(mask), AtomicFile(path, replace=replace, **({} if mode is None else {"mode": mode})) as file:
        file.write_at(0, NEW)
    assert mode_of(path) == (mode or 0o600)
    assert listing(tmp_path) == {"out": NEW.hex()}


@both_ways
def test_nobody_else_can_read_the_file_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, at_first = os.fchmod, []

    def watched(descriptor: int, mode: int) -> None:
        at_first.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        real(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", watched)
    with umask(0), AtomicFile(tmp_path / "out") as file:
        file.write_at(0, NEW)
        assert [mode_of(path) for path in tmp_path.iterdir()] in ([], [0o600])
        assert stat.S_IMODE(os.fstat(file._fd).st_mode) == 0o600
    assert set(at_first) <= {0o600}


@both_ways
@pytest.mark.parametrize("replace", [False, True])
def test_the_name_shows_the_old_state_until_the_file_is_complete(tmp_path: Path, *, replace: bool) -> None:
    path = tmp_path / "out"
    if replace:
        path.write_bytes(OLD)
    with AtomicFile(path, replace=replace) as file:
        file.write_at(0, NEW)
        assert path.exists() is replace
        assert not replace or path.read_bytes() == OLD
    assert listing(tmp_path) == {"out": NEW.hex()}


def test_without_a_name_nothing_at_all_is_in_the_folder_while_writing(tmp_path: Path, naming: str) -> None:
    with AtomicFile(tmp_path / "out") as file:
        file.write_at(0, NEW)
        assert len(list(tmp_path.iterdir())) == (1 if naming == "named" else 0)


@both_ways
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit, SeError])
def test_an_exception_leaves_nothing_and_what_was_there_intact(
    tmp_path: Path, kind: type[BaseException], *, replace: bool
) -> None:
    path = tmp_path / "out"
    if replace:
        path.write_bytes(OLD)

    def interrupted() -> None:
        with AtomicFile(path, replace=replace) as file:
            file.write_at(0, NEW)
            raise kind("in the middle")

    with nothing_left_open(), pytest.raises(kind, match="in the middle"):
        interrupted()
    assert listing(tmp_path) == ({"out": OLD.hex()} if replace else {})


@both_ways
def test_nothing_stays_open_after_a_good_write(tmp_path: Path) -> None:
    with nothing_left_open():
        write(tmp_path / "out", NEW)
        write(tmp_path / "out", OLD, replace=True)


def read_back(file: AtomicFile, offset: int, size: int) -> bytes:
    room = bytearray(size)
    return bytes(room[: file.read_into(offset, memoryview(room))])


@both_ways
@given(pieces=st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=300)), max_size=8))
def test_pieces_may_come_in_any_order_and_gaps_read_as_zeros(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("pieces") / "out"
    expected = bytearray()
    with AtomicFile(path) as file:
        for offset, piece in pieces:
            file.write_at(offset, piece)
            if piece:
                expected.extend(bytes(max(0, offset + len(piece) - len(expected))))
                expected[offset : offset + len(piece)] = piece
            assert read_back(file, 0, 6000) == expected
    assert path.read_bytes() == expected
    shutil.rmtree(path.parent)


@both_ways
def test_any_buffer_is_written_as_its_bytes(tmp_path: Path) -> None:
    numbers = memoryview(bytes(range(16))).cast("Q")
    with AtomicFile(tmp_path / "out") as file:
        file.write_at(0, numbers)
        file.write_at(16, bytearray(b"abc"))
        assert read_back(file, 14, 3) == b"\x0e\x0fa"
        assert read_back(file, 17, 30) == b"bc"
        assert read_back(file, 100, 3) == b""
    assert (tmp_path / "out").read_bytes() == bytes(range(16)) + b"abc"


# --- names that are taken ------------------------------------------------------------------------------------------


@both_ways
def test_an_existing_file_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(OLD)
    with nothing_left_open(), pytest.raises(SeError, match=r"out: The file already exists\. Choose another name"):
        write(path, NEW)
    assert listing(tmp_path) == {"out": OLD.hex()}


@both_ways
@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_a_name_that_is_taken_is_refused_before_any_work_is_done(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out"
    target = path if kind == "file" else tmp_path / "target"
    if kind != "dangling link":
        target.write_bytes(OLD)
    if kind != "file":
        path.symlink_to(target)
    with pytest.raises(SeError, match="already exists"):
        AtomicFile(path).__enter__()


@both_ways
def test_a_file_that_appears_while_writing_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out"
    file = AtomicFile(path)
    file.__enter__()
    file.write_at(0, NEW)
    path.write_bytes(OLD)
    with pytest.raises(SeError, match="already exists"):
        file.__exit__(None, None, None)
    assert listing(tmp_path) == {"out": OLD.hex()}


@both_ways
def test_replacing_gives_the_name_a_new_file_and_leaves_other_names_of_the_old_one(tmp_path: Path) -> None:
    path, other = tmp_path / "out", tmp_path / "other"
    path.write_bytes(OLD)
    os.link(path, other)
    write(path, NEW, replace=True)
    assert listing(tmp_path) == {"out": NEW.hex(), "other": OLD.hex()}


@both_ways
def test_replacing_what_does_not_exist_makes_it(tmp_path: Path) -> None:
    write(tmp_path / "out", NEW, replace=True)
    assert listing(tmp_path) == {"out": NEW.hex()}


@both_ways
@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("late", [False, True], ids=["from the start", "put there while writing"])
def test_a_link_is_neither_followed_nor_replaced_unless_asked(tmp_path: Path, *, dangling: bool, late: bool) -> None:
    folder, target = tmp_path / "folder", tmp_path / "target"
    folder.mkdir()
    if not dangling:
        target.write_bytes(OLD)
    link = folder / "out"
    if not late:
        link.symlink_to(target)
        with pytest.raises(SeError, match="already exists"):
            write(link, NEW)
    else:
        file = AtomicFile(link)
        file.__enter__()
        file.write_at(0, NEW)
        link.symlink_to(target)
        with pytest.raises(SeError, match="already exists"):
            file.__exit__(None, None, None)
    assert link.is_symlink()
    assert [path.name for path in folder.iterdir()] == ["out"]
    assert listing(tmp_path) == ({} if dangling else {"target": OLD.hex()})


@both_ways
@pytest.mark.parametrize("dangling", [False, True])
def test_replacing_a_link_replaces_the_link_and_not_what_it_points_to(tmp_path: Path, *, dangling: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "out"
    if not dangling:
        target.write_bytes(OLD)
    link.symlink_to(target)
    write(link, NEW, replace=True)
    assert not link.is_symlink()
    assert listing(tmp_path) == {"out": NEW.hex()} | ({} if dangling else {"target": OLD.hex()})


def test_a_file_system_that_counts_no_blocks_is_not_called_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(tmp_path)
    uncounted = os.statvfs_result([real.f_bsize, real.f_frsize, 0, 0, 0, 0, 0, 0, real.f_flag, real.f_namemax])
    monkeypatch.setattr(os, "statvfs", lambda _: uncounted)
    with AtomicFile(tmp_path / "out", expected_size=3) as file:
        file.write_at(0, b"new")
    assert (tmp_path / "out").read_bytes() == b"new"


def test_a_pipe_is_not_replaced_even_if_replacing_was_asked_for(tmp_path: Path) -> None:
    """Nor is a device: `-o /dev/null --overwrite` must not leave a file for all the machine there."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SeError, match="device, pipe or socket"), AtomicFile(pipe, replace=True):
        pytest.fail("It was opened.")
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_link_to_a_standard_stream_or_a_device_is_not_replaced(tmp_path: Path) -> None:
    """/dev/stdout is such a link, whatever standard output is."""
    for name, target in (("stdout", "/proc/self/fd/1"), ("null", "/dev/null")):
        link = tmp_path / name
        link.symlink_to(target)
        for replace in (False, True):
            with pytest.raises(SeError, match="device, pipe or socket"):
                refuse_taken(link, replace=replace)
            with pytest.raises(SeError, match="device, pipe or socket"), AtomicFile(link, replace=replace):
                pass
        assert link.is_symlink()


def test_a_name_can_be_refused_before_any_work(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    refuse_taken(taken)
    taken.touch()
    refuse_taken(taken, replace=True)
    with pytest.raises(SeError, match="already exists"):
        refuse_taken(taken)
    with pytest.raises(SeError, match="folder"):
        refuse_taken(tmp_path, replace=True)


@both_ways
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_is_no_target(tmp_path: Path, *, replace: bool, linked: bool) -> None:
    path = tmp_path / "out"
    (tmp_path / "real").mkdir()
    if linked:
        path.symlink_to(tmp_path / "real")
    else:
        path.mkdir()
    with nothing_left_open(), pytest.raises(SeError, match="This is a folder, not a file"):
        write(path, NEW, replace=replace)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "real"]


# --- names and folders that cannot be ------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("replace", [False, True])
def test_a_name_at_the_length_limit_works_and_one_more_is_refused(tmp_path: Path, *, replace: bool) -> None:
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    write(tmp_path / ("n" * longest), NEW, replace=replace)
    with nothing_left_open(), pytest.raises(SeError, match="name is too long"):
        write(tmp_path / ("n" * (longest + 1)), NEW, replace=replace)
    assert listing(tmp_path) == {"n" * longest: NEW.hex()}


@both_ways
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/out", "does not exist"),
        ("a file/out", "part of the path is not a folder"),
        ("loop/out", "too many symbolic links"),
        ("nul\0name", "file name is not usable"),
        ("nul\0folder/out", "file name is not usable"),
        ("lone \ud800 surrogate", "file name is not usable"),
    ],
)
def test_a_path_that_cannot_be_is_explained_and_nothing_is_made(
    tmp_path: Path, name: str, message: str, *, replace: bool
) -> None:
    (tmp_path / "a file").write_bytes(OLD)
    (tmp_path / "loop").symlink_to("loop")
    with nothing_left_open(), pytest.raises(SeError, match=message) as caught:
        write(tmp_path / name, NEW, replace=replace)
    assert caught.value.where
    assert caught.value.remedy
    assert listing(tmp_path) == {"a file": OLD.hex()}


@both_ways
def test_a_name_alone_is_written_into_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("out"), NEW)
    assert listing(tmp_path) == {"out": NEW.hex()}


def test_more_than_the_disk_can_hold_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with nothing_left_open(), pytest.raises(SeError, match="bytes left; 1,152,921,504,606,846,976 are needed"):
        write(tmp_path / "out", NEW, expected_size=1 << 60)
    assert listing(tmp_path) == {}


# --- what the disk and others see ----------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("replace", [False, True])
def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replace: bool
) -> None:
    path = prepared(tmp_path / "inner", replace=replace)
    real, seen = os.fsync, []

    def watched(descriptor: int) -> None:
        real(descriptor)
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        complete = path.exists() and path.read_bytes() == NEW
        seen.append(
            ("folder" if folder else os.pread(descriptor, 100, 0).decode(), "there" if complete else "not yet there")
        )

    monkeypatch.setattr(os, "fsync", watched)
    write(path, NEW, replace=replace)
    assert seen[0] == (NEW.decode(), "not yet there")
    assert seen[-1] == ("folder", "there")


@both_ways
@pytest.mark.parametrize("replace", [False, True])
def test_another_write_at_the_last_moment_does_not_disturb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replace: bool
) -> None:
    path = prepared(tmp_path / "inner", replace=replace)
    moments = []

    def interrupted(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> None:
            monkeypatch.setattr(os, name, real)
            write(path.parent / f"before {name}", OLD)
            moments.append(name)
            real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    for name in ("link", "replace"):
        interrupted(name)
    write(path, NEW, replace=replace)
    assert moments
    assert listing(path.parent) == {f"before {name}": OLD.hex() for name in moments} | {"out": NEW.hex()}


def test_another_write_at_the_first_moment_does_not_disturb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fcntl.flock

    def interrupted(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        write(tmp_path / "other", OLD)
        real(descriptor, operation)

    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(fcntl, "flock", interrupted)
    write(tmp_path / "out", NEW)
    assert listing(tmp_path) == {"other": OLD.hex(), "out": NEW.hex()}


# --- unfinished files of others ------------------------------------------------------------------------------------


@both_ways
def test_an_unfinished_file_whose_writer_is_gone_is_removed_by_the_next_write(tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(b"half")
    write(tmp_path / "out", NEW)
    assert listing(tmp_path) == {"out": NEW.hex()}


@both_ways
def test_an_unfinished_file_is_removed_even_when_the_next_write_fails(tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(b"half")
    with pytest.raises(RuntimeError), AtomicFile(tmp_path / "out"):
        raise RuntimeError
    assert listing(tmp_path) == {}


@both_ways
def test_an_unfinished_file_whose_writer_lives_is_left_alone(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "slow") as slow:
        slow.write_at(0, OLD)
        write(tmp_path / "quick", NEW)
        slow.write_at(len(OLD), b"!")
    assert listing(tmp_path) == {"slow": (OLD + b"!").hex(), "quick": NEW.hex()}


@both_ways
@pytest.mark.parametrize("name", ["out.seworkbench-part", PART + "~", ".hidden", "." + PART[1:-1]])
def test_other_files_with_similar_names_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(OLD)
    write(tmp_path / "out", NEW)
    assert listing(tmp_path) == {"out": NEW.hex(), name: OLD.hex()}


@both_ways
def test_a_link_that_looks_like_an_unfinished_file_does_not_lead_anywhere(tmp_path: Path) -> None:
    folder, precious = tmp_path / "folder", tmp_path / "precious"
    folder.mkdir()
    precious.write_bytes(OLD)
    (folder / PART).symlink_to(precious)
    write(folder / "out", NEW)
    assert precious.read_bytes() == OLD
    assert (folder / PART).is_symlink()
    assert (folder / "out").read_bytes() == NEW


def test_a_hidden_name_that_somebody_foresaw_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, precious = tmp_path / "folder", tmp_path / "precious"
    folder.mkdir()
    precious.write_bytes(OLD)
    (folder / PART).symlink_to(precious)
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123456789abcdef")
    with suppress(SeError):
        write(folder / "out", NEW)
    assert precious.read_bytes() == OLD


@both_ways
def test_a_folder_that_looks_like_an_unfinished_file_does_not_disturb(tmp_path: Path) -> None:
    (tmp_path / PART).mkdir()
    write(tmp_path / "out", NEW)
    assert (tmp_path / PART).is_dir()
    assert listing(tmp_path) == {"out": NEW.hex()}


def test_a_pipe_that_looks_like_an_unfinished_file_does_not_stop_the_write(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / PART)
    writer = threading.Thread(target=write, args=(tmp_path / "out", NEW), daemon=True)
    writer.start()
    writer.join(10)  # a guard against waiting for ever, not a measure of speed
    hangs = writer.is_alive()
    if hangs:
        os.close(os.open(tmp_path / PART, os.O_WRONLY))  # lets the writer go
    writer.join()
    assert not hangs
    assert (tmp_path / "out").read_bytes() == NEW


# --- key files -----------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_a_key_file_is_for_its_owner_only_and_reads_back(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "key"
    with umask(mask):
        save_secret(path, Secret(b"k" * 32))
    assert mode_of(path) == 0o600
    assert read_secret(path, 32, "header key") == Secret(b"k" * 32)


@both_ways
def test_a_key_file_never_replaces_anything(tmp_path: Path) -> None:
    path, link, target = tmp_path / "key", tmp_path / "link", tmp_path / "target"
    path.write_bytes(OLD)
    link.symlink_to(target)
    for taken in (path, link):
        with pytest.raises(SeError, match="already exists") as caught:
            save_secret(taken, Secret(b"PLANTED!" * 4))
        assert "PLANTED" not in str(caught.value)
    assert link.is_symlink()
    assert listing(tmp_path) == {"key": OLD.hex()}


# --- a process of its own ------------------------------------------------------------------------------------------


def in_a_process_of_its_own(function: Callable[..., Any], *arguments: object, before: tuple[str, ...] = ()) -> Any:
    """Run one of the functions below in a fresh interpreter; `before` is a command to run it through."""
    command = (*before, sys.executable, __file__, function.__name__, *map(str, arguments))
    finished = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def choose_naming(naming: str) -> None:
    if naming == "named" and HAS_TMPFILE:
        del os.O_TMPFILE  # type: ignore[attr-defined, unused-ignore]


def fork(work: Callable[[], None]) -> int:
    """Run `work` in a copy of this process, which must have one thread only."""
    process = os.fork()
    if process:
        return process
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a forked child must never return into its parent's code
        os._exit(1)


def prepared(folder: Path, *, replace: bool) -> Path:
    folder.mkdir()
    if replace:
        (folder / "out").write_bytes(OLD)
    return folder / "out"


def state_after(status: int, path: Path) -> dict[str, Any]:
    """What a dead writer left, and what is left after the next write into the same folder."""
    state = {"signal": os.WTERMSIG(status), "exit": status >> 8, "left": listing(path.parent)}
    write(path.parent / "next", NEW)
    return state | {"then": listing(path.parent)}


def die_at_each_line(folder: str, naming: str, replace: str) -> list[dict[str, Any]]:
    """Writers that die by SIGKILL before the first, second, … line of files.py that they come to."""
    choose_naming(naming)
    states: list[dict[str, Any]] = []
    while not states or states[-1]["signal"]:
        point = len(states) + 1
        path = prepared(Path(folder) / str(point), replace=bool(replace))
        process = fork(lambda path=path, point=point: write_and_die(path, point, replace=bool(replace)))  # type: ignore[misc]
        states.append(state_after(os.waitpid(process, 0)[1], path))
        shutil.rmtree(path.parent)
    return states


def write_and_die(path: Path, point: int, *, replace: bool) -> None:
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != files.__file__:
            return None
        lines += event == "line"
        if lines == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    with AtomicFile(path, replace=replace) as file:
        file.write_at(0, NEW[:10])
        file.write_at(10, NEW[10:])


def die_at_random(folder: str, naming: str, seed: str) -> list[dict[str, Any]]:
    """50 writers of a larger file that are killed from outside, somewhere behind a random number of pieces."""
    choose_naming(naming)
    dice = random.Random(seed)  # noqa: S311 - reproducible points, no secrets
    states = []
    for number in range(50):
        replace = dice.random() < 0.5
        path = prepared(Path(folder) / str(number), replace=replace)
        reading, writing = os.pipe()
        process = fork(lambda path=path, replace=replace, writing=writing: write_pieces(path, writing, replace=replace))  # type: ignore[misc]
        os.close(writing)
        for _ in range(dice.randrange(1, PIECES + 2)):
            os.read(reading, 1)
        os.kill(process, signal.SIGKILL)
        states.append({"replace": replace} | state_after(os.waitpid(process, 0)[1], path))
        os.close(reading)
        shutil.rmtree(path.parent)
    return states


PIECES = 40
PIECE = b"piece of the new content" * 200


def write_pieces(path: Path, progress: int, *, replace: bool) -> None:
    with AtomicFile(path, replace=replace) as file:
        for number in range(PIECES):
            file.write_at(number * len(PIECE), PIECE)
            os.write(progress, b".")
    os.write(progress, b"!")
    signal.pause()  # so that every writer dies by the signal


def fill_the_disk(folder: str, naming: str) -> list[Any]:
    """Write more than the disk at `folder` holds."""
    choose_naming(naming)
    path = prepared(Path(folder) / "inner", replace=True)
    found: list[Any] = []
    for expected_size in (0, 2 * MEBIBYTE):
        try:
            write(path, bytes(2 * MEBIBYTE), replace=True, expected_size=expected_size)
        except SeError as error:
            found.append(str(error))
        found.append(listing(path.parent))
    write(path, NEW, replace=True)
    found.append(listing(path.parent))
    return found


def exceed_the_limit(folder: str, naming: str) -> list[Any]:
    """Write more than this process may write into one file."""
    choose_naming(naming)
    path = prepared(Path(folder) / "inner", replace=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        write(path, bytes(4097), replace=True)
    except SeError as error:
        return [str(error), listing(path.parent)]
    return []


def be_somebody_else(folder: str, naming: str) -> dict[str, str]:
    """What an unprivileged user is told in a folder where nothing may be made, and about a file of somebody else."""
    choose_naming(naming)
    os.chdir(folder)  # the folders above may be closed to that user
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    attempts: dict[str, Callable[[], object]] = {
        "make": lambda: write(Path("read-only/new"), NEW),
        "replace": lambda: write(Path("read-only/old"), NEW, replace=True),
        "key": lambda: save_secret(Path("read-only/key"), Secret(b"k" * 32)),
        "read": lambda: read_whole(Path("closed"), 100),
        "open": lambda: open_input(Path("closed")).__enter__(),
        "enter": lambda: write(Path("no-entry/new"), NEW),
    }
    told = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except SeError as error:
            told[name] = str(error)
    return told


def write_side_by_side(folder: str, naming: str) -> list[str]:
    """Several writers into one folder at once, each its own files; what they were told."""
    choose_naming(naming)
    reading, writing = os.pipe()
    writers = [fork(lambda name=name: write_many(Path(folder), name, writing)) for name in "abc"]  # type: ignore[misc]
    os.close(writing)
    with os.fdopen(reading) as told:
        messages = told.read().splitlines()
    return messages + [f"exit {status}" for writer in writers if (status := os.waitpid(writer, 0)[1])]


def write_many(folder: Path, name: str, told: int) -> None:
    for number in range(150):
        try:
            write(folder / f"{name}{number}", NEW)
        except SeError as error:
            os.write(told, f"{error.what}\n".encode())


@pytest.mark.parametrize("replace", [False, True], ids=["new file", "replacing"])
def test_a_writer_killed_at_any_line_leaves_the_old_file_or_the_complete_new_one(
    tmp_path: Path, naming: str, *, replace: bool
) -> None:
    states = in_a_process_of_its_own(die_at_each_line, tmp_path, naming, "replace" if replace else "")
    old, new = {"out": OLD.hex()} if replace else {}, {"out": NEW.hex()}
    *killed, last = states
    assert all(state["signal"] == signal.SIGKILL for state in killed)
    assert (last["signal"], last["exit"]) == (0, 0)
    assert last["left"] == new
    for state in killed:
        visible = {name: content for name, content in state["left"].items() if not name.startswith(".")}
        assert visible in (old, new)
        assert state["then"] == visible | {"next": NEW.hex()}
    # Writers died before and after the moment that counts, and left behind what the next write had to remove.
    assert [state["left"].get("out") for state in (killed[0], killed[-1])] == [old.get("out"), NEW.hex()]
    abandoned = any(name.startswith(".") for state in killed for name in state["left"])
    assert abandoned is (naming == "named" or replace)


def test_fifty_writers_killed_at_random_leave_the_old_file_or_the_complete_new_one(tmp_path: Path, naming: str) -> None:
    complete = (PIECE * PIECES).hex()
    states = in_a_process_of_its_own(die_at_random, tmp_path, naming, f"seed of {naming}")
    assert len(states) == 50
    for state in states:
        assert state["signal"] == signal.SIGKILL
        visible = {name: content for name, content in state["left"].items() if not name.startswith(".")}
        assert visible in ({"out": OLD.hex()} if state["replace"] else {}, {"out": complete})
        assert state["then"] == visible | {"next": NEW.hex()}


def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, naming: str) -> None:
    script = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    for namespaces in (("--mount",), ("--user", "--map-root-user", "--mount")):
        before = ("unshare", *namespaces, "sh", "-c", script, str(tmp_path))
        with suppress(FileNotFoundError):
            if subprocess.run((*before, "true"), capture_output=True, check=False).returncode == 0:
                break
    else:
        pytest.skip("no small disk can be mounted here: neither as root nor in a user namespace")
    full, left, refused, left_again, then = in_a_process_of_its_own(fill_the_disk, tmp_path, naming, before=before)
    assert "out: The disk is full. Free some space" in full
    assert "2,097,152 are needed" in refused
    assert left == left_again == {"out": OLD.hex()}
    assert then == {"out": NEW.hex()}


def test_the_size_limit_of_the_process_is_told_and_leaves_the_old_file(tmp_path: Path, naming: str) -> None:
    message, left = in_a_process_of_its_own(exceed_the_limit, tmp_path, naming)
    assert "out: The file is larger than the file system or the limit of this process allows." in message
    assert left == {"out": OLD.hex()}


def test_an_unprivileged_user_is_told_what_access_is_denied(tmp_path: Path, naming: str) -> None:
    for name, mode in (("read-only", 0o555), ("no-entry", 0o000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_bytes(OLD)
        (tmp_path / name).chmod(mode)
    (tmp_path / "closed").write_bytes(OLD)
    (tmp_path / "closed").chmod(0o000)
    try:
        told = in_a_process_of_its_own(be_somebody_else, tmp_path, naming)
    finally:
        for name in ("read-only", "no-entry", "closed"):
            (tmp_path / name).chmod(0o700)
    denied = "Access is denied. Check the permissions of the file and its folder."
    places = {"make": "read-only/new", "replace": "read-only/old", "key": "read-only/key"}
    places |= {"read": "closed", "open": "closed", "enter": "no-entry/new"}
    assert told == {name: f"{place}: {denied}" for name, place in places.items()}
    assert listing(tmp_path / "read-only") == {"old": OLD.hex()}


def test_writers_side_by_side_in_one_folder_do_not_disturb_each_other(tmp_path: Path, naming: str) -> None:
    messages = in_a_process_of_its_own(write_side_by_side, tmp_path, naming)
    assert messages == []
    assert listing(tmp_path) == {f"{name}{number}": NEW.hex() for name in "abc" for number in range(150)}


# --- a file system without what others have ------------------------------------------------------------------------


def test_a_file_system_without_locks_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(fcntl, "flock", no_locks)
    with nothing_left_open():
        with suppress(SeError):
            write(tmp_path / "out", NEW)
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def without_nameless_files(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Answer as a file system does that has no O_TMPFILE."""
    real = os.open

    def refuse(path: Path, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(number, os.strerror(number))
        return real(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)


needs_tmpfile = pytest.mark.skipif(not HAS_TMPFILE, reason="this system has no O_TMPFILE")


@needs_tmpfile
@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL])
def test_a_file_system_without_nameless_files_gets_hidden_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    without_nameless_files(monkeypatch, number)
    with AtomicFile(tmp_path / "out") as file:
        file.write_at(0, NEW)
        assert [path.name.endswith(".seworkbench-part") for path in tmp_path.iterdir()] == [True]
    assert listing(tmp_path) == {"out": NEW.hex()}


@needs_tmpfile
def test_any_other_reason_against_a_nameless_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_nameless_files(monkeypatch, errno.ENOSPC)
    with nothing_left_open(), pytest.raises(SeError, match="The disk is full"):
        write(tmp_path / "out", NEW)
    assert listing(tmp_path) == {}


@needs_tmpfile
@pytest.mark.parametrize(
    "replace",
    [
        False,
        True,
    ],
)
def test_a_memory_stick_without_hard_links_can_hold_an_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replace: bool
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))  # the answer of FAT and exFAT

    without_nameless_files(monkeypatch, errno.EOPNOTSUPP)
    monkeypatch.setattr(os, "link", no_links)
    write(tmp_path / "out", NEW, replace=replace)
    assert listing(tmp_path) == {"out": NEW.hex()}


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_an_input_file_is_open_for_reading_at_any_place_and_closed_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(OLD)
    with nothing_left_open():
        with open_input(path) as stream:
            assert os.pread(stream.fileno(), 3, 4) == OLD[4:7]
            assert stream.read() == OLD
        assert stream.closed


def test_an_input_file_is_closed_after_an_exception_too(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(OLD)
    with nothing_left_open(), pytest.raises(RuntimeError), open_input(path):
        raise RuntimeError


def test_a_folder_is_no_input(tmp_path: Path) -> None:
    for read in (lambda path: open_input(path).__enter__(), lambda path: read_whole(path, 10)):
        with pytest.raises(SeError, match="This is a folder, not a file") as caught:
            read(tmp_path)
        assert caught.value.where == str(tmp_path)


def test_nothing_stays_open_after_a_folder_was_refused(tmp_path: Path) -> None:
    with nothing_left_open(), pytest.raises(SeError):
        open_input(tmp_path).__enter__()


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(pipe: Path) -> None:
    with nothing_left_open(), pytest.raises(SeError, match="not a regular file") as caught:
        open_input(pipe).__enter__()
    assert "Save the content to a file first" in caught.value.remedy


def test_a_device_of_characters_is_refused() -> None:
    with nothing_left_open(), pytest.raises(SeError, match="/dev/zero: This is not a regular file"):
        open_input(Path("/dev/zero")).__enter__()


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for read in (lambda path: open_input(path).__enter__(), lambda path: read_whole(path, 10)):
            with pytest.raises(SeError, match=r"socket: This is a socket or a device that nobody serves\."):
                read(Path("socket"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "The file does not exist"),
        ("in/deeper", "part of the path is not a folder"),
        ("loop", "too many symbolic links"),
        ("n" * 300, "name is too long"),
        ("nul\0name", "file name is not usable"),
        ("lone \ud800 surrogate", "file name is not usable"),
    ],
)
def test_an_input_that_cannot_be_opened_is_explained(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "in").write_bytes(OLD)
    (tmp_path / "loop").symlink_to("loop")
    for read in (lambda path: open_input(path).__enter__(), lambda path: read_whole(path, 10)):
        with pytest.raises(SeError, match=message) as caught:
            read(tmp_path / name)
        assert caught.value.where
        assert str(caught.value).encode()  # can be printed anywhere


@pytest.mark.parametrize(("size", "limit"), [(0, 0), (0, 5), (5, 5), (70000, 70000)])
def test_a_file_up_to_the_limit_is_read_whole(tmp_path: Path, size: int, limit: int) -> None:
    path = tmp_path / "in"
    content = bytes(range(250)) * 280
    path.write_bytes(content[:size])
    with nothing_left_open():
        assert read_whole(path, limit) == content[:size]


@pytest.mark.parametrize(("size", "limit"), [(1, 0), (6, 5), (70000, 69999)])
def test_a_file_larger_than_the_limit_is_refused(tmp_path: Path, size: int, limit: int) -> None:
    path = tmp_path / "in"
    path.write_bytes(bytes(size))
    with nothing_left_open(), pytest.raises(SeError, match=f"larger than {limit} bytes") as caught:
        read_whole(path, limit)
    assert caught.value.where == str(path)


def test_what_never_ends_is_refused_at_the_limit() -> None:
    with pytest.raises(SeError, match="larger than 100 bytes"):
        read_whole(Path("/dev/zero"), 100)


def test_a_pipe_is_read_to_its_end(pipe: Path) -> None:
    content = bytes(range(250)) * 800  # more than a pipe holds at once
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert read_whole(pipe, len(content)) == content
    writer.join()


def test_a_key_file_of_the_right_size_is_read(tmp_path: Path) -> None:
    for size in (32, 64):
        path = tmp_path / f"{size}"
        path.write_bytes(b"k" * size)
        assert read_secret(path, size, "key") == Secret(b"k" * size)


@pytest.mark.parametrize("size", [0, 31, 33, 64, 65536])
def test_a_key_file_of_the_wrong_size_is_refused_without_showing_it(tmp_path: Path, size: int) -> None:
    path = tmp_path / "key"
    path.write_bytes((b"PLANTED!" * 8192)[:size])
    said = f"{path}: The header key must be exactly 32 bytes; the file has {size}. Name the right file."
    with pytest.raises(SeError) as caught:
        read_secret(path, 32, "header key")
    # A new key opens nothing that there is: only who makes something can use one.
    assert str(caught.value) == said
    with pytest.raises(SeError) as caught:
        read_secret(path, 32, "header key", new=True)
    assert str(caught.value) == f"{said} A new key is made with: openssl rand -out NEW-FILE 32"
    assert "PLANTED" not in repr(caught.value)


def test_a_key_file_that_is_something_quite_else_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"PLANTED!" * 8193)
    with pytest.raises(SeError, match="larger than 65536 bytes") as caught:
        read_secret(path, 32, "header key")
    assert "PLANTED" not in str(caught.value)


# --- explanations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.EEXIST,
        errno.EIO,
        errno.ENODEV,
    ],
    ids=errno.errorcode.get,
)
def test_every_usual_error_of_the_system_is_explained_with_a_remedy(number: int) -> None:
    with pytest.raises(SeError) as caught, explained("some/file"):
        raise OSError(number, os.strerror(number))
    error = caught.value
    assert error.where == "some/file"
    assert error.what.endswith(".")
    assert os.strerror(number) not in error.what
    assert error.remedy.endswith(".")
    assert isinstance(error.__cause__, OSError)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOLCK, "No locks available"), "some/file: No locks available."),
        (OSError("quite unusual"), "some/file: quite unusual."),
    ],
)
def test_any_other_error_of_the_system_is_told_in_its_own_words(error: OSError, message: str) -> None:
    with pytest.raises(SeError) as caught, explained("some/file"):
        raise error
    assert str(caught.value) == message


def test_errors_that_are_already_explained_and_those_of_the_program_pass_unchanged() -> None:
    for error in (SeError("Already said.", where="elsewhere"), RuntimeError("a defect")):
        with pytest.raises(type(error)) as caught, explained("some/file"):
            raise error
        assert caught.value is error


if __name__ == "__main__":
    json.dump(globals()[sys.argv[1]](*sys.argv[2:]), sys.stdout)
