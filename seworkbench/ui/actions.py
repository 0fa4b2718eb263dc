"""One table of actions feeds menus, shortcuts, the command palette and context menus.

What is not in the table does not exist as a command; what is in it can be reached by every one of these ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QKeySequence

from seworkbench.ui.icons import icon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

    from seworkbench.ui.theme import Theme

MENUS = ("File", "Edit", "Go", "View", "Help")


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """A command.

    Args:
        id: stable dotted name ("inspect.find").
        text: what it does, as in a menu.
        menu: one of MENUS.
        run: what to do.
        shortcut: keys, in Qt's portable text form.
        also: further keys for the same, for instance where a line of text keeps the first for itself.
        icon: name of an icon.
        possible: tells whether it can be run now.
        page: name of the page it belongs to; empty if it works everywhere.
    """

    id: str
    text: str
    menu: str
    run: Callable[[], None]
    shortcut: str = ""
    icon: str = ""
    possible: Callable[[], bool] = _always
    page: str = ""
    also: tuple[str, ...] = ()


class ActionTable:
    """The actions of a window as Qt actions.

    Args:
        window: receives the shortcuts.
        theme: colours of the icons.
        current_page: tells which page is shown; actions of other pages cannot be run.
    """

    def __init__(self, window: QWidget, theme: Theme, current_page: Callable[[], str]) -> None:
        self._window = window
        self._theme = theme
        self._current_page = current_page
        self._actions: dict[str, tuple[Action, QAction]] = {}
        self._menus: list[QMenu] = []

    def add(self, actions: Iterable[Action]) -> None:
        """Take actions into the table."""
        for action in actions:
            if action.id in self._actions:
                raise ValueError(f"two actions are called {action.id}")
            made = QAction(action.text, self._window)
            made.setObjectName(action.id)
            if action.shortcut:
                made.setShortcuts([QKeySequence(keys) for keys in (action.shortcut, *action.also)])
            if action.icon:
                made.setIcon(icon(action.icon, self._theme))
            made.triggered.connect(lambda _checked=False, chosen=action: self._run(chosen))
            self._window.addAction(made)
            self._actions[action.id] = (action, made)

    def fill(self, bar: QMenuBar) -> None:
        """Build the menus."""
        for name in MENUS:
            entries = [pair for pair in self._actions.values() if pair[0].menu == name]
            if not entries:
                continue
            menu = bar.addMenu(name)
            menu.aboutToShow.connect(self.refresh)
            menu.aboutToHide.connect(lambda: QTimer.singleShot(0, self._window, self._release))
            self._menus.append(menu)
            page = ""
            for action, made in entries:
                if action.page != page and not menu.isEmpty():
                    menu.addSeparator()
                page = action.page
                menu.addAction(made)

    def qt(self, action_id: str) -> QAction:
        """The Qt action of that id, for buttons and context menus."""
        return self._actions[action_id][1]

    def possible(self) -> list[Action]:
        """The actions that can be run now, in table order."""
        return [action for action, _ in self._actions.values() if self._can_run(action)]

    def all(self) -> list[Action]:
        """Every action."""
        return [action for action, _ in self._actions.values()]

    def refresh(self) -> None:
        """Enable what can be run now, and nothing else: for a menu that is about to be seen."""
        for action, made in self._actions.values():
            made.setEnabled(self._can_run(action))

    def _release(self) -> None:
        # A shortcut must reach its action whatever was possible when a menu was last seen; `_run` asks again.
        if not any(menu.isVisible() for menu in self._menus):
            for _, made in self._actions.values():
                made.setEnabled(True)

    def run(self, action_id: str) -> None:
        """Run an action, if it can be run now."""
        self._run(self._actions[action_id][0])

    def _run(self, action: Action) -> None:
        if self._can_run(action):
            action.run()

    def _can_run(self, action: Action) -> bool:
        return action.page in ("", self._current_page()) and action.possible()
