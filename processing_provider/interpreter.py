"""The Python interpreter that runs the engine.

It is set in the environment variable PATCHWORK_PYTHON or in the options. The default is QGIS's own Python, with the
packages that "Install engine" has installed in the profile, or with its own.
"""

from __future__ import annotations

import os
import subprocess  # nosec B404
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsProcessingException
from qgis.PyQt.QtCore import QObject

from ..core.system import PROGRAM_SUFFIX, own_group
from . import settings
from .packages import engine_folder, is_current
from .translation import tr

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
LAUNCHER = ROOT / "core" / "launcher"
OLDEST = (3, 10)  # the engine's Python
VARIABLE = "PATCHWORK_PYTHON"
OPTIONS = tr("Settings ▸ Options ▸ Patchwork")
INSTALL = tr('Run "Install engine" (patchwork:installengine) in the Processing toolbox: this takes a few minutes.')
PYQT = QObject.__module__.partition(".")[0]  # PyQt5 or PyQt6
# Prefixes of variables that QGIS sets for itself, or that would break another Python, GDAL or PROJ.
REMOVED_PREFIXES = ("PYTHON", "PROJ_", "GDAL_", "OGR_", "CPL_", "GEOTIFF_", "QGIS", "QT_", "LD_LIBRARY_PATH", "DYLD_")


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter, and the folder of the engine's packages for it, if any."""

    python: str
    packages: Optional[Path] = None

    def environment(self) -> dict[str, str]:
        """The environment for the engine: without QGIS's own variables, with the path to the code."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(REMOVED_PREFIXES)}
        paths = [str(LAUNCHER), *([str(self.packages)] if self.packages else [])]
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}

    def is_out_of_date(self) -> bool:
        """Whether its packages were installed for another version of the plugin or of Python."""
        return self.packages is not None and not is_current(self.packages, REQUIREMENTS, self.python)


@dataclass(frozen=True)
class Problem:
    """A problem of the engine, and advice to fix it; false if there is no problem."""

    text: str = ""
    advice: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return f"{self.text} {self.advice}".strip()


def find_interpreter(chosen: Optional[str] = None) -> Interpreter:
    """The interpreter that runs the engine; raises QgsProcessingException if there is none or it is too old.

    `chosen` replaces the interpreter in the options.
    """
    chosen = chosen_python() if chosen is None else chosen
    if chosen:
        if not Path(chosen).is_file():
            raise QgsProcessingException(
                tr(
                    "The Python interpreter {} does not exist. It is set in {}: set one that has the engine's "
                    "packages, or none to use QGIS's own."
                ).format(chosen, where_chosen())
            )
        return Interpreter(chosen)
    python = own_python()
    if python is None:
        raise QgsProcessingException(
            tr(
                "QGIS's own Python interpreter was not found beside {} or under {}. Set one that has the engine's "
                "packages in {}."
            ).format(sys.executable, sys.prefix, OPTIONS)
        )
    if sys.version_info[:2] < OLDEST:
        raise QgsProcessingException(
            tr(
                "QGIS's own Python is {}, and the engine needs Python {} or later. Install a newer QGIS. Or install a "
                "newer Python (python.org) with the packages in {}, and set it in {}."
            ).format(*map(_version_text, (sys.version_info[:2], OLDEST)), REQUIREMENTS, OPTIONS)
        )
    folder = own_packages()
    return Interpreter(python, folder if folder.is_dir() else None)


def what_is_missing(chosen: Optional[str] = None) -> Problem:
    """Why the engine cannot run, such as missing packages; false if it can run.

    `chosen` replaces the interpreter in the options.
    """
    try:
        interpreter = find_interpreter(chosen)
    except QgsProcessingException as error:
        return Problem(str(error))
    if interpreter.packages is not None:  # the folder is complete if it exists
        return Problem()
    missing = _missing_packages(interpreter)
    if missing == "":
        return Problem()
    if not (chosen_python() if chosen is None else chosen):
        return Problem(tr("The packages that the engine needs are not installed yet."), INSTALL)
    python, where = interpreter.python, where_chosen()
    if missing is None:
        return Problem(tr("{} does not run as a Python interpreter. It is set in {}.").format(python, where))
    problem = tr("The Python interpreter {}, which is set in {}, has no {}.").format(python, where, missing)
    return Problem(problem, how_to_install(python))


def what_is_out_of_date() -> Problem:
    """That the packages were installed for another version; the engine may run all the same."""
    try:
        outdated = find_interpreter().is_out_of_date()
    except QgsProcessingException:
        return Problem()
    text = tr("The engine's packages were installed for another version of Patchwork or Python.")
    return Problem(text, INSTALL) if outdated else Problem()


def _version_text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def how_to_install(python: str) -> str:
    """How to install the engine's packages for an interpreter that the user has chosen."""
    return tr('Install them with: "{}" -m pip install -r "{}"').format(python, REQUIREMENTS)


