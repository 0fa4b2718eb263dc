"""`seworkbench image compare` as a person or a pipeline calls it."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run
from seworkbench.cli.status import CHECK_FAILED, DONE, NOT_DONE, USAGE

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS = Path(__file__).parents[1] / "data" / "interop" / "images"
KEY = str(INPUTS / "hdr.key")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Paths of images that pvimg made."""
    folder = tmp_path_factory.mktemp("images")

    def unpack(name: str) -> str:
        path = folder / f"{name}.img"
        path.write_bytes(lzma.decompress((INPUTS / f"{name}.img.xz").read_bytes()))
        return str(path)

    return unpack


def test_identical_files_are_told_in_one_line(image: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    path = image("default")
    assert run(["image", "compare", path, path]) == DONE
    assert capsys.readouterr().out == "The files are identical, byte by byte.\n"


def test_what_differs_is_listed_and_the_status_is_3(
    image: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["image", "compare", image("default"), image("cck_update"), "--hdr-key", KEY]) == CHECK_FAILED
    out = capsys.readouterr().out
    assert "  ≠ CCK update allowed\n      first   off\n      second  on\n" in out
    assert "= Kernel" not in out
    assert out.endswith("places.\n")
    assert run(["image", "compare", image("default"), image("cck_update"), "--hdr-key", KEY, "-v"]) == CHECK_FAILED
    assert "  = Kernel\n" in capsys.readouterr().out


def test_json_has_everything(image: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    status = run(
        ["image", "compare", image("default"), image("two_hosts"), "--hdr-key", KEY, "--hdr-key", KEY, "--json"]
    )
    found = json.loads(capsys.readouterr().out)
    assert status == CHECK_FAILED
    assert found["identical"] is False
    assert {pair["relation"] for pair in found["pairs"]} == {"equal", "different"}
    assert found["ranges"][0] == [0x12E2F, 1]


def test_misuse_is_told(image: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    path = image("default")
    assert run(["image", "compare", path, path, *["--hdr-key", KEY] * 3]) == USAGE
    assert "There are more keys than files." in capsys.readouterr().err
    assert run(["image", "compare", path]) == USAGE
    assert run(["image", "compare", path, KEY]) == NOT_DONE
