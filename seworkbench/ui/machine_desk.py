"""The simulated machine that the window works with: one at a time, the same on every page.

Everything that reads or writes its folder, or computes, is done by a job; the signals tell when it is there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from seworkbench.errors import SeError
from seworkbench.files import read_whole
from seworkbench.simulator import commands
from seworkbench.simulator.added_secrets import MAX_REQUEST_SIZE
from seworkbench.simulator.attestation import AttestationRefused, answer_exchange
from seworkbench.simulator.attestation_tampering import (
    AttestationAttack,
    answer_falsely,
    tampered_request,
    tampered_response,
)
from seworkbench.simulator.machine_folder import MachineFolder, no_guest
from seworkbench.simulator.protected_guest import SecretStore
from seworkbench.simulator.running import settle_start
from seworkbench.simulator.tampering import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from seworkbench.jobs import Job
    from seworkbench.simulator.commands import Deed
    from seworkbench.simulator.demo_pki import DemoPki
    from seworkbench.simulator.generations import Generation
    from seworkbench.simulator.hypervisor import GuestStart
    from seworkbench.simulator.image_tampering import ImageAttack
    from seworkbench.simulator.machine import Machine
    from seworkbench.simulator.protected_guest import ProtectedGuest
    from seworkbench.ui.jobs import Jobs, RunningJob
# A window that is open for weeks must not grow for ever.
_MOST_DEEDS = 200


class MachineDesk(QObject):
    """The current machine.

    Args:
        jobs: runs what takes time.
        remember: told the folder of the machine that is opened; an empty text when it is put away.
    """

    changed = Signal()  # another machine, another guest, or none
    fault_changed = Signal()  # it answers honestly again, or falsely in another way
    deeds_changed = Signal()  # something more was done with it
    refused = Signal(object)  # SeError: what was asked for could not be done

    def __init__(self, jobs: Jobs, remember: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._remember = remember
        self._folder: MachineFolder | None = None
        self._guest: ProtectedGuest | None = None
        self._fault: AttestationAttack | None = None
        self._old_answer: bytes | None = None
        self._deeds: list[Deed] = []
        self._starts = 0

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

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """What was done with this machine since it was made or opened here, in order."""
        return tuple(self._deeds)

    def note(self, deed: Deed) -> None:
        """Note something that was done with it elsewhere."""
        self._deeds.append(deed)
        del self._deeds[:-_MOST_DEEDS]
        self.deeds_changed.emit()

    # --- which machine

    def make(
        self, path: Path, generation: Generation, *, backup_key: bool = False, pki: DemoPki | None = None
    ) -> RunningJob:
        """Make a machine in a new folder and use it; see MachineFolder.create."""
        now = datetime.now(UTC)

        def make(job: Job) -> MachineFolder:
            path.parent.mkdir(parents=True, exist_ok=True)
            return MachineFolder.create(path, generation, at=now, backup_key=backup_key, pki=pki, job=job)

        return self._run(f"Making a simulated {generation.value}", make, commands.created)

    def open(self, path: Path) -> RunningJob:
        """Use the machine in a folder."""
        return self._run(f"Opening {path.name}", lambda _job: MachineFolder.open(path), commands.opened)

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
        self._forget_deeds()
        self.changed.emit()

    # --- what is done with it

    def renew(self, *, new_key: bool = False, expired: bool = False) -> RunningJob | None:
        """Issue a new host key document; see MachineFolder.renew."""
        now = datetime.now(UTC)
        return self._change(
            "Renewing the host key document",
            lambda folder: folder.renew(now, new_key=new_key, expired=expired),
            partial(commands.renewed, new_key=new_key, expired=expired),
        )

    def revoke(self) -> RunningJob | None:
        """Revoke the host key document."""
        now = datetime.now(UTC)
        return self._change("Revoking the host key document", lambda folder: folder.revoke(now), commands.revoked)

    def end_guest(self) -> RunningJob | None:
        """End the guest."""

        def end(folder: MachineFolder) -> MachineFolder:
            folder.end_guest()
            return folder

        return self._change("Ending the guest", end, commands.ended)

    def settle(
        self,
        start: GuestStart,
        image: Path,
        *,
        attack: ImageAttack | None = None,
        masks: Sequence[tuple[int, int]] = (),
    ) -> RunningJob | None:
        """Let the guest of a finished start run; a refused start leaves none.

        Args:
            start: what happened.
            image: the image as it was built.
            attack: the attack that was made on it; None for none.
            masks: the bits that were flipped in it, by byte offset.
        """
        now = datetime.now(UTC)

        def settle(folder: MachineFolder) -> MachineFolder:
            settle_start(folder, start, at=now, image=image)
            return folder

        self._starts += 1
        said = "it starts" if start.started else "it must be refused"
        deed = partial(commands.started, image=image, attack=attack, masks=tuple(masks), number=self._starts, said=said)
        return self._change("Keeping the guest", settle, deed)

    def add_secret(self, path: Path) -> RunningJob | None:
        """Add a secret to the guest.

        Args:
            path: an add-secret request.
        """

        def add(folder: MachineFolder) -> MachineFolder:
            folder.add_secret(read_whole(path, MAX_REQUEST_SIZE))
            return folder

        return self._change("Adding a secret", add, partial(commands.secret_added, request=path))

    def lock_store(self) -> RunningJob | None:
        """Lock the secret store of the guest."""

        def lock(folder: MachineFolder) -> MachineFolder:
            folder.change_store(SecretStore.with_lock)
            return folder

        return self._change("Locking the secret store", lock, commands.store_locked)

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
        try:
            answer = self._answer(self._folder.machine, guest, request, user_data)
        except AttestationRefused:
            self.note(commands.answered(self._folder, self._fault, user_data=bool(user_data)))
            raise
        self.note(commands.answered(self._folder, self._fault, user_data=bool(user_data)))
        return answer

    # --- how

    def _answer(self, machine: Machine, guest: ProtectedGuest, request: bytes, user_data: bytes) -> bytes:
        attack = self._fault
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

    def _change(
        self,
        title: str,
        change: Callable[[MachineFolder], MachineFolder],
        deed: Callable[[MachineFolder], Deed] | None = None,
    ) -> RunningJob | None:
        folder = self._folder
        return None if folder is None else self._run(title, lambda _job: change(folder), deed)

    def _run(
        self,
        title: str,
        work: Callable[[Job], MachineFolder],
        deed: Callable[[MachineFolder], Deed] | None = None,
    ) -> RunningJob:
        def run(job: Job) -> tuple[MachineFolder, ProtectedGuest | None]:
            folder = work(job)
            return folder, folder.guest()

        running = self._jobs.start_light(title, run)
        running.done.connect(self._take)
        if deed is not None:
            running.done.connect(lambda found: self.note(deed(found[0])))
        running.failed.connect(self.refused)
        return running

    def _take(self, found: Any) -> None:
        folder, guest = found
        if self._folder is None or self._folder.path != folder.path:
            self._remember(str(folder.path.absolute()))
            self._forget_deeds()
        self._folder, self._guest = folder, guest
        self.changed.emit()

    def _forget_deeds(self) -> None:
        """With another machine nothing was done yet: it has not answered, and nobody told it to play false."""
        self._old_answer = None
        self._starts = 0
        self._deeds.clear()
        self.deeds_changed.emit()
        if self._fault is not None:
            self.play_false(None)
