"""What belongs together on the page: pieces of the measured block, policies about them, and causes of a mismatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seworkbench.attestation.measured_block import MeasuredBlock
    from seworkbench.attestation.policy import PolicyResult

# The policy about a piece, and the piece that a policy is about.
CHECKS = {
    "user_data": "attest.policy.user-data",
    "cuid": "attest.policy.cuid",
    "nonce": "attest.policy.freshness",
}
PIECES = {check: piece for piece, check in CHECKS.items()} | {
    "attest.policy.image-host-key": "additional",
    "attest.policy.attestation-host-key": "additional",
    "attest.policy.secret-store": "additional",
    "attest.policy.firmware": "additional",
}
# What a cause replaces, by the piece that it is about.
_CAUSES = {
    "header": "pld",
    "user data": "user_data",
    "configuration UID": "cuid",
    "nonce": "nonce",
    "additional data": "additional",
    "PHKH": "additional",
}


def first_piece(result: PolicyResult, block: MeasuredBlock) -> str:
    """The part of the block to explain first: what a failure is about, else what says most."""
    search = result.verification.search
    if search is not None and search.cause is not None:
        said = " ".join((*search.cause.groups, *search.cause.sentences))
        for words, name in _CAUSES.items():
            if words in said and block.piece(name).size:
                return name
    return "additional" if block.piece("additional").size else "cuid"
