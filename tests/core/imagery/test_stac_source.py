"""A STAC API on the loopback address: the same pixels as files on disk, and few bytes."""

import json
import pickle
from datetime import date

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from services.stac import COLLECTION, COLLECTION_1, StacServer, write_folder_items, write_item

from patchwork.core.errors import DataError, ParameterError, ServiceError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.folder.source import FolderSource
from patchwork.core.imagery.sources.services import Service
from patchwork.core.imagery.sources.stac import reading
from patchwork.core.imagery.sources.stac.items import images_of
from patchwork.core.imagery.sources.stac.source import StacSource, open_stac
from patchwork.core.store.acquisitions import Acquisition

EVERYWHERE = shapely.box(-180, -90, 180, 90)
YEAR = date(2018, 1, 1), date(2018, 12, 31)
PLACE = {"crs": "EPSG:32633", "affine": Affine(10, 0, 500_040, 0, -10, 5_100_000)}
GRID = PixelGrid("EPSG:32633", 500_040.0, 5_100_000.0, 10.0, 10.0)


@pytest.fixture(autouse=True)
def no_open_files():
    """Ports are used again: an image of another test's server must not be taken for one of this test's."""
    reading._opened.__dict__.clear()


def ground(seed=1, size=300):
    random = np.random.default_rng(seed)
    bands = {name: random.integers(1, 9000, (size, size)) for name in ("B02", "B08")}
    bands["SCL"] = random.integers(4, 8, (size, size))
    for values in bands.values():
        values[:30, :30] = 0
    return bands


