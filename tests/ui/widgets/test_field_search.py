"""Finding fields by name, title and value."""

from __future__ import annotations

from seworkbench.formats.layout import Field, Protection
from seworkbench.secret import Secret
from seworkbench.ui.widgets.field_search import HIT_LIMIT, find_fields


def field(name: str, title: str, value: str = "", raw: bytes | Secret | None = None, *children: Field) -> Field:
    """A field at the beginning of the file."""
    return Field(name, title, 0, 8, raw=raw, value=value, protection=Protection.CLEAR, children=children)


TREE = field(
    "image",
    "Image",
    "",
    None,
    field(
        "header",
        "Header",
        "",
        None,
        field("sehs", "Header size", "640 bytes", bytes.fromhex("00000280")),
        field("pld", "Page digest", "0102…", bytes.fromhex("0102030405060708")),
        field("cck", "Communication key", "", Secret(b"secret bytes")),
    ),
    field("size", "Size of sehs", "12", b"\x0c"),
)


def names(text: str) -> list[str]:
    """Names of the fields found."""
    return [hit.field.name for hit in find_fields(TREE, text)]


def test_the_name_itself_comes_before_titles_that_have_it() -> None:
    assert names("sehs") == ["sehs", "size"]
    assert names("SEHS") == ["sehs", "size"]


def test_every_word_must_be_there_in_any_order() -> None:
    assert names("digest page") == ["pld"]
    assert names("digest header") == []


def test_values_and_whole_bytes_are_found() -> None:
    assert names("640") == ["sehs"]
    assert names("0405") == ["pld"]


def test_secret_values_are_not_searched() -> None:
    assert names(b"secret".hex()) == []
    assert names("communication") == ["cck"]


def test_nothing_is_found_for_nothing() -> None:
    assert names(" ") == []


def test_a_hit_says_where_it_is() -> None:
    (hit,) = find_fields(TREE, "pld")
    assert hit.place == "Header"


def test_no_more_hits_than_anybody_reads() -> None:
    many = field("x", "X", "", None, *[field("same", "Same")] * (HIT_LIMIT + 10))
    assert len(find_fields(many, "same")) == HIT_LIMIT
