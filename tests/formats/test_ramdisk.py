"""What kind of archive a ramdisk is."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from seworkbench.formats.ramdisk import ramdisk_kind

PAYLOAD = b"070701" + b"0" * 104


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PAYLOAD, "cpio archive"),
        (b"070702" + b"0" * 104, "cpio archive with checksums"),
        (gzip.compress(PAYLOAD, mtime=0), "gzip"),
        (b"\x1f\x9e" + bytes(10), "gzip"),
        (bz2.compress(PAYLOAD), "bzip2"),
        (lzma.compress(PAYLOAD), "xz"),
        (lzma.compress(PAYLOAD, lzma.FORMAT_ALONE), "lzma"),
        (b"\x89LZO\0\r\n\x1a\n", "lzo"),
        (b"\x02\x21\x4c\x18" + bytes(10), "lz4"),  # the legacy frame, the only one the kernel unpacks
        (b"\x28\xb5\x2f\xfd" + bytes(10), "zstd"),
        (b"070707" + b"0" * 70, "unknown"),  # the old portable cpio, which the kernel refuses
        (b"\x04\x22\x4d\x18" + bytes(10), "unknown"),  # the modern lz4 frame
        (b"\x7fELF", "unknown"),
        (b"\0", "unknown"),
        (b"07070", "unknown"),
        (b"", "empty"),
    ],
)
def test_the_kind_is_told_by_the_first_bytes(head: bytes, kind: str) -> None:
    assert ramdisk_kind(head) == kind
