"""The help: every reference leads to its heading, no link is dead, nothing outside is opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

import seworkbench
from seworkbench.resources import resource
from seworkbench.ui.help import HelpWindow, contents, find, sections, slug
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


def test_every_page_is_in_the_contents_once() -> None:
    listed = [name for _, pages in contents() for _, name in pages]
    assert sorted([*listed, "index.md"]) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_with_its_title_and_says_what_it_is_about(page: str) -> None:
    first, *others = sections(page)
    assert first.level == 1
    assert len(first.text.strip()) > 40
    assert all(section.level > 1 for section in others)
    assert [section.target for section in others] == [f"{page}#{anchor}" for anchor in headings(page)[1:]]


def test_no_page_is_wider_than_the_window(window: HelpWindow) -> None:
    window.resize(760, 600)
    too_wide = []
    for page in PAGES:
        window.show_page(page)
        QApplication.processEvents()
        # A line at the edge of a table is drawn beyond its width.
        if (wider := window.browser.horizontalScrollBar().maximum()) > 1:
            too_wide.append((page, wider))
    assert too_wide == []


def test_the_contents_show_where_one_is(window: HelpWindow) -> None:
    window.show_page("se-header.md#key-slot")
    item = window.tree.currentItem()
    assert item is not None
    assert item.text(0) == "SE header"
    below = [item.child(index) for index in range(item.childCount())]
    assert [child.text(0) for child in below if child] == [
        section.title for section in sections("se-header.md") if section.level == 2
    ]
    limits = next(child for child in below if child and child.text(0) == "Limits")
    window.tree.itemClicked.emit(limits, 0)
    assert here(window) == "limits"


def test_what_is_searched_for_is_found_and_opened(window: HelpWindow) -> None:
    window.show_page("index.md")
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.line.hasFocus()
    QTest.keyClicks(window.line, "Host KEY hash")
    hits = find("host key hash")
    assert 0 < len(hits) < 60
    assert all(word in f"{hit.title} {hit.text}".lower() for hit in hits for word in ("host", "key", "hash"))
    groups = [window.tree.topLevelItem(index) for index in range(window.tree.topLevelItemCount())]
    assert len(groups) == len({hit.page for hit in hits})
    first = groups[0].child(0) if groups[0] else None
    assert first is not None
    window.tree.itemActivated.emit(first, 0)
    assert here(window) == slug(hits[0].title)
    # The list stays: the next place is a click away.
    assert window.tree.topLevelItemCount() == len(groups)
    QTest.keyClicks(window.line, " nowhere")
    (nothing,) = [window.tree.topLevelItem(index) for index in range(window.tree.topLevelItemCount())]
    assert nothing is not None
    assert nothing.text(0) == "Nothing was found"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.line.text() == ""
    assert window.tree.topLevelItemCount() == len(contents())
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_a_search_is_emptied_with_a_cross_that_is_there_only_then(window: HelpWindow) -> None:
    (cross,) = window.line.actions()
    assert not cross.isVisible()
    QTest.keyClicks(window.line, "slot")
    assert cross.isVisible()
    cross.trigger()
    assert window.line.text() == ""
    assert not cross.isVisible()


def test_another_theme_keeps_the_place(window: HelpWindow) -> None:
    window.show_page("verification.md#step-14-digests-and-page-count")
    assert window.browser.cursorForPosition(QPoint(0, 10)).block().text() == "Step 14: digests and page count"
    window._theme.set_zoom(1.3)
    assert window.browser.cursorForPosition(QPoint(0, 10)).block().text() == "Step 14: digests and page count"
    assert window.browser.document().defaultFont().pixelSize() == 18


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
