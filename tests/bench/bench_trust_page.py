"""How fluid the Trust page is: `python -m tests.bench.bench_trust_page`, run by hand from the project's root.

    python -m tests.bench.bench_trust_page                  1,000 host keys, then 12
    python -m tests.bench.bench_trust_page --keys 5000      another number, and nothing else
    python -m tests.bench.bench_trust_page --json FILE      the figures as JSON too

It opens on no screen, unless QT_QPA_PLATFORM says so. For each thing that a person does, it tells how long the event
loop stood still, the longest times first; the aim is 50 ms:

    import       a folder with all documents is dropped: read, kept, judged and shown
    verify       "Verify all": judged, shown and kept
    drag         the instant is dragged over a year, a step each 16 ms, as a mouse does; `behind` is the time from a
                 step to the picture that shows it or a later one
    select       one host key after the other is chosen in the table
    filter       a word is typed into the filter and taken back
    now          back to the present

`computed` is the processor time that the whole program used within the longest stalls: on a busy machine it stands
still for longer than it computes. Nothing about time is asserted anywhere; the load average before and after is
printed with the figures.
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
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from seworkbench.ui.app import TURN, make_window
from seworkbench.ui.pages.trust import session as session_module
from seworkbench.ui.pages.trust.page import TrustPage
from tests.trust.pki import AT, BEGIN, ListDraft, document, estate, host_key, pem
from tests.ui.desk import wait_until

from .bench_window import PATIENCE, Stalls, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from seworkbench.ui.window import MainWindow

AIM_MS = 50
STEP_MS = 16
STEPS = 120
SELECTED = 60
WORD = "HKD-3931-01"


def write_documents(folder: Path, count: int) -> None:
    """Write a chain with so many host keys of different ends, some revoked, some of a chain that is not there."""
    pki = estate()
    revoked = []
    for number in range(count):
        draft = document(number, pki.document_issuer, host_key(number))
        # Every few steps of the dragged instant, something ends.
        draft.end = AT + timedelta(days=1 + number * 700 // count, hours=number % 24)
        made = draft.make()
        if number % 50 == 7:
            revoked.append(made.serial_number)
        (folder / f"HKD-3931-{number:07X}.crt").write_bytes(pem(made))
    lists = {
        "root.crl": pki.root_crl,
        "inter.crl": pki.inter_crl,
        "host.crl": ListDraft(pki.document_issuer, tuple(revoked), begin=BEGIN).make(),
    }
    for name, thing in ({"root.crt": pki.root, "inter.crt": pki.inter, "sign.crt": pki.sign} | lists).items():
        (folder / name).write_bytes(pem(thing))


class ComputedStalls(Stalls):
    """Notes for each time that the event loop stood still the processor time of the whole program, too."""

    def __init__(self) -> None:
        super().__init__()
        self.computed: list[float] = []
        self._last = 0.0

    def _tick(self) -> None:
        super()._tick()
        now = time.process_time()
        self.computed.append((now - self._last) * 1000)
        self._last = now

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what happens meanwhile."""
        self.computed = []
        self._last = time.process_time()
        with super().watched():
            yield


