"""A name for the folder of a demonstration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from seworkbench.errors import SeError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "seworkbench-demo"
_MOST = 1000


def free_folder(parent: Path) -> Path:
    """A name in a folder that nothing has yet: NAME, or NAME with a number.

    Raises:
        SeError: if a thousand demonstrations are there.
    """
    names = (NAME, *(f"{NAME}-{number}" for number in range(2, _MOST)))
    found = next((parent / name for name in names if not os.path.lexists(parent / name)), None)
    if found is None:
        raise SeError(
            "There are too many demonstrations in this folder.", where=str(parent), remedy="Choose another folder."
        )
    return found
