"""The sequence diagram by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.checks import Verdict
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.sequence_diagram import Lane, Message, SequenceDiagram, SequencePicture, SequenceStep

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PICTURE = SequencePicture(
    steps=(
        SequenceStep("one", "1 One", Verdict.PASSED, ((Message("a", "a 1 B", Verdict.PASSED, Lane.VERIFIER),),)),
        SequenceStep(
            "two",
            "2 Two",
            Verdict.FAILED,
            (
                (
                    Message("b", "b 2 B", Verdict.FAILED, Lane.VERIFIER, Lane.HOST),
                    Message("c", "c 3 B", Verdict.NOT_CHECKED, Lane.HOST, Lane.GUEST, "Not there yet."),
                ),
                (Message("d", "d 4 B", Verdict.WARNING, Lane.ULTRAVISOR, Lane.GUEST),),
            ),
        ),
    ),
    captions=((Lane.ULTRAVISOR, "simulated firmware"),),
    simulated=True,
)


@pytest.fixture
def diagram(qtbot: QtBot) -> SequenceDiagram:
    """A diagram that is shown."""
    theme = Theme()
    made = SequenceDiagram(theme)
    theme.setParent(made)
    qtbot.addWidget(made)
    made.resize(860, 200)
    made.show_picture(PICTURE, "two")
    made.show()
    QApplication.processEvents()
    return made


def test_every_step_and_message_has_a_name_that_says_its_verdict(diagram: SequenceDiagram) -> None:
    assert diagram.steps["two"].accessibleName() == "2 Two: failed"
    assert diagram.pills["b"].accessibleName() == "Verifier to Untrusted host, b 2 B: failed."
    assert diagram.pills["c"].accessibleName().endswith("not checked. Not there yet.")
    assert diagram.accessibleDescription().startswith("Simulated firmware.")


def test_a_pill_lies_between_its_lanes_and_leaves_both_ends_of_the_arrow_free(diagram: SequenceDiagram) -> None:
    for width in (560, 860, 1400):
        diagram.resize(width, 200)
        QApplication.processEvents()
        for key, low, high in (("b", Lane.VERIFIER, Lane.HOST), ("d", Lane.GUEST, Lane.ULTRAVISOR)):
            box = diagram.pills[key].geometry()
            assert diagram.lane_at(low) + 10 < box.left()
            assert box.right() < diagram.lane_at(high) - 10


@pytest.mark.parametrize(("zoom", "width"), [(1.0, 870), (900 / 700, 950)], ids=["by oneself", "for an audience"])
def test_what_travels_in_an_attestation_is_read_on_its_arrow(diagram: SequenceDiagram, zoom: float, width: int) -> None:
    rows = (
        ("704 B, unchanged", Lane.HOST, Lane.VERIFIER),
        ("464 B, unchanged", Lane.HOST, Lane.GUEST),
        ("400 B + user 32 B", Lane.GUEST, Lane.ULTRAVISOR),
        ("RC 0x0001, 208 B", Lane.ULTRAVISOR, Lane.GUEST),
    )
    messages = tuple((Message(text, text, Verdict.PASSED, start, end),) for text, start, end in rows)
    diagram._theme.set_zoom(zoom)
    diagram.resize(width, 300)
    diagram.show_picture(SequencePicture((SequenceStep("one", "1 One", Verdict.PASSED, messages),)), "one")
    QApplication.processEvents()
    assert [key for key, pill in diagram.pills.items() if pill.width() < int(pill.wanted_width())] == []


def test_pressing_tells_which_message_or_step(diagram: SequenceDiagram) -> None:
    told: list[str] = []
    diagram.step_chosen.connect(told.append)
    diagram.message_chosen.connect(told.append)
    QTest.mouseClick(diagram.pills["d"], Qt.MouseButton.LeftButton)
    QTest.mouseClick(diagram.steps["one"], Qt.MouseButton.LeftButton)
    assert told == ["d", "one"]
    assert diagram.selected == "d"


def test_up_and_down_go_in_reading_order_and_stop_at_the_ends(diagram: SequenceDiagram) -> None:
    order = [diagram.steps["one"], diagram.pills["a"], diagram.steps["two"], *(diagram.pills[key] for key in "bcd")]
    order[0].setFocus()
    QTest.keyClick(order[0], Qt.Key.Key_Up)
    assert order[0].hasFocus()
    for before, after in pairwise(order):
        QTest.keyClick(before, Qt.Key.Key_Down)
        assert after.hasFocus()


def test_messages_that_are_gone_are_not_selected_any_more(diagram: SequenceDiagram) -> None:
    diagram.select("d")
    diagram.show_picture(SequencePicture(PICTURE.steps[:1]), "one")
    assert diagram.selected == ""
    assert set(diagram.pills) == {"a"}


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST])
def test_it_is_drawn_in_every_theme_and_grows_with_the_text(diagram: SequenceDiagram, choice: ThemeChoice) -> None:
    theme = diagram._theme
    theme.choose(choice)
    small = diagram.sizeHint().height()
    theme.set_zoom(2.0)
    assert diagram.sizeHint().height() == pytest.approx(2 * small, abs=2)
    picture = diagram.grab().toImage()
    colours = {picture.pixelColor(x, 60).name() for x in range(0, picture.width(), 3)}
    assert len(colours) > 1
