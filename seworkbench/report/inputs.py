"""Files as inputs of a report: size and digest, read once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from seworkbench.files import explained, open_input
from seworkbench.jobs import Job
from seworkbench.report.model import Input

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 1 << 20


def file_input(path: Path, what: str, job: Job | None = None) -> Input:
    """A file with its size and digest.

    Args:
        path: the file.
        what: what it is, for the reader.
        job: for progress and cancelling.

    Raises:
        SeError: if it cannot be read.
    """
    job = job or Job()
    digest = hashlib.sha256()
    with open_input(path) as stream, explained(path):
        size = stream.seek(0, 2)
        stream.seek(0)
        job.phase(f"Computing the digest of the {what}", size)
        while piece := stream.read(_PIECE):
            digest.update(piece)
            job.advance(len(piece))
    return Input(str(path), what, size, digest.hexdigest())


def hashed_input(path: Path, what: str, sha256: str) -> Input:
    """A file whose digest was computed while it was read for something else.

    Raises:
        SeError: if it is not there any more.
    """
    with explained(path):
        return Input(str(path), what, path.stat().st_size, sha256)


def key_input(path: Path, what: str) -> Input:
    """A key file: named, but no digest of a secret goes into a report."""
    return Input(str(path), what, None, "")


def content_input(name: str, what: str, content: bytes) -> Input:
    """A file that was read already.

    Args:
        name: its name.
        what: what it is, for the reader.
        content: its bytes.
    """
    return Input(name, what, len(content), hashlib.sha256(content).hexdigest())
