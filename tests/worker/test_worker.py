"""The worker process: requests in, progress and exactly one end out."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import lzma
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import pytest

from seworkbench.errors import SeError
from seworkbench.jobs import Job
from seworkbench.worker import __main__ as worker
from seworkbench.worker.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "data" / "interop"
INPUTS = DATA / "images"
HEADER_KEY = {"header_key": str(INPUTS / "hdr.key")}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that pvimg made."""
    path = tmp_path_factory.mktemp("worker") / "default.img"
    path.write_bytes(lzma.decompress((INPUTS / "default.img.xz").read_bytes()))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a build writes to."""
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def order(tmp_path: Path, folder: Path) -> dict[str, Any]:
    """A build that takes many seconds."""
    ramdisk = tmp_path / "ramdisk"
    with ramdisk.open("wb") as file:
        file.truncate(8 << 30)
    return {
        "kernel": str(INPUTS / "kernel"),
        "ramdisk": str(ramdisk),
        "recipients": [str(DATA / "pki" / "host1.crt")],
        "output": str(folder / "guest.img"),
        "pcf": 0xE0,
        "scf": 0,
        "check_components": False,
        "save_keys": str(folder),
    }


class Worker:
    """A worker process and what it says."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seworkbench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.read() == {"ready": True}

    def write(self, text: str) -> None:
        """Send text as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def ask(self, name: str, **arguments: object) -> None:
        """Ask for a job."""
        self.write(json.dumps({"job": name, "arguments": arguments}) + "\n")

    def read(self) -> dict[str, Any]:
        """The next message."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the worker ended"
        message: dict[str, Any] = json.loads(line)
        return message

    def end(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Progress until the job ends, and its end."""
        progress = []
        while "progress" in (message := self.read()):
            progress.append(message)
        return progress, message

    def wait_for_progress(self) -> None:
        """Until the job is well under way."""
        while self.read()["progress"][1] == 0:
            pass


@pytest.fixture
def running() -> Iterator[Worker]:
    """A worker process."""
    made = Worker()
    yield made
    made.process.kill()
    made.process.wait(timeout=10)
    for pipe in (made.process.stdin, made.process.stdout, made.process.stderr):
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def test_a_request_is_answered_with_progress_and_the_result(running: Worker, image: Path) -> None:
    running.ask("verify", image=str(image), access=HEADER_KEY)
    progress, end = running.end()
    assert end["result"]["checks"]["verdict"] == "passed"
    assert progress
    for message in progress:
        phase, done, total = message["progress"]
        assert phase
        assert 0 <= done <= total
    assert len({tuple(message["progress"]) for message in progress}) == len(progress)


def test_requests_are_served_one_after_another(running: Worker, image: Path, tmp_path: Path) -> None:
    running.ask("verify", image=str(image))
    running.ask("extract", image=str(image), folder=str(tmp_path / "parts"), access=HEADER_KEY)
    running.ask("list_files", image=str(image))
    assert "checks" in running.end()[1]["result"]
    assert "files" in running.end()[1]["result"]
    assert "error" in running.end()[1]
    assert (tmp_path / "parts").is_dir()


def test_components_are_hashed_as_they_are_extracted(running: Worker, image: Path, tmp_path: Path) -> None:
    running.ask("hash_parts", image=str(image), access=HEADER_KEY)
    hashes = running.end()[1]["result"]
    running.ask("extract", image=str(image), folder=str(tmp_path / "parts"), access=HEADER_KEY)
    files = running.end()[1]["result"]["files"]
    assert hashes == {
        file["kind"]: hashlib.sha256(Path(file["path"]).read_bytes()).hexdigest()
        for file in files
        if file["kind"] != "SE header"
    }
    assert len(hashes) > 2
    running.ask("hash_parts", image=str(image))
    assert running.end()[1]["error"]["what"] == "The components are encrypted."


def test_a_report_is_of_a_verification_of_its_own(running: Worker, image: Path, tmp_path: Path) -> None:
    target = tmp_path / "review.json"
    slot = "a" * 64
    ask = {"image": str(image), "access": HEADER_KEY, "inputs": {"KERNEL": str(INPUTS / "kernel")}}
    running.ask("report", **ask, target=str(target), known_hosts={slot: "payroll"})
    assert running.end()[1]["result"] == {"report": str(target), "verdict": "passed"}
    report = json.loads(target.read_text(encoding="utf-8"))
    assert [item["sha256"] for item in report["inputs"] if item["what"] == "SE image"] == [
        hashlib.sha256(image.read_bytes()).hexdigest()
    ]
    assert {"header key", "expected kernel"} <= {item["what"] for item in report["inputs"]}
    running.ask("report", **ask, target=str(tmp_path / "review.doc"))
    assert "ends with .html" in running.end()[1]["error"]["what"]


def test_an_error_carries_what_where_and_remedy(running: Worker, tmp_path: Path) -> None:
    running.ask("verify", image=str(tmp_path / "gone"))
    error = running.end()[1]["error"]
    assert set(error) == {"what", "where", "remedy"}
    assert "gone" in f"{error['where']}{error['what']}"


@pytest.mark.parametrize(
    "request_line",
    [
        {"job": "no such job", "arguments": {}},
        {"job": "verify", "arguments": {"no_such_argument": 1}},
        {"job": "verify", "arguments": {"image": 5}},
        {"job": "verify"},
    ],
    ids=range(4),
)
def test_a_request_that_makes_no_sense_is_a_defect_and_the_worker_lives(
    running: Worker, image: Path, request_line: dict[str, Any]
) -> None:
    running.write(json.dumps(request_line) + "\n")
    assert "seworkbench/worker/__main__.py" in running.end()[1]["defect"]
    running.ask("verify", image=str(image))
    assert "result" in running.end()[1]


def test_cancel_ends_the_job_and_not_the_worker(
    running: Worker, image: Path, order: dict[str, Any], folder: Path
) -> None:
    running.ask("build", order=order, keys={})
    running.wait_for_progress()
    running.write("cancel\n")
    assert running.end()[1] == {"cancelled": True}
    assert list(folder.iterdir()) == []
    running.ask("verify", image=str(image))
    assert "result" in running.end()[1]


def test_a_late_cancel_does_not_reach_the_next_job(running: Worker, image: Path) -> None:
    running.ask("verify", image=str(image))
    assert "result" in running.end()[1]
    running.write("cancel\n")
    time.sleep(0.1)
    running.ask("verify", image=str(image))
    assert "result" in running.end()[1]


@pytest.mark.parametrize("pipes", [("stdin",), ("stdout", "stdin")], ids=len)
def test_a_worker_that_loses_its_window_ends_without_a_word_and_leaves_nothing(
    running: Worker, order: dict[str, Any], folder: Path, pipes: tuple[str, ...]
) -> None:
    running.ask("build", order=order, keys={})
    running.wait_for_progress()
    for name in pipes:
        getattr(running.process, name).close()
    assert running.process.wait(timeout=60) == 0
    assert running.process.stderr is not None
    assert running.process.stderr.read() == ""
    assert list(folder.iterdir()) == []


def test_the_worker_loads_no_qt() -> None:
    program = "import sys, seworkbench.worker.__main__; print([n for n in sys.modules if n.startswith('PySide6')])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


class ReadAtOnce:
    """Standard input of which every line was read before the worker looks at the first, as may happen."""

    def __init__(self, *lines: str) -> None:
        self._lines = lines
        self.all_read = threading.Event()
        self.go_on = threading.Event()

    def __iter__(self) -> Iterator[str]:
        """The lines, then a wait: the input goes on."""
        yield from self._lines
        self.all_read.set()
        self.go_on.wait(10)


class Output(io.StringIO):
    """Standard output that waits with the first message until all input was read."""

    def __init__(self, source: ReadAtOnce) -> None:
        super().__init__()
        self._source = source

    def write(self, text: str) -> int:
        """Take a message; the answer lets the input end."""
        assert self._source.all_read.wait(10)
        if "ready" not in text:
            self._source.go_on.set()
        return super().write(text)


def test_a_cancel_right_behind_its_request_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def patient(job: Job) -> dict[str, Any]:
        job.check()
        return {"lost": True}

    monkeypatch.setitem(TASKS, "patient", patient)
    source = ReadAtOnce('{"job": "patient", "arguments": {}}\n', "cancel\n")
    output = Output(source)
    worker.serve(cast("TextIO", source), output)
    assert [json.loads(line) for line in output.getvalue().splitlines()] == [{"ready": True}, {"cancelled": True}]


@pytest.mark.parametrize(
    ("raised", "key"), [(SeError("Bad.", where="quoted", remedy="Mend it."), "error"), (KeyError("quoted"), "defect")]
)
def test_every_end_is_a_message(monkeypatch: pytest.MonkeyPatch, raised: Exception, key: str) -> None:
    def task(job: Job) -> dict[str, Any]:
        del job
        raise raised

    monkeypatch.setitem(TASKS, "task", task)
    message = worker.perform({"job": "task", "arguments": {}}, Job())
    assert list(message) == [key]
    assert ("quoted" in json.dumps(message)) == isinstance(raised, SeError)
