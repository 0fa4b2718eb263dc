"""Finding fields by what they are called or what they hold; without Qt, so that it can be tested as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.formats.layout import Field

# More hits than anybody reads; an image with 95 key slots has some hundred fields.
HIT_LIMIT = 500


@dataclass(frozen=True, slots=True)
class FieldHit:
    """A field that was found.

    Args:
        field: the field.
        parents: titles of the fields it is part of, outermost first.
    """

    field: Field
    parents: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it is: the titles of the parents with a mark between them."""
        return " › ".join(self.parents)  # noqa: RUF001 - a mark between levels


def find_fields(tree: Field, text: str) -> list[FieldHit]:
    """Fields of which name, title or value has every word of a text; those whose name it is come first.

    Values that are secret are not searched: a hit would tell them letter by letter.

    Args:
        tree: the fields.
        text: words, upper and lower case the same.
    """
    words = text.lower().split()
    if not words:
        return []
    hits: list[tuple[int, FieldHit]] = []
    for field, parents in _walk(tree, ()):
        called = f"{field.name} {field.title}".lower()
        rank = next(
            (
                number
                for number, found in enumerate(
                    (
                        text.strip().lower() in (field.name.lower(), field.title.lower()),
                        all(word in called for word in words),
                        all(word in f"{called} {_value(field)}" for word in words),
                    )
                )
                if found
            ),
            None,
        )
        if rank is not None:
            hits.append((rank, FieldHit(field, parents)))
    hits.sort(key=lambda hit: hit[0])
    return [hit for _, hit in hits[:HIT_LIMIT]]


def _walk(field: Field, parents: tuple[str, ...]) -> Iterator[tuple[Field, tuple[str, ...]]]:
    for child in field.children:
        yield child, parents
        yield from _walk(child, (*parents, child.title))


def _value(field: Field) -> str:
    if isinstance(field.raw, Secret):
        return ""
    # A long value is shown shortened; its bytes are searched as well, so that a pasted hash is found.
    raw = field.raw.hex() if isinstance(field.raw, bytes) and not field.children else ""
    return f"{field.value} {raw}".lower()
