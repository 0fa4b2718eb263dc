"""The help window: the pages of resources/help, opened at the right place by F1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from seworkbench.resources import resource

if TYPE_CHECKING:
    from PySide6.QtCore import QUrl

    from seworkbench.ui.theme import Theme

_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


def slug(heading: str) -> str:
    """The anchor of a heading, as the links in the pages write it."""
    return _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")


class HelpWindow(QWidget):
    """Shows one page at a time.

    Args:
        theme: fonts.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("SE Workbench help")
        self.setObjectName("page")
        self.resize(860, 760)
        self._folder = resource("help")
        self._history: list[str] = []
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Help page")
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(self._follow)
        back = QPushButton("Back")
        back.clicked.connect(self._back)
        contents = QPushButton("Contents")
        contents.clicked.connect(lambda: self.show_page("index.md"))
        row = QHBoxLayout()
        row.addWidget(back)
        row.addWidget(contents)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.browser, 1)
        self._theme = theme
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_page(self, target: str) -> None:
        """Show a page, at its anchor if `target` has one ("se-header.md#key-slot")."""
        name, _, anchor = target.partition("#")
        path = self._folder / name
        if path.parent != self._folder or not path.is_file():
            return
        self._history.append(target)
        self.browser.document().setMarkdown(path.read_text(encoding="utf-8"))
        self._scroll_to(anchor)

    def _restyle(self) -> None:
        """Fonts and the colour of links are set when a page is read, so the page is read again, and stays in place."""
        self.browser.document().setDefaultFont(self._theme.font(14))
        if self._history:
            bar = self.browser.verticalScrollBar()
            place = bar.value() / max(bar.maximum(), 1)
            self.show_page(self._history.pop())
            bar.setValue(round(place * bar.maximum()))

    def _scroll_to(self, anchor: str) -> None:
        # Headings get no anchors of their own from Markdown, so the one that gives this slug is looked for.
        block = self.browser.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and (not anchor or slug(block.text()) == anchor):
                self.browser.moveCursor(QTextCursor.MoveOperation.End)
                self.browser.setTextCursor(QTextCursor(block))
                return
            block = block.next()

    def _follow(self, url: QUrl) -> None:
        # Links lead from page to page; nothing outside is ever opened.
        if url.isRelative():
            current = self._history[-1].partition("#")[0] if self._history else "index.md"
            self.show_page(url.toString() if url.path() else f"{current}#{url.fragment()}")

    def _back(self) -> None:
        if len(self._history) > 1:
            self._history.pop()
            self.show_page(self._history.pop())
