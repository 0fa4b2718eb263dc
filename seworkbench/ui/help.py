"""The help window: the pages of resources/help, opened at the right place by F1, with their contents and a search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from seworkbench.resources import resource
from seworkbench.ui.widgets.basic import button, offer_clearing
from seworkbench.ui.widgets.prose import show_markdown

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QUrl
    from PySide6.QtGui import QPainter, QTextBlock

    from seworkbench.ui.theme import Theme

_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*")
_MARKS = re.compile(r"[`*]|\[([^]]*)\]\([^)]*\)")
# A row of the tables that list the pages.
_ROW = re.compile(r"\| \[([^]]+)\]\(([a-z0-9-]+\.md)\) \|")
_FENCE = "```"
_INDEX = "index.md"
_SIZE = QSize(1060, 780)
_CONTENTS_WIDTH = 230
_TARGET = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a page, with what stands below it.

    Args:
        page: name of the file.
        title: the heading.
        level: of the heading, 1 for that of the page.
        text: what stands below it, up to the next heading.
    """

    page: str
    title: str
    level: int
    text: str

    @property
    def target(self) -> str:
        """Where it is, as links write it."""
        return self.page if self.level == 1 else f"{self.page}#{slug(self.title)}"


def slug(heading: str) -> str:
    """The anchor of a heading, as the links in the pages write it."""
    return _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")


@cache
def sections(page: str) -> tuple[Section, ...]:
    """The sections of a page, in their order."""
    found: list[Section] = []
    lines: list[str] = []
    title, level, fenced = "", 1, False

    def close() -> None:
        if title:
            found.append(Section(page, title, level, "\n".join(lines)))

    for line in resource(f"help/{page}").read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith(_FENCE)
        match = None if fenced else _HEADING.fullmatch(line)
        if match is None:
            lines.append(line)
            continue
        close()
        title, level, lines = _MARKS.sub(r"\1", match.group(2)), len(match.group(1)), []
    close()
    return tuple(found)


@cache
def contents() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """What pages there are, as the first page lists them: groups of titles and names of files."""
    groups = ((section.title, tuple(_ROW.findall(section.text))) for section in sections(_INDEX))
    return tuple((title, pages) for title, pages in groups if pages)


def find(words: str) -> list[Section]:
    """The sections in which all of some words stand; those with a word in their heading first."""
    wanted = words.lower().split()
    pages = [_INDEX, *(name for _, group in contents() for _, name in group)]
    hits = [
        section
        for page in pages
        for section in sections(page)
        if wanted and all(word in f"{section.title}\n{section.text}".lower() for word in wanted)
    ]
    return sorted(hits, key=lambda hit: not any(word in hit.title.lower() for word in wanted))


class _Contents(QTreeWidget):
    """The contents. What is selected is marked from its first letter on: the arrow before it has one colour only.

    Args:
        theme: colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def drawBranches(  # noqa: N802 - Qt's name
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the arrow on the colour of the panel."""
        painter.fillRect(rect, self._theme.roles.colour("panel"))
        super().drawBranches(painter, rect, index)


