"""The values of a place over the year, in a small workspace, against numpy."""

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely

from patchwork.core.errors import DataError
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress

TIMES = ("20190105T100031", "20190214T100030", "20190326T100031", "20190430T100031")
BANDS = ("B03", "B04", "B08", "SCL")
SHAPE = (24, 30)
LEFT, TOP = 500_000.0, 5_100_000.0


def values(number, band, shape):
    """Noise; the second date has gaps and clouds, the third is all cloud, the fourth shows nothing."""
    rng = np.random.default_rng([number, *band.encode()])
    gaps = np.random.default_rng(number).random(shape) < 0.2
    if number == 3:
        return np.zeros(shape)
    if band == "SCL":
        scl = np.full(shape, 9) if number == 2 else rng.choice([4, 4, 8], shape)
        return np.where(gaps & (number == 1), 0, scl)
    return np.where(gaps & (number == 1), 0, rng.integers(1, 9000, shape))


@pytest.fixture(scope="module")
def workspace(make_imagery, tmp_path_factory):
    """Scenes and clouds of four dates in patches of ten pixels; masks are not dilated."""
    place = tmp_path_factory.mktemp("series")
    imagery = make_imagery(place / "imagery", times=TIMES, bands=BANDS, shape=SHAPE, values=values, corner=(LEFT, TOP))
    folder = place / "workspace"
    common = {"workspace": folder, "imagery": imagery}
    run("splitarea", **common, patch_size=100)
    run("downloadscenes", **common, jobs=1)
    run("maskclouds", workspace=folder, dilation=0, jobs=1)
    return folder


def run(name, **given):
    operation = OPERATIONS[name]
    return execute(operation, operation.parameters.from_values(given), {}, Progress())


def follow(workspace, place, index=("NDVI", "B04")):
    outputs = run("timeseries", workspace=workspace, place=place, index=index)
    assert Path(outputs["plot"]).read_bytes().startswith(b"\x89PNG")
    with open(outputs["table"], encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(mask):
    """By hand: means over the pixels of the mask, of all that were seen and of those without cloud."""
    rows = []
    for number in range(len(TIMES)):
        b04, b08, scl = (values(number, band, SHAPE)[mask] / (1 if band == "SCL" else 1e4) for band in BANDS[1:])
        seen, valid = scl > 0, (scl > 0) & (scl < 8)
        total = np.where(b08 + b04 > 0, b08 + b04, 1)
        ndvi = (b08 - b04) / total
        rows.append(
            {
                "NDVI_all": mean(ndvi[seen]),
                "NDVI_valid": mean(ndvi[valid]),
                "B04_all": mean(b04[seen]),
                "B04_valid": mean(b04[valid]),
                "valid_fraction": valid.sum() / seen.sum() if seen.any() else None,
            }
        )
    return rows


def mean(numbers):
    return numbers.mean() if len(numbers) else None


def check(table, mask):
    assert [row["time"] for row in table] == [
        f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[9:11]}:{t[11:13]}:{t[13:]}+00:00" for t in TIMES
    ]
    for row, by_hand in zip(table, expected(mask), strict=True):
        for name, number in by_hand.items():
            assert row[name] == "" if number is None else float(row[name]) == pytest.approx(number, abs=2e-6)


def single(row, column):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[row, column] = True
    return mask


@pytest.mark.parametrize(("row", "column"), [(0, 0), (23, 29), (9, 10), (10, 9)])
def test_a_point_is_its_pixel(workspace, row, column):
    x, y = LEFT + column * 10 + 3, TOP - row * 10 - 8
    check(follow(workspace, f"{x},{y},EPSG:32633"), single(row, column))


def test_a_point_in_degrees_is_its_pixel(workspace):
    from pyproj import Transformer

    x, y = LEFT + 125, TOP - 115
    longitude, latitude = Transformer.from_crs(32633, 4326, always_xy=True).transform(x, y)
    check(follow(workspace, f"{longitude:.9f},{latitude:.9f}"), single(11, 12))


def test_a_polygon_across_patches_is_the_mean_of_its_pixels(workspace, make_reference, tmp_path):
    polygon = shapely.box(LEFT + 52, TOP - 187, LEFT + 214, TOP - 33)
    mask = np.zeros(SHAPE, dtype=bool)
    mask[3:19, 5:21] = True
    check(follow(workspace, str(make_reference(tmp_path / "field.gpkg", [polygon], {"n": [1]}))), mask)


def test_a_polygon_smaller_than_a_pixel_is_the_pixel_it_lies_in(workspace, make_reference, tmp_path):
    polygon = shapely.box(LEFT + 121, TOP - 112, LEFT + 123, TOP - 111)
    check(follow(workspace, str(make_reference(tmp_path / "tree.gpkg", [polygon], {"n": [1]}))), single(11, 12))


def test_several_points_are_their_pixels(workspace, make_reference, tmp_path):
    points = [shapely.Point(LEFT + 5, TOP - 5), shapely.Point(LEFT + 295, TOP - 235)]
    path = make_reference(tmp_path / "points.gpkg", points, {"n": [1, 2]})
    check(follow(workspace, str(path)), single(0, 0) | single(23, 29))


def test_a_place_outside_the_area_is_told(workspace):
    with pytest.raises(DataError, match="is outside the area of the workspace"):
        follow(workspace, f"{LEFT - 50},{TOP - 50},EPSG:32633")


def test_a_band_that_the_imagery_lacks_is_named(workspace):
    with pytest.raises(DataError, match=r"INDEX NDMI: the imagery has no band B11. It has B03, B04, B08, SCL"):
        follow(workspace, f"{LEFT + 5},{TOP - 5},EPSG:32633", index=("NDMI",))


def test_without_a_map_there_is_no_class(workspace):
    outputs = run("timeseries", workspace=workspace, place=f"{LEFT + 5},{TOP - 5},EPSG:32633", index=("NDVI", "B04"))
    assert (outputs["class_name"], outputs["class_colour"], outputs["probabilities"]) == ("", "", "[]")
    assert Path(outputs["class_table"]).read_text(encoding="utf-8") == (
        "class,class_name,class_colour,time,NDVI,NDVI_spread,B04,B04_spread\n"
    )
