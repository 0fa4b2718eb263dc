"""Every check of an image: seen passing on a sound image, and seen objecting to the fault that it is there for."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seworkbench.checks import Verdict
from seworkbench.crypto.runs import RUN_SIZE
from seworkbench.errors import Cancelled, SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.ipib import Ipib, IpibComponent
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.build import build_image, own_bootloader
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image
from seworkbench.jobs import Job, Progress
from seworkbench.secret import Secret

from .workshop import (
    CCK,
    COMMAND_LINE,
    HEADER_AT,
    HEADER_KEY,
    HOST,
    HOST2,
    IMAGE_KEY,
    KERNEL,
    RAMDISK,
    STAGE3A,
    Draft,
    Forgery,
    Inputs,
    defined_ids,
    golden_keys,
    kernel,
    pieces,
    remarks,
    verify_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seworkbench.image.access import Access

PASSED, FAILED, WARNING, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED

KEY = HeaderKey(Secret(HEADER_KEY))
WRONG_KEY = HeaderKey(Secret(b"\x33" * 32))
MACHINE = HostPrivateKey(HOST)
OTHER_MACHINE = HostPrivateKey(HOST2)

METADATA_AT = 0xC000
ARGUMENTS_AT = 0x12E20
IPIB_AT = 0x2D000
SLOT_AT = 0x1A0
END_OF_STAGE3B_CODE = 0x2B000 + 0x1864

# What cannot be said once the seal of an encrypted image is broken.
INSIDE = dict.fromkeys(("image.access.secret-part", "image.access.scf", "image.access.psw"), NOT_CHECKED)
BROKEN_SEAL = {"image.access.header-tag": FAILED, **INSIDE, "image.guest.arguments": NOT_CHECKED}
CLOSED = {**BROKEN_SEAL, "image.access.header-tag": NOT_CHECKED}
NO_DIGESTS = dict.fromkeys(
    ("image.digest.ald", "image.digest.pld", "image.digest.tld", "image.digest.nep"), NOT_CHECKED
)
NO_GUEST = dict.fromkeys(
    (
        "image.guest.kernel-size",
        "image.guest.kernel",
        "image.guest.cmdline",
        "image.guest.ramdisk",
        "image.guest.padding",
    ),
    NOT_CHECKED,
)


@dataclass(frozen=True)
class Fault:
    """One way to spoil an image, and what is said about it.

    Args:
        id: the check that objects.
        verdict: what it says.
        reason: how its reason begins.
        spoil: changes a draft.
        base: the image to start from: golden A, B or C, or a key of `OTHER_BASES`.
        access: key for the verification.
        machine: flags that a machine supports.
        expected: component files to compare with, by their content.
        code: Ultravisor codes.
        evidence: what is shown, all of it.
        others: all further checks that do not pass.
        required: whether the whole depends on the check.
    """

    id: str
    verdict: Verdict
    reason: str
    spoil: Callable[[Draft], object] = lambda _: None
    base: str = "A"
    access: Access | None = KEY
    machine: SupportedFlags | None = None
    expected: Mapping[ComponentKind, bytes] = field(default_factory=dict)
    code: tuple[int, int] | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Verdict] = field(default_factory=dict)
    required: bool = True

    @property
    def name(self) -> str:
        return f"{self.id} {self.verdict.value}: {self.reason[:50]}"


def row(number: int, *, prefix: int = 0, address: int = 0, length: int = 0) -> Callable[[Draft], None]:
    """Change a line of the component table; the numbers are added to what is there."""

    def spoil(draft: Draft) -> None:
        old = draft.table()[number]
        draft.put_row(number, old[0] + prefix, old[1] + address, old[2] + length)

    return spoil


def exchange(first: int, second: int, *, whole: bool) -> Callable[[Draft], None]:
    """Exchange two lines of the component table, or only their tweak prefixes."""

    def spoil(draft: Draft) -> None:
        table = draft.table()
        one, two = table[first], table[second]
        if not whole:
            one, two = (one[0], *two[1:]), (two[0], *one[1:])
        draft.put_row(first, *two)
        draft.put_row(second, *one)

    return spoil


def then(*steps: Callable[[Draft], object]) -> Callable[[Draft], None]:
    """One change after the other."""

    def spoil(draft: Draft) -> None:
        for step in steps:
            step(draft)

    return spoil


def move_ipib(by: int) -> Callable[[Draft], None]:
    """Move the IPIB, and tell the metadata."""

    def spoil(draft: Draft) -> None:
        block = bytes(draft.data[IPIB_AT:])
        draft.data[IPIB_AT:] = bytes(by) + block
        draft.put_number(METADATA_AT + 20, IPIB_AT + by)

    return spoil


def cut(size: int) -> Callable[[Draft], None]:
    """Cut the file off."""

    def spoil(draft: Draft) -> None:
        del draft.data[size:]

    return spoil


def second_table(draft: Draft) -> None:
    """stage3a hands over a copy of the IPIB, on a page behind it; the metadata lead to the first."""
    block = bytes(draft.data[IPIB_AT:])
    draft.data[IPIB_AT:] = block.ljust(0x1000, b"\0") + block
    draft.put_number(ARGUMENTS_AT + 16, IPIB_AT + 0x1000 - ARGUMENTS_AT)


def second_arguments(draft: Draft) -> None:
    """A further block in stage3a that leads to header and IPIB as well."""
    at = 0x11800
    for offset, value in ((0, HEADER_AT - at), (8, 640), (16, IPIB_AT - at)):
        draft.put_number(at + offset, value)


def plain(change: Callable[[Draft], object]) -> Callable[[Draft], None]:
    """Change an unencrypted component and let the header describe it."""
    return then(change, Draft.digest_again)


def put(offset: int, content: bytes) -> Callable[[Draft], None]:
    return lambda draft: draft.put(offset, content)


def number(offset: int, value: int, size: int = 8) -> Callable[[Draft], None]:
    return lambda draft: draft.put_number(offset, value, size)


def header(offset: int, content: bytes) -> Callable[[Draft], None]:
    """Change the header and seal it again."""
    return lambda draft: draft.put_header(offset, content)


def secret(offset: int, content: bytes) -> Callable[[Draft], None]:
    """Change the secret part of the header and seal it again."""
    return lambda draft: draft.put_secret(offset, content)


def be8(value: int) -> bytes:
    return value.to_bytes(8, "big")


STATED_PLD = bytes.fromhex(
    "3e6bdfa036bebca6b3b92ef32bee8a0b6581802c359873db6e88338308305ffd"
    "fccb5440c0e287cee115a44eaa65f222c722efde9f248c05d5363d4ac02e282e"
)
STATED_ALD = bytes.fromhex(
    "bd22da5f546ca871c034b3460efb09b17d3c0364222ca44922beb15873629c9a"
    "54a7c9af0da845c95ebee69e4f24719303dd3d28de98b003fb292d72c41a153a"
)


def differing(content: bytes, offset: int) -> bytes:
    """The content with one bit changed."""
    return content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]


def start_shown(mask: int, address: int) -> dict[str, str]:
    """The evidence about a start PSW; the last component of the golden images A and B is at 0x2b000."""
    return {"start PSW": f"mask 0x{mask:016x}, address 0x{address:x}", "start of the last component": "0x2b000"}


FAULTS = [
    # --- Finding ------------------------------------------------------------------------------------------------------
    Fault(
        "image.header.found",
        FAILED,
        "No Secure Execution header was found.",
        then(put(HEADER_AT, b"IBMSecEX"), put(METADATA_AT, bytes(28))),
    ),
    Fault("image.header.found", FAILED, "No Secure Execution header was found.", put(HEADER_AT, b"IBMSecEX")),
    Fault("image.header.found", FAILED, "No Secure Execution header was found.", cut(0)),
    Fault(
        "image.header.found",
        FAILED,
        "The SE header has version 0x200; known: 0x100.",
        number(HEADER_AT + 8, 0x200, 4),
        code=(0x0104, 0x0001),
    ),
    Fault(
        "image.header.found",
        FAILED,
        "The SE header claims 8193 bytes; 8192 are the most.",
        number(HEADER_AT + 12, 8193, 4),
        code=(0x010A, 0x0031),
    ),
    Fault(
        "image.header.found",
        FAILED,
        "The SE header claims 415 bytes; its fixed part alone has",
        number(HEADER_AT + 12, 415, 4),
        code=(0x010A, 0x0031),
    ),
    Fault(
        "image.header.found",
        FAILED,
        "Secure Execution header: Encrypted part",
        number(HEADER_AT + 0x20, 2),
        code=(0x010A, 0x0031),
    ),
    Fault(
        "image.header.found",
        FAILED,
        "Secure Execution header: Key slots (keyslots) needs",
        number(HEADER_AT + 0x20, (1 << 64) - 1),
        code=(0x010A, 0x0031),
    ),
    Fault(
        "image.header.found",
        FAILED,
        "Secure Execution header: Header tag (tag) needs",
        number(HEADER_AT + 12, 639, 4),
        code=(0x010A, 0x0031),
    ),
    # Not all of it is there: nothing that the Ultravisor would see.
    Fault("image.header.found", FAILED, "Secure Execution header: Encrypted part", cut(HEADER_AT + 500)),
    # --- Start --------------------------------------------------------------------------------------------------------
    Fault(
        "image.start.psw",
        FAILED,
        "0x0000000180011000 is not a short PSW: bit 12 is clear.",
        number(0, 0x180011000),
        evidence={"bytes at 0": "0000000180011000"},
    ),
    Fault(
        "image.start.psw",
        WARNING,
        "It starts at 0x10000; stage3a is entered at 0x11000.",
        number(0, 0x0008000180010000),
        evidence={"bytes at 0": "0008000180010000"},
    ),
    *(
        Fault(
            "image.start.psw",
            WARNING,
            f"Its mask is 0x{mask:016x}; that of stage3a is 0x0000000180000000.",
            # Bit 12 is that of the short form and no part of the mask.
            number(0, mask | 0x0008000000011000),
            evidence={"bytes at 0": f"{mask | 0x0008000000011000:016x}"},
        )
        # A machine that waits, one that addresses with 31 bits, one whose first byte is not zero.
        for mask in (0x0002000180000000, 0x0000000080000000, 0x0100000180000000)
    ),
    Fault("image.start.metadata", WARNING, "There are none", put(METADATA_AT, bytes(28)), required=False),
    Fault("image.start.metadata", WARNING, "Version 2 is not known; 1 is.", number(METADATA_AT + 16, 2, 4)),
    Fault(
        "image.start.metadata",
        FAILED,
        "They point to no header; other tools will not find it.",
        number(METADATA_AT + 8, 0x13000),
        evidence={"header according to the metadata": "0x13000", "header found": "0x14000"},
    ),
    Fault(
        "image.start.metadata",
        FAILED,
        "They point to no IPIB that can be read.",
        number(METADATA_AT + 20, 0x2C000),
        evidence={"IPIB according to the metadata": "0x2c000", "IPIB found": "0x2d000"},
    ),
    Fault(
        "image.start.stage3a",
        FAILED,
        "No argument block leads to this header and an IPIB",
        put(ARGUMENTS_AT, bytes(24)),
        others={"image.start.loader": NOT_CHECKED},
    ),
    Fault(
        "image.start.stage3a",
        WARNING,
        "Several places could be the argument block: 0x11800, 0x12e20.",
        second_arguments,
    ),
    Fault(
        "image.start.stage3a",
        FAILED,
        "The arguments at 0x12e20 hand another IPIB over than the one that is checked here.",
        second_table,
        evidence={
            "IPIB that stage3a hands over": "0x2e000",
            "IPIB found": "0x2d000, by the image metadata at 0xc000",
        },
        others={"image.start.gaps": WARNING},
    ),
    Fault(
        "image.start.gaps",
        WARNING,
        "There are bytes that belong to no part",
        then(put(8, b"\1"), put(0xC01C, b"\2\3"), put(0x12E38, b"\4"), put(0x14280, b"\5")),
        evidence={
            "bytes at 0x8": "01" + "00" * 15,
            "bytes at 0xc01c": "0203" + "00" * 14,
            "bytes at 0x12e38": "04" + "00" * 15,
            "bytes at 0x14280": "05" + "00" * 15,
        },
    ),
    Fault(
        "image.start.gaps",
        WARNING,
        "There are bytes that belong to no part",
        lambda draft: draft.data.extend(b"appended"),
        evidence={"bytes at 0x2d0e8": b"appended".hex()},
    ),
    Fault(
        "image.start.loader",
        WARNING,
        "It is not the boot loader that comes with this program",
        evidence={"SHA-256 of stage3a without its arguments": hashlib.sha256(STAGE3A[:-24]).hexdigest()},
        required=False,
    ),
    Fault(
        "image.start.gaps",
        WARNING,
        "There are bytes that belong to no part",
        # What stands in a gap is told from its first byte on, and no more of it than a line.
        put(0x12E3D, bytes(range(1, 40))),
        evidence={"bytes at 0x12e3d": bytes(range(1, 17)).hex()},
    ),
    Fault(
        "image.start.gaps",
        WARNING,
        "There are bytes that belong to no part",
        then(put(METADATA_AT, bytes(28)), put(METADATA_AT, b"\7")),
        evidence={"bytes at 0xc000": "07" + "00" * 15},
        others={"image.start.metadata": WARNING},
    ),
    Fault(
        "image.start.loader",
        NOT_CHECKED,
        "stage3a could not be delimited.",
        put(ARGUMENTS_AT, bytes(24)),
        others={"image.start.stage3a": FAILED},
        required=False,
    ),
    Fault(
        "image.start.loader",
        WARNING,
        "It is not the boot loader that comes with this program",
        put(0x11000, b"\0"),
        evidence={
            "SHA-256 of stage3a without its arguments": hashlib.sha256(
                STAGE3A[:0x1000] + b"\0" + STAGE3A[0x1001:-24]
            ).hexdigest()
        },
        required=False,
    ),
    # --- Header -------------------------------------------------------------------------------------------------------
    Fault(
        "image.header.size",
        FAILED,
        "The header says it is larger than its parts.",
        number(HEADER_AT + 12, 641, 4),
        code=(0x010A, 0x0031),
        evidence={"header size": "641 bytes", "sum of its parts": "640 bytes"},
        others={
            **BROKEN_SEAL,
            "image.table.header": WARNING,
            "image.start.stage3a": FAILED,
            "image.start.loader": NOT_CHECKED,
        },
    ),
    Fault(
        "image.header.slots",
        FAILED,
        "There is none: no machine can open this.",
        number(HEADER_AT + 0x20, 0),
        code=(0x010A, 0x0040),
        others={**BROKEN_SEAL, "image.header.size": FAILED},
    ),
    Fault(
        "image.header.secret-size",
        FAILED,
        "0 bytes; it has at least 128, in whole blocks of 16.",
        number(HEADER_AT + 0x28, 0),
        code=(0x010A, 0x0039),
        others={**BROKEN_SEAL, "image.header.size": FAILED},
    ),
    Fault(
        "image.header.secret-size",
        FAILED,
        "136 bytes; it has at least 128, in whole blocks of 16.",
        then(number(HEADER_AT + 0x28, 136), number(HEADER_AT + 12, 648, 4), number(ARGUMENTS_AT + 8, 648)),
        code=(0x010A, 0x0039),
        others={**BROKEN_SEAL, "image.table.header": WARNING},
    ),
    Fault(
        "image.header.secret-size",
        WARNING,
        "144 bytes; only 128 have a published meaning; a machine may refuse.",
        then(number(HEADER_AT + 0x28, 144), number(HEADER_AT + 12, 656, 4), number(ARGUMENTS_AT + 8, 656)),
        others={**BROKEN_SEAL, "image.table.header": WARNING},
    ),
    Fault(
        "image.header.pcf",
        WARNING,
        "Bits without a published meaning are set: 0x8000000000000001.",
        header(0x38, bytes.fromhex("80000000000000e1")),
        evidence={"flags in the header": "0x80000000000000e1"},
    ),
    Fault(
        "image.header.pcf",
        FAILED,
        "The machine does not support 0x0000000000000020.",
        machine=SupportedFlags(pcf=0xC0),
        code=(0x0106, 0x0030),
        evidence={"flags in the header": "0x00000000000000e0", "supported by the machine": "0x00000000000000c0"},
    ),
    Fault(
        "image.header.customer-key",
        FAILED,
        "The public key is not a point on P-521.",
        header(0x40, bytes(160)),
        code=(0x0108, 0x000B),
        evidence={"coordinates": "00" * 160},
    ),
    Fault(
        "image.header.reserved",
        WARNING,
        "They are not zero.",
        header(0x1C, b"\0\0\0\1"),
        evidence={"bytes": "00000001"},
        required=False,
    ),
    # --- Component table ----------------------------------------------------------------------------------------------
    Fault(
        "image.table.found",
        FAILED,
        "No IPL parameter information block (IPIB) was found.",
        put(IPIB_AT + 12, b"\4"),
        others={
            "image.start.metadata": FAILED,
            "image.start.stage3a": FAILED,
            "image.start.loader": NOT_CHECKED,
            "image.start.gaps": WARNING,
            "image.access.psw": NOT_CHECKED,
        },
    ),
    Fault(
        "image.table.found",
        FAILED,
        "IPL parameter information block: Components (components) needs 96 bytes",
        cut(IPIB_AT + 0x88 + 24),
        others={"image.start.metadata": FAILED, "image.start.gaps": WARNING, "image.access.psw": NOT_CHECKED},
    ),
    Fault(
        "image.table.block",
        FAILED,
        "The hypervisor refuses it (DIAG 308 response 0x0402): its address 0x2d010 is not that of a page.",
        then(move_ipib(16), number(ARGUMENTS_AT + 16, IPIB_AT + 16 - ARGUMENTS_AT)),
    ),
    *(
        Fault(
            "image.table.block", verdict, reason, then(*(number(IPIB_AT + at, *value) for at, value in changes.items()))
        )
        for verdict, reason, changes in (
            (WARNING, "It has versions 2 and 1 instead of 1 and 1.", {7: (2, 1)}),
            (WARNING, "It has versions 1 and 0 instead of 1 and 1.", {0x6F: (0, 1)}),
            (WARNING, "It has lengths 233 and 224 instead of 232 and 224.", {0: (233, 4)}),
            (WARNING, "It has lengths 232 and 0 instead of 232 and 224.", {8: (0, 4)}),
            (
                WARNING,
                "It has lengths 4096 and 4088 instead of 232 and 224 and versions 3 and 1 instead of 1 and 1.",
                {0: (4096, 4), 8: (4088, 4), 7: (3, 1)},
            ),
            (
                FAILED,
                "The hypervisor refuses it (DIAG 308 response 0x0402): its length is 231, that of its components 232.",
                {0: (231, 4), 8: (223, 4)},
            ),
            (
                FAILED,
                "The hypervisor refuses it (DIAG 308 response 0x0402): its length is 4097, that of its components 232.",
                {0: (4097, 4)},
            ),
        )
    ),
    Fault(
        "image.table.header",
        WARNING,
        "It names another header; stage3a corrects that when it runs.",
        number(IPIB_AT + 0x78, 0x15000),
        evidence={"header in the IPIB": "0x15000, 640 bytes", "header": "0x14000, 640 bytes"},
    ),
    Fault(
        "image.table.header",
        WARNING,
        "It names another header; stage3a corrects that when it runs.",
        number(IPIB_AT + 0x80, 8192),
        evidence={"header in the IPIB": "0x14000, 8192 bytes", "header": "0x14000, 640 bytes"},
    ),
    Fault(
        "image.table.header",
        FAILED,
        "It claims a header of 8193 bytes; 8192 are the most.",
        number(IPIB_AT + 0x80, 8193),
    ),
    Fault(
        "image.table.places",
        FAILED,
        "Component 2 (0x28008, 8192 bytes) is not made of whole pages.",
        row(1, address=8),
        others={
            **NO_DIGESTS,
            "image.start.gaps": WARNING,
            "image.table.overlap": FAILED,
            "image.guest.arguments": NOT_CHECKED,
        },
    ),
    Fault(
        "image.table.places",
        FAILED,
        "Component 1 (0x15000, 77823 bytes) is not made of whole pages.",
        row(0, length=-1),
        others={**NO_DIGESTS, "image.start.gaps": WARNING, "image.guest.arguments": NOT_CHECKED},
    ),
    Fault(
        "image.table.places",
        FAILED,
        "Component 3 (0x2a000, 0 bytes) is not made of whole pages.",
        row(2, length=-4096),
        others={**NO_DIGESTS, "image.start.gaps": WARNING, "image.guest.arguments": NOT_CHECKED},
    ),
    Fault(
        "image.table.places",
        FAILED,
        "Component 4 ends behind the end of the file: the file is cut off.",
        row(3, length=4096),
        evidence={"end of the component": "0x2e000", "end of the file": "0x2d0e8"},
        others={**NO_DIGESTS, "image.table.overlap": FAILED, "image.guest.arguments": NOT_CHECKED},
    ),
    *(
        Fault(
            "image.table.overlap",
            FAILED,
            reason,
            spoil,
            # Such a table is not followed, lest a small file make much work.
            others={**NO_DIGESTS, **gaps, "image.guest.arguments": NOT_CHECKED},
        )
        for reason, spoil, gaps in (
            ("component 1 and component 2 overlap at 0x28000.", row(0, length=4096), {}),
            (
                "the SE header and component 1 overlap at 0x14000.",
                row(0, address=-4096),
                {"image.start.gaps": WARNING},
            ),
            (
                "short PSW, metadata and stage3a and component 1 overlap at 0x10000.",
                row(0, address=-0x5000),
                {"image.start.gaps": WARNING},
            ),
            (
                "component 4 and the IPIB overlap at 0x2d000.",
                then(row(3, length=4096), lambda draft: draft.data.extend(bytes(4096))),
                {},
            ),
            (
                "the IPIB and component 4 overlap at 0x2d000.",
                then(row(3, address=0x2000, length=-4096), lambda draft: draft.data.extend(bytes(4096))),
                {"image.start.gaps": WARNING, "image.access.psw": FAILED},
            ),
        )
    ),
    Fault(
        "image.table.overlap",
        WARNING,
        "The components are not in ascending order.",
        then(exchange(1, 2, whole=True), exchange(1, 2, whole=False), Draft.digest_again),
        base="B",
    ),
    Fault(
        "image.table.overlap",
        WARNING,
        "The components are not in ascending order.",
        then(exchange(2, 3, whole=True), exchange(2, 3, whole=False), Draft.digest_again),
        base="B",
        others={"image.access.psw": WARNING},
    ),
    Fault(
        "image.table.order",
        FAILED,
        "They do not; QEMU refuses such an image (DIAG 308 response 0x0402).",
        then(exchange(0, 1, whole=False), Draft.digest_again),
        base="B",
        evidence={
            "component 1": "00321112131415ff",
            "component 2": "0028010203040506",
            "component 3": "003c212223242526",
            "component 4": "0046313233343536",
        },
    ),
    Fault(
        "image.table.order",
        FAILED,
        "They do not; QEMU refuses such an image (DIAG 308 response 0x0402).",
        then(row(1, prefix=0x0028010203040506 - 0x00321112131415FF), Draft.digest_again),
        base="B",
        evidence={
            "component 1": "0028010203040506",
            "component 2": "0028010203040506",
            "component 3": "003c212223242526",
            "component 4": "0046313233343536",
        },
    ),
    # --- Digests ------------------------------------------------------------------------------------------------------
    Fault(
        "image.digest.pld",
        FAILED,
        "They differ: the pages are not those that the header describes.",
        header(0xE0, bytes(8)),
        code=(0x0102, 0x001B),
        evidence={
            "in the header": (bytes(8) + STATED_PLD[8:]).hex(),
            "of the pages in the file": STATED_PLD.hex(),
        },
    ),
    Fault(
        "image.digest.ald",
        FAILED,
        "They differ",
        header(0x120, bytes(8)),
        code=(0x0102, 0x001A),
        evidence={
            "in the header": (bytes(8) + STATED_ALD[8:]).hex(),
            "of the pages in the file": STATED_ALD.hex(),
        },
    ),
    Fault(
        "image.digest.tld",
        FAILED,
        "They differ",
        row(3, prefix=1),
        base="B",
        code=(0x0102, 0x001C),
        evidence={
            "in the header": "137d4965a709eb13a7cb41de3177b632b021b49ee0d7e9b0201c83e705ca4f5f"
            "eaf6f4e46c8fd379e6455564751d1c67bbb4102350f8e454408144da31e5d16a",
            "of the pages in the file": "",
        },
    ),
    Fault(
        "image.digest.nep",
        FAILED,
        "They differ",
        header(0x30, bytes(8)),
        code=(0x0102, 0x001D),
        evidence={"in the header": "0", "of the pages in the file": "24"},
    ),
    # --- Access -------------------------------------------------------------------------------------------------------
    Fault(
        "image.access.slot",
        FAILED,
        "None of the key slots is for this host key.",
        access=OTHER_MACHINE,
        code=(0x0108, 0x0005),
        evidence={
            "hash of the host key": "1f443ea733555e4592a52263d191a7dd98ee81a31f138ac300b5cf98d18c1e11",
            "key slot 1": "367b3ea151fbc30ce54f6de2a7428872054887cc9dfacb402c6dec2ba2506bb3",
        },
        others={**CLOSED, "image.access.slot-tag": NOT_CHECKED},
    ),
    Fault(
        "image.access.slot",
        FAILED,
        "None of the key slots is for this host key.",
        put(HEADER_AT + SLOT_AT, bytes(32)),
        access=MACHINE,
        code=(0x0108, 0x0005),
        evidence={
            "hash of the host key": "367b3ea151fbc30ce54f6de2a7428872054887cc9dfacb402c6dec2ba2506bb3",
            "key slot 1": "00" * 32,
        },
        others={**CLOSED, "image.access.slot-tag": NOT_CHECKED},
    ),
    Fault(
        "image.access.slot",
        FAILED,
        "None of the key slots is for this host key.",
        base="95 hosts",
        access=HostPrivateKey(HOST2),
        code=(0x0108, 0x0005),
        evidence={
            "hash of the host key": "1f443ea733555e4592a52263d191a7dd98ee81a31f138ac300b5cf98d18c1e11",
            **{
                f"key slot {number}": "367b3ea151fbc30ce54f6de2a7428872054887cc9dfacb402c6dec2ba2506bb3"
                for number in range(1, 9)
            },
            "further key slots": "87",
        },
        others={**CLOSED, "image.access.slot-tag": NOT_CHECKED},
    ),
    Fault(
        "image.access.slot-tag",
        FAILED,
        "The key slot does not open with this host key.",
        put(HEADER_AT + SLOT_AT + 0x20, bytes(1)),
        access=MACHINE,
        others=CLOSED,
    ),
    Fault(
        "image.access.slot-tag",
        NOT_CHECKED,
        "The public key is not a point on P-521.",
        put(HEADER_AT + 0x40, bytes(160)),
        access=MACHINE,
        others={**CLOSED, "image.header.customer-key": FAILED},
    ),
    Fault(
        "image.access.header-tag",
        FAILED,
        "The header key does not open this header.",
        access=WRONG_KEY,
        evidence={
            "authenticated": "496 bytes in clear and 128 encrypted",
            "tag": "e255c40c21e4f35f5b6ed239f6b76091",
        },
        others={**INSIDE, "image.guest.arguments": NOT_CHECKED},
    ),
    Fault(
        "image.access.header-tag",
        FAILED,
        "The header key does not open this header.",
        put(HEADER_AT + 0x10, b"\0"),
        access=MACHINE,
        evidence={
            "authenticated": "496 bytes in clear and 128 encrypted",
            "tag": "e255c40c21e4f35f5b6ed239f6b76091",
        },
        others={**INSIDE, "image.guest.arguments": NOT_CHECKED},
    ),
    Fault(
        "image.access.header-tag",
        NOT_CHECKED,
        "Needs the header key or the machine's private key",
        access=None,
        others={**INSIDE, "image.guest.arguments": NOT_CHECKED},
        required=False,
    ),
    Fault("image.access.secret-part", FAILED, "It announces 1 optional items", secret(0x78, b"\0\0\0\1")),
    Fault("image.access.secret-part", WARNING, "Its reserved bytes are not zero.", secret(0x7C, b"\0\0\0\1")),
    Fault(
        "image.access.secret-part",
        FAILED,
        "The two halves of the image key are equal; AES-XTS does not allow that.",
        secret(0x20, IMAGE_KEY[:32] * 2),
        others={"image.guest.arguments": NOT_CHECKED},
    ),
    Fault(
        "image.access.scf",
        WARNING,
        "An enforced extension secret and an allowed update",
        secret(0x70, be8(3 << 61)),
        evidence={"flags in the header": "0x6000000000000000"},
    ),
    Fault(
        "image.access.scf",
        WARNING,
        "Bits without a published meaning are set: 0x0000000000000001.",
        secret(0x70, be8(1)),
        evidence={"flags in the header": "0x0000000000000001"},
    ),
    Fault(
        "image.access.scf",
        FAILED,
        "The machine does not support 0x4000000000000000.",
        base="C",
        machine=SupportedFlags(scf=1 << 61),
        code=(0x0109, 0),
        evidence={"flags in the header": "0x4000000000000000", "supported by the machine": "0x2000000000000000"},
    ),
    Fault(
        "image.access.psw",
        FAILED,
        "The start address is odd; instructions lie at even addresses.",
        secret(0x68, be8(0x2B001)),
        evidence=start_shown(0x180000000, 0x2B001),
    ),
    Fault(
        "image.access.psw",
        FAILED,
        "The start address lies outside every component: there is no code.",
        secret(0x68, be8(0x2D000)),
        evidence=start_shown(0x180000000, 0x2D000),
    ),
    Fault(
        "image.access.psw",
        WARNING,
        "The mask is not the usual one for 64-bit addressing.",
        secret(0x60, be8(0x80000000)),
        evidence=start_shown(0x80000000, 0x2B000),
    ),
    Fault(
        "image.access.psw",
        WARNING,
        "The start address is not the beginning of the last component.",
        secret(0x68, be8(0x2B002)),
        evidence=start_shown(0x180000000, 0x2B002),
    ),
    # --- Guest --------------------------------------------------------------------------------------------------------
    Fault(
        "image.guest.arguments",
        FAILED,
        "No argument block that fits these components was found at the end of stage3b.",
        plain(put(END_OF_STAGE3B_CODE, b"\1")),
        base="B",
        others=NO_GUEST,
    ),
    Fault(
        "image.guest.arguments",
        FAILED,
        "No argument block that fits these components was found at the end of stage3b.",
        plain(number(END_OF_STAGE3B_CODE - 16, 0x100000000)),
        base="B",
        others=NO_GUEST,
    ),
    *(
        Fault(
            "image.guest.arguments",
            FAILED,
            "No argument block that fits these components was found at the end of stage3b.",
            plain(number(END_OF_STAGE3B_CODE - 64 + 8 * position, value)),
            base="B",
            others=NO_GUEST,
        )
        for position, value in (
            (0, 0x16000),  # the kernel's address is no component's
            (1, 0x13001),  # the kernel is longer than its component
            (1, 0x12000),  # or shorter
            (2, 0),  # a command line without an address
            (3, 4097),
            (4, 0x2A000),  # the ramdisk where the command line is
            (5, 8193),
        )
    ),
    Fault(
        "image.guest.arguments",
        NOT_CHECKED,
        "The components are encrypted; their content needs a key.",
        access=None,
        others={"image.access.header-tag": NOT_CHECKED, **INSIDE},
        required=False,
    ),
    Fault(
        "image.guest.arguments",
        NOT_CHECKED,
        "The components cannot be read.",
        row(0, length=-1),
        access=None,
        others={
            "image.access.header-tag": NOT_CHECKED,
            **INSIDE,
            **NO_DIGESTS,
            "image.start.gaps": WARNING,
            "image.table.places": FAILED,
        },
    ),
    Fault(
        "image.guest.arguments",
        NOT_CHECKED,
        "The components cannot be read.",
        access=WRONG_KEY,
        others={"image.access.header-tag": FAILED, **INSIDE},
    ),
    Fault(
        "image.guest.kernel-size",
        FAILED,
        "It has 65535 bytes; stage3b stops below 65536 (wait code 0x4511).",
        base="short kernel",
        others={"image.guest.kernel": NOT_CHECKED},
    ),
    Fault(
        "image.guest.kernel",
        WARNING,
        "The magic “S390EP” is missing at 0x10008",
        plain(put(0x15000 + 0x10008, b"s")),
        base="B",
    ),
    Fault(
        "image.guest.kernel",
        NOT_CHECKED,
        "It is too short to say.",
        base="kernel without parameters",
        others={},
    ),
    Fault(
        "image.guest.cmdline",
        FAILED,
        "It does not end with a NUL; stage3b stops (wait code 0x4511).",
        plain(put(0x2A000 + len(COMMAND_LINE), b" ")),
        base="B",
    ),
    Fault(
        "image.guest.cmdline",
        FAILED,
        "It is longer than the kernel takes; stage3b stops (wait code 0x4511).",
        plain(number(0x15000 + 0x10430, 32)),
        base="B",
        evidence={"command line": "33 bytes", "kernel's limit": "32 bytes"},
    ),
    Fault(
        "image.guest.cmdline",
        FAILED,
        "It is longer than the kernel takes; stage3b stops (wait code 0x4511).",
        base="long line for an old kernel",
        evidence={"command line": "897 bytes", "kernel's limit": "896 bytes"},
    ),
    # A ramdisk that does not fit is found by the arguments, so this one can only be left out.
    Fault(
        "image.guest.ramdisk",
        NOT_CHECKED,
        "Needs stage3b's arguments.",
        plain(put(END_OF_STAGE3B_CODE, b"\1")),
        base="B",
        others={**NO_GUEST, "image.guest.arguments": FAILED},
    ),
    *(
        Fault(
            "image.guest.padding",
            WARNING,
            f"Behind the {name} there are bytes that are not zero.",
            plain(put(offset, b"hidden")),
            base="B",
            evidence={"bytes": b"hidden".hex() + "00" * 10},
        )
        for name, offset in (
            ("kernel", 0x15000 + 0x12345),
            ("ramdisk", 0x28000 + 5000),
            ("command line", 0x2A000 + 33),
        )
    ),
    # --- Comparison with given files ----------------------------------------------------------------------------------
    *(
        fault
        for kind, name, content in (
            (ComponentKind.KERNEL, "kernel", KERNEL),
            (ComponentKind.RAMDISK, "ramdisk", RAMDISK),
            (ComponentKind.COMMAND_LINE, "command-line", COMMAND_LINE + b"\0"),
        )
        for fault in (
            Fault(
                f"image.inputs.{name}",
                FAILED,
                "The sizes differ.",
                expected={kind: content + b"x"},
                evidence={"component": f"{len(content)} bytes", "file": f"{len(content) + 1} bytes: "},
            ),
            Fault(
                f"image.inputs.{name}",
                FAILED,
                "They differ from byte 0x5 on.",
                expected={kind: differing(differing(content, 5), 7)},
                evidence={"component": f"{len(content)} bytes", "file": f"{len(content)} bytes: "},
            ),
            Fault(
                f"image.inputs.{name}",
                FAILED,
                f"They differ from byte 0x{len(content) - 1:x} on.",
                expected={kind: differing(content, len(content) - 1)},
                evidence={"component": f"{len(content)} bytes", "file": f"{len(content)} bytes: "},
            ),
            Fault(
                f"image.inputs.{name}",
                NOT_CHECKED,
                "The components cannot be read; give a key that opens the header.",
                expected={kind: content},
                access=None,
                others={"image.access.header-tag": NOT_CHECKED, **INSIDE, "image.guest.arguments": NOT_CHECKED},
            ),
            Fault(
                f"image.inputs.{name}",
                NOT_CHECKED,
                "The components cannot be read; give a key that opens the header.",
                expected={kind: content},
                access=WRONG_KEY,
                others={"image.access.header-tag": FAILED, **INSIDE, "image.guest.arguments": NOT_CHECKED},
            ),
            Fault(
                f"image.inputs.{name}",
                NOT_CHECKED,
                "The components cannot be read.",
                row(0, length=-1),
                expected={kind: content},
                others={
                    **NO_DIGESTS,
                    "image.start.gaps": WARNING,
                    "image.table.places": FAILED,
                    "image.guest.arguments": NOT_CHECKED,
                },
            ),
            Fault(
                f"image.inputs.{name}",
                NOT_CHECKED,
                "The components cannot be read.",
                row(0, length=-1),
                base="B",
                expected={kind: content},
                access=None,
                others={
                    "image.access.header-tag": NOT_CHECKED,
                    **INSIDE,
                    **NO_DIGESTS,
                    "image.table.places": FAILED,
                    "image.guest.arguments": NOT_CHECKED,
                },
            ),
            Fault(
                f"image.inputs.{name}",
                NOT_CHECKED,
                "Without stage3b's arguments nobody knows which component that is.",
                plain(put(END_OF_STAGE3B_CODE, b"\1")),
                base="B",
                expected={kind: content},
                others={"image.guest.arguments": FAILED, **NO_GUEST},
            ),
        )
    ),
    Fault(
        "image.inputs.kernel",
        FAILED,
        "The sizes differ.",
        expected={ComponentKind.KERNEL: KERNEL[:-1]},
        evidence={"component": "74565 bytes", "file": "74564 bytes: "},
    ),
    *(
        Fault(
            f"image.inputs.{name}",
            FAILED,
            f"The image has no {title}.",
            base="C",
            expected={kind: b""},
            evidence={"file": ""},
        )
        for kind, name, title in (
            (ComponentKind.RAMDISK, "ramdisk", "ramdisk"),
            (ComponentKind.COMMAND_LINE, "command-line", "command line"),
        )
    ),
]


@pytest.fixture(scope="session")
def bases(golden: dict[str, Path], inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The images to start from: the golden ones and some that are refused without --no-component-check."""
    folder = tmp_path_factory.mktemp("bases")
    images = {letter: path.read_bytes() for letter, path in golden.items()}
    kernels = {
        "short kernel": kernel(0xFFFF),
        "kernel without parameters": kernel(0x10437),
        "long line for an old kernel": kernel(limit=0),
        "95 hosts": KERNEL,
    }
    line = folder / "line"
    line.write_bytes(b"a" * 896)
    for name, content in kernels.items():
        (folder / "kernel").write_bytes(content)
        order = replace(inputs.order(folder / name), kernel=folder / "kernel", check_components=False)
        if name.startswith("long"):
            order = replace(order, command_line=line)
        if name.startswith("95"):
            order = replace(order, recipients=order.recipients * 95)
        build_image(order, golden_keys())
        images[name] = (folder / name).read_bytes()
    return images


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_each_check_objects_to_its_fault_and_no_other_check_does(
    bases: dict[str, bytes], tmp_path: Path, fault: Fault
) -> None:
    draft = Draft(bases[fault.base])
    fault.spoil(draft)
    image = tmp_path / "image"
    image.write_bytes(draft.data)
    files = {kind: tmp_path / kind.name for kind in fault.expected}
    for kind, path in files.items():
        path.write_bytes(fault.expected[kind])

    result = verify_file(image, fault.access, fault.machine, files, hash_file=True)

    assert result.sha256 == hashlib.sha256(draft.data).hexdigest(), "whatever is wrong with the image"
    check = result.check.find(fault.id)
    assert check is not None
    assert (check.verdict, check.required) == (fault.verdict, fault.required)
    assert check.reason.startswith(fault.reason)
    assert check.code == fault.code
    shown = {item.label: item.value for item in check.evidence}
    assert shown.keys() == fault.evidence.keys() or not fault.evidence
    for label, value in fault.evidence.items():
        assert shown[label].startswith(value)
    assert check.rule
    if fault.id == "image.header.found":
        assert len(list(result.check.leaves())) == 1
        assert check.remedy
    else:
        loader = {} if fault.id == "image.start.loader" else {"image.start.loader": WARNING}
        assert remarks(result.check) == {**loader, **fault.others, fault.id: fault.verdict}
    if fault.verdict is FAILED:
        assert result.check.verdict is FAILED


