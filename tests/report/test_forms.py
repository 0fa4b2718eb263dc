"""Every form of a report says the same, carries nothing that acts, and is the same each time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from seworkbench.errors import SeError, UsageError
from seworkbench.report.json_form import report_id
from seworkbench.report.model import Clock
from seworkbench.report.write import SUFFIXES, report_bytes, write_report
from seworkbench.resources import resource

from .samples import HOSTILE, hostile, report, warned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seworkbench.report.model import Report

HOSTILE_IDS = [f"hostile-{number}" for number in range(len(HOSTILE))]
SHOWN_FORMS = (".html", ".md", ".pdf")
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")


class Page(HTMLParser):
    """Reads HTML strictly: which elements and attributes it has, whether all are closed, and its text."""

    VOID = ("meta", "col", "br", "hr", "img", "rect", "circle", "polyline", "polygon")

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def html(found: Report) -> str:
    return report_bytes(found, ".html").decode("utf-8")


def document(found: Report) -> dict[str, object]:
    parsed = json.loads(report_bytes(found, ".json"))
    assert isinstance(parsed, dict)
    return parsed


def pdf_text(content: bytes, folder: Path, *options: str) -> str:
    path = folder / "report.pdf"
    path.write_bytes(content)
    run = subprocess.run(["pdftotext", *options, path, "-"], capture_output=True, check=True)
    assert run.stderr == b""
    return run.stdout.decode("utf-8")


def plain(text: str) -> str:
    """Text without the breaks that layout puts in."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("make", [report, warned], ids=["plain", "warned"])
def test_the_same_report_gives_the_same_bytes(suffix: str, make: Callable[[], Report]) -> None:
    assert report_bytes(make(), suffix) == report_bytes(make(), suffix)


