"""Steps 3 and 4: the way to the guest, and what is done there; by a real machine, or by a simulated one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from seworkbench.attestation.commands import AttestTool, carry_commands, perform_command
from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.formats.exchange import MAX_USER_DATA_SIZE
from seworkbench.ui.dialogs import ask_folder, ask_new, ask_open
from seworkbench.ui.pages.attestation.picture import bytes_text
from seworkbench.ui.pages.attestation.step_card import StepCard, footer
from seworkbench.ui.pages.attestation.words import files_of, parse_data, place_text, suggested_file
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.basic import ErrorBox, button, label, link
from seworkbench.ui.widgets.command_text import CommandText
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.mark import Mark
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.pages.attestation.case_list import OpenCase
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench

SIMULATED = "SIMULATED MACHINE"


class Stamp(QWidget):
    """The mark that everything of a simulated machine carries."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        frame = QFrame()
        frame.setObjectName("simulated")
        inner = QHBoxLayout(frame)
        inner.setContentsMargins(8, 3, 8, 3)
        inner.setSpacing(6)
        inner.addWidget(Mark(theme, "cpu", "encrypted", 13))
        inner.addWidget(label(SIMULATED, "heading"))
        row.addWidget(frame)
        self.setAccessibleName(SIMULATED)


class CarryCard(StepCard):
    """Step 3.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    next_asked = Signal()

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(workbench.theme, "3 Carry over", "the request goes out, the key stays")
        self._session = session
        self.body.addWidget(
            label(
                "Whoever carries the request need not be trusted: what is secret in it can be read by the chosen "
                "machines alone, and a changed bit makes them refuse it. Only losing it does harm: then no answer "
                "comes.",
                wrap=True,
            )
        )
        self.there = CommandText(workbench.theme, "On your workstation: carry the request to the guest")
        self.body.addWidget(self.there)
        self.body.addWidget(
            label(
                "GUEST is the guest's address. Any other way does as well: a USB stick, a ticket, a mail. Use a "
                "request once: an answer to one that was used before proves nothing new.",
                "small",
                wrap=True,
            )
        )
        self.absent = label("", "muted", wrap=True)
        self.body.addWidget(self.absent)
        self.body.addStretch(1)
        self.export = button("Save a copy of the request…", self._export)
        self.next = button("Next: have it answered", self.next_asked.emit, primary=True)
        self.body.addLayout(footer(self.export, self.next))

    def refresh(self) -> None:
        """Show the case."""
        files = self._session.files
        self.there.show_text(carry_commands(files_of(self._session))[0])
        self.export.setEnabled(files.request is not None)
        self.absent.setText(
            "There is no request yet; create one, or drop one."
            if files.response is None
            else "The request was carried over before: the response is here and contains it. The request's own file "
            "is not here."
        )
        self.absent.setVisible(files.request is None)

    def _export(self) -> None:
        name = Path(self._session.state.request_path).name
        suggestion = Path(name) if name else suggested_file(self._session, ".req")
        if (path := ask_new(self, "Save a copy of the request", suggestion)) is not None:
            self._session.save_request(path)


class PerformCard(StepCard):
    """Step 4.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(workbench.theme, "4 Perform", "the Ultravisor answers")
        self._workbench = workbench
        self._session = session
        self._real = self._make_real(workbench)
        self._simulated = self._make_simulated(workbench)
        self.ways = Segments(
            (("real", "On a real machine"), ("simulated", "Simulated machine")), self.show_way, "Who answers"
        )
        self.head.addWidget(self.ways)
        for part in (self._real, self._simulated):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self._case: OpenCase | None = None
        self._job: RunningJob | None = None
        self.show_way("real")

    def show_way(self, way: str) -> None:
        """Show how a real machine, or a simulated one, answers."""
        self.ways.choose(way)
        self._real.setVisible(way == "real")
        self._simulated.setVisible(way == "simulated")

    def refresh(self) -> None:
        """Show the case."""
        session = self._session
        if session.case is not self._case:
            self._case = session.case
            self.show_way("simulated" if session.state.simulated or session.state.machine else "real")
            self.data.setText(_as_line(bytes.fromhex(session.state.user_data), self.form))
            self.data.setCursorPosition(0)
        files = files_of(session)
        self.guest.show_text(perform_command(replace(files, machine=""), AttestTool.PVATTEST))
        self.back.show_text(carry_commands(files)[1])
        there = session.files.response
        place = place_text(session.state.response_path)
        self.came.setText(f"{place}, {bytes_text(len(there))}" if there else "No response yet.")
        self.save.setVisible(there is not None and not session.state.response_path)
        folder = session.machine.folder
        self.machine.show_text(shown_path(Path(folder)) if folder else "none chosen yet")
        refusal = session.state.refusal
        self.show_verdict(Verdict.FAILED if refusal is not None else None)
        self.refused.setVisible(refusal is not None)
        if refusal is not None:
            self.refused.show_error(
                SeError(f"The machine refused the request. {refusal.said}", where=refusal.code, remedy=refusal.remedy)
            )
        self.fault.setText(f"Attack that was chosen on the Machine page: {session.machine.fault}.")
        self.fault.setVisible(bool(session.machine.fault))
        self.answer.setEnabled(bool(folder) and session.files.request is not None and not self.wrong.text())

    # --- a real machine

    def _make_real(self, workbench: Workbench) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        self.guest = CommandText(workbench.theme, "In the guest, as root: have it answered")
        self.back = CommandText(workbench.theme, "On your workstation: carry the response back")
        for part in (self.guest, self.back):
            column.addWidget(part)
        column.addWidget(
            label(
                "It takes an IBM z16 or LinuxONE 4, or later, and the kernel module uvdevice in the guest. With "
                "--user-data FILE up to 256 bytes are measured along, such as the hash of a key that the guest made.",
                "small",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        self.came = label("", "muted", wrap=True)
        row.addWidget(self.came, 1)
        self.save = link("Save the response as…", self._save)
        row.addWidget(self.save)
        column.addLayout(row)
        column.addLayout(footer(button("Choose the response…", self._choose, primary=True)))
        return made

    def _choose(self) -> None:
        if (path := ask_open(self, "Response")) is not None:
            self._session.take_response(path)

    def _save(self) -> None:
        if (path := ask_new(self, "Save the response", suggested_file(self._session, ".resp"))) is not None:
            self._session.save_response(path)

    # --- a simulated one

    def _make_simulated(self, workbench: Workbench) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(Stamp(workbench.theme))
        top.addWidget(label("It shows the method, and proves nothing about hardware.", "muted", wrap=True), 1)
        column.addLayout(top)
        row = QHBoxLayout()
        row.addWidget(label("Machine"))
        self.machine = Elided("", "muted")
        row.addWidget(self.machine, 1)
        row.addWidget(button("Choose a folder…", self._choose_machine))
        row.addWidget(link("Open Machine", lambda: workbench.page_requested.emit("machine")))
        column.addLayout(row)
        self.fault = label("", "heading", wrap=True)
        column.addWidget(self.fault)
        self.refused = ErrorBox(workbench.theme, stays=True)
        column.addWidget(self.refused)
        row = QHBoxLayout()
        row.addWidget(label("User data"))
        self.form = "hex"
        self.data = QLineEdit()
        self.data.setAccessibleName("User data that the guest has measured along")
        self.data.setPlaceholderText(f"None. Up to {MAX_USER_DATA_SIZE} bytes that the guest has measured along")
        self.data.textEdited.connect(self._type)
        self.forms = Segments((("text", "Text"), ("hex", "Hex")), self._choose_form, "User data as")
        self.forms.choose(self.form)
        row.addWidget(self.data, 1)
        row.addWidget(self.forms)
        column.addLayout(row)
        self.wrong = label("", "muted", wrap=True)
        self.wrong.hide()
        column.addWidget(self.wrong)
        self.answer = button("Let the simulated machine answer", self._answer, primary=True)
        column.addLayout(footer(self.answer))
        return made

    def _choose_machine(self) -> None:
        machine = self._session.machine.folder
        start = Path(machine).parent if machine else None
        if (folder := ask_folder(self, "Folder of a simulated machine", start)) is not None:
            self._session.machine.choose(folder)

    def _choose_form(self, form: str) -> None:
        content = bytes.fromhex(self._session.state.user_data)
        self.form = form
        self.data.setText(_as_line(content, form))
        self._type()

    def _type(self) -> None:
        content, wrong = parse_data(self.data.text(), self.form)
        if content is not None and len(content) > MAX_USER_DATA_SIZE:
            wrong = f"{len(content)} bytes; {MAX_USER_DATA_SIZE} are the most."
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        if content is not None and not wrong:
            self._session.machine.set_user_data(content)
        self.refresh()

    def _answer(self) -> None:
        # The button stays enabled, or the focus would leave it; a second press while it works does nothing.
        if self._job is not None and not self._job.finished:
            return
        request = Path(self._session.state.request_path or suggested_file(self._session, ".req"))
        response = request.with_suffix(".resp")
        number = 2
        while response.exists():
            response = request.with_name(f"{request.stem}-{number}.resp")
            number += 1
        self._job = self._session.machine.answer(response)


def _as_line(content: bytes, form: str) -> str:
    if form == "hex":
        return content.hex()
    return content.decode("utf-8", "backslashreplace")
