"""Products as delivered: both namings, both levels, before and after baseline 04.00, folders and zips."""

import pickle
import shutil
import zipfile
from datetime import date, datetime, timezone

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from services.safe_products import L1C, PIXELS, write_product

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.crs import reproject
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.safe.source import SafeSource

EVERYWHERE = shapely.box(-180, -90, 180, 90)
SIZE = 120
GRID = PixelGrid("EPSG:32633", 500_040.0, 5_100_000.0, 10.0, 10.0)
WHOLE = Window(0, 0, SIZE, SIZE)


def ground(level="L1C", seed=1):
    """Random bands, each in its own resolution; a corner has no data."""
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


@pytest.mark.parametrize(
    ("level", "baseline"), [("L1C", "05.09"), ("L2A", "05.11"), ("L1C", "04.00"), ("L2A", "04.00")]
)
def test_baselines_before_and_after_the_offset_give_the_same_reflectance(tmp_path, level, baseline):
    bands = ground(level)
    old = write_product(tmp_path / "old", bands, level=level, baseline="02.07").parent
    new = write_product(tmp_path / "new", bands, level=level, baseline=baseline).parent
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


@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_reflectance_of_0_and_below_stays_data(tmp_path, level):
    """Numbers up to 1000 of baseline 04.00 and later: dark pixels, not gaps."""
    bands = {name: np.full_like(values, 5) for name, values in ground(level).items()}
    for name in ("B02", "B03", "B04", "B08"):
        bands[name] = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) % 2000 + 1
    write_product(tmp_path, bands, level=level, baseline="04.00", stored=True)
    found = read(SafeSource.open(tmp_path), ("B02", "B08"))
    for values in found:
        np.testing.assert_array_equal(values, np.maximum(bands["B02"] - 1000, 1))


def test_a_pixel_has_data_only_where_all_bands_have(tmp_path):
    bands = {name: np.maximum(values, 1) for name, values in ground().items()}
    bands["B03"][:, 40:60] = 0
    write_product(tmp_path, bands)
    found = read(SafeSource.open(tmp_path), ("B02", "B03", "B08"))
    assert not found[:, :, 40:60].any()
    np.testing.assert_array_equal(found[0, :, 60:], bands["B02"][:, 60:])


def test_saturated_and_other_special_numbers_are_no_data_and_do_not_spread(tmp_path):
    bands = {name: np.full_like(values, 3000) for name, values in ground().items()}
    bands["B02"][10:20, 30:40] = 65_535
    bands["B05"][40:42, 40:42] = 65_535  # 20 m
    bands["B09"][5, 5] = 60_001  # 60 m
    path = write_product(tmp_path, bands, baseline="05.09", stored=True) / "MTD_MSIL1C.xml"
    other = "<Special_Values><SPECIAL_VALUE_INDEX>60001</SPECIAL_VALUE_INDEX></Special_Values>"
    path.write_text(path.read_text().replace("<QUANTIFICATION", f"{other}<QUANTIFICATION", 1))
    source = SafeSource.open(tmp_path)
    for band, centre in (("B02", (15, 35)), ("B05", (81, 81)), ("B09", (33, 33))):
        found = read(source, (band,))[0]
        assert found[centre] == 0
        assert set(np.unique(found)) == {0, 2000}, band  # neither a mixture nor white
    found = read(source, ("B02",))[0]
    np.testing.assert_array_equal(found == 0, bands["B02"] == 65_535)


def test_offsets_are_those_of_the_level_and_of_each_band(tmp_path):
    bands = {name: np.full_like(values, 3000) for name, values in ground("L2A").items()}
    path = write_product(tmp_path, bands, level="L2A", baseline="04.00", stored=True) / "MTD_MSIL2A.xml"
    of_l1c = "".join(f'<RADIO_ADD_OFFSET band_id="{number}">-77</RADIO_ADD_OFFSET>' for number in range(13))
    text = path.read_text().replace('BOA_ADD_OFFSET band_id="7">-1000', 'BOA_ADD_OFFSET band_id="7">-500')
    path.write_text(text.replace("<BOA_ADD_OFFSET_VALUES_LIST>", f"{of_l1c}<BOA_ADD_OFFSET_VALUES_LIST>"))
    found = read(SafeSource.open(tmp_path), ("B02", "B08", "B8A"))
    assert [np.unique(values).tolist() for values in found] == [[2000], [2500], [2000]]


