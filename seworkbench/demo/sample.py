"""An image to look at for whoever has none: SIMULATED inputs, encrypted for a host key that nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.demo.inputs import DemoInputs
from seworkbench.errors import SeError
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.keys import ImageKeys

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.jobs import Job

IMAGE_NAME = "demonstration-SIMULATED.img"
_HOST_NAME = "SIMULATED host key"


@dataclass(frozen=True, slots=True)
class Sample:
    """The files.

    Args:
        image: the image.
        header_key: the key that opens its header.
        inputs: what it was built from.
    """

    image: Path
    header_key: Path
    inputs: DemoInputs


def build_demo_image(
    inputs: DemoInputs, recipient: Recipient, output: Path, *, keys: Path | None = None, job: Job | None = None
) -> Path | None:
    """Build an image of the demonstration's inputs, with fresh keys.

    Args:
        inputs: kernel, ramdisk and command line; they must be written.
        recipient: whose machine can start it.
        output: the image; replaced if it is there.
        keys: folder for the keys; None if nobody needs them.
        job: for progress and cancelling.

    Returns:
        The file of the header key, if keys are kept.

    Raises:
        SeError: if it cannot be written.
        Cancelled: if the job was cancelled.
    """
    order = BuildOrder(
        kernel=inputs.kernel,
        ramdisk=inputs.ramdisk,
        command_line=inputs.command_line,
        recipients=(recipient,),
        output=output,
        overwrite=True,
        save_keys=keys,
    )
    return build_image(order, ImageKeys.fresh(), job).saved_keys.get("header")


def make_sample(folder: Path, job: Job | None = None) -> Sample:
    """Make an image, its header key and its inputs.

    Args:
        folder: where to; it must exist, and hold none of these files.
        job: for progress and cancelling.

    Raises:
        SeError: if they cannot be written.
        Cancelled: if the job was cancelled.
    """
    inputs = DemoInputs.inside(folder)
    inputs.write()
    nobody = Recipient(_HOST_NAME, ec.generate_private_key(ec.SECP521R1()).public_key())
    image = folder / IMAGE_NAME
    header_key = build_demo_image(inputs, nobody, image, keys=folder, job=job)
    if header_key is None:
        raise SeError("The header key was not written.", where=str(folder), remedy="Try again.")
    return Sample(image, header_key, inputs)
