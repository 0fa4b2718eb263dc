"""An image for a machine that nobody has an image for yet: SIMULATED inputs, built for its host key document."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.demo.inputs import DemoInputs
from seworkbench.errors import SeError
from seworkbench.files import explained
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.keys import ImageKeys

if TYPE_CHECKING:
    from seworkbench.jobs import Job
    from seworkbench.simulator.machine_folder import MachineFolder

NAME = "demonstration-SIMULATED.img"


def build_demo_image(folder: MachineFolder, job: Job | None = None) -> Path:
    """Build the image, in the folder of the machine; one that is there already is replaced. Its keys are not kept.

    Args:
        folder: the machine.
        job: for progress and cancelling.

    Returns:
        the image file.

    Raises:
        SeError: if it cannot be written.
        Cancelled: if the job was cancelled.
    """
    key = folder.document.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SeError("The host key document has no elliptic curve key.", where=str(folder.document_path))
    output = folder.path / NAME
    with explained(folder.path), TemporaryDirectory() as place:
        inputs = DemoInputs.inside(Path(place))
        inputs.write()
        order = BuildOrder(
            kernel=inputs.kernel,
            ramdisk=inputs.ramdisk,
            command_line=inputs.command_line,
            recipients=(Recipient(folder.description.document_name, key),),
            output=output,
            overwrite=True,
        )
        build_image(order, ImageKeys.fresh(), job)
    return output
