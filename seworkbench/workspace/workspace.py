"""A workspace: one file that keeps what is known between runs (resources/help/workspace.md).

Everything in it is public: certificates, revocation lists, verdicts, records. Keys have no place in it.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Self

from seworkbench.errors import SeError
from seworkbench.files import AtomicFile, explained
from seworkbench.workspace.audit import AuditTrail
from seworkbench.workspace.cases import AttestationCases, SeenRequests
from seworkbench.workspace.crl_cache import CrlCache
from seworkbench.workspace.images import Images
from seworkbench.workspace.machines import Machines
from seworkbench.workspace.objects import ImportedObjects
from seworkbench.workspace.places import SUFFIX
from seworkbench.workspace.store import create_file, memory_store, open_file
from seworkbench.workspace.verdicts import Verdicts

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from seworkbench.workspace.store import Store

# The folder above the files tells which workspaces there are.
_FOLDER_MODE = 0o700
_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class Workspace:
    """An open workspace. Any thread may use it, and other programs may have it open too.

    Use it as a context manager, or `close()` it.

    Args:
        store: the file.
        path: where the file is; None if there is none.
        notice: why nothing is kept, for the user; empty if everything is.
    """

    def __init__(self, store: Store, path: Path | None, notice: str = "") -> None:
        self._store = store
        self.path = path
        self.notice = notice
        self.objects = ImportedObjects(store)
        self.crls = CrlCache(store)
        self.machines = Machines(store)
        self.verdicts = Verdicts(store)
        self.images = Images(store)
        self.cases = AttestationCases(store)
        self.requests = SeenRequests(store)
        self.audit = AuditTrail(store)

    @property
    def name(self) -> str:
        """How it is called: its file without the ending."""
        return self.path.name.removesuffix(SUFFIX) if self.path else "not kept"

    @property
    def kept(self) -> bool:
        """Whether changes are there the next time."""
        return not self.notice

    def save_copy(self, path: Path, *, replace: bool = False) -> None:
        """Write a copy of everything as of now.

        Args:
            path: the copy, a workspace file like any other.
            replace: whether an existing file may be replaced.

        Raises:
            SeError: if it cannot be written.
        """
        content = self._store.copy()
        with AtomicFile(path, replace=replace, expected_size=len(content)) as file:
            file.write_at(0, content)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_workspace(path: Path) -> Workspace:
    """Open a workspace; one that does not exist is made, with its folder.

    Where access is denied or the disk is read-only it works in memory, on top of what can be read; `notice` says so.

    Args:
        path: its file; see `seworkbench.workspace.places.workspace_path`.

    Raises:
        SeError: if the file is no workspace, is damaged, or was made by a newer version; it is not changed then.
    """
    try:
        with explained(path):
            exists = path.exists()
        if not exists:
            _make(path)
        return Workspace(open_file(path), path)
    except SeError as error:
        if not _is_denied(error):
            raise
        return _in_memory(path, error)


def temporary_workspace() -> Workspace:
    """A workspace in memory, for work that is not to be kept."""
    return Workspace(memory_store("workspace in memory"), None, "This workspace is not kept.")


def _make(path: Path) -> None:
    with explained(path.parent):
        path.parent.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
    try:
        with explained(path):
            create_file(path)
    except SeError as error:
        # Another program was faster; what it made is whole.
        if not isinstance(error.__cause__, FileExistsError):
            raise


def _is_denied(error: SeError) -> bool:
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorname", "")
    return getattr(cause, "errno", None) in _NOT_WRITABLE or code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))


def _in_memory(path: Path, error: SeError) -> Workspace:
    notice = f"Nothing is kept in {path}. {error.what} Changes are gone when the program ends."
    try:
        exists = path.exists()
    except OSError:
        exists = False
    return Workspace(memory_store(str(path), path if exists else None), path, notice)
