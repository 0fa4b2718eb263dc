"""Images that were built or inspected: where they lie, what identifies them, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seworkbench.workspace.audit import append_entry
from seworkbench.workspace.records import instant_text, json_text, parse_instant, parse_mapping

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from seworkbench.workspace.store import Store

BUILT = "built"
INSPECTED = "inspected"
_COLUMNS = "path, event, at, size, sha256, header_tag, record"


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image at the moment it was built or inspected.

    Args:
        path: where it lay.
        event: BUILT or INSPECTED.
        at: when.
        size: its size in bytes.
        sha256: of the whole file, hexadecimal; empty if nobody computed it.
        header_tag: tag of its SE header, hexadecimal, which names the image whatever it is called; empty if unknown.
        record: what else is worth keeping, nothing secret; "verification" is the verdict on the image in one word.
    """

    path: str
    event: str
    at: datetime
    size: int
    sha256: str = ""
    header_tag: str = ""
    record: dict[str, Any] = field(default_factory=dict)


class Images:
    """The images of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, image: ImageRecord) -> None:
        """Keep what was built or inspected.

        Raises:
            SeError: if the file cannot be changed.
        """
        with self._store.change() as change:
            change.run(
                f"INSERT INTO image ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - no foreign text
                *(image.path, image.event, instant_text(image.at), image.size),
                *(image.sha256, image.header_tag, json_text(image.record)),
            )
            detail = {"size": image.size, "sha256": image.sha256, "header_tag": image.header_tag}
            append_entry(change, f"image {image.event}", image.path, {**image.record, **detail}, at=image.at)

    def all(self, *, newest: int | None = None) -> tuple[ImageRecord, ...]:
        """All records, or the newest ones; the newest comes first."""
        query = f"SELECT {_COLUMNS} FROM image ORDER BY number DESC LIMIT ?"  # noqa: S608 - no foreign text
        return self._store.rows(_image, query, -1 if newest is None else newest)

    def latest(self, count: int) -> tuple[ImageRecord, ...]:
        """The newest record of each path, at most so many; the newest comes first."""
        query = (
            f"SELECT {_COLUMNS} FROM image WHERE number IN (SELECT max(number) FROM image GROUP BY path)"  # noqa: S608 - no foreign text
            " ORDER BY number DESC LIMIT ?"
        )
        return self._store.rows(_image, query, count)


def _image(row: sqlite3.Row) -> ImageRecord:
    return ImageRecord(
        path=row["path"],
        event=row["event"],
        at=parse_instant(row["at"]),
        size=row["size"],
        sha256=row["sha256"],
        header_tag=row["header_tag"],
        record=parse_mapping(row["record"]),
    )
