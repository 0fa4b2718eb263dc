"""Where the files beside the code are: boot loader blobs, schemas, help pages."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Path of a file or folder below resources/.

    Args:
        name: path relative to resources/, for instance "boot/stage3a.bin".
    """
    installed = _PACKAGE / "_resources"  # a wheel carries resources/ inside the package (pyproject.toml)
    return (installed if installed.is_dir() else _PACKAGE.parent / "resources") / name
