"""Every wrong input: the exit status, a message that names it and what to do, and a workspace that loses nothing."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import shapely
from services.commands import attempt as run

from patchwork.core.store.lock import held

pytestmark = pytest.mark.usefixtures("quick_runs")

LEFT, TOP, SHAPE = 500_000.0, 5_100_000.0, (24, 24)
TIMES = ["20190403T100031", "20190503T100031", "20190603T100031", "20190703T100031"]
BANDS = ("B03", "B04", "B08", "SCL")
WRONG_PARAMETERS, FAILED = 2, 1


def refused(result, status, *fragments):
    """Whether a run ended with the status and a message that holds all fragments."""
    allowed = status if isinstance(status, tuple) else (status,)
    assert result.status in allowed, result.said
    assert result.out == ""
    assert "Traceback" not in result.said
    message = result.said[result.said.lower().index("error: ") :]
    for fragment in fragments:
        assert str(fragment) in message, f"{fragment!r} is not in: {message}"
    return True


def values(number, band, shape):
    if band == "SCL":
        return np.full(shape, 4)
    quarters = np.kron([[1, 2], [3, 4]], np.ones((12, 12)))
    return quarters * {"B03": 300, "B04": 500, "B08": 900}[band] + 40 * number


def box(left, top, right, bottom):
    return shapely.box(LEFT + 10 * left, TOP - 10 * bottom, LEFT + 10 * right, TOP - 10 * top)


POLYGONS = [box(*corners) for corners in ((1, 1, 11, 5), (1, 6, 11, 11), (13, 1, 23, 11), (1, 13, 11, 23))]


@pytest.fixture(scope="module")
def country(tmp_path_factory, make_imagery, make_reference):
    """Imagery, a reference, and a finished workspace of them."""
    folder = tmp_path_factory.mktemp("country")
    imagery = make_imagery(folder / "imagery", times=TIMES, bands=BANDS, shape=SHAPE, values=values, corner=(LEFT, TOP))
    reference = make_reference(folder / "reference.gpkg", POLYGONS, {"id": [1, 1, 2, 3], "name": list("aabc")})
    inputs = ("--imagery", imagery, "--reference", reference, "--class-field", "id", "--jobs", 1, "--per-class", 20)
    made = run("makemap", *inputs, "--validation", "polygons", "--workspace", folder / "workspace")
    assert made.status == 0, made.said
    return SimpleNamespace(imagery=imagery, reference=reference, workspace=folder / "workspace")


def contents(folder):
    """What took time to make: rasters, the model, tables. GeoPackages and records tell when they were written."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.suffix in (".tif", ".skops", ".csv", ".qml")}


@pytest.fixture
def workspace(country, tmp_path):
    """A copy of the finished workspace; at the end of the test it must hold all that it held."""
    folder = shutil.copytree(country.workspace, tmp_path / "workspace")
    before = contents(folder)
    yield folder
    after = contents(folder)
    assert {path for path in before if after.get(path) != before[path]} == set()
    assert not list(folder.rglob(".part-*"))
    (folder / "map.tif").unlink()
    assert run("mosaicmap", "--workspace", folder).status == 0
    assert (folder / "map.tif").read_bytes() == (country.workspace / "map.tif").read_bytes()


@pytest.fixture
def make_map(country, workspace):
    """Make the map again with other parameters, in a workspace where all is done."""

    def make(**others):
        chosen = {
            "workspace": workspace,
            "imagery": country.imagery,
            "reference": country.reference,
            "class_field": "id",
            "per_class": 20,
            "validation": "polygons",
            "jobs": 1,
            **others,
        }
        options = {name: value for name, value in chosen.items() if value is not None}
        return run(
            "makemap", *(part for name, value in options.items() for part in (f"--{name}".replace("_", "-"), value))
        )

    return make


# The area


def test_an_empty_area_file(make_map, make_reference, tmp_path):
    area = make_reference(tmp_path / "empty.gpkg", [], {"id": np.empty(0, dtype=int)})
    assert refused(make_map(area=area), FAILED, "AREA", area, "empty")


def test_an_area_without_crs(make_map, make_reference, tmp_path):
    area = make_reference(tmp_path / "nowhere.shp", [box(1, 1, 20, 20)], {"id": [1]}, crs=None)
    assert refused(make_map(area=area), FAILED, "AREA", area, "no CRS", "Assign")


