"""Dialogs that ask for files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from seworkbench.ui.dialogs import ask_new, ask_save

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

NOTHING_SPECIAL, CONFIRMS_NOT = QFileDialog.Option(0), QFileDialog.Option.DontConfirmOverwrite


@pytest.mark.parametrize(("ask", "confirms"), [(ask_save, True), (ask_new, False)])
def test_the_dialog_asks_whether_a_file_may_be_replaced_where_one_is(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[QWidget, str, Path | None], Path | None],
    confirms: bool,
) -> None:
    asked: list[bool] = []

    def answer(
        _parent: QWidget, _title: str, suggestion: str, options: QFileDialog.Option = NOTHING_SPECIAL
    ) -> tuple[str, str]:
        asked.append(CONFIRMS_NOT not in options)
        return suggestion, ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    parent = QWidget()
    qtbot.addWidget(parent)
    assert ask(parent, "Save", Path("/srv/report.html")) == Path("/srv/report.html")
    assert ask(parent, "Save", None) is None
    assert asked == [confirms, confirms]
