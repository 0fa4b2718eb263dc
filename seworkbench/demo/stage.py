"""The stage of the demonstration: a folder, and what stands in it so far.

Each act calls the same functions as the command line and the window; nothing is made for show. All files stay in the
folder, so that everything can be looked at, and done once more by hand.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from seworkbench.attestation.known import Known, KnownHostKey, KnownRequest, find_header
from seworkbench.attestation.policy import Policies, PolicyResult, check_policies
from seworkbench.attestation.record import read_record
from seworkbench.attestation.request import RequestHost, create_request, record_path, request_flags, write_request
from seworkbench.attestation.secret_store import ExpectedStore
from seworkbench.attestation.verify import verify_response
from seworkbench.checks import Verdict
from seworkbench.crypto.request_seal import open_request
from seworkbench.demo.inputs import DemoInputs
from seworkbench.files import AtomicFile, explained, read_secret, read_whole
from seworkbench.formats.additional_data import ATTESTATION_PHKH, IMAGE_PHKH, SECRET_STORE_HASH
from seworkbench.formats.arcb import PROTECTION_KEY_SIZE, parse_arcb
from seworkbench.formats.exchange import MAX_EXCHANGE_FILE_SIZE, parse_exchange
from seworkbench.formats.se_header import HEADER_KEY_SIZE
from seworkbench.image.access import HeaderKey
from seworkbench.image.build import BuildOrder, BuiltImage, Recipient, build_image
from seworkbench.image.image_file import open_image
from seworkbench.image.keys import ImageKeys
from seworkbench.image.recipe import Host, Recipe, save_recipe
from seworkbench.image.verify import Verification, verify_image
from seworkbench.simulator.attestation import answer_exchange
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS, AttestationAttack, tampered_response
from seworkbench.simulator.demo_pki import DemoPki
from seworkbench.simulator.generations import Generation
from seworkbench.simulator.image_tampering import IMAGE_ATTACKS, ImageAttack, image_tampering
from seworkbench.simulator.machine_folder import MachineFolder, no_guest
from seworkbench.simulator.running import run_image
from seworkbench.simulator.tampering import write_tampered
from seworkbench.trust.files import TrustFiles, accepted_keys, verify_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.demo.scene import PlayedScene
    from seworkbench.jobs import Job
    from seworkbench.report.model import Report
    from seworkbench.secret import Secret
    from seworkbench.simulator.events import StartEvent
    from seworkbench.simulator.hypervisor import GuestStart
    from seworkbench.simulator.protected_guest import ProtectedGuest
    from seworkbench.trust.verify import TrustResult

GENERATION = Generation.Z17
# What the guest has measured along: in a real one, for instance, the hash of the public key that it made when it began.
USER_DATA = hashlib.sha256(b"SIMULATED public key of the guest").digest()
ASKED = (IMAGE_PHKH, ATTESTATION_PHKH, SECRET_STORE_HASH)
_MODE = 0o644


def now() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The files of one attestation.

    Args:
        request: what goes to the machine.
        protection_key: what stays behind, secret.
        response: what comes back.
    """

    request: Path
    protection_key: Path
    response: Path


