"""What is changed in the image before it starts: an attack, single bits, or both; and where that shows in the file.

Nothing here knows Qt. The image itself is never touched: the changes are made in a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from seworkbench.simulator.image_tampering import ImageAttack, image_tampering
from seworkbench.simulator.tampering import Edit, Tampering, applied
from seworkbench.ui.widgets.byte_source import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seworkbench.simulator.machine import Machine
    from seworkbench.ui.widgets.byte_source import ByteSource

BITS = 8
# A change of several megabytes is not compared byte by byte.
_COMPARED = 1 << 20


@dataclass(frozen=True)
class Changes:
    """What is changed.

    Args:
        attack: the attack that is made first; None for none.
        masks: the bits that are flipped then: byte offset and mask of each changed byte.
    """

    attack: ImageAttack | None = None
    masks: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is changed."""
        return self.attack is not None or bool(self.masks)

    def flip(self, offset: int, bit: int) -> Changes:
        """With one bit more flipped; flipped again it is as it was.

        Args:
            offset: of the byte.
            bit: 0 to 7 from the most significant one.
        """
        masks = dict(self.masks)
        masks[offset] = masks.get(offset, 0) ^ 0x80 >> bit
        return replace(self, masks=tuple(sorted((place, mask) for place, mask in masks.items() if mask)))

    @property
    def bits(self) -> int:
        """How many bits are flipped, those of the attack not counted."""
        return sum(mask.bit_count() for _, mask in self.masks)

    @property
    def text(self) -> str:
        """In a few words."""
        flips = f"{self.bits} bit{'' if self.bits == 1 else 's'} flipped" if self.bits else ""
        return ", ".join(filter(None, (self.attack.title if self.attack else "", flips)))


@dataclass(frozen=True)
class Change:
    """A run of bytes that is not as it was.

    Args:
        offset: of the first byte.
        before: what was there; empty behind the end of the original.
        after: what is there now; empty behind the end of the copy.
    """

    offset: int
    before: bytes
    after: bytes

    @property
    def length(self) -> int:
        """How many bytes, but at least one: what was cut off is shown at its place, too."""
        return max(1, len(self.before), len(self.after))


@dataclass(frozen=True)
class Prepared:
    """Changes as they are made to a certain image.

    Args:
        tampering: what the copy is written from.
        places: where it differs from the original, in order.
    """

    tampering: Tampering = field(default_factory=Tampering)
    places: tuple[Change, ...] = ()


def prepare(changes: Changes, image: Path, machine: Machine) -> Prepared:
    """Work out what changes in an image.

    Args:
        changes: what shall be changed.
        image: the image as it was built.
        machine: attacks that seal the header again are made with the host key of this machine.

    Raises:
        SeError: if the image cannot be read, or the attack cannot be made on it.
    """
    tampering = Tampering()
    if changes.attack is not None:
        tampering = image_tampering(changes.attack, image, machine=machine)
    with FileSource(image) as source:
        flips = tuple(_flipped(source, tampering.edits, offset, mask) for offset, mask in changes.masks)
        tampering = replace(tampering, edits=(*tampering.edits, *flips))
        return Prepared(tampering, tuple(_places(source, tampering)))


def _flipped(source: ByteSource, edits: tuple[Edit, ...], offset: int, mask: int) -> Edit:
    """The byte as the attack left it, with bits flipped."""
    byte = source.read(offset, 1) or b"\0"
    inside = tuple(
        Edit(0, edit.content[offset - edit.offset :][:1])
        for edit in edits
        if edit.offset <= offset < edit.offset + len(edit.content)
    )
    return Edit(offset, bytes([applied(byte, inside)[0] ^ mask]))


def _places(source: ByteSource, tampering: Tampering) -> Iterator[Change]:
    end = source.size if tampering.size is None else tampering.size
    if end < source.size:
        yield Change(end, source.read(end, _COMPARED), b"")
    now: dict[int, int] = {}
    for edit in tampering.edits:
        # Where edits overlap, the later one counts.
        now.update(enumerate(edit.content[:_COMPARED], start=edit.offset))
    changed = [
        (offset, value)
        for offset, value in sorted(now.items())
        if offset < end and source.read(offset, 1) != bytes([value])
    ]
    for _, run in groupby(enumerate(changed), key=lambda item: item[1][0] - item[0]):
        found = [item for _, item in run]
        offset = found[0][0]
        yield Change(offset, source.read(offset, len(found)), bytes(value for _, value in found))
