"""What only shows after a long time: events in any order, opening and closing again and again, references that slip.

The ordinary run keeps these short. `SEWORKBENCH_LONG=1 pytest tests/ui/test_endurance.py` runs them in full: 2,000
random events on each page instead of 300, and 50 windows instead of 8; that takes some minutes.
"""

from __future__ import annotations

import errno
import gc
import os
import random
import socket
import sys
import threading
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from shiboken6 import delete

from seworkbench.ui.app import make_window
from seworkbench.ui.theme import ThemeChoice
from seworkbench.ui.tour.launcher import TourLauncher

from .desk import INPUTS, PKI, Desk, tampered

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = bool(os.environ.get("SEWORKBENCH_LONG"))
EVENTS = 2000 if LONG else 300
WINDOWS = 50 if LONG else 8
PAGES = ("overview", "trust", "build", "inspect", "attestation", "machine", "learn")
KEYS = (
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Delete),
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_F3,
        Qt.Key.Key_F6,
        Qt.Key.Key_0,
        Qt.Key.Key_A,
        Qt.Key.Key_Minus,
    ),
)
SHORTCUTS = (
    "Ctrl+F",
    "Ctrl+Shift+F",
    "Ctrl+G",
    "Ctrl+V",
    "Ctrl+M",
    "F6",
    "Shift+F6",
    "F5",
    "Ctrl+=",
    "Ctrl+-",
    "Ctrl+0",
)


def close_popups() -> None:
    """Nobody is here to choose from a menu."""
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


