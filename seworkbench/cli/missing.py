"""What a verification lacks, as text and JSON: the same for every command that verifies host key documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seworkbench.cli.terminal import one_line
from seworkbench.trust.objects import ObjectKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seworkbench.trust.missing import Missing


def missing_lines(missing: Sequence[Missing]) -> Iterator[str]:
    """A list of what is needed and not there; nothing if nothing is.

    Args:
        missing: it, what holds back most first.
    """
    if missing:
        yield "missing:"
    for item in missing:
        usual = f", usually {item.usual_file}" if item.usual_file else ""
        yield f"  {one_line(item.title + usual)}"
        if item.issuer:
            yield f"    of     {one_line(item.issuer)}"
        yield from (f"    at     {one_line(address)}" for address in item.addresses)
        yield f"    {one_line(item.why)}"
    if any(item.kind is not ObjectKind.CRL for item in missing):
        yield "  Revocation lists are needed too; “seworkbench hostkey crls” tells which, and where they are."


def missing_json(missing: Sequence[Missing]) -> list[dict[str, Any]]:
    """The same for programs; `needed_by` are SHA-256 fingerprints of certificates."""
    return [
        {
            "kind": item.kind.value,
            "title": item.title,
            "issuer": item.issuer,
            "usual_file": item.usual_file,
            "addresses": list(item.addresses),
            "needed_by": list(item.needed_by),
            "why": item.why,
        }
        for item in missing
    ]
