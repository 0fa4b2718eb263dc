"""The entropy curve: loaded late, drawn true, its cursor linked both ways."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.image.entropy import CurvePoint
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.entropy_curve import EntropyCurve

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SIZE = 8 << 30
STEP = SIZE // 64
POINTS = [CurvePoint(index * STEP + STEP // 2, index % 9, index / 64, 1 - index / 64) for index in range(64)]


@pytest.fixture
def curve(qtbot: QtBot, theme: Theme) -> EntropyCurve:
    made = EntropyCurve(theme)
    qtbot.addWidget(made)
    made.resize(800, 160)
    made.show_curve(SIZE, POINTS)
    made.show()
    qtbot.waitExposed(made)
    QApplication.processEvents()
    return made


def place(curve: EntropyCurve, offset: int) -> QPoint:
    """Where a byte is drawn, in the plot's viewport."""
    point: QPoint = curve.plot.mapFromScene(curve.plot.getViewBox().mapViewToScene(QPointF(offset, 4)))
    return point


def test_neither_importing_nor_making_a_curve_loads_pyqtgraph_or_numpy() -> None:
    code = """
import sys
from PySide6.QtWidgets import QApplication
from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.entropy_curve import EntropyCurve
application = QApplication([])
curve = EntropyCurve(Theme(application))
curve.show_curve(5, [])
curve.mark(3)
sys.exit(any(name in sys.modules for name in ("pyqtgraph", "numpy")))
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0


def test_what_is_given_before_the_first_show_is_drawn_then(qtbot: QtBot, theme: Theme) -> None:
    made = EntropyCurve(theme)
    qtbot.addWidget(made)
    made.show_curve(SIZE, POINTS)
    made.mark(3 * STEP)
    built_early = made.plot is not None
    made.show()
    qtbot.waitExposed(made)
    assert not built_early
    assert made.plot.viewRange()[0] == [0, SIZE]
    assert made._cursor.value() == 3 * STEP
    assert made._cursor.isVisible()


def test_the_line_reaches_from_the_first_byte_to_the_last(curve: EntropyCurve) -> None:
    offsets, entropy = curve._curves["entropy"].getData()
    assert (offsets[0], offsets[-1], len(offsets)) == (0, SIZE, 66)
    assert list(entropy[1:-1]) == [point.entropy for point in POINTS]
    assert list(curve._curves["zero"].getData()[1][1:-1]) == [8 * point.zero for point in POINTS]


def test_marking_moves_the_cursor_and_tells_the_numbers_without_activating(qtbot: QtBot, curve: EntropyCurve) -> None:
    with qtbot.assertNotEmitted(curve.activated):
        curve.mark(POINTS[20].offset)
    expected = f"0x{POINTS[20].offset:x}: 2.00 bits per byte, 31% zero, 69% printable"
    assert curve.readout.text() == curve.accessibleDescription() == expected
    curve.mark(None)
    assert not curve._cursor.isVisible()
    assert curve.readout.text() == ""


def test_a_click_activates_the_byte_even_behind_4_gib(qtbot: QtBot, curve: EntropyCurve) -> None:
    with qtbot.waitSignal(curve.activated) as caught:
        QTest.mouseClick(curve.plot.viewport(), Qt.MouseButton.LeftButton, pos=place(curve, 6 << 30))
    [offset] = caught.args
    assert abs(offset - (6 << 30)) < SIZE // 300
    assert curve.marked == offset


def test_dragging_the_cursor_activates_along_the_way(curve: EntropyCurve) -> None:
    curve.mark(2 << 30)
    seen: list[int] = []
    curve.activated.connect(seen.append)
    view = curve.plot.viewport()
    start, end = place(curve, 2 << 30), place(curve, 5 << 30)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, point: QPoint, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
        # QTest's moves have no button pressed on the offscreen platform.
        where = QPointF(point)
        event = QMouseEvent(kind, where, view.mapToGlobal(where), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view, event)

    send(QEvent.Type.MouseMove, start, none, none)
    send(QEvent.Type.MouseButtonPress, start, left, left)
    for step in range(1, 11):
        # pyqtgraph skips moves that follow one another too soon.
        QTest.qWait(12)
        send(QEvent.Type.MouseMove, start + (end - start) * step / 10, none, left)
    send(QEvent.Type.MouseButtonRelease, end, left, none)
    assert seen
    assert abs(seen[-1] - (5 << 30)) < SIZE // 100


def test_the_wheel_and_the_right_button_change_nothing(curve: EntropyCurve) -> None:
    before = curve.plot.viewRange()
    view = curve.plot.viewport()
    middle = QPointF(view.rect().center())
    wheel = QWheelEvent(
        middle,
        view.mapToGlobal(middle),
        QPoint(0, 0),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, wheel)
    QTest.mouseClick(view, Qt.MouseButton.RightButton, pos=view.rect().center())
    assert curve.plot.viewRange() == before
    assert not curve.plot.getViewBox().menuEnabled()
    assert QApplication.activePopupWidget() is None


def test_the_keyboard_moves_the_cursor_and_stops_at_the_ends(curve: EntropyCurve) -> None:
    seen: list[int] = []
    curve.activated.connect(seen.append)
    keys = (Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_End, Qt.Key.Key_Right)
    for key in keys:
        QTest.keyClick(curve, key)
    step = SIZE // 512
    assert seen == [0, 0, step, 33 * step, SIZE - 1, SIZE - 1]


def test_without_points_nothing_moves(qtbot: QtBot, curve: EntropyCurve) -> None:
    curve.show_curve(0, [])
    curve.mark(7)
    with qtbot.assertNotEmitted(curve.activated):
        QTest.keyClick(curve, Qt.Key.Key_Right)
        QTest.mouseClick(curve.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(90, 30))
    assert curve.readout.text() == "No bytes sampled yet"


def test_the_nearest_sample_is_told(curve: EntropyCurve) -> None:
    for offset in (0, STEP - 1, STEP, SIZE - 1):
        nearest = min(POINTS, key=lambda point: abs(point.offset - offset))
        assert curve.point_at(offset) == nearest


@pytest.mark.parametrize("size", [1, 100 << 10, 188_648, 5 << 20, 680_493_288, 8 << 30])
def test_ticks_stand_at_powers_of_two_with_both_units(curve: EntropyCurve, size: int) -> None:
    curve.show_curve(size, [CurvePoint(0, 1, 0, 0)])
    [ticks] = curve.plot.getAxis("bottom")._tickLevels
    assert ticks[0] == (0, "0")
    assert len(ticks) <= 8
    for offset, words in ticks[1:]:
        assert words.startswith(f"0x{offset:x} · ")
        assert offset % (1 << ((size // 16).bit_length() - 1)) == 0


@pytest.mark.parametrize("height", [72, 110, 300])
def test_the_topmost_number_is_not_cut_off(curve: EntropyCurve, height: int) -> None:
    curve.resize(800, height)
    QApplication.processEvents()
    box = curve.plot.getViewBox()
    top = box.mapViewToScene(QPointF(0, 8)).y() - box.sceneBoundingRect().top()
    assert top >= 6


def test_theme_and_zoom_change_the_picture(curve: EntropyCurve, theme: Theme) -> None:
    before = curve.grab().toImage()
    theme.choose(ThemeChoice.DARK)
    dark = curve.grab().toImage()
    assert dark != before
    theme.set_zoom(1.5)
    assert curve.plot.getAxis("bottom").height() > 18
