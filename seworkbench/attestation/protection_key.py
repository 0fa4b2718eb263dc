"""The file of a request's protection key (ARPK): 32 raw bytes (resources/help/attestation.md#create)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.files import read_whole
from seworkbench.formats.arcb import PROTECTION_KEY_SIZE
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

_HEX_KEY_SIZE = 2 * PROTECTION_KEY_SIZE
_SIZE_LIMIT = 1 << 16


def read_protection_key(path: Path) -> Secret:
    """Read the protection key of a request: 32 raw bytes.

    Raises:
        SeError: if it cannot be read or is none; hexadecimal text is named as such.
    """
    content = read_whole(path, _SIZE_LIMIT)
    if len(content) == PROTECTION_KEY_SIZE:
        return Secret(content)
    if len(content.strip()) == _HEX_KEY_SIZE:
        raise FormatError(
            "The protection key must be 32 raw bytes; this looks like hexadecimal text.",
            where=str(path),
            remedy=f"Turn it into bytes: xxd -r -p {path.name} > arpk.key",
        )
    raise FormatError(
        f"The protection key (ARPK) must be exactly {PROTECTION_KEY_SIZE} bytes; the file has {len(content)}.",
        where=str(path),
        remedy="Use the key file that was written when the request was created.",
    )
