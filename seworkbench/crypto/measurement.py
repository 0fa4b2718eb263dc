"""The measurement of an attestation: an HMAC over the measured block (resources/help/attestation.md#measured-block)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seworkbench.secret import Secret


def measurement(key: Secret, block: bytes) -> bytes:
    """The HMAC over a measured block, 64 bytes.

    Args:
        key: the measurement key, 64 bytes.
        block: all pieces of the block in order.
    """
    return hmac.digest(key.reveal(), block, "sha512")


def same_measurement(computed: bytes, received: bytes) -> bool:
    """Whether two measurements are equal, in time that does not depend on their content."""
    return hmac.compare_digest(computed, received)


def secret_store_hash(tags: Iterable[bytes], *, locked: bool) -> bytes:
    """The hash of a guest's secret store, 64 bytes (resources/help/attestation.md#secret-store-hash).

    Args:
        tags: the last 16 bytes of each add-secret request, in the order of adding.
        locked: whether the store is locked.
    """
    return hashlib.sha512(b"".join(tags) + bytes([locked])).digest()
