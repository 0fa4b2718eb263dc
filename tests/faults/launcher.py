"""Runs command lines of the program in children of a process that has loaded it, and harms them as told.

Started as a program. Reads one JSON object a line from standard input, forks a child for each and writes two lines:
`{"pid": …}` when the child starts and `{"status": …}` when it ended (negative: the signal that killed it).

Members of an order:
    args        the command line, without the program's name
    out, err    files for standard output and standard error
    cwd         folder to start in
    named       pretend that the system has no O_TMPFILE
    umask       file mode creation mask
    uid         user and group to become, after everything is loaded
    fsize       limit on the size of files (RLIMIT_FSIZE)
    room        free bytes that every file system claims to have
    short       most bytes that one write takes
    trace       file for the names of the system calls that were made
    die_at      number of the system call to be killed at, counted from 0
    half        whether a write at which it is killed does half of its work first
    fail_at     number of the system call that fails
    errno       how it fails
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import pkgutil
import resource
import signal
import sys
import traceback
from contextlib import redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# What the program does to files; with Python's own means of doing it.
CALLS = ("open", "fchmod", "statvfs", "mkdir", "pread", "preadv", "pwrite", "fsync", "link", "replace", "unlink")
# Failures of these are not reported by the system as a rule, but a process may die at them.
MORTAL = ("close", "rmdir")


class Harm:
    """Counts system calls, and kills or fails at one of them."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._trace: list[str] = []

    def install(self) -> None:
        for name in (*CALLS, *MORTAL):
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        fcntl.flock = self._wrapped("flock", fcntl.flock)

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def harmed(*arguments: Any, **options: Any) -> Any:
            number = len(self._trace)
            self._trace.append(name)
            if number == self._order.get("die_at"):
                if name == "pwrite" and self._order.get("half"):
                    handle, content, offset = arguments
                    call(handle, content[: len(content) // 2], offset)
                os.kill(os.getpid(), signal.SIGKILL)
            if number == self._order.get("fail_at") and name not in MORTAL:
                code = self._order.get("errno", errno.EIO)
                raise OSError(code, os.strerror(code))
            if name == "pwrite" and (most := self._order.get("short")):
                handle, content, offset = arguments
                return call(handle, content[:most], offset)
            return call(*arguments, **options)

        return harmed

    def report(self) -> None:
        if path := self._order.get("trace"):
            with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is watched here
                json.dump(self._trace, file)


def redirect(order: dict[str, Any]) -> None:
    """Give the child streams of its own, as a shell would."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"), "utf-8")
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), "utf-8", write_through=True)


def settle(order: dict[str, Any]) -> None:
    """Bring about the circumstances that the order asks for."""
    if order.get("named"):
        os.O_TMPFILE = 0  # type: ignore[misc]
    if "room" in order:
        real = os.statvfs

        def statvfs(path: str) -> object:
            room = {"f_blocks": 1 << 40, "f_bavail": order["room"], "f_frsize": 1, "f_bsize": real(path).f_bsize}
            return type("Room", (), room)

        os.statvfs = statvfs  # type: ignore[assignment]
    if "umask" in order:
        os.umask(order["umask"])
    if "cwd" in order:
        os.chdir(order["cwd"])
    if "fsize" in order:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["fsize"], order["fsize"]))
    if "uid" in order:
        os.setgroups([])
        os.setgid(order["uid"])
        os.setuid(order["uid"])


def child(order: dict[str, Any], run: Callable[[list[str]], int]) -> int:
    """One command."""
    redirect(order)
    settle(order)
    harm = Harm(order)
    harm.install()
    try:
        status = run(order["args"])
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - what the interpreter would do
        traceback.print_exc()
        status = 1
    harm.report()
    return status


def answer(message: dict[str, int]) -> None:
    """One line of the protocol."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Load everything, then serve."""
    # In the background of a shell SIGINT is ignored, which programs inherit; a handler they do not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("cli", "crypto", "trust"):
        package = import_module(f"seworkbench.{name}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    run = import_module("seworkbench.cli.main").run
    # What the first command loads is loaded for all: a child that became another user may not read it any more.
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        run(["image", "create", "--help"])

    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(child(order, run))
        answer({"pid": pid})
        _, ended = os.waitpid(pid, 0)
        answer({"status": os.waitstatus_to_exitcode(ended)})


if __name__ == "__main__":
    main()
