"""The same build as commands, and how to start what comes out, ready to copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPlainTextEdit

from seworkbench.image.commands import NO_VERIFY, Tool, build_commands
from seworkbench.image.starting import PREREQUISITES, libvirt_domain, qemu_command, zipl_section
from seworkbench.ui.icons import icon
from seworkbench.ui.widgets.basic import Card, button, label
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from PySide6.QtGui import QTextDocument

    from seworkbench.ui.pages.build.draft import Draft
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench

PVIMG, OURS, QEMU, LIBVIRT, ZIPL = "pvimg", "seworkbench", "qemu", "libvirt", "zipl"
_TOOLS = {PVIMG: Tool.PVIMG, OURS: Tool.SEWORKBENCH}
_MOST_LINES = 14


class _Marker(QSyntaxHighlighter):
    """Marks what skips a check."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Mark every occurrence on a line."""
        style = QTextCharFormat()
        style.setForeground(self._theme.roles.colour("warning"))
        style.setBackground(self._theme.roles.colour("warning_background"))
        position = text.find(NO_VERIFY)
        while position >= 0:
            self.setFormat(position, len(NO_VERIFY), style)
            position = text.find(NO_VERIFY, position + len(NO_VERIFY))


class CommandsCard(Card):
    """Commands for the draft, of one kind at a time.

    Args:
        workbench: theme.
        draft: the image to be.
    """

    def __init__(self, workbench: Workbench, draft: Draft) -> None:
        super().__init__("Show as commands")
        self._draft = draft
        self._theme = workbench.theme
        self.kind = PVIMG
        self.build_kinds = Segments(((PVIMG, "pvimg"), (OURS, "seworkbench")), self.show_kind, "Build with")
        self.start_kinds = Segments(
            ((QEMU, "QEMU"), (LIBVIRT, "libvirt"), (ZIPL, "zipl")), self.show_kind, "Start with"
        )
        self.head.removeWidget(self.title)
        self.head.removeWidget(self.detail)
        self._pairs: list[QBoxLayout] = []
        self._choices = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._choices.setSpacing(8)
        for title, kinds in ((self.title, self.build_kinds), (label("How to start it", "heading"), self.start_kinds)):
            pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
            pair.setSpacing(8)
            pair.addWidget(title)
            row = QHBoxLayout()
            row.addWidget(kinds)
            row.addStretch(1)
            pair.addLayout(row, 1)
            self._choices.addLayout(pair)
            self._pairs.append(pair)
        self.head.insertLayout(0, self._choices)
        self.copy = button("Copy", self._copy)
        self.copy.setIcon(icon("copy", workbench.theme))
        self.copy.setAccessibleName("Copy")
        self.copy.setToolTip("Copy")
        self.head.addWidget(self.copy)
        self.notes = label("", "small", wrap=True)
        self.body.addWidget(self.notes)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Commands")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._marker = _Marker(self.text.document(), self._theme)
        self.body.addWidget(self.text)
        # One group of two halves: of the five choices one holds.
        for half, other in ((self.build_kinds, self.start_kinds), (self.start_kinds, self.build_kinds)):
            half.clear_with(other)
        workbench.theme.changed.connect(self._restyle)
        draft.changed.connect(self.refresh)
        self._restyle()
        self.show_kind(PVIMG)

    def set_room(self, *, wide: bool, narrow: bool) -> None:
        """Whether both rows of choices have room side by side, and whether even titles go above them."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._choices.setDirection(across if wide else down)
        for pair in self._pairs:
            pair.setDirection(down if narrow else across)
        self.copy.setText("" if narrow else "Copy")

    def show_kind(self, kind: str) -> None:
        """Show one kind of commands."""
        self.kind = kind
        (self.build_kinds if kind in _TOOLS else self.start_kinds).choose(kind)
        self.refresh()

    def refresh(self) -> None:
        """Show the commands for the draft."""
        recipe = self._draft.recipe()
        image = recipe.output or Path("IMAGE")
        if self.kind in _TOOLS:
            commands = build_commands(recipe, _TOOLS[self.kind], overwrite=self._draft.overwrite)
            text, notes = commands.text(), commands.notes
        elif self.kind == QEMU:
            text, notes = qemu_command(image), PREREQUISITES
        elif self.kind == LIBVIRT:
            text, notes = libvirt_domain(image), PREREQUISITES
        else:
            text = zipl_section(image)
            notes = ("On the guest's boot disk: copy the image to /boot, then run zipl.", *PREREQUISITES[:1])
        # A surrogate stands for a byte of a file name that is no text; nothing can show it.
        text = text.rstrip("\n").encode("utf-8", "backslashreplace").decode()
        if text != self.text.toPlainText():
            self.text.setPlainText(text)
            self._fit()
        self.notes.setText("\n".join(notes))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText() + "\n")

    def _restyle(self) -> None:
        self.text.setFont(self._theme.mono())
        self._marker.rehighlight()
        self._fit()

    def _fit(self) -> None:
        lines = min(max(self.text.document().blockCount(), 3), _MOST_LINES)
        # Frame and padding, and room for a bar below long lines.
        self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + 30)
        self.text.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded
            if self.text.document().blockCount() > _MOST_LINES
            else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
