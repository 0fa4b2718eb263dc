"""Where workspaces lie: by name in the user's data folder, or anywhere by path. And simulated machines."""

from __future__ import annotations

import re
from pathlib import Path

from platformdirs import user_data_path

from seworkbench.errors import SeError
from seworkbench.files import explained

SUFFIX = ".sewb"
DEFAULT_NAME = "default"
# A name is typed, shown in titles and stands in file names on every kind of disk.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9_-])?")


def workspace_folder() -> Path:
    """The folder for workspaces in the user's data folder (XDG_DATA_HOME); it need not exist."""
    return user_data_path("seworkbench", appauthor=False) / "workspaces"


def machines_folder() -> Path:
    """The folder for simulated machines in the user's data folder (XDG_DATA_HOME); it need not exist."""
    return user_data_path("seworkbench", appauthor=False) / "machines"


def workspace_path(name_or_path: str = DEFAULT_NAME) -> Path:
    """The file of a workspace.

    Args:
        name_or_path: a name; or a path, which has a slash or ends in ".sewb".

    Raises:
        SeError: if it is no usable name.
    """
    if "/" in name_or_path or name_or_path.endswith(SUFFIX):
        return Path(name_or_path)
    if not _NAME.fullmatch(name_or_path):
        raise SeError(
            "This is no usable name for a workspace.",
            where=repr(name_or_path),
            remedy="Use up to 64 letters, digits, blanks and . _ - with a letter or digit in front, or a path.",
        )
    return workspace_folder() / f"{name_or_path}{SUFFIX}"


def workspace_names() -> tuple[str, ...]:
    """The names of the workspaces in the user's data folder.

    Raises:
        SeError: if the folder cannot be read.
    """
    folder = workspace_folder()
    with explained(folder):
        if not folder.is_dir():
            return ()
        names = (path.name.removesuffix(SUFFIX) for path in folder.iterdir() if path.name.endswith(SUFFIX))
        return tuple(sorted(name for name in names if _NAME.fullmatch(name)))