def test_an_area_of_points(make_map, make_reference, tmp_path):
    area = make_reference(tmp_path / "points.gpkg", [shapely.Point(LEFT + 30, TOP - 30)], {"id": [1]})
    assert refused(make_map(area=area), FAILED, "AREA", area, "no polygon")


def test_an_area_that_is_no_vector_file(make_map, tmp_path):
    area = tmp_path / "notes.gpkg"
    area.write_text("Meeting on Monday", encoding="utf-8")
    assert refused(make_map(area=area), FAILED, area, "cannot be read as a vector layer")


@pytest.mark.parametrize(
    ("area", "status", "fragments"),
    [
        ("400000,5000000,401000,5001000,EPSG:32633", FAILED, ["outside the imagery", "500000", "400000", "CRS"]),
        ("15.9,46.9,15.91,46.91", FAILED, ["outside the imagery"]),
        ("500100,5099900,500000,5100000,EPSG:32633", WRONG_PARAMETERS, ["AREA", "500100", "xmin,ymin,xmax,ymax"]),
        ("500000,5099900,500100,5100000", WRONG_PARAMETERS, ["degrees", "EPSG"]),
        ("500000,5099900,500100,5100000,EPSG:9999999", WRONG_PARAMETERS, ["EPSG:9999999", "unknown"]),
        ("500001,5099998,500003,5099999,EPSG:32633", FAILED, ["too small", "10 m", "BUFFER"]),
        ("no/such/area.gpkg", (FAILED, WRONG_PARAMETERS), ["no/such/area.gpkg"]),
    ],
)
def test_an_area_that_cannot_be(make_map, area, status, fragments):
    assert refused(make_map(area=area), status, *fragments)


def test_an_area_that_the_imagery_covers_in_part_is_mapped_with_a_warning(country, tmp_path):
    area = "500000,5099760,500480,5100000,EPSG:32633"
    result = run("splitarea", "--workspace", tmp_path, "--imagery", country.imagery, "--area", area)
    assert result.status == 0
    assert "Warning" in result.said
    assert "50%" in result.said


@pytest.mark.parametrize(
    ("crs", "fragments"), [("EPSG:9999999", ["CRS", "EPSG:9999999"]), ("EPSG:4326", ["CRS", "EPSG:4326", "metres"])]
)
def test_a_crs_that_cannot_be(make_map, crs, fragments):
    assert refused(make_map(crs=crs), WRONG_PARAMETERS, *fragments)


# The reference


def test_a_field_that_the_reference_lacks_lists_those_it_has(make_map):
    assert refused(make_map(class_field="crop"), FAILED, "'crop'", "id, name")
    assert refused(make_map(name_field="crop"), FAILED, "'crop'", "id, name")


@pytest.mark.parametrize("missing", ["reference", "class_field"])
def test_no_reference_or_class_field(make_map, missing):
    assert refused(make_map(**{missing: None}), WRONG_PARAMETERS, missing.upper(), "missing")


@pytest.mark.parametrize(
    ("polygons", "ids", "crs", "fragments"),
    [
        (POLYGONS, [4, 4, 4, 4], "EPSG:32633", ["1 class", "at least two", "CLASS_FIELD"]),
        (POLYGONS, [0, 0, 0, 0], "EPSG:32633", ["0 class", "at least two"]),
        (POLYGONS, [1, 2, 70_000, 3], "EPSG:32633", ["70000", "65535", "CLASS_FIELD"]),
        (POLYGONS, [1, 2, -5, 3], "EPSG:32633", ["-5", "CLASS_FIELD"]),
        (POLYGONS, [1.5, 2, 3, 3], "EPSG:32633", ["1.5", "whole", "CLASS_FIELD"]),
        (POLYGONS, [1, 1, 2, 3], None, ["no CRS", "Assign"]),
        (POLYGONS, [1, 1, 2, 3], "EPSG:32634", ["outside the area", "4 polygons", "EPSG:32634"]),
        ([], np.empty(0, dtype=int), "EPSG:32633", ["is empty"]),
    ],
)
def test_a_reference_that_cannot_be_learnt_from(make_map, make_reference, tmp_path, polygons, ids, crs, fragments):
    reference = make_reference(tmp_path / "other.shp", polygons, {"id": ids}, crs)
    assert refused(make_map(reference=reference), FAILED, *fragments)


