"""What the tests of single widgets share."""

from __future__ import annotations

import pytest

from seworkbench.ui.theme import Theme, ThemeChoice


@pytest.fixture
def theme() -> Theme:
    """The theme of the program, light."""
    made = Theme()
    made.choose(ThemeChoice.LIGHT)
    return made
