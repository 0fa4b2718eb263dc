"""`image info` says about the images of pvimg what `pvimg info` says, and keeps to the published schema."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from seworkbench import __version__
from seworkbench.cli.main import run
from seworkbench.resources import resource

from .records import MADE, Bench

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = json.loads(resource("schema/info-v1.schema.json").read_text())
FORMS = {"plain": [], "verified": ["--hdr-key"], "decrypted": ["--hdr-key", "--show-secrets"]}


class Info:
    """Runs `image info` and gives its standard output."""

    def __init__(self, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
        self.bench = bench
        self.capsys = capsys

    def __call__(self, name: str, form: str, *options: str) -> str:
        key = [
            word
            for option in FORMS[form]
            for word in ((option, str(self.bench.header_key)) if option == "--hdr-key" else (option,))
        ]
        self.capsys.readouterr()
        assert run(["image", "info", *options, *key, str(self.bench.image(name))]) == 0
        written = self.capsys.readouterr()
        assert ("warning: The header is not verified" in written.err) == (form == "plain")
        return written.out


@pytest.fixture
def info(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Info:
    return Info(bench, capsys)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", MADE)
def test_json_has_the_recorded_data_and_keeps_to_the_schema(info: Info, name: str, form: str) -> None:
    document = json.loads(info(name, form, "--format", "json"))
    assert document["data"] == MADE[name][f"info_{form}"]
    assert list(document["data"]) == list(MADE[name][f"info_{form}"]), "the order of the members too"
    assert list(Draft7Validator(SCHEMA).iter_errors(document)) == []


@pytest.mark.parametrize("name", MADE)
def test_text_is_the_recorded_text(info: Info, name: str) -> None:
    assert info(name, "plain", "--format", "text") == MADE[name]["text"]
    assert info(name, "decrypted", "--format", "text:full") == MADE[name]["text_full"]


@pytest.mark.parametrize("variant", ["", ":default", ":pretty", ":minify", ":PRETTY"])
def test_json_comes_pretty_or_minified_with_one_closing_line_break(info: Info, variant: str) -> None:
    text = info("default", "plain", "--format", f"JSON{variant}")
    document = json.loads(text)
    form: dict[str, Any] = {"separators": (",", ":")} if variant == ":minify" else {"indent": 2}
    assert text == json.dumps(document, **form) + "\n"


def test_json_is_the_format_where_no_terminal_is(info: Info) -> None:
    assert json.loads(info("default", "plain"))["data"] == MADE["default"]["info_plain"]


def test_meta_tells_tool_host_and_time_in_utc(info: Info) -> None:
    meta = json.loads(info("default", "plain"))["meta"]
    assert list(meta) == ["api_level", "version", "host", "time_epoch", "time"]
    assert (meta["api_level"], meta["version"]) == (1, __version__)
    again = json.loads(info("default", "plain"))["meta"]
    assert again["time_epoch"] >= meta["time_epoch"] > 1_750_000_000


TEXT_LINES = {
    "plain": "Secure Execution header",
    "verified": "integrity and authenticity verified Secure Execution header",
    "decrypted": "decrypted, integrity and authenticity verified Secure Execution header:",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_first_line_of_text_says_what_was_verified(info: Info, form: str) -> None:
    for text in (info("default", form, "--format", "text"), info("default", form, "--format", "text:full")):
        first, *rest = text.splitlines()
        assert first == TEXT_LINES[form]
        assert all(line.startswith("  ") for line in rest)


@pytest.mark.parametrize("form", ["plain", "verified"])
def test_full_text_without_secrets_has_the_encrypted_part_as_it_is(info: Info, form: str) -> None:
    lines = info("default", form, "--format", "text:full").splitlines()
    recorded = MADE["default"]["info_plain"]
    assert f"  encrypted data: {recorded['cipher_data_b64']}" in lines
    assert lines[-1] == f"  GCM tag: {recorded['tag_hex']}"


def test_short_text_shows_no_key_even_if_secrets_are_asked_for(info: Info) -> None:
    text = info("ext_secret", "decrypted", "--format", "text")
    opened = MADE["ext_secret"]["info_decrypted"]
    assert [key for key in ("cck_hex", "xts_hex") if opened[key] in text] == []
    assert text.endswith("  secret control flags:\n   - CCK extension secret enforced\n")


def test_a_bare_header_is_described_like_its_image(info: Info, bench: Bench, tmp_path: Path) -> None:
    size = MADE["hosts95"]["info_plain"]["sehs"]
    bare = tmp_path / "hosts95.img"
    bare.write_bytes(bench.image("hosts95").read_bytes()[0x14000 : 0x14000 + size])
    info.capsys.readouterr()
    assert run(["image", "info", "--hdr-key", str(bench.header_key), "--show-secrets", str(bare)]) == 0
    assert json.loads(info.capsys.readouterr().out)["data"] == MADE["hosts95"]["info_decrypted"]


# --- The schema refuses what is not allowed ---------------------------------------------------------------------------


def document(form: str) -> dict[str, Any]:
    meta = {
        "api_level": 1,
        "version": "0",
        "host": "h",
        "time_epoch": 1767225600,
        "time": "2026-01-01 00:00:00+0000",
    }
    return {"meta": meta, "data": copy.deepcopy(MADE["default"][f"info_{form}"])}


def put(*path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(whole: dict[str, Any]) -> None:
        for name in path[:-1]:
            whole = whole[name]
        whole[path[-1]] = value

    return change


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(whole: dict[str, Any]) -> None:
        for name in path[:-1]:
            whole = whole[name]
        del whole[path[-1]]

    return change


def take_from(form: str, name: str) -> Callable[[dict[str, Any]], None]:
    return put("data", name, value=MADE["default"][f"info_{form}"][name])


WRONG = {
    "a further member": ("plain", put("more", value=1)),
    "a further member of meta": ("plain", put("meta", "more", value=1)),
    "a further member of data": ("plain", put("data", "more", value=1)),
    "another API level": ("plain", put("meta", "api_level", value=2)),
    "a time of another zone": ("plain", put("meta", "time", value="2026-01-01 00:00:00+0100")),
    "a time with fractions": ("plain", put("meta", "time_epoch", value=1.5)),
    "another magic": ("plain", put("data", "magic_hex", value="49424d5365634579")),
    "a version as number": ("plain", put("data", "version", value="1")),
    "upper case": ("plain", put("data", "pcf_hex", value="00000000000000E0")),
    "a prefix": ("plain", put("data", "pcf_hex", value="0x000000000000e0")),
    "a short IV": ("plain", put("data", "iv_hex", value="00")),
    "no slots": ("plain", put("data", "keyslots", value=[])),
    "a slot without tag": ("plain", put("data", "keyslots", value=[{"phkh_hex": "0" * 64, "wrpk_hex": "0" * 64}])),
    "a short coordinate": ("plain", put("data", "cust_pub_key", "coord_hex", value="00")),
    "encrypted with a CCK": ("plain", take_from("decrypted", "cck_hex")),
    "encrypted with an image key": ("verified", take_from("decrypted", "xts_hex")),
    "encrypted with a PSW": ("verified", take_from("decrypted", "psw")),
    "encrypted with secret flags": ("verified", take_from("decrypted", "scf_hex")),
    "encrypted without its ciphertext": ("verified", drop("data", "cipher_data_b64")),
    "encrypted called decrypted": ("verified", put("data", "kind", value="decrypted_se_hdr")),
    "decrypted with ciphertext": ("decrypted", take_from("plain", "cipher_data_b64")),
    "decrypted and not verified": ("decrypted", put("data", "verified", value=False)),
    "decrypted called encrypted": ("decrypted", put("data", "kind", value="se_hdr")),
    **{
        f"decrypted without {name}": ("decrypted", drop("data", name))
        for name in ("cck_hex", "xts_hex", "psw", "scf_hex")
    },
    **{f"without {name}": ("plain", drop("data", name)) for name in ("kind", "verified", "tag_hex", "pld_hex", "nep")},
}


@pytest.mark.parametrize("name", WRONG)
def test_the_schema_refuses_wrong_variants(name: str) -> None:
    form, change = WRONG[name]
    whole = document(form)
    validator = Draft7Validator(SCHEMA)
    assert validator.is_valid(whole)
    change(whole)
    assert not validator.is_valid(whole)


def test_the_printed_schema_is_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "info", "--print-schema", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == SCHEMA
    Draft7Validator.check_schema(printed)
