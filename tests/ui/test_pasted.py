"""Pasted and dropped text: recognised by what it says, taken as a file would be, and gone afterwards."""

from __future__ import annotations

import base64
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest

from seworkbench.checks import Verdict
from seworkbench.image.recipe import Recipe, save_recipe
from seworkbench.recognise import Kind
from seworkbench.ui.pasted import TEXT_LIMIT, PastedFiles, paths_in, remove_left_pasted

from .desk import HEADER, INPUTS, PKI, Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

CERTIFICATE = (PKI / "host1.crt").read_text()
CRL = (PKI / "host.crl").read_text()
KEY = (INPUTS / "hdr.key").read_bytes()


def dump(content: bytes, *, xxd: bool = False) -> str:
    """Bytes as hexdump -C or xxd show them."""
    rows = []
    for at in range(0, len(content), 16):
        row = content[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        if xxd:
            rows.append(f"{at:08x}: {row.hex(' ', -2):39}  {text}")
        else:
            rows.append(f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' '):23}  |{text}|")
    return "\n".join(rows) + ("\n" if xxd else f"\n{len(content):08x}\n")


@pytest.fixture
def pasted() -> Iterator[PastedFiles]:
    """No text pasted yet."""
    made = PastedFiles()
    yield made
    made.close()


def header_of(image: Path) -> bytes:
    """The SE header of an image."""
    return image.read_bytes()[HEADER : HEADER + 640]


def slot_hashes(image: Path) -> list[bytes]:
    """The host key hashes of the key slots, read without the program."""
    header = image.read_bytes()[HEADER:]
    count = int.from_bytes(header[0x20:0x28], "big")
    return [header[0x1A0 + 80 * slot : 0x1A0 + 80 * slot + 32] for slot in range(count)]


def key_hashes(*known: bytes) -> str:
    """A key hash file of a machine with these host keys."""
    return "".join(f"{known[line].hex() if line < len(known) else '0' * 64}\n" for line in range(15))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CERTIFICATE, Kind.HOST_KEY_DOCUMENT),
        ("".join(f"> {line}\n" for line in CERTIFICATE.splitlines()), Kind.HOST_KEY_DOCUMENT),
        (f"Our key:\n\n{CERTIFICATE}\nRegards", Kind.HOST_KEY_DOCUMENT),
        (base64.b64encode((PKI / "host1.der.crt").read_bytes()).decode(), Kind.HOST_KEY_DOCUMENT),
        (CRL, Kind.CRL),
        ((PKI / "host1.key").read_text(), Kind.PRIVATE_KEY),
        (KEY.hex(), Kind.KEY_32),
        (" ".join(f"0x{byte:02x}," for byte in KEY), Kind.KEY_32),
        ("".join(f"\\x{byte:02x}" for byte in KEY), Kind.KEY_32),
        (base64.b64encode(KEY).decode() + "\n", Kind.KEY_32),
        (base64.urlsafe_b64encode(KEY).decode().rstrip("="), Kind.KEY_32),
        ((INPUTS / "image.key").read_bytes().hex(":"), Kind.KEY_64),
        (key_hashes(bytes(range(32))), Kind.KEY_HASHES),
        (f"\n{key_hashes(bytes(range(32))).replace(chr(10), chr(13) + chr(10))}\n\n", Kind.KEY_HASHES),
        ('{"seworkbench_recipe": 1}', Kind.RECIPE),
        ("root=/dev/vda1 console=ttysclp0", Kind.COMMAND_LINE),
        ("quiet", Kind.COMMAND_LINE),
        ("deadbeef", Kind.COMMAND_LINE),
    ],
)
def test_text_is_recognised_by_what_it_says(pasted: PastedFiles, text: str, kind: Kind) -> None:
    (found,) = pasted.recognise(text)
    assert found.kind is kind
    assert found.pasted
    assert found.name == f"Pasted {kind.value}"


@pytest.mark.parametrize("form", ["hex", "rows of hex", "base64", "hexdump", "xxd"])
def test_the_bytes_of_a_header_are_recognised_in_every_form(pasted: PastedFiles, desk: Desk, form: str) -> None:
    header = header_of(desk.images.get("default"))
    texts = {
        "hex": header.hex(),
        "rows of hex": "\n".join(header[at : at + 32].hex(" ", 4) for at in range(0, 640, 32)),
        "base64": base64.encodebytes(header).decode(),
        "hexdump": dump(header),
        "xxd": dump(header, xxd=True),
    }
    (found,) = pasted.recognise(texts[form])
    assert found.kind is Kind.HEADER
    assert found.path.read_bytes() == header