def own_packages() -> Path:
    """The folder in which "Install engine" puts the packages for QGIS's own Python."""
    return engine_folder(Path(QgsApplication.qgisSettingsDirPath()))


def another_interpreter() -> str:
    """Advice to set another interpreter, for errors of the engine with an unknown cause."""
    if chosen_python():
        return tr("Set another interpreter in {} that has the engine's packages, or none to use QGIS's own.").format(
            where_chosen()
        )
    return tr("{} Or set an interpreter that has the engine's packages in {}.").format(INSTALL, OPTIONS)


def where_chosen() -> str:
    """Where the interpreter is set, for messages."""
    return tr("the environment variable {}").format(VARIABLE) if os.environ.get(VARIABLE) else OPTIONS


def chosen_python() -> str:
    """The interpreter that the user has set; empty if none."""
    chosen = os.environ.get(VARIABLE) or settings.python()
    return os.path.expanduser(chosen.strip())


@lru_cache(maxsize=1)
def own_python() -> Optional[str]:
    """The program of QGIS's own Python; None if it is not found.

    `sys.executable` may be QGIS itself (Windows, macOS), or another `python3` that is first on the PATH, such as that
    of conda or pyenv. QGIS's own is of the same version and finds the PyQt that is loaded here.
    """
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    pyqt_here = os.path.realpath(sys.modules[PYQT].__file__ or "")
    of_this_version = None
    for python in dict.fromkeys(_candidates()):
        version, pyqt = _version_and_pyqt(python)
        if version == here and os.path.realpath(pyqt) == pyqt_here:
            return python
        if version == here and of_this_version is None:
            of_this_version = python
    return of_this_version


def _candidates() -> Iterator[str]:
    executable = Path(sys.executable or "python")
    if executable.stem.lower().startswith("python"):
        yield str(executable)
    prefixes = [Path(prefix) for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix, QgsApplication.prefixPath())]
    folders = [*prefixes, *(prefix / "bin" for prefix in prefixes), executable.parent, executable.parent / "bin"]
    for folder in folders:
        for name in (f"python{sys.version_info[0]}.{sys.version_info[1]}", "python3", "python"):
            if (folder / f"{name}{PROGRAM_SUFFIX}").is_file():
                yield str(folder / f"{name}{PROGRAM_SUFFIX}")


def _version_and_pyqt(python: str) -> tuple[str, str]:
    """The version of an interpreter and the path of its PyQt, in the engine's environment; empty if it fails."""
    question = (
        "import sys, importlib.util as u; "
        f"found = u.find_spec('{PYQT}'); "
        "print('%d.%d' % sys.version_info[:2]); print(found.origin if found else '')"
    )
    version, _, pyqt = (_output_of(Interpreter(python), question) or "").partition("\n")
    return version.strip(), pyqt.strip()


def _missing_packages(interpreter: Interpreter) -> Optional[str]:
    """The names of missing packages, separated by commas; None if the interpreter does not run."""
    question = (
        "from patchwork.core.versions import package_versions; "
        "print(', '.join(name for name, found in package_versions().items() if found == 'missing'))"
    )
    answer = _output_of(interpreter, question)
    return answer if answer is None else answer.strip()


def _output_of(interpreter: Interpreter, question: str) -> Optional[str]:
    """The output of a line of Python in the engine's environment; None if it fails."""
    try:
        answer = subprocess.run(  # nosec B603
            [interpreter.python, "-c", question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=interpreter.environment(),
            timeout=30,
            **own_group(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
