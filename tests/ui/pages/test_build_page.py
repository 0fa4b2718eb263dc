"""The Build page, driven as a person drives it: dropping files, typing, clicking."""

from __future__ import annotations

import json
import random
import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from seworkbench.checks import Verdict
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.errors import SeError
from seworkbench.files import AtomicFile
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.image_file import open_image
from seworkbench.image.recipe import Host, Recipe, load_recipe
from seworkbench.image.verify import verify_image
from seworkbench.secret import Secret
from seworkbench.ui import window as window_module
from seworkbench.ui.pages.build import hosts_card, input_cards, keys_card, output_bar
from seworkbench.ui.pages.build import page as page_module
from seworkbench.ui.pages.build.commands_card import LIBVIRT, OURS, QEMU, ZIPL
from seworkbench.ui.pages.build.inputs import read_document
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.build.rules import (
    BACKUP,
    DUMP,
    ENCRYPTION,
    EXTENSION_SECRET,
    HMAC_KEYS,
    SWITCHES,
    UPDATE,
    Switch,
    doubtful_keys,
    room_text,
)
from seworkbench.ui.pages.build.side import map_regions
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.pages.trust.session import TrustSession
from seworkbench.ui.theme import ThemeChoice
from seworkbench.ui.window import MainWindow
from seworkbench.ui.workbench import Workbench

from ..desk import listed  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

DATA = Path(__file__).parents[2] / "data" / "interop"
IMAGES = DATA / "images"
PKI = DATA / "pki"
REASON = "a rehearsal; checked by phone"
PATIENCE = 30_000
# What proves whose key is in host1.crt and host2.crt.
PROOF = ("root.crt", "inter.crt", "sign.crt", "root.crl", "inter.crl", "host.crl")


