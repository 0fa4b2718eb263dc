"""What was built: verdict of the automatic verification, digests, machines, files."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.checks import Check, Verdict
from seworkbench.image.key_files import KEY_FILES
from seworkbench.ui.activity import size_text
from seworkbench.ui.pages.build.rules import doubtful_keys
from seworkbench.ui.widgets.basic import IconButton, VerdictChip, button, empty_layout, label, link, rule
from seworkbench.ui.widgets.checklist_view import ChecklistView
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.workbench import Workbench

_HEX = re.compile("[0-9a-f]{16,}")
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
    record_asked = Signal()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._workbench = workbench
        self._image = Path()
        self._shown: tuple[dict[str, Any], str] | None = None
        self._scale = workbench.theme.zoom
        workbench.theme.changed.connect(self._rescale)
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
        self._trust = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.unchecked = VerdictChip(Verdict.NOT_CHECKED, workbench.theme)
        self._trust.addWidget(self.unchecked, 0, Qt.AlignmentFlag.AlignTop)
        self.reasons = label("Whose host keys these are; your reasons are in the build record.", "small", wrap=True)
        self._trust.addWidget(self.reasons, 1)
        column.addLayout(self._trust)
        ways = QHBoxLayout()
        ways.addWidget(button("Open in Inspect", self.inspect, primary=True))
        ways.addStretch(1)
        column.addLayout(ways)
        self.save_record = button("Save the build record…", self.record_asked.emit)
        self.save_record.setToolTip("It could not be saved beside the image.")
        column.addWidget(self.save_record, 0, Qt.AlignmentFlag.AlignLeft)
        self._links = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for text, run in (("How to start it", self.start_asked.emit), ("Show as commands", self.commands_asked.emit)):
            self._links.addWidget(link(text, run), 0, Qt.AlignmentFlag.AlignLeft)
        self._links.addStretch(1)
        column.addLayout(self._links)
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
        """Show what the worker reported; without a record, it can be saved from here.

        Args:
            built: BuiltImage.to_json(), each of its hosts with the verdict on its key.
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
        self._shown = (built, record)
        doubtful = doubtful_keys(Verdict(host.get("verdict", Verdict.NOT_CHECKED.value)) for host in built["hosts"])
        if doubtful is not None:
            self.unchecked.show_verdict(*doubtful)
        for part in (self.unchecked, self.reasons):
            part.setVisible(doubtful is not None)
        self.save_record.setVisible(not record)
        self._show_facts()
        self.checklist.show_check(check)

    def _show_facts(self) -> None:
        """Files, machines and digests; made anew when the zoom changes, for they are set in columns."""
        empty_layout(self._facts)
        if self._shown is None:
            return
        built, record = self._shown
        self._section("Files", self._files(built, record))
        self._section("Machines", [(Path(host["document"]).name, host["phkh_hex"]) for host in built["hosts"]])
        header = built["header"]
        self._section("Digests, SHA-512", [(title, header[name]) for name, title in _DIGESTS])

    def _files(self, built: dict[str, Any], record: str) -> list[tuple[str, str]]:
        image = built["image"]
        rows = [("Image", image["path"]), ("Its size", size_text(image["size"]))]
        if image.get("sha256"):
            rows.append(("Its SHA-256", image["sha256"]))
        if record:
            rows.append(("Build record", record))
        for name, key in built["keys"].items():
            if saved := key.get("saved_to"):
                rows.append((KEY_FILES[name].title, saved))
        return rows

    def _section(self, title: str, rows: list[tuple[str, str]]) -> None:
        self._facts.addWidget(label(title, "heading"))
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(1, 1)
        for number, (name, text) in enumerate(rows):
            shown = Elided(name, "small")
            shown.setFixedWidth(self._workbench.theme.pixels(112))
            grid.addWidget(shown, number, 0, Qt.AlignmentFlag.AlignTop)
            # Of a path the name is enough to see; the tool tip and the copy have all of it.
            value = Elided(Path(text).name if text.startswith("/") else text)
            value.setToolTip(text)
            if _HEX.fullmatch(text):
                value.setFont(self._workbench.theme.mono())
            grid.addWidget(value, number, 1)
            copy = IconButton(
                self._workbench.theme, "copy", f"Copy {name}", partial(QGuiApplication.clipboard().setText, text), 12
            )
            grid.addWidget(copy, number, 2)
        self._facts.addLayout(grid)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Break lines where the side is narrow for its text."""
        super().resizeEvent(event)
        self._break(event.size().width())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Any width will do; lines are broken to fit it."""
        return QSize(1, super().minimumSizeHint().height())

    def _break(self, width: int) -> None:
        narrow = width < self._workbench.theme.pixels(300)
        for row in (self._trust, self._links):
            row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def _rescale(self) -> None:
        self._break(self.width())
        if self._workbench.theme.zoom != self._scale:
            self._scale = self._workbench.theme.zoom
            self._show_facts()

    def inspect(self) -> None:
        """Open the image in Inspect."""
        self._workbench.files_offered.emit([self._image])
