"""What is inside an image once its components can be read: roles, original sizes, and what they say of themselves.

stage3b's arguments tell which component is what and how long it was before padding; the kinds in the tweak prefixes are
only a hint, since older tools used other numbers (resources/help/components.md#kinds-and-order).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Check, Step, group
from seworkbench.crypto.runs import RUN_SIZE
from seworkbench.errors import FormatError
from seworkbench.formats.components import PAGE_SIZE, ComponentKind
from seworkbench.formats.kernel import (
    LEGACY_COMMAND_LINE_LIMIT,
    MIN_KERNEL_SIZE,
    PARAMETER_AREA_END,
    VERSION_TEXT_LIMIT,
    kernel_facts,
    version_text,
)
from seworkbench.formats.psw import Psw
from seworkbench.formats.ramdisk import ramdisk_kind, ramdisk_words
from seworkbench.formats.stage3 import KERNEL_ENTRY, Stage3bArgs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.crypto.pages import PageCipher
    from seworkbench.formats.ipib import Ipib, IpibComponent
    from seworkbench.image.image_file import ImageFile
    from seworkbench.secret import Secret

# stage3b is some kilobytes of code; a larger last component is something else.
_STAGE3B_LIMIT = 1 << 20
_COMMAND_LINE_LIMIT = 1 << 20

ARGUMENTS = Step(
    "image.guest.arguments",
    "stage3b knows its components",
    "image-layout.md#stage3b-arguments",
    "The boot loader is of another kind, or the image is damaged; build it again.",
)
KERNEL_SIZE = Step(
    "image.guest.kernel-size", "The kernel is large enough to start", "boot.md#stage3b", "Use a raw kernel."
)
KERNEL_MAGIC = Step(
    "image.guest.kernel", "The kernel is an s390x Linux kernel", "components.md#kernel", "Use a raw kernel."
)
LINE = Step(
    "image.guest.cmdline",
    "The kernel takes the command line",
    "components.md#command-line",
    "Shorten the command line.",
)
RAMDISK = Step("image.guest.ramdisk", "The ramdisk lies inside its component", "image-layout.md#stage3b-arguments")
PADDING = Step("image.guest.padding", "Components are padded with zeros", "components.md#page-preparation")


@dataclass(frozen=True, slots=True)
class ContentPart:
    """A component with its role.

    Args:
        kind: its role.
        entry: its line in the component table.
        size: bytes before padding.
    """

    kind: ComponentKind
    entry: IpibComponent
    size: int


@dataclass(frozen=True)
class Contents:
    """What an image holds.

    Args:
        parts: the components with their roles, in image order.
        kernel_version: version text of the kernel, empty if it names none.
        command_line_limit: bytes of command line the kernel takes, closing NUL included.
        command_line: the command line with its closing NUL; None if there is none.
        ramdisk: kind of the ramdisk; None if there is none.
    """

    parts: tuple[ContentPart, ...]
    kernel_version: str
    command_line_limit: int
    command_line: bytes | None
    ramdisk: str | None

    def part(self, kind: ComponentKind) -> ContentPart | None:
        """The component in that role."""
        return next((part for part in self.parts if part.kind is kind), None)

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        record: dict[str, Any] = {
            "components": [
                {
                    "kind": part.kind.title,
                    "address": f"0x{part.entry.addr:x}",
                    "size": part.size,
                    "stored_size": part.entry.length,
                }
                for part in self.parts
            ],
            "kernel_version": self.kernel_version,
            "command_line_limit": self.command_line_limit,
        }
        if self.command_line is not None:
            record["command_line"] = command_line_text(self.command_line)
        if self.ramdisk is not None:
            record["ramdisk"] = self.ramdisk
        return record


def command_line_text(raw: bytes) -> str:
    """A command line as text: without its closing NUL; a byte that is no UTF-8 reads as its escape."""
    return raw.removesuffix(b"\0").decode("utf-8", "backslashreplace")


def _cipher(image_key: Secret) -> PageCipher:
    """The page cipher, loading numpy only now: images that are not decrypted do not need it."""
    from seworkbench.crypto.pages import PageCipher  # noqa: PLC0415

    return PageCipher(image_key)


class PlainReader:
    """Reads components in the clear, decrypting what is asked for.

    Args:
        image: the file.
        image_key: the key; None if the components are not encrypted.
    """

    def __init__(self, image: ImageFile, image_key: Secret | None) -> None:
        self._image = image
        self._cipher = _cipher(image_key) if image_key is not None else None
        self._buffer = bytearray(RUN_SIZE + PAGE_SIZE)

    def read(self, entry: IpibComponent, offset: int, size: int) -> bytes:
        """Bytes of a component from `offset`, fewer at its end."""
        first = offset // PAGE_SIZE * PAGE_SIZE
        end = min(offset + size, entry.length)
        pieces = [run for _, run in self.runs(entry, first, end)]
        return b"".join(pieces)[offset - first : max(0, end - first)]

    def runs(self, entry: IpibComponent, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Offset and content of the runs of pages that cover `start` (a page boundary) to `end`."""
        for offset in range(start, end, RUN_SIZE):
            length = min(RUN_SIZE, -(-(end - offset) // PAGE_SIZE) * PAGE_SIZE)
            stored = self._image.read_at(entry.addr + offset, length)
            if len(stored) < length:
                raise FormatError(
                    "The file ends inside a component.", where=str(self._image.path), offset=self._image.size
                )
            yield offset, bytes(self.decrypt(stored, entry, offset))

    def content(self, entry: IpibComponent, size: int) -> Iterator[bytes]:
        """The first `size` bytes of a component, run by run: without its padding if that is what it holds."""
        for offset, run in self.runs(entry, 0, size):
            yield run[: size - offset]

    def decrypt(self, stored: bytes | memoryview, entry: IpibComponent, offset: int) -> memoryview:
        """One run of whole pages in the clear, valid until the next call: copying gigabytes once more would show."""
        if self._cipher is None:
            return memoryview(stored)
        return self._cipher.decrypt(stored, entry.prefix, offset, self._buffer)


def read_contents(reader: PlainReader, ipib: Ipib, start: int | None) -> tuple[Check, Contents | None]:
    """Find stage3b's arguments and look at what they lead to.

    Args:
        reader: gives the components in the clear.
        ipib: the component table; its places must have been checked.
        start: the guest's start address, if known: it tells which component is stage3b.
    """
    loader = next(
        (part for part in ipib.components if start is not None and part.addr <= start < part.addr + part.length),
        ipib.components[-1],
    )
    arguments = _find_arguments(reader, ipib, loader)
    later = (KERNEL_SIZE, KERNEL_MAGIC, LINE, RAMDISK, PADDING)
    if arguments is None:
        failed = ARGUMENTS.failed("No argument block that fits these components was found at the end of stage3b.")
        skipped = [step.not_checked("Needs stage3b's arguments.") for step in later]
        return group("image.guest", "Guest", [failed, *skipped]), None
    args, loader_size = arguments
    found = ARGUMENTS.passed(
        f"Kernel {args.kernel_size}, command line {args.cmdline_size}, ramdisk {args.initrd_size} bytes."
    )
    parts = _assign(args, ipib, loader, loader_size)
    contents = _describe(reader, parts)
    checks = [
        found,
        _kernel_size(contents),
        _kernel_magic(reader, contents),
        _command_line(contents),
        RAMDISK.passed(f"It is {ramdisk_words(contents.ramdisk)}." if contents.ramdisk else "There is none."),
        _padding(reader, contents),
    ]
    return group("image.guest", "Guest", checks), contents


def _find_arguments(reader: PlainReader, ipib: Ipib, loader: IpibComponent) -> tuple[Stage3bArgs, int] | None:
    """stage3b's arguments and where they end: the length of stage3b is recorded nowhere.

    They end with the kernel's PSW, behind which the padding is all zeros, and name components of this image.
    """
    if loader.length > _STAGE3B_LIMIT:
        return None
    code = reader.read(loader, 0, loader.length)
    psw = Psw(addr=KERNEL_ENTRY).build()
    end = code.rfind(psw) + len(psw)
    begin = end - Stage3bArgs.fixed_size()
    if begin < 0 or any(code[end:]):
        return None
    args = Stage3bArgs.parse(code, begin)
    return (args, end) if _plausible(args, ipib, loader) else None


def _plausible(args: Stage3bArgs, ipib: Ipib, loader: IpibComponent) -> bool:
    """Whether every component but stage3b itself has one role, in its right size."""
    lengths = {part.addr: part.length for part in ipib.components if part is not loader}
    roles = (
        (args.kernel_src, args.kernel_size),
        (args.cmdline_src, args.cmdline_size),
        (args.initrd_src, args.initrd_size),
    )
    named = [(address, size) for address, size in roles if address or size]
    addresses = [address for address, _ in named]
    return (
        args.kernel_src in lengths
        and loader.addr not in lengths
        and len(lengths) == len(ipib.components) - 1
        and sorted(addresses) == sorted(lengths)
        and all(max(-(-size // PAGE_SIZE), 1) * PAGE_SIZE == lengths[address] for address, size in named)
    )


def _assign(args: Stage3bArgs, ipib: Ipib, loader: IpibComponent, loader_size: int) -> tuple[ContentPart, ...]:
    named = (
        (ComponentKind.KERNEL, args.kernel_src, args.kernel_size),
        (ComponentKind.COMMAND_LINE, args.cmdline_src, args.cmdline_size),
        (ComponentKind.RAMDISK, args.initrd_src, args.initrd_size),
    )
    roles = {address: (kind, size) for kind, address, size in named if address or size}
    roles[loader.addr] = (ComponentKind.STAGE3B, loader_size)
    return tuple(ContentPart(kind, entry, size) for entry in ipib.components for kind, size in [roles[entry.addr]])


def _describe(reader: PlainReader, parts: tuple[ContentPart, ...]) -> Contents:
    by_kind = {part.kind: part for part in parts}
    version, limit = "", LEGACY_COMMAND_LINE_LIMIT
    kernel = by_kind[ComponentKind.KERNEL]
    if kernel.size >= PARAMETER_AREA_END:
        facts = kernel_facts(reader.read(kernel.entry, 0, PARAMETER_AREA_END))
        limit = facts.command_line_limit
        if facts.is_s390x and 0 < facts.version_pointer < kernel.size:
            version = version_text(reader.read(kernel.entry, facts.version_pointer, VERSION_TEXT_LIMIT))
    line = by_kind.get(ComponentKind.COMMAND_LINE)
    ramdisk = by_kind.get(ComponentKind.RAMDISK)
    return Contents(
        parts=parts,
        kernel_version=version,
        command_line_limit=limit,
        command_line=reader.read(line.entry, 0, min(line.size, _COMMAND_LINE_LIMIT)) if line else None,
        ramdisk=ramdisk_kind(reader.read(ramdisk.entry, 0, min(16, ramdisk.size))) if ramdisk else None,
    )


def _kernel_size(contents: Contents) -> Check:
    kernel = contents.part(ComponentKind.KERNEL)
    size = kernel.size if kernel else 0
    if size < MIN_KERNEL_SIZE:
        return KERNEL_SIZE.failed(f"It has {size} bytes; stage3b stops below {MIN_KERNEL_SIZE} (wait code 0x4511).")
    return KERNEL_SIZE.passed(f"{size} bytes.")


def _kernel_magic(reader: PlainReader, contents: Contents) -> Check:
    kernel = contents.part(ComponentKind.KERNEL)
    if kernel is None or kernel.size < PARAMETER_AREA_END:
        return KERNEL_MAGIC.not_checked("It is too short to say.")
    if not kernel_facts(reader.read(kernel.entry, 0, PARAMETER_AREA_END)).is_s390x:
        return KERNEL_MAGIC.warning("The magic “S390EP” is missing at 0x10008: whatever this is, Linux does not start.")
    return KERNEL_MAGIC.passed(
        f"Version {contents.kernel_version}." if contents.kernel_version else "It names no version."
    )


def _command_line(contents: Contents) -> Check:
    line = contents.command_line
    if line is None:
        return LINE.passed("There is none.")
    if not line.endswith(b"\0"):
        return LINE.failed("It does not end with a NUL; stage3b stops (wait code 0x4511).")
    if len(line) > contents.command_line_limit:
        return LINE.failed(
            "It is longer than the kernel takes; stage3b stops (wait code 0x4511).",
            ("command line", f"{len(line)} bytes"),
            ("kernel's limit", f"{contents.command_line_limit} bytes"),
        )
    return LINE.passed(f"{len(line)} of {contents.command_line_limit} bytes, closing NUL included.")


def _padding(reader: PlainReader, contents: Contents) -> Check:
    for part in contents.parts:
        tail = reader.read(part.entry, part.size, PAGE_SIZE)
        if any(tail):
            return PADDING.warning(
                f"Behind the {part.kind.title} there are bytes that are not zero.", ("bytes", tail[:16].hex())
            )
    return PADDING.passed()
