"""What SE header and attestation request have in common: an encrypted part and a tag over everything before them.

AES-256-GCM; the layouts name the parts `iv`, `aad`, `encrypted` and `tag` (resources/help/se-header.md#header-seal).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seworkbench.formats.arcb import Arcb
from seworkbench.formats.se_header import TAG_SIZE, SeHeader
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from seworkbench.formats.layout import Layout

S = TypeVar("S", SeHeader, Arcb)


def seal_part(whole: S, content: Layout, key: Secret) -> S:
    """The layout with encrypted part and tag filled in. Every other field must be final: all of it is authenticated.

    Args:
        whole: the layout; its encrypted part must have the right length, its content is replaced.
        content: what to encrypt.
        key: 32 bytes.
    """
    sealed = AESGCM(key.reveal()).encrypt(whole.iv, content.build(), whole.aad)
    return dataclasses.replace(whole, encrypted=sealed[:-TAG_SIZE], tag=sealed[-TAG_SIZE:])


def open_part(whole: SeHeader | Arcb, key: Secret) -> Secret | None:
    """The decrypted part, once the tag is proven right; None if it is not: another key, or any bit was changed."""
    try:
        return Secret(AESGCM(key.reveal()).decrypt(whole.iv, whole.encrypted + whole.tag, whole.aad))
    except InvalidTag:
        return None
