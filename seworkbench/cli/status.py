"""Exit statuses, the same for every command (resources/help/command-line.md#exit-codes)."""

from __future__ import annotations

from seworkbench.errors import Cancelled

DONE = 0  # done, or checked and passed
NOT_DONE = 1  # could not be done
USAGE = 2  # options or arguments that do not go together
CHECK_FAILED = 3  # was checked, and the check failed
STOPPED = 128  # and the number of the signal that stopped it, as shells count


class Stopped(Cancelled):
    """A signal asked the program to stop, and it did so in order.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
