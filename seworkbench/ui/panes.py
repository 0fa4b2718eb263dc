"""Moving in the window by keyboard: Tab as one reads, F6 from pane to pane.

Qt's own order is that of creation: a row that is made later, a machine or a question, would come after everything else
in the window, wherever it stands. Here what stands in one container goes row by row, and every container as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Sequence


def tab_order(root: QWidget) -> list[QWidget]:
    """What the Tab key reaches inside a widget, itself included, in reading order."""
    return [widget for widget in _in_reading_order(root) if takes_focus(widget)]


def takes_focus(widget: QWidget) -> bool:
    """Whether the Tab key stops at a widget now."""
    policy = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
    return bool(policy) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None


def _in_reading_order(widget: QWidget) -> list[QWidget]:
    """A widget and everything inside it that is seen.

    By geometry, not by asking the layouts: their items are no objects of Qt, and handling them here while rows come
    and go ends in memory that is no more.
    """
    if widget.isHidden():
        return []
    found = [widget]
    inside = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    for child in _by_rows([child for child in inside if not child.isWindow() and not child.isHidden()]):
        found += _in_reading_order(child)
    return found


def _by_rows(widgets: list[QWidget]) -> list[QWidget]:
    """Widgets of one container row by row: what overlaps the first of a row by half its height is in that row."""
    left = sorted(widgets, key=lambda widget: (widget.y(), widget.x()))
    ordered: list[QWidget] = []
    while left:
        first = left[0]
        bottom = first.y() + first.height()
        row = [
            other
            for other in left
            if other is first or min(bottom, other.y() + other.height()) - other.y() > other.height() / 2
        ]
        ordered += sorted(row, key=QWidget.x)
        left = [other for other in left if other not in row]
    return ordered


def step_focus(window: QWidget, *, forward: bool) -> bool:
    """Give the focus to what comes next, around the end; tells whether that was possible.

    Args:
        window: the window.
        forward: whether to the next or to the previous.
    """
    focused = QApplication.focusWidget()
    if focused is not None and not focused.isVisible():
        # What had the focus is being hidden, perhaps deleted: no time to look around.
        return False
    everything = _in_reading_order(window)
    order = [widget for widget in everything if takes_focus(widget)]
    if not order:
        return False
    if focused in order:
        place = order.index(focused) + (1 if forward else -1)
    else:
        # It is somewhere that Tab does not stop at: go on from the nearest place before it.
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