def test_the_time_of_writing_is_nowhere_in_a_pdf() -> None:
    content = report_bytes(replace(report(), at=datetime(2001, 2, 3, tzinfo=UTC)), ".pdf")
    dates = re.findall(rb"D:(\d{8})|(\d{4}-\d\d-\d\d)T", content)
    assert {first or second for first, second in dates} == {b"20010203", b"2001-02-03"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_instant_gives_other_bytes(suffix: str) -> None:
    later = replace(report(), at=report().at.replace(second=8))
    assert report_bytes(report(), suffix) != report_bytes(later, suffix)


@pytest.mark.parametrize("make", [report, warned], ids=["plain", "warned"])
def test_the_json_form_fits_its_schema(make: Callable[[], Report]) -> None:
    schema = json.loads(resource("schema/report-v1.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document(make()))


def test_the_report_id_is_the_digest_of_the_json_form() -> None:
    assert report_id(report()) == hashlib.sha256(report_bytes(report(), ".json")).hexdigest()


def test_the_json_form_is_ascii_and_has_texts_as_they_are() -> None:
    text = HOSTILE[2]
    content = report_bytes(hostile(text), ".json")
    content.decode("ascii")
    assert json.loads(content)["subject"] == text


def test_times_are_written_in_utc_whatever_their_zone() -> None:
    elsewhere = replace(report(), at=report().at.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert report_bytes(elsewhere, ".json") == report_bytes(report(), ".json")
    assert report_bytes(elsewhere, ".html") == report_bytes(report(), ".html")


@pytest.mark.parametrize("text", HOSTILE, ids=HOSTILE_IDS)
def test_html_stays_inert_whatever_texts_bring(text: str) -> None:
    page = Page(html(hostile(text)))
    expected = Page(html(hostile("harmless")))
    assert page.open == []
    assert page.tags <= expected.tags | {"p", "mark", "span"}
    assert "script" not in page.tags
    assert "img" not in page.tags
    allowed = {name for name, _ in expected.attributes}
    assert {name for name, _ in page.attributes} <= allowed
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\u200b]", html(hostile(text)))


def test_html_loads_nothing_and_allows_no_script() -> None:
    page = html(warned())
    assert "default-src 'none'" in page
    assert not re.search(r"<script|javascript:|url\(|@import|\bsrc=|\bhref=", page)


def test_html_style_is_the_one_that_its_policy_allows() -> None:
    page = html(report())
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page


@pytest.mark.parametrize("text", HOSTILE, ids=HOSTILE_IDS)
def test_markdown_stays_inert_whatever_texts_bring(text: str) -> None:
    content = report_bytes(hostile(text), ".md").decode("utf-8")
    outside = re.sub(r"(?s)^ *(`{3,})(?:sh)?\n.*?^ *\1$", "", content, flags=re.MULTILINE)
    # Escaped characters and code spans, whichever comes first.
    outside = re.sub(r"\\[!-/:-@\[-`{-~]|(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    assert not re.search(r"<(?!!-- -->)|[\[\]~`]|@(?!<!-- -->)|://|www\.", outside)
    # Every line begins as it does with harmless texts, so no text begins a heading, a list or a quotation.
    starts = {re.match(r"[ #>|\-\d.*]*", line)[0] for line in report_bytes(hostile("x"), ".md").decode().splitlines()}  # type: ignore[index]
    shown_lines = [line for line in content.splitlines() if line.strip()]
    assert all(line.startswith(tuple(starts - {""})) or line[0] not in "#>|-*+`~0123456789" for line in shown_lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\u200b]", content)


def test_markdown_tables_keep_their_shape_with_bars_in_cells() -> None:
    lines = report_bytes(hostile("a|b`c"), ".md").decode("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert rows
    counts = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert counts <= {3, 4, 6}


@needs_poppler
@pytest.mark.parametrize("number", range(len(HOSTILE)), ids=HOSTILE_IDS)
def test_pdf_takes_any_text_and_shows_what_its_fonts_lack_by_number(number: int, tmp_path: Path) -> None:
    text = pdf_text(report_bytes(hostile(HOSTILE[number]), ".pdf"), tmp_path)
    assert not re.search(r"[\x00-\x09\x0b\x0e-\x1f\u202a-\u202e\u2066-\u2069\u200b]", text)
    if number == 7:
        assert "\\u6c49\\u5b57" in text
        assert "\\U0001f600" in plain(text)


@needs_poppler
def test_every_form_says_everything(tmp_path: Path) -> None:
    found = replace(warned(), by_hand=())
    said = [step.title for step, _ in found.steps] + [step.reason for step, _ in found.steps]
    said += [item.name for item in found.inputs] + [item.source for item in found.inputs]
    said += [found.title, found.subject, found.unverified, found.verdict.value, found.made_with, report_id(found)]
    said += [
        "SIMULATED",
        "2026-11-26 08:13:07 UTC",
        "2026-12-01 00:00:00 UTC",
        "Seen with a colleague.",
        "A chain of two",
    ]
    texts = {
        ".html": Page(html(found)).text + html(found),
        ".md": report_bytes(found, ".md").decode("utf-8").replace("\\", ""),
        ".pdf": pdf_text(report_bytes(found, ".pdf"), tmp_path, "-layout"),
    }
    for suffix, text in texts.items():
        missing = [words for words in said if plain(words) not in plain(text)]
        # A picture is not words on paper; its caption is.
        assert missing == [], suffix


@needs_poppler
def test_every_page_of_a_simulated_pdf_says_so_and_carries_id_and_number(tmp_path: Path) -> None:
    found = warned()
    long = replace(found, sections=found.sections * 4)
    pages = pdf_text(report_bytes(long, ".pdf"), tmp_path, "-layout").rstrip("\f").split("\f")
    assert len(pages) > 4
    for number, page in enumerate(pages, start=1):
        assert "SIMULATED" in page
        assert f"Page {number} of {len(pages)}" in page
        assert report_id(long) in plain(page)
        assert "failed" in page


@needs_poppler
def test_the_pdf_embeds_its_fonts_and_carries_the_json_form(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(report_bytes(report(), ".pdf"))
    fonts = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True)
    rows = fonts.stdout.splitlines()[2:]
    assert rows
    assert all(re.search(r"CID TrueType +Identity-H +yes yes yes", row) for row in rows)
    subprocess.run(["pdfdetach", "-save", "1", "-o", tmp_path / "report.json", path], check=True, capture_output=True)
    assert (tmp_path / "report.json").read_bytes() == report_bytes(report(), ".json")


@pytest.mark.parametrize("text", ["Sample", HOSTILE[0], HOSTILE[3]], ids=["plain", "markup", "controls"])
def test_the_pdf_says_that_it_is_pdf_a_in_metadata_that_any_reader_takes(text: str) -> None:
    content = report_bytes(replace(report(), title=text, subject=text, made_with=text), ".pdf")
    assert content.startswith(b"%PDF-1.7")
    assert b"/OutputIntents" in content
    metadata = ET.fromstring(  # noqa: S314 - made by us
        content[content.index(b"<x:xmpmeta") : content.index(b"<?xpacket end")]
    )
    ids = "{http://www.aiim.org/pdfa/ns/id/}"
    assert [item.text for item in metadata.iter(f"{ids}part")] == ["3"]
    assert [item.text for item in metadata.iter(f"{ids}conformance")] == ["U"]


def test_banners_stand_where_they_belong_and_nowhere_else() -> None:
    assert "banner" not in html(report()).split("</style>")[1]
    assert "an instant that the user chose" in html(replace(report(), clock=Clock.CHOSEN))
    assert "watermark" in html(warned()).split("</style>")[1]


def test_differing_bytes_are_marked_in_html() -> None:
    marked = re.findall(r"<mark>(\w+)</mark>", html(report()))
    assert marked == ["abababab", "abababab"] or "cdcdabab" in marked


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_ending_decides_the_form(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"r{suffix.upper()}"
    write_report(report(), path)
    assert path.read_bytes() == report_bytes(report(), suffix)
    assert path.stat().st_mode & 0o777 == 0o644


def test_another_ending_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.html, \.pdf, \.json or \.md"):
        write_report(report(), tmp_path / "report.docx")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("mine")
    with pytest.raises(SeError, match="already exists"):
        write_report(report(), path)
    assert path.read_text() == "mine"
    write_report(report(), path, replace=True)
    assert path.read_bytes() == report_bytes(report(), ".json")
