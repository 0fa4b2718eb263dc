"""Sampling a file: what the numbers mean, and that any size costs the same."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.errors import Cancelled
from seworkbench.image.entropy import SAMPLE_SIZE, CurvePoint, byte_curve
from seworkbench.jobs import Job, Progress

NOISE = random.Random(1)  # noqa: S311 - test data


class Recorded:
    """A file that remembers what was read of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, size: int) -> bytes:
        self.reads.append((offset, size))
        return self.content[offset : offset + size]


def curve(content: bytes, points: int = 512) -> list[CurvePoint]:
    return byte_curve(Recorded(content).read, len(content), Job(), points)


def test_zeros_text_and_random_bytes_are_told_apart() -> None:
    size = 64 * 4096
    content = bytes(size) + (b"root=/dev/vda1 quiet\n" * size)[:size] + NOISE.randbytes(size)
    found = curve(content, 96)
    zeros, text, noise = (found[start + 4 : start + 28] for start in (0, 32, 64))
    assert all(point.entropy == 0 and point.zero == 1 and point.printable == 0 for point in zeros)
    assert all(3 < point.entropy < 5 and point.zero == 0 and point.printable == 1 for point in text)
    assert all(point.entropy > 7.9 and point.zero < 0.02 for point in noise)


def test_every_byte_value_once_is_exactly_eight_bits() -> None:
    [point] = curve(bytes(range(256)))
    assert point.entropy == pytest.approx(8)
    assert point.zero == pytest.approx(1 / 256)
    assert point.printable == pytest.approx(98 / 256)


def test_two_values_in_equal_number_are_one_bit() -> None:
    assert curve(b"\x00\xff" * 128)[0].entropy == pytest.approx(1)


def test_an_empty_file_has_no_points() -> None:
    assert curve(b"") == []


def test_a_file_that_ends_early_gives_the_points_that_are_there() -> None:
    file = Recorded(bytes(8192))
    found = byte_curve(file.read, 1 << 20, Job(), 64)
    assert 0 < len(found) < 64


@settings(max_examples=200)
@given(size=st.integers(0, 1 << 43), points=st.integers(1, 600))
def test_any_size_costs_a_bounded_number_of_bytes_spread_evenly(size: int, points: int) -> None:
    reads: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        reads.append((offset, length))
        return bytes(length)

    found = byte_curve(read, size, Job(), points)
    assert sum(length for _, length in reads) <= points * SAMPLE_SIZE
    assert all(0 <= offset <= size - length for offset, length in reads)
    offsets = [point.offset for point in found]
    assert len(offsets) == min(points, -(-size // 256))
    assert all(0 <= offset < size for offset in offsets)
    gaps = [later - earlier for earlier, later in pairwise(offsets)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_progress_ends_at_the_announced_total() -> None:
    seen: list[Progress] = []
    byte_curve(Recorded(bytes(1 << 20)).read, 1 << 20, Job(seen.append), 32)
    assert seen[0].done == 0
    assert seen[-1].done == seen[-1].total == 32 * SAMPLE_SIZE


def test_a_cancelled_job_stops_at_the_next_sample() -> None:
    file = Recorded(bytes(1 << 20))
    job = Job()

    def read(offset: int, size: int) -> bytes:
        if len(file.reads) == 3:
            job.cancel()
        return file.read(offset, size)

    with pytest.raises(Cancelled):
        byte_curve(read, 1 << 20, job)
    assert len(file.reads) == 4


def test_importing_the_module_does_not_load_numpy() -> None:
    code = "import sys, seworkbench.image.entropy; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
