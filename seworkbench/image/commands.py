"""The same build as command lines, for pipelines and for whoever wants to see it done by other means.

Both tools take the same options, so one list serves `pvimg create` and `seworkbench image create`; they differ in how
generated keys are kept: ours saves them itself, for pvimg they are made beforehand.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.formats.components import ComponentKind
from seworkbench.formats.flags import (
    ALLOW_DUMPING,
    BACKUP_KEYS,
    CCK_EXTENSION_SECRET,
    CCK_UPDATE,
    DEFAULT_PCF,
    NO_COMPONENT_ENCRYPTION,
    PCKMO,
    PCKMO_HMAC,
)
from seworkbench.image.key_files import KEY_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seworkbench.image.recipe import Recipe

NO_VERIFY = "--no-verify"
NO_VERIFY_WHY = "--no-verify: the chain of trust of the host key documents is not checked."
_WIDTH = 100

_PLAIN = (
    ("dump", ALLOW_DUMPING.mask, False),
    ("pckmo", sum(flag.mask for flag in PCKMO), False),
    ("pckmo-hmac", PCKMO_HMAC.mask, False),
    ("backup-keys", BACKUP_KEYS.mask, False),
    ("image-encryption", NO_COMPONENT_ENCRYPTION.mask, True),
)
_ACCESS = {"header_key": "--hdr-key", "host_private_key": "--host-private-key"}
_COMPARED = {ComponentKind.KERNEL: "-i", ComponentKind.RAMDISK: "-r", ComponentKind.COMMAND_LINE: "-p"}
_PVIMG_LOOKS = "pvimg shows the header and, with its key, proves it; it verifies no digest and extracts nothing."
_SECRET = (("cck-extension-secret", CCK_EXTENSION_SECRET.mask), ("cck-update", CCK_UPDATE.mask))


class Tool(Enum):
    """For which tool; the value is its name."""

    PVIMG = "pvimg"
    SEWORKBENCH = "seworkbench"


@dataclass(frozen=True)
class Command:
    """One command.

    Args:
        words: its arguments, the program first.
        output: file that takes its standard output, if any.
    """

    words: tuple[str, ...]
    output: str = ""

    def text(self) -> str:
        """For a POSIX shell; long commands are continued on further lines."""
        groups = _grouped([shlex.quote(word) for word in self.words])
        if self.output:
            groups.append(f"> {shlex.quote(self.output)}")
        lines = [groups[0]]
        for group in groups[1:]:
            if len(lines[-1]) + 1 + len(group) <= _WIDTH:
                lines[-1] += f" {group}"
            else:
                lines.append(f"  {group}")
        return " \\\n".join(lines)


@dataclass(frozen=True)
class Commands:
    """What to run, one after the other.

    Args:
        commands: the commands.
        notes: what has to be known about them, one sentence each.
    """

    commands: tuple[Command, ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        """All of them, ready for a shell."""
        return "\n".join(command.text() for command in self.commands)


def build_commands(recipe: Recipe, tool: Tool, *, overwrite: bool = False) -> Commands:
    """The commands that build what a recipe describes; what is missing stands as a word in capitals.

    Args:
        recipe: what to build.
        tool: with what.
        overwrite: whether an existing image may be replaced.
    """
    before: list[Command] = []
    name = recipe.output.name if recipe.output else "IMAGE"
    words = ["pvimg", "create"] if tool is Tool.PVIMG else ["seworkbench", "image", "create"]
    words += ["-i", _word(recipe.kernel, "KERNEL")]
    if recipe.ramdisk:
        words += ["-r", _word(recipe.ramdisk)]
    if recipe.command_line_text is not None:
        line = _beside(recipe, f"{name}.cmdline")
        before.append(Command(("printf", "%s", recipe.command_line_text), line))
        words += ["-p", line]
    elif recipe.command_line:
        words += ["-p", _word(recipe.command_line)]
    for number, host in enumerate(recipe.hosts, start=1):
        document = _word(host.document)
        if host.certificate:
            document = _beside(recipe, f"{name}.host-{number}.crt")
            before.append(Command(("printf", "%s", host.certificate), document))
        words += ["-k", document]
    if not recipe.hosts:
        words += ["-k", "HOST-KEY-DOCUMENT"]
    words.append(NO_VERIFY)
    made, options = _key_options(recipe, tool, name)
    words += [*options, *_flag_options(recipe)]
    if overwrite:
        words.append("--overwrite")
    words += ["-o", _word(recipe.output, "IMAGE")]
    return Commands((*before, *made, Command(tuple(words))), tuple(_notes(recipe, tool)))


def review_commands(
    image: Path,
    tool: Tool,
    *,
    access: Mapping[str, str] | None = None,
    inputs: Mapping[ComponentKind, Path] | None = None,
) -> Commands:
    """The commands that look at an image and, as far as the tool can, verify it and take it apart.

    Args:
        image: the image or header.
        tool: with what.
        access: the key that opens it, as `access_from_files` takes it.
        inputs: the files that its components are compared with.
    """
    name = _word(image)
    header_key = (access or {}).get("header_key")
    if tool is Tool.PVIMG:
        key = ("--hdr-key", _word(Path(header_key))) if header_key else ()
        return Commands((Command(("pvimg", "info", "--format", "text", *key, name)),), (_PVIMG_LOOKS,))
    keys = [word for kind, path in (access or {}).items() for word in (_ACCESS[kind], _word(Path(path)))]
    compared = [word for kind, path in (inputs or {}).items() for word in (_COMPARED[kind], _word(path))]
    info = ["--hdr-key", _word(Path(header_key))] if header_key else []
    ours = ("seworkbench", "image")
    commands = [
        Command((*ours, "info", *info, name)),
        Command((*ours, "verify", *keys, *compared, "--report", f"{_word(Path(image.stem))}-report.html", name)),
        Command((*ours, "dissect", name)),
    ]
    if keys:
        commands.append(Command((*ours, "extract", *keys, "-d", f"{_word(Path(image.stem))}-parts", name)))
    return Commands(tuple(commands), ())


def _grouped(words: list[str]) -> list[str]:
    """Words that stay on one line: the program with its subcommands, an option with its value."""
    groups = [words[0]]
    is_option = False
    for word in words[1:]:
        if word.startswith("-"):
            groups.append(word)
        elif is_option or len(groups) == 1:
            groups[-1] += f" {word}"
        else:
            groups.append(word)
        is_option = word.startswith("-")
    return groups


def _word(path: Path | None, missing: str = "") -> str:
    """A path as an argument; one that begins with a dash would be taken for an option."""
    if path is None:
        return missing
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def _beside(recipe: Recipe, name: str) -> str:
    return _word(recipe.output.parent / name) if recipe.output else name


def _key_options(recipe: Recipe, tool: Tool, image: str) -> tuple[list[Command], list[str]]:
    """Commands that make keys, and the options that name them."""
    made: list[Command] = []
    options: list[str] = []
    encrypts = not recipe.pcf & NO_COMPONENT_ENCRYPTION.mask
    folder = recipe.save_keys
    # Both tools take these flags only with a communication key that is named.
    needs_cck = bool(recipe.pcf & ALLOW_DUMPING.mask or recipe.scf & CCK_EXTENSION_SECRET.mask)
    for key, form in KEY_FILES.items():
        if given := recipe.keys.get(key):
            options += [form.option, _word(given)]
        elif folder and (key != "image" or encrypts) and (tool is Tool.PVIMG or (key == "cck" and needs_cck)):
            path = _word(folder / (image + form.suffix))
            made.append(Command(("openssl", "rand", "-out", path, str(form.size))))
            options += [form.option, path]
    if folder and tool is Tool.SEWORKBENCH:
        options += ["--save-keys", _word(folder)]
    if made and folder:
        # Key files are for their owner alone.
        made.insert(0, Command(("umask", "077")))
        if recipe.output is None or folder != recipe.output.parent:
            made.insert(0, Command(("mkdir", "-p", "-m", "700", _word(folder))))
    return made, options


def _flag_options(recipe: Recipe) -> list[str]:
    options = []
    for name, mask, inverted in _PLAIN:
        if recipe.pcf & mask != DEFAULT_PCF & mask:
            options.append(f"--{'enable' if bool(recipe.pcf & mask) != inverted else 'disable'}-{name}")
    options += [f"--enable-{name}" for name, mask in _SECRET if recipe.scf & mask]
    return options


def _notes(recipe: Recipe, tool: Tool) -> list[str]:
    notes = [NO_VERIFY_WHY]
    if any("," in str(host.document) for host in recipe.hosts):
        notes.append("A comma in the name of a host key document separates names: rename that file first.")
    if not recipe.save_keys and tool is Tool.PVIMG and "header" not in recipe.keys:
        notes.append("The header key is made by pvimg and kept nowhere.")
    return notes
