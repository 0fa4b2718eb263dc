"""One file over HTTP, with every limit that a public address needs: time, size, redirects and where these may lead.

The standard library counts its timeout per read, so a server that sends a byte a second would hold a program for days.
Here the transfer runs on a thread of its own and is abandoned when its time is up, name resolution included; the caller
can cancel it at any moment. Proxies of the environment (`http_proxy`, `https_proxy`, `no_proxy`) are used.
"""

from __future__ import annotations

import functools
import http.client
import ipaddress
import socket
import ssl
import string
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from seworkbench import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMES = ("http", "https")
USER_AGENT = f"seworkbench/{__version__}"

_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 << 10
# How often the waiting side looks whether it was cancelled, in seconds.
_TICK = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """What one transfer may cost and where it may lead (resources/help/workspace.md#fetching-revocation-lists).

    Args:
        seconds: time for everything: name, connection, redirects and content.
        size: largest content, in bytes.
        redirects: how many redirects are followed.
        local_redirects: whether a public address may lead to one of this machine or its private network.
    """

    seconds: float = 3.0
    size: int = 10 << 20
    redirects: int = 5
    local_redirects: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """What came of one transfer.

    Args:
        url: the address asked for.
        final_url: the address that answered, after redirects.
        status: HTTP status of the last answer; None if there was none.
        content_type: what the server says the content is, in lower case without parameters.
        body: the content as far as it came.
        seconds: how long it took.
        problem: one sentence why the content is missing or not complete; empty if it is complete.
    """

    url: str
    final_url: str
    status: int | None
    content_type: str
    body: bytes
    seconds: float
    problem: str = ""


def download(
    url: str,
    limits: Limits,
    watch: Callable[[int, int], None],
    *,
    post: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Download:
    """Get one file, or the answer to what is posted.

    Args:
        url: an address; anything but http and https is refused.
        limits: see Limits.
        watch: called some twenty times a second, on the calling thread, with the bytes received and the bytes
            announced (0 if unknown); what it raises ends the transfer.
        post: what is sent with POST; with a redirect it would be sent again, so allow none.
        headers: further headers.

    Returns:
        The content, or what went wrong; a server cannot make this raise.
    """
    transfer = _Transfer(url, limits, post, headers or {})
    threading.Thread(target=transfer.run, name="download", daemon=True).start()
    try:
        while not transfer.done.wait(min(_TICK, transfer.remaining())):
            watch(transfer.received, transfer.announced)
            if transfer.remaining() <= 0:
                break
    finally:
        late = transfer.abandon()
    if transfer.defect is not None:
        raise transfer.defect
    if late:
        return transfer.result(f"Nothing complete arrived within {limits.seconds:g} s.")
    watch(transfer.received, transfer.announced)
    return transfer.result(transfer.problem)


class _RefusedError(Exception):
    """The transfer must not go on; the text says why."""


@dataclass
class _Transfer:
    """One transfer: runs on a thread of its own, is watched and abandoned from another."""

    url: str
    limits: Limits
    post: bytes | None
    headers: Mapping[str, str]
    done: threading.Event = field(default_factory=threading.Event)
    received: int = 0
    announced: int = 0
    problem: str = ""
    defect: BaseException | None = None

    def __post_init__(self) -> None:
        self._begin = time.monotonic()
        self.final_url = self.url
        self.asked = ""
        self._status: int | None = None
        self._content_type = ""
        self._body = bytearray()
        self._began_public = False
        self._hop = 0
        self._lock = threading.Lock()
        self._abandoned = False
        self._sockets: list[socket.socket] = []

    def remaining(self) -> float:
        """Seconds left, 0 at least."""
        return max(0.0, self._begin + self.limits.seconds - time.monotonic())

    def abandon(self) -> bool:
        """Make the thread end soon, wherever it waits; whether it was still at work."""
        with self._lock:
            late = not self.done.is_set()
            self._abandoned = True
            for line in self._sockets:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
        return late

    def result(self, problem: str) -> Download:
        """What there is now."""
        seconds = time.monotonic() - self._begin
        body = bytes(self._body)
        return Download(self.url, self.final_url, self._status, self._content_type, body, seconds, problem)

    def run(self) -> None:
        """The thread."""
        try:
            self._follow()
        except (_RefusedError, OSError, http.client.HTTPException, ValueError) as error:
            self.problem = _explanation(error, self.asked or host_of(self.final_url))
        except BaseException as error:  # noqa: BLE001 - a defect of ours; the calling thread raises it
            self.defect = error
        finally:
            with self._lock:
                self.done.set()

    def connected(self, line: socket.socket, *, through_proxy: bool) -> None:
        """A connection stands; nothing was sent over it yet.

        Raises:
            _RefusedError: if a public address led to a local one, or nobody waits any more.
        """
        with self._lock:
            self._sockets.append(line)
            if self._abandoned:
                raise _RefusedError("The transfer was given up.")
        host = host_of(self.final_url)
        public = _name_is_public(host) if through_proxy else _is_public(line.getpeername()[0])
        if self._hop == 0:
            self._began_public = public
        elif self._began_public and not public and not self.limits.local_redirects:
            raise _RefusedError(f"The server leads to {host}, which is not a public address; that is not followed.")

    def _follow(self) -> None:
        for hop in range(self.limits.redirects + 1):
            self._hop = hop
            scheme = urlsplit(self.final_url).scheme
            if scheme not in SCHEMES:
                what = "The server leads to" if hop else "This is"
                raise _RefusedError(f"{what} a {scheme or 'nameless'} address; only http and https are used.")
            with closing(self._open()) as answer:
                self._status = answer.status
                self._content_type = answer.headers.get_content_type()
                target = answer.headers.get("Location")
                if self._status not in _REDIRECTS or not target:
                    self._read(answer)
                    return
            # As browsers do: what cannot stand in an address is quoted.
            self.final_url = urljoin(self.final_url, quote(target, encoding="iso-8859-1", safe=string.punctuation))
        raise _RefusedError(f"The server leads on more than {self.limits.redirects} times.")

    def _open(self) -> http.client.HTTPResponse:
        opener = urllib.request.OpenerDirector()
        opener.add_handler(urllib.request.ProxyHandler())
        opener.add_handler(_Web(self))
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", **self.headers}
        request = urllib.request.Request(self.final_url, data=self.post, headers=headers)  # noqa: S310 - the scheme was checked
        answer: http.client.HTTPResponse | None = opener.open(request, timeout=max(self.remaining(), _TICK))
        if answer is None:
            raise _RefusedError("The address is not usable.")
        return answer

    def _read(self, answer: http.client.HTTPResponse) -> None:
        self.announced = answer.length or 0
        if self.announced > self.limits.size:
            raise _RefusedError(f"The file has {self.announced} bytes; at most {self.limits.size} are read.")
        while piece := answer.read1(_CHUNK):
            self._body += piece
            self.received = len(self._body)
            if self.received > self.limits.size:
                self._body.clear()
                raise _RefusedError(f"The file is larger than {self.limits.size} bytes.")
            if self._abandoned:
                return
        if answer.length:
            raise _RefusedError(f"The connection ended {answer.length} bytes early.")


class _Web(urllib.request.AbstractHTTPHandler):
    """Opens connections that tell their transfer; every status is an answer, redirects are the transfer's affair."""

    def __init__(self, transfer: _Transfer) -> None:
        super().__init__()
        self._transfer = transfer

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._line(_PlainLine, request), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._line(_SealedLine, request), request, context=ssl.create_default_context())

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        return self.do_request_(request)

    https_request = http_request

    def _line(self, kind: type[_PlainLine], request: urllib.request.Request) -> Any:
        # Where a proxy is used, the request's host and type are those of the proxy.
        through_proxy = request.host != urlsplit(self._transfer.final_url).netloc
        if request.type not in SCHEMES:
            raise _RefusedError("The proxy of the environment is of a kind that is not supported.")
        self._transfer.asked = f"The proxy {request.host}" if through_proxy else ""
        return functools.partial(kind, transfer=self._transfer, through_proxy=through_proxy)


