"""The SQLite file under a workspace: opened with suspicion, changed in transactions, explained when it fails.

new file      made whole in memory and put under its name at once, so a name never leads to half a workspace
every open    application id, version, integrity check, and the tables are exactly ours; otherwise it is left alone
every change  one transaction on the disk (WAL, full sync): kill -9 loses what was not finished, and nothing else
two programs  wait for each other for a few seconds
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from seworkbench.errors import SeError
from seworkbench.files import AtomicFile, explained
from seworkbench.workspace.records import plain_text
from seworkbench.workspace.schema import APPLICATION_ID, MIGRATIONS, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_Row = TypeVar("_Row")

# How long one program waits for another, in seconds.
_PATIENCE = 5.0
# The head of an SQLite file: https://www.sqlite.org/fileformat2.html#the_database_header
_MAGIC = b"SQLite format 3\0"
_HEAD_SIZE = 100
_JOURNAL_MODE = slice(18, 20)
_WAL = b"\x02\x02"
_APPLICATION_ID = slice(68, 72)

_KEEP = "Nothing in it was changed. Move it away to begin a new one, or put a copy of it in its place."
_OTHER = "It was left alone. Choose another name for the workspace."


class Store:
    """An open workspace file. Any thread may use it; one change runs at a time.

    Args:
        connection: the database.
        where: how the file is called in messages.
    """

    def __init__(self, connection: sqlite3.Connection, where: str) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self.where = where

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One transaction: it happens as a whole or not at all.

        Raises:
            SeError: if the file cannot be changed.
        """
        with self._lock, explained_database(self.where):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Change(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                # After some errors (disk full) SQLite has rolled back already.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, make: Callable[[sqlite3.Row], _Row], query: str, *values: Any) -> tuple[_Row, ...]:
        """The rows of a query, each made into a value.

        Raises:
            SeError: if the file cannot be read, or holds something that is none.
        """
        with self._lock, explained_database(self.where):
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            found = cursor.execute(query, values).fetchall()
        try:
            return tuple(make(row) for row in found)
        except (ValueError, KeyError, TypeError) as error:
            raise SeError("An entry of the workspace is damaged.", where=self.where, remedy=_KEEP) from error

    def copy(self) -> bytes:
        """The whole file as of now."""
        with self._lock, explained_database(self.where):
            return self._connection.serialize()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()


class Change:
    """A transaction at work.

    Args:
        connection: the database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement."""
        plain = [plain_text(value) if isinstance(value, str) else value for value in values]
        return self._connection.execute(statement, plain)


def create_file(path: Path) -> None:
    """Make an empty workspace file, mode 0600.

    Raises:
        SeError: if it cannot be made; FileExistsError is behind it if there is one.
    """
    with memory_database() as connection:
        content = bytearray(connection.serialize())
    # In WAL mode from the start: switching needs the file for oneself, and whoever opens it at that moment would fail.
    content[_JOURNAL_MODE] = _WAL
    with AtomicFile(path) as file:
        file.write_at(0, content)


@contextmanager
def memory_database() -> Iterator[sqlite3.Connection]:
    """An empty workspace in memory; closed at the end."""
    connection = _connect(":memory:")
    try:
        migrate(connection)
        yield connection
    finally:
        connection.close()


def memory_store(where: str, path: Path | None = None) -> Store:
    """A workspace in memory only: what is changed in it is gone when the program ends.

    Args:
        where: how it is called in messages.
        path: a workspace file to begin with; it is only read.

    Raises:
        SeError: if that file is none, is damaged, or cannot be read.
    """
    connection = _connect(":memory:")
    with explained_database(where), _closed_on_error(connection):
        if path is None:
            migrate(connection)
        else:
            require_workspace_file(path)
            _load(connection, path)
            _judge(connection, where)
    return Store(connection, where)


def _load(connection: sqlite3.Connection, path: Path) -> None:
    """Read a file into memory, as far as possible with what others have written beside it and not yet put into it."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    for attempt in (uri, f"{uri}&immutable=1"):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(attempt, uri=True)) as source:
            source.backup(connection)
            return
    raise SeError("The workspace cannot be read.", where=str(path), remedy="Check the permissions of the file.")


def open_file(path: Path) -> Store:
    """Open a workspace file for reading and changing.

    Raises:
        SeError: if it is none, is damaged, was made by a newer version, or cannot be opened; it is not changed then.
    """
    where = str(path)
    require_workspace_file(path)
    with explained_database(where):
        connection = _connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True)
        with _closed_on_error(connection):
            _judge(connection, where)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
    return Store(connection, where)


def require_workspace_file(path: Path) -> None:
    """Look at the head of a file, without SQLite, which might repair what is not ours.

    Raises:
        SeError: if it cannot be read or is no workspace file.
    """
    with explained(path), path.open("rb") as stream:
        head = stream.read(_HEAD_SIZE)
    marked = int.from_bytes(head[_APPLICATION_ID], "big") == APPLICATION_ID
    if len(head) < _HEAD_SIZE or not head.startswith(_MAGIC) or not marked:
        what = "This file is empty, not a workspace." if not head else "This file is not a workspace."
        raise SeError(what, where=str(path), remedy=_OTHER)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date; several programs may try at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in MIGRATIONS[_number(connection, "user_version") :]:
            for statement in statements(migration):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained_database(where: str) -> Iterator[None]:
    """Turn what SQLite reports about a file into an SeError that a user can act on."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise SeError("The workspace is damaged.", where=where, remedy=_KEEP) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF == sqlite3.SQLITE_CONSTRAINT or code == sqlite3.SQLITE_ERROR:
            raise  # a defect of ours
        what, remedy = _EXPLANATIONS.get(code & 0xFF, (f"The workspace cannot be used: {error}.", _KEEP))
        raise SeError(what, where=where, remedy=remedy) from error


_EXPLANATIONS = {
    sqlite3.SQLITE_BUSY: (
        "Another program is changing the workspace and does not finish.",
        "Try again, or close the other one.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The workspace cannot be changed: access is denied.",
        "Check the permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The workspace cannot be opened.",
        "Check the permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_FULL: ("The disk is full.", "Free some space; nothing was changed."),
    sqlite3.SQLITE_IOERR: ("The disk reported an input/output error.", "Check the disk; nothing was changed."),
    sqlite3.SQLITE_CORRUPT: ("The workspace is damaged.", _KEEP),
    sqlite3.SQLITE_NOTADB: ("The workspace is damaged.", _KEEP),
}


def _connect(name: str, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, uri=uri)
    # The library's own way reports damaged text as if the statement were wrong.
    connection.text_factory = bytes.decode
    connection.execute("PRAGMA foreign_keys = ON")
    # What stands in the file is data: no function of SQLite runs because the file says so.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _judge(connection: sqlite3.Connection, where: str) -> None:
    if _number(connection, "application_id") != APPLICATION_ID:
        raise SeError("This file is not a workspace.", where=where, remedy=_OTHER)
    version = _number(connection, "user_version")
    if version > len(MIGRATIONS):
        raise SeError(
            f"The workspace has version {version}; this program knows versions up to {len(MIGRATIONS)}.",
            where=where,
            remedy="Use a newer version of the program. The file was left alone.",
        )
    if version < 1 or not _is_whole(connection):
        raise SeError("The workspace is damaged.", where=where, remedy=_KEEP)
    if version < len(MIGRATIONS):
        migrate(connection)
    with memory_database() as model:
        if _tables(connection) != _tables(model):
            raise SeError("The tables of this file are not those of a workspace.", where=where, remedy=_KEEP)


def _is_whole(connection: sqlite3.Connection) -> bool:
    """Reads every page: a damaged file is found now, not in the middle of something."""
    try:
        return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError as error:
        # Damage of the file's head is reported as if the statement were wrong.
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return False


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> set[tuple[Any, ...]]:
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return {row for row in found if row[1] != "sqlite_stat1"}
