"""What the Trust page is about: the open workspace, the objects in it, the instant, and the judgement.

Other pages ask it too: Build wants the verdict on a host key, Overview what ends soon. Reading, judging and fetching
happen on threads; this object lives with the window and tells when something is different.
"""

from __future__ import annotations

import gc
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from seworkbench.errors import SeError
from seworkbench.ui.collector import making_much
from seworkbench.ui.pages.trust.judging import LatestOnly
from seworkbench.ui.pages.trust.view import View, make_view
from seworkbench.ui.pasted import PASTED
from seworkbench.ui.widgets.plots import load_plots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from seworkbench.jobs import Job
    from seworkbench.trust.fetch import FetchPlan, FetchResult
    from seworkbench.trust.importing import Imported
    from seworkbench.trust.judgement import Judgement
    from seworkbench.trust.objects import Bundle, TrustCertificate, TrustCrl, TrustObject
    from seworkbench.trust.verify import SystemStore
    from seworkbench.ui.jobs import Jobs, RunningJob
    from seworkbench.workspace.images import ImageRecord
    from seworkbench.workspace.machines import Machine
    from seworkbench.workspace.workspace import Workspace

# A verdict about the present is made anew after so long.
_FRESH_MS = 10 * 60 * 1000
# While the instant is dragged, the verdict about the present is made anew not more often than this.
_STALE_SECONDS = 60
# So many objects are felt when Python looks at each of them.
_MANY = 200
# So many images are read from the workspace to be shown; all of them stay in it.
IMAGES_SHOWN = 50


@dataclass(frozen=True)
class Holdings:
    """What a workspace holds for judging.

    Args:
        objects: certificates and lists by fingerprint, in the order of import.
        machines: what the user says about machines, by PHKH.
        fetched: lists from distribution points, by fingerprint of the certificate.
        anchors: the trust store of this machine.
    """

    objects: Mapping[str, TrustObject]
    machines: Mapping[str, Machine]
    fetched: Mapping[str, tuple[TrustCrl, ...]]
    anchors: SystemStore | None = None


NOTHING = Holdings({}, {}, {})


@dataclass(frozen=True)
class _Answer:
    """What a question came to: about these holdings, as of the instant and of the present, and how it is shown."""

    holdings: Holdings
    judgement: Judgement
    today: Judgement
    view: View


def present() -> datetime:
    """Now, to the second; tests replace this function."""
    return datetime.now(UTC).replace(microsecond=0)


