"""`seworkbench attest perform`: have a request answered (resources/help/attestation.md#perform).

By the Ultravisor of the machine that runs this guest, or by a simulated machine.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.attest_options import (
    add_input,
    add_output,
    input_of,
    output_of,
    require_outputs,
    write_file,
)
from seworkbench.cli.options import Once, add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_json, write_lines
from seworkbench.cli.wrong_file import named_content
from seworkbench.errors import FormatError, SeError
from seworkbench.files import read_whole
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE, MAX_USER_DATA_SIZE, parse_request, parse_response

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_READ_LIMIT = 1 << 20


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    add_input(parser, "the request")
    add_output(parser, "the response")
    parser.add_argument(
        "-u", "--user-data", type=Path, action=Once, metavar="FILE", help="have these bytes measured too, at most 256"
    )
    parser.add_argument("--machine", type=Path, action=Once, metavar="DIR", help="let a simulated machine answer")
    parser.add_argument("--overwrite", action="store_true", help="replace the response if it exists")
    parser.add_argument("--json", action="store_true", help="print what was answered as JSON")
    add_verbosity(parser, less="nothing but errors")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    output, source = output_of(args), input_of(args)
    require_outputs(args, (output,), reads=(args.user_data,) if args.user_data else ())
    user_data = read_whole(args.user_data, _READ_LIMIT) if args.user_data else b""
    if len(user_data) > MAX_USER_DATA_SIZE:
        raise SeError(
            f"The user data has {len(user_data)} bytes; {MAX_USER_DATA_SIZE} are the most.",
            where=str(args.user_data),
            remedy="Use a hash of it instead.",
        )
    content = read_whole(source, MAX_EXCHANGE_FILE_SIZE)
    try:
        response = _by_machine(args.machine, content, user_data) if args.machine else _here(args, content, user_data)
    except FormatError as error:
        raise named_content(error, source) from None
    write_file(args, output, response)
    file = parse_response(response)
    if args.json:
        record = {"response": str(output), "size": len(response), "cuid": (file.cuid or b"").hex()}
        write_json({"simulated": args.machine is not None, **record})
    elif not args.quiet:
        mark = "SIMULATED: " if args.machine else ""
        write_lines(
            [f"{mark}{one_line(output)}: {len(response)} bytes, configuration UID 0x{(file.cuid or b'').hex()}"]
        )
    return status.DONE


def _here(args: Namespace, content: bytes, user_data: bytes) -> bytes:
    from seworkbench.attestation.device import perform  # noqa: PLC0415

    words = ["seworkbench", "attest", "perform", "-i", input_of(args).name, "-o", output_of(args).name]
    if args.user_data:
        words += ["-u", args.user_data.name]
    return perform(parse_request(content), user_data, command=shlex.join(words))


def _by_machine(folder: Path, content: bytes, user_data: bytes) -> bytes:
    from seworkbench.simulator.attestation import answer_exchange  # noqa: PLC0415
    from seworkbench.simulator.machine_folder import MachineFolder, no_guest  # noqa: PLC0415

    machine = MachineFolder.open(folder)
    guest = machine.guest()
    if guest is None:
        raise no_guest(machine.path)
    return answer_exchange(machine.machine, guest, content, user_data=user_data)
