"""The switches of an image, which of them contradict each other, and what is still missing; free of Qt.

The conflicts are those of `pvimg create` (resources/help/flags.md#conflicts). Unlike on the command line, a key that is
generated and saved counts as a key that somebody has.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
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
from seworkbench.formats.se_header import MAX_HEADER_SIZE, MAX_KEY_SLOTS, header_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seworkbench.ui.pages.build.draft import Draft

_PAGE = 4096
_PARTS = {"kernel": "Kernel", "cmdline": "Command line", "ramdisk": "Ramdisk"}


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing that can be on or off.

    Args:
        name: stable name.
        sentence: what it allows, as a sentence.
        on: what follows when it is on.
        off: what follows when it is off.
        mask: the flags it sets.
        secret: whether these are secret control flags.
        inverted: whether "on" clears the flags.
    """

    name: str
    sentence: str
    on: str
    off: str
    mask: int
    secret: bool = False
    inverted: bool = False

    def is_on(self, pcf: int, scf: int) -> bool:
        """Whether it is on in these flag words."""
        return ((scf if self.secret else pcf) & self.mask == self.mask) != self.inverted

    @property
    def is_default(self) -> bool:
        """Whether it is on by default."""
        return self.is_on(DEFAULT_PCF, 0)


DUMP = Switch(
    "dump",
    "The host may dump this guest's memory",
    "Whoever has the communication key can read a dump.",
    "Nobody can dump the guest's memory.",
    ALLOW_DUMPING.mask,
)
ENCRYPTION = Switch(
    "encryption",
    "Kernel, command line and ramdisk are encrypted",
    "Off, they would only be protected against change.",
    "Everybody can read them; they are only protected against change.",
    NO_COMPONENT_ENCRYPTION.mask,
    inverted=True,
)
PROTECTED_KEYS = Switch(
    "pckmo",
    "The guest may use AES, DES and ECC protected keys",
    "Works inside the guest only.",
    "Guest software that makes protected keys from clear ones will not work.",
    sum(flag.mask for flag in PCKMO),
)
HMAC_KEYS = Switch(
    "pckmo-hmac",
    "The guest may use HMAC protected keys",
    "Machines that do not know it refuse the image.",
    "Only newer machines know this function.",
    PCKMO_HMAC.mask,
)
BACKUP = Switch(
    "backup-keys",
    "A backup host key may open this image",
    "Two keys of a machine can open it; both documents need checking.",
    "Only a machine's own host key opens it.",
    BACKUP_KEYS.mask,
)
EXTENSION_SECRET = Switch(
    "extension-secret",
    "Added secrets must carry my extension secret",
    "Only holders of the communication key can add secrets.",
    "Whoever adds a secret first decides who may add more.",
    CCK_EXTENSION_SECRET.mask,
    secret=True,
)
UPDATE = Switch(
    "cck-update",
    "The communication key may be replaced later",
    "By an add-secret request. Needs z17 or later.",
    "It stays the one chosen here.",
    CCK_UPDATE.mask,
    secret=True,
)
SWITCHES = (DUMP, ENCRYPTION, PROTECTED_KEYS, HMAC_KEYS, BACKUP, EXTENSION_SECRET, UPDATE)


class Way(Enum):
    """What a way out of a conflict does."""

    LOAD_CCK = "load the communication key"
    SAVE_KEYS = "save generated keys"
    GENERATE_IMAGE_KEY = "do not use the loaded image key"
    TURN_ON = "turn a switch on"
    TURN_OFF = "turn a switch off"


