"""A secret on the screen: masked, shown while held or for half a minute, and copied without leaving traces."""

from __future__ import annotations

import atexit
import hashlib
import secrets
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QClipboard, QFont, QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from seworkbench.ui.icons import icon
from seworkbench.ui.widgets.basic import GRID, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.secret import Secret
    from seworkbench.ui.theme import Theme

SECONDS = 30
# A shorter press is a click, which shows the secret for a while; a longer one shows it while it lasts.
_HELD = 0.4
_GROUP = 8
_MASK = "••••••"
# Clipboard managers that know these keep the text out of their history: Klipper and those that copy it, macOS, Windows.
CLIPBOARD_HINTS = {
    "x-kde-passwordManagerHint": b"secret",
    "application/x-nspasteboard-concealed-type": b"1",
    "ExcludeClipboardContentFromMonitorProcessing": b"1",
}


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


class SecretClipboard(QObject):
    """Puts secrets on the clipboard and takes them off again.

    It lives as long as the application, so a secret is taken off even if the field that copied it is gone. X11's
    selection is never touched: it is pasted by a mere click and no hint applies to it.

    Args:
        clock: seconds that only grow.
    """

    changed = Signal()

    def __init__(self, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._salt = secrets.token_bytes(16)
        self._ours: bytes | None = None
        self.countdown = Countdown(SECONDS, clock, self)
        self.countdown.ended.connect(self.clear)
        self.countdown.changed.connect(self.changed)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.clear)

    @classmethod
    def shared(cls) -> SecretClipboard:
        """The one of this application."""
        application = QCoreApplication.instance()
        found = application.findChild(cls) if application is not None else None
        return found if isinstance(found, cls) else cls(parent=application)

    @property
    def holds(self) -> bool:
        """Whether a secret of ours may be on the clipboard."""
        return self._ours is not None

    def copy(self, text: str) -> None:
        """Put a secret on the clipboard for a while, marked as a password."""
        data = QMimeData()
        data.setText(text)
        for name, value in CLIPBOARD_HINTS.items():
            data.setData(name, value)
        QGuiApplication.clipboard().setMimeData(data, QClipboard.Mode.Clipboard)
        self._ours = self._digest(text)
        self.countdown.start()

    def clear(self) -> None:
        """Take the secret off the clipboard, unless something else is there by now."""
        self.countdown.stop()
        ours, self._ours = self._ours, None
        if ours is None:
            return
        # Compared by digest: the secret itself is not kept for this, and a clipboard manager may have taken it over.
        clipboard = QGuiApplication.clipboard()
        if self._digest(clipboard.text(QClipboard.Mode.Clipboard)) == ours:
            clipboard.clear(QClipboard.Mode.Clipboard)
        self.changed.emit()

    def _digest(self, text: str) -> bytes:
        return hashlib.sha256(self._salt + text.encode()).digest()


@atexit.register
def _clear_at_exit() -> None:
    """Take secrets off the clipboard however the program ends.

    Not every end says `aboutToQuit`; and Qt would free the clipboard's data after Python is gone, which crashes.
    """
    application = QCoreApplication.instance()
    for clipboard in application.findChildren(SecretClipboard) if application is not None else ():
        clipboard.clear()


