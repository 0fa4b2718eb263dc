"""`seworkbench hostkey verify`: the options of `pvverify`; every document is judged, and every step is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seworkbench.cli import status
from seworkbench.cli.host_keys import add_host_keys, require_host_keys, verify_host_keys_of
from seworkbench.cli.missing import missing_json, missing_lines
from seworkbench.cli.options import Once, add_report, add_verbosity, instant, require_one_verbosity, require_report
from seworkbench.cli.terminal import check_lines, one_line, verdict_line, write_json, write_lines, write_message
from seworkbench.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from seworkbench.cli.host_keys import HostKeyVerification
    from seworkbench.trust.causes import Cause
    from seworkbench.trust.verify import HostKeyResult

_UNVERIFIED = "The host key documents are read and not verified (--no-verify): nothing is said about who made them."


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    add_host_keys(parser.add_argument_group("host keys"), "host key document to verify")
    parser.add_argument("--at", type=instant, action=Once, metavar="TIME", help="verify for this instant, not for now")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_report(parser)
    add_verbosity(parser, more="evidence and rule of what passed", less="only the verdicts")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    require_host_keys(args)
    require_report(args)
    if args.no_verify:
        return _read_only(args)
    at = (args.at or datetime.now(UTC)).replace(microsecond=0)
    if args.at is not None and not args.quiet:
        write_message("warning", f"Verified for {at.isoformat()}, not for now: a simulation.")
    done = verify_host_keys_of(args, at=at)
    result = done.result
    if args.report is not None:
        _write_report(args, done)
    if args.json:
        write_json(_json(done))
    else:
        write_lines(_lines(done, args))
    return status.DONE if result.accepted else status.CHECK_FAILED


def _read_only(args: Namespace) -> int:
    """As the reference with --no-verify: the documents must be readable, and everything else is waived."""
    from seworkbench.trust.host_key_document import read_host_key_document  # noqa: PLC0415 - loads cryptography

    for name, value in (("--at", args.at), ("--report", args.report)):
        if value is not None:
            raise UsageError(f"{name} needs --cert.", remedy="Without verification there is nothing to say.")
    documents = [read_host_key_document(path) for path in args.host_key_document]
    if not args.quiet:
        write_message("warning", _UNVERIFIED)
    if args.json:
        found = [{"document": str(document.path), "phkh_hex": document.phkh.hex()} for document in documents]
        write_json({"verdict": "not checked", "host_keys": found})
    else:
        write_lines(f"not checked  {document.phkh.hex()}  {one_line(document.path)}" for document in documents)
    return status.DONE


def _write_report(args: Namespace, done: HostKeyVerification) -> None:
    from seworkbench.report.model import Clock  # noqa: PLC0415 - only a report pays for loading it
    from seworkbench.report.trust import verification_report  # noqa: PLC0415 - as above
    from seworkbench.report.write import write_report  # noqa: PLC0415 - as above

    clock = Clock.COMPUTER if args.at is None else Clock.CHOSEN
    files = (*done.run.host_keys, *done.run.certificates, *done.run.crls)
    write_report(verification_report(done.result, clock=clock, tries=done.tries, given=files), args.report)


def _lines(done: HostKeyVerification, args: Namespace) -> Iterator[str]:
    result = done.result
    if not args.quiet:
        yield from check_lines(result.check, detailed=bool(args.verbose))
        yield ""
    for item in result.host_keys:
        yield f"{'passed' if item.accepted else 'failed'}  {_phkh(item)}  {one_line(item.name)}"
    if result.fresh_until is not None and not args.quiet:
        from seworkbench.trust.crls import moment  # noqa: PLC0415 - loaded by now: what was verified needs it

        yield f"This holds until {moment(result.fresh_until)}."
    if not args.quiet:
        yield from missing_lines(done.missing())
    yield verdict_line(result.check)


def _phkh(item: HostKeyResult) -> str:
    return (item.certificate.phkh if item.certificate else None) or "no P-521 key"


def _json(done: HostKeyVerification) -> dict[str, Any]:
    result = done.result
    return {
        "verified_for": result.at.isoformat(),
        "offline": result.offline,
        "accepted": result.accepted,
        "verdict": result.check.verdict.value,
        "cause": _cause_json(result.cause),
        "fresh_until": result.fresh_until.isoformat() if result.fresh_until else None,
        "signing_certificate": result.signing.fingerprint if result.signing else None,
        "chain": [certificate.fingerprint for certificate in result.chain],
        "host_keys": [
            {
                "document": item.name,
                "accepted": item.accepted,
                "cause": _cause_json(item.cause),
                "phkh_hex": item.certificate.phkh if item.certificate else None,
                "fingerprint": item.certificate.fingerprint if item.certificate else None,
                "fresh_until": item.fresh_until.isoformat() if item.fresh_until else None,
            }
            for item in result.host_keys
        ],
        "missing": missing_json(done.missing()),
        "fetched": [made.to_json() for made in done.tries],
        "check": result.check.to_json(),
    }


def _cause_json(cause: Cause | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {"kind": cause.kind.value, "text": cause.text, "code": cause.code, "depth": cause.depth}