@dataclass(frozen=True, slots=True)
class WayOut:
    """A link out of a conflict.

    Args:
        text: what the link says.
        way: what it does.
        switch: the switch it turns, if it turns one.
    """

    text: str
    way: Way
    switch: Switch | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two choices that do not go together.

    Args:
        switch: where it is shown.
        text: why.
        short: for the list beside the button.
        ways: links out of it, best first.
    """

    switch: Switch
    text: str
    short: str
    ways: tuple[WayOut, ...]


def conflicts(draft: Draft) -> list[Conflict]:
    """All contradictions between switches and keys."""
    found = []
    has_key = "cck" in draft.keys or draft.save_keys
    load = WayOut("Load a communication key…", Way.LOAD_CCK)
    save = WayOut("Save the generated one", Way.SAVE_KEYS)
    if draft.is_on(DUMP) and not (has_key or draft.is_on(UPDATE)):
        found.append(
            Conflict(
                DUMP,
                "A dump can be read only with the communication key, and nobody would have it: "
                "it is generated and not saved.",
                "Dumps need a communication key that you have.",
                (load, save, WayOut("Allow replacing it later", Way.TURN_ON, UPDATE)),
            )
        )
    if draft.is_on(EXTENSION_SECRET) and not has_key:
        found.append(
            Conflict(
                EXTENSION_SECRET,
                "The extension secret is derived from the communication key, and nobody would have that: "
                "it is generated and not saved.",
                "The extension secret needs a communication key that you have.",
                (load, save, WayOut("Switch this off", Way.TURN_OFF, EXTENSION_SECRET)),
            )
        )
    if draft.is_on(EXTENSION_SECRET) and draft.is_on(UPDATE):
        found.append(
            Conflict(
                UPDATE,
                "Excluded by “my extension secret” above: an image can have one of the two.",
                "“My extension secret” and “may be replaced later” exclude each other.",
                (
                    WayOut("Use this one instead", Way.TURN_OFF, EXTENSION_SECRET),
                    WayOut("Switch this off", Way.TURN_OFF, UPDATE),
                ),
            )
        )
    if not draft.is_on(ENCRYPTION) and "image" in draft.keys:
        found.append(
            Conflict(
                ENCRYPTION,
                "An image key is loaded below, and without encryption it has nothing to do.",
                "An image key is loaded though nothing is encrypted.",
                (
                    WayOut("Encrypt", Way.TURN_ON, ENCRYPTION),
                    WayOut("Do not use the loaded key", Way.GENERATE_IMAGE_KEY),
                ),
            )
        )
    return found


def room_text(hosts: int) -> str:
    """How many more machines fit, and when the parts of the image move."""
    last = next(n for n in range(1, MAX_KEY_SLOTS + 1) if header_size(n + 1) > _PAGE)
    if hosts <= last:
        return f"Room for {last - hosts} more before the parts move up by one page."
    left = MAX_KEY_SLOTS - hosts
    return f"Room for {left} more; {MAX_KEY_SLOTS} are the most that fit a header of {MAX_HEADER_SIZE} bytes."


def exists(path: Path) -> bool:
    """Whether a name is taken; an unusable name is not."""
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False


def blockers(draft: Draft) -> list[str]:
    """Why the image cannot be built yet, one sentence each; empty if it can."""
    found = []
    if draft.kernel is None:
        found.append("Add a kernel.")
    for name, given in (("Kernel", draft.kernel), ("Ramdisk", draft.ramdisk)):
        if given is not None and given.error is not None:
            found.append(f"{name}: {given.error.what}")
        elif given is not None and given.reading:
            found.append(f"{name}: still being read.")
    if draft.line_job is not None:
        found.append("Command line: still being read.")
    found += [
        f"{_PARTS[check.id.split('.')[1]]}: {check.reason}"
        for check in draft.checks()
        if check.verdict is Verdict.FAILED
    ]
    found += _host_blockers(draft)
    for name, key in draft.keys.items():
        if key.error is not None:
            found.append(f"{draft.key_title(name)}: {key.error.what}")
        elif key.reading:
            found.append(f"{draft.key_title(name)}: still being read.")
    if draft.loose_keys:
        found.append("Say which key the dropped key file is.")
    found += [conflict.short for conflict in conflicts(draft)]
    found += _output_blockers(draft)
    return found


def doubtful_keys(verdicts: Iterable[Verdict]) -> tuple[Verdict, str] | None:
    """The worst verdict on host keys and how many have which; None if all passed.

    Args:
        verdicts: one for each host key.
    """
    counts = Counter(verdicts)
    found = [verdict for verdict in (Verdict.FAILED, Verdict.NOT_CHECKED, Verdict.WARNING) if counts[verdict]]
    if not found:
        return None
    first = counts[found[0]]
    parts = [f"{first} key{'' if first == 1 else 's'} {found[0].value}"]
    parts += [f"{counts[verdict]} {verdict.value}" for verdict in found[1:]]
    return found[0], ", ".join(parts)


def _host_blockers(draft: Draft) -> list[str]:
    if not draft.hosts:
        return ["Add the host key document of at least one machine."]
    found = []
    if len(draft.hosts) > MAX_KEY_SLOTS:
        found.append(f"At most {MAX_KEY_SLOTS} host keys fit into one image.")
    found += [f"{host.title}: {host.given.error.what}" for host in draft.hosts if host.given.error]
    found += [f"{host.title}: still being read." for host in draft.hosts if host.given.reading]
    lacking = [host for host in draft.hosts if not host.given.error and host.needs_reason and not host.reason.strip()]
    # The worst first: of several, one is named.
    lacking.sort(key=lambda host: host.verdict is not Verdict.FAILED)
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        found.append(f"{lacking[0].title}{more}: {lacking[0].verdict.value}; write why you use it anyway.")
    return found


def _output_blockers(draft: Draft) -> list[str]:
    output = draft.output
    if output is None:
        return ["Choose where to save the image."]
    if not output.name or output.is_dir():
        return ["The place to save the image is a folder; add a name."]
    if not output.parent.is_dir():
        return [f"There is no folder {output.parent}."]
    if draft.is_built:
        return ["This image was built. Choose another name, or build it again."]
    found = []
    if draft.taken() and not draft.overwrite:
        found.append("Decide whether the existing file may be replaced.")
    if draft.taken_keys():
        found.append("Key files of that name exist: use them again, or choose another folder.")
    return found
