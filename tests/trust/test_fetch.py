"""Fetching revocation lists: the plan, what counts as one, and the record of every address that was asked."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from seworkbench.errors import Cancelled, SeError
from seworkbench.jobs import Job, Progress
from seworkbench.trust.air_gap import air_gap_list, file_names, read_folder
from seworkbench.trust.download import Limits
from seworkbench.trust.fetch import Answer, FetchResult, FetchTry, UrlFetcher, fetch_crls, plan_fetch

from .papers import NOW, certificate, crl
from .web import Web, answer, redirect

if TYPE_CHECKING:
    from pathlib import Path

    from seworkbench.trust.objects import TrustCertificate

HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"


pytestmark = pytest.mark.usefixtures("no_proxy")


def fetch(*certificates: TrustCertificate, seconds: float = 3) -> FetchResult:
    return fetch_crls(plan_fetch(certificates), at=NOW, limits=Limits(seconds=seconds))


def fetch_page(web: Web, page: bytes) -> tuple[FetchResult, FetchTry]:
    web.pages["/list"] = page
    result = fetch(certificate("one", web.url("/list")))
    assert len(result.tries) == 1
    return result, result.tries[0]


# --- The plan ---------------------------------------------------------------------------------------------------------


def test_a_plan_names_each_address_once_with_everybody_who_needs_it() -> None:
    one = certificate("one", "http://a.example/1", "http://a.example/2")
    two = certificate("two", "http://a.example/2", "http://a.example/3")
    plan = plan_fetch([one, two, one])
    assert [(item.url, item.needed_by, item.fallback) for item in plan.urls] == [
        ("http://a.example/1", (one,), False),
        ("http://a.example/2", (one, two), False),
        ("http://a.example/3", (two,), True),
    ]


def test_a_plan_says_who_names_no_address_and_what_is_never_asked() -> None:
    root, odd = certificate("root"), certificate("odd", "ldap://directory.example/cn=crl", "HTTPS://a.example/1")
    plan = plan_fetch([root, odd])
    assert plan.without_address == (root,)
    assert [item.usable for item in plan.urls] == [False, True]


def test_planning_asks_nothing(web: Web) -> None:
    _ = plan_fetch([certificate("one", web.url("/list"))]).urls
    assert web.requests == []


# --- What counts as a list --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        crl(1),
        crl(1) + b"\n",
        crl(1, Encoding.PEM),
        b"some words\r\n" + crl(1, Encoding.PEM).replace(b"\n", b"\r\n"),
        crl(1, Encoding.PEM) + crl(2, Encoding.PEM),
    ],
    ids=["der", "der and a line end", "pem", "pem with crlf and words", "two in pem"],
)
def test_lists_in_der_and_pem_are_found(web: Web, body: bytes) -> None:
    result, made = fetch_page(web, answer(body))
    (found,) = result.crls.values()
    assert found[0].der == crl(1)
    assert len(found) == body.count(b"BEGIN") or body[:1] == b"\x30"
    assert found[0].source.name == web.url("/list")
    assert (made.answer, made.reason, made.status, made.size) == (Answer.CRL, "", 200, len(body))
    assert made.at == NOW


def test_a_list_counts_whatever_the_status(web: Web) -> None:
    result, made = fetch_page(web, answer(crl(), "404 Not Found", Content_Type="text/html"))
    assert result.crls
    assert (made.answer, made.status) == (Answer.CRL, 404)


def test_a_web_page_is_named_as_such(web: Web) -> None:
    for page in (answer(HTML), answer(b" \n<html>"), answer(b"Sign in", Content_Type="text/html; charset=utf-8")):
        result, made = fetch_page(web, page)
        assert not result.crls
        assert (made.answer, made.status) == (Answer.WEB_PAGE, 200)
        assert "web page" in made.reason


@pytest.mark.parametrize(
    ("page", "expected", "reason"),
    [
        (answer(b""), Answer.NOTHING, "The server sent nothing."),
        (answer(b"garbage"), Answer.OTHER, "There is no revocation list in it."),
        (answer(b"\x30\x03\x02\x01\x05"), Answer.OTHER, ""),
        (answer(crl()[:-20]), Answer.OTHER, "cut off"),
        (answer(crl(), Content_Length=str(len(crl()) - 5)), Answer.OTHER, "cut off"),
        (answer(crl(), Content_Length=str(len(crl()) + 5)), Answer.OTHER, "5 bytes early"),
        (answer(crl(1, Encoding.PEM)[:-30]), Answer.OTHER, "cut off"),
        (answer(certificate("one").der), Answer.OTHER, "It is a certificate, not a revocation list."),
        (answer(crl().hex().encode()), Answer.OTHER, "There is no revocation list in it."),
        (answer(b"", Content_Length=str(11 << 20)), Answer.NOTHING, "at most 10485760 are read"),
        (b"nonsense\r\n\r\n", Answer.NOTHING, "does not answer as a web server does"),
        (redirect("file:///etc/passwd"), Answer.NOTHING, "only http and https are used"),
        (redirect("/list"), Answer.NOTHING, "more than 5 times"),
    ],
    ids=[
        *("empty", "garbage", "other DER", "cut off", "announced too short", "announced too long", "PEM cut off"),
        *("certificate", "hexadecimal", "huge", "no web server", "file scheme", "loop"),
    ],
)
def test_what_is_no_list_is_told_apart(web: Web, page: bytes, expected: Answer, reason: str) -> None:
    result, made = fetch_page(web, page)
    assert not result.crls
    assert made.answer is expected
    assert reason in made.reason
    assert made.reason


def test_redirects_lead_to_the_list_and_are_recorded(web: Web) -> None:
    web.pages["/moved"] = redirect("/here")
    web.pages["/here"] = answer(crl())
    result = fetch(certificate("one", web.url("/moved")))
    assert result.crls
    assert result.tries[0].final_url == web.url("/here")
    assert f"(from {web.url('/here')})" in str(result.tries[0])


def test_a_slow_server_costs_its_time_and_the_next_address_is_asked(web: Web) -> None:
    web.pages["/slow"] = web.drip(b"HTTP/1.1 200 OK\r\n\r\n" + crl()[:10])
    web.pages["/list"] = answer(crl())
    result = fetch(certificate("one", web.url("/slow"), web.url("/list")), seconds=0.3)
    assert [made.answer for made in result.tries] == [Answer.OTHER, Answer.CRL]
    assert result.tries[0].reason == "Nothing complete arrived within 0.3 s."
    assert result.crls


def test_an_address_where_nobody_listens_is_recorded() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/list"
    made = fetch(certificate("one", url)).tries[0]
    assert (made.answer, made.status, made.size) == (Answer.NOTHING, None, 0)
    assert made.reason == "127.0.0.1 refuses the connection."
    assert str(made).startswith(f"{url}: nothing, 0 bytes, ")


# --- Several addresses and certificates -------------------------------------------------------------------------------


def test_the_first_address_with_a_list_counts_and_later_ones_are_not_asked(web: Web) -> None:
    web.pages |= {"/html": answer(HTML), "/list": answer(crl(1)), "/other": answer(crl(2))}
    result = fetch(certificate("one", "ldap://x/", *map(web.url, ("/html", "/list", "/other"))))
    assert [made.answer for made in result.tries] == [Answer.NOTHING, Answer.WEB_PAGE, Answer.CRL]
    assert [found.number for found in next(iter(result.crls.values()))] == [1]
    assert web.paths == ["/html", "/list"]


def test_a_certificate_with_many_addresses_does_not_keep_us_busy(web: Web) -> None:
    many = certificate("many", *(web.url(f"/{number}") for number in range(100)))
    assert len(plan_fetch([many]).urls) == 8
    assert len(fetch(many).tries) == len(web.requests) == 8


def test_an_address_is_asked_once_for_all_who_need_it(web: Web) -> None:
    web.pages["/list"] = answer(crl())
    certificates = [certificate(f"machine {number}", web.url("/gone"), web.url("/list")) for number in range(3)]
    result = fetch(*certificates)
    assert web.paths == ["/gone", "/list"]
    assert set(result.crls) == {item.fingerprint for item in certificates}


def test_certificates_without_a_list_are_not_in_the_result(web: Web) -> None:
    result = fetch(certificate("one", web.url("/gone")), certificate("root"))
    assert result.crls == {}


def test_every_address_is_announced_before_it_is_asked(web: Web) -> None:
    seen: list[tuple[str, int]] = []
    fetcher = UrlFetcher(at=NOW, announce=lambda url: seen.append((url, len(web.requests))))
    fetcher(certificate("one", web.url("/a"), web.url("/b")))
    assert seen == [(web.url("/a"), 0), (web.url("/b"), 1)]


def test_progress_tells_the_host_and_the_bytes(web: Web) -> None:
    web.pages["/list"] = answer(crl())
    seen: list[Progress] = []
    fetch_crls(plan_fetch([certificate("one", web.url("/list"))]), at=NOW, job=Job(seen.append))
    assert seen[0] == Progress("Asking 127.0.0.1", 0, 0)
    assert seen[-1] == Progress("Asking 127.0.0.1", len(crl()), len(crl()))


def test_a_cancelled_job_asks_nothing_more(web: Web) -> None:
    web.pages["/slow"] = web.drip(b"HTTP/1.1 200 OK\r\n\r\n")
    job = Job(lambda progress: job.cancel() if progress.done else None)
    with pytest.raises(Cancelled):
        fetch_crls(plan_fetch([certificate("one", web.url("/slow"), web.url("/list"))]), at=NOW, job=job)
    assert web.paths == ["/slow"]


# --- The air gap ------------------------------------------------------------------------------------------------------


def test_the_list_for_the_other_side_is_a_script_that_fetches_everything(web: Web, tmp_path: Path) -> None:
    web.pages |= {"/x/root.crl": answer(crl(1)), "/list?id=2": answer(crl(2))}
    one = certificate("one", web.url("/gone"), web.url("/x/root.crl"), "ldap://x/")
    text = air_gap_list(plan_fetch([one, certificate("two", web.url("/list?id=2")), certificate("root")]))
    assert "# gone.crl\n#   needed by one\n" in text
    if shutil.which("curl") is None:
        pytest.skip("there is no curl to run the list with")
    (tmp_path / "fetch.sh").write_text(text, encoding="utf-8")
    subprocess.run(["sh", "fetch.sh"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "gone.crl").read_bytes() == crl(1)
    assert (tmp_path / "list.crl").read_bytes() == crl(2)
    bundle = read_folder(tmp_path)
    assert [found.number for found in bundle.crls] == [1, 2]
    assert [problem.source.name for problem in bundle.problems] == [str(tmp_path / "fetch.sh")]


def test_no_address_can_put_a_command_into_the_list() -> None:
    for hostile in ("http://a/$(touch x)", "http://a/'; touch x; '", "http://a/`id`", "http://a/x|sh"):
        text = air_gap_list(plan_fetch([certificate("one\ntouch x", hostile)]))
        commands = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert len(commands) <= 1
        for command in commands:
            words = subprocess.run(
                ["sh", "-c", f"curl() {{ printf '%s\\n' \"$@\"; }}\n{command}"],
                capture_output=True,
                text=True,
                check=True,
            )
            assert words.stdout.splitlines()[-1] == hostile
    assert "curl" not in air_gap_list(plan_fetch([certificate("one", "http://a/x\ntouch y")]))


def test_file_names_are_plain_and_different() -> None:
    urls = ["http://a/list.crl", "http://b/LIST.crl", "http://a/", "http://a/..", "http://a/a%2Fb%20c", "http://a/.x"]
    assert list(file_names(urls).values()) == ["list.crl", "LIST-2.crl", "list-3.crl", "list-4.crl", "b-c.crl", "x.crl"]
    assert len(file_names([f"http://a/{'n' * 500}"]).popitem()[1]) <= 104


def test_a_folder_gives_everything_in_it_and_says_what_it_did_not_take(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.crl").write_bytes(crl(1))
    (tmp_path / "b.crt").write_bytes(certificate("one").der)
    (tmp_path / "notes.txt").write_text("see below")
    (tmp_path / ".hidden").write_bytes(crl(2))
    (tmp_path / "link.crl").symlink_to(tmp_path / ".hidden")
    with (tmp_path / "huge.crl").open("wb") as file:
        file.truncate(17 << 20)
    bundle = read_folder(tmp_path)
    assert [found.der for found in bundle.objects] == [certificate("one").der, crl(1)]
    assert [problem.source.short for problem in bundle.problems] == ["huge.crl", "notes.txt"]
    with pytest.raises(SeError, match="not a folder"):
        read_folder(tmp_path / "b.crt")
