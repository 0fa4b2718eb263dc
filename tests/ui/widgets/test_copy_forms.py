"""Bytes as text: each form gives back the bytes, and nothing that is pasted holds anything invisible."""

from __future__ import annotations

import ast
import base64
import json
import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.ui.widgets.copy_forms import CopyForm, copy_as, grouped_hex, identifier, printable


def bytes_of_c(text: str) -> bytes:
    size = int(re.search(r"\[(\d+)\]", text)[1])  # type: ignore[index]
    found = bytes(int(digits, 16) for digits in re.findall(r"0x([0-9a-f]{2}),", text))
    assert size == len(found)
    return b"" if "no bytes" in text else found


def bytes_of_python(text: str) -> bytes:
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Call)
    return bytes.fromhex(ast.literal_eval(statement.value.args[0]))


@given(st.binary(max_size=200))
def test_every_form_gives_back_the_bytes(data: bytes) -> None:
    assert bytes.fromhex(copy_as(CopyForm.HEX, data)) == data
    assert bytes.fromhex(copy_as(CopyForm.SPACED_HEX, data)) == data
    assert base64.b64decode(copy_as(CopyForm.BASE64, data), validate=True) == data
    assert bytes_of_c(copy_as(CopyForm.C, data)) == data
    assert bytes_of_python(copy_as(CopyForm.PYTHON, data)) == data
    record = json.loads(copy_as(CopyForm.JSON, data, "pld", 0x140E0))
    assert (bytes.fromhex(record["hex"]), record["length"], record["offset"]) == (data, len(data), 0x140E0)
    assert bytes.fromhex(grouped_hex(data)) == data


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P"])))
def test_text_stays_text(text: str) -> None:
    assert copy_as(CopyForm.TEXT, text.encode()) == text


@given(st.binary())
def test_copied_text_has_nothing_invisible(data: bytes) -> None:
    assert all(character.isprintable() or character in "\n\t" for character in copy_as(CopyForm.TEXT, data))


def test_text_directions_cannot_be_turned() -> None:
    assert printable("kernel\u202egpj.exe\x00") == "kernel·gpj.exe·"


@given(st.text())
def test_names_become_variables(name: str) -> None:
    made = identifier(name)
    assert re.fullmatch(r"[a-z_][a-z0-9_]*", made)
    assert not keyword.iskeyword(made)


@pytest.mark.parametrize("name", ["int", "class", "keyslots[0]", "8bit", ""])
def test_odd_names(name: str) -> None:
    expected = {"int": "data_int", "class": "data_class", "keyslots[0]": "keyslots_0", "8bit": "data_8bit", "": "data"}
    assert identifier(name) == expected[name]


def test_c_looks_like_c() -> None:
    text = copy_as(CopyForm.C, bytes(range(18)), "tag")
    assert text.splitlines()[0] == "static const unsigned char tag[18] = {"
    assert text.splitlines()[2] == "    0x10, 0x11,"
    assert text.endswith("};")
