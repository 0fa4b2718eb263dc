"""What the guest would do once it runs: steps 12 and 15 to 17 of resources/help/verification.md#steps.

stage3b finds kernel, command line and ramdisk by the arguments at its end (resources/help/boot.md#stage3b) and stops
with a wait code where they do not fit. Only a few pages of each component are needed to foretell that; they are kept
while the pages go by, so a guest of any size can be judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.formats.kernel import (
    COMMAND_LINE_LIMIT_OFFSET,
    KERNEL_MAGIC,
    KERNEL_MAGIC_OFFSET,
    LEGACY_COMMAND_LINE_LIMIT,
    MIN_KERNEL_SIZE,
)
from seworkbench.formats.psw import MASK_64_BIT, Psw
from seworkbench.formats.stage3 import KERNEL_ENTRY, Stage3bArgs
from seworkbench.simulator.codes import WAIT_STAGE3B
from seworkbench.simulator.diag308 import unpacked_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seworkbench.formats.ipib import IpibComponent

_PAGE_SIZE = 4096
# Start of the page of a kernel that holds its magic and the limit of its command line.
_PARAMETER_PAGE = 0x10000
# The command line is moved here; resources/help/components.md#kernel.
_COMMAND_LINE_ADDRESS = 0x10480
_ARGS_ALIGNMENT = 4
_REBUILD = "Build the image again."
_STOPS = f"stage3b stops (wait code 0x{WAIT_STAGE3B:x})"
_STEP_16 = "verification.md#step-16-what-stage3b-would-do"

START = Step(
    "guest.psw",
    "The guest starts at stage3b",
    "verification.md#step-12-start-psw",
    "Build the image without another start address (--x-psw).",
)
ARGUMENTS = Step(
    "guest.arguments",
    "stage3b knows its components",
    "verification.md#step-15-stage3b-arguments",
    "The boot loader is of another kind, or the image was built wrongly; build it again.",
)
KERNEL_SIZE = Step("guest.kernel-size", "The kernel is large enough to start", _STEP_16, "Use a raw kernel.")
KERNEL = Step("guest.kernel", "The kernel is an s390x Linux kernel", _STEP_16, "Use a raw kernel.")
COMMAND_LINE = Step("guest.cmdline", "The kernel takes the command line", _STEP_16, "Shorten the command line.")
COMMAND_LINE_END = Step("guest.cmdline-end", "The command line ends with a NUL", _STEP_16, _REBUILD)
RAMDISK = Step("guest.ramdisk", "The ramdisk lies inside its component", _STEP_16, _REBUILD)
ROOM = Step(
    "guest.room", "The kernel overwrites nothing that is still needed", "boot.md#loaders-of-this-program", _REBUILD
)
PADDING = Step(
    "guest.padding", "Components are padded with zeros", "verification.md#step-17-extraction-and-padding", _REBUILD
)

_AFTER_ARGUMENTS = (KERNEL_SIZE, KERNEL, COMMAND_LINE, COMMAND_LINE_END, RAMDISK, ROOM, PADDING)
STEPS = (START, ARGUMENTS, *_AFTER_ARGUMENTS)
# Where one of these fails, stage3b stops; the loader of this program also where ROOM fails.
_STOPPING = {step.id for step in (KERNEL_SIZE, COMMAND_LINE, COMMAND_LINE_END)}


class Glimpses:
    """A `Memory` that keeps the pages that stage3b looks at: three of each component.

    Args:
        components: the component table.
    """

    def __init__(self, components: Sequence[IpibComponent]) -> None:
        self._wanted: set[int] = set()
        for part in components:
            end = part.addr + unpacked_length(part)
            self._wanted |= {part.addr + _PARAMETER_PAGE, end - 2 * _PAGE_SIZE, end - _PAGE_SIZE}
        self._pages: dict[int, bytes] = {}

    def store(self, address: int, page: bytes) -> None:
        """See Memory."""
        if address in self._wanted:
            self._pages[address] = page

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes of memory; zeros where a page was not kept."""
        first = address // _PAGE_SIZE * _PAGE_SIZE
        pages = range(first, address + size, _PAGE_SIZE)
        content = b"".join(self._pages.get(page, bytes(_PAGE_SIZE)) for page in pages)
        return content[address - first : address - first + size]


