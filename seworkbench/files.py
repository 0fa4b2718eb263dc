"""Reading input files with clear errors, and writing output files whole or not at all.

An output file exists under its name only when it is complete and on the disk. While it is being written it has no name
at all (O_TMPFILE) where the file system can do that, so even SIGKILL leaves nothing behind; elsewhere it has a hidden
name that is locked by its writer, and any later write into the same folder removes those whose writer is gone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from seworkbench.errors import SeError
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import FileIO
    from pathlib import Path
    from types import TracebackType

PRIVATE = 0o600
_PART_SUFFIX = ".seworkbench-part"

_EXPLANATIONS = {
    errno.ENOENT: ("The file does not exist.", "Check the name."),
    errno.ENOTDIR: ("A part of the path is not a folder.", "Check the name."),
    errno.EISDIR: ("This is a folder, not a file.", "Name a file."),
    errno.EACCES: ("Access is denied.", "Check the permissions of the file and its folder."),
    errno.EPERM: ("The operation is not permitted.", "Check the permissions of the file and its folder."),
    errno.EROFS: ("The file system is read-only.", "Choose another folder."),
    errno.ENOSPC: ("The disk is full.", "Free some space or choose another folder."),
    errno.EDQUOT: ("The disk quota is used up.", "Free some space or choose another folder."),
    errno.EFBIG: ("The file is larger than the file system or the limit of this process allows.", "Raise the limit."),
    errno.ENAMETOOLONG: ("The name is too long.", "Choose a shorter name."),
    errno.ELOOP: ("The path has too many symbolic links.", "Name the file itself."),
    errno.EEXIST: ("The file already exists.", "Choose another name, or remove it first."),
    errno.EIO: ("The device reported an input/output error.", "Check the disk; try another folder."),
    errno.ENXIO: ("This is a socket or a device that nobody serves.", "Name a file."),
    errno.ENODEV: ("The device is gone.", "Check that it is still connected."),
}


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn an OSError about `path` into an SeError that a user can act on."""
    try:
        yield
    except OSError as error:
        what, remedy = _EXPLANATIONS.get(error.errno or 0, (f"{error.strerror or error}.", ""))
        raise SeError(what, where=str(path), remedy=remedy) from error
    except ValueError as error:  # a NUL character in the path
        raise SeError("The file name is not usable.", where=repr(str(path)), remedy="Check the name.") from error


@contextmanager
def open_input(path: Path) -> Iterator[FileIO]:
    """Open a regular file (or block device) for unbuffered reading; its size and any offset are reachable.

    Raises:
        SeError: if it cannot be opened or is a folder, pipe or socket.
    """
    with explained(path):
        # Non-blocking: opening a pipe that nobody writes to must not hang.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise SeError("This is a folder, not a file.", where=str(path), remedy="Name a file.")
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
            raise SeError(
                "This is not a regular file.", where=str(path), remedy="Save the content to a file first and name that."
            )
        with os.fdopen(handle, "rb", buffering=0, closefd=False) as stream:
            yield stream
    finally:
        os.close(handle)


def read_whole(path: Path, limit: int) -> bytes:
    """Read a small file, a pipe included (`--hdr-key <(…)`).

    Args:
        path: the file.
        limit: largest size accepted, in bytes.

    Raises:
        SeError: if it cannot be read or is larger.
    """
    with explained(path), path.open("rb", buffering=0) as stream:
        content = bytearray()
        while piece := stream.read(limit + 1 - len(content)):
            content += piece
    if len(content) > limit:
        raise SeError(
            f"The file is larger than {limit} bytes.", where=str(path), remedy="Check that it is the right file."
        )
    return bytes(content)


def read_secret(path: Path, size: int, name: str, *, new: bool = False) -> Secret:
    """Read a key file of exactly `size` bytes.

    Args:
        path: the key file: raw bytes.
        size: its exact size in bytes.
        name: what the key is called, for the error.
        new: whether a key made just now would do, as it does for something to be made; the error then says how.

    Raises:
        SeError: if it cannot be read or has another size.
    """
    content = read_whole(path, limit=max(size, 1 << 16))
    if len(content) != size:
        raise SeError(
            f"The {name} must be exactly {size} bytes; the file has {len(content)}.",
            where=str(path),
            remedy="Name the right file."
            + (f" A new key is made with: openssl rand -out NEW-FILE {size}" if new else ""),
        )
    return Secret(content)


