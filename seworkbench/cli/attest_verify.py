"""`seworkbench attest verify`: is this the guest that I built? (resources/help/attestation.md#verify)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.policy import open_points
from seworkbench.attestation.result import verification_lines, verification_record
from seworkbench.checks import Verdict
from seworkbench.cli import status
from seworkbench.cli.attest_documents import add_documents, read_documents
from seworkbench.cli.attest_options import (
    add_format,
    add_input,
    add_verification,
    input_of,
    require_outputs,
    result_text,
    verify,
    write_file,
)
from seworkbench.cli.options import Once, add_report, add_verbosity, require_one_verbosity, require_report
from seworkbench.cli.terminal import check_lines, verdict_line, write_error, write_json, write_lines, write_message
from seworkbench.cli.wrong_file import named_content
from seworkbench.files import read_whole
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.attestation.verify import AttestationVerification


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    add_input(parser, "the response")
    add_verification(parser)
    add_documents(parser, "host key documents that give hashes a name; they are not verified here")
    parser.add_argument("-o", "--output", type=Path, action=Once, metavar="FILE", help="write the result")
    parser.add_argument("-u", "--user-data", type=Path, action=Once, metavar="FILE", help="write the user data")
    add_format(parser)
    parser.add_argument("--json", action="store_true", help="print the tree of checks as JSON")
    add_report(parser)
    add_verbosity(parser, more="evidence and rule of what passed", less="only the verdict")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    require_report(args)
    require_outputs(args, (args.output, args.user_data, args.report))
    response = read_whole(input_of(args), MAX_EXCHANGE_FILE_SIZE)
    verification = verify(args, response, read_documents(args.host_key_document))
    whole = open_points(verification, response)
    write_attestation_report(args, whole, response)
    verified = verification.check.verdict in (Verdict.PASSED, Verdict.WARNING)
    if verified:
        _write_files(args, verification)
    block = ["", "Attestation measurement verified", *verification_lines(verification)] if verified else []
    show(args, whole, block)
    if verification.error is not None:
        if not args.json:
            write_error(named_content(verification.error, input_of(args)))
        return status.NOT_DONE
    return status.DONE if verified else status.CHECK_FAILED


def _write_files(args: Namespace, verification: AttestationVerification) -> None:
    if args.output:
        text = result_text(verification_record(verification), args.format)
        write_file(args, args.output, text.encode())
    if args.user_data:
        user_data = verification.response.user_data if verification.response else None
        if user_data:
            write_file(args, args.user_data, user_data)
        elif not args.quiet:
            write_message("warning", "The response has no user data; no file was written for it.")


def write_attestation_report(args: Namespace, result: PolicyResult, response: bytes) -> None:
    """Write the report that `--report` asks for, if it does.

    Args:
        args: with the options of the command.
        result: what came of it.
        response: the response.
    """
    if args.report is None:
        return
    from seworkbench.report.attestation import attestation_report  # noqa: PLC0415 - only a report pays for loading it
    from seworkbench.report.inputs import file_input  # noqa: PLC0415 - as above
    from seworkbench.report.model import Clock  # noqa: PLC0415 - as above
    from seworkbench.report.write import write_report  # noqa: PLC0415 - as above

    report = attestation_report(
        result,
        response,
        response_file=input_of(args),
        header_file=args.hdr,
        protection_key=args.arpk,
        clock=Clock.COMPUTER if args.at is None else Clock.CHOSEN,
        other_inputs=[file_input(path, "host key document") for path in args.host_key_document],
    )
    write_report(report, args.report, replace=args.overwrite)


def show(args: Namespace, result: PolicyResult, block: Iterable[str] = ()) -> None:
    """Print a verification and the policies as the options ask for it.

    Args:
        args: with the options of the command.
        result: what came of it.
        block: lines below the tree.
    """
    verification = result.verification
    # Where nothing could be judged, what policies would say is of no interest.
    tree = result.check if verification.error is None else verification.check
    if args.json:
        record = {"response": str(input_of(args)), **verification.to_json()}
        write_json(record | {"verdict": tree.verdict.value, "checks": tree.to_json()})
        return
    lines = []
    if not args.quiet:
        lines = [*check_lines(tree, detailed=bool(args.verbose)), *block, ""]
    if verification.simulated:
        lines.append("SIMULATED: a simulated machine answered; this proves nothing about hardware.")
    write_lines([*lines, verdict_line(tree)])