class Bench:
    """The window with the Build page, and a folder to work in."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.workbench = Workbench(folder / "settings.json")
        self.workbench.theme.choose(ThemeChoice.LIGHT)
        self.trust = TrustSession(self.workbench.jobs, self.workbench)
        self.page = BuildPage(self.workbench, self.trust)
        self.window = MainWindow(self.workbench, [listed(self.page), listed(TrustPage(self.workbench, self.trust))])
        self.workbench.setParent(self.window)
        self.draft = self.page.draft
        self.output = folder / "guest.img"
        self.ramdisk = folder / "initrd"
        self.ramdisk.write_bytes(b"070701" + bytes(9000))
        qtbot.addWidget(self.window)
        self.window.show()

    def drop(self, *paths: Path) -> None:
        """Drop files onto the window and wait until they are read."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        at, copy = QPointF(400, 300), Qt.DropAction.CopyAction
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self.window.dropEvent(QDropEvent(at, copy, data, buttons, keys))
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs."""
        judging = self.page.verdicts.judging
        self.qtbot.waitUntil(
            lambda: not (self.workbench.jobs.running or self.trust.busy or judging.busy), timeout=PATIENCE
        )

    def trust_in(self, *names: str) -> None:
        """Import into the workspace of the Trust page."""
        if self.trust.workspace is None:
            self.trust.open(None)
            self.settle()
        for name in names:
            self.trust.import_path(PKI / name)
        self.settle()

    def fill(self) -> None:
        """Everything that a build needs."""
        self.drop(IMAGES / "kernel", self.ramdisk, IMAGES / "cmdline", PKI / "host1.crt")
        self.type_into(self.page.output.path, str(self.output))
        self.type_into(self.page.hosts.rows[0].reason, REASON)

    def type_into(self, field: QLineEdit | QPlainTextEdit, text: str) -> None:
        """Replace what is in a field by typing."""
        field.setFocus()
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)

    def click(self, button: QAbstractButton | None) -> None:
        """Click a button that can be clicked."""
        assert button is not None
        assert button.isEnabled()
        button.click()
        QApplication.processEvents()

    def link(self, where: QWidget | None, text: str) -> QPushButton:
        """The link of that text."""
        assert where is not None
        # A layout shows what is new, and what is old goes, when the event loop comes round.
        QApplication.processEvents()
        return next(made for made in where.findChildren(QPushButton) if made.text() == text and made.isVisible())

    def turn(self, switch: Switch) -> None:
        """Flip a switch with the keyboard."""
        QTest.keyClick(self.page.protection.rows[switch.name].button, Qt.Key.Key_Space)

    def build(self) -> None:
        """Build and wait for the end."""
        assert self.reasons == ""
        self.click(self.page.output.build)
        self.qtbot.waitUntil(lambda: self.page.job is None, timeout=PATIENCE)

    @property
    def reasons(self) -> str:
        """Why the button cannot be pressed."""
        return self.page.output.reasons.text()

    def ready(self) -> bool:
        """Whether the button can be pressed."""
        return self.page.output.build.isEnabled()

    def header_key(self) -> HeaderKey:
        """The header key that was saved."""
        return HeaderKey(Secret((self.folder / "guest.img.hdr-key").read_bytes()))


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # A question in a dialog of its own would wait for ever.
    monkeypatch.setattr(window_module, "confirm", lambda *_: True)
    made = Bench(qtbot, tmp_path)
    yield made
    made.window.close()


def test_an_empty_page_says_what_it_is_for_and_what_is_missing(bench: Bench) -> None:
    assert bench.page._intro.isVisible()
    assert not bench.ready()
    assert "Add a kernel." in bench.reasons
    assert "host key document" in bench.reasons
    assert not bench.page.actions_of_page()[0].possible()


def test_dropped_files_go_where_they_belong_and_an_accepted_image_is_built(bench: Bench) -> None:
    bench.fill()
    page = bench.page
    assert page.inputs.kernel.file.whole == "kernel"
    assert "128 bytes" in page.inputs.kernel.detail.text()
    assert page.inputs.ramdisk.detail.text()
    assert page.inputs.line.count.text() == "33\u2009/\u2009128 with NUL"
    assert page.hosts.rows[0].phkh.whole.startswith("Host key hash ")
    assert page.hosts.rows[0].chip.verdict is Verdict.NOT_CHECKED
    assert bench.ready()
    assert page.output.unchecked.text == "1 key not checked"
    bench.build()
    with open_image(bench.output) as image:
        inputs = {ComponentKind.KERNEL: IMAGES / "kernel", ComponentKind.RAMDISK: bench.ramdisk}
        assert verify_image(image, bench.header_key(), inputs=inputs).check.verdict is Verdict.PASSED
        machine = HostPrivateKey(host_private_key((PKI / "host1.key").read_bytes()))
        assert verify_image(image, machine).check.verdict is Verdict.PASSED
    assert page.side.result.chip.verdict is Verdict.PASSED
    assert page._built.isVisible()
    assert page.error.isHidden()


def test_the_build_record_holds_the_reason_and_no_secret(bench: Bench) -> None:
    bench.fill()
    bench.build()
    record = json.loads((bench.folder / "guest.img.build.json").read_text())
    assert record["hosts"][0]["reason_for_using_it_unverified"] == REASON
    assert record["hosts"][0]["verdict"] == "not checked"
    assert record["verification"]["verdict"] == "passed"
    assert record["image"]["sha256"]
    text = json.dumps(record) + "".join(message.text for message in bench.workbench.messages)
    for name in ("hdr-key", "image-key", "cck"):
        path = bench.folder / f"guest.img.{name}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes().hex() not in text


def test_ctrl_enter_builds(bench: Bench) -> None:
    bench.fill()
    bench.window.actions_table.refresh()
    bench.window.actions_table.run("build.build")
    bench.qtbot.waitUntil(lambda: bench.page.job is None and bench.output.exists(), timeout=PATIENCE)
    assert bench.window.actions_table.qt("build.build").shortcut().toString() == "Ctrl+Return"


def test_a_typed_command_line_reaches_the_image_and_leaves_no_file(bench: Bench) -> None:
    bench.fill()
    bench.type_into(bench.page.inputs.line.editor, "root=/dev/vda2 quiet")
    assert bench.page.inputs.line.file.whole == "typed here"
    bench.build()
    assert bench.page._private is None
    with open_image(bench.output) as image:
        contents = verify_image(image, bench.header_key()).contents
    assert contents is not None
    sizes = {part["kind"]: part["size"] for part in contents.to_json()["components"]}
    assert sizes["command line"] == len("root=/dev/vda2 quiet") + 1


def test_too_long_a_command_line_disables_the_button_and_says_why(bench: Bench) -> None:
    bench.fill()
    bench.type_into(bench.page.inputs.line.editor, "x" * 127)
    assert bench.ready()
    bench.type_into(bench.page.inputs.line.editor, "x" * 128)
    assert not bench.ready()
    assert "129 bytes with the closing NUL are more than the kernel takes (128)" in bench.reasons
    assert bench.page.inputs.line.findings.isVisible()


def test_a_final_line_break_is_warned_of_and_removed_by_its_link(bench: Bench) -> None:
    bench.fill()
    row = bench.page.inputs.line
    assert any(check.verdict is Verdict.WARNING for check in bench.draft.line_checks())
    bench.click(bench.link(row.findings, "Remove"))
    assert bench.draft.line == (IMAGES / "cmdline").read_bytes().rstrip(b"\n")
    assert not row.findings.isVisible()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"root=/dev/vda1\0quiet", "NUL inside"),
        ("root=/dev/vda1 quiet\u2013now".encode(), "outside ASCII"),
        (b"rdinit=/bin/bash", "without a password"),
        (b"a\nb", "line break"),
    ],
)
def test_command_line_warnings_stand_under_the_editor(bench: Bench, content: bytes, says: str) -> None:
    bench.fill()
    path = bench.folder / "line"
    path.write_bytes(content)
    bench.draft.load_line(path)
    bench.settle()
    assert bench.draft.line == content
    shown = [check.reason for check in bench.draft.line_checks() if check.verdict is not Verdict.PASSED]
    assert any(says in reason for reason in shown)
    assert bench.page.inputs.line.findings.isVisible()
    assert bench.ready()


def test_the_file_is_used_as_it_is_until_the_text_is_changed(bench: Bench) -> None:
    bench.fill()
    assert bench.draft.recipe().command_line == IMAGES / "cmdline"
    path = bench.folder / "latin"
    path.write_bytes(b"quiet \xe9")
    bench.draft.load_line(path)
    bench.settle()
    # Bytes that are no text cannot be edited as text.
    assert bench.page.inputs.line.editor.isReadOnly()
    assert bench.draft.recipe().command_line == path


def test_a_host_key_needs_a_reason(bench: Bench) -> None:
    bench.fill()
    bench.type_into(bench.page.hosts.rows[0].reason, "   ")
    assert not bench.ready()
    assert "write why you use it anyway" in bench.reasons


def test_a_host_key_whose_chain_is_proven_needs_no_reason(bench: Bench) -> None:
    bench.trust_in(*PROOF)
    bench.drop(IMAGES / "kernel", bench.ramdisk, IMAGES / "cmdline", PKI / "host1.crt")
    bench.type_into(bench.page.output.path, str(bench.output))
    row = bench.page.hosts.rows[0]
    assert row.chip.verdict is Verdict.PASSED
    assert row.reason.isHidden()
    assert "chain of trust is proven" in row.why.text()
    assert bench.ready()
    assert bench.page.output.unchecked.isHidden()
    # "Ready to build with" says with what, or is not there.
    assert bench.page.output.ready.isHidden() is bench.page.output.warnings.isHidden()
    bench.build()
    host = json.loads((bench.folder / "guest.img.build.json").read_text())["hosts"][0]
    assert host["verdict"] == "passed"
    assert "reason_for_using_it_unverified" not in host
    assert bench.page.side.result.unchecked.isHidden()


def test_a_revoked_host_key_stays_out_until_a_reason_is_written_that_is_kept(bench: Bench) -> None:
    bench.trust_in(*PROOF)
    bench.drop(IMAGES / "kernel", bench.ramdisk, IMAGES / "cmdline", PKI / "host_revoked.crt")
    bench.type_into(bench.page.output.path, str(bench.output))
    row = bench.page.hosts.rows[0]
    assert row.chip.text == "failed: revoked"
    assert row.findings.isVisible()
    assert not bench.ready()
    bench.type_into(row.reason, REASON)
    bench.build()
    bench.settle()
    host = json.loads((bench.folder / "guest.img.build.json").read_text())["hosts"][0]
    assert (host["verdict"], host["cause"]) == ("failed", "HkdRevoked")
    assert bench.page.side.result.unchecked.text == "1 key failed"
    assert not bench.page.side.result.unchecked.isHidden()
    assert host["reason_for_using_it_unverified"] == REASON
    workspace = bench.trust.workspace
    assert workspace is not None
    entry = next(entry for entry in workspace.audit.entries() if entry.what == "image built")
    assert entry.detail["host_keys"][0]["reason_for_using_it_unverified"] == REASON


def test_what_is_imported_later_changes_the_verdict_at_once(bench: Bench) -> None:
    bench.trust_in("root.crt")
    bench.drop(PKI / "host1.crt")
    chip = bench.page.hosts.rows[0].chip
    assert chip.verdict.value == "not checked"
    bench.trust_in(*PROOF)
    assert chip.verdict.value == "passed"


def test_every_check_of_a_host_key_is_shown_in_trust(bench: Bench) -> None:
    bench.trust_in(*PROOF)
    bench.drop(PKI / "host2.crt")
    bench.click(bench.page.hosts.rows[0].to_trust)
    bench.settle()
    page = bench.window.page
    assert isinstance(page, TrustPage)
    assert page.chosen == bench.draft.hosts[0].given.facts.certificate.fingerprint  # type: ignore[union-attr]


def test_one_reason_can_be_used_for_all_machines(bench: Bench) -> None:
    bench.fill()
    bench.drop(PKI / "host2.crt")
    assert "host2.crt" in bench.reasons
    bench.click(bench.page.hosts.rows[0].share)
    assert bench.ready()
    assert bench.page.hosts.rows[1].reason.text() == REASON


def test_a_machine_can_be_removed_and_is_not_added_twice(bench: Bench) -> None:
    bench.drop(PKI / "host1.crt", PKI / "host1.crt", PKI / "host2.crt")
    assert len(bench.page.hosts.rows) == 2
    assert bench.page.hosts.room.text().startswith("Room for 42 more before")
    bench.draft.remove_host(bench.draft.hosts[0])
    assert [row.entry.given.path.name for row in bench.page.hosts.rows] == ["host2.crt"]


def test_two_documents_of_one_machine_are_pointed_out(bench: Bench) -> None:
    bench.drop(PKI / "host1.crt", PKI / "host1.der.crt")
    assert "same host key" in bench.page.hosts.room.text()


def test_the_room_for_machines_is_counted_to_the_slot_shift_and_then_to_the_end() -> None:
    assert room_text(44).startswith("Room for 0 more before the parts move up")
    assert room_text(45).startswith("Room for 50 more")


def test_the_extension_secret_excludes_the_update_and_the_link_leads_out(bench: Bench) -> None:
    bench.fill()
    bench.turn(EXTENSION_SECRET)
    assert bench.ready()
    bench.turn(UPDATE)
    assert not bench.ready()
    assert "exclude each other" in bench.reasons
    row = bench.page.protection.rows[UPDATE.name]
    assert row.conflict is not None
    bench.click(bench.link(row.conflict, "Use this one instead"))
    assert bench.ready()
    assert not bench.draft.is_on(EXTENSION_SECRET)
    assert bench.draft.is_on(UPDATE)
    assert row.conflict is None


@pytest.mark.parametrize("switch", [DUMP, EXTENSION_SECRET], ids=lambda switch: switch.name)
def test_a_flag_that_needs_the_communication_key_offers_ways_to_one(
    bench: Bench, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.fill()
    bench.click(bench.page.keys.saving)
    bench.turn(switch)
    assert not bench.ready()
    row = bench.page.protection.rows[switch.name]
    bench.click(bench.link(row.conflict, "Save the generated one"))
    assert bench.ready()
    bench.click(bench.page.keys.saving)
    assert not bench.ready()
    monkeypatch.setattr(keys_card, "ask_open", lambda *_: IMAGES / "cck.key")
    bench.click(bench.link(row.conflict, "Load a communication key…"))
    bench.settle()
    assert bench.ready()
    bench.build()
    record = json.loads((bench.folder / "guest.img.build.json").read_text())
    assert record["keys"]["cck"] == {"origin": "given"}


def test_dumping_is_also_possible_with_a_key_that_may_be_replaced(bench: Bench) -> None:
    bench.fill()
    bench.click(bench.page.keys.saving)
    bench.turn(DUMP)
    bench.click(bench.link(bench.page.protection.rows[DUMP.name].conflict, "Allow replacing it later"))
    assert bench.ready()
    assert bench.draft.is_on(UPDATE)


@pytest.mark.parametrize("way", ["Encrypt", "Do not use the loaded key"])
def test_an_image_key_and_no_encryption_exclude_each_other(bench: Bench, way: str) -> None:
    bench.fill()
    bench.drop(IMAGES / "image.key")
    bench.turn(ENCRYPTION)
    assert not bench.ready()
    bench.click(bench.link(bench.page.protection.rows[ENCRYPTION.name].conflict, way))
    assert bench.ready()


def test_flags_are_counted_and_reach_the_image(bench: Bench) -> None:
    bench.fill()
    assert bench.page.protection.detail.text() == "2 of 7 on, none differ from the default"
    bench.turn(HMAC_KEYS)
    assert bench.page.protection.detail.text() == "3 of 7 on, 1 differs from the default"
    bench.turn(BACKUP)
    bench.turn(ENCRYPTION)
    bench.build()
    record = json.loads((bench.folder / "guest.img.build.json").read_text())
    assert int(record["header"]["pcf_hex"], 16) == 0x100000F2
    assert b"S390EP" in bench.output.read_bytes()


def test_switches_are_known_to_screen_readers_and_the_keyboard(bench: Bench) -> None:
    for switch in SWITCHES:
        button = bench.page.protection.rows[switch.name].button
        face = QAccessible.queryAccessibleInterface(button)
        assert face.text(QAccessible.Text.Name) == switch.sentence
        assert face.role() == QAccessible.Role.CheckBox
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_key_file_of_the_wrong_size_is_refused_in_its_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill()
    monkeypatch.setattr(keys_card, "ask_open", lambda *_: IMAGES / "short.key")
    bench.click(bench.page.keys.rows["header"].way.buttons[keys_card.LOAD])
    bench.settle()
    assert not bench.ready()
    assert "exactly 32 bytes; the file has 31" in bench.reasons
    assert bench.page.keys.rows["header"].findings.isVisible()
    bench.click(bench.page.keys.rows["header"].way.buttons[keys_card.GENERATE])
    assert bench.ready()


def test_an_image_key_with_equal_halves_is_refused_before_the_build(bench: Bench) -> None:
    bench.fill()
    bench.drop(IMAGES / "equal.key")
    assert not bench.ready()
    assert "Image key" in bench.reasons


def test_a_dropped_key_of_32_bytes_is_asked_about(bench: Bench) -> None:
    bench.fill()
    bench.drop(IMAGES / "hdr.key")
    assert "Say which key" in bench.reasons
    bench.click(bench.link(bench.page.keys, "It is the header key"))
    bench.settle()
    assert bench.ready()
    bench.drop(IMAGES / "cck.key")
    bench.click(bench.link(bench.page.keys, "Do not use it"))
    assert bench.ready()
    assert list(bench.draft.keys) == ["header"]
    bench.build()
    with open_image(bench.output) as image:
        key = HeaderKey(Secret((IMAGES / "hdr.key").read_bytes()))
        assert verify_image(image, key).check.verdict is Verdict.PASSED


def test_choosing_no_key_file_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_card, "ask_open", lambda *_: None)
    row = bench.page.keys.rows["cck"]
    bench.click(row.way.buttons[keys_card.LOAD])
    assert row.way.buttons[keys_card.GENERATE].isChecked()


def test_an_existing_output_is_replaced_only_when_told_so(bench: Bench) -> None:
    bench.fill()
    bench.output.write_bytes(b"precious")
    bench.draft.changed.emit()
    assert not bench.ready()
    assert "existing file" in bench.reasons
    bench.click(bench.link(bench.page.output.replace, "Replace when building"))
    assert bench.ready()
    bench.click(bench.link(bench.page.output.replace, "Keep them"))
    assert not bench.ready()
    bench.click(bench.link(bench.page.output.replace, "Replace when building"))
    bench.build()
    assert bench.output.stat().st_size > 8


def test_an_image_can_be_built_again_with_its_own_keys(bench: Bench) -> None:
    bench.fill()
    bench.build()
    assert not bench.ready()
    assert "was built" in bench.reasons
    key = (bench.folder / "guest.img.hdr-key").read_bytes()
    bench.click(bench.page.output.again)
    assert "Key files of that name exist" in bench.reasons
    bench.click(bench.link(bench.page.keys, "Use these keys again"))
    bench.settle()
    bench.build()
    assert (bench.folder / "guest.img.hdr-key").read_bytes() == key
    with open_image(bench.output) as image:
        assert verify_image(image, bench.header_key()).check.verdict is Verdict.PASSED


def test_a_new_name_leaves_the_old_question_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill()
    bench.output.touch()
    bench.draft.changed.emit()
    monkeypatch.setattr(output_bar, "ask_new", lambda *_: bench.folder / "other.img")
    bench.click(bench.link(bench.page.output.replace, "Choose another name…"))
    assert bench.ready()
    assert bench.page.output.replace is None
    assert bench.page.output.path.text().endswith("other.img")


@pytest.mark.parametrize("name", ["", "no/such/folder/guest.img", ".", "a\0b/c"])
def test_a_place_that_cannot_be_saved_to_is_explained(bench: Bench, name: str) -> None:
    bench.fill()
    bench.draft.set_output(bench.folder / name if name else None)
    assert not bench.ready()
    assert bench.reasons


def test_a_document_that_changed_after_it_was_read_fails_with_a_remedy(bench: Bench) -> None:
    document = bench.folder / "host.crt"
    shutil.copy(PKI / "host1.crt", document)
    bench.drop(IMAGES / "kernel", document)
    bench.type_into(bench.page.output.path, str(bench.output))
    bench.type_into(bench.page.hosts.rows[0].reason, REASON)
    document.write_text("rubbish")
    bench.build()
    assert bench.page.error.isVisible()
    assert "no certificate" in bench.page.error.what.text()
    assert bench.page.error.remedy.text()
    assert not bench.output.exists()
    assert bench.ready()


def test_files_that_cannot_be_used_say_why(bench: Bench) -> None:
    bench.fill()
    bench.draft.set_kernel(IMAGES / "elf")
    bench.settle()
    assert not bench.ready()
    assert "ELF" in bench.reasons
    bench.draft.set_kernel(bench.folder / "missing")
    bench.settle()
    assert "Kernel: The file does not exist." in bench.reasons
    assert bench.page.inputs.kernel.findings.isVisible()
    bench.draft.set_ramdisk(bench.folder)
    bench.settle()
    assert "Ramdisk: This is a folder" in bench.reasons


def test_a_cancelled_build_leaves_nothing(bench: Bench) -> None:
    bench.fill()
    large = bench.folder / "ramdisk"
    with large.open("wb") as file:
        file.write(b"070701")
        file.truncate(1 << 30)
    bench.draft.set_ramdisk(large)
    bench.settle()
    before = sorted(path.name for path in bench.folder.iterdir())
    bench.click(bench.page.output.build)
    job = bench.page.job
    assert job is not None
    bench.qtbot.waitUntil(lambda: job.progress.total > 0, timeout=PATIENCE)
    # The page can be used meanwhile.
    assert not bench.ready()
    bench.turn(HMAC_KEYS)
    bench.click(bench.window.activity.cancel)
    bench.qtbot.waitUntil(lambda: bench.page.job is None, timeout=PATIENCE)
    assert sorted(path.name for path in bench.folder.iterdir()) == before
    assert bench.page.note.text() == "Stopped. Nothing was written."
    assert bench.ready()


def test_a_recipe_brings_everything_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill()
    bench.turn(HMAC_KEYS)
    bench.drop(IMAGES / "image.key")
    bench.type_into(bench.page.inputs.line.editor, "root=/dev/vda1")
    before = bench.draft.recipe()
    path = bench.folder / "guest.recipe.json"
    monkeypatch.setattr(page_module, "ask_save", lambda *_: path)
    monkeypatch.setattr(page_module, "ask_open", lambda *_: path)
    bench.window.actions_table.run("build.save-recipe")
    assert load_recipe(path) == before
    bench.window.actions_table.run("build.clear")
    assert bench.draft.empty
    assert bench.page._intro.isVisible()
    bench.window.actions_table.run("build.open-recipe")
    bench.settle()
    assert bench.draft.recipe() == before
    assert bench.page.hosts.rows[0].reason.text() == REASON
    assert bench.page.inputs.line.editor.toPlainText() == "root=/dev/vda1"
    assert bench.ready()


def test_a_recipe_keeps_a_pasted_certificate_beyond_the_window(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pem = (PKI / "host1.crt").read_text()
    bench.fill()
    bench.draft.remove_host(bench.draft.hosts[0])
    bench.window.open_text(pem)
    bench.settle()
    (entry,) = bench.draft.hosts
    assert bench.page.hosts.rows[0].title.text() == "Pasted certificate"
    bench.type_into(bench.page.hosts.rows[0].reason, REASON)
    path = tmp_path / "guest.recipe.json"
    monkeypatch.setattr(page_module, "ask_save", lambda *_: path)
    monkeypatch.setattr(page_module, "ask_open", lambda *_: path)
    bench.page.save_recipe()
    assert str(entry.given.path.parent) not in path.read_text()
    (kept,) = load_recipe(path).hosts
    assert (kept.document, kept.reason, kept.certificate.split()) == (None, REASON, pem.split())

    # As in another window: the private file is gone.
    bench.page.clear()
    bench.workbench.pasted.close()
    assert not entry.given.path.exists()
    bench.page.open_recipe()
    bench.settle()
    (opened,) = bench.draft.hosts
    assert (opened.given.error, opened.reason, opened.private) == (None, REASON, True)
    assert bench.draft.recipe().hosts == (kept,)
    bench.build()
    record = json.loads((bench.folder / "guest.img.build.json").read_text())
    (host,) = record["hosts"]
    assert host["document"] == "Pasted certificate"
    assert host["certificate_sha256"]


def test_a_recipe_that_names_a_pasted_key_is_not_saved(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill()
    bench.window.open_text((IMAGES / "image.key").read_bytes().hex())
    bench.settle()
    assert "image" in bench.draft.keys
    monkeypatch.setattr(page_module, "ask_save", lambda *_: bench.folder / "guest.recipe.json")
    bench.page.save_recipe()
    assert "image key was pasted" in bench.page.error.what.text()
    assert bench.page.error.isVisible()
    assert not (bench.folder / "guest.recipe.json").exists()


def test_a_recipe_whose_certificate_finds_no_place_says_so_and_brings_the_rest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = (PKI / "host1.crt").read_text()
    refusal = Mock(side_effect=SeError("The disk is full.", remedy="Free some space."))
    monkeypatch.setattr(bench.workbench.pasted, "keep", refusal)
    bench.draft.open_recipe(Recipe(kernel=IMAGES / "kernel", hosts=(Host(None, "", pem),)))
    bench.settle()
    assert bench.draft.kernel_facts is not None
    assert bench.draft.hosts == []
    assert bench.page.error.what.text() == "The disk is full."


def test_a_dropped_recipe_is_opened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill()
    before = bench.draft.recipe()
    path = bench.folder / "recipe.json"
    monkeypatch.setattr(page_module, "ask_save", lambda *_: path)
    bench.page.save_recipe()
    bench.page.clear()
    bench.drop(path)
    assert bench.draft.recipe() == before


def test_a_malformed_recipe_is_refused_in_the_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bench.folder / "recipe.json"
    path.write_text('{"seworkbench_recipe": 99}')
    bench.drop(path)
    assert "version 99" in bench.page.error.what.text()
    bench.page.error.hide()
    monkeypatch.setattr(page_module, "ask_open", lambda *_: path)
    bench.page.open_recipe()
    bench.settle()
    assert bench.page.error.isVisible()
    monkeypatch.setattr(page_module, "ask_save", lambda *_: bench.folder / "no" / "recipe.json")
    bench.page.save_recipe()
    assert "does not exist" in bench.page.error.what.text()
    monkeypatch.setattr(page_module, "ask_save", lambda *_: bench.folder / "mended.json")
    bench.page.save_recipe()
    assert not bench.page.error.isVisible(), "it is done now"
    bench.drop(path)
    assert bench.page.error.isVisible()
    bench.drop(bench.folder / "mended.json")
    assert not bench.page.error.isVisible()


def test_the_commands_follow_the_page_and_can_be_copied(bench: Bench) -> None:
    bench.fill()
    card = bench.page.commands
    assert card.text.toPlainText().splitlines()[-1].endswith(f"-o {bench.output}")
    assert "--no-verify" in card.text.toPlainText()
    assert "not checked" in card.notes.text()
    bench.click(card.build_kinds.buttons[OURS])
    assert card.text.toPlainText().startswith("seworkbench image create")
    bench.turn(HMAC_KEYS)
    assert "--enable-pckmo-hmac" in card.text.toPlainText()
    bench.click(card.copy)
    assert QGuiApplication.clipboard().text() == card.text.toPlainText() + "\n"


@pytest.mark.parametrize(("kind", "has"), [(QEMU, "s390-pv-guest"), (LIBVIRT, "<launchSecurity"), (ZIPL, "image =")])
def test_how_to_start_it_is_shown(bench: Bench, kind: str, has: str) -> None:
    bench.fill()
    card = bench.page.commands
    bench.click(card.start_kinds.buttons[kind])
    assert has in card.text.toPlainText()
    assert not any(button.isChecked() for button in card.build_kinds.buttons.values())
    assert card.notes.text()


def test_after_the_build_links_lead_on(bench: Bench) -> None:
    bench.fill()
    bench.build()
    offered: list[Any] = []
    bench.workbench.files_offered.disconnect(bench.window.open_files)
    bench.workbench.files_offered.connect(offered.append)
    bench.click(bench.link(bench.page.side, "Open in Inspect"))
    bench.click(bench.link(bench.page._built, "Open in Inspect"))
    assert offered == [[bench.output]] * 2
    bench.click(bench.link(bench.page.side, "How to start it"))
    assert bench.page.commands.kind == QEMU
    bench.click(bench.page.side.choice.buttons["plan"])
    assert bench.page.side.stack.currentIndex() == 0


def test_the_map_follows_every_change(bench: Bench) -> None:
    plan = bench.page.side.plan
    assert plan.facts["Header"].text() == "\u2013"
    bench.fill()
    assert plan.facts["Header"].text() == "640 bytes = 560 + 80 \u00d7 1 key"
    assert plan.facts["IPIB"].text() == "232 bytes = 136 + 24 \u00d7 4 parts"
    bench.drop(PKI / "host2.crt")
    assert plan.facts["Header"].text().startswith("720 bytes")
    bench.draft.set_ramdisk(None)
    assert plan.facts["IPIB"].text().startswith("208 bytes")
    layout = bench.draft.plan()
    assert layout is not None
    regions = map_regions(layout, encrypted=True)
    assert [region.name for region in regions][-4:] == ["kernel", "cmdline", "stage3b", "IPIB"]
    assert regions[-1].end == layout.file_size


def test_a_record_that_cannot_be_written_is_told_and_can_be_saved_elsewhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.fill()
    full = bench.folder / "guest.img.build.json"

    def on_a_full_disk(path: Path, *, replace: bool = False) -> AtomicFile:
        if path == full:
            raise SeError("The disk is full.", where=str(path), remedy="Free some space or choose another folder.")
        return AtomicFile(path, replace=replace)

    monkeypatch.setattr(page_module, "AtomicFile", on_a_full_disk)
    bench.build()
    assert bench.output.exists()
    assert bench.page.error.what.text() == f"{full}: The disk is full."
    again = bench.page.side.result.save_record
    assert again.isVisible()
    other = bench.folder / "other.build.json"
    monkeypatch.setattr(page_module, "ask_new", lambda *_: other)
    bench.click(again)
    record = json.loads(other.read_text())
    assert record["image"]["path"] == str(bench.output)
    assert record["verification"]["verdict"] == "passed"
    assert not bench.page.error.isVisible()
    assert not again.isVisible()


def test_files_chosen_in_dialogs_are_routed_like_dropped_ones(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_cards, "ask_open_many", lambda *_: [IMAGES / "kernel"])
    monkeypatch.setattr(hosts_card, "ask_open_many", lambda *_: [PKI / "host1.crt"])
    monkeypatch.setattr(input_cards, "ask_open", lambda *_: IMAGES / "ramdisk")
    bench.page.inputs.add_files()
    bench.page.hosts.add_documents()
    bench.click(bench.page.inputs.ramdisk.choose)
    bench.settle()
    assert bench.page.inputs.kernel.file.whole == "kernel"
    assert bench.page.inputs.ramdisk.file.whole == "ramdisk"
    assert len(bench.draft.hosts) == 1
    bench.click(bench.page.inputs.kernel.remove)
    assert bench.draft.kernel is None


def test_narrow_and_wide_windows_show_everything(bench: Bench) -> None:
    bench.fill()
    area = bench.page.area
    content = bench.page.commands.parentWidget()
    assert content is not None
    for width, height in ((1024, 640), (1440, 900), (1920, 1080)):
        bench.window.resize(width, height)
        # Layouts settle one level at a time.
        bench.qtbot.waitUntil(lambda: content.minimumSizeHint().width() <= area.viewport().width(), timeout=PATIENCE)


class _Walk:
    """A person with no plan: presses, types, drops, in any order."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.chance = random.Random(308)  # noqa: S311 - a repeatable walk, no secret
        images = ("kernel", "elf", "ramdisk", "cmdline", "cmdline_nul", "cck.key", "image.key", "empty")
        documents = ("host1.crt", "host2.crt", "host_expired.crt", "garbage.crt")
        # Copies: an image is saved beside its inputs unless another place is named.
        given = bench.folder / "given"
        given.mkdir()
        originals = [bench.ramdisk, *(IMAGES / name for name in images), *(PKI / name for name in documents)]
        self.files = [Path(shutil.copy(path, given)) for path in originals]
        self.outputs = [bench.output, bench.folder, bench.folder / "b.img", None]
        self.events = [self.press] * 3 + [self.write, self.hand_over, self.hand_over, self.restyle, self.place]

    def file(self, *_: object) -> Path | None:
        return self.chance.choice([*self.files, None])

    def some_files(self, *_: object) -> list[Path]:
        return self.chance.sample(self.files, 2)

    def output(self, *_: object) -> Path | None:
        return self.chance.choice(self.outputs)

    def folder(self, *_: object) -> Path | None:
        return self.chance.choice([self.bench.folder / "keys", None])

    def press(self) -> None:
        self.bench.window.show_page(self.bench.page.NAME)  # a link may have led away
        found = [*self.bench.page.findChildren(QAbstractButton), *self.bench.page.side.findChildren(QAbstractButton)]
        self.chance.choice([button for button in found if button.isVisible() and button.isEnabled()]).click()

    def write(self) -> None:
        editor = self.bench.page.inputs.line.editor
        # Keys send ASCII only; whatever else there is comes in by pasting.
        if self.chance.random() < 0.2:
            editor.insertPlainText(self.chance.choice(["\u00e9", "\u2028", "a\nb", "\U0001f511"]))
            return
        lines = [field for field in self.bench.page.findChildren(QLineEdit) if field.isVisible()]
        QTest.keyClicks(self.chance.choice([*lines, editor]), self.chance.choice(["a", "root=/dev/vda1 ", "/", "why"]))

    def hand_over(self) -> None:
        self.bench.window.open_files([self.chance.choice(self.files)])

    def restyle(self) -> None:
        if self.chance.random() < 0.2:
            self.bench.workbench.theme.choose(self.chance.choice(list(ThemeChoice)))
        self.bench.window.resize(self.chance.randint(1024, 1600), self.chance.randint(640, 1000))

    def place(self) -> None:
        self.bench.draft.set_output(self.output())


