"""Operations from end to end on a small made-up country: what the files of a workspace hold, and what is done again.

Operations run in this process, through the engine's command line. The report is left out: it has its own tests, and
drawing it takes longer than everything else here.
"""

import csv
import json
import os
import shutil
from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import Transformer
from scipy import ndimage
from services.commands import run

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.learning.features import SeriesPlan, regular_dates
from patchwork.core.learning.models import fit, load_model, save_model
from patchwork.core.learning.observations import read_observations
from patchwork.core.learning.series import interpolate
from patchwork.core.operations import OPERATIONS
from patchwork.core.progress import Progress
from patchwork.core.report import write_report
from patchwork.core.store.workspace import Workspace

pytestmark = pytest.mark.usefixtures("quick_runs")

SHAPE = ROWS, COLUMNS = 36, 48
LEFT, TOP, PIXEL = 500_000.0, 5_100_000.0, 10.0
TIMES = [f"2019{month:02d}{day:02d}T100031" for month in (4, 5, 6) for day in (3, 13, 23)]
BANDS = ("B02", "B03", "B04", "B08", "SCL")
ALWAYS_CLOUDY = (7, 9)
CLASS_IDS = (10, 20, 30, 400)
REFLECTANCE = {"B02": (400, 600, 900, 1500), "B03": (600, 700, 900, 1600), "B04": (400, 900, 1200, 1700)}
NEAR_INFRARED = ((1000, 4500), (3000, 3000), (2500, 1500), (1800, 1900))  # first and last date of each class
LAYERS = ("map", "confidence", "valid_count", "labels", "mean_cloud_probability", "mean_ndvi")
MODEL = ("--per-class", "60", "--validation", "polygons", "--jobs", "1")
ONE, MANY = ("--patch-size", "5000"), ("--patch-size", "190")


def class_numbers():
    """Which class each pixel has: tiles of 6 × 6 pixels, each class beside every other."""
    tiles = (np.arange(ROWS // 6)[:, None] + 2 * np.arange(COLUMNS // 6)[None, :]) % 4
    return np.kron(tiles, np.ones((6, 6), dtype=int))


def pixels(number, band, shape):
    """Reflectance with much noise, so that the map has speckles, or a scene classification with clouds that move."""
    if band == "SCL":
        scl = np.full(SHAPE, 4)
        row, column = 5 * number % ROWS, 11 * number % COLUMNS
        scl[row : row + 9, column : column + 14] = 8 + number % 3
        scl[row + 3 : row + 9, column + 14 : column + 18] = 3  # its shadow
        if number == 0:
            scl[:21, :25] = 9  # all of the first small patch
        scl[ALWAYS_CLOUDY] = 9
        scl[30:, :5] = 0 if number % 2 else scl[30:, :5]
        return scl
    if band == "B08":
        first, last = np.array(NEAR_INFRARED)[class_numbers()].transpose(2, 0, 1)
        mean = first + (last - first) * number / (len(TIMES) - 1)
    else:
        mean = np.array(REFLECTANCE[band])[class_numbers()]
    noise = np.random.default_rng([number, *band.encode()]).normal(0, 450, SHAPE)
    return (mean + noise).clip(1, 9999).round()


def dilated(mask):
    return ndimage.binary_dilation(mask, [[0, 1, 0], [1, 1, 1], [0, 1, 0]])


def expected_mask(number, *, dilation=1):
    """Clouds of one date by hand: 0 valid, 1 cloud or shadow, 255 no data."""
    scl = pixels(number, "SCL", SHAPE)
    mask = np.isin(scl, (3, 8, 9, 10))
    for _ in range(dilation):
        mask = dilated(mask)
    return np.where(scl == 0, 255, mask).astype(np.uint8)


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)


def same_layers(one, other, names=LAYERS):
    for name in names:
        with rasterio.open(one / f"{name}.tif") as a, rasterio.open(other / f"{name}.tif") as b:
            assert a.transform == b.transform
            assert a.dtypes == b.dtypes
            assert a.read().tobytes() == b.read().tobytes(), name


def times_written(folder, pattern):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.glob(pattern))}


def stitched(folder, time):
    """The files of one time in all patch folders as one array (band, y, x)."""
    whole = None
    for path in sorted(folder.glob(f"*/{time}.tif")):
        with rasterio.open(path) as file:
            row, column = round((TOP - file.transform.f) / PIXEL), round((file.transform.c - LEFT) / PIXEL)
            whole = np.zeros((file.count, *SHAPE), dtype=file.dtypes[0]) if whole is None else whole
            whole[:, row : row + file.height, column : column + file.width] = file.read()
    return whole


def box(left, top, right, bottom):
    """A rectangle of the grid, in pixels."""
    return shapely.box(LEFT + left * PIXEL, TOP - bottom * PIXEL, LEFT + right * PIXEL, TOP - top * PIXEL)


def extent(shape, crs="EPSG:32633"):
    return ",".join([*(f"{value:.3f}" for value in shape.bounds), crs])


