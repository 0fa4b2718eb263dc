"""What a file is: content decides, never the name; what is not known has a reason."""

from __future__ import annotations

import gzip
import lzma
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.recognise import Kind, recognise
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.machine_description import MachineDescription
from seworkbench.simulator.records import write_record

from .simulator.pki import AT

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data" / "interop"
INPUTS = DATA / "images"
PKI = DATA / "pki"
ATTESTATION = DATA / "attestation"


@pytest.fixture(scope="module")
def image() -> bytes:
    """An image that pvimg made."""
    return lzma.decompress((INPUTS / "default.img.xz").read_bytes())


def kind_of(tmp_path: Path, content: bytes) -> Kind:
    """The kind of a file with a name that says nothing."""
    path = tmp_path / "x"
    path.write_bytes(content)
    return recognise(path).kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (INPUTS / "kernel", Kind.KERNEL),
        (INPUTS / "cmdline", Kind.COMMAND_LINE),
        (INPUTS / "cmdline_128", Kind.COMMAND_LINE),
        (INPUTS / "hdr.key", Kind.KEY_32),
        (INPUTS / "image.key", Kind.KEY_64),
        (INPUTS / "short.key", Kind.UNKNOWN),
        (INPUTS / "elf", Kind.UNKNOWN),
        (INPUTS / "empty", Kind.UNKNOWN),
        (PKI / "host1.crt", Kind.HOST_KEY_DOCUMENT),
        (PKI / "host1.der.crt", Kind.HOST_KEY_DOCUMENT),
        (PKI / "host1.key", Kind.PRIVATE_KEY),
        (PKI / "host.crl", Kind.CRL),
        (PKI / "root.crt", Kind.CERTIFICATE),
        (PKI / "host_p256.crt", Kind.CERTIFICATE),
        (PKI / "host_rsa.crt", Kind.CERTIFICATE),
        (PKI / "bundle_two_hosts.crt", Kind.HOST_KEY_DOCUMENT),
        (PKI / "bundle_sign_inter_crls.crt", Kind.CERTIFICATE),
        (PKI / "host.der.crl", Kind.CRL),
        (PKI / "truncated.crt", Kind.UNKNOWN),
        (PKI / "garbage.crt", Kind.UNKNOWN),
        (PKI / "empty.crt", Kind.UNKNOWN),
        (ATTESTATION / "all.req", Kind.ATTESTATION_REQUEST),
        (ATTESTATION / "all.user.good.resp", Kind.ATTESTATION_RESPONSE),
        (ATTESTATION / "all.user.truncated.resp", Kind.UNKNOWN),
        (ATTESTATION / "all.arpk", Kind.KEY_32),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_every_kind_is_recognised(path: Path, kind: Kind) -> None:
    found = recognise(path)
    assert found.kind is kind
    assert found.detail.endswith((".", "…"))
    assert found.size == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("host1.crt", "For host key ee5b238212e602d7…, until 2094-01-01."),
        ("host_p256.crt", "A host key document whose key is EC secp256r1, not P-521, until 2094-01-01."),
        ("inter.crt", "Intermediate certificate: Intermediate CA, until 2094-01-01."),
        ("root.crl", "Root CA CRL: 0 entries, next list due 2094-01-01."),
        ("truncated.crt", "Block 1 cannot be read: its last line is missing: it was cut off."),
        ("host1.key", "A private key."),
    ],
)
def test_certificates_and_lists_are_described(name: str, detail: str) -> None:
    assert recognise(PKI / name).detail.startswith(detail)


def test_what_comes_along_in_a_file_is_counted() -> None:
    assert recognise(PKI / "bundle_sign_inter_crls.crt").detail.endswith("And 1 certificate, 2 revocation lists.")


