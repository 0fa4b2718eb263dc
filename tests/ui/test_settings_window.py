"""The window in which settings are seen and chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from seworkbench.ui.settings_window import SettingsWindow
from seworkbench.ui.theme import ThemeChoice
from seworkbench.workspace.places import workspace_path

from .desk import Desk, settle_layout


@pytest.fixture
def settings(desk: Desk) -> SettingsWindow:
    desk.window.actions_table.run("edit.settings")
    return opened()


def opened() -> SettingsWindow:
    """The window of the settings."""
    windows = (made for made in QApplication.topLevelWidgets() if isinstance(made, SettingsWindow))
    (found,) = [made for made in windows if made.isVisible()]
    return found


def kept(desk: Desk) -> dict[str, Any]:
    """What is on the disk."""
    found = json.loads(desk.settings_path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_theme_holds_and_is_kept_at_once(desk: Desk, settings: SettingsWindow) -> None:
    assert settings.themes.buttons["light"].isChecked()
    assert settings.focusWidget() is settings.themes.buttons["light"]
    settings.themes.buttons["dark"].click()
    assert desk.window.workbench.theme.choice is ThemeChoice.DARK
    assert kept(desk)["theme"] == "dark"
    settings.normal.click()
    assert kept(desk)["theme"] == "system"
    assert settings.themes.buttons["system"].isChecked()
    assert not settings.normal.isVisible()


def test_text_grows_step_by_step_to_its_limits(desk: Desk, settings: SettingsWindow) -> None:
    settings.larger.click()
    assert settings.zoom.text() == "110\u00a0%"
    desk.window.actions_table.run("view.larger")
    assert settings.zoom.text() == "120\u00a0%"
    assert kept(desk)["zoom"] == 1.2
    for _ in range(20):
        settings.larger.click()
    assert desk.window.workbench.theme.zoom == 2.0
    assert not settings.larger.isEnabled()
    for _ in range(20):
        settings.smaller.click()
    assert desk.window.workbench.theme.zoom == 0.7
    assert not settings.smaller.isEnabled()


def test_switched_off_recent_files_are_gone_from_the_disk_at_once(desk: Desk, settings: SettingsWindow) -> None:
    path = desk.images.get("default")
    desk.open(path)
    assert settings.recent.text().startswith("1 file in the list")
    settings.keep_recent.click()
    assert str(path) not in desk.settings_path.read_text(encoding="utf-8")
    assert kept(desk)["keep_recent"] is False
    assert "gone" in settings.recent.text()
    desk.window.show_page("overview")
    assert "Switched off in the settings." in [made.text() for made in desk.overview.findChildren(QLabel)]
    desk.open(path)
    assert desk.window.workbench.settings.recent == []
    settings.keep_recent.click()
    desk.open(path)
    assert desk.window.workbench.settings.recent == [str(path)]


def test_the_list_of_recent_files_is_emptied_and_kept_on(desk: Desk, settings: SettingsWindow) -> None:
    assert not settings.forget.isVisible()
    desk.open(desk.images.get("default"))
    settings.forget.click()
    assert kept(desk)["recent"] == []
    assert kept(desk)["keep_recent"] is True
    assert not settings.forget.isVisible()


def test_what_is_opened_at_the_start_is_forgotten_on_request(desk: Desk, settings: SettingsWindow) -> None:
    chosen = desk.window.workbench.settings
    chosen.workspace, chosen.machine = "/srv/kept/payroll.sewb", "/srv/machines/z16"
    desk.window.actions_table.run("edit.settings")
    assert settings.workspace.whole == "/srv/kept/payroll.sewb"
    settings.usual.click()
    settings.no_machine.click()
    assert (settings.workspace.whole, settings.machine.whole) == ("the usual one", "none")
    assert (kept(desk)["workspace"], kept(desk)["machine"]) == ("", "")


def test_the_usual_workspace_is_called_so_whatever_named_it(desk: Desk, settings: SettingsWindow) -> None:
    desk.window.workbench.settings.workspace = str(workspace_path())
    settings.refresh()
    assert settings.workspace.whole == "the usual one"
    assert not settings.usual.isVisible()


def test_it_is_told_where_settings_are_kept(desk: Desk, settings: SettingsWindow) -> None:
    assert settings.place.whole == str(desk.settings_path)
    settings.copy_place.click()
    assert QGuiApplication.clipboard().text() == str(desk.settings_path)


def test_it_is_left_with_escape_and_goes_with_the_window(desk: Desk, settings: SettingsWindow) -> None:
    QTest.keyClick(settings, Qt.Key.Key_Escape)
    assert not settings.isVisible()
    desk.window.activateWindow()
    settle_layout()
    desk.press("Ctrl+,")
    assert opened() is settings
    desk.window.close()
    assert not settings.isVisible()
