"""`seworkbench image create`: the options, defaults and conflicts of `pvimg create`, and what it lacks.

Reference: resources/help/command-line.md. Beyond `pvimg`: --save-keys and --json.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.checks import Verdict
from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.host_keys import accepted_keys_of, add_host_keys, require_host_keys
from seworkbench.cli.options import Once, add_verbosity, hex_word, require_one_verbosity
from seworkbench.cli.terminal import check_lines, one_line, write_json, write_lines, write_message
from seworkbench.crypto.image_key import require_usable_image_key
from seworkbench.errors import SeError, UsageError
from seworkbench.files import read_secret
from seworkbench.formats.flags import (
    ALLOW_DUMPING,
    BACKUP_KEYS,
    CCK_EXTENSION_SECRET,
    CCK_UPDATE,
    DEFAULT_PCF,
    NO_COMPONENT_ENCRYPTION,
    PCKMO,
    PCKMO_HMAC,
    Flag,
)
from seworkbench.formats.se_header import CCK_SIZE, HEADER_KEY_SIZE, IMAGE_KEY_SIZE
from seworkbench.image.build import BuildOrder, Recipient, build_image, own_bootloader
from seworkbench.image.keys import ImageKeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seworkbench.cli.host_keys import KeysInUse
    from seworkbench.image.build import BuiltImage

EXAMPLES = """\
  seworkbench image create -i vmlinuz -r initrd.img -p parmfile -k HKD.crt -C signing.crt,DigiCertCA.crt \\
      --save-keys keys -o guest.img
      for one machine, whose host key document is verified up to its root
  seworkbench image create -i vmlinuz -k HKD1.crt,HKD2.crt --no-verify --hdr-key my.key -o guest.img
      for two machines, with a header key of your own; the documents are taken on trust
