"""What was done with a simulated machine as commands of this program, ready to copy.

Which command does what: resources/help/simulated-machine.md. A command that cannot be named in full says in capitals
what has to be put there.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seworkbench.simulator.tampering import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import PurePath

    from seworkbench.simulator.attestation_tampering import AttestationAttack
    from seworkbench.simulator.image_tampering import ImageAttack
    from seworkbench.simulator.machine_folder import MachineFolder

REQUEST, RESPONSE, OLD_RESPONSE, USER_DATA = "request.bin", "response.bin", "old-response.bin", "user-data.bin"
_BITS = 8
_VARIABLE = "MACHINE"
_WIDTH = 72
# The program, and the two words that name the command.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done.

    Args:
        said: what it was, in a few words.
        commands: commands that do the same, one after the other.
    """

    said: str
    commands: tuple[tuple[str, ...], ...]


def commands_text(folder: MachineFolder, deeds: Iterable[Deed]) -> str:
    """What was done with a machine, for a POSIX shell: the folder first, then a comment before each deed.

    Args:
        folder: the machine; its folder is named once.
        deeds: what was done with it, in order.
    """
    place = _word(folder.path)
    blocks = [f"{_VARIABLE}={shlex.quote(place)}"]
    blocks += ["\n".join((f"# {deed.said}", *(_line(words, place) for words in deed.commands))) for deed in deeds]
    return "\n\n".join(blocks)


def _line(words: Sequence[str], place: str) -> str:
    """A command; a long one is continued on a line for each option and each file."""
    groups = [" ".join(words[:_NAMED])]
    for before, word in pairwise(words[_NAMED - 1 :]):
        quoted = _quoted(word, place)
        if before.startswith("-") and not word.startswith("-"):
            groups[-1] += f" {quoted}"
        else:
            groups.append(quoted)
    line = " ".join(groups)
    return line if len(line) <= _WIDTH else " \\\n  ".join(groups)


def _quoted(word: str, place: str) -> str:
    if word == place or word.startswith(f"{place}/"):
        rest = word.removeprefix(place)
        return f'"${_VARIABLE}"{shlex.quote(rest) if rest else ""}'
    return shlex.quote(word)


def _machine(command: str, folder: MachineFolder, *more: str) -> tuple[str, ...]:
    return ("seworkbench", "machine", command, _word(folder.path), *more)


