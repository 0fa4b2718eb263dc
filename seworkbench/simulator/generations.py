"""What a simulated machine is like, by generation (resources/help/simulated-machine.md#generations).

Which firmware supports which flags is not published model by model. The masks here are profiles of this program: the
sample of a machine without attestation that s390-tools ships with pvinfo, and what its commands say to need newer ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from seworkbench.formats.flags import (
    ALLOW_DUMPING,
    BACKUP_KEYS,
    CCK_EXTENSION_SECRET,
    NO_COMPONENT_ENCRYPTION,
    NONCE_PRESENT,
    PCF,
    PCKMO,
    RETURN_ATTESTATION_PHKH,
    RETURN_FIRMWARE_STATE,
    RETURN_IMAGE_PHKH,
    RETURN_SECRET_STORE_HASH,
    SCF,
)

# The first firmware that attests returns the two host key hashes; later firmware everything that can be asked for.
_PAF_FIRST = sum(flag.mask for flag in (NONCE_PRESENT, RETURN_IMAGE_PHKH, RETURN_ATTESTATION_PHKH))
PAF_ALL = _PAF_FIRST | RETURN_SECRET_STORE_HASH.mask | RETURN_FIRMWARE_STATE.mask
_PCF_FIRST = sum(flag.mask for flag in (ALLOW_DUMPING, NO_COMPONENT_ENCRYPTION, *PCKMO, BACKUP_KEYS))


@dataclass(frozen=True)
class GenerationProfile:
    """What the machines of a generation have in common.

    Args:
        machine_type: four digits, as in the file names of host key documents.
        service: what the demo host key signing service calls itself before "Host Key Signing Service".
        suffix: what the subject of its host key documents adds to that.
        supported_pcf: plaintext control flags of SE headers.
        supported_scf: secret control flags of SE headers.
        supported_paf: plaintext attestation flags; None if it does not attest.
    """

    machine_type: str
    service: str
    suffix: str
    supported_pcf: int
    supported_scf: int
    supported_paf: int | None


class Generation(Enum):
    """A machine generation; the value is its plain name."""

    Z15 = "z15"
    Z16 = "z16"
    Z17 = "z17"

    @property
    def profile(self) -> GenerationProfile:
        """What its machines have in common."""
        return _PROFILES[self]


_PROFILES = {
    Generation.Z15: GenerationProfile("8561", "IBM Z", "", _PCF_FIRST, 0, None),
    Generation.Z16: GenerationProfile("3931", "IBM Z16", " z16", _PCF_FIRST, CCK_EXTENSION_SECRET.mask, _PAF_FIRST),
    Generation.Z17: GenerationProfile("9175", "IBM Z17", " z17", PCF.mask, SCF.mask, PAF_ALL),
}
