"""Options and outputs that the commands of `seworkbench attest` share."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.attestation.protection_key import read_protection_key
from seworkbench.cli.options import Once, PathList, instant
from seworkbench.cli.terminal import write_message
from seworkbench.cli.wrong_file import named_content
from seworkbench.errors import FormatError, UsageError
from seworkbench.files import AtomicFile, read_whole, refuse_own_input, refuse_taken
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from seworkbench.attestation.known import FoundHeader, Known, KnownHostKey
    from seworkbench.attestation.verify import AttestationVerification


def add_input(parser: ArgumentParser, what: str) -> None:
    """Add the input file, as an option or in its place."""
    parser.add_argument("positional_input", type=Path, nargs="?", metavar="IN", help=f"{what}; or --input")
    parser.add_argument("-i", "--input", type=Path, action=Once, metavar="FILE", help=what)


def add_output(parser: ArgumentParser, what: str) -> None:
    """Add the output file, as an option or in its place behind the input file."""
    parser.add_argument("positional_output", type=Path, nargs="?", metavar="OUT", help=f"{what}; or --output")
    parser.add_argument("-o", "--output", type=Path, action=Once, metavar="FILE", help=what)


def input_of(args: Namespace) -> Path:
    """The input file.

    Raises:
        UsageError: unless it was given exactly once.
    """
    return _one_of(args.positional_input, args.input, "--input")


def output_of(args: Namespace) -> Path:
    """The output file.

    Raises:
        UsageError: unless it was given exactly once.
    """
    # With --input, a single file in its place is the output.
    if args.input is not None and args.positional_input is not None and args.positional_output is None:
        args.positional_output, args.positional_input = args.positional_input, None
    return _one_of(args.positional_output, args.output, "--output")


def _one_of(positional: Path | None, option: Path | None, name: str) -> Path:
    if positional is not None and option is not None:
        raise UsageError(f"The file was given twice: in its place and with {name}.")
    found = positional if option is None else option
    if found is None:
        raise UsageError(f"{name} is needed.")
    return found


def add_verification(parser: ArgumentParser) -> None:
    """Add what a response is verified with."""
    parser.add_argument(
        "--hdr", type=Path, action=Once, required=True, metavar="FILE", help="SE image or SE header that is expected"
    )
    parser.add_argument(
        "-a",
        "--arpk",
        type=Path,
        action=Once,
        required=True,
        metavar="FILE",
        help="protection key of the request, 32 bytes",
    )
    parser.add_argument("--at", type=instant, action=Once, metavar="TIME", help="verify for this instant, not for now")
    parser.add_argument(
        "--workspace",
        action=Once,
        metavar="NAME",
        help="count the answer in this workspace, and warn if the request was answered before; a name or a .sewb file",
    )
    known = parser.add_argument_group("what else is known", "explains failures; never makes anything pass")
    known.add_argument("--record", type=Path, action=Once, metavar="FILE", help="record written beside the request")
    known.add_argument(
        "--other-hdr", action=PathList, default=[], metavar="FILE", help="other images that the guest could run"
    )
    known.add_argument(
        "--other-request", action=PathList, default=[], metavar="FILE", help="other requests; needs --other-arpk"
    )
    known.add_argument(
        "--other-arpk", action=PathList, default=[], metavar="FILE", help="their protection keys, in the same order"
    )


def read_header(path: Path) -> FoundHeader:
    """Find the SE header in a file.

    Raises:
        SeError: if there is none.
    """
    from seworkbench.attestation.known import load_header  # noqa: PLC0415

    try:
        return load_header(path)
    except FormatError as error:
        raise named_content(error, path) from None


def read_known(args: Namespace) -> Known:
    """What the options of `add_verification` say is known.

    Raises:
        SeError: if a file is unusable.
    """
    from seworkbench.attestation.known import Known, KnownRequest  # noqa: PLC0415
    from seworkbench.attestation.record import read_record  # noqa: PLC0415
    from seworkbench.crypto.request_seal import open_request  # noqa: PLC0415
    from seworkbench.formats.arcb import parse_arcb  # noqa: PLC0415
    from seworkbench.formats.exchange import parse_exchange  # noqa: PLC0415

    if len(args.other_request) != len(args.other_arpk):
        raise UsageError("--other-request and --other-arpk must name as many files.")
    requests = []
    for path, key in zip(args.other_request, args.other_arpk, strict=True):
        try:
            arcb = parse_arcb(parse_exchange(read_whole(path, MAX_EXCHANGE_FILE_SIZE)).arcb)
            requests.append(KnownRequest(str(path), open_request(arcb, read_protection_key(key))))
        except FormatError as error:
            raise named_content(error, path) from None
    return Known(
        headers=tuple(read_header(path) for path in args.other_hdr),
        requests=tuple(requests),
        record=read_record(args.record) if args.record else None,
    )


def verify(
    args: Namespace, response: bytes, host_keys: tuple[KnownHostKey, ...], user_data: tuple[tuple[str, bytes], ...] = ()
) -> AttestationVerification:
    """Verify a response as the options of `add_verification` say; nothing is kept unless they name a workspace.

    Args:
        args: the options of the command.
        response: the response.
        host_keys: those that are known by name.
        user_data: what the guest could have had measured, each with a name.

    Raises:
        SeError: if a file or the workspace is unusable.
    """
    now = datetime.now(UTC)
    known = dataclasses.replace(read_known(args), host_keys=host_keys, user_data=user_data)
    if args.at is not None and not args.quiet:
        write_message("warning", f"Verified for {args.at.isoformat()}, not for now: a simulation.")
    if args.workspace is None:
        return _verify(args, response, known, now)
    from seworkbench.workspace.places import workspace_path  # noqa: PLC0415 - only who asks for it pays for loading it
    from seworkbench.workspace.workspace import open_workspace  # noqa: PLC0415 - as above

    with open_workspace(workspace_path(args.workspace)) as workspace:
        if not workspace.kept:
            write_message("warning", workspace.notice)
        done = _verify(args, response, known, now)
        digest = done.arcb_sha256
        # Anybody can make an answer that is not equal to a request that others wait for: it does not count.
        if digest is None or not done.measurement_equal:
            return done
        before = workspace.requests.see(digest.hex(), at=now)
    seen = before.instants if before else ()
    return dataclasses.replace(done, known=dataclasses.replace(done.known, seen=seen))


def _verify(args: Namespace, response: bytes, known: Known, now: datetime) -> AttestationVerification:
    from seworkbench.attestation.verify import verify_response  # noqa: PLC0415

    header, key = read_header(args.hdr), read_protection_key(args.arpk)
    return verify_response(response, header, key, at=args.at or now, known=known)


def result_text(record: dict[str, Any], form: str) -> str:
    """A result in the form that `--format` names."""
    if form == "json":
        import json  # noqa: PLC0415

        return json.dumps(record, indent=2) + "\n"
    from seworkbench.attestation.result import to_yaml  # noqa: PLC0415

    return to_yaml(record)


def add_format(parser: ArgumentParser) -> None:
    """Add the form of the result file, and whether it may replace another."""
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="form of the result (default: yaml)")
    parser.add_argument("--overwrite", action="store_true", help="replace output files that exist")


def require_outputs(args: Namespace, outputs: Iterable[Path | None], reads: Iterable[Path] = ()) -> None:
    """Refuse outputs that could not all be written, before any work is done.

    Args:
        args: the options of the command.
        outputs: every file that it will write; None for those that are not asked for.
        reads: what it reads beside the inputs that all commands share.

    Raises:
        SeError: if one exists and may not be replaced, is one of the inputs, or has the name of another one.
    """
    names = set()
    for path in outputs:
        if path is None:
            continue
        refuse_own_input(path, (*_inputs(args), *reads))
        refuse_taken(path, replace=args.overwrite)
        if path.absolute() in names:
            raise UsageError(f"Two outputs have the same name: {path}.", remedy="Choose different names.")
        names.add(path.absolute())


def write_file(args: Namespace, path: Path, content: bytes) -> None:
    """Write an output file.

    Args:
        args: the options of the command; no file that they name as an input is replaced.
        path: the file.
        content: its bytes.

    Raises:
        SeError: if it exists and may not be replaced, or cannot be written.
    """
    refuse_own_input(path, _inputs(args))
    with AtomicFile(path, replace=args.overwrite) as file:
        file.write_at(0, content)


def _inputs(args: Namespace) -> Iterator[Path]:
    """Every file that a command reads."""
    yield input_of(args)
    for name in ("hdr", "arpk", "record"):
        if (path := getattr(args, name, None)) is not None:
            yield path
    for name in ("other_hdr", "other_request", "other_arpk", "host_key_document", "secret"):
        yield from getattr(args, name, ())
