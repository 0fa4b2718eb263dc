"""Step 2: the request and its protection key, made here or brought along."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.dialogs import ask_new, ask_open
from seworkbench.ui.pages.attestation.picture import bytes_text
from seworkbench.ui.pages.attestation.step_card import StepCard, footer
from seworkbench.ui.pages.attestation.words import place_text, suggested_file
from seworkbench.ui.widgets.basic import VerdictChip, WarningBox, button, label, link, rule
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.pages.attestation.case_list import OpenCase
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.workbench import Workbench

_CARE = (
    "Whoever has the protection key can forge an answer. It is written for you alone (0600), never replaces a file, "
    "never leaves this workstation, and is to be destroyed after verification. This program keeps only its path."
)


class CreateCard(StepCard):
    """The card.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    next_asked = Signal()
    back_asked = Signal()

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(workbench.theme, "2 Create", "request and protection key")
        self._session = session
        self._case: OpenCase | None = None
        self._anew = False
        self._job: RunningJob | None = None
        self.there = self._make_there(workbench)
        self.body.addWidget(self.there)
        self.form = self._make_form(workbench)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        self.again = button("Create another request", self._begin_anew)
        self.next = button("Next: carry it over", self.next_asked.emit, primary=True)
        self.make = button("Create the request", self._create, primary=True)
        self.body.addLayout(footer(self.again, self.next, self.make))

    def refresh(self) -> None:
        """Show the case."""
        session = self._session
        case = session.case
        if case is not None and case is not self._case:
            self._case = case
            self._anew = False
            self._suggest()
        there = session.files.arcb is not None
        self.there.setVisible(there or bool(session.state.key_path))
        editing = self._anew or not there
        self.form.setVisible(editing)
        self.make.setVisible(editing)
        self.next.setVisible(not editing)
        self.again.setVisible(there and not editing)
        self._show_there()
        lacking = session.preparation.lacking()
        self.lacking.setText(" ".join(lacking))
        self.lacking.setVisible(bool(lacking))
        self.make.setEnabled(not lacking and bool(self.request.text().strip() and self.key.text().strip()))

    # --- what is there

    def _make_there(self, workbench: Workbench) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.request_line, self.digest_line, self.key_line = Elided(), Elided("", "bytes"), Elided()
        self.key_chip = VerdictChip(Verdict.NOT_CHECKED, workbench.theme)
        for row, (name, line) in enumerate(
            (("Request", self.request_line), ("SHA-256", self.digest_line), ("Protection key", self.key_line))
        ):
            grid.addWidget(label(name, "small"), row, 0)
            # Beside the key stands what it does; the others have all the room.
            grid.addWidget(line, row, 1, 1, 1 if line is self.key_line else 2)
        grid.addWidget(self.key_chip, 2, 2)
        self.load_key = link("Choose the key file…", self._load_key)
        grid.addWidget(self.load_key, 3, 1)
        return made

    def _show_there(self) -> None:
        session = self._session
        arcb, request = session.files.arcb, session.files.request
        if arcb is None:
            self.request_line.show_text("None yet.")
            self.digest_line.show_text("")
        elif request is not None:
            self.request_line.show_text(f"{place_text(session.state.request_path)}, {bytes_text(len(request))}")
            self.digest_line.show_text(hashlib.sha256(request).hexdigest())
        else:
            self.request_line.show_text(f"As the response carries it back, {bytes_text(len(arcb))}")
            self.digest_line.show_text(hashlib.sha256(arcb).hexdigest())
        path = session.state.key_path
        pasted = "pasted text, forgotten when the window closes" if session.key_is_pasted else ""
        kept = place_text(path) if path else "Not here: drop the key file on this page."
        self.key_line.show_text(pasted or kept)
        self.load_key.setVisible(not path or session.key_fits is False)
        if not path or session.key_fits is None:
            self.key_chip.show_verdict(Verdict.NOT_CHECKED, "not checked" if path else "missing")
        elif session.key_fits:
            self.key_chip.show_verdict(Verdict.PASSED, "opens the request")
        else:
            self.key_chip.show_verdict(Verdict.FAILED, "does not open the request")

    # --- making one

    def _make_form(self, workbench: Workbench) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(1, 1)
        self.request, self.key = QLineEdit(), QLineEdit()
        for row, (name, line, run) in enumerate(
            (
                ("Request file", self.request, self._browse_request),
                ("Protection key", self.key, self._browse_key),
            )
        ):
            line.setAccessibleName(name)
            line.textEdited.connect(lambda _text: self.refresh())
            grid.addWidget(label(name), row, 0)
            grid.addWidget(line, row, 1)
            grid.addWidget(button("Choose…", run), row, 2)
        column.addLayout(grid)
        column.addWidget(WarningBox(workbench.theme, _CARE))
        self.lacking = label("", "muted", wrap=True)
        column.addWidget(self.lacking)
        column.addWidget(rule())
        column.addWidget(
            label(
                "A request made elsewhere, with pvattest for instance, is used too: drop request and key on this page.",
                "small",
                wrap=True,
            )
        )
        return made

    def _suggest(self) -> None:
        """Names beside the header, called as the case is."""
        state = self._session.kept
        self.request.setText(state.request_path or str(suggested_file(self._session, ".req")))
        self.key.setText(state.key_path or str(suggested_file(self._session, ".arpk")))

    def _begin_anew(self) -> None:
        self._anew = True
        for line in (self.request, self.key):
            path = Path(line.text())
            line.setText(str(path.with_name(f"{path.stem}-2{path.suffix}")))
        self.refresh()

    def _create(self) -> None:
        # The button stays enabled, or the focus would leave it; a second press while it works does nothing.
        if self._job is None or self._job.finished:
            self._job = self._session.preparation.create(
                Path(self.request.text().strip()), Path(self.key.text().strip())
            )
            if self._job is not None:
                self._job.done.connect(self._made)

    def _made(self, _created: object) -> None:
        self._anew = False
        self.refresh()

    def _browse_request(self) -> None:
        self._browse(self.request, "Request file")

    def _browse_key(self) -> None:
        self._browse(self.key, "File for the protection key")

    def _browse(self, line: QLineEdit, title: str) -> None:
        if (path := ask_new(self, title, Path(line.text()) if line.text() else None)) is not None:
            line.setText(str(path))
            line.setModified(True)
            self.refresh()

    def _load_key(self) -> None:
        if (path := ask_open(self, "Protection key of the request")) is not None:
            self._session.take_key(path)