@dataclass(frozen=True)
class GuestForecast:
    """What the guest would do.

    Args:
        check: the checks "guest.*".
        arguments: the arguments of stage3b, if they were found.
    """

    check: Check
    arguments: Stage3bArgs | None

    @property
    def wait_code(self) -> int | None:
        """The code that stage3b would stop with; None if it would start the kernel, or nothing is known about it."""
        stops = any(leaf.id in _STOPPING and leaf.verdict is Verdict.FAILED for leaf in self.check.leaves())
        return WAIT_STAGE3B if stops else None


def not_started(reason: str) -> GuestForecast:
    """The forecast for a guest that does not come to run."""
    return GuestForecast(group("guest", "Guest", [step.not_checked(reason) for step in STEPS]), None)


def forecast(psw: Psw, components: Sequence[IpibComponent], memory: Glimpses) -> GuestForecast:
    """Judge a guest that was verified.

    Args:
        psw: the start PSW of the header.
        components: the component table, not empty.
        memory: has seen all unpacked pages.
    """
    inside = (part for part in components if part.addr <= psw.addr < part.addr + unpacked_length(part))
    loader = next(inside, components[-1])
    start = _start(psw, components)
    found = _find_arguments(memory, components, loader)
    if found is None:
        reason = "No argument block that fits these components was found at the end of stage3b."
        skipped = [step.not_checked("Needs the arguments of stage3b.") for step in _AFTER_ARGUMENTS]
        return GuestForecast(group("guest", "Guest", [start, ARGUMENTS.failed(reason), *skipped]), None)
    checks = [
        start,
        _arguments(found, components, loader),
        _kernel_size(found),
        _kernel(found, memory),
        *_command_line(found, memory),
        _ramdisk(found),
        _room(found, loader),
        _padding(found, components, memory),
    ]
    return GuestForecast(group("guest", "Guest", checks), found)


def _start(psw: Psw, components: Sequence[IpibComponent]) -> Check:
    last = components[-1]
    shown = (
        ("start PSW", f"mask 0x{psw.mask:016x}, address 0x{psw.addr:x}"),
        ("start of the last component", f"0x{last.addr:x}"),
    )
    if psw.addr % 2:
        return START.failed("The start address is odd; instructions lie at even addresses.", *shown)
    if not any(part.addr <= psw.addr < part.addr + unpacked_length(part) for part in components):
        return START.failed("The start address lies outside every component: there is no code.", *shown)
    if psw.mask != MASK_64_BIT:
        return START.warning("The mask is not the usual one for 64-bit addressing.", *shown)
    if psw.addr != last.addr:
        return START.warning("The start address is not the beginning of the last component.", *shown)
    return START.passed("It is the first byte of the last component.", *shown)


def _find_arguments(memory: Glimpses, components: Sequence[IpibComponent], loader: IpibComponent) -> Stage3bArgs | None:
    """Search the end of stage3b backwards; the length of stage3b is recorded nowhere, but its padding is all zeros."""
    tail_size = min(2 * _PAGE_SIZE, unpacked_length(loader))
    tail = memory.read(loader.addr + unpacked_length(loader) - tail_size, tail_size)
    size = Stage3bArgs.fixed_size()
    for start in range(tail_size - size, -1, -_ARGS_ALIGNMENT):
        if any(tail[start + size :]):
            return None
        args = Stage3bArgs.parse(tail, start)
        if args.psw == Psw(addr=KERNEL_ENTRY) and _fit(args, components):
            return args
    return None


