"""The Machine page: machines made and opened, images started call by call, attacks caught where they must be."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QScrollArea, QWidget

from seworkbench.checks import Verdict
from seworkbench.simulator.demo_pki import DemoPki
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.ui.jobs import Jobs
from seworkbench.ui.pages.machine import new_machine
from seworkbench.ui.pages.machine.calls import UNPACK, Progress
from seworkbench.ui.pages.machine.page import ATTESTATION_TAB, BYTES_TAB, IMAGE_TAB, MachinePage
from seworkbench.ui.pages.machine.player import Player, Wish
from seworkbench.ui.pages.machine.side import ALL, CALL, COMMANDS, MACHINE
from seworkbench.ui.theme import ThemeChoice
from seworkbench.ui.window import MainWindow
from seworkbench.ui.workbench import Workbench

# The tests of a folder form a package; the desk stands in the folder above.
from ...simulator.builder import HOST2, KERNEL, Recipe, build  # noqa: TID252
from ...simulator.pki import fixed_pki  # noqa: TID252
from ...simulator.secret_requests import SecretRequest  # noqa: TID252
from .. import machine_attacks  # noqa: TID252
from ..desk import PKI, listed, wait_until  # noqa: TID252
from ..machines import image_for, quick_machine  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seworkbench.simulator.protected_guest import ProtectedGuest
    from seworkbench.ui.pages.machine.calls import Call

PAGES = 24
# Frames, which last no time here: some thousand of them pass in a second.
FOR_EVER = 1 << 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine without a guest, and an image for it; nobody changes them."""
    place = tmp_path_factory.mktemp("machines")
    folder = quick_machine(place / "machine")
    image_for(place / "guest.img", folder.machine.host_key)
    return place


class Bench:
    """The window with the Machine page alone, and a machine of its own in the folder."""

    def __init__(self, folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.machine = shutil.copytree(made / "machine", folder / "machine")
        self.image = folder / "guest.img"
        shutil.copy(made / "guest.img", self.image)
        self.monkeypatch = monkeypatch
        monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
        # Making RSA keys would take seconds.
        monkeypatch.setattr(DemoPki, "make", lambda generation, at, _job=None: fixed_pki(generation, at))
        # No job of this page runs in a worker: one would be started only to be ended with the window.
        monkeypatch.setattr(Jobs, "warm_up", lambda _: None)
        self.open()

    def open(self) -> None:
        self.workbench = Workbench(self.folder / "settings.json")
        self.page = MachinePage(self.workbench, Player(pace=0, frame_ms=0, page_frames=4))
        self.window = MainWindow(self.workbench, [listed(self.page)])
        self.workbench.setParent(self.window)
        self.page.player.setParent(self.page)
        self.workbench.theme.choose(ThemeChoice.LIGHT)
        self.window.show()
        self.settle()

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()

    # --- what a person does

    def settle(self) -> None:
        wait_until(lambda: not self.workbench.jobs.running, "the jobs to end")
        QApplication.processEvents()

    def ready(self) -> None:
        """Open the machine and insert the image."""
        self.page.open(self.machine)
        self.settle()
        self.drop(self.image)

    def drop(self, *paths: Path) -> None:
        self.window.open_files(list(paths))
        self.settle()

    def click(self, text: str, where: QWidget | None = None) -> None:
        QApplication.processEvents()
        found = [
            made
            for made in (where or self.window).findChildren(QPushButton)
            if made.text() == text and made.isVisible()
        ]
        assert found, f"there is no button “{text}”"
        assert found[0].isEnabled(), f"“{text}” cannot be clicked"
        QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)
        self.settle()

    def play(self, text: str = "Start") -> None:
        """Press the button and wait for the end."""
        self.click(text)
        wait_until(lambda: self.page.player.over, "the start to end")
        self.settle()

    # --- what can be seen

    def guest(self) -> ProtectedGuest | None:
        """The guest that the folder knows."""
        return MachineFolder.open(self.machine).guest()

    @property
    def calls(self) -> list[Call]:
        return self.page.calls.calls

    @property
    def outcome(self) -> tuple[Verdict, str]:
        assert self.page.drive.chip.isVisible()
        return self.page.drive.chip.verdict, self.page.drive.outcome.text().replace("\u00a0", " ")

    @property
    def error(self) -> str:
        return self.page.error.what.text() if self.page.error.isVisible() else ""

    def text(self, widget: QWidget) -> str:
        """All words of a part."""
        QApplication.processEvents()
        words = (made.property("text") for made in widget.findChildren(QWidget) if made.isVisible())
        return " | ".join(word for word in words if word)


