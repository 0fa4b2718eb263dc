"""The desk, and an image on it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run

from ..trust.web import Web  # noqa: TID252
from .desk import DATA, Desk, write_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def shared_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs and two finished images, full.img (all parts) and open.img (not encrypted)."""
    folder = tmp_path_factory.mktemp("desk")
    write_inputs(folder)
    desk = Desk(folder, folder)
    parts = ["-r", desk.file("ramdisk"), "-p", desk.file("cmdline"), "--hdr-key", desk.file("hdr.key"), "-q"]
    assert run([*desk.create(*parts, "--cck", desk.file("cck.key"), "--image-key", desk.file("image.key"))]) == 0
    desk.image.rename(folder / "full.img")
    assert run([*desk.create(*parts, "--disable-image-encryption")]) == 0
    desk.image.rename(folder / "open.img")
    return folder


@pytest.fixture
def desk(shared_inputs: Path, tmp_path: Path) -> Desk:
    """The desk of one test."""
    out = tmp_path / "out"
    out.mkdir()
    return Desk(shared_inputs, out)


@pytest.fixture
def in_pki(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are relative to a copy of the test PKI."""
    shutil.copytree(DATA / "pki", tmp_path / "pki")
    monkeypatch.chdir(tmp_path / "pki")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A proxy that stands in for the servers which the test certificates name."""
    with Web() as server:
        monkeypatch.setenv("http_proxy", server.root)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield server
