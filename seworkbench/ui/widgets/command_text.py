"""Commands to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from seworkbench.ui.widgets.basic import button, label

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

# What stands around the text, and the bar below lines that are too long.
_PADDING, _BAR = 20, 14


class CommandText(QWidget):
    """Commands to copy, with a line above that says where they are run.

    Args:
        theme: fonts.
        said: where they are run.
        tall: whether it takes all the height there is and breaks long lines; else it is as high as its lines.
    """

    def __init__(self, theme: Theme, said: str, *, tall: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._tall = tall
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        head = QHBoxLayout()
        self.said = label(said, "small", wrap=True)
        head.addWidget(self.said, 1)
        head.addWidget(button("Copy", self._copy))
        column.addLayout(head)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(f"Commands: {said}")
        self.text.setLineWrapMode(
            QPlainTextEdit.LineWrapMode.WidgetWidth if tall else QPlainTextEdit.LineWrapMode.NoWrap
        )
        column.addWidget(self.text)
        theme.changed.connect(self._fit)
        self._fit()

    def show_text(self, text: str) -> None:
        """Show commands."""
        # A surrogate stands for a byte of a file name that is no text; nothing can show it.
        shown = text.encode("utf-8", "backslashreplace").decode()
        if shown != self.text.toPlainText():
            self.text.setPlainText(shown)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lines that have room now need no bar below them."""
        super().resizeEvent(event)
        self._fit()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText() + "\n")

    def _fit(self) -> None:
        self.text.setFont(self._theme.mono(12))
        if self._tall:
            return
        lines = self.text.toPlainText().split("\n")
        metrics = self.text.fontMetrics()
        # Frame and padding, and room for the bar below lines that are too long.
        long = max(map(metrics.horizontalAdvance, lines)) + _PADDING > self.text.width()
        self.text.setFixedHeight(len(lines) * metrics.lineSpacing() + (_PADDING + _BAR if long else _PADDING))
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
