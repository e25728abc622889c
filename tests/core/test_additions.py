"""What a stranger adds with one record and one line works through the command line like what was there before."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from patchwork.core.__main__ import main
from patchwork.core.errors import ParameterError
from patchwork.core.registry import Registry

FOLDER = Path(__file__).parents[1] / "addition"


@pytest.fixture(scope="module")
def added():
    """The additions, registered while the tests of this module run."""
    sys.path.insert(0, str(FOLDER))
    module = importlib.import_module("addition")
    before = [(registry, dict(registry._records)) for registry, _ in module.ADDED]
    module.add()
    yield module
    for registry, records in before:
        registry._records.clear()
        registry._records.update(records)
    sys.path.remove(str(FOLDER))


def run(capsys, *arguments):
    """Exit status, outputs, and what is written to standard error."""
    status = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return status, json.loads(printed.out or "{}"), printed.err


def test_a_map_from_an_added_source_method_classifier_and_index(added, tmp_path, capsys):
    folder = tmp_path / "halves"
    chosen = ("--method", "fog", "--classifier", "naive-bayes", "--indices", "ratio,NDVI")
    status, outputs, told = run(
        capsys, "makemap", "--source", "halves", *chosen, "--workspace", folder, "--patch-size", 120, "--jobs", 1
    )
    assert status == 0, told
    with rasterio.open(outputs["MAP"]) as file:
        classes = file.read(1)
    right = np.arange(added.SIDE) >= added.SIDE // 2
    np.testing.assert_array_equal(classes, np.where(right, 1, 2)[np.newaxis].repeat(added.SIDE, axis=0))
    with rasterio.open(outputs["VALID_COUNT"]) as file:
        expected = np.where(np.arange(added.SIDE) < 6, 4, 6)[:, np.newaxis].repeat(added.SIDE, axis=1)
        np.testing.assert_array_equal(file.read(1), expected)
    with rasterio.open(next((folder / "clouds").rglob("*.tif"))) as file:
        assert file.tags()["METHOD"] == "fog"
    plan = json.loads((folder / "records" / "drawsamples.json").read_text(encoding="utf-8"))["plan"]
    assert plan["indices"] == ["ratio", "NDVI"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Naive Bayes was trained on" in page
    assert "Simulated sample region" in page
    assert "fog" in page


def test_an_added_operation_and_its_layer(added, tmp_path, capsys):
    folder = tmp_path / "halves"
    status, _, told = run(capsys, "splitarea", "--source", "halves", "--workspace", folder, "--patch-size", 120)
    assert status == 0, told
    status, _, told = run(capsys, "mosaicmap", "--layer", "row_number", "--workspace", folder)
    assert (status, "run countrows first" in told) == (1, True)
    status, outputs, told = run(capsys, "countrows", "--workspace", folder, "--jobs", 1)
    assert (status, outputs) == (0, {"ROWS": added.SIDE}), told
    status, outputs, told = run(capsys, "mosaicmap", "--layer", "row_number", "--workspace", folder)
    assert status == 0, told
    with rasterio.open(outputs["MAP"]) as file:
        expected = np.arange(1, added.SIDE + 1)[:, np.newaxis].repeat(added.SIDE, axis=1)
        np.testing.assert_array_equal(file.read(1), expected)
    before = {path: path.stat().st_mtime_ns for path in (folder / "rows").iterdir()}
    assert len(before) == 9
    run(capsys, "countrows", "--workspace", folder, "--jobs", 1)
    assert {path: path.stat().st_mtime_ns for path in (folder / "rows").iterdir()} == before


def test_additions_are_offered_and_explained(added, capsys):
    for operation, words in {
        "makemap": ("halves (Two halves)", "fog (Fog band)", "naive-bayes (Naive Bayes)", "ratio"),
        "mosaicmap": ("row_number (Row numbers)",),
    }.items():
        with pytest.raises(SystemExit):
            main([operation, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        for word in words:
            assert word in text, (operation, word)


@pytest.mark.parametrize(
    ("option", "value"),
    [("source", "nowhere"), ("method", "guess"), ("classifier", "oak"), ("indices", "NDXX")],
)
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(option, value, tmp_path, capsys):
    status, _, told = run(capsys, "makemap", f"--{option}", value, "--workspace", tmp_path / "w")
    assert status == 2
    assert f"({option.upper()}): {value!r} is not one of" in told
    assert not (tmp_path / "w").exists()


def test_a_registry_refuses_unknown_and_taken_names():
    class Record:
        name, label = "one", "One"

    registry = Registry("Thing (THING)", [Record])
    assert dict(registry) == {"one": Record}
    assert dict(registry.labels(auto="Automatic")) == {"auto": "Automatic", "one": "One"}
    with pytest.raises(ParameterError, match=r"Thing \(THING\): 'two' is not one of one\."):
        registry["two"]
    with pytest.raises(ValueError, match="'one' is registered already"):
        registry.add(Record)
