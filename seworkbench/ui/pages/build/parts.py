"""Small pieces of the cards of this page: a box for what is wrong, the choice of a file, rows that may come and go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from seworkbench.checks import Check, Step, Verdict
from seworkbench.ui.widgets.basic import IconButton, VerdictChip, label
from seworkbench.ui.widgets.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.errors import SeError
    from seworkbench.ui.theme import Theme


def ask_open(parent: QWidget, title: str) -> Path | None:
    """Ask for an existing file; tests replace this function."""
    name, _ = QFileDialog.getOpenFileName(parent, title)
    return Path(name) if name else None


def ask_open_many(parent: QWidget, title: str) -> list[Path]:
    """Ask for existing files; tests replace this function."""
    names, _ = QFileDialog.getOpenFileNames(parent, title)
    return [Path(name) for name in names]


def ask_save(parent: QWidget, title: str, suggestion: Path | None) -> Path | None:
    """Ask for a place to save; whether something there may be replaced is asked later, in the page."""
    name, _ = QFileDialog.getSaveFileName(
        parent, title, str(suggestion or ""), options=QFileDialog.Option.DontConfirmOverwrite
    )
    return Path(name) if name else None


def ask_folder(parent: QWidget, title: str, start: Path | None) -> Path | None:
    """Ask for a folder; tests replace this function."""
    name = QFileDialog.getExistingDirectory(parent, title, str(start or ""))
    return Path(name) if name else None


def unreadable(error: SeError) -> Check:
    """A file that cannot be read, as a check that failed."""
    return Step("build.file", "The file can be read", remedy=error.remedy).failed(error.what)


def empty_layout(layout: QLayout) -> None:
    """Remove everything from a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            # Out of sight at once, or it would flash where it stood until the event loop deletes it.
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            empty_layout(inner)


class Elided(QLabel):
    """One line of text that shortens in the middle where room is short; the whole is in the tool tip."""

    def __init__(self, text: str = "", style: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(style)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._whole = ""
        self.show_text(text)

    @property
    def whole(self) -> str:
        """All of the text."""
        return self._whole

    def show_text(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._fit()
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the whole text."""
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few letters at least."""
        return QSize(self.fontMetrics().averageCharWidth() * 6, self.fontMetrics().height() + 2)

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002, N802 - Qt's signature
        """Fit the text anew."""
        self._fit()

    def _fit(self) -> None:
        room = max(self.contentsRect().width(), 20)
        fitting = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room)
        if fitting != self.text():
            self.setText(fitting)


class Badge(QWidget):
    """A number in a ring.

    Args:
        theme: colours.
        number: the number.
    """

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._theme = theme
        self._number = str(number)
        theme.changed.connect(self._restyle)
        self._restyle()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.roles.colour("line"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(self._theme.roles.colour("muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._number)

    def _restyle(self) -> None:
        self.setFont(self._theme.font(11))
        side = round(20 * self._theme.zoom)
        self.setFixedSize(side, side)
        self.update()


class RemoveButton(IconButton):
    """A small cross.

    Args:
        theme: colours.
        what: what it removes.
        remove: removes it.
    """

    def __init__(self, theme: Theme, what: str, remove: Callable[[], None]) -> None:
        super().__init__(theme, "x", f"Remove {what}", remove)


class Findings(QWidget):
    """The checks that did not pass, each with chip, reason and remedy; nothing if all did."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[tuple[Check, ...], bool] = ((), False)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    def show_checks(self, checks: tuple[Check, ...], mend: tuple[str, Callable[[], None]] | None = None) -> None:
        """Show them.

        Args:
            checks: all checks; those that passed are left out.
            mend: text and function of a link that mends the first, if there is a way.
        """
        bad = tuple(check for check in checks if check.verdict is not Verdict.PASSED)
        if (bad, mend is not None) == self._shown:
            return
        self._shown = (bad, mend is not None)
        empty_layout(self._column)
        for number, check in enumerate(bad):
            self._column.addWidget(self._row(check, mend if number == 0 else None))
        self.setVisible(bool(bad))

    def _row(self, check: Check, mend: tuple[str, Callable[[], None]] | None) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(VerdictChip(check.verdict, self._theme), 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(label(check.reason, wrap=True, selectable=True))
        if check.remedy:
            text.addWidget(label(check.remedy, "small", wrap=True))
        line.addLayout(text, 1)
        if mend is not None:
            made = QPushButton(mend[0])
            made.setObjectName("link")
            made.clicked.connect(lambda _checked=False: mend[1]())
            line.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        return row


class WarningBox(QFrame):
    """A warning where it arose, with links out of it.

    Args:
        theme: colours.
        text: what is wrong.
        across: put the links beside the text, for wide places.
    """

    def __init__(self, theme: Theme, text: str, *, across: bool = False) -> None:
        super().__init__()
        self.setObjectName("warningBox")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.addWidget(Mark(theme, "triangle-alert", "warning", 16), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        self.text = label(text, wrap=True, selectable=True)
        column.addWidget(self.text)
        row.addLayout(column, 1)
        self._links: QBoxLayout = QHBoxLayout() if across else QVBoxLayout()
        self._links.setSpacing(8 if across else 0)
        (row if across else column).addLayout(self._links)
        self.setAccessibleName(text)

    def add_link(self, text: str, run: Callable[[], None]) -> None:
        """A way out."""
        made = QPushButton(text)
        made.setObjectName("link")
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        made.clicked.connect(lambda _checked=False: run())
        self._links.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)


class Segments(QWidget):
    """A row of choices of which one holds.

    Args:
        choices: stable name and text of each.
        chosen: called with the name when the user chose another.
        name: for screen readers.
    """

    def __init__(self, choices: tuple[tuple[str, str], ...], chosen: Callable[[str], None], name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for key, text in choices:
            made = QPushButton(text)
            made.setObjectName("segment")
            made.setCheckable(True)
            made.setAccessibleName(f"{name}: {text}")
            made.clicked.connect(lambda _checked=False, key=key: chosen(key))
            self._group.addButton(made)
            row.addWidget(made)
            self.buttons[key] = made

    def choose(self, key: str) -> None:
        """Show a choice as the one that holds."""
        self.buttons[key].setChecked(True)

    def clear_with(self, other: Segments) -> None:
        """When one of the other row is chosen, none of this one is."""
        for made in other.buttons.values():
            made.toggled.connect(self._clear_if)

    def _clear_if(self, chosen: bool) -> None:
        if chosen:
            # An exclusive group keeps its last button pressed.
            self._group.setExclusive(False)
            for made in self.buttons.values():
                made.setChecked(False)
            self._group.setExclusive(True)