def test_300_random_events_raise_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.trust_in()
    walk = _Walk(bench)
    monkeypatch.setattr(input_cards, "ask_open", walk.file)
    monkeypatch.setattr(keys_card, "ask_open", walk.file)
    monkeypatch.setattr(input_cards, "ask_open_many", walk.some_files)
    monkeypatch.setattr(hosts_card, "ask_open_many", walk.some_files)
    monkeypatch.setattr(keys_card, "ask_folder", walk.folder)
    monkeypatch.setattr(output_bar, "ask_new", walk.output)
    monkeypatch.setattr(page_module, "ask_save", lambda *_: bench.folder / "walk.recipe.json")
    monkeypatch.setattr(page_module, "ask_open", lambda *_: bench.folder / "walk.recipe.json")
    for _ in range(300):
        walk.chance.choice(walk.events)()
        QApplication.processEvents()
    for job in list(bench.workbench.jobs.running):
        job.cancel()
    bench.settle()


def test_of_several_keys_without_a_reason_the_worst_is_named_with_its_verdict(bench: Bench) -> None:
    bench.trust_in(*PROOF)
    bench.drop(IMAGES / "kernel", PKI / "host_expired.crt", PKI / "host_revoked.crt", PKI / "host1.crt")
    verdicts = {host.title: host.verdict for host in bench.draft.hosts}
    assert verdicts["host_revoked.crt"] is Verdict.FAILED
    assert verdicts["host1.crt"] is Verdict.PASSED
    worst = next(host.title for host in bench.draft.hosts if host.verdict is Verdict.FAILED)
    assert f"{worst} and 1 more: failed; write why you use it anyway." in bench.reasons


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([], None),
        ([Verdict.PASSED] * 3, None),
        ([Verdict.PASSED, Verdict.NOT_CHECKED], (Verdict.NOT_CHECKED, "1 key not checked")),
        ([Verdict.NOT_CHECKED, Verdict.FAILED] * 2, (Verdict.FAILED, "2 keys failed, 2 not checked")),
        ([Verdict.WARNING, Verdict.NOT_CHECKED], (Verdict.NOT_CHECKED, "1 key not checked, 1 warning")),
    ],
)
def test_keys_are_counted_by_what_is_known_of_them(verdicts: list[Verdict], said: tuple[Verdict, str] | None) -> None:
    assert doubtful_keys(verdicts) == said