def test_the_table_has_every_check_that_the_package_defines() -> None:
    defined = {pattern for pattern in defined_ids("Step") if not pattern.startswith("build")}
    tried = {fault.id for fault in FAULTS}
    assert len(defined) >= 30
    assert [pattern for pattern in defined if not any(re.fullmatch(pattern, name) for name in tried)] == []
    assert [name for name in tried if not any(re.fullmatch(pattern, name) for pattern in defined)] == []


@pytest.fixture
def sound(inputs: Inputs, tmp_path: Path) -> Path:
    """An image with the program's own boot loader, to which there is nothing to remark."""
    build_image(replace(inputs.order(tmp_path / "sound"), bootloader=own_bootloader()), golden_keys())
    return tmp_path / "sound"


def all_inputs(inputs: Inputs) -> dict[ComponentKind, Path]:
    return {
        ComponentKind.KERNEL: inputs.kernel,
        ComponentKind.RAMDISK: inputs.ramdisk,
        ComponentKind.COMMAND_LINE: inputs.command_line,
    }


def test_every_check_of_the_table_is_seen_passing_on_a_sound_image(inputs: Inputs, sound: Path) -> None:
    check = verify_file(sound, MACHINE, SupportedFlags(0xE0, 0), all_inputs(inputs)).check
    passed = {leaf.id for leaf in check.leaves() if leaf.verdict is PASSED}
    assert remarks(check) == {}
    assert check.verdict is PASSED
    # A component table that was found says so by being checked: that step exists only where it fails.
    assert {fault.id for fault in FAULTS} - passed == {"image.table.found"}


