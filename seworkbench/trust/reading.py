"""Reading certificates and revocation lists out of files and pasted text, with an answer for whatever else is there.

Any bytes give a Bundle: what cannot be used becomes a problem with a reason, never an exception. The forms that are
read: PEM (certificates and lists mixed, in any order, text around them, any line ends), DER, several DER objects one
behind the other, and for pasted text bare base64 or hexadecimal digits of DER.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.crypto.points import key_hash
from seworkbench.errors import FormatError
from seworkbench.files import read_whole
from seworkbench.trust import names
from seworkbench.trust.der import SEQUENCE, elements, read_element, whole
from seworkbench.trust.objects import Bundle, ObjectKind, Problem, Source, TrustCertificate, TrustCrl, TrustObject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Revocation lists of busy authorities have some megabytes; certificates have kilobytes.
SIZE_LIMIT = 16 << 20

CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
CRL_LABEL = "X509 CRL"

_BEGIN = re.compile(rb"-----BEGIN ([^\r\n]{1,80})-----")
_UNUSABLE = (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion, FormatError)
# The library warns of certificates that it will refuse one day; the switch for warnings belongs to the whole process.
_quiet = threading.Lock()

_KEY = (
    "This is a private key. It is never needed to verify anything.",
    "Keep it where it belongs and give it to nobody.",
)
_EXPLAINED = {
    "CERTIFICATE REQUEST": (
        "This is a certificate request: nobody has signed it yet.",
        "Use the certificate that was issued for it.",
    ),
    "PUBLIC KEY": (
        "This is a bare public key: nothing tells whose it is.",
        "Use the host key document (.crt) that carries the key.",
    ),
    "PKCS7": (
        "This is a PKCS#7 container; certificates are read one by one.",
        "Take them out: openssl pkcs7 -print_certs -in FILE -out certificates.pem",
    ),
    "PKCS7 DER": (
        "This is a PKCS#7 container; certificates are read one by one.",
        "Take them out: openssl pkcs7 -inform DER -print_certs -in FILE -out certificates.pem",
    ),
    "PKCS12": (
        "This is a PKCS#12 container, which usually holds a private key too.",
        "Take only the certificates out: openssl pkcs12 -nokeys -in FILE -out certificates.pem",
    ),
    "OPENSSH": ("This is a key of OpenSSH; it has nothing to do with host keys of machines.", ""),
    "PGP": ("This belongs to OpenPGP; certificates here are X.509.", ""),
    "HTML": (
        "This is a web page, not the file that its address promised.",
        "Often it is an error or sign-in page: open the address in a browser and save the file itself.",
    ),
    "ZIP": ("This is an archive.", "Unpack it and use the files inside."),
    "UTF-16": ("The text is in UTF-16, which no certificate tool reads.", "Save it as plain ASCII or UTF-8."),
    "EMPTY": ("There is nothing in it: 0 bytes.", "Get the file again."),
    "NOTHING": (
        "There is neither a certificate nor a revocation list in it.",
        "Use files in PEM or DER form (.crt, .cer, .pem, .crl).",
    ),
}
_INTEGER, _BIT_STRING, _OID = 0x02, 0x03, 0x06
_PKCS7 = bytes.fromhex("2a864886f70d0107")
_PKCS12_VERSION = b"\x03"
_KEY_VERSIONS = (b"\x00", b"\x01")
_KEY_FIELDS = 2
_TIMES = (0x17, 0x18)


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block of PEM text.

    Args:
        label: the words behind BEGIN.
        der: what it encodes; None if it cannot be decoded.
        fault: why it cannot be decoded; empty if it can.
    """

    label: str
    der: bytes | None
    fault: str = ""


