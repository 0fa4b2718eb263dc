"""Describing an SE header as `pvimg info` does: JSON by the published schema, text in the same words.

Fields and forms: resources/help/info-json.md; the schema itself is resources/schema/info-v1.schema.json.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from seworkbench import __version__
from seworkbench.formats.flags import PCF, SCF, FlagWord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seworkbench.formats.se_header import SecretPartV1, SeHeader

_API_LEVEL = 1


def info_document(header: SeHeader, *, verified: bool, content: SecretPartV1 | None, at: datetime) -> dict[str, Any]:
    """The whole JSON document.

    Args:
        header: the header.
        verified: whether its tag was proven right with the header key.
        content: the opened part, to be shown in full; None keeps it closed.
        at: the instant to state, aware.
    """
    meta = {
        "api_level": _API_LEVEL,
        "version": __version__,
        "host": os.uname().nodename or "unknown",
        "time_epoch": int(at.timestamp()),
        "time": at.strftime("%Y-%m-%d %H:%M:%S+0000"),
    }
    return {"meta": meta, "data": header_record(header, verified=verified, content=content)}


def header_record(header: SeHeader, *, verified: bool, content: SecretPartV1 | None) -> dict[str, Any]:
    """The `data` member: order and names of the published schema."""
    record: dict[str, Any] = {
        "kind": "se_hdr" if content is None else "decrypted_se_hdr",
        "verified": verified or content is not None,
        "magic_hex": header.magic.hex(),
        "version": "V1",
        "sehs": header.sehs,
        "iv_hex": header.iv.hex(),
        "nks": header.nks,
        "sea": header.sea,
        "nep": header.nep,
        "pcf_hex": f"{header.pcf:016x}",
        "cust_pub_key": {"coord_hex": header.cust_pub_key.hex()},
        "pld_hex": header.pld.hex(),
        "ald_hex": header.ald.hex(),
        "tld_hex": header.tld.hex(),
        "keyslots": [
            {"phkh_hex": slot.phkh.hex(), "wrpk_hex": slot.wrpk.hex(), "kst_hex": slot.kst.hex()}
            for slot in header.keyslots
        ],
    }
    if content is None:
        record["cipher_data_b64"] = _base64(header.encrypted)
    else:
        record["cck_hex"] = content.cck.reveal().hex()
        record["xts_hex"] = content.xts.reveal().hex()
        record["psw"] = {"mask_hex": f"{content.psw.mask:016x}", "addr_hex": f"{content.psw.addr:016x}"}
        record["scf_hex"] = f"{content.scf:016x}"
    record["tag_hex"] = header.tag.hex()
    return record


def info_text(header: SeHeader, *, verified: bool, content: SecretPartV1 | None, full: bool) -> str:
    """The text form, with a closing line break.

    Args:
        header: the header.
        verified: whether its tag was proven right with the header key.
        content: the opened part; None keeps it closed.
        full: everything instead of the main things.
    """
    title = "Secure Execution header"
    if content is not None:
        title = f"decrypted, integrity and authenticity verified {title}:"
    elif verified:
        title = f"integrity and authenticity verified {title}"
    lines = _full(header, content) if full else _brief(header, content)
    return "\n".join([title, *(f"  {line}" for line in lines)]) + "\n"


def _brief(header: SeHeader, content: SecretPartV1 | None) -> Iterator[str]:
    yield "version: 1"
    yield from _slots(header)
    yield from _flags("plaintext control flags:", PCF, header.pcf)
    if content is not None:
        yield from _flags("secret control flags:", SCF, content.scf)


def _full(header: SeHeader, content: SecretPartV1 | None) -> Iterator[str]:
    yield "version: 1"
    yield f"size: {header.sehs} bytes"
    yield f"number of key slots: {header.nks}"
    yield from _slots(header)
    yield "customer public key:"
    yield f"  coordinate: {_base64(header.cust_pub_key)}"
    yield f"number of component pages: {header.nep}"
    yield f"components content hash: {header.pld.hex()}"
    yield f"components address hash: {header.ald.hex()}"
    yield f"components tweak hash: {header.tld.hex()}"
    yield from _flags("plaintext control flags:", PCF, header.pcf)
    if content is None:
        yield f"encrypted data: {_base64(header.encrypted)}"
    else:
        yield from _flags("secret control flags:", SCF, content.scf)
        yield f"CCK: {content.cck.reveal().hex()}"
        yield f"XTS key: {content.xts.reveal().hex()}"
        yield "PSW:"
        # 16 characters with the prefix, so 14 digits: as pvimg prints it.
        yield f"  address: {content.psw.addr:#016x}"
        yield f"  mask: {content.psw.mask:#016x}"
    yield f"GCM tag: {header.tag.hex()}"


def _slots(header: SeHeader) -> Iterator[str]:
    yield "key slots:"
    for slot in header.keyslots:
        yield f" - target key hash: {slot.phkh.hex()}"


def _flags(title: str, word: FlagWord, value: int) -> Iterator[str]:
    yield title
    for flag in word.set_in(value):
        yield f" - {flag.name}"
    if unknown := word.unknown_in(value):
        yield f" - unknown flags 0b{unknown:064b}"
    if not value:
        yield ""


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
