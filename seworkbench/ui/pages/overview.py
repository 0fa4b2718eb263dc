"""Overview: what this program is for, what was opened lately, and where to begin."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.ui.actions import Action
from seworkbench.ui.pages.page import Page
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.basic import Card, button, empty_layout, label, link

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.workbench import Workbench

_SHOWN = 8


class OverviewPage(Page):
    """The first page."""

    NAME = "overview"
    HELP = "index.md"

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(label("Secure Execution images, seen through", "title"))
        column.addWidget(
            label(
                "Drop any file into this window, or paste text: images, headers, kernels, certificates, PEM, hex, "
                "Base64. What it says decides where it goes.",
                "muted",
                wrap=True,
            )
        )
        self.tasks = QHBoxLayout()
        self.tasks.setSpacing(12)
        column.addLayout(self.tasks)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(12)
        column.addLayout(self._cards)
        self._take_tour: Callable[[], None] | None = None
        self._recent = Card("Recent files")
        column.addWidget(self._recent)
        column.addStretch(1)
        workbench.recent_changed.connect(self._show_recent)
        self._show_recent()

    def add_card(self, card: Card) -> None:
        """A card above the recent files."""
        self._cards.addWidget(card)

    def offer_tour(self, take: Callable[[], None]) -> None:
        """A card, and a command, with which the tour begins."""
        card = Card("See it work", "five minutes, no mainframe")
        row = QHBoxLayout()
        row.addWidget(
            label(
                "A simulated machine, an image built for it, its start, the proof that it runs, and six attacks that "
                "are caught. With files of its own: yours are not touched.",
                "muted",
                wrap=True,
            ),
            1,
        )
        row.addWidget(button("Take the tour", take, primary=True))
        card.body.addLayout(row)
        self._cards.insertWidget(0, card)
        self._take_tour = take

    def actions_of_page(self) -> tuple[Action, ...]:
        """The tour, from everywhere."""
        if self._take_tour is None:
            return ()
        return (Action("help.tour", "Take the tour", "Help", self._take_tour, icon="play"),)

    def add_task(self, title: str, text: str, word: str, page: str) -> None:
        """A card that leads to a page."""
        card = Card(title)
        card.body.addWidget(label(text, "muted", wrap=True))
        # The buttons of all cards stand on one line, however long the texts are.
        card.body.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(button(word, lambda: self.workbench.page_requested.emit(page)))
        row.addStretch(1)
        card.body.addLayout(row)
        self.tasks.addWidget(card, 1)

    def _show_recent(self) -> None:
        body = self._recent.body
        empty_layout(body)
        settings = self.workbench.settings
        self._recent.detail.setText("" if settings.keep_recent else "not kept")
        if not settings.recent:
            body.addWidget(label("None yet." if settings.keep_recent else "Switched off in the settings.", "muted"))
        for name in settings.recent[:_SHOWN]:
            path = Path(name)
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.addWidget(link(path.name, partial(self._open, path)))
            line.addWidget(label(shown_path(path.parent), "small"))
            line.addStretch(1)
            body.addWidget(row)

    def _open(self, path: Path) -> None:
        self.workbench.files_offered.emit([path])
