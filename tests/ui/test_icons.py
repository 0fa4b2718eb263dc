"""Icons: kept once they were drawn, and yet always those of the theme."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from seworkbench.ui.icons import icon
from seworkbench.ui.theme import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PLACE = QRect(2, 2, 16, 16)


def painted(theme: Theme, *, ratio: int = 1, stretched: float = 1.0) -> QImage:
    """An icon on white."""
    picture = QImage(40 * ratio, 40 * ratio, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    painter.scale(stretched, stretched)
    icon("octagon-x", theme, "failed").paint(painter, PLACE)
    painter.end()
    return picture


def colours(picture: QImage) -> set[str]:
    return {
        QColor(picture.pixel(x, y)).name() for x in range(picture.width()) for y in range(picture.height())
    }  # fmt: skip


@pytest.mark.parametrize("ratio", [1, 2])
def test_painted_again_it_is_the_same_to_the_pixel(qtbot: QtBot, ratio: int) -> None:
    theme = Theme()
    assert painted(theme, ratio=ratio) == painted(theme, ratio=ratio)
    del qtbot


def test_it_follows_the_theme_though_it_was_painted_before(qtbot: QtBot) -> None:
    theme = Theme()
    theme.roles = LIGHT
    assert LIGHT.failed in colours(painted(theme))
    theme.roles = DARK
    assert DARK.failed in colours(painted(theme))
    assert LIGHT.failed not in colours(painted(theme))
    del qtbot


def test_on_a_finer_screen_it_has_finer_lines(qtbot: QtBot) -> None:
    theme = Theme()
    once = painted(theme)
    coarse = once.scaled(once.size() * 2, mode=Qt.TransformationMode.FastTransformation)
    fine, stretched = painted(theme, ratio=2), painted(theme, stretched=2.0)
    for made in (fine, stretched):
        assert any(
            made.pixel(x, y) != coarse.pixel(x, y) for x in range(coarse.width()) for y in range(coarse.height())
            if x < made.width() and y < made.height()
        )  # fmt: skip
    del qtbot


_PROGRAM = """
import gc, os
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QToolButton
from seworkbench.ui.icons import icon
from seworkbench.ui.theme import Theme
application = QApplication([])
theme = Theme(application)
button, seen = QToolButton(), QSize(16, 16)
"""
_USES = {
    "a cycle that is collected held the icon of a button": """
made = icon("eye", theme)
button.setIcon(made)
cycle = [made]
cycle.append(cycle)
del made, cycle
assert gc.collect()
""",
    "a cycle that is collected held an icon that nobody else has": """
cycle = [icon("eye", theme)]
cycle.append(cycle)
del cycle
assert gc.collect()
button.setIcon(icon("eye", theme))
""",
    "an icon was changed, so that Qt copied how it is drawn": """
first = icon("eye", theme)
made = QIcon(first)
made.setIsMask(True)
button.setIcon(made)
del made
gc.collect()
""",
}


@pytest.mark.parametrize("use", list(_USES))
def test_it_is_drawn_whatever_python_has_let_go_of(use: str) -> None:
    # In a program of its own: drawing with what is gone would end this one. Memory that was let go of is overwritten.
    program = f"{_PROGRAM}{_USES[use]}assert button.icon().pixmap(seen).toImage().pixelColor(8, 8).isValid()\n"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "MALLOC_PERTURB_": "165", "PYTHONMALLOC": "debug"}
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr


def test_without_room_there_is_nothing_to_draw(qtbot: QtBot) -> None:
    made = icon("eye", Theme())
    assert made.pixmap(QSize(0, 0)).isNull()
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    with QPainter(picture) as painter:
        made.paint(painter, QRect(0, 0, 0, 8))
    assert colours(picture) == {"#ffffff"}
    del qtbot
