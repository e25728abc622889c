"""A map from a STAC catalogue with two collections, a wrong offset and strange ids, through the engine."""

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from services.stac import COLLECTION, COLLECTION_1, StacServer, write_item

SIDE = 120
PLACE = {"crs": "EPSG:32633", "affine": Affine(10, 0, 500_000, 0, -10, 5_100_000)}
CLASSES = np.where(np.arange(SIDE) < SIDE // 2, 1, 2) * np.ones((SIDE, 1), dtype=int)


def scene(seed):
    """Field on the left, water on the right."""
    random = np.random.default_rng(seed)
    levels = {"B02": (400, 200), "B03": (700, 300), "B04": (500, 150), "B08": (3500, 60)}
    bands = {
        name: np.where(CLASSES == 1, *level) + random.integers(0, 50, CLASSES.shape) for name, level in levels.items()
    }
    return {**bands, "SCL": np.where(CLASSES == 1, 4, 6)}


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "cogs"
    declared = {"scale": 1e-4, "offset": -0.1}
    flag = {"s2:processing_baseline": "05.10", "earthsearch:boa_offset_applied": False}
    items = [
        write_item(
            folder,
            f"{collection}{day}",
            f"2022-07-{day:02}T10:00:00Z",
            scene(day),
            **PLACE,
            offset=1000 if collection == COLLECTION_1 else 0,
            properties=flag,
            raster=declared,
            collection=collection,
        )
        for collection, day in ((COLLECTION_1, 1), (COLLECTION, 1), (COLLECTION, 11), (COLLECTION_1, 21))
    ]
    for item in items:
        item["properties"]["s2:mgrs_tile"] = "33TWM"
    with StacServer(folder, items) as running:
        for item in items:
            for asset in item["assets"].values():
                asset["href"] = f"{running.url}/files/{asset['href']}?sig=t0psecret"
            item["id"] = f"../../../{item['id']}<b>"
        running.key = ""
        yield running


def test_a_map_is_right_and_its_files_hold_no_secret(server, run_engine, make_reference, tmp_path):
    left, bottom = 500_000, 5_100_000 - SIDE * 10
    boxes = [
        shapely.box(left + x, bottom + y, left + x + 100, bottom + y + 100)
        for x in (50, 300, 700, 1000)
        for y in (50, 300, 600, 900)
    ]
    ids = [1 if box.bounds[0] < left + 600 else 2 for box in boxes]
    reference = make_reference(tmp_path / "reference.gpkg", boxes, {"class": ids})
    workspace = tmp_path / "workspace"
    area = f"{left},{bottom},{left + SIDE * 10},{bottom + SIDE * 10},EPSG:32633"
    service = server.url.replace("://", "://me:pa55word@") + "/?key=k3y-k3y"
    given = ("--source", "stac", "--service-url", service, "--start", "2022-07-01", "--end", "2022-07-31")
    given += ("--area", area, "--reference", reference, "--class-field", "class", "--workspace", workspace)
    done = run_engine("makemap", *given, "--bands", "B02,B03,B04,B08", "--indices", "NDVI", "--jobs", 1)
    assert done.returncode == 0, done.stderr
    assert "1 acquisition (20220711T100000): some scenes or bands are missing in sentinel-2-c1-l2a" in done.stderr
    assert "the offset of 1000 is taken off by the pixels, although the catalogue says not taken off" in done.stderr
    with rasterio.open(workspace / "map.tif") as file:
        inner = np.abs(np.arange(SIDE) - SIDE // 2) > 2
        np.testing.assert_array_equal(file.read(1)[:, inner], CLASSES[:, inner])
    scenes = sorted((workspace / "scenes").rglob("*.tif"))
    for path, day in zip(scenes, (1, 11, 21), strict=True):
        with rasterio.open(path) as file:
            np.testing.assert_array_equal(file.read(file.descriptions.index("B04") + 1), scene(day)["B04"])
    texts = [done.stdout, done.stderr]
    texts += [path.read_bytes().decode("latin-1") for path in workspace.rglob("*") if path.is_file()]
    for secret in ("pa55word", "k3y-k3y", "t0psecret"):
        assert not any(secret in text for text in texts)
    assert not list(tmp_path.parent.glob("*<b>*"))
