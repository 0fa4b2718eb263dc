"""What one verification lacks: which file, from whom, and where it can be had.

Rules: resources/help/host-keys.md#what-is-missing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.trust.anchors import SystemStore, is_anchor
from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.loading import InputFile, anchors_in, certificates_in, crls_in, hidden_crls_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seworkbench.trust.missing import Missing
    from seworkbench.trust.objects import TrustCertificate, TrustCrl
    from seworkbench.trust.verify import TrustRun


def missing_for(run: TrustRun, at: datetime) -> tuple[Missing, ...]:
    """What a verification needs that was not given, what holds back most first.

    Args:
        run: what was given. Files in it that cannot be read count as not given.
        at: the instant that it was verified for, aware.
    """
    given = Collection(tuple(_certificates(run)), tuple(_lists(run)))
    store = run.anchors if isinstance(run.anchors, SystemStore) else None
    return judge(given, at, anchors=store, fetched=run.fetched, offline=run.offline).missing


def _certificates(run: TrustRun) -> Iterator[TrustCertificate]:
    for file in run.host_keys:
        yield from _certificates_in(file)[:1]
    for file in run.certificates:
        # A root among the certificates is not trusted for that: it has to be named as one.
        yield from (found for found in _certificates_in(file) if not is_anchor(found))
    if isinstance(run.anchors, InputFile):
        with suppress(FormatError):
            yield from anchors_in(run.anchors)


def _certificates_in(file: InputFile) -> tuple[TrustCertificate, ...]:
    with suppress(FormatError):
        return certificates_in(file)
    return ()


def _lists(run: TrustRun) -> Iterator[TrustCrl]:
    for file in run.crls:
        with suppress(FormatError):
            yield from crls_in(file)
    for file in run.certificates:
        yield from hidden_crls_in(file)
    if isinstance(run.anchors, InputFile):
        yield from hidden_crls_in(run.anchors)
