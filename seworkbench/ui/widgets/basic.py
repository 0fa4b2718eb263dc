"""Small pieces that every page is made of: cards, labels, verdict chips, boxes for warnings and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.paths import shown_error
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.mark import Mark
from seworkbench.ui.widgets.wrapped_text import WrappedText

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.checks import Verdict
    from seworkbench.errors import SeError
    from seworkbench.ui.theme import Theme

GRID = 8


def label(text: str = "", style: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A label; `style` is an object name of the style sheet ("muted", "heading", "small")."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if style:
        made.setObjectName(style)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def link(text: str, run: Callable[[], None]) -> QPushButton:
    """A button that looks like a link."""
    made = QPushButton(text)
    made.setObjectName("link")
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(lambda _checked=False: run())
    return made


def button(text: str, run: Callable[[], None], *, primary: bool = False) -> QPushButton:
    """A button."""
    made = QPushButton(text)
    if primary:
        made.setObjectName("primary")
    made.clicked.connect(lambda _checked=False: run())
    return made


def offer_clearing(line: QLineEdit, theme: Theme) -> None:
    """A cross at the end of a line that empties it, seen in every theme; Qt's own is drawn in one colour."""
    clear = line.addAction(icon("x", theme), QLineEdit.ActionPosition.TrailingPosition)
    clear.setText("Clear")
    clear.setToolTip("Clear")
    clear.setVisible(bool(line.text()))
    clear.triggered.connect(line.clear)
    line.textChanged.connect(lambda text: clear.setVisible(bool(text)))


class IconButton(QToolButton):
    """A button that is an icon; it grows with the text.

    Args:
        theme: colours and zoom.
        name: name of the icon.
        what: what it does, for the tool tip and screen readers.
        run: does it.
        pixels: side of the icon, unscaled.
    """

    def __init__(self, theme: Theme, name: str, what: str, run: Callable[[], None], pixels: int = 14) -> None:
        super().__init__()
        self._theme = theme
        self._pixels = pixels
        self.setIcon(icon(name, theme))
        self.setToolTip(what)
        self.setAccessibleName(what)
        self.clicked.connect(lambda _checked=False: run())
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        side = self._theme.pixels(self._pixels)
        self.setIconSize(QSize(side, side))
        self.setFixedSize(side + GRID, side + GRID)


def rule() -> QFrame:
    """A thin line between rows of a card."""
    made = QFrame()
    made.setObjectName("rule")
    return made


class Card(QFrame):
    """A framed part of a page with a title line; content goes into `body`.

    Args:
        title: plain name.
        detail: muted text beside it.
    """

    def __init__(self, title: str, detail: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        head = QWidget()
        self.head = QHBoxLayout(head)
        self.head.setContentsMargins(14, 8, 14, 8)
        self.head.setSpacing(GRID)
        self.title = label(title, "heading")
        self.detail = label(detail, "muted")
        self.head.addWidget(self.title)
        self.head.addWidget(self.detail)
        self.head.addStretch(1)
        outer.addWidget(head)
        outer.addWidget(rule())
        self.body = QVBoxLayout()
        self.body.setContentsMargins(14, 8, 14, 10)
        self.body.setSpacing(6)
        outer.addLayout(self.body, 1)
        self.setAccessibleName(title)


class CompactBody(QWidget):
    """Content that is scrolled only when it cannot be made small enough."""

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """The least height; a scroll area takes it for that, and would else scroll before anything shrinks."""
        layout = self.layout()
        return layout.totalMinimumHeightForWidth(width) if layout is not None else -1


class VerdictChip(QWidget):
    """A verdict: shape, then word, then colour.

    Args:
        verdict: what to show.
        theme: colours.
        text: instead of the verdict's word ("2 warnings").
    """

    def __init__(self, verdict: Verdict, theme: Theme, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._verdict = verdict
        self._text = text
        theme.changed.connect(self._restyle)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._restyle()

    def show_verdict(self, verdict: Verdict, text: str = "") -> None:
        """Show another verdict."""
        self._verdict, self._text = verdict, text
        self._restyle()

    @property
    def verdict(self) -> Verdict:
        """What is shown."""
        return self._verdict

    @property
    def text(self) -> str:
        """The word that is shown."""
        return self._text or self._verdict.value

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for shape and word."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text) + metrics.height() + 20, metrics.height() + 6)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw background, shape and word."""
        foreground, background = VERDICT_ROLES[self._verdict]
        roles = self._theme.roles
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(roles.colour(background))
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        side = self.fontMetrics().height() - 2
        top = (self.height() - side) // 2
        icon(VERDICT_ICONS[self._verdict], self._theme, foreground).paint(painter, 6, top, side, side)
        painter.setPen(roles.colour(foreground))
        painter.drawText(self.rect().adjusted(side + 11, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, self.text)

    def _restyle(self) -> None:
        font = self._theme.font(12)
        font.setWeight(font.Weight.Medium)
        self.setFont(font)
        self.setAccessibleName(self.text)
        self.updateGeometry()
        self.update()


class ErrorBox(QFrame):
    """An error where it arose: what happened, where, and what to do. Hidden while there is none.

    Args:
        theme: colours.
        parent: the widget it stands in.
        stays: it is a state rather than an event, so that it cannot be dismissed.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, stays: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName("failedBox")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(Mark(theme, "octagon-x", "failed", 18), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        self.what = WrappedText()
        self.remedy = WrappedText("muted")
        column.addWidget(self.what)
        column.addWidget(self.remedy)
        row.addLayout(column, 1)
        if not stays:
            row.addWidget(link("Dismiss", self.hide), 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_error(self, error: SeError) -> None:
        """Show an error."""
        self.what.setText(shown_error(error))
        self.remedy.setText(error.remedy)
        self.remedy.setVisible(bool(error.remedy))
        self.setAccessibleName(str(error))
        self.show()


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


def empty_layout(layout: QLayout) -> None:
    """Remove everything from a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            # Out of sight at once, or it would flash where it stood until the event loop deletes it.
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            empty_layout(inner)
