"""Command lines: a shell and our own parser read back what was meant."""

from __future__ import annotations

import lzma
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seworkbench.cli import image_create
from seworkbench.cli.host_keys import accepted_keys_of
from seworkbench.cli.options import Parser
from seworkbench.formats.components import ComponentKind
from seworkbench.formats.flags import (
    ALLOW_DUMPING,
    BACKUP_KEYS,
    CCK_EXTENSION_SECRET,
    CCK_UPDATE,
    DEFAULT_PCF,
    NO_COMPONENT_ENCRYPTION,
    PCKMO_HMAC,
)
from seworkbench.image.commands import NO_VERIFY, Tool, build_commands, review_commands
from seworkbench.image.key_files import KEY_FILES
from seworkbench.image.recipe import Host, Recipe

if TYPE_CHECKING:
    import argparse

    from seworkbench.image.build import BuildOrder

INPUTS = Path(__file__).parents[1] / "data" / "interop" / "images"
names = st.text(st.characters(exclude_characters="/\0,", exclude_categories=["Cs"]), min_size=1, max_size=10).filter(
    lambda name: name not in (".", "..")
)
paths = st.builds(lambda absolute, name: Path("/data", name) if absolute else Path(name), st.booleans(), names)
masks = [ALLOW_DUMPING.mask, NO_COMPONENT_ENCRYPTION.mask, PCKMO_HMAC.mask, BACKUP_KEYS.mask, DEFAULT_PCF]
recipes = st.builds(
    Recipe,
    kernel=paths,
    ramdisk=st.none() | paths,
    command_line=st.none() | paths,
    hosts=st.lists(st.builds(Host, paths), min_size=1, max_size=3).map(tuple),
    pcf=st.lists(st.sampled_from(masks), unique=True).map(sum),
    scf=st.sampled_from([0, CCK_UPDATE.mask, CCK_EXTENSION_SECRET.mask]),
    keys=st.dictionaries(st.sampled_from(sorted(KEY_FILES)), paths),
    save_keys=st.none() | paths,
    output=paths,
)


def _shell_words(text: str, program: str) -> list[list[str]]:
    """What a shell makes of a text: the words of each call of `program`, everything else swallowed."""
    swallow = "".join(f"{name}() {{ :; }}\n" for name in ("openssl", "mkdir", "umask"))
    # The number of words stands before them: any other mark could be part of a name.
    script = f"set -f\n{swallow}{program}() {{ /usr/bin/printf '%s\\0' $# \"$@\"; }}\n{text}\n"
    out = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()
    left = out.split("\0")[:-1]
    calls = []
    while left:
        count = int(left[0])
        calls.append(left[1 : count + 1])
        left = left[count + 1 :]
    return calls


def _parsed(words: list[str]) -> argparse.Namespace:
    parser = Parser(prog="create")
    image_create.configure(parser)
    return parser.parse_args(words)


@settings(max_examples=60)
@given(recipes, st.booleans(), st.sampled_from(Tool))
def test_our_own_parser_reads_back_what_was_meant(recipe: Recipe, overwrite: bool, tool: Tool) -> None:
    program = tool.value
    calls = _shell_words(build_commands(recipe, tool, overwrite=overwrite).text(), program)
    assert len(calls) == 1
    words = calls[0]
    if tool is Tool.SEWORKBENCH:
        assert words[:2] == ["image", "create"]
        words = words[2:]
    else:
        assert words[0] == "create"
        words = words[1:]
    args = _parsed(words)
    assert args.kernel == recipe.kernel
    assert args.ramdisk == recipe.ramdisk
    assert args.parmfile == recipe.command_line
    assert args.host_key_document == [host.document for host in recipe.hosts]
    assert args.output == recipe.output
    assert args.overwrite == overwrite
    assert args.no_verify
    assert image_create._word(args, image_create._PLAIN_SWITCHES, DEFAULT_PCF) == recipe.pcf
    assert image_create._word(args, image_create._SECRET_SWITCHES, 0) == recipe.scf
    for name, option in (("header", "hdr_key"), ("image", "image_key"), ("cck", "cck")):
        if name in recipe.keys:
            assert getattr(args, option) == recipe.keys[name]
    if tool is Tool.SEWORKBENCH:
        assert args.save_keys == recipe.save_keys


def test_a_full_recipe_makes_an_order_that_our_command_accepts(tmp_path: Path) -> None:
    images = Path(__file__).parent.parent / "data" / "interop" / "images"
    recipe = Recipe(
        kernel=images / "kernel",
        ramdisk=images / "ramdisk",
        command_line=images / "cmdline",
        hosts=(Host(images.parent / "pki" / "host1.crt", "a test"),),
        pcf=DEFAULT_PCF | ALLOW_DUMPING.mask,
        keys={"cck": images / "cck.key"},
        save_keys=tmp_path,
        output=tmp_path / "guest.img",
    )
    [words] = _shell_words(build_commands(recipe, Tool.SEWORKBENCH).text(), "seworkbench")
    args = _parsed(words[2:])
    image_create._refuse_conflicts(args)
    order: BuildOrder = image_create._order(args, accepted_keys_of(args, "the image"))
    assert (order.pcf, order.scf) == (recipe.pcf, recipe.scf)
    assert order.save_keys == tmp_path


