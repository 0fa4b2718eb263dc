"""The benchmarks run: nothing about their figures but that they are there and fit together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIZE = 4 << 20


def bench(*options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_benchmarks_measure_every_command_and_leave_nothing(tmp_path: Path) -> None:
    folder, report = tmp_path / "work", tmp_path / "figures.json"
    folder.mkdir()
    ended = bench("--sizes", "4M", "--rounds", 1, "--folder", folder, "--json", report)
    assert ended.returncode == 0, ended.stderr
    assert list(folder.iterdir()) == []
    figures = json.loads(report.read_text())
    (part,) = figures["sizes"]
    assert part["size"] == SIZE
    assert part["sha512_seconds"] > 0
    assert {"create", "verify", "verify with the header key", "extract", "info"} <= set(part["commands"])
    for name, row in part["commands"].items():
        assert name in ended.stdout
        assert row["rounds"] == 1
        assert row["cpu_seconds"] > 0
        assert row["peak_mib"] > 1
        assert row["ratio"] == pytest.approx(row["seconds"] / part["sha512_seconds"], rel=0.05)
        assert row["ratio_without_start"] <= row["ratio"]
    assert part["info"]["image_bytes"] > SIZE
    assert part["info"]["seconds"] > 0
    assert "Load average" in ended.stdout


def test_the_benchmarks_say_when_there_is_no_room(tmp_path: Path) -> None:
    ended = bench("--sizes", "4000000G", "--folder", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "no room" in ended.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sizes", ["", "x", "0", "5T", "1M,,2M"])
def test_a_size_that_is_none_is_refused(sizes: str) -> None:
    ended = bench("--sizes", sizes)
    assert ended.returncode == 2
    assert "no size" in ended.stderr
