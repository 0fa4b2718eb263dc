"""What the Attestation page is about: the case that is open, its files, and what came of it.

Everything that reads, computes or writes runs on threads; this object lives with the window and tells when something
is different. Beside it: the cases of the workspace (`list`), the request to be (`preparation`), and the simulated
machine (`machine`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from seworkbench.attestation.known import load_header
from seworkbench.ui.pages.attestation import case_files, hosts
from seworkbench.ui.pages.attestation.case import (
    CHOOSE,
    CREATE,
    PERFORM,
    VERIFY,
    CaseState,
    Expected,
    answer_record,
    present,
)
from seworkbench.ui.pages.attestation.case_files import CaseFiles
from seworkbench.ui.pages.attestation.case_list import CaseList, OpenCase
from seworkbench.ui.pages.attestation.preparation import Preparation
from seworkbench.ui.pages.attestation.simulated import SimulatedMachine
from seworkbench.ui.pages.attestation.verification import NO_ANSWER, Judged, Question, outcome_text, shown_check
from seworkbench.ui.pages.attestation.verifier import Verifier
from seworkbench.ui.pasted import PASTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.attestation.known import FoundHeader
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.attestation.record import RequestRecord
    from seworkbench.errors import SeError
    from seworkbench.jobs import Job
    from seworkbench.ui.jobs import Jobs, RunningJob
    from seworkbench.ui.machine_desk import MachineDesk
    from seworkbench.ui.pages.attestation.case import Refusal
    from seworkbench.ui.pages.trust.session import TrustSession


class AttestationSession(QObject):
    """See the module's text.

    Args:
        jobs: runs what takes longer.
        trust: the open workspace and what it says about host keys.
        desk: the simulated machine of the window.
        pasted: tells whether a file was made of pasted text: it is gone when the window closes, and is never named in
            what is kept.
    """

    changed = Signal()  # the case that is open, or something in it
    judged = Signal(object)  # PolicyResult of a verification that is new
    said = Signal(str)  # a sentence for the message list
    refused = Signal(object)  # SeError: the machine gave no answer, and why
    failed = Signal(object)  # SeError

    def __init__(
        self,
        jobs: Jobs,
        trust: TrustSession,
        desk: MachineDesk,
        pasted: Callable[[Path], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._pasted = pasted
        self.trust = trust
        self.list = CaseList(trust, self)
        self.case: OpenCase | None = None
        self.state = CaseState()
        self.files = CaseFiles()
        self.result: PolicyResult | None = None
        # Whether the protection key opens the request; None if that is not known.
        self.key_fits: bool | None = None
        self._key_question: tuple[str, bytes | None] = ("", None)  # what `key_fits` answers, or is about to
        self.preparation = Preparation(self)
        self.machine = SimulatedMachine(self, desk)
        self._pasted_keys: dict[int, str] = {}  # of cases that were left
        self._verifier = Verifier(jobs, self._question, self)
        self._verifier.judged.connect(self._judged)
        self._verifier.failed.connect(self._not_judged)
        self.list.failed.connect(self.failed)
        trust.opened.connect(self._opened)
        trust.judged_today.connect(self.changed)
        if trust.workspace is not None:
            self.list.read()

    # --- cases

    def new_case(self, title: str = "") -> None:
        """Begin a case and open it."""
        state = CaseState()
        self._show(self.list.begin(title, state), state, CaseFiles())

    def open_case(self, number: int) -> None:
        """Open a case; it is verified anew from what was kept."""
        found = self.list.find(number)
        if found is None:
            return
        state = CaseState.from_json(found.state)
        files = case_files.restored(found, state)
        key = state.key_path or self._pasted_keys.get(number, "")
        self._show(self.list.opened(found), replace(state, key_path=key), files)
        self._try_key()
        self.judge(keep=False)

    def close_case(self) -> None:
        """Go back to the list."""
        self._show(None, CaseState(), CaseFiles())

    def delete_case(self, number: int) -> None:
        """Remove a case from the workspace; its files elsewhere are not touched."""
        if self.case is not None and self.case.number == number:
            self.close_case()
        if key := self._pasted_keys.pop(number, ""):
            Path(key).unlink(missing_ok=True)
        self.list.remove(number)

    def rename(self, case: OpenCase, title: str) -> None:
        """Call a case something else; an empty title changes nothing."""
        self.list.rename(case, title)
        self.changed.emit()

    def _show(self, case: OpenCase | None, state: CaseState, files: CaseFiles) -> None:
        left = self.case
        if left is not None and left.number is not None and self.key_is_pasted:
            self._pasted_keys[left.number] = self.state.key_path
        self.case, self.state, self.files = case, state, files
        self.result = self.key_fits = None
        self._key_question = ("", None)
        self.changed.emit()

    def _opened(self) -> None:
        """Another workspace: its cases."""
        self._pasted_keys.clear()
        self.close_case()
        self.list.read()

    # --- what is kept

    @property
    def kept(self) -> CaseState:
        """Where the case stands, without what is gone when the window closes: the place of a pasted key."""
        return replace(self.state, key_path="") if self.key_is_pasted else self.state

    @property
    def key_is_pasted(self) -> bool:
        """Whether the protection key was pasted, and so is kept nowhere."""
        return bool(self.state.key_path) and self._pasted(Path(self.state.key_path))

    # --- steps

    def open_step(self, step: str) -> None:
        """Open a step."""
        if step != self.state.step:
            self.change(step=step)

    def take_header(self, path: Path) -> None:
        """Expect the header in an image or header file."""

        def took(found: FoundHeader) -> None:
            name = self._lasting(path)
            self.take(
                replace(self.files, header=replace(found, name=name or PASTED)),
                header_path=name,
                header_offset=found.offset,
                header_method=found.method,
                step=self._step_after(CHOOSE),
            )

        self._read(path, lambda: load_header(path), took)

    def take_request(self, path: Path) -> None:
        """Work with a request that was created elsewhere, or earlier."""

        def took(found: tuple[bytes, RequestRecord | None]) -> None:
            content, record = found
            self.take(
                replace(self.files, request=content, record=record),
                request_path=self._lasting(path),
                step=self._step_after(CREATE),
            )

        self._read(path, lambda: case_files.load_request(path), took)

    def take_key(self, path: Path) -> None:
        """Use a protection key; only its path is kept, and not even that of one that was pasted."""
        asked = self.files.arcb

        def took(fits: bool | None) -> None:
            self._know_key((str(path), asked), fits=fits)
            self.change(key_path=str(path), step=self._step_after(CREATE))
            self.judge()

        self._read(path, lambda: case_files.require_fitting_key(path, asked), took)

    def take_response(self, path: Path) -> None:
        """Verify a response."""
        self._read(
            path,
            lambda: case_files.load_response(path),
            lambda content: self.took_response(content, self._lasting(path), simulated=False),
        )

    def took_response(self, content: bytes, path: str, *, simulated: bool) -> None:
        """A response is there.

        Args:
            content: the response.
            path: its file; empty if it is in none.
            simulated: whether a simulated machine gave it.
        """
        self.take(replace(self.files, response=content), response_path=path, simulated=simulated, step=VERIFY)

    def was_refused(self, error: SeError, refusal: Refusal) -> None:
        """A simulated machine refused the request; the answer to an earlier try is not the case's any more.

        Args:
            error: the same for the message list.
            refusal: why.
        """
        self.take(
            replace(self.files, response=None),
            response_path="",
            simulated=True,
            refusal=refusal,
            said=NO_ANSWER,
            step=PERFORM,
        )
        self.refused.emit(error)

    def take(self, files: CaseFiles, **changes: Any) -> None:
        """Work with other files: what is new is kept with the case, the key tried, and the response verified.

        Args:
            files: all files of the case.
            changes: what is different in its state.
        """
        before, self.files = self.files, files
        if files.response != before.response:
            self.result = None
            changes = {"verdict": "", "said": ""} | changes
        if (files.request, files.response) != (before.request, before.response):
            changes = {"refusal": None} | changes
        if self.case is not None:
            known = dict(before.public())
            now = dict(files.public())
            for kind, content in now.items():
                if known.get(kind) != content:
                    self.list.attach(self.case, kind, content)
            for kind in known.keys() - now.keys():
                self.list.detach(self.case, kind)
        record = files.record.to_json() if files.record else None
        self.change(flags=self.state.flags if files.options is None else files.options, record=record, **changes)
        self.judge()

    # --- saving what was pasted, and copies

    def save_header(self, path: Path) -> None:
        """Write the SE header to a file."""
        if (found := self.files.header) is not None:
            self._save("SE header", path, found.header.build(), "header_path", header_offset=0)

    def save_request(self, path: Path) -> None:
        """Write the request once more, for the way to the guest."""
        self._save("request", path, self.files.request, "request_path")

    def save_response(self, path: Path) -> None:
        """Write the response to a file."""
        self._save("response", path, self.files.response, "response_path")

    def save_key(self, path: Path) -> None:
        """Save the pasted protection key, for its owner alone, never over a file; it is read from there then."""
        if self.key_is_pasted:
            source = Path(self.state.key_path)

            def saved(_path: Path) -> None:
                self.change(key_path=str(path))
                self.said.emit(f"The protection key was saved to {path}, for you alone.")

            self.start(f"Writing {path.name}", lambda _job: case_files.move_key(source, path), saved)

    def _save(self, what: str, path: Path, content: bytes | None, place: str, **changes: Any) -> None:
        """Write a public file of the case; one that was in no file is in this one from now on."""
        if content is None:
            return

        def saved(_path: Path) -> None:
            if not getattr(self.state, place):
                self.change(**{place: str(path)}, **changes)
            self.said.emit(f"The {what} was written to {path}.")

        self.start(f"Writing {path.name}", lambda _job: case_files.save_file(path, content), saved)

    # --- verification

    def expect(self, expected: Expected) -> None:
        """Compare the answer with something else."""
        self.change(expected=expected)
        self.judge()

    def judge(self, *, keep: bool = True) -> None:
        """Verify the response and check the policies, if everything is there."""
        self._verifier.judge(keep=keep)

    def _question(self, keep: bool) -> Question | None:
        workspace, case, files = self.trust.workspace, self.case, self.files
        if workspace is None or case is None or files.header is None or files.response is None:
            return None
        if not self.state.key_path:
            return None
        options = self.preparation.hosts()
        # A record says how host keys stood when the request was created; without one, how they stand today matters.
        judged_today = files.asked is not None and files.record is None and self.trust.today is not None
        asked = {slot.phkh for slot in files.asked.keyslots} if judged_today and files.asked else set()
        return Question(
            workspace=workspace,
            case=case,
            state=self.state,
            files=files,
            cases=self.list.cases,
            host_keys=hosts.known_keys(options, asked),
            policies=hosts.as_of_now(self.state.expected, options).policies(),
            at=present(),
            keep=keep,
        )

    def _judged(self, question: Question, judged: Judged) -> None:
        if question.case is not self.case or question.files.response is not self.files.response:
            return
        self.result = judged.result
        self.change(
            seen=tuple(at.isoformat() for at in judged.seen),
            seen_response=judged.seen_response,
            simulated=self.state.simulated or judged.result.verification.simulated,
            verdict=shown_check(judged.result).verdict.value,
            said=outcome_text(judged.result),
        )
        self.judged.emit(judged.result)

    def _not_judged(self, question: Question, error: SeError) -> None:
        if question.case is self.case:
            self.failed.emit(error)

    def ask_firmware(self, state: bytes, url: str) -> RunningJob:
        """Ask the service about a firmware state; the address was shown and agreed to.

        Args:
            state: the firmware state.
            url: the address that the user saw.
        """
        expected, now = self.state.expected, present()

        def ask(job: Job) -> dict[str, Any]:
            from seworkbench.attestation.firmware_service import (  # noqa: PLC0415 - few ask
                ask_firmware_service,
            )

            answer = ask_firmware_service(
                state, url_agreed_to=url, at=now, base=expected.service, version=expected.service_version, job=job
            )
            return answer_record(answer)

        def asked(answer: dict[str, Any]) -> None:
            self.list.note("firmware service asked", url, answer, at=now)
            self.expect(replace(self.state.expected, ask_firmware=True, answer=answer))

        return self.start(f"Asking {url}", ask, asked)

    # --- the protection key

    def _try_key(self) -> None:
        """Find out whether the key opens the request, once both are there and nobody did."""
        question = (self.state.key_path, self.files.arcb)
        if question == self._key_question:
            return
        self._know_key(question, fits=None)
        if not all(question):
            return
        path, arcb = Path(question[0]), question[1]

        def tried(fits: bool | None) -> None:
            if question == self._key_question:
                self.key_fits = fits
                self.changed.emit()

        job = self._jobs.start_light(
            "Trying the protection key", lambda _job: case_files.require_fitting_key(path, arcb)
        )
        job.done.connect(tried)
        # A key that is gone is told where it is needed.
        job.failed.connect(lambda _error: tried(None))

    def _know_key(self, question: tuple[str, bytes | None], *, fits: bool | None) -> None:
        self._key_question, self.key_fits = question, fits

    # --- what is common

    def ensure_case(self) -> None:
        """Begin a case, unless one is open."""
        if self.case is None:
            self.new_case()

    def change(self, **changes: Any) -> None:
        """Change the state of the case, keep it, and tell."""
        if self.case is None:
            return
        before, self.state = self.kept, replace(self.state, **changes)
        self._try_key()
        if self.kept != before:
            self.list.keep(self.case, self.kept)
        self.changed.emit()

    def start(self, title: str, function: Callable[[Job], Any], done: Callable[[Any], object]) -> RunningJob:
        """Run something for the case that is open; what comes too late for it is dropped.

        Args:
            title: what it does, for the activity strip.
            function: on a thread.
            done: told the result.
        """
        case = self.case

        def finished(result: Any) -> None:
            if case is self.case:
                done(result)

        job = self._jobs.start_light(title, function)
        job.done.connect(finished)
        job.failed.connect(self.failed)
        return job

    def _read(self, path: Path, read: Callable[[], Any], took: Callable[[Any], object]) -> None:
        self.ensure_case()
        self.start(f"Reading {path.name if self._lasting(path) else PASTED}", lambda _job: read(), took)

    def _lasting(self, path: Path) -> str:
        """The name under which a file is found later; empty if it was made of pasted text."""
        return "" if self._pasted(path) else str(path)

    def _step_after(self, step: str) -> str:
        """The step to open after something for `step` arrived: what comes next, or the verification if it has begun."""
        return step if self.files.response is None else VERIFY
