"""All cases of the workspace as a table, and what may be done with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QTableView,
)

from seworkbench.checks import Verdict
from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.pages.attestation.case import CaseState
from seworkbench.ui.pages.attestation.case_list import TITLE_LIMIT
from seworkbench.ui.pages.attestation.rows_model import Index, RowsModel
from seworkbench.ui.pasted import PASTED
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.basic import Card, button
from seworkbench.workspace.cases import CaseFile

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QKeyEvent, QResizeEvent
    from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

    from seworkbench.ui.theme import Theme
    from seworkbench.workspace.cases import AttestationCase

_TITLE, _BEGUN, _CHANGED, _IMAGE, _MACHINE, _VERDICT = range(6)
_ROW = 26
_EDITOR_ROOM = 70
_LEAST = 140  # a few rows
# Unscaled: columns whose texts may be long, and the width of the card from which on a column is shown.
_WIDTHS = {_TITLE: 150, _IMAGE: 130}
_NEEDED = {_BEGUN: 1100, _IMAGE: 680, _MACHINE: 540}


class CasesModel(RowsModel["tuple[AttestationCase, CaseState]"]):
    """The cases.

    Args:
        theme: colours of the verdicts.
    """

    COLUMNS = ("Case", "Begun, UTC", "Last change, UTC", "Image or header", "Machine", "Verdict")

    renamed = Signal(int, str)  # number of a case, and what it is to be called

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def show_cases(self, cases: tuple[AttestationCase, ...]) -> None:
        """Show other cases."""
        self.show_rows(tuple((case, CaseState.from_json(case.state)) for case in cases))

    def number(self, row: int) -> int:
        """Number of the case in a row."""
        return self.rows[row][0].id

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts and signs of a case."""
        if not index.isValid():
            return None
        case, state = self.rows[index.row()]
        column = index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return _text(case, state, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return state.said if column == _VERDICT else _text(case, state, column)
        if role == Qt.ItemDataRole.DecorationRole and column == _VERDICT:
            verdict = verdict_of(state)
            return icon(VERDICT_ICONS[verdict], self._theme, VERDICT_ROLES[verdict][0])
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The title can be changed in its place."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() and index.column() == _TITLE else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802 - Qt's name
        """Take another title; an empty one is not taken."""
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or index.column() != _TITLE or not title:
            return False
        case, state = self.rows[index.row()]
        rows = list(self.rows)
        # Seen at once; the list is read anew when it is written.
        rows[index.row()] = (replace(case, title=title), state)
        self.rows = tuple(rows)
        self.dataChanged.emit(index, index)
        self.renamed.emit(case.id, title)
        return True


def verdict_of(state: CaseState) -> Verdict:
    """What a case came to."""
    return next((verdict for verdict in Verdict if verdict.value == state.verdict), Verdict.NOT_CHECKED)


def _text(case: AttestationCase, state: CaseState, column: int) -> str:
    if column == _TITLE:
        return case.title
    if column == _BEGUN:
        return f"{case.created_at:%Y-%m-%d %H:%M}"
    if column == _CHANGED:
        return f"{case.changed_at:%Y-%m-%d %H:%M}"
    if column == _IMAGE:
        return Path(state.header_path).name or (PASTED if CaseFile.HEADER in case.files else "none yet")
    if column == _MACHINE:
        return "SIMULATED" if state.simulated else ("real" if CaseFile.RESPONSE in case.files else "none yet")
    return f"{verdict_of(state).value}: {state.said}" if state.said else verdict_of(state).value


class _Table(QTableView):
    """A table in which Return opens a row."""

    opened = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Return; while a title is edited it is about the title."""
        edits = self.state() == QAbstractItemView.State.EditingState
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid() and not edits:
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class _TitleEditor(QStyledItemDelegate):
    """Edits a title in a line that has room for a longer one than stands there."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802 - Qt's name
        """A line."""
        editor = super().createEditor(parent, option, index)
        if isinstance(editor, QLineEdit):
            editor.setMaxLength(TITLE_LIMIT)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802 - Qt's name
        """As wide as it needs to be, over what stands beside it."""
        super().updateEditorGeometry(editor, option, index)
        place = editor.geometry()
        text = editor.fontMetrics().horizontalAdvance(str(index.data()))
        editor.setGeometry(place.x(), place.y(), max(place.width(), text + _EDITOR_ROOM), place.height())


class CasesCard(Card):
    """The table with its buttons.

    Args:
        theme: colours.
    """

    open_asked = Signal(int)  # number of a case
    rename_asked = Signal(int, str)  # and what it is to be called
    delete_asked = Signal(int)
    menu_asked = Signal(QPoint)  # of what can be done with the selected case, and where on the screen

    def __init__(self, theme: Theme) -> None:
        super().__init__("Cases")
        self._theme = theme
        self.model = CasesModel(theme, self)
        self.table = _Table()
        self.table.setModel(self.model)
        self.table.setObjectName("cases")
        self.table.setAccessibleName("Cases")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        # What a case came to is a sentence: a row is as high as that needs.
        self.table.setWordWrap(True)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for column in (_BEGUN, _CHANGED, _MACHINE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setItemDelegateForColumn(_TITLE, _TitleEditor(self.table))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.opened.connect(self.open_chosen)
        self.table.doubleClicked.connect(self.open_chosen)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._ask_for_menu)
        self.model.renamed.connect(self.rename_asked)
        self.open = button("Open", self.open_chosen)
        self.rename = button("Rename", self.edit_title)
        self.remove = button("Delete…", self._delete)
        for made in (self.remove, self.rename, self.open):
            made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            self.head.addWidget(made)
        # The buttons alone decide how narrow the card can be.
        self.detail.setMinimumWidth(1)
        self.body.setContentsMargins(1, 0, 1, 4)
        self.table.setMinimumHeight(_LEAST)
        self.body.addWidget(self.table, 1)
        self.table.selectionModel().selectionChanged.connect(self._allow)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._allow()

    def show_cases(self, cases: tuple[AttestationCase, ...]) -> None:
        """Show other cases; the selection stays if its case does."""
        chosen = self.chosen()
        self.model.show_cases(cases)
        self.detail.setText(f"{len(cases)} in this workspace" if cases else "")
        for row in range(self.model.rowCount()):
            if self.model.number(row) == chosen:
                self.table.selectRow(row)
        self._allow()

    def chosen(self) -> int | None:
        """Number of the selected case; None if none is."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.number(rows[0].row()) if rows else None

    def edit_title(self) -> None:
        """Have another title typed for the selected case, in its place."""
        rows = self.table.selectionModel().selectedRows()
        # Qt complains about what is edited already.
        if rows and self.table.state() != QAbstractItemView.State.EditingState:
            self.table.edit(self.model.index(rows[0].row(), _TITLE))

    def _ask_for_menu(self, at: QPoint) -> None:
        if self.chosen() is not None:
            self.menu_asked.emit(self.table.viewport().mapToGlobal(at))

    def open_chosen(self) -> None:
        """Open the selected case."""
        if (number := self.chosen()) is not None:
            self.open_asked.emit(number)

    def _delete(self) -> None:
        if (number := self.chosen()) is not None:
            self.delete_asked.emit(number)

    def _allow(self) -> None:
        for made in (self.open, self.rename, self.remove):
            made.setEnabled(self.chosen() is not None)

    def _restyle(self) -> None:
        self.table.verticalHeader().setMinimumSectionSize(self._theme.pixels(_ROW))
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, self._theme.pixels(width))
        self._fit(self.table.width())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave out what matters least where there is no room for all columns."""
        super().resizeEvent(event)
        self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        for column, needed in _NEEDED.items():
            self.table.setColumnHidden(column, width < self._theme.pixels(needed))
        self.detail.setVisible(width >= self._theme.pixels(_NEEDED[_MACHINE]))
