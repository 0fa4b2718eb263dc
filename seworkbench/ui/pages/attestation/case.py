"""What the workspace keeps of a case: choices, places of files and expected values; nothing secret.

Header, request and response are kept as they are beside it. Of the protection key only the path is known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seworkbench.attestation.firmware_service import DEFAULT_SERVICE, FirmwareAnswer, VerifiedHash
from seworkbench.attestation.known import KnownHostKey
from seworkbench.attestation.policy import Policies
from seworkbench.attestation.secret_store import AddedSecret, ExpectedStore
from seworkbench.formats.additional_data import PART_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

# The steps of a case, as they are kept.
CHOOSE, CREATE, CARRY, PERFORM, VERIFY, POLICY = "choose", "create", "carry", "perform", "verify", "policy"
STEPS = (CHOOSE, CREATE, CARRY, PERFORM, VERIFY, POLICY)
_VERSION = 1


def present() -> datetime:
    """Now; tests replace this function."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class HostChoice:
    """A host key that the request is to be made for.

    Args:
        fingerprint: SHA-256 of its document's DER, 64 hexadecimal digits.
        reason: why it is used though it is not verified.
    """

    fingerprint: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedKey:
    """A host key that may answer.

    Args:
        name: of its document.
        phkh: hash of the key, 64 hexadecimal digits.
        verified: whether its chain of trust was; None if that is not known.
    """

    name: str
    phkh: str
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a machine gave no answer to the request.

    Args:
        code: the return codes in words, `RC 0x010c, RRC 0x0000`.
        said: a sentence.
        remedy: what to do; empty if nothing is known.
    """

    code: str
    said: str
    remedy: str = ""

    @property
    def rc(self) -> str:
        """The return code alone: `0x010c`."""
        return self.code.partition(",")[0].removeprefix("RC ")


@dataclass(frozen=True)
class Expected:
    """What is expected of an answer. What is None or empty is not.

    Args:
        host_keys: the machines that may answer.
        require_image_key: whether an answer without an image PHKH fails.
        require_attestation_key: the same for the attestation PHKH.
        user_data: hexadecimal; empty means that there must be none.
        cuid: 32 hexadecimal digits.
        secrets: name and tag (hexadecimal) of each add-secret request, in the order of adding.
        locked: whether the secret store must be locked; None if it is not compared.
        ask_firmware: whether the firmware state is to be judged.
        service: base address of the service for it.
        service_version: version of its interface.
        answer: what the service said, as `answer_record` writes it.
    """

    host_keys: tuple[ExpectedKey, ...] = ()
    require_image_key: bool = False
    require_attestation_key: bool = False
    user_data: str | None = None
    cuid: str | None = None
    secrets: tuple[tuple[str, str], ...] = ()
    locked: bool | None = None
    ask_firmware: bool = False
    service: str = DEFAULT_SERVICE
    service_version: int = 1
    answer: Mapping[str, Any] | None = None

    def policies(self) -> Policies:
        """The same as the policies that are checked."""
        return Policies(
            host_keys=tuple(KnownHostKey(key.name, bytes.fromhex(key.phkh), key.verified) for key in self.host_keys),
            require_image_key=self.require_image_key,
            require_attestation_key=self.require_attestation_key,
            user_data=None if self.user_data is None else bytes.fromhex(self.user_data),
            store=None
            if self.locked is None
            else ExpectedStore(
                tuple(AddedSecret(name, bytes.fromhex(tag)) for name, tag in self.secrets), locked=self.locked
            ),
            ask_firmware=self.ask_firmware,
            firmware=read_answer(self.answer) if self.answer else None,
            cuid=None if self.cuid is None else bytes.fromhex(self.cuid),
        )


@dataclass(frozen=True)
class CaseState:
    """Where a case stands.

    Args:
        step: the step that is open.
        header_path: file of the header or image.
        header_offset: where the header lies in it.
        header_method: how it was found, in words.
        hosts: the host keys that were chosen.
        flags: what the answer is to contain, as `--add-data` takes it.
        request_path: file of the request.
        key_path: file of the protection key.
        record: the record of the request, as its JSON.
        response_path: file of the response.
        user_data: what a simulated machine has measured along, hexadecimal.
        machine: folder of the simulated machine that answers, or answered.
        simulated: whether a simulated machine answered, or refused to.
        refusal: why it did not answer when it was asked last; None if it did, or was not asked.
        expected: what is expected.
        seen_response: SHA-256 of the response that was counted, 64 hexadecimal digits.
        seen: when responses to its request were verified before, as ISO 8601 texts.
        verdict: what the case came to, in a word.
        said: the same in a sentence.
    """

    step: str = CHOOSE
    header_path: str = ""
    header_offset: int = 0
    header_method: str = ""
    hosts: tuple[HostChoice, ...] = ()
    flags: tuple[str, ...] = ("phkh-img", "phkh-att")
    request_path: str = ""
    key_path: str = ""
    record: Mapping[str, Any] | None = None
    response_path: str = ""
    user_data: str = ""
    machine: str = ""
    simulated: bool = False
    refusal: Refusal | None = None
    expected: Expected = field(default_factory=Expected)
    seen_response: str = ""
    seen: tuple[str, ...] = ()
    verdict: str = ""
    said: str = ""

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the workspace."""
        return {"version": _VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> CaseState:
        """What `to_json` described; what cannot be understood is left at its default."""
        values = {
            item.name: value
            for item in fields(cls)
            if isinstance(value := record.get(item.name), type(_PLAIN[item.name]))
        }
        values["hosts"] = tuple(
            HostChoice(str(host.get("fingerprint", "")), str(host.get("reason", "")))
            for host in _records(record.get("hosts"))
        )
        known = {kind.option for kind in PART_KINDS}
        flags = record.get("flags")
        values["flags"] = tuple(flag for flag in flags if flag in known) if isinstance(flags, list) else _PLAIN["flags"]
        seen = record.get("seen")
        values["seen"] = tuple(text for text in seen if _is_instant(text)) if isinstance(seen, list) else ()
        noted = record.get("record")
        values["record"] = noted if isinstance(noted, dict) else None
        values["refusal"] = _refusal(record.get("refusal"))
        values["expected"] = _expected(record.get("expected"))
        return cls(**values)

    @property
    def seen_at(self) -> tuple[datetime, ...]:
        """When responses to its request were verified before, aware UTC."""
        return tuple(datetime.fromisoformat(text) for text in self.seen)


_PLAIN = {item.name: getattr(CaseState(), item.name) for item in fields(CaseState)}


def _records(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_instant(text: object) -> bool:
    try:
        return datetime.fromisoformat(str(text)).tzinfo is not None
    except ValueError:
        return False


def _refusal(record: object) -> Refusal | None:
    if not isinstance(record, dict):
        return None
    texts = {name: text for name in ("code", "said", "remedy") if isinstance(text := record.get(name), str)}
    return Refusal(**texts) if len(texts) == len(fields(Refusal)) else None


def _expected(record: object) -> Expected:
    if not isinstance(record, dict):
        return Expected()
    try:
        made = Expected(
            host_keys=tuple(
                ExpectedKey(str(key["name"]), str(key["phkh"]), key.get("verified"))
                for key in _records(record.get("host_keys"))
            ),
            require_image_key=bool(record.get("require_image_key")),
            require_attestation_key=bool(record.get("require_attestation_key")),
            user_data=record.get("user_data"),
            cuid=record.get("cuid"),
            secrets=tuple((str(name), str(tag)) for name, tag in record.get("secrets") or ()),
            locked=record.get("locked"),
            ask_firmware=bool(record.get("ask_firmware")),
            service=str(record.get("service") or DEFAULT_SERVICE),
            service_version=int(record.get("service_version") or 1),
            answer=record.get("answer"),
        )
        made.policies()
    except (KeyError, TypeError, ValueError, AttributeError):
        return Expected()
    return made


def answer_record(answer: FirmwareAnswer) -> dict[str, Any]:
    """What a firmware service said, as a plain structure."""
    return {
        "valid": answer.valid,
        "reason": answer.reason,
        "reference_id": answer.reference_id,
        "hashes": [[entry.hash.hex(), entry.signature.hex()] for entry in answer.hashes],
        "url": answer.url,
        "version": answer.version,
        "asked_at": answer.asked_at.isoformat(),
        "state_sha256": answer.state_sha256.hex(),
    }


def read_answer(record: Mapping[str, Any]) -> FirmwareAnswer:
    """What `answer_record` wrote.

    Raises:
        KeyError, ValueError, TypeError: if it is something else.
    """
    return FirmwareAnswer(
        valid=record["valid"] is True,
        reason=str(record["reason"]),
        reference_id=str(record["reference_id"]),
        hashes=tuple(
            VerifiedHash(bytes.fromhex(digest), bytes.fromhex(signature)) for digest, signature in record["hashes"]
        ),
        url=str(record["url"]),
        version=int(record["version"]),
        asked_at=datetime.fromisoformat(record["asked_at"]),
        state_sha256=bytes.fromhex(record["state_sha256"]),
    )
