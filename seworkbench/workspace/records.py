"""How values are written into a workspace: instants as text in UTC, structures as JSON, both in one form only."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def instant_text(at: datetime) -> str:
    """An instant as text; texts sort as instants do.

    Raises:
        ValueError: if it has no time zone: nobody would know which instant it is.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def parse_instant(text: str) -> datetime:
    """The instant that `instant_text` wrote.

    Raises:
        ValueError: if it is none.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at


def plain_text(text: str) -> str:
    """Text that SQLite can hold: names on a file system need not be valid text; such a byte is kept as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def json_text(value: Any) -> str:
    """A structure as JSON, the same text for the same content.

    Raises:
        TypeError: if it holds anything but plain values; a Secret, for one.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def parse_mapping(text: str) -> dict[str, Any]:
    """The structure that `json_text` wrote.

    Raises:
        ValueError: if it is no JSON object.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - bad content, not a bad call
    return value
