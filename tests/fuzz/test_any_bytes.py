"""Any bytes in any file that any command reads: exit status 0 to 3, a message, never a traceback."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seworkbench.formats.image_metadata import METADATA_MAGIC, METADATA_OFFSET
from seworkbench.formats.kernel import ELF_MAGIC, GZIP_MAGIC, KERNEL_MAGIC, KERNEL_MAGIC_OFFSET, PARAMETER_AREA_END
from seworkbench.formats.se_header import HEADER_MAGIC, VERSION_1
from seworkbench.resources import resource

from .command_line import CHECK_FAILED, DONE, NOT_DONE, USAGE, command
from .surgery import DATA, HOST_DOCUMENT, IMAGES, PKI, recorded

if TYPE_CHECKING:
    from pathlib import Path

LOADER_AT = 0x11000
HEADER_AT = 0x14000

few = settings(max_examples=20)
some = settings(max_examples=60)


@dataclass(frozen=True)
class Place:
    """Where the commands work.

    Args:
        folder: the folder; nothing outside is touched.
        hostile: the file whose content is arbitrary.
        good: a good image.
        output: where an image would be built.
        extracted: where components would go.
        loader: a folder with the boot loader, a part of which may be replaced.
    """

    folder: Path
    hostile: Path
    good: Path
    output: Path
    extracted: Path
    loader: Path

    def words(self, template: str) -> list[str]:
        """A command line from its template."""
        names = {
            "FILE": self.hostile,
            "GOOD": self.good,
            "OUT": self.output,
            "DIR": self.extracted,
            "LOADER": self.loader,
            "KERNEL": IMAGES / "kernel",
            "KEY": IMAGES / "hdr.key",
            "HOST": HOST_DOCUMENT,
            "HOSTKEY": PKI / "host1.key",
        }
        words = []
        for word in template.split():
            option, equals, value = word.rpartition("=")
            words.append(f"{option}{equals}{names.get(value, value)}")
        return words


@pytest.fixture(scope="session")
def place(scratch: Path) -> Place:
    folder = scratch / "commands"
    (folder / "extracted").mkdir(parents=True)
    shutil.copytree(resource("boot"), folder / "loader", ignore=shutil.ignore_patterns("*.[chS]", "*.lds"))
    good = folder / "good.img"
    good.write_bytes(recorded("default"))
    return Place(folder, folder / "hostile", good, folder / "out.img", folder / "extracted", folder / "loader")


def build(options: str) -> str:
    return f"image create -k HOST --no-verify -o OUT --overwrite {options}"


READING = [
    "image verify FILE",
    "image verify --json -v --hdr-key KEY FILE",
    "image verify -q --host-private-key HOSTKEY FILE",
    "image info FILE",
    "image info --format text:full FILE",
    "image info --hdr-key KEY --show-secrets FILE",
    "image test -k HOST FILE",
    "image extract --hdr-key KEY --overwrite -d DIR FILE",
    "image extract --overwrite --json -d DIR FILE",
    "image dissect FILE",
    "image dissect -v --hdr-key KEY --show-secrets FILE",
    "image dissect --json FILE",
]
BESIDE = [
    "image verify --hdr-key FILE GOOD",
    "image verify --host-private-key FILE GOOD",
    "image verify --hdr-key KEY -p FILE -i FILE -r FILE GOOD",
    "image info --hdr-key FILE GOOD",
    "image test -k FILE GOOD",
    "image test --key-hashes=FILE GOOD",
    "image extract --overwrite -d DIR --hdr-key FILE GOOD",
    "image dissect --host-private-key FILE GOOD",
    build("-i FILE"),
    build("-i FILE --no-component-check --json"),
    build("-i KERNEL -r FILE -p FILE"),
    build("-i KERNEL -p FILE --no-component-check"),
    build("-i KERNEL --hdr-key FILE"),
    build("-i KERNEL --cck FILE"),
    build("-i KERNEL --image-key FILE"),
    build("-i KERNEL -k FILE"),
    build("-i KERNEL -p FILE -k FILE --image-key FILE"),
]


@st.composite
def layered(draw: st.DrawFn) -> bytes:
    """Bytes with magics in the places where they are looked for, and anything around them."""
    pieces = [
        (0, st.sampled_from([ELF_MAGIC, GZIP_MAGIC, HEADER_MAGIC, METADATA_MAGIC, b"\0\x08\0\x01\x80\x01\x10\0", b""])),
        (METADATA_OFFSET, st.sampled_from([METADATA_MAGIC, b""])),
        (KERNEL_MAGIC_OFFSET, st.sampled_from([KERNEL_MAGIC, b""])),
        (LOADER_AT, st.just(b"")),
        (HEADER_AT, st.sampled_from([HEADER_MAGIC, HEADER_MAGIC + VERSION_1.to_bytes(4, "big"), b""])),
    ]
    size = draw(st.sampled_from([0, 8, 64, 640, 4096, METADATA_OFFSET + 28, PARAMETER_AREA_END, HEADER_AT + 640]))
    content = bytearray(size + draw(st.integers(0, 9)))
    for at, magics in pieces:
        piece = draw(magics) + draw(st.binary(max_size=48))
        room = max(0, len(content) - at)
        content[at : at + room] = (piece + bytes(content[at + len(piece) :]))[:room]
    return bytes(content)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A recorded image with some of its bytes replaced where its structures are."""
    content = bytearray(recorded(draw(st.sampled_from(["default", "unencrypted", "minimal"]))))
    ipib_at = int.from_bytes(content[METADATA_OFFSET + 20 : METADATA_OFFSET + 28], "big")
    for _ in range(draw(st.integers(1, 4))):
        region, length = draw(
            st.sampled_from([(0, 16), (METADATA_OFFSET, 28), (HEADER_AT, 640), (ipib_at, len(content) - ipib_at)])
        )
        at = region + draw(st.integers(0, length - 1))
        piece = draw(st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([bytes(8), b"\xff" * 8])))
        content[at : at + len(piece)] = piece
    cut = draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    return bytes(content[:cut])


