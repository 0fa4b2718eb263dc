"""The report of a case, written to a file; on a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.ui.pages.attestation.case import CaseState


def write_attestation_report(result: PolicyResult, response: bytes, state: CaseState, path: Path) -> Path:
    """Write the report of a case. A file that is gone is named by its content instead.

    Raises:
        SeError: if it cannot be written.
    """
    from seworkbench.report.attestation import attestation_report  # noqa: PLC0415 - on the thread
    from seworkbench.report.write import write_report  # noqa: PLC0415 - the same

    def there(name: str) -> Path | None:
        return Path(name) if name and Path(name).exists() else None

    report = attestation_report(
        result,
        response,
        response_file=there(state.response_path),
        header_file=there(state.header_path),
        protection_key=there(state.key_path),
    )
    write_report(report, path, replace=True)
    return path
