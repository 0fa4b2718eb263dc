"""The Inspect page, driven as a person drives it: dropping files, typing, clicking."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.widgets.basic import IconButton
from seworkbench.workspace.images import INSPECTED

# The tests of a folder form a package; the desk stands in the folder above.
from ..desk import FIRST_COMPONENT, HEADER, INPUTS, PKI, Desk, tampered, wait_until  # noqa: TID252

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.ui.pages.inspect.find_bar import FindBar

PASSED, FAILED, WARNING, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED
GIB = 1 << 30


def verdict_of(desk: Desk, check_id: str) -> Verdict:
    """The verdict of a check as the page has it."""
    assert desk.inspect.checklist.check is not None
    found = desk.inspect.checklist.check.find(check_id)
    assert found is not None, check_id
    return found.verdict


def selected_name(desk: Desk) -> str:
    """Name of the field that is selected in the tree."""
    field = desk.inspect.tree.selected_field
    assert field is not None
    return field.name


# --- opening


def test_the_empty_page_says_what_it_is_for_and_opens_a_chosen_file(desk: Desk) -> None:
    desk.window.show_page("inspect")
    assert desk.inspect.empty.isVisible()
    assert not desk.inspect.body.isVisible()
    desk.dialogs.file = str(desk.images.get("default"))
    desk.click(desk.inspect.empty, "Open a file…")
    assert desk.inspect.title.text() == "default.img"
    assert not desk.inspect.empty.isVisible()


def test_a_dropped_image_is_shown_and_verified_as_far_as_it_can_be_without_a_key(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    assert desk.inspect.title.text() == "default.img"
    assert desk.inspect.subtitle.text() == "SE boot image, 184 KiB, opened read-only"
    found, digests, authenticity, slots = desk.facts()
    assert found == (PASSED, "Header found by the image metadata at 0xc000", "At 0x14000")
    assert digests == (PASSED, "Digests recomputed: PLD, ALD, TLD and page count match", "25 pages")
    assert authenticity[0] is NOT_CHECKED
    assert "header key" in authenticity[2]
    assert slots == (NOT_CHECKED, "1 key slot, for machines not known here", "Drop host key documents to compare")
    assert desk.inspect.checklist.check is not None
    assert desk.inspect.checklist.check.verdict is PASSED
    assert verdict_of(desk, "image.access.header-tag") is NOT_CHECKED
    assert not desk.inspect.opened.isEnabled()
    assert desk.error() == ""


def test_a_fact_leads_to_its_check_by_click_and_by_keyboard(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    card = desk.inspect.strip.cards[1]
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    assert desk.inspect.checklist.isVisible()
    assert desk.inspect.checklist.selected is not None
    assert desk.inspect.checklist.selected.id == "image.digest"
    QTest.keyClick(desk.inspect.strip.cards[2], Qt.Key.Key_Return)
    assert desk.inspect.checklist.selected.id == "image.access.header-tag"


def test_a_bare_header_is_shown_without_components(desk: Desk) -> None:
    image = desk.images.get("default").read_bytes()
    header = desk.folder / "guest.hdr"
    header.write_bytes(image[HEADER : HEADER + 640])
    desk.open(header)
    assert desk.inspect.subtitle.text() == "SE header, 640 bytes, opened read-only"
    assert [fact[1] for fact in desk.facts()[:2]] == ["A bare SE header", "No components to check"]
    assert not desk.inspect.contents.extract.isEnabled()
    desk.drop(INPUTS / "hdr.key")
    assert desk.inspect.subtitle.text().endswith("unlocked")
    assert desk.facts()[2][0] is PASSED


def test_a_saved_header_is_the_header_of_the_image(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    saved = desk.folder / "out.hdr"
    desk.dialogs.file = str(saved)
    desk.window.actions_table.run("inspect.header")
    assert saved.read_bytes() == desk.images.get("default").read_bytes()[HEADER : HEADER + 640]
    desk.open(saved)
    assert desk.facts()[0][1] == "A bare SE header"


def test_a_header_that_cannot_be_saved_is_told(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.dialogs.file = str(desk.folder / "no" / "such" / "folder.hdr")
    desk.window.actions_table.run("inspect.header")
    assert desk.error()
    desk.dialogs.file = str(desk.folder / "out.hdr")
    desk.window.actions_table.run("inspect.header")
    assert desk.error() == "", "it is done now"


def test_garbage_is_not_opened_and_the_reason_is_listed(desk: Desk) -> None:
    garbage = desk.folder / "garbage.img"
    garbage.write_bytes(bytes(range(1, 256)) * 100)
    desk.window.show_page("inspect")
    desk.drop(garbage)
    assert desk.inspect.empty.isVisible()
    assert desk.messages[-1].startswith("garbage.img: Nothing this program works with")
    assert desk.window.messages.isVisible()


def test_a_file_cut_off_inside_its_header_is_refused_with_the_reason_and_the_page_stays_usable(desk: Desk) -> None:
    cut = desk.folder / "cut.img"
    cut.write_bytes(desk.images.get("default").read_bytes()[: HEADER + 100])
    desk.open(cut)
    assert desk.error()
    assert desk.inspect.empty.isVisible()
    assert not desk.inspect.body.isVisible()
    desk.open(desk.images.get("default"))
    assert desk.error() == ""
    assert desk.facts()[1][0] is PASSED


def test_a_refused_file_leaves_the_open_one_as_it_was(desk: Desk) -> None:
    cut = desk.folder / "cut.img"
    cut.write_bytes(desk.images.get("default").read_bytes()[: HEADER + 100])
    desk.open(desk.images.get("default"))
    before = desk.facts()
    desk.open(cut)
    assert "cut.img" in desk.error()
    assert desk.inspect.title.text() == "default.img"
    assert desk.facts() == before


def test_another_image_may_be_opened_while_one_is_verified(desk: Desk) -> None:
    desk.window.open_files([desk.images.large()])
    wait_until(lambda: desk.inspect.session.reading, "the verification to begin")
    desk.open(desk.images.get("two_hosts"))
    assert desk.inspect.title.text() == "two_hosts.img"
    assert desk.facts()[1][0] is PASSED
    assert "2 key slots" in desk.facts()[3][1]


def test_a_cancelled_verification_says_so_and_can_be_made_again(desk: Desk) -> None:
    desk.window.open_files([desk.images.large()])
    wait_until(lambda: desk.inspect.session.reading, "the verification to begin")
    assert desk.facts()[1][1] == "Digests are being recomputed"
    while desk.window.workbench.jobs.running:
        desk.window.activity.cancel.click()
        QTest.qWait(10)
    assert desk.facts()[1][1] == "Digests were not recomputed"
    desk.press("F5")
    assert desk.facts()[1][1] == "Digests are being recomputed"
    desk.window.activity.cancel.click()
    desk.settle()


def test_two_files_opened_in_a_row_end_with_the_second(desk: Desk) -> None:
    desk.window.open_files([desk.images.get("two_hosts"), desk.images.get("default")])
    desk.settle()
    assert desk.inspect.title.text() == "default.img"
    assert "1 key slot" in desk.facts()[3][1]


def test_an_image_of_8_gib_opens_and_its_last_byte_is_reached(desk: Desk) -> None:
    huge = desk.folder / "huge.img"
    shutil.copyfile(desk.images.get("default"), huge)
    os.truncate(huge, 8 * GIB)
    desk.window.open_files([huge])
    wait_until(lambda: desk.inspect.session.inspection is not None, "the first look")
    assert "8.0 GiB" in desk.inspect.subtitle.text()
    desk.press("Ctrl+G")
    desk.inspect.find_bar.line.setText(hex(8 * GIB - 1))
    desk.inspect.find_bar.line.returnPressed.emit()
    assert desk.inspect.hex.selection[0] == 8 * GIB - 1
    for job in list(desk.window.workbench.jobs.running):
        job.cancel()
    desk.settle()


# --- unlocking


def test_the_header_key_opens_the_header_and_everything_is_checked(desk: Desk) -> None:
    desk.open_unlocked()
    assert desk.inspect.subtitle.text().endswith(", unlocked")
    assert desk.facts()[2] == (PASSED, "Authenticity proven: the header opens", "GCM tag")
    assert desk.inspect.checklist.check is not None
    assert desk.inspect.checklist.check.verdict is not FAILED
    assert verdict_of(desk, "image.access.header-tag") is PASSED
    assert desk.inspect.opened.isChecked()
    desk.inspect.show_side("contents")
    assert desk.inspect.contents.extract.isEnabled()


def test_as_the_machine_the_header_opens_too(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.drop(PKI / "host1.key")
    assert desk.facts()[2][0] is PASSED
    assert verdict_of(desk, "image.access.slot") is PASSED


@pytest.mark.parametrize("key", ["a header key of another image", "the key of another machine"])
def test_a_wrong_key_is_told_and_nothing_changes(desk: Desk, key: str) -> None:
    desk.open(desk.images.get("default"))
    before = desk.facts(), desk.inspect.subtitle.text(), selected_name(desk)
    wrong = PKI / "host2.key"
    if key == "a header key of another image":
        wrong = desk.folder / "other.key"
        wrong.write_bytes(bytes(range(100, 132)))
    desk.drop(wrong)
    assert desk.error()
    assert (desk.facts(), desk.inspect.subtitle.text(), selected_name(desk)) == before
    assert desk.inspect.session.access is None
    assert not desk.inspect.opened.isEnabled()
    assert wrong.read_bytes().hex() not in " ".join(desk.messages)


def test_a_key_may_be_chosen_in_a_dialog(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.dialogs.file = str(INPUTS / "hdr.key")
    desk.press("Ctrl+U")
    desk.settle()
    assert desk.facts()[2][0] is PASSED


def test_locking_again_hides_what_the_key_showed(desk: Desk) -> None:
    desk.open_unlocked()
    assert desk.inspect.session.inspection is not None
    desk.window.actions_table.run("inspect.lock")
    desk.settle()
    assert desk.facts()[2][0] is NOT_CHECKED
    assert desk.inspect.session.inspection.content is None
    assert desk.inspect.session.access is None
    assert not desk.inspect.opened.isEnabled()


def test_opened_bytes_and_stored_bytes_are_told_apart(desk: Desk) -> None:
    desk.open_unlocked()
    stored = desk.images.get("default").read_bytes()[HEADER + 0x1F0 : HEADER + 0x1F0 + 16]
    field = desk.inspect.session.inspection.tree.find("SeHeaderV1", "encrypted")  # type: ignore[union-attr]
    assert field is not None
    desk.click(desk.inspect, "As stored")
    desk.inspect.hex.select(HEADER + 0x1F0, 16)
    assert desk.inspect.hex.selected_bytes() == stored
    desk.click(desk.inspect, "Opened")
    desk.inspect.hex.select(HEADER + 0x1F0, 16)
    assert desk.inspect.hex.selected_bytes() != stored


# --- machines


def test_a_host_key_document_marks_the_slot_as_known(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.drop(PKI / "host1.crt")
    assert desk.window.page is desk.inspect
    assert desk.facts()[3] == (PASSED, "The key slot matches a known machine", "host1.crt")


def test_a_slot_of_an_unknown_machine_is_pointed_out(desk: Desk) -> None:
    desk.open(desk.images.get("two_hosts"))
    desk.drop(PKI / "host1.crt")
    verdict, sentence, detail = desk.facts()[3]
    assert verdict is WARNING
    assert sentence == "1 of 2 key slots match known machines"
    assert detail.endswith("is not known")
    desk.drop(PKI / "host2.crt")
    assert desk.facts()[3] == (PASSED, "All 2 key slots match known machines", "host1.crt, host2.crt")


def test_the_key_hash_file_of_a_machine_marks_its_slot(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    inspection = desk.inspect.session.inspection
    assert inspection is not None
    hashes = desk.folder / "uv-keys"
    held = [inspection.header.keyslots[0].phkh, *[bytes(32)] * 14]
    hashes.write_text("".join(f"{line.hex()}\n" for line in held))
    desk.drop(hashes)
    assert desk.facts()[3][0] is PASSED
    assert desk.facts()[3][2] == "uv-keys"


# --- tampering


@pytest.mark.parametrize(
    ("offset", "failing"),
    [
        (FIRST_COMPONENT + 5000, "image.digest.pld"),
        (HEADER + 0x0E0, "image.digest.pld"),
        (HEADER + 0x120, "image.digest.ald"),
        (HEADER + 0x160, "image.digest.tld"),
        (HEADER + 0x037, "image.digest.nep"),
    ],
)
def test_a_tampered_image_is_caught_and_the_failing_check_is_open(desk: Desk, offset: int, failing: str) -> None:
    desk.open(tampered(desk.images.get("default"), desk.folder, offset))
    verdict, sentence, _ = desk.facts()[1]
    assert verdict is FAILED
    assert sentence == "The components are not those of the header"
    assert verdict_of(desk, failing) is FAILED
    assert desk.inspect.checklist.check is not None
    assert desk.inspect.checklist.check.verdict is FAILED
    QTest.mouseClick(desk.inspect.strip.cards[1], Qt.MouseButton.LeftButton)
    assert failing in desk.inspect.checklist.opened()
    assert desk.messages[-1].endswith("verification failed.")


def test_a_tampered_header_does_not_open_with_the_right_key(desk: Desk) -> None:
    desk.open(tampered(desk.images.get("default"), desk.folder, HEADER + 0x03F))
    desk.drop(INPUTS / "hdr.key")
    assert "tag" in desk.error() or "key" in desk.error()
    assert desk.facts()[2][0] is not PASSED


def test_verifying_again_sees_what_changed_on_disk(desk: Desk) -> None:
    path = tampered(desk.images.get("default"), desk.folder, FIRST_COMPONENT, bits=0)
    desk.open(path)
    assert desk.facts()[1][0] is PASSED
    with path.open("r+b") as file:
        file.seek(FIRST_COMPONENT)
        file.write(b"\xff\xff\xff\xff")
    desk.press("F5")
    desk.settle()
    assert desk.facts()[1][0] is FAILED


# --- one selection everywhere


def test_a_field_chosen_in_the_tree_is_marked_in_bytes_map_curve_and_side(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.tree.setFocus()
    QTest.keyClick(desk.inspect.tree, Qt.Key.Key_Down)
    field = desk.inspect.tree.selected_field
    assert field is not None
    assert field.name == "version"
    assert desk.inspect.hex.selection == (field.offset, field.length)
    assert desk.inspect.map.marked == field.offset
    assert desk.inspect.curve.marked == field.offset
    assert desk.inspect.details.field is field


def test_a_byte_chosen_by_keyboard_in_the_bytes_selects_its_field(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.hex.select(HEADER + 0x10, 1)
    assert selected_name(desk) == "iv"
    desk.inspect.hex.setFocus()
    QTest.keyClick(desk.inspect.hex, Qt.Key.Key_Down)
    assert selected_name(desk) == "nks"
    assert desk.inspect.details.field is desk.inspect.tree.selected_field
    assert desk.inspect.map.marked == HEADER + 0x20


def test_a_click_into_the_map_leads_to_the_part(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.hex.go_to(0)
    places = [
        QPoint(x, y)
        for y in range(0, desk.inspect.map.height(), 5)
        for x in range(0, desk.inspect.map.width(), 20)
        if (desk.inspect.map.hit(QPoint(x, y).toPointF()) or 0) > FIRST_COMPONENT
    ]
    QTest.mouseClick(desk.inspect.map, Qt.MouseButton.LeftButton, pos=places[len(places) // 2])
    offset, _ = desk.inspect.hex.selection
    field = desk.inspect.tree.selected_field
    assert offset > FIRST_COMPONENT
    assert field is not None
    assert field.offset <= offset < field.offset + field.length
    assert desk.inspect.curve.marked == offset


def test_the_curve_leads_to_the_bytes(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.curve.activated.emit(0x2E088)
    assert desk.inspect.hex.selection[0] == 0x2E088
    assert desk.inspect.map.marked == 0x2E088


# --- finding


@pytest.mark.parametrize(
    ("kind", "text", "first"),
    [
        ("Hex", "49 42 4d 53 ?? 63 45 78", HEADER),
        ("Text", "IBMSecEx", HEADER),
        ("Number", "0x49424d5365634578", HEADER),
        ("Text", "SeImgLnx", 0xC000),
    ],
)
def test_bytes_are_found_as_hex_text_and_number(desk: Desk, kind: str, text: str, first: int) -> None:
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+F")
    bar = desk.inspect.find_bar
    assert bar.line.hasFocus()
    bar.kind.setCurrentText(kind)
    desk.type_into(bar.line, text)
    assert bar.count.text() == "1 of 1"
    assert desk.inspect.hex.selection == (first, 8)


def lines(bar: FindBar) -> list[str]:
    """What the list of hits says."""
    model = bar.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_the_hits_are_listed_with_what_holds_them(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+F")
    bar = desk.inspect.find_bar
    desk.type_into(bar.line, "01 00 00 00")
    listed = lines(bar)
    assert bar.list.isVisible()
    assert listed[0] == "0xc013  ·  version"
    assert bar.count.text() == f"1 of {len(listed)}"
    QTest.keyClick(bar.line, Qt.Key.Key_Down)
    assert bar.list.currentIndex().row() == 1
    assert f"0x{desk.inspect.hex.selection[0]:x}" == listed[1].partition(" ")[0]
    place = bar.list.visualRect(bar.list.model().index(2, 0)).center()
    QTest.mouseClick(bar.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert f"0x{desk.inspect.hex.selection[0]:x}" == listed[2].partition(" ")[0]
    bar.kind.setCurrentText("Text")
    assert not bar.list.isVisible()


def test_hits_that_nobody_waits_for_any_more_are_not_shown(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    for leave in (desk.inspect.find_bar.leave, lambda: desk.open(desk.images.get("two_hosts"))):
        desk.press("Ctrl+F")
        desk.inspect.find_bar.kind.setCurrentText("Hex")
        desk.inspect.find_bar.line.setText("01 00 00 00")
        desk.inspect.find_bar.line.returnPressed.emit()
        leave()
        desk.settle()
        assert lines(desk.inspect.find_bar) == []


def test_of_too_many_hits_it_is_said_that_there_are_more(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+F")
    desk.type_into(desk.inspect.find_bar.line, "00")
    assert re.fullmatch(r"1 of \d+\+", desk.inspect.find_bar.count.text())


def test_f3_steps_through_the_hits_and_around_the_end(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+F")
    bar = desk.inspect.find_bar
    desk.type_into(bar.line, "01 00 00 00")
    count = int(bar.count.text().split(" of ")[1])
    assert count > 2
    seen = [desk.inspect.hex.selection[0]]
    for _ in range(count):
        desk.press("F3")
        seen.append(desk.inspect.hex.selection[0])
    assert seen[-1] == seen[0]
    assert sorted(set(seen)) == seen[:-1]
    desk.press("Shift+F3")
    assert desk.inspect.hex.selection[0] == seen[-2]
    QTest.keyClick(bar.line, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_what_is_not_there_is_told_and_the_selection_stays(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    before = desk.inspect.hex.selection
    desk.press("Ctrl+F")
    desk.inspect.find_bar.kind.setCurrentText("Text")
    desk.type_into(desk.inspect.find_bar.line, "no such text in any image")
    assert desk.inspect.find_bar.count.text() == "no hit"
    assert desk.inspect.hex.selection == before


@pytest.mark.parametrize(("kind", "text"), [("Hex", "4"), ("Hex", "zz"), ("Number", "a lot")])
def test_a_search_that_makes_no_sense_is_explained(desk: Desk, kind: str, text: str) -> None:
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+F")
    desk.inspect.find_bar.kind.setCurrentText(kind)
    desk.type_into(desk.inspect.find_bar.line, text)
    assert desk.error()
    desk.click(desk.inspect.error, "Dismiss")
    assert desk.error() == ""


def test_an_offset_is_gone_to_absolutely_and_from_here(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+G")
    line = desk.inspect.find_bar.line
    for text, expected in (("0x14000", 0x14000), ("+0x10", 0x14010), ("-16", 0x14000), ("0188416", 0x2E000)):
        desk.type_into(line, text)
        assert desk.inspect.hex.selection[0] == expected
        assert desk.error() == ""
    assert desk.inspect.tree.selected_field is not None
    assert desk.inspect.tree.selected_field.offset == 0x2E000


@pytest.mark.parametrize("text", ["here", "0x", "-1000000", "0xffffffffffffffffffff", "1e3", "0x14000 0x2"])
def test_an_offset_that_is_none_is_explained_and_nothing_moves(desk: Desk, text: str) -> None:
    desk.open(desk.images.get("default"))
    before = desk.inspect.hex.selection
    desk.press("Ctrl+G")
    desk.type_into(desk.inspect.find_bar.line, text)
    assert desk.error()
    assert desk.inspect.hex.selection == before


# --- on paper, and in a shell


def test_a_report_of_what_is_shown_is_written(desk: Desk) -> None:
    desk.open_unlocked()
    desk.drop(INPUTS / "kernel")
    target = desk.folder / "review.html"
    desk.dialogs.file = str(target)
    desk.click(desk.window.side, "Export report…")
    text = target.read_text(encoding="utf-8")
    assert desk.inspect.title.text() in text
    assert "expected kernel" in text
    assert desk.inspect.session.sha256 in text
    assert desk.messages[-1] == f"{target} was written: verification passed."


def test_a_report_that_cannot_be_written_is_told(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    for name, told in (("review.doc", ".html"), ("no such folder/review.pdf", "The folder does not exist.")):
        desk.dialogs.file = str(desk.folder / name)
        desk.window.actions_table.run("inspect.report")
        desk.settle()
        assert told in desk.error()
        assert not (desk.folder / name).exists()
    desk.dialogs.file = ""
    desk.window.actions_table.run("inspect.report")
    desk.settle()
    assert desk.inspect.session.inspection is not None


def test_the_same_is_shown_as_commands(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.click(desk.window.side, "Show as commands")
    shown = desk.inspect.commands.text
    assert shown.isVisible()
    assert "seworkbench image verify" in shown.toPlainText()
    assert "pvimg info" in shown.toPlainText()
    assert "--hdr-key" not in shown.toPlainText()
    desk.drop(INPUTS / "hdr.key")
    assert str(INPUTS / "hdr.key") in shown.toPlainText().replace(" \\\n ", "")
    desk.inspect.show_side("checks")
    assert not shown.isVisible()


# --- contents


def test_without_a_key_the_contents_ask_for_one(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.show_side("contents")
    assert not desk.inspect.contents.extract.isEnabled()
    desk.dialogs.file = str(INPUTS / "hdr.key")
    desk.click(desk.inspect.contents, "Unlock with a key…")
    assert desk.inspect.contents.extract.isEnabled()
    assert not desk.inspect.contents.unlock.isVisible()


def test_components_are_extracted_as_they_went_in(desk: Desk) -> None:
    desk.open_unlocked()
    folder = desk.folder / "parts"
    folder.mkdir()
    desk.dialogs.file = str(folder)
    desk.inspect.show_side("contents")
    desk.click(desk.inspect.contents, "Extract all…")
    written = {path.read_bytes() for path in folder.iterdir()}
    for name in ("kernel", "ramdisk"):
        content = (INPUTS / name).read_bytes()
        # Trailing zeros are padding: the image does not tell where the file ended.
        assert any(raw.startswith(content) and not raw[len(content) :].strip(b"\0") for raw in written), name
    assert any(raw.startswith((INPUTS / "cmdline").read_bytes().rstrip(b"\n\0")) for raw in written)
    assert desk.messages[-1].endswith(f"to {folder}.")


def test_extracting_over_existing_files_is_refused_and_told(desk: Desk) -> None:
    desk.open_unlocked()
    desk.dialogs.file = str(desk.folder / "parts")
    for _ in range(2):
        desk.window.actions_table.run("inspect.extract")
        desk.settle()
    assert desk.error()
    assert len([text for text in desk.messages if text.startswith("Extracted")]) == 1
    desk.dialogs.file = str(desk.folder / "other")
    desk.window.actions_table.run("inspect.extract")
    desk.settle()
    assert desk.error() == ""
    assert (desk.folder / "other" / "kernel").exists()


def test_a_ramdisk_of_no_kind_is_said_to_be_one(desk: Desk) -> None:
    desk.open_unlocked()
    texts = [text.text() for text in desk.inspect.contents.findChildren(QLabel)]
    assert "Neither a cpio archive nor compressed in a way that Linux knows." in texts
    links = [made.text() for made in desk.inspect.contents.findChildren(QPushButton) if made.isVisibleTo(desk.inspect)]
    assert "List its files" not in links


def test_the_components_have_hashes_to_compare_and_to_copy(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.show_side("contents")
    assert not desk.inspect.contents.hash.isVisible()
    desk.drop(INPUTS / "hdr.key")
    desk.inspect.show_side("contents")
    desk.click(desk.inspect.contents, "SHA-256 of each")
    expected = {name: hashlib.sha256((INPUTS / name).read_bytes()).hexdigest() for name in ("kernel", "ramdisk")}
    shown = [text.text().replace(" ", "") for text in desk.inspect.contents.findChildren(QLabel)]
    assert set(expected.values()) < set(shown)
    copies = [made for made in desk.inspect.contents.findChildren(IconButton) if "kernel" in made.accessibleName()]
    copies[0].click()
    assert QGuiApplication.clipboard().text() == expected["kernel"]
    assert not desk.inspect.contents.hash.isVisible()


def test_hashes_of_another_image_are_not_shown(desk: Desk) -> None:
    desk.open_unlocked()
    desk.inspect.session.hash_parts()
    desk.inspect.session.list_files()
    desk.drop(desk.images.get("two_hosts"))
    assert "SHA-256" not in {text.text() for text in desk.inspect.contents.findChildren(QLabel)}
    assert not desk.inspect.contents.files.isVisibleTo(desk.inspect.contents)


def test_an_image_without_encryption_is_readable_without_a_key(desk: Desk) -> None:
    desk.open(desk.images.get("unencrypted"))
    desk.inspect.show_side("contents")
    assert desk.facts()[1][0] is PASSED
    assert desk.inspect.contents.extract.isEnabled()


# --- is this what I reviewed?


def test_the_reviewed_kernel_is_recognised(desk: Desk) -> None:
    desk.open_unlocked()
    desk.drop(INPUTS / "kernel")
    assert desk.window.page is desk.inspect
    check = desk.inspect.checklist.check
    assert check is not None
    inputs = [leaf for leaf in check.leaves() if leaf.id.startswith("image.input")]
    assert [leaf.verdict for leaf in inputs] == [PASSED]
    assert desk.inspect.checklist.isVisible()


def test_another_kernel_is_told_apart(desk: Desk) -> None:
    desk.open_unlocked()
    other = desk.folder / "other-kernel"
    content = bytearray((INPUTS / "kernel").read_bytes())
    content[0x11000] ^= 1
    other.write_bytes(content)
    desk.drop(other)
    check = desk.inspect.checklist.check
    assert check is not None
    inputs = [leaf for leaf in check.leaves() if leaf.id.startswith("image.input")]
    assert [leaf.verdict for leaf in inputs] == [FAILED]
    assert inputs[0].id in desk.inspect.checklist.opened()
    assert check.verdict is FAILED


def test_selected_bytes_are_read_as_numbers_big_endian_and_secret_ones_are_not(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    page = desk.inspect
    values = page.inspector.values
    assert page.numbers.isVisible()
    page.hex.select(HEADER + 12, 4)  # the header's size
    assert values["u32"].text() == "640"
    assert values["hex"].text().startswith("0x00000280")
    page.hex.select(HEADER, 8)
    assert values["text"].text() == "IBMSecEx"
    stored = page.session.inspection
    assert stored is not None
    secret = HEADER + stored.header.sehs - 16 - stored.header.sea
    page.hex.select(secret, 4)
    assert "hidden" not in {value.text() for value in values.values()}  # as stored, it is ciphertext
    desk.drop(INPUTS / "hdr.key")
    page.hex.select(secret, 4)
    assert {value.text() for value in values.values()} == {"hidden"}
    desk.inspect.session.lock()
    desk.settle()
    page.hex.select(secret, 4)
    assert "hidden" not in {value.text() for value in values.values()}


def test_whoever_has_no_image_looks_at_one_that_is_made_and_nothing_of_it_is_kept(desk: Desk) -> None:
    desk.window.show_page("inspect")
    desk.click(desk.inspect.empty, "Look at a demonstration image")
    desk.settle()
    session = desk.inspect.session
    assert session.path is not None
    assert session.path.name == "demonstration-SIMULATED.img"
    assert session.check is not None
    assert session.check.verdict is Verdict.PASSED
    assert session.contents is not None
    assert "SIMULATED" in str(session.contents)
    assert desk.error() == ""
    made = session.path
    assert desk.trust.session.images == ()
    assert desk.window.workbench.settings.recent == []
    desk.window.close()
    assert not made.exists()


def test_files_dropped_one_after_the_other_are_all_compared_and_again_with_f5(desk: Desk) -> None:
    desk.open_unlocked()
    for name in ("kernel", "cmdline"):
        desk.drop(INPUTS / name)
    wanted = {"image.inputs.kernel", "image.inputs.command-line"}
    assert compared(desk) == wanted
    desk.press("F5")
    desk.settle()
    assert compared(desk) == wanted
    # Another key is about the same file; another file is not what these were dropped for.
    desk.inspect.session.lock()
    desk.settle()
    assert compared(desk) == wanted
    desk.open(desk.images.get("two_hosts"))
    assert compared(desk) == set()


def test_a_file_that_went_away_does_not_spoil_the_next_verification(desk: Desk, tmp_path: Path) -> None:
    desk.open_unlocked()
    copy = tmp_path / "kernel-copy"
    copy.write_bytes((INPUTS / "kernel").read_bytes())
    desk.drop(copy)
    assert compared(desk)
    copy.unlink()
    desk.press("F5")
    desk.settle()
    assert "kernel-copy" in desk.error()
    desk.press("F5")
    desk.settle()
    assert desk.error() == ""
    assert compared(desk) == set()


def compared(desk: Desk) -> set[str]:
    """Ids of the checks that compare with given files."""
    check = desk.inspect.session.check
    assert check is not None
    return {leaf.id for leaf in check.leaves() if leaf.id.startswith("image.inputs.")}


def test_without_a_key_a_kernel_cannot_be_compared_and_the_reason_is_given(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.drop(INPUTS / "kernel")
    check = desk.inspect.checklist.check
    assert check is not None
    inputs = [leaf for leaf in check.leaves() if leaf.id.startswith("image.input")]
    assert [leaf.verdict for leaf in inputs] == [NOT_CHECKED]
    assert inputs[0].reason


# --- the file goes away


def test_a_file_that_vanished_is_told_when_it_is_verified_again(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "soon-gone.img"
    shutil.copyfile(desk.images.get("default"), path)
    desk.open(path)
    path.unlink()
    desk.press("F5")
    desk.settle()
    assert "soon-gone.img" in desk.error()


def test_a_file_cut_shorter_behind_our_back_is_told_and_nothing_crashes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "shrinking.img"
    shutil.copyfile(desk.images.get("default"), path)
    desk.open(path)
    os.truncate(path, 4096)
    desk.inspect.hex.go_to(HEADER)
    desk.inspect.hex.viewport().repaint()
    desk.press("F5")
    desk.settle()
    assert desk.inspect.checklist.check is not None
    assert desk.inspect.checklist.check.verdict is FAILED


def test_fields_are_found_while_one_types_and_shown_everywhere(desk: Desk) -> None:
    desk.open_unlocked("two_hosts")
    desk.press("Ctrl+Shift+F")
    bar = desk.inspect.find_bar
    QTest.keyClicks(bar.line, "phkh")
    titles = lines(bar)
    assert len(titles) == 2
    assert all("phkh" in title and "Key slots" in title for title in titles)
    assert bar.list.isVisible()
    assert desk.inspect.tree.selected_field is not None
    assert desk.inspect.tree.selected_field.name == "phkh"
    assert desk.inspect.hex.selection == (HEADER + 0x1A0, 32)
    QTest.keyClick(bar.line, Qt.Key.Key_Down)
    assert desk.inspect.hex.selection == (HEADER + 0x1A0 + 80, 32)
    assert bar.count.text() == "2 of 2"
    desk.press("F3")
    assert desk.inspect.hex.selection == (HEADER + 0x1A0, 32)
    QTest.keyClick(bar.line, Qt.Key.Key_Escape)
    assert not bar.list.isVisible()


def test_a_field_that_is_not_there_is_said_so_and_the_list_goes_with_the_kind(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    bar = desk.inspect.find_bar
    bar.ask("Field")
    QTest.keyClicks(bar.line, "sehs")
    assert bar.list.isVisible()
    bar.kind.setCurrentText("Text")
    assert not bar.list.isVisible()
    bar.ask("Field")
    assert bar.list.isVisible()
    desk.type_into(bar.line, "no such field", then=None)
    assert bar.count.text() == "no field"
    assert not bar.list.isVisible()


def test_a_key_dropped_together_with_an_image_is_for_that_image(desk: Desk) -> None:
    desk.drop(desk.images.get("default"), INPUTS / "hdr.key")
    desk.settle()
    assert desk.window.page is desk.inspect
    assert desk.inspect.session.inspection is not None
    assert desk.inspect.session.inspection.content is not None
    desk.drop(desk.images.get("two_hosts"), PKI / "host1.crt", INPUTS / "hdr.key")
    desk.settle()
    assert desk.inspect.title.text() == "two_hosts.img"
    assert desk.inspect.session.inspection.content is not None
    assert desk.facts()[3][1] == "1 of 2 key slots match known machines"
    assert desk.build.draft.empty


def test_a_key_dropped_together_with_what_cannot_be_opened_is_forgotten(desk: Desk) -> None:
    broken = tampered(desk.images.get("default"), desk.folder, HEADER + 12, 0x80)
    desk.drop(broken, INPUTS / "hdr.key")
    desk.settle()
    assert desk.error()
    desk.open(desk.images.get("default"))
    desk.settle()
    assert desk.inspect.session.access is None


# --- comparing


def differing(desk: Desk) -> list[str]:
    """Titles of what is shown as different."""
    names = [row.accessibleName() for row in desk.inspect.comparison.findChildren(QWidget)]
    return sorted({name.removesuffix(": different") for name in names if name.endswith(": different")})


def test_two_images_are_compared_by_meaning_and_by_place(desk: Desk) -> None:
    desk.open_unlocked("default")
    desk.dialogs.file = str(desk.images.get("cck_update"))
    desk.press("Ctrl+D")
    desk.settle()
    panel = desk.inspect.comparison
    assert panel.isVisible()
    assert panel.heading.text() == "Compared with cck_update.img"
    assert {"CCK update allowed", "allow dumping", "Header tag"} <= set(differing(desk))
    assert "Kernel" not in differing(desk)
    assert panel.places.model().rowCount() > 3
    panel.next.click()
    first = desk.inspect.hex.selection
    panel.next.click()
    second = desk.inspect.hex.selection
    assert second[0] > first[0] >= HEADER
    panel.previous.click()
    assert desk.inspect.hex.selection == first


def test_what_is_equal_is_shown_on_request(desk: Desk) -> None:
    desk.open_unlocked("default")
    desk.inspect.session.compare(desk.images.get("cck_update"))
    desk.settle()
    panel = desk.inspect.comparison
    before = len(panel.findChildren(QLabel))
    panel.everything.click()
    QApplication.processEvents()
    assert len([made for made in panel.findChildren(QLabel) if made.isVisible()]) > before


def test_a_key_that_opens_only_this_image_compares_what_anybody_sees(desk: Desk) -> None:
    key = desk.folder / "other.key"
    key.write_bytes(bytes(range(100, 132)))
    desk.open_unlocked("default")
    session = desk.inspect.session
    assert session.path is not None
    session._compare(session.path, desk.images.get("two_hosts"), session.access, {"header_key": str(key)})
    desk.settle()
    assert desk.error() == ""
    assert desk.inspect.comparison.heading.text() == "Compared with two_hosts.img"
    desk.inspect.comparison.everything.click()
    texts = [made.text() for made in desk.inspect.comparison.findChildren(QLabel)]
    assert "Needs the header key of both files." in texts


def test_what_cannot_be_compared_is_an_error_and_another_file_forgets_the_comparison(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.inspect.session.compare(INPUTS / "kernel")
    desk.settle()
    assert "No Secure Execution header" in desk.error()
    desk.inspect.session.compare(desk.images.get("two_hosts"))
    desk.settle()
    assert "differ" in desk.inspect.comparison.sentence.text()
    desk.open(desk.images.get("two_hosts"))
    assert desk.inspect.comparison.heading.text() == "Compare"
    assert not desk.inspect.comparison.places.isVisible()


# --- what is kept of it


def test_each_finding_about_an_image_is_kept_in_the_workspace_once(desk: Desk) -> None:
    image = desk.images.get("default")
    session = desk.trust.session
    desk.open(image)
    (kept,) = session.images
    assert (kept.path, kept.event, kept.size) == (str(image), INSPECTED, image.stat().st_size)
    assert kept.sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    inspection = desk.inspect.session.inspection
    assert inspection is not None
    assert kept.header_tag == inspection.header.tag.hex()
    assert kept.record == {"verification": "passed", "opened_with": ""}
    desk.window.actions_table.run("inspect.verify")
    desk.settle()
    desk.open(INPUTS / "hdr.key")
    desk.open(tampered(image, desk.folder, FIRST_COMPONENT))
    assert session.workspace is not None
    assert [found.record for found in session.workspace.images.all()] == [
        {"verification": "failed", "opened_with": ""},
        {"verification": "passed", "opened_with": "header key"},
        {"verification": "passed", "opened_with": ""},
    ]


def test_a_header_that_was_pasted_is_not_kept(desk: Desk) -> None:
    image = desk.images.get("default").read_bytes()
    desk.window.open_text(image[HEADER : HEADER + 640].hex())
    desk.settle()
    assert desk.inspect.session.check is not None
    assert desk.trust.session.images == ()


def test_in_a_low_window_the_line_to_search_in_is_scrolled_to(desk: Desk) -> None:
    desk.window.workbench.theme.set_zoom(1.5)
    desk.window.resize(1024, 640)
    desk.open(desk.images.get("default"))
    for action in ("inspect.find", "inspect.go-to", "inspect.find-field"):
        desk.inspect.area.verticalScrollBar().setValue(0)
        desk.window.actions_table.run(action)
        wait_until(lambda: not desk.inspect.find_bar.line.visibleRegion().isEmpty(), "the line to be seen")
