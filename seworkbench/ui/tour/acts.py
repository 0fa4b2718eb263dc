"""What is done on the pages in each scene: the widgets that a person would use, with the files of the story.

An act shows first what the person would do, then has the story judge it, then points at what must be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from seworkbench.demo.story import play_scene
from seworkbench.errors import Cancelled
from seworkbench.report.markdown_form import markdown_bytes
from seworkbench.trust.loading import crls_in
from seworkbench.trust.verify import load_input
from seworkbench.ui.pages.build.page import BuildPage
from seworkbench.ui.pages.inspect.page import InspectPage
from seworkbench.ui.pages.trust.page import TrustPage
from seworkbench.ui.tour.evidence_page import EvidencePage
from seworkbench.ui.tour.script import Act, Beat, Until, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from seworkbench.demo.scene import Place, PlayedScene, Scene
    from seworkbench.demo.stage import Stage
    from seworkbench.jobs import Job
    from seworkbench.ui.pages.page import Page
    from seworkbench.ui.window import MainWindow

T = TypeVar("T")
P = TypeVar("P", bound="Page")


@dataclass
class _Ended:
    """How a job on a thread ended."""

    result: Any = None
    error: Exception | None = None
    done: bool = False


class Acts:
    """The acts of a tour.

    Args:
        window: where they are played.
        stage: the folder and what is in it.
        tell: told what a scene came to.
    """

    def __init__(self, window: MainWindow, stage: Stage, tell: Callable[[PlayedScene], None]) -> None:
        self.window = window
        self.stage = stage
        self._tell = tell
        self._acts: dict[str, Callable[[Scene], Act]] = {
            "host-key": self._host_key,
            "build": self._build,
            "look-inside": self._look_inside,
            "revoked": self._host_key,
            "evidence": self._evidence,
        }

    def of(self, scene: Scene) -> Act:
        """The act of a scene."""
        return self._acts.get(scene.id, self._plain)(scene)

    # --- what acts are made of

    def page(self, kind: type[P]) -> P:
        """A page of the window."""
        found = self.window.pages[kind.NAME]
        if not isinstance(found, kind):
            raise TypeError(f"{kind.NAME} is another page")
        return found

    def show(self, place: Place) -> None:
        """Go to a page."""
        self.window.show_page(place.value)

    def light(self, title: str, function: Callable[[Job], T]) -> Generator[Wait, None, T]:
        """Do something on a thread, and wait for it.

        Raises:
            SeError: what the function raised.
        """
        ended = _Ended()

        def end(*, result: Any = None, error: Exception | None = None) -> None:
            ended.result, ended.error, ended.done = result, error, True

        job = self.window.workbench.jobs.start_light(title, function)
        job.done.connect(lambda result: end(result=result))
        job.failed.connect(lambda error: end(error=error))
        job.stopped.connect(lambda: end(error=Cancelled()))
        yield Until(lambda: ended.done, title)
        if ended.error is not None:
            raise ended.error
        result: T = ended.result
        return result

    def perform(self, scene: Scene) -> Generator[Wait, None, PlayedScene]:
        """Let the story judge the scene; once is enough, when it is shown again too."""
        played = self.stage.played.get(scene.id)
        if played is None:
            played = yield from self.light(scene.title, lambda job: play_scene(self.stage, scene, job))
        self._tell(played)
        return played

    def drop(self, *paths: Path) -> Act:
        """Drop files onto the window, one after the other, and wait until they are dealt with."""
        for path in paths:
            self.window.open_files([path])
            yield Beat(300)
        yield from self.settled()

    def settled(self) -> Act:
        """Wait until nothing runs."""
        yield Until(lambda: not self.window.workbench.jobs.running, "the jobs to end")

    # --- the acts

    def _plain(self, scene: Scene) -> Act:
        if scene.page.value in self.window.pages:
            self.show(scene.page)
        yield Beat()
        yield from self.perform(scene)

    def _host_key(self, scene: Scene) -> Act:
        page, machine = self.page(TrustPage), self.stage.machine
        self.show(scene.page)
        yield Beat()
        if scene.id == "revoked":
            yield from self.perform(scene)
            machine = self.stage.machine
        yield from self.drop(machine.document_path, *machine.certificate_paths, machine.root_path, *machine.crl_paths)
        lists = {crl.fingerprint for path in machine.crl_paths for crl in crls_in(load_input(path))}
        yield Until(lambda: _judged(page) >= lists, "the judgement")
        yield Beat(1500)
        page.notice.hide()
        hosts = page.session.judgement.host_keys if page.session.judgement else ()
        if hosts:
            page.choose(hosts[0].certificate.fingerprint)
        yield Beat(0)
        page.side.checklist.select(scene.select)
        yield Beat()
        yield from self.perform(scene)

    def _build(self, scene: Scene) -> Act:
        page, stage = self.page(BuildPage), self.stage
        self.show(scene.page)
        yield Beat()
        if not stage.image.exists():
            yield from self.light("Writing the inputs", lambda _job: stage.write_inputs())
            yield from self.drop(stage.recipe)
            yield Until(lambda: page.draft.kernel_facts is not None and page.output.possible(), "the recipe")
            yield Beat(2500)
            page.build()
            yield Until(lambda: page.job is None, "the image")
            yield from self.settled()
        yield from self.perform(scene)

    def _look_inside(self, scene: Scene) -> Act:
        page, stage = self.page(InspectPage), self.stage
        self.show(scene.page)
        yield from self.drop(stage.image)
        yield Until(lambda: page.session.check is not None, "the verification")
        yield from self.drop(stage.machine.document_path)
        yield Beat(3000)
        yield from self.drop(stage.header_key)
        yield Until(lambda: page.session.inspection is not None and page.session.inspection.content, "the key")
        page.show_side("contents")
        yield Beat(3000)
        yield from self.drop(stage.write_inputs().kernel)
        page.show_side("checks")
        page.checklist.select(scene.select)
        yield from self.perform(scene)

    def _evidence(self, scene: Scene) -> Act:
        page, stage = self.page(EvidencePage), self.stage
        self.show(scene.page)
        yield from self.perform(scene)
        if (report := stage.report) is not None:
            text = yield from self.light("Reading the report", lambda _job: markdown_bytes(report).decode())
            page.show_report(text, tuple(stage.played.values()), stage.evidence)


def _judged(page: TrustPage) -> set[str]:
    """Fingerprints of everything that is judged on the Trust page by now."""
    judgement = page.session.judgement
    return set(judgement.objects) if judgement is not None and not page.session.busy else set()
