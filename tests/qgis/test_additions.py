"""What a stranger adds with one record and one line is in the toolbox and the dock, and runs through the provider."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "addition"


@pytest.fixture(scope="module")
def added(provider, engine_python, tmp_path_factory):
    """The additions, registered in QGIS and, at its start, in the engine."""
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
    classes = gdal.Open(str(results["MAP"])).ReadAsArray()
    assert [set(half.ravel().tolist()) for half in (classes[:, : added.SIDE // 2], classes[:, added.SIDE // 2 :])] == [
        {2},
        {1},
    ]


def test_an_added_operation_and_its_layer(added, run, tmp_path):
    from osgeo import gdal

    from patchwork.processing_provider.layers import layers_of

    folder = tmp_path / "w"
    run("splitarea", {"SOURCE": "halves", "WORKSPACE": str(folder), "PATCH_SIZE": 120})
    assert run("countrows", {"WORKSPACE": str(folder), "JOBS": 1})["ROWS"] == added.SIDE
    results = run("mosaicmap", {"WORKSPACE": str(folder), "LAYER": "row_number"})
    rows = gdal.Open(str(results["MAP"])).ReadAsArray()
    assert rows[:, 0].tolist() == list(range(1, added.SIDE + 1))
    assert [layer.title for layer in layers_of(folder)] == ["Patches", "Row numbers"]


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
