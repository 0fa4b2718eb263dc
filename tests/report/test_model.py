"""A report derives what it says from its checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from seworkbench.checks import Verdict, group
from seworkbench.report.model import Column, Counts, Report, Section, Table

from .samples import AT, report, step, tree


def of(*checks: object, **more: object) -> Report:
    return Report("t", "s", AT, tuple(Section("x", check=check) for check in checks), **more)  # type: ignore[arg-type]


def test_the_verdict_is_that_of_the_checks() -> None:
    assert report().verdict is Verdict.FAILED
    assert of(step("a").passed(), step("b").warning("?")).verdict is Verdict.WARNING
    assert of(step("a").passed(), step("b").not_checked("?")).verdict is Verdict.NOT_CHECKED
    assert of(step("a").passed(), step("b").note("?")).verdict is Verdict.PASSED


def test_a_report_without_checks_has_not_checked_anything() -> None:
    assert of().verdict is Verdict.NOT_CHECKED
    assert of().counts == Counts(0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (step("a").passed(), Verdict.NOT_CHECKED),
        (step("a").warning("?"), Verdict.NOT_CHECKED),
        (step("a").failed("!"), Verdict.FAILED),
    ],
    ids=["passed", "warning", "failed"],
)
def test_what_was_used_unverified_never_passes(check: object, verdict: Verdict) -> None:
    assert of(check, unverified="laboratory").verdict is verdict


def test_steps_are_counted_and_a_group_that_is_not_required_makes_notes() -> None:
    found = report()
    assert found.counts == Counts(passed=1, failed=1, warnings=1, notes=1, not_checked=2)
    assert found.counts.total == len(list(tree().leaves()))
    assert [(check.id, required) for check, required in found.findings] == [
        ("sample.digest", True),
        ("sample.flags", True),
        ("sample.note", False),
    ]
    assert [(check.id, required) for check, required in found.not_checked] == [
        ("sample.closed", True),
        ("sample.other", False),
    ]


def test_a_warning_in_a_group_that_nothing_depends_on_is_a_note() -> None:
    inner = group("g", "G", [step("w").warning("?")], required=False)
    assert of(group("h", "H", [step("p").passed(), inner])).counts == Counts(1, 0, 0, 1, 0)


def test_instants_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(report(), at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the fault
    with pytest.raises(ValueError, match="aware"):
        replace(report(), fresh_until=datetime(2026, 1, 1))  # noqa: DTZ001 - as above


def test_a_row_of_a_table_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="each column"):
        Table((Column("a"), Column("b")), (("only one",),))
