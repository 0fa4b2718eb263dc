"""The simulated machine that the window works with: one at a time, the same on every page.

Everything that reads or writes its folder, or computes, is done by a job; the signals tell when it is there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from seworkbench.errors import SeError
from seworkbench.simulator.attestation import answer_exchange
from seworkbench.simulator.attestation_tampering import (
    AttestationAttack,
    answer_falsely,
    tampered_request,
    tampered_response,
)
from seworkbench.simulator.machine_folder import MachineFolder, no_guest
from seworkbench.simulator.running import settle_start
from seworkbench.simulator.tampering import Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.jobs import Job
    from seworkbench.simulator.demo_pki import DemoPki
    from seworkbench.simulator.generations import Generation
    from seworkbench.simulator.hypervisor import GuestStart
    from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore
    from seworkbench.ui.jobs import Jobs, RunningJob


class MachineDesk(QObject):
    """The current machine.

    Args:
        jobs: runs what takes time.
        remember: told the folder of the machine that is opened; an empty text when it is put away.
    """

    changed = Signal()  # another machine, another guest, or none
    fault_changed = Signal()  # it answers honestly again, or falsely in another way
    refused = Signal(object)  # SeError: what was asked for could not be done

    def __init__(self, jobs: Jobs, remember: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._remember = remember
        self._folder: MachineFolder | None = None
        self._guest: ProtectedGuest | None = None
        self._fault: AttestationAttack | None = None
        self._old_answer: bytes | None = None

    # --- what there is

    @property
    def folder(self) -> MachineFolder | None:
        """The machine; None if there is none."""
        return self._folder

    @property
    def guest(self) -> ProtectedGuest | None:
        """The guest that runs on it, as it was last seen; None if none does."""
        return self._guest

    @property
    def fault(self) -> AttestationAttack | None:
        """How its answers to attestation requests are false; None while it answers honestly."""
        return self._fault

    # --- which machine

    def make(
        self, path: Path, generation: Generation, *, backup_key: bool = False, pki: DemoPki | None = None
    ) -> RunningJob:
        """Make a machine in a new folder and use it; see MachineFolder.create."""
        now = datetime.now(UTC)

        def make(job: Job) -> MachineFolder:
            path.parent.mkdir(parents=True, exist_ok=True)
            return MachineFolder.create(path, generation, at=now, backup_key=backup_key, pki=pki, job=job)

        return self._run(f"Making a simulated {generation.value}", make)

    def open(self, path: Path) -> RunningJob:
        """Use the machine in a folder."""
        return self._run(f"Opening {path.name}", lambda _job: MachineFolder.open(path))

    def use(self, folder: MachineFolder) -> None:
        """Use a machine that is open already.

        Raises:
            SeError: if what it says about its guest cannot be read.
        """
        self._take((folder, folder.guest()))

    def put_away(self) -> None:
        """Use no machine; its folder stays."""
        self._folder = self._guest = None
        self._remember("")
        self._forget_answers()
        self.changed.emit()

    # --- what is done with it

    def renew(self, *, new_key: bool = False, expired: bool = False) -> RunningJob | None:
        """Issue a new host key document; see MachineFolder.renew."""
        now = datetime.now(UTC)
        return self._change(
            "Renewing the host key document", lambda folder: folder.renew(now, new_key=new_key, expired=expired)
        )

    def revoke(self) -> RunningJob | None:
        """Revoke the host key document."""
        now = datetime.now(UTC)
        return self._change("Revoking the host key document", lambda folder: folder.revoke(now))

    def end_guest(self) -> RunningJob | None:
        """End the guest."""

        def end(folder: MachineFolder) -> MachineFolder:
            folder.end_guest()
            return folder

        return self._change("Ending the guest", end)

    def settle(self, start: GuestStart, image: Path) -> RunningJob | None:
        """Let the guest of a finished start run; a refused start leaves none."""
        now = datetime.now(UTC)

        def settle(folder: MachineFolder) -> MachineFolder:
            settle_start(folder, start, at=now, image=image)
            return folder

        return self._change("Keeping the guest", settle)

    def change_store(self, change: Callable[[SecretStore], SecretStore]) -> RunningJob | None:
        """Change the secret store of the guest."""

        def keep(folder: MachineFolder) -> MachineFolder:
            folder.change_store(change)
            return folder

        return self._change("Changing the secret store", keep)

    def refresh(self) -> RunningJob | None:
        """Look again: another program may have changed the folder."""
        return self._change("Looking at the machine", lambda folder: MachineFolder.open(folder.path))

    # --- attestation

    def play_false(self, attack: AttestationAttack | None) -> None:
        """From now on answers are false in this way; None: honest."""
        self._fault = attack
        self.fault_changed.emit()

    def answer(self, request: bytes, *, user_data: bytes = b"") -> bytes:
        """The response file to a request file; false if a fault is chosen. Takes milliseconds.

        Args:
            request: content of an exchange file.
            user_data: what the guest has measured along.

        Raises:
            SeError: if no guest runs, or a replay is asked for and there was no answer before.
            FormatError: if the request has another format.
            AttestationRefused: if the machine refuses the request.
        """
        if self._folder is None:
            raise SeError("There is no simulated machine.", remedy="Make or open one on the Machine page.")
        guest = self._folder.guest()
        if guest is None:
            raise no_guest(self._folder.path)
        machine, attack = self._folder.machine, self._fault
        if attack is None:
            self._old_answer = answer_exchange(machine, guest, request, user_data=user_data)
            return self._old_answer
        if attack.target is Target.REQUEST:
            return answer_exchange(machine, guest, tampered_request(attack, request), user_data=user_data)
        if attack.target is Target.MACHINE:
            return answer_falsely(attack, machine, guest, request, user_data=user_data)
        if not attack.needs_request:
            return tampered_response(attack, answer_exchange(machine, guest, request, user_data=user_data))
        if self._old_answer is None:
            raise SeError(
                "There is no old answer that could be replayed.",
                remedy="Let the machine answer one request honestly, then another one falsely.",
            )
        return tampered_response(attack, self._old_answer, request=request)

    # --- how

    def _change(self, title: str, change: Callable[[MachineFolder], MachineFolder]) -> RunningJob | None:
        folder = self._folder
        return None if folder is None else self._run(title, lambda _job: change(folder))

    def _run(self, title: str, work: Callable[[Job], MachineFolder]) -> RunningJob:
        def run(job: Job) -> tuple[MachineFolder, ProtectedGuest | None]:
            folder = work(job)
            return folder, folder.guest()

        running = self._jobs.start_light(title, run)
        running.done.connect(self._take)
        running.failed.connect(self.refused)
        return running

    def _take(self, found: Any) -> None:
        folder, guest = found
        if self._folder is None or self._folder.path != folder.path:
            self._remember(str(folder.path.absolute()))
            self._forget_answers()
        self._folder, self._guest = folder, guest
        self.changed.emit()

    def _forget_answers(self) -> None:
        """Another machine has not answered yet, and nobody told it to play false."""
        self._old_answer = None
        if self._fault is not None:
            self.play_false(None)