class _PlainLine(http.client.HTTPConnection):
    """A connection that tells its transfer when it stands."""

    def __init__(self, host: str, *, transfer: _Transfer, through_proxy: bool, **options: Any) -> None:
        super().__init__(host, **options)
        self._transfer = transfer
        self._through_proxy = through_proxy

    def connect(self) -> None:
        """See http.client."""
        super().connect()
        self._transfer.connected(self.sock, through_proxy=self._through_proxy)


class _SealedLine(_PlainLine, http.client.HTTPSConnection):
    """The same with TLS."""


def host_of(url: str) -> str:
    """The host of an address, or the address itself if it has none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _is_public(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global


def _name_is_public(host: str) -> bool:
    """Behind a proxy names are resolved elsewhere; what can be told from the name alone."""
    plain = "." not in host and ":" not in host
    return not plain and not host.endswith((".localhost", ".local", ".internal")) and _is_public(host)


def _explanation(error: Exception, host: str) -> str:
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        error = error.reason
    texts: tuple[tuple[type[Exception], str], ...] = (
        (_RefusedError, str(error)),
        (socket.gaierror, f"The name {host} cannot be resolved."),
        (TimeoutError, f"{host} does not answer in time."),
        (ConnectionRefusedError, f"{host} refuses the connection."),
        (ssl.SSLCertVerificationError, f"The certificate of {host} is not trusted: {_verify_message(error)}."),
        (ssl.SSLError, f"{host} and this program find no secure connection."),
        (http.client.InvalidURL, "The address is not usable."),
        (http.client.IncompleteRead, "The connection ended early."),
        (http.client.HTTPException, f"{host} does not answer as a web server does."),
        (OSError, f"{getattr(error, 'strerror', None) or error}."),
    )
    return next((text for kind, text in texts if isinstance(error, kind)), "The address is not usable.")


def _verify_message(error: Exception) -> str:
    return str(getattr(error, "verify_message", "")) or "no reason given"
