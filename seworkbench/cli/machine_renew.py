"""`seworkbench machine renew`: a new host key document and fresh revocation lists of a simulated machine."""

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
    parser.add_argument(
        "--new-key", action="store_true", help="give it a new host key; images for the old one start no more"
    )
    parser.add_argument("--expired", action="store_true", help="let the document end yesterday, to see what finds it")


def run(args: Namespace) -> int:
    """Carry out the command."""
    machine = MachineFolder.open(args.directory)
    write_lines(machine_lines(machine.renew(datetime.now(UTC), new_key=args.new_key, expired=args.expired)))
    return status.DONE
