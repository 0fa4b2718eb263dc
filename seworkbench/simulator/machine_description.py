"""What a simulated machine is, as its machine.json says it (resources/help/simulated-machine.md#folder)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seworkbench.simulator.demo_pki import MARK
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.records import instant_text

if TYPE_CHECKING:
    from datetime import datetime

    from seworkbench.simulator.records import Record

_SERIAL = r"[0-9A-F]{7}"


@dataclass(frozen=True)
class MachineDescription:
    """What machine.json says.

    Args:
        generation: of the machine.
        serial: serial number, seven hexadecimal digits.
        created_at: aware instant.
        supported_pcf: plaintext control flags it supports.
        supported_scf: secret control flags it supports.
        supported_paf: plaintext attestation flags it supports; None if it does not attest.
        root_sha256: fingerprint of the root of its demo PKI, 32 bytes.
        host_key_number: how many host keys it has had, the present one included.
        phkh: hash of the host key, 32 bytes.
        backup_phkh: hash of the backup host key; None if it has none.
        crl_number: number of the last revocation lists.
        revoked: serial number and revocation time of each revoked document.
    """

    generation: Generation
    serial: str
    created_at: datetime
    supported_pcf: int
    supported_scf: int
    supported_paf: int | None
    root_sha256: bytes
    host_key_number: int
    phkh: bytes
    backup_phkh: bytes | None = None
    crl_number: int = 1
    revoked: tuple[tuple[int, datetime], ...] = ()

    @property
    def name(self) -> str:
        """What it is called in results."""
        return f"{MARK} {self.generation.value} {self.serial}"

    @property
    def document_name(self) -> str:
        """File name of its host key document."""
        later = f"-{self.host_key_number}" if self.host_key_number > 1 else ""
        return f"HKD-{MARK}-{self.generation.profile.machine_type}-{self.serial}{later}.crt"

    @property
    def backup_document_name(self) -> str:
        """File name of the document of its backup host key."""
        return f"HKD-{MARK}-{self.generation.profile.machine_type}-{self.serial}-backup.crt"

    @property
    def host_key_name(self) -> str:
        """File name of its host key."""
        return f"host-key-{self.host_key_number}.pem"

    def to_json(self) -> dict[str, Any]:
        """What is written."""
        return {
            "generation": self.generation.value,
            "serial": self.serial,
            "created_at": instant_text(self.created_at),
            "supported": {
                "pcf": f"0x{self.supported_pcf:016x}",
                "scf": f"0x{self.supported_scf:016x}",
                "paf": None if self.supported_paf is None else f"0x{self.supported_paf:016x}",
            },
            "root_sha256": self.root_sha256.hex(),
            "host_key_number": self.host_key_number,
            "phkh": self.phkh.hex(),
            "backup_phkh": self.backup_phkh.hex() if self.backup_phkh else None,
            "crl_number": self.crl_number,
            "revoked": [{"serial": f"0x{serial:x}", "at": instant_text(at)} for serial, at in self.revoked],
        }

    @classmethod
    def from_record(cls, record: Record) -> MachineDescription:
        """What was read.

        Raises:
            FormatError: if a value is missing or of another form.
        """
        supported = record.record("supported")
        return cls(
            generation=Generation(record.text("generation", "|".join(one.value for one in Generation))),
            serial=record.text("serial", _SERIAL),
            created_at=record.instant("created_at"),
            supported_pcf=supported.word("pcf"),
            supported_scf=supported.word("scf"),
            supported_paf=None if supported.is_null("paf") else supported.word("paf"),
            root_sha256=record.octets("root_sha256", 32),
            host_key_number=record.number("host_key_number"),
            phkh=record.octets("phkh", 32),
            backup_phkh=None if record.is_null("backup_phkh") else record.octets("backup_phkh", 32),
            crl_number=record.number("crl_number"),
            revoked=tuple(
                (int(entry.text("serial", "0x[0-9a-f]{1,40}"), 16), entry.instant("at"))
                for entry in record.records("revoked")
            ),
        )
