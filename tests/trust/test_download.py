"""One transfer: what is followed, what is refused, what it may cost, and that no server can make it raise."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from seworkbench.errors import Cancelled
from seworkbench.jobs import Job
from seworkbench.trust import download as module
from seworkbench.trust.download import Download, Limits, download

from .web import Web, answer, redirect

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Limits(seconds=0.3)


pytestmark = pytest.mark.usefixtures("no_proxy")


def get(url: str, limits: Limits | None = None) -> Download:
    return download(url, limits or Limits(), lambda _received, _announced: None)


# --- What arrives -----------------------------------------------------------------------------------------------------


def test_the_content_arrives_with_status_type_and_address(web: Web) -> None:
    web.pages["/a"] = answer(b"content", Content_Type="Application/PKIX-CRL; x=y")
    got = get(web.url("/a"))
    assert (got.body, got.status, got.problem) == (b"content", 200, "")
    assert got.content_type == "application/pkix-crl"
    assert (got.url, got.final_url) == (web.url("/a"), web.url("/a"))
    assert 0 < got.seconds < 3


def test_the_request_is_a_plain_get_under_the_programs_own_name(web: Web) -> None:
    web.pages["/a?b=c"] = answer(b"x")
    get(web.url("/a?b=c#fragment"))
    head = web.requests[0]
    assert head.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert "\r\nUser-Agent: seworkbench/" in head
    assert "cookie" not in head.lower()
    assert "referer" not in head.lower()


def test_an_error_status_is_an_answer_like_any_other(web: Web) -> None:
    web.pages["/a"] = answer(b"content", "404 Not Found")
    got = get(web.url("/a"))
    assert (got.status, got.body, got.problem) == (404, b"content", "")


def test_chunked_content_is_put_together(web: Web) -> None:
    web.pages["/a"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert get(web.url("/a")).body == b"abcde"


def test_content_without_a_length_ends_with_the_connection(web: Web) -> None:
    web.pages["/a"] = b"HTTP/1.0 200 OK\r\n\r\nabc"
    assert get(web.url("/a")).body == b"abc"


def test_content_longer_than_announced_is_cut_there(web: Web) -> None:
    web.pages["/a"] = answer(b"abcdef", Content_Length="3")
    got = get(web.url("/a"))
    assert (got.body, got.problem) == (b"abc", "")


def test_content_shorter_than_announced_is_named_so(web: Web) -> None:
    web.pages["/a"] = answer(b"abc", Content_Length="10")
    got = get(web.url("/a"))
    assert got.problem == "The connection ended 7 bytes early."
    assert got.body == b"abc"


def test_chunked_content_that_ends_early_is_named_so(web: Web) -> None:
    web.pages["/a"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"
    assert get(web.url("/a")).problem == "The connection ended early."


@pytest.mark.parametrize(
    "raw", [b"", b"\x16\x03\x01\x00\x00", b"HTTP/9.9 huh\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"\xff" * 70000]
)
def test_what_is_no_web_server_is_named_so(web: Web, raw: bytes) -> None:
    web.pages["/a"] = raw
    got = get(web.url("/a"))
    assert got.status is None
    assert got.problem == "127.0.0.1 does not answer as a web server does."


# --- What it may cost -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"HTT", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc"])
def test_a_server_that_drips_is_left_when_the_time_is_up(web: Web, content: bytes) -> None:
    web.pages["/a"] = web.drip(content)
    got = get(web.url("/a"), QUICK)
    assert got.problem == "Nothing complete arrived within 0.3 s."
    assert got.seconds >= 0.3


def test_a_server_that_says_nothing_is_left_when_the_time_is_up(web: Web) -> None:
    def silent(_line: socket.socket) -> None:
        web.stop.wait(10)

    web.pages["/a"] = silent
    got = get(web.url("/a"), QUICK)
    assert "0.3 s" in got.problem or "in time" in got.problem


def test_redirects_share_the_time_of_the_whole(web: Web) -> None:
    def slow(line: socket.socket) -> None:
        web.stop.wait(0.12)
        line.sendall(redirect("/a"))

    web.pages["/a"] = slow
    got = get(web.url("/a"), QUICK)
    assert got.problem
    assert len(web.requests) < 5


def test_nothing_goes_on_after_it_was_given_up(web: Web) -> None:
    web.pages["/a"] = web.drip(b"")
    get(web.url("/a"), QUICK)
    for thread in threading.enumerate():
        if thread.name == "download":
            thread.join(5)
            assert not thread.is_alive()


def test_an_announced_size_above_the_limit_is_refused_before_reading(web: Web) -> None:
    web.pages["/a"] = answer(b"", Content_Length=str(20 << 20))
    got = get(web.url("/a"))
    assert got.problem == "The file has 20971520 bytes; at most 10485760 are read."
    assert got.body == b""


def test_an_endless_file_is_left_at_the_limit(web: Web) -> None:
    def endless(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not web.stop.is_set():
            line.sendall(bytes(1 << 16))

    web.pages["/a"] = endless
    got = get(web.url("/a"), Limits(size=1 << 20))
    assert got.problem == "The file is larger than 1048576 bytes."
    assert got.body == b""


def test_a_file_of_exactly_the_limit_is_taken(web: Web) -> None:
    web.pages["/a"] = answer(bytes(1000))
    assert get(web.url("/a"), Limits(size=1000)).problem == ""
    assert get(web.url("/a"), Limits(size=999)).problem


def test_cancelling_ends_it_at_once(web: Web) -> None:
    web.pages["/a"] = web.drip(b"HTTP/1.1 200 OK\r\n\r\n")
    job = Job()
    seen: list[int] = []

    def watch(received: int, _announced: int) -> None:
        seen.append(received)
        if received:
            job.cancel()
        job.check()

    with pytest.raises(Cancelled):
        download(web.url("/a"), Limits(seconds=30), watch)
    assert seen[-1] > 0


def test_the_watcher_hears_what_came_and_what_was_announced(web: Web) -> None:
    web.pages["/a"] = answer(bytes(1000))
    seen: list[tuple[int, int]] = []
    download(web.url("/a"), Limits(), lambda received, announced: seen.append((received, announced)))
    assert seen[-1] == (1000, 1000)


# --- Where it leads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed(web: Web, status: str) -> None:
    web.pages["/a"] = redirect("b/../c d", status)
    web.pages["/c%20d"] = answer(b"here")
    got = get(web.url("/a"))
    assert (got.body, got.final_url, got.url) == (b"here", web.url("/c%20d"), web.url("/a"))


def test_five_redirects_are_followed_and_a_loop_is_left(web: Web) -> None:
    for number in range(5):
        web.pages[f"/{number}"] = redirect(f"/{number + 1}")
    web.pages["/5"] = answer(b"here")
    assert get(web.url("/0")).body == b"here"
    web.pages["/5"] = redirect("/0")
    web.requests.clear()
    got = get(web.url("/0"))
    assert got.problem == "The server leads on more than 5 times."
    assert len(web.requests) == 6
    assert got.body == b""


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:text/plain,abc", "javascript:1", "gopher://127.0.0.1/1"]
)
def test_no_redirect_leads_to_another_scheme(web: Web, target: str) -> None:
    web.pages["/a"] = redirect(target)
    got = get(web.url("/a"))
    assert got.problem == f"The server leads to a {target.partition(':')[0]} address; only http and https are used."
    assert got.body == b""


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "ldap://127.0.0.1/cn=x", "", "a/b", "//h/a"]
)
def test_nothing_but_http_is_ever_asked(url: str) -> None:
    got = get(url)
    assert "only http and https are used." in got.problem
    assert got.status is None


def test_a_redirect_without_a_target_is_an_answer(web: Web) -> None:
    web.pages["/a"] = answer(b"content", "302 Found")
    assert get(web.url("/a")).body == b"content"


def test_a_public_address_does_not_lead_into_the_private_network(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_is_public", lambda address: address == "127.0.0.2")
    web.pages["/a"] = answer(b"intranet")
    with Web("127.0.0.2") as public:
        public.pages["/a"] = redirect(web.url("/a"))
        got = get(public.url("/a"))
        assert got.problem == "The server leads to 127.0.0.1, which is not a public address; that is not followed."
        assert web.requests == []
        assert got.body == b""
        assert get(public.url("/a"), Limits(local_redirects=True)).body == b"intranet"
    assert get(web.url("/a")).body == b"intranet"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("2001:4860:4860::8888", True),
    ],
)
def test_addresses_are_told_apart(address: str, public: bool) -> None:
    assert module._is_public(address) is public
    assert module._name_is_public(address.partition("%")[0]) is public


@pytest.mark.parametrize("name", ["localhost", "a.localhost", "printer.local", "metadata.google.internal", "intranet"])
def test_names_of_a_private_network_are_known_behind_a_proxy(name: str) -> None:
    assert not module._name_is_public(name)
    assert module._name_is_public("crl3.digicert.com")


# --- Proxies and TLS --------------------------------------------------------------------------------------------------


def test_the_proxy_of_the_environment_is_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", web.root)
    web.pages["http://crl.example/a"] = answer(b"through the proxy")
    assert get("http://crl.example/a").body == b"through the proxy"
    monkeypatch.setenv("no_proxy", "crl.example")
    assert get("http://crl.example/a", QUICK).problem
    assert len(web.requests) == 1


def test_a_redirect_into_the_private_network_is_refused_behind_a_proxy(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", web.root)
    web.pages["http://crl.example/a"] = redirect("http://169.254.169.254/a")
    web.pages["http://169.254.169.254/a"] = answer(b"keys")
    got = get("http://crl.example/a")
    assert "not a public address" in got.problem
    assert got.body == b""


def test_https_goes_through_a_tunnel_of_the_proxy(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", web.root)
    web.pages["crl.example:443"] = b"HTTP/1.1 403 Forbidden\r\n\r\n"
    assert "403" in get("https://crl.example/a").problem
    assert web.requests[0].startswith("CONNECT crl.example:443 ")


def test_a_proxy_that_is_not_there_is_blamed_and_not_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("http_proxy", f"http://{address}")
    assert get("http://crl.example/a").problem == f"The proxy {address} refuses the connection."


def test_a_proxy_of_an_unknown_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    assert get("http://crl.example/a").problem == "The proxy of the environment is of a kind that is not supported."


@pytest.fixture(scope="module")
def server_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


def test_a_server_that_the_system_does_not_trust_is_refused(
    server_certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_certificate)
    with Web(tls=context) as web:
        web.pages["/a"] = answer(b"sealed")
        got = get(web.url("/a"))
        assert got.problem.startswith("The certificate of 127.0.0.1 is not trusted: ")
        assert web.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(server_certificate))
        assert get(web.url("/a")).body == b"sealed"


# --- What is not there ------------------------------------------------------------------------------------------------


def test_a_refused_connection_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    assert get(f"http://127.0.0.1:{port}/a").problem == "127.0.0.1 refuses the connection."


def test_a_name_that_does_not_exist_is_named() -> None:
    # RFC 2606: no such name can exist.
    got = get("http://crl.invalid/a")
    assert "crl.invalid cannot be resolved" in got.problem or "3 s" in got.problem


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///a",
        "http://[::1/a",
        "http://h:port/a",
        "http://h:99999/a",
        "http://h/a b",
        "http://h/\r\nX: y",
        "http://h/\x00",
        "http://us er@h/",
        "http://h/ü",
        "http://" + "a" * 300 + "/",
        "http://ü" + "a" * 80 + ".example/",
    ],
)
def test_no_address_makes_it_raise(url: str) -> None:
    got = get(url, QUICK)
    assert got.problem
    assert got.body == b""


def test_a_defect_of_our_own_is_not_hidden(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: object, _answer: object) -> None:
        raise ZeroDivisionError

    web.pages["/a"] = answer(b"x")
    monkeypatch.setattr(module._Transfer, "_read", broken)
    with pytest.raises(ZeroDivisionError):
        get(web.url("/a"))
