"""Which secret can be read on the screen: none, or one, while its eye is held or for half a minute."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.secret import Secret

SECONDS = 30
# What stands in the place of a secret, whatever its length.
MASK = "••••••"
# A shorter press is a click, which shows the secret for a while; a longer one shows it while it lasts.
_HELD = 0.4


class Countdown(QObject):
    """Counts whole seconds down by a clock that tests can replace.

    Args:
        seconds: how long.
        clock: seconds that only grow.
    """

    changed = Signal()  # another second went by, or it ended
    ended = Signal()

    def __init__(self, seconds: int, clock: Callable[[], float], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seconds = seconds
        self._clock = clock
        self._until: float | None = None
        self.timer = QTimer(self)
        self.timer.setInterval(250)
        self.timer.timeout.connect(self._tick)

    @property
    def left(self) -> int:
        """Seconds left, rounded up; 0 when it does not run."""
        return 0 if self._until is None else max(0, -int(-(self._until - self._clock()) // 1))

    def start(self) -> None:
        """Begin anew."""
        self._until = self._clock() + self._seconds
        self.timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """End without saying so."""
        self._until = None
        self.timer.stop()

    def _tick(self) -> None:
        if self._until is not None and self._clock() >= self._until:
            self.stop()
            self.ended.emit()
        self.changed.emit()


class Reveal(QObject):
    """See the module's text. Whatever shows a secret asks here whether it may, and follows `changed`.

    Args:
        clock: seconds that only grow; for tests.
    """

    changed = Signal()  # another secret can be read, or none, or another second went by

    def __init__(self, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._secret: Secret | None = None
        self._pressed_at: float | None = None
        self._closes_on_release = False
        self.countdown = Countdown(SECONDS, clock, self)
        self.countdown.ended.connect(self.conceal)
        self.countdown.changed.connect(self.changed)

    @classmethod
    def shared(cls) -> Reveal:
        """The one of this application."""
        application = QCoreApplication.instance()
        found = application.findChild(cls) if application is not None else None
        return found if isinstance(found, cls) else cls(parent=application)

    @property
    def secret(self) -> Secret | None:
        """The secret that can be read now."""
        return self._secret

    def shows(self, secret: object) -> bool:
        """Whether this secret, the same object, can be read now."""
        return secret is not None and secret is self._secret

    def show(self, secret: Secret) -> None:
        """Let a secret be read for half a minute."""
        self._secret = secret
        self.countdown.start()  # tells

    def conceal(self) -> None:
        """Let none be read."""
        self.countdown.stop()
        self._pressed_at = None
        if self._secret is not None:
            self._secret = None
            self.changed.emit()

    def toggle(self, secret: Secret) -> None:
        """Let a secret be read, or no longer."""
        if self.shows(secret):
            self.conceal()
        else:
            self.show(secret)

    def press(self, secret: Secret) -> None:
        """The eye of a secret is pressed."""
        self._closes_on_release = self.shows(secret)
        self._pressed_at = self._clock()
        self.countdown.stop()
        self._secret = secret
        self.changed.emit()

    def release(self) -> None:
        """The eye that was pressed is let go of: the end of holding it, or of a click."""
        if self._pressed_at is None or self._secret is None:
            return
        held = self._clock() - self._pressed_at >= _HELD
        self._pressed_at = None
        if held or self._closes_on_release:
            self.conceal()
        else:
            self.show(self._secret)
