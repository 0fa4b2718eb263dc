"""The secret field: when a secret can be seen, heard or pasted, and when not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from seworkbench.secret import Secret
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.reveal import Reveal
from seworkbench.ui.widgets.secret_clipboard import CLIPBOARD_HINTS, SecretClipboard
from seworkbench.ui.widgets.secret_field import SecretField

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KEY = bytes(range(32))
PLAIN = KEY.hex()


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A field in a window, with its clock and clipboard."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.qtbot = qtbot
        self.clock = Clock()
        self.clipboard = SecretClipboard(self.clock, theme)
        self.reveal = Reveal(self.clock, theme)
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.field = SecretField(theme, "Header key", reveal=self.reveal, clipboard=self.clipboard)
        QVBoxLayout(self.window).addWidget(self.field)
        self.secret = Secret(KEY)
        self.field.show_secret(self.secret)
        self.window.resize(640, 80)
        self.window.show()
        qtbot.waitExposed(self.window)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        for countdown in (self.reveal.countdown, self.clipboard.countdown):
            if countdown.timer.isActive():
                countdown.timer.timeout.emit()

    def seen(self) -> str:
        return self.field.value.text().replace(" ", "").replace("\n", "")

    def said(self) -> str:
        """Everything that a screen reader or a search through the widgets could get at."""
        widgets = [self.window, *self.window.findChildren(QWidget)]
        texts = [label.text() for label in self.window.findChildren(QLabel)]
        for widget in widgets:
            texts += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip(), widget.objectName()]
        return "".join("".join(texts).split())


@pytest.fixture
def bench(qtbot: QtBot, theme: Theme) -> Bench:
    QGuiApplication.clipboard().clear()
    return Bench(qtbot, theme)


def clipboard_text() -> str:
    return QGuiApplication.clipboard().text(QClipboard.Mode.Clipboard)


# --- seeing


def test_a_secret_is_masked_at_first_and_says_its_length(bench: Bench) -> None:
    assert bench.field.value.text() == "•••••• 32 bytes"
    assert PLAIN not in bench.said()
    assert "hidden, 32 bytes" in bench.field.value.accessibleName()


def test_a_click_shows_it_for_thirty_seconds_counting_down(bench: Bench) -> None:
    QTest.mouseClick(bench.field.reveal_button, Qt.MouseButton.LeftButton)
    assert bench.seen() == PLAIN
    assert bench.field.status.text() == "hidden in 30 s"
    bench.wait(12)
    assert bench.field.status.text() == "hidden in 18 s"
    bench.wait(17.9)
    assert bench.seen() == PLAIN
    bench.wait(0.2)
    assert PLAIN not in bench.said()
    assert not bench.field.status.isVisible()
    assert not bench.reveal.countdown.timer.isActive()


def test_holding_shows_it_only_while_held(bench: Bench) -> None:
    QTest.mousePress(bench.field.reveal_button, Qt.MouseButton.LeftButton)
    assert bench.seen() == PLAIN
    assert bench.field.status.text() == "hidden on release"
    bench.clock.now += 3
    QTest.mouseRelease(bench.field.reveal_button, Qt.MouseButton.LeftButton)
    assert not bench.field.revealed
    assert PLAIN not in bench.said()


def test_a_second_click_hides_it(bench: Bench) -> None:
    for expected in (True, False):
        QTest.mouseClick(bench.field.reveal_button, Qt.MouseButton.LeftButton)
        assert bench.field.revealed is expected


def test_the_keyboard_can_hold_and_click(bench: Bench) -> None:
    bench.field.reveal_button.setFocus()
    QTest.keyClick(bench.field.reveal_button, Qt.Key.Key_Space)
    assert bench.field.revealed
    QTest.keyPress(bench.field.reveal_button, Qt.Key.Key_Space)
    QTest.keyRelease(bench.field.reveal_button, Qt.Key.Key_Space)
    assert not bench.field.revealed


def test_of_two_secrets_only_one_can_be_read(bench: Bench, theme: Theme) -> None:
    other = SecretField(theme, "Image key", reveal=bench.reveal, clipboard=bench.clipboard)
    bench.qtbot.addWidget(other)
    other.show_secret(Secret(KEY))  # an equal one is another one
    bench.reveal.show(bench.secret)
    assert other.value.text() == "•••••• 32 bytes"
    other.show()
    QTest.mouseClick(other.reveal_button, Qt.MouseButton.LeftButton)
    assert other.revealed
    assert not bench.field.revealed
    bench.field.hide()  # is no reason to hide the other
    assert other.revealed
    other.hide()
    assert bench.reveal.secret is None


def test_a_secret_that_is_shown_already_stays_so(bench: Bench) -> None:
    bench.reveal.show(bench.secret)
    bench.field.show_secret(bench.secret, "Communication key")
    assert bench.seen() == PLAIN
    assert bench.field.accessibleName() == "Communication key"


def test_going_out_of_sight_masks_it(bench: Bench) -> None:
    bench.reveal.show(bench.secret)
    bench.field.hide()
    bench.field.show()
    assert PLAIN not in bench.said()


def test_another_secret_comes_masked(bench: Bench) -> None:
    bench.reveal.show(bench.secret)
    bench.field.show_secret(Secret(bytes(64)))
    assert bench.field.value.text() == "•••••• 64 bytes"


def test_without_a_secret_there_is_nothing_to_do(bench: Bench) -> None:
    bench.field.show_secret(None)
    QTest.mouseClick(bench.field.reveal_button, Qt.MouseButton.LeftButton)
    bench.field.reveal_button.pressed.emit()
    bench.field.copy()
    assert bench.field.value.text() == "none"
    assert not bench.field.reveal_button.isEnabled()
    assert clipboard_text() == ""


def test_all_digits_are_there_in_a_narrow_field(bench: Bench) -> None:
    bench.reveal.show(bench.secret)
    bench.window.resize(230, 200)
    bench.qtbot.waitUntil(lambda: "\n" in bench.field.value.text())
    assert bench.seen() == PLAIN
    metrics = bench.field.value.fontMetrics()
    lines = bench.field.value.text().split("\n")
    assert max(map(metrics.horizontalAdvance, lines)) <= bench.field.value.width()
    bench.qtbot.waitUntil(lambda: bench.field.value.height() >= len(lines) * metrics.height())


def test_the_digits_cannot_be_selected_with_the_mouse(bench: Bench) -> None:
    bench.reveal.show(bench.secret)
    assert bench.field.value.textInteractionFlags() == Qt.TextInteractionFlag.NoTextInteraction


# --- copying


def test_a_copy_is_marked_as_a_password_and_taken_back_after_thirty_seconds(bench: Bench) -> None:
    QTest.mouseClick(bench.field.copy_button, Qt.MouseButton.LeftButton)
    data = QGuiApplication.clipboard().mimeData()
    assert data.text() == PLAIN
    assert bytes(data.data("x-kde-passwordManagerHint").data()) == b"secret"
    assert all(data.hasFormat(name) for name in CLIPBOARD_HINTS)
    assert "application/x-nspasteboard-concealed-type" in CLIPBOARD_HINTS
    assert bench.field.status.text() == "copied, cleared in 30 s"
    assert PLAIN not in bench.said()
    bench.wait(29)
    assert clipboard_text() == PLAIN
    bench.wait(1)
    assert clipboard_text() == ""
    assert not bench.field.status.isVisible()


def test_a_copy_in_another_form_is_told_and_taken_back_too(bench: Bench, theme: Theme) -> None:
    other = SecretField(theme, "Image key", reveal=bench.reveal, clipboard=bench.clipboard)
    bench.qtbot.addWidget(other)
    other.show_secret(Secret(KEY))
    other.copy()
    bench.field.copy("AAEC")
    assert clipboard_text() == "AAEC"
    assert bench.field.status.text() == "copied, cleared in 30 s"
    assert other.status.text() == ""
    bench.wait(30)
    assert clipboard_text() == ""


def test_what_somebody_else_copied_stays(bench: Bench) -> None:
    bench.field.copy()
    QGuiApplication.clipboard().setText("a shopping list")
    bench.wait(31)
    assert clipboard_text() == "a shopping list"


def test_a_copy_that_a_clipboard_manager_took_over_is_cleared_all_the_same(bench: Bench) -> None:
    bench.field.copy()
    QGuiApplication.clipboard().setText(PLAIN)  # the same text, owned by somebody else, without our marks
    bench.wait(31)
    assert clipboard_text() == ""


def test_copying_again_starts_anew(bench: Bench) -> None:
    bench.field.copy()
    bench.wait(20)
    bench.field.copy()
    bench.wait(20)
    assert clipboard_text() == PLAIN
    bench.wait(10)
    assert clipboard_text() == ""


def test_closing_the_window_takes_the_copy_back_and_masks(bench: Bench) -> None:
    bench.reveal.show(bench.secret)
    bench.field.copy()
    bench.window.close()
    assert clipboard_text() == ""
    assert not bench.field.revealed


def test_a_closed_window_leaves_other_peoples_text_alone(bench: Bench) -> None:
    bench.field.copy()
    QGuiApplication.clipboard().setText("mine")
    bench.window.close()
    assert clipboard_text() == "mine"


def test_the_copy_is_taken_back_even_if_the_field_is_gone(bench: Bench) -> None:
    bench.field.copy()
    bench.field.setParent(None)
    bench.field.deleteLater()
    bench.qtbot.wait(1)
    bench.clock.now += 31
    bench.clipboard.countdown.timer.timeout.emit()
    assert clipboard_text() == ""


def test_a_program_that_ends_without_quitting_takes_the_copy_back_and_does_not_crash() -> None:
    code = """
