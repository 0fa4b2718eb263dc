"""Where in an image to look when a start was refused: what was changed, and what the failed step compared it with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seworkbench.formats.components import PAGE_SIZE

if TYPE_CHECKING:
    from seworkbench.formats.layout import Field
    from seworkbench.image.inspection import Inspection
    from seworkbench.ui.pages.machine.calls import Call
    from seworkbench.ui.pages.machine.changes import Change
    from seworkbench.ui.pages.machine.session import Medium

_SHOWN = 4
_BYTES = 8
# The field of the header that a step looks at (resources/help/se-header.md).
_FIELDS = {
    "uv.ssc.magic": "magic",
    "uv.ssc.version": "version",
    "uv.ssc.length": "sehs",
    "uv.ssc.slots": "nks",
    "uv.ssc.secret-size": "sea",
    "uv.ssc.pcf": "pcf",
    "uv.ssc.customer-key": "cust_pub_key",
    "uv.ssc.slot": "keyslots",
    "uv.ssc.slot-tag": "keyslots",
    "uv.ssc.header-tag": "tag",
    "uv.verify.pld": "pld",
    "uv.verify.ald": "ald",
    "uv.verify.tld": "tld",
    "uv.verify.nep": "nep",
}
_SHORT_PSW, _IPIB, _HEADER = "ShortPsw", "Ipib", "SeHeaderV1"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in an image.

    Args:
        offset: of its first byte.
        name: what is there.
        about: why to look there, one sentence.
    """

    offset: int
    name: str
    about: str


def spots_of(call: Call, medium: Medium) -> tuple[Spot, ...]:
    """Where to look after a call.

    Args:
        call: the call; only a refused one has such places.
        medium: the image that was started.
    """
    culprit = call.culprit
    if culprit is None:
        return ()
    changed = tuple(_changed(change, medium) for change in medium.prepared.places[:_SHOWN])
    more = len(medium.prepared.places) - len(changed)
    if more > 0:
        place = medium.prepared.places[_SHOWN]
        changed = (*changed, Spot(place.offset, "and more", f"{more} more places were changed."))
    field = _field(culprit.id, medium.inspection)
    if field is None:
        return changed
    why = (
        "What the pages were compared with."
        if culprit.id.startswith("uv.verify")
        else f"Looked at for “{culprit.title}”."
    )
    return (*changed, Spot(field.offset, field.title, why))


def region_at(medium: Medium, offset: int) -> str:
    """What lies at an offset, with the page of a component."""
    for area in medium.original.parts() if offset >= medium.inspection.size else medium.remains:
        if area.offset <= offset < area.offset + area.length:
            page = (offset - area.offset) // PAGE_SIZE + 1
            pages = -(-area.length // PAGE_SIZE)
            return f"{area.name}, page {page} of {pages}" if area in medium.components else area.name
    return "between the parts"


def _changed(change: Change, medium: Medium) -> Spot:
    before, after = (
        f"{part[:_BYTES].hex(' ')}{' …' if len(part) > _BYTES else ''}" for part in (change.before, change.after)
    )
    if not change.after:
        about = "Cut off from here on."
    elif not change.before:
        about = f"Added: {len(change.after)} bytes behind the end."
    else:
        about = f"Changed: was {before}, is {after}".removesuffix(" …") + (" …" if after.endswith("…") else ".")
    return Spot(change.offset, region_at(medium, change.offset), about)


def _field(check_id: str, inspection: Inspection) -> Field | None:
    """What a step looks at; None if that is no one place, or is not found in the broken image."""
    name = _FIELDS.get(check_id)
    path = (_HEADER, name) if name else (_SHORT_PSW,) if check_id == "load.psw" else (_IPIB,)
    if not name and not check_id.startswith(("load.psw", "diag.")):
        return None
    try:
        return inspection.tree.find(*path)
    except KeyError:
        return None