def test_a_reference_that_is_not_there(make_map):
    assert refused(make_map(reference="no/such.shp"), (FAILED, WRONG_PARAMETERS), "no/such.shp")


def test_a_layer_that_the_reference_lacks(country, make_map):
    text = f"{country.reference}|layername=forests"
    assert refused(make_map(reference=text), (FAILED, WRONG_PARAMETERS), "forests")


def test_an_erosion_that_leaves_no_label(country, make_map, tmp_path):
    folder = shutil.copytree(country.workspace, tmp_path / "w")
    assert refused(make_map(erosion=8, workspace=folder), FAILED, "EROSION")
    assert make_map(workspace=folder).status == 0
    assert (folder / "map.tif").read_bytes() == (country.workspace / "map.tif").read_bytes()


def test_a_class_with_few_samples_is_mapped_with_a_warning(country, make_reference, tmp_path):
    polygons = [*POLYGONS, box(14, 14, 17, 17)]
    reference = make_reference(tmp_path / "few.gpkg", polygons, {"id": [1, 1, 2, 3, 77]})
    folder = shutil.copytree(country.workspace, tmp_path / "w")
    inputs = ("--imagery", country.imagery, "--reference", reference, "--class-field", "id", "--workspace", folder)
    result = run("makemap", *inputs, "--jobs", 1, "--per-class", 60, "--validation", "polygons")
    assert result.status == 0, result.said
    assert "Warning: Class 77 has only 1 sample" in result.said
    assert "Class 77 has a single polygon" in result.said
    with rasterio.open(folder / "map.tif") as file:
        assert 77 in [entry["id"] for entry in json.loads(file.tags()["CLASSES"])]


@pytest.mark.parametrize("wrong", ["no reference", "no field", "reference elsewhere"])
def test_what_is_wrong_with_the_reference_is_told_before_imagery_is_fetched(country, make_reference, tmp_path, wrong):
    elsewhere = make_reference(tmp_path / "elsewhere.gpkg", POLYGONS, {"id": [1, 1, 2, 3]}, "EPSG:32634")
    more = {
        "no reference": (),
        "no field": ("--reference", country.reference, "--class-field", "crop"),
        "reference elsewhere": ("--reference", elsewhere, "--class-field", "id"),
    }[wrong]
    result = run("makemap", "--imagery", country.imagery, "--workspace", tmp_path / "w", "--jobs", 1, *more)
    assert result.status in (FAILED, WRONG_PARAMETERS)
    assert not list((tmp_path / "w").glob("scenes/*/*.tif"))


# Imagery


def test_no_imagery_folder(make_map, tmp_path):
    assert refused(make_map(imagery=tmp_path / "none"), (FAILED, WRONG_PARAMETERS), "IMAGERY", tmp_path / "none")
    result = make_map(imagery=None, area="15,46,15.01,46.01", workspace=tmp_path / "w")
    assert refused(result, WRONG_PARAMETERS, "IMAGERY", "missing")


def test_neither_area_nor_imagery(make_map):
    assert refused(make_map(imagery=None), WRONG_PARAMETERS, "IMAGERY", "source folder")
    assert refused(make_map(imagery=None, source="stac"), WRONG_PARAMETERS, "AREA", "IMAGERY")


def test_an_empty_imagery_folder(make_map, tmp_path):
    (tmp_path / "imagery").mkdir()
    assert refused(make_map(imagery=tmp_path / "imagery"), FAILED, tmp_path / "imagery", "no GeoTIFF")


@pytest.fixture
def imagery(country, tmp_path):
    """A copy of the imagery, to be spoilt."""
    return shutil.copytree(country.imagery, tmp_path / "imagery")


