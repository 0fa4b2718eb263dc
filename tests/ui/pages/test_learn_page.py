"""The Learn page: pictures with ways to where things are done, and a table that the program's own profiles make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QPushButton, QScrollArea

from seworkbench.resources import resource
from seworkbench.ui.help import slug
from seworkbench.ui.pages.learn.lessons import LESSONS, Lesson
from seworkbench.ui.pages.learn.page import LearnPage, _generation_rows
from seworkbench.ui.widgets.basic import Card

if TYPE_CHECKING:
    from ..desk import Desk  # noqa: TID252


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_a_lesson_leads_to_a_page_and_to_the_help(lesson: Lesson) -> None:
    name, _, anchor = lesson.help.partition("#")
    text = resource(f"help/{name}").read_text(encoding="utf-8")
    headings = {slug(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}
    assert not anchor or anchor in headings
    assert lesson.text.endswith(".")


def test_every_link_leads_somewhere(desk: Desk) -> None:
    page = desk.window.pages["learn"]
    assert isinstance(page, LearnPage)
    asked: list[str] = []
    shown: list[str] = []
    desk.window.workbench.help_requested.connect(asked.append)
    desk.window.workbench.page_requested.connect(shown.append)
    for button in page.findChildren(QPushButton):
        desk.window.show_page("learn")
        button.click()
    assert set(shown) == {lesson.page for lesson in LESSONS}
    assert {lesson.help for lesson in LESSONS} < set(asked)
    assert "lifecycle.md#glossary" in asked
    assert all(resource(f"help/{target.partition('#')[0]}").is_file() for target in asked)


def test_it_has_a_picture_for_each_lesson_and_scrolls_only_downwards(desk: Desk) -> None:
    desk.window.show_page("learn")
    desk.window.resize(1024, 640)
    page = desk.window.pages["learn"]
    assert isinstance(page, LearnPage)
    desk.settle()
    assert [picture.flow for picture in page.pictures] == [lesson.flow for lesson in LESSONS]
    assert all(picture.width() <= page.width() for picture in page.pictures)


def test_it_ends_where_its_cards_end(desk: Desk) -> None:
    desk.window.show_page("learn")
    desk.settle()
    page = desk.window.pages["learn"]
    area = page.findChild(QScrollArea)
    content = area.widget() if area is not None else None
    assert area is not None
    assert content is not None
    cards = [card.mapTo(content, card.rect().bottomLeft()).y() for card in page.findChildren(Card)]
    assert area.verticalScrollBar().maximum() > 0
    assert content.height() - max(cards) < 30


def test_the_table_says_which_generation_knows_what() -> None:
    rows = list(_generation_rows())
    assert rows[0] == ("", "z15", "z16", "z17")
    table = {row[0]: row[1:] for row in rows[1:]}
    assert table["allow dumping"] == ("yes", "yes", "yes")
    assert table["HMAC PCKMO support"] == ("no", "no", "yes")
    assert table["nonce"] == ("no", "yes", "yes")
    assert all(set(row) <= {"yes", "no"} for row in table.values())
