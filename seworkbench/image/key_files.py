"""The keys of an image as files: how they are named, called and how long they are.

Rules: resources/help/command-line.md#create. Needs no cryptographic library, so that forms to fill in appear quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.files import read_secret
from seworkbench.formats.se_header import CCK_SIZE, HEADER_KEY_SIZE, IMAGE_KEY_SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.secret import Secret


@dataclass(frozen=True, slots=True)
class KeyFileForm:
    """What is the same for all files with one key.

    Args:
        title: plain name, to begin a line with.
        option: the option that names such a file, here and in `pvimg create`.
        suffix: what stands behind the name of the image when it is saved.
        size: bytes of the key, which are all of the file.
    """

    title: str
    option: str
    suffix: str
    size: int


KEY_FILES = {
    "header": KeyFileForm("Header key", "--hdr-key", ".hdr-key", HEADER_KEY_SIZE),
    "image": KeyFileForm("Image key", "--image-key", ".image-key", IMAGE_KEY_SIZE),
    "cck": KeyFileForm("Communication key", "--cck", ".cck", CCK_SIZE),
}


def read_key_file(name: str, path: Path) -> Secret:
    """A key for an image that is to be built.

    Args:
        name: which one, as in KEY_FILES.
        path: its file.

    Raises:
        SeError: if the file cannot be read or has another size.
    """
    form = KEY_FILES[name]
    return read_secret(path, form.size, form.title.lower(), new=True)