def test_files_that_are_no_rasters_or_lack_what_others_have_are_all_named(make_imagery, make_map, imagery):
    (imagery / "S2_20190801T100000.tif").write_text("not a raster", encoding="utf-8")
    (imagery / "S2_20190802T100000.tif").write_bytes(b"")
    shutil.copy(imagery / f"S2_{TIMES[0]}.tif", imagery / "S2_20191341T100031.tif")
    shutil.copy(imagery / f"S2_{TIMES[0]}.tif", imagery / "overview.tif")
    common = {"shape": SHAPE, "values": 5}
    make_imagery(imagery, times=["20190803T100000"], bands=("B03", "B08", "SCL"), corner=(LEFT, TOP), **common)
    make_imagery(imagery, times=["20190804T100000"], bands=BANDS, corner=(LEFT + 4, TOP), **common)
    make_imagery(imagery, times=["20190805T100000"], bands=BANDS, corner=(LEFT, TOP), dtype="float32", **common)
    make_imagery(imagery, times=["20190806T100000"], bands=BANDS, corner=(LEFT, TOP), crs="EPSG:32634", **common)
    make_imagery(imagery, times=["20190807T100000"], bands=BANDS, corner=(LEFT, TOP), pixel=20.0, **common)
    make_imagery(imagery, times=["20190808T100000"], bands=BANDS[::-1], corner=(LEFT, TOP), **common)
    make_imagery(imagery, times=["20190809T100000"], bands=("", *BANDS[1:]), corner=(LEFT, TOP), **common)
    result = make_map(imagery=imagery)
    expected = {
        "S2_20190801T100000.tif": "not a raster",
        "S2_20190802T100000.tif": "not a raster",
        "S2_20191341T100031.tif": "20191341T100031 is not a time",
        "overview.tif": "no sensing time in the name",
        "S2_20190803T100000.tif": "has no B04",
        "S2_20190804T100000.tif": "another grid",
        "S2_20190805T100000.tif": "float32, not uint16",
        "S2_20190806T100000.tif": "another grid",
        "S2_20190807T100000.tif": "another grid",
        "S2_20190808T100000.tif": "another order",
        "S2_20190809T100000.tif": "no names",
    }
    assert refused(result, FAILED, imagery, f"{len(expected)} problems")
    for name, reason in expected.items():
        [line] = [line for line in result.said.splitlines() if line.startswith(f"{name}:")]
        assert reason in line


def test_a_raster_without_crs_is_named(make_imagery, make_map, imagery):
    make_imagery(imagery, times=["20190801T100000"], bands=BANDS, shape=SHAPE, values=5, corner=(LEFT, TOP), crs=None)
    assert refused(make_map(imagery=imagery), FAILED, "S2_20190801T100000.tif", "no CRS")


