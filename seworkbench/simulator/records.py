"""The JSON files of a machine's folder: whatever is in them, reading gives a value or an error that says why."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seworkbench.errors import FormatError
from seworkbench.files import AtomicFile, read_whole

if TYPE_CHECKING:
    from pathlib import Path

# In every file and every output of the simulator.
WATERMARK = "SIMULATED: no real machine, no real evidence"
RECORD_VERSION = 1
_SIZE_LIMIT = 1 << 20
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
_REMEDY = "The file was changed or damaged; make a new machine: seworkbench machine create."


class Record:
    """The values of a JSON object, asked for by name and kind.

    Args:
        values: what was read.
        where: the file, for errors.
    """

    def __init__(self, values: object, where: str) -> None:
        self._where = where
        if not isinstance(values, dict):
            raise self.refusal("It is not a JSON object.")
        self._values: dict[str, Any] = values

    def refusal(self, what: str) -> FormatError:
        """The error for this file."""
        return FormatError(what, where=self._where, remedy=_REMEDY)

    def text(self, name: str, pattern: str = r"[\s\S]{0,4096}") -> str:
        """A text that fits a pattern as a whole."""
        value = self._values.get(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.refusal(f"“{name}” is missing or is not of the right form.")
        return value

    def octets(self, name: str, size: int | None = None, limit: int = 1 << 16) -> bytes:
        """Bytes in hexadecimal: exactly `size` of them, or up to `limit`."""
        digits = f"{{{2 * size}}}" if size is not None else f"{{0,{2 * limit}}}"
        text = self.text(name, f"[0-9a-f]{digits}")
        if len(text) % 2:
            raise self.refusal(f"“{name}” has half a byte.")
        return bytes.fromhex(text)

    def word(self, name: str) -> int:
        """A 64-bit number in hexadecimal."""
        return int(self.text(name, "0x[0-9a-f]{16}"), 16)

    def number(self, name: str) -> int:
        """A number from 1 on."""
        value = self._values.get(name)
        if type(value) is not int or not 0 < value < 1 << 31:
            raise self.refusal(f"“{name}” is missing or is not a number.")
        return value

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise self.refusal(f"“{name}” is missing or is neither true nor false.")
        return value

    def instant(self, name: str) -> datetime:
        """An instant, aware UTC."""
        try:
            return datetime.strptime(self.text(name), _INSTANT).replace(tzinfo=UTC)
        except ValueError:
            raise self.refusal(f"“{name}” is not an instant.") from None

    def has(self, name: str) -> bool:
        """Whether the value is there at all."""
        return name in self._values

    def is_null(self, name: str) -> bool:
        """Whether the value is there and null."""
        return name in self._values and self._values[name] is None

    def record(self, name: str) -> Record:
        """An object inside."""
        return Record(self._values.get(name), self._where)

    def records(self, name: str) -> list[Record]:
        """A list of objects."""
        return [Record(value, self._where) for value in self._list(name)]

    def octets_list(self, name: str, size: int) -> tuple[bytes, ...]:
        """A list of byte strings of `size` bytes each."""
        return tuple(Record({name: value}, self._where).octets(name, size) for value in self._list(name))

    def _list(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self.refusal(f"“{name}” is missing or is not a list.")
        return value


def read_record(path: Path) -> Record:
    """Read a file that `write_record` wrote.

    Raises:
        SeError: if it cannot be read, is no such file, or is of another version.
    """
    raw = read_whole(path, _SIZE_LIMIT)
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError):
        raise FormatError("It is not JSON.", where=str(path), remedy=_REMEDY) from None
    record = Record(values, str(path))
    if record.text("watermark") != WATERMARK:
        raise record.refusal("The watermark of simulated machines is missing.")
    if (version := record.number("format")) != RECORD_VERSION:
        raise record.refusal(f"It has format {version}; this program knows {RECORD_VERSION}.")
    return record


def write_record(path: Path, values: dict[str, Any], mode: int) -> None:
    """Write a JSON file, or replace it.

    Raises:
        SeError: if it cannot be written.
    """
    document = {"watermark": WATERMARK, "format": RECORD_VERSION, **values}
    with AtomicFile(path, replace=True, mode=mode) as file:
        file.write_at(0, (json.dumps(document, indent=2) + "\n").encode())


def instant_text(instant: datetime) -> str:
    """An instant as these files have it."""
    return instant.astimezone(UTC).strftime(_INSTANT)
