"""Files beside the code are found in a checkout and in an installed wheel."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from seworkbench import resources
from seworkbench.resources import resource

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["boot/stage3a.bin", "boot/stage3b_reloc.bin", "help/index.md"])
def test_a_checkout_has_them_beside_the_package(name: str) -> None:
    path = resource(name)
    assert path.is_absolute()
    assert path == CHECKOUT / "resources" / name
    assert path.is_file()


def test_a_folder_is_found_too() -> None:
    assert resource("boot").is_dir()


@pytest.mark.parametrize(("installed", "expected"), [(True, "package/_resources/boot/x"), (False, "resources/boot/x")])
def test_an_installed_wheel_has_them_inside_the_package(tmp_path: Path, *, installed: bool, expected: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    if installed:
        (package / "_resources").mkdir()
    copied = shutil.copy(resources.__file__, package / "copied_resources.py")
    spec = importlib.util.spec_from_file_location("copied_resources", copied)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.resource("boot/x") == tmp_path / expected
