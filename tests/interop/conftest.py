"""The folder in which pvimg was run, rebuilt once."""

from __future__ import annotations

import lzma
import shutil

import pytest

from .records import DATA, MADE, Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Inputs, PKI and unpacked images; nobody changes them."""
    base = tmp_path_factory.mktemp("interop")
    shutil.copytree(DATA / "pki", base / "pki")
    folder = base / "images"
    shutil.copytree(DATA / "images", folder, ignore=shutil.ignore_patterns("*.xz"))
    for name in MADE:
        packed = (DATA / "images" / f"{name}.img.xz").read_bytes()
        (folder / f"{name}.img").write_bytes(lzma.decompress(packed))
    return Bench(folder)
