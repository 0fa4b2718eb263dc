"""Exit statuses, the same for every command (resources/help/command-line.md#exit-codes)."""

from __future__ import annotations

DONE = 0  # done, or checked and passed
NOT_DONE = 1  # could not be done
USAGE = 2  # options or arguments that do not go together
CHECK_FAILED = 3  # was checked, and the check failed
