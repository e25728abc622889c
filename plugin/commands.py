"""What the dock runs, as commands: for the clipboard, and for Processing's history."""

from __future__ import annotations

import shlex
import shutil
import subprocess  # nosec B404 (quotes words, starts nothing)
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Callable

from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsProject,
)
from qgis.gui import QgsGui
from qgis.PyQt.QtWidgets import QApplication, QMenu, QToolButton

from ..core.operations.makemap import MakeMap
from ..core.parameters import declared
from ..core.system import IS_WINDOWS
from ..processing_provider.translation import tr
from ..processing_provider.vector_inputs import to_file, vector_layer
from .section import Note
from .session import Session, plain

INPUTS = "inputs"  # folder of the workspace for layers that are in no file: drawn, selected or not saved
MAKE_MAP = "patchwork:makemap"
# Debian's qgis_process is a script that does not take what a person writes, and calls the first of these.
PROGRAMS = ("qgis_process.bin", "qgis_process-qgis.bat" if IS_WINDOWS else "qgis_process")


def plain_values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `makemap` as texts, numbers and files, which mean the same outside of this project."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    names = [parameter.name.upper() for parameter in declared(MakeMap)]
    values = {name: plain(parameters[name]) for name in names if name in parameters}
    for name in values:
        if vector_layer(parameters[name], context) is not None:
            file = to_file(name, parameters[name], context, QgsProcessingFeedback())
            values[name] = _kept(Path(file), name, Path(parameters["WORKSPACE"]))
    return values


def _kept(file: Path, name: str, workspace: Path) -> str:
    """The file of a layer, copied into the workspace if it is a temporary one."""
    if Path(QgsProcessingUtils.tempFolder()) not in file.parents:
        return str(file)
    target = workspace / INPUTS / f"{name.lower()}{file.suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    return str(target)


def as_process(values: Mapping[str, Any]) -> str:
    """A command for a terminal."""
    program = next((name for name in PROGRAMS if shutil.which(name)), PROGRAMS[-1])
    words = [program, "run", MAKE_MAP, "--", *(f"{name}={_text(value)}" for name, value in values.items())]
    return subprocess.list2cmdline(words) if IS_WINDOWS else shlex.join(words)


def as_python(values: Mapping[str, Any]) -> str:
    """A command for QGIS's Python console."""
    return f"processing.run({MAKE_MAP!r}, {dict(values)!r})"


def remember(values: Mapping[str, Any]) -> None:
    """Add a run to Processing's history, as its dialogs do."""
    if not hasattr(QgsGui, "historyProviderRegistry"):  # before QGIS 3.24
        from processing.core.ProcessingLog import ProcessingLog

        ProcessingLog.addToLog(as_python(values))
        return
    algorithm = QgsApplication.processingRegistry().algorithmById(MAKE_MAP)
    details = {
        "algorithm_id": MAKE_MAP,
        "python_command": as_python(values),
        "process_command": as_process(values),
        "parameters": algorithm.asMap(dict(values), QgsProcessingContext()),
    }
    QgsGui.historyProviderRegistry().addEntry("processing", details)


class CopyButton(QToolButton):
    """Copies what would be run, as a command, to the clipboard; says so in a note."""

    def __init__(self, session: Session, note: Note) -> None:
        super().__init__()
        self._session = session
        self._note = note
        self.setIcon(QgsApplication.getThemeIcon("/mActionEditCopy.svg"))
        self.setToolTip(tr("Copy as a command"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for text, write in (
            (tr("Copy as qgis_process command"), as_process),
            (tr("Copy as Python command"), as_python),
        ):
            menu.addAction(text).triggered.connect(partial(self._copy, write))
        self.setMenu(menu)

    def _copy(self, write: Callable[[Mapping[str, Any]], str], _: bool = False) -> None:
        try:
            values = plain_values(self._session.parameters())
        except (QgsProcessingException, OSError) as error:
            self._note.say(str(error), "error")
            return
        QApplication.clipboard().setText(write(values))
        self._note.say(tr("The command is in the clipboard."), "info")


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
