"""The command palette: every action that can be run now, and every recent file, found by typing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.actions import ActionTable
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench

_WIDTH = 520
_ROWS = 12
_ROW_HEIGHT = 26
_DETAIL = Qt.ItemDataRole.UserRole + 1
# Between a command and what stands at the right of it.
_GAP = 24
_EDGE = 8


class _EntryDelegate(QStyledItemDelegate):
    """A command, and at the right its keys or the folder of its file.

    Args:
        theme: colours.
        parent: the list.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All rows are equally high, so that the last one that is seen is seen whole."""
        return QSize(super().sizeHint(option, index).width(), self._theme.pixels(_ROW_HEIGHT))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a row."""
        super().paint(painter, option, index)
        metrics, place = option.fontMetrics, option.rect.adjusted(0, 0, -_EDGE, 0)
        room = place.width() - metrics.horizontalAdvance(index.data()) - _GAP
        detail = metrics.elidedText(index.data(_DETAIL), Qt.TextElideMode.ElideMiddle, max(room, 0))
        chosen = QStyle.StateFlag.State_Selected in option.state
        painter.setFont(option.font)
        painter.setPen(self._theme.roles.colour("on_accent" if chosen else "muted"))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, detail)


class CommandPalette(QDialog):
    """A line to type in and what matches below it.

    Args:
        table: the actions.
        workbench: for the recent files.
        parent: the window.
    """

    def __init__(self, table: ActionTable, workbench: Workbench, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAccessibleName("Command palette")
        self.setFixedWidth(round(_WIDTH * workbench.theme.zoom))
        self._entries: list[tuple[str, str, Callable[[], None]]] = [
            (action.text, action.shortcut, partial(table.run, action.id)) for action in table.possible()
        ]
        self._entries += [
            (f"Open {Path(path).name}", str(Path(path).parent), partial(self._offer, workbench, path))
            for path in workbench.settings.recent
        ]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type a command or the name of a recent file")
        self.line.setAccessibleName("Search")
        self.line.textChanged.connect(self._filter)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Matching commands")
        self.list.setItemDelegate(_EntryDelegate(workbench.theme, self.list))
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self._filter("")
        self.list.setFixedHeight(_ROWS * workbench.theme.pixels(_ROW_HEIGHT))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Arrow keys move in the list, Return runs, while the line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
            if event.key() in moves:
                row = self.list.currentRow() + moves[Qt.Key(event.key())]
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, row)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if (item := self.list.currentItem()) is not None:
                    self._run(item)
                return True
        return super().eventFilter(watched, event)

    def _filter(self, typed: str) -> None:
        words = typed.lower().split()
        self.list.clear()
        for index, (text, detail, _) in enumerate(self._entries):
            if all(word in f"{text} {detail}".lower() for word in words):
                # Made by the list: one made here may be collected before Qt deletes it, which ends the program.
                self.list.addItem(text)
                item = self.list.item(self.list.count() - 1)
                item.setData(Qt.ItemDataRole.UserRole, index)
                item.setData(_DETAIL, detail)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, {detail}" if detail else text)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem) -> None:
        _, _, run = self._entries[item.data(Qt.ItemDataRole.UserRole)]
        self.close()
        run()

    @staticmethod
    def _offer(workbench: Workbench, path: str) -> None:
        workbench.files_offered.emit([Path(path)])
