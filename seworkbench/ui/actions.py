"""One table of actions feeds menus, shortcuts, the command palette and context menus.

What is not in the table does not exist as a command; what is in it can be reached by every one of these ways. The keys
of a page are its own while it is shown: another one may use them for something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from seworkbench.ui.icons import icon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtWidgets import QMenuBar, QWidget

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
        shortcut: keys, in Qt's portable text form; those of a page hold while it is shown.
        icon: name of an icon.
        possible: tells whether it can be run now.
        page: name of the page it belongs to; empty if it works everywhere.
        also: further keys for the same, for instance where a line of text keeps the first for itself.
        holds: tells whether what it chooses is so now, which menus mark; None if it chooses nothing.
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
    holds: Callable[[], bool] | None = None


class ActionTable:
    """The actions of a window as Qt actions.

    Args:
        window: receives the shortcuts.
        theme: colours of the icons.
        pages: names of the pages, in the order in which menus show their actions.
        current_page: tells which page is shown; actions of other pages cannot be run.
        complete: adds what is not in the table yet; called before a menu is seen.
    """

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        pages: Sequence[str],
        current_page: Callable[[], str],
        complete: Callable[[], None],
    ) -> None:
        self._window = window
        self._theme = theme
        self._rank = {name: number for number, name in enumerate(("", *pages))}
        self._current_page = current_page
        self._complete = complete
        self._actions: dict[str, tuple[Action, QAction]] = {}
        self._menus: dict[str, QMenu] = {}

    def add(self, actions: Iterable[Action]) -> None:
        """Take actions into the table, and into the menus."""
        added = tuple(actions)
        for action in added:
            if action.id in self._actions:
                raise ValueError(f"two actions are called {action.id}")
            made = QAction(action.text, self._window)
            made.setObjectName(action.id)
            self._show_here(action, made)
            made.setCheckable(action.holds is not None)
            if action.shortcut:
                made.setShortcuts([QKeySequence(keys) for keys in (action.shortcut, *action.also)])
            if action.icon:
                made.setIcon(icon(action.icon, self._theme))
            made.triggered.connect(lambda _checked=False, chosen=action: self._run(chosen))
            self._window.addAction(made)
            self._actions[action.id] = (action, made)

        # Pages come when they are needed; their actions are found in the order of the rail all the same.
        ordered = sorted(self._actions.values(), key=lambda pair: self._rank[pair[0].page])
        self._actions = {action.id: (action, made) for action, made in ordered}
        for name in {action.menu for action in added} & self._menus.keys():
            self._fill_menu(name)

    def make_menus(self, bar: QMenuBar) -> None:
        """Make the menus; they show what is in the table at any time."""
        for name in MENUS:
            menu = self._menus[name] = bar.addMenu(name)
            menu.aboutToShow.connect(self.refresh)
            menu.aboutToHide.connect(lambda: QTimer.singleShot(0, self._window, self._release))
            self._fill_menu(name)

    def _fill_menu(self, name: str) -> None:
        menu = self._menus[name]
        menu.clear()
        page = ""
        for action, made in self._actions.values():
            if action.menu != name:
                continue
            if action.page != page and not menu.isEmpty():
                menu.addSeparator()
            page = action.page
            menu.addAction(made)

    def context_menu(self, action_ids: Iterable[str]) -> QMenu:
        """A menu of those of some actions that can be run now, in the order given; an empty id parts groups."""
        menu = QMenu(self._window)
        for action_id in action_ids:
            if not action_id:
                menu.addSeparator()
            elif self._can_run(self._actions[action_id][0]):
                menu.addAction(self.qt(action_id))
        return menu

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
        self._complete()
        for action, made in self._actions.values():
            made.setEnabled(self._can_run(action))
            if action.holds is not None:
                made.setChecked(action.holds())

    def turn_to_page(self) -> None:
        """Another page is shown: menus and keys are those of its actions now."""
        # Qt passes over the keys of what is disabled. What cannot be run now stays enabled after a menu showed it: its
        # keys must reach it as soon as it can be; `_run` asks again.
        for action, made in self._actions.values():
            self._show_here(action, made)

    def _release(self) -> None:
        if not any(menu.isVisible() for menu in self._menus.values()):
            self.turn_to_page()

    def run(self, action_id: str) -> None:
        """Run an action, if it can be run now."""
        self._run(self._actions[action_id][0])

    def _run(self, action: Action) -> None:
        if self._can_run(action):
            action.run()

    def _show_here(self, action: Action, made: QAction) -> None:
        here = self._is_here(action)
        made.setEnabled(here)
        made.setVisible(here)

    def _is_here(self, action: Action) -> bool:
        return not action.page or action.page == self._current_page()

    def _can_run(self, action: Action) -> bool:
        return self._is_here(action) and action.possible()
