"""All keys and random values of one image."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from seworkbench.formats.components import ComponentKind
from seworkbench.formats.se_header import CCK_SIZE, HEADER_IV_SIZE, HEADER_KEY_SIZE, IMAGE_KEY_SIZE
from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

TWEAK_RANDOM_SIZE = 6


@dataclass(frozen=True)
class ImageKeys:
    """Keys and random values; a library caller may fix them all, which is how published vectors are reproduced.

    Args:
        header: header protection key, 32 bytes.
        image: image key, 64 bytes, its halves different.
        cck: customer communication key, 32 bytes.
        customer: key pair made for this image alone; with a second header key it must not be used again.
        iv: IV of the header's seal, 12 bytes, never used twice with one header key.
        tweaks: 6 random bytes for each kind of component.
        generated: names of the keys ("header", "image", "cck") that were made here and not given.
    """

    header: Secret
    image: Secret
    cck: Secret
    customer: ec.EllipticCurvePrivateKey
    iv: bytes
    tweaks: Mapping[ComponentKind, bytes]
    generated: tuple[str, ...] = ()

    @classmethod
    def fresh(
        cls, *, header: Secret | None = None, image: Secret | None = None, cck: Secret | None = None
    ) -> ImageKeys:
        """Keys for a new image; what is not given is made with the system's random source."""
        given = {"header": header, "image": image, "cck": cck}
        return cls(
            header=header or Secret(secrets.token_bytes(HEADER_KEY_SIZE)),
            image=image or Secret(secrets.token_bytes(IMAGE_KEY_SIZE)),
            cck=cck or Secret(secrets.token_bytes(CCK_SIZE)),
            customer=ec.generate_private_key(ec.SECP521R1()),
            iv=secrets.token_bytes(HEADER_IV_SIZE),
            tweaks={kind: secrets.token_bytes(TWEAK_RANDOM_SIZE) for kind in ComponentKind},
            generated=tuple(name for name, key in given.items() if key is None),
        )

    def tweak_prefix(self, kind: ComponentKind) -> bytes:
        """The first 8 bytes of the tweak of every page of a component (resources/help/components.md#tweaks)."""
        return kind.value.to_bytes(2, "big") + self.tweaks[kind]
