"""The settings in a window of their own: what can be chosen, what is remembered, and where it is kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from seworkbench.ui.paths import shown_path
from seworkbench.ui.theme import LARGEST_ZOOM, SMALLEST_ZOOM, ThemeChoice
from seworkbench.ui.widgets.basic import GRID, Card, IconButton, button, label, link, rule
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.segments import Segments
from seworkbench.ui.widgets.switch import SwitchButton
from seworkbench.workspace.places import workspace_path

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from seworkbench.ui.workbench import Workbench

_SIZE = QSize(640, 470)
_NAME_WIDTH = 150
_THEMES = (
    (ThemeChoice.SYSTEM, "System"),
    (ThemeChoice.LIGHT, "Light"),
    (ThemeChoice.DARK, "Dark"),
    (ThemeChoice.HIGH_CONTRAST, "High contrast"),
)


class SettingsWindow(QWidget):
    """Everything holds at once, and is kept at once: there is nothing to confirm.

    Args:
        workbench: whose settings they are.
    """

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._workbench = workbench
        self._names: list[QLabel] = []
        self.setWindowTitle("SE Workbench settings")
        self.setObjectName("page")
        self.themes = Segments(
            tuple((choice.value, text) for choice, text in _THEMES),
            lambda value: workbench.choose_theme(ThemeChoice(value)),
            "Theme",
        )
        self.smaller = IconButton(workbench.theme, "minus", "Smaller text", partial(workbench.zoom_by, -1))
        self.zoom = label()
        self.larger = IconButton(workbench.theme, "plus", "Larger text", partial(workbench.zoom_by, 1))
        self.normal = link("Back to normal", self._back_to_normal)
        self.keep_recent = SwitchButton(workbench.theme, "Recent files are kept")
        self.keep_recent.clicked.connect(workbench.keep_recent)
        self.recent = label("", "small", wrap=True)
        self.forget = link("Forget them", workbench.forget_recent)
        self.workspace = Elided()
        self.usual = link("Use the usual one", partial(self._forget, "workspace"))
        self.machine = Elided()
        self.no_machine = link("Forget it", partial(self._forget, "machine"))
        self.place = Elided(shown_path(workbench.settings_path), "small")
        self.copy_place = link("Copy path", self._copy_place)
        self._lay_out()
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._leave)
        workbench.theme.changed.connect(self.refresh)
        workbench.recent_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what holds now."""
        settings, theme = self._workbench.settings, self._workbench.theme
        self.themes.choose(theme.choice.value)
        self.zoom.setText(f"{theme.zoom:.0%}".replace("%", "\u00a0%"))
        self.smaller.setEnabled(theme.zoom > SMALLEST_ZOOM)
        self.larger.setEnabled(theme.zoom < LARGEST_ZOOM)
        self.normal.setVisible(theme.choice is not ThemeChoice.SYSTEM or theme.zoom != 1)
        self.keep_recent.setChecked(settings.keep_recent)
        count = len(settings.recent)
        files = f"{count} file{'' if count == 1 else 's'}"
        self.recent.setText(
            f"{files} in the list of the first page; paths only, and never that of a key."
            if settings.keep_recent
            else "The first page lists neither files nor images. What was kept is gone."
        )
        self.forget.setVisible(bool(count))
        usual = not settings.workspace or Path(settings.workspace) == workspace_path()
        self.workspace.show_text("the usual one" if usual else shown_path(Path(settings.workspace)))
        self.usual.setVisible(not usual)
        self.machine.show_text(shown_path(Path(settings.machine)) if settings.machine else "none")
        self.no_machine.setVisible(bool(settings.machine))
        for name in self._names:
            name.setFixedWidth(theme.pixels(_NAME_WIDTH))
        self.setMinimumSize(theme.pixels(_SIZE.width()), theme.pixels(_SIZE.height()))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """The focus is on what holds: its frame on another theme would look like a second choice."""
        super().showEvent(event)
        self.themes.buttons[self._workbench.theme.choice.value].setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        look = Card("Look")
        look.body.addLayout(self._row("Theme", self.themes, way=self.normal))
        look.body.addWidget(rule())
        look.body.addLayout(self._row("Text size", self.smaller, self.zoom, self.larger))
        recent = Card("Recent files")
        recent.body.addLayout(self._row("Kept", self.keep_recent, way=self.forget))
        recent.body.addWidget(self.recent)
        start = Card("Opened at the start")
        start.body.addLayout(self._row("Workspace", self.workspace, way=self.usual))
        start.body.addWidget(rule())
        start.body.addLayout(self._row("Simulated machine", self.machine, way=self.no_machine))
        for card in (look, recent, start):
            column.addWidget(card)
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(label("Kept in", "small"))
        foot.addWidget(self.place, 1)
        foot.addWidget(self.copy_place)
        foot.addWidget(button("Close", self._leave))
        column.addLayout(foot)

    def _row(self, name: str, *values: QWidget, way: QWidget | None = None) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(title := label(name))
        self._names.append(title)
        for value in values:
            row.addWidget(value)
        if not isinstance(values[-1], Elided):  # which takes the room itself
            row.addStretch(1)
        if way is not None:
            row.addWidget(way)
        return row

    def _back_to_normal(self) -> None:
        self._workbench.choose_theme(ThemeChoice.SYSTEM)
        self._workbench.set_zoom(1)

    def _forget(self, name: str) -> None:
        setattr(self._workbench.settings, name, "")
        self._workbench.save_settings()
        self.refresh()

    def _leave(self) -> None:
        self.close()

    def _copy_place(self) -> None:
        QGuiApplication.clipboard().setText(str(self._workbench.settings_path))