def test_checks_come_in_groups_that_the_package_names(inputs: Inputs, sound: Path) -> None:
    check = verify_file(sound, MACHINE, None, all_inputs(inputs)).check
    named = {pattern.replace("\\", "") for pattern in defined_ids("group") if not pattern.startswith("build")}
    assert {check.id, *(child.id for child in check.children if child.children)} == named


def test_each_passed_check_tells_what_was_compared_and_none_gives_a_remedy(sound: Path) -> None:
    check = verify_file(sound, MACHINE).check
    assert [leaf.id for leaf in check.leaves() if leaf.remedy or leaf.code or not leaf.rule] == []
    start = check.find("image.access.slot")
    assert start is not None
    assert start.reason == "Key slot 1."
    assert start.evidence[0].value == "367b3ea151fbc30ce54f6de2a7428872054887cc9dfacb402c6dec2ba2506bb3"


def test_key_slots_are_counted_in_words(golden: dict[str, Path]) -> None:
    said = []
    for letter in "AC":
        check = verify_file(golden[letter]).check.find("image.header.slots")
        assert check is not None
        said.append(check.reason)
    assert said == ["1 key slot.", "2 key slots."]


def test_the_second_of_two_machines_opens_the_second_slot(golden: dict[str, Path]) -> None:
    check = verify_file(golden["C"], OTHER_MACHINE).check.find("image.access.slot")
    assert check is not None
    assert check.reason == "Key slot 2."


