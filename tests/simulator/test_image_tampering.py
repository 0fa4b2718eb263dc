"""Every attack on an image is caught where it says, by the machine and by the verification."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.checks import Verdict
from seworkbench.errors import SeError, UsageError
from seworkbench.image.access import HostPrivateKey
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import verify_image
from seworkbench.jobs import Job
from seworkbench.secret import Secret
from seworkbench.simulator.codes import Code
from seworkbench.simulator.hypervisor import GuestStarting, StartOutcome, start_guest
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS, ImageAttack, image_tampering
from seworkbench.simulator.machine import Machine
from seworkbench.simulator.tampering import Edit, Flip, Tampering, write_tampered

from .builder import HOST, HOST2, Recipe, build, golden_kernel
from .conftest import leaf

MACHINE = Machine(HOST)
RESOURCES = Path(__file__).parents[2] / "resources"
# The boot loader of this program, so that a change of it can be told; its argument block is filled in.
IMAGE = build(Recipe(kernel=golden_kernel(0x12345), stage3a=(RESOURCES / "boot" / "stage3a.bin").read_bytes()))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "guest.img"
    path.write_bytes(IMAGE.content)
    return path


def tampered(attack: ImageAttack, image: Path, machine: Machine | None = MACHINE) -> Path:
    target = image.with_name(f"{attack.id}.img")
    write_tampered(image, image_tampering(attack, image, machine=machine), target)
    return target


by_id = pytest.mark.parametrize("attack", IMAGE_ATTACKS, ids=lambda attack: attack.id)


def test_untouched_the_image_passes_everything(image: Path) -> None:
    assert start_guest(image, MACHINE).check.verdict is Verdict.PASSED
    with open_image(image) as file:
        assert verify_image(file, HostPrivateKey(HOST)).check.verdict is Verdict.PASSED


@by_id
def test_the_machine_catches_it_where_it_says(image: Path, attack: ImageAttack) -> None:
    result = start_guest(tampered(attack, image), MACHINE)
    if not attack.step:
        assert result.started
        assert result.check.verdict is Verdict.PASSED
        return
    assert leaf(result.check, attack.step).verdict is Verdict.FAILED
    code = result.response.code if result.response else None
    if attack.code is not None:
        assert not result.started
        assert code == attack.code
    elif result.started:
        assert attack.step == "guest.psw"
    else:
        assert result.outcome in (StartOutcome.IPIB_REFUSED, StartOutcome.NOT_LOADED)


@by_id
def test_the_step_it_names_is_the_first_that_fails(image: Path, attack: ImageAttack) -> None:
    events = list(GuestStarting(tampered(attack, image), MACHINE))
    wrong = [check.id for event in events for check in event.checks if check.verdict is Verdict.FAILED]
    assert wrong[:1] == ([attack.step] if attack.step else [])
    refused = [event for event in events if event.refused]
    if refused and refused[0].code is not None:
        assert refused[0].code == attack.code


@by_id
def test_the_verification_catches_it_where_it_says(image: Path, attack: ImageAttack) -> None:
    supported = SupportedFlags(MACHINE.supported_pcf, MACHINE.supported_scf)
    with open_image(tampered(attack, image)) as file:
        check = verify_image(file, HostPrivateKey(HOST), machine=supported).check
    expected = Verdict.WARNING if attack.id == "loader" else Verdict.FAILED
    assert leaf(check, attack.verification).verdict is expected, [
        (one.id, one.verdict.value) for one in check.leaves() if one.verdict is not Verdict.PASSED
    ]


@by_id
def test_the_original_stays_as_it_is(image: Path, attack: ImageAttack) -> None:
    target = tampered(attack, image)
    assert image.read_bytes() == IMAGE.content
    assert target.read_bytes() != IMAGE.content


@pytest.mark.parametrize("attack", [one for one in IMAGE_ATTACKS if one.needs_key], ids=lambda attack: attack.id)
def test_who_seals_again_needs_the_header_key(image: Path, attack: ImageAttack) -> None:
    with pytest.raises(UsageError, match="needs the header key"):
        image_tampering(attack, image)
    with pytest.raises(SeError, match="No key slot is for this machine"):
        image_tampering(attack, image, machine=Machine(HOST2))
    with pytest.raises(SeError, match="does not open this header") as caught:
        image_tampering(attack, image, header_key=Secret(bytes(32)))
    assert caught.value.where == str(image)
    key = Secret(IMAGE.recipe.header_key)
    assert image_tampering(attack, image, header_key=key) == image_tampering(attack, image, machine=MACHINE)


def test_attacks_are_told_apart_and_explained() -> None:
    assert len({attack.id for attack in IMAGE_ATTACKS}) == len(IMAGE_ATTACKS) >= 25
    for attack in IMAGE_ATTACKS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", attack.id)
        assert attack.story.endswith(".")
        assert attack.to_json()["caught_by_verify"] == attack.verification


def test_every_refusal_of_the_published_list_can_be_provoked() -> None:
    """All published codes of a start but the two that need another machine."""
    provoked = {attack.code for attack in IMAGE_ATTACKS if attack.code}
    published = {(0x102, 0x1A), (0x102, 0x1B), (0x102, 0x1C), (0x102, 0x1D), (0x104, 1), (0x106, 0x30), (0x108, 5)}
    published |= {(0x108, 0xB), (0x109, 0), (0x10A, 0x31), (0x10A, 0x39), (0x10A, 0x40)}
    assert {Code(*code) for code in published} <= provoked


def test_what_is_no_image_cannot_be_attacked(tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_text("dear")
    with pytest.raises(SeError, match="no image that starts"):
        image_tampering(IMAGE_ATTACKS[0], path)
    path.write_bytes(IMAGE.patched_header(8, b"\0\0\2\0").content)
    with pytest.raises(SeError, match="version") as caught:
        image_tampering(IMAGE_ATTACKS[0], path)
    assert caught.value.where == str(path)
    short = build(Recipe(ramdisk=None, command_line=None, kernel=b"k", stage3b=bytes(64)))
    path.write_bytes(replace(short).content)
    swap = next(attack for attack in IMAGE_ATTACKS if attack.id == "swapped-pages")
    with pytest.raises(SeError, match="two pages"):
        image_tampering(swap, path)


@settings(max_examples=150)
@given(
    attack=st.sampled_from(IMAGE_ATTACKS),
    change=st.tuples(
        st.sampled_from([IMAGE.ipib_address, IMAGE.header_address, IMAGE.stage3a_args]),
        st.integers(0, 0xE0),
        st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([bytes(8), b"\xff" * 8])),
    ),
)
def test_whatever_the_image_the_answer_is_an_attack_or_an_error(
    tmp_path: Path, attack: ImageAttack, change: tuple[int, int, bytes]
) -> None:
    path = tmp_path / "image"
    path.write_bytes(IMAGE.patched(change[0] + change[1], change[2]).content)
    try:
        assert image_tampering(attack, path, machine=MACHINE) != Tampering()
    except SeError as error:
        assert str(error)  # noqa: PT017 - either is right


# --- Single bits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [("0x10.0", 0x00, 0x80), ("16.7", 0x00, 0x01), ("16", 0x0F, 0xF0), ("0x10.3", 0xFF, 0xEF)],
)
def test_bits_are_counted_from_the_most_significant(tmp_path: Path, text: str, before: int, after: int) -> None:
    path, target = tmp_path / "file", tmp_path / "changed"
    path.write_bytes(bytes(16) + bytes([before]) + b"end")
    write_tampered(path, Tampering((Flip.parse(text).edit(path),)), target)
    assert target.read_bytes() == bytes(16) + bytes([after]) + b"end"


@pytest.mark.parametrize("text", ["", "x", "16.8", "16.", "-1", "0x", "1 6", "16.7.1", "9" * 20])
def test_what_names_no_bit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no bit"):
        Flip.parse(text)


def test_a_bit_behind_the_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1234")
    with pytest.raises(SeError, match="There is no byte 0x4"):
        Flip.parse("4.0").edit(path)


def test_a_copy_never_replaces_its_original(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"1234")
    other.write_bytes(b"precious")
    nothing = Tampering((Edit(0, b"x"),))
    with pytest.raises(SeError, match="may not replace its original"):
        write_tampered(path, nothing, path, replace=True)
    with pytest.raises(SeError, match="already exists"):
        write_tampered(path, nothing, other)
    write_tampered(path, nothing, other, replace=True, job=Job())
    assert (path.read_bytes(), other.read_bytes()) == (b"1234", b"x234")
