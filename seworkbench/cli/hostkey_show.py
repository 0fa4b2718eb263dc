"""`seworkbench hostkey show`: everything about host key documents, other certificates and revocation lists.

Nothing is verified: a document says about itself what it likes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from seworkbench.cli import status
from seworkbench.cli.options import add_verbosity, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_error, write_json, write_lines, write_message
from seworkbench.errors import FormatError
from seworkbench.trust.objects import ObjectKind, TrustCertificate, serial_text
from seworkbench.trust.reading import read_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from seworkbench.trust.objects import Bundle, TrustCrl, TrustObject

_LABEL_WIDTH = 22
# So many revoked serial numbers are printed without -v.
_ENTRIES_SHOWN = 10


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="host key document, other certificate, revocation list"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    add_verbosity(parser, more="all entries of revocation lists", less="no warning")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    bundles = [(str(path), read_file(path)) for path in args.files]
    if args.json:
        files = [
            {
                "file": name,
                "objects": [object_json(item) for item in bundle.objects],
                "problems": [{"what": problem.what, "remedy": problem.remedy} for problem in bundle.problems],
            }
            for name, bundle in bundles
        ]
        write_json({"verdict": "not checked", "files": files})
    else:
        for position, item in enumerate(item for _, bundle in bundles for item in bundle.objects):
            write_lines([""] if position else [])
            write_lines(object_lines(item, verbose=bool(args.verbose)))
    for _, bundle in bundles:
        _tell_problems(bundle, quiet=bool(args.quiet))
    return status.DONE if all(bundle.objects for _, bundle in bundles) else status.NOT_DONE


def _tell_problems(bundle: Bundle, *, quiet: bool) -> None:
    """What a file holds beside what was shown is a warning; that it holds nothing to show is an error."""
    problems = bundle.problems
    if not bundle.objects:
        write_error(FormatError(problems[0].what, where=problems[0].source.name, remedy=problems[0].remedy))
        problems = problems[1:]
    for problem in () if quiet else problems:
        write_message("warning", f"{problem.source.name}: {problem.what} {problem.remedy}".rstrip())


def object_lines(item: TrustObject, *, verbose: bool) -> Iterator[str]:
    """A certificate or revocation list as text: one line a fact, the hash of a host key first."""
    rows = list(_certificate_rows(item) if isinstance(item, TrustCertificate) else _crl_rows(item, verbose=verbose))
    for label, value in rows:
        yield f"{label:<{_LABEL_WIDTH}}{one_line(value)}".rstrip()


def object_json(item: TrustObject) -> dict[str, Any]:
    """A certificate or revocation list as JSON."""
    if isinstance(item, TrustCertificate):
        return _certificate_json(item)
    return _crl_json(item)


def _certificate_rows(item: TrustCertificate) -> Iterator[tuple[str, str]]:
    if item.phkh is not None:
        yield "public host key hash", item.phkh
    yield "kind", item.kind.value
    if item.machine:
        yield "machine (by its name)", item.machine
    if item.kind in (ObjectKind.HOST_KEY, ObjectKind.SIGNING):
        yield "generation (a guess)", item.generation.generation.value
    yield "file", f"{item.source.name}, {item.source.encoding}"
    yield "subject", item.subject_text
    yield "issuer", item.issuer_text
    yield "serial number", item.serial_text
    yield "valid from", item.not_before.isoformat()
    yield "valid until", item.not_after.isoformat()
    yield "key", f"{item.key_text}, {item.security_bits} bits of security"
    yield "signed with", item.signature_text
    yield "may issue", "certificates" if item.is_ca else "no certificates"
    if item.subject_key_id is not None:
        yield "subject key id", item.subject_key_id.hex()
    if item.authority_key_id is not None and item.authority_key_id.key_id is not None:
        yield "authority key id", item.authority_key_id.key_id.hex()
    for address in item.crl_addresses:
        yield "revocation list at", address
    for address in item.issuer_addresses:
        yield "issuer found at", address
    if item.known_root:
        yield "known root", item.known_root
    yield "SHA-256", item.fingerprint


def _crl_rows(item: TrustCrl, *, verbose: bool) -> Iterator[tuple[str, str]]:
    yield "kind", item.kind.value
    yield "file", f"{item.source.name}, {item.source.encoding}"
    yield "issuer", item.issuer_text
    yield "issued", item.this_update.isoformat()
    yield "next update", item.next_update.isoformat() if item.next_update else "not given: not usable"
    if item.number is not None:
        yield "number", str(item.number)
    if item.authority_key_id is not None and item.authority_key_id.key_id is not None:
        yield "authority key id", item.authority_key_id.key_id.hex()
    yield "signed with", item.signature_text
    yield "revoked certificates", str(item.entries)
    entries = _entries(item)
    shown = entries if verbose else entries[:_ENTRIES_SHOWN]
    for entry in shown:
        yield "", "  ".join(filter(None, (entry["serial"], entry["revoked_at"], entry["reason"])))
    if len(shown) < len(entries):
        yield "", f"and {len(entries) - len(shown)} more; -v shows all"
    yield "SHA-256", item.fingerprint


def _certificate_json(item: TrustCertificate) -> dict[str, Any]:
    authority = item.authority_key_id
    return {
        "kind": item.kind.value,
        "phkh_hex": item.phkh,
        "machine": item.machine,
        "generation": item.generation.generation.value,
        "encoding": item.source.encoding,
        "subject": item.subject_text,
        "issuer": item.issuer_text,
        "serial_hex": item.serial_text,
        "not_before": item.not_before.isoformat(),
        "not_after": item.not_after.isoformat(),
        "key": item.key_text,
        "security_bits": item.security_bits,
        "signature": item.signature_text,
        "may_issue_certificates": item.is_ca,
        "subject_key_id_hex": item.subject_key_id.hex() if item.subject_key_id is not None else None,
        "authority_key_id_hex": authority.key_id.hex() if authority and authority.key_id is not None else None,
        "crl_addresses": list(item.crl_addresses),
        "issuer_addresses": list(item.issuer_addresses),
        "known_root": item.known_root,
        "sha256": item.fingerprint,
    }


def _crl_json(item: TrustCrl) -> dict[str, Any]:
    authority = item.authority_key_id
    return {
        "kind": item.kind.value,
        "encoding": item.source.encoding,
        "issuer": item.issuer_text,
        "this_update": item.this_update.isoformat(),
        "next_update": item.next_update.isoformat() if item.next_update else None,
        "number": item.number,
        "authority_key_id_hex": authority.key_id.hex() if authority and authority.key_id is not None else None,
        "signature": item.signature_text,
        "revoked": _entries(item),
        "sha256": item.fingerprint,
    }


def _entries(item: TrustCrl) -> list[dict[str, str]]:
    """Serial number, instant and reason of each revoked certificate, as text."""
    found = []
    for entry in item.crl:
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
        except (x509.ExtensionNotFound, ValueError):
            reason = ""
        revoked_at = entry.revocation_date_utc.isoformat()
        found.append({"serial": serial_text(entry.serial_number), "revoked_at": revoked_at, "reason": reason})
    return found
