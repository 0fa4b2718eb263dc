"""Attacks on attestation in the whole window: one of each kind is caught where it says, and the window says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS, Catcher
from seworkbench.simulator.demo_pki import DemoPki

from ..simulator.pki import fixed_pki  # noqa: TID252 - making RSA keys takes a second
from . import machine_attacks

if TYPE_CHECKING:
    import pytest

    from .desk import Desk
    from .screenshots import Studio


def test_an_attack_of_each_kind_is_caught_where_it_says_and_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DemoPki, "make", lambda generation, at, _job=None: fixed_pki(generation, at))
    # A desk has what a studio is asked for here: a window, a folder, and waiting until nothing runs.
    studio = cast("Studio", desk)
    machine_attacks.set_up_attestation(studio)
    for catcher in Catcher:
        attack = next(attack for attack in ATTESTATION_ATTACKS if attack.catcher is catcher)
        machine_attacks.play_false(studio, attack)
        assert machine_attacks.false_findings(studio, attack) == [], attack.id
