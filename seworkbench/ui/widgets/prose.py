"""Markdown set as a page to read: room between paragraphs, tables as wide as the page, bytes in the font of bytes.

Qt's own reading of Markdown leaves no room anywhere and takes whatever fixed font the system has.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTable,
)
from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QTextEdit

    from seworkbench.ui.theme import Theme

_TEXT, _CODE, _MARGIN = 14, 13, 20
# Size of each level of headings, and the room above and below it.
_HEADINGS = {1: (23, 0, 10), 2: (17, 22, 6), 3: (15, 16, 4)}
# A line is as high with code in it as without.
_LINE, _CELL_LINE, _CODE_LINE = 20, 18, 19
_BELOW, _BELOW_ITEM = 9, 4
_CELL_PADDING = 6
# Columns up to this width, in unscaled pixels, are not broken: it is that of a number of eight bytes in hexadecimal.
_NARROW = 150
_FIXED = QTextBlockFormat.LineHeightTypes.FixedHeight.value
_SPECIFIED = QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly


def show_markdown(editor: QTextEdit, text: str, theme: Theme) -> None:
    """Show Markdown in an editor, in fonts and colours of a theme; once more when the theme changes.

    Args:
        editor: what it showed before is gone.
        text: Markdown, also with tables.
        theme: fonts, colours, zoom.
    """
    before = editor.document()
    # Made aside: in an editor everything would be laid out anew with every change.
    document = markdown_document(text, theme)
    document.setParent(editor)
    editor.setDocument(document)
    # The one that an editor begins with belongs to it, and is gone by now.
    if isValid(before):
        before.deleteLater()


def markdown_document(text: str, theme: Theme) -> QTextDocument:
    """Markdown as a document; see `show_markdown`."""
    document = QTextDocument()
    document.setDefaultFont(theme.font(_TEXT))
    document.setDocumentMargin(theme.pixels(_MARGIN))
    option = document.defaultTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    document.setMarkdown(text)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for table in _tables(document):
        _set_table(table, theme)
    for block in _blocks(document):
        _set_block(block, theme)
        _set_letters(block, theme)
    for table in _tables(document):
        _fit_columns(table, theme)
    _frame_code(document, theme)
    cursor.endEditBlock()
    return document


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _tables(document: QTextDocument) -> list[QTextTable]:
    return [frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)]


def _set_block(block: QTextBlock, theme: Theme) -> None:
    form = block.blockFormat()
    cursor = QTextCursor(block)
    level = form.headingLevel()
    if level:
        _, above, below = _HEADINGS[min(level, 3)]
        form.setTopMargin(theme.pixels(above))
        form.setBottomMargin(theme.pixels(below))
    elif cursor.currentTable() is not None:
        form.setLineHeight(theme.pixels(_CELL_LINE), _FIXED)
    elif _is_fenced(block):
        # Long lines go on in the next one; else the page would be as wide as they are.
        form.setNonBreakableLines(False)
        form.setLineHeight(theme.pixels(_CODE_LINE), _FIXED)
        form.setTopMargin(0)
        form.setBottomMargin(0)
    else:
        form.setLineHeight(theme.pixels(_LINE), _FIXED)
        following = block.next()
        goes_on = block.textList() is not None and following.isValid() and following.textList() is not None
        form.setBottomMargin(theme.pixels(_BELOW_ITEM if goes_on else _BELOW))
        if form.hasProperty(QTextFormat.Property.BlockQuoteLevel):
            form.setBackground(theme.roles.colour("background"))
    cursor.setBlockFormat(form)


def _set_letters(block: QTextBlock, theme: Theme) -> None:
    """Headings by their level, and what is code in the font of bytes."""
    level = block.blockFormat().headingLevel()
    fenced = _is_fenced(block)
    pieces: list[tuple[int, int, QTextCharFormat]] = []
    size = _HEADINGS[min(level, 3)][0] if level else _TEXT
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        form = fragment.charFormat()
        is_code = fenced or form.fontFixedPitch()
        # The font has no heavier face; a computed one is smeared.
        is_bold = form.fontWeight() > QFont.Weight.DemiBold
        if level or is_code or is_bold:
            # How much larger a heading is by itself would count for more than its size.
            form.clearProperty(QTextFormat.Property.FontSizeAdjustment)
            smaller = size - (_TEXT - _CODE)
            font = theme.mono(smaller, bold=is_bold) if is_code else theme.font(size, bold=True)
            form.setFont(font, _SPECIFIED)
            pieces.append((fragment.position(), fragment.length(), form))
        iterator += 1
    for start, length, form in pieces:
        cursor = QTextCursor(block.document())
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(form)


def _frame_code(document: QTextDocument, theme: Theme) -> None:
    """A frame around what is fenced, one for each run of lines."""
    runs: list[tuple[int, int]] = []
    before = False
    for block in _blocks(document):
        fenced = _is_fenced(block)
        end = block.position() + block.length() - 1
        if fenced:
            runs[-1:] = [(runs[-1][0], end)] if before else [*runs[-1:], (block.position(), end)]
        before = fenced
    form = QTextFrameFormat()
    form.setBackground(theme.roles.colour("background"))
    form.setPadding(theme.pixels(_CELL_PADDING + 2))
    form.setBottomMargin(theme.pixels(_BELOW))
    # From the end on: a frame moves what is behind it.
    for start, end in reversed(runs):
        cursor = QTextCursor(document)
        cursor.setPosition(end)
        # Else a table that follows would have its first cell begin with what ends the frame.
        cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertFrame(form)
    flat = QTextBlockFormat()
    flat.setLineHeight(1, _FIXED)
    for block in _blocks(document) if runs else ():
        # What stands before and behind a frame is empty, and has no height.
        if block.length() == 1 and (cursor := QTextCursor(block)).currentTable() is None:
            cursor.setBlockFormat(flat)


def _is_fenced(block: QTextBlock) -> bool:
    # Qt takes the first cell of a table right behind a fence for a part of it.
    fenced = block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)
    return fenced and QTextCursor(block).currentTable() is None


def _set_table(table: QTextTable, theme: Theme) -> None:
    """As wide as the page, with thin lines, and without the empty head that Markdown demands."""
    columns = range(table.columns())
    headless = not any(_cell_text(table, 0, column) for column in columns)
    if headless:
        table.removeRows(0, 1)
    form = table.format().toTableFormat()
    form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    form.setCellPadding(theme.pixels(_CELL_PADDING))
    form.setCellSpacing(0)
    form.setBorder(1)
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    form.setBorderCollapse(True)
    form.setBorderBrush(theme.roles.colour("line"))
    form.setTopMargin(theme.pixels(4))
    # The last line is drawn beyond the width.
    form.setRightMargin(2)
    form.setBottomMargin(theme.pixels(_BELOW - 4))
    table.setFormat(form)
    if headless:
        return
    for column in columns:
        cell = table.cellAt(0, column)
        letters = cell.format()
        letters.setBackground(theme.roles.colour("background"))
        cell.setFormat(letters)
        cursor = cell.firstCursorPosition()
        cursor.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        bold = QTextCharFormat()
        bold.setFontWeight(QFont.Weight.DemiBold)
        cursor.mergeCharFormat(bold)


def _fit_columns(table: QTextTable, theme: Theme) -> None:
    """Narrow columns are as wide as what is in them, so that no number is broken; the others share the rest."""
    most, padding = theme.pixels(_NARROW), 2 * theme.pixels(_CELL_PADDING) + 2
    widths = [max(_cell_width(table, row, column) for row in range(table.rows())) for column in range(table.columns())]
    if all(width <= most for width in widths):
        return
    form = table.format().toTableFormat()
    form.setColumnWidthConstraints(
        [
            QTextLength(QTextLength.Type.FixedLength, ceil(width) + padding)
            if width <= most
            else QTextLength(QTextLength.Type.VariableLength, 0)
            for width in widths
        ]
    )
    table.setFormat(form)


def _cell_width(table: QTextTable, row: int, column: int) -> float:
    """Width of what is in a cell, in one line."""
    iterator = table.cellAt(row, column).firstCursorPosition().block().begin()
    width = 0.0
    while not iterator.atEnd():
        fragment = iterator.fragment()
        width += QFontMetricsF(fragment.charFormat().font()).horizontalAdvance(fragment.text())
        iterator += 1
    return width


def _cell_text(table: QTextTable, row: int, column: int) -> str:
    return table.cellAt(row, column).firstCursorPosition().block().text().strip()
