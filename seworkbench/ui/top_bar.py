"""The bar at the top of the window: menus, the way to every command, and what is so on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenuBar, QPushButton, QSizePolicy, QWidget

from seworkbench.ui.widgets.basic import label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme

_SPACING = 12
_HEIGHT = 48
_SEARCH_WIDTH, _SEARCH_LIMIT = 420, 560
# The longest that fits is shown.
_SEARCH_TEXTS = ("Search or run a command    Ctrl K", "Search    Ctrl K", "Ctrl K")
_SEARCH_FRAME = 28


class SearchButton(QPushButton):
    """Looks like a field for text and opens the command palette. It gives its room to whatever needs it.

    Args:
        theme: sizes.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(_SEARCH_TEXTS[0])
        self._theme = theme
        self.setObjectName("search")
        self.setAccessibleName("Search or run a command")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as a line to type in."""
        return QSize(min(self._theme.pixels(_SEARCH_WIDTH), _SEARCH_LIMIT), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The keys at least."""
        return QSize(self._needed(_SEARCH_TEXTS[-1]), super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show as much text as there is room for."""
        super().resizeEvent(event)
        fitting = [text for text in _SEARCH_TEXTS if self._needed(text) <= self.width()]
        self.setText(fitting[0] if fitting else _SEARCH_TEXTS[-1])

    def _needed(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + self._theme.pixels(_SEARCH_FRAME)


class TopBar(QWidget):
    """See the module's text.

    Args:
        theme: sizes.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(_SPACING)
        self._brand = label("SE Workbench", "brand")
        row.addWidget(self._brand)
        # In this bar rather than above it: the page needs the height. Short of room it would hide its last menus.
        self.menu_bar = QMenuBar()
        self.menu_bar.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        row.addWidget(self.menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self.search = SearchButton(theme)
        row.addWidget(self.search)
        row.addStretch(1)
        self._status = QHBoxLayout()
        self._status.setSpacing(_SPACING)
        offline = label("Offline", "pill")
        offline.setToolTip(
            "This program opens no network connection by itself. "
            "When you ask it to fetch lists, it shows every address first."
        )
        self._status.addWidget(offline, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(self._status)
        self.fit()

    def add_status(self, widget: QWidget) -> None:
        """Show something on every page."""
        self._theme.dress(widget)
        self._status.insertWidget(0, widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def fit(self) -> None:
        """Take the height of the zoom."""
        self.setFixedHeight(self._theme.pixels(_HEIGHT))

    def shorten(self, short: bool) -> None:
        """Leave out what every window says in its title anyway, or show it again."""
        self._brand.setHidden(short)
