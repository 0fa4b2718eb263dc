"""What the top bar says about the workspace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.ui.pages.trust.status import TrustStatus

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.desk import Desk

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def status(desk: Desk) -> TrustStatus:
    """Shown in the window."""
    found = desk.window.findChild(TrustStatus)
    assert found is not None
    desk.settle()
    return found


def test_the_name_of_the_workspace_is_seen_on_every_page(desk: Desk, status: TrustStatus, tmp_path: Path) -> None:
    assert status.workspace.text() == "Not kept"
    path = tmp_path / "payroll-prod.sewb"
    desk.trust.session.open(path)
    desk.settle()
    for name in desk.window.pages:
        desk.window.show_page(name)
        assert status.workspace.isVisible()
        assert status.workspace.text() == "payroll-prod"
    assert str(path) in status.workspace.toolTip()


def test_a_long_name_is_cut_and_whole_for_those_who_ask(desk: Desk, status: TrustStatus, tmp_path: Path) -> None:
    name = "the-payroll-machines-of-the-second-data-centre"
    desk.trust.session.open(tmp_path / f"{name}.sewb")
    desk.settle()
    assert status.workspace.text().endswith("…")
    assert len(status.workspace.text()) < len(name)
    assert name in status.workspace.toolTip()
    assert name in status.workspace.accessibleName()


def test_its_menu_opens_another_workspace(desk: Desk, status: TrustStatus) -> None:
    texts = [action.text() for action in status.workspace.menu().actions()]
    assert texts == ["Open another workspace…", "New workspace…"]
    status.workspace.menu().actions()[0].trigger()
    assert desk.dialogs.seen == ["file"]


def test_an_instant_that_is_not_now_is_seen_everywhere_and_a_click_ends_it(desk: Desk, status: TrustStatus) -> None:
    assert not status.as_of.isVisible()
    desk.trust.session.move_to(LATER)
    desk.settle()
    desk.window.show_page("build")
    QApplication.processEvents()
    assert status.as_of.isVisible()
    assert status.as_of.text() == "As of 2027-01-01 00:00 UTC"
    QTest.mouseClick(status.as_of, Qt.MouseButton.LeftButton)
    desk.settle()
    assert desk.trust.session.is_now
    assert not status.as_of.isVisible()


def test_where_text_is_large_for_the_window_signs_and_the_day_must_do(desk: Desk, status: TrustStatus) -> None:
    desk.trust.session.move_to(LATER)
    desk.window.workbench.theme.set_zoom(2.0)
    desk.window.resize(1024, 640)
    desk.settle()
    assert status.as_of.text() == "2027-01-01"
    assert status.workspace.text() == ""
    assert status.workspace.accessibleName() == "Workspace: Not kept"
    desk.window.workbench.theme.set_zoom(1.0)
    desk.settle()
    assert status.as_of.text() == "As of 2027-01-01 00:00 UTC"
