"""The page without a machine: what it is for, and the two ways to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from seworkbench.simulator.generations import Generation
from seworkbench.ui.dialogs import ask_folder
from seworkbench.ui.widgets.basic import Card, button, label
from seworkbench.ui.widgets.segments import Segments
from seworkbench.workspace.places import machines_folder

if TYPE_CHECKING:
    from seworkbench.ui.theme import Theme

_ABOUT = {
    Generation.Z15: "Starts images, but does not attest.",
    Generation.Z16: "Starts images and attests: which image, opened with which host key.",
    Generation.Z17: "Attests the secret store and its firmware, too; newer flags for images.",
}


class NewMachine(QWidget):
    """See the module's text.

    Args:
        theme: colours.
    """

    make_asked = Signal(object, object, bool)  # Path, Generation, whether with a backup host key
    open_asked = Signal(object)  # Path

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._generation = Generation.Z16
        self._typed = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        intro = Card("Rehearse without a mainframe")
        intro.body.addWidget(
            label(
                "A simulated machine plays the other end of Secure Execution: hypervisor, Ultravisor and a guest. It "
                "starts images step by step with the return codes of a real one, refuses what was tampered with, and "
                "answers attestation requests.",
                wrap=True,
            )
        )
        intro.body.addWidget(
            label(
                "It proves nothing about real machines. Whatever it hands out says SIMULATED, and it takes no keys or "
                "documents but its own.",
                "muted",
                wrap=True,
            )
        )
        column.addWidget(intro)
        column.addWidget(self._make_card(theme))
        opened = Card("Open a machine")
        row = QHBoxLayout()
        row.addWidget(label("Choose its folder: the one with machine.json in it.", "muted", wrap=True), 1)
        row.addWidget(button("Open a machine folder…", self.ask_folder))
        opened.body.addLayout(row)
        column.addWidget(opened)
        column.addStretch(1)
        self.suggest()

    @property
    def path(self) -> Path:
        """Where the new machine shall lie."""
        return Path(self.line.text().strip()).expanduser()

    def suggest(self) -> None:
        """Suggest a folder that is free, unless somebody typed one."""
        if self._typed:
            return
        base = machines_folder() / self._generation.value
        path, number = base, 2
        while path.exists():
            path, number = base.with_name(f"{base.name}-{number}"), number + 1
        self.line.setText(str(path))

    def choose(self, name: str) -> None:
        """Choose a generation by its name."""
        self._generation = Generation(name)
        self.generation.choose(name)
        self.about.setText(_ABOUT[self._generation])
        self.suggest()

    def make(self) -> None:
        """Ask for the machine."""
        if self.line.text().strip():
            self.make_asked.emit(self.path, self._generation, self.backup.isChecked())

    def allow(self, *, possible: bool) -> None:
        """Whether a machine can be made now."""
        self.button.setEnabled(possible)
        self.button.setText("Make the machine" if possible else "Making its keys…")

    def ask_folder(self) -> None:
        """Ask for the folder of a machine and open it."""
        start = machines_folder()
        path = ask_folder(self, "Folder of a simulated machine", start if start.is_dir() else None)
        if path is not None:
            self.open_asked.emit(path)

    def _make_card(self, theme: Theme) -> Card:
        del theme
        card = Card("Make a simulated machine")
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        self.generation = Segments(
            tuple((generation.value, generation.value) for generation in Generation), self.choose, "Generation"
        )
        self.generation.choose(self._generation.value)
        self.about = label(_ABOUT[self._generation], "muted", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.generation)
        row.addWidget(self.about, 1)
        grid.addWidget(label("Generation", "muted"), 0, 0)
        grid.addLayout(row, 0, 1)
        self.backup = QCheckBox("It has a backup host key, as machines with a spare one")
        grid.addWidget(label("Host keys", "muted"), 1, 0)
        grid.addWidget(self.backup, 1, 1)
        self.line = QLineEdit()
        self.line.setAccessibleName("Folder of the new machine")
        self.line.textEdited.connect(self._type)
        grid.addWidget(label("Folder", "muted"), 2, 0)
        grid.addWidget(self.line, 2, 1)
        grid.setColumnStretch(1, 1)
        card.body.addLayout(grid)
        below = QHBoxLayout()
        below.addWidget(label("Makes a host key and a demo PKI of its own; takes some seconds.", "small", wrap=True), 1)
        self.button = button("Make the machine", self.make, primary=True)
        below.addWidget(self.button)
        card.body.addLayout(below)
        return card

    def _type(self) -> None:
        self._typed = bool(self.line.text().strip())
