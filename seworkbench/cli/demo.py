"""`seworkbench demo`: the whole story on the command line (resources/help/demonstration.md)."""

from __future__ import annotations

import shutil
import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict
from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import Once, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import check_lines, one_line, verdict_line, write_json, write_lines
from seworkbench.demo.folder import NAME, free_folder
from seworkbench.demo.scene import as_check
from seworkbench.demo.stage import Stage
from seworkbench.demo.story import play
from seworkbench.errors import SeError
from seworkbench.files import explained, made_folder
from seworkbench.simulator.records import WATERMARK

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from seworkbench.demo.scene import PlayedScene, Seen

_WIDTH = 96
_MARGIN = "    "


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "-d",
        "--directory",
        type=Path,
        action=Once,
        metavar="DIR",
        help=f"new or empty folder for everything that is made; {NAME} here unless given",
    )
    parser.add_argument("--json", action="store_true", help="print what was played as JSON")
    add_verbosity(parser, more="all checks of each scene", less="only the last two lines")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    told = not args.quiet and not args.json
    played: list[PlayedScene] = []
    with _made_folder(args.directory) as folder, foreground_job(quiet=True) as job:
        if told:
            write_lines([WATERMARK])
        for scene in play(Stage(folder), job):
            played.append(scene)
            if told:
                write_lines(_scene_lines(len(played), scene, detailed=bool(args.verbose)))
    check = as_check(tuple(played))
    report = played[-1].outcome.files
    if args.json:
        write_json(
            {
                "watermark": WATERMARK,
                "directory": str(folder),
                "verdict": check.verdict.value,
                "scenes": [scene.to_json() for scene in played],
                "report": [str(path) for path in report],
            }
        )
    else:
        write_lines(
            [
                *([""] if told else []),
                verdict_line(check),
                f"Everything is in {one_line(folder)}; the report is {one_line(report[0])}.",
            ]
        )
    return status.DONE if check.verdict is Verdict.PASSED else status.CHECK_FAILED


def _scene_lines(number: int, played: PlayedScene, *, detailed: bool) -> Iterator[str]:
    scene = played.scene
    yield ""
    yield f"{number:>2}. {scene.title}"
    yield from textwrap.wrap(scene.caption, _WIDTH, initial_indent=_MARGIN, subsequent_indent=_MARGIN)
    for seen in played.seen:
        yield from _seen_lines(seen)
    yield from textwrap.wrap(
        one_line(played.outcome.said), _WIDTH, initial_indent=f"{_MARGIN}→ ", subsequent_indent=f"{_MARGIN}  "
    )
    if detailed:
        yield from (f"{_MARGIN}{line}" for line in check_lines(played.outcome.check, detailed=False))


def _seen_lines(seen: Seen) -> Iterator[str]:
    check = seen.check
    if check is not None:
        # One line for a whole tree, and no evidence: the story is what is told here.
        title = f"{seen.sight.when}: {check.title}" if seen.sight.when else check.title
        leaf = Check(check.id, title, check.verdict, check.reason, code=check.code)
        yield from (f"{_MARGIN}{line}" for line in check_lines(leaf, detailed=False))
    if not seen.as_expected:
        yield f"{_MARGIN}Not as expected: {seen.sight}. Found: {seen.found}."


@contextmanager
def _made_folder(wanted: Path | None) -> Iterator[Path]:
    """A folder of its own for the demonstration; it goes again with all that is in it if the story cannot be played."""
    folder = wanted or free_folder(Path())
    with explained(folder):
        free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        if not free:
            what = "The folder is not empty." if folder.is_dir() else "This is no folder."
            raise SeError(what, where=str(folder), remedy="Choose a new or an empty one.")
    with made_folder(folder):
        try:
            yield folder
        except BaseException:
            for path in folder.iterdir():
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            raise
