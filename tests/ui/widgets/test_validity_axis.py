"""The axis of validity: what it says, how its handle is dragged, and that it loads late."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.checks import Verdict
from seworkbench.ui.instants import instant_text, span_text
from seworkbench.ui.widgets.validity_axis import (
    AFTER,
    BEFORE,
    ValidityAxis,
    ValidityBar,
    end_text,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from seworkbench.ui.theme import Theme

NOW = datetime(2026, 11, 24, 9, 14, tzinfo=UTC)
DAY = timedelta(days=1)
BARS = (
    ValidityBar("host", "3931-0275D38", NOW - 400 * DAY, NOW + 100 * DAY, Verdict.PASSED, "Host keys"),
    ValidityBar("gone", "3931-0318E42", NOW - 30 * DAY, NOW + 300 * DAY, Verdict.FAILED, "Host keys", NOW - 10 * DAY),
    ValidityBar("root", "Root", NOW - 4000 * DAY, NOW + 4000 * DAY, Verdict.PASSED, "Issuers"),
    ValidityBar("list", "List", NOW - 4 * DAY, NOW + 3 * DAY, Verdict.PASSED, "Revocation lists"),
    ValidityBar("endless", "List without an end", NOW - 4 * DAY, None, Verdict.NOT_CHECKED, "Revocation lists"),
)


@pytest.fixture
def axis(qtbot: QtBot, theme: Theme) -> ValidityAxis:
    made = ValidityAxis(theme, NOW)
    qtbot.addWidget(made)
    made.resize(900, 240)
    made.show_bars(BARS)
    made.show()
    qtbot.waitExposed(made)
    QApplication.processEvents()
    return made


def turn(axis: ValidityAxis, angle: int) -> None:
    """Turn the wheel above the names."""
    place, phase = QPointF(20, 60), Qt.ScrollPhase.NoScrollPhase
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(place, axis.mapToGlobal(place), QPoint(), QPoint(0, angle), buttons, keys, phase, False)
    axis.scroll_by(event)


def flag_place(axis: ValidityAxis, at: datetime) -> QPoint:
    """Where an instant lies on the strip with the flag."""
    left, width = axis.plot_span()
    return QPoint(round(left + axis.share_of(at) * width) - axis.flag.x(), axis.flag.height() // 2)


def drag(axis: ValidityAxis, to: datetime) -> None:
    """Take hold of the flag and drag it."""
    QTest.mousePress(axis.flag, Qt.MouseButton.LeftButton, pos=flag_place(axis, axis.as_of))
    target = flag_place(axis, to)
    for step in range(1, 6):
        start = flag_place(axis, axis.as_of).x()
        QTest.mouseMove(axis.flag, QPoint(start + (target.x() - start) * step // 5, target.y()))
        QApplication.processEvents()
    QTest.mouseRelease(axis.flag, Qt.MouseButton.LeftButton, pos=target)


def test_neither_importing_nor_making_an_axis_loads_pyqtgraph_or_numpy() -> None:
    code = """
import sys
from datetime import UTC, datetime
from PySide6.QtWidgets import QApplication
from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.validity_axis import ValidityAxis
application = QApplication([])
axis = ValidityAxis(Theme(), datetime(2026, 1, 1, tzinfo=UTC))
assert "pyqtgraph" not in sys.modules
assert "numpy" not in sys.modules
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=12), "in 12 days"),
        (timedelta(days=1, hours=5), "in 1 day"),
        (timedelta(hours=3), "in 3 hours"),
        (timedelta(minutes=5), "in under an hour"),
        (timedelta(days=3287), "in 9 years"),
        (-timedelta(days=3), "3 days ago"),
        (-timedelta(hours=1), "1 hour ago"),
    ],
)
def test_a_span_is_said_in_words(span: timedelta, words: str) -> None:
    assert span_text(span) == words


