"""The run section: the button that makes, cancels or continues a map, its progress and its messages."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Any, Optional

from qgis.core import QgsProcessingException
from qgis.gui import QgisInterface, QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..core.store.paths import WorkspacePaths
from ..processing_provider.translation import tr
from .area_section import AreaSection
from .commands import CopyButton, plain_values, remember
from .long_run import is_confirmed
from .patch_overlay import PatchOverlay
from .run_log import RunLog
from .running import Run
from .section import MESSAGE_LEVELS, Note
from .session import Session

UNFINISHED = tr("The last run in this workspace was not completed. Finished steps are kept.")


class RunSection(QWidget):
    """Below the other sections. `started` and `ended` are emitted around a run, `ended` with its outputs, empty if it
    failed."""

    started = pyqtSignal()
    ended = pyqtSignal(dict)

    def __init__(self, session: Session, iface: QgisInterface, area: AreaSection, overlay: PatchOverlay) -> None:
        super().__init__()
        self._session = session
        self._iface = iface
        self._area = area
        self._overlay = overlay
        self._run: Optional[Run] = None
        self._step = (0.0, 1.0)
        self._has_failed = False
        self.folder = QgsFileWidget()
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.folder.setToolTip(tr("Folder for all files of this map"))
        self.folder.fileChanged.connect(lambda path: session.set("WORKSPACE", path or None))
        self.button = QPushButton()
        self.button.setObjectName("make-map")
        self.button.setMinimumHeight(32)
        self.button.clicked.connect(self.start_or_cancel)
        self.whole, self.part = QProgressBar(), QProgressBar()
        self.part.setTextVisible(False)
        self.part.setMaximumHeight(6)
        self.step = QLabel()
        self.step.setTextFormat(Qt.TextFormat.PlainText)
        self.step.setWordWrap(True)
        self.note = Note(self)
        self.copy = CopyButton(session, self.note)
        self.messages = RunLog()
        line = QHBoxLayout()
        line.addWidget(self.button, 1)
        line.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 6)
        column.setSpacing(4)
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setBuddy(self.folder)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column.addWidget(self.name)
        column.addWidget(self.folder)
        column.addLayout(line)
        for widget in (self.whole, self.step, self.part, self.note, self.messages):
            column.addWidget(widget)
        session.changed.connect(lambda _: self._forget())
        session.restored.connect(self._forget_run)
        area.planned.connect(lambda _: self.refresh())
        self._show_running(False)

    @property
    def is_running(self) -> bool:
        """Whether a map is being made."""
        return self._run is not None

    def _forget(self) -> None:
        """Take back what was said of the last run: other choices, or another project, have been made since."""
        if not self.is_running:
            self._has_failed = False
            self.note.say("")
        self.refresh()

    def _forget_run(self) -> None:
        """Forget all of the last run: this is another project, or another map."""
        self._forget()
        if not self.is_running:
            self.messages.forget()

    def refresh(self) -> None:
        """Show the workspace and what the button does with it."""
        chosen = self._session.get("WORKSPACE") or ""
        workspace = self._session.workspace
        if self.folder.filePath() != chosen:
            self.folder.blockSignals(True)
            self.folder.setFilePath(chosen)
            self.folder.blockSignals(False)
        self.name.setText(tr("Workspace: {}").format(workspace.name.replace("&", "&&")))
        self.folder.lineEdit().setPlaceholderText(str(workspace))
        if self.is_running:
            return
        unfinished = WorkspacePaths(workspace).is_unfinished
        proposed = tr("Continue the map") if unfinished else tr("Make the map")
        self.button.setText(tr("Try again") if self._has_failed else proposed)
        if unfinished and not self.note.text:
            self.note.say(UNFINISHED)
        elif not unfinished and self.note.text == UNFINISHED:
            self.note.say("")

    def start_or_cancel(self) -> None:
        """Start, continue or cancel."""
        if self._run is not None:
            self.button.setEnabled(False)
            self.button.setText(tr("Cancelling…"))
            self._run.cancel()
        elif is_confirmed(self, self._area.numbers, self._session.workspace):
            self.start()

    def start(self) -> None:
        """Make the map with the chosen parameters."""
        workspace = self._session.workspace
        self._session.set("WORKSPACE", str(workspace))
        self._area.is_frozen = True
        self._overlay.set_all("waiting")
        self.messages.start()
        self._has_failed = False
        self.note.say("")
        self.step.setText(tr("Starting the engine…"))
        parameters = self._session.parameters()
        with suppress(QgsProcessingException, OSError, ImportError):  # of inputs that are gone, as the run will tell
            remember(plain_values(parameters))
        self._run = Run("makemap", parameters, self)
        self._run.message.connect(self._on_message)
        self._run.logged.connect(lambda level, text: self.messages.add(text, level))
        self._run.ended.connect(self._on_ended)
        self._show_running(True)
        self.started.emit()

    def cancel(self) -> None:
        """Cancel the run; finished steps are kept."""
        if self._run is not None:
            self._run.cancel()

    def _on_message(self, message: dict[str, Any]) -> None:
        if "progress" in message:
            self._show_progress(message["progress"], message.get("left") or "")
        elif "step" in message:
            self._step = (message["start"], message["stop"])
            title = tr("Step {} of {}: {}").format(message["number"], message["of"], message["step"])
            self.step.setText(title)
            self.messages.add(title)
            self.part.setValue(0)
            self._overlay.set_all("done")  # those that the step has nothing to do for
        elif "patches" in message:
            self._overlay.set_states(message["patches"], message["state"], message.get("reason", ""))

    def _show_progress(self, fraction: float, left: str) -> None:
        start, stop = self._step
        self.whole.setValue(round(100 * fraction))
        self.whole.setFormat(f"%p % · {left}" if left else "%p %")
        self.part.setValue(round(100 * min(max((fraction - start) / (stop - start), 0.0), 1.0)))

    def _on_ended(self, succeeded: bool, results: dict[str, Any]) -> None:
        run, self._run = self._run, None
        self.messages.finish()
        self._area.is_frozen = False
        self.step.setText("")
        self._show_running(False)
        states = self._overlay.states()
        if succeeded:
            self._overlay.set_all("done")
            self._show_finished()
        else:
            is_cancelled = run is not None and run.is_cancelled
            unfinished = ("running", "waiting") if is_cancelled else ("running", "waiting", "done")
            self._overlay.set_states([id_ for id_, state in states.items() if state in unfinished], "planned")
            if is_cancelled:
                self._show_message(tr("Cancelled. Finished steps are kept; run again to continue."), "info")
            else:
                self._has_failed = True
                self._show_message("\n".join(run.errors if run is not None else []), "error")
                self.refresh()
        self.ended.emit(results if succeeded else {})

    def _show_finished(self) -> None:
        """Say so, and how many warnings there were; they are in the messages."""
        warnings = self.messages.warnings
        if not warnings:
            self._show_message(tr("The map is finished."), "success")
            return
        number = tr("1 warning") if warnings == 1 else tr("{} warnings").format(warnings)
        self._show_message(tr("The map is finished, with {}.").format(number), "warning")
        self.messages.setCollapsed(False)

    def _show_message(self, text: str, level: str) -> None:
        """Show a text here, or in the message bar of the window where the dock is out of sight."""
        self.note.say(text, level)
        if self.isVisible():
            return
        first = self.note.text.partition("\n")[0]
        self._iface.messageBar().pushMessage("Patchwork", escape(first, quote=False), MESSAGE_LEVELS[level], 10)

    def _show_running(self, is_running: bool) -> None:
        for widget in (self.whole, self.part, self.step):
            widget.setVisible(is_running)
        self.whole.setValue(0)
        self.folder.setEnabled(not is_running)
        self.button.setEnabled(True)
        if is_running:
            self.button.setText(tr("Cancel"))
        else:
            self.refresh()