import atexit, sys
from PySide6.QtWidgets import QApplication
from seworkbench.secret import Secret
from seworkbench.ui.theme import Theme
atexit.register(lambda: print("at the end:", QApplication.clipboard().text() or "nothing"))
from seworkbench.ui.widgets.secret_field import SecretField
application = QApplication([])
field = SecretField(Theme(application))
field.show_secret(Secret(b"abc"))
field.copy()
print("copied:", QApplication.clipboard().text())
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)
    assert run.returncode == 0
    assert run.stdout == "copied: 616263\nat the end: nothing\n"


def test_the_selection_of_x11_is_never_touched(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    real = QClipboard.setMimeData

    def watched(clipboard: QClipboard, data: object, mode: QClipboard.Mode = QClipboard.Mode.Clipboard) -> None:
        modes.append(mode)
        real(clipboard, data, mode)  # type: ignore[arg-type]

    monkeypatch.setattr(QClipboard, "setMimeData", watched)
    bench.reveal.show(bench.secret)
    bench.field.copy()
    QTest.mouseDClick(bench.field.value, Qt.MouseButton.LeftButton)
    assert modes == [QClipboard.Mode.Clipboard]
    assert PLAIN not in QGuiApplication.clipboard().text(QClipboard.Mode.Selection)


def test_all_fields_of_the_program_share_one_clipboard_and_one_eye(qtbot: QtBot, theme: Theme) -> None:
    fields = [SecretField(theme), SecretField(theme)]
    for field in fields:
        qtbot.addWidget(field)
    assert fields[0].clipboard is fields[1].clipboard is SecretClipboard.shared()
    assert fields[0].reveal is fields[1].reveal is Reveal.shared()


def test_theme_and_zoom_change_the_picture(bench: Bench, theme: Theme) -> None:
    before = bench.field.grab().toImage()
    theme.choose(ThemeChoice.DARK)
    assert bench.field.grab().toImage() != before
    theme.set_zoom(1.5)
    assert bench.field.reveal_button.iconSize().width() == 24
