"""Images that were built or inspected: kept in the workspace, and shown where one begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from seworkbench.ui.pages.trust.images_card import ImagesCard
from seworkbench.ui.pages.trust.session import TrustSession
from seworkbench.ui.widgets.basic import VerdictChip
from seworkbench.ui.workbench import Workbench
from seworkbench.workspace.images import BUILT, INSPECTED
from seworkbench.workspace.workspace import open_workspace

# The tests of a folder form a package; the desk stands in the folder above.
from ..desk import wait_until  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

TAG = "11" * 16


class Bench:
    """A session without a window, and the card."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "audit.sewb"
        self.workbench = Workbench(folder / "settings.json")
        self.session = TrustSession(self.workbench.jobs, self.workbench)
        self.card = ImagesCard(self.workbench, self.session)

    def open(self) -> None:
        """Open the workspace and wait until it is there."""
        self.session.open(self.path)
        wait_until(lambda: self.session.workspace is not None, "the workspace")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs."""
        wait_until(lambda: not self.workbench.jobs.running and not self.session.busy, "the jobs to end")
        QApplication.processEvents()

    def names(self) -> list[str]:
        """Names of the images on the card."""
        return [made.text() for made in self.card.findChildren(QPushButton)]


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    qtbot.addWidget(made.card)
    yield made
    made.session.close()
    made.workbench.jobs.shut_down()


def test_without_an_image_there_is_no_card(bench: Bench) -> None:
    bench.open()
    assert bench.card.isHidden()


def test_an_image_that_was_built_is_kept_with_all_that_is_known_and_shown_with_its_verdict(bench: Bench) -> None:
    bench.open()
    record = {"verification": "warning", "record": "/images/a&b.img.build.json"}
    bench.session.remember_image(
        Path("/images/a&b.img"), BUILT, size=4096, sha256="22" * 32, header_tag=TAG, record=record
    )
    bench.settle()
    assert not bench.card.isHidden()
    assert bench.names() == ["a&&b.img"]
    assert [chip.verdict.value for chip in bench.card.findChildren(VerdictChip)] == ["warning"]
    with open_workspace(bench.path) as other:
        kept = other.images.all()
        assert [(image.path, image.event, image.header_tag, image.record) for image in kept] == [
            ("/images/a&b.img", BUILT, TAG, record)
        ]
        assert other.audit.entries()[0].detail["record"] == record["record"]


def test_the_same_image_seen_again_is_one_line_and_two_records(bench: Bench) -> None:
    bench.open()
    for event in (BUILT, INSPECTED):
        bench.session.remember_image(Path("/images/guest.img"), event, size=4096, header_tag=TAG)
        bench.settle()
    assert bench.names() == ["guest.img"]
    assert any(made.text().startswith("inspected ") for made in bench.card.findChildren(QLabel))
    assert bench.session.workspace is not None
    assert len(bench.session.workspace.images.all()) == 2


def test_an_image_that_is_inspected_before_a_workspace_is_open_is_kept_in_it(bench: Bench) -> None:
    bench.session.remember_image(Path("/images/early.img"), INSPECTED, size=4096)
    bench.open()
    assert bench.names() == ["early.img"]


def test_a_click_opens_the_image(bench: Bench, qtbot: QtBot) -> None:
    bench.open()
    bench.session.remember_image(Path("/images/guest.img"), INSPECTED, size=4096)
    bench.settle()
    with qtbot.waitSignal(bench.workbench.files_offered) as offered:
        bench.card.findChildren(QPushButton)[0].click()
    assert offered.args == [[Path("/images/guest.img")]]
