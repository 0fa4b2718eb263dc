"""The machine that all pages share: which one it is, what is done with it, and how it answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from seworkbench.errors import SeError
from seworkbench.formats.exchange import parse_response
from seworkbench.simulator.attestation import AttestationRefused
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS, Catcher
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.running import run_image
from seworkbench.simulator.tampering import Target
from seworkbench.ui.jobs import Jobs
from seworkbench.ui.machine_desk import MachineDesk

from ..simulator.pki import AT, fixed_pki  # noqa: TID252
from ..simulator.requests import Request  # noqa: TID252
from .desk import wait_until
from .machines import image_for, quick_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from seworkbench.simulator.protected_guest import ProtectedGuest

ATTACKS = {attack.id: attack for attack in ATTESTATION_ATTACKS}


class Bench:
    """A desk, and what it told."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.remembered: list[str] = []
        self.desk = MachineDesk(self.jobs, self.remembered.append)
        self.changes = 0
        self.errors: list[SeError] = []
        self.desk.changed.connect(self._count)
        self.desk.refused.connect(self.errors.append)

    def _count(self) -> None:
        self.changes += 1

    def settle(self) -> None:
        wait_until(lambda: not self.jobs.running, "the jobs to end")

    @property
    def folder(self) -> MachineFolder:
        assert self.desk.folder is not None
        return self.desk.folder

    def is_revoked(self) -> bool:
        return self.folder.is_revoked

    def guest(self) -> ProtectedGuest | None:
        return self.desk.guest

    def request(self, **changes: object) -> Request:
        return Request(hosts=(self.folder.machine.host_key,)).other(**changes)

    def verifies(self, request: Request, answer: bytes) -> bool:
        """Whether an answer carries the measurement that the request demands."""
        guest = self.folder.guest()
        assert guest is not None
        found = parse_response(answer)
        wanted = request.measurement(guest.header.build(), guest.cuid, found.user_data or b"", found.additional or b"")
        return found.measurement == wanted


@pytest.fixture
def bench(qapp: QApplication) -> Iterator[Bench]:
    del qapp
    made = Bench()
    yield made
    made.jobs.shut_down()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> MachineFolder:
    """A machine on which a guest runs; nobody changes it."""
    place = tmp_path_factory.mktemp("running")
    folder = quick_machine(place / "machine")
    run_image(folder, image_for(place / "guest.img", folder.machine.host_key), at=AT)
    return folder


def test_a_machine_is_made_used_and_remembered(bench: Bench, tmp_path: Path) -> None:
    bench.desk.make(tmp_path / "new" / "z17", Generation.Z17, pki=fixed_pki(Generation.Z17, datetime.now(UTC)))
    bench.settle()
    assert bench.folder.description.generation is Generation.Z17
    assert bench.desk.guest is None
    assert bench.remembered == [str(tmp_path / "new" / "z17")]
    assert bench.changes == 1


def test_a_folder_without_a_machine_is_refused_and_the_old_one_stays(bench: Bench, tmp_path: Path) -> None:
    bench.desk.use(quick_machine(tmp_path / "machine"))
    before = bench.desk.folder
    bench.desk.open(tmp_path)
    bench.settle()
    assert [error.what for error in bench.errors] == ["There is no simulated machine in this folder."]
    assert bench.desk.folder is before


def test_its_document_is_renewed_and_revoked(bench: Bench, tmp_path: Path) -> None:
    bench.desk.use(quick_machine(tmp_path / "machine"))
    old = bench.folder
    bench.desk.revoke()
    bench.settle()
    assert bench.is_revoked()
    bench.desk.renew(new_key=True)
    bench.settle()
    assert not bench.is_revoked()
    assert bench.folder.description.phkh != old.description.phkh


def test_its_guest_is_seen_changed_and_ended(bench: Bench, tmp_path: Path) -> None:
    folder = quick_machine(tmp_path / "machine")
    run_image(folder, image_for(tmp_path / "guest.img", folder.machine.host_key), at=AT)
    bench.desk.use(folder)
    guest = bench.guest()
    assert guest is not None
    assert guest.image == "guest.img"
    assert not guest.store.locked
    bench.desk.lock_store()
    bench.settle()
    locked = bench.guest()
    assert locked is not None
    assert locked.store.locked
    bench.desk.end_guest()
    bench.settle()
    assert bench.guest() is None
    assert MachineFolder.open(folder.path).guest() is None


