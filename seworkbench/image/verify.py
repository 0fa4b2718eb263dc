"""Verifying an image: every step that makes sense, as one tree of checks (resources/help/verification.md#steps).

Without a key the structure and the digests can be checked: the components are those the header describes. Only with
the header key, or as the machine, is the header itself proven authentic and its content seen.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.crypto.digests import ImageDigests, RunningDigests
from seworkbench.crypto.image_key import is_usable_image_key
from seworkbench.crypto.runs import RUN_SIZE
from seworkbench.errors import FormatError
from seworkbench.files import explained, open_input
from seworkbench.formats.components import PAGE_SIZE, ComponentKind
from seworkbench.formats.flags import NO_COMPONENT_ENCRYPTION
from seworkbench.formats.se_header import HeaderSizeError, HeaderVersionError
from seworkbench.image.contents import ContentPart, Contents, PlainReader, read_contents
from seworkbench.image.frame_checks import OVERLAP, PLACES, start_checks, table_checks
from seworkbench.image.header_checks import SupportedFlags, access_checks, structure_checks
from seworkbench.image.locate import HeaderLocation, IpibLocation, locate_header, locate_ipib, read_header
from seworkbench.image.streams import Pipeline, fill
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from seworkbench.formats.ipib import Ipib, IpibComponent
    from seworkbench.formats.se_header import SecretPartV1, SeHeader
    from seworkbench.image.access import Access
    from seworkbench.image.image_file import ImageFile

# Of a run of pages: the tweak prefix of their component, and their byte offset in it. None for other bytes of the file.
_Pages: TypeAlias = tuple[bytes, int] | None
# Address, length, pages.
_Run: TypeAlias = tuple[int, int, _Pages]

_CHANGED = "A component was changed or damaged; get the image again from where it was built."
_DIGESTS = "components.md#digests"

FOUND = Step(
    "image.header.found",
    "The file holds an SE header",
    "image-layout.md#finding-the-header",
    "Check that this is an SE image or header and that it is complete.",
)
TABLE_FOUND = Step(
    "image.table.found",
    "The file holds an IPIB",
    "image-layout.md#finding-the-ipib",
    "The image is cut off or damaged.",
)
ALD = Step("image.digest.ald", "Addresses of the pages (ALD)", _DIGESTS, _CHANGED, (0x0102, 0x001A))
PLD = Step("image.digest.pld", "Content of the pages (PLD)", _DIGESTS, _CHANGED, (0x0102, 0x001B))
TLD = Step("image.digest.tld", "Tweaks of the pages (TLD)", _DIGESTS, _CHANGED, (0x0102, 0x001C))
NEP = Step("image.digest.nep", "Number of pages", _DIGESTS, _CHANGED, (0x0102, 0x001D))
_ANSWERS: dict[type[FormatError], tuple[int, int]] = {
    HeaderVersionError: (0x0104, 0x0001),
    HeaderSizeError: (0x010A, 0x0031),
}
CONTENTS = Step("image.guest.arguments", "stage3b knows its components", "image-layout.md#stage3b-arguments")


@dataclass(frozen=True)
class Examined:
    """What a look at an image shows before its components are read through.

    Args:
        location: where the header is.
        header: the header.
        ipib: the component table; None for a bare header or where it is missing.
        content: the opened part of the header; None without a key or if it is not authentic.
        checks: the checks so far.
        readable: whether the component table can be trusted to lead the reading.
    """

    location: HeaderLocation
    header: SeHeader
    ipib: IpibLocation | None
    content: SecretPartV1 | None
    checks: tuple[Check, ...]
    readable: bool

    @property
    def encrypted(self) -> bool:
        """Whether the components are encrypted."""
        return not self.header.pcf & NO_COMPONENT_ENCRYPTION.mask

    def reader(self, image: ImageFile) -> PlainReader | None:
        """Reads components in the clear, if that is possible."""
        if not self.readable:
            return None
        if not self.encrypted:
            return PlainReader(image, None)
        if self.content is None or not is_usable_image_key(self.content.xts):
            return None
        return PlainReader(image, self.content.xts)


@dataclass(frozen=True)
class Verification:
    """The result of verifying an image.

    Args:
        check: the whole tree.
        header: the header, if there is one.
        content: the opened part of the header, if it could be opened.
        contents: what the components are, if they could be read.
        sha256: of the whole file, hexadecimal; empty unless asked for.
    """

    check: Check
    header: SeHeader | None = None
    content: SecretPartV1 | None = None
    contents: Contents | None = None
    sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON; no secrets."""
        record = {"verdict": self.check.verdict.value, "checks": self.check.to_json()}
        if self.sha256:
            record["sha256"] = self.sha256
        if self.contents:
            record["contents"] = self.contents.to_json()
        return record


