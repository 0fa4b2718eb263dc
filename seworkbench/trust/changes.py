"""When verdicts change by themselves: something ends, something becomes valid, and a host key is accepted no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.trust.objects import TrustCertificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from seworkbench.trust.host_key_checks import Candidates
    from seworkbench.trust.objects import TrustObject
    from seworkbench.trust.signing_groups import SigningGroup


@dataclass(frozen=True, slots=True)
class Change:
    """The next instant at which verdicts change by themselves.

    Args:
        at: the instant.
        object: the object that begins or ends then.
        ends: True if it ends, False if it becomes valid.
        affected: fingerprints of the host keys whose acceptance changes.
    """

    at: datetime
    object: TrustObject
    ends: bool
    affected: tuple[str, ...]


@dataclass(frozen=True)
class Prospect:
    """A host key and all it may be accepted by.

    Args:
        certificate: the host key document.
        groups: the signing certificates that fit it.
        lists: the revocation lists at hand for it under each of them.
    """

    certificate: TrustCertificate
    groups: tuple[SigningGroup, ...]
    lists: tuple[Candidates, ...]

    def accepted(self, at: datetime) -> bool:
        """Whether it is accepted at an instant."""
        return any(
            group.accepts(self.certificate, lists, at) for group, lists in zip(self.groups, self.lists, strict=True)
        )

    def involved(self) -> Iterator[TrustObject]:
        """Everything whose beginning or end may matter."""
        yield self.certificate
        for group, lists in zip(self.groups, self.lists, strict=True):
            material = group.validator.material
            yield material.signing
            yield from material.pool
            yield from material.anchors
            yield from material.crls
            yield from (crl for crl, _, _ in lists)


def instants_of(item: TrustObject) -> Iterator[tuple[datetime, bool]]:
    """The instants at which an object begins and ends; True for an end."""
    if isinstance(item, TrustCertificate):
        yield item.not_before, False
        yield item.not_after, True
    else:
        yield item.this_update, False
        if item.next_update is not None:
            yield item.next_update, True


def next_change(prospects: Sequence[Prospect], at: datetime) -> Change | None:
    """The first instant after `at` at which a host key is accepted no more, or at last.

    Args:
        prospects: the host keys.
        at: the instant from which on to look, of whole seconds.
    """
    first: datetime | None = None
    affected: list[Prospect] = []
    # Most host keys share all but themselves: their instants are collected once.
    shared: dict[tuple[int, ...], tuple[datetime, ...]] = {}
    for prospect in prospects:
        key = (*map(id, prospect.groups), *map(id, prospect.lists))
        if key not in shared:
            shared[key] = tuple(
                sorted({moment for item in prospect.involved() for moment, _ in instants_of(item) if moment > at})
            )
        own = [moment for moment, _ in instants_of(prospect.certificate) if moment > at]
        now = prospect.accepted(at)
        for moment in sorted({*shared[key], *own}):
            if first is not None and moment > first:
                break
            if prospect.accepted(moment) != now:
                if moment != first:
                    first, affected = moment, []
                affected.append(prospect)
                break
    if first is None:
        return None
    culprit, ends = _culprit(affected, first)
    return Change(first, culprit, ends, tuple(item.certificate.fingerprint for item in affected))


def _culprit(affected: Sequence[Prospect], moment: datetime) -> tuple[TrustObject, bool]:
    """What begins or ends at that instant: of several, the one that most depend on; an end before a beginning."""
    found = Counter(
        (item, ends)
        for prospect in affected
        for item in dict.fromkeys(prospect.involved())
        for instant, ends in instants_of(item)
        if instant == moment
    )
    return max(found, key=lambda pair: (pair[1], found[pair]))