class TrustSession(QObject):
    """See the module's text.

    Args:
        jobs: runs what takes longer.
    """

    opened = Signal()  # another workspace
    closing = Signal()  # the open workspace is about to be closed: last chance to write to it
    changed = Signal()  # objects, machines or fetched lists are others now
    judged = Signal()  # there is another judgement as of the instant
    judged_today = Signal()  # there is another judgement as of now
    moved = Signal()  # the instant is another
    imported = Signal(object)  # tuple[Imported, ...]: what became of what was given
    fetched = Signal(object)  # FetchResult
    verified = Signal(object)  # Judgement that was recorded
    show_asked = Signal(str)  # fingerprint of an object that is to be shown
    images_changed = Signal()  # an image was built or inspected, or another workspace was opened
    copied = Signal(object)  # Path: a copy of the workspace was written
    failed = Signal(object)  # SeError

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.workspace: Workspace | None = None
        self.holdings = NOTHING
        self.now = present()
        self._as_of: datetime | None = None
        self.judgement: Judgement | None = None
        # The newest judgement about the present.
        self.today: Judgement | None = None
        self.view = View()
        self._before: _Answer | None = None
        # The newest record of each image that was built or inspected, the newest first.
        self.images: tuple[ImageRecord, ...] = ()
        self._unkept_images: list[ImageRecord] = []
        # Every workspace that was opened and not closed yet, also one that nobody was told about.
        self._made: list[Workspace] = []
        self._record = False
        self._waiting: list[tuple[Path | bytes, str]] = []
        self.judging = LatestOnly(self)
        self.judging.answered.connect(self._take)
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(0)
        self._gather.timeout.connect(self._read_waiting)
        self._clock = QTimer(self)
        self._clock.setInterval(_FRESH_MS)
        self._clock.timeout.connect(self.judge)

    # --- what is known

    @property
    def as_of(self) -> datetime:
        """The instant to judge at."""
        return self._as_of or self.now

    @property
    def is_now(self) -> bool:
        """Whether that is the present."""
        return self._as_of is None

    @property
    def busy(self) -> bool:
        """Whether something is being judged, or waits to be read."""
        return self.judging.busy or bool(self._waiting)

    def machine_name(self, certificate: TrustCertificate) -> str:
        """How the machine of a host key is called: as the user says, else as the document does."""
        said = self.holdings.machines.get(certificate.phkh or "")
        return (said.name if said else "") or certificate.machine or certificate.name

    # --- the workspace

    def open(self, path: Path | None) -> RunningJob:
        """Open a workspace in the place of the one that is open; None for one in memory.

        If it cannot be opened, the error is told, and the one that was open stays; without one, one in memory is used.
        """
        title = f"Opening workspace {path.stem}" if path else "Opening a workspace"
        job = self._jobs.start_light(title, lambda _job: _open(path, self._made), missed=False)
        job.done.connect(self._opened)
        job.failed.connect(self._not_opened)
        return job

    def close(self) -> None:
        """Let go of the workspace."""
        self.closing.emit()
        self._clock.stop()
        self._gather.stop()
        self._waiting.clear()
        self.judging.close()
        gc.unfreeze()
        for workspace in self._made:
            workspace.close()
        self._made.clear()
        self.workspace = None

    def _opened(self, found: tuple[Workspace, Holdings, tuple[ImageRecord, ...]]) -> None:
        if found[0] not in self._made:
            return  # the window closed meanwhile
        if self.workspace is not None:
            self.closing.emit()
            self._made.remove(self.workspace)
            self.workspace.close()
        self.workspace, self.holdings, self.images = found
        self.judgement = self.today = None
        self._as_of = None
        self._clock.start()
        self.opened.emit()
        self.changed.emit()
        self.images_changed.emit()
        unkept, self._unkept_images = self._unkept_images, []
        for image in unkept:
            self._keep_image(image)
        self.judge()
        self._read_waiting()

    def _not_opened(self, error: SeError) -> None:
        self.failed.emit(error)
        if self.workspace is None:
            self.open(None)

    def save_copy(self, path: Path) -> None:
        """Write a copy of the open workspace; a file that is there already is never replaced."""
        workspace = self.workspace
        if workspace is None:
            return

        def write(_job: Job) -> Path:
            workspace.save_copy(path)
            return path

        self._start("Copying the workspace", write, self.copied.emit, missed=True)

    # --- the instant

    def move_to(self, at: datetime) -> None:
        """Judge as of another instant."""
        self._as_of = at
        self.moved.emit()
        self.judge()

    def back_to_now(self) -> None:
        """Judge as of the present."""
        self._as_of = None
        self.judge()
        self.moved.emit()

    # --- judging

    def judge(self, *, record: bool = False) -> None:
        """Judge everything as of the instant.

        Args:
            record: keep the verdicts in the workspace.
        """
        if self.workspace is None:
            return
        self._record = self._record or record
        self.now = present()
        holdings, at, today = self.holdings, self.as_of, self.now
        self.judging.ask(lambda: _judge(holdings, at, today, self._before))

    def _take(self, answer: _Answer) -> None:
        if answer.holdings is not self.holdings:
            return  # about objects that are no more; the next answer is on its way
        is_new = self.today is not answer.today
        self._before = answer
        self.judgement, self.today, self.view = answer.judgement, answer.today, answer.view
        if is_new:
            self.judged_today.emit()
        self.judged.emit()
        if self._record and answer.judgement.at == self.as_of:
            self._record = False
            self._keep(answer.judgement)

    def _keep(self, judgement: Judgement) -> None:
        workspace, at = self.workspace, self.now
        if workspace is None:
            return

        def keep(_job: Job) -> Judgement:
            from seworkbench.ui.pages.trust.recording import verdict_records  # noqa: PLC0415 - on the thread

            workspace.verdicts.record(verdict_records(judgement), at=at)
            return judgement

        self._start("Recording verdicts", keep, self.verified.emit)

    # --- what comes in and goes out

    def import_path(self, path: Path) -> None:
        """Import a file, or all files in a folder."""
        self._waiting.append((path, ""))
        self._gather.start()

    def show(self, fingerprint: str, path: Path) -> None:
        """Show an object on the page; it is imported from its file if it is not there."""
        if fingerprint not in self.holdings.objects:
            self.import_path(path)
        self.show_asked.emit(fingerprint)

    def import_text(self, content: bytes, source: str = PASTED) -> None:
        """Import what was pasted."""
        self._waiting.append((content, source))
        self._gather.start()

    def _read_waiting(self) -> None:
        # Files that are dropped together come one by one; together they are read and judged once.
        if self.workspace is None or not self._waiting:
            return
        given, self._waiting = self._waiting, []
        workspace, known, at = self.workspace, self.holdings.objects, present()

        def read(_job: Job) -> tuple[tuple[Imported, ...], Bundle]:
            load_plots()
            with making_much():
                bundle = _read(given)
            return _add(workspace, known, bundle, at), bundle

        def done(found: tuple[tuple[Imported, ...], Bundle]) -> None:
            lines, bundle = found
            if self._hold(workspace, objects=_merged(self.holdings.objects, bundle.objects)):
                self.imported.emit(lines)

        count = len(given)
        self._start(f"Importing {count} file{'' if count == 1 else 's'}", read, done, missed=True)

    def remove(self, fingerprints: Iterable[str]) -> None:
        """Remove objects."""
        workspace, at, gone = self.workspace, present(), tuple(fingerprints)
        if workspace is None:
            return

        def remove(_job: Job) -> None:
            for fingerprint in gone:
                workspace.objects.remove(fingerprint, at=at)

        def done(_nothing: None) -> None:
            kept = {key: item for key, item in self.holdings.objects.items() if key not in gone}
            self._hold(workspace, objects=kept)

        self._start("Removing", remove, done)

    def describe(self, phkh: str, *, name: str, notes: str) -> None:
        """Name a machine, and note something about it."""
        workspace, at = self.workspace, present()
        if workspace is None:
            return

        def describe(_job: Job) -> Mapping[str, Machine]:
            workspace.machines.describe(phkh, name=name, notes=notes, at=at)
            return workspace.machines.all()

        self._start("Saving the name of a machine", describe, lambda machines: self._hold(workspace, machines=machines))

    def image_built(
        self, built: Mapping[str, Any], verification: Mapping[str, Any], record: str, hosts: Iterable[Mapping[str, str]]
    ) -> None:
        """Keep that an image was built, and whose host keys it was built for.

        Args:
            built: what the build says.
            verification: the check of what was written, as JSON.
            record: path of the build record; empty if there is none.
            hosts: verdict, cause and reason of each host key.
        """
        keys = [{name: value for name, value in host.items() if name != "judged_phkh"} for host in hosts]
        from seworkbench.workspace.images import BUILT  # noqa: PLC0415 - loaded by now: the workspace needs it

        self.remember_image(
            Path(built["image"]["path"]),
            BUILT,
            size=built["image"]["size"],
            sha256=built["image"].get("sha256", ""),
            header_tag=built["header"]["tag_hex"],
            record={"verification": verification["verdict"], "record": record, "host_keys": keys},
        )

    def remember_image(
        self,
        path: Path,
        event: str,
        *,
        size: int,
        sha256: str = "",
        header_tag: str = "",
        record: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep that an image was built or inspected; told by `images_changed` once it is kept.

        What is told before a workspace is open is kept in the first one that is.

        Args:
            path: where it lies.
            event: `seworkbench.workspace.images.BUILT` or INSPECTED.
            size: its size in bytes.
            sha256: of the whole file, hexadecimal; empty if nobody computed it.
            header_tag: tag of its SE header, hexadecimal; empty if unknown.
            record: what else is worth keeping, plain values and nothing secret; "verification" is the verdict on the
                image in one word.
        """
        from seworkbench.workspace.images import ImageRecord  # noqa: PLC0415 - the same

        image = ImageRecord(str(path), event, present(), size, sha256, header_tag, dict(record or {}))
        self._keep_image(image)

    def _keep_image(self, image: ImageRecord) -> None:
        workspace = self.workspace
        if workspace is None:
            self._unkept_images.append(image)
            return

        def keep(_job: Job) -> tuple[ImageRecord, ...]:
            workspace.images.record(image)
            return workspace.images.latest(IMAGES_SHOWN)

        def done(images: tuple[ImageRecord, ...]) -> None:
            if self.workspace is workspace:
                self.images = images
                self.images_changed.emit()

        self._start(f"Recording {Path(image.path).name}", keep, done)

    def _hold(self, workspace: Workspace, **changes: Any) -> bool:
        """Take what is different now, unless another workspace was opened meanwhile; tells whether it was taken."""
        if self.workspace is not workspace:
            return False
        self.holdings = replace(self.holdings, **changes)
        self.changed.emit()
        self.judge()
        return True

    # --- fetching

    def plan(self, fingerprints: Iterable[str] | None = None) -> FetchPlan:
        """What would be asked for revocation lists; nothing is asked.

        Args:
            fingerprints: of the certificates whose lists are wanted; all by default.
        """
        from seworkbench.trust.fetch import plan_fetch  # noqa: PLC0415 - loaded by now: the workspace needs it
        from seworkbench.trust.objects import TrustCertificate  # noqa: PLC0415 - the same

        wanted = None if fingerprints is None else set(fingerprints)
        certificates = [item for item in self.holdings.objects.values() if isinstance(item, TrustCertificate)]
        chosen = [
            item for item in certificates if item.crl_addresses and (wanted is None or item.fingerprint in wanted)
        ]
        return plan_fetch(chosen)

    def fetch(self, plan: FetchPlan) -> RunningJob | None:
        """Carry out a plan; what comes is imported too, so that it can be seen and removed like any other list."""
        workspace, known, at = self.workspace, self.holdings.objects, present()
        if workspace is None:
            return None

        def fetch(job: Job) -> tuple[FetchResult, Bundle]:
            from seworkbench.trust.fetch import fetch_crls  # noqa: PLC0415 - on the thread
            from seworkbench.trust.objects import Bundle  # noqa: PLC0415 - on the thread

            result = fetch_crls(plan, at=at, job=job)
            workspace.crls.keep(result)
            bundle = Bundle(crls=tuple(dict.fromkeys(crl for crls in result.crls.values() for crl in crls)))
            _add(workspace, known, bundle, at)
            return result, bundle

        def done(found: tuple[FetchResult, Bundle]) -> None:
            result, bundle = found
            objects = _merged(self.holdings.objects, bundle.objects)
            if self._hold(workspace, objects=objects, fetched={**self.holdings.fetched, **result.crls}):
                self.fetched.emit(result)

        return self._start("Fetching revocation lists", fetch, done, missed=True)

    def _start(
        self, title: str, function: Callable[[Job], Any], done: Callable[[Any], object], *, missed: bool = False
    ) -> RunningJob:
        job = self._jobs.start_light(title, function, missed=missed)
        job.done.connect(done)
        job.failed.connect(self.failed.emit)
        return job


# --- on the thread: everything below may take long, and loads the cryptographic library


def _open(path: Path | None, made: list[Workspace]) -> tuple[Workspace, Holdings, tuple[ImageRecord, ...]]:
    from seworkbench.trust.anchors import system_store  # noqa: PLC0415 - on the thread
    from seworkbench.trust.objects import TrustCertificate  # noqa: PLC0415 - on the thread
    from seworkbench.workspace.workspace import open_workspace, temporary_workspace  # noqa: PLC0415 - on the thread

    workspace = open_workspace(path) if path else temporary_workspace()
    made.append(workspace)
    try:
        with making_much():
            objects = {item.fingerprint: item for item in workspace.objects.bundle().objects}
        certificates = [item for item in objects.values() if isinstance(item, TrustCertificate)]
        fetched = workspace.crls.for_certificates(certificates)
        if objects:
            load_plots()
        holdings = Holdings(objects, workspace.machines.all(), fetched, system_store())
        return workspace, holdings, workspace.images.latest(IMAGES_SHOWN)
    except BaseException:
        made.remove(workspace)
        workspace.close()
        raise


def _read(given: Iterable[tuple[Path | bytes, str]]) -> Bundle:
    from seworkbench.trust.air_gap import read_folder  # noqa: PLC0415 - on the thread
    from seworkbench.trust.objects import Bundle, Problem, Source  # noqa: PLC0415 - on the thread
    from seworkbench.trust.reading import read_file, read_objects  # noqa: PLC0415 - on the thread

    parts = []
    for what, source in given:
        if isinstance(what, bytes):
            parts.append(read_objects(what, source))
            continue
        try:
            parts.append(read_folder(what) if what.is_dir() else read_file(what))
        except SeError as error:
            parts.append(Bundle(problems=(Problem(Source(str(what)), error.what, error.remedy),)))
    return Bundle(
        tuple(found for part in parts for found in part.certificates),
        tuple(found for part in parts for found in part.crls),
        tuple(problem for part in parts for problem in part.problems),
    )


def _add(workspace: Workspace, known: Mapping[str, TrustObject], bundle: Bundle, at: datetime) -> tuple[Imported, ...]:
    from seworkbench.trust.importing import outcomes  # noqa: PLC0415 - on the thread

    lines = outcomes(bundle, known)
    workspace.objects.add(bundle.objects, at=at)
    return lines


def _merged(known: Mapping[str, TrustObject], more: Iterable[TrustObject]) -> dict[str, TrustObject]:
    merged = dict(known)
    for item in more:
        merged.setdefault(item.fingerprint, item)
    return merged


def _judge(holdings: Holdings, at: datetime, today: datetime, before: _Answer | None) -> _Answer:
    is_new = before is None or before.holdings is not holdings
    with making_much() if is_new and len(holdings.objects) > _MANY else nullcontext():
        judgement = judge_holdings(holdings, at)
        now = judgement if at == today else None
        if now is None and before is not None and not is_new and _still_holds(before.today, today):
            now = before.today
        now = now or judge_holdings(holdings, today)
        # What would be worked out when it is first asked for is worked out here, beside the window.
        _ = now.counts
        view = make_view(judgement, holdings.machines, before.view if before is not None else None)
        return _Answer(holdings, judgement, now, view)


def _still_holds(judgement: Judgement, now: datetime) -> bool:
    """Whether a judgement about the present is good enough: nothing changed since, and it is not old."""
    change = judgement.next_change
    age = (now - judgement.at).total_seconds()
    return 0 <= age < _STALE_SECONDS and (change is None or now < change.at)


def judge_holdings(holdings: Holdings, at: datetime, also: Iterable[TrustCertificate] = ()) -> Judgement:
    """Judge what a workspace holds.

    Args:
        holdings: it.
        at: the instant.
        also: certificates that are judged with it and belong to nobody.
    """
    from seworkbench.trust.judgement import Collection, judge  # noqa: PLC0415 - on the thread
    from seworkbench.trust.objects import TrustCertificate, TrustCrl  # noqa: PLC0415 - on the thread

    objects = holdings.objects.values()
    more = [item for item in also if item.fingerprint not in holdings.objects]
    collection = Collection(
        (*(item for item in objects if isinstance(item, TrustCertificate)), *more),
        tuple(item for item in objects if isinstance(item, TrustCrl)),
    )
    fetched = holdings.fetched
    return judge(collection, at, anchors=holdings.anchors, fetched=fetched, offline=not fetched)
