"""Recipes: what an image is made of and how it is protected (resources/help/recipe.md#recipe).

A recipe is JSON, to be kept, reviewed and built again. Paths are written relative to the recipe where they lie in its
folder or below, so a folder can be moved or checked in as a whole. Keys are named by their files; no secret is ever in
a recipe.

A host key document that is in no file of its own stands in the recipe itself. Only then a recipe is of version 2, so
that older programs can read all others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seworkbench.errors import FormatError
from seworkbench.files import AtomicFile, read_whole
from seworkbench.formats.flags import DEFAULT_PCF, PCF, SCF, FlagWord
from seworkbench.formats.se_header import MAX_KEY_SLOTS
from seworkbench.image.key_files import KEY_FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = 2
_WITHOUT_CERTIFICATES = 1
# The member that makes a JSON file a recipe, so that dropped files are told apart.
MARK = "seworkbench_recipe"
_SIZE_LIMIT = 1 << 20
_TEXT_LIMIT = 64 << 10
# Host key documents are below 4 KiB.
_CERTIFICATE_LIMIT = 64 << 10
_PEM = ("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n")
_REMEDY = "Save the recipe again with this program, or mend it by hand."


@dataclass(frozen=True, slots=True)
class Host:
    """A machine that shall be able to start the image.

    Args:
        document: its host key document; None if that stands here itself.
        reason: why the document is used although its chain of trust was not verified.
        certificate: the document itself, in PEM, if it is in no file; empty otherwise.
    """

    document: Path | None
    reason: str = ""
    certificate: str = ""


@dataclass(frozen=True)
class Recipe:
    """One plain description of an image to be; what is not decided yet is None.

    Args:
        kernel: raw s390x kernel.
        ramdisk: initial ramdisk.
        command_line: file with the kernel command line.
        command_line_text: the command line itself, if it is not in a file.
        hosts: the machines, in slot order.
        pcf: plaintext control flags.
        scf: secret control flags.
        keys: key files by name (KEY_FILES); keys without a file are generated.
        save_keys: folder that receives the generated keys.
        output: the image.
    """

    kernel: Path | None = None
    ramdisk: Path | None = None
    command_line: Path | None = None
    command_line_text: str | None = None
    hosts: tuple[Host, ...] = ()
    pcf: int = DEFAULT_PCF
    scf: int = 0
    keys: dict[str, Path] = field(default_factory=dict)
    save_keys: Path | None = None
    output: Path | None = None


def looks_like_recipe(head: bytes) -> bool:
    """Whether a file that begins like this is meant as a recipe."""
    return head.lstrip().startswith(b"{") and MARK.encode() in head


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe; one of that name is replaced.

    Raises:
        SeError: if it cannot be written.
    """
    text = json.dumps(recipe_to_json(recipe, path.parent), indent=2, ensure_ascii=False)
    with AtomicFile(path, replace=True) as file:
        # Names on a file system need not be valid text; such a byte is kept as an escape.
        file.write_at(0, (text + "\n").encode("utf-8", "backslashreplace"))


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        SeError: if it cannot be read or is no recipe.
    """
    try:
        return parse_recipe(read_whole(path, _SIZE_LIMIT), path.parent)
    except FormatError as error:
        raise error.located(str(path)) from None


def parse_recipe(raw: bytes, folder: Path) -> Recipe:
    """Read a recipe from its text; relative paths start at `folder`.

    Raises:
        FormatError: if it is not well-formed.
    """
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise FormatError("The recipe is not JSON text.", remedy=_REMEDY) from None
    return _Reader(folder).recipe(content)


def recipe_to_json(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """The recipe as a plain structure, with paths relative to `folder` where possible."""

    def name(path: Path | None) -> str | None:
        if path is None:
            return None
        try:
            return str(path.absolute().relative_to(folder.absolute()))
        except ValueError:
            return str(path.absolute())

    line: dict[str, Any] | None = None
    if recipe.command_line_text is not None:
        line = {"text": recipe.command_line_text}
    elif recipe.command_line is not None:
        line = {"file": name(recipe.command_line)}

    def host_entry(host: Host) -> dict[str, Any]:
        what = {"certificate": host.certificate} if host.certificate else {"document": name(host.document)}
        return {**what, "reason_for_using_it_unverified": host.reason}

    return {
        MARK: VERSION if any(host.certificate for host in recipe.hosts) else _WITHOUT_CERTIFICATES,
        "kernel": name(recipe.kernel),
        "ramdisk": name(recipe.ramdisk),
        "command_line": line,
        "host_keys": [host_entry(host) for host in recipe.hosts],
        "plain_flags": _flag_names(PCF, recipe.pcf),
        "secret_flags": _flag_names(SCF, recipe.scf),
        "keys": {key: name(recipe.keys.get(key)) for key in KEY_FILES},
        "save_generated_keys_to": name(recipe.save_keys),
        "output": name(recipe.output),
    }


def _flag_names(word: FlagWord, value: int) -> list[str]:
    names = [flag.name for flag in word.set_in(value)]
    # A bit without a name is written as its mask, so nothing gets lost.
    if unknown := word.unknown_in(value):
        names.append(f"0x{unknown:016x}")
    return names


class _Reader:
    """Takes a recipe apart and complains about whatever is not as it should be.

    Args:
        folder: where relative paths start.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._certificates = False

    def recipe(self, content: Any) -> Recipe:
        members = _mapping(content, "The recipe")
        if MARK not in members:
            raise FormatError(f"Not a recipe: the member “{MARK}” is missing.", remedy="Choose another file.")
        version = members.pop(MARK)
        if version not in (_WITHOUT_CERTIFICATES, VERSION) or type(version) is not int:
            raise FormatError(
                f"The recipe has version {version!r:.40}; this program reads versions 1 to {VERSION}.",
                remedy="Use a version of this program that knows it.",
            )
        self._certificates = version >= VERSION
        line_file, line_text = self._command_line(members.pop("command_line", None))
        read = Recipe(
            kernel=self._path(members.pop("kernel", None), "kernel"),
            ramdisk=self._path(members.pop("ramdisk", None), "ramdisk"),
            command_line=line_file,
            command_line_text=line_text,
            hosts=self._hosts(members.pop("host_keys", [])),
            pcf=_flag_word(PCF, members.pop("plain_flags", _flag_names(PCF, DEFAULT_PCF)), "plain_flags"),
            scf=_flag_word(SCF, members.pop("secret_flags", []), "secret_flags"),
            keys=self._keys(members.pop("keys", {})),
            save_keys=self._path(members.pop("save_generated_keys_to", None), "save_generated_keys_to"),
            output=self._path(members.pop("output", None), "output"),
        )
        # A misspelt member would otherwise change the image in silence.
        _nothing_left(members, "The recipe")
        return read

    def _path(self, value: Any, member: str) -> Path | None:
        if value is None:
            return None
        text = _text(value, member)
        if not text or "\0" in text:
            raise FormatError(f"“{member}” is not a usable path.", remedy=_REMEDY)
        return self._folder / text

    def _command_line(self, value: Any) -> tuple[Path | None, str | None]:
        if value is None:
            return None, None
        members = _mapping(value, "“command_line”")
        if set(members) == {"file"}:
            return self._path(members["file"], "command_line.file"), None
        if set(members) == {"text"}:
            text = _text(members["text"], "command_line.text")
            if len(text) > _TEXT_LIMIT or "\0" in text:
                raise FormatError("“command_line.text” is too long, or has a NUL inside.", remedy=_REMEDY)
            return None, text
        raise FormatError("“command_line” needs either “file” or “text”.", remedy=_REMEDY)

    def _hosts(self, value: Any) -> tuple[Host, ...]:
        if not isinstance(value, list) or len(value) > MAX_KEY_SLOTS:
            raise FormatError(f"“host_keys” is not a list of at most {MAX_KEY_SLOTS}.", remedy=_REMEDY)
        return tuple(self._host(entry) for entry in value)

    def _host(self, value: Any) -> Host:
        members = _mapping(value, "An entry of “host_keys”")
        document = self._path(members.pop("document", None), "document")
        certificate = _certificate(members.pop("certificate", "")) if self._certificates else ""
        reason = _text(members.pop("reason_for_using_it_unverified", ""), "reason_for_using_it_unverified")
        _nothing_left(members, "An entry of “host_keys”")
        if document is None and not certificate:
            raise FormatError("An entry of “host_keys” names no document.", remedy=_REMEDY)
        if document is not None and certificate:
            raise FormatError("An entry of “host_keys” needs either “document” or “certificate”.", remedy=_REMEDY)
        return Host(document, reason, certificate)

    def _keys(self, value: Any) -> dict[str, Path]:
        members = _mapping(value, "“keys”")
        found = {}
        for name in KEY_FILES:
            path = self._path(members.pop(name, None), f"keys.{name}")
            if path is not None:
                found[name] = path
        _nothing_left(members, "“keys”")
        return found


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"{what} is not a JSON object.", remedy=_REMEDY)
    return dict(value)


