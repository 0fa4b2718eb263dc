"""A report of the verification of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.flags import PCF, SCF, FlagWord
from seworkbench.image.contents import command_line_text
from seworkbench.report.drawing import WIDTH, Anchor, Box, Drawing, Ink, Label, fitting
from seworkbench.report.image_by_hand import image_steps
from seworkbench.report.inputs import file_input, hashed_input, key_input
from seworkbench.report.model import Cell, Column, Fact, Report, Section, Table
from seworkbench.report.text import plural, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from seworkbench.formats.se_header import SeHeader
    from seworkbench.image.contents import Contents
    from seworkbench.image.verify import Verification
    from seworkbench.jobs import Job


def image_report(
    result: Verification,
    image: Path,
    at: datetime,
    *,
    expected: Mapping[ComponentKind, Path] | None = None,
    header_key: Path | None = None,
    host_private_key: Path | None = None,
    known_hosts: Mapping[bytes, str] | None = None,
    notes: str = "",
    job: Job | None = None,
) -> Report:
    """A report of a verification.

    Args:
        result: what the verification found.
        image: the image that was verified; it is read once more for its digest if that was not computed then.
        at: the instant of verification, aware UTC.
        expected: the files that its components were compared with.
        header_key: the key file that opened it.
        host_private_key: the key file of the machine that opened it. Only a simulated one's can be known.
        known_hosts: names of machines by the hash of their host key (PHKH, 32 bytes).
        notes: words of the reviewer.
        job: for progress and cancelling.

    Raises:
        SeError: if a file cannot be read.
    """
    what = "SE image" if _is_image(result) else "SE header"
    main = hashed_input(image, what, result.sha256) if result.sha256 else file_input(image, what, job)
    inputs = [main]
    if header_key is not None:
        inputs.append(key_input(header_key, "header key"))
    if host_private_key is not None:
        inputs.append(key_input(host_private_key, "private host key"))
    inputs += [file_input(path, f"expected {kind.title}", job) for kind, path in (expected or {}).items()]
    return Report(
        title="SE image" if _is_image(result) else "SE header",
        subject=_subject(result, image),
        at=at,
        inputs=tuple(inputs),
        facts=tuple(_facts(result)),
        sections=tuple(_sections(result, known_hosts or {})),
        simulated=host_private_key is not None,
        by_hand=image_steps(main, image, result.check),
        notes=notes,
    )


def _is_image(result: Verification) -> bool:
    # A bare header has no components; a file without a header was meant to be an image.
    return result.header is None or result.check.find("image.guest") is not None


def _subject(result: Verification, image: Path) -> str:
    if result.header is None:
        return f"{image.name}: no SE header was found in it."
    if result.content is not None:
        return f"{image.name}: whether it is intact, who sealed it, and what is inside."
    return f"{image.name}: whether it is intact. Without a key nothing shows who made it."


def _facts(result: Verification) -> Iterator[Fact]:
    header = result.header
    if header is None:
        return
    yield Fact("Header tag", header.tag.hex(), code=True)
    yield Fact("Header", f"version 1, {size(header.sehs)}, {plural(header.nks, 'key slot')}")
    yield Fact("Measured", plural(header.nep, "page of 4096 bytes", "pages of 4096 bytes"))
    digests = result.check.find("image.digest")
    integrity = digests.verdict if digests else Verdict.NOT_CHECKED
    yield Fact("Components", _INTEGRITY[integrity])
    yield Fact(
        "Authenticity",
        "proven: the key opens the header, so its owner sealed it"
        if result.content is not None
        else "not proven: no key that opens the header was given",
    )


_INTEGRITY = {
    Verdict.PASSED: "equal: they are those that the header describes",
    Verdict.FAILED: "not equal: they are not those that the header describes",
    Verdict.WARNING: "see the checks",
    Verdict.NOT_CHECKED: "not checked: there are none that could be compared",
}


def _sections(result: Verification, known_hosts: Mapping[bytes, str]) -> Iterator[Section]:
    header = result.header
    if header is not None:
        yield Section(
            "Who can start it",
            "One key slot for each host key. A machine whose host key has none of these hashes cannot open the image.",
            table=_slots(header, known_hosts),
        )
        yield Section(
            "Control flags",
            "What the owner of the image allows. Flags in the clear part can be read by everybody, but not changed.",
            table=_flags(result),
        )
    if result.contents is not None:
        yield _contents(result.contents)
    yield Section(
        "Checks",
        "In the order of the start of a machine. Nothing stopped at the first failure.",
        check=result.check,
    )


def _slots(header: SeHeader, known_hosts: Mapping[bytes, str]) -> Table:
    columns = (Column("Slot", 1), Column("Host key hash (PHKH)", 10, code=True), Column("Machine", 3))
    rows = [
        (str(number), slot.phkh.hex(), known_hosts.get(slot.phkh, "not known here"))
        for number, slot in enumerate(header.keyslots, start=1)
    ]
    return Table(columns, tuple(rows))


def _flags(result: Verification) -> Table:
    header = result.header
    rows = [*_flag_rows(PCF, header.pcf, "clear")] if header is not None else []
    if result.content is not None:
        rows += _flag_rows(SCF, result.content.scf, "secret")
    return Table((Column("Flag", 5), Column("Set", 2), Column("Part", 2), Column("What it means", 12)), tuple(rows))


def _flag_rows(word: FlagWord, value: int, part: str) -> Iterator[tuple[Cell, ...]]:
    for flag in word.flags:
        on = bool(value & flag.mask)
        yield flag.name, "on" if on else "off", part, flag.when_on if on else flag.when_off
    if unknown := word.unknown_in(value):
        yield f"0x{unknown:016x}", "on", part, "Flags without a published meaning."


def _contents(contents: Contents) -> Section:
    facts = []
    if contents.kernel_version:
        facts.append(Fact("Kernel version", contents.kernel_version))
    if contents.command_line is not None:
        facts.append(Fact("Command line", command_line_text(contents.command_line).rstrip(), code=True))
    if contents.ramdisk is not None:
        facts.append(Fact("Ramdisk", contents.ramdisk))
    columns = (
        Column("Component", 3),
        Column("Size", 3),
        Column("In the file", 3),
        Column("Address", 2, code=True),
    )
    rows = [
        (part.kind.title, size(part.size), size(part.entry.length), f"0x{part.entry.addr:x}") for part in contents.parts
    ]
    return Section(
        "What is inside",
        "The components as stage3b takes them: size before padding, and as stored.",
        drawing=_map(contents),
        facts=tuple(facts),
        table=Table(columns, tuple(rows)),
    )


_MAP_HEIGHT, _BAR_TOP, _BAR_HEIGHT = 46.0, 2.0, 22.0
_NARROWEST = 6.0
_FILLS = {
    ComponentKind.KERNEL: Ink.AUTHENTICATED,
    ComponentKind.RAMDISK: Ink.HASHED,
    ComponentKind.COMMAND_LINE: Ink.ENCRYPTED,
    ComponentKind.STAGE3B: Ink.CLEAR,
}


def _map(contents: Contents) -> Drawing:
    """The components side by side, to scale but never too narrow to be seen."""
    total = sum(part.entry.length for part in contents.parts)
    spread = WIDTH - _NARROWEST * len(contents.parts)
    shapes: list[Box | Label] = []
    left = 0.0
    for part in contents.parts:
        width = _NARROWEST + spread * part.entry.length / total
        shapes.append(Box(left, _BAR_TOP, width - 1, _BAR_HEIGHT, _FILLS[part.kind], None, radius=2))
        if width > 60:  # noqa: PLR2004 - room for a word
            name = fitting(part.kind.title, width - 8)
            shapes.append(
                Label(left + width / 2, _BAR_TOP + _BAR_HEIGHT + 14, name, 8.5, Ink.MUTED, anchor=Anchor.MIDDLE)
            )
        left += width
    return Drawing(
        "The components in image order, their widths in proportion to their sizes.", _MAP_HEIGHT, tuple(shapes)
    )