@pytest.mark.parametrize(
    ("cut", "kind"),
    [
        (lambda image: image, Kind.IMAGE),
        (lambda image: image[0x14000 : 0x14000 + 640], Kind.HEADER),
        (lambda image: image[0x2E000:], Kind.IPIB),
        # An older tool wrote no metadata; the header is where it is.
        (lambda image: image[:0xC000] + bytes(0x1000) + image[0xD000:], Kind.IMAGE),
    ],
    ids=["image", "header", "IPIB", "without metadata"],
)
def test_parts_of_an_image_are_recognised(
    tmp_path: Path, image: bytes, cut: Callable[[bytes], bytes], kind: Kind
) -> None:
    assert kind_of(tmp_path, cut(image)) is kind


@pytest.mark.parametrize(
    "content",
    [b"070701" + bytes(110), gzip.compress(b"x", mtime=0), lzma.compress(b"x"), b"\x28\xb5\x2f\xfd" + bytes(20)],
)
def test_ramdisks_are_recognised_plain_and_compressed(tmp_path: Path, content: bytes) -> None:
    assert kind_of(tmp_path, content) is Kind.RAMDISK


def test_add_secret_requests_are_recognised() -> None:
    assert recognise(DATA / "secrets" / "meta.asr").kind is Kind.ADD_SECRET_REQUEST


def test_the_hashes_of_a_machine_are_recognised(tmp_path: Path) -> None:
    assert kind_of(tmp_path, b"".join(b"a%063x\n" % number for number in range(15))) is Kind.KEY_HASHES


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"".join(b"%064x\n" % number for number in range(15)), Kind.KEY_HASHES), (b"0 quiet", Kind.COMMAND_LINE)],
    ids=["hashes", "command line"],
)
def test_text_that_begins_with_the_digit_0_is_text(tmp_path: Path, content: bytes, kind: Kind) -> None:
    assert kind_of(tmp_path, content) is kind


@pytest.mark.parametrize("length", [32, 64])
def test_text_of_the_length_of_a_key_is_text(tmp_path: Path, length: int) -> None:
    assert kind_of(tmp_path, b"a" * length) is Kind.COMMAND_LINE


def test_what_cannot_be_read_is_unknown_with_the_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path, tmp_path / "gone", tmp_path / "pipe", tmp_path / "loop"):
        found = recognise(path)
        assert found.kind is Kind.UNKNOWN
        assert found.detail


def test_the_name_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kernel.img.crt"
    path.write_bytes((INPUTS / "cmdline").read_bytes())
    assert recognise(path).kind is Kind.COMMAND_LINE


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file to write again and again."""
    return tmp_path_factory.mktemp("recognise") / "x"


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.sampled_from([b"IBMSecEx", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\n", b"\x1f\x8b", b"070701"]).flatmap(
            lambda start: st.binary(max_size=200).map(lambda rest: start + rest)
        ),
    )
)
def test_any_bytes_are_something(scratch: Path, content: bytes) -> None:
    scratch.write_bytes(content)
    found = recognise(scratch)
    assert found.detail
    assert (found.kind is Kind.UNKNOWN) or content


def test_the_folder_of_a_simulated_machine_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "anything.img"
    folder.mkdir()
    about = MachineDescription(Generation.Z17, "0ABCDEF", AT, 0, 0, 0, bytes(32), 1, bytes(32))
    write_record(folder / "machine.json", about.to_json(), 0o644)
    found = recognise(folder)
    assert found.kind is Kind.SIMULATED_MACHINE
    assert found.detail == "A simulated z17, serial number 0ABCDEF."


def test_other_folders_are_told_where_they_belong(tmp_path: Path) -> None:
    found = recognise(tmp_path)
    assert found.kind is Kind.UNKNOWN
    assert "drop the files in it instead" in found.detail
    assert "on the Trust page" in found.detail


@pytest.mark.parametrize("content", [b"", b"[]", b'{"watermark": "mine"}', b"\xff\xfe", None])
def test_a_folder_whose_description_is_none_is_unknown(tmp_path: Path, content: bytes | None) -> None:
    description = tmp_path / "machine.json"
    if content is None:
        description.mkdir()
    else:
        description.write_bytes(content)
    found = recognise(tmp_path)
    assert found.kind is Kind.UNKNOWN
    assert "machine.json" in found.detail
