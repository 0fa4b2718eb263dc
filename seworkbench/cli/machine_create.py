"""`seworkbench machine create`: a simulated machine in a folder (resources/help/simulated-machine.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.machine_show import machine_json, machine_lines
from seworkbench.cli.options import Once, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import write_json, write_lines
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_folder import MachineFolder

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="new folder")
    parser.add_argument(
        "--generation",
        action=Once,
        choices=[generation.value for generation in Generation],
        default=Generation.Z16.value,
        help="generation of the machine; z16 unless given",
    )
    parser.add_argument("--backup-key", action="store_true", help="give it a backup host key too")
    parser.add_argument("--json", action="store_true", help="print the machine as JSON")
    add_verbosity(parser, less="nothing but errors")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    with foreground_job(quiet=bool(args.quiet or args.json)) as job:
        machine = MachineFolder.create(
            args.directory,
            Generation(args.generation),
            at=datetime.now(UTC),
            backup_key=args.backup_key,
            job=job,
        )
    if args.json:
        write_json(machine_json(machine))
    elif not args.quiet:
        write_lines(machine_lines(machine))
    return status.DONE
