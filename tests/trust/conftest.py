"""A web server of one test, reached without the proxies of whoever runs the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def web(no_proxy: None) -> Iterator[Web]:  # noqa: ARG001 - its place in the order matters
    with Web() as server:
        yield server
