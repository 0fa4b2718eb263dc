"""Two images or headers side by side: by meaning first, by bytes second.

Without keys that is what anybody can see; with a key for each, what is inside is compared too. Keys are told equal or
different and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.formats.flags import PCF, SCF
from seworkbench.image.contents import command_line_text, read_contents
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import examine
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seworkbench.formats.flags import FlagWord
    from seworkbench.image.access import Access
    from seworkbench.image.contents import ContentPart, Contents, PlainReader
    from seworkbench.image.image_file import ImageFile
    from seworkbench.image.verify import Examined

_RUN = 1 << 20
# Equal bytes between differences that are one range all the same: in ciphertext one in 256 is equal by chance.
_GAP = 16
RANGE_LIMIT = 10_000
ABSENT = "–"  # noqa: RUF001 - a dash for nothing


class Relation(Enum):
    """How two things compare; the value is the word that is shown."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Pair:
    """One property of both files.

    Args:
        group: what it belongs to ("Flags").
        title: plain name.
        left: value in the first file, as text; never a secret.
        right: value in the second file.
        relation: how they compare.
        note: what follows from it, or why it was not checked.
    """

    group: str
    title: str
    left: str
    right: str
    relation: Relation
    note: str = ""

    def to_json(self) -> dict[str, str]:
        """A plain structure for JSON."""
        return {
            "group": self.group,
            "title": self.title,
            "left": self.left,
            "right": self.right,
            "relation": self.relation.value,
            "note": self.note,
        }


@dataclass(frozen=True)
class Comparison:
    """The outcome.

    Args:
        pairs: every property, in reading order.
        ranges: offset and length of what differs byte by byte, in file order.
        cut_off: whether there are more ranges than these.
        sizes: sizes of both files.
        parts: begin, end and name of each part of the first file, to tell where a range begins.
    """

    pairs: tuple[Pair, ...]
    ranges: tuple[tuple[int, int], ...]
    cut_off: bool
    sizes: tuple[int, int]
    parts: tuple[tuple[int, int, str], ...] = ()

    @property
    def identical(self) -> bool:
        """Whether the files are the same, byte by byte."""
        return not self.ranges

    @property
    def differing(self) -> tuple[Pair, ...]:
        """The properties that differ."""
        return tuple(pair for pair in self.pairs if pair.relation is Relation.DIFFERENT)

    def sentence(self) -> str:
        """The outcome in one sentence."""
        if self.identical:
            return "The files are identical, byte by byte."
        count = len(self.differing)
        places = len(self.ranges)
        where = f"{places}{' or more' if self.cut_off else ''} place{'' if places == 1 else 's'}"
        if not count:
            unseen = any(pair.relation is Relation.NOT_CHECKED for pair in self.pairs)
            what = "could be compared by its meaning" if unseen else "the format gives a meaning"
            return f"Nothing that {what} differs; the bytes differ in {where}."
        return f"{count} propert{'y differs' if count == 1 else 'ies differ'}; the bytes differ in {where}."

    def part_at(self, offset: int) -> str:
        """The part of the first file that the byte belongs to; empty if it belongs to none."""
        return next((name for start, end, name in self.parts if start <= offset < end), "")

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        return {
            "identical": self.identical,
            "summary": self.sentence(),
            "sizes": list(self.sizes),
            "pairs": [pair.to_json() for pair in self.pairs],
            "ranges": [list(part) for part in self.ranges],
            "range_parts": [self.part_at(start) for start, _ in self.ranges],
            "ranges_cut_off": self.cut_off,
        }


@dataclass(frozen=True)
class _Side:
    """What is known about one file."""

    size: int
    examined: Examined
    reader: PlainReader | None
    contents: Contents | None


def compare_files(
    left: Path,
    right: Path,
    *,
    left_access: Access | None = None,
    right_access: Access | None = None,
    job: Job | None = None,
) -> Comparison:
    """Compare two images, or two headers, or one with the other.

    Args:
        left: the first file.
        right: the second file.
        left_access: key of the first file.
        right_access: key of the second file.
        job: progress and cancelling.

    Raises:
        SeError: if a file cannot be read, holds no header, or a key does not fit.
    """
    job = job or Job()
    with open_image(left) as one, open_image(right) as other:
        sides = _look(one, left_access), _look(other, right_access)
        pairs = tuple(_pairs(*sides, job))
        ranges, cut_off = differing_ranges(one, other, job)
    return Comparison(pairs, tuple(ranges), cut_off, (sides[0].size, sides[1].size), tuple(_parts(sides[0])))


