"""The archive inside an initial ramdisk: cpio, format "newc", as Linux reads it.

    archive := (header, name, NUL, padding to 4 bytes, data, padding to 4 bytes)*

A header is thirteen numbers, each written as eight hexadecimal digits, behind the magic. The format is described in
Linux's Documentation/driver-api/early-userspace/buffer-format.rst; what that leaves open is done as init/initramfs.c
does it: a name ends at its first NUL (some tools pad names with more of them, so that the data lies on a boundary), and
only the data of files has a checksum (GNU cpio writes none for symbolic links).
"""

from __future__ import annotations

import re
import stat
import struct
from dataclasses import dataclass
from typing import Self

from seworkbench.errors import FormatError

MAGIC = b"070701"
MAGIC_CHECKSUM = b"070702"
TRAILER = b"TRAILER!!!"
ALIGNMENT = 4
# Linux's PATH_MAX, closing NUL included; the kernel passes over what is longer. Targets of links have no NUL.
NAME_LIMIT = 4096

_NUMBERS = (
    *("inode", "mode", "uid", "gid", "links", "mtime", "size"),
    *("dev_major", "dev_minor", "rdev_major", "rdev_minor", "name_size", "checksum"),
)
_DIGITS = 8
_CODE = struct.Struct(f">{len(_NUMBERS)}I")
HEADER_SIZE = len(MAGIC) + len(_NUMBERS) * _DIGITS
_NAME_SIZE_OFFSET = len(MAGIC) + _NUMBERS.index("name_size") * _DIGITS
_SIZE_OFFSET = len(MAGIC) + _NUMBERS.index("size") * _DIGITS
_NO_DIGIT = re.compile(rb"[^0-9A-Fa-f]")
_MODE_MASK = 0xFFFF
_SUM_MASK = 0xFFFFFFFF

# What other archives of the cpio family begin with: said by name, since they are what is chosen by mistake.
_OTHERS = (
    (b"070707", "portable format (odc)"),
    (b"\xc7\x71", "binary format"),
    (b"\x71\xc7", "binary format"),
)

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


def padding(size: int) -> int:
    """Bytes between `size` and the next boundary."""
    return -size % ALIGNMENT


def data_sum(data: bytes, earlier: int = 0) -> int:
    """The format's checksum: the sum of all bytes; `earlier` is the sum of the data before these."""
    return (earlier + sum(data)) & _SUM_MASK


@dataclass(frozen=True, slots=True)
class CpioHeader:
    """What stands before each name.

    Args:
        checksummed: whether `checksum` holds for the data.
        inode: number that hard links to one file share.
        mode: type and permissions, as stat() has them.
        uid: owner.
        gid: group.
        links: number of hard links.
        mtime: seconds since 1970.
        size: bytes of data.
        dev_major: device the file came from.
        dev_minor: device the file came from.
        rdev_major: the device that a device file stands for.
        rdev_minor: the device that a device file stands for.
        name_size: bytes of the name with its NUL.
        checksum: sum of the bytes of the data.
    """

    checksummed: bool
    inode: int
    mode: int
    uid: int
    gid: int
    links: int
    mtime: int
    size: int
    dev_major: int
    dev_minor: int
    rdev_major: int
    rdev_minor: int
    name_size: int
    checksum: int

    @classmethod
    def parse(cls, data: bytes, position: int = 0) -> Self:
        """Read the header that `data` begins with.

        Args:
            data: the header; what follows it is not looked at.
            position: where `data` lies in the archive; offsets in errors count from the archive's start.

        Raises:
            FormatError: if this is no header, or a size in it is one that Linux does not take. Nothing else.
        """
        magic = data[: len(MAGIC)]
        if magic not in {MAGIC[: len(magic)], MAGIC_CHECKSUM[: len(magic)]}:
            other = next((name for start, name in _OTHERS if data.startswith(start)), "")
            what = f"This is cpio's {other}; Linux reads only “newc”." if other else "No cpio header begins here."
            raise FormatError(what, offset=position)
        if len(data) < HEADER_SIZE:
            raise FormatError("The archive ends inside a header.", offset=position + len(data))
        text = data[len(MAGIC) : HEADER_SIZE]
        if wrong := _NO_DIGIT.search(text):
            name = _NUMBERS[wrong.start() // _DIGITS]
            raise FormatError(
                f"The {name} of a header is not a hexadecimal number.", offset=position + len(MAGIC) + wrong.start()
            )
        header = cls(magic == MAGIC_CHECKSUM, *_CODE.unpack(bytes.fromhex(text.decode("ascii"))))
        header._check_sizes(position)
        return header

    def _check_sizes(self, position: int) -> None:
        if not 0 < self.name_size <= NAME_LIMIT:
            raise FormatError(
                f"A header announces a name of {self.name_size} bytes; Linux takes 1 to {NAME_LIMIT}.",
                offset=position + _NAME_SIZE_OFFSET,
            )
        if self.is_link and self.size > NAME_LIMIT:
            raise FormatError(
                f"A header announces a link target of {self.size} bytes; Linux takes {NAME_LIMIT} at most.",
                offset=position + _SIZE_OFFSET,
            )

    def name(self, raw: bytes, position: int = 0) -> bytes:
        """The name in the `name_size` bytes behind the header.

        Args:
            raw: these bytes, or as many of them as there are.
            position: where they lie in the archive.

        Raises:
            FormatError: if they are cut off or do not end with a NUL, or are those of a trailer with data.
        """
        if len(raw) < self.name_size:
            raise FormatError("The archive ends inside a name.", offset=position + len(raw))
        if raw[-1:] != b"\0":
            raise FormatError("A name does not end with a NUL.", offset=position + len(raw) - 1)
        name = raw[: raw.index(0)]
        if name == TRAILER and self.size:
            raise FormatError(f"The end of an archive is marked with {self.size} bytes of data.", offset=position)
        return name

    def check_sum(self, found: int, position: int = 0) -> None:
        """Compare the sum of all bytes of the data with the header's, if it has one for them.

        Args:
            found: `data_sum` of the data.
            position: where the data lies in the archive.

        Raises:
            FormatError: if they differ.
        """
        if self.checksummed and self.is_file and found != self.checksum:
            raise FormatError(
                f"The checksum of a file is 0x{found:x}, its header says 0x{self.checksum:x}.", offset=position
            )

    @property
    def is_file(self) -> bool:
        """Whether the data are a file's content."""
        return stat.S_ISREG(self.mode & _MODE_MASK)

    @property
    def is_link(self) -> bool:
        """Whether the data are a symbolic link's target."""
        return stat.S_ISLNK(self.mode & _MODE_MASK)

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return _KINDS.get(stat.S_IFMT(self.mode & _MODE_MASK), "unknown")

    @property
    def mode_text(self) -> str:
        """Type and permissions as `ls -l` shows them."""
        return stat.filemode(self.mode & _MODE_MASK)
