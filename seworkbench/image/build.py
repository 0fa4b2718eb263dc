"""Building an SE image (resources/help/lifecycle.md#build, image-layout.md#file-map).

The order follows the dependencies: components give the digests, digests and keys the header, header and IPIB the
arguments of stage3a. Components stream through fixed buffers; the file appears under its name only when all of it is
on the disk.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Check, Verdict
from seworkbench.crypto.digests import ImageDigests, RunningDigests
from seworkbench.crypto.header_seal import seal
from seworkbench.crypto.image_key import require_usable_image_key
from seworkbench.crypto.key_slots import wrap
from seworkbench.crypto.pages import PageCipher
from seworkbench.crypto.points import coordinates
from seworkbench.crypto.runs import RUN_SIZE
from seworkbench.errors import FormatError, SeError
from seworkbench.files import (
    AtomicFile,
    explained,
    made_folder,
    open_input,
    read_whole,
    refuse_own_input,
    save_secret,
)
from seworkbench.formats.components import PAGE_SIZE, ComponentKind
from seworkbench.formats.flags import DEFAULT_PCF, NO_COMPONENT_ENCRYPTION
from seworkbench.formats.image_metadata import METADATA_OFFSET, ImageMetadata
from seworkbench.formats.ipib import Ipib, IpibComponent
from seworkbench.formats.kernel import PARAMETER_AREA_END
from seworkbench.formats.psw import Psw, ShortPsw
from seworkbench.formats.se_header import ENCRYPTED_PART_SIZE, TAG_SIZE, KeySlotV1, SecretPartV1, SeHeader, SeHeaderV1
from seworkbench.formats.stage3 import STAGE3A_ADDRESS, STAGE3A_ENTRY, Stage3aArgs, Stage3bArgs
from seworkbench.image.key_files import KEY_FILES
from seworkbench.image.plan import ImagePlan, Placed, plan_image
from seworkbench.image.preflight import command_line_checks, flag_checks, kernel_checks, preflight, ramdisk_checks
from seworkbench.image.streams import Pipeline, fill
from seworkbench.jobs import Job
from seworkbench.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from hashlib import _Hash
    from io import FileIO
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from seworkbench.image.keys import ImageKeys

# A command line file is text for one kernel parameter area; more than this is a mistaken file.
COMMAND_LINE_FILE_LIMIT = 1 << 20
_LOADER_LIMIT = 1 << 20
STAGE3A_NAME = "stage3a.bin"
STAGE3B_NAME = "stage3b_reloc.bin"
# Hashing the components is quicker than what else is done to them and needs no longer queue; 6 MiB in all.
_INPUT_BUFFERS = 3


def own_bootloader() -> Path:
    """Folder of the boot loader that comes with this program."""
    return resource("boot")


@dataclass(frozen=True)
class Recipient:
    """A machine that shall be able to start the image.

    Args:
        name: how the user calls it, usually the path of its host key document.
        key: its public host key.
    """

    name: str
    key: ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class BuildOrder:
    """Everything that determines an image beside its keys.

    Args:
        kernel: raw s390x kernel.
        recipients: the machines, in slot order.
        output: the image to be.
        ramdisk: initial ramdisk, if any.
        command_line: file with the kernel command line, if any.
        overwrite: replace an existing output.
        pcf: plaintext control flags.
        scf: secret control flags.
        psw_address: start address in the header; that of stage3b if not given.
        bootloader: folder with `stage3a.bin` and `stage3b_reloc.bin`.
        check_components: refuse components that cannot boot.
        save_keys: folder that receives the generated keys, if wanted.
        hash_inputs: also compute SHA-256 of the components while they are read, for the record.
        hash_image: also compute SHA-256 of the image. Whoever verifies it afterwards gets that at less cost there.
        also_read: files that keys and recipients came from; like all inputs they are never replaced by the output.
    """

    kernel: Path
    recipients: tuple[Recipient, ...]
    output: Path
    ramdisk: Path | None = None
    command_line: Path | None = None
    overwrite: bool = False
    pcf: int = DEFAULT_PCF
    scf: int = 0
    psw_address: int | None = None
    bootloader: Path = field(default_factory=own_bootloader)
    check_components: bool = True
    save_keys: Path | None = None
    hash_inputs: bool = False
    hash_image: bool = False
    also_read: tuple[Path, ...] = ()

    def inputs(self) -> Iterator[Path]:
        """All files that are read."""
        yield self.kernel
        yield from (path for path in (self.ramdisk, self.command_line) if path is not None)
        yield from (self.bootloader / STAGE3A_NAME, self.bootloader / STAGE3B_NAME)
        yield from self.also_read

    def source_of(self, check: Check) -> Path | None:
        """The file that a check of the inputs is about; None if it is about the flags."""
        sources = {"kernel": self.kernel, "cmdline": self.command_line, "ramdisk": self.ramdisk}
        return sources.get(check.id.split(".")[1])

    @property
    def encrypts(self) -> bool:
        """Whether the components are encrypted."""
        return not self.pcf & NO_COMPONENT_ENCRYPTION.mask


@dataclass(frozen=True)
class BuiltComponent:
    """What became of one component.

    Args:
        placed: kind, address, size.
        source: where it came from.
        tweak_prefix: 8 bytes.
        sha256: of the content before padding and encryption; empty unless asked for.
    """

    placed: Placed
    source: str
    tweak_prefix: bytes
    sha256: str


@dataclass(frozen=True)
class BuiltImage:
    """An image that was built.

    Args:
        order: what was asked for.
        plan: where everything lies.
        header: the sealed header.
        components: what went in.
        digests: what the header says about the pages.
        preflight: the checks before the build.
        saved_keys: files written for `save_keys`, by name of the key.
        generated_keys: names of the keys that were made for this image.
        sha256: of the whole file; empty unless asked for.
    """

    order: BuildOrder
    plan: ImagePlan
    header: SeHeader
    components: tuple[BuiltComponent, ...]
    digests: ImageDigests
    preflight: Check
    saved_keys: dict[str, Path]
    generated_keys: tuple[str, ...]
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """What went in and what came out; no secrets."""
        header = self.header
        return {
            "image": {
                "path": str(self.order.output),
                "size": self.plan.file_size,
                **({"sha256": self.sha256} if self.sha256 else {}),
            },
            "components": [
                {
                    "kind": part.placed.kind.title,
                    "source": part.source,
                    "size": part.placed.size,
                    "stored_size": part.placed.stored_size,
                    "address": f"0x{part.placed.address:x}",
                    "tweak_prefix_hex": part.tweak_prefix.hex(),
                    **({"sha256": part.sha256} if part.sha256 else {}),
                }
                for part in self.components
            ],
            "hosts": [
                {"document": recipient.name, "phkh_hex": slot.phkh.hex()}
                for recipient, slot in zip(self.order.recipients, header.keyslots, strict=True)
            ],
            "header": {
                "offset": f"0x{self.plan.header_address:x}",
                "size": header.sehs,
                "pcf_hex": f"{self.order.pcf:016x}",
                "scf_hex": f"{self.order.scf:016x}",
                "nep": self.digests.nep,
                "pld_hex": self.digests.pld.hex(),
                "ald_hex": self.digests.ald.hex(),
                "tld_hex": self.digests.tld.hex(),
                "tag_hex": header.tag.hex(),
            },
            "keys": {
                name: {
                    "origin": "generated" if name in self.generated_keys else "given",
                    **({"saved_to": str(self.saved_keys[name])} if name in self.saved_keys else {}),
                }
                for name in KEY_FILES
            },
            "preflight": self.preflight.to_json(),
        }


@dataclass
class _Part:
    """A component about to be written: from an open file, or from memory."""

    kind: ComponentKind
    source: str
    size: int
    stream: FileIO | None = None
    content: bytes = b""

    def read(self, offset: int, pages: memoryview) -> int:
        """Fill whole pages from `offset` on, behind the end of the component with zeros.

        A file is read on from where it is.

        Returns:
            How many bytes of the component there are.

        Raises:
            SeError: if the file has become shorter.
        """
        wanted = max(0, min(len(pages), self.size - offset))
        if self._content(offset, pages[:wanted]) < wanted:
            raise SeError("The file became shorter while it was read.", where=self.source, remedy="Start again.")
        pages[wanted:] = bytes(len(pages) - wanted)
        return wanted

    def require_end(self) -> None:
        """Nothing may be left.

        Raises:
            SeError: if the file has become longer.
        """
        if self.stream is not None and self.stream.read(1):
            raise SeError("The file became longer while it was read.", where=self.source, remedy="Start again.")

    def _content(self, offset: int, view: memoryview) -> int:
        if self.stream is not None:
            with explained(self.source):
                return fill(self.stream, view)
        piece = self.content[offset : offset + len(view)]
        view[: len(piece)] = piece
        return len(piece)

    def head(self, size: int) -> bytes:
        """The first bytes, without moving on."""
        assert self.stream is not None  # noqa: S101 - only file parts are judged by their head
        with explained(self.source):
            self.stream.seek(0)
            head = bytearray(size)
            got = fill(self.stream, memoryview(head))
            self.stream.seek(0)
        return bytes(head[:got])


def build_image(order: BuildOrder, keys: ImageKeys, job: Job | None = None) -> BuiltImage:
    """Build an image.

    Args:
        order: what to build.
        keys: keys and random values.
        job: for progress and cancelling.

    Raises:
        SeError: if it cannot be built; nothing is left behind then.
    """
    job = job or Job()
    require_usable_image_key(keys.image)
    slots = tuple(_slot(keys, recipient) for recipient in order.recipients)
    stage3a, stage3b = _loader(order.bootloader, STAGE3A_NAME), _loader(order.bootloader, STAGE3B_NAME)
    with ExitStack() as resources:
        parts, checks = _open_parts(order, resources)
        if order.overwrite:
            refuse_own_input(order.output, order.inputs())
        report = _judge(order, checks)
        sizes = [(part.kind, part.size) for part in parts]
        plan = plan_image(len(stage3a), len(slots), [*sizes, (ComponentKind.STAGE3B, len(stage3b))])
        parts.append(_stage3b_part(order.bootloader, stage3b, plan))
        key_files = _key_files(order, keys)
        save_keys = resources.enter_context(_key_saving(key_files, keys))
        output = resources.enter_context(
            AtomicFile(order.output, replace=order.overwrite, expected_size=plan.file_size)
        )
        built, digests = _write_components(output, parts, plan, order=order, keys=keys, job=job)
        header = _sealed_header(order, keys, plan, slots, digests)
        _write_frame(output, stage3a, plan, header, keys)
        sha256 = _hash_output(output, plan.file_size, job) if order.hash_image else ""
        job.check()
        save_keys()
    return BuiltImage(order, plan, header, built, digests, report, key_files, keys.generated, sha256)


def _slot(keys: ImageKeys, recipient: Recipient) -> KeySlotV1:
    try:
        return wrap(keys.header, keys.customer, recipient.key)
    except FormatError as error:
        raise error.located(recipient.name) from None


def _loader(folder: Path, name: str) -> bytes:
    blob = read_whole(folder / name, _LOADER_LIMIT)
    smallest = (STAGE3A_ENTRY - STAGE3A_ADDRESS) if name == STAGE3A_NAME else Stage3bArgs.fixed_size()
    if len(blob) <= smallest:
        raise SeError(
            f"The boot loader is too short: {len(blob)} bytes.",
            where=str(folder / name),
            remedy="Use another boot loader.",
        )
    return blob


def _open_parts(order: BuildOrder, resources: ExitStack) -> tuple[list[_Part], list[Check]]:
    kernel = _file_part(ComponentKind.KERNEL, order.kernel, resources)
    facts, checks = kernel_checks(kernel.head(PARAMETER_AREA_END), kernel.size)
    parts = [kernel]
    if order.ramdisk is not None:
        ramdisk = _file_part(ComponentKind.RAMDISK, order.ramdisk, resources)
        checks += ramdisk_checks(ramdisk.head(16))
        parts.append(ramdisk)
    if order.command_line is not None:
        line = read_whole(order.command_line, COMMAND_LINE_FILE_LIMIT)
        if not line.endswith(b"\0"):
            line += b"\0"
        checks += command_line_checks(line, facts)
        parts.append(_Part(ComponentKind.COMMAND_LINE, str(order.command_line), len(line), content=line))
    checks += flag_checks(order.pcf, order.scf)
    return parts, checks


def _file_part(kind: ComponentKind, path: Path, resources: ExitStack) -> _Part:
    stream = resources.enter_context(open_input(path))
    with explained(path):
        size = stream.seek(0, 2)
        stream.seek(0)
    return _Part(kind, str(path), size, stream)


def _judge(order: BuildOrder, checks: list[Check]) -> Check:
    report = preflight(checks)
    if order.check_components:
        for check in report.leaves():
            if check.verdict is Verdict.FAILED:
                raise SeError(check.reason, where=str(order.source_of(check)), remedy=check.remedy)
    return report


def _stage3b_part(folder: Path, blob: bytes, plan: ImagePlan) -> _Part:
    """stage3b with its arguments: they must be in place before it is encrypted."""
    kernel, line, ramdisk = (
        plan.component(kind) for kind in (ComponentKind.KERNEL, ComponentKind.COMMAND_LINE, ComponentKind.RAMDISK)
    )
    assert kernel is not None  # noqa: S101 - every plan has one
    args = Stage3bArgs(
        kernel_src=kernel.address,
        kernel_size=kernel.size,
        cmdline_src=line.address if line else 0,
        cmdline_size=line.size if line else 0,
        initrd_src=ramdisk.address if ramdisk else 0,
        initrd_size=ramdisk.size if ramdisk else 0,
    )
    content = blob[: -Stage3bArgs.fixed_size()] + args.build()
    return _Part(ComponentKind.STAGE3B, str(folder / STAGE3B_NAME), len(content), content=content)


def _write_components(
    output: AtomicFile, parts: list[_Part], plan: ImagePlan, *, order: BuildOrder, keys: ImageKeys, job: Job
) -> tuple[tuple[BuiltComponent, ...], ImageDigests]:
    digests = RunningDigests()
    cipher = PageCipher(keys.image) if order.encrypts else None
    hashes = [hashlib.sha256() for _ in parts]
    inputs = _hashing() if order.hash_inputs else Pipeline["_Hash"](buffers=1)
    pipeline = Pipeline[int](
        lambda pages, _: digests.content(pages), lambda pages, address: output.write_at(address, pages)
    )
    with inputs, pipeline:
        for part, placed, whole in zip(parts, plan.components, hashes, strict=True):
            job.phase(f"{'Encrypting' if cipher else 'Writing'} {part.kind.title}", placed.stored_size)
            prefix = keys.tweak_prefix(part.kind)
            for offset in range(0, placed.stored_size, RUN_SIZE):
                plain = inputs.buffer()
                pages = memoryview(plain)[: min(RUN_SIZE, placed.stored_size - offset)]
                # It is hashed while it is encrypted; only this thread takes buffers, so none is filled meanwhile.
                inputs.submit(plain, part.read(offset, pages), whole)
                buffer = pipeline.buffer()
                if cipher:
                    stored = cipher.encrypt(pages, prefix, offset, buffer)
                else:
                    stored = memoryview(buffer)[: len(pages)]
                    stored[:] = pages
                pipeline.submit(buffer, len(stored), placed.address + offset)
                digests.places(placed.address + offset, prefix, offset, len(stored) // PAGE_SIZE)
                job.advance(len(stored))
            part.require_end()
    built = tuple(
        BuiltComponent(
            placed, part.source, keys.tweak_prefix(part.kind), whole.hexdigest() if order.hash_inputs else ""
        )
        for part, placed, whole in zip(parts, plan.components, hashes, strict=True)
    )
    return built, digests.result()


def _hashing() -> Pipeline[_Hash]:
    """Hashes the content of components on a thread of its own."""
    return Pipeline(lambda content, whole: whole.update(content), buffers=_INPUT_BUFFERS)


def _sealed_header(
    order: BuildOrder, keys: ImageKeys, plan: ImagePlan, slots: tuple[KeySlotV1, ...], digests: ImageDigests
) -> SeHeader:
    stage3b = plan.components[-1]
    start = stage3b.address if order.psw_address is None else order.psw_address
    header = SeHeaderV1(
        sehs=plan.header_size,
        iv=keys.iv,
        nks=len(slots),
        nep=digests.nep,
        pcf=order.pcf,
        cust_pub_key=coordinates(keys.customer.public_key()),
        pld=digests.pld,
        ald=digests.ald,
        tld=digests.tld,
        keyslots=slots,
        encrypted=bytes(ENCRYPTED_PART_SIZE),
        tag=bytes(TAG_SIZE),
    )
    content = SecretPartV1(cck=keys.cck, xts=keys.image, psw=Psw(addr=start), scf=order.scf)
    return seal(header, content, keys.header)


def _write_frame(output: AtomicFile, stage3a: bytes, plan: ImagePlan, header: SeHeader, keys: ImageKeys) -> None:
    """Everything that is not a component: it depends on the digests and so comes last."""
    table = tuple(
        IpibComponent(
            tweak_pref=int.from_bytes(keys.tweak_prefix(part.kind), "big"), addr=part.address, length=part.stored_size
        )
        for part in plan.components
    )
    args = Stage3aArgs(
        hdr_offs=plan.header_address - plan.stage3a_args_address,
        hdr_size=plan.header_size,
        ipib_offs=plan.ipib_address - plan.stage3a_args_address,
    )
    output.write_at(plan.header_address, header.build())
    output.write_at(plan.ipib_address, Ipib.describing(table, plan.header_address, plan.header_size).build())
    output.write_at(STAGE3A_ADDRESS, stage3a[: -Stage3aArgs.fixed_size()] + args.build())
    output.write_at(0, ShortPsw(value=Psw(addr=STAGE3A_ENTRY).to_short()).build())
    metadata = ImageMetadata(hdr_off=plan.header_address, ipib_off=plan.ipib_address)
    output.write_at(METADATA_OFFSET, metadata.build())


def _hash_output(output: AtomicFile, size: int, job: Job) -> str:
    job.phase("Hashing the image", size)
    whole = hashlib.sha256()
    with _hashing() as pipeline:
        for offset in range(0, size, RUN_SIZE):
            buffer = pipeline.buffer()
            length = min(RUN_SIZE, size - offset)
            output.read_into(offset, memoryview(buffer)[:length])
            pipeline.submit(buffer, length, whole)
            job.advance(length)
    return whole.hexdigest()


def _key_files(order: BuildOrder, keys: ImageKeys) -> dict[str, Path]:
    """Where the generated keys will be saved; refused now rather than after the work if a name is taken."""
    if order.save_keys is None:
        return {}
    wanted = [name for name in keys.generated if name != "image" or order.encrypts]
    files = {name: order.save_keys / (order.output.name + KEY_FILES[name].suffix) for name in wanted}
    for path in files.values():
        with explained(path), suppress(FileNotFoundError):
            path.lstat()
            raise SeError(
                "A key file of this name exists and is never overwritten.", where=str(path), remedy="Move it away."
            )
    return files


@contextmanager
def _key_saving(files: dict[str, Path], keys: ImageKeys) -> Iterator[Callable[[], None]]:
    """Gives a function that writes the key files; if anything fails afterwards they go again.

    The keys are written when the image is complete but before it gets its name, so that there is never an image whose
    keys are lost.
    """
    written: list[Path] = []
    with ExitStack() as stack:

        def save() -> None:
            for name, path in files.items():
                stack.enter_context(made_folder(path.parent, mode=0o700))
                save_secret(path, getattr(keys, name))
                written.append(path)

        try:
            yield save
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
