"""The card at the top: the image that is inserted, and the buttons with which its start is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.activity import size_text
from seworkbench.ui.icons import icon
from seworkbench.ui.widgets.basic import Card, VerdictChip, button, label, link
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from seworkbench.ui.pages.machine.player import Player
    from seworkbench.ui.pages.machine.session import Medium
    from seworkbench.ui.theme import Theme
# Pixels: between two things in a row, beside the edge of the card; and the least of a name, unscaled.
_BESIDE, _CARD_MARGIN, _LEAST_NAME = 8, 14, 40


class Drive(Card):
    """See the module's text.

    Args:
        theme: colours.
    """

    choose_asked = Signal()
    demo_asked = Signal()
    undo_asked = Signal()
    eject_asked = Signal()
    start_asked = Signal()
    pause_asked = Signal()
    step_asked = Signal()
    end_asked = Signal()
    reset_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Image")
        self._theme = theme
        self._inside, self._room_to_eject = False, True
        self.name = Elided("", "muted")
        self.head.removeWidget(self.detail)
        self.detail.hide()
        self.head.takeAt(1)  # the stretch: the name takes the room
        self.head.addWidget(self.name, 1)
        self.changed = Elided("", "heading")
        self.changed.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.undo = link("Undo", self.undo_asked.emit)
        self.choose = button("Choose…", self.choose_asked.emit)
        self.eject = button("Eject", self.eject_asked.emit)
        for widget in (self.changed, self.undo, self.choose, self.eject):
            self.head.addWidget(widget)
        self.empty = self._make_empty()
        self.controls = QWidget()
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.controls)
        self._halves.setContentsMargins(0, 0, 0, 0)
        self._halves.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.start = self._control("Start", "play", self.start_asked.emit, primary=True)
        self.step = self._control("Step", "step-forward", self.step_asked.emit)
        self.end = self._control("To the end", "skip-forward", self.end_asked.emit)
        self.reset = self._control("Reset", "rotate-ccw", self.reset_asked.emit)
        self._minor = [(made, made.text()) for made in (self.step, self.end, self.reset)]
        for made, text in self._minor:
            made.setToolTip(text)
            made.setAccessibleName(text)
        for made in (self.start, self.step, self.end, self.reset):
            row.addWidget(made)
        row.addStretch(0)
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.outcome = label("", wrap=True, selectable=True)
        told = QHBoxLayout()
        told.setSpacing(8)
        told.addWidget(self.chip)
        told.addWidget(self.outcome, 1)
        self._halves.addLayout(row)
        self._halves.addLayout(told, 1)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.controls)
        self.show_medium(None, busy=False)

    def set_wide(self, *, wide: bool) -> None:
        """What came of it beside the buttons, or below them."""
        ways = QBoxLayout.Direction
        self._halves.setDirection(ways.LeftToRight if wide else ways.TopToBottom)

    def fit(self, room: int) -> None:
        """Show as much on the buttons as there is room for; what is not shown is in the menu.

        Args:
            room: width of the card, in pixels.
        """
        for made, text in self._minor:
            made.setText(text)
        buttons = (self.start, *(made for made, _ in self._minor))
        room -= 2 * _CARD_MARGIN
        needed = sum(made.sizeHint().width() for made in buttons) + _BESIDE * len(buttons)
        for made, text in self._minor:
            made.setText("" if needed > room else text)
        # The name and the change beside it are shortened, but not to nothing.
        head = (self.title, self.undo, self.choose, self.eject)
        least = 2 * self._theme.pixels(_LEAST_NAME) + _BESIDE * (len(head) + 2)
        self._room_to_eject = sum(widget.sizeHint().width() for widget in head) + least <= room
        self.eject.setVisible(self._inside and self._room_to_eject)

    def show_medium(self, medium: Medium | None, *, busy: bool) -> None:
        """Show what is inserted.

        Args:
            medium: the image; None for none.
            busy: whether another one is being read, or this one changed.
        """
        inside = medium is not None
        self.empty.setVisible(not inside)
        self.controls.setVisible(inside)
        changes = medium.changes.text if medium else ""
        if medium is not None:
            pages = f"{medium.pages:,} page{'' if medium.pages == 1 else 's'}".replace(",", "\u202f")
            size = size_text(medium.inspection.size)
            self.name.show_text(medium.image.name if changes else f"{medium.image.name}, {size}, {pages} to unpack")
        else:
            self.name.show_text("none inserted")
        self.changed.show_text(f"Changed: {changes}" if changes else "")
        for widget in (self.changed, self.undo):
            widget.setVisible(bool(changes))
        self._inside = inside
        self.eject.setVisible(inside and self._room_to_eject)
        self.demo.setEnabled(not busy)
        for made in (self.undo, self.choose, self.eject):
            made.setEnabled(not busy)

    def show_player(self, player: Player, *, possible: bool) -> None:
        """Show what can be pressed.

        Args:
            player: plays the start.
            possible: whether something can be started.
        """
        under_way = player.start is not None and not player.over
        text, name = ("Pause", "pause") if player.playing else ("Continue" if under_way else "Start", "play")
        if player.over:
            text = "Start again"
        self.start.setText(text)
        self.start.setIcon(icon(name, self._theme, "on_accent"))
        self.start.setEnabled(possible or under_way)
        for made in (self.step, self.end):
            made.setEnabled((possible or under_way) and not player.over)
        self.reset.setEnabled(possible or under_way)

    def show_outcome(self, verdict: Verdict | None, text: str) -> None:
        """Show how the start went; None for the verdict while it is not known."""
        self.chip.setVisible(verdict is not None)
        if verdict is not None:
            self.chip.show_verdict(verdict)
        self.outcome.setText(text)

    def _control(self, text: str, name: str, run: object, *, primary: bool = False) -> QPushButton:
        made = QPushButton(text)
        if primary:
            made.setObjectName("primary")
        made.setIcon(icon(name, self._theme, "on_accent" if primary else "muted"))
        made.clicked.connect(lambda _checked=False: run())  # type: ignore[operator]
        return made

    def _make_empty(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(
            label(
                "Drop an SE image here that is built for this machine's host key document, or let one be made.",
                "muted",
                wrap=True,
            ),
            1,
        )
        self.demo = button("Make a demonstration image", self.demo_asked.emit, primary=True)
        row.addWidget(self.demo)
        return made
