"""What is told when the program itself goes wrong: once, from any thread, and nothing of the user's."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEventLoop, QThread, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from seworkbench.ui.defects import Defects
from seworkbench.ui.theme import DARK, Theme, ThemeChoice

from .desk import wait_until

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def defects(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Defects:
    del capsys  # what is written for whoever started the program from a terminal
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = Defects(window, Theme(window))
    monkeypatch.setattr(sys, "excepthook", made.take)
    return made


def meet(error: BaseException) -> None:
    """What Python does with an exception that nobody took."""
    try:
        raise error  # noqa: TRY301 - as Python does it
    except BaseException as met:  # noqa: BLE001 - as Python does it
        sys.excepthook(type(met), met, met.__traceback__)


def box_of(defects: Defects) -> QMessageBox:
    """The box, once it is there."""
    wait_until(lambda: defects.box is not None and defects.box.isVisible(), "the box")
    assert defects.box is not None
    return defects.box


def test_a_defect_is_told_with_its_kind_and_place_and_without_what_it_says(defects: Defects) -> None:
    defects._theme.choose(ThemeChoice.DARK)
    meet(ValueError("0123" + "secret4567"))
    box = box_of(defects)
    assert "nothing of your files" in box.informativeText()
    assert "ValueError\n  tests/ui/test_defects.py, line " in box.detailedText()
    assert "secret4567" not in box.detailedText()
    assert DARK.panel in box.styleSheet()
    box.accept()
    assert defects.box is None


def test_a_defect_of_a_thread_is_told_by_the_window(defects: Defects) -> None:
    thread = threading.Thread(target=meet, args=(ZeroDivisionError(),))
    thread.start()
    thread.join()
    assert defects.box is None  # a box of a thread would be one of no window
    box = box_of(defects)
    assert box.thread() is QThread.currentThread()
    assert "ZeroDivisionError" in box.detailedText()
    box.accept()


def test_what_goes_wrong_with_every_painting_is_told_once_and_lets_go(defects: Defects, qtbot: QtBot) -> None:
    painted = []

    class Broken(QWidget):
        def paintEvent(self, _event: object) -> None:  # noqa: N802 - Qt's name
            painted.append(1)
            raise LookupError

    broken, loop, told = Broken(), QEventLoop(), []

    def look() -> None:
        """Close the box as soon as it is there, and go on painting."""
        if defects.box is not None:
            told.append(defects.box.detailedText())
            defects.box.accept()
        broken.update()
        if len(painted) > 5:
            loop.quit()

    qtbot.addWidget(broken)
    broken.show()
    # A loop as the program has one: from others, what painting raises comes out here.
    looking = QTimer(broken)
    looking.timeout.connect(look)
    looking.start(1)
    loop.exec()
    looking.stop()
    broken.hide()
    assert len(told) == 1
    assert told[0].count("LookupError") == 2  # its kind, and its line in the source


def test_another_defect_joins_the_box_that_is_open(defects: Defects) -> None:
    meet(ValueError())
    box = box_of(defects)
    meet(TypeError())
    wait_until(lambda: "TypeError" in box.detailedText(), "the second one")
    assert box.detailedText().index("ValueError") < box.detailedText().index("TypeError")
    assert sum(isinstance(widget, QMessageBox) for widget in QApplication.topLevelWidgets()) == 1
    box.accept()


def test_whoever_stops_the_program_from_a_terminal_is_not_told_of_a_defect(
    defects: Defects, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(QApplication, "quit", lambda: asked.append(1))
    meet(KeyboardInterrupt())
    QApplication.processEvents()
    assert asked == [1]
    assert defects.box is None
