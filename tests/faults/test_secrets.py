"""Planted keys: after every command, done or failed, they are nowhere but where somebody asked for them."""

from __future__ import annotations

import base64
import dataclasses
import io
import itertools
import random
import shutil
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.cli.main import run
from seworkbench.crypto.header_seal import open_header, open_sealed, seal
from seworkbench.crypto.key_slots import key_encrypting_key, unwrap
from seworkbench.crypto.pages import PageCipher
from seworkbench.crypto.points import public_key
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.errors import SeError
from seworkbench.files import save_secret
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import SecretPartV1, dissect_header
from seworkbench.image.access import HeaderKey, HostPrivateKey, unlock
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.dissection import dissect_file
from seworkbench.image.extract import extract_image
from seworkbench.image.header_checks import SupportedFlags
from seworkbench.image.image_file import open_image
from seworkbench.image.info import header_record, info_text
from seworkbench.image.keys import ImageKeys
from seworkbench.image.verify import examine, verify_image
from seworkbench.secret import Secret
from seworkbench.trust.host_key_document import read_host_key_document

from .support import DATA, DONE, HOST_DOCUMENT, NOT_DONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .support import Yard

HOST_KEY = DATA / "pki/host1.key"
# A piece of a key of this many bytes is as good as a leak of the key.
PIECE = 8