def test_keys_that_passed_are_not_called_not_checked_before_the_build(bench: Bench) -> None:
    bench.trust_in(*PROOF)
    bench.fill()
    assert bench.ready()
    assert not bench.page.output.unchecked.isVisible()


# --- narrow windows and large text


@pytest.mark.parametrize("state", ["empty", "full", "built"])
def test_nothing_is_cut_off_at_the_side_of_a_narrow_page_with_large_text(bench: Bench, state: str) -> None:
    bench.workbench.theme.set_zoom(1.5)
    bench.window.resize(1024, 640)
    if state != "empty":
        bench.fill()
    if state == "built":
        bench.build()
    page = bench.page
    for _ in range(10):
        QApplication.processEvents()
    content = page.area.widget()
    assert content is not None
    assert content.width() <= page.area.viewport().width()
    cut = [
        part.text()
        for part in page.findChildren(QAbstractButton)
        if part.isVisible() and part.text() and part.width() < part.minimumSizeHint().width()
    ]
    assert cut == []
    for button in page.findChildren(QPushButton):
        assert button.text() or button.accessibleName(), "an icon alone has a name"
    bench.workbench.theme.set_zoom(1.0)
    bench.window.resize(1440, 900)
    for _ in range(10):
        QApplication.processEvents()
    assert page.output.build.text() == "Build image   Ctrl Enter"
    assert bench.link(page, "Save recipe…").isVisible()


def test_demonstration_files_are_put_in_for_whoever_has_none(bench: Bench) -> None:
    bench.page.load_demonstration()
    bench.settle()
    draft = bench.draft
    assert draft.kernel is not None
    assert draft.kernel.path.name == "vmlinuz-SIMULATED"
    assert draft.ramdisk is not None
    assert draft.ramdisk.path.name == "initrd-SIMULATED.img"
    assert draft.line == b"root=/dev/vda1 console=ttysclp0 quiet simulated=1"
    assert draft.hosts == []


def test_how_long_a_document_is_valid_is_said_as_everywhere() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    facts = read_document(PKI / "host1.crt")
    for end, text in (
        (now + timedelta(days=12), "valid until 2026-12-06 (in 12 days)"),
        (now + timedelta(days=1), "valid until 2026-11-25 (in 1 day)"),
        (now + timedelta(days=3653), "valid until 2036-11-24 (in 10 years)"),
        (now - timedelta(days=3), "expired on 2026-11-21, 3 days ago"),
    ):
        assert hosts_card.validity_text(replace(facts, not_before=now - timedelta(days=99), not_after=end), now) == text
    assert hosts_card.validity_text(facts, facts.not_before - timedelta(days=1)).startswith("not valid before ")
