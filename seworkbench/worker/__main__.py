"""`python -m seworkbench.worker`: serves jobs until standard input ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

from seworkbench.defects import defect_report
from seworkbench.errors import Cancelled, SeError
from seworkbench.jobs import Job
from seworkbench.worker.tasks import TASKS

if TYPE_CHECKING:
    from seworkbench.jobs import Progress

# The window redraws at most this often; more lines would only cost time.
_REPORT_INTERVAL = 0.05


class _Reporter:
    """Writes progress as JSON lines, not more often than anybody can see."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._last = 0.0
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase == self._phase and progress.done < progress.total and now - self._last < _REPORT_INTERVAL:
            return
        self._last, self._phase = now, progress.phase
        send(self._output, {"progress": [progress.phase, progress.done, progress.total]})


def send(output: TextIO, message: dict[str, Any]) -> None:
    """Write one message."""
    output.write(json.dumps(message) + "\n")
    output.flush()


def perform(request: dict[str, Any], job: Job) -> dict[str, Any]:
    """Run one job; every outcome is a message."""
    try:
        return {"result": TASKS[request["job"]](job, **request["arguments"])}
    except Cancelled:
        return {"cancelled": True}
    except SeError as error:
        return {"error": {"what": error.what, "where": error.where, "remedy": error.remedy}}
    except Exception as defect:  # noqa: BLE001 - the window must hear of every end; it shows this as a defect
        return {"defect": defect_report(defect)}


def serve(lines: TextIO, output: TextIO) -> None:
    """Serve requests one after another; `cancel` reaches the one that runs."""
    requests: queue.SimpleQueue[tuple[str, threading.Event] | None] = queue.SimpleQueue()

    def listen() -> None:
        # Each request has a flag of its own, so that a cancel right behind it reaches it and no other.
        cancelled = threading.Event()
        for line in lines:
            if line.strip() == "cancel":
                cancelled.set()
            else:
                cancelled = threading.Event()
                requests.put((line, cancelled))
        cancelled.set()
        requests.put(None)

    threading.Thread(target=listen, name="listener", daemon=True).start()
    send(output, {"ready": True})
    while (request := requests.get()) is not None:
        line, cancelled = request
        send(output, perform(json.loads(line), Job(_Reporter(output), cancelled)))


if __name__ == "__main__":
    # A window that is gone is no error of the worker's.
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin, sys.stdout)
    # Standard output may be broken; leaving the ordinary way would complain about that.
    os._exit(0)