def _word(path: PurePath | str) -> str:
    """A path as an argument; one that begins with a dash would be taken for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def created(folder: MachineFolder) -> Deed:
    """The machine was made."""
    about = folder.description
    backup = ("--backup-key",) if about.backup_phkh is not None else ()
    command = _machine("create", folder, "--generation", about.generation.value, *backup)
    return Deed("Make the machine", (command,))


def opened(folder: MachineFolder) -> Deed:
    """The machine was opened."""
    return Deed("See what the machine is", (_machine("show", folder),))


def renewed(folder: MachineFolder, *, new_key: bool, expired: bool) -> Deed:
    """It got a new host key document."""
    options = [option for option, given in (("--new-key", new_key), ("--expired", expired)) if given]
    said = "Give it a new host key" if new_key else "Issue a new host key document"
    return Deed(f"{said}{', one that expired' if expired else ''}", (_machine("renew", folder, *options),))


def revoked(folder: MachineFolder) -> Deed:
    """Its host key document was revoked."""
    return Deed("Revoke its host key document", (_machine("revoke", folder),))


def ended(folder: MachineFolder) -> Deed:
    """Its guest was ended."""
    return Deed("End its guest", (_machine("reset", folder),))


def secret_added(folder: MachineFolder, request: PurePath) -> Deed:
    """A secret was added to its guest."""
    return Deed("Add a secret to its guest", (_machine("secrets", folder, "--add", _word(request)),))


def store_locked(folder: MachineFolder) -> Deed:
    """The secret store of its guest was locked."""
    return Deed("Lock the secret store of its guest", (_machine("secrets", folder, "--lock"),))


def image_built(folder: MachineFolder, image: PurePath) -> Deed:
    """An image was built for it, of inputs that are gone."""
    command = ["seworkbench", "image", "create", "-i", "KERNEL", "-r", "RAMDISK", "-p", "COMMAND-LINE"]
    command += ["-k", _word(folder.document_path)]
    for option, paths in (("-C", folder.certificate_paths), ("--crl", folder.crl_paths)):
        command += [word for path in paths for word in (option, _word(path))]
    command += ["--root-ca", _word(folder.root_path), "--offline"]
    return Deed(
        "Build an image for it; what the demonstration is built of is made up, put your own files there",
        ((*command, "-o", _word(image)),),
    )


def started(
    folder: MachineFolder,
    image: PurePath,
    *,
    attack: ImageAttack | None = None,
    masks: Sequence[tuple[int, int]] = (),
    number: int = 1,
    said: str = "",
) -> Deed:
    """An image was started, as it is or a changed copy.

    Args:
        folder: the machine.
        image: the image as it was built.
        attack: the attack that was made on it first; None for none.
        masks: byte offset and mask of each byte in which bits were flipped then.
        number: tells the changed copies of one image apart.
        said: what came of it, in a few words.
    """
    commands: list[tuple[str, ...]] = []
    source = _word(image)
    if attack is not None:
        target = f"tampered-{number}-{image.name}"
        key = ("--machine", _word(folder.path)) if attack.needs_key else ()
        commands.append(("seworkbench", "machine", "tamper", source, attack.id, *key, "-o", target))
        source = target
    if masks:
        target = f"flipped-{number}-{image.name}"
        flips = [part for offset, mask in masks for bit in _bits(mask) for part in ("--flip", f"0x{offset:x}.{bit}")]
        commands.append(("seworkbench", "machine", "tamper", source, *flips, "-o", target))
        source = target
    commands.append(_machine("start", folder, source))
    changes = f", changed: {attack.title}" if attack else ", changed" if masks else ""
    return Deed(f"Start {image.name}{changes}{f' ({said})' if said else ''}", tuple(commands))


def _bits(mask: int) -> list[int]:
    """Numbers of the bits that are set, 0 the most significant one."""
    return [bit for bit in range(_BITS) if mask & 0x80 >> bit]


def answered(folder: MachineFolder, attack: AttestationAttack | None, *, user_data: bool = False) -> Deed:
    """An attestation request was answered, honestly or falsely.

    Args:
        folder: the machine.
        attack: how the answer is false; None if it is honest.
        user_data: whether there was any.
    """
    data = ("--user-data", USER_DATA) if user_data else ()

    def perform(request: str, response: str) -> tuple[str, ...]:
        words = ("seworkbench", "attest", "perform", "--machine", _word(folder.path))
        return (*words, "--input", request, "--output", response, *data)

    if attack is None:
        return Deed("Let it answer an attestation request", (perform(REQUEST, RESPONSE),))
    tamper = ("seworkbench", "machine", "tamper")
    commands: tuple[tuple[str, ...], ...]
    if attack.target is Target.REQUEST:
        changed = f"tampered-{REQUEST}"
        commands = ((*tamper, REQUEST, attack.id, "-o", changed), perform(changed, RESPONSE))
    elif attack.target is Target.MACHINE:
        commands = ((*tamper, REQUEST, attack.id, "--machine", _word(folder.path), *data, "-o", RESPONSE),)
    elif attack.needs_request:
        commands = ((*tamper, OLD_RESPONSE, attack.id, "--request", REQUEST, "-o", RESPONSE),)
    else:
        commands = (perform(REQUEST, RESPONSE), (*tamper, RESPONSE, attack.id, "-o", f"tampered-{RESPONSE}"))
    return Deed(f"Let it answer an attestation request falsely: {attack.title}", commands)
