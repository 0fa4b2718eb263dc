"""The four facts about an image, as text: no window is needed for them."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Check, Verdict
from seworkbench.files import read_secret
from seworkbench.image.access import HeaderKey
from seworkbench.image.image_file import open_image
from seworkbench.image.inspection import inspect_file
from seworkbench.image.verify import verify_image
from seworkbench.ui.pages.inspect.facts import Fact, facts

# The tests of a folder form a package; the desk stands in the folder above.
from ..desk import FIRST_COMPONENT, HEADER, INPUTS, tampered  # noqa: TID252

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.image.inspection import Inspection

PASSED, FAILED, WARNING, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.WARNING, Verdict.NOT_CHECKED


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image for two machines."""
    path = tmp_path_factory.mktemp("facts") / "two_hosts.img"
    path.write_bytes(lzma.decompress((INPUTS / "two_hosts.img.xz").read_bytes()))
    return path


def verified(path: Path) -> Check:
    """What the verification says."""
    with open_image(path) as file:
        return verify_image(file).check


def about(
    inspection: Inspection, check: Check | None = None, known: dict[bytes, str] | None = None, *, reading: bool = False
) -> tuple[Fact, ...]:
    """The facts."""
    return facts(inspection, check, known or {}, reading=reading)


def test_a_first_look_claims_nothing_that_was_not_checked(image: Path) -> None:
    shown = about(inspect_file(image))
    assert [fact.verdict for fact in shown] == [PASSED, NOT_CHECKED, NOT_CHECKED, NOT_CHECKED]
    assert shown[1].sentence == "Digests were not recomputed"
    assert about(inspect_file(image), reading=True)[1].sentence == "Digests are being recomputed"


def test_what_was_verified_is_said_with_its_check(image: Path) -> None:
    fact = about(inspect_file(image), verified(image))[1]
    assert fact == Fact(PASSED, "Digests recomputed: PLD, ALD, TLD and page count match", "25 pages", "image.digest")


@pytest.mark.parametrize(("offset", "detail"), [(FIRST_COMPONENT, "PLD"), (HEADER + 0x120, "ALD")])
def test_what_differs_is_named(image: Path, tmp_path: Path, offset: int, detail: str) -> None:
    path = tampered(image, tmp_path, offset)
    fact = about(inspect_file(path), verified(path))[1]
    assert fact.verdict is FAILED
    assert detail in fact.detail


def test_a_key_proves_authenticity(image: Path) -> None:
    key = HeaderKey(read_secret(INPUTS / "hdr.key", 32, "header key"))
    assert about(inspect_file(image, key))[2].verdict is PASSED
    assert about(inspect_file(image))[2].verdict is NOT_CHECKED


def test_slots_are_counted_against_known_machines(image: Path) -> None:
    inspection = inspect_file(image)
    first, second = (slot.phkh for slot in inspection.header.keyslots)
    assert about(inspection)[3].sentence == "2 key slots, for machines not known here"
    some = about(inspection, known={second: "host2.crt"})[3]
    assert (some.verdict, some.sentence) == (WARNING, "1 of 2 key slots match known machines")
    assert some.detail.startswith(f"Slot 1, {first.hex()[:8]}")
    every = about(inspection, known={first: "b.crt", second: "a.crt"})[3]
    assert (every.verdict, every.detail) == (PASSED, "a.crt, b.crt")
    none = about(inspection, known={bytes(32): "other.crt"})[3]
    assert none.verdict is WARNING


def test_metadata_that_point_elsewhere_are_a_warning(image: Path, tmp_path: Path) -> None:
    path = tampered(image, tmp_path, 0xC000 + 13, bits=0x80)
    fact = about(inspect_file(path))[0]
    assert fact.verdict is WARNING
    assert fact.detail == "The image metadata point elsewhere"


def test_a_bare_header_has_no_components_to_check(image: Path, tmp_path: Path) -> None:
    path = tmp_path / "guest.hdr"
    path.write_bytes(image.read_bytes()[HEADER : HEADER + 720])
    shown = about(inspect_file(path))
    assert shown[0].sentence == "A bare SE header"
    assert shown[1].verdict is NOT_CHECKED


def test_no_fact_is_passed_or_failed_without_a_check_that_says_more(image: Path, tmp_path: Path) -> None:
    path = tampered(image, tmp_path, FIRST_COMPONENT)
    check = verified(path)
    for fact in about(inspect_file(path), check)[:3]:
        assert check.find(fact.check_id) is not None
