"""The command line: finds the command, runs it, and turns every error into a message and an exit status.

A command is a module with `configure(parser)` and `run(args) -> status`. It may have `EXAMPLES` for its help, and
`OPTIONAL_VALUES`: what an option means that stands without a value. Only the module of the command that runs is loaded:
start-up time is part of the interface.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seworkbench import __version__
from seworkbench.cli import status
from seworkbench.cli.commands import COMMANDS, GROUPS, SINGLE
from seworkbench.cli.options import Parser
from seworkbench.cli.terminal import write_error, write_message
from seworkbench.errors import CheckFailed, SeError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_EXIT_STATUS = """\
exit status:
  0  done, or checked and passed
  1  could not be done
  2  wrong usage
  3  checked, and the check failed
  130, 143  stopped by Ctrl-C, by SIGTERM; nothing half-done is left
"""


_DESCRIPTION = """\
SE Workbench: build, inspect and verify IBM Secure Execution for Linux images.
Without arguments the window opens; with names of files it opens with them."""
_STATUS = {UsageError: status.USAGE, CheckFailed: status.CHECK_FAILED}


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: without the program's name.

    Returns:
        The exit status.
    """
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the program.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        result = _run(list(arguments))
        sys.stdout.flush()
    except status.Stopped as stopped:
        write_error(stopped)
        return status.STOPPED + stopped.number
    except SeError as error:
        write_error(error)
        return _STATUS.get(type(error), status.NOT_DONE)
    except KeyboardInterrupt:
        write_message("error", "Cancelled.")
        return status.STOPPED + signal.SIGINT
    except BrokenPipeError:
        # Whoever read the output has what it wanted; keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status.NOT_DONE
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        write_message("error", f"{error.filename or 'standard output'}: {error.strerror or error}.")
        return status.NOT_DONE
    return result


def _open_closed_streams() -> None:
    """Give standard streams that the caller closed (`>&-`) a place to go: nothing else may get their numbers."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we do


def _run(arguments: list[str]) -> int:
    _refuse_empty(arguments)
    parser = Parser(
        prog="seworkbench",
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
    )
    parser.add_argument("--version", action="version", version=f"seworkbench {__version__}")
    groups = parser.add_subparsers(metavar="GROUP", title="what to work on")
    for group, commands in COMMANDS.items():
        _add_group(groups, group, commands, arguments)
    for name, (module, text) in SINGLE.items():
        _add_command(groups, name, module, text, arguments, chosen=arguments[:1] == [name])
    try:
        args, unknown = parser.parse_known_args(arguments)
        if unknown:
            getattr(args, "usage_of", parser).error(f"unrecognized arguments: {' '.join(unknown)}")
        if not hasattr(args, "command"):
            if arguments:
                getattr(args, "usage_of", parser).error("a command is needed")
            parser.print_help()
            return status.DONE
        return _carry_out(args)
    except SystemExit as leaving:  # --help and --version
        return int(leaving.code or 0)


def _carry_out(args: Namespace) -> int:
    try:
        return int(args.command(args))
    except SeError as error:
        # What is below the command line does not know its options. A protection key is replaced by none of them.
        taken = isinstance(error.__cause__, FileExistsError) and error.where != str(getattr(args, "arpk", None))
        if taken and getattr(args, "overwrite", None) is False:
            error.remedy = "Choose another name, or add --overwrite."
        raise


def _refuse_empty(arguments: list[str]) -> None:
    """An empty word would be taken for the current folder.

    Raises:
        UsageError: if there is one.
    """
    for before, word in pairwise(["seworkbench", *arguments]):
        if not word or (word.startswith("--") and word.endswith("=")):
            raise UsageError(
                f"What stands behind {word or before} is empty.",
                remedy="If that is a variable of the shell, it is not set.",
            )


def _add_group(groups: Any, group: str, commands: dict[str, tuple[str, str]], arguments: list[str]) -> None:
    summary = GROUPS[group]
    parser = groups.add_parser(group, help=summary, description=_sentence(summary), epilog=_EXIT_STATUS)
    parser.set_defaults(usage_of=parser)
    subparsers = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, (module, text) in commands.items():
        _add_command(subparsers, name, module, text, arguments, chosen=arguments[:2] == [group, name])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"


def _add_command(parsers: Any, name: str, module: str, text: str, arguments: list[str], *, chosen: bool) -> None:
    """Add a command; only the one that runs declares its options."""
    command = parsers.add_parser(name, help=text, description=_sentence(text), epilog=_EXIT_STATUS)
    if chosen:
        loaded = import_module(f"seworkbench.cli.{module}")
        loaded.configure(command)
        bare = getattr(loaded, "OPTIONAL_VALUES", {})
        arguments[:] = [f"{word}={bare[word]}" if word in bare else word for word in arguments]
        if examples := getattr(loaded, "EXAMPLES", ""):
            command.epilog = f"examples:\n{examples}\n{_EXIT_STATUS}"
        command.set_defaults(command=loaded.run, usage_of=command)
