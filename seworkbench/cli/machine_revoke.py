"""`seworkbench machine revoke`: put the host key document of a simulated machine on its revocation list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.machine_show import machine_lines
from seworkbench.cli.terminal import write_lines
from seworkbench.simulator.machine_folder import MachineFolder

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder of the machine")


def run(args: Namespace) -> int:
    """Carry out the command."""
    write_lines(machine_lines(MachineFolder.open(args.directory).revoke(datetime.now(UTC))))
    return status.DONE
