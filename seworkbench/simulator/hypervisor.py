"""Starting an image on a simulated machine: what boot loader, hypervisor and Ultravisor do, in their order.

Every step of resources/help/verification.md#steps is one check. Nothing stops at the first failure where a later step
still makes sense: an IPIB that the hypervisor refuses does not keep the Ultravisor from saying what it thinks of the
header. What a machine would have answered first is `GuestStart.outcome` and `GuestStart.response`.
"""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from seworkbench.checks import Check, Step, Verdict, group
from seworkbench.errors import CheckFailed
from seworkbench.files import AtomicFile
from seworkbench.formats.se_header import MAX_HEADER_SIZE
from seworkbench.jobs import Job
from seworkbench.simulator import codes, narration
from seworkbench.simulator.codes import Code, DiagResponse, PvCommand
from seworkbench.simulator.diag308 import IpibAnswer, set_ipib, unpacked_length
from seworkbench.simulator.events import PageRun
from seworkbench.simulator.guest import Glimpses, GuestForecast, forecast, not_started
from seworkbench.simulator.loading import Handover, LoadedImage, is_loaded, load, load_checks
from seworkbench.simulator.memory import FileMemory, Memory
from seworkbench.simulator.secure_parameters import STEPS as HEADER_STEPS
from seworkbench.simulator.secure_parameters import OpenedHeader, failed
from seworkbench.simulator.ultravisor import PAGE_SIZE, VERIFY_STEPS, Answer, State, Ultravisor, UltravisorError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from seworkbench.formats.ipib import IpibComponent
    from seworkbench.formats.psw import Psw
    from seworkbench.formats.stage3 import Stage3bArgs
    from seworkbench.simulator.events import StartEvent
    from seworkbench.simulator.machine import Machine

# Pages are read this many bytes at a time, and a job can be cancelled in between.
_CHUNK = 1 << 20

UNPACK = Step(
    "uv.unpack.pages",
    "All pages are unpacked",
    "verification.md#step-13-pages",
    "Build the image again.",
)


class StartOutcome(Enum):
    """How far a machine gets with an image; the value is a sentence."""

    STARTED = "The Ultravisor started the guest."
    NOT_LOADED = "The hypervisor finds no address to start the boot loader at."
    NOT_HANDED_OVER = "stage3a hands over no header and no IPIB: nothing was asked for."
    PROGRAM_EXCEPTION = "stage3a ended in a program exception: the IPIB is not at the address of a page."
    IPIB_REFUSED = "The hypervisor refused the IPIB."
    REFUSED = "The guest was refused."


@dataclass(frozen=True)
class GuestStart:
    """What happened when an image was started on a simulated machine.

    `outcome` is what the machine does. `check` is stricter: it also fails for what no machine looks at, such as
    metadata that lead tools to another header.

    Args:
        machine: name of the machine.
        check: every step as one tree.
        outcome: how far it got.
        response: what a DIAG 308 returned to stage3a; None if it did not return, or was never issued.
        opened: the header and its decrypted part, with secrets; None if the machine could not open it.
        forecast: what the started guest would do.
    """

    machine: str
    check: Check
    outcome: StartOutcome
    response: DiagResponse | None
    opened: OpenedHeader | None
    forecast: GuestForecast

    @property
    def started(self) -> bool:
        """Whether the Ultravisor let the guest start; only then is the unpacked memory that of a guest."""
        return self.outcome is StartOutcome.STARTED

    @property
    def psw(self) -> Psw | None:
        """The PSW with which the guest starts; None if the header did not open."""
        return self.opened.secret.psw if self.opened else None

    @property
    def arguments(self) -> Stage3bArgs | None:
        """The arguments of stage3b: addresses and sizes of kernel, command line and ramdisk."""
        return self.forecast.arguments

    @property
    def wait_code(self) -> int | None:
        """The code that stage3b of the started guest would stop with; None if it would not stop."""
        return self.forecast.wait_code

    @property
    def summary(self) -> str:
        """What happened, in one or two sentences."""
        if self.response is not None:
            return f"{self.outcome.value} {self.response}; result register 0x{self.response.register:016x}."
        trouble = next((leaf for leaf in self.forecast.check.leaves() if leaf.verdict is Verdict.FAILED), None)
        if trouble is not None:
            return f"{self.outcome.value} It does not reach its kernel. {trouble.title}: {trouble.reason}"
        return self.outcome.value

    def to_json(self) -> dict[str, Any]:
        """A plain structure for JSON; no secrets."""
        record: dict[str, Any] = {
            "simulated": True,
            "machine": self.machine,
            "outcome": self.outcome.name.lower().replace("_", "-"),
            "summary": self.summary,
            "verdict": self.check.verdict.value,
            "checks": self.check.to_json(),
        }
        if self.response is not None:
            record["diag308"] = {
                "subcode": self.response.subcode,
                "response": f"0x{self.response.response:04x}",
                "register": f"0x{self.response.register:016x}",
            }
        if self.psw is not None:
            record["psw"] = {"mask": f"0x{self.psw.mask:016x}", "address": f"0x{self.psw.addr:016x}"}
        if self.wait_code is not None:
            record["wait_code"] = f"0x{self.wait_code:x}"
        return record


