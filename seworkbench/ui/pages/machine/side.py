"""The side of the page: the machine, the selected call with its steps, all checks, and all of it as commands."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.simulator.commands import commands_text
from seworkbench.ui.pages.machine.calls import Progress
from seworkbench.ui.pages.machine.identity import Identity
from seworkbench.ui.widgets.basic import VerdictChip, empty_layout, label, link, rule
from seworkbench.ui.widgets.checklist_view import ChecklistView
from seworkbench.ui.widgets.command_text import CommandText
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from PySide6.QtGui import QShowEvent

    from seworkbench.checks import Check
    from seworkbench.simulator.commands import Deed
    from seworkbench.simulator.machine_folder import MachineFolder
    from seworkbench.ui.pages.machine.calls import Call
    from seworkbench.ui.pages.machine.places import Spot
    from seworkbench.ui.theme import Theme

MACHINE, CALL, ALL, COMMANDS = "machine", "call", "all", "commands"
_PARTS = (MACHINE, CALL, ALL, COMMANDS)
_SAID = "What was done here, in order, as commands. The copies they write lie where they are run."
_LEAST_CHECKS = 280


class MachineSide(QWidget):
    """See the module's text.

    Args:
        theme: colours and fonts.
        now: tells the present instant.
    """

    place_asked = Signal(object)  # int: show this byte
    help_requested = Signal(str)

    def __init__(self, theme: Theme, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.setObjectName("side")
        self._theme = theme
        self._result: Check | None = None
        self.identity = Identity(theme, now)
        self.call = _CallPanel(theme)
        self.checks = ChecklistView(theme)
        self.stack = QStackedWidget()
        self.identity_area = _scrolled(self.identity)
        self.stack.addWidget(self.identity_area)
        self.stack.addWidget(_scrolled(self.call))
        self.stack.addWidget(self.checks)
        self.commands = CommandText(theme, _SAID, tall=True)
        self.stack.addWidget(self.commands)
        self.choice = Segments(
            ((MACHINE, "Machine"), (CALL, "Call"), (ALL, "Checks"), (COMMANDS, "Commands")), self.show_part, "Side"
        )
        for made in self.choice.buttons.values():
            made.setProperty("dense", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.addWidget(self.choice)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.stack, 1)
        self.call.place_asked.connect(self.place_asked)
        self.call.checklist.help_requested.connect(self.help_requested)
        self.call.help_requested.connect(self.help_requested)
        self.checks.help_requested.connect(self.help_requested)
        self.show_part(MACHINE)

    @property
    def part(self) -> str:
        """Which part is shown."""
        return _PARTS[self.stack.currentIndex()]

    def show_part(self, part: str) -> None:
        """Show a part."""
        if part == ALL and self.checks.check is not self._result:
            self.checks.show_check(self._result)
        self.choice.choose(part)
        self.stack.setCurrentIndex(_PARTS.index(part))

    def show_deeds(self, folder: MachineFolder | None, deeds: Sequence[Deed]) -> None:
        """Show what was done with a machine as commands."""
        self.commands.show_text(commands_text(folder, deeds) if folder is not None else "")

    def show_result(self, check: Check | None) -> None:
        """Show all checks of a start; dozens of rows, which are not made before somebody looks."""
        self._result = check
        if self.part == ALL or check is None:
            self.checks.show_check(check)


class _CallPanel(QWidget):
    """One call: what it is, what came back, where that shows in the image, and the steps behind it."""

    place_asked = Signal(object)
    help_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._call: Call | None = None
        self._spots: tuple[Spot, ...] = ()
        self._built: tuple[Call | None, tuple[Spot, ...]] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.title = label("", "heading", wrap=True)
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        head.addWidget(self.title, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(6)
        column.addLayout(self._facts)
        self.checklist = ChecklistView(theme)
        column.addWidget(self.checklist, 1)
        column.addStretch(0)
        theme.changed.connect(self._fit)
        self._fit()

    @property
    def shown(self) -> Call | None:
        """The call that is shown."""
        return self._call

    def show_call(self, call: Call | None, spots: Sequence[Spot]) -> None:
        """Show a call.

        Args:
            call: the call; None for none.
            spots: where in the image to look.
        """
        self._call, self._spots = call, tuple(spots)
        if self.isVisible():
            self._build()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Calls go by many times a second while nobody looks at them here: only now one is made to be seen."""
        self._build()
        super().showEvent(event)

    def _build(self) -> None:
        call, spots = self._call, self._spots
        built = (replace(call, done=0) if call else None, spots)
        if built == self._built:  # only its count went on, which stands elsewhere
            return
        self._built = built
        empty_layout(self._facts)
        self.chip.setVisible(call is not None)
        self.checklist.setVisible(call is not None and call.check is not None)
        if call is None:
            self.title.setText("No call yet")
            self._facts.addWidget(
                label("Start an image, then select a call to see the steps behind it.", "muted", wrap=True)
            )
            return
        self.title.setText(call.title)
        word = "" if call.progress is Progress.DONE else call.progress.value
        self.chip.show_verdict(call.verdict, word)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        rows = [("Who", call.actor.value), ("Call", call.call)]
        rows += [("Answer", call.answer)] if call.answer else []
        rows += [("", call.answer_words)] if call.answer_words else []
        if call.register is not None:
            rows.append(("Register", f"0x{call.register:016x}"))
        for number, (name, text) in enumerate(rows):
            style = "bytes" if name in ("Answer", "Register") else ""
            grid.addWidget(label(name, "small"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, style, wrap=True, selectable=True), number, 1)
        self._facts.addLayout(grid)
        self._facts.addWidget(label(call.explanation, wrap=True, selectable=True))
        if spots:
            self._add_spots(spots)
        if call.rule:
            made = link("How a real machine does it", partial(self.help_requested.emit, call.rule))
            self._facts.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
        if call.check is not None:
            self._facts.addWidget(rule())
            self.checklist.show_check(call.check)
            if call.culprit is not None:
                self.checklist.select(call.culprit.id)

    def _fit(self) -> None:
        # Where there is less room, all of the call is scrolled.
        self.checklist.setMinimumHeight(self._theme.pixels(_LEAST_CHECKS))

    def _add_spots(self, spots: Sequence[Spot]) -> None:
        self._facts.addWidget(rule())
        self._facts.addWidget(label("Where it shows in the image", "heading"))
        for spot in spots:
            row = QVBoxLayout()
            row.setSpacing(0)
            made = link(f"0x{spot.offset:x}  {spot.name}", partial(self.place_asked.emit, spot.offset))
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
            row.addWidget(label(spot.about, "small", wrap=True))
            self._facts.addLayout(row)


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area