def test_b01_of_20_m_is_taken(tmp_path):
    bands = {name: np.full_like(values, 3000) for name, values in ground("L2A").items()}
    write_product(tmp_path, bands, level="L2A", baseline="05.09", b01_of_20_m=True)
    (granules,) = SafeSource.open(tmp_path).granules.values()
    assert granules[0].images["B01"].pixel == 20
    assert (read(SafeSource.open(tmp_path), ("B01",)) == 3000).all()


def test_products_made_by_the_user_with_sen2cor_are_read(tmp_path):
    bands = ground("L2A")
    write_product(tmp_path / "user", bands, level="L2A", by_user=True)
    write_product(tmp_path / "esa", bands, level="L2A")
    found = [read(SafeSource.open(tmp_path / name), ("B02", "B11", "SCL")) for name in ("user", "esa")]
    np.testing.assert_array_equal(*found)


def test_products_are_found_where_windows_and_macos_unpack_them(tmp_path):
    bands = ground()
    path = write_product(tmp_path / "plain", bands)
    expected = read(SafeSource.open(tmp_path / "plain"))
    shutil.copytree(path, tmp_path / "twice" / path.name / path.name)
    shutil.copytree(path, tmp_path / "named" / path.stem / path.name)
    for folder in (tmp_path / "twice", tmp_path / "named", tmp_path / "twice" / path.name):
        mark = folder / f"._{path.name}"
        mark.write_bytes(b"Mac OS X")
        (folder / f"._{path.stem}.zip").write_bytes(b"Mac OS X")
        np.testing.assert_array_equal(read(SafeSource.open(folder)), expected)
    with zipfile.ZipFile(write_product(tmp_path / "zip", bands, zipped=True), "a") as packed:
        packed.writestr(f"__MACOSX/{path.name}/._MTD_MSIL1C.xml", b"Mac OS X")
        packed.writestr(f"{path.name}/._MTD_MSIL1C.xml", b"Mac OS X")
    np.testing.assert_array_equal(read(SafeSource.open(tmp_path / "zip")), expected)


def test_of_one_scene_processed_twice_the_higher_baseline_counts_also_with_two_digits(tmp_path):
    old, new = ground(seed=1), ground(seed=2)
    write_product(tmp_path, new, baseline="10.00")
    write_product(tmp_path, old, baseline="9.99")
    np.testing.assert_array_equal(read(SafeSource.open(tmp_path), ("B08",))[0], new["B08"])


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
    write_product(tmp_path, new, baseline="05.00", cloud=40.0)
    write_product(tmp_path, old, baseline="02.08")
    source = SafeSource.open(tmp_path)
    (acquisition,) = source.find(None, None, EVERYWHERE)
    assert acquisition.cloud_cover == pytest.approx(0.4)
    assert any("older processings" in text for text in acquisition.remarks)
    np.testing.assert_array_equal(read(source, ("B08",))[0], new["B08"])


def test_a_product_of_old_naming_holds_several_tiles_and_gives_way_to_a_newer_one(tmp_path):
    left, right, new = (ground(seed=seed) for seed in (1, 2, 3))
    write_product(tmp_path, left, tile="33TWM", baseline="02.04", old_naming=True)
    write_product(
        tmp_path, right, tile="33TXM", corner=(500_040.0 + 1200, 5_100_000.0), baseline="02.04", old_naming=True
    )
    both = Window(0, 0, SIZE, 2 * SIZE)
    found = read(SafeSource.open(tmp_path), ("B04",), window=both)[0]
    np.testing.assert_array_equal(found, np.hstack([left["B04"], right["B04"]]))
    write_product(tmp_path, new, tile="33TWM", baseline="05.00")
    source = SafeSource.open(tmp_path)
    assert [item.name for item in source.find(None, None, EVERYWHERE)] == ["20190731T100031"]
    np.testing.assert_array_equal(read(source, ("B04",), window=both)[0], np.hstack([new["B04"], right["B04"]]))