def start_guest(image: Path, machine: Machine, *, memory: Memory | None = None, job: Job | None = None) -> GuestStart:
    """Start an image on a simulated machine.

    Args:
        image: the image file. A bare header is judged too, as far as that goes.
        machine: the machine.
        memory: takes the unpacked pages; nobody if None. They are worth something only if the guest was started.
        job: for progress and cancelling.

    Raises:
        SeError: if the file cannot be read, or `memory` refuses a page; a broken image is a result, not an error.
        Cancelled: if the job was cancelled.
    """
    starting = GuestStarting(image, machine, memory=memory, job=job)
    for _ in starting:
        pass
    return starting.result


class GuestStarting:
    """Starting an image step by step: iterate over it for the events, then ask for the result.

    The events are those of a machine and end where it would refuse; the checks of the result say more. An iteration
    that is given up leaves nothing open.

    Args:
        image: see start_guest.
        machine: see start_guest.
        memory: see start_guest.
        job: see start_guest.
    """

    def __init__(self, image: Path, machine: Machine, *, memory: Memory | None = None, job: Job | None = None) -> None:
        self._image = image
        self._machine = machine
        self._memory = memory
        self._job = job or Job()
        self._result: GuestStart | None = None

    @property
    def result(self) -> GuestStart:
        """What happened, once the iteration came to its end.

        Raises:
            ValueError: before that.
        """
        if self._result is None:
            raise ValueError("the start is not finished")
        return self._result

    def __iter__(self) -> Iterator[StartEvent]:
        """Start the image.

        Raises:
            SeError, Cancelled: see start_guest.
        """
        ended = False
        with load(self._image) as loaded:
            for event in self._start(loaded):
                if not ended:
                    yield event
                ended |= event.refused
        response = self.result.response
        if response is not None and response.register & 0xFFFF != codes.DIAG_ACCEPTED:
            yield narration.stopped(response)

    def _start(self, loaded: LoadedImage) -> Iterator[StartEvent]:
        job = self._job
        job.phase("Loading the image", 0)
        loading, handover = load_checks(loaded)
        yield narration.loaded(loading, handover)
        ipib = set_ipib(loaded, handover)
        yield narration.ipib_set(ipib)
        ultravisor = Ultravisor(self._machine)
        yield narration.created()
        job.phase("Setting the secure parameters", 0)
        parameters = _set_secure_parameters(loaded, handover, ultravisor)
        if parameters is not None:
            yield narration.parameters_set(parameters, ultravisor)
        glimpses = Glimpses(ipib.components)
        sinks = (glimpses, self._memory) if self._memory is not None else (glimpses,)
        unpacking = yield from _unpack(loaded, ipib, ultravisor, sinks, job)
        verification = _verify(ultravisor, unpacking)
        if verification is not None:
            yield narration.verified(verification)
        response = None
        if is_loaded(loading):
            response = _first_refusal(handover, ipib, parameters, unpacking, verification)
        future = not_started("The guest is not verified.")
        if verification is not None and verification.executed:
            psw = ultravisor.start()
            yield narration.started(psw)
            future = forecast(psw, ipib.components, glimpses)
            yield narration.runs(future)
        checks = [
            loading,
            *ipib.checks,
            group("uv.ssc", "Ultravisor: set secure parameters", _header_checks(parameters)),
            group("uv.unpack", "Ultravisor: unpack", [unpacking.check]),
            group("uv.verify", "Ultravisor: verify", _verify_checks(verification, unpacking)),
            future.check,
        ]
        self._result = GuestStart(
            machine=self._machine.name,
            check=group("start", f"Simulated start on “{self._machine.name}”", checks),
            outcome=_outcome(loading, handover, ipib, response, ultravisor),
            response=response,
            opened=ultravisor.opened,
            forecast=future,
        )


