"""A file that is not what it was given for: errors tell what it is instead."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.image.locate import NoHeaderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.errors import SeError


@contextmanager
def content_told() -> Iterator[None]:
    """Tell of a file without an SE header what it is by its content."""
    try:
        yield
    except NoHeaderError as error:
        raise named_content(error, Path(error.where)) from None


def named_content(error: SeError, path: Path) -> SeError:
    """The error about a file that is not what it was given for, with what it is by its content, if that is known.

    Args:
        error: what was said about it; one that names another place is about something else.
        path: the file.
    """
    if error.where not in ("", str(path)):
        return error
    from seworkbench.recognise import Kind, recognise  # noqa: PLC0415 - only an error pays for loading it

    found = recognise(path)
    if found.kind is not Kind.UNKNOWN:
        error.what = f"{error.what} By its content the file is: {found.kind.value}."
    return error.located(str(path))
