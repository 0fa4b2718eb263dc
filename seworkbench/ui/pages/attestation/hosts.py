"""The host keys of the workspace as a case sees them: whom a request could be made for, whose hash is in an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seworkbench.attestation.known import KnownHostKey
from seworkbench.attestation.request import RequestHost
from seworkbench.checks import Verdict
from seworkbench.trust.objects import ObjectKind, TrustCertificate
from seworkbench.ui.pages.trust.view import host_word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from seworkbench.trust.judgement import HostKeyJudgement
    from seworkbench.ui.pages.attestation.case import Expected, HostChoice
    from seworkbench.ui.pages.trust.session import TrustSession


@dataclass(frozen=True)
class HostOption:
    """A host key of the workspace that a request could be made for.

    Args:
        certificate: its document.
        name: how its machine is called.
        verdict: what its chain of trust came to, as of now.
        word: the verdict, and in a word or two why.
        why: a sentence about it.
        chosen: whether the request is to be made for it.
        reason: why it is used though it is not verified.
    """

    certificate: TrustCertificate
    name: str
    verdict: Verdict
    word: str
    why: str
    chosen: bool
    reason: str

    @property
    def needs_reason(self) -> bool:
        """Whether a reason has to be written before it may be used."""
        return self.verdict is not Verdict.PASSED

    @property
    def phkh(self) -> str:
        """Hash of the key, 64 hexadecimal digits."""
        return self.certificate.phkh or ""


def host_options(trust: TrustSession, choices: Iterable[HostChoice]) -> tuple[HostOption, ...]:
    """The host keys of the workspace, those that are chosen first."""
    today = trust.today
    judged = {item.certificate.fingerprint: item for item in today.host_keys} if today else {}
    chosen = {host.fingerprint: host for host in choices}
    found = []
    for item in trust.holdings.objects.values():
        if not isinstance(item, TrustCertificate) or item.kind is not ObjectKind.HOST_KEY or not item.phkh:
            continue
        judgement = judged.get(item.fingerprint)
        verdict = judgement.verdict if judgement else Verdict.NOT_CHECKED
        choice = chosen.get(item.fingerprint)
        found.append(
            HostOption(
                certificate=item,
                name=trust.machine_name(item),
                verdict=verdict,
                word=host_word(judgement) if judgement else verdict.value,
                why=_why(judgement),
                chosen=choice is not None,
                reason=choice.reason if choice else "",
            )
        )
    return tuple(sorted(found, key=lambda host: not host.chosen))


def lacking(hosts: Iterable[HostOption]) -> tuple[str, ...]:
    """What has to be done before a request can be created for those that are chosen, one short sentence each."""
    chosen = [host for host in hosts if host.chosen]
    missing = [
        f"Say why {host.name} is used though it is not verified."
        for host in chosen
        if host.needs_reason and not host.reason.strip()
    ]
    return tuple(missing) if chosen else ("Choose a host key.",)


def request_hosts(hosts: Iterable[HostOption]) -> tuple[RequestHost, ...]:
    """Those that are chosen, as a request is created for them and its record names them."""
    return tuple(
        RequestHost(
            name=host.certificate.source.short,
            key=host.certificate.certificate.public_key(),  # type: ignore[arg-type]
            document_sha256=bytes.fromhex(host.certificate.source.file_sha256 or host.certificate.fingerprint),
            verdict=host.verdict,
            reason=f"Used all the same: {host.reason.strip()}" if host.needs_reason else host.why,
        )
        for host in hosts
        if host.chosen
    )


def known_keys(hosts: Iterable[HostOption], asked: Collection[bytes]) -> tuple[KnownHostKey, ...]:
    """Host keys that give hashes a name.

    Args:
        hosts: those of the workspace.
        asked: hashes of those for which it matters how they stand today.
    """
    return tuple(
        KnownHostKey(host.name, phkh, host.verdict is Verdict.PASSED if phkh in asked else None)
        for host in hosts
        if (phkh := bytes.fromhex(host.phkh))
    )


def as_of_now(expected: Expected, hosts: Iterable[HostOption]) -> Expected:
    """What is expected, with the verdicts on host keys as of now where the workspace has them."""
    verdicts: dict[str, bool] = {}
    for host in hosts:
        # Two documents may carry one key; it is verified if one of them is.
        verdicts[host.phkh] = verdicts.get(host.phkh, False) or host.verdict is Verdict.PASSED
    keys = tuple(replace(key, verified=verdicts.get(key.phkh, key.verified)) for key in expected.host_keys)
    return replace(expected, host_keys=keys)


def _why(judgement: HostKeyJudgement | None) -> str:
    if judgement is None:
        return "Nobody verified it yet."
    if judgement.verdict is Verdict.PASSED:
        return "Its chain of trust was verified."
    wrong = [leaf for leaf in judgement.check.leaves() if leaf.required and leaf.verdict is judgement.verdict]
    return next((leaf.reason for leaf in wrong if leaf.reason), judgement.verdict.value)
