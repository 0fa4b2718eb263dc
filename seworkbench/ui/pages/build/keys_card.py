"""The three keys of an image: generated or loaded, and where generated ones are kept. Their bytes never come here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.image.key_files import KEY_FILES
from seworkbench.ui.dialogs import ask_folder, ask_open
from seworkbench.ui.pages.build.parts import unreadable
from seworkbench.ui.pages.build.rules import ENCRYPTION
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.basic import Card, WarningBox, empty_layout, label, link, rule
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.findings import Findings
from seworkbench.ui.widgets.segments import Segments
from seworkbench.ui.widgets.switch import SwitchButton

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.ui.pages.build.draft import Draft
    from seworkbench.ui.workbench import Workbench

_PURPOSES = {
    "header": "Opens the header later: to check the image, or to take its parts out.",
    "image": "Encrypts the parts. Always inside the header too.",
    "cck": "For dumps and added secrets.",
}
_LOST = {
    "header": "Not saved: nobody but the machines can ever open this image.",
    "image": "Kept only inside the header.",
    "cck": "Kept only inside the header; no dump can be read.",
}
GENERATE, LOAD = "generate", "load"
# Unscaled pixels.
_TITLE_WIDTH = 132


class KeyRow(QWidget):
    """One key."""

    def __init__(self, workbench: Workbench, draft: Draft, name: str) -> None:
        super().__init__()
        self._draft = draft
        self._name = name
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(2)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(10)
        self._title = label(KEY_FILES[name].title, "heading")
        self._head.addWidget(self._title)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.way = Segments(((GENERATE, "Generate"), (LOAD, "Load")), self._chosen, KEY_FILES[name].title)
        head.addWidget(self.way)
        self.state = Elided("", "muted")
        head.addWidget(self.state, 1)
        self._head.addLayout(head, 1)
        column.addLayout(self._head)
        self.detail = label("", "small", wrap=True)
        column.addWidget(self.detail)
        self.findings = Findings(workbench.theme)
        column.addWidget(self.findings)

    def set_room(self, title: int, *, narrow: bool) -> None:
        """Have the title take so much room that the choices of all rows stand in line, or above them if narrow."""
        self._title.setMinimumWidth(0 if narrow else title)
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(2 if narrow else 10)

    def refresh(self) -> None:
        """Show the key of the draft."""
        draft, name = self._draft, self._name
        given = draft.keys.get(name)
        self.way.choose(LOAD if given else GENERATE)
        self.findings.show_checks((unreadable(given.error),) if given and given.error else ())
        if given is not None:
            self.state.show_text(given.path.name)
            self.state.setToolTip(str(given.path))
            read = f"{KEY_FILES[name].size} bytes, not shown." if given.facts else ""
            self.detail.setText(f"{_PURPOSES[name]} {'Being read…' if given.reading else read}".strip())
            return
        if name == "image" and not draft.is_on(ENCRYPTION):
            self.state.show_text("not used")
            self.detail.setText("Nothing is encrypted; a random one stands in the header all the same.")
            return
        self.state.show_text(f"{KEY_FILES[name].size} bytes")
        path = draft.key_files().get(name)
        if path is not None:
            self.detail.setText(f"{_PURPOSES[name]} Saved to {path.name}.")
        else:
            self.detail.setText(_PURPOSES[name] if draft.save_keys else f"{_PURPOSES[name]} {_LOST[name]}")

    def load(self) -> None:
        """Ask for a key file."""
        size = KEY_FILES[self._name].size
        path = ask_open(self, f"Load the {KEY_FILES[self._name].title.lower()}: a file of {size} bytes")
        if path is not None:
            self._draft.load_key(self._name, path)
        else:
            self.refresh()

    def _chosen(self, way: str) -> None:
        if way == LOAD:
            self.load()
        else:
            self._draft.generate_key(self._name)


class KeysCard(Card):
    """All keys, and the place for generated ones."""

    def __init__(self, workbench: Workbench, draft: Draft) -> None:
        super().__init__("Keys")
        self._workbench = workbench
        self._draft = draft
        self._asked: list[Path] = []
        self.head.removeWidget(self.detail)
        self.head.addWidget(self.detail)
        self.detail.setText("Never written to logs or commands")
        self._questions = QVBoxLayout()
        self.body.addLayout(self._questions)
        self._existing: WarningBox | None = None
        self.rows = {name: KeyRow(workbench, draft, name) for name in KEY_FILES}
        for row in self.rows.values():
            self.body.addWidget(row)
            self.body.addWidget(rule())
        saving = QHBoxLayout()
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(label("Generated keys are saved"))
        place = QHBoxLayout()
        self.place = Elided("", "small")
        place.addWidget(self.place, 1)
        self.change = link("Change folder…", self._choose_folder)
        place.addWidget(self.change)
        text.addLayout(place)
        saving.addLayout(text, 1)
        self.saving = SwitchButton(workbench.theme, "Generated keys are saved")
        self.saving.clicked.connect(lambda on: draft.set_save_keys(on=on))
        saving.addWidget(self.saving)
        self.body.addLayout(saving)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the keys of the draft."""
        for row in self.rows.values():
            row.refresh()
        draft = self._draft
        self.saving.setChecked(draft.save_keys)
        folder = draft.key_folder()
        if not draft.save_keys:
            self.place.show_text("They are gone after the build.")
        elif draft.keys_folder is None:
            self.place.show_text("Beside the image, readable by you only.")
        else:
            self.place.show_text(f"In {shown_path(draft.keys_folder)}, readable by you only.")
        if folder:
            self.place.setToolTip(str(folder))
        self.change.setVisible(draft.save_keys)
        self._ask()
        self._warn_of_existing()

    def set_narrow(self, *, narrow: bool) -> None:
        """Whether words and room have to be spared."""
        self.detail.setVisible(not narrow)
        for row in self.rows.values():
            row.set_room(self._workbench.theme.pixels(_TITLE_WIDTH), narrow=narrow)

    def load(self, name: str) -> None:
        """Ask for the file of a key."""
        self.rows[name].load()

    def _choose_folder(self) -> None:
        if (folder := ask_folder(self, "Folder for generated keys", self._draft.key_folder())) is not None:
            self._draft.set_keys_folder(folder)

    def _warn_of_existing(self) -> None:
        """Key files that are there already block the build: say so here, where the way out is."""
        draft = self._draft
        taken = draft.taken_keys()
        names = ", ".join(path.name for path in taken.values())
        text = f"{names}: exists, and a key file is never overwritten." if taken else ""
        if (self._existing.text.text() if self._existing else "") == text:
            return
        if self._existing is not None:
            self._existing.hide()
            self.body.removeWidget(self._existing)
            self._existing.deleteLater()
            self._existing = None
        if taken:
            self._existing = WarningBox(self._workbench.theme, text)
            self._existing.add_link("Use these keys again", draft.reuse_keys)
            self._existing.add_link("Save to another folder…", self._choose_folder)
            self.body.addWidget(self._existing)

    def _ask(self) -> None:
        """Ask what each dropped key file is that may be one of two keys."""
        if self._asked == self._draft.loose_keys:
            return
        self._asked = list(self._draft.loose_keys)
        empty_layout(self._questions)
        for path in self._asked:
            box = WarningBox(
                self._workbench.theme, f"{path.name} has 32 bytes: it can be a header key or a communication key."
            )
            box.add_link("It is the header key", partial(self._draft.load_key, "header", path))
            box.add_link("It is the communication key", partial(self._draft.load_key, "cck", path))
            box.add_link("Do not use it", partial(self._draft.drop_key, path))
            self._questions.addWidget(box)
