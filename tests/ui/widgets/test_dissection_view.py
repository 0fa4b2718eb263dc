"""The tree of fields through a real widget, with a real image: selection, keys, and secrets that stay secret."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.files import read_secret
from seworkbench.formats.layout import Field, Protection
from seworkbench.image.access import HeaderKey
from seworkbench.image.dissection import dissect_file
from seworkbench.image.image_file import open_image
from seworkbench.secret import Secret
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.byte_source import FileSource, regions_of
from seworkbench.ui.widgets.copy_forms import CopyForm
from seworkbench.ui.widgets.dissection_view import OFFSET, TITLE, VALUE, DissectionView, FieldModel
from seworkbench.ui.widgets.hex_view import HexView
from seworkbench.ui.widgets.reveal import MASK, Reveal
from seworkbench.ui.widgets.secret_clipboard import SecretClipboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QMenu
    from pytestqt.qtbot import QtBot

IMAGES = Path(__file__).parents[2] / "data" / "interop" / "images"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "default.img"
    path.write_bytes(lzma.decompress((IMAGES / "default.img.xz").read_bytes()))
    return path


@pytest.fixture
def opened(image: Path) -> Field:
    with open_image(image) as file:
        return dissect_file(file, HeaderKey(read_secret(IMAGES / "hdr.key", 32, "header key")))


@pytest.fixture
def locked(image: Path) -> Field:
    with open_image(image) as file:
        return dissect_file(file)


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, clock: Clock, opened: Field) -> DissectionView:
    made = DissectionView(theme, Reveal(clock, theme))
    qtbot.addWidget(made)
    made.resize(400, 700)
    made.show_field(opened)
    made.show()
    qtbot.waitExposed(made)
    return made


def header(tree: Field) -> Field:
    return tree.find("SeHeaderV1")


def indexes(model: FieldModel, parent: QModelIndex | None = None) -> Iterator[QModelIndex]:
    parent = parent or QModelIndex()
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        yield index
        yield from indexes(model, index)


def all_texts(view: DissectionView) -> str:
    """Everything that the model tells anybody in any role."""
    roles = [role for role in Qt.ItemDataRole if role is not Qt.ItemDataRole.UserRole]
    found = [
        str(view.fields.data(index.siblingAtColumn(column), role))
        for index in indexes(view.fields)
        for column in (TITLE, VALUE, OFFSET)
        for role in roles
    ]
    return "\n".join([*found, view.accessibleName(), view.accessibleDescription(), view.toolTip()])


def shown(view: DissectionView) -> list[Field]:
    """The secrets that can be read now."""
    fields = [view.fields.field(index) for index in indexes(view.fields)]
    return [field for field in fields if field is not None and view.reveal.shows(field.raw)]


def press(view: DissectionView, eye: QPoint, kind: QEvent.Type) -> None:
    """Press the left button there, or let go of it."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    buttons = left if kind is QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
    place = QPointF(view.viewport().mapToGlobal(eye))
    QApplication.sendEvent(view.viewport(), QMouseEvent(kind, QPointF(eye), place, left, buttons, none))


def action(menu: QMenu, text: str) -> None:
    next(entry for entry in menu.actions() if entry.text() == text).trigger()


def many_slots(count: int) -> Field:
    slots = tuple(
        Field(
            f"keyslots[{number}]",
            f"Key slot {number + 1}",
            80 * number,
            80,
            children=tuple(Field(name, name, 80 * number, 80, bytes(80)) for name in ("phkh", "wrpk", "kst")),
        )
        for number in range(count)
    )
    return Field("header", "Header", 0, 80 * count, children=slots)


# --- the model


def test_the_model_is_well_formed(qtmodeltester: Any, opened: Field, locked: Field) -> None:
    model = FieldModel(Reveal.shared())
    qtmodeltester.check(model)
    for tree in (opened, locked, None, Field("a", "A", 0, 1, b"x")):
        model.show_field(tree)
        qtmodeltester.check(model)