def test_blocks_of_several_kinds_are_taken_one_by_one_and_certificates_together(pasted: PastedFiles) -> None:
    found = pasted.recognise(f"{CERTIFICATE}{CRL}{CERTIFICATE}")
    assert [item.kind for item in found] == [Kind.HOST_KEY_DOCUMENT, Kind.CRL]
    assert found[0].path.read_text().count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "It is empty."),
        (" \n\t\n", "It is empty."),
        ("x" * (TEXT_LIMIT + 1), "longer than 32 MiB"),
        ("00" * 100, "Read as 100 bytes in hexadecimal or as 150 bytes in Base64 it is nothing"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "This is a bare public key"),
        ("\x00\x01\x02", "Nothing this program works with"),
        ("\ud800", "One line of text"),
    ],
    ids=["nothing", "blank", "too long", "zeros", "public key", "controls", "half a character"],
)
def test_what_is_not_known_has_a_reason(pasted: PastedFiles, text: str, reason: str) -> None:
    (found,) = pasted.recognise(text)
    assert reason in found.detail


def test_a_dump_with_a_gap_is_not_joined(pasted: PastedFiles, desk: Desk) -> None:
    rows = dump(header_of(desk.images.get("default"))).splitlines()
    (found,) = pasted.recognise("\n".join(rows[:5] + rows[6:]))
    assert found.kind is not Kind.HEADER


def test_files_of_pasted_text_are_private_and_go_with_the_window(
    pasted: PastedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    (found,) = pasted.recognise(KEY.hex())
    assert runtime in found.path.parents
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.path.parent.stat().st_mode) == 0o700
    assert pasted.holds(found.path)
    pasted.close()
    assert list(runtime.iterdir()) == []


