"""Benchmarks of the window, run by hand from the project's root:

    python -m tests.bench.bench_window                     1 GiB is built and verified; about a minute
    python -m tests.bench.bench_window --size 64M          something smaller
    python -m tests.bench.bench_window --json figures.json the figures as JSON too

It opens on no screen, unless QT_QPA_PLATFORM says so. Measured are:

    start        from the start of the process to the first paint of the window
    open         from choosing an image of 8 GiB, a sparse file, to its fields on the screen
    build        building and verifying through the worker process: seconds, and how that compares to the same two
                 commands on the command line, which keep no record and so compute no SHA-256; meanwhile the longest
                 time for which the event loop stood still
    cancel       from cancelling a build under way to the end of the job; nothing of the image may be left
    scroll       a frame of the hex view while one scrolls by rows, by pages and to far places
    theme        switching the theme with the Build page full, and with an image open
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QApplication

from seworkbench.ui.app import TURN, make_window
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.inspect.page import InspectPage
from seworkbench.ui.theme import ThemeChoice
from tests.ui.desk import INPUTS, PKI, Images, wait_until

from .__main__ import size_of
from .measuring import MEMORY_FOLDER, BenchError, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seworkbench.ui.window import MainWindow

LARGE_FILE = 8 << 30
PATIENCE = 600_000
REASON = "Measured only."
FIRST_PAINT = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from seworkbench.ui.app import make_window

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print(time.monotonic())
            sys.stdout.flush()
            import os
            os._exit(0)
        return False

application = QApplication([])
application.setStyle("Fusion")
window = make_window(Path(sys.argv[1]))
watch = Watch()
window.page.installEventFilter(watch)
window.show()
application.exec()
"""


