"""The hex view through a real widget: selecting, scrolling, copying, and what it keeps to itself."""

from __future__ import annotations

import math
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.errors import SeError
from seworkbench.formats.layout import Protection
from seworkbench.ui.theme import Theme, ThemeChoice, load_fonts
from seworkbench.ui.widgets.byte_source import FileSource, MemorySource
from seworkbench.ui.widgets.copy_forms import CopyForm
from seworkbench.ui.widgets.hex_view import HexView, Region

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu
    from pytestqt.qtbot import QtBot

    from seworkbench.ui.widgets.byte_source import ByteSource

GIB = 1 << 30
CONTENT = bytes(range(256)) * 16
REGIONS = [
    Region(0, 64, Protection.AUTHENTICATED, "header"),
    Region(0, 8, Protection.AUTHENTICATED, "magic"),
    Region(64, 32, Protection.ENCRYPTED, "cck", masked=True),
    Region(96, 30, Protection.ENCRYPTED_HASHED, "kernel & more"),
]


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> HexView:
    made = HexView(theme)
    qtbot.addWidget(made)
    made.resize(640, 24 + 17 * 20)
    made.set_source(MemorySource(CONTENT))
    made.set_regions(REGIONS)
    made.show()
    qtbot.waitExposed(made)
    return made


