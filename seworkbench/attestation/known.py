"""What is known beside a response: other headers, host keys and requests it could have to do with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.se_header import HEADER_MAGIC
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import locate_header, read_header

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from seworkbench.attestation.record import RequestRecord
    from seworkbench.formats.arcb import RequestSecretsV1
    from seworkbench.formats.se_header import SeHeader
    from seworkbench.image.image_file import ImageFile

# Simulated machines put this in front of what they make up (resources/help/simulated-machine.md).
SIMULATED_MARK = b"SIMULATED"


@dataclass(frozen=True)
class FoundHeader:
    """An SE header and where it was found.

    Args:
        name: the file.
        header: the header.
        offset: its position in the file.
        method: how it was found, in words.
    """

    name: str
    header: SeHeader
    offset: int = 0
    method: str = "given as such"


@dataclass(frozen=True, slots=True)
class KnownHostKey:
    """A host key that a document names.

    Args:
        name: file name of the document, or what the user calls the machine.
        phkh: hash of the key, 32 bytes.
        verified: whether its chain of trust was verified; None if that is not known.
    """

    name: str
    phkh: bytes
    verified: bool | None = None


@dataclass(frozen=True)
class KnownRequest:
    """A request whose protection key is at hand.

    Args:
        name: the file.
        secrets: its opened part.
    """

    name: str
    secrets: RequestSecretsV1


@dataclass(frozen=True)
class Known:
    """Everything that helps to judge a response.

    Args:
        headers: other SE headers that the guest could run.
        host_keys: documents by whose keys hashes get a name.
        requests: other requests that could have been answered.
        user_data: user data that the guest could have had measured, each with a name.
        record: what was noted when the request was created.
        seen: when responses to this very request were verified before; None if nobody keeps count.
    """

    headers: tuple[FoundHeader, ...] = ()
    host_keys: tuple[KnownHostKey, ...] = ()
    requests: tuple[KnownRequest, ...] = ()
    user_data: tuple[tuple[str, bytes], ...] = ()
    record: RequestRecord | None = None
    seen: tuple[datetime, ...] | None = None


def find_header(image: ImageFile) -> FoundHeader:
    """The SE header in a file: an image or a bare header.

    Raises:
        SeError: if there is none, or its structure is broken.
    """
    if image.read_at(0, len(HEADER_MAGIC)) == HEADER_MAGIC:
        return FoundHeader(str(image.path), read_header(image, 0), 0, "at the beginning of the file")
    location = locate_header(image)
    return FoundHeader(str(image.path), read_header(image, location.offset), location.offset, location.method)


def load_header(path: Path) -> FoundHeader:
    """The same, in a file that is opened for it.

    Raises:
        SeError: if it cannot be read, there is none, or its structure is broken.
    """
    with open_image(path) as image:
        try:
            return find_header(image)
        except FormatError as error:
            raise error.located(str(path)) from None
