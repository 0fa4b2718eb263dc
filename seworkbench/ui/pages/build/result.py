"""What was built: verdict of the automatic verification, digests, machines, files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from seworkbench.checks import Check, Verdict
from seworkbench.ui.activity import size_text
from seworkbench.ui.icons import icon
from seworkbench.ui.pages.build.parts import Elided, empty_layout
from seworkbench.ui.widgets.basic import VerdictChip, button, label, link, rule
from seworkbench.ui.widgets.checklist_view import ChecklistView

if TYPE_CHECKING:
    from seworkbench.ui.workbench import Workbench

_HEX = re.compile("[0-9a-f]{16,}")
_KEYS = {"header": "Header key", "image": "Image key", "cck": "Communication key"}
_DIGESTS = (
    ("pld_hex", "Pages (PLD)"),
    ("ald_hex", "Addresses (ALD)"),
    ("tld_hex", "Tweaks (TLD)"),
    ("tag_hex", "Header tag"),
)
_SENTENCES = {
    Verdict.PASSED: "The file was read back and verified with its header key.",
    Verdict.WARNING: "The file was read back and verified; something asks for your decision.",
    Verdict.FAILED: "The file was read back and is not what it should be. Do not use it.",
    Verdict.NOT_CHECKED: "The file was read back; not everything could be checked.",
}


class ResultView(QWidget):
    """The summary of a build."""

    start_asked = Signal()
    commands_asked = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._workbench = workbench
        self._image = Path()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 16, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.name = Elided("", "heading")
        head.addWidget(self.name, 1)
        self.chip = VerdictChip(Verdict.NOT_CHECKED, workbench.theme)
        head.addWidget(self.chip)
        column.addLayout(head)
        self.sentence = label("", "small", wrap=True)
        column.addWidget(self.sentence)
        trust = QHBoxLayout()
        self.unchecked = VerdictChip(Verdict.NOT_CHECKED, workbench.theme)
        trust.addWidget(self.unchecked, 0, Qt.AlignmentFlag.AlignTop)
        trust.addWidget(
            label("Whose host keys these are; your reasons are in the build record.", "small", wrap=True), 1
        )
        column.addLayout(trust)
        ways = QHBoxLayout()
        ways.addWidget(button("Open in Inspect", self.inspect, primary=True))
        ways.addStretch(1)
        column.addLayout(ways)
        links = QHBoxLayout()
        links.addWidget(link("How to start it", self.start_asked.emit))
        links.addWidget(link("Show as commands", self.commands_asked.emit))
        links.addStretch(1)
        column.addLayout(links)
        column.addWidget(rule())
        self._facts = QVBoxLayout()
        self._facts.setSpacing(4)
        column.addLayout(self._facts)
        column.addWidget(rule())
        column.addWidget(label("Verification", "heading"))
        self.checklist = ChecklistView(workbench.theme)
        self.checklist.setMinimumHeight(320)
        column.addWidget(self.checklist, 1)

    def show_result(self, built: dict[str, Any], verification: dict[str, Any], record: str) -> None:
        """Show what the worker reported.

        Args:
            built: BuiltImage.to_json().
            verification: Verification.to_json().
            record: path of the build record; empty if there is none.
        """
        check = Check.from_json(verification["checks"])
        self._image = Path(built["image"]["path"])
        self.name.show_text(self._image.name)
        self.name.setToolTip(str(self._image))
        notes = f", {check.notes} note{'' if check.notes == 1 else 's'}" if check.notes else ""
        self.chip.show_verdict(check.verdict, f"{check.verdict.value}{notes}")
        self.sentence.setText(_SENTENCES[check.verdict])
        hosts = len(built["hosts"])
        self.unchecked.show_verdict(Verdict.NOT_CHECKED, f"{hosts} key{'' if hosts == 1 else 's'} not checked")
        empty_layout(self._facts)
        self._section("Files", self._files(built, record))
        self._section("Machines", [(Path(host["document"]).name, host["phkh_hex"]) for host in built["hosts"]])
        header = built["header"]
        self._section("Digests, SHA-512", [(title, header[name]) for name, title in _DIGESTS])
        self.checklist.show_check(check)

    def _files(self, built: dict[str, Any], record: str) -> list[tuple[str, str]]:
        image = built["image"]
        rows = [("Image", image["path"]), ("Its size", size_text(image["size"]))]
        if image.get("sha256"):
            rows.append(("Its SHA-256", image["sha256"]))
        if record:
            rows.append(("Build record", record))
        for name, key in built["keys"].items():
            if saved := key.get("saved_to"):
                rows.append((_KEYS[name], saved))
        return rows

    def _section(self, title: str, rows: list[tuple[str, str]]) -> None:
        self._facts.addWidget(label(title, "heading"))
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(1, 1)
        for number, (name, text) in enumerate(rows):
            shown = Elided(name, "small")
            shown.setFixedWidth(round(112 * self._workbench.theme.zoom))
            grid.addWidget(shown, number, 0, Qt.AlignmentFlag.AlignTop)
            # Of a path the name is enough to see; the tool tip and the copy have all of it.
            value = Elided(Path(text).name if text.startswith("/") else text)
            value.setToolTip(text)
            if _HEX.fullmatch(text):
                value.setFont(self._workbench.theme.mono())
            grid.addWidget(value, number, 1)
            copy = QToolButton()
            copy.setIcon(icon("copy", self._workbench.theme))
            copy.setIconSize(QSize(12, 12))
            copy.setToolTip(f"Copy: {name}")
            copy.setAccessibleName(f"Copy {name}")
            copy.setFixedSize(20, 20)
            copy.clicked.connect(lambda _checked=False, text=text: QGuiApplication.clipboard().setText(text))
            grid.addWidget(copy, number, 2)
        self._facts.addLayout(grid)

    def inspect(self) -> None:
        """Open the image in Inspect."""
        self._workbench.files_offered.emit([self._image])
