"""Getting the components back, byte for byte, from an image whose digests are right.

Files appear only when the whole image was read and its digests equal those of the header: what was extracted is what
the header describes, and with a key that the header is authentic.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Verdict
from seworkbench.crypto.digests import ImageDigests, RunningDigests
from seworkbench.errors import CheckFailed, SeError
from seworkbench.files import AtomicFile, all_or_none, made_folder, refuse_own_input
from seworkbench.formats.components import PAGE_SIZE, ComponentKind
from seworkbench.image.contents import read_contents
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.streams import Pipeline
from seworkbench.image.verify import component_runs, digest_checks, examine, read_run
from seworkbench.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seworkbench.checks import Check
    from seworkbench.formats.ipib import Ipib, IpibComponent
    from seworkbench.image.access import Access
    from seworkbench.image.contents import Contents, PlainReader
    from seworkbench.image.image_file import ImageFile
    from seworkbench.image.verify import Examined

FILE_NAMES = {
    ComponentKind.KERNEL: "kernel",
    ComponentKind.RAMDISK: "ramdisk",
    ComponentKind.COMMAND_LINE: "cmdline",
    ComponentKind.STAGE3B: "stage3b.bin",
}
HEADER_NAME = "se-header.bin"
# How the guest would start says nothing about whether the components are those that went in.
_ABOUT_STARTING = ("image.start.", "image.access.psw")


def _refusal(check: Check, image: ImageFile) -> CheckFailed:
    return CheckFailed(
        f"The check “{check.title}” failed: {check.reason} Nothing was extracted.",
        where=str(image.path),
        remedy=check.remedy,
    )


@dataclass(frozen=True)
class Extracted:
    """What was extracted.

    Args:
        files: path and size in bytes of each file, by component; the header under None.
        contents: what the components are.
    """

    files: dict[ComponentKind | None, tuple[Path, int]]
    contents: Contents

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        return {
            "files": [
                {"kind": kind.title if kind else "SE header", "path": str(path), "size": size}
                for kind, (path, size) in self.files.items()
            ],
            "contents": self.contents.to_json(),
        }


def extract_image(
    image: ImageFile, access: Access | None, folder: Path, *, overwrite: bool = False, job: Job | None = None
) -> Extracted:
    """Write the components of an image, and its header, to files.

    The command line is written without its closing NUL, which the format adds; an image does not tell whether the file
    it was built from brought one itself.

    Args:
        image: the image.
        access: header key or host private key; none is needed if the components are not encrypted.
        folder: where to; made if it does not exist.
        overwrite: replace existing files.
        job: for progress and cancelling.

    Raises:
        CheckFailed: if the image fails a check; no file is written then.
        SeError: if it cannot be done.
    """
    job = job or Job()
    for name in (*FILE_NAMES.values(), HEADER_NAME):
        refuse_own_input(folder / name, [image.path])
    examined = examine(image, access, SupportedFlags())
    ipib, reader, contents = _readable(image, examined, access)
    header = examined.header.build()
    with ExitStack() as stack:
        stack.enter_context(made_folder(folder))
        written = stack.enter_context(all_or_none())
        files: dict[ComponentKind | None, tuple[Path, int]] = {}
        outputs: dict[int, tuple[AtomicFile, int]] = {}
        for part in contents.parts:
            size = part.size - _closing_nul(part.kind, contents)
            file = AtomicFile(folder / FILE_NAMES[part.kind], replace=overwrite, expected_size=size)
            outputs[part.entry.addr] = (stack.enter_context(file), size)
            files[part.kind] = (file.path, size)
        header_file = stack.enter_context(AtomicFile(folder / HEADER_NAME, replace=overwrite))
        header_file.write_at(0, header)
        files[None] = (header_file.path, len(header))

        digests = _write_parts(image, ipib, reader, outputs, job)
        for check in digest_checks(examined.header, digests).leaves():
            if check.verdict is Verdict.FAILED:
                raise _refusal(check, image)
        job.check()
        # All content is on the disk before any file gets its name.
        written += [*(file for file, _ in outputs.values()), header_file]
        for file in written:
            file.sync()
    return Extracted(files, contents)


def hash_components(image: ImageFile, access: Access | None, job: Job | None = None) -> dict[ComponentKind, str]:
    """SHA-256 of each component as `extract_image` writes it, in hexadecimal: to compare with what others state.

    The digests of the image are not recomputed for this; what is hashed is what is in the file now.

    Args:
        image: the image.
        access: header key or host private key; none is needed if the components are not encrypted.
        job: for progress and cancelling.

    Raises:
        CheckFailed: if a check of the header fails.
        SeError: if the components cannot be read.
    """
    job = job or Job()
    _, reader, contents = _readable(image, examine(image, access, SupportedFlags()), access)
    sizes = {part.kind: part.size - _closing_nul(part.kind, contents) for part in contents.parts}
    job.phase("Hashing the components", sum(sizes.values()))
    hashes = {}
    for part in contents.parts:
        running = hashlib.sha256()
        for run in reader.content(part.entry, sizes[part.kind]):
            running.update(run)
            job.advance(len(run))
        hashes[part.kind] = running.hexdigest()
    return hashes


def _write_parts(
    image: ImageFile, ipib: Ipib, reader: PlainReader, outputs: Mapping[int, tuple[AtomicFile, int]], job: Job
) -> ImageDigests:
    """Read all pages once: into the digests as they are stored, into the files in the clear and without padding.

    Args:
        image: the image.
        ipib: its component table.
        reader: decrypts pages.
        outputs: file and size in bytes of each component, by its address.
        job: for progress and cancelling.
    """
    digests = RunningDigests()

    def save(stored: memoryview, place: tuple[IpibComponent, int]) -> None:
        entry, offset = place
        file, size = outputs[entry.addr]
        plain = reader.decrypt(stored, entry, offset)
        file.write_at(offset, plain[: max(0, size - offset)])

    job.phase("Extracting", sum(entry.length for entry in ipib.components))
    with Pipeline(lambda stored, _: digests.content(stored), save) as pipeline:
        for entry, offset, length in component_runs(ipib):
            buffer = pipeline.buffer()
            read_run(image, entry.addr + offset, memoryview(buffer)[:length])
            digests.places(entry.addr + offset, entry.prefix, offset, length // PAGE_SIZE)
            pipeline.submit(buffer, length, (entry, offset))
            job.advance(length)
    return digests.result()


def _closing_nul(kind: ComponentKind, contents: Contents) -> int:
    """Bytes to leave out at the end: the NUL that the format adds to a command line."""
    return int(kind is ComponentKind.COMMAND_LINE and (contents.command_line or b"").endswith(b"\0"))


def _readable(image: ImageFile, examined: Examined, access: Access | None) -> tuple[Ipib, PlainReader, Contents]:
    """What is needed to read the components, or the reason why they cannot be had."""
    where = str(image.path)
    for check in (leaf for tree in examined.checks for leaf in tree.leaves()):
        if check.verdict is Verdict.FAILED and not check.id.startswith(_ABOUT_STARTING):
            raise _refusal(check, image)
    if examined.ipib is None:
        raise SeError("This is a bare header: it holds no components.", where=where, remedy="Name the whole image.")
    reader = examined.reader(image)
    if reader is None:
        remedy = "Give the header key (--hdr-key) or the machine's private key (--host-private-key)."
        raise SeError("The components are encrypted.", where=where, remedy=remedy if access is None else "")
    ipib = examined.ipib.ipib
    guest, contents = read_contents(reader, ipib, examined.content.psw.addr if examined.content else None)
    if contents is None:
        raise _refusal(next(guest.leaves()), image)
    return ipib, reader, contents
