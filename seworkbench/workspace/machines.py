"""Names and notes that the user gives machines; a machine is known by the hash of its host key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.workspace.audit import append_entry
from seworkbench.workspace.records import instant_text, parse_instant

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from seworkbench.workspace.store import Store


@dataclass(frozen=True, slots=True)
class Machine:
    """What the user says about a machine.

    Args:
        phkh: hash of its host key, 64 hexadecimal digits.
        name: its name.
        notes: anything.
        changed_at: when that was written.
    """

    phkh: str
    name: str
    notes: str
    changed_at: datetime


class Machines:
    """The machines of a workspace.

    Args:
        store: the workspace file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self, phkh: str, *, name: str, notes: str = "", at: datetime) -> None:
        """Name a machine; empty name and notes forget it.

        Raises:
            SeError: if the file cannot be changed.
        """
        with self._store.change() as change:
            if name or notes:
                change.run("INSERT OR REPLACE INTO machine VALUES (?, ?, ?, ?)", phkh, name, notes, instant_text(at))
            else:
                change.run("DELETE FROM machine WHERE phkh = ?", phkh)
            append_entry(change, "machine described", phkh, {"name": name, "notes": notes}, at=at)

    def all(self) -> dict[str, Machine]:
        """All machines that were named, by the hash of their key."""
        found = self._store.rows(_machine, "SELECT phkh, name, notes, changed_at FROM machine ORDER BY name, phkh")
        return {machine.phkh: machine for machine in found}


def _machine(row: sqlite3.Row) -> Machine:
    return Machine(row["phkh"], row["name"], row["notes"], parse_instant(row["changed_at"]))
