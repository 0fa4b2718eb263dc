"""Attacks on images, and what must catch each of them (resources/help/simulated-machine.md#attacks-on-images).

Two kinds of attackers: one who has the file, and one who also has the header key and seals the header again. Against
the second, only what the Ultravisor compares with the pages is left.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seworkbench.crypto.header_seal import open_sealed, seal
from seworkbench.crypto.key_slots import unwrap
from seworkbench.crypto.points import public_key
from seworkbench.errors import FormatError, SeError, UsageError
from seworkbench.formats.flags import ALLOW_DUMPING, PCF
from seworkbench.formats.ipib import IPIB_MAX_SIZE, Ipib, IpibComponent, parse_ipib
from seworkbench.formats.psw import Psw
from seworkbench.formats.se_header import MAX_HEADER_SIZE, SecretPartV1, SeHeader, parse_header
from seworkbench.simulator import codes
from seworkbench.simulator.loading import LoadedImage, load, load_checks
from seworkbench.simulator.tampering import Edit, Tampering, Target, flipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.secret import Secret
    from seworkbench.simulator.codes import Code
    from seworkbench.simulator.machine import Machine

_PAGE = 4096
# Places in the fixed part of the header (resources/help/se-header.md#fixed-part).
_VERSION, _SIZE, _SLOT_COUNT, _SECRET_SIZE, _PAGE_COUNT, _FLAGS, _CUSTOMER_KEY = 8, 0x0C, 0x20, 0x28, 0x30, 0x38, 0x40
_PLD, _SLOTS, _SLOT = 0xE0, 0x1A0, 80
# Inside stage3a and used by no loader (resources/help/boot.md#loader-requirements).
_IDLE_BYTE_OF_LOADER = 0x10800
# The last component is stage3b, a few kilobytes.
_MOST_MOVED = 64 << 20
_HEADER_TAG = "image.access.header-tag"


@dataclass(frozen=True)
class ImageView:
    """Where the parts of an image are.

    Args:
        image: the loaded file.
        header: its SE header.
        header_address: where that is.
        ipib: its component table.
        ipib_address: where that is.
        header_key: the header key, for attackers who have it.
    """

    image: LoadedImage
    header: SeHeader
    header_address: int
    ipib: Ipib
    ipib_address: int
    header_key: Secret | None = None

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the image."""
        return self.image.read(address, size)

    def header_edit(self, offset: int, content: bytes) -> Edit:
        """Other bytes in the header; its tag does not fit any more."""
        return Edit(self.header_address + offset, content)

    def resealed(self, change: Callable[[SeHeader, SecretPartV1], tuple[SeHeader, SecretPartV1]]) -> Tampering:
        """The header changed and sealed again.

        Raises:
            UsageError: if the header key is not there.
            FormatError: if it is not the key of this header.
        """
        if self.header_key is None:
            raise UsageError(
                "This attack needs the header key.", remedy="Give --hdr-key, or --machine for an image of that machine."
            )
        with open_sealed(self.header, self.header_key) as plain:
            header, secret = change(self.header, SecretPartV1.parse(plain.reveal()))
        return Tampering((self.header_edit(0, seal(header, secret, self.header_key).build()),))

    def ipib_edit(self, components: tuple[IpibComponent, ...]) -> Tampering:
        """Another component table."""
        ipib = Ipib.describing(components, self.ipib.pv_hdr_addr, self.ipib.pv_hdr_size)
        return Tampering((Edit(self.ipib_address, ipib.build()),))


