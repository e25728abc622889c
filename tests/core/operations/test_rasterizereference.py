"""References as people deliver them: the labels of a run against hand-worked ids, and what is said of them."""

import json

import numpy as np
import pytest
import rasterio
import shapely

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.vocabulary.classes import ClassScheme

X, Y = 500_000.0, 5_100_000.0
AREA = f"{X},{Y},{X + 600},{Y + 100},EPSG:32633"


def run(name, **given):
    """The outputs, and what is said."""
    said = []
    progress = Progress(on_message=lambda level, text: said.append(text))
    operation = OPERATIONS[name]
    return execute(operation, operation.parameters.from_values(given), {}, progress), said


@pytest.fixture
def labels_of(tmp_path, make_reference):
    """The classes in a row of squares from west to east after rasterizereference, and what is said."""

    def labels(values, *, shapes=None, **given):
        squares = [shapely.box(X + 100 * n, Y, X + 100 * n + 100, Y + 100) for n in range(len(values))]
        suffix = given.pop("suffix", "gpkg")
        path = make_reference(tmp_path / f"r.{suffix}", shapes or squares, {"class": values})
        return rasterized(path, **given)

    def rasterized(path, **given):
        workspace = tmp_path / "workspace"
        run("splitarea", workspace=workspace, area=AREA)
        values = {"class_field": "class", "erosion": 0, "jobs": 1, **given}
        outputs, said = run("rasterizereference", workspace=workspace, reference=str(path), **values)
        with rasterio.open(outputs["labels"]) as file:
            return file.read(1)[5, 5::10].tolist(), said

    labels.of_file = rasterized
    return labels


def test_texts_of_whole_numbers_are_ids_and_skipped_as_such(labels_of):
    assert labels_of(["1", "10", "2", "10", None])[0] == [1, 10, 2, 10, 0, 0]
    assert labels_of(["1", "10", "2", "10", None], skip_classes="2")[0] == [1, 10, 0, 10, 0, 0]


def test_a_name_goes_before_an_id(labels_of):
    # "007" is 1, "1" is 2, "10" is 3
    values = ["1", "10", "007", "10", "1"]
    assert labels_of(values)[0] == [2, 3, 1, 3, 2, 0]
    assert labels_of(values, skip_classes="1")[0] == [0, 3, 1, 3, 0, 0]
    assert labels_of(values, skip_classes="3")[0] == [2, 0, 1, 0, 2, 0]
    assert labels_of(values, skip_classes="007")[0] == [2, 3, 0, 3, 2, 0]


def test_a_colour_goes_to_the_name_before_the_id(labels_of, tmp_path):
    _, said = labels_of(["1", "10", "007"], class_colours="1=#010203,007=#040506,99=#ffffff")
    with rasterio.open(tmp_path / "workspace" / "labels.tif") as file:
        colours = file.colormap(1)
    assert (colours[2][:3], colours[1][:3]) == ((1, 2, 3), (4, 5, 6))
    assert any("CLASS_COLOURS): the reference has no class 99." in text for text in said)


def test_corrections_replace_the_classes_of_single_polygons(labels_of):
    values = ["crop", "forest", "crop", "water", "forest"]  # crop is 1, forest is 2, water is 3; polygons from 1
    assert labels_of(values, corrections="1=forest,3=0,4=1")[0] == [2, 2, 0, 1, 2, 0]
    assert labels_of(values)[0] == [1, 2, 1, 3, 2, 0]


def test_a_correction_of_a_polygon_that_is_gone_is_told(labels_of):
    labels, said = labels_of(["crop", "forest", "crop", "forest"], corrections="2=crop,99=forest")
    assert labels[:4] == [1, 1, 1, 2]
    assert any("(CORRECTIONS): the reference has no polygon 99." in text for text in said)


@pytest.mark.parametrize("wrong", ["forest", "1=swamp", "one=forest", "1:forest", "-1=forest"])
def test_a_correction_that_is_none_is_refused(labels_of, wrong):
    with pytest.raises(ParameterError, match=rf"\(CORRECTIONS\): not a polygon and a class .* {wrong}"):
        labels_of(["crop", "forest", "crop"], corrections=wrong)


def test_class_0_is_said_to_be_unknown(labels_of):
    with pytest.raises(DataError, match=r"1 class within .* 3 polygons have class 0, which means unknown\. If 0 is a"):
        labels_of([0, 0, 0, 1])


def test_what_is_dropped_is_said_as_by_the_check(labels_of, tmp_path):
    nowhere = shapely.Polygon([(X, Y), (X, np.nan), (X + 9, Y + 9), (X, Y)])
    endless = shapely.Polygon([(X, Y), (X, np.inf), (X + 9, Y + 9), (X, Y)])
    shapes = [shapely.box(X, Y, X + 100, Y + 100), nowhere, shapely.box(X + 200, Y, X + 300, Y + 100), endless, None]
    found, said = labels_of([1, 2, 2, 1, 1], shapes=shapes)
    assert found == [1, 0, 2, 0, 0, 0]
    (note,) = [text for text in said if "dropped" in text]
    assert note.startswith("3 features dropped")
    assert note.endswith("feature ids 2, 4, 5.")
    _, problems = run("checkreference", reference=str(tmp_path / "r.gpkg"), class_field="class")
    assert note in problems


def test_a_polygon_across_the_earth_does_not_stop_the_run(labels_of, tmp_path, make_reference):
    shapes = [
        shapely.box(15.0, 46.05, 15.004, 46.06),
        shapely.box(15.004, 46.05, 15.008, 46.06),
        shapely.box(104.5, -1, 105.5, 1),
    ]
    path = make_reference(tmp_path / "world.gpkg", shapes, {"class": [1, 2, 2]}, "EPSG:4326")
    assert set(labels_of.of_file(path)[0]) == {1, 2}


