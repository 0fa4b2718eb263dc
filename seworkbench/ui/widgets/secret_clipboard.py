"""Secrets on the clipboard: marked as passwords, and taken off again after half a minute."""

from __future__ import annotations

import atexit
import hashlib
import secrets
import time
from typing import TYPE_CHECKING
from weakref import ref

from PySide6.QtCore import QCoreApplication, QMimeData, QObject, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from seworkbench.ui.widgets.reveal import SECONDS, Countdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.secret import Secret

# Clipboard managers that know these keep the text out of their history: Klipper and those that copy it, macOS, Windows.
CLIPBOARD_HINTS = {
    "x-kde-passwordManagerHint": b"secret",
    "application/x-nspasteboard-concealed-type": b"1",
    "ExcludeClipboardContentFromMonitorProcessing": b"1",
}


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
        self._secret: ref[Secret] | None = None
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

    def left(self, secret: Secret | None) -> int:
        """Seconds for which a secret, the same object, is still on the clipboard; 0 if it is not."""
        ours = self._secret() if self._secret is not None else None
        return self.countdown.left if ours is not None and ours is secret else 0

    def copy(self, text: str, secret: Secret) -> None:
        """Put a secret on the clipboard for a while, marked as a password.

        Args:
            text: the form in which it is copied.
            secret: what it is.
        """
        data = QMimeData()
        data.setText(text)
        for name, value in CLIPBOARD_HINTS.items():
            data.setData(name, value)
        QGuiApplication.clipboard().setMimeData(data, QClipboard.Mode.Clipboard)
        self._ours = self._digest(text)
        self._secret = ref(secret)
        self.countdown.start()

    def clear(self) -> None:
        """Take the secret off the clipboard, unless something else is there by now."""
        self.countdown.stop()
        ours, self._ours, self._secret = self._ours, None, None
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
