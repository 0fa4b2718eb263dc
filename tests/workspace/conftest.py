"""A workspace of one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.workspace.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "work.sewb"


@pytest.fixture
def workspace(path: Path) -> Iterator[Workspace]:
    with open_workspace(path) as opened:
        yield opened
