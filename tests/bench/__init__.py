"""How fast and how large: not part of the normal tests; run it with `python -m tests.bench` (see `__main__`)."""
