"""The checks that every kind of certificate shares: validity, and whether a root is a known one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from seworkbench.checks import Step, Verdict
from seworkbench.trust.certificate_checks import known_root_check, validity_check
from seworkbench.trust.objects import KNOWN_ROOTS

from .pki import BEGIN, SECOND, authority, document, estate, read

E = estate()
STEP = Step("test.validity", "Validity")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "verdict", "words"),
    [
        (BEGIN - SECOND, Verdict.FAILED, "Not valid before 2024-01-01 00:00:00 UTC."),
        (BEGIN, Verdict.PASSED, "730 days left."),
        (BEGIN + 729 * DAY, Verdict.PASSED, "1 day left."),
        (BEGIN + 730 * DAY - SECOND, Verdict.PASSED, "0 days left."),
        (BEGIN + 730 * DAY, Verdict.FAILED, "Expired on 2025-12-31 00:00:00 UTC, 0 days ago."),
        (BEGIN + 731 * DAY, Verdict.FAILED, "Expired on 2025-12-31 00:00:00 UTC, 1 day ago."),
        (BEGIN + 732 * DAY, Verdict.FAILED, "Expired on 2025-12-31 00:00:00 UTC, 2 days ago."),
    ],
)
def test_the_validity_of_a_certificate_is_counted_in_whole_days(at: datetime, verdict: Verdict, words: str) -> None:
    draft = document(1, E.document_issuer)
    draft.end = BEGIN + 730 * DAY
    found = validity_check(STEP, read(draft.make()), at)
    assert (found.verdict, found.reason) == (verdict, words)
    assert [item.value for item in found.evidence[:2]] == ["2024-01-01 00:00:00 UTC", "2025-12-31 00:00:00 UTC"]


def test_a_root_that_nobody_knows_is_pointed_out() -> None:
    found = known_root_check(read(E.root))
    assert found.verdict is Verdict.WARNING
    assert not found.required


def test_a_root_of_ibms_issuers_is_known_by_its_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    root = read(authority(E.root_issuer.name, E.root_issuer.key).make(), "known.crt")
    monkeypatch.setitem(KNOWN_ROOTS, root.fingerprint, "A root of IBM's issuers")
    found = known_root_check(root)
    assert found.verdict is Verdict.PASSED
    assert found.reason.startswith("A root of IBM's issuers is known")
