"""Verifying an image: every step that makes sense, as one tree of checks (resources/help/verification.md#steps).

Without a key the structure and the digests can be checked: the components are those the header describes. Only with
the header key, or as the machine, is the header itself proven authentic and its content seen.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
    """

    check: Check
    header: SeHeader | None = None
    content: SecretPartV1 | None = None
    contents: Contents | None = None

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON; no secrets."""
        record = {"verdict": self.check.verdict.value, "checks": self.check.to_json()}
        if self.contents:
            record["contents"] = self.contents.to_json()
        return record


def verify_image(
    image: ImageFile,
    access: Access | None = None,
    *,
    machine: SupportedFlags | None = None,
    inputs: Mapping[ComponentKind, Path] | None = None,
    job: Job | None = None,
) -> Verification:
    """Verify an image or a bare header.

    Args:
        image: the file.
        access: header key or host private key; without one, authenticity cannot be judged.
        machine: flags that a certain machine supports, to judge against them.
        inputs: files that are expected inside, by the component that they should be.
        job: for progress and cancelling.

    Raises:
        SeError: if the file cannot be read; a broken image is a result, not an error.
    """
    job = job or Job()
    try:
        examined = examine(image, access, machine or SupportedFlags())
    except FormatError as error:
        return Verification(group("image", "SE image", [_no_header(error)]))
    checks = list(examined.checks)
    contents = None
    if examined.ipib is not None:
        if examined.readable:
            digests = stream_digests(image, examined.ipib.ipib, job)
            checks.append(digest_checks(examined.header, digests))
        else:
            reason = "The component table does not say where the pages are."
            steps = [step.not_checked(reason) for step in (ALD, PLD, TLD, NEP)]
            checks.append(group("image.digest", "Integrity of the components", steps))
        guest, contents = _guest(examined, image, access)
        checks.append(guest)
    if inputs:
        checks.append(_input_checks(image, examined, contents, inputs, job))
    return Verification(group("image", "SE image", checks), examined.header, examined.content, contents)


def examine(image: ImageFile, access: Access | None, machine: SupportedFlags) -> Examined:
    """Everything that can be judged without reading the components through.

    Raises:
        FormatError: if there is no header that could be judged.
    """
    location = locate_header(image, past_metadata=True)
    header = read_header(image, location.offset, lenient=True)
    found = FOUND.passed(f"At 0x{location.offset:x}, found {location.method}.")
    if location.offset == 0:
        found = _alone(image, location, header)
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
        readable = bool(ipib.ipib.components) and Verdict.FAILED not in (trusted[PLACES.id], trusted[OVERLAP.id])
    except FormatError as error:
        table.append(TABLE_FOUND.failed(error.what))
    access_tree, content = access_checks(header, access, ipib.ipib if ipib else None, machine)
    start = start_checks(image, location, header, ipib)
    checks_in_order = (found, start, structure_checks(header, machine), *table, access_tree)
    return Examined(location, header, ipib, content, checks_in_order, readable)


def _no_header(error: FormatError) -> Check:
    """Why there is no header to judge; where one is there after all, the Ultravisor has an answer to it."""
    return replace(FOUND, code=_ANSWERS.get(type(error)), remedy=error.remedy or FOUND.remedy).failed(error.what)


def _alone(image: ImageFile, location: HeaderLocation, header: SeHeader) -> Check:
    """A bare header vouches for nothing that lies behind it, so nothing may."""
    if location.misleading or image.size > header.sehs:
        return FOUND.failed(
            "The file begins with a header, but it is not a header alone: what lies behind it is not checked.",
            ("header", f"{header.sehs} bytes"),
            ("file", f"{image.size} bytes"),
        )
    return FOUND.passed("The file is a bare header: there are no components to check.")


def stream_digests(image: ImageFile, ipib: Ipib, job: Job) -> ImageDigests:
    """Read all components once and compute their digests.

    Raises:
        SeError: if reading fails.
    """
    digests = RunningDigests()
    job.phase("Checking the components", sum(part.length for part in ipib.components))
    with Pipeline[None](lambda pages, _: digests.content(pages)) as pipeline:
        for entry, offset, length in component_runs(ipib):
            buffer = pipeline.buffer()
            read_run(image, entry, offset, memoryview(buffer)[:length])
            digests.places(entry.addr + offset, entry.prefix, offset, length // PAGE_SIZE)
            pipeline.submit(buffer, length, None)
            job.advance(length)
    return digests.result()


def component_runs(ipib: Ipib) -> Iterator[tuple[IpibComponent, int, int]]:
    """Component, offset in it and length of each run of pages, in image order."""
    for entry in ipib.components:
        for offset in range(0, entry.length, RUN_SIZE):
            yield entry, offset, min(RUN_SIZE, entry.length - offset)


def read_run(image: ImageFile, entry: IpibComponent, offset: int, view: memoryview) -> None:
    """Read one run of stored pages.

    Raises:
        FormatError: if the file ends inside it.
    """
    if image.read_into(entry.addr + offset, view) < len(view):
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
    for kind, path in inputs.items():
        step = Step(
            f"image.inputs.{kind.name.lower().replace('_', '-')}",
            f"The {kind.title} is the given file",
            "verification.md#steps",
            "The image was built from another file.",
        )
        part = contents.part(kind) if contents else None
        reader = examined.reader(image)
        if contents is None or reader is None:
            checks.append(step.not_checked("The components cannot be read; give a key."))
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
            if got < len(run) or plain[:got] != run:
                where = offset + next((i for i in range(got) if plain[i] != run[i]), got)
                return step.failed(f"They differ from byte 0x{where:x} on.", *sizes)
            job.advance(len(run))
    return step.passed("Byte for byte.", *sizes)
