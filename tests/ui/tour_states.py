"""The states of the tour, of Learn and of the help that pictures are taken of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea

from seworkbench.demo.stage import GENERATION
from seworkbench.demo.story import STORY
from seworkbench.ui.tour.director import State
from seworkbench.ui.tour.launcher import TourLauncher

from ..simulator.pki import fixed_pki  # noqa: TID252 - making RSA keys takes a second
from .desk import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.tour.tour import Tour

    from .screenshots import Studio

# Until a ring stands where it belongs.
_RINGED_MS = 500


def launcher_of(studio: Studio) -> TourLauncher:
    """What starts tours."""
    found = studio.window.findChild(TourLauncher)
    assert found is not None
    return found


def end_tour(studio: Studio) -> None:
    """End the tour if one is taken."""
    tour = launcher_of(studio).tour
    if tour is not None:
        tour.end()
        QTest.qWait(1)


def play_to(studio: Studio, last: int, *, large: bool = False) -> Tour:
    """Take the tour without waiting up to a scene, and stay there."""
    launcher = launcher_of(studio)
    launcher.pki = fixed_pki(GENERATION, datetime.now(UTC) - timedelta(days=1))
    launcher.speed = 0
    launcher.take()
    tour = launcher.tour
    assert tour is not None
    director = tour.director

    def stay() -> None:
        if director.index == last:
            director.paused = True

    director.shown.connect(stay)
    tour.present(large=large)
    wait_until(
        lambda: director.state is State.FAILED or (director.state is State.SHOWING and director.index == last),
        f"scene {last}",
    )
    assert director.state is State.SHOWING, tour.bar.outcome.text()
    QTest.qWait(_RINGED_MS)
    return tour


def _scene(last: int, studio: Studio) -> None:
    play_to(studio, last)


def _presented(studio: Studio) -> None:
    play_to(studio, 1, large=True)


def _hands_on(studio: Studio) -> None:
    tour = play_to(studio, 1)
    tour.bar.hands_on.setChecked(True)
    tour.director.speed = 0.001
    tour.director.next()
    wait_until(lambda: "Your turn" in tour.bar.outcome.text(), "being asked to build")
    QTest.qWait(_RINGED_MS)


def _asking(studio: Studio) -> None:
    play_to(studio, 0).ask_to_end()


def _learn(studio: Studio) -> None:
    studio.window.show_page("learn")


def _learn_below(studio: Studio) -> None:
    studio.window.show_page("learn")
    studio.settle()
    for area in studio.window.page.findChildren(QScrollArea):
        area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())


def _help_contents(studio: Studio) -> None:
    studio.window.show_help("index.md")


def _help_search(studio: Studio) -> None:
    studio.window.show_help("se-header.md#key-slot")
    shown = studio.window._help
    assert shown is not None
    shown.line.setText("key slot")


STATES: dict[str, Callable[[Studio], None]] = {
    **{f"tour-{number + 1:02}-{scene.id}": partial(_scene, number) for number, scene in enumerate(STORY)},
    "tour-presented": _presented,
    "tour-hands-on": _hands_on,
    "tour-asking": _asking,
    "learn": _learn,
    "learn-below": _learn_below,
    "help-contents": _help_contents,
    "help-search": _help_search,
}
