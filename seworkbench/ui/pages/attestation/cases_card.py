"""All cases of the workspace as a table, and what may be done with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from seworkbench.checks import Verdict
from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.pages.attestation.case import CaseState
from seworkbench.ui.pages.attestation.rows_model import Index, RowsModel
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.basic import Card, button

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QKeyEvent

    from seworkbench.ui.theme import Theme
    from seworkbench.workspace.cases import AttestationCase

_TITLE, _BEGUN, _IMAGE, _MACHINE, _VERDICT = range(5)
_ROW = 26


class CasesModel(RowsModel["tuple[AttestationCase, CaseState]"]):
    """The cases.

    Args:
        theme: colours of the verdicts.
    """

    COLUMNS = ("Case", "Begun, UTC", "Image or header", "Machine", "Verdict")

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
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(case, state, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return state.said if column == _VERDICT else _text(case, state, column)
        if role == Qt.ItemDataRole.DecorationRole and column == _VERDICT:
            verdict = verdict_of(state)
            return icon(VERDICT_ICONS[verdict], self._theme, VERDICT_ROLES[verdict][0])
        return None


def verdict_of(state: CaseState) -> Verdict:
    """What a case came to."""
    return next((verdict for verdict in Verdict if verdict.value == state.verdict), Verdict.NOT_CHECKED)


def _text(case: AttestationCase, state: CaseState, column: int) -> str:
    if column == _TITLE:
        return case.title
    if column == _BEGUN:
        return f"{case.created_at:%Y-%m-%d %H:%M}"
    if column == _IMAGE:
        return Path(state.header_path).name or "none yet"
    if column == _MACHINE:
        return "SIMULATED" if state.simulated else ("real" if state.response_path else "none yet")
    return f"{verdict_of(state).value}: {state.said}" if state.said else verdict_of(state).value


class _Table(QTableView):
    """A table in which Return opens a row and Delete removes it."""

    opened = Signal(int)
    removed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Return and Delete."""
        row = self.currentIndex().row()
        if row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(row)
        elif row >= 0 and event.key() == Qt.Key.Key_Delete:
            self.removed.emit(row)
        else:
            super().keyPressEvent(event)


class CasesCard(Card):
    """The table with its buttons.

    Args:
        theme: colours.
    """

    open_asked = Signal(int)  # number of a case
    delete_asked = Signal(int)

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
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for column in (_TITLE, _BEGUN, _IMAGE, _MACHINE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.opened.connect(lambda row: self.open_asked.emit(self.model.number(row)))
        self.table.removed.connect(lambda row: self.delete_asked.emit(self.model.number(row)))
        self.table.doubleClicked.connect(lambda index: self.open_asked.emit(self.model.number(index.row())))
        self.open = button("Open", self._open)
        self.remove = button("Delete…", self._delete)
        for made in (self.remove, self.open):
            self.head.addWidget(made)
        self.body.setContentsMargins(1, 0, 1, 4)
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

    def _open(self) -> None:
        if (number := self.chosen()) is not None:
            self.open_asked.emit(number)

    def _delete(self) -> None:
        if (number := self.chosen()) is not None:
            self.delete_asked.emit(number)

    def _allow(self) -> None:
        for made in (self.open, self.remove):
            made.setEnabled(self.chosen() is not None)

    def _restyle(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(self._theme.pixels(_ROW))
