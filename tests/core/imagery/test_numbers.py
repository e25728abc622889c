"""What the numbers in files mean: no data, scale and offset, and grids in any unit, held against rasterio and numpy."""

from contextlib import nullcontext
from datetime import date

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.enums import Resampling
from rasterio.warp import calculate_default_transform, reproject
from scipy import ndimage
from services.commands import run
from services.stac import COLLECTION, StacServer, write_item

from patchwork.core.errors import DataError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources import open_local
from patchwork.core.imagery.sources.stac.source import StacSource
from patchwork.core.store.fingerprints import fingerprint

TIME = "20190405T100031"
CORNER = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_100_000.0)
SHAPE = (24, 30)
HALF_A_PIXEL_ON = PixelGrid("EPSG:32633", 500_005.0, 5_100_005.0, 10.0, 10.0)
COARSER = PixelGrid("EPSG:32633", 500_000.0, 5_100_000.0, 30.0, 30.0)
BANDS = ("B04", "B08")


def truth(seed=1):
    """Reflectance × 10000 (band, y, x) with 0 in a block, at a corner and in a single pixel."""
    pixels = np.random.default_rng(seed).integers(200, 6000, (len(BANDS), *SHAPE))
    pixels[:, 5:12, 8:14] = 0
    pixels[:, :3, :3] = 0
    pixels[:, 20, 20] = 0
    return pixels


