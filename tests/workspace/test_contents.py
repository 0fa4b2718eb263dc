"""What a workspace keeps, group by group; that the audit trail shows tampering; that no secret gets in."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.crypto.points import key_hash
from seworkbench.errors import FormatError, SeError
from seworkbench.image.build import BuildOrder, Recipient, build_image
from seworkbench.image.keys import ImageKeys
from seworkbench.secret import Secret
from seworkbench.trust.fetch import Answer, FetchResult, FetchTry
from seworkbench.trust.host_key_document import read_host_key_document
from seworkbench.trust.objects import ObjectKind
from seworkbench.trust.reading import read_file, read_objects
from seworkbench.workspace.audit import AuditMark
from seworkbench.workspace.cases import CaseFile, SeenRequest
from seworkbench.workspace.crl_cache import TRIES_KEPT
from seworkbench.workspace.images import BUILT, INSPECTED, ImageRecord
from seworkbench.workspace.records import instant_text, json_text, parse_instant
from seworkbench.workspace.verdicts import VerdictRecord
from seworkbench.workspace.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from seworkbench.trust.objects import TrustCertificate

DATA = Path(__file__).parents[1] / "data" / "interop"
PKI = DATA / "pki"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
PHKH = "5e" * 32

STEP = Step("trust.b4.signature", "Signature", "host-keys.md#x", "Get another.")
GOOD = group("trust.host-key", "Host key", [STEP.passed("Fits.", ("signed by", "somebody"))])
BAD = group("trust.host-key", "Host key", [STEP.failed("Does not fit.")])


def certificate(name: str) -> TrustCertificate:
    return read_file(PKI / name).certificates[0]


def whats(workspace: Workspace) -> list[str]:
    """What the audit trail says, oldest first."""
    return [entry.what for entry in reversed(workspace.audit.entries())]


# --- Imported objects -------------------------------------------------------------------------------------------------


def test_imported_objects_come_back_as_they_were_in_the_order_of_import(workspace: Workspace) -> None:
    host, crl = certificate("host1.crt"), read_file(PKI / "host.crl").crls[0]
    assert workspace.objects.add([host, crl], at=NOW) == (host.fingerprint, crl.fingerprint)
    first, second = workspace.objects.all()
    assert (first.kind, first.der, first.phkh, first.imported_at) == ("host key document", host.der, host.phkh, NOW)
    assert first.source == str(PKI / "host1.crt")
    assert (second.kind, second.der, second.phkh) == ("certificate revocation list", crl.der, None)
    bundle = workspace.objects.bundle()
    assert bundle.objects == (host, crl)
    assert bundle.certificates[0].kind is ObjectKind.HOST_KEY
    assert bundle.certificates[0].source.name == str(PKI / "host1.crt")


def test_an_object_is_kept_once_with_its_first_source(workspace: Workspace) -> None:
    der = (PKI / "host1.der.crt").read_bytes()
    workspace.objects.add(read_objects(der, "first").certificates, at=NOW)
    assert workspace.objects.add(read_objects(der, "second").certificates, at=LATER) == ()
    assert [item.source for item in workspace.objects.all()] == ["first"]
    assert whats(workspace) == ["object imported"]


def test_an_object_can_be_removed_and_imported_again(workspace: Workspace) -> None:
    host = certificate("host1.crt")
    workspace.objects.add([host], at=NOW)
    assert workspace.objects.remove(host.fingerprint, at=NOW)
    assert not workspace.objects.remove(host.fingerprint, at=NOW)
    assert workspace.objects.all() == ()
    assert workspace.objects.add([host], at=LATER)
    assert whats(workspace) == ["object imported", "object removed", "object imported"]


# --- Fetched lists ----------------------------------------------------------------------------------------------------


def made_try(url: str, answer: Answer, at: datetime = NOW) -> FetchTry:
    return FetchTry(url, url, 200, 5, 0.5, answer, "" if answer is Answer.CRL else "No.", at)


def test_fetched_lists_are_found_for_their_certificates(workspace: Workspace) -> None:
    host = certificate("host1.crt")
    url = host.crl_addresses[0]
    crls = read_objects((PKI / "host.crl").read_bytes(), url).crls
    workspace.crls.keep(FetchResult((made_try(url, Answer.CRL),), {host.fingerprint: crls}))
    assert workspace.crls.for_certificates([host, certificate("root.crt")]) == {host.fingerprint: crls}
    assert [(item.url, item.fetched_at, item.der) for item in workspace.crls.all()] == [(url, NOW, crls[0].der)]
    workspace.crls.forget(url, at=LATER)
    assert workspace.crls.for_certificates([host]) == {}


def test_a_failure_keeps_the_list_of_before_and_a_success_replaces_it(workspace: Workspace) -> None:
    url, key = "http://a.example/list", "0" * 64
    old, new = (read_objects((PKI / name).read_bytes(), url).crls for name in ("host.crl", "root.crl"))
    workspace.crls.keep(FetchResult((made_try(url, Answer.CRL),), {key: old}))
    workspace.crls.keep(FetchResult((made_try(url, Answer.WEB_PAGE, LATER),), {}))
    assert [item.der for item in workspace.crls.all()] == [old[0].der]
    workspace.crls.keep(FetchResult((made_try(url, Answer.CRL, LATER),), {key: new}))
    assert [item.der for item in workspace.crls.all()] == [new[0].der]
    assert [made.answer for made in workspace.crls.tries(url)] == [Answer.CRL, Answer.WEB_PAGE, Answer.CRL]
    assert workspace.crls.tries(url)[1] == made_try(url, Answer.WEB_PAGE, LATER)


def test_only_the_newest_tries_of_an_address_are_kept_and_the_trail_keeps_all(workspace: Workspace) -> None:
    workspace.crls.keep(FetchResult(tuple(made_try("http://a/", Answer.NOTHING) for _ in range(TRIES_KEPT + 5)), {}))
    workspace.crls.keep(FetchResult((made_try("http://b/", Answer.NOTHING),), {}))
    assert len(workspace.crls.tries("http://a/")) == TRIES_KEPT
    assert len(workspace.crls.tries("http://b/")) == 1
    assert len(workspace.audit.entries()) == TRIES_KEPT + 6


# --- Machines, verdicts, images ---------------------------------------------------------------------------------------


def test_machines_have_names_and_notes_until_these_are_emptied(workspace: Workspace) -> None:
    workspace.machines.describe(PHKH, name="Frankfurt 1", notes="rack 7, über 8", at=NOW)
    workspace.machines.describe(PHKH, name="Frankfurt 2", at=LATER)
    machine = workspace.machines.all()[PHKH]
    assert (machine.name, machine.notes, machine.changed_at) == ("Frankfurt 2", "", LATER)
    workspace.machines.describe(PHKH, name="", at=LATER)
    assert workspace.machines.all() == {}


def test_verdicts_come_back_with_every_step(workspace: Workspace) -> None:
    first = VerdictRecord("host key", PHKH, "HKD.crt", LATER, BAD, "Signature", {"HKD.crt": "00" * 32})
    second = VerdictRecord("host key", PHKH, "HKD.crt", NOW, GOOD)
    other = VerdictRecord("image", "/guest.img", "guest.img", NOW, GOOD)
    workspace.verdicts.record([first, second, other], at=NOW)
    newest = workspace.verdicts.newest("host key")
    assert list(newest) == [PHKH]
    assert newest[PHKH].check == GOOD
    assert newest[PHKH].recorded_at == NOW
    history = workspace.verdicts.history("host key", PHKH)
    assert [record.check.verdict for record in history] == [Verdict.PASSED, Verdict.FAILED]
    assert (history[1].cause, history[1].inputs, history[1].verified_for) == (
        "Signature",
        {"HKD.crt": "00" * 32},
        LATER,
    )


def test_a_verdict_that_was_changed_in_the_file_is_not_believed(workspace: Workspace, path: Path) -> None:
    workspace.verdicts.record([VerdictRecord("host key", PHKH, "x", NOW, BAD)], at=NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE verdict SET verdict = 'passed'")
    with pytest.raises(SeError, match="damaged"):
        workspace.verdicts.newest("host key")


def test_images_come_back_newest_first(workspace: Workspace) -> None:
    built = ImageRecord("/a/guest.img", BUILT, NOW, 4096, "00" * 32, "11" * 16, {"hosts": [{"phkh_hex": PHKH}]})
    seen = ImageRecord("/a/\udcff.img", INSPECTED, LATER, 8192)
    workspace.images.record(built)
    workspace.images.record(seen)
    assert workspace.images.all(newest=1)[0].path == "/a/\\udcff.img"
    assert workspace.images.all()[1] == built
    assert whats(workspace) == ["image built", "image inspected"]
    assert workspace.audit.verify().verdict is Verdict.PASSED
    assert workspace.audit.entries()[1].detail["hosts"] == [{"phkh_hex": PHKH}]


def test_the_latest_images_are_each_path_once_with_its_newest_record(workspace: Workspace) -> None:
    for path, event, at in (("/a", BUILT, NOW), ("/b", INSPECTED, NOW), ("/a", INSPECTED, LATER)):
        workspace.images.record(ImageRecord(path, event, at, 4096))
    assert [(image.path, image.event) for image in workspace.images.latest(5)] == [("/a", INSPECTED), ("/b", INSPECTED)]
    assert [image.path for image in workspace.images.latest(1)] == ["/a"]


# --- Attestation ------------------------------------------------------------------------------------------------------


def test_a_case_keeps_its_state_and_its_public_files(workspace: Workspace) -> None:
    number = workspace.cases.create("First", at=NOW, state={"step": 1})
    workspace.cases.attach(number, CaseFile.HEADER, b"IBMSecEx" + bytes(100), at=NOW)
    workspace.cases.attach(number, CaseFile.REQUEST, b"pvattest one", at=NOW)
    workspace.cases.attach(number, CaseFile.REQUEST, b"pvattest two", at=NOW)
    other = workspace.cases.create("Second", at=NOW)
    workspace.cases.update(number, at=LATER, title="Renamed", state={"step": 2})
    case = workspace.cases.all()[0]
    assert (case.id, case.title, case.created_at, case.changed_at) == (number, "Renamed", NOW, LATER)
    assert case.state == {"step": 2}
    assert case.files[CaseFile.REQUEST] == b"pvattest two"
    assert set(case.files) == {CaseFile.HEADER, CaseFile.REQUEST}
    workspace.cases.remove(number, at=LATER)
    assert [item.id for item in workspace.cases.all()] == [other]
    workspace.cases.remove(number, at=LATER)
    assert whats(workspace).count("case removed") == 1


def test_a_file_that_a_case_has_no_longer_is_not_kept(workspace: Workspace) -> None:
    number = workspace.cases.create("First", at=NOW)
    for kind in (CaseFile.REQUEST, CaseFile.RESPONSE):
        workspace.cases.attach(number, kind, b"pvattest", at=NOW)
    for _ in range(2):
        workspace.cases.detach(number, CaseFile.RESPONSE, at=LATER)
    assert set(workspace.cases.all()[0].files) == {CaseFile.REQUEST}
    assert whats(workspace).count("case file detached") == 1
    with pytest.raises(SeError, match="no case 7"):
        workspace.cases.detach(7, CaseFile.REQUEST, at=NOW)


def test_the_number_of_a_case_is_never_given_again(workspace: Workspace) -> None:
    first = workspace.cases.create("First", at=NOW)
    workspace.cases.remove(first, at=NOW)
    assert workspace.cases.create("Second", at=NOW) != first


@pytest.mark.parametrize("kind", list(CaseFile))
def test_only_public_files_are_attached_to_a_case(workspace: Workspace, kind: CaseFile) -> None:
    number = workspace.cases.create("First", at=NOW)
    for content in (bytes(32), b"", b"-----BEGIN PRIVATE KEY-----", b"IBMsecex" + bytes(100)):
        with pytest.raises(FormatError):
            workspace.cases.attach(number, kind, content, at=NOW)
    assert workspace.cases.all()[0].files == {}


def test_a_case_that_another_program_removed_is_missed(workspace: Workspace) -> None:
    with pytest.raises(SeError, match="no case 7"):
        workspace.cases.update(7, at=NOW, title="x")
    with pytest.raises(SeError, match="no case 7"):
        workspace.cases.attach(7, CaseFile.REQUEST, b"pvattest", at=NOW)


def test_a_request_is_known_the_second_time(workspace: Workspace) -> None:
    assert workspace.requests.see(PHKH, at=NOW) is None
    assert workspace.requests.see(PHKH, at=LATER) == SeenRequest(NOW, NOW, 1)
    again = workspace.requests.see(PHKH, at=LATER)
    assert again == SeenRequest(NOW, LATER, 2)
    assert again.instants == (NOW, LATER)
    assert SeenRequest(NOW, NOW, 1).instants == (NOW,)
    assert workspace.requests.see("00" * 32, at=NOW) is None


# --- The audit trail --------------------------------------------------------------------------------------------------


def filled(workspace: Workspace) -> AuditMark:
    for number in range(5):
        workspace.audit.append("exported", f"report {number}.html", {"number": number}, at=NOW)
    return workspace.audit.mark()


def tamper(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


def test_a_trail_that_nobody_touched_passes(workspace: Workspace) -> None:
    assert workspace.audit.mark() == AuditMark(0, "0" * 64)
    assert workspace.audit.verify(workspace.audit.mark()).verdict is Verdict.PASSED
    mark = filled(workspace)
    assert mark.number == 5
    assert workspace.audit.verify().verdict is Verdict.PASSED
    workspace.audit.append("exported", "more", {}, at=NOW)
    check = workspace.audit.verify(mark)
    assert [leaf.verdict for leaf in check.leaves()] == [Verdict.PASSED, Verdict.PASSED]


def test_without_a_noted_entry_the_comparison_is_not_checked_and_says_what_that_means(workspace: Workspace) -> None:
    noted = workspace.audit.verify().find("workspace.audit.noted")
    assert noted is not None
    assert noted.verdict is Verdict.NOT_CHECKED
    assert "cut off" in noted.reason


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE number = 5"]
)
def test_the_file_itself_refuses_to_change_the_trail(workspace: Workspace, path: Path, statement: str) -> None:
    filled(workspace)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET subject = 'report 9.html' WHERE number = 3", "Entry 3 was changed"),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000000+00:00' WHERE number = 5", "Entry 5 was changed"),
        ("UPDATE audit SET detail = '{}' WHERE number = 1", "Entry 1 was changed"),
        ("DELETE FROM audit WHERE number = 2", "Entry 2 is missing"),
        ("DELETE FROM audit WHERE number = 1", "Entry 1 is missing"),
        ("UPDATE audit SET number = number + 10 WHERE number > 2", "Entry 3 is missing"),
    ],
)
def test_tampering_shows(workspace: Workspace, path: Path, statement: str, said: str) -> None:
    filled(workspace)
    tamper(path, statement)
    chain = workspace.audit.verify().find("workspace.audit.chain")
    assert chain is not None
    assert chain.verdict is Verdict.FAILED
    assert said in chain.reason
    with open_workspace(path) as again:
        assert again.audit.verify().verdict is Verdict.FAILED


def test_an_end_that_was_cut_off_or_written_anew_shows_with_a_noted_entry(workspace: Workspace, path: Path) -> None:
    mark = filled(workspace)
    tamper(path, "DELETE FROM audit WHERE number > 3")
    assert workspace.audit.verify().verdict is Verdict.PASSED
    assert workspace.audit.verify(mark).verdict is Verdict.FAILED
    for number in range(2):
        workspace.audit.append("exported", f"other {number}", {}, at=NOW)
    check = workspace.audit.verify(mark)
    assert check.verdict is Verdict.FAILED
    assert "written anew" in [leaf.reason for leaf in check.leaves()][1]


def test_a_digest_is_that_of_the_entry_before_and_the_entry(workspace: Workspace) -> None:
    workspace.audit.append("exported", "a.html", {"b": 1}, at=NOW)
    text = '["' + "0" * 64 + '",1,"2026-11-01T12:00:00.000000+00:00","exported","a.html","{\\"b\\":1}"]'
    assert workspace.audit.mark().digest == hashlib.sha256(text.encode()).hexdigest()


# --- Values -----------------------------------------------------------------------------------------------------------


def test_instants_are_kept_in_utc_and_need_a_time_zone() -> None:
    berlin = timezone(timedelta(hours=1))
    assert instant_text(datetime(2026, 11, 1, 13, tzinfo=berlin)) == "2026-11-01T12:00:00.000000+00:00"
    assert parse_instant(instant_text(NOW)) == NOW
    with pytest.raises(ValueError, match="time zone"):
        instant_text(datetime(2026, 11, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="time zone"):
        parse_instant("2026-11-01T12:00:00")


def test_a_secret_is_no_value_that_can_be_kept(workspace: Workspace) -> None:
    with pytest.raises(TypeError):
        json_text({"key": Secret(b"k" * 32)})
    with pytest.raises(TypeError):
        workspace.audit.append("exported", "x", {"key": Secret(b"k" * 32)}, at=NOW)
    with pytest.raises(TypeError):
        workspace.cases.create("x", at=NOW, state={"key": Secret(b"k" * 32)})
    assert workspace.audit.entries() == ()


def forms(key: bytes) -> list[bytes]:
    """How a key could stand in a file."""
    words = json.dumps(list(key)).encode()
    return [key, key.hex().encode(), key.hex().upper().encode(), words, words.replace(b" ", b"")]


def test_no_key_that_passes_by_gets_into_the_file(workspace: Workspace, path: Path, tmp_path: Path) -> None:
    """Build with known keys, import a bundle with a private key in it, record everything there is to record."""
    planted = {name: (DATA / "images" / f"{name}.key").read_bytes() for name in ("hdr", "image", "cck")}
    keys = ImageKeys.fresh(header=Secret(planted["hdr"]), image=Secret(planted["image"]), cck=Secret(planted["cck"]))
    document = read_host_key_document(PKI / "host1.crt")
    order = BuildOrder(
        DATA / "images" / "kernel", (Recipient("host1", document.key),), tmp_path / "guest.img", save_keys=tmp_path
    )
    built = build_image(order, keys)
    private = (PKI / "host1.key").read_bytes()
    bundle = read_objects((PKI / "host1.crt").read_bytes() + private, "bundle.pem")
    assert len(bundle.problems) == 1
    workspace.objects.add(bundle.objects, at=NOW)
    workspace.images.record(ImageRecord(str(order.output), BUILT, NOW, 1, record=built.to_json()))
    shown = Check("x", "x", Verdict.PASSED, evidence=STEP.passed("", ("key", Secret(planted["hdr"]))).evidence)
    workspace.verdicts.record([VerdictRecord("image", "x", "x", NOW, shown)], at=NOW)
    number = workspace.cases.create("x", at=NOW)
    for content in (planted["hdr"], private):
        with pytest.raises(FormatError):
            workspace.cases.attach(number, CaseFile.REQUEST, content, at=NOW)
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    workspace.close()
    files += path.read_bytes()
    assert key_hash(document.key).hex().encode() in files
    body = private.split(b"-----")[2].split()
    for needle in [form for key in planted.values() for form in forms(key)] + body:
        assert needle not in files
