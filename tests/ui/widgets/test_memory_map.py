"""The memory map: geometry that cannot overlap or lie, and what mouse, keyboard and screen readers get."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from seworkbench.formats.layout import Protection
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.map_geometry import MapRegion, file_pieces, magnified_axis, magnified_ends, spread
from seworkbench.ui.widgets.memory_map import MemoryMap, _fitting

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
VERTICAL, HORIZONTAL = Qt.Orientation.Vertical, Qt.Orientation.Horizontal


def plan(kernel: int = 9 * MIB, ramdisk: int = 640 * MIB) -> tuple[int, list[MapRegion]]:
    regions = [
        MapRegion(0, 8, "short PSW", Protection.CLEAR, "starts at 0x11000"),
        MapRegion(0xC000, 28, "metadata", Protection.CLEAR),
        MapRegion(0x10000, 11878, "stage3a", Protection.CLEAR),
        MapRegion(0x14000, 800, "header", Protection.AUTHENTICATED),
    ]
    address = 0x15000
    for name, length in (("kernel", kernel), ("ramdisk", ramdisk), ("cmdline", 4096), ("stage3b", 8192)):
        regions.append(MapRegion(address, length, name, Protection.ENCRYPTED, hashed=True))
        address += length
    regions.append(MapRegion(address, 232, "IPIB", Protection.CLEAR))
    return address + 232, regions


def shown(qtbot: QtBot, theme: Theme, orientation: Qt.Orientation = VERTICAL) -> MemoryMap:
    made = MemoryMap(theme, orientation)
    qtbot.addWidget(made)
    made.resize(310, 600) if orientation is VERTICAL else made.resize(880, 170)
    made.show_map(*plan())
    made.show()
    qtbot.waitExposed(made)
    return made


@st.composite
def files(draw: st.DrawFn) -> tuple[int, list[MapRegion]]:
    size = draw(st.one_of(st.integers(100 * KIB, 2 * MIB), st.integers(2 * MIB, 8 * GIB)))
    count = draw(st.integers(0, 12))
    cuts = sorted(draw(st.lists(st.integers(0, size), min_size=2 * count, max_size=2 * count)))
    protections = st.sampled_from(list(Protection))
    names = st.text("abcdefgh ", min_size=1, max_size=30)
    return size, [
        MapRegion(start, end - start, draw(names), draw(protections), "detail", draw(st.booleans()))
        for start, end in zip(cuts[::2], cuts[1::2], strict=True)
    ]


# --- geometry


@given(files())
def test_the_pieces_are_the_file_without_gap_or_overlap(file: tuple[int, list[MapRegion]]) -> None:
    size, regions = file
    pieces = file_pieces(size, regions)
    assert pieces[0].start == 0
    assert pieces[-1].end == size
    assert all(piece.start < piece.end for piece in pieces)
    assert all(first.end == second.start for first, second in pairwise(pieces))


def test_regions_that_overlap_or_lie_behind_the_end_are_cut() -> None:
    wild = [MapRegion(0, 60, "a", Protection.CLEAR), MapRegion(50, 100, "b", Protection.CLEAR)]
    wild.append(MapRegion(500, 9, "c", Protection.CLEAR))
    assert [(piece.start, piece.end) for piece in file_pieces(100, wild)] == [(0, 60), (60, 100)]


@given(files(), st.floats(30, 4000), st.floats(10, 80), st.data())
def test_every_byte_has_a_place_and_the_place_leads_back(
    file: tuple[int, list[MapRegion]], length: float, label: float, data: st.DataObject
) -> None:
    size, regions = file
    pieces = file_pieces(size, regions)
    axis = magnified_axis(pieces, magnified_ends(size, pieces), length, label)
    assert axis.stretches[0].first == 0
    assert axis.stretches[-1].last == pytest.approx(length)
    assert all(stretch.first < stretch.last for stretch in axis.stretches)
    assert all(one.end == two.start and one.last == two.first for one, two in pairwise(axis.stretches))
    offsets = sorted(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=20)))
    places = [axis.place(offset) for offset in offsets]
    assert places == sorted(places)
    assert all(0 <= place <= length + 1e-6 for place in places)
    assert [axis.offset(place) for place in places] == offsets
    assert axis.offset(-50) == 0
    assert axis.offset(length + 50) == size - 1


@given(files())
def test_the_magnified_ends_never_meet_and_are_worth_it(file: tuple[int, list[MapRegion]]) -> None:
    size, regions = file
    head, tail = magnified_ends(size, file_pieces(size, regions))
    assert (head, tail) == (size, size) or (0 < head < tail < size and head + size - tail <= size / 3)


def test_the_ends_of_a_real_image_are_those_of_the_picture() -> None:
    size, regions = plan()
    head, tail = magnified_ends(size, file_pieces(size, regions))
    assert head == 92 * KIB
    assert size - tail == 16 * KIB + 232


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(1, 60)), max_size=14), st.floats(50, 600))
def test_spread_labels_never_overlap(wanted: list[tuple[float, float]], room: float) -> None:
    anchors = sorted(anchor for anchor, _ in wanted)
    sizes = [size for _, size in wanted]
    places = spread(anchors, sizes, room)
    if sum(sizes) > room:
        assert places is None
        return
    assert places is not None
    assert all(place >= -1e-6 and place + size <= room + 1e-6 for place, size in zip(places, sizes, strict=True))
    for (place, size), (following, _) in pairwise(zip(places, sizes, strict=True)):
        assert place + size <= following + 1e-6


def test_labels_with_room_stay_at_their_anchors() -> None:
    assert spread([10, 100, 200], [20, 20, 20], 300) == [10, 100, 200]


@settings(max_examples=60)
@given(file=files(), area=st.tuples(st.integers(60, 900), st.integers(60, 700)), upright=st.booleans())
def test_in_any_size_labels_keep_apart_and_views_do_not_overlap(
    qtbot: QtBot, theme: Theme, file: tuple[int, list[MapRegion]], area: tuple[int, int], upright: bool
) -> None:
    widget = MemoryMap(theme, VERTICAL if upright else HORIZONTAL)
    qtbot.addWidget(widget)
    widget.show_map(*file)
    widget.resize(*area)
    widget.mark(file[0] // 2)
    widget.grab()
    arranged = widget.arrangement
    assert arranged is not None
    metrics = arranged.metrics
    assert metrics.scale_at + metrics.scale <= metrics.magnified_at
    assert metrics.magnified_at + metrics.magnified <= metrics.label_at
    rects = [widget.label_rect(placed) for placed in arranged.labels]
    assert not any(one.intersects(two) for one, two in pairwise(rects))
    if not upright:
        assert all(rect.left() >= 0 and rect.right() <= max(area[0], 60) for rect in rects)


# --- what a person does with it


@pytest.mark.parametrize("orientation", [VERTICAL, HORIZONTAL])
def test_a_click_in_the_view_to_scale_names_the_byte_even_behind_4_gib(
    qtbot: QtBot, theme: Theme, orientation: Qt.Orientation
) -> None:
    widget = shown(qtbot, theme, orientation)
    size, regions = plan(ramdisk=8 * GIB)
    widget.show_map(size, regions)
    arranged = widget.arrangement
    assert arranged is not None
    along = round(arranged.metrics.start + arranged.scale.place(6 * GIB))
    across = round(arranged.metrics.scale_at + 10)
    point = QPoint(across, along) if orientation is VERTICAL else QPoint(along, across)
    with qtbot.waitSignal(widget.activated) as caught:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=point)
    [offset] = caught.args
    assert abs(offset - 6 * GIB) < 64 * MIB
    assert widget.marked == offset


def test_a_click_on_a_label_goes_to_the_beginning_of_its_region(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    assert widget.arrangement is not None
    for placed in widget.arrangement.labels:
        with qtbot.waitSignal(widget.activated) as caught:
            centre = widget.label_rect(placed).center().toPoint()
            QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=centre)
        assert caught.args == [int(placed.label.address, 16)]


def test_a_region_of_a_few_bytes_can_be_hit(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    arranged = widget.arrangement
    assert arranged is not None
    along = arranged.metrics.start + arranged.magnified.place(0xC000)
    assert widget.hit(QPointF(arranged.metrics.magnified_at + 9, along + 1.5)) == 0xC000


def test_arrow_keys_go_from_region_to_region_and_enter_chooses(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    names = []
    for _ in range(11):
        QTest.keyClick(widget, Qt.Key.Key_Down)
        assert widget.current is not None
        names.append(widget.current.name)
    expected = [region.name for region in plan()[1]]
    assert names == [*expected, "IPIB", "IPIB"]
    QTest.keyClick(widget, Qt.Key.Key_Home)
    QTest.keyClick(widget, Qt.Key.Key_Right)
    with qtbot.waitSignal(widget.activated) as caught:
        QTest.keyClick(widget, Qt.Key.Key_Return)
    assert caught.args == [0xC000]
    QTest.keyClick(widget, Qt.Key.Key_End)
    QTest.keyClick(widget, Qt.Key.Key_Up)
    assert widget.current is not None
    assert widget.current.name == "stage3b"


def test_arrow_keys_go_on_from_the_mark_even_between_regions(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    widget.mark(0x8000)
    names = [widget.current]
    QTest.keyClick(widget, Qt.Key.Key_Up)
    names.append(widget.current)
    assert names == [None, plan()[1][0]]


def test_keys_do_nothing_without_a_file(qtbot: QtBot, theme: Theme) -> None:
    widget = MemoryMap(theme)
    qtbot.addWidget(widget)
    widget.mark(5)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Return):
        QTest.keyClick(widget, key)
    assert widget.current is None
    widget.grab()


def test_the_tooltip_has_the_exact_numbers(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    arranged = widget.arrangement
    assert arranged is not None
    point = QPoint(
        round(arranged.metrics.scale_at + 9), round(arranged.metrics.start + arranged.scale.place(300 * MIB))
    )
    QApplication.sendEvent(widget, QHelpEvent(QHelpEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
    words = QToolTip.text()
    assert "ramdisk" in words
    assert "0x915000 to 0x28914fff" in words
    assert "671\u202f088\u202f640 bytes" in words
    assert "encrypted and hashed" in words
    QToolTip.hideText()


def test_screen_readers_hear_all_regions(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    assert widget.accessibleName() == "Memory map"
    for region in plan()[1]:
        assert region.name in widget.accessibleDescription()
    widget.show_map(0, [])
    assert widget.accessibleDescription() == "No file."


def test_marking_and_a_change_of_theme_repaint(qtbot: QtBot, theme: Theme) -> None:
    widget = shown(qtbot, theme)
    plain = widget.grab().toImage()
    widget.mark(0x14000)
    marked = widget.grab().toImage()
    assert marked != plain
    theme.choose(ThemeChoice.DARK)
    assert widget.grab().toImage() != marked
    theme.set_zoom(1.5)
    assert widget.minimumSizeHint().width() == 270


def test_of_a_detail_there_is_as_much_as_there_is_room_for_and_no_half_number(theme: Theme) -> None:
    metrics = QFontMetricsF(theme.font(11))
    whole, first = "76.0 KiB, 74,565 bytes", "76.0 KiB"
    assert _fitting(whole, metrics, metrics.horizontalAdvance(whole)) == whole
    assert _fitting(whole, metrics, metrics.horizontalAdvance(whole) - 1) == first
    assert _fitting(whole, metrics, metrics.horizontalAdvance(first) - 1) == ""
