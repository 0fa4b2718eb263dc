"""Revocation lists that were fetched, and every address that was asked for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.trust.fetch import Answer, FetchTry
from seworkbench.trust.reading import read_objects
from seworkbench.workspace.audit import append_entry
from seworkbench.workspace.records import instant_text, parse_instant

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from seworkbench.trust.fetch import FetchResult
    from seworkbench.trust.objects import TrustCertificate, TrustCrl
    from seworkbench.workspace.store import Change, Store

# So many tries of one address are kept; the audit trail keeps all.
TRIES_KEPT = 20


@dataclass(frozen=True, slots=True)
class CachedCrl:
    """A revocation list as it was fetched.

    Args:
        url: the address it came from.
        fetched_at: when.
        der: its bytes.
    """

    url: str
    fetched_at: datetime
    der: bytes


class CrlCache:
    """The fetched revocation lists of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, result: FetchResult) -> None:
        """Keep what was fetched; lists of an address replace those it gave before, a failure replaces nothing.

        Raises:
            SeError: if the file cannot be changed.
        """
        lists = {crl.source.name: crls for crls in result.crls.values() for crl in crls}
        with self._store.change() as change:
            for made in result.tries:
                _keep_try(change, made)
                if made.answer is Answer.CRL:
                    change.run("DELETE FROM cached_crl WHERE url = ?", made.url)
                    for position, crl in enumerate(lists.get(made.url, ())):
                        row = (made.url, position, instant_text(made.at), crl.der)
                        change.run("INSERT INTO cached_crl VALUES (?, ?, ?, ?)", *row)

    def all(self) -> tuple[CachedCrl, ...]:
        """All lists."""
        query = "SELECT url, fetched_at, der FROM cached_crl ORDER BY url, position"
        return self._store.rows(_cached, query)

    def for_certificates(self, certificates: Iterable[TrustCertificate]) -> dict[str, tuple[TrustCrl, ...]]:
        """The lists that certificates would get from their addresses, by fingerprint: what `judge` takes as fetched."""
        by_url: dict[str, list[TrustCrl]] = {}
        for item in self.all():
            by_url.setdefault(item.url, []).extend(read_objects(item.der, item.url).crls)
        found = {}
        for certificate in certificates:
            hits = (tuple(by_url[url]) for url in certificate.crl_addresses if by_url.get(url))
            if crls := next(hits, ()):
                found[certificate.fingerprint] = crls
        return found

    def tries(self, url: str) -> tuple[FetchTry, ...]:
        """The newest tries of an address; the newest comes first."""
        query = (
            "SELECT url, final_url, status, size, seconds, answer, reason, at FROM crl_try"
            " WHERE url = ? ORDER BY number DESC"
        )
        return self._store.rows(_try, query, url)

    def forget(self, url: str, *, at: datetime) -> None:
        """Remove the lists of an address."""
        with self._store.change() as change:
            if change.run("DELETE FROM cached_crl WHERE url = ?", url).rowcount:
                append_entry(change, "fetched CRL removed", url, {}, at=at)


def _keep_try(change: Change, made: FetchTry) -> None:
    change.run(
        "INSERT INTO crl_try (url, at, final_url, status, size, seconds, answer, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(made.url, instant_text(made.at), made.final_url, made.status, made.size, made.seconds),
        *(made.answer.value, made.reason),
    )
    change.run(
        "DELETE FROM crl_try WHERE url = ? AND number NOT IN"
        " (SELECT number FROM crl_try WHERE url = ? ORDER BY number DESC LIMIT ?)",
        *(made.url, made.url, TRIES_KEPT),
    )
    detail = {"answer": made.answer.value, "status": made.status, "size": made.size, "reason": made.reason}
    append_entry(change, "address asked for a CRL", made.url, detail | {"final_url": made.final_url}, at=made.at)


def _cached(row: sqlite3.Row) -> CachedCrl:
    return CachedCrl(row["url"], parse_instant(row["fetched_at"]), row["der"])


def _try(row: sqlite3.Row) -> FetchTry:
    return FetchTry(
        url=row["url"],
        final_url=row["final_url"],
        status=row["status"],
        size=row["size"],
        seconds=row["seconds"],
        answer=Answer(row["answer"]),
        reason=row["reason"],
        at=parse_instant(row["at"]),
    )
