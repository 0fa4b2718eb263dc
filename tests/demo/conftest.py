"""The story, played once for all tests of a process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from seworkbench.demo.stage import GENERATION, Stage
from seworkbench.demo.story import play
from seworkbench.jobs import Job
from seworkbench.simulator.demo_pki import DemoPki

from ..simulator.pki import demo_pki  # noqa: TID252 - RSA keys are made once

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


def stage_in(folder: Path) -> Stage:
    """A stage at a fixed instant."""
    made = demo_pki()
    pki = DemoPki.of_keys(GENERATION, AT, (made.root_key, made.intermediate_key, made.signing_key))
    return Stage(folder, lambda: AT, pki)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A stage on which the whole story was played; nobody changes it."""
    stage = stage_in(tmp_path_factory.mktemp("story"))
    for _ in play(stage, Job()):
        pass
    return stage
