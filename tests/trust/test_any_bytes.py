"""Any bytes, and certificates with any byte changed: a result or a FormatError, never anything else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.errors import FormatError
from seworkbench.trust.der import elements, read_element
from seworkbench.trust.describe import bundle_text
from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.loading import InputFile, anchors_in, certificates_in, crls_in, hidden_crls_in
from seworkbench.trust.names import parse_name
from seworkbench.trust.reading import read_objects
from seworkbench.trust.verify import TrustRun, verify_host_keys

from .pki import AT, SYSTEM, der, estate, pem

E = estate()
SOUND = {
    "host": der(E.host),
    "sign": der(E.sign),
    "root": der(E.root),
    "list": der(E.host_crl),
    "pem": pem(E.host_crl, E.sign, E.inter),
}
START = [b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\n", b"-----BEGIN X509 CRL-----\n", b"<html", b"ssh-rsa "]


def look(raw: bytes) -> None:
    """Whatever looks at bytes from outside."""
    found = read_objects(raw, "x")
    assert found.objects or found.problems
    assert bundle_text(found)
    file = InputFile("x", raw)
    hidden_crls_in(file)
    for read in (certificates_in, anchors_in, crls_in):
        with suppress(FormatError):
            read(file)
    for parse in (read_element, parse_name):
        with suppress(FormatError):
            parse(raw)
    with suppress(FormatError):
        list(elements(raw))


@given(start=st.sampled_from(START), rest=st.binary(max_size=400))
def test_any_bytes_are_read_or_answered(start: bytes, rest: bytes) -> None:
    look(start + rest)


@pytest.mark.parametrize("kind", SOUND)
@settings(max_examples=40)
@given(data=st.data())
def test_a_sound_object_with_some_bytes_changed_is_read_or_answered(kind: str, data: st.DataObject) -> None:
    raw = bytearray(SOUND[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    changed = bytes(raw[:cut] if data.draw(st.booleans()) else raw)
    look(changed)
    judged(changed)


def judged(raw: bytes) -> None:
    """Spoiled objects in every role of a run and of a judgement: an answer, and never a yes to a spoiled document."""
    spoiled = InputFile("spoiled", raw)
    sound = {key: InputFile(key, value) for key, value in SOUND.items()}
    for run in (
        TrustRun((spoiled,), (sound["pem"],), sound["root"]),
        TrustRun((sound["host"],), (spoiled, sound["pem"]), sound["root"], (spoiled,)),
        TrustRun((sound["host"],), (sound["pem"],), spoiled),
        TrustRun((sound["host"],), (spoiled,), SYSTEM, (spoiled,)),
    ):
        found = verify_host_keys(run, AT)
        assert (found.check.verdict.value == "failed") == (found.cause is not None)
    bundle = read_objects(raw, "x")
    things = read_objects(SOUND["pem"], "y")
    judge(Collection((*bundle.certificates, *things.certificates), (*bundle.crls, *things.crls)), AT)


@pytest.mark.parametrize("position", range(0, len(SOUND["host"]), 23))
def test_a_document_with_any_bit_flipped_is_never_accepted(position: int) -> None:
    raw = bytearray(SOUND["host"])
    raw[position] ^= 1
    sound = E.run()
    run = TrustRun((InputFile("x", bytes(raw)),), sound.certificates, sound.anchors, sound.crls)
    assert not verify_host_keys(run, AT).accepted
