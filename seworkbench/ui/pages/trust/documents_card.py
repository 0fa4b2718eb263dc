"""The card with the table of everything imported, and the line to filter it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.pages.trust.documents_model import (
    CODE,
    HEADING,
    NAME,
    ROW,
    UNTIL,
    VERDICT,
    DocumentsFilter,
    DocumentsModel,
    Index,
)
from seworkbench.ui.pages.trust.view import Group, Row
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.basic import Card, label, offer_clearing

if TYPE_CHECKING:
    from seworkbench.ui.pages.trust.view import View
    from seworkbench.ui.theme import Theme

_ROW_HEIGHT = 21
_INDENT = 14
_GAP = 14


class _RowDelegate(QStyledItemDelegate):
    """Paints rows: headings as bands, the verdict as shape and words, the selected row with a bar at its left."""

    def __init__(self, theme: Theme, tree: _Tree) -> None:
        super().__init__(tree)
        self._theme = theme
        self._tree = tree

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        what = index.data(ROW)
        zoom = self._theme.zoom
        width = 40.0
        if isinstance(what, Row):
            metrics = QFontMetricsF(self._theme.font(12, bold=True))
            width = metrics.horizontalAdvance(str(index.data() or "")) + _GAP * zoom
            if index.column() == VERDICT:
                width += 20 * zoom
            elif index.column() == CODE:
                width = QFontMetricsF(self._theme.mono(12)).horizontalAdvance("0" * 8) + _GAP * zoom
        return QSize(round(width), round(_ROW_HEIGHT * zoom))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        what = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        if isinstance(what, Group):
            self._paint_heading(painter, rect, what, str(index.data(HEADING)))
        elif isinstance(what, Row):
            self._paint_cell(painter, rect, what, index)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, group: Group, words: str) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        whole = QRect(0, rect.top(), self._tree.viewport().width(), rect.height())
        painter.fillRect(whole, roles.colour("background"))
        font = self._theme.font(12, bold=True)
        painter.setFont(font)
        painter.setPen(roles.colour("text"))
        left = 12 * zoom
        painter.drawText(
            QRectF(left, rect.top(), 200 * zoom, rect.height()), Qt.AlignmentFlag.AlignVCenter, group.value
        )
        left += QFontMetricsF(font).horizontalAdvance(group.value) + 8 * zoom
        painter.setFont(self._theme.font(12))
        painter.setPen(roles.colour("muted"))
        painter.drawText(
            QRectF(left, rect.top(), whole.right() - left, rect.height()), Qt.AlignmentFlag.AlignVCenter, words
        )

    def _paint_cell(self, painter: QPainter, rect: QRect, row: Row, index: Index) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        chosen = self._tree.selectionModel().isSelected(index.sibling(index.row(), NAME))
        column = index.column()
        if chosen:
            painter.fillRect(rect, roles.colour("accent_background"))
            if column == NAME:
                painter.fillRect(QRect(0, rect.top(), rect.left(), rect.height()), roles.colour("accent_background"))
                painter.fillRect(QRect(0, rect.top(), round(3 * zoom), rect.height()), roles.colour("accent"))
        painter.setPen(roles.colour("line_soft"))
        painter.drawLine(0 if column == NAME else rect.left(), rect.bottom(), rect.right(), rect.bottom())
        if column == VERDICT:
            self._paint_verdict(painter, rect, row)
            return
        mono = column == CODE and _is_code(row.code)
        font = self._theme.mono(12) if mono else self._theme.font(12, bold=chosen and column == NAME)
        painter.setFont(font)
        painter.setPen(roles.colour("text" if column == NAME else "muted"))
        room = rect.adjusted(round((12 if column == NAME else 4) * zoom), 0, -round(4 * zoom), 0)
        if column == NAME and (index.model().rowCount(index) or _is_child(index)):
            # Documents stand under the name of their machine.
            if not _is_child(index):
                self._paint_chevron(
                    painter, QRect(room.left() - round(3 * zoom), room.top(), round(12 * zoom), room.height()), index
                )
            room.setLeft(room.left() + round(12 * zoom))
        text = "" if column == CODE and _is_child(index) else str(index.data() or "")
        words = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_verdict(self, painter: QPainter, rect: QRect, row: Row) -> None:
        zoom = self._theme.zoom
        foreground, background = (self._theme.roles.colour(role) for role in VERDICT_ROLES[row.verdict])
        font = self._theme.font(12)
        font.setWeight(font.Weight.Medium)
        metrics = QFontMetricsF(font)
        side = round(13 * zoom)
        room = rect.width() - 8 * zoom
        words = metrics.elidedText(row.verdict.value, Qt.TextElideMode.ElideRight, room - side - 14 * zoom)
        width = metrics.horizontalAdvance(words) + side + 15 * zoom
        chip = QRectF(rect.left() + 2 * zoom, rect.top() + 2, width, rect.height() - 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(background)
        painter.drawRoundedRect(chip, 4, 4)
        top = round(chip.top() + (chip.height() - side) / 2)
        mark = icon(VERDICT_ICONS[row.verdict], self._theme, VERDICT_ROLES[row.verdict][0])
        mark.paint(painter, round(chip.left() + 5 * zoom), top, side, side)
        painter.setFont(font)
        painter.setPen(foreground)
        painter.drawText(chip.adjusted(side + 9 * zoom, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_chevron(self, painter: QPainter, rect: QRect, index: Index) -> None:
        name = "chevron-down" if self._tree.isExpanded(index) else "chevron-right"
        icon(name, self._theme).paint(painter, rect)


class _Tree(QTreeView):
    """The table; a tree, because machines have documents."""

    resized = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Documents")
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_RowDelegate(theme, self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.clicked.connect(self._clicked)

    def _clicked(self, index: Index) -> None:
        first = index.sibling(index.row(), NAME)
        if isinstance(first.data(ROW), Row) and self.model().rowCount(first):
            self.setExpanded(first, not self.isExpanded(first))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The room is another: a scroll bar came or went, too."""
        super().resizeEvent(event)
        self.resized.emit()

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:  # noqa: N802 - Qt's name
        """The delegate draws the chevron."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Return opens and closes a machine."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._clicked(self.currentIndex())
        else:
            super().keyPressEvent(event)


class DocumentsCard(Card):
    """The table of everything imported.

    Args:
        theme: colours and fonts.
    """

    selected = Signal(str)  # key of a row
    menu_asked = Signal(str, object)  # key of a row, QPoint on the screen

    def __init__(self, theme: Theme) -> None:
        super().__init__("Documents")
        self._theme = theme
        self.model = DocumentsModel(self)
        self.filter = DocumentsFilter(self.model, self)
        self.tree = _Tree(theme)
        self.tree.setModel(self.filter)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Filter: name, serial, PHKH, file")
        self.line.setAccessibleName("Filter documents")
        offer_clearing(self.line, theme)
        self.line.textChanged.connect(self._look_for)
        self.head.addWidget(self.line, 3)
        self.none = label("No document contains these words.", "muted", wrap=True)
        self.none.hide()
        self.body.setContentsMargins(1, 0, 1, 4)
        self.body.addWidget(self.none)
        self.body.addWidget(self.tree, 1)
        self._telling = True
        # Machines whose documents are seen; kept, because a model that is reset closes them all.
        self._opened: set[str] = set()
        self.tree.expanded.connect(self._note_opened)
        self.tree.collapsed.connect(self._note_closed)
        header = self.tree.header()
        header.setStretchLastSection(True)
        header.setSectionsMovable(False)
        self.tree.selectionModel().currentRowChanged.connect(self._current_changed)
        self.tree.customContextMenuRequested.connect(self._ask_for_menu)
        theme.changed.connect(self._restyle)
        self.tree.resized.connect(self._fit_columns)
        self._restyle()

    @property
    def chosen(self) -> str:
        """Key of the selected row; empty if none is."""
        row = self.tree.currentIndex().siblingAtColumn(NAME).data(ROW)
        return row.key if isinstance(row, Row) else ""

    def show_view(self, view: View, chosen: str) -> None:
        """Show the rows of a view, with one selected."""
        first = self.model.rowCount() == 0
        if self.model.show_view(view):
            self._open_groups()
            for key in self._opened:
                self.tree.expand(self.filter.mapFromSource(self.model.index_of(key)))
            if first:
                self._fit_columns()
            self.select(chosen)
        self._tell_none()

    def select(self, key: str) -> None:
        """Select a row, without telling anybody; an unknown key selects none."""
        self._telling = False
        index = self.filter.mapFromSource(self.model.index_of(key)) if key else QModelIndex()
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        if index.isValid():
            above = index.parent()
            self.tree.expand(above)
            self.tree.selectionModel().setCurrentIndex(index, flags)
            self.tree.scrollTo(index)
        elif not key or not self.model.index_of(key).isValid():
            self.tree.selectionModel().clear()
        self._telling = True

    def _note_opened(self, index: Index) -> None:
        row = index.data(ROW)
        if isinstance(row, Row):
            self._opened.add(row.key)

    def _note_closed(self, index: Index) -> None:
        row = index.data(ROW)
        if isinstance(row, Row):
            self._opened.discard(row.key)

    def _current_changed(self, current: Index) -> None:
        row = current.sibling(current.row(), NAME).data(ROW)
        if self._telling and isinstance(row, Row):
            self.selected.emit(row.key)

    def _ask_for_menu(self, at: QPoint) -> None:
        index = self.tree.indexAt(at).siblingAtColumn(NAME)
        row = index.data(ROW)
        if isinstance(row, Row):
            self.tree.setCurrentIndex(index)
            self.menu_asked.emit(row.key, self.tree.viewport().mapToGlobal(at))

    def _look_for(self, text: str) -> None:
        self.filter.look_for(text)
        self._open_groups()
        if text.strip():
            # What was found may be a document of a machine.
            for index in self.model.machines():
                self.tree.expand(self.filter.mapFromSource(index))
        self._tell_none()

    def _tell_none(self) -> None:
        self.none.setVisible(bool(self.line.text().strip()) and not self.filter.rowCount())

    def _open_groups(self) -> None:
        for number in range(self.filter.rowCount()):
            index = self.filter.index(number, 0)
            self.tree.setFirstColumnSpanned(number, QModelIndex(), True)
            self.tree.expand(index)

    def _fit_columns(self) -> None:
        zoom = self._theme.zoom
        header = self.tree.header()
        metrics = QFontMetricsF(self._theme.font(12))
        mono = QFontMetricsF(self._theme.mono(12)).horizontalAdvance("0" * 8)
        code = max(mono, metrics.horizontalAdvance("intermediate")) + _GAP * zoom
        until = metrics.horizontalAdvance("0000-00-00") + _GAP * zoom
        verdict = metrics.horizontalAdvance("not checked") + 38 * zoom
        header.setMinimumSectionSize(round(40 * zoom))
        # Name and verdict are always seen; the others give way where room is short, the end of validity first.
        rest = self.tree.viewport().width() - verdict
        least = metrics.horizontalAdvance("0000-0000000") + 2 * _GAP * zoom
        for column, width, needed in ((CODE, code, least), (UNTIL, until, least)):
            fits = rest - width >= needed
            self.tree.setColumnHidden(column, not fits)
            if fits:
                header.resizeSection(column, round(width))
                rest -= width
        header.resizeSection(NAME, round(max(40 * zoom, rest)))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def _restyle(self) -> None:
        self.tree.doItemsLayout()
        self._fit_columns()


def _is_child(index: Index) -> bool:
    return isinstance(index.parent().data(ROW), Row)


def _is_code(text: str) -> bool:
    return bool(text) and all(sign in "0123456789abcdef" for sign in text)
