"""Checks that are the same for every kind of certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.checks import Check, Step
from seworkbench.trust.crls import moment

if TYPE_CHECKING:
    from datetime import datetime

    from seworkbench.trust.objects import TrustCertificate

KNOWN_ROOT = Step("trust.a7.root", "A7 Root is a known one", "host-keys.md#roots")


def validity_check(step: Step, certificate: TrustCertificate, at: datetime) -> Check:
    """Whether a certificate is valid at an instant (resources/help/host-keys.md#validity)."""
    rows = (
        ("valid from", moment(certificate.not_before)),
        ("valid until", moment(certificate.not_after)),
        ("instant", moment(at)),
    )
    if at < certificate.not_before:
        return step.failed(f"Not valid before {rows[0][1]}.", *rows)
    if at >= certificate.not_after:
        return step.failed(f"Expired on {rows[1][1]}, {_days((at - certificate.not_after).days)} ago.", *rows)
    return step.passed(f"{_days((certificate.not_after - at).days)} left.", *rows)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def known_root_check(root: TrustCertificate) -> Check:
    """Whether a root is one under which IBM's signing certificates are known to have been issued."""
    rows = (("root", root.subject_text), ("fingerprint", root.fingerprint), ("from", root.source.shown))
    if root.known_root:
        return KNOWN_ROOT.passed(f"{root.known_root} is known to have issued IBM's signing certificates.", *rows)
    return KNOWN_ROOT.note("This root is not known to issue IBM's signing certificates. Is it one of yours?", *rows)
