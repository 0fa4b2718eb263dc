"""The Learn page: cards with pictures, what the host can and cannot do, and which generation knows what."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout

from seworkbench.formats.flags import PAF, PCF, SCF, FlagWord
from seworkbench.simulator.generations import Generation
from seworkbench.ui.pages.learn.lessons import LESSONS, THREATS, Lesson
from seworkbench.ui.pages.page import Page
from seworkbench.ui.widgets.basic import Card, CompactBody, label, link, rule
from seworkbench.ui.widgets.flow_picture import FlowPicture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seworkbench.simulator.generations import GenerationProfile
    from seworkbench.ui.workbench import Workbench

_WORDS: tuple[tuple[FlagWord, Callable[[GenerationProfile], int]], ...] = (
    (PCF, lambda profile: profile.supported_pcf),
    (SCF, lambda profile: profile.supported_scf),
    (PAF, lambda profile: profile.supported_paf or 0),
)


class LearnPage(Page):
    """See the module's text."""

    NAME = "learn"
    HELP = "index.md"

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setObjectName("pageScroll")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = CompactBody()
        # As high as it is at its width; Qt would take the height at its least width, where all lines are broken.
        content.setMinimumHeight(1)
        cards = QVBoxLayout(content)
        cards.setContentsMargins(20, 14, 20, 16)
        cards.setSpacing(12)
        cards.addLayout(self._make_head())
        self.pictures = [FlowPicture(workbench.theme, lesson.flow) for lesson in LESSONS]
        for lesson, picture in zip(LESSONS, self.pictures, strict=True):
            cards.addWidget(self._make_card(lesson, picture))
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self._make_threats(), 3)
        below.addWidget(self._make_generations(), 2)
        cards.addLayout(below)
        cards.addStretch(1)
        area.setWidget(content)
        column.addWidget(area)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("Learn", "title"))
        head.addWidget(label("how Secure Execution works, and where this program does it", "muted"))
        head.addStretch(1)
        for text, target in (("Glossary", "lifecycle.md#glossary"), ("All help pages", "index.md")):
            head.addWidget(link(text, partial(self.workbench.help_requested.emit, target)))
        return head

    def _make_card(self, lesson: Lesson, picture: FlowPicture) -> Card:
        card = Card(lesson.title)
        card.head.addWidget(link(lesson.way, partial(self.workbench.page_requested.emit, lesson.page)))
        card.head.addWidget(link("Read more", partial(self.workbench.help_requested.emit, lesson.help)))
        card.body.addWidget(picture)
        card.body.addWidget(label(lesson.text, "muted", wrap=True))
        return card

    def _make_threats(self) -> Card:
        card = Card("What if the host …", "and what stops it")
        card.head.addWidget(link("Read more", partial(self.workbench.help_requested.emit, "threat-model.md")))
        card.body.addLayout(_grid(((first, second) for first, second in THREATS), (2, 3)))
        card.body.addStretch(1)
        return card

    def _make_generations(self) -> Card:
        card = Card("Which machine knows what")
        card.head.addWidget(
            link("Read more", partial(self.workbench.help_requested.emit, "simulated-machine.md#generations"))
        )
        card.body.addLayout(_grid(_generation_rows(), (4, 1, 1, 1)))
        card.body.addWidget(
            label(
                "Profiles of this program for its simulated machines; a real one says itself what its firmware knows.",
                "small",
                wrap=True,
            )
        )
        card.body.addStretch(1)
        return card


def _generation_rows() -> Iterator[tuple[str, ...]]:
    """Flags in words, and which generation knows them."""
    profiles = [generation.profile for generation in Generation]
    yield ("", *(generation.value for generation in Generation))
    for word, supported in _WORDS:
        for flag in word.flags:
            yield (flag.name, *("yes" if supported(profile) & flag.mask else "no" for profile in profiles))


def _grid(rows: Iterator[tuple[str, ...]], shares: tuple[int, ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(5)
    for column, share in enumerate(shares):
        grid.setColumnStretch(column, share)
    for number, row in enumerate(rows):
        if number:
            grid.addWidget(rule(), 2 * number - 1, 0, 1, len(shares))
        for column, text in enumerate(row):
            cell: QLabel = label(text, "muted" if column and text != "yes" else "", wrap=True)
            grid.addWidget(cell, 2 * number, column, Qt.AlignmentFlag.AlignTop)
    return grid
