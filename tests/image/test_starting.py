"""How to start an image: well-formed whatever the image is called."""

from __future__ import annotations

import configparser
import itertools
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from seworkbench.image.starting import guest_name, libvirt_domain, qemu_command, zipl_section

names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


def _words(text: str) -> list[str]:
    return shlex.split(text.replace(" \\\n", " "))


def test_qemu_gets_a_protected_guest_with_the_image_as_its_kernel() -> None:
    words = _words(qemu_command(Path("/srv/my guest.img"), "disk,1.qcow2"))
    assert words[0] == "qemu-system-s390x"
    pairs = dict(itertools.pairwise(words))
    assert "confidential-guest-support=pv0" in pairs["-machine"]
    assert pairs["-object"] == "s390-pv-guest,id=pv0"
    assert pairs["-kernel"] == "/srv/my guest.img"
    assert "iommu_platform=on" in pairs["-device"]
    assert "file=disk,,1.qcow2," in pairs["-drive"]
    assert "-append" not in words
    assert "-initrd" not in words


@given(names)
@example("<&'\">.img")
@example("\x01\ufffe")
def test_the_libvirt_domain_is_well_formed(name: str) -> None:
    domain = ET.fromstring(libvirt_domain(Path("/srv") / name))  # noqa: S314 - our own text
    assert domain.find("launchSecurity[@type='s390-pv']") is not None
    assert domain.find("memoryBacking/hugepages") is None
    assert domain.find("memballoon") is None
    assert domain.find("devices/memballoon[@model='none']") is not None
    assert {driver.get("iommu") for driver in domain.iter("driver")} == {"on"}
    kernel = domain.findtext("os/kernel")
    assert kernel is not None
    assert domain.findtext("name")


def test_the_libvirt_domain_names_the_image_exactly() -> None:
    image = "/srv/a <b> & 'c'.img"
    assert ET.fromstring(libvirt_domain(Path(image))).findtext("os/kernel") == image  # noqa: S314 - our own text


@given(names)
def test_the_zipl_section_is_well_formed(name: str) -> None:
    text = zipl_section(Path(name))
    assert len(text.splitlines()) >= 7
    sections = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    if guest_name(Path(name)).lower() != "defaultboot":
        sections.read_string(text)
        chosen = sections["defaultboot"]["default"]
        assert sections[chosen]["image"].startswith("/boot/")
        assert sections[chosen]["target"] == "/boot"


def test_a_guest_is_called_like_its_image() -> None:
    assert guest_name(Path("/srv/payroll-2.4.img")) == "payroll-2.4"
    assert guest_name(Path("öäü.img")) == "guest"
