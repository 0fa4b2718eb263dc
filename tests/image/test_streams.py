"""Reading images and moving runs of pages through the pipeline."""

from __future__ import annotations

import os
import threading
from io import FileIO
from typing import TYPE_CHECKING

import pytest

from seworkbench.crypto.runs import OUTPUT_ROOM, RUN_SIZE
from seworkbench.errors import SeError
from seworkbench.image.image_file import open_image
from seworkbench.image.streams import Pipeline, fill

if TYPE_CHECKING:
    from pathlib import Path


def test_every_stage_sees_all_runs_in_order_and_as_submitted() -> None:
    seen: list[list[tuple[int, bytes]]] = [[], []]
    with Pipeline[int](
        lambda run, place: seen[0].append((place, bytes(run))), lambda run, place: seen[1].append((place, bytes(run)))
    ) as pipeline:
        for number in range(50):
            buffer = pipeline.buffer()
            assert len(buffer) == RUN_SIZE + OUTPUT_ROOM
            buffer[:8] = number.to_bytes(8, "big")
            pipeline.submit(buffer, number % 8 + 1, number)
    expected = [(number, number.to_bytes(8, "big")[: number % 8 + 1]) for number in range(50)]
    assert seen == [expected, expected]


def test_stages_run_on_threads_of_their_own() -> None:
    threads: list[threading.Thread] = []
    with Pipeline[None](*[lambda _run, _place: threads.append(threading.current_thread())] * 2) as pipeline:
        pipeline.submit(pipeline.buffer(), 1, None)
    assert len({*threads, threading.current_thread()}) == 3
    assert [thread for thread in threads if thread.is_alive()] == []


def test_without_stages_a_buffer_is_free_again_at_once() -> None:
    with Pipeline[None](buffers=1) as pipeline:
        first = pipeline.buffer()
        pipeline.submit(first, 1, None)
        assert pipeline.buffer() is first


def burn(_run: memoryview, _place: int) -> None:
    raise OSError("the disk is on fire")


@pytest.mark.parametrize("failing", [0, 1])
def test_the_failure_of_a_stage_reaches_the_caller_and_stops_that_stage(failing: int) -> None:
    calls = [0, 0]

    def stage(number: int) -> None:
        calls[number] += 1
        if number == failing and calls[number] == 3:
            raise OSError("the disk is on fire")

    def work() -> None:
        with Pipeline[int](lambda _run, _place: stage(0), lambda _run, _place: stage(1)) as pipeline:
            for number in range(1000):
                pipeline.submit(pipeline.buffer(), 1, number)

    with pytest.raises(OSError, match="on fire"):
        work()
    assert calls[failing] == 3
    assert sum(calls) < 50, "the caller was stopped long before the end"


def test_a_failure_in_the_last_run_is_raised_at_the_end() -> None:
    with pytest.raises(OSError, match="on fire"), Pipeline[int](burn) as pipeline:
        pipeline.submit(pipeline.buffer(), 1, 0)


def test_the_callers_own_failure_is_not_hidden_by_that_of_a_stage() -> None:
    def work() -> None:
        with Pipeline[int](burn) as pipeline:
            pipeline.submit(pipeline.buffer(), 1, 0)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        work()
    assert [thread for thread in threading.enumerate() if thread.name == "stage"] == []


def test_filling_goes_on_over_short_reads_and_ends_with_the_file() -> None:
    reader, writer = os.pipe()
    for piece in (b"ab", b"c", b"defg"):
        os.write(writer, piece)
    os.close(writer)
    view = memoryview(bytearray(5))
    with FileIO(reader) as stream:
        assert (fill(stream, view), bytes(view)) == (5, b"abcde")
        assert (fill(stream, view), bytes(view)) == (2, b"fgcde")
        assert fill(stream, view) == 0


@pytest.mark.parametrize(
    ("offset", "size", "found"),
    [
        (0, 3, b"abc"),
        (2, 3, b"cde"),
        (4, 9, b"e"),
        (5, 1, b""),
        (1 << 70, 1, b""),
        (-1, 2, b""),
        (0, 0, b""),
        (0, -1, b""),
    ],
)
def test_an_image_is_read_at_any_offset_and_not_beyond_its_ends(
    tmp_path: Path, offset: int, size: int, found: bytes
) -> None:
    (tmp_path / "file").write_bytes(b"abcde")
    with open_image(tmp_path / "file") as image:
        assert image.size == 5
        assert image.read_at(offset, size) == found


def test_an_image_fills_a_view_as_far_as_it_reaches(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abcde")
    view = memoryview(bytearray(4))
    with open_image(tmp_path / "file") as image:
        assert (image.read_into(0, view), bytes(view)) == (4, b"abcd")
        assert (image.read_into(3, view), bytes(view)) == (2, b"decd")


def test_a_pipe_is_no_image_and_opening_it_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SeError, match="not a regular file"), open_image(tmp_path / "pipe"):
        pass
