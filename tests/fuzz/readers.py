"""Everything in the program that looks at an image, and what each look may cost."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.cli import image_dissect
from seworkbench.cli.terminal import check_lines, verdict_line
from seworkbench.crypto.header_seal import open_header
from seworkbench.errors import SeError
from seworkbench.image.dissection import dissect_file
from seworkbench.image.extract import extract_image
from seworkbench.image.image_file import ImageFile
from seworkbench.image.info import info_document, info_text
from seworkbench.image.locate import locate_header, read_header
from seworkbench.image.verify import Verification, verify_image

from .surgery import HEADER_KEY, HOST_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from seworkbench.formats.se_header import SecretPartV1, SeHeader
    from seworkbench.image.access import Access

MEMORY_LIMIT = 64 << 20
# What one look may read: the file a few times over (digests, content, gaps, search), and the loader's megabyte.
READS_OF_FILE = 4
READS_BESIDE = 4 << 20
# Calls: a few for each page while searching, and what the structures themselves need.
CALLS_PER_PAGE = 4
CALLS_BESIDE = 600
_PAGE = 4096
_AT = datetime(2026, 11, 1, tzinfo=UTC)


class CountingImage(ImageFile):
    """An image file that counts what is read of it."""

    def __init__(self, path: Path, stream: FileIO) -> None:
        super().__init__(path, stream)
        self.read = 0
        self.calls = 0

    def read_at(self, offset: int, size: int) -> bytes:
        content = super().read_at(offset, size)
        self.read += len(content)
        self.calls += 1
        return content

    def read_into(self, offset: int, view: memoryview) -> int:
        got = super().read_into(offset, view)
        self.read += got
        self.calls += 1
        return got

    def require_few_reads(self, label: str) -> None:
        """The cost in reads is that of the file, not of what it claims."""
        most = READS_OF_FILE * self.size + READS_BESIDE
        assert self.read <= most, f"{label}: {self.read} bytes read of a file of {self.size}"
        most = CALLS_PER_PAGE * (self.size // _PAGE) + CALLS_BESIDE
        assert self.calls <= most, f"{label}: {self.calls} reads of a file of {self.size} bytes"


@dataclass
class Slow:
    """The slowest refusals, for the report at the end; nothing is asserted about them."""

    seconds: dict[str, float] = field(default_factory=dict)

    def note(self, label: str, seconds: float) -> None:
        self.seconds[label] = max(seconds, self.seconds.get(label, 0.0))

    def worst(self, count: int) -> list[tuple[str, float]]:
        return sorted(self.seconds.items(), key=lambda pair: -pair[1])[:count]


@dataclass(frozen=True)
class Bed:
    """Where images are examined.

    Args:
        path: the file that is the image.
        folder: where components are extracted to.
        slow: collects the slowest refusals.
    """

    path: Path
    folder: Path
    slow: Slow

    def put(self, content: bytes, size: int | None = None) -> None:
        """Make `content` the image; with `size`, the file is that long and its end a hole."""
        with self.path.open("wb") as file:
            file.write(content)
            if size is not None:
                file.truncate(size)

    def opened(self, work: Callable[[CountingImage], object], label: str) -> object:
        """Let `work` look at the image: what it says, or the one kind of error. Anything else comes through."""
        with self.path.open("rb", buffering=0) as stream:
            image = CountingImage(self.path, stream)
            start = time.perf_counter()
            try:
                return work(image)
            except SeError as error:
                self.slow.note(label, time.perf_counter() - start)
                require_good_message(error)
                return error
            finally:
                image.require_few_reads(label)

    def verify(self, access: Access | None = None, label: str = "verify") -> Verification:
        """Verify; a broken image is a result, never an error."""
        result = self.opened(lambda image: _verify(image, access), label)
        assert isinstance(result, Verification), result
        if result.check.verdict is Verdict.FAILED:
            reasons = [leaf for leaf in result.check.leaves() if leaf.verdict is Verdict.FAILED]
            assert all(leaf.reason for leaf in reasons)
        return result

    def look(self, label: str) -> None:
        """Every reader looks once."""
        for name, reader in self.readers():
            try:
                self.opened(reader, f"{name}, {label}")
            except AssertionError:
                raise
            except Exception as error:
                raise AssertionError(f"{name}, {label}: {error!r}") from error

    def look_in_little_memory(self, label: str) -> None:
        """The readers that see the most, in bounded memory."""
        for name, reader in self.readers():
            if name in ("verify with the header key", "dissect", "info"):
                peak = self.peak(reader, f"{name}, {label}")
                assert peak < MEMORY_LIMIT, f"{name}, {label}: {peak >> 20} MiB"

    def peak(self, reader: Callable[[CountingImage], object], label: str) -> int:
        """Most bytes of Python memory that a look takes."""
        tracemalloc.start()
        try:
            self.opened(reader, label)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def readers(self) -> Iterator[tuple[str, Callable[[CountingImage], object]]]:
        """Name and function of each."""
        yield "verify", lambda image: _verify(image, None)
        yield "verify with the header key", lambda image: _verify(image, HEADER_KEY)
        yield "verify as the machine", lambda image: _verify(image, HOST_KEY)
        yield "extract", self._extract
        yield "dissect", lambda image: _dissect(image, None)
        yield "dissect with the header key", lambda image: _dissect(image, HEADER_KEY)
        yield "info", _info

    def _extract(self, image: ImageFile) -> object:
        for left in self.folder.iterdir():
            left.unlink()
        try:
            extracted = extract_image(image, HEADER_KEY, self.folder)
        except SeError:
            assert not os.listdir(self.folder), "a refused image left files"  # noqa: PTH208 - one name less to load
            raise
        json.dumps(extracted.to_json())
        for path, size in extracted.files.values():
            assert path.stat().st_size == size, f"{path.name}: said to have {size} bytes"
        return extracted


def require_good_message(error: SeError) -> None:
    """A message is short, on one line, and does not show the program's insides."""
    text = str(error)
    assert text
    assert len(text) < 2000
    assert "\n" not in text
    assert "Traceback" not in text


def _verify(image: ImageFile, access: Access | None) -> Verification:
    result = verify_image(image, access)
    json.dumps(result.to_json())
    shown = "\n".join([*check_lines(result.check, detailed=True), verdict_line(result.check)])
    assert len(shown) < 1 << 16, f"a report of {len(shown)} characters"
    return result


def _dissect(image: ImageFile, access: Access | None) -> object:
    tree = dissect_file(image, access)
    json.dumps(tree.to_json())
    return "\n".join(image_dissect._lines(tree, show_secrets=False, verbose=True))


def _info(image: ImageFile) -> object:
    header = read_header(image, locate_header(image).offset)
    said = []
    for content in (None, *_opened(header)):
        said += [info_text(header, verified=content is not None, content=content, full=full) for full in (False, True)]
        said.append(json.dumps(info_document(header, verified=content is not None, content=content, at=_AT)))
    return said


def _opened(header: SeHeader) -> list[SecretPartV1]:
    try:
        return [open_header(header, HEADER_KEY.key)]
    except SeError:
        return []
