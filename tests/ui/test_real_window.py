"""The real program on a real display, by mouse and keyboard: what only a window system shows.

Needs Xvfb and xdotool, which installers/test.sh brings. There is no window manager: the window gets the focus by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from seworkbench.image.recipe import Host, Recipe, save_recipe

from .desk import INPUTS, PKI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NEEDED = ("Xvfb", "xdotool")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)), reason=f"needs {' and '.join(NEEDED)} (installers/test.sh installs them)"
)
PATIENCE = 60.0


def wait_for(done: Callable[[], object], what: str) -> None:
    """Wait for something that another program does."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


class Person:
    """Somebody before a display.

    Args:
        folder: the home folder.
        display: name of the display.
    """

    def __init__(self, folder: Path, display: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("QT_", "XDG_", "WAYLAND"))},
            "DISPLAY": display,
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",  # about any other than UTF-8 Qt has something to say
            "QT_QPA_PLATFORM": "xcb",
        }
        self._program: subprocess.Popen[str] | None = None
        self._window = ""

    def start(self, *files: Path) -> None:
        """Start the program with files, as a desktop does, and wait for its window."""
        self._program = subprocess.Popen(
            [sys.executable, "-m", "seworkbench", *map(str, files)],
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(self._find, "the window")
        self._do("windowfocus", "--sync", self._window)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self._do("key", "--delay", "30", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._do("type", "--delay", "20", text)

    def click(self, x: int, y: int) -> None:
        """Click at a place of the window."""
        self._do("mousemove", "--window", self._window, str(x), str(y))
        self._do("click", "1")

    def width(self) -> int:
        """Width of the window."""
        shown = self._do("getwindowgeometry", "--shell", self._window)
        return int(dict(line.split("=") for line in shown.split())["WIDTH"])

    def settings(self) -> dict[str, object]:
        """The settings, as they were left."""
        loaded = json.loads((self.folder / ".config" / "seworkbench" / "settings.json").read_text())
        assert isinstance(loaded, dict)
        return loaded

    def leave(self) -> str:
        """Quit by keyboard; returns what the program wrote to standard error."""
        program = self._program
        assert program is not None
        deadline = time.monotonic() + PATIENCE
        said = None
        while said is None:
            assert time.monotonic() < deadline, "the program does not end"
            self.press("ctrl+q")
            try:
                _, said = program.communicate(timeout=3)
            except subprocess.TimeoutExpired:
                # Something still runs, and the program asks whether to stop it: no, let it come to its end.
                self.press("Escape")
                # Nobody manages windows here: the focus went with the question.
                self._do("windowfocus", self._window)
        assert program.returncode == 0
        self._program = None
        return said

    def end(self) -> None:
        """End the program whatever it does."""
        if self._program is not None:
            self._program.kill()
            self._program.communicate()

    def _find(self) -> bool:
        program = self._program
        assert program is not None
        assert program.poll() is None, "the program ended"
        ran = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "SE Workbench"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        found = ran.stdout.split()
        self._window = found[-1] if found else ""
        return bool(found)

    def _do(self, *words: str) -> str:
        ran = subprocess.run(["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@contextmanager
def display() -> Iterator[str]:
    """A display of 1440 by 900."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as number:
        name = number.readline().strip()
    try:
        assert name, "Xvfb did not start"
        yield f":{name}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Somebody before an empty display."""
    with display() as name:
        made = Person(tmp_path, name)
        yield made
        made.end()


def test_an_image_is_built_and_inspected_by_keyboard_and_mouse(person: Person) -> None:
    image = person.folder / "guest.img"
    recipe = person.folder / "payroll.recipe.json"
    save_recipe(
        Recipe(
            kernel=INPUTS / "kernel",
            command_line_text="root=/dev/vda1",
            hosts=(Host(PKI / "host1.crt", "Compared by phone."),),
            save_keys=person.folder,
            output=image,
        ),
        recipe,
    )
    person.start(recipe)
    record = person.folder / "guest.img.build.json"

    def built() -> bool:
        # Files are still being read at first, and then there is nothing to build yet.
        person.press("ctrl+Return")
        time.sleep(0.2)
        return image.exists()

    wait_for(built, "the image")
    wait_for(record.exists, "the build record")
    assert json.loads(record.read_text())["verification"]["verdict"] == "passed"
    # The search field in the middle of the top bar, by mouse; the theme from the palette, by keyboard.
    person.click(person.width() * 60 // 100, 24)
    person.type("dark theme")
    person.press("Return")
    assert person.leave() == ""
    assert person.settings()["theme"] == "dark"
    assert person.settings()["page"] == "build"

    person.start(image, person.folder / "guest.img.hdr-key")
    person.press("ctrl+shift+f")
    person.type("phkh")
    person.press("Escape", "F6", "F6", "ctrl+equal", "ctrl+equal", "ctrl+minus")
    assert person.leave() == ""
    left = person.settings()
    assert left["page"] == "inspect"
    assert left["zoom"] == pytest.approx(1.1)
    recent = left["recent"]
    assert isinstance(recent, list)
    assert str(image) in recent
    # Where keys are is nobody's business.
    assert not any("hdr-key" in str(path) for path in recent)