@pytest.fixture
def bench(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(tmp_path, made, monkeypatch)
    yield bench
    bench.close()


# --- machines


def test_without_a_machine_the_page_says_what_it_is_for(bench: Bench) -> None:
    words = bench.text(bench.page)
    assert "Rehearse without a mainframe" in words
    assert "proves nothing about real machines" in words
    assert str(bench.folder / "data" / "seworkbench" / "machines" / "z16") in words
    assert not bench.page.simulated.isVisible()
    assert not bench.page.drive.isVisible()


def test_a_machine_is_made_in_the_folder_that_was_suggested(bench: Bench) -> None:
    bench.click("z17")
    place = bench.page.new_machine.path
    bench.click("Make the machine")
    folder = MachineFolder.open(place)
    assert place.name == "z17"
    assert folder.description.generation.value == "z17"
    assert bench.page.simulated.isVisible()
    words = bench.text(bench.page.parts.identity)
    assert f"z17 {folder.description.serial}" in words
    assert folder.description.document_name in words
    assert folder.description.phkh.hex()[:8] in words
    assert "SIMULATED" in words
    bench.click("Another machine…")
    bench.page.new_machine.choose("z17")
    assert bench.page.new_machine.path.name == "z17-2"


def test_a_folder_that_is_taken_is_refused(bench: Bench) -> None:
    bench.page.new_machine.line.setText(str(bench.folder))
    bench.click("Make the machine")
    assert bench.error.endswith("There is something under this name already.")
    assert bench.page.new_machine.button.isEnabled()


def test_a_machine_is_opened_from_its_folder(bench: Bench) -> None:
    bench.monkeypatch.setattr(new_machine, "ask_folder", lambda *_: bench.machine)
    bench.click("Open a machine folder…")
    assert bench.workbench.machine.folder is not None
    assert bench.page.subtitle.whole == f"z16 {bench.workbench.machine.folder.description.serial}"


def test_a_machine_folder_that_is_dropped_is_opened_wherever_one_is(bench: Bench) -> None:
    bench.drop(bench.machine)
    assert bench.workbench.machine.folder is not None
    assert bench.workbench.machine.folder.path == bench.machine
    assert bench.page.isVisible()
    assert str(bench.machine) in bench.workbench.settings.recent


def test_another_folder_that_is_dropped_is_refused_with_the_reason(bench: Bench) -> None:
    bench.drop(bench.folder)
    assert bench.workbench.machine.folder is None
    assert "As a whole only that of a simulated machine is opened" in bench.workbench.messages[-1].text


def test_a_folder_without_a_machine_is_refused(bench: Bench) -> None:
    bench.page.open(bench.folder)
    bench.settle()
    assert bench.error.endswith("There is no simulated machine in this folder.")


def test_the_machine_is_there_again_after_a_restart(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    bench.close()
    bench.open()
    assert bench.workbench.machine.folder is not None
    assert bench.workbench.machine.folder.path == bench.machine


def test_a_machine_that_was_put_away_stays_away(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    bench.click("Another machine…")
    bench.close()
    bench.open()
    assert bench.workbench.machine.folder is None


def test_its_host_key_document_is_saved_but_replaces_nothing(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    target = bench.folder / "copy.crt"
    bench.monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    bench.click("Save a copy…")
    assert bench.workbench.machine.folder is not None
    assert target.read_bytes() == bench.workbench.machine.folder.document_path.read_bytes()
    target.write_bytes(b"mine")
    bench.click("Save a copy…")
    assert bench.error
    assert target.read_bytes() == b"mine"


def test_its_document_expires_is_revoked_and_renewed(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    identity = bench.page.parts.identity
    for wish, word in (("Let it be one that expired", "expired"), ("Revoke it", "revoked")):
        bench.click(wish, identity)
        assert word in [chip.accessibleName() for chip in identity.findChildren(QWidget) if chip.isVisible()]
    before = MachineFolder.open(bench.machine).description.phkh
    bench.click("Give the machine a new host key", identity)
    assert MachineFolder.open(bench.machine).description.phkh != before


# --- starting


def test_an_image_is_played_to_its_green_end(bench: Bench) -> None:
    bench.ready()
    assert [group.pages for group in bench.page.field.groups] == [19, 2, 1, 2]
    assert "24 pages to unpack" in bench.page.drive.name.whole
    assert bench.guest() is None
    bench.play()
    assert {call.progress for call in bench.calls} == {Progress.DONE}
    assert Verdict.FAILED not in {call.verdict for call in bench.calls}
    assert bench.page.field.done == (19, 2, 1, 2)
    assert bench.page.map.veiled == ()
    assert bench.outcome[1].startswith("The simulated Ultravisor started the guest.")
    assert bench.guest() is not None
    bench.page.parts.show_part(MACHINE)
    words = bench.text(bench.page.parts.identity)
    assert "guest.img" in words
    assert b"SIMULATED".hex()[:8] in words


def test_an_image_is_started_call_by_call(bench: Bench) -> None:
    bench.ready()
    seen = []
    while not bench.page.player.over:
        bench.click("Step")
        wait_until(lambda: bench.page.player.wish is Wish.REST, "the step to end")
        seen.append(bench.page.calls.current.call if bench.page.calls.current else "")
        if seen[-1] == "UV call 0x0300":
            assert bench.guest() is None
            assert bench.page.parts.part == CALL
            assert "Key slot 1 is for this machine" in bench.text(bench.page.parts.call)
            # What is not unpacked yet is veiled: all of the components.
            assert sum(end - start for start, end in bench.page.map.veiled) == PAGES * 4096
    bench.settle()
    assert seen == [
        "IPL",
        "DIAG 308 subcode 8",
        "UV calls 0x0100, 0x0120",
        "UV call 0x0300",
        *[UNPACK] * 4,
        "UV call 0x0302",
        "UV call 0x0330, state 5",
        "stage3b",
    ]
    assert bench.guest() is not None


def test_playing_can_be_paused_and_goes_on(bench: Bench) -> None:
    bench.ready()
    bench.page.player.pace = FOR_EVER
    bench.click("Start")
    wait_until(lambda: bench.page.player.shown == 1, "the first call")
    bench.click("Pause")
    assert bench.page.player.wish is Wish.REST
    assert bench.calls[1].progress is Progress.UNDER_WAY
    bench.page.player.pace = 0
    bench.play("Continue")
    assert bench.guest() is not None


def test_a_start_can_be_repeated_and_each_has_a_new_configuration_uid(bench: Bench) -> None:
    bench.ready()
    bench.play()
    first = bench.workbench.machine.guest
    bench.play("Start again")
    second = bench.workbench.machine.guest
    assert first is not None
    assert second is not None
    assert first.cuid != second.cuid


def test_a_call_that_somebody_chose_stays_chosen(bench: Bench) -> None:
    bench.ready()
    bench.play()
    bench.page.calls.setFocus()
    bench.page.calls.choose("UV call 0x0300")
    assert bench.page.parts.part == CALL
    shown = bench.page.parts.call.shown
    assert shown is not None
    assert shown.answer == "RC 0x0001"
    assert bench.page.parts.call.checklist.check is not None


def test_the_demonstration_image_is_built_inserted_and_starts(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    bench.click("Make a demonstration image")
    medium = bench.page.session.medium
    assert medium is not None
    assert medium.image.parent == bench.machine
    bench.click("To the end")
    wait_until(lambda: bench.page.player.over, "the start to end")
    bench.settle()
    assert bench.outcome[0] is Verdict.PASSED
    assert bench.guest() is not None


def test_a_bare_header_is_no_image_to_start(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    header = bench.folder / "header"
    header.write_bytes(build(Recipe()).header)
    bench.page.insert(header)
    bench.settle()
    assert "a machine starts images" in bench.error
    assert bench.page.session.medium is None


def test_what_is_no_image_is_not_taken(bench: Bench) -> None:
    bench.ready()
    bench.drop(PKI / "host1.crt")
    assert bench.page.session.medium is not None
    assert bench.page.session.medium.image == bench.image
    assert "host key document" in bench.workbench.messages[-1].text


# --- another machine


def test_an_image_for_another_machine_is_refused_with_the_reason(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    bench.drop(image_for(bench.folder / "other.img", HOST2))
    bench.play()
    verdict, words = bench.outcome
    assert verdict is Verdict.FAILED
    assert "Caught by the Ultravisor at “Set secure parameters”" in words
    assert "RC 0x0108  RRC 0x0005" in words
    assert bench.guest() is None
    assert next(call.call for call in bench.calls if call.progress is Progress.NOT_REACHED) == UNPACK


def test_the_image_stays_when_the_machine_is_another_one(bench: Bench) -> None:
    bench.ready()
    bench.play()
    other = quick_machine(bench.folder / "other")
    bench.page.open(other.path)
    bench.settle()
    medium = bench.page.session.medium
    assert medium is not None
    assert medium.image == bench.image
    # Without its key nobody knows which component is which.
    assert all(group.name.startswith("Component") for group in bench.page.field.groups)
    bench.play()
    assert bench.outcome[0] is Verdict.FAILED


# --- attacks


def test_a_flipped_page_bit_is_caught_and_shown_where_it_is(bench: Bench) -> None:
    bench.ready()
    bench.play()
    assert bench.guest() is not None
    bench.click("Make this attack")
    assert bench.page.drive.changed.whole == "Changed: One bit of the kernel"
    assert bench.page.result is None
    bench.play()
    kernel = build(Recipe()).part(KERNEL).address
    verdict, words = bench.outcome
    assert verdict is Verdict.FAILED
    assert words.startswith("Caught by the Ultravisor at “Verify”: “Content of the pages (PLD)” failed.")
    assert "RC 0x0102  RRC 0x001b" in words
    assert bench.guest() is None, "a refused start leaves no guest"
    assert bench.page.field.refused
    assert bench.page.map.marked == kernel
    assert bench.page.bytes.offset == kernel
    assert bench.page.parts.part == CALL
    assert bench.page.calls.current is not None
    assert bench.page.calls.current.call == "UV call 0x0302"
    side = bench.text(bench.page.parts.call)
    assert f"0x{kernel:x}  kernel, page 1 of 19" in side
    assert "0x140e0  Page digest" in side
    assert bench.page.parts.call.checklist.opened() == ["uv.verify.pld"]
    bench.click("0x140e0  Page digest")
    assert bench.page.bytes.offset == 0x140E0
    assert bench.page.bytes.isVisible()


def test_every_attack_is_caught_where_it_says_and_shown_there(bench: Bench) -> None:
    bench.ready()
    for attack in IMAGE_ATTACKS:
        machine_attacks.make(bench.page, attack)
        assert machine_attacks.findings(bench.page, attack) == [], attack.id
        starts = attack.step in ("", "guest.psw")
        assert (bench.guest() is not None) is starts, attack.id


def test_what_lost_its_table_is_shown_as_far_as_it_is_there(bench: Bench) -> None:
    bench.ready()
    bench.page.attack("cut-off")
    bench.settle()
    medium = bench.page.session.medium
    assert medium is not None
    assert medium.components == []
    last = medium.remains[-1]
    assert (last.name, last.offset + last.length) == ("stage3b", medium.inspection.size)
    bench.play()
    assert f"0x{medium.inspection.size:x}  stage3b" in bench.text(bench.page.parts.call)


def test_bits_are_flipped_at_the_byte_and_flipped_back(bench: Bench) -> None:
    bench.ready()
    bench.page.show_bench(BYTES_TAB)
    place = bench.page.bytes.place
    place.setText("0x14038")
    QTest.keyClick(place, Qt.Key.Key_Return)
    assert bench.page.bytes.offset == 0x14038
    before = [made.text() for made in bench.page.bytes.bits]
    QTest.mouseClick(bench.page.bytes.bits[0], Qt.MouseButton.LeftButton)
    bench.settle()
    assert bench.page.bytes.offset == 0x14038
    assert [made.text() for made in bench.page.bytes.bits] != before
    assert bench.page.drive.changed.whole == "Changed: 1 bit flipped"
    bench.play()
    assert bench.outcome[0] is Verdict.FAILED
    QTest.mouseClick(bench.page.bytes.bits[0], Qt.MouseButton.LeftButton)
    bench.settle()
    medium = bench.page.session.medium
    assert medium is not None
    assert not medium.changes
    assert medium.started == bench.image
    assert [made.text() for made in bench.page.bytes.bits] == before


def test_an_offset_that_is_none_is_refused(bench: Bench) -> None:
    bench.ready()
    bench.page.show_bench(BYTES_TAB)
    for wrong in ("0x99999999", "-1", "kernel"):
        bench.page.bytes.place.setText(wrong)
        QTest.keyClick(bench.page.bytes.place, Qt.Key.Key_Return)
        assert bench.error.startswith(f"“{wrong}” is no offset"), wrong
        bench.page.error.hide()


def test_nothing_is_changed_while_a_start_is_played(bench: Bench) -> None:
    bench.ready()
    bench.page.player.pace = FOR_EVER
    bench.click("Start")
    wait_until(lambda: bench.page.player.shown == 1, "the first call")
    assert not bench.page.attacks.make.isEnabled()
    bench.page.show_bench(BYTES_TAB)
    assert not bench.page.bytes.bits[0].isEnabled()
    bench.click("Pause")
    assert bench.page.bytes.bits[0].isEnabled()


def test_the_image_file_is_never_touched(bench: Bench) -> None:
    bench.ready()
    before = bench.image.read_bytes()
    for attack in ("page-bit", "cut-off", "forged-pld"):
        bench.page.attack(attack)
        bench.settle()
    bench.page.flip(0, 0)
    bench.settle()
    assert bench.image.read_bytes() == before
    medium = bench.page.session.medium
    assert medium is not None
    assert medium.changes.text == "Content digest, sealed again, 1 bit flipped"
    copy = medium.started
    assert copy.exists()
    bench.close()
    assert not copy.exists(), "the copy is gone with the window"
    bench.open()


def test_reset_undoes_everything(bench: Bench) -> None:
    bench.ready()
    bench.play()
    bench.page.attack("tweak")
    bench.settle()
    bench.play()
    bench.click("Reset")
    medium = bench.page.session.medium
    assert medium is not None
    assert not medium.changes
    assert {call.progress for call in bench.calls} == {Progress.WAITING}
    assert not bench.page.drive.chip.isVisible()
    assert bench.page.field.done == (0, 0, 0, 0)
    assert bench.page.parts.checks.check is None
    bench.play()
    assert bench.guest() is not None
    bench.click("Reset")
    assert bench.guest() is None


def test_an_attack_that_cannot_be_made_is_told(bench: Bench) -> None:
    bench.page.open(bench.machine)
    bench.settle()
    bench.drop(image_for(bench.folder / "other.img", HOST2))
    bench.page.attack("forged-pld")
    bench.settle()
    assert "No key slot is for this machine." in bench.error
    assert bench.page.session.medium is not None
    assert not bench.page.session.medium.changes


# --- attestation


def test_the_machine_is_told_to_play_false_and_to_be_honest_again(bench: Bench) -> None:
    bench.ready()
    bench.page.show_bench(ATTESTATION_TAB)
    bench.page.faults.choose("store-lock")
    bench.click("Play false this way")
    fault = bench.workbench.machine.fault
    assert fault is not None
    assert fault.id == "store-lock"
    assert "It answers falsely: Secret store locked" in bench.page.fault_words.text()
    bench.click("Answer honestly")
    assert bench.workbench.machine.fault is None
    assert "honestly" in bench.page.fault_words.text()


def test_the_store_of_the_guest_is_locked_and_the_guest_ended(bench: Bench) -> None:
    bench.ready()
    bench.play()
    bench.page.parts.show_part(MACHINE)
    bench.click("Lock its store")
    words = bench.text(bench.page.parts.identity)
    assert "Secret store | locked | Empty." in words
    assert "Lock its store" not in words
    bench.click("End the guest")
    assert bench.guest() is None
    assert "None runs" in bench.text(bench.page.parts.identity)


def test_a_secret_that_is_dropped_is_added_to_the_guest(bench: Bench) -> None:
    request = bench.folder / "secret.asr"
    bench.ready()
    header = bench.image.read_bytes()[0x14000:]
    header = header[: int.from_bytes(header[12:16], "big")]
    host = MachineFolder.open(bench.machine).machine.host_key
    request.write_bytes(SecretRequest(header, hosts=(host,)).build())
    bench.drop(request)
    assert "Start an image on the Machine page and drop it there" in bench.workbench.messages[-1].text
    bench.play()
    bench.drop(request)
    guest = bench.guest()
    assert guest is not None
    words = bench.text(bench.page.parts.identity)
    assert bench.page.parts.part == MACHINE
    assert "1 request was accepted, 1 secret listed." in words
    assert "Association, 32 bytes, id 33333333…" in words
    assert guest.store.digest.hex()[:8] in words
    bench.click("Lock its store")
    bench.drop(request)
    assert "The secret store is locked." in bench.error


def test_a_secret_for_another_image_is_refused_with_the_reason(bench: Bench) -> None:
    bench.ready()
    bench.play()
    request = bench.folder / "secret.asr"
    host = MachineFolder.open(bench.machine).machine.host_key
    request.write_bytes(SecretRequest(build(Recipe()).header, hosts=(host,)).build())
    bench.monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(request), ""))
    bench.page.parts.show_part(MACHINE)
    bench.click("Add a secret…")
    assert "RC 0x010c" in bench.error
    assert "for another image than the one that runs" in bench.error


# --- as commands


def test_what_was_done_is_shown_as_commands(bench: Bench) -> None:
    bench.ready()
    bench.page.attack("forged-pld")
    bench.settle()
    bench.page.flip(0x15000, 7)
    bench.settle()
    bench.play()
    bench.page.desk.renew(expired=True)
    bench.settle()
    bench.window.actions_table.run("machine.commands")
    assert bench.page.parts.part == COMMANDS
    shown = bench.page.parts.commands.text.toPlainText().replace(" \\\n  ", " ")
    assert [line for line in shown.splitlines() if line and not line.startswith("#")] == [
        f"MACHINE={bench.machine}",
        'seworkbench machine show "$MACHINE"',
        f'seworkbench machine tamper {bench.image} forged-pld --machine "$MACHINE" -o tampered-1-guest.img',
        "seworkbench machine tamper tampered-1-guest.img --flip 0x15000.7 -o flipped-1-guest.img",
        'seworkbench machine start "$MACHINE" flipped-1-guest.img',
        'seworkbench machine renew "$MACHINE" --expired',
    ]
    bench.click("Another machine…")
    assert bench.page.parts.commands.text.toPlainText() == ""


# --- keyboard, models, looks


def test_starts_are_played_by_keyboard(bench: Bench) -> None:
    bench.ready()
    QTest.keySequence(bench.window, "F10")
    wait_until(lambda: bench.page.player.shown == 1, "the first call")
    wait_until(lambda: bench.page.player.wish is Wish.REST, "the step to end")
    QTest.keySequence(bench.window, "Shift+F10")
    wait_until(lambda: bench.page.player.over, "the start to end")
    bench.settle()
    assert bench.guest() is not None


def test_the_list_of_calls_is_a_sound_model(bench: Bench) -> None:
    tester = QAbstractItemModelTester(
        bench.page.calls.model(), QAbstractItemModelTester.FailureReportingMode.Fatal, bench.page
    )
    bench.ready()
    bench.play()
    bench.page.attack("page-bit")
    bench.settle()
    bench.play()
    index = bench.page.calls.currentIndex()
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Ultravisor, UV call 0x0302: Verify. failed.")
    assert "RC 0x0102" in spoken
    assert tester.model() is bench.page.calls.model()


def test_in_a_narrow_window_with_large_text_nothing_is_cut_off(bench: Bench) -> None:
    bench.ready()
    bench.page.attack("page-bit")
    bench.settle()
    bench.window.resize(1024, 640)
    bench.workbench.theme.set_zoom(1.5)
    bench.settle()
    area = bench.page.findChild(QScrollArea, "pageScroll")
    assert isinstance(area, QScrollArea)
    content = area.widget()
    assert content is not None
    for tab in (IMAGE_TAB, BYTES_TAB, ATTESTATION_TAB):
        bench.page.show_bench(tab)
        bench.settle()
        assert content.width() <= area.viewport().width(), tab
    assert [made.text() for made in (bench.page.drive.step, bench.page.drive.reset)] == ["", ""]
    assert bench.page.drive.step.accessibleName() == "Step"
    bench.workbench.theme.set_zoom(1.0)
    bench.window.resize(1440, 900)
    bench.settle()
    assert bench.page.drive.step.text() == "Step"


@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST])
def test_it_is_painted_in_every_theme_and_size(bench: Bench, choice: ThemeChoice) -> None:
    bench.ready()
    bench.play()
    bench.workbench.theme.choose(choice)
    bench.workbench.theme.set_zoom(1.6)
    for tab in (BYTES_TAB, ATTESTATION_TAB):
        bench.page.show_bench(tab)
        bench.page.parts.show_part(ALL)
        assert not bench.window.grab().isNull()
