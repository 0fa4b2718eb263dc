"""What the parts of the window share: theme, jobs, settings, messages, and where to go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal

from seworkbench.recognise import Kind
from seworkbench.ui.jobs import Jobs
from seworkbench.ui.pasted import PastedFiles
from seworkbench.ui.paths import shown_error
from seworkbench.ui.settings import Settings
from seworkbench.ui.theme import LARGEST_ZOOM, SMALLEST_ZOOM, Theme, ThemeChoice

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.errors import SeError
    from seworkbench.recognise import Recognised
    from seworkbench.ui.machine_desk import MachineDesk


# Where keys are is nobody's business.
_KEYS = (Kind.KEY_32, Kind.KEY_64, Kind.PRIVATE_KEY)


_ZOOM_STEP = 0.1
# Older messages go: a window that is open for weeks must not grow for ever.
MOST_MESSAGES = 500


class Weight(Enum):
    """How much a message matters."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened and stays readable in the message list.

    Args:
        at: when, UTC.
        weight: how much it matters.
        text: what happened; never a secret.
        remedy: what to do.
    """

    at: datetime
    weight: Weight
    text: str
    remedy: str = ""


class Workbench(QObject):
    """One running workbench.

    Args:
        settings_path: where the settings are kept.
    """

    message_added = Signal(object)  # Message
    page_requested = Signal(str)  # show this page
    files_offered = Signal(list)  # list[Path]: dropped, pasted or opened; recognise and route them
    file_accepted = Signal(object)  # Recognised, after a page took it
    recent_changed = Signal()  # the list of recent files is another now
    help_requested = Signal(str)  # page of resources/help with anchor
    menu_requested = Signal(list, QPoint)  # ids of actions, and where on the screen: a context menu of them

    def __init__(self, settings_path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings_path = settings_path
        self.settings = Settings.load(settings_path)
        self.theme = Theme(self)
        self.jobs = Jobs(self)
        self.pasted = PastedFiles()
        self.messages: list[Message] = []
        choices = {choice.value: choice for choice in ThemeChoice}
        self.theme.choice = choices.get(self.settings.theme, ThemeChoice.SYSTEM)
        self.theme.zoom = min(LARGEST_ZOOM, max(SMALLEST_ZOOM, self.settings.zoom))

    @cached_property
    def machine(self) -> MachineDesk:
        """The simulated machine; made, and loaded, when a page asks for it."""
        from seworkbench.ui.machine_desk import MachineDesk  # noqa: PLC0415 - the window stands before it is needed

        return MachineDesk(self.jobs, partial(setattr, self.settings, "machine"), self)

    def save_settings(self) -> bool:
        """Keep the settings on the disk; tells whether it worked."""
        return self.settings.save(self.settings_path)

    def choose_theme(self, choice: ThemeChoice) -> None:
        """Switch the theme, now and for the next start."""
        self.settings.theme = choice.value
        self.theme.choose(choice)
        self.save_settings()

    def set_zoom(self, zoom: float) -> None:
        """Scale all text, now and for the next start; 1.0 is normal."""
        self.theme.set_zoom(zoom)
        self.settings.zoom = self.theme.zoom
        self.save_settings()

    def zoom_by(self, steps: int) -> None:
        """Make all text so many steps larger or, below 0, smaller."""
        self.set_zoom(round(self.theme.zoom + steps * _ZOOM_STEP, 2))

    def keep_recent(self, keep: bool) -> None:
        """Keep recent files from now on, or not; then those that were kept are gone from the disk too."""
        self.settings.keep_recent = keep
        if not keep:
            self.settings.forget_recent()
        self.save_settings()
        self.recent_changed.emit()

    def forget_recent(self) -> None:
        """Empty the list of recent files, on the disk too."""
        self.settings.forget_recent()
        self.save_settings()
        self.recent_changed.emit()

    def say(self, text: str, weight: Weight = Weight.NOTE, remedy: str = "") -> None:
        """Add a message."""
        message = Message(datetime.now(UTC), weight, text, remedy)
        self.messages.append(message)
        del self.messages[:-MOST_MESSAGES]
        self.message_added.emit(message)

    def report(self, error: SeError) -> None:
        """Add an error as a message."""
        self.say(shown_error(error), Weight.ERROR, error.remedy)

    def accepted(self, item: Recognised) -> None:
        """A page took a file: remember it, unless it is a key or was pasted, and tell."""
        if item.kind not in _KEYS and not item.pasted:
            self.settings.remember(item.path)
            self.recent_changed.emit()
        self.file_accepted.emit(item)