def test_an_area_with_a_broken_polygon_names_it(make_reference, tmp_path):
    endless = shapely.Polygon([(X, Y), (X, np.inf), (X + 9, Y + 9), (X, Y)])
    path = make_reference(tmp_path / "area.gpkg", [shapely.box(X, Y, X + 100, Y + 100), endless], {"n": [1, 2]})
    outputs, said = run("splitarea", workspace=tmp_path / "workspace", area=str(path))
    assert any(text.startswith("Area of interest (AREA): 1 feature dropped") and "id 2." in text for text in said)
    assert outputs["area_km2"] == pytest.approx(0.01)


def test_the_encoding_is_that_of_the_names(tmp_path, labels_of, make_reference):
    shapes = [shapely.box(X, Y, X + 50, Y + 99), shapely.box(X + 100, Y, X + 150, Y + 99)]
    path = make_reference(tmp_path / "s.shp", shapes, {"class": ["Äcker", "Zäune"]})
    path.with_suffix(".cpg").unlink()
    _, said = labels_of.of_file(path)
    assert any("Set ENCODING to UTF-8" in text for text in said)
    _, said = labels_of.of_file(path, encoding="UTF-8", skip_classes="nothing")
    assert not any("ENCODING" in text for text in said)


CROPS = ["maize", "wheat", "forest", "orchard", "forest"]  # forest is 1, maize 2, orchard 3, wheat 4


def classes_of(folder):
    """Id, name and colour of each class of the labels."""
    record = json.loads((folder / "workspace" / "records" / "rasterizereference.json").read_text(encoding="utf-8"))
    return [(entry["id"], entry["name"], entry["colour"]) for entry in record["classes"]]


def test_merged_classes_are_one_with_a_name_of_its_own(labels_of, tmp_path):
    labels, said = labels_of(CROPS, merge="wheat=2,3=forest", class_names='"maize=crops, all",1=trees')
    assert labels == [2, 2, 1, 1, 1, 0]
    assert [row[:2] for row in classes_of(tmp_path)] == [(1, "trees"), (2, "crops, all")]
    assert "1 polygon of wheat merged into crops, all." in said


def test_a_merge_goes_to_the_end_of_its_chain_and_never_round(labels_of):
    assert labels_of(CROPS, merge="2=4,4=3")[0] == [3, 3, 1, 3, 1, 0]
    with pytest.raises(ParameterError, match=r"MERGE\): 2=4=2 has no end"):
        labels_of(CROPS, merge="2=4,4=2")
    with pytest.raises(ParameterError, match=r"'5=1' is not two classes.*1 forest, 2 maize, 3 orchard, 4 wheat"):
        labels_of(CROPS, merge="5=1")


def test_only_the_polygons_of_a_skipped_class_are_unknown_not_those_merged_into_it(labels_of, tmp_path):
    assert labels_of(CROPS, merge="wheat=maize", skip_classes="maize")[0] == [0, 2, 1, 3, 1, 0]
    assert [row[0] for row in classes_of(tmp_path)] == [1, 2, 3]


def test_words_of_the_layer_and_of_the_map_name_a_class(labels_of):
    given = {"class_names": "maize=corn", "class_colours": "corn=#010203,maize=#040506"}
    assert labels_of(CROPS, skip_classes="corn", corrections="4=corn", **given)[0] == [0, 4, 1, 0, 1, 0]
    assert labels_of(CROPS, skip_classes="maize", **given)[0] == [0, 4, 1, 3, 1, 0]


def test_a_scheme_names_ids_and_colours_names(labels_of, tmp_path):
    assert labels_of([10, 50, 12], class_scheme="world_cover")[0][:3] == [10, 50, 12]
    palette = ClassScheme.of({10: "10", 12: "12", 50: "50"}).classes[1].colour
    assert classes_of(tmp_path) == [(10, "tree cover", "#006400"), (12, "12", palette), (50, "built-up", "#fa0000")]
    labels_of(["Built-up", "Cropland", "tree cover"], class_scheme="world_cover")  # ids 1, 2 and 3 are the tool's own
    assert classes_of(tmp_path) == [
        (1, "Built-up", "#fa0000"),
        (2, "Cropland", "#f096ff"),
        (3, "tree cover", "#006400"),
    ]
    _, said = labels_of(["maize", "forest"], class_scheme="lucas")
    assert "Class scheme (CLASS_SCHEME): LUCAS, level 1 has none of the classes: forest, maize." in said


def test_other_names_and_merges_of_nothing_draw_no_label_anew(labels_of, tmp_path):
    labels_of(CROPS)
    file = next((tmp_path / "workspace" / "labels").glob("*.tif"))
    before = file.stat().st_mtime_ns
    labels_of(CROPS, class_names="1=trees", class_scheme="lucas")
    assert (file.stat().st_mtime_ns, classes_of(tmp_path)[0][1]) == (before, "trees")
    labels_of(CROPS, merge="wheat=maize")
    assert file.stat().st_mtime_ns > before


@pytest.mark.parametrize("wrong", ["forest", "swamp=", "=trees", "swamp=trees"])
def test_a_wrong_class_name_is_refused(labels_of, wrong):
    with pytest.raises(ParameterError, match=r"\(CLASS_NAMES\): not a class and name such as 1=forest: "):
        labels_of(CROPS, class_names=wrong)
