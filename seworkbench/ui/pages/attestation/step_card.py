"""A card that continues the band of its step in the diagram: a bar along its left edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.widgets.basic import Card, VerdictChip, button, label

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_EDGE = 3
# Of a box of commands: what stands around its text, and the bar below lines that are too long.
_PADDING, _BAR = 20, 14
_ROUND = 8


class StepCard(Card):
    """The card of a step.

    Args:
        theme: colours.
        title: its name with its number.
        detail: muted text beside it.
    """

    def __init__(self, theme: Theme, title: str, detail: str = "") -> None:
        super().__init__(title, detail)
        self._theme = theme
        self._is_open = False
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.chip.hide()
        self.head.insertWidget(1, self.chip)
        theme.changed.connect(self.update)

    def refresh(self) -> None:
        """Show the case; each card does its own part."""

    def set_open(self, *, is_open: bool) -> None:
        """Whether its step is the one that is open."""
        self._is_open = is_open
        self.update()

    def focus_first(self) -> None:
        """Give the focus to what a person does here, if there is anything."""
        buttons = [made for made in self.findChildren(QPushButton) if made.objectName() == "primary"]
        usable = [made for made in buttons if made.isVisibleTo(self) and made.isEnabled()]
        if usable:
            usable[0].setFocus(Qt.FocusReason.TabFocusReason)

    def show_verdict(self, verdict: Verdict | None) -> None:
        """Show what the step came to; None while that is not worth saying."""
        self.chip.setVisible(verdict is not None)
        if verdict is not None:
            self.chip.show_verdict(verdict)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the frame, and the bar inside its round corners."""
        super().paintEvent(event)
        if not self._is_open:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), _ROUND, _ROUND)
        painter.setClipPath(shape)
        painter.fillRect(QRectF(0, 0, self._theme.pixels(_EDGE), self.height()), self._theme.roles.colour("accent"))


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


def footer(*buttons: QWidget) -> QHBoxLayout:
    """A row of buttons at the right, the main one last."""
    row = QHBoxLayout()
    row.addStretch(1)
    for made in buttons:
        row.addWidget(made)
    return row
