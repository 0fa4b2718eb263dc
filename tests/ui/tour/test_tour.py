"""The tour: all of it in the real window, with files of its own, from the first scene to the last."""

from __future__ import annotations

import json
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from shiboken6 import delete, isValid

from seworkbench.checks import Check, Verdict
from seworkbench.demo import evidence
from seworkbench.demo.scene import Outcome, PlayedScene
from seworkbench.demo.stage import GENERATION
from seworkbench.demo.story import STORY
from seworkbench.errors import SeError
from seworkbench.report.write import write_report
from seworkbench.ui import jobs as jobs_module
from seworkbench.ui.pages.attestation.page import AttestationPage
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.inspect.page import InspectPage
from seworkbench.ui.pages.machine.page import MachinePage
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.tour.director import State
from seworkbench.ui.tour.evidence_page import EvidencePage
from seworkbench.ui.tour.launcher import TourLauncher
from seworkbench.ui.window import MainWindow

from ...simulator.pki import fixed_pki  # noqa: TID252
from ..desk import Desk, wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.jobs import Job
    from seworkbench.ui.pages.page import Page
    from seworkbench.ui.tour.tour import Tour
    from seworkbench.ui.widgets.checklist_view import ChecklistView

P = TypeVar("P", bound="Page")
NUMBERS = {scene.id: number for number, scene in enumerate(STORY)}


@pytest.fixture
def launcher(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TourLauncher]:
    """What starts tours in the user's window; they wait for nobody, and make no RSA keys."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    found = desk.window.findChild(TourLauncher)
    assert found is not None
    found.speed = 0
    # Tested elsewhere, and half of the time.
    monkeypatch.setattr(
        evidence, "write_report", lambda report, path: None if path.suffix == ".pdf" else write_report(report, path)
    )
    found.pki = fixed_pki(GENERATION, datetime.now(UTC) - timedelta(days=1))
    yield found
    if found.tour is not None:
        found.tour.end()
    # Now, and not when the next window is made: it would restyle whatever is left of this one.
    left = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)]
    wait_until(lambda: not any(isValid(one) and one is not desk.window for one in left), "the tour to be gone")


@pytest.fixture
def tour(desk: Desk, launcher: TourLauncher) -> Tour:
    """A tour that shows its first scene, and pauses."""
    desk.window.actions_table.run("help.tour")
    made = launcher.tour
    assert made is not None
    made.director.paused = True
    wait_for(made, State.SHOWING, 0)
    return made


def wait_for(tour: Tour, state: State, index: int) -> None:
    """Wait until the tour is there, or failed."""
    director = tour.director
    wait_until(
        lambda: (director.state is state and director.index == index) or director.state is State.FAILED,
        f"{state} of scene {index}",
    )
    assert director.state is state, tour.bar.outcome.text()


def page_of(tour: Tour, kind: type[P]) -> P:
    """A page of the tour's window."""
    found = tour.window.pages[kind.NAME]
    assert isinstance(found, kind)
    return found


def shown_check(checklist: ChecklistView) -> tuple[str, Verdict]:
    """Id and verdict of the check that is selected."""
    selected = checklist.selected
    assert selected is not None
    return selected.id, selected.verdict


def look_at(tour: Tour, name: str) -> None:
    """The page of a scene shows what its caption says."""
    if name == "machine":
        assert page_of(tour, MachinePage).desk.folder is not None
    elif name in ("host-key", "revoked"):
        trust = page_of(tour, TrustPage)
        verdict = Verdict.PASSED if name == "host-key" else Verdict.FAILED
        assert trust.session.judgement is not None
        assert [item.verdict for item in trust.session.judgement.host_keys] == [verdict]
        step = "trust.b4.signature" if name == "host-key" else "trust.b7.revocation"
        assert shown_check(trust.side.checklist) == (step, verdict)
    elif name == "build":
        assert page_of(tour, BuildPage).draft.built == tour.stage.image
    elif name == "look-inside":
        inspect = page_of(tour, InspectPage)
        assert inspect.session.inspection is not None
        assert inspect.session.inspection.content is not None
        assert shown_check(inspect.checklist) == ("image.inputs.kernel", Verdict.PASSED)
    elif name in ("start", "page-flipped", "header-flipped", "wrong-machine"):
        machine, scene = page_of(tour, MachinePage), STORY[NUMBERS[name]]
        result = machine.result
        assert result is not None
        assert result.started is (name == "start")
        found = result.check.find(scene.select)
        assert found is not None
        assert found.verdict is (Verdict.PASSED if name == "start" else Verdict.FAILED)
        chosen = machine.attacks.chosen
        assert chosen is not None
        assert scene.attack in ("", chosen.id)
    elif name in ("attest", "forged-response", "replay"):
        page = page_of(tour, AttestationPage)
        attested = page.session.result
        assert attested is not None
        assert page.head.subtitle.text() == page.head.subtitle.whole
        assert attested.check.verdict is (Verdict.PASSED if name == "attest" else Verdict.FAILED)
    else:
        evidence = page_of(tour, EvidencePage)
        assert name == "evidence"
        assert evidence.chip.verdict is Verdict.PASSED
        text = evidence.report.toPlainText()
        assert "SIMULATED" in text
        assert all(scene.title in text for scene in STORY[:-1])
        assert str(tour.folder) not in text


