"""Carrying revocation lists over an air gap: a list of what to fetch, and a folder that comes back.

The list is a text to read and a shell script to run on a machine with access to the network
(resources/help/workspace.md#air-gap).
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from seworkbench.errors import SeError
from seworkbench.files import explained
from seworkbench.trust.names import printable
from seworkbench.trust.objects import Bundle, Problem, Source
from seworkbench.trust.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seworkbench.trust.fetch import FetchPlan
    from seworkbench.trust.objects import TrustCertificate

# A folder with more is not one that somebody carried over.
FILE_COUNT_LIMIT = 10_000

_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH = 100
_SUFFIX = ".crl"
# An address to be trusted to a shell, quoted, and to a terminal: visible ASCII only.
_VISIBLE = re.compile(r"[!-~]+")


def air_gap_list(plan: FetchPlan) -> str:
    """The list of a plan: comments say who needs what, one command for each file fetches it.

    Several addresses in one command are alternatives: the first that works counts.
    """
    groups: dict[tuple[str, ...], list[TrustCertificate]] = {}
    for certificate in plan.certificates:
        wanted = tuple(address.url for address in plan.urls if address.usable and certificate in address.needed_by)
        if usable := tuple(url for url in wanted if _VISIBLE.fullmatch(url)):
            groups.setdefault(usable, []).append(certificate)
    names = file_names(urls[0] for urls in groups)
    lines = [
        "#!/bin/sh",
        "# Revocation lists to fetch where there is access to the network. Run this in an empty folder with",
        "#   sh THIS-FILE",
        "# carry the folder over, and give or import the files in it.",
    ]
    for urls, certificates in groups.items():
        name = names[urls[0]]
        lines += ["", f"# {name}", *(f"#   needed by {printable(certificate.name)}" for certificate in certificates)]
        commands = [f"curl --fail --location --max-time 60 --output {shlex.quote(name)} {shlex.quote(u)}" for u in urls]
        lines.append(" ||\n  ".join(commands))
    return "\n".join(lines) + "\n"


def file_names(urls: Iterable[str]) -> dict[str, str]:
    """A file name for each address: its last part where that can be one, made different where two are alike."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for url in urls:
        last = _UNUSUAL.sub("-", unquote(urlsplit(url).path).rsplit("/", 1)[-1]).strip("-.")
        stem = last.removesuffix(_SUFFIX)[:_NAME_LENGTH] or "list"
        name, number = stem + _SUFFIX, 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}{_SUFFIX}"
        taken.add(name.lower())
        names[url] = name
    return names


def read_folder(folder: Path) -> Bundle:
    """Read everything usable out of all files in a folder and below it.

    Links and hidden files are passed over; what cannot be read or used is among the problems.

    Raises:
        SeError: if the folder cannot be read, or holds more files than anybody would carry.
    """
    with explained(folder):
        if not folder.is_dir():
            raise SeError("This is not a folder.", where=str(folder), remedy="Name the folder with the files.")
        closed: list[OSError] = []
        paths = []
        for path in _files_below(folder, closed):
            paths.append(path)
            if len(paths) > FILE_COUNT_LIMIT:
                raise SeError(
                    f"The folder holds more than {FILE_COUNT_LIMIT} files.",
                    where=str(folder),
                    remedy="Name the folder that holds the certificates and revocation lists.",
                )
        if closed and Path(closed[0].filename) == folder:
            raise closed[0]
    parts = [_read(path) for path in sorted(paths)]
    parts += [_closed(error) for error in closed]
    return Bundle(
        tuple(found for part in parts for found in part.certificates),
        tuple(found for part in parts for found in part.crls),
        tuple(problem for part in parts for problem in part.problems),
    )


def _files_below(folder: Path, closed: list[OSError]) -> Iterator[Path]:
    """Every file that is no link and not hidden; folders that cannot be read are added to `closed`."""
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and not path.is_symlink() and path.is_file():
                yield path


def _closed(error: OSError) -> Bundle:
    what = f"The folder cannot be read: {error.strerror}."
    return Bundle(problems=(Problem(Source(str(error.filename)), what, "Check its permissions."),))


def _read(path: Path) -> Bundle:
    try:
        return read_file(path)
    except SeError as error:
        return Bundle(problems=(Problem(Source(str(path)), error.what, error.remedy),))
