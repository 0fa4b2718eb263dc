"""Control flags of the SE header, plaintext (PCF) and secret (SCF), and those of attestation requests (PAF).

Numbers and names: resources/help/flags.md and resources/help/attestation.md#flags. Bits are numbered from the most
significant one (MSB0): bit n of 64 has the mask `1 << (63 - n)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seworkbench.formats.layout import Codec, Field, wide_hexadecimal

if TYPE_CHECKING:
    from collections.abc import Mapping

WORD_BITS = 64


@dataclass(frozen=True, slots=True)
class Flag:
    """One control flag.

    Args:
        bit: MSB0 bit number.
        name: the name that `pvimg info` prints.
        when_on: what it means when set, one sentence.
        when_off: what it means when clear, one sentence.
    """

    bit: int
    name: str
    when_on: str
    when_off: str

    @property
    def mask(self) -> int:
        """The flag's bit as a number."""
        return 1 << (WORD_BITS - 1 - self.bit)


ALLOW_DUMPING = Flag(
    34,
    "allow dumping",
    "The host may dump this guest's memory, encrypted with a key derived from the communication key (CCK).",
    "The host cannot dump this guest's memory.",
)
NO_COMPONENT_ENCRYPTION = Flag(
    35,
    "no component encryption",
    "Kernel, ramdisk and command line are readable by whoever has the image; they are only protected against change.",
    "Kernel, ramdisk, command line and stage3b are encrypted.",
)
PCKMO_DEA = Flag(
    56,
    "DEA and TDEA PCKMO support",
    "The guest may create DES and triple-DES protected keys (PCKMO).",
    "The guest may not create DES and triple-DES protected keys.",
)
PCKMO_AES = Flag(
    57,
    "AES PCKMO support",
    "The guest may create AES protected keys (PCKMO).",
    "The guest may not create AES protected keys.",
)
PCKMO_ECC = Flag(
    58,
    "ECC PCKMO support",
    "The guest may create elliptic-curve protected keys (PCKMO).",
    "The guest may not create elliptic-curve protected keys.",
)
PCKMO_HMAC = Flag(
    59,
    "HMAC PCKMO support",
    "The guest may create HMAC protected keys (PCKMO).",
    "The guest may not create HMAC protected keys.",
)
BACKUP_KEYS = Flag(
    62,
    "backup target keys support",
    "A machine may open this image with its backup host key.",
    "Only a machine's own host key opens this image.",
)

CCK_EXTENSION_SECRET = Flag(
    1,
    "CCK extension secret enforced",
    "Secrets are added to this guest only with an extension secret derived from the communication key (CCK).",
    "Secrets may be added without an extension secret derived from the communication key.",
)
CCK_UPDATE = Flag(
    2,
    "CCK update allowed",
    "The communication key (CCK) of the running guest may be replaced by an add-secret request; needs a z17 or later.",
    "The communication key of the running guest cannot be replaced.",
)

NONCE_PRESENT = Flag(
    1,
    "nonce",
    "The request carries a nonce of 16 bytes, so the answer is made for this request.",
    "The request carries no nonce.",
)
RETURN_IMAGE_PHKH = Flag(
    2,
    "image host key hash",
    "The answer tells which host key opened the image at start. Adds 32 bytes.",
    "The answer does not tell which host key opened the image.",
)
RETURN_ATTESTATION_PHKH = Flag(
    3,
    "attestation host key hash",
    "The answer tells which host key opened this request. Adds 32 bytes.",
    "The answer does not tell which host key opened this request.",
)
RETURN_SECRET_STORE_HASH = Flag(
    4,
    "secret store hash",
    "The answer tells which secrets were added to the guest, and whether its store is locked. Adds 64 bytes; "
    "older firmware refuses it.",
    "The answer tells nothing about the guest's secrets.",
)
RETURN_FIRMWARE_STATE = Flag(
    5,
    "firmware state",
    "The answer describes the machine's firmware, for a service of IBM to judge. Adds 320 bytes; older firmware "
    "refuses it.",
    "The answer tells nothing about the machine's firmware.",
)
ATTEST_BY_BACKUP_KEY = Flag(
    62,
    "backup host key allowed",
    "A machine may open the request with its temporary backup host key; no tool offers this.",
    "The request is not opened with a temporary backup host key.",
)
ATTEST_BY_GLOBAL_KEY = Flag(
    63,
    "global key allowed",
    "A key that is not specific to one machine may open the request; no tool offers this.",
    "Only a key of one machine opens the request.",
)

PCKMO = (PCKMO_DEA, PCKMO_AES, PCKMO_ECC)


@dataclass(frozen=True)
class FlagWord(Codec[int]):
    """A 64-bit word of flags, known ones declared in ascending bit order."""

    flags: tuple[Flag, ...]

    def size_in(self, earlier: Mapping[str, Any]) -> int:  # noqa: ARG002 - fixed size
        """See Codec."""
        return WORD_BITS // 8

    def decode(self, raw: bytes) -> int:
        """See Codec."""
        return int.from_bytes(raw, "big")

    def encode(self, value: int) -> bytes:
        """See Codec."""
        return value.to_bytes(WORD_BITS // 8, "big")

    def show(self, value: int) -> str:
        """See Codec."""
        return wide_hexadecimal(value)

    def set_in(self, value: int) -> tuple[Flag, ...]:
        """The known flags that are set, in ascending bit order."""
        return tuple(flag for flag in self.flags if value & flag.mask)

    def unknown_in(self, value: int) -> int:
        """The bits that are set and have no known meaning."""
        return value & ~self.mask

    @property
    def mask(self) -> int:
        """All known flags."""
        return sum(flag.mask for flag in self.flags)

    def parts(self, value: int, offset: int, parent: Field) -> tuple[Field, ...]:
        """One child a known flag, at the byte that holds it, and one for unknown bits."""
        known = [
            Field(
                name=f"bit {flag.bit}",
                title=flag.name,
                offset=offset + flag.bit // 8,
                length=1,
                value="on" if value & flag.mask else "off",
                meaning=flag.when_on if value & flag.mask else flag.when_off,
                protection=parent.protection,
                reference=parent.reference,
            )
            for flag in self.flags
        ]
        if unknown := self.unknown_in(value):
            known.append(
                Field(
                    name="unknown",
                    title="unknown flags",
                    offset=offset,
                    length=WORD_BITS // 8,
                    value=wide_hexadecimal(unknown),
                    meaning="Bits without a published meaning are set.",
                    protection=parent.protection,
                    reference=parent.reference,
                )
            )
        return tuple(known)


PCF = FlagWord((ALLOW_DUMPING, NO_COMPONENT_ENCRYPTION, *PCKMO, PCKMO_HMAC, BACKUP_KEYS))
SCF = FlagWord((CCK_EXTENSION_SECRET, CCK_UPDATE))
PAF = FlagWord(
    (
        NONCE_PRESENT,
        RETURN_IMAGE_PHKH,
        RETURN_ATTESTATION_PHKH,
        RETURN_SECRET_STORE_HASH,
        RETURN_FIRMWARE_STATE,
        ATTEST_BY_BACKUP_KEY,
        ATTEST_BY_GLOBAL_KEY,
    )
)

# `pvimg create` turns DES, AES and ECC protected keys on (resources/help/flags.md#plaintext-control-flags).
DEFAULT_PCF = sum(flag.mask for flag in PCKMO)
