"""The benchmark of the Trust page runs: nothing about its figures but that they are there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_everything_that_a_person_does_is_measured(tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    command = [
        sys.executable,
        "-m",
        "tests.bench.bench_trust_page",
        "--keys",
        "3",
        "--steps",
        "4",
        "--json",
        str(report),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    (figures,) = json.loads(report.read_text())
    for name in ("import", "verify", "drag", "select", "filter", "now"):
        assert f"  {name}" in ended.stdout
        assert figures[name]["longest_ms"] >= figures[name]["second_longest_ms"] > 0
    assert figures["drag"]["behind_median_ms"] > 0
    assert "load average" in ended.stdout
