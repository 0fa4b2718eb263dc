"""A tour in a window of its own: with a folder, a machine, settings and a workspace that nobody else has.

The user's window waits meanwhile. When the tour ends, its folder goes, or stays where the user wants it.
"""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from seworkbench.demo.folder import free_folder
from seworkbench.demo.stage import Stage
from seworkbench.demo.story import STORY
from seworkbench.files import explained
from seworkbench.ui.dialogs import ask_folder
from seworkbench.ui.help import HelpWindow
from seworkbench.ui.own_folder import OwnFolder, remove_left_behind
from seworkbench.ui.pages.page_list import PageEntry
from seworkbench.ui.tour.acts import Acts
from seworkbench.ui.tour.caption_bar import CaptionBar
from seworkbench.ui.tour.director import Director, State
from seworkbench.ui.tour.evidence_page import EvidencePage
from seworkbench.ui.tour.pointer_ring import PointerRing
from seworkbench.ui.tour.spotlight import Spotlight

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.jobs import Job
    from seworkbench.simulator.demo_pki import DemoPki
    from seworkbench.ui.tour.launcher import WindowMaker
    from seworkbench.ui.tour.script import Point
    from seworkbench.ui.window import MainWindow
    from seworkbench.ui.workbench import Workbench

# Text for an audience, as far as the pages have room for it: their least size at zoom 1, in pixels.
_PRESENTER_ZOOM = 1.4
_ROOM_WIDTH, _ROOM_HEIGHT = 1040, 700
_RESIZED_MS = 80
_TITLE = "Tour, SIMULATED · SE Workbench"
_LEAVING_MS = 50
_FOLDER = "seworkbench-tour-"


def _pages_of_tour(workbench: Workbench) -> tuple[PageEntry, ...]:
    return (PageEntry("evidence", "Evidence", "file", partial(EvidencePage, workbench)),)


