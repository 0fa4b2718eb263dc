"""Host key documents on the command line: the options that all commands share, and how they are verified.

The options are those of the s390-tools programs (resources/help/command-line.md#host-key-documents).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.missing import missing_lines
from seworkbench.cli.options import Once, PathList
from seworkbench.cli.terminal import write_message, write_message_lines
from seworkbench.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.trust.fetch import FetchTry
    from seworkbench.trust.missing import Missing
    from seworkbench.trust.verify import TrustResult, TrustRun

UNVERIFIED = "The host key documents are not verified (--no-verify): whoever made them could be able to open {what}."


def add_host_keys(hosts: argparse._ArgumentGroup, purpose: str) -> None:
    """Add the options that name host key documents and how they are verified.

    Args:
        hosts: where to add them.
        purpose: what a document is for ("host key document of a machine that may start the image").
    """
    hosts.add_argument(
        "-k",
        "--host-key-document",
        action=PathList,
        default=[],
        metavar="FILE",
        help=f"{purpose}; repeat it or separate by commas",
    )
    hosts.add_argument("--no-verify", action="store_true", help="do not verify the host key documents")
    hosts.add_argument(
        "-C",
        "--cert",
        "--crt",
        action=PathList,
        default=[],
        metavar="FILE",
        help="IBM signing certificate, intermediate certificates; repeat it or separate by commas",
    )
    hosts.add_argument("--crl", action=PathList, default=[], metavar="FILE", help="revocation list; needs --cert")
    hosts.add_argument("--offline", action="store_true", help="download no revocation lists; needs --cert")
    hosts.add_argument("--root-ca", type=Path, action=Once, metavar="FILE", help="root CA instead of the system's")


def require_host_keys(args: argparse.Namespace) -> None:
    """Refuse options of `add_host_keys` that do not go together.

    Raises:
        UsageError: if no document was given, or not exactly one way to verify.
    """
    if not args.host_key_document:
        raise UsageError("At least one host key document is needed.", remedy="Add --host-key-document FILE.")
    if args.no_verify and args.cert:
        raise UsageError("--no-verify and --cert exclude each other.")
    if not args.no_verify and not args.cert:
        raise UsageError(
            "Either --no-verify or --cert is needed.",
            remedy="Add --cert FILE with the IBM signing certificate and the intermediate certificate.",
        )
    for name, value in (("--crl", args.crl), ("--offline", args.offline)):
        if value and not args.cert:
            raise UsageError(f"{name} needs --cert.")


@dataclass(frozen=True, slots=True)
class HostKeyVerification:
    """A verification that the options asked for.

    Args:
        run: everything that went in.
        result: what came out.
        tries: what was asked on the network.
    """

    run: TrustRun
    result: TrustResult
    tries: tuple[FetchTry, ...]

    def missing(self) -> tuple[Missing, ...]:
        """What is needed and was not given; nothing where all documents were accepted."""
        from seworkbench.trust.lacking import missing_for  # noqa: PLC0415 - only a failure pays for loading it

        return () if self.result.accepted else missing_for(self.run, self.result.at)


def verify_host_keys_of(args: argparse.Namespace, *, at: datetime) -> HostKeyVerification:
    """Verify the documents that the options name; every address that is asked is told on standard error.

    Args:
        args: with the options of `add_host_keys`; they ask for verification.
        at: the instant to verify for.

    Raises:
        SeError: if a file cannot be read.
    """
    # Loads the cryptographic libraries.
    from seworkbench.trust.fetch import UrlFetcher  # noqa: PLC0415
    from seworkbench.trust.files import TrustFiles, read_run  # noqa: PLC0415
    from seworkbench.trust.verify import verify_host_keys  # noqa: PLC0415

    def announce(url: str) -> None:
        if not args.quiet:
            write_message("fetching", url)

    files = TrustFiles(tuple(args.cert), tuple(args.crl), args.root_ca, args.offline)
    with foreground_job(quiet=True) as job:
        fetcher = UrlFetcher(at=datetime.now(UTC), job=job, announce=announce)
        run = read_run(args.host_key_document, files, None if args.offline else fetcher)
        result = verify_host_keys(run, at)
    if not args.quiet:
        for made in fetcher.tries:
            if made.reason:
                write_message("note", str(made))
    return HostKeyVerification(run, result, tuple(fetcher.tries))


@dataclass(frozen=True, slots=True)
class KeysInUse:
    """The host keys that a command works with.

    Args:
        keys: name of the document and key, in the order given.
        verified_for: the instant for which all were accepted; None if the user waived verification.
        file_sha256: SHA-256 of each file as it was read, 32 bytes; a pipe cannot be read twice.
    """

    keys: tuple[tuple[str, ec.EllipticCurvePublicKey], ...]
    verified_for: datetime | None
    file_sha256: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """How the documents were verified, for the record of what was made for them."""
        if self.verified_for is None:
            return {"verdict": "not checked", "reason": "waived by --no-verify"}
        return {"verdict": "passed", "verified_for": self.verified_for.isoformat()}


def accepted_keys_of(args: argparse.Namespace, what: str) -> KeysInUse:
    """The key of each document, verified unless the options waive that.

    Args:
        args: with the options of `add_host_keys`.
        what: what the keys protect, for the warning ("the image").

    Raises:
        CheckFailed: if a document was not accepted.
        SeError: if a file cannot be read or holds no usable key.
    """
    if args.no_verify:
        return _unverified_keys(args, what)
    from seworkbench.checks import Verdict  # noqa: PLC0415
    from seworkbench.trust.files import accepted_keys  # noqa: PLC0415

    verification = verify_host_keys_of(args, at=datetime.now(UTC))
    result = verification.result
    if not args.quiet:
        write_message_lines(missing_lines(verification.missing()))
    keys = accepted_keys(result)
    if not args.quiet:
        for leaf in result.check.leaves():
            if leaf.verdict is Verdict.WARNING and leaf.required:
                write_message("warning", f"{leaf.title}: {leaf.reason}")
    digests = tuple(hashlib.sha256(file.content).digest() for file in verification.run.host_keys)
    return KeysInUse(keys, result.at, digests)


def _unverified_keys(args: argparse.Namespace, what: str) -> KeysInUse:
    from seworkbench.trust.host_key_document import read_host_key_document  # noqa: PLC0415

    if not args.quiet:
        write_message("warning", UNVERIFIED.format(what=what))
    documents = [read_host_key_document(path) for path in args.host_key_document]
    for document in documents:
        if document.others and not args.quiet:
            write_message("warning", f"{document.path}: holds several certificates; the first one is used.")
    keys = tuple((str(document.path), document.key) for document in documents)
    return KeysInUse(keys, None, tuple(document.file_sha256 for document in documents))
