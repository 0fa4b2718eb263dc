"""The recorded runs of pvverify: the same answer to each, with the same message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from seworkbench.trust.anchors import SystemStore
from seworkbench.trust.verify import InputFile, TrustRun, verify_host_keys

from .records import DATA

RUNS: list[dict[str, Any]] = json.loads((DATA / "hostkey-verdicts.json").read_text())
AT = datetime(2026, 11, 26, tzinfo=UTC)


def run_of(args: list[str]) -> TrustRun:
    """The run that these options describe; without a root file, a machine whose store knows no test root."""
    given: dict[str, list[InputFile]] = {"-k": [], "-C": [], "--crl": [], "--root-ca": []}
    words = iter(args)
    for word in words:
        if word != "--offline":
            file = next(words)
            given[word].append(InputFile(file, (DATA / "pki" / file).read_bytes()))
    root = given["--root-ca"][0] if given["--root-ca"] else SystemStore((), "")
    return TrustRun(tuple(given["-k"]), tuple(given["-C"]), root, tuple(given["--crl"]))


@pytest.mark.parametrize("number", range(len(RUNS)))
def test_a_recorded_run_has_the_same_answer_with_the_same_message(number: int) -> None:
    recorded = RUNS[number]
    found = verify_host_keys(run_of(recorded["args"]), AT)
    said = f"Error: {found.cause.text}" if found.cause else None
    assert said == recorded["error"], recorded["args"]
    assert found.accepted == (recorded["exit"] == 0)
    # The tree of checks says the same as the cause.
    assert (found.check.verdict.value == "failed") == (not found.accepted)
    for host in found.host_keys:
        assert (host.fresh_until is not None) == host.accepted


def test_all_runs_were_recorded() -> None:
    assert len(RUNS) == 102
    assert sum(run["exit"] == 0 for run in RUNS) == 34