def planted(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - repeatable keys, for tests only


KEYS = {"header": planted(1, 32), "image": planted(2, 64), "cck": planted(3, 32)}
HOST_SCALAR = host_private_key(HOST_KEY.read_bytes()).private_numbers().private_value.to_bytes(66, "big")


class Searcher:
    """Finds keys, or pieces of them, in raw bytes and the encodings that texts use.

    Args:
        keys: the keys, by name.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._forms: dict[bytes, str] = {}
        for name, key in keys.items():
            pieces = [key[at : at + PIECE] for at in range(0, len(key) - PIECE + 1, PIECE)]
            for piece in pieces:
                for form, text in forms(piece):
                    self._forms.setdefault(text, f"{name} key, {form}")
            # Base64 spreads bytes over characters: a run of a key looks one of three ways.
            for form, text in base64_runs(key):
                self._forms.setdefault(text, f"{name} key, {form}")

    def hits(self, content: bytes | str) -> set[str]:
        """Which keys show, and how."""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        return {found for text, found in self._forms.items() if text in raw}


def forms(piece: bytes) -> Iterator[tuple[str, bytes]]:
    yield "raw", piece
    yield "hexadecimal", piece.hex().encode()
    yield "upper-case hexadecimal", piece.hex().upper().encode()
    yield "spaced hexadecimal", piece.hex(" ").encode()
    yield "hexadecimal with colons", piece.hex(":").encode()
    yield "Python literal", repr(piece)[2:-1].encode()
    yield "list of numbers", ", ".join(map(str, piece)).encode()
    yield "number", str(int.from_bytes(piece, "big")).encode()


def base64_runs(key: bytes) -> Iterator[tuple[str, bytes]]:
    for shift, code in itertools.product(range(3), (base64.b64encode, base64.urlsafe_b64encode)):
        whole = code(bytes(shift) + key)
        # Without the characters that bytes before or behind have a part in.
        run = whole[-(-shift * 8 // 6) : -4]
        for at in range(0, len(run) - 12 + 1, 12):
            yield "base64", run[at : at + 12]
    yield "base32", base64.b32encode(key)[:16]


SEARCHER = Searcher({**KEYS, "host": HOST_SCALAR})


def test_the_search_finds_each_key_in_each_form() -> None:
    """Or the tests below would pass for the wrong reason."""
    for name, key in {**KEYS, "host": HOST_SCALAR}.items():
        for text in (
            key,
            b"..." + key + b"...",
            key.hex(),
            key.hex().upper(),
            key.hex(" "),
            repr(key),
            repr(list(key)),
            base64.b64encode(key),
            base64.b64encode(b"x" + key + b"y"),
            base64.b64encode(b"xx" + key + b"yy"),
            base64.urlsafe_b64encode(key),
            key[8:16].hex(),
        ):
            found = SEARCHER.hits(text)
            assert found, (name, text)
            assert all(name in hit for hit in found)
    assert SEARCHER.hits(bytes(64)) == set()
    assert SEARCHER.hits(repr(Secret(KEYS["header"]))) == set()


# --- The command line --------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Planted:
    """A folder with key files and images made with them.

    Args:
        folder: the folder.
        work: where commands may write; searched after each of them.
    """

    folder: Path
    work: Path

    def file(self, name: str) -> Path:
        return self.folder / name

    def words(self, line: str) -> list[str]:
        """A command line, its capitals replaced by paths."""
        names = {
            "IMAGE": "good.img",
            "CLEAR": "clear.img",
            "BROKEN": "broken.img",
            "SPOILED": "spoiled.img",
            "HDR": "hdr.key",
            "KEY64": "image.key",
            "CCK": "cck.key",
            "EQUAL": "equal.key",
            "KERNEL": "kernel",
            "RAMDISK": "ramdisk",
            "LINE": "line",
        }
        paths = {name: self.file(file) for name, file in names.items()}
        paths |= {"HOST": HOST_DOCUMENT, "HOSTKEY": HOST_KEY, "OUT": self.work / "out", "DIR": self.work / "dir"}
        words = []
        for word in line.split():
            option, equals, value = word.rpartition("=")
            words.append(f"{option}{equals}{paths.get(value, value)}")
        return words


@pytest.fixture
def place(yard: Yard) -> Planted:
    """Good images, one that is not encrypted, one with a broken header, one with a spoiled component."""
    folder = yard.folder / "planted"
    folder.mkdir()
    for name, key in (("hdr", KEYS["header"]), ("image", KEYS["image"]), ("cck", KEYS["cck"])):
        (folder / f"{name}.key").write_bytes(key)
    (folder / "equal.key").write_bytes(KEYS["header"] * 2)
    shutil.copy(yard.kernel(), folder / "kernel")
    (folder / "ramdisk").write_bytes(b"070701" + bytes(9000))
    (folder / "line").write_bytes(b"root=/dev/vda")
    found = Planted(folder, yard.target)
    given = "--hdr-key HDR --cck CCK -r RAMDISK -p LINE"
    for output, options in (("good", "--image-key KEY64"), ("clear", "--disable-image-encryption")):
        line = f"image create -i KERNEL -k HOST --no-verify -o OUT {given} {options}"
        assert command(found.words(line))[0] == DONE
        (yard.target / "out").rename(folder / f"{output}.img")
    good = (folder / "good.img").read_bytes()
    for name, at in (("broken", 0x14000 + 0x1C0), ("spoiled", 0x16000)):
        (folder / f"{name}.img").write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    return found


def command(words: Sequence[str]) -> tuple[int, bytes]:
    """Exit status, and everything that was written to standard output and error."""
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, "utf-8", write_through=True)
    with redirect_stdout(stream), redirect_stderr(stream):
        status = run(list(words))
        stream.flush()
    return status, out.getvalue()


BUILD = "image create -i KERNEL -k HOST --no-verify -o OUT"
GIVEN = "--hdr-key HDR --image-key KEY64 --cck CCK"
COMMANDS = [
    f"{BUILD} {GIVEN}",
    f"{BUILD} {GIVEN} -v",
    f"{BUILD} {GIVEN} -vvv --json -r RAMDISK -p LINE --enable-dump",
    f"{BUILD} {GIVEN} --json --x-pcf ff --x-scf ff --x-psw 1234",
    f"{BUILD} --hdr-key HDR --cck CCK --disable-image-encryption --json -v",
    "image verify IMAGE",
    "image verify -v --json IMAGE",
    "image verify -v --hdr-key HDR IMAGE",
    "image verify -v --json --hdr-key HDR IMAGE",
    "image verify -v --json --host-private-key HOSTKEY IMAGE",
    "image verify -v --json --hdr-key HDR -i KERNEL -r RAMDISK -p LINE IMAGE",
    "image verify -v --hdr-key HDR --supported-pcf 0 --supported-scf 0 IMAGE",
    "image verify -v --json --hdr-key HDR CLEAR",
    "image verify -v --json --hdr-key HDR BROKEN",
    "image verify -v --json --host-private-key HOSTKEY BROKEN",
    "image verify -v --json --hdr-key HDR SPOILED",
    "image info IMAGE",
    "image info -v --format json --hdr-key HDR IMAGE",
    "image info -v --format text:full --hdr-key HDR IMAGE",
    "image info --hdr-key HDR BROKEN",
    "image test -v -k HOST IMAGE",
    "image extract --hdr-key HDR -d DIR IMAGE",
    "image extract -v --json --host-private-key HOSTKEY -d DIR IMAGE",
    "image extract -v --json --hdr-key HDR -d DIR BROKEN",
    "image extract -v --json --hdr-key HDR -d DIR SPOILED",
    "image dissect -v IMAGE",
    "image dissect -v --hdr-key HDR IMAGE",
    "image dissect --json --hdr-key HDR IMAGE",
    "image dissect --json --host-private-key HOSTKEY IMAGE",
    "image dissect --json --hdr-key HDR BROKEN",
]
# Key files in places where they do not belong: what is wrong is said without quoting them.
MISTAKEN = [
    f"{BUILD} --hdr-key KEY64",
    f"{BUILD} --image-key HDR",
    f"{BUILD} --cck KEY64 -v",
    f"{BUILD} --image-key EQUAL -v",
    "image create -i HDR -k HOST --no-verify -o OUT",
    "image create -i KERNEL -k HDR --no-verify -o OUT",
    f"{BUILD} --x-bootloader-directory HDR",
    f"{BUILD} -i KERNEL --hdr-key HDR",
    f"{BUILD} {GIVEN} --image-key KEY64",
    f"{BUILD} {GIVEN} --disable-image-encryption",
    f"{BUILD} {GIVEN} -p KERNEL",
    "image verify HDR",
    "image verify -v --hdr-key KEY64 IMAGE",
    "image verify -v --hdr-key CCK IMAGE",
    "image verify -v --host-private-key HDR IMAGE",
    "image verify -v --hdr-key HOSTKEY IMAGE",
    "image verify --hdr-key HDR --host-private-key HOSTKEY IMAGE",
    "image info HOSTKEY",
    "image info --hdr-key KEY64 IMAGE",
    "image info --hdr-key CCK IMAGE",
    "image info --show-secrets IMAGE",
    "image test --key-hashes=HDR IMAGE",
    "image test --key-hashes=HOSTKEY IMAGE",
    "image test -k HOSTKEY IMAGE",
    "image extract --hdr-key CCK -d DIR IMAGE",
    "image extract --hdr-key HDR -d KERNEL IMAGE",
    "image dissect CCK",
    "image dissect --json --hdr-key CCK IMAGE",
    "image dissect --hdr-key KEY64 IMAGE",
]


def require_clean(place: Planted, said: bytes) -> None:
    assert SEARCHER.hits(said) == set()
    for path in place.work.rglob("*"):
        assert not path.is_file() or SEARCHER.hits(path.read_bytes()) == set(), path


@pytest.mark.parametrize("line", COMMANDS)
def test_no_key_shows_in_what_a_command_says_or_writes(place: Planted, line: str) -> None:
    status, said = command(place.words(line))
    assert said
    refused = any(name in line for name in ("BROKEN", "SPOILED", "--supported"))
    assert (status == DONE) != refused
    require_clean(place, said)


@pytest.mark.parametrize("line", MISTAKEN)
def test_no_key_shows_when_it_was_given_for_something_else(place: Planted, line: str) -> None:
    status, said = command(place.words(line))
    assert status != DONE
    assert said
    require_clean(place, said)


@pytest.mark.parametrize("form", ["json", "text:full"])
def test_info_shows_the_keys_when_asked_to(place: Planted, form: str) -> None:
    line = f"image info --hdr-key HDR --show-secrets --format {form} IMAGE"
    status, said = command(place.words(line))
    assert status == DONE
    assert {hit.split(" key, ")[0] for hit in SEARCHER.hits(said)} == {"image", "cck"}


@pytest.mark.parametrize("form", ["", "--json"])
def test_dissect_shows_the_keys_when_asked_to(place: Planted, form: str) -> None:
    status, said = command(place.words(f"image dissect --hdr-key HDR --show-secrets {form} IMAGE"))
    assert status == DONE
    assert {hit.split(" key, ")[0] for hit in SEARCHER.hits(said)} == {"image", "cck"}


def test_generated_keys_are_in_their_files_and_nowhere_else(place: Planted) -> None:
    status, said = command([*place.words(f"{BUILD} -v --json --save-keys"), str(place.folder / "saved")])
    assert status == DONE
    saved = {path.suffix[1:]: path.read_bytes() for path in (place.folder / "saved").iterdir()}
    assert {name: len(key) for name, key in saved.items()} == {"hdr-key": 32, "image-key": 64, "cck": 32}
    search = Searcher(saved)
    assert search.hits(said) == set()
    for path in place.work.rglob("*"):
        assert search.hits(path.read_bytes()) == set()
    # They are those of the image.
    key = place.folder / "saved/out.hdr-key"
    status, shown = command(["image", "info", "--hdr-key", str(key), "--show-secrets", str(place.work / "out")])
    assert status == DONE
    assert {hit.split(" key, ")[0] for hit in search.hits(shown)} == {"image-key", "cck"}


def test_given_keys_are_not_saved_again(place: Planted) -> None:
    saved = place.work / "saved"
    status, said = command([*place.words(f"{BUILD} {GIVEN} --save-keys"), str(saved)])
    assert status == DONE
    assert not saved.exists()
    require_clean(place, said)


@pytest.mark.parametrize("named", [False, True], indirect=True)
def test_no_key_is_left_in_any_file_when_saving_keys_fails(
    place: Planted, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One key was written, then the disk is full: what was written goes, unfinished files too."""
    import os  # noqa: PLC0415

    from seworkbench.image import build  # noqa: PLC0415

    if named:
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    written = []
    save = save_secret

    def failing(path: Path, key: Secret) -> None:
        written.append(key.reveal())
        if len(written) == 3:
            raise SeError("The disk is full.", where=str(path))
        save(path, key)

    monkeypatch.setattr(build, "save_secret", failing)
    status, said = command([*place.words(f"{BUILD} -v --save-keys"), str(place.work / "saved")])
    assert status == NOT_DONE
    assert len(written) == 3
    search = Searcher({str(number): key for number, key in enumerate(written)})
    assert search.hits(said) == set()
    for path in place.work.rglob("*"):
        assert not path.is_file() or search.hits(path.read_bytes()) == set()
    assert not (place.work / "out").exists()


# --- Objects and errors ------------------------------------------------------------------


def reachable(start: object) -> Iterator[object]:
    """Everything that can be reached from an object, except the inside of Secret and of modules and classes."""
    seen: set[int] = set()
    waiting = [start]
    kept = []
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type) or type(thing).__name__ in ("module", "function", "frame"):
            continue
        seen.add(id(thing))
        kept.append(thing)  # keeps the number from being used again
        yield thing
        if isinstance(thing, Secret):
            continue
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += thing
        elif isinstance(thing, BaseException):
            waiting += [*thing.args, thing.__cause__, thing.__context__, *getattr(thing, "__notes__", ()), vars(thing)]
        else:
            waiting += [getattr(thing, "__dict__", None)]
            names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(thing, name, None) for name in names if not name.startswith("__")]