def read_objects(raw: bytes, source_name: str) -> Bundle:
    """Read everything usable out of a file's content or pasted text.

    Args:
        raw: the bytes; text as UTF-8.
        source_name: path, URL or "pasted text", kept with each object.
    """
    source = Source(source_name, 0, "DER", hashlib.sha256(raw).hexdigest(), len(raw))
    if b"-----BEGIN " in raw:
        return _from_pem(raw, source)
    cut: tuple[Problem, ...] = ()
    if raw[:1] == bytes([SEQUENCE]):
        bundle = _from_der(raw, source)
        if bundle.objects:
            return bundle
        # Text that begins with the digit 0 begins like DER.
        cut = () if raw.isascii() else bundle.problems
    reason = _explain(raw)
    if reason is None:
        bare = _bare_text(raw)
        if bare is not None:
            return _from_der(bare, source)
        if cut:
            return Bundle(problems=cut)
        reason = _EXPLAINED["NOTHING"]
    return Bundle(problems=(Problem(source, *reason),))


def read_file(path: Path) -> Bundle:
    """Read everything usable out of a file.

    Raises:
        SeError: if it cannot be read or is larger than 16 MiB.
    """
    return read_objects(read_whole(path, SIZE_LIMIT), str(path))


def certificate_of(der: bytes, source: Source) -> TrustCertificate:
    """The certificate that `der` is; bytes behind it are an error.

    Raises:
        FormatError: if it is none, or one that cannot be judged.
    """
    try:
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(der)
            return _described(certificate, source)
    except _UNUSABLE as error:
        raise FormatError(f"The certificate cannot be read: {_said(error)}", where=source.name) from None


def crl_of(der: bytes, source: Source) -> TrustCrl:
    """The revocation list that `der` is; bytes behind it are an error.

    Raises:
        FormatError: if it is none, or one that cannot be judged.
    """
    try:
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            crl = x509.load_der_x509_crl(der)
            found = TrustCrl(crl, source, hashlib.sha256(der).hexdigest())
            # Whatever is looked at later is looked at once now, while a fault can still be told.
            _ = found.issuer, found.this_update, found.next_update, found.authority_key_id, found.number
            _ = found.entries, found.name, found.entry(0)
    except _UNUSABLE as error:
        raise FormatError(f"The revocation list cannot be read: {_said(error)}", where=source.name) from None
    return found


def pem_blocks(raw: bytes) -> Iterator[PemBlock]:
    """The blocks of PEM text, whatever stands around them."""
    position = 0
    while found := _BEGIN.search(raw, position):
        label = found[1].decode("latin-1")
        end = raw.find(b"-----END ", found.end())
        following = raw.find(b"-----BEGIN ", found.end())
        if end < 0 or 0 <= following < end:
            yield PemBlock(label, None, "its last line is missing: it was cut off")
            position = found.end()
            continue
        closing = b"-----END " + found[1] + b"-----"
        position = end + len(closing)
        if not raw.startswith(closing, end):
            yield PemBlock(label, None, "its last line does not fit its first")
            position = end + 1
            continue
        yield _decoded(label, raw[found.end() : end])


def _decoded(label: str, body: bytes) -> PemBlock:
    if b":" in body:
        # Headers as RFC 1421 has them; an empty line ends them.
        headers, _, body = body.replace(b"\r\n", b"\n").strip().partition(b"\n\n")
        if b"ENCRYPTED" in headers:
            return PemBlock(label, None, "it is encrypted")
    try:
        return PemBlock(label, base64.b64decode(b"".join(body.split()), validate=True))
    except binascii.Error:
        return PemBlock(label, None, "it is not valid base64")


def _from_pem(raw: bytes, source: Source) -> Bundle:
    certificates: list[TrustCertificate] = []
    crls: list[TrustCrl] = []
    problems: list[Problem] = []
    for number, block in enumerate(pem_blocks(raw)):
        place = Source(source.name, number, "PEM", source.file_sha256, source.size)
        usable = block.label in CERTIFICATE_LABELS or block.label == CRL_LABEL
        if not usable:
            problems.append(Problem(place, *_explain_label(block.label)))
        elif block.der is None:
            remedy = "Get the file again, complete and unchanged."
            problems.append(Problem(place, f"Block {number + 1} cannot be read: {block.fault}.", remedy))
        else:
            try:
                found = object_of(block, place)
            except FormatError as error:
                problems.append(Problem(place, error.what, "Get the file again, complete and unchanged."))
            else:
                (certificates if isinstance(found, TrustCertificate) else crls).append(found)  # type: ignore[arg-type]
    if not certificates and not crls and not problems:
        problems.append(Problem(source, *_EXPLAINED["NOTHING"]))
    return Bundle(tuple(certificates), tuple(crls), tuple(problems))


