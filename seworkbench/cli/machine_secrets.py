"""`seworkbench machine secrets`: what the secret store of a simulated guest holds, and adding to it.

How a request is judged: resources/help/simulated-machine.md#secret-store.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.cli import status
from seworkbench.cli.options import PathList
from seworkbench.cli.terminal import one_line, write_error, write_json, write_lines
from seworkbench.files import read_whole
from seworkbench.simulator.added_secrets import MAX_REQUEST_SIZE, SecretRefused, secret_type_name
from seworkbench.simulator.machine_folder import MachineFolder, no_guest
from seworkbench.simulator.protected_guest import SecretStore
from seworkbench.simulator.records import WATERMARK

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder of the machine")
    parser.add_argument(
        "--add",
        action=PathList,
        default=[],
        metavar="FILE[,FILE]",
        help="add-secret requests, added in this order; the first that is refused ends it",
    )
    parser.add_argument("--lock", action="store_true", help="lock the store then: nothing can be added any more")
    parser.add_argument("--json", action="store_true", help="print the store as JSON")


def run(args: Namespace) -> int:
    """Carry out the command."""
    machine = MachineFolder.open(args.directory)
    for path in args.add:
        request = read_whole(path, MAX_REQUEST_SIZE)
        try:
            machine.add_secret(request)
        except SecretRefused as refused:
            write_error(refused)
            return status.CHECK_FAILED
    if args.lock:
        machine.change_store(SecretStore.with_lock)
    guest = machine.guest()
    if guest is None:
        raise no_guest(machine.path)
    if args.json:
        write_json({"watermark": WATERMARK, "image": guest.image, **store_json(guest.store)})
    else:
        write_lines([WATERMARK, "", f"{'Guest':<22} {one_line(guest.image)}", *store_lines(guest.store)])
    return status.DONE


def store_json(store: SecretStore) -> dict[str, Any]:
    """A secret store as JSON."""
    return {
        "secrets": [
            {"type": secret_type_name(secret.type), "length": secret.length, "id": secret.id.hex()}
            for secret in store.secrets
        ],
        "request_tags": [tag.hex() for tag in store.tags],
        "locked": store.locked,
        "secret_store_hash": store.digest.hex(),
    }


def store_lines(store: SecretStore) -> Iterator[str]:
    """A secret store as text."""
    requests = "1 request" if len(store.tags) == 1 else f"{len(store.tags)} requests"
    yield f"{'Secret store':<22} {requests}, {'locked' if store.locked else 'not locked'}"
    for number, secret in enumerate(store.secrets):
        yield f"{'' if number else 'Secrets':<22} {secret_type_name(secret.type)}, {secret.length} bytes"
        yield f"{'':<22}   0x{secret.id.hex()}"
    yield f"{'Secret store hash':<22} {store.digest.hex()}"
