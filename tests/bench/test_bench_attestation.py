"""The benchmark of attestation runs: nothing about its figures but that they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import bench_attestation

if TYPE_CHECKING:
    import pytest


def test_every_action_and_command_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_attestation, "ROUNDS", 1)
    bench_attestation.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "create for 1 machines",
        "create for 95 machines",
        "create for 255 machines",
        "verify",
        "no cause found, 100 other headers",
        "attest create, 95 machines",
        "attest verify",
    ]
    assert all(line.endswith(" ms") for line in lines)
