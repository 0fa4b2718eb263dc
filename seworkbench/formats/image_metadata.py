"""The locator at file offset 0xc000 of images made by s390-tools 2.36 or later (resources/help/image-layout.md)."""

from __future__ import annotations

from seworkbench.formats.layout import Layout, Raw, Uint, hexadecimal, item

METADATA_OFFSET = 0xC000
METADATA_MAGIC = b"SeImgLnx"
METADATA_VERSION = 1


class ImageMetadata(Layout):
    """Where header and IPIB are, 28 bytes; the last field is not aligned."""

    TITLE = "Image metadata"
    REFERENCE = "image-layout.md#image-metadata"

    magic: bytes = item(Raw(8, lambda raw: raw.decode("latin-1")), "Magic", default=METADATA_MAGIC, fixed=True)
    hdr_off: int = item(Uint(8, hexadecimal), "Header offset", "File offset of the SE header.")
    version: int = item(Uint(4), "Version", default=METADATA_VERSION)
    ipib_off: int = item(Uint(8, hexadecimal), "IPIB offset", "File offset of the IPL parameter information block.")
