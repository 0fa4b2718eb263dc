"""Option syntax shared by the commands: that of the s390-tools programs."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from seworkbench.errors import UsageError
from seworkbench.files import refuse_taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.image.access import Access

_HEX_WORD = re.compile(r"(0x)?[0-9a-fA-F]{1,16}")


class Parser(argparse.ArgumentParser):
    """A parser that takes options by their full name only and reports misuse as UsageError."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving the process."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", remedy=f"See: {self.prog} --help")


class Once(argparse.Action):
    """Stores a value, and refuses to be given twice."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """See argparse.Action."""
        if getattr(namespace, self.dest, self.default) is not self.default:
            parser.error(f"the option {option_string} was given more than once")
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


class PathList(argparse.Action):
    """Collects paths: the option may be repeated, and a value may name several, separated by commas."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse's signature
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002 - argparse's signature
    ) -> None:
        """See argparse.Action."""
        paths = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, [*paths, *(Path(part) for part in str(values).split(",") if part)])


def hex_word(text: str) -> int:
    """A 64-bit number in hexadecimal, with or without 0x.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    if not _HEX_WORD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a hexadecimal number of at most 16 digits")
    return int(text, 16)


def instant(text: str) -> datetime:
    """An instant in ISO 8601; without a time zone it is in UTC, without a time it is midnight.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no instant such as 2026-11-01T12:00Z") from None


def add_verbosity(parser: argparse.ArgumentParser, *, more: str = "", less: str) -> None:
    """Add -v and -q; the programs of s390-tools have them everywhere, so every command takes them.

    Args:
        parser: where to add them.
        more: what -v shows beside the rest; empty if there is no more.
        less: what is left of the output with -q.
    """
    said = f"show also {more}" if more else "accepted as elsewhere; there is no more to show"
    parser.add_argument("-v", "--verbose", action="count", default=0, help=said)
    parser.add_argument("-q", "--quiet", action="count", default=0, help=f"show less: {less}")
    parser.add_argument("-V", dest="verbose", action="count", help=argparse.SUPPRESS)


def require_one_verbosity(args: argparse.Namespace) -> None:
    """Refuse -v together with -q.

    Raises:
        UsageError: if both were given.
    """
    if args.verbose and args.quiet:
        raise UsageError("--verbose and --quiet exclude each other.")


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add the file that a report goes to."""
    parser.add_argument(
        "--report",
        type=Path,
        action=Once,
        metavar="FILE",
        help="write a report; the ending decides its form: .html, .pdf, .json or .md",
    )


def require_report(args: argparse.Namespace) -> None:
    """Refuse a report that could not be written, before any work is done.

    Raises:
        UsageError: if the ending of its name says no form.
        SeError: if there is a file of that name.
    """
    if args.report is None:
        return
    from seworkbench.report.write import require_report_name  # noqa: PLC0415 - only a report pays for loading it

    require_report_name(args.report)
    refuse_taken(args.report, replace=getattr(args, "overwrite", False))


def add_access(parser: argparse.ArgumentParser, *, protection_key: bool = False) -> None:
    """Add the two ways to open a header.

    Args:
        parser: where to add them.
        protection_key: whether attestation requests are opened too: their key is another name for the first.
    """
    keys = parser.add_mutually_exclusive_group()
    names, what = ["--hdr-key", "--key"], "header key, 32 bytes"
    if protection_key:
        names, what = [*names, "--arpk"], "header key of an image or protection key of a request, 32 bytes"
    keys.add_argument(*names, type=Path, action=Once, metavar="FILE", help=what)
    keys.add_argument(
        "--host-private-key",
        type=Path,
        action=Once,
        metavar="FILE",
        help="open it as the (simulated) machine that holds this private host key, PEM or DER",
    )


def read_access(args: argparse.Namespace) -> Access | None:
    """The access that the options of `add_access` give.

    Raises:
        SeError: if a key file is unusable.
    """
    if args.hdr_key is None and args.host_private_key is None:
        return None
    # Keys need the cryptographic library; without one the commands start faster.
    from seworkbench.image.access import access_from_files  # noqa: PLC0415

    return access_from_files(header_key=args.hdr_key, host_private_key=args.host_private_key)
