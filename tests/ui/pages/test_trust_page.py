"""The Trust page: from a heap of files to a verdict that can be explained, exported and kept."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QPushButton

from seworkbench.checks import Verdict
from seworkbench.ui import window as window_module
from seworkbench.ui.pages.trust import session as session_module
from seworkbench.ui.pages.trust.documents_model import UNTIL, VERDICT, DocumentsFilter, DocumentsModel
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.pages.trust.session import TrustSession
from seworkbench.ui.pages.trust.side import TrustSide, grouped
from seworkbench.ui.pages.trust.view import Group, Row, View
from seworkbench.ui.theme import ThemeChoice
from seworkbench.ui.widgets.chain_layout import EdgeKind, NodeShape
from seworkbench.ui.window import MainWindow
from seworkbench.ui.workbench import Weight, Workbench
from seworkbench.workspace.workspace import open_workspace

# The tests of a folder form a package; the desk stands in the folder above.
from ..desk import PKI, listed, settle_layout, wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from seworkbench.trust.judgement import HostKeyJudgement

ISSUERS = ("root.crt", "inter.crt", "sign.crt")
LISTS = ("root.crl", "inter.crl", "host.crl")
WHOLE = (*ISSUERS, *LISTS, "host1.crt", "host2.crt")


class Bench:
    """The window with the Trust page, and a workspace of its own."""

    def __init__(self, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.workspace = folder / "audit.sewb"
        self.workbench = Workbench(folder / "settings.json")
        self.workbench.theme.choose(ThemeChoice.LIGHT)
        self.session = TrustSession(self.workbench.jobs, self.workbench)
        self.page = TrustPage(self.workbench, self.session)
        self.window = MainWindow(self.workbench, [listed(self.page)])
        self.workbench.setParent(self.window)
        qtbot.addWidget(self.window)
        self.window.show()
        self.session.open(self.workspace)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is read, judged or written."""
        wait_until(
            lambda: self.session.workspace is not None and not self.workbench.jobs.running and not self.session.busy,
            "the page to settle",
        )
        QApplication.processEvents()

    def drop(self, *names: str | Path) -> None:
        """Drop files onto the page."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(PKI / name)) for name in names])
        at, copy = QPointF(400, 300), Qt.DropAction.CopyAction
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self.page.dropEvent(QDropEvent(at, copy, data, buttons, keys))
        self.settle()

    def choose_file(self, path: Path) -> None:
        """What every file dialog answers from now on."""
        for name in ("getOpenFileName", "getSaveFileName"):
            self.monkeypatch.setattr(QFileDialog, name, lambda *_args, **_named: (str(path), ""))
        self.monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args, **_named: ([str(path)], ""))
        self.monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args, **_named: str(path))

    def set_present(self, at: datetime) -> None:
        """Let the program believe that it is another day."""
        self.monkeypatch.setattr(session_module, "present", lambda: at)
        self.session.judge()
        self.settle()

    def run(self, action: str) -> None:
        """Run a command."""
        self.window.actions_table.run(f"trust.{action}")
        self.settle()

    def host(self, name: str) -> HostKeyJudgement:
        """The judgement on a host key document."""
        assert self.session.judgement is not None
        return next(item for item in self.session.judgement.host_keys if item.certificate.source.short == name)

    def key(self, name: str) -> str:
        """Fingerprint of an object by the name of its file."""
        held = self.session.holdings.objects.values()
        return next(item.fingerprint for item in held if item.source.short == name)

    def verdicts(self) -> dict[str, Verdict]:
        """Verdict on each host key document, as the table has it."""
        found = {}
        for _group, _said, rows in self.page.view.groups[:1]:
            for row in rows:
                for line in row.children or (row,):
                    item = self.session.holdings.objects[line.key]
                    found[item.source.short] = line.verdict
        return found

    @property
    def messages(self) -> list[str]:
        """What was told."""
        return [message.text for message in self.workbench.messages]

    def button(self, text: str) -> QPushButton:
        """The visible button of that text."""
        QApplication.processEvents()
        places = (self.page, self.page.side, self.page.axis.flag)
        found = [made for place in places for made in place.findChildren(QPushButton)]
        return next(made for made in found if made.text() == text and made.isVisible())


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # A question in a dialog of its own would wait for ever.
    monkeypatch.setattr(window_module, "confirm", lambda *_: True)
    made = Bench(qtbot, tmp_path, monkeypatch)
    yield made
    made.window.close()


# --- what comes in


def test_an_empty_page_says_what_to_drop(bench: Bench) -> None:
    assert bench.page.body.currentIndex() == 0
    assert bench.button("Import files…").isEnabled()
    assert not bench.page.verify.isEnabled()


def test_a_whole_set_of_files_is_imported_by_one_drop_and_everything_passes(bench: Bench) -> None:
    bench.drop(*WHOLE)
    assert bench.verdicts() == {"host1.crt": Verdict.PASSED, "host2.crt": Verdict.PASSED}
    assert bench.page.notice.detail.text() == "8 imported"
    assert bench.page.missing.isHidden()
    assert bench.page.chosen == bench.key("host1.crt")
    assert bench.page.side.checklist.chip.verdict is Verdict.PASSED


def test_what_was_refused_is_listed_first_and_why(bench: Bench) -> None:
    bench.drop("host1.crt", "garbage.crt", "host1.key")
    lines = bench.page.notice.lines()
    assert "private key" in " ".join(lines[:4])
    assert bench.page.notice.detail.text() == "1 imported, 2 refused"


def test_why_a_file_was_refused_is_read_to_its_end(bench: Bench) -> None:
    bench.window.resize(900, 700)
    bench.drop("garbage.crt")
    said = [made for made in bench.page.notice.findChildren(QLabel) if made.text().startswith("There is neither")]
    assert [made.text().endswith("(.crt, .cer, .pem, .crl).") for made in said] == [True]
    # One layout asks the next one around it.
    for _ in range(3):
        QApplication.processEvents()
    assert said[0].height() >= said[0].heightForWidth(said[0].width())
    assert said[0].visibleRegion().boundingRect().size() == said[0].size()


def test_the_same_file_again_is_there_already_and_a_renewal_is_called_one(bench: Bench) -> None:
    bench.drop("host1.crt")
    bench.drop("host1.crt", "host_renewed.crt")
    assert bench.page.notice.detail.text() == "1 renewal, 1 already there"
    assert len(bench.session.holdings.objects) == 2


def test_a_folder_is_imported_whole(bench: Bench) -> None:
    folder = bench.folder / "from-ibm"
    folder.mkdir()
    for name in WHOLE:
        shutil.copy(PKI / name, folder / name)
    bench.choose_file(folder)
    bench.run("import-folder")
    assert bench.verdicts() == {"host1.crt": Verdict.PASSED, "host2.crt": Verdict.PASSED}


def test_pasted_text_is_imported(bench: Bench) -> None:
    QGuiApplication.clipboard().setText((PKI / "host1.crt").read_text())
    bench.window.paste()
    bench.settle()
    assert [item.source.name for item in bench.session.holdings.objects.values()] == ["pasted text"]


def test_what_is_there_when_the_window_closes_is_there_again(bench: Bench, qtbot: QtBot) -> None:
    bench.drop(*WHOLE)
    bench.session.open(bench.workspace)
    bench.settle()
    assert bench.verdicts() == {"host1.crt": Verdict.PASSED, "host2.crt": Verdict.PASSED}
    assert bench.window.windowTitle() == "audit · SE Workbench"
    del qtbot


def test_a_copy_of_the_workspace_is_saved_and_nothing_is_replaced(bench: Bench, tmp_path: Path) -> None:
    bench.session.import_path(PKI / "host1.crt")
    bench.settle()
    copy = tmp_path / "for-the-auditor.sewb"
    bench.choose_file(copy)
    bench.run("copy-workspace")
    assert bench.messages[-1] == f"The workspace was copied to {copy}."
    with open_workspace(copy) as found:
        assert len(found.objects.all()) == 1
    before = copy.read_bytes()
    for taken in (copy, bench.workspace):
        bench.choose_file(taken)
        bench.run("copy-workspace")
        assert bench.workbench.messages[-1].weight is Weight.ERROR
    assert copy.read_bytes() == before
    assert list(bench.session.holdings.objects) == [bench.key("host1.crt")]


def test_a_file_that_is_no_workspace_is_refused_and_the_open_one_stays(bench: Bench) -> None:
    bench.drop("host1.crt")
    wrong = bench.folder / "wrong.sewb"
    wrong.write_bytes(b"no workspace at all" * 100)
    bench.choose_file(wrong)
    bench.run("workspace")
    assert bench.page.error.isVisible()
    assert wrong.read_bytes().startswith(b"no workspace")
    assert len(bench.session.holdings.objects) == 1


def test_removing_takes_it_out_of_everything(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.page.choose(bench.key("host2.crt"))
    bench.run("remove")
    assert bench.verdicts() == {"host1.crt": Verdict.PASSED}
    assert (PKI / "host2.crt").exists()
    assert any(entry.what == "object removed" for entry in open_workspace(bench.workspace).audit.entries())


# --- verdicts


def test_a_revoked_key_fails_and_the_list_that_names_it_points_at_it(bench: Bench) -> None:
    bench.drop(*WHOLE, "host_revoked.crt")
    key = bench.key("host_revoked.crt")
    assert bench.verdicts()["host_revoked.crt"] is Verdict.FAILED
    assert bench.page.graph.nodes[key].node.word == "failed: revoked"
    pointers = [edge for edge in bench.page.view.picture.edges if edge.kind is EdgeKind.LISTS]
    assert [(edge.start, edge.end) for edge in pointers] == [(bench.key("host.crl"), key)]
    broken = [edge for edge in bench.page.view.picture.edges if edge.kind is EdgeKind.ISSUED and edge.end == key]
    assert broken[0].verdict is Verdict.FAILED
    bar = next(bar for bar in bench.page.axis.bars if bar.key == key)
    assert bar.revoked is not None


def test_the_check_that_failed_is_open_with_both_values(bench: Bench) -> None:
    bench.drop(*WHOLE, "host_revoked.crt")
    bench.page.choose(bench.key("host_revoked.crt"))
    opened = bench.page.side.checklist.opened()
    assert any("b7" in name for name in opened)


def test_an_expired_key_fails(bench: Bench) -> None:
    bench.drop(*WHOLE, "host_expired.crt")
    assert bench.page.graph.nodes[bench.key("host_expired.crt")].node.word == "failed: expired"


def test_a_rule_for_names_that_was_bent_is_amber_and_written_at_its_line(bench: Bench) -> None:
    bench.drop("root.crt", "inter.crt", "sign_armonk.crt", *LISTS, "host1.crt")
    edge = next(edge for edge in bench.page.view.picture.edges if edge.end == bench.key("host.crl"))
    assert edge.verdict is Verdict.WARNING
    assert edge.words == "matched: Armonk → Poughkeepsie"
    assert bench.verdicts() == {"host1.crt": Verdict.PASSED}


def test_documents_of_one_key_are_one_machine(bench: Bench) -> None:
    bench.drop(*WHOLE, "host_renewed.crt")
    _group, said, rows = bench.page.view.groups[0]
    assert said == "3 documents, 2 machines"
    assert [len(row.children) for row in rows] == [2, 0]


def test_an_issuer_that_fails_breaks_its_own_line_and_not_those_below(bench: Bench) -> None:
    bench.drop("root.crt", "inter.crt", "sign_expired.crt", *LISTS, "host1.crt")
    edges = {edge.end: edge for edge in bench.page.view.picture.edges if edge.kind is EdgeKind.ISSUED}
    assert edges[bench.key("sign_expired.crt")].verdict is Verdict.FAILED
    assert edges[bench.key("host1.crt")].verdict is not Verdict.FAILED
    assert bench.verdicts()["host1.crt"] is Verdict.FAILED


# --- what is missing


def test_a_missing_list_has_a_card_and_dropping_it_there_makes_all_pass(bench: Bench) -> None:
    bench.drop(*ISSUERS, "root.crl", "inter.crl", "host1.crt")
    assert bench.verdicts()["host1.crt"] is Verdict.FAILED
    entry = bench.page.missing.entries[0]
    assert entry.missing.usual_file == "ibm-z-host-key.crl"
    assert entry.isVisible()
    ghosts = [node for node in bench.page.view.picture.nodes if node.shape is NodeShape.MISSING_LIST]
    assert len(ghosts) == 1
    bench.drop("host.crl")
    assert bench.verdicts()["host1.crt"] is Verdict.PASSED
    assert bench.page.missing.isHidden()


def test_a_missing_issuer_is_a_ghost_above_its_host_keys(bench: Bench) -> None:
    bench.drop("root.crt", "inter.crt", "host1.crt")
    ghost = next(node for node in bench.page.view.picture.nodes if node.shape is NodeShape.MISSING_CERTIFICATE)
    edges = [(edge.start, edge.end) for edge in bench.page.view.picture.edges if edge.kind is EdgeKind.ISSUED]
    assert (ghost.key, bench.key("host1.crt")) in edges
    bench.page.choose(ghost.key)
    assert bench.page.side.kind.text() == "missing"


def test_addresses_are_shown_before_anything_is_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(bench.session, "fetch", asked.append)
    bench.drop(*ISSUERS, "host1.crt")
    bench.run("fetch")
    lines = bench.page.notice.lines()
    assert "http://127.0.0.1:9/host.crl" in lines
    assert asked == []
    bench.button("Fetch now").click()
    assert len(asked) == 1


def test_every_address_that_was_asked_is_listed_with_what_came(bench: Bench) -> None:
    bench.drop(*ISSUERS, "host1.crt")
    bench.run("fetch")
    # Nobody listens at port 9 of this machine.
    bench.button("Fetch now").click()
    bench.settle()
    assert bench.page.notice.title.text() == "Fetched"
    assert bench.page.notice.detail.text().startswith("0 of ")
    assert "http://127.0.0.1:9/host.crl" in bench.page.notice.lines()


# --- the instant


def test_dragging_the_instant_past_the_end_turns_everything_red_and_back(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.set_present(datetime(2093, 8, 1, tzinfo=UTC))
    assert set(bench.verdicts().values()) == {Verdict.PASSED}
    left, width = bench.page.axis.plot_span()
    axis, flag = bench.page.axis, bench.page.axis.flag
    target = left + axis.share_of(datetime(2094, 3, 1, tzinfo=UTC)) * width - flag.x()
    start = left + axis.share_of(axis.as_of) * width - flag.x()
    middle = flag.height() // 2
    QTest.mousePress(flag, Qt.MouseButton.LeftButton, pos=QPointF(start, middle).toPoint())
    for step in range(1, 9):
        QTest.mouseMove(flag, QPointF(start + (target - start) * step / 8, middle).toPoint())
        QApplication.processEvents()
    QTest.mouseRelease(flag, Qt.MouseButton.LeftButton, pos=QPointF(target, middle).toPoint())
    bench.settle()
    assert set(bench.verdicts().values()) == {Verdict.FAILED}
    assert {bar.verdict for bar in axis.bars} == {Verdict.FAILED}
    assert bench.page.as_of.isVisible()
    assert bench.page.as_of.text().endswith("not now")
    assert bench.session.today is not None
    assert bench.session.today.at == datetime(2093, 8, 1, tzinfo=UTC)
    bench.button("Back to now").click()
    bench.settle()
    assert set(bench.verdicts().values()) == {Verdict.PASSED}
    assert bench.page.as_of.isHidden()


def test_the_next_change_is_announced(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.set_present(datetime(2093, 12, 29, tzinfo=UTC))
    assert bench.page.next_change.whole.startswith("Next change in 3 days: ")
    assert bench.page.next_change.whole.endswith("2 host keys affected")


# --- one selection


def test_what_is_selected_in_one_place_is_selected_everywhere(bench: Bench) -> None:
    bench.drop(*WHOLE)
    root = bench.key("root.crt")
    QTest.mouseClick(bench.page.graph.nodes[root], Qt.MouseButton.LeftButton)
    assert bench.page.documents.chosen == root
    assert bench.page.side.title.whole == "Root CA"
    wait_until(lambda: bench.page.axis.chosen == root, "the mark in the axis")
    bench.page.documents.select(bench.key("host2.crt"))
    host = bench.key("host1.crt")
    bench.page.axis.selected.emit(host)
    assert bench.page.documents.chosen == host
    wait_until(lambda: bench.page.graph.chosen == host, "the mark in the chain")


def test_the_side_tells_the_facts_of_what_is_selected_now(bench: Bench) -> None:
    def digits() -> list[str]:
        return [shown.text() for shown in bench.page.side.findChildren(QLabel, "bytes") if shown.isVisible()]

    bench.drop(*WHOLE)
    for name in ("host1.crt", "host2.crt", "root.crl", "host2.crt"):
        bench.page.choose(bench.key(name))
        told = []
        if name.endswith(".crt"):
            certificate = bench.host(name).certificate
            told = [grouped(certificate.phkh or ""), grouped(certificate.serial_text)]
        wait_until(partial(lambda told: digits() == told, told), f"the facts of {name}")


def test_buttons_that_stand_one_below_the_other_are_whole(bench: Bench, qtbot: QtBot) -> None:
    bench.drop(*WHOLE)
    side = TrustSide(bench.workbench.theme)
    qtbot.addWidget(side)
    side.show_host_key(bench.host("host1.crt"), None, "host1", bench.session.now, ())
    side.show()
    for width, below in ((600, False), (250, True), (600, False)):
        side.resize(width, 900)
        settle_layout()
        assert (side.export.y() > side.commands.y()) is below
        assert all(made.height() == made.sizeHint().height() for made in (side.commands, side.export))


def test_a_list_shows_its_own_facts_and_checks(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.page.choose(bench.key("host.crl"))
    assert bench.page.side.kind.text() == "CRL"
    assert bench.page.side.checklist.check is not None
    assert not bench.page.side.commands.isVisible()


def test_the_filter_finds_by_hash_serial_and_file(bench: Bench) -> None:
    bench.drop(*WHOLE)
    documents = bench.page.documents
    for text in (bench.host("host2.crt").certificate.phkh or "", "host2.crt"):
        documents.line.setText(text[:20])
        assert documents.filter.rowCount() == 1
        assert documents.filter.rowCount(documents.filter.index(0, 0)) == 1
    documents.line.setText("nothing has this")
    assert documents.none.isVisible()


@pytest.mark.parametrize(("width", "hidden"), [(1024, True), (1440, False)])
def test_a_narrow_window_keeps_names_and_verdicts(bench: Bench, width: int, hidden: bool) -> None:
    bench.drop(*WHOLE)
    bench.window.resize(width, 700)
    tree = bench.page.documents.tree
    wait_until(lambda: tree.isColumnHidden(UNTIL) is hidden, "the columns to find room")
    assert not tree.isColumnHidden(VERDICT)
    ends = tree.columnViewportPosition(VERDICT) + tree.columnWidth(VERDICT)
    assert ends <= tree.viewport().width() + 1
    # What has no room in the head is in the menu.
    assert bench.page.export.isVisible() is not hidden
    assert "trust.export" in [action.id for action in bench.window.actions_table.possible()]


# --- machines


def test_a_machine_gets_a_name_and_notes_that_are_kept(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.page.choose(bench.key("host1.crt"))
    bench.run("rename")
    editor = bench.page.side.machine
    QTest.keyClicks(editor.name, "payroll-prod\r")
    bench.settle()
    editor.notes.setPlainText("compared by phone")
    editor.notes.left.emit()
    bench.settle()
    assert bench.page.graph.nodes[bench.key("host1.crt")].node.title == "payroll-prod"
    bench.page.documents.line.setText("by phone")
    assert bench.page.documents.filter.rowCount() == 1
    with open_workspace(bench.workspace) as again:
        said = again.machines.all()[bench.host("host1.crt").certificate.phkh or ""]
    assert (said.name, said.notes) == ("payroll-prod", "compared by phone")


# --- what leaves the page


def test_verify_all_keeps_verdicts_and_writes_the_audit_trail(bench: Bench) -> None:
    bench.drop(*WHOLE, "host_revoked.crt")
    bench.run("verify")
    assert "2 passed · 1 failed" in bench.messages[-1]
    with open_workspace(bench.workspace) as again:
        kept = again.verdicts.newest("host key")
        assert kept[bench.key("host_revoked.crt")].cause == "HkdRevoked"
        assert bench.key("host.crl") in kept[bench.key("host1.crt")].inputs.values()
        assert again.audit.verify().verdict is Verdict.PASSED
        assert sum(entry.what == "verified" for entry in again.audit.entries()) == 3


@pytest.mark.parametrize("suffix", ["html", "json", "md"])
def test_evidence_is_exported_for_all_and_for_one(bench: Bench, suffix: str) -> None:
    bench.drop(*WHOLE, "host_revoked.crt")
    path = bench.folder / f"evidence.{suffix}"
    bench.choose_file(path)
    bench.run("export")
    whole = path.read_text()
    bench.page.choose(bench.key("host1.crt"))
    bench.run("export-one")
    one = path.read_text()
    first, second = (bench.host(name).certificate.phkh or "" for name in ("host1.crt", "host2.crt"))
    if suffix == "json":
        assert json.loads(whole)["verdict"] == "failed"
        assert json.loads(one)["verdict"] == "passed"
    else:
        shown = whole.replace(" ", "").replace("\n", "")
        assert first[:8] in shown
        assert second[:8] in shown
    assert len(one) < len(whole)


def test_ends_are_exported_as_a_calendar(bench: Bench) -> None:
    bench.drop(*WHOLE)
    path = bench.folder / "ends.ics"
    bench.choose_file(path)
    bench.run("calendar")
    assert path.read_bytes().count(b"BEGIN:VEVENT\r\n") == len(WHOLE)


def test_commands_name_the_files_and_the_files_can_be_saved(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.page.choose(bench.key("host1.crt"))
    bench.run("commands")
    text = bench.page.notice.text.toPlainText()
    assert "pvverify --host-key-document" in text
    assert "seworkbench hostkey verify" in text
    assert "openssl" in text
    folder = bench.folder / "by-hand"
    folder.mkdir()
    bench.choose_file(folder)
    bench.button("Save the files…").click()
    names = {path.name for path in folder.iterdir()}
    assert len(names) == len(ISSUERS) + len(LISTS) + 1
    assert all(name in text for name in names)


def test_evidence_and_hash_can_be_copied(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.page.choose(bench.key("host1.crt"))
    bench.run("phkh")
    assert QGuiApplication.clipboard().text() == bench.host("host1.crt").certificate.phkh
    bench.run("copy")
    assert "[passed]" in QGuiApplication.clipboard().text()


def test_the_context_menu_offers_what_can_be_done(bench: Bench) -> None:
    bench.drop(*WHOLE)
    bench.page.documents.menu_asked.emit(bench.key("host1.crt"), QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions()]
    assert words[:3] == ["Copy PHKH", "Rename machine", "Show as commands"]
    assert words[-1] == "Remove from the workspace"
    menu.close()


# --- the model


def view_of(count: int, verdict: Verdict = Verdict.PASSED, machines: int = 0) -> View:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    rows = [
        Row(f"k{n}", f"host {n}", f"{n:08x}", until + timedelta(days=n), verdict, verdict.value, f"host {n} {n:08x}")
        for n in range(count)
    ]
    parents = [
        Row(f"machine:{n}", f"machine {n}", "", None, verdict, verdict.value, "", tuple(rows[2 * n : 2 * n + 2]))
        for n in range(machines)
    ]
    shown = (*parents, *rows[2 * machines :])
    return View(groups=((Group.HOST_KEYS, f"{count} documents", shown), (Group.LISTS, "", tuple(rows[:1]))))


def test_the_model_keeps_what_qt_expects_of_one(qtbot: QtBot) -> None:
    model = DocumentsModel()
    filtered = DocumentsFilter(model)
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(model, mode), QAbstractItemModelTester(filtered, mode)]
    model.show_view(view_of(12, machines=3))
    model.show_view(view_of(12, Verdict.FAILED, machines=3))
    filtered.look_for("host 1")
    model.show_view(view_of(40))
    filtered.look_for("")
    model.show_view(View())
    assert testers
    del qtbot


def test_another_verdict_repaints_rows_and_resets_nothing(qtbot: QtBot) -> None:
    model = DocumentsModel()
    model.show_view(view_of(5))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        assert not model.show_view(view_of(5, Verdict.FAILED))


def test_a_thousand_documents_are_filtered_as_one_types(bench: Bench) -> None:
    documents = bench.page.documents
    bench.page.body.setCurrentIndex(1)
    documents.show_view(view_of(1000), "")
    documents.line.setText("0000002")
    assert 0 < documents.filter.rowCount(documents.filter.index(0, 0)) < 20
    documents.line.setText("")
    assert documents.filter.rowCount(documents.filter.index(0, 0)) == 1000
    documents.select("k999")
    assert documents.chosen == "k999"
