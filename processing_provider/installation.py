"""The two algorithms that need no engine: installengine and checkinstallation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

from qgis.core import Qgis, QgsApplication, QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QT_VERSION_STR

from ..core.frozen import frozen
from ..core.operations import checkinstallation
from ..core.parameters import Folder, FolderOutput, Operation, Parameters, TextOutput
from ..core.versions import PACKAGES
from ..core.vocabulary.plurals import counted
from .algorithm import OperationAlgorithm
from .translation import tr

CHECK = checkinstallation.OPERATION
SHARE_OF_FETCHING = 60.0  # percent; the rest is for unpacking, during which pip prints nothing


@frozen
class InstallEngine(Parameters):
    """Parameters of installengine: the source of the packages."""

    wheels: Annotated[
        Optional[Path],
        Folder(
            "Folder of wheels",
            "For a machine without a network: the packages, downloaded on a machine with the same system and version "
            "of Python by python -m pip download -r requirements.txt -d FOLDER. The network is then not used.",
        ),
    ] = None


@frozen
class Installed:
    """The installed packages."""

    folder: Annotated[Path, FolderOutput("Packages", "Folder of the packages in the QGIS profile.")]
    report: Annotated[str, TextOutput("Report", "The report of checkinstallation.")]


def install(parameters: InstallEngine, feedback: QgsProcessingFeedback) -> Optional[Installed]:
    """Install missing or outdated packages and check the engine; None if cancelled.

    Raises QgsProcessingException with the problem and advice; existing packages are then unchanged.
    """
    from . import engine, interpreter, packages
    from .proxies import proxy_environment
    from .worker import WORKER

    if obstacle := _installation_obstacle():
        raise QgsProcessingException(obstacle)
    python, folder = interpreter.find_interpreter().python, interpreter.own_packages()
    if packages.is_current(folder, interpreter.REQUIREMENTS, python):
        feedback.pushInfo(tr("The engine's packages are installed and up to date."))
    else:
        feedback.pushInfo(tr("Installing the engine's packages for {} into {}").format(python, folder))
        try:
            with WORKER.paused():
                installed = packages.install(
                    python,
                    interpreter.REQUIREMENTS,
                    folder,
                    _PipProgress(interpreter.REQUIREMENTS, feedback).show,
                    wheels=parameters.wheels,
                    variables=proxy_environment(),
                    is_cancelled=feedback.isCanceled,
                )
        except packages.InstallationError as error:
            raise QgsProcessingException(str(error)) from error
        if not installed:
            return None
    checked = engine.run(CHECK.name, {}, feedback, {})
    return Installed(folder, checked["REPORT"]) if checked else None


def _installation_obstacle() -> str:
    """Why the packages cannot be installed for QGIS's own Python, with advice; empty if they can."""
    from . import interpreter

    chosen = interpreter.chosen_python()
    if chosen:
        return tr(
            'The engine runs with {}, which is set in {}. {} Or set none, and "Install engine" installs them for '
            "QGIS's own Python."
        ).format(chosen, interpreter.where_chosen(), interpreter.how_to_install(chosen))
    try:
        interpreter.find_interpreter()
    except QgsProcessingException as error:
        return str(error)
    return ""


class _PipProgress:
    """Shows the output of pip in the feedback and estimates the progress."""

    def __init__(self, requirements: Path, feedback: QgsProcessingFeedback) -> None:
        self._asked = len(requirements.read_text(encoding="utf-8").splitlines())
        self._found = 0
        self._feedback = feedback

    def show(self, line: str) -> None:
        """Show one line; progress is an estimate, since the number of dependencies is unknown."""
        self._feedback.pushInfo(line)
        if line.startswith(("Collecting ", "Processing ")):
            self._found += 1
            self._feedback.setProgress(SHARE_OF_FETCHING * self._found / (self._found + self._asked))
        elif line.startswith("Installing collected packages"):
            self._feedback.setProgress(SHARE_OF_FETCHING)
            packages = counted(line.count(",") + 1, tr("package"), tr("packages"))
            self._feedback.setProgressText(tr("Unpacking {}").format(packages))


OPERATION = Operation(
    name="installengine",
    label="Install engine",
    group=CHECK.group,
    summary="Installs the packages that the engine needs into the QGIS profile, where they take about 1 GB. Nothing "
    "else on the machine changes. Run it again after an update of Patchwork. If it is cancelled or fails, nothing "
    "changes.",
    parameters=InstallEngine,
    results=Installed,
    run=install,
    tags=("installation", "packages", "dependencies", "requirements", "pip", "update"),
)


class InstallEngineAlgorithm(OperationAlgorithm):
    """Installs the packages of the engine; runs in the process of QGIS."""

    def __init__(self) -> None:
        super().__init__(OPERATION)

    def createInstance(self) -> InstallEngineAlgorithm:
        """A new instance."""
        return InstallEngineAlgorithm()

    def canExecute(self) -> tuple[bool, str]:
        """Whether the packages can be installed for QGIS's own Python, and if not, why and what to do."""
        obstacle = _installation_obstacle()
        return not obstacle, obstacle

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Install; returns the outputs by name, none if cancelled."""
        installed = install(InstallEngine.from_values(self._values), feedback)
        return {name.upper(): str(value) for name, value in asdict(installed).items()} if installed else {}


class CheckInstallationAlgorithm(OperationAlgorithm):
    """Reports the versions of QGIS and of the engine, or why the engine does not run."""

    def __init__(self) -> None:
        super().__init__(CHECK)

    def createInstance(self) -> CheckInstallationAlgorithm:
        """A new instance."""
        return CheckInstallationAlgorithm()

    def canExecute(self) -> tuple[bool, str]:
        """Always true: it reports what is missing."""
        return True, ""

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Check; the report is one text with the versions of QGIS and the engine, for bug reports."""
        from .interpreter import what_is_missing

        lines = _facts_of_qgis()
        for line in lines:
            feedback.pushInfo(line)
        try:
            outputs = super().processAlgorithm(parameters, context, feedback)
            problem = str(what_is_missing()) if outputs.get("MISSING") else ""
        except QgsProcessingException as error:
            outputs = {"REPORT": "", "MISSING": len(PACKAGES)}
            problem = tr("The engine does not run: {}").format(error)
        if problem:
            feedback.pushWarning(problem)
        return {**outputs, "REPORT": "\n".join(filter(None, [*lines, outputs["REPORT"], problem]))} if outputs else {}


def _facts_of_qgis() -> list[str]:
    from . import interpreter

    profile = Path(QgsApplication.qgisSettingsDirPath())
    folder = interpreter.own_packages()
    if interpreter.chosen_python():
        packages = tr("of {}, set in {}").format(interpreter.chosen_python(), interpreter.where_chosen())
    elif not folder.is_dir():
        packages = tr("none in {}").format(folder)
    elif interpreter.what_is_out_of_date():
        packages = f"{folder}. {interpreter.what_is_out_of_date()}"
    else:
        packages = tr("{}, up to date").format(folder)
    return [
        f"QGIS: {Qgis.QGIS_VERSION}, Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}",
        f"Profile: {checkinstallation.free_disk(profile)}",
        f"Engine's packages: {packages}",
    ]