def test_a_machine_with_two_slots_uses_the_one_that_opens(bases: dict[str, bytes], tmp_path: Path) -> None:
    image = bytearray(bases["95 hosts"])
    image[HEADER_AT + SLOT_AT + 0x20] ^= 1
    (tmp_path / "image").write_bytes(image)
    found = verify_file(tmp_path / "image", MACHINE).check
    slot_tag = found.find("image.access.slot-tag")
    assert slot_tag is not None
    assert slot_tag.reason == "Key slot 2 holds the header key."
    # The first slot was changed, and all slots are authenticated.
    assert remarks(found)["image.access.header-tag"] is FAILED


# --- Flags of a machine -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (SupportedFlags(), {"image.header.pcf": WARNING, "image.access.scf": WARNING}),
        (SupportedFlags(pcf=(1 << 64) - 1), {"image.access.scf": WARNING}),
        (SupportedFlags(scf=(1 << 64) - 1), {"image.header.pcf": WARNING}),
        (SupportedFlags((1 << 64) - 1, (1 << 64) - 1), {}),
        (SupportedFlags(0, 0), {"image.header.pcf": FAILED, "image.access.scf": FAILED}),
        (SupportedFlags(0x8000000000000001, 0), {"image.access.scf": FAILED}),
        (SupportedFlags(0, 1), {"image.header.pcf": FAILED}),
    ],
)
def test_flags_without_a_name_warn_by_themselves_and_are_judged_by_a_machine(
    inputs: Inputs, tmp_path: Path, machine: SupportedFlags, expected: dict[str, Verdict]
) -> None:
    order = replace(inputs.order(tmp_path / "image"), pcf=0x8000000000000001, scf=1)
    build_image(order, golden_keys())
    found = remarks(verify_file(order.output, KEY, machine).check)
    assert found == {"image.start.loader": WARNING, **expected}


