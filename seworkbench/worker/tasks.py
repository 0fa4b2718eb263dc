"""The jobs a worker knows: plain values in, plain values out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.errors import SeError
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import Access, HeaderKey, access_from_files
from seworkbench.image.build import BuildOrder, Recipient, build_image, own_bootloader
from seworkbench.image.compare import compare_files
from seworkbench.image.contents import read_contents
from seworkbench.image.extract import extract_image, hash_components
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.key_files import read_key_file
from seworkbench.image.keys import ImageKeys
from seworkbench.image.ramdisk_listing import list_ramdisk
from seworkbench.image.verify import examine, verify_image
from seworkbench.trust.host_key_document import read_host_key_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.jobs import Job


def build(
    job: Job, *, order: dict[str, Any], keys: dict[str, str | None], trust: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Build an image and verify what was written.

    Args:
        job: the job.
        order: members of BuildOrder; paths as text, `recipients` as paths of host key documents. With `hash_files`
            the record has SHA-256 of the components and of the image.
        keys: path of the file with the key, or None to generate it, for "header", "image" and "cck".
        trust: members of TrustFiles, paths as text: the documents are verified with these, without the network, and
            must be accepted. None if that is not wanted here.
    """
    recipients = _recipients([Path(path) for path in order["recipients"]], trust)
    hash_files = order.get("hash_files", False)
    full_order = BuildOrder(
        kernel=Path(order["kernel"]),
        recipients=recipients,
        output=Path(order["output"]),
        ramdisk=_path(order.get("ramdisk")),
        command_line=_path(order.get("command_line")),
        overwrite=order.get("overwrite", False),
        pcf=order["pcf"],
        scf=order["scf"],
        bootloader=_path(order.get("bootloader")) or own_bootloader(),
        check_components=order.get("check_components", True),
        save_keys=_path(order.get("save_keys")),
        hash_inputs=hash_files,
        also_read=tuple(Path(path) for path in (*order["recipients"], *keys.values()) if path),
    )
    given = {name: read_key_file(name, Path(path)) for name, path in keys.items() if path}
    image_keys = ImageKeys.fresh(**given)
    built = build_image(full_order, image_keys, job)
    with open_image(full_order.output) as image:
        # The digest of the image comes from the reading that verifies it.
        verification = verify_image(image, HeaderKey(image_keys.header), hash_file=hash_files, job=job)
    built = replace(built, sha256=verification.sha256)
    return {"built": built.to_json(), "verification": verification.to_json()}


def _recipients(documents: list[Path], trust: dict[str, Any] | None) -> tuple[Recipient, ...]:
    if trust is None:
        read = [read_host_key_document(path) for path in documents]
        return tuple(Recipient(str(document.path), document.key) for document in read)
    # OpenSSL for Python loads slowly; only verification needs it.
    from seworkbench.trust.files import TrustFiles, accepted_keys, verify_files  # noqa: PLC0415

    files = TrustFiles(
        certificates=tuple(map(Path, trust["certificates"])),
        crls=tuple(map(Path, trust.get("crls", ()))),
        root_ca=_path(trust.get("root_ca")),
        offline=True,
    )
    result = verify_files(documents, files, datetime.now(UTC))
    return tuple(Recipient(name, key) for name, key in accepted_keys(result))


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def verify(
    job: Job,
    *,
    image: str,
    access: dict[str, str] | None = None,
    inputs: dict[str, str] | None = None,
    hash_file: bool = False,
) -> dict[str, Any]:
    """Verify an image.

    Args:
        job: the job.
        image: its path.
        access: {"header_key": path} or {"host_private_key": path}.
        inputs: expected files by name of the component kind ("KERNEL").
        hash_file: also compute SHA-256 of the file.
    """
    expected = _expected(inputs)
    with open_image(Path(image)) as file:
        return verify_image(file, _access(access), inputs=expected, hash_file=hash_file, job=job).to_json()


