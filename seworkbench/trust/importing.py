"""What importing a file changes: what is new, what was there already, what renews or replaces what, what was refused.

Says it in plain words, for whoever dropped a folder of files and wants to know what became of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seworkbench.trust.objects import Bundle, TrustObject


class Outcome(Enum):
    """What became of something; the value is the plain word."""

    IMPORTED = "imported"
    RENEWAL = "renewal"
    NEWER = "newer list"
    OLDER = "older list"
    KNOWN = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one thing in a file.

    Args:
        outcome: what became of it.
        source: the last part of the name of the file.
        name: what it is called; empty if it was refused.
        detail: one sentence about it.
        fingerprint: of the object; empty if it was refused.
    """

    outcome: Outcome
    source: str
    name: str
    detail: str
    fingerprint: str = ""


def outcomes(bundle: Bundle, known: Mapping[str, TrustObject]) -> tuple[Imported, ...]:
    """What importing a bundle does to what is known, object by object, then what was refused.

    Args:
        bundle: what was read.
        known: what is there, by fingerprint.
    """
    seen = dict(known)
    found = []
    for item in bundle.objects:
        found.append(_outcome(item, seen))
        seen.setdefault(item.fingerprint, item)
    for problem in bundle.problems:
        detail = f"{problem.what} {problem.remedy}".strip()
        found.append(Imported(Outcome.REFUSED, problem.source.short, "", detail))
    return tuple(found)


def _outcome(item: TrustObject, seen: Mapping[str, TrustObject]) -> Imported:
    name, fingerprint = item.name, item.fingerprint
    source = item.source.short
    if (before := seen.get(fingerprint)) is not None:
        return Imported(Outcome.KNOWN, source, name, f"It is there already, from {before.source.short}.", fingerprint)
    if isinstance(item, TrustCrl):
        return _list_outcome(item, [other for other in seen.values() if isinstance(other, TrustCrl)])
    if item.kind is ObjectKind.HOST_KEY:
        others = [
            other
            for other in seen.values()
            if isinstance(other, TrustCertificate) and other.kind is ObjectKind.HOST_KEY and other.phkh == item.phkh
        ]
        if others:
            newest = max(others, key=lambda other: other.not_after)
            relation = "Renews" if item.not_after > newest.not_after else "Is an earlier document of the key in"
            detail = f"{relation} {newest.name} ({newest.source.short}): the same host key, so the same PHKH."
            return Imported(Outcome.RENEWAL, source, name, detail, fingerprint)
    kind = item.kind.value
    article = "An" if kind[0].lower() in "aeio" else "A"
    return Imported(
        Outcome.IMPORTED, source, name, f"{article} {kind}, valid until {item.not_after:%Y-%m-%d}.", fingerprint
    )


def _list_outcome(item: TrustCrl, others: Iterable[TrustCrl]) -> Imported:
    end = f"next update {item.next_update:%Y-%m-%d}" if item.next_update else "without a next update"
    detail = f"A revocation list with {item.entries} entr{'y' if item.entries == 1 else 'ies'}, {end}."
    same = [other for other in others if other.issuer == item.issuer]
    if same:
        newest = max(same, key=lambda other: other.this_update)
        day = f"{newest.this_update:%Y-%m-%d}"
        if item.this_update > newest.this_update:
            return Imported(
                Outcome.NEWER, item.source.short, item.name, f"{detail} Newer than the one of {day}.", item.fingerprint
            )
        if item.this_update < newest.this_update:
            return Imported(
                Outcome.OLDER, item.source.short, item.name, f"{detail} Older than the one of {day}.", item.fingerprint
            )
    return Imported(Outcome.IMPORTED, item.source.short, item.name, detail, item.fingerprint)
