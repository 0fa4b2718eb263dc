"""Running the command line inside the test, and what must hold whatever it was given."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Sequence

# Control characters beside the line break, and those that turn the direction of text.
_STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

DONE, NOT_DONE, USAGE, CHECK_FAILED = range(4)


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Args:
        status: exit status.
        out: standard output.
        err: standard error.
    """

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]

    def require_orderly(self) -> None:
        """An exit status of the four, a reason where there must be one, and nothing of the program's insides."""
        assert self.status in (DONE, NOT_DONE, USAGE, CHECK_FAILED)
        assert "Traceback" not in self.err
        assert "Warning:" not in self.err  # a library talking to programmers
        if self.status == DONE:
            assert self.errors == []
        elif self.status == CHECK_FAILED:
            assert len(self.errors) <= 1  # a report on standard output says the rest
            assert self.errors or self.out
        else:
            assert len(self.errors) == 1, self.err
        assert not _STEERING.search(self.err + self.out)


def command(arguments: Sequence[object]) -> Outcome:
    """Run one command line; any exception that leaves it comes through."""
    written = [io.BytesIO(), io.BytesIO()]
    out, err = (io.TextIOWrapper(raw, "utf-8", write_through=True) for raw in written)
    with redirect_stdout(out), redirect_stderr(err):
        status = run([str(word) for word in arguments])
    outcome = Outcome(status, *(raw.getvalue().decode("utf-8") for raw in written))
    outcome.require_orderly()
    return outcome
