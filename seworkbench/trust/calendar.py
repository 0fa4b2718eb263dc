"""Ends of certificates and revocation lists as a calendar file (iCalendar, RFC 5545).

A calendar that imports a newer file replaces the entries of the one before: an entry is known by the object and the
kind of its end, which do not change.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from seworkbench.trust.objects import ObjectKind, TrustCertificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from seworkbench.trust.objects import TrustObject

# Octets of a line of the file, without its end (RFC 5545, section 3.1).
_LINE_LIMIT = 75
# Time to get a new one: host key documents come by request, lists by download.
_REMINDER = {ObjectKind.CRL: timedelta(days=3)}
_USUAL_REMINDER = timedelta(days=30)
_PRODUCT = "-//SE Workbench//Trust//EN"


def calendar_text(objects: Iterable[TrustObject], made_at: datetime, names: Mapping[str, str] | None = None) -> str:
    """A calendar with an entry at the end of each object, and a reminder before it.

    Args:
        objects: certificates and lists; a list without a next update has no entry.
        made_at: now, aware.
        names: names of objects by fingerprint, where others than their own are wanted.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for item in objects:
        lines += _event(item, made_at, (names or {}).get(item.fingerprint, item.name))
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def lifetime(item: TrustObject) -> tuple[datetime, datetime | None]:
    """From when to when an object is valid; a list without a next update has no end."""
    if isinstance(item, TrustCertificate):
        return item.not_before, item.not_after
    return item.this_update, item.next_update


def _event(item: TrustObject, made_at: datetime, name: str) -> Iterator[str]:
    _begin, end = lifetime(item)
    if end is None:
        return
    what = "expires" if isinstance(item, TrustCertificate) else "has to be renewed"
    phkh = f"\nPHKH {item.phkh}" if isinstance(item, TrustCertificate) and item.phkh else ""
    about = f"{item.kind.value}\nSHA-256 {item.fingerprint}{phkh}\nfrom {item.source.short}"
    yield "BEGIN:VEVENT"
    yield f"UID:{item.fingerprint}-end@seworkbench.invalid"
    yield f"DTSTAMP:{_instant(made_at)}"
    yield f"DTSTART:{_instant(end)}"
    yield f"SUMMARY:{_text(f'{name} {what}')}"
    yield f"DESCRIPTION:{_text(about)}"
    yield "TRANSP:TRANSPARENT"
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{_text(f'{name} {what} soon')}"
    yield f"TRIGGER:-P{_REMINDER.get(item.kind, _USUAL_REMINDER).days}D"
    yield "END:VALARM"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A text value: no control characters, and what has a meaning in the file escaped (RFC 5545, section 3.3.11)."""
    plain = "".join(sign if sign == "\n" or sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in value)
    for sign in ("\\", ";", ","):
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """A line as lines of at most 75 octets, no character cut; those after the first begin with a blank."""
    part, room = "", _LINE_LIMIT
    for sign in line:
        size = len(sign.encode("utf-8", "replace"))
        if size > room:
            yield part
            part, room = " ", _LINE_LIMIT - 1
        part += sign
        room -= size
    yield part
