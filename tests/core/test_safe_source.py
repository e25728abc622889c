"""Products as delivered: both namings, both levels, before and after baseline 04.00, folders and zips."""

import pickle
import shutil
import zipfile
from datetime import date, datetime, timezone

import numpy as np
import pytest
import shapely
from services.safe_products import L1C, PIXELS, write_product

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid import PixelGrid, Window
from patchwork.core.sources.safe import SafeSource

EVERYWHERE = shapely.box(-180, -90, 180, 90)
SIZE = 120
GRID = PixelGrid("EPSG:32633", 500_040.0, 5_100_000.0, 10.0, 10.0)
WHOLE = Window(0, 0, SIZE, SIZE)


def ground(level="L1C", seed=1):
    """Bands of a made-up ground, each in its own resolution; a corner has no data."""
    random = np.random.default_rng(seed)
    names = L1C if level == "L1C" else (*(band for band in L1C if band != "B10"), "SCL")
    bands = {}
    for name in names:
        side = SIZE * 10 // (20 if name == "SCL" else PIXELS.get(name, 20))
        bands[name] = random.integers(4, 8, (side, side)) if name == "SCL" else random.integers(1, 9000, (side, side))
        bands[name][: side // 10, : side // 10] = 0
    return bands


def read(source, bands=("B02", "B05", "B09"), grid=GRID, window=WHOLE, number=0):
    acquisition = source.find(None, None, EVERYWHERE)[number]
    return source.read(acquisition, bands, grid, window)


@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_baselines_before_and_after_the_offset_give_the_same_reflectance(tmp_path, level):
    bands = ground(level)
    old = write_product(tmp_path / "old", bands, level=level, baseline="02.07").parent
    new = write_product(tmp_path / "new", bands, level=level, baseline="05.09").parent
    names = [name for name in bands if name != "B10"]
    before, after = read(SafeSource.open(old), names), read(SafeSource.open(new), names)
    # Bands of 10 m and classes are exact; interpolated ones may round once more.
    exact = [name in ("B02", "B03", "B04", "B08", "SCL") for name in names]
    np.testing.assert_array_equal(before[exact], after[exact])
    assert np.abs(before.astype(int) - after.astype(int)).max() <= 1


def test_bands_of_10_m_are_as_they_are_and_classes_are_the_nearest(tmp_path):
    bands = ground("L2A")
    write_product(tmp_path, bands, level="L2A")
    found = read(SafeSource.open(tmp_path), ("B02", "SCL"))
    expected = bands["B02"].copy()
    expected[:12, :12] = 0
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], np.where(expected > 0, bands["SCL"].repeat(2, 0).repeat(2, 1), 0))


def test_a_band_of_20_m_is_interpolated_between_the_centres_of_its_pixels(tmp_path):
    bands = ground()
    ramp = np.arange(60) * 100 + 1000
    bands["B05"] = np.broadcast_to(ramp, (60, 60)).copy()
    write_product(tmp_path, bands)
    found = read(SafeSource.open(tmp_path), ("B05",))[0]
    centres = np.arange(60) * 20 + 10.0
    expected = np.interp(np.arange(2, 118) * 10 + 5.0, centres, ramp)
    assert np.abs(found[60, 2:118] - expected).max() <= 1


def test_folder_and_zip_and_old_names_give_the_same(tmp_path):
    bands = ground()
    for name, options in {"a": {}, "b": {"zipped": True}, "c": {"old_naming": True}, "d": {"zipped": True}}.items():
        write_product(tmp_path / f"Ordner ä {name}", bands, **options)
    found = [read(SafeSource.open(tmp_path / f"Ordner ä {name}"), L1C) for name in "abcd"]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_the_facts_of_a_product(tmp_path):
    write_product(tmp_path, ground())
    source = SafeSource.open(tmp_path)
    (acquisition,) = source.find(date(2019, 7, 31), date(2019, 7, 31), EVERYWHERE)
    assert acquisition.time == datetime(2019, 7, 31, 10, 0, 31, tzinfo=timezone.utc)
    assert acquisition.cloud_cover == pytest.approx(0.125)
    assert acquisition.bands == L1C
    assert source.grid.same_as(GRID)
    assert not source.find(date(2019, 8, 1), None, EVERYWHERE)
    assert not source.find(None, None, shapely.box(20, 40, 21, 41))
    corners = np.array(GRID.bounds(WHOLE))
    from patchwork.core.grid import reproject

    ground_here = reproject(np.array([acquisition.footprint]), "EPSG:4326", GRID.crs)[0]
    np.testing.assert_allclose(ground_here.bounds, corners, atol=0.5)


def test_tiles_of_a_datatake_are_one_acquisition_and_lie_side_by_side(tmp_path):
    left, right = ground(seed=1), ground(seed=2)
    write_product(tmp_path, left, tile="33TWM")
    write_product(tmp_path, right, tile="33TXM", corner=(500_040.0 + 600, 5_100_000.0))
    source = SafeSource.open(tmp_path)
    assert len(source.find(None, None, EVERYWHERE)) == 1
    found = read(source, ("B04",), window=Window(0, 0, SIZE, 180))[0]
    expected = np.zeros((SIZE, 180), int)
    expected[:, :SIZE] = left["B04"]
    beside = np.zeros_like(expected)
    beside[:, 60:] = right["B04"]
    np.testing.assert_array_equal(found, np.where(expected > 0, expected, beside))


