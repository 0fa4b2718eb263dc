"""A simulated machine as the other end of a case: which one, what it measures along, and its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from seworkbench.ui.pages.attestation.case import PERFORM, Refusal, present
from seworkbench.ui.pages.attestation.case_files import CaseFiles, save_file

if TYPE_CHECKING:
    from seworkbench.jobs import Job
    from seworkbench.simulator.attestation import AttestationRefused
    from seworkbench.ui.jobs import RunningJob
    from seworkbench.ui.machine_desk import MachineDesk
    from seworkbench.ui.pages.attestation.demo_case import DemoCase
    from seworkbench.ui.pages.attestation.session import AttestationSession


class SimulatedMachine(QObject):
    """See the module's text.

    Args:
        session: the case.
        desk: the simulated machine of the window.
    """

    def __init__(self, session: AttestationSession, desk: MachineDesk) -> None:
        super().__init__(session)
        self._session = session
        self._desk = desk
        desk.changed.connect(session.changed)
        desk.fault_changed.connect(session.changed)

    @property
    def folder(self) -> str:
        """Folder of the machine that would answer: that of the case, else the one on the desk; empty without any."""
        if self._session.state.machine:
            return self._session.state.machine
        return str(self._desk.folder.path) if self._desk.folder is not None else ""

    @property
    def fault(self) -> str:
        """How its answers are false; empty while it answers honestly."""
        fault = self._desk.fault
        return fault.title if fault is not None and self._on_desk() else ""

    def choose(self, folder: Path) -> None:
        """Have the machine in this folder answer."""
        self._session.ensure_case()
        self._session.change(machine=str(folder), refusal=None)
        if not self._on_desk():
            self._desk.open(folder)

    def set_user_data(self, content: bytes) -> None:
        """What its guest has measured along."""
        self._session.change(user_data=content.hex())

    def answer(self, response: Path) -> RunningJob | None:
        """Let it answer the request of the case; a response file that is there is never replaced."""
        session = self._session
        request, folder = session.files.request, self.folder
        if request is None or not folder:
            return None
        user_data = bytes.fromhex(session.state.user_data)
        now = present()
        # The machine of the window may have been told to answer falsely.
        desk = self._desk if self._on_desk() else None

        def ask(_job: Job) -> bytes | AttestationRefused:
            from seworkbench.simulator.attestation import AttestationRefused  # noqa: PLC0415 - few need the simulator

            try:
                if desk is not None:
                    content = desk.answer(request, user_data=user_data)
                else:
                    content = _answer(Path(folder), request, user_data)
            except AttestationRefused as refused:
                return refused
            save_file(response, content)
            return content

        def answered(content: bytes | AttestationRefused) -> None:
            detail = {"machine": folder, "simulated": True}
            session.change(machine=folder)
            if isinstance(content, bytes):
                session.list.note("SIMULATED machine answered an attestation request", str(response), detail, at=now)
                session.took_response(content, str(response), simulated=True)
                return
            code, said = str(content.answer.code), content.answer.explanation
            detail |= {"code": code, "reason": said}
            asked = session.state.request_path
            session.list.note("SIMULATED machine refused an attestation request", asked, detail, at=now)
            session.was_refused(content, Refusal(code, said, content.remedy))

        return session.start("SIMULATED machine answers", ask, answered)

    def try_out(self, folder: Path) -> RunningJob:
        """Make a simulated machine, an image, a running guest and a request for it, and open them as a case."""

        def make(job: Job) -> DemoCase:
            from seworkbench.ui.pages.attestation.demo_case import make_demo_case  # noqa: PLC0415 - few need it

            return make_demo_case(folder, job)

        return self._session.start("Setting up a simulated machine", make, self._made)

    def _made(self, demo: DemoCase) -> None:
        self._session.new_case()
        self._session.take(
            CaseFiles(demo.header, demo.request, None, demo.record),
            step=PERFORM,
            header_path=demo.header.name,
            header_offset=demo.header.offset,
            header_method=demo.header.method,
            request_path=str(demo.request_path),
            key_path=str(demo.key_path),
            user_data=demo.user_data.hex(),
            machine=str(demo.machine),
            simulated=True,
            expected=demo.expected,
        )
        # What is chosen for it on the Machine page holds here at once.
        self._desk.open(demo.machine)

    def _on_desk(self) -> bool:
        folder = self._desk.folder
        return folder is not None and str(folder.path.absolute()) == str(Path(self.folder).absolute())


def _answer(folder: Path, request: bytes, user_data: bytes) -> bytes:
    """What the guest on a machine that is not on the desk answers.

    Raises:
        SeError: if the machine refuses, or no guest runs on it.
    """
    from seworkbench.simulator.attestation import answer_exchange  # noqa: PLC0415 - few need the simulator
    from seworkbench.simulator.machine_folder import MachineFolder, no_guest  # noqa: PLC0415 - the same

    machine = MachineFolder.open(folder)
    guest = machine.guest()
    if guest is None:
        raise no_guest(folder)
    return answer_exchange(machine.machine, guest, request, user_data=user_data)
