"""The checklist: a verification as a tree of checks, each with what was compared, the rule and the remedy.

A row says verdict (shape, word, colour), what was checked, and why in at most two lines. Opening a check shows the
values one above the other in equal line breaks, the sentence, the remedy and where the rule is from. Only what failed
is open at first: what the eye has to find must not be searched for.
"""

from __future__ import annotations

import html
import json
import textwrap
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from seworkbench.checks import Check, Verdict
from seworkbench.ui.icons import VERDICT_ICONS, icon
from seworkbench.ui.theme import VERDICT_ROLES
from seworkbench.ui.widgets.basic import GRID, VerdictChip, label, link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.ui.theme import Theme

_CHECK = Qt.ItemDataRole.UserRole
# Digits that are compared by eye go in groups of this size.
_GROUP = 8
_TITLE_LINES, _REASON_LINES, _RULE_LINES = 2, 2, 3
# Of a button that looks like a link, at both sides.
_LINK_PADDING = 8
_INDENT = 16
Index = QModelIndex | QPersistentModelIndex
_COUNT_ORDER = ("failed", "warning", "not checked", "passed", "note")


# --- words


def verdict_word(check: Check) -> str:
    """The verdict's word; a warning that the whole does not depend on is a note."""
    if check.verdict is Verdict.WARNING and not check.required:
        return "note"
    return check.verdict.value


def counts(check: Check) -> str:
    """How many steps had which verdict: `4 passed, 1 note`."""
    words = [verdict_word(leaf) for leaf in check.leaves()]
    parts = []
    for word in _COUNT_ORDER:
        if number := words.count(word):
            plural = "s" if number > 1 and word in ("warning", "note") else ""
            parts.append(f"{number} {word}{plural}")
    return ", ".join(parts)


def reason_of(check: Check) -> str:
    """Why: a step's sentence; of a group the counts, and the one reason that all steps with its verdict share."""
    if not check.children:
        return check.reason
    if check.verdict is Verdict.PASSED:
        return counts(check)
    reasons = {leaf.reason for leaf in check.leaves() if leaf.verdict is check.verdict}
    return f"{counts(check)}: {reasons.pop()}" if len(reasons) == 1 else counts(check)


def code_text(check: Check) -> str:
    """The return codes of the Ultravisor, where known."""
    return f"rc 0x{check.code[0]:04x}, rrc 0x{check.code[1]:04x}" if check.code else ""


def rule_text(rule: str) -> str:
    """A rule's place in words: `image-layout.md#short-psw` is "image layout, short psw"."""
    if "://" in rule:
        return rule
    page, _, anchor = rule.partition("#")
    parts = [page.removesuffix(".md"), anchor]
    return ", ".join(part.replace("-", " ") for part in parts if part)


def as_text(check: Check, depth: int = 0) -> str:
    """A check and everything below it as plain text."""
    margin = "  " * depth
    lines = [f"{margin}[{verdict_word(check)}] {check.title}" + (f": {counts(check)}" if check.children else "")]
    if check.reason:
        lines.append(f"{margin}  {check.reason}")
    lines += [f"{margin}  {item.label}: {item.value}" for item in check.evidence]
    for name, text in (("Remedy", check.remedy), ("Ultravisor", code_text(check)), ("Rule", check.rule)):
        if text:
            lines.append(f"{margin}  {name}: {text}")
    lines += [as_text(child, depth + 1) for child in check.children]
    return "\n".join(lines)


def as_json(check: Check) -> str:
    """A check and everything below it as JSON."""
    return json.dumps(check.to_json(), indent=2, ensure_ascii=False)


def _roles_of(check: Check) -> tuple[str, str]:
    return VERDICT_ROLES[check.verdict]


def _is_hexadecimal(value: str) -> bool:
    return len(value) > 2 * _GROUP and all(digit in "0123456789abcdef" for digit in value.lower())


def _icon_size(theme: Theme) -> QSize:
    side = round(16 * theme.zoom)
    return QSize(side, side)


# --- what an opened check shows


