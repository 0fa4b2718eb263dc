"""The inputs in boot order: kernel, command line, ramdisk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.formats.kernel import LEGACY_COMMAND_LINE_LIMIT
from seworkbench.ui.activity import size_text
from seworkbench.ui.dialogs import ask_open, ask_open_many
from seworkbench.ui.icons import icon
from seworkbench.ui.pages.build.parts import Badge, RemoveButton, unreadable
from seworkbench.ui.widgets.basic import Card, VerdictChip, label, link, rule
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QLayout

    from seworkbench.checks import Check
    from seworkbench.ui.pages.build.draft import Draft
    from seworkbench.ui.workbench import Workbench

_LINES = 3
# Pixels at zoom 1 that the name of a file needs to be of use.
_FILE_ROOM = 64
_RAMDISKS = {"empty": "empty file", "unknown": "unknown format"}


def chip_verdict(checks: tuple[Check, ...]) -> Verdict:
    """The verdict of a row: the worst of its checks, notes included, for they are shown beneath."""
    found = {check.verdict for check in checks}
    for verdict in (Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED):
        if verdict in found:
            return verdict
    return Verdict.PASSED


class InputRow(QWidget):
    """One input: number, name, file, verdict; what is known; what is wrong.

    Args:
        workbench: theme.
        number: its place in boot order.
        title: plain name.
        choose: asks for a file.
        remove: removes the file.
    """

    def __init__(
        self, workbench: Workbench, number: int, title: str, choose: Callable[[], None], remove: Callable[[], None]
    ) -> None:
        super().__init__()
        theme = workbench.theme
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 1, 0, 1)
        outer.setSpacing(10)
        outer.addWidget(Badge(theme, number), 0, Qt.AlignmentFlag.AlignTop)
        self.column = QVBoxLayout()
        self.column.setSpacing(3)
        self.head = head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(title, "heading"))
        self.file = Elided()
        head.addWidget(self.file, 1)
        self.count = label("", "muted")
        self.count.hide()
        head.addWidget(self.count)
        self.chip = VerdictChip(Verdict.PASSED, theme)
        head.addWidget(self.chip)
        self.choose = link("Choose…", choose)
        self.choose.setAccessibleName(f"Choose {title.lower()}")
        head.addWidget(self.choose)
        self.remove = RemoveButton(theme, title.lower(), remove)
        head.addWidget(self.remove)
        self.column.addLayout(head)
        self.detail = label("", "small", wrap=True)
        self.column.addWidget(self.detail)
        self.findings = Findings(theme)
        self.column.addWidget(self.findings)
        outer.addLayout(self.column, 1)

    def insert(self, place: int, layout: QLayout) -> None:
        """Put something between the head and the findings."""
        self.column.insertLayout(place, layout)

    def show_nothing(self, detail: str) -> None:
        """There is no such input."""
        self.file.show_text("")
        self.chip.hide()
        self.remove.hide()
        self.choose.show()
        self.detail.setText(detail)
        self.findings.show_checks(())

    def show_file(self, name: str, path: str, detail: str, checks: tuple[Check, ...] | None) -> None:
        """There is one; checks are None while it is being read."""
        self.file.show_text(name)
        self.file.setToolTip(path)
        self.remove.show()
        self.choose.hide()
        self.detail.setText(detail)
        self.chip.setVisible(checks is not None)
        if checks is not None:
            self.chip.show_verdict(chip_verdict(checks))
        self.findings.show_checks(checks or ())


class CommandLineRow(InputRow):
    """The command line: an editor with a counter."""

    def __init__(self, workbench: Workbench, draft: Draft) -> None:
        super().__init__(workbench, 2, "Command line", self._choose, draft.remove_line)
        self._draft = draft
        self._theme = workbench.theme
        self._showing = False
        self._size = ""
        self.count.show()
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName("Command line")
        self.editor.setPlaceholderText("Type it here, or drop its file, for example: root=/dev/vda1 console=ttysclp0")
        self.editor.setTabChangesFocus(True)
        self.editor.textChanged.connect(self._typed)
        self.column.insertWidget(1, self.editor)
        workbench.theme.changed.connect(self._restyle)
        self._restyle()
        draft.changed.connect(self.refresh)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Spare a word where there is little room."""
        super().resizeEvent(event)
        self._show_count()

    def _show_count(self) -> None:
        """How long the line is, with the word for it if the name of the file has room beside that."""
        row = self.head
        others = sum(
            widget.sizeHint().width() + row.spacing()
            for place in range(row.count())
            if (item := row.itemAt(place)) is not None
            and (widget := item.widget()) is not None
            and not widget.isHidden()
            and widget not in (self.file, self.count)
        )
        room = row.geometry().width() - others - self._theme.pixels(_FILE_ROOM)
        spoken = f"{self._size} with NUL" if self._size else ""
        fits = self.count.fontMetrics().horizontalAdvance(spoken) <= room
        self.count.setText(spoken if fits else self._size)

    def refresh(self) -> None:
        """Show the command line of the draft."""
        draft = self._draft
        self._show_text(draft.line or b"")
        known = draft.kernel_facts
        limit = known.facts.command_line_limit if known and known.facts else 0
        size = 0 if draft.line is None else len(draft.line) + (not draft.line.endswith(b"\0"))
        # \N{THIN SPACE} keeps the numbers together.
        self._size = f"{size}\u2009/\u2009{limit}" if limit else f"{size}" if size else ""
        self.count.setToolTip("Bytes, the closing NUL counted, and the most that the kernel takes.")
        checks = draft.line_checks()
        if draft.line_job is not None:
            self.show_file("being read…", "", "", None)
        elif draft.line is None:
            self.show_nothing("")
        else:
            file = draft.line_file
            self.show_file(file.name if file else "typed here", str(file or ""), "", checks)
            self.chip.setVisible(chip_verdict(checks) is Verdict.PASSED)
            broken = any(check.id == "build.cmdline.text" and check.verdict is not Verdict.PASSED for check in checks)
            self.findings.show_checks(self._mendable_first(checks), ("Remove", draft.mend_line) if broken else None)
        self.detail.setVisible(bool(self.detail.text()))
        self._show_count()

    def _mendable_first(self, checks: tuple[Check, ...]) -> tuple[Check, ...]:
        return tuple(sorted(checks, key=lambda check: check.id != "build.cmdline.text"))

    def _show_text(self, content: bytes) -> None:
        text = content.removesuffix(b"\0").decode("utf-8", "replace").replace("\0", "␀")
        # What the editor cannot hold byte for byte is shown, and changed only as a whole.
        exact = text.encode() == content.removesuffix(b"\0")
        self.editor.setReadOnly(not exact)
        if self.editor.toPlainText() != text:
            self._showing = True
            self.editor.setPlainText(text)
            self._showing = False

    def _typed(self) -> None:
        if not self._showing:
            self._draft.type_line(self.editor.toPlainText())

    def _choose(self) -> None:
        if (path := ask_open(self, "Choose the command line")) is not None:
            self._draft.load_line(path)

    def _restyle(self) -> None:
        self.editor.setFont(self._theme.mono())
        height = self.editor.fontMetrics().lineSpacing() * _LINES
        self.editor.setFixedHeight(height + 14)


