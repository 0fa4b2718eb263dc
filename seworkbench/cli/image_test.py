"""`seworkbench image test`: is an image built for a machine? The options are those of `pvimg test`.

Only host key hashes are compared; nothing is said about who made the image (resources/help/command-line.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.options import Once, PathList, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_lines
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


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("input", type=Path, metavar="IMAGE", help="SE image or SE header")
    parser.add_argument(
        "-k",
        "--host-key-document",
        action=PathList,
        default=[],
        metavar="FILE",
        help="host key document of a machine; may be repeated",
    )
    parser.add_argument(
        "--key-hashes",
        action=Once,
        metavar="=FILE",
        help=f"key hashes of a machine (--key-hashes=FILE); without =FILE those of this machine, {KEY_HASH_FILE}",
    )
    add_verbosity(parser)


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    if bool(args.host_key_document) == (args.key_hashes is not None):
        raise UsageError("Exactly one of --host-key-document and --key-hashes is needed.")
    with open_image(args.input) as image:
        header = read_header(image, locate_header(image).offset)
    slots = {slot.phkh for slot in header.keyslots}
    hits = [_report(name, bool(hashes & slots)) for name, hashes in _machines(args)]
    return status.DONE if any(hits) else status.CHECK_FAILED


def _machines(args: Namespace) -> list[tuple[str, set[bytes]]]:
    """Name and key hashes of each machine asked for."""
    if args.key_hashes is None:
        from seworkbench.trust.host_key_document import read_host_key_document  # noqa: PLC0415 - loads cryptography

        return [(str(path), {read_host_key_document(path).phkh}) for path in args.host_key_document]
    try:
        hashes = parse_uv_keys(read_whole(Path(args.key_hashes), _FILE_LIMIT))
    except FormatError as error:
        raise error.located(args.key_hashes) from None
    return [(args.key_hashes, set(hashes.in_use))]


def _report(name: str, hit: bool) -> bool:
    mark, word = ("✔", "a") if hit else ("✘", "no")
    write_lines([f"{mark} {one_line(name)}: {word} key slot is for this machine"])
    return hit
