"""The meaning of a field: what is said, what is copied, and what is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from seworkbench.formats.image_metadata import ImageMetadata
from seworkbench.formats.ipib import Ipib, IpibComponent
from seworkbench.formats.layout import Field, Protection
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import KeySlotV1, SecretPartV1, SeHeaderV1, dissect_header
from seworkbench.formats.stage3 import Stage3aArgs
from seworkbench.resources import resource
from seworkbench.secret import Secret
from seworkbench.ui.theme import Theme, ThemeChoice
from seworkbench.ui.widgets.byte_source import MemorySource
from seworkbench.ui.widgets.copy_forms import CopyForm
from seworkbench.ui.widgets.field_details import _IF_WRONG, FieldDetails, if_wrong, who_can_change
from seworkbench.ui.widgets.reveal import MASK, Reveal
from seworkbench.ui.widgets.secret_clipboard import SecretClipboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

KEY = bytes(range(32))
CIPHERTEXT = b"\xaa" * 128


def make_header() -> Field:
    slot = KeySlotV1(phkh=bytes(32), wrpk=bytes(32), kst=bytes(16))
    header = SeHeaderV1(
        sehs=640,
        iv=bytes(12),
        nks=1,
        nep=25,
        pcf=0xE0,
        cust_pub_key=bytes(160),
        pld=bytes(range(64)),
        ald=bytes(64),
        tld=bytes(64),
        keyslots=(slot,),
        encrypted=CIPHERTEXT,
        tag=bytes(16),
    )
    content = SecretPartV1(cck=Secret(KEY), xts=Secret(bytes(64)), psw=Psw(addr=0x2C000))
    return dissect_header(header, 0, content)


@pytest.fixture
def details(qtbot: QtBot, theme: Theme) -> FieldDetails:
    made = FieldDetails(theme)
    qtbot.addWidget(made)
    made.resize(336, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def source() -> MemorySource:
    return MemorySource(bytes(0x1F0) + CIPHERTEXT + bytes(16))


def shown(details: FieldDetails) -> str:
    return "\n".join(found.text() for found in details.findChildren(QLabel) if found.isVisibleTo(details))


def everything(details: FieldDetails) -> str:
    words: list[QLabel | QPushButton] = [*details.findChildren(QLabel), *details.findChildren(QPushButton)]
    return "\n".join(f"{found.text()} {found.toolTip()} {found.accessibleName()}" for found in words)


def find_all_fields(field: Field) -> Iterator[Field]:
    yield field
    for child in field.children:
        yield from find_all_fields(child)


def test_a_field_is_told_in_plain_words(details: FieldDetails, source: MemorySource) -> None:
    details.set_source(source)
    details.show_field(make_header().find("encrypted", "psw"))
    text = shown(details)
    assert "Start PSW" in text
    assert details.chip.text() == "psw"
    assert "0x250" in text
    assert "16 bytes, encrypted" in text
    assert details.rows["Stored"][1].text() == "aaaaaaaa aaaaaaaa\naaaaaaaa aaaaaaaa"
    assert details.rows["Opened"][1].text() == "00000001 80000000\n00000000 0002c000"
    assert details.rows["Value"][1].text().splitlines() == [
        "start at 0x2c000",
        "Mask 0x0000000180000000",
        "Address 0x000000000002c000",
    ]
    assert "Only a holder of the header key. The host sees ciphertext" in text
    assert "the guest starts in the wrong place" in text


def test_long_fields_are_cut(details: FieldDetails) -> None:
    details.show_field(make_header().find("cust_pub_key"))
    lines = details.rows["Stored"][1].text().splitlines()
    assert len(lines) == 9
    assert lines[-1] == "… 96 bytes more"


def test_a_value_that_repeats_the_bytes_is_left_out(details: FieldDetails) -> None:
    details.show_field(make_header().find("pld"))
    assert not details.rows["Value"][1].isVisible()
    details.show_field(make_header().find("nep"))
    assert details.rows["Value"][1].text() == "25"


def test_without_a_field_there_is_an_invitation(details: FieldDetails) -> None:
    details.show_field(make_header().find("nep"))
    details.show_field(None)
    assert shown(details).strip() == "Select a field or a byte to see what it means."


def test_help_is_asked_for(details: FieldDetails, qtbot: QtBot) -> None:
    details.show_field(make_header().find("tag"))
    with qtbot.waitSignal(details.help_requested) as told:
        QTest.mouseClick(details._help, Qt.MouseButton.LeftButton)
    assert told.args == ["se-header.md#fixed-part"]


@pytest.mark.parametrize("form", [CopyForm.HEX, CopyForm.BASE64, CopyForm.C, CopyForm.PYTHON, CopyForm.JSON])
def test_copies(details: FieldDetails, form: CopyForm) -> None:
    details.show_field(make_header().find("sehs"))
    QTest.mouseClick(details.buttons[form], Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    if form is CopyForm.JSON:
        assert json.loads(text)["raw_hex"] == "00000280"
    else:
        marks = {CopyForm.HEX: "00000280", CopyForm.BASE64: "AAACgA==", CopyForm.C: "sehs[4]"}
        assert marks.get(form, "sehs = bytes.fromhex") in text


def test_bytes_that_the_tree_does_not_hold_are_copied_from_the_file(details: FieldDetails) -> None:
    large = Field("component[0]", "Component 1: kernel", 4, 4, protection=Protection.ENCRYPTED_HASHED)
    details.show_field(large)
    assert not details.buttons[CopyForm.HEX].isEnabled()
    details.set_source(MemorySource(b"----kern----"))
    details.copy(CopyForm.TEXT)
    assert QGuiApplication.clipboard().text() == "kern"
    details.show_field(Field("component[0]", "Component 1", 0, 1 << 30))
    assert not details.buttons[CopyForm.HEX].isEnabled()
    assert "extract it" in details.buttons[CopyForm.HEX].toolTip()


def test_secrets_are_nowhere_unless_revealed(details: FieldDetails, source: MemorySource) -> None:
    details.set_source(source)
    field = make_header().find("encrypted", "cck")
    details.show_field(field)
    spaced = KEY.hex()[:8]
    assert spaced not in everything(details)
    assert f"{MASK} 32 bytes" in everything(details)
    Reveal.shared().show(Secret(KEY))  # another one
    assert spaced not in everything(details)
    QTest.mouseClick(details.secret.reveal_button, Qt.MouseButton.LeftButton)
    assert details.secret.value.text().replace(" ", "").replace("\n", "") == KEY.hex()
    assert Reveal.shared().shows(field.raw)
    details.show_field(make_header().find("pld"))
    assert spaced not in everything(details)
    assert Reveal.shared().secret is None


def test_a_secret_is_copied_in_any_form_for_a_short_time(details: FieldDetails) -> None:
    field = make_header().find("encrypted", "cck")
    details.show_field(field)
    clipboard = QGuiApplication.clipboard()
    for form, part in (
        (CopyForm.HEX, KEY.hex()),
        (CopyForm.JSON, f'"raw_hex": "{KEY.hex()}"'),
        (CopyForm.C, f"0x{KEY[1]:02x}, 0x{KEY[2]:02x}"),
    ):
        details.copy(form)
        assert part in clipboard.text()
        assert clipboard.mimeData().hasFormat("x-kde-passwordManagerHint")
        assert "cleared in 30 s" in details.secret.status.text()
    SecretClipboard.shared().clear()
    assert clipboard.text() == ""
    details.show_field(make_header().find("encrypted"))
    details.copy(CopyForm.JSON)  # of what has secrets in it
    assert KEY.hex() not in clipboard.text()
    clipboard.setText("")


def test_every_protection_says_who_can_change_it() -> None:
    said = {who_can_change(Field("x", "X", 0, 1, protection=protection)) for protection in Protection}
    assert len(said) == len(Protection)


def test_all_known_fields_say_what_happens_if_they_are_wrong() -> None:
    silent = {
        field.name
        for field in find_all_fields(make_header())
        if not if_wrong(field) and not field.name.startswith("res")
    }
    assert silent == set()


def test_the_table_of_consequences_names_real_fields_and_pages() -> None:
    component = IpibComponent(tweak_pref=1, addr=0x15000, length=4096)
    trees = [
        make_header(),
        ImageMetadata(hdr_off=0x14000, ipib_off=0x20000).dissect(),
        Stage3aArgs(hdr_offs=1, hdr_size=640, ipib_offs=2).dissect(),
        Ipib.describing((component,), 0x14000, 640).dissect(),
    ]
    known = {(field.reference, field.name.replace("[0]", "[]")) for tree in trees for field in find_all_fields(tree)}
    # These are made by the dissection of a whole image, or appear in damaged headers only.
    elsewhere = {"ShortPsw", "value", "stage3a", "code", "component[]", "surplus"}
    assert {name for reference, name in _IF_WRONG if (reference, name) not in known} <= elsewhere
    for page in {reference.partition("#")[0] for reference, _name in _IF_WRONG}:
        assert resource(f"help/{page}").read_text(encoding="utf-8")


@pytest.mark.parametrize("zoom", [1.0, 2.0])
@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST])
def test_it_follows_theme_and_zoom(details: FieldDetails, theme: Theme, choice: ThemeChoice, zoom: float) -> None:
    theme.choose(choice)
    theme.set_zoom(zoom)
    details.show_field(make_header().find("pld"))
    assert f"font-size: {round(12 * zoom)}px" in details.rows["Stored"][1].styleSheet()
    assert theme.roles.muted in details.chip.styleSheet()
    details.grab()
    theme.set_zoom(1.0)
