"""The strip at the top of the Inspect page: four facts as cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.widgets.basic import VerdictChip, label

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent

    from seworkbench.ui.pages.inspect.facts import Fact
    from seworkbench.ui.theme import Theme


class FactCard(QFrame):
    """One fact; clicking it, or Return, asks for the check behind it."""

    activated = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._check_id = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(3)
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.sentence = label("", "fact", wrap=True)
        self.detail = label("", "small", wrap=True)
        column.addWidget(self.chip)
        column.addWidget(self.sentence)
        column.addWidget(self.detail)
        column.addStretch(1)

    def show_fact(self, fact: Fact) -> None:
        """Show a fact."""
        self.chip.show_verdict(fact.verdict)
        self.sentence.setText(fact.sentence)
        self.detail.setText(fact.detail)
        self._check_id = fact.check_id
        self.setCursor(Qt.CursorShape.PointingHandCursor if fact.check_id else Qt.CursorShape.ArrowCursor)
        self.setAccessibleName(f"{fact.verdict.value}: {fact.sentence}. {fact.detail}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the check."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._activate()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Return and space do what a click does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._activate()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Repaint the border when the focus comes or goes."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def _activate(self) -> None:
        if self._check_id:
            self.activated.emit(self._check_id)


class FactStrip(QWidget):
    """Some facts side by side, in two rows where there is no room for one.

    Args:
        theme: colours.
        count: how many.
    """

    activated = Signal(str)

    def __init__(self, theme: Theme, count: int) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.cards = [FactCard(theme) for _ in range(count)]
        for card in self.cards:
            card.activated.connect(self.activated)
        self.set_columns(count)

    def set_columns(self, columns: int) -> None:
        """Show so many facts side by side."""
        for number in range(len(self.cards)):
            self._grid.setColumnStretch(number, int(number < columns))
        for number, card in enumerate(self.cards):
            self._grid.addWidget(card, *divmod(number, columns))

    def show_facts(self, shown: tuple[Fact, ...]) -> None:
        """Show these facts."""
        for card, fact in zip(self.cards, shown, strict=True):
            card.show_fact(fact)
