"""The Trust page: documents at the left, the chain in the middle, validity below, evidence at the side.

One selection everywhere: what is chosen in table, chain or axis is marked in the others and explained at the side.
The page gathers and shows; what is true is said by seworkbench.trust.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from seworkbench.checks import Verdict
from seworkbench.errors import SeError
from seworkbench.files import AtomicFile
from seworkbench.recognise import Kind, Recognised, recognise
from seworkbench.trust.objects import ObjectKind
from seworkbench.ui.actions import Action
from seworkbench.ui.dialogs import ask_folder, ask_new, ask_open_many, ask_save
from seworkbench.ui.instants import instant_text
from seworkbench.ui.pages.page import Page
from seworkbench.ui.pages.trust.documents_card import DocumentsCard
from seworkbench.ui.pages.trust.missing_card import MissingCard
from seworkbench.ui.pages.trust.notices import NoticeCard
from seworkbench.ui.pages.trust.side import TrustSide
from seworkbench.ui.pages.trust.view import View, name_of
from seworkbench.ui.widgets.basic import Card, ErrorBox, button, label, link
from seworkbench.ui.widgets.chain_graph import ChainGraph
from seworkbench.ui.widgets.checklist_view import as_text
from seworkbench.ui.widgets.elided import Elided
from seworkbench.ui.widgets.introduction import Introduction
from seworkbench.ui.widgets.validity_axis import ValidityAxis
from seworkbench.ui.widgets.verdict_legend import VerdictLegend
from seworkbench.ui.workbench import Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from seworkbench.trust.fetch import FetchPlan, FetchResult
    from seworkbench.trust.importing import Imported
    from seworkbench.trust.judgement import HostKeyJudgement, Judgement
    from seworkbench.trust.objects import TrustObject
    from seworkbench.ui.pages.trust.session import TrustSession
    from seworkbench.ui.workbench import Workbench

# Files that other pages take, though they were dropped here.
_ELSEWHERE = (Kind.IMAGE, Kind.HEADER, Kind.IPIB, Kind.KERNEL, Kind.RAMDISK, Kind.SIMULATED_MACHINE)
_MACHINE = "machine:"
_LEGEND = (
    (Verdict.PASSED, "passed"),
    (Verdict.FAILED, "failed"),
    (Verdict.WARNING, "name quirk"),
    (Verdict.NOT_CHECKED, "not checked"),
)
_TABLE_WIDTH, _CHAIN_WIDTH = 410, 466
# Narrower than this, two and one button less are in the head.
_ALL_BUTTONS, _SOME_BUTTONS = 660, 470
_UPPER_HEIGHT, _AXIS_HEIGHT = 410, 250
# How much lower than the title's middle that of the words beside it is.
_BASELINE = 4
_DROP = (
    "Drop everything you have anywhere into this page, single files or a whole folder, in any order: host key "
    "documents of the machines, IBM's signing certificate, the intermediate and root certificates, and the revocation "
    "lists. PEM and DER, and text that is pasted. Content decides what each is."
)
_VERIFIED = (
    "Each host key is verified step by step up to its root; what is missing is named with its address. Nothing is "
    "downloaded unless you ask, and each address is shown first."
)


class TrustPage(Page):
    """See the module's text.

    Args:
        workbench: what the window shares.
        session: the open workspace and its judgement.
    """

    NAME = "trust"
    HELP = "host-keys.md"

    def __init__(self, workbench: Workbench, session: TrustSession) -> None:
        super().__init__(workbench)
        theme = workbench.theme
        self.session = session
        self.view = View()
        self._chosen = ""
        self._wanted = ""
        self._steps: list[Callable[[], None]] = []
        self._news: tuple[Imported, ...] = ()
        self._stepper = QTimer(self)
        self._stepper.setSingleShot(True)
        self._stepper.setInterval(0)
        self._stepper.timeout.connect(self._step)
        self.setAcceptDrops(True)
        self.error = ErrorBox(theme)
        self.notice = NoticeCard(theme)
        self.documents = DocumentsCard(theme)
        self.graph = ChainGraph(theme)
        self.axis = ValidityAxis(theme, session.now)
        self.missing = MissingCard(theme)
        self._side = TrustSide(theme)
        self._lay_out()
        self._connect()
        self._show_head()

    @property
    def side(self) -> TrustSide:
        """What is selected, and its checks."""
        return self._side

    @property
    def chosen(self) -> str:
        """Key of what is selected; empty if nothing is."""
        return self._chosen

    def actions_of_page(self) -> tuple[Action, ...]:
        """Commands of this page."""
        some, host, here = self._has_objects, lambda: self._host() is not None, self.NAME
        to_checks = self._side.checklist.tree.setFocus

        def action(  # noqa: PLR0917 - a row of the table below
            name: str, text: str, menu: str, run: Callable[[], None], keys: str = "", mark: str = "",
            possible: Callable[[], bool] = lambda: True,
        ) -> Action:  # fmt: skip
            return Action(f"trust.{name}", text, menu, run, keys, mark, possible, here)

        return (
            action("import", "Import certificates and lists…", "File", self.import_files, "Ctrl+I", "plus"),
            action("import-folder", "Import a folder…", "File", self.import_folder, "", "folder-open"),
            action("fetch", "Fetch revocation lists…", "File", self.ask_fetch, "", "download", some),
            action("verify", "Verify all", "File", self.verify_all, "Ctrl+Shift+Return", "shield-check", some),
            action("export", "Export evidence of all…", "File", self.export_all, "", "save", some),
            action("export-one", "Export evidence of the host key…", "File", self.export_one, "", "save", host),
            action("calendar", "Export ends as a calendar…", "File", self.export_calendar, "", "history", some),
            Action("trust.workspace", "Open another workspace…", "File", self.choose_workspace, "", "layers"),
            Action("trust.new-workspace", "New workspace…", "File", self.new_workspace, "", "plus"),
            Action("trust.copy-workspace", "Save a copy of the workspace…", "File", self.copy_workspace, "", "copy"),
            action("commands", "Show as commands", "Edit", self.show_commands, "", "terminal", host),
            action("details", "Go to the checks", "Go", to_checks, "", "list", self._has_check),
            action("copy", "Copy evidence", "Edit", self.copy_evidence, "", "copy", self._has_check),
            action("phkh", "Copy PHKH", "Edit", self.copy_phkh, "", "key-round", host),
            action("rename", "Rename machine", "Edit", self.rename_machine, "F2", "cpu", host),
            action("remove", "Remove from the workspace", "Edit", self.remove, "Delete", "trash-2", self._removable),
            action("filter", "Filter documents", "Edit", self.documents.line.setFocus, "Ctrl+L", "search"),
            action("now", "Verify as of now", "View", self.session.back_to_now, "", "refresh-cw", self._is_away),
        )

    def takes(self, item: Recognised) -> bool:
        """Certificates and lists."""
        return item.kind in (Kind.HOST_KEY_DOCUMENT, Kind.CERTIFICATE, Kind.CRL)

    def take(self, item: Recognised) -> None:
        """Import it."""
        if not item.pasted:
            self.session.import_path(item.path)
            return
        try:
            self.session.import_text(item.path.read_bytes())
        except OSError as error:
            self._fail(SeError("What was pasted is gone.", where=error.strerror or ""))
        self.workbench.pasted.forget(item)

    def close_page(self) -> None:
        """Let go of the workspace."""
        self._stepper.stop()
        self._steps.clear()
        self.session.close()

    # --- what the user asks for

    def import_files(self) -> None:
        """Ask for files and import them."""
        self._import(ask_open_many(self, "Import certificates and revocation lists"))

    def import_folder(self) -> None:
        """Ask for a folder and import all that is in it."""
        if (folder := ask_folder(self, "Import a folder", None)) is not None:
            self.session.import_path(folder)

    def verify_all(self) -> None:
        """Verify everything and keep the verdicts."""
        if self._has_objects():
            self.session.judge(record=True)

    def ask_fetch(self, fingerprints: Iterable[str] | None = None) -> None:
        """Show what would be asked for revocation lists, and ask whether it may be."""
        plan = self.session.plan(self._with_issuers(fingerprints))
        self.notice.show_plan(plan, partial(self._fetch, plan), partial(self._save_list, plan))

    def export_all(self) -> None:
        """Write the evidence of everything to a file."""
        if self.session.judgement is not None:
            self._export(None, "trust-evidence")

    def export_one(self) -> None:
        """Write the evidence of the selected host key to a file."""
        if (item := self._host()) is not None:
            self._export(item, f"evidence-{item.certificate.machine or item.certificate.fingerprint[:8]}")

    def export_calendar(self) -> None:
        """Write the ends of everything to a calendar file."""
        path = ask_save(self, "Export ends as a calendar", Path("trust-ends.ics"))
        if path is None:
            return
        held, now = self.session.holdings, self.session.now
        from seworkbench.trust.calendar import calendar_text  # noqa: PLC0415 - beside its only use

        names = {key: name_of(item, held.machines) for key, item in held.objects.items()}
        self._write(path, calendar_text(held.objects.values(), now, names).encode())

    def show_commands(self) -> None:
        """Show the commands that verify the selected host key by hand."""
        item, judgement = self._host(), self.session.judgement
        if item is None or judgement is None:
            return
        at_now, key = self.session.is_now, item.certificate.fingerprint

        def commands(_job: object) -> tuple[str, dict[str, TrustObject]]:
            from seworkbench.report.reproduce import shell_script  # noqa: PLC0415 - on the thread
            from seworkbench.report.trust import judgement_report  # noqa: PLC0415 - on the thread
            from seworkbench.trust.commands import (  # noqa: PLC0415 - on the thread
                command_files,
                own_command,
                pvverify_command,
            )

            files = command_files(item, judgement)
            steps = judgement_report(judgement, only=key).by_hand
            parts = (
                f"# s390-tools; judges as of now\n{pvverify_command(files)}",
                f"# this program\n{own_command(files, judgement, at_now=at_now)}",
                f"# OpenSSL, step by step; needs no files\n{shell_script(steps)}",
            )
            return "\n\n".join(parts), files.objects

        def show(found: tuple[str, dict[str, TrustObject]]) -> None:
            text, objects = found
            self.notice.show_commands(self._name(item.certificate), text, partial(self._save_files, objects))

        job = self.workbench.jobs.start_light("Writing down the commands", commands)
        job.done.connect(show)
        job.failed.connect(self._fail)

    def copy_evidence(self) -> None:
        """Copy every check of what is selected as text."""
        if (check := self._side.checklist.check) is not None and self._chosen:
            QGuiApplication.clipboard().setText(as_text(check))

    def copy_phkh(self) -> None:
        """Copy the hash of the selected host key."""
        if (item := self._host()) is not None and item.certificate.phkh:
            QGuiApplication.clipboard().setText(item.certificate.phkh)
            self.workbench.say(f"PHKH of {self._name(item.certificate)} copied.")

    def rename_machine(self) -> None:
        """Go to the name of the selected machine."""
        if self._host() is not None:
            self._side.machine.name.setFocus()
            self._side.machine.name.selectAll()

    def remove(self) -> None:
        """Remove what is selected from the workspace."""
        keys = self._keys_of(self._chosen)
        if keys and all(key in self.session.holdings.objects for key in keys):
            names = [name_of(self.session.holdings.objects[key], self.session.holdings.machines) for key in keys]
            self.session.remove(keys)
            self.workbench.say(f"{', '.join(names)}: removed from the workspace. The files are not touched.")
            self.choose("")

    def choose_workspace(self) -> None:
        """Ask for a workspace and open it."""
        paths = ask_open_many(self, "Open a workspace (.sewb)")
        if paths:
            self.session.open(paths[0])

    def new_workspace(self) -> None:
        """Ask for a place and open a new workspace there."""
        from seworkbench.workspace.places import SUFFIX, workspace_folder  # noqa: PLC0415 - beside its only use

        path = ask_new(self, "New workspace", workspace_folder() / f"new{SUFFIX}")
        if path is not None:
            self.session.open(path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX))

    def copy_workspace(self) -> None:
        """Ask for a place and write everything that is in the workspace to a file there."""
        from seworkbench.workspace.places import SUFFIX, workspace_folder  # noqa: PLC0415 - beside its only use

        workspace = self.session.workspace
        name = workspace.name if workspace is not None and workspace.path else "workspace"
        path = ask_new(self, "Save a copy of the workspace", workspace_folder() / f"{name}-copy{SUFFIX}")
        if path is not None:
            self.session.save_copy(path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX))

    def choose(self, key: str) -> None:
        """Select something everywhere: in the table and at the side now, in chain and axis a moment later."""
        self._finish_showing()
        self._chosen = key
        self.documents.select(key)
        self._show_side()
        # All at once would be felt, as with a judgement.
        self._steps = [self._mark_in_graph, self._mark_in_axis]
        self._stepper.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Buttons that have no room are in the menu all the same."""
        super().resizeEvent(event)
        zoom = self.workbench.theme.zoom
        self.export.setVisible(self.width() > _ALL_BUTTONS * zoom)
        self.fetch.setVisible(self.width() > _SOME_BUTTONS * zoom)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files, and text as everywhere."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Import what was dropped; what other pages work with is theirs."""
        event.acceptProposedAction()
        self._import([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    # --- what happened

    def _import(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if recognise(path).kind in _ELSEWHERE:
                self.workbench.files_offered.emit([path])
            else:
                self.session.import_path(path)

    def _imported(self, lines: tuple[Imported, ...]) -> None:
        # Told once the judgement that follows is shown: both at once would be felt.
        self._news = lines
        new = [line for line in lines if line.fingerprint]
        if new and not self._chosen:
            held = self.session.holdings.objects
            hosts = [line for line in new if held[line.fingerprint].kind is ObjectKind.HOST_KEY]
            self._chosen = (hosts or new)[0].fingerprint

    def _show(self, key: str) -> None:
        """Another page wants an object to be shown, perhaps one that is still being imported."""
        self._wanted = key
        self._show_judgement()
        self._finish_showing()

    def _fetch(self, plan: FetchPlan) -> None:
        self.notice.hide()
        self.session.fetch(plan)

    def _fetched(self, result: FetchResult) -> None:
        self.notice.show_fetch(result)
        found = sum(not made.reason for made in result.tries)
        self.workbench.say(f"{found} of {len(result.tries)} addresses gave a revocation list.")

    def _verified(self, judgement: Judgement) -> None:
        counts = {verdict: sum(item.verdict is verdict for item in judgement.host_keys) for verdict in Verdict}
        said = " · ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count) or "no host key"
        steps = sum(1 for _ in judgement.check.leaves())
        when = "" if self.session.is_now else f", as of {instant_text(judgement.at)}"
        self.workbench.say(
            f"Verify all finished: {steps} checks, {said}{when}. Kept in the workspace.",
            Weight.WARNING if counts[Verdict.FAILED] or counts[Verdict.NOT_CHECKED] else Weight.NOTE,
        )

    def _fail(self, error: SeError) -> None:
        self.error.show_error(error)
        self.workbench.report(error)

    def _opened(self) -> None:
        self._chosen = ""
        self.notice.hide()
        workspace = self.session.workspace
        if workspace is not None:
            if workspace.notice and workspace.path:
                self.workbench.say(workspace.notice, Weight.WARNING)
            if workspace.path:
                self.workbench.settings.workspace = str(workspace.path)
            window = self.window()
            window.setWindowTitle(f"{workspace.name} · SE Workbench" if workspace.path else "SE Workbench")
        self._show_head()

    # --- showing

    def _show_judgement(self) -> None:
        """Show the judgement bit by bit: all at once it would be felt, with a thousand host keys.

        Until all of it is shown, nothing new is judged.
        """
        if self.session.judgement is None:
            return
        self.session.judging.hold()
        self._steps = [
            *(self._show_documents, self._show_graph, self._show_axis),
            *(self._show_rest, self._show_side, self._show_news),
        ]
        self._stepper.start()

    def _step(self) -> None:
        step = self._steps.pop(0)
        if self.session.judgement is None:  # another workspace was opened meanwhile
            self._steps.clear()
        try:
            step()
        finally:
            if self._steps:
                self._stepper.start()
            else:
                self.session.judging.go_on()

    def _finish_showing(self) -> None:
        """Show what is left now: somebody is about to look at it."""
        while self._steps:
            self._stepper.stop()
            self._step()

    def _show_documents(self) -> None:
        judgement = self.session.judgement
        if judgement is None:
            return
        self.view = self.session.view
        known = {key for _group, _said, rows in self.view.groups for row in rows for key in (row.key, *_below(row))}
        known |= {item.id for item in judgement.missing}
        if self._wanted in known:
            self._chosen, self._wanted = self._wanted, ""
        if self._chosen not in known:
            self._chosen = next((item.certificate.fingerprint for item in judgement.host_keys), "")
        self.documents.show_view(self.view, self._chosen)
        if self.documents.chosen != self._chosen:
            self.documents.select(self._chosen)
        self._show_head()

    def _show_graph(self) -> None:
        self.graph.show_picture(self.view.picture)
        self._mark_in_graph()

    def _show_axis(self) -> None:
        self.axis.show_bars(self.view.bars)
        self._mark_in_axis()
        self._show_moved()

    def _show_rest(self) -> None:
        judgement, held = self.session.judgement, self.session.holdings
        if judgement is not None:
            self.missing.show_missing(judgement.missing, held.objects, self._name)
        self.next_change.show_text(self.view.next_change)

    def _show_news(self) -> None:
        """What became of an import, if there was one."""
        if self._news:
            self.notice.show_import(self._news)
        self._news = ()

    def _mark_in_graph(self) -> None:
        self.graph.select(self._main_key())

    def _mark_in_axis(self) -> None:
        self.axis.select(self._main_key())

    def _main_key(self) -> str:
        """What is marked in chain and axis: of a machine, its newest document."""
        keys = self._keys_of(self._chosen)
        return keys[0] if keys else self._chosen

    def _show_moved(self) -> None:
        if (self.axis.as_of, self.axis.now) != (self.session.as_of, self.session.now):
            self.axis.set_instants(self.session.now, self.session.as_of)
        self._show_head()

    def _show_head(self) -> None:
        session, judgement = self.session, self.session.judgement
        count = len(session.holdings.objects)
        self.body.setCurrentIndex(1 if count else 0)
        for made in (self.fetch, self.verify, self.export):
            made.setEnabled(bool(count))
        workspace = session.workspace
        parts = [f"{count} document{'' if count == 1 else 's'}"] if count else []
        if count:
            parts.append(f"{self.view.machines} machine{'' if self.view.machines == 1 else 's'}")
        if judgement is not None and count:
            parts.append("with fetched lists" if session.holdings.fetched else "nothing downloaded")
        if workspace is not None and not workspace.kept:
            parts.append("not kept")
        self.subtitle.show_text(" · ".join(parts))
        away = not session.is_now
        self.as_of.setVisible(away)
        self.as_of.setText(f"as of {instant_text(session.as_of)}, not now")
        # There is room for one of the two, and this one must not be overlooked.
        self._beside.setVisible(not away)
        self.room.setVisible(away)

    def _show_side(self) -> None:
        judgement = self.session.judgement
        keys = self._keys_of(self._chosen)
        if judgement is None or not self._chosen:
            self._side.show_nothing()
            return
        held = self.session.holdings
        if (item := self._host()) is not None:
            by_key = self._host_keys()
            others = tuple(by_key[key].certificate.source.short for key in item.same_key if key in by_key)
            said = held.machines.get(item.certificate.phkh or "")
            self._side.show_host_key(item, said, self._name(item.certificate), judgement.at, others)
        elif (thing := judgement.objects.get(keys[0])) is not None:
            self._side.show_object(thing, judgement.at)
        elif (missing := next((item for item in judgement.missing if item.id == self._chosen), None)) is not None:
            self._side.show_missing(missing)
        else:
            self._side.show_nothing()

    # --- what is selected

    def _keys_of(self, key: str) -> tuple[str, ...]:
        """Fingerprints of what a row stands for: for a machine, its documents, newest first."""
        if not key.startswith(_MACHINE):
            return (key,) if key else ()
        rows = (row for _group, _said, rows in self.view.groups for row in rows)
        return next((_below(row) for row in rows if row.key == key), ())

    def _host_keys(self) -> Mapping[str, HostKeyJudgement]:
        judgement = self.session.judgement
        return judgement.by_fingerprint if judgement else {}

    def _host(self) -> HostKeyJudgement | None:
        keys = self._keys_of(self._chosen)
        return self._host_keys().get(keys[0]) if keys else None

    def _name(self, item: TrustObject) -> str:
        return name_of(item, self.session.holdings.machines)

    def _has_objects(self) -> bool:
        return bool(self.session.holdings.objects)

    def _has_check(self) -> bool:
        return bool(self._chosen) and self._side.checklist.isVisible()

    def _is_away(self) -> bool:
        return not self.session.is_now

    def _removable(self) -> bool:
        keys = self._keys_of(self._chosen)
        return bool(keys) and all(key in self.session.holdings.objects for key in keys)

    def _with_issuers(self, fingerprints: Iterable[str] | None) -> set[str] | None:
        """Certificates, and for each the issuers above it, whose own lists are needed with it."""
        if fingerprints is None:
            return None
        wanted = set(fingerprints)
        for item in self._host_keys().values():
            if item.certificate.fingerprint in wanted:
                wanted |= {certificate.fingerprint for certificate in item.chain}
        return wanted

    def _menu(self, key: str, at: QPoint) -> None:
        self.choose(key)
        names = ("phkh", "rename", "commands", "export-one", "details", "copy", "", "remove")
        self.workbench.menu_requested.emit([name and f"trust.{name}" for name in names], at)

    # --- files

    def _export(self, item: HostKeyJudgement | None, stem: str) -> None:
        judgement = self.session.judgement
        path = ask_save(self, "Export evidence (.html, .pdf, .json or .md)", Path(f"{stem}.html"))
        if path is None or judgement is None:
            return

        said = {phkh: machine.name for phkh, machine in self.session.holdings.machines.items() if machine.name}
        only, at_now = item.certificate.fingerprint if item else "", self.session.is_now

        def write(_job: object) -> Path:
            from seworkbench.report.model import Clock  # noqa: PLC0415 - on the thread
            from seworkbench.report.trust import judgement_report  # noqa: PLC0415 - on the thread
            from seworkbench.report.write import write_report  # noqa: PLC0415 - on the thread

            clock = Clock.COMPUTER if at_now else Clock.CHOSEN
            write_report(judgement_report(judgement, only=only, machines=said, clock=clock), path, replace=True)
            return path

        job = self.workbench.jobs.start_light(f"Writing {path.name}", write)
        job.done.connect(self._wrote)
        job.failed.connect(self._fail)

    def _save_list(self, plan: FetchPlan) -> None:
        from seworkbench.trust.air_gap import air_gap_list  # noqa: PLC0415 - beside its only use

        path = ask_save(self, "Save the list for another machine", Path("fetch-crls.sh"))
        if path is not None:
            self._write(path, air_gap_list(plan).encode())

    def _save_files(self, files: dict[str, TrustObject]) -> None:
        from seworkbench.trust.commands import save_files  # noqa: PLC0415 - beside its only use

        folder = ask_folder(self, "Save the files in a folder", None)
        if folder is None:
            return
        try:
            written = save_files(files.items(), folder)
        except SeError as error:
            self._fail(error)
        else:
            self.workbench.say(f"{len(written)} files saved in {folder}.")

    def _write(self, path: Path, content: bytes) -> None:
        try:
            with AtomicFile(path, replace=True) as file:
                file.write_at(0, content)
        except SeError as error:
            self._fail(error)
        else:
            self._wrote(path)

    def _wrote(self, path: Path) -> None:
        self.workbench.say(f"{path} was written.")

    # --- how it looks

    def _connect(self) -> None:
        session = self.session
        session.opened.connect(self._opened)
        session.changed.connect(self._show_head)
        session.judged.connect(self._show_judgement)
        session.moved.connect(self._show_moved)
        session.imported.connect(self._imported)
        session.fetched.connect(self._fetched)
        session.verified.connect(self._verified)
        session.show_asked.connect(self._show)
        session.copied.connect(lambda path: self.workbench.say(f"The workspace was copied to {path}."))
        session.failed.connect(self._fail)
        self.axis.as_of_changed.connect(session.move_to)
        self.axis.now_asked.connect(session.back_to_now)
        self.axis.selected.connect(self.choose)
        self.documents.selected.connect(self.choose)
        self.documents.menu_asked.connect(self._menu)
        self.graph.selected.connect(self.choose)
        self.graph.menu_asked.connect(self._menu)
        self.missing.fetch_asked.connect(self.ask_fetch)
        self.missing.choose_asked.connect(self.import_files)
        self.notice.select_asked.connect(self.choose)
        self._side.commands_asked.connect(self.show_commands)
        self._side.export_asked.connect(self.export_one)
        self._side.machine.described.connect(lambda phkh, name, notes: session.describe(phkh, name=name, notes=notes))
        self._side.checklist.help_requested.connect(self.workbench.help_requested.emit)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 12)
        column.setSpacing(10)
        column.addLayout(self._make_head())
        column.addWidget(self.error)
        column.addWidget(self.notice)
        self.body = QStackedWidget()
        self.body.addWidget(self._make_empty())
        self.body.addWidget(self._make_full())
        column.addWidget(self.body, 1)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("Trust", "title"))
        self.subtitle = Elided("", "muted")
        # Smaller than the title, so it stands lower than the middle: on the same line of letters.
        self._beside = QWidget()
        lowered = QVBoxLayout(self._beside)
        lowered.setContentsMargins(0, _BASELINE, 0, 0)
        lowered.addWidget(self.subtitle)
        head.addWidget(self._beside, 1)
        self.as_of = label("", "inverted")
        self.as_of.setToolTip("Everything on this page is judged as of this instant. Other pages judge as of now.")
        head.addWidget(self.as_of)
        self.room = QWidget()
        head.addWidget(self.room, 1)
        head.addWidget(button("Import…", self.import_files))
        self.fetch = button("Fetch CRLs…", self.ask_fetch)
        self.export = button("Export evidence…", self.export_all)
        self.verify = button("Verify all", self.verify_all, primary=True)
        for made in (self.fetch, self.export, self.verify):
            head.addWidget(made)
        return head

    def _make_full(self) -> QWidget:
        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.setHandleWidth(10)
        upper.setChildrenCollapsible(False)
        upper.addWidget(self.documents)
        chain = Card("Chain of trust")
        chain.head.addWidget(VerdictLegend(self.workbench.theme, _LEGEND), 10)
        chain.body.setContentsMargins(1, 0, 1, 5)
        chain.body.addWidget(self.graph, 1)
        upper.addWidget(chain)
        upper.setSizes([_TABLE_WIDTH, _CHAIN_WIDTH])
        validity = Card("Validity")
        self.next_change = Elided("", "muted")
        self.next_change.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.next_change.setAlignment(Qt.AlignmentFlag.AlignRight)
        validity.head.addWidget(self.next_change, 100)
        validity.body.setContentsMargins(2, 2, 2, 2)
        validity.body.addWidget(self.axis, 1)
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.setHandleWidth(10)
        whole.setChildrenCollapsible(False)
        whole.addWidget(upper)
        whole.addWidget(validity)
        whole.setSizes([_UPPER_HEIGHT, _AXIS_HEIGHT])
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(whole, 1)
        column.addWidget(self.missing)
        return full

    def _make_empty(self) -> QWidget:
        area = QScrollArea()
        area.setObjectName("pageScroll")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        card = Introduction(
            self.workbench.theme,
            "shield-check",
            "Are these host keys really those of IBM's machines?",
            (_DROP, _VERIFIED),
            button("Import files…", self.import_files),
            button("Import a folder…", self.import_folder),
            link("Get some from a simulated machine", lambda: self.workbench.page_requested.emit("machine")),
            link("How host keys are verified", lambda: self.workbench.help_requested.emit(self.HELP)),
        )
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        column.addStretch(1)
        area.setWidget(holder)
        return area


def _below(row: object) -> tuple[str, ...]:
    children = getattr(row, "children", ())
    return tuple(child.key for child in children)
