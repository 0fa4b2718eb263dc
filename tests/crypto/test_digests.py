"""Page, address and tweak digests against their definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.crypto.digests import ImageDigests, RunningDigests
from seworkbench.crypto.pages import PageCipher
from seworkbench.crypto.runs import OUTPUT_ROOM
from seworkbench.formats.components import PAGE_SIZE
from seworkbench.secret import Secret

# From the page test-vectors.md: content without padding, address.
KEY = Secret(b"\x42" * 32 + b"\x43" * 32)
PREFIX = bytes.fromhex("0000000000000042")
COMPONENTS = [(b"\x01" * 0x3400, 0x10000), (b"\x02" * 0x3000, 0x20000)]
PLD = (
    "a24ff30a8af1295888dedfe9369eb509290309a90159ebc32ca26a53f9d4364a"
    "781857e2590587536c3e767355c7b7603f2b0c6a407f16330d82128d0964fad2"
)
PLD_UNENCRYPTED = (
    "8e9f2c1786a8b7cafc12ddb4a74cfd0de45565fc4b7f0b006af480451e93e14a"
    "799d0825b60705a58b27819779376701d5edde9952c27709cd6acd89796f137b"
)
ALD = (
    "c391de5727a08212ea2fea9c37f9cf090be51f93c6d521b8906332ce720c5f38"
    "ada0e73e69663e5211d015fef41dc62606f5135e619904d4f450ab889f49caad"
)
TLD = (
    "424fe3cf04a6f64a7aef185c3b4ef607c0e4f54bb7e14620b574a3d31eef31c7"
    "d462eb040d45ee6918e6b80968ba4454f9e2edc26f6929ed624d0055f2355659"
)


@pytest.mark.parametrize(("encrypted", "pld"), [(True, PLD), (False, PLD_UNENCRYPTED)])
def test_the_published_digests_come_out(*, encrypted: bool, pld: str) -> None:
    digests = RunningDigests()
    cipher = PageCipher(KEY)
    for content, address in COMPONENTS:
        pages = -(-len(content) // PAGE_SIZE)
        padded = content.ljust(pages * PAGE_SIZE, b"\0")
        out = bytearray(len(padded) + OUTPUT_ROOM)
        digests.content(cipher.encrypt(padded, PREFIX, 0, out) if encrypted else padded)
        digests.places(address, PREFIX, 0, pages)
    result = digests.result()
    assert (result.pld.hex(), result.ald.hex(), result.tld.hex(), result.nep) == (pld, ALD, TLD, 7)


def test_the_golden_address_and_tweak_digests_come_out() -> None:
    # Golden image A of the page test-vectors.md; components as its IPIB lists them.
    digests = RunningDigests()
    for prefix, address, length in [
        ("0028010203040506", 0x15000, 0x13000),
        ("00321112131415ff", 0x28000, 0x2000),
        ("003c212223242526", 0x2A000, 0x1000),
        ("0046313233343536", 0x2B000, 0x2000),
    ]:
        digests.places(address, bytes.fromhex(prefix), 0, length // PAGE_SIZE)
    result = digests.result()
    assert result.nep == 24
    assert result.ald.hex() == (
        "bd22da5f546ca871c034b3460efb09b17d3c0364222ca44922beb15873629c9a"
        "54a7c9af0da845c95ebee69e4f24719303dd3d28de98b003fb292d72c41a153a"
    )
    assert result.tld.hex() == (
        "137d4965a709eb13a7cb41de3177b632b021b49ee0d7e9b0201c83e705ca4f5f"
        "eaf6f4e46c8fd379e6455564751d1c67bbb4102350f8e454408144da31e5d16a"
    )


def test_no_pages_at_all_give_the_digests_of_nothing() -> None:
    empty = hashlib.sha512().digest()
    assert RunningDigests().result() == ImageDigests(pld=empty, ald=empty, tld=empty, nep=0)


runs = st.tuples(
    st.integers(0, 2**52 - 700),  # first page number of the address
    st.binary(min_size=8, max_size=8),
    st.integers(0, 2**52 - 700),  # first page number within the component
    st.integers(0, 600),
)


@given(places=st.lists(runs, max_size=5), pieces=st.lists(st.binary(max_size=200), max_size=5))
def test_digests_are_those_of_the_definition(places: list[tuple[int, bytes, int, int]], pieces: list[bytes]) -> None:
    digests = RunningDigests()
    addresses, tweaks = [], []
    for address, prefix, offset, pages in places:
        digests.places(address * PAGE_SIZE, prefix, offset * PAGE_SIZE, pages)
        addresses += [((address + page) * PAGE_SIZE).to_bytes(8, "big") for page in range(pages)]
        tweaks += [prefix + ((offset + page) * PAGE_SIZE).to_bytes(8, "big") for page in range(pages)]
    for piece in pieces:
        digests.content(piece)
    assert digests.result() == ImageDigests(
        pld=hashlib.sha512(b"".join(pieces)).digest(),
        ald=hashlib.sha512(b"".join(addresses)).digest(),
        tld=hashlib.sha512(b"".join(tweaks)).digest(),
        nep=len(addresses),
    )


def test_the_result_can_be_asked_for_on_the_way_and_does_not_change_afterwards() -> None:
    digests = RunningDigests()
    digests.places(0x10000, PREFIX, 0, 1)
    early = digests.result()
    digests.content(b"page")
    digests.places(0x11000, PREFIX, PAGE_SIZE, 1)
    assert early.nep == 1
    assert digests.result().nep == 2
    assert early.ald == hashlib.sha512(bytes.fromhex("0000000000010000")).digest()
    assert digests.result().ald == hashlib.sha512(bytes.fromhex("00000000000100000000000000011000")).digest()


def test_behind_the_last_address_comes_zero() -> None:
    """No file has such components, but tables can claim it."""
    digests = RunningDigests()
    digests.places((1 << 64) - PAGE_SIZE, PREFIX, (1 << 64) - PAGE_SIZE, 2)
    found = digests.result()
    last, first = ((1 << 64) - PAGE_SIZE).to_bytes(8, "big"), bytes(8)
    assert found.ald == hashlib.sha512(last + first).digest()
    assert found.tld == hashlib.sha512(PREFIX + last + PREFIX + first).digest()