@pytest.mark.parametrize(
    ("bar", "at", "words"),
    [
        (BARS[0], NOW, "in 100 days"),
        (BARS[1], NOW, "revoked"),
        (BARS[3], NOW + 5 * DAY, "ended 2 days ago"),
        (BARS[3], NOW - 10 * DAY, "begins in 6 days"),
        (BARS[4], NOW, "no end given"),
    ],
)
def test_the_end_of_a_bar_is_said_from_the_instant(bar: ValidityBar, at: datetime, words: str) -> None:
    assert end_text(bar, at) == words


def test_the_very_second_of_the_end_is_over() -> None:
    end = BARS[3].end
    assert end is not None
    assert end_text(BARS[3], end) == "ended just now"


def test_eighteen_months_are_shown_with_the_present_in_them(axis: ValidityAxis) -> None:
    assert 17.5 < (BEFORE + AFTER) / timedelta(days=30.44) < 18.5
    assert 0.2 < axis.share_of(NOW) < 0.3
    assert "as of 2026-11-24 09:14 UTC" in axis.flag.words()
    assert "not now" not in axis.flag.words()
    assert axis.flag.back.isHidden()


def test_dragging_tells_again_and_again_and_settles_once(axis: ValidityAxis, qtbot: QtBot) -> None:
    told: list[datetime] = []
    axis.as_of_changed.connect(told.append)
    with qtbot.waitSignal(axis.as_of_settled) as settled:
        drag(axis, NOW + 200 * DAY)
    assert len(told) >= 4
    assert settled.args is not None
    assert abs(settled.args[0] - (NOW + 200 * DAY)) < 4 * DAY
    assert settled.args[0].tzinfo is UTC
    assert axis.as_of == settled.args[0]


def test_another_instant_than_now_cannot_be_overlooked(axis: ValidityAxis, qtbot: QtBot) -> None:
    drag(axis, NOW + 200 * DAY)
    assert "not now" in axis.flag.words()
    assert "That is not now." in axis.accessibleDescription()
    assert axis.flag.back.isVisible()
    with qtbot.waitSignal(axis.now_asked):
        QTest.mouseClick(axis.flag.back, Qt.MouseButton.LeftButton)