def test_a_tile_of_the_next_zone_fills_what_the_first_lacks(tmp_path):
    flat = {name: np.full_like(values, 3000) for name, values in ground().items()}
    write_product(tmp_path, flat, tile="33TWM", corner=(752_040.0, 5_100_000.0))
    write_product(tmp_path, flat, tile="34TCS", epsg=32634, corner=(288_000.0, 5_100_000.0))
    source = SafeSource.open(tmp_path)
    assert len(source.find(None, None, EVERYWHERE)) == 1
    assert source.grid.crs == "EPSG:32633"
    place = PixelGrid("EPSG:32634", 288_000.0, 5_100_000.0, 10.0, 10.0)
    assert (read(source, ("B04",), grid=place, window=Window(5, 5, 100, 100)) == 3000).all()


def test_of_one_tile_in_two_baselines_the_newer_counts(tmp_path):
    old, new = ground(seed=1), ground(seed=2)
    write_product(tmp_path, new, baseline="05.00")
    write_product(tmp_path, old, baseline="02.08")
    source = SafeSource.open(tmp_path)
    assert len(source.find(None, None, EVERYWHERE)) == 1
    np.testing.assert_array_equal(read(source, ("B08",))[0], new["B08"])


@pytest.mark.parametrize(
    "grid",
    [GRID, PixelGrid("EPSG:32633", 0.0, 10_000_020.0, 20.0, 20.0), PixelGrid("EPSG:32634", 0.0, 0.0, 10.0, 10.0)],
)
def test_a_window_holds_the_same_pixels_however_it_is_cut(tmp_path, grid):
    write_product(tmp_path, ground())
    source = SafeSource.open(tmp_path)
    here = grid.to_pixels(np.array([shapely.box(*GRID.bounds(WHOLE))]))[0].bounds
    if grid.crs != GRID.crs:
        from patchwork.core.grid import reproject

        here = grid.to_pixels(reproject(np.array([shapely.box(*GRID.bounds(WHOLE))]), GRID.crs, grid.crs))[0].bounds
    large = Window(int(here[1]) - 3, int(here[0]) - 3, 60, 60)
    small = Window(large.row + 11, large.column + 17, 23, 31)
    whole, part = read(source, grid=grid, window=large), read(source, grid=grid, window=small)
    assert whole.any()
    np.testing.assert_array_equal(whole[(slice(None), *large.slices(small))], part)


def test_the_source_can_be_sent_to_other_processes(tmp_path):
    write_product(tmp_path, ground(), zipped=True)
    source = SafeSource.open(tmp_path)
    np.testing.assert_array_equal(read(pickle.loads(pickle.dumps(source))), read(source))


def _missing_band(folder):
    write_product(folder, ground(), zipped=True, without=("B8A", "B11"))


def _no_metadata(folder):
    (write_product(folder, ground()) / "MTD_MSIL1C.xml").unlink()


def _cut_zip(folder):
    path = write_product(folder, ground(), zipped=True)
    path.write_bytes(path.read_bytes()[:3000])


def _two_levels(folder):
    write_product(folder, ground())
    write_product(folder, ground("L2A"), level="L2A")


def _cut_xml(folder):
    path = write_product(folder, ground()) / "MTD_MSIL1C.xml"
    path.write_text(path.read_text()[:700])


def _entities(folder):
    path = write_product(folder, ground()) / "MTD_MSIL1C.xml"
    path.write_text(path.read_text().replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1))


def _two_in_a_zip(folder):
    root = write_product(folder, ground())
    with zipfile.ZipFile(folder / "both.zip", "w") as packed:
        packed.writestr("A.SAFE/MTD_MSIL1C.xml", "")
        packed.writestr("B.SAFE/MTD_MSIL1C.xml", "")
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_missing_band, "lacks the image of B8A, B11"),
        (_no_metadata, "lacks its metadata"),
        (_cut_zip, "is cut short"),
        (_two_levels, "products of L1C and L2A"),
        (_cut_xml, "cut short or no XML"),
        (_entities, "document type"),
        (_two_in_a_zip, "holds 2 products"),
        (lambda folder: folder.mkdir(exist_ok=True), "holds no Sentinel-2 product"),
    ],
)
def test_what_is_wrong_with_products_is_told(tmp_path, spoil, told):
    spoil(tmp_path / "products")
    with pytest.raises(DataError, match=told):
        SafeSource.open(tmp_path / "products")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ParameterError, match="there is no folder"):
        SafeSource.open(tmp_path / "nowhere")


def test_a_damaged_image_is_told_by_its_name(tmp_path):
    root = write_product(tmp_path, ground())
    source = SafeSource.open(tmp_path)
    image = next(root.rglob("*_B02.jp2"))
    image.write_bytes(image.read_bytes()[:200])
    with pytest.raises(DataError, match=r"_B02\.jp2 cannot be read"):
        read(source)