def test_the_whole_tour_plays_by_itself_and_every_page_shows_what_its_caption_says(
    desk: Desk, launcher: TourLauncher, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    seen: list[tuple[str, bool]] = []
    wrong: list[str] = []
    unseen: list[str] = []
    desk.window.actions_table.run("help.tour")
    tour = launcher.tour
    assert tour is not None
    assert not desk.window.isVisible()

    def look(played: PlayedScene) -> None:
        seen.append((played.scene.id, played.as_expected))
        if played.scene.page.value != tour.window.page.NAME:
            wrong.append(played.scene.id)
        look_at(tour, played.scene.id)
        caught = {"revoked": "caught"}.get(played.scene.id, "passed")
        assert tour.bar.chip.text == ("attack caught" if played.scene.attack else caught)
        # Hardly compressed: that would take a tenth of the time of the tour.
        assert tour.window.grab().save(str(pictures / f"{played.scene.id}.png"), quality=90)
        # What the caption speaks of is there and can be seen; without any waiting nothing is scrolled yet.
        for spot in tour.spotlight.spots:
            spot.bring_into_view()
        if not tour.spotlight.places:
            unseen.append(played.scene.id)

    tour.director.shown.connect(look)
    ended: list[bool] = []
    tour.director.finished.connect(lambda: ended.append(True))
    wait_until(lambda: ended or tour.director.state is State.FAILED or tour.director.paused, "the end", 120_000)
    assert ended, tour.bar.outcome.text()
    assert seen == [(scene.id, True) for scene in STORY]
    assert wrong == []
    assert unseen == []
    assert tour.bar.outcome.text().startswith("That was the tour.")
    assert "SIMULATED" in tour.window.windowTitle()
    assert len(list(pictures.iterdir())) == len(STORY)
    # Shown again, a scene is not played again, and looks as before.
    tour.director.paused = True
    for name in ("replay", "start"):
        tour.director.begin(NUMBERS[name])
        wait_for(tour, State.SHOWING, NUMBERS[name])
        look_at(tour, name)
    folder = tour.folder
    assert folder.exists()
    tour.end()
    assert not folder.exists()
    # Nothing of the user was touched.
    assert desk.window.isVisible()
    assert desk.window.workbench.settings.recent == []
    assert desk.window.workbench.settings.machine == ""
    trust = desk.window.pages["trust"]
    assert isinstance(trust, TrustPage)
    assert dict(trust.session.holdings.objects) == {}
    assert desk.build.draft.empty
    assert desk.inspect.session.inspection is None


def test_keys_and_buttons_pause_present_go_back_and_forth(desk: Desk, tour: Tour) -> None:
    bar, theme = tour.bar, tour.window.workbench.theme
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Right)
    wait_for(tour, State.SHOWING, 1)
    assert bar.number.text() == "2 of 13"
    assert bar.chip.verdict is Verdict.PASSED
    QTest.keyClick(bar, Qt.Key.Key_Left)
    wait_for(tour, State.SHOWING, 0)
    QTest.keyClick(bar, Qt.Key.Key_P)
    assert 1.1 < theme.zoom <= 1.4
    assert tour.ring.isVisible()
    assert not tour.window.rail.isVisible()
    before = theme.zoom
    tour.window.resize(1920, 1080)
    wait_until(lambda: theme.zoom > before, "the text to grow with the window")
    assert theme.zoom == pytest.approx(1.4)
    tall = bar.caption.fontMetrics().height()
    QTest.keyClick(bar, Qt.Key.Key_P)
    assert theme.zoom == pytest.approx(1.0)
    assert (tour.ring.isVisible(), tour.window.rail.isVisible()) == (False, True)
    assert bar.caption.fontMetrics().height() < tall
    # Whoever clicks into a page is waited for.
    tour.window.activateWindow()
    wait_until(tour.window.isActiveWindow, "the window to be active")
    tour.director.paused = False
    tour.window.show_page("trust")
    page_of(tour, TrustPage).documents.line.setFocus()
    QApplication.processEvents()
    assert tour.director.paused
    assert bar.toggle.text() == "Go on"
    # The user's window may have the focus while a tour begins.
    tour.director.resume()
    desk.window.show()
    desk.window.activateWindow()
    button = desk.window.rail.findChild(QToolButton)
    assert button is not None
    button.setFocus()
    wait_until(button.hasFocus, "the user's window to have the focus")
    assert bar.toggle.text() == "Pause"
    desk.window.hide()
    # Whoever reads the help is waited for.
    tour.window.activateWindow()
    tour.window.actions_table.run("help.page")
    help_window = tour.window._help
    assert help_window is not None
    help_window.activateWindow()
    wait_until(lambda: tour.director.paused, "the tour to wait for the reader")
    help_window.close()
    # The tour has its report and no tour of its own.
    assert "help.tour" not in {action.id for action in tour.window.actions_table.all()}
    assert tour.window.findChild(TourLauncher) is None


