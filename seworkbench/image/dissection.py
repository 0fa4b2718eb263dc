"""Dissecting a whole file: an image with everything in it, a bare header, an IPIB, an attestation request or response.

The content decides what a file is. Large regions are described by place and length; their bytes stay in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.arcb import parse_arcb
from seworkbench.formats.exchange import EXCHANGE_MAGIC, MAX_EXCHANGE_FILE_SIZE, parse_exchange
from seworkbench.formats.flags import NO_COMPONENT_ENCRYPTION
from seworkbench.formats.image_metadata import METADATA_MAGIC, METADATA_OFFSET, ImageMetadata
from seworkbench.formats.ipib import IPIB_MAX_SIZE, looks_like_ipib, parse_ipib
from seworkbench.formats.layout import Field, Protection
from seworkbench.formats.psw import ShortPsw
from seworkbench.formats.se_header import dissect_header
from seworkbench.formats.stage3 import STAGE3A_ADDRESS, Stage3aArgs
from seworkbench.image.locate import (
    HeaderLocation,
    IpibLocation,
    locate_header,
    locate_ipib,
    locate_stage3a_args,
    read_header,
)

if TYPE_CHECKING:
    from seworkbench.formats.ipib import Ipib
    from seworkbench.formats.se_header import SecretPartV1, SeHeader
    from seworkbench.image.access import Access
    from seworkbench.image.contents import Contents
    from seworkbench.image.image_file import ImageFile

_COMPONENT_REFERENCE = "components.md#kinds-and-order"


def dissect_file(image: ImageFile, access: Access | None = None) -> Field:
    """The field tree of a file.

    Args:
        image: the file.
        access: key to open the header or request with; its secrets are in the tree as Secret.

    Raises:
        FormatError: if the file is nothing known, or the key does not open it.
    """
    head = image.read_at(0, IPIB_MAX_SIZE)
    if looks_like_ipib(head):
        return parse_ipib(head).dissect()
    if head.startswith(METADATA_MAGIC):
        return ImageMetadata.parse(head).dissect()
    if head.startswith(EXCHANGE_MAGIC):
        return _dissect_exchange(image, access)
    location = locate_header(image, past_metadata=True)
    header = read_header(image, location.offset, lenient=True)
    opened = open_lazily(header, access) if access is not None else None
    if location.offset == 0:
        return dissect_header(header, 0, opened)
    return _dissect_image(image, location, header, opened)


def _dissect_exchange(image: ImageFile, access: Access | None) -> Field:
    """A request or response; a key of 32 bytes is its protection key."""
    if image.size > MAX_EXCHANGE_FILE_SIZE:
        raise FormatError(
            f"The exchange file has {image.size} bytes; {MAX_EXCHANGE_FILE_SIZE} are the most.",
            remedy="Check that it is the right file.",
        )
    file = parse_exchange(image.read_at(0, image.size))
    if access is None:
        return file.dissect()
    from seworkbench.crypto.request_seal import open_request, protection_key_of_machine  # noqa: PLC0415 - as in open_lazily
    from seworkbench.image.access import HeaderKey  # noqa: PLC0415 - as in open_lazily

    arcb = parse_arcb(file.arcb)
    key = access.key if isinstance(access, HeaderKey) else protection_key_of_machine(arcb, access.key)
    return file.dissect(open_request(arcb, key))


def open_lazily(header: SeHeader, access: Access) -> SecretPartV1:
    """`unlock`, loading the cryptographic library only now: that takes longer than everything else here."""
    from seworkbench.image.access import unlock  # noqa: PLC0415

    return unlock(header, access)


def _dissect_image(image: ImageFile, location: HeaderLocation, header: SeHeader, opened: SecretPartV1 | None) -> Field:
    fields = [ShortPsw.parse(image.read_at(0, ShortPsw.fixed_size())).dissect()]
    if location.metadata is not None:
        fields.append(location.metadata.dissect(METADATA_OFFSET))
    places = locate_stage3a_args(image, location.offset, header.sehs)
    if places:
        fields.append(_stage3a(image, places[0]))
    fields.append(dissect_header(header, location.offset, opened))
    ipib = None
    try:
        ipib = locate_ipib(image, location.metadata, header, location.offset)
    except FormatError:
        # What is there is shown; that something is missing is for verification to say.
        pass
    else:
        contents = _contents(image, header, ipib.ipib, opened)
        fields += _components(ipib, header, contents)
        fields.append(ipib.ipib.dissect(ipib.offset))
    fields.sort(key=lambda field: field.offset)
    return Field(
        name="image",
        title="SE image",
        offset=0,
        length=image.size,
        value=f"{image.size} bytes, header found {location.method}",
        reference="image-layout.md#file-map",
        children=tuple(fields),
    )


def _stage3a(image: ImageFile, args_at: int) -> Field:
    args = Stage3aArgs.parse(image.read_at(args_at, Stage3aArgs.fixed_size())).dissect(args_at)
    code = Field(
        name="code",
        title="stage3a code",
        offset=STAGE3A_ADDRESS,
        length=args_at - STAGE3A_ADDRESS,
        meaning="Loader in the clear: hands the image over to the Ultravisor.",
        reference="boot.md#stage3a",
    )
    length = args_at + Stage3aArgs.fixed_size() - STAGE3A_ADDRESS
    return Field("stage3a", "stage3a", STAGE3A_ADDRESS, length, reference="boot.md#stage3a", children=(code, args))


def _contents(image: ImageFile, header: SeHeader, ipib: Ipib, opened: SecretPartV1 | None) -> Contents | None:
    if opened is None and not header.pcf & NO_COMPONENT_ENCRYPTION.mask:
        return None
    from seworkbench.image.contents import PlainReader, read_contents  # noqa: PLC0415 - as in open_lazily

    key = None if header.pcf & NO_COMPONENT_ENCRYPTION.mask else opened.xts if opened else None
    try:
        return read_contents(PlainReader(image, key), ipib, opened.psw.addr if opened else None)[1]
    except FormatError:
        return None


def _components(location: IpibLocation, header: SeHeader, contents: Contents | None) -> list[Field]:
    clear = bool(header.pcf & NO_COMPONENT_ENCRYPTION.mask)
    roles = {part.entry.addr: part for part in contents.parts} if contents else {}
    fields = []
    for index, entry in enumerate(location.ipib.components):
        role = roles.get(entry.addr)
        fields.append(
            Field(
                name=f"component[{index}]",
                title=f"Component {index + 1}" + (f": {role.kind.title}" if role else ""),
                offset=entry.addr,
                length=entry.length,
                value=f"{role.size} bytes before padding" if role else f"{entry.length} bytes",
                meaning=f"Tweak prefix {entry.tweak_pref:016x}.",
                protection=Protection.HASHED if clear else Protection.ENCRYPTED_HASHED,
                reference=_COMPONENT_REFERENCE,
            )
        )
    return fields
