"""`seworkbench image info`: the options and the output of `pvimg info` (resources/help/info-json.md)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.options import Once, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import write_json, write_lines, write_message
from seworkbench.cli.wrong_file import content_told
from seworkbench.errors import FormatError, UsageError
from seworkbench.files import read_secret, read_whole
from seworkbench.formats.se_header import HEADER_KEY_SIZE
from seworkbench.image.image_file import open_image
from seworkbench.image.info import info_document, info_text
from seworkbench.image.locate import locate_header, read_header
from seworkbench.resources import resource

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from seworkbench.formats.se_header import SecretPartV1, SeHeader

_FORMATS = "Use text, text:full, json, json:pretty or json:minify."
_VARIANTS = {"json": ("pretty", "minify"), "text": ("brief", "full")}

EXAMPLES = """\
  seworkbench image info guest.img
  seworkbench image info --format text:full guest.img
  seworkbench image info --format json --hdr-key keys/guest.img.hdr-key guest.img
      checks the header with its key; its secrets stay hidden without --show-secrets
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("input", nargs="?", type=Path, metavar="IMAGE", help="SE image or SE header")
    parser.add_argument(
        "--format",
        action=Once,
        metavar="KIND[:VARIANT]",
        help="text, text:full, json, json:pretty or json:minify; text on a terminal, otherwise json",
    )
    parser.add_argument(
        "--hdr-key",
        "--key",
        action=Once,
        type=Path,
        metavar="FILE",
        help="header key: open the header",
    )
    parser.add_argument("--show-secrets", action=Once, nargs=0, help="show what is inside the encrypted part")
    parser.add_argument("--print-schema", action=Once, metavar="json|text", help="print the schema of a format")
    add_verbosity(parser, more="where the header is, how it was found", less="no warning")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    if args.print_schema is not None:
        return _print_schema(args)
    if args.input is None:
        raise UsageError("An image is needed.", remedy="Name the image, or use --print-schema.")
    if args.show_secrets and args.hdr_key is None:
        raise UsageError("--show-secrets needs the header key.", remedy="Add --hdr-key FILE.")
    kind, variant = _format(args.format)
    with content_told(), open_image(args.input) as image:
        location = locate_header(image)
        header = read_header(image, location.offset)
    if args.verbose:
        write_message("note", f"The header is at 0x{location.offset:x}, found {location.method}.")
    content = _open(header, args.hdr_key, args.input)
    if content is None and not args.quiet:
        write_message(
            "warning", "The header is not verified: without its key nothing tells who made it. Do not trust it."
        )
    shown = content if args.show_secrets else None
    verified = content is not None
    if kind == "json":
        document = info_document(header, verified=verified, content=shown, at=datetime.now(UTC))
        write_json(document, minified=variant == "minify")
    else:
        write_lines(info_text(header, verified=verified, content=shown, full=variant == "full").splitlines())
    return status.DONE


def _open(header: SeHeader, key_file: Path | None, where: Path) -> SecretPartV1 | None:
    if key_file is None:
        return None
    # The cryptographic library is loaded only when there is something to open: it takes longer than all the rest.
    from seworkbench.crypto.header_seal import open_header  # noqa: PLC0415

    try:
        return open_header(header, read_secret(key_file, HEADER_KEY_SIZE, "header key"))
    except FormatError as error:
        raise error.located(str(where)) from None


def _format(text: str | None) -> tuple[str, str]:
    if text is None:
        text = "text" if sys.stdout.isatty() else "json"
    kind, colon, variant = text.lower().partition(":")
    if kind not in _VARIANTS:
        raise UsageError(f"There is no format {kind!r}.", remedy=_FORMATS)
    variants = _VARIANTS[kind]
    if not colon or variant == "default":
        return kind, variants[0]
    if variant not in variants or variant == "brief":
        raise UsageError(f"The format {kind} has no variant {variant!r}.", remedy=_FORMATS)
    return kind, variant


def _print_schema(args: Namespace) -> int:
    if args.input is not None or args.format is not None or args.hdr_key is not None or args.show_secrets:
        raise UsageError("--print-schema stands alone.")
    if args.print_schema.lower() == "json":
        write_lines(read_whole(resource("schema/info-v1.schema.json"), 1 << 20).decode("utf-8").splitlines())
    elif args.print_schema.lower() == "text":
        write_lines(["The text form has no schema: it is made for people and may change."])
    else:
        raise UsageError(f"There is no format {args.print_schema!r}.", remedy="Use json or text.")
    return status.DONE
