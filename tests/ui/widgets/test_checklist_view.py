"""The checklist: what a reader sees, hears, opens and copies of a verification."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from seworkbench.checks import Check, Evidence, Verdict, group
from seworkbench.image.access import HeaderKey
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image
from seworkbench.secret import Secret
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.checklist_view import (
    ChecklistView,
    as_text,
    counts,
    items_below,
    reason_of,
    rule_text,
    verdict_word,
    wrapped,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

IMAGES = Path(__file__).parents[2] / "data" / "interop" / "images"
GOOD = lzma.decompress((IMAGES / "default.img.xz").read_bytes())
TAMPERED = GOOD[:0x16000] + bytes([GOOD[0x16000] ^ 1]) + GOOD[0x16001:]

PASSED = Check("a.good", "Good", Verdict.PASSED, "Equal.", (Evidence("one", "ab" * 64), Evidence("two", "ab" * 64)))
FAILED = Check(
    "a.bad",
    "Bad",
    Verdict.FAILED,
    "They differ.",
    (Evidence("one", "ab" * 64), Evidence("two", "ab" * 60 + "cd" * 4)),
    rule="components.md#digests",
    remedy="Get it <again>.",
    code=(0x0102, 0x001B),
)
NOTE = Check("b.note", "Worth saying", Verdict.WARNING, "Look at it.", required=False)
ABSENT = Check("c.absent", "Absent", Verdict.NOT_CHECKED, "Needs a key.", required=False)
WHOLE = group(
    "all",
    "Everything",
    [
        group("a", "Group A", [PASSED, FAILED]),
        group("b", "Group B", [NOTE, Check("b.good", "Fine", Verdict.PASSED)]),
        group("c", "Group C", [ABSENT, Check("c.too", "Absent, too", Verdict.NOT_CHECKED, "Needs a key.")]),
    ],
)


def verification(folder: Path, content: bytes, *, key: bool) -> Check:
    path = folder / "image"
    path.write_bytes(content)
    access = HeaderKey(Secret((IMAGES / "hdr.key").read_bytes())) if key else None
    with open_image(path) as image:
        return verify_image(image, access).check


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> ChecklistView:
    made = ChecklistView(theme)
    qtbot.addWidget(made)
    made.resize(340, 600)
    made.show_check(WHOLE)
    made.show()
    qtbot.waitExposed(made)
    return made


def heard(view: ChecklistView) -> list[str]:
    """What a screen reader says of each row that can be reached."""
    role = Qt.ItemDataRole.AccessibleTextRole
    return [str(item.data(0, role)) for item in items_below(view.tree.invisibleRootItem())]


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


# --- words


def test_a_warning_that_does_not_count_is_a_note() -> None:
    assert [verdict_word(check) for check in (PASSED, FAILED, NOTE, ABSENT)] == [
        "passed",
        "failed",
        "note",
        "not checked",
    ]
    assert verdict_word(Check("x", "X", Verdict.WARNING)) == "warning"


def test_a_group_says_its_counts_and_the_reason_that_its_steps_share() -> None:
    assert counts(WHOLE) == "1 failed, 2 not checked, 2 passed, 1 note"
    assert reason_of(WHOLE.children[0]) == "1 failed, 1 passed: They differ."
    assert reason_of(WHOLE.children[1]) == "1 passed, 1 note"
    assert reason_of(WHOLE.children[2]) == "2 not checked: Needs a key."


def test_a_rule_reads_as_words() -> None:
    assert rule_text("image-layout.md#short-psw") == "image layout, short psw"
    assert rule_text("https://example.com/x#y") == "https://example.com/x#y"


def test_long_reasons_take_two_lines_and_end_in_dots(qapp: QApplication) -> None:
    lines = wrapped("word " * 60, qapp.font(), 200, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrapped("", qapp.font(), 200, 2) == []
    assert wrapped("short", qapp.font(), 200, 2) == ["short"]


# --- what is open at first


def test_only_what_failed_is_open_at_first(view: ChecklistView) -> None:
    assert view.opened() == ["a.bad"]
    assert view.chip.verdict is Verdict.FAILED
    assert view.summary.text() == counts(WHOLE)


def test_a_good_image_has_nothing_open(view: ChecklistView, tmp_path: Path) -> None:
    view.show_check(verification(tmp_path, GOOD, key=True))
    assert view.chip.verdict is Verdict.PASSED
    assert view.opened() == []
    assert "The boot loader is known, note, " in ", ".join(heard(view))


def test_a_tampered_image_opens_the_digest_that_caught_it(view: ChecklistView, tmp_path: Path) -> None:
    view.show_check(verification(tmp_path, TAMPERED, key=False))
    assert view.opened() == ["image.digest.pld"]
    details = view.details("image.digest.pld")
    assert details is not None
    assert details.values is not None
    assert "in the header" in details.values.accessibleName()


def test_without_a_key_authenticity_is_not_checked_and_says_why(view: ChecklistView, tmp_path: Path) -> None:
    view.show_check(verification(tmp_path, GOOD, key=False))
    assert any(row.startswith("Authenticity, not checked, 4 not checked: Needs the header key") for row in heard(view))


def test_nothing_yet_says_so(view: ChecklistView) -> None:
    view.show_check(None)
    assert view.summary.text() == view.accessibleDescription() == "Nothing was verified yet."
    assert not view.tree.isVisible()
    assert view.make_menu() is None
    view.grab()


def test_a_single_step_is_a_row_of_its_own(view: ChecklistView) -> None:
    view.show_check(FAILED)
    assert view.opened() == ["a.bad"]


# --- details


def test_details_show_values_in_equal_lines_the_sentence_code_rule_and_remedy(
    qtbot: QtBot, view: ChecklistView
) -> None:
    details = view.details("a.bad")
    assert details is not None
    assert details.values is not None
    one, two = (part.split("</div>")[0] for part in details.values.text().split("color:#1b222c'>")[1:])
    assert one.count("<br>") == two.count("<br>") > 2
    assert "<u" not in one.split("<br>")[0]
    assert two.count("<u") == 1
    words = " ".join(text.text() for text in details._texts)
    assert "They differ." in words
    assert "Get it &lt;again&gt;." in words
    assert "rc 0x0102, rrc 0x001b" in words
    with qtbot.waitSignal(view.help_requested) as caught:
        QTest.mouseClick(details.rule, Qt.MouseButton.LeftButton)
    assert caught.args == ["components.md#digests"]


def test_the_name_of_a_rule_goes_on_in_further_lines_where_it_is_too_long(view: ChecklistView) -> None:
    details = view.details("a.bad")
    assert details is not None
    details.height_for(600)
    whole = details.rule.text()
    assert "\n" not in whole
    details.height_for(150)
    assert details.rule.text().replace("\n", " ") == whole
    assert "\n" in details.rule.text()


@pytest.mark.parametrize("width", [260, 340, 620])
def test_nothing_in_the_details_is_cut_off(view: ChecklistView, width: int) -> None:
    view.resize(width, 600)
    QApplication.processEvents()
    details = view.details("a.bad")
    assert details is not None
    assert details.values is not None
    assert details.values.sizeHint().width() <= details.values.width()
    assert details.values.sizeHint().height() <= details.values.height()
    for text in details._texts:
        assert text.heightForWidth(text.width()) <= text.height()
    assert details.childrenRect().bottom() <= details.height()


def test_selecting_by_id_opens_and_tells(qtbot: QtBot, view: ChecklistView) -> None:
    with qtbot.waitSignal(view.check_selected) as caught:
        assert view.select("b.note")
    assert caught.args == [NOTE]
    assert view.selected is NOTE
    assert "b.note" in view.opened()
    assert not view.select("no.such")


# --- keyboard and mouse


def test_the_keyboard_walks_opens_and_closes(view: ChecklistView) -> None:
    view.tree.setFocus()
    seen: list[str] = []
    view.check_selected.connect(lambda check: seen.append(check.id))
    for _ in range(4):
        QTest.keyClick(view.tree, Qt.Key.Key_Down)
    # The row of the opened details is stepped over.
    assert seen == ["a.good", "a.bad", "b", "c"]
    QTest.keyClick(view.tree, Qt.Key.Key_Up)
    QTest.keyClick(view.tree, Qt.Key.Key_Return)
    QTest.keyClick(view.tree, Qt.Key.Key_Down)
    QTest.keyClick(view.tree, Qt.Key.Key_Space)
    assert view.opened() == ["a.bad", "b.note"]
    QTest.keyClick(view.tree, Qt.Key.Key_Space)
    assert view.opened() == ["a.bad"]


def test_a_click_opens_and_closes_a_row(view: ChecklistView) -> None:
    item = view.tree.topLevelItem(1)
    assert item is not None
    for expected in (True, False):
        point = view.tree.visualItemRect(item).center()
        QTest.mouseClick(view.tree.viewport(), Qt.MouseButton.LeftButton, pos=point)
        assert item.isExpanded() is expected


# --- copying


def test_copy_gives_the_selected_check_as_text_and_json(view: ChecklistView) -> None:
    view.select("a.bad")
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == as_text(FAILED)
    for line in ("[failed] Bad", "one: " + "ab" * 64, "Remedy: Get it <again>.", "Rule: components.md#digests"):
        assert line in clipboard()
    menu = view.make_menu()
    assert menu is not None
    actions = {action.text(): action for action in menu.actions()}
    actions["Copy check as JSON"].trigger()
    assert Check.from_json(json.loads(clipboard())) == FAILED
    actions["Copy all as JSON"].trigger()
    assert Check.from_json(json.loads(clipboard())) == WHOLE
    actions["Copy all as text"].trigger()
    assert "    one: " in clipboard()
    menu.deleteLater()


def test_the_buttons_copy_too(view: ChecklistView) -> None:
    [as_plain_text, as_json_text] = view.copy_button.menu().actions()
    as_plain_text.trigger()
    assert clipboard() == as_text(WHOLE)
    as_json_text.trigger()
    assert json.loads(clipboard())["id"] == "all"
    details = view.details("a.bad")
    assert details is not None
    [button] = details.findChildren(QToolButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert clipboard() == as_text(FAILED)


# --- the rest


def test_the_model_behind_the_tree_is_sound(qtmodeltester: Any, view: ChecklistView) -> None:
    qtmodeltester.check(view.tree.model())


def test_theme_and_zoom_reach_rows_and_details(view: ChecklistView, theme: Theme) -> None:
    view.select("b.note")
    before = view.grab().toImage()
    theme.choose(ThemeChoice.DARK)
    QApplication.processEvents()
    assert view.grab().toImage() != before
    details = view.details("a.bad")
    assert details is not None
    assert theme.roles.text in (details.values.text() if details.values else "")
    assert view.opened() == ["a.bad", "b.note"]
    assert view.selected is NOTE
    height = details.height()
    theme.set_zoom(1.5)
    QApplication.processEvents()
    larger = view.details("a.bad")
    assert larger is not None
    assert larger.height() > height
