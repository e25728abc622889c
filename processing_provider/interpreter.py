"""Which Python runs the engine.

The one in the environment variable PATCHWORK_PYTHON or in the options; else QGIS's own, with the packages that the
plugin has installed in the profile, or with those that it has anyway.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsProcessingException, QgsSettings
from qgis.PyQt.QtCore import QObject

from .packages import engine_folder, is_current
from .translation import tr

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
LAUNCHER = ROOT / "core" / "launcher"
VARIABLE = "PATCHWORK_PYTHON"
SETTING = "patchwork/python"
PYQT = QObject.__module__.partition(".")[0]  # PyQt5 or PyQt6
# What QGIS sets for itself, and what would lead another Python, GDAL or PROJ astray.
NOT_HANDED_ON = ("PYTHON", "PROJ_", "GDAL_", "OGR_", "CPL_", "GEOTIFF_", "QGIS", "QT_", "LD_LIBRARY_PATH", "DYLD_")


@dataclass(frozen=True)
class Interpreter:
    """A Python, and the folder of packages that it is given, where there is one."""

    python: str
    packages: Optional[Path] = None

    def environment(self) -> dict[str, str]:
        """The environment for the engine: without what QGIS sets for itself, with the way to the code."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(NOT_HANDED_ON)}
        paths = [str(LAUNCHER), *([str(self.packages)] if self.packages else [])]
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}

    def is_out_of_date(self) -> bool:
        """Whether its folder of packages was made for another version of the plugin or of Python."""
        return self.packages is not None and not is_current(self.packages, REQUIREMENTS, self.python)


def find_interpreter() -> Interpreter:
    """The interpreter that runs the engine; raises QgsProcessingException where there is none."""
    chosen = chosen_python()
    if chosen:
        if not Path(chosen).is_file():
            raise QgsProcessingException(
                tr(
                    "The Python interpreter {} does not exist. It is set in the environment variable {} or in the "
                    "options ({}): name one that has the engine's packages, or none to use QGIS's own."
                ).format(chosen, VARIABLE, SETTING)
            )
        return Interpreter(chosen)
    python = own_python()
    if python is None:
        raise QgsProcessingException(
            tr(
                "QGIS's own Python interpreter was not found beside {} or under {}. Name one that has the engine's "
                "packages in the environment variable {}, and start QGIS again."
            ).format(sys.executable, sys.prefix, VARIABLE)
        )
    folder = engine_folder(Path(QgsApplication.qgisSettingsDirPath()))
    return Interpreter(python, folder if folder.is_dir() else None)


def chosen_python() -> str:
    """The interpreter that the person has set; empty where none is."""
    chosen = os.environ.get(VARIABLE) or str(QgsSettings().value(SETTING, "") or "")
    return os.path.expanduser(chosen.strip())


@lru_cache(maxsize=1)
def own_python() -> Optional[str]:
    """QGIS's own Python as a program that starts, or None.

    `sys.executable` may be QGIS itself (Windows, macOS), or whatever `python3` is first on the PATH, such as a conda or
    pyenv one that QGIS has nothing to do with. So the interpreter is asked: the right one sees the PyQt that runs here.
    """
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    pyqt_here = os.path.realpath(sys.modules[PYQT].__file__ or "")
    of_this_version = None
    for python in dict.fromkeys(_candidates()):
        version, pyqt = _ask(python)
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
    suffix = ".exe" if os.name == "nt" else ""
    for folder in folders:
        for name in (f"python{sys.version_info[0]}.{sys.version_info[1]}", "python3", "python"):
            if (folder / f"{name}{suffix}").is_file():
                yield str(folder / f"{name}{suffix}")


def _ask(python: str) -> tuple[str, str]:
    """The version of an interpreter in the engine's environment, and where its PyQt lies; empty where it fails."""
    question = (
        "import sys, importlib.util as u; "
        f"found = u.find_spec('{PYQT}'); "
        "print('%d.%d' % sys.version_info[:2]); print(found.origin if found else '')"
    )
    try:
        answer = subprocess.run(
            [python, "-c", question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=Interpreter(python).environment(),
            timeout=30,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    version, _, pyqt = answer.stdout.partition("\n")
    return (version.strip(), pyqt.strip()) if answer.returncode == 0 else ("", "")
