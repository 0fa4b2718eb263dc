"""The audit trail: what was done, when and to what; it only grows, and changing it afterwards shows.

Each entry carries SHA-256 over the digest of the one before and its own content. Whoever can write the file can also
compute the whole chain anew: to notice that, note number and digest of the newest entry elsewhere and compare
(resources/help/workspace.md#audit-trail).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Check, Step, group
from seworkbench.workspace.records import instant_text, json_text, parse_instant, parse_mapping, plain_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.workspace.store import Change, Store

_RULE = "workspace.md#audit-trail"
_REMEDY = "Find out who can write the workspace file; compare with a copy of it."
# What the first entry carries on from.
_BEGINNING = "0" * 64
_COLUMNS = "number, at, what, subject, detail, digest"

_CHAIN = Step("workspace.audit.chain", "Each entry carries on from the one before", _RULE, _REMEDY)
_NOTED = Step("workspace.audit.noted", "The trail contains the entry that was noted", _RULE, _REMEDY)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done.

    Args:
        number: from 1, without gaps.
        at: when.
        what: in plain words ("CRL fetched").
        subject: to what: a fingerprint, a path, an address.
        detail: more about it.
        digest: SHA-256 over the entry before and this one, 64 hexadecimal digits.
    """

    number: int
    at: datetime
    what: str
    subject: str
    detail: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class AuditMark:
    """The newest entry at some time, to note elsewhere.

    Args:
        number: its number; 0 if there was none.
        digest: its digest.
    """

    number: int
    digest: str


class AuditTrail:
    """The audit trail of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def append(self, what: str, subject: str, detail: dict[str, Any], *, at: datetime) -> None:
        """Add an entry for something that the workspace itself does not keep.

        Raises:
            SeError: if the file cannot be changed.
        """
        with self._store.change() as change:
            append_entry(change, what, subject, detail, at=at)

    def entries(self, *, newest: int | None = None) -> tuple[AuditEntry, ...]:
        """All entries, or the newest ones; the newest comes first."""
        query = f"SELECT {_COLUMNS} FROM audit ORDER BY number DESC LIMIT ?"  # noqa: S608 - no foreign text
        return self._store.rows(_entry, query, -1 if newest is None else newest)

    def mark(self) -> AuditMark:
        """Number and digest of the newest entry."""
        newest = self.entries(newest=1)
        return AuditMark(newest[0].number, newest[0].digest) if newest else AuditMark(0, _BEGINNING)

    def verify(self, noted: AuditMark | None = None) -> Check:
        """Check that no entry was changed, removed or inserted.

        Args:
            noted: a mark of earlier; without it, a trail that was computed anew, or lost its end, passes.
        """
        query = f"SELECT {_COLUMNS} FROM audit ORDER BY number"  # noqa: S608 - no foreign text
        rows = self._store.rows(tuple, query)
        return group("workspace.audit", "Audit trail", [_chain(rows), _comparison(rows, noted)], rule=_RULE)


def append_entry(change: Change, what: str, subject: str, detail: dict[str, Any], *, at: datetime) -> None:
    """Add an entry inside a change, so that both happen or none."""
    newest = change.run("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    number, previous = newest or (0, _BEGINNING)
    content = (number + 1, instant_text(at), plain_text(what), plain_text(subject), json_text(detail))
    change.run("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", *content, _digest(previous, content))


def _digest(previous: str, content: Iterable[Any]) -> str:
    return hashlib.sha256(json_text([previous, *content]).encode()).hexdigest()


def _entry(row: sqlite3.Row) -> AuditEntry:
    detail = parse_mapping(row["detail"])
    return AuditEntry(row["number"], parse_instant(row["at"]), row["what"], row["subject"], detail, row["digest"])


def _chain(rows: tuple[tuple[Any, ...], ...]) -> Check:
    previous = _BEGINNING
    for position, (*content, digest) in enumerate(rows, start=1):
        if content[0] != position:
            return _CHAIN.failed(f"Entry {position} is missing; entry {content[0]} stands in its place.")
        expected = _digest(previous, content)
        if digest != expected:
            reason = f"Entry {position} was changed after it was written, or one before it was."
            return _CHAIN.failed(reason, ("digest computed", expected), ("digest in the entry", digest))
        previous = digest
    return _CHAIN.passed(f"{len(rows)} entries.", ("digest of the newest", previous))


def _comparison(rows: tuple[tuple[Any, ...], ...], noted: AuditMark | None) -> Check:
    if noted is None:
        reason = "No earlier entry to compare with was given: an end that was cut off does not show."
        return _NOTED.not_checked(reason, required=False)
    if not 0 <= noted.number <= len(rows):
        return _NOTED.failed(f"The trail has {len(rows)} entries; number {noted.number} was noted.")
    digest = rows[noted.number - 1][-1] if noted.number else _BEGINNING
    return _NOTED.equal(
        (f"digest noted for entry {noted.number}", noted.digest),
        (f"digest of entry {noted.number}", digest),
        same="The trail carries on from there.",
        different="The trail was written anew.",
    )
