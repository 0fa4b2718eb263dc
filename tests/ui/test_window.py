"""The shell of the window: actions, palette, routing of files, settings, closing."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QWidget
from shiboken6 import delete

from seworkbench.errors import SeError
from seworkbench.ui import app as app_module
from seworkbench.ui.actions import Action
from seworkbench.ui.command_palette import CommandPalette
from seworkbench.ui.help import sections
from seworkbench.ui.settings import Settings, settings_file
from seworkbench.ui.theme import DARK, HIGH_CONTRAST, LIGHT, ThemeChoice
from seworkbench.ui.window import confirm
from seworkbench.ui.workbench import MOST_MESSAGES, Weight

from .desk import INPUTS, PKI, Desk, Images, settle_layout, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.ui.window import MainWindow

# Run from the table like any other, they would end the test's window, or wait for nobody.
ENDING = ("file.quit", "help.tour")


def actions(desk: Desk) -> list[Action]:
    """Every action of the table."""
    return desk.window.actions_table.all()


@contextmanager
def opened(settings: Path) -> Iterator[MainWindow]:
    """Another window of the program, with these settings."""
    window = app_module.make_window(settings)
    window.complete()
    window.show()
    try:
        yield window
    finally:
        window.close()
        delete(window)


def palette(desk: Desk) -> CommandPalette:
    """The open command palette."""
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, CommandPalette)]
    open_now = [widget for widget in found if widget.isVisible() and widget.parent() is desk.window]
    assert len(open_now) == 1
    return open_now[0]


def rows(shown: CommandPalette) -> list[str]:
    """What the palette lists."""
    return [shown.list.item(row).text() for row in range(shown.list.count())]


# --- the table of actions


def test_every_action_says_what_it_does_and_has_a_name_of_its_own(desk: Desk) -> None:
    assert len(actions(desk)) > 25
    assert all(action.text.strip() and action.text[0].isupper() for action in actions(desk))
    texts = Counter(action.text for action in actions(desk))
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_two_actions_that_can_be_met_share_a_key(desk: Desk) -> None:
    for page in desk.window.pages:
        keys = [
            QKeySequence(name).toString()
            for action in actions(desk)
            for name in (action.shortcut, *action.also)
            if action.page in ("", page) and name
        ]
        assert "" not in keys
        assert [key for key, count in Counter(keys).items() if count > 1] == [], page


def test_the_help_lists_the_keys_of_every_command(desk: Desk) -> None:
    titles = {"": "Everywhere", **{entry.name: entry.title for entry in desk.window.pages.entries.values()}}
    told = {
        section.title: set(re.findall(r"^\| (\S.*?) \| (.*?) \|$", section.text, re.MULTILINE)[1:])
        for section in sections("keyboard.md")
        if section.title in titles.values()
    }
    there: dict[str, set[tuple[str, str]]] = {}
    for action in actions(desk):
        if action.shortcut:
            keys = " or ".join((action.shortcut, *action.also))
            there.setdefault(titles[action.page], set()).add((keys, action.text.rstrip("…")))
    assert told == there


def test_a_key_is_for_the_page_that_is_shown(desk: Desk) -> None:
    ran: list[str] = []
    desk.window.actions_table.add(
        Action(f"{page}.test", f"Test of {page}", "Edit", partial(ran.append, page), "Ctrl+F12", page=page)
        for page in ("overview", "inspect", "learn")
    )
    for page in ("inspect", "overview", "build", "inspect", "learn"):
        desk.window.show_page(page)
        desk.press("Ctrl+F12")
    assert ran == ["inspect", "overview", "inspect", "learn"]
    # A menu that was open meanwhile changes nothing of that.
    edit = next(made.menu() for made in desk.window.top.menu_bar.actions() if made.text() == "Edit")
    edit.popup(QPoint(0, 0))  # type: ignore[attr-defined]
    edit.close()  # type: ignore[attr-defined]
    desk.window.activateWindow()
    settle_layout()
    desk.press("Ctrl+F12")
    assert ran[-2:] == ["learn", "learn"]


def test_a_context_menu_has_what_can_be_done_now_with_its_keys(desk: Desk) -> None:
    desk.window.show_page("inspect")
    table = desk.window.actions_table
    asked = ("inspect.find", "", "help.page", "trust.remove")
    menu = table.context_menu(asked)
    assert [action.text() for action in menu.actions() if not action.isSeparator()] == ["Help on this page"]
    assert menu.actions()[-1].shortcut().toString() == "F1"
    desk.open(desk.images.get("default"))
    desk.window.workbench.menu_requested.emit(list(asked), QPoint(9, 9))
    shown = QApplication.activePopupWidget()
    assert isinstance(shown, QMenu)
    assert [action.objectName() for action in shown.actions()] == ["inspect.find", "", "help.page"]
    shown.close()


def test_every_action_is_in_a_menu(desk: Desk) -> None:
    in_menus = {made.objectName() for menu in desk.window.top.menu_bar.actions() for made in menu.menu().actions()}  # type: ignore[attr-defined]
    assert in_menus - {""} == {action.id for action in actions(desk)}


def test_every_possible_action_is_in_the_palette(desk: Desk) -> None:
    desk.open_unlocked()
    for page in desk.window.pages:
        desk.window.show_page(page)
        desk.window.show_palette()
        shown = palette(desk)
        listed = " ".join(rows(shown))
        for action in actions(desk):
            expected = action.page in ("", page) and action.possible()
            assert (action.text in listed) == expected, action.id
        shown.close()


@pytest.mark.parametrize("state", ["nothing open", "an image open"])
def test_every_action_runs_on_every_page(desk: Desk, state: str) -> None:
    if state == "an image open":
        desk.open_unlocked()
    for page in desk.window.pages:
        for action in actions(desk):
            if action.id in ENDING:
                continue
            desk.window.show_page(page)
            desk.window.actions_table.run(action.id)
            desk.settle()
            for widget in QApplication.topLevelWidgets():
                if isinstance(widget, CommandPalette):
                    widget.close()
    assert desk.window.isVisible()


def test_a_menu_shows_what_can_be_done_now_and_a_shortcut_works_whatever_the_menu_showed(desk: Desk) -> None:
    desk.window.show_page("inspect")
    edit = next(made.menu() for made in desk.window.top.menu_bar.actions() if made.text() == "Edit")
    edit.popup(QPoint(0, 0))  # type: ignore[attr-defined]
    assert not desk.window.actions_table.qt("inspect.find").isEnabled()
    edit.close()  # type: ignore[attr-defined]
    desk.window.activateWindow()
    desk.open(desk.images.get("default"))
    desk.press("Ctrl+F")
    assert desk.inspect.find_bar.isVisible()
    edit.popup(QPoint(0, 0))  # type: ignore[attr-defined]
    assert desk.window.actions_table.qt("inspect.find").isEnabled()
    edit.close()  # type: ignore[attr-defined]


def test_a_menu_has_nothing_of_pages_that_are_not_shown(desk: Desk) -> None:
    edit = next(menu for menu in menus_of(desk.window) if menu.title() == "Edit")
    for page in ("inspect", "trust"):
        desk.window.show_page(page)
        edit.aboutToShow.emit()
        shown = {made.objectName() for made in edit.actions() if made.isVisible() and not made.isSeparator()}
        pages = {action.page for action in actions(desk) if action.id in shown}
        assert pages == {"", page}


def test_a_menu_marks_what_holds(desk: Desk) -> None:
    table = desk.window.actions_table

    def marked() -> list[str]:
        for menu in menus_of(desk.window):
            menu.aboutToShow.emit()
        return [action.id for action in actions(desk) if table.qt(action.id).isChecked()]

    assert marked() == ["edit.keep-recent", "view.light"]
    table.qt("view.dark").trigger()
    table.qt("edit.keep-recent").trigger()
    assert marked() == ["view.dark"]


def test_a_shortcut_of_a_page_does_nothing_on_another(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.window.show_page("overview")
    desk.press("Ctrl+F")
    desk.window.show_page("inspect")
    assert not desk.inspect.find_bar.isVisible()


def test_pages_are_reached_by_rail_and_by_alt_and_a_number(desk: Desk) -> None:
    for number, page in enumerate(desk.window.pages.values(), start=1):
        desk.press(f"Alt+{number}")
        assert desk.window.page is page
        assert desk.window.side.isVisible() == (page.side is not None)
    for page in desk.window.pages.values():
        QTest.mouseClick(desk.window._rail_buttons[page.NAME], Qt.MouseButton.LeftButton)
        assert desk.window.page is page
        assert [name for name, made in desk.window._rail_buttons.items() if made.isChecked()] == [page.NAME]


def test_about_tells_the_licence(desk: Desk) -> None:
    desk.window.actions_table.run("help.about")
    assert "MIT" in desk.dialogs.seen[-1]


# --- the palette


def test_the_palette_is_used_without_a_mouse(desk: Desk) -> None:
    desk.press("Ctrl+K")
    shown = palette(desk)
    QTest.keyClicks(shown.line, "go insp")
    place = list(desk.window.pages).index("inspect") + 1
    assert rows(shown) == ["Go to Inspect"]
    assert shown.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole) == f"Go to Inspect, Alt+{place}"
    QTest.keyClick(shown.line, Qt.Key.Key_Return)
    assert desk.window.page is desk.inspect
    assert not shown.isVisible()


def test_the_last_row_of_the_palette_that_is_seen_is_seen_whole(desk: Desk) -> None:
    desk.press("Ctrl+K")
    shown = palette(desk)
    assert shown.list.height() % shown.list.visualItemRect(shown.list.item(0)).height() == 0
    shown.close()


def test_the_arrow_keys_walk_the_palette_and_stop_at_its_ends(desk: Desk) -> None:
    desk.press("Ctrl+K")
    shown = palette(desk)
    assert shown.list.currentRow() == 0
    QTest.keyClick(shown.line, Qt.Key.Key_Up)
    assert shown.list.currentRow() == 0
    QTest.keyClick(shown.line, Qt.Key.Key_Down)
    assert shown.list.currentRow() == 1
    for _ in range(20):
        QTest.keyClick(shown.line, Qt.Key.Key_PageDown)
    assert shown.list.currentRow() == shown.list.count() - 1
    QTest.keyClick(shown.line, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_a_palette_without_a_match_runs_nothing(desk: Desk) -> None:
    desk.press("Ctrl+K")
    shown = palette(desk)
    QTest.keyClicks(shown.line, "no such command")
    assert rows(shown) == []
    QTest.keyClick(shown.line, Qt.Key.Key_Return)
    assert shown.isVisible()
    shown.close()


def test_a_recent_file_is_opened_from_the_palette(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.window.show_page("overview")
    desk.press("Ctrl+K")
    shown = palette(desk)
    QTest.keyClicks(shown.line, "open default.img")
    QTest.keyClick(shown.line, Qt.Key.Key_Return)
    desk.settle()
    assert desk.window.page is desk.inspect


# --- files from outside


@pytest.mark.parametrize(
    "path",
    [INPUTS / "kernel", INPUTS / "cmdline"],
    ids=lambda path: path.name,
)
def test_what_an_image_is_built_from_goes_to_the_build_page(desk: Desk, path: Path) -> None:
    desk.drop(path)
    assert desk.window.page is desk.build
    assert desk.messages == []


@pytest.mark.parametrize("name", ["host1.crt", "host1.der.crt", "sign.crt", "host.crl"])
def test_what_says_whose_key_it_is_goes_to_the_trust_page(desk: Desk, name: str) -> None:
    desk.drop(PKI / name)
    assert desk.window.page is desk.trust
    assert len(desk.trust.session.holdings.objects) == 1
    assert desk.messages == []


def test_an_image_dropped_on_a_page_without_a_use_for_it_is_inspected(desk: Desk) -> None:
    for page in desk.window.pages.keys() - {"attestation", "machine"}:
        desk.window.show_page(page)
        desk.drop(desk.images.get("default"))
        assert desk.window.page is desk.inspect


def test_rubbish_is_listed_with_the_reason_each(desk: Desk) -> None:
    folder = desk.folder / "rubbish"
    folder.mkdir()
    (folder / "empty").touch()
    (folder / "noise").write_bytes(bytes(range(1, 256)) * 9)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "key31").write_bytes(bytes(range(128, 159)))
    paths = [*sorted(folder.iterdir()), folder / "gone", PKI / "garbage.crt", INPUTS / "elf"]
    desk.drop(*paths)
    refused = [message.text for message in desk.window.workbench.messages if message.weight is Weight.WARNING]
    assert len(refused) == len(paths)
    for path, message in zip(paths, refused, strict=True):
        name, _, reason = message.partition(": ")
        assert name == path.name
        assert len(reason) > 10
    assert desk.window.messages.isVisible()
    assert desk.window.messages.count() >= len(paths)
    assert desk.window.page is desk.overview


def test_files_are_pasted_like_dropped_ones(desk: Desk) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(desk.images.get("default"))), QUrl("https://example.org/x.img")])
    QGuiApplication.clipboard().setMimeData(data)
    desk.press("Ctrl+Shift+V")
    desk.settle()
    assert desk.window.page is desk.inspect
    assert "default.img: verification passed." in desk.messages
    assert any(message.startswith("https://example.org/x.img: Only files") for message in desk.messages)
    QGuiApplication.clipboard().clear()


def test_files_and_text_may_be_dragged_in_and_nothing_else(desk: Desk) -> None:
    for form, content, welcome in (
        ("text/uri-list", b"file:///etc/hostname", True),
        ("text/plain", b"text", True),
        ("image/png", b"", False),
    ):
        data = QMimeData()
        data.setData(form, content)
        event = QDragEnterEvent(
            QPoint(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        event.ignore()
        desk.window.dragEnterEvent(event)
        assert event.isAccepted() == welcome


def test_files_are_chosen_in_a_dialog(desk: Desk) -> None:
    desk.dialogs.file = str(desk.images.get("default"))
    desk.press("Ctrl+O")
    desk.settle()
    assert desk.window.page is desk.inspect


def test_a_name_that_is_no_text_is_shown_as_well_as_it_can_be(desk: Desk) -> None:
    odd = Path(os.fsdecode(os.fsencode(desk.folder) + b"/\xff\xfe.img"))
    odd.write_bytes(desk.images.get("default").read_bytes())
    desk.window.open_files([odd])
    desk.settle()
    assert desk.window.page is desk.inspect
    assert desk.inspect.session.inspection is not None
    desk.reopen()
    desk.window.show_page("overview")


# --- settings


def test_theme_zoom_page_and_size_are_as_they_were_left(desk: Desk) -> None:
    desk.window.resize(1024, 720)
    desk.window.actions_table.run("view.dark")
    desk.press("Ctrl++")
    desk.window.show_page("build")
    size = desk.window.size()
    desk.window.close()
    kept = json.loads(desk.settings_path.read_text())
    assert (kept["theme"], kept["zoom"], kept["page"]) == ("dark", 1.1, "build")
    with opened(desk.settings_path) as window:
        assert window.size() == size
        assert window.page.NAME == "build"
        assert window.workbench.theme.roles is DARK
        assert window.workbench.theme.zoom == 1.1


def test_page_and_side_share_the_width_as_they_did(desk: Desk) -> None:
    desk.window.resize(1440, 900)
    desk.open(desk.images.get("default"))
    desk.window._middle.setSizes([800, 464])
    settle_layout()
    left = desk.window._middle.sizes()
    assert left[1] > 450
    desk.window.close()
    window = app_module.make_window(desk.settings_path)
    try:
        window.resize(1440, 900)  # the screen of the tests is smaller, and geometry is restored to fit it
        window.show()
        settle_layout()
        assert window._middle.sizes() == left
    finally:
        window.close()
        delete(window)


@pytest.mark.parametrize("rubbish", ["no hex", "00ff", "ff" * 200])
def test_rubbish_in_the_shape_of_the_window_is_as_none(tmp_path: Path, rubbish: str) -> None:
    path = tmp_path / "settings.json"
    Settings(panes=rubbish, geometry=rubbish).save(path)
    with opened(path) as window:
        window.show_page("inspect")
        settle_layout()
        assert min(window._middle.sizes()) > 100


def test_settings_are_written_whole_and_for_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.json"
    settings = Settings(theme="dark", zoom=1.3, page="build", geometry="00ff", recent=["/a", "/b"])
    assert settings.save(path)
    assert Settings.load(path) == settings
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "not JSON",
        "[]",
        "null",
        '{"theme": 5, "zoom": "big", "page": [], "recent": {}, "keep_recent": "no", "geometry": 1}',
        '{"theme": "pink", "zoom": 1e308, "page": "no such page", "recent": ["", "/no/such/file"]}',
        '{"zoom": NaN, "geometry": "zz not hex é"}',
        '{"zoom": -Infinity, "geometry": "00"}',
        '{"recent": [1, null, {}, "/a"]}',
        '{"recent": ["a\\u0000b", "\\ud800"]}',
        "[" * 100_000,
        "\ufeff{}",
    ],
    ids=range(12),
)
def test_rubbish_in_the_settings_is_as_a_fresh_installation(tmp_path: Path, rubbish: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(rubbish)
    with opened(path) as window:
        assert window.page is window.pages["overview"]
        assert 0.7 <= window.workbench.theme.zoom <= 2.0
    assert json.loads(path.read_text())["page"] == "overview"


def test_settings_that_are_not_utf_8_are_as_a_fresh_installation(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b'{"theme": "\xff"}')
    assert Settings.load(path) == Settings()


@pytest.mark.usefixtures("qapp")
def test_without_a_place_for_settings_the_window_works_and_closes(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with opened(blocked / "seworkbench" / "settings.json") as window:
        assert window.close()
        assert not window.isVisible()


def test_recent_files_are_twelve_at_most_without_doubles() -> None:
    settings = Settings()
    for number in [*range(20), 18, 19]:
        settings.remember(Path(f"/f{number}"))
    assert settings.recent[:3] == ["/f19", "/f18", "/f17"]
    assert len(settings.recent) == len(set(settings.recent)) == 12


def test_the_settings_are_where_xdg_wants_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_file() == tmp_path / "seworkbench" / "settings.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_file() == tmp_path / ".config" / "seworkbench" / "settings.json"


# --- look


def test_themes_are_switched_while_everything_is_open(desk: Desk) -> None:
    desk.open_unlocked()
    for action, roles in (("view.dark", DARK), ("view.high_contrast", HIGH_CONTRAST), ("view.light", LIGHT)):
        desk.window.actions_table.run(action)
        assert desk.window.workbench.theme.roles is roles
        grabbed = desk.window.grab().toImage()
        # A corner of the page: nothing but background is there.
        corner = desk.inspect.mapTo(desk.window, QPoint(4, desk.inspect.height() - 3))
        ratio = grabbed.devicePixelRatio()
        assert grabbed.pixelColor(round(corner.x() * ratio), round(corner.y() * ratio)).name() == roles.background


def test_text_grows_and_shrinks_within_limits(desk: Desk) -> None:
    theme = desk.window.workbench.theme
    normal = desk.window.top.search.fontMetrics().height()
    theme.set_zoom(1.8)
    for _ in range(3):
        desk.press("Ctrl++")
    assert theme.zoom == 2.0
    assert desk.window.top.search.fontMetrics().height() > 1.7 * normal
    theme.set_zoom(0.9)
    for _ in range(3):
        desk.press("Ctrl+-")
    assert theme.zoom == 0.7
    desk.press("Ctrl+0")
    assert theme.zoom == 1.0
    assert desk.window.top.search.fontMetrics().height() == normal


# --- closing and failing


def test_closing_does_not_ask_about_work_that_nobody_would_miss(desk: Desk) -> None:
    held = threading.Event()
    desk.window.workbench.jobs.start_light("Reading", lambda _job: held.wait(10), missed=False)
    threading.Timer(0.1, held.set).start()  # closing waits for it
    desk.window.close()
    assert not desk.window.isVisible()
    assert desk.dialogs.seen == []


def test_closing_while_a_job_runs_asks_and_can_be_declined(desk: Desk) -> None:
    desk.window.open_files([desk.images.large()])
    wait_until(lambda: desk.inspect.session.reading, "the verification to begin")
    desk.dialogs.agrees = False
    desk.window.close()
    assert desk.window.isVisible()
    assert desk.inspect.session.reading
    assert "still running" in desk.dialogs.seen[-1]
    desk.dialogs.agrees = True
    desk.window.close()
    assert not desk.window.isVisible()
    desk.settle()


def test_closing_while_components_are_extracted_leaves_nothing_half_done(desk: Desk) -> None:
    desk.open_unlocked()
    folder = desk.folder / "parts"
    desk.inspect.session.extract(folder)
    desk.window.close()
    assert not desk.window.isVisible()
    # Either it was finished, or nothing is there.
    left = sorted(path.name for path in desk.folder.rglob("*") if path.is_file() and path != desk.settings_path)
    assert not left or any("kernel" in name for name in left)
    assert not [name for name in left if name.startswith(".")]


def test_an_idle_window_closes_without_a_question(desk: Desk) -> None:
    desk.window.close()
    assert desk.dialogs.seen == []
    assert not desk.window.isVisible()


def test_a_window_closed_at_once_leaves_no_worker_behind(desk: Desk) -> None:
    desk.window.close()
    QTest.qWait(500)
    assert desk.window.workbench.jobs._workers == []


@pytest.mark.parametrize(
    ("key", "agreed"), [(Qt.Key.Key_Return, False), (Qt.Key.Key_Escape, False), (None, True)], ids=str
)
def test_what_stops_something_is_not_chosen_by_chance(desk: Desk, key: Qt.Key | None, *, agreed: bool) -> None:
    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert [made.text() for made in box.buttons()] == ["Stop and close", "Keep it running"]
        if key is None:
            box.buttons()[0].click()
        else:
            QTest.keyClick(box, key)

    QTimer.singleShot(0, desk.window, answer)
    assert confirm(desk.window, "Stop?", "It runs.", ("Stop and close", "Keep it running")) == agreed


LEAVING = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from seworkbench.ui import app, window

window.confirm = lambda *_: True

make_window = app.make_window

def make(*paths):
    made = make_window(*paths)
    assert sys.getswitchinterval() < 0.001, "threads that compute hold the window up"
    QTimer.singleShot(int(sys.argv[2]), made, made.close)
    return made

app.make_window = make
sys.exit(app.open_workbench([Path(sys.argv[1])]))
"""


