"""Clouds, counts and NDVI of a smaller area are those of a larger one, for every source and method.

Both areas are cut at places that are no multiples of the detector's cells, and the smaller one is a polygon too.
"""

import json

import numpy as np
import pytest
import rasterio
import rasterio.merge
import shapely
from services import ground
from services.commands import attempt, run
from services.hub import Hub
from services.stac import COLLECTION, StacServer, write_folder_items

from patchwork.core.imagery.sources.sample import simulation
from patchwork.core.vocabulary.bands import DETECTOR_BANDS

LEFT, TOP = 500_000.0, 5_100_000.0
SHAPE = 70, 90
TIMES = ("20190501T100031", "20190601T100031", "20190701T100031")
LAYERS = ("valid_count", "mean_cloud_probability", "mean_ndvi")
SMALLER = (LEFT + 230, TOP - 510, LEFT + 640, TOP - 170)  # 41 × 34 pixels inside
POLYGON = shapely.Polygon([(LEFT + 230, TOP - 170), (LEFT + 640, TOP - 260), (LEFT + 300, TOP - 510)])


def blobs(number, shape):
    """(y, x) 0 to 1: clouds of a few pixels that lie across every edge."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    thickness = np.zeros(shape)
    for y, x, radius in np.random.default_rng(number).uniform((0, 0, 2), (*shape, 7), (40, 3)):
        thickness = np.maximum(thickness, np.exp(-((((rows - y) ** 2 + (columns - x) ** 2) / radius**2) ** 2)))
    return thickness


def band(number, name, shape):
    thickness = blobs(number, shape)
    if name == "SCL":
        return np.where(thickness > 0.4, 9, 4).astype(np.uint16)
    bright = {"B10": 300, "B11": 3500, "B12": 2500}.get(name, 6500)
    noise = np.random.default_rng([number, *name.encode()]).normal(0, 40, shape)
    land = {"B08": 3000, "B8A": 3100, "B10": 12, "B09": 500}.get(name, 700)
    return (land + (bright - land) * thickness + noise).clip(1, 9999).astype(np.uint16)


@pytest.fixture(scope="module")
def l2a(make_imagery, tmp_path_factory):
    bands = ("B02", "B04", "B08", "SCL")
    return make_imagery(tmp_path_factory.mktemp("l2a"), times=TIMES, bands=bands, shape=SHAPE, values=band)


@pytest.fixture(scope="module")
def l1c(make_imagery, tmp_path_factory):
    return make_imagery(tmp_path_factory.mktemp("l1c"), times=TIMES, bands=DETECTOR_BANDS, shape=SHAPE, values=band)


def observe(folder, area, source, *options):
    """A workspace made step by step, with the layers of its statistics."""
    local = source[:2] if source[0] == "--imagery" else ()
    run("splitarea", "--workspace", folder, "--area", area, *local, "--patch-size", 300 if local else 800)
    run("downloadscenes", "--workspace", folder, *source, *options)
    run("maskclouds", "--workspace", folder, *options, "--jobs", 1)
    run("observationstatistics", "--workspace", folder)
    for layer in LAYERS:
        run("mosaicmap", "--workspace", folder, "--layer", layer)
    return folder


def assert_same(smaller, larger):
    """Compare layers and cloud files where the smaller area has data; the number of masked pixels there."""
    for layer in LAYERS:
        with rasterio.open(smaller / f"{layer}.tif") as small, rasterio.open(larger / f"{layer}.tif") as large:
            values = small.read(1)
            expected = large.read(1, window=large.window(*small.bounds), boundless=False)
        known = np.isfinite(values) if values.dtype.kind == "f" else values != small.nodata
        assert known.any()
        np.testing.assert_array_equal(values[known], expected[known], err_msg=layer)
    masked = 0
    for file in sorted((smaller / "clouds").glob("*/*.tif")):
        with rasterio.open(file) as small:
            clouds, bounds = small.read(), small.bounds
        around = whole(larger / "clouds", file.name, bounds)
        known = clouds != 255
        np.testing.assert_array_equal(clouds[known], around[known], err_msg=file.name)
        masked += (clouds[1] == 1).sum()
    return masked


def whole(clouds, name, bounds):
    """The cloud files of one time within bounds."""
    files = [rasterio.open(file) for file in sorted(clouds.glob(f"*/{name}"))]
    merged, _ = rasterio.merge.merge(files, bounds=bounds, nodata=255)
    for file in files:
        file.close()
    return merged


def area_of(kind, folder):
    if kind == "rectangle":
        return ",".join(map(str, SMALLER)) + ",EPSG:32633"
    file = folder / "area.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(POLYGON)}
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    return file


WHOLE = f"{LEFT},{TOP - 700},{LEFT + 900},{TOP},EPSG:32633"
METHODS = {
    "scl": ("--dilation", 3),
    "cells": ("--cloud-resolution", 60),
    "pixels": ("--cloud-resolution", 0, "--average-over", 3, "--dilation", 2),
}


@pytest.fixture(scope="module")
def of_whole(l1c, l2a, tmp_path_factory):
    """The whole imagery with each method."""
    folders = {}
    for method, options in METHODS.items():
        imagery = ("--imagery", l2a if method == "scl" else l1c)
        folders[method] = observe(tmp_path_factory.mktemp(method), WHOLE, imagery, *options)
    return folders


@pytest.mark.parametrize("kind", ["rectangle", "polygon"])
@pytest.mark.parametrize("method", METHODS)
def test_in_a_folder(method, kind, of_whole, l1c, l2a, tmp_path):
    imagery = ("--imagery", l2a if method == "scl" else l1c)
    smaller = observe(tmp_path / "work", area_of(kind, tmp_path), imagery, *METHODS[method])
    assert assert_same(smaller, of_whole[method]) > 50


@pytest.mark.parametrize("kind", ["rectangle", "polygon"])
def test_in_a_catalogue(kind, of_whole, l2a, tmp_path):
    with StacServer(tmp_path, write_folder_items(l2a, tmp_path / "cogs")) as server:
        server.folder = tmp_path / "cogs"
        service = ("--source", "stac", "--service-url", server.url, "--collection", COLLECTION)
        period = ("--start", "2019-01-01", "--end", "2019-12-31", "--max-cloud-cover", 100)
        smaller = observe(tmp_path / "work", area_of(kind, tmp_path), (*service, *period), *METHODS["scl"])
    assert assert_same(smaller, of_whole["scl"]) > 50


# The sample region, whose corner lies at (540000, 5160000) or so: the larger area is a part of it

REGION = simulation.load_region()
CORNER = (REGION.left, REGION.top - 1500, REGION.left + 1800, REGION.top)
PART = (REGION.left, REGION.top - 1130, REGION.left + 1270, REGION.top - 190)
MONTH = ("--start", "2019-05-01", "--end", "2019-05-16", "--max-cloud-cover", 100)


def extent(bounds):
    return ",".join(map(str, bounds)) + f",EPSG:{REGION.epsg}"


def test_in_the_sample_region_up_to_its_edge(tmp_path):
    source = ("--source", "sample", *MONTH)
    larger = observe(tmp_path / "larger", extent(CORNER), source)
    assert assert_same(observe(tmp_path / "smaller", extent(PART), source), larger) > 50
    for file in (larger / "clouds").glob("*/*.tif"):
        with rasterio.open(file) as clouds, rasterio.open(larger / "scenes" / file.parent.name / file.name) as scene:
            has_data = scene.read().any(axis=0)
            np.testing.assert_array_equal(clouds.read(1) != 255, has_data)  # cells across the edge have bands


@pytest.fixture(scope="module")
def hub():
    with Hub(ground.products(tiles=2)) as server:
        yield server


@pytest.mark.parametrize(
    ("collection", "method"), [("sentinel-2-l1c", "auto"), ("sentinel-2-l2a", "auto"), ("sentinel-2-l2a", "clp")]
)
def test_from_a_service(collection, method, hub, tmp_path, monkeypatch):
    for name, value in hub.environment.items():
        monkeypatch.setenv(name, value)
    source = (*hub.options, "--collection", collection, *MONTH)
    options = ("--method", method, "--dilation", 2)
    inside = (REGION.left + 310, REGION.top - 1130, REGION.left + 1270, REGION.top - 190)
    larger = observe(tmp_path / "larger", extent(CORNER), source, *options)
    hub.requests.clear()
    smaller = observe(tmp_path / "smaller", extent(inside), source, *options)
    files = [file for folder in ("scenes", "cells") for file in smaller.glob(f"{folder}/*/*.tif")]
    assert hub.requests["process"] == len(files)  # what lies around the area comes with them
    assert len(list(smaller.glob("surroundings/*/*.tif"))) == len(list(smaller.glob("scenes/*/*.tif")))
    assert assert_same(smaller, larger) > 50


def test_masks_that_depend_on_more_than_was_fetched_are_refused(l2a, tmp_path):
    area = area_of("rectangle", tmp_path)
    run("splitarea", "--workspace", tmp_path / "work", "--area", area, "--imagery", l2a)
    run("downloadscenes", "--workspace", tmp_path / "work", "--imagery", l2a, "--dilation", 2)
    refused = attempt("maskclouds", "--workspace", tmp_path / "work", "--dilation", 3)
    assert refused.status == 1
    assert (
        "Clouds by scl depend on 3 pixels around the area, which were not fetched. Run downloadscenes" in refused.said
    )
    assert not (tmp_path / "work" / "records" / "maskclouds.json").exists()
    run("maskclouds", "--workspace", tmp_path / "work", "--dilation", 1)


def test_a_pixel_without_cloud_information_is_not_valid(tmp_path):
    bounds = (REGION.left + 300, REGION.top - 900, REGION.left + 900, REGION.top - 300)
    run("splitarea", "--workspace", tmp_path, "--source", "sample", "--area", extent(bounds))
    run("downloadscenes", "--workspace", tmp_path, "--source", "sample", *MONTH)
    file = next(file for file in sorted(tmp_path.glob("cells/*/*.tif")) if (rasterio.open(file).read() > 0).all())
    with rasterio.open(file, "r+") as cells:
        values, (left, top) = cells.read(), cells.xy(3, 4, offset="ul")
        values[:, 3, 4] = 0
        cells.write(values)
    run("maskclouds", "--workspace", tmp_path)
    with rasterio.open(tmp_path / "clouds" / file.parent.name / file.name) as made:
        unknown = made.read() == 255
        row, column = made.index(left + 1, top - 1)
    expected = np.zeros_like(unknown)
    expected[:, row : row + 6, column : column + 6] = True
    np.testing.assert_array_equal(unknown, expected)
