"""Every bit of a header matters: turned over, the header is not authentic, and nothing worse happens."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.crypto.header_seal import open_header
from seworkbench.errors import FormatError, SeError
from seworkbench.formats.se_header import parse_header
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import ImageFile
from seworkbench.image.verify import examine

from .surgery import HEADER_KEY, HOST_KEY

if TYPE_CHECKING:
    from .readers import Bed
    from .surgery import Sample

HEADER_BITS = 640 * 8
# One bit a byte goes through the whole of verification as well; which one, the seed decides.
SEED = 20261123


def sampled_bits() -> list[int]:
    choose = random.Random(SEED)  # noqa: S311 - a repeatable choice, no secret
    return [8 * byte + choose.randrange(8) for byte in range(HEADER_BITS // 8)]


def test_the_header_of_the_sample_is_640_bytes_and_good(bed: Bed, sample: Sample) -> None:
    assert sample.header.sehs * 8 == HEADER_BITS
    bed.put(sample.raw)
    for access in (None, HEADER_KEY, HOST_KEY):
        assert bed.verify(access).check.verdict is Verdict.PASSED


def test_a_header_with_any_bit_turned_over_does_not_open(sample: Sample) -> None:
    good = sample.raw[sample.header_at :]
    opened = []
    for bit in range(HEADER_BITS):
        spoiled = bytearray(good)
        spoiled[bit // 8] ^= 0x80 >> bit % 8
        for lenient in (False, True):
            try:
                open_header(parse_header(bytes(spoiled), lenient=lenient), HEADER_KEY.key)
            except FormatError:
                continue
            opened.append((bit, lenient))
    assert opened == []


@pytest.mark.parametrize("part", range(8))
def test_verification_with_the_header_key_fails_for_any_bit_turned_over(bed: Bed, sample: Sample, part: int) -> None:
    """The part of verification that judges the header; the pages are the same every time."""
    bed.put(sample.raw)
    passed = []
    with bed.path.open("r+b", buffering=0) as stream:
        image = ImageFile(bed.path, stream)
        for bit in range(part * HEADER_BITS // 8, (part + 1) * HEADER_BITS // 8):
            at = sample.header_at + bit // 8
            stream.seek(at)
            stream.write(bytes([sample.raw[at] ^ (0x80 >> bit % 8)]))
            try:
                checks = examine(image, HEADER_KEY, SupportedFlags()).checks
            except FormatError:
                checks = ()  # no header left: the whole fails for it
            if checks and not any(check.verdict is Verdict.FAILED for check in checks):
                passed.append(bit)
            stream.seek(at)
            stream.write(sample.raw[at : at + 1])
    assert passed == []


@pytest.mark.parametrize("part", range(8))
def test_the_whole_verification_fails_for_one_bit_of_each_byte(bed: Bed, sample: Sample, part: int) -> None:
    bits = sampled_bits()
    for bit in bits[part * len(bits) // 8 : (part + 1) * len(bits) // 8]:
        bed.put(sample.flipped(bit))
        assert bed.verify(HEADER_KEY, f"bit {bit}").check.verdict is Verdict.FAILED, f"bit {bit}"


@pytest.mark.parametrize("part", range(4))
def test_without_a_key_a_turned_bit_gives_a_result_or_the_one_error(bed: Bed, sample: Sample, part: int) -> None:
    """Every fourth byte through all readers; what is not seen without a key may pass."""
    for bit in sampled_bits()[part::16]:
        bed.put(sample.flipped(bit))
        bed.look(f"bit {bit} of the header")


def test_a_turned_bit_of_a_digest_is_found_without_a_key(bed: Bed, sample: Sample) -> None:
    for name, first in (("pld", 0xE0), ("ald", 0x120), ("tld", 0x160), ("nep", 0x30)):
        size = len(getattr(sample.header, name)) if name != "nep" else 8
        bit = 8 * (first + size - 1) + 7
        bed.put(sample.flipped(bit))
        found = bed.verify(None, name).check
        step = found.find(f"image.digest.{name}")
        assert step is not None
        assert step.verdict is Verdict.FAILED
        assert found.verdict is Verdict.FAILED


def test_a_turned_bit_of_a_slot_is_told_to_the_machine_it_is_for(bed: Bed, sample: Sample) -> None:
    for offset, step in ((0x1A0, "slot"), (0x1C0, "slot-tag"), (0x1E0, "slot-tag"), (0x40, "slot-tag")):
        bed.put(sample.flipped(8 * offset + 7))
        check = bed.verify(HOST_KEY, step).check
        found = check.find(f"image.access.{step}")
        assert found is not None
        assert found.verdict is not Verdict.PASSED
        assert check.verdict is Verdict.FAILED


def test_the_refusal_of_a_spoiled_header_is_an_error_of_the_one_kind(bed: Bed, sample: Sample) -> None:
    bed.put(sample.flipped(0))
    result = bed.opened(lambda image: examine(image, HEADER_KEY, SupportedFlags()), "magic")
    assert isinstance(result, SeError)
