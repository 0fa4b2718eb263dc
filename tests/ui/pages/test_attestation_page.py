"""The Attestation page, as a person uses it."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QBoxLayout, QLineEdit, QMenu, QWidget
from shiboken6 import delete

from seworkbench.checks import Verdict
from seworkbench.formats.exchange import parse_exchange
from seworkbench.jobs import Job
from seworkbench.simulator.attestation_codes import REQUEST_NOT_OPENED
from seworkbench.simulator.attestation_tampering import ATTESTATION_ATTACKS, tampered_response
from seworkbench.simulator.generations import Generation
from seworkbench.ui.pages.attestation import case as steps
from seworkbench.ui.pages.attestation import demo_case
from seworkbench.ui.pages.attestation.case import CaseState, Expected
from seworkbench.ui.pages.attestation.demo_case import DemoCase, make_demo_case
from seworkbench.ui.pages.attestation.messages import open_message
from seworkbench.ui.pages.attestation.page import AttestationPage
from seworkbench.ui.pages.attestation.verification import NO_ANSWER
from seworkbench.workspace.cases import CaseFile
from tests.simulator.pki import fixed_pki
from tests.ui.desk import INPUTS, PKI, Desk, Dialogs, Images, wait_until

from .attestation_desk import FILES, AttestationDesk, FrameDesk

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def page(tmp_path: Path, images: Images, dialogs: Dialogs) -> Iterator[AttestationDesk]:
    """The page alone."""
    desk = FrameDesk(tmp_path, images, dialogs)
    yield AttestationDesk(desk)
    desk.close()


@pytest.fixture
def window(desk: Desk) -> AttestationDesk:
    """The page in the whole window."""
    return AttestationDesk(desk)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulated machine whose guest runs, and a request for it; copied, never used."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo_case(folder, Job(), fixed_pki(Generation.Z17, steps.present()))
    return folder


@pytest.fixture
def demo(page: AttestationDesk, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> AttestationDesk:
    """The case of a simulated machine, opened as the button does, without the seconds that making it takes."""

    def copied(parent: Path, _job: Job) -> DemoCase:
        shutil.copytree(demo_folder, parent, dirs_exist_ok=True)
        return demo_case.opened_demo_case(parent / demo_case.FOLDER)

    monkeypatch.setattr(demo_case, "make_demo_case", copied)
    target = page.desk.folder / "demo"
    target.mkdir()
    page.desk.dialogs.file = str(target)
    page.click("Try it with a simulated machine…")
    return page


def answered(demo: AttestationDesk) -> AttestationDesk:
    """The machine has answered."""
    demo.click("Let the simulated machine answer")
    return demo


# --- a real machine


def test_a_foreign_response_is_verified_in_three_drops(page: AttestationDesk) -> None:
    page.drop(FILES / "both.user.good.resp")
    assert "the protection key" in page.page.verify.lacking_text.text()
    page.drop(FILES / "both.arpk")
    page.drop(FILES / "se.hdr")
    assert page.steps() == ["passed", "passed", "passed", "passed", "passed", "warning"]
    assert page.page.verify.sign.equal
    assert page.page.verify.sign_detail.text() == "64 of 64 bytes"
    assert page.page.verify.computed.lines.text() == page.page.verify.received.lines.text()
    assert not page.page.head.stamp.isVisible()


def test_the_three_drops_may_come_in_any_order(page: AttestationDesk) -> None:
    names = ("both.user.good.resp", "both.arpk", "se.hdr")
    for order in ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        page.page.session.new_case()
        for number in order:
            page.drop(FILES / names[number])
        assert page.page.session.state.step == steps.VERIFY
        assert page.page.so_far.chip.verdict is Verdict.WARNING


def test_an_image_serves_as_well_as_its_header(page: AttestationDesk) -> None:
    page.drop(FILES / "both.user.good.resp", FILES / "both.arpk", page.desk.images.get("default"))
    assert page.page.verify.chip.verdict is Verdict.PASSED
    assert page.page.session.state.header_offset > 0


def test_what_came_and_nobody_compared_is_a_warning(page: AttestationDesk) -> None:
    page.drop_foreign()
    rows = page.policies()
    assert rows["User data"][0] == "warning"
    assert rows["Configuration UID"][0] == "warning"
    assert rows["Image host key"][0] == "warning"
    assert rows["Freshness"] == ("passed", "first response to this request")
    assert rows["Firmware state"] == ("not checked", "not in the answer")
    assert page.page.so_far.chip.text.startswith("warning")


def test_another_header_is_not_equal_and_says_so(page: AttestationDesk) -> None:
    page.drop_foreign(header="other.hdr")
    verify = page.page.verify
    assert verify.chip.verdict is Verdict.FAILED
    assert not verify.sign.equal
    assert verify.sign_word.text() == "Not equal"
    assert verify.sign_detail.text().endswith("of 64 differ")
    assert page.page.so_far.chip.text == "failed"
    assert verify.cause.isVisible()
    assert "No replacement" in verify.cause.text.text()
    assert {verdict for verdict, _answer in page.policies().values()} == {"not checked"}
    assert page.pills()["response-in"].endswith("not checked")


def test_a_header_of_another_case_is_found_as_the_cause(page: AttestationDesk) -> None:
    page.drop_foreign(response="both.user.good", header="se.hdr")
    page.page.session.close_case()
    page.settle()
    page.drop_foreign(response="both.nouser.good", header="other.hdr")
    assert "The guest was started from the SE header of case" in page.page.verify.cause.text.text()


def test_a_changed_bit_in_the_user_data_is_found_as_the_cause(page: AttestationDesk) -> None:
    page.drop_foreign(response="both.user.bad_user")
    assert page.page.verify.chip.verdict is Verdict.FAILED
    assert "of the user data was flipped" in page.page.verify.cause.text.text()
    assert "Tried" in page.page.verify.tried.text()


def test_a_wrong_protection_key_is_no_verdict_on_the_guest(page: AttestationDesk) -> None:
    page.drop_foreign(key="img")
    assert page.page.verify.chip.verdict is Verdict.NOT_CHECKED
    assert page.pills()["request"].endswith("key does not open it: failed")
    assert page.page.policy.none.isVisible()


def test_a_key_as_hexadecimal_text_is_named_as_such(page: AttestationDesk) -> None:
    hexadecimal = page.desk.folder / "arpk.hex"
    hexadecimal.write_text((FILES / "both.arpk").read_bytes().hex())
    page.drop(FILES / "both.user.good.resp")
    page.page.session.take_key(hexadecimal)
    page.settle()
    assert "hexadecimal text" in page.page.error.what.text()


def test_a_response_to_a_request_that_was_used_before_is_amber(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.page.session.close_case()
    page.settle()
    page.drop_foreign()
    assert page.policies()["Freshness"] == ("warning", "used before")


def test_verifying_the_same_response_again_in_its_case_does_not_count_it_twice(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.page.session.expect(Expected(user_data="00"))
    page.settle()
    assert page.policies()["Freshness"][0] == "passed"


def test_a_request_that_is_not_the_answered_one_is_seen_in_the_picture(page: AttestationDesk) -> None:
    page.drop(FILES / "img.req")
    page.drop_foreign()
    assert page.pills()["request-in"].endswith("differs: failed")


# --- expected values


def test_a_policy_that_is_not_met_fails_though_the_measurement_is_equal(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("Expected values…")
    editor = page.page.expected
    assert editor.isVisible()
    editor.compare_data.setChecked(True)
    editor.forms.buttons["text"].click()
    editor.data.setText("something else")
    page.click("Compare")
    assert page.page.verify.chip.verdict is Verdict.PASSED
    assert page.policies()["User data"][0] == "failed"
    assert page.page.so_far.chip.verdict is Verdict.FAILED
    assert not editor.isVisible()


def test_values_taken_from_the_answer_are_compared_with_it(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("Expected values…")
    page.page.expected._take_data()
    page.page.expected._take_cuid()
    page.click("Compare")
    assert page.policies()["User data"][0] == "passed"
    assert page.policies()["Configuration UID"][0] == "passed"


def test_a_configuration_uid_that_is_none_is_refused_in_place(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("Expected values…")
    page.page.expected.compare_cuid.setChecked(True)
    for text in ("", "12", "zz" * 16, "00" * 15):
        page.page.expected.cuid.setText(text)
        page.click("Compare")
        assert page.page.expected.isVisible()
        assert "32 hexadecimal digits" in page.page.expected.wrong.text()
    assert page.page.session.state.expected.cuid is None


def test_keys_are_not_demanded_of_nobody(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("Expected values…")
    page.page.expected.need_image.setChecked(True)
    page.click("Compare")
    assert "Which machines may answer?" in page.page.expected.wrong.text()


def test_the_order_of_secrets_can_be_changed_and_the_right_one_is_told(page: AttestationDesk) -> None:
    page.drop_foreign(response="store.user.good", key="store")
    page.click("Expected values…")
    editor = page.page.expected
    editor.lock.buttons["open"].click()
    requests = []
    for number in (1, 2):
        request = page.desk.folder / f"secret-{number}.bin"
        raw = bytearray(64)
        raw[:6] = b"asrcbM"
        raw[0x0C:0x10] = (64).to_bytes(4, "big")
        raw[-1] = number
        request.write_bytes(raw)
        requests.append(request)
    editor.add_secrets(requests)
    editor.secrets.setCurrentRow(0)
    editor._move(1)
    assert [Path(name).name for name, _tag in editor._secrets] == ["secret-2.bin", "secret-1.bin"]
    page.click("Compare")
    assert page.policies()["Secret store"][0] == "failed"


def test_the_address_of_the_firmware_service_is_shown_before_anything_is_sent(page: AttestationDesk) -> None:
    page.drop_foreign(response="all.user.good", key="all")
    page.click("Expected values…")
    editor = page.page.expected
    editor.ask.setChecked(True)
    assert "https://esupport.ibm.com/eccedge/ent/z/hmrs/firmware/attestation/v1/verify" in editor.question.text.text()
    editor.version.buttons["2"].click()
    assert "/v2/verify" in editor.question.text.text()
    editor.service.setText("nonsense")
    assert "no address" in editor.question.text.text()
    assert "Nobody was asked yet." in editor.answer.text()


# --- a simulated machine


def test_a_simulated_machine_answers_and_everything_is_green(demo: AttestationDesk) -> None:
    assert demo.page.session.state.step == steps.PERFORM
    answered(demo)
    assert demo.steps() == ["passed"] * 6
    assert demo.page.so_far.chip.verdict is Verdict.PASSED
    assert demo.policies()["Secret store"][0] == "passed"


def test_simulated_is_said_in_title_lane_verdict_meaning_and_message(demo: AttestationDesk) -> None:
    answered(demo)
    page = demo.page
    assert page.head.stamp.isVisible()
    assert page.diagram.picture.simulated
    assert "Simulated firmware" in page.diagram.accessibleDescription()
    assert page.so_far.simulated.isVisible()
    page.show_piece("additional")
    QApplication.processEvents()
    said = [made.text() for made in page.side.findChildren(type(page.so_far.said)) if made.isVisible()]
    assert "SIMULATED" in said
    assert any("proves nothing about hardware" in text for text in said)
    assert any(text.startswith("SIMULATED. Attestation: passed") for text in demo.desk.messages)


def test_a_tampered_response_of_the_machine_is_red_and_the_cause_is_named(demo: AttestationDesk) -> None:
    answered(demo)
    attack = next(attack for attack in ATTESTATION_ATTACKS if attack.id == "cuid-bit" or "cuid" in attack.id)
    good = Path(demo.page.session.state.response_path).read_bytes()
    target = demo.desk.folder / "tampered.resp"
    assert attack.response is not None
    target.write_bytes(tampered_response(attack, good))
    demo.drop(target)
    assert demo.page.verify.chip.verdict is Verdict.FAILED
    assert demo.page.verify.cause.text.text().startswith("Likely cause:")
    assert demo.page.head.stamp.isVisible()


def test_a_machine_told_to_answer_falsely_is_caught(demo: AttestationDesk) -> None:
    # The machine that was set up is that of the window: nothing has to be opened first.
    demo.desk.window.workbench.machine.play_false(
        next(attack for attack in ATTESTATION_ATTACKS if attack.response is not None and not attack.needs_request)
    )
    demo.settle()
    assert "Attack that was chosen" in demo.page.perform.fault.text()
    answered(demo)
    assert demo.page.so_far.chip.verdict is not Verdict.PASSED


def refused(demo: AttestationDesk) -> AttestationDesk:
    """The machine was asked, and refused a request that was changed on its way."""
    attack = next(attack for attack in ATTESTATION_ATTACKS if attack.code == REQUEST_NOT_OPENED)
    demo.desk.window.workbench.machine.play_false(attack)
    demo.settle()
    return answered(demo)


def test_what_the_machine_refuses_is_failed_in_step_and_diagram_with_code_and_reason(demo: AttestationDesk) -> None:
    refused(demo)
    page = demo.page
    assert demo.steps() == ["passed", "passed", "not checked", "failed", "not checked", "not checked"]
    assert demo.pills()["answer"] == "refused, 0x010c: failed"
    assert demo.pills()["response-in"] == "no response: not checked"
    answer = page.diagram.pills["answer"]
    for said in (
        page.perform.refused.what.text(),
        answer.accessibleName(),
        open_message("answer", page._situation()).said,
    ):
        assert "RC 0x010c, RRC 0x0000" in said
        assert "No key slot of the request opens" in said or "its tag does not match" in said
    assert page.perform.refused.isVisible()
    assert page.perform.refused.remedy.text()
    assert page.perform.chip.verdict is Verdict.FAILED
    assert "no answer to verify" in page.so_far.said.text()
    assert page.head.stamp.isVisible()
    assert not page.error.isVisible()
    assert "RC 0x010c" in demo.desk.messages[-1]


def test_the_answer_to_an_earlier_try_is_not_shown_for_one_that_was_refused(demo: AttestationDesk) -> None:
    answered(demo)
    first = Path(demo.page.session.state.response_path)
    demo.page.session.open_step(steps.PERFORM)
    demo.settle()
    refused(demo)
    assert demo.steps()[3:] == ["failed", "not checked", "not checked"]
    assert demo.page.session.files.response is None
    assert demo.page.session.result is None
    assert first.exists()
    demo.page.session.close_case()
    demo.settle()
    case, state = demo.page.start.cases.model.rows[0]
    assert CaseFile.RESPONSE not in case.files
    assert (state.verdict, state.said) == ("", NO_ANSWER)


def test_a_refusal_is_kept_with_the_case_and_goes_with_the_next_answer(demo: AttestationDesk) -> None:
    refused(demo)
    number = demo.page.session.list.cases[0].id
    demo.page.session.close_case()
    demo.settle()
    demo.page.session.open_case(number)
    demo.settle()
    assert demo.steps()[3] == "failed"
    assert "0x010c" in demo.page.perform.refused.what.text()
    demo.desk.window.workbench.machine.play_false(None)
    demo.settle()
    answered(demo)
    assert demo.steps() == ["passed"] * 6
    assert demo.page.session.state.refusal is None
    demo.page.session.open_step(steps.PERFORM)
    demo.settle()
    assert demo.page.perform.answer.isVisible()
    assert not demo.page.perform.refused.isVisible()


def test_a_refusal_is_in_the_audit_trail(demo: AttestationDesk) -> None:
    refused(demo)
    workspace = demo.page.session.trust.workspace
    assert workspace is not None
    entry = next(entry for entry in workspace.audit.entries() if entry.what.startswith("SIMULATED machine refused"))
    assert entry.detail["code"] == "RC 0x010c, RRC 0x0000"
    assert not any("answered" in entry.what for entry in workspace.audit.entries())


@pytest.mark.parametrize("kept", [None, "no", {}, {"code": "RC 0x0101", "said": 1, "remedy": ""}])
def test_a_refusal_that_cannot_be_understood_is_none(kept: object) -> None:
    assert CaseState.from_json({**CaseState().to_json(), "refusal": kept}).refusal is None


def test_a_machine_that_is_set_up_is_that_of_the_window(demo: AttestationDesk) -> None:
    folder = demo.desk.window.workbench.machine.folder
    assert folder is not None
    assert str(folder.path) == demo.page.session.state.machine
    assert demo.desk.window.workbench.machine.guest is not None


def test_user_data_that_is_too_long_or_no_digits_is_refused_before_asking(demo: AttestationDesk) -> None:
    perform = demo.page.perform
    for text, said in (("0g", "Hexadecimal digits"), ("00" * 257, "257 bytes")):
        demo.desk.type_into(perform.data, text, then=None)
        assert said in perform.wrong.text()
        assert not perform.answer.isEnabled()


def test_an_answer_never_replaces_a_file(demo: AttestationDesk) -> None:
    answered(demo)
    first = Path(demo.page.session.state.response_path)
    before = first.read_bytes()
    demo.page.session.open_step(steps.PERFORM)
    demo.page.session.machine.set_user_data(b"another time")
    demo.settle()
    answered(demo)
    assert Path(demo.page.session.state.response_path) != first
    assert first.read_bytes() == before
    assert demo.policies()["Freshness"][0] == "warning"


# --- making a request


def chosen(page: AttestationDesk) -> AttestationDesk:
    """Header and host key are chosen, and the reason for using it unverified is written."""
    page.drop(FILES / "se.hdr")
    page.drop(PKI / "host1.crt")
    row = page.page.choose.rows[0]
    QTest.keyClicks(row.reason, "compared by phone")
    page.settle()
    return page


def test_an_unverified_host_key_needs_a_reason_that_goes_into_the_record(page: AttestationDesk) -> None:
    page.drop(FILES / "se.hdr")
    page.drop(PKI / "host1.crt")
    assert page.page.choose.rows[0].box.isChecked()
    page.page.session.open_step(steps.CREATE)
    page.settle()
    assert "Say why" in page.page.creation.lacking.text()
    assert not page.page.creation.make.isEnabled()
    page.page.session.open_step(steps.CHOOSE)
    page.settle()
    QTest.keyClicks(page.page.choose.rows[0].reason, "compared by phone")
    page.page.session.open_step(steps.CREATE)
    page.settle()
    request, key = page.desk.folder / "one.req", page.desk.folder / "one.arpk"
    page.page.creation.request.setText(str(request))
    page.page.creation.key.setText(str(key))
    page.click("Create the request")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    record = json.loads((page.desk.folder / "one.req.json").read_text())
    assert record["hosts"][0]["reason"] == "Used all the same: compared by phone"
    assert page.page.session.state.step == steps.CARRY
    assert page.steps()[:2] == ["warning", "passed"]
    assert f"scp {request} GUEST:" in page.page.carry.there.text.toPlainText()


def test_a_protection_key_is_never_overwritten(page: AttestationDesk) -> None:
    chosen(page)
    request, key = page.desk.folder / "one.req", page.desk.folder / "one.arpk"
    key.write_bytes(b"mine")
    page.page.session.preparation.create(request, key)
    page.settle()
    assert key.read_bytes() == b"mine"
    assert not request.exists()
    assert page.page.error.isVisible()


def test_flags_that_are_chosen_are_in_the_request(page: AttestationDesk) -> None:
    chosen(page)
    page.page.choose.flags["firmware-state"].click()
    page.page.choose.flags["phkh-att"].click()
    page.settle()
    request = page.desk.folder / "one.req"
    page.page.session.preparation.create(request, page.desk.folder / "one.arpk")
    page.settle()
    assert parse_exchange(request.read_bytes()).expected_additional == 32 + 320


def test_the_protection_key_is_nowhere_in_the_workspace(page: AttestationDesk) -> None:
    chosen(page)
    key = page.desk.folder / "one.arpk"
    page.page.session.preparation.create(page.desk.folder / "one.req", key)
    page.settle()
    case = page.page.session.list.cases[0]
    secret = key.read_bytes()
    assert set(case.files) == {CaseFile.HEADER, CaseFile.REQUEST}
    assert secret.hex() not in json.dumps(case.state)
    assert all(secret not in content for content in case.files.values())


# --- messages and pieces


MESSAGES = {
    "header": ["magic", "version", "sehs"],
    "request-out": ["magic", "version", "rql"],
    "ask": ["ArcbV1", "user_data"],
    "answer": ["measurement", "additional", "cuid"],
    "response-in": ["header", "arcb", "measurement"],
    "block": ["pld", "ald", "tld"],
}


def test_each_message_opens_the_very_bytes(page: AttestationDesk) -> None:
    page.drop_foreign()
    card = page.page.message
    for key, fields in MESSAGES.items():
        QTest.mouseClick(page.page.diagram.pills[key], Qt.MouseButton.LeftButton)
        page.settle()
        assert card.isVisible()
        field = card._field
        assert field is not None
        assert [child.name for child in field.children][: len(fields)] == fields
        assert card.hex.source is not None
        assert card.hex.source.size == field.length
    page.click("Close")
    assert not card.isVisible()


def test_the_nonce_is_not_shown_and_can_only_be_revealed(page: AttestationDesk) -> None:
    page.drop_foreign()
    verification = page.page.session.result
    assert verification is not None
    block = verification.verification.block
    assert block is not None
    nonce = block.piece("nonce").content
    page.page.open_message("block")
    source = page.page.message.hex.source
    assert source is not None
    assert nonce not in source.read(0, source.size)
    page.page.close_message()
    page.page.show_piece("nonce")
    texts = " ".join(made.text() for made in page.page.side.findChildren(type(page.page.so_far.said)))
    assert nonce.hex()[:8] not in texts.replace(" ", "")
    assert "kept back" in texts
    page.page.open_message("block")
    page.page.message.select("nonce")
    field = page.page.side.details.secret
    assert not field.revealed
    QTest.mouseClick(field.reveal_button, Qt.MouseButton.LeftButton)
    assert field.value.text().replace(" ", "").replace("\n", "") == nonce.hex()


def test_a_piece_a_policy_and_its_check_are_marked_together(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.page.show_piece("cuid")
    chosen_row = page.page.policy.table.selectionModel().selectedRows()[0].row()
    assert page.page.policy.model.rows[chosen_row].question == "Configuration UID"
    page.page.policy.table.selectRow(4)
    assert page.page.verify.block.chosen == "user_data"
    selected = page.page.side.checklist.selected
    assert selected is not None
    assert selected.id == "attest.policy.user-data"


def test_the_header_opens_in_inspect(window: AttestationDesk) -> None:
    window.drop_foreign()
    window.desk.click(window.page.side, "Open in Inspect")
    window.settle()
    assert window.desk.window.page.NAME == "inspect"
    assert window.desk.inspect.session.inspection is not None


def test_commands_name_the_files_of_the_case(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.page.show_commands()
    text = page.page.side.commands.text.toPlainText()
    assert f"pvattest verify --input {FILES / 'both.user.good.resp'} --hdr {FILES / 'se.hdr'}" in text
    assert "seworkbench attest check" in text


def test_a_report_is_written(page: AttestationDesk) -> None:
    page.drop_foreign()
    target = page.desk.folder / "evidence.json"
    page.desk.dialogs.file = str(target)
    page.click("Export report…")
    report = target.read_text()
    assert "Attestation" in report
    assert str(FILES / "both.arpk") in report
    assert (FILES / "both.arpk").read_bytes().hex() not in report


# --- pasted


def pasted_case(page: AttestationDesk) -> AttestationDesk:
    """Response, header and key were pasted; the response is verified."""
    page.paste(*((FILES / name).read_bytes() for name in ("both.user.good.resp", "se.hdr", "both.arpk")))
    return page


def test_what_is_public_and_was_pasted_is_kept_with_the_case(page: AttestationDesk) -> None:
    pasted_case(page)
    assert page.page.verify.chip.verdict is Verdict.PASSED
    case = page.page.session.list.cases[0]
    assert set(case.files) == {CaseFile.HEADER, CaseFile.RESPONSE}
    folder = Path(page.page.session.state.key_path).parent
    assert str(folder) not in json.dumps(case.state)
    session = page.page.session
    session.close_case()
    page.desk.window.workbench.pasted.close()
    session.open_case(case.id)
    page.settle()
    assert page.steps()[0] == "passed"
    assert session.files.response == (FILES / "both.user.good.resp").read_bytes()
    session.open_step(steps.CHOOSE)
    page.settle()
    assert page.page.choose.header.whole == "pasted text, kept with the case"


def test_a_pasted_key_is_said_not_to_be_kept_and_can_be_saved(page: AttestationDesk) -> None:
    pasted_case(page)
    session = page.page.session
    assert page.page.unkept.isVisible()
    assert "then forgotten" in page.page.unkept.text.text()
    pasted, target = Path(session.state.key_path), page.desk.folder / "kept.arpk"
    page.desk.dialogs.file = str(target)
    page.click("Save key as…")
    assert not page.page.unkept.isVisible()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_bytes() == (FILES / "both.arpk").read_bytes()
    assert not pasted.exists()
    assert session.list.cases[0].state["key_path"] == str(target)
    assert page.page.verify.chip.verdict is Verdict.PASSED


def test_saving_a_pasted_key_never_replaces_a_file(page: AttestationDesk) -> None:
    pasted_case(page)
    target = page.desk.folder / "taken"
    target.write_text("mine")
    page.desk.dialogs.file = str(target)
    page.click("Save key as…")
    assert target.read_text() == "mine"
    assert page.page.error.isVisible()
    assert page.page.unkept.isVisible()
    assert Path(page.page.session.state.key_path).exists()


def test_a_pasted_key_is_there_when_its_case_is_opened_again_in_the_same_window(page: AttestationDesk) -> None:
    pasted_case(page)
    page.click("All cases")
    assert not page.page.unkept.isVisible()
    page.page.session.open_case(page.page.session.list.cases[0].id)
    page.settle()
    assert page.page.unkept.isVisible()
    assert page.page.verify.chip.verdict is Verdict.PASSED


def test_new_files_are_never_suggested_where_pasted_ones_are(page: AttestationDesk) -> None:
    pasted_case(page)
    page.page.session.open_step(steps.CREATE)
    page.settle()
    folder = str(Path(page.page.session.state.key_path).parent)
    creation = page.page.creation
    page.click("Create another request")
    assert not creation.request.text().startswith(folder)
    assert not creation.key.text().startswith(folder)
    page.page.show_commands()
    assert folder not in page.page.side.commands.text.toPlainText()


def test_a_pasted_header_that_is_saved_is_named_from_then_on(page: AttestationDesk) -> None:
    page.paste((FILES / "se.hdr").read_bytes())
    target = page.desk.folder / "saved.hdr"
    page.desk.dialogs.file = str(target)
    page.click("Save as…")
    assert target.read_bytes() == (FILES / "se.hdr").read_bytes()
    assert page.page.session.state.header_path == str(target)
    assert page.page.choose.header.whole == str(target)
    page.page.show_commands()
    assert f"--hdr {target}" in page.page.side.commands.text.toPlainText()


def test_a_pasted_host_key_document_is_in_the_workspace_and_chosen(page: AttestationDesk) -> None:
    page.paste((FILES / "se.hdr").read_bytes())
    page.desk.window.open_text((PKI / "host1.crt").read_text())
    page.settle()
    host = page.page.session.preparation.hosts()[0]
    assert host.chosen
    assert host.certificate.source.name == "pasted text"
    assert page.page.session.trust.workspace is not None
    assert len(page.page.session.trust.workspace.objects.bundle().objects) == 1


# --- the protection key


@pytest.mark.parametrize("order", list(permutations(("both.req", "both.arpk"))))
def test_request_and_key_that_come_at_once_are_tried_together(page: AttestationDesk, order: tuple[str, ...]) -> None:
    page.drop(*(FILES / name for name in order))
    assert page.page.session.key_fits is True
    assert page.page.creation.key_chip.verdict is Verdict.PASSED


def test_a_key_that_was_read_before_its_request_was_there_is_tried_when_it_is(page: AttestationDesk) -> None:
    session = page.page.session
    # The key is read for a case that has no request yet; meanwhile the request comes.
    session.take_key(FILES / "both.arpk")
    session.take(replace(session.files, request=(FILES / "both.req").read_bytes()), request_path="x")
    page.settle()
    assert session.key_fits is True


def test_a_key_is_tried_anew_with_another_request(page: AttestationDesk) -> None:
    page.drop(FILES / "both.req", FILES / "both.arpk")
    page.drop(FILES / "img.req")
    assert page.page.session.key_fits is False
    page.drop(FILES / "img.arpk")
    assert page.page.session.key_fits is True


def test_a_new_request_is_kept_without_the_answer_to_the_old_one(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.drop(PKI / "host1.crt")
    page.page.session.preparation.set_reason(page.page.choose.rows[0].fingerprint, "compared by phone")
    page.page.session.preparation.create(page.desk.folder / "one.req", page.desk.folder / "one.arpk")
    page.settle()
    assert page.page.session.result is None
    assert CaseFile.RESPONSE not in page.page.session.list.cases[0].files


# --- cases


def test_a_case_is_there_again_after_a_restart(window: AttestationDesk) -> None:
    folder = window.desk.folder
    workspace = folder / "kept.sewb"
    window.page.session.trust.open(workspace)
    window.settle()
    response = folder / "copied.resp"
    shutil.copyfile(FILES / "both.user.good.resp", response)
    window.drop(response, FILES / "both.arpk", FILES / "se.hdr")
    window.page.session.expect(Expected(user_data="00"))
    window.settle()
    response.unlink()
    window.desk.window.workbench.settings.workspace = str(workspace)
    window.desk.reopen()
    again = AttestationDesk(window.desk)
    cases = again.page.start.cases
    assert cases.isVisible()
    assert cases.model.rowCount() == 1
    cases.table.selectRow(0)
    again.click("Open")
    assert again.policies()["User data"][0] == "failed"
    assert again.policies()["Freshness"][0] == "passed"
    assert again.page.verify.sign.equal
    workspace_ = again.page.session.trust.workspace
    assert workspace_ is not None
    assert workspace_.audit.verify().verdict is not Verdict.FAILED


def test_every_step_leaves_a_trace_in_the_audit_trail(demo: AttestationDesk) -> None:
    answered(demo)
    workspace = demo.page.session.trust.workspace
    assert workspace is not None
    did = [entry.what for entry in reversed(workspace.audit.entries())]
    assert did[0] == "case begun"
    for what in (
        "case file attached",
        "SIMULATED machine answered an attestation request",
        "response verified",
        "verified",
    ):
        assert what in did
    assert workspace.verdicts.newest("attestation")


def test_a_case_is_deleted_only_after_a_question(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("All cases")
    page.page.start.cases.table.selectRow(0)
    page.click("Delete…")
    assert page.page.question.isVisible()
    page.desk.click(page.page.question, "Keep")
    assert page.page.start.cases.model.rowCount() == 1
    page.click("Delete…")
    page.desk.click(page.page.question, "Delete")
    page.settle()
    assert page.page.start.cases.model.rowCount() == 0


def test_the_case_that_is_open_is_deleted_only_after_a_question(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.page.ask_delete()
    assert "Delete case" in page.page.question.text.text()
    assert page.page.session.list.cases
    page.desk.click(page.page.question, "Delete")
    page.settle()
    assert page.page.session.case is None
    assert page.page.session.list.cases == ()
    assert not page.page.question.isVisible()


def test_a_question_goes_with_the_case_that_it_was_about(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.page.ask_delete()
    page.click("All cases")
    assert not page.page.question.isVisible()
    assert len(page.page.session.list.cases) == 1


def test_beside_the_title_the_end_is_left_out_where_room_is_short(demo: AttestationDesk) -> None:
    demo.desk.window.resize(1040, 900)
    QApplication.processEvents()
    subtitle = demo.page.head.subtitle
    assert subtitle.text().endswith("…")
    assert subtitle.whole.startswith(subtitle.text()[:-1])


def test_a_case_that_is_open_is_renamed(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("Rename")
    name = page.page.head.name
    assert name.selectedText() == page.page.session.list.cases[0].title
    page.desk.type_into(name, "  Payroll, spring  ")
    page.settle()
    assert not name.isVisible()
    assert page.page.head.subtitle.whole.startswith("case Payroll, spring")
    assert page.page.session.list.cases[0].title == "Payroll, spring"


@pytest.mark.parametrize(("typed", "key"), [("other", Qt.Key.Key_Escape), ("   ", Qt.Key.Key_Return)])
def test_a_name_that_is_left_or_empty_changes_nothing(page: AttestationDesk, typed: str, key: Qt.Key) -> None:
    page.drop_foreign()
    before = page.page.session.list.cases[0].title
    page.page.rename()
    page.desk.type_into(page.page.head.name, typed, then=key)
    page.settle()
    assert page.page.session.list.cases[0].title == before
    assert page.page.head.subtitle.isVisible()


def test_a_case_is_renamed_in_the_list(page: AttestationDesk) -> None:
    page.drop_foreign()
    page.click("All cases")
    cases = page.page.start.cases
    cases.table.selectRow(0)
    page.click("Rename")
    cases.edit_title()  # a second time says nothing new
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    page.desk.type_into(editor, "Payroll")
    page.settle()
    assert page.page.session.list.cases[0].title == "Payroll"
    assert page.page.session.case is None  # Return was for the title
    assert cases.model.index(0, 0).data() == "Payroll"
    assert not cases.model.setData(cases.model.index(0, 0), " ")
    assert not cases.model.setData(cases.model.index(0, 1), "x")


@pytest.mark.parametrize("width", [1440, 1040])
def test_what_a_case_came_to_is_read_to_its_end_in_the_list(page: AttestationDesk, width: int) -> None:
    page.drop_foreign(header="other.hdr")
    page.click("All cases")
    page.page.window().resize(width, 900)
    page.settle()
    table = page.page.start.cases.table
    model = page.page.start.cases.model
    verdict = model.index(0, model.columnCount() - 1)
    words = verdict.data()
    assert words.endswith(".")
    room = table.visualRect(verdict)
    metrics = table.fontMetrics()
    # Beside the sign, and with what a cell leaves free on either side.
    width_of_words = room.width() - table.iconSize().width() - 4 * metrics.averageCharWidth()
    needed = metrics.boundingRect(0, 0, width_of_words, 900, Qt.TextFlag.TextWordWrap, words).height()
    assert room.height() >= needed > metrics.height()
    assert table.viewport().rect().contains(room)


def test_a_case_keeps_what_was_typed_when_it_gets_another_name(page: AttestationDesk) -> None:
    chosen(page)
    page.page.session.open_step(steps.CREATE)
    page.settle()
    page.page.creation.request.setText("/somewhere/else.req")
    case = page.page.session.case
    assert case is not None
    page.page.session.rename(case, "Another")
    page.settle()
    assert page.page.creation.request.text() == "/somewhere/else.req"


def test_what_can_be_done_with_a_case_is_in_its_menu(window: AttestationDesk) -> None:
    window.drop_foreign()
    window.click("All cases")
    cases = window.page.start.cases
    cases.table.customContextMenuRequested.emit(QPoint(5, 5))  # where no case is selected there is nothing to do
    assert QApplication.activePopupWidget() is None
    cases.table.selectRow(0)
    cases.table.customContextMenuRequested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert words == ["Open attestation case", "Rename attestation case", "Delete attestation case…"]
    assert menu.actions()[1].shortcut().toString() == "F2"
    menu.actions()[0].trigger()
    menu.close()
    window.settle()
    assert window.page.session.case is not None


def test_the_keys_of_a_case_are_those_of_the_window_while_the_page_is_shown(window: AttestationDesk) -> None:
    window.drop_foreign()
    window.desk.window.activateWindow()
    window.desk.window.show_page("trust")
    window.desk.press("F2")
    window.desk.press("Delete")
    assert not window.page.question.isVisibleTo(window.page)
    window.desk.window.show_page("attestation")
    window.desk.press("F2")
    assert window.page.head.name.isVisible()
    window.desk.type_into(window.page.head.name, "Payroll")
    window.page.session.close_case()
    window.settle()
    table = window.page.start.cases.table
    table.setFocus()
    table.selectRow(0)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert window.page.question.isVisible()
    window.desk.click(window.page.question, "Keep")
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_F2)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.keyClick(table, Qt.Key.Key_Return)
    window.settle()
    assert window.page.session.case is not None
    assert window.page.session.case.title == "Payroll"


def test_cases_are_there_for_a_page_that_is_made_after_the_workspace_was_opened(page: AttestationDesk) -> None:
    page.drop_foreign()
    workbench = page.desk.window.workbench
    late = AttestationPage(workbench, page.page.session.trust)
    wait_until(lambda: late.session.list.cases, "the cases")
    assert late.start.cases.model.rowCount() == 1
    late.close_page()
    delete(late)


def test_two_cases_of_a_day_have_two_names(page: AttestationDesk) -> None:
    for settled in (False, True):
        page.page.session.new_case()
        if settled:
            page.settle()
        page.page.session.close_case()
    titles = {case.title for case in page.page.session.list.cases}
    assert len(titles) == 2


def test_files_go_elsewhere_while_the_page_is_not_seen(window: AttestationDesk) -> None:
    window.desk.window.show_page("inspect")
    window.desk.drop(FILES / "se.hdr")
    assert window.desk.window.page.NAME == "inspect"
    window.drop(FILES / "both.user.good.resp")
    assert window.desk.window.page.NAME == "attestation"


def test_a_state_that_nobody_understands_opens_as_an_empty_case() -> None:
    for record in ({}, {"step": 5, "hosts": "x", "expected": {"cuid": "zz"}, "seen": ["never"], "flags": [1]}):
        state = CaseState.from_json(record)
        assert state == replace(CaseState(), flags=state.flags)


def test_a_state_comes_back_as_it_was_kept() -> None:
    state = CaseState(
        step=steps.POLICY,
        header_path="/a/b",
        flags=("phkh-img",),
        expected=Expected(user_data="00ff", cuid="11" * 16, secrets=(("a", "22" * 16),), locked=True),
        seen=("2026-01-02T03:04:05+00:00",),
    )
    assert CaseState.from_json(json.loads(json.dumps(state.to_json()))) == state


# --- models, keys


def test_the_models_obey_the_rules_of_qt(page: AttestationDesk) -> None:
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [
        QAbstractItemModelTester(page.page.policy.model, mode),
        QAbstractItemModelTester(page.page.start.cases.model, mode),
    ]
    page.drop_foreign()
    page.page.session.expect(Expected(user_data=""))
    page.settle()
    assert all(testers)


def test_the_diagram_is_used_without_a_mouse(page: AttestationDesk) -> None:
    page.drop_foreign()
    diagram = page.page.diagram
    diagram.steps["choose"].setFocus()
    QTest.keyClick(diagram.steps["choose"], Qt.Key.Key_Down)
    assert diagram.pills["header"].hasFocus()
    QTest.keyClick(diagram.pills["header"], Qt.Key.Key_Return)
    page.settle()
    assert page.page.message.isVisible()
    assert diagram.selected == "header"
    assert diagram.open_step == "choose"
    QTest.keyClick(diagram.pills["header"], Qt.Key.Key_Up)
    assert diagram.steps["choose"].hasFocus()


def focused() -> QWidget:
    """What has the focus."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def test_how_measurements_stand_does_not_decide_how_narrow_their_card_can_be(page: AttestationDesk) -> None:
    page.drop_foreign()
    verify = page.page.verify
    least = set()

    def beside(width: int) -> bool:
        page.desk.window.resize(width, 500)
        QApplication.processEvents()
        least.add(verify.minimumSizeHint().width())
        assert verify.compare.sizeHint().width() <= verify.width()
        return verify._compare.direction() is QBoxLayout.Direction.LeftToRight

    for zoom in (1.0, 1.3):
        page.desk.window.workbench.theme.set_zoom(zoom)
        least.clear()
        # A card that is stretched by its own content would be told its width again and again, until nothing is left:
        # from either side, where one stands beside the other, and a pixel before.
        narrow, wide = 780, 1500
        assert [beside(narrow), beside(wide)] == [False, True]
        while wide - narrow > 1:
            middle = (narrow + wide) // 2
            narrow, wide = (narrow, middle) if beside(middle) else (middle, wide)
        assert [beside(wide), beside(narrow), beside(wide)] == [True, False, True]
        assert len(least) == 1