def test_a_tile_cut_in_two_where_its_datatake_came_down_in_two_strips_is_whole(tmp_path):
    bands = {name: np.maximum(values, 1) for name, values in ground().items()}
    for half, made in ((slice(0, None), "20190731T113000"), (slice(None, 0), "20190731T115500")):
        part = {name: values.copy() for name, values in bands.items()}
        for values in part.values():
            middle = len(values) // 2
            values[:middle] *= half.start is None
            values[middle:] *= half.start is not None
        write_product(tmp_path, part, made=made)
    np.testing.assert_array_equal(read(SafeSource.open(tmp_path), ("B04",))[0], bands["B04"])


def test_a_zip_beside_its_unpacked_folder_counts_once(tmp_path):
    bands = ground()
    write_product(tmp_path, bands, zipped=True)
    path = write_product(tmp_path, bands)
    source = SafeSource.open(tmp_path)
    assert [item.remarks for item in source.find(None, None, EVERYWHERE)] == [()]
    np.testing.assert_array_equal(read(source), read(SafeSource.open(path)))


def test_hidden_files_beside_and_inside_products_are_skipped(tmp_path):
    """As macOS writes them beside each file, and as `__MACOSX` into zips."""
    path = write_product(tmp_path / "folder", ground())
    packed = write_product(tmp_path / "zip", ground(), zipped=True)
    for file in [path, *path.rglob("*.jp2")]:
        file.with_name(f"._{file.name}").write_bytes(b"\0\5\26\7")
    with zipfile.ZipFile(packed, "a") as archive:
        for name in archive.namelist():
            archive.writestr(f"__MACOSX/{name}", b"\0\5\26\7")
    (tmp_path / "zip" / f"._{packed.name}").write_bytes(b"\0\5\26\7")
    found = [read(SafeSource.open(tmp_path / name), L1C) for name in ("folder", "zip")]
    np.testing.assert_array_equal(*found)


def test_cloud_cover_is_the_mean_by_area_and_may_be_missing(tmp_path):
    write_product(tmp_path, ground(), tile="33TWM", cloud=10.0)
    write_product(tmp_path, ground(), tile="33TXM", corner=(502_440.0, 5_100_000.0), cloud=30.0)
    (acquisition,) = SafeSource.open(tmp_path).find(None, None, EVERYWHERE)
    assert acquisition.cloud_cover == pytest.approx(0.2, abs=1e-4)
    for path in tmp_path.glob("*.SAFE/MTD_MSIL1C.xml"):
        path.write_text(path.read_text().replace("Cloud_Coverage_Assessment", "Other"))
    (acquisition,) = SafeSource.open(tmp_path).find(None, None, EVERYWHERE)
    assert acquisition.cloud_cover is None


def test_the_footprint_is_that_of_the_tile_where_it_is_not_told(tmp_path):
    path = write_product(tmp_path, ground()) / "MTD_MSIL1C.xml"
    told = SafeSource.open(tmp_path).extent
    path.write_text(path.read_text().replace("EXT_POS_LIST", "Other"))
    assert told.symmetric_difference(SafeSource.open(tmp_path).extent).area < 1e-3 * told.area


def test_products_of_the_pilot_of_level_2a_can_be_read(tmp_path):
    bands = ground("L2A")
    path = write_product(tmp_path, bands, level="L2A") / "MTD_MSIL2A.xml"
    path.write_text(path.read_text().replace("BOA_QUANTIFICATION", "L2A_BOA_QUANTIFICATION"))
    np.testing.assert_array_equal(read(SafeSource.open(tmp_path), ("B02",))[0], bands["B02"])


