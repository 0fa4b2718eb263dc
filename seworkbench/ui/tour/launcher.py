"""Starting tours from the user's window, which waits meanwhile. What a tour is made of is loaded when one starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from seworkbench.errors import SeError
from seworkbench.ui.pages.page_list import PageEntry
from seworkbench.ui.window import MainWindow
from seworkbench.ui.workbench import Workbench

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from seworkbench.simulator.demo_pki import DemoPki
    from seworkbench.ui.tour.tour import Tour

# Makes a window that nobody else uses: where its settings are, and what pages it has beside the usual ones.
WindowMaker = Callable[[Path, Callable[[Workbench], tuple[PageEntry, ...]]], MainWindow]


class TourLauncher(QObject):
    """See the module's text.

    Args:
        user: something in the user's window.
        make: makes the window of a tour.
    """

    def __init__(self, user: QWidget, make: WindowMaker) -> None:
        super().__init__(user)
        self._user = user
        self._make = make
        self.tour: Tour | None = None
        # How fast tours are played, and with whose keys: tests choose.
        self.speed = 1.0
        self.pki: DemoPki | None = None

    def take(self) -> None:
        """Take the tour; if one is taken, show it."""
        if self.tour is not None:
            self.tour.window.raise_()
            return
        window = self._window()
        if (tour := self._new()) is not None:
            tour.start(window.geometry())
            window.hide()

    def _new(self) -> Tour | None:
        from seworkbench.ui.tour.tour import Tour  # noqa: PLC0415 - loads everything that the story needs

        user = self._window().workbench
        try:
            tour = Tour(self._make, speed=self.speed, pki=self.pki, parent=self)
        except SeError as error:
            user.report(error)
            return None
        theme = tour.window.workbench.theme
        theme.zoom = user.theme.zoom
        theme.choose(user.theme.choice)
        tour.restart_asked.connect(self._restart)
        tour.kept_in.connect(lambda target: user.say(f"The demonstration was kept in {target}."))
        tour.ended.connect(self._ended)
        self.tour = tour
        return tour

    def _restart(self) -> None:
        old = self.tour
        if old is None:
            return
        old.ended.disconnect(self._ended)
        place, large, full = old.window.geometry(), old.is_large, old.window.isFullScreen()
        tour = self._new()
        if tour is not None:
            tour.start(place, large=large, full=full)
        old.end()
        old.deleteLater()
        if tour is None:
            self.tour = None
            self._show_user()

    def _ended(self) -> None:
        tour, self.tour = self.tour, None
        if tour is not None:
            tour.deleteLater()
        self._show_user()

    def _show_user(self) -> None:
        window = self._window()
        window.show()
        # The palette is that of the whole program; the tour may have had another one.
        window.workbench.theme.apply()

    def _window(self) -> MainWindow:
        window = self._user.window()
        if not isinstance(window, MainWindow):
            raise TypeError("the user's window is no main window")
        return window
