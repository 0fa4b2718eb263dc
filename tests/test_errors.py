"""The family of errors."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import Cancelled, CheckFailed, FormatError, SeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("where", "remedy", "text"),
    [
        ("", "", "It broke."),
        ("a.img", "", "a.img: It broke."),
        ("", "Mend it.", "It broke. Mend it."),
        ("a.img", "Mend it.", "a.img: It broke. Mend it."),
    ],
)
def test_the_message_says_where_what_and_what_to_do(where: str, remedy: str, text: str) -> None:
    for kind in (SeError, FormatError, UsageError, CheckFailed):
        error = kind("It broke.", where=where, remedy=remedy)
        assert str(error) == text
        assert (error.what, error.where, error.remedy) == ("It broke.", where, remedy)


def test_the_place_is_filled_in_once_and_never_replaced() -> None:
    error = FormatError("It broke.", offset=12)
    assert error.located("a.img") is error
    assert str(error.located("b.img")) == "a.img: It broke."


def test_every_error_of_the_family_is_an_se_error() -> None:
    for kind in (FormatError, UsageError, CheckFailed, Cancelled):
        assert issubclass(kind, SeError)
    assert FormatError("x").offset is None
    assert FormatError("x", offset=0).offset == 0


def test_a_cancelled_job_says_that_nothing_was_written() -> None:
    assert str(Cancelled()) == "Cancelled. Nothing was written."


def through_pickle(error: SeError) -> object:
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("through", [through_pickle, copy.copy])
@pytest.mark.parametrize(
    "error",
    [
        SeError("It broke.", where="a", remedy="Mend it."),
        FormatError("It broke.", offset=3, where="a", remedy="Mend it."),
        UsageError("It broke.", where="a", remedy="Mend it."),
        CheckFailed("It broke.", where="a", remedy="Mend it."),
        Cancelled(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_pass_from_a_worker_process_whole(error: SeError, through: Callable[[SeError], object]) -> None:
    again = through(error)
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)
