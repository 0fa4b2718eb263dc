"""Return codes of the attestation call (resources/help/attestation.md#ultravisor-codes).

They are those of one call: the same numbers mean other things where an image is started. No reason codes are published.
"""

from __future__ import annotations

from seworkbench.simulator.codes import Code

ATTESTATION_NOT_AVAILABLE = Code(0x0002, 0x0000)
USER_DATA_TOO_LONG = Code(0x0102, 0x0000)
REQUEST_VERSION_NOT_SUPPORTED = Code(0x0106, 0x0000)
REQUEST_LENGTH_INVALID = Code(0x0107, 0x0000)
REQUEST_SLOTS_INVALID = Code(0x0108, 0x0000)
REQUEST_SECRETS_SIZE_INVALID = Code(0x0109, 0x0000)
PAF_NOT_SUPPORTED = Code(0x010A, 0x0000)
ALGORITHM_NOT_SUPPORTED = Code(0x010B, 0x0000)
REQUEST_NOT_OPENED = Code(0x010C, 0x0000)
MEASUREMENT_BUFFER_TOO_SMALL = Code(0x010D, 0x0000)
ADDITIONAL_BUFFER_TOO_SMALL = Code(0x010E, 0x0000)
