"""The keys of an image as files: how they are named, called and how long they are.

Rules: resources/help/command-line.md#create. Needs no cryptographic library, so that forms to fill in appear quickly.
"""

from __future__ import annotations

from dataclasses import dataclass

from seworkbench.formats.se_header import CCK_SIZE, HEADER_KEY_SIZE, IMAGE_KEY_SIZE


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
