"""Bytes as text to be copied: hexadecimal, source code, base64, JSON. Free of Qt."""

from __future__ import annotations

import base64
import json
import keyword
import re
from enum import Enum
from typing import Any

_COLUMNS = 16
_C_KEYWORDS = frozenset(
    (
        *("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern"),
        *("float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed"),
        *("sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while"),
    )
)


class CopyForm(Enum):
    """The forms; the value is the word on buttons and in menus."""

    HEX = "Hex"
    SPACED_HEX = "Spaced hex"
    BASE64 = "Base64"
    C = "C"
    PYTHON = "Python"
    TEXT = "Text"
    JSON = "JSON"


def copy_as(form: CopyForm, data: bytes, name: str = "data", offset: int | None = None) -> str:
    """The bytes in a form.

    Args:
        form: which one.
        data: the bytes.
        name: what they are called; becomes the variable in source code and the name in JSON.
        offset: where they lie, for JSON; left out if not known.
    """
    if form is CopyForm.C:
        return as_c(data, name)
    if form is CopyForm.PYTHON:
        return as_python(data, name)
    if form is CopyForm.JSON:
        return as_json(data, name, offset)
    return _PLAIN[form](data)


def as_c(data: bytes, name: str = "data") -> str:
    """A C array that compiles as it stands."""
    variable = identifier(name)
    # C has no empty arrays: one element that the size in the comment does not count.
    body = _lines([f"0x{byte:02x}," for byte in data]) or "    0x00,  /* no bytes */"
    return f"static const unsigned char {variable}[{max(len(data), 1)}] = {{\n{body}\n}};"


def as_python(data: bytes, name: str = "data") -> str:
    """A Python assignment."""
    lines = [data[start : start + _COLUMNS].hex(" ") for start in range(0, len(data), _COLUMNS)]
    body = "\n".join(f'    "{line} "' for line in lines) or '    ""'
    return f"{identifier(name)} = bytes.fromhex(\n{body}\n)"


def as_text(data: bytes) -> str:
    """UTF-8 text; what is no text becomes a middle dot, so that nothing invisible is pasted anywhere."""
    return printable(data.decode("utf-8", "replace"), keep="\n\t")


def as_json(data: bytes, name: str = "data", offset: int | None = None) -> str:
    """A JSON object with place and content."""
    record: dict[str, Any] = {"name": name}
    if offset is not None:
        record["offset"] = offset
    record["length"] = len(data)
    record["hex"] = data.hex()
    return json.dumps(record, indent=2, ensure_ascii=False)


def identifier(name: str) -> str:
    """A name that C and Python accept, as near to the given one as can be."""
    made = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower() or "data"
    if made[0].isdigit() or made in _C_KEYWORDS or keyword.iskeyword(made):
        made = f"data_{made}"
    return made


def printable(text: str, keep: str = "") -> str:
    """The text with a middle dot for each character that is invisible, except those in `keep`."""
    return "".join(character if character.isprintable() or character in keep else "·" for character in text)


def grouped_hex(data: bytes, group: int = 4) -> str:
    """Hexadecimal in groups of `group` bytes, so that the eye does not get lost and lines can break."""
    return " ".join(data[start : start + group].hex() for start in range(0, len(data), group))


def as_hex(data: bytes) -> str:
    """Digits without anything between them."""
    return data.hex()


def as_spaced_hex(data: bytes) -> str:
    """Two digits a byte, spaces between."""
    return data.hex(" ")


def as_base64(data: bytes) -> str:
    """Base64 on one line."""
    return base64.b64encode(data).decode("ascii")


_PLAIN = {
    CopyForm.HEX: as_hex,
    CopyForm.SPACED_HEX: as_spaced_hex,
    CopyForm.BASE64: as_base64,
    CopyForm.TEXT: as_text,
}


def _lines(items: list[str]) -> str:
    rows = [items[start : start + _COLUMNS] for start in range(0, len(items), _COLUMNS)]
    return "\n".join("    " + " ".join(row) for row in rows)