def test_a_machine_that_supports_both_secret_flags_takes_them_together(inputs: Inputs, tmp_path: Path) -> None:
    order = replace(inputs.order(tmp_path / "image"), scf=3 << 61)
    build_image(order, golden_keys())
    assert "image.access.scf" not in remarks(verify_file(order.output, KEY, SupportedFlags(scf=3 << 61)).check)


# --- Comparison with given files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("closing", [b"", b"\0"])
def test_a_command_line_is_the_given_file_with_or_without_the_closing_nul(
    golden: dict[str, Path], tmp_path: Path, closing: bytes
) -> None:
    line = tmp_path / "line"
    line.write_bytes(COMMAND_LINE + closing)
    check = verify_file(golden["A"], KEY, None, {ComponentKind.COMMAND_LINE: line}).check
    assert set(remarks(check)) == {"image.start.loader"}


def test_given_files_are_compared_without_a_key_if_nothing_is_encrypted(
    golden: dict[str, Path], inputs: Inputs
) -> None:
    check = verify_file(golden["B"], None, None, all_inputs(inputs)).check.find("image.inputs")
    assert check is not None
    assert [(leaf.verdict, leaf.reason) for leaf in check.leaves()] == [(PASSED, "Byte for byte.")] * 3


def test_only_given_files_are_compared(golden: dict[str, Path], inputs: Inputs) -> None:
    check = verify_file(golden["A"], KEY, None, {ComponentKind.RAMDISK: inputs.ramdisk}).check.find("image.inputs")
    assert check is not None
    assert [leaf.id for leaf in check.leaves()] == ["image.inputs.ramdisk"]
    assert verify_file(golden["A"], KEY).check.find("image.inputs") is None


