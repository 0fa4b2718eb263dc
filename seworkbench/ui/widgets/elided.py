"""One line of text that always fits."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


class Elided(QLabel):
    """One line of text that shortens where room is short; the whole is in the tool tip.

    Args:
        text: the text.
        style: an object name of the style sheet.
        mode: where it shortens: paths lose their middle, what begins with what matters its end.
    """

    def __init__(
        self, text: str = "", style: str = "", *, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
    ) -> None:
        super().__init__()
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(style)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._whole = ""
        self.show_text(text)

    @property
    def whole(self) -> str:
        """All of the text."""
        return self._whole

    def show_text(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._fit()
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the whole text."""
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few letters at least."""
        return QSize(self.fontMetrics().averageCharWidth() * 6, self.fontMetrics().height() + 2)

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's signature
        """Fit the text anew."""
        self._fit()

    def _fit(self) -> None:
        room = max(self.contentsRect().width(), 20)
        fitting = self.fontMetrics().elidedText(self._whole, self._mode, room)
        if fitting != self.text():
            self.setText(fitting)
