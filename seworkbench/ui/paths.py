"""How paths are shown: short where they lie in the user's home, as a shell would take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seworkbench.errors import SeError


def shown_path(path: Path) -> str:
    """A path as text, the home folder written `~`; `Path.expanduser` gives the path back."""
    try:
        inside = path.relative_to(Path.home())
    except (RuntimeError, ValueError):  # there is no home, or it lies elsewhere
        return str(path)
    return str(Path("~") / inside)


def shown_error(error: SeError) -> str:
    """What happened and where, without the remedy: a path in it is shown as everywhere."""
    return f"{shown_path(Path(error.where))}: {error.what}" if error.where else error.what
