"""The bar below the page: which scene, what it says, what it came to, and the buttons of the tour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.widgets.basic import GRID, VerdictChip, button, label

if TYPE_CHECKING:
    from seworkbench.demo.scene import PlayedScene, Scene
    from seworkbench.errors import SeError
    from seworkbench.ui.theme import Theme

# The line at the top: a piece for each scene.
_EDGE, _GAP = 4, 3
_MARGIN = 12
# Lines of the caption for which there is always room.
_LINES, _LINE_PIXELS = 2, 20
_PRESENTER_LINES, _PRESENTER_LINE_PIXELS = 3, 23
_KEYS = "Space pauses · ← → scenes · R begins again · P presents · H lets you do it · F11 full screen · Esc ends"
_SOME_KEYS = "Space · ← → · Esc"
_OVER = "That was the tour. Look around as long as you like; when you end it, you choose whether the files stay."


class CaptionBar(QWidget):
    """See the module's text.

    Args:
        theme: colours and zoom.
        count: how many scenes there are.
    """

    back_asked = Signal()
    toggle_asked = Signal()
    next_asked = Signal()
    restart_asked = Signal()
    presenter_asked = Signal()
    hands_on_asked = Signal(bool)  # whether who watches wants to press the buttons that matter
    full_screen_asked = Signal()
    end_asked = Signal()
    keep_asked = Signal()
    discard_asked = Signal()

    def __init__(self, theme: Theme, count: int) -> None:
        super().__init__()
        self.setObjectName("captionBar")
        self.setAccessibleName("Tour")
        self._theme = theme
        self._count = count
        self._index = 0
        self._part = 0.0
        self._large = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.mark = label("◆ SIMULATED", "simulated")
        self.mark.setToolTip("Everything here is made by a simulated machine and proves nothing about hardware.")
        self.number = label("", "muted")
        self.title = label("", "captionTitle")
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.outcome = label("", "captionOutcome", wrap=True)
        self.caption = label("", "caption", wrap=True)
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._stack.addWidget(self._make_buttons())
        self._stack.addWidget(self._make_question())
        self._lay_out()
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- what is shown

    def show_scene(self, index: int, scene: Scene) -> None:
        """Show a scene that begins."""
        self._index = index
        self.number.setText(f"{index + 1} of {self._count}")
        self.title.setText(scene.title)
        self.caption.setText(scene.caption)
        self.outcome.setText("")
        self.chip.hide()
        self.back.setEnabled(index > 0)
        self.next.setEnabled(index + 1 < self._count)
        self.set_part(0)
        self.setAccessibleDescription(f"{scene.title}. {scene.caption}")

    def show_note(self, text: str) -> None:
        """Show what happens in a scene just now."""
        self.outcome.setText(text)

    def show_outcome(self, played: PlayedScene) -> None:
        """Show what the scene came to."""
        check = played.check
        passed = check.verdict is Verdict.PASSED
        # The page says "failed" then: that is what an attack must come to, and a key that is revoked.
        must_fail = any(sight.verdict is Verdict.FAILED for sight in played.scene.sights)
        word = "attack caught" if played.scene.attack else "caught" if must_fail else ""
        self.chip.show_verdict(check.verdict, word if passed else "")
        self.chip.show()
        self.outcome.setText(played.outcome.said if passed else check.reason)

    def show_end(self) -> None:
        """Show that no scene follows."""
        self.outcome.setText(_OVER)

    def show_error(self, error: SeError) -> None:
        """Show why the tour cannot go on."""
        self.chip.show_verdict(Verdict.NOT_CHECKED, "stopped")
        self.chip.show()
        self.outcome.setText(str(error))

    def set_paused(self, *, paused: bool) -> None:
        """Show whether the tour pauses."""
        self.toggle.setText("Go on" if paused else "Pause")

    def set_part(self, part: float) -> None:
        """Show how much of the time for this scene is over, 0 to 1."""
        self._part = part
        self.update(0, 0, self.width(), _EDGE)

    def set_large(self, *, large: bool) -> None:
        """Show the caption for an audience that sits far away."""
        self._large = large
        self.presenter.setChecked(large)
        self.presenter.setText("Presenter off" if large else "Presenter")
        self._restyle()

    def ask(self, *, asking: bool) -> None:
        """Ask what shall become of the files, or show the buttons of the tour again."""
        self._stack.setCurrentIndex(int(asking))
        if asking:
            self.discard.setFocus()
        else:
            self.setFocus()

    @property
    def asking(self) -> bool:
        """Whether the bar asks what shall become of the files."""
        return self._stack.currentIndex() == 1

    # --- what the user does

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """The keys of the tour, while the bar has the focus."""
        if (signal := self._keys().get(Qt.Key(event.key()))) is not None and not event.modifiers():
            signal.emit()
        elif event.key() == Qt.Key.Key_H and not event.modifiers():
            self.hands_on.toggle()
        else:
            super().keyPressEvent(event)

    def _keys(self) -> dict[Qt.Key, SignalInstance]:
        return {
            Qt.Key.Key_Space: self.toggle_asked,
            Qt.Key.Key_Right: self.next_asked,
            Qt.Key.Key_Left: self.back_asked,
            Qt.Key.Key_R: self.restart_asked,
            Qt.Key.Key_P: self.presenter_asked,
            Qt.Key.Key_F11: self.full_screen_asked,
            Qt.Key.Key_Escape: self.end_asked,
        }

    # --- how it looks

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw ground, edge, and how much time is over."""
        roles = self._theme.roles
        painter = QPainter(self)
        painter.fillRect(self.rect(), roles.colour("accent_background"))
        step = (self.width() + _GAP) / self._count
        for index in range(self._count):
            part = 1.0 if index < self._index else self._part if index == self._index else 0.0
            left, width = index * step, step - _GAP
            painter.fillRect(QRectF(left, 0, width, _EDGE), roles.colour("line"))
            painter.fillRect(QRectF(left, 0, width * part, _EDGE), roles.colour("accent"))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GRID + 2)
        head.addWidget(self.mark)
        head.addWidget(self.number)
        head.addWidget(self.title)
        head.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(GRID + 2)
        below.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self.outcome, 1)
        text = QVBoxLayout()
        text.setSpacing(4)
        text.addLayout(head)
        text.addWidget(self.caption)
        text.addLayout(below)
        text.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, _MARGIN, 20, _MARGIN)
        row.setSpacing(24)
        row.addLayout(text, 1)
        row.addWidget(self._stack, 0, Qt.AlignmentFlag.AlignVCenter)

    def _make_buttons(self) -> QWidget:
        made = QWidget()
        self.back = self._button("Back", self.back_asked)
        self.toggle = self._button("Pause", self.toggle_asked)
        self.next = self._button("Next", self.next_asked, primary=True)
        self.restart = self._button("Begin again", self.restart_asked)
        self.presenter = self._button("Presenter", self.presenter_asked)
        self.presenter.setCheckable(True)
        self.end = self._button("End", self.end_asked)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for buttons in ((self.back, self.toggle, self.next), (self.restart, self.presenter, self.end)):
            row = QHBoxLayout()
            row.setSpacing(GRID)
            for one in buttons:
                row.addWidget(one, 1)
            column.addLayout(row)
        self.hands_on = QCheckBox("Let me do it")
        self.hands_on.setToolTip("The tour waits for you to press the buttons that matter.")
        self.hands_on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hands_on.toggled.connect(self.hands_on_asked)
        keys = QHBoxLayout()
        keys.addWidget(self.hands_on)
        keys.addStretch(1)
        keys.addWidget(label(_SOME_KEYS, "small"))
        column.addLayout(keys)
        made.setToolTip(_KEYS)
        return made

    def _make_question(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label("Keep what the tour made: machine, image, report?", "heading"))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.keep = self._button("Keep in a folder…", self.keep_asked)
        self.discard = self._button("Remove and end", self.discard_asked, primary=True)
        self.stay = button("Stay", lambda: self.ask(asking=False))
        for one in (self.keep, self.discard, self.stay):
            row.addWidget(one)
        column.addLayout(row)
        return made

    def _button(self, text: str, signal: SignalInstance, *, primary: bool = False) -> QPushButton:
        made = button(text, signal.emit, primary=primary)
        # Keys belong to the bar: space would press the button that was clicked last.
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return made

    def _restyle(self) -> None:
        suffix = "Large" if self._large else ""
        for part, name in (
            (self.title, "captionTitle"),
            (self.caption, "caption"),
            (self.outcome, "captionOutcome"),
        ):
            part.setObjectName(f"{name}{suffix}")
            # The style sheet goes by names, and looks at them again only when told to.
            part.style().unpolish(part)
            part.style().polish(part)
        lines, pixels = (_PRESENTER_LINES, _PRESENTER_LINE_PIXELS) if self._large else (_LINES, _LINE_PIXELS)
        # Room for the longest caption and a line of outcome, so that the page does not jump from scene to scene.
        self.setMinimumHeight(self._theme.pixels(28 + lines * pixels + 26) + 2 * _MARGIN)
        self.update()