class HelpWindow(QWidget):
    """Shows one page at a time.

    Args:
        theme: fonts and colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("SE Workbench help")
        self.setObjectName("page")
        self.resize(_SIZE)
        self._theme = theme
        self._folder = resource("help")
        self._history: list[str] = []
        # Number of the block at the top: by the time that a theme has changed, everything stands elsewhere.
        self._first = 0
        self.line = QLineEdit()
        self.line.setPlaceholderText("Search the help    Ctrl F")
        self.line.setAccessibleName("Search the help")
        offer_clearing(self.line, theme)
        self.line.textChanged.connect(self._fill)
        self.tree = _Contents(theme)
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("Contents")
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.itemClicked.connect(self._open)
        self.tree.itemActivated.connect(self._open)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Help page")
        self.browser.setOpenLinks(False)
        # Everything is broken to the width; only a line at the edge of a table stands out by a pixel.
        self.browser.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.browser.anchorClicked.connect(self._follow)
        self.browser.verticalScrollBar().valueChanged.connect(self._remember)
        self._lay_out()
        for keys, run in (
            (QKeySequence.StandardKey.Find, self._search),
            (QKeySequence.StandardKey.Back, self._back),
            (QKeySequence(Qt.Key.Key_Escape), self._leave),
        ):
            QShortcut(keys, self).activated.connect(run)
        theme.changed.connect(self._restyle)
        self._fill()

    def show_page(self, target: str) -> None:
        """Show a page, at its anchor if `target` has one ("se-header.md#key-slot")."""
        name, _, anchor = target.partition("#")
        path = self._folder / name
        if path.parent != self._folder or not path.is_file():
            return
        self._history.append(target)
        self.back.setEnabled(len(self._history) > 1)
        show_markdown(self.browser, path.read_text(encoding="utf-8"), self._theme)
        self._scroll_to(anchor)
        self._mark(name)

    # --- contents and search

    def _fill(self) -> None:
        """Show what pages there are, or where the words are that are searched for."""
        self.tree.clear()
        if words := self.line.text().strip():
            hits = find(words)
            if not hits:
                self._add_group("Nothing was found")
            names = {_INDEX: "Help", **{name: title for _, pages in contents() for title, name in pages}}
            # Pages in the order of their best place.
            for page in dict.fromkeys(hit.page for hit in hits):
                group = self._add_group(names[page])
                for hit in hits:
                    if hit.page == page:
                        self._add(group, hit.title, hit.target)
        else:
            for title, pages in contents():
                group = self._add_group(title)
                for text, name in pages:
                    self._add(group, text, name)
            self._mark(self._history[-1].partition("#")[0] if self._history else "")

    def _add_group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.tree, [title])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        group.setFont(0, self._theme.font(bold=True))
        group.setExpanded(True)
        return group

    def _add(self, parent: QTreeWidgetItem, text: str, target: str) -> None:
        item = QTreeWidgetItem(parent, [text])
        item.setData(0, _TARGET, target)
        item.setToolTip(0, text)

    def _mark(self, name: str) -> None:
        """Mark the page that is shown in the contents, and list its parts below it."""
        if self.line.text().strip():
            return
        for group in map(self.tree.topLevelItem, range(self.tree.topLevelItemCount())):
            for index in range(group.childCount() if group else 0):
                item = group.child(index) if group else None
                if item is None:
                    continue
                item.takeChildren()
                if item.data(0, _TARGET) == name:
                    for section in sections(name):
                        if section.level == 2:  # noqa: PLR2004 - parts of a page
                            self._add(item, section.title, section.target)
                    item.setExpanded(True)
                    self.tree.setCurrentItem(item)

    def _open(self, item: QTreeWidgetItem) -> None:
        target = item.data(0, _TARGET)
        if isinstance(target, str) and (not self._history or self._history[-1] != target):
            self.show_page(target)

    def _search(self) -> None:
        self.line.setFocus()
        self.line.selectAll()

    def _leave(self) -> None:
        """Stop searching, or close the window."""
        if self.line.text():
            self.line.clear()
        else:
            self.close()

    # --- the page

    def _restyle(self) -> None:
        """Fonts and colours are set when a page is read, so the page is read again, and stays in place."""
        self._fill()
        if self._history:
            first = self._first
            self.show_page(self._history.pop())
            self._bring_to_top(self.browser.document().findBlockByNumber(first))

    def _remember(self) -> None:
        self._first = self.browser.cursorForPosition(QPoint()).blockNumber()

    def _scroll_to(self, anchor: str) -> None:
        # Headings get no anchors of their own from Markdown, so the one that gives this slug is looked for.
        block = self.browser.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and (not anchor or slug(block.text()) == anchor):
                self._bring_to_top(block)
                return
            block = block.next()

    def _bring_to_top(self, block: QTextBlock) -> None:
        # From below, else it would come into view at the bottom.
        self.browser.moveCursor(QTextCursor.MoveOperation.End)
        self.browser.setTextCursor(QTextCursor(block))

    def _follow(self, url: QUrl) -> None:
        # Links lead from page to page; nothing outside is ever opened.
        if url.isRelative():
            current = self._history[-1].partition("#")[0] if self._history else _INDEX
            self.show_page(url.toString() if url.path() else f"{current}#{url.fragment()}")

    def _back(self) -> None:
        if len(self._history) > 1:
            self._history.pop()
            self.show_page(self._history.pop())

    def _lay_out(self) -> None:
        self.back = button("Back", self._back)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(button("Contents", lambda: self.show_page(_INDEX)))
        row.addStretch(1)
        beside = QWidget()
        column = QVBoxLayout(beside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.line)
        column.addWidget(self.tree, 1)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setHandleWidth(10)
        both.setChildrenCollapsible(False)
        both.addWidget(beside)
        both.addWidget(self.browser)
        both.setStretchFactor(1, 1)
        both.setSizes([_CONTENTS_WIDTH + 60, _SIZE.width() - _CONTENTS_WIDTH - 60])
        layout = QVBoxLayout(self)
        layout.addWidget(both)
