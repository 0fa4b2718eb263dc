"""The Attestation page: a case as a sequence diagram, and below it the step that is open.

Six steps: choose, create, carry over, perform, verify, check policy. Files may be dropped in any order; each goes where
it belongs. The page gathers and shows; what is true is said by seworkbench.attestation.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.recognise import Kind
from seworkbench.ui.actions import Action
from seworkbench.ui.pages.attestation import case as steps
from seworkbench.ui.pages.attestation.carry_cards import CarryCard, PerformCard, Stamp
from seworkbench.ui.pages.attestation.cases_card import CasesCard
from seworkbench.ui.pages.attestation.choose_card import ChooseCard
from seworkbench.ui.pages.attestation.create_card import CreateCard
from seworkbench.ui.pages.attestation.expected_card import ExpectedCard
from seworkbench.ui.pages.attestation.message_card import MessageCard
from seworkbench.ui.pages.attestation.messages import open_message
from seworkbench.ui.pages.attestation.picture import Situation, sequence_of
from seworkbench.ui.pages.attestation.policy_card import PolicyCard
from seworkbench.ui.pages.attestation.session import AttestationSession
from seworkbench.ui.pages.attestation.side import COMMANDS, AttestationSide
from seworkbench.ui.pages.attestation.so_far import SoFar
from seworkbench.ui.pages.attestation.verification import outcome_text, shown_check
from seworkbench.ui.pages.attestation.verify_card import VerifyCard
from seworkbench.ui.pages.build.parts import Elided, WarningBox, ask_folder, ask_open_many, ask_save
from seworkbench.ui.pages.page import Page
from seworkbench.ui.widgets.basic import ErrorBox, button, label, link
from seworkbench.ui.widgets.mark import Mark
from seworkbench.ui.widgets.sequence_diagram import SequenceDiagram
from seworkbench.ui.workbench import Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.attestation.measured_block import MeasuredBlock
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.errors import SeError
    from seworkbench.recognise import Recognised
    from seworkbench.ui.pages.attestation.case import CaseState
    from seworkbench.ui.pages.attestation.step_card import StepCard
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench

_EXCHANGE = (Kind.ATTESTATION_REQUEST, Kind.ATTESTATION_RESPONSE)
# What is taken while the page is seen; elsewhere these files belong to other pages.
_SEEN = (*_EXCHANGE, Kind.KEY_32, Kind.HEADER, Kind.IMAGE, Kind.HOST_KEY_DOCUMENT)


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
        self._deleting: int | None = None
        self._editing = False  # the expected values
        self.error = ErrorBox(theme)
        self.cases = CasesCard(theme)
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
            name: str, text: str, menu: str, run: Callable[[], None], possible: Callable[[], bool], mark: str = ""
        ) -> Action:
            return Action(f"attestation.{name}", text, menu, run, "", mark, possible, self.NAME)

        def always() -> bool:
            return True

        names = ("Choose", "Create", "Carry over", "Perform", "Verify", "Check policy")
        return (
            action("new", "New attestation case", "File", self.session.new_case, always, "plus"),
            action("files", "Add files to the case…", "File", self.add_files, always, "folder-open"),
            action("export", "Export attestation report…", "File", self.export, self._has_result, "save"),
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
        related = {
            "user_data": "attest.policy.user-data",
            "cuid": "attest.policy.cuid",
            "nonce": "attest.policy.freshness",
        }
        self.policy.select(related.get(key, ""))

    def show_check(self, check_id: str) -> None:
        """Explain a policy: its check at the side, its piece marked in the block."""
        pieces = {
            "attest.policy.user-data": "user_data",
            "attest.policy.cuid": "cuid",
            "attest.policy.freshness": "nonce",
            "attest.policy.image-host-key": "additional",
            "attest.policy.attestation-host-key": "additional",
            "attest.policy.secret-store": "additional",
            "attest.policy.firmware": "additional",
        }
        self.verify.block.select(pieces.get(check_id, ""))
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
        stem = f"attestation-{case.title}".replace("/", "-")
        path = ask_save(self, "Export report (.html, .pdf, .json or .md)", Path(f"{stem}.html"))
        if path is None:
            return
        state = self.session.state

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
        self.back.setVisible(case is not None)
        self.stamp.setVisible(case is not None and session.state.simulated)
        self.subtitle.show_text(self._subtitle())
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

    def _subtitle(self) -> str:
        session = self.session
        if session.case is None:
            count = len(session.list.cases)
            return f"{count} case{'' if count == 1 else 's'}" if count else ""
        parts = [f"case {session.case.title}"]
        if session.state.header_path:
            parts.append(f"image {Path(session.state.header_path).name}")
        record = session.files.record
        if record is not None and record.hosts:
            more = f" and {len(record.hosts) - 1} more" if len(record.hosts) > 1 else ""
            parts.append(f"for {Path(record.hosts[0].document).stem}{more}")
        return " · ".join(parts)

    def _place_so_far(self, step: str) -> None:
        """Beside the card of the step; beside the policies, once they stand below the verification."""
        row = self._policy_row if step in _LAST else self._step_row
        if row.indexOf(self.so_far) < 0:
            row.addWidget(self.so_far)

    def _has_case(self) -> bool:
        return self.session.case is not None

    def _has_result(self) -> bool:
        return self.session.result is not None

    # --- what happened

    def _judged(self, result: PolicyResult) -> None:
        check = shown_check(result)
        mark = "SIMULATED. " if self.session.state.simulated else ""
        weight = Weight.NOTE if check.verdict.value == "passed" else Weight.WARNING
        self.workbench.say(f"{mark}Attestation: {check.verdict.value}. {outcome_text(result)}", weight)
        block = result.verification.block
        if block is not None and not self._side.piece and not self._message:
            key = _first_piece(result, block)
            self.verify.block.show_block(block)
            self.show_piece(key)

    def _fail(self, error: SeError) -> None:
        self.error.show_error(error)
        self.workbench.report(error)
        self._soon.start()

    def _ask_delete(self, number: int) -> None:
        case = self.session.list.find(number)
        if case is None:
            return
        self._deleting = number
        self.confirm_text.setText(
            f"Delete case {case.title} from the workspace? Its files elsewhere stay. The audit trail keeps that it was."
        )
        self.confirm.show()

    def _delete(self) -> None:
        self.confirm.hide()
        if self._deleting is not None:
            self.session.delete_case(self._deleting)

    def _show_cases(self) -> None:
        self.cases.show_cases(self.session.list.cases)
        self.cases.setVisible(bool(self.session.list.cases))
        self.subtitle.show_text(self._subtitle())

    # --- how it looks

    def _connect(self) -> None:
        session = self.session
        session.list.changed.connect(self._show_cases)
        session.changed.connect(self._soon.start)
        session.judged.connect(self._judged)
        session.said.connect(self.workbench.say)
        session.failed.connect(self._fail)
        session.trust.changed.connect(self.expected.hosts_changed)
        self.cases.open_asked.connect(session.open_case)
        self.cases.delete_asked.connect(self._ask_delete)
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
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("Attestation", "title"))
        self.subtitle = Elided("", "muted")
        head.addWidget(self.subtitle, 1, Qt.AlignmentFlag.AlignBottom)
        self.back = link("All cases", self.session.close_case)
        head.addWidget(self.back)
        self.stamp = Stamp(self.workbench.theme)
        head.addWidget(self.stamp)
        column.addLayout(head)
        column.addWidget(self.error)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._make_list())
        self.pages.addWidget(self._make_case())
        column.addWidget(self.pages, 1)

    def _make_list(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._make_empty())
        self.confirm = WarningBox(self.workbench.theme, "", across=True)
        self.confirm_text = self.confirm.text
        self.confirm.add_link("Delete", self._delete)
        self.confirm.add_link("Keep", self.confirm.hide)
        self.confirm.hide()
        column.addWidget(self.confirm)
        self.cases.hide()
        column.addWidget(self.cases, 1)
        column.addStretch(0)
        return made

    def _make_empty(self) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        row = QHBoxLayout(card)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(14)
        row.addWidget(Mark(self.workbench.theme, "arrow-left-right", "accent", 28), 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        text.addWidget(label("Is this the guest that I built, on a machine that I trust?", "heading", wrap=True))
        asked = (
            "You ask with a request that the chosen machines alone can open. The machine's Ultravisor answers for the "
            "guest with a measurement; here it is computed anew from the SE header you expect, and compared."
        )
        drop = (
            "Drop what you have on this page, in any order: the image or its SE header; the response, and the "
            "protection key of its request. With these three a response of a real machine is verified. Or begin with "
            "a new request."
        )
        for words in (asked, drop):
            text.addWidget(label(words, "muted", wrap=True))
        ways = QHBoxLayout()
        ways.addWidget(button("New case", self.session.new_case, primary=True))
        ways.addWidget(button("Try it with a simulated machine…", self.try_simulated))
        ways.addWidget(link("How attestation works", lambda: self.workbench.help_requested.emit(self.HELP)))
        ways.addStretch(1)
        text.addLayout(ways)
        row.addLayout(text, 1)
        return card

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
# What a cause replaces, by the piece that it is about.
_CAUSES = {
    "header": "pld",
    "user data": "user_data",
    "configuration UID": "cuid",
    "nonce": "nonce",
    "additional data": "additional",
    "PHKH": "additional",
}


def _first_piece(result: PolicyResult, block: MeasuredBlock) -> str:
    """The part of the block to explain first: what a failure is about, else what says most."""
    search = result.verification.search
    if search is not None and search.cause is not None:
        said = " ".join((*search.cause.groups, *search.cause.sentences))
        for words, name in _CAUSES.items():
            if words in said and block.piece(name).size:
                return name
    return "additional" if block.piece("additional").size else "cuid"


def write_attestation_report(result: PolicyResult, response: bytes, state: CaseState, path: Path) -> Path:
    """Write the report of a case; on a thread. A file that is gone is named by its content instead.

    Raises:
        SeError: if it cannot be written.
    """
    from seworkbench.report.attestation import attestation_report  # noqa: PLC0415 - on the thread
    from seworkbench.report.write import write_report  # noqa: PLC0415 - the same

    def there(name: str) -> Path | None:
        return Path(name) if name and Path(name).exists() else None

    report = attestation_report(
        result,
        response,
        response_file=there(state.response_path),
        header_file=there(state.header_path),
        protection_key=there(state.key_path),
    )
    write_report(report, path, replace=True)
    return path
