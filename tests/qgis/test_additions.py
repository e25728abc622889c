"""Additions of one record and one line are in the toolbox and the dock, and run through the provider."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "addition"
SCENES = 6

# Widgets need an application with windows, of which a process has only one: hence a separate process.
DOCK = """
import os, sys
sys.path[:0] = [{launcher!r}, {additions!r}]
from dataclasses import replace
from qgis.core import QgsApplication, QgsProject
application = QgsApplication([], True)
application.initQgis()
sys.path.insert(0, QgsApplication.pkgDataPath() + "/python/plugins")
from processing.core.Processing import Processing
Processing.initialize()
import addition
addition.add()
addition.SOURCES.add(replace(addition.SOURCE, name="halves-in-folder", fields=("imagery",)))
from patchwork.plugin.plugin import PatchworkPlugin
plugin = PatchworkPlugin(None)
plugin.initProcessing()
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QObject
from patchwork.plugin.area_section import AreaSection
from patchwork.plugin.imagery_section import ImagerySection
from patchwork.plugin.patch_overlay import PatchOverlay
from patchwork.plugin.session import Session

class Window:
    canvas, bar = QgsMapCanvas(), QgsMessageBar()
    mapCanvas, messageBar = lambda self: self.canvas, lambda self: self.bar

window, parent = Window(), QObject()
session = Session(QgsProject.instance(), parent)
section = ImagerySection(session, window, AreaSection(session, window, PatchOverlay(window.canvas)))
for source in ("halves", "halves-in-folder"):
    session.set("SOURCE", source)
    names = ("SOURCE", "IMAGERY", "SERVICE_URL", "AUTH", "COLLECTION", "START", "BUDGET")
    print(source, *(name for name in names if not section.form.widget(name).isHidden()))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def added(provider, engine_python, tmp_path_factory):
    """The additions, registered in QGIS and, at its start, in the engine; removed afterwards."""
    program = tmp_path_factory.mktemp("python") / "engine-python"
    paths = f"{FOLDER}:{ROOT / 'core' / 'launcher'}"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{paths}" exec "{engine_python}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    sys.path.insert(0, str(FOLDER))
    module = importlib.import_module("addition")
    before = [(registry, dict(registry._records)) for registry, _ in module.ADDED]
    module.add()
    provider.refreshAlgorithms()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATCHWORK_PYTHON", str(program))
        yield module
    for registry, records in before:
        registry._records.clear()
        registry._records.update(records)
    sys.path.remove(str(FOLDER))
    provider.refreshAlgorithms()


def test_a_map_from_an_added_source_method_classifier_and_index(added, run, tmp_path):
    from osgeo import gdal

    chosen = {"SOURCE": "halves", "METHOD": "fog", "CLASSIFIER": "naive-bayes", "INDICES": "ratio,NDVI"}
    results = run("makemap", {**chosen, "WORKSPACE": str(tmp_path / "w"), "PATCH_SIZE": 120, "JOBS": 1})
    half = added.SIDE // 2
    assert gdal.Open(str(results["MAP"])).ReadAsArray().tolist() == [[2] * half + [1] * half] * added.SIDE
    foggy, clear = [[SCENES - 2] * added.SIDE] * 6, [[SCENES] * added.SIDE] * (added.SIDE - 6)
    assert gdal.Open(str(results["VALID_COUNT"])).ReadAsArray().tolist() == foggy + clear


def test_an_added_operation_and_its_layer(added, run, tmp_path):
    from osgeo import gdal

    from patchwork.processing_provider.layers import layers_of

    folder = tmp_path / "w"
    run("splitarea", {"SOURCE": "halves", "WORKSPACE": str(folder), "PATCH_SIZE": 120})
    assert run("countrows", {"WORKSPACE": str(folder), "JOBS": 1})["ROWS"] == added.SIDE
    results = run("mosaicmap", {"WORKSPACE": str(folder), "LAYER": "row_number"})
    rows = gdal.Open(str(results["MAP"])).ReadAsArray()
    assert rows.tolist() == [[row] * added.SIDE for row in range(1, added.SIDE + 1)]
    assert [layer.title for layer in layers_of(folder)] == ["Patches", added.LAYER.label]


def test_additions_are_choices_of_the_dialog_with_their_labels(added, provider):
    makemap = provider.algorithm("makemap").create()
    for name, word, label in (
        ("SOURCE", "halves", "Two halves"),
        ("METHOD", "fog", "Fog band"),
        ("CLASSIFIER", "naive-bayes", "Naive Bayes"),
    ):
        definition = makemap.parameterDefinition(name)
        assert word in definition.options()
        assert f"{word}: {label}" in definition.help()
    assert "ratio" in added.INDICES
    assert provider.algorithm("countrows").displayName() == "Count rows"


def test_the_dock_shows_the_fields_of_an_added_source(qgis):
    code = DOCK.format(launcher=str(ROOT / "core" / "launcher"), additions=str(FOLDER))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["halves SOURCE START", "halves-in-folder SOURCE IMAGERY START"], done.stderr