class Watch:
    """The page, and what happens to it while the event loop is watched.

    Args:
        window: the window, open.
        steps: number of steps in which the instant is dragged over a year.
    """

    def __init__(self, window: MainWindow, steps: int) -> None:
        self._steps = steps
        # Pages are made in idle moments; all of them are there before anything is measured.
        page = dict(window.pages)["trust"]
        assert isinstance(page, TrustPage)
        self.page = page
        self.session = page.session
        self.window = window
        window.show_page("trust")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is read, judged or written."""
        wait_until(lambda: self.session.workspace is not None and not self.session.busy, "the page to settle", PATIENCE)
        settle(self.window)
        wait_until(lambda: not self.session.busy, "the page to settle", PATIENCE)

    def stalls_while(self, act: Callable[[], object]) -> dict[str, Any]:
        """Do something, wait until it is over, and tell how the event loop fared."""
        stalls = ComputedStalls()
        begun = time.perf_counter()
        with stalls.watched():
            act()
            self.settle()
            # What was only asked to be painted is painted.
            QTest.qWait(20)
        return {
            "seconds": round(time.perf_counter() - begun, 2),
            **stalls.figures(),
            "above_50_ms": sum(gap > AIM_MS for gap in stalls.gaps),
            "computed_ms": [round(gap, 1) for gap in sorted(stalls.computed, reverse=True)[:2]],
            "computed_above_50_ms": sum(gap > AIM_MS for gap in stalls.computed),
        }

    def drag(self) -> dict[str, Any]:
        """Drag the instant over a year."""
        asked: list[tuple[datetime, float]] = []
        behind: list[float] = []

        def shown() -> None:
            # Everything up to the instant that is shown now was answered by it, the first of them the latest.
            judgement = self.session.judgement
            place = next((n for n, (at, _) in enumerate(asked) if judgement and at == judgement.at), None)
            if place is not None:
                now = time.perf_counter()
                behind.extend(now - when for _, when in asked[: place + 1])
                del asked[: place + 1]

        def act() -> None:
            start = self.session.now
            for step in range(1, self._steps + 1):
                at = start + timedelta(days=step * 365 / self._steps)
                at = at.replace(second=0, microsecond=0)
                asked.append((at, time.perf_counter()))
                self.page.axis.drag_to(at, settled=step == self._steps)
                QTest.qWait(STEP_MS)

        self.session.judged.connect(shown)
        found = self.stalls_while(act)
        self.session.judged.disconnect(shown)
        behind.sort()
        return found | {
            "behind_median_ms": round(statistics.median(behind) * 1000, 1),
            "behind_p95_ms": round(behind[len(behind) * 95 // 100] * 1000, 1),
        }

    def select(self) -> None:
        """Choose one host key after the other."""
        judgement = self.session.judgement
        keys = [item.certificate.fingerprint for item in judgement.host_keys] if judgement else []
        documents = self.page.documents
        for key in keys[:: max(1, len(keys) // SELECTED)]:
            documents.tree.setCurrentIndex(documents.filter.mapFromSource(documents.model.index_of(key)))
            QTest.qWait(STEP_MS)

    def type_filter(self) -> None:
        """Type a word, letter by letter, and take it back."""
        line = self.page.documents.line
        for text in (*(WORD[:size] for size in range(1, len(WORD) + 1)), ""):
            line.setText(text)
            QTest.qWait(STEP_MS)


def measure(count: int, steps: int = STEPS) -> dict[str, Any]:
    """Do everything with so many host keys; `steps` as for Watch."""
    report: dict[str, Any] = {"keys": count, "load_average": os.getloadavg()[0]}
    session_module.present = lambda: AT  # the lists of the chain are valid then
    sys.setswitchinterval(TURN)
    with tempfile.TemporaryDirectory(prefix="seworkbench-bench-") as name:
        folder = Path(name)
        documents = folder / "documents"
        documents.mkdir()
        write_documents(documents, count)
        window = make_window(folder / "settings.json", folder / "bench.sewb")
        try:
            window.resize(1440, 900)
            window.show()
            watch = Watch(window, steps)
            report["import"] = watch.stalls_while(lambda: watch.session.import_path(documents))
            report["verify"] = watch.stalls_while(watch.page.verify_all)
            report["drag"] = watch.drag()
            report["select"] = watch.stalls_while(watch.select)
            report["filter"] = watch.stalls_while(watch.type_filter)
            report["now"] = watch.stalls_while(watch.session.back_to_now)
        finally:
            window.close()
            QApplication.processEvents()
    report["load_average_after"] = os.getloadavg()[0]
    return report


def table(report: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    load = f"load average {report['load_average']:.2f} before, {report['load_average_after']:.2f} after"
    yield f"{report['keys']} host keys; {load}"
    for name in ("import", "verify", "drag", "select", "filter", "now"):
        row = report[name]
        behind = ""
        if "behind_median_ms" in row:
            behind = f"; behind {row['behind_median_ms']} ms, 95 of 100 below {row['behind_p95_ms']} ms"
        yield (
            f"  {name:<8}{row['seconds']:>7.2f} s; stalls up to {row['longest_ms']} and {row['second_longest_ms']} ms, "
            f"{row['above_50_ms']} above 50 ms; computed {row['computed_ms'][0]} and {row['computed_ms'][1]} ms, "
            f"{row['computed_above_50_ms']} above 50 ms{behind}"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.bench_trust_page",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--keys", type=int, metavar="NUMBER")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="NUMBER", help="steps of dragging; 120 unless told")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    reports = [measure(count, args.steps) for count in ([args.keys] if args.keys else [1000, 12])]
    sys.stdout.write("\n".join(line for report in reports for line in table(report)) + "\n")
    if args.json:
        args.json.write_text(json.dumps(reports, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