def in_degrees(geometry, epsg=32633):
    transformer = Transformer.from_crs(epsg, 4326, always_xy=True)
    dense = shapely.segmentize(geometry, 20)
    return shapely.transform(dense, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


@pytest.fixture(scope="module")
def country(tmp_path_factory, make_imagery, make_reference):
    """The imagery, and one reference polygon in every second tile."""
    folder = tmp_path_factory.mktemp("country")
    imagery = make_imagery(
        folder / "imagery", times=TIMES, bands=BANDS, shape=SHAPE, values=pixels, corner=(LEFT, TOP), pixel=PIXEL
    )
    tiles = [(row, column) for row in range(0, ROWS, 6) for column in range(0, COLUMNS, 6) if (row + column) % 12 == 0]
    numbers = [int(class_numbers()[tile]) for tile in tiles]
    names = ["wheat", "apples", "čebula", "bare"]
    fields = {"id": [CLASS_IDS[number] for number in numbers], "crop": [names[number] for number in numbers]}
    shapes = [box(column + 0.1, row + 0.1, column + 5.9, row + 5.9) for row, column in tiles]
    reference = make_reference(folder / "reference.gpkg", shapes, fields)
    return SimpleNamespace(imagery=imagery, reference=reference, shapes=shapes, fields=fields)


def make_map(country, workspace, *more):
    inputs = ("--imagery", country.imagery, "--reference", country.reference, "--class-field", "id")
    return run("makemap", *inputs, "--workspace", workspace, *MODEL, *more)


@pytest.fixture(scope="module")
def made(country, tmp_path_factory):
    """The map in one patch, in a folder with a space and a letter that is not ASCII."""
    return SimpleNamespace(
        workspace=(folder := tmp_path_factory.mktemp("made") / "prostor č"), run=make_map(country, folder, *ONE)
    )


@pytest.fixture(scope="module")
def made_in_many(country, tmp_path_factory):
    """The same in patches of up to 19 × 19 pixels, made by two processes."""
    folder = tmp_path_factory.mktemp("many") / "workspace"
    return SimpleNamespace(workspace=folder, run=make_map(country, folder, *MANY, "--jobs", "2"))


# What a map holds


def test_the_outputs_are_the_public_ones_and_exist(made):
    outputs = made.run.outputs
    assert set(outputs) >= {"MAP", "REPORT", "CONFIDENCE", "VALID_COUNT", "WORKSPACE"}
    assert outputs["WORKSPACE"] == str(made.workspace)
    for name in ("MAP", "CONFIDENCE", "VALID_COUNT"):
        with rasterio.open(outputs[name]) as file:
            assert file.shape == SHAPE
            assert file.bounds == (LEFT, TOP - ROWS * PIXEL, LEFT + COLUMNS * PIXEL, TOP)
            assert file.crs.to_epsg() == 32633
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert file.nodata == (255 if name == "CONFIDENCE" else 0)


def test_class_ids_come_back_as_they_are_and_most_pixels_are_right(made):
    classes = read(made.workspace / "map.tif")
    assert classes.dtype == np.uint16
    assert set(np.unique(classes)) == {0, *CLASS_IDS}
    truth = np.array(CLASS_IDS)[class_numbers()]
    assert (classes == truth).mean() > 0.8


def test_valid_count_is_the_number_of_dates_with_data_and_without_cloud(made):
    expected = sum((expected_mask(number) == 0).astype(np.uint16) for number in range(len(TIMES)))
    np.testing.assert_array_equal(read(made.workspace / "valid_count.tif"), expected)


def test_a_pixel_that_is_cloudy_on_every_date_is_no_data_everywhere(made):
    never = np.logical_and.reduce([expected_mask(number) != 0 for number in range(len(TIMES))])
    assert never[ALWAYS_CLOUDY]
    np.testing.assert_array_equal(read(made.workspace / "map.tif") == 0, never)
    np.testing.assert_array_equal(read(made.workspace / "valid_count.tif") == 0, never)
    np.testing.assert_array_equal(read(made.workspace / "confidence.tif") == 255, never)


def test_scenes_are_the_imagery_and_clouds_are_percent_and_mask(made):
    [patch] = (made.workspace / "scenes").iterdir()
    for number, time in enumerate(TIMES):
        with rasterio.open(patch / f"{time}.tif") as scene:
            assert scene.descriptions == BANDS
            assert scene.dtypes[0] == "uint16"
            assert scene.nodata == 0
            expected = np.stack([pixels(number, band, SHAPE) for band in BANDS])
            np.testing.assert_array_equal(scene.read(), expected)
        with rasterio.open(made.workspace / "clouds" / patch.name / f"{time}.tif") as clouds:
            assert clouds.descriptions == ("probability", "mask")
            assert clouds.nodata == 255
            np.testing.assert_array_equal(clouds.read(2), expected_mask(number))


def test_no_seams_one_patch_and_many_are_equal(made, made_in_many):
    assert made.run.outputs["ACCURACY"] == made_in_many.run.outputs["ACCURACY"]
    assert len(list((made_in_many.workspace / "maps").iterdir())) > 4
    same_layers(made.workspace, made_in_many.workspace)
    for time in TIMES:
        for kind in ("scenes", "clouds"):
            one, many = (stitched(run.workspace / kind, time) for run in (made, made_in_many))
            assert one.tobytes() == many.tobytes(), (kind, time)


def test_no_seams_in_the_features_either(made, made_in_many):
    """Before the classifier rounds them away, to the last digit: patches leave out acquisitions they see nothing of."""
    plan = SeriesPlan(("B04", "B08"), ("NDVI",), regular_dates(date(2019, 4, 3), date(2019, 6, 23), 16))
    features = []
    for run_ in (made, made_in_many):
        workspace, whole = Workspace(run_.workspace), np.zeros((*SHAPE, len(plan.features)), dtype=np.float32)
        domain = workspace.layout.domain
        for patch in workspace.layout.patches:
            (seen,) = read_observations(workspace, patch, patch.window, plan.needed_bands, 1)
            found = interpolate(plan, seen.stack, seen.valid, seen.times)
            whole[domain.slices(patch.window)] = found.reshape(*patch.window.shape, -1)
        features.append(whole)
    np.testing.assert_array_equal(*features)


def seconds(times):
    return np.array(
        [(datetime.strptime(time, "%Y%m%dT%H%M%S") - datetime(2019, 1, 1)).total_seconds() for time in times]
    )


def read_samples(workspace):
    meta, _, shapes, columns = pyogrio.raw.read(workspace / "samples.gpkg")
    return shapely.from_wkb(shapes), dict(zip(meta["fields"], columns, strict=True))


def test_samples_are_labelled_pixels_with_their_class_polygon_and_series(country, made):
    points, fields = read_samples(made.workspace)
    columns, rows = (shapely.get_x(points) - LEFT) / PIXEL - 0.5, (TOP - shapely.get_y(points)) / PIXEL - 0.5
    np.testing.assert_array_equal((columns, rows), np.round((columns, rows)))
    rows, columns = rows.astype(int), columns.astype(int)
    assert len(set(zip(rows, columns, strict=True))) == len(points)
    for name, places in (("row", rows), ("column", columns)):
        assert len(np.unique(fields[name] - places)) == 1  # counted from the corner of the grid
    np.testing.assert_array_equal(fields["class"], read(made.workspace / "labels.tif")[rows, columns])
    for point, polygon in zip(points, fields["polygon"], strict=True):
        assert country.shapes[polygon - 1].contains(point)
    names = [name for name in fields if name.startswith("B08_")]
    days = seconds(f"{name[4:]}T120000" for name in names)
    valid = np.array([expected_mask(number)[rows, columns] == 0 for number in range(len(TIMES))])
    seen = np.array([pixels(number, "B08", SHAPE)[rows, columns] for number in range(len(TIMES))]) / 1e4
    for number in range(len(points)):
        own = valid[:, number]
        expected = np.interp(days, seconds(TIMES)[own], seen[own, number])
        np.testing.assert_allclose([fields[name][number] for name in names], expected, atol=1e-6)


def test_no_seams_in_the_samples(made, made_in_many):
    (one, fields), (many, others) = (read_samples(run.workspace) for run in (made, made_in_many))
    assert (one == many).all()
    assert {name: column.tobytes() for name, column in fields.items()} == {
        name: column.tobytes() for name, column in others.items()
    }


@pytest.mark.parametrize("radius", [1, 3])
def test_no_seams_when_the_map_is_smoothed(made, made_in_many, tmp_path, radius):
    folders = []
    for source in (made.workspace, made_in_many.workspace):
        folders.append(shutil.copytree(source, tmp_path / source.parent.name))
        run("classifypatches", "--workspace", folders[-1], "--smoothing", radius, "--jobs", 1)
        run("mosaicmap", "--workspace", folders[-1])
    same_layers(*folders, names=["map"])
    rough, smooth = read(made.workspace / "map.tif"), read(folders[0] / "map.tif")
    assert (rough != smooth).any()
    np.testing.assert_array_equal(rough == 0, smooth == 0)


def test_smoothing_takes_the_majority_within_the_distance(made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    run("classifypatches", "--workspace", folder, "--smoothing", 1, "--jobs", 1)
    run("mosaicmap", "--workspace", folder)
    rough, smooth = read(made.workspace / "map.tif"), read(folder / "map.tif")
    for row in range(1, ROWS - 1):
        for column in range(1, COLUMNS - 1):
            near = [rough[row + i, column + j] for i, j in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))]
            votes = {class_: near.count(class_) for class_ in near if class_}
            if rough[row, column] and votes:
                most = max(votes.values())
                best = sorted(class_ for class_, count in votes.items() if count == most)
                expected = near[0] if near[0] in best else best[0]
                assert smooth[row, column] == expected


