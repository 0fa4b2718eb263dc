"""The Attestation page: a case as a sequence diagram, and below it the step that is open.

Six steps: choose, create, carry over, perform, verify, check policy. Files may be dropped in any order; each goes where
it belongs. The page gathers and shows; what is true is said by seworkbench.attestation.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.errors import SeError
from seworkbench.files import read_whole
from seworkbench.recognise import Kind
from seworkbench.ui.actions import Action
from seworkbench.ui.dialogs import ask_folder, ask_new, ask_open_many, ask_save
from seworkbench.ui.pages.attestation import case as steps
from seworkbench.ui.pages.attestation.carry_cards import CarryCard, PerformCard
from seworkbench.ui.pages.attestation.choose_card import ChooseCard
from seworkbench.ui.pages.attestation.create_card import CreateCard
from seworkbench.ui.pages.attestation.expected_card import ExpectedCard
from seworkbench.ui.pages.attestation.head import CaseHead
from seworkbench.ui.pages.attestation.message_card import MessageCard
from seworkbench.ui.pages.attestation.messages import open_message
from seworkbench.ui.pages.attestation.picture import Situation, sequence_of
from seworkbench.ui.pages.attestation.policy_card import PolicyCard
from seworkbench.ui.pages.attestation.related import CHECKS, PIECES, first_piece
from seworkbench.ui.pages.attestation.reporting import write_attestation_report
from seworkbench.ui.pages.attestation.session import AttestationSession
from seworkbench.ui.pages.attestation.side import COMMANDS, AttestationSide
from seworkbench.ui.pages.attestation.so_far import SoFar
from seworkbench.ui.pages.attestation.start import CasesStart
from seworkbench.ui.pages.attestation.verification import outcome_text, shown_check
from seworkbench.ui.pages.attestation.verify_card import VerifyCard
from seworkbench.ui.pages.attestation.words import suggested_file
from seworkbench.ui.pages.page import Page
from seworkbench.ui.pasted import TEXT_LIMIT
from seworkbench.ui.widgets.basic import ErrorBox, WarningBox
from seworkbench.ui.widgets.sequence_diagram import SequenceDiagram
from seworkbench.ui.workbench import Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.recognise import Recognised
    from seworkbench.ui.pages.attestation.case_list import OpenCase
    from seworkbench.ui.pages.attestation.step_card import StepCard
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench

_EXCHANGE = (Kind.ATTESTATION_REQUEST, Kind.ATTESTATION_RESPONSE)
# What is taken while the page is seen; elsewhere these files belong to other pages.
_SEEN = (*_EXCHANGE, Kind.KEY_32, Kind.HEADER, Kind.IMAGE, Kind.HOST_KEY_DOCUMENT)


_OF_A_CASE = ("attestation.open", "attestation.rename", "", "attestation.delete")
_UNKEPT = (
    "The protection key was pasted, so it is in no file: it is used until the window closes and then forgotten. "
    "Save it to verify this case again later."
)


class AttestationPage(Page):
    """See the module's text.

    Args:
        workbench: what the window shares.
        trust: the open workspace.
    """

    NAME = "attestation"
    HELP = "attestation.md"

    def __init__(self, workbench: Workbench, trust: TrustSession) -> None:
        super().__init__(workbench)
        theme = workbench.theme
        self.session = AttestationSession(workbench.jobs, trust, workbench.machine, workbench.pasted.holds, self)
        self._message = ""
        self._seen: OpenCase | None = None
        self._place = ("", False)  # the step that is shown, and whether expected values are
        self._deleting: int | None = None
        self._editing = False  # the expected values
        self.error = ErrorBox(theme)
        self.start = CasesStart(theme)
        self.head = CaseHead(theme, self.session)
        self.question = WarningBox(theme, "", across=True)  # whether a case is to be deleted
        self.unkept = WarningBox(theme, _UNKEPT, across=True)
        self.diagram = SequenceDiagram(theme)
        self.message = MessageCard(theme)
        self.choose = ChooseCard(workbench, self.session)
        self.creation = CreateCard(workbench, self.session)
        self.carry = CarryCard(workbench, self.session)
        self.perform = PerformCard(workbench, self.session)
        self.verify = VerifyCard(workbench, self.session)
        self.policy = PolicyCard(workbench, self.session)
        self.expected = ExpectedCard(workbench, self.session)
        self.so_far = SoFar(workbench, self.session)
        self._side = AttestationSide(workbench, self.session)
        # Several things change at once, and each tells; they are shown together.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()
        self.refresh()

    @property
    def side(self) -> AttestationSide:
        """What is selected, the checks, the commands."""
        return self._side

    def actions_of_page(self) -> tuple[Action, ...]:
        """Commands of this page."""

        def action(  # noqa: PLR0917 - a row of the table below
            name: str, text: str, menu: str, run: Callable[[], None], possible: Callable[[], bool], mark: str = "",
            keys: str = "",
        ) -> Action:  # fmt: skip
            return Action(f"attestation.{name}", text, menu, run, keys, mark, possible, self.NAME)

        def always() -> bool:
            return True

        names = ("Choose", "Create", "Carry over", "Perform", "Verify", "Check policy")
        return (
            action("new", "New attestation case", "File", self.session.new_case, always, "plus"),
            action("files", "Add files to the case…", "File", self.add_files, always, "folder-open"),
            action("export", "Export attestation report…", "File", self.export, self._has_result, "save"),
            action(
                "open", "Open attestation case", "File", self.start.cases.open_chosen, self._has_chosen, "folder-open"
            ),
            action("rename", "Rename attestation case", "Edit", self.rename, self._has_chosen_or_case, "", "F2"),
            action(
                "delete",
                "Delete attestation case…",
                "Edit",
                self.ask_delete,
                self._has_chosen_or_case,
                "trash-2",
                "Delete",
            ),
            action(
                "save-key", "Save pasted protection key as…", "File", self.save_key, self._has_pasted_key, "key-round"
            ),
            action("close", "All attestation cases", "Go", self.session.close_case, self._has_case, "list"),
            action("try", "Try attestation with a simulated machine…", "File", self.try_simulated, always, "cpu"),
            action("expected", "Expected values…", "Edit", self.show_expected, self._has_case, "settings"),
            action("commands", "Show attestation as commands", "Edit", self.show_commands, self._has_case, "terminal"),
            *(
                action(
                    f"step-{step}",
                    f"Step {number}: {text}",
                    "Go",
                    partial(self.session.open_step, step),
                    self._has_case,
                )
                for number, (step, text) in enumerate(zip(steps.STEPS, names, strict=True), start=1)
            ),
        )

    def takes(self, item: Recognised) -> bool:
        """Requests and responses always; header, key and host key document while the page is seen."""
        return item.kind in (_SEEN if self.isVisible() else _EXCHANGE)

    def take(self, item: Recognised) -> None:
        """Put a file where it belongs."""
        self.error.hide()
        if item.pasted and item.kind is Kind.HOST_KEY_DOCUMENT:
            try:
                self.session.preparation.import_pasted_host(read_whole(item.path, TEXT_LIMIT))
            except SeError as error:
                self._fail(error)
            self.workbench.pasted.forget(item)
            return
        {
            Kind.ATTESTATION_REQUEST: self.session.take_request,
            Kind.ATTESTATION_RESPONSE: self.session.take_response,
            Kind.KEY_32: self.session.take_key,
            Kind.HEADER: self.session.take_header,
            Kind.IMAGE: self.session.take_header,
            Kind.HOST_KEY_DOCUMENT: self.session.preparation.import_host,
        }[item.kind](item.path)

    def close_page(self) -> None:
        """Nothing is shown any more."""
        self._soon.stop()
        self.session.list.finish()

    # --- what the user asks for

    def add_files(self) -> None:
        """Ask for files and take them."""
        if paths := ask_open_many(self, "Image or header, request, protection key, response"):
            self.workbench.files_offered.emit(paths)

    def try_simulated(self) -> None:
        """Ask for a folder and set up a simulated machine with a case in it."""
        folder = ask_folder(self, "Folder that receives the simulated machine", None)
        if folder is not None:
            self.session.machine.try_out(folder)

    def rename(self) -> None:
        """Have another name typed: for the case that is open, else for the one that is selected."""
        if self._has_case():
            self.head.edit_name()
        else:
            self.start.cases.edit_title()

    def ask_delete(self) -> None:
        """Ask whether the case that is open, or else the one that is selected, is to be deleted."""
        case = self.session.case
        number = case.number if case is not None else self.start.cases.chosen()
        if number is not None:
            self._ask_delete(number)

    def save_key(self) -> None:
        """Ask where the pasted protection key is to be kept, and save it there."""
        if (path := ask_new(self, "Save the protection key", suggested_file(self.session, ".arpk"))) is not None:
            self.session.save_key(path)

    def open_message(self, key: str) -> None:
        """Open a message of the diagram in place, and its step."""
        if key == "policies":
            self.session.open_step(steps.POLICY)
            self._side.show_check("attest.policy")
            return
        self._message = key
        step = next(
            step.key for step in self.diagram.picture.steps for row in step.rows for part in row if part.key == key
        )
        opened = open_message(key, self._situation())
        self.message.show_message(opened)
        self._side.show_message(opened)
        self.diagram.select(key)
        self.session.open_step(step)

    def close_message(self) -> None:
        """Close the message that is open in place."""
        self._message = ""
        self.message.hide()
        self.diagram.select("")
        self._side.show_nothing()

    def show_piece(self, key: str) -> None:
        """Explain a part of the measured block."""
        self.verify.block.select(key)
        self._side.show_piece(key)
        self._side.show_part("selected")
        self.policy.select(CHECKS.get(key, ""))

    def show_check(self, check_id: str) -> None:
        """Explain a policy: its check at the side, its piece marked in the block."""
        self.verify.block.select(PIECES.get(check_id, ""))
        self._side.show_check(check_id)

    def show_expected(self) -> None:
        """Open the editor of expected values."""
        if self._has_case():
            self.expected.show_values()
            self.session.open_step(steps.POLICY)
            self._editing = True
            self._soon.start()

    def close_expected(self) -> None:
        """Close it."""
        self._editing = False
        self._soon.start()

    def show_commands(self) -> None:
        """Show the case as commands."""
        self._side.show_part(COMMANDS)

    def export(self) -> None:
        """Write the report of the case to a file."""
        result, response, case = self.session.result, self.session.files.response, self.session.case
        if result is None or response is None or case is None:
            return
        name = f"attestation-{suggested_file(self.session, '.html').name}"
        path = ask_save(self, "Export report (.html, .pdf, .json or .md)", Path(name))
        if path is None:
            return
        state = self.session.kept

        def write(_job: object) -> Path:
            return write_attestation_report(result, response, state, path)

        job = self.workbench.jobs.start_light(f"Writing {path.name}", write)
        job.done.connect(lambda written: self.workbench.say(f"{written} was written."))
        job.failed.connect(self._fail)

    # --- showing

    def refresh(self) -> None:
        """Show the case."""
        session = self.session
        case = session.case
        self.pages.setCurrentIndex(1 if case else 0)
        self.head.refresh()
        self.unkept.setVisible(session.key_is_pasted)
        if case is not self._seen:
            self._seen = case
            self.question.hide()
            if not self._side.piece and not self._message:
                self._side.show_nothing()
        if case is None:
            self._message = ""
            self.message.hide()
            self._side.show_nothing()
            self._side.refresh()
            self._editing = False
            return
        step = session.state.step
        now = self._situation()
        self.diagram.show_picture(sequence_of(now), step)
        self.diagram.select(self._message)
        if self._message:
            self.message.show_message(open_message(self._message, now))
        self._editing = self._editing and step == steps.POLICY
        focus = self._focus_before(step)
        for name, card in self._cards().items():
            shown = name == step or (name in _LAST and step in _LAST)
            card.setVisible(shown and not self._editing)
            card.set_open(is_open=name == step)
            if shown:
                card.refresh()
        self.expected.setVisible(self._editing)
        if self._editing:
            self.expected.refresh()
        self._place_so_far(step)
        self.so_far.setVisible(not self._editing)
        self.so_far.refresh()
        self._side.refresh()
        if focus:
            self._focus_step(step)

    def _focus_before(self, step: str) -> bool:
        """Whether the focus has to follow to another card; it waits on the step meanwhile, or Qt would pass it on."""
        place, self._place = self._place, (step, self._editing)
        focus = QApplication.focusWidget()
        if place == self._place or focus is None or not self.area.isAncestorOf(focus):
            return False
        if not self._editing and (self.diagram.isAncestorOf(focus) or self.message.isAncestorOf(focus)):
            return False
        self.diagram.steps[step].setFocus()
        return True

    def _focus_step(self, step: str) -> None:
        """Give the focus to what a person does next; where that is nothing in particular it stays with the step."""
        if self._editing:
            self.expected.focus_first()
        else:
            self._cards()[step].focus_first()

    def _situation(self) -> Situation:
        session = self.session
        chosen = [host for host in session.preparation.hosts() if host.chosen]
        doubtful = sum(host.needs_reason for host in chosen)
        return Situation(session.state, session.files, session.result, session.key_fits, len(chosen), doubtful)

    def _cards(self) -> dict[str, StepCard]:
        return {
            steps.CHOOSE: self.choose,
            steps.CREATE: self.creation,
            steps.CARRY: self.carry,
            steps.PERFORM: self.perform,
            steps.VERIFY: self.verify,
            steps.POLICY: self.policy,
        }

    def _place_so_far(self, step: str) -> None:
        """Beside the card of the step; beside the policies, once they stand below the verification."""
        row = self._policy_row if step in _LAST else self._step_row
        if row.indexOf(self.so_far) < 0:
            row.addWidget(self.so_far)

    def _rename(self, number: int, title: str) -> None:
        found = self.session.list.find(number)
        if found is not None:
            self.session.rename(self.session.list.opened(found), title)

    def _has_chosen(self) -> bool:
        return not self._has_case() and self.start.cases.chosen() is not None

    def _has_chosen_or_case(self) -> bool:
        return self._has_case() or self._has_chosen()

    def _has_pasted_key(self) -> bool:
        return self.session.key_is_pasted

    def _has_case(self) -> bool:
        return self.session.case is not None

    def _has_result(self) -> bool:
        return self.session.result is not None

    # --- what happened

    def _judged(self, result: PolicyResult) -> None:
        self.error.hide()  # of an attempt that went before
        check = shown_check(result)
        mark = "SIMULATED. " if self.session.state.simulated else ""
        weight = Weight.NOTE if check.verdict.value == "passed" else Weight.WARNING
        self.workbench.say(f"{mark}Attestation: {check.verdict.value}. {outcome_text(result)}", weight)
        block = result.verification.block
        if block is not None and not self._side.piece and not self._message:
            key = first_piece(result, block)
            self.verify.block.show_block(block)
            self.show_piece(key)

    def _fail(self, error: SeError) -> None:
        self.error.show_error(error)
        self.workbench.report(error)
        self._soon.start()

    def _refused(self, error: SeError) -> None:
        """The step and the diagram say it; the message list keeps it."""
        self.error.hide()  # of an attempt that went before
        self.workbench.report(error)

    def _ask_delete(self, number: int) -> None:
        case = self.session.list.find(number)
        if case is None:
            return
        self._deleting = number
        self.question.text.setText(
            f"Delete case {case.title} from the workspace? Its files elsewhere stay. The audit trail keeps that it was."
        )
        self.question.show()

    def _delete(self) -> None:
        self.question.hide()
        if self._deleting is not None:
            self.session.delete_case(self._deleting)

    def _show_cases(self) -> None:
        self.start.cases.show_cases(self.session.list.cases)
        self.start.cases.setVisible(bool(self.session.list.cases))
        self.head.refresh()

    # --- how it looks

    def _connect(self) -> None:
        session = self.session
        session.list.changed.connect(self._show_cases)
        session.changed.connect(self._soon.start)
        session.judged.connect(self._judged)
        session.said.connect(self.workbench.say)
        session.failed.connect(self._fail)
        session.refused.connect(self._refused)
        # Not in the same turn as the pages that show what changed: with many host keys each takes its time.
        session.trust.changed.connect(self.expected.hosts_changed, Qt.ConnectionType.QueuedConnection)
        self.head.closed.connect(session.close_case)
        self.start.new_asked.connect(session.new_case)
        self.start.try_asked.connect(self.try_simulated)
        self.start.help_asked.connect(lambda: self.workbench.help_requested.emit(self.HELP))
        self.start.cases.open_asked.connect(session.open_case)
        self.start.cases.rename_asked.connect(self._rename)
        self.start.cases.delete_asked.connect(self._ask_delete)
        self.start.cases.menu_asked.connect(partial(self.workbench.menu_requested.emit, list(_OF_A_CASE)))
        self.diagram.step_chosen.connect(session.open_step)
        self.diagram.message_chosen.connect(self.open_message)
        self.message.closed.connect(self.close_message)
        self.message.field_selected.connect(self._side.show_field)
        self.choose.next_asked.connect(partial(session.open_step, steps.CREATE))
        self.creation.next_asked.connect(partial(session.open_step, steps.CARRY))
        self.carry.next_asked.connect(partial(session.open_step, steps.PERFORM))
        self.verify.piece_chosen.connect(self.show_piece)
        self.policy.row_chosen.connect(self.show_check)
        self.so_far.expected_asked.connect(self.show_expected)
        self.so_far.export_asked.connect(self.export)
        self.expected.closed.connect(self.close_expected)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 12)
        column.setSpacing(10)
        column.addWidget(self.head)
        column.addWidget(self.error)
        self.question.add_link("Delete", self._delete)
        self.question.add_link("Keep", self.question.hide)
        self.unkept.add_link("Save key as…", self.save_key)
        for box in (self.question, self.unkept):
            box.hide()
            column.addWidget(box)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start)
        self.pages.addWidget(self._make_case())
        column.addWidget(self.pages, 1)

    def _make_case(self) -> QWidget:
        self.area = QScrollArea()
        self.area.setObjectName("pageScroll")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        frame = QFrame()
        frame.setObjectName("card")
        around = QVBoxLayout(frame)
        around.setContentsMargins(1, 1, 1, 2)
        around.addWidget(self.diagram)
        column.addWidget(frame)
        column.addWidget(self.message)
        self._step_row = QHBoxLayout()
        self._step_row.setSpacing(10)
        cards = QVBoxLayout()
        cards.setSpacing(0)
        for card in (self.choose, self.creation, self.carry, self.perform):
            cards.addWidget(card, 1)
        self._step_row.addLayout(cards, 1)
        column.addLayout(self._step_row)
        column.addWidget(self.verify)
        self._policy_row = QHBoxLayout()
        self._policy_row.setSpacing(10)
        self._policy_row.addWidget(self.policy, 1)
        column.addLayout(self._policy_row)
        column.addWidget(self.expected)
        self.expected.hide()
        column.addStretch(1)
        self.area.setWidget(inner)
        return self.area


_LAST = (steps.VERIFY, steps.POLICY)
