"""What is needed and not there: each with its issuer, usual file, address, and a place to drop it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from seworkbench.trust.objects import ObjectKind
from seworkbench.ui.icons import icon
from seworkbench.ui.pages.trust.view import issuer_word, missing_title
from seworkbench.ui.widgets.basic import Card, empty_layout, label, link
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seworkbench.trust.judgement import Missing
    from seworkbench.trust.objects import TrustObject
    from seworkbench.ui.theme import Theme

_WIDTH = 252
_SHOWN = 24
_ADDRESS_HEIGHT = 18


class DropSlot(QWidget):
    """A dashed frame that says where a file may be dropped; the page takes the drop, wherever it lands.

    Args:
        theme: colours.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 1, 8, 1)
        self.row.setSpacing(4)
        self.row.addStretch(1)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._theme.roles.colour("muted"), 1)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        # Half a pen inside, else the upper and the left edge are cut where the screen is finer than a pixel.
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class MissingEntry(QFrame):
    """One thing that is missing."""

    fetch_asked = Signal()
    choose_asked = Signal()

    def __init__(self, theme: Theme, missing: Missing) -> None:
        super().__init__()
        self.missing = missing
        self.setFixedWidth(round(_WIDTH * theme.zoom))
        self.setAccessibleName(f"Missing: {missing.title}")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 6)
        column.setSpacing(1)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(Mark(theme, "circle-dashed", "not_checked"))
        title = Elided(missing_title(missing), "heading")
        head.addWidget(title, 1)
        column.addLayout(head)
        column.addWidget(self._line(f"issuer: {issuer_word(missing.issuer)}" if missing.issuer else "issuer not known"))
        column.addWidget(self._line(f"usually {missing.usual_file}" if missing.usual_file else "no usual file name"))
        column.addLayout(self._address_row(theme, missing))
        slot = DropSlot(theme)
        slot.row.addWidget(label("Drop the file here or", "small"))
        if missing.kind is ObjectKind.CRL and missing.addresses:
            self.act = link("fetch…", self.fetch_asked.emit)
        else:
            self.act = link("choose…", self.choose_asked.emit)
        self.act.setAccessibleName(f"{self.act.text()} {missing.title}")
        slot.row.addWidget(self.act)
        slot.row.addStretch(1)
        column.addWidget(slot)
        column.addStretch(1)
        self.setToolTip(f"{missing.title}\n{missing.why}\nissuer: {missing.issuer}")

    @staticmethod
    def _line(text: str) -> Elided:
        made = Elided(text, "small")
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return made

    def _address_row(self, theme: Theme, missing: Missing) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        # As high without a button to copy as with it: the slots below stand on one line.
        row.addStrut(round(_ADDRESS_HEIGHT * theme.zoom))
        if not missing.addresses:
            row.addWidget(self._line("no certificate names its address"), 1)
            return row
        address = missing.addresses[0]
        row.addWidget(self._line(address), 1)
        copy = QToolButton()
        copy.setIcon(icon("copy", theme))
        copy.setIconSize(QSize(13, 13) * theme.zoom)
        copy.setFixedHeight(round(_ADDRESS_HEIGHT * theme.zoom))
        copy.setToolTip(f"Copy {address}")
        copy.setAccessibleName(f"Copy the address of {missing.title}")
        copy.clicked.connect(partial(self._copy, address))
        row.addWidget(copy)
        return row

    @staticmethod
    def _copy(address: str, _checked: bool = False) -> None:
        QGuiApplication.clipboard().setText(address)


class MissingCard(Card):
    """Everything that is missing, side by side.

    Args:
        theme: colours.
    """

    fetch_asked = Signal(object)  # tuple[str, ...]: fingerprints of the certificates whose lists are wanted
    choose_asked = Signal()
    selected = Signal(str)  # id of what is missing

    def __init__(self, theme: Theme) -> None:
        super().__init__("What is missing")
        self._theme = theme
        self._shown: tuple[Missing, ...] = ()
        self.entries: list[MissingEntry] = []
        self.fetch_all = link("Fetch all, addresses shown first…", self._fetch_all)
        self.head.addWidget(self.fetch_all)
        self.body.setContentsMargins(4, 2, 4, 4)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        holder = QWidget()
        holder.setLayout(self._row)
        self._area = QScrollArea()
        self._area.setObjectName("cardScroll")
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(holder)
        self.body.addWidget(self._area, 1)
        theme.changed.connect(self._make)

    def show_missing(
        self, missing: Sequence[Missing], objects: Mapping[str, TrustObject], name: Callable[[TrustObject], str]
    ) -> None:
        """Show what is missing.

        Args:
            missing: it, what holds back most first.
            objects: what is there, by fingerprint.
            name: how an object is called.
        """
        held_back = {key for item in missing for key in item.needed_by if key in objects}
        count = len(missing)
        if held_back:
            who = name(objects[min(held_back)]) if len(held_back) == 1 else f"{len(held_back)} certificates"
            self.detail.setText(f"{count} file{'' if count == 1 else 's'} hold{'s' if count == 1 else ''} back {who}")
        else:
            self.detail.setText(f"{count} file{'' if count == 1 else 's'}" if count else "")
        if tuple(missing) != self._shown:
            self._shown = tuple(missing)
            self._make()
        self.setVisible(bool(missing))

    def _make(self) -> None:
        empty_layout(self._row)
        self.entries = []
        for number, item in enumerate(self._shown[:_SHOWN]):
            entry = MissingEntry(self._theme, item)
            entry.fetch_asked.connect(partial(self._fetch, item))
            entry.choose_asked.connect(self.choose_asked.emit)
            if number:
                line = QFrame()
                line.setObjectName("upright")
                self._row.addWidget(line)
            self._row.addWidget(entry)
            self.entries.append(entry)
        if len(self._shown) > _SHOWN:
            self._row.addWidget(label(f"and {len(self._shown) - _SHOWN} more", "muted"))
        self._row.addStretch(1)
        lists = [item for item in self._shown if item.kind is ObjectKind.CRL and item.addresses]
        self.fetch_all.setVisible(len(lists) > 1)
        self.fetch_all.setText(f"Fetch all {len(lists)}, addresses shown first…")
        self._fit()

    def _fit(self) -> None:
        """As high as the entries, and the scroll bar only where there are too many."""
        if not self.entries:
            return
        wide = len(self.entries) * (self.entries[0].width() + 1) > self._area.viewport().width()
        bar = self._area.horizontalScrollBar().sizeHint().height() if wide else 0
        self._area.setFixedHeight(max(entry.sizeHint().height() for entry in self.entries) + bar)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """More or fewer have room."""
        super().resizeEvent(event)
        self._fit()

    def _fetch(self, item: Missing) -> None:
        self.fetch_asked.emit(tuple(item.needed_by))

    def _fetch_all(self) -> None:
        wanted = (key for item in self._shown if item.kind is ObjectKind.CRL for key in item.needed_by)
        self.fetch_asked.emit(tuple(dict.fromkeys(wanted)))