def test_what_another_program_did_is_seen_when_looked_at_again(bench: Bench, tmp_path: Path) -> None:
    folder = quick_machine(tmp_path / "machine")
    bench.desk.use(folder)
    MachineFolder.open(folder.path).revoke(AT)
    assert not bench.is_revoked()
    bench.desk.refresh()
    bench.settle()
    assert bench.is_revoked()


def test_without_a_machine_nothing_is_done_and_nothing_answers(bench: Bench) -> None:
    assert bench.desk.end_guest() is None
    assert bench.desk.renew() is None
    with pytest.raises(SeError, match="There is no simulated machine"):
        bench.desk.answer(b"")


def test_without_a_guest_nothing_answers(bench: Bench, tmp_path: Path) -> None:
    bench.desk.use(quick_machine(tmp_path / "machine"))
    with pytest.raises(SeError, match="No guest runs"):
        bench.desk.answer(bench.request().file())


def test_it_answers_honestly_unless_told_otherwise(bench: Bench, running: MachineFolder) -> None:
    bench.desk.use(running)
    request = bench.request()
    assert bench.verifies(request, bench.desk.answer(request.file(), user_data=b"mine"))
    bench.desk.play_false(ATTACKS["other-guest"])
    assert not bench.verifies(request, bench.desk.answer(request.file()))
    bench.desk.play_false(None)
    assert bench.verifies(request, bench.desk.answer(request.file()))


@pytest.mark.parametrize("attack", [attack for attack in ATTESTATION_ATTACKS if attack.catcher is Catcher.MACHINE])
def test_what_a_machine_must_refuse_it_refuses(bench: Bench, running: MachineFolder, attack: object) -> None:
    chosen = ATTACKS[attack.id]  # type: ignore[attr-defined]
    bench.desk.use(running)
    bench.desk.play_false(chosen)
    # Firmware of the first kind refuses only what it cannot tell.
    asked = 0x7C00000000000000 if chosen.id == "first-firmware" else 0x7000000000000000
    with pytest.raises(AttestationRefused) as refused:
        bench.desk.answer(bench.request(paf=asked).file())
    assert chosen.code is not None
    assert f"0x{chosen.code.rc:04x}" in str(refused.value)


def test_an_old_answer_is_replayed_to_a_new_request(bench: Bench, running: MachineFolder) -> None:
    bench.desk.use(running)
    bench.desk.play_false(ATTACKS["replay"])
    with pytest.raises(SeError, match="no old answer"):
        bench.desk.answer(bench.request().file())
    bench.desk.play_false(None)
    old, new = bench.request(), bench.request(nonce=b"\xcd" * 16)
    honest = parse_response(bench.desk.answer(old.file()))
    bench.desk.play_false(ATTACKS["replay"])
    replayed = parse_response(bench.desk.answer(new.file()))
    assert replayed.arcb == new.arcb()
    assert replayed.measurement == honest.measurement


def test_every_attack_on_a_response_changes_it(bench: Bench, running: MachineFolder) -> None:
    bench.desk.use(running)
    request = bench.request()
    honest = bench.desk.answer(request.file(), user_data=b"mine")
    for attack in ATTESTATION_ATTACKS:
        if attack.target is Target.RESPONSE and not attack.needs_request:
            bench.desk.play_false(attack)
            assert bench.desk.answer(request.file(), user_data=b"mine") != honest, attack.id


def test_another_machine_is_honest_again(bench: Bench, running: MachineFolder, tmp_path: Path) -> None:
    bench.desk.use(running)
    bench.desk.play_false(ATTACKS["replay"])
    bench.desk.use(quick_machine(tmp_path / "other"))
    assert bench.desk.fault is None
    bench.desk.put_away()
    assert bench.desk.folder is None
    assert bench.remembered[-1] == ""