def verify_image(
    image: ImageFile,
    access: Access | None = None,
    *,
    machine: SupportedFlags | None = None,
    inputs: Mapping[ComponentKind, Path] | None = None,
    hash_file: bool = False,
    job: Job | None = None,
) -> Verification:
    """Verify an image or a bare header.

    Args:
        image: the file.
        access: header key or host private key; without one, authenticity cannot be judged.
        machine: flags that a certain machine supports, to judge against them.
        inputs: files that are expected inside, by the component that they should be.
        hash_file: also compute SHA-256 of the whole file, from the same reading wherever that is possible.
        job: for progress and cancelling.

    Raises:
        SeError: if the file cannot be read; a broken image is a result, not an error.
    """
    job = job or Job()
    try:
        examined = examine(image, access, machine or SupportedFlags())
    except FormatError as error:
        sha256 = file_sha256(image, job) if hash_file else ""
        return Verification(group("image", "SE image", [_no_header(error)]), sha256=sha256)
    checks = list(examined.checks)
    contents = None
    sha256 = ""
    if examined.ipib is not None:
        if examined.readable:
            digests, sha256 = stream_digests(image, examined.ipib.ipib, job, hash_file=hash_file)
            checks.append(digest_checks(examined.header, digests))
        else:
            reason = "The component table does not say where the pages are."
            steps = [step.not_checked(reason) for step in (ALD, PLD, TLD, NEP)]
            checks.append(group("image.digest", "Integrity of the components", steps))
        guest, contents = _guest(examined, image, access)
        checks.append(guest)
    if inputs:
        checks.append(_input_checks(image, examined, contents, inputs, job))
    if hash_file and not sha256:
        sha256 = file_sha256(image, job)
    return Verification(group("image", "SE image", checks), examined.header, examined.content, contents, sha256)


def examine(image: ImageFile, access: Access | None, machine: SupportedFlags) -> Examined:
    """Everything that can be judged without reading the components through.

    Raises:
        FormatError: if there is no header that could be judged.
    """
    location = locate_header(image, past_metadata=True)
    header = read_header(image, location.offset, lenient=True)
    found = FOUND.passed(f"At 0x{location.offset:x}, found {location.method}.")
    if location.offset == 0:
        found = _alone(image, header)
        checks, content = access_checks(header, access, None, machine)
        return Examined(
            location, header, None, content, (found, structure_checks(header, machine), checks), readable=False
        )
    ipib = None
    table = []
    readable = False
    try:
        ipib = locate_ipib(image, location.metadata, header, location.offset)
        table.append(table_checks(image, location, header, ipib))
        # A table that leads outside the file or over the same bytes again and again is not followed.
        trusted = {leaf.id: leaf.verdict for leaf in table[0].leaves()}
        readable = Verdict.FAILED not in (trusted[PLACES.id], trusted[OVERLAP.id])
    except FormatError as error:
        table.append(TABLE_FOUND.failed(error.what))
    access_tree, content = access_checks(header, access, ipib.ipib if ipib else None, machine)
    start = start_checks(image, location, header, ipib)
    checks_in_order = (found, start, structure_checks(header, machine), *table, access_tree)
    return Examined(location, header, ipib, content, checks_in_order, readable)


