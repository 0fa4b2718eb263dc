"""The side of the page: what is selected, what is known about it, and every check of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from seworkbench.checks import Verdict
from seworkbench.trust.calendar import lifetime
from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl
from seworkbench.ui.activity import size_text
from seworkbench.ui.instants import instant_text, span_text
from seworkbench.ui.pages.trust.view import generation_word, missing_title, name_of
from seworkbench.ui.widgets.basic import button, empty_layout, label, link, rule
from seworkbench.ui.widgets.checklist_view import ChecklistView
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.turning_row import TurningRow

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QFocusEvent

    from seworkbench.checks import Check
    from seworkbench.trust.judgement import HostKeyJudgement, Missing, ObjectJudgement
    from seworkbench.trust.objects import TrustObject
    from seworkbench.ui.theme import Theme
    from seworkbench.workspace.machines import Machine

_GROUP = 8
_NAME_LIMIT = 100
# Facts that are shown before anybody asks for more.
_BRIEF = ("PHKH", "Serial", "Valid", "Issued", "Next", "Entries", "From")


class _FactStyle(Enum):
    """How a fact is shown."""

    DIGITS = "digits, in as many lines as they need"
    TEXT = "in as many lines as it needs"
    ONE_LINE = "shortened to one line"


def grouped(digits: str) -> str:
    """Hexadecimal digits in groups of eight."""
    return " ".join(digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP))


def facts_of(item: TrustObject, at: datetime) -> tuple[tuple[str, str], ...]:
    """What is said about an object, label and text.

    Args:
        item: a certificate or a list.
        at: the instant that ends are seen from.
    """
    start, end = lifetime(item)
    source = item.source
    size = f", {size_text(source.size)}" if source.size else ""
    facts: list[tuple[str, str]] = []
    if isinstance(item, TrustCertificate):
        if item.phkh:
            facts.append(("PHKH", grouped(item.phkh)))
        facts.append(("Serial", grouped(item.serial_text)))
        last = f"{start:%Y-%m-%d} to {item.not_after:%Y-%m-%d}, "
        facts.append(("Valid", last + (span_text(item.not_after - at) if at < item.not_after else "expired")))
        facts += [("Key", f"{item.key_text}, {item.security_bits} bits of security"), ("Signed", item.signature_text)]
        facts += [("Subject", item.subject_text), ("Issuer", item.issuer_text)]
    else:
        facts.append(("Issued", instant_text(start)))
        when = f"{instant_text(end)}, {span_text(end - at)}" if end else "not given, so it cannot be used"
        facts += [("Next", when), ("Entries", f"{item.entries}"), ("Signed", item.signature_text)]
        if item.number is not None:
            facts.append(("Number", str(item.number)))
        facts.append(("Issuer", item.issuer_text))
    facts.append(("SHA-256", grouped(item.fingerprint)))
    facts.append(("From", f"{source.short}{size}"))
    if source.name != source.short:
        facts.append(("Place", source.name))
    return tuple(facts)


class _Notes(QPlainTextEdit):
    """Notes that are kept when the keyboard leaves."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        super().focusOutEvent(event)
        self.left.emit()


