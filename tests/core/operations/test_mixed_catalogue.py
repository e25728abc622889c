"""Sentinel-2, Landsat and Sentinel-1 in one workspace: from scenes to map and report, against numpy.

The workspace is that of a folder of Sentinel-2 images; the acquisitions of the other two are put beside them. There are
four classes of land: two that optical imagery tells apart, each of two that radar alone does.
"""

import csv
import json
import re
import shutil
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from patchwork.core.clouds.masks import CloudMasks
from patchwork.core.errors import DataError
from patchwork.core.imagery.scenes import scene_fingerprint
from patchwork.core.learning.features import SeriesPlan
from patchwork.core.learning.observations import strip_height
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.report import write_report
from patchwork.core.store.acquisitions import Acquisition
from patchwork.core.store.rasters import FINGERPRINT_TAG, fingerprint_of, write_raster
from patchwork.core.store.workspace import Workspace

SHAPE = ROWS, COLUMNS = 36, 48
LEFT, TOP = 500_000.0, 5_100_000.0
ALWAYS_CLOUDY, NO_RADAR = (7, 9), (slice(None), slice(45, 48))
CLASS_IDS = (11, 12, 21, 22)  # the first digit is what optical imagery tells, the second what radar tells
REFLECTANCE = ("B02", "B03", "B04", "B08")
OPTICAL = tuple(f"2019{month:02d}{day:02d}T100031" for month in (4, 5, 6) for day in (3, 18))
LANDSAT = ("20190411T095512", "20190520T095513")
RADAR = ("20190401T051500", "20190413T051501", "20190507T165902", "20190531T051500", "20190624T051501")
BANDS = {**dict.fromkeys(OPTICAL, (*REFLECTANCE, "SCL")), **dict.fromkeys(LANDSAT, (*REFLECTANCE, "QA"))}
BANDS |= dict.fromkeys(RADAR, ("VV", "VH"))
MODEL = {"per_class": 80, "jobs": 1}
RASTERS = ("map", "confidence", "valid_count", "mean_cloud_probability", "mean_ndvi")


