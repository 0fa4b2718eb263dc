"""Opening a header: with the header key, or as the machine that holds a host key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.crypto.header_seal import open_header
from seworkbench.crypto.key_slots import unwrap
from seworkbench.crypto.points import key_hash, public_key
from seworkbench.crypto.private_keys import host_private_key as read_host_private_key
from seworkbench.errors import FormatError
from seworkbench.files import read_secret, read_whole
from seworkbench.formats.se_header import HEADER_KEY_SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.formats.se_header import SecretPartV1, SeHeader
    from seworkbench.secret import Secret


@dataclass(frozen=True)
class HeaderKey:
    """The header protection key itself.

    Args:
        key: 32 bytes.
    """

    key: Secret


@dataclass(frozen=True)
class HostPrivateKey:
    """The private key of a machine: only a simulated machine's can be known.

    Args:
        key: P-521 private key.
    """

    key: ec.EllipticCurvePrivateKey


Access = HeaderKey | HostPrivateKey


_KEY_FILE_LIMIT = 1 << 16


def access_from_files(*, header_key: Path | None = None, host_private_key: Path | None = None) -> Access | None:
    """The access that a key file gives; None without one.

    Args:
        header_key: file of 32 bytes.
        host_private_key: file with a P-521 private key, PEM or DER.

    Raises:
        SeError: if the file is unusable.
    """
    if header_key is not None:
        return HeaderKey(read_secret(header_key, HEADER_KEY_SIZE, "header key"))
    if host_private_key is None:
        return None
    try:
        return HostPrivateKey(read_host_private_key(read_whole(host_private_key, _KEY_FILE_LIMIT)))
    except FormatError as error:
        raise error.located(str(host_private_key)) from None


def matching_slots(header: SeHeader, phkh: bytes) -> list[int]:
    """Indices of the key slots made for the host key with that hash."""
    return [index for index, slot in enumerate(header.keyslots) if slot.phkh == phkh]


def header_key(header: SeHeader, access: Access) -> Secret:
    """The header key that `access` gives.

    Raises:
        FormatError: if no slot is for that machine, or none of those opens.
    """
    if isinstance(access, HeaderKey):
        return access.key
    phkh = key_hash(access.key.public_key())
    slots = matching_slots(header, phkh)
    if not slots:
        raise FormatError(
            "No key slot is for this host key: the image was not built for this machine.",
            remedy=f"Build it with the host key document whose hash (PHKH) is {phkh.hex()}.",
        )
    customer = public_key(header.cust_pub_key)
    failure = FormatError("No key slot opens.")
    for index in slots:
        try:
            return unwrap(header.keyslots[index], access.key, customer)
        except FormatError as error:
            failure = error
    raise failure


def unlock(header: SeHeader, access: Access) -> SecretPartV1:
    """The content of the encrypted part, authenticated.

    Raises:
        FormatError: if it cannot be opened.
    """
    return open_header(header, header_key(header, access))
