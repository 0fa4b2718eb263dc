"""Measurements and the hash of the secret store: the published vectors."""

from __future__ import annotations

import pytest

from seworkbench.attestation.measured_block import BlockValues
from seworkbench.crypto.measurement import measurement, same_measurement, secret_store_hash
from seworkbench.secret import Secret

# spec/attestation.md 15.1
USER, NONCE, ADDITIONAL = b"\7" * 256, b"\x08" * 16, b"\x09" * 128
VECTORS = [
    (
        (USER, NONCE, ADDITIONAL),
        (
            "88794c62cce7bcf26216deb3f48f13fea6374b6d7e35bcc5c2ce68121db6f45d"
            "fc8c171856463549408bf8e7d1aca11efad0a878af97dc9e21a1fc2a32f3a675"
        ),
    ),
    (
        (USER, b"", ADDITIONAL),
        (
            "fbd4f738a390edd947cd4f11af3a2f3bab2fdf8bf89bf81beb495117f4382cf4"
            "2f0730c8c7d9e3ca27fb25adfceb21224f57fdb398dcf41a83c146e6a23db760"
        ),
    ),
    (
        (b"", b"", ADDITIONAL),
        (
            "63671fbf295036eb1023ea71f7182e7d6343dc7b2da584e824d0a7d198ab9cde"
            "d756c93b39050ffb764555b01f88cb82017a6a15c7e0bafc6005f1e4f78aa124"
        ),
    ),
    (
        (b"", b"", b""),
        (
            "c5c34c93835d1ec23f5c2d778dfa20129b11b305601742cb2f38e0ed9894dcdb"
            "73fc8695ab6a8dbad0744073ddc81a5eaafa52e4a15af8deb8d761091922847f"
        ),
    ),
]


@pytest.mark.parametrize(("optional", "expected"), VECTORS, ids=["all", "no nonce", "additional only", "nothing"])
def test_measurements_are_the_published_ones(optional: tuple[bytes, bytes, bytes], expected: str) -> None:
    user_data, nonce, additional = optional
    values = BlockValues(
        pld=b"\1" * 64,
        ald=b"\2" * 64,
        tld=b"\3" * 64,
        header_tag=b"\4" * 16,
        cuid=b"\5" * 16,
        user_data=user_data,
        nonce=nonce,
        additional=additional,
    )
    assert len(values.build()) == 232 + len(user_data + nonce + additional)
    assert measurement(Secret(b"\x41" * 64), values.build()).hex() == expected


def test_comparison_looks_at_every_byte_and_at_the_length() -> None:
    assert same_measurement(b"a" * 64, b"a" * 64)
    assert not same_measurement(b"a" * 64, b"a" * 63 + b"b")
    assert not same_measurement(b"a" * 64, b"a" * 63)


# spec/attestation.md 15.4
@pytest.mark.parametrize(
    ("locked", "expected"),
    [
        (
            True,
            (
                "7b54b66836c1fbdd13d2441d9e1434dc62ca677fb68f5fe66a464baadecdbd00"
                "576f8d6b5ac3bcc80844b7d50b1cc6603444bbe7cfcf8fc0aa1ee3c636d9e339"
            ),
        ),
        (
            False,
            (
                "b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22"
                "704a802a71c3580b6370de4ceb293c324a8423342557d4e5c38438f0e36910ee"
            ),
        ),
    ],
)
def test_the_hash_of_an_empty_store_is_the_published_one(locked: bool, expected: str) -> None:
    assert secret_store_hash((), locked=locked).hex() == expected