@pytest.fixture(scope="module")
def flanders(realdata, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stac")
    with StacServer(folder, write_folder_items(realdata / "flanders", folder, limit=20)) as server:
        yield server


def source_of(server):
    return StacSource(server.url, (COLLECTION,))


def test_pixels_are_those_of_the_files_on_all_pages(flanders, realdata):
    folder = FolderSource.open(realdata / "flanders")
    source = source_of(flanders)
    found = source.find(date(2017, 1, 1), date(2019, 12, 31), EVERYWHERE)
    on_disk = folder.find(None, None, folder.extent)[:20]
    assert [item.time for item in found] == [item.time for item in on_disk]
    bands = ("B02", "B8A", "SCL")
    for item, other in zip(found, on_disk, strict=True):
        window = Window(3, 5, 50, 40)
        expected = folder.read(other, bands, folder.grid, window)
        expected[:, (expected[:2] == 0).any(axis=0)] = 0
        np.testing.assert_array_equal(source.read(item, bands, folder.grid, window), expected)


def test_acquisitions_outlive_the_search(flanders):
    source = pickle.loads(pickle.dumps(source_of(flanders)))
    item = source.find(date(2017, 1, 1), date(2018, 12, 31), EVERYWHERE)[0]
    kept = Acquisition(item.time, item.identity, item.bands, item.footprint, facts=item.facts)
    again = Acquisition.from_json(json.loads(json.dumps(kept.to_json())))
    assert again == kept
    grid = PixelGrid("EPSG:32631", 0.0, 10_000_020.0, 10.0, 10.0)
    with rasterio.open(flanders.folder / flanders.items[-1]["id"] / "B02.tif") as file:
        row, column = (10_000_020 - file.transform.f) / 10, file.transform.c / 10
    window = Window(round(row), round(column), 64, 64)
    assert source.read(again, ("B02",), grid, window).any()


def test_only_the_bytes_of_the_window_are_read(tmp_path):
    size = 2048
    bands = {"B02": np.random.default_rng(5).integers(1, 9000, (size, size))}
    item = write_item(
        tmp_path, "S2A_33TWM_20180701_0_L2A", "2018-07-01T10:00:00Z", bands, **PLACE, raster={"scale": 1e-4}
    )
    with StacServer(tmp_path, [item]) as server:
        source = source_of(server)
        acquisition = source.find(*YEAR, EVERYWHERE)[0]
        window = Window(512, 512, 512, 512)
        pixels = source.read(acquisition, ("B02",), GRID, window)
        np.testing.assert_array_equal(pixels[0], bands["B02"][512:1024, 512:1024])
        assert 0 < sum(server.bytes.values()) < 2 * pixels.nbytes


TOLD = {
    "scale and offset": ({"scale": 1e-4, "offset": -0.1}, {}, 1000),
    "offset applied": ({"scale": 1e-4, "offset": -0.1}, {"earthsearch:boa_offset_applied": True}, 0),
    "offset not applied": ({"scale": 1e-4, "offset": -0.1}, {"earthsearch:boa_offset_applied": False}, 1000),
    "baseline in the properties": (None, {"s2:processing_baseline": "05.09"}, 1000),
    "an older baseline": (None, {"s2:processing_baseline": "02.08"}, 0),
    "baseline in the product's name": (None, {"s2:product_uri": "S2A_MSIL2A_20180701T100031_N0500_R122_T33TWM"}, 1000),
    "nothing": (None, {}, 0),
    "another scale": ({"scale": 2e-4}, {}, 0),
}


@pytest.mark.parametrize("how", TOLD)
def test_reflectance_is_the_same_however_its_offset_is_told(tmp_path, how):
    raster, properties, offset = TOLD[how]
    bands = ground()
    item = write_item(
        tmp_path, "one", "2018-07-01T10:00:00Z", bands, **PLACE, offset=offset, properties=properties, raster=raster
    )
    with StacServer(tmp_path, [item]) as server:
        source = source_of(server)
        found = source.read(source.find(*YEAR, EVERYWHERE)[0], ("B02", "SCL"), GRID, Window(0, 0, 300, 300))
    factor = 2 if how == "another scale" else 1
    np.testing.assert_array_equal(found[0], bands["B02"] * factor)
    np.testing.assert_array_equal(found[1], bands["SCL"])


def test_overlapping_tiles_and_zones_are_one_acquisition(tmp_path):
    flat = {name: np.where(values > 0, 3000, 0) for name, values in ground().items() if name != "SCL"}
    there = {"crs": "EPSG:32634", "affine": Affine(10, 0, 36_000, 0, -10, 5_120_000)}
    names = "S2A_33TWM_20180701_0_L2A", "S2A_34TBM_20180701_0_L2A"
    items = [
        write_item(tmp_path, names[0], "2018-07-01T10:00:00Z", flat, **PLACE, raster={"scale": 1e-4}),
        write_item(tmp_path, names[1], "2018-07-01T10:00:14Z", flat, **there, raster={"scale": 1e-4}),
    ]
    with StacServer(tmp_path, items) as server:
        source = source_of(server)
        (acquisition,) = source.find(*YEAR, EVERYWHERE)
        whole = source.read(acquisition, ("B02",), GRID, Window(-20, -20, 340, 340))
        part = source.read(acquisition, ("B02",), GRID, Window(40, 60, 100, 90))
    np.testing.assert_array_equal(whole[:, 60:160, 80:170], part)
    assert set(np.unique(whole)) <= {0, 3000}
    assert (whole[0, 20 + 30 : 320, 20 + 30 : 320] == 3000).all()


def test_bands_are_told_by_key_or_name_and_tiff_goes_before_jp2():
    def asset(href, kind="image/tiff; application=geotiff", **more):
        return {"href": href, "type": kind, **more}

    item = {
        "id": "x",
        "collection": "sentinel-2-l1c",
        "properties": {},
        "assets": {
            "B02_10m": asset("a.tif"),
            "B02_20m": asset("b.tif"),
            "red-jp2": asset("c.jp2", "image/jp2"),
            "red": asset("d.tif"),
            "strange": asset("e.tif", **{"eo:bands": [{"name": "B09", "common_name": "nir09"}]}),
            "thumbnail": asset("f.jpg", "image/jpeg"),
            "visual": asset("g.tif", **{"eo:bands": [{"name": "red"}, {"name": "green"}]}),
        },
    }
    assert {band: image[0] for band, image in images_of(item).items()} == {
        "B02": "a.tif",
        "B04": "d.tif",
        "B09": "e.tif",
    }
    landsat = {**item, "collection": "landsat-c2-l2", "assets": {"nir08": asset("n.tif"), "qa_pixel": asset("q.tif")}}
    assert {band: image[0] for band, image in images_of(landsat).items()} == {"B08": "n.tif", "QA": "q.tif"}


def test_what_fails_now_and_then_is_read_in_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("patchwork.core.imagery.sources.stac.reading.FIRST_WAIT", 0.01)
    bands = ground()
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", bands, **PLACE, raster={"scale": 1e-4})
    with StacServer(tmp_path, [item]) as server:
        source = source_of(server)
        acquisition = source.find(*YEAR, EVERYWHERE)[0]
        server.failing = {"B08": 2}
        found = source.read(acquisition, ("B08",), GRID, Window(0, 0, 300, 300))
        np.testing.assert_array_equal(found[0], bands["B08"])
        (tmp_path / "one" / "B02.tif").unlink()
        with pytest.raises(DataError, match=r"B02\.tif cannot be read"):
            source.read(acquisition, ("B02",), GRID, Window(0, 0, 10, 10))


def test_signatures_of_addresses_stay_out_of_messages(tmp_path):
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", ground(), **PLACE, raster={"scale": 1e-4})
    item["assets"]["blue"]["href"] += "?sig=t0psecret"
    (tmp_path / "one" / "B02.tif").unlink()
    with StacServer(tmp_path, [item]) as server:
        source = source_of(server)
        with pytest.raises(DataError) as told:
            source.read(source.find(*YEAR, EVERYWHERE)[0], ("B02",), GRID, Window(0, 0, 10, 10))
    assert "t0psecret" not in str(told.value)


def test_what_cannot_be_searched_is_told(tmp_path):
    with StacServer(tmp_path, []) as server:
        with pytest.raises(DataError, match=f"has no 'landsat'. It has {COLLECTION}"):
            StacSource(server.url, ("landsat",)).find(*YEAR, EVERYWHERE)
        assert source_of(server).find(*YEAR, EVERYWHERE) == []
    with pytest.raises(ServiceError, match="does not answer"):
        StacSource(server.url, (COLLECTION,)).find(*YEAR, EVERYWHERE)
    with pytest.raises(ParameterError, match="START, END"):
        source_of(server).find(None, None, EVERYWHERE)
    with pytest.raises(ParameterError, match="not the address"):
        open_stac(Service(url="ftp://somewhere"))


def pixels_of(folder, item, bands=("B02",), collection=COLLECTION):
    with StacServer(folder, [item]) as server:
        source = StacSource(server.url, (collection,))
        (found,) = source.find(*YEAR, EVERYWHERE)
        return source.read(found, bands, GRID, Window(0, 0, 300, 300))


def test_reflectance_of_zero_and_below_stays_data(tmp_path):
    numbers = np.arange(300 * 300).reshape(300, 300) % 400 + 801  # 801 to 1200; the offset makes half of them negative
    declared = {"scale": 1e-4, "offset": -0.1}
    item = write_item(
        tmp_path, "one", "2018-07-01T10:00:00Z", {"B02": numbers}, **PLACE, raster=declared, collection=COLLECTION_1
    )
    (found,) = pixels_of(tmp_path, item, collection=COLLECTION_1)
    np.testing.assert_array_equal(found, np.maximum(numbers - 1000, 1))


def test_a_pixel_without_data_in_one_band_has_no_data(tmp_path):
    bands = {"B02": np.full((300, 300), 700), "B08": np.full((300, 300), 900), "SCL": np.full((300, 300), 4)}
    bands["B02"][50:100] = 0
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", bands, **PLACE, raster={"scale": 1e-4, "offset": 0})
    found = pixels_of(tmp_path, item, ("B02", "B08", "SCL"))
    assert (found[:, 50:100] == 0).all()
    assert (found[:, :50] > 0).all()
    assert (found[:, 100:] > 0).all()


def test_both_days_of_the_period_are_searched_whole(tmp_path):
    times = "2018-06-30T23:59:59Z", "2018-07-01T00:00:00Z", "2018-07-05T10:00:00Z", "2018-07-06T00:00:00Z"
    items = [write_item(tmp_path, f"x{n}", time, ground(), **PLACE) for n, time in enumerate(times)]
    with StacServer(tmp_path, items) as server:
        found = source_of(server).find(date(2018, 7, 1), date(2018, 7, 5), EVERYWHERE)
    assert [each.name for each in found] == ["20180701T000000", "20180705T100000"]


def stac_1_1(item, where):
    """The item as STAC 1.1 writes it: bands with common metadata, an offset in the band, the asset or the item."""
    asset = item["assets"].pop("blue")
    del asset["eo:bands"], asset["raster:bands"]
    band = {"name": "image", "eo:common_name": "blue", **where.get("band", {})}
    item["assets"] = {"image": {**asset, "bands": [band], **where.get("asset", {})}}
    item["properties"].update(where.get("item", {}))
    return {**item, "stac_version": "1.1.0"}


@pytest.mark.parametrize("place", ["band", "asset", "item"])
def test_items_of_stac_1_1_are_read(tmp_path, place):
    bands = {"B02": ground()["B02"]}
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", bands, **PLACE, offset=2000, collection="mine")
    told = {"raster:scale": 2e-4, "raster:offset": -0.4}
    (found,) = pixels_of(tmp_path, stac_1_1(item, {place: told}), collection="mine")
    np.testing.assert_array_equal(found, bands["B02"] * 2)


def test_an_item_with_start_and_end_and_without_geometry_is_found(tmp_path):
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", ground(), **PLACE, raster={"scale": 1e-4})
    item["properties"] |= {"datetime": None, "start_datetime": "2018-07-01T10:00:00Z"}
    item["properties"]["end_datetime"] = "2018-07-01T10:00:20Z"
    item["geometry"] = None
    np.testing.assert_array_equal(pixels_of(tmp_path, item)[0], ground()["B02"])


def test_the_newest_of_several_processings_is_read(tmp_path):
    names = "S2A_33TWM_20180701_0_L2A", "S2A_33TWM_20180701_1_L2A"
    items = [
        write_item(
            tmp_path, name, "2018-07-01T10:00:00Z", ground(seed), **PLACE, properties={"s2:processing_baseline": number}
        )
        for seed, (name, number) in enumerate(zip(names, ("02.08", "03.01"), strict=True))
    ]
    with StacServer(tmp_path, items) as server:
        source = source_of(server)
        (found,) = source.find(*YEAR, EVERYWHERE)
        pixels = source.read(found, ("B02",), GRID, Window(0, 0, 300, 300))
    np.testing.assert_array_equal(pixels[0], ground(1)["B02"])
    assert [tile["id"] for tile in found.facts["tiles"]] == [names[1]]
    assert any("older processings" in text for text in found.remarks)


def test_an_api_that_searches_by_get_is_read_on_all_pages(tmp_path):
    items = [
        write_item(tmp_path, f"x{n}", f"2018-07-{n + 1:02}T10:00:00Z", {"B02": ground()["B02"]}, **PLACE)
        for n in range(16)
    ]
    with StacServer(tmp_path, items) as server:
        server.searches_by_get = True
        assert len(source_of(server).find(*YEAR, EVERYWHERE)) == 16
        assert {each.method for each in server.seen} == {"GET"}


SPOILT = {
    "assets": {"assets": ["blue"]},
    "an asset": {"assets": {"blue": "blue.tif"}},
    "properties": {"properties": None},
    "time": {"properties": {"datetime": "soon"}},
    "scale": {"properties": {"datetime": "2018-07-01T10:00:00Z", "raster:scale": "much"}},
    "an infinite scale": {"properties": {"datetime": "2018-07-01T10:00:00Z", "raster:scale": 1e999}},
    "no scale": {"properties": {"datetime": "2018-07-01T10:00:00Z", "raster:scale": 0}},
}


@pytest.mark.parametrize("what", SPOILT)
def test_an_item_that_is_not_one_is_named(tmp_path, what):
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", {"B02": ground()["B02"]}, **PLACE, collection="mine")
    with StacServer(tmp_path, []) as server:
        server.search = lambda body: {"features": [{**item, **SPOILT[what]}], "links": []}
        with pytest.raises(DataError, match="item one cannot be read"):
            StacSource(server.url, ("mine",)).find(*YEAR, EVERYWHERE)


def test_one_of_two_collections_may_be_unknown_but_not_both(tmp_path):
    items = [write_item(tmp_path, "one", "2018-07-01T10:00:00Z", {"B02": ground()["B02"]}, **PLACE)]
    with StacServer(tmp_path, items) as server:
        source = open_stac(Service(url=server.url))
        server.answers["/search"] = [404]
        assert len(source.find(*YEAR, EVERYWHERE)) == 1
        server.answers["/search"] = [400, 400]
        with pytest.raises(ServiceError, match="400 Bad Request"):
            source.find(*YEAR, EVERYWHERE)


def test_items_of_other_collections_are_left_out(tmp_path):
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", {"B02": ground()["B02"]}, **PLACE)
    with StacServer(tmp_path, [item]) as server:
        server.search = lambda body: {"features": [server._absolute(item)], "links": []}
        (found,) = open_stac(Service(url=server.url)).find(*YEAR, EVERYWHERE)
    assert found.facts["collection"] == COLLECTION
