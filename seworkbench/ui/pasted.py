"""Text that was pasted or dropped, as files: PEM, hexadecimal, dumps, Base64, key hashes, recipes and command lines.

Pages and the worker process work on files, so what was pasted becomes one: in a folder that only this user can enter,
in memory where the system offers such a place, and gone when the window closes; if the program was killed, when it
starts again. What nobody takes is removed at once.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from seworkbench.errors import SeError
from seworkbench.files import AtomicFile, explained
from seworkbench.recognise import Kind, Recognised, recognise
from seworkbench.ui.own_folder import OwnFolder, remove_left_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a name of a file is expected.
PASTED = "pasted text"
_PREFIX = "seworkbench-pasted-"
# Longer texts are files that somebody opened in an editor; they can be dropped as such.
TEXT_LIMIT = 32 << 20
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
# A row of hexdump, xxd or this program: an offset, bytes, and often the same bytes as text behind them.
_DUMP_ROW = re.compile(r"\s*(?:0x)?([0-9a-fA-F]{4,16}):?\s+((?:[0-9a-fA-F]{2}[ -]{0,2})+)(?:\s.*|\|.*)?")
_DUMP_END = re.compile(r"\s*(?:0x)?[0-9a-fA-F]{4,16}:?\s*")
_BETWEEN_DIGITS = re.compile(r"\\x|0[xX]|[\s,:;\"'{}\[\]()]")
_BETWEEN_LETTERS = re.compile(r"\s+")
# Fewer bytes are nothing that this program works with, and many words are hexadecimal or Base64 by chance.
_FEWEST_BYTES = 16
_ROW_BYTES = 16


def paths_in(text: str) -> list[Path]:
    """The files that a text names, if it names nothing else: one absolute path or file address a line."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        address = urlsplit(line) if line.startswith("file:") else None
        path = Path(unquote(address.path) if address is not None else line)
        if "\0" in line or not path.is_absolute() or not os.path.lexists(path):
            return []
        found.append(path)
    return found


def readings(text: str) -> Iterator[tuple[str, bytes]]:
    """What bytes a text can stand for, the likeliest first: in words, and the bytes.

    Args:
        text: pasted or dropped text.
    """
    for how, content in (
        ("hexadecimal", _from_digits(_BETWEEN_DIGITS.sub("", text))),
        ("a dump", _from_digits(_dump_digits(text))),
        ("Base64", _base64(text)),
    ):
        if content is not None:
            yield how, content


def pem_parts(text: str) -> list[bytes]:
    """The PEM blocks of a text, those of one kind together: certificates make a bundle, a CRL stands alone."""
    kinds: dict[str, list[str]] = {}
    for match in _PEM.finditer(text):
        # Quoted in a mail or indented in a document, a block is the same.
        lines = [line.lstrip(" \t>").rstrip() for line in match.group(0).splitlines()]
        kinds.setdefault(match.group(1), []).append("\n".join(lines) + "\n")
    return [
        "".join(part).encode("ascii", "replace")
        for kind, blocks in kinds.items()
        if kind != "EC PARAMETERS"  # stands before a private key and says nothing that the key does not
        for part in ([blocks] if kind == "CERTIFICATE" else ([block] for block in blocks))
    ]


def _from_digits(digits: str) -> bytes | None:
    try:
        content = binascii.unhexlify(digits)
    except (ValueError, UnicodeEncodeError):
        return None
    return content if len(content) >= _FEWEST_BYTES else None


def _dump_digits(text: str) -> str:
    """The digits of a dump without its offsets and texts; empty if it is none, or has a gap."""
    rows = [line for line in text.splitlines() if line.strip()]
    if len(rows) > 1 and _DUMP_END.fullmatch(rows[-1]):
        rows.pop()
    digits, start = "", None
    for row in rows:
        match = _DUMP_ROW.fullmatch(row)
        if match is None:
            return ""
        offset = int(match.group(1), 16)
        start = offset if start is None else start
        if offset != start + len(digits) // 2:
            return ""
        # Text behind the bytes may look like more of them; a row has sixteen.
        digits += re.sub(r"[ -]", "", match.group(2))[: 2 * _ROW_BYTES]
    return digits


