"""The file of a workspace: made whole, opened with suspicion, never overwritten, shared, and safe against any end."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.workspace import schema, store
from seworkbench.workspace.places import SUFFIX, workspace_folder, workspace_names, workspace_path
from seworkbench.workspace.workspace import Workspace, open_workspace, temporary_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def phkh(number: int) -> str:
    return f"{number:064x}"


def name_machines(workspace: Workspace, *numbers: int) -> None:
    for number in numbers:
        workspace.machines.describe(phkh(number), name=f"machine {number}", at=NOW)


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


# --- Making and opening -----------------------------------------------------------------------------------------------


def test_a_new_workspace_is_made_with_its_folder_and_belongs_to_its_user_alone(
    workspace: Workspace, path: Path
) -> None:
    name_machines(workspace, 1)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in path.parent.iterdir()} == {"work.sewb", "work.sewb-wal", "work.sewb-shm"}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in path.parent.iterdir())
    assert (workspace.name, workspace.kept, workspace.notice) == ("work", True, "")


def test_what_was_kept_is_there_the_next_time_and_only_one_file_is_left(path: Path) -> None:
    with open_workspace(path) as workspace:
        name_machines(workspace, 1)
    assert [file.name for file in path.parent.iterdir()] == ["work.sewb"]
    with open_workspace(path) as workspace:
        assert list(workspace.machines.all()) == [phkh(1)]


def test_closing_twice_is_fine(workspace: Workspace) -> None:
    workspace.close()
    workspace.close()


def test_making_one_leaves_nothing_half_done_when_the_folder_is_not_usable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SeError):
        open_workspace(tmp_path / "file" / "work.sewb")
    with pytest.raises(SeError):
        open_workspace(tmp_path)


def test_two_programs_that_make_the_same_workspace_at_once_both_get_it(path: Path) -> None:
    opened: list[Workspace] = []
    barrier = threading.Barrier(4)

    def make(number: int) -> None:
        barrier.wait()
        workspace = open_workspace(path)
        opened.append(workspace)
        name_machines(workspace, number)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert all(len(workspace.machines.all()) == 4 for workspace in opened)
    for workspace in opened:
        workspace.close()


# --- What is no workspace ---------------------------------------------------------------------------------------------


def foreign_database(path: Path) -> None:
    execute(path, "PRAGMA journal_mode = WAL", "CREATE TABLE bookmarks (url TEXT)")


def damaged(path: Path) -> None:
    with open_workspace(path) as workspace:
        name_machines(workspace, *range(50))
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(byte ^ 0x55 for byte in content[4096:])
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    open_workspace(path).close()
    path.write_bytes(path.read_bytes()[:5000])


def newer(path: Path) -> None:
    open_workspace(path).close()
    execute(path, "PRAGMA user_version = 99")


def without_trigger(path: Path) -> None:
    open_workspace(path).close()
    execute(path, "DROP TRIGGER audit_is_not_edited")


def with_a_trap(path: Path) -> None:
    open_workspace(path).close()
    execute(path, "CREATE TRIGGER trap AFTER INSERT ON machine BEGIN DELETE FROM trust_object; END")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b""), "This file is empty, not a workspace."),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "This file is not a workspace."),
        (lambda path: path.write_text("my notes" * 100), "This file is not a workspace."),
        (foreign_database, "This file is not a workspace."),
        (damaged, "The workspace is damaged."),
        (cut_off, "The workspace is damaged."),
        (newer, "The workspace has version 99; this program knows versions up to 1."),
        (without_trigger, "The tables of this file are not those of a workspace."),
        (with_a_trap, "The tables of this file are not those of a workspace."),
    ],
    ids=["empty", "head only", "text", "foreign", "damaged", "cut off", "newer", "trigger gone", "trigger added"],
)
def test_a_file_that_is_no_good_workspace_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "work.sewb"
    make(path)
    before = path.read_bytes()
    with pytest.raises(SeError) as caught:
        open_workspace(path)
    assert caught.value.what == said
    assert caught.value.where == str(path)
    assert caught.value.remedy
    assert path.read_bytes() == before


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=20), st.booleans())
def test_any_damage_gives_a_workspace_or_an_error_with_a_remedy(
    tmp_path: Path, flips: list[tuple[int, int]], everywhere: bool
) -> None:
    path = tmp_path / "work.sewb"
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    with open_workspace(path) as workspace:
        name_machines(workspace, *range(5))
    content = bytearray(path.read_bytes())
    for place, mask in flips:
        content[place % (len(content) if everywhere else 4096)] ^= mask
    path.write_bytes(content)
    try:
        with open_workspace(path) as workspace:
            workspace.machines.all()
            workspace.audit.verify()
            name_machines(workspace, 7)
    except SeError as error:
        assert error.remedy  # noqa: PT017 - no error is fine too


def test_an_entry_that_is_damaged_in_itself_is_an_error_with_a_remedy(path: Path) -> None:
    with open_workspace(path) as workspace:
        name_machines(workspace, 1)
    for statement in (
        "UPDATE machine SET changed_at = 'soon'",
        "UPDATE machine SET changed_at = '2026-11-01T12:00:00'",
    ):
        execute(path, statement)
        with open_workspace(path) as workspace, pytest.raises(SeError, match="An entry of the workspace is damaged"):
            workspace.machines.all()


# --- Older and newer --------------------------------------------------------------------------------------------------


def test_an_older_workspace_is_brought_up_to_date_with_everything_in_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workspace(path) as workspace:
        name_machines(workspace, 1)
    more = "ALTER TABLE machine ADD COLUMN owner TEXT NOT NULL DEFAULT '';\nCREATE TABLE extra (x INTEGER) STRICT;\n"
    monkeypatch.setattr(store, "MIGRATIONS", (*schema.MIGRATIONS, more))
    with open_workspace(path) as workspace:
        assert list(workspace.machines.all()) == [phkh(1)]
    with open_workspace(path):
        pass
    monkeypatch.undo()
    with pytest.raises(SeError, match="version 2"):
        open_workspace(path)


def test_an_update_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_workspace(path) as workspace:
        name_machines(workspace, 1)
    broken = "CREATE TABLE extra (x INTEGER) STRICT;\nCREATE TABLE extra (x INTEGER) STRICT;\n"
    monkeypatch.setattr(store, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(sqlite3.OperationalError):
        open_workspace(path)
    monkeypatch.undo()
    with open_workspace(path) as workspace:
        assert list(workspace.machines.all()) == [phkh(1)]


# --- Access -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach."""
    folder = Path(tempfile.mkdtemp(prefix="seworkbench-workspace-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Permissions bind whoever is not root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def prepare_read_only(folder: Path) -> Path:
    path = folder / "work.sewb"
    with open_workspace(path) as workspace:
        name_machines(workspace, 1)
    path.chmod(0o444)
    folder.chmod(0o555)
    return path


@pytest.fixture
def read_only_file(open_folder: Path) -> Iterator[Path]:
    yield prepare_read_only(open_folder)
    open_folder.chmod(0o755)


@pytest.mark.usefixtures("as_nobody")
class TestWhereNothingMayBeWritten:
    @pytest.fixture(autouse=True)
    def _first(self, read_only_file: Path, as_nobody: None) -> None:  # noqa: ARG002 - their order matters
        self.path = read_only_file

    def test_the_workspace_is_read_and_changes_are_not_kept(self) -> None:
        before = self.path.read_bytes()
        with open_workspace(self.path) as workspace:
            assert not workspace.kept
            assert "Nothing is kept" in workspace.notice
            assert str(self.path) in workspace.notice
            name_machines(workspace, 2)
            assert list(workspace.machines.all()) == [phkh(1), phkh(2)]
            assert workspace.audit.verify().verdict is Verdict.PASSED
        assert self.path.read_bytes() == before
        assert [file.name for file in self.path.parent.iterdir()] == ["work.sewb"]

    def test_a_new_workspace_works_in_memory(self) -> None:
        with open_workspace(self.path.with_name("new.sewb")) as workspace:
            assert not workspace.kept
            name_machines(workspace, 2)
            assert list(workspace.machines.all()) == [phkh(2)]
        with open_workspace(self.path.parent / "folder" / "new.sewb") as workspace:
            assert not workspace.kept

    def test_a_file_that_is_no_workspace_is_still_refused(self) -> None:
        with pytest.raises(SeError, match="not a workspace"):
            open_workspace(Path("/etc/passwd"))


def test_a_file_that_may_not_be_read_leaves_an_error(open_folder: Path, request: pytest.FixtureRequest) -> None:
    path = open_folder / "work.sewb"
    open_workspace(path).close()
    path.chmod(0)
    request.getfixturevalue("as_nobody")
    with pytest.raises(SeError, match="Access is denied"):
        open_workspace(path)


def test_a_read_only_disk_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("seworkbench.workspace.workspace.create_file", refuse)
    with open_workspace(path) as workspace:
        assert "The file system is read-only." in workspace.notice


def test_a_full_disk_is_an_error_and_undoes_the_change(workspace: Workspace) -> None:
    workspace._store._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(SeError, match="The disk is full"):
        workspace.machines.describe(phkh(1), name="x" * 1_000_000, at=NOW)
    assert workspace.machines.all() == {}
    assert workspace.audit.entries() == ()


# --- Several at once, and the end at any moment -----------------------------------------------------------------------


def test_what_one_program_keeps_the_other_sees(workspace: Workspace, path: Path) -> None:
    with open_workspace(path) as other:
        assert other.machines.all() == {}
        name_machines(workspace, 1)
        assert list(other.machines.all()) == [phkh(1)]


def test_a_program_that_waits_too_long_says_so_and_changes_nothing(
    workspace: Workspace, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_PATIENCE", 0.05)
    with open_workspace(path) as other, workspace._store.change(), pytest.raises(SeError, match="Another program"):
        name_machines(other, 1)
    assert workspace.machines.all() == {}


def test_a_change_that_fails_in_the_middle_leaves_nothing(workspace: Workspace) -> None:
    def interrupted() -> None:
        with workspace._store.change() as change:
            change.run("INSERT INTO machine VALUES (?, 'x', '', ?)", phkh(1), "2026-11-01T12:00:00+00:00")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert workspace.machines.all() == {}
    name_machines(workspace, 2)


def test_threads_share_a_workspace(workspace: Workspace) -> None:
    def write(begin: int) -> None:
        name_machines(workspace, *range(begin, begin + 10))
        workspace.machines.all()

    threads = [threading.Thread(target=write, args=(10 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(workspace.machines.all()) == 40
    assert workspace.audit.verify().verdict is Verdict.PASSED


_WRITER = """
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from seworkbench.workspace.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]))
begin = int(sys.argv[2])
for number in range(begin, begin + 100000):
    workspace.machines.describe(f"{number:064x}", name=str(number), at=datetime.now(UTC))
    print(number, flush=True)
    time.sleep(0.005)  # as SQLite has no queue, whoever writes without a pause lets nobody else in
"""


def test_killing_two_writers_loses_nothing_that_was_finished(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), str(begin)], stdout=subprocess.PIPE, text=True)
        for begin in (0, 1_000_000)
    ]
    finished: list[int] = []
    for writer in writers:
        assert writer.stdout is not None
        finished += [int(writer.stdout.readline()) for _ in range(15)]
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    for writer in writers:
        assert writer.stdout is not None
        finished += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        writer.stdout.close()
        writer.wait()
    with open_workspace(path) as workspace:
        machines = workspace.machines.all()
        assert set(map(phkh, finished)) <= set(machines)
        # At most one each was finished and could not say so any more.
        assert len(machines) <= len(finished) + 2
        assert len(workspace.audit.entries()) == len(machines)
        assert workspace.audit.verify().verdict is Verdict.PASSED


# --- Copies and names -------------------------------------------------------------------------------------------------


def test_a_copy_is_a_workspace_with_everything_in_it(workspace: Workspace, tmp_path: Path) -> None:
    name_machines(workspace, 1, 2)
    copy = tmp_path / "copy.sewb"
    workspace.save_copy(copy)
    with open_workspace(copy) as other:
        assert other.machines.all() == workspace.machines.all()
    with pytest.raises(SeError, match="already exists"):
        workspace.save_copy(copy)
    workspace.save_copy(copy, replace=True)


def test_a_temporary_workspace_says_that_it_is_not_kept(tmp_path: Path) -> None:
    with temporary_workspace() as workspace:
        name_machines(workspace, 1)
        assert (workspace.name, workspace.kept, workspace.path) == ("not kept", False, None)
        workspace.save_copy(tmp_path / "copy.sewb")
    with open_workspace(tmp_path / "copy.sewb") as kept:
        assert list(kept.machines.all()) == [phkh(1)]


def test_names_lie_in_the_users_data_folder_and_paths_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert workspace_path() == tmp_path / "seworkbench" / "workspaces" / f"default{SUFFIX}"
    assert workspace_path("payroll prod.2") == workspace_folder() / "payroll prod.2.sewb"
    assert workspace_path("./x") == Path("x")
    assert workspace_path("x.sewb") == Path("x.sewb")
    assert workspace_names() == ()
    for name in ("b", "a"):
        open_workspace(workspace_path(name)).close()
    (workspace_folder() / "other.txt").touch()
    assert workspace_names() == ("a", "b")


@pytest.mark.parametrize("name", ["", " ", ".hidden", "a\nb", "a\0b", "-x", "x.", "ü", "a" * 65, "a:b", "..", "$(x)"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(SeError, match="no usable name"):
        workspace_path(name)
