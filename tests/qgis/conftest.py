"""A QGIS without a window, with the provider, and the places that the tests need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = tempfile.TemporaryDirectory(prefix="patchwork-home-")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A profile of its own; the person's settings stay out of the tests, and the tests out of the settings.
os.environ["HOME"] = os.environ["QGIS_CUSTOM_CONFIG_PATH"] = HOME.name
sys.path[:0] = [str(ROOT / "core" / "launcher"), str(ROOT / "tests" / "qgis" / "window")]

qgis_core = pytest.importorskip("qgis.core", reason="PyQGIS is not installed for this Python")
REALDATA = Path(os.environ.get("PATCHWORK_REALDATA", ROOT.parent / "shared" / "realdata"))


@pytest.fixture(scope="session")
def qgis():
    """The application; QGIS wants exactly one for the life of the process."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    plugins = Path(QgsApplication.pkgDataPath()) / "python" / "plugins"
    sys.path.insert(0, str(plugins))
    from processing.core.Processing import Processing

    Processing.initialize()
    return application  # no exitQgis(): layers that Python still holds would be freed twice


@pytest.fixture(scope="session")
def provider(qgis):
    """The provider as the plugin registers it."""
    from patchwork.plugin.plugin import PatchworkPlugin

    plugin = PatchworkPlugin(None)
    plugin.initProcessing()
    yield qgis.processingRegistry().providerById("patchwork")
    plugin.unload()


@pytest.fixture(scope="session")
def run(provider):
    """`processing.run` with a feedback that keeps what it is told."""
    import processing

    def run_algorithm(name, parameters, feedback=None, context=None):
        return processing.run(f"patchwork:{name}", parameters, feedback=feedback, context=context)

    return run_algorithm


@pytest.fixture
def feedback():
    """Keeps the messages."""
    from qgis.core import QgsProcessingFeedback

    class Kept(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.infos, self.warnings, self.steps = [], [], []
            self.progressChanged.connect(self.steps.append)

        def pushInfo(self, info):
            self.infos.append(info)

        def pushWarning(self, warning):
            self.warnings.append(warning)

    return Kept()


@pytest.fixture(scope="session")
def engine_python():
    """An interpreter with the engine's packages."""
    python = os.environ.get("PATCHWORK_PYTHON")
    if not python:
        pytest.skip("PATCHWORK_PYTHON names no interpreter with the engine's packages")
    return python


@pytest.fixture(scope="session")
def flanders(engine_python):
    """Real imagery with reference polygons, and an interpreter that can work with it."""
    folder = REALDATA / "flanders"
    if not folder.is_dir():
        pytest.skip(f"there is no real data in {folder}; PATCHWORK_REALDATA names another folder")
    return folder


@pytest.fixture(scope="session")
def small(flanders, tmp_path_factory):
    """A few dates of the real imagery, so that a run takes seconds."""
    folder = tmp_path_factory.mktemp("imagery")
    for file in sorted(flanders.glob("*.tif"))[::9]:
        os.symlink(file, folder / file.name)
    return folder


@pytest.fixture(scope="session")
def map_parameters(small, flanders):
    """The parameters of a small map, but for the workspace."""
    return {
        "IMAGERY": str(small),
        "REFERENCE": str(flanders / "reference.shp"),
        "CLASS_FIELD": "crop",
        "PATCH_SIZE": 320,
        "PER_CLASS": 200,
        "VALIDATION": "polygons",
    }


@pytest.fixture(scope="session")
def finished_run(run, map_parameters, tmp_path_factory):
    """The outputs of a whole run; its workspace is not to be written to."""
    return run("makemap", {**map_parameters, "WORKSPACE": str(tmp_path_factory.mktemp("runs č") / "fields 1")})


@pytest.fixture(scope="session")
def hub(engine_python):
    """A server that speaks Sentinel Hub's protocol, in a process of its own: it needs the engine's packages."""
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "core" / "launcher"), os.environ.get("PYTHONPATH", "")])
    command = [engine_python, "-m", "services.hub"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, **pipes) as server:
        facts = json.loads(server.stdout.readline())
        yield facts
        server.kill()  # it holds nothing, and a connection that a test has left would keep it


@pytest.fixture(scope="session")
def processes_with():
    """`processes_with(text)` lists the commands of all processes with a text in their command line or environment."""

    def find(text):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
                known = command + (process / "environ").read_bytes()
                state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if str(text).encode() in known and state != "Z" and int(process.name) != os.getpid():
                found.append(command)
        return found

    return find


@pytest.fixture
def play(engine_python, tmp_path):
    """`play(story, **environment)` plays a story in the real window and returns what it reports."""
    from playing import CAN_PLAY, play_story

    if not CAN_PLAY:
        pytest.skip("there is no QGIS window or no xvfb-run to show it on")
    return partial(play_story, tmp_path, engine_python)


@pytest.fixture
def places(flanders, tmp_path):
    """Some of the real imagery, and the polygons with it."""
    imagery = tmp_path / "imagery"
    imagery.mkdir()
    for file in sorted(flanders.glob("*.tif"))[::10]:
        os.symlink(file, imagery / file.name)
    return {"PATCHWORK_FLANDERS": str(flanders), "PATCHWORK_IMAGERY": str(imagery)}
