"""Distinguished names: the rules that name an IBM signing certificate, and how names are compared.

Rules: resources/help/host-keys.md#signing-certificate, #names and #revocation-of-a-host-key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.trust.der import SEQUENCE, SET, elements, read_element

if TYPE_CHECKING:
    from cryptography import x509

# X.520 attribute types in the form in which they are encoded, 2.5.4.n.
_X520 = b"\x55\x04"
COMMON_NAME, COUNTRY, LOCALITY, STATE, ORGANISATION, UNIT = (_X520 + bytes([n]) for n in (3, 6, 7, 8, 10, 11))
_LABELS = {
    COMMON_NAME: "CN",
    COUNTRY: "C",
    LOCALITY: "L",
    STATE: "ST",
    ORGANISATION: "O",
    UNIT: "OU",
}
# The order in which IBM writes names into host key documents and revocation lists.
_IBM_ORDER = (COUNTRY, ORGANISATION, UNIT, LOCALITY, STATE, COMMON_NAME)

_UTF8, _PRINTABLE, _T61, _IA5, _VISIBLE, _UNIVERSAL, _BMP = 0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E
_ENCODINGS = {
    _UTF8: "utf-8",
    _PRINTABLE: "latin-1",
    _T61: "latin-1",
    _IA5: "latin-1",
    _VISIBLE: "latin-1",
    _UNIVERSAL: "utf-32-be",
    _BMP: "utf-16-be",
}
# Names repeat: those of issuers in every document.
_REMEMBERED = 4096
_SPACES = " \t\n\r\v\f"
_OID_TAG = 0x06

ATTRIBUTE_COUNT = 6
COUNTRY_US = b"US"
NEW_YORK = b"New York"
POUGHKEEPSIE = b"Poughkeepsie"
ARMONK = b"Armonk"
CORPORATION = b"International Business Machines Corporation"
UNIT_ENDING = "Key Signing Service"
# The rules of the name variants, as they are shown.
LOCALITY_RULE = "Armonk → Poughkeepsie"
ORDER_RULE = "name in the order C, O, OU, L, ST, CN"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a name, as encoded.

    Args:
        oid: its type, DER content bytes.
        tag: the string type.
        raw: the value, as encoded.
        together: number of the relative name it belongs to; several attributes may share one.
    """

    oid: bytes
    tag: int
    raw: bytes
    together: int = 0

    @property
    def label(self) -> str:
        """Its short name: C, ST, L, O, OU, CN; others as dotted numbers."""
        return _LABELS.get(self.oid) or _dotted(self.oid)

    @property
    def text(self) -> str:
        """Its value as text; bytes that are none show as replacement characters."""
        return self.raw.decode(_ENCODINGS.get(self.tag, "latin-1"), errors="replace")


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One of the rules by which an IBM signing certificate is recognised.

    Args:
        rule: what must hold.
        value: what was found.
        holds: whether it does.
    """

    rule: str
    value: str
    holds: bool


Canonical = tuple[tuple[tuple[bytes, int, bytes], ...], ...]


def attributes(name: x509.Name) -> tuple[Attribute, ...]:
    """The attributes of a name in the order of its encoding."""
    return parse_name(name.public_bytes())


@lru_cache(maxsize=_REMEMBERED)
def parse_name(raw: bytes) -> tuple[Attribute, ...]:
    """The attributes of an encoded name.

    Raises:
        FormatError: if the bytes are no name.
    """
    outer = read_element(raw)
    if outer.tag != SEQUENCE:
        raise FormatError("The bytes are no distinguished name.", offset=0)
    found = []
    for number, relative in enumerate(elements(outer.content)):
        if relative.tag != SET:
            raise FormatError("The bytes are no distinguished name.", offset=relative.start)
        for pair in elements(relative.content):
            parts = list(elements(pair.content))
            if len(parts) != 2 or parts[0].tag != _OID_TAG:  # noqa: PLR2004 - type and value
                raise FormatError("The bytes are no distinguished name.", offset=relative.start)
            found.append(Attribute(parts[0].content, parts[1].tag, parts[1].content, number))
    return tuple(found)


def canonical(name: x509.Name | tuple[Attribute, ...]) -> Canonical:
    """The form in which OpenSSL compares names: case folded, blanks collapsed, order of attributes kept."""
    return _canonical(name) if isinstance(name, tuple) else _canonical_of(name.public_bytes())


@lru_cache(maxsize=_REMEMBERED)
def _canonical_of(raw: bytes) -> Canonical:
    return _canonical(parse_name(raw))


def _canonical(items: tuple[Attribute, ...]) -> Canonical:
    relatives: dict[int, list[tuple[bytes, int, bytes]]] = {}
    for item in items:
        relatives.setdefault(item.together, []).append(_canonical_value(item))
    return tuple(tuple(sorted(relatives[number])) for number in sorted(relatives))


def _canonical_value(item: Attribute) -> tuple[bytes, int, bytes]:
    encoding = _ENCODINGS.get(item.tag)
    if encoding is None:
        return item.oid, item.tag, item.raw
    try:
        text = item.raw.decode(encoding)
    except UnicodeDecodeError:
        return item.oid, item.tag, item.raw
    words = [word for word in text.translate(dict.fromkeys(map(ord, _SPACES), " ")).split(" ") if word]
    # Of bytes, only ASCII letters become small: those are what OpenSSL folds.
    return item.oid, _UTF8, " ".join(words).encode("utf-8", errors="surrogatepass").lower()


def first(items: tuple[Attribute, ...], oid: bytes) -> Attribute | None:
    """The first attribute of a type."""
    return next((item for item in items if item.oid == oid), None)


def signing_rules(name: x509.Name) -> tuple[RuleResult, ...]:
    """The seven rules for the subject of an IBM signing certificate, each with what was found."""
    items = attributes(name)
    count = len(items)
    results = [RuleResult(f"{ATTRIBUTE_COUNT} attributes", str(count), count == ATTRIBUTE_COUNT)]
    exact: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
        (COUNTRY, (COUNTRY_US,)),
        (STATE, (NEW_YORK,)),
        (LOCALITY, (POUGHKEEPSIE, ARMONK)),
        (ORGANISATION, (CORPORATION,)),
        (COMMON_NAME, (CORPORATION,)),
    )
    for oid, allowed in exact:
        item = first(items, oid)
        wanted = " or ".join(value.decode() for value in allowed)
        holds = item is not None and item.raw in allowed
        results.append(RuleResult(f"{_LABELS[oid]} is {wanted}", item.text if item else "absent", holds))
    unit = first(items, UNIT)
    ends = unit is not None and unit.text.endswith(UNIT_ENDING)
    results.append(RuleResult(f"OU ends with {UNIT_ENDING}", unit.text if unit else "absent", ends))
    return tuple(results)


def is_signing_name(name: x509.Name) -> bool:
    """Whether a subject is that of an IBM signing certificate."""
    return all(result.holds for result in signing_rules(name))


@dataclass(frozen=True, slots=True)
class NameVariant:
    """A name under which the revocation list of a signing certificate is looked up.

    Args:
        name: the name in the form to compare.
        rule: what was changed in the subject; empty for the subject itself.
    """

    name: Canonical
    rule: str


def lookup_variants(subject: x509.Name) -> tuple[NameVariant, ...]:
    """The names under which revocation lists of a signing certificate are looked up, in order; the first hit counts."""
    own = attributes(subject)
    locality = first(own, LOCALITY)
    variants = [NameVariant(canonical(own), "")]
    if locality is not None and locality.raw == ARMONK:
        moved = tuple(
            Attribute(item.oid, item.tag, POUGHKEEPSIE, item.together) if item is locality else item for item in own
        )
        variants.append(NameVariant(canonical(moved), LOCALITY_RULE))
        variants.append(NameVariant(canonical(_reordered(moved)), f"{LOCALITY_RULE}, {ORDER_RULE}"))
    variants.append(NameVariant(canonical(_reordered(own)), ORDER_RULE))
    return tuple(variants)


def _reordered(items: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    firsts = [item for oid in _IBM_ORDER if (item := first(items, oid)) is not None]
    return tuple(Attribute(item.oid, item.tag, item.raw, number) for number, item in enumerate(firsts))


@dataclass(frozen=True, slots=True)
class NameDifference:
    """How two names differ, in words.

    Args:
        words: one phrase: "equal", "equal but for the locality", "same attributes in another order" …
        rows: attribute, first value, second value, for each attribute that differs; "absent" where there is none.
        equal: whether they are equal for OpenSSL.
    """

    words: str
    rows: tuple[tuple[str, str, str], ...]
    equal: bool


def compare_names(one: x509.Name, two: x509.Name) -> NameDifference:
    """Compare an issuer name with a subject."""
    if canonical(one) == canonical(two):
        return NameDifference("equal", (), equal=True)
    first_items, second_items = attributes(one), attributes(two)
    oids = list(dict.fromkeys(item.oid for item in (*first_items, *second_items)))
    rows = []
    for oid in oids:
        left, right = (
            ", ".join(item.text for item in items if item.oid == oid) or "absent"
            for items in (first_items, second_items)
        )
        if _folded(first_items, oid) != _folded(second_items, oid):
            rows.append((_LABELS.get(oid) or _dotted(oid), left, right))
    order = [item.oid for item in first_items] != [item.oid for item in second_items]
    if not rows:
        return NameDifference("same attributes in another order", (), equal=False)
    labels = [row[0] for row in rows]
    if labels == ["L"]:
        words = "equal but for the locality" + (" and the order of the attributes" if order else "")
    else:
        words = "different in " + ", ".join(labels)
    return NameDifference(words, tuple(rows), equal=False)


def _folded(items: tuple[Attribute, ...], oid: bytes) -> list[bytes]:
    return sorted(_canonical_value(item)[2] for item in items if item.oid == oid)


def name_text(name: x509.Name) -> str:
    """A name on one line in the order of its encoding; control characters are escaped."""
    return _line(attributes(name)) or "(empty name)"


def _line(items: tuple[Attribute, ...]) -> str:
    return ", ".join(f"{item.label}={printable(item.text)}" for item in items)


def printable(text: str) -> str:
    """Text from a certificate with everything escaped that could disturb a terminal or a window."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", errors="replace").decode()
        for letter in text
    )


def _dotted(raw: bytes) -> str:
    numbers: list[int] = []
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        return "?"
    lead = min(numbers[0] // 40, 2)
    return ".".join(map(str, (lead, numbers[0] - 40 * lead, *numbers[1:])))


def value_of(name: x509.Name, oid: bytes) -> str:
    """The first value of a type, as printable text; empty if there is none."""
    item = first(attributes(name), oid)
    return printable(item.text) if item else ""