class _Values(QLabel):
    """The values of a check, each below its label, broken at the same places so that the eye can compare them.

    Groups of digits in which the values differ are underlined.
    """

    def __init__(self, check: Check, theme: Theme) -> None:
        super().__init__()
        self._check = check
        self._theme = theme
        self._columns = 0
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setAccessibleName("; ".join(f"{item.label}: {item.value}" for item in check.evidence))

    def fit(self, width: int) -> None:
        """Break the values for a width."""
        font = self._theme.mono(12)
        advance = QFontMetricsF(font).horizontalAdvance("0")
        columns = max(_GROUP, int(width / advance))
        values = [item.value for item in self._check.evidence]
        differs = _differing_groups(values)
        roles = self._theme.roles
        mono = f'font-family:"{font.family()}"; font-size:{font.pixelSize()}px; color:{roles.text}'
        small = f"font-size:{self._theme.font(12).pixelSize()}px; color:{roles.muted}"
        parts = []
        for item in self._check.evidence:
            lines = _broken(item.value, columns, differs, roles.failed)
            parts.append(f"<div style='{small}'>{html.escape(item.label)}</div><div style='{mono}'>{lines}</div>")
        self.setText("<div style='font-size:4px'>&nbsp;</div>".join(parts))


def _differing_groups(values: list[str]) -> set[int]:
    """Indices of the groups of digits in which two values differ; none unless both are digits of one length.

    Nor if most differ, as two digests do: marking everything points at nothing.
    """
    if len(values) != 2 or len(values[0]) != len(values[1]) or not all(map(_is_hexadecimal, values)):  # noqa: PLR2004
        return set()
    first, second = (_groups(value) for value in values)
    found = {index for index, (one, other) in enumerate(zip(first, second, strict=True)) if one != other}
    return found if 2 * len(found) <= len(first) else set()


def _groups(value: str) -> list[str]:
    return [value[start : start + _GROUP] for start in range(0, len(value), _GROUP)]


