"""A report as JSON (resources/schema/report-v1.schema.json): the form that has everything, and gives the report its id.

Pure ASCII, so that no character in it can hide or steer anything; the same report gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Verdict
from seworkbench.report.text import well_formed

if TYPE_CHECKING:
    from datetime import datetime

    from seworkbench.report.model import Cell, Fact, Input, Report, Section, Table

FORMAT = "seworkbench report"
VERSION = 1


def json_bytes(report: Report) -> bytes:
    """The JSON form."""
    return json.dumps(_clean(report_record(report)), indent=2).encode("ascii") + b"\n"


def report_id(report: Report) -> str:
    """SHA-256 of the JSON form, hexadecimal: it stands on every page of the other forms."""
    return hashlib.sha256(json_bytes(report)).hexdigest()


def report_record(report: Report) -> dict[str, Any]:
    """A plain structure by the schema, texts as they are."""
    counts = report.counts
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made_with": report.made_with,
        "title": report.title,
        "subject": report.subject,
        "verdict": report.verdict.value,
        "verified_at": _time(report.at),
        "clock": report.clock.value,
        "network": report.network.value,
        "simulated": report.simulated,
        "counts": {
            "passed": counts.passed,
            "failed": counts.failed,
            "warnings": counts.warnings,
            "notes": counts.notes,
            "not_checked": counts.not_checked,
        },
    }
    if report.fresh_until is not None:
        record["fresh_until"] = _time(report.fresh_until)
    if report.unverified:
        record["unverified"] = report.unverified
    record["inputs"] = [_input(item) for item in report.inputs]
    record["facts"] = [_fact(item) for item in report.facts]
    record["sections"] = [_section(section) for section in report.sections]
    record["not_checked"] = [
        {"id": check.id, "title": check.title, "reason": check.reason, "required": required}
        for check, required in report.not_checked
    ]
    record["by_hand"] = [
        {"comment": step.comment, "command": step.command, "expected": step.expected} for step in report.by_hand
    ]
    if report.notes:
        record["notes"] = report.notes
    return record


def _input(item: Input) -> dict[str, Any]:
    record: dict[str, Any] = {"name": item.name, "what": item.what}
    if item.size is not None:
        record["size"] = item.size
    for name in ("sha256", "source"):
        if text := getattr(item, name):
            record[name] = text
    return record


def _fact(item: Fact) -> dict[str, Any]:
    return {"label": item.label, "value": item.value}


def _section(section: Section) -> dict[str, Any]:
    record: dict[str, Any] = {"title": section.title}
    if section.intro:
        record["intro"] = section.intro
    if section.drawing is not None:
        record["drawing"] = section.drawing.title
    if section.facts:
        record["facts"] = [_fact(item) for item in section.facts]
    if section.table is not None:
        record["table"] = _table(section.table)
    if section.check is not None:
        record["checks"] = section.check.to_json()
    return record


def _table(table: Table) -> dict[str, Any]:
    return {
        "columns": [column.title for column in table.columns],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
    }


def _cell(cell: Cell) -> str:
    return cell.value if isinstance(cell, Verdict) else cell


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _clean(value: Any) -> Any:
    """The structure with every text well-formed."""
    match value:
        case str():
            return well_formed(value)
        case dict():
            return {name: _clean(item) for name, item in value.items()}
        case list():
            return [_clean(item) for item in value]
    return value
