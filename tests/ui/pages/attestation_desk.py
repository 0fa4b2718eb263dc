"""The Attestation page on a desk: its files, and waiting until everything is verified and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from seworkbench.ui.pages.attestation.page import AttestationPage
from tests.ui.desk import DATA, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ui.desk import Desk

FILES = DATA / "attestation"


class AttestationDesk:
    """The page and a person before it.

    Args:
        desk: the window.
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
