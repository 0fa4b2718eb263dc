"""Paths as they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from seworkbench.errors import SeError
from seworkbench.ui.paths import shown_error, shown_path


def test_what_lies_in_the_home_folder_is_shown_short_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert shown_path(Path("/home/anna/images/guest.img")) == "~/images/guest.img"
    assert Path("~/images/guest.img").expanduser() == Path("/home/anna/images/guest.img")
    assert shown_path(Path("/home/anna")) == "~"


@pytest.mark.parametrize("path", ["/home/annabel/x", "/x", "relative/x", "/home/anna2"])
def test_everything_else_is_shown_whole(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert shown_path(Path(path)) == path


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("/home/anna/images/guest.img", "~/images/guest.img: It broke."),
        ("/srv/guest.img", "/srv/guest.img: It broke."),
        ("key slot 2", "key slot 2: It broke."),
        ("", "It broke."),
    ],
)
def test_where_something_went_wrong_is_shown_short_too(monkeypatch: pytest.MonkeyPatch, where: str, text: str) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert shown_error(SeError("It broke.", where=where, remedy="Mend it.")) == text
