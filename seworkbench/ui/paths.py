"""How paths are shown: short where they lie in the user's home, as a shell would take them."""

from __future__ import annotations

from pathlib import Path


def shown_path(path: Path) -> str:
    """A path as text, the home folder written `~`; `Path.expanduser` gives the path back."""
    try:
        inside = path.relative_to(Path.home())
    except (RuntimeError, ValueError):  # there is no home, or it lies elsewhere
        return str(path)
    return str(Path("~") / inside)