def test_whoever_wants_to_presses_the_buttons_that_matter(tour: Tour) -> None:
    bar, director = tour.bar, tour.director
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_H)
    assert bar.hands_on.isChecked()
    director.next()
    wait_for(tour, State.SHOWING, NUMBERS["host-key"])
    # Without any waiting nobody is waited for either.
    director.speed = 0.001

    def asked_for(name: str) -> None:
        wait_until(
            lambda: f"Your turn: press “{name}”" in bar.outcome.text() or director.state is State.FAILED,
            f"being asked for {name}",
        )
        assert director.state is State.ACTING, bar.outcome.text()

    director.begin(NUMBERS["build"])
    asked_for("Build image")
    build = page_of(tour, BuildPage)
    assert not tour.stage.image.exists()
    build.output.build.click()
    wait_for(tour, State.SHOWING, NUMBERS["build"])
    assert tour.stage.image.exists()
    director.begin(NUMBERS["header-flipped"])
    asked_for("Make this attack")
    machine = page_of(tour, MachinePage)
    assert machine.session.medium is not None
    assert not machine.session.medium.changes
    machine.attacks.make.click()
    asked_for("Start")
    assert machine.player.start is None
    # Whoever asks for the next scene has it done.
    director.next()
    wait_for(tour, State.SHOWING, NUMBERS["header-flipped"])
    look_at(tour, "header-flipped")


def test_ending_asks_and_the_files_can_be_kept(desk: Desk, tour: Tour, tmp_path: Path) -> None:
    bar = tour.bar
    tour.window.close()
    wait_until(lambda: bar.asking, "the question")
    assert tour.window.isVisible()
    bar.stay.click()
    assert (bar.discard.isVisible(), bar.next.isVisible()) == (False, True)
    tour.ask_to_end()
    bar.keep.click()  # and no folder is chosen
    assert tour.folder.exists()
    kept = tmp_path / "kept"
    (kept / "seworkbench-demo").mkdir(parents=True)
    desk.dialogs.file = str(kept)
    bar.keep.click()
    wait_until(lambda: not tour.folder.exists(), "the end")
    assert json.loads((kept / "seworkbench-demo-2" / "machine" / "machine.json").read_text())["generation"] == "z17"
    assert any("was kept in" in text for text in desk.messages)
    assert desk.window.isVisible()


def test_a_second_escape_ends_it_and_its_window_stays_until_no_thread_works_for_it(
    desk: Desk, tour: Tour, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, jobs = tour.window, tour.window.workbench.jobs
    gate, begun = threading.Event(), threading.Event()

    def work(_job: Job) -> None:
        begun.set()
        gate.wait(20)

    jobs.start_light("Something long", work)
    # One that had not begun would be dropped.
    assert begun.wait(20)
    monkeypatch.setattr(jobs_module, "_CLOSING_PATIENCE", 0.0)
    tour.bar.setFocus()
    QTest.keyClick(tour.bar, Qt.Key.Key_Escape)
    assert tour.bar.asking
    QTest.keyClick(tour.bar, Qt.Key.Key_Escape)
    assert not tour.folder.exists()
    # Nobody is asked once more whether what runs may stop.
    assert desk.dialogs.seen == []
    QTest.qWait(1)
    assert isValid(window)
    assert not window.isVisible()
    gate.set()
    wait_until(lambda: not isValid(window), "the window to go")


def test_it_begins_again_with_everything_new_after_an_error_too(
    desk: Desk, launcher: TourLauncher, tour: Tour, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise SeError("The disk is full.")

    monkeypatch.setattr(tour.stage, "verify_host_key", fail)
    tour.director.next()
    wait_until(lambda: tour.director.state is State.FAILED, "the failure")
    assert "The disk is full." in tour.bar.outcome.text()
    old = tour.folder
    tour.present(large=True)
    tour.bar.restart.click()
    again = launcher.tour
    assert again is not None
    assert again is not tour
    assert again.is_large
    assert not old.exists()
    assert not desk.window.isVisible()
    again.director.paused = True
    wait_for(again, State.SHOWING, 0)
    assert set(again.stage.played) == {"machine"}


def test_the_report_opens_in_the_browser(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    page = EvidencePage(desk.window.workbench)
    assert not page.open_html.isEnabled()
    scene = PlayedScene(STORY[0], Outcome("Done.", Check("demo.machine.key", "Key", Verdict.PASSED)))
    page.show_report("# Report", (scene,), (tmp_path / "evidence.html", tmp_path / "evidence.pdf"))
    assert page.chip.verdict is Verdict.PASSED
    page.open_html.click()
    page.open_pdf.click()
    assert [Path(url.toLocalFile()).name for url in opened] == ["evidence.html", "evidence.pdf"]
    delete(page)
