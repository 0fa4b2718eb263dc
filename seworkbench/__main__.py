"""Entry point of the program: `seworkbench` and `python -m seworkbench`."""

from __future__ import annotations

import sys
from pathlib import Path

from seworkbench.cli.commands import COMMANDS


def main() -> None:
    """Open the window, or run the command line if there is a command; leave with the exit status.

    `seworkbench` opens the window, `seworkbench FILE …` opens it with these files.
    """
    arguments = sys.argv[1:]
    files = [Path(name) for name in arguments]
    if arguments[:1] and (arguments[0] in COMMANDS or not all(path.is_file() for path in files)):
        from seworkbench.cli.main import run  # noqa: PLC0415 - the window needs no command line

        sys.exit(run(arguments))
    try:
        from seworkbench.ui.app import open_workbench  # noqa: PLC0415 - the command line never loads Qt
    except ImportError as error:  # Qt itself, or a library of the system that it needs
        sys.stderr.write(f"error: The window cannot be opened: {error}.\n")
        sys.stderr.write("       installers/run.sh installs what is missing; the command line works without.\n")
        sys.exit(1)
    sys.exit(open_workbench(files))


if __name__ == "__main__":
    main()
