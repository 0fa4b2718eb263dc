"""Settings and recent files, kept in the user's configuration folder as one readable JSON file.

No secret is ever in here: of files only the path is kept, and not even that when recent files are switched off.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from seworkbench.errors import SeError
from seworkbench.files import AtomicFile

_RECENT_LIMIT = 12


def settings_file() -> Path:
    """Where the settings are kept (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "seworkbench" / "settings.json"


@dataclass
class Settings:
    """What the user chose.

    Args:
        theme: value of a ThemeChoice.
        zoom: scale of all text.
        page: name of the page shown last.
        geometry: window geometry as Qt packs it, hexadecimal.
        panes: how page and side share the width, as Qt packs it, hexadecimal.
        keep_recent: whether recent files are kept at all.
        recent: paths of files opened lately, newest first.
        workspace: path of the workspace that is opened at the start; empty for the usual one.
        machine: folder of the simulated machine used last; empty for none.
    """

    theme: str = "system"
    zoom: float = 1.0
    page: str = "overview"
    geometry: str = ""
    panes: str = ""
    keep_recent: bool = True
    recent: list[str] = field(default_factory=list)
    workspace: str = ""
    machine: str = ""

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read the settings; whatever is missing or of the wrong type is as in a fresh installation."""
        try:
            stored: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            stored = {}
        settings = cls()
        if isinstance(stored, dict):
            for entry in fields(cls):
                value = stored.get(entry.name)
                if type(value) is type(getattr(settings, entry.name)):
                    setattr(settings, entry.name, value)
        settings.recent = [str(name) for name in settings.recent][:_RECENT_LIMIT]
        return settings

    def save(self, path: Path) -> bool:
        """Write the settings whole or not at all; tells whether it worked."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with AtomicFile(path, replace=True) as file:
                file.write_at(0, json.dumps(asdict(self), indent=2).encode())
        except (SeError, OSError):
            return False
        return True

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        if self.keep_recent:
            name = str(path.absolute())
            self.recent = [name, *(other for other in self.recent if other != name)][:_RECENT_LIMIT]

    def forget_recent(self) -> None:
        """Empty the list of recent files."""
        self.recent = []
