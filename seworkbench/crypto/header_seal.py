"""Sealing and opening the SE header with the header key (resources/help/se-header.md#header-seal)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.crypto.sealed_parts import open_part, seal_part
from seworkbench.errors import FormatError
from seworkbench.formats.se_header import SecretPartV1, SeHeader

if TYPE_CHECKING:
    from seworkbench.secret import Secret


def seal(header: SeHeader, content: SecretPartV1, header_key: Secret) -> SeHeader:
    """The header with encrypted part and tag filled in, see `seal_part`."""
    return seal_part(header, content, header_key)


def open_sealed(header: SeHeader, header_key: Secret) -> Secret:
    """The decrypted part as raw bytes, once the tag is proven right.

    Raises:
        FormatError: if the tag does not match: another key, or any bit of the header was changed.
    """
    plain = open_part(header, header_key)
    if plain is None:
        raise FormatError(
            "The header key does not open this header.",
            remedy="Either it belongs to another image, or the header was changed.",
        )
    return plain


def open_header(header: SeHeader, header_key: Secret) -> SecretPartV1:
    """The decrypted part of a header.

    Raises:
        FormatError: if the tag does not match, or the part is shorter than version 1 has it.
    """
    with open_sealed(header, header_key) as plain:
        return SecretPartV1.parse(plain.reveal())