def write(folder, pixels, *, names=BANDS, nodata=None, scales=None, offsets=None, mask=None, time=TIME, internal=True):
    """A folder with one file of these numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"S2_{time}.tif"
    count, height, width = pixels.shape
    profile = {"driver": "GTiff", "count": count, "height": height, "width": width, "dtype": pixels.dtype.name}
    profile |= {"crs": "EPSG:32633", "transform": CORNER, "nodata": nodata}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal), rasterio.open(path, "w", **profile) as file:
        file.write(pixels)
        file.descriptions = names
        if scales is not None:
            file.scales, file.offsets = scales, offsets
        if mask is not None:
            file.write_mask(mask)
    return folder


def read(folder, grid=None, window=None, bands=None):
    source = open_local("folder", folder)
    (acquisition,) = source.find(None, None, source.extent)
    return source.read(acquisition, bands or source.bands, grid or source.grid, window or Window(0, 0, *SHAPE))


def with_no_data(pixels, value, dtype):
    return np.where(pixels == 0, value, pixels).astype(dtype)


def as_mask(pixels):
    return np.where(pixels[0] > 0, 255, 0).astype(np.uint8)


WAYS = {
    "0 declared": lambda p: {"pixels": p.astype(np.uint16), "nodata": 0},
    "0 not declared": lambda p: {"pixels": p.astype(np.uint16)},
    "65535": lambda p: {"pixels": with_no_data(p, 65_535, np.uint16), "nodata": 65_535},
    "another value": lambda p: {"pixels": with_no_data(p, 9999, np.uint16), "nodata": 9999},
    "-9999 in int16": lambda p: {"pixels": with_no_data(p, -9999, np.int16), "nodata": -9999},
    "-9999 in int16, not declared": lambda p: {"pixels": with_no_data(p, -9999, np.int16)},
    "-32768 in int16, 0 declared": lambda p: {"pixels": with_no_data(p, -32_768, np.int16), "nodata": 0},
    "int32": lambda p: {"pixels": with_no_data(p, -2_147_483_648, np.int32), "nodata": -2_147_483_648},
    "NaN": lambda p: {"pixels": np.where(p == 0, np.nan, p / 10_000).astype(np.float32), "nodata": np.nan},
    "NaN, not declared": lambda p: {"pixels": np.where(p == 0, np.nan, p / 10_000).astype(np.float32)},
    "float with -9999": lambda p: {"pixels": np.where(p == 0, -9999, p / 10_000).astype(np.float32), "nodata": -9999},
    "float with its lowest": lambda p: {
        "pixels": np.where(p == 0, -3.4028234663852886e38, p / 10_000).astype(np.float32),
        "nodata": -3.4028234663852886e38,
    },
    "float with 0": lambda p: {"pixels": (p / 10_000).astype(np.float64)},
    "float with infinity": lambda p: {"pixels": np.where(p == 0, np.inf, p / 10_000).astype(np.float32)},
    "mask band": lambda p: {"pixels": with_no_data(p, 777, np.uint16), "mask": as_mask(p)},
    "mask band beside": lambda p: {"pixels": with_no_data(p, 777, np.uint16), "mask": as_mask(p), "internal": False},
    "mask band and 0": lambda p: {
        "pixels": np.where(np.arange(SHAPE[1]) > 10, p, with_no_data(p, 777, np.uint16)).astype(np.uint16),
        "mask": as_mask(p),
        "nodata": 0,
    },
    "scale 1e-4": lambda p: {
        "pixels": with_no_data(p, -9999, np.int16), "nodata": -9999, "scales": (1e-4,) * 2, "offsets": (0.0,) * 2
    },
    "scale 1e-4 as float32": lambda p: {
        "pixels": p.astype(np.uint16), "scales": (float(np.float32(1e-4)),) * 2, "offsets": (0.0,) * 2
    },
    "offset -0.1": lambda p: {
        "pixels": np.where(p > 0, p + 1000, 0).astype(np.uint16), "scales": (1e-4,) * 2, "offsets": (-0.1,) * 2
    },
    "offset -1000 alone": lambda p: {
        "pixels": np.where(p > 0, p + 1000, 0).astype(np.uint16), "scales": (1.0,) * 2, "offsets": (-1000.0,) * 2
    },
    "different scales": lambda p: {
        "pixels": (p * np.array([2, 5]).reshape(2, 1, 1)).astype(np.uint16),
        "scales": (5e-5, 2e-5),
        "offsets": (0.0, 0.0),
    },
    "float reflectance × 10000 with its scale": lambda p: {
        "pixels": np.where(p == 0, np.nan, p).astype(np.float32), "scales": (1e-4,) * 2, "offsets": (0.0,) * 2
    },
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_store_the_same_is_read_as_the_same(tmp_path, way):
    write(tmp_path, **WAYS[way](truth()))
    assert ("beside" in way) == (tmp_path / f"S2_{TIME}.tif.msk").exists()
    np.testing.assert_array_equal(read(tmp_path), truth())


@pytest.mark.parametrize("grid", [HALF_A_PIXEL_ON, COARSER], ids=["half a pixel on", "coarser"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_resampled_as_the_same(tmp_path, way, grid):
    """No data does not bleed: the pixels are those of the plain file, in which 0 is no data, within rounding."""
    write(tmp_path / "plain", **WAYS["0 declared"](truth()))
    write(tmp_path / "other", **WAYS[way](truth()))
    window = Window(-1, -1, SHAPE[0] + 2, SHAPE[1] + 2)
    plain, other = (read(tmp_path / name, grid, window).astype(int) for name in ("plain", "other"))
    np.testing.assert_array_equal(other > 0, plain > 0)
    assert plain.any()
    assert np.abs(other - plain).max() <= 1
    assert plain[plain > 0].min() >= 200


def test_the_numbers_of_landsat_collection_2_are_reflectance(tmp_path):
    stored = np.array([[0, 1, 7272, 7273, 7637], [10_909, 43_636, 65_535, 8000, 20_000]], dtype=np.uint16)
    write(tmp_path, np.stack([stored] * 2), scales=(2.75e-5,) * 2, offsets=(-0.2,) * 2, nodata=0)
    expected = np.rint((stored * 2.75e-5 - 0.2) * 10_000).clip(1)
    expected[0, 0] = 0
    pixels = read(tmp_path, window=Window(0, 0, 2, 5))
    np.testing.assert_array_equal(pixels, [expected, expected])
    assert pixels[0, 1].tolist() == [1000, 10_000, 16_022, 200, 3500]


@pytest.mark.parametrize(("lowest", "refused"), [(7400, True), (300, False)])
def test_landsat_numbers_without_their_scale_are_refused(make_imagery, tmp_path, lowest, refused):
    name = "LC08_L2SP_190028_20190115_20200829_02_T1"
    values = np.random.default_rng(1).integers(lowest, lowest + 9000, (1, 2, 30, 30))
    made = make_imagery(tmp_path, times=[name], bands=("B04", "B08"), shape=(30, 30), values=values, prefix="x")
    (made / f"x_{name}.tif").rename(made / f"{name}.tif")
    with pytest.raises(DataError, match=r"B04 has numbers from 7,.*0\.0000275") if refused else nullcontext():
        open_local("folder", tmp_path)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_negative_reflectance_is_data_of_at_least_1(tmp_path, dtype):
    stored = np.full((2, 4, 4), 3000)
    stored[:, 0, 0], stored[:, 0, 1] = -50, -9999
    numbers = {"scales": (1e-4,) * 2, "offsets": (0.0,) * 2} if dtype == np.float32 else {}
    write(tmp_path, stored.astype(dtype), **numbers)
    assert read(tmp_path, window=Window(0, 0, 1, 3))[0].tolist() == [[1, 0, 3000]]


def test_classes_keep_their_numbers_whatever_the_type_and_scale(tmp_path):
    pixels = truth() / 10_000
    scl = np.random.default_rng(3).integers(4, 8, SHAPE) * (pixels[0] > 0)
    stored = np.concatenate([pixels, scl[np.newaxis]]).astype(np.float32)
    write(tmp_path, np.where(stored == 0, np.nan, stored), names=(*BANDS, "SCL"), nodata=np.nan)
    np.testing.assert_array_equal(read(tmp_path), [*truth(), scl])


@pytest.mark.parametrize(
    ("pixels", "numbers", "reason"),
    [
        (truth() // 40, {"dtype": np.uint8}, "uint8, not uint16.*made for display"),
        (truth(), {"dtype": np.float32}, r"float32.*values from 2\d\d to [45]\d\d\d.*gdal_edit.py -scale 0.0001"),
        (truth() / 100, {"dtype": np.float32}, "float32.*values from"),
        (truth(), {"dtype": np.uint16, "scales": (0.01,) * 2, "offsets": (0.0,) * 2}, "scale 0.01 and offset 0"),
        (truth(), {"dtype": np.uint16, "scales": (1e-4,) * 2, "offsets": (-1000.0,) * 2}, "scale 0.0001 and offset -1"),
        (truth(), {"dtype": np.uint16, "scales": (1.0,) * 2, "offsets": (-0.1,) * 2}, "scale 1 and offset -0.1"),
        (truth(), {"dtype": np.uint16, "scales": (2.75e-5, 1.0), "offsets": (-0.2, 0.0)}, "no scale and offset of B08"),
    ],
    ids=["uint8", "float × 10000", "float percent", "percent", "both units", "offset alone", "one band not"],
)  # fmt: skip
def test_numbers_of_unclear_meaning_are_refused_with_the_remedy(tmp_path, pixels, numbers, reason):
    dtype = numbers.pop("dtype")
    write(tmp_path, pixels.astype(dtype), **numbers)
    with pytest.raises(DataError, match=reason):
        open_local("folder", tmp_path)


def test_a_no_data_value_that_the_type_cannot_hold_is_no_obstacle(tmp_path):
    """The tag of no data is text, and other programs write -9999 for uint16 too."""
    write(tmp_path, truth().astype(np.uint16), nodata=65_535)
    path = tmp_path / f"S2_{TIME}.tif"
    path.write_bytes(path.read_bytes().replace(b"65535\0", b"-9999\0"))
    np.testing.assert_array_equal(read(tmp_path), truth())


def test_a_mask_beside_the_image_that_changes_is_noticed(tmp_path):
    pixels = truth()
    write(tmp_path, with_no_data(pixels, 777, np.uint16), mask=as_mask(pixels), internal=False)
    first = open_local("folder", tmp_path)
    side = tmp_path / f"S2_{TIME}.tif.msk"
    with rasterio.open(side, "r+", driver="GTiff") as file:
        file.write(np.full(SHAPE, 255, dtype=np.uint8), 1)
    second = open_local("folder", tmp_path)
    one, two = (source.find(None, None, source.extent)[0].identity for source in (first, second))
    assert one != two
    assert (read(tmp_path)[:, 20, 20] == 777).all()


def test_a_mask_of_another_size_is_refused(tmp_path):
    write(tmp_path, truth().astype(np.uint16))
    write(tmp_path / "other", truth()[:, :10].astype(np.uint16))
    (tmp_path / "other" / f"S2_{TIME}.tif").rename(tmp_path / f"S2_{TIME}.tif.msk")
    with pytest.raises(DataError, match=r"\.msk, the mask of the image, cannot be read \(it has another size\)"):
        read(tmp_path)


def read_stac(folder, item, bands=BANDS, grid=HALF_A_PIXEL_ON, window=None):
    """The pixels of the only acquisition of a STAC API with this item."""
    with StacServer(folder, [item]) as server:
        source = StacSource(server.url, (COLLECTION,))
        (found,) = source.find(date(2018, 1, 1), date(2018, 12, 31), shapely.box(-180, -90, 180, 90))
        return source.read(found, bands, grid, window or Window(-1, -1, SHAPE[0] + 2, SHAPE[1] + 2))


def test_no_data_that_only_the_item_declares_is_no_data(tmp_path):
    plain, other = (
        write_item(
            tmp_path / name,
            "one",
            "2018-07-01T10:00:00Z",
            dict(zip(BANDS, truth() if value == 0 else with_no_data(truth(), value, np.int64), strict=True)),
            crs="EPSG:32633",
            affine=CORNER,
            raster={"scale": 1e-4, "nodata": value},
        )
        for name, value in (("plain", 0), ("other", 9999))
    )
    expected, pixels = (read_stac(tmp_path / name, item) for name, item in (("plain", plain), ("other", other)))
    np.testing.assert_array_equal(pixels, expected)


def test_no_data_in_one_band_is_no_data_in_all(tmp_path):
    pixels = truth()
    pixels[:, :, 25:] = 0
    expected = pixels.copy()
    pixels[1, :, 25:27] = 3000  # only B08 has data
    write(tmp_path, pixels.astype(np.uint16))
    np.testing.assert_array_equal(read(tmp_path), expected)


def test_no_data_in_one_band_of_a_tile_is_filled_by_the_next(make_imagery, tmp_path):
    first = np.full((1, 3, *SHAPE), 1000)
    first[0, 0, :, 10:] = 0
    make_imagery(tmp_path, times=[TIME], bands=("B04", "B08", "SCL"), shape=SHAPE, values=first, prefix="a")
    make_imagery(tmp_path, times=[TIME], bands=("B04", "B08", "SCL"), shape=SHAPE, values=2000, prefix="b")
    pixels = read(tmp_path)
    assert (pixels[:, :, :10] == 1000).all()
    assert (pixels[:, :, 10:] == 2000).all()


def test_bands_that_are_not_measured_do_not_take_data_away(make_imagery, tmp_path):
    """Quality bits and the cirrus band, which L2A does not have, are 0 where all is well."""
    values = np.full((1, 5, *SHAPE), 1000)
    values[0, 1:3] = 0
    make_imagery(tmp_path, times=[TIME], bands=("B04", "B10", "QA60", "B08", "SCL"), shape=SHAPE, values=values)
    pixels = read(tmp_path)
    assert [np.unique(band).tolist() for band in pixels] == [[1000], [0], [0], [1000], [1000]]


def test_a_stripe_without_red_is_not_counted_as_seen(make_imagery, tmp_path):
    """Through the engine: it was counted as valid, with an NDVI of 1."""
    bands = ("B02", "B04", "B08", "SCL")
    values = np.full((2, 4, *SHAPE), 2000)
    values[:, 3] = 4
    values[1, :2, :, 10:15] = 0
    make_imagery(tmp_path / "imagery", times=[TIME, "20190505T100031"], bands=bands, shape=SHAPE, values=values)
    common = ("--workspace", tmp_path / "w")
    run("splitarea", "--imagery", tmp_path / "imagery", *common)
    run("downloadscenes", "--imagery", tmp_path / "imagery", "--jobs", 1, *common)
    run("maskclouds", "--jobs", 1, *common)
    outputs = run("observationstatistics", "--jobs", 1, *common).outputs
    with rasterio.open(outputs["VALID_COUNT"]) as count, rasterio.open(outputs["MEAN_NDVI"]) as ndvi:
        expected = np.full(SHAPE, 2)
        expected[:, 10:15] = 1
        np.testing.assert_array_equal(count.read(1), expected)
        np.testing.assert_array_equal(ndvi.read(1), np.zeros(SHAPE))


def test_a_file_whose_numbers_were_misread_is_fetched_again_and_no_other(tmp_path):
    """The fingerprint of plain files is that of the versions before."""
    write(tmp_path / "plain", truth().astype(np.uint16), nodata=0)
    facts = (tmp_path / "plain" / f"S2_{TIME}.tif").stat()
    before = fingerprint([fingerprint(f"S2_{TIME}.tif", facts.st_size, facts.st_mtime_ns)])
    source = open_local("folder", tmp_path / "plain")
    assert source.find(None, None, source.extent)[0].identity == before
    write(tmp_path / "other", truth().astype(np.uint16), nodata=65_535)
    facts = (tmp_path / "other" / f"S2_{TIME}.tif").stat()
    before = fingerprint([fingerprint(f"S2_{TIME}.tif", facts.st_size, facts.st_mtime_ns)])
    source = open_local("folder", tmp_path / "other")
    assert source.find(None, None, source.extent)[0].identity != before


# Grids in degrees, feet and others


def smooth(seed=1, shape=(60, 80)):
    """Reflectance × 10000 (band, y, x) that varies over several pixels, so that any right interpolation is near it."""
    noise = np.random.default_rng(seed).normal(size=(len(BANDS), *shape))
    return (3000 + 8000 * ndimage.gaussian_filter(noise, (0, 4, 4))).clip(100).astype(np.uint16)


def write_in(folder, crs, pixels, transform=CORNER, names=BANDS, time=TIME):
    """The scene warped to a CRS by GDAL, as a folder; the transform and the pixels (band, y, x) of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    height, width = pixels.shape[1:]
    bounds = rasterio.transform.array_bounds(height, width, transform)
    place, columns, rows = calculate_default_transform("EPSG:32633", crs, width, height, *bounds)
    warped = np.zeros((len(pixels), rows, columns), dtype=np.uint16)
    methods = [Resampling.nearest if name == "SCL" else Resampling.bilinear for name in names]
    for band, out, method in zip(pixels, warped, methods, strict=True):
        reproject(
            band, out, src_transform=transform, src_crs="EPSG:32633", src_nodata=0, dst_transform=place, dst_crs=crs,
            dst_nodata=0, resampling=method,
        )  # fmt: skip
    profile = {"driver": "GTiff", "count": len(pixels), "height": rows, "width": columns, "dtype": "uint16"}
    with rasterio.open(folder / f"S2_{time}.tif", "w", **profile, crs=crs, transform=place, nodata=0) as file:
        file.write(warped)
        file.descriptions = names
    return place, warped


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258", "EPSG:3035", "EPSG:3857"])
@pytest.mark.parametrize("pixel", [10.0, 30.0])
def test_any_crs_is_resampled_as_gdal_does(tmp_path, crs, pixel):
    place, warped = write_in(tmp_path, crs, smooth())
    grid = PixelGrid("EPSG:32633", 500_000.0, 5_100_000.0, pixel, pixel)
    window = Window(0, 0, int(600 / pixel), int(800 / pixel))
    expected = np.zeros((2, *window.shape), dtype=np.uint16)
    reproject(
        warped, expected, src_transform=place, src_crs=crs, src_nodata=0, dst_transform=grid.affine(window),
        dst_crs=grid.crs, dst_nodata=0, resampling=Resampling.bilinear,
    )  # fmt: skip
    pixels = read(tmp_path, grid, window)
    inner = (slice(None), slice(2, -2), slice(2, -2))
    assert (expected[inner] > 0).all()
    assert np.ptp(pixels[inner].astype(int)) > 1000
    assert np.abs(pixels[inner].astype(int) - expected[inner]).max() < 100