def _base64(text: str) -> bytes | None:
    letters = _BETWEEN_LETTERS.sub("", text).replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (ValueError, UnicodeEncodeError):
        return None
    return content if len(content) >= _FEWEST_BYTES else None


class PastedFiles:
    """Files made of pasted text."""

    def __init__(self) -> None:
        self._folder: OwnFolder | None = None
        self._count = 0

    def recognise(self, text: str) -> list[Recognised]:
        """What a text is, each part as a private file; a part that is not known has no file.

        Args:
            text: pasted or dropped text; parts in PEM are taken one by one.
        """
        if len(text) > TEXT_LIMIT:
            return [_unknown(f"It is longer than {TEXT_LIMIT >> 20} MiB; save it to a file and open that.")]
        if not text.strip():
            return [_unknown("It is empty.")]
        try:
            return self._recognise(text)
        except SeError as error:
            return [_unknown(error.what)]

    def _recognise(self, text: str) -> list[Recognised]:
        if pem := pem_parts(text):
            return [self._known(part) for part in pem]
        raw = text.encode("utf-8", "replace")
        # What is meant as text comes first: key hashes and recipes; but any short text could be a command line.
        as_text = self._known(_one_newline(raw))
        if as_text.kind not in (Kind.UNKNOWN, Kind.COMMAND_LINE):
            return [as_text]
        self.forget(as_text)
        tried = []
        for how, content in readings(text):
            found = self._known(content)
            if found.kind not in (Kind.UNKNOWN, Kind.COMMAND_LINE):
                return [found]
            self.forget(found)
            tried.append(f"{len(content)} bytes in {how}")
        if tried and " " not in text.strip():
            return [_unknown(f"Read as {' or as '.join(tried)} it is nothing this program works with.")]
        return [self._known(raw)]

    def keep(self, content: bytes) -> Path:
        """A private file with this content.

        Raises:
            SeError: if there is no place for it.
        """
        self._count += 1
        path = self._private() / f"pasted-{self._count}"
        with AtomicFile(path) as file:  # readable by this user only
            file.write_at(0, content)
        return path

    def place(self) -> Path:
        """An empty private folder, for files that the program makes and nobody wants to keep.

        Raises:
            SeError: if there is no place for it.
        """
        folder = self._private()
        with explained(folder):
            return Path(mkdtemp(dir=folder))

    def _private(self) -> Path:
        if self._folder is None:
            self._folder = OwnFolder(_PREFIX, _runtime_folder())
        return self._folder.path

    def forget(self, item: Recognised) -> None:
        """Remove the file of an item that nobody took."""
        if self.holds(item.path):
            item.path.unlink(missing_ok=True)

    def holds(self, path: Path) -> bool:
        """Whether a file is one of these, or in a place that was made here."""
        return self._folder is not None and self._folder.path in path.parents

    def close(self) -> None:
        """Remove all files."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def _known(self, content: bytes) -> Recognised:
        item = replace(recognise(self.keep(content)), pasted=True)
        if item.kind is Kind.UNKNOWN:
            self.forget(item)
        return item


def _one_newline(raw: bytes) -> bytes:
    """Text as an editor would have saved it: what is selected with a mouse has blank lines around it, or no end."""
    return b"\n".join(line.rstrip() for line in raw.strip().splitlines()) + b"\n"


def _unknown(reason: str) -> Recognised:
    return Recognised(Path("pasted"), Kind.UNKNOWN, reason, pasted=True)


def remove_left_pasted() -> list[Path]:
    """Remove what was pasted into windows whose process was killed; keys may be among it.

    Returns:
        the folders that were removed.
    """
    return remove_left_behind(_PREFIX, _runtime_folder())


def _runtime_folder() -> Path | None:
    """The user's own place for files that live as long as the session (XDG Base Directory Specification), if safe."""
    name = os.environ.get("XDG_RUNTIME_DIR", "")
    try:
        found = Path(name).stat() if name else None
    except OSError:
        return None
    if found is None or not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        return None
    return Path(name)