def test_a_difference_behind_the_first_run_of_pages_is_found_at_its_place(inputs: Inputs, tmp_path: Path) -> None:
    big = tmp_path / "ramdisk"
    content = bytes(5_000_000)
    big.write_bytes(content)
    order = replace(inputs.order(tmp_path / "image"), ramdisk=big)
    build_image(order, golden_keys())
    assert remarks(verify_file(order.output, KEY, None, {ComponentKind.RAMDISK: big}).check) == {
        "image.start.loader": WARNING
    }
    big.write_bytes(differing(content, 4_999_999))
    check = verify_file(order.output, KEY, None, {ComponentKind.RAMDISK: big}).check.find("image.inputs.ramdisk")
    assert check is not None
    assert check.reason == f"They differ from byte 0x{4_999_999:x} on."


def test_a_missing_file_to_compare_with_is_an_error_that_names_it(golden: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SeError, match="does not exist") as caught:
        verify_file(golden["A"], KEY, None, {ComponentKind.KERNEL: tmp_path / "absent"})
    assert caught.value.where == str(tmp_path / "absent")


def test_a_comparison_with_a_bare_header_was_asked_for_and_cannot_be_made(
    golden: dict[str, Path], inputs: Inputs, tmp_path: Path
) -> None:
    bare = tmp_path / "header"
    bare.write_bytes(golden["A"].read_bytes()[HEADER_AT : HEADER_AT + 640])
    check = verify_file(bare, KEY, None, {ComponentKind.KERNEL: inputs.kernel}).check
    assert check.verdict in (NOT_CHECKED, FAILED)
    assert check.find("image.inputs.kernel") is not None


