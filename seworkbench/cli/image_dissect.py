"""`seworkbench image dissect`: any known binary as a tree of fields."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.options import add_access, add_verbosity, read_access, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_json, write_lines
from seworkbench.cli.wrong_file import content_told
from seworkbench.errors import FormatError, UsageError
from seworkbench.image.dissection import dissect_file
from seworkbench.image.image_file import open_image
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from seworkbench.formats.layout import Field

_VALUE_WIDTH = 64

EXAMPLES = """\
  seworkbench image dissect guest.img
  seworkbench image dissect -v --hdr-key keys/guest.img.hdr-key guest.img
      opens the header too, and tells what each field means
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "input",
        type=Path,
        metavar="FILE",
        help="SE image, SE header, IPIB, image metadata, attestation request or response",
    )
    add_access(parser, protection_key=True)
    parser.add_argument("--show-secrets", action="store_true", help="show keys of an opened header or request")
    parser.add_argument("--json", action="store_true", help="print the tree as JSON")
    add_verbosity(parser, more="what fields mean, what protects them", less="only the structures")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    access = read_access(args)
    if args.show_secrets and access is None:
        raise UsageError("--show-secrets needs a key.", remedy="Add --hdr-key FILE or --host-private-key FILE.")
    with content_told(), open_image(args.input) as image:
        try:
            tree = dissect_file(image, access)
        except FormatError as error:
            raise error.located(str(args.input)) from None
    if args.json:
        write_json(tree.to_json(show_secrets=args.show_secrets))
    else:
        shown = replace(tree, children=tuple(replace(part, children=()) for part in tree.children))
        lines = _lines(shown if args.quiet else tree, show_secrets=args.show_secrets, verbose=bool(args.verbose))
        write_lines(one_line(line) for line in lines)
    return status.DONE


def _lines(field: Field, *, show_secrets: bool, verbose: bool, depth: int = 0) -> Iterator[str]:
    value = field.value
    if isinstance(field.raw, Secret) and show_secrets:
        value = field.raw.reveal().hex()
    pieces = [value[start : start + _VALUE_WIDTH] for start in range(0, len(value), _VALUE_WIDTH)] or [""]
    label = f"{'  ' * depth}{field.title}" + (f" ({field.name})" if depth and not field.name[0].isupper() else "")
    yield f"{field.offset:08x} {field.length:>10}  {label:<44}  {pieces[0]}".rstrip()
    for piece in pieces[1:]:
        yield f"{'':<65}  {piece}"
    if verbose:
        said = f"{field.protection.value}. {field.meaning}".rstrip()
        yield f"{'':<21}{'  ' * depth}  {said}"
    for child in field.children:
        yield from _lines(child, show_secrets=show_secrets, verbose=verbose, depth=depth + 1)
