"""The rings: around what is seen, where it is now, and nothing that anybody could click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QScrollArea, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget
from shiboken6 import delete

from seworkbench.ui.theme import Theme
from seworkbench.ui.tour.spotlight import Spot, Spotlight, _Ring, current_row

from ..desk import wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Stand:
    """A window with a button, and with a long page that scrolls."""

    def __init__(self) -> None:
        self.window = QWidget()
        self.window.resize(400, 300)
        self.button = QPushButton("Press")
        self.area = QScrollArea()
        self.page = QWidget()
        self.page.setFixedSize(300, 2000)
        self.far = QPushButton("Far below", self.page)
        self.far.setGeometry(20, 1800, 100, 30)
        self.area.setWidget(self.page)
        column = QVBoxLayout(self.window)
        column.addWidget(self.button)
        column.addWidget(self.area)
        self.light = Spotlight(self.window, Theme())

    def rings(self) -> list[QRect]:
        """Where rings are."""
        return [ring.geometry() for ring in self.window.findChildren(_Ring) if ring.isVisible()]

    def ringed(self, *places: QRect) -> bool:
        """Whether these places are ringed, closely."""
        rings = self.rings()
        return len(rings) == len(places) and all(
            ring.contains(place) and ring.width() - place.width() < 30
            for ring, place in zip(rings, places, strict=True)
        )


@pytest.fixture
def stand(qtbot: QtBot) -> Iterator[Stand]:
    """What is pointed at."""
    made = Stand()
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.light.clear()


def test_a_ring_stands_around_a_widget_follows_it_and_takes_no_click(stand: Stand) -> None:
    pressed: list[bool] = []
    stand.button.clicked.connect(lambda: pressed.append(True))
    stand.light.point((Spot(stand.button),))
    wait_until(lambda: stand.ringed(stand.button.geometry()), "the ring")
    below = stand.window.childAt(stand.button.geometry().center())
    assert below is not None
    QTest.mouseClick(below, Qt.MouseButton.LeftButton)
    assert pressed == [True]
    stand.window.resize(600, 400)
    wait_until(lambda: stand.ringed(stand.button.geometry()), "the ring to follow")
    assert stand.light.places == (stand.button.geometry(),)
    stand.button.hide()
    wait_until(lambda: not stand.rings(), "the ring to go with its widget")


def test_what_is_out_of_view_is_scrolled_to_and_ringed_as_far_as_it_is_seen(stand: Stand) -> None:
    stand.light.point((Spot(stand.button), Spot(stand.far, lambda: QRect(0, 0, 40, 30))))
    wait_until(lambda: len(stand.rings()) == 2 and stand.area.verticalScrollBar().value() > 1000, "the rings")
    place = QRect(stand.far.mapTo(stand.window, QPoint()), stand.far.size())
    place.setWidth(40)
    wait_until(lambda: stand.ringed(stand.button.geometry(), place), "the rings to close in")
    stand.area.verticalScrollBar().setValue(0)
    wait_until(lambda: stand.ringed(stand.button.geometry()), "the ring to go with what is scrolled away")


def test_the_selected_row_is_ringed_with_its_details(stand: Stand) -> None:
    tree = QTreeWidget(stand.window)
    tree.setGeometry(0, 0, 300, 200)
    tree.show()
    first, second = (QTreeWidgetItem(tree, [name]) for name in ("first", "second"))
    details = QTreeWidgetItem(second, ["details"])
    spot = current_row(tree)
    assert spot.seen(stand.window).isEmpty()
    tree.setCurrentItem(first)
    alone = spot.seen(stand.window)
    tree.setCurrentItem(second)
    second.setExpanded(True)
    both = spot.seen(stand.window)
    assert both.height() == 2 * alone.height()
    assert both.width() == tree.viewport().width()
    assert both.top() == alone.bottom() + 1
    assert tree.visualItemRect(details).isValid()


def test_what_is_gone_is_not_looked_for(stand: Stand) -> None:
    stand.light.point((Spot(stand.button),))
    wait_until(lambda: bool(stand.rings()), "the ring")
    delete(stand.button)
    wait_until(lambda: not stand.rings(), "the ring to go")
    assert stand.light.places == ()
