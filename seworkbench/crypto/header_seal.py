"""Sealing and opening the SE header with the header key (resources/help/se-header.md#header-seal)."""

from __future__ import annotations

import dataclasses

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seworkbench.errors import FormatError
from seworkbench.formats.se_header import TAG_SIZE, SecretPartV1, SeHeader
from seworkbench.secret import Secret


def seal(header: SeHeader, content: SecretPartV1, header_key: Secret) -> SeHeader:
    """The header with encrypted part and tag filled in. Every other field must be final: all of it is authenticated.

    Args:
        header: the header; its encrypted part must have the right length, its content is replaced.
        content: what to encrypt.
        header_key: 32 bytes.
    """
    sealed = AESGCM(header_key.reveal()).encrypt(header.iv, content.build(), header.aad)
    return dataclasses.replace(header, encrypted=sealed[:-TAG_SIZE], tag=sealed[-TAG_SIZE:])


def open_sealed(header: SeHeader, header_key: Secret) -> Secret:
    """The decrypted part as raw bytes, once the tag is proven right.

    Raises:
        FormatError: if the tag does not match: another key, or any bit of the header was changed.
    """
    try:
        plain = AESGCM(header_key.reveal()).decrypt(header.iv, header.encrypted + header.tag, header.aad)
    except InvalidTag:
        raise FormatError(
            "The header key does not open this header.",
            remedy="Either it belongs to another image, or the header was changed.",
        ) from None
    return Secret(plain)


def open_header(header: SeHeader, header_key: Secret) -> SecretPartV1:
    """The decrypted part of a header.

    Raises:
        FormatError: if the tag does not match, or the part is shorter than version 1 has it.
    """
    with open_sealed(header, header_key) as plain:
        return SecretPartV1.parse(plain.reveal())
