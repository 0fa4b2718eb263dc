"""The one story that the demonstration tells: from a machine to a guest that is proven, and what attacks come to.

The command plays it headless, the tour shows it in the window. Which check must come to what is part of the story, so
a demonstration in which something else happens fails (resources/help/demonstration.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.checks import Step, Verdict, group
from seworkbench.demo.evidence import write_evidence
from seworkbench.demo.scene import Outcome, Place, PlayedScene, Scene, Sight
from seworkbench.demo.stage import image_attack
from seworkbench.errors import CheckFailed
from seworkbench.image.contents import command_line_text
from seworkbench.simulator import codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seworkbench.attestation.policy import PolicyResult
    from seworkbench.demo.stage import Stage
    from seworkbench.jobs import Job
    from seworkbench.simulator.hypervisor import GuestStart

PASSED, FAILED, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_CHECKED
AT_START, BEFORE = "At the start", "Before it, by verification"
_RULE = "demonstration.md#scenes"

_OWN_KEY = Step("demo.machine.key", "The host key document is for the key of the machine", _RULE)
_NOT_BUILT = Step("demo.revoked.build", "No image is built for a revoked host key", "host-keys.md#algorithm")


def _machine(stage: Stage, job: Job) -> Outcome:
    machine = stage.make_machine(job)
    trust = stage.verify_host_key()
    certificate = trust.host_keys[0].certificate
    check = _OWN_KEY.equal(
        ("hash of the host key", machine.machine.host_key_hash.hex()),
        ("hash of the key in the document", (certificate.phkh if certificate else None) or "no host key"),
        same="Equal.",
        different="They differ.",
    )
    said = f"{machine.machine.name} is there, with a host key {machine.machine.host_key_hash.hex()[:16]}…"
    return Outcome(said, check, (machine.document_path, machine.path))


def _host_key(stage: Stage, _job: Job) -> Outcome:
    stage.trust = result = stage.verify_host_key()
    machine = stage.machine
    steps = sum(1 for _ in result.check.leaves())
    chain = " ← ".join(certificate.name for certificate in reversed(result.chain))
    said = f"{steps} checks; the chain is {chain}."
    return Outcome(said, result.check, (machine.document_path, *machine.certificate_paths, machine.root_path))


def _build(stage: Stage, job: Job) -> Outcome:
    # In the window the Build page has written it by now.
    if stage.built is None and not stage.image.exists():
        stage.built = stage.build(job)
    result = stage.verify(job=job)
    checks = [result.check] if stage.built is None else [stage.built.preflight, result.check]
    said = f"{stage.image.name}: {result.header.nep if result.header else 0} measured pages; read back and verified."
    return Outcome(said, group("build", "Image built and read back", checks), (stage.image, stage.recipe))


def _look_inside(stage: Stage, job: Job) -> Outcome:
    closed = stage.verify(opened=False, job=job)
    stage.verification = opened = stage.verify(job=job)
    contents = opened.contents
    line = contents.command_line if contents else None
    said = f"With the key the command line can be read: “{command_line_text(line).strip()}”." if line else ""
    access = closed.check.find("image.access")
    checks = [opened.check]
    if access is not None:
        checks.append(group("closed", "The same without the key", [access]))
    return Outcome(said, group("inside", "Inside the image", checks), (stage.image, stage.header_key))


def _start(stage: Stage, job: Job) -> Outcome:
    stage.start = start = stage.start_guest(job=job)
    return Outcome(start.summary, start.check, (stage.image,))


def _attest(stage: Stage, _job: Job) -> Outcome:
    stage.ask(stage.first)
    stage.answer(stage.first)
    stage.attestation = result = stage.judge(stage.first)
    said = "The guest runs from exactly this image, on exactly this machine."
    if result.check.verdict is not PASSED:
        said = " ".join(result.issues) or "Not everything could be verified."
    first = stage.first
    return Outcome(said, result.check, (first.response, first.request, first.protection_key))


def _attacked_image(name: str) -> Callable[[Stage, Job], Outcome]:
    def perform(stage: Stage, job: Job) -> Outcome:
        path = stage.attack_image(name)
        verification = stage.verify(path, job=job)
        start = stage.start_guest(path, job=job)
        check = group("attacked", image_attack(name).title, [start.check, verification.check])
        return Outcome(_answer(start), check, (path,))

    return perform


def _answer(start: GuestStart) -> str:
    """How far the machine got, and what it answered where it ended."""
    response = start.response
    if response is None or response.command is None:
        return start.summary
    code = response.code
    own = " (the simulator's own)" if code.is_own else ""
    number = f"RC 0x{code.rc:04x}, RRC 0x{code.rrc:04x}{own}"
    return f"{start.outcome.value} The Ultravisor answers to “{response.command.title}”: {number}."


def _wrong_machine(stage: Stage, job: Job) -> Outcome:
    other = stage.make_other_machine()
    start = stage.start_guest(machine=other, job=job)
    return Outcome(_answer(start), start.check, (stage.image, other.path))


def _forged(stage: Stage, _job: Job) -> Outcome:
    path = stage.attack_response("user-data-bit")
    result = stage.judge(stage.first, path)
    return Outcome(_cause(result), result.check, (path,))


def _replay(stage: Stage, _job: Job) -> Outcome:
    stage.ask(stage.second)
    path = stage.attack_response("replay", request=stage.second.request)
    result = stage.judge(stage.second, path)
    return Outcome(_cause(result), result.check, (path, stage.second.request, stage.second.protection_key))


def _cause(result: PolicyResult) -> str:
    search = result.verification.search
    if search is None:
        return "The measurement is equal."
    return f"The measurement differs. {search.cause or 'The cause is not known.'}"


def _revoked(stage: Stage, job: Job) -> Outcome:
    stage.revoke()
    result = stage.verify_host_key()
    try:
        stage.build(job)
    except CheckFailed as refusal:
        refused = _NOT_BUILT.passed(refusal.what)
    else:
        refused = _NOT_BUILT.failed("An image was built for it.")
    said = next((leaf.reason for leaf in result.check.leaves() if leaf.verdict is FAILED), "It is still accepted.")
    if refused.verdict is PASSED:
        said += " No image is built for it any more."
    return Outcome(said, group("revoked", "After the revocation", [result.check, refused]), stage.machine.crl_paths)


def _evidence(stage: Stage, _job: Job) -> Outcome:
    check = write_evidence(stage)
    return Outcome(f"{', '.join(path.name for path in stage.evidence)} say the same.", check, stage.evidence)


STORY: tuple[Scene, ...] = (
    Scene(
        "machine",
        "A machine of our own",
        "We have no mainframe here, so the program plays one: host key, firmware, and an authority that vouches for "
        "the key. Whatever it makes says SIMULATED.",
        Place.MACHINE,
        "",
        _machine,
        (Sight(_OWN_KEY.id, PASSED),),
    ),
    Scene(
        "host-key",
        "Whose key is it?",
        "We encrypt for a key, so we must know whose it is. The host key document is verified step by step, up to "
        "the root and through every revocation list.",
        Place.TRUST,
        "trust.b4.signature",
        _host_key,
        (Sight("trust.a", PASSED), Sight("trust.b4.signature", PASSED), Sight("trust.b7.revocation", PASSED)),
    ),
    Scene(
        "build",
        "An image for this machine alone",
        "Kernel, ramdisk and command line are encrypted page by page. The key to them is wrapped for our machine: no "
        "other one can open the image, and neither can its host.",
        Place.BUILD,
        "",
        _build,
        (Sight("image", PASSED),),
    ),
    Scene(
        "look-inside",
        "What is in the file",
        "To everybody else it is noise; only sizes, digests and the hash of the host key can be read. With the header "
        "key we see that our files, and only they, are inside.",
        Place.INSPECT,
        "image.inputs.kernel",
        _look_inside,
        (
            Sight("closed", NOT_CHECKED),
            Sight("image.access.header-tag", PASSED),
            *(Sight(f"image.inputs.{kind}", PASSED) for kind in ("kernel", "ramdisk", "command-line")),
        ),
    ),
    Scene(
        "start",
        "The guest starts",
        "The host hands the image to the Ultravisor, the firmware it has no power over. Header, pages, comparison: "
        "only if all of it fits, the guest may run.",
        Place.MACHINE,
        "uv.verify.pld",
        _start,
        (
            Sight("uv.ssc.header-tag", PASSED),
            Sight("uv.unpack.pages", PASSED),
            Sight("uv.verify", PASSED),
            Sight("start", PASSED),
        ),
    ),
    Scene(
        "attest",
        "Proof that it is our guest",
        "Anybody can claim to run our image. We send a request that only our machine can open, and it answers with a "
        "measurement that we compute ourselves and compare.",
        Place.ATTESTATION,
        "attest.measurement.equal",
        _attest,
        (
            Sight("attest.measurement.equal", PASSED),
            Sight("attest.policy.image-host-key", PASSED),
            Sight("attest.policy.user-data", PASSED),
            Sight("attest.policy.cuid", PASSED),
            Sight("attest.policy.secret-store", PASSED),
            Sight("attestation", PASSED),
        ),
    ),
    Scene(
        "page-flipped",
        "Attack: one bit of the kernel",
        "The host cannot read the kernel, but it can change a bit and hope. The digest of the pages does not fit any "
        "more, and the Ultravisor refuses the guest.",
        Place.MACHINE,
        "uv.verify.pld",
        _attacked_image("page-bit"),
        (
            Sight("uv.verify.pld", FAILED, codes.PLD_MISMATCH, when=AT_START),
            Sight("image.digest.pld", FAILED, when=BEFORE),
        ),
        attack="page-bit",
    ),
    Scene(
        "header-flipped",
        "Attack: the host allows itself a dump",
        "One bit in the header lets the host dump the memory of the guest. The host sets it, but the header is sealed, "
        "flags and all: it is not authentic any more.",
        Place.MACHINE,
        "uv.ssc.header-tag",
        _attacked_image("allow-dump"),
        (
            Sight("uv.ssc.header-tag", FAILED, codes.HEADER_NOT_AUTHENTIC, when=AT_START),
            Sight("image.access.header-tag", FAILED, when=BEFORE),
        ),
        attack="allow-dump",
    ),
    Scene(
        "wrong-machine",
        "Attack: the image on another machine",
        "A thief takes the image to a machine of the same kind and owner. No key slot is for its host key, and there "
        "is nothing to try.",
        Place.MACHINE,
        "uv.ssc.slot",
        _wrong_machine,
        (Sight("uv.ssc.slot", FAILED, codes.NO_SLOT_FOR_HOST_KEY),),
        attack="other-machine",
    ),
    Scene(
        "forged-response",
        "Attack: a forged answer",
        "On its way back the host changes what the guest had measured along: the hash of the public key that we shall "
        "talk to. The measurement fits the hash that the guest sent, not the one that arrived.",
        Place.ATTESTATION,
        "attest.measurement.equal",
        _forged,
        (
            Sight("attest.measurement.equal", FAILED),
            Sight("attest.measurement.cause", Verdict.WARNING, reason="user data"),
        ),
        attack="user-data-bit",
    ),
    Scene(
        "replay",
        "Attack: an old answer to a new question",
        "The guest is long gone, so the host answers our new request with the old measurement. Each request has a key "
        "and a nonce of its own: it does not fit, and we see which request it answered.",
        Place.ATTESTATION,
        "attest.measurement.equal",
        _replay,
        (
            Sight("attest.measurement.equal", FAILED),
            Sight("attest.measurement.cause", Verdict.WARNING, reason="first.req"),
        ),
        attack="replay",
    ),
    Scene(
        "revoked",
        "The key is compromised",
        "The authority revokes the host key. The next verification finds it on the list, and nothing is built for it "
        "any more.",
        Place.TRUST,
        "trust.b7.revocation",
        _revoked,
        (Sight("trust.b7.revocation", FAILED), Sight(_NOT_BUILT.id, PASSED)),
    ),
    Scene(
        "evidence",
        "The evidence",
        "Everything that was checked goes into one report that can be read, signed and kept, and checked again by "
        "hand.",
        Place.EVIDENCE,
        "",
        _evidence,
        (Sight("demo.evidence.files", PASSED), Sight("demo.evidence.verdict", PASSED)),
    ),
)


def play(stage: Stage, job: Job, scenes: tuple[Scene, ...] = STORY) -> Iterator[PlayedScene]:
    """Play scenes one after the other.

    Args:
        stage: where.
        job: for progress and cancelling.
        scenes: which; the acts of each build on those before it.

    Yields:
        Each scene as soon as it was played.

    Raises:
        SeError: if a file cannot be read or written.
        Cancelled: if the job was cancelled.
    """
    for scene in scenes:
        yield play_scene(stage, scene, job)


def play_scene(stage: Stage, scene: Scene, job: Job) -> PlayedScene:
    """Play one scene; see `play`."""
    job.phase(scene.title, 0)
    played = PlayedScene(scene, scene.perform(stage, job))
    stage.played[scene.id] = played
    return played
