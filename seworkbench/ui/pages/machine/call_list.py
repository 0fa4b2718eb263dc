"""The calls of a start as a list: who acts, what it does, what came back. One of them is selected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from seworkbench.checks import Verdict
from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.pages.machine.calls import Call, Progress
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.checklist_view import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_CALL = Qt.ItemDataRole.UserRole
# The role of a change that moves a bar and nothing else.
COUNTS = Qt.ItemDataRole.UserRole + 1
_ROOT = QModelIndex()


class _Model(QAbstractListModel):
    """The calls."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.calls: list[Call] = []

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many."""
        return 0 if parent.isValid() else len(self.calls)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The call, and the words for it."""
        if not index.isValid() or index.row() >= len(self.calls):
            return None
        call = self.calls[index.row()]
        if role == _CALL:
            return call
        if role == Qt.ItemDataRole.DisplayRole:
            return call.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = call.verdict.value if call.progress is Progress.DONE else call.progress.value
            return f"{call.actor.value}, {call.call}: {call.title}. {state}. {call.explanation} {call.answer}".strip()
        return None

    def show(self, calls: list[Call]) -> bool:
        """Show other calls; whether their number or order changed."""
        if [call.call for call in calls] == [call.call for call in self.calls]:
            pairs = enumerate(zip(self.calls, calls, strict=True))
            changed = [(row, _only_counts(old, new)) for row, (old, new) in pairs if old != new]
            self.calls = calls
            for row, counts in changed:
                self.dataChanged.emit(self.index(row), self.index(row), [COUNTS] if counts else [])
            return False
        self.beginResetModel()
        self.calls = calls
        self.endResetModel()
        return True


def _only_counts(old: Call, new: Call) -> bool:
    """Whether a call went on and takes as much room as before: while it is under way it has one line."""
    return old.progress is new.progress is Progress.UNDER_WAY and replace(old, done=new.done) == new


class _Delegate(QStyledItemDelegate):
    """Paints a call: mark on the line of time, actor and call, title and numbers, what came of it."""

    def __init__(self, theme: Theme, view: CallList) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """As high as its text."""
        call = index.data(_CALL)
        width = self._view.viewport().width()
        lines = len(self._lines(call, width)) if isinstance(call, Call) else 1
        return QSize(width, round(self._line() + lines * self._small() + 9 * self._theme.zoom))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """See Qt."""
        call = index.data(_CALL)
        if not isinstance(call, Call):
            return
        roles, zoom = self._theme.roles, self._theme.zoom
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._view.currentIndex() == index:
            failed = call.verdict is Verdict.FAILED
            painter.fillRect(rect, roles.colour("failed_background" if failed else "accent_background"))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), roles.colour("accent"))
        left = self._left()
        top = rect.top() + 4 * zoom
        self._paint_mark(painter, rect, call, index.row())
        is_muted = call.progress in (Progress.WAITING, Progress.NOT_REACHED)
        answer_font = self._theme.mono(11)
        right = rect.right() - 8 * zoom
        title_font = self._theme.font(13, bold=not is_muted)
        metrics = QFontMetricsF(title_font)
        answer_room = right - left - metrics.horizontalAdvance(call.title) - 8 * zoom
        answer = _answer_shown(call.answer, QFontMetricsF(answer_font), answer_room)
        advance = QFontMetricsF(answer_font).horizontalAdvance(answer)
        painter.setFont(answer_font)
        painter.setPen(roles.colour("failed" if call.verdict is Verdict.FAILED else "muted"))
        room = QRectF(right - advance, top, advance + 1, self._line())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, answer)
        painter.setFont(title_font)
        painter.setPen(roles.colour("muted" if is_muted else "text"))
        title_room = right - advance - 8 * zoom - left
        title = metrics.elidedText(call.title, Qt.TextElideMode.ElideRight, title_room)
        painter.drawText(QRectF(left, top, title_room, self._line()), Qt.AlignmentFlag.AlignVCenter, title)
        after = left + metrics.horizontalAdvance(title) + 8 * zoom
        small = self._theme.font(11)
        who_room = right - after - (advance + 8 * zoom if advance else 0)
        painter.setFont(small)
        painter.setPen(roles.colour("muted"))
        who = _most_said(call, QFontMetricsF(small), who_room)
        painter.drawText(QRectF(after, top, who_room, self._line()), Qt.AlignmentFlag.AlignVCenter, who)
        painter.setFont(self._theme.font(12))
        y = top + self._line()
        for text in self._lines(call, rect.width()):
            painter.drawText(QRectF(left, y, right - left, self._small()), Qt.AlignmentFlag.AlignVCenter, text)
            y += self._small()
        if call.pages and call.progress is Progress.UNDER_WAY:
            self._paint_bar(painter, rect, call)
        painter.restore()

    def _paint_bar(self, painter: QPainter, rect: QRect, call: Call) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        whole = QRectF(self._left(), rect.bottom() - 3 * zoom, rect.right() - 8 * zoom - self._left(), 2 * zoom)
        painter.fillRect(whole, roles.colour("line_soft"))
        whole.setWidth(whole.width() * call.done / call.pages)
        painter.fillRect(whole, roles.colour("accent"))

    def _paint_mark(self, painter: QPainter, rect: QRect, call: Call, row: int) -> None:
        """The line of time, and on it what came of the call."""
        roles, zoom = self._theme.roles, self._theme.zoom
        side = 15 * zoom
        middle = 10 * zoom + side / 2
        top = rect.top() + 4 * zoom + (self._line() - side) / 2
        painter.setPen(QPen(roles.colour("line"), 1))
        if row > 0:
            painter.drawLine(round(middle), rect.top(), round(middle), round(top - 1))
        if row < len(self._view.calls) - 1:
            painter.drawLine(round(middle), round(top + side + 1), round(middle), rect.bottom() + 1)
        place = QRectF(10 * zoom, top, side, side)
        if call.progress is Progress.UNDER_WAY:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(roles.colour("accent"))
            painter.drawEllipse(place.adjusted(3 * zoom, 3 * zoom, -3 * zoom, -3 * zoom))
        elif call.progress is Progress.WAITING:
            painter.setPen(QPen(roles.colour("muted"), 1.2 * zoom))
            painter.setBrush(roles.colour("panel"))
            painter.drawEllipse(place.adjusted(4 * zoom, 4 * zoom, -4 * zoom, -4 * zoom))
        else:
            verdict = call.verdict
            icon(VERDICT_ICONS[verdict], self._theme, VERDICT_ROLES[verdict][0]).paint(painter, place.toAlignedRect())

    def _lines(self, call: Call, width: int) -> list[str]:
        text = call.explanation
        if call.pages and call.progress in (Progress.UNDER_WAY, Progress.DONE) and call.done:
            count = f"{call.done:,} of {call.pages:,} pages.".replace(",", "\u202f")
            text = f"{count} {text}"
        most = 3 if call.verdict is Verdict.FAILED else 2
        room = width - self._left() - 8 * self._theme.zoom
        if call.progress is not Progress.DONE:
            most = 1
        return wrapped(text, self._theme.font(12), room, most)

    def _left(self) -> float:
        return 34 * self._theme.zoom

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(13, bold=True)).height() + 1

    def _small(self) -> float:
        return QFontMetricsF(self._theme.font(12)).height()


