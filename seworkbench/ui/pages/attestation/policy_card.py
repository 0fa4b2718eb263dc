"""Step 6: a table of the policies, from the question to the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from seworkbench.checks import Verdict
from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.pages.attestation.policy_rows import PolicyRow, is_verified, policy_rows
from seworkbench.ui.pages.attestation.rows_model import NO_INDEX, Index, RowsModel
from seworkbench.ui.pages.attestation.step_card import StepCard
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.basic import label
from seworkbench.ui.widgets.elided import Elided

if TYPE_CHECKING:
    from seworkbench.ui.pages.attestation.session import AttestationSession
    from seworkbench.ui.theme import Theme
    from seworkbench.ui.workbench import Workbench

_QUESTION, _ASKED, _ANSWER, _VERDICT = range(4)
_ROW, _HEAD = 22, 22
ROW = Qt.ItemDataRole.UserRole
# Unscaled: what stands around the text of a cell, and what the sign and margins of a verdict take.
_AROUND, _CHIP = 24, 52
# Where there is no room for all, columns give way in this order, down to this part of the whole.
_GIVES_WAY = ((_ASKED, 0.14), (_VERDICT, 0.32), (_ANSWER, 0.24), (_QUESTION, 0.16), (_VERDICT, 0.2))


class PolicyModel(RowsModel[PolicyRow]):
    """The policies."""

    COLUMNS = ("Question", "Asked for", "Answer", "Verdict")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts of a policy."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            verdict = f"{row.verdict.value}: {row.reason}" if row.reason else row.verdict.value
            return (row.question, row.asked, row.answer, verdict)[index.column()]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return row.check.reason or row.check.title
        if role == ROW:
            return row
        return None


class _Delegate(QStyledItemDelegate):
    """Paints cells; the verdict as a chip with the reason beside it."""

    def __init__(self, theme: Theme, table: QTableView) -> None:
        super().__init__(table)
        self._theme = theme
        self._table = table

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802 - Qt's name
        return QSize(80, self._theme.pixels(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        if not isinstance(row, PolicyRow):
            return
        roles, zoom = self._theme.roles, self._theme.zoom
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._table.selectionModel().isRowSelected(index.row(), NO_INDEX):
            painter.fillRect(rect, roles.colour("accent_background"))
            if index.column() == 0:
                painter.fillRect(QRectF(rect.left(), rect.top(), 3 * zoom, rect.height()), roles.colour("accent"))
        painter.setPen(QPen(roles.colour("line_soft"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if index.column() == _VERDICT:
            self._paint_verdict(painter, rect, row)
        else:
            muted = row.verdict is Verdict.NOT_CHECKED or index.column() == _ASKED
            font = self._theme.font(13)
            painter.setFont(font)
            painter.setPen(roles.colour("muted" if muted else "text"))
            room = rect.adjusted((12 if index.column() == 0 else 4) * zoom, 0, -4 * zoom, 0)
            words = QFontMetricsF(font).elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()

    def _paint_verdict(self, painter: QPainter, rect: QRectF, row: PolicyRow) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        foreground, background = VERDICT_ROLES[row.verdict]
        font = self._theme.font(12)
        font.setWeight(font.Weight.Medium)
        word = QFontMetricsF(font).horizontalAdvance(row.verdict.value)
        side, height = 13 * zoom, 18 * zoom
        chip = QRectF(rect.left() + 4 * zoom, rect.center().y() - height / 2, word + side + 16 * zoom, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(roles.colour(background))
        painter.drawRoundedRect(chip, 5 * zoom, 5 * zoom)
        icon(VERDICT_ICONS[row.verdict], self._theme, foreground).paint(
            painter, round(chip.left() + 5 * zoom), round(chip.center().y() - side / 2), round(side), round(side)
        )
        painter.setFont(font)
        painter.setPen(roles.colour(foreground))
        painter.drawText(chip.adjusted(side + 10 * zoom, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, row.verdict.value)
        if row.reason:
            small = self._theme.font(12)
            painter.setFont(small)
            painter.setPen(roles.colour("muted"))
            room = QRectF(chip.right() + 6 * zoom, rect.top(), rect.right() - chip.right() - 8 * zoom, rect.height())
            words = QFontMetricsF(small).elidedText(row.reason, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)


class PolicyTable(QTableView):
    """The table; as high as its rows."""

    def __init__(self, theme: Theme, model: PolicyModel) -> None:
        super().__init__()
        self._theme = theme
        self.setModel(model)
        self.setItemDelegate(_Delegate(theme, self))
        self.setObjectName("policies")
        self.setAccessibleName("Policies")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        model.modelReset.connect(self.fit)
        theme.changed.connect(self.fit)
        self.fit()

    def fit(self) -> None:
        """Take the height of the rows, and give columns their share."""
        row = self._theme.pixels(_ROW)
        self.verticalHeader().setMinimumSectionSize(row)
        self.verticalHeader().setDefaultSectionSize(row)
        head = self._theme.pixels(_HEAD)
        self.horizontalHeader().setFixedHeight(head)
        self.setFixedHeight(head + row * self.model().rowCount() + 2)
        self._share()

    def resizeEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Columns keep their share."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share()

    def _share(self) -> None:
        """Columns are as wide as what stands in them, as far as there is room; what is over is shared."""
        room = self.viewport().width()
        wanted = [self._wanted(column) for column in range(self.model().columnCount())]
        for column, least in _GIVES_WAY:
            excess = sum(wanted) - room
            wanted[column] -= max(0, min(excess, wanted[column] - round(room * least)))
        over = max(0, room - sum(wanted)) // len(wanted)
        for column in (_QUESTION, _ASKED, _ANSWER):  # the last takes the rest
            self.setColumnWidth(column, wanted[column] + over)

    def _wanted(self, column: int) -> int:
        model = self.model()
        texts = [str(model.index(row, column).data()) for row in range(model.rowCount())]
        metrics = QFontMetricsF(self._theme.font(12 if column == _VERDICT else 13))
        around = _CHIP if column == _VERDICT else _AROUND
        return round(max(map(metrics.horizontalAdvance, texts), default=0)) + self._theme.pixels(around)


class PolicyCard(StepCard):
    """The card.

    Args:
        workbench: what the window shares.
        session: the case.
    """

    row_chosen = Signal(str)  # id of a check

    def __init__(self, workbench: Workbench, session: AttestationSession) -> None:
        super().__init__(workbench.theme, "6 Check policy")
        self._session = session
        self.digest = Elided("", "small")
        self.head.addWidget(self.digest, 100)
        self.model = PolicyModel(self)
        self.table = PolicyTable(workbench.theme, self.model)
        self.none = label(
            "Policies are checked when the response is verified: on the very bytes that passed, and only if they did.",
            "muted",
            wrap=True,
        )
        self.body.setContentsMargins(1, 0, 1, 2)
        self.none.setContentsMargins(13, 8, 13, 8)
        self.body.addWidget(self.none)
        self.body.addWidget(self.table)
        self.table.selectionModel().selectionChanged.connect(self._tell)

    def refresh(self) -> None:
        """Show the case."""
        result = self._session.result
        rows = policy_rows(result) if result and result.verification.error is None else ()
        if rows != self.model.rows:
            self.model.show_rows(rows)
        self.table.setVisible(bool(rows))
        self.none.setVisible(not rows)
        if result is None:
            self.show_verdict(None)
            self.digest.show_text("")
            return
        self.show_verdict(result.policy.verdict)
        counts = [
            f"{count} {verdict.value}{'s' if verdict is Verdict.WARNING and count > 1 else ''}"
            for verdict in (Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED)
            if (count := sum(row.verdict is verdict for row in rows))
        ]
        which = "the verified" if is_verified(result) else "not verified"
        counts.append(f"{which} bytes, SHA-256 {result.verification.response_sha256.hex()[:8]}")
        self.digest.show_text(" · ".join(counts))

    def select(self, check_id: str) -> None:
        """Select the row of a check without telling anybody; an unknown id selects none."""
        self.table.selectionModel().blockSignals(True)
        self.table.clearSelection()
        for number, row in enumerate(self.model.rows):
            if row.check.id == check_id:
                self.table.selectRow(number)
        self.table.selectionModel().blockSignals(False)
        self.table.viewport().update()

    def _tell(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.row_chosen.emit(self.model.rows[rows[0].row()].check.id)
        self.table.viewport().update()