def save_guest_memory(
    image: Path,
    machine: Machine,
    target: Path,
    *,
    bootable: bool = False,
    replace: bool = False,
    job: Job | None = None,
) -> GuestStart:
    """Start an image and write the memory of the guest to a file: every component in the clear, at its address.

    Args:
        image: see start_guest.
        machine: see start_guest.
        target: the new file, mode 0600. It is not encrypted.
        bootable: also write a start PSW at address 0, so that QEMU can start the file without an Ultravisor.
        replace: whether an existing file may be replaced.
        job: for progress and cancelling.

    Raises:
        CheckFailed: if the guest is not started; nothing is written then.
        SeError: see start_guest; also if the file cannot be written.
    """
    with ExitStack() as stack:
        memory = FileMemory(stack.enter_context(AtomicFile(target, replace=replace)))
        result = start_guest(image, machine, memory=memory, job=job)
        if not result.started or result.psw is None:
            failures = [leaf for leaf in result.check.leaves() if leaf.verdict is Verdict.FAILED]
            why = f"{failures[0].title}: {failures[0].reason} " if failures else ""
            raise CheckFailed(
                f"{result.summary} {why}Nothing was written.",
                where=str(image),
                remedy=failures[0].remedy if failures else "",
            )
        if bootable:
            memory.write_start(result.psw)
    return result


def _set_secure_parameters(image: LoadedImage, handover: Handover | None, ultravisor: Ultravisor) -> Answer | None:
    """KVM copies the header out of guest memory; it takes no more than two pages."""
    if handover is None:
        return None
    header = image.read(handover.header_address, min(handover.header_length, MAX_HEADER_SIZE))
    return ultravisor.set_secure_parameters(header, handover.header_length)


@dataclass(frozen=True)
class _Unpacking:
    """How unpacking went.

    Args:
        check: the step.
        done: whether all pages were unpacked.
        refused: the answer to a call that was refused; NOT_ASKED if KVM refused; None if there was no call to make.
    """

    check: Check
    done: bool = False
    refused: Code | None = None


