"""The bar of the measured block."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from seworkbench.attestation.measured_block import measured_block
from seworkbench.crypto.request_seal import open_request
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import parse_response
from seworkbench.ui.theme import Theme
from seworkbench.ui.widgets.measured_block import LENGTHS, MeasuredBlockView, block_parts, widths_of
from tests.attestation.recorded import header, key, response

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from seworkbench.attestation.measured_block import MeasuredBlock


@pytest.fixture(scope="module")
def block() -> MeasuredBlock:
    """The block of a recorded response."""
    file = parse_response(response("both"))
    arcb = parse_arcb(file.arcb)
    return measured_block(header().header, 0, file, arcb, open_request(arcb, key("both")))


def test_the_parts_are_the_whole_block_in_order(block: MeasuredBlock) -> None:
    parts = block_parts(block)
    assert sum(part.size for part in parts) == len(block.build())
    assert [part.key for part in parts][3:6] == ["header_tag", "cuid", LENGTHS]


@given(st.lists(st.tuples(st.integers(1, 512), st.floats(1, 100)), min_size=1, max_size=12), st.integers(100, 2000))
def test_widths_fill_the_room_and_none_is_too_narrow_if_there_is_room(
    parts: list[tuple[int, float]], room: int
) -> None:
    least = [narrowest for _size, narrowest in parts]
    widths = widths_of([size for size, _narrowest in parts], room, least)
    share = min(1.0, room / sum(least))
    assert all(width >= narrowest * share - 1e-6 for width, narrowest in zip(widths, least, strict=True))
    assert sum(widths) == pytest.approx(room)


@given(st.lists(st.integers(1, 512), min_size=2, max_size=12))
def test_a_larger_piece_is_never_drawn_smaller(sizes: list[int]) -> None:
    widths = widths_of(sizes, 900, [30.0] * len(sizes))
    pairs = sorted(zip(sizes, widths, strict=True))
    assert all(before[1] <= after[1] + 1e-6 for before, after in pairwise(pairs))


def test_every_piece_has_a_name_and_marking_one_tells_nobody(qtbot: QtBot, block: MeasuredBlock) -> None:
    theme = Theme()
    view = MeasuredBlockView(theme)
    theme.setParent(view)
    qtbot.addWidget(view)
    view.resize(820, view.sizeHint().height())
    view.show_block(block)
    view.show()
    QApplication.processEvents()
    told: list[str] = []
    view.selected.connect(told.append)
    view.select("nonce")
    assert told == []
    assert view.chosen == "nonce"
    assert view.pieces["nonce"].accessibleName() == "Nonce, 16 bytes, decided by the request"
    metrics = QFontMetricsF(theme.font(12, bold=True))
    assert all(metrics.horizontalAdvance(part.short) < view.pieces[part.key].width() for part in view.parts)
    boxes = [made.geometry() for made in view.pieces.values()]
    assert all(before.right() < after.left() for before, after in pairwise(boxes))
    view.show_block(None)
    assert view.chosen == ""