anything = st.one_of(st.binary(max_size=200), layered(), spoiled())
short = st.one_of(
    st.binary(max_size=100), st.sampled_from([32, 64]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
)


@pytest.mark.parametrize("template", READING)
@some
@given(content=anything)
@example(content=b"")
def test_a_command_copes_with_any_file_as_its_image(place: Place, template: str, content: bytes) -> None:
    place.hostile.write_bytes(content)
    outcome = command(place.words(template))
    assert outcome.status != USAGE


@pytest.mark.parametrize("template", BESIDE)
@few
@given(content=st.one_of(short, layered()))
@example(content=b"")
@example(content=bytes(32))
@example(content=bytes(range(64)))
@example(content=b"\x1e" * 64)
def test_a_command_copes_with_any_file_beside_its_image(place: Place, template: str, content: bytes) -> None:
    place.hostile.write_bytes(content)
    outcome = command(place.words(template))
    assert outcome.status != USAGE
    if outcome.status == NOT_DONE:
        assert str(place.hostile) in outcome.err or "key" in outcome.err


@pytest.mark.parametrize("name", ["stage3a.bin", "stage3b_reloc.bin"])
@few
@given(content=st.one_of(st.binary(max_size=200), st.binary(min_size=4097, max_size=4200)))
def test_a_build_copes_with_any_boot_loader(place: Place, name: str, content: bytes) -> None:
    path = place.loader / name
    kept = path.read_bytes()
    try:
        path.write_bytes(content)
        built = command(place.words(build("-i KERNEL --hdr-key KEY --x-bootloader-directory LOADER")))
        if built.status == DONE:
            # Whatever the loader was, the image that came out can be looked at.
            for template in READING:
                command([str(place.output) if word == str(place.hostile) else word for word in place.words(template)])
    finally:
        path.write_bytes(kept)


def near(text: bytes, count: int) -> st.SearchStrategy[bytes]:
    """The text with some bytes replaced, and cut off or not."""

    def change(edits: list[tuple[int, int]], cut: int) -> bytes:
        content = bytearray(text)
        for at, byte in edits:
            content[at] = byte
        return bytes(content[:cut])

    edit = st.tuples(st.integers(0, len(text) - 1), st.integers(0, 255))
    return st.builds(
        change, st.lists(edit, min_size=1, max_size=count), st.one_of(st.just(len(text)), st.integers(0, len(text)))
    )


@pytest.mark.parametrize(
    "name", ["host1.crt", "host1.der.crt", "host_rsa.crt", "host_p256.crt", "bundle_two_hosts.crt"]
)
@some
@given(data=st.data())
def test_a_spoiled_host_key_document_is_read_or_refused(place: Place, name: str, data: st.DataObject) -> None:
    place.hostile.write_bytes(data.draw(near((PKI / name).read_bytes(), 3)))
    assert command(place.words("image test -k FILE GOOD")).status in (DONE, NOT_DONE, CHECK_FAILED)


def test_every_byte_of_a_host_key_document_may_be_another(place: Place) -> None:
    """Deterministic beside the random: the structure of a certificate is in single bytes."""
    good = (PKI / "host1.der.crt").read_bytes()
    statuses = set()
    for at in range(0, len(good), 2):
        for byte in (0x00, 0xFF, good[at] ^ 1):
            place.hostile.write_bytes(good[:at] + bytes([byte]) + good[at + 1 :])
            statuses.add(command(place.words("image test -k FILE GOOD")).status)
    # Never CHECK_FAILED: a key with one byte changed is no point on the curve, so no other key comes about.
    assert statuses == {DONE, NOT_DONE}


@pytest.mark.parametrize("name", ["host1.key"])
@some
@given(data=st.data())
def test_a_spoiled_private_key_is_read_or_refused(place: Place, name: str, data: st.DataObject) -> None:
    place.hostile.write_bytes(data.draw(near((PKI / name).read_bytes(), 3)))
    assert command(place.words("image dissect --host-private-key FILE GOOD")).status in (DONE, NOT_DONE)


HASHES = b"".join(b"%064x\n" % number for number in range(15))


@some
@given(content=near(HASHES, 4))
@example(content=HASHES)
@example(content=HASHES.replace(b"\n", b"\r\n"))
@example(content=HASHES + b"\n")
@example(content="\N{ARABIC-INDIC DIGIT ZERO}".encode() * 64 + HASHES)
def test_a_spoiled_key_hash_file_is_read_or_refused(place: Place, content: bytes) -> None:
    place.hostile.write_bytes(content)
    assert command(place.words("image test --key-hashes=FILE GOOD")).status in (NOT_DONE, CHECK_FAILED)


@some
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8"))))
@example(content=b"\x1b]0;title\x07\x1b[2J\xe2\x80\xae")
@example(content=b"\n" * 126)
@example(content=b"\0" * 100)
def test_any_command_line_file_comes_back_or_is_refused(place: Place, content: bytes) -> None:
    """Whatever it holds, the terminal is not steered by it and the bytes are those that went in."""
    place.hostile.write_bytes(content)
    built = command(place.words(build("-i KERNEL --hdr-key KEY -p FILE --no-component-check")))
    assert built.status == DONE
    shown = command(["image", "verify", "--hdr-key", IMAGES / "hdr.key", place.output])
    assert shown.status in (DONE, CHECK_FAILED)  # too long for this kernel is a failed check
    got = command([*place.words("image extract --hdr-key KEY --overwrite -d DIR"), place.output])
    assert got.status == DONE
    assert (place.extracted / "cmdline").read_bytes() in (content, content.removesuffix(b"\0"))


OPTIONS = [
    *("--hdr-key", "--key", "--host-private-key", "--json", "-v", "-q", "-V", "--verbose", "--quiet", "--format"),
    *("--show-secrets", "--print-schema", "--key-hashes", "--key-hashes=", "-k", "--no-verify", "--cert", "--crl"),
    *("--offline", "--root-ca", "--cck", "--image-key", "--save-keys", "-i", "-r", "-p", "-o", "-d", "--overwrite"),
    *("--no-component-check", "--enable-dump", "--disable-dump", "--enable-image-encryption", "--x-pcf", "--x-scf"),
    *("--disable-image-encryption", "--x-psw", "--enable-cck-update", "--enable-cck-extension-secret", "--help"),
    *("--supported-pcf", "--supported-scf", "--x-bootloader-directory", "--version", "--", "-", "--=", "-=", ""),
]
VALUES = ["good.img", "hostile", "kernel", "hdr.key", "host1.crt", "json", "text:full", "json:", "0x", "ff", "1" * 17]


def test_the_names_in_random_command_lines_lead_somewhere(place: Place) -> None:
    with contextlib.chdir(place.folder):
        copied = [DATA / "images/kernel", DATA / "images/hdr.key", HOST_DOCUMENT]
        for source in copied:
            shutil.copy(source, source.name)
    assert command(["image", "verify", "--hdr-key", place.folder / "hdr.key", place.good]).status == DONE


@settings(max_examples=300)
@given(
    words=st.tuples(
        st.sampled_from([[], ["image"], ["image", ""], *(["image", name] for name in ("info", "test", "verify"))])
        | st.sampled_from([["image", name] for name in ("create", "extract", "dissect")]),
        st.lists(
            st.one_of(
                st.sampled_from(OPTIONS),
                st.sampled_from(VALUES),
                st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=8),
            ),
            max_size=9,
        ),
    ).map(lambda pair: [*pair[0], *pair[1]])
)
@example(words=["image", "info", "--format", "\udcff", "good.img"])
@example(words=["image", "verify", "\udcff\udc80"])
@example(words=["image", "verify", "x" * 300])
@example(words=["image", "extract", "good.img", "--hdr-key", "hdr.key", "-d", "x" * 300])
def test_any_command_line_ends_in_an_orderly_way(place: Place, words: list[str]) -> None:
    """In a folder of its own: some of these create files."""
    words = [word for word in words if not word.startswith("..")]
    with contextlib.chdir(place.folder):
        outcome = command(words)
    if "--help" in words and outcome.status == DONE and "image" in words[:1]:
        assert outcome.out
