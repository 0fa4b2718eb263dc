"""The same by hand: commands that verify one host key with other tools, and the files they need.

The objects of a workspace came from many places, some of them gone. They are written anew, one object a file, under
names that say what they are; the commands name those files.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from seworkbench.files import AtomicFile
from seworkbench.trust.objects import Generation, ObjectKind, TrustCertificate, TrustCrl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seworkbench.trust.judgement import HostKeyJudgement, Judgement
    from seworkbench.trust.objects import TrustObject

_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH = 60
# The names under which IBM distributes its signing certificates (resources/help/host-keys.md#generations).
_SIGNING_NAMES = {
    Generation.FIRST: "ibm-z-host-key-signing",
    Generation.GEN2: "ibm-z-host-key-signing-gen2",
    Generation.GEN3: "ibm-z-host-key-signing-gen3",
}


@dataclass(frozen=True)
class CommandFiles:
    """The files that the commands for one host key name.

    Args:
        host_key: name of the host key document.
        certificates: names of the signing certificate and the intermediates, signing first.
        crls: names of the revocation lists.
        root: name of the root; empty if none was found, and then the machine's own store is used.
        objects: the object in each file, by its name.
    """

    host_key: str
    certificates: tuple[str, ...]
    crls: tuple[str, ...]
    root: str
    objects: dict[str, TrustObject]


def command_files(item: HostKeyJudgement, judgement: Judgement) -> CommandFiles:
    """The files needed to verify a host key: its chain as far as found, and every revocation list there is for it.

    Args:
        item: the host key.
        judgement: what it was judged with.
    """
    naming: dict[str, TrustObject] = {}
    host = _put(naming, item.certificate, f"HKD-{item.certificate.machine or item.certificate.fingerprint[:8]}.crt")
    chain = item.chain or ((item.signing,) if item.signing else ())
    root = ""
    certificates = []
    for certificate in chain:
        if certificate.kind is ObjectKind.ROOT:
            root = _put(naming, certificate, f"root-{certificate.name}.crt")
        else:
            certificates.append(_put(naming, certificate, f"{_certificate_name(certificate)}.crt"))
    issuers = {certificate.issuer for certificate in (item.certificate, *chain)}
    issuers |= {certificate.subject for certificate in chain}
    lists = {judged.object.fingerprint: judged.object for judged in judgement.objects.values()}
    used = {crl.fingerprint: crl for crl in (item.coverage.used if item.coverage else ())}
    wanted = [crl for crl in (lists | used).values() if isinstance(crl, TrustCrl)]
    crls = [_put(naming, crl, f"{crl.name}.crl") for crl in wanted if crl.issuer in issuers or crl.fingerprint in used]
    return CommandFiles(host, tuple(certificates), tuple(crls), root, naming)


def pvverify_command(files: CommandFiles) -> str:
    """The command of s390-tools; it always judges as of now."""
    return _command("pvverify", files)


def own_command(files: CommandFiles, judgement: Judgement, *, at_now: bool) -> str:
    """The command of this program.

    Args:
        files: its files.
        judgement: what is to come out.
        at_now: whether it was judged as of now; else the instant is given.
    """
    command = _command("seworkbench hostkey verify", files)
    return command if at_now else f"{command} \\\n  --at {judgement.at:%Y-%m-%dT%H:%M:%SZ}"


def save_files(files: Iterable[tuple[str, TrustObject]], folder: Path) -> list[Path]:
    """Write objects as PEM files; existing files are not replaced.

    Args:
        files: name and object of each.
        folder: where to.

    Raises:
        SeError: if one cannot be written; those before it are there then.
    """
    written = []
    for name, item in files:
        signed = item.certificate if isinstance(item, TrustCertificate) else item.crl
        content = signed.public_bytes(Encoding.PEM)
        path = folder / name
        with AtomicFile(path) as file:
            file.write_at(0, content)
        written.append(path)
    return written


def _command(program: str, files: CommandFiles) -> str:
    parts = [f"{program} --host-key-document {shlex.quote(files.host_key)}"]
    parts += [f"--cert {shlex.quote(name)}" for name in files.certificates]
    parts += [f"--crl {shlex.quote(name)}" for name in files.crls]
    if files.root:
        parts.append(f"--root-ca {shlex.quote(files.root)}")
    return " \\\n  ".join([*parts, "--offline"])


def _certificate_name(certificate: TrustCertificate) -> str:
    if certificate.kind is ObjectKind.SIGNING:
        return _SIGNING_NAMES.get(certificate.generation.generation, "ibm-z-host-key-signing")
    return certificate.name


def _put(naming: dict[str, TrustObject], item: TrustObject, wanted: str) -> str:
    """Give an object a name that no other has, of signs that are safe everywhere."""
    stem, dot, suffix = wanted.rpartition(".")
    stem = _UNUSUAL.sub("-", stem).strip("-.")[:_NAME_LENGTH] or "object"
    name, number = f"{stem}{dot}{suffix}", 1
    while name in naming and naming[name] != item:
        number += 1
        name = f"{stem}-{number}{dot}{suffix}"
    naming[name] = item
    return name