@pytest.mark.parametrize("delay", [20, 300, 1500])
def test_the_program_ends_cleanly_whenever_it_is_closed(tmp_path: Path, images: Images, delay: int) -> None:
    # About a locale other than UTF-8 Qt has something to say.
    own = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    environment = {**os.environ, **own}
    ran = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", LEAVING, str(images.large()), str(delay)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = [line for line in ran.stderr.splitlines() if "This plugin does not support" not in line]
    assert (ran.returncode, said) == (0, [])
    assert (tmp_path / "seworkbench" / "settings.json").is_file()


def test_without_a_display_there_is_a_message_and_status_1(tmp_path: Path) -> None:
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    environment["XDG_CONFIG_HOME"] = str(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "seworkbench"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert "There is no display" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


# --- style sheets and zoom


def test_only_what_is_seen_is_given_a_new_theme_at_once(desk: Desk) -> None:
    sheets = {name: page.styleSheet() for name, page in desk.window.pages.items()}
    desk.window.show_page("build")
    desk.window.workbench.theme.choose(ThemeChoice.DARK)
    assert DARK.background in desk.build.styleSheet()
    assert desk.inspect.styleSheet() == sheets["inspect"]
    desk.window.show_page("inspect")
    assert desk.inspect.styleSheet() == desk.build.styleSheet()
    assert QApplication.instance().styleSheet() == ""  # type: ignore[union-attr]


def test_nothing_that_was_closed_is_dressed_any_more(desk: Desk) -> None:
    theme = desk.window.workbench.theme
    before = len(theme._living())
    for _ in range(3):
        desk.window.show_palette()
        palette(desk).close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    assert len(theme._living()) == before


@pytest.mark.parametrize("page", ["overview", "build", "inspect"])
def test_no_colour_of_another_theme_is_left(desk: Desk, page: str) -> None:
    desk.drop(INPUTS / "kernel", PKI / "host1.crt")
    desk.open_unlocked()
    desk.inspect.error.show_error(SeError("Something.", remedy="Do something."))
    desk.build.error.show_error(SeError("Something.", remedy="Do something."))
    desk.window.show_page(page)
    theme = desk.window.workbench.theme
    # A fresh picture of the theme, and one taken after two switches with everything open.
    theme.choose(ThemeChoice.DARK)
    settle_layout()
    fresh = desk.window.grab().toImage()
    theme.choose(ThemeChoice.HIGH_CONTRAST)
    settle_layout()
    desk.window.grab()
    theme.choose(ThemeChoice.DARK)
    settle_layout()
    assert desk.window.grab().toImage() == fresh
    theme.choose(ThemeChoice.LIGHT)
    settle_layout()
    light = desk.window.grab().toImage()
    left = {DARK.background, DARK.panel, DARK.accent, DARK.line, DARK.failed} - set(asdict(LIGHT).values())
    seen = {light.pixelColor(x, y).name() for x in range(0, light.width(), 3) for y in range(0, light.height(), 3)}
    assert seen & left == set()


def test_rail_and_side_grow_with_the_text_and_leave_the_page_the_most_room(desk: Desk) -> None:
    desk.window.resize(1440, 900)
    desk.open(desk.images.get("default"))
    before = desk.window.side.width()
    desk.window.workbench.theme.set_zoom(1.2)
    desk.settle()
    assert desk.window.side.width() > before * 1.1
    desk.window.workbench.theme.set_zoom(2.0)
    desk.settle()
    assert desk.window.side.width() < desk.inspect.width()
    assert desk.window.rail.width() >= max(made.sizeHint().width() for made in desk.window._rail_buttons.values())
    desk.window.workbench.theme.set_zoom(1.0)
    desk.settle()
    assert desk.window.rail.width() == 176


@pytest.mark.parametrize(("zoom", "columns"), [(1.0, 4), (1.5, 2), (2.0, 2)])
def test_inspect_finds_room_for_everything_at_every_zoom(desk: Desk, zoom: float, columns: int) -> None:
    desk.window.resize(1440, 900)
    desk.open(desk.images.get("default"))
    desk.window.workbench.theme.set_zoom(zoom)
    desk.settle()
    cards = desk.inspect.strip.cards
    assert len({card.y() for card in cards}) == len(cards) // columns
    # Nothing is wider than what is seen of it; what is too high is scrolled.
    body, seen = desk.inspect.body, desk.inspect.area.viewport()
    wait_until(lambda: body.width() <= seen.width(), "the layout to settle")
    assert (desk.inspect.area.verticalScrollBar().maximum() > 0) == (zoom > 1)


def test_old_messages_go_when_there_are_too_many(desk: Desk) -> None:
    for number in range(MOST_MESSAGES + 20):
        desk.window.workbench.say(f"Message {number}")
    assert len(desk.window.workbench.messages) == MOST_MESSAGES
    assert desk.window.messages.count() == MOST_MESSAGES
    assert desk.messages[-1] == f"Message {MOST_MESSAGES + 19}"
    assert desk.window.messages.item(0).text().endswith(f"Message {MOST_MESSAGES + 19}")


# --- little room


@pytest.mark.parametrize("zoom", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("width", [1024, 1440])
def test_every_menu_and_the_whole_top_bar_have_room(desk: Desk, width: int, zoom: float) -> None:
    window = desk.window
    window.resize(width, 700)
    window.workbench.theme.set_zoom(zoom)
    desk.trust.session.move_to(datetime(2027, 1, 1, tzinfo=UTC))
    desk.settle()
    assert window.width() == width
    assert window.top.menu_bar.width() >= window.top.menu_bar.sizeHint().width()
    parts = [part for part in window.top.findChildren(QWidget) if part.isVisible() and part.parent() is window.top]
    parts.sort(key=QWidget.x)
    for left, right in pairwise(parts):
        assert left.geometry().right() < right.x(), (left, right)
    assert all(part.width() >= part.minimumSizeHint().width() for part in parts)
    text = window.top.search.fontMetrics().horizontalAdvance(window.top.search.text())
    assert text < window.top.search.width()


def test_the_rail_shows_signs_where_names_would_take_the_room_of_the_page(desk: Desk) -> None:
    window = desk.window
    window.resize(1440, 900)
    settle_layout()
    wide = window.rail.width()
    window.workbench.theme.set_zoom(2.0)
    window.resize(1024, 640)
    settle_layout()
    assert window.rail.width() < wide
    for entry in window.pages.entries.values():
        made = window._rail_buttons[entry.name]
        assert made.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
        assert made.toolTip() == entry.title
    window.workbench.theme.set_zoom(1.0)
    settle_layout()
    assert window.rail.width() == wide


def test_a_side_that_was_hidden_has_grown_with_the_text_when_it_is_shown(desk: Desk) -> None:
    window = desk.window
    window.resize(1440, 900)
    window.show_page("inspect")
    settle_layout()
    before = window.side.width()
    window.show_page("learn")
    settle_layout()
    assert not window.side.isVisible()
    window.workbench.theme.set_zoom(1.4)
    settle_layout()
    window.show_page("inspect")
    settle_layout()
    assert window.side.width() == pytest.approx(before * 1.4, abs=4)


def test_a_page_that_cannot_be_made_is_told_once(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from seworkbench.ui.pages.learn import page
from seworkbench.ui.app import make_window

told = []
sys.excepthook = lambda kind, *_: told.append(kind.__name__)

class Broken:
    def __init__(self, workbench):
        raise RuntimeError

page.LearnPage = Broken
application = QApplication([])
window = make_window(Path(sys.argv[1]))
window.show()

def look():
    if told and len(window.pages.made) == len(window.pages) - 1:
        looking.stop()
        QTimer.singleShot(200, application.quit)

looking = QTimer()
looking.timeout.connect(look)
looking.start(10)
application.exec()
print(told)
window.close()
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    program = [sys.executable, "-c", code, str(tmp_path / "settings.json")]
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout == "['RuntimeError']\n"


# --- the first picture


STARTING = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from seworkbench.ui.app import make_window

LATER = ("numpy", "pyqtgraph", "cryptography", "sqlite3", "OpenSSL")

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not drawn:
            drawn.extend(page.NAME for page in window.pages.made)
            loaded.extend(name for name in LATER if name in sys.modules)
        return False

drawn, loaded = [], []
application = QApplication([])
window = make_window(Path(sys.argv[1]))
watch = Watch()
window.page.installEventFilter(watch)
window.completed.connect(application.quit)
window.show()
application.exec()
print(json.dumps([drawn, loaded, [page.NAME for page in window.pages.made], list(window.pages)]))
window.close()
"""


def test_the_window_is_drawn_before_other_pages_are_made_or_loaded(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    program = [sys.executable, "-c", STARTING, str(tmp_path / "settings.json")]
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    drawn, loaded, made, listed = json.loads(done.stdout)
    assert drawn == ["overview"]
    assert loaded == []
    assert made == listed
    assert len(listed) > 5


def test_a_page_that_does_not_exist_yet_is_made_by_going_there(tmp_path: Path) -> None:
    window = app_module.make_window(tmp_path / "settings.json")
    try:
        assert [page.NAME for page in window.pages.made] == ["overview"]
        window.workbench.page_requested.emit("learn")
        assert [page.NAME for page in window.pages.made] == ["overview", "learn"]
        assert window.page is window.pages["learn"]
    finally:
        window.close()
        delete(window)


def test_the_page_shown_last_is_the_first_to_be_made(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    Settings(page="learn").save(path)
    window = app_module.make_window(path)
    try:
        assert [page.NAME for page in window.pages.made] == ["learn"]
    finally:
        window.close()
        delete(window)


def test_a_menu_opened_at_once_has_the_commands_of_every_page(tmp_path: Path, desk: Desk) -> None:
    window = app_module.make_window(tmp_path / "settings.json")
    try:
        menus_of(window)[0].aboutToShow.emit()
        found = [menu_texts(menu) for menu in menus_of(window)]
    finally:
        window.close()
        delete(window)
    # Whatever the order in which the pages were made.
    assert found == [menu_texts(menu) for menu in menus_of(desk.window)]


def test_commands_are_found_in_the_order_of_the_rail(tmp_path: Path) -> None:
    window = app_module.make_window(tmp_path / "settings.json")
    try:
        for name in reversed(list(window.pages)):
            window.show_page(name)
        found = [action.page for action in window.actions_table.all()]
    finally:
        window.close()
        delete(window)
    order = ["", *window.pages]
    assert found == sorted(found, key=order.index)


def menus_of(window: MainWindow) -> list[QMenu]:
    """The menus of a window; the bar has one of its own for when it is too narrow."""
    return [menu for menu in window.top.menu_bar.findChildren(QMenu) if menu.title()]


def menu_texts(menu: QMenu) -> list[str]:
    """What a menu shows."""
    return [action.text() for action in menu.actions()]
