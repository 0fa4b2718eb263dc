"""`seworkbench machine start`: start an image on a simulated machine, step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import check_lines, one_line, verdict_line, write_json, write_lines
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.simulator.events import Actor
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.records import WATERMARK
from seworkbench.simulator.running import run_image

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from seworkbench.simulator.events import StartEvent


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder of the machine")
    parser.add_argument("input", type=Path, metavar="IMAGE", help="SE image")
    parser.add_argument("--json", action="store_true", help="print events and checks as JSON")
    add_verbosity(parser, more="all checks, twice for their evidence", less="only the verdict")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    machine = MachineFolder.open(args.directory)
    events: list[StartEvent] = []
    with foreground_job(quiet=bool(args.quiet or args.json)) as job:
        result = run_image(machine, args.input, at=datetime.now(UTC), watch=events.append, job=job)
    if args.json:
        write_json(
            {
                "image": str(args.input),
                "watermark": WATERMARK,
                "events": [event.to_json() for event in events],
                **result.to_json(),
            }
        )
    else:
        lines = [] if args.quiet else [WATERMARK, "", *_event_lines(events), ""]
        if args.verbose:
            lines += [*check_lines(result.check, detailed=args.verbose > 1), ""]
        write_lines([*lines, one_line(f"{machine.machine.name}: {result.summary}"), verdict_line(result.check)])
    good = result.started and result.check.verdict is not Verdict.FAILED
    return status.DONE if good else status.CHECK_FAILED


def _event_lines(events: Iterable[StartEvent]) -> Iterator[str]:
    for event in events:
        pages = event.pages
        if pages is not None and pages.first + pages.count < pages.of:
            continue  # one line for each component: at its last pages
        what = event.title
        if pages is not None:
            start = pages.address - pages.first * PAGE_SIZE
            count = "1 page" if pages.of == 1 else f"{pages.of} pages"
            what = f"Unpack component {pages.component} of {pages.components}, {count} from 0x{start:x}"
        mark = "✘" if event.refused else "✔"
        yield f"{mark} {event.actor.value:<11} {event.call:<24} {what}"
        answer = f"{event.code}. " if event.code is not None and event.actor is Actor.ULTRAVISOR else ""
        yield f"{'':<14}{one_line(answer + event.explanation)}"
