"""Markdown as a page to read: sizes, fonts, tables, frames around code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QTextFormat, QTextFrame, QTextTable
from PySide6.QtWidgets import QApplication, QTextBrowser
from shiboken6 import isValid

from seworkbench.ui.theme import DARK, Theme
from seworkbench.ui.widgets.prose import markdown_document, show_markdown

if TYPE_CHECKING:
    from PySide6.QtGui import QTextCharFormat, QTextDocument
    from pytestqt.qtbot import QtBot

TEXT = """# Title with `code`

A paragraph with `code`, **bold** and more.

- one
- two

Behind the list.

```
first line
second line that is fenced, too
```

Between.

```
alone
```

| Name | Value |
|---|---|
| `a` | 1 |

| | |
|---|---|
| no head | 2 |
"""


def shown(theme: Theme, text: str = TEXT) -> QTextDocument:
    """A document that shows a text."""
    return markdown_document(text, theme)


def letters(document: QTextDocument, text: str) -> QTextCharFormat:
    """The format of a text."""
    cursor = document.find(text)
    assert not cursor.isNull(), text
    return cursor.charFormat()


def frames(document: QTextDocument) -> list[QTextFrame]:
    """Frames that are no tables."""
    return [frame for frame in document.rootFrame().childFrames() if not isinstance(frame, QTextTable)]


def test_headings_are_larger_and_code_is_in_the_font_of_bytes(theme: Theme) -> None:
    document = shown(theme)
    assert letters(document, "Title").font().pixelSize() == 23
    assert letters(document, "paragraph").font().family() == document.defaultFont().family()
    for text in ("code`"[:-1], "first line", "alone"):
        assert letters(document, text).font().family() == "JetBrains Mono"
    bold = letters(document, "bold").font()
    assert bold.weight() == bold.Weight.DemiBold


def test_everything_grows_with_the_zoom(theme: Theme) -> None:
    theme.set_zoom(1.5)
    document = shown(theme)
    assert letters(document, "Title").font().pixelSize() == round(23 * 1.5)
    assert document.defaultFont().pixelSize() == 21
    assert letters(document, "first line").font().pixelSize() == round(13 * 1.5)


def test_each_run_of_fenced_lines_has_a_frame(theme: Theme) -> None:
    document = shown(theme)
    texts = []
    for frame in frames(document):
        cursor = frame.firstCursorPosition()
        cursor.setPosition(frame.lastPosition(), cursor.MoveMode.KeepAnchor)
        texts.append(cursor.selection().toPlainText())
    assert texts == ["first line\nsecond line that is fenced, too", "alone"]
    assert document.toPlainText().count("second line") == 1


def test_tables_are_as_wide_as_the_page_and_an_empty_head_is_left_out(theme: Theme) -> None:
    document = shown(theme)
    tables = [frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)]
    assert [table.rows() for table in tables] == [2, 1]
    for table in tables:
        width = table.format().toTableFormat().width()
        assert (width.type(), width.rawValue()) == (width.Type.PercentageLength, 100)


def test_a_table_right_behind_a_fence_is_no_part_of_it(theme: Theme) -> None:
    document = shown(theme, "# T\n\n```\nrun\n```\n\n| Head | Second |\n|---|---|\n| a | b |\n")
    (frame,) = frames(document)
    cursor = frame.firstCursorPosition()
    cursor.setPosition(frame.lastPosition(), cursor.MoveMode.KeepAnchor)
    assert cursor.selectedText() == "run"
    fonts = [letters(document, text).font() for text in ("Head", "Second")]
    assert fonts[0] == fonts[1]
    assert fonts[0].weight() == fonts[0].Weight.DemiBold


def test_numbers_are_not_broken_where_other_columns_can_give_way(theme: Theme) -> None:
    words = "many words " * 20
    document = shown(theme, f"# T\n\n| Mask | A | B |\n|---|---|---|\n| `0x8000000000000000` | {words} | {words} |\n")
    document.setTextWidth(400)
    assert document.size().width() <= 402
    block = document.find("0x8000").block()
    assert block.layout().lineCount() == 1


def test_a_long_line_of_code_does_not_make_the_page_wider(theme: Theme) -> None:
    document = shown(theme, f"# T\n\n```\n{'word ' * 100}\n{'x' * 500}\n```\n")
    document.setTextWidth(400)
    assert document.size().width() <= 401


def test_colours_are_those_of_the_theme(theme: Theme) -> None:
    theme.roles = DARK
    document = shown(theme)
    (first, _) = frames(document)
    assert first.frameFormat().background().color() == DARK.colour("background")


def test_what_was_shown_before_is_gone_and_nothing_is_shown_of_nothing(theme: Theme, qtbot: QtBot) -> None:
    browser = QTextBrowser()
    qtbot.addWidget(browser)
    show_markdown(browser, TEXT, theme)
    first = browser.document()
    assert browser.toPlainText().startswith("Title with code")
    show_markdown(browser, "", theme)
    assert browser.toPlainText() == ""
    assert not browser.document().begin().blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(first)