def test_of_many_places_that_belong_to_no_part_the_first_eight_are_shown(
    bases: dict[str, bytes], tmp_path: Path
) -> None:
    """An image of 40 one-page components with a page between each of them."""
    draft = Draft(bases["A"])
    first = 0x30000
    rows = [(0x28 << 48 | n, first + n * 0x2000, 0x1000) for n in range(40)]
    draft.data.extend(bytes(first + 40 * 0x2000 - len(draft.data)))
    for _, address, length in rows:
        draft.put(address + length, b"\1" * 17)
    table = tuple(IpibComponent(tweak_pref=prefix, addr=address, length=length) for prefix, address, length in rows)
    draft.put(IPIB_AT, Ipib.describing(table, HEADER_AT, 640).build())
    (tmp_path / "image").write_bytes(draft.data)
    check = verify_file(tmp_path / "image", None).check.find("image.start.gaps")
    assert check is not None
    assert len(check.evidence) == 8
    assert {item.value for item in check.evidence[1:]} == {"01" * 16}
    order = verify_file(tmp_path / "image", None).check.find("image.table.order")
    assert order is not None
    assert [item.label for item in order.evidence] == [f"component {n}" for n in range(1, 9)]


def test_a_component_on_the_code_of_stage3a_overlaps_it(bases: dict[str, bytes], tmp_path: Path) -> None:
    """stage3a is 0x2e38 bytes long and entered at 0x11000; the component covers the entry alone."""
    draft = Draft(bases["B"])
    row(0, address=0x11000 - 0x15000, length=0x1000 - 0x13000)(draft)
    draft.digest_again()
    (tmp_path / "image").write_bytes(draft.data)
    check = verify_file(tmp_path / "image", KEY).check.find("image.table.overlap")
    assert check is not None
    assert check.verdict is FAILED


def test_an_unknown_version_carries_the_ultravisors_answer(bases: dict[str, bytes], tmp_path: Path) -> None:
    draft = Draft(bases["A"])
    draft.put_number(HEADER_AT + 8, 0x200, 4)
    (tmp_path / "image").write_bytes(draft.data)
    check = verify_file(tmp_path / "image", KEY).check.find("image.header.found")
    assert check is not None
    assert check.verdict is FAILED
    assert check.code == (0x0104, 0x0001)
    assert "version 0x200" in check.reason
    assert "newer version" in check.remedy


def test_metadata_that_promise_an_ipib_that_is_not_there_do_not_pass(bases: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bases["A"][:IPIB_AT])
    check = verify_file(tmp_path / "image", KEY).check.find("image.start.metadata")
    assert check is not None
    assert check.verdict is FAILED
    assert ("IPIB found", "none") in [(item.label, item.value) for item in check.evidence]


def test_a_header_behind_the_components_is_read_as_well(bases: dict[str, bytes], tmp_path: Path) -> None:
    """pvimg can lay images out like that, with a switch that it does not offer; nothing in the format forbids it."""
    for gap in (0, 2 << 20):
        draft = Draft(bases["A"])
        sealed = bytes(draft.data[HEADER_AT : HEADER_AT + 640])
        draft.put(HEADER_AT, bytes(640))
        draft.data += bytes(-len(draft.data) % 0x1000 + gap)
        at = len(draft.data)
        draft.data += sealed
        for place, value in ((METADATA_AT + 8, at), (ARGUMENTS_AT, at - ARGUMENTS_AT), (IPIB_AT + 0x78, at)):
            draft.put_number(place, value)
        (tmp_path / "image").write_bytes(draft.data)
        check = verify_file(tmp_path / "image", KEY).check
        assert remarks(check) == {"image.start.loader": WARNING}, gap


# --- The whole --------------------------------------------------------------------------------------------------------


def test_a_bare_header_is_judged_by_its_structure_and_its_seal(golden: dict[str, Path], tmp_path: Path) -> None:
    bare = tmp_path / "header"
    bare.write_bytes(golden["C"].read_bytes()[HEADER_AT : HEADER_AT + 720])
    with_key = verify_file(bare, KEY).check
    assert with_key.verdict is PASSED
    assert {child.id for child in with_key.children} == {"image.header.found", "image.header", "image.access"}
    assert remarks(with_key) == {"image.access.psw": NOT_CHECKED}
    wrong = verify_file(bare, WRONG_KEY).check
    assert wrong.verdict is FAILED
    assert remarks(wrong) == {"image.access.header-tag": FAILED, **INSIDE}


def test_a_header_with_something_behind_it_is_no_bare_header(golden: dict[str, Path], tmp_path: Path) -> None:
    """What lies behind is vouched for by nothing."""
    path = tmp_path / "header"
    path.write_bytes(golden["A"].read_bytes()[HEADER_AT:])
    check = verify_file(path, KEY).check
    assert check.verdict is FAILED
    assert remarks(check) == {"image.header.found": FAILED, "image.access.psw": NOT_CHECKED}
    found = check.find("image.header.found")
    assert found is not None
    assert "what lies behind it is not checked" in found.reason
    assert [item.value for item in found.evidence] == ["640 bytes", f"{0x2D0E8 - HEADER_AT} bytes"]


def test_equal_halves_of_a_key_that_nothing_is_encrypted_with_do_not_matter(
    bases: dict[str, bytes], tmp_path: Path
) -> None:
    draft = Draft(bases["B"])
    draft.put_secret(0x20, IMAGE_KEY[:32] * 2)
    (tmp_path / "image").write_bytes(draft.data)
    assert set(remarks(verify_file(tmp_path / "image", KEY).check)) == {"image.start.loader"}


def test_without_a_key_authenticity_is_left_open_and_the_whole_passes(golden: dict[str, Path]) -> None:
    check = verify_file(golden["A"]).check
    assert check.verdict is PASSED
    access = check.find("image.access")
    assert access is not None
    assert (access.verdict, access.required) == (NOT_CHECKED, False)
    assert {leaf.reason for leaf in access.leaves()} == {"Needs the header key or the machine's private key."}


def test_contents_are_told_once_they_can_be_read(golden: dict[str, Path]) -> None:
    assert verify_file(golden["A"]).contents is None
    contents = verify_file(golden["A"], KEY).contents
    assert contents is not None
    assert contents == verify_file(golden["B"]).contents
    assert contents.to_json() == {
        "components": [
            {"kind": "kernel", "address": "0x15000", "size": 0x12345, "stored_size": 0x13000},
            {"kind": "ramdisk", "address": "0x28000", "size": 5000, "stored_size": 0x2000},
            {"kind": "command line", "address": "0x2a000", "size": 33, "stored_size": 0x1000},
            {"kind": "stage3b", "address": "0x2b000", "size": 0x1864, "stored_size": 0x2000},
        ],
        "kernel_version": "",
        "command_line_limit": 4096,
        "command_line": "root=/dev/vda1 console=ttysclp0\n",
        "ramdisk": "unknown",
    }


