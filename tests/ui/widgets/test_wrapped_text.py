"""Text that fits whatever the width is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from seworkbench.errors import SeError
from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.basic import ErrorBox
from seworkbench.ui.widgets.wrapped_text import WrappedText

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

HASH = "cb12fc133c0d8ffda3630de6f522736d88b98c57741e12db77b293cfe680c46b"


def page_of(qtbot: QtBot, widget: QWidget, width: int) -> QWidget:
    """The widget on top of a narrow page."""
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    column.addWidget(widget)
    column.addWidget(QWidget(), 1)
    page.resize(width, 600)
    page.show()
    return page


@pytest.mark.parametrize("width", [160, 240, 900])
def test_all_of_a_text_is_seen_in_any_width_and_taken_as_it_is(qtbot: QtBot, width: int) -> None:
    text = WrappedText()
    text.setText(f"Build it for the machine\nwith the hash {HASH}.")
    page = page_of(qtbot, text, width)
    qtbot.waitUntil(lambda: text.height() >= text.document().size().height())
    assert page.width() == width, "the page is not made wider by a long word"
    assert text.horizontalScrollBar().maximum() == text.verticalScrollBar().maximum() == 0
    text.selectAll()
    assert HASH in text.textCursor().selectedText(), "nothing stands between the letters"


def test_markup_is_shown_as_text(qtbot: QtBot) -> None:
    text = WrappedText()
    qtbot.addWidget(text)
    text.setText("<b>bold</b>")
    assert text.text() == "<b>bold</b>"


def test_an_error_with_a_hash_fits_into_a_narrow_page(qtbot: QtBot) -> None:
    box = ErrorBox(Theme())
    page = page_of(qtbot, box, 320)
    box.show_error(SeError("No key slot is for this host key.", where="/images/guest.img", remedy=f"Use {HASH}."))
    for text in (box.what, box.remedy):
        qtbot.waitUntil(lambda text=text: text.height() >= text.document().size().height())  # type: ignore[misc]
    assert page.width() == 320
    box.show_error(SeError("Short."))
    assert not box.remedy.isVisible()
    qtbot.waitUntil(lambda: box.height() < 60)
