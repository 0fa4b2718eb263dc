"""The story, played once for all tests of a process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from seworkbench.demo.stage import GENERATION, Stage
from seworkbench.demo.story import play
from seworkbench.jobs import Job

from ..simulator.pki import fixed_pki  # noqa: TID252 - making RSA keys takes a second

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


def stage_in(folder: Path) -> Stage:
    """A stage at a fixed instant."""
    return Stage(folder, lambda: AT, fixed_pki(GENERATION, AT))


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A stage on which the whole story was played; nobody changes it."""
    stage = stage_in(tmp_path_factory.mktemp("story"))
    for _ in play(stage, Job()):
        pass
    return stage