@pytest.mark.parametrize("tool", Tool)
def test_flags_that_need_a_key_name_the_generated_one(tool: Tool) -> None:
    recipe = Recipe(
        kernel=Path("k"),
        hosts=(Host(Path("h.crt")),),
        pcf=DEFAULT_PCF | ALLOW_DUMPING.mask,
        save_keys=Path("keys"),
        output=Path("guest.img"),
    )
    text = build_commands(recipe, tool).text()
    assert "openssl rand -out keys/guest.img.cck 32" in text
    [words] = _shell_words(text, tool.value)
    args = _parsed(words[2 if tool is Tool.SEWORKBENCH else 1 :])
    image_create._refuse_conflicts(args)
    assert args.cck == Path("keys/guest.img.cck")


def test_for_pvimg_generated_keys_are_made_by_openssl_and_not_without_encryption() -> None:
    recipe = Recipe(kernel=Path("k"), save_keys=Path(), output=Path("guest.img"))
    text = build_commands(recipe, Tool.PVIMG).text()
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("openssl")] == ["32", "64", "32"]
    plain = build_commands(Recipe(pcf=NO_COMPONENT_ENCRYPTION.mask, save_keys=Path()), Tool.PVIMG).text()
    assert "image-key" not in plain
    assert "openssl" not in build_commands(recipe, Tool.SEWORKBENCH).text()


def test_a_typed_command_line_becomes_a_file_first(tmp_path: Path) -> None:
    line = "root=/dev/vda1 'quoted' $HOME `x` \\"
    recipe = Recipe(kernel=Path("k"), command_line_text=line, output=tmp_path / "my guest.img")
    first = build_commands(recipe, Tool.PVIMG).commands[0]
    subprocess.run(["sh", "-c", first.text()], check=True)
    assert (tmp_path / "my guest.img.cmdline").read_text() == line


@pytest.mark.parametrize("tool", Tool)
def test_a_certificate_that_stands_in_the_recipe_becomes_a_file_first(tmp_path: Path, tool: Tool) -> None:
    pem = (Path(__file__).parent.parent / "data" / "interop" / "pki" / "host1.crt").read_text()
    hosts = (Host(Path("named.crt")), Host(None, "", pem))
    recipe = Recipe(kernel=Path("k"), hosts=hosts, output=tmp_path / "guest.img")
    commands = build_commands(recipe, tool)
    subprocess.run(["sh", "-c", commands.commands[0].text()], check=True)
    assert (tmp_path / "guest.img.host-2.crt").read_text() == pem
    words = commands.commands[-1].words
    documents = [words[place + 1] for place, word in enumerate(words) if word == "-k"]
    assert documents == ["named.crt", str(tmp_path / "guest.img.host-2.crt")]


def test_what_is_missing_stands_in_capitals_and_what_is_skipped_is_said() -> None:
    commands = build_commands(Recipe(), Tool.PVIMG)
    for word in ("KERNEL", "HOST-KEY-DOCUMENT", "IMAGE", NO_VERIFY):
        assert word in commands.text()
    assert any(NO_VERIFY in note for note in commands.notes)
    assert any("kept nowhere" in note for note in commands.notes)
    odd = build_commands(Recipe(hosts=(Host(Path("a,b.crt")),)), Tool.PVIMG)
    assert any("comma" in note for note in odd.notes)


def test_long_commands_are_continued_between_options() -> None:
    recipe = Recipe(kernel=Path("/boot/" + "k" * 60), ramdisk=Path("/boot/" + "r" * 60), output=Path("/srv/guest.img"))
    lines = build_commands(recipe, Tool.PVIMG).text().splitlines()
    assert len(lines) >= 3
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert all(line.startswith("  -") for line in lines[1:])


def test_the_commands_of_a_review_are_run_as_they_stand(tmp_path: Path) -> None:
    image = tmp_path / "-a guest's.img"
    image.write_bytes(lzma.decompress((INPUTS / "default.img.xz").read_bytes()))
    made = review_commands(
        Path(image.name),
        Tool.SEWORKBENCH,
        access={"header_key": str(INPUTS / "hdr.key")},
        inputs={ComponentKind.KERNEL: INPUTS / "kernel"},
    )
    script = f'set -e\nseworkbench() {{ {shlex.quote(sys.executable)} -m seworkbench "$@"; }}\n{made.text()}\n'
    out = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert re.search(r"^passed\b.* checks passed", out, re.MULTILINE)
    report = (tmp_path / "-a guest's-report.html").read_text(encoding="utf-8")
    assert "expected kernel" in report
    assert (tmp_path / "-a guest's-parts" / "kernel").is_file()


def test_without_a_key_nothing_is_extracted() -> None:
    made = review_commands(Path("guest.img"), Tool.SEWORKBENCH)
    assert [command.words[2] for command in made.commands] == ["info", "verify", "dissect"]
    assert "--hdr-key" not in made.text()


def test_what_pvimg_cannot_do_is_said() -> None:
    made = review_commands(Path("guest.img"), Tool.PVIMG, access={"host_private_key": "machine.key"})
    assert made.text() == "pvimg info --format text guest.img"
    assert "verifies no digest" in made.notes[0]
    made = review_commands(Path("guest.img"), Tool.PVIMG, access={"header_key": "hdr.key"})
    assert made.text() == "pvimg info --format text --hdr-key hdr.key guest.img"
