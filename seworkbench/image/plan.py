"""Where everything lies in an image: file offset equals guest address (resources/help/image-layout.md#file-map)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import SeError
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.formats.ipib import ipib_size
from seworkbench.formats.se_header import MAX_KEY_SLOTS, header_size
from seworkbench.formats.stage3 import STAGE3A_ADDRESS, Stage3aArgs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.formats.components import ComponentKind

# Tools that look for the header by page expect it here or higher (resources/help/image-layout.md#finding-the-header).
LOWEST_HEADER_ADDRESS = 0x14000


def page_up(value: int) -> int:
    """`value` rounded up to whole pages."""
    return -(-value // PAGE_SIZE) * PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Placed:
    """A component and its place.

    Args:
        kind: which component.
        address: guest address and file offset of its first page.
        size: bytes before padding; the command line's closing NUL included.
    """

    kind: ComponentKind
    address: int
    size: int

    @property
    def stored_size(self) -> int:
        """Bytes in the image: whole pages, at least one."""
        return max(page_up(self.size), PAGE_SIZE)

    @property
    def end(self) -> int:
        """Address behind the last page."""
        return self.address + self.stored_size


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """All addresses of an image.

    Args:
        stage3a_size: length of the stage3a blob, arguments included.
        header_address: where the SE header begins.
        header_size: its length.
        components: the measured components in image order.
        ipib_address: where the IPIB begins; it ends the file.
    """

    stage3a_size: int
    header_address: int
    header_size: int
    components: tuple[Placed, ...]
    ipib_address: int

    @property
    def file_size(self) -> int:
        """Length of the image in bytes."""
        return self.ipib_address + ipib_size(len(self.components))

    @property
    def stored_size(self) -> int:
        """Bytes of all component pages."""
        return sum(part.stored_size for part in self.components)

    @property
    def stage3a_args_address(self) -> int:
        """Where the arguments of stage3a lie: at its end."""
        return STAGE3A_ADDRESS + self.stage3a_size - Stage3aArgs.fixed_size()

    def component(self, kind: ComponentKind) -> Placed | None:
        """The component of that kind, if the image has it."""
        return next((part for part in self.components if part.kind is kind), None)


def plan_image(stage3a_size: int, key_slots: int, sizes: Sequence[tuple[ComponentKind, int]]) -> ImagePlan:
    """Lay out an image.

    Args:
        stage3a_size: length of the stage3a blob.
        key_slots: number of host keys.
        sizes: kind and unpadded size of each component, in image order.

    Raises:
        SeError: if there are no host keys or too many.
    """
    if not 1 <= key_slots <= MAX_KEY_SLOTS:
        raise SeError(
            f"An image takes 1 to {MAX_KEY_SLOTS} host keys; {key_slots} were given.",
            remedy="Build several images, each for some of the machines.",
        )
    header_address = max(page_up(STAGE3A_ADDRESS + stage3a_size), LOWEST_HEADER_ADDRESS)
    header_length = header_size(key_slots)
    address = page_up(header_address + header_length)
    placed = []
    for kind, size in sizes:
        part = Placed(kind, address, size)
        placed.append(part)
        address = part.end
    return ImagePlan(stage3a_size, header_address, header_length, tuple(placed), address)
