"""The real window on a desk: what a person does to it, and what can be seen then."""

from __future__ import annotations

import lzma
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget
from shiboken6 import delete

from seworkbench.files import read_secret
from seworkbench.image.build import BuildOrder, Recipient, build_image, own_bootloader
from seworkbench.image.keys import ImageKeys
from seworkbench.trust.host_key_document import read_host_key_document
from seworkbench.ui import window as window_module
from seworkbench.ui.app import make_window
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.inspect.page import InspectPage
from seworkbench.ui.pages.overview import OverviewPage
from seworkbench.ui.pages.page_list import PageEntry
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.theme import ThemeChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from seworkbench.checks import Verdict
    from seworkbench.ui.pages.page import Page
    from seworkbench.ui.window import MainWindow

DATA = Path(__file__).parents[1] / "data" / "interop"
INPUTS = DATA / "images"
PKI = DATA / "pki"
# Generous: other programs may keep the machine busy. Nothing waits that long unless it is broken.
PATIENCE = 30_000
# Offsets in every image that pvimg made from INPUTS (resources/help/image-layout.md#file-map).
LARGE = 256 << 20
HEADER = 0x14000
FIRST_COMPONENT = 0x15000


class Images:
    """Images that pvimg made, unpacked when first asked for; nobody changes them.

    Args:
        folder: where to unpack.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.get = cache(self._unpack)
        self.large = cache(self._build_large)

    def _unpack(self, name: str = "default") -> Path:
        path = self._folder / f"{name}.img"
        path.write_bytes(lzma.decompress((INPUTS / f"{name}.img.xz").read_bytes()))
        return path

    def _build_large(self) -> Path:
        """256 MiB that have to be read and hashed; opens with the header key of all images."""
        ramdisk = self._folder / "large-ramdisk"
        with ramdisk.open("wb") as file:
            file.write(b"070701")
            file.truncate(LARGE)
        path = self._folder / "large.img"
        document = read_host_key_document(PKI / "host1.crt")
        order = BuildOrder(
            kernel=INPUTS / "kernel",
            ramdisk=ramdisk,
            recipients=(Recipient("host1", document.key),),
            output=path,
            bootloader=own_bootloader(),
            check_components=False,
        )
        build_image(order, ImageKeys.fresh(header=read_secret(INPUTS / "hdr.key", 32, "header key")))
        return path


class Dialogs:
    """Stands in for every dialog that would wait for a person.

    Args:
        monkeypatch: puts it in place.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.agrees = True  # the answer to every question
        self.file = ""  # what file dialogs answer; empty: the dialog is left
        self.seen: list[str] = []  # what was asked or told

        def confirm(_parent: QWidget, title: str, text: str, _answers: tuple[str, str]) -> bool:
            self.seen.append(f"{title} {text}")
            return self.agrees

        def inform(_parent: QWidget, title: str, text: str) -> None:
            self.seen.append(f"{title} {text}")

        monkeypatch.setattr(window_module, "confirm", confirm)
        monkeypatch.setattr(window_module, "inform", inform)
        for name in ("getOpenFileName", "getSaveFileName"):
            monkeypatch.setattr(QFileDialog, name, self._choose)
        monkeypatch.setattr(
            QFileDialog, "getOpenFileNames", lambda *_args, **_named: ([self.file] if self._ask() else [], "")
        )
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args, **_named: self._choose()[0])

    def _choose(self, *_args: object, **_named: object) -> tuple[str, str]:
        self._ask()
        return self.file, ""

    def _ask(self) -> str:
        self.seen.append("file")
        return self.file


