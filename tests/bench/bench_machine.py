"""How fluid the Machine page stays while a large image is inserted, started and attacked:

    python -m tests.bench.bench_machine                     an image of 128 MiB, some 33 000 pages; about half a minute
    python -m tests.bench.bench_machine --size 16M          something smaller
    python -m tests.bench.bench_machine --json figures.json the figures as JSON too

It opens on no screen, unless QT_QPA_PLATFORM says so. Told are, for each thing a person does, the longest times for
which the event loop stood still, from what a timer of 1 ms notices, the longest that the window's own thread worked
between two ticks (which other programs do not lengthen), and how long the whole took. What is played is played at the
pace that people see.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from cryptography.hazmat.primitives.asymmetric import ec
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.keys import ImageKeys
from seworkbench.ui.pages.machine.page import MachinePage
from tests.ui.desk import INPUTS, wait_until
from tests.ui.machines import quick_machine

from .bench_window import PATIENCE, Stalls, measured_by_size, opened_window, settle, sparse
from .measuring import MEMORY_FOLDER, BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seworkbench.simulator.machine_folder import MachineFolder

TARGET_MS = 50
# What comes of it is still painted then.
_AFTERWARDS_MS = 100


class Turns(Stalls):
    """Notes beside that how long the thread of the window itself computed in a turn of the event loop.

    Other programs make stalls longer, but not this.
    """

    def __init__(self) -> None:
        super().__init__()
        self._spent = time.thread_time()
        self.turns: list[float] = []

    def _tick(self) -> None:
        spent = time.thread_time()
        self.turns.append((spent - self._spent) * 1000)
        self._spent = spent
        super()._tick()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what happens meanwhile."""
        self._spent = time.thread_time()
        self.turns = []
        with super().watched():
            yield

    def figures(self) -> dict[str, float]:
        """Milliseconds, as of stalls, and the most of a turn."""
        return {**super().figures(), "busiest_ms": round(max(self.turns), 1)}


def large_image(folder: MachineFolder, place: Path, size: int) -> Path:
    """An image for a machine, with a ramdisk of so many bytes."""
    key = folder.document.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise BenchError("The host key document has no elliptic curve key.")
    order = BuildOrder(
        kernel=INPUTS / "kernel",
        ramdisk=sparse(place / "ramdisk", size, b"070701"),
        recipients=(Recipient("machine", key),),
        output=place / "large.img",
        check_components=False,
    )
    build_image(order, ImageKeys.fresh())
    return order.output


def measure(size: int) -> dict[str, Any]:
    """All figures."""
    report: dict[str, Any] = {"load_average": round(os.getloadavg()[0], 2), "size": size, "steps": {}}
    parent = MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        place = Path(name)
        os.environ["XDG_DATA_HOME"] = str(place / "data")
        machine = quick_machine(place / "machine")
        image = large_image(machine, place, size)
        window = opened_window(place)
        page = window.pages["machine"]
        if not isinstance(page, MachinePage):
            raise BenchError("The Machine page is another one.")
        window.show_page("machine")
        page.open(machine.path)
        settle(window)

        def played() -> bool:
            return page.player.over

        def still() -> bool:
            return not window.workbench.jobs.running

        def step(title: str, act: Callable[[], object], over: Callable[[], bool]) -> None:
            stalls = Turns()
            begun = time.perf_counter()
            with stalls.watched():
                act()
                wait_until(over, title, PATIENCE)
                wait_until(still, title, PATIENCE)
                QTest.qWait(_AFTERWARDS_MS)
            report["steps"][title] = {"seconds": round(time.perf_counter() - begun, 2), **stalls.figures()}

        try:
            step("insert", lambda: page.insert(image), still)
            medium = page.session.medium
            if medium is None:
                raise BenchError(f"Nothing was inserted: {page.error.what.text()}")
            report["pages"] = medium.pages
            step("play", page.play_or_pause, played)
            step("play again, to the end at once", page.to_end, played)
            step("attack", lambda: page.attack("page-bit"), still)
            step("play what is refused", page.play_or_pause, played)
            step("flip a bit", lambda: page.flip(0x15000, 0), still)
            step("reset", page.reset, still)
        finally:
            window.close()
            QApplication.processEvents()
    report["load_average_after"] = round(os.getloadavg()[0], 2)
    return report


def table(report: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    yield f"Load average {report['load_average']} before, {report['load_average_after']} after."
    yield f"{report['pages']} pages; stalls in ms, target {TARGET_MS}"
    yield f"  {'':<32}{'longest':>9}{'second':>9}{'99 of 100':>11}{'own work':>10}{'took':>10}"
    for title, row in report["steps"].items():
        yield (
            f"  {title:<32}{row['longest_ms']:>9}{row['second_longest_ms']:>9}{row['p99_ms']:>11}"
            f"{row['busiest_ms']:>10}{row['seconds']:>8.2f} s"
        )


def main() -> int:
    """Measure and print."""
    return measured_by_size("bench_machine", __doc__, "128M", measure, table)


if __name__ == "__main__":
    sys.exit(main())