def _text(value: Any, member: str) -> str:
    # A lone surrogate is JSON but no text: it could be neither shown nor written.
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise FormatError(f"“{member}” is not text.", remedy=_REMEDY)
    return value


def _certificate(value: Any) -> str:
    """PEM as it looks from outside; what is in it, the reader of the document judges."""
    text = _text(value, "certificate")
    if text and not (
        text.isascii() and len(text) <= _CERTIFICATE_LIMIT and text.startswith(_PEM[0]) and text.endswith(_PEM[1])
    ):
        raise FormatError("“certificate” is not a certificate in PEM.", remedy=_REMEDY)
    return text


def _nothing_left(members: dict[str, Any], what: str) -> None:
    if members:
        raise FormatError(f"{what} has a member that is not known: {next(iter(members))!r:.60}.", remedy=_REMEDY)


def _flag_word(word: FlagWord, value: Any, member: str) -> int:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise FormatError(f"“{member}” is not a list of flag names.", remedy=_REMEDY)
    known = {flag.name: flag.mask for flag in word.flags}
    result = 0
    for name in value:
        result |= known[name] if name in known else _mask(name, word, member)
    return result


def _mask(name: str, word: FlagWord, member: str) -> int:
    parse: Callable[[str, int], int] = int
    try:
        mask = parse(name, 16) if name.startswith("0x") and len(name) <= len("0x") + 16 else 0
    except ValueError:
        mask = 0
    if mask <= 0 or mask & word.mask:
        names = ", ".join(f"“{flag.name}”" for flag in word.flags)
        raise FormatError(f"“{member}” has a flag that is not known: {name!r:.60}.", remedy=f"Known are: {names}.")
    return mask
