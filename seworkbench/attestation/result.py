"""Results as files: YAML with the keys of pvattest, and reading it (resources/help/attestation.md#result-files)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seworkbench.attestation.policy import ATTESTATION_KEY, FIRMWARE, IMAGE_KEY, STORE, USER_DATA, PolicyResult
from seworkbench.errors import FormatError
from seworkbench.formats.additional_data import ATTESTATION_PHKH, IMAGE_PHKH, PART_KINDS, UNRECOGNIZED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.attestation.verify import AttestationVerification

_TITLES = {kind.name: kind.title for kind in PART_KINDS} | {UNRECOGNIZED: "Unrecognized"}


def _hex(content: bytes) -> str:
    return f"0x{content.hex()}"


def verification_record(verification: AttestationVerification) -> dict[str, Any]:
    """What `pvattest verify` writes about a verified response, keys in its order."""
    response = verification.response
    if response is None or response.cuid is None:
        return {}
    record: dict[str, Any] = {"cuid": _hex(response.cuid)}
    if response.additional:
        record["add"] = _hex(response.additional)
    if verification.parts:
        record["add_fields"] = {part.name: _hex(part.content) for part in verification.parts}
    if response.user_data:
        record["user_data"] = _hex(response.user_data)
    return record


def verification_lines(verification: AttestationVerification) -> Iterator[str]:
    """The text block of `pvattest verify`."""
    record = verification_record(verification)
    yield from ("Config UID:", record["cuid"])
    if "add" in record:
        yield from ("Additional-data:", record["add"])
    if "add_fields" in record:
        yield "Additional-data content:"
        for name, content in record["add_fields"].items():
            yield from (_TITLES[name], content)
    if "user_data" in record:
        yield from ("user-data:", record["user_data"])


def policy_record(result: PolicyResult) -> dict[str, Any]:
    """What `pvattest check` writes about the policies, keys in its order."""
    policies = result.policies
    record: dict[str, Any] = {"successful": result.successful}
    issues = list(result.issues)
    if not result.successful and not issues:
        issues = ["The response was not verified."]
    if issues:
        record["issues"] = issues
    for key, step, kind, enforced in (
        ("image_host_key", IMAGE_KEY, IMAGE_PHKH, policies.require_image_key),
        ("attest_host_key", ATTESTATION_KEY, ATTESTATION_PHKH, policies.require_attestation_key),
    ):
        match = result.document_for(kind) if result.passed(step) else None
        if match or enforced:
            record[key] = {"check_enforced": enforced} | ({"hash": match.name} if match else {})
    if result.passed(USER_DATA):
        record["user_data"] = _hex(policies.user_data or b"")
    if policies.store and result.passed(STORE):
        record["secret_store"] = {
            "add_secret_requests": [secret.name for secret in policies.store.secrets],
            "locked": policies.store.locked,
        }
    if policies.firmware and result.policy.find(FIRMWARE.id):
        record["valid_firmware"] = result.passed(FIRMWARE)
    return record


def to_yaml(record: dict[str, Any]) -> str:
    """A record as YAML. Every text is quoted: unquoted hexadecimal is a number to YAML 1.1 readers."""
    import yaml  # noqa: PLC0415 - only those who want YAML pay for it

    class Writer(yaml.SafeDumper):
        """Quotes every text value and no key."""

        def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
            node = super().represent_mapping(tag, mapping, flow_style)
            for key, _ in node.value:
                key.style = None
            return node

    def quoted(writer: Writer, text: str) -> yaml.ScalarNode:
        return writer.represent_scalar("tag:yaml.org,2002:str", text, style="'")

    Writer.add_representer(str, quoted)
    return yaml.dump(record, Dumper=Writer, sort_keys=False, width=1 << 20, allow_unicode=True)


def read_yaml(text: str) -> dict[str, Any]:
    """A result that pvattest or this program wrote; every scalar is text, "true" and "false" included.

    Raises:
        FormatError: if it is no such result.
    """
    import yaml  # noqa: PLC0415 - as above

    refusal = FormatError(
        "This is no result of an attestation.", remedy="Use a file written by `attest verify` or `attest check`."
    )
    try:
        record = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes texts and nothing else
    except (yaml.YAMLError, RecursionError, ValueError):
        raise refusal from None
    if not isinstance(record, dict) or not record.keys() & {"cuid", "successful"}:
        raise refusal
    return record