def refuse_own_input(output: Path, inputs: Iterable[Path]) -> None:
    """Refuse to write over something that is read, by whatever name: both would be lost.

    Raises:
        SeError: if the output is one of the inputs.
    """
    for path in inputs:
        with suppress(OSError, ValueError):
            if path.samefile(output):
                raise SeError(
                    "The output is one of the inputs; it would be replaced.",
                    where=str(output),
                    remedy="Choose another name.",
                )


def refuse_taken(path: Path, *, replace: bool = False) -> None:
    """Refuse the name of an output that `AtomicFile` would refuse, before any work is done.

    Args:
        path: the name.
        replace: whether an existing file may be replaced.

    Raises:
        SeError: if there is a folder, a device or a pipe, or a file that may not be replaced.
    """
    with explained(path):
        _refuse_taken(path, replace=replace)


def _refuse_taken(path: Path, *, replace: bool) -> None:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.path.lexists(path):
        return
    if not _is_file(path):
        raise SeError(
            "This is a device, pipe or socket; a file would take its place.", where=str(path), remedy="Name a file."
        )
    if not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _is_file(path: Path) -> bool:
    """Whether what has this name is a file, or a link that is none to a device, pipe, socket or standard stream."""
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode):
        return stat.S_ISREG(mode)
    # /dev/stdout is a link into /proc, even where it leads on to a file.
    return not path.readlink().is_relative_to("/proc") and (not path.exists() or path.is_file())


