"""Texts of the page: values as a person reads them, and the files that commands name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.attestation.commands import AttestFiles, AttestTool, all_commands
from seworkbench.ui.pasted import PASTED
from seworkbench.ui.paths import shown_path
from seworkbench.ui.widgets.copy_forms import grouped_hex, printable

if TYPE_CHECKING:
    from seworkbench.ui.pages.attestation.session import AttestationSession

_SHOWN = 24
_LINE = 16


def parse_data(text: str, form: str) -> tuple[bytes | None, str]:
    """What was typed as bytes, and what is wrong with it.

    Args:
        text: what was typed.
        form: "text" or "hex".
    """
    if form == "text":
        return text.encode("utf-8", "surrogateescape"), ""
    digits = "".join(text.removeprefix("0x").split())
    try:
        return bytes.fromhex(digits), ""
    except ValueError:
        return None, "Hexadecimal digits are expected, two a byte."


def data_text(content: bytes) -> str:
    """A value in a few words: its size, and its beginning as text or digits."""
    size = f"{len(content)} B"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if text.strip() and all(sign.isprintable() or sign in "\r\n\t" for sign in text):
        shown = printable(text.strip())
        return f"{size}, “{shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''}”"
    return f"{size}, {short_hex(content)}"


def short_hex(content: bytes) -> str:
    """The first eight bytes in digits."""
    return f"{grouped_hex(content[:8])}{' …' if len(content) > 8 else ''}"  # noqa: PLR2004 - see above


def hex_lines(content: bytes) -> list[str]:
    """Sixteen bytes a line in groups of four, each with its offset in front."""
    digits = max(2, len(f"{len(content) - 1:x}")) if content else 2
    return [f"{at:0{digits}x}  {grouped_hex(content[at : at + _LINE])}" for at in range(0, len(content), _LINE)]


def place_text(path: str) -> str:
    """Where a file of the case is."""
    return shown_path(Path(path)) if path else "pasted text, kept with the case"


def suggested_file(session: AttestationSession, ending: str) -> Path:
    """A name for a file of the case, called as the case is, beside the image."""
    title = session.case.title if session.case else "attestation"
    stem = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in title)
    header = session.state.header_path
    return (Path(header).parent if header else Path.home()) / f"{stem}{ending}"


def files_of(session: AttestationSession) -> AttestFiles:
    """The files of the case as commands name them."""
    state, record = session.kept, session.files.record
    expected = state.expected
    hosts = [host for host in session.preparation.hosts() if host.chosen]
    documents = tuple(host.document for host in record.hosts) if record else tuple(
        host.certificate.source.name for host in hosts if host.certificate.source.name != PASTED
    )  # fmt: skip
    unverified = bool(record.unverified) if record else any(host.needs_reason for host in hosts)
    request = state.request_path or "request.bin"
    return AttestFiles(
        header=state.header_path or "IMAGE",
        request=request,
        key=state.key_path or "request.arpk",
        response=state.response_path or (f"{request.rpartition('.')[0] or request}.resp"),
        documents=documents or ("HKD.crt",),
        options=state.flags,
        unverified=unverified,
        user_data="user-data" if expected.user_data else "",
        cuid=expected.cuid or "",
        secrets=tuple(name for name, _tag in expected.secrets),
        locked=expected.locked,
        machine=state.machine if state.simulated else "",
    )


def commands_text(session: AttestationSession) -> str:
    """The whole case with pvattest and with this program."""
    files = files_of(session)
    ours = all_commands(files, AttestTool.SEWORKBENCH)
    theirs = all_commands(files, AttestTool.PVATTEST)
    return f"## pvattest (s390-tools)\n\n{theirs}\n\n\n## seworkbench\n\n{ours}"