def test_a_press_on_the_flag_alone_moves_nothing(axis: ValidityAxis, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(axis.as_of_changed):
        QTest.mouseClick(axis.flag, Qt.MouseButton.LeftButton, pos=flag_place(axis, NOW))
    assert axis.as_of == NOW


def test_a_press_beside_the_flag_brings_it_there(axis: ValidityAxis) -> None:
    QTest.mouseClick(axis.flag, Qt.MouseButton.LeftButton, pos=flag_place(axis, NOW + 300 * DAY))
    assert abs(axis.as_of - (NOW + 300 * DAY)) < 2 * DAY


@pytest.mark.parametrize(
    ("key", "step"),
    [
        (Qt.Key.Key_Right, DAY),
        (Qt.Key.Key_Left, -DAY),
        (Qt.Key.Key_PageDown, 30 * DAY),
        (Qt.Key.Key_PageUp, -30 * DAY),
    ],
)
def test_keys_move_the_handle(axis: ValidityAxis, key: Qt.Key, step: timedelta) -> None:
    QTest.keyClick(axis, key)
    assert axis.as_of == NOW + step


def test_home_asks_for_the_present(axis: ValidityAxis, qtbot: QtBot) -> None:
    with qtbot.waitSignal(axis.now_asked):
        QTest.keyClick(axis, Qt.Key.Key_Home)


def test_up_and_down_choose_a_bar_and_say_it(axis: ValidityAxis, qtbot: QtBot) -> None:
    with qtbot.waitSignal(axis.selected) as told:
        QTest.keyClick(axis, Qt.Key.Key_Down)
    assert told.args == ["host"]
    QTest.keyClick(axis, Qt.Key.Key_Down)
    assert axis.chosen == "gone"
    assert "3931-0318E42: failed" in axis.accessibleDescription()
    assert "revoked" in axis.accessibleDescription()


def test_a_name_is_chosen_with_the_mouse(axis: ValidityAxis, qtbot: QtBot) -> None:
    with qtbot.waitSignal(axis.selected) as told:
        axis.choose_at(axis.row_height * 2.5)
    assert told.args == ["root"]


def test_selecting_from_outside_tells_nobody(axis: ValidityAxis, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(axis.selected):
        axis.select("list")
    assert axis.chosen == "list"


def test_a_thousand_bars_draw_only_those_in_view(axis: ValidityAxis) -> None:
    bars = [ValidityBar(str(n), f"host {n}", NOW - DAY, NOW + DAY, Verdict.PASSED, "Host keys") for n in range(1000)]
    axis.show_bars(bars)
    QApplication.processEvents()
    assert len(axis.rows_seen()) < 20
    axis.select("900")
    assert 900 in axis.rows_seen()
    assert axis.bar.isVisible()


def test_setting_instants_tells_nobody_and_centres(axis: ValidityAxis, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(axis.as_of_changed):
        axis.set_instants(NOW, NOW + 500 * DAY)
    assert axis.as_of == NOW + 500 * DAY
    assert 0.2 < axis.share_of(axis.as_of) < 0.3


def test_bars_have_the_colour_of_their_verdict(axis: ValidityAxis, theme: Theme) -> None:
    picture = axis.grab().toImage()
    ratio = picture.devicePixelRatio()
    left, width = axis.plot_span()
    x = left + axis.share_of(NOW + 50 * DAY) * width
    y = axis.plot.y() + axis.row_height / 2
    assert picture.pixelColor(round(x * ratio), round(y * ratio)).name() == theme.roles.passed_background


def test_an_instant_is_written_in_utc() -> None:
    assert instant_text(NOW) == "2026-11-24 09:14 UTC"


@pytest.mark.parametrize(("width", "days"), [(900, True), (520, False)])
def test_names_of_ticks_never_touch_and_bars_keep_their_room(axis: ValidityAxis, width: int, days: bool) -> None:
    axis.resize(width, 240)
    QApplication.processEvents()
    ticks = axis.plot.getAxis("bottom")._tickLevels[0]
    assert ticks
    left, room = axis.plot_span()
    places = [axis.share_of(datetime.fromtimestamp(at, UTC)) * room for at, _name in ticks]
    assert all(later - earlier > 45 for earlier, later in pairwise(places))
    assert room > 0.3 * width
    assert axis._ends._days is days
    assert left > 0


def test_the_chosen_bar_stays_in_view_when_room_gets_short(axis: ValidityAxis) -> None:
    axis.select("endless")
    axis.resize(900, 120)
    QApplication.processEvents()
    assert len(BARS) - 1 in axis.rows_seen()
    assert axis.row_top(len(BARS) - 1) + axis.row_height <= axis.plot.getViewBox().height()


def test_rows_at_the_edges_are_whole_wherever_the_list_stands(axis: ValidityAxis) -> None:
    for height in range(115, 150, 5):
        axis.resize(900, height)
        QApplication.processEvents()
        for place in range(axis.bar.maximum() + 1):
            axis.bar.setValue(place)
            rows = axis.rows_seen()
            assert axis.row_top(rows[0]) == 0
            assert axis.row_top(rows[-1]) + axis.row_height <= axis.plot.getViewBox().height()


def test_the_wheel_and_a_touchpad_move_the_rows(axis: ValidityAxis) -> None:
    axis.show_bars([ValidityBar(str(n), f"host {n}", NOW - DAY, NOW + DAY, Verdict.PASSED) for n in range(100)])
    turn(axis, -120)
    assert axis.bar.value() == 3
    for _ in range(8):
        turn(axis, -10)
    assert axis.bar.value() == 5
    turn(axis, 120)
    assert axis.bar.value() == 2
