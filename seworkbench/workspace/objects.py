"""Certificates and revocation lists that were imported: their bytes, what they are, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.trust.objects import Bundle, TrustCertificate
from seworkbench.trust.reading import read_objects
from seworkbench.workspace.audit import append_entry
from seworkbench.workspace.records import instant_text, parse_instant

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.trust.objects import TrustObject
    from seworkbench.workspace.store import Store


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An imported certificate or revocation list.

    Args:
        fingerprint: SHA-256 of its DER, 64 hexadecimal digits.
        kind: what it was when it was imported, in the words of ObjectKind.
        der: its bytes.
        source: the file, address or "pasted text" it first came from.
        phkh: the machine it belongs to, 64 hexadecimal digits; None if it is no host key document.
        imported_at: when.
    """

    fingerprint: str
    kind: str
    der: bytes
    source: str
    phkh: str | None
    imported_at: datetime


class ImportedObjects:
    """The imported objects of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, objects: Iterable[TrustObject], *, at: datetime) -> tuple[str, ...]:
        """Import objects, all or none; those that are there already stay as they are.

        Returns:
            The fingerprints of those that are new.

        Raises:
            SeError: if the file cannot be changed.
        """
        added: list[str] = []
        with self._store.change() as change:
            for item in objects:
                phkh = item.phkh if isinstance(item, TrustCertificate) else None
                row = (item.fingerprint, item.kind.value, item.der, item.source.name, phkh, instant_text(at))
                done = change.run("INSERT OR IGNORE INTO trust_object VALUES (?, ?, ?, ?, ?, ?)", *row)
                if done.rowcount:
                    added.append(item.fingerprint)
                    detail = {"kind": item.kind.value, "source": item.source.name}
                    append_entry(change, "object imported", item.fingerprint, detail, at=at)
        return tuple(added)

    def remove(self, fingerprint: str, *, at: datetime) -> bool:
        """Remove an object; whether it was there."""
        with self._store.change() as change:
            gone = change.run("DELETE FROM trust_object WHERE fingerprint = ?", fingerprint).rowcount > 0
            if gone:
                append_entry(change, "object removed", fingerprint, {}, at=at)
        return gone

    def all(self) -> tuple[StoredObject, ...]:
        """All objects in the order of their import."""
        query = "SELECT fingerprint, kind, der, source, phkh, imported_at FROM trust_object ORDER BY imported_at, rowid"
        return self._store.rows(_object, query)

    def bundle(self) -> Bundle:
        """All objects as they are needed for judging; what cannot be read is among the problems."""
        parts = [read_objects(item.der, item.source) for item in self.all()]
        return Bundle(
            tuple(found for part in parts for found in part.certificates),
            tuple(found for part in parts for found in part.crls),
            tuple(problem for part in parts for problem in part.problems),
        )


def _object(row: sqlite3.Row) -> StoredObject:
    imported_at = parse_instant(row["imported_at"])
    return StoredObject(row["fingerprint"], row["kind"], row["der"], row["source"], row["phkh"], imported_at)
