"""What the tests of single widgets share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.ui.theme import Theme, ThemeChoice, load_fonts

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The program's fonts and style, light."""
    qapp.setStyle("Fusion")
    load_fonts()
    made = Theme()
    made.choose(ThemeChoice.LIGHT)
    return made
