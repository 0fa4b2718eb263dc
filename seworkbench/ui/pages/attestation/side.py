"""The side of the page: what is selected, every check, or the whole case as commands."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.attestation.measured_block import PieceFile
from seworkbench.checks import Verdict
from seworkbench.formats.additional_data import IMAGE_PHKH
from seworkbench.ui.pages.attestation.verification import shown_check
from seworkbench.ui.pages.attestation.words import commands_text, hex_lines
from seworkbench.ui.widgets.basic import VerdictChip, button, empty_layout, label, rule
from seworkbench.ui.widgets.checklist_view import ChecklistView
from seworkbench.ui.widgets.command_text import CommandText
from seworkbench.ui.widgets.copy_forms import CopyForm, copy_as
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.field_details import FieldDetails
from seworkbench.ui.widgets.mark import Mark
from seworkbench.ui.widgets.measured_block import LENGTH_PIECES, LENGTHS
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from seworkbench.attestation.measured_block import MeasuredBlock, Piece
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.attestation.verify import ResolvedKey
    from seworkbench.checks import Check
    from seworkbench.formats.layout import Field
    from seworkbench.ui.pages.attestation.messages import Opened
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench

_PRESS = (
    "Press a message of the diagram: the bytes that travel open, field by field. When a response is verified, press a "
    "piece of the measured block or a row of the policies."
)
_NO_CASE = "In an open case, whatever is selected is explained here: a message, a piece of the measurement, a policy."
SELECTED, CHECKS, COMMANDS = "selected", "checks", "commands"
_MARKS = {
    Verdict.PASSED: ("circle-check", "passed"),
    Verdict.FAILED: ("octagon-x", "failed"),
    Verdict.WARNING: ("triangle-alert", "warning"),
    Verdict.NOT_CHECKED: ("circle-dashed", "not_checked"),
}
_COPIES = (CopyForm.HEX, CopyForm.BASE64, CopyForm.C, CopyForm.PYTHON, CopyForm.JSON)
_MOST_BYTES = 320
_REAL_MEANING = {
    "pld": "Digest over all pages of the image, so the guest runs exactly the code that was built.",
    "ald": "Digest over the addresses of all pages: each of them lies where it was built for.",
    "tld": "Digest over the tweaks of all pages, which no page shares with another.",
    "header_tag": "Tag of the SE header: header, keys and flags are those of this build and of no other.",
    "cuid": "Made anew by the Ultravisor at each start; it names this run of the guest.",
    LENGTHS: "Lengths of user data and additional data: nothing can slip from one into the other unnoticed.",
    "user_data": "What the guest had measured along. Whether it is the right one is for a policy.",
    "nonce": "Random, encrypted in the request: an answer fits one request only.",
    "additional": "What the flags of the request asked for. It is authentic if the measurement is equal.",
}
_SIMULATED_MEANING = "The simulator answered: this shows the method, and proves nothing about hardware."
_CHECKS_OF = {"additional": ("attest.request.flags", "attest.data"), "nonce": ("attest.request.opens",)}


class KeyBox(QFrame):
    """A host key hash of the answer beside that of a key slot."""

    def __init__(self, theme: Theme, key: ResolvedKey, *, authentic: bool) -> None:
        super().__init__()
        self.setObjectName("inset")
        of_image = key.kind is IMAGE_PHKH
        slots, where = (key.header_slots, "SE header") if of_image else (key.request_slots, "Request")
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 6, 10, 6)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        shown = f"{key.phkh.hex()[:8]} {key.phkh.hex()[8:16]} …"
        grid.addWidget(label("Answer", "small"), 0, 0)
        grid.addWidget(label(shown, "bytes"), 0, 1)
        grid.addWidget(label(f"{where} slot {slots[0] + 1}" if slots else where, "small"), 1, 0)
        grid.addWidget(label(shown if slots else "no slot has it", "bytes"), 1, 1)
        row = QHBoxLayout()
        row.setSpacing(6)
        equal = Verdict.PASSED if authentic else Verdict.NOT_CHECKED
        sign, role = _MARKS[equal if slots else Verdict.FAILED]
        row.addWidget(Mark(theme, sign, role, 14))
        row.addWidget(label(_slot_text(slots=bool(slots), authentic=authentic), "heading", wrap=True), 1)
        grid.addLayout(row, 2, 0, 1, 2)
        if key.documents:
            grid.addWidget(
                Elided(f"Document: {', '.join(Path(name).name for name in key.documents)}", "small"), 3, 0, 1, 2
            )


class AttestationSide(QWidget):
    """The side.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    check_chosen = Signal(str)  # id of a check

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__()
        self._workbench = workbench
        self._theme = workbench.theme
        self._session = session
        self._piece = ""
        self.setAccessibleName("What is selected")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self.choices = Segments(
            ((SELECTED, "Selected"), (CHECKS, "Checks"), (COMMANDS, "Commands")), self.show_part, "Side"
        )
        column.addWidget(self.choices)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._make_selected())
        self.checklist = ChecklistView(workbench.theme)
        self.checklist.help_requested.connect(workbench.help_requested)
        self.checklist.check_selected.connect(lambda check: self.check_chosen.emit(check.id) if check else None)
        self.stack.addWidget(self.checklist)
        self.stack.addWidget(self._make_commands())
        column.addWidget(self.stack, 1)
        row = QHBoxLayout()
        self.inspect = button("Open in Inspect", self._inspect)
        row.addWidget(self.inspect)
        row.addStretch(1)
        column.addLayout(row)
        self.show_part(SELECTED)
        self.show_nothing()

    # --- what is shown

    @property
    def piece(self) -> str:
        """Key of the part of the block that is shown; empty if something else is."""
        return self._piece

    def show_part(self, part: str) -> None:
        """Show what is selected, the checks, or the commands."""
        self.choices.choose(part)
        self.stack.setCurrentIndex((SELECTED, CHECKS, COMMANDS).index(part))
        if part == COMMANDS:
            self._show_commands()

    def refresh(self) -> None:
        """The case is another, or came further."""
        result = self._session.result
        check = shown_check(result) if result else None
        if check != self.checklist.check:
            self.checklist.show_check(check)
        self.inspect.setEnabled(bool(self._session.state.header_path))
        if self.stack.currentIndex() == (SELECTED, CHECKS, COMMANDS).index(COMMANDS):
            self._show_commands()
        if self._piece:
            self.show_piece(self._piece)

    def show_nothing(self) -> None:
        """Nothing is selected."""
        self._piece = ""
        self._begin("", "", None)
        self._content.addWidget(
            label(
                _PRESS if self._session.case is not None else _NO_CASE,
                "muted",
                wrap=True,
            )
        )
        self._end()

    def show_message(self, opened: Opened) -> None:
        """A message was opened; its fields are explained here."""
        self._piece = ""
        self._begin(opened.title, opened.said, None)
        self._end()
        if opened.field is not None:
            self.show_field(opened.field)
        self.show_part(SELECTED)

    def show_field(self, field: Field) -> None:
        """Explain a field of the message."""
        self._title_row.hide()
        self._scroll.hide()
        self.details.show()
        self.details.show_field(field)
        self.show_part(SELECTED)

    def show_check(self, check_id: str) -> None:
        """Show a check with its evidence."""
        self.show_part(CHECKS)
        self.checklist.select(check_id)

    def show_piece(self, key: str) -> None:
        """Explain a part of the measured block."""
        result = self._session.result
        block = result.verification.block if result else None
        if result is None or block is None:
            self.show_nothing()
            return
        self._piece = key
        pieces = [block.piece(name) for name in (LENGTH_PIECES if key == LENGTHS else (key,))]
        first = pieces[0]
        checks = _checks_of(key, result)
        worst = _worst(checks) if checks else result.verification.check.verdict
        title = "Length fields" if key == LENGTHS else first.title
        self._begin(title, "", worst)
        self._facts(pieces, block)
        if key == "nonce":
            self._content.addWidget(
                label(f"{first.size} bytes, kept back: it belongs to the secrets of the request.", "muted", wrap=True)
            )
        else:
            self._bytes(b"".join(piece.content for piece in pieces))
        if key == "additional":
            for resolved in result.verification.resolved:
                head = QHBoxLayout()
                head.addWidget(label(resolved.kind.title, "heading"))
                head.addStretch(1)
                said = "opened the image at boot" if resolved.kind is IMAGE_PHKH else "opened this request"
                head.addWidget(label(said, "small"))
                self._content.addLayout(head)
                self._content.addWidget(KeyBox(self._theme, resolved, authentic=result.verification.measurement_equal))
        if checks:
            self._checks(checks)
        self._meaning(key)
        if key != "nonce":
            self._copies(title, b"".join(piece.content for piece in pieces), first.offset)
        self._end()

    # --- making it

    def _make_selected(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._title_row = QWidget()
        row = QHBoxLayout(self._title_row)
        row.setContentsMargins(0, 0, 0, 0)
        self.title = Elided("", "heading")
        self.chip = VerdictChip(Verdict.NOT_CHECKED, self._theme)
        row.addWidget(self.title, 1)
        row.addWidget(self.chip)
        column.addWidget(self._title_row)
        self.details = FieldDetails(self._theme)
        self.details.help_requested.connect(self._workbench.help_requested)
        column.addWidget(self.details)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        inner = QWidget()
        self._content = QVBoxLayout(inner)
        self._content.setContentsMargins(0, 0, 4, 0)
        self._content.setSpacing(8)
        self._scroll.setWidget(inner)
        column.addWidget(self._scroll, 1)
        return made

    def _make_commands(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        self.commands = CommandText(
            self._theme, "The whole case by hand: with pvattest, and with this program", tall=True
        )
        column.addWidget(self.commands, 1)
        return made

    def _show_commands(self) -> None:
        self.commands.show_text(commands_text(self._session))

    def _begin(self, title: str, said: str, verdict: Verdict | None) -> None:
        self._title_row.setVisible(bool(title))
        self._scroll.show()
        self.details.hide()
        self.title.show_text(title)
        self.chip.setVisible(verdict is not None)
        if verdict is not None:
            self.chip.show_verdict(verdict)
        empty_layout(self._content)
        if said:
            self._content.addWidget(label(said, "muted", wrap=True))

    def _end(self) -> None:
        self._content.addStretch(1)

    def _facts(self, pieces: list[Piece], block: MeasuredBlock) -> None:
        first = pieces[0]
        size = sum(piece.size for piece in pieces)
        count = len(block.pieces)
        number = block.pieces.index(first) + 1
        which = (
            f"piece {number} of {count}"
            if len(pieces) == 1
            else f"pieces {number} to {number + len(pieces) - 1} of {count}"
        )
        rows = [("In the block", f"{which}, bytes {first.at} to {first.at + size - 1}")]
        if first.offset is None or first.file is PieceFile.NONE:
            rows.append(("From", "computed here and there, in no file"))
        else:
            path = (
                self._session.state.header_path
                if first.file is PieceFile.SE_HEADER
                else self._session.state.response_path
            )
            sealed = ", encrypted" if first.name == "nonce" else ""
            rows.append(("From", f"{Path(path).name or first.file.value}, {size} B at 0x{first.offset:x}{sealed}"))
        rows.append(("Written by", first.written_by))
        rows.append(("Decided by", f"the {first.source.value}"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (name, text) in enumerate(rows):
            grid.addWidget(label(name, "small"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, wrap=True, selectable=True), row, 1)
        self._content.addLayout(grid)
        self._content.addWidget(rule())

    def _bytes(self, content: bytes) -> None:
        head = QHBoxLayout()
        head.addWidget(label("Bytes", "heading"))
        head.addStretch(1)
        head.addWidget(label(f"{len(content)} B", "small"))
        self._content.addLayout(head)
        shown = label("\n".join(hex_lines(content[:_MOST_BYTES])), "bytes", selectable=True)
        shown.setAccessibleName(f"Bytes {content.hex()}")
        self._content.addWidget(shown)
        if len(content) > _MOST_BYTES:
            self._content.addWidget(label(f"and {len(content) - _MOST_BYTES} more", "small"))

    def _checks(self, checks: list[Check]) -> None:
        self._content.addWidget(rule())
        self._content.addWidget(label("Checks", "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, check in enumerate(checks):
            sign, role = _MARKS[check.verdict]
            mark = Mark(self._theme, sign, role, 14)
            mark.setAccessibleName(check.verdict.value)
            grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            # A title says what should be; beside a sign alone it could be taken for what is.
            said = check.title if check.verdict is Verdict.PASSED else f"{check.verdict.value}: {check.title}"
            line = label(said, wrap=True)
            line.setToolTip(f"{check.verdict.value}. {check.reason}")
            grid.addWidget(line, row, 1)
        self._content.addLayout(grid)

    def _meaning(self, key: str) -> None:
        self._content.addWidget(rule())
        self._content.addWidget(label("Meaning", "heading"))
        self._content.addWidget(label(_REAL_MEANING[key], wrap=True, selectable=True))
        if self._session.state.simulated:
            self._content.addWidget(label("SIMULATED", "heading"))
            self._content.addWidget(label(_SIMULATED_MEANING, wrap=True))

    def _copies(self, name: str, content: bytes, offset: int | None) -> None:
        self._content.addWidget(rule())
        self._content.addWidget(label("Copy as", "heading"))
        grid = QGridLayout()
        grid.setSpacing(6)
        for number, form in enumerate(_COPIES):
            made = button(form.value, partial(_copy, form, content, name, offset))
            made.setAccessibleName(f"Copy {name} as {form.value}")
            grid.addWidget(made, number // 3, number % 3)
        self._content.addLayout(grid)

    def _inspect(self) -> None:
        path = Path(self._session.state.header_path)
        self._workbench.page_requested.emit("inspect")
        self._workbench.files_offered.emit([path])


def _slot_text(*, slots: bool, authentic: bool) -> str:
    if not slots:
        return "Not equal to any slot"
    return "Equal, 32 of 32 bytes" if authentic else "Equal, but nobody vouches for it"


def _copy(form: CopyForm, content: bytes, name: str, offset: int | None) -> None:
    QGuiApplication.clipboard().setText(copy_as(form, content, name, offset))


def _checks_of(key: str, result: PolicyResult) -> list[Check]:
    """The checks that a part of the block has to do with."""
    tree = result.check
    names = (*_CHECKS_OF.get(key, ()), "attest.measurement.equal")
    policies = {
        "user_data": ("attest.policy.user-data",),
        "cuid": ("attest.policy.cuid",),
        "nonce": ("attest.policy.freshness",),
        "additional": (
            "attest.policy.image-host-key",
            "attest.policy.attestation-host-key",
            "attest.policy.secret-store",
            "attest.policy.firmware",
        ),
    }.get(key, ())
    found: list[Check] = []
    for name in (*names, *policies):
        check = tree.find(name)
        if check is not None:
            found += list(check.leaves())
    # What nobody asked for is not worth a line here.
    return [check for check in found if check.required or check.verdict is not Verdict.NOT_CHECKED]


def _worst(checks: list[Check]) -> Verdict:
    found = {check.verdict for check in checks if check.required}
    order = (Verdict.FAILED, Verdict.NOT_CHECKED, Verdict.WARNING)
    return next((verdict for verdict in order if verdict in found), Verdict.PASSED)