class Monkey:
    """Does anything that a person could do, in an order that only the seed knows.

    Args:
        desk: the window.
        page: the page it stays on.
        seed: decides what it does.
    """

    def __init__(self, desk: Desk, page: str, seed: int) -> None:
        self._desk = desk
        self._page = page
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._files = [
            *(INPUTS / name for name in ("kernel", "cmdline", "hdr.key", "image.key", "elf", "empty", "ramdisk")),
            *(PKI / name for name in ("host1.crt", "host2.crt", "host.crl", "root.crt", "garbage.crt", "host1.key")),
            desk.images.get("default"),
            desk.images.get("two_hosts"),
            tampered(desk.images.get("default"), desk.folder, 0x14020),
            desk.folder / "gone",
        ]
        self._texts = [(PKI / "host1.crt").read_text(), "root=/dev/vda1", "00" * 32, "49424d53", "", "\\u202e\\x00"]
        self._events: tuple[tuple[int, Callable[[], None]], ...] = (
            (30, self._click),
            (25, self._key),
            (8, self._shortcut),
            (8, self._wheel),
            (6, self._drop),
            (3, self._paste),
            (3, self._theme),
            (3, self._zoom),
            (3, self._resize),
            (6, self._action),
            (5, self._menu),
        )

    def act(self) -> str:
        """Do one thing; tells what."""
        event = self._chance.choices([do for _, do in self._events], [weight for weight, _ in self._events])[0]
        event()
        close_popups()
        QApplication.processEvents()
        if self._page != self._desk.window.page.NAME:
            self._desk.window.show_page(self._page)
        return event.__name__

    def _seen(self) -> list[QWidget]:
        return [
            widget
            for widget in self._desk.window.findChildren(QWidget)
            if widget.isVisible() and widget.width() and widget.height() and not isinstance(widget, QMenu)
        ]

    def _target(self) -> QWidget:
        # Controls are what a person aims at; sometimes one misses.
        seen = self._seen()
        controls = [widget for widget in seen if not isinstance(widget, QLabel) and not widget.children()]
        return self._chance.choice(controls if controls and self._chance.random() < 0.8 else seen)

    def _point(self, widget: QWidget) -> QPoint:
        return QPoint(self._chance.randrange(widget.width()), self._chance.randrange(widget.height()))

    def _click(self) -> None:
        target = self._target()
        button = self._chance.choices([Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton], [9, 1])[0]
        click = self._chance.choices([QTest.mouseClick, QTest.mouseDClick], [9, 1])[0]
        click(target, button, Qt.KeyboardModifier.NoModifier, self._point(target))

    def _key(self) -> None:
        focused = QApplication.focusWidget() or self._desk.window
        modifiers = self._chance.choice([Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier])
        QTest.keyClick(focused, self._chance.choice(KEYS), modifiers)

    def _shortcut(self) -> None:
        QTest.keySequence(self._desk.window, self._chance.choice(SHORTCUTS))

    def _wheel(self) -> None:
        target = self._target()
        place = QPointF(self._point(target))
        turn = QPoint(0, self._chance.choice([-1200, -120, 120, 1200]))
        none = Qt.KeyboardModifier.NoModifier
        buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(place, target.mapToGlobal(place), QPoint(), turn, buttons, none, phase, False)
        QApplication.sendEvent(target, event)

    def _drop(self) -> None:
        data = QMimeData()
        files = self._chance.sample(self._files, self._chance.choice([1, 1, 2]))
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in files])
        buttons, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self._desk.window.dropEvent(QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, buttons, none))

    def _paste(self) -> None:
        QGuiApplication.clipboard().setText(self._chance.choice(self._texts))
        self._desk.window.paste()

    def _theme(self) -> None:
        self._desk.window.workbench.theme.choose(self._chance.choice(list(ThemeChoice)))

    def _zoom(self) -> None:
        self._desk.window.workbench.theme.set_zoom(self._chance.choice([0.7, 1.0, 1.3, 2.0]))

    def _resize(self) -> None:
        self._desk.window.resize(self._chance.choice([QSize(1024, 640), QSize(1440, 900), QSize(1900, 1000)]))

    def _action(self) -> None:
        possible = [action for action in self._desk.window.actions_table.possible() if action.id != "file.quit"]
        self._desk.window.actions_table.run(self._chance.choice(possible).id)

    def _menu(self) -> None:
        target = self._target()
        QTest.mouseClick(target, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, self._point(target))


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever is clicked reaches no network and no file of the user's, and starts no tour in a window of its own."""

    def refuse(*_args: object) -> None:
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(TourLauncher, "take", lambda _self: None)
    for name, folder in (("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)


@pytest.mark.usefixtures("cut_off")
@pytest.mark.parametrize("page", PAGES)
def test_any_events_in_any_order_do_no_harm(page: str, request: pytest.FixtureRequest) -> None:
    """300 events with a fixed seed, 2,000 in the long run; Qt's warnings and exceptions in slots fail every test."""
    desk: Desk = request.getfixturevalue("desk")  # after everything is cut off
    desk.window.show_page(page)
    monkey = Monkey(desk, page, seed=PAGES.index(page))
    # Some menus do not return before something is chosen; the timer goes on in their own event loop.
    impatience = QTimer()
    impatience.timeout.connect(close_popups)
    impatience.start(20)
    done = Counter(monkey.act() for _ in range(EVENTS))
    impatience.stop()
    assert done.total() == EVENTS
    assert len(done) > 8
    for job in list(desk.window.workbench.jobs.running):
        job.cancel()
    desk.settle()
    for widget in QApplication.topLevelWidgets():
        if widget is not desk.window and widget.isVisible():
            widget.close()
    assert desk.window.isVisible()
    assert page == desk.window.page.NAME


# --- nothing stays


# Held by the fixture that watches what runs, and messages, which are kept on purpose (and their number is limited).
HELD = (
    "PySide6.QtCore.QTimer",
    "PySide6.QtCore.QProcess",
    "seworkbench.ui.workbench.Message",
    "seworkbench.ui.icons._RoleEngine",
)


def tidy() -> None:
    """Delete what waits to be deleted, and collect what is unreachable."""
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()


def census() -> Counter[str]:
    """What there is of the program's own objects and of Qt's, by type; threads and open files, too."""
    found: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        # Of some types of C the module is no text.
        if str(kind.__module__).startswith("seworkbench") or isinstance(thing, QObject):
            found[f"{kind.__module__}.{kind.__name__}"] += 1
    found["widgets"] = len(QApplication.allWidgets())
    found["threads"] = threading.active_count()
    found["open files"] = len(list(Path("/proc/self/fd").iterdir()))
    return found


def grown(before: Counter[str], after: Counter[str], rounds: int) -> dict[str, int]:
    """What grew with every round; a cache that fills once is none of it."""
    growth = {name: after[name] - before[name] for name in after if name not in HELD}
    return {name: count for name, count in growth.items() if count >= rounds}


def test_a_window_that_was_closed_leaves_nothing(tmp_path: Path) -> None:
    def open_and_close() -> None:
        window = make_window(tmp_path / "settings.json")
        window.show()
        for page in window.pages:
            window.show_page(page)
            QApplication.processEvents()
        window.show_help("index.md")
        window.close()
        delete(window)

    for _ in range(3):  # whatever is made once
        open_and_close()
    tidy()
    before = census()
    tracemalloc.start()
    start = tracemalloc.get_traced_memory()[0]
    for _ in range(WINDOWS):
        open_and_close()
    tidy()
    memory = tracemalloc.get_traced_memory()[0] - start
    tracemalloc.stop()
    assert grown(before, census(), WINDOWS) == {}
    # Some kilobytes for caches of the interpreter; a window has megabytes.
    assert memory / WINDOWS < 40_000


@pytest.mark.parametrize("page", ["build", "inspect"])
def test_a_page_that_is_used_again_and_again_grows_no_more(desk: Desk, page: str) -> None:
    rounds = 25 if LONG else 6

    def use() -> None:
        if page == "build":
            desk.window.show_page("build")
            desk.drop(INPUTS / "kernel", INPUTS / "cmdline", PKI / "host1.crt")
            desk.build.clear()
        else:
            desk.open_unlocked()
            desk.press("Ctrl+Shift+F")
            desk.type_into(desk.inspect.find_bar.line, "phkh", then=Qt.Key.Key_Escape)
        desk.window.show_page("overview")
        desk.settle()

    for _ in range(3):
        use()
    tidy()
    before = census()
    for _ in range(rounds):
        use()
    tidy()
    assert grown(before, census(), rounds) == {}


class _Bell(QObject):
    rung = Signal()
    told = Signal(object)


def test_no_reference_to_none_slips_away(qapp: QApplication) -> None:
    """A binding that loses references to None ends the program after hours; this finds it in a moment.

    From Python 3.12 on None cannot be lost, and this holds of itself.
    """
    bell, label = _Bell(), QLabel("x")
    heard: list[object] = []
    bell.rung.connect(lambda: heard.append(None))
    bell.told.connect(heard.append)
    bell.rung.emit()
    before = sys.getrefcount(None) - len(heard)
    for _ in range(1000):
        label.update()
        label.setText("y")
        qapp.processEvents()
    for _ in range(1000):
        bell.rung.emit()
        bell.told.emit(None)
    after = sys.getrefcount(None) - len(heard)
    assert abs(after - before) < 50 or sys.version_info >= (3, 12)
    assert len(heard) == 2001
