"""Components pass through memory in runs of pages, so that the calls per page are few."""

from __future__ import annotations

from seworkbench.formats.components import PAGE_SIZE

# 512 pages keep the arrays of one run within a core's cache (crypto/pages.py, tests/bench).
RUN_PAGES = 512
RUN_SIZE = RUN_PAGES * PAGE_SIZE
# `update_into` of a block cipher asks for one block less a byte of room behind the data.
OUTPUT_ROOM = 15