def test_a_raster_that_is_cut_short_is_named_and_the_others_are_kept(make_map, imagery, tmp_path):
    broken = imagery / f"S2_{TIMES[2]}.tif"
    rasterio.shutil.copy(broken, tmp_path / "header_first.tif", driver="COG")
    whole = (tmp_path / "header_first.tif").read_bytes()
    broken.write_bytes(whole[: len(whole) * 2 // 3])
    folder = tmp_path / "new"
    result = make_map(imagery=imagery, workspace=folder, patch_size=120)
    assert refused(result, FAILED, broken.name, "cut short", "run again")
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("scenes/*/*.tif")}
    assert {path.stem for path in kept} >= set(TIMES) - {TIMES[2]}
    broken.write_bytes(whole)
    result = make_map(imagery=imagery, workspace=folder, patch_size=120)
    assert result.status == 0, result.said
    assert {path: path.stat().st_mtime_ns for path in kept if TIMES[2] not in path.stem}.items() <= kept.items()


# The period, numbers, words


@pytest.mark.parametrize(
    ("options", "status", "fragments"),
    [
        ({"start": "2019-06-01", "end": "2019-05-01"}, WRONG_PARAMETERS, ["START", "2019-06-01", "END", "2019-05-01"]),
        ({"start": "2021-06-01"}, FAILED, ["no acquisition", "2021-06-01", "2019-04-03", "2019-07-03"]),
        ({"end": "2018-06-01"}, FAILED, ["no acquisition", "2018-06-01", "2019-04-03", "2019-07-03"]),
        ({"start": "spring"}, WRONG_PARAMETERS, ["START", "'spring'", "2019-07-31"]),
        ({"end": "2019-02-30"}, WRONG_PARAMETERS, ["END", "'2019-02-30'"]),
        ({"end": "2019-04-031"}, WRONG_PARAMETERS, ["END", "'2019-04-031'"]),
        ({"max_cloud_cover": "101"}, WRONG_PARAMETERS, ["MAX_CLOUD_COVER", "101", "between 0 and 100"]),
        ({"patch_size": "0"}, WRONG_PARAMETERS, ["PATCH_SIZE", "0"]),
        ({"patch_size": "-5000"}, WRONG_PARAMETERS, ["PATCH_SIZE", "-5000"]),
        ({"patch_size": "4"}, WRONG_PARAMETERS, ["PATCH_SIZE", "4 m", "pixel of 10 m"]),
        ({"patch_size": "wide"}, WRONG_PARAMETERS, ["PATCH_SIZE", "'wide'", "number"]),
        ({"patch_size": "nan"}, WRONG_PARAMETERS, ["PATCH_SIZE", "nan"]),
        ({"patch_size": "inf"}, WRONG_PARAMETERS, ["PATCH_SIZE", "inf"]),
        ({"patch_count": "3"}, WRONG_PARAMETERS, ["PATCH_COUNT", "'3'", "25x17"]),
        ({"patch_count": "0x2"}, WRONG_PARAMETERS, ["PATCH_COUNT", "'0x2'"]),
        ({"resolution": "0"}, WRONG_PARAMETERS, ["RESOLUTION", "0"]),
        ({"buffer": "-1"}, WRONG_PARAMETERS, ["BUFFER", "-1"]),
        ({"memory": "100"}, WRONG_PARAMETERS, ["MEMORY", "100", "500"]),
        ({"jobs": "-1"}, WRONG_PARAMETERS, ["JOBS", "-1"]),
        ({"jobs": "1.5"}, WRONG_PARAMETERS, ["JOBS", "1.5", "whole"]),
        ({"threshold": "1.1"}, WRONG_PARAMETERS, ["THRESHOLD", "1.1"]),
        ({"erosion": "-1"}, WRONG_PARAMETERS, ["EROSION", "-1"]),
        ({"smoothing": "x"}, WRONG_PARAMETERS, ["SMOOTHING", "'x'"]),
        ({"per_class": "0"}, WRONG_PARAMETERS, ["PER_CLASS", "0"]),
        ({"seed": "-1"}, WRONG_PARAMETERS, ["SEED", "-1"]),
        ({"source": "satellite"}, WRONG_PARAMETERS, ["SOURCE", "'satellite'", "folder"]),
        ({"method": "magic"}, WRONG_PARAMETERS, ["METHOD", "'magic'", "s2cloudless"]),
        ({"classifier": "svm"}, WRONG_PARAMETERS, ["CLASSIFIER", "'svm'", "random-forest"]),
        ({"validation": "none"}, WRONG_PARAMETERS, ["VALIDATION", "'none'", "polygons"]),
        ({"indices": "NDVI,XYZ"}, WRONG_PARAMETERS, ["INDICES", "'XYZ'", "NDWI"]),
        ({"bands": "B99", "indices": "EVI"}, FAILED, ["B99", "B03, B04, B08", "BANDS"]),
        ({"method": "s2cloudless"}, FAILED, ["s2cloudless", "has no", "B10", "SCL"]),
        ({"area": " "}, WRONG_PARAMETERS, ["AREA", "empty"]),
    ],
)
def test_values_that_cannot_be(make_map, options, status, fragments):
    assert refused(make_map(**options), status, *fragments)


def test_a_backend_that_is_not_known(make_map, tmp_path):
    assert refused(make_map(backend="cloud", workspace=tmp_path / "w"), WRONG_PARAMETERS, "BACKEND", "'cloud'", "dask:")


def test_several_wrong_values_are_told_at_once(make_map):
    result = make_map(memory=1, patch_size=0, classifier="svm")
    assert refused(result, WRONG_PARAMETERS, "MEMORY", "PATCH_SIZE", "CLASSIFIER")


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["makemap", "--nonsense", "1"], ["--nonsense"]),
        (["makemap", "--memory"], ["--memory", "expected one argument"]),
        (["nonsense"], ["nonsense", "makemap"]),
        (["--memory", "500"], ["OPERATION"]),
        (["makemap"], ["WORKSPACE", "missing"]),
        (["makemap", "--class", "id"], ["--class"]),
        (["splitarea", "--imag", "x", "--workspace", "w"], ["--imag"]),
    ],
)
def test_command_lines_that_cannot_be(arguments, fragments):
    assert refused(run(*arguments), WRONG_PARAMETERS, *fragments)


