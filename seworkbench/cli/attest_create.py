"""`seworkbench attest create`: make an attestation request (resources/help/attestation.md#create)."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.request import (
    CreatedRequest,
    RequestHost,
    create_request,
    record_path,
    request_flags,
    write_request,
)
from seworkbench.checks import Verdict
from seworkbench.cli import status
from seworkbench.cli.host_keys import accepted_keys_of, add_host_keys, require_host_keys
from seworkbench.cli.options import Once, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_json, write_lines
from seworkbench.files import refuse_own_input
from seworkbench.formats.additional_data import PART_KINDS

if TYPE_CHECKING:
    from seworkbench.formats.additional_data import PartKind

_KINDS = {kind.option: kind for kind in PART_KINDS}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_host_keys(parser.add_argument_group("machines"), "host key document of a machine that may answer")
    parser.add_argument("-o", "--output", type=Path, action=Once, required=True, metavar="FILE", help="the request")
    parser.add_argument(
        "-a",
        "--arpk",
        type=Path,
        action=Once,
        required=True,
        metavar="FILE",
        help="its protection key: needed to verify the answer, and secret; never replaces a file",
    )
    parser.add_argument(
        "--add-data",
        type=_kinds,
        action="append",
        default=[],
        metavar="LIST",
        help=f"what the answer is to contain: {', '.join(_KINDS)}; repeat it or separate by commas",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace request and record if they exist")
    parser.add_argument("--json", action="store_true", help="print what was asked of whom as JSON")
    add_verbosity(parser, less="nothing but errors")


def _kinds(text: str) -> list[PartKind]:
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in _KINDS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"{(unknown or [text])[0]!r} is none of {', '.join(_KINDS)}")
    return [_KINDS[name] for name in names]


def run(args: argparse.Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    require_host_keys(args)
    in_use = accepted_keys_of(args, "the request and forge an answer")
    if in_use.verified_for is None:
        verdict, reason = Verdict.NOT_CHECKED, "Not verified (--no-verify)."
    else:
        verdict, reason = Verdict.PASSED, f"Accepted as of {in_use.verified_for.isoformat(timespec='seconds')}."
    hosts = tuple(
        RequestHost(name, key, digest, verdict, reason)
        for (name, key), digest in zip(in_use.keys, in_use.file_sha256, strict=True)
    )
    flags = request_flags(kind for kinds in args.add_data for kind in kinds)
    read = (*args.host_key_document, *args.cert, *args.crl, *([args.root_ca] if args.root_ca else []))
    for path in (args.output, record_path(args.output)):
        refuse_own_input(path, read)
    created = create_request(hosts, flags, at=datetime.now(UTC))
    write_request(created, args.output, args.arpk, overwrite=args.overwrite)
    if args.json:
        written = {"request": str(args.output), "protection_key": str(args.arpk)}
        write_json(written | {"record": str(record_path(args.output))} | created.record.to_json())
    elif not args.quiet:
        write_lines(_summary(args, created))
    return status.DONE


def _summary(args: argparse.Namespace, created: CreatedRequest) -> list[str]:
    lines = ["Successfully generated the request"]
    lines.append(f"  request         {one_line(args.output)}, {len(created.file)} bytes")
    lines += [
        f"  for machine     {host.phkh.hex()[:16]}…  {one_line(host.document)}, {host.verdict.value}"
        for host in created.record.hosts
    ]
    lines.append(f"  asks for        {', '.join(created.record.flags) or 'nothing but the measurement'}")
    lines.append(f"  protection key  {one_line(args.arpk)}: keep it here and secret, destroy it after verification")
    lines.append(f"  record          {one_line(record_path(args.output))}")
    return lines
