"""The SE header: everything the Ultravisor needs to open, verify and start an image (resources/help/se-header.md).

    | fixed part | key slots | encrypted part | tag |
     <--------- AAD -------->  <- ciphertext ->

Only version 0x100 is published. A further version is one more layout in `HEADER_VERSIONS`, a further kind of key slot
one more layout like `KeySlotV1`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from seworkbench.errors import FormatError
from seworkbench.formats.flags import PCF, SCF
from seworkbench.formats.layout import (
    Array,
    Field,
    Layout,
    Nested,
    Protection,
    Raw,
    SecretBytes,
    Uint,
    byte_count,
    hexadecimal,
    item,
)
from seworkbench.formats.psw import Psw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seworkbench.secret import Secret

HEADER_MAGIC = b"IBMSecEx"
VERSION_1 = 0x100
# Sizes and limits: resources/help/se-header.md#limits.
MAX_HEADER_SIZE = 8192
MAX_KEY_SLOTS = 95
TAG_SIZE = 16
HEADER_IV_SIZE = 12
KEY_SLOTS_OFFSET = 0x1A0
ENCRYPTED_PART_SIZE = 0x80
DIGEST_SIZE = 64
COORDINATES_SIZE = 160
HEADER_KEY_SIZE = 32
CCK_SIZE = 32
IMAGE_KEY_SIZE = 64


class KeySlotV1(Layout):
    """The header protection key, wrapped for one machine, 80 bytes."""

    TITLE = "Key slot"
    REFERENCE = "se-header.md#key-slot"
    PROTECTION = Protection.AUTHENTICATED

    phkh: bytes = item(Raw(32), "Host key hash", "SHA-256 of the public host key: which machine this slot is for.")
    wrpk: bytes = item(Raw(32), "Wrapped header key", "The header protection key, encrypted for that machine.")
    kst: bytes = item(Raw(TAG_SIZE), "Slot tag", "Shows that the wrapped key was not changed.")

    def summary(self) -> str:
        """The start of the host key hash."""
        return f"for host key {self.phkh.hex()[:16]}…"


class SecretPartV1(Layout):
    """What the encrypted part of the header holds once opened, 128 bytes."""

    TITLE = "Encrypted part, opened"
    REFERENCE = "se-header.md#encrypted-part"
    PROTECTION = Protection.ENCRYPTED

    cck: Secret = item(
        SecretBytes(CCK_SIZE), "Communication key", "Customer communication key, for dumps and added secrets."
    )
    xts: Secret = item(
        SecretBytes(IMAGE_KEY_SIZE), "Image key", "AES-256-XTS key of kernel, ramdisk, command line and stage3b."
    )
    psw: Psw = item(Nested(Psw), "Start PSW", "The first instruction of the protected guest: the start of stage3b.")
    scf: int = item(SCF, "Secret flags", "Secret control flags.", default=0)
    noi: int = item(Uint(4), "Optional items", "Number of optional items; none are defined.", default=0)
    res2: bytes = item(Raw(4), "Reserved", "Zero.", default=bytes(4))


def header_size(slots: int, encrypted: int = ENCRYPTED_PART_SIZE) -> int:
    """Size in bytes of a header with that many key slots (resources/help/se-header.md#limits)."""
    return KEY_SLOTS_OFFSET + slots * KeySlotV1.fixed_size() + encrypted + TAG_SIZE


def _surplus(values: Mapping[str, Any]) -> int:
    return int(values["sehs"]) - header_size(values["nks"], values["sea"])


class SeHeaderV1(Layout):
    """SE header version 0x100."""

    TITLE = "Secure Execution header"
    REFERENCE = "se-header.md#fixed-part"
    PROTECTION = Protection.AUTHENTICATED

    magic: bytes = item(
        Raw(8, lambda raw: raw.decode("latin-1")), "Magic", "Marks an SE header.", default=HEADER_MAGIC, fixed=True
    )
    version: int = item(Uint(4, hexadecimal), "Version", "Header version.", default=VERSION_1, fixed=True)
    sehs: int = item(Uint(4, byte_count), "Header size", "Whole header, tag included.")
    iv: bytes = item(Raw(HEADER_IV_SIZE), "Header IV", "Initialisation vector of the header's AES-GCM seal.")
    res1: bytes = item(Raw(4), "Reserved", "Zero.", default=bytes(4))
    nks: int = item(Uint(8), "Key slots", "Number of key slots: one a host key.")
    sea: int = item(Uint(8, byte_count), "Size of the encrypted part", default=ENCRYPTED_PART_SIZE)
    nep: int = item(Uint(8), "Pages measured", "Number of component pages; each is 4096 bytes.")
    pcf: int = item(PCF, "Plain flags", "Plaintext control flags.")
    cust_pub_key: bytes = item(
        Raw(COORDINATES_SIZE), "Customer public key", "X and Y on P-521, 80 bytes each; made for this image alone."
    )
    pld: bytes = item(Raw(DIGEST_SIZE), "Page digest", "SHA-512 over all component pages as stored (PLD).")
    ald: bytes = item(Raw(DIGEST_SIZE), "Address digest", "SHA-512 over the addresses of all component pages (ALD).")
    tld: bytes = item(Raw(DIGEST_SIZE), "Tweak digest", "SHA-512 over the tweaks of all component pages (TLD).")
    keyslots: tuple[KeySlotV1, ...] = item(Array(KeySlotV1, "nks"), "Key slots", "The header key, once a host key.")
    encrypted: bytes = item(
        Raw("sea", lambda raw: f"{len(raw)} bytes of ciphertext"),
        "Encrypted part",
        "Keys, start PSW and secret flags; open it with the header key or as the machine.",
        protection=Protection.ENCRYPTED,
    )
    tag: bytes = item(Raw(TAG_SIZE), "Header tag", "AES-GCM tag over the whole header.")
    surplus: bytes = item(
        Raw(_surplus),
        "Surplus",
        "Bytes that the header size counts and the format has no use for.",
        default=b"",
        protection=Protection.CLEAR,
    )

    def summary(self) -> str:
        """Size and number of slots."""
        return f"{self.sehs} bytes, {self.nks} key slot{'' if self.nks == 1 else 's'}"

    @property
    def aad(self) -> bytes:
        """What the tag authenticates beside the encrypted part: the header from magic to the last key slot."""
        return self.build()[: header_size(self.nks, self.sea) - TAG_SIZE - self.sea]


SeHeader = SeHeaderV1
HEADER_VERSIONS: dict[int, type[SeHeader]] = {VERSION_1: SeHeaderV1}


class HeaderVersionError(FormatError):
    """A header of a version that is not known; see FormatError."""


class HeaderSizeError(FormatError):
    """A header whose stated size cannot be that of its parts; see FormatError."""


def parse_header(data: bytes | memoryview, *, lenient: bool = False) -> SeHeader:
    """Read an SE header from the start of `data`.

    Args:
        data: at least the whole header; bytes behind it are not looked at.
        lenient: accept a header size larger than its parts; the rest is kept as `surplus`.

    Raises:
        HeaderVersionError: if its version is not known.
        HeaderSizeError: if its sizes contradict each other.
        FormatError: if it is no header, or not all of it is there.
    """
    prefix = bytes(data[:16])
    if prefix[:8] != HEADER_MAGIC:
        raise FormatError(
            "No SE header here: the magic “IBMSecEx” is missing.",
            offset=0,
            remedy="Check that this is an SE image or header.",
        )
    version = int.from_bytes(prefix[8:12], "big")
    if len(prefix) == 16 and version not in HEADER_VERSIONS:  # noqa: PLR2004 - magic, version and size
        known = ", ".join(hexadecimal(number) for number in HEADER_VERSIONS)
        raise HeaderVersionError(
            f"The SE header has version 0x{version:x}; known: {known}.",
            offset=8,
            remedy="A newer version of this program may know it.",
        )
    size = int.from_bytes(prefix[12:16], "big")
    if size > MAX_HEADER_SIZE:
        raise HeaderSizeError(
            f"The SE header claims {size} bytes; {MAX_HEADER_SIZE} are the most.", offset=12, remedy="It is damaged."
        )
    if len(prefix) == 16 and size < header_size(0, 0):  # noqa: PLR2004 - as above
        raise HeaderSizeError(
            f"The SE header claims {size} bytes; its fixed part alone has {header_size(0, 0)}.",
            offset=12,
            remedy="It is damaged.",
        )
    try:
        header = HEADER_VERSIONS.get(version, SeHeaderV1).parse(data[:size] if len(prefix) == 16 else data)  # noqa: PLR2004
    except FormatError as error:
        if len(data) < size:
            raise
        raise HeaderSizeError(error.what, offset=error.offset, remedy=error.remedy) from None
    if header.surplus and not lenient:
        raise HeaderSizeError(
            f"Header size mismatch: the header says {header.sehs} bytes, "
            f"its parts take {header.sehs - len(header.surplus)}.",
            offset=12,
            remedy="The header is damaged or of a form that is not published.",
        )
    return header


def dissect_header(header: SeHeader, offset: int = 0, opened: SecretPartV1 | None = None) -> Field:
    """The field tree of a header; with `opened`, the encrypted part shows its content.

    Args:
        header: the header.
        offset: where it lies in what is shown.
        opened: the decrypted part, if the header could be opened.
    """
    tree = header.dissect(offset)
    if opened is None:
        return tree

    def with_content(field: Field) -> Field:
        if field.name != "encrypted":
            return field
        return dataclasses.replace(field, value="opened", children=opened.dissect(field.offset).children)

    return dataclasses.replace(tree, children=tuple(with_content(field) for field in tree.children))
