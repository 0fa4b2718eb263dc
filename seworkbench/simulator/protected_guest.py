"""What the Ultravisor keeps of a guest that was started: what it vouches for when the guest asks for attestation."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seworkbench.errors import SeError
from seworkbench.formats.exchange import CUID_SIZE
from seworkbench.formats.se_header import TAG_SIZE, SeHeader
from seworkbench.simulator.demo_pki import MARK

if TYPE_CHECKING:
    from datetime import datetime

    from seworkbench.simulator.hypervisor import GuestStart


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret, as far as the list of a guest tells of it; its value is kept nowhere.

    Args:
        type: number of its type.
        length: of its value, in bytes.
        id: 32 bytes.
    """

    type: int
    length: int
    id: bytes


@dataclass(frozen=True)
class SecretStore:
    """The secrets of a guest, as far as attestation and its own list tell of them.

    Args:
        tags: the tag of each request that added a secret, 16 bytes each, in the order of adding.
        locked: whether no further secret can be added.
        secrets: those that are listed; requests that only fix the extension secret or replace a key add none.
        extension: SHA-256 of the extension secret that the first request fixed; empty before.
    """

    tags: tuple[bytes, ...] = ()
    locked: bool = False
    secrets: tuple[StoredSecret, ...] = ()
    extension: bytes = field(default=b"", repr=False)

    @property
    def digest(self) -> bytes:
        """SHA-512 over the tags and one byte for the lock, 64 bytes (resources/help/attestation.md#additional-data)."""
        return hashlib.sha512(b"".join(self.tags) + (b"\1" if self.locked else b"\0")).digest()

    def with_tag(self, tag: bytes) -> SecretStore:
        """The store after one more secret.

        Args:
            tag: the last 16 bytes of the request that added it.

        Raises:
            SeError: if the store is locked.
        """
        if len(tag) != TAG_SIZE:
            raise ValueError(f"the tag of a request has {TAG_SIZE} bytes, not {len(tag)}")
        if self.locked:
            raise SeError("The secret store of the simulated guest is locked.", remedy="Start the guest again.")
        return dataclasses.replace(self, tags=(*self.tags, tag))

    def with_lock(self) -> SecretStore:
        """The store after locking it; there is no way back but a new start."""
        return dataclasses.replace(self, locked=True)


@dataclass(frozen=True)
class ProtectedGuest:
    """A running guest.

    Args:
        header: the SE header it was started from.
        image_phkh: hash of the host key that opened the header, 32 bytes.
        cuid: configuration UID, 16 bytes, new at every start; begins with SIMULATED, the rest is random.
        started_at: aware instant of the start.
        image: name of the image file, for people.
        store: its secrets.
    """

    header: SeHeader
    image_phkh: bytes
    cuid: bytes
    started_at: datetime
    image: str = ""
    store: SecretStore = field(default_factory=SecretStore)


def new_cuid() -> bytes:
    """A configuration UID that no other start has: every answer contains it, so every answer says SIMULATED."""
    mark = MARK.encode()
    return mark + secrets.token_bytes(CUID_SIZE - len(mark))


def guest_of(start: GuestStart, at: datetime, *, image: str = "", cuid: bytes | None = None) -> ProtectedGuest:
    """The guest that a successful start leaves behind.

    Args:
        start: what happened.
        at: aware instant of the start.
        image: name of the image file.
        cuid: configuration UID; a new one unless given.

    Raises:
        ValueError: if the guest was not started.
    """
    if not start.started or start.opened is None:
        raise ValueError("the guest was not started")
    return ProtectedGuest(
        header=start.opened.header,
        image_phkh=start.opened.phkh,
        cuid=cuid or new_cuid(),
        started_at=at,
        image=image,
    )