class Endless:
    """A source that is larger than any disk and says where it is read."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.last = 0

    def read(self, offset: int, size: int) -> bytes:
        self.last = offset
        return bytes(max(0, min(size, self.size - offset)))


class Broken:
    """A source that cannot be read."""

    size = 100

    def read(self, offset: int, size: int) -> bytes:  # noqa: ARG002 - its interface
        raise SeError("The device reported an input/output error.")


def place(view: HexView, offset: int, *, text: bool = False) -> QPoint:
    metrics = view._metrics
    row, column = divmod(offset - view._top * 16, 16)
    x = metrics.ascii_left + column * metrics.character + 2 if text else metrics.hex_at(column) + 5
    return QPoint(x, metrics.header_height + row * metrics.row_height + 8)


def wheel(view: HexView, steps: int) -> None:
    centre = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        centre,
        centre,
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def entries(menu: QMenu) -> dict[str, bool]:
    return {action.text(): action.isEnabled() for action in menu.actions() if not action.isSeparator()}


# --- selecting


def test_a_selection_is_told(view: HexView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.selection_changed) as told:
        view.select(0x20, 8)
    assert told.args == [0x20, 8]
    assert view.selection == (0x20, 8)
    with qtbot.assertNotEmitted(view.selection_changed):
        view.select(0x20, 8)


def test_offsets_beyond_32_bits_are_told_whole(view: HexView, qtbot: QtBot) -> None:
    view.set_source(Endless(64 * GIB))
    with qtbot.waitSignal(view.selection_changed) as told:
        view.select(40 * GIB, 10 * GIB)
    assert told.args == [40 * GIB, 10 * GIB]


def test_a_selection_ends_where_the_bytes_end(view: HexView) -> None:
    view.select(len(CONTENT) - 4, 100)
    assert view.selection == (len(CONTENT) - 4, 4)
    view.select(10**9, 1)
    assert view.selection == (len(CONTENT) - 1, 1)


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, (0x105, 1)),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, (0x103, 1)),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, (0x114, 1)),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, (0xF4, 1)),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, (0x100, 1)),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, (0x10F, 1)),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, (0x104 + 20 * 16, 1)),
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier, (0x4, 1)),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier, (0, 1)),
        (Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier, (len(CONTENT) - 1, 1)),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, (0x104, 2)),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier, (0xF4, 17)),
        (Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier, (0, len(CONTENT))),
    ],
)
def test_keys_move_and_extend(
    view: HexView, key: Qt.Key, modifier: Qt.KeyboardModifier, expected: tuple[int, int]
) -> None:
    view.select(0x104, 1)
    QTest.keyClick(view, key, modifier)
    assert view.selection == expected


def test_the_caret_stays_in_sight(view: HexView) -> None:
    view.select(0, 1)
    for _ in range(25):
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.selection == (25 * 16, 1)
    assert view._top == 25 - view._rows_seen + 1
    QTest.keyClick(view, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert view._top == 0


def test_keys_stop_at_the_ends(view: HexView) -> None:
    view.select(0, 1)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp):
        QTest.keyClick(view, key)
        assert view.selection == (0, 1)
    view.select(len(CONTENT) - 1, 1)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
        QTest.keyClick(view, key)
        assert view.selection == (len(CONTENT) - 1, 1)


@pytest.mark.parametrize("text", [False, True])
def test_the_mouse_selects_in_both_columns(view: HexView, text: bool) -> None:
    viewport = view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(view, 0x23, text=text))
    assert view.selection == (0x23, 1)
    QTest.mouseMove(viewport, place(view, 0x58, text=text))
    QTest.mouseRelease(
        viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(view, 0x58, text=text)
    )
    assert view.selection == (0x23, 0x58 - 0x23 + 1)
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, place(view, 0x21))
    assert view.selection == (0x21, 3)


def test_every_byte_can_be_clicked(view: HexView) -> None:
    for offset in range(32):
        QTest.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(view, offset)
        )
        assert view.selection == (offset, 1)


def test_dragging_below_the_view_scrolls_on(view: HexView, qtbot: QtBot) -> None:
    viewport = view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(view, 0))
    QTest.mouseMove(viewport, QPoint(100, viewport.height() + 40))
    qtbot.waitUntil(lambda: view._top > 5)
    QTest.mouseRelease(
        viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, viewport.height() + 40)
    )
    assert not view._auto_scroll.isActive()
    assert view.selection[1] > 20 * 16


def test_a_double_click_selects_the_innermost_field(view: HexView) -> None:
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(view, 5))
    assert view.selection == (0, 8)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place(view, 20))
    assert view.selection == (0, 64)


# --- scrolling


def test_the_end_of_a_sparse_8_gib_file_is_reached_by_bar_and_key(view: HexView, tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(8 * GIB)
        file.seek(8 * GIB - 3)
        file.write(b"end")
    with FileSource(path) as source:
        view.set_source(source)
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
        assert (view._top + view._rows_seen) * 16 == 8 * GIB
        view.go_to(0)
        QTest.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
        assert view.selection == (8 * GIB - 1, 1)
        assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
        view.select(8 * GIB - 3, 3)
        assert view.selected_bytes() == b"end"
        view.set_source(None)


@pytest.mark.parametrize("size", [1 << 36, 1 << 50, (1 << 63) - 7])
def test_any_offset_of_64_bits_can_be_shown(view: HexView, size: int) -> None:
    source = Endless(size)
    view.set_source(source)
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert view._top == view._last_top
    bar.setValue(0)
    assert view._top == 0
    view.go_to(size // 2)
    view.grab()
    assert 0 <= size // 2 - source.last < 16 * view._rows_seen
    before = view._top
    wheel(view, -1)
    assert view._top == before + QApplication.wheelScrollLines()
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.selection == (size // 2 + 16, 1)


def test_the_wheel_scrolls_by_rows_and_leaves_zooming_to_the_window(view: HexView) -> None:
    wheel(view, -2)
    assert view._top == 2 * QApplication.wheelScrollLines()
    wheel(view, 5)
    assert view._top == 0


def test_what_is_selected_elsewhere_is_shown(view: HexView) -> None:
    view.select(0x800, 64)
    first, last = view._top, view._top + view._rows_seen - 1
    assert first <= 0x80 <= last
    view.select(0x820, 16)
    assert view._top == first


def test_place_and_selection_stay_when_the_same_bytes_are_shown_opened(view: HexView) -> None:
    view.go_to(0x805)
    top = view._top
    view.set_source(MemorySource(bytes(len(CONTENT))))
    assert (view._top, view.selection) == (top, (0x805, 1))
    view.set_source(MemorySource(bytes(10)))
    assert (view._top, view.selection) == (0, (0, 1))


# --- painting


def test_what_is_seen_differs_where_it_should(view: HexView) -> None:
    pictures = [view.grab().toImage()]
    view.select(3, 4)
    pictures.append(view.grab().toImage())
    view.set_hits([(0x20, 3), (0x30, 20), (0x1000, 3)])
    pictures.append(view.grab().toImage())
    view.set_regions([])
    pictures.append(view.grab().toImage())
    assert all(one != other for one, other in pairwise(pictures))


def test_hits_are_framed_in_the_accent_colour(view: HexView, theme: Theme) -> None:
    view.select(0x100, 1)
    view.set_hits([(0x20, 2)])
    image = view.viewport().grab().toImage()
    metrics = view._metrics
    y = metrics.header_height + 2 * metrics.row_height
    ratio = image.devicePixelRatio()
    for column, framed in ((0, True), (5, False)):
        x = round((metrics.hex_at(column) + 1) * ratio)
        edge = {image.pixelColor(x, place(y * ratio)).name() for place in (math.floor, math.ceil)}
        assert (theme.roles.accent in edge) is framed


def test_masked_bytes_look_the_same_whatever_they_are(view: HexView) -> None:
    view.select(0, 1)
    before = view.grab().toImage()
    view.set_source(MemorySource(CONTENT[:64] + bytes(32) + CONTENT[96:]))
    assert view.grab().toImage() == before


@pytest.mark.parametrize("source", [None, MemorySource(b""), MemorySource(b"x"), Broken()])
@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST])
def test_every_source_is_painted_in_every_theme(
    view: HexView, theme: Theme, source: ByteSource | None, choice: ThemeChoice
) -> None:
    view.set_source(source)
    theme.choose(choice)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_A):
        QTest.keyClick(view, key)
    view.copy()
    assert isinstance(view.grab().toImage(), QImage)
    if source is None:
        assert view.selection == (0, 0)
        assert view.accessibleDescription() == "No bytes."


def test_a_source_that_cannot_be_read_is_told_once(view: HexView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.failed) as told:
        view.set_source(Broken())
    assert isinstance(told.args[0], SeError)
    with qtbot.assertNotEmitted(view.failed):
        view.grab()


def test_zoom_makes_rows_higher_and_a_narrow_view_stands_closer(view: HexView, theme: Theme) -> None:
    height, pitch = view._metrics.row_height, view._metrics.pitch
    view.resize(540, 300)
    assert view._metrics.pitch < pitch
    view.resize(1600, 300)
    theme.set_zoom(2.0)
    assert view._metrics.row_height == 2 * height
    theme.set_zoom(1.0)


def test_where_only_one_of_them_has_room_fields_are_named_and_characters_are_left_out(view: HexView) -> None:
    view.resize(480, 300)
    metrics = view._metrics
    assert not metrics.printed
    assert metrics.field_left + metrics.field_width <= view.viewport().width()
    assert view.horizontalScrollBar().maximum() == 0
    assert [cell.width() for cell in metrics.cells(0, 0, 15)] == [8 * metrics.pitch, 8 * metrics.pitch]
    assert metrics.column_at(metrics.field_left + 20) == 15
    # Narrower than even that, all of it is reached by scrolling.
    view.resize(300, 300)
    assert view._metrics.printed
    assert view.horizontalScrollBar().maximum() > 0


# --- words


def test_the_selection_is_described(view: HexView) -> None:
    view.select(0, 8)
    assert view.accessibleName() == "Bytes"
    assert view.accessibleDescription() == "Offset 0x0, 8 bytes; 00 01 02 03 04 05 06 07; magic, authenticated"


def test_copies(view: HexView) -> None:
    clipboard = QGuiApplication.clipboard()
    view.select(0x41, 3)
    view.set_regions([])
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "41 42 43"
    expected = {CopyForm.HEX: "414243", CopyForm.BASE64: "QUJD", CopyForm.TEXT: "ABC"}
    for form, text in expected.items():
        view.copy(form)
        assert clipboard.text() == text
    view.copy(CopyForm.PYTHON)
    assert clipboard.text().startswith("bytes_41 = bytes.fromhex(")
    view.set_regions([Region(0x41, 3, Protection.CLEAR, "abc")])
    view.copy(CopyForm.C)
    assert clipboard.text().startswith("static const unsigned char abc[3]")


def test_the_menu_copies_and_selects(view: HexView) -> None:
    view.select(100, 2)
    menu = view.context_menu()
    assert entries(menu) == {
        "Copy as": True,
        "Copy offset": True,
        "Select kernel && more": True,
        "Select all": True,
    }
    next(action for action in menu.actions() if action.text() == "Copy offset").trigger()
    assert QGuiApplication.clipboard().text() == "0x64"
    next(action for action in menu.actions() if action.text().startswith("Select kernel")).trigger()
    assert view.selection == (96, 30)
    menu.deleteLater()


def test_masked_bytes_are_neither_copied_nor_described_nor_given_away(view: HexView) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    view.select(60, 8)
    for form in CopyForm:
        view.copy(form)
    assert clipboard.text() == "before"
    assert view.selected_bytes() == b""
    assert "hidden" in view.accessibleDescription()
    assert "40 41" not in view.accessibleDescription()
    assert entries(view.context_menu())["Copy as (the selection holds hidden bytes)"] is False


def test_gigabytes_are_not_copied(view: HexView) -> None:
    view.set_source(Endless(4 * GIB))
    view.set_regions([])
    QGuiApplication.clipboard().setText("before")
    view.select_all()
    view.copy()
    assert QGuiApplication.clipboard().text() == "before"
    assert entries(view.context_menu())["Copy as (up to 1 MiB)"] is False
    assert len(view.selected_bytes(1000)) == 1000


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="nobody counts references to None there")
def test_no_reference_to_none_is_lost(view: HexView) -> None:
    before = sys.getrefcount(None)
    for offset in range(500):
        view.select(offset, 3)
    assert abs(sys.getrefcount(None) - before) < 100


def bench() -> None:
    """Frame times, printed: `QT_QPA_PLATFORM=offscreen python tests/ui/widgets/test_hex_view.py`."""
    application = QApplication([])
    application.setStyle("Fusion")
    load_fonts()
    theme = Theme()
    theme.apply()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sparse"
        with path.open("wb") as file:
            file.truncate(8 * GIB)
            for place_of_noise in (0, 4 * GIB, 8 * GIB - (1 << 20)):
                file.seek(place_of_noise)
                file.write(CONTENT * 256)
        regions = [Region(40 * number, 40, Protection.ENCRYPTED, f"slot {number}") for number in range(5000)]
        for width, height in ((640, 500), (1200, 1400)):
            with FileSource(path) as source:
                started = time.perf_counter()
                view = HexView(theme)
                view.resize(width, height)
                view.set_source(source)
                view.set_regions(regions)
                view.set_hits([(100 * number, 5) for number in range(10_000)])
                view.show()
                view.grab()
                opened = time.perf_counter() - started
                time.sleep(0.1)
                QApplication.processEvents()
                canvas = QImage(view.viewport().size(), QImage.Format.Format_ARGB32_Premultiplied)
                for name, offset in (("fields", 0), ("noise", 4 * GIB), ("zeros", 6 * GIB)):
                    times: list[float] = []
                    for step in range(200):
                        started = time.thread_time()  # of this thread: the machine is shared
                        view._scroll_to(offset // 16 + step * 3)
                        view.viewport().render(canvas)
                        times.append(time.thread_time() - started)
                    times.sort()
                    sys.stdout.write(
                        f"{width} x {height}, {view._rows_seen} rows, {name}: median {1e3 * times[100]:.2f} ms, "
                        f"99 % {1e3 * times[198]:.2f} ms; opened in {1e3 * opened:.0f} ms\n"
                    )
                view.set_source(None)


if __name__ == "__main__":
    bench()
