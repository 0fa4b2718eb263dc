"""What the Learn page teaches: pictures and a few sentences; the help has the rest."""

from __future__ import annotations

from dataclasses import dataclass

from seworkbench.ui.widgets.flow_picture import Flow, Ground, Stop

OWNER, HOST, FIRMWARE = Ground.OWNER, Ground.HOST, Ground.FIRMWARE


@dataclass(frozen=True, slots=True)
class Lesson:
    """One card.

    Args:
        title: what it is about.
        text: what to remember.
        flow: the picture.
        way: what the link to the page says.
        page: where it is done.
        help: where it is explained in full.
    """

    title: str
    text: str
    flow: Flow
    way: str
    page: str
    help: str


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "Lifecycle of an image",
        "Whoever controls the workstation that builds controls the guest; whoever controls the host does not. The host "
        "can refuse to run a guest, but neither read it nor change it.",
        Flow(
            (
                Stop("Your workstation", "Kernel, ramdisk and command line are encrypted and sealed.", OWNER),
                Stop("Host", "Carries the image and hands it over, page by page.", HOST),
                Stop("Ultravisor", "Opens the header, unpacks the pages, compares.", FIRMWARE),
                Stop("Guest", "Runs in memory that the host cannot read.", OWNER),
            ),
            ("image", "header, pages", "if all is equal"),
        ),
        "Build an image",
        "build",
        "lifecycle.md",
    ),
    Lesson(
        "Chain of trust",
        "An image is encrypted for a host key. Only if the document for that key is genuine, valid and not revoked "
        "does it belong to firmware, and not to somebody who wants to open the image.",
        Flow(
            (
                Stop("Root", "The authority of a certificate maker, known beforehand.", OWNER),
                Stop("Intermediate", "Issued by the root, not revoked.", OWNER),
                Stop("Signing key of IBM", "Recognised by its exact name.", OWNER),
                Stop("Host key document", "Signed by it, names the key of one machine.", FIRMWARE),
            ),
            ("issues", "issues", "signs"),
        ),
        "Verify host keys",
        "trust",
        "host-keys.md",
    ),
    Lesson(
        "Attestation",
        "Anybody can claim to run your image. The firmware vouches for the header it was started from, with a key and "
        "a nonce that only this request has.",
        Flow(
            (
                Stop("You", "Make a request that only the machine can open.", OWNER),
                Stop("Host", "Carries the request to the guest, and the response back.", HOST),
                Stop("Ultravisor", "Measures: header, guest, nonce, and what was asked for.", FIRMWARE),
                Stop("You", "Compute the same and compare; judge what the answer says.", OWNER),
            ),
            ("request", "request, user data", "measurement"),
        ),
        "Attest a guest",
        "attestation",
        "attestation.md",
    ),
)

# What the operator of the host tries, and what stops it (resources/help/threat-model.md).
THREATS: tuple[tuple[str, str], ...] = (
    ("Reads the image file", "Its components are encrypted, unless that is switched off"),
    ("Changes, moves or leaves out pages", "Three digests and a page count in the sealed header"),
    ("Sets a flag, such as the one for dumping", "Flags are part of the sealed header"),
    ("Takes the image to another machine", "No key slot opens there"),
    ("Reads or changes the memory of the guest", "Ultravisor and hardware"),
    ("Starts something else and calls it your guest", "Attestation"),
    ("Replays an old attestation", "Each request has a key and a nonce of its own"),
    ("Stops the guest", "Nothing: availability is in the hands of the host"),
    ("Reads disks and networks", "Nothing here: encrypt them inside the guest"),
)