def test_the_way_through_a_case_is_gone_with_the_keyboard_alone(demo: AttestationDesk) -> None:
    page = demo.page
    demo.desk.window.activateWindow()
    page.session.open_step(steps.CHOOSE)
    demo.settle()
    page.choose.next.setFocus()
    verified = page.diagram.steps[steps.VERIFY]
    for expected in (page.creation.next, page.carry.next, page.perform.answer, verified):
        QTest.keyClick(focused(), Qt.Key.Key_Space)
        demo.settle()
        assert focused() is expected
    QTest.keyClick(page.so_far.expected, Qt.Key.Key_Space)
    demo.settle()
    assert page.expected.isAncestorOf(focused())
    QTest.keyClick(page.expected.take, Qt.Key.Key_Space)
    demo.settle()
    assert page.so_far.chip.verdict is Verdict.PASSED


def test_a_second_press_while_it_works_asks_nobody_twice(demo: AttestationDesk) -> None:
    folder = Path(demo.page.session.state.request_path).parent
    for _ in range(2):
        demo.page.perform.answer.click()
    demo.settle()
    assert len(list(folder.glob("*.resp"))) == 1


def test_the_block_is_used_without_a_mouse(page: AttestationDesk) -> None:
    page.drop_foreign()
    block = page.page.verify.block
    block.pieces["pld"].setFocus()
    QTest.keyClick(block.pieces["pld"], Qt.Key.Key_Right)
    QApplication.processEvents()
    assert block.chosen == "ald"
    assert page.page.side.piece == "ald"


def test_a_case_that_was_left_is_not_changed_by_what_comes_late(page: AttestationDesk) -> None:
    session = page.page.session
    session.new_case()
    session.take_header(FILES / "se.hdr")
    session.close_case()
    page.settle()
    assert session.case is None
    assert session.files.header is None
    assert session.list.cases[0].files == {}


def test_a_pasted_image_key_or_kernel_is_not_taken(page: AttestationDesk) -> None:
    page.desk.drop(INPUTS / "kernel")
    assert page.page.session.case is None
