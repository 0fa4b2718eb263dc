"""A first look at a file: everything the Inspect page shows before anything is read through.

Cheap whatever the size of the file, except for images without metadata, whose header is searched page by page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.layout import Field, Protection
from seworkbench.image.dissection import dissect_file, open_lazily
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import HeaderLocation, locate_header, read_header

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.formats.se_header import SecretPartV1, SeHeader
    from seworkbench.image.access import Access
    from seworkbench.jobs import Job


@dataclass(frozen=True, slots=True)
class Area:
    """A large part of a file, for maps.

    Args:
        offset: file offset.
        length: bytes.
        name: short name.
        protection: what protects it.
    """

    offset: int
    length: int
    name: str
    protection: Protection


@dataclass(frozen=True)
class Inspection:
    """What a first look shows.

    Args:
        path: the file.
        size: its size in bytes.
        tree: the field tree.
        header: the SE header.
        location: where it is and how it was found.
        content: the opened part of the header, if a key was given.
    """

    path: Path
    size: int
    tree: Field
    header: SeHeader
    location: HeaderLocation
    content: SecretPartV1 | None

    @property
    def is_image(self) -> bool:
        """Whether this is a whole image rather than a bare header."""
        return self.location.offset > 0

    def parts(self) -> list[Area]:
        """The large parts of the file in order, as a map shows them."""
        if not self.is_image:
            return [Area(0, self.tree.length, "SE header", Protection.AUTHENTICATED)]
        return [Area(field.offset, field.length, _short_name(field), field.protection) for field in self.tree.children]


_SHORT_NAMES = {"ShortPsw": "short PSW", "ImageMetadata": "metadata", "SeHeaderV1": "header", "Ipib": "IPIB"}


def _short_name(field: Field) -> str:
    # "Component 2: ramdisk" is the ramdisk; without a key its role is not known.
    return _SHORT_NAMES.get(field.name) or field.title.split(": ")[-1]


def inspect_file(path: Path, access: Access | None = None, job: Job | None = None) -> Inspection:
    """Look at an image or a bare header.

    Args:
        path: the file.
        access: key to open the header with.
        job: for cancelling.

    Raises:
        SeError: if it cannot be read or holds no header, or if the key does not open it.
    """
    with open_image(path) as image:
        location = locate_header(image, past_metadata=True)
        if job is not None:
            job.check()
        try:
            header = read_header(image, location.offset, lenient=True)
            content = open_lazily(header, access) if access is not None else None
            tree = dissect_file(image, access)
        except FormatError as error:
            raise error.located(str(path)) from None
        return Inspection(path, image.size, tree, header, location, content)
