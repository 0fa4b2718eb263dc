"""The director: scene after scene, back, next, paused, and what happens when something goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Check, Verdict
from seworkbench.demo.scene import Outcome, Place, PlayedScene, Scene, Sight
from seworkbench.errors import Cancelled, SeError
from seworkbench.ui.tour import director as director_module
from seworkbench.ui.tour.director import Director, State
from seworkbench.ui.tour.script import Act, Beat, Point, Until, reading_ms

from ..desk import wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QApplication


def scene(name: str) -> Scene:
    """A scene of which nothing is performed."""
    return Scene(name, name, "A caption.", Place.TRUST, "", lambda *_: outcome(), (Sight("a", Verdict.PASSED),))


def outcome(verdict: Verdict = Verdict.PASSED) -> Outcome:
    """What comes of it."""
    return Outcome("Done.", Check("a", "A", verdict))


class Show:
    """A director, and what it did."""

    def __init__(self, act: Callable[[Show, Scene], Act], speed: float) -> None:
        self.said: list[str] = []
        self.errors: list[SeError] = []
        self.verdict = Verdict.PASSED
        self.open = True
        self.director = Director(
            tuple(map(scene, ("one", "two", "three"))), lambda played: act(self, played), speed=speed
        )
        self.director.failed.connect(self.errors.append)
        self.director.finished.connect(lambda: self.said.append("end"))

    def until(self, state: State, index: int) -> None:
        """Wait for a state in a scene."""
        wait_until(lambda: self.director.state is state and self.director.index == index, f"{state} of {index}")


def plain(show: Show, played: Scene) -> Act:
    """Say the name, wait a moment, and tell what came of it."""
    show.said.append(played.id)
    yield Beat()
    yield Until(lambda: show.open, "the door")
    show.said.append(f"{played.id}!")
    return PlayedScene(played, outcome(show.verdict))


@pytest.fixture
def shows(qapp: QApplication) -> Iterator[Callable[..., Show]]:
    """Makes shows, and ends them."""
    del qapp
    made: list[Show] = []

    def make(act: Callable[[Show, Scene], Act] = plain, speed: float = 0) -> Show:
        made.append(Show(act, speed))
        return made[-1]

    yield make
    for show in made:
        show.director.stop()


def test_without_waiting_it_plays_to_the_end(shows: Callable[..., Show]) -> None:
    show = shows()
    show.director.begin()
    wait_until(lambda: "end" in show.said, "the end")
    assert show.said == ["one", "one!", "two", "two!", "three", "three!", "end"]
    assert show.director.at_end


def test_at_normal_speed_a_scene_stays_as_long_as_it_takes_to_read_it(shows: Callable[..., Show]) -> None:
    show = shows(speed=0.1)
    parts: list[float] = []
    show.director.waited.connect(parts.append)
    show.director.begin()
    show.until(State.SHOWING, 0)
    assert reading_ms("A caption.") > 3000
    assert show.said == ["one", "one!"]
    assert parts == sorted(parts)


def test_next_hurries_an_act_and_then_goes_on(shows: Callable[..., Show]) -> None:
    show = shows(speed=1000.0)
    show.director.begin()
    wait_until(lambda: show.said == ["one"], "the act to begin")
    show.director.next()
    wait_until(lambda: show.said == ["one", "one!", "two"], "the next scene")


def test_paused_no_scene_follows_by_itself_but_next_plays_one(shows: Callable[..., Show]) -> None:
    show = shows()
    show.director.pause()
    show.director.begin()
    show.until(State.SHOWING, 0)
    assert show.said == ["one", "one!"]
    show.director.next()
    show.until(State.SHOWING, 1)
    assert show.said[2:] == ["two", "two!"]
    show.director.back()
    show.until(State.SHOWING, 0)
    assert show.said[4:] == ["one", "one!"]
    show.director.toggle()
    wait_until(lambda: "end" in show.said, "the end")


def test_pausing_in_an_act_holds_it_until_it_goes_on(shows: Callable[..., Show]) -> None:
    show = shows()
    show.open = False
    show.director.begin()
    wait_until(lambda: show.said == ["one"], "the act to begin")
    show.director.pause()
    show.open = True
    wait_until(lambda: show.director._until is None, "the door to be seen")
    assert show.said == ["one"]
    show.director.resume()
    wait_until(lambda: "one!" in show.said, "the act to go on")


def test_back_in_an_act_goes_back_when_it_is_over(shows: Callable[..., Show]) -> None:
    show = shows()
    show.director.pause()
    show.director.begin(1)
    show.until(State.SHOWING, 1)
    show.open = False
    show.director.next()
    wait_until(lambda: show.said[-1] == "three", "the act to begin")
    show.director.back()
    assert show.said[-1] == "three"
    show.open = True
    show.until(State.SHOWING, 1)
    assert show.said == ["two", "two!", "three", "three!", "two", "two!"]


def test_pausing_lets_rest_what_an_act_waits_for(shows: Callable[..., Show]) -> None:
    held: list[bool] = []

    def moving(show: Show, played: Scene) -> Act:
        yield Until(lambda: show.open, "the picture to stop", hold=held.append)
        return PlayedScene(played, outcome())

    show = shows(moving)
    show.open = False
    show.director.begin()
    wait_until(lambda: show.director._until is not None, "the act to wait")
    show.director.pause()
    show.director.resume()
    assert held == [True, False]
    show.open = True
    wait_until(lambda: "end" in show.said, "the act to go on")


def test_pointing_takes_no_time_and_is_told(shows: Callable[..., Show]) -> None:
    pointed: list[str] = []

    def pointing(show: Show, played: Scene) -> Act:
        yield Point(says=f"{played.id} begins")
        show.said.append(played.id)
        return PlayedScene(played, outcome())

    show = shows(pointing)
    show.director.pointed.connect(lambda point: pointed.append(point.says))
    show.director.begin()
    wait_until(lambda: "end" in show.said, "the end")
    assert pointed == ["one begins", "two begins", "three begins"]


def test_there_is_nothing_before_the_first_scene_and_nothing_after_the_last(shows: Callable[..., Show]) -> None:
    show = shows()
    show.director.pause()
    show.director.begin()
    show.until(State.SHOWING, 0)
    show.director.back()
    assert show.director.index == 0
    show.director.begin(2)
    show.until(State.SHOWING, 2)
    show.director.next()
    assert show.director.index == 2
    assert show.director.at_end


def test_it_pauses_where_something_else_happens_than_the_story_says(shows: Callable[..., Show]) -> None:
    show = shows()
    show.verdict = Verdict.FAILED
    show.director.begin()
    show.until(State.SHOWING, 0)
    assert show.director.paused
    assert show.said == ["one", "one!"]


def test_an_error_stops_the_tour_and_is_told(shows: Callable[..., Show]) -> None:
    def failing(_show: Show, _scene: Scene) -> Act:
        yield Beat()
        raise SeError("The disk is full.")

    show = shows(failing)
    show.director.begin()
    show.until(State.FAILED, 0)
    assert [error.what for error in show.errors] == ["The disk is full."]


def test_a_cancelled_job_stops_the_tour_without_an_error(shows: Callable[..., Show]) -> None:
    def cancelled(_show: Show, _scene: Scene) -> Act:
        yield Beat()
        raise Cancelled

    show = shows(cancelled)
    show.director.begin()
    show.until(State.IDLE, 0)
    assert show.errors == []


def test_what_never_comes_is_not_waited_for_for_ever(
    shows: Callable[..., Show], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(director_module, "PATIENCE_MS", 1)
    show = shows()
    show.open = False
    show.director.begin()
    show.until(State.FAILED, 0)
    assert [error.what for error in show.errors] == ["The tour waited in vain for the door."]


def test_what_is_done_by_hand_takes_as_long_as_it_takes(
    shows: Callable[..., Show], monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_hand(show: Show, played: Scene) -> Act:
        yield Until(lambda: show.open, "the hand", patient=True)
        return PlayedScene(played, outcome())

    monkeypatch.setattr(director_module, "PATIENCE_MS", 1)
    show = shows(by_hand)
    show.open = False
    show.director.begin()
    wait_until(lambda: show.director._until is not None and show.director._since.hasExpired(30), "some time to pass")
    assert show.director.state is State.ACTING
    show.open = True
    wait_until(lambda: "end" in show.said, "the end")


def test_stopping_closes_the_act(shows: Callable[..., Show]) -> None:
    closed: list[str] = []

    def careful(show: Show, _scene: Scene) -> Act:
        try:
            yield Until(lambda: False, "nothing")
        finally:
            closed.append("closed")
        show.said.append("never")
        return PlayedScene(_scene, outcome())

    show = shows(careful)
    show.director.begin()
    wait_until(lambda: show.director._until is not None, "the act to wait")
    show.director.stop()
    assert closed == ["closed"]
    assert show.said == []