def _unpack(
    image: LoadedImage, ipib: IpibAnswer, ultravisor: Ultravisor, sinks: tuple[Memory, ...], job: Job
) -> Generator[StartEvent, None, _Unpacking]:
    if ultravisor.opened is None:
        return _Unpacking(UNPACK.not_checked("The header was not accepted."))
    if not ipib.components:
        return _Unpacking(UNPACK.not_checked("There is no component table."))
    if not ipib.unpackable:
        reason = "A component is not made of pages of the guest: the hypervisor itself refuses to unpack it."
        check = UNPACK.failed(reason)
        yield narration.unpack_refused(check, codes.NOT_ASKED)
        return _Unpacking(check, refused=codes.NOT_ASKED)
    try:
        for number, component in enumerate(ipib.components, start=1):
            length = unpacked_length(component)
            job.phase(f"Unpacking component {number} of {len(ipib.components)}", length)
            for start in range(0, length, _CHUNK):
                chunk = image.read(component.addr + start, min(_CHUNK, length - start))
                _unpack_run(ultravisor, component, start, chunk, sinks)
                job.advance(len(chunk))
                run = PageRun(
                    component=number,
                    components=len(ipib.components),
                    address=component.addr + start,
                    first=start // PAGE_SIZE,
                    count=len(chunk) // PAGE_SIZE,
                    of=length // PAGE_SIZE,
                )
                yield narration.unpacked(run, decrypted=ultravisor.decrypts)
    except UltravisorError as error:
        check = failed(dataclasses.replace(UNPACK, code=error.code), error.what)
        yield narration.unpack_refused(check, error.code)
        return _Unpacking(check, refused=error.code)
    return _Unpacking(UNPACK.passed(f"{ultravisor.pages} pages."), done=True)


def _unpack_run(
    ultravisor: Ultravisor, component: IpibComponent, start: int, chunk: bytes, sinks: tuple[Memory, ...]
) -> None:
    """Unpack the pages of `chunk`, which begins at the offset `start` of a component."""
    for offset in range(0, len(chunk), PAGE_SIZE):
        address = component.addr + start + offset
        page = chunk[offset : offset + PAGE_SIZE]
        plain = ultravisor.unpack(address, page, component.prefix, start + offset)
        for sink in sinks:
            sink.store(address, plain)


def _verify(ultravisor: Ultravisor, unpacking: _Unpacking) -> Answer | None:
    return ultravisor.verify() if unpacking.done else None


def _header_checks(parameters: Answer | None) -> tuple[Check, ...]:
    if parameters is None:
        return tuple(step.not_checked("There is no SE header.") for step in HEADER_STEPS)
    return parameters.checks


def _verify_checks(verification: Answer | None, unpacking: _Unpacking) -> tuple[Check, ...]:
    if verification is None:
        reason = "Not all pages were unpacked." if unpacking.refused else "Nothing was unpacked."
        return tuple(step.not_checked(reason) for step in VERIFY_STEPS)
    return verification.checks


def _first_refusal(
    handover: Handover | None,
    ipib: IpibAnswer,
    parameters: Answer | None,
    unpacking: _Unpacking,
    verification: Answer | None,
) -> DiagResponse | None:
    """What DIAG 308 returns to stage3a, subcode 8 before subcode 10; None if it does not come to that."""
    if handover is None or handover.args_end is None or ipib.response is None:
        return None
    if ipib.response.response != codes.DIAG_ACCEPTED:
        return ipib.response

    def refused(command: PvCommand, code: Code) -> DiagResponse:
        return DiagResponse(codes.SUBCODE_ENTER_PV, codes.DIAG_NOT_STARTED, command, code)

    if parameters is not None and not parameters.executed:
        return refused(PvCommand.SET_SEC_PARMS, parameters.code)
    if unpacking.refused is not None:
        return refused(PvCommand.UNPACK, unpacking.refused)
    if verification is not None and not verification.executed:
        return refused(PvCommand.VERIFY, verification.code)
    return None


def _outcome(
    loading: Check,
    handover: Handover | None,
    ipib: IpibAnswer,
    response: DiagResponse | None,
    ultravisor: Ultravisor,
) -> StartOutcome:
    if handover is None or handover.args_end is None:
        return StartOutcome.NOT_HANDED_OVER
    if not is_loaded(loading):
        return StartOutcome.NOT_LOADED
    if ipib.response is None:
        return StartOutcome.PROGRAM_EXCEPTION
    if ipib.response.response != codes.DIAG_ACCEPTED:
        return StartOutcome.IPIB_REFUSED
    if response is None and ultravisor.state is State.STARTED:
        return StartOutcome.STARTED
    return StartOutcome.REFUSED
