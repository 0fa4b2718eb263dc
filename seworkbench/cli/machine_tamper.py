"""`seworkbench machine tamper`: attacks on images, requests, machines and responses.

What must catch each of them: resources/help/simulated-machine.md#attacks-on-images and #attacks-on-attestation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.options import Once
from seworkbench.cli.terminal import one_line, write_error, write_json, write_lines
from seworkbench.errors import FormatError, UsageError
from seworkbench.files import AtomicFile, open_input, read_secret, read_whole
from seworkbench.formats.exchange import (
    EXCHANGE_MAGIC,
    MAX_EXCHANGE_FILE_SIZE,
    MAX_USER_DATA_SIZE,
    ExchangeKind,
    parse_exchange,
)
from seworkbench.formats.se_header import HEADER_KEY_SIZE
from seworkbench.simulator.attestation import AttestationRefused
from seworkbench.simulator.attestation_tampering import (
    ATTESTATION_ATTACKS,
    AttestationAttack,
    answer_falsely,
    tampered_request,
    tampered_response,
)
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS, ImageAttack, image_tampering
from seworkbench.simulator.machine_folder import MachineFolder, no_guest
from seworkbench.simulator.records import WATERMARK
from seworkbench.simulator.tampering import Flip, Tampering, Target, require_other_file, write_tampered

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

_PUBLIC_MODE = 0o644
_SLOT_CHECKS = ("image.access.slot", "image.access.slot-tag")
_ANSWERS = "Give the request, and name the machine that answers it with --machine."
_ALL: tuple[ImageAttack | AttestationAttack, ...] = (*IMAGE_ATTACKS, *ATTESTATION_ATTACKS)
_ATTACKS = {attack.id: attack for attack in _ALL}


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("input", type=Path, nargs="?", metavar="FILE", help="SE image, attestation request or response")
    parser.add_argument("attack", nargs="?", metavar="ATTACK", help="name of the attack, see --list")
    parser.add_argument("-o", "--output", type=Path, action=Once, metavar="FILE", help="file for the changed copy")
    parser.add_argument("--list", action="store_true", help="list all attacks and what must catch them")
    parser.add_argument(
        "--flip", action="append", default=[], metavar="OFFSET[.BIT]", help="instead of an attack: flip a bit or byte"
    )
    parser.add_argument("--hdr-key", type=Path, action=Once, metavar="FILE", help="header key of the image, 32 bytes")
    parser.add_argument(
        "--machine",
        type=Path,
        action=Once,
        metavar="DIR",
        help="simulated machine; attacks on it need it, to answer FILE",
    )
    parser.add_argument("--request", type=Path, action=Once, metavar="FILE", help="another request, for a replay")
    parser.add_argument("-u", "--user-data", type=Path, action=Once, metavar="FILE", help="user data of the guest")
    parser.add_argument("--overwrite", action="store_true", help="replace the output file if it exists")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(args: Namespace) -> int:
    """Carry out the command."""
    if args.list:
        if args.json:
            write_json({"watermark": WATERMARK, "attacks": [attack.to_json() for attack in _ATTACKS.values()]})
        else:
            write_lines(_list_lines())
        return status.DONE
    if args.input is None or args.output is None or (args.attack is None) != bool(args.flip):
        raise UsageError("A file, an attack or --flip, and --output are needed.", remedy="See the attacks: --list")
    if args.flip:
        edits = tuple(Flip.parse(text).edit(args.input) for text in args.flip)
        return _copied(args, Tampering(edits))
    attack = _chosen(args)
    if isinstance(attack, ImageAttack):
        key = read_secret(args.hdr_key, HEADER_KEY_SIZE, "header key") if args.hdr_key else None
        machine = MachineFolder.open(args.machine).machine if args.machine else None
        return _copied(args, image_tampering(attack, args.input, header_key=key, machine=machine), attack)
    try:
        content = _attacked_exchange(args, attack)
    except AttestationRefused as refused:
        write_error(refused)
        return status.CHECK_FAILED
    except FormatError as error:
        raise error.located(str(args.input)) from None
    with AtomicFile(args.output, replace=args.overwrite, mode=_PUBLIC_MODE) as file:
        file.write_at(0, content)
    return _told(args, attack)


def _chosen(args: Namespace) -> ImageAttack | AttestationAttack:
    attack = _ATTACKS.get(args.attack)
    if attack is None:
        raise UsageError(f"There is no attack “{args.attack}”.", remedy="See the attacks: --list")
    found = _target(args.input)
    # A machine is attacked while it answers a request.
    needed = Target.REQUEST if attack.target is Target.MACHINE else attack.target
    if found is not needed:
        raise UsageError(
            f"“{attack.id}” needs an {needed.value}; by its content this is taken for an {found.value}.",
            where=str(args.input),
            remedy=_ANSWERS if attack.target is Target.MACHINE else "See which attack is on what: --list",
        )
    require_other_file(args.input, args.output)
    return attack


def _target(path: Path) -> Target:
    with open_input(path) as stream:
        if stream.read(len(EXCHANGE_MAGIC)) != EXCHANGE_MAGIC:
            return Target.IMAGE
    try:
        kind = parse_exchange(read_whole(path, MAX_EXCHANGE_FILE_SIZE)).kind
    except FormatError as error:
        raise error.located(str(path)) from None
    return Target.REQUEST if kind is ExchangeKind.REQUEST else Target.RESPONSE


def _attacked_exchange(args: Namespace, attack: AttestationAttack) -> bytes:
    content = read_whole(args.input, MAX_EXCHANGE_FILE_SIZE)
    if attack.target is Target.REQUEST:
        return tampered_request(attack, content)
    if attack.target is Target.RESPONSE:
        other = read_whole(args.request, MAX_EXCHANGE_FILE_SIZE) if args.request else None
        return tampered_response(attack, content, request=other)
    if args.machine is None:
        raise UsageError("This attack is made by a machine.", remedy=_ANSWERS)
    folder = MachineFolder.open(args.machine)
    guest = folder.guest()
    if guest is None:
        raise no_guest(folder.path)
    user_data = read_whole(args.user_data, MAX_USER_DATA_SIZE) if args.user_data else b""
    return answer_falsely(attack, folder.machine, guest, content, user_data=user_data)


def _copied(args: Namespace, tampering: Tampering, attack: ImageAttack | None = None) -> int:
    with foreground_job(quiet=args.json) as job:
        write_tampered(args.input, tampering, args.output, replace=args.overwrite, job=job)
    return _told(args, attack)


def _told(args: Namespace, attack: ImageAttack | AttestationAttack | None) -> int:
    if args.json:
        write_json(
            {
                "watermark": WATERMARK,
                "input": str(args.input),
                "output": str(args.output),
                "flipped": args.flip,
                "attack": attack.to_json() if attack else None,
            }
        )
        return status.DONE
    made = "a false answer to" if attack is not None and attack.target is Target.MACHINE else "a tampered copy of"
    lines = [f"{one_line(args.output)}: {made} {one_line(args.input)}"]
    if attack is not None:
        lines += [attack.story, *_catch_lines(attack)]
    write_lines(lines)
    return status.DONE


def _list_lines() -> Iterator[str]:
    for target in Target:
        yield f"Attacks on the {target.value}"
        for attack in _ATTACKS.values():
            if attack.target is target:
                yield f"  {attack.id:<22} {attack.title}"
                yield f"  {'':<22} {attack.story}"
                yield from (f"  {'':<22} {line}" for line in _catch_lines(attack))
        yield ""


def _catch_lines(attack: ImageAttack | AttestationAttack) -> Iterator[str]:
    if isinstance(attack, ImageAttack):
        start = f"fails at {attack.step}" if attack.step else "starts"
        # Only who tries to open it with the machine's key looks at a key slot.
        how = "image verify --host-private-key" if attack.verification in _SLOT_CHECKS else "image verify"
        yield f"machine: {start}{f', {attack.code}' if attack.code else ''}; {how}: {attack.verification}"
        return
    details = [text for text in (str(attack.code or ""), attack.verification, attack.policy) if text]
    yield f"{attack.catcher.value}: {', '.join(details)}"
