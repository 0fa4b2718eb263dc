"""The image for whoever has none."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.demo.sample import make_sample
from seworkbench.files import read_secret
from seworkbench.image.access import HeaderKey
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image

if TYPE_CHECKING:
    from pathlib import Path


def test_a_sample_opens_with_its_key_and_holds_its_inputs(tmp_path: Path) -> None:
    sample = make_sample(tmp_path)
    with open_image(sample.image) as image:
        key = HeaderKey(read_secret(sample.header_key, 32, "header key"))
        found = verify_image(image, key, inputs=sample.inputs.by_kind)
    assert found.check.verdict is Verdict.PASSED
    assert stat.S_IMODE(sample.header_key.stat().st_mode) == 0o600


def test_no_two_samples_are_equal(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        made.append(make_sample(tmp_path / name).image.read_bytes())
    assert made[0] != made[1]