def object_of(block: PemBlock, source: Source) -> TrustObject:
    """The certificate or revocation list of a decoded PEM block.

    Raises:
        FormatError: if it cannot be read.
    """
    if block.der is None:
        raise FormatError(f"The block cannot be read: {block.fault}.", where=source.name)
    if block.label == CRL_LABEL:
        return crl_of(block.der, source)
    der = block.der
    if block.label == "TRUSTED CERTIFICATE":
        # OpenSSL writes what the certificate is trusted for behind it.
        der = whole(der, read_element(der))
    return certificate_of(der, source)


def _from_der(raw: bytes, source: Source) -> Bundle:
    certificates: list[TrustCertificate] = []
    crls: list[TrustCrl] = []
    offset = number = 0
    while offset < len(raw):
        place = Source(source.name, number, "DER", source.file_sha256, source.size)
        try:
            element = read_element(raw, offset)
        except FormatError:
            reason = f"From byte {offset} on there is no complete object: the file is cut off, or something else."
            return Bundle(tuple(certificates), tuple(crls), (Problem(place, reason, "Get the file again, complete."),))
        der = whole(raw, element)
        try:
            certificates.append(certificate_of(der, place))
        except FormatError as as_certificate:
            try:
                crls.append(crl_of(der, place))
            except FormatError as as_crl:
                reasons = _explain_der(der)
                if reasons is None and _looks_like_certificate(der):
                    reasons = as_certificate.what, "Get the file again, complete and unchanged."
                elif reasons is None and _looks_like_crl(der):
                    reasons = as_crl.what, "Get the file again, complete and unchanged."
                problem = Problem(place, *(reasons or _EXPLAINED["NOTHING"]))
                return Bundle(tuple(certificates), tuple(crls), (problem,))
        offset, number = element.end, number + 1
    return Bundle(tuple(certificates), tuple(crls))


def _described(certificate: x509.Certificate, source: Source) -> TrustCertificate:
    der = certificate.public_bytes(serialization.Encoding.DER)
    key = certificate.public_key()
    on_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP521R1)
    phkh = key_hash(key).hex() if isinstance(key, ec.EllipticCurvePublicKey) and on_curve else None
    fingerprint = hashlib.sha256(der).hexdigest()
    plain = TrustCertificate(certificate, source, fingerprint, phkh, ObjectKind.OTHER)
    found = TrustCertificate(certificate, source, fingerprint, phkh, _kind(plain))
    # Whatever is looked at later is looked at once now, while a fault can still be told.
    _ = found.subject, found.subject_text, found.issuer, found.issuer_text
    _ = found.not_before, found.not_after, found.serial_text, found.subject_key_id, found.authority_key_id
    _ = found.crl_addresses, found.issuer_addresses, found.name, found.signature_text
    return found


def _kind(found: TrustCertificate) -> ObjectKind:
    """What a certificate is for, by its names and extensions (resources/help/host-keys.md#kinds)."""
    usage = found.key_usage
    if names.is_signing_name(found.certificate.subject):
        return ObjectKind.SIGNING
    if found.is_ca or (usage is not None and usage.key_cert_sign):
        return ObjectKind.ROOT if found.self_issued else ObjectKind.INTERMEDIATE
    only_agreement = usage is not None and usage.key_agreement and not usage.digital_signature
    unit = names.value_of(found.certificate.issuer, names.UNIT)
    if (found.phkh and only_agreement) or (unit.endswith(names.UNIT_ENDING) and not found.self_issued):
        return ObjectKind.HOST_KEY
    return ObjectKind.ROOT if found.self_issued and _first_version(found) else ObjectKind.OTHER


