"""A few lines of text that always fit: words that are too long, such as hashes and paths, go on in the next line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

_WRAP = QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
_LINE_SEPARATOR = "\u2028"
_FEWEST_LETTERS = 8


class WrappedText(QTextEdit):
    """Text to read and to select, not to change. A label of Qt's breaks lines between words only.

    Args:
        style: object name of the style sheet ("muted").
    """

    def __init__(self, style: str = "") -> None:
        super().__init__()
        self.setObjectName(style or "wrapped")
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setAcceptDrops(False)  # a file dropped here is meant for the page
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(_WRAP)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        for set_policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.setContentsMargins(0, 0, 0, 0)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """The text."""
        return self.toPlainText()

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Show a text, plain whatever is in it."""
        self.setPlainText(text)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """It is the higher the narrower it is."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """What all lines need."""
        layout = QTextLayout(self.toPlainText().replace("\n", _LINE_SEPARATOR), self.font())
        option = QTextOption()
        option.setWrapMode(_WRAP)
        layout.setTextOption(option)
        height = 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 1))
            height += line.height()
        layout.endLayout()
        return math.ceil(height)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """All in one line."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.toPlainText()) + 1, metrics.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few letters beside one another."""
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * _FEWEST_LETTERS, metrics.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is ever scrolled: there is room for all of it."""
        super().resizeEvent(event)
        self.verticalScrollBar().setValue(0)
