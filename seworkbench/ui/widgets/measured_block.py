"""The block that an attestation measures, as a bar: its pieces to scale, names and sizes above, their sources beneath.

Small pieces are drawn wider than their share, so that each can be seen and pressed. Every piece is a widget of its own
with a name for screen readers; left and right go from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from seworkbench.attestation.measured_block import PieceSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.attestation.measured_block import MeasuredBlock
    from seworkbench.ui.theme import Theme

# Unscaled pixels.
_NAMES, _BAR, _BRACKETS = 34.0, 24.0, 30.0
_NARROWEST = 34.0
_GAP = 2.0
# What the source of a piece is called, short and shorter.
_SOURCES = {
    PieceSource.SE_HEADER: "SE header: page, address and tweak list digests, header tag",
    PieceSource.RESPONSE: "response",
    PieceSource.REQUEST: "request",
    PieceSource.FIRMWARE: "firmware",
}
SOURCE_ROLES = {
    PieceSource.SE_HEADER: "authenticated",
    PieceSource.RESPONSE: "clear",
    PieceSource.REQUEST: "encrypted",
    PieceSource.FIRMWARE: "muted",
}
_SHORT = {
    "pld": "PLD",
    "ald": "ALD",
    "tld": "TLD",
    "header_tag": "SEHT",
    "cuid": "CUID",
    "user_data": "user data",
    "nonce": "nonce",
    "additional": "additional data",
}
LENGTHS = "lengths"
# The three length fields are drawn as one: by themselves they would be thinner than a line.
LENGTH_PIECES = ("user_data_length", "zeros", "additional_length")


@dataclass(frozen=True, slots=True)
class BlockPart:
    """What is drawn as one.

    Args:
        key: name of the piece; "lengths" for the three length fields.
        short: its name above the bar.
        title: plain name.
        size: bytes.
        source: who decides it.
    """

    key: str
    short: str
    title: str
    size: int
    source: PieceSource


def block_parts(block: MeasuredBlock) -> tuple[BlockPart, ...]:
    """The parts of a block that are drawn; empty pieces are none."""
    parts = []
    for piece in block.pieces:
        if piece.name == LENGTH_PIECES[0]:
            size = sum(block.piece(name).size for name in LENGTH_PIECES)
            parts.append(BlockPart(LENGTHS, "len", "Length fields", size, piece.source))
        elif piece.size and piece.name not in LENGTH_PIECES:
            parts.append(BlockPart(piece.name, _SHORT[piece.name], piece.title, piece.size, piece.source))
    return tuple(parts)


def widths_of(sizes: Sequence[int], room: float, least: Sequence[float]) -> list[float]:
    """Widths that follow the sizes, none below its least as far as there is room; together they fill the room.

    Args:
        sizes: bytes of each.
        room: pixels.
        least: pixels that each needs.
    """
    needed = sum(least)
    if needed >= room:
        return [width * room / needed for width in least]
    fixed: set[int] = set()
    while True:
        left = room - sum(least[number] for number in fixed)
        total = sum(size for number, size in enumerate(sizes) if number not in fixed)
        widths = [least[number] if number in fixed else left * size / total for number, size in enumerate(sizes)]
        thin = {number for number, width in enumerate(widths) if width < least[number]}
        # That all are too thin is an error of rounding.
        if not thin or len(fixed | thin) == len(sizes):
            return widths
        fixed |= thin


class MeasuredBlockView(QWidget):
    """The bar.

    Args:
        theme: colours and fonts.
    """

    selected = Signal(str)  # key of the part that the user chose

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chosen = ""
        self.parts: tuple[BlockPart, ...] = ()
        self.pieces: dict[str, PieceButton] = {}
        self.setAccessibleName("Measured block")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._place)

    @property
    def chosen(self) -> str:
        """Key of the selected part; empty if none is."""
        return self._chosen

    def show_block(self, block: MeasuredBlock | None) -> None:
        """Draw a block; None for none."""
        self.parts = block_parts(block) if block else ()
        for made in self.pieces.values():
            made.hide()
            made.deleteLater()
        self.pieces = {}
        before: QWidget | None = None
        for part in self.parts:
            made = PieceButton(self._theme, part, self)
            made.clicked.connect(partial(self._choose, part.key))
            self.pieces[part.key] = made
            if before is not None:
                QWidget.setTabOrder(before, made)
            before = made
        if self._chosen not in self.pieces:
            self._chosen = ""
        said = ", ".join(f"{part.title} {part.size} bytes" for part in self.parts)
        self.setAccessibleDescription(said)
        self._place()

    def select(self, key: str) -> None:
        """Mark a part without telling anybody; an unknown key marks none."""
        self._chosen = key if key in self.pieces else ""
        for made in self.pieces.values():
            made.update()
        self.update()

    def go(self, piece: PieceButton, by: int) -> None:
        """Choose the part `by` places behind one."""
        keys = list(self.pieces)
        place = keys.index(piece.part.key) + by
        if 0 <= place < len(keys):
            self.pieces[keys[place]].setFocus(Qt.FocusReason.TabFocusReason)
            self._choose(keys[place])

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Names, bar and brackets."""
        zoom = self._theme.zoom
        return QSize(round(640 * zoom), round((_NAMES + _BAR + _BRACKETS) * zoom))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Every part at its narrowest."""
        return QSize(round((_NARROWEST + 6) * max(len(self.parts), 1) * self._theme.zoom), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Widths follow."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw names, sizes and brackets; the pieces draw themselves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for part in self.parts:
            self._paint_name(painter, part)
        for source, run in groupby(self.parts, key=lambda part: part.source):
            self._paint_bracket(painter, source, list(run))

    def _choose(self, key: str) -> None:
        self.select(key)
        self.selected.emit(key)

    def _place(self) -> None:
        zoom = self._theme.zoom
        widths = widths_of([part.size for part in self.parts], self.width() - 2 * zoom, self._least())
        left = zoom
        for part, width in zip(self.parts, widths, strict=True):
            gap = _GAP * zoom
            self.pieces[part.key].setGeometry(round(left), round(_NAMES * zoom), round(width - gap), round(_BAR * zoom))
            self.pieces[part.key].show()
            left += width
        self.updateGeometry()
        self.update()

    def _least(self) -> list[float]:
        """Wide enough for the name of each part, selected or not."""
        zoom = self._theme.zoom
        metrics = QFontMetricsF(self._theme.font(12, bold=True))
        return [max(_NARROWEST * zoom, metrics.horizontalAdvance(part.short) + 6 * zoom) for part in self.parts]

    def _paint_name(self, painter: QPainter, part: BlockPart) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        box = QRectF(self.pieces[part.key].geometry())
        font = self._theme.font(12, bold=part.key == self._chosen)
        painter.setFont(font)
        painter.setPen(roles.colour("text"))
        name = QRectF(box.left() - 3 * zoom, 0, box.width() + 6 * zoom, 16 * zoom)
        words = QFontMetricsF(font).elidedText(part.short, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignCenter, words)
        painter.setFont(self._theme.font(11))
        painter.setPen(roles.colour("muted"))
        painter.drawText(name.translated(0, 15 * zoom), Qt.AlignmentFlag.AlignCenter, f"{part.size}\N{NO-BREAK SPACE}B")

    def _paint_bracket(self, painter: QPainter, source: PieceSource, parts: list[BlockPart]) -> None:
        roles, zoom = self._theme.roles, self._theme.zoom
        left = float(self.pieces[parts[0].key].geometry().left())
        right = float(self.pieces[parts[-1].key].geometry().right())
        top = (_NAMES + _BAR + 3) * zoom
        foot = top + 5 * zoom
        role = SOURCE_ROLES[source]
        painter.setPen(QPen(roles.colour("muted" if role == "clear" else role), 1.3 * zoom))
        corners = [(left, top), (left, foot), (right, foot), (right, top)]
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in corners]))
        font = self._theme.font(11)
        metrics = QFontMetricsF(font)
        size = sum(part.size for part in parts)
        plain = source.value
        forms = (f"{_SOURCES[source]} · {size} B", f"{plain} · {size} B", plain)
        words = next((text for text in forms if metrics.horizontalAdvance(text) <= right - left + 6 * zoom), plain)
        painter.setFont(font)
        painter.setPen(roles.colour("muted"))
        room = QRectF((left + right) / 2 - 200 * zoom, foot + 2 * zoom, 400 * zoom, 15 * zoom)
        room.moveLeft(max(0.0, room.left()))
        room.moveRight(min(room.right(), float(self.width())))
        wide = metrics.horizontalAdvance(words)
        middle = min(max((left + right) / 2, wide / 2), self.width() - wide / 2)
        painter.drawText(
            QRectF(middle - wide / 2 - 1, room.top(), wide + 2, room.height()), Qt.AlignmentFlag.AlignCenter, words
        )


class PieceButton(QAbstractButton):
    """One piece of the bar.

    Args:
        theme: colours.
        part: what it stands for.
        view: the bar.
    """

    def __init__(self, theme: Theme, part: BlockPart, view: MeasuredBlockView) -> None:
        super().__init__(view)
        self.part = part
        self._theme = theme
        self._view = view
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{part.title}, {part.size} bytes, decided by the {part.source.value}")
        self.setToolTip(f"{part.title}, {part.size} bytes: {part.source.value}")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Left, right, Return."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._view.go(self, 1 if event.key() == Qt.Key.Key_Right else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it in the colour of its source."""
        roles, zoom = self._theme.roles, self._theme.zoom
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        chosen = self._view.chosen == self.part.key
        if self.part.key == LENGTHS:
            # Numbers that follow from the others, not data.
            painter.setPen(QPen(roles.colour("muted"), 1.2 * zoom, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(roles.colour(SOURCE_ROLES[self.part.source]))
        painter.drawRoundedRect(box, 2, 2)
        if chosen or self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(roles.colour("accent"), 2.4 * zoom))
            painter.drawRoundedRect(box, 2, 2)