def test_feet_are_not_metres(tmp_path):
    """Pixels of 32.8 US survey feet are pixels of 10 m."""
    pixels = smooth(2)
    feet = Affine(32.808333, 0.0, 980_000.0, 0.0, -32.808333, 200_000.0)
    profile = {"driver": "GTiff", "count": 2, "height": 60, "width": 80, "dtype": "uint16", "crs": "EPSG:2263"}
    with rasterio.open(tmp_path / f"S2_{TIME}.tif", "w", **profile, transform=feet, nodata=0) as file:
        file.write(pixels)
        file.descriptions = BANDS
    done = run("splitarea", "--imagery", tmp_path, "--workspace", tmp_path / "w")
    assert "10 m in the UTM zone of the area, EPSG:32618" in done.said
    assert done.outputs["AREA_KM2"] == pytest.approx(0.48, rel=0.01)
    outputs = run("splitarea", "--imagery", tmp_path, "--workspace", tmp_path / "v", "--crs", "EPSG:32618").outputs
    assert outputs["AREA_KM2"] == pytest.approx(0.48, rel=0.01)


def test_resampling_degrees_draws_no_seams(tmp_path):
    write_in(tmp_path, "EPSG:4326", smooth(3))
    grid = PixelGrid("EPSG:32633", 500_000.0, 5_100_000.0, 20.0, 20.0)
    whole = Window(-2, -2, 34, 44)
    pixels = read(tmp_path, grid, whole)
    rng = np.random.default_rng(3)
    for _ in range(10):
        row, column = (int(number) for number in rng.integers(0, 25, 2))
        part = Window(row, column, *rng.integers(1, 9, 2).tolist())
        np.testing.assert_array_equal(read(tmp_path, grid, part), pixels[(slice(None), *whole.slices(part))])


