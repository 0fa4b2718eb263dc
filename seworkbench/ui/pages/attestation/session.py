"""What the Attestation page is about: the cases of the open workspace, the one that is open, and what came of it.

Everything that reads, computes or writes runs on threads; this object lives with the window and tells when something
is different. What is kept is written in the order in which it happened, one thing after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from seworkbench.attestation.known import KnownHostKey
from seworkbench.attestation.request import RequestHost
from seworkbench.checks import Verdict
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.arcb import parse_arcb
from seworkbench.trust.objects import ObjectKind, TrustCertificate
from seworkbench.ui.pages.attestation import work
from seworkbench.ui.pages.attestation.case import CaseState, Expected, HostChoice, answer_record
from seworkbench.ui.pages.attestation.keeping import Keeping
from seworkbench.ui.pages.trust.view import host_word
from seworkbench.workspace.cases import CaseFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.attestation.known import FoundHeader
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.attestation.record import RequestRecord
    from seworkbench.attestation.request import CreatedRequest
    from seworkbench.jobs import Job
    from seworkbench.trust.judgement import HostKeyJudgement
    from seworkbench.ui.jobs import Jobs, RunningJob
    from seworkbench.ui.machine_desk import MachineDesk
    from seworkbench.ui.pages.attestation.demo_case import DemoCase
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.workspace.cases import AttestationCase
    from seworkbench.workspace.workspace import Workspace

CHOOSE, CREATE, CARRY, PERFORM, VERIFY, POLICY = "choose", "create", "carry", "perform", "verify", "policy"
STEPS = (CHOOSE, CREATE, CARRY, PERFORM, VERIFY, POLICY)


@dataclass(eq=False)
class OpenCase:
    """The case that is open.

    Args:
        title: what the user calls it.
        begun: when.
        number: its number in the workspace; None until it is written there.
    """

    title: str
    begun: datetime
    number: int | None = None


@dataclass(frozen=True)
class HostOption:
    """A host key of the workspace that a request could be made for.

    Args:
        certificate: its document.
        name: how its machine is called.
        verdict: what its chain of trust came to, as of now.
        word: the verdict, and in a word or two why.
        why: a sentence about it.
        chosen: whether the request is to be made for it.
        reason: why it is used though it is not verified.
    """

    certificate: TrustCertificate
    name: str
    verdict: Verdict
    word: str
    why: str
    chosen: bool
    reason: str

    @property
    def needs_reason(self) -> bool:
        """Whether a reason has to be written before it may be used."""
        return self.verdict is not Verdict.PASSED


def present() -> datetime:
    """Now; tests replace this function."""
    return datetime.now(UTC)


class AttestationSession(QObject):
    """See the module's text.

    Args:
        jobs: runs what takes longer.
        trust: the open workspace and what it says about host keys.
        desk: the simulated machine of the window.
    """

    cases_changed = Signal()  # the list is another
    changed = Signal()  # the case that is open, or something in it
    judged = Signal(object)  # PolicyResult of a verification that is new
    said = Signal(str)  # a sentence for the message list
    failed = Signal(object)  # SeError

    def __init__(self, jobs: Jobs, trust: TrustSession, desk: MachineDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.trust = trust
        self._desk = desk
        self.cases: tuple[AttestationCase, ...] = ()
        self.case: OpenCase | None = None
        self.state = CaseState()
        self.files = work.CaseFiles()
        self.result: PolicyResult | None = None
        # Whether the protection key opens the request; None if that is not known.
        self.key_fits: bool | None = None
        self._wanted_hosts: set[str] = set()
        self._importing = False
        self._judging = False
        self._again = False
        self.keeping = Keeping(self)
        self.keeping.read.connect(self._read_cases)
        self.keeping.failed.connect(self.failed.emit)
        trust.closing.connect(self.keeping.finish)
        trust.opened.connect(self._opened)
        trust.imported.connect(self._imported)
        trust.judged.connect(self._trust_judged)
        desk.changed.connect(self.changed.emit)
        desk.fault_changed.connect(self.changed.emit)

    # --- cases

    def new_case(self, title: str = "") -> None:
        """Begin a case and open it."""
        now = present()
        self._show(OpenCase(title or self._free_title(now), now), CaseState(), work.CaseFiles())
        kept, state = self.case, self.state.to_json()
        assert kept is not None  # noqa: S101 - set two lines above

        def create(workspace: Workspace) -> None:
            kept.number = workspace.cases.create(kept.title, at=now, state=state)

        self._write(create)

    def open_case(self, number: int) -> None:
        """Open a case; it is verified anew from what was kept."""
        found = next((case for case in self.cases if case.id == number), None)
        if found is None:
            return
        state = CaseState.from_json(found.state)
        self._show(OpenCase(found.title, found.created_at, found.id), state, work.restored(found, state))
        self._test_key()
        self.judge(keep=False)

    def close_case(self) -> None:
        """Go back to the list."""
        self._show(None, CaseState(), work.CaseFiles())

    def delete_case(self, number: int) -> None:
        """Remove a case from the workspace; its files elsewhere are not touched."""
        if self.case is not None and self.case.number == number:
            self.close_case()
        self._write(lambda workspace: workspace.cases.remove(number, at=present()))

    def rename(self, title: str) -> None:
        """Call the open case something else."""
        case = self.case
        if case is None or not title.strip() or title.strip() == case.title:
            return
        case.title = title.strip()
        self._write(lambda workspace: workspace.cases.update(_number(case), at=present(), title=case.title))
        self.changed.emit()

    def _free_title(self, now: datetime) -> str:
        day = f"{now:%Y-%m-%d}"
        taken = {case.title for case in self.cases}
        return next(title for count in range(1, 10_000) if (title := f"{day}-{count:02}") not in taken)

    def _show(self, case: OpenCase | None, state: CaseState, files: work.CaseFiles) -> None:
        self.case, self.state, self.files = case, state, files
        self.result, self.key_fits = None, None
        self.changed.emit()

    def _opened(self) -> None:
        """Another workspace: its cases; the one that was worked on last is open again."""
        self.close_case()
        self.cases = ()
        self.cases_changed.emit()
        self._write(lambda _workspace: None)  # which reads them

    def _read_cases(self, cases: tuple[AttestationCase, ...]) -> None:
        self.cases = cases
        self.cases_changed.emit()

    # --- steps

    def open_step(self, step: str) -> None:
        """Open a step."""
        if step != self.state.step:
            self._change(step=step)

    def take_header(self, path: Path) -> None:
        """Expect the header in an image or header file."""
        self._ensure_case()
        self._start(f"Reading {path.name}", lambda _job: work.load_header(path), self._took_header)

    def _took_header(self, found: FoundHeader) -> None:
        self.files = replace(self.files, header=found)
        self._attach(CaseFile.HEADER, found.header.build())
        self._change(
            header_path=found.name,
            header_offset=found.offset,
            header_method=found.method,
            step=self._step_after(CHOOSE),
        )
        self.judge()

    def take_request(self, path: Path) -> None:
        """Work with a request that was created elsewhere, or earlier."""
        self._ensure_case()

        def took(found: tuple[bytes, RequestRecord | None]) -> None:
            content, record = found
            self.files = replace(self.files, request=content, record=record)
            self._attach(CaseFile.REQUEST, content)
            self._change(
                request_path=str(path),
                record=record.to_json() if record else None,
                flags=_flags_of(content, self.state.flags),
                step=self._step_after(CREATE),
            )
            self._test_key()
            self.judge()

        self._start(f"Reading {path.name}", lambda _job: work.load_request(path), took)

    def take_key(self, path: Path) -> None:
        """Use a protection key; only its path is kept."""
        self._ensure_case()
        arcb = self.files.arcb

        def took(fits: bool | None) -> None:
            self.key_fits = fits
            self._change(key_path=str(path), step=self._step_after(CREATE))
            self.judge()

        self._start(f"Reading {path.name}", lambda _job: work.require_fitting_key(path, arcb), took)

    def take_response(self, path: Path) -> None:
        """Verify a response."""
        self._ensure_case()
        self._start(
            f"Reading {path.name}",
            lambda _job: work.load_response(path),
            lambda content: self._took_response(path, content, simulated=False),
        )

    def _took_response(self, path: Path, content: bytes, *, simulated: bool) -> None:
        self.files = replace(self.files, response=content)
        self.result = None
        self._attach(CaseFile.RESPONSE, content)
        self._change(response_path=str(path), simulated=simulated, step=VERIFY)
        if self.files.request is None:
            self._change(flags=_flags_of(content, self.state.flags))
        self._test_key()
        self.judge()

    def choose_host(self, fingerprint: str, *, chosen: bool) -> None:
        """Make the request for a host key, or not."""
        others = tuple(host for host in self.state.hosts if host.fingerprint != fingerprint)
        self._change(hosts=(*others, HostChoice(fingerprint)) if chosen else others)

    def set_reason(self, fingerprint: str, reason: str) -> None:
        """Say why a host key is used though it is not verified."""
        self._change(
            hosts=tuple(
                replace(host, reason=reason) if host.fingerprint == fingerprint else host for host in self.state.hosts
            )
        )

    def import_host(self, path: Path) -> None:
        """Import a host key document into the workspace, and choose it."""
        self._ensure_case()
        self._importing = True
        self.trust.import_path(path)

    def ask_for(self, option: str, *, asked: bool) -> None:
        """Ask for a part of additional data, or not."""
        flags = {flag for flag in self.state.flags if flag != option} | ({option} if asked else set())
        self._change(
            flags=tuple(
                kind for kind in ("phkh-img", "phkh-att", "secret-store-hash", "firmware-state") if kind in flags
            )
        )

    def hosts(self) -> tuple[HostOption, ...]:
        """The host keys of the workspace, those that are chosen first."""
        judged = self._judged_hosts()
        chosen = {host.fingerprint: host for host in self.state.hosts}
        found = []
        for item in self.trust.holdings.objects.values():
            if not isinstance(item, TrustCertificate) or item.kind is not ObjectKind.HOST_KEY or not item.phkh:
                continue
            judgement = judged.get(item.fingerprint)
            verdict = judgement.verdict if judgement else Verdict.NOT_CHECKED
            word = host_word(judgement) if judgement else verdict.value
            choice = chosen.get(item.fingerprint)
            found.append(
                HostOption(
                    certificate=item,
                    name=self.trust.machine_name(item),
                    verdict=verdict,
                    word=word,
                    why=_why(judgement),
                    chosen=choice is not None,
                    reason=choice.reason if choice else "",
                )
            )
        return tuple(sorted(found, key=lambda host: not host.chosen))

    def lacking(self) -> tuple[str, ...]:
        """What has to be done before a request can be created, one short sentence each."""
        chosen = [host for host in self.hosts() if host.chosen]
        missing = []
        if not chosen:
            missing.append("Choose a host key.")
        missing += [
            f"Say why {host.name} is used though it is not verified."
            for host in chosen
            if host.needs_reason and not host.reason.strip()
        ]
        return tuple(missing)

    def create(self, request: Path, key: Path) -> RunningJob | None:
        """Create the request; files that are there are never replaced."""
        if self.lacking() or self.case is None:
            return None
        now = present()
        hosts = tuple(
            RequestHost(
                name=host.certificate.source.short,
                key=host.certificate.certificate.public_key(),  # type: ignore[arg-type]
                document_sha256=bytes.fromhex(host.certificate.source.file_sha256 or host.certificate.fingerprint),
                verdict=host.verdict,
                reason=f"Used all the same: {host.reason.strip()}" if host.needs_reason else host.why,
            )
            for host in self.hosts()
            if host.chosen
        )
        flags = self.state.flags

        def created(made: CreatedRequest) -> None:
            made.protection_key.wipe()
            self.files = replace(self.files, request=made.file, response=None, record=made.record)
            self.result, self.key_fits = None, True
            self._attach(CaseFile.REQUEST, made.file)
            detail = made.record.to_json()
            self._write(
                lambda workspace: workspace.audit.append("attestation request created", str(request), detail, at=now)
            )
            self._change(
                request_path=str(request),
                key_path=str(key),
                record=detail,
                response_path="",
                simulated=False,
                seen=(),
                seen_response="",
                step=CARRY,
            )
            self.said.emit(f"{request.name} was created. Its protection key is in {key}, for you alone.")

        count = len(hosts)
        title = f"Creating a request for {count} machine{'' if count == 1 else 's'}"
        return self._start(title, lambda _job: work.create(hosts, flags, request, key, at=now), created)

    def export_request(self, path: Path) -> None:
        """Write the request once more, for the way to the guest."""
        content = self.files.request
        if content is not None:
            self._start(
                f"Writing {path.name}",
                lambda _job: work.save_file(path, content),
                lambda written: self.said.emit(f"The request was written to {written}."),
            )

    @property
    def machine(self) -> str:
        """Folder of the simulated machine that would answer: that of the case, else the one on the desk."""
        if self.state.machine:
            return self.state.machine
        return str(self._desk.folder.path) if self._desk.folder is not None else ""

    @property
    def fault(self) -> str:
        """How that machine's answers are false; empty while it answers honestly."""
        fault = self._desk.fault
        return fault.title if fault is not None and self._on_desk() else ""

    def _on_desk(self) -> bool:
        folder = self._desk.folder
        return folder is not None and str(folder.path.absolute()) == str(Path(self.machine).absolute())

    def set_machine(self, folder: Path) -> None:
        """Which simulated machine is to answer."""
        self._ensure_case()
        self._change(machine=str(folder))
        if not self._on_desk():
            self._desk.open(folder)

    def set_user_data(self, content: bytes) -> None:
        """What the simulated machine has measured along."""
        if content.hex() != self.state.user_data:
            self._change(user_data=content.hex())

    def answer_by_machine(self, response: Path) -> RunningJob | None:
        """Let the simulated machine answer."""
        request, folder = self.files.request, self.machine
        if request is None or not folder:
            return None
        user_data = bytes.fromhex(self.state.user_data)
        now = present()
        # The machine of the window may have been told to answer falsely.
        desk = self._desk if self._on_desk() else None

        def ask(_job: Job) -> work.Answered:
            if desk is None:
                return work.answer(Path(folder), request, user_data, response)
            content = desk.answer(request, user_data=user_data)
            return work.Answered(work.save_file(response, content), content)

        def answered(found: work.Answered) -> None:
            detail = {"machine": folder, "simulated": True}
            self._write(
                lambda workspace: workspace.audit.append(
                    "SIMULATED machine answered an attestation request", str(found.path), detail, at=now
                )
            )
            self._change(machine=folder)
            self._took_response(found.path, found.content, simulated=True)

        return self._start("SIMULATED machine answers", ask, answered)

    # --- verification

    def expect(self, expected: Expected) -> None:
        """Compare the answer with something else."""
        self._change(expected=expected)
        self.judge()

    def judge(self, *, keep: bool = True) -> None:
        """Verify the response and check the policies, if everything is there."""
        workspace, case, state = self.trust.workspace, self.case, self.state
        if workspace is None or case is None or self.files.header is None or self.files.response is None:
            return
        if not state.key_path:
            return
        if self._judging:
            # One after the other: two at a time would count one response twice.
            self._again = True
            return
        self._judging = True
        question = work.Question(
            workspace=workspace,
            case=case.number or 0,
            title=case.title,
            state=state,
            files=self.files,
            cases=self.cases,
            host_keys=self._known_keys(),
            policies=self._expected_now().policies(),
            at=present(),
            keep=keep,
        )
        job = self._jobs.start_light("Verifying the response", lambda job: work.judge(question, job))
        job.done.connect(lambda judged: self._judged(case, question, judged))
        job.failed.connect(lambda error: self._not_judged(case, error))
        job.stopped.connect(lambda: self._not_judged(case, None))

    def _judged(self, case: OpenCase, question: work.Question, judged: work.Judged) -> None:
        self._judging = False
        if case is self.case and question.files.response is self.files.response:
            self.result = judged.result
            check = work.shown_check(judged.result)
            verification = judged.result.verification
            self._change(
                seen=tuple(at.isoformat() for at in judged.seen),
                seen_response=judged.seen_response,
                simulated=self.state.simulated or verification.simulated,
                verdict=check.verdict.value,
                said=outcome_text(judged.result),
                record=self.state.record,
            )
            if verification.opened is not None:
                self.key_fits = True
            elif verification.arcb is not None:
                self.key_fits = False
            self.changed.emit()
            self.judged.emit(judged.result)
        self._go_on()

    def _not_judged(self, case: OpenCase, error: SeError | None) -> None:
        self._judging = False
        if error is not None and case is self.case:
            self.failed.emit(error)
        self._go_on()

    def _go_on(self) -> None:
        if self._again:
            self._again = False
            self.judge()

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
            self._write(lambda workspace: workspace.audit.append("firmware service asked", url, answer, at=now))
            self.expect(replace(self.state.expected, ask_firmware=True, answer=answer))

        return self._start(f"Asking {url}", ask, asked)

    def try_simulated(self, folder: Path) -> RunningJob:
        """Make a simulated machine, an image, a running guest and a request for it, and open them as a case."""

        def make(job: Job) -> DemoCase:
            from seworkbench.ui.pages.attestation.demo_case import make_demo_case  # noqa: PLC0415 - few need it

            return make_demo_case(folder, job)

        return self._start("Setting up a simulated machine", make, self._made_demo)

    def _made_demo(self, demo: DemoCase) -> None:
        self.new_case()
        self.files = work.CaseFiles(demo.header, demo.request, None, demo.record)
        self.key_fits = True
        self._attach(CaseFile.HEADER, demo.header.header.build())
        self._attach(CaseFile.REQUEST, demo.request)
        self._change(
            step=PERFORM,
            header_path=demo.header.name,
            header_offset=demo.header.offset,
            header_method=demo.header.method,
            flags=tuple(demo.record.flags),
            request_path=str(demo.request_path),
            key_path=str(demo.key_path),
            record=demo.record.to_json(),
            user_data=demo.user_data.hex(),
            machine=str(demo.machine),
            simulated=True,
            expected=demo.expected,
        )

    # --- host keys

    def _judged_hosts(self) -> dict[str, HostKeyJudgement]:
        today = self.trust.today
        return {item.certificate.fingerprint: item for item in today.host_keys} if today else {}

    def _known_keys(self) -> tuple[KnownHostKey, ...]:
        """Host keys that give hashes a name; how they stand today matters for those that the request is made for."""
        asked = self._asked_keys()
        found = []
        for host in self.hosts():
            phkh = bytes.fromhex(host.certificate.phkh or "")
            matters = phkh in asked and self.trust.today is not None and self.files.record is None
            found.append(KnownHostKey(host.name, phkh, host.verdict is Verdict.PASSED if matters else None))
        return tuple(found)

    def _asked_keys(self) -> set[bytes]:
        arcb = self.files.arcb
        try:
            return {slot.phkh for slot in parse_arcb(arcb).keyslots} if arcb else set()
        except FormatError:
            return set()

    def _expected_now(self) -> Expected:
        """What is expected, with the verdicts on host keys as of now where the workspace has them."""
        verdicts: dict[str, bool] = {}
        for host in self.hosts():
            phkh = host.certificate.phkh or ""
            verdicts[phkh] = verdicts.get(phkh, False) or host.verdict is Verdict.PASSED
        keys = tuple(
            replace(key, verified=verdicts.get(key.phkh, key.verified)) for key in self.state.expected.host_keys
        )
        return replace(self.state.expected, host_keys=keys)

    def _imported(self, lines: object) -> None:
        if not self._importing:
            return
        self._importing = False
        for line in lines if isinstance(lines, tuple) else ():
            found = self.trust.holdings.objects.get(line.fingerprint)
            if isinstance(found, TrustCertificate) and found.kind is ObjectKind.HOST_KEY:
                self._wanted_hosts.add(line.fingerprint)
        if self._wanted_hosts and self.case is not None:
            already = {host.fingerprint for host in self.state.hosts}
            more = tuple(HostChoice(key) for key in sorted(self._wanted_hosts - already))
            self._wanted_hosts.clear()
            self._change(hosts=(*self.state.hosts, *more), step=CHOOSE)

    def _trust_judged(self) -> None:
        self.changed.emit()

    # --- keeping

    def _ensure_case(self) -> None:
        if self.case is None:
            self.new_case()

    def _step_after(self, step: str) -> str:
        """The step to open after something for `step` arrived: what comes next, or the verification if all is there."""
        complete = self.files.header is not None and self.files.response is not None
        if complete and (self.state.key_path or step == CREATE):
            return VERIFY
        if self.files.response is not None:
            return VERIFY
        return step

    def _test_key(self) -> None:
        path, arcb, case = self.state.key_path, self.files.arcb, self.case
        if not path or arcb is None:
            return

        def tested(fits: bool | None) -> None:
            if case is self.case:
                self.key_fits = fits
                self.changed.emit()

        job = self._jobs.start_light(
            "Trying the protection key", lambda _job: work.require_fitting_key(Path(path), arcb)
        )
        job.done.connect(tested)
        # A key that is gone is told where it is needed.
        job.failed.connect(lambda _error: tested(None))

    def _change(self, **changes: Any) -> None:
        """Change the state of the case, keep it, and tell."""
        case = self.case
        if case is None:
            return
        before, self.state = self.state, replace(self.state, **changes)
        if self.state != before:
            kept = self.state.to_json()
            self._write(lambda workspace: workspace.cases.update(_number(case), at=present(), state=kept))
        self.changed.emit()

    def _attach(self, kind: CaseFile, content: bytes) -> None:
        case = self.case
        if case is not None:
            self._write(lambda workspace: workspace.cases.attach(_number(case), kind, content, at=present()))

    def _write(self, write: Callable[[Workspace], object]) -> None:
        """Have something written after everything that was asked for before."""
        if self.trust.workspace is not None:
            self.keeping.write(self.trust.workspace, write)

    def _start(self, title: str, function: Callable[[Job], Any], done: Callable[[Any], object]) -> RunningJob:
        """Run something for the case that is open; what comes too late for it is dropped."""
        case = self.case

        def finished(result: Any) -> None:
            if case is self.case:
                done(result)

        job = self._jobs.start_light(title, function)
        job.done.connect(finished)
        job.failed.connect(self.failed.emit)
        return job


