"""What pvimg did: recorded runs, the images that came out, and the inputs (tests/data/interop)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data" / "interop"
RUNS: list[dict[str, Any]] = json.loads((DATA / "images.json").read_text())
MADE = {run["name"]: run for run in RUNS if run["exit"] == 0}
REFUSED = {run["name"]: run for run in RUNS if run["exit"] != 0}


@dataclass(frozen=True)
class Bench:
    """The folder in which pvimg was run, rebuilt: inputs, PKI beside it, and the images unpacked.

    Args:
        folder: the current folder of the recorded runs.
    """

    folder: Path

    def image(self, name: str) -> Path:
        """The image that pvimg made in the run of that name."""
        return self.folder / f"{name}.img"

    def given(self, name: str, option: str) -> Path | None:
        """The file that a run was given with an option."""
        arguments: list[str] = MADE[name]["args"]
        return self.folder / arguments[arguments.index(option) + 1] if option in arguments else None

    @property
    def header_key(self) -> Path:
        """The header key of every image."""
        return self.folder / "hdr.key"

    def host_key(self, number: int) -> Path:
        """The private key of a machine."""
        return self.folder.parent / "pki" / f"host{number}.key"

    def document(self, number: int) -> Path:
        """The host key document of a machine."""
        return self.folder.parent / "pki" / f"host{number}.crt"


def hosts_of(name: str) -> set[int]:
    """The machines for which an image was made."""
    return {number for number in (1, 2) if f"../pki/host{number}.crt" in MADE[name]["args"]}