def test_no_data_in_degrees_does_not_bleed(tmp_path):
    pixels = smooth(4)
    pixels[:, 20:30, 20:30] = 0
    _, warped = write_in(tmp_path / "plain", "EPSG:4326", pixels)
    write_in(tmp_path / "other", "EPSG:4326", pixels)
    with rasterio.open(tmp_path / "other" / f"S2_{TIME}.tif", "r+") as file:
        file.write(np.where(warped == 0, 65_535, warped))
        file.nodata = 65_535
    window = Window(-2, -2, 64, 84)
    plain, other = (read(tmp_path / name, HALF_A_PIXEL_ON, window).astype(int) for name in ("plain", "other"))
    np.testing.assert_array_equal(other > 0, plain > 0)
    assert np.abs(other - plain).max() <= 1


def test_the_map_of_imagery_in_degrees_is_in_utm_and_says_so(tmp_path):
    scl = np.full((1, 60, 80), 4, dtype=np.uint16)
    write_in(tmp_path / "i", "EPSG:4326", np.concatenate([smooth(5), scl]), names=(*BANDS, "SCL"))
    common = ("--workspace", tmp_path / "w")
    done = run("splitarea", "--imagery", tmp_path / "i", *common)
    assert "are not in metres (WGS 84). They are resampled to 10 m in the UTM zone of the area, EPSG:32633" in done.said
    assert done.outputs["AREA_KM2"] == pytest.approx(0.48, rel=0.03)
    outputs = run("downloadscenes", "--imagery", tmp_path / "i", "--jobs", 1, *common).outputs
    (scene,) = (tmp_path / "w" / "scenes").rglob("*.tif")
    assert "SCENES" in outputs
    with rasterio.open(scene) as file:
        assert (file.crs, file.res) == ("EPSG:32633", (10.0, 10.0))
        column, row = (round(number) for number in ~CORNER @ (file.transform.c, file.transform.f))
        found = file.read([1, 2]).astype(int)
    rows, columns = slice(max(row, 3), 57), slice(max(column, 3), 77)
    found = found[:, rows.start - row : 57 - row, columns.start - column : 77 - column]
    assert np.abs(found - smooth(5)[:, rows, columns]).mean() < 60


