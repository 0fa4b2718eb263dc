"""Attacks to choose from, each with its story and what must catch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS, AttestationAttack, Catcher
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS, ImageAttack
from seworkbench.simulator.secure_parameters import STEPS as HEADER_STEPS
from seworkbench.simulator.tampering import Target
from seworkbench.simulator.ultravisor import VERIFY_STEPS
from seworkbench.ui.pages.machine.calls import unbroken
from seworkbench.ui.widgets.basic import button, label, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from seworkbench.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_ENTRY = Qt.ItemDataRole.UserRole
_TITLES = {step.id: step.title for step in (*HEADER_STEPS, *VERIFY_STEPS)}
_TARGETS = {
    Target.REQUEST: "on the request, on its way to the machine",
    Target.MACHINE: "on the machine that answers",
    Target.RESPONSE: "on the response, on its way back",
}
_CATCHERS = {
    Catcher.MACHINE: "The machine refuses it",
    Catcher.VERIFICATION: "Verification fails",
    Catcher.ERROR: "Verification cannot even begin",
    Catcher.POLICY: "Only a policy tells",
}
# The same after "What must catch it:".
_CAUGHT_BY = {
    Catcher.MACHINE: "The machine, which refuses it",
    Catcher.VERIFICATION: "Verification, which fails",
    Catcher.ERROR: "Verification, which cannot even begin",
    Catcher.POLICY: "Only a policy",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An attack as it is listed.

    Args:
        id: of the attack.
        title: plain name.
        story: what it does and what for.
        short: what must catch it, in a few words.
        caught: the same in a sentence.
        code: the number that must come back; empty if there is none.
    """

    id: str
    title: str
    story: str
    short: str
    caught: str
    code: str = ""


def image_entries() -> tuple[Entry, ...]:
    """All attacks on images."""
    return tuple(_image_entry(attack) for attack in IMAGE_ATTACKS)


def attestation_entries() -> tuple[Entry, ...]:
    """All attacks on attestation."""
    return tuple(_attestation_entry(attack) for attack in ATTESTATION_ATTACKS)


def _image_entry(attack: ImageAttack) -> Entry:
    code = f"RC 0x{attack.code.rc:04x}, RRC 0x{attack.code.rrc:04x}" if attack.code else ""
    title = _TITLES.get(attack.step, "")
    where = attack.step.rpartition(".")[0]
    ways = {
        "load": ("QEMU finds no start", "The hypervisor: it finds no address to start the boot loader at."),
        "diag": ("Take the IPIB", "The hypervisor: it refuses the component table before it asks the Ultravisor."),
        "uv.ssc": ("Set secure parameters", f"The Ultravisor, when it opens the header: “{title}”."),
        "uv.verify": ("Verify", f"The Ultravisor, when it compares the pages with the header: “{title}”."),
        "guest": (
            "The guest itself",
            "Nothing on the machine: it starts what the header says, and the guest fails by itself.",
        ),
        "": ("No machine", "Nothing on the machine. It starts; attestation shows which header it was started from."),
    }
    short, caught = ways[where]
    return Entry(attack.id, attack.title, attack.story, short, caught, code)


def _attestation_entry(attack: AttestationAttack) -> Entry:
    code = f"RC 0x{attack.code.rc:04x}" if attack.code else ""
    caught = f"{_CAUGHT_BY[attack.catcher]}. It is an attack {_TARGETS[attack.target]}."
    if attack.policy:
        caught = f"Only the policy “{attack.policy}”. It is an attack {_TARGETS[attack.target]}."
    return Entry(attack.id, attack.title, attack.story, _CATCHERS[attack.catcher], caught, code)