class _Digits(QLabel):
    """Words, or hexadecimal digits in groups, broken into as many lines as the width asks for.

    The breaks are real ones: a label that wraps by itself is cut off where a layout ignores height for width. There is
    no text interaction: selecting with the mouse would put the secret into X11's selection.
    """

    def __init__(self) -> None:
        super().__init__()
        self._groups: list[str] = []
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def show_words(self, words: str, font: QFont) -> None:
        """Show a line that is no secret."""
        self._groups = []
        self.setFont(font)
        self.setText(words)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(words))

    def show_digits(self, digits: str, font: QFont) -> None:
        """Show digits in groups."""
        self._groups = [digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP)]
        self.setFont(font)
        self._break()

    def _break(self) -> None:
        group = self.fontMetrics().horizontalAdvance("0" * _GROUP)
        space = self.fontMetrics().horizontalAdvance(" ")
        count = max(1, (self.width() + space) // (group + space))
        lines = (self._groups[start : start + count] for start in range(0, len(self._groups), count))
        self.setText("\n".join(" ".join(line) for line in lines))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Break anew."""
        super().resizeEvent(event)
        if self._groups:
            self._break()


class SecretField(QWidget):
    """Shows that there is a secret, and the secret itself only when asked to.

    Args:
        theme: colours and fonts.
        name: plain name of the secret, for screen readers ("Header key").
        clock: seconds that only grow; for tests.
        clipboard: where copies go; the application's own if none is given.
    """

    revealed_changed = Signal(bool)

    def __init__(
        self,
        theme: Theme,
        name: str = "Secret",
        *,
        clock: Callable[[], float] = time.monotonic,
        clipboard: SecretClipboard | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._clock = clock
        self._secret: Secret | None = None
        self._pressed_at: float | None = None
        self._closes_on_release = False
        self._revealed = False
        self._watched: QWidget | None = None
        self._copied = False
        self.clipboard = clipboard or SecretClipboard.shared()
        self.countdown = Countdown(SECONDS, clock, self)
        self.value = _Digits()
        self.status = label("", "small", wrap=True)
        self.reveal_button = self._tool("eye")
        self.copy_button = self._tool("copy")
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self.value, 1)
        row.addWidget(self.reveal_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        # Beneath, so that a countdown neither moves the buttons nor takes room from the digits.
        column.addWidget(self.status)
        self.reveal_button.pressed.connect(self._press)
        self.reveal_button.released.connect(self._release)
        self.copy_button.clicked.connect(lambda _checked=False: self.copy())
        self.countdown.ended.connect(self.conceal)
        self.countdown.changed.connect(self._say)
        self.clipboard.changed.connect(self._say)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._show()

    def _tool(self, icon_name: str) -> QToolButton:
        made = QToolButton()
        made.setIcon(icon(icon_name, self._theme))
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made

    # --- what is shown

    def show_secret(self, secret: Secret | None) -> None:
        """Show another secret, masked; None for none. The field does not wipe it: it belongs to the caller."""
        self.conceal()
        self._secret = secret
        self._show()

    @property
    def revealed(self) -> bool:
        """Whether the secret can be read on the screen."""
        return self._revealed

    def reveal(self) -> None:
        """Show the secret for half a minute."""
        if self._secret is not None:
            self._set_revealed(revealed=True)
            self.countdown.start()

    def conceal(self) -> None:
        """Hide the secret."""
        self.countdown.stop()
        self._pressed_at = None
        self._set_revealed(revealed=False)

    def copy(self) -> None:
        """Copy the secret in hexadecimal; it is taken off the clipboard after half a minute."""
        if self._secret is not None:
            self._copied = True
            self.clipboard.copy(self._secret.reveal().hex())
            self._say()

    # --- press, hold, click

    def _press(self) -> None:
        self._closes_on_release = self._revealed
        self._pressed_at = self._clock()
        if self._secret is not None:
            self._set_revealed(revealed=True)

    def _release(self) -> None:
        if self._pressed_at is None:
            return
        held = self._clock() - self._pressed_at >= _HELD
        self._pressed_at = None
        if held or self._closes_on_release:
            self.conceal()
        else:
            self.reveal()

    def _set_revealed(self, *, revealed: bool) -> None:
        changed, self._revealed = revealed != self._revealed, revealed
        self._show()
        if changed:
            self.revealed_changed.emit(revealed)

    # --- words

    def _show(self) -> None:
        secret = self._secret
        for button in (self.reveal_button, self.copy_button):
            button.setEnabled(secret is not None)
        if secret is None:
            self.value.show_words("none", self._theme.font(13))
            masked = "none"
        else:
            masked = f"hidden, {len(secret)} bytes"
            digits = secret.reveal().hex() if self._revealed else ""
            if self._revealed:
                self.value.show_digits(digits, self._theme.mono(12))
            else:
                self.value.show_words(f"{_MASK} {len(secret)} bytes", self._theme.font(13))
        # Screen readers hear the digits only while they can be seen; the mask's dots would be read out one by one.
        self.value.setAccessibleName("" if self._revealed else f"{self._name}: {masked}")
        self.setAccessibleName(self._name)
        verb = "Hide" if self._revealed else "Show"
        self.reveal_button.setIcon(icon("eye-off" if self._revealed else "eye", self._theme))
        self.reveal_button.setAccessibleName(f"{verb} {self._name}")
        self.reveal_button.setToolTip("Hide" if self._revealed else f"Hold to look, or click to show for {SECONDS} s")
        self.copy_button.setAccessibleName(f"Copy {self._name}")
        self.copy_button.setToolTip(f"Copy in hexadecimal; taken off the clipboard after {SECONDS} s")
        self._say()

    def _say(self) -> None:
        words = []
        if self._revealed and self.countdown.left:
            words.append(f"hidden in {self.countdown.left} s")
        elif self._revealed:
            words.append("hidden on release")
        # Another field's copy ends the words here: there is one clipboard.
        self._copied = self._copied and self.clipboard.holds
        if self._copied:
            words.append(f"copied, cleared in {self.clipboard.countdown.left} s")
        self.status.setText(" · ".join(words))
        self.status.setVisible(bool(words))

    def _restyle(self) -> None:
        side = round(16 * self._theme.zoom)
        for button in (self.reveal_button, self.copy_button):
            button.setIconSize(QSize(side, side))
        self._show()

    # --- when it goes out of sight

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Mask what nobody looks at."""
        self.conceal()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Watch the window that the field is in by now, for its closing."""
        window = self.window()
        if window is not self._watched:
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = window
            window.installEventFilter(self)
        super().showEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The window closes: mask, and take our copy off the clipboard."""
        if watched is self._watched and event.type() is QEvent.Type.Close:
            self.conceal()
            self.clipboard.clear()
        return super().eventFilter(watched, event)
