"""What a page says while it is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea

from seworkbench.ui.widgets.basic import button
from seworkbench.ui.widgets.introduction import Introduction
from seworkbench.ui.workbench import Workbench

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("share", [0.6, 0.95, 2.0])
def test_every_way_to_begin_is_whole_whatever_the_width(qtbot: QtBot, tmp_path: Path, share: float) -> None:
    """A share of the width that all of them need in a row."""
    workbench = Workbench(tmp_path / "settings.json")
    asked = []
    texts = ("Open a file…", "Look at a demonstration", "How it works")
    ways = [button(text, lambda text=text: asked.append(text)) for text in texts]  # type: ignore[misc]
    card = Introduction(workbench.theme, "search", "What is it?", ("Drop it.", "Then look. " * 20), *ways)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(card)
    qtbot.addWidget(area)
    width = round(share * sum(way.sizeHint().width() for way in ways))
    area.resize(width, 400)
    area.show()
    for _ in range(5):
        QApplication.processEvents()
    for made in card.findChildren(QPushButton):
        assert made.width() >= made.sizeHint().width()
        assert card.rect().contains(made.geometry())
        made.click()
    assert asked == list(texts)
    assert card.width() <= max(width, 300)
    in_a_row = len({made.y() for made in card.findChildren(QPushButton)}) == 1
    assert in_a_row is (share > 1)
    workbench.jobs.shut_down()