def _number(case: OpenCase) -> int:
    if case.number is None:
        raise SeError("The case was not written to the workspace.", remedy="Open another workspace and begin anew.")
    return case.number


def _flags_of(content: bytes, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """What a request asks for, as options."""
    from seworkbench.formats.additional_data import asked_kinds  # noqa: PLC0415 - beside its only use
    from seworkbench.formats.exchange import parse_exchange  # noqa: PLC0415 - the same

    try:
        return tuple(kind.option for kind in asked_kinds(parse_arcb(parse_exchange(content).arcb).paf))
    except FormatError:
        return otherwise


def _why(judgement: HostKeyJudgement | None) -> str:
    if judgement is None:
        return "Nobody verified it yet."
    if judgement.verdict is Verdict.PASSED:
        return "Its chain of trust was verified."
    wrong = [leaf for leaf in judgement.check.leaves() if leaf.required and leaf.verdict is judgement.verdict]
    return next((leaf.reason for leaf in wrong if leaf.reason), judgement.verdict.value)


def outcome_text(result: PolicyResult) -> str:
    """What a case came to, in a sentence."""
    verification = result.verification
    if verification.error is not None:
        return verification.error.what
    if not verification.measurement_equal:
        return "The measurement is not equal: this guest, this header and this answer do not belong together."
    if verification.check.verdict is Verdict.FAILED:
        bad = [leaf for leaf in verification.check.leaves() if leaf.required and leaf.verdict is Verdict.FAILED]
        return bad[0].reason if bad else "The verification failed."
    failed = [leaf for leaf in result.policy.leaves() if leaf.required and leaf.verdict is Verdict.FAILED]
    if failed:
        return f"The guest is the expected one, but not all that is expected of it: {len(failed)} failed."
    open_rows = [leaf for leaf in result.policy.leaves() if leaf.required and leaf.verdict is not Verdict.PASSED]
    if open_rows:
        count = len(open_rows)
        return f"The guest is the expected one. {count} point{' needs' if count == 1 else 's need'} a person."
    return "The guest that answered was started from exactly this SE header, and everything expected is as expected."
