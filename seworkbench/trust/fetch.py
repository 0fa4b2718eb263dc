"""Fetching revocation lists from where certificates say they are: planned and shown first, recorded try by try.

Rules: resources/help/workspace.md#fetching-revocation-lists. Nothing here runs unless somebody asks for it; what comes
back is judged by its signature later, so where it came from makes nothing trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.errors import FormatError
from seworkbench.jobs import Job
from seworkbench.trust.der import read_element
from seworkbench.trust.download import SCHEMES, Limits, download, host_of
from seworkbench.trust.reading import read_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from seworkbench.trust.download import Download
    from seworkbench.trust.objects import Bundle, TrustCertificate, TrustCrl

# Whoever forges a document decides which addresses stand in it; genuine ones have one or two.
ADDRESS_LIMIT = 8

_DER_START = b"\x30"
_PEM_START = b"-----BEGIN "
_WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")


class Answer(Enum):
    """What came back; the value is the plain word."""

    CRL = "CRL"
    WEB_PAGE = "HTML page"
    OTHER = "something else"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class FetchTry:
    """One address that was asked.

    Args:
        url: the address.
        final_url: the one that answered, after redirects.
        status: its HTTP status; None if there was no answer.
        size: bytes that came.
        seconds: how long it took.
        answer: what came back.
        reason: why it is of no use; empty for a CRL.
        at: when it was asked for.
    """

    url: str
    final_url: str
    status: int | None
    size: int
    seconds: float
    answer: Answer
    reason: str
    at: datetime

    def __str__(self) -> str:
        """One line: what was asked and what came of it."""
        moved = f" (from {self.final_url})" if self.final_url != self.url else ""
        status = "" if self.status is None else f", HTTP {self.status}"
        said = f". {self.reason}" if self.reason else ""
        return f"{self.url}: {self.answer.value}{moved}{status}, {self.size} bytes, {self.seconds:.1f} s{said}"

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "url": self.url,
            "final_url": self.final_url,
            "status": self.status,
            "size": self.size,
            "seconds": round(self.seconds, 3),
            "answer": self.answer.value,
            "reason": self.reason,
            "at": self.at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class PlannedUrl:
    """An address that may be asked.

    Args:
        url: the address.
        needed_by: the certificates whose revocation list it names.
        fallback: whether it is asked only if the addresses before it yield nothing, for each of them.
    """

    url: str
    needed_by: tuple[TrustCertificate, ...]
    fallback: bool

    @property
    def usable(self) -> bool:
        """Whether its scheme is one that is ever asked."""
        return self.url.lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What would be asked, to be shown before anything is.

    Args:
        certificates: the certificates whose revocation lists are wanted, each once.
    """

    certificates: tuple[TrustCertificate, ...]

    @property
    def urls(self) -> tuple[PlannedUrl, ...]:
        """All addresses, each once, in the order in which they are asked."""
        needed: dict[str, list[TrustCertificate]] = {}
        first: set[str] = set()
        for certificate in self.certificates:
            for position, url in enumerate(certificate.crl_addresses[:ADDRESS_LIMIT]):
                needed.setdefault(url, []).append(certificate)
                if position == 0:
                    first.add(url)
        return tuple(PlannedUrl(url, tuple(dict.fromkeys(who)), url not in first) for url, who in needed.items())

    @property
    def without_address(self) -> tuple[TrustCertificate, ...]:
        """The certificates that do not say where their revocation list is: a root never does."""
        return tuple(certificate for certificate in self.certificates if not certificate.crl_addresses)


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What came of a plan.

    Args:
        tries: every address that was asked, in order.
        crls: the revocation lists found, by fingerprint of the certificate whose addresses led to them.
    """

    tries: tuple[FetchTry, ...]
    crls: Mapping[str, tuple[TrustCrl, ...]]


def plan_fetch(certificates: Iterable[TrustCertificate]) -> FetchPlan:
    """Plan to fetch the revocation lists that certificates name; nothing is asked."""
    return FetchPlan(tuple(dict.fromkeys(certificates)))


def fetch_crls(plan: FetchPlan, *, at: datetime, job: Job | None = None, limits: Limits | None = None) -> FetchResult:
    """Carry out a plan.

    Args:
        plan: what to ask.
        at: now, for the record.
        job: for progress and cancelling.
        limits: what one address may cost; the defaults are those of the reference.

    Raises:
        Cancelled: if the job was cancelled. A server that does not answer is a result, not an error.
    """
    fetcher = UrlFetcher(at=at, job=job or Job(), limits=limits or Limits())
    found = {certificate.fingerprint: fetcher(certificate) for certificate in plan.certificates}
    return FetchResult(tuple(fetcher.tries), {key: crls for key, crls in found.items() if crls})


def _unannounced(url: str) -> None:
    """Nobody wants to know."""


@dataclass
class UrlFetcher:
    """Fetches the revocation lists of one certificate after another; each address is asked once.

    It is the `CrlFetcher` of `seworkbench.trust.verify`.

    Args:
        at: now, for the record.
        job: for progress and cancelling.
        limits: what one address may cost.
        announce: called with each address right before it is asked.
    """

    at: datetime
    job: Job = field(default_factory=Job)
    limits: Limits = field(default_factory=Limits)
    announce: Callable[[str], None] = _unannounced
    tries: list[FetchTry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._found: dict[str, tuple[TrustCrl, ...]] = {}

    def __call__(self, certificate: TrustCertificate) -> tuple[TrustCrl, ...]:
        """The lists of the first address of a certificate that yields any; empty if none does.

        Raises:
            Cancelled: if the job was cancelled.
        """
        for url in certificate.crl_addresses[:ADDRESS_LIMIT]:
            if url not in self._found:
                self._found[url] = self._ask(url)
            if self._found[url]:
                return self._found[url]
        return ()

    def _ask(self, url: str) -> tuple[TrustCrl, ...]:
        self.announce(url)
        came = download(url, self.limits, _Progress(self.job, f"Asking {host_of(url)}"))
        crls, answer, reason = _judge(came)
        self.tries.append(
            FetchTry(url, came.final_url, came.status, len(came.body), came.seconds, answer, reason, self.at)
        )
        return crls


class _Progress:
    """Tells a job what came; the total is known only once the server says it."""

    def __init__(self, job: Job, phase: str) -> None:
        self._job = job
        self._phase = phase
        self._seen = 0
        self._announced = 0
        job.phase(phase, 0)

    def __call__(self, received: int, announced: int) -> None:
        if announced != self._announced:
            self._announced, self._seen = announced, 0
            self._job.phase(self._phase, announced)
        self._job.advance(received - self._seen)
        self._seen = received


def _judge(came: Download) -> tuple[tuple[TrustCrl, ...], Answer, str]:
    """What a body is. A CRL counts whatever the status, as with the reference; a part of a file never does."""
    if not came.body:
        return (), Answer.NOTHING, came.problem or "The server sent nothing."
    if came.problem:
        return (), Answer.OTHER, came.problem
    # The reference takes DER and PEM here, and none of the other forms in which people paste things.
    bundle = read_objects(came.body, came.url) if came.body[:1] == _DER_START or _PEM_START in came.body else None
    if bundle and bundle.crls:
        return bundle.crls, Answer.CRL, ""
    return (), *_other_kind(came, bundle)


def _other_kind(came: Download, bundle: Bundle | None) -> tuple[Answer, str]:
    """What a body without a revocation list is."""
    if came.content_type == "text/html" or came.body[:512].lstrip().lower().startswith(_WEB_PAGE):
        return Answer.WEB_PAGE, "It is a web page; often that of an error, a sign-in or a proxy."
    if bundle and bundle.certificates:
        return Answer.OTHER, "It is a certificate, not a revocation list."
    if _is_cut_off(came.body):
        return Answer.OTHER, "The file is cut off."
    return Answer.OTHER, "There is no revocation list in it."


def _is_cut_off(body: bytes) -> bool:
    """Whether it begins as DER or PEM and does not end as such."""
    if body[:1] == _DER_START:
        try:
            read_element(body)
        except FormatError:
            return True
    return body.count(_PEM_START) > body.count(b"-----END ")
