"""`seworkbench image test`: is an image built for a machine? The options are those of `pvimg test`.

Only host key hashes are compared; nothing is said about who made the image (resources/help/command-line.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.options import Once, PathList, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_lines
from seworkbench.cli.wrong_file import content_told
from seworkbench.errors import FormatError, UsageError
from seworkbench.files import read_whole
from seworkbench.formats.uv_keys import KEY_HASH_FILE, parse_uv_keys
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import locate_header, read_header

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_FILE_LIMIT = 1 << 16
# As with pvimg, a value must follow with "=": what stands behind the bare option is the image.
OPTIONAL_VALUES = {"--key-hashes": KEY_HASH_FILE}

EXAMPLES = """\
  seworkbench image test -k HKD.crt guest.img
      is there a key slot for the machine with this host key document?
  seworkbench image test --key-hashes guest.img
      is there one for the machine that this runs on?
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("input", type=Path, metavar="IMAGE", help="SE image or SE header")
    parser.add_argument(
        "-k",
        "--host-key-document",
        action=PathList,
        default=[],
        metavar="FILE",
        help="host key document of a machine; repeat it or separate by commas",
    )
    parser.add_argument(
        "--key-hashes",
        action=Once,
        metavar="=FILE",
        help=f"key hashes of a machine (--key-hashes=FILE); without =FILE those of this machine, {KEY_HASH_FILE}",
    )
    add_verbosity(parser, more="the hashes, and the slots that have them", less="answer by the exit status alone")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    if bool(args.host_key_document) == (args.key_hashes is not None):
        raise UsageError("Exactly one of --host-key-document and --key-hashes is needed.")
    with content_told(), open_image(args.input) as image:
        header = read_header(image, locate_header(image).offset)
    slots = [slot.phkh for slot in header.keyslots]
    hits = []
    for name, hashes in _machines(args):
        hits.append(any(phkh in slots for phkh in hashes))
        mark, word = ("✔", "a") if hits[-1] else ("✘", "no")
        if not args.quiet:
            write_lines([f"{mark} {one_line(name)}: {word} key slot is for this machine"])
        if args.verbose:
            write_lines(f"    {phkh.hex()}  {_place(phkh, slots)}" for phkh in hashes)
    return status.DONE if any(hits) else status.CHECK_FAILED


def _place(phkh: bytes, slots: list[bytes]) -> str:
    numbers = [str(number) for number, slot in enumerate(slots, start=1) if slot == phkh]
    return f"key slot {', '.join(numbers)}" if numbers else "in no key slot"


def _machines(args: Namespace) -> list[tuple[str, tuple[bytes, ...]]]:
    """Name and key hashes of each machine asked for."""
    if args.key_hashes is None:
        from seworkbench.trust.host_key_document import read_host_key_document  # noqa: PLC0415 - loads cryptography

        return [(str(path), (read_host_key_document(path).phkh,)) for path in args.host_key_document]
    try:
        hashes = parse_uv_keys(read_whole(Path(args.key_hashes), _FILE_LIMIT))
    except FormatError as error:
        raise error.located(args.key_hashes) from None
    return [(args.key_hashes, hashes.in_use)]