@pytest.fixture(scope="module")
def two_zones(tmp_path_factory):
    """Two tiles of neighbouring zones that overlap in part; both have gaps."""
    folder = tmp_path_factory.mktemp("zones")
    write_product(folder, ground(seed=1), tile="34TCS", epsg=32634, corner=(288_000.0, 5_100_000.0))
    place = reproject(np.array([shapely.Point(288_000.0, 5_100_000.0)]), "EPSG:32634", "EPSG:32633")[0]
    corner = (place.x // 60 * 60 - 480, place.y // 60 * 60 + 240)
    write_product(folder, ground(seed=2), tile="33TXM", corner=corner)
    return SafeSource.open(folder)


ZONE_33, ZONE_34, OF_20_M = (
    PixelGrid(crs, 0.0, 10_000_020.0, pixel, pixel)
    for crs, pixel in (("EPSG:32633", 10.0), ("EPSG:32634", 10.0), ("EPSG:32633", 20.0))
)


@given(st.sampled_from([ZONE_33, ZONE_34, OF_20_M]), st.tuples(*[st.integers(0, 40)] * 4))
def test_a_window_holds_the_same_pixels_however_it_is_cut(two_zones, grid, cuts):
    ground_here = grid.to_pixels(reproject(np.array([two_zones.extent]), "EPSG:4326", grid.crs))[0].bounds
    left, top, right, bottom = (round(edge) for edge in ground_here)
    large = Window.between(top - 5, left - 5, bottom + 5, right + 5)
    small = Window.between(top + cuts[0], left + cuts[1], bottom - cuts[2] + 5, right - cuts[3] + 5)
    whole, part = (read(two_zones, ("B02", "B05", "B09"), grid, window) for window in (large, small))
    assert whole.any()
    np.testing.assert_array_equal(whole[(slice(None), *large.slices(small))], part)


@pytest.mark.parametrize(("grid", "tile"), [(ZONE_33, "33TXM"), (ZONE_34, "34TCS")])
def test_the_tile_of_the_own_zone_is_not_resampled_where_zones_overlap(two_zones, grid, tile):
    (granules,) = two_zones.granules.values()
    own = next(granule for granule in granules if granule.product.split("_T")[1].startswith(tile))
    row, column = round((grid.top - own.grid.top) / 10), round(own.grid.left / 10)
    expected = ground(seed=1 if tile == "34TCS" else 2)["B02"]
    found = read(two_zones, ("B02",), grid, Window(row, column, SIZE, SIZE))[0]
    np.testing.assert_array_equal(found[expected > 0], expected[expected > 0])
    assert found[:12, :12].any() == (tile == "34TCS")  # a gap that the other tile fills, or that lies outside it


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


def _entities_in_utf_16(folder):
    path = write_product(folder, ground()) / "MTD_MSIL1C.xml"
    text = path.read_text().replace("UTF-8", "UTF-16").replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1)
    path.write_bytes(text.encode("utf-16"))


def _external_entity(folder):
    path = next(write_product(folder, ground()).rglob("MTD_TL.xml"))
    path.write_text(path.read_text().replace("?>", '?><!DOCTYPE a SYSTEM "file:///etc/passwd">', 1))


def _repacked(folder, name, content):
    """A zip with one more member, compressed."""
    path = write_product(folder, ground(), zipped=True)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name.replace("X.SAFE", path.stem + ".SAFE"), content)


def _bomb_of_metadata(folder):
    write_product(folder, ground())
    _repacked(folder / "zipped", "X.SAFE/GRANULE/L1C_T33TXM/MTD_TL.xml", b" " * 100_000_000)
    next((folder / "zipped").iterdir()).rename(folder / "bomb.zip")


def _bomb_of_images(folder):
    _repacked(folder, "X.SAFE/GRANULE/L1C_T33TXM/IMG_DATA/T33TXM_B02.jp2", b" " * 100_000_000)


def _large_metadata(folder):
    path = write_product(folder, ground()) / "MTD_MSIL1C.xml"
    with path.open("ab") as file:
        file.truncate(100_000_000)


def _member_outside(folder):
    _repacked(folder, "X.SAFE/GRANULE/../IMG_DATA/T33TWM_B02.jp2", b"")


def _member_at_the_root(folder):
    _repacked(folder, "/etc/cron.d/patchwork.SAFE/x", b"")


def _zarr(folder):
    (folder / "S2A_MSIL1C_20190731T100031_N0500_R122_T33TWM.zarr").mkdir(parents=True)


def _zipped_zarr(folder):
    write_product(folder, ground())
    (folder / "S2A_MSIL1C_20190731T100031_N0500_R122_T33TWM.zarr.zip").write_bytes(b"")


def _band_without_number(folder):
    path = write_product(folder, ground(), baseline="05.09") / "MTD_MSIL1C.xml"
    path.write_text(path.read_text().replace('RADIO_ADD_OFFSET band_id="3"', "RADIO_ADD_OFFSET"))


