"""What the record of a build in the worker says about the files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from seworkbench.jobs import Job, Progress
from seworkbench.worker.tasks import build, verify

DATA = Path(__file__).parents[1] / "data" / "interop"
KERNEL = DATA / "images" / "kernel"


def order(folder: Path, *, hash_files: bool) -> dict[str, object]:
    return {
        "kernel": str(KERNEL),
        "recipients": [str(DATA / "pki" / "host1.crt")],
        "output": str(folder / "guest.img"),
        "pcf": 0xE0,
        "scf": 0,
        "hash_files": hash_files,
    }


def test_the_digest_of_an_image_comes_from_the_reading_that_verifies_it(tmp_path: Path) -> None:
    seen: list[Progress] = []
    result = build(Job(seen.append), order=order(tmp_path, hash_files=True), keys={})
    content = (tmp_path / "guest.img").read_bytes()
    assert result["built"]["image"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert result["verification"]["sha256"] == result["built"]["image"]["sha256"]
    assert result["built"]["components"][0]["sha256"] == hashlib.sha256(KERNEL.read_bytes()).hexdigest()
    phases = list(dict.fromkeys(progress.phase for progress in seen))
    assert phases == ["Encrypting kernel", "Encrypting stage3b", "Checking the components"]


def test_nothing_is_hashed_that_nobody_asked_for(tmp_path: Path) -> None:
    result = build(Job(), order=order(tmp_path, hash_files=False), keys={})
    assert "sha256" not in result["built"]["image"]
    assert "sha256" not in result["verification"]


@pytest.mark.parametrize("asked", [True, False])
def test_a_verification_says_which_bytes_it_is_of_if_asked(tmp_path: Path, *, asked: bool) -> None:
    build(Job(), order=order(tmp_path, hash_files=False), keys={})
    image = tmp_path / "guest.img"
    result = verify(Job(), image=str(image), hash_file=asked)
    assert result.get("sha256") == (hashlib.sha256(image.read_bytes()).hexdigest() if asked else None)
