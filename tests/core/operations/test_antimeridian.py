"""A map of an area in Fiji that lies on both sides of ±180°, from a STAC API with tiles of two zones."""

import json

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from services.commands import run
from services.stac import StacServer, write_item

SOUTH, NORTH = -17.005, -17.0
AREA = [shapely.box(179.996, SOUTH, 180.0, NORTH), shapely.box(-180.0, SOUTH, -179.995, NORTH)]
TIMES = ("20180601", "20180701", "20180801")
SIZE = 160


class Server(StacServer):
    """Remembers the rectangles of the searches."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.boxes = []

    def search(self, body):
        self.boxes.append(tuple(body["bbox"]))
        return super().search(body)


def tile(crs):
    """The upper left corner of a tile across ±180°, and the longitude of each pixel, 0 to 360."""
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(180.0, NORTH)
    left, top = round(x / 10) * 10 - SIZE * 5, round(y / 10) * 10 + 400
    columns, rows = np.meshgrid(left + 10 * np.arange(SIZE) + 5, top - 10 * np.arange(SIZE) - 5)
    longitudes, _ = Transformer.from_crs(crs, 4326, always_xy=True).transform(columns, rows)
    return Affine(10, 0, left, 0, -10, top), longitudes % 360


def ground(longitudes):
    """Forest up to 179.998° E, grass to 179.9975° W, then water: three stripes."""
    stripe = (longitudes > 179.998).astype(int) + (longitudes > 180.0025)
    values = {"B04": [400, 900, 200], "B08": [4000, 2500, 100], "B11": [1500, 3000, 50]}
    return {band: np.array(numbers)[stripe] for band, numbers in values.items()} | {"SCL": np.full(stripe.shape, 4)}


@pytest.fixture
def fiji(tmp_path):
    items = []
    for day in TIMES:
        for crs, name in (("EPSG:32760", "60KZF"), ("EPSG:32701", "01KAB")):
            affine, longitudes = tile(crs)
            here = longitudes <= 180 if name.startswith("60") else longitudes > 179.9995
            bands = {band: np.where(here, values, 0) for band, values in ground(longitudes).items()}
            moment = f"{day[:4]}-{day[4:6]}-{day[6:]}T22:10:00Z"
            raster = {"scale": 0.0001, "offset": 0}
            item = write_item(
                tmp_path / "files", f"S2A_{name}_{day}_0_L2A", moment, bands, crs=crs, affine=affine, raster=raster
            )
            box = shapely.box(179.98, -17.02, 180.0, -16.99), shapely.box(-180.0, -17.02, -179.98, -16.99)
            halves = shapely.geometry.mapping(shapely.MultiPolygon(box))
            items.append({**item, "geometry": halves, "bbox": [179.98, -17.02, -179.98, -16.99]})
    with Server(tmp_path / "files", items) as server:
        yield server


def test_a_map_is_made_across_the_antimeridian(fiji, make_reference, tmp_path):
    area = make_reference(tmp_path / "area.gpkg", AREA, {"n": [1, 2]}, "EPSG:4326")
    lefts = (179.9962, 179.9985, 180.0028)
    parcels = [
        shapely.box(left + column * 0.0005, south, left + column * 0.0005 + 0.0004, south + 0.0005)
        for left in lefts
        for column in range(3)
        for south in np.arange(SOUTH + 0.0003, NORTH - 0.0006, 0.0008)
    ]
    ids = np.repeat([1, 2, 3], len(parcels) // 3)
    parcels = [shapely.transform(p, lambda xy: xy - [360.0, 0.0]) if p.bounds[0] >= 180 else p for p in parcels]
    reference = make_reference(tmp_path / "reference.gpkg", parcels, {"class": ids}, "EPSG:4326")
    service = ("--source", "stac", "--service-url", fiji.url, "--start", "2018-05-01", "--end", "2018-09-01")
    inputs = ("--area", area, "--reference", reference, "--class-field", "class", "--erosion", 0)
    workspace = tmp_path / "workspace"
    done = run("makemap", *service, *inputs, "--workspace", workspace, "--jobs", 1, "--per-class", 100)
    assert {round(box[2] - box[0], 1) for box in fiji.boxes} == {0.0}
    assert {box[2] == 180.0 for box in fiji.boxes} == {box[0] == -180.0 for box in fiji.boxes} == {True, False}
    with rasterio.open(done.outputs["MAP"]) as file:
        found, crs, affine = file.read(1), file.crs, file.transform
    assert crs.to_epsg() == 32701
    rows, columns = np.indices(found.shape)
    x, y = affine * (columns + 0.5, rows + 0.5)
    longitudes, latitudes = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    longitudes = longitudes % 360
    within = np.minimum(0.0045 - abs(longitudes - 180.0005), 0.0025 - abs(latitudes - (SOUTH + NORTH) / 2))
    assert (found[within > 1e-6] > 0).all()
    assert (found[within < -1e-6] == 0).all()
    expected = 1 + (longitudes > 179.998) + (longitudes > 180.0025)
    sure = np.min([abs(longitudes - edge) for edge in (179.998, 180.0025)], axis=0) > 0.0003
    np.testing.assert_array_equal(found[sure & (found > 0)], expected[sure & (found > 0)])
    facts = json.loads((workspace / "scenes.json").read_text(encoding="utf-8"))["acquisitions"]
    assert [item["coverage"] for item in facts] == [1.0] * 3
    with rasterio.open(done.outputs["VALID_COUNT"]) as file:
        counts = file.read(1)
    assert set(np.unique(counts[found > 0])) == {3}
