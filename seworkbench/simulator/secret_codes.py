"""Return codes of the call that adds a secret (resources/help/simulated-machine.md#secret-store).

They are those of one call: the same numbers mean other things elsewhere. No reason codes are published.
"""

from __future__ import annotations

from seworkbench.simulator.codes import Code

SECRETS_NOT_AVAILABLE = Code(0x0002, 0x0000)
STORE_LOCKED = Code(0x0102, 0x0000)
SECRET_VERSION_NOT_SUPPORTED = Code(0x0104, 0x0000)
SECRET_REQUEST_SIZE_INVALID = Code(0x0105, 0x0000)
SECRET_SLOTS_INVALID = Code(0x0106, 0x0000)
SECRET_FLAGS_NOT_SUPPORTED = Code(0x0107, 0x0000)
SECRET_NOT_OPENED = Code(0x0108, 0x0000)
SECRET_TYPE_NOT_SUPPORTED = Code(0x0109, 0x0000)
SECRET_LENGTH_INVALID = Code(0x010A, 0x0000)
STORE_FULL = Code(0x010B, 0x0000)
SECRET_CANNOT_BE_ADDED = Code(0x010C, 0x0000)
