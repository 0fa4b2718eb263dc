"""The key hash file of a machine, /sys/firmware/uv/keys/all (resources/help/uv-keys.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seworkbench.errors import FormatError

KEY_HASH_FILE = "/sys/firmware/uv/keys/all"
KEY_HASH_LINES = 15
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_UNUSED = bytes(32)


@dataclass(frozen=True, slots=True)
class UvKeyHashes:
    """Hashes of the host keys that a machine holds.

    Args:
        lines: all 15 hashes, 32 bytes each; unused ones are zero.
    """

    lines: tuple[bytes, ...]

    @property
    def host_key(self) -> bytes:
        """Hash of the machine's host key."""
        return self.lines[0]

    @property
    def backup_host_key(self) -> bytes:
        """Hash of the machine's backup host key; zero if there is none."""
        return self.lines[1]

    @property
    def in_use(self) -> tuple[bytes, ...]:
        """The hashes that name a key: a line of zeros is an empty place, not a hash."""
        return tuple(line for line in self.lines if line != _UNUSED)


def parse_uv_keys(text: bytes) -> UvKeyHashes:
    """Read a key hash file.

    Raises:
        FormatError: unless it has exactly 15 lines of 64 hexadecimal digits.
    """
    lines = text.decode("latin-1").removesuffix("\n").split("\n") if text else []
    remedy = f"Copy {KEY_HASH_FILE} from the machine without changing it."
    if len(lines) != KEY_HASH_LINES:
        raise FormatError(f"The key hash file must have {KEY_HASH_LINES} lines; it has {len(lines)}.", remedy=remedy)
    for number, line in enumerate(lines, start=1):
        if not _HASH.fullmatch(line):
            raise FormatError(f"Line {number} of the key hash file is not 64 hexadecimal digits.", remedy=remedy)
    return UvKeyHashes(tuple(bytes.fromhex(line) for line in lines))