class Desk:
    """The window and a person before it.

    Args:
        folder: an empty folder to work in; the settings are kept in it.
        images: images to open.
        dialogs: stands in for dialogs.
    """

    def __init__(self, folder: Path, images: Images, dialogs: Dialogs) -> None:
        self.folder = folder
        self.images = images
        self.dialogs = dialogs
        self.settings_path = folder / "config" / "settings.json"
        self.window = self._open()

    def _open(self) -> MainWindow:
        window = make_window(self.settings_path)
        window.complete()  # not some time while a test looks
        window.workbench.theme.choose(ThemeChoice.LIGHT)
        window.show()
        return window

    @property
    def inspect(self) -> InspectPage:
        """The Inspect page."""
        page = self.window.pages["inspect"]
        assert isinstance(page, InspectPage)
        return page

    @property
    def build(self) -> BuildPage:
        """The Build page."""
        page = self.window.pages["build"]
        assert isinstance(page, BuildPage)
        return page

    @property
    def trust(self) -> TrustPage:
        """The Trust page."""
        page = self.window.pages["trust"]
        assert isinstance(page, TrustPage)
        return page

    @property
    def overview(self) -> OverviewPage:
        """The first page."""
        page = self.window.pages["overview"]
        assert isinstance(page, OverviewPage)
        return page

    @property
    def messages(self) -> list[str]:
        """What was told in the message list."""
        return [message.text for message in self.window.workbench.messages]

    # --- what a person does

    def drop(self, *paths: Path) -> None:
        """Drop files onto the window and wait until they are dealt with."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        self.window.dropEvent(
            QDropEvent(
                QPointF(400, 300),
                Qt.DropAction.CopyAction,
                data,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
            )
        )
        self.settle()

    def open(self, path: Path) -> None:
        """Open an image in the Inspect page and wait until it is verified."""
        self.drop(path)
        assert self.window.page is self.inspect

    def open_unlocked(self, name: str = "default") -> None:
        """Open an image with the header key of all images."""
        self.open(self.images.get(name))
        self.drop(INPUTS / "hdr.key")

    def press(self, keys: str) -> None:
        """Press a shortcut of the window ("Ctrl+F")."""
        QTest.keySequence(self.window, keys)
        QApplication.processEvents()

    def type_into(self, widget: QWidget, text: str, *, then: Qt.Key | None = Qt.Key.Key_Return) -> None:
        """Replace the text of a line."""
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        if then is not None:
            QTest.keyClick(widget, then)
        self.settle()

    def click(self, where: QWidget, text: str) -> None:
        """Click the visible button of that text."""
        QApplication.processEvents()
        found = [made for made in where.findChildren(QPushButton) if made.text() == text and made.isVisible()]
        assert found, f"there is no button “{text}”"
        assert found[0].isEnabled(), f"“{text}” cannot be clicked"
        QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs."""
        wait_until(lambda: not self.window.workbench.jobs.running and not self.trust.session.busy, "the jobs to end")
        settle_layout()

    def close(self) -> None:
        """Close the window and let go of it."""
        if self.window.isVisible():
            self.dialogs.agrees = True
            self.window.close()
        # Now, not when an event loop comes round: nothing of the window may outlive the test.
        delete(self.window)
        QApplication.processEvents()

    def reopen(self) -> None:
        """Close the window and start the program again."""
        self.close()
        self.window = self._open()

    # --- what can be seen

    def facts(self) -> list[tuple[Verdict, str, str]]:
        """The four cards at the top of the Inspect page."""
        return [(card.chip.verdict, card.sentence.text(), card.detail.text()) for card in self.inspect.strip.cards]

    def error(self) -> str:
        """The error shown in the Inspect page; empty without one."""
        box = self.inspect.error
        return f"{box.what.text()} {box.remedy.text()}".strip() if box.isVisible() else ""


def listed(page: Page) -> PageEntry:
    """The entry of a page that is there already."""
    return PageEntry(page.NAME, page.NAME.title(), "file", lambda: page)


def wait_until(done: Callable[[], object], what: str, patience: int = PATIENCE) -> None:
    """Let the window live until something is so."""
    deadline = QDeadlineTimer(patience)
    while not done():
        if deadline.hasExpired():
            raise TimeoutError(f"waited {patience} ms for {what}")
        QTest.qWait(2)


def settle_layout() -> None:
    """Let layouts come to rest: a change of one asks for another round of those around it."""
    for _ in range(10):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def tampered(image: Path, folder: Path, offset: int, bits: int = 1) -> Path:
    """A copy of an image with one byte changed."""
    path = folder / f"tampered-{offset:x}.img"
    shutil.copyfile(image, path)
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([old ^ bits]))
    return path
