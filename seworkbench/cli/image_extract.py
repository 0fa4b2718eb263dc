"""`seworkbench image extract`: the components of an image, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.contents import contents_lines
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import Once, add_access, add_verbosity, read_access, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_json, write_lines
from seworkbench.cli.wrong_file import content_told
from seworkbench.image.extract import extract_image
from seworkbench.image.image_file import open_image

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  seworkbench image extract guest.img --hdr-key keys/guest.img.hdr-key -d parts
      kernel, ramdisk, command line, loader and header into the folder parts
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("input", type=Path, metavar="IMAGE", help="SE image")
    add_access(parser)
    parser.add_argument(
        "-d",
        "--directory",
        type=Path,
        action=Once,
        required=True,
        metavar="DIR",
        help="folder for the files",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    parser.add_argument("--json", action="store_true", help="print what was extracted as JSON")
    add_verbosity(parser, more="what the parts are", less="nothing but errors")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    access = read_access(args)
    quiet = bool(args.quiet or args.json)
    with content_told(), open_image(args.input) as image, foreground_job(quiet=quiet) as job:
        result = extract_image(image, access, args.directory, overwrite=args.overwrite, job=job)
    if args.json:
        write_json({"image": str(args.input), **result.to_json()})
    elif not args.quiet:
        details = ["", *contents_lines(result.contents)] if args.verbose else []
        write_lines([*(f"{size:>12} bytes  {one_line(path)}" for path, size in result.files.values()), *details])
    return status.DONE
