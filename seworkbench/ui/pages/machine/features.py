"""What a machine can do, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.formats.flags import (
    BACKUP_KEYS,
    CCK_EXTENSION_SECRET,
    CCK_UPDATE,
    PCF,
    RETURN_FIRMWARE_STATE,
    RETURN_SECRET_STORE_HASH,
)

if TYPE_CHECKING:
    from seworkbench.simulator.machine_description import MachineDescription

_PCKMO = "PCKMO"


def feature_lines(about: MachineDescription) -> tuple[tuple[str, str], ...]:
    """Subject and sentence of each feature."""
    return (
        ("Attestation", _attestation(about.supported_paf)),
        ("Secrets", _secrets(about.supported_scf)),
        ("Protected keys", _protected_keys(about.supported_pcf)),
        ("Backup host key", _backup(about)),
    )


def _attestation(paf: int | None) -> str:
    if paf is None:
        return "This generation does not attest."
    more = [
        name
        for flag, name in ((RETURN_SECRET_STORE_HASH, "secret store"), (RETURN_FIRMWARE_STATE, "firmware state"))
        if paf & flag.mask
    ]
    told = ["image", "host keys", *more]
    return f"Tells {', '.join(told[:-1])} and {told[-1]}."


def _secrets(scf: int) -> str:
    told = [
        words
        for flag, words in (
            (CCK_EXTENSION_SECRET, "an extension secret can be demanded"),
            (CCK_UPDATE, "the communication key can be replaced"),
        )
        if scf & flag.mask
    ]
    return f"{'; '.join(told).capitalize()}." if told else "No flags for them."


def _protected_keys(pcf: int) -> str:
    names = [flag.name.partition(f" {_PCKMO}")[0] for flag in PCF.set_in(pcf) if _PCKMO in flag.name]
    return f"{', '.join(names)}."


def _backup(about: MachineDescription) -> str:
    if about.backup_phkh is not None:
        return "Opens images that allow it."
    return "None." if about.supported_pcf & BACKUP_KEYS.mask else "Not supported."
