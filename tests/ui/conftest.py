"""The window for the tests, and what watches over every one of them.

A test of the window fails if Qt says anything at all, if a slot raises (pytest-qt), and if it leaves a running timer,
thread, process or worker behind; the failure names what was left and where it was started.
"""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QProcess, QThread, QTimer
from shiboken6 import isValid

from seworkbench.ui.theme import Theme, ThemeChoice, load_fonts
from seworkbench.ui.widgets.secret_clipboard import SecretClipboard

from .desk import Desk, Dialogs, Images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QApplication

_HERE = Path(__file__).parent

# A test opens no window on anybody's screen, unless that is asked for.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever Qt says is a defect, if not today then with the next Qt."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("DEBUG"))
            # The platform without a screen has no window manager to talk to, and says so each time.
            # Where the locale is no UTF-8, Qt says in the first test that it takes another one.
            ignored = ("^This plugin does not support", "^Detected locale")
            item.add_marker(pytest.mark.qt_log_ignore(*ignored, extend=True))


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The application with the style and fonts of the program: no machine's own decide how wide a text is."""
    qapp.setStyle("Fusion")
    load_fonts()
    Theme().choose(ThemeChoice.LIGHT)
    qapp.setStyleSheet("")
    return qapp


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Images that pvimg made."""
    return Images(tmp_path_factory.mktemp("images"))


@pytest.fixture
def dialogs(monkeypatch: pytest.MonkeyPatch) -> Dialogs:
    """No dialog waits for a person."""
    return Dialogs(monkeypatch)


@pytest.fixture
def desk(tmp_path: Path, images: Images, dialogs: Dialogs) -> Iterator[Desk]:
    """The real window, with settings of its own; closed afterwards."""
    made = Desk(tmp_path, images, dialogs)
    yield made
    made.close()


# What a test may leave running: the kind, whether it still runs, and how it is started.
_WATCHED: tuple[tuple[type[Any], str, Callable[[Any], bool]], ...] = (
    (QTimer, "start", lambda timer: timer.isActive()),
    (QThread, "start", lambda thread: thread.isRunning()),
    (QProcess, "start", lambda process: process.state() != QProcess.ProcessState.NotRunning),
)


@pytest.fixture(autouse=True)
def looks_of_the_application(qapp: QApplication) -> Iterator[None]:
    """What one test chose (a theme, a zoom) must not change the widths that the next one measures."""
    font, palette = qapp.font(), qapp.palette()
    yield
    if qapp.styleSheet():
        qapp.setStyleSheet("")
    qapp.setFont(font)
    qapp.setPalette(palette)


@pytest.fixture(autouse=True)
def nothing_is_left_running(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test that leaves a timer, thread, process or worker behind, and say where it was started."""
    started: list[tuple[Any, Callable[[Any], bool], str]] = []
    for kind, method, runs in _WATCHED:
        monkeypatch.setattr(kind, method, _recording(getattr(kind, method), runs, started))
    before = set(_children())
    yield
    monkeypatch.undo()
    # Belongs to the program, not to a window, and counts down while a secret is on the clipboard.
    SecretClipboard.shared().clear()
    left = [
        f"{type(thing).__name__} started at\n{where}"
        for thing, runs, where in started
        if isValid(thing) and runs(thing)
    ]
    left += [f"process: {command}" for pid, command in _children().items() if pid not in before]
    assert not left, "The test left something running:\n" + "\n".join(left)


def _recording(start: Any, runs: Callable[[Any], bool], started: list[Any]) -> Callable[..., Any]:
    def wrapper(self: Any, *args: Any, **named: Any) -> Any:
        where = "".join(traceback.format_stack(limit=6)[:-1])
        started.append((self, runs, where))
        return start(self, *args, **named)

    return wrapper


def _children() -> dict[int, str]:
    """Processes that this one started and that have not ended, by number."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if int(parent) == os.getpid() and state != "Z":
            found[int(entry.name)] = command
    return found