@pytest.mark.parametrize(
    "more", [(), ("--resolution", 20), ("--crs", "EPSG:3035"), ("--crs", "EPSG:3035", "--resolution", 20)]
)
def test_crs_and_resolution_of_a_map_of_degrees_may_be_given(tmp_path, more):
    write_in(tmp_path / "i", "EPSG:4326", smooth(6))
    run("splitarea", "--imagery", tmp_path / "i", "--workspace", tmp_path / "w", *more)
    run("downloadscenes", "--imagery", tmp_path / "i", "--workspace", tmp_path / "w", "--jobs", 1)
    (scene,) = (tmp_path / "w" / "scenes").rglob("*.tif")
    with rasterio.open(scene) as file:
        assert file.res[0] == (20 if "--resolution" in more else 10)
        assert file.crs == ("EPSG:3035" if "--crs" in more else "EPSG:32633")
        pixels = file.read(1)
    assert pixels[pixels > 0].std() > 500  # every scene was a constant


def test_stac_images_in_degrees_are_resampled_as_gdal_does(tmp_path):
    place, warped = write_in(tmp_path / "files", "EPSG:4326", smooth(7))
    bands = dict(zip(BANDS, warped, strict=True))
    item = write_item(
        tmp_path, "one", "2018-07-01T10:00:00Z", bands, crs="EPSG:4326", affine=place, raster={"scale": 1e-4}
    )
    grid, window = PixelGrid("EPSG:32633", 500_000.0, 5_100_000.0, 10.0, 10.0), Window(0, 0, 60, 80)
    pixels = read_stac(tmp_path, item, grid=grid, window=window)
    np.testing.assert_array_equal(pixels, read(tmp_path / "files", grid, window))
    assert np.ptp(pixels[:, 3:-3, 3:-3].astype(int)) > 1000
