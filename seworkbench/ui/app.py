"""Starting the window. What is not seen at once is imported where it is made, so that the window stands sooner."""

# ruff: noqa: PLC0415

from __future__ import annotations

import os
import sys
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from seworkbench.ui.defects import Defects
from seworkbench.ui.pages.page_list import PageEntry
from seworkbench.ui.pasted import remove_left_pasted
from seworkbench.ui.settings import settings_file
from seworkbench.ui.theme import load_fonts
from seworkbench.ui.window import MainWindow
from seworkbench.ui.workbench import Workbench
from seworkbench.workspace.places import workspace_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.pages.page import Page
    from seworkbench.ui.pages.trust.session import TrustSession

# A thread that computes lets the window go on after so many seconds. With Python's own 5 ms, the hundreds of calls of
# one repaint, each of which may have to wait that long, add up to what can be seen.
TURN = 0.0005


class _Parts:
    """Makes what a window consists of, each when it is first asked for, and loads no more than that needs.

    Args:
        workbench: what the window shares.
        workspace: the workspace to open; None for one in memory.
        tours: whether tours are offered.
    """

    def __init__(self, workbench: Workbench, workspace: Path | None, *, tours: bool) -> None:
        self._workbench = workbench
        self._workspace = workspace
        self._tours = tours

    @cached_property
    def _trust(self) -> TrustSession:
        from seworkbench.ui.pages.trust.session import TrustSession

        session = TrustSession(self._workbench.jobs, self._workbench)
        kept = self._workbench.settings.workspace
        session.open(Path(kept) if kept and Path(kept).exists() else self._workspace)
        return session

    def overview(self) -> Page:
        """Overview; what it says of the workspace comes when the window stands."""
        from seworkbench.ui.pages.overview import OverviewPage

        page = OverviewPage(self._workbench)
        page.add_task("Trust host keys", "Whose keys they are, step by step up to the root.", "Trust", "trust")
        page.add_task(
            "Build an image", "From kernel, command line and ramdisk, for the machines you name.", "Build", "build"
        )
        page.add_task(
            "Inspect an image", "Its fields, bytes and checks; with a key, its content.", "Inspect", "inspect"
        )
        if self._tours:
            from seworkbench.ui.tour.launcher import TourLauncher

            launcher = TourLauncher(page, lambda settings, more: make_window(settings, tour_pages=more))
            page.offer_tour(launcher.take)
        return page

    def trust(self) -> Page:
        """Trust."""
        from seworkbench.ui.pages.trust.page import TrustPage

        return TrustPage(self._workbench, self._trust)

    def build(self) -> Page:
        """Build; it asks Trust for verdicts."""
        from seworkbench.ui.pages.build.page import BuildPage

        return BuildPage(self._workbench, self._trust)

    def inspect(self) -> Page:
        """Inspect; what it has verified is kept in the workspace, which is not opened before."""
        from seworkbench.ui.pages.inspect.page import InspectPage

        return InspectPage(self._workbench, lambda: self._trust)

    def attestation(self) -> Page:
        """Attestation; its cases are in the workspace."""
        from seworkbench.ui.pages.attestation.page import AttestationPage

        return AttestationPage(self._workbench, self._trust)

    def machine(self) -> Page:
        """Machine."""
        from seworkbench.ui.pages.machine.page import MachinePage

        return MachinePage(self._workbench)

    def learn(self) -> Page:
        """Learn."""
        from seworkbench.ui.pages.learn.page import LearnPage

        return LearnPage(self._workbench)

    def finish(self, window: MainWindow) -> None:
        """Every page is there: show what some of them say elsewhere in the window."""
        from seworkbench.ui.pages.overview import OverviewPage
        from seworkbench.ui.pages.trust.images_card import ImagesCard
        from seworkbench.ui.pages.trust.status import TrustStatus
        from seworkbench.ui.pages.trust.summary import TrustSummary

        actions = [window.actions_table.qt(name) for name in ("trust.workspace", "trust.new-workspace")]
        status = TrustStatus(self._workbench, self._trust, actions)
        window.narrowed.connect(status.shorten)
        window.top.add_status(status)
        overview = window.pages["overview"]
        if isinstance(overview, OverviewPage):
            overview.add_card(TrustSummary(self._workbench, self._trust))
            overview.add_card(ImagesCard(self._workbench, self._trust))


def make_window(
    settings_path: Path,
    workspace: Path | None = None,
    tour_pages: Callable[[Workbench], tuple[PageEntry, ...]] | None = None,
) -> MainWindow:
    """The window, not shown yet, with the page that was shown last; a QApplication must exist.

    Args:
        settings_path: where the settings are kept.
        workspace: the workspace to open; None for one in memory, of which nothing is kept.
        tour_pages: the pages that only the window of a tour has; None for the user's window, which offers tours.
    """
    load_fonts()
    workbench = Workbench(settings_path)
    workbench.theme.apply()
    parts = _Parts(workbench, workspace, tours=tour_pages is None)
    entries = (
        PageEntry("overview", "Overview", "layout-grid", parts.overview),
        PageEntry("trust", "Trust", "shield-check", parts.trust),
        PageEntry("build", "Build", "package", parts.build),
        PageEntry("inspect", "Inspect", "search", parts.inspect),
        PageEntry("attestation", "Attestation", "arrow-left-right", parts.attestation),
        PageEntry("machine", "Machine", "cpu", parts.machine),
        PageEntry("learn", "Learn", "book-open", parts.learn),
    )
    window = MainWindow(workbench, entries + (tour_pages(workbench) if tour_pages else ()))
    window.completed.connect(partial(parts.finish, window))
    workbench.setParent(window)
    return window


def open_workbench(files: list[Path]) -> int:
    """Open the window and run until it is closed.

    Args:
        files: files to open at once.
    """
    if not _has_display():
        sys.stderr.write(
            "error: There is no display to open the window on.\n"
            "       Use the command line (seworkbench --help), or start it where a display is.\n"
        )
        return 1
    sys.setswitchinterval(TURN)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("seworkbench")
    application.setApplicationDisplayName("SE Workbench")
    application.setStyle("Fusion")
    window = make_window(settings_file(), workspace_path())
    sys.excepthook = Defects(window, window.workbench.theme).take
    window.completed.connect(remove_left_pasted)
    window.show()
    if files:
        window.open_files(files)
    return application.exec()


def _has_display() -> bool:
    """Whether a window can be opened; Qt would end the process with a core dump otherwise."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))
