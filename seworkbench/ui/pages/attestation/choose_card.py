"""Step 1: the SE header that is expected, the machines that may answer, and what the answer is to contain."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from seworkbench.formats.additional_data import PART_KINDS
from seworkbench.ui.dialogs import ask_new, ask_open, ask_open_many
from seworkbench.ui.pages.attestation.picture import bytes_text
from seworkbench.ui.pages.attestation.step_card import StepCard, footer
from seworkbench.ui.pages.attestation.words import place_text, suggested_file
from seworkbench.ui.widgets.basic import VerdictChip, button, empty_layout, label, link, rule
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from seworkbench.ui.pages.attestation.hosts import HostOption
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.workbench import Workbench

_REASON_LIMIT = 500
_PHKH = 8
# What each part of additional data tells, and what it costs (resources/help/attestation.md#flags).
FLAG_TEXTS = {
    "phkh-img": ("Which host key opened the image", "Adds 32 bytes."),
    "phkh-att": ("Which host key opened this request", "Adds 32 bytes."),
    "secret-store-hash": (
        "Which secrets the guest has, and whether more can be added",
        "Adds 64 bytes; older machines refuse it.",
    ),
    "firmware-state": (
        "The state of the machine's firmware",
        "Adds 320 bytes for IBM's service; older machines refuse it.",
    ),
}


class HostRow(QWidget):
    """One host key of the workspace."""

    def __init__(self, workbench: Workbench, session: AttestationSession, host: HostOption) -> None:
        super().__init__()
        self.fingerprint = host.certificate.fingerprint
        self._session = session
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        self.box = QCheckBox(host.name)
        self.box.toggled.connect(self._toggle)
        grid.addWidget(self.box, 0, 0)
        self.chip = VerdictChip(host.verdict, workbench.theme)
        grid.addWidget(self.chip, 0, 1)
        self.why = Elided("", "small")
        grid.addWidget(self.why, 0, 2)
        grid.setColumnStretch(2, 1)
        self.reason = QLineEdit(host.reason)
        self.reason.setMaxLength(_REASON_LIMIT)
        self.reason.setPlaceholderText("Reason for using it all the same; goes into the record of the request")
        self.reason.setAccessibleName(f"Reason for using {host.name} all the same")
        self.reason.textEdited.connect(lambda text: session.preparation.set_reason(self.fingerprint, text))
        # All of it stands there for somebody who has to answer for using the key all the same.
        self.doubt = label("", "small", wrap=True, selectable=True)
        grid.addWidget(self.doubt, 1, 0, 1, 3)
        grid.addWidget(self.reason, 2, 0, 1, 3)
        self.refresh(host)

    def refresh(self, host: HostOption) -> None:
        """Show what is known by now."""
        self.box.blockSignals(True)
        self.box.setChecked(host.chosen)
        self.box.blockSignals(False)
        self.box.setText(host.name)
        self.chip.show_verdict(host.verdict, host.word)
        phkh = (host.certificate.phkh or "")[:_PHKH]
        asked = host.chosen and host.needs_reason
        self.why.show_text(f"host key hash {phkh}…" if asked else f"host key hash {phkh}… · {host.why}")
        self.doubt.setText(host.why)
        self.doubt.setVisible(asked)
        self.reason.setVisible(asked)
        if not self.reason.hasFocus() and self.reason.text() != host.reason:
            self.reason.setText(host.reason)

    def _toggle(self, chosen: bool) -> None:
        self._session.preparation.choose_host(self.fingerprint, chosen=chosen)


class ChooseCard(StepCard):
    """The card.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    next_asked = Signal()

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(workbench.theme, "1 Choose", "what is expected, and whom to ask")
        self._workbench = workbench
        self._session = session
        self.rows: list[HostRow] = []
        self.body.addWidget(label("SE header of the image that was started", "heading"))
        line = QHBoxLayout()
        self.header = Elided("Drop the image, or its SE header, on this page.", "")
        line.addWidget(self.header, 1)
        self.save = link("Save as…", self._save_header)
        line.addWidget(self.save)
        line.addWidget(button("Choose…", self._choose_header))
        self.body.addLayout(line)
        self.header_facts = label("", "small", wrap=True, selectable=True)
        self.body.addWidget(self.header_facts)
        self.body.addWidget(rule())
        head = QHBoxLayout()
        head.addWidget(label("Machines that may answer", "heading"))
        head.addStretch(1)
        head.addWidget(link("Add documents…", self._add))
        head.addWidget(link("Open Trust", lambda: workbench.page_requested.emit("trust")))
        self.body.addLayout(head)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.body.addLayout(self._list)
        self.empty = label(
            "No host key document is in the workspace. Drop that of the machine on this page, and IBM's certificates "
            "and revocation lists for it on the Trust page, so that it can be verified.",
            "small",
            wrap=True,
        )
        self.body.addWidget(self.empty)
        self.body.addWidget(rule())
        self.body.addWidget(label("What the answer is to say, beside the measurement", "heading"))
        self.flags: dict[str, QCheckBox] = {}
        for kind in PART_KINDS:
            title, cost = FLAG_TEXTS[kind.option]
            row = QHBoxLayout()
            box = QCheckBox(title)
            box.setToolTip(f"{kind.title}, --add-data {kind.option}")
            box.toggled.connect(partial(self._ask, kind.option))
            self.flags[kind.option] = box
            row.addWidget(box)
            row.addWidget(Elided(cost, "small"), 1)
            self.body.addLayout(row)
        self.note = label("", "small", wrap=True)
        self.body.addWidget(self.note)
        self.body.addStretch(1)
        self.next = button("Next: create the request", self.next_asked.emit, primary=True)
        self.body.addLayout(footer(self.next))

    def refresh(self) -> None:
        """Show the case."""
        session = self._session
        found = session.files.header
        self.save.setVisible(found is not None and not session.state.header_path)
        if found is None:
            self.header.show_text("Drop the image, or its SE header, on this page.")
            self.header_facts.hide()
        else:
            header = found.header
            self.header.show_text(place_text(session.state.header_path))
            slots = f"{header.nks} key slot{'' if header.nks == 1 else 's'}"
            self.header_facts.setText(
                f"{bytes_text(header.sehs)} at 0x{found.offset:x}, {found.method} · {slots} · tag {header.tag.hex()}"
            )
            self.header_facts.show()
        self._show_hosts()
        fixed = session.files.arcb is not None
        for option, box in self.flags.items():
            box.blockSignals(True)
            box.setChecked(option in session.state.flags)
            box.blockSignals(False)
            box.setEnabled(not fixed)
        record = session.files.record
        if fixed:
            hosts = ", ".join(Path(host.document).name for host in record.hosts) if record else "machines not on record"
            self.note.setText(f"The request was created for {hosts}; other choices take a new request.")
        self.note.setVisible(fixed)
        self.next.setText("Next: the request" if fixed else "Next: create the request")

    def _show_hosts(self) -> None:
        hosts = self._session.preparation.hosts()
        keys = [host.certificate.fingerprint for host in hosts]
        # Rows stay as long as their keys do, so that typing is not disturbed; a choice alone moves none.
        if {row.fingerprint for row in self.rows} != set(keys):
            empty_layout(self._list)
            self.rows = [HostRow(self._workbench, self._session, host) for host in hosts]
            for row in self.rows:
                self._list.addWidget(row)
        by_key = {host.certificate.fingerprint: host for host in hosts}
        fixed = self._session.files.arcb is not None
        for row in self.rows:
            row.refresh(by_key[row.fingerprint])
            row.setEnabled(not fixed)
        self.empty.setVisible(not hosts)

    def _choose_header(self) -> None:
        if (path := ask_open(self, "Image or SE header")) is not None:
            self._session.take_header(path)

    def _save_header(self) -> None:
        if (path := ask_new(self, "Save the SE header", suggested_file(self._session, ".hdr"))) is not None:
            self._session.save_header(path)

    def _add(self) -> None:
        for path in ask_open_many(self, "Host key documents"):
            self._session.preparation.import_host(path)

    def _ask(self, option: str, asked: bool) -> None:
        self._session.preparation.ask_for(option, asked=asked)
