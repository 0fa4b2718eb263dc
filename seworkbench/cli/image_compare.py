"""`seworkbench image compare`: two images or headers, by meaning first and by bytes second."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_json, write_lines
from seworkbench.cli.wrong_file import content_told
from seworkbench.errors import UsageError
from seworkbench.image.compare import Comparison, Relation, compare_files

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from seworkbench.image.access import Access

_MARKS = {Relation.EQUAL: "=", Relation.DIFFERENT: "≠", Relation.NOT_CHECKED: "○"}
_SHOWN_RANGES = 10

EXAMPLES = """\
  seworkbench image compare old.img new.img
  seworkbench image compare --hdr-key old.hdr-key --hdr-key new.hdr-key old.img new.img
      opens both: is it the same kernel in the two?
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("left", type=Path, metavar="FIRST", help="SE image or SE header")
    parser.add_argument("right", type=Path, metavar="SECOND", help="SE image or SE header")
    keys = parser.add_mutually_exclusive_group()
    for name, what in (("--hdr-key", "header key"), ("--host-private-key", "private key of a (simulated) machine")):
        keys.add_argument(
            name,
            type=Path,
            action="append",
            metavar="FILE",
            help=f"{what}; given once for both files, given twice for the first and the second",
        )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    add_verbosity(parser, more="what is equal, every place that differs", less="only the summary")


def run(args: Namespace) -> int:
    """Carry out the command; status 3 if the files differ."""
    require_one_verbosity(args)
    accesses = _accesses(args)
    with content_told(), foreground_job(quiet=bool(args.quiet or args.json)) as job:
        found = compare_files(args.left, args.right, left_access=accesses[0], right_access=accesses[1], job=job)
    if args.json:
        write_json({"first": str(args.left), "second": str(args.right), **found.to_json()})
    else:
        lines = [] if args.quiet else list(_lines(found, everything=bool(args.verbose)))
        write_lines([*lines, *([""] if lines else []), found.sentence()])
    return status.DONE if found.identical else status.CHECK_FAILED


def _accesses(args: Namespace) -> tuple[Access | None, Access | None]:
    files: list[Path] = args.hdr_key or args.host_private_key or []
    if len(files) > 2:  # noqa: PLR2004 - there are two files
        raise UsageError("There are more keys than files.", remedy="Give the option once or twice.")
    if not files:
        return None, None
    # Keys need the cryptographic library; without one the command starts faster.
    from seworkbench.image.access import access_from_files  # noqa: PLC0415

    name = "header_key" if args.hdr_key else "host_private_key"
    found = [access_from_files(**{name: path}) for path in files]
    return found[0], found[-1]


def _lines(found: Comparison, *, everything: bool) -> Iterator[str]:
    """What differs or was not checked, group by group; with `everything`, what is equal too."""
    wanted = () if found.identical else (Relation.DIFFERENT, Relation.NOT_CHECKED)
    shown = [pair for pair in found.pairs if everything or pair.relation in wanted]
    for group, pairs in groupby(shown, key=lambda pair: pair.group):
        yield group
        for pair in pairs:
            yield f"  {_MARKS[pair.relation]} {one_line(pair.title)}"
            if pair.relation is Relation.EQUAL:
                yield f"      both    {one_line(pair.left)}"
            elif pair.relation is Relation.DIFFERENT:
                yield f"      first   {one_line(pair.left)}"
                yield f"      second  {one_line(pair.right)}"
            if pair.note:
                yield f"      {one_line(pair.note)}"
    if found.ranges:
        yield "Bytes"
        limit = len(found.ranges) if everything else _SHOWN_RANGES
        for offset, length in found.ranges[:limit]:
            size = f"{length} byte{'' if length == 1 else 's'}"
            yield f"  0x{offset:08x}  {size:<16}  {found.part_at(offset)}".rstrip()
        more = len(found.ranges) - limit
        if more > 0 or found.cut_off:
            yield f"  and {'more than ' if found.cut_off else ''}{max(more, 0)} more places (-v shows them)"
