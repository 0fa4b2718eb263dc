"""The image key: 64 bytes, a data key and a tweak key (resources/help/components.md#page-cipher)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.errors import SeError
from seworkbench.formats.se_header import IMAGE_KEY_SIZE

if TYPE_CHECKING:
    from seworkbench.secret import Secret


def require_usable_image_key(key: Secret) -> None:
    """Refuse an image key that no AES-XTS implementation takes.

    Raises:
        SeError: if it has the wrong length or two equal halves.
    """
    raw = key.reveal()
    half = IMAGE_KEY_SIZE // 2
    if len(raw) != IMAGE_KEY_SIZE:
        raise SeError(
            f"The image key must be exactly {IMAGE_KEY_SIZE} bytes; it has {len(raw)}.",
            remedy=f"Make one with: openssl rand -out FILE {IMAGE_KEY_SIZE}",
        )
    if raw[:half] == raw[half:]:
        raise SeError(
            "The two halves of the image key are equal; AES-XTS does not allow that.",
            remedy=f"Make one with: openssl rand -out FILE {IMAGE_KEY_SIZE}",
        )


def is_usable_image_key(key: Secret) -> bool:
    """Whether `require_usable_image_key` takes it."""
    try:
        require_usable_image_key(key)
    except SeError:
        return False
    return True