def _no_header(error: FormatError) -> Check:
    """Why there is no header to judge; where one is there after all, the Ultravisor has an answer to it."""
    return replace(FOUND, code=_ANSWERS.get(type(error)), remedy=error.remedy).failed(error.what)


def _alone(image: ImageFile, header: SeHeader) -> Check:
    """A bare header vouches for nothing that lies behind it, so nothing may."""
    if image.size > header.sehs:
        return FOUND.failed(
            "The file begins with a header, but it is not a header alone: what lies behind it is not checked.",
            ("header", f"{header.sehs} bytes"),
            ("file", f"{image.size} bytes"),
        )
    return FOUND.passed("The file is a bare header: there are no components to check.")


def stream_digests(image: ImageFile, ipib: Ipib, job: Job, *, hash_file: bool) -> tuple[ImageDigests, str]:
    """Read all components once and compute their digests.

    Args:
        image: the file.
        ipib: its component table, which leads nowhere outside the file.
        job: for progress and cancelling.
        hash_file: also read what lies around the components, for the digest of the file.

    Returns:
        The digests, and SHA-256 of the file in hexadecimal; that is empty if not asked for, and if the components do
        not lie in the file as they follow each other in the table.

    Raises:
        SeError: if reading fails.
    """
    digests, whole = RunningDigests(), hashlib.sha256()

    def count(content: memoryview, pages: _Pages) -> None:
        if pages is not None:
            digests.content(content)

    hash_file = hash_file and all(one.addr + one.length <= other.addr for one, other in pairwise(ipib.components))
    stages = [count, lambda content, _: whole.update(content)] if hash_file else [count]
    runs = _file_runs(ipib, image.size) if hash_file else _page_runs(ipib)
    job.phase("Checking the components", image.size if hash_file else sum(part.length for part in ipib.components))
    with Pipeline[_Pages](*stages) as pipeline:
        for address, length, pages in runs:
            buffer = pipeline.buffer()
            read_run(image, address, memoryview(buffer)[:length])
            if pages is not None:
                digests.places(address, *pages, length // PAGE_SIZE)
            pipeline.submit(buffer, length, pages)
            job.advance(length)
    return digests.result(), whole.hexdigest() if hash_file else ""


def component_runs(ipib: Ipib) -> Iterator[tuple[IpibComponent, int, int]]:
    """Component, offset in it and length of each run of pages, in image order."""
    for entry in ipib.components:
        for offset in range(0, entry.length, RUN_SIZE):
            yield entry, offset, min(RUN_SIZE, entry.length - offset)


def _page_runs(ipib: Ipib) -> Iterator[_Run]:
    for entry, offset, length in component_runs(ipib):
        yield entry.addr + offset, length, (entry.prefix, offset)


def _file_runs(ipib: Ipib, size: int) -> Iterator[_Run]:
    """All of the file from its begin to its end, of which some are pages of components."""
    at = 0
    for run in _page_runs(ipib):
        yield from _gap(at, run[0])
        yield run
        at = run[0] + run[1]
    yield from _gap(at, size)


def _gap(start: int, end: int) -> Iterator[_Run]:
    for address in range(start, end, RUN_SIZE):
        yield address, min(RUN_SIZE, end - address), None


def file_sha256(image: ImageFile, job: Job) -> str:
    """SHA-256 of the whole file, in hexadecimal.

    Raises:
        SeError: if reading fails.
    """
    whole = hashlib.sha256()
    job.phase("Hashing the file", image.size)
    with Pipeline[None](lambda content, _: whole.update(content)) as pipeline:
        for address, length, _ in _gap(0, image.size):
            buffer = pipeline.buffer()
            read_run(image, address, memoryview(buffer)[:length])
            pipeline.submit(buffer, length, None)
            job.advance(length)
    return whole.hexdigest()


def read_run(image: ImageFile, address: int, view: memoryview) -> None:
    """Read one run of bytes.

    Raises:
        FormatError: if the file ends inside it.
    """
    if image.read_into(address, view) < len(view):
        raise FormatError("The file became shorter while it was read.", where=str(image.path), remedy="Start again.")


def digest_checks(header: SeHeader, found: ImageDigests) -> Check:
    """Compare the digests of the pages with those in the header."""
    rows = (
        (ALD, header.ald.hex(), found.ald.hex()),
        (PLD, header.pld.hex(), found.pld.hex()),
        (TLD, header.tld.hex(), found.tld.hex()),
        (NEP, str(header.nep), str(found.nep)),
    )
    return group(
        "image.digest",
        "Integrity of the components",
        [
            step.equal(
                ("in the header", stated),
                ("of the pages in the file", computed),
                same="Equal.",
                different="They differ: the pages are not those that the header describes.",
            )
            for step, stated, computed in rows
        ],
    )


def _guest(examined: Examined, image: ImageFile, access: Access | None) -> tuple[Check, Contents | None]:
    reader = examined.reader(image)
    if reader is not None and examined.ipib is not None:
        start = examined.content.psw.addr if examined.content else None
        return read_contents(reader, examined.ipib.ipib, start)
    if examined.readable and access is None:
        skipped = CONTENTS.not_checked("The components are encrypted; their content needs a key.", required=False)
    else:
        skipped = CONTENTS.not_checked("The components cannot be read.")
    return group("image.guest", "Guest", [skipped], required=skipped.required), None


def _input_checks(
    image: ImageFile, examined: Examined, contents: Contents | None, inputs: Mapping[ComponentKind, Path], job: Job
) -> Check:
    """Is this the component I reviewed?"""
    checks = []
    reader = examined.reader(image)
    for kind, path in inputs.items():
        step = Step(
            f"image.inputs.{kind.name.lower().replace('_', '-')}",
            f"The {kind.title} is the given file",
            "verification.md#steps",
            "The image was built from another file.",
        )
        part = contents.part(kind) if contents else None
        if reader is None:
            closed = examined.encrypted and examined.content is None
            hint = "; give a key that opens the header" if closed else ""
            checks.append(step.not_checked(f"The components cannot be read{hint}."))
        elif contents is None:
            checks.append(step.not_checked("Without stage3b's arguments nobody knows which component that is."))
        elif part is None:
            checks.append(step.failed(f"The image has no {kind.title}.", ("file", path)))
        else:
            checks.append(_compare(step, reader, part, path, job))
    return group("image.inputs", "Comparison with given files", checks)


def _compare(step: Step, reader: PlainReader, part: ContentPart, path: Path, job: Job) -> Check:
    buffer = bytearray(RUN_SIZE)
    with ExitStack() as stack:
        stream = stack.enter_context(open_input(path))
        stack.enter_context(explained(path))
        size = stream.seek(0, 2)
        stream.seek(0)
        sizes = (("component", f"{part.size} bytes"), ("file", f"{size} bytes: {path}"))
        # The closing NUL of a command line is added when building unless the file brings its own.
        allowed = {part.size, part.size - 1} if part.kind is ComponentKind.COMMAND_LINE else {part.size}
        if size not in allowed:
            return step.failed("The sizes differ.", *sizes)
        job.phase(f"Comparing the {part.kind.title}", size)
        for offset, plain in reader.runs(part.entry, 0, size):
            run = memoryview(buffer)[: min(len(plain), size - offset)]
            got = fill(stream, run)
            if plain[:got] != run:
                where = offset + next((i for i in range(got) if plain[i] != run[i]), got)
                return step.failed(f"They differ from byte 0x{where:x} on.", *sizes)
            job.advance(len(run))
    return step.passed("Byte for byte.", *sizes)
