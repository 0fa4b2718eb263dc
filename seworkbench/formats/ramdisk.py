"""What kind of archive a ramdisk is, told by its first bytes."""

from __future__ import annotations

# Magic numbers as the Linux kernel's own detection has them (lib/decompress.c, init/initramfs.c).
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"070701", "cpio archive"),
    (b"070702", "cpio archive with checksums"),
    (b"\x1f\x8b", "gzip"),
    (b"\x1f\x9e", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x5d\0\0", "lzma"),
    (b"\x89LZO", "lzo"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


def ramdisk_kind(head: bytes) -> str:
    """Name of the format that `head`, the first bytes of a ramdisk, belongs to."""
    if not head:
        return "empty"
    return next((kind for magic, kind in _KINDS if head.startswith(magic)), "unknown")


def ramdisk_words(kind: str) -> str:
    """What a ramdisk of that kind is, to follow "It is"."""
    if kind == "unknown":
        return "of no kind that Linux knows"
    if kind == "empty":
        return kind
    return f"a {kind}" if kind.startswith("cpio") else f"{kind}-compressed"
