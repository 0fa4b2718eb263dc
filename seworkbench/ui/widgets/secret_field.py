"""A secret on the screen: masked, shown while held or for half a minute, and copied without leaving traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from seworkbench.ui.icons import icon
from seworkbench.ui.widgets.basic import GRID, label
from seworkbench.ui.widgets.reveal import MASK, SECONDS, Reveal
from seworkbench.ui.widgets.secret_clipboard import SecretClipboard

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QHideEvent, QResizeEvent, QShowEvent

    from seworkbench.secret import Secret
    from seworkbench.ui.theme import Theme

_GROUP = 8


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
        self._use(font)
        self.setText(words)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(words))

    def show_digits(self, digits: str, font: QFont) -> None:
        """Show digits in groups."""
        self._groups = [digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP)]
        self._use(font)
        self._break()

    def _use(self, font: QFont) -> None:
        # The style sheet of the program gives all widgets one size, so a font alone would not do.
        sheet = f"font-family: '{font.family()}'; font-size: {font.pixelSize()}px;"
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
            self.ensurePolished()

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
        reveal: which secret can be read; the application's own if none is given.
        clipboard: where copies go; the application's own if none is given.
    """

    def __init__(
        self,
        theme: Theme,
        name: str = "Secret",
        *,
        reveal: Reveal | None = None,
        clipboard: SecretClipboard | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._secret: Secret | None = None
        self._watched: QWidget | None = None
        self.reveal = reveal or Reveal.shared()
        self.clipboard = clipboard or SecretClipboard.shared()
        self.value = _Digits()
        self.status = label("", "small", wrap=True)
        self.reveal_button = self._tool("eye")
        self.copy_button = self._tool("copy")
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self.value, 1, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.reveal_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        # Beneath, so that a countdown neither moves the buttons nor takes room from the digits.
        column.addWidget(self.status)
        self.reveal_button.pressed.connect(self._press)
        self.reveal_button.released.connect(self.reveal.release)
        self.copy_button.clicked.connect(lambda _checked=False: self.copy())
        self.reveal.changed.connect(self._show)
        self.clipboard.changed.connect(self._say)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _tool(self, icon_name: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName("inline")
        made.setIcon(icon(icon_name, self._theme))
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made

    # --- what is shown

    def show_secret(self, secret: Secret | None, name: str = "") -> None:
        """Show another secret, masked; None for none. The field does not wipe it: it belongs to the caller.

        Args:
            secret: what to show.
            name: its plain name; as before if empty.
        """
        if secret is not self._secret:
            self._conceal()
        self._secret = secret
        self._name = name or self._name
        self._show()

    @property
    def revealed(self) -> bool:
        """Whether the secret can be read on the screen."""
        return self.reveal.shows(self._secret)

    def copy(self, text: str = "") -> None:
        """Copy the secret; it is taken off the clipboard after half a minute.

        Args:
            text: the form in which it is copied; hexadecimal if empty.
        """
        if self._secret is not None:
            self.clipboard.copy(text or self._secret.reveal().hex(), self._secret)

    def _press(self) -> None:
        if self._secret is not None:
            self.reveal.press(self._secret)

    def _conceal(self) -> None:
        if self.revealed:
            self.reveal.conceal()

    # --- words

    def _show(self) -> None:
        secret, revealed = self._secret, self.revealed
        for button in (self.reveal_button, self.copy_button):
            button.setEnabled(secret is not None)
        if secret is None:
            self.value.show_words("none", self._theme.font(13))
            masked = "none"
        else:
            masked = f"hidden, {len(secret)} bytes"
            if revealed:
                self.value.show_digits(secret.reveal().hex(), self._theme.mono(12))
            else:
                self.value.show_words(f"{MASK} {len(secret)} bytes", self._theme.font(13))
        # Screen readers hear the digits only while they can be seen; the mask's dots would be read out one by one.
        self.value.setAccessibleName("" if revealed else f"{self._name}: {masked}")
        self.setAccessibleName(self._name)
        verb = "Hide" if revealed else "Show"
        self.reveal_button.setIcon(icon("eye-off" if revealed else "eye", self._theme))
        self.reveal_button.setAccessibleName(f"{verb} {self._name}")
        self.reveal_button.setToolTip("Hide" if revealed else f"Hold to look, or click to show for {SECONDS} s")
        self.copy_button.setAccessibleName(f"Copy {self._name}")
        self.copy_button.setToolTip(f"Copy in hexadecimal; taken off the clipboard after {SECONDS} s")
        self._say()

    def _say(self) -> None:
        words = []
        if self.revealed and self.reveal.countdown.left:
            words.append(f"hidden in {self.reveal.countdown.left} s")
        elif self.revealed:
            words.append("hidden on release")
        if left := self.clipboard.left(self._secret):
            words.append(f"copied, cleared in {left} s")
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
        self._conceal()
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
            self._conceal()
            self.clipboard.clear()
        return super().eventFilter(watched, event)