def _fit(args: Stage3bArgs, components: Sequence[IpibComponent]) -> bool:
    lengths = {part.addr: unpacked_length(part) for part in components}

    def fits(address: int, size: int) -> bool:
        padded = -(-size // _PAGE_SIZE) * _PAGE_SIZE
        return address in lengths and (size == 0 or padded == lengths[address])

    optional = ((args.cmdline_src, args.cmdline_size), (args.initrd_src, args.initrd_size))
    return fits(args.kernel_src, args.kernel_size) and all(part == (0, 0) or fits(*part) for part in optional)


def _arguments(args: Stage3bArgs, components: Sequence[IpibComponent], loader: IpibComponent) -> Check:
    shown = (
        ("kernel", f"0x{args.kernel_src:x}, {args.kernel_size} bytes"),
        ("command line", f"0x{args.cmdline_src:x}, {args.cmdline_size} bytes" if args.cmdline_src else "none"),
        ("ramdisk", f"0x{args.initrd_src:x}, {args.initrd_size} bytes" if args.initrd_src else "none"),
    )
    named = {args.kernel_src, args.cmdline_src, args.initrd_src, loader.addr}
    if idle := [part for part in components if part.addr not in named]:
        unused = (("component without use", f"0x{part.addr:x}, {part.length} bytes") for part in idle)
        return ARGUMENTS.warning("They do not name every component.", *shown, *unused)
    return ARGUMENTS.passed("Every component has its place.", *shown)


def _kernel_size(args: Stage3bArgs) -> Check:
    if args.kernel_size < MIN_KERNEL_SIZE:
        return KERNEL_SIZE.failed(f"It has {args.kernel_size} bytes, fewer than {MIN_KERNEL_SIZE}: {_STOPS}.")
    return KERNEL_SIZE.passed(f"{args.kernel_size} bytes.")


def _kernel(args: Stage3bArgs, memory: Glimpses) -> Check:
    if args.kernel_size < KERNEL_MAGIC_OFFSET + len(KERNEL_MAGIC):
        return KERNEL.warning("It is too short to hold the magic “S390EP”: whatever this is, Linux does not start.")
    if memory.read(args.kernel_src + KERNEL_MAGIC_OFFSET, len(KERNEL_MAGIC)) != KERNEL_MAGIC:
        return KERNEL.warning("The magic “S390EP” is missing at 0x10008: whatever this is, Linux does not start.")
    return KERNEL.passed("The magic “S390EP” is at 0x10008.")


def _command_line(args: Stage3bArgs, memory: Glimpses) -> tuple[Check, Check]:
    if not args.cmdline_size:
        return COMMAND_LINE.passed("There is none."), COMMAND_LINE_END.passed("There is none.")
    # Behind a kernel that is too short for the field lies memory that was never unpacked: zeros.
    stated = memory.read(args.kernel_src + COMMAND_LINE_LIMIT_OFFSET, 8)
    stated = stated[: max(0, args.kernel_size - COMMAND_LINE_LIMIT_OFFSET)].ljust(8, b"\0")
    limit = int.from_bytes(stated, "big") or LEGACY_COMMAND_LINE_LIMIT
    shown = (("command line", f"{args.cmdline_size} bytes"), ("kernel's limit", f"{limit} bytes"))
    if args.cmdline_size > limit:
        length = COMMAND_LINE.failed(f"It is longer than the kernel takes: {_STOPS}.", *shown)
    else:
        length = COMMAND_LINE.passed("Its closing NUL included.", *shown)
    if memory.read(args.cmdline_src + args.cmdline_size - 1, 1) != b"\0":
        return length, COMMAND_LINE_END.failed(f"Its last byte is another: {_STOPS}.")
    return length, COMMAND_LINE_END.passed()


def _ramdisk(args: Stage3bArgs) -> Check:
    if not args.initrd_src:
        return RAMDISK.passed("There is none.")
    if not args.initrd_size:
        return RAMDISK.passed("It is empty; Linux sees none.")
    return RAMDISK.passed(f"{args.initrd_size} bytes.")


def _room(args: Stage3bArgs, loader: IpibComponent) -> Check:
    """stage3b moves kernel and command line down over whatever lies there."""
    end = max(args.kernel_size, _COMMAND_LINE_ADDRESS + args.cmdline_size if args.cmdline_size else 0)
    others = [("stage3b", loader.addr)]
    if args.initrd_size:
        others.append(("the ramdisk", args.initrd_src))
    if args.cmdline_size:
        others.append(("the command line", args.cmdline_src))
    overwritten = [(f"start of {name}", f"0x{address:x}") for name, address in others if address < end]
    if overwritten:
        reason = "Kernel and command line, moved to their places, overwrite other parts."
        return ROOM.failed(reason, ("they end at", f"0x{end:x}"), *overwritten)
    return ROOM.passed(f"Kernel and command line, moved to their places, end at 0x{end:x}.")


def _padding(args: Stage3bArgs, components: Sequence[IpibComponent], memory: Glimpses) -> Check:
    ends = {part.addr: part.addr + unpacked_length(part) for part in components}
    named = (
        ("kernel", args.kernel_src, args.kernel_size),
        ("command line", args.cmdline_src, args.cmdline_size),
        ("ramdisk", args.initrd_src, args.initrd_size),
    )
    for name, address, size in named:
        if address not in ends:
            continue
        start = max(address + size, ends[address] - _PAGE_SIZE)
        tail = memory.read(start, ends[address] - start)
        if any(tail):
            first = next(index for index, byte in enumerate(tail) if byte)
            shown = (f"bytes at 0x{start + first:x}", tail[first : first + 16].hex())
            return PADDING.warning(f"Behind the {name} there are bytes that are not zero.", shown)
    return PADDING.passed()