class MachineEditor(QWidget):
    """Name and notes of a machine; kept when the keyboard leaves a line, or with Return."""

    described = Signal(str, str, str)  # PHKH, name, notes

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._phkh = ""
        self._kept = ("", "")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        self.name = QLineEdit()
        self.name.setMaxLength(_NAME_LIMIT)
        self.name.setAccessibleName("Name of the machine")
        self.name.editingFinished.connect(self._keep)
        self.notes = _Notes()
        self.notes.setAccessibleName("Notes on the machine")
        self.notes.setPlaceholderText("Notes: place, owner, who compared the hash with the console …")
        self.notes.setTabChangesFocus(True)
        self.notes.left.connect(self._keep)
        grid.addWidget(label("Machine", "small"), 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(label("Notes", "small"), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.notes, 1, 1)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_machine(self, phkh: str, said: Machine | None, default: str) -> None:
        """Show a machine.

        Args:
            phkh: hash of its key.
            said: what the user says about it.
            default: what it is called without that.
        """
        self.name.setPlaceholderText(default)
        told = (said.name, said.notes) if said else ("", "")
        if phkh == self._phkh and told == self._kept:
            return
        self._keep()
        self._phkh, self._kept = phkh, told
        self.name.setText(told[0])
        self.notes.setPlainText(told[1])

    def _keep(self) -> None:
        now = (self.name.text().strip(), self.notes.toPlainText().strip())
        if self._phkh and now != self._kept:
            self._kept = now
            self.described.emit(self._phkh, *now)

    def _restyle(self) -> None:
        self.notes.setFixedHeight(round(44 * self._theme.zoom))


class TrustSide(QWidget):
    """The side.

    Args:
        theme: colours and fonts.
    """

    commands_asked = Signal()
    export_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._more = False
        self._subject = ""
        self._facts: tuple[tuple[str, str], ...] = ()
        self._rows: tuple[tuple[str, _FactStyle], ...] = ()
        self._values: list[QLabel] = []
        self.setAccessibleName("What is selected")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.title = Elided("", "heading")
        self.kind = label("", "small")
        head.addWidget(self.title, 1)
        head.addWidget(self.kind)
        column.addLayout(head)
        self.role = label("", "muted", wrap=True)
        column.addWidget(self.role)
        self._grid_holder = QWidget()
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        column.addWidget(self._grid_holder)
        self.more = link("More…", self._toggle)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.machine = MachineEditor(theme)
        column.addWidget(self.machine)
        self._rule = rule()
        column.addWidget(self._rule)
        self.checklist = ChecklistView(theme)
        column.addWidget(self.checklist, 1)
        self.empty = label(
            "Select a document, a line of the axis or a card of the chain: what was checked, against what, and by "
            "which rule stands here.",
            "muted",
            wrap=True,
        )
        column.addWidget(self.empty)
        self.commands = button("Show as commands", self.commands_asked.emit)
        self.export = button("Export evidence…", self.export_asked.emit)
        self.buttons = TurningRow(self.commands, self.export)
        column.addWidget(self.buttons)
        column.addStretch(0)
        self.show_nothing()

    # --- what is shown

    def show_nothing(self) -> None:
        """Nothing is selected."""
        self._title("", "", "")
        self.title.hide()
        self.kind.hide()
        self._show_facts(())
        for part in (self.machine, self.checklist, self.buttons, self._rule, self.more):
            part.hide()
        self.empty.show()

    def show_host_key(
        self, item: HostKeyJudgement, said: Machine | None, name: str, at: datetime, renewals: tuple[str, ...]
    ) -> None:
        """Show a host key.

        Args:
            item: its judgement.
            said: what the user says about its machine.
            name: how the machine is called.
            at: the instant of the judgement.
            renewals: names of other documents of the same key.
        """
        certificate = item.certificate
        generation = generation_word(certificate)
        self._title(name, f"host key{', ' + generation if generation else ''}", "")
        words = []
        if item.fresh_until is not None:
            words.append(f"This verdict holds until {instant_text(item.fresh_until)}.")
        if renewals:
            words.append(f"The same key is also in {', '.join(renewals)}.")
        self._say(" ".join(words))
        self._show_facts(facts_of(certificate, at))
        if certificate.phkh:
            self.machine.show_machine(certificate.phkh, said, certificate.machine or certificate.name)
        self._show_check(item.check, certificate.fingerprint, machine=bool(certificate.phkh), commands=True)

    def show_object(self, item: ObjectJudgement, at: datetime) -> None:
        """Show an issuer's certificate or a list."""
        thing = item.object
        kind = "CRL" if isinstance(thing, TrustCrl) else thing.kind.value.removesuffix(" certificate")
        self._title(name_of(thing, {}), kind, "")
        words = f"{item.role[0].upper()}{item.role[1:]}." if item.role else ""
        if item.look_alike_of:
            words += " Another certificate here has the same subject and another key."
        self._say(words.strip())
        self._show_facts(facts_of(thing, at))
        self._show_check(item.check, thing.fingerprint, machine=False, commands=False)

    def show_missing(self, missing: Missing) -> None:
        """Show what is not there."""
        self._title(missing_title(missing), "missing", "")
        self._say(missing.why)
        kind = "revocation list" if missing.kind is ObjectKind.CRL else missing.kind.value
        facts = [("Needed", kind), ("Issuer", missing.issuer or "not known")]
        if missing.usual_file:
            facts.append(("Usually", missing.usual_file))
        facts += [("Address", address) for address in missing.addresses]
        self._show_facts(tuple(facts), short=False)
        for part in (self.machine, self.checklist, self.buttons, self.more, self.empty):
            part.hide()
        self._rule.hide()

    def _title(self, title: str, kind: str, said: str) -> None:
        self.title.show()
        self.kind.show()
        self.title.show_text(title)
        self.kind.setText(kind)
        self._say(said)

    def _say(self, words: str) -> None:
        self.role.setText(words)
        self.role.setVisible(bool(words))

    def _show_check(self, check: Check, subject: str, *, machine: bool, commands: bool) -> None:
        if check != self.checklist.check:
            place = self.checklist.tree.verticalScrollBar().value()
            chosen = self.checklist.selected
            same = subject == self._subject
            self.checklist.show_check(check)
            if not same:
                wrong = (leaf for leaf in check.leaves() if leaf.required and leaf.verdict is Verdict.FAILED)
                if (first := next(wrong, None)) is not None:
                    self.checklist.select(first.id)
            else:
                # It moves under the reader's eyes while the instant is dragged: what was looked at stays in place.
                if chosen is not None:
                    self.checklist.select(chosen.id)
                self.checklist.tree.verticalScrollBar().setValue(place)
        self._subject = subject
        self.machine.setVisible(machine)
        for part in (self.checklist, self._rule, self.more):
            part.show()
        self.buttons.setVisible(commands)
        self.empty.hide()

    # --- facts

    def _toggle(self) -> None:
        self._more = not self._more
        shown = self._facts
        self._facts = ()
        self._show_facts(shown)

    def _show_facts(self, facts: tuple[tuple[str, str], ...], *, short: bool = True) -> None:
        self._grid_holder.setVisible(bool(facts))
        if facts == self._facts:
            return
        self._facts = facts
        whole = self._more or not short
        shown = facts if whole else [fact for fact in facts if fact[0] in _BRIEF]
        self.more.setText("Less" if self._more else "More…")
        rows = tuple((name, _fact_style(name, whole=whole)) for name, _text in shown)
        if rows != self._rows:
            self._make_rows(rows)
        for made, (name, text) in zip(self._values, shown, strict=True):
            if isinstance(made, Elided):
                made.show_text(text)
            else:
                made.setText(text)
                made.setAccessibleName(f"{name} {text}")

    def _make_rows(self, rows: tuple[tuple[str, _FactStyle], ...]) -> None:
        """Labels for facts; going through documents of one kind fills the same ones, which is much faster."""
        empty_layout(self._grid)
        self._rows = rows
        self._values = []
        for number, (name, style) in enumerate(rows):
            self._grid.addWidget(label(name, "small"), number, 0, Qt.AlignmentFlag.AlignTop)
            if style is _FactStyle.ONE_LINE:
                made: QLabel = Elided()
            else:
                made = label("", "bytes" if style is _FactStyle.DIGITS else "", wrap=True, selectable=True)
            self._values.append(made)
            self._grid.addWidget(made, number, 1)


def _fact_style(name: str, *, whole: bool) -> _FactStyle:
    if name in ("PHKH", "Serial", "SHA-256"):
        return _FactStyle.DIGITS
    return _FactStyle.TEXT if whole or name == "Address" else _FactStyle.ONE_LINE
