"""Entry point of the program: `seworkbench` and `python -m seworkbench`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from seworkbench import __version__
from seworkbench.cli.commands import COMMANDS, SINGLE
from seworkbench.cli.status import NOT_DONE, STOPPED, USAGE

# Loading modules makes this many objects and no garbage: looking for some meanwhile costs a tenth of the start.
_OBJECTS_BEFORE_COLLECTION = 100_000


def main() -> None:
    """Open the window, or run the command line if there is a command; leave with the exit status.

    `seworkbench` opens the window, `seworkbench FILE …` opens it with these files.
    """
    arguments = sys.argv[1:]
    files = [Path(name) for name in arguments]
    if (missing := _missing_file(arguments)) is not None:
        sys.stderr.write(f"error: {missing}: The file does not exist.\n")
        sys.exit(USAGE)
    if arguments[:1] and (arguments[0] in {*COMMANDS, *SINGLE} or not all(path.is_file() for path in files)):
        try:
            result = _run_command(arguments)
        except KeyboardInterrupt:  # while modules were still being loaded
            sys.stderr.write("error: Cancelled.\n")
            result = STOPPED + signal.SIGINT
        except Exception as defect:  # noqa: BLE001 - Python's own words could quote a file, or a key
            _tell_defect(defect)
            result = NOT_DONE
        _leave(result)
    try:
        from seworkbench.ui.app import open_workbench  # noqa: PLC0415 - the command line never loads Qt
    except ImportError as error:  # Qt itself, or a library of the system that it needs
        sys.stderr.write(f"error: The window cannot be opened: {error}.\n")
        sys.stderr.write("       installers/run.sh installs what is missing; the command line works without.\n")
        sys.exit(1)
    sys.exit(open_workbench(files))


def _missing_file(arguments: list[str]) -> str | None:
    """The first argument that is no file, if files are meant: there is no command, and one looks like a path."""
    if not arguments or arguments[0] in {*COMMANDS, *SINGLE} or any(name.startswith("-") for name in arguments):
        return None
    if not any(Path(name).suffix or os.sep in name or Path(name).is_file() for name in arguments):
        return None
    return next((name for name in arguments if not Path(name).exists()), None)


def _run_command(arguments: list[str]) -> int:
    """Run a command line in a process that exists for it alone."""
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    # numpy starts a thread a core for linear algebra, which nothing here does.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from seworkbench.cli.main import run  # noqa: PLC0415 - the window needs no command line

    result = run(arguments)
    gc.freeze()  # the end of the process frees everything anyway; nothing is looked for in it before
    return result


def _tell_defect(defect: Exception) -> None:
    from seworkbench.defects import defect_report  # noqa: PLC0415 - seldom needed

    sys.stderr.write(
        "error: Something went wrong inside the program; what was being done may be unfinished.\n"
        "       Please report this: it names places in the program and kinds of errors, nothing of your files.\n"
        f"SE Workbench {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n{defect_report(defect)}\n"
    )


def _leave(result: int) -> NoReturn:
    """End with this exit status, or by the signal that it tells of.

    A shell sees the same number either way, but ends a loop around the program only for one that a signal ended.
    """
    if result > STOPPED:
        number = result - STOPPED
        with suppress(OSError):
            sys.stdout.flush()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    sys.exit(result)


if __name__ == "__main__":
    main()
