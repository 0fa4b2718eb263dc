"""The side of the page: the map of the image to be, and what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from seworkbench.formats.components import ComponentKind
from seworkbench.formats.image_metadata import METADATA_OFFSET, ImageMetadata
from seworkbench.formats.ipib import ipib_size
from seworkbench.formats.layout import Protection
from seworkbench.formats.se_header import KeySlotV1, header_size
from seworkbench.formats.stage3 import STAGE3A_ADDRESS
from seworkbench.ui.activity import size_text
from seworkbench.ui.pages.build.result import ResultView
from seworkbench.ui.pages.build.rules import ENCRYPTION
from seworkbench.ui.widgets.basic import label, rule
from seworkbench.ui.widgets.map_geometry import MapRegion
from seworkbench.ui.widgets.memory_map import MemoryMap
from seworkbench.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from seworkbench.image.plan import ImagePlan
    from seworkbench.ui.pages.build.draft import Draft
    from seworkbench.ui.workbench import Workbench

_PAGE = 4096
PLAN, RESULT = "plan", "result"
_FACTS = ("Image size", "Pages measured", "Header", "IPIB")


def map_regions(plan: ImagePlan, *, encrypted: bool) -> list[MapRegion]:
    """The regions of the image to be, for the map."""
    found = [
        MapRegion(0, 8, "short PSW", Protection.CLEAR, "starts at 0x11000"),
        MapRegion(METADATA_OFFSET, ImageMetadata.fixed_size(), "metadata", Protection.CLEAR, ""),
        MapRegion(STAGE3A_ADDRESS, plan.stage3a_size, "stage3a", Protection.CLEAR, "clear loader"),
        MapRegion(plan.header_address, plan.header_size, "header", Protection.AUTHENTICATED, ""),
    ]
    stored = Protection.ENCRYPTED_HASHED if encrypted else Protection.HASHED
    for part in plan.components:
        name = "cmdline" if part.kind is ComponentKind.COMMAND_LINE else part.kind.title
        found.append(MapRegion(part.address, part.stored_size, name, stored, f"{part.size:,} bytes", hashed=True))
    found.append(MapRegion(plan.ipib_address, ipib_size(len(plan.components)), "IPIB", Protection.CLEAR, ""))
    return found


class PlanView(QWidget):
    """Map and sizes of the image to be."""

    def __init__(self, workbench: Workbench, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 16, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(label("Memory map", "heading"))
        head.addStretch(1)
        head.addWidget(label("file offset = guest address", "small"))
        column.addLayout(head)
        self.hint = label("", "small", wrap=True)
        column.addWidget(self.hint)
        self.map = MemoryMap(workbench.theme, Qt.Orientation.Vertical)
        column.addWidget(self.map, 1)
        self._stretch = QWidget()
        column.addWidget(self._stretch, 1)
        column.addWidget(rule())
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.facts = {}
        for number, name in enumerate(_FACTS):
            grid.addWidget(label(name, "small"), number, 0, Qt.AlignmentFlag.AlignTop)
            value = label("", "small", wrap=True, selectable=True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(value, number, 1)
            self.facts[name] = value
        column.addLayout(grid)
        column.addWidget(rule())
        column.addWidget(label("After building", "heading"))
        for text in (
            "The written file is verified as the Ultravisor would.",
            "Digests, machines and your reasons go into a build record beside it.",
            "Open it in Inspect; start it with QEMU, libvirt or zipl.",
        ):
            column.addWidget(label(f"›  {text}", "small", wrap=True))  # noqa: RUF001 - a mark, not a quotation
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the plan of the draft."""
        plan = self._draft.plan()
        self.map.setVisible(plan is not None)
        self._stretch.setVisible(plan is None)
        if plan is None:
            self.hint.setText("The map appears with the kernel and follows every change.")
            for value in self.facts.values():
                value.setText("–")  # noqa: RUF001 - a dash for nothing
            return
        encrypted = self._draft.is_on(ENCRYPTION)
        what = "" if encrypted else " Nothing is encrypted."
        self.hint.setText(f"Follows every change.{what}")
        self.map.show_map(plan.file_size, map_regions(plan, encrypted=encrypted))
        slots = max(len(self._draft.hosts), 1)
        parts = len(plan.components)
        exact = f"{plan.file_size:,}".replace(",", "\u2009")
        keys = f"{slots} key{'' if slots == 1 else 's'}"
        self.facts["Image size"].setText(f"{size_text(plan.file_size)} ({exact} bytes)")
        self.facts["Pages measured"].setText(f"{plan.stored_size // _PAGE:,}".replace(",", "\u2009"))
        self.facts["Header"].setText(
            f"{plan.header_size} bytes = {header_size(0)} + {KeySlotV1.fixed_size()} × {keys}"  # noqa: RUF001 - times
        )
        each = ipib_size(1) - ipib_size(0)
        self.facts["IPIB"].setText(
            f"{ipib_size(parts)} bytes = {ipib_size(0)} + {each} × {parts} parts"  # noqa: RUF001 - times
        )


class BuildSide(QWidget):
    """Plan or result, one at a time."""

    def __init__(self, workbench: Workbench, draft: Draft) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(8)
        self.choice = Segments(((PLAN, "Image to be"), (RESULT, "Image built")), self.show_part, "Side")
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 0, 16, 0)
        bar.addWidget(self.choice)
        bar.addStretch(1)
        column.addLayout(bar)
        self.stack = QStackedWidget()
        self.plan = PlanView(workbench, draft)
        self.result = ResultView(workbench)
        for view in (self.plan, self.result):
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setWidget(view)
            self.stack.addWidget(scroll)
        column.addWidget(self.stack, 1)
        self.choice.hide()
        self.show_part(PLAN)

    def show_part(self, part: str) -> None:
        """Show the plan or the result."""
        self.choice.choose(part)
        self.stack.setCurrentIndex((PLAN, RESULT).index(part))

    def show_result(self, built: dict[str, Any], verification: dict[str, Any], record: str) -> None:
        """An image was built."""
        self.result.show_result(built, verification, record)
        self.choice.show()
        self.show_part(RESULT)

    def forget_result(self) -> None:
        """There is no result to show any more."""
        self.choice.hide()
        self.show_part(PLAN)
