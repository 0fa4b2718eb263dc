"""Verifying host keys by hand: OpenSSL commands for the very files, with what they print.

The commands make the steps of resources/help/host-keys.md#algorithm with other programs than this one; bash, the small
programs of every Linux and OpenSSL 3.0 or later suffice. resources/report/by-hand.sh has what several steps use.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from seworkbench.report.model import HandStep
from seworkbench.resources import resource
from seworkbench.trust.objects import TrustCertificate, TrustCrl, TrustObject
from seworkbench.trust.signatures import is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

# A list of this many bytes is written out as 6 KiB of text; longer ones are named by their file.
_EMBEDDED_LIMIT = 4096
_MOST_HOST_KEYS = 8
# OpenSSL's code for a chain that this program finds too short; the command has nothing to say against it.
_APPLICATION = 50
# The chain is not known to its end, so the command would see another fault first.
_TOO_LONG = 22
_SELF_SIGNED = (18, 19)
# The last certificate was given as trust anchor, but was issued by somebody who is missing.
_TRUSTED_NO_ROOT = 2
_SHORT_NAMES = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
}


@dataclass(frozen=True, slots=True)
class HostKeyCase:
    """A host key to verify by hand.

    Args:
        certificate: its document.
        crls: every list that was looked at for it, usable or not.
    """

    certificate: TrustCertificate
    crls: tuple[TrustCrl, ...]


@dataclass(frozen=True, slots=True)
class TrustCase:
    """Host keys under one signing certificate.

    Args:
        at: the instant of verification.
        chain: the signing certificate and its issuers, as far as found; empty if there is no signing certificate.
        crls: every list that was looked at for the chain.
        code: OpenSSL's code for the path; 0 if it is proven, None if it was not looked at.
        depth: number of the certificate that the code is about.
        host_keys: the host keys.
        written_out: whether the objects are written into the commands, because the files they came from may be gone.
    """

    at: datetime
    chain: tuple[TrustCertificate, ...]
    crls: tuple[TrustCrl, ...]
    code: int | None
    depth: int
    host_keys: tuple[HostKeyCase, ...]
    written_out: bool = False


def trust_steps(case: TrustCase) -> tuple[HandStep, ...]:
    """The steps for all host keys of a case, in one shell and in order."""
    return tuple(_Hand(case).steps())


def shell_script(steps: Sequence[HandStep]) -> str:
    """The steps as one script for bash, what they print as comments."""
    lines = ["#!/bin/bash", ""]
    for step in steps:
        lines += [f"# {step.comment}", *step.command.splitlines()]
        lines += [f"#> {line}" for line in step.expected.splitlines()]
        lines.append("")
    return "\n".join(lines)


class _Hand:
    """Gives every object a name and writes the steps."""

    def __init__(self, case: TrustCase) -> None:
        self._case = case
        self._names: dict[TrustObject, str] = {}
        self._at = f"{case.at:%Y-%m-%d %H:%M:%SZ}"

    def steps(self) -> Iterator[HandStep]:
        case = self._case
        yield HandStep(
            "What the steps below use: a folder for what is taken apart, and the instant of verification.",
            resource("report/by-hand.sh").read_text("utf-8") + f"at={shlex.quote(self._at)}",
            "",
        )
        if case.chain:
            yield from self._stage_a()
        for host_key in case.host_keys[:_MOST_HOST_KEYS]:
            yield from self._stage_b(host_key)
        if len(case.host_keys) > _MOST_HOST_KEYS:
            rest = len(case.host_keys) - _MOST_HOST_KEYS
            yield HandStep(f"The other {rest} host keys are verified in the same way.", ":", "")

    def _stage_a(self) -> Iterator[HandStep]:
        case = self._case
        signing, *issuers = case.chain
        rooted = _is_rooted(case)
        numbers = count(1)
        for certificate in case.chain:
            root = rooted and certificate is case.chain[-1] and bool(issuers)
            self._names[certificate] = (
                "signing.pem" if certificate is signing else "root.pem" if root else f"issuer{next(numbers)}.pem"
            )
        for crl in case.crls:
            self._name_list(crl)
        things: list[TrustObject] = [*case.chain, *dict.fromkeys(case.crls)]
        yield self._picked("The signing certificate, its issuers and their revocation lists.", things)
        subject = _subject_lines(signing)
        if subject:
            yield HandStep(
                "A6: the subject of the signing certificate. It must have exactly these six attributes: C=US, ST=New "
                "York, L=Poughkeepsie or Armonk, O and CN=International Business Machines Corporation, and an OU that "
                "ends with Key Signing Service.",
                f"openssl x509 -in {self._path(signing)} -noout -subject -nameopt sep_multiline,sname,utf8"
                " | sed -n 's/^ *//; 2,$p'",
                subject,
            )
        if case.code not in (None, _TOO_LONG):
            yield self._path_step(issuers, rooted=rooted)

    def _path_step(self, issuers: Sequence[TrustCertificate], *, rooted: bool) -> HandStep:
        case = self._case
        root = issuers[-1] if rooted and issuers else None
        parts = [
            f"openssl verify -no-CApath -no-CAstore -verify_depth 2 -auth_level 2 -attime {case.at.timestamp():.0f}"
        ]
        parts.append("-x509_strict -check_ss_sig -policy_check -crl_check -crl_check_all")
        parts.append(f"-CAfile {self._path(root)}" if root else "-no-CAfile")
        parts += [f"-untrusted {self._path(item)}" for item in issuers if item is not root]
        parts += [f"-CRLfile {self._path(crl)}" for crl in self._names if isinstance(crl, TrustCrl)]
        parts.append(f"{self._path(case.chain[0])} 2>&1")
        only = "sed -n -e 's/^error \\([0-9]* at [0-9]* depth\\).*/error \\1/p' -e 's/^.*: OK$/OK/p' | head -n 1"
        good = case.code in (0, _APPLICATION)
        return HandStep(
            "A7: the path from the signing certificate to the root, with a valid revocation list at every level. Depth "
            "0 is the signing certificate.",
            " \\\n  ".join(parts) + f" |\n  {only}",
            "OK" if good else f"error {case.code} at {case.depth} depth",
        )

    def _stage_b(self, host_key: HostKeyCase) -> Iterator[HandStep]:
        certificate = host_key.certificate
        self._names.setdefault(
            certificate, f"host{sum(name.startswith('host') for name in self._names.values()) + 1}.pem"
        )
        new = tuple(crl for crl in dict.fromkeys(host_key.crls) if crl not in self._names)
        for crl in new:
            self._name_list(crl)
        path = self._path(certificate)
        yield self._picked(
            f"The host key document {certificate.name}, and revocation lists for it.", (certificate, *new)
        )
        if certificate.phkh is not None:
            yield HandStep(
                "The hash of the host key (PHKH): SHA-256 of X and Y, each of 66 bytes with 14 zero bytes before it.",
                f"openssl x509 -in {path} -noout -pubkey | openssl pkey -pubin -outform DER |\n"
                '  tail -c 132 > "$work/point"\n'
                '{ head -c 14 /dev/zero; head -c 66 "$work/point"\n'
                '  head -c 14 /dev/zero; tail -c 66 "$work/point"; } | sha256sum | cut -c 1-64',
                certificate.phkh,
            )
        bits = getattr(certificate.public_key, "key_size", None)
        if bits:
            yield HandStep(
                "B1: the size of the host key; those of machines are on P-521.",
                f"openssl x509 -in {path} -noout -text | sed -n 's/.*Public-Key: (\\([0-9]* bit\\).*/\\1/p'",
                f"{bits} bit",
            )
        yield HandStep(
            "B2: its validity. The last instant no longer counts.",
            f"valid x509 {self._names[certificate]}",
            _validity(certificate.not_before, certificate.not_after, self._case.at),
        )
        if self._case.chain:
            yield from self._under_signing_key(host_key)

    def _under_signing_key(self, host_key: HostKeyCase) -> Iterator[HandStep]:
        certificate, signing = host_key.certificate, self._case.chain[0]
        wanted = certificate.authority_key_id.key_id if certificate.authority_key_id else None
        if wanted and signing.subject_key_id:
            only = "grep -Eo '([0-9A-F]{2}:)+[0-9A-F]{2}' | head -n 1"
            yield HandStep(
                "B3: the key identifier that the document names, and that of the signing certificate.",
                f"openssl x509 -in {self._path(certificate)} -noout -ext authorityKeyIdentifier | {only}\n"
                f"openssl x509 -in {self._path(signing)} -noout -ext subjectKeyIdentifier | {only}",
                "\n".join(value.hex(":").upper() for value in (wanted, signing.subject_key_id)),
            )
        yield from self._signature_step("B4: is the document signed by the signing key?", certificate, signing)
        for crl in dict.fromkeys(host_key.crls):
            name = self._names[crl]
            if crl.next_update is not None:
                yield HandStep(
                    f"B6: is the revocation list {crl.name} valid?",
                    f"valid crl {name}",
                    _validity(crl.this_update, crl.next_update, self._case.at),
                )
            yield from self._signature_step("B6: is it signed by the signing key? Only then it counts.", crl, signing)
            yield HandStep(
                "B7: how many entries does it have for the serial number of the document? More than none, in a list "
                "that counts, means revoked.",
                f"serial=$(openssl x509 -in {self._path(certificate)} -noout -serial)\n"
                f'openssl crl -in "$work/{name}" -noout -text | grep -c -x " *Serial Number: ${{serial#serial=}}"',
                str(_entries(crl, certificate)),
            )

    def _signature_step(self, comment: str, signed: TrustObject, signing: TrustCertificate) -> Iterator[HandStep]:
        document = signed.certificate if isinstance(signed, TrustCertificate) else signed.crl
        rsa_plain = isinstance(signing.public_key, rsa.RSAPublicKey) and isinstance(
            document.signature_algorithm_parameters, padding.PKCS1v15
        )
        elliptic = isinstance(signing.public_key, ec.EllipticCurvePublicKey) and isinstance(
            document.signature_algorithm_parameters, ec.ECDSA
        )
        digest = document.signature_hash_algorithm
        if digest is None or not (rsa_plain or elliptic):
            return
        kind = _kind(signed)
        yield HandStep(
            comment,
            f"signed_by {kind} {self._names[signed]} {self._names[signing]} {digest.name}",
            "Verified OK" if is_signed_by(signed, signing) else "Verification failure",
        )

    # --- objects ------------------------------------------------------------------------------------------------------

    def _name_list(self, crl: TrustCrl) -> None:
        number = sum(isinstance(item, TrustCrl) for item in self._names) + 1
        self._names.setdefault(crl, f"list{number}.pem")

    def _picked(self, comment: str, things: Sequence[TrustObject]) -> HandStep:
        commands = [self._pick(item) for item in dict.fromkeys(things)]
        expected = [f"{self._names[item]} {item.fingerprint}" for item in dict.fromkeys(things)]
        return HandStep(f"{comment} Each with its SHA-256.", "\n".join(commands), "\n".join(expected))

    def _pick(self, item: TrustObject) -> str:
        name = self._names[item]
        head = f"pick {_kind(item)} {item.fingerprint}"
        file_known = bool(item.source.file_sha256) and not self._case.written_out
        if file_known or (isinstance(item, TrustCrl) and len(item.der) > _EMBEDDED_LIMIT):
            file = item.source.name if file_known else item.source.short
            return f"{head} {shlex.quote(f'./{file}' if file.startswith('-') else file)} {name}"
        document = item.certificate if isinstance(item, TrustCertificate) else item.crl
        text = document.public_bytes(Encoding.PEM).decode("ascii")
        return f'cat > "$work/written" <<\'END\'\n{text}END\n{head} "$work/written" {name}'

    def _path(self, item: TrustObject) -> str:
        return f'"$work/{self._names[item]}"'


def _kind(item: TrustObject) -> str:
    return "x509" if isinstance(item, TrustCertificate) else "crl"


def _is_rooted(case: TrustCase) -> bool:
    """Whether the chain ends in a certificate that was trusted; that alone does not make it a root."""
    if case.code == _TRUSTED_NO_ROOT:
        return len(case.chain) > 1
    return case.chain[-1].self_issued and case.code not in _SELF_SIGNED


def _validity(first: datetime, last: datetime, at: datetime) -> str:
    state = "not yet valid" if at < first else "valid"
    state = state if at < last else "expired"
    return f"{first:%Y-%m-%d %H:%M:%SZ} to {last:%Y-%m-%d %H:%M:%SZ}: {state}"


def _entries(crl: TrustCrl, certificate: TrustCertificate) -> int:
    serial = certificate.certificate.serial_number
    if crl.entry(serial) is None:
        return 0
    return sum(entry.serial_number == serial for entry in crl.crl)


def _subject_lines(certificate: TrustCertificate) -> str:
    """The subject as OpenSSL prints it, a line an attribute; empty where it may print something by its own rules."""
    lines = []
    for attribute in certificate.certificate.subject:
        name, value = _SHORT_NAMES.get(attribute.oid), attribute.value
        if name is None or not isinstance(value, str) or not value.replace(" ", "").replace("-", "").isalnum():
            return ""
        if not value.isascii() or value != value.strip():
            return ""
        lines.append(f"{name}={value}")
    return "\n".join(lines)
