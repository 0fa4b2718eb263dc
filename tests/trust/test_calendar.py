"""Ends as a calendar: read back by a parser of RFC 5545 that takes nothing for granted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from seworkbench.trust.calendar import _folded, _text, calendar_text, lifetime
from seworkbench.trust.reading import read_file

if TYPE_CHECKING:
    from seworkbench.trust.objects import TrustObject

PKI = Path(__file__).parents[1] / "data" / "interop" / "pki"
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


def objects(*names: str) -> list[TrustObject]:
    return [item for name in names for item in read_file(PKI / name).objects]


def content_lines(text: str) -> list[tuple[str, str]]:
    """The lines of a calendar as name and value: unfolded, every rule of the form checked (RFC 5545, section 3.1)."""
    raw = text.encode()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    unfolded = raw.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]
    return [(line.split(":", 1)[0], line.split(":", 1)[1]) for line in unfolded]


def events(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    depth: list[str] = []
    for name, value in content_lines(text):
        if name == "BEGIN":
            depth.append(value)
            if value == "VEVENT":
                found.append({})
        elif name == "END":
            assert depth.pop() == value
        elif depth[-1] == "VEVENT":
            assert name not in found[-1]
            found[-1][name] = value
        elif depth[-1] == "VALARM":
            found[-1][f"ALARM-{name}"] = value
    assert depth == []
    return found


def test_each_end_is_an_event_with_all_that_the_standard_demands() -> None:
    things = objects("host1.crt", "host.crl", "root.crt")
    found = events(calendar_text(things, NOW))
    assert len(found) == len(things)
    for event, item in zip(found, things, strict=True):
        end = lifetime(item)[1]
        assert end is not None
        assert event["DTSTART"] == f"{end:%Y%m%dT%H%M%SZ}"
        assert event["DTSTAMP"] == "20261126T080000Z"
        assert item.fingerprint in event["UID"]
        assert event["ALARM-ACTION"] == "DISPLAY"
    assert found[1]["ALARM-TRIGGER"] == "-P3D"


def test_the_calendar_says_version_and_program() -> None:
    head = dict(content_lines(calendar_text([], NOW)))
    assert head["VERSION"] == "2.0"
    assert head["PRODID"]


def test_a_later_export_has_the_same_identifiers() -> None:
    things = objects("host1.crt", "host.crl")
    first, second = (events(calendar_text(things, at)) for at in (NOW, NOW + timedelta(days=9)))
    assert [event["UID"] for event in first] == [event["UID"] for event in second]


def test_names_of_machines_take_the_place_of_those_in_documents() -> None:
    item = objects("host1.crt")[0]
    name = "pay, roll; \\ prod"
    event = events(calendar_text([item], NOW, {item.fingerprint: name}))[0]
    assert event["SUMMARY"] == "pay\\, roll\\; \\\\ prod expires"


@given(st.text(max_size=300))
def test_any_text_is_folded_into_short_lines_and_back(text: str) -> None:
    value = _text(text)
    assert "\r" not in value
    assert "\n" not in value
    line = f"SUMMARY:{value}"
    parts = list(_folded(line))
    assert all(len(part.encode()) <= 75 for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