def report(
    job: Job,
    *,
    image: str,
    target: str,
    access: dict[str, str] | None = None,
    inputs: dict[str, str] | None = None,
    known_hosts: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Verify an image and write a report of that very verification; arguments as for `verify`.

    Args:
        job: the job.
        image: its path.
        target: the report; the ending decides its form. A file that is there is replaced.
        access: as for `verify`.
        inputs: as for `verify`.
        known_hosts: names of machines by the hash of their host key, hexadecimal.
    """
    # What forms reports loads slowly, and most workers write none.
    from seworkbench.report.image import image_report  # noqa: PLC0415
    from seworkbench.report.write import require_report_name, write_report  # noqa: PLC0415

    require_report_name(Path(target))
    expected = _expected(inputs)
    with open_image(Path(image)) as file:
        result = verify_image(file, _access(access), inputs=expected, hash_file=True, job=job)
    made = image_report(
        result,
        Path(image),
        datetime.now(UTC),
        expected=expected,
        known_hosts={bytes.fromhex(phkh): name for phkh, name in (known_hosts or {}).items()},
        header_key=_path((access or {}).get("header_key")),
        host_private_key=_path((access or {}).get("host_private_key")),
        job=job,
    )
    write_report(made, Path(target), replace=True)
    return {"report": target, "verdict": result.check.verdict.value}


def extract(
    job: Job, *, image: str, folder: str, access: dict[str, str] | None = None, overwrite: bool = False
) -> dict[str, Any]:
    """Extract the components of an image; arguments as for `verify` and `extract_image`."""
    with open_image(Path(image)) as file:
        return extract_image(file, _access(access), Path(folder), overwrite=overwrite, job=job).to_json()


def hash_parts(job: Job, *, image: str, access: dict[str, str] | None = None) -> dict[str, Any]:
    """SHA-256 of the components by what they are called; arguments as for `verify`, see hash_components."""
    with open_image(Path(image)) as file:
        return {kind.title: sha256 for kind, sha256 in hash_components(file, _access(access), job).items()}


def list_files(job: Job, *, image: str, access: dict[str, str] | None = None) -> dict[str, Any]:
    """List the files in the ramdisk of an image; arguments as for `verify`.

    Raises:
        SeError: if the image has no ramdisk that can be read.
    """
    with open_image(Path(image)) as file:
        examined = examine(file, _access(access), SupportedFlags())
        reader = examined.reader(file)
        contents = None
        if reader is not None and examined.ipib is not None:
            start = examined.content.psw.addr if examined.content else None
            contents = read_contents(reader, examined.ipib.ipib, start)[1]
        part = contents.part(ComponentKind.RAMDISK) if contents else None
        if reader is None or part is None:
            raise SeError("There is no ramdisk that can be read.", where=image, remedy="Unlock the image first.")
        job.phase("Listing the ramdisk", part.size)
        listing = list_ramdisk(reader.content(part.entry, part.size), job)
    return {
        "entries": [
            [entry.mode, entry.size, entry.name.decode("utf-8", "backslashreplace")]
            + ([entry.target.decode("utf-8", "backslashreplace")] if entry.target else [])
            for entry in listing.entries
        ],
        "total": listing.total,
        "truncated": listing.truncated,
        "problem": listing.problem,
        "compressions": list(listing.compressions),
    }


def compare(
    job: Job, *, left: str, right: str, left_access: dict[str, str] | None, right_access: dict[str, str] | None
) -> dict[str, Any]:
    """Compare two images or headers; arguments as for compare_files, keys as for `verify`."""
    found = compare_files(
        Path(left), Path(right), left_access=_access(left_access), right_access=_access(right_access), job=job
    )
    return found.to_json()


def _expected(inputs: dict[str, str] | None) -> dict[ComponentKind, Path]:
    return {ComponentKind[name]: Path(path) for name, path in (inputs or {}).items()}


def _access(files: dict[str, str] | None) -> Access | None:
    return access_from_files(**{name: Path(path) for name, path in (files or {}).items()})


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "build": build,
    "verify": verify,
    "report": report,
    "extract": extract,
    "hash_parts": hash_parts,
    "list_files": list_files,
    "compare": compare,
}