def test_the_model_is_built_as_it_is_looked_at() -> None:
    model = FieldModel(Reveal.shared())
    model.show_field(many_slots(95))
    assert model.rowCount() == 95
    assert len(model._nodes) == 1
    model.index(94, 0)
    assert len(model._nodes) == 96


def test_columns(view: DissectionView, opened: Field) -> None:
    index = view.fields.index_of(header(opened).find("sehs"))
    texts = [index.siblingAtColumn(column).data() for column in (TITLE, VALUE, OFFSET)]
    assert texts == ["Header size", "640 bytes", "1400c"]
    headings = [view.fields.headerData(column, Qt.Orientation.Horizontal) for column in (TITLE, VALUE, OFFSET)]
    assert headings == ["Field", "Value", "Offset"]


def test_values_of_a_file_cannot_pass_for_markup(view: DissectionView) -> None:
    view.show_field(Field("magic", "Magic", 0, 8, b"<b>\n", "<b>\n\u202e", "What it is."))
    index = view.fields.index(0, 0)
    assert index.siblingAtColumn(VALUE).data() == "<b>··"
    assert "&lt;b&gt;··" in index.data(Qt.ItemDataRole.ToolTipRole)


# --- selecting


def test_the_users_choice_is_told(view: DissectionView, qtbot: QtBot, opened: Field) -> None:
    wanted = header(opened).find("pld")
    index = view.fields.index_of(wanted)
    view.scrollTo(index)
    with qtbot.waitSignal(view.field_selected) as told:
        QTest.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, view.visualRect(index).center()
        )
    assert told.args[0] is wanted
    with qtbot.waitSignal(view.field_selected) as told:
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert told.args[0] is header(opened).find("ald")


def test_keys_open_and_close(view: DissectionView, opened: Field) -> None:
    view.select_field(header(opened).find("pcf"))
    index = view.currentIndex()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.isExpanded(index)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.selected_field is header(opened).find("pcf", "bit 34")
    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert not view.isExpanded(index)


def test_selecting_from_outside_is_silent(view: DissectionView, qtbot: QtBot, opened: Field) -> None:
    with qtbot.assertNotEmitted(view.field_selected):
        assert view.select_field(header(opened).find("tag"))
        assert view.select_at(0x14000) is header(opened).find("magic")
        assert not view.select_field(Field("other", "Other", 0, 1))
    assert view.selected_field is None


@pytest.mark.parametrize(
    ("offset", "names"),
    [
        (0x1400D, ["sehs"]),
        (0x1403F, ["pcf"]),  # flags share the byte
        (0x141C3, ["keyslots", "keyslots[0]", "wrpk"]),
        (0x14258, ["encrypted", "psw", "addr"]),
        (0x1427F, ["tag"]),
    ],
)
def test_a_byte_belongs_to_the_deepest_field(
    view: DissectionView, opened: Field, offset: int, names: list[str]
) -> None:
    assert view.select_at(offset) is header(opened).find(*names)
    assert view.selected_field is header(opened).find(*names)
    assert view.visualRect(view.currentIndex()).isValid()


def test_a_byte_of_no_field_selects_nothing(view: DissectionView) -> None:
    view.select_at(0x14000)
    assert view.select_at(0x14300) is None
    assert view.selected_field is None


def test_tree_and_bytes_are_linked_both_ways(
    view: DissectionView, qtbot: QtBot, theme: Theme, image: Path, opened: Field
) -> None:
    hex_view = HexView(theme)
    qtbot.addWidget(hex_view)
    hex_view.resize(640, 400)
    found: list[Field | None] = []
    view.field_selected.connect(lambda field: hex_view.select(field.offset, field.length))
    with FileSource(image) as source:
        hex_view.set_source(source)
        hex_view.set_regions(regions_of(opened, source.size))
        view.select_field(header(opened).find("pld"))
        QTest.keyClick(view, Qt.Key.Key_Down)
        assert hex_view.selection == (0x14120, 64)
        hex_view.selection_changed.connect(lambda offset, _length: found.append(view.select_at(offset)))
        hex_view.setFocus()
        QTest.keyClick(hex_view, Qt.Key.Key_Right)
        QTest.keyClick(hex_view, Qt.Key.Key_Right)
        assert found[-1] is header(opened).find("tld")
        assert view.selected_field is header(opened).find("tld")
        hex_view.set_source(None)


