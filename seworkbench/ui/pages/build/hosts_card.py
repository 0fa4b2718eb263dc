"""The machines that may start the image: their documents, the verdicts, and why else each is used."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.dialogs import ask_open_many
from seworkbench.ui.icons import icon
from seworkbench.ui.instants import span_text
from seworkbench.ui.pages.build.parts import RemoveButton, unreadable
from seworkbench.ui.pages.build.rules import room_text
from seworkbench.ui.pages.trust.view import host_word
from seworkbench.ui.widgets.basic import Card, VerdictChip, empty_layout, label, link, rule
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.pages.build.draft import Draft, HostEntry
    from seworkbench.ui.pages.build.inputs import DocumentFile
    from seworkbench.ui.workbench import Workbench

_REASON_LIMIT = 500


def validity_text(facts: DocumentFile, now: datetime) -> str:
    """Until when a document is valid, and how long that is."""
    day = f"{facts.not_after:%Y-%m-%d}"
    if now > facts.not_after:
        return f"expired on {day}, {span_text(facts.not_after - now)}"
    if now < facts.not_before:
        return f"not valid before {facts.not_before:%Y-%m-%d}"
    return f"valid until {day} ({span_text(facts.not_after - now)})"


class HostRow(QWidget):
    """One machine."""

    def __init__(self, workbench: Workbench, draft: Draft, entry: HostEntry, show: Callable[[HostEntry], None]) -> None:
        super().__init__()
        self._draft = draft
        self.entry = entry
        theme = workbench.theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(3)
        head = QHBoxLayout()
        self.title = Elided(entry.title, "heading")
        head.addWidget(self.title, 1)
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        head.addWidget(self.chip)
        head.addWidget(RemoveButton(theme, entry.title, partial(draft.remove_host, entry)))
        column.addLayout(head)
        self.detail = label("", "small", wrap=True)
        column.addWidget(self.detail)
        self.phkh = Elided("", "small")
        column.addWidget(self.phkh)
        self.why = label("", "small", wrap=True)
        column.addWidget(self.why)
        self.findings = Findings(theme)
        column.addWidget(self.findings)
        self.to_trust = link("See every check in Trust", partial(show, entry))
        column.addWidget(self.to_trust, 0, Qt.AlignmentFlag.AlignLeft)
        self.asked = QWidget()
        asked = QHBoxLayout(self.asked)
        asked.setContentsMargins(0, 0, 0, 0)
        asked.addWidget(label("Reason for using it all the same"))
        asked.addStretch(1)
        self.share = link("Use for all", partial(draft.share_reason, entry))
        asked.addWidget(self.share)
        column.addWidget(self.asked)
        self.reason = QLineEdit(entry.reason)
        self.reason.setAcceptDrops(False)  # a file dropped here is meant for the page
        self.reason.setMaxLength(_REASON_LIMIT)
        self.reason.setAccessibleName(f"Reason for using {entry.title} all the same")
        self.reason.setPlaceholderText("Goes into the build record, for example: checked with pvverify")
        self.reason.textEdited.connect(partial(draft.set_reason, entry))
        column.addWidget(self.reason)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known by now."""
        given = self.entry.given
        self.title.setToolTip(
            "It is in no file that stays. A recipe keeps the certificate itself."
            if self.entry.private
            else str(given.path)
        )
        if given.error is not None:
            self.chip.show_verdict(Verdict.FAILED)
            self.detail.hide()
            self.phkh.hide()
            self.findings.show_checks((unreadable(given.error),))
        elif given.facts is None:
            self.detail.setText("Being read…")
            self.phkh.hide()
        else:
            facts = given.facts
            several = f" · the first of {facts.others + 1} certificates in the file" if facts.others else ""
            self.detail.setText(f"{facts.subject} · {validity_text(facts, datetime.now(UTC))}{several}")
            self.phkh.show()
            self.phkh.show_text(f"Host key hash {facts.phkh}")
            self._show_verdict()
        if self.reason.text() != self.entry.reason and not self.reason.hasFocus():
            self.reason.setText(self.entry.reason)
        known = given.error is None and given.facts is not None
        self.to_trust.setVisible(known)
        for part in (self.asked, self.reason):
            part.setVisible(self.entry.needs_reason and given.error is None)
        lacking = any(other.needs_reason and not other.reason.strip() for other in self._draft.hosts)
        self.share.setVisible(len(self._draft.hosts) > 1 and lacking and bool(self.entry.reason.strip()))

    def _show_verdict(self) -> None:
        judged = self.entry.judged
        if judged is None:
            self.chip.show_verdict(Verdict.NOT_CHECKED)
            self.why.hide()
            return
        self.chip.show_verdict(judged.verdict, host_word(judged))
        words = ""
        if judged.fresh_until is not None and judged.verdict is Verdict.PASSED:
            words = f"Its chain of trust is proven; this holds until {judged.fresh_until:%Y-%m-%d %H:%M} UTC."
        self.why.setText(words)
        self.why.setVisible(bool(words))
        # The first thing that is wrong; all of it is in Trust.
        wrong = [leaf for leaf in judged.check.leaves() if leaf.required and leaf.verdict is judged.verdict]
        self.findings.show_checks(() if judged.verdict is Verdict.PASSED else tuple(wrong[:1]))


class HostsCard(Card):
    """All machines.

    Args:
        workbench: what the window shares.
        draft: the image to be.
        show: shows a host key and all its checks in Trust.
    """

    def __init__(self, workbench: Workbench, draft: Draft, show: Callable[[HostEntry], None]) -> None:
        super().__init__("Host keys")
        self._show = show
        self._workbench = workbench
        self._draft = draft
        add = link("Add documents…", self.add_documents)
        add.setIcon(icon("plus", workbench.theme, "accent"))
        self.head.addWidget(add)
        self.rows: list[HostRow] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(6)
        self.body.addLayout(self._list)
        self.empty = label(
            "The host key document (.crt) of each machine that shall be able to start the image, at least one. "
            "They come from IBM.",
            "small",
            wrap=True,
        )
        self.body.addWidget(self.empty)
        self._rule = rule()
        self.body.addWidget(self._rule)
        self.room = label("", "small", wrap=True)
        self.body.addWidget(self.room)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the machines of the draft; rows stay as long as their machines do, so that typing is not disturbed."""
        hosts = self._draft.hosts
        if [row.entry for row in self.rows] != hosts:
            empty_layout(self._list)
            self.rows = [HostRow(self._workbench, self._draft, entry, self._show) for entry in hosts]
            for number, row in enumerate(self.rows):
                if number:
                    self._list.addWidget(rule())
                self._list.addWidget(row)
        for row in self.rows:
            row.refresh()
        count = len(hosts)
        self.detail.setText(f"{count} machine{'' if count == 1 else 's'}" if count else "")
        self.empty.setVisible(not hosts)
        self._rule.setVisible(bool(hosts))
        self.room.setVisible(bool(hosts))
        self.room.setText(room_text(count) + self._same_machine())

    def add_documents(self) -> None:
        """Ask for documents."""
        if paths := ask_open_many(self, "Add host key documents"):
            self._workbench.files_offered.emit(paths)

    def _same_machine(self) -> str:
        seen: dict[str, str] = {}
        for entry in self._draft.hosts:
            if (facts := entry.given.facts) is not None:
                if facts.phkh in seen:
                    return f" {entry.title} and {seen[facts.phkh]} are for the same host key."
                seen[facts.phkh] = entry.title
        return ""
