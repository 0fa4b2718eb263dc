"""How to start an image: QEMU, libvirt, zipl. Text only; nothing here touches a machine (resources/help/boot.md).

Memory must not be backed by huge pages of the host, devices reach the guest's memory through the IOMMU interface only,
and the balloon device cannot work in a protected guest, so none is given.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_MIB = 4096
CPUS = 2
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The boot menu of zipl knows these characters in the name of a section.
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")

PREREQUISITES = (
    "The host is an IBM z15 or newer whose host key is one of those the image was built for.",
    "Its kernel runs with prot_virt=1, and /sys/firmware/uv/prot_virt_host says 1.",
    "No command line and no ramdisk from outside reaches the guest: it sees only what is inside the image.",
)


def guest_name(image: Path) -> str:
    """A name for the guest, made from that of the image."""
    return _NOT_IN_A_NAME.sub("-", image.name.removesuffix(".img")).strip("-.") or "guest"


def qemu_command(image: Path, disk: str = "DISK.qcow2") -> str:
    """A QEMU command line that starts the image.

    Args:
        image: the image.
        disk: the guest's disk.
    """
    # A comma inside a value of -drive is written twice.
    drive = f"file={disk.replace(',', ',,')},if=none,id=disk0"
    groups = (
        ("qemu-system-s390x",),
        ("-machine", "s390-ccw-virtio,accel=kvm,confidential-guest-support=pv0"),
        ("-object", "s390-pv-guest,id=pv0"),
        ("-cpu", "host", "-smp", str(CPUS), "-m", f"{MEMORY_MIB}M"),
        ("-nographic", "-nodefaults", "-serial", "mon:stdio"),
        ("-kernel", str(image)),
        ("-drive", drive),
        ("-device", "virtio-blk-ccw,drive=disk0,iommu_platform=on"),
    )
    return " \\\n  ".join(" ".join(shlex.quote(word) for word in group) for group in groups)


def libvirt_domain(image: Path, disk: str = "/var/lib/libvirt/images/DISK.qcow2") -> str:
    """A libvirt domain that starts the image.

    Args:
        image: the image.
        disk: the guest's disk.
    """
    return f"""\
<domain type='kvm'>
  <name>{escape(guest_name(image))}</name>
  <memory unit='MiB'>{MEMORY_MIB}</memory>
  <!-- No <hugepages/> in <memoryBacking>: protected memory cannot lie on huge pages of the host. -->
  <memoryBacking>
    <source type='anonymous'/>
  </memoryBacking>
  <vcpu>{CPUS}</vcpu>
  <os>
    <type arch='s390x' machine='s390-ccw-virtio'>hvm</type>
    <kernel>{_xml(str(image))}</kernel>
  </os>
  <cpu mode='host-model'/>
  <launchSecurity type='s390-pv'/>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' iommu='on'/>
      <source file='{_xml(disk)}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <source network='default'/>
      <model type='virtio'/>
      <driver iommu='on'/>
    </interface>
    <console type='pty'>
      <target type='sclp'/>
    </console>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def zipl_section(image: Path) -> str:
    """A section for /etc/zipl.conf of a disk from which the guest starts; run zipl afterwards.

    Args:
        image: the image, as it is called on the guest's boot disk.
    """
    name = guest_name(image)
    return f"""\
[defaultboot]
default = {name}
target = /boot

[{name}]
target = /boot
image = /boot/{" ".join(image.name.split())}
"""


def _xml(text: str) -> str:
    """Text for XML; characters that XML cannot hold are replaced."""
    return escape(_NOT_IN_XML.sub("?", text), {"'": "&apos;"})
