"""Benchmarks of `seworkbench image`, run by hand from the project's root:

    python -m tests.bench                          64 MiB, 1 GiB and 8 GiB; some minutes
    python -m tests.bench --sizes 64M,1G           only these
    python -m tests.bench --json figures.json      the figures as JSON too
    python -m tests.bench --folder /mnt/scratch    files there instead of where there is room (/dev/shm before disk)
    python -m tests.bench --rounds 10              how often each is measured; the best counts

Measured are create, verify without and with the header key, extract and info, each in a process of its own:

    wall      seconds from start to end of the process
    ratio     wall, divided by the time that hashlib.sha512 takes for the same bytes: 1.00 cannot be beaten
    net       the same without the fixed cost, which is the wall time of the same command on a tiny image
    cpu       processor time, user and system
    peak      most memory at one time, in MiB

`image info` is also compared with `python -c pass`. When `pvimg` is on the PATH, its `create` is measured beside ours.
The figures depend on what else the machine does: the load average before and after is printed with them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bench_image import machine, measure
from .measuring import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNITS = {"K": 10, "M": 20, "G": 30}


def size_of(text: str) -> int:
    """A size like 64M.

    Raises:
        argparse.ArgumentTypeError: if it is none.
    """
    number, unit = (text[:-1], text[-1:].upper()) if text[-1:].isalpha() else (text, "")
    if not number.isdigit() or unit not in ("", *_UNITS) or not int(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; use for instance 64M or 1G")
    return int(number) << _UNITS.get(unit, 0)


def sizes_of(text: str) -> list[int]:
    """Sizes, separated by commas."""
    return [size_of(part) for part in text.split(",")]


def table(report: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    host = report["machine"]
    yield f"{host['processor']}, {host['cores']} cores, Python {host['python']}, {host['system']}"
    loads = " ".join(map(str, host["load_average"]))
    yield f"Load average: {loads} before, {' '.join(map(str, report['load_average_after']))} after."
    for part in report["sizes"]:
        yield ""
        if "skipped" in part:
            yield f"{part['size'] >> 20} MiB: {part['skipped']}"
            continue
        yield f"{part['size'] >> 20} MiB in {part['folder']}; SHA-512 {part['sha512_seconds']:.3f} s"
        yield f"  {'':<28}{'wall':>10}{'ratio':>8}{'net':>8}{'cpu':>10}{'peak':>8}"
        for name, row in part["commands"].items():
            yield (
                f"  {name:<28}{row['seconds']:>8.3f} s{row['ratio']:>8.2f}{row['ratio_without_start']:>8.2f}"
                f"{row['cpu_seconds']:>8.2f} s{row['peak_mib']:>8.1f}"
            )
        info = part["info"]
        yield (
            f"  info takes {info['difference_seconds']:.3f} s more than a bare Python "
            f"({info['seconds']:.3f} s, {info['bare_python_seconds']:.3f} s)."
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=sizes_of, default=sizes_of("64M,1G,8G"), metavar="LIST")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    report: dict[str, Any] = {"machine": machine(), "sizes": []}

    def say(what: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{what}")

    for size in args.sizes:
        try:
            found = measure(
                size, rounds=args.rounds, wanted=args.folder, with_pvimg=shutil.which("pvimg") is not None, say=say
            )
        except BenchError as error:
            sys.stderr.write(f"\n{error}\n")
            return 1
        if found is None:
            report["sizes"].append({"size": size, "skipped": "not measured, there is no room for the files."})
        else:
            measured, info = found
            report["sizes"].append({**measured.to_json(), "info": info})
    say("")
    report["load_average_after"] = [round(load, 2) for load in os.getloadavg()]
    sys.stdout.write("\n".join(table(report)) + "\n")
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