def _tile_without_size(folder):
    path = next(write_product(folder, ground()).rglob("MTD_TL.xml"))
    path.write_text(path.read_text().replace("Size", "Other"))


def _scale_of_zero(folder):
    path = write_product(folder, ground()) / "MTD_MSIL1C.xml"
    path.write_text(path.read_text().replace(">10000<", ">0<"))


def _tile_without_metadata(folder):
    for tile in ("33TWM", "33TXM"):
        path = write_product(folder, ground(), tile=tile, old_naming=True)
    next(path.glob("GRANULE/*T33TXM*/*.xml")).unlink()


def _damaged_member(folder):
    path = write_product(folder, ground(), zipped=True)
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
        member = next(info for info in packed.infolist() if info.filename.endswith("MTD_MSIL1C.xml"))
    content = bytearray(path.read_bytes())
    start = member.header_offset + 30 + len(member.filename)
    content[start + 20 : start + 120] = b"\xff" * 100
    path.write_bytes(content)


def _two_in_a_zip(folder):
    root = write_product(folder, ground())
    with zipfile.ZipFile(folder / "both.zip", "w") as packed:
        packed.writestr("A.SAFE/MTD_MSIL1C.xml", "")
        packed.writestr("B.SAFE/MTD_MSIL1C.xml", "")
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_missing_band, "has no image of B8A, B11"),
        (_no_metadata, r"has no metadata \("),
        (_cut_zip, "is cut short"),
        (_two_levels, "products of L1C and L2A"),
        (_cut_xml, "cut short or not XML"),
        (_entities, "document type"),
        (_entities_in_utf_16, "document type"),
        (_external_entity, r"MTD_TL\.xml has a document type"),
        (_bomb_of_metadata, r"MTD_TL\.xml would grow from [\d,]+ to 100,000,000 bytes"),
        (_bomb_of_images, r"B02\.jp2 would grow from [\d,]+ to 100,000,000 bytes"),
        (_large_metadata, r"MTD_MSIL1C\.xml has 95 MB"),
        (_member_outside, r"\.\./IMG_DATA/T33TWM_B02\.jp2' lies outside the product"),
        (_member_at_the_root, "'/etc/cron.d/.*' lies outside the product"),
        (_zarr, r"\.zarr: products in the Zarr format cannot be read"),
        (_zipped_zarr, r"\.zarr\.zip: products in the Zarr format cannot be read"),
        (_band_without_number, r"band_id -1 of RADIO_ADD_OFFSET"),
        (_tile_without_size, "Size of 10 m"),
        (_scale_of_zero, r"incomplete or wrong \(float division by zero\)"),
        (_tile_without_metadata, "has no metadata of its tiles"),
        (_damaged_member, r"MTD_MSIL1C\.xml cannot be read"),
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
    content = image.read_bytes()
    for length in (200, len(content) // 2, len(content) - 100):
        image.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"^S2A_MSIL1C_.*\.SAFE: T33TWM_.*_B02\.jp2 cannot be read"):
            read(source)


def test_an_image_that_is_something_else_is_not_opened(tmp_path):
    """An inline description of another raster would be read by GDAL whatever the name of the file."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(range(1, 145)) * 100)
    root = write_product(tmp_path / "products", ground())
    image = next(root.rglob("IMG_DATA/*_B02.jp2"))
    side = image.with_name(f"{image.name}.aux.xml")
    raw = f"<SourceFilename>{secret}</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset>"
    band = f'<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">{raw}</VRTRasterBand>'
    text = f'<VRTDataset rasterXSize="120" rasterYSize="120">{band}</VRTDataset>'
    kept = image.read_bytes()
    image.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"_B02\.jp2 cannot be read"):
        read(SafeSource.open(tmp_path / "products"))
    image.write_bytes(kept)
    expected = read(SafeSource.open(tmp_path / "products"))
    (image.parent / "other.vrt").write_text(text, encoding="utf-8")
    side.write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">other.vrt</MDI></Metadata></PAMDataset>'
    )
    np.testing.assert_array_equal(read(SafeSource.open(tmp_path / "products")), expected)
