"""`seworkbench image verify`: every check of an image, with evidence (resources/help/verification.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.cli import status
from seworkbench.cli.contents import contents_lines
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import (
    Once,
    add_access,
    add_report,
    add_verbosity,
    hex_word,
    read_access,
    require_one_verbosity,
    require_report,
)
from seworkbench.cli.terminal import check_lines, verdict_line, write_json, write_lines
from seworkbench.formats.components import ComponentKind
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from seworkbench.checks import Check
    from seworkbench.image.verify import Verification
    from seworkbench.jobs import Job

EXAMPLES = """\
  seworkbench image verify guest.img
      without a key: do the components belong to the header?
  seworkbench image verify guest.img --hdr-key keys/guest.img.hdr-key
      also: was the header changed, and what is inside?
  seworkbench image verify guest.img --hdr-key keys/guest.img.hdr-key -i vmlinuz --report guest.pdf
      also: is the kernel inside the one that I reviewed? With a report to sign.
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("input", type=Path, metavar="IMAGE", help="SE image or SE header")
    add_access(parser)
    parser.add_argument(
        "--supported-pcf",
        type=hex_word,
        action=Once,
        metavar="HEX",
        help="plaintext control flags that a machine supports (its /sys/firmware/uv/query/supp_se_hdr_pcf)",
    )
    parser.add_argument(
        "--supported-scf",
        type=hex_word,
        action=Once,
        metavar="HEX",
        help="secret control flags that it supports",
    )
    inputs = parser.add_argument_group("comparison", "is this the file that I reviewed?")
    inputs.add_argument("-i", "--kernel", "--image", type=Path, action=Once, metavar="FILE", help="expected kernel")
    inputs.add_argument("-r", "--ramdisk", type=Path, action=Once, metavar="FILE", help="expected ramdisk")
    inputs.add_argument("-p", "--parmfile", type=Path, action=Once, metavar="FILE", help="expected command line")
    parser.add_argument("--json", action="store_true", help="print the tree of checks as JSON")
    add_report(parser)
    add_verbosity(parser, more="evidence and rule of what passed", less="only the verdict")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    require_report(args)
    access = read_access(args)
    expected = {
        ComponentKind.KERNEL: args.kernel,
        ComponentKind.RAMDISK: args.ramdisk,
        ComponentKind.COMMAND_LINE: args.parmfile,
    }
    inputs = {kind: path for kind, path in expected.items() if path is not None}
    machine = SupportedFlags(args.supported_pcf, args.supported_scf)
    with open_image(args.input) as image, foreground_job(quiet=bool(args.quiet or args.json)) as job:
        # The digest in a report is of the very bytes that were verified.
        hash_file = args.report is not None
        result = verify_image(image, access, machine=machine, inputs=inputs, hash_file=hash_file, job=job)
        if args.report is not None:
            _write_report(args, result, inputs, job)
    if args.json:
        write_json({"image": str(args.input), **result.to_json()})
    else:
        lines = [] if args.quiet else list(check_lines(result.check, detailed=bool(args.verbose)))
        if result.contents and not args.quiet:
            lines += ["", *contents_lines(result.contents)]
        if lines:
            lines.append("")
        if access is None and not args.quiet and _belong(result.check):
            lines.append("Without a key this shows that the components belong to the header, not who made the image.")
        write_lines([*lines, verdict_line(result.check)])
    return status.CHECK_FAILED if result.check.verdict in (Verdict.FAILED, Verdict.NOT_CHECKED) else status.DONE


def _write_report(args: Namespace, result: Verification, expected: Mapping[ComponentKind, Path], job: Job) -> None:
    from seworkbench.report.image import image_report  # noqa: PLC0415 - only a report pays for loading it
    from seworkbench.report.write import write_report  # noqa: PLC0415 - as above

    report = image_report(
        result,
        args.input,
        datetime.now(UTC),
        expected=expected,
        header_key=args.hdr_key,
        host_private_key=args.host_private_key,
        job=job,
    )
    write_report(report, args.report)


def _belong(check: Check) -> bool:
    """Whether it was shown that the components belong to the header, and nothing speaks against the image."""
    digests = check.find("image.digest")
    return digests is not None and digests.verdict is Verdict.PASSED and check.verdict is not Verdict.FAILED
