"""Verdicts: what was verified, at which instant, with which result, cause and inputs, and every step of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seworkbench.checks import Check
from seworkbench.workspace.audit import append_entry
from seworkbench.workspace.records import instant_text, json_text, parse_instant, parse_mapping

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.workspace.store import Store


_COLUMNS = "kind, subject, title, verified_for, recorded_at, verdict, cause, inputs, checks"


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verification and its result.

    Args:
        kind: what was verified: "host key", "image", "attestation" …
        subject: which one: its fingerprint, or its path.
        title: how a person calls it.
        verified_for: the instant that it was verified for; not always the one at which somebody did.
        check: the tree of checks; the verdict follows from it.
        cause: why it did not pass, in one word or two; empty if it passed.
        inputs: SHA-256 (64 hexadecimal digits) of everything that went in, by name.
        recorded_at: when it was verified; filled in when it is read back.
    """

    kind: str
    subject: str
    title: str
    verified_for: datetime
    check: Check
    cause: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    recorded_at: datetime | None = None


class Verdicts:
    """The verdicts of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, verdicts: Iterable[VerdictRecord], *, at: datetime) -> None:
        """Keep verdicts, all or none.

        Raises:
            SeError: if the file cannot be changed.
        """
        with self._store.change() as change:
            for item in verdicts:
                verdict, checks = item.check.verdict.value, json_text(item.check.to_json())
                change.run(
                    f"INSERT INTO verdict ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - no foreign text
                    *(item.kind, item.subject, item.title, instant_text(item.verified_for), instant_text(at)),
                    *(verdict, item.cause, json_text(item.inputs), checks),
                )
                detail = {
                    "kind": item.kind,
                    "title": item.title,
                    "verified_for": instant_text(item.verified_for),
                    "verdict": verdict,
                    "cause": item.cause,
                    "checks_sha256": hashlib.sha256(checks.encode()).hexdigest(),
                }
                append_entry(change, "verified", item.subject, detail, at=at)

    def newest(self, kind: str) -> dict[str, VerdictRecord]:
        """The newest verdict on each subject of a kind."""
        query = (
            f"SELECT {_COLUMNS} FROM verdict WHERE number IN"  # noqa: S608 - no foreign text
            " (SELECT max(number) FROM verdict WHERE kind = ? GROUP BY subject) ORDER BY number"
        )
        return {record.subject: record for record in self._store.rows(_record, query, kind)}

    def history(self, kind: str, subject: str) -> tuple[VerdictRecord, ...]:
        """All verdicts on a subject; the newest comes first."""
        query = f"SELECT {_COLUMNS} FROM verdict WHERE kind = ? AND subject = ? ORDER BY number DESC"  # noqa: S608 - no foreign text
        return self._store.rows(_record, query, kind, subject)


def _record(row: sqlite3.Row) -> VerdictRecord:
    check = Check.from_json(json.loads(row["checks"]))
    if check.verdict.value != row["verdict"]:
        raise ValueError("the verdict does not follow from its checks")
    return VerdictRecord(
        kind=row["kind"],
        subject=row["subject"],
        title=row["title"],
        verified_for=parse_instant(row["verified_for"]),
        check=check,
        cause=row["cause"],
        inputs=parse_mapping(row["inputs"]),
        recorded_at=parse_instant(row["recorded_at"]),
    )
