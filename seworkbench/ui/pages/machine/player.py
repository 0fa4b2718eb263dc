"""Plays a start: event after event, pages at a pace that can be watched, forwards only, as a machine does it.

The simulator computes faster than anybody can follow, and slower than that for large images. So its events are played
from the list it fills: the player waits where the list ends before the start does.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from seworkbench.ui.pages.machine.session import Start

FRAME_MS = 20
# How long a call other than an unpacking stands before the next one, and about how long all pages take, in frames.
_CALL_FRAMES = 35
_PAGES_FRAMES = 250


class Wish(Enum):
    """What the player is to do."""

    REST = "rest"
    PLAY = "play"
    STEP = "step"
    END = "end"


class Player(QObject):
    """The position in a start.

    Args:
        pace: frames to wait after a call.
        frame_ms: how long a frame lasts.
        page_frames: about how many frames all pages take.
    """

    moved = Signal()  # the position is another one
    ended = Signal()  # everything was played, and the result is there
    wish_changed = Signal()  # it plays or rests

    def __init__(
        self,
        parent: QObject | None = None,
        pace: int = _CALL_FRAMES,
        frame_ms: int = FRAME_MS,
        page_frames: int = _PAGES_FRAMES,
    ) -> None:
        super().__init__(parent)
        self.start: Start | None = None
        self.pace = pace
        self._page_frames = page_frames
        self.shown = 0
        self.pages = 0
        self._wish = Wish.REST
        self._wait = 0
        self._stepped = False
        self._over = False
        self._timer = QTimer(self)
        self._timer.setInterval(frame_ms)
        self._timer.timeout.connect(self._tick)

    @property
    def wish(self) -> Wish:
        """What it does."""
        return self._wish

    @property
    def playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._wish in (Wish.PLAY, Wish.END)

    @property
    def over(self) -> bool:
        """Whether everything was played."""
        return self._over

    def load(self, start: Start | None) -> None:
        """Take another start, at its beginning."""
        self._timer.stop()
        self.start = start
        self.shown = self.pages = self._wait = 0
        self._over = self._stepped = False
        self._wish = Wish.REST
        self.moved.emit()
        self.wish_changed.emit()

    def play(self) -> None:
        """Go on by itself."""
        self._want(Wish.PLAY)

    def pause(self) -> None:
        """Stop here."""
        self._want(Wish.REST)

    def step(self) -> None:
        """Go on to the end of the next call."""
        self._want(Wish.STEP)

    def to_end(self) -> None:
        """Show how it ends."""
        self._want(Wish.END)

    # --- how

    def _want(self, wish: Wish) -> None:
        if self.start is None or self._over:
            return
        self._wish = wish
        self.start.hurried = wish is Wish.END
        self._wait = 0
        self._stepped = False
        if wish is Wish.REST:
            self._timer.stop()
        else:
            self._timer.start()
        self.wish_changed.emit()

    def _tick(self) -> None:
        start = self.start
        if start is None:
            self._timer.stop()
            return
        if start.given_up:
            self._finish()
        elif self._wait > 0:
            self._wait -= 1
        elif self._stepped and self.shown < len(start.events):
            self._rest()
        elif not self._stepped and self._advance(start):
            self.moved.emit()
        elif start.result is not None and self.shown == len(start.events):
            self._finish()

    def _rest(self) -> None:
        self._timer.stop()
        self._wish = Wish.REST
        self.wish_changed.emit()

    def _finish(self) -> None:
        self._over = True
        self._rest()
        self.moved.emit()
        self.ended.emit()

    def _advance(self, start: Start) -> bool:
        """One frame on; False if there is nothing to show yet."""
        if self._wish is Wish.END:
            moved = self.shown < len(start.events)
            self.shown = len(start.events)
            self.pages = self._run_length(start)
            return moved
        budget = max(1, round(start.total / self._page_frames))
        moved = False
        while budget > 0 and not self._wait and not self._stepped:
            left = self._run_length(start) - self.pages
            if left > 0:
                taken = min(left, budget)
                self.pages += taken
                budget -= taken
            elif self.shown < len(start.events):
                self._next(start)
            else:
                break
            moved = True
            self._stepped = self._wish is Wish.STEP and self._complete(start)
        return moved

    def _next(self, start: Start) -> None:
        """Go to the next event."""
        self.pages = 0
        if start.events[self.shown].pages is None and self._wish is Wish.PLAY:
            self._wait = self.pace
        self.shown += 1

    def _complete(self, start: Start) -> bool:
        """Whether the call that is shown is over: of an unpacking, that of a component."""
        run = start.events[self.shown - 1].pages
        return run is None or (self.pages == run.count and run.first + run.count == run.of)

    def _run_length(self, start: Start) -> int:
        """Pages of the event that is shown."""
        run = start.events[self.shown - 1].pages if 0 < self.shown <= len(start.events) else None
        return run.count if run is not None else 0
