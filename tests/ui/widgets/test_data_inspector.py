"""The data inspector: what bytes are as numbers and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.byte_source import MemorySource
from seworkbench.ui.widgets.data_inspector import NOTHING, DataInspector, readings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture
def inspector(qapp: QApplication, qtbot: QtBot) -> DataInspector:
    made = DataInspector(Theme(qapp))
    qtbot.addWidget(made)
    made.resize(320, 240)
    made.show()
    qtbot.waitExposed(made)
    return made


@given(st.binary(min_size=8, max_size=40))
def test_numbers_are_big_endian(data: bytes) -> None:
    found = readings(data)
    for width in (1, 2, 4, 8):
        for letter, signed in (("u", False), ("i", True)):
            digits = found[f"{letter}{8 * width}"].replace("\u2009", "")
            assert int(digits) == int.from_bytes(data[:width], "big", signed=signed)
    assert int(found["hex"], 16) == int.from_bytes(data[:8], "big")
    assert int(found["binary"], 2) == data[0]
    assert found["text"].isprintable()


def test_too_few_bytes_are_no_number() -> None:
    found = readings(b"\xff\xfe")
    assert (found["u16"], found["i8"], found["u32"], found["u64"]) == ("65\u2009534", "-1", NOTHING, NOTHING)
    assert set(readings(b"").values()) == {NOTHING}


def test_the_panel_follows_the_selection(inspector: DataInspector) -> None:
    source = MemorySource(b"\0\0\0\x19IBMSecEx")
    inspector.show_at(source, 0, 4)
    assert inspector.values["u32"].text() == "25"
    assert "font-weight: 600" in inspector.values["u32"].styleSheet()
    assert "font-weight: 400" in inspector.values["u8"].styleSheet()
    inspector.show_at(source, 4, 3)
    assert inspector.values["text"].text() == "IBM"
    inspector.show_at(None, 0)
    assert inspector.values["u8"].text() == NOTHING


def test_masked_bytes_are_hidden(inspector: DataInspector) -> None:
    inspector.show_at(MemorySource(b"secret!!"), 0, 8, masked=True)
    assert {value.text() for value in inspector.values.values()} == {"hidden"}


def test_a_number_is_never_cut_silently(inspector: DataInspector) -> None:
    inspector.show_at(MemorySource(b"\xff" * 8), 0, 8)
    value = inspector.values["u64"]
    seen = set()
    for width in range(500, 100, -10):  # fonts differ from machine to machine; at some width it no longer fits
        inspector.resize(width, 240)
        cut = value.text().endswith("…")
        seen.add(cut)
        if cut:
            assert value.toolTip() == str(2**64 - 1)
        else:
            assert value.text().replace("\u2009", "") == str(2**64 - 1)
    assert seen == {True, False}
