"""The help: every reference leads to its heading, no link is dead, nothing outside is opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QUrl
from shiboken6 import isValid

import seworkbench
from seworkbench.resources import resource
from seworkbench.ui.help import HelpWindow, slug
from seworkbench.ui.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from .desk import Desk

HELP = resource("help")
SOURCES = sorted(Path(seworkbench.__file__).parent.rglob("*.py"))
PAGES = sorted(path.name for path in HELP.glob("*.md"))
_REFERENCE = re.compile(r"([a-z0-9-]+\.md)(#[A-Za-z0-9_-]+)?")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)


def headings(page: str) -> list[str]:
    """Anchors of a page."""
    text = re.sub(r"```.*?```", "", (HELP / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return [slug(re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading)) for heading in _HEADING.findall(text)]


def references() -> list[str]:
    """Every page, with its anchor, that the program names."""
    found = set()
    for path in SOURCES:
        for page, anchor in _REFERENCE.findall(path.read_text(encoding="utf-8")):
            found.add(f"{page}{anchor}")
    return sorted(found)


@pytest.fixture
def window(qtbot: QtBot) -> HelpWindow:
    """The help window."""
    made = HelpWindow(Theme())
    qtbot.addWidget(made)
    made.show()
    return made


def here(window: HelpWindow) -> str:
    """Anchor of the heading that the cursor is at."""
    return slug(window.browser.textCursor().block().text())


def test_the_program_names_many_places_in_the_help() -> None:
    assert len(references()) > 50


@pytest.mark.parametrize("reference", references())
def test_what_the_program_names_is_there(reference: str) -> None:
    page, _, anchor = reference.partition("#")
    assert page in PAGES
    assert not anchor or anchor in headings(page)


def test_every_reference_opens_at_its_heading(window: HelpWindow) -> None:
    wrong = []
    for reference in references():
        window.show_page(reference)
        anchor = reference.partition("#")[2]
        if anchor and here(window) != anchor:
            wrong.append((reference, here(window)))
    assert wrong == []


def test_a_heading_far_below_is_brought_to_the_top(window: HelpWindow) -> None:
    window.show_page("verification.md#step-14-digests-and-page-count")
    rectangle = window.browser.cursorRect()
    assert 0 <= rectangle.top() < window.browser.viewport().height() / 2
    assert window.browser.verticalScrollBar().value() > 0


@pytest.mark.parametrize("page", PAGES)
def test_no_link_between_pages_is_dead(page: str) -> None:
    for link in _LINK.findall((HELP / page).read_text(encoding="utf-8")):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        assert (HELP / (target or page)).is_file(), link
        assert not anchor or anchor in headings(target or page), link


def test_links_are_followed_and_gone_back(window: HelpWindow) -> None:
    window.show_page("index.md")
    window.browser.anchorClicked.emit(QUrl("se-header.md#key-slot"))
    assert here(window) == "key-slot"
    window.browser.anchorClicked.emit(QUrl("#limits"))
    assert here(window) == "limits"
    window._back()
    assert here(window) == "key-slot"
    window._back()
    assert here(window) == headings("index.md")[0]
    window._back()
    assert here(window) == headings("index.md")[0]


@pytest.mark.parametrize(
    "target",
    ["../../pyproject.toml", "/etc/passwd", "no-such-page.md", "", "https://example.org/", "file:///etc/passwd"],
)
def test_nothing_outside_the_help_is_opened(window: HelpWindow, target: str) -> None:
    window.show_page("index.md")
    before = window.browser.toPlainText()
    window.show_page(target)
    window.browser.anchorClicked.emit(QUrl(target))
    assert window.browser.toPlainText() == before


def test_f1_opens_the_help_of_the_page(desk: Desk) -> None:
    opened: set[HelpWindow] = set()
    for page in desk.window.pages.values():
        desk.window.show_page(page.NAME)
        action = desk.window.actions_table.qt("help.page")
        assert action.shortcut().toString() == "F1"
        action.trigger()  # the key itself goes to the window in front, which is the help from the second page on
        help_window = desk.window._help
        assert help_window is not None
        assert help_window.isVisible()
        assert here(help_window) in headings(page.HELP.partition("#")[0])
        opened.add(help_window)
    (the_only_one,) = opened
    desk.window.close()
    assert desk.window._help is None
    assert not isValid(the_only_one) or not the_only_one.isVisible()