class AtomicFile:
    """A new file that appears under its name complete, or not at all.

    Use as a context manager: leaving it normally makes the file durable and gives it its name; leaving it by an
    exception leaves nothing. A symbolic link is never followed: with `replace` the link itself is replaced.

    Args:
        path: the name it will have.
        replace: whether an existing file may be replaced.
        mode: permission bits, independent of the umask.
        expected_size: bytes that will be written, to refuse early when the disk has not enough room; 0 if unknown.
    """

    def __init__(self, path: Path, *, replace: bool = False, mode: int = PRIVATE, expected_size: int = 0) -> None:
        self.path = path
        self._replace = replace
        self._mode = mode
        self._expected_size = expected_size
        self._part: Path | None = None
        self._fd = -1
        self._was_there = False
        self._named = False

    def __enter__(self) -> Self:
        with explained(self.path):
            try:
                self.path.parent.stat()
            except FileNotFoundError:
                folder = str(self.path.parent)
                raise SeError("The folder does not exist.", where=folder, remedy="Make it first.") from None
            _refuse_taken(self.path, replace=self._replace)
            _sweep(self.path.parent)
            self._refuse_lack_of_room()
            self._fd = self._open()
        return self

    def write_at(self, offset: int, content: bytes | bytearray | memoryview) -> None:
        """Write all of `content` at the byte offset `offset`; gaps read as zeros."""
        view = memoryview(content).cast("B")
        with explained(self.path):
            while view:
                written = os.pwrite(self._fd, view, offset)
                view = view[written:]
                offset += written

    def read_into(self, offset: int, view: memoryview) -> int:
        """Read back from `offset` on, until `view` is full or the file ends; returns the number of bytes read."""
        done = 0
        with explained(self.path):
            while done < len(view) and (got := os.preadv(self._fd, [view[done:]], offset + done)):
                done += got
        return done

    def sync(self) -> None:
        """Bring what was written to the disk now, so that leaving has only the name left to give."""
        with explained(self.path):
            os.fsync(self._fd)

    def withdraw(self) -> None:
        """Take back the name that leaving gave, unless an older file had it: then there is nothing to go back to."""
        if self._named and not self._was_there:
            with suppress(OSError):
                self.path.unlink()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with explained(self.path):
                    self._was_there = os.path.lexists(self.path)
                    self._commit()
                    self._named = True
        finally:
            os.close(self._fd)
            if self._part is not None:
                with suppress(OSError):
                    self._part.unlink()

    def _refuse_lack_of_room(self) -> None:
        room = os.statvfs(self.path.parent)
        free = room.f_bavail * room.f_frsize
        # Some file systems count no blocks at all; that says nothing.
        if room.f_blocks and self._expected_size > free:
            raise SeError(
                f"The disk has {free:,} bytes left; {self._expected_size:,} are needed.",
                where=str(self.path),
                remedy="Free some space or choose another folder.",
            )

    def _open(self) -> int:
        nameless = getattr(os, "O_TMPFILE", 0)
        if nameless and os.path.isdir("/proc/self/fd"):  # noqa: PTH112 - a probe, no path work
            try:
                fd = os.open(self.path.parent, nameless | os.O_RDWR | os.O_CLOEXEC, self._mode)
            except OSError as error:
                # These say "this file system cannot"; anything else is the user's to know.
                if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                    raise
            else:
                os.fchmod(fd, self._mode)
                return fd
        while True:
            part = self._part_name()
            fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, self._mode)
            try:
                os.fchmod(fd, self._mode)
                _lock(fd)
                if os.fstat(fd).st_nlink:
                    self._part = part
                    return fd
            except BlockingIOError:
                pass
            except BaseException:
                os.close(fd)
                part.unlink(missing_ok=True)
                raise
            # Between creating and locking it, somebody else's sweep took it for a stale one: once more.
            os.close(fd)

    def _part_name(self) -> Path:
        # The random part is short and the file's own name left out, so a name at the length limit still works.
        return self.path.parent / f".{os.urandom(8).hex()}{_PART_SUFFIX}"

    def _commit(self) -> None:
        os.fsync(self._fd)
        if self._part is None:
            if not self._replace:
                self._link(self.path)
                _sync_folder(self.path.parent)
                return
            # link() cannot replace; the name lives for the moment between the two calls.
            self._part = self._part_name()
            _lock(self._fd)
            self._link(self._part)
        if self._replace:
            self._part.replace(self.path)
        else:
            self._name_part(self._part)
        _sync_folder(self.path.parent)

    def _name_part(self, part: Path) -> None:
        """Give the finished file its name unless that is taken."""
        try:
            os.link(part, self.path, follow_symlinks=False)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            # No links here (FAT): look, then rename. Whoever takes the name in between loses it.
            _refuse_taken(self.path, replace=self._replace)
            part.replace(self.path)

    def _link(self, name: Path) -> None:
        folder = os.open(name.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # With a folder descriptor Python calls linkat(AT_SYMLINK_FOLLOW), the documented way to name O_TMPFILE.
            os.link(f"/proc/self/fd/{self._fd}", name.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)


@contextmanager
def all_or_none() -> Iterator[list[AtomicFile]]:
    """A list for files that belong together; enter it before them. If one of them fails, the others go again."""
    files: list[AtomicFile] = []
    try:
        yield files
    except BaseException:
        for file in files:
            file.withdraw()
        raise


@contextmanager
def made_folder(path: Path, mode: int = 0o777) -> Iterator[None]:
    """A folder, made with its parents where they are missing; what was made goes again if the body fails.

    Args:
        path: the folder.
        mode: permission bits of the folders that are made, subject to the umask.
    """
    made: list[Path] = []
    try:
        with explained(path):
            for folder in reversed((path, *path.parents)):
                try:
                    folder.stat()
                except FileNotFoundError:
                    folder.mkdir(mode)
                    made.append(folder)
        yield
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


def save_secret(path: Path, key: Secret) -> None:
    """Write a key file: mode 0600, created exclusively, never through a link, never over anything.

    Raises:
        SeError: if the name is taken or cannot be written.
    """
    with AtomicFile(path, replace=False, mode=PRIVATE) as file:
        file.write_at(0, key.reveal())


def _lock(fd: int) -> None:
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync_folder(folder: Path) -> None:
    """Make a new name durable, as far as the folder allows.

    The file is complete and has its name by now. Calling that a failure would have callers undo what belongs to it,
    such as the keys of an image.
    """
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove unfinished files in `folder` whose writer is gone."""
    for stale in folder.glob(f".*{_PART_SUFFIX}"):
        with suppress(OSError):
            if not stat.S_ISREG(stale.lstat().st_mode):
                continue  # not one of ours, and opening a pipe would hang
            fd = os.open(stale, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                _lock(fd)  # a living writer holds the lock: BlockingIOError
                stale.unlink()
            finally:
                os.close(fd)
