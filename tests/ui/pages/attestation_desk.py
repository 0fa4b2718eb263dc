"""The Attestation page on a desk: its files, and waiting until everything is verified and kept.

Most tests are about the page alone. It stands in a plain frame for them, which is made in a fraction of the time that
the whole window with all its pages takes; what the window has to do with it is tested in the window.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from seworkbench.recognise import Kind, Recognised, recognise
from seworkbench.ui.pages.attestation.page import AttestationPage
from seworkbench.ui.pages.trust.session import TrustSession
from seworkbench.ui.theme import ThemeChoice
from seworkbench.ui.workbench import Workbench
from tests.ui.desk import DATA, Desk, wait_until

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QDropEvent

    from seworkbench.ui.window import MainWindow

FILES = DATA / "attestation"


class Frame(QWidget):
    """The page and its side, and of the window what they need: files find them, and closing ends everything.

    Args:
        settings_path: where the settings are kept.
    """

    def __init__(self, settings_path: Path) -> None:
        super().__init__()
        self.workbench = Workbench(settings_path)
        self.workbench.setParent(self)
        self.workbench.theme.choose(ThemeChoice.LIGHT)
        self.trust = TrustSession(self.workbench.jobs, self.workbench)
        self.trust.open(None)
        self.page = AttestationPage(self.workbench, self.trust)
        self.pages = {"attestation": self.page}
        self.refused: list[Recognised] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.page, 1)
        row.addWidget(self.page.side)
        self.page.side.setFixedWidth(300)
        self.resize(1240, 900)

    def show_page(self, name: str) -> None:
        """It is shown already."""
        assert name in self.pages

    def offer(self, item: Recognised) -> bool:
        """Give a file to the page if it takes it."""
        taken = item.kind is not Kind.UNKNOWN and self.page.takes(item)
        if taken:
            self.page.take(item)
        else:
            self.refused.append(item)
        return taken

    def open_text(self, text: str) -> None:
        """Give pasted text to the page."""
        for item in self.workbench.pasted.recognise(text):
            self.offer(item)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Give dropped files to the page."""
        for url in event.mimeData().urls():
            self.offer(recognise(Path(url.toLocalFile())))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """End what runs, as the window does."""
        self.workbench.jobs.shut_down()
        self.page.close_page()
        self.trust.close()
        self.workbench.pasted.close()
        super().closeEvent(event)


class FrameDesk(Desk):
    """A desk with the page alone on it."""

    def _open(self) -> MainWindow:
        frame = Frame(self.settings_path)
        frame.show()
        # It has what tests of this page ask a window for.
        return cast("MainWindow", frame)

    def settle(self) -> None:
        """Wait until nothing runs."""
        page = self.window.pages["attestation"]
        assert isinstance(page, AttestationPage)
        trust = page.session.trust
        wait_until(lambda: not self.window.workbench.jobs.running and not trust.busy, "the jobs to end")
        QApplication.processEvents()


class AttestationDesk:
    """The page and a person before it.

    Args:
        desk: the window, or the frame.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settle()
        self.show()

    @property
    def page(self) -> AttestationPage:
        """The page."""
        page = self.desk.window.pages["attestation"]
        assert isinstance(page, AttestationPage)
        return page

    def show(self) -> None:
        """Go to the page."""
        self.desk.window.show_page("attestation")
        QApplication.processEvents()

    def settle(self) -> None:
        """Wait until nothing runs and everything is kept."""
        session = self.page.session
        trust = session.trust

        def quiet() -> bool:
            jobs = self.desk.window.workbench.jobs.running
            return not jobs and not session.list.busy and not trust.busy and trust.workspace is not None

        wait_until(quiet, "the page to settle")
        QApplication.processEvents()
        wait_until(quiet, "the page to settle")
        QApplication.processEvents()

    def drop(self, *paths: Path) -> None:
        """Drop files onto the window."""
        self.desk.drop(*paths)
        self.settle()

    def drop_foreign(self, response: str = "both.user.good", key: str = "both", header: str = "se.hdr") -> None:
        """Drop what a real machine answered, the key of its request, and the header."""
        for name in (f"{response}.resp", f"{key}.arpk", header):
            self.drop(FILES / name)

    def paste(self, *contents: bytes) -> None:
        """Paste files, each as hexadecimal text."""
        for content in contents:
            self.desk.window.open_text(content.hex())
            self.settle()

    def click(self, text: str) -> None:
        """Click the visible button of that text on the page."""
        self.desk.click(self.page, text)
        self.settle()

    def policies(self) -> dict[str, tuple[str, str]]:
        """Verdict and answer of each row of the policies."""
        return {row.question: (row.verdict.value, row.answer) for row in self.page.policy.model.rows}

    def pills(self) -> dict[str, str]:
        """Text and verdict of each message of the diagram."""
        return {
            key: f"{pill.message.text}: {pill.message.verdict.value}"
            for key, pill in self.page.diagram.pills.items()
            if pill.message is not None
        }

    def steps(self) -> list[str]:
        """The verdict of each step."""
        return [step.verdict.value for step in self.page.diagram.picture.steps]
