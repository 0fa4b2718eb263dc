"""Recipes: nothing gets lost, nothing secret gets in, and nothing malformed gets through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.errors import FormatError, SeError
from seworkbench.formats.flags import DEFAULT_PCF, PCF, SCF
from seworkbench.image.key_files import KEY_FILES
from seworkbench.image.recipe import (
    MARK,
    Host,
    Recipe,
    load_recipe,
    looks_like_recipe,
    parse_recipe,
    recipe_to_json,
    save_recipe,
)
from seworkbench.resources import resource

FOLDER = Path("/srv/images")
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
paths = st.builds(lambda parts: Path("/", *parts), st.lists(names, min_size=1, max_size=4))
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
recipes = st.builds(
    Recipe,
    kernel=st.none() | paths,
    ramdisk=st.none() | paths,
    hosts=st.lists(st.builds(Host, paths, texts) | st.builds(Host, st.none(), texts, st.just(PEM)), max_size=4).map(
        tuple
    ),
    pcf=st.integers(0, 2**64 - 1),
    scf=st.integers(0, 2**64 - 1),
    keys=st.dictionaries(st.sampled_from(sorted(KEY_FILES)), paths),
    save_keys=st.none() | paths,
    output=st.none() | paths,
) | st.one_of(st.builds(Recipe, command_line=paths), st.builds(Recipe, command_line_text=texts))


@given(recipes)
def test_a_recipe_read_back_is_the_recipe_that_was_written(recipe: Recipe) -> None:
    text = json.dumps(recipe_to_json(recipe, FOLDER)).encode()
    assert parse_recipe(text, FOLDER) == recipe


def test_only_a_recipe_with_a_certificate_in_it_is_of_the_newer_version() -> None:
    named, inside = Host(Path("/srv/host.crt")), Host(None, "Compared by phone.", PEM)
    assert recipe_to_json(Recipe(hosts=(named,)), FOLDER)[MARK] == 1
    written = recipe_to_json(Recipe(hosts=(named, inside)), FOLDER)
    assert written[MARK] == 2
    assert written["host_keys"] == [
        {"document": "/srv/host.crt", "reason_for_using_it_unverified": ""},
        {"certificate": PEM, "reason_for_using_it_unverified": "Compared by phone."},
    ]


def test_paths_below_the_recipe_are_relative_and_move_with_it(tmp_path: Path) -> None:
    recipe = Recipe(kernel=tmp_path / "boot" / "vmlinuz", output=Path("/srv/guest.img"))
    save_recipe(recipe, tmp_path / "guest.recipe.json")
    written = json.loads((tmp_path / "guest.recipe.json").read_text())
    assert written["kernel"] == "boot/vmlinuz"
    assert written["output"] == "/srv/guest.img"
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "guest.recipe.json").rename(moved / "guest.recipe.json")
    assert load_recipe(moved / "guest.recipe.json").kernel == moved / "boot" / "vmlinuz"


def test_flags_are_written_by_their_names() -> None:
    written = recipe_to_json(Recipe(), FOLDER)
    assert written["plain_flags"] == [flag.name for flag in PCF.set_in(DEFAULT_PCF)]
    assert written["secret_flags"] == []
    assert recipe_to_json(Recipe(scf=SCF.mask | 1), FOLDER)["secret_flags"][-1] == "0x0000000000000001"


def test_a_recipe_replaces_an_older_one_and_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    save_recipe(Recipe(), path)
    save_recipe(Recipe(command_line_text="quiet"), path)
    assert load_recipe(path).command_line_text == "quiet"
    assert looks_like_recipe(path.read_bytes())
    assert not looks_like_recipe(b"root=/dev/vda1")


def test_the_help_names_every_member() -> None:
    page = (resource("help") / "recipe.md").read_text(encoding="utf-8")
    entries = recipe_to_json(Recipe(hosts=(Host(FOLDER / "a.crt"), Host(None, "", PEM))), FOLDER)
    members = [*entries, *entries["host_keys"][0], *entries["host_keys"][1], *entries["keys"]]
    assert [name for name in members if f"`{name}`" not in page] == []


def _content(**changes: Any) -> bytes:
    return json.dumps({**recipe_to_json(Recipe(), FOLDER), **changes}).encode()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", MARK),
        (_content(**{MARK: 3}), "version 3"),
        (_content(**{MARK: 0}), "version 0"),
        (_content(**{MARK: 1.0}), "version 1.0"),
        (_content(**{MARK: True}), "version True"),
        (_content(kernal="x"), "kernal"),
        (_content(kernel=5), "“kernel” is not text"),
        (_content(kernel=""), "usable path"),
        (_content(kernel="a\0b"), "usable path"),
        (_content(command_line={"file": "a", "text": "b"}), "either"),
        (_content(command_line="quiet"), "JSON object"),
        (_content(command_line={"text": "a\0b"}), "NUL"),
        (_content(command_line={"text": "\ud800"}), "not text"),
        (_content(host_keys={}), "list"),
        (_content(host_keys=[{}]), "names no document"),
        (_content(host_keys=[{"document": "a", "verified": True}]), "verified"),
        (_content(host_keys=[{"document": "a"}] * 96), "at most 95"),
        (_content(host_keys=[{"certificate": PEM}]), "not known: 'certificate'"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": ""}]), "names no document"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": PEM, "document": "a"}]), "either"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": 5}]), "“certificate” is not text"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": "MIIB"}]), "not a certificate in PEM"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": PEM[:-9]}]), "not a certificate in PEM"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": PEM.replace("MIIB", "ä")}]), "not a certificate in PEM"),
        (_content(**{MARK: 2}, host_keys=[{"certificate": PEM.replace("M", "M" * 65536)}]), "not a certificate in PEM"),
        (_content(plain_flags=["allow dumpling"]), "allow dumpling"),
        (_content(plain_flags=["0x20000000"]), "0x20000000"),
        (_content(plain_flags=["0xzz"]), "0xzz"),
        (_content(plain_flags=7), "list of flag names"),
        (_content(keys={"header": "a", "root": "b"}), "root"),
    ],
)
def test_a_malformed_recipe_is_refused_with_the_reason(raw: bytes, says: str) -> None:
    with pytest.raises(FormatError) as error:
        parse_recipe(raw, FOLDER)
    assert says in error.value.what
    assert error.value.remedy


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*recipe_to_json(Recipe(), FOLDER), "more"]), json_values))
def test_any_json_is_refused_or_a_recipe_that_can_be_written(changes: dict[str, Any]) -> None:
    try:
        read = parse_recipe(_content(**changes), FOLDER)
    except FormatError:
        return
    assert parse_recipe(json.dumps(recipe_to_json(read, FOLDER)).encode(), FOLDER) == read


@given(st.binary(max_size=64))
def test_any_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        parse_recipe(raw, FOLDER)


def test_a_missing_or_malformed_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeError) as error:
        load_recipe(tmp_path / "none.json")
    assert "none.json" in error.value.where
    (tmp_path / "odd.json").write_text("{}")
    with pytest.raises(FormatError) as error:
        load_recipe(tmp_path / "odd.json")
    assert "odd.json" in error.value.where
