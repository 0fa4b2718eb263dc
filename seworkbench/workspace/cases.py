"""Attestation cases: a title, where the case stands, and its public files; and which requests were seen before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.errors import FormatError, SeError
from seworkbench.formats.exchange import EXCHANGE_MAGIC
from seworkbench.formats.se_header import HEADER_MAGIC
from seworkbench.workspace.audit import append_entry
from seworkbench.workspace.records import instant_text, json_text, parse_instant, parse_mapping

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from seworkbench.workspace.store import Change, Store


class CaseFile(Enum):
    """The public files of a case. The request protection key is none: it opens the request, and is never kept here."""

    HEADER = "header"
    REQUEST = "request"
    RESPONSE = "response"


_MAGICS = {
    CaseFile.HEADER: HEADER_MAGIC,
    CaseFile.REQUEST: EXCHANGE_MAGIC,
    CaseFile.RESPONSE: EXCHANGE_MAGIC,
}


@dataclass(frozen=True, slots=True)
class AttestationCase:
    """A case.

    Args:
        id: its number.
        title: what the user calls it.
        created_at: when it was begun.
        changed_at: when it was changed.
        state: where it stands, whatever the page or command needs to go on; nothing secret.
        files: its public files.
    """

    id: int
    title: str
    created_at: datetime
    changed_at: datetime
    state: dict[str, Any]
    files: dict[CaseFile, bytes]


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request whose response was verified.

    Args:
        first_at: when for the first time.
        last_at: when for the last time.
        times: how often.
    """

    first_at: datetime
    last_at: datetime
    times: int

    @property
    def instants(self) -> tuple[datetime, ...]:
        """When, as far as it is known: the first time and the last."""
        return (self.first_at,) if self.first_at == self.last_at else (self.first_at, self.last_at)


class AttestationCases:
    """The attestation cases of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, title: str, *, at: datetime, state: dict[str, Any] | None = None) -> int:
        """Begin a case.

        Returns:
            Its number.

        Raises:
            SeError: if the file cannot be changed.
        """
        now = instant_text(at)
        with self._store.change() as change:
            done = change.run(
                "INSERT INTO attestation_case (title, created_at, changed_at, state) VALUES (?, ?, ?, ?)",
                *(title, now, now, json_text(state or {})),
            )
            number = done.lastrowid or 0
            append_entry(change, "case begun", str(number), {"title": title}, at=at)
        return number

    def update(
        self, number: int, *, at: datetime, title: str | None = None, state: dict[str, Any] | None = None
    ) -> None:
        """Change title or state of a case.

        Raises:
            SeError: if there is no such case, or the file cannot be changed.
        """
        with self._store.change() as change:
            self._touch(change, number, at)
            if title is not None:
                change.run("UPDATE attestation_case SET title = ? WHERE id = ?", title, number)
            if state is not None:
                change.run("UPDATE attestation_case SET state = ? WHERE id = ?", json_text(state), number)

    def attach(self, number: int, kind: CaseFile, content: bytes, *, at: datetime) -> None:
        """Give a case one of its files; one of that kind is replaced.

        Raises:
            SeError: if there is no such case, the content is of another kind, or the file cannot be changed.
        """
        # A mistaken key file must not get into the workspace: only what is marked as public is taken.
        if not content.startswith(_MAGICS[kind]):
            raise FormatError(f"This is no {kind.value} of an attestation.", remedy="Choose another file.")
        with self._store.change() as change:
            self._touch(change, number, at)
            change.run("INSERT OR REPLACE INTO case_file VALUES (?, ?, ?)", number, kind.value, content)
            detail = {"file": kind.value, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            append_entry(change, "case file attached", str(number), detail, at=at)

    def detach(self, number: int, kind: CaseFile, *, at: datetime) -> None:
        """Take one of its files from a case; nothing else happens if it has none of that kind.

        Raises:
            SeError: if there is no such case, or the file cannot be changed.
        """
        with self._store.change() as change:
            self._touch(change, number, at)
            query = "DELETE FROM case_file WHERE case_id = ? AND kind = ?"
            if change.run(query, number, kind.value).rowcount:
                append_entry(change, "case file detached", str(number), {"file": kind.value}, at=at)

    def remove(self, number: int, *, at: datetime) -> None:
        """Remove a case with its files; nothing happens if there is none."""
        with self._store.change() as change:
            if change.run("DELETE FROM attestation_case WHERE id = ?", number).rowcount:
                append_entry(change, "case removed", str(number), {}, at=at)

    def all(self) -> tuple[AttestationCase, ...]:
        """All cases; the one that was changed last comes first."""
        files: dict[int, dict[CaseFile, bytes]] = {}
        rows = self._store.rows(_file, "SELECT case_id, kind, content FROM case_file ORDER BY kind")
        for number, kind, content in rows:
            files.setdefault(number, {})[kind] = content

        def case(row: sqlite3.Row) -> AttestationCase:
            begun, changed = parse_instant(row["created_at"]), parse_instant(row["changed_at"])
            number, state = row["id"], parse_mapping(row["state"])
            return AttestationCase(number, row["title"], begun, changed, state, files.get(number, {}))

        query = (
            "SELECT id, title, created_at, changed_at, state FROM attestation_case ORDER BY changed_at DESC, id DESC"
        )
        return self._store.rows(case, query)

    def _touch(self, change: Change, number: int, at: datetime) -> None:
        done = change.run("UPDATE attestation_case SET changed_at = ? WHERE id = ?", instant_text(at), number)
        if not done.rowcount:
            raise SeError(f"There is no case {number} any more.", where=self._store.where, remedy="Begin a new one.")


class SeenRequests:
    """The requests whose responses were verified: a second time may be a replay.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def see(self, sha256: str, *, at: datetime) -> SeenRequest | None:
        """Note that a response to a request is being verified.

        Args:
            sha256: of the attestation request control block, 64 hexadecimal digits.
            at: now.

        Returns:
            What was known about it before; None if it is seen for the first time.

        Raises:
            SeError: if the file cannot be changed.
        """
        now = instant_text(at)
        with self._store.change() as change:
            row = change.run("SELECT first_at, last_at, times FROM seen_request WHERE sha256 = ?", sha256).fetchone()
            change.run(
                "INSERT INTO seen_request VALUES (?, ?, ?, 1)"
                " ON CONFLICT (sha256) DO UPDATE SET last_at = excluded.last_at, times = times + 1",
                *(sha256, now, now),
            )
            append_entry(change, "response verified", sha256, {"times": (row[2] if row else 0) + 1}, at=at)
        return SeenRequest(parse_instant(row[0]), parse_instant(row[1]), row[2]) if row else None


def _file(row: sqlite3.Row) -> tuple[int, CaseFile, bytes]:
    return row["case_id"], CaseFile(row["kind"]), row["content"]