class _Delegate(QStyledItemDelegate):
    """Paints an attack in one line: title, and at the right what catches it."""

    def __init__(self, theme: Theme, view: QListWidget) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """A line."""
        return QSize(100, round(QFontMetricsF(self._theme.font(13)).height() + 8 * self._theme.zoom))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """See Qt."""
        entry = index.data(_ENTRY)
        if not isinstance(entry, Entry):
            return
        roles, zoom = self._theme.roles, self._theme.zoom
        rect: QRect = option.rect
        painter.save()
        is_current = self._view.currentIndex() == index
        if is_current:
            painter.fillRect(rect, roles.colour("accent_background"))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), roles.colour("accent"))
        room = QRectF(rect).adjusted(12 * zoom, 0, -10 * zoom, 0)
        small = self._theme.font(12)
        advance = QFontMetricsF(small).horizontalAdvance(entry.short)
        painter.setFont(small)
        painter.setPen(roles.colour("muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, entry.short)
        font = self._theme.font(13, bold=is_current)
        painter.setFont(font)
        painter.setPen(roles.colour("text"))
        title = QFontMetricsF(font).elidedText(
            entry.title, Qt.TextElideMode.ElideRight, room.width() - advance - 12 * zoom
        )
        painter.drawText(room, middle, title)
        painter.restore()


class _Attacks(QListWidget):
    """A list whose selected row stays in sight when what is said below it takes room."""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """See the class."""
        super().resizeEvent(event)
        if (current := self.currentItem()) is not None:
            self.scrollToItem(current)


class AttackList(QWidget):
    """Attacks, and the story of the chosen one.

    Args:
        theme: colours and fonts.
        entries: the attacks.
        verb: what the button says.
        name: for screen readers.
    """

    asked = Signal(str)  # id of an attack that shall be made

    def __init__(self, theme: Theme, entries: Sequence[Entry], verb: str, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._made = ""
        self._verb = verb
        self._possible = True
        self.list = _Attacks()
        self.list.setAccessibleName(name)
        self.list.setItemDelegate(_Delegate(theme, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for entry in entries:
            # Made by the list, as in the command palette: Python may collect what it made before Qt deletes it.
            self.list.addItem(entry.title)
            item = self.list.item(self.list.count() - 1)
            item.setData(_ENTRY, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}. {entry.story} {entry.caught}")
        self.story = label("", wrap=True)
        self.caught = label("", "small", wrap=True)
        self.make: QPushButton = button(verb, self._ask)
        self.extra = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(rule())
        below = QVBoxLayout()
        below.setContentsMargins(14, 8, 14, 10)
        below.setSpacing(4)
        below.addWidget(self.story)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.caught, 1)
        row.addLayout(self.extra)
        row.addWidget(self.make, 0, Qt.AlignmentFlag.AlignBottom)
        below.addLayout(row)
        column.addLayout(below)
        self.list.currentItemChanged.connect(self._show)
        self.list.itemActivated.connect(lambda _item: self._ask())
        theme.changed.connect(self.list.scheduleDelayedItemsLayout)
        self.list.setCurrentRow(0)

    @property
    def chosen(self) -> Entry | None:
        """The attack that is selected."""
        entry = self.list.currentIndex().data(_ENTRY)
        return entry if isinstance(entry, Entry) else None

    def is_made(self, attack_id: str) -> bool:
        """Whether that attack is made at present."""
        return bool(attack_id) and attack_id == self._made

    def choose(self, attack_id: str) -> None:
        """Select an attack."""
        for row in range(self.list.count()):
            if self.list.item(row).data(_ENTRY).id == attack_id:
                self.list.setCurrentRow(row)

    def allow(self, *, possible: bool) -> None:
        """Whether an attack can be made now."""
        self._possible = possible
        self.make.setEnabled(possible)

    def show_made(self, attack_id: str) -> None:
        """Mark the attack that is made; empty for none."""
        self._made = attack_id
        if attack_id:
            self.choose(attack_id)
        self._show()

    def _show(self, *_: object) -> None:
        entry = self.chosen
        if entry is None:
            return
        self.story.setText(entry.story)
        code = f" {unbroken(entry.code)}." if entry.code else ""
        self.caught.setText(f"What must catch it: {entry.caught[0].lower()}{entry.caught[1:]}{code}")
        self.make.setText(f"{self._verb} again" if entry.id == self._made else self._verb)

    def _ask(self) -> None:
        if self._possible and (entry := self.chosen) is not None:
            self.asked.emit(entry.id)