# Steps and files that are missing


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["findscenes", "--imagery", "{imagery}"], "splitarea"),
        (["downloadscenes", "--imagery", "{imagery}"], "splitarea"),
        (["maskclouds"], "splitarea"),
        (["observationstatistics"], "splitarea"),
        (["timeseries", "--place", "15,46"], "findscenes"),
        (["rasterizereference", "--reference", "{reference}", "--class-field", "id"], "splitarea"),
        (["drawsamples"], "findscenes"),
        (["trainmodel"], "drawsamples"),
        (["classifypatches"], "trainmodel"),
        (["mosaicmap"], "classifypatches"),
        (["mosaicmap", "--layer", "labels"], "rasterizereference"),
    ],
)
def test_steps_tell_which_step_comes_first(country, tmp_path, arguments, first):
    filled = [part.format(imagery=country.imagery, reference=country.reference) for part in arguments]
    result = run(*filled, "--workspace", tmp_path)
    assert refused(result, FAILED, first, "first")


@pytest.mark.parametrize(
    ("place", "status", "fragments"),
    [
        ("100000,5000000,EPSG:32633", FAILED, ["outside", "100000"]),
        ("3,4", FAILED, ["outside", "CRS"]),
        ("500100,5099900", WRONG_PARAMETERS, ["degrees", "EPSG"]),
        ("nowhere.gpkg", (FAILED, WRONG_PARAMETERS), ["nowhere.gpkg"]),
    ],
)
def test_places_that_cannot_be(workspace, place, status, fragments):
    assert refused(run("timeseries", "--workspace", workspace, "--place", place), status, *fragments)


def test_a_series_of_what_the_imagery_lacks(workspace):
    place = ("--place", "500100,5099900,EPSG:32633")
    for index in ("B12", "NDSI"):
        result = run("timeseries", "--workspace", workspace, *place, "--index", index)
        assert refused(result, FAILED, index, "B03, B04, B08")


def test_models_that_cannot_be(workspace, tmp_path):
    assert refused(
        run("classifypatches", "--workspace", workspace, "--model", tmp_path / "no.skops"), FAILED, "no.skops", "MODEL"
    )
    (tmp_path / "text.skops").write_text("not a model", encoding="utf-8")
    result = run("classifypatches", "--workspace", workspace, "--model", tmp_path / "text.skops")
    assert refused(result, FAILED, "text.skops", "not a model")


def test_a_model_that_needs_other_bands(country, workspace, make_imagery, tmp_path):
    other = make_imagery(tmp_path / "other", times=TIMES, bands=("B03", "SCL"), shape=SHAPE, values=4)
    folder = tmp_path / "w"
    run("splitarea", "--imagery", other, "--workspace", folder)
    run("downloadscenes", "--imagery", other, "--workspace", folder, "--jobs", 1)
    run("maskclouds", "--workspace", folder, "--jobs", 1)
    result = run("classifypatches", "--workspace", folder, "--model", workspace / "model.skops")
    assert refused(result, FAILED, "B04", "does not have")


