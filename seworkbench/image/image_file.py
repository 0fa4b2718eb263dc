"""An SE image, or a bare header, opened for reading at any offset."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seworkbench.files import explained, open_input

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path


class ImageFile:
    """A file of any size; nothing of it is held in memory.

    Args:
        path: its name, for messages.
        stream: the open file.
    """

    def __init__(self, path: Path, stream: FileIO) -> None:
        self.path = path
        self._fd = stream.fileno()
        with explained(path):
            self.size = stream.seek(0, os.SEEK_END)

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of the file."""
        if not 0 <= offset < self.size or size <= 0:
            return b""
        pieces = []
        with explained(self.path):
            while size > 0 and (piece := os.pread(self._fd, size, offset)):
                pieces.append(piece)
                offset += len(piece)
                size -= len(piece)
        return b"".join(pieces)

    def read_into(self, offset: int, view: memoryview) -> int:
        """Fill `view` from `offset`; returns the number of bytes read, fewer at the end of the file."""
        done = 0
        with explained(self.path):
            while done < len(view) and (got := os.preadv(self._fd, [view[done:]], offset + done)):
                done += got
        return done


@contextmanager
def open_image(path: Path) -> Iterator[ImageFile]:
    """Open a file that may be an image.

    Raises:
        SeError: if it cannot be opened.
    """
    with open_input(path) as stream:
        yield ImageFile(path, stream)