def require_no_secrets(thing: object, search: Searcher = SEARCHER) -> int:
    """No key in any text form of, or bytes in, what can be reached; returns the number of things looked at."""
    count = 0
    for part in reachable(thing):
        count += 1
        if isinstance(part, bytes | bytearray | memoryview):
            assert search.hits(bytes(part)) == set(), "bytes outside Secret"
            continue
        for text in {repr(part), str(part), f"{part}"}:
            assert search.hits(text) == set(), type(part)
    return count


@pytest.fixture
def keys() -> ImageKeys:
    return ImageKeys.fresh(header=Secret(KEYS["header"]), image=Secret(KEYS["image"]), cck=Secret(KEYS["cck"]))


ACCESS = HeaderKey(Secret(KEYS["header"]))


def test_the_walk_reaches_bytes_deep_inside() -> None:
    hidden = Path("x"), {"a": [HeaderKey(Secret(b"")), SeError("x", where=KEYS["cck"].hex())]}
    with pytest.raises(AssertionError):
        require_no_secrets(hidden)
    with pytest.raises(AssertionError):
        require_no_secrets(dataclasses.make_dataclass("Holder", ["content"])(bytearray(KEYS["image"])))


def test_no_object_of_a_build_shows_a_key(place: Planted, keys: ImageKeys) -> None:
    recipient = Recipient("host", read_host_key_document(HOST_DOCUMENT).key)
    order = BuildOrder(place.file("kernel"), (recipient,), place.work / "out", hash_inputs=True, hash_image=True)
    built = build_image(order, keys)
    for thing in (keys, recipient, order, built, built.to_json(), built.header, built.plan):
        assert require_no_secrets(thing) > 3


