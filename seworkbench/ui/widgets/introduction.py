"""What a page says while it is empty: the question that it answers, what to drop, and ways to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.ui.widgets.basic import label
from seworkbench.ui.widgets.mark import Mark

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme

_SIGN = 28


class Introduction(QFrame):
    """A card with a sign, a question, its answer, and ways to begin.

    The ways stand below each other where a row of them has no room.

    Args:
        theme: colours and zoom.
        sign: name of the icon.
        question: the heading.
        answer: one paragraph each.
        ways: buttons and links.
    """

    def __init__(self, theme: Theme, sign: str, question: str, answer: tuple[str, ...], *ways: QWidget) -> None:
        super().__init__()
        self.setObjectName("card")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(14)
        row.addWidget(Mark(theme, sign, "accent", _SIGN), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(label(question, "heading", wrap=True))
        for paragraph in answer:
            column.addWidget(label(paragraph, "muted", wrap=True))
        self._ways = ways
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for way in ways:
            self._row.addWidget(way, 0, Qt.AlignmentFlag.AlignLeft)
        self._row.addStretch(1)
        column.addLayout(self._row)
        row.addLayout(column, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the ways out anew."""
        super().resizeEvent(event)
        needed = sum(way.sizeHint().width() + self._row.spacing() for way in self._ways)
        fits = needed <= self._row.geometry().width()
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the widest of the ways needs it: the others go below that one."""
        hint = super().minimumSizeHint()
        beside = self.width() - self._row.geometry().width()
        widest = max((way.sizeHint().width() for way in self._ways), default=0)
        return QSize(min(hint.width(), beside + widest), hint.height())