# --- what stays when the tree is another


def test_unlocking_keeps_what_was_open_and_selected(view: DissectionView, opened: Field, locked: Field) -> None:
    view.show_field(locked)
    pcf = view.fields.index_of(header(locked).find("pcf"))
    view.expand(pcf)
    view.collapse(view.fields.index_of(locked.find("Ipib")))
    view.select_field(header(locked).find("nks"))
    view.show_field(opened)
    assert view.selected_field is header(opened).find("nks")
    assert view.isExpanded(view.fields.index_of(header(opened).find("pcf")))
    assert view.isExpanded(view.fields.index_of(header(opened).find("encrypted")))
    view.collapse(view.fields.index_of(header(opened)))
    view.show_field(opened)
    assert not view.isExpanded(view.fields.index_of(header(opened)))


def test_nothing_and_a_single_field_can_be_shown(view: DissectionView) -> None:
    view.show_field(None)
    assert view.select_at(0) is None
    QTest.keyClick(view, Qt.Key.Key_Down)
    single = Field("a", "A", 4, 1, b"x")
    view.show_field(single)
    assert view.select_at(4) is single
    view.grab()


# --- secrets


def test_secrets_are_in_no_text_unless_revealed(
    view: DissectionView, opened: Field, clock: Clock, qtbot: QtBot
) -> None:
    field = header(opened).find("encrypted", "cck")
    assert isinstance(field.raw, Secret)
    digits = field.raw.reveal().hex()
    view.expandAll()
    assert digits not in all_texts(view)
    assert MASK in all_texts(view)
    place = view.fields.index_of(field).siblingAtColumn(VALUE)
    with qtbot.waitSignal(view.fields.dataChanged) as told:  # for screen readers
        view.reveal.show(field.raw)
    assert told.args[0] == place
    assert digits in all_texts(view)
    assert digits not in view.fields.index_of(field).data(Qt.ItemDataRole.ToolTipRole)
    clock.now += 29
    view.reveal.countdown.timer.timeout.emit()
    assert digits in all_texts(view)
    clock.now += 1
    with qtbot.waitSignal(view.fields.dataChanged) as told:
        view.reveal.countdown.timer.timeout.emit()
    assert told.args[0] == place
    assert digits not in all_texts(view)


@pytest.mark.parametrize(("held", "stays"), [(0.05, True), (0.9, False)], ids=["clicked", "held"])
def test_a_held_eye_shows_a_secret_only_as_long_as_it_is_held(
    view: DissectionView, opened: Field, clock: Clock, held: float, *, stays: bool
) -> None:
    field = opened.find("SeHeaderV1", "encrypted", "cck")
    view.select_field(field)
    eye = view.eye_rect(field).center()
    press(view, eye, QEvent.Type.MouseButtonPress)
    assert shown(view) == [field]
    clock.now += held
    press(view, eye, QEvent.Type.MouseButtonRelease)
    assert shown(view) == ([field] if stays else [])


def test_the_eye_and_the_space_bar_reveal_and_hide(view: DissectionView, opened: Field) -> None:
    field = header(opened).find("encrypted", "xts")
    view.select_field(field)
    eye = view.eye_rect(field)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, eye.center())
    assert shown(view) == [field]
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert shown(view) == []
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(60, eye.center().y())
    )
    assert shown(view) == []
    QTest.keyClick(view, Qt.Key.Key_Space)
    view.hide()
    assert shown(view) == []
    assert not view.reveal.countdown.timer.isActive()


