"""Plays scenes: runs the act of each, waits while it is being looked at, goes on, back, or pauses."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from seworkbench.errors import Cancelled, SeError
from seworkbench.ui.tour.script import PATIENCE_MS, Beat, Point, Until, Wait, reading_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.demo.scene import PlayedScene, Scene
    from seworkbench.ui.tour.script import Act

_LOOK_MS = 15
_TICK_MS = 50


class State(Enum):
    """What the director does."""

    IDLE = "nothing"
    ACTING = "the act of a scene"
    SHOWING = "waits while a scene is being looked at"
    FAILED = "stopped by an error"


class Director(QObject):
    """See the module's text.

    Args:
        scenes: the story.
        act: gives the act of a scene.
        speed: 1.0 plays as an audience can follow, 0 without any waiting.
    """

    scene_changed = Signal(int)  # index of the scene that begins
    shown = Signal(object)  # PlayedScene: what the scene came to
    pointed = Signal(object)  # Point: what the eye is drawn to
    changed = Signal()  # state, or paused or not
    waited = Signal(float)  # part of the reading time that is over, 0 to 1
    failed = Signal(object)  # SeError
    finished = Signal()  # the last scene was looked at

    def __init__(
        self,
        scenes: tuple[Scene, ...],
        act: Callable[[Scene], Act],
        *,
        speed: float = 1.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.scenes = scenes
        self.speed = speed
        self.state = State.IDLE
        # Paused: no scene follows by itself. Held: the act of this one stops at its next beat as well.
        self.paused = False
        self._held = False
        self.index = -1
        self.outcome: PlayedScene | None = None
        self._make_act = act
        self._act: Act | None = None
        self._hurry = False
        # Back was asked for while an act ran: the scene that follows when it is over.
        self._goes_back = False
        self._until: Until | None = None
        self._since = QElapsedTimer()
        self._left_ms = 0.0
        self._beat = QTimer(self)
        self._beat.setSingleShot(True)
        self._beat.timeout.connect(self._go_on)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._count_down)

    @property
    def scene(self) -> Scene | None:
        """The scene that is played or shown."""
        return self.scenes[self.index] if 0 <= self.index < len(self.scenes) else None

    @property
    def at_end(self) -> bool:
        """Whether this is the last scene, and it is being looked at."""
        return self.state is State.SHOWING and self.index == len(self.scenes) - 1

    # --- what can be asked of it

    def begin(self, index: int = 0) -> None:
        """Play from a scene on."""
        self.stop()
        self.index = index
        self.outcome = None
        self._hurry = self._held = self._goes_back = False
        self._set(State.ACTING)
        self.scene_changed.emit(index)
        self._act = self._make_act(self.scenes[index])
        # When the caption is painted: it says what is going to happen.
        self._beat.start(0)

    def next(self) -> None:
        """Go to the next scene; an act that runs is hurried to its end first."""
        if self.state is State.ACTING:
            self._hasten()
        elif self.state is State.SHOWING and not self.at_end:
            self.begin(self.index + 1)

    def back(self) -> None:
        """Show the scene before this one again; an act that runs is hurried to its end first."""
        if self.index <= 0:
            return
        if self.state is State.ACTING:
            self._goes_back = True
            self._hasten()
        else:
            self.begin(self.index - 1)

    def pause(self) -> None:
        """Stay at this scene; an act that runs is held at its next beat."""
        self._set_paused(paused=True)

    def resume(self) -> None:
        """Go on."""
        self._set_paused(paused=False)

    def toggle(self) -> None:
        """Pause, or go on."""
        self._set_paused(paused=not self.paused)

    def stop(self) -> None:
        """Let go of everything."""
        for timer in (self._beat, self._look, self._tick):
            timer.stop()
        act, self._act, self._until = self._act, None, None
        if act is not None:
            act.close()
        self._set(State.IDLE)

    # --- how it goes

    def _hasten(self) -> None:
        """Hurry the act that runs to its end."""
        self._hurry = True
        self._held = False
        if self._until is None:
            self._beat.start(0)
        elif self._until.hasten is not None:
            self._until.hasten()

    def _set(self, state: State) -> None:
        self.state = state
        self.changed.emit()

    def _set_paused(self, *, paused: bool) -> None:
        if paused is self.paused:
            return
        self.paused = self._held = paused
        if self.state is State.ACTING:
            if self._until is not None:
                if self._until.hold is not None:
                    self._until.hold(paused)
            elif paused:
                self._beat.stop()
            else:
                self._beat.start(0)
        elif self.state is State.SHOWING:
            if paused:
                self._tick.stop()
            else:
                self._tick.start()
        self.changed.emit()

    def _go_on(self) -> None:
        """Run the act up to the next thing that has to be waited for."""
        while self._act is not None and not self._held:
            try:
                wait = next(self._act)
            except StopIteration as end:
                outcome = end.value
            except Cancelled:
                self.stop()
                return
            except SeError as error:
                self._fail(error)
                return
            else:
                if self._must_wait(wait):
                    return
                continue
            self._show(outcome)
            return

    def _must_wait(self, wait: Wait) -> bool:
        if isinstance(wait, Point):
            self.pointed.emit(wait)
            return False
        if isinstance(wait, Beat):
            # Even without waiting, what was done is laid out and painted first.
            self._beat.start(0 if self._hurry else round(wait.ms * self.speed))
            return True
        if wait.reached():
            return False
        if (self._hurry or not self.speed) and wait.hasten is not None:
            wait.hasten()
        self._until = wait
        self._since.start()
        self._look.start()
        return True

    def _look_again(self) -> None:
        until = self._until
        if until is None:
            self._look.stop()
        elif until.reached():
            self._look.stop()
            self._until = None
            self._go_on()
        elif not until.patient and self._since.hasExpired(PATIENCE_MS):
            self._fail(SeError(f"The tour waited in vain for {until.what}.", remedy="Begin again."))

    def _fail(self, error: SeError) -> None:
        self.stop()
        self._set(State.FAILED)
        self.failed.emit(error)

    def _show(self, outcome: PlayedScene) -> None:
        """The act is over: this is what the scene came to."""
        self._act = None
        self.outcome = outcome
        scene = outcome.scene
        self.shown.emit(outcome)
        self._set(State.SHOWING)
        if self._goes_back:
            self.begin(self.index - 1)
            return
        if not outcome.as_expected:
            self.pause()
        self._left_ms = reading_ms(scene.caption) * self.speed
        if self._hurry and not self.at_end:
            self._left_ms = 0
        if not self.paused:
            self._tick.start()
        self._count_down()

    def _count_down(self) -> None:
        scene = self.scene
        if scene is None or self.state is not State.SHOWING:
            return
        whole = reading_ms(scene.caption) * self.speed
        self.waited.emit(1 - max(self._left_ms, 0) / whole if whole else 1.0)
        if self.paused:
            return
        if self._left_ms > 0:
            self._left_ms -= _TICK_MS
            return
        self._tick.stop()
        if self.at_end:
            self.finished.emit()
        else:
            self.begin(self.index + 1)
