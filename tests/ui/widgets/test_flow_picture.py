"""A flow is drawn so that every text fits its box, at any width and zoom, and can be read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QFontMetrics

from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.flow_picture import _WRAP, Flow, FlowPicture, Ground, Stop

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

FLOW = Flow(
    (
        Stop("Your workstation", "Kernel, ramdisk and command line are encrypted and sealed.", Ground.OWNER),
        Stop("Host", "Carries it.", Ground.HOST),
        Stop("Ultravisor", "Opens the header, unpacks the pages, compares.", Ground.FIRMWARE),
    ),
    ("image", "header, pages"),
)


@pytest.mark.parametrize("zoom", [0.8, 1.0, 1.4, 2.0])
@pytest.mark.parametrize("width", [700, 1000, 1800])
def test_every_text_fits_its_box(qtbot: QtBot, zoom: float, width: int) -> None:
    theme = Theme()
    theme.zoom = zoom
    picture = FlowPicture(theme, FLOW)
    qtbot.addWidget(picture)
    height = picture.heightForWidth(width)
    inner = picture._inner(QRectF(1, 1, picture._box_width(width) - 2, height - 2))
    room = QRect(0, 0, inner.width(), 10_000)
    for stop in FLOW.stops:
        heading = QFontMetrics(theme.font(bold=True)).boundingRect(room, _WRAP, stop.title).height()
        text = QFontMetrics(theme.font(12)).boundingRect(room, _WRAP, stop.text).height()
        assert heading + text + 4 <= inner.height()
    picture.resize(width, height)
    picture.show()
    assert not picture.grab().isNull()


def test_it_can_be_read_aloud(qtbot: QtBot) -> None:
    picture = FlowPicture(Theme(), FLOW)
    qtbot.addWidget(picture)
    assert picture.accessibleName() == (
        "Your workstation (trusted by its owner): Kernel, ramdisk and command line are encrypted and sealed."
        " → image → Host (not trusted): Carries it. → header, pages → "
        "Ultravisor (firmware of the machine): Opens the header, unpacks the pages, compares."
    )


def test_there_is_an_arrow_between_any_two_boxes() -> None:
    with pytest.raises(ValueError, match="one arrow fewer"):
        Flow(FLOW.stops, ("image",))