def test_a_runtime_folder_that_others_can_enter_is_not_used(
    pasted: PastedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert tmp_path not in pasted.recognise("quiet")[0].path.parents


def test_what_is_not_known_leaves_no_file(pasted: PastedFiles) -> None:
    (found,) = pasted.recognise("quiet")
    pasted.recognise("00" * 100)
    assert list(found.path.parent.glob("pasted-*")) == [found.path]


@given(
    text=st.one_of(
        st.text(max_size=200),
        st.text(alphabet="0123456789abcdef \n:", max_size=300),
        st.text(alphabet="-BEGIN CERTIFICATEND \n=", max_size=200),
    )
)
def test_any_text_is_something_with_a_reason(text: str) -> None:
    pasted = PastedFiles()
    found = pasted.recognise(text)
    assert found
    assert all(item.detail and (item.kind is Kind.UNKNOWN or item.path.is_file()) for item in found)
    pasted.close()


def test_what_was_pasted_into_a_killed_program_goes_when_it_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pasted: PastedFiles
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    mine = pasted.keep(b"mine")
    code = """
import os, signal
from seworkbench.ui.pasted import PastedFiles
pasted = PastedFiles()
print(pasted.keep(b"a key"), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert left.read_bytes() == b"a key"
    assert remove_left_pasted() == [left.parent]
    assert not left.exists()
    assert mine.read_bytes() == b"mine"


def test_text_that_names_files_means_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a b"
    path.touch()
    assert paths_in(
        f"{path}\n{QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)}\n"
    ) == [
        path,
        path,
    ]
    assert paths_in(f"{path} quiet") == []
    assert paths_in("relative") == []
    assert paths_in("file://\0") == []
    assert paths_in("") == []


# --- in the window


def paste(desk: Desk, text: str) -> None:
    """Paste a text by keyboard, no line of text having the focus."""
    QGuiApplication.clipboard().setText(text)
    desk.window.activateWindow()
    desk.window.setFocus()
    desk.press("Ctrl+V")
    desk.settle()


def test_a_pasted_header_opens_in_inspect_and_is_not_remembered(desk: Desk) -> None:
    header = header_of(desk.images.get("default"))
    paste(desk, dump(header))
    assert desk.window.page is desk.inspect
    inspection = desk.inspect.session.inspection
    assert inspection is not None
    assert inspection.header.build() == header
    assert desk.window.workbench.settings.recent == []
    path = inspection.path
    desk.window.close()
    assert not path.exists()


def test_pasted_key_hashes_match_slots(desk: Desk) -> None:
    image = desk.images.get("two_hosts")
    desk.open(image)
    desk.window.show_page("overview")
    paste(desk, key_hashes(slot_hashes(image)[1]))
    assert desk.window.page is desk.inspect
    assert desk.facts()[3][:2] == (Verdict.WARNING, "1 of 2 key slots match known machines")
    assert "Pasted key hash file: key slot 2 of 2 matches." in desk.messages
    paste(desk, key_hashes(*slot_hashes(image)))
    assert desk.facts()[3] == (Verdict.PASSED, "All 2 key slots match known machines", "pasted")


def test_the_pasted_hash_of_one_host_key_finds_its_slot_and_is_not_tried_as_a_key(desk: Desk) -> None:
    image = desk.images.get("two_hosts")
    desk.open(image)
    paste(desk, slot_hashes(image)[1].hex())
    assert "Pasted hash: key slot 2 of 2 matches." in desk.messages
    assert desk.inspect.tree.selected_field is not None
    assert desk.inspect.tree.selected_field.offset == HEADER + 0x1A0 + 80
    assert desk.inspect.session.access is None
    assert desk.error() == ""


def test_a_pasted_header_key_unlocks(desk: Desk) -> None:
    desk.open(desk.images.get("default"))
    paste(desk, KEY.hex())
    inspection = desk.inspect.session.inspection
    assert inspection is not None
    assert inspection.content is not None


def test_keys_and_hashes_without_an_image_say_what_to_do_first(desk: Desk) -> None:
    paste(desk, key_hashes(bytes(range(32))))
    assert "Open an image or a header first" in desk.messages[-1]
    assert desk.window.messages.isVisible()


def test_a_pasted_command_line_is_as_if_it_was_typed(desk: Desk) -> None:
    paste(desk, "root=/dev/vda1 quiet")
    assert desk.window.page is desk.build
    assert desk.build.draft.line == b"root=/dev/vda1 quiet"
    assert desk.build.draft.line_file is None
    assert desk.build.draft.recipe().command_line_text == "root=/dev/vda1 quiet"


def test_a_certificate_pasted_on_the_build_page_becomes_a_host(desk: Desk) -> None:
    desk.window.show_page("build")
    paste(desk, CERTIFICATE)
    assert desk.window.page is desk.build
    (host,) = desk.build.draft.hosts
    assert host.given.facts is not None


def test_what_is_pasted_into_a_line_of_text_stays_there(desk: Desk) -> None:
    desk.window.show_page("build")
    desk.window.activateWindow()
    desk.build.output.path.setFocus()
    QGuiApplication.clipboard().setText("guest.img")
    QTest.keyClick(desk.build.output.path, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert desk.build.output.path.text() == "guest.img"
    assert desk.build.draft.line is None
    assert desk.messages == []


def test_pasted_text_that_nobody_knows_is_listed_with_the_reason(desk: Desk) -> None:
    paste(desk, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    (message,) = desk.messages
    assert message.startswith("Pasted text: This is a bare public key")
    assert desk.window.messages.isVisible()


def test_a_clipboard_with_nothing_to_open_says_so(desk: Desk) -> None:
    QGuiApplication.clipboard().setImage(QImage(8, 8, QImage.Format.Format_RGB32))
    desk.window.paste()
    assert desk.messages == ["There is nothing to open: neither files nor text."]


def drop(desk: Desk, data: QMimeData) -> bool:
    """Drop something; tells whether the window showed that it takes it."""
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(400, 300), Qt.DropAction.CopyAction, data, buttons, keys)
    entering.setAccepted(False)
    desk.window.dragEnterEvent(entering)
    desk.window.dropEvent(QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, data, buttons, keys))
    desk.settle()
    return entering.isAccepted()


def test_dropped_text_is_taken_as_pasted_text_is(desk: Desk) -> None:
    data = QMimeData()
    data.setText(CERTIFICATE)
    assert drop(desk, data)
    assert desk.window.page is desk.trust
    assert len(desk.trust.session.holdings.objects) == 1


def test_the_address_of_something_elsewhere_is_refused_with_the_reason(desk: Desk) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.com/guest.img")])
    assert drop(desk, data)
    assert desk.messages == ["https://example.com/guest.img: Only files on this machine can be opened; fetch it first."]


def test_a_file_dropped_on_a_line_of_text_reaches_the_window(desk: Desk) -> None:
    assert not desk.build.output.path.acceptDrops()
    assert not desk.inspect.find_bar.line.acceptDrops()
    assert not desk.build.inputs.line.editor.viewport().acceptDrops()


def test_a_dropped_recipe_opens_in_build(desk: Desk) -> None:
    recipe = desk.folder / "recipe"
    save_recipe(Recipe(command_line_text="quiet"), recipe)
    desk.drop(recipe)
    assert desk.window.page is desk.build
    assert desk.build.draft.line == b"quiet"
