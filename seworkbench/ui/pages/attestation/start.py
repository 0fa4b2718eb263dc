"""What the page shows while no case is open: what it is for, how to begin, and all cases of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from seworkbench.ui.pages.attestation.cases_card import CasesCard
from seworkbench.ui.widgets.basic import button, label, link
from seworkbench.ui.widgets.mark import Mark

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme

# Unscaled.
_ROW = 540
_ASKED = (
    "You ask with a request that the chosen machines alone can open. The machine's Ultravisor answers for the "
    "guest with a measurement; here it is computed anew from the SE header you expect, and compared."
)
_DROP = (
    "Drop what you have on this page, in any order: the image or its SE header; the response, and the "
    "protection key of its request. With these three a response of a real machine is verified. Or begin with "
    "a new request."
)


class CasesStart(QScrollArea):
    """The view; scrolled where there is little room.

    Args:
        theme: colours.
    """

    new_asked = Signal()
    try_asked = Signal()  # with a simulated machine
    help_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("pageScroll")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._make_empty(theme))
        self.cases = CasesCard(theme)
        self.cases.hide()
        column.addWidget(self.cases, 1)
        column.addStretch(0)
        self.setWidget(inner)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The ways to begin stand one below the other where a row of them has no room."""
        super().resizeEvent(event)
        row = event.size().width() >= self._theme.pixels(_ROW)
        self._ways.setDirection(QBoxLayout.Direction.LeftToRight if row else QBoxLayout.Direction.TopToBottom)

    def _make_empty(self, theme: Theme) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        row = QHBoxLayout(card)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(14)
        row.addWidget(Mark(theme, "arrow-left-right", "accent", 28), 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        text.addWidget(label("Is this the guest that I built, on a machine that I trust?", "heading", wrap=True))
        for words in (_ASKED, _DROP):
            text.addWidget(label(words, "muted", wrap=True))
        self._ways = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for made in (
            button("New case", self.new_asked.emit, primary=True),
            button("Try it with a simulated machine…", self.try_asked.emit),
            link("How attestation works", self.help_asked.emit),
        ):
            self._ways.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
        self._ways.addStretch(1)
        text.addLayout(self._ways)
        row.addLayout(text, 1)
        return card
