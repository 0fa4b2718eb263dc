"""What the image allows: flags as sentences with switches, conflicts where they arise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from seworkbench.ui.pages.build.draft import odd_flags, switches_on
from seworkbench.ui.pages.build.rules import SWITCHES, Conflict, Switch, WayOut, conflicts
from seworkbench.ui.widgets.basic import Card, WarningBox, empty_layout, label, rule
from seworkbench.ui.widgets.switch import SwitchButton

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.ui.pages.build.draft import Draft
    from seworkbench.ui.workbench import Workbench


class SwitchRow(QWidget):
    """One sentence, its switch, what follows from it, and what it conflicts with.

    Args:
        workbench: theme.
        draft: the image to be.
        switch: the switch.
        follow: follows a link out of a conflict.
    """

    def __init__(self, workbench: Workbench, draft: Draft, switch: Switch, follow: Callable[[WayOut], None]) -> None:
        super().__init__()
        self._workbench = workbench
        self._draft = draft
        self._switch = switch
        self._follow = follow
        self._shown: Conflict | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 0, 1)
        column.setSpacing(2)
        head = QHBoxLayout()
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(label(switch.sentence, wrap=True))
        self.consequence = label("", "small", wrap=True)
        text.addWidget(self.consequence)
        head.addLayout(text, 1)
        self.button = SwitchButton(workbench.theme, switch.sentence)
        self.button.clicked.connect(lambda on: draft.turn(switch, on=on))
        head.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self._boxes = QVBoxLayout()
        self._boxes.setContentsMargins(0, 2, 0, 4)
        column.addLayout(self._boxes)

    @property
    def conflict(self) -> WarningBox | None:
        """The conflict that is shown."""
        item = self._boxes.itemAt(0)
        widget = item.widget() if item is not None else None
        return widget if isinstance(widget, WarningBox) else None

    def refresh(self, conflict: Conflict | None) -> None:
        """Show the state of the draft."""
        on = self._draft.is_on(self._switch)
        self.button.setChecked(on)
        self.consequence.setText(self._switch.on if on else self._switch.off)
        self.button.setAccessibleDescription(self.consequence.text())
        if conflict == self._shown:
            return
        self._shown = conflict
        empty_layout(self._boxes)
        if conflict is not None:
            box = WarningBox(self._workbench.theme, f"Conflict. {conflict.text}")
            for way in conflict.ways:
                box.add_link(way.text, partial(self._follow, way))
            self._boxes.addWidget(box)


class ProtectionCard(Card):
    """All switches.

    Args:
        workbench: theme.
        draft: the image to be.
        follow: follows a link out of a conflict.
    """

    def __init__(self, workbench: Workbench, draft: Draft, follow: Callable[[WayOut], None]) -> None:
        super().__init__("Protection")
        self._draft = draft
        self.body.setSpacing(4)
        self.head.removeWidget(self.detail)
        self.head.addWidget(self.detail)
        self.rows = {switch.name: SwitchRow(workbench, draft, switch, follow) for switch in SWITCHES}
        for number, row in enumerate(self.rows.values()):
            if number:
                self.body.addWidget(rule())
            self.body.addWidget(row)
        self.odd = label("", "small", wrap=True)
        self.body.addWidget(self.odd)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the switches of the draft."""
        on, differ = switches_on(self._draft)
        verb = "differs" if differ == 1 else "differ"
        self.detail.setText(f"{on} of {len(SWITCHES)} on, {differ or 'none'} {verb} from the default")
        found: dict[str, Conflict] = {}
        for conflict in conflicts(self._draft):
            found.setdefault(conflict.switch.name, conflict)
        for name, row in self.rows.items():
            row.refresh(found.get(name))
        odd = odd_flags(self._draft)
        self.odd.setVisible(bool(odd))
        self.odd.setText(f"{odd} more flag{'s' if odd > 1 else ''} without a published meaning, from the recipe.")