class Stalls:
    """Notes how long the event loop stood still: a timer of 1 ms that comes late."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)
        self._clock = QElapsedTimer()
        self.gaps: list[float] = []

    def _tick(self) -> None:
        self.gaps.append(self._clock.nsecsElapsed() / 1e6)
        self._clock.restart()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what happens meanwhile."""
        self.gaps = []
        self._clock.start()
        self._timer.start()
        yield
        self._timer.stop()

    def figures(self) -> dict[str, float]:
        """Milliseconds: the longest, and what 99 of 100 stay below."""
        ordered = sorted(self.gaps)
        return {
            "longest_ms": round(ordered[-1], 1),
            "second_longest_ms": round(ordered[-2], 1),
            "p99_ms": round(ordered[len(ordered) * 99 // 100], 1),
        }


def first_paint(rounds: int = 5) -> float:
    """Seconds from the start of a process to the first paint; the best of some."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            sample = timed([sys.executable, "-c", FIRST_PAINT, Path(folder) / "settings.json"])
            lines = [line for line in sample.output.splitlines() if line.replace(".", "").isdigit()]
            found.append(float(lines[-1]) - begun)
    return min(found)


def opened_window(folder: Path) -> MainWindow:
    """The window, once everything that happens at its start is over."""
    sys.setswitchinterval(TURN)
    window = make_window(folder / "settings.json")
    window.resize(1440, 900)
    window.show()
    settle(window)
    return window


def settle(window: MainWindow) -> None:
    """Wait until nothing runs."""
    wait_until(lambda: not window.workbench.jobs.running, "the jobs to end", PATIENCE)
    for _ in range(10):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def opening(window: MainWindow, image: Path) -> float:
    """Seconds until the fields of an image are painted."""
    page = window.pages["inspect"]
    assert isinstance(page, InspectPage)
    begun = time.perf_counter()
    window.open_files([image])
    wait_until(lambda: page.session.path == image and page.tree.isVisible(), "the image to be open", PATIENCE)
    QApplication.processEvents()
    seconds = time.perf_counter() - begun
    for job in list(window.workbench.jobs.running):
        job.cancel()
    settle(window)
    return seconds


def scrolling(window: MainWindow) -> dict[str, float]:
    """Milliseconds a frame of the hex view takes, everything painted."""
    page = window.pages["inspect"]
    assert isinstance(page, InspectPage)
    window.show_page("inspect")
    bar = page.hex.verticalScrollBar()
    frames = []
    last = bar.maximum()
    places = [*range(200), *range(200, 6000, 30), *(last * step // 100 for step in range(100))]
    for place in places:
        begun = time.perf_counter()
        bar.setValue(min(place, last))
        page.hex.viewport().repaint()
        frames.append((time.perf_counter() - begun) * 1000)
    frames.sort()
    return {"median_ms": round(statistics.median(frames), 2), "p99_ms": round(frames[len(frames) * 99 // 100], 2)}


def fill_build(window: MainWindow, ramdisk: Path, output: Path) -> BuildPage:
    """Everything that the Build page needs for an image."""
    page = window.pages["build"]
    assert isinstance(page, BuildPage)
    window.show_page("build")
    page.clear()
    for path in (INPUTS / "kernel", ramdisk, INPUTS / "cmdline", PKI / "host1.crt"):
        window.open_files([path])
        settle(window)
    page.draft.set_output(output)
    for host in page.draft.hosts:
        page.draft.set_reason(host, REASON)
    settle(window)
    if not page.output.possible():
        raise BenchError(f"The image cannot be built: {page.output.reasons.text()}")
    return page


def building(window: MainWindow, ramdisk: Path, output: Path) -> dict[str, Any]:
    """Build and verify, and watch the event loop."""
    page = fill_build(window, ramdisk, output)
    stalls = Stalls()
    begun = time.perf_counter()
    with stalls.watched():
        page.build()
        job = page.job
        if job is None:
            raise BenchError("The build did not start.")
        wait_until(lambda: job.finished, "the build to end", PATIENCE)
        seconds = time.perf_counter() - begun
        settle(window)
    if not output.exists():
        raise BenchError(f"Nothing was built: {page.error.what.text()}")
    return {"seconds": round(seconds, 3), **stalls.figures()}


def on_command_line(ramdisk: Path, folder: Path) -> float:
    """Seconds for the same two commands."""
    keys, image = folder / "keys", folder / "cli.img"
    keys.mkdir()
    create = [sys.executable, "-m", "seworkbench", "image", "create", "-i", INPUTS / "kernel", "-r", ramdisk]
    create += ["-p", INPUTS / "cmdline", "-k", PKI / "host1.crt", "--no-verify", "--save-keys", keys, "-o", image]
    seconds = timed(create).seconds
    key = next(keys.glob("*.hdr-key"))
    seconds += timed([sys.executable, "-m", "seworkbench", "image", "verify", image, "--hdr-key", key]).seconds
    image.unlink()
    return seconds


def cancelling(window: MainWindow, ramdisk: Path, folder: Path, rounds: int = 5) -> dict[str, float]:
    """Milliseconds from the wish to stop to the end of the job."""
    found = []
    for number in range(rounds):
        output = folder / f"stopped-{number}.img"
        page = fill_build(window, ramdisk, output)
        page.build()
        job = page.job
        if job is None:
            raise BenchError("The build did not start.")
        wait_until(lambda job=job: job.finished or job.progress.done > 1 << 24, "the build to be under way", PATIENCE)  # type: ignore[misc]
        begun = time.perf_counter()
        job.cancel()
        wait_until(lambda job=job: job.finished, "the build to stop", PATIENCE)  # type: ignore[misc]
        found.append((time.perf_counter() - begun) * 1000)
        settle(window)
        left = [path.name for path in folder.glob("*stopped*")]
        if left:
            raise BenchError(f"Cancelling left something: {left}")
    return {"median_ms": round(statistics.median(found), 1), "longest_ms": round(max(found), 1)}


def switching(window: MainWindow, page: str) -> float:
    """Milliseconds for a switch of the theme, everything painted; the worst of some."""
    window.show_page(page)
    settle(window)
    found = []
    for choice in (ThemeChoice.DARK, ThemeChoice.HIGH_CONTRAST, ThemeChoice.LIGHT) * 3:
        begun = time.perf_counter()
        window.workbench.theme.choose(choice)
        QApplication.processEvents()
        found.append((time.perf_counter() - begun) * 1000)
    return round(max(found), 1)


def sparse(path: Path, size: int, head: bytes = b"") -> Path:
    """A file of that size that takes no room."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def measure(size: int) -> dict[str, Any]:
    """All figures."""
    report: dict[str, Any] = {"load_average": os.getloadavg()[0], "size": size}
    report["start_seconds"] = round(first_paint(), 3)
    parent = MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        window = opened_window(folder)
        try:
            image = Images(folder).get("default")
            report["first_open_seconds"] = round(opening(window, image), 3)
            large = sparse(folder / "large.img", LARGE_FILE, image.read_bytes())
            report["open_8_gib_seconds"] = round(opening(window, large), 3)
            report["scroll"] = scrolling(window)
            report["theme_inspect_ms"] = switching(window, "inspect")
            large.unlink()
            window.show_page("overview")
            ramdisk = sparse(folder / "ramdisk", size, b"070701")
            report["build"] = building(window, ramdisk, folder / "window.img")
            report["theme_build_ms"] = switching(window, "build")
            (folder / "window.img").unlink()
            report["command_line_seconds"] = round(on_command_line(ramdisk, folder), 3)
            report["build"]["ratio_to_command_line"] = round(
                report["build"]["seconds"] / report["command_line_seconds"], 2
            )
            report["cancel"] = cancelling(window, ramdisk, folder)
        finally:
            window.close()
            QApplication.processEvents()
    report["load_average_after"] = os.getloadavg()[0]
    return report


def table(report: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    build = report["build"]
    yield f"Load average {report['load_average']:.2f} before, {report['load_average_after']:.2f} after."
    yield f"start    {report['start_seconds']:.3f} s to the first paint"
    yield f"open     {report['first_open_seconds']:.3f} s the first image, {report['open_8_gib_seconds']:.3f} s 8 GiB"
    yield (
        f"build    {report['size'] >> 20} MiB built and verified in {build['seconds']:.2f} s, "
        f"{build['ratio_to_command_line']:.2f} of the command line's {report['command_line_seconds']:.2f} s"
    )
    yield (
        f"         event loop: longest stalls {build['longest_ms']} and {build['second_longest_ms']} ms, "
        f"99 of 100 below {build['p99_ms']} ms"
    )
    yield f"cancel   {report['cancel']['median_ms']} ms, at most {report['cancel']['longest_ms']} ms; nothing left"
    yield f"scroll   {report['scroll']['median_ms']} ms a frame, 99 of 100 below {report['scroll']['p99_ms']} ms"
    yield f"theme    {report['theme_build_ms']} ms with Build full, {report['theme_inspect_ms']} ms with an image open"


def measured_by_size(
    name: str,
    text: str | None,
    size: str,
    figures: Callable[[int], dict[str, Any]],
    lines: Callable[[dict[str, Any]], Iterator[str]],
) -> int:
    """A benchmark as a program: reads its options, measures, prints.

    Args:
        name: of its module.
        text: what its help says.
        size: what is measured unless another size is asked for.
        figures: all figures for a size in bytes.
        lines: the figures for people.

    Returns:
        the exit status.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.bench.{name}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=size_of, default=size_of(size), metavar="SIZE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    try:
        report = figures(args.size)
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(lines(report)) + "\n")
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def main() -> int:
    """Measure and print."""
    return measured_by_size("bench_window", __doc__, "1G", measure, table)


if __name__ == "__main__":
    sys.exit(main())
