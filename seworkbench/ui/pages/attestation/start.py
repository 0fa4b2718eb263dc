"""What the page shows while no case is open: what it is for, how to begin, and all cases of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from seworkbench.ui.pages.attestation.cases_card import CasesCard
from seworkbench.ui.widgets.basic import button, link
from seworkbench.ui.widgets.introduction import Introduction

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

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
        self.setObjectName("pageScroll")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(
            Introduction(
                theme,
                "arrow-left-right",
                "Is this the guest that I built, on a machine that I trust?",
                (_ASKED, _DROP),
                button("New case", self.new_asked.emit, primary=True),
                button("Try it with a simulated machine…", self.try_asked.emit),
                link("How attestation works", self.help_asked.emit),
            )
        )
        self.cases = CasesCard(theme)
        self.cases.hide()
        column.addWidget(self.cases, 1)
        column.addStretch(0)
        self.setWidget(inner)
