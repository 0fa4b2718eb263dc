"""A simulated machine that is kept in a folder (resources/help/simulated-machine.md#folder).

    machine.json         what it is; written after the keys it names, so it decides which of them count
    guest.json           the guest that runs on it, if one does
    firmware-state.bin   320 bytes that begin with SIMULATED
    keys/                private keys: host key, backup host key, and those of its demo PKI
    public/              what it hands out: host key documents, the certificates above them, revocation lists
    lock                 held by whoever changes any of it

Nothing here can be used with a real machine: keys and documents that its own demo PKI did not make are refused.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from seworkbench.crypto.points import key_hash
from seworkbench.errors import FormatError, SeError
from seworkbench.files import PRIVATE, explained
from seworkbench.formats.exchange import CUID_SIZE
from seworkbench.formats.se_header import MAX_HEADER_SIZE, TAG_SIZE, parse_header
from seworkbench.simulator.added_secrets import add_secret
from seworkbench.simulator.demo_pki import NAMES, DemoChain, DemoPki
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.machine_description import MachineDescription
from seworkbench.simulator.machine_files import (
    FIRMWARE_FILE,
    PUBLIC_MODE,
    read_chain,
    read_firmware,
    read_host_key,
    read_pki,
    write_firmware,
    write_host_key,
    write_key,
    write_pki,
    write_public,
    write_revocation_lists,
)
from seworkbench.simulator.protected_guest import ProtectedGuest, SecretStore, StoredSecret
from seworkbench.simulator.records import instant_text, read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509

    from seworkbench.jobs import Job
    from seworkbench.simulator.generations import Generation
    from seworkbench.simulator.records import Record

_MACHINE = "machine.json"
_GUEST = "guest.json"
_LOCK = "lock"
_PART_SUFFIX = ".seworkbench-machine-part"


@dataclass(frozen=True)
class MachineFolder:
    """A machine in a folder, as it was when it was opened; `guest` is read anew each time.

    Args:
        path: the folder.
        description: what machine.json says.
        machine: the machine with its keys.
        chain: the certificates above its host key documents.
        document: its host key document.
        backup_document: the document of its backup host key, if it has one.
    """

    path: Path
    description: MachineDescription
    machine: Machine
    chain: DemoChain
    document: x509.Certificate
    backup_document: x509.Certificate | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        generation: Generation,
        *,
        at: datetime,
        backup_key: bool = False,
        pki: DemoPki | None = None,
        job: Job | None = None,
    ) -> Self:
        """Make a machine in a new folder: all of it, or nothing.

        Args:
            path: the folder; it must not exist, or be empty.
            generation: of the machine.
            at: aware instant from which on its documents are valid.
            backup_key: whether it has a backup host key.
            pki: the demo PKI it takes over; a new one unless given.
            job: for cancelling.

        Raises:
            SeError: if the folder has something in it or cannot be made.
            Cancelled: if the job was cancelled.
        """
        with explained(path):
            if os.path.lexists(path) and (not path.is_dir() or any(path.iterdir())):
                raise SeError(
                    "There is something under this name already.", where=str(path), remedy="Choose another name."
                )
        pki = pki or DemoPki.make(generation, at, job)
        host_key = ec.generate_private_key(ec.SECP521R1())
        backup = ec.generate_private_key(ec.SECP521R1()) if backup_key else None
        profile = generation.profile
        description = MachineDescription(
            generation=generation,
            serial=f"{secrets.randbits(28):07X}",
            created_at=at,
            supported_pcf=profile.supported_pcf,
            supported_scf=profile.supported_scf,
            supported_paf=profile.supported_paf,
            root_sha256=pki.chain.root.fingerprint(SHA256()),
            host_key_number=1,
            phkh=key_hash(host_key.public_key()),
            backup_phkh=key_hash(backup.public_key()) if backup else None,
        )
        with _folder_in_making(path) as part:
            write_pki(part, pki)
            write_firmware(part)
            write_host_key(part, description, host_key, pki, at)
            if backup is not None:
                write_key(part / "keys" / "backup-host-key.pem", backup)
                document = pki.host_key_document(
                    backup.public_key(), generation, f"{description.serial}-backup", start=at
                )
                write_public(part / "public" / description.backup_document_name, document)
            write_revocation_lists(part, description, pki, at)
            write_record(part / _MACHINE, description.to_json(), PUBLIC_MODE)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a machine's folder and judge everything in it.

        Raises:
            SeError: if it is none, or holds a key or certificate that its own demo PKI did not make.
        """
        if not (path / _MACHINE).exists():
            raise SeError(
                "There is no simulated machine in this folder.",
                where=str(path),
                remedy="Make one: seworkbench machine create.",
            )
        description = MachineDescription.from_record(read_record(path / _MACHINE))
        chain = read_chain(path, description)
        host_key, document = read_host_key(
            path / "keys" / description.host_key_name,
            path / "public" / description.document_name,
            description.phkh,
            chain,
        )
        backup_key = backup_document = None
        if description.backup_phkh is not None:
            backup_key, backup_document = read_host_key(
                path / "keys" / "backup-host-key.pem",
                path / "public" / description.backup_document_name,
                description.backup_phkh,
                chain,
            )
        machine = Machine(
            host_key=host_key,
            backup_key=backup_key,
            supported_pcf=description.supported_pcf,
            supported_scf=description.supported_scf,
            supported_paf=description.supported_paf,
            name=description.name,
            firmware_state=read_firmware(path / FIRMWARE_FILE),
        )
        return cls(path, description, machine, chain, document, backup_document)

    @property
    def public(self) -> Path:
        """The folder with everything that is handed out."""
        return self.path / "public"

    @property
    def document_path(self) -> Path:
        """The host key document, for building images and creating requests."""
        return self.public / self.description.document_name

    @property
    def certificate_paths(self) -> tuple[Path, Path]:
        """Host key signing certificate and intermediate, for verifying the document."""
        return self.public / NAMES.signing, self.public / NAMES.intermediate

    @property
    def root_path(self) -> Path:
        """The root certificate."""
        return self.public / NAMES.root

    @property
    def crl_paths(self) -> tuple[Path, Path, Path]:
        """The revocation lists of root, intermediate and host key signing certificate."""
        return tuple(self.public / name for name in (NAMES.root_crl, NAMES.intermediate_crl, NAMES.host_key_crl))  # type: ignore[return-value]

    @property
    def is_revoked(self) -> bool:
        """Whether its host key document is."""
        return any(serial == self.document.serial_number for serial, _ in self.description.revoked)

    def guest(self) -> ProtectedGuest | None:
        """The guest that runs on it; None if none does.

        Raises:
            SeError: if guest.json cannot be read or is damaged.
        """
        path = self.path / _GUEST
        if not os.path.lexists(path):
            return None
        record = read_record(path)
        try:
            header = parse_header(record.octets("header", limit=MAX_HEADER_SIZE))
        except FormatError as error:
            raise error.located(str(path)) from None
        guest = ProtectedGuest(
            header=header,
            image_phkh=record.octets("image_phkh", 32),
            cuid=record.octets("cuid", CUID_SIZE),
            started_at=record.instant("started_at"),
            image=record.text("image"),
            store=_store_of(record),
        )
        if guest.image_phkh not in {slot.phkh for slot in header.keyslots}:
            raise record.refusal("No key slot of the header is for the host key that is said to have opened it.")
        return guest

    def keep_guest(self, guest: ProtectedGuest) -> None:
        """Let a guest run on it; one that ran before ends.

        Raises:
            SeError: if it cannot be written.
        """
        with self._locked():
            self._write_guest(guest)

    def end_guest(self) -> bool:
        """End the guest that runs on it; False if none does.

        Raises:
            SeError: if that fails.
        """
        with self._locked(), explained(self.path / _GUEST):
            try:
                (self.path / _GUEST).unlink()
            except FileNotFoundError:
                return False
        return True

    def change_store(self, change: Callable[[SecretStore], SecretStore]) -> ProtectedGuest:
        """Change the secrets of the running guest.

        Args:
            change: from the store as it is to the store as it shall be.

        Raises:
            SeError: if no guest runs, or `change` refuses.
        """
        with self._locked():
            guest = self.guest()
            if guest is None:
                raise no_guest(self.path)
            guest = dataclasses.replace(guest, store=change(guest.store))
            self._write_guest(guest)
        return guest

    def add_secret(self, request: bytes) -> ProtectedGuest:
        """Add a secret to the running guest, as `pvsecret add` does in a real one.

        Args:
            request: the add-secret request, any bytes.

        Raises:
            SecretRefused: if the Ultravisor refuses it.
            SeError: if no guest runs, or the folder cannot be read or written.
        """
        with self._locked():
            guest = self.guest()
            if guest is None:
                raise no_guest(self.path)
            guest = dataclasses.replace(guest, store=add_secret(self.machine, guest, request))
            self._write_guest(guest)
        return guest

    def renew(self, at: datetime, *, new_key: bool = False, expired: bool = False) -> MachineFolder:
        """Issue a new host key document and fresh revocation lists.

        Args:
            at: aware instant from which on they are valid.
            new_key: give the machine a new host key, as after a repair: images built for the old one start no more.
            expired: let the document end the day before `at`, for demonstrations.

        Raises:
            SeError: if a file cannot be read or written.
        """
        with self._locked():
            now = self.open(self.path)
            description = dataclasses.replace(now.description, crl_number=now.description.crl_number + 1)
            key = now.machine.host_key
            pki = read_pki(self.path, now.chain)
            if new_key:
                key = ec.generate_private_key(ec.SECP521R1())
                description = dataclasses.replace(
                    description, host_key_number=description.host_key_number + 1, phkh=key_hash(key.public_key())
                )
            write_host_key(self.path, description, key, pki, at, expired=expired)
            write_record(self.path / _MACHINE, description.to_json(), PUBLIC_MODE)
            write_revocation_lists(self.path, description, pki, at)
            if new_key:
                with suppress(OSError):
                    (self.public / now.description.document_name).unlink()
                    (self.path / "keys" / now.description.host_key_name).unlink()
        return self.open(self.path)

    def revoke(self, at: datetime) -> MachineFolder:
        """Revoke the host key document and issue revocation lists that say so.

        Args:
            at: aware instant of the revocation.

        Raises:
            SeError: if it is revoked already, or a file cannot be read or written.
        """
        with self._locked():
            now = self.open(self.path)
            if now.is_revoked:
                raise SeError(
                    "The host key document is revoked already.",
                    where=str(self.document_path),
                    remedy="Issue a new one: seworkbench machine renew.",
                )
            description = dataclasses.replace(
                now.description,
                crl_number=now.description.crl_number + 1,
                revoked=(*now.description.revoked, (now.document.serial_number, at)),
            )
            pki = read_pki(self.path, now.chain)
            write_record(self.path / _MACHINE, description.to_json(), PUBLIC_MODE)
            write_revocation_lists(self.path, description, pki, at)
        return self.open(self.path)

    def _write_guest(self, guest: ProtectedGuest) -> None:
        values = {
            "image": guest.image,
            "started_at": instant_text(guest.started_at),
            "cuid": guest.cuid.hex(),
            "image_phkh": guest.image_phkh.hex(),
            "header": guest.header.build().hex(),
            "secret_tags": [tag.hex() for tag in guest.store.tags],
            "locked": guest.store.locked,
            "secrets": [
                {"type": f"0x{secret.type:016x}", "length": secret.length, "id": secret.id.hex()}
                for secret in guest.store.secrets
            ],
            "extension_sha256": guest.store.extension.hex(),
        }
        write_record(self.path / _GUEST, values, PRIVATE)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the machine alone; whoever comes second waits."""
        lock = self.path / _LOCK
        with explained(lock):
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, PRIVATE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _store_of(record: Record) -> SecretStore:
    """The secret store; records of earlier releases tell of its tags only."""
    tags, locked = record.octets_list("secret_tags", TAG_SIZE), record.truth("locked")
    if not record.has("secrets"):
        return SecretStore(tags, locked)
    secrets = tuple(
        StoredSecret(entry.word("type"), entry.number("length"), entry.octets("id", 32))
        for entry in record.records("secrets")
    )
    return SecretStore(tags, locked, secrets, record.octets("extension_sha256", limit=32))


def no_guest(path: Path) -> SeError:
    """The error of whoever needs a guest where none runs."""
    return SeError(
        "No guest runs on this simulated machine.", where=str(path), remedy="Start one: seworkbench machine start."
    )


@contextmanager
def _folder_in_making(path: Path) -> Iterator[Path]:
    """A folder that gets its name when everything is in it."""
    parent = path.absolute().parent
    with explained(parent):
        _sweep(parent)
        part = parent / f".{secrets.token_hex(8)}{_PART_SUFFIX}"
        part.mkdir(0o755)
    try:
        handle = os.open(part / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            (part / "keys").mkdir(0o700)
            (part / "public").mkdir(0o755)
            yield part
            with explained(path):
                part.rename(path)
        finally:
            os.close(handle)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _sweep(parent: Path) -> None:
    """Remove folders whose maker was killed: nobody holds their lock any more."""
    for stale in parent.glob(f".*{_PART_SUFFIX}"):
        with suppress(OSError):
            handle = os.open(stale / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(stale)
            finally:
                os.close(handle)
