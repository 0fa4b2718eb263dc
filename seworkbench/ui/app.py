"""Starting the window."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QMessageBox

from seworkbench import __version__
from seworkbench.ui.pages.attestation.page import AttestationPage
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.inspect.page import InspectPage
from seworkbench.ui.pages.learn.page import LearnPage
from seworkbench.ui.pages.machine.page import MachinePage
from seworkbench.ui.pages.overview import OverviewPage
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.pages.trust.session import TrustSession
from seworkbench.ui.pages.trust.summary import TrustSummary
from seworkbench.ui.settings import settings_file
from seworkbench.ui.theme import load_fonts
from seworkbench.ui.tour.launcher import TourLauncher
from seworkbench.ui.window import MainWindow
from seworkbench.ui.workbench import Workbench
from seworkbench.workspace.places import workspace_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from seworkbench.ui.pages.page import Page


def make_window(
    settings_path: Path, workspace: Path | None = None, tour_pages: Callable[[Workbench], list[Page]] | None = None
) -> MainWindow:
    """The window with all its pages, not shown yet; a QApplication must exist.

    Args:
        settings_path: where the settings are kept.
        workspace: the workspace to open; None for one in memory, of which nothing is kept.
        tour_pages: makes the pages that only the window of a tour has; None for the user's window, which offers tours.
    """
    load_fonts()
    workbench = Workbench(settings_path)
    workbench.theme.apply()
    trust = TrustSession(workbench.jobs, workbench)
    overview = OverviewPage(workbench)
    overview.add_task("Trust host keys", "Whose keys they are, step by step up to the root.", "Trust", "trust")
    overview.add_task(
        "Build an image", "From kernel, command line and ramdisk, for the machines you name.", "Build", "build"
    )
    overview.add_task(
        "Inspect an image", "Its fields, bytes and checks; with a key, its content.", "Inspect", "inspect"
    )
    overview.add_card(TrustSummary(workbench, trust))
    pages: list[Page] = [overview, TrustPage(workbench, trust), BuildPage(workbench, trust), InspectPage(workbench)]
    pages += [AttestationPage(workbench, trust), MachinePage(workbench), LearnPage(workbench)]
    if tour_pages is None:
        tours = TourLauncher(overview, lambda settings, more: make_window(settings, tour_pages=more))
        overview.offer_tour(tours.take)
    else:
        pages += tour_pages(workbench)
    window = MainWindow(workbench, pages)
    workbench.setParent(window)
    kept = workbench.settings.workspace
    trust.open(Path(kept) if kept and Path(kept).exists() else workspace)
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
    application = QApplication(sys.argv[:1])
    application.setApplicationName("seworkbench")
    application.setApplicationDisplayName("SE Workbench")
    application.setStyle("Fusion")
    window = make_window(settings_file(), workspace_path())
    sys.excepthook = _show_defect
    window.show()
    if files:
        window.open_files(files)
    return application.exec()


def _has_display() -> bool:
    """Whether a window can be opened; Qt would end the process with a core dump otherwise."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))


def _show_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An exception nobody expected: say so, offer the report, go on.

    The report names places in the program and the kind of error, not its message: that could quote anything.
    """
    if issubclass(kind, KeyboardInterrupt):
        QApplication.quit()
        return
    del error
    places = "".join(traceback.format_list(traceback.extract_tb(trace)))
    box = QMessageBox(QMessageBox.Icon.Critical, "A defect in SE Workbench", "Something went wrong inside the program.")
    box.setInformativeText("Your files are not touched by this. Please report it with the details below.")
    box.setDetailedText(f"SE Workbench {__version__}, Python {sys.version.split()[0]}\n{kind.__name__}\n{places}")
    box.exec()
