"""Recomputing the content digest of an image with a shell, for who does not want to believe this program."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from seworkbench.errors import FormatError
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.image.image_file import open_image
from seworkbench.image.locate import locate_header, locate_ipib, read_header
from seworkbench.image.verify import PLD
from seworkbench.report.model import HandStep

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.checks import Check
    from seworkbench.image.image_file import ImageFile
    from seworkbench.report.model import Input


def image_steps(image: Input, path: Path, check: Check) -> tuple[HandStep, ...]:
    """Digest of the file, and the content digest (PLD) as stated and as computed.

    Args:
        image: the image as an input.
        path: the image.
        check: its verification.

    Raises:
        SeError: if it cannot be read.
    """
    file = shlex.quote(str(path) if not str(path).startswith("-") else f"./{path}")
    steps = [HandStep("The digest of the file: is this the very image?", f"sha256sum < {file}", f"{image.sha256}  -")]
    leaf = check.find(PLD.id)
    # With these two values the verification compared; without them it did not get that far, nor does a shell.
    if leaf is not None and leaf.evidence:
        stated, computed = (item.value for item in leaf.evidence)
        with open_image(path) as opened:
            try:
                steps += _digest_steps(opened, file, stated, computed)
            except FormatError as error:
                raise error.located(str(path)) from None
    return tuple(steps)


def _digest_steps(image: ImageFile, file: str, stated: str, computed: str) -> list[HandStep]:
    location = locate_header(image, past_metadata=True)
    header = read_header(image, location.offset, lenient=True)
    components = locate_ipib(image, location.metadata, header, location.offset).ipib.components
    place = header.dissect(location.offset).find("pld")
    runs = " ".join(f"{part.addr // PAGE_SIZE}:{part.length // PAGE_SIZE}" for part in components)
    return [
        HandStep(
            "The content digest (PLD) that the SE header states, which is sealed together with the rest of the header.",
            f"od -An -v -tx1 -j {place.offset} -N {place.length} {file} | tr -d ' \\n'; echo",
            stated,
        ),
        HandStep(
            f"SHA-512 of all component pages, in the order of the component table: first page and number of pages of "
            f"each, a page being {PAGE_SIZE} bytes. Equal to the digest above if nothing was changed.",
            f"for run in {runs}; do dd if={file} bs={PAGE_SIZE} skip=${{run%:*}} count=${{run#*:}} status=none; done"
            " | sha512sum",
            f"{computed}  -",
        ),
    ]
