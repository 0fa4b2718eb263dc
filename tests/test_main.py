"""Which face of the program a command line opens."""

from __future__ import annotations

import gc
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from seworkbench import __main__ as entry

if TYPE_CHECKING:
    from collections.abc import Iterator

KERNEL = Path(__file__).parent / "data" / "interop" / "images" / "kernel"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[list[Path]]:
    """Files that the window was opened with; no window is opened."""
    calls: list[list[Path]] = []
    window = ModuleType("seworkbench.ui.app")

    def open_workbench(files: list[Path]) -> int:
        calls.append(files)
        return 7

    window.open_workbench = open_workbench  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "seworkbench.ui.app", window)
    return calls


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command line changes its process for good; here that process is the tests' own."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()
    os.environ.pop("OPENBLAS_NUM_THREADS", None)


def leave_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """The exit status of a command line."""
    monkeypatch.setattr(sys, "argv", ["seworkbench", *arguments])
    with pytest.raises(SystemExit) as left:
        entry.main()
    return left.value.code


def test_alone_it_opens_the_window(monkeypatch: pytest.MonkeyPatch, opened: list[list[Path]]) -> None:
    assert leave_with(monkeypatch) == 7
    assert opened == [[]]


def test_with_files_it_opens_them_in_the_window(monkeypatch: pytest.MonkeyPatch, opened: list[list[Path]]) -> None:
    assert leave_with(monkeypatch, str(KERNEL), str(KERNEL)) == 7
    assert opened == [[KERNEL, KERNEL]]


@pytest.mark.parametrize("arguments", [("--help",), ("image", "--help"), ("--version",)])
def test_with_a_command_it_is_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
    opened: list[list[Path]],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    assert leave_with(monkeypatch, *arguments) == 0
    assert "seworkbench" in capsys.readouterr().out
    assert opened == []


@pytest.mark.parametrize("arguments", [("no-such-file.img",), (str(KERNEL), "no-such-file.img"), ("--no-such-option",)])
def test_what_is_neither_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    opened: list[list[Path]],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    assert leave_with(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err
    assert opened == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("guest.img",), "error: guest.img: The file does not exist.\n"),
        ((str(KERNEL), "gone"), "error: gone: The file does not exist.\n"),
        (("images/guest",), "error: images/guest: The file does not exist.\n"),
    ],
)
def test_a_file_that_is_not_there_is_not_taken_for_a_command(
    monkeypatch: pytest.MonkeyPatch,
    opened: list[list[Path]],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    assert leave_with(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err == said
    assert opened == []


def test_a_word_is_taken_for_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave_with(monkeypatch, "imgae", "create") == 2
    assert "imgae" in capsys.readouterr().err


def test_a_file_named_like_a_command_does_not_hide_the_command(
    monkeypatch: pytest.MonkeyPatch,
    opened: list[list[Path]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "image").touch()
    monkeypatch.chdir(tmp_path)
    leave_with(monkeypatch, "image", "--help")
    assert "create" in capsys.readouterr().out
    assert opened == []


@pytest.mark.parametrize("wanted", [None, "3"], ids=["unset", "set"])
def test_a_command_lets_numpy_start_no_threads_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    if wanted:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", wanted)
    leave_with(monkeypatch, "--version")
    assert os.environ["OPENBLAS_NUM_THREADS"] == (wanted or "1")


def test_the_window_keeps_its_process_as_it_is(monkeypatch: pytest.MonkeyPatch, opened: list[list[Path]]) -> None:
    before = gc.get_threshold()
    leave_with(monkeypatch)
    assert opened == [[]]
    assert gc.get_threshold() == before
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_without_qt_the_window_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "seworkbench.ui.app", None)
    assert leave_with(monkeypatch) == 1
    said = capsys.readouterr().err
    assert "The window cannot be opened" in said
    assert "Traceback" not in said


def test_the_module_is_the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["seworkbench", "--version"])
    monkeypatch.delitem(sys.modules, "seworkbench.__main__")
    with pytest.raises(SystemExit):
        runpy.run_module("seworkbench", run_name="__main__")
    assert capsys.readouterr().out.strip()


def test_the_command_line_never_loads_qt() -> None:
    program = (
        "import sys\nsys.argv = ['seworkbench', 'image', '--help']\n"
        "from seworkbench.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith(('PySide6', 'pyqtgraph'))])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_command_that_is_cancelled_before_it_has_loaded_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "_run_command", interrupted)
    raised: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    handler = signal.getsignal(signal.SIGINT)
    try:
        assert leave_with(monkeypatch, "image", "info", str(KERNEL)) == 130
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, handler)
    assert raised == [signal.SIGINT]
    assert capsys.readouterr().err == "error: Cancelled.\n"


def test_a_defect_is_told_by_its_places_and_not_in_words_that_could_quote_a_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(arguments: list[str]) -> int:
        raise ValueError(arguments)

    monkeypatch.setattr(entry, "_run_command", broken)
    assert leave_with(monkeypatch, "image", "info", str(KERNEL)) == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("error: Something went wrong inside the program")
    assert "\nValueError\n" in written.err
    assert "in broken\n" in written.err
    assert str(KERNEL) not in written.err
    assert "Traceback" not in written.err
