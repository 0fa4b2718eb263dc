"""An image for a machine that nobody has an image for yet: SIMULATED inputs, built for its host key document."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.demo.inputs import DemoInputs
from seworkbench.demo.sample import IMAGE_NAME, build_demo_image
from seworkbench.errors import SeError
from seworkbench.files import explained
from seworkbench.image.build import Recipient

if TYPE_CHECKING:
    from seworkbench.jobs import Job
    from seworkbench.simulator.machine_folder import MachineFolder


def demo_image_for(folder: MachineFolder, job: Job | None = None) -> Path:
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
    output = folder.path / IMAGE_NAME
    with explained(folder.path), TemporaryDirectory() as place:
        inputs = DemoInputs.inside(Path(place))
        inputs.write()
        build_demo_image(inputs, Recipient(folder.description.document_name, key), output, job=job)
    return output