class Stage:
    """What the acts of the story are played on; each act needs those before it.

    Args:
        folder: an existing folder; what the story makes goes there.
        clock: tells the time of each act, aware UTC.
        pki: the demo PKI of the machines; a new one unless given.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = now, pki: DemoPki | None = None) -> None:
        self.folder = folder
        self.clock = clock
        self._pki = pki
        self.machine_folder = folder / "machine"
        self.other_machine_folder = folder / "other-machine"
        self.image = folder / "guest.img"
        self.keys = folder / "keys"
        self.header_key = self.keys / f"{self.image.name}.hdr-key"
        self.recipe = folder / "guest.recipe.json"
        self.attacked = folder / "attacked"
        self.user_data = folder / "user-data"
        self.first = self._exchange("first")
        self.second = self._exchange("second")
        self.evidence = tuple(folder / f"evidence{suffix}" for suffix in (".html", ".pdf", ".json"))
        # What the acts found, kept for the evidence.
        self.trust: TrustResult | None = None
        self.built: BuiltImage | None = None
        self.verification: Verification | None = None
        self.start: GuestStart | None = None
        self.attestation: PolicyResult | None = None
        self.report: Report | None = None
        # Name of the run of the guest that is meant; the guest tells it when it starts.
        self.cuid = b""
        self.played: dict[str, PlayedScene] = {}

    def _exchange(self, name: str) -> Exchange:
        folder = self.folder / "attestation"
        return Exchange(folder / f"{name}.req", folder / f"{name}.arpk", folder / f"{name}.resp")

    # --- machines

    @cached_property
    def pki(self) -> DemoPki:
        """The demo PKI from which the documents of both machines hang."""
        return self._pki or DemoPki.make(GENERATION, self.clock())

    @property
    def machine(self) -> MachineFolder:
        """The machine, as its folder is now.

        Raises:
            SeError: if it was not made yet, or was damaged.
        """
        return MachineFolder.open(self.machine_folder)

    @property
    def guest(self) -> ProtectedGuest:
        """The guest that runs on it.

        Raises:
            SeError: if none does.
        """
        guest = self.machine.guest()
        if guest is None:
            raise no_guest(self.machine_folder)
        return guest

    def make_machine(self, job: Job | None = None) -> MachineFolder:
        """Make the machine, unless the folder has it already."""
        if not self.machine_folder.exists():
            at = self.clock()
            if self._pki is None:
                self._pki = DemoPki.make(GENERATION, at, job)
            MachineFolder.create(self.machine_folder, GENERATION, at=at, pki=self.pki, job=job)
        return self.machine

    def make_other_machine(self) -> MachineFolder:
        """Make a second machine of the same owner, unless the folder has it already."""
        if not self.other_machine_folder.exists():
            MachineFolder.create(self.other_machine_folder, GENERATION, at=self.clock(), pki=self.pki)
        return MachineFolder.open(self.other_machine_folder)

    def verify_host_key(self) -> TrustResult:
        """Verify the host key document of the machine with everything that the machine hands out."""
        machine = self.machine
        files = TrustFiles(machine.certificate_paths, machine.crl_paths, machine.root_path, offline=True)
        return verify_files([machine.document_path], files, self.clock())

    def revoke(self) -> None:
        """Revoke the host key document of the machine, unless it is."""
        if not self.machine.is_revoked:
            self.machine.revoke(self.clock())

    # --- image

    def write_inputs(self) -> DemoInputs:
        """Write what goes into the image, and the recipe for it, unless they are there."""
        folder = self.folder / "inputs"
        inputs = DemoInputs.inside(folder)
        if not folder.exists():
            with explained(folder):
                folder.mkdir()
            inputs.write()
            save_recipe(
                Recipe(
                    kernel=inputs.kernel,
                    ramdisk=inputs.ramdisk,
                    command_line=inputs.command_line,
                    hosts=(Host(self.machine.document_path),),
                    save_keys=self.keys,
                    output=self.image,
                ),
                self.recipe,
            )
        return inputs

    def build(self, job: Job | None = None) -> BuiltImage:
        """Build the image for the machine, whose document must be accepted.

        Raises:
            CheckFailed: if it is not.
            SeError: if a file cannot be read or written, or the image is there already.
        """
        inputs = self.write_inputs()
        order = BuildOrder(
            kernel=inputs.kernel,
            ramdisk=inputs.ramdisk,
            command_line=inputs.command_line,
            recipients=tuple(Recipient(name, key) for name, key in accepted_keys(self.verify_host_key())),
            output=self.image,
            save_keys=self.keys,
            hash_inputs=True,
            hash_image=True,
        )
        return build_image(order, ImageKeys.fresh(), job)

    def verify(self, image: Path | None = None, *, opened: bool = True, job: Job | None = None) -> Verification:
        """Verify an image.

        Args:
            image: the image; that of the story unless given.
            opened: whether with the header key.
            job: for progress and cancelling.
        """
        access = HeaderKey(read_secret(self.header_key, HEADER_KEY_SIZE, "header key")) if opened else None
        expected = self.write_inputs().by_kind if opened else None
        with open_image(image or self.image) as file:
            return verify_image(file, access, inputs=expected, job=job)

    def start_guest(
        self,
        image: Path | None = None,
        *,
        machine: MachineFolder | None = None,
        watch: Callable[[StartEvent], object] | None = None,
        job: Job | None = None,
    ) -> GuestStart:
        """Start an image.

        Args:
            image: the image; that of the story unless given.
            machine: where; on the machine of the story unless given.
            watch: told each event.
            job: for progress and cancelling.
        """
        return run_image(machine or self.machine, image or self.image, at=self.clock(), watch=watch, job=job)

    def attack_image(self, name: str) -> Path:
        """The image with an attack made on it, as a file of its own.

        Args:
            name: id of the attack.

        Raises:
            KeyError: if there is none of that name.
        """
        attack = image_attack(name)
        target = self._attacked(f"{name}.img")
        if not target.exists():
            write_tampered(self.image, image_tampering(attack, self.image), target)
        return target

    def _attacked(self, name: str) -> Path:
        with explained(self.attacked):
            self.attacked.mkdir(exist_ok=True)
        return self.attacked / name

    # --- attestation

    def ask(self, exchange: Exchange) -> None:
        """Create a request for the machine, whose document must be accepted, unless it is there."""
        if exchange.request.exists():
            return
        machine, at = self.machine, self.clock()
        accepted = accepted_keys(self.verify_host_key())
        with explained(exchange.request.parent):
            exchange.request.parent.mkdir(exist_ok=True)
        digest = hashlib.sha256(read_whole(machine.document_path, MAX_EXCHANGE_FILE_SIZE)).digest()
        hosts = tuple(
            RequestHost(name, key, digest, Verdict.PASSED, f"Accepted as of {at.isoformat(timespec='seconds')}.")
            for name, key in accepted
        )
        write_request(create_request(hosts, request_flags(ASKED), at=at), exchange.request, exchange.protection_key)

    def answer(self, exchange: Exchange) -> None:
        """Let the guest on the machine answer, unless it did."""
        self.cuid = self.guest.cuid
        if exchange.response.exists():
            return
        request = read_whole(exchange.request, MAX_EXCHANGE_FILE_SIZE)
        response = answer_exchange(self.machine.machine, self.guest, request, user_data=USER_DATA)
        contents = ((exchange.response, response), (self.user_data, USER_DATA))
        for path, content in contents:
            with AtomicFile(path, replace=True, mode=_MODE) as file:
                file.write_at(0, content)

    def judge(
        self, exchange: Exchange, response: Path | None = None, *, seen: tuple[datetime, ...] = ()
    ) -> PolicyResult:
        """Verify a response, and compare everything in it with what is expected.

        Args:
            exchange: the request that it answers, and its protection key.
            response: the response, if it is not that of the exchange.
            seen: when responses to this request were verified before.
        """
        content = read_whole(response or exchange.response, MAX_EXCHANGE_FILE_SIZE)
        machine = self.machine
        host = KnownHostKey(machine.document_path.name, machine.machine.host_key_hash, verified=True)
        with open_image(self.image) as image:
            header = find_header(image)
        others = tuple(
            self._opened(other) for other in (self.first, self.second) if other != exchange and other.request.exists()
        )
        known = Known(
            host_keys=(host,),
            requests=others,
            user_data=(("the expected one", USER_DATA),),
            record=read_record(record_path(exchange.request)),
            seen=seen,
        )
        key = self._protection_key(exchange)
        verification = verify_response(content, header, key, at=self.clock(), known=known)
        policies = Policies(
            host_keys=(host,),
            require_image_key=True,
            require_attestation_key=True,
            user_data=USER_DATA,
            store=ExpectedStore((), locked=False),
            cuid=self.cuid,
        )
        return check_policies(verification, policies, content)

    def _protection_key(self, exchange: Exchange) -> Secret:
        return read_secret(exchange.protection_key, PROTECTION_KEY_SIZE, "protection key (ARPK)")

    def _opened(self, exchange: Exchange) -> KnownRequest:
        arcb = parse_arcb(parse_exchange(read_whole(exchange.request, MAX_EXCHANGE_FILE_SIZE)).arcb)
        return KnownRequest(exchange.request.name, open_request(arcb, self._protection_key(exchange)))

    def attack_response(self, name: str, *, request: Path | None = None) -> Path:
        """The first response with an attack made on it, as a file of its own.

        Args:
            name: id of the attack.
            request: another request, for a replay.

        Raises:
            KeyError: if there is no attack of that name.
        """
        target = self._attacked(f"{name}.resp")
        if not target.exists():
            attack = response_attack(name)
            other = read_whole(request, MAX_EXCHANGE_FILE_SIZE) if request else None
            content = tampered_response(attack, read_whole(self.first.response, MAX_EXCHANGE_FILE_SIZE), request=other)
            with AtomicFile(target, mode=_MODE) as file:
                file.write_at(0, content)
        return target


def image_attack(name: str) -> ImageAttack:
    """The attack on images of that id.

    Raises:
        KeyError: if there is none.
    """
    return {attack.id: attack for attack in IMAGE_ATTACKS}[name]


def response_attack(name: str) -> AttestationAttack:
    """The attack on attestation of that id.

    Raises:
        KeyError: if there is none.
    """
    return {attack.id: attack for attack in ATTESTATION_ATTACKS}[name]