def test_contents_say_nothing_about_parts_that_are_not_there(golden: dict[str, Path]) -> None:
    contents = verify_file(golden["C"], KEY).contents
    assert contents is not None
    record = contents.to_json()
    assert [part["kind"] for part in record["components"]] == ["kernel", "stage3b"]
    assert "command_line" not in record
    assert "ramdisk" not in record


VERSION = b"6.1.0-49-s390x (debian-kernel@lists.debian.org) #1 SMP"


@pytest.mark.parametrize(
    ("pointer", "text", "version"),
    [
        (0x11000, VERSION + b"\0\xff", VERSION.decode()),
        (0x12345 - len(VERSION), VERSION, VERSION.decode()),
        (0, VERSION, ""),
        (0x12345, VERSION, ""),
        (1 << 63, VERSION, ""),
        (0x11000, b"\x1b[2Jevil\0", ""),
        (0x11000, b"ab\0", ""),
    ],
    ids=["inside", "at the very end", "no pointer", "behind the end", "far away", "control characters", "too short"],
)
def test_the_version_of_the_kernel_is_read_where_the_kernel_says(
    tmp_path: Path, pointer: int, text: bytes, version: str
) -> None:
    content = bytearray(KERNEL)
    content[0x10428:0x10430] = be8(pointer)
    place = pointer if 0 < pointer < len(content) else 0x11000
    content[place : place + len(text)] = text
    image = tmp_path / "image"
    image.write_bytes(Forgery(parts=pieces(kernel_content=bytes(content[:0x12345]))).build())
    result = verify_file(image)
    assert result.contents is not None
    assert result.contents.kernel_version == version
    check = result.check.find("image.guest.kernel")
    assert check is not None
    assert check.reason == (f"Version {version}." if version else "It names no version.")


def test_json_of_a_verification_has_verdict_checks_and_contents_and_no_secret(
    golden: dict[str, Path], inputs: Inputs
) -> None:
    for access in (KEY, MACHINE):
        record = verify_file(golden["A"], access, SupportedFlags(0, 0), all_inputs(inputs)).to_json()
        assert set(record) == {"verdict", "checks", "contents"}
        assert record["verdict"] == record["checks"]["verdict"] == "failed"
        text = json.dumps(record)
        assert [key.hex() for key in (HEADER_KEY, IMAGE_KEY[:32], IMAGE_KEY[32:], CCK) if key.hex() in text] == []
    assert "contents" not in verify_file(golden["A"]).to_json()


def test_ultravisor_codes_are_hexadecimal_in_json(golden: dict[str, Path]) -> None:
    check = verify_file(golden["A"], OTHER_MACHINE).check.find("image.access.slot")
    assert check is not None
    record = check.to_json()
    assert (record["uv_rc"], record["uv_rrc"]) == ("0x0108", "0x0005")


def test_verification_reports_progress_and_can_be_cancelled(golden: dict[str, Path], inputs: Inputs) -> None:
    seen: list[Progress] = []
    kernel_only = {ComponentKind.KERNEL: inputs.kernel}
    with open_image(golden["A"]) as image:
        verify_image(image, KEY, inputs=kernel_only, job=Job(seen.append))
        ends = {progress.phase: (progress.done, progress.total) for progress in seen}
        assert ends == {
            "Checking the components": (0x18000, 0x18000),
            "Comparing the kernel": (0x12345, 0x12345),
        }
        for stop in range(1, len(seen) + 1):
            with pytest.raises(Cancelled):
                verify_image(image, KEY, inputs=kernel_only, job=cancelled_after(stop))


@pytest.mark.parametrize("way", ["in order", "out of order", "header alone", "no image"])
def test_the_digest_of_the_file_comes_from_as_few_readings_as_possible(
    inputs: Inputs, tmp_path: Path, way: str
) -> None:
    ramdisk = tmp_path / "ramdisk"
    ramdisk.write_bytes(b"\x5a" * (2 * RUN_SIZE + 5))
    build_image(replace(inputs.order(tmp_path / "image"), ramdisk=ramdisk), golden_keys())
    draft = Draft((tmp_path / "image").read_bytes())
    whole = bytes(draft.data) + b"behind" * RUN_SIZE
    if way == "out of order":
        # The tweak prefixes stay where they are: no check of the table objects.
        then(exchange(1, 2, whole=True), exchange(1, 2, whole=False), Draft.digest_again)(draft)
        whole = bytes(draft.data)
    elif way == "header alone":
        whole = whole[HEADER_AT : HEADER_AT + 640]
    elif way == "no image":
        whole = bytes(3 * RUN_SIZE)
    path = tmp_path / "examined"
    path.write_bytes(whole)
    seen: list[Progress] = []
    with open_image(path) as image:
        result = verify_image(image, hash_file=True, job=Job(seen.append))
    assert result.sha256 == result.to_json()["sha256"] == hashlib.sha256(whole).hexdigest()
    digest = result.check.find("image.digest")
    assert (digest and digest.verdict) == (PASSED if way in ("in order", "out of order") else None)
    ends = {progress.phase: (progress.done, progress.total) for progress in seen}
    pages = sum(length for _, _, length in draft.table())
    assert ends == {
        "in order": {"Checking the components": (len(whole), len(whole))},
        "out of order": {"Checking the components": (pages, pages), "Hashing the file": (len(whole), len(whole))},
    }.get(way, {"Hashing the file": (len(whole), len(whole))})


def test_the_digest_of_the_file_is_left_out_unless_asked_for(golden: dict[str, Path]) -> None:
    result = verify_file(golden["A"], KEY)
    assert result.sha256 == ""
    assert "sha256" not in result.to_json()


def cancelled_after(reports: int) -> Job:
    """A job that is cancelled from its watcher, so the next report does not come."""
    count = 0

    def watch(_: Progress) -> None:
        nonlocal count
        count += 1
        if count == reports:
            job.cancel()
            job.check()

    job = Job(watch)
    return job


def test_an_image_that_becomes_shorter_while_it_is_read_is_an_error(golden: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(golden["A"].read_bytes())

    def watch(progress: Progress) -> None:
        if progress.phase == "Checking the components" and progress.done == 0:
            with path.open("r+b") as file:
                file.truncate(0x20000)

    with open_image(path) as image, pytest.raises(SeError, match="became shorter while it was read") as caught:
        verify_image(image, KEY, job=Job(watch))
    assert caught.value.where == str(path)


# --- Any other change -------------------------------------------------------------------------------------------------

# The IPIB's reserved bytes, flags and load parameter: nothing reads them, and no check looks at them.
UNWATCHED = [
    *range(IPIB_AT + 4, IPIB_AT + 7),
    *range(IPIB_AT + 0x0D, IPIB_AT + 0x6F),
    *range(IPIB_AT + 0x70, IPIB_AT + 0x74),
]


@settings(max_examples=100)
@given(data=st.data())
def test_any_changed_byte_changes_the_report(golden: dict[str, Path], tmp_path: Path, data: st.DataObject) -> None:
    """Parts are drawn first, so small ones get their share."""
    parts = [(0, 8), (8, 0xC000), (0xC000, 0xC01C), (0xC01C, 0x10000), (0x10000, 0x12E20), (0x12E20, 0x12E38)]
    parts += [(0x12E38, 0x14000), (0x14000, 0x14280), (0x14280, 0x15000), (0x15000, 0x2D000), (0x2D000, 0x2D0E8)]
    begin, end = data.draw(st.sampled_from(parts))
    offset = data.draw(st.integers(begin, end - 1))
    assume(offset not in UNWATCHED)
    image = bytearray(golden["A"].read_bytes())
    before = verify_file(golden["A"], KEY)
    image[offset] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "image"
    path.write_bytes(image)
    after = verify_file(path, KEY)
    assert after.check != before.check
    if 0x14000 <= offset < 0x14280 or 0x15000 <= offset < 0x2D000:
        assert after.check.verdict is FAILED
