"""The provider mirrors the declarations, and loading it imports no heavy package."""

from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import QUrl

from patchwork.core.operations import OPERATIONS, destinations_of
from patchwork.core.parameters import declared

ROOT = Path(__file__).resolve().parents[2]

LOAD = """
import importlib.util, sys
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
{before}
loaded_before = set(sys.modules)  # qgis.core itself loads numpy from QGIS 3.36 on
specification = importlib.util.spec_from_file_location("patchwork", {root!r} + "/__init__.py",
                                                       submodule_search_locations=[{root!r}])
patchwork = sys.modules["patchwork"] = importlib.util.module_from_spec(specification)
specification.loader.exec_module(patchwork)
plugin = patchwork.classFactory(None)
plugin.initProcessing()
assert len(QgsApplication.processingRegistry().providerById("patchwork").algorithms()) > 5
heavy = {{"numpy", "rasterio", "shapely", "pyproj", "pyogrio", "scipy", "sklearn", "lightgbm", "joblib", "matplotlib",
         "jinja2", "s2cloudless", "sentinelhub", "skops", "processing"}}
print("RESULT", *sorted(heavy & (set(sys.modules) - loaded_before)))
import os; sys.stdout.flush(); os._exit(0)
"""


def load_in_a_fresh_qgis(before: str = "") -> list[str]:
    code = LOAD.format(before=before, root=str(ROOT))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()[1:]


def test_every_operation_is_an_algorithm(provider):
    assert {algorithm.name() for algorithm in provider.algorithms()} == {*OPERATIONS, "installengine", "landcovermodel"}
    assert provider.name() == "Patchwork"
    assert not provider.icon().isNull()


def test_loading_imports_no_heavy_package():
    assert load_in_a_fresh_qgis() == []


def test_it_loads_where_the_packages_cannot_be_imported():
    before = """
class Barrier:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "rasterio", "shapely", "pyproj", "scipy", "sklearn", "joblib"}:
            raise ImportError(name)
sys.meta_path.insert(0, Barrier())
"""
    assert load_in_a_fresh_qgis(before) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_help_of_an_algorithm_has_its_summary_parameters_and_outputs(provider, name):
    algorithm = provider.algorithm(name)
    help_text = algorithm.shortHelpString()
    assert OPERATIONS[name].summary in help_text
    assert algorithm.tags()
    assert algorithm.groupId().isalpha()
    assert algorithm.shortDescription()
    for definition in algorithm.parameterDefinitions():
        assert definition.help().strip(), definition.name()
        assert definition.name() == definition.name().upper()
    for parameter in declared(OPERATIONS[name].parameters):
        assert parameter.kind.label in help_text


def test_every_algorithm_has_a_section_in_the_help(provider, monkeypatch, tmp_path):
    folder = tmp_path / "QGIS profile ä 100%25 #1"
    for algorithm in provider.algorithms():
        address = QUrl(algorithm.helpUrl())
        assert address.fragment() == algorithm.name()
        page = Path(address.toLocalFile()).read_text(encoding="utf-8")
        assert f'<section id="{algorithm.name()}">' in page
        monkeypatch.setattr("patchwork.processing_provider.algorithm.HELP", folder / "operations.html")
        elsewhere = QUrl(algorithm.helpUrl())
        assert (elsewhere.toLocalFile(), elsewhere.fragment()) == (str(folder / "operations.html"), algorithm.name())
        monkeypatch.undo()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_output_can_be_chained(provider, name):
    algorithm = provider.algorithm(name)
    outputs = {output.name() for output in algorithm.outputDefinitions()}
    assert outputs >= {output.name.upper() for output in declared(OPERATIONS[name].results)}
    has_workspace = any(parameter.name == "workspace" for parameter in declared(OPERATIONS[name].parameters))
    assert ("WORKSPACE" in outputs) == has_workspace


@pytest.mark.parametrize("name", OPERATIONS)
def test_destinations_are_optional_and_do_not_shadow_parameters(provider, name):
    algorithm = provider.algorithm(name)
    flag = algorithm.parameterDefinitions()[0].Flag.FlagOptional if algorithm.parameterDefinitions() else 0
    destinations = algorithm.destinationParameterDefinitions()
    assert {definition.name().lower() for definition in destinations} == set(destinations_of(OPERATIONS[name]))
    assert all(definition.flags() & flag for definition in destinations)
    names = [definition.name() for definition in algorithm.parameterDefinitions()]
    assert len(set(names)) == len(names)


def test_the_metadata_is_complete():
    metadata = ConfigParser()
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    for key in (
        "name",
        "qgisMinimumVersion",
        "description",
        "version",
        "author",
        "email",
        "about",
        "tracker",
        "repository",
    ):
        assert general[key].strip(), key
    assert general["hasProcessingProvider"] == "yes"
    assert (ROOT / general["icon"]).is_file()
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    packages = [line.split(">")[0].strip() for line in requirements.splitlines() if line.strip()]
    assert all(package in general["about"] for package in packages)
