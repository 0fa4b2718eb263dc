"""Moving in the window by keyboard: Tab in the order in which things are laid out, F6 from pane to pane.

Qt's own order is that of creation: a row that is made later, a machine or a question, would come after everything else
in the window, wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QLayout,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QWidget,
)
from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def tab_order(root: QWidget) -> list[QWidget]:
    """What the Tab key reaches inside a widget, itself included, in the order of the layouts."""
    return [widget for widget in _laid_out(root) if takes_focus(widget)]


def takes_focus(widget: QWidget) -> bool:
    """Whether the Tab key stops at a widget now."""
    policy = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
    return bool(policy) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None


def _laid_out(root: QWidget) -> list[QWidget]:
    """A widget and everything inside it that is seen, each once."""
    found: dict[QWidget, None] = {}

    def walk(widget: QWidget) -> None:
        if widget.isHidden() or widget in found:
            return
        found[widget] = None
        for part in _parts(widget):
            if part is not None:
                walk(part)
        # What stands in no layout, such as the viewport of a view.
        for child in widget.children():
            if isinstance(child, QWidget) and not child.isWindow():
                walk(child)

    walk(root)
    return list(found)


def _parts(widget: QWidget) -> Iterator[QWidget | None]:
    if isinstance(widget, QSplitter):
        yield from (widget.widget(index) for index in range(widget.count()))
    elif isinstance(widget, QStackedWidget):
        yield widget.currentWidget()
    elif isinstance(widget, QScrollArea):
        yield widget.widget()
    elif isinstance(widget, QMainWindow):
        yield widget.centralWidget()
    elif (layout := widget.layout()) is not None:
        yield from _items(layout)


def _items(layout: QLayout) -> Iterator[QWidget | None]:
    if isinstance(layout, QStackedLayout):
        yield layout.currentWidget()
        return
    for index in range(layout.count()):
        item = layout.itemAt(index)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            yield widget
        elif (inner := item.layout()) is not None:
            yield from _items(inner)


def step_focus(window: QWidget, *, forward: bool) -> bool:
    """Give the focus to what comes next, around the end; tells whether there is anything that takes it."""
    order = tab_order(window)
    if not order:
        return False
    focused = QApplication.focusWidget()
    if focused in order:
        place = order.index(focused) + (1 if forward else -1)
    else:
        # It is somewhere that Tab does not stop at: go on from the nearest place before it.
        everything = _laid_out(window)
        before = everything[: everything.index(focused)] if focused in everything else []
        passed = sum(widget in before for widget in order)
        place = passed if forward else passed - 1
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    order[place % len(order)].setFocus(reason)
    return True


class Panes:
    """The panes of a window, in the order in which F6 goes through them.

    Args:
        panes: the panes; one that is hidden, or has nothing that takes the focus, is passed over.
    """

    def __init__(self, panes: Sequence[QWidget]) -> None:
        self._panes = tuple(panes)
        self._last: dict[int, QWidget] = {}

    def step(self, by: int) -> None:
        """Go to the next pane or the previous one, to where the focus was there last.

        Args:
            by: 1 or -1.
        """
        focused = QApplication.focusWidget()
        here = self._index_of(focused)
        if focused is not None and here is not None:
            self._last[here] = focused
        # From outside, the first step leads to the first or last pane.
        start = here if here is not None else (-1 if by > 0 else len(self._panes))
        for count in range(1, len(self._panes) + 1):
            index = (start + by * count) % len(self._panes)
            if (target := self._target(index)) is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def _index_of(self, widget: QWidget | None) -> int | None:
        if widget is None:
            return None
        return next(
            (number for number, pane in enumerate(self._panes) if pane is widget or pane.isAncestorOf(widget)), None
        )

    def _target(self, index: int) -> QWidget | None:
        """What takes the focus in a pane: what had it last, else the first by tab order."""
        pane = self._panes[index]
        if not pane.isVisible():
            return None
        last = self._last.get(index)
        if last is not None and isValid(last) and takes_focus(last) and pane.isAncestorOf(last):
            return last
        return next(iter(tab_order(pane)), None)