"""


@dataclass(frozen=True, slots=True)
class _Switch:
    """A pair of options, --enable-NAME and --disable-NAME, for some flags.

    Args:
        name: the part of the option behind the dash.
        flags: what it sets.
        help: what enabling means.
        inverted: whether enabling clears the flags.
    """

    name: str
    flags: tuple[Flag, ...]
    help: str
    inverted: bool = False

    @property
    def dest(self) -> str:
        return self.name.replace("-", "_")


_PLAIN_SWITCHES = (
    _Switch("dump", (ALLOW_DUMPING,), "the host may dump the guest's memory, encrypted"),
    _Switch("pckmo", PCKMO, "the guest may create DES, AES and ECC protected keys (default)"),
    _Switch("pckmo-hmac", (PCKMO_HMAC,), "the guest may create HMAC protected keys"),
    _Switch("backup-keys", (BACKUP_KEYS,), "a machine's backup host key opens the image too"),
    _Switch("image-encryption", (NO_COMPONENT_ENCRYPTION,), "encrypt the components (default)", inverted=True),
)
_SECRET_SWITCHES = (
    _Switch("cck-extension-secret", (CCK_EXTENSION_SECRET,), "adding secrets needs an extension secret from the CCK"),
    _Switch("cck-update", (CCK_UPDATE,), "an add-secret request may replace the CCK; needs z17"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    files = parser.add_argument_group("components")
    files.add_argument(
        "-i", "--kernel", "--image", type=Path, action=Once, required=True, metavar="FILE", help="raw s390x kernel"
    )
    files.add_argument("-r", "--ramdisk", type=Path, action=Once, metavar="FILE", help="initial ramdisk")
    files.add_argument("-p", "--parmfile", type=Path, action=Once, metavar="FILE", help="kernel command line")
    files.add_argument("--no-component-check", action="store_true", help="accept components that may not boot")
    files.add_argument("-o", "--output", type=Path, action=Once, required=True, metavar="FILE", help="the image to be")
    files.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    add_host_keys(parser.add_argument_group("machines"), "host key document of a machine that may start the image")
    _configure_keys(parser)
    _configure_flags(parser)
    parser.add_argument("--json", action="store_true", help="print what went in and came out as JSON")
    parser.add_argument("--x-bootloader-directory", type=Path, action=Once, metavar="DIR", help=argparse.SUPPRESS)
    add_verbosity(parser, more="what the header says, how the inputs were judged", less="nothing but errors")


def _configure_keys(parser: argparse.ArgumentParser) -> None:
    keys = parser.add_argument_group("keys", "a key that is not given is generated")
    keys.add_argument(
        "--cck", "--comm-key", type=Path, action=Once, metavar="FILE", help="customer communication key, 32 bytes"
    )
    keys.add_argument(
        "--hdr-key", "--x-header-key", type=Path, action=Once, metavar="FILE", help="header protection key, 32 bytes"
    )
    keys.add_argument("--image-key", "--x-comp-key", type=Path, action=Once, metavar="FILE", help="image key, 64 bytes")
    keys.add_argument("--save-keys", type=Path, action=Once, metavar="DIR", help="folder for the generated keys")


def _configure_flags(parser: argparse.ArgumentParser) -> None:
    flags = parser.add_argument_group("control flags")
    for switch in (*_PLAIN_SWITCHES, *_SECRET_SWITCHES):
        flags.add_argument(f"--enable-{switch.name}", action=Once, nargs=0, help=switch.help)
        flags.add_argument(f"--disable-{switch.name}", action=Once, nargs=0, help=f"undo --enable-{switch.name}")
    for name in ("--x-pcf", "--x-scf", "--x-psw"):
        parser.add_argument(name, type=hex_word, action=Once, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    _refuse_conflicts(args)
    if args.no_component_check and not args.quiet:
        write_message("warning", "The components are not checked (--no-component-check): the image may not boot.")
    hosts = accepted_keys_of(args, "the image")
    order = _order(args, hosts)
    keys = _keys(args)
    with foreground_job(quiet=bool(args.quiet or args.json)) as job:
        built = build_image(order, keys, job)
    if not args.quiet:
        _warn(built)
    if args.json:
        write_json(built.to_json() | {"host_key_verification": hosts.to_json()})
    elif not args.quiet:
        details = _details(built) if args.verbose else ()
        write_lines([*_summary(built), *details])
    return status.DONE


def _refuse_conflicts(args: argparse.Namespace) -> None:
    given = vars(args)
    require_host_keys(args)
    _exclude(given, *((f"enable_{s.dest}", f"disable_{s.dest}") for s in (*_PLAIN_SWITCHES, *_SECRET_SWITCHES)))
    _exclude(
        given,
        ("enable_cck_extension_secret", "enable_cck_update"),
        ("disable_image_encryption", "image_key"),
        *(
            (raw, f"{way}_{switch.dest}")
            for raw in ("x_pcf", "x_scf")
            for switch in (*_PLAIN_SWITCHES, *_SECRET_SWITCHES)
            for way in ("enable", "disable")
        ),
    )
    if args.enable_dump and not (args.cck or args.enable_cck_update):
        raise UsageError(
            "--enable-dump needs a communication key that you know: without it no dump can be read.",
            remedy="Add --cck FILE or --enable-cck-update.",
        )
    if args.enable_cck_extension_secret and not args.cck:
        raise UsageError("--enable-cck-extension-secret needs the communication key.", remedy="Add --cck FILE.")


def _exclude(given: dict[str, object], *pairs: tuple[str, str]) -> None:
    for pair in pairs:
        # Not by truth: --x-pcf 0 is a value like any other.
        if all(given[name] is not None and given[name] is not False for name in pair):
            first, second = (f"--{name.replace('_', '-')}" for name in pair)
            raise UsageError(f"{first} and {second} exclude each other.")


def _order(args: argparse.Namespace, hosts: KeysInUse) -> BuildOrder:
    return BuildOrder(
        kernel=args.kernel,
        recipients=tuple(Recipient(name, key) for name, key in hosts.keys),
        output=args.output,
        ramdisk=args.ramdisk,
        command_line=args.parmfile,
        overwrite=args.overwrite,
        pcf=_word(args, _PLAIN_SWITCHES, DEFAULT_PCF) if args.x_pcf is None else args.x_pcf,
        scf=_word(args, _SECRET_SWITCHES, 0) if args.x_scf is None else args.x_scf,
        psw_address=args.x_psw,
        bootloader=args.x_bootloader_directory or own_bootloader(),
        check_components=not args.no_component_check,
        save_keys=args.save_keys,
        hash_inputs=args.json,
        hash_image=args.json,
        also_read=(
            *(*args.host_key_document, *args.cert, *args.crl),
            *(path for path in (args.root_ca, args.hdr_key, args.image_key, args.cck) if path is not None),
        ),
    )


def _keys(args: argparse.Namespace) -> ImageKeys:
    keys = ImageKeys.fresh(
        header=args.hdr_key and read_secret(args.hdr_key, HEADER_KEY_SIZE, "header key", new=True),
        image=args.image_key and read_secret(args.image_key, IMAGE_KEY_SIZE, "image key", new=True),
        cck=args.cck and read_secret(args.cck, CCK_SIZE, "communication key (CCK)", new=True),
    )
    try:
        require_usable_image_key(keys.image)
    except SeError as error:
        raise error.located(str(args.image_key)) from None
    return keys


def _word(args: argparse.Namespace, switches: tuple[_Switch, ...], default: int) -> int:
    value = default
    for switch in switches:
        mask = sum(flag.mask for flag in switch.flags)
        enabled, disabled = (getattr(args, f"{way}_{switch.dest}") for way in ("enable", "disable"))
        if enabled or disabled:
            value = value | mask if bool(enabled) != switch.inverted else value & ~mask
    return value


def _warn(built: BuiltImage) -> None:
    for check in built.preflight.leaves():
        if check.verdict is not Verdict.PASSED:
            about = built.order.source_of(check) or check.title
            write_message("warning", f"{about}: {check.reason} {check.remedy}".rstrip())
    lost = [name for name in built.generated_keys if name not in built.saved_keys]
    if "header" in lost:
        write_message(
            "warning",
            "The header key was generated and not saved: nobody but the machines can ever open this image. "
            "Use --save-keys DIR to keep it.",
        )


def _details(built: BuiltImage) -> Iterator[str]:
    """What the header says, and how the inputs were judged."""
    header = built.header
    yield f"  header        {header.sehs:>12} bytes  at 0x{built.plan.header_address:x}"
    for name, value in (
        ("PCF", f"0x{built.order.pcf:016x}"),
        ("SCF", f"0x{built.order.scf:016x}"),
        ("PLD", header.pld.hex()),
        ("ALD", header.ald.hex()),
        ("TLD", header.tld.hex()),
        ("tag", header.tag.hex()),
    ):
        yield f"    {name}  {value}"
    yield from check_lines(built.preflight, detailed=True)


def _summary(built: BuiltImage) -> list[str]:
    lines = [f"{one_line(built.order.output)}: {built.plan.file_size} bytes, {built.digests.nep} pages"]
    lines += [f"  {p.placed.kind.title:<13} {p.placed.size:>12} bytes  {one_line(p.source)}" for p in built.components]
    lines += [
        f"  for machine   {slot.phkh.hex()[:16]}…  {one_line(recipient.name)}"
        for slot, recipient in zip(built.header.keyslots, built.order.recipients, strict=True)
    ]
    lines += [f"  saved key     {one_line(path)}" for path in built.saved_keys.values()]
    return lines
