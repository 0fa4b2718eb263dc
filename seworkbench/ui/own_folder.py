"""A folder for what must not outlive the program: it goes when it is no longer needed, or later if that was killed.

A lock in the folder is held as long as the process lives; the system lets go of it however the process ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path

from seworkbench.files import explained

_LOCK = "lock"
_MODE = 0o600
# Between making a folder and locking it somebody could take it for left behind; that takes no time at all.
_FRESH_SECONDS = 60


class OwnFolder:
    """A new folder that only this user can enter.

    Args:
        prefix: how names of such folders begin.
        place: where it is made; None for the system's place for temporary files.

    Raises:
        SeError: if there is no room for it.
    """

    def __init__(self, prefix: str, place: Path | None = None) -> None:
        place = place or Path(tempfile.gettempdir())
        with explained(place):
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Also where nobody comes to remove it: a program may end in many ways.
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def remove(self) -> None:
        """Remove it with everything in it; once more if something was still written to it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def remove_left_behind(prefix: str, place: Path | None = None) -> list[Path]:
    """Remove the folders whose process is gone: this user's own ones alone, and through no link.

    Args:
        prefix: how their names begin.
        place: where they are; None for the system's place for temporary files.

    Returns:
        the folders that were removed.
    """
    place = place or Path(tempfile.gettempdir())
    gone = []
    with suppress(OSError):
        gone = [path for path in sorted(place.glob(f"{prefix}*")) if _is_left_behind(path)]
    for path in gone:
        # It refuses a link in place of the folder, and follows none inside.
        shutil.rmtree(path, ignore_errors=True)
    return gone


def _is_left_behind(path: Path) -> bool:
    """Whether a folder is one of this user's, and no process holds it."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            return False
        try:
            lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            return time.time() - found.st_mtime > _FRESH_SECONDS
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(lock)
    except OSError:  # held, or not a lock
        return False
    finally:
        os.close(folder)
    return True
