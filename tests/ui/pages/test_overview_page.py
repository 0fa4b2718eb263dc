"""The first page: where to begin, and what was opened lately."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from seworkbench.ui.pages.trust import session as session_module

# The tests of a folder form a package; the desk stands in the folder above.
from ..desk import INPUTS, PKI, Desk  # noqa: TID252

if TYPE_CHECKING:
    import pytest
    from PySide6.QtWidgets import QWidget


def words(where: QWidget) -> list[str]:
    """Every word that can be seen, once what is given up is deleted."""
    QTest.qWait(1)
    shown = [*where.findChildren(QLabel), *where.findChildren(QPushButton)]
    return [widget.text() for widget in shown if widget.isVisible() and widget.text()]  # type: ignore[attr-defined]


def test_a_new_user_is_told_what_to_do(desk: Desk) -> None:
    said = words(desk.overview)
    assert any(text.startswith("Drop any file into this window") for text in said)
    assert "None yet." in said


def test_the_buttons_of_all_tasks_stand_on_one_line(desk: Desk) -> None:
    desk.window.show_page("overview")
    QTest.qWait(1)
    found = [made for made in desk.overview.findChildren(QPushButton) if made.text() in ("Trust", "Build", "Inspect")]
    assert len(found) >= 2
    assert len({made.mapTo(desk.overview, made.rect().bottomLeft()).y() for made in found}) == 1


def test_every_task_leads_to_its_page(desk: Desk) -> None:
    for name, page in (("Build", "build"), ("Inspect", "inspect")):
        desk.window.show_page("overview")
        desk.click(desk.overview, name)
        assert page == desk.window.page.NAME


def test_a_recent_file_is_opened_again_by_one_click(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.reopen()
    desk.window.show_page("overview")
    assert "None yet." not in words(desk.overview)
    desk.click(desk.overview, "default.img")
    assert desk.window.page is desk.inspect
    assert desk.inspect.title.text() == "default.img"


def test_a_recent_file_that_is_gone_is_listed_with_the_reason(desk: Desk) -> None:
    gone = desk.folder / "gone.img"
    gone.write_bytes(desk.images.get("default").read_bytes())
    desk.open(gone)
    gone.unlink()
    desk.window.show_page("overview")
    desk.click(desk.overview, "gone.img")
    assert desk.window.page is desk.overview
    assert desk.messages[-1].startswith("gone.img: ")


def test_the_newest_of_many_recent_files_are_shown(desk: Desk) -> None:
    desk.window.show_page("build")
    for number in range(20):
        line = desk.folder / f"line-{number:02}"
        line.write_text("quiet")
        desk.drop(line)
    desk.window.show_page("overview")
    shown = [text for text in words(desk.overview) if text.startswith("line-")]
    assert shown == [f"line-{number:02}" for number in range(19, 11, -1)]


def test_keys_are_never_among_the_recent_files(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.drop(INPUTS / "hdr.key", PKI / "host1.key", PKI / "host1.crt")
    desk.window.show_page("overview")
    said = " ".join(words(desk.overview))
    assert "host1.crt" in said
    assert "hdr.key" not in said
    assert "host1.key" not in said


def test_recent_files_can_be_forgotten_and_switched_off(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    desk.window.actions_table.run("edit.recent")
    desk.window.show_page("overview")
    assert "None yet." in words(desk.overview)
    assert desk.window.workbench.settings.recent == []
    desk.window.actions_table.run("edit.keep-recent")
    assert "default.img" not in words(desk.overview)
    desk.open(desk.images.get("default"))
    desk.reopen()
    desk.window.show_page("overview")
    assert "Switched off in the settings." in words(desk.overview)
    assert "default.img" not in words(desk.overview)
    assert "default.img" not in desk.settings_path.read_text()
    desk.window.actions_table.run("edit.keep-recent")
    desk.drop(desk.images.get("default"))
    desk.window.show_page("overview")
    assert "default.img" in words(desk.overview)


def test_host_keys_are_counted_by_verdict_and_what_is_missing_is_said(desk: Desk) -> None:
    desk.window.show_page("trust")
    desk.drop(*(PKI / name for name in ("root.crt", "inter.crt", "sign.crt", "root.crl", "inter.crl", "host1.crt")))
    desk.window.show_page("overview")
    said = words(desk.overview)
    assert "1 document in the workspace, judged as of now" in said
    assert "1 file is missing for a verdict on all host keys." in said
    desk.click(desk.overview, "Open Trust")
    assert desk.window.page is desk.trust


def test_what_ends_soon_is_said_before_it_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "present", lambda: datetime(2093, 12, 29, tzinfo=UTC))
    desk.window.show_page("trust")
    desk.drop(*(PKI / name for name in ("root.crt", "inter.crt", "sign.crt", "root.crl", "inter.crl", "host.crl")))
    desk.window.show_page("overview")
    said = " ".join(words(desk.overview))
    assert "Root CA CRL ends in 3 days, on 2094-01-01." in said
    assert "1 more end soon or have ended." in said


def test_without_documents_overview_says_nothing_about_them(desk: Desk) -> None:
    desk.settle()
    assert "Host keys" not in words(desk.overview)