class InputsCard(Card):
    """Kernel, command line, ramdisk."""

    def __init__(self, workbench: Workbench, draft: Draft) -> None:
        super().__init__("Inputs, in boot order")
        self._workbench = workbench
        self._draft = draft
        add = link("Add files…", self.add_files)
        add.setIcon(icon("plus", workbench.theme, "accent"))
        self.head.addWidget(add)
        self.kernel = InputRow(workbench, 1, "Kernel", partial(self._choose, "kernel"), partial(draft.set_kernel, None))
        self.line = CommandLineRow(workbench, draft)
        self.ramdisk = InputRow(
            workbench, 3, "Ramdisk", partial(self._choose, "ramdisk"), partial(draft.set_ramdisk, None)
        )
        for number, row in enumerate((self.kernel, self.line, self.ramdisk)):
            if number:
                self.body.addWidget(rule())
            self.body.addWidget(row)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the inputs of the draft."""
        self._show_kernel()
        self._show_ramdisk()

    def add_files(self) -> None:
        """Ask for files; content decides what each is."""
        if paths := ask_open_many(self, "Add kernel, command line, ramdisk, host key documents or keys"):
            self._workbench.files_offered.emit(paths)

    def _show_kernel(self) -> None:
        given = self._draft.kernel
        if given is None:
            self.kernel.show_nothing(
                "A raw s390x kernel, usually /boot/vmlinuz-… of the guest's distribution. Required."
            )
        elif given.error is not None:
            self.kernel.show_file(given.path.name, str(given.path), "", (unreadable(given.error),))
        elif given.facts is None:
            self.kernel.show_file(given.path.name, str(given.path), "Being read…", None)
        else:
            facts = given.facts
            parts = [f"Version {facts.version.split(' ', 1)[0]}"] if facts.version else []
            parts.append(size_text(facts.size))
            if facts.facts is not None and facts.facts.is_s390x:
                limit = facts.facts.command_line_limit
                old = ", the old limit" if limit == LEGACY_COMMAND_LINE_LIMIT else ""
                parts.append(f"takes a command line of {limit} bytes{old}")
            self.kernel.show_file(given.path.name, str(given.path), " · ".join(parts), facts.checks)
            self.kernel.detail.setToolTip(facts.version)

    def _show_ramdisk(self) -> None:
        given = self._draft.ramdisk
        if given is None:
            self.ramdisk.show_nothing("A cpio archive, usually compressed. Optional.")
        elif given.error is not None:
            self.ramdisk.show_file(given.path.name, str(given.path), "", (unreadable(given.error),))
        elif given.facts is None:
            self.ramdisk.show_file(given.path.name, str(given.path), "Being read…", None)
        else:
            facts = given.facts
            kind = _RAMDISKS.get(facts.kind, facts.kind if "cpio" in facts.kind else f"{facts.kind}-compressed")
            self.ramdisk.show_file(
                given.path.name,
                str(given.path),
                f"{kind[:1].upper()}{kind[1:]} · {size_text(facts.size)}",
                facts.checks,
            )

    def _choose(self, which: str) -> None:
        path = ask_open(self, f"Choose the {which}")
        if path is not None:
            (self._draft.set_kernel if which == "kernel" else self._draft.set_ramdisk)(path)
