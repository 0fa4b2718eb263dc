"""The secrets a guest must hold, by the hash of its store (resources/help/attestation.md#secret-store-hash)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

from seworkbench.crypto.measurement import same_measurement, secret_store_hash
from seworkbench.errors import FormatError
from seworkbench.files import read_whole

if TYPE_CHECKING:
    from pathlib import Path

# An add-secret request: magic, size field, GCM tag at the end; its largest size is that of any request.
_MAGIC = b"asrcbM"
_SIZE_AT = slice(0x0C, 0x10)
_TAG_SIZE = 16
_LEAST_SIZE = 0x30 + _TAG_SIZE
_SIZE_LIMIT = 0x100000
# 7 secrets have 13 700 ordered selections; 8 would have 109 601.
MOST_SEARCHED_SECRETS = 7


@dataclass(frozen=True, slots=True)
class AddedSecret:
    """An add-secret request, as far as the store's hash knows it.

    Args:
        name: the file.
        tag: its last 16 bytes.
    """

    name: str
    tag: bytes


@dataclass(frozen=True, slots=True)
class ExpectedStore:
    """The store that a guest must have.

    Args:
        secrets: the add-secret requests in the order of adding.
        locked: whether it must be locked.
    """

    secrets: tuple[AddedSecret, ...]
    locked: bool

    @property
    def hash(self) -> bytes:
        """Its hash, 64 bytes."""
        return secret_store_hash((secret.tag for secret in self.secrets), locked=self.locked)


def parse_added_secret(raw: bytes, name: str) -> AddedSecret:
    """What the store's hash knows of an add-secret request.

    Raises:
        FormatError: if it is none.
    """
    if not raw.startswith(_MAGIC) or len(raw) < _LEAST_SIZE:
        raise FormatError(
            "This is no add-secret request.", where=name, remedy="Name the files that were added to the guest."
        )
    size = int.from_bytes(raw[_SIZE_AT], "big")
    if size != len(raw):
        raise FormatError(
            f"The add-secret request says that it has {size} bytes; it has {len(raw)}.",
            where=name,
            remedy="The file is damaged; fetch it again from where it was written.",
        )
    return AddedSecret(name, raw[-_TAG_SIZE:])


def read_added_secret(path: Path) -> AddedSecret:
    """Read an add-secret request.

    Raises:
        SeError: if it cannot be read or is none.
    """
    return parse_added_secret(read_whole(path, _SIZE_LIMIT), str(path))


def find_store(secrets: tuple[AddedSecret, ...], found: bytes) -> ExpectedStore | None:
    """The order, selection and lock state of secrets that give a hash.

    Args:
        secrets: all that could have been added; at most seven are searched.
        found: the hash in a response, 64 bytes.

    Returns:
        The store; None if no selection fits, or there are too many secrets to try.
    """
    if len(secrets) > MOST_SEARCHED_SECRETS:
        return None
    # The largest selections first: that one is missing is likelier than that all but one are.
    for count in range(len(secrets), -1, -1):
        for chosen in permutations(secrets, count):
            for locked in (True, False):
                store = ExpectedStore(chosen, locked)
                if same_measurement(store.hash, found):
                    return store
    return None
