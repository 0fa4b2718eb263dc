"""`seworkbench attest check`: verify a response and judge it by policies (resources/help/attestation.md#policies)."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.firmware_service import DEFAULT_SERVICE, ask_firmware_service, service_url
from seworkbench.attestation.policy import Policies, check_policies
from seworkbench.attestation.result import policy_record
from seworkbench.attestation.secret_store import ExpectedStore, read_added_secret
from seworkbench.checks import Verdict
from seworkbench.cli import status
from seworkbench.cli.attest_documents import add_documents, read_documents
from seworkbench.cli.attest_options import (
    add_format,
    add_input,
    add_output,
    add_verification,
    input_of,
    output_of,
    require_outputs,
    result_text,
    verify,
    write_file,
)
from seworkbench.cli.attest_verify import show, write_attestation_report
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import Once, PathList, add_report, add_verbosity, require_one_verbosity, require_report
from seworkbench.cli.terminal import write_lines, write_message
from seworkbench.cli.wrong_file import named_content
from seworkbench.errors import UsageError
from seworkbench.files import read_whole
from seworkbench.formats.additional_data import FIRMWARE_STATE
from seworkbench.formats.exchange import CUID_SIZE, MAX_EXCHANGE_FILE_SIZE

if TYPE_CHECKING:
    from seworkbench.attestation.firmware_service import FirmwareAnswer
    from seworkbench.attestation.verify import AttestationVerification

_USER_DATA_LIMIT = 1 << 20
_KEY_CHECKS = ("att-key-hash", "boot-key-hash")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_input(parser, "the response")
    add_output(parser, "the result")
    add_verification(parser)
    policies = parser.add_argument_group("policies", "what is expected; without any, the verdict is not checked")
    add_documents(policies, "host key documents of the machines that may answer; they are not verified here")
    policies.add_argument(
        "--host-key-check",
        type=_key_checks,
        action="append",
        default=[],
        metavar="LIST",
        help=f"fail without the hash: {', '.join(_KEY_CHECKS)}; needs --host-key-document",
    )
    policies.add_argument("-u", "--user-data", type=Path, action=Once, metavar="FILE", help="expected user data")
    policies.add_argument(
        "--secret", action=PathList, default=[], metavar="FILE", help="add-secret requests in the order of adding"
    )
    policies.add_argument(
        "--secret-store-locked",
        choices=("true", "false"),
        action=Once,
        help="compare the secret store, which must be locked or not",
    )
    policies.add_argument("--cuid", type=_cuid, action=Once, metavar="HEX", help="expected configuration UID")
    firmware = parser.add_argument_group("firmware", "the state of the firmware is sent to a service for it")
    firmware.add_argument("--firmware", action="store_true", help="ask the service of IBM about the firmware")
    firmware.add_argument(
        "--firmware-check-version", "--fw-ver", type=int, choices=(1, 2), help="version of its interface (default: 1)"
    )
    firmware.add_argument("--firmware-verify-url", action=Once, metavar="URL", help="base address of another service")
    firmware.add_argument("--agree-to-send", action="store_true", help="send the firmware state without being asked")
    add_format(parser)
    parser.add_argument("--json", action="store_true", help="print the tree of checks as JSON")
    add_report(parser)
    add_verbosity(parser, more="evidence and rule of what passed", less="only the verdict")


def _key_checks(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if not names or set(names) - set(_KEY_CHECKS):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of {', '.join(_KEY_CHECKS)}")
    return names


def _cuid(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != CUID_SIZE:
        raise argparse.ArgumentTypeError(f"{text!r} is no configuration UID of 32 hexadecimal digits")
    return raw


def run(args: argparse.Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    require_report(args)
    output, source = output_of(args), input_of(args)
    _refuse_conflicts(args)
    require_outputs(args, (output, args.report), reads=(args.user_data,) if args.user_data else ())
    policies = _policies(args)
    response = read_whole(source, MAX_EXCHANGE_FILE_SIZE)
    expected = ((str(args.user_data), policies.user_data),) if policies.user_data else ()
    verification = verify(args, response, policies.host_keys, expected)
    if verification.error is not None:
        raise named_content(verification.error, source)
    if args.firmware:
        policies = dataclasses.replace(policies, firmware=_ask(args, verification))
    result = check_policies(verification, policies, response)
    write_file(args, output, result_text(policy_record(result), args.format).encode())
    write_attestation_report(args, result, response)
    show(args, result)
    if not args.json and not args.quiet:
        if not policies.any_given:
            said = "No policy was given."
        elif result.successful:
            said = "The attestation response fulfills all policies."
        else:
            said = "The attestation response does not fulfill all policies."
        write_lines([said])
    return status.DONE if result.successful else status.CHECK_FAILED


def _refuse_conflicts(args: argparse.Namespace) -> None:
    needs = (
        ("--host-key-check", args.host_key_check, "--host-key-document", args.host_key_document),
        ("--secret", args.secret, "--secret-store-locked", args.secret_store_locked),
        ("--firmware-check-version", args.firmware_check_version, "--firmware", args.firmware),
        ("--firmware-verify-url", args.firmware_verify_url, "--firmware", args.firmware),
        ("--agree-to-send", args.agree_to_send, "--firmware", args.firmware),
    )
    for option, given, needed, there in needs:
        if given and not there:
            raise UsageError(f"{option} needs {needed}.")


def _policies(args: argparse.Namespace) -> Policies:
    enforced = {name for names in args.host_key_check for name in names}
    store = None
    if args.secret_store_locked:
        locked = {"true": True, "false": False}[args.secret_store_locked]
        store = ExpectedStore(tuple(read_added_secret(path) for path in args.secret), locked=locked)
    return Policies(
        host_keys=read_documents(args.host_key_document),
        require_image_key="boot-key-hash" in enforced,
        require_attestation_key="att-key-hash" in enforced,
        user_data=read_whole(args.user_data, _USER_DATA_LIMIT) if args.user_data else None,
        store=store,
        ask_firmware=args.firmware,
        cuid=args.cuid,
    )


def _ask(args: argparse.Namespace, verification: AttestationVerification) -> FirmwareAnswer | None:
    """The answer of the firmware service, if there is something to ask it and the user agrees."""
    state = verification.part(FIRMWARE_STATE)
    if state is None or verification.check.verdict not in (Verdict.PASSED, Verdict.WARNING):
        return None
    base, version = args.firmware_verify_url or DEFAULT_SERVICE, args.firmware_check_version or 1
    url = service_url(base, version)
    if not args.agree_to_send:
        if not sys.stdin.isatty() or not sys.stderr.isatty():
            raise UsageError(
                f"The firmware state would be sent to {url}.", remedy="Add --agree-to-send if that is what you want."
            )
        sys.stderr.write(f"The firmware state of the machine, {len(state)} bytes, is sent to\n  {url}\nSend it? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return None
    if not args.quiet:
        write_message("sending", f"firmware state to {url}")
    with foreground_job(quiet=True) as job:
        return ask_firmware_service(state, url_agreed_to=url, at=datetime.now(UTC), base=base, version=version, job=job)