def differing_ranges(one: ImageFile, other: ImageFile, job: Job) -> tuple[list[tuple[int, int]], bool]:
    """Offset and length of what differs, and whether there is more than is told.

    Differences with fewer than 16 equal bytes between them are one. Bytes that only one file has differ.
    """
    import numpy as np  # noqa: PLC0415 - small files are compared before it would be loaded

    shared = min(one.size, other.size)
    found: list[tuple[int, int]] = []
    job.phase("Comparing bytes", shared)
    for offset in range(0, shared, _RUN):
        size = min(_RUN, shared - offset)
        first, second = one.read_at(offset, size), other.read_at(offset, size)
        if first != second:
            size = min(len(first), len(second))  # a file that becomes shorter meanwhile
            apart = np.flatnonzero(np.frombuffer(first, np.uint8, size) != np.frombuffer(second, np.uint8, size))
            if len(apart):
                breaks = np.flatnonzero(np.diff(apart) > _GAP)
                starts = apart[np.concatenate(([0], breaks + 1))]
                ends = apart[np.concatenate((breaks, [len(apart) - 1]))] + 1
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                    _join(found, offset + start, offset + end)
        if len(found) > RANGE_LIMIT:
            return found[:RANGE_LIMIT], True
        job.advance(min(_RUN, shared - offset))
    if one.size != other.size:
        _join(found, shared, max(one.size, other.size))
    return found, False


