"""Validation by a layer of its own and by regions, in a small map whose right classes are known."""

import json
import math

import numpy as np
import pyogrio
import pytest
import shapely

from patchwork.core.errors import DataError
from patchwork.core.operations import OPERATIONS
from patchwork.core.progress import Progress

LEFT, TOP, SIDE = 500_000.0, 5_100_000.0, 40


def square(column, row, side=6):
    return shapely.box(LEFT + 10 * column, TOP - 10 * (row + side), LEFT + 10 * (column + side), TOP - 10 * row)


def values(number, band, shape):
    """Two classes: the left half is dark, the right one bright."""
    if band == "SCL":
        return np.full(shape, 4)
    return np.broadcast_to(np.where(np.arange(shape[1]) < 20, 400, 3000), shape) + 10 * number


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, make_imagery, make_reference):
    folder = tmp_path_factory.mktemp("independent")
    times = [f"2019{month:02d}05T100031" for month in (3, 6, 9)]
    imagery = make_imagery(folder / "scenes", times=times, bands=("B04", "B08", "SCL"), shape=(40, 40), values=values)
    places = [(2, 2), (2, 12), (2, 30), (32, 2), (32, 12), (32, 30)]
    reference = make_reference(
        folder / "reference.gpkg",
        [square(*place) for place in places],
        {"class": ["water", "water", "water", "town", "town", "town"], "valley": ["a", "b", "b", "a", "b", "b"]},
    )
    work = folder / "work"
    run("splitarea", workspace=work, source="folder", imagery=imagery, patch_size=200)
    run("downloadscenes", workspace=work, source="folder", imagery=imagery)
    run("maskclouds", workspace=work)
    run("rasterizereference", workspace=work, reference=reference, class_field="class", region_field="valley")
    run("drawsamples", workspace=work, per_class=40, indices="none")
    return work


class Said(Progress):
    def __init__(self):
        super().__init__()
        self.lines = []

    def warning(self, text):
        self.lines.append(text)

    def part(self, start, end):
        return self


def run(name, progress=None, **options):
    operation = OPERATIONS[name]
    parameters = operation.parameters.from_values({"jobs": 1, **options} if name != "splitarea" else options)
    return operation.run(parameters, progress or Progress())


def validation_layer(make_reference, path, classes):
    """A square left and right, half of each on the other side: 60 % of the pixels of each class are right."""
    return make_reference(path, [square(14, 20, 10), square(16, 20, 10)][: len(classes)], {"class": list(classes)})


def test_the_accuracy_is_that_of_the_independent_polygons(workspace, make_reference, tmp_path, quick_runs):
    layer = make_reference(
        tmp_path / "own.gpkg",
        [
            square(14, 20, 10),
            square(24, 20, 8),
            square(2, 2),
        ],  # the first: 6 of 10 columns are water; the last: trained
        {"class": ["water", "town", "water"]},
    )
    said = Said()
    found = run("trainmodel", said, workspace=workspace, validation_reference=layer)
    # After erosion by 1 px: columns 15 to 22 of the first, 5 of 8 right; the second is right.
    assert found.accuracy == pytest.approx((40 + 36) / (64 + 36))
    assert found.accuracy_low < found.accuracy < found.accuracy_high
    assert any("16 pixels left out, because polygons of the training cover them" in line for line in said.lines)
    record = json.loads((workspace / "records" / "trainmodel.json").read_text(encoding="utf-8"))
    assert {own["kind"] for own in record["assessments"]} == {"random", "polygons", "blocks", "regions", "independent"}
    without = run("trainmodel", workspace=workspace)
    assert without.accuracy == 1.0


def test_each_region_is_a_group_and_the_polygons_keep_their_feature_ids(workspace, quick_runs):
    run("trainmodel", workspace=workspace)
    record = json.loads((workspace / "records" / "trainmodel.json").read_text(encoding="utf-8"))
    regions = next(own for own in record["assessments"] if own["kind"] == "regions")
    assert regions["groups"] == 2
    _, _, _, columns = pyogrio.raw.read(workspace / "reference.gpkg", columns=["feature", "region"])
    assert [list(column) for column in columns] == [[1, 2, 3, 4, 5, 6], ["a", "b", "b", "a", "b", "b"]]


@pytest.mark.parametrize(
    ("classes", "message"),
    [(["marsh", "heath"], "no polygon of a class of the model.*heath, marsh.*town, water"), ([], "empty")],
)
def test_a_layer_that_cannot_test_anything_is_an_error(
    workspace, make_reference, tmp_path, quick_runs, classes, message
):
    layer = validation_layer(make_reference, tmp_path / "own.gpkg", classes)
    with pytest.raises(DataError, match=message):
        run("trainmodel", workspace=workspace, validation_reference=layer)


def test_classes_of_the_layer_that_the_model_lacks_are_named(workspace, make_reference, tmp_path, quick_runs):
    said = Said()
    layer = validation_layer(make_reference, tmp_path / "own.gpkg", ["heath", "town"])
    found = run("trainmodel", said, workspace=workspace, validation_reference=layer)
    assert any("the model has no class heath" in line for line in said.lines)
    assert not math.isnan(found.accuracy)


def test_blocks_are_written_with_their_accuracy(workspace, quick_runs):
    found = run("trainmodel", workspace=workspace)
    _, _, shapes, columns = pyogrio.raw.read(found.blocks, columns=["samples", "accuracy"])
    assert sum(columns[0]) == 80
    assert set(columns[1]) == {1.0}
    record = json.loads((workspace / "records" / "trainmodel.json").read_text(encoding="utf-8"))
    side = next(own for own in record["assessments"] if own["kind"] == "blocks")["block_size"]
    assert {round(shapely.area(shape), 3) for shape in shapely.from_wkb(shapes)} == {side**2}
    chosen = run("trainmodel", workspace=workspace, block_size=150)
    assert {round(a) for a in shapely.area(shapely.from_wkb(pyogrio.raw.read(chosen.blocks)[2]))} == {150 * 150}
    none = run("trainmodel", workspace=workspace, validation="polygons")
    assert pyogrio.read_info(none.blocks)["features"] == 0


def test_a_validation_layer_has_the_names_of_the_reference(tmp_path, workspace, make_reference, quick_runs):
    import shutil

    other = shutil.copytree(workspace, tmp_path / "work")
    reference = json.loads((other / "records" / "rasterizereference.json").read_text(encoding="utf-8"))["settings"]
    given = {"reference": reference["reference"], "class_field": "class"}
    layer = validation_layer(make_reference, tmp_path / "own.gpkg", ["water", "town"])
    plain = run("trainmodel", workspace=other, validation_reference=layer)
    run("rasterizereference", workspace=other, class_names="water=lakes,town=1 built", **given)
    run("drawsamples", workspace=other, per_class=40, indices="none")
    said = Said()
    renamed = run("trainmodel", said, workspace=other, validation_reference=layer)
    assert (renamed.accuracy, said.lines) == (plain.accuracy, [])
    assert 0.5 < plain.accuracy < 1.0
