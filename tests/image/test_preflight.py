"""The checks of what goes into an image: each of them seen passing and seen objecting, in its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from seworkbench.checks import Check, Verdict
from seworkbench.formats.flags import DEFAULT_PCF, PCF, SCF
from seworkbench.image.preflight import command_line_checks, flag_checks, kernel_checks, preflight, ramdisk_checks

from .workshop import defined_ids, kernel

PASSED, FAILED, WARNING, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED
LINE = b"root=/dev/vda1 quiet\0"


@dataclass(frozen=True)
class Case:
    """Inputs and what is said about them.

    Args:
        id: the check.
        verdict: what it says.
        reason: how its reason begins.
        kernel: the whole kernel.
        line: command line with its closing NUL.
        ramdisk: the first bytes.
        pcf: plaintext flags.
        scf: secret flags.
        required: whether the whole depends on it.
        evidence: what it shows.
    """

    id: str
    verdict: Verdict
    reason: str
    kernel: bytes = kernel()
    line: bytes = LINE
    ramdisk: bytes = b"070701000000"
    pcf: int = DEFAULT_PCF
    scf: int = 0
    required: bool = True
    evidence: tuple[tuple[str, str], ...] = ()

    def checks(self) -> Check:
        facts, checks = kernel_checks(self.kernel[:0x10438], len(self.kernel))
        checks += ramdisk_checks(self.ramdisk)
        checks += command_line_checks(self.line, facts)
        checks += flag_checks(self.pcf, self.scf)
        return preflight(checks)


CASES = [
    Case("build.kernel", PASSED, "The magic “S390EP” is at 0x10008."),
    Case("build.kernel", FAILED, "Not an s390x kernel: 66615 bytes are too few", kernel=kernel(0x10437)),
    Case("build.kernel", FAILED, "Not an s390x kernel: 100 bytes are too few", kernel=(b"\x7fELF" + bytes(96))),
    Case(
        "build.kernel",
        FAILED,
        "This is an ELF file; the boot loader starts raw kernels only.",
        kernel=b"\x7fELF" + kernel()[4:],
        evidence=(("first bytes", "7f454c46"),),
    ),
    Case("build.kernel", FAILED, "This file is gzip-compressed", kernel=b"\x1f\x8b" + kernel()[2:]),
    Case(
        "build.kernel",
        FAILED,
        "The magic “S390EP” is missing at 0x10008.",
        kernel=kernel(magic=b"S390E\0"),
        evidence=(("bytes at 0x10008", "533339304500"),),
    ),
    Case("build.kernel.size", WARNING, "69631 bytes are less than any Linux kernel has.", kernel=kernel(0x10FFF)),
    Case("build.kernel.size", WARNING, "66616 bytes are less than any Linux kernel has.", kernel=kernel(0x10438)),
    Case("build.kernel", PASSED, "The magic “S390EP” is at 0x10008.", kernel=kernel(0x11000)),
    Case("build.cmdline.limit", PASSED, "21 of 4096 bytes with the closing NUL."),
    Case("build.cmdline.limit", PASSED, "21 of 21 bytes with the closing NUL.", kernel=kernel(limit=21)),
    Case(
        "build.cmdline.limit",
        FAILED,
        "21 bytes with the closing NUL are more than the kernel takes (20).",
        kernel=kernel(limit=20),
        evidence=(("command line", "21 bytes"), ("kernel's limit", "20 bytes")),
    ),
    Case(
        "build.cmdline.limit",
        PASSED,
        "896 of 896 bytes with the closing NUL.",
        kernel=kernel(limit=0),
        line=b"a" * 895 + b"\0",
    ),
    Case(
        "build.cmdline.limit",
        FAILED,
        "897 bytes with the closing NUL are more than the kernel takes (896).",
        kernel=kernel(limit=0),
        line=b"a" * 896 + b"\0",
        evidence=(("command line", "897 bytes"), ("kernel's limit", "896 bytes")),
    ),
    Case("build.cmdline.limit", NOT_CHECKED, "The kernel does not say how much it takes.", kernel=bytes(9)),
    Case("build.cmdline.text", PASSED, ""),
    Case("build.cmdline.text", PASSED, "", line=b"\0"),
    Case("build.cmdline.text", WARNING, "There is a NUL inside", line=b"quiet\0debug\0"),
    Case("build.cmdline.text", WARNING, "There is a NUL inside", line=b"quiet\0\0"),
    Case("build.cmdline.text", WARNING, "It ends with a line break", line=b"quiet\n\0", required=False),
    Case("build.cmdline.text", WARNING, "It contains a line break", line=b"quiet\ndebug\0", required=False),
    Case("build.cmdline.text", WARNING, "It contains a line break", line=b"quiet\n\n\0", required=False),
    Case("build.ramdisk", PASSED, "It is a cpio archive."),
    Case("build.ramdisk", PASSED, "It is zstd-compressed.", ramdisk=b"\x28\xb5\x2f\xfd"),
    Case("build.ramdisk", WARNING, "The ramdisk is empty: the kernel will see none.", ramdisk=b""),
    Case(
        "build.ramdisk",
        WARNING,
        "The first bytes belong to no archive",
        ramdisk=b"PK\x03\x04\0\0\0\0more",
        required=False,
        evidence=(("first bytes", "504b030400000000"),),
    ),
    Case("build.flags.34", WARNING, "The host may dump this guest's memory", pcf=1 << 29, required=False),
    Case("build.flags.35", WARNING, "Kernel, ramdisk and command line are readable", pcf=1 << 28, required=False),
    Case("build.flags.62", WARNING, "A machine may open this image with its backup", pcf=2, required=False),
    Case("build.flags.2", WARNING, "The communication key (CCK) of the running", scf=1 << 61, required=False),
    Case("build.flags.conflict", WARNING, "An enforced extension secret and an allowed update", scf=3 << 61),
    Case("build.flags.unknown-plaintext", WARNING, "Bits without a published meaning are set: 0x80000", pcf=1 << 63),
    Case("build.flags.unknown-secret", WARNING, "Bits without a published meaning are set: 0x00000", scf=1),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id} {case.verdict.value}: {case.reason[:40]}")
def test_each_check_of_the_inputs_says_what_it_found(case: Case) -> None:
    check = case.checks().find(case.id)
    assert check is not None
    assert (check.verdict, check.required) == (case.verdict, case.required)
    assert check.reason.startswith(case.reason)
    assert bool(check.reason) == bool(case.reason)
    assert tuple((item.label, item.value) for item in check.evidence) == case.evidence
    assert check.rule
    assert bool(check.remedy) == (case.verdict in (FAILED, WARNING))


def test_the_table_has_every_check_of_the_inputs_that_the_package_defines() -> None:
    defined = {pattern for pattern in defined_ids("Step") if pattern.startswith("build")}
    tried = {case.id for case in CASES if case.verdict is not PASSED}
    assert len(defined) >= 8
    assert [pattern for pattern in defined if not any(re.fullmatch(pattern, name) for name in tried)] == []
    assert [name for name in tried if not any(re.fullmatch(pattern, name) for pattern in defined)] == []


@pytest.mark.parametrize("size", [0x11000, 0x12345])
def test_harmless_inputs_raise_no_remark(size: int) -> None:
    checks = Case("build.preflight", PASSED, "", kernel=kernel(size)).checks()
    assert [leaf.id for leaf in checks.leaves()] == [
        "build.kernel",
        "build.ramdisk",
        "build.cmdline.limit",
        "build.cmdline.text",
    ]
    assert checks.verdict is PASSED


def test_every_known_flag_alone_is_no_failure_and_never_called_unknown() -> None:
    for word, name in ((PCF, "pcf"), (SCF, "scf")):
        for flag in word.flags:
            found = list(flag_checks(**{"pcf": 0, "scf": 0, name: flag.mask}))
            assert [check.id for check in found] in ([], [f"build.flags.{flag.bit}"])
            assert all(check.title == f"Flag “{flag.name}”" and check.reason == flag.when_on for check in found)
