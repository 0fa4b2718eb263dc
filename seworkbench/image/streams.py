"""Moving gigabytes through a few megabytes of memory, each kind of work on a thread of its own.

SHA-512 is sequential and slower than any other single step, so it bounds the time of building, verifying and
extracting. Reading, encrypting and writing go on beside it; hashlib, the cipher and the file system release the
interpreter's lock, so two cores suffice to stay near that bound.
"""

from __future__ import annotations

import queue
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from seworkbench.crypto.runs import OUTPUT_ROOM, RUN_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from types import TracebackType

P = TypeVar("P")

# Enough that no thread waits for another's hiccups; 12 MiB in all.
BUFFERS = 6


class _Stage(threading.Thread, Generic[P]):
    """One thread that takes filled buffers, works on them and passes them on."""

    def __init__(self, consume: Callable[[memoryview, P], None], pass_on: Callable[[bytearray, int, P], None]) -> None:
        super().__init__(name="stage", daemon=True)
        self._consume = consume
        self._pass_on = pass_on
        self._inbox: queue.SimpleQueue[tuple[bytearray, int, P] | None] = queue.SimpleQueue()
        self.failure: BaseException | None = None

    def put(self, buffer: bytearray, length: int, place: P) -> None:
        self._inbox.put((buffer, length, place))

    def finish(self) -> None:
        self._inbox.put(None)
        self.join()

    def run(self) -> None:
        while (filled := self._inbox.get()) is not None:
            buffer, length, place = filled
            try:
                if self.failure is None:
                    self._consume(memoryview(buffer)[:length], place)
            except BaseException as failure:  # noqa: BLE001 - carried to the first thread, which raises it
                self.failure = failure
            # Passed on even after a failure: whoever waits for a free buffer must wake up.
            self._pass_on(buffer, length, place)


class Pipeline(Generic[P]):
    """Passes runs of bytes, in order, through functions that each have a thread.

    Use as a context manager; leaving it waits for all work to be done and raises the first failure of a stage. Memory
    is bounded: `buffer()` waits for a free one.

    Args:
        stages: functions of (bytes, place); the place is whatever the caller submitted with them. Without any, a
            buffer that was submitted is free at once.
        buffers: how many buffers there are.
    """

    def __init__(self, *stages: Callable[[memoryview, P], None], buffers: int = BUFFERS) -> None:
        self._free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
        for _ in range(buffers):
            self._free.put(bytearray(RUN_SIZE + OUTPUT_ROOM))
        self._stages: list[_Stage[P]] = []
        pass_on: Callable[[bytearray, int, P], None] = self._release
        for consume in reversed(stages):
            stage = _Stage(consume, pass_on)
            self._stages.insert(0, stage)
            pass_on = stage.put
        self._first = pass_on

    def __enter__(self) -> Self:
        for stage in self._stages:
            stage.start()
        return self

    def buffer(self) -> bytearray:
        """A buffer for one run, with the room that the page cipher needs behind it.

        Raises:
            BaseException: what a stage failed with; there is no use in going on then.
        """
        buffer = self._free.get()
        self._raise_failure()
        return buffer

    def submit(self, buffer: bytearray, length: int, place: P) -> None:
        """Hand over the first `length` bytes of a buffer; it must not be changed afterwards."""
        self._first(buffer, length, place)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:
            for stage in reversed(self._stages):
                stack.callback(stage.finish)
        if kind is None:
            self._raise_failure()

    def _release(self, buffer: bytearray, _length: int, _place: P) -> None:
        self._free.put(buffer)

    def _raise_failure(self) -> None:
        for stage in self._stages:
            if stage.failure is not None:
                raise stage.failure


def fill(stream: FileIO, view: memoryview) -> int:
    """Read from an unbuffered stream until `view` is full or the file ends; returns the number of bytes read."""
    done = 0
    while done < len(view) and (got := stream.readinto(view[done:])):
        done += got
    return done