def _first_version(found: TrustCertificate) -> bool:
    # Version 1 knows no extensions; the oldest roots are of this kind.
    return found.certificate.version is x509.Version.v1


def _said(error: Exception) -> str:
    """What a library said about it, on one short line."""
    text = names.printable((str(error) or type(error).__name__).splitlines()[0])[:160]
    if text.startswith("error parsing asn1"):
        return "its bytes are not what such an object is made of."
    return text if text.endswith(".") else text + "."


# --- What else it may be ----------------------------------------------------------------------------------------------


def _explain(raw: bytes) -> tuple[str, str] | None:
    start = raw[:512].lstrip().lower()
    if not raw:
        return _EXPLAINED["EMPTY"]
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        return _EXPLAINED["HTML"]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _EXPLAINED["UTF-16"]
    if raw.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return _EXPLAINED["ZIP"]
    if start.startswith((b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-")):
        return _EXPLAINED["OPENSSH"]
    return _explain_der(raw) if raw[:1] == bytes([SEQUENCE]) else None


def _explain_label(label: str) -> tuple[str, str]:
    if "PRIVATE KEY" in label and "OPENSSH" not in label:
        return _KEY
    for mark in ("CERTIFICATE REQUEST", "PUBLIC KEY", "PKCS7", "OPENSSH", "PGP"):
        if mark in label:
            return _EXPLAINED[mark]
    if label == "CMS":
        return _EXPLAINED["PKCS7"]
    return f"A PEM block “{names.printable(label)}” has no use here.", "Certificates and revocation lists are used."


def _explain_der(der: bytes) -> tuple[str, str] | None:
    """What a DER structure is that is neither certificate nor revocation list."""
    try:
        parts = list(elements(read_element(der).content))
    except FormatError:
        return None
    kinds = [part.tag for part in parts]
    first = parts[0].content if parts else b""
    number = first if kinds[:1] == [_INTEGER] else b""
    if kinds[:1] == [_OID] and first.startswith(_PKCS7):
        return _EXPLAINED["PKCS7 DER"]
    if number == _PKCS12_VERSION and kinds[1:2] == [SEQUENCE]:
        return _EXPLAINED["PKCS12"]
    # PKCS#1, PKCS#8 and SEC 1 all begin with a version number.
    if number in _KEY_VERSIONS and len(kinds) > _KEY_FIELDS:
        return _KEY
    if kinds == [SEQUENCE, _BIT_STRING]:
        return _EXPLAINED["PUBLIC KEY"]
    return _EXPLAINED["CERTIFICATE REQUEST"] if _is_request(der) else None


def _is_request(der: bytes) -> bool:
    try:
        x509.load_der_x509_csr(der)
    except _UNUSABLE:
        return False
    return True


def _looks_like_certificate(der: bytes) -> bool:
    return SEQUENCE in _signed_fields(der) and not _looks_like_crl(der)


def _looks_like_crl(der: bytes) -> bool:
    # A list has bare times among its fields, a certificate has them inside its validity.
    return any(tag in _TIMES for tag in _signed_fields(der))


def _signed_fields(der: bytes) -> list[int]:
    """The tags of the fields in the signed part; none if there is no signed part."""
    try:
        parts = list(elements(read_element(der).content))
        if [part.tag for part in parts] != [SEQUENCE, SEQUENCE, _BIT_STRING]:
            return []
        return [field.tag for field in elements(parts[0].content)]
    except FormatError:
        return []


def _bare_text(raw: bytes) -> bytes | None:
    """DER written as bare hexadecimal digits or bare base64."""
    compact = b"".join(raw.split())
    digits = compact.replace(b":", b"")
    try:
        plain = bytes.fromhex(digits.decode("ascii"))
        if plain[:1] == bytes([SEQUENCE]):
            return plain
    except (ValueError, UnicodeDecodeError):
        pass
    try:
        plain = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return None
    return plain if plain[:1] == bytes([SEQUENCE]) else None
