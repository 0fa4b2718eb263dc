"""The table of everything imported as a Qt model: groups, machines and documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from seworkbench.ui.pages.trust.view import Group, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.ui.pages.trust.view import View

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Name", "PHKH, role", "Valid until", "Verdict")
NAME, CODE, UNTIL, VERDICT = range(len(COLUMNS))
ROW = Qt.ItemDataRole.UserRole  # Row, or Group for a heading
HEADING = Qt.ItemDataRole.UserRole + 1  # words beside a heading
_INVALID = QModelIndex()
# Asked for with every row; putting flags together takes its time.
_ROW_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Node:
    """A place in the tree. Qt keeps bare pointers to these, so they live as long as the model shows them."""

    __slots__ = ("children", "depth", "heading", "parent", "position", "what")

    def __init__(self, what: Row | Group | None, parent: _Node | None, position: int, heading: str = "") -> None:
        self.what = what
        self.parent = parent
        self.position = position
        self.depth: int = parent.depth + 1 if parent else 0
        self.heading = heading
        self.children: list[_Node] = []

    def add(self, what: Row | Group, heading: str = "") -> _Node:
        made = _Node(what, self, len(self.children), heading)
        self.children.append(made)
        return made

    def walk(self) -> Iterator[_Node]:
        for child in self.children:
            yield child
            yield from child.walk()


class DocumentsModel(QAbstractItemModel):
    """The rows of a view."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = _Node(None, None, 0)
        self._by_key: dict[str, _Node] = {}
        # Nodes of before: whoever still holds an index into them must not meet freed memory.
        self._before: _Node | None = None

    def show_view(self, view: View) -> bool:
        """Show a view; rows that are the same ones are only painted anew.

        Returns:
            whether the rows are others now, so that selection and opened rows are lost.
        """
        shown = list(_rows(view))
        nodes = list(self._root.walk())
        if [_key(*row[:2]) for row in shown] != [_key(node.depth, node.what) for node in nodes]:
            self.beginResetModel()
            self._before, self._root = self._root, _tree(view)
            self._by_key = {node.what.key: node for node in self._root.walk() if isinstance(node.what, Row)}
            self.endResetModel()
            return True
        # Made anew only where it has to be: while the instant is dragged this runs for every row, many times a second.
        changed: dict[_Node | None, list[_Node]] = {}
        for node, (_depth, what, heading) in zip(nodes, shown, strict=True):
            if (node.what is not what and node.what != what) or node.heading != heading:
                node.what, node.heading = what, heading
                changed.setdefault(node.parent, []).append(node)
        # Told once for all below the same row: telling takes longer than painting one row too many.
        for below in changed.values():
            first, last = below[0], below[-1]
            self.dataChanged.emit(
                self.createIndex(first.position, 0, first), self.createIndex(last.position, VERDICT, last)
            )
        return False

    def index_of(self, key: str) -> QModelIndex:
        """The index of a row by its key; an invalid one if there is none."""
        node = self._by_key.get(key)
        return self.createIndex(node.position, 0, node) if node is not None else QModelIndex()

    def machines(self) -> list[QModelIndex]:
        """The rows that have rows below them."""
        return [
            self.createIndex(node.position, 0, node)
            for node in self._root.walk()
            if node.children and isinstance(node.what, Row)
        ]

    # --- as Qt asks

    def index(self, row: int, column: int, parent: Index = _INVALID) -> QModelIndex:
        """The index of a child."""
        # Not `hasIndex`, which asks back twice for each of a thousand rows.
        below = [] if parent.column() > 0 else self._node(parent).children
        if not (0 <= row < len(below) and 0 <= column < len(COLUMNS)):
            return QModelIndex()
        return self.createIndex(row, column, below[row])

    def parent(self, child: Index = _INVALID) -> QModelIndex:  # type: ignore[override]  # QObject has one, too
        """The index above."""
        if not child.isValid():
            return QModelIndex()
        above = self._node(child).parent
        if above is None or above.parent is None:
            return QModelIndex()
        return self.createIndex(above.position, 0, above)

    def rowCount(self, parent: Index = _INVALID) -> int:  # noqa: N802 - Qt's name
        """Number of children; only the first column has any."""
        return 0 if parent.column() > 0 else len(self._node(parent).children)

    def hasChildren(self, parent: Index = _INVALID) -> bool:  # noqa: N802 - Qt's name
        """Whether there are any; Qt asks for every row that it lays out."""
        return parent.column() <= 0 and bool(self._node(parent).children)

    def columnCount(self, _parent: Index = _INVALID) -> int:  # noqa: N802 - Qt's name
        """Number of columns."""
        return len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What is in a cell."""
        if not index.isValid():
            return None
        node = self._node(index)
        if role in (ROW, HEADING):
            return node.what if role == ROW else node.heading
        if isinstance(node.what, Group):
            shown = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return f"{node.what.value}, {node.heading}" if shown and index.column() == NAME else None
        assert isinstance(node.what, Row)  # noqa: S101 - only the root, which has no index, has neither
        return _said(node.what, index.column(), role)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The words above a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section] if 0 <= section < len(COLUMNS) else None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be selected."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if isinstance(self._node(index).what, Group):
            return Qt.ItemFlag.ItemIsEnabled
        return _ROW_FLAGS

    def _node(self, index: Index) -> _Node:
        node = index.internalPointer() if index.isValid() else self._root
        assert isinstance(node, _Node)  # noqa: S101 - what createIndex was given
        return node


class DocumentsFilter(QSortFilterProxyModel):
    """Shows the rows that contain all words that were typed, with what stands above and below them."""

    def __init__(self, model: DocumentsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setRecursiveFilteringEnabled(True)
        self.setAutoAcceptChildRows(False)
        self.setSourceModel(model)

    def look_for(self, text: str) -> None:
        """Show rows that contain these words."""
        words = text.lower().split()
        if words != self._words:
            self.beginFilterChange()
            self._words = words
            self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Whether a row has all words; headings are there for what is below them."""
        if not self._words:
            return True
        what = self.sourceModel().index(row, 0, parent).data(ROW)
        return isinstance(what, Row) and all(word in what.searched for word in self._words)


def _tree(view: View) -> _Node:
    root = _Node(None, None, 0)
    for group, heading, rows in view.groups:
        below = root.add(group, heading)
        for row in rows:
            made = below.add(row)
            for child in row.children:
                made.add(child)
    return root


def _rows(view: View) -> Iterator[tuple[int, Row | Group, str]]:
    """Depth, content and heading of every node, in the order in which `walk` meets them."""
    for group, heading, rows in view.groups:
        yield 1, group, heading
        for row in rows:
            yield 2, row, ""
            for child in row.children:
                yield 3, child, ""


def _key(depth: int, what: Row | Group | None) -> tuple[int, str]:
    return depth, what.key if isinstance(what, Row) else str(what)


def _cell(row: Row, column: int) -> str:
    if column == NAME:
        return row.name
    if column == CODE:
        return row.code
    if column == UNTIL:
        return f"{row.until:%Y-%m-%d}" if row.until else ""
    return row.word


def _said(row: Row, column: int, role: int) -> str | None:
    text = _cell(row, column)
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return f"{text}, {row.word}" if column == NAME else f"{COLUMNS[column]} {text}"
    if role == Qt.ItemDataRole.ToolTipRole:
        return f"{row.name}\n{row.word}"
    return text if role == Qt.ItemDataRole.DisplayRole else None