def test_the_menu_shows_a_secret_and_hides_it(view: DissectionView, opened: Field) -> None:
    field = header(opened).find("encrypted", "cck")
    view.select_field(field)
    action(view.context_menu(), "Show for 30 s")
    assert shown(view) == [field]
    action(view.context_menu(), "Hide")
    assert shown(view) == []
    view.select_field(header(opened).find("pld"))
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert shown(view) == []
    assert {"Show for 30 s", "Hide"}.isdisjoint(entry.text() for entry in view.context_menu().actions())


def test_a_secret_is_copied_for_a_while_only(view: DissectionView, opened: Field) -> None:
    field = header(opened).find("encrypted", "cck")
    assert isinstance(field.raw, Secret)
    clipboard = QGuiApplication.clipboard()
    view.select_field(field)
    view.copy_bytes(CopyForm.C)
    assert clipboard.text().startswith("static const unsigned char cck[32]")
    assert clipboard.mimeData().data("x-kde-passwordManagerHint").data() == b"secret"
    assert SecretClipboard.shared().left(field.raw) == 30
    SecretClipboard.shared().clear()
    assert clipboard.text() == ""
    assert shown(view) == []


def test_a_secret_that_is_not_seen_is_not_copied_by_mistake(view: DissectionView, opened: Field) -> None:
    field = header(opened).find("encrypted", "cck")
    assert isinstance(field.raw, Secret)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    view.select_field(field)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "before"
    view.reveal.show(field.raw)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == field.raw.reveal().hex()
    assert SecretClipboard.shared().left(field.raw) == 30
    SecretClipboard.shared().clear()


def test_another_tree_hides_the_secret(view: DissectionView, opened: Field, locked: Field) -> None:
    field = header(opened).find("encrypted", "cck")
    assert isinstance(field.raw, Secret)
    view.reveal.show(field.raw)
    view.show_field(locked)
    assert view.reveal.secret is None


# --- copying and looks


def test_copies(view: DissectionView, opened: Field) -> None:
    clipboard = QGuiApplication.clipboard()
    view.select_field(header(opened).find("sehs"))
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "640 bytes"
    view.copy_bytes(CopyForm.SPACED_HEX)
    assert clipboard.text() == "00 00 02 80"
    action(view.context_menu(), "Copy offset")
    assert clipboard.text() == "0x1400c"


def test_assistive_technology_is_told_what_a_row_is(view: DissectionView, opened: Field) -> None:
    index = view.fields.index_of(header(opened).find("encrypted", "cck"))
    spoken = [index.siblingAtColumn(column).data(Qt.ItemDataRole.AccessibleTextRole) for column in range(3)]
    assert spoken == ["Communication key", "hidden", "offset 0x141f0"]
    assert index.data(Qt.ItemDataRole.AccessibleDescriptionRole).startswith("32 bytes, encrypted.")


@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST])
def test_the_bar_at_the_left_shows_the_protection(
    view: DissectionView, theme: Theme, opened: Field, choice: ThemeChoice
) -> None:
    theme.choose(choice)
    view.collapseAll()
    view.clearFocus()
    image = view.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    for child in opened.children:
        row = view.visualRect(view.fields.index_of(child))
        role = {Protection.CLEAR: "clear", Protection.AUTHENTICATED: "authenticated"}.get(child.protection, "encrypted")
        assert image.pixelColor(round(ratio), round(row.center().y() * ratio)) == theme.roles.colour(role)


def test_narrow_and_large_views_are_painted(view: DissectionView, theme: Theme) -> None:
    view.expandAll()
    for width, zoom in ((120, 1.0), (900, 2.0)):
        view.resize(width, 500)
        theme.set_zoom(zoom)
        picture = view.viewport().grab().toImage()
        first = view.visualRect(view.fields.index(0, 0))
        middle = round(first.center().y() * picture.devicePixelRatio())
        row = {picture.pixel(x, middle) for x in range(max(0, first.left()), picture.width())}
        assert len(row) > 2, "a text stands there, smooth against its ground"