def _answer_shown(answer: str, metrics: QFontMetricsF, room: float) -> str:
    """The numbers with their names, or without if there is no room for these: the side of the page has them."""
    if metrics.horizontalAdvance(answer) <= room:
        return answer
    return "/".join(word for word in answer.split() if word.startswith("0x"))


def _most_said(call: Call, metrics: QFontMetricsF, room: float) -> str:
    """Who makes a call and which, or one of the two, as there is room: the side of the page says both."""
    ways = (f"{call.actor.value} · {call.call}", call.call, call.actor.value)
    return next((words for words in ways if metrics.horizontalAdvance(words) <= room), "")


class CallList(QListView):
    """The list.

    Args:
        theme: colours and fonts.
    """

    selected = Signal(object)  # Call: chosen by mouse or keyboard

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(theme, self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Calls")
        self._showing = False
        self.selectionModel().currentChanged.connect(self._tell)
        theme.changed.connect(self.scheduleDelayedItemsLayout)

    @property
    def calls(self) -> list[Call]:
        """What is shown."""
        return self._model.calls

    @property
    def current(self) -> Call | None:
        """The call that is selected."""
        row = self.currentIndex().row()
        return self.calls[row] if 0 <= row < len(self.calls) else None

    def show_calls(self, calls: list[Call], *, follow: bool) -> None:
        """Show calls.

        Args:
            calls: all of them.
            follow: select the last that happened.
        """
        current = self.current
        self._showing = True
        before = [len(call.explanation) for call in self.calls]
        if self._model.show(calls) or before != [len(call.explanation) for call in calls]:
            self.scheduleDelayedItemsLayout()
        names = [call.call for call in calls]
        if follow:
            self._follow(calls)
        elif current is not None and current.call in names:
            self.setCurrentIndex(self._model.index(names.index(current.call)))
        self._showing = False
        if follow and self.current is not None:
            self.selected.emit(self.current)

    def choose(self, call: str) -> None:
        """Select a call by its name."""
        names = [one.call for one in self.calls]
        if call in names:
            self.setCurrentIndex(self._model.index(names.index(call)))

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:  # noqa: N802 - Qt's name
        """A count that goes on many times a second is painted; Qt would lay out all rows anew each time."""
        if list(roles) == [COUNTS]:
            self.update(first)
        else:
            super().dataChanged(first, last, list(roles))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Texts break elsewhere."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _follow(self, calls: list[Call]) -> None:
        happened = [row for row, call in enumerate(calls) if call.progress is Progress.DONE or call.done]
        refused = [row for row in happened if calls[row].verdict is Verdict.FAILED and calls[row].call != "wait"]
        row = refused[0] if refused else happened[-1] if happened else -1
        if row == self.currentIndex().row():
            return
        self.setCurrentIndex(self._model.index(row) if row >= 0 else QModelIndex())
        if row >= 0:
            self.scrollTo(self._model.index(row))

    def _tell(self, *_: object) -> None:
        if not self._showing and self.current is not None:
            self.selected.emit(self.current)
