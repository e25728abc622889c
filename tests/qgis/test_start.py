"""What QGIS imports with the plugin when it starts: the standard library, PyQGIS and little of Patchwork."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """
import json, sys
from pathlib import Path
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QMainWindow

application = QgsApplication([], True)
application.initQgis()
sys.path.insert(0, str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
from processing.core.Processing import Processing
Processing.initialize()

class Window:
    def __init__(self):
        self.window = QMainWindow()
    def mainWindow(self):
        return self.window
    def __getattr__(self, name):
        return lambda *arguments: None

window, before = Window(), set(sys.modules)
from patchwork.plugin.plugin import PatchworkPlugin
plugin = PatchworkPlugin(window)
plugin.initGui()
known = [algorithm.name() for algorithm in QgsApplication.processingRegistry().providerById("patchwork").algorithms()]
print(json.dumps({"modules": sorted(set(sys.modules) - before), "algorithms": known}), flush=True)
import os
os._exit(0)  # without clean-up, which is not tested here
"""
RUNS = {"execution", "models", "plots", "rasters", "report", "sources", "workspace"}
SLOW = {"argparse", "asyncio", "concurrent", "email", "http", "importlib.metadata", "multiprocessing", "unittest"}


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """The output of a QGIS with an empty profile, in a separate process."""
    home = str(tmp_path_factory.mktemp("home"))
    path = os.pathsep.join([str(ROOT / "core" / "launcher"), os.environ.get("PYTHONPATH", "")])
    own = {"HOME": home, "QGIS_CUSTOM_CONFIG_PATH": home, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}
    printed = subprocess.run([sys.executable, "-c", START], env={**os.environ, **own}, capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    return json.loads(printed.stdout.splitlines()[-1])


def test_the_plugin_is_there(started):
    assert "makemap" in started["algorithms"]


def test_nothing_is_imported_but_the_standard_library_and_qgis(started):
    packages = {name.partition(".")[0] for name in started["modules"]}
    assert packages - {*sys.stdlib_module_names, "qgis", "PyQt5", "PyQt6", "processing"} == {"patchwork"}


def test_nothing_of_the_standard_library_that_takes_a_while(started):
    assert [name for name in started["modules"] if any(f"{name}.".startswith(f"{slow}.") for slow in SLOW)] == []


def test_nothing_of_the_core_that_a_run_alone_needs(started):
    core = {name.split(".")[2] for name in started["modules"] if name.startswith("patchwork.core.")}
    assert core & RUNS == set()


def test_windows_come_when_they_are_opened(started):
    assert "patchwork.plugin.dock" not in started["modules"]
    assert "patchwork.processing_provider.engine" not in started["modules"]
