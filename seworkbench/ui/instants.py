"""Instants and stretches of time in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)
_DAYS_PER_YEAR = 365.25


def instant_text(at: datetime) -> str:
    """An instant to the minute: `2026-11-24 09:14 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span_text(span: timedelta) -> str:
    """A stretch of time from now on in words: `in 12 days`, `3 days ago`, `in 9 years`, `today`."""
    days = abs(span) // _DAY
    if days == 0:
        hours = abs(span) // timedelta(hours=1)
        amount = f"{hours} hour{'' if hours == 1 else 's'}" if hours else "under an hour"
    elif days >= 2 * _DAYS_PER_YEAR:
        amount = f"{days / _DAYS_PER_YEAR:.0f} years"
    else:
        amount = f"{days} day{'' if days == 1 else 's'}"
    return f"in {amount}" if span >= timedelta(0) else f"{amount} ago"
