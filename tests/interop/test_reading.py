"""The 15 images that pvimg made: verified, extracted and tested as the record says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from seworkbench.checks import Verdict
from seworkbench.cli.main import run
from seworkbench.crypto.private_keys import host_private_key
from seworkbench.formats.components import ComponentKind
from seworkbench.image.access import HeaderKey, HostPrivateKey
from seworkbench.image.image_file import open_image
from seworkbench.image.verify import Verification, verify_image
from seworkbench.secret import Secret

from .records import MADE, REFUSED, Bench, hosts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seworkbench.image.access import Access

NOT_CHECKED, WARNING, FAILED = Verdict.NOT_CHECKED, Verdict.WARNING, Verdict.FAILED

# The stand-ins for boot loaders are noise, so the loader's content is always remarked; it is a note.
LOADER = {"image.start.loader": WARNING}
INSIDE = dict.fromkeys(("image.access.secret-part", "image.access.scf", "image.access.psw"), NOT_CHECKED)
# What the interop README says beyond "all others pass", with the header key or a machine's key.
SPECIAL = {
    "x_flags": {"image.header.pcf": WARNING, "image.access.scf": WARNING},
    "x_psw": {"image.access.psw": FAILED},
    "nocheck": {"image.guest.kernel": WARNING},
}
# Of that, what can be seen without a key.
SPECIAL_WITHOUT_KEY = {"x_flags": {"image.header.pcf": WARNING}}


def test_the_record_has_15_images_and_17_refusals() -> None:
    assert (len(MADE), len(REFUSED)) == (15, 17)


def verify(path: Path, access: Access | None, inputs: Mapping[ComponentKind, Path] | None = None) -> Verification:
    with open_image(path) as image:
        return verify_image(image, access, inputs=inputs)


def remarks(result: Verification) -> dict[str, Verdict]:
    return {leaf.id: leaf.verdict for leaf in result.check.leaves() if leaf.verdict is not Verdict.PASSED}


def worst(found: dict[str, Verdict]) -> Verdict:
    """The verdict of the whole that follows, notes aside."""
    counted = {verdict for name, verdict in found.items() if name not in LOADER}
    return next((verdict for verdict in (FAILED, NOT_CHECKED, WARNING) if verdict in counted), Verdict.PASSED)


@pytest.mark.parametrize("name", MADE)
def test_with_the_header_key_an_image_is_judged_as_the_record_says(bench: Bench, name: str) -> None:
    expected = SPECIAL.get(name, {})
    result = verify(bench.image(name), HeaderKey(Secret(bench.header_key.read_bytes())))
    assert remarks(result) == LOADER | expected
    assert result.check.verdict is worst(expected)


@pytest.mark.parametrize("host", [1, 2])
@pytest.mark.parametrize("name", MADE)
def test_as_a_machine_an_image_is_judged_as_the_record_says(bench: Bench, name: str, host: int) -> None:
    result = verify(bench.image(name), HostPrivateKey(host_private_key(bench.host_key(host).read_bytes())))
    if host in hosts_of(name):
        expected = SPECIAL.get(name, {})
        assert result.check.verdict is worst(expected)
    else:
        expected = {
            **SPECIAL_WITHOUT_KEY.get(name, {}),
            "image.access.slot": FAILED,
            "image.access.slot-tag": NOT_CHECKED,
            "image.access.header-tag": NOT_CHECKED,
            **INSIDE,
            **({} if name == "unencrypted" else {"image.guest.arguments": NOT_CHECKED}),
        }
        assert result.check.verdict is FAILED
    assert remarks(result) == LOADER | expected


@pytest.mark.parametrize("name", MADE)
def test_without_a_key_structure_and_digests_are_judged_and_the_rest_is_left_open(bench: Bench, name: str) -> None:
    seen = SPECIAL_WITHOUT_KEY.get(name, {})
    left_open = {"image.access.header-tag": NOT_CHECKED, **INSIDE}
    if name != "unencrypted":
        left_open["image.guest.arguments"] = NOT_CHECKED
    result = verify(bench.image(name), None)
    assert remarks(result) == LOADER | seen | left_open
    assert result.check.verdict is worst(seen)


@pytest.mark.parametrize("name", MADE)
def test_the_inputs_of_the_recorded_run_are_found_inside(bench: Bench, name: str) -> None:
    options = {
        ComponentKind.KERNEL: "--kernel",
        ComponentKind.RAMDISK: "--ramdisk",
        ComponentKind.COMMAND_LINE: "--parmfile",
    }
    files = {kind: path for kind, option in options.items() if (path := bench.given(name, option))}
    result = verify(bench.image(name), HeaderKey(Secret(bench.header_key.read_bytes())), files)
    compared = result.check.find("image.inputs")
    assert compared is not None
    assert [(leaf.verdict, leaf.reason) for leaf in compared.leaves()] == [(Verdict.PASSED, "Byte for byte.")] * len(
        files
    )


@pytest.mark.parametrize("key", ["header key", "host key", "no key"])
@pytest.mark.parametrize("name", MADE)
def test_extraction_gives_the_inputs_back(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, key: str
) -> None:
    access = {
        "header key": ["--hdr-key", str(bench.header_key)],
        "host key": ["--host-private-key", str(bench.host_key(min(hosts_of(name))))],
        "no key": [],
    }[key]
    out = tmp_path / "out"
    status = run(["image", "extract", *access, "-d", str(out), str(bench.image(name))])
    if key == "no key" and name != "unencrypted":
        assert status == 1
        assert "error: " in capsys.readouterr().err
        assert not out.exists()
        return
    assert status == 0
    found = {path.name: path.read_bytes() for path in out.iterdir()}
    loader, header = found.pop("stage3b.bin"), found.pop("se-header.bin")
    names = {"kernel": "--kernel", "ramdisk": "--ramdisk", "cmdline": "--parmfile"}
    expected = {file: path.read_bytes() for file, option in names.items() if (path := bench.given(name, option))}
    if name == "cmdline_nul":
        # This command line brought its own closing NUL. An image does not tell who added it: it comes back without.
        assert expected["cmdline"].endswith(b"\0")
        expected["cmdline"] = expected["cmdline"][:-1]
    assert found == expected
    template = (bench.folder / "boot" / "stage3b_reloc.bin").read_bytes()
    assert loader[:-64] == template[:-64]
    assert len(loader) == len(template)
    assert header == bench.image(name).read_bytes()[0x14000 : 0x14000 + MADE[name]["info_plain"]["sehs"]]


@pytest.mark.parametrize("host", [1, 2])
@pytest.mark.parametrize("name", MADE)
def test_test_tells_the_machines_as_recorded(
    bench: Bench, capsys: pytest.CaptureFixture[str], name: str, host: int
) -> None:
    recorded: int = MADE[name][f"test_host{host}"]
    status = run(["image", "test", "-k", str(bench.document(host)), str(bench.image(name))])
    # Where pvimg says 1, this program says 3: it was checked, and the answer is no.
    assert status == {0: 0, 1: 3}[recorded]
    said = "a key slot is for this machine" if recorded == 0 else "no key slot is for this machine"
    mark = "✔" if recorded == 0 else "✘"
    assert capsys.readouterr().out == f"{mark} {bench.document(host)}: {said}\n"


@pytest.mark.parametrize("name", MADE)
def test_an_image_fits_a_machine_if_any_document_does(bench: Bench, name: str) -> None:
    both = f"{bench.document(1)},{bench.document(2)}"
    assert run(["image", "test", "-k", both, str(bench.image(name))]) == 0


@pytest.mark.parametrize(
    ("name", "status"), [("default", 0), ("x_flags", 0), ("nocheck", 0), ("x_psw", 3), ("hosts95", 0)]
)
def test_verify_on_the_command_line_ends_with_the_status_of_the_verdict(
    bench: Bench, capsys: pytest.CaptureFixture[str], name: str, status: int
) -> None:
    arguments = ["image", "verify", "--json", "--hdr-key", str(bench.header_key), str(bench.image(name))]
    assert run(arguments) == status
    record = json.loads(capsys.readouterr().out)
    assert record["verdict"] == worst(SPECIAL.get(name, {})).value
    assert record["contents"]["components"][0]["size"] == bench.folder.joinpath(MADE[name]["args"][1]).stat().st_size