def test_a_destination_in_a_place_that_is_a_file(make_map, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    wanted = tmp_path / "file" / "map.tif"
    assert refused(make_map(map=wanted), FAILED, wanted.with_suffix(""), "cannot be written")


# The workspace


@pytest.mark.parametrize("other", [{"resolution": 20}, {"crs": "EPSG:32632"}])
def test_a_workspace_of_another_grid(make_map, other):
    assert refused(make_map(**other), FAILED, "Choose another WORKSPACE", "EPSG:32633", "Choose another WORKSPACE")


@pytest.mark.parametrize("corner", [(LEFT, TOP), (LEFT - 50, TOP + 50)])
def test_a_workspace_of_other_imagery(make_imagery, make_map, tmp_path, corner):
    """The other imagery lies on the same grid and reaches farther: nothing of the old workspace may change."""
    other = make_imagery(tmp_path / "other", times=TIMES, bands=BANDS, shape=(30, 40), values=500, corner=corner)
    assert refused(make_map(imagery=other), FAILED, "Choose another WORKSPACE", other, "Choose another WORKSPACE")


def test_a_workspace_of_another_version(country, tmp_path):
    folder = shutil.copytree(country.workspace, tmp_path / "w")
    facts = json.loads((folder / "grid.json").read_text(encoding="utf-8"))
    (folder / "grid.json").write_text(json.dumps({**facts, "format": 99}), encoding="utf-8")
    assert refused(run("mosaicmap", "--workspace", folder), FAILED, "another version", "Choose another WORKSPACE")


@pytest.mark.parametrize("name", ["grid.json", "scenes.json", "records/maskclouds.json", "records/drawsamples.json"])
def test_a_record_that_was_spoilt_is_named(country, tmp_path, name):
    folder = shutil.copytree(country.workspace, tmp_path / "w")
    (folder / name).write_text("{", encoding="utf-8")
    assert refused(run("trainmodel" if "draw" in name else "classifypatches", "--workspace", folder), FAILED, name)


def test_a_spoilt_file_of_the_workspace_is_made_again(country, make_map, tmp_path):
    folder = shutil.copytree(country.workspace, tmp_path / "w")
    for pattern in ("scenes/*/*.tif", "clouds/*/*.tif", "labels/*.tif", "maps/*.tif", "map.tif"):
        path = next(folder.glob(pattern))
        path.write_bytes(b"spoilt")
    result = make_map(workspace=folder)
    assert result.status == 0, result.said
    for path in folder.rglob("*.tif"):
        assert path.read_bytes() == (country.workspace / path.relative_to(folder)).read_bytes(), path


def test_a_file_where_the_workspace_should_be(make_map, tmp_path):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    assert refused(make_map(workspace=tmp_path / "taken"), FAILED, tmp_path / "taken", "Choose another WORKSPACE")
    assert refused(make_map(workspace=tmp_path / "taken" / "w"), FAILED, tmp_path / "taken", "WORKSPACE")
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def _without_rights():
    """Root writes everywhere; without these two capabilities it is held to the rights of files like everybody else."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.skipif(sys.platform != "linux", reason="rights are told otherwise")
def test_a_workspace_that_cannot_be_written(run_engine, monkeypatch, tmp_path):
    if os.geteuid() == 0:
        monkeypatch.setattr(subprocess, "run", partial(subprocess.run, preexec_fn=_without_rights))
    workspace = tmp_path / "closed" / "workspace"
    workspace.mkdir(mode=0o555, parents=True)
    workspace.parent.chmod(0o555)
    for folder in (workspace, tmp_path / "closed" / "new"):
        result = run_engine("splitarea", "--area", "15,46,15.01,46.01", "--workspace", folder)
        assert result.returncode == FAILED, result.stderr
        assert "Traceback" not in result.stderr
        assert str(folder) in result.stderr
        assert "Permission denied" in result.stderr
        assert "Choose another WORKSPACE" in result.stderr
        assert list((tmp_path / "closed").rglob("*")) == [workspace]


def test_a_workspace_that_another_run_holds(make_map, workspace):
    with held(workspace):
        result = make_map()
    assert refused(result, FAILED, workspace, "in use", f"process {os.getpid()}", "Wait")
    assert make_map().status == 0


# The disk is full


@pytest.fixture
def small_disk(tmp_path):
    """`resize(kilobytes)` of a disk in memory, which only root can make."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here ({mounted.stderr.strip()})")

    def resize(kilobytes):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(folder)], check=True)
        return folder

    yield resize
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_run_goes_on_after_room_is_made(country, make_map, small_disk):
    """Room is made bit by bit, so that the disk is full in most steps."""
    stopped_at, kept = set(), {}
    for kilobytes in (8, 64, 132, 200, 280, 360, 460, 560, 700, 900, 1200, 1600, 2400, 4000):
        folder = small_disk(kilobytes)
        result = make_map(workspace=folder)
        for path, modified in kept.items():
            assert path.stat().st_mtime_ns == modified, f"{path} was written again"
        kept = {path: path.stat().st_mtime_ns for path in folder.glob("*/*/*.tif")}
        if result.status == 0:
            break
        assert refused(result, FAILED, "disk", "full", folder), kilobytes
        assert not list(folder.rglob(".part-*"))
        stopped_at.add(result.said.split("Error: ")[1].split()[0])
    assert result.status == 0, result.said
    assert len(stopped_at) > 3
    for path in country.workspace.rglob("*.tif"):
        assert path.read_bytes() == (folder / path.relative_to(country.workspace)).read_bytes(), path


def test_a_disk_without_any_room(make_map, small_disk):
    folder = small_disk(8)
    (folder / "other people's files").write_bytes(bytes(8192))
    assert refused(make_map(workspace=folder), FAILED, folder, "full")
