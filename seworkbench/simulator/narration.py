"""The events of a start in words; see events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.checks import Check, Verdict, group
from seworkbench.simulator import codes
from seworkbench.simulator.events import Actor, PageRun, StartEvent
from seworkbench.simulator.loading import is_loaded

if TYPE_CHECKING:
    from seworkbench.formats.psw import Psw
    from seworkbench.simulator.codes import Code, DiagResponse
    from seworkbench.simulator.diag308 import IpibAnswer
    from seworkbench.simulator.guest import GuestForecast
    from seworkbench.simulator.loading import Handover
    from seworkbench.simulator.ultravisor import Answer, Ultravisor


def created() -> StartEvent:
    """The hypervisor made a protected guest."""
    return StartEvent(
        Actor.HYPERVISOR,
        "UV calls 0x0100, 0x0120",
        "Create a protected guest",
        "stage3a issued DIAG 308 subcode 10; the guest has memory and a CPU, and nothing in them.",
        code=codes.EXECUTED,
    )


def unpacked(pages: PageRun, *, decrypted: bool) -> StartEvent:
    """A run of pages was unpacked."""
    return StartEvent(
        Actor.ULTRAVISOR,
        "UV call 0x0301",
        "Unpack",
        "Measured and decrypted." if decrypted else "Measured; this image is not encrypted.",
        code=codes.EXECUTED,
        pages=pages,
    )


def started(psw: Psw) -> StartEvent:
    """The CPU was set to run."""
    return StartEvent(
        Actor.ULTRAVISOR,
        "UV call 0x0330, state 5",
        "Start the guest",
        f"The CPU is loaded with the PSW of the header: mask 0x{psw.mask:016x}, address 0x{psw.addr:x}.",
        code=codes.EXECUTED,
    )


def stopped(response: DiagResponse) -> StartEvent:
    """stage3a gave up."""
    return StartEvent(
        Actor.LOADER,
        "wait",
        f"stage3a stops with wait code 0x{codes.WAIT_STAGE3A:x}",
        f"{response}; result register 0x{response.register:016x}.",
        register=response.register,
        refused=True,
        rule="boot.md#wait-codes",
    )


def loaded(loading: Check, handover: Handover | None) -> StartEvent:
    """The boot loader was started."""
    checks = tuple(loading.leaves())
    handed_over = handover is not None and handover.args_end is not None
    if handed_over and not is_loaded(loading):
        return StartEvent(
            Actor.HYPERVISOR,
            "IPL",
            "Load image and boot loader",
            f"There is no address to start at. {_first_failure(loading)}",
            checks=checks,
            refused=True,
            rule="boot.md#how-the-file-is-loaded",
        )
    explanation = "stage3a hands over no header and no IPIB."
    if handover is not None and handed_over:
        explanation = (
            f"stage3a hands over the header at 0x{handover.header_address:x}, {handover.header_length} bytes, and the "
            f"IPIB at 0x{handover.ipib_address:x}."
        )
    return StartEvent(
        Actor.LOADER,
        "IPL",
        "Load image and boot loader",
        explanation,
        checks=checks,
        refused=not handed_over,
        rule="boot.md#stage3a",
    )


def ipib_set(ipib: IpibAnswer) -> StartEvent:
    """The hypervisor took the IPIB, or refused it."""
    checks = tuple(leaf for tree in ipib.checks for leaf in tree.leaves())
    if ipib.response is None:
        explanation = "stage3a ends in a program exception: there is no answer."
    elif ipib.response.response == codes.DIAG_ACCEPTED:
        explanation = f"Accepted: {len(ipib.components)} components are to be unpacked."
    else:
        explanation = f"Refused with 0x{ipib.response.response:04x}. {_first_failure(ipib.checks[0])}"
    return StartEvent(
        Actor.HYPERVISOR,
        "DIAG 308 subcode 8",
        "Take the IPIB",
        explanation,
        register=ipib.response.register if ipib.response else None,
        checks=checks,
        refused=ipib.response is None or ipib.response.response != codes.DIAG_ACCEPTED,
        rule="boot.md#diag-308",
    )


def parameters_set(answer: Answer, ultravisor: Ultravisor) -> StartEvent:
    """The Ultravisor took the header, or refused it."""
    opened = ultravisor.opened
    explanation = _first_failure(group("uv.ssc", "Header", answer.checks))
    if opened is not None:
        explanation = (
            f"Key slot {opened.slot + 1} is for this machine; the header is authentic and announces "
            f"{opened.header.nep} pages."
        )
    return StartEvent(
        Actor.ULTRAVISOR,
        "UV call 0x0300",
        "Set secure parameters",
        explanation,
        code=answer.code,
        checks=answer.checks,
        refused=not answer.executed,
    )


def unpack_refused(check: Check, code: Code) -> StartEvent:
    """A page was refused."""
    return StartEvent(
        Actor.HYPERVISOR if code == codes.NOT_ASKED else Actor.ULTRAVISOR,
        "UV call 0x0301",
        "Unpack",
        check.reason,
        code=code,
        checks=(check,),
        refused=True,
    )


def verified(answer: Answer) -> StartEvent:
    """The Ultravisor compared what was unpacked with the header."""
    explanation = "Content, addresses, tweaks and number of the pages are those of the header."
    if not answer.executed:
        explanation = _first_failure(group("uv.verify", "Verify", answer.checks))
    return StartEvent(
        Actor.ULTRAVISOR,
        "UV call 0x0302",
        "Verify",
        explanation,
        code=answer.code,
        checks=answer.checks,
        refused=not answer.executed,
    )


def runs(future: GuestForecast) -> StartEvent:
    """What the guest does."""
    checks = tuple(future.check.leaves())
    explanation = _first_failure(future.check) or "stage3b moves kernel and command line to their places: Linux starts."
    return StartEvent(Actor.GUEST, "stage3b", "Run", explanation, checks=checks, rule="boot.md#stage3b")


def _first_failure(check: Check) -> str:
    leaf = next((leaf for leaf in check.leaves() if leaf.verdict is Verdict.FAILED), None)
    return f"“{leaf.title}” failed: {leaf.reason}" if leaf else ""
