"""Every length, offset and count of an image set to its extremes: refused, or judged, at the usual cost."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.ipib import Ipib, IpibComponent
from seworkbench.formats.se_header import SecretPartV1
from seworkbench.formats.stage3 import Stage3bArgs
from seworkbench.image.verify import verify_image
from seworkbench.secret import Secret

from .surgery import HEADER_KEY, HOST_KEY, Sample, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.image.image_file import ImageFile

    from .readers import Bed
    from .surgery import Number

SAMPLE = Sample(recorded("default"))
PAGE = 4096


def named(numbers: list[Number]) -> list[object]:
    return [pytest.param(number, id=number.name) for number in numbers]


@pytest.mark.parametrize("number", named(SAMPLE.header_numbers()))
def test_an_extreme_number_in_the_header_is_refused(bed: Bed, sample: Sample, number: Number) -> None:
    for value in number.extremes(sample.raw):
        label = f"{number.name} = 0x{value:x}"
        bed.put(sample.with_number(number, value))
        bed.look(label)
        bed.look_in_little_memory(label)
        assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED, label


@pytest.mark.parametrize("number", named(SAMPLE.header_numbers()))
def test_an_extreme_number_in_a_header_that_its_maker_sealed_is_judged(
    bed: Bed, sample: Sample, number: Number
) -> None:
    for value in number.extremes(sample.raw):
        label = f"sealed {number.name} = 0x{value:x}"
        bed.put(sample.sealed_raw(number, value))
        bed.look(label)
        if number.name != "header.pcf":  # flags may be anything; unknown ones warn
            assert bed.verify(HEADER_KEY, label).check.verdict is Verdict.FAILED, label


@pytest.mark.parametrize("number", named(SAMPLE.secret_numbers()))
def test_an_extreme_number_in_the_encrypted_part_is_judged(bed: Bed, sample: Sample, number: Number) -> None:
    for value in number.extremes(sample.secret.build()):
        label = f"{number.name} = 0x{value:x}"
        bed.put(sample.sealed_secret(number, value))
        bed.look(label)
        bed.look_in_little_memory(label)
        if number.name != "secret.scf":
            assert bed.verify(HEADER_KEY, label).check.verdict is not Verdict.PASSED, label


@pytest.mark.parametrize(
    "number", named([*SAMPLE.metadata_numbers(), *SAMPLE.stage3a_numbers(), *SAMPLE.ipib_numbers()])
)
def test_an_extreme_number_in_the_clear_frame_is_noticed(bed: Bed, sample: Sample, number: Number) -> None:
    for value in number.extremes(sample.raw):
        label = f"{number.name} = 0x{value:x}"
        bed.put(sample.with_number(number, value))
        bed.look(label)
        bed.look_in_little_memory(label)
        if number.name != "ipib.flags":  # no length, no offset, no count, and nothing depends on it
            assert bed.verify(None, label).check.verdict is not Verdict.PASSED, label


@pytest.mark.parametrize("number", named(SAMPLE.ipib_numbers()))
@pytest.mark.parametrize("kind", ["encrypted", "clear"])
def test_an_extreme_number_in_a_table_that_its_maker_measured_is_judged(
    bed: Bed, sample: Sample, clear_sample: Sample, kind: str, number: Number
) -> None:
    """Where the digests can follow the lie, they do: only the structure is left to object."""
    image = sample if kind == "encrypted" else clear_sample
    if ".components[" not in number.name:
        return
    for value in number.extremes(image.raw):
        raw = image.with_number(number, value)
        ipib = Ipib.parse(raw, image.ipib_at)
        if any(part.length > len(raw) for part in ipib.components):
            continue  # cannot be measured by anyone
        label = f"measured {kind} {number.name} = 0x{value:x}"
        bed.put(image.described(raw, ipib))
        bed.look(label)


@pytest.mark.parametrize("number", named(SAMPLE.stage3b_numbers()))
@pytest.mark.parametrize("kind", ["encrypted", "clear"])
def test_an_extreme_number_in_the_arguments_of_stage3b_is_judged(
    bed: Bed, sample: Sample, clear_sample: Sample, kind: str, number: Number
) -> None:
    image = sample if kind == "encrypted" else clear_sample
    good = image.stage3b_args.build()
    for value in number.extremes(good):
        changed = good[: number.offset] + value.to_bytes(number.size, "big") + good[number.offset + number.size :]
        label = f"{kind} {number.name} = 0x{value:x}"
        bed.put(image.with_stage3b_args(changed))
        bed.look(label)
        if kind == "encrypted":
            bed.look_in_little_memory(label)
        check = bed.verify(HEADER_KEY, label).check
        assert check.find("image.digest.pld") is not None
        if number.name.endswith("_src"):
            assert check.verdict is Verdict.FAILED, label


# Sizes that are plausible for a component: a claim is believed only if it fits the pages.
def claims(image: Sample) -> list[tuple[int, int]]:
    places = [(part.addr, part.length) for part in image.ipib.components]
    return [*places, (0, 0), (image.header_at, PAGE), (0, PAGE)]


@pytest.mark.parametrize("kernel", range(7))
def test_stage3b_may_claim_any_component_to_be_anything(bed: Bed, clear_sample: Sample, kernel: int) -> None:
    """No key is needed for this lie: the components are in the clear."""
    options = claims(clear_sample)
    for line, ramdisk in itertools.product(options, repeat=2):
        claimed = (options[kernel], line, ramdisk)
        args = Stage3bArgs(
            kernel_src=claimed[0][0],
            kernel_size=claimed[0][1],
            cmdline_src=line[0],
            cmdline_size=line[1],
            initrd_src=ramdisk[0],
            initrd_size=ramdisk[1],
        )
        bed.put(clear_sample.with_stage3b_args(args.build()))
        bed.look(", ".join(f"{size} bytes at 0x{at:x}" for at, size in claimed))
        if args != clear_sample.stage3b_args and len({at for at, _ in claimed} - {0}) < 3:
            assert bed.verify(None, str(claimed)).check.verdict is not Verdict.PASSED, claimed


@pytest.mark.parametrize("kept", [(3,), (0,), (0, 3), (3, 0), (1, 3), (0, 1), (0, 0), (3, 3), (2, 1, 0)])
def test_a_table_that_lists_only_some_components_is_judged(
    bed: Bed, clear_sample: Sample, sample: Sample, kept: tuple[int, ...]
) -> None:
    for image in (clear_sample, sample):
        parts = [image.ipib.components[index] for index in kept]
        for at, size in ((parts[0].addr, parts[0].length), (0, 0)):
            args = dataclasses.replace(
                image.stage3b_args,
                kernel_src=at,
                kernel_size=size,
                cmdline_src=0,
                cmdline_size=0,
                initrd_src=0,
                initrd_size=0,
            )
            liar = Sample(image.with_stage3b_args(args.build()))
            bed.put(liar.with_table(*parts))
            bed.look(f"components {kept}, kernel at 0x{at:x}")


def test_a_component_at_address_zero_is_judged(bed: Bed, clear_sample: Sample) -> None:
    """Zero also means “none” in stage3b's arguments."""
    loader = clear_sample.loader
    code = clear_sample.loader_code
    for line_at in (0, loader.addr):
        args = Stage3bArgs(kernel_src=0, kernel_size=PAGE, cmdline_src=line_at, cmdline_size=loader.length)
        liar = Sample(clear_sample.with_stage3b_args(args.build()))
        assert len(liar.loader_code) == len(code)
        bed.put(liar.with_table(IpibComponent(tweak_pref=1, addr=0, length=PAGE), loader))
        bed.look(f"kernel at 0, command line at 0x{line_at:x}")
        check = bed.verify(None, "at zero").check
        overlap = check.find("image.table.overlap")
        assert overlap is not None
        assert overlap.verdict is Verdict.FAILED


