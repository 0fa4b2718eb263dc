"""A folder of the program: kept as long as its process lives, removed later if that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from seworkbench.ui.own_folder import OwnFolder, remove_left_behind

PREFIX = "seworkbench-test-"
_PROGRAM = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from seworkbench.ui.own_folder import OwnFolder
own = OwnFolder("seworkbench-test-")
(own.path / "demonstration").mkdir()
(own.path / "demonstration" / "guest.img").write_bytes(b"image")
print(own.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


def made_long_ago(path: Path) -> Path:
    """Such a folder, made yesterday, without a lock."""
    path.mkdir(mode=0o700)
    yesterday = time.time() - 86_400
    os.utime(path, (yesterday, yesterday))
    return path


def test_the_folder_is_this_users_alone_and_goes_with_everything_in_it(place: Path) -> None:
    own = OwnFolder(PREFIX)
    assert own.path.parent == place
    assert own.path.stat().st_mode & 0o777 == 0o700
    (own.path / "demonstration").mkdir()
    own.remove()
    own.remove()
    assert list(place.iterdir()) == []


def test_it_goes_with_a_program_that_ends_without_removing_it(place: Path) -> None:
    program = [sys.executable, "-c", _PROGRAM, str(place)]
    done = subprocess.run(program, input="", capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(place / PREFIX))
    assert list(place.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        folder = Path(program.stdout.readline().strip())
        mine = OwnFolder(PREFIX)
        assert remove_left_behind(PREFIX) == []
        assert (folder / "demonstration" / "guest.img").exists()
        program.kill()
        program.wait()
    assert remove_left_behind(PREFIX) == [folder]
    assert list(place.iterdir()) == [mine.path]
    mine.remove()


def test_a_folder_without_a_lock_is_removed_unless_it_was_made_just_now(place: Path) -> None:
    old = made_long_ago(place / f"{PREFIX}old")
    (place / f"{PREFIX}new").mkdir(mode=0o700)
    assert remove_left_behind(PREFIX) == [old]
    assert [path.name for path in place.iterdir()] == [f"{PREFIX}new"]


def test_nothing_else_is_removed_and_no_link_is_followed(place: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (place / f"{PREFIX}link").symlink_to(precious)
    (place / f"{PREFIX}file").touch()
    open_to_others = made_long_ago(place / f"{PREFIX}open")
    open_to_others.chmod(0o755)
    made_long_ago(place / "another-program")
    with_link = made_long_ago(place / f"{PREFIX}with-link")
    (with_link / "inside").symlink_to(precious)
    odd = made_long_ago(place / f"{PREFIX}odd")
    (odd / "lock").symlink_to(precious / "file")
    yesterday = time.time() - 86_400
    os.utime(with_link, (yesterday, yesterday))
    assert remove_left_behind(PREFIX) == [with_link]
    assert (precious / "file").exists()
    assert len(list(place.iterdir())) == 5


def test_the_folder_of_another_user_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made_long_ago(place / f"{PREFIX}theirs")
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    assert remove_left_behind(PREFIX) == []


def test_a_place_that_cannot_be_read_is_none_of_its_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert remove_left_behind(PREFIX) == []


def test_a_folder_is_made_and_looked_for_where_it_is_wanted(tmp_path: Path) -> None:
    own = OwnFolder(PREFIX, tmp_path)
    assert own.path.parent == tmp_path
    old = made_long_ago(tmp_path / f"{PREFIX}old")
    made_long_ago(tmp_path / "seworkbench-other-old")
    assert remove_left_behind(PREFIX, tmp_path) == [old]
    own.remove()
