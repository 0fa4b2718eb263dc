"""The same attestation as commands of pvattest and of this program, ready to copy (resources/help/attestation.md)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class AttestTool(Enum):
    """For which tool; the value is its name."""

    PVATTEST = "pvattest"
    SEWORKBENCH = "seworkbench"


@dataclass(frozen=True)
class AttestFiles:
    """The files that the commands name; what is not known yet stands for itself in capitals.

    Args:
        header: image or SE header.
        request: the request.
        key: its protection key.
        response: the answer.
        documents: host key documents of the machines.
        options: options of additional data, as `--add-data` takes them.
        unverified: whether a document is used without verification.
        user_data: file with user data; empty if there is none.
        cuid: expected configuration UID, hexadecimal; empty if it is not compared.
        secrets: add-secret requests in the order of adding.
        locked: whether the secret store must be locked; None if it is not compared.
        machine: folder of the simulated machine that answers; empty for a real one.
    """

    header: str = "IMAGE"
    request: str = "request.bin"
    key: str = "request.arpk"
    response: str = "response.bin"
    documents: tuple[str, ...] = ("HKD.crt",)
    options: tuple[str, ...] = ()
    unverified: bool = False
    user_data: str = ""
    cuid: str = ""
    secrets: tuple[str, ...] = ()
    locked: bool | None = None
    machine: str = ""


def _program(tool: AttestTool) -> list[str]:
    return ["pvattest"] if tool is AttestTool.PVATTEST else ["seworkbench", "attest"]


def create_command(files: AttestFiles, tool: AttestTool) -> str:
    """Create the request, on the verifier's workstation."""
    words = [*_program(tool), "create"]
    for document in files.documents:
        words += ["-k", document]
    words += (
        ["--no-verify"] if files.unverified else ["--cert", "ibm-z-host-key-signing.crt", "--cert", "DigiCertCA.crt"]
    )
    if files.options:
        words += ["--add-data", ",".join(files.options)]
    return shlex.join([*words, "--arpk", files.key, "--output", files.request])


def perform_command(files: AttestFiles, tool: AttestTool) -> str:
    """Have it answered: in the guest, or by a simulated machine."""
    request, response = (PurePath(name).name for name in (files.request, files.response))
    if files.machine:
        # Only this program has simulated machines; they answer where the files are.
        words = [*_program(AttestTool.SEWORKBENCH), "perform", "--machine", files.machine]
        request, response = files.request, files.response
    else:
        words = [*_program(tool), "perform"]
    words += ["--input", request, "--output", response]
    return shlex.join([*words, "--user-data", PurePath(files.user_data).name] if files.user_data else words)


def carry_commands(files: AttestFiles) -> tuple[str, str]:
    """Carry the request to the guest, and the response back."""
    response = PurePath(files.response)
    there = shlex.join(["scp", files.request, "GUEST:"])
    back = shlex.join(["scp", f"GUEST:{response.name}", str(response)])
    return there, back


def verify_command(files: AttestFiles, tool: AttestTool) -> str:
    """Verify the answer, on the verifier's workstation."""
    words = [*_program(tool), "verify", "--input", files.response, "--hdr", files.header, "--arpk", files.key]
    return shlex.join(words)


def check_command(files: AttestFiles, tool: AttestTool) -> str:
    """Check the policies. pvattest reads the answer as it is; this program verifies it once more."""
    words = [*_program(tool), "check", "--input", files.response, "--output", "result.yaml"]
    if tool is AttestTool.SEWORKBENCH:
        words += ["--hdr", files.header, "--arpk", files.key]
    words += _each("-k", files.documents)
    if files.user_data:
        words += ["--user-data", files.user_data]
    if files.cuid and tool is AttestTool.SEWORKBENCH:
        words += ["--cuid", files.cuid]
    if files.locked is not None:
        words += [*_each("--secret", files.secrets), "--secret-store-locked", "true" if files.locked else "false"]
    return shlex.join(words)


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def all_commands(files: AttestFiles, tool: AttestTool) -> str:
    """Everything from the request to the policies, with a comment before each."""
    there, back = carry_commands(files)
    parts = [("On your workstation: create the request", create_command(files, tool))]
    if files.machine:
        parts.append(("Let the simulated machine answer: SIMULATED, proves nothing", perform_command(files, tool)))
    else:
        parts += [
            ("Carry it to the guest; the protection key stays here", there),
            ("In the guest, as root: have it answered", perform_command(files, tool)),
            ("Carry the answer back", back),
        ]
    parts += [
        ("On your workstation: verify the answer", verify_command(files, tool)),
        ("Then check what it says", check_command(files, tool)),
    ]
    return "\n\n".join(f"# {said}\n{command}" for said, command in parts)
