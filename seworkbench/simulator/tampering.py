"""Changing files on purpose: what the attacks of image_tampering and attestation_tampering are made of.

An attack is data: what it is called, what it does, and what must catch it. Nothing is changed in place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.errors import SeError, UsageError
from seworkbench.files import AtomicFile, explained, open_input
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CHUNK = 1 << 20
_FLIP = re.compile(r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})(?:\.([0-7]))?")
_PUBLIC_MODE = 0o644


class Target(Enum):
    """What an attack is made on; the value is the plain name."""

    IMAGE = "SE image"
    REQUEST = "attestation request"
    MACHINE = "simulated machine"
    RESPONSE = "attestation response"


@dataclass(frozen=True, slots=True)
class Edit:
    """Other bytes at one place.

    Args:
        offset: byte offset in the file.
        content: the new bytes.
    """

    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Tampering:
    """What is changed in a file.

    Args:
        edits: in any order; where they overlap, the later one counts.
        size: size of the file afterwards, in bytes; as before if None.
    """

    edits: tuple[Edit, ...] = ()
    size: int | None = None


def flipped(content: bytes, bit: int = 7) -> bytes:
    """`content` with one bit of its first byte flipped; bits are counted from the most significant one."""
    return bytes([content[0] ^ 0x80 >> bit]) + content[1:]


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit, or one whole byte.

    Args:
        offset: byte offset in the file.
        bit: 0 to 7 from the most significant one; None inverts the byte.
    """

    offset: int
    bit: int | None

    @classmethod
    def parse(cls, text: str) -> Flip:
        """Read OFFSET or OFFSET.BIT, the offset decimal or with 0x.

        Raises:
            UsageError: if it is neither.
        """
        found = _FLIP.fullmatch(text)
        if not found:
            raise UsageError(
                f"“{text}” names no bit.", remedy="Write OFFSET.BIT, such as 0x14010.7; bit 0 is the most significant."
            )
        return cls(int(found[1], 0), int(found[2]) if found[2] else None)

    def edit(self, path: Path) -> Edit:
        """The edit that makes the flip in a file.

        Raises:
            SeError: if the file has no such byte.
        """
        with open_input(path) as stream, explained(path):
            size = stream.seek(0, 2)
            if self.offset >= size:
                raise SeError(f"There is no byte 0x{self.offset:x}: the file has {size} bytes.", where=str(path))
            stream.seek(self.offset)
            byte = stream.read(1)
        return Edit(self.offset, bytes([byte[0] ^ 0xFF]) if self.bit is None else flipped(byte, self.bit))


def write_tampered(
    source: Path, tampering: Tampering, target: Path, *, replace: bool = False, job: Job | None = None
) -> None:
    """Write a changed copy of a file.

    Args:
        source: the file, which stays as it is.
        tampering: the changes.
        target: the new file.
        replace: whether an existing file may be replaced.
        job: for progress and cancelling.

    Raises:
        SeError: if a file cannot be read or written, or they are the same.
        Cancelled: if the job was cancelled; nothing is left then.
    """
    job = job or Job()
    require_other_file(source, target)
    with open_input(source) as stream, explained(source):
        size = stream.seek(0, 2)
        stream.seek(0)
        end = size if tampering.size is None else tampering.size
        kept = min(size, end)
        job.phase("Writing the tampered copy", kept)
        with AtomicFile(target, replace=replace, mode=_PUBLIC_MODE, expected_size=end) as file:
            done = 0
            while done < kept:
                chunk = stream.read(min(_CHUNK, kept - done))
                if not chunk:
                    raise SeError("The file became shorter while it was read.", where=str(source))
                file.write_at(done, chunk)
                done += len(chunk)
                job.advance(len(chunk))
            for edit in tampering.edits:
                file.write_at(edit.offset, edit.content[: max(0, end - edit.offset)])


def require_other_file(source: Path, target: Path) -> None:
    """Refuse to write a changed copy over its original.

    Raises:
        SeError: if both are the same file.
    """
    with explained(target):
        if target.exists() and target.samefile(source):
            raise SeError("The tampered copy may not replace its original.", where=str(target))


def applied(content: bytes, edits: Iterable[Edit]) -> bytes:
    """Small content with edits made."""
    changed = bytearray(content)
    for edit in edits:
        changed[edit.offset : edit.offset + len(edit.content)] = edit.content
    return bytes(changed)
