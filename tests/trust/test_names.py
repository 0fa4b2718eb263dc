"""Names as OpenSSL compares them, and the rules for IBM's signing certificates."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from seworkbench.errors import FormatError
from seworkbench.trust.names import (
    LOCALITY,
    ORDER_RULE,
    Attribute,
    canonical,
    compare_names,
    is_signing_name,
    lookup_variants,
    name_text,
    parse_name,
    signing_rules,
)

from .pki import CORPORATION, ibm_name, name, signing_name, wrapped

PARTS = {
    "C": "US",
    "ST": "New York",
    "L": "Armonk",
    "O": CORPORATION,
    "OU": "IBM Z Key Signing Service",
    "CN": CORPORATION,
}


def typed(value: str, kind: _ASN1Type) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value, kind)])


@pytest.mark.parametrize(
    "other",
    [
        name(CN="Some  Body"),
        name(CN="  some body "),
        name(CN="SOME\tBODY"),
        typed("some body", _ASN1Type.PrintableString),
        typed("Some Body", _ASN1Type.BMPString),
    ],
)
def test_case_blanks_and_string_type_make_no_difference(other: x509.Name) -> None:
    assert canonical(other) == canonical(name(CN="Some Body"))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (name(C="US", O="x"), name(O="x", C="US")),
        (name(CN="Ärger"), name(CN="ärger")),
        (name(CN="a b"), name(CN="ab")),
        (name(CN="a"), name(O="a")),
        (name(CN="a"), name(CN="a", O="b")),
    ],
)
def test_order_other_letters_and_values_make_a_difference(one: x509.Name, two: x509.Name) -> None:
    assert canonical(one) != canonical(two)


def test_values_that_stand_together_have_no_order() -> None:
    pair = [x509.NameAttribute(NameOID.COMMON_NAME, "a"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "b")]
    together = x509.Name([x509.RelativeDistinguishedName(pair)])
    turned = x509.Name([x509.RelativeDistinguishedName(pair[::-1])])
    assert canonical(together) == canonical(turned)
    assert canonical(together) != canonical(x509.Name(pair))


@pytest.mark.parametrize("locality", ["Armonk", "Poughkeepsie"])
def test_a_signing_certificate_has_a_name_of_six_parts_in_any_order(locality: str) -> None:
    for found in (signing_name(locality), ibm_name(locality)):
        assert is_signing_name(found)
        assert len(signing_rules(found)) == 7


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"C": "DE"}, "C is US"),
        ({"ST": "new york"}, "ST is New York"),
        ({"L": "Yorktown"}, "L is Poughkeepsie or Armonk"),
        ({"O": "International Business Machines"}, f"O is {CORPORATION}"),
        ({"CN": "x"}, f"CN is {CORPORATION}"),
        ({"OU": "Key Signing Service Invalid"}, "OU ends with Key Signing Service"),
    ],
)
def test_each_rule_is_told_when_it_is_broken(change: dict[str, str], broken: str) -> None:
    rules = signing_rules(name(**(PARTS | change)))
    assert [rule.rule for rule in rules if not rule.holds] == [broken]


def test_a_seventh_attribute_or_a_missing_one_breaks_the_count() -> None:
    doubled = x509.Name([*signing_name(), x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x")])
    assert [rule.rule for rule in signing_rules(doubled) if not rule.holds] == ["6 attributes"]
    fewer = name(**{key: value for key, value in PARTS.items() if key != "L"})
    assert [rule.value for rule in signing_rules(fewer) if not rule.holds] == ["5", "absent"]


def test_values_are_compared_byte_by_byte() -> None:
    wide = x509.Name(
        [
            item if item.oid != NameOID.LOCALITY_NAME else x509.NameAttribute(item.oid, "Armonk", _ASN1Type.BMPString)
            for item in signing_name("Armonk")
        ]
    )
    assert canonical(wide) == canonical(signing_name("Armonk"))
    assert not is_signing_name(wide)


def test_lists_of_armonk_are_looked_up_under_four_names_those_of_poughkeepsie_under_two() -> None:
    found = lookup_variants(signing_name("Armonk"))
    assert [item.name for item in found] == [
        canonical(signing_name("Armonk")),
        canonical(signing_name("Poughkeepsie")),
        canonical(ibm_name("Poughkeepsie")),
        canonical(ibm_name("Armonk")),
    ]
    assert [item.name for item in lookup_variants(signing_name())] == [canonical(signing_name()), canonical(ibm_name())]
    assert [bool(item.rule) for item in found] == [False, True, True, True]


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (ibm_name(), ibm_name(), "equal"),
        (ibm_name(), signing_name(), "same attributes in another order"),
        (ibm_name("Armonk"), ibm_name(), "equal but for the locality"),
        (ibm_name("Armonk"), signing_name(), "equal but for the locality and the order of the attributes"),
        (name(C="US", CN="a"), name(C="DE", CN="b"), "different in C, CN"),
        (name(CN="a"), name(CN="a", O="b"), "different in O"),
    ],
)
def test_a_difference_of_names_is_put_into_words(one: x509.Name, two: x509.Name, words: str) -> None:
    found = compare_names(one, two)
    assert found.words == words
    assert found.equal == (words == "equal")


def test_names_are_written_so_that_nothing_in_them_can_act() -> None:
    assert name_text(name(CN="a\x1b[31m\u202eb\nc")) == "CN=a\\x1b[31m\\u202eb\\nc"
    assert name_text(x509.Name([])) == "(empty name)"
    assert name_text(x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@b")])) == "1.2.840.113549.1.9.1=a@b"


@pytest.mark.parametrize("raw", [b"", b"\x31\x00", b"\x30\x02\x30\x00", b"\x30\x04\x31\x02\x30\x00", b"\x30\x81"])
def test_bytes_that_are_no_name_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        parse_name(raw)


def encoded(*parts: tuple[bytes, int, bytes]) -> bytes:
    """A name of attributes with these types, string types and values."""
    return wrapped(
        0x30,
        b"".join(wrapped(0x31, wrapped(0x30, wrapped(0x06, kind) + wrapped(tag, value))) for kind, tag, value in parts),
    )


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x13, b"Poughkeepsie"),
        (0x14, b"Poughkeepsie"),
        (0x16, b"Poughkeepsie"),
        (0x1A, b"Poughkeepsie"),
        (0x1C, "Poughkeepsie".encode("utf-32-be")),
        (0x1E, "Poughkeepsie".encode("utf-16-be")),
    ],
    ids=["printable", "T61", "IA5", "visible", "universal", "BMP"],
)
def test_a_value_is_the_same_in_every_string_type(tag: int, value: bytes) -> None:
    plain = parse_name(encoded((LOCALITY, 0x0C, b"poughkeepsie")))
    assert canonical(parse_name(encoded((LOCALITY, tag, value)))) == canonical(plain)


def test_a_value_of_no_string_type_is_compared_as_it_is() -> None:
    small, large = (parse_name(encoded((LOCALITY, 0x04, value))) for value in (b"armonk", b"ARMONK"))
    assert canonical(small) != canonical(large)
    assert canonical(small) == canonical(parse_name(encoded((LOCALITY, 0x04, b"armonk"))))
    # A BMP string has an even number of bytes.
    odd = parse_name(encoded((LOCALITY, 0x1E, b"abc")))
    assert canonical(odd) == (((LOCALITY, 0x1E, b"abc"),),)


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (LOCALITY, "L"),
        (bytes.fromhex("550405"), "2.5.4.5"),
        (bytes.fromhex("0992268993f22c640101"), "0.9.2342.19200300.100.1.1"),
        (bytes.fromhex("2a864886f70d010901"), "1.2.840.113549.1.9.1"),
        (bytes.fromhex("27"), "0.39"),
        (bytes.fromhex("28"), "1.0"),
        (bytes.fromhex("4f"), "1.39"),
        (bytes.fromhex("50"), "2.0"),
        (bytes.fromhex("8837"), "2.999"),
        (b"", "?"),
    ],
)
def test_a_type_without_a_short_name_is_written_in_dotted_numbers(raw: bytes, label: str) -> None:
    assert Attribute(raw, 0x0C, b"x").label == label


def test_an_attribute_that_only_one_of_two_names_has_is_absent_in_the_other() -> None:
    plain = name(C="US", CN="a")
    more = x509.Name([*plain, x509.NameAttribute(NameOID.SERIAL_NUMBER, "7")])
    assert compare_names(plain, more).rows == (("2.5.4.5", "absent", "7"),)
    assert compare_names(more, plain).rows == (("2.5.4.5", "7", "absent"),)


def test_a_name_without_locality_is_looked_up_under_its_own_and_its_ordered_form() -> None:
    assert [variant.rule for variant in lookup_variants(name(CN="a", C="US"))] == ["", ORDER_RULE]


def test_an_attribute_whose_type_is_no_type_is_refused() -> None:
    pair = wrapped(0x04, LOCALITY) + wrapped(0x0C, b"x")
    with pytest.raises(FormatError):
        parse_name(wrapped(0x30, wrapped(0x31, wrapped(0x30, pair))))
