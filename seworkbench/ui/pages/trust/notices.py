"""What just happened, or is about to, inline above the page: an import, a download, commands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from seworkbench.trust.importing import Outcome
from seworkbench.ui.widgets.basic import Card, button, empty_layout, label, link
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seworkbench.trust.fetch import FetchPlan, FetchResult
    from seworkbench.trust.importing import Imported
    from seworkbench.ui.theme import Theme

_LINES = 6
# As the style sheet has it.
_LINK_PADDING = 2
# What was refused stands first; a row is four widgets, and more of them would stop the window.
_SHOWN = 30
_MARKS = {
    Outcome.IMPORTED: ("plus", "accent"),
    Outcome.RENEWAL: ("refresh-cw", "accent"),
    Outcome.NEWER: ("refresh-cw", "accent"),
    Outcome.OLDER: ("history", "muted"),
    Outcome.KNOWN: ("info", "muted"),
    Outcome.REFUSED: ("octagon-x", "failed"),
}
_ORDER = list(_MARKS)


def import_title(lines: Sequence[Imported]) -> str:
    """What an import did, counted: `5 imported, 1 renewal, 1 refused`."""
    parts = []
    for outcome in _ORDER:
        if count := sum(line.outcome is outcome for line in lines):
            word = f"{outcome.value}s" if count > 1 and outcome not in _NO_PLURAL else outcome.value
            parts.append(f"{count} {word}")
    return ", ".join(parts) or "Nothing was found."


_NO_PLURAL = (Outcome.IMPORTED, Outcome.KNOWN, Outcome.REFUSED)


def _lowered(made: QLabel, left: int = 0) -> QLabel:
    """A label whose text stands where that of a link beside or above it does."""
    made.setContentsMargins(left, _LINK_PADDING, 0, 0)
    return made


class NoticeCard(Card):
    """One notice at a time; the newest replaces the one before.

    Args:
        theme: colours.
    """

    select_asked = Signal(str)  # fingerprint of an object
    shown = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("")
        self._theme = theme
        self._lines: list[str] = []
        self._rows = 0
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self.head.addLayout(self._buttons)
        self.head.addWidget(link("Dismiss", self.hide))
        self._grid_area = QScrollArea()
        self._grid_area.setObjectName("cardScroll")
        self._grid_area.setFrameShape(QFrame.Shape.NoFrame)
        self._grid_area.setWidgetResizable(True)
        self._grid_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Commands")
        self.lead = label("", "muted", wrap=True, selectable=True)
        self.body.addWidget(self.lead)
        self.body.addWidget(self._grid_area)
        self.body.addWidget(self.text)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def lines(self) -> list[str]:
        """Every name that is no link, and every sentence, that is listed."""
        return list(self._lines)

    # --- kinds of notices

    def show_import(self, lines: Sequence[Imported]) -> None:
        """What became of what was given."""
        ordered = sorted(lines, key=lambda line: (line.outcome is not Outcome.REFUSED, _ORDER.index(line.outcome)))
        self._begin("Imported" if any(line.fingerprint for line in lines) else "Nothing imported", import_title(lines))
        rows = [
            (
                _MARKS[line.outcome],
                line.outcome.value,
                line.name or line.source,
                line.detail,
                line.fingerprint,
            )
            for line in ordered[:_SHOWN]
        ]
        self._list(rows)
        if len(ordered) > _SHOWN:
            self._say(f"The first {_SHOWN} of {len(ordered)}; all are in the table.")
        self._end()

    def show_plan(self, plan: FetchPlan, go: Callable[[], None], save: Callable[[], None]) -> None:
        """What would be asked, before anything is."""
        urls = [url for url in plan.urls if url.usable]
        self._begin(
            "Fetch revocation lists?",
            f"{len(urls)} address{'' if len(urls) == 1 else 'es'}, nothing was asked yet" if urls else "",
        )
        self._say(
            "Only these addresses are asked, over HTTP as certificates name them. Whoever runs or watches them learns "
            "that you asked. What comes back counts only if its signature does."
            if urls
            else "No certificate here names an address for its revocation list."
        )
        rows = []
        for url in plan.urls:
            who = ", ".join(certificate.name for certificate in url.needed_by[:3])
            more = f" and {len(url.needed_by) - 3} more" if len(url.needed_by) > 3 else ""  # noqa: PLR2004 - see above
            if not url.usable:
                why = "is never asked: only http and https are"
            elif url.fallback:
                why = f"only if those before it yield nothing, for {who}{more}"
            else:
                why = f"for {who}{more}"
            rows.append((("external-link", "muted"), "", url.url, why, ""))
        self._list(rows, long_names=True)
        if urls:
            self._buttons.addWidget(button("Save the list for another machine…", save))
            self._buttons.addWidget(button("Fetch now", go, primary=True))
        self._end()

    def show_fetch(self, result: FetchResult) -> None:
        """Every address that was asked, and what came of it."""
        found = sum(not made.reason for made in result.tries)
        self._begin("Fetched", f"{found} of {len(result.tries)} addresses gave a revocation list")
        rows = []
        for made in result.tries:
            status = f"HTTP {made.status}, " if made.status is not None else ""
            said = f"{made.answer.value}, {status}{made.size} bytes, {made.seconds:.1f} s. {made.reason}".rstrip()
            moved = f" It came from {made.final_url}." if made.final_url != made.url else ""
            mark = ("octagon-x", "failed") if made.reason else ("plus", "accent")
            rows.append((mark, "refused" if made.reason else "imported", made.url, said + moved, ""))
        self._list(rows, long_names=True)
        self._end()

    def show_commands(self, name: str, text: str, save: Callable[[], None]) -> None:
        """Commands that do the same by hand."""
        self._begin("The same by hand", name)
        self._say(
            "Three ways to the same verdict with other programs. The first two are run in a folder with the files."
        )
        self.text.setPlainText(text)
        self.text.show()
        self._buttons.addWidget(button("Save the files…", save))
        self._buttons.addWidget(button("Copy", lambda: QGuiApplication.clipboard().setText(text)))
        self._end()

    # --- making them

    def _begin(self, title: str, detail: str) -> None:
        self.title.setText(title)
        self.detail.setText(detail)
        self.setAccessibleName(title)
        empty_layout(self._buttons)
        self.lead.hide()
        self.text.hide()
        self._grid_area.hide()

    def _say(self, text: str) -> None:
        self.lead.setText(text)
        self.lead.show()

    def _list(self, rows: Sequence[tuple[tuple[str, str], str, str, str, str]], *, long_names: bool = False) -> None:
        """Rows of icon, word, name, sentence; and the fingerprint of what can be selected."""
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(2, 5 if long_names else 2)
        grid.setColumnStretch(3, 5)
        self._lines = []
        top = Qt.AlignmentFlag.AlignTop
        for number, ((sign, role), word, name, sentence, fingerprint) in enumerate(rows):
            beside = QVBoxLayout()
            beside.setContentsMargins(0, _LINK_PADDING, 0, 0)
            beside.addWidget(Mark(self._theme, sign, role))
            grid.addLayout(beside, number, 0, top)
            grid.addWidget(_lowered(label(word, "small")), number, 1, top)
            if fingerprint:
                made = link(name, partial(self.select_asked.emit, fingerprint))
                made.setSizePolicy(made.sizePolicy().Policy.Maximum, made.sizePolicy().verticalPolicy())
                grid.addWidget(made, number, 2, top)
            else:
                grid.addWidget(_lowered(Elided(name), _LINK_PADDING), number, 2, top)
                self._lines.append(name)
            said = label(sentence, "muted", wrap=True)
            said.setToolTip(sentence)
            # An address in it that is too long is cut rather than the whole column pushed out of sight.
            said.setMinimumWidth(1)
            grid.addWidget(_lowered(said), number, 3, top)
            self._lines.append(sentence)
        grid.setRowStretch(len(rows), 1)
        self._grid_area.setWidget(inner)
        self._rows = len(rows)
        inner.installEventFilter(self)
        self._grid_area.setVisible(bool(rows))
        self._fit()

    def _fit(self) -> None:
        """As high as the rows are at this width, up to a limit."""
        inner = self._grid_area.widget()
        if inner is None or not self._rows:
            return
        margins = self.body.contentsMargins()
        width = self.contentsRect().width() - margins.left() - margins.right()
        if self._rows > _LINES:
            width -= self._grid_area.verticalScrollBar().sizeHint().width()
        height = inner.heightForWidth(width)
        self._grid_area.setFixedHeight(2 + (height if self._rows <= _LINES else height * _LINES // self._rows))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fonts come later than the words, and change with the zoom."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self._grid_area.widget():
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Sentences are broken anew."""
        super().resizeEvent(event)
        self._fit()

    def _end(self) -> None:
        self.show()
        self.shown.emit()

    def _restyle(self) -> None:
        self.text.setFont(self._theme.mono(12))
        self.text.setFixedHeight(round(150 * self._theme.zoom))
