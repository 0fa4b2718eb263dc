"""Trust anchors: the root file that the user gave, or the trust store of this machine.

Rules: resources/help/host-keys.md#roots. The libraries of the Python wheels know no store of their own; the place is
the one that Python's ssl module knows, with the variables SSL_CERT_FILE and SSL_CERT_DIR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seworkbench.trust.verify import SystemStore


def system_store() -> SystemStore:
    """The certificates of this machine's trust store; empty where there is none."""
    raise NotImplementedError
