"""What the bytes of a file look like along it: entropy and classes of bytes, from samples spread evenly.

A file of any size costs the same: at most `points` samples of 4 KiB are read. Encrypted and compressed parts come out
near 8 bits per byte, code around 6, text around 4 to 5, zeros at 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from seworkbench.jobs import Job

# Large enough that random bytes measure 7.95 bits (a sample of n bytes cannot show more than log2 n), small enough that
# a header of some hundred bytes still shows.
SAMPLE_SIZE = 4096
# A file too small to fill all points gets one for each so many bytes; closer ones would repeat each other.
_LEAST_STEP = 256
_PRINTABLE = (*range(0x20, 0x7F), *b"\t\n\r")


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One sample.

    Args:
        offset: the byte that the sample stands for: the middle of its share of the file.
        entropy: Shannon entropy of the sample, 0 to 8 bits per byte.
        zero: share of zero bytes, 0 to 1.
        printable: share of printable ASCII, line breaks and tabs included, 0 to 1.
    """

    offset: int
    entropy: float
    zero: float
    printable: float


def byte_curve(read: Callable[[int, int], bytes], size: int, job: Job, points: int = 512) -> list[CurvePoint]:
    """Sample a file evenly.

    Args:
        read: gives up to so many bytes from an offset, as `ImageFile.read_at`.
        size: length of the file.
        job: for progress and cancelling.
        points: the most samples to take.

    Returns:
        Points by ascending offset; none for an empty file, fewer if the file ends early.

    Raises:
        Cancelled: if the job was asked to stop.
        SeError: if reading fails.
    """
    count = max(0, min(points, -(-size // _LEAST_STEP)))
    length = min(SAMPLE_SIZE, size)
    job.phase("Looking at the bytes", count * length)
    curve = []
    for index in range(count):
        middle = (2 * index + 1) * size // (2 * count)
        start = min(max(0, middle - length // 2), size - length)
        sample = read(start, length)
        if not sample:
            break
        curve.append(_measure(middle, sample))
        job.advance(length)
    return curve


def _measure(offset: int, sample: bytes) -> CurvePoint:
    # numpy takes 0.1 s to load, which the start of the window must not pay.
    import numpy as np  # noqa: PLC0415

    counts = np.bincount(np.frombuffer(sample, dtype=np.uint8), minlength=256)
    shares = counts[counts > 0] / len(sample)
    entropy = float(-(shares * np.log2(shares)).sum())
    printable = int(counts[list(_PRINTABLE)].sum())
    # The sum over a single value is -0.0.
    return CurvePoint(offset, abs(entropy), int(counts[0]) / len(sample), printable / len(sample))
