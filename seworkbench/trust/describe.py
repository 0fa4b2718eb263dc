"""What certificates and revocation lists are, in one short sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.trust.objects import ObjectKind, TrustCertificate, TrustCrl

if TYPE_CHECKING:
    from seworkbench.trust.objects import Bundle, TrustObject


def object_text(item: TrustObject) -> str:
    """One object in a short sentence."""
    if isinstance(item, TrustCrl):
        until = f", next list due {item.next_update:%Y-%m-%d}" if item.next_update else ""
        return f"{item.name}: {item.entries} {'entry' if item.entries == 1 else 'entries'}{until}."
    return _certificate_text(item)


def _certificate_text(item: TrustCertificate) -> str:
    until = f"until {item.not_after:%Y-%m-%d}"
    if item.kind in (ObjectKind.HOST_KEY, ObjectKind.OTHER) and item.phkh is not None:
        return f"For host key {item.phkh[:16]}…, {until}."
    if item.kind is ObjectKind.HOST_KEY:
        return f"A host key document whose key is {item.key_text}, not P-521, {until}."
    kind = item.kind.value[0].upper() + item.kind.value[1:]
    return f"{kind}: {item.name}, {until}."


def bundle_text(bundle: Bundle) -> str:
    """All that was found in a file, in one or two short sentences."""
    if not bundle.objects:
        return " ".join(f"{problem.what} {problem.remedy}".strip() for problem in bundle.problems[:1])
    text = object_text(bundle.objects[0])
    rest = [
        _counted(len(bundle.certificates) - bool(bundle.certificates), "certificate"),
        _counted(len(bundle.crls) - (not bundle.certificates), "revocation list"),
        _counted(len(bundle.problems), "part that cannot be used", "parts that cannot be used"),
    ]
    more = [words for words in rest if words]
    return f"{text} And {', '.join(more)}." if more else text


def _counted(count: int, word: str, words: str = "") -> str:
    return f"{count} {word if count == 1 else words or word + 's'}" if count else ""