def test_smoothing_back_to_none_gives_the_first_map(made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    for radius in (2, 0):
        run("classifypatches", "--workspace", folder, "--smoothing", radius, "--jobs", 1)
        run("mosaicmap", "--workspace", folder)
    assert (folder / "map.tif").read_bytes() == (made.workspace / "map.tif").read_bytes()


def test_the_steps_one_by_one_give_the_same_map(country, made, tmp_path):
    folder = tmp_path / "steps"
    light = ("--workspace", folder, "--jobs", 1)
    run("splitarea", "--workspace", folder, "--imagery", country.imagery, *MANY)
    found = run("findscenes", "--workspace", folder, "--imagery", country.imagery).outputs
    assert found["SCENE_NUMBER"] == len(TIMES)
    assert found["REQUESTS"] == found["PROCESSING_UNITS"] == found["DOWNLOAD_MB"] == 0
    run("downloadscenes", "--imagery", country.imagery, *light)
    run("maskclouds", *light)
    run("observationstatistics", *light)
    run("rasterizereference", "--reference", country.reference, "--class-field", "id", *light)
    run("drawsamples", "--per-class", 60, *light)
    run("trainmodel", "--validation", "polygons", *light)
    run("classifypatches", *light)
    for layer in LAYERS:
        outputs = run("mosaicmap", "--workspace", folder, "--layer", layer).outputs
        assert outputs["MAP"] == str(folder / f"{layer}.tif")
    same_layers(made.workspace, folder)


def test_the_report_is_written_anew_from_what_is_there(made, tmp_path, monkeypatch):
    monkeypatch.setattr("patchwork.core.report.write_report", write_report)  # the real one
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    (folder / "report.html").unlink(missing_ok=True)
    outputs = run("writereport", "--workspace", folder, "--report", tmp_path / "page.html").outputs
    assert outputs["REPORT"] == str(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == (folder / "report.html").read_text(encoding="utf-8")
    assert "data:image/png" in page


def test_the_reference_of_the_sample_region_is_known_to_the_single_step_too(tmp_path):
    workspace = ("--workspace", tmp_path)
    area = ("--area", "547000,5153500,548500,5154700,EPSG:32633")
    run("splitarea", *workspace, "--source", "sample", *area)
    run("findscenes", *workspace, "--source", "sample")
    run("rasterizereference", *workspace, "--jobs", 1)
    labels = read(tmp_path / "labels.tif")
    assert labels.shape == (120, 150)
    assert len(np.unique(labels)) > 2


def test_a_model_of_another_workspace_gives_the_same_map(country, made, tmp_path):
    folder = tmp_path / "other"
    light = ("--workspace", folder, "--jobs", 1)
    run("splitarea", "--workspace", folder, "--imagery", country.imagery, *MANY)
    run("downloadscenes", "--imagery", country.imagery, *light)
    run("maskclouds", *light)
    run("classifypatches", "--model", made.workspace / "model.skops", *light)
    run("mosaicmap", "--workspace", folder)
    same_layers(made.workspace, folder, names=["map"])


def test_another_model_under_the_same_path_classifies_anew(made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "w")
    file = shutil.copy(folder / "model.skops", tmp_path / "colleague.skops")
    classify = ("classifypatches", "--model", file, "--workspace", folder, "--jobs", 1)

    def classes():
        run(*classify)
        return [read(path) for path in sorted((folder / "maps").glob("*.tif"))]

    model, before = load_model(file), classes()
    ids = np.array(model.scheme.ids)
    features = np.random.default_rng(0).random((60, len(model.plan.features))).astype(np.float32)
    time = file.stat().st_mtime_ns
    other = fit("random-forest", features, np.resize(ids, 60), seed=1, threads=1)
    save_model(file, replace(model, estimator=other))
    os.utime(file, ns=(time, time))  # as a copy that keeps the time
    after = classes()
    assert any((one != two).any() for one, two in zip(before, after, strict=True))
    shutil.rmtree(folder / "maps")
    shutil.copy(file, tmp_path / "elsewhere.skops")
    run("classifypatches", "--model", tmp_path / "elsewhere.skops", "--workspace", folder, "--jobs", 1)
    for path, pixels in zip(sorted((folder / "maps").glob("*.tif")), after, strict=True):
        np.testing.assert_array_equal(read(path), pixels)


def test_an_operation_runs_without_the_command_line(country, tmp_path):
    split = OPERATIONS["splitarea"]
    values = {"workspace": str(tmp_path / "w"), "imagery": str(country.imagery), "patch_size": 200}
    result = split.run(split.parameters.from_values(values), Progress())
    assert result.patch_number == 6
    assert len(pyogrio.raw.read(result.patches)[2]) == 6


# What the table of the year and a place say


def test_the_ndvi_table_has_its_columns_and_values(made):
    with open(made.workspace / "ndvi.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["time", "ndvi_all", "ndvi_valid", "valid_fraction"]
    assert [row[0][:19].replace("-", "").replace(":", "") for row in rows[1:]] == TIMES
    for number, (_, every, valid, fraction) in enumerate(rows[1:]):
        red, near_infrared = (pixels(number, band, SHAPE) for band in ("B04", "B08"))
        ndvi, mask = (near_infrared - red) / (near_infrared + red), expected_mask(number)
        assert float(every) == pytest.approx(ndvi[mask != 255].mean(), abs=2e-6)
        assert float(valid) == pytest.approx(ndvi[mask == 0].mean(), abs=2e-6)
        assert float(fraction) == pytest.approx((mask == 0).sum() / (mask != 255).sum(), abs=1e-6)


@pytest.mark.parametrize("workspace", ["made", "made_in_many"])
def test_the_series_of_a_point_holds_the_values_of_its_pixel(workspace, request):
    folder = request.getfixturevalue(workspace).workspace
    row, column = 12, 26
    place = f"{LEFT + (column + 0.5) * PIXEL},{TOP - (row + 0.5) * PIXEL},EPSG:32633"
    outputs = run("timeseries", "--workspace", folder, "--place", place, "--index", "B04,NDVI").outputs
    with open(outputs["TABLE"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["time", "B04_all", "B04_valid", "NDVI_all", "NDVI_valid", "valid_fraction"]
    assert len(rows) == len(TIMES)
    for number, found in enumerate(rows):
        red, near_infrared = (pixels(number, band, SHAPE)[row, column] for band in ("B04", "B08"))
        valid = expected_mask(number)[row, column] == 0
        assert float(found["B04_all"]) == pytest.approx(red / 10_000)
        assert float(found["NDVI_all"]) == pytest.approx((near_infrared - red) / (near_infrared + red), abs=1e-6)
        assert float(found["valid_fraction"]) == valid
        assert (found["NDVI_valid"] == found["NDVI_all"]) if valid else (found["NDVI_valid"] == "")


def test_the_series_of_a_polygon_is_the_mean_of_its_pixels(country, made_in_many, make_reference, tmp_path):
    polygon = box(20, 8, 31, 17)
    place = make_reference(tmp_path / "place.geojson", [in_degrees(polygon)], {"name": ["a"]}, "EPSG:4326")
    outputs = run("timeseries", "--workspace", made_in_many.workspace, "--place", place, "--index", "B08").outputs
    with open(outputs["TABLE"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    where = np.s_[8:17, 20:31]
    for number, found in enumerate(rows):
        values, mask = pixels(number, "B08", SHAPE)[where] / 10_000, expected_mask(number)[where]
        assert float(found["B08_all"]) == pytest.approx(values[mask != 255].mean(), abs=1e-6)
        if (mask == 0).any():
            assert float(found["B08_valid"]) == pytest.approx(values[mask == 0].mean(), abs=1e-6)


def class_of(outputs):
    with open(outputs["CLASS_TABLE"], encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), outputs["CLASS_NAME"], outputs["CLASS_COLOUR"]


def test_the_class_of_a_place_comes_with_its_mean_over_the_samples(made):
    row, column = 20, 33
    place = f"{LEFT + (column + 0.5) * PIXEL},{TOP - (row + 0.5) * PIXEL},EPSG:32633"
    outputs = run("timeseries", "--workspace", made.workspace, "--place", place, "--index", "NDVI,B08,SAVI,SCL").outputs
    table, name, colour = class_of(outputs)
    id_ = int(read(made.workspace / "map.tif")[row, column])
    entry = next(e for e in Workspace(made.workspace).facts("trainmodel")["classes"] if e["id"] == id_)
    assert (name, colour) == (entry["name"], entry["colour"])
    _, _, _, samples = pyogrio.raw.read(made.workspace / "samples.gpkg", read_geometry=False)
    columns = dict(zip(pyogrio.read_info(made.workspace / "samples.gpkg")["fields"], samples, strict=True))
    own = columns["class"] == id_
    plan = SeriesPlan.from_json(Workspace(made.workspace).facts("drawsamples")["plan"])
    assert [found["time"] for found in table] == [f"{day}T12:00:00+00:00" for day in plan.dates]
    for found, day in zip(table, plan.dates, strict=True):
        means = {value: columns[f"{value}_{day:%Y%m%d}"][own].mean(dtype=float) for value in ("NDVI", "B08", "B04")}
        assert float(found["NDVI"]) == pytest.approx(means["NDVI"], abs=2e-6)
        assert float(found["B08"]) == pytest.approx(means["B08"], abs=2e-6)
        savi = 1.5 * (means["B08"] - means["B04"]) / (means["B08"] + means["B04"] + 0.5)
        assert float(found["SAVI"]) == pytest.approx(savi, abs=5e-6)  # not learnt: that of the mean bands
        assert found["SCL"] == ""  # of which the samples hold nothing


def test_the_class_of_a_polygon_is_the_most_frequent_one(made, make_reference, tmp_path):
    place = make_reference(tmp_path / "place.gpkg", [box(3, 0, 20, 9)], {"n": [1]})
    outputs = run("timeseries", "--workspace", made.workspace, "--place", place).outputs
    ids = read(made.workspace / "map.tif")[:9, 3:20]
    found, counts = np.unique(ids[ids > 0], return_counts=True)
    assert class_of(outputs)[1] == str(found[counts.argmax()])


@pytest.mark.parametrize(("row", "column"), [(2, 4), (15, 30), (20, 8)])
def test_the_probabilities_of_a_pixel_are_those_of_its_map(made_in_many, row, column):
    place = f"{LEFT + (column + 0.5) * PIXEL},{TOP - (row + 0.5) * PIXEL},EPSG:32633"
    outputs = run("timeseries", "--workspace", made_in_many.workspace, "--place", place).outputs
    classes = json.loads(outputs["PROBABILITIES"])
    assert [own["probability"] for own in classes] == sorted((own["probability"] for own in classes), reverse=True)
    assert {own["id"] for own in classes} == set(CLASS_IDS)
    assert sum(own["probability"] for own in classes) == pytest.approx(1.0, abs=0.001)
    assert classes[0]["id"] == read(made_in_many.workspace / "map.tif")[row, column]
    confidence = read(made_in_many.workspace / "confidence.tif")[row, column]
    assert 100 * classes[0]["probability"] == pytest.approx(confidence, abs=0.51)


def test_a_place_across_patches_has_the_mean_probabilities_of_its_pixels(made, made_in_many, make_reference, tmp_path):
    place = make_reference(tmp_path / "place.gpkg", [box(3, 0, 30, 25)], {"n": [1]})
    one, many = (
        run("timeseries", "--workspace", own.workspace, "--place", place).outputs for own in (made, made_in_many)
    )
    assert one["PROBABILITIES"] == many["PROBABILITIES"] != "[]"


def test_a_place_without_a_class_has_a_header_only(made):
    row, column = ALWAYS_CLOUDY
    place = f"{LEFT + (column + 0.5) * PIXEL},{TOP - (row + 0.5) * PIXEL},EPSG:32633"
    assert read(made.workspace / "map.tif")[row, column] == 0
    outputs = run("timeseries", "--workspace", made.workspace, "--place", place).outputs
    assert class_of(outputs) == ([], "", "")
    assert outputs["PROBABILITIES"] == "[]"


# Where outputs go


def test_outputs_are_copied_where_the_person_wants_them_with_the_style(country, made, tmp_path):
    wanted = tmp_path / "drug kraj č" / "deeper" / "my map.tif"
    outputs = make_map(country, made.workspace, *ONE, "--map", wanted, "--confidence", tmp_path / "c.tif").outputs
    assert outputs["MAP"] == str(wanted)
    assert outputs["CONFIDENCE"] == str(tmp_path / "c.tif")
    assert wanted.read_bytes() == (made.workspace / "map.tif").read_bytes()
    assert wanted.with_suffix(".qml").read_bytes() == (made.workspace / "map.qml").read_bytes()
    assert sorted(path.name for path in wanted.parent.iterdir()) == ["my map.qml", "my map.tif"]


def test_the_style_and_the_colour_table_show_the_same_classes(made):
    style = (made.workspace / "map.qml").read_text(encoding="utf-8")
    with rasterio.open(made.workspace / "map.tif") as file:
        classes, colours = json.loads(file.tags()["CLASSES"]), file.colormap(1)
    assert [entry["id"] for entry in classes] == list(CLASS_IDS)
    for entry in classes:
        red, green, blue = (int(entry["colour"][i : i + 2], 16) for i in (1, 3, 5))
        assert colours[entry["id"]] == (red, green, blue, 255)
        assert f'value="{entry["id"]}" color="{entry["colour"]}"' in style


# What is done again, and what is not


def test_running_again_makes_no_raster_again(country, made):
    before = times_written(made.workspace, "**/*.tif")
    make_map(country, made.workspace, *ONE)
    assert times_written(made.workspace, "**/*.tif") == before


def test_another_dilation_makes_masks_and_map_again_but_fetches_nothing(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    scenes, clouds, maps = (times_written(folder, f"{kind}/**/*.tif") for kind in ("scenes", "clouds", "maps"))
    labels = times_written(folder, "labels/*.tif")
    make_map(country, folder, *ONE, "--dilation", 2)
    assert times_written(folder, "scenes/**/*.tif") == scenes
    assert times_written(folder, "labels/*.tif") == labels
    assert all(time > clouds[name] for name, time in times_written(folder, "clouds/**/*.tif").items())
    assert all(time > maps[name] for name, time in times_written(folder, "maps/*.tif").items())
    make_map(country, folder, *ONE, "--dilation", 1)
    same_layers(folder, made.workspace)


def test_a_new_acquisition_is_fetched_alone(country, tmp_path):
    imagery, folder = tmp_path / "imagery", tmp_path / "workspace"
    imagery.mkdir()
    files = sorted(country.imagery.iterdir())
    for file in files[:4]:
        shutil.copy2(file, imagery)
    fetch = ("downloadscenes", "--imagery", imagery, "--workspace", folder, "--jobs", 1)
    run("splitarea", "--imagery", imagery, "--workspace", folder, *MANY)
    run(*fetch)
    run("maskclouds", "--workspace", folder, "--jobs", 1)
    scenes, clouds = times_written(folder, "scenes/**/*.tif"), times_written(folder, "clouds/**/*.tif")
    shutil.copy2(files[6], imagery)
    said = run(*fetch).said
    run("maskclouds", "--workspace", folder, "--jobs", 1)
    patches = len(scenes) // 4
    assert f"{5 * patches} files: {4 * patches} exist, {patches} to fetch" in said
    now = times_written(folder, "scenes/**/*.tif")
    assert {name: now[name] for name in scenes} == scenes
    assert {name.rpartition("/")[2] for name in set(now) - set(scenes)} == {f"{TIMES[6]}.tif"}
    now = times_written(folder, "clouds/**/*.tif")
    assert {name: now[name] for name in clouds} == clouds
    assert len(now) == 5 * patches


def test_an_acquisition_that_changed_is_fetched_again_alone(country, tmp_path):
    imagery, folder = tmp_path / "imagery", tmp_path / "workspace"
    imagery.mkdir()
    for file in sorted(country.imagery.iterdir())[:3]:
        shutil.copy2(file, imagery)
    fetch = ("downloadscenes", "--imagery", imagery, "--workspace", folder, "--jobs", 1)
    run("splitarea", "--imagery", imagery, "--workspace", folder, *ONE)
    run(*fetch)
    before = times_written(folder, "scenes/**/*.tif")
    with rasterio.open(imagery / f"S2_{TIMES[1]}.tif", "r+") as file:
        file.write(np.full(SHAPE, 1234, dtype=np.uint16), 1)
    run(*fetch)
    after = times_written(folder, "scenes/**/*.tif")
    assert {name.rpartition("/")[2] for name in after if after[name] != before[name]} == {f"{TIMES[1]}.tif"}
    [scene] = folder.glob(f"scenes/*/{TIMES[1]}.tif")
    assert (read(scene) == 1234).all()


def test_what_is_deleted_by_hand_is_made_again(country, made_in_many, tmp_path):
    folder = shutil.copytree(made_in_many.workspace, tmp_path / "workspace")
    expected = {path: path.read_bytes() for path in sorted(folder.glob("**/*.tif"))}
    for path in list(expected)[::5]:
        path.unlink()
    (folder / "model.skops").unlink()
    shutil.rmtree(folder / "masks")
    make_map(country, folder, *MANY)
    assert {path: path.read_bytes() for path in sorted(folder.glob("**/*.tif"))} == expected


# The period and the area


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2019-04-23", "2019-05-13", TIMES[2:5]),
        (None, "2019-04-03", TIMES[:1]),
        ("2019-06-23", None, TIMES[-1:]),
        ("2019-01-01", "2019-12-31", TIMES),
    ],
)
def test_start_and_end_are_included(country, tmp_path, start, end, expected):
    run("splitarea", "--imagery", country.imagery, "--workspace", tmp_path)
    period = [*(("--start", start) if start else ()), *(("--end", end) if end else ())]
    outputs = run("findscenes", "--imagery", country.imagery, "--workspace", tmp_path, *period).outputs
    assert outputs["SCENE_NUMBER"] == len(expected)
    facts = json.loads((tmp_path / "scenes.json").read_text(encoding="utf-8"))
    assert [row["time"] for row in facts["acquisitions"]] == expected
    assert len(pyogrio.raw.read(outputs["SCENES"])[2]) == len(expected)


def test_acquisitions_with_more_cloud_than_the_maximum_are_left_out(tmp_path):
    area = ("--area", "546000,5152000,547000,5153000,EPSG:32633")
    run("splitarea", "--source", "sample", *area, "--workspace", tmp_path)
    found = {}
    for most in (100, 40):
        outputs = run("findscenes", "--source", "sample", "--max-cloud-cover", most, "--workspace", tmp_path).outputs
        fields = pyogrio.raw.read(outputs["SCENES"], columns=["cloud_cover"])[3]
        found[most] = fields[0]
        assert outputs["SCENE_NUMBER"] == len(fields[0])
    assert len(found[40]) == (found[100] <= 40).sum() > 0
    assert found[40].max() <= 40 < found[100].max()


def layout(folder):
    facts, _, shapes, columns = pyogrio.raw.read(folder / "patches.gpkg")
    ids = columns[list(facts["fields"]).index("id")]
    return dict(zip(ids, shapely.from_wkb(shapes), strict=True)), facts["crs"]


def test_an_area_in_degrees_is_the_same_as_its_rectangle_in_utm(country, make_reference, tmp_path):
    rectangle = box(5.2, 3.2, 30.8, 20.8)
    area = make_reference(tmp_path / "area.gpkg", [in_degrees(rectangle)], {"name": ["a"]}, "EPSG:4326")
    folders = tmp_path / "degrees", tmp_path / "utm"
    for folder, text in zip(folders, (area, extent(rectangle)), strict=True):
        common = ("--imagery", country.imagery, "--workspace", folder)
        run("splitarea", *common, "--area", text, *MANY)
        run("downloadscenes", *common, "--end", "2019-04-13", "--jobs", 1)
    assert layout(folders[0]) == layout(folders[1])
    assert box(5, 3, 31, 21).equals(shapely.union_all(list(layout(folders[0])[0].values())))
    files = [{str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("scenes/**/*.tif")} for folder in folders]
    assert files[0] == files[1]
    assert len(files[0]) > 2


def test_patches_keep_their_ids_when_the_area_grows_and_inner_ones_are_not_fetched_again(country, tmp_path):
    common = ("--imagery", country.imagery, "--workspace", tmp_path)

    def fetch(area):
        run("splitarea", *common, "--area", extent(area), "--patch-size", 80)
        run("downloadscenes", *common, "--end", "2019-04-13", "--jobs", 1)
        return layout(tmp_path)[0], times_written(tmp_path, "scenes/**/*.tif")

    small, before = fetch(box(11, 9, 35, 27))
    large, after = fetch(box(2, 3, 44, 33))
    assert set(small) < set(large)
    inner = {id_ for id_ in small if small[id_].equals(large[id_])}
    assert inner
    for name, time in before.items():
        patch = name.split("/")[1]
        assert small[patch].within(large[patch].buffer(0.01))
        assert (after[name] == time) == (patch in inner)


def test_a_map_covers_an_area_that_grows_beyond_the_imagery(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    make_map(country, folder, *ONE, "--area", extent(box(-600, -20, COLUMNS, ROWS)))
    with rasterio.open(folder / "map.tif") as file:
        assert file.shape == (ROWS + 20, COLUMNS + 600)
        assert file.bounds.left == LEFT - 6000
        classes = file.read(1)
    np.testing.assert_array_equal(classes[20:, 600:], read(made.workspace / "map.tif"))
    assert not classes[:20].any()
    assert not classes[:, :600].any()


def test_an_acquisition_that_reaches_farther_does_not_change_the_grid(country, make_imagery, tmp_path):
    """It is first in the folder and begins 5 pixels to the west: pixels coincide, so the workspace goes on."""
    imagery, folder = shutil.copytree(country.imagery, tmp_path / "imagery"), tmp_path / "workspace"
    area = ("--area", extent(box(0, 0, COLUMNS, ROWS)))
    fetch = ("downloadscenes", "--imagery", imagery, "--workspace", folder, "--jobs", 1)
    run("splitarea", "--imagery", imagery, "--workspace", folder, *area, *MANY)
    run(*fetch)
    before, patches = times_written(folder, "scenes/**/*.tif"), layout(folder)
    corner = (LEFT - 50, TOP + 30)
    make_imagery(imagery, times=["20190301T100031"], bands=BANDS, shape=(50, 60), values=700, corner=corner)
    run("splitarea", "--imagery", imagery, "--workspace", folder, *area, *MANY)
    run(*fetch)
    after = times_written(folder, "scenes/**/*.tif")
    assert layout(folder) == patches
    assert {name: after[name] for name in before} == before
    assert (stitched(folder / "scenes", "20190301T100031") == 700).all()


def test_the_area_grows_by_the_buffer(country, tmp_path):
    run("splitarea", "--imagery", country.imagery, "--workspace", tmp_path, "--area", extent(box(10, 10, 20, 20)))
    [before] = layout(tmp_path)[0].values()
    more = ("--area", extent(box(10, 10, 20, 20)), "--buffer", 30)
    run("splitarea", "--imagery", country.imagery, "--workspace", tmp_path, *more)
    [after] = layout(tmp_path)[0].values()
    assert before.equals(box(10, 10, 20, 20))
    assert after.equals(box(7, 7, 23, 23))


def test_the_number_of_patches_can_be_given_instead_of_their_size(country, tmp_path):
    outputs = run(
        "splitarea", "--imagery", country.imagery, "--workspace", tmp_path, "--patch-count", "3x2", "--patch-size", 70
    ).outputs
    assert outputs["PATCH_NUMBER"] == 6
    shapes = list(layout(tmp_path)[0].values())
    assert {(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1]) for shape in shapes} == {(160, 180)}
    assert shapely.union_all(shapes).equals(box(0, 0, COLUMNS, ROWS))


@pytest.mark.parametrize("count", ["7x5", "30x25"])
def test_as_many_patches_as_asked_for(country, tmp_path, count):
    outputs = run("splitarea", "--imagery", country.imagery, "--workspace", tmp_path, "--patch-count", count).outputs
    columns, rows = map(int, count.split("x"))
    assert outputs["PATCH_NUMBER"] == columns * rows


def test_without_imagery_an_area_is_cut_in_its_utm_zone(tmp_path):
    run("splitarea", "--area", "15.0,46.0,15.01,46.01", "--workspace", tmp_path)
    shapes, crs = layout(tmp_path)
    assert crs == "EPSG:32633"
    bounds = shapely.union_all(list(shapes.values())).bounds
    assert all(value % 10 == 0 for value in bounds)
    x, y = Transformer.from_crs(4326, 32633, always_xy=True).transform(15.005, 46.005)
    assert shapely.box(*bounds).contains(shapely.Point(x, y))


def test_an_area_on_the_southern_hemisphere_lies_in_a_southern_zone(tmp_path):
    run("splitarea", "--area", "28.0,-15.51,28.01,-15.5", "--workspace", tmp_path, "--patch-size", 500)
    shapes, crs = layout(tmp_path)
    assert crs == "EPSG:32735"
    whole = shapely.union_all(list(shapes.values()))
    assert in_degrees(whole, 32735).contains(shapely.box(28.0001, -15.5099, 28.0099, -15.5001))
    assert whole.area == pytest.approx(1070 * 1110, rel=0.06)


def test_a_map_on_the_southern_hemisphere(make_imagery, make_reference, tmp_path):
    corner = (600_000.0, 8_280_000.0)
    imagery = make_imagery(
        tmp_path / "imagery", times=TIMES[:5], bands=BANDS, shape=SHAPE, values=pixels, crs="EPSG:32735", corner=corner
    )
    tiles = [(row, column) for row in range(0, ROWS, 6) for column in range(0, COLUMNS, 6)]
    shapes = [
        in_degrees(
            shapely.box(
                corner[0] + 10 * c + 1, corner[1] - 10 * r - 59, corner[0] + 10 * c + 59, corner[1] - 10 * r - 1
            ),
            32735,
        )
        for r, c in tiles
    ]
    fields = {"id": [CLASS_IDS[class_numbers()[tile]] for tile in tiles]}
    reference = make_reference(tmp_path / "reference.geojson", shapes, fields, "EPSG:4326")
    country = SimpleNamespace(imagery=imagery, reference=reference)
    make_map(country, tmp_path / "w", *MANY)
    with rasterio.open(tmp_path / "w" / "map.tif") as file:
        assert file.crs.to_epsg() == 32735
        assert (file.transform.c, file.transform.f) == corner
        truth = np.array(CLASS_IDS)[class_numbers()]
        assert (file.read(1) == truth).mean() > 0.7


def test_another_resolution_and_crs_give_no_seams_either(country, tmp_path):
    folders = tmp_path / "one", tmp_path / "many"
    for folder, size in zip(folders, (ONE, MANY), strict=True):
        make_map(country, folder, *size, "--resolution", 20, "--crs", "EPSG:3035", "--erosion", 0)
    same_layers(*folders)
    assert len(list((folders[1] / "maps").iterdir())) > 1
    with rasterio.open(folders[0] / "map.tif") as file:
        assert file.crs.to_epsg() == 3035
        assert file.res == (20, 20)
        assert file.transform.c % 20 == file.transform.f % 20 == 0
        classes = file.read(1)
    assert set(np.unique(classes)) <= {0, *CLASS_IDS}
    assert (classes > 0).mean() > 0.7


def test_a_crs_alone_keeps_the_resolution_of_the_imagery(make_imagery, tmp_path):
    imagery = make_imagery(tmp_path / "imagery", times=TIMES[:1], pixel=20)
    run("splitarea", "--imagery", imagery, "--workspace", tmp_path / "w", "--crs", "EPSG:32632")
    facts = json.loads((tmp_path / "w" / "grid.json").read_text(encoding="utf-8"))
    assert facts["grid"]["pixel_width"] == 20


def test_outside_a_polygon_there_is_no_data_and_no_seam(country, make_reference, tmp_path):
    polygon = shapely.Polygon(
        [(LEFT + 10 * x, TOP - 10 * y) for x, y in ((2, 3), (45, 1), (30, 18), (47, 34), (4, 35), (14, 20))]
    )
    area = make_reference(tmp_path / "area.geojson", [in_degrees(polygon)], {"name": ["a"]}, "EPSG:4326")
    folders = tmp_path / "one", tmp_path / "many"
    for folder, size in zip(folders, (ONE, MANY), strict=True):
        make_map(country, folder, *size, "--area", area, "--smoothing", 1)
    same_layers(*folders)
    with rasterio.open(folders[0] / "map.tif") as file:
        classes, transform = file.read(1), file.transform
    rows, columns = np.indices(classes.shape)
    x, y = transform * (columns + 0.5, rows + 0.5)
    sure = shapely.distance(polygon.exterior, shapely.points(x, y)) > 0.5
    inside = shapely.contains_xy(polygon, x, y)
    for name, nodata in (("map", 0), ("confidence", 255), ("valid_count", 0), ("labels", 0)):
        assert (read(folders[0] / f"{name}.tif")[sure & ~inside] == nodata).all(), name
    assert (classes[sure & inside] > 0).mean() > 0.95


def test_a_grid_of_crooked_pixels_gives_no_seams(country, make_imagery, make_reference, tmp_path):
    """Real files have pixels of 9.9948 m × 9.9974 m, and a corner on no round number."""
    corner, size = (465_181.0522, 5_080_254.6337), (9.9948, 9.9974)
    imagery = make_imagery(
        tmp_path / "imagery", times=TIMES[:5], bands=BANDS, shape=SHAPE, values=pixels, corner=corner, pixel=size
    )
    shapes = [
        shapely.transform(
            shape,
            lambda xy: np.column_stack(
                [corner[0] + (xy[:, 0] - LEFT) / 10 * size[0], corner[1] + (xy[:, 1] - TOP) / 10 * size[1]]
            ),
        )
        for shape in country.shapes
    ]
    reference = make_reference(tmp_path / "reference.gpkg", shapes, {"id": country.fields["id"]})
    crooked = SimpleNamespace(imagery=imagery, reference=reference)
    folders = tmp_path / "one", tmp_path / "many"
    for folder, patches in zip(folders, (ONE, MANY), strict=True):
        make_map(crooked, folder, *patches)
    same_layers(*folders)
    with rasterio.open(folders[1] / "map.tif") as file:
        assert file.shape == SHAPE
        assert file.res == size


# The reference


def test_names_are_numbered_from_1_in_sorted_order(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    common = ("--reference", country.reference, "--erosion", 0, "--workspace", folder, "--jobs", 1)
    run("rasterizereference", "--class-field", "crop", *common)
    with rasterio.open(folder / "labels.tif") as file:
        labels, classes = file.read(1), json.loads(file.tags()["CLASSES"])
    assert [(entry["id"], entry["name"]) for entry in classes] == list(
        enumerate(sorted(["wheat", "apples", "čebula", "bare"]), start=1)
    )
    number_of = {entry["name"]: entry["id"] for entry in classes}
    truth = np.array([number_of[name] for name in ("wheat", "apples", "čebula", "bare")])[class_numbers()]
    np.testing.assert_array_equal(labels[labels > 0], truth[labels > 0])
    for entry in classes:
        np.testing.assert_array_equal(read(folder / "masks" / f"mask_{entry['id']}.tif") == 1, labels == entry["id"])
    outputs = run("rasterizereference", "--class-field", "id", "--name-field", "crop", *common).outputs
    with rasterio.open(outputs["LABELS"]) as file:
        classes = json.loads(file.tags()["CLASSES"])
    assert {entry["id"]: entry["name"] for entry in classes} == dict(
        zip(CLASS_IDS, ("wheat", "apples", "čebula", "bare"), strict=True)
    )


def test_masks_of_classes_that_are_gone_do_not_stay(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    common = ("--reference", country.reference, "--workspace", folder, "--jobs", 1)
    outputs = run("rasterizereference", "--class-field", "crop", *common).outputs
    names = sorted(path.name for path in (folder / "masks").iterdir())
    assert outputs["MASKS"] == str(folder / "masks")
    assert names == [f"mask_{number}.{kind}" for number in (1, 2, 3, 4) for kind in ("qml", "tif")]


def test_erosion_makes_labels_smaller_by_a_pixel_on_each_side(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    common = ("--reference", country.reference, "--class-field", "id", "--workspace", folder, "--jobs", 1)
    for erosion, side in ((0, 6), (1, 4), (2, 2)):
        run("rasterizereference", "--erosion", erosion, *common)
        assert (read(folder / "labels.tif") > 0).sum() == len(country.shapes) * side * side


@pytest.mark.parametrize("erosion", [1, 2])
def test_no_seams_in_labels_where_patches_end_with_polygons(country, tmp_path, erosion):
    inputs = ("--reference", country.reference, "--class-field", "id", "--jobs", 1)
    run("splitarea", "--imagery", country.imagery, "--workspace", tmp_path, "--patch-size", 40)
    for radius in (0, erosion):  # the second time labels and masks are made anew
        run("rasterizereference", *inputs, "--workspace", tmp_path, "--erosion", radius)
    expected, polygons = np.zeros(SHAPE, dtype=int), np.zeros(SHAPE, dtype=int)
    for number, (shape, id_) in enumerate(zip(country.shapes, country.fields["id"], strict=True), start=1):
        column, row = round((shape.bounds[0] - LEFT) / PIXEL), round((TOP - shape.bounds[3]) / PIXEL)
        inner = (slice(row + erosion, row + 6 - erosion), slice(column + erosion, column + 6 - erosion))
        expected[inner], polygons[inner] = id_, number
    np.testing.assert_array_equal(read(tmp_path / "labels.tif"), expected)
    for id_ in CLASS_IDS:
        np.testing.assert_array_equal(read(tmp_path / "masks" / f"mask_{id_}.tif"), expected == id_)
    for path in (tmp_path / "labels").glob("*.tif"):
        with rasterio.open(path) as file:
            row, column = round((TOP - file.transform.f) / PIXEL), round((file.transform.c - LEFT) / PIXEL)
            own = polygons[row : row + file.height, column : column + file.width]
            np.testing.assert_array_equal(file.read(2), own)


def test_what_lies_beside_a_changed_patch_is_smoothed_anew(country, made, tmp_path):
    """The small area ends with a patch, past whose edge smoothing then reads."""
    whole, small = box(0, 0, COLUMNS, ROWS), box(0, 0, 27, ROWS)
    for folder, areas in (("grown", (small, whole)), ("fresh", (whole,))):
        common = ("--workspace", tmp_path / folder, "--jobs", 1)
        for area in areas:
            imagery = ("--imagery", country.imagery)
            run("splitarea", *imagery, "--area", extent(area), "--workspace", tmp_path / folder, *MANY)
            run("downloadscenes", *imagery, *common)
            run("maskclouds", *common, "--dilation", 0)
            run("classifypatches", *common, "--model", made.workspace / "model.skops", "--smoothing", 3)
        run("mosaicmap", "--workspace", tmp_path / folder)
    same_layers(tmp_path / "grown", tmp_path / "fresh", names=["map"])


def test_other_colours_make_nothing_again_but_what_shows_them(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    model = load_model(folder / "model.skops")
    save_model(folder / "model.skops", replace(model, facts={**model.facts, "mark": "lost by training"}))
    kept = [times_written(folder, pattern) for pattern in ("*/**/*.tif", "samples.gpkg")]
    make_map(country, folder, *ONE, "--class-colours", "20=#A1B2c3, 400=#000001")
    assert [times_written(folder, pattern) for pattern in ("*/**/*.tif", "samples.gpkg")] == kept
    same_layers(folder, made.workspace)
    for layer in ("map", "labels"):
        with rasterio.open(folder / f"{layer}.tif") as file, rasterio.open(made.workspace / f"{layer}.tif") as old:
            colours, before, classes = file.colormap(1), old.colormap(1), json.loads(file.tags()["CLASSES"])
        assert colours == before | {20: (161, 178, 195, 255), 400: (0, 0, 1, 255)}
        assert {entry["id"]: entry["colour"] for entry in classes}[20] == "#a1b2c3"
        assert 'value="20" color="#a1b2c3"' in (folder / f"{layer}.qml").read_text(encoding="utf-8")
    assert "#a1b2c3" in (folder / "masks" / "mask_20.qml").read_text(encoding="utf-8")
    recoloured = load_model(folder / "model.skops")
    assert recoloured.scheme.colour_table[400] == (0, 0, 1)
    assert recoloured.facts["mark"] == "lost by training"
    for step in ("rasterizereference", "drawsamples", "trainmodel", "classifypatches"):
        found = {entry["id"]: entry["colour"] for entry in Workspace(folder).facts(step)["classes"]}
        assert (found[20], found[400]) == ("#a1b2c3", "#000001")
    make_map(country, folder, *ONE)  # and back
    assert (folder / "map.tif").read_bytes() == (made.workspace / "map.tif").read_bytes()
    assert Workspace(folder).facts("trainmodel") == Workspace(made.workspace).facts("trainmodel")


def test_classes_left_out_are_unknown_and_the_others_keep_their_colours(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    common = ("--reference", country.reference, "--class-field", "id", "--workspace", folder, "--jobs", 1)
    done = run("rasterizereference", *common, "--name-field", "crop", "--skip-classes", "čebula,10,42")
    assert "Warning: Skipped classes (SKIP_CLASSES): the reference has no class 42." in done.said
    gone = country.fields["id"].count(30) + country.fields["id"].count(10)
    assert f"{gone} polygons of skipped classes treated as unknown." in done.said
    before, labels = read(made.workspace / "labels.tif"), read(folder / "labels.tif")
    np.testing.assert_array_equal(labels, np.where(np.isin(before, (10, 30)), 0, before))
    assert sorted(path.name for path in (folder / "masks").glob("*.tif")) == ["mask_20.tif", "mask_400.tif"]
    every = {entry["id"]: entry["colour"] for entry in Workspace(made.workspace).facts("trainmodel")["classes"]}
    classes = Workspace(folder).facts("rasterizereference")["classes"]
    assert {entry["id"]: entry["colour"] for entry in classes} == {id_: every[id_] for id_ in (20, 400)}


def test_all_but_one_class_left_out_is_told(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    values = {"workspace": folder, "reference": str(country.reference), "class_field": "id", "jobs": 1}
    step = OPERATIONS["rasterizereference"]
    with pytest.raises(DataError, match=r"has 1 class within the area"):
        step.run(step.parameters.from_values({**values, "skip_classes": "10,20,30"}), Progress())


@pytest.mark.parametrize("wrong", ["1=red", "forest=#ffffff", "1:#ffffff", "1=#fff", "-1=#ffffff"])
def test_what_is_no_colour_of_a_class_is_told(country, made, wrong):
    values = {"workspace": made.workspace, "reference": str(country.reference), "class_field": "id"}
    step = OPERATIONS["rasterizereference"]
    with pytest.raises(ParameterError, match=rf"\(CLASS_COLOURS\): not a class and colour such as .*: {wrong}\."):
        step.run(step.parameters.from_values({**values, "class_colours": f"20=#ffffff,{wrong}"}), Progress())


def test_colours_of_classes_that_there_are_not_are_told(country, made, tmp_path):
    folder = shutil.copytree(made.workspace, tmp_path / "workspace")
    common = ("--reference", country.reference, "--class-field", "id", "--workspace", folder, "--jobs", 1)
    said = run("rasterizereference", *common, "--class-colours", "7=#ffffff,10=#101010").said
    assert "Warning: Class colours (CLASS_COLOURS): the reference has no class 7." in said


# The sample region


def test_the_sample_region_needs_nothing_but_a_workspace_and_is_said_to_be_simulated(tmp_path):
    area = ("--area", "547000,5153500,548500,5154700,EPSG:32633")
    period = ("--start", "2019-06-01", "--end", "2019-07-31")
    outputs = run(
        "makemap", "--source", "sample", *area, *period, *MODEL, "--cloud-resolution", 160, "--workspace", tmp_path
    ).outputs
    with rasterio.open(outputs["MAP"]) as file:
        classes, names = file.read(1), {entry["id"]: entry["name"] for entry in json.loads(file.tags()["CLASSES"])}
    assert classes.shape == (120, 150)
    assert set(np.unique(classes)) - {0} <= set(range(1, 11))
    assert len(np.unique(classes)) > 2
    assert set(names.values()) <= {
        "cultivated land", "forest", "grassland", "shrubland", "water", "wetlands", "tundra", "artificial surface",
        "bareland", "snow and ice",
    }  # fmt: skip
    page = write_report(Workspace(tmp_path)).read_text(encoding="utf-8")
    assert "simulated" in page
    assert "forest" in page
