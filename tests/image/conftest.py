"""Inputs and golden images, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seworkbench.image.build import build_image

from .workshop import Inputs, golden_keys

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """The published inputs as files; nobody changes them."""
    return Inputs.write(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="session")
def golden(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The golden images A, B and C as this package builds them; nobody changes them."""
    folder = tmp_path_factory.mktemp("golden")
    images = {letter: folder / f"{letter}.img" for letter in "ABC"}
    for letter, path in images.items():
        build_image(inputs.golden_order(letter, path), golden_keys())
    return images