def kinds():
    """(2, y, x): the first and the second digit of the class, 0 or 1, in tiles of 6 × 6 pixels."""
    rows, columns = np.arange(ROWS)[:, None] // 6, np.arange(COLUMNS)[None, :] // 6
    number = (rows + 2 * columns) % 4
    return np.stack(np.broadcast_arrays(number // 2, number % 2))


def class_ids():
    optical, radar = kinds()
    return np.array(CLASS_IDS)[2 * optical + radar]


def image(time, band):
    """(y, x) uint16 as it lies in a scene."""
    random = np.random.default_rng([int(time[4:8]), *band.encode()])
    optical, radar = kinds()
    cloud = np.zeros(SHAPE, dtype=bool)
    start = int(time[6:8])
    cloud[start : start + 12, start : start + 20] = True
    cloud[ALWAYS_CLOUDY] = True
    if band == "SCL":
        return np.where(cloud, 9, 4).astype(np.uint16)
    if band == "QA":
        return np.where(cloud, 8, 64).astype(np.uint16)
    if band in ("VV", "VH"):
        decibel = {"VV": -12.0, "VH": -19.0}[band] + 5.0 * radar + random.normal(0, 0.8, SHAPE)
        backscatter = np.rint(decibel * 1000 + 50_000).astype(np.uint16)
        backscatter[NO_RADAR] = 0
        if time == RADAR[1]:
            backscatter[:, 20:] = 0  # this pass shows the west only
        return backscatter
    noise = random.normal(0, 150, SHAPE)
    return (1200 + (2500 * optical if band == "B08" else -300 * optical) + noise).astype(np.uint16)


def is_valid(time):
    """(y, x) bool: what counts of an acquisition, by hand."""
    if "VV" in BANDS[time]:
        return image(time, "VV") > 0
    return image(time, "SCL") == 4 if "SCL" in BANDS[time] else image(time, "QA") == 64


def run(name, folder, **given):
    operation = OPERATIONS[name]
    return execute(operation, operation.parameters.from_values({"workspace": folder, **given}), {}, Progress())


def moment(time):
    return datetime.strptime(time, "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)


def put_beside(folder, times, repeats=(1, 1)):
    """Acquisitions that the source does not know: into the catalogue, and their scenes."""
    workspace = Workspace(folder)
    domain = workspace.layout.domain
    ground = shapely.box(*workspace.layout.grid.bounds(domain))
    items = [
        Acquisition(
            moment(time),
            f"{time} of the test",
            BANDS[time],
            ground,
            coverage=1.0,
            facts={"collection": "sentinel-1-grd" if time in RADAR else "landsat-ot-l2"},
        )
        for time in times
    ]
    old = workspace.catalogue
    workspace.write_catalogue(
        replace(old, acquisitions=tuple(sorted((*old.acquisitions, *items), key=lambda i: i.time)))
    )
    for item, time in zip(items, times, strict=True):
        bands = np.stack([np.tile(image(time, band), repeats) for band in item.bands])
        for patch in workspace.layout.patches:
            own = bands[(slice(None), *domain.slices(patch.window))]
            tags = {FINGERPRINT_TAG: scene_fingerprint(workspace.layout, patch, item)}
            place = (workspace.layout.grid, patch.window)
            write_raster(workspace.paths.scene(patch, item), own, *place, nodata=0, names=item.bands, tags=tags)


def only(folder, keep):
    """Leave out acquisitions of the catalogue."""
    workspace = Workspace(folder)
    kept = tuple(item for item in workspace.catalogue.acquisitions if keep(item))
    workspace.write_catalogue(replace(workspace.catalogue, acquisitions=kept))


def finish(folder, **model):
    """From the scenes to the map."""
    run("maskclouds", folder, dilation=0, jobs=1)
    run("observationstatistics", folder, jobs=1)
    run("drawsamples", folder, step=12, **{**MODEL, **model})
    run("trainmodel", folder, jobs=1)
    run("classifypatches", folder, jobs=1)
    return run("mosaicmap", folder), run("mosaicmap", folder, layer="confidence")


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)


@pytest.fixture(scope="module")
def country(tmp_path_factory, make_imagery, make_reference):
    """`country(patch_size, times)` makes a workspace with scenes and labels and returns its folder."""
    place = tmp_path_factory.mktemp("joined")

    def value(number, band, shape):
        return image(OPTICAL[number], band)

    options = {"times": OPTICAL, "bands": BANDS[OPTICAL[0]], "shape": SHAPE, "values": value, "corner": (LEFT, TOP)}
    imagery = make_imagery(place / "imagery", **options)
    tiles = [
        (row, column) for row in range(0, ROWS, 6) for column in range(0, COLUMNS - 6, 6) if (row + column) % 4 == 0
    ]
    boxes = [shapely.box(LEFT + 10 * c + 1, TOP - 10 * r - 59, LEFT + 10 * c + 59, TOP - 10 * r - 1) for r, c in tiles]
    ids = np.array([class_ids()[tile] for tile in tiles])
    reference = make_reference(place / "reference.gpkg", boxes, {"id": ids})

    def make(patch_size, times=(*LANDSAT, *RADAR)):
        folder = place / f"{patch_size}-{len(times)}"
        run("splitarea", folder, imagery=imagery, patch_size=patch_size)
        run("downloadscenes", folder, imagery=imagery, jobs=1)
        put_beside(folder, times)
        run("rasterizereference", folder, reference=str(reference), class_field="id", erosion=0, jobs=1)
        return folder

    return make


@pytest.fixture(scope="module")
def made(country):
    folder = country(5000)
    finish(folder)
    return folder


@pytest.fixture(scope="module")
def made_in_many(country):
    folder = country(190)
    finish(folder)
    return folder


@pytest.fixture(scope="module")
def made_without_radar(country):
    folder = country(5000, LANDSAT)
    finish(folder)
    return folder


@pytest.fixture
def copied(made, tmp_path):
    return shutil.copytree(made, tmp_path / "work")


def expected_features(plan, row, column):
    """np.interp of one pixel: each value over the valid observations of all acquisitions that have its bands."""
    wanted = [datetime(d.year, d.month, d.day, 12, tzinfo=timezone.utc).timestamp() for d in plan.dates]
    features = []
    for value in plan.values:
        bands = {"NDVI": ("B08", "B04"), "NDWI": ("B03", "B08"), "brightness": REFLECTANCE}.get(value, (value,))
        times = [time for time in sorted(BANDS) if set(bands) <= set(BANDS[time]) and is_valid(time)[row, column]]
        seen = []
        for time in times:
            one, *others = (float(image(time, band)[row, column]) for band in bands)
            if value in ("VV", "VH"):
                seen.append((one / 1000 - 50 + 50) / 10)
            elif value == "brightness":
                seen.append(np.sqrt(sum((number / 1e4) ** 2 for number in (one, *others))))
            else:
                seen.append((one - others[0]) / (one + others[0]) if others else one / 1e4)
        features += np.interp(wanted, [moment(time).timestamp() for time in times], seen).tolist()
    return features


def test_features_are_those_of_numpy_each_over_the_acquisitions_that_have_its_bands(made):
    record = json.loads((made / "records" / "drawsamples.json").read_text(encoding="utf-8"))
    plan = SeriesPlan.from_json(record["plan"])
    assert plan.bands == (*REFLECTANCE, "VV", "VH")
    assert "VV_20190413" in plan.features
    meta, _, _, columns = pyogrio.raw.read(made / "samples.gpkg")
    table = dict(zip(meta["fields"], columns, strict=True))
    domain = Workspace(made).layout.domain
    found = np.column_stack([table[name] for name in plan.features])
    assert len(found) > 150
    for number in range(0, len(found), 7):
        place = table["row"][number] - domain.row, table["column"][number] - domain.column
        np.testing.assert_allclose(found[number], expected_features(plan, *place), rtol=2e-4, atol=2e-5)


def test_a_pixel_that_one_of_them_never_saw_is_no_sample(copied, make_reference, tmp_path):
    right, bottom = LEFT + 10 * COLUMNS, TOP - 10 * ROWS
    halves = [shapely.box(LEFT, bottom, right, TOP - 60), shapely.box(LEFT, TOP - 60, right, TOP)]
    reference = make_reference(tmp_path / "reference.gpkg", halves, {"id": [1, 2]})
    run("rasterizereference", copied, reference=str(reference), class_field="id", erosion=0, jobs=1)
    run("drawsamples", copied, per_class=100_000, jobs=1)
    _, _, _, columns = pyogrio.raw.read(copied / "samples.gpkg")
    assert not any(np.isnan(column).any() for column in columns)
    assert len(columns[0]) == (read(copied / "map.tif") > 0).sum()


def test_radar_tells_apart_what_optical_imagery_cannot(made, made_without_radar):
    joined, optical = read(made / "map.tif"), read(made_without_radar / "map.tif")
    there = joined > 0
    assert np.mean(joined[there] == class_ids()[there]) > 0.98
    assert np.mean(optical[there] == class_ids()[there]) < 0.75
    assert np.mean(optical[there] // 10 == class_ids()[there] // 10) > 0.98


def test_a_pixel_that_one_of_them_never_saw_is_no_data(made, made_without_radar):
    unseen = np.zeros(SHAPE, dtype=bool)
    unseen[NO_RADAR] = unseen[ALWAYS_CLOUDY] = True
    np.testing.assert_array_equal(read(made / "map.tif") == 0, unseen)
    np.testing.assert_array_equal(read(made / "confidence.tif") == 255, unseen)
    assert np.flatnonzero(read(made_without_radar / "map.tif") == 0).tolist() == [
        np.ravel_multi_index(ALWAYS_CLOUDY, SHAPE)
    ]


def test_no_seams(made, made_in_many):
    assert len(list((made_in_many / "maps").glob("*.tif"))) > 4
    for name in RASTERS:
        with rasterio.open(made / f"{name}.tif") as one, rasterio.open(made_in_many / f"{name}.tif") as many:
            assert one.read().tobytes() == many.read().tobytes(), name
    assert (made / "ndvi.csv").read_bytes() == (made_in_many / "ndvi.csv").read_bytes()


def test_a_patch_that_is_classified_in_strips_has_the_same_map(copied, make_imagery, tmp_path):
    """The same land repeated 6 × 10 times: with features of every day, that patch does not fit into 500 MB at once."""
    run("drawsamples", copied, step=1, **MODEL)
    run("trainmodel", copied, jobs=1)
    run("classifypatches", copied, jobs=1)
    run("mosaicmap", copied)
    repeats, folder = (6, 10), tmp_path / "repeated"

    def value(number, band, shape):
        return np.tile(image(OPTICAL[number], band), repeats)

    options = {"times": OPTICAL, "bands": BANDS[OPTICAL[0]], "values": value, "corner": (LEFT, TOP)}
    imagery = make_imagery(tmp_path / "imagery", shape=(6 * ROWS, 10 * COLUMNS), **options)
    run("splitarea", folder, imagery=imagery, patch_size=5000)
    run("downloadscenes", folder, imagery=imagery, jobs=1)
    put_beside(folder, (*LANDSAT, *RADAR), repeats)
    run("maskclouds", folder, dilation=0, jobs=1)
    run("classifypatches", folder, model=copied / "model.skops", memory=500, jobs=1)
    run("mosaicmap", folder)
    np.testing.assert_array_equal(read(folder / "map.tif"), np.tile(read(copied / "map.tif"), repeats))


def test_strips_fit_the_budget_and_count_the_bands_that_each_acquisition_has(made):
    workspace = Workspace(made)
    (patch,) = workspace.layout.patches
    plan = SeriesPlan((*REFLECTANCE, "VV", "VH"), (), (date(2019, 4, 1),))
    pixel = sum(4 * len(set(bands) - {"SCL", "QA"}) + 2 for bands in BANDS.values()) + 8 * 6 + 64
    rows = 7
    budget = pixel * patch.window.width * rows
    assert strip_height(workspace, plan, patch, budget) == rows
    assert strip_height(workspace, plan, patch, budget - 1) == rows - 1


def test_radar_is_no_optical_observation(made, made_without_radar):
    for name in ("valid_count", "mean_cloud_probability", "mean_ndvi"):
        np.testing.assert_array_equal(read(made / f"{name}.tif"), read(made_without_radar / f"{name}.tif"))
    expected = sum(is_valid(time).astype(int) for time in (*OPTICAL, *LANDSAT))
    np.testing.assert_array_equal(read(made / "valid_count.tif"), expected)
    with open(made / "ndvi.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["time"] for row in rows] == [moment(time).isoformat() for time in sorted((*OPTICAL, *LANDSAT))]
    for row, time in zip(rows, sorted((*OPTICAL, *LANDSAT)), strict=True):
        red, near_infrared = (image(time, band).astype(float) for band in ("B04", "B08"))
        ndvi = (near_infrared - red) / (near_infrared + red)
        assert float(row["ndvi_valid"]) == pytest.approx(ndvi[is_valid(time)].mean(), abs=2e-6)
        assert float(row["valid_fraction"]) == pytest.approx(is_valid(time).mean(), abs=1e-6)


def test_the_series_of_a_place_holds_decibel_beside_an_index(made):
    row, column = 3, 30
    x, y = LEFT + 10 * column + 5, TOP - 10 * row - 5
    outputs = run("timeseries", made, place=f"{x},{y},EPSG:32633", index=("VV", "NDVI"))
    with open(outputs["table"], encoding="utf-8", newline="") as file:
        rows = {entry["time"]: entry for entry in csv.DictReader(file)}
    assert list(rows) == [moment(time).isoformat() for time in sorted(BANDS)]
    for time in BANDS:
        entry = rows[moment(time).isoformat()]
        radar = time in RADAR
        assert (entry["NDVI_all"] == "") == radar
        decibel = image(time, "VV")[row, column] / 1000 - 50 if radar and is_valid(time)[row, column] else None
        assert entry["VV_all"] == entry["VV_valid"]
        assert (float(entry["VV_all"]) if entry["VV_all"] else None) == pytest.approx(decibel, abs=1e-6)


def test_a_series_of_radar_alone_has_the_passes_of_radar_alone(made):
    outputs = run("timeseries", made, place=f"{LEFT + 105},{TOP - 105},EPSG:32633", index=("VH",))
    assert len(Path(outputs["table"]).read_text(encoding="utf-8").splitlines()) == 1 + len(RADAR)


def test_running_again_makes_nothing_again(made):
    files = {path: path.stat().st_mtime_ns for kind in ("clouds", "maps") for path in (made / kind).rglob("*.tif")}
    before = (made / "samples.gpkg").stat().st_mtime_ns
    finish(made)
    assert all(path.stat().st_mtime_ns == written for path, written in files.items())
    assert (made / "samples.gpkg").stat().st_mtime_ns == before


def test_without_one_radar_pass_the_clouds_stay_and_samples_and_map_are_made_again(made, copied):
    only(copied, lambda item: item.name != RADAR[3])
    clouds = {path: path.stat().st_mtime_ns for path in (copied / "clouds").rglob("*.tif")}
    (raster,) = (copied / "maps").glob("*.tif")
    record, old = copied / "records" / "drawsamples.json", fingerprint_of(raster)
    before = json.loads(record.read_text(encoding="utf-8"))["fingerprint"]
    finish(copied)
    assert {path: path.stat().st_mtime_ns for path in clouds} == clouds
    assert json.loads(record.read_text(encoding="utf-8"))["fingerprint"] != before
    assert fingerprint_of(raster) != old


def test_a_band_less_makes_the_clouds_of_that_acquisition_out_of_date_alone(copied):
    workspace = Workspace(copied)
    clouds = CloudMasks.of(workspace)
    (patch,) = workspace.layout.patches
    before = {item.name: clouds.fingerprint(patch, item) for item in workspace.catalogue.acquisitions}
    whole = clouds.patch_fingerprint(patch)
    items = [replace(i, bands=("VV",)) if i.name == RADAR[0] else i for i in workspace.catalogue.acquisitions]
    workspace.write_catalogue(replace(workspace.catalogue, acquisitions=tuple(items)))
    after = {item.name: clouds.fingerprint(patch, item) for item in workspace.catalogue.acquisitions}
    assert [name for name in before if before[name] != after[name]] == [RADAR[0]]
    assert clouds.patch_fingerprint(patch) != whole


def test_a_model_that_needs_radar_says_so_where_there_is_none(made, made_without_radar):
    with pytest.raises(DataError, match=r"The model needs VV, VH, which this imagery does not have; its bands are B02"):
        run("classifypatches", made_without_radar, model=made / "model.skops", jobs=1)


def test_a_model_of_optical_imagery_does_not_mind_radar(made_without_radar, copied):
    run("classifypatches", copied, model=made_without_radar / "model.skops", jobs=1)
    run("mosaicmap", copied)
    np.testing.assert_array_equal(read(copied / "map.tif"), read(made_without_radar / "map.tif"))


def text_of(folder):
    page = write_report(Workspace(folder)).read_text(encoding="utf-8")
    return SimpleNamespace(
        html=page, words=" ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S).split())
    )


def test_the_report_lists_the_satellites(made):
    page = text_of(made)
    assert "13 acquisitions (6 Sentinel-2, 2 Landsat, 5 Sentinel-1)" in page.words
    bands = "Sentinel-2: B02, B03, B04, B08, SCL; Landsat: B02, B03, B04, B08, QA; Sentinel-1: VV, VH."
    assert bands in page.words
    assert page.html.count("<td>Sentinel-1</td>") == len(RADAR)
    assert page.words.count("2019-04-01 05:15 Sentinel-1 100 – –") == 1
    assert len(re.findall('alt="True colour, [^"]+"', page.html)) >= 8
    for radar_day in ("1 Apr 2019", "7 May 2019", "31 May 2019"):
        assert f'"True colour, {radar_day}"' not in page.html
        assert f'"Cloud probability, {radar_day}"' not in page.html
    assert ">VV<" in page.html  # in the chart of feature importance
    share = 100 * np.mean(read(made / "map.tif") == 0)
    assert f"{share:.1f} % of the area has no valid observation of radar, optical imagery or both" in page.words
    assert "Imagery: Sentinel-2, Landsat and Sentinel-1; contains modified Copernicus Sentinel data" in page.words


def test_radar_alone_goes_from_scenes_to_report(country, tmp_path):
    folder = country(5000, RADAR)
    only(folder, lambda item: not item.is_optical)
    finish(folder)
    np.testing.assert_array_equal(read(folder / "map.tif") == 0, ~np.any([is_valid(time) for time in RADAR], axis=0))
    there = read(folder / "map.tif") > 0
    assert np.mean(read(folder / "map.tif")[there] % 10 == class_ids()[there] % 10) > 0.98
    count = sum(is_valid(time).astype(float) for time in RADAR)
    np.testing.assert_array_equal(np.nan_to_num(read(folder / "valid_count.tif")), count)
    assert np.isnan(read(folder / "mean_ndvi.tif")).all()
    rows = (folder / "ndvi.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.split(",")[:3] for row in rows] == [[moment(time).isoformat(), "", ""] for time in RADAR]
    page = text_of(folder)
    assert "in 1 patch, 5 acquisitions from 1 Apr 2019" in page.words
    assert "Cloud probability" not in page.words
    assert "True colour" not in page.words
