"""Verdicts as the workspace keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.workspace.verdicts import VerdictRecord

if TYPE_CHECKING:
    from seworkbench.trust.judgement import Judgement
    from seworkbench.trust.objects import TrustObject

HOST_KEY = "host key"


def verdict_records(judgement: Judgement) -> tuple[VerdictRecord, ...]:
    """A record for each host key: verdict, cause, every step, and the fingerprints of all that went in."""
    records = []
    for item in judgement.host_keys:
        inputs: dict[str, str] = {}
        went_in: tuple[TrustObject, ...] = (
            item.certificate,
            *item.chain,
            *(item.coverage.used if item.coverage else ()),
        )
        for used in went_in:
            # Two objects may bear one name.
            name = used.name if inputs.get(used.name) is None else f"{used.name} {used.fingerprint[:8]}"
            inputs[name] = used.fingerprint
        records.append(
            VerdictRecord(
                kind=HOST_KEY,
                subject=item.certificate.fingerprint,
                title=item.certificate.name,
                verified_for=judgement.at,
                check=item.check,
                cause=item.cause.kind.value if item.cause else "",
                inputs=inputs,
            )
        )
    return tuple(records)
