"""`seworkbench machine show`: what a simulated machine is, hands out and runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.cli import status
from seworkbench.cli.terminal import one_line, write_json, write_lines
from seworkbench.simulator.machine_folder import MachineFolder
from seworkbench.simulator.records import WATERMARK

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from seworkbench.simulator.protected_guest import ProtectedGuest


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder of the machine")
    parser.add_argument("--json", action="store_true", help="print the machine as JSON")


def run(args: Namespace) -> int:
    """Carry out the command."""
    machine = MachineFolder.open(args.directory)
    if args.json:
        write_json(machine_json(machine))
    else:
        write_lines(machine_lines(machine))
    return status.DONE


def machine_json(folder: MachineFolder) -> dict[str, Any]:
    """A machine as JSON; no private keys."""
    guest = folder.guest()
    return {
        "simulated": True,
        "watermark": WATERMARK,
        "folder": str(folder.path),
        "name": folder.machine.name,
        **folder.description.to_json(),
        "document": {
            "file": str(folder.document_path),
            "not_before": folder.document.not_valid_before_utc.isoformat(),
            "not_after": folder.document.not_valid_after_utc.isoformat(),
            "revoked": folder.is_revoked,
        },
        "certificates": [str(path) for path in folder.certificate_paths],
        "crls": [str(path) for path in folder.crl_paths],
        "root_ca": str(folder.root_path),
        "guest": None if guest is None else _guest_json(guest),
    }


def machine_lines(folder: MachineFolder) -> Iterator[str]:
    """A machine as text."""
    about = folder.description
    paf = "none: it does not attest" if about.supported_paf is None else f"0x{about.supported_paf:016x}"
    document = folder.document
    state = f"valid {document.not_valid_before_utc:%Y-%m-%d} to {document.not_valid_after_utc:%Y-%m-%d}"
    yield WATERMARK
    yield ""
    yield f"{'Machine':<22} {folder.machine.name}, type {about.generation.profile.machine_type}"
    yield f"{'Host key hash':<22} {about.phkh.hex()}"
    if about.backup_phkh is not None:
        yield f"{'Backup host key hash':<22} {about.backup_phkh.hex()}"
    yield f"{'Plaintext flags':<22} 0x{about.supported_pcf:016x}"
    yield f"{'Secret flags':<22} 0x{about.supported_scf:016x}"
    yield f"{'Attestation flags':<22} {paf}"
    yield f"{'Host key document':<22} {one_line(folder.document_path)}"
    yield f"{'':<22} {state}{', revoked' if folder.is_revoked else ''}"
    for number, path in enumerate(folder.certificate_paths):
        yield f"{'' if number else 'Certificates':<22} {one_line(path)}"
    for number, path in enumerate(folder.crl_paths):
        yield f"{'' if number else 'Revocation lists':<22} {one_line(path)}"
    yield f"{'Root':<22} {one_line(folder.root_path)}"
    yield from _guest_lines(folder.guest())


def _guest_lines(guest: ProtectedGuest | None) -> Iterator[str]:
    if guest is None:
        yield f"{'Guest':<22} none runs"
        return
    secrets = "1 secret" if len(guest.store.tags) == 1 else f"{len(guest.store.tags)} secrets"
    yield f"{'Guest':<22} {one_line(guest.image)}, started {guest.started_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"{'Configuration UID':<22} {guest.cuid.hex()}"
    yield f"{'SE header':<22} {guest.header.summary()}, tag {guest.header.tag.hex()}"
    yield f"{'Secret store':<22} {secrets}, {'locked' if guest.store.locked else 'not locked'}"


def _guest_json(guest: ProtectedGuest) -> dict[str, Any]:
    return {
        "image": guest.image,
        "started_at": guest.started_at.isoformat(),
        "cuid": guest.cuid.hex(),
        "image_phkh": guest.image_phkh.hex(),
        "header_tag": guest.header.tag.hex(),
        "secrets": len(guest.store.tags),
        "locked": guest.store.locked,
        "secret_store_hash": guest.store.digest.hex(),
    }
