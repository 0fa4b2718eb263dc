"""Any bytes in any file that the commands for host keys and attestation read: a status, a message, no traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .command_line import USAGE, command
from .surgery import DATA, PKI

if TYPE_CHECKING:
    from pathlib import Path

ATTESTATION = DATA / "attestation"
VERIFY = "attest verify -i RESPONSE --hdr HEADER -a ARPK"
CHECK = "attest check -i RESPONSE -o OUT --overwrite --hdr HEADER -a ARPK"
CHAIN = "-C SIGN,INTER --crl ROOTLIST,INTERLIST,HOSTLIST --root-ca ROOT --offline"
# Each command with the file that is sound in the place of FILE, to be spoiled.
READING = {
    f"hostkey verify -v -k FILE {CHAIN}": "pki/host1.crt",
    "hostkey verify -k HOST -C FILE,INTER --offline": "pki/sign.crt",
    f"hostkey verify --json -k HOST {CHAIN} --crl FILE": "pki/host.der.crl",
    "hostkey verify -k HOST -C SIGN,INTER --root-ca FILE --offline": "pki/root.crt",
    "hostkey show -v FILE": "pki/host1.der.crt",
    "hostkey show --json FILE": "pki/host.der.crl",
    "hostkey crls SIGN HOST FILE": "pki/inter.crt",
    "attest verify -i FILE --hdr HEADER -a ARPK": "attestation/store.user.good.resp",
    "attest verify --json -i RESPONSE --hdr FILE -a ARPK": "attestation/se.hdr",
    "attest verify -i RESPONSE --hdr HEADER -a FILE": "attestation/store.arpk",
    f"{VERIFY} -k FILE": "pki/host1.crt",
    f"{VERIFY} --record FILE": "attestation.json",
    f"{VERIFY} --other-hdr FILE": "attestation/other.hdr",
    f"{VERIFY} --other-request FILE --other-arpk ARPK": "attestation/all.req",
    f"{CHECK} -u FILE": "attestation/store.arpk",
    f"{CHECK} --secret FILE --secret-store-locked true": "attestation/store.req",
    "attest create -k FILE --no-verify -o OUT --overwrite -a HEADER": "pki/host1.crt",
    "attest perform FILE OUT --overwrite": "attestation/store.req",
    "machine tamper FILE --flip 0 -o OUT --overwrite": "attestation/store.req",
}
FILES = {
    "HOST": PKI / "host1.crt",
    "SIGN": PKI / "sign.crt",
    "INTER": PKI / "inter.crt",
    "ROOT": PKI / "root.crt",
    "ROOTLIST": PKI / "root.crl",
    "INTERLIST": PKI / "inter.crl",
    "HOSTLIST": PKI / "host.crl",
    "RESPONSE": ATTESTATION / "store.user.good.resp",
    "HEADER": ATTESTATION / "se.hdr",
    "ARPK": ATTESTATION / "store.arpk",
}
# What people have at hand and give in the wrong place.
STRANGERS = [
    *(PKI / "host1.key", PKI / "host1.crt", PKI / "host.crl", PKI / "bundle_sign_inter_crls.crt"),
    *(ATTESTATION / "store.req", ATTESTATION / "se.hdr", ATTESTATION / "store.arpk", DATA / "attestation.json"),
]


def words(template: str, folder: Path) -> list[str]:
    """A command line from its template."""
    names = {name: str(path) for name, path in FILES.items()}
    names |= {"FILE": str(folder / "hostile"), "OUT": str(folder / "out")}
    return [",".join(names.get(part, part) for part in word.split(",")) for word in template.split()]


def spoiled(sound: bytes) -> st.SearchStrategy[bytes]:
    """The sound file with some bytes replaced, and cut off or not."""
    edits = st.lists(st.tuples(st.integers(0, len(sound) - 1), st.integers(0, 255)), min_size=1, max_size=3)

    def change(places: list[tuple[int, int]], cut: int) -> bytes:
        content = bytearray(sound)
        for at, byte in places:
            content[at] = byte
        return bytes(content[:cut])

    return st.builds(change, edits, st.one_of(st.just(len(sound)), st.integers(0, len(sound))))


@pytest.mark.parametrize("template", READING)
@settings(max_examples=12)
@given(data=st.data())
def test_a_command_copes_with_a_spoiled_file(scratch: Path, template: str, data: st.DataObject) -> None:
    content = data.draw(st.one_of(spoiled((DATA / READING[template]).read_bytes()), st.binary(max_size=100)))
    (scratch / "hostile").write_bytes(content)
    assert command(words(template, scratch)).status != USAGE


@pytest.mark.parametrize("template", READING)
def test_a_command_copes_with_files_that_belong_elsewhere(scratch: Path, template: str) -> None:
    for stranger in [path.read_bytes() for path in STRANGERS] + [b"", b"\0", b"<html>", b"[" * 5000, b"\xff\xfe\0"]:
        (scratch / "hostile").write_bytes(stranger)
        assert command(words(template, scratch)).status != USAGE


RECORD_LIKE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=40)
@given(value=RECORD_LIKE)
@example(value={"format": 1, "hosts": None})
@example(value={"hosts": [{"phkh": 5}], "created": "no time", "flags": 7})
def test_any_json_in_place_of_a_record_is_refused(scratch: Path, value: object) -> None:
    (scratch / "hostile").write_text(json.dumps(value))
    outcome = command(words(f"{VERIFY} --record FILE", scratch))
    assert outcome.status == 1
    assert "record" in outcome.err
