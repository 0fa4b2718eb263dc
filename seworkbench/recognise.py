"""What is this file, or folder? Content decides, never the name (resources/help/index.md).

Used wherever files are dropped or pasted: each goes where it belongs, or is listed with the reason why it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError, SeError
from seworkbench.formats.exchange import EXCHANGE_MAGIC, MAX_EXCHANGE_FILE_SIZE, ExchangeKind, parse_exchange
from seworkbench.formats.image_metadata import METADATA_MAGIC, METADATA_OFFSET
from seworkbench.formats.ipib import looks_like_ipib
from seworkbench.formats.kernel import PARAMETER_AREA_END, kernel_facts
from seworkbench.formats.ramdisk import ramdisk_kind
from seworkbench.formats.se_header import CCK_SIZE, HEADER_MAGIC, IMAGE_KEY_SIZE
from seworkbench.formats.uv_keys import parse_uv_keys
from seworkbench.image.image_file import ImageFile, open_image
from seworkbench.image.recipe import looks_like_recipe

if TYPE_CHECKING:
    from pathlib import Path

# A command line is a line of text; a longer text is something else.
_COMMAND_LINE_LIMIT = 64 << 10
# Certificates are small; revocation lists of busy authorities have some megabytes.
_CERTIFICATE_LIMIT = 16 << 20
# The pages where pvimg looks for a header in images without metadata.
_HEADER_PROBES = range(0x1000, 0x15000, 0x1000)
# The first bytes of an add-secret request (resources/help/attestation.md#secret-store-hash).
_ADD_SECRET_MAGIC = b"asrcbM"
# What makes a folder that of a simulated machine (resources/help/simulated-machine.md#folder).
_MACHINE = "machine.json"
_NO_MACHINE = (
    "A folder. As a whole only that of a simulated machine is opened; drop the files in it instead. "
    "Folders of certificates and revocation lists are imported when they are dropped on the Trust page itself."
)


class Kind(Enum):
    """Kinds of files; the value is the plain name."""

    IMAGE = "SE image"
    HEADER = "SE header"
    IPIB = "IPIB"
    HOST_KEY_DOCUMENT = "host key document"
    CERTIFICATE = "certificate"
    CRL = "certificate revocation list"
    KERNEL = "s390x kernel"
    RAMDISK = "ramdisk"
    COMMAND_LINE = "command line"
    KEY_32 = "key of 32 bytes"
    KEY_64 = "image key of 64 bytes"
    PRIVATE_KEY = "private key"
    KEY_HASHES = "key hash file"
    RECIPE = "recipe"
    ATTESTATION_REQUEST = "attestation request"
    ATTESTATION_RESPONSE = "attestation response"
    ADD_SECRET_REQUEST = "add-secret request"  # noqa: S105 - a kind of file
    SIMULATED_MACHINE = "simulated machine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is.

    Args:
        path: the file.
        kind: what it is.
        detail: one short sentence about it, or why it is not known.
        size: its size in bytes.
        pasted: whether it was pasted or dropped as text; then the file is a private copy, gone when the window closes.
    """

    path: Path
    kind: Kind
    detail: str
    size: int = 0
    pasted: bool = False

    @property
    def name(self) -> str:
        """What to call it in messages."""
        if not self.pasted:
            return self.path.name
        return "Pasted text" if self.kind is Kind.UNKNOWN else f"Pasted {self.kind.value}"


def recognise(path: Path) -> Recognised:
    """Look at the content of a file or folder; what cannot be read is UNKNOWN with the reason."""
    try:
        if _is_folder(path):
            return Recognised(path, *_look_inside(path))
        with open_image(path) as file:
            kind, detail = _look(file)
            return Recognised(path, kind, detail, file.size)
    except SeError as error:
        return Recognised(path, Kind.UNKNOWN, error.what)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # it lies where nobody may look: opening it tells why
        return False


def _look_inside(folder: Path) -> tuple[Kind, str]:
    """A machine is known by what its description says; its keys are not looked at."""
    description = folder / _MACHINE
    try:
        if not description.exists():
            return Kind.UNKNOWN, _NO_MACHINE
        # Needs the cryptographic library; folders are seldom dropped.
        from seworkbench.simulator.machine_description import MachineDescription  # noqa: PLC0415
        from seworkbench.simulator.records import read_record  # noqa: PLC0415

        about = MachineDescription.from_record(read_record(description))
    except SeError as error:
        return Kind.UNKNOWN, f"A folder with a {_MACHINE} that is none of a simulated machine: {error.what}"
    except OSError as error:
        return Kind.UNKNOWN, f"The folder cannot be looked into: {error.strerror}."
    return Kind.SIMULATED_MACHINE, f"A simulated {about.generation.value}, serial number {about.serial}."


