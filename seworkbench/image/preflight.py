"""Checks of what goes into an image, before anything is written (resources/help/components.md#component-checks).

What `pvimg create` refuses fails here; what it accepts though it is hardly meant warns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step, group
from seworkbench.errors import FormatError
from seworkbench.formats.flags import (
    ALLOW_DUMPING,
    BACKUP_KEYS,
    CCK_EXTENSION_SECRET,
    CCK_UPDATE,
    NO_COMPONENT_ENCRYPTION,
    PCF,
    SCF,
    Flag,
)
from seworkbench.formats.kernel import MIN_USEFUL_SIZE, KernelFacts, kernel_facts
from seworkbench.formats.ramdisk import ramdisk_kind, ramdisk_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_RULE = "components.md#component-checks"
_RAW_KERNEL = "Use the raw kernel of the distribution, usually /boot/vmlinuz-… or /boot/image-….; not an ELF vmlinux."

KERNEL = Step("build.kernel", "The kernel is a raw s390x Linux kernel", _RULE, _RAW_KERNEL.replace(".;", ";"))
KERNEL_SIZE = Step("build.kernel.size", "The kernel has a plausible size", _RULE, KERNEL.remedy)
LIMIT = Step(
    "build.cmdline.limit",
    "The command line fits the kernel",
    "components.md#command-line",
    "Shorten the command line, or use a kernel with a larger limit.",
)
TEXT = Step(
    "build.cmdline.text",
    "The command line is one line of text",
    "components.md#command-line",
    "Write it as a single line without a line break, for instance with printf.",
)
RAMDISK = Step("build.ramdisk", "The ramdisk is an archive that Linux knows", _RULE, "Check that it is the right file.")
FLAGS = "flags.md#plaintext-control-flags"


def kernel_checks(head: bytes, size: int) -> tuple[KernelFacts | None, list[Check]]:
    """Judge a kernel by its head.

    Args:
        head: its first 0x10438 bytes, or all of a shorter file.
        size: its whole size.

    Returns:
        What the kernel says about itself, None if it is too short to say anything, and the checks.
    """
    try:
        facts = kernel_facts(head)
    except FormatError as error:
        return None, [KERNEL.failed(error.what)]
    if facts.is_elf:
        verdict = KERNEL.failed(
            "This is an ELF file; the boot loader starts raw kernels only.", ("first bytes", "7f454c46")
        )
    elif facts.is_gzip:
        verdict = KERNEL.failed("This file is gzip-compressed; the boot loader does not unpack it.")
    elif not facts.is_s390x:
        verdict = KERNEL.failed(
            "The magic “S390EP” is missing at 0x10008.", ("bytes at 0x10008", head[0x10008:0x1000E].hex())
        )
    else:
        verdict = KERNEL.passed("The magic “S390EP” is at 0x10008.")
    if size < MIN_USEFUL_SIZE:
        return facts, [verdict, KERNEL_SIZE.warning(f"{size} bytes are less than any Linux kernel has.")]
    return facts, [verdict]


def command_line_checks(line: bytes, facts: KernelFacts | None) -> Iterator[Check]:
    """Judge a command line, its closing NUL included, against the kernel that will read it."""
    if facts is None:
        yield LIMIT.not_checked("The kernel does not say how much it takes.")
    elif len(line) > (limit := facts.command_line_limit):
        yield LIMIT.failed(
            f"{len(line)} bytes with the closing NUL are more than the kernel takes ({limit}).",
            ("command line", f"{len(line)} bytes"),
            ("kernel's limit", f"{limit} bytes"),
        )
    else:
        yield LIMIT.passed(f"{len(line)} of {limit} bytes with the closing NUL.")
    if b"\0" in line[:-1]:
        yield TEXT.warning("There is a NUL inside: the kernel ignores everything behind it.")
    elif b"\n" in line:
        where = "ends with" if line.find(b"\n") == len(line) - 2 else "contains"
        yield TEXT.note(f"It {where} a line break, which reaches the kernel as it is.")
    else:
        yield TEXT.passed()


def ramdisk_checks(head: bytes) -> Iterator[Check]:
    """Judge a ramdisk by its first bytes."""
    kind = ramdisk_kind(head)
    if kind == "empty":
        yield RAMDISK.warning("The ramdisk is empty: the kernel will see none.")
    elif kind == "unknown":
        yield RAMDISK.note(
            "The first bytes belong to no archive or compression that Linux knows.", ("first bytes", head[:8].hex())
        )
    else:
        yield RAMDISK.passed(f"It is {ramdisk_words(kind)}.")


_DANGERS: tuple[tuple[Flag, str], ...] = (
    (ALLOW_DUMPING, "Whoever has the communication key can read the guest's memory from a dump."),
    (NO_COMPONENT_ENCRYPTION, "Make sure that kernel, ramdisk and command line hold nothing confidential."),
    (BACKUP_KEYS, "Two host keys of a machine then open the image; use it only where a backup key is planned for."),
    (CCK_UPDATE, "Machines before z17 refuse such an image."),
)


def flag_checks(pcf: int, scf: int) -> Iterator[Check]:
    """Say in plain words what dangerous or contradictory flags mean."""
    for flag, advice in _DANGERS:
        if (scf if flag in SCF.flags else pcf) & flag.mask:
            yield Step(f"build.flags.{flag.bit}", f"Flag “{flag.name}”", FLAGS, advice).note(flag.when_on)
    if scf & CCK_UPDATE.mask and scf & CCK_EXTENSION_SECRET.mask:
        yield Step("build.flags.conflict", "Secret control flags", "flags.md#conflicts", "Use one of the two.").warning(
            "An enforced extension secret and an allowed update of the communication key exclude each other."
        )
    if unknown := PCF.unknown_in(pcf):
        yield _unknown("plaintext", unknown)
    if unknown := SCF.unknown_in(scf):
        yield _unknown("secret", unknown)


def _unknown(word: str, bits: int) -> Check:
    return Step(
        f"build.flags.unknown-{word}",
        f"{word.capitalize()} control flags",
        FLAGS,
        "A machine refuses flags that it does not know.",
    ).warning(f"Bits without a published meaning are set: 0x{bits:016x}.")


def preflight(checks: list[Check]) -> Check:
    """The tree of all checks before a build."""
    return group("build.preflight", "What goes into the image", checks)
