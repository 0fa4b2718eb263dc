"""A simulated machine: its host keys and what its Ultravisor supports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seworkbench.crypto.points import key_hash
from seworkbench.formats.additional_data import FIRMWARE_STATE_SIZE
from seworkbench.formats.arcb import MAX_REQUEST_SLOTS
from seworkbench.formats.flags import PCF, SCF
from seworkbench.simulator.generations import PAF_ALL

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

# The firmware state of a real machine says what runs on it; this one says that nothing does.
FIRMWARE_STATE = b"SIMULATED firmware state: no machine has it, and no service can vouch for it.".ljust(
    FIRMWARE_STATE_SIZE, b"."
)


@dataclass(frozen=True)
class Machine:
    """One machine. Only simulated machines have host private keys that anybody can know.

    Args:
        host_key: host private key, P-521.
        backup_key: backup host private key, P-521; None if the machine has none.
        supported_pcf: plaintext control flags it supports, as in /sys/firmware/uv/query/supp_se_hdr_pcf; all that have
            a published meaning unless given.
        supported_scf: secret control flags it supports; likewise.
        name: what it is called in results.
        supported_paf: plaintext attestation flags it supports; None if it does not attest at all.
        max_request_slots: most key slots of an attestation request; the limit of real machines is not known.
        firmware_state: what it returns as state of its firmware, 320 bytes.

    Raises:
        FormatError: if a key is not on P-521.
    """

    host_key: ec.EllipticCurvePrivateKey = field(repr=False)
    backup_key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)
    supported_pcf: int = PCF.mask
    supported_scf: int = SCF.mask
    name: str = "simulated machine"
    supported_paf: int | None = PAF_ALL
    max_request_slots: int = MAX_REQUEST_SLOTS
    firmware_state: bytes = field(default=FIRMWARE_STATE, repr=False)

    def __post_init__(self) -> None:
        key_hash(self.host_key.public_key())
        if self.backup_key is not None:
            key_hash(self.backup_key.public_key())

    @property
    def host_key_hash(self) -> bytes:
        """Hash of the host public key (PHKH), 32 bytes."""
        return key_hash(self.host_key.public_key())

    @property
    def backup_key_hash(self) -> bytes | None:
        """Hash of the backup host public key, 32 bytes; None if there is none."""
        return key_hash(self.backup_key.public_key()) if self.backup_key else None