def _look(file: ImageFile) -> tuple[Kind, str]:
    head = file.read_at(0, PARAMETER_AREA_END)
    for look in (_as_se, _as_exchange, _as_pem, _as_kernel, _as_archive, _as_key, _as_text, _as_der):
        found = look(file, head)
        if found is not None:
            return found
    return Kind.UNKNOWN, "Nothing this program works with: neither image, header, key, certificate, kernel nor ramdisk."


def _as_se(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    if head.startswith(HEADER_MAGIC):
        return Kind.HEADER, "A bare SE header."
    if looks_like_ipib(head):
        return Kind.IPIB, "An IPL parameter information block."
    if head[METADATA_OFFSET : METADATA_OFFSET + len(METADATA_MAGIC)] == METADATA_MAGIC:
        return Kind.IMAGE, "An SE image with metadata."
    if any(file.read_at(offset, len(HEADER_MAGIC)) == HEADER_MAGIC for offset in _HEADER_PROBES):
        return Kind.IMAGE, "An SE image of an older tool, without metadata."
    return None


def _as_exchange(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    if head.startswith(_ADD_SECRET_MAGIC):
        return Kind.ADD_SECRET_REQUEST, f"An add-secret request, {file.size} bytes."
    if not head.startswith(EXCHANGE_MAGIC):
        return None
    try:
        exchange = parse_exchange(file.read_at(0, MAX_EXCHANGE_FILE_SIZE))
    except FormatError as error:
        return Kind.UNKNOWN, f"A damaged attestation request or response: {error.what}"
    if exchange.kind is ExchangeKind.REQUEST:
        return Kind.ATTESTATION_REQUEST, f"An attestation request, {file.size} bytes."
    return Kind.ATTESTATION_RESPONSE, f"An attestation response, {file.size} bytes."


def _as_pem(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    if b"-----BEGIN" not in head[:65536] or file.size > _CERTIFICATE_LIMIT:
        return None
    if b"PRIVATE KEY-----" in head:
        return Kind.PRIVATE_KEY, "A private key."
    return _trust_objects(file)


def _trust_objects(file: ImageFile) -> tuple[Kind, str]:
    # Needs the cryptographic library; most files do not get this far.
    from seworkbench.trust.describe import bundle_text  # noqa: PLC0415
    from seworkbench.trust.objects import ObjectKind  # noqa: PLC0415
    from seworkbench.trust.reading import read_objects  # noqa: PLC0415

    bundle = read_objects(file.read_at(0, file.size), str(file.path))
    detail = bundle_text(bundle)
    if not bundle.certificates:
        return (Kind.CRL if bundle.crls else Kind.UNKNOWN), detail
    # Of several certificates in a host key document, the first counts.
    first = bundle.certificates[0]
    own = first.phkh is not None and first.kind in (ObjectKind.HOST_KEY, ObjectKind.OTHER)
    return (Kind.HOST_KEY_DOCUMENT if own else Kind.CERTIFICATE), detail


def _as_kernel(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    try:
        facts = kernel_facts(head)
    except FormatError:
        return None
    if facts.is_s390x:
        return Kind.KERNEL, f"A raw s390x kernel, {file.size} bytes."
    if facts.is_elf:
        return Kind.UNKNOWN, "An ELF file. If it is a kernel: the raw one (vmlinuz or image) is needed."
    return None


def _as_archive(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    kind = ramdisk_kind(head[:16])
    if kind in ("unknown", "empty"):
        return None
    return Kind.RAMDISK, f"{kind}, {file.size} bytes."


def _as_key(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    if file.size == CCK_SIZE and not _is_text(head):
        return Kind.KEY_32, "32 bytes: a header key, a communication key, or the protection key of a request."
    if file.size == IMAGE_KEY_SIZE and not _is_text(head):
        return Kind.KEY_64, "64 bytes: an image key."
    return None


def _as_der(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    if not head.startswith(b"\x30") or file.size > _CERTIFICATE_LIMIT:
        return None
    return _trust_objects(file)


def _as_text(file: ImageFile, head: bytes) -> tuple[Kind, str] | None:
    if not file.size:
        return Kind.UNKNOWN, "The file is empty."
    try:
        parse_uv_keys(head)
    except FormatError:
        pass
    else:
        return Kind.KEY_HASHES, "Key hashes of a machine."
    if looks_like_recipe(head):
        return Kind.RECIPE, "A recipe for an image."
    if file.size <= _COMMAND_LINE_LIMIT and _is_text(head):
        return Kind.COMMAND_LINE, "One line of text." if head.count(b"\n") <= 1 else "Text of several lines."
    return None


def _is_text(raw: bytes) -> bool:
    try:
        text = raw.removesuffix(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\n\r\t" for character in text)