def test_a_component_of_size_zero_is_extracted_as_an_empty_file(bed: Bed, clear_sample: Sample, sample: Sample) -> None:
    for image in (clear_sample, sample):
        args = image.stage3b_args
        for empty in (
            dataclasses.replace(args, cmdline_size=0),
            dataclasses.replace(args, initrd_size=0),
            dataclasses.replace(args, kernel_size=0),
        ):
            bed.put(image.with_stage3b_args(empty.build()))
            bed.look(str(empty))


def test_an_image_key_with_equal_halves_is_a_failed_check(bed: Bed, sample: Sample) -> None:
    """Whoever has the header key can write such a header; the image is broken, which is a result."""
    secret = SecretPartV1(cck=sample.secret.cck, xts=Secret(bytes(64)), psw=sample.secret.psw)
    bed.put(sample.sealed(secret=secret))
    assert bed.verify(HEADER_KEY, "equal halves").check.verdict is Verdict.FAILED
    bed.look("equal halves")


def test_the_customer_key_is_refused_unless_it_is_a_point(bed: Bed, sample: Sample) -> None:
    own = sample.header.cust_pub_key
    prime = (1 << 521) - 1
    for x in (bytes(80), b"\xff" * 80, prime.to_bytes(80, "big"), (prime + 1).to_bytes(80, "big"), own[80:]):
        for y in (bytes(80), own[80:], b"\xff" * 80):
            bed.put(sample.sealed(cust_pub_key=x + y))
            for access in (None, HEADER_KEY, HOST_KEY):
                check = bed.verify(access, "customer key").check
                found = check.find("image.header.customer-key")
                assert found is not None
                assert found.verdict is Verdict.FAILED


def test_comparison_with_given_files_stays_in_bounds_whatever_the_arguments_say(
    bed: Bed, clear_sample: Sample, tmp_path: Path
) -> None:
    reviewed = tmp_path / "reviewed"
    reviewed.write_bytes(b"x" * 100)
    number = next(n for n in clear_sample.stage3b_numbers() if n.name == "stage3b.cmdline_size")
    good = clear_sample.stage3b_args.build()
    for value in (*number.extremes(good), 100, 101):
        changed = good[: number.offset] + value.to_bytes(8, "big") + good[number.offset + 8 :]
        bed.put(clear_sample.with_stage3b_args(changed))

        def compare(image: ImageFile) -> object:
            return verify_image(image, inputs=dict.fromkeys(ComponentKind, reviewed)).to_json()

        assert bed.opened(compare, f"comparing with {value} bytes")
