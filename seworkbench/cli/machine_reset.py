"""`seworkbench machine reset`: end the guest of a simulated machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.terminal import write_lines
from seworkbench.simulator.machine_folder import MachineFolder

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder of the machine")


def run(args: Namespace) -> int:
    """Carry out the command."""
    machine = MachineFolder.open(args.directory)
    ended = machine.end_guest()
    write_lines([f"{machine.machine.name}: {'the guest was ended' if ended else 'no guest ran'}"])
    return status.DONE