class Tour(QObject):
    """One tour, from its first scene to its end; beginning again is another one.

    Args:
        make: makes its window.
        speed: see Director.
        pki: demo PKI of the machines, to save the time of making one.

    Raises:
        SeError: if there is no room for its folder.
    """

    restart_asked = Signal()
    kept_in = Signal(object)  # Path: where the files are now
    ended = Signal()

    def __init__(
        self, make: WindowMaker, *, speed: float = 1.0, pki: DemoPki | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        remove_left_behind(_FOLDER)
        self._own = OwnFolder(_FOLDER)
        self.folder = self._own.path
        made = self.folder / "demonstration"
        with explained(made):
            made.mkdir()
        self._closing = False
        self._normal_zoom = 1.0
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(_RESIZED_MS)
        self._resized.timeout.connect(self._fit)
        self.stage = Stage(made, pki=pki)
        self.window = make(self.folder / "settings.json", _pages_of_tour)
        self.window.setWindowTitle(_TITLE)
        self.window.workbench.settings.keep_recent = False
        theme = self.window.workbench.theme
        self.bar = CaptionBar(theme, len(STORY))
        theme.dress(self.bar)
        self.ring = PointerRing(self.window, theme)
        self.spotlight = Spotlight(self.window, theme)
        self.acts = Acts(self.window, self.stage)
        self.director = Director(STORY, self.acts.of, speed=speed, parent=self)
        whole = self.window.centralWidget()
        if whole is not None and (column := whole.layout()) is not None:
            column.addWidget(self.bar)
        self.window.installEventFilter(self)
        self._connect()

    @property
    def is_large(self) -> bool:
        """Whether it is shown to an audience that sits far away."""
        return self.ring.is_on

    def start(self, place: QRect | None = None, *, large: bool = False, full: bool = False) -> None:
        """Show the window and play.

        Args:
            place: where the window is.
            large: whether in presenter mode.
            full: whether on the full screen.
        """
        if place is not None:
            self.window.setGeometry(place)
        # At once, and not after the page that the window would begin with.
        self.window.show_page(STORY[0].page.value)
        self.window.show()
        if full:
            self.window.showFullScreen()
        if large:
            self.present(large=True)
        self.director.begin()
        self.bar.setFocus()

    def present(self, *, large: bool) -> None:
        """Larger text, nothing but the page, and a ring around the pointer; or as before."""
        theme, window = self.window.workbench.theme, self.window
        if large and not self.ring.is_on:
            self._normal_zoom = theme.zoom
        self.bar.set_large(large=large)
        # The tour leads from page to page, and what runs is of no interest to an audience.
        for part in (window.rail, window.activity, window.top):
            part.setVisible(not large)
        self.ring.set_on(on=large)
        theme.set_zoom(self._large_zoom() if large else self._normal_zoom)

    def _large_zoom(self) -> float:
        room = min(self.window.width() / _ROOM_WIDTH, self.window.height() / _ROOM_HEIGHT)
        return max(self._normal_zoom, min(_PRESENTER_ZOOM, room))

    def _fit(self) -> None:
        """The window has another size: so may the text."""
        if self.is_large and self._large_zoom() != self.window.workbench.theme.zoom:
            self.window.workbench.theme.set_zoom(self._large_zoom())

    def ask_to_end(self) -> None:
        """Ask what shall become of the files; end at once if there are none."""
        if not self.stage.machine_folder.exists() or self.bar.asking:
            self.end()
            return
        self.director.pause()
        self.bar.ask(asking=True)

    def keep(self) -> None:
        """Ask for a folder, move the files there, and end."""
        if (chosen := ask_folder(self.window, "Folder that receives the demonstration", None)) is None:
            return
        self.director.stop()
        job = self.window.workbench.jobs.start_light("Keeping the demonstration", lambda job: self._move(chosen, job))
        job.done.connect(self._kept)
        job.failed.connect(self.bar.show_error)

    def end(self) -> None:
        """End the tour: its window and its folder go."""
        if self._closing:
            return
        self._closing = True
        self._resized.stop()
        self.director.stop()
        self.spotlight.clear()
        self.ring.set_on(on=False)
        QApplication.instance().focusChanged.disconnect(self._focus_moved)  # type: ignore[union-attr]
        # Whoever ends the tour was asked what shall become of it; the window would ask once more about what runs.
        for job in self.window.workbench.jobs.running:
            job.missed = False
        self.window.close()
        self._own.remove()
        _dispose(self.window, self._own)
        self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Closing the window asks first; whatever its pages call it, it is that of a tour."""
        if watched is self.window and event.type() == QEvent.Type.Close and not self._closing:
            event.ignore()
            # Not before this event is over: a window that is being closed cannot be closed.
            QTimer.singleShot(0, self, self.ask_to_end)
            return True
        if watched is self.window and event.type() == QEvent.Type.WindowTitleChange:
            self.window.setWindowTitle(_TITLE)
        if watched is self.window and event.type() == QEvent.Type.Resize and self.is_large:
            self._resized.start()
        return False

    def _move(self, chosen: Path, _job: Job) -> Path:
        target = free_folder(chosen)
        with explained(target):
            shutil.move(self.stage.folder, target)
        return target

    def _kept(self, target: Path) -> None:
        self.kept_in.emit(target)
        self.end()

    # --- how it goes

    def _connect(self) -> None:
        bar, director = self.bar, self.director
        director.scene_changed.connect(self._begin_scene)
        director.pointed.connect(self._point)
        director.shown.connect(bar.show_outcome)
        director.finished.connect(bar.show_end)
        director.finished.connect(self.spotlight.clear)
        director.waited.connect(bar.set_part)
        director.failed.connect(bar.show_error)
        director.changed.connect(lambda: bar.set_paused(paused=director.paused))
        director.changed.connect(self._keep_focus)
        bar.back_asked.connect(director.back)
        bar.toggle_asked.connect(director.toggle)
        bar.next_asked.connect(director.next)
        bar.restart_asked.connect(self.restart_asked)
        bar.presenter_asked.connect(lambda: self.present(large=not self.ring.is_on))
        bar.hands_on_asked.connect(self._let_do)
        bar.full_screen_asked.connect(self._toggle_full_screen)
        bar.end_asked.connect(self.ask_to_end)
        bar.keep_asked.connect(self.keep)
        bar.discard_asked.connect(self.end)
        QApplication.instance().focusChanged.connect(self._focus_moved)  # type: ignore[union-attr]

    def _begin_scene(self, index: int) -> None:
        self.spotlight.clear()
        self.bar.show_scene(index, STORY[index])

    def _point(self, point: Point) -> None:
        self.spotlight.point(point.spots)
        if point.says:
            self.bar.show_note(point.says)

    def _let_do(self, hands_on: bool) -> None:
        self.acts.hands_on = hands_on

    def _toggle_full_screen(self) -> None:
        if self.window.isFullScreen():
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    def _keep_focus(self) -> None:
        """The keys belong to the tour again when an act is over."""
        if self.director.state is State.SHOWING and self.window.isActiveWindow() and not self.bar.asking:
            self.bar.setFocus()

    def _focus_moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Whoever clicks into a page, or opens the help, looks at that: the tour waits."""
        if now is None:
            return
        clicked = any(part.isAncestorOf(now) for part in (self.window.stack, self.window.side))
        # An act moves the focus about in pages, and opens no window. The user's window has it while a tour begins.
        opened = now.window()
        owner = opened.parentWidget()
        read = isinstance(opened, HelpWindow) or (owner is not None and owner.window() is self.window)
        if (clicked and self.director.state is State.SHOWING) or read:
            self.director.pause()


def _dispose(window: MainWindow, folder: OwnFolder) -> None:
    """Let go of a closed window, when no thread works for it any more, and of what such a thread wrote meanwhile."""
    if window.workbench.jobs.working:
        QTimer.singleShot(_LEAVING_MS, window, lambda: _dispose(window, folder))
        return
    window.deleteLater()
    folder.remove()