def test_no_object_of_a_verification_shows_a_key(place: Planted) -> None:
    machine = HostPrivateKey(host_private_key(HOST_KEY.read_bytes()))
    for name, access in itertools.product(("good", "clear", "broken", "spoiled"), (None, ACCESS, machine)):
        with open_image(place.file(f"{name}.img")) as image:
            found = verify_image(image, access)
            examined = examine(image, access, SupportedFlags())
            for thing in (access, found, found.to_json(), examined, examined.reader(image), image):
                assert require_no_secrets(thing) > 0
        assert (found.content is None) == (access is None or name == "broken")


def test_no_object_of_an_extraction_or_a_dissection_shows_a_key(place: Planted) -> None:
    for name in ("good", "clear"):
        with open_image(place.file(f"{name}.img")) as image:
            extracted = extract_image(image, ACCESS, place.work / "dir", overwrite=True)
            tree = dissect_file(image, ACCESS)
        for thing in (extracted, extracted.to_json(), tree, tree.to_json()):
            assert require_no_secrets(thing) > 10
        opened = tree.find("SeHeaderV1", "encrypted", "cck")
        assert isinstance(opened.raw, Secret)
        assert SEARCHER.hits(str(tree.to_json(show_secrets=True)))


def test_no_object_of_the_lower_floors_shows_a_key(place: Planted) -> None:
    host = host_private_key(HOST_KEY.read_bytes())
    with open_image(place.file("good.img")) as image:
        header = examine(image, None, SupportedFlags()).header
    customer = host_private_key(HOST_KEY.read_bytes()).public_key()
    content = SecretPartV1(cck=Secret(KEYS["cck"]), xts=Secret(KEYS["image"]), psw=Psw(addr=2))
    for thing in (
        content,
        content.dissect(),
        content.values(),
        open_header(header, ACCESS.key),
        open_sealed(header, ACCESS.key),
        unlock(header, HostPrivateKey(host)),
        unwrap(header.keyslots[0], host, public_key(header.cust_pub_key)),
        key_encrypting_key(host, customer),
        seal(header, content, ACCESS.key),
        dissect_header(header, 0, content),
        header_record(header, verified=True, content=None),
        info_text(header, verified=True, content=None, full=True),
        info_text(header, verified=True, content=content, full=False),
        PageCipher(Secret(KEYS["image"])),
    ):
        require_no_secrets(thing)


@pytest.mark.parametrize("line", [*MISTAKEN, *(line for line in COMMANDS if "BROKEN" in line or "SPOILED" in line)])
def test_no_error_carries_a_key(place: Planted, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in its text, its arguments, what it was caused by, nor the traceback a developer would see."""
    from seworkbench.cli import main  # noqa: PLC0415

    caught: list[SeError] = []
    monkeypatch.setattr(main, "write_error", caught.append)
    status, _ = command(place.words(line))
    assert status != DONE
    for error in caught:
        require_no_secrets(error)
        assert SEARCHER.hits("".join(traceback.format_exception(error))) == set()


def test_a_wrong_image_key_given_to_the_library_is_not_quoted() -> None:
    for size in (0, 31, 63, 65, 128):
        with pytest.raises(SeError) as caught:
            PageCipher(Secret((KEYS["image"] * 2)[:size]))
        require_no_secrets(caught.value)
    with pytest.raises(SeError) as caught:
        PageCipher(Secret(KEYS["header"] * 2))
    require_no_secrets(caught.value)
