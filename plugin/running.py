"""Runs a Processing algorithm in the background, as the Processing dialog does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProject,
)
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..processing_provider.feedback import RunFeedback
from ..processing_provider.translation import tr


class Run(QObject):
    """One run of an algorithm of the provider; it starts in the event loop.

    `message` and `logged` are those of RunFeedback, `progressed` is in percent. `ended` comes once, with success and
    the outputs by name; errors have been logged before. A cancelled run ends without either.
    """

    message = pyqtSignal(dict)
    logged = pyqtSignal(str, str)
    progressed = pyqtSignal(float)
    ended = pyqtSignal(bool, dict)

    def __init__(self, name: str, parameters: Mapping[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self.name = name
        self.is_cancelled = False
        self.errors: list[str] = []
        self._algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"patchwork:{name}")
        known = {definition.name() for definition in self._algorithm.parameterDefinitions()}
        self._parameters = {key: value for key, value in parameters.items() if key in known}
        self._context = QgsProcessingContext()
        self._context.setProject(QgsProject.instance())
        self._feedback = RunFeedback()
        self._feedback.message.connect(self.message)
        self._feedback.logged.connect(self._on_logged)
        self._feedback.progressChanged.connect(self.progressed)
        self._task: QgsProcessingAlgRunnerTask | None = None
        QTimer.singleShot(0, self._start)

    def cancel(self) -> None:
        """Cancel the run; `ended` follows."""
        self.is_cancelled = True
        self._feedback.cancel()

    def _start(self) -> None:
        if self.is_cancelled:
            self._end(False, {})
            return
        try:
            fits, wrong = self._algorithm.checkParameterValues(self._parameters, self._context)
        except QgsProcessingException as error:
            fits, wrong = False, str(error)
        if not fits:
            self._on_logged("error", wrong)
            self._end(False, {})
            return
        self._task = QgsProcessingAlgRunnerTask(self._algorithm, self._parameters, self._context, self._feedback)
        self._task.executed.connect(self._end)
        QgsApplication.taskManager().addTask(self._task)

    def _on_logged(self, level: str, text: str) -> None:
        if level == "error":
            self.errors.append(text)
        self.logged.emit(level, text)

    def _end(self, succeeded: bool, results: dict[str, Any]) -> None:
        self.is_cancelled = self.is_cancelled or self._feedback.isCanceled()  # also in QGIS's list of tasks
        succeeded = succeeded and not self.is_cancelled and bool(results)
        if not succeeded and not self.errors and not self.is_cancelled:
            self._on_logged("error", tr("The run ended without a result. See QGIS's log messages."))
        self._task = None
        self.ended.emit(succeeded, dict(results))
        self.deleteLater()


class LatestRun(QObject):
    """Runs of one algorithm of which only the latest counts: a new one cancels the one before it."""

    ended = pyqtSignal(bool, dict, list)  # whether it succeeded, its outputs, its errors

    def __init__(self, name: str, parent: QObject, rest_ms: int = 300) -> None:
        super().__init__(parent)
        self._name = name
        self._run: Run | None = None
        self._parameters: Mapping[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(rest_ms)
        self._timer.timeout.connect(self._start)

    @property
    def is_busy(self) -> bool:
        """Whether a run is waiting or active."""
        return self._run is not None or self._timer.isActive()

    def ask(self, parameters: Mapping[str, Any]) -> None:
        """Run with these parameters, instead of the current run."""
        self.cancel()
        self._parameters = parameters
        self._timer.start()

    def cancel(self) -> None:
        """Cancel the current run."""
        self._timer.stop()
        if self._run is not None:
            self._run.cancel()
            self._run = None

    def _start(self) -> None:
        run = self._run = Run(self._name, self._parameters, self)
        run.ended.connect(lambda succeeded, results: self._on_end(run, succeeded, results))

    def _on_end(self, run: Run, succeeded: bool, results: dict[str, Any]) -> None:
        if run is self._run:
            self._run = None
            self.ended.emit(succeeded, results, run.errors)