@dataclass(frozen=True)
class ImageAttack:
    """An attack on an image.

    Args:
        id: short name.
        title: plain name.
        story: what it does and what for, in plain words.
        step: id of the step of a simulated start that fails; empty if none does.
        code: what the Ultravisor answers; None if it does not refuse.
        verification: id of the check of `image verify`, as the machine, that does not pass; empty if all do.
        needs_key: whether the attacker has the header key.
        tamper: makes it.
    """

    id: str
    title: str
    story: str
    step: str
    code: Code | None
    verification: str
    tamper: Callable[[ImageView], Tampering]
    needs_key: bool = False
    target: Target = Target.IMAGE

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON."""
        record: dict[str, Any] = {
            "id": self.id,
            "on": self.target.value,
            "title": self.title,
            "story": self.story,
            "needs_header_key": self.needs_key,
            "caught_by_start": self.step,
            "caught_by_verify": self.verification,
        }
        if self.code is not None:
            record["uv_rc"], record["uv_rrc"] = f"0x{self.code.rc:04x}", f"0x{self.code.rrc:04x}"
        return record


def image_tampering(
    attack: ImageAttack, path: Path, *, header_key: Secret | None = None, machine: Machine | None = None
) -> Tampering:
    """What an attack changes in an image.

    Args:
        attack: the attack.
        path: the image.
        header_key: the header key, for attacks that need it.
        machine: or the machine for which the image is built: its host key opens a key slot.

    Raises:
        UsageError: if the attack needs the header key and it is not there.
        SeError: if the file cannot be read, or is no image that starts.
    """
    with load(path) as image:
        _, handover = load_checks(image)
        if handover is None or handover.args_end is None or handover.ipib_address is None:
            raise SeError("This is no image that starts; there is nothing to attack.", where=str(path))
        try:
            header = parse_header(image.read(handover.header_address, MAX_HEADER_SIZE))
            ipib = parse_ipib(image.read(handover.ipib_address, IPIB_MAX_SIZE))
            if header_key is None and machine is not None and attack.needs_key:
                header_key = _key_for(header, machine)
            _require_usable(image, ipib)
            view = ImageView(image, header, handover.header_address, ipib, handover.ipib_address, header_key)
            return attack.tamper(view)
        except FormatError as error:
            raise error.located(str(path)) from None


def _require_usable(image: LoadedImage, ipib: Ipib) -> None:
    """Attacks read components, so these must be there and be no larger than the file."""
    if not ipib.components or not all(part.length and image.holds(part.addr, part.length) for part in ipib.components):
        raise FormatError("The component table does not lead to components.", remedy="Attack an image that is sound.")


def _key_for(header: SeHeader, machine: Machine) -> Secret:
    customer = public_key(header.cust_pub_key)
    for slot in header.keyslots:
        if slot.phkh == machine.host_key_hash:
            return unwrap(slot, machine.host_key, customer)
    raise FormatError("No key slot is for this machine.", remedy="Build the image with its host key document.")


def _word(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def _header_bytes(offset: int, content: bytes) -> Callable[[ImageView], Tampering]:
    return lambda view: Tampering((view.header_edit(offset, content),))


def _page_bit(view: ImageView) -> Tampering:
    address = view.ipib.components[0].addr
    return Tampering((Edit(address, flipped(view.read(address, 1))),))


def _swapped_pages(view: ImageView) -> Tampering:
    """Of the largest component."""
    part = max(view.ipib.components, key=lambda one: one.length)
    pages = [view.read(part.addr + number * _PAGE, _PAGE) for number in (0, 1)]
    if part.length < 2 * _PAGE or pages[0] == pages[1]:
        raise FormatError("No component has two pages that differ.")
    return Tampering((Edit(part.addr, pages[1] + pages[0]),))


def _component_order(view: ImageView) -> Tampering:
    return view.ipib_edit(tuple(reversed(view.ipib.components)))


def _missing_component(view: ImageView) -> Tampering:
    if len(view.ipib.components) < 2:  # noqa: PLR2004 - one must be left
        raise FormatError("The image has one component only.")
    return view.ipib_edit(view.ipib.components[:-1])


def _tweak(view: ImageView) -> Tampering:
    *others, last = view.ipib.components
    # The last byte up or down keeps the prefixes in their order, so the hypervisor has nothing to say.
    return view.ipib_edit((*others, dataclasses.replace(last, tweak_pref=last.tweak_pref ^ 1)))


def _moved_component(view: ImageView) -> Tampering:
    """The last component behind the end of the file, content and tweaks as they were."""
    *others, last = view.ipib.components
    if last.length > _MOST_MOVED:
        raise FormatError("The last component is too large to be moved.", remedy="Attack an image of the usual form.")
    address = view.image.memory_size
    pages = Edit(address, view.read(last.addr, last.length))
    table = view.ipib_edit((*others, dataclasses.replace(last, addr=address)))
    return Tampering((pages, *table.edits), size=address + last.length)


def _slot_hashes(view: ImageView) -> Tampering:
    return Tampering(tuple(view.header_edit(_SLOTS + n * _SLOT, bytes(32)) for n in range(view.header.nks)))


def _slot_keys(view: ImageView) -> Tampering:
    slots = enumerate(view.header.keyslots)
    return Tampering(tuple(view.header_edit(_SLOTS + n * _SLOT + 32, flipped(slot.wrpk)) for n, slot in slots))


def _allow_dumping(view: ImageView) -> Tampering:
    return Tampering((view.header_edit(_FLAGS, _word(view.header.pcf ^ ALLOW_DUMPING.mask, 8)),))


def _unknown_flag(view: ImageView) -> Tampering:
    unknown = next(1 << bit for bit in range(63, -1, -1) if not PCF.mask >> bit & 1)
    return Tampering((view.header_edit(_FLAGS, _word(view.header.pcf | unknown, 8)),))


def _tag(view: ImageView) -> Tampering:
    return Tampering((view.header_edit(view.header.sehs - 1, flipped(view.header.tag[-1:])),))


def _cut_off(view: ImageView) -> Tampering:
    last = view.ipib.components[-1]
    return Tampering(size=min(view.ipib_address, last.addr + last.length - _PAGE))


def _forged_pld(view: ImageView) -> Tampering:
    return view.resealed(lambda header, secret: (dataclasses.replace(header, pld=flipped(header.pld)), secret))


def _forged_ald(view: ImageView) -> Tampering:
    return view.resealed(lambda header, secret: (dataclasses.replace(header, ald=flipped(header.ald)), secret))


def _forged_tld(view: ImageView) -> Tampering:
    return view.resealed(lambda header, secret: (dataclasses.replace(header, tld=flipped(header.tld)), secret))


def _forged_count(view: ImageView) -> Tampering:
    return view.resealed(lambda header, secret: (dataclasses.replace(header, nep=header.nep + 1), secret))


def _secret_flags(view: ImageView) -> Tampering:
    return view.resealed(lambda header, secret: (header, dataclasses.replace(secret, scf=(1 << 64) - 1)))


def _start_address(view: ImageView) -> Tampering:
    psw = Psw(addr=view.image.memory_size)
    return view.resealed(lambda header, secret: (header, dataclasses.replace(secret, psw=psw)))


def _loader(view: ImageView) -> Tampering:
    return Tampering((Edit(_IDLE_BYTE_OF_LOADER, flipped(view.read(_IDLE_BYTE_OF_LOADER, 1))),))


# The host stands for whoever has the file: who runs the hypervisor, or carries it there.
_HOST = "The host "
_KEY = "A holder of the header key "

IMAGE_ATTACKS: tuple[ImageAttack, ...] = (
    ImageAttack(
        "page-bit",
        "One bit of the kernel",
        _HOST + "flips a bit of the first page. Sixteen bytes would decrypt to garbage; the digest shows it before.",
        "uv.verify.pld",
        codes.PLD_MISMATCH,
        "image.digest.pld",
        _page_bit,
    ),
    ImageAttack(
        "swapped-pages",
        "Two pages exchanged",
        _HOST + "exchanges two encrypted pages, hoping to change what runs without knowing a key.",
        "uv.verify.pld",
        codes.PLD_MISMATCH,
        "image.digest.pld",
        _swapped_pages,
    ),
    ImageAttack(
        "moved-component",
        "A component at another address",
        _HOST + "has the last component unpacked elsewhere, pages and tweaks as they were: it would decrypt well.",
        "uv.verify.ald",
        codes.ALD_MISMATCH,
        "image.digest.ald",
        _moved_component,
    ),
    ImageAttack(
        "component-order",
        "Component table the other way round",
        _HOST + "has the components unpacked in another order. QEMU demands ascending tweaks and does not even try.",
        "diag.tweaks",
        None,
        "image.table.order",
        _component_order,
    ),
    ImageAttack(
        "missing-component",
        "A component left out",
        _HOST + "takes the last component out of the table: the boot loader would be zeros.",
        "uv.verify.ald",
        codes.ALD_MISMATCH,
        "image.digest.nep",
        _missing_component,
    ),
    ImageAttack(
        "tweak",
        "Another tweak",
        _HOST + "changes the tweak of a component, so that it decrypts to something else.",
        "uv.verify.tld",
        codes.TLD_MISMATCH,
        "image.digest.tld",
        _tweak,
    ),
    ImageAttack(
        "cut-off",
        "File cut off",
        "A copy ended too early. The component table at the end of the file is gone.",
        "diag.address",
        None,
        "image.table.found",
        _cut_off,
    ),
    ImageAttack(
        "magic",
        "No header magic",
        _HOST + "hides the header.",
        "uv.ssc.magic",
        codes.NO_HEADER,
        "image.header.found",
        _header_bytes(0, b"IBMSecEy"),
    ),
    ImageAttack(
        "version",
        "Another header version",
        "The header claims version 0x200, which no machine knows.",
        "uv.ssc.version",
        codes.VERSION_NOT_SUPPORTED,
        "image.header.found",
        _header_bytes(_VERSION, _word(0x200, 4)),
    ),
    ImageAttack(
        "header-size",
        "Header one byte longer",
        _HOST + "makes the header longer than its parts, to have bytes behind it taken along.",
        "uv.ssc.length",
        codes.HEADER_LENGTH_MISMATCH,
        "image.header.size",
        lambda view: Tampering((view.header_edit(_SIZE, _word(view.header.sehs + 1, 4)),)),
    ),
    ImageAttack(
        "no-slots",
        "No key slots",
        "The header claims to have no key slot: nobody could open it.",
        "uv.ssc.slots",
        codes.NO_KEY_SLOTS,
        "image.header.slots",
        _header_bytes(_SLOT_COUNT, bytes(8)),
    ),
    ImageAttack(
        "no-secret",
        "No encrypted part",
        "The header claims to have no encrypted part: no image key, no start address.",
        "uv.ssc.secret-size",
        codes.SECRET_PART_SIZE_INVALID,
        "image.header.secret-size",
        _header_bytes(_SECRET_SIZE, bytes(8)),
    ),
    ImageAttack(
        "unknown-flag",
        "A flag that no machine knows",
        _HOST + "sets a reserved flag. Machines refuse what they do not know.",
        "uv.ssc.pcf",
        codes.PCF_NOT_SUPPORTED,
        "image.header.pcf",
        _unknown_flag,
    ),
    ImageAttack(
        "allow-dump",
        "Dumping allowed, or not any more",
        _HOST + "changes the flag that lets the host dump the memory of the guest. All flags are authenticated.",
        "uv.ssc.header-tag",
        codes.HEADER_NOT_AUTHENTIC,
        _HEADER_TAG,
        _allow_dumping,
    ),
    ImageAttack(
        "page-count",
        "Another number of pages",
        _HOST + "lets the header announce one page more.",
        "uv.ssc.header-tag",
        codes.HEADER_NOT_AUTHENTIC,
        "image.digest.nep",
        lambda view: Tampering((view.header_edit(_PAGE_COUNT, _word(view.header.nep + 1, 8)),)),
    ),
    ImageAttack(
        "digests",
        "Digests of other pages",
        _HOST + "replaces the digests by those of pages of their own. Digests are authenticated.",
        "uv.ssc.header-tag",
        codes.HEADER_NOT_AUTHENTIC,
        "image.digest.pld",
        lambda view: Tampering((view.header_edit(_PLD, flipped(view.header.pld)),)),
    ),
    ImageAttack(
        "customer-key",
        "No customer key",
        _HOST + "replaces the customer public key by zeros, which is no point on the curve.",
        "uv.ssc.customer-key",
        codes.CUSTOMER_KEY_INVALID,
        "image.header.customer-key",
        _header_bytes(_CUSTOMER_KEY, bytes(160)),
    ),
    ImageAttack(
        "other-machine",
        "Built for another machine",
        "No key slot carries the hash of the host key: so it looks when an image is taken to a machine it is not for.",
        "uv.ssc.slot",
        codes.NO_SLOT_FOR_HOST_KEY,
        "image.access.slot",
        _slot_hashes,
    ),
    ImageAttack(
        "slot-key",
        "Another wrapped key",
        _HOST + "changes the wrapped header key in every slot.",
        "uv.ssc.slot-tag",
        codes.SLOT_NOT_AUTHENTIC,
        "image.access.slot-tag",
        _slot_keys,
    ),
    ImageAttack(
        "header-tag",
        "One bit of the header tag",
        _HOST + "flips a bit of the tag itself.",
        "uv.ssc.header-tag",
        codes.HEADER_NOT_AUTHENTIC,
        _HEADER_TAG,
        _tag,
    ),
    ImageAttack(
        "short-psw",
        "No start address in the clear",
        _HOST + "clears the first eight bytes, which nothing protects. QEMU finds no place to start at.",
        "load.psw",
        None,
        "image.start.psw",
        lambda view: Tampering((Edit(0, bytes(8)),)) if view.image.file_size else Tampering(),
    ),
    ImageAttack(
        "loader",
        "Another boot loader in the clear",
        _HOST
        + "changes stage3a. It is not measured and no machine refuses it; it runs before protection and can only keep "
        "a guest from starting. Attestation shows which header was started.",
        "",
        None,
        "image.start.loader",
        _loader,
    ),
    ImageAttack(
        "forged-pld",
        "Content digest, sealed again",
        _KEY + "changes the digest of the pages and seals the header again: it is authentic, the pages are not its.",
        "uv.verify.pld",
        codes.PLD_MISMATCH,
        "image.digest.pld",
        _forged_pld,
        needs_key=True,
    ),
    ImageAttack(
        "forged-ald",
        "Address digest, sealed again",
        _KEY + "changes the digest of the addresses and seals the header again.",
        "uv.verify.ald",
        codes.ALD_MISMATCH,
        "image.digest.ald",
        _forged_ald,
        needs_key=True,
    ),
    ImageAttack(
        "forged-tld",
        "Tweak digest, sealed again",
        _KEY + "changes the digest of the tweaks and seals the header again.",
        "uv.verify.tld",
        codes.TLD_MISMATCH,
        "image.digest.tld",
        _forged_tld,
        needs_key=True,
    ),
    ImageAttack(
        "forged-count",
        "Number of pages, sealed again",
        _KEY + "announces one page more and seals the header again.",
        "uv.verify.nep",
        codes.NEP_MISMATCH,
        "image.digest.nep",
        _forged_count,
        needs_key=True,
    ),
    ImageAttack(
        "secret-flags",
        "All secret flags, sealed again",
        _KEY + "sets every secret flag and seals the header again. Machines refuse what they do not know.",
        "uv.ssc.scf",
        codes.SCF_NOT_SUPPORTED,
        "image.access.scf",
        _secret_flags,
        needs_key=True,
    ),
    ImageAttack(
        "start-address",
        "Another start address, sealed again",
        _KEY
        + "lets the guest start behind all components and seals the header again. The machine starts it: so says the "
        "header. Keep header keys like the content of the image.",
        "guest.psw",
        None,
        "image.access.psw",
        _start_address,
        needs_key=True,
    ),
)