def _broken(value: str, columns: int, differs: set[int], colour: str) -> str:
    """A value as HTML in lines of at most so many columns."""
    if not _is_hexadecimal(value):
        return "<br>".join(html.escape(line) for line in textwrap.wrap(value, columns))
    marked = [
        f"<u style='color:{colour}'>{group}</u>" if index in differs else group
        for index, group in enumerate(_groups(value))
    ]
    per_line = max(1, (columns + 1) // (_GROUP + 1))
    lines = [marked[start : start + per_line] for start in range(0, len(marked), per_line)]
    return "<br>".join("&nbsp;".join(line) for line in lines)


class _Box(QWidget):
    """A rounded frame on the background's colour."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.roles.colour("line"))
        painter.setBrush(self._theme.roles.colour("background"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class CheckDetails(QWidget):
    """What an opened check shows below its row.

    Args:
        check: a leaf.
        theme: colours and fonts.
    """

    help_requested = Signal(str)

    def __init__(self, check: Check, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.check = check
        self._theme = theme
        self.setAccessibleName(f"Details of {check.title}")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 2, 10, 10)
        column.setSpacing(6)
        self.values: _Values | None = None
        self._needed = QSize()
        self._texts: list[QLabel] = []
        if check.evidence:
            self._box = _Box(theme)
            inner = QVBoxLayout(self._box)
            inner.setContentsMargins(10, 8, 10, 8)
            self.values = _Values(check, theme)
            inner.addWidget(self.values)
            column.addWidget(self._box)
        if check.reason:
            foreground = theme.roles.colour(_roles_of(check)[0]).name()
            weight = "600" if check.verdict is not Verdict.PASSED else "400"
            self._add(
                column, f"<span style='color:{foreground}; font-weight:{weight}'>{html.escape(check.reason)}</span>"
            )
        if check.remedy:
            self._add(column, f"<span style='font-weight:600'>Remedy</span> {html.escape(check.remedy)}")
        if code := code_text(check):
            mono = theme.mono(12)
            style = f'font-family:"{mono.family()}"; font-size:{mono.pixelSize()}px'
            self._add(
                column,
                f"<span style='font-weight:600'>The Ultravisor would answer</span> <span style='{style}'>{code}</span>",
            )
        row = QHBoxLayout()
        row.setSpacing(GRID)
        if check.rule:
            self.rule = link(self._rule_words(), lambda: self.help_requested.emit(check.rule))
            self.rule.setToolTip("Open this rule in the help")
            self.rule.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            self.rule.setStyleSheet("text-align: left")
            row.addWidget(self.rule, 1)
        else:
            row.addStretch(1)
        copy = QToolButton()
        copy.setIcon(icon("copy", theme))
        copy.setIconSize(_icon_size(theme))
        copy.setToolTip("Copy this check as text")
        copy.setAccessibleName(f"Copy {check.title}")
        copy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        copy.clicked.connect(lambda _checked=False: QGuiApplication.clipboard().setText(as_text(check)))
        self._copy = copy
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)

    def _add(self, column: QVBoxLayout, words: str) -> None:
        made = QLabel(words)
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setWordWrap(True)
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._texts.append(made)
        column.addWidget(made)

    def _rule_words(self) -> str:
        return f"Rule: {rule_text(self.check.rule)}"

    def height_for(self, width: int) -> int:
        """Height that everything takes at a width."""
        if self.check.rule:
            # A button breaks no lines by itself.
            room = width - 2 * 10 - GRID - self._copy.sizeHint().width() - _LINK_PADDING
            self.rule.setText("\n".join(wrapped(self._rule_words(), self.rule.font(), room, _RULE_LINES)))
        if self.values is not None:
            # The margins of this widget and of the box.
            self.values.fit(width - 2 * 10 - 2 * 10)
            # The box would answer with the size that it had.
            self._box.updateGeometry()
        layout = self.layout()
        if layout is None:
            return 0
        layout.invalidate()
        layout.activate()
        height = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        self._needed = QSize(width, height)
        return height

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The tree makes rows at least this high, so it must be the height for the tree's width."""
        return self._needed if self._needed.isValid() else super().sizeHint()


# --- rows


class _RowDelegate(QStyledItemDelegate):
    """Paints a check's row: shape, title, word, and the reason in at most two lines."""

    def __init__(self, theme: Theme, tree: _Tree) -> None:
        super().__init__(tree)
        self._theme = theme
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        check = index.data(_CHECK)
        if not isinstance(check, Check):
            # Details say their own height.
            return super().sizeHint(option, index)
        width = self._tree.row_width(index)
        titles = len(self._title_lines(check, width))
        reasons = len(self._reason_lines(check, index, width))
        return QSize(width, round(titles * self._line() + 8 + reasons * self._small()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        check = index.data(_CHECK)
        if not isinstance(check, Check):
            return
        roles = self._theme.roles
        rect: QRect = option.rect
        foreground, background = _roles_of(check)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, rect, index, check)
        line = self._line()
        side = round(line - 2)
        top = rect.top() + 4
        icon(VERDICT_ICONS[check.verdict], self._theme, foreground).paint(painter, rect.left(), top + 1, side, side)
        word = verdict_word(check)
        word_font = self._word_font()
        word_width = self._word_width(check)
        chip = QRectF(rect.right() - word_width - 5, top, word_width, line)
        if check.verdict is not Verdict.PASSED or check.children:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(roles.colour(background))
            painter.drawRoundedRect(chip, 4, 4)
        painter.setFont(word_font)
        painter.setPen(roles.colour(foreground))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, word)
        left = rect.left() + side + 7
        painter.setFont(self._title_font(check))
        painter.setPen(roles.colour("text"))
        y: float = top
        for text in self._title_lines(check, rect.width()):
            painter.drawText(QRectF(left, y, chip.left() - left, line), Qt.AlignmentFlag.AlignVCenter, text)
            y += line
        painter.setFont(self._theme.font(12))
        painter.setPen(roles.colour("muted"))
        for text in self._reason_lines(check, index, rect.width()):
            flags = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(left, y, rect.right() - left - 5, self._small()), flags, text)
            y += self._small()
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, index: Index, check: Check) -> None:
        """The band of a row: selected, or an opened failure; with a bar at its left edge."""
        roles = self._theme.roles
        whole = QRect(0, rect.top(), self._tree.viewport().width(), rect.height())
        is_current = self._tree.currentIndex() == index
        opened = not check.children and self._tree.isExpanded(index)
        if check.verdict is Verdict.FAILED and opened:
            painter.fillRect(whole, roles.colour("failed_background"))
            painter.fillRect(QRect(0, rect.top(), 3, rect.height()), roles.colour("failed"))
        if is_current:
            if not (check.verdict is Verdict.FAILED and opened):
                painter.fillRect(whole, roles.colour("accent_background"))
            painter.fillRect(QRect(0, rect.top(), 3, rect.height()), roles.colour("accent"))
            if self._tree.hasFocus():
                painter.setPen(roles.colour("accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(whole).adjusted(0.5, 0.5, -0.5, -0.5))

    def _reason_lines(self, check: Check, index: Index, width: int) -> list[str]:
        """The reason broken into at most two lines; none while the opened check says it itself."""
        if not check.children and self._tree.isExpanded(index):
            return []
        return wrapped(reason_of(check), self._theme.font(12), width - round(self._line()) - 12, _REASON_LINES)

    def _title_lines(self, check: Check, width: int) -> list[str]:
        """The title, which ends before the verdict's word, in at most two lines."""
        room = width - round(self._line() - 2) - 7 - self._word_width(check) - 5 - 6
        return wrapped(check.title, self._title_font(check), room, _TITLE_LINES)

    def _word_width(self, check: Check) -> float:
        return QFontMetricsF(self._word_font()).horizontalAdvance(verdict_word(check)) + 12

    def _title_font(self, check: Check) -> QFont:
        heavy = bool(check.children) or check.verdict is Verdict.FAILED
        return self._theme.font(13, bold=heavy)

    def _word_font(self) -> QFont:
        font = self._theme.font(12)
        font.setWeight(QFont.Weight.Medium)
        return font

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(13)).height() + 2

    def _small(self) -> float:
        return QFontMetricsF(self._theme.font(12)).height() + 1


def wrapped(text: str, font: QFont, width: float, most: int) -> list[str]:
    """Text broken at words into at most so many lines; the last one is elided."""
    lines: list[str] = []
    if not text:
        return lines
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(20.0, width))
        start, length = line.textStart(), line.textLength()
        if len(lines) == most - 1:
            lines.append(QFontMetricsF(font).elidedText(text[start:], Qt.TextElideMode.ElideRight, width))
            break
        lines.append(text[start : start + length].rstrip())
    layout.endLayout()
    return lines


