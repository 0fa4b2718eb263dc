"""What is told of a defect: where, and nothing that could be anybody's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.defects import WorkerDefect, defect_report
from seworkbench.formats.layout import Uint

if TYPE_CHECKING:
    from collections.abc import Callable


def met(defect: Callable[[], object]) -> str:
    """The report of what a function raises."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - of any kind
        defect()
    return defect_report(caught.value)


def test_a_report_names_kinds_and_places_and_quotes_no_message() -> None:
    def fail() -> None:
        try:
            int("a secret")
        except ValueError as error:
            text = "another " + "secret"
            raise LookupError(text) from error

    report = met(fail)
    first, second = report.split("\nwhich led to\n")
    assert first.startswith("ValueError\n  tests/test_defects.py, line ")
    assert second.startswith("LookupError\n")
    assert "in fail\n    raise LookupError(text) from error" in second
    assert "another secret" not in report


def test_a_report_does_not_tell_where_the_program_lies() -> None:
    report = met(lambda: Uint(4).encode(-1))
    assert "  seworkbench/formats/layout.py, line " in report
    assert str(Path(__file__).parents[1]) not in report
    assert f"  {Path(json.decoder.__file__).name}, line " in met(lambda: json.loads("{"))
    assert str(Path(json.decoder.__file__).parent) not in met(lambda: json.loads("{"))


def test_the_report_of_another_process_is_part_of_ones_own() -> None:
    assert defect_report(WorkerDefect("KeyError\n  there")) == "KeyError\n  there\nwhich led to\nWorkerDefect"


def test_an_error_that_was_dealt_with_is_not_in_the_report() -> None:
    def fail() -> None:
        try:
            int("x")
        except ValueError:
            raise LookupError from None

    assert met(fail).startswith("LookupError\n")
