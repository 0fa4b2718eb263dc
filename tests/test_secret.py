"""Secrets show their length and nothing else, wherever they turn up."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle
import traceback
from base64 import b64encode
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seworkbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

PLANTED = b"PLANTED key material \xf0\x0d"
TRACES = (b"PLANTED".decode(), PLANTED.hex(), b64encode(PLANTED).decode(), "504c414e544544", str(list(PLANTED))[1:-1])


@dataclass(frozen=True)
class Holder:
    """Something with a secret in it."""

    name: str
    key: Secret


def assert_hidden(text: str) -> None:
    for trace in TRACES:
        assert trace not in text
    assert f"<secret, {len(PLANTED)} bytes>" in text


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        format,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        lambda secret: f"{secret:>40}",
        lambda secret: f"{secret!s}",
        lambda secret: "%s" % secret,  # noqa: UP031 - the old way must be safe too
        lambda secret: "%r" % (secret,),  # noqa: UP031
        lambda secret: repr([secret, {"key": secret}]),
        lambda secret: repr(Holder("holder", secret)),
        lambda secret: str(ValueError("no good", secret)),
        lambda secret: json.dumps({"key": secret}, default=str),
    ],
)
def test_no_text_form_shows_the_content(show: Callable[[Secret], str]) -> None:
    assert_hidden(show(Secret(PLANTED)))


def test_a_text_form_is_padded_as_asked() -> None:
    assert f"{Secret(b'abc'):>20}" == "   <secret, 3 bytes>"


def test_a_traceback_with_local_variables_shows_the_length_only() -> None:
    def fail(key: Secret) -> None:
        raise RuntimeError(f"cannot use {key}")

    secret = Secret(PLANTED)
    with pytest.raises(RuntimeError) as caught:
        fail(secret)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "key = <secret" in shown
    assert_hidden(shown)


def test_a_log_line_shows_the_length_only(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("using %s and %r", Secret(PLANTED), Secret(PLANTED))
    assert_hidden(caplog.text)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled_alone_or_inside_something(protocol: int) -> None:
    for thing in (Secret(PLANTED), [Secret(PLANTED)], Holder("holder", Secret(PLANTED))):
        with pytest.raises(TypeError, match="not serialised"):
            pickle.dumps(thing, protocol)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_secret_is_not_copied(duplicate: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="not serialised"):
        duplicate(Secret(PLANTED))


def test_what_holds_a_secret_is_not_copied_deeply_or_turned_into_a_dictionary() -> None:
    holder = Holder("holder", Secret(PLANTED))
    with pytest.raises(TypeError, match="not serialised"):
        copy.deepcopy(holder)
    with pytest.raises(TypeError, match="not serialised"):
        asdict(holder)


def test_a_secret_does_not_go_into_json_or_bytes_by_itself() -> None:
    secret = Secret(PLANTED)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        bytes(secret)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(TypeError):
        memoryview(secret)  # type: ignore[arg-type]


@given(content=st.binary(max_size=100))
def test_reveal_is_the_one_way_to_the_bytes_and_gives_them_all(content: bytes) -> None:
    for given_as in (content, bytearray(content), memoryview(content)):
        secret = Secret(given_as)
        assert secret.reveal() == content
        assert len(secret) == len(content)


def test_the_content_is_copied_so_the_source_may_change() -> None:
    source = bytearray(PLANTED)
    secret = Secret(source)
    source[:] = bytes(len(source))
    assert secret.reveal() == PLANTED


def test_wiping_overwrites_the_bytes_where_they_are() -> None:
    secret = Secret(PLANTED)
    with memoryview(secret._buffer) as buffer:
        # While we look at the buffer it cannot be given back; that is the only part that fails.
        with pytest.raises(BufferError):
            secret.wipe()
        assert bytes(buffer) == bytes(len(PLANTED))


def test_a_wiped_secret_is_empty_and_can_be_wiped_again() -> None:
    secret = Secret(PLANTED)
    secret.wipe()
    assert secret.reveal() == b""
    assert len(secret) == 0
    secret.wipe()


def test_leaving_the_with_block_wipes_even_after_an_exception() -> None:
    with Secret(PLANTED) as secret:
        assert secret.reveal() == PLANTED
    assert secret.reveal() == b""
    again = Secret(PLANTED)
    with pytest.raises(RuntimeError, match="inside"), again:
        raise RuntimeError("inside")
    assert again.reveal() == b""


def test_a_secret_that_is_dropped_leaves_zeros() -> None:
    secret = Secret(PLANTED)
    with memoryview(secret._buffer) as buffer:
        del secret
        gc.collect()
        assert bytes(buffer) == bytes(len(PLANTED))


def test_a_secret_that_could_not_be_made_is_dropped_in_silence() -> None:
    with pytest.raises(TypeError):
        Secret("text")  # type: ignore[arg-type]
    gc.collect()  # an exception in __del__ would be a warning, and warnings are errors here


@given(first=st.binary(max_size=40), second=st.binary(max_size=40))
def test_secrets_are_equal_exactly_when_their_bytes_are(first: bytes, second: bytes) -> None:
    assert Secret(first) == Secret(first)
    assert (Secret(first) == Secret(second)) == (first == second)
    assert (Secret(first) != Secret(second)) == (first != second)


@pytest.mark.parametrize("other", [PLANTED, bytearray(PLANTED), PLANTED.decode("latin-1"), None])
def test_a_secret_equals_nothing_but_a_secret(other: object) -> None:
    assert Secret(PLANTED) != other
    assert other != Secret(PLANTED)


def test_even_an_empty_secret_is_something() -> None:
    assert Secret(b"")
    assert Secret(bytes(3))


def test_a_secret_has_no_hash_that_could_tell_it_apart() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret(PLANTED))