class _Tree(QTreeWidget):
    """The tree of rows and opened details."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(_INDENT)
        self.setExpandsOnDoubleClick(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setItemDelegate(_RowDelegate(theme, self))

    def row_width(self, index: Index) -> int:
        """Width of a row, without the indentation of its depth."""
        depth = 1
        parent = index.parent()
        while parent.isValid():
            depth += 1
            parent = parent.parent()
        return max(80, self.viewport().width() - depth * self.indentation())

    def fit_details(self) -> None:
        """Give opened details the height that they need at this width."""
        for item in items_below(self.invisibleRootItem()):
            details = self.itemWidget(item, 0)
            if isinstance(details, CheckDetails):
                # The style sheet pads items: two pixels at either side, one above and below.
                width = self.row_width(self.indexFromItem(item)) - 4
                item.setSizeHint(0, QSize(width, details.height_for(width) + 2))
        self.scheduleDelayedItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        # Words are broken anew for another width only.
        if event.size().width() != event.oldSize().width():
            self.fit_details()

    def drawBranches(  # noqa: N802 - Qt's name
        self, painter: QPainter, rect: QRect, index: Index
    ) -> None:
        """A chevron; the style's own arrows do not follow the theme."""
        if isinstance(index.data(_CHECK), Check):
            name = "chevron-down" if self.isExpanded(index) else "chevron-right"
            side = round(12 * self._theme.zoom)
            # The band of a current or failed row goes on below the chevron.
            top = rect.top() + round(5 * self._theme.zoom)
            icon(name, self._theme).paint(painter, rect.right() - side - 1, top, side, side)

    def drawRow(  # noqa: N802 - Qt's name
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Rows first, then chevrons: the band of a row spans the whole width."""
        super().drawRow(painter, option, index)
        rect = self.visualRect(index)
        indentation = QRect(0, rect.top(), rect.left(), rect.height())
        self.drawBranches(painter, indentation, index)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter and Space open and close; arrows step over details, which Tab reaches."""
        item = self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            item.setExpanded(not item.isExpanded())
            return
        super().keyPressEvent(event)


def items_below(item: QTreeWidgetItem) -> Iterator[QTreeWidgetItem]:
    """All items of a tree in order."""
    for index in range(item.childCount()):
        child = item.child(index)
        if child is not None:
            yield child
            yield from items_below(child)


# --- the whole


class ChecklistView(QWidget):
    """A verification: its verdict above, its checks below.

    Args:
        theme: colours and fonts.
    """

    check_selected = Signal(object)  # Check
    help_requested = Signal(str)  # a rule: page of the help with anchor, or an address

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._check: Check | None = None
        self.title = label("", "heading", wrap=True)
        self.chip = VerdictChip(Verdict.NOT_CHECKED, theme)
        self.summary = label("", "small", wrap=True)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.copy_button = QToolButton()
        self.copy_button.setIcon(icon("copy", theme))
        self.copy_button.setIconSize(_icon_size(theme))
        self.copy_button.setToolTip("Copy all checks")
        self.copy_button.setAccessibleName("Copy all checks")
        self.copy_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.copy_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        # The arrow that Fusion adds would overlap the icon; the tooltip and the menu say what it does.
        self.copy_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self.copy_button)
        menu.addAction("Copy as text", lambda: self._copy(self._check, json_form=False))
        menu.addAction("Copy as JSON", lambda: self._copy(self._check, json_form=True))
        self.copy_button.setMenu(menu)
        self.tree = _Tree(theme)
        self.tree.setAccessibleName("Checks")
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self.title, 1)
        head.addWidget(self.chip)
        head.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.summary)
        # A ring around the first row leaves the words above it readable.
        column.addSpacing(2)
        column.addWidget(self.tree, 1)
        # Keeps the words at the top while there is no tree.
        column.addStretch(0)
        self.tree.currentItemChanged.connect(self._tell_selected)
        self.tree.itemClicked.connect(self._toggle)
        self.tree.itemExpanded.connect(self._open)
        self.tree.itemCollapsed.connect(lambda _item: self.tree.scheduleDelayedItemsLayout())
        theme.changed.connect(self._restyle)
        self.show_check(None)

    # --- what is shown

    def show_check(self, check: Check | None) -> None:
        """Show a verification; None for none yet."""
        self._check = check
        self.tree.clear()
        for widget in (self.chip, self.copy_button, self.tree):
            widget.setVisible(check is not None)
        self.setAccessibleName("Checks")
        if check is None:
            self.title.setText("")
            self.summary.setText("Nothing was verified yet.")
            self.setAccessibleDescription("Nothing was verified yet.")
            return
        self.title.setText(check.title)
        self.chip.show_verdict(check.verdict)
        self.summary.setText(counts(check))
        self.setAccessibleDescription(f"{check.title}: {check.verdict.value}. {counts(check)}.")
        for child in check.children or (check,):
            self._add(self.tree.invisibleRootItem(), child)
        self._open_failed(self.tree.invisibleRootItem())

    @property
    def check(self) -> Check | None:
        """The verification that is shown."""
        return self._check

    @property
    def selected(self) -> Check | None:
        """The check that is selected."""
        return self._check_of(self.tree.currentItem())

    def select(self, check_id: str) -> bool:
        """Select a check by its id, open it and bring it into view; whether there is one."""
        for item in items_below(self.tree.invisibleRootItem()):
            check = self._check_of(item)
            if check is not None and check.id == check_id:
                parent = item.parent()
                while parent is not None:
                    parent.setExpanded(True)
                    parent = parent.parent()
                item.setExpanded(True)
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item, QAbstractItemView.ScrollHint.PositionAtTop)
                return True
        return False

    def opened(self) -> list[str]:
        """Ids of the steps whose details are open."""
        items = items_below(self.tree.invisibleRootItem())
        checks = [(self._check_of(item), item) for item in items]
        return [check.id for check, item in checks if check and not check.children and self._is_open(item)]

    def details(self, check_id: str) -> CheckDetails | None:
        """The details of an opened step."""
        for item in items_below(self.tree.invisibleRootItem()):
            shown = self.tree.itemWidget(item, 0)
            if isinstance(shown, CheckDetails) and shown.check.id == check_id:
                return shown
        return None

    @staticmethod
    def _is_open(item: QTreeWidgetItem | None) -> bool:
        while item is not None:
            if not item.isExpanded():
                return False
            item = item.parent()
        return True

    @staticmethod
    def _check_of(item: QTreeWidgetItem | None) -> Check | None:
        found = item.data(0, _CHECK) if item is not None else None
        return found if isinstance(found, Check) else None

    # --- rows

    def _add(self, parent: QTreeWidgetItem, check: Check) -> None:
        item = QTreeWidgetItem(parent)
        item.setText(0, check.title)
        item.setData(0, _CHECK, check)
        words = [check.title, verdict_word(check), reason_of(check)]
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(word for word in words if word))
        item.setToolTip(0, check.reason)
        if check.children:
            for child in check.children:
                self._add(item, child)
            return
        # The details' row; what is in it is made when it is opened.
        details = QTreeWidgetItem(item)
        # Arrow keys step over it; what is in it is reached with Tab.
        details.setFlags(Qt.ItemFlag.NoItemFlags)
        details.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"Details of {check.title}")

    def _open_failed(self, parent: QTreeWidgetItem) -> None:
        for item in items_below(parent):
            check = self._check_of(item)
            if check is not None and any(leaf.verdict is Verdict.FAILED for leaf in check.leaves()):
                item.setExpanded(True)

    def _open(self, item: QTreeWidgetItem) -> None:
        check = self._check_of(item)
        if check is None or check.children:
            return
        row = item.child(0)
        if row is not None and self.tree.itemWidget(row, 0) is None:
            details = CheckDetails(check, self._theme)
            details.help_requested.connect(self.help_requested)
            self.tree.setItemWidget(row, 0, details)
        self.tree.fit_details()

    def _toggle(self, item: QTreeWidgetItem) -> None:
        if self._check_of(item) is not None:
            item.setExpanded(not item.isExpanded())

    def _tell_selected(self, item: QTreeWidgetItem | None) -> None:
        check = self._check_of(item)
        if check is not None:
            self.check_selected.emit(check)

    def _restyle(self) -> None:
        """Make opened details anew in the other colours and sizes; rows only need painting."""
        self.copy_button.setIconSize(_icon_size(self._theme))
        for item in items_below(self.tree.invisibleRootItem()):
            details = self.tree.itemWidget(item, 0)
            parent = item.parent()
            if isinstance(details, CheckDetails) and parent is not None:
                self.tree.removeItemWidget(item, 0)
                if parent.isExpanded():
                    self._open(parent)
        self.tree.fit_details()
        self.tree.viewport().update()

    # --- copying

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Copy the selected check, or all."""
        menu = self.make_menu()
        if menu is not None:
            menu.popup(event.globalPos())

    def make_menu(self) -> QMenu | None:
        """The context menu; None while nothing is shown."""
        if self._check is None:
            return None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        selected, whole = self.selected, self._check
        if selected is not None:
            menu.addAction("Copy check as text", lambda: self._copy(selected, json_form=False))
            menu.addAction("Copy check as JSON", lambda: self._copy(selected, json_form=True))
            if selected.rule:
                menu.addAction("Open the rule", lambda: self.help_requested.emit(selected.rule))
            menu.addSeparator()
        menu.addAction("Copy all as text", lambda: self._copy(whole, json_form=False))
        menu.addAction("Copy all as JSON", lambda: self._copy(whole, json_form=True))
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy copies the selected check as text."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy(self.selected or self._check, json_form=False)
        else:
            super().keyPressEvent(event)

    @staticmethod
    def _copy(check: Check | None, *, json_form: bool) -> None:
        if check is not None:
            QGuiApplication.clipboard().setText(as_json(check) if json_form else as_text(check))
