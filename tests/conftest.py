"""What every test has in common: none leaves the process other than it found it."""

from __future__ import annotations

import locale
import logging
import os
import resource
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# What passes once passes always: the same examples at every run, on a machine of any speed. Other examples are tried
# with --hypothesis-profile=default.
settings.register_profile(
    "seworkbench",
    derandomize=True,
    deadline=None,
    # Fixtures serve all examples of a test: those that take one know it.
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.function_scoped_fixture),
)
settings.load_profile("seworkbench")

_PATIENCE = 30.0
_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGXFSZ)
_LIMITS = (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)


@pytest.fixture(autouse=True)
def process_stays_as_it_was() -> Iterator[None]:
    """Fail the test that leaves to the next one of its process what that one would not expect."""
    before, variables, threads = _process(), _environment(), _threads()
    yield
    left = [f"{name}: {before[name]} became {now}" for name, now in _process().items() if now != before[name]]
    # By name only: a log is no place for what a developer keeps in the environment.
    left += [f"environment: {name}" for name in sorted({name for name, _ in variables ^ _environment()})]
    left += [f"thread: {thread.name}" for thread in _threads() - threads if _still_runs(thread)]
    assert not left, "The test left a changed process:\n" + "\n".join(left)


def _environment() -> set[tuple[str, str]]:
    return {(name, value) for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _threads() -> set[threading.Thread]:
    # What ends with the process (a daemon) may serve several tests; pytest's own watches over this one.
    kept = (thread for thread in threading.enumerate() if not thread.daemon)
    return {thread for thread in kept if not thread.name.startswith("pytest_timeout")}


def _still_runs(thread: threading.Thread) -> bool:
    # One that was told to end, and nobody waits for, may need a moment.
    thread.join(_PATIENCE)
    return thread.is_alive()


def _process() -> dict[str, object]:
    mask = os.umask(0o077)  # there is no other way to ask
    os.umask(mask)
    return {
        "working folder": os.getcwd(),  # noqa: PTH109 - as the system says it
        "umask": mask,
        "signals": [signal.getsignal(number) for number in _SIGNALS],
        "limits": [resource.getrlimit(limit) for limit in _LIMITS],
        "locale": locale.setlocale(locale.LC_ALL),
        "level of the log": (logging.root.level, logging.root.manager.disable),
        "defects go to": sys.excepthook,
    }