def _join(found: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a range, to the last one if it follows closely."""
    if found and start - sum(found[-1]) <= _GAP:
        start = found.pop()[0]
    found.append((start, end - start))


def _look(image: ImageFile, access: Access | None) -> _Side:
    examined = examine(image, access, SupportedFlags())
    if access is not None and examined.content is None:
        # Told as opening it tells it, not as one check of many.
        from seworkbench.image.access import unlock  # noqa: PLC0415 - loads the cryptographic library

        unlock(examined.header, access)
    reader = examined.reader(image)
    contents = None
    if reader is not None and examined.ipib is not None:
        start = examined.content.psw.addr if examined.content else None
        contents = read_contents(reader, examined.ipib.ipib, start)[1]
    return _Side(image.size, examined, reader, contents)


def _parts(side: _Side) -> Iterator[tuple[int, int, str]]:
    location, header, ipib = side.examined.location, side.examined.header, side.examined.ipib
    yield location.offset, location.offset + header.sehs, "SE header"
    if ipib is None:
        return
    yield ipib.offset, ipib.offset + ipib.ipib.size, "IPIB"
    roles = {part.entry: part.kind.title for part in side.contents.parts} if side.contents else {}
    for number, entry in enumerate(ipib.ipib.components, start=1):
        yield entry.addr, entry.addr + entry.length, roles.get(entry, f"component {number}")


def _pair(group: str, title: str, left: object, right: object, note: str = "") -> Pair:
    same = left == right
    words = [
        ABSENT if value is None else value.hex() if isinstance(value, bytes) else str(value) for value in (left, right)
    ]
    relation = Relation.EQUAL if same else Relation.DIFFERENT
    return Pair(group, title, words[0], words[1], relation, "" if same else note)


def _unknown(group: str, title: str, note: str) -> Pair:
    return Pair(group, title, ABSENT, ABSENT, Relation.NOT_CHECKED, note)


def _pairs(left: _Side, right: _Side, job: Job) -> Iterator[Pair]:
    one, other = left.examined.header, right.examined.header
    kinds = ["SE image" if side.examined.location.offset else "SE header" for side in (left, right)]
    yield _pair("File", "Kind", *kinds)
    yield _pair("File", "Size", f"{left.size} bytes", f"{right.size} bytes")
    places = [f"0x{side.examined.location.offset:x}" for side in (left, right)]
    yield _pair("File", "Header at", *places)
    yield _pair("Header", "Version", f"0x{one.version:x}", f"0x{other.version:x}")
    yield _pair("Header", "Header size", f"{one.sehs} bytes", f"{other.sehs} bytes")
    yield _pair("Header", "Pages measured", one.nep, other.nep)
    yield _pair("Header", "Header IV", one.iv, other.iv, "Each build makes its own.")
    yield _pair("Header", "Customer public key", one.cust_pub_key, other.cust_pub_key, "Each build makes its own.")
    yield _pair("Header", "Header tag", one.tag, other.tag)
    yield from _flags("Plain flags", PCF, one.pcf, other.pcf)
    yield from _slots([slot.phkh for slot in one.keyslots], [slot.phkh for slot in other.keyslots])
    for title, first, second in (
        ("Page digest (PLD)", one.pld, other.pld),
        ("Address digest (ALD)", one.ald, other.ald),
        ("Tweak digest (TLD)", one.tld, other.tld),
    ):
        yield _pair("Digests", title, first, second)
    yield from _opened(left, right)
    yield from _components(left, right)
    yield from _content(left, right, job)


def _flags(group: str, word: FlagWord, left: int, right: int) -> Iterator[Pair]:
    """Every flag that is set in one of them, or that differs."""
    for flag in word.flags:
        first, second = ("on" if value & flag.mask else "off" for value in (left, right))
        if "on" in (first, second):
            note = f"Second file: {flag.when_on if second == 'on' else flag.when_off}"
            yield _pair(group, flag.name, first, second, note)
    strangers = word.unknown_in(left), word.unknown_in(right)
    if any(strangers):
        words = [f"0x{value:016x}" for value in strangers]
        yield _pair(group, "Flags without a published meaning", words[0], words[1])


def _slots(left: list[bytes], right: list[bytes]) -> Iterator[Pair]:
    """One pair a host key: which slot each file has for it."""
    yield _pair("Key slots", "Number", len(left), len(right))
    for phkh in dict.fromkeys((*left, *right)):
        numbers = [
            ", ".join(str(number) for number, own in enumerate(slots, start=1) if own == phkh) or None
            for slots in (left, right)
        ]
        note = "The machine cannot start the second file." if numbers[1] is None else ""
        note = note or ("The machine can start the second file only." if numbers[0] is None else "In another slot.")
        yield _pair("Key slots", f"For host key {phkh.hex()}", numbers[0], numbers[1], note)


def _opened(left: _Side, right: _Side) -> Iterator[Pair]:
    one, other = left.examined.content, right.examined.content
    if one is None or other is None:
        yield _unknown("Encrypted part", "Keys, start PSW and secret flags", "Needs the header key of both files.")
        return
    for title, first, second in (("Communication key", one.cck, other.cck), ("Image key", one.xts, other.xts)):
        same = first == second
        yield Pair("Encrypted part", title, "hidden", "hidden", Relation.EQUAL if same else Relation.DIFFERENT)
    yield _pair("Encrypted part", "Start address", f"0x{one.psw.addr:x}", f"0x{other.psw.addr:x}")
    yield _pair("Encrypted part", "Start PSW mask", f"0x{one.psw.mask:016x}", f"0x{other.psw.mask:016x}")
    yield from _flags("Secret flags", SCF, one.scf, other.scf)


def _components(left: _Side, right: _Side) -> Iterator[Pair]:
    tables = [side.examined.ipib.ipib.components if side.examined.ipib else () for side in (left, right)]
    if not all(tables):
        if any(tables):
            yield _unknown("Components", "Component table", "Only one of the files has components.")
        return
    yield _pair("Components", "Number", len(tables[0]), len(tables[1]))
    for number in range(max(map(len, tables))):
        entries = [table[number] if number < len(table) else None for table in tables]
        shown = [
            f"0x{entry.addr:x}, {entry.length} bytes, tweak {entry.tweak_pref:016x}" if entry is not None else None
            for entry in entries
        ]
        yield _pair("Components", f"Component {number + 1}", shown[0], shown[1])


def _content(left: _Side, right: _Side, job: Job) -> Iterator[Pair]:
    """What the components say of themselves, and whether they are the same in the clear."""
    one, other = left.contents, right.contents
    if left.examined.ipib is None or right.examined.ipib is None:
        return
    if one is None or other is None:
        yield _unknown("Content", "Kernel, command line and ramdisk", "Needs the header key of both files.")
        return
    yield _pair("Content", "Kernel version", one.kernel_version or None, other.kernel_version or None)
    lines = [command_line_text(side.command_line) if side.command_line is not None else None for side in (one, other)]
    yield _pair("Content", "Text of the command line", lines[0], lines[1])
    yield _pair("Content", "Kind of ramdisk", one.ramdisk, other.ramdisk)
    for kind in dict.fromkeys(part.kind for side in (one, other) for part in side.parts):
        parts = one.part(kind), other.part(kind)
        sizes = [f"{part.size} bytes" if part is not None else None for part in parts]
        if sizes[0] == sizes[1] and not _same_content(left, right, parts, job):
            sizes[1] = f"{sizes[1]}, other content"
        yield _pair("Content", kind.title.capitalize(), sizes[0], sizes[1])


def _same_content(left: _Side, right: _Side, parts: Sequence[ContentPart | None], job: Job) -> bool:
    """Whether a component holds the same bytes in the clear in both files."""
    one, other = parts
    if one is None or other is None or left.reader is None or right.reader is None:
        return False
    job.phase(f"Comparing {one.kind.title}", one.size)
    runs = left.reader.runs(one.entry, 0, one.size), right.reader.runs(other.entry, 0, other.size)
    for (offset, first), (_, second) in zip(*runs, strict=True):
        length = min(len(first), one.size - offset)
        if first[:length] != second[:length]:
            return False
        job.advance(length)
    return True
